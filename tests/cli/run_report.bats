# run --report FILE: a JSON document of how the program ended and what it left, whole or not at all.
# shellcheck disable=SC2016 # in single quotes stands what an inner shell expands
load common
load fork_events

setup() {
    begin_run
    report=$BATS_TEST_TMPDIR/report
    all_reports=$BATS_FILE_TMPDIR/reports report_count=0
}

teardown() {
    end_run
}

# find_python: sets $python to a Python that knows jsonschema
find_python() {
    for python in python3 /usr/bin/python3; do
        ! "$python" -W ignore -c 'import jsonschema' 2>/dev/null || return 0
    done
    return 1
}

# assert_valid FILE...: contrib's schema describes them
assert_valid() {
    "$python" -W ignore - "$SRC/contrib/schema/run-report.json" "$@" <<'END' || fail "the schema does not hold"
import json, sys, jsonschema
schema, *documents = (json.load(open(name)) for name in sys.argv[1:])
jsonschema.Draft7Validator.check_schema(schema)
for document in documents:
    jsonschema.Draft7Validator(schema).validate(document)
END
}

# assert_report FILTER [FILE]: it is one JSON document, and that of jq is true of it
assert_report() {
    local file=${2:-$report}
    jq -es "length == 1 and (.[0] | $1)" "$file" >/dev/null || fail "not so: $1" "$(cat "$file")" || return 1
    mkdir -p "$all_reports"
    cp "$file" "$all_reports/$BATS_TEST_NUMBER.$((++report_count))"
}

report_ends() {
    local how ended
    for how in 'exit 0' 'exit 7' 'exit 126' 'exit 127' 'exit 255' 'signal 2' 'signal 9' 'signal 6' 'signal 11'; do
        # shellcheck disable=SC2086 # two words
        run_split "$@" "$SHMTOOL" run "${options[@]}" --report "$report" "$HELPERS/leak" --count 2 $how
        assert_err ''
        case $how in
            exit*)
                assert_status "${how#* }"
                ended=".status == ${how#* } and .signal == null"
                ;;
            *)
                assert_status $((128 + ${how#* }))
                ended=".signal == ${how#* } and .status == null"
                ;;
        esac
        assert_report "$ended"' and (.program[0] | endswith("/leak")) and .program[1:3] == ["--count", "2"] and
            (.pid as $pid | (.left | length) == 2 and all(.left[];
                .cpid == $pid and .origin == "program" and .outcome == "removed" and .bytes == 4096))'
    done
}

@test "every end, however shmtool was started: status or signal, and the segments that were removed" {
    need_ns
    in_each_mode report_ends
    assert_equal "$(all_ids)" ''
}

report_no_exec() {
    run_split "$@" "$SHMTOOL" run "${options[@]}" --report "$report" no-such-program x
    assert_status 127
    assert_report '.status == 127 and .pid == null and .signal == null and .left == [] and .program == ["no-such-program", "x"]'
    run_split "$@" "$SHMTOOL" run "${options[@]}" --report "$report" /etc/passwd
    assert_status 126
    assert_report '.status == 126 and .pid == null and .signal == null and .left == []'
    run_split "$@" "$SHMTOOL" run "${options[@]}" --report "$report" ''
    assert_status 127
    assert_report '.status == 127 and .pid == null and .program == [""]'
}

@test "a program that cannot be executed, or is not there" {
    need_ns
    in_each_mode report_no_exec
}

@test "a program that was not started" {
    need_ns
    run_split without_namespaces true
    [[ $status == 0 ]] || skip "no user namespace can be made to forbid them in"
    run_split without_namespaces "$SHMTOOL" run --isolate --report "$report" true
    assert_status 1
    assert_report '.pid == null and .status == null and .signal == null and .left == []'
}

report_unwritable() {
    local file
    for file in "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/none/report" "$BATS_TEST_TMPDIR/report/x"; do
        : >"$report"
        run_split "$@" "$SHMTOOL" run "${options[@]}" --report "$file" touch "$ids"
        assert_status 1
        assert_out ''
        assert_err_matches "^shmtool: run: --report: $file: [A-Z][a-z ]+; the program was not started"$'\n$'
        [[ ! -e $ids ]]
    done
}

@test "a file that cannot be opened: exit 1, and the program was not started" {
    need_ns
    in_each_mode report_unwritable
}

report_full() {
    run_split "$@" "$SHMTOOL" run "${options[@]}" --report /dev/full "$HELPERS/leak" exit 0
    assert_status 1
    assert_err 'shmtool: run: --report: /dev/full: No space left on device'
    run_split "$@" "$SHMTOOL" run "${options[@]}" --report /dev/full "$HELPERS/leak" exit 3
    assert_status 3
    assert_err 'shmtool: run: --report: /dev/full: No space left on device'
    run_split "$@" "$SHMTOOL" run "${options[@]}" --report /dev/full "$HELPERS/leak" signal 9
    assert_status 137
    run_split "$@" "$SHMTOOL" run "${options[@]}" --report /dev/full no-such-program
    assert_status 127
    # That it left something is said all the same.
    run_split "$@" "$SHMTOOL" run "${options[@]}" --left-status 42 --report /dev/full "$HELPERS/leak" exit 0
    assert_status 42
    assert_err_has '/dev/full: No space left on device'
    run_split "$@" "$SHMTOOL" run "${options[@]}" --left-status 42 --report /dev/full true
    assert_status 1
}

@test "what cannot be written is a failure, unless the program failed; the segments are removed" {
    need_ns
    in_each_mode report_full
    assert_equal "$(all_ids)" ''
}

@test "a full disk: nothing is left in the file" {
    need_ns
    unshare --mount true 2>/dev/null || skip "no mount namespace can be made"
    mkdir "$BATS_TEST_TMPDIR/disk"
    run_split unshare --mount sh -c 'mount -t tmpfs -o size=8k tmpfs "$1" && shift &&
        { "$@"; echo "<$?>"; stat -c %s "$0/report"; }' "$BATS_TEST_TMPDIR/disk" "$BATS_TEST_TMPDIR/disk" \
        "$SHMTOOL" run --report "$BATS_TEST_TMPDIR/disk/report" "$HELPERS/leak" --count 40 --ids "$ids" exit 0
    assert_out $'<1>\n0'
    assert_err_has 'report: No space left on device'
    assert_equal "$(all_ids)" ''
}

@test "a file that may not grow: nothing is left in it" {
    need_ns
    need_no_coverage
    run_split bash -c 'ulimit -f 1; exec "$@"' - "$SHMTOOL" run --report "$report" "$HELPERS/leak" --count 40 exit 0
    assert_status 1
    assert_err_has 'report: File too large'
    assert_equal "$(stat -c %s "$report")" 0
    assert_equal "$(all_ids)" ''
}

report_fifo() {
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    cat "$BATS_TEST_TMPDIR/fifo" >"$report" 3>&- &
    local reader=$!
    run_split "$@" "$SHMTOOL" run "${options[@]}" --report "$BATS_TEST_TMPDIR/fifo" "$HELPERS/leak" --count 30 exit 5
    assert_status 5
    wait "$reader"
    assert_report '.status == 5 and (.host as $host | .left | length == 30 and all(.[]; .host == $host))'
    # A reader that has gone away.
    head -c 0 "$BATS_TEST_TMPDIR/fifo" 3>&- &
    run_split "$@" "$SHMTOOL" run "${options[@]}" --report "$BATS_TEST_TMPDIR/fifo" \
        sh -c 'while kill -0 "$0" 2>/dev/null; do :; done' "$!"
    wait "$!" || true
    rm "$BATS_TEST_TMPDIR/fifo"
}

@test "a FIFO" {
    need_ns
    local options=()
    report_fifo env
    assert_status 1
    assert_err_has 'fifo: Broken pipe'
    report_fifo "${beside[@]}"
    assert_status 1
}

@test "standard output: behind what the program wrote there" {
    need_ns
    "$SHMTOOL" run --report /dev/stdout sh -c 'echo program; exit 3' >"$report" || true
    assert_equal "$(head -n 1 "$report")" program
    sed 1d "$report" >"$report.json"
    assert_report '.status == 3' "$report.json"
    run_split bash -c '"$SHMTOOL" run --report >(cat >"$0.fifo"; : >"$0.done") "$HELPERS/leak" exit 0' "$report"
    wait_until test -e "$report.done"
    assert_report '.status == 0 and (.left | length) == 3' "$report.fifo"
}

@test "a log that is standard output or error keeps what stood there, and what comes after" {
    need_ns
    local file
    for file in /dev/stdout /dev/stderr "$report"; do
        bash -c 'echo before; "$SHMTOOL" run --report "$0" sh -c "echo program"; echo after' "$file" >"$report" 2>&1
        assert_equal "$(sed -n '1p;2p;$p' "$report" | paste -sd ' ')" 'before program after' || return 1
        sed '1,2d;$d' "$report" >"$report.json"
        assert_report '.status == 0' "$report.json" || return 1
    done
    # What is no stream of ours, whatever its number.
    echo old >"$report"
    "$SHMTOOL" run --report "$report" true >&- 2>&-
    assert_report '.status == 0'
    # Nor one that nobody writes to.
    echo old >"$report"
    exec 7<"$report"
    "$SHMTOOL" run --report "$report" true 1<&7
    exec 7<&-
    assert_report '.status == 0'
}

@test "a standard stream that is closed cannot be opened by its name" {
    need_ns
    local file
    for file in /dev/stdout /dev/fd/1 /proc/self/fd/1; do
        # shellcheck disable=SC2016 # for the inner shell
        run_split bash -c '"$@" >&-' - "$SHMTOOL" run --report "$file" touch "$ids"
        assert_status 1 || return 1
        assert_err_matches "^shmtool: run: --report: $file: [A-Z][a-z ]+; the program was not started"$'\n$' || return 1
        [[ ! -e $ids ]] || return 1
    done
    run_split bash -c '"$@" 2>&-' - "$SHMTOOL" run --report /dev/stderr touch "$ids"
    assert_status 1
    # What is thrown away needs no stream.
    run_split bash -c '"$@" >&- 2>&-' - "$SHMTOOL" run --report /dev/null touch "$ids"
    assert_status 0
    [[ -e $ids ]]
}

@test "an old report is emptied first, and the program does not inherit the file" {
    need_ns
    echo 'an old one' >"$report"
    run_split "$SHMTOOL" run --report "$report" sh -c 'wc -c <"$0"; ls -l /proc/self/fd' "$report"
    assert_status 0
    assert_equal "$(head -n 1 "$out_file")" 0
    assert_equal "$(sed 1d "$out_file" | grep -c "$report")" 0
    assert_report '.status == 0'
}

@test "descendants' segments, those that somebody has attached, and those whose creator lives on" {
    need_ns
    has_events || skip "the kernel reports no forks here"
    shmtool run --report "$report" sh -c '"$0/mkseg"; "$0/brood" "$1" 2 lasting' "$HELPERS" "$ids"
    assert_status 0
    assert_report '[.left[] | .origin + " " + .outcome] | sort ==
        ["descendant attached", "descendant attached", "descendant removed"]'
    assert_report 'all(.left[] | select(.outcome == "attached"); .nattch == 1 and .state == "used" and (.command | test("brood")))'
    rm "$ids"
    shmtool run --report "$report" "${leave_daemon[@]}"
    assert_report '[.left[] | .origin + " " + .outcome] == ["descendant creator_alive"]'
    kill "$(jq '.left[0].cpid' "$report")"
}

@test "segments that could not be traced" {
    need_ns
    need_without_events
    run_split without_events "$SHMTOOL" run --left-status 42 --report "$report" "$HELPERS/brood" "$ids" 50 short
    assert_status 42
    assert_report '(.left | length) == 50'
    assert_report 'all(.left[]; [.origin, .outcome] | . == ["descendant", "removed"] or . == ["unsure", "untraced"])'
    assert_equal "$(jq '[.left[] | select(.origin == "unsure")] | length' "$report")" "$(all_ids | wc -l)"
}

@test "with --keep; a hostile name and an argument that is no text" {
    need_ns
    shmtool run --keep --report "$report" "$HELPERS/leak" --count 2 exit 0
    assert_report '[.left[].outcome] == ["kept", "kept"]'
    assert_equal "$(jq '.left[].shmid' "$report")" "$(all_ids)"
    shmtool run --report "$report"$'\x1b[31m' sh -c 'exit 0' $'a"\\\n\x01\xff'
    assert_status 0
    assert_report true "$report"$'\x1b[31m'
    assert_equal "$(jq -r '.program[3]' "$report"$'\x1b[31m')" $'a"\\\n\x01\xef\xbf\xbd'
    shmtool run --report $'/\x1b[31m/x' true
    assert_status 1
    assert_err_has '/\x1b[31m/x: No such file'
}

@test "the schema has the fields of ls, and origin and outcome" {
    need_ns
    make_seg >/dev/null
    assert_equal "$(jq -c '.properties.left.items.properties | keys_unsorted' "$SRC/contrib/schema/run-report.json")" \
        "$("$SHMTOOL" ls --json | jq -c '.segments[0] | keys_unsorted + ["origin", "outcome"]')"
    assert_equal "$(jq -c '.properties.left.items | .required == (.properties | keys_unsorted)' "$SRC/contrib/schema/run-report.json")" true
    shmtool run --report "$report" "$HELPERS/leak" exit 0
    assert_equal "$(jq -c '.left[0] | keys_unsorted' "$report")" \
        "$(jq -c '.properties.left.items.required' "$SRC/contrib/schema/run-report.json")"
}

@test "the schema describes the reports of all tests above, and refuses what is no report" {
    find_python || skip "needs Python's jsonschema"
    assert_valid "$all_reports"/*
    "$SHMTOOL" run --report "$report" true
    assert_report true
    local filter
    for filter in '.status = "0"' 'del(.left)' '.left = [{}]' '.pid = 0'; do
        jq "$filter" "$report" >"$report.wrong"
        run assert_valid "$report.wrong"
        [[ $status != 0 ]]
    done
}

@test "words that are wrong" {
    shmtool run --report
    assert_wrong_usage '--report: needs a value: FILE'
    shmtool run --report '' true
    assert_wrong_usage "--report: '': not a file's name"
    shmtool run --report "$report"
    assert_wrong_usage 'which program?'
    [[ ! -e $report ]]
}
