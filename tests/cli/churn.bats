# A short run of the churn test (`make stress` is the long one), and whether it would notice.

load common

# play BODY: a shmtool that is not to be trusted; $REAL is the one that is
play() {
    ! grep -q __asan_init "$SHMTOOL" || skip "under a sanitizer too few rounds fit"
    # shellcheck disable=SC2016 # for the script
    printf '#!/bin/bash\n%s\nexec "$REAL" "$@"\n' "$1" >"$BATS_TEST_TMPDIR/shmtool"
    chmod 755 "$BATS_TEST_TMPDIR/shmtool"
    export REAL=$SHMTOOL
    run_split "$HELPERS/churn" --rounds 10 --seconds 20 "$BATS_TEST_TMPDIR/shmtool"
}

# notices TEXT: churn failed, and TEXT is among what it complains of
notices() {
    assert_status 1
    assert_out_matches '[1-9][0-9]* wrong'
    assert_out_has "$1"
}

@test "while others make, use and remove segments, nothing is removed that should stay" {
    need_ns
    run_split "$SRC/tests/stress/run" -n 200
    assert_status 0
    assert_out_matches '[1-9][0-9]* removals .*, 0 wrong'
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
