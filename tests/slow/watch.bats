# watch: its stream, replayed, is the table; and the processor time that it takes.
load ../cli/common

@test "5,000 random operations, one a look: replayed, the stream is the table at each step" {
    need_ns
    need_program python3
    run_split timeout 280 python3 "$SRC/tests/slow/watch_replay.py" "$SHMTOOL" 5000
    assert_status 0
}

# cpu_of FILE: user and system seconds that bash's `times` of a child wrote, in milliseconds
milliseconds_of() {
    awk '{ print int(($1 + $2) * 1000) }' "$1"
}

@test "500 segments once a second for 20 s, 50 ten times a second: below 0.3 and 0.5 percent" {
    need_ns
    local TIMEFORMAT='%U %S' used=$BATS_TEST_TMPDIR/used
    make_seg --count 500 >/dev/null
    { time "$SHMTOOL" watch --for 20s; } 2>"$used"
    (($(milliseconds_of "$used") < 60)) || fail "$(cat "$used")"
    remove_all_segments
    make_seg --count 50 >/dev/null
    { time "$SHMTOOL" watch --interval 100ms --for 20s; } 2>"$used"
    (($(milliseconds_of "$used") < 100)) || fail "$(cat "$used")"
}

@test "wait: 1,000 removals in a race, seen by id and by key, in time" {
    need_ns
    local id pid status round
    for ((round = 0; round < 1000; round++)); do
        id=$(make_seg --key 0x77)
        if ((round % 2)); then words=("$id"); else words=(--key 0x77); fi
        env --default-signal "$SHMTOOL" wait "${words[@]}" --until gone --timeout 60s 3>&- &
        pid=$!
        "$SHMTOOL" rm "$id"
        status=0
        wait "$pid" || status=$?
        ((status == 0)) || fail "round $round ended with status $status" || return 1
    done
}
