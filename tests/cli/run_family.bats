# run: whose segment is it? What descendants made goes, or is named; what others made never goes.
# shellcheck disable=SC2016 # in single quotes stands what an inner shell expands
load common
load births

setup() {
    common_setup
    ids=$BATS_TEST_TMPDIR/ids
}

# The survivors of a test end when this file is gone.
teardown() {
    rm -f "$ids"
    common_teardown
}

# named_ids: the ids that the messages offer to remove by hand
named_ids() {
    sed -n "s/.*'shmtool rm \([0-9 ]*\)'.*/\1/p" "$err_file" | tr ' ' '\n' | sort -n
}

# assert_gone_or_named WHAT: each id of $ids is gone, or was named; all others that there are too
assert_gone_or_named() {
    local made left named
    made=$(sort -n "$ids")
    left=$(all_ids | sort -n)
    named=$(named_ids)
    assert_equal "$named" "$left" || return 1
    assert_equal "$(comm -13 <(sort <<<"$made") <(sort <<<"$left") | grep .)" '' || return 1
    echo "# $1: $(($(wc -w <<<"$made") - $(wc -w <<<"$left"))) removed, $(wc -w <<<"$left") left and named" >&3
}

# brood KIND [WRAPPER]: 200 descendants of a kind, under `shmtool run`
brood() {
    run_split ${2:+"$2"} "$SHMTOOL" run "$HELPERS/brood" "$ids" 200 "$1"
    assert_status 0
    assert_equal "$(wc -l <"$ids")" 200
    assert_out ''
}

# mostly_gone KIND: where births are heard nothing is left, and nothing is said. One in ten thousand ends so
# fast that the kernel tells of it too late to be sure.
mostly_gone() {
    assert_gone_or_named "$1"
    (($(all_ids | wc -l) <= 2)) || fail "$(all_ids | wc -l) of $1 are left"
}

@test "descendants of all kinds, where the kernel tells of births" {
    need_ns
    hears || skip "the kernel does not tell of births here"
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
    need_unheard
    local kind
    for kind in short many orphans deaf vfork threads; do
        rm -f "$ids"
        remove_all_segments
        brood "$kind" unheard
        assert_gone_or_named "$kind"
    done
}

@test "descendants that live a little, where it does not" {
    need_ns
    need_unheard
    run_split unheard "$SHMTOOL" run "$HELPERS/brood" "$ids" 5 slow
    assert_status 0
    assert_err ''
    assert_equal "$(wc -l <"$ids")" 5
    assert_equal "$(all_ids)" ''
}

@test "survivors that use their segments are named, the segments stay" {
    need_ns
    hears || skip "the kernel does not tell of births here"
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
    ! hears || (($(all_ids | wc -l) <= 5)) || fail "more than the survivors' are left"
}

@test "a segment that is marked for destruction is not left behind, and not spoken of" {
    need_ns
    mkfifo "$BATS_TEST_TMPDIR/gate"
    run_split "$SHMTOOL" run sh -c '"$1/holdseg" --rmid $("$1/mkseg" --count 2) >"$2" & read -r _ <"$2"' - \
        "$HELPERS" "$BATS_TEST_TMPDIR/gate"
    assert_status 0
    assert_err ''
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
    ! hears || ((left <= 2)) || fail "$left are left"
}

@test "the same rounds where the kernel does not tell of births" {
    need_ns
    need_unheard
    local wrapper=(unshare --net --)
    rounds 30
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

# A number that comes again: outside it makes a segment and ends; inside it is born anew.
number_comes_again() {
    local number=$((RANDOM % 30000 + 300)) outside
    outside=$BATS_TEST_TMPDIR/outside
    while kill -0 "$number" 2>/dev/null; do
        number=$((number + 1))
    done
    "$HELPERS/numbered" "$number" true || skip "no process number can be chosen here"
    mkfifo "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
    "$@" "$SHMTOOL" run bash -c '
        echo started >"$4"; read -r _ <"$5"
        "$1/numbered" "$3" "$1/leak" --ids "$2" --count 2 exit 0; :' - \
        "$HELPERS" "$ids" "$number" "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/in" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
    helper_pids+=($!)
    read -r -t 10 _ <>"$BATS_TEST_TMPDIR/out"
    "$HELPERS/numbered" "$number" "$HELPERS/leak" --ids "$outside" --count 2 exit 0
    echo >"$BATS_TEST_TMPDIR/in"
    wait "${helper_pids[-1]}"
    # shellcheck disable=SC2046 # ids
    assert_exists $(cat "$outside") || fail "$(cat "$BATS_TEST_TMPDIR/err")"
    err_file=$BATS_TEST_TMPDIR/err
    assert_equal "$(comm -23 <(sort "$ids") <(named_ids | sort) | while read -r id; do
        ! seg_exists "$id" || echo "$id"
    done)" ''
    rm "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out" "$outside" "$ids"
    remove_all_segments
}

@test "a number that others bore a moment ago" {
    need_ns
    need_root
    local round
    for round in {1..10}; do
        number_comes_again env
    done
}

@test "a number that others bore, where the kernel does not tell of births" {
    need_ns
    need_root
    need_unheard
    local round
    for round in {1..10}; do
        number_comes_again unheard
    done
}
