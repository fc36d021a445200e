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
    assert_equal "$(cell shmmax 2)" 18446744073692774399
    assert_equal "$(cell shmmax 3)" -
    assert_equal "$(cell shmall 2)" 18446744073692774399
    assert_equal "$(cell shmall 3)" 0
    assert_equal "$(cell shmall 6)" 64
    assert_out_has '64 ZiB'
    assert_out_has '16 EiB'
    assert_equal "$(cell shmmni 2)" 4096
    assert_equal "$(cell shmmni 3)" 0
    assert_equal "$(cell shmmin 2)" 1
    assert_equal "$(cell shm_rmid_forced 2)" 0
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
    assert_out "shmmax = 268435456 (was 18446744073692774399)
shmall = $((1073741824 / $(getconf PAGESIZE))) (was 18446744073692774399)
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
    assert_err 'shmtool: limits: shmmni=2147483647: /proc/sys/kernel/shmmni: Invalid argument'
    assert_out 'shmmax = 1048576 (was 18446744073692774399)'
    assert_equal "$(limit shmmni)" 4096
    assert_equal "$(limit shmmax)" 1048576
    shmtool limits --set shmmni=2147483647 --json
    assert_status 1
    assert_equal "$(jq -c '[.dry_run, .changes]' <<<"$out")" \
        '[false,[{"name":"shmmni","from":4096,"to":2147483647,"set":false,"kept":false,"error":"EINVAL"}]]'
    shmtool limits --set shm_rmid_forced=2
    assert_status 1
    assert_err 'shmtool: limits: shm_rmid_forced=2: /proc/sys/kernel/shm_rmid_forced: Invalid argument'
    assert_equal "$(limit shm_rmid_forced)" 0
}

@test "an ordinary user is refused" {
    need_limits
    need_root
    run_split as_user 12345 "$SHMTOOL" limits --set shmmni=5
    assert_status 1
    assert_err 'shmtool: limits: shmmni=5: /proc/sys/kernel/shmmni: Permission denied'
    assert_equal "$(limit shmmni)" 4096
    run_split as_user 12345 "$SHMTOOL" limits
    assert_status 0
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
    mkdir -p "$BATS_TEST_TMPDIR/tree/proc"
    shmtool --sysroot "$BATS_TEST_TMPDIR/tree" limits --set shmmax=1
    assert_wrong_usage 'changes the live system only'
}

@test "--dry-run changes nothing" {
    need_limits
    need_sysctl_d
    in_sysctl_d '"$SHMTOOL" limits --set shmmax=2M --set shmall=1 --dry-run --persist; s=$?; ls -A /etc/sysctl.d; exit $s'
    assert_status 0
    assert_out 'would set shmmax = 2097152 (is 18446744073692774399)
would keep kernel.shmmax = 2097152 in /etc/sysctl.d/60-shmtool.conf
would set shmall = 1 (is 18446744073692774399)
would keep kernel.shmall = 1 in /etc/sysctl.d/60-shmtool.conf'
    assert_err_has 'but shmall allows only 1 page '
    assert_equal "$(limit shmmax) $(limit shmall)" '18446744073692774399 18446744073692774399'
}

@test "--persist: in the kernel and in the file, twice without a second line, a comment kept" {
    need_limits
    need_sysctl_d
    in_sysctl_d '
        printf "# by hand\nkernel.msgmax = 5\n" >/etc/sysctl.d/60-shmtool.conf
        umask 077
        "$SHMTOOL" limits --set shmmax=256M --persist || exit
        "$SHMTOOL" limits --set shmmax=256M --persist || exit
        cat /etc/sysctl.d/60-shmtool.conf /proc/sys/kernel/shmmax
        stat -c %a-%U /etc/sysctl.d/60-shmtool.conf
        ls -A /etc/sysctl.d'
    assert_status 0
    assert_err ''
    assert_out 'shmmax = 268435456 (was 18446744073692774399)
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
        "$SHMTOOL" limits --set shmmax=256M --persist >/dev/null
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
        "$SHMTOOL" limits --set shmmax=256M --persist >/dev/null
        stat -c "%u %g" /etc/sysctl.d/60-shmtool.conf'
    assert_status 0
    assert_out '12345 23456'
}

@test "what --persist writes is what sysctl reads" {
    need_limits
    need_sysctl_d
    need_program sysctl
    in_sysctl_d '
        "$SHMTOOL" limits --set shmmax=3M --set shmall=5000 --set shmmni=123 --set shm_rmid_forced=1 --persist >/dev/null
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
    in_sysctl_d '"$SHMTOOL" limits --set shmmni=2147483647 --set shmmax=1M --persist; s=$?; cat /etc/sysctl.d/60-shmtool.conf; exit $s'
    assert_status 1
    assert_out_has 'kernel.shmmax = 1048576'
    assert_out_has_not 'shmmni'
    in_sysctl_d '"$SHMTOOL" limits --set shmmni=2147483647 --persist; s=$?; ls -A /etc/sysctl.d; exit $s'
    assert_status 1
    assert_out ''
}

@test "a later file that overrides the value is pointed out" {
    need_limits
    need_sysctl_d
    in_sysctl_d '
        echo "kernel/shmmax = 5" >/etc/sysctl.d/70-other.conf
        echo "kernel.shmmax = 7" >/etc/sysctl.d/50-early.conf
        "$SHMTOOL" limits --set shmmax=1M --persist'
    assert_status 0
    assert_err "shmtool: limits: /etc/sysctl.d/70-other.conf: read after /etc/sysctl.d/60-shmtool.conf, sets kernel.shmmax to '5' at the next boot"
    in_sysctl_d '
        echo "kernel/shmmax = 1048576" >/etc/sysctl.d/70-other.conf
        "$SHMTOOL" limits --set shmmax=1M --persist'
    assert_status 0
    assert_err ''
}

@test "a later file that cannot be read may override the value, and that is told" {
    need_limits
    need_sysctl_d
    in_sysctl_d '
        truncate -s 2M /etc/sysctl.d/70-other.conf
        "$SHMTOOL" limits --set shmmax=1M --persist'
    assert_status 1
    assert_err 'shmtool: limits: /etc/sysctl.d/70-other.conf: File too large; whether kernel.shmmax is set to something else at the next boot is not known'
    assert_out_has 'kept kernel.shmmax = 1048576 in /etc/sysctl.d/60-shmtool.conf'
}

@test "where the file cannot be written, what was set stays set and it is told" {
    need_limits
    need_sysctl_d
    in_sysctl_d 'ln -s /dev/null /etc/sysctl.d/60-shmtool.conf; "$SHMTOOL" limits --set shmmax=1M --persist'
    assert_status 1
    assert_err 'shmtool: limits: /etc/sysctl.d/60-shmtool.conf: not a regular file: left alone; what was set lasts until the next boot'
    assert_out 'shmmax = 1048576 (was 18446744073692774399)'
    assert_equal "$(limit shmmax)" 1048576
}

@test "shm_rmid_forced=1 tells what it destroyed, and in a dry run what it would" {
    need_limits
    local held
    make_seg -s 1048576 --count 3
    held=$(make_seg)
    start_helper holdseg "$held"
    shmtool limits --set shm_rmid_forced=1 --dry-run
    assert_status 0
    assert_err 'shmtool: limits: shm_rmid_forced=1 would destroy 3 segments, 3 MiB that nobody had attached and whose creators are dead'
    shmtool limits
    assert_equal "$(cell shmmni 3)" 4
    shmtool limits --set shm_rmid_forced=1
    assert_status 0
    assert_err 'shmtool: limits: shm_rmid_forced=1 destroyed 3 segments, 3 MiB that nobody had attached and whose creators are dead'
    assert_equal "$(all_ids)" "$held"
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
