# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # common.bash and the tests set and use these
# rm reads standard input (`load input`, after `load common`).

# fed TEXT ARG...: run_split `shmtool rm ARG...` with TEXT (escapes as in printf's %b) on standard input
fed() {
    printf '%b' "$1" >"$BATS_TEST_TMPDIR/input"
    run_split "$SHMTOOL" rm "${@:2}" <"$BATS_TEST_TMPDIR/input"
}

# three_segments: $a, $b and $c, with keys 0x77, 0x78 and none
three_segments() {
    a=$(make_seg --key 0x77 --size 131104 --mode 666)
    b=$(make_seg --key 0x78 --size 393216)
    c=$(make_seg --size 1)
}

# refused LINE-NUMBER TEXT: TEXT on standard input is wrong usage, the line is named, nothing is removed
refused() {
    fed "$2"
    assert_status 2 || return 1
    assert_out '' || return 1
    assert_err_matches "^shmtool: rm: standard input, line $1: [^"$'\n'"]*; nothing was removed"$'\n$' || return 1
    assert_exists "$a" "$b" "$c"
}

# refused_output COMMAND...: so is what COMMAND writes
refused_output() {
    "$@" >"$BATS_TEST_TMPDIR/input"
    [[ -s $BATS_TEST_TMPDIR/input ]] || fail "no output: $*"
    run_split "$SHMTOOL" rm <"$BATS_TEST_TMPDIR/input"
    assert_status 2 || return 1
    assert_out '' || return 1
    assert_err_has 'standard input, line ' || return 1
    assert_err_has 'nothing was removed' || return 1
    assert_exists "$a" "$b" "$c"
}
