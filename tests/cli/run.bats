# run: however a program ends, what it left is gone, the rest is untouched, and the status is its own.
# shellcheck disable=SC2016 # in single quotes stands what an inner shell expands
load common
load fork_events

# run_and_check STATUS ARG...: `shmtool run -v ARG...` (the program is to be leak with --ids $ids) ends
# with STATUS, its three segments are gone, and one that was there before is not
run_and_check() {
    local expected=$1 before
    shift
    before=$(make_seg)
    ids=$BATS_TEST_TMPDIR/ids
    shmtool run "$@"
    assert_status "$expected"
    assert_equal "$(wc -l <"$ids")" 3
    # shellcheck disable=SC2046 # ids
    assert_gone $(cat "$ids")
    assert_exists "$before"
    assert_equal "$(all_ids)" "$before"
}

leak() {
    leak=("$HELPERS/leak" --ids "$BATS_TEST_TMPDIR/ids")
}

@test "a normal end" {
    need_ns
    leak
    run_and_check 0 "${leak[@]}" exit 0
    assert_out ''
    assert_err ''
}

@test "every exit status is handed on" {
    need_ns
    local status_wanted
    leak
    for status_wanted in 1 2 3 4 7 125 126 127 128 255; do
        run_split rm -f "$BATS_TEST_TMPDIR/ids"
        remove_all_segments
        run_and_check "$status_wanted" "${leak[@]}" exit "$status_wanted"
        assert_err ''
    done
}

@test "abort, a segmentation fault, kill -9 and other signals" {
    need_ns
    local number
    leak
    run_and_check 134 "${leak[@]}" abort
    for number in 1 2 3 9 10 13 14 15 64; do
        rm "$BATS_TEST_TMPDIR/ids"
        remove_all_segments
        run_and_check $((128 + number)) "${leak[@]}" signal "$number"
        assert_err ''
    done
    rm "$BATS_TEST_TMPDIR/ids"
    remove_all_segments
    # A sanitizer makes an exit of a fault.
    run_split "$HELPERS/leak" --count 0 segfault
    run_and_check "$status" "${leak[@]}" segfault
}

@test "segments that are attached at the end are gone too" {
    need_ns
    leak
    run_and_check 137 "${leak[@]}" --attach signal 9
    assert_err ''
}

@test "an exec of another program" {
    need_ns
    leak
    run_and_check 5 "${leak[@]}" exec sh -c 'exit 5'
    assert_err ''
}

@test "what the program prints and reads is its own" {
    need_ns
    run_split "$SHMTOOL" run sh -c 'cat; echo out; echo err >&2' <<<'in'
    assert_status 0
    assert_out $'in\nout'
    assert_err 'err'
}

@test "-v names what was removed, on standard error" {
    need_ns
    leak
    run_and_check 0 -v "${leak[@]}" exit 0
    assert_out ''
    local id removed=''
    while read -r id; do
        removed+="shmtool: run: $id: removed, 4096 bytes"$'\n'
    done <"$BATS_TEST_TMPDIR/ids"
    assert_err "${removed}shmtool: run: removed 3 of 3 segments, 12 KiB freed"
    shmtool run --verbose -- "$HELPERS/leak" --count 1 --size 1 exit 0
    assert_err_matches '^shmtool: run: [0-9]+: removed, 1 byte'$'\n$'
    shmtool run -v true
    assert_err ''
}

@test "a segment that the program removed itself is no matter" {
    need_ns
    shmtool run -v sh -c 'ipcrm -m $("$1/mkseg")' - "$HELPERS"
    assert_status 0
    assert_err ''
}

@test "a segment that the program gave away is not treated as somebody else's" {
    need_ns
    need_root
    # Its owner and ctime changed: it is the same segment all the same.
    shmtool run "$HELPERS/mkseg" --uid 12345
    assert_status 0
    assert_err ''
    assert_equal "$(all_ids)" ''
}

@test "one that was there before stays, whoever uses it and whatever is done to it" {
    need_ns
    local key=0x5eed id
    id=$(make_seg --key $key)
    shmtool run sh -c 'exec 2>&1; "$1/setseg" "$2" || exit 9; exec "$1/leak" exit 0' - "$HELPERS" "$id"
    assert_exists "$id"
    assert_equal "$(all_ids)" "$id"
}

@test "a thousand segments" {
    need_ns
    shmtool run -v "$HELPERS/leak" --count 1000 exit 3
    assert_status 3
    assert_err_has 'removed 1000 of 1000 segments, 3.9 MiB freed'
    assert_equal "$(all_ids)" ''
}

@test "a segment that may not be removed is named, and the status stays the program's" {
    need_ns
    need_root
    # A program of root's that an ordinary user runs.
    local setuid id
    setuid=$(mktemp -d /tmp/shmtool-setuid.XXXXXX)
    chmod 755 "$setuid"
    install -m 4755 "$HELPERS/mkseg" "$setuid/mkseg"
    run_split as_user 12345 "$SHMTOOL" run "$setuid/mkseg"
    rm -r "$setuid"
    assert_status 0
    id=$(all_ids)
    [[ -n $id ]] || skip "nothing can be setuid here"
    assert_err "shmtool: run: $id: left: Operation not permitted; to remove it: 'shmtool rm $id'"
}

@test "a program that cannot be started" {
    need_ns
    shmtool run no-such-program
    assert_status 127
    assert_err 'shmtool: run: no-such-program: No such file or directory'
    shmtool run /no/such/program arg
    assert_status 127
    assert_err 'shmtool: run: /no/such/program: No such file or directory'
    shmtool run /
    assert_status 126
    assert_err 'shmtool: run: /: Permission denied'
    : >"$BATS_TEST_TMPDIR/file"
    shmtool run "$BATS_TEST_TMPDIR/file"
    assert_status 126
    assert_err "shmtool: run: $BATS_TEST_TMPDIR/file: Permission denied"
    shmtool run "$BATS_TEST_TMPDIR/file/x"
    assert_status 126
    assert_err "shmtool: run: $BATS_TEST_TMPDIR/file/x: Not a directory"
    shmtool run ''
    assert_status 127
    assert_err "shmtool: run: '': No such file or directory"
    # Nor does a directory of PATH that is none, or closed, make it something else.
    PATH=$BATS_TEST_TMPDIR/file:$PATH shmtool run no-such-program
    assert_status 127
    mkdir -m 000 "$BATS_TEST_TMPDIR/closed"
    PATH=$BATS_TEST_TMPDIR/closed:$PATH shmtool run no-such-program
    assert_status 127
    cp "$BATS_TEST_TMPDIR/file" "$BATS_TEST_TMPDIR/no-such-program"
    PATH=$BATS_TEST_TMPDIR:$PATH shmtool run no-such-program
    assert_status 126
    shmtool run $'bad\e[31mname'
    assert_status 127
    assert_err 'shmtool: run: bad\x1b[31mname: No such file or directory'
}

@test "options after the program are the program's" {
    shmtool run echo -v --isolate --help -- -x
    assert_status 0
    assert_out '-v --isolate --help -- -x'
    shmtool run -- echo -- a
    assert_out '-- a'
    shmtool run -v -- echo --verbose
    assert_out '--verbose'
}

@test "wrong usage starts nothing" {
    shmtool run
    assert_wrong_usage 'which program'
    shmtool run -v
    assert_wrong_usage 'which program'
    shmtool run --
    assert_wrong_usage 'which program'
    shmtool run -x touch "$BATS_TEST_TMPDIR/made"
    assert_wrong_usage '-x'
    shmtool run --verbose=1 touch "$BATS_TEST_TMPDIR/made"
    assert_wrong_usage '--verbose'
    shmtool --sysroot / run touch "$BATS_TEST_TMPDIR/made"
    assert_wrong_usage '--sysroot'
    [[ ! -e $BATS_TEST_TMPDIR/made ]]
    shmtool run --help
    assert_status 0
    assert_out_has '--isolate'
}

@test "nothing is printed after /dev/full and closed descriptors either" {
    need_ns
    run_split bash -c '"$SHMTOOL" run "$HELPERS/leak" --ids "$1" exit 3 >/dev/full' - "$BATS_TEST_TMPDIR/ids"
    assert_status 3
    assert_err ''
    run_split bash -c '"$SHMTOOL" run -v "$HELPERS/leak" --ids "$1" exit 4 2>&-' - "$BATS_TEST_TMPDIR/ids"
    assert_status 4
    assert_equal "$(all_ids)" ''
}

@test "the program has the descriptors that we were given, closed ones closed" {
    local closed
    for closed in '' '<&-' '>&-' '2>&-' '<&- >&- 2>&-' '9</dev/null'; do
        eval '"$HELPERS/fds" "$BATS_TEST_TMPDIR/plain"' "$closed"
        eval '"$SHMTOOL" run "$HELPERS/fds" "$BATS_TEST_TMPDIR/under"' "$closed"
        assert_equal "$(cat "$BATS_TEST_TMPDIR/under")" "$(cat "$BATS_TEST_TMPDIR/plain")"
    done
}

@test "signals are for the program what they were for us" {
    need_ns
    local masks='grep -E "^Sig(Blk|Ign)" /proc/self/status'
    run_split bash -c "trap '' HUP USR2; $masks"
    local plain=$out
    run_split bash -c "trap '' HUP USR2; exec \"\$SHMTOOL\" run $masks"
    assert_out "${plain%$'\n'}"
    # SIGCHLD ignored: nothing of that is lost, and children's ends are seen all the same
    run_split env --ignore-signal=CHLD bash -c "$masks"
    plain=$out
    run_split env --ignore-signal=CHLD "$SHMTOOL" run bash -c "$masks"
    assert_out "${plain%$'\n'}"
    run_split env --block-signal=TERM bash -c "$masks"
    plain=$out
    run_split env --block-signal=TERM "$SHMTOOL" run bash -c "$masks"
    assert_out "${plain%$'\n'}"
    run_split env --ignore-signal=CHLD "$SHMTOOL" run sh -c 'exit 6'
    assert_status 6
}

@test "in a pipeline, under timeout, under make, without standard input" {
    need_ns
    leak
    run_split bash -c '"$SHMTOOL" run -- sh -c "echo a; exec \"$HELPERS/leak\" --ids \"$1\" exit 0" | cat' - "$BATS_TEST_TMPDIR/ids"
    assert_status 0
    assert_out 'a'
    assert_equal "$(all_ids)" ''

    run_split bash -c 'set -o pipefail; yes | "$SHMTOOL" run "$HELPERS/leak" exit 0 | head -n 1'
    assert_out_lines 1
    run_split bash -c 'yes | "$SHMTOOL" run "$HELPERS/leak" exec head -n 1'
    assert_out_matches 'y'
    assert_equal "$(all_ids)" ''

    run_split timeout 0.2 "$SHMTOOL" run "$HELPERS/leak" --attach wait
    assert_status 124
    assert_equal "$(all_ids)" ''

    run_split "$SHMTOOL" run "$HELPERS/leak" exit 5 <&-
    assert_status 5
    assert_equal "$(all_ids)" ''
}

@test "under make -j, and over it" {
    need_ns
    need_program make
    local makefile=$BATS_TEST_TMPDIR/Makefile
    {
        printf 'all: 1 2 3 4 5 6\n%%:\n\t@$(RUN) $(HELPERS)/leak --count 2 exit 0 >/dev/null\n'
    } >"$makefile"
    run_split make -s -j 3 -f "$makefile" RUN="$SHMTOOL run"
    assert_status 0
    # Each removes its own; of the others' it may say that it cannot tell whose they are.
    ! has_events || assert_err ''
    assert_equal "$(all_ids)" ''
    # Its descendants are grandchildren: gone, or named where the kernel does not tell of them.
    run_split "$SHMTOOL" run make -s -j 3 -f "$makefile" RUN=
    assert_status 0
    if [[ -n $err ]]; then
        assert_err_matches "left: .* could not be traced"
        assert_err_has "'shmtool rm $(all_ids | sort -n | paste -sd ' ')'"
    else
        assert_equal "$(all_ids)" ''
    fi
}
