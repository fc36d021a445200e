# run: whose segment is it? What descendants made goes, or is named; what others made never goes.
# shellcheck disable=SC2016 # in single quotes stands what an inner shell expands
load common
load fork_events

setup() {
    begin_run
}

teardown() {
    end_run
}

@test "descendants that live a little, where it does not" {
    need_ns
    need_without_events
    run_split without_events "$SHMTOOL" run "$HELPERS/brood" "$ids" 5 slow
    assert_status 0
    assert_err ''
    assert_equal "$(wc -l <"$ids")" 5
    assert_equal "$(all_ids)" ''
}

@test "survivors that use their segments are named, the segments stay" {
    need_ns
    has_events || skip "the kernel reports no forks here"
    shmtool run "$HELPERS/brood" "$ids" 3 lasting
    assert_status 0
    assert_equal "$(all_ids | sort -n)" "$(sort -n "$ids")"
    local pids id pid
    read -r -d '' -a pids <<<"$out" || true
    assert_equal "${#pids[@]}" 3
    while read -r id; do
        assert_err_matches "$id: left: 4096 bytes, attached by brood\\[[0-9]+\\]; when it is detached: 'shmtool rm $id'"$'\n'
    done <"$ids"
    for pid in "${pids[@]}"; do
        assert_err_has "brood[$pid]"
        kill -0 "$pid"
    done
    rm "$ids"
}

@test "a segment that nobody has attached stays while the descendant that made it lives on" {
    need_ns
    has_events || skip "the kernel reports no forks here"
    shmtool run "${leave_daemon[@]}"
    assert_status 0
    local id pid
    id=$(all_ids)
    assert_equal "$(wc -l <<<"$id")" 1
    assert_err_matches "shmtool: run: $id: left: 8192 bytes, its creator actor\\[[0-9]+\\] lives on and may attach it; when that has exited: 'shmtool rm $id'"
    pid=$(grep -o 'creator actor\[[0-9]*' "$err_file" | grep -o '[0-9]*$')
    kill "$pid"
}

@test "some die before, some live on, some are orphans" {
    need_ns
    run_split "$SHMTOOL" run sh -c '
        "$1/brood" "$2" 3 lasting >/dev/null
        "$1/brood" "$2" 5 short
        "$1/brood" "$2" 5 orphans
        ("$1/leak" --count 2 --ids "$2" --attach exit 0)
        exec "$1/leak" --count 3 --ids "$2" --attach exit 11' - "$HELPERS" "$ids"
    assert_status 11
    assert_equal "$(wc -l <"$ids")" 18
    assert_gone_or_named "mixed"
    (($(all_ids | wc -l) >= 3)) || fail "segments of survivors are gone"
    ! has_events || (($(all_ids | wc -l) <= 5)) || fail "more than the survivors' are left"
}

@test "a segment that is marked for destruction is not reported as left" {
    need_ns
    # It is held by an unrelated process.
    (read -r id <"$gate"; exec "$HELPERS/holdseg" --rmid "$id" >"$gate") 3>&- &
    helper_pids+=("$!")
    shmtool run sh -c '"$0/mkseg" >"$1"; read -r _ <"$1"' "$HELPERS" "$gate"
    assert_status 0
    assert_err ''
    assert_segment "$(all_ids)" 3 1600
}

@test "descendants that live on are counted, and the first few named" {
    need_ns
    # They end with their standard input.
    exec 8<>"$gate"
    run_split "$SHMTOOL" run bash -c 'for i in {1..7}; do cat <"$0" & pids+=($!); done 8>&-; setsid cat <"$0" 8>&- & pids+=($!)
        for pid in "${pids[@]}"; do
            until read -r name <"/proc/$pid/comm" && [[ $name == cat ]]; do :; done
        done
        exit 5' "$gate"
    exec 8>&-
    assert_status 5
    assert_err_matches '^shmtool: run: 8 descendants of the program live on: (cat\[[0-9]+\], ){4}cat\[[0-9]+\] and 3 more; segments made from now on are not watched'$'\n$'
}

@test "descendants that end a moment after the program are no matter" {
    need_ns
    local silent=0
    for _ in {1..10}; do
        run_split "$SHMTOOL" run sh -c '(until grep -q "^State:.Z" /proc/$$/status; do :; done) & exit 0'
        assert_status 0
        # On a busy machine that moment may be over before their turn comes.
        [[ $err ]] || silent=$((silent + 1))
        assert_err_matches '^(shmtool: run: 1 descendant of the program lives on: [^'$'\n'']*'$'\n'')?$'
    done
    ((silent > 0)) || fail "they were named each time"
}

@test "what a descendant makes while others' segments are removed goes too, where it has ended then" {
    need_ns
    "$HELPERS/meanwhile" --test || skip "may not trace"
    local late=$BATS_TEST_TMPDIR/late pid=$BATS_TEST_TMPDIR/pid mine=()
    exec 8<>"$gate"
    # It makes its segment once it is let through the gate, and ends: shmtool's child by then.
    # shellcheck disable=SC2016 # for the inner shells
    run_split env GATE="$gate" LATE="$late" PID="$pid" "$HELPERS/meanwhile" --do 'echo go >"$GATE"
        timeout 60 sh -c '\''until [ -s "$LATE" ] && grep -q "^State:.Z" "/proc/$(cat "$PID")/status"; do :; done'\' -- \
        "$SHMTOOL" run -v --report "$BATS_TEST_TMPDIR/report" bash -c '
            { echo "$BASHPID" >"$PID"; read -r _ <"$GATE"; exec "$0" >"$LATE"; } 8>&- & exec "$1" --count 1 exit 0' \
        "$HELPERS/mkseg" "$HELPERS/leak"
    exec 8>&-
    assert_status 0
    mine=("${out%$'\n'}" "$(<"$late")")
    assert_err_has "${mine[0]}: removed, 4096 bytes"
    assert_err_has "${mine[1]}: removed, 4096 bytes"
    assert_err_has 'removed 2 of 2 segments'
    assert_gone "${mine[@]}"
    assert_equal "$(jq -c '[.left[] | [.shmid, .outcome]]' "$BATS_TEST_TMPDIR/report")" \
        "[[${mine[0]},\"removed\"],[${mine[1]},\"removed\"]]"
}

@test "children that shmtool had before the program are not the program's" {
    need_ns
    exec 8<>"$gate"
    run_split sh -c 'cat <"$0" 8>&- & exec "$SHMTOOL" run true' "$gate"
    exec 8>&-
    assert_status 0
    assert_err ''
}

@test "-v names segments that were there before and that the program or a descendant used" {
    need_ns
    local used by_child other
    used=$(make_seg)
    by_child=$(make_seg)
    other=$(make_seg)
    shmtool run -v "$HELPERS/actor" use:"$used" attach end
    assert_status 0
    assert_err "shmtool: run: $used: left: 4096 bytes, was there before, and was used by the program"
    # It has exited, and is waited for by its parent, before anybody can look.
    has_events || skip "the kernel reports no forks here"
    shmtool run --verbose sh -c '"$0/actor" use:"$1" attach end; exit 0' "$HELPERS" "$by_child"
    assert_err "shmtool: run: $by_child: left: 4096 bytes, was there before, and was used by the program"
    shmtool run "$HELPERS/actor" use:"$used" attach end
    assert_err ''
    assert_exists "$used" "$by_child" "$other"
}

@test "what an unrelated process used meanwhile is not named" {
    need_ns
    local id
    id=$(make_seg)
    start_helper "$SHMTOOL" run -v sh -c 'echo ready; read -r _ <"$0"' "$gate"
    "$HELPERS/actor" use:"$id" attach end
    echo >"$gate"
    wait "$helper_pid"
    assert_equal "$(cat "$helper_out")" ready
}

@test "what could not be traced: a hint at --exact and --isolate, where they would help" {
    need_ns
    need_without_events
    local hint="'shmtool run --isolate' all can be traced and removed" id
    run_split without_events "$SHMTOOL" run sh -c "$MAKE_UNSEEN" "$HELPERS"
    assert_status 0
    assert_err_has "'shmtool rm $(all_ids)'; "
    "$SHMTOOL" run --isolate true 2>/dev/null || skip "no IPC namespace can be made"
    assert_err_has "$hint"
    # Not where the program shares a segment with others.
    remove_all_segments
    id=$(make_seg)
    run_split without_events "$SHMTOOL" run sh -c "$MAKE_UNSEEN"'; exec "$0/actor" use:"$1" attach end' "$HELPERS" "$id"
    assert_err_has 'could not be traced'
    assert_err_has_not "$hint"
}

@test "no hint at --isolate where no namespace can be made" {
    need_ns
    run_split without_namespaces true
    [[ $status == 0 ]] || skip "no user namespace can be made to forbid them in"
    run_split without_namespaces "$SHMTOOL" run sh -c "$MAKE_UNSEEN" "$HELPERS"
    assert_status 0
    assert_err_has 'could not be traced'
    assert_err_has_not '--isolate'
}

@test "a run within a run" {
    need_ns
    shmtool run sh -c '"$0" run "$1/leak" --ids "$2" exit 0; exec "$1/leak" --ids "$2" exit 6' "$SHMTOOL" "$HELPERS" "$ids"
    assert_status 6
    assert_err ''
    assert_equal "$(wc -l <"$ids")" 6
    assert_equal "$(all_ids)" ''
}

@test "other users' segments are neither touched nor named" {
    need_ns
    need_root
    start_helper as_user 12345 "$SHMTOOL" run sh -c 'echo ready; "$0/leak" --count 0 wait' "$HELPERS"
    as_user 23456 "$HELPERS/mkseg"
    "$HELPERS/mkseg"
    stop_helper
    ! grep 'left' "$helper_out" || fail "others' segments are named"
    assert_equal "$(all_ids | wc -l)" 2
}
