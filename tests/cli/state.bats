# The states used, dest, orphan, idle and unknown, and what rests on them: --orphan, --state, command.
load common
load processes

teardown() {
    common_teardown
    end_daemons
}

@test "every way to a state, on a saved tree" {
    shmtool --sysroot "$SRC/tests/fixtures/states" ls --no-header -c shmid,state,command
    assert_status 0
    assert_err ''
    assert_equal "$(tr -s ' ' <"$out_file")" '1 used /usr/sbin/server
2 used
3 dest /usr/sbin/server
4 orphan
5 idle /usr/sbin/server
6 idle
7 unknown
8 idle
9 unknown
10 orphan
11 unknown
12 idle /usr/sbin/server
13 orphan
14 orphan
15 idle /usr/sbin/newcomer
16 unknown
17 unknown
18 orphan
19 idle /usr/sbin/leaderless
20 orphan
21 orphan
22 idle /usr/sbin/newcomer'
}

@test "--orphan and --state select by it" {
    local tree=$SRC/tests/fixtures/states
    shmtool --sysroot "$tree" ls -q --orphan
    assert_out $'4\n10\n13\n14\n18\n20\n21'
    shmtool --sysroot "$tree" ls -q --state orphan
    assert_out $'4\n10\n13\n14\n18\n20\n21'
    shmtool --sysroot "$tree" ls -q --state dest,used
    assert_out $'1\n2\n3'
    shmtool --sysroot "$tree" ls -q --state dest --state unknown
    assert_out $'3\n7\n9\n11\n16\n17'
    shmtool --sysroot "$tree" ls -q --orphan --state idle
    assert_status 0
    assert_out ''
    shmtool --sysroot "$tree" ls -q --orphan --locked
    assert_out 21
    shmtool --sysroot "$tree" ls -q 4 5 --orphan
    assert_status 0
    assert_out 4
}

@test "words that are no state" {
    local word
    for word in '' ',' 'used,' ',used' Used orphans 'used idle'; do
        shmtool ls --state "$word"
        assert_wrong_usage 'not a state (used, dest, orphan, idle, unknown)'
    done
}

@test "a tree without processes: nothing can be told of what is not attached" {
    shmtool --sysroot "$SRC/tests/fixtures/states-alone" ls --no-header -c shmid,state
    assert_status 0
    assert_out $'1 used\n2 unknown'
    shmtool --sysroot "$SRC/tests/fixtures/states-alone" stat 2
    assert_status 0
    assert_out_has 'not shown by the saved tree'
}

@test "orphan: creator and last user are dead" {
    need_ns
    local id
    id=$(make_seg --key 0x41 --touch)
    assert_state "$id" orphan
    id=$(make_seg)
    assert_state "$id" orphan
}

@test "used: attached, whoever made it" {
    need_ns
    act make:0x42 attach
    assert_state "$seg" used
    act make:0x43 attach daemon
    is_gone "$(field_of "$seg" 5)" || fail "its creator lives"
    assert_state "$seg" used
}

@test "used becomes orphan when the last one ends, at once" {
    need_ns
    act make:0 attach fork
    assert_state "$seg" used
    end_actor
    wait_until is_gone "$children"
    assert_state "$seg" orphan
}

@test "dest: marked and still attached" {
    need_ns
    act make:0x44 attach mark
    assert_state "$seg" dest
    shmtool ls -q --unattached
    assert_out ''
}

@test "idle: nobody attached, the creator lives" {
    need_ns
    act make:0x45
    assert_state "$seg" idle
    act make:0x46 attach detach
    assert_state "$seg" idle
    end_actor
    assert_state "$seg" orphan
}

@test "idle: the creator is dead, the last user lives" {
    need_ns
    local id
    id=$(make_seg --key 0x47)
    act use:"$id" attach detach
    assert_state "$id" idle
    end_actor
    assert_state "$id" orphan
}

@test "idle: a creator whose first thread has ended" {
    need_ns
    act make:0 thread end-leader
    wait_until is_gone "$actor"
    assert_state "$seg" idle
}

@test "orphan: a creator that nobody has waited for yet" {
    need_ns
    # It works only when its parent is tail, which waits for nobody.
    # shellcheck disable=SC2016 # for the inner shell
    start_helper bash -c '
        (until [[ $(</proc/$$/comm) == tail ]]; do :; done; exec "$HELPERS/actor" make:0x48 end) &
        echo ready
        exec tail -f /dev/null'
    wait_until has_segments 1
    seg=$(all_ids)
    wait_until is_gone "$(field_of "$seg" 5)"
    grep -q '^State:.Z' "/proc/$(field_of "$seg" 5)/status" || fail "somebody waited for it"
    assert_state "$seg" orphan
}

# has_segments N
has_segments() {
    [[ $(all_ids | wc -l) == "$1" ]]
}

@test "unknown: a creator in another PID namespace that cannot be seen from here" {
    need_ns
    local id inner
    id=$(make_seg)
    inner=$(from_pid_namespace ls --no-header -c cpid,state)
    assert_equal "$(tr -s ' ' <<<"$inner")" '- unknown'
    inner=$(from_pid_namespace ls -q --orphan)
    assert_equal "$inner" ''
    inner=$(from_pid_namespace stat "$id")
    [[ $inner == *'cpid           - (in another PID namespace)'* ]] || fail "stat: $inner"
    [[ $inner == *'Unknown: '* ]] || fail "stat: $inner"
    inner=$(from_pid_namespace rm --orphan --dry-run 2>/dev/null)
    assert_equal "$(wc -l <<<"$inner")" 1
    # From here the creator is one of ours, and dead.
    assert_state "$id" orphan
}

@test "what a selection by state leaves out because that is unknown is said, and not known to be gone" {
    need_ns
    local command
    make_seg --count 2 >/dev/null
    start_helper holdseg "$(make_seg)"
    for command in 'ls -q' 'who' 'rm --yes' 'set perms=600 --yes' 'watch --for 30ms --interval 10ms' 'wait --until gone'; do
        # shellcheck disable=SC2086 # words
        run_split from_pid_namespace $command --orphan
        assert_err_has "${command%% *}: 2 segments left out: their state is unknown (shmtool ls --state unknown lists them)" || return 1
        assert_equal "$(grep -c 'left out' <<<"$err")" 1 || return 1
    done
    assert_status 1 # of wait
    assert_equal "$(all_ids | wc -l)" 3
    # What is named looks where the command looked.
    run_split from_pid_namespace -A ls --orphan
    assert_err_has '(shmtool -A ls --state unknown lists them)'
    run_split from_pid_namespace ls -q --state idle --nattch 0 --size 4096
    assert_err_has '2 segments left out'
    for command in '--state used' '--orphan --attached' '--orphan --size 1' '--state unknown'; do
        # shellcheck disable=SC2086 # words
        run_split from_pid_namespace ls -q $command
        assert_err '' || return 1
    done
}

# from_pid_namespace ARG...: shmtool in a PID namespace of its own, with its own /proc
from_pid_namespace() {
    unshare --pid --fork --mount-proc true 2>/dev/null || skip "no PID namespace can be made here"
    unshare --pid --fork --mount-proc --kill-child "$SHMTOOL" "$@"
}

@test "idle: a creator in a PID namespace below ours is seen under its number here" {
    need_ns
    unshare --pid --fork --mount-proc true 2>/dev/null || skip "no PID namespace can be made here"
    start_helper unshare --pid --fork --kill-child --mount-proc "$HELPERS/actor" make:0x49
    seg=$(all_ids)
    assert_state "$seg" idle
    shmtool ls --no-header -c command "$seg"
    assert_out_has 'actor make:0x49'
}

@test "unknown: /proc is that of another PID namespace" {
    need_ns
    without_leak_sanitizer
    unshare --pid --fork true 2>/dev/null || skip "no PID namespace can be made here"
    local inner
    # The segment's creator lives and has the number that another process has in this /proc.
    # shellcheck disable=SC2016 # for the inner shell
    inner=$(unshare --pid --fork --kill-child bash -c '
        "$HELPERS/actor" make:0x4a >"$1" & actor=$!
        until grep -q ready "$1"; do ((SECONDS < 60)) || exit 1; done
        "$SHMTOOL" ls --no-header -c state,cpid,command
        kill -KILL "$actor"
        wait "$actor"
        "$SHMTOOL" ls --no-header -c state' - "$BATS_TEST_TMPDIR/actor" 2>/dev/null)
    assert_equal "$(head -n 1 <<<"$inner" | cut -d ' ' -f 1)" unknown
    assert_equal "$(tail -n 1 <<<"$inner")" orphan
}

@test "orphan: a thread has the creator's pid" {
    need_ns
    unshare --pid --fork --mount-proc sh -c 'echo 100 >/proc/sys/kernel/ns_last_pid' 2>/dev/null ||
        skip "the next process number cannot be chosen here"
    # shellcheck disable=SC2016 # for the inner shell
    run_split unshare --pid --fork --kill-child --mount-proc bash -c '
        echo 500 >/proc/sys/kernel/ns_last_pid
        "$HELPERS/actor" make:0x4c end
        cpid=$(awk "NR > 1 { print \$5 }" /proc/sysvipc/shm)
        echo $((cpid - 2)) >/proc/sys/kernel/ns_last_pid
        "$HELPERS/actor" thread >"$1" &
        until [[ -s $1 ]]; do ((SECONDS < 60)) || exit 1; done # without a process that would take the number
        read -r _ _ _ tid <"$1"
        [[ $tid == "$cpid" ]] || exit 2
        "$SHMTOOL" ls --no-header -c state' - "$BATS_TEST_TMPDIR/actor"
    assert_status 0
    assert_out orphan
}

@test "unknown: a process of another user that hidepid hides has the creator's number" {
    need_ns
    need_root
    local id dead
    act make:0x4d
    id=$seg
    dead=$(make_seg --key 0x4e)
    # shellcheck disable=SC2016 # for the inner shell
    run_split unshare --mount --propagation private sh -c '
        mount -t proc -o hidepid=2 proc /proc || exit 77
        exec setpriv --reuid 54321 --regid 54321 --clear-groups "$SHMTOOL" ls --no-header -c state,command "$1" "$2"' \
        - "$id" "$dead"
    [[ $status != 77 ]] || skip "hidepid cannot be had here"
    assert_status 0
    assert_err ''
    assert_equal "$(tr -s ' ' <"$out_file" | sort)" "$(printf 'orphan\nunknown')"
}

@test "an ordinary user is told the same states as root" {
    need_ns
    need_root
    local orphan
    orphan=$(make_seg --mode 0)
    act make:0x4f
    run_split as_user 54321 "$SHMTOOL" ls --no-header -c shmid,state
    assert_status 0
    assert_equal "$(tr -s ' ' <"$out_file")" "$(for id in $(all_ids); do
        if [[ $id == "$orphan" ]]; then echo "$id orphan"; else echo "$id idle"; fi
    done)"
}

@test "command: the creator's command line, only while that very process lives" {
    need_ns
    act make:0x50 attach
    shmtool ls --no-header -c command "$seg"
    assert_out_has '/actor make:0x50 attach'
    start_helper holdseg "$seg"
    end_actor
    shmtool ls --no-header -c state,command "$seg"
    assert_out used
}

@test "rm --orphan leaves alone what is attached meanwhile" {
    need_ns
    local a b
    a=$(make_seg)
    b=$(make_seg)
    act use:"$b" attach
    shmtool rm --orphan --yes
    assert_status 0
    assert_gone "$a"
    assert_exists "$b"
}
