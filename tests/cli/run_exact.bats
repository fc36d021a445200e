# run --exact: every shmget of the program and its descendants is seen, so that all they leave goes, and nothing else;
# also where the kernel reports no forks (containers).
# shellcheck disable=SC2016 # in single quotes stands what an inner shell expands
load common
load fork_events
load listener

setup() {
    common_setup
    ids=$BATS_TEST_TMPDIR/ids
    gate=$BATS_TEST_TMPDIR/gate
    mkfifo "$gate"
}

# The survivors of a test end when these files are gone, or somebody opens the gate.
teardown() {
    : <>"$gate"
    rm -f "$ids"
    common_teardown
}

# need_container: skips the test where there is none of these: as an ordinary user where that can be, in PID and
# network namespaces of its own, where no forks are reported
need_container() {
    unshare --net --pid --fork --mount-proc true 2>/dev/null || skip "no PID namespace can be made"
    user=()
    ! has_users || user=(setpriv --reuid 12345 --regid 12345 --clear-groups)
    chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TMPDIR" 2>/dev/null || true
    chmod 777 "$BATS_TEST_TMPDIR"
}

in_container() {
    unshare --net --pid --fork --kill-child --mount-proc "${user[@]}" "$@"
}

@test "50 of 50 short-lived grandchildren in a container, of all kinds, as an ordinary user" {
    need_ns
    need_listener
    need_container
    local kind
    for kind in short many orphans deaf vfork threads; do
        rm -f "$ids"
        run_split in_container "$SHMTOOL" run --exact "$HELPERS/brood" "$ids" 50 "$kind"
        assert_status 0
        assert_err '' || return 1
        assert_equal "$(wc -l <"$ids")" 50
        assert_equal "$(all_ids)" ''
    done
}

@test "none of what an unrelated process of the same user makes at the same time" {
    need_ns
    need_listener
    need_container
    local others=$BATS_TEST_TMPDIR/others made
    run_split in_container sh -c '
        (i=0; until [ -e "$2.end" ] || [ $i = 1000 ]; do "$1/mkseg" --count 3 >>"$2"; i=$((i + 1)); done) &
        until [ -s "$2" ]; do :; done
        "$SHMTOOL" run --exact "$1/brood" "$0" 50 many || exit 90
        "$SHMTOOL" run --exact "$1/brood" "$0" 50 short || exit 91
        : >"$2.end"
        wait' "$ids" "$HELPERS" "$others"
    assert_status 0
    assert_err ''
    assert_equal "$(wc -l <"$ids")" 100
    made=$(sort -n "$others")
    assert_equal "$(all_ids | sort -n)" "$made"
}

@test "a PID that an unrelated process got after the descendant is not the descendant's" {
    need_ns
    need_listener
    need_without_events
    local first pid id
    start_helper unshare --net "$SHMTOOL" run --exact sh -c '
        "$0/mkseg"; "$0/mkseg"
        echo ready
        read -r _ <"$1"' "$HELPERS" "$gate"
    # The first has ended before the second one called.
    read -r first <"$helper_out"
    pid=$(field_of "$first" 5)
    ((pid > 0)) || fail "no creator of $first: $pid"
    id=$("$HELPERS/numbered" "$pid" "$HELPERS/mkseg") || skip "no pid can be chosen"
    assert_equal "$(field_of "$id" 5)" "$pid"
    echo >"$gate"
    wait "$helper_pid"
    assert_equal "$(all_ids)" "$id"
    ! grep 'left' "$helper_out" || fail "the unrelated one's is named"
}

@test "a /proc of another PID namespace: what cannot be traced is named, the rest goes" {
    need_ns
    need_listener
    without_leak_sanitizer
    unshare --pid --fork true 2>/dev/null || skip "no PID namespace can be made"
    run_split unshare --net --pid --fork --kill-child "$SHMTOOL" run --exact "$HELPERS/brood" "$ids" 5 many
    assert_status 0
    assert_equal "$(named_ids)" "$(all_ids | sort -n)"
}

@test "programs of 32 bits and of x32, by shmget and by ipc(2)" {
    need_ns
    need_listener
    need_without_events
    local way tried=0
    for way in libc x32 i386 ipc; do
        # By a grandchild that its parent waits for.
        run_split without_events "$SHMTOOL" run --exact -v sh -c 'sh -c "\"\$0\" --by \"\$1\" 0 4096 1600; exit \$?" "$@"; exit $?' - \
            "$HELPERS/callshmget" "$way"
        if [[ $status == 77 ]]; then
            echo "# $way: no such programs here" >&3
            continue
        fi
        tried=$((tried + 1))
        assert_status 0 || return 1
        assert_out OK || return 1
        assert_err_matches '^shmtool: run: [0-9]+: removed' || return 1
        assert_equal "$(all_ids)" ''
    done
    ((tried > 0))
}

@test "what was there before stays, also when its key is asked for often" {
    need_ns
    need_listener
    local id
    id=$(make_seg -k 0x51)
    run_split "$SHMTOOL" run --exact sh -c '"$0" --times 10000 0x51 4096 1600; exit 4' "$HELPERS/callshmget"
    assert_status 4
    assert_out OK
    assert_err ''
    assert_equal "$(all_ids)" "$id"
}

@test "callers that are killed while they call" {
    need_ns
    need_listener
    run_split "$SHMTOOL" run --exact bash -c '
        for i in {1..20}; do
            "$0" --times 1000000 0x51 4096 1600 >"$1" &
            until [[ $(tail -n +2 /proc/sysvipc/shm) ]]; do :; done
            kill -KILL $!
            wait $!
        done 2>/dev/null
        exit 9' "$HELPERS/callshmget" /dev/null
    assert_status 9
    assert_err ''
    assert_equal "$(all_ids)" ''
}

@test "a descendant that lives on gets ENOSYS, which is said" {
    need_ns
    need_listener
    run_split "$SHMTOOL" run --exact sh -c '(read -r _ <"$0"; "$1" 0 4096 1600 >"$2"; echo >"$0") & exit 3' \
        "$gate" "$HELPERS/callshmget" "$BATS_TEST_TMPDIR/answer"
    assert_status 3
    assert_err_matches '^shmtool: run: 1 descendant of the program lives on: sh\[[0-9]+\]; shmget fails for it from now on \(ENOSYS\)'$'\n$'
    echo >"$gate"
    read -r _ <"$gate"
    assert_equal "$(<"$BATS_TEST_TMPDIR/answer")" ENOSYS
    assert_equal "$(all_ids)" ''
}

@test "--wait waits for descendants that call, too" {
    need_ns
    need_listener
    run_split "$SHMTOOL" run --exact --wait sh -c '(read -r _ <"$0"; "$1/brood" "$2" 5 short) & (echo >"$0") & exit 3' \
        "$gate" "$HELPERS" "$ids"
    assert_status 3
    assert_err ''
    assert_equal "$(wc -l <"$ids")" 5
    assert_equal "$(all_ids)" ''
}

@test "no_new_privs and a filter with --exact, nothing of both without" {
    need_ns
    need_listener
    local show='grep -E "^(NoNewPrivs|Seccomp_filters):" /proc/self/status | tr -d "\n\t"' without
    run_split sh -c "$show"
    without=$out
    shmtool run sh -c "$show"
    assert_equal "$out" "$without"
    shmtool run --exact sh -c "$show"
    assert_out_has NoNewPrivs:1
    [[ $out != "$without" ]]
}

@test "a listener that exists already: not started, and why" {
    need_ns
    need_listener
    shmtool run --exact "$SHMTOOL" run --exact sh -c 'echo started'
    assert_status 1
    assert_out ''
    assert_err 'shmtool: run: shmget cannot be listened to: a listener of system calls is in force here already, and there can be but one: another shmtool run --exact or --explain, or a container manager'\''s; the program was not started'
    # One that does not listen may run.
    shmtool run --exact "$SHMTOOL" run "$HELPERS/leak" exit 5
    assert_status 5
    assert_equal "$(all_ids)" ''
}

@test "no seccomp, or none that is allowed: not started, and why" {
    need_ns
    need_listener
    local code text
    while read -r code text; do
        run_split "$HELPERS/refuse" "$code" seccomp "$SHMTOOL" run --exact sh -c 'echo started'
        assert_status 1
        assert_out ''
        assert_err "shmtool: run: shmget cannot be listened to: $text; the program was not started" || return 1
    done <<'END'
EPERM seccomp is forbidden here, by a filter of system calls or a security module
ENOSYS this kernel has no listeners of system calls (seccomp; from Linux 5.5 on)
END
    run_split "$HELPERS/refuse" EPERM pidfd_open "$SHMTOOL" run --exact sh -c 'echo started'
    assert_status 1
    assert_out ''
    assert_err_has 'run: --exact: no pidfd (a filter of system calls forbids it?); the program was not started: '
    # Without the option nothing of it is needed.
    run_split "$HELPERS/refuse" EPERM seccomp,pidfd_open "$SHMTOOL" run "$HELPERS/leak" exit 0
    assert_status 0
    assert_err ''
}

@test "--exact is for the namespace that is there" {
    shmtool run --exact --isolate true
    assert_wrong_usage "--exact: not with --isolate, in whose namespace every segment is the program's"
}

@test "a program that cannot be executed, or is not there" {
    need_listener
    shmtool run --exact /nowhere/program
    assert_status 127
    assert_err 'shmtool: run: /nowhere/program: No such file or directory'
    shmtool run --exact /
    assert_status 126
}

@test "it ends as the program ended" {
    need_ns
    need_listener
    local name
    for name in TERM KILL SEGV; do
        run_split env --default-signal bash -c '"$@"' - "$SHMTOOL" run --exact sh -c '"$0/leak" --ids "$1" exit 0; kill -'"$name"' $$' \
            "$HELPERS" "$ids"
        assert_status $((128 + $(kill -l "$name")))
        assert_equal "$(all_ids)" ''
    done
}

@test "an earlier child of shmtool: a second shmtool listens" {
    need_ns
    need_listener
    beside=(sh -c '(read -r _ <"$0") & exec "$@"' "$gate")
    run_split "${beside[@]}" "$SHMTOOL" run --exact "$HELPERS/brood" "$ids" 5 short
    assert_status 0
    assert_err ''
    assert_equal "$(all_ids)" ''
}

@test "what could not be traced without it: the message names it, where it can be had" {
    need_ns
    need_listener
    need_without_events
    run_split without_events "$SHMTOOL" run sh -c "$MAKE_UNSEEN" "$HELPERS"
    assert_status 0
    assert_err_has "'shmtool rm $(all_ids)'; with 'shmtool run --exact' "
    assert_err_has ' all can be traced and removed'
    remove_all_segments
    run_split "$HELPERS/refuse" EPERM seccomp unshare --net "$SHMTOOL" run sh -c "$MAKE_UNSEEN" "$HELPERS"
    assert_err_has 'could not be traced'
    assert_err_has_not --exact
}

@test "what a descendant that /proc hides has made stays while it lives on" {
    need_ns
    need_listener
    need_container
    has_users || skip "needs root: /proc hides what is not dumpable from others alone"
    run_split unshare --net --pid --fork --kill-child --mount --propagation private sh -c '
        mount -t proc -o hidepid=2 proc /proc || exit 77
        exec "$@"' - "${user[@]}" "$SHMTOOL" run --exact -v \
        sh -c '"$HELPERS/actor" closed make:0x77 >"$0" 2>&1 & until [ -s "$0" ]; do :; done' "$ids"
    [[ $status != 77 ]] || skip "hidepid cannot be had here"
    assert_status 0
    assert_err_has ' lives on and may attach it'
    assert_exists "$(cut -d ' ' -f 3 "$ids")"
}
