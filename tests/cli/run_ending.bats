# run: it ends exactly as its program did, by the same status or by the same signal.
# shellcheck disable=SC2016 # in single quotes stands what an inner shell expands
load common

setup() {
    common_setup
    before=''
    ! own_ns || before=$(make_seg)
}

# ending COMMAND...: runs it under the helper of that name; how it ended is the last line of $out
ending() {
    run_split "$HELPERS/ending" "$@"
    ending=$(tail -n 1 "$out_file")
}

# assert_ending TEXT: so it ended, and nothing is left of what the program made
assert_ending() {
    assert_equal "$ending" "$1" || return 1
    assert_err '' || return 1
    assert_equal "$(all_ids)" "$before"
}

@test "a program that a signal ends: shmtool is ended by the same, after cleaning" {
    need_ns
    local number
    for number in 1 2 3 6 9 10 11 13 14 15 24 34 64; do
        ending "$SHMTOOL" run "$HELPERS/leak" --attach signal "$number"
        assert_ending "signal $number"
    done
    ending "$SHMTOOL" run "$HELPERS/leak" abort
    assert_ending 'signal 6'
}

@test "the two signals that libc keeps for itself too" {
    need_ns
    local number
    for number in 32 33; do
        ending "$SHMTOOL" run sh -c 'kill -"$0" $$' "$number"
        assert_ending "signal $number"
    done
}

@test "a program that exits with 128 + N is not treated as ended by signal N" {
    need_ns
    local number
    for number in 0 126 127 130 139 143 255; do
        ending "$SHMTOOL" run "$HELPERS/leak" exit "$number"
        assert_ending "exit $number"
    done
    ending "$SHMTOOL" run sh -c 'trap "exit 130" INT; kill -INT $$'
    assert_ending 'exit 130'
    ending "$SHMTOOL" run no-such-program
    assert_equal "$ending" 'exit 127'
}

@test "signals that were ignored or blocked when shmtool was started" {
    need_ns
    local name number
    for name in INT:2 SEGV:11 TERM:15; do
        number=${name#*:}
        ending env --ignore-signal="${name%:*}" "$SHMTOOL" run "$HELPERS/leak" signal "$number"
        assert_ending "signal $number"
        ending env --block-signal="${name%:*}" "$SHMTOOL" run "$HELPERS/leak" --attach signal "$number"
        assert_ending "signal $number"
    done
}

@test "no core dump of its own" {
    need_ns
    [[ $(cat /proc/sys/kernel/core_pattern) != /* ]] || skip "core dumps go elsewhere here"
    cd "$BATS_TEST_TMPDIR"
    ulimit -c unlimited 2>/dev/null || skip "no core dumps here"
    ending sh -c 'kill -ABRT $$'
    [[ $ending == 'signal 6 core' ]] || skip "no core dumps here"
    rm -f core*
    ending "$SHMTOOL" run bash -c 'ulimit -c 0; exec "$0" --attach abort' "$HELPERS/leak"
    assert_ending 'signal 6'
    assert_equal "$(compgen -G 'core*')" ''
}

@test "in a namespace of its own too" {
    need_ns
    "$SHMTOOL" run --isolate true 2>/dev/null || skip "no IPC namespace can be made"
    ending "$SHMTOOL" run --isolate "$HELPERS/leak" --attach signal 11
    assert_ending 'signal 11'
    ending "$SHMTOOL" run --isolate "$HELPERS/leak" exit 139
    assert_ending 'exit 139'
}

@test "the first process of a PID namespace cannot be ended so: 128 + N" {
    need_ns
    unshare --pid --fork true 2>/dev/null || skip "no PID namespace can be made here"
    ending unshare --pid --fork --kill-child --mount-proc "$SHMTOOL" run "$HELPERS/leak" --attach signal 11
    assert_ending 'exit 139'
    ending unshare --pid --fork --kill-child --mount-proc "$SHMTOOL" run "$HELPERS/leak" --attach signal 9
    assert_ending 'exit 137'
}

@test "a signal that shmtool passes on ends both" {
    need_ns
    start_helper ending "$SHMTOOL" run "$HELPERS/leak" --ids "$BATS_TEST_TMPDIR/ids" --attach wait
    local program parent
    program=$(sed -n 's/^ready //p' "$helper_out")
    parent=$(ps -o ppid= -p "$program")
    kill -TERM "$((parent))"
    wait "$helper_pid"
    assert_equal "$(tail -n 1 "$helper_out")" 'signal 15'
    assert_equal "$(all_ids)" "$before"
}

@test "a shell says so, and a script stops at Ctrl+C" {
    need_ns
    local ids=$BATS_TEST_TMPDIR/ids
    run_split bash -c '"$SHMTOOL" run "$HELPERS/leak" signal 11; echo "<$?>"'
    assert_out_has '<139>'
    assert_err_has 'Segmentation fault'
    for shell in bash sh; do
        : >"$ids"
        pty -e ready -s '\003' -- "$shell" -c 'for i in 1 2 3; do
            "$SHMTOOL" run "$HELPERS/leak" --ids "$0" --attach wait; done; echo "not stopped"' "$ids"
        assert_status 130
        assert_out_has_not 'not stopped'
        assert_equal "$(wc -l <"$ids")" 3
        assert_equal "$(all_ids)" "$before"
    done
}

@test "Ctrl+C at an interactive shell's loop: one is enough" {
    need_ns
    pty -e '$ ' -s 'for i in 1 2 3; do $SHMTOOL run $HELPERS/leak --attach wait; done\n' -e ready -s '\003' \
        -e '$ ' -s 'echo "<$?>"\n' -e '<130>' -s 'exit 0\n' -- env PS1='$ ' bash --noprofile --norc -i
    assert_status 0
    assert_equal "$(all_ids)" "$before"
}

@test "Python sees the signal" {
    need_ns
    command -v python3 >/dev/null || skip "needs python3"
    run_split python3 -I -c 'import subprocess, sys; print(subprocess.run(sys.argv[1:]).returncode)' \
        "$SHMTOOL" run "$HELPERS/leak" signal 11
    assert_out_matches $'\n-11\n$'
}
