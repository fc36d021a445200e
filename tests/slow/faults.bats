# Every system call and every allocation of shmtool fails in turn; `make faults` tries more errors.

load ../cli/common

need_faults() {
    need_ns
    [[ -x $HELPERS/shmtool-faults ]] || skip "needs a shmtool that is linked with the faults' shim"
    need_no_coverage
    ! grep -q __asan_init "$HELPERS/shmtool-faults" || skip "thousands of runs under a sanitizer take too long"
}

@test "whatever fails: no crash, no hang, a true exit status, nothing removed that was not selected" {
    need_faults
    run_split "$SRC/tests/faults/run" --quick
    [[ $status != 77 ]] || skip "system calls cannot be made to fail here"
    assert_status 0
    assert_out_matches '[0-9]{4,} runs, 0 wrong'
}

# play BODY COMMAND CALL: a shmtool that does BODY instead while CALL fails; $REAL is the one with the shim
play() {
    # shellcheck disable=SC2016 # for the script
    printf '#!/bin/bash\n%s\n' "$1" >"$BATS_TEST_TMPDIR/shmtool"
    chmod 755 "$BATS_TEST_TMPDIR/shmtool"
    export REAL=$HELPERS/shmtool-faults
    export SHMTOOL_FAULTS=$BATS_TEST_TMPDIR/shmtool
    run_split "$SRC/tests/faults/run" --only "$2" --call "$3"
    [[ $status != 77 ]] || skip "system calls cannot be made to fail here"
    assert_status 1
}

@test "the judge notices a status that is not true, and a segment too many" {
    need_faults
    # shellcheck disable=SC2016
    play '"$REAL" "$@"; exit 0' ls write
    assert_out_has 'the output is another'
    # shellcheck disable=SC2016
    play '"$REAL" "$@" || { ipcrm --all=shm; exit 1; }' rm openat
    assert_out_has 'it removed what was not selected'
    # shellcheck disable=SC2016
    play '"$REAL" "$@" || kill -SEGV $$' rm shmctl
    assert_out_has 'it was ended by a signal'
    # shellcheck disable=SC2016
    play '"$REAL" "$@"; status=$?; ((status == 0)) || exit 2' rm shmctl
    assert_out_has 'it says that nothing was done, and removed something'
}

@test "the judge notices a program that is left alone, and one whose status or segments get lost" {
    need_faults
    # shellcheck disable=SC2016
    play '"$REAL" "$@"; exit 0' run pipe2
    assert_out_has 'the program was not started, and the status does not say so'
    # shellcheck disable=SC2016
    play 'exec 3>&1; words=$("$REAL" "$@" 2>&1 >&3); status=$?; [[ -z $words ]] || exit 1; exit $status' run shmctl
    assert_out_has "the program's status got lost"
    # shellcheck disable=SC2016
    play 'exec 2>/dev/null; "$REAL" "$@"' run shmctl
    assert_out_has "the program's segments are left without a word"
    # shellcheck disable=SC2016
    play '"$REAL" "$@"; status=$?; tail -f /dev/null & exit $status' run clone
    assert_out_has 'it did not wait for its program'
}

@test "the judge notices what is changed, not saved, half replaced or printed in vain" {
    need_faults
    # shellcheck disable=SC2016
    play '"$REAL" "$@" || { "$REAL" set --all --yes perms=600 owner=1; exit 1; }' set openat
    assert_out_has 'it changed what was not selected'
    # shellcheck disable=SC2016
    play '"$REAL" "$@"; status=$?; : >"$3/content/$4"; exit $status' 'rm --save' fsync
    assert_out_has 'it removed a segment whose bytes are not saved'
    # shellcheck disable=SC2016
    play '"$REAL" "$@"; status=$?; sed -i 2d "$3/proc/sysvipc/shm"; exit $status' 'rm --save' fsync
    assert_out_has 'it removed a segment that has no line in what was saved'
    # shellcheck disable=SC2016
    play '"$REAL" "$@" || { cp "$3" "$3.half"; exit 1; }' metrics renameat
    assert_out_has 'something lies beside the file'
    # shellcheck disable=SC2016
    play 'exec 2>/dev/null; "$REAL" "$@" || { ipcmk -M 7000 >/dev/null; exit 1; }' restore shmget
    assert_out_has 'a segment is left without a word'
    # shellcheck disable=SC2016
    play 'out=$("$REAL" "$@") || { echo 77; exit 1; }; printf "%s\n" "$out"' restore shmat
    assert_out_has 'it printed an id that is not the segment'
    # shellcheck disable=SC2016
    play 'exec 2>/dev/null; "$REAL" "$@"; rm -r "$2/proc/sysvipc"; exit 0' capture getrandom
    assert_out_has 'status 0, and a segment is not in what was captured'
}
