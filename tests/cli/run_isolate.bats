# run --isolate: an IPC namespace of the program's own.
# shellcheck disable=SC2016 # in single quotes stands what an inner shell expands
load common
load fork_events

setup() {
    common_setup
    ids=$BATS_TEST_TMPDIR/ids
    before=''
    ! own_ns || before=$(make_seg --count 2)
}

teardown() {
    rm -f "$ids"
    common_teardown
}

need_isolation() {
    "$SHMTOOL" run --isolate true 2>/dev/null || skip "no IPC namespace can be made"
}

@test "the program sees an empty table, and leaves no trace in ours" {
    need_ns
    need_isolation
    shmtool run -v --isolate sh -c 'tail -n +2 /proc/sysvipc/shm; exec "$0/leak" exit 7' "$HELPERS"
    assert_status 7
    assert_out $'0\n1\n2'
    assert_err $'shmtool: run: 0: removed, 4096 bytes\nshmtool: run: 1: removed, 4096 bytes
shmtool: run: 2: removed, 4096 bytes\nshmtool: run: removed 3 of 3 segments, 12 KiB freed'
    assert_equal "$(all_ids)" "$before"
}

@test "short-lived descendants too are cleaned up, whether the kernel tells of them or not" {
    need_ns
    need_isolation
    run_split unshare --net "$SHMTOOL" run --isolate "$HELPERS/brood" "$ids" 200 short
    [[ -s $ids ]] || skip "no network namespace can be made"
    assert_status 0
    assert_out ''
    assert_err ''
    run_split unshare --net "$SHMTOOL" run -v --isolate "$HELPERS/brood" "$ids" 200 orphans
    assert_err_has 'removed 200 of 200 segments'
}

@test "as an ordinary user, with the same user and group" {
    need_ns
    need_root
    as_user 12345 "$SHMTOOL" run --isolate true 2>/dev/null || skip "no user namespace can be made by users"
    run_split setpriv --reuid 12345 --regid 23456 --clear-groups "$SHMTOOL" run -v --isolate \
        sh -c 'id -u; id -g; grep CapEff /proc/self/status; exec "$0/leak" --attach signal 9' "$HELPERS"
    assert_status 137
    assert_out $'12345\n23456\nCapEff:\t0000000000000000\n0\n1\n2'
    assert_err_has 'removed 3 of 3 segments'
    assert_equal "$(all_ids)" "$before"
}

@test "root keeps its user namespace" {
    need_ns
    need_root
    run_split "$SHMTOOL" run --isolate readlink /proc/self/ns/user
    assert_status 0
    assert_out "$(readlink /proc/self/ns/user)"
    run_split "$SHMTOOL" run --isolate readlink /proc/self/ns/ipc
    assert_status 0
    [[ $out != "$(readlink /proc/self/ns/ipc)"* ]] || fail "it is ours"
}

@test "where user namespaces are forbidden the program is not started" {
    need_ns
    run_split without_namespaces true
    [[ $status == 0 ]] || skip "no user namespace can be made to forbid them in"
    run_split without_namespaces "$SHMTOOL" run --isolate touch "$ids"
    assert_status 1
    assert_out ''
    assert_err 'shmtool: run: no IPC namespace of its own: No space left on device: the limit of user or IPC namespaces is reached: see the sysctls user.max_user_namespaces and user.max_ipc_namespaces'
    [[ ! -e $ids ]]
}

@test "where root has no IPC namespace left the limit that is reached is named" {
    need_ns
    # shellcheck disable=SC2016 # for the inner shell
    run_split unshare --user --map-root-user sh -c 'echo 0 >/proc/sys/user/max_ipc_namespaces || exit 99; exec "$@"' - \
        "$SHMTOOL" run --isolate touch "$ids"
    [[ $status != 99 && $err != unshare:* ]] || skip "no user namespace can be made to forbid them in"
    assert_status 1
    assert_err 'shmtool: run: no IPC namespace of its own: No space left on device: the limit of IPC namespaces is reached: see the sysctl user.max_ipc_namespaces'
    [[ ! -e $ids ]]
}

@test "survivors keep what they use, and are told to be harmless" {
    need_ns
    need_isolation
    shmtool run --isolate sh -c '"$0/brood" "$1" 1 lasting; exec "$0/leak" exit 0 >/dev/null' "$HELPERS" "$ids"
    assert_status 0
    assert_err_matches "^shmtool: run: 0: left: 4096 bytes, attached by [^"$'\n'"]*: it goes with the last process of its namespace"$'\n'
    assert_err_matches $'\n'"shmtool: run: 1 descendant of the program lives on: brood[^"$'\n'"]*; segments made from now on go with the last process of their namespace"$'\n$'
    kill -0 "$(head -n 1 "$out_file")"
    assert_equal "$(all_ids)" "$before"
}

@test "signals and statuses are as without it" {
    need_ns
    need_isolation
    pty -e ready -s '\003' -- "$SHMTOOL" run --isolate "$HELPERS/leak" --attach wait
    assert_status 130
    start_helper "$SHMTOOL" run --isolate "$HELPERS/leak" wait
    kill -TERM "$helper_pid"
    status=0
    wait "$helper_pid" || status=$?
    assert_equal "$status" 143
    shmtool run --isolate no-such-program
    assert_status 127
}

# shared_mib: the machine's shared memory; shared_below MIB: it is less
shared_mib() {
    awk '/^Shmem:/ { print int($2 / 1024) }' /proc/meminfo
}

shared_below() {
    (($(shared_mib) < $1))
}

@test "after kill -9 of shmtool the kernel clears it all when the program ends" {
    need_ns
    need_isolation
    local program filled
    start_helper "$SHMTOOL" run --isolate sh -c \
        '"$0/mkseg" --size 268435456 --fill || exit 1; exec "$0/leak" --count 0 wait' "$HELPERS"
    program=$(sed -n 's/^ready //p' "$helper_out")
    assert_equal "$("$SHMTOOL" -N "$program" ls --no-header -c bytes,rss | tr -s ' ')" '268435456 268435456'
    kill -KILL "$helper_pid"
    wait "$helper_pid" || true
    kill -0 "$program"
    # Others on this machine take and free memory too: that of this moment counts.
    filled=$(shared_mib)
    kill -KILL "$program"
    wait_until shared_below $((filled - 128))
    assert_equal "$(all_ids)" "$before"
}
