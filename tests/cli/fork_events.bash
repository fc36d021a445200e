# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # the tests set $ids, $beside, and use $leave_daemon
# For the tests of run: whether the kernel reports fork and exit events, and namespaces can be had; what became of the segments
# (load fork_events, after common).

# begin_run: $ids is where the program's ids go, and $beside a COMMAND by a shell that has a child already, which
# waits for somebody to open $gate: a second shmtool runs the program then
begin_run() {
    common_setup
    gate=$BATS_TEST_TMPDIR/gate
    ids=$BATS_TEST_TMPDIR/ids
    mkfifo "$gate"
    # shellcheck disable=SC2016 # for the inner shell
    beside=(sh -c '(read -r _ <"$0") & exec "$@"' "$gate")
    # A program that ends when a descendant that lives on has made a segment, which it does not attach.
    # shellcheck disable=SC2016 # for the inner shell
    leave_daemon=(sh -c '"$0/actor" daemon make:0 >"$1" & read -r _ <"$1"' "$HELPERS" "$gate")
}

# end_run: lets that child go
end_run() {
    : <>"$gate"
    rm -f "$ids"
    common_teardown
}

# without_events COMMAND...: where the kernel reports none: it does so in the initial network namespace only
without_events() {
    unshare --net -- "$@"
}

# has_events: whether the kernel reports events to shmtool here
has_events() {
    [[ -z ${events_status:-} ]] || return "$events_status"
    local probe=$BATS_TEST_TMPDIR/probe messages
    messages=$("$SHMTOOL" run "$HELPERS/brood" "$probe" 20 short 2>&1)
    events_status=0
    [[ -z $messages ]] || events_status=1
    # What was left is no test's business.
    "$SHMTOOL" rm --ignore-missing <"$probe" 2>/dev/null
    return "$events_status"
}

need_without_events() {
    without_events true 2>/dev/null || skip "no network namespace can be made"
}

# words of a shell that has `run` for its parent, and mkseg's directory in $0: a grandchild makes a segment and ends while
# `run` is stopped, so that without events nobody can trace it
# shellcheck disable=SC2016 # for the inner shell
readonly MAKE_UNSEEN='kill -STOP $PPID
    until grep -q "^State:.T" "/proc/$PPID/status"; do :; done
    sh -c "\"\$0/mkseg\" >/dev/null; exit 0" "$0"
    kill -CONT $PPID'

# passed_on RUN PROGRAM NUMBER: `run` has taken the signal and waits again, so it has sent it on; and the program's
# handler, which runs when the signal is pending no more, has had it
passed_on() {
    signal_taken "$1" "$3" && [[ $(cut -d ' ' -f 3 "/proc/$1/stat") == S ]] && signal_taken "$2" "$3"
}

# signal_taken PID NUMBER: the signal is not waiting for the process any more
signal_taken() {
    local mask
    mask=$(awk '/^ShdPnd/ { print $2 }' "/proc/$1/status") || return 0
    (((16#$mask >> ($2 - 1)) & 1)) || return 0
    return 1
}

# without_namespaces COMMAND...: a user who may make none, because the limit is 0
without_namespaces() {
    unshare --user --map-root-user sh -c 'echo 0 >/proc/sys/user/max_user_namespaces || exit 99
        exec setpriv --bounding-set=-all --inh-caps=-all "$@"' - "$@"
}

# in_each_mode TEST: TEST WRAPPER... with shmtool alone, with a child that it had before, and as process 1; each
# without an option, with --isolate and with --exact in $options
in_each_mode() {
    local option words=('')
    for option in --isolate --exact; do
        ! "$SHMTOOL" run "$option" true 2>/dev/null || words+=("$option")
    done
    for option in "${words[@]}"; do
        # shellcheck disable=SC2034 # TEST uses it
        options=(${option:+"$option"})
        "$1" env
        "$1" "${beside[@]}"
        ! unshare --pid --fork --mount-proc true 2>/dev/null || "$1" unshare --pid --fork --kill-child --mount-proc
    done
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
