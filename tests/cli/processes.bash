# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # common.bash sets what these functions look at; the tests use what they set
# Tests of who, stat and state (`load processes`, behind `load common`): segments held in every way.

# act WORD...: starts the helper actor and sets $actor (its pid), $seg (its segment's id) and $children
act() {
    start_helper actor "$@" || return 1
    read_actor
}

# act_as UID WORD...: the same as another user
act_as() {
    local uid=$1
    shift
    start_helper as_user "$uid" actor "$@" || return 1
    read_actor
}

read_actor() {
    local ready
    read -r ready actor seg children < <(grep '^ready' "$helper_out")
    [[ $ready == ready ]]
    # A daemon is not the process that was started.
    [[ $actor == "$helper_pid" ]] || daemons+=("$actor")
}

daemons=()

# end_daemons: for a teardown; what `actor daemon` left, and whatever else was added to $daemons
end_daemons() {
    local pid
    for pid in "${daemons[@]}"; do
        kill -KILL "$pid" 2>/dev/null || true
        wait_until is_gone "$pid"
    done
}

# end_actor [PID]: kills it, waits for its end, and, of the latest, for its children's
end_actor() {
    local pid=${1:-$actor} child
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    wait_until is_gone "$pid"
    [[ $pid == "$actor" ]] || return 0
    for child in $children; do
        wait_until is_gone "$child"
    done
}

# is_gone PID: no such process, or a dead one that nobody waited for
is_gone() {
    local state
    state=$(sed -n 's/^State:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null) || return 0
    [[ -z $state || $state == Z* ]]
}

# readable_err: what standard error has besides the one line about processes that could not be read,
# which even root gets where something in the machine cannot be looked at
readable_err() {
    printf '%s' "$err" | grep -v 'could not be read;\|do not show at all' || true
}

# assert_quiet: nothing on standard error but that one line
assert_quiet() {
    local rest
    rest=$(readable_err)
    [[ -z $rest ]] || fail "standard error has more than the line about unreadable processes"
    (($(printf '%s' "$err" | wc -l) <= 1)) || fail "more than one line on standard error"
}

# who_has ID [COLUMNS]: `who ID` without its header, these fields (3,5,6: pid, access, maps) of each row
who_has() {
    shmtool who "$1"
    assert_status 0 || return 1
    assert_quiet || return 1
    sed 1d "$out_file" | tr -s ' ' | cut -d ' ' -f "${2:-3,5,6}"
}

# state_of ID: as ls tells it
state_of() {
    shmtool ls -c state --no-header "$1"
    assert_status 0 || return 1
    printf '%s' "${out%$'\n'}"
}

# rm_orphans: the ids that `rm --orphan --dry-run` would remove
rm_orphans() {
    shmtool rm --orphan --dry-run
    assert_status 0 || return 1
    awk '$1 ~ /^0x/ { print $2 }' <<<"$out"
}

# assert_state ID STATE: ls, stat, --state and rm --orphan agree about it
assert_state() {
    local id=$1 expected=$2 orphans
    assert_equal "$(state_of "$id")" "$expected" || return 1
    shmtool stat "$id"
    assert_status 0 || return 1
    assert_out_matches $'\n  state +'"$expected"$'\n' || return 1
    shmtool ls -q --state "$expected" "$id"
    assert_out "$id" || return 1
    shmtool ls -q --orphan "$id"
    orphans=$(rm_orphans)
    if [[ $expected == orphan ]]; then
        assert_out "$id" || return 1
        grep -qx "$id" <<<"$orphans" || fail "rm --orphan would not remove it" || return 1
    else
        assert_out '' || return 1
        ! grep -qx "$id" <<<"$orphans" || fail "rm --orphan would remove it" || return 1
    fi
}
