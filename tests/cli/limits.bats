# limits: figures as the kernel counts, values set and kept. Limits belong to the IPC namespace.
# Scripts for another shell stand in single quotes.
# shellcheck disable=SC2016
load common

teardown() {
    common_teardown
    ! own_ns || restore_limits
}

restore_limits() {
    echo 18446744073692774399 >/proc/sys/kernel/shmmax
    echo 18446744073692774399 >/proc/sys/kernel/shmall
    echo 4096 >/proc/sys/kernel/shmmni
    echo 0 >/proc/sys/kernel/shm_rmid_forced
}

# need_limits: skips the test where limits cannot be set, or are the machine's
need_limits() {
    need_ns
    { : >>/proc/sys/kernel/shmmax; } 2>/dev/null || skip "may not set the limits of its IPC namespace"
}

# limit NAME: what the kernel has
limit() {
    cat "/proc/sys/kernel/$1"
}

# cell NAME COLUMN-NUMBER: from the table in $out
cell() {
    awk -v name="$1" -v column="$2" '$1 == name { print $column }' <<<"$out"
}

# in_sysctl_d COMMAND...: where /etc/sysctl.d and the like are empty and harmless
in_sysctl_d() {
    local script='
        for dir in /etc/sysctl.d /run/sysctl.d /usr/local/lib/sysctl.d /usr/lib/sysctl.d; do
            [ ! -d $dir ] || mount -t tmpfs none $dir || exit 98
        done
        [ ! -f /etc/sysctl.conf ] || mount --bind /dev/null /etc/sysctl.conf || exit 98
        eval "$1"'
    run_split unshare --mount sh -c "$script" sh "$1"
}

# persist_warning: what --persist says in an IPC namespace that is not the initial one
persist_warning() {
    echo 'shmtool: limits: --persist: this is not the initial IPC namespace, and /etc/sysctl.d/60-shmtool.conf is read at boot for that one: it is the host'\''s file unless this /etc is a container'\''s own, and this namespace'\''s limits end with it'
}

# declined TEXT: exit 3, TEXT in what was said, and nothing was set
declined() {
    assert_status 3 || return 1
    assert_out '' || return 1
    assert_err_has "$1" || return 1
    assert_err_has 'nothing was set' || return 1
    assert_equal "$(limit shm_rmid_forced) $(limit shmmni)" '0 4096'
}

need_sysctl_d() {
    [[ -d /etc/sysctl.d ]] || skip "needs a directory /etc/sysctl.d to put another one over"
    unshare --mount sh -c 'mount -t tmpfs none /etc/sysctl.d' 2>/dev/null ||
        skip "may not mount in a namespace of its own"
}

@test "an empty namespace: the defaults, and nothing in use" {
    need_limits
    restore_limits
    shmtool limits
    assert_status 0
    assert_err ''
    assert_out_lines 7
    assert_out_matches '^name +value +used +full% +unit +size +meaning'$'\n'
    assert_equal "$(cell shmmax 2)" unlimited
    assert_equal "$(cell shmmax 3)" -
    assert_equal "$(cell shmmax 6)" -
    assert_equal "$(cell shmall 2)" unlimited
    assert_equal "$(cell shmall 3)" 0
    assert_equal "$(cell shmall 4)" 0
    assert_equal "$(cell shmall 6)" -
    assert_equal "$(cell shmmni 2)" 4096
    assert_equal "$(cell shmmni 3)" 0
    assert_equal "$(cell shmmin 2)" 1
    assert_equal "$(cell shm_rmid_forced 2)" 0
}

@test "a row fits a terminal of 80 columns, also where limits are set" {
    need_limits
    shmtool limits --set shmmax=268435457 --set shmall=2097152
    shmtool limits
    assert_equal "$(awk '!/^Shmem,/ && length > 80' <<<"$out")" ''
}

@test "four segments of 1 byte are 4 pages" {
    need_limits
    make_seg -s 1 --count 4
    shmtool limits
    assert_equal "$(cell shmall 3)" 4
    assert_equal "$(cell shmmni 3)" 4
    shmtool limits --json
    assert_status 0
    assert_equal "$(jq -c '[.schema, .page_size, .limits.shmall.used, .limits.shmmni.used]' <<<"$out")" \
        "[1,$(getconf PAGESIZE),4,4]"
    assert_equal "$(jq -c '[.limits[] | .unit]' <<<"$out")" '["bytes","pages","segments","bytes","flag"]'
    assert_equal "$(jq -c '[.limits | .shmmax, .shmmin, .shm_rmid_forced | .used]' <<<"$out")" '[null,null,null]'
    assert_out_has '"shmmax": {"value": 18446744073692774399, '
}

@test "how full a limit is, and that it is never called full before it is" {
    need_limits
    echo 1000 >/proc/sys/kernel/shmall
    echo 8 >/proc/sys/kernel/shmmni
    echo 4096 >/proc/sys/kernel/shmmax
    make_seg -s 1 --count 7
    shmtool limits
    assert_equal "$(cell shmmni 4)" 87
    assert_equal "$(cell shmall 4)" 0
    make_seg -s 4096
    shmtool limits
    assert_equal "$(cell shmmni 4)" 100
    echo 4 >/proc/sys/kernel/shmmni
    shmtool limits
    assert_equal "$(cell shmmni 4)" 200
}

@test "dest segments count like any other" {
    need_limits
    local id
    id=$(make_seg -s 10000)
    start_helper holdseg --rmid "$id"
    shmtool limits
    assert_equal "$(cell shmall 3)" "$(ipcs -u -m | awk '/^pages allocated/ { print $3 }')"
    assert_equal "$(cell shmmni 3)" "$(ipcs -u -m | awk '/^segments allocated/ { print $3 }')"
}

@test "from the kernel's own value up there is no limit; below it there is one" {
    need_limits
    echo 18446744073692774398 >/proc/sys/kernel/shmall
    echo 18446744073709551615 >/proc/sys/kernel/shmmax
    shmtool limits
    assert_equal "$(cell shmmax 2)" unlimited
    assert_equal "$(cell shmall 2)" 18446744073692774398
    assert_out_has '64 ZiB'
    shmtool limits --json
    assert_out_has '"shmmax": {"value": 18446744073709551615, '
    echo 5 >/proc/sys/kernel/shmall
    shmtool limits
    assert_err_matches '^shmtool: limits: shmmax allows a segment of any size, but shmall allows only 5 pages \('
}

@test "unlimited may be set" {
    need_limits
    echo 77777 >/proc/sys/kernel/shmmax
    echo 777 >/proc/sys/kernel/shmall
    shmtool limits --set shmmax=unlimited --set kernel.shmall=unlimited
    assert_status 0
    assert_out $'shmmax = unlimited (was 77777)\nshmall = unlimited (was 777)'
    assert_equal "$(limit shmmax) $(limit shmall)" '18446744073692774399 18446744073692774399'
    shmtool limits --set shmmni=unlimited
    assert_wrong_usage "'shmmni=unlimited': shmmni takes a plain number"
    shmtool limits --set shmmax=Unlimited
    assert_wrong_usage 'or unlimited'
}

@test "a name may begin with kernel., as sysctl says it" {
    need_limits
    shmtool limits --set kernel.shmmni=200 --set kernel.shmmax=1M
    assert_status 0
    assert_equal "$(limit shmmni) $(limit shmmax)" '200 1048576'
    shmtool limits --set shmmni=1 --set kernel.shmmni=2
    assert_wrong_usage "'kernel.shmmni=2': shmmni is set twice"
    local word
    for word in kernel.=1 kernel.kernel.shmmni=1 kernel.msgmni=1 Kernel.shmmni=1 kernelshmmni=1; do
        shmtool limits --set "$word"
        assert_wrong_usage "'${word%=1}': no such limit" || return 1
    done
    assert_equal "$(limit shmmni)" 200
}

@test "0 is set, and it is said what that means" {
    need_limits
    shmtool limits --set shmmax=0 --set shmmni=0
    assert_status 0
    assert_err $'shmtool: limits: shmmax is 0: no program can make a segment\nshmtool: limits: shmmni is 0: no program can make a segment'
    run_split "$HELPERS/mkseg"
    assert_status 1
    # Also of who finds it so, and of who would do it.
    shmtool limits
    assert_status 0
    assert_err_has 'shmmni is 0: no program can make a segment'
    restore_limits
    shmtool limits --set shmall=0 --dry-run
    assert_err_has 'shmall is 0: no program can make a segment'
    shmtool limits
    assert_err ''
}

@test "the ceiling of shmmni is named, in a dry run too" {
    need_limits
    shmtool limits --set shmmni=32768
    assert_status 0
    restore_limits
    shmtool limits --set shmmni=16777217
    assert_status 1
    assert_err 'shmtool: limits: shmmni=16777217: /proc/sys/kernel/shmmni: Invalid argument: the kernel takes no more than 32768, or 16777216 when it was booted with ipcmni_extend'
    shmtool limits --set shmmni=32769 --dry-run
    assert_status 0
    assert_err 'shmtool: limits: shmmni=32769: the kernel takes no more than 32768 unless it was booted with ipcmni_extend'
    grep -qw ipcmni_extend /proc/cmdline && skip "this kernel was booted with ipcmni_extend"
    shmtool limits --set shmmni=32769
    assert_status 1
    assert_err 'shmtool: limits: shmmni=32769: /proc/sys/kernel/shmmni: Invalid argument: the kernel takes no more than 32768 unless it was booted with ipcmni_extend'
    assert_equal "$(limit shmmni)" 4096
}

@test "the figures agree with ipcs and lsipc where those are right" {
    need_limits
    need_program lsipc
    echo 123456789 >/proc/sys/kernel/shmall
    echo 40960 >/proc/sys/kernel/shmmax
    echo 77 >/proc/sys/kernel/shmmni
    make_seg -s 40960 --count 3
    make_seg -s 1 --count 5
    shmtool limits
    local ipcs_l ipcs_u lsipc
    ipcs_l=$(ipcs -l -m) ipcs_u=$(ipcs -u -m) lsipc=$(lsipc -g -m -b --noheadings -o RESOURCE,LIMIT,USED)
    assert_equal "$(cell shmmni 2)" "$(sed -n 's/^max number of segments = //p' <<<"$ipcs_l")"
    assert_equal $(($(cell shmmax 2) / 1024)) "$(sed -n 's/^max seg size (kbytes) = //p' <<<"$ipcs_l")"
    assert_equal $(($(cell shmall 2) * $(getconf PAGESIZE) / 1024)) \
        "$(sed -n 's/^max total shared memory (kbytes) = //p' <<<"$ipcs_l")"
    assert_equal "$(cell shmmin 2)" "$(sed -n 's/^min seg size (bytes) = //p' <<<"$ipcs_l")"
    assert_equal "$(cell shmmni 3)" "$(sed -n 's/^segments allocated //p' <<<"$ipcs_u")"
    assert_equal "$(cell shmall 3)" "$(sed -n 's/^pages allocated //p' <<<"$ipcs_u")"
    assert_equal "$(awk '$1 == "SHMMNI" { print $2, $3 }' <<<"$lsipc")" "$(cell shmmni 2) $(cell shmmni 3)"
    assert_equal "$(awk '$1 == "SHMALL" { print $2 }' <<<"$lsipc")" "$(cell shmall 2)"
    assert_equal "$(awk '$1 == "SHMMAX" { print $2 }' <<<"$lsipc")" "$(cell shmmax 2)"
}

@test "shmall too small for shmmax is warned of, exit 0" {
    need_limits
    echo 8193 >/proc/sys/kernel/shmmax
    echo 3 >/proc/sys/kernel/shmall
    shmtool limits
    assert_status 0
    assert_err ''
    echo 2 >/proc/sys/kernel/shmall
    shmtool limits
    assert_status 0
    assert_err 'shmtool: limits: shmmax allows a segment of 8 KiB, which is 3 pages, but shmall allows only 2 pages (8 KiB) for all segments together'
    shmtool limits --json
    assert_status 0
    assert_err_has 'but shmall allows only 2 pages'
}

@test "--set writes and reads back" {
    need_limits
    shmtool limits --set shmmax=256M --set shmall=1G --set shmmni=200 --set shm_rmid_forced=1
    assert_status 0
    assert_err ''
    assert_out "shmmax = 268435456 (was unlimited)
shmall = $((1073741824 / $(getconf PAGESIZE))) (was unlimited)
shmmni = 200 (was 4096)
shm_rmid_forced = 1 (was 0)"
    assert_equal "$(limit shmmax)" 268435456
    assert_equal "$(limit shmall)" $((1073741824 / $(getconf PAGESIZE)))
    assert_equal "$(limit shmmni)" 200
    assert_equal "$(limit shm_rmid_forced)" 1
}

@test "shmall without a unit is pages, with one it is rounded up" {
    need_limits
    shmtool limits --set shmmax=1 --set shmall=77
    assert_equal "$(limit shmall)" 77
    shmtool limits --set shmall=$(($(getconf PAGESIZE) / 1024 + 1))K
    assert_equal "$(limit shmall)" 2
    shmtool limits --set shmall=18446744073709551615
    assert_equal "$(limit shmall)" 18446744073709551615
}

@test "a refused value is an error in the system's words; the others are set" {
    need_limits
    shmtool limits --set shmmni=2147483647 --set shmmax=1M
    assert_status 1
    assert_err 'shmtool: limits: shmmni=2147483647: /proc/sys/kernel/shmmni: Invalid argument: the kernel takes no more than 32768, or 16777216 when it was booted with ipcmni_extend'
    assert_out 'shmmax = 1048576 (was unlimited)'
    assert_equal "$(limit shmmni)" 4096
    assert_equal "$(limit shmmax)" 1048576
    shmtool limits --set shmmni=2147483647 --json
    assert_status 1
    assert_equal "$(jq -c '[.dry_run, .changes]' <<<"$out")" \
        '[false,[{"name":"shmmni","from":4096,"to":2147483647,"set":false,"kept":false,"error":"EINVAL"}]]'
    shmtool limits --set shm_rmid_forced=2
    assert_status 1
    assert_err 'shmtool: limits: shm_rmid_forced=2: /proc/sys/kernel/shm_rmid_forced: Invalid argument: the kernel takes 0 or 1'
    assert_equal "$(limit shm_rmid_forced)" 0
}

@test "an ordinary user is refused" {
    need_limits
    need_root
    run_split as_user 12345 "$SHMTOOL" limits --set shmmni=5
    assert_status 1
    assert_err 'shmtool: limits: shmmni=5: /proc/sys/kernel/shmmni: Permission denied; as root: shmtool limits --set shmmni=5'
    assert_equal "$(limit shmmni)" 4096
    run_split as_user 12345 "$SHMTOOL" limits
    assert_status 0
    # A dry run shows what it would do, and who may.
    make_seg -s 1048576 >/dev/null
    run_split as_user 12345 "$SHMTOOL" limits --set shm_rmid_forced=1 --dry-run
    assert_status 0
    assert_equal "${out%%$'\n'*}" 'would set shm_rmid_forced = 1 (is 0)'
    assert_err 'shmtool: limits: shm_rmid_forced=1: /proc/sys/kernel/shm_rmid_forced: Permission denied; as root: shmtool limits --set shm_rmid_forced=1
shmtool: limits: shm_rmid_forced=1 would destroy 1 segment, 1 MiB that nobody had attached and whose creators are gone'
    run_split as_user 12345 "$SHMTOOL" limits --set shmmni=5 --persist --dry-run
    assert_status 0
    assert_err_has "$(persist_warning)"
}

@test "a wrong word among several: none is tried" {
    need_limits
    local word
    for word in shmmax shmmax= shmmax=x shmmax=1.5G =1 shmmin=2 nosuch=1 shmmni=4K shmmax=18446744073709551616; do
        shmtool limits --set shmmni=100 --set "$word"
        assert_wrong_usage 'shmtool: limits: --set: ' || return 1
    done
    shmtool limits --set shmall=x
    assert_wrong_usage "shmtool: limits: --set: 'shmall=x': shmall takes a number of pages, or a size with a unit: "
    shmtool limits --set shm_rmid_forced=yes
    assert_wrong_usage "shmtool: limits: --set: 'shm_rmid_forced=yes': shm_rmid_forced takes 0 or 1"
    shmtool limits --set shmmni=100 --set shmmni=100
    assert_wrong_usage "'shmmni=100': shmmni is set twice"
    assert_equal "$(limit shmmni)" 4096
    assert_equal "$(limit shmmax)" 18446744073692774399
}

@test "what makes no sense is wrong usage" {
    shmtool limits 5
    assert_wrong_usage "'5': takes no operands"
    shmtool limits --persist
    assert_wrong_usage '--persist: needs --set'
    shmtool limits --dry-run
    assert_wrong_usage '--dry-run: needs --set'
    shmtool limits --yes
    assert_wrong_usage '--yes: needs --set'
    mkdir -p "$BATS_TEST_TMPDIR/tree/proc"
    shmtool --sysroot "$BATS_TEST_TMPDIR/tree" limits --set shmmax=1
    assert_wrong_usage 'changes the live system only'
}

@test "--dry-run changes nothing" {
    need_limits
    need_sysctl_d
    in_sysctl_d '"$SHMTOOL" limits --set shmmax=2M --set shmall=1 --dry-run --persist; s=$?; ls -A /etc/sysctl.d; exit $s'
    assert_status 0
    assert_out 'would set shmmax = 2097152 (is unlimited)
would keep kernel.shmmax = 2097152 in /etc/sysctl.d/60-shmtool.conf
would set shmall = 1 (is unlimited)
would keep kernel.shmall = 1 in /etc/sysctl.d/60-shmtool.conf'
    assert_err_has 'but shmall allows only 1 page '
    assert_err_has "$(persist_warning)"
    assert_err_has_not '(yes/no)'
    assert_equal "$(limit shmmax) $(limit shmall)" '18446744073692774399 18446744073692774399'
}

@test "--persist: in the kernel and in the file, twice without a second line, a comment kept" {
    need_limits
    need_sysctl_d
    in_sysctl_d '
        printf "# by hand\nkernel.msgmax = 5\n" >/etc/sysctl.d/60-shmtool.conf
        umask 077
        "$SHMTOOL" limits --set shmmax=256M --persist --yes || exit
        "$SHMTOOL" limits --set shmmax=256M --persist -y || exit
        cat /etc/sysctl.d/60-shmtool.conf /proc/sys/kernel/shmmax
        stat -c %a-%U /etc/sysctl.d/60-shmtool.conf
        ls -A /etc/sysctl.d'
    assert_status 0
    assert_err "$(persist_warning)"$'\n'"$(persist_warning)"
    assert_out 'shmmax = 268435456 (was unlimited)
kept kernel.shmmax = 268435456 in /etc/sysctl.d/60-shmtool.conf
shmmax = 268435456 (was 268435456)
kept kernel.shmmax = 268435456 in /etc/sysctl.d/60-shmtool.conf
# by hand
kernel.msgmax = 5
kernel.shmmax = 268435456
268435456
644-root
60-shmtool.conf'
}

@test "--persist leaves the file its mode" {
    need_limits
    need_sysctl_d
    in_sysctl_d '
        echo "# by hand" >/etc/sysctl.d/60-shmtool.conf
        chmod 640 /etc/sysctl.d/60-shmtool.conf
        "$SHMTOOL" limits --set shmmax=256M --persist --yes >/dev/null
        stat -c "%a" /etc/sysctl.d/60-shmtool.conf'
    assert_status 0
    assert_out 640
}

@test "--persist leaves the file its owner" {
    need_limits
    need_sysctl_d
    need_root
    in_sysctl_d '
        echo "# by hand" >/etc/sysctl.d/60-shmtool.conf
        chown 12345:23456 /etc/sysctl.d/60-shmtool.conf
        "$SHMTOOL" limits --set shmmax=256M --persist --yes >/dev/null
        stat -c "%u %g" /etc/sysctl.d/60-shmtool.conf'
    assert_status 0
    assert_out '12345 23456'
}

@test "what --persist writes is what sysctl reads" {
    need_limits
    need_sysctl_d
    need_program sysctl
    in_sysctl_d '
        "$SHMTOOL" limits --set shmmax=3M --set shmall=5000 --set shmmni=123 --set shm_rmid_forced=1 --persist --yes >/dev/null
        echo 1 >/proc/sys/kernel/shmmax; echo 1 >/proc/sys/kernel/shmall
        echo 1 >/proc/sys/kernel/shmmni; echo 0 >/proc/sys/kernel/shm_rmid_forced
        sysctl -q -p /etc/sysctl.d/60-shmtool.conf
        cat /proc/sys/kernel/shmmax /proc/sys/kernel/shmall /proc/sys/kernel/shmmni /proc/sys/kernel/shm_rmid_forced'
    assert_status 0
    assert_out $'3145728\n5000\n123\n1'
}

@test "a refused value is not kept" {
    need_limits
    need_sysctl_d
    in_sysctl_d '"$SHMTOOL" limits --set shmmni=2147483647 --set shmmax=1M --persist --yes; s=$?; cat /etc/sysctl.d/60-shmtool.conf; exit $s'
    assert_status 1
    assert_out_has 'kernel.shmmax = 1048576'
    assert_out_has_not 'shmmni'
    in_sysctl_d '"$SHMTOOL" limits --set shmmni=2147483647 --persist --yes; s=$?; ls -A /etc/sysctl.d; exit $s'
    assert_status 1
    assert_out ''
}

@test "a later file that overrides the value is pointed out" {
    need_limits
    need_sysctl_d
    in_sysctl_d '
        echo "kernel/shmmax = 5" >/etc/sysctl.d/70-other.conf
        echo "kernel.shmmax = 7" >/etc/sysctl.d/50-early.conf
        "$SHMTOOL" limits --set shmmax=1M --persist --yes'
    assert_status 0
    assert_err "$(persist_warning)
shmtool: limits: /etc/sysctl.d/70-other.conf: read after /etc/sysctl.d/60-shmtool.conf, sets kernel.shmmax to '5' at the next boot"
    in_sysctl_d '
        echo "kernel/shmmax = 1048576" >/etc/sysctl.d/70-other.conf
        "$SHMTOOL" limits --set shmmax=1M --persist --yes'
    assert_status 0
    assert_err "$(persist_warning)"
}

@test "a later file that cannot be read may override the value, and that is told" {
    need_limits
    need_sysctl_d
    in_sysctl_d '
        truncate -s 2M /etc/sysctl.d/70-other.conf
        "$SHMTOOL" limits --set shmmax=1M --persist --yes'
    assert_status 1
    assert_err "$(persist_warning)"$'\n''shmtool: limits: /etc/sysctl.d/70-other.conf: File too large; whether kernel.shmmax is set to something else at the next boot is not known'
    assert_out_has 'kept kernel.shmmax = 1048576 in /etc/sysctl.d/60-shmtool.conf'
}

@test "where the file cannot be written, what was set stays set and it is told" {
    need_limits
    need_sysctl_d
    in_sysctl_d 'ln -s /dev/null /etc/sysctl.d/60-shmtool.conf; "$SHMTOOL" limits --set shmmax=1M --persist --yes'
    assert_status 1
    assert_err "$(persist_warning)"$'\n''shmtool: limits: /etc/sysctl.d/60-shmtool.conf: not a regular file: left alone; what was set lasts until the next boot'
    assert_out 'shmmax = 1048576 (was unlimited)'
    assert_equal "$(limit shmmax)" 1048576
}

@test "--persist in an IPC namespace that is not the initial one asks: the file is the host's" {
    need_limits
    need_sysctl_d
    local answer
    for answer in no '' y; do
        in_sysctl_d 'echo '"$answer"' | "$SHMTOOL" limits --set shmmni=100 --persist; s=$?; ls -A /etc/sysctl.d; exit $s'
        declined 'the answer was not yes' || return 1
        assert_err_has "$(persist_warning)" || return 1
        assert_err_has 'Write /etc/sysctl.d/60-shmtool.conf all the same? (yes/no) ' || return 1
    done
    in_sysctl_d '"$SHMTOOL" limits --set shmmni=100 --persist </dev/null; s=$?; ls -A /etc/sysctl.d; exit $s'
    declined 'no answer'
    in_sysctl_d 'echo yes | "$SHMTOOL" limits --set shmmni=100 --persist'
    assert_status 0
    assert_out_has 'kept kernel.shmmni = 100 in /etc/sysctl.d/60-shmtool.conf'
    assert_equal "$(limit shmmni)" 100
}

@test "--persist says so where it is unknown whether this is the initial IPC namespace" {
    need_limits
    need_sysctl_d
    in_sysctl_d 'exec sh -c "mount -t tmpfs none /proc/\$\$/ns && exec \"\$SHMTOOL\" limits --set shmmni=100 --persist || exit 99"'
    [[ $status != 99 ]] || skip "may not hide /proc/self/ns"
    assert_status 0
    assert_err 'shmtool: limits: --persist: /etc/sysctl.d/60-shmtool.conf is read at boot, for the initial IPC namespace; whether this is that one is unknown: /proc/self/ns/ipc: No such file or directory'
    assert_out_has 'kept kernel.shmmni = 100 in /etc/sysctl.d/60-shmtool.conf'
}

@test "--persist asks nothing where nothing can be set" {
    need_limits
    need_root
    run_split as_user 12345 "$SHMTOOL" limits --set shmmni=5 --persist </dev/null
    assert_status 1
    assert_err 'shmtool: limits: shmmni=5: /proc/sys/kernel/shmmni: Permission denied; as root: shmtool limits --set shmmni=5 --persist'
}

@test "shm_rmid_forced=1 shows what it destroys, and asks" {
    need_limits
    local held ids answer
    mapfile -t ids < <(make_seg -s 1048576 --count 3)
    held=$(make_seg)
    start_helper holdseg "$held"
    for answer in no '' y YES; do
        run_split "$SHMTOOL" limits --set shmmni=100 --set shm_rmid_forced=1 <<<"$answer"
        declined 'the answer was not yes' || return 1
    done
    assert_equal "$(awk 'NR == 1 { $1 = $1; print }' "$err_file")" 'key shmid owner perms bytes nattch status state'
    assert_equal "$(awk '/^0x/ { print $2, $3, $5, $8 }' "$err_file" | sort)" \
        "$(printf '%s root 1048576 orphan\n' "${ids[@]}" | sort)"
    assert_err_has $'\nSet shm_rmid_forced=1, which destroys 3 segments, 3 MiB? (yes/no) '
    run_split "$SHMTOOL" limits --set kernel.shm_rmid_forced=1 </dev/null
    declined 'no answer, and only yes is one'
    assert_exists "${ids[@]}" "$held"
    run_split "$SHMTOOL" limits --set shmmni=100 --set shm_rmid_forced=1 <<<yes
    assert_status 0
    assert_out $'shmmni = 100 (was 4096)\nshm_rmid_forced = 1 (was 0)'
    assert_err_has 'shmtool: limits: shm_rmid_forced=1 destroyed 3 segments, 3 MiB that nobody had attached and whose creators are gone'
    assert_equal "$(all_ids)" "$held"
}

@test "--json: one document also where the answer is no, and of the limits after segments were destroyed" {
    need_limits
    local id doc='[.dry_run, .changes, .limits.shmmni, (.system | map(type))]'
    id=$(make_seg -s 1048576)
    run_split "$SHMTOOL" limits --set shmmni=100 --set shm_rmid_forced=1 --json <<<no
    assert_status 3
    assert_err_has 'the answer was not yes: nothing was set'
    assert_equal "$(jq -c "$doc" <<<"$out")" '[false,[{"name":"shmmni","from":4096,"to":100,"set":false,"kept":false,"error":null},{"name":"shm_rmid_forced","from":0,"to":1,"set":false,"kept":false,"error":null}],{"value":4096,"used":1,"unit":"segments"},["number","number"]]'
    assert_exists "$id"
    assert_equal "$(limit shm_rmid_forced) $(limit shmmni)" '0 4096'
    run_split "$SHMTOOL" limits --set shm_rmid_forced=1 --json <<<yes
    assert_status 0
    assert_equal "$(jq -c "$doc" <<<"$out")" '[false,[{"name":"shm_rmid_forced","from":0,"to":1,"set":true,"kept":false,"error":null}],{"value":4096,"used":0,"unit":"segments"},["number","number"]]'
    assert_gone "$id"
}

@test "shm_rmid_forced=1: what was said after the question of a terminal" {
    need_limits
    local id
    id=$(make_seg)
    pty -e '(yes/no) ' -s 'no\n' -- env -u NO_COLOR TERM=xterm "$SHMTOOL" limits --set shm_rmid_forced=1
    assert_status 3
    assert_out_has $'\e[31morphan\e[0m'
    pty -e '(yes/no) ' -s '\003' -- "$SHMTOOL" limits --set shm_rmid_forced=1
    assert_status 3
    assert_out_has 'interrupted: nothing was set'
    pty -e '(yes/no) ' -k TERM -- "$SHMTOOL" limits --set shm_rmid_forced=1
    assert_status 3
    assert_exists "$id"
    assert_equal "$(limit shm_rmid_forced)" 0
    pty -e '(yes/no) ' -s 'yes\n' -- "$SHMTOOL" limits --set shm_rmid_forced=1
    assert_status 0
    assert_gone "$id"
}

@test "shm_rmid_forced=1: --yes does not ask, and a dry run shows it all" {
    need_limits
    local ids
    mapfile -t ids < <(make_seg -s 1048576 --count 30)
    shmtool limits --set shm_rmid_forced=1 --dry-run </dev/null
    assert_status 0
    assert_err 'shmtool: limits: shm_rmid_forced=1 would destroy 30 segments, 30 MiB that nobody had attached and whose creators are gone'
    assert_equal "${out%%$'\n'*}" 'would set shm_rmid_forced = 1 (is 0)'
    assert_equal "$(awk '/^0x/ { print $2 }' "$out_file" | sort)" "$(printf '%s\n' "${ids[@]}" | sort)"
    shmtool limits --set shm_rmid_forced=1 --dry-run --json </dev/null
    assert_status 0
    jq -e .dry_run <<<"$out"
    pty -- env -u NO_COLOR TERM=xterm "$SHMTOOL" limits --set shm_rmid_forced=1 --dry-run
    assert_out_matches $'\e\\[1mshmid *\e\\[0m'
    # Asked about many: the sums.
    run_split "$SHMTOOL" limits --set shm_rmid_forced=1 <<<no
    declined 'the answer was not yes'
    assert_err_matches $'^owner +segments +bytes +orphans\nroot +30 +31457280 +30\nSet shm_rmid_forced=1, which destroys 30 '
    shmtool limits --set shm_rmid_forced=1 --yes </dev/null
    assert_status 0
    assert_err 'shmtool: limits: shm_rmid_forced=1 destroyed 30 segments, 30 MiB that nobody had attached and whose creators are gone'
    assert_equal "$(all_ids)" ''
}

@test "shm_rmid_forced=1: nothing to destroy, no question" {
    need_limits
    local held
    held=$(make_seg)
    start_helper holdseg "$held"
    shmtool limits --set shm_rmid_forced=1 </dev/null
    assert_status 0
    assert_err ''
    # It was on: what lives on does so.
    start_helper mkseg --stay
    shmtool limits --set shm_rmid_forced=1 </dev/null
    assert_status 0
    assert_err ''
    shmtool limits --set shm_rmid_forced=0 </dev/null
    assert_status 0
    assert_equal "$(all_ids | wc -l)" 2
}

@test "shm_rmid_forced=1: who may not set it is not asked" {
    need_limits
    need_root
    make_seg >/dev/null
    run_split as_user 12345 "$SHMTOOL" limits --set shm_rmid_forced=1 </dev/null
    assert_status 1
    assert_err 'shmtool: limits: shm_rmid_forced=1: /proc/sys/kernel/shm_rmid_forced: Permission denied; as root: shmtool limits --set shm_rmid_forced=1'
}

@test "shm_rmid_forced=1: the kernel goes by the thread that made a segment, not by the process" {
    need_limits
    local kept by_thread left
    start_helper mkseg --stay
    kept=$(grep -v ready "$helper_out")
    start_helper actor thread-make:0
    by_thread=$(awk '{ print $3 }' "$helper_out")
    # The thread has detached from its segments only when it is gone altogether.
    wait_until eval "[[ \$(ls /proc/$helper_pid/task) == $helper_pid ]]"
    start_helper actor make:0 leave
    left=$(awk '{ print $3 }' "$helper_out")
    shmtool ls -c state --no-header
    assert_out $'idle\nidle\nidle'
    run_split "$SHMTOOL" limits --set shm_rmid_forced=1 <<<no
    declined 'the answer was not yes'
    assert_err_has 'shmtool: limits: 3 of them may stay: the kernel spares a segment while the very thread that made it lives, '
    assert_err_has 'Set shm_rmid_forced=1, which destroys perhaps 3 segments, 20 KiB? (yes/no) '
    make_seg -s 1 >/dev/null
    run_split "$SHMTOOL" limits --set shm_rmid_forced=1 --dry-run
    assert_err_has 'shm_rmid_forced=1 would destroy 1 segment, 1 B, and perhaps 3 segments, 20 KiB more that nobody'
    run_split "$SHMTOOL" limits --set shm_rmid_forced=1 <<<yes
    assert_status 0
    assert_err_has 'which destroys 1 segment, 1 B, and perhaps 3 segments, 20 KiB more? (yes/no) '
    assert_err_has 'shm_rmid_forced=1 destroyed 3 segments, 16 KiB that nobody had attached and whose creators are gone'
    assert_gone "$by_thread" "$left"
    assert_equal "$(all_ids)" "$kept"
}

@test "shm_rmid_forced=1: what has come to be an orphan while it asks was not shown: nothing is set" {
    need_limits
    local id
    id=$(make_seg)
    answer_meanwhile 'make_seg --key 0x99 >/dev/null' limits --set shmmni=100 --set shm_rmid_forced=1
    declined '1 more segment would be destroyed by now, and not shown before'
    assert_equal "$(all_ids | wc -l)" 2
    # One less is no matter.
    answer_meanwhile "ipcrm -M 0x99" limits --set shm_rmid_forced=1
    assert_status 0
    assert_equal "$(all_ids)" ''
}

@test "a saved tree: its own limits, pages by its own size" {
    local tree=$BATS_TEST_TMPDIR/tree
    mkdir -p "$tree/proc/sys/kernel" "$tree/proc/sysvipc"
    echo 33554432 >"$tree/proc/sys/kernel/shmmax"
    echo 2097152 >"$tree/proc/sys/kernel/shmall"
    echo 4096 >"$tree/proc/sys/kernel/shmmni"
    {
        echo '       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap'
        echo '         5          0   600                 70000   100     0      0     0     0     0     0          0          0 1795299001                     0                     0'
    } >"$tree/proc/sysvipc/shm"
    shmtool --sysroot "$tree" limits
    assert_status 0
    assert_err 'shmtool: limits: the tree does not show the page size: pages of 4096 bytes are assumed'
    assert_equal "$(cell shmall 3)" 18
    assert_equal "$(cell shm_rmid_forced 2)" -
    echo 'AnonPages:  640000 kB' >"$tree/proc/meminfo"
    echo 'nr_anon_pages 10000' >"$tree/proc/vmstat"
    shmtool --sysroot "$tree" limits --json
    assert_status 0
    assert_err ''
    assert_equal "$(jq -c '[.page_size, .limits.shmall.used, .limits.shm_rmid_forced.value]' <<<"$out")" '[65536,2,null]'
}

@test "the tree of a kernel of 32 bits: its own value is unlimited; of another it is a limit" {
    local tree=$BATS_TEST_TMPDIR/tree
    mkdir -p "$tree/proc/sys/kernel" "$tree/proc/sysvipc"
    echo 4278190079 | tee "$tree/proc/sys/kernel/shmmax" >"$tree/proc/sys/kernel/shmall"
    printf 'key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap\n' >"$tree/proc/sysvipc/shm"
    echo 'VmallocTotal:     122880 kB' >"$tree/proc/meminfo"
    shmtool --sysroot "$tree" limits
    assert_equal "$(cell shmmax 2) $(cell shmall 2)" 'unlimited unlimited'
    echo 'VmallocTotal:   34359738367 kB' >"$tree/proc/meminfo"
    shmtool --sysroot "$tree" limits
    assert_equal "$(cell shmmax 2) $(cell shmall 2)" '4278190079 4278190079'
}

@test "without limits or without segments to read: exit 4" {
    local tree=$BATS_TEST_TMPDIR/tree
    mkdir -p "$tree/proc/sys/kernel"
    echo 5 >"$tree/proc/sys/kernel/shmmax"
    shmtool --sysroot "$tree" limits
    assert_status 4
    assert_err_has 'proc/sysvipc/shm'
    mkdir "$tree/proc/sysvipc"
    printf 'key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap\n' >"$tree/proc/sysvipc/shm"
    rm "$tree/proc/sys/kernel/shmmax"
    shmtool --sysroot "$tree" limits
    assert_status 4
    assert_out ''
    assert_err_has 'proc/sys/kernel/'
}

@test "output that cannot be written is an error" {
    need_ns
    run_split sh -c '"$1" limits >/dev/full' sh "$SHMTOOL"
    assert_status 1
    assert_err_has 'No space left on device'
}
