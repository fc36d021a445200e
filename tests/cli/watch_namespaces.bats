# watch -A and metrics -A: what happens, and how much there is, in all IPC namespaces.
# shellcheck disable=SC2016 # in single quotes stands what an inner shell expands
load common
load forms
load namespaces
load openmetrics

# start_watch WORDS...: watch -A where the keepers are, every 10 ms, from its first line on; sets $watch_pid,
# $events and $watch_err (files)
start_watch() {
    events=$BATS_TEST_TMPDIR/events
    watch_err=$BATS_TEST_TMPDIR/watch.err
    nsenter --target "$inside" --mount --pid --ipc env --default-signal "$SHMTOOL" watch -A --initial --interval 10ms "$@" >"$events" 2>"$watch_err" 3>&- &
    watch_pid=$!
    helper_pids+=("$watch_pid")
    see initial
}

# see REGEX: waits for a line of events with it
see() {
    wait_until grep -Eq -- "$1" "$events" || fail "no event '$1':" "$(cat "$events" "$watch_err")"
}

# start_elsewhere WORDS...: the helper mkseg in another IPC namespace, which ends with it
start_elsewhere() {
    start_helper nsenter --target "$inside" --mount --pid --ipc unshare --ipc "$HELPERS/mkseg" --stay "$@"
}

# end_watch: by SIGTERM, with status 0 and no message but that looks are dear
end_watch() {
    local status=0
    kill -TERM "$(first_child "$watch_pid")"
    wait "$watch_pid" || status=$?
    assert_equal "$status" 0
    assert_equal "$(grep -v 'of processor time' "$watch_err")" ''
}

@test "watch -A: each event says in which namespace, and one id is another segment in each" {
    start_twins
    start_watch
    assert_equal "$(awk '{ print $2, $3, $4, $5 }' "$events")" \
        "initial 0 in $own"$'\n'"initial 0 in $first"$'\n'"initial 0 in $second"
    inside_of "$first" "$HELPERS/mkseg" --key 0x99 --size 393216 >/dev/null
    see " created +1 in $first key 0x00000099 root 384 KiB"
    there "$HELPERS/mkseg" --size 8192 >/dev/null
    see " created +1 in $own key 0x00000000 root 8 KiB"
    there "$SHMTOOL" rm -N "$second" 0
    see " removed +0 in $second\$"
    # The others of this id are there all the time.
    there "$SHMTOOL" rm -N "$first" 0
    see " removed +0 in $first\$"
    end_watch
    assert_equal "$(grep -c ' removed ' "$events") $(grep -c ' created ' "$events")" '2 2'
}

@test "watch -A: namespaces come, and what was in one that ended is removed" {
    start_twins
    local number
    start_watch
    start_elsewhere --count 2
    see ' created +1 in '
    number=$(sed -n 's/.* created *1 in \([0-9]*\) .*/\1/p' "$events")
    [[ $number != "$own" && $number != "$first" && $number != "$second" ]] || fail "$(cat "$events")"
    assert_equal "$(grep -c " created  [01] in $number " "$events")" 2
    kill -KILL "$(first_child "$helper_pid")"
    see " removed +0 in $number\$"
    see " removed +1 in $number\$"
    # Only it has ended.
    inside_of "$first" "$HELPERS/mkseg" >/dev/null
    see " created +1 in $first "
    end_watch
    assert_equal "$(grep -c ' removed ' "$events")" 2
}

@test "watch -A: a namespace is not kept by being watched" {
    start_twins
    start_watch --ndjson
    start_elsewhere
    see '"created"'
    kill -KILL "$(first_child "$helper_pid")"
    see '"removed"'
    # Between two looks it has the one of its own open at the most.
    wait_until has_no_other_open "$(first_child "$watch_pid")"
    end_watch
}

has_no_other_open() {
    ! find "/proc/$1/fd" -lname 'ipc:*' -printf '%l\n' | grep -qvxF "$(readlink "/proc/$1/ns/ipc")"
}

@test "watch -A: what came and went unseen is counted in each namespace for itself" {
    start_twins
    start_watch
    local pid
    # Between two looks: the process is stopped, and nsenter with it.
    kill -STOP "$(first_child "$watch_pid")"
    for pid in "$(first_child "$watch_pid")" "$watch_pid"; do
        wait_until grep -q '^State:.T' "/proc/$pid/status"
    done
    inside_of "$first" sh -c '"$1/mkseg" --count 6 >/dev/null && ipcrm -m 1 -m 2 -m 3' - "$HELPERS"
    inside_of "$second" sh -c '"$1/mkseg" --count 3 >/dev/null && ipcrm -m 1' - "$HELPERS"
    there "$HELPERS/mkseg" >/dev/null
    kill -CONT "$(first_child "$watch_pid")" "$watch_pid"
    see "unseen in $second\$"
    end_watch
    assert_equal "$(sed -n 's/^[^ ]* \(.* more came\)/\1/p' "$events" | sort)" \
        "$(printf '%s\n' "at most 1 more came and went unseen in $second" "at most 3 more came and went unseen in $first" | sort)"
}

@test "watch -A --ndjson: the segment has its namespace and container" {
    start_twins
    local id=4f3a12bc9d01e5f64f3a12bc9d01e5f64f3a12bc9d01e5f64f3a12bc9d01e5f6
    echo "0::/system.slice/docker-$id.scope" >"$BATS_TEST_TMPDIR/docker"
    there mount --bind "$BATS_TEST_TMPDIR/docker" "/proc/$(pid_in "$first")/cgroup"
    run_split there "$SHMTOOL" watch -A --initial --interval 1h --for 10ms --ndjson
    assert_status 0
    assert_equal "$(jq -c '[.event, .segment.namespace, .segment.container, .segment.bytes, .segment.state]' <<<"$out")" \
        "[\"initial\",$own,null,7000,\"orphan\"]"$'\n'"[\"initial\",$first,\"${id:0:12}\",5000,\"orphan\"]"$'\n'"[\"initial\",$second,null,5000,\"orphan\"]"
    run_split there "$SHMTOOL" -A watch --initial --interval 1h --for 10ms --key 0x77
    assert_out_lines 1
    assert_out_has " in $own key 0x00000077 "
    run_split there "$SHMTOOL" watch -A --initial --count 2
    assert_out_lines 2
    assert_out_has " in $first ${id:0:12} key 0x00000000 root"
}

@test "watch -A: one that may not be entered is named once, the others are watched" {
    start_twins
    run_split there setpriv --bounding-set -sys_admin "$SHMTOOL" watch -A --initial --for 50ms --interval 10ms
    assert_status 0
    assert_equal "$(awk '{ print $2, $3, $4, $5 }' "$out_file")" "initial 0 in $own"
    assert_equal "$(grep -c 'could not be entered' "$err_file")" 1
    assert_err_has "shmtool: watch: $first, $second could not be entered: Operation not permitted: it needs CAP_SYS_ADMIN"
}

@test "watch -A: an id, and ids alone, are refused: they mean another segment in each" {
    shmtool watch -A 5
    assert_wrong_usage "'5': with -A an id means another segment in each IPC namespace"
    shmtool watch -A -q
    assert_wrong_usage 'with -A an id means another segment in each IPC namespace'
}

@test "metrics -A: sums over all namespaces, limits of each" {
    start_twins
    there sysctl -q -w kernel.shmmni=77
    inside_of "$first" "$HELPERS/mkseg" --size 10000 --count 2 >/dev/null
    run_split there "$SHMTOOL" metrics -A
    assert_status 0
    assert_err ''
    assert_grammar
    assert_equal "$(value 'shmtool_segments{state="orphan"}') $(value 'shmtool_bytes{state="orphan"}')" '5 37000'
    assert_equal "$(value 'shmtool_orphans{key="none"}') $(value 'shmtool_orphans{key="kept"}')" '4 1'
    assert_equal "$(value "shmtool_limit{namespace=\"$own\",name=\"shmmni\"}") $(value "shmtool_limit_used{namespace=\"$own\",name=\"shmmni\"}")" '77 1'
    assert_equal "$(value "shmtool_limit{namespace=\"$first\",name=\"shmmni\"}") $(value "shmtool_limit_used{namespace=\"$first\",name=\"shmmni\"}")" '4096 3'
    assert_equal "$(value "shmtool_limit_used{namespace=\"$second\",name=\"shmmni\"}") $(value "shmtool_limit_used{namespace=\"$second\",name=\"shmall\"}")" '1 2'
    assert_equal "$(value shmtool_unreadable_namespaces)" 0
    run_split there "$SHMTOOL" metrics
    assert_grammar
    assert_equal "$(value 'shmtool_segments{state="orphan"}') $(value 'shmtool_limit_used{name="shmmni"}')" '1 1'
    assert_out_has_not namespace=
    assert_out_has_not shmtool_unreadable_namespaces
}

@test "metrics -A --by container: the label, and limits without it" {
    start_twins
    local id=4f3a12bc9d01e5f64f3a12bc9d01e5f64f3a12bc9d01e5f64f3a12bc9d01e5f6
    echo "0::/system.slice/docker-$id.scope" >"$BATS_TEST_TMPDIR/docker"
    there mount --bind "$BATS_TEST_TMPDIR/docker" "/proc/$(pid_in "$first")/cgroup"
    there mount --bind "$BATS_TEST_TMPDIR/docker" "/proc/$(pid_in "$second")/cgroup"
    run_split there "$SHMTOOL" -A metrics --by container
    assert_status 0
    assert_grammar
    assert_equal "$(value "shmtool_bytes{container=\"${id:0:12}\",state=\"orphan\"}")" 10000
    assert_equal "$(value 'shmtool_bytes{container="",state="orphan"}')" 7000
    assert_equal "$(value "shmtool_limit_used{namespace=\"$second\",name=\"shmmni\"}")" 1
}

@test "metrics -A: one that may not be entered is named, and counted" {
    start_twins
    run_split there setpriv --bounding-set -sys_admin "$SHMTOOL" metrics -A --textfile "$BATS_TEST_TMPDIR/shmtool.prom"
    assert_status 0
    assert_err_has "shmtool: metrics: $first, $second could not be entered"
    read_whole out "$BATS_TEST_TMPDIR/shmtool.prom"
    out_file=$BATS_TEST_TMPDIR/shmtool.prom
    assert_grammar
    assert_equal "$(value shmtool_unreadable_namespaces) $(value 'shmtool_segments{state="orphan"}')" '2 1'
    assert_equal "$(value "shmtool_limit{namespace=\"$first\",name=\"shmmni\"}")" ''
}
