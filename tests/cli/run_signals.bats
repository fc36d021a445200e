# run: signals, the terminal's keys, stopping and continuing.
# shellcheck disable=SC2016 # in single quotes stands what an inner shell expands
load common
load fork_events

setup() {
    common_setup
    ids=$BATS_TEST_TMPDIR/ids
    before=''
    ! own_ns || before=$(make_seg)
}

# leak that puts its ids into $ids
leak() {
    leak=("$HELPERS/leak" --attach --ids "$ids")
}

# start_reading WORDS...: the same, with standard input from descriptor 8 until that is closed
start_reading() {
    mkfifo "$BATS_TEST_TMPDIR/in"
    exec 8<>"$BATS_TEST_TMPDIR/in"
    leak
    start_helper setsid sh -c 'exec "$@" <"$0"' "$BATS_TEST_TMPDIR/in" \
        "$SHMTOOL" run "${leak[@]}" "$@" 8>&-
    program=$(sed -n 's/^ready //p' "$helper_out")
}

# start_run WORDS...: `shmtool run leak WORDS...` in the background; sets $program, its pid
start_run() {
    leak
    start_helper "$SHMTOOL" run "${leak[@]}" "$@"
    program=$(sed -n 's/^ready //p' "$helper_out")
}

# finish_run STATUS: it ends with STATUS; its segments are gone, the one before is not
finish_run() {
    local status=0
    wait "$helper_pid" || status=$?
    assert_equal "$status" "$1"
    assert_cleaned
}

assert_cleaned() {
    assert_equal "$(wc -l <"$ids")" 3
    # shellcheck disable=SC2046 # ids
    assert_gone $(cat "$ids")
    assert_equal "$(all_ids)" "$before"
}

@test "kill -TERM and kill -HUP of shmtool reach the program" {
    need_ns
    start_run wait
    kill -TERM "$helper_pid"
    finish_run 143
    rm "$ids"
    start_run wait
    kill -HUP "$helper_pid"
    finish_run 129
}

@test "so do USR1 and USR2, which would end shmtool" {
    need_ns
    start_run wait
    kill -USR1 "$helper_pid"
    finish_run 138
    rm "$ids"
    start_run wait
    kill -USR2 "$helper_pid"
    finish_run 140
}

@test "a program that handles TERM goes on, and each one is passed on" {
    need_ns
    start_reading trap 15
    kill -TERM "$helper_pid"
    wait_until passed_on "$helper_pid" "$program" 15
    exec 8>&-
    finish_run 0
    grep -q '^got 1$' "$helper_out"
}

@test "INT and QUIT sent to shmtool are not its business" {
    need_ns
    start_run wait
    kill -INT "$helper_pid"
    kill -QUIT "$helper_pid"
    kill -TERM "$helper_pid"
    finish_run 143
}

@test "kill -9 of the program" {
    need_ns
    start_run wait
    kill -KILL "$program"
    finish_run 137
}

@test "kill -9 of shmtool leaves the program alone" {
    need_ns
    start_run wait
    kill -KILL "$helper_pid"
    wait "$helper_pid" || true
    kill -0 "$program"
    # shellcheck disable=SC2046 # ids
    assert_exists $(cat "$ids")
    kill -KILL "$program"
    wait_until process_gone "$program"
}

process_gone() {
    [[ ! -d /proc/$1 ]] || grep -q '^State:.*Z' "/proc/$1/status"
}

@test "a signal that ends both at once" {
    need_ns
    leak
    # The whole process group, as timeout(1) and a shell's hang-up do it.
    start_helper setsid "$SHMTOOL" run "${leak[@]}" wait
    kill -TERM -- "-$(ps -o pgid= -p "$(sed -n 's/^ready //p' "$helper_out")" | tr -d ' ')"
    finish_run 143
}

@test "Ctrl+C and Ctrl+\\ end the program, not shmtool" {
    need_ns
    leak
    pty -e ready -s '\003' -- "$SHMTOOL" run "${leak[@]}" wait
    assert_status 130
    assert_cleaned
    assert_out_has_not 'shmtool'
    rm "$ids"
    pty -e ready -s '\034' -- bash -c 'ulimit -c 0; exec "$@"' - "$SHMTOOL" run "${leak[@]}" wait
    assert_status 131
    assert_cleaned
}

@test "Ctrl+C that the program handles" {
    need_ns
    leak
    pty -e ready -s '\003' -s '\004' -e 'got 1' -- "$SHMTOOL" run "${leak[@]}" trap 2
    assert_status 0
    assert_cleaned
}

@test "Ctrl+C at once, after the start" {
    need_ns
    local round
    for round in {1..20}; do
        pty -e go -s '\003' -- sh -c 'echo go; exec "$@"' - "$SHMTOOL" run "$HELPERS/leak" --attach wait
        assert_status 130 || fail "round $round"
        assert_equal "$(all_ids)" "$before"
    done
}

@test "the terminal is hung up" {
    need_ns
    leak
    pty -e ready -h -- "$SHMTOOL" run "${leak[@]}" wait
    assert_status 129
    assert_cleaned
}

@test "the program reads the terminal" {
    need_ns
    pty -e 'name?' -s 'ada\n' -e 'hello ada' -- "$SHMTOOL" run sh -c 'echo "name?"; read n; echo "hello $n"'
    assert_status 0
}

# --- Job control ------------------------------------------------------------------------------

# shell STEP...: an interactive shell on a terminal, with $leak as the command `leak` and shmtool as `run`
shell() {
    leak
    {
        printf 'PS1="prompt> " PS2="" HISTFILE=; set +o history; unset PROMPT_COMMAND\n'
        printf 'bind "set enable-bracketed-paste off" 2>/dev/null\n'
        printf 'leak() { %q --attach --ids %q "$@"; }\n' "$HELPERS/leak" "$ids"
        printf 'run() { %q run "$@"; }\n' "$SHMTOOL"
        printf 'leak=%q ids=%q SHMTOOL=%q\n' "$HELPERS/leak" "$ids" "$SHMTOOL"
    } >"$BATS_TEST_TMPDIR/rc"
    pty -e 'prompt> ' "$@" -- bash --noprofile --rcfile "$BATS_TEST_TMPDIR/rc" -i
}

@test "Ctrl+Z stops both, fg continues both" {
    need_ns
    shell -s '$SHMTOOL run $leak --attach --ids $ids wait\n' -e ready -s '\032' -e Stopped -e 'prompt> ' \
        -s 'jobs -s | grep -c leak\n' -e $'1\r\n' -e 'prompt> ' \
        -s 'fg\n' -e continued -s '\003' -e 'prompt> ' -s 'echo "<$?>"\n' -e '<130>' -s 'exit 0\n'
    assert_status 0
    assert_cleaned
}

@test "many times Ctrl+Z and fg" {
    need_ns
    local steps=() round
    for round in 1 2 3 4 5 6; do
        steps+=(-s '\032' -e Stopped -e 'prompt> ' -s 'fg\n' -e continued)
    done
    shell -s '$SHMTOOL run $leak --attach --ids $ids wait\n' -e ready "${steps[@]}" \
        -s '\003' -e 'prompt> ' -s 'echo "<$?>"\n' -e '<130>' -s 'exit 0\n'
    assert_status 0
    assert_cleaned
}

@test "bg continues it in the background, kill ends it" {
    need_ns
    # By $!: the shell may report the end, and forget the job, before it waits.
    shell -s '$SHMTOOL run $leak --attach --ids $ids wait\n' -e ready -s '\032' -e Stopped -e 'prompt> ' \
        -s 'bg\n' -e continued -s 'kill %1; wait $!; echo "<$?>"\n' -e '<143>' -s 'exit 0\n'
    assert_status 0
    assert_cleaned
}

@test "a program in the background that reads the terminal is stopped, and so are we" {
    need_ns
    shell -s '$SHMTOOL run $leak --attach --ids $ids read &\n' -e ready -s 'wait; echo waited\n' -e 'Stopped' \
        -s '\n' -e 'prompt> ' -s 'fg\n' -e continued -s '\004' -e 'prompt> ' -s 'echo "<$?>"\n' -e '<0>' -s 'exit 0\n'
    assert_status 0
    assert_cleaned
}

@test "a program that stops itself" {
    need_ns
    shell -s '$SHMTOOL run $leak --attach --ids $ids stop\n' -e ready -e Stopped -e 'prompt> ' \
        -s 'fg\n' -e continued -s '\004' -e 'prompt> ' -s 'echo "<$?>"\n' -e '<0>' -s 'exit 0\n'
    assert_status 0
    assert_cleaned
}

@test "a program that ignores Ctrl+Z is not stopped by it, and we are not either" {
    need_ns
    shell -s "(trap '' TSTP; exec \$SHMTOOL run \$leak --attach --ids \$ids wait)\n" -e ready -s '\032' -s '\003' \
        -e 'prompt> ' -s 'echo "<$?>"\n' -e '<130>' -s 'exit 0\n'
    assert_status 0
    assert_cleaned
}

@test "the program is an interactive shell with jobs of its own, and is suspended" {
    need_ns
    shell -s 'export PS1="inner> "; $SHMTOOL run bash --norc --noprofile -i; PS1="prompt> "\n' -e 'inner> ' \
        -s '$0 -c "exit 3"; echo "<$?>"\n' -e '<3>' -e 'inner> ' -s 'exit 4\n' -e 'prompt> ' -s 'exit 0\n'
    assert_status 0
    # A job of the inner shell is stopped and continued by the inner shell: we have no part in it.
    shell -s 'export leak ids; PS1="inner> " $SHMTOOL run bash --norc --noprofile -i\n' -e 'inner> ' \
        -s '$leak --attach --ids $ids wait\n' -e ready -s '\032' -e Stopped -e 'inner> ' \
        -s 'fg\n' -e continued -s '\003' -e 'inner> ' \
        -s 'suspend\n' -e Stopped -e 'prompt> ' -s 'fg\n' -e bash -s 'echo "[$((6 * 7))]"\n' -e '[42]' \
        -s 'exit 9\n' -e 'prompt> ' -s 'echo "<$?>"\n' -e '<9>' -s 'exit 0\n'
    assert_status 0
    [[ -n $(all_ids) ]]
}

@test "without a terminal, whoever stops the program alone can continue it alone" {
    need_ns
    start_reading read
    kill -STOP "$program"
    wait_until grep -q '^State:.T' "/proc/$program/status"
    kill -CONT "$program"
    exec 8>&-
    finish_run 0
}

@test "an editor" {
    need_ns
    need_program vi
    local file=$BATS_TEST_TMPDIR/text
    printf 'one\n' >"$file"
    shell -s "\$SHMTOOL run vi $file\n" -e one -s '\032' -e Stopped -e 'prompt> ' -s 'fg\n' -e one \
        -s ':s/one/two/\n' -s ':wq\n' -e 'prompt> ' -s 'echo "<$?>"\n' -e '<0>' -s 'exit 0\n'
    assert_status 0
    assert_equal "$(cat "$file")" two
}
