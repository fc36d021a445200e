# shellcheck shell=bash
# shellcheck disable=SC2154 # the tests set $ids, $beside
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
