# shellcheck shell=bash
# For the tests of run: whether the kernel tells of births (load births, behind common).

# unheard COMMAND...: where the kernel does not tell of births: it does so in the first network namespace only
unheard() {
    unshare --net -- "$@"
}

# hears: whether the kernel tells shmtool of births here
hears() {
    [[ -z ${heard:-} ]] || return "$heard"
    local probe=$BATS_TEST_TMPDIR/probe messages
    messages=$("$SHMTOOL" run "$HELPERS/brood" "$probe" 20 short 2>&1)
    heard=0
    [[ -z $messages ]] || heard=1
    # What was left is no test's business.
    "$SHMTOOL" rm --ignore-missing <"$probe" 2>/dev/null
    return "$heard"
}

need_unheard() {
    unheard true 2>/dev/null || skip "no network namespace can be made"
}
