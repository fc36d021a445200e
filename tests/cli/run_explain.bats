# run --explain: why each failing shmget of the program and its descendants fails, and what fixes it: each cause made for
# real, what is recommended done, and the program run again.
# shellcheck disable=SC2016 # in single quotes stands what an inner shell expands
load common
load doctor
load listener

teardown() {
    common_teardown
    ! own_ns || restore_limits
}

# calls RESULT KEY SIZE FLAGS: a program that makes this call in a child, by $as, ends as the kernel wants it; sets
# $reason and $remedy
calls() {
    run_split "${as[@]}" "$SHMTOOL" run --explain sh -c '"$0" "$@"; exit 7' "$HELPERS/callshmget" "${@:2}"
    assert_status 7 || return 1
    assert_out "$1" || return 1
    reason=$(sed -n 's/^shmtool: run: reason: //p' <<<"$err")
    remedy=$(sed -n 's/^shmtool: run: remedy: //p' <<<"$err")
}

# fails RESULT KEY SIZE FLAGS: the call fails, which is explained once, as doctor does: with the same remedy
fails() {
    local doctors
    calls "$@" || return 1
    assert_err_matches '^shmtool: run: callshmget\[[0-9]+\]: shmget\([^()]*\) fails: '"$1"' \(' || return 1
    assert_equal "$(grep -c . <<<"${err%$'\n'}")" $((remedy_lines + 2)) || return 1
    doctors=$("${as[@]}" "$SHMTOOL" doctor --key "$2" --size "$3" --flags "$(flags_of "$4")" --json | jq -r '.remedy // ""')
    assert_equal "$remedy" "$doctors"
}

flags_of() {
    if [[ $1 == 0x* ]]; then echo "$1"; else echo "0$1"; fi
}

# works KEY SIZE FLAGS: the call succeeds, and nothing is said
works() {
    calls OK "$@" || return 1
    # Where the kernel reports no forks, the segment is named as one that could not be traced.
    assert_err_has_not 'shmget('
}

# type_remedy: what is recommended, up to a semicolon
type_remedy() {
    local line=${remedy%%;*}
    line=${line#*as root: }
    [[ $line == 'shmtool '* ]] || fail "not a command: $line" || return 1
    eval "\"\$SHMTOOL\" ${line#shmtool}" <<<yes >/dev/null 2>&1
}

assert_why() {
    [[ $reason == *"$1"* ]] || fail "the reason has no '$1':" "$reason"
}

setup() {
    common_setup
    as=(env)
    remedy_lines=1
}

@test "EEXIST: a leftover has the key, and the program insists on a new segment" {
    need_ns
    need_listener
    local id
    id=$(make_seg -k 0x51)
    fails EEXIST 0x51 4096 3600
    assert_why "segment $id has the key, and with IPC_EXCL nobody may have it"
    assert_equal "$remedy" "shmtool rm $id"
    type_remedy
    works 0x51 4096 3600
}

@test "EINVAL: a leftover that is too small, for a program that says no more than Invalid argument" {
    need_ns
    need_listener
    local id
    id=$(make_seg -k 0x51 -s 4096)
    fails EINVAL 0x51 8192 1600
    assert_why "segment $id has the key and only 4096 bytes (4 KiB), less than the 8192 asked for"
    type_remedy
    works 0x51 8192 1600
}

@test "EACCES: another user's leftover, by the caller's credentials and not shmtool's" {
    need_ns
    need_listener
    need_root
    local id
    id=$(make_seg -k 0x51)
    as=(setpriv --reuid 12345 --regid 12345 --clear-groups)
    fails EACCES 0x51 4096 600
    assert_why "segment $id has the key and grants uid 12345 nothing, but mode 600 asks for reading and writing"
    # The same of a program that root runs and that changes its user.
    run_split "$SHMTOOL" run --explain "${as[@]}" "$HELPERS/callshmget" 0x51 4096 600
    assert_out EACCES
    assert_err_has 'grants uid 12345 nothing'
    as=(env)
    run_split "$SHMTOOL" run --explain setpriv --clear-groups --regid 0 "$HELPERS/callshmget" 0x51 4096 600
    assert_err ''
    as=(setpriv --reuid 12345 --regid 12345 --clear-groups)
    type_remedy
    works 0x51 4096 1600
}

@test "EACCES and not: a group of the caller alone" {
    need_ns
    need_listener
    need_root
    local id
    id=$(make_seg -k 0x51 -m 060 --gid 54321)
    run_split "$SHMTOOL" run --explain setpriv --reuid 12345 --regid 12345 --groups 1,54321 "$HELPERS/callshmget" 0x51 4096 60
    assert_out OK
    assert_err ''
    run_split "$SHMTOOL" run --explain setpriv --reuid 12345 --regid 12345 --groups 1,5432 "$HELPERS/callshmget" 0x51 4096 60
    assert_out EACCES
    assert_err_has 'fails: EACCES'
    assert_exists "$id"
}

@test "ENOENT: nobody has the key yet" {
    need_ns
    need_listener
    # A key that no other test has in its namespace meanwhile.
    fails ENOENT 0x6e6f6e65 0 600
    assert_equal "$remedy" 'start the program that makes the segment first'
    make_seg -k 0x6e6f6e65 >/dev/null
    works 0x6e6f6e65 0 600
}

@test "EINVAL: a new segment of no bytes, and one that no file can hold" {
    need_ns
    need_listener
    fails EINVAL 0x51 0 1600
    assert_equal "$remedy" 'ask for 1 byte or more'
    works 0x51 1 1600
    has_64_bits || return 0
    remedy_lines=0
    fails EINVAL 0 9223372036854775808 1600
    assert_why 'no segment of 2^63 bytes or more'
}

@test "EINVAL above shmmax, and ENOSPC where pages are beyond 64 bits" {
    need_limits
    need_listener
    echo 1000000 >/proc/sys/kernel/shmmax
    fails EINVAL 0 1000001 1600
    assert_why 'a new segment may have no more than shmmax, 1000000 bytes'
    type_remedy
    works 0 1000001 1600
    has_64_bits || return 0
    echo 18446744073709551615 >/proc/sys/kernel/shmmax
    remedy_lines=0
    fails ENOSPC 0 18446744073709551615 1600
}

@test "ENOSPC: shmall, by leftovers and by the limit itself" {
    need_limits
    need_listener
    local page
    page=$(getconf PAGESIZE)
    make_seg -s $((page * 5)) >/dev/null
    echo 6 >/proc/sys/kernel/shmall
    fails ENOSPC 0 $((page * 2)) 1600
    assert_why 'shmall allows 6 pages'
    type_remedy
    assert_equal "$(all_ids)" ''
    works 0 $((page * 2)) 1600
    fails ENOSPC 0 $((page * 7)) 1600
    type_remedy
    works 0 $((page * 7)) 1600
}

@test "ENOSPC: shmmni" {
    need_limits
    need_listener
    make_seg --count 2 >/dev/null
    echo 2 >/proc/sys/kernel/shmmni
    fails ENOSPC 0x51 1 1600
    assert_why 'shmmni allows 2 segments, and there are 2'
    type_remedy
    works 0x51 1 1600
}

@test "ENOMEM: more memory than there is" {
    need_ns
    need_64_bits
    need_listener
    [[ $(cat /proc/sys/vm/overcommit_memory) == 0 ]] || skip "vm.overcommit_memory is not 0"
    local total
    total=$(awk '/^(MemTotal|SwapTotal):/ { sum += $2 } END { printf "%d", sum }' /proc/meminfo)
    fails ENOMEM 0 $((total * 1024 + 1)) 1600
    [[ $remedy == 'ask for less, or '* ]]
    works 0 $((total * 1024)) 1600
}

@test "huge pages: EINVAL of a size, ENOMEM of a short pool, EPERM of the right" {
    need_ns
    need_listener
    need_root
    [[ -d /sys/kernel/mm/hugepages/hugepages-2048kB ]] || skip "has no huge pages of 2 MiB"
    fails EINVAL 0 5 0x58000b80
    assert_why 'there are no huge pages of 4 MiB'
    if has_64_bits; then
        fails ENOMEM 0 1000000000000001 0x54000b80
        assert_why 'need 476837159 huge pages of 2 MiB; the pool has '
    fi
    as=(setpriv --reuid 12345 --regid 12345 --clear-groups)
    fails EPERM 0 5242880 0xb80
    # What each says last: without them.
    [[ $remedy == *'; or ask without SHM_HUGETLB' ]]
    works 0 5242880 1600
    # By a member of the group, with nothing reserved.
    as=(setpriv --reuid 12345 --regid 12345 --groups "$(cat /proc/sys/vm/hugetlb_shm_group)")
    works 0 5242880 0x1b80
}

@test "a filter that refuses every call, which is not seen then: said once, before" {
    need_ns
    need_listener
    run_split "$HELPERS/refuse" EPERM shmget "$SHMTOOL" run --explain "$HELPERS/callshmget" 0x51 4096 1600
    assert_status 0
    assert_out EPERM
    assert_err_matches '^shmtool: run: every call of shmget fails here: EPERM \(Operation not permitted\)'$'\n''shmtool: run: reason: the call itself is refused'
    assert_err_has 'remedy: have the filter allow shmget'
    # What is recommended: no such filter.
    works 0x51 4096 1600
}

@test "a kernel without System V shared memory" {
    need_ns
    need_listener
    unshare --mount true 2>/dev/null || skip "makes no mount namespaces"
    run_split unshare --mount bash -c 'mount -t tmpfs none /proc/sysvipc && mount -t tmpfs none /proc/sys/kernel || exit 99
        exec "$HELPERS/refuse" ENOSYS shmget,shmat,shmdt,shmctl "$SHMTOOL" run --explain "$HELPERS/callshmget" 0x51 4096 1600'
    assert_status 0
    assert_out ENOSYS
    assert_err_has 'every call of shmget fails here: ENOSYS'
    assert_err_has 'this kernel has no System V shared memory'
}

@test "the same failure again is counted, and different ones are explained up to a number" {
    need_ns
    need_listener
    make_seg -k 0x51 >/dev/null
    run_split "$SHMTOOL" run --explain sh -c '"$0" --times 500 0x51 8192 1600; "$0" --times 500 0x51 8192 1600
        "$0" 0x51 9000 1600' "$HELPERS/callshmget"
    assert_equal "$(grep -c ' fails: EINVAL' <<<"$err")" 2
    assert_err_matches $'\n''shmtool: run: shmget\(0x00000051, 8192, IPC_CREAT \| 0600\): failed so 999 more times'$'\n$'
    run_split "$SHMTOOL" run --explain bash -c 'for key in {1..40}; do "$0" "$key" 0 600; done' "$HELPERS/callshmget"
    assert_equal "$(grep -c ' fails: ENOENT' <<<"$err")" 32
    assert_err_matches $'\n''shmtool: run: not explained: 8 more failing calls of shmget'$'\n$'
}

@test "on a terminal lines fit it, as doctor's do" {
    need_ns
    need_listener
    make_seg -k 0x51 >/dev/null
    pty -- "$SHMTOOL" run --explain "$HELPERS/callshmget" 0x51 8192 1600
    assert_out_matches $'\n''reason: segment [0-9]+ has the key and only 4096 bytes [^'$'\n'']*'$'\n''        [a-z0-9 ]*asked for;'
    assert_out_matches $'\n''remedy: shmtool rm [0-9]+'$'\r?\n'
    assert_equal "$(grep '^ \|^reason' <<<"$out" | tr -d '\r' | awk 'length > 80')" ''
}

@test "with --exact, with --isolate, and with neither" {
    need_ns
    need_listener
    local options
    make_seg -k 0x51 >/dev/null
    for options in --exact --isolate ''; do
        [[ $options != --isolate ]] || "$SHMTOOL" run --isolate true 2>/dev/null || continue
        # shellcheck disable=SC2086 # none, where it is empty
        run_split "$SHMTOOL" run --explain $options sh -c '"$0/callshmget" 0x52 0 1600; exec "$0/leak" exit 6' "$HELPERS"
        assert_status 6
        assert_err_has 'shmget(0x00000052, 0, IPC_CREAT | 0600) fails: EINVAL'
        assert_equal "$(all_ids | wc -l)" 1
    done
}

@test "calls in another IPC namespace are counted" {
    need_ns
    need_listener
    unshare --ipc true 2>/dev/null || skip "no second IPC namespace can be made"
    run_split "$SHMTOOL" run --explain sh -c 'SHMTOOL_TEST_OUTER_NS= unshare --ipc "$0" --times 3 0x51 0 600; exit 5' "$HELPERS/callshmget"
    assert_status 5
    assert_err "shmtool: run: not explained: 3 calls of shmget in other IPC namespaces: 'shmtool -N PID doctor --key KEY' explains them, where PID is one of their processes"
}

@test "a hostile name, and programs of 32 bits" {
    need_ns
    need_listener
    run_split "$SHMTOOL" run --explain "$HELPERS/actor" $'name:a\nb\e[31m' make:0x51 end
    assert_err ''
    cp "$HELPERS/callshmget" "$BATS_TEST_TMPDIR/"$'a\nb\e[3m'
    run_split "$SHMTOOL" run --explain "$BATS_TEST_TMPDIR/"$'a\nb\e[3m' 0x51 0 600
    assert_err_matches '^shmtool: run: [^'$'\n\e'']*\[[0-9]+\]: shmget\(0x00000051, 0, 0600\) fails: ENOENT'
    run_split "$SHMTOOL" run --explain "$HELPERS/callshmget" --by ipc 0xfffffff1 4294967295 600
    [[ $status != 77 ]] || skip "no programs of 32 bits here"
    assert_err_has 'shmget(0xfffffff1, 4294967295, 0600) fails: ENOENT'
}

@test "threads, and a first thread that has ended" {
    need_ns
    need_listener
    run_split "$SHMTOOL" run --explain --exact "$HELPERS/actor" thread-make:0x51 end
    assert_status 0
    assert_err ''
    assert_equal "$(all_ids)" ''
}

@test "a /proc of another PID namespace: not started, and why" {
    need_ns
    need_listener
    without_leak_sanitizer
    unshare --pid --fork true 2>/dev/null || skip "no PID namespace can be made"
    run_split unshare --pid --fork --kill-child "$SHMTOOL" run --explain sh -c 'echo started'
    assert_status 1
    assert_out ''
    assert_err 'shmtool: run: --explain: /proc does not show the processes of this PID namespace; the program was not started'
}

@test "no seccomp: not started, and why" {
    need_ns
    need_listener
    run_split "$HELPERS/refuse" EPERM seccomp "$SHMTOOL" run --explain sh -c 'echo started'
    assert_status 1
    assert_out ''
    assert_err 'shmtool: run: shmget cannot be listened to: seccomp is forbidden here, by a filter of system calls or a security module; the program was not started'
}
