# shellcheck shell=bash
# What every bats file loads (`load common`): segments of one's own, helpers, and assertions.
#
# The runner (tests/run) starts each bats file in a new IPC namespace and sets
#   SHMTOOL    the program under test        HELPERS  the directory of the built helpers
#   SRC        the project's root            SHMTOOL_TEST_NS  1 in a namespace of one's own, else 0
# A file that needs a setup or teardown of its own calls common_setup or common_teardown in it.

: "${SHMTOOL:?run the tests by tests/run or make test}" "${HELPERS:?}" "${SRC:?}"

helper_pids=()
status=0 out='' err='' ran=''

# --- Conditions -------------------------------------------------------------------------------

# own_ns: this really is an IPC namespace that the tests were given, and not the machine's. A file is asked
# once: bats starts its tests from the process that has loaded this one.
own_ns() {
    [[ ! /proc/self/ns/ipc -ef /proc/1/ns/ipc ]] || return 1
    if [[ ! ${SHMTOOL_TEST_OWN_NS:-} ]]; then
        export SHMTOOL_TEST_OWN_NS=no
        ! is_own_ns || SHMTOOL_TEST_OWN_NS=yes
    fi
    [[ $SHMTOOL_TEST_OWN_NS == yes ]]
}

is_own_ns() {
    local here init
    [[ ${SHMTOOL_TEST_NS:-0} == 1 && -n ${SHMTOOL_TEST_OUTER_NS:-} ]] || return 1
    here=$(readlink /proc/self/ns/ipc) || return 1
    [[ $here != "$SHMTOOL_TEST_OUTER_NS" ]] || return 1
    # An ordinary user cannot read this link; the two conditions above stand alone then.
    init=$(readlink /proc/1/ns/ipc 2>/dev/null) || return 0
    [[ $here != "$init" ]]
}

# need_ns: skips the test where it would see the machine's own segments.
need_ns() {
    own_ns || skip "no IPC namespace of its own: segments are neither made nor removed"
}

# has_users: other users can be had, to run commands as them or to give them segments
has_users() {
    setpriv --reuid 12345 --regid 12345 --clear-groups true 2>/dev/null
}

# need_mounts_root: skips the test where nsenter(1), which goes to the root of a mount namespace, loses the tests
need_mounts_root() {
    nsenter --target $$ --mount test -x "$SHMTOOL" 2>/dev/null || skip "in a chroot, or may not enter its own mount namespace"
}

# need_root: skips the test where they cannot
need_root() {
    has_users || skip "needs root: it has to do with other users"
}

# need_program NAME: skips the test where a program that only it uses is missing
need_program() {
    command -v "$1" >/dev/null || skip "needs $1"
}

# without_leak_sanitizer: for a test in which /proc is that of other processes, or strace runs the program
without_leak_sanitizer() {
    export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
}

# need_no_sanitizer: skips the test where the program was built with one, which needs room and a /proc
# that shows the program itself and tells how it was called
need_no_sanitizer() {
    ! grep -q LeakSanitizer "$SHMTOOL" || skip "a sanitizer cannot work here"
}

# words_of_errno ENOMEM|ELOOP: what the C library says of those that glibc and musl name differently
words_of_errno() {
    if ! grep -q ld-musl "$HELPERS/mkseg"; then
        [[ $1 == ENOMEM ]] && echo 'Cannot allocate memory' || echo 'Too many levels of symbolic links'
    else
        [[ $1 == ENOMEM ]] && echo 'Out of memory' || echo 'Symbolic link loop'
    fi
}

# has_64_bits: the programs have; those of 32 bits (gcc -m32) have no room for sizes of 4 GiB and more
has_64_bits() {
    [[ $(od -A n -t u1 -j 4 -N 1 "$HELPERS/mkseg") -eq 2 ]]
}

need_64_bits() {
    has_64_bits || skip "a program of 32 bits has no room for 4 GiB"
}

# To a program of 32 bits the kernel's calls tell no sizes (kernel/sysv.h).
need_sizes_by_calls() {
    has_64_bits || skip "a program of 32 bits needs /proc/sysvipc/shm"
}

# The counts of what was run are read and written as the program ends.
need_no_coverage() {
    ! grep -q __gcov_dump "$SHMTOOL" || skip "what measures coverage has files and memory of its own"
}

# as_user UID COMMAND...: as that user and group, with no other group
as_user() {
    local uid=$1
    shift
    setpriv --reuid "$uid" --regid "$uid" --clear-groups "$@"
}

# --- Segments ---------------------------------------------------------------------------------

# remove_all_segments: nothing is left of an earlier test, and what is made from now on is listed in the order in which it
# is made. Does nothing outside a namespace of one's own.
remove_all_segments() {
    ! own_ns || "$HELPERS/clearsegs"
}

# any_segment: there is one
any_segment() {
    local _line
    { read -r _line && read -r _line; } </proc/sysvipc/shm
}

# make_seg [-s SIZE] [-k KEY] [-m MODE] [any option of the helper mkseg]: prints the new ids
make_seg() {
    "$HELPERS/mkseg" "$@"
}

# key_of ID, field_of ID COLUMN-NUMBER: from /proc/sysvipc/shm, the test's own view of the truth.
# Columns: 1 key (signed) 2 shmid 3 perms 4 size 5 cpid 6 lpid 7 nattch 8 uid 9 gid 10 cuid 11 cgid
# 12 atime 13 dtime 14 ctime 15 rss 16 swap. Nothing for an id that does not exist.
field_of() {
    awk -v id="$1" -v column="$2" 'NR > 1 && $2 == id { print $column }' /proc/sysvipc/shm
}

# seg_exists ID
seg_exists() {
    local list
    read_whole list /proc/sysvipc/shm
    [[ $list =~ $'\n'' '*-?[0-9]+' '+"$1"' ' ]]
}

# all_ids: every id there is, one a line, in kernel order
all_ids() {
    awk 'NR > 1 { print $2 }' /proc/sysvipc/shm
}

# with_users LINE...: from here on $SHMTOOL sees these lines of passwd too; skips the test where that cannot be
with_users() {
    local passwd=$BATS_TEST_TMPDIR/passwd
    unshare --mount true 2>/dev/null || skip "needs a mount namespace of its own"
    { cat /etc/passwd && printf '%s\n' "$@"; } >"$passwd"
    # shellcheck disable=SC2016 # for the inner shell
    printf '#!/bin/sh\nexec unshare --mount sh -c '\''mount --bind "$0" /etc/passwd && exec "$@"'\'' "%s" "%s" "$@"\n' \
        "$passwd" "$SHMTOOL" >"$BATS_TEST_TMPDIR/shmtool"
    chmod 755 "$BATS_TEST_TMPDIR/shmtool"
    SHMTOOL=$BATS_TEST_TMPDIR/shmtool
}

# --- Helpers in the background ----------------------------------------------------------------

# start_helper COMMAND...: starts it (a bare name is looked for in $HELPERS first, and may stand
# behind `as_user UID`), waits until it has printed a line that begins with `ready`, and sets
# $helper_pid and $helper_out (the file with its output). Not to be called in a subshell.
start_helper() {
    local words=("$@") at=0
    [[ $1 != as_user ]] || at=2
    [[ ! -x $HELPERS/${words[at]} ]] || words[at]=$HELPERS/${words[at]}
    if ((at)); then
        words=(setpriv --reuid "$2" --regid "$2" --clear-groups "${words[@]:at}")
    fi
    helper_out=$(mktemp "$BATS_TEST_TMPDIR/helper.XXXXXX")
    # A background job of a script ignores SIGINT and SIGQUIT: not so a helper. Descriptor 3 is
    # bats' own, and it waits for its end.
    env --default-signal "${words[@]}" >"$helper_out" 2>&1 3>&- &
    helper_pid=$!
    helper_pids+=("$helper_pid")
    if [[ " ${words[*]} " == *' daemon '* ]]; then
        # Its child may get ready after it has gone.
        wait_until grep -q '^ready' "$helper_out" || return 1
    fi
    wait_until helper_is_ready_or_gone || return 1
    grep -q '^ready' "$helper_out" || fail "helper ended without 'ready': $*" "$(cat "$helper_out")"
}

helper_is_ready_or_gone() {
    grep -q '^ready' "$helper_out" || ! kill -0 "$helper_pid" 2>/dev/null
}

# helper_children: the pids behind the helper's own in its line `ready PID CHILD...`
helper_children() {
    sed -n 's/^ready [0-9]* *//p' "$helper_out"
}

# stop_helper [PID]: ends it (the latest one) with SIGTERM and waits for its end
stop_helper() {
    local pid=${1:-$helper_pid}
    kill -TERM "$pid" 2>/dev/null || true
    wait "$pid" || true
}

# kill_helper [PID]: the same with SIGKILL
kill_helper() {
    local pid=${1:-$helper_pid}
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
}

# wait_until COMMAND...: runs COMMAND again and again until it succeeds, for a minute at the most: on a busy
# machine what takes a moment takes long
wait_until() {
    local end=$((SECONDS + 60))
    until "$@"; do
        ((SECONDS < end)) || {
            fail "waited a minute for: $*"
            return 1
        }
        sleep 0.02
    done
}

own_ns || true

common_setup() {
    # bats traces each command, to say where a test failed. The test's own lines are enough for that, and
    # without a trace of all functions that they call tests take half the time.
    set +T
    declare -ft "$BATS_TEST_NAME"
    helper_pids=()
    # The first one finds a new namespace, in which ids begin at 0.
    ((BATS_TEST_NUMBER == 1)) || remove_all_segments
}

common_teardown() {
    local pid
    for pid in "${helper_pids[@]}"; do
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
}

setup() {
    common_setup
}

teardown() {
    common_teardown
}

# --- Running and asserting --------------------------------------------------------------------

# run_split COMMAND...: runs it and sets
#   $status            its exit status
#   $out $err          exactly what it wrote on standard output and standard error, newlines too
#   $out_file $err_file   the same in files, for bytes that a variable cannot hold
# Standard input is the caller's: `run_split "$SHMTOOL" rm <<<5`. Behind a pipe it would run in a
# subshell and set nothing.
run_split() {
    out_file=$BATS_TEST_TMPDIR/out
    err_file=$BATS_TEST_TMPDIR/err
    status=0
    "$@" >"$out_file" 2>"$err_file" 3>&- || status=$?
    read_whole out "$out_file"
    read_whole err "$err_file"
    ran="$*"
}

# shmtool ARG...: run_split with the program under test
shmtool() {
    # -A means the machine's own segments, too: what changes some has to be run `there` (namespaces.bash).
    if [[ " $* " =~ " rm "|" set " && " $* " =~ " -A "|" --all-namespaces " ]]; then
        fail "not in the machine's namespaces: shmtool $*" || return 1
    fi
    run_split "$SHMTOOL" "$@"
}

# pty ARG...: run_split with ptyrun (its options, steps, --, command)
pty() {
    run_split "$HELPERS/ptyrun" "$@"
}

# answer_meanwhile DEED ARG...: run_split `shmtool ARG...`, which asks, answered with yes; DEED, a command line,
# is run while the question stands there
answer_meanwhile() {
    local deed=$1 answer=$BATS_TEST_TMPDIR/answer pid
    shift
    out_file=$BATS_TEST_TMPDIR/out
    err_file=$BATS_TEST_TMPDIR/err
    mkfifo "$answer"
    exec 8<>"$answer"
    : >"$err_file"
    "$SHMTOOL" "$@" <"$answer" >"$out_file" 2>"$err_file" 3>&- 8>&- &
    pid=$!
    wait_until grep -q '(yes/no)' "$err_file"
    eval "$deed"
    echo yes >&8
    status=0
    wait "$pid" || status=$?
    exec 8>&-
    rm "$answer"
    read_whole out "$out_file"
    read_whole err "$err_file"
    ran="shmtool $* (meanwhile: $deed)"
}

# read_whole VARIABLE FILE
read_whole() {
    IFS= read -r -d '' "$1" <"$2" || true
}

# fail TEXT...: ends the test and tells what the last run_split saw
fail() {
    {
        printf '%s\n' "$@"
        if [[ -n ${ran:-} ]]; then
            printf 'command: %s\nstatus:  %s\n' "$ran" "$status"
            printf 'standard output:\n%s\n' "$(indented "$out")"
            printf 'standard error:\n%s\n' "$(indented "$err")"
        fi
    } >&2
    return 1
}

# indented TEXT: each line between bars, so that blanks and empty lines can be seen
indented() {
    if [[ -z $1 ]]; then
        echo '  (nothing)'
        return
    fi
    printf '%s\n' "${1%$'\n'}" | sed 's/^/  |/; s/$/|/'
    [[ $1 == *$'\n' ]] || echo '  (no newline at its end)'
}

# unwrap: $out becomes one line, whatever lines it was broken into
unwrap() {
    out=$(tr -s ' \n' ' ' <<<"$out")
}

assert_status() {
    [[ $status == "$1" ]] || fail "status is $status, not $1"
}

# assert_out TEXT, assert_err TEXT: the whole output is TEXT and a newline; '' is no output at all
assert_out() {
    [[ $out == "$1${1:+$'\n'}" ]] || fail "standard output is not:" "$(indented "$1")"
}

assert_err() {
    [[ $err == "$1${1:+$'\n'}" ]] || fail "standard error is not:" "$(indented "$1")"
}

# assert_out_has TEXT, assert_err_has TEXT: TEXT occurs in it, literally
assert_out_has() {
    [[ $out == *"$1"* ]] || fail "standard output has no '$1'"
}

assert_err_has() {
    [[ $err == *"$1"* ]] || fail "standard error has no '$1'"
}

assert_out_has_not() {
    [[ $out != *"$1"* ]] || fail "standard output has '$1'"
}

assert_err_has_not() {
    [[ $err != *"$1"* ]] || fail "standard error has '$1'"
}

# assert_out_matches REGEX, assert_err_matches REGEX: an extended regular expression; ^ and $ are the ends of it all
assert_out_matches() {
    [[ $out =~ $1 ]] || fail "standard output does not match '$1'"
}

assert_err_matches() {
    [[ $err =~ $1 ]] || fail "standard error does not match '$1'"
}

# assert_out_lines N: standard output has N lines
assert_out_lines() {
    local lines=${out//[!$'\n']/}
    [[ ${#lines} == "$1" ]] || fail "standard output has ${#lines} lines, not $1"
}

# assert_equal ACTUAL EXPECTED
assert_equal() {
    [[ $1 == "$2" ]] || fail "it is:" "$(indented "$1")" "and not:" "$(indented "$2")"
}

# assert_exists ID..., assert_gone ID...
assert_exists() {
    local id
    for id in "$@"; do
        seg_exists "$id" || fail "segment $id does not exist" || return 1
    done
}

assert_gone() {
    local id
    for id in "$@"; do
        ! seg_exists "$id" || fail "segment $id still exists" || return 1
    done
}

# assert_segment ID COLUMN VALUE...: columns of /proc/sysvipc/shm (see field_of)
assert_segment() {
    local id=$1
    shift
    while (($#)); do
        [[ $(field_of "$id" "$1") == "$2" ]] ||
            fail "column $1 of $id is $(field_of "$id" "$1"), not $2" || return 1
        shift 2
    done
}

# assert_wrong_usage TEXT...: exit 2, nothing on standard output, and each TEXT in the message
assert_wrong_usage() {
    local text
    assert_status 2 || return 1
    assert_out '' || return 1
    for text in "$@"; do
        assert_err_has "$text" || return 1
    done
}
