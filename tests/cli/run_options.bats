# run: --wait, --left-status and --keep, alone and together.
# shellcheck disable=SC2016 # in single quotes stands what an inner shell expands
load common
load fork_events

setup() {
    begin_run
}

teardown() {
    end_run
}

# --- --left-status ------------------------------------------------------------------------------

left_status() {
    local how
    run_split "$@" "$SHMTOOL" run "${options[@]}" --left-status 42 "$HELPERS/leak" exit 0
    assert_status 42
    assert_err 'shmtool: run: 3 segments left by the program: exit status 42'
    run_split "$@" "$SHMTOOL" run "${options[@]}" --left-status=1 "$HELPERS/leak" --count 1 exit 0
    assert_status 1
    assert_err 'shmtool: run: 1 segment left by the program: exit status 1'
    run_split "$@" "$SHMTOOL" run "${options[@]}" --left-status 125 "$HELPERS/leak" --count 0 exit 0
    assert_status 0
    assert_err ''
    run_split "$@" "$SHMTOOL" run "${options[@]}" --left-status 42 sh -c 'ipcrm -m $("$0/mkseg")' "$HELPERS"
    assert_status 0
    # It failed anyhow.
    for how in 'exit 1' 'exit 42' 'exit 126' 'exit 127' 'exit 255' 'signal 2' 'signal 9' 'signal 11'; do
        # shellcheck disable=SC2086 # two words
        run_split "$HELPERS/ending" "$@" "$SHMTOOL" run "${options[@]}" --left-status 7 "$HELPERS/leak" $how
        [[ $1 != unshare ]] || how=${how/signal 2/exit 130} how=${how/signal 9/exit 137} how=${how/signal 11/exit 139}
        assert_equal "$(tail -n 1 "$out_file")" "$how"
        assert_err ''
    done
    run_split "$@" "$SHMTOOL" run "${options[@]}" --left-status 7 no-such-program
    assert_status 127
    run_split "$@" "$SHMTOOL" run "${options[@]}" --left-status 7 /etc/passwd
    assert_status 126
}

@test "--left-status: what was left and removed, nothing, a program that failed" {
    need_ns
    in_each_mode left_status
    assert_equal "$(all_ids)" ''
}

@test "--left-status: segments that stay: attached, of a creator that lives on" {
    need_ns
    has_events || skip "the kernel reports no forks here"
    shmtool run --left-status 42 "$HELPERS/brood" "$ids" 2 lasting
    assert_status 42
    assert_err_has '2 segments left by the program: exit status 42'
    rm "$ids"
    shmtool run --left-status 42 "${leave_daemon[@]}"
    assert_status 42
    assert_err_has ' lives on and may attach it'
    kill "$(field_of "$(all_ids | tail -n 1)" 5)"
}

@test "--left-status: segments that could not be traced" {
    need_ns
    need_without_events
    run_split without_events "$SHMTOOL" run --left-status 42 "$HELPERS/brood" "$ids" 50 short
    assert_status 42
    [[ -z $(all_ids) ]] || assert_err_matches "[0-9]+ segments? left( by the program and [0-9]+)? whose creator could not be traced: exit status 42"$'\n$'
}

@test "--left-status: what was there before, what others made and what is marked is not the program's" {
    need_ns
    has_events || skip "the kernel reports no forks here"
    local before
    before=$(make_seg)
    shmtool run --left-status 42 "$HELPERS/holdseg" --once "$before" || true
    start_helper "$HELPERS/actor" make:0
    shmtool run --left-status 42 true
    assert_status 0
    assert_err ''
    shmtool run --left-status 42 sh -c '"$1/holdseg" --rmid $("$1/mkseg") >"$2" & read -r _ <"$2"' - "$HELPERS" "$gate"
    assert_status 0
}

@test "--left-status: another user's segment that could not be traced is not his" {
    need_ns
    need_root
    need_without_events
    exec 8<>"$gate"
    without_events setpriv --reuid 12345 --regid 12345 --clear-groups \
        "$SHMTOOL" run --left-status 42 sh -c 'echo here; read -r _' <&8 >"$ids" 3>&- 8>&- &
    local run=$!
    wait_until grep -q here "$ids"
    make_seg >/dev/null
    echo >&8
    exec 8>&-
    wait "$run"
}

@test "--left-status: statuses that are none" {
    local word
    for word in 0 126 127 128 255 256 -1 +1 1x ' 1' 1.0 '' 99999999999999999999; do
        shmtool run --left-status "$word" true
        assert_wrong_usage "--left-status: '$word': not an exit status from 1 to 125"
    done
    shmtool run --left-status
    assert_wrong_usage '--left-status: needs a value: N'
    shmtool run --left-status 5
    assert_wrong_usage 'which program?'
}

# --- --keep -------------------------------------------------------------------------------------

keep_all() {
    run_split "$@" "$SHMTOOL" run "${options[@]}" --keep "$HELPERS/leak" --count 2 exit 5
    assert_status 5
    assert_err ''
    run_split "$@" "$SHMTOOL" run "${options[@]}" --keep -v --left-status 9 "$HELPERS/leak" --count 2 exit 0
    assert_status 9
    local line lines=()
    while read -r line; do
        if [[ ${options[*]} == --isolate ]]; then
            lines+=("shmtool: run: $line: kept, 4096 bytes: it goes with the last process of its namespace")
        else
            lines+=("shmtool: run: $line: kept, 4096 bytes; to remove it: 'shmtool rm $line'")
        fi
    done <"$out_file"
    assert_equal "${#lines[@]}" 2
    assert_err "$(printf '%s\n' "${lines[@]}" 'shmtool: run: 2 segments left by the program: exit status 9')"
}

@test "--keep: nothing is removed; -v names what was kept, and how to remove it" {
    need_ns
    in_each_mode keep_all
    (($(all_ids | wc -l) >= 8)) || fail "something was removed"
    run_split "$SHMTOOL" run --keep --left-status 9 "$HELPERS/leak" signal 11
    assert_status 139
}

# --- --wait -------------------------------------------------------------------------------------

# A program that ends at once with 4 and leaves a child that makes two segments, attaches none, says so by making
# $ids when the program has ended, and lives until $gate.end is written to.
wait_for_child() {
    rm -f "$ids" "$gate.end"
    mkfifo "$gate.end"
    waited=(sh -c '("$0/leak" --count 2 --ids "$1.new" exit 0; until grep -q "^State:.Z" /proc/$$/status; do :; done
            mv "$1.new" "$1"; read -r _ <"$2"; exit 0) & exit 4'
        "$HELPERS" "$ids" "$gate.end")
}

wait_all() {
    local program='"$0/leak" --count 2 --ids "$1" read <"$2" >/dev/null & read -r _ <"$2.go"; exit 4'
    rm -f "$ids" "$gate.end" "$gate.end.go"
    mkfifo "$gate.end" "$gate.end.go"
    exec 8<>"$gate.end"
    "$@" "$SHMTOOL" run "${options[@]}" --wait -v sh -c "$program" "$HELPERS" "$ids" "$gate.end" \
        >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- 8>&- &
    local pid=$!
    wait_until has_two_ids
    # The program ends, its child does not, and nothing is cleaned.
    echo >"$gate.end.go"
    wait_until is_without_program
    kill -0 "$pid"
    [[ ${options[*]} == --isolate ]] || assert_equal "$(all_ids)" "$(cat "$ids")"
    exec 8>&-
    status=0
    wait "$pid" || status=$?
    read_whole err "$BATS_TEST_TMPDIR/err"
    assert_status 4
    assert_err_has 'removed 2 of 2 segments'
    assert_err_has_not 'on: '
    assert_equal "$(all_ids)" ''
}

has_two_ids() {
    [[ -e $ids && $(wc -l <"$ids") == 2 ]]
}

is_without_program() {
    # A zombie has no command line.
    ! pgrep -f "^sh -c .[$]0/leak.* $gate.end" >/dev/null
}

@test "--wait: for a child of the program that lives on, before it cleans" {
    need_ns
    in_each_mode wait_all
}

# signal_until_gone NAME PID: sends it until the process has gone: at first it may not have seen yet that the
# program ended, and a signal is the program's
signal_until_gone() {
    kill -"$1" "$2" 2>/dev/null || return 0
    return 1
}

wait_ended() {
    local name pid first
    for name in INT TERM; do
        wait_for_child
        # A background job ignores INT; that of the child is what counts with two.
        env --default-signal "$@" "$SHMTOOL" run "${options[@]}" --wait -v "${waited[@]}" \
            >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
        pid=$!
        wait_until test -e "$ids"
        first=$pid
        [[ $1 != unshare ]] || first=$(ps -o pid= --ppid "$pid" | tr -d ' ')
        wait_until signal_until_gone "$name" "$first"
        status=0
        wait "$pid" || status=$?
        read_whole err "$BATS_TEST_TMPDIR/err"
        assert_status 4
        assert_err_has '1 descendant of the program lives on: '
        assert_equal "$(all_ids)" ''
        : <>"$gate.end"
    done
}

@test "--wait: INT and TERM end the waiting, and it cleans" {
    need_ns
    has_events || skip "the kernel reports no forks here"
    local options=()
    wait_ended env
    wait_ended "${beside[@]}"
}

@test "--wait: while the program runs, signals are the program's, and INT is left to it" {
    need_ns
    exec 8<>"$gate"
    env --default-signal "$SHMTOOL" run --wait "$HELPERS/leak" --ids "$ids" trap 15 \
        <"$gate" >"$BATS_TEST_TMPDIR/out" 3>&- 8>&- &
    local pid=$!
    wait_until grep -q '^ready' "$BATS_TEST_TMPDIR/out"
    kill -INT "$pid"
    kill -TERM "$pid"
    wait_until passed_on "$pid" "$(sed -n 's/^ready //p' "$BATS_TEST_TMPDIR/out")" 15
    exec 8>&-
    wait "$pid"
    assert_equal "$(tail -n 1 "$BATS_TEST_TMPDIR/out")" 'got 1'
    assert_equal "$(all_ids)" ''
}

@test "--wait: Ctrl+C ends the program, another one the waiting; Ctrl+Z stops all" {
    need_ns
    has_events || skip "the kernel reports no forks here"
    local wrapper
    mkfifo "$gate.end"
    exec 9<>"$gate.end"
    cat >"$BATS_TEST_TMPDIR/program" <<END
("$HELPERS/leak" --count 1 exit 0 >/dev/null; until grep -q "^State:.Z" /proc/\$\$/status; do :; done; exec "$HELPERS/leak" --count 0 read <"$gate.end") &
kill -INT \$\$
END
    printf '(read -r _ <"%s") &\nexec "$@"\n' "$gate" >"$BATS_TEST_TMPDIR/beside"
    for wrapper in env "sh $BATS_TEST_TMPDIR/beside"; do
        pty -e 'prompt> ' -s "$wrapper $SHMTOOL run --wait -v sh $BATS_TEST_TMPDIR/program"'\n' -e ready \
            -s '\032' -e Stopped -e 'prompt> ' -s 'fg\n' -e continued -s '\003' -e 'removed, 4096' -e 'prompt> ' \
            -s 'echo "<$?>"\n' -e '<130>' -s 'exit 0\n' -- env PS1='prompt> ' bash --noprofile --norc -i 9>&-
        assert_status 0
        assert_equal "$(all_ids)" ''
    done
    exec 9>&-
}

@test "--wait: nothing to wait for, a program that is not there, orphans of orphans" {
    need_ns
    shmtool run --wait true
    assert_status 0
    assert_err ''
    shmtool run --wait no-such-program
    assert_status 127
    shmtool run --wait -v --left-status 9 sh -c '(sh -c "(sleep 0.2; \"\$0/mkseg\") & exit" "$0") & exit 0' "$HELPERS"
    assert_status 9
    assert_err_has 'removed, 4096 bytes'
    assert_equal "$(all_ids)" ''
    need_without_events
    run_split without_events "$SHMTOOL" run --wait -v sh -c '(sleep 0.2; exec "$0/leak" --count 2 exit 0) & exit 3' "$HELPERS"
    assert_status 3
    assert_err_has 'removed 2 of 2 segments'
}
