# A short run of the churn test (`make stress` is the long one), and whether it would notice.

load ../cli/common

# play BODY: a shmtool that is not to be trusted; $REAL is the one that is
play() {
    ! grep -q __asan_init "$SHMTOOL" || skip "under a sanitizer too few rounds fit"
    # shellcheck disable=SC2016 # for the script
    printf '#!/bin/bash\n%s\nexec "$REAL" "$@"\n' "$1" >"$BATS_TEST_TMPDIR/shmtool"
    chmod 755 "$BATS_TEST_TMPDIR/shmtool"
    export REAL=$SHMTOOL
    run_split "${PLAYED[@]:-$HELPERS/churn}" --rounds 10 --seconds 20 "$BATS_TEST_TMPDIR/shmtool"
}

# play_everywhere BODY: the same of rm -A, where no other IPC namespaces are
play_everywhere() {
    need_root
    unshare --pid --fork --mount-proc --ipc true 2>/dev/null || skip "no PID namespace can be made here"
    PLAYED=(unshare --pid --fork --kill-child --mount-proc --ipc "$HELPERS/everywhere")
    play "$1"
}

# notices TEXT: churn failed, and TEXT is among what it complains of
notices() {
    assert_status 1
    assert_out_matches '[1-9][0-9]* wrong'
    assert_out_has "$1"
}

@test "while others make, use and remove segments, nothing is removed or changed that should stay" {
    need_ns
    run_split "$SRC/tests/stress/run" -n 200 churn
    assert_status 0
    assert_out_matches '[1-9][0-9]* changes by set'
    assert_out_matches '[1-9][0-9]* removals .*, 0 wrong'
}

@test "rm -A by owner while ids and namespaces come and go: the right ones go, and nothing else" {
    need_ns
    need_root
    run_split "$SRC/tests/stress/run" -n 300 everywhere
    assert_status 0
    assert_out_matches '[1-9][0-9]* removals .*[1-9][0-9]* left alone .*, 0 wrong'
}

@test "everywhere notices what rm -A removes of others, and what it leaves" {
    need_ns
    # shellcheck disable=SC2016 # for the script
    play_everywhere '[[ $* != *--yes* ]] || exec "$REAL" rm -A --all --yes --json'
    notices "somebody else's"
    notices 'was removed and had to stay'
    # shellcheck disable=SC2016
    play_everywhere '"$REAL" rm --all --yes >/dev/null'
    notices 'of our own namespace is gone'
    # shellcheck disable=SC2016
    play_everywhere '[[ $* != *--yes* ]] || exec "$REAL" "${@/--owner=50001/--owner=50000}"'
    notices 'was to be removed, and is still there'
}

@test "churn notices segments that are removed with the orphans" {
    need_ns
    # shellcheck disable=SC2016 # for the script
    play '[[ $1 != rm || $* != *--orphan* ]] || exec "$REAL" rm --all --yes --json'
    notices 'as its user saw: '
    notices 'as the witness saw: '
    notices 'as shmtool said: '
}

@test "churn notices segments that are removed behind its back" {
    need_ns
    # shellcheck disable=SC2016
    play '[[ $1 != rm ]] || ipcrm -m "$("$REAL" ls -q --state idle,used | head -n 1)" 2>/dev/null'
    notices 'as its user saw: '
    notices 'as the witness saw: '
}

@test "churn notices segments that are changed with the orphans, and what is removed unsaved" {
    need_ns
    # shellcheck disable=SC2016
    play '[[ $1 != set ]] || exec "$REAL" set --all --yes --json perms=a+x'
    notices ', which is in use, has permissions '
    notices 'was changed and had to stay'
    # shellcheck disable=SC2016
    play '[[ $3 != --save=* ]] || { "$REAL" "$@"; status=$?; rm -r "${3#*=}/content"; exit $status; }'
    notices 'was removed and is not saved'
}

@test "churn notices orphans that are removed too young" {
    need_ns
    # shellcheck disable=SC2016
    play 'set -- "${@/--older-than=2s/--older-than=0s}"'
    notices 'was too young'
}

@test "churn notices rows that are missing, and rows that never were" {
    need_ns
    # shellcheck disable=SC2016
    play '[[ $1 != ls ]] || { "$REAL" "$@" | grep -v ,used,; exit; }'
    notices 'is listed 0 times'
    # shellcheck disable=SC2016
    play '[[ $1 != ls ]] || { "$REAL" "$@" | sed s/,0,orphan,/,0,used,/; exit; }'
    notices 'nattch 0, and state used'
}

@test "churn notices a remover that does nothing" {
    need_ns
    # shellcheck disable=SC2016
    play '[[ $1 != rm ]] || exec "$REAL" rm --dry-run "${@:2}"'
    assert_status 1
    assert_out_has 'not everything was put to the test'
}

# looks FILE COMMAND...: 5,000 looks at segments that are attached and detached all the time, or as
# many as fit into 40 seconds; their documents go to FILE
looks() {
    local file=$1 end=$((SECONDS + 40)) n blinking a b
    shift
    a=$(make_seg)
    b=$(make_seg --key 0x77)
    start_helper blink "$a" "$b"
    blinking=$helper_pid
    for ((n = 0; n < 5000 && SECONDS < end; n++)); do
        "$SHMTOOL" "$@" || [[ $? == 1 ]]
    done >"$file"
    kill "$blinking"
    echo "# $n looks" >&3
}

@test "stat never says two things of one segment, in 5,000 looks" {
    need_ns
    looks "$BATS_TEST_TMPDIR/all" stat --json
    grep -F '"state": ' "$BATS_TEST_TMPDIR/all" |
        sed 's/.*"state": "\([a-z]*\)".*"explanation": "\([A-Za-z]*\).*/\1 \2/' | sort -u >"$BATS_TEST_TMPDIR/pairs"
    # Some of each were seen, and no other pairs.
    assert_equal "$(grep -c -E '^(orphan Orphan|unknown Unknown|used In|idle Idle)$' "$BATS_TEST_TMPDIR/pairs")" \
        "$(wc -l <"$BATS_TEST_TMPDIR/pairs")"
    grep -q orphan "$BATS_TEST_TMPDIR/pairs"
    grep -q -e used -e unknown "$BATS_TEST_TMPDIR/pairs"
}

@test "doctor never puts one segment into two checks of states, in 5,000 looks" {
    need_ns
    looks "$BATS_TEST_TMPDIR/all" doctor --json
    # shellcheck disable=SC2016 # for awk
    assert_equal "$(awk -F '"shmids": [[]' '
        /"schema": / { delete seen }
        /"check": "(orphans|orphans-with-key|states)"/ {
            count = split(substr($2, 1, index($2, "]") - 1), ids, ", ")
            for (i = 1; i <= count; i++)
                if (seen[ids[i]]++) print "twice: " $0
        }' "$BATS_TEST_TMPDIR/all")" ''
    grep -q -F '"check": "orphans"' "$BATS_TEST_TMPDIR/all"
    grep -q -F '"check": "orphans-with-key"' "$BATS_TEST_TMPDIR/all"
}
