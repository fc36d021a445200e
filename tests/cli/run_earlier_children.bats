# run: processes that shmtool has below it, or gets, and that are none of the program's: children from before it was
# started (sh -c 'server & exec shmtool run x'), what these start meanwhile, and in a container, where shmtool is
# process 1, the orphans of all.
# shellcheck disable=SC2016 # in single quotes stands what an inner shell expands
load common
load fork_events

setup() {
    common_setup
    made=$BATS_TEST_TMPDIR/made
    gate=$BATS_TEST_TMPDIR/gate
    mkfifo "$made" "$gate"
    ids=$BATS_TEST_TMPDIR/ids
    # The program: lets the earlier child make its segment, and ends when that is there.
    let_make=(sh -c 'echo >"$0"; read -r _ pid id <"$1"; echo "$pid $id"; exit 3' "$gate" "$made")
}

teardown() {
    # Whoever waits for it reads its end.
    : <>"$gate"
    [[ -z ${other:-} ]] || kill -KILL "$other" 2>/dev/null || true
    common_teardown
}

# run_after WORDS...: `shmtool run` by a shell with an earlier child that is `actor WORDS` once the program lets it; sets
# $other and $id, the pid and the segment of whoever WORDS have made
run_after() {
    run_split "${wrapper[@]}" sh -c '(read -r _ <"$0"; exec "$1/actor" '"$*"' >"$2") & shift 2; exec "$@"' \
        "$gate" "$HELPERS" "$made" "$SHMTOOL" run "${options[@]}" "${let_make[@]}"
    read -r other id <<<"$out"
    assert_status 3
}

# assert_not_touched: the segment of the earlier child is there; if it is named, as one of which nothing is known
assert_not_touched() {
    [[ $id ]] || fail "no segment was made" || return 1
    assert_exists "$id" || return 1
    # The kernel's clock of processes has 10 ms: who started just before shmtool may have started after it.
    [[ -z $err || $err == *"could not be traced"*"'shmtool rm $id'"* ]] || fail "more is named"
}

# beside COMMAND...: COMMAND by a shell that has a child already, which ends with the test
beside=(sh -c '(read -r _ <"$0") & exec "$@"')

@test "what an earlier child makes meanwhile stays, where the kernel reports no forks" {
    need_ns
    need_without_events
    local wrapper=(without_events) options=()
    run_after make:0
    assert_not_touched
}

@test "so does what a process makes that an earlier child starts meanwhile" {
    need_ns
    need_without_events
    local wrapper=(without_events) options=()
    # The shell waits for it.
    run_split without_events sh -c '(read -r _ <"$0"; "$1/actor" make:0 >"$2"; exit) & shift 2; exec "$@"' \
        "$gate" "$HELPERS" "$made" "$SHMTOOL" run "${let_make[@]}"
    read -r other id <<<"$out"
    assert_status 3
    assert_not_touched
}

@test "so does what an orphan of an earlier child makes" {
    need_ns
    need_without_events
    local wrapper=(without_events) options=()
    run_after daemon make:0
    kill -0 "$other"
    assert_not_touched
}

@test "an earlier child's child that becomes its parent's, whether the kernel reports forks or not" {
    need_ns
    local wrapper=() options=()
    run_after sibling make:0
    assert_not_touched
    need_without_events
    wrapper=(without_events)
    run_after sibling make:0
    assert_not_touched
}

@test "in a container, shmtool as process 1: the orphan of one who came in later makes a segment" {
    need_ns
    unshare --pid --fork --mount-proc true 2>/dev/null || skip "no PID namespace can be made here"
    need_mounts_root
    unshare --pid --fork --kill-child --mount-proc \
        "$SHMTOOL" run sh -c 'echo here >"$1"; read -r _ <"$0"; exit 3' "$gate" "$made" \
        >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
    local unshare=$! first pid id status=0
    read -r _ <"$made"
    first=$(ps -o pid= --ppid "$unshare" | tr -d " ")
    nsenter --target "$first" --pid --mount "$HELPERS/actor" daemon make:0 >"$made" 3>&- &
    read -r _ pid id <"$made"
    [[ $id ]] || fail "no segment was made: $pid"
    echo >"$gate"
    wait "$unshare" || status=$?
    assert_equal "$status" 3
    err=$(<"$BATS_TEST_TMPDIR/err")
    assert_not_touched
}

# --- All else is as ever ------------------------------------------------------------------------

@test "what the program and its orphans make is removed, and it ends as the program did" {
    need_ns
    local how
    for how in 'exit 0' 'exit 139' 'signal 2' 'signal 9' 'signal 11' 'signal 15'; do
        # shellcheck disable=SC2086 # two words
        run_split "$HELPERS/ending" "${beside[@]}" "$gate" "$SHMTOOL" run "$HELPERS/leak" --ids "$ids" --attach $how
        assert_equal "$(tail -n 1 "$out_file")" "$how"
        assert_err ''
    done
    assert_equal "$(wc -l <"$ids")" 18
    run_split "${beside[@]}" "$gate" "$SHMTOOL" run -v "$HELPERS/brood" "$ids" 5 orphans
    assert_status 0
    assert_err_has 'removed 5 of 5 segments'
    assert_equal "$(all_ids)" ''
    run_split "${beside[@]}" "$gate" "$SHMTOOL" run no-such-program
    assert_status 127
    assert_err 'shmtool: run: no-such-program: No such file or directory'
}

@test "the program's descendants that live on are counted, earlier children are not" {
    need_ns
    run_split "${beside[@]}" "$gate" "$SHMTOOL" run sh -c 'cat <"$0" & exit 4' "$gate"
    assert_status 4
    assert_err_matches '^shmtool: run: 1 descendant of the program lives on: [a-z]+\[[0-9]+\]; segments made from now on are not watched'$'\n$'
}

@test "a process substitution of the shell, which becomes a child of the command" {
    need_ns
    run_split bash -c '"$SHMTOOL" run -v "$HELPERS/leak" --count 2 exit 3 > >(cat) 2> >(cat >&2); exit $?'
    assert_status 3
    wait_until grep -q 'removed 2 of 2 segments' "$err_file"
    assert_equal "$(all_ids)" ''
}

@test "what is told to live on in a container is the program's" {
    need_ns
    unshare --pid --fork --mount-proc true 2>/dev/null || skip "no PID namespace can be made here"
    run_split unshare --pid --fork --kill-child --mount-proc "${beside[@]}" "$gate" \
        "$SHMTOOL" run sh -c 'cat <"$0" & exit 4' "$gate"
    assert_status 4
    assert_err_has '1 descendant of the program lives on: '
}

@test "signals are passed on" {
    need_ns
    local name
    for name in TERM:143 HUP:129 USR1:138 USR2:140; do
        rm -f "$ids"
        start_helper "${beside[@]}" "$gate" "$SHMTOOL" run "$HELPERS/leak" --ids "$ids" wait
        kill -"${name%:*}" "$helper_pid"
        status=0
        wait "$helper_pid" || status=$?
        assert_equal "$status" "${name#*:}"
        assert_equal "$(wc -l <"$ids")" 3
        assert_equal "$(all_ids)" ''
    done
}

@test "kill -9 of the shmtool that was started: the program goes on, and what it leaves is removed" {
    need_ns
    start_helper "${beside[@]}" "$gate" "$SHMTOOL" run "$HELPERS/leak" --ids "$ids" wait
    kill_helper
    # shellcheck disable=SC2046 # ids
    assert_exists $(cat "$ids")
    kill "$(sed -n 's/^ready //p' "$helper_out")"
    wait_until no_segment
}

no_segment() {
    ! any_segment
}

@test "Ctrl+C at once, after the start" {
    need_ns
    local round
    for round in {1..20}; do
        pty -e go -s '\003' -- sh -c 'echo go; exec "$@"' - "${beside[@]}" "$gate" \
            "$SHMTOOL" run "$HELPERS/leak" --attach wait
        assert_status 130 || fail "round $round"
        assert_equal "$(all_ids)" ''
    done
}

@test "Ctrl+Z stops all, fg continues all" {
    need_ns
    local steps=() round
    for round in 1 2 3; do
        steps+=(-s '\032' -e Stopped -e 'prompt> ' -s 'fg\n' -e continued)
    done
    export gate ids
    pty -e 'prompt> ' \
        -s 'sh -c "(read -r _ <$gate) & exec $SHMTOOL run $HELPERS/leak --attach --ids $ids wait"\n' -e ready \
        "${steps[@]}" -s '\003' -e 'prompt> ' -s 'echo "<$?>"\n' -e '<130>' -s 'exit 0\n' -- \
        env PS1='prompt> ' bash --noprofile --norc -i
    assert_status 0
    assert_equal "$(wc -l <"$ids")" 3
    assert_equal "$(all_ids)" ''
}

@test "a program with the terminal to itself is stopped and continued" {
    need_ns
    export gate
    pty -e 'prompt> ' \
        -s 'PS1="inner> " sh -c "(read -r _ <$gate) & exec $SHMTOOL run bash --norc --noprofile -i"\n' -e 'inner> ' \
        -s 'suspend\n' -e Stopped -e 'prompt> ' -s 'fg\n' -e bash -s 'echo "[$((6 * 7))]"\n' -e '[42]' \
        -s 'exit 9\n' -e 'prompt> ' -s 'echo "<$?>"\n' -e '<9>' -s 'exit 0\n' -- \
        env PS1='prompt> ' bash --noprofile --norc -i
    assert_status 0
}

@test "in a container, where shmtool cannot be stopped, who stops the program alone continues it alone" {
    need_ns
    unshare --pid --fork --mount-proc true 2>/dev/null || skip "no PID namespace can be made here"
    pty -- unshare --pid --fork --kill-child --mount-proc "$SHMTOOL" run sh -c '
        (until grep -q "^State:.T" /proc/$$/status; do :; done; "$HELPERS/mkseg"; kill -CONT $$) &
        kill -STOP $$; exit 5'
    assert_status 5
}
