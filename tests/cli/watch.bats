# watch: events of real segments, forms of output, and what ends it.
# shellcheck disable=SC2016 # in single quotes stands what an inner shell expands
load common

# start_watch WORDS...: watch in the background, every 10 ms; sets $watch_pid, $events and $watch_err (files)
start_watch() {
    events=$BATS_TEST_TMPDIR/events
    watch_err=$BATS_TEST_TMPDIR/watch.err
    # A background job of a script ignores SIGINT.
    env --default-signal "$SHMTOOL" watch --interval 10ms "$@" >"$events" 2>"$watch_err" 3>&- &
    watch_pid=$!
    helper_pids+=("$watch_pid")
}

# start_initial WORDS...: the same, once it has listed what is there
start_initial() {
    start_watch --initial "$@"
    see initial
}

# see REGEX: waits for a line of events with it
see() {
    wait_until grep -Eq -- "$1" "$events" || fail "no event '$1':" "$(cat "$events" "$watch_err")"
}

# between_looks COMMAND...: while watch is stopped. The kernel counts an attachment before it notes by whom, and one too
# many for a moment.
between_looks() {
    kill -STOP "$watch_pid"
    wait_until grep -q '^State:.T' "/proc/$watch_pid/status"
    "$@"
    kill -CONT "$watch_pid"
}

# end_watch SIGNAL: the signal ends it, with status 0 and no message but that looks are dear
end_watch() {
    local status=0
    kill -"$1" "$watch_pid"
    wait "$watch_pid" || status=$?
    assert_equal "$status" 0
    assert_equal "$(grep -v 'of processor time' "$watch_err")" ''
}

# kinds: the events so far, in a line, without the one that was there first
kinds() {
    awk '{ printf "%s ", $2 }' "$events"
}

@test "a line for each event, as it happens" {
    need_ns
    local id
    make_seg >/dev/null
    start_initial
    start_helper mkseg --key 0x1234 --size 393216 --stay
    id=$(head -n 1 "$helper_out")
    local creator=$helper_pid
    see " created +$id key 0x00001234 $(id -un) 384 KiB by $creator .*/mkseg --key 0x1234"
    between_looks start_helper holdseg "$id"
    see " attached $id nattch 0 -> 1, last $helper_pid .*/holdseg $id"
    "$HELPERS/setseg" --mode 640 "$id"
    see " changed +$id perms 600 -> 640"
    "$SHMTOOL" rm "$id" 2>/dev/null
    see " marked +$id key 0x00001234, nattch 1"
    stop_helper
    see " removed +$id\$"
    end_watch TERM
    assert_equal "$(kinds)" 'initial created attached changed marked removed '
    assert_equal "$(grep -Evc '^[0-2][0-9]:[0-5][0-9]:[0-6][0-9] [a-z]+ +[0-9]+' "$events")" 0
}

@test "detached, touched and orphaned" {
    need_ns
    local id
    start_helper mkseg --stay
    id=$(head -n 1 "$helper_out")
    local creator=$helper_pid
    start_initial
    between_looks start_helper holdseg "$id"
    see " attached $id"
    stop_helper
    see " detached $id nattch 1 -> 0, last $helper_pid"
    "$HELPERS/setseg" "$id"
    # Within the second of its creation nothing shows.
    wait_until touch_ctime "$id"
    see " touched +$id nattch 0"
    stop_helper "$creator"
    see " orphaned $id key 0x00000000 $(id -un) 4 KiB\$"
    end_watch INT
}

# touch_ctime ID: changes nothing but its ctime; fails until that is another second
touch_ctime() {
    local before
    before=$(field_of "$1" 14)
    "$HELPERS/setseg" "$1"
    [[ $(field_of "$1" 14) != "$before" ]]
}

@test "without --initial nothing is said of what is there" {
    need_ns
    make_seg --count 3 >/dev/null
    shmtool watch --for 30ms --interval 10ms
    assert_status 0
    assert_out ''
}

@test "--initial lists what is there, as events" {
    need_ns
    need_program jq
    local ids
    ids=$(make_seg --count 3)
    shmtool watch --initial --count 3
    assert_status 0
    assert_out_lines 3
    shmtool watch --initial --count 3 --ndjson
    assert_equal "$(jq -r 'select(.event == "initial" and .before == {} and .schema == 1) | .segment.shmid' <<<"$out")" "$ids"
    assert_equal "$(jq -c 'has("unseen")' <<<"$out" | sort -u)" false
    shmtool watch --initial --count 3 -q
    assert_out "$ids"
}

@test "objects have the segment, and what was otherwise before" {
    need_ns
    need_program jq
    local id
    id=$(make_seg --key 0x77)
    start_initial --ndjson
    see '"initial"'
    start_helper holdseg "$id"
    see '"attached"'
    "$HELPERS/setseg" --mode 660 "$id"
    see '"changed"'
    end_watch TERM
    assert_equal "$(jq -c 'select(.event == "attached") | [.segment.shmid, .segment.nattch > 0, .segment.key, .before.nattch, .host != null, .time != null]' "$events")" \
        "[$id,true,\"0x00000077\",0,true,true]"
    assert_equal "$(jq -c 'select(.event == "changed") | [.segment.perms, .before.perms]' "$events")" '["0660","0600"]'
    # The fields of ls.
    "$SHMTOOL" ls --ndjson >"$BATS_TEST_TMPDIR/ls"
    assert_equal "$(jq -c 'select(.event == "changed") | .segment | keys' "$events")" "$(jq -c 'del(.schema, .time) | keys' "$BATS_TEST_TMPDIR/ls")"
}

@test "-c names the fields of objects" {
    need_ns
    make_seg >/dev/null
    shmtool watch --initial --count 1 --ndjson -c shmid,nattch
    assert_out_matches '"segment": \{"shmid": [0-9]+, "nattch": 0\}, "before": \{\}\}'
}

@test "what came and went is counted" {
    need_ns
    need_program jq
    local last
    make_seg >/dev/null
    start_initial --ndjson
    last=$(make_seg)
    see "\"shmid\": $last,"
    # Whether a look falls in between or not, nothing is lost. The last one stays.
    make_seg --count 30 | "$SHMTOOL" rm 2>/dev/null
    make_seg --count 20 | "$SHMTOOL" rm 2>/dev/null
    for _ in 1 2 3; do
        "$SHMTOOL" rm "$(make_seg)"
    done
    last=$(make_seg)
    see "\"shmid\": $last,"
    end_watch TERM
    assert_equal "$(jq -s 'map(select(.event == "created")) | length + (map(.unseen) | add)' "$events")" 55
}

@test "of a selection it is not known what came and went" {
    need_ns
    need_program jq
    make_seg >/dev/null
    start_initial --ndjson --unattached
    "$SHMTOOL" rm "$(make_seg)"
    local id
    id=$(make_seg)
    see "\"created\".*\"shmid\": $id,"
    end_watch TERM
    assert_equal "$(jq -c 'select(.event == "created") | [.unseen, .unseen_is]' "$events" | sort -u)" '[null,null]'
}

@test "a replayed stream gives the table at its end" {
    need_ns
    need_program jq
    local ids
    make_seg --count 5 --key 0x50 >/dev/null
    start_initial --ndjson
    mapfile -t ids < <(make_seg --count 20)
    "$SHMTOOL" rm "${ids[@]:0:10}" 2>/dev/null
    start_helper holdseg "${ids[@]:10:3}"
    "$HELPERS/setseg" --mode 644 "${ids[15]}"
    "$SHMTOOL" rm "${ids[12]}" 2>/dev/null
    make_seg --key 0x99 --size 77 >/dev/null
    see '"bytes": 77,'
    end_watch TERM
    jq -s -c 'reduce .[] as $e ({}; if $e.event == "removed" then del(.[$e.segment.shmid | tostring])
        else .[$e.segment.shmid | tostring] = ($e.segment | del(.rss, .swap, .command, .state, .unit, .container)) end) | [.[]] | sort_by(.shmid)' \
        "$events" >"$BATS_TEST_TMPDIR/replayed"
    "$SHMTOOL" ls --json | jq -c '.segments | map(del(.rss, .swap, .command, .state, .unit, .container)) | sort_by(.shmid)' >"$BATS_TEST_TMPDIR/ls"
    cmp "$BATS_TEST_TMPDIR/replayed" "$BATS_TEST_TMPDIR/ls"
}

@test "a selection matches before or after" {
    need_ns
    need_root
    local id other
    id=$(make_seg --uid 12345)
    other=$(make_seg)
    start_initial --owner 12345
    "$HELPERS/setseg" --uid 0 "$id"
    see " changed +$id owner 12345 -> "
    # It is another's now, as what comes is.
    "$SHMTOOL" rm "$id"
    "$HELPERS/setseg" --uid 12345 "$other"
    see " changed +$other owner .* -> 12345"
    "$SHMTOOL" rm "$other"
    see " removed +$other"
    end_watch TERM
    assert_equal "$(kinds)" 'initial changed changed removed '
}

@test "ids select; one that does not exist is named" {
    need_ns
    local ids
    mapfile -t ids < <(make_seg --count 2)
    shmtool watch --initial --interval 1h --for 10ms "${ids[1]}" 2147483647
    assert_status 0
    assert_out_lines 1
    assert_out_has " ${ids[1]} "
    assert_err 'shmtool: watch: 2147483647: no such segment now'
}

@test "--count ends it" {
    need_ns
    make_seg --count 5 >/dev/null
    shmtool watch --initial --count 2
    assert_status 0
    assert_out_lines 2
    shmtool watch --initial --count 0
    assert_status 0
    assert_out ''
}

@test "what happened up to the end of --for is said" {
    need_ns
    local fifo=$BATS_TEST_TMPDIR/fifo line id
    mkfifo "$fifo"
    exec 8<>"$fifo"
    make_seg --count 1000 >/dev/null
    "$SHMTOOL" watch --initial --ndjson --interval 1h --for 10ms >"$fifo" 2>/dev/null 3>&- 8>&- &
    helper_pids+=("$!")
    # It has looked, and waits for room in the pipe.
    read -r line <&8
    id=$(make_seg)
    while [[ $line != *'"created"'* ]]; do
        read -r -t 60 line <&8 || fail "nothing was said of segment $id"
    done
    [[ $line == *"\"shmid\": $id,"* ]] || fail "$line"
    wait "$!"
    exec 8>&-
}

@test "Ctrl+C on a terminal ends it with status 0" {
    need_ns
    make_seg >/dev/null
    pty -e initial -s '\003' -- "$SHMTOOL" watch --initial
    assert_status 0
}

@test "on a terminal a command is cut to its width, and orphans are red" {
    need_ns
    start_helper mkseg --stay --mode 0600 --size 4096 --key 0 --count 1
    make_seg >/dev/null
    TERM=xterm pty --columns 72 -e 'initial' -- "$SHMTOOL" watch --initial --count 2
    assert_status 0
    [[ $(sed 's/\x1b\[[0-9]*m//g; s/\r$//' "$out_file" | wc -L) -le 72 ]] || fail "a line is too long"
    assert_out_has $'\033[31minitial\033[0m'
}

@test "output that nobody takes: TERM ends it all the same" {
    need_ns
    local fifo=$BATS_TEST_TMPDIR/fifo line status=0
    mkfifo "$fifo"
    exec 8<>"$fifo"
    make_seg --count 1000 >/dev/null
    env --default-signal "$SHMTOOL" watch --initial --ndjson >"$fifo" 2>"$BATS_TEST_TMPDIR/watch.err" 3>&- 8>&- &
    watch_pid=$!
    helper_pids+=("$watch_pid")
    # It has begun to write more than a pipe holds.
    read -r line <&8
    [[ $line == *'"initial"'* ]]
    kill -TERM "$watch_pid"
    wait "$watch_pid" || status=$?
    assert_equal "$status" 0
    assert_equal "$(cat "$BATS_TEST_TMPDIR/watch.err")" ''
    exec 8>&-
}

@test "a reader who went away ends it without a word" {
    need_ns
    make_seg >/dev/null
    for ignored in PIPE HUP; do
        run_split bash -c 'trap "" "$2"; "$1" watch --initial | head -n 1' - "$SHMTOOL" "$ignored"
        assert_status 0
        assert_out_lines 1
        assert_err ''
    done
}

@test "what cannot be written is an error" {
    need_ns
    make_seg >/dev/null
    run_split bash -c '"$1" watch --initial >/dev/full' - "$SHMTOOL"
    assert_status 1
    assert_err 'shmtool: watch: standard output: No space left on device'
    run_split bash -c '"$1" watch --initial >&-' - "$SHMTOOL"
    assert_status 1
    assert_err 'shmtool: watch: standard output: Bad file descriptor'
}

@test "a dear look is made more seldom, and says so" {
    need_ns
    make_seg --count 4000 >/dev/null
    shmtool watch --interval 10ms --for 50ms
    assert_status 0
    assert_out ''
    assert_err_matches '^shmtool: watch: a look takes [0-9.]+ ms of processor time: there is one every [0-9]+ ms and not every 10 ms'
}

@test "--time and -n" {
    need_ns
    make_seg >/dev/null
    TZ=UTC shmtool watch --initial --count 1 --time iso -n
    assert_out_matches "^20[0-9-]+T[0-9:]+\+00:00 initial +[0-9]+ key 0x00000000 $(id -u) 4 KiB by [0-9]+"
    shmtool watch --initial --count 1 --time epoch
    assert_out_matches '^[0-9]{10,} initial '
}

@test "wrong words" {
    local word
    for word in 5ms 0 9ms; do
        shmtool watch --interval "$word"
        assert_wrong_usage --interval 'at least 10ms'
    done
    for word in 1.5s x 1y -1 ''; do
        shmtool watch --for="$word"
        assert_wrong_usage "--for: '$word': not a duration (500ms, 10, 10s, 2m or 1h)"
    done
    shmtool watch --count x
    assert_wrong_usage "--count: 'x'"
    shmtool watch -c shmid
    assert_wrong_usage '--columns' '--ndjson'
    shmtool watch --ndjson -c nothing
    assert_wrong_usage "'nothing'"
    shmtool watch --ndjson -q
    assert_wrong_usage '--quiet: cannot be combined with --ndjson'
    shmtool watch 1x
    assert_wrong_usage "'1x'"
    shmtool watch --json
    assert_wrong_usage '--json: no such option'
    shmtool --sysroot "$SRC/tests/fixtures/listing" watch
    assert_wrong_usage '--sysroot: nothing happens in a saved tree: watch shows the live system only'
}
