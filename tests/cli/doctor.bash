# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # common.bash sets what these functions look at; the tests use what they set
# Tests of doctor --key and --size (`load doctor`, after `load common`).

restore_limits() {
    echo 18446744073692774399 >/proc/sys/kernel/shmmax
    echo 18446744073692774399 >/proc/sys/kernel/shmall
    echo 4096 >/proc/sys/kernel/shmmni
}

# need_limits: skips the test where limits cannot be set, or are the machine's
need_limits() {
    need_ns
    { : >>/proc/sys/kernel/shmmax; } 2>/dev/null || skip "may not set the limits of its IPC namespace"
}

# doctor ARG...: runs it with --json too; sets $result, $reason, $remedy
doctor() {
    shmtool doctor "$@" --json
    attach=$(jq -c .attach <<<"$out") warning=$(jq -r .warning <<<"$out")
    result=$(jq -r .result <<<"$out")
    reason=$(jq -r .reason <<<"$out")
    remedy=$(jq -r .remedy <<<"$out")
    [[ $(jq -r .schema <<<"$out") == 1 ]] || fail "no schema 1" || return 1
    shmtool doctor "$@"
}

# assert_predicted RESULT KEY SIZE FLAGS: the result, the exit status, and what the kernel says
assert_predicted() {
    assert_equal "$result" "$1" || return 1
    assert_status "$([[ $1 == OK ]] && echo 0 || echo 1)" || return 1
    [[ $1 == OK ]] || assert_out_matches " would fail: $1 \\(" || return 1
    # A program of 32 bits cannot ask for all sizes.
    if has_64_bits || (($3 >= 0 && $3 < 4294967296)); then
        assert_equal "$("$HELPERS/callshmget" -- "$2" "$3" "$4")" "$1"
    fi
}

assert_reason_has() {
    [[ $reason == *"$1"* ]] || fail "the reason has no '$1':" "$reason"
}
