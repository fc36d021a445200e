# wait: each condition from both sides, at once and later, and what still stands.
load common

# start_wait WORDS...: wait in the background; sets $wait_pid
start_wait() {
    env --default-signal "$SHMTOOL" wait "$@" >"$BATS_TEST_TMPDIR/wait.out" 2>&1 3>&- &
    wait_pid=$!
    helper_pids+=("$wait_pid")
    # It has looked once when it sleeps.
    wait_until is_sleeping
}

is_sleeping() {
    [[ $(cat "/proc/$wait_pid/comm" 2>/dev/null) == shmtool && $(cut -d ' ' -f 3 "/proc/$wait_pid/stat") == S ]]
}

# end_wait STATUS: it ends so, without a word
end_wait() {
    local status=0
    wait "$wait_pid" || status=$?
    assert_equal "$status" "$1"
    assert_equal "$(cat "$BATS_TEST_TMPDIR/wait.out")" ''
}

# so WORDS...: it is so at once
so() {
    shmtool wait --timeout 0 "$@"
    assert_status 0
    assert_out ''
    assert_err ''
}

# not_so TEXT WORDS...: it is not so, and the messages are TEXT and that time is over
not_so() {
    local text=$1
    shift
    shmtool wait --timeout 0 "$@"
    assert_status 1
    assert_out ''
    assert_err "${text:+$text$'\n'}shmtool: wait: timed out after 0 s"
}

@test "gone" {
    need_ns
    local id other
    id=$(make_seg --key 0x77)
    other=$(make_seg)
    not_so "shmtool: wait: $id: still there, nattch 0" "$id" --until gone
    not_so "shmtool: wait: $id: still there, nattch 0" --key 0x77 --until gone
    not_so "shmtool: wait: $id: still there, nattch 0
shmtool: wait: $other: still there, nattch 0" --until gone
    so --until gone 2147483647
    so --until gone --key 0x78
    so --until gone --attached
    start_wait "$id" "$other" --until gone
    "$SHMTOOL" rm "$other"
    "$SHMTOOL" rm "$id"
    end_wait 0
    so --until gone
}

@test "a marked segment is there, its key is gone" {
    need_ns
    local id
    id=$(make_seg --key 0x77)
    start_helper holdseg "$id"
    start_wait --until gone --key 0x77
    "$SHMTOOL" rm "$id" 2>/dev/null
    end_wait 0
    not_so "shmtool: wait: $id: still there, nattch 1" "$id" --until gone
    start_wait "$id" --until gone
    stop_helper
    end_wait 0
}

@test "present" {
    need_ns
    local id
    not_so 'shmtool: wait: no segment that is selected is present' --until present
    not_so 'shmtool: wait: --key: 0x00000077: no segment has this key' --until present --key 0x77
    not_so 'shmtool: wait: 2147483647: no such segment' 2147483647 --until present
    start_wait --until present --key 0x77 --key 0x78
    make_seg --key 0x77 >/dev/null
    id=$(make_seg --key 0x78)
    end_wait 0
    so --until present
    so "$id" --until present
    not_so 'shmtool: wait: 2147483647: no such segment' "$id" 2147483647 --until present
    not_so "shmtool: wait: $id: does not match the other options" "$id" --attached --until present
    # Of a selection one is enough, and a range is one; each key beside it is named all the same.
    so --until present --size 4096
    so --until present --key 0x70..0x80 --key 0x77
    not_so 'shmtool: wait: --key: 0x00000079: no segment has this key' --until present --key 0x70..0x80 --key 0x79
    not_so 'shmtool: wait: --key: 0x00000079: no segment has this key' --until present --key 0 --key 0x79
}

@test "attached and unattached" {
    need_ns
    local ids
    mapfile -t ids < <(make_seg --count 2 --key 0x77)
    so --until unattached
    not_so "shmtool: wait: ${ids[0]}: not attached" "${ids[0]}" --until attached
    not_so 'shmtool: wait: no segment that is selected is attached' --until attached
    start_wait --until attached
    start_helper holdseg "${ids[0]}"
    end_wait 0
    so "${ids[0]}" --until attached
    so --key 0x77 --until attached
    # Each that is named.
    not_so "shmtool: wait: ${ids[1]}: not attached" "${ids[@]}" --until attached
    not_so "shmtool: wait: ${ids[1]}: not attached" --key 0x77 --key 0x78 --until attached
    not_so "shmtool: wait: ${ids[0]}: still attached, nattch 1" --until unattached
    start_wait "${ids[@]}" --until unattached
    stop_helper
    end_wait 0
    "$SHMTOOL" rm "${ids[0]}"
    so "${ids[@]}" --until unattached
}

@test "orphan" {
    need_ns
    local id
    start_helper mkseg --stay
    id=$(head -n 1 "$helper_out")
    not_so "shmtool: wait: $id: idle, not an orphan" "$id" --until orphan
    not_so 'shmtool: wait: no segment that is selected is an orphan' --until orphan
    start_wait "$id" --until orphan
    stop_helper
    end_wait 0
    so --until orphan
    # What is gone is no orphan.
    not_so 'shmtool: wait: 2147483647: no such segment' 2147483647 --until orphan
}

@test "many that stand are counted" {
    need_ns
    make_seg --count 30 >/dev/null
    shmtool wait --until gone --timeout 1ms
    assert_status 1
    assert_equal "$(grep -c 'still there' <<<"$err")" 20
    assert_err_has 'shmtool: wait: and 10 more'
    assert_err_has 'shmtool: wait: timed out after 0.001 s'
}

@test "signals end it, and never with 0" {
    need_ns
    local number
    make_seg >/dev/null
    for number in 2 15; do
        start_wait --until gone
        kill -"$number" "$wait_pid"
        end_wait $((128 + number))
    done
}

@test "a hundred removals in a race" {
    need_ns
    local id
    for _ in {1..100}; do
        id=$(make_seg)
        env --default-signal "$SHMTOOL" wait "$id" --until gone 3>&- &
        wait_pid=$!
        "$SHMTOOL" rm "$id"
        end=0
        wait "$wait_pid" || end=$?
        assert_equal "$end" 0
    done
}

@test "wrong words" {
    shmtool wait 5
    assert_wrong_usage '--until: is missing: gone, present, unattached, attached or orphan'
    shmtool wait --until away
    assert_wrong_usage "--until: 'away': neither gone nor present, unattached, attached or orphan"
    shmtool wait --until gone --timeout 5x
    assert_wrong_usage "--timeout: '5x': not a duration (500ms, 10, 10s, 2m or 1h)"
    shmtool wait gone 5
    assert_wrong_usage "shmtool: wait: 'gone': not an id; did you mean '--until gone'?"
    shmtool wait 05 --until gone
    assert_wrong_usage "'05'"
    shmtool --sysroot "$SRC/tests/fixtures/listing" wait --until gone
    assert_wrong_usage '--sysroot: nothing happens in a saved tree: wait shows the live system only'
}
