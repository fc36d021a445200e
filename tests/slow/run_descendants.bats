# run, with hundreds of descendants: whose segment is it? What descendants made goes, or is named; what others made never goes.
# shellcheck disable=SC2016 # in single quotes stands what an inner shell expands
load ../cli/common
load ../cli/fork_events

setup() {
    common_setup
    ids=$BATS_TEST_TMPDIR/ids
}

# The survivors of a test end when this file is gone.
teardown() {
    rm -f "$ids"
    common_teardown
}

# brood KIND [WRAPPER]: 200 descendants of a kind, under `shmtool run`
brood() {
    run_split ${2:+"$2"} "$SHMTOOL" run "$HELPERS/brood" "$ids" 200 "$1"
    assert_status 0
    assert_equal "$(wc -l <"$ids")" 200
    assert_out ''
}

# mostly_gone KIND: where events are reported nothing is left, and nothing is said. One in ten thousand ends so
# fast that the kernel tells of it too late to be sure.
mostly_gone() {
    assert_gone_or_named "$1"
    (($(all_ids | wc -l) <= 2)) || fail "$(all_ids | wc -l) of $1 are left"
}

@test "descendants of all kinds, where the kernel reports forks" {
    need_ns
    has_events || skip "the kernel reports no forks here"
    local kind
    for kind in short many orphans deaf vfork threads; do
        rm -f "$ids"
        remove_all_segments
        brood "$kind"
        mostly_gone "$kind"
    done
}

@test "descendants of all kinds, where it does not" {
    need_ns
    need_without_events
    local kind
    for kind in short many orphans deaf vfork threads; do
        rm -f "$ids"
        remove_all_segments
        brood "$kind" without_events
        assert_gone_or_named "$kind"
    done
}

# --- Others ----------------------------------------------------------------------------------

# round NUMBER: two runs side by side and a third program outside, all of one user
one_round() {
    local dir=$BATS_TEST_TMPDIR/$1 first second third
    mkdir "$dir"
    "${wrapper[@]}" "$SHMTOOL" run bash -c '"$1/leak" --ids "$2" exit 0; "$1/leak" --ids "$2" --attach exit 0
        exec "$1/leak" --ids "$2" exit 1' - "$HELPERS" "$dir/a" 2>"$dir/a.err" 3>&- &
    first=$!
    "${wrapper[@]}" "$SHMTOOL" run bash -c '"$1/leak" --ids "$2" exit 0 | cat; exec "$1/leak" --ids "$2" exit 2' - \
        "$HELPERS" "$dir/b" 2>"$dir/b.err" 3>&- &
    second=$!
    (
        "$HELPERS/leak" --ids "$dir/c" exit 0
        bash -c '"$1/leak" --ids "$2" exit 0; :' - "$HELPERS" "$dir/c"
    ) 3>&- &
    third=$!
    status=0
    wait "$first" || status=$?
    assert_equal "$status" 1
    status=0
    wait "$second" || status=$?
    assert_equal "$status" 2
    wait "$third"
    assert_all_exist "$dir/c" || fail "round $1: $(cat "$dir"/*.err)"
    cat "$dir/c" >>"$BATS_TEST_TMPDIR/outside"
    cat "$dir/a" "$dir/b" >>"$ids"
    cat "$dir"/*.err >>"$err_file"
}

# assert_all_exist FILE: all ids in it, in one look
assert_all_exist() {
    local gone
    gone=$(comm -23 <(sort "$1") <(all_ids | sort))
    [[ -z $gone ]] || fail "gone: $gone"
}

# rounds COUNT: nothing of the outsider's is gone; what is left of the others' was named
rounds() {
    local round
    err_file=$BATS_TEST_TMPDIR/named
    : >"$err_file"
    for ((round = 1; round <= $1; round++)); do
        one_round "$round"
    done
    assert_all_exist "$BATS_TEST_TMPDIR/outside"
    left=$(all_ids | sort | comm -23 - <(sort "$BATS_TEST_TMPDIR/outside"))
    assert_equal "$(comm -23 <(echo "$left") <(named_ids | sort))" ''
    left=$(wc -w <<<"$left")
    echo "# $1 rounds: $(($(wc -l <"$ids") - left)) of $(wc -l <"$ids") removed, $left left and named," \
        "$(wc -l <"$BATS_TEST_TMPDIR/outside") of others untouched" >&3
}

@test "two runs side by side and others outside, a hundred rounds" {
    need_ns
    local wrapper=()
    rounds 100
    ! has_events || ((left <= 2)) || fail "$left are left"
}

@test "the same rounds where the kernel reports no forks" {
    need_ns
    need_without_events
    local wrapper=(unshare --net --)
    rounds 30
}

# A number that comes again: outside it makes a segment and ends; inside it is born anew. Counts in $came how often.
pid_comes_again() {
    local number=$((RANDOM % 30000 + 300)) outside status=0
    outside=$BATS_TEST_TMPDIR/outside
    rm -f "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out" "$outside" "$ids"
    remove_all_segments
    while kill -0 "$number" 2>/dev/null; do
        number=$((number + 1))
    done
    "$HELPERS/numbered" "$number" true || skip "no process number can be chosen here"
    mkfifo "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
    "$@" "$SHMTOOL" run bash -c '
        echo started >"$4"; read -r _ <"$5"
        "$1/numbered" "$3" "$1/leak" --ids "$2" --count 2 exit 0; exit' - \
        "$HELPERS" "$ids" "$number" "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/in" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
    helper_pids+=($!)
    read -r -t 60 _ <>"$BATS_TEST_TMPDIR/out"
    "$HELPERS/numbered" "$number" "$HELPERS/leak" --ids "$outside" --count 2 exit 0 || status=$?
    echo >"$BATS_TEST_TMPDIR/in"
    wait "${helper_pids[-1]}" || status=$?
    # Somebody else may have got it meanwhile.
    ((status != 77)) || return 0
    assert_equal "$status" 0
    came=$((came + 1))
    # shellcheck disable=SC2046 # ids
    assert_exists $(cat "$outside") || fail "$(cat "$BATS_TEST_TMPDIR/err")"
    err_file=$BATS_TEST_TMPDIR/err
    assert_equal "$(comm -23 <(sort "$ids") <(named_ids | sort) | while read -r id; do
        ! seg_exists "$id" || echo "$id"
    done)" ''
}

@test "a PID that others had a moment ago" {
    need_ns
    need_root
    local came=0
    for _ in {1..10}; do
        pid_comes_again env
    done
    ((came > 0))
}

@test "a PID that others had, where the kernel reports no forks" {
    need_ns
    need_root
    need_without_events
    local came=0
    for _ in {1..10}; do
        pid_comes_again without_events
    done
    ((came > 0))
}
