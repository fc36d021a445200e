# run: whose segment is it? What descendants made goes, or is named; what others made never goes.
# shellcheck disable=SC2016 # in single quotes stands what an inner shell expands
load common
load fork_events

setup() {
    common_setup
    ids=$BATS_TEST_TMPDIR/ids
}

# The survivors of a test end when this file is gone.
teardown() {
    rm -f "$ids"
    common_teardown
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
        assert_err_has "$id: left: 4096 bytes, attached by"
        assert_err_has "when they have ended: 'shmtool rm $id'"
    done <"$ids"
    for pid in "${pids[@]}"; do
        assert_err_has "brood[$pid]"
        kill -0 "$pid"
    done
    rm "$ids"
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
    mkfifo "$BATS_TEST_TMPDIR/gate"
    run_split "$SHMTOOL" run sh -c '"$1/holdseg" --rmid $("$1/mkseg" --count 2) >"$2" & read -r _ <"$2"' - \
        "$HELPERS" "$BATS_TEST_TMPDIR/gate"
    assert_status 0
    assert_err ''
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
