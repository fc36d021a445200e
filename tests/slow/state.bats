# States that take a minute to come about.

load ../cli/common

@test "orphan: a later process has the creator's pid" {
    need_ns
    unshare --pid --fork --mount-proc sh -c 'echo 100 >/proc/sys/kernel/ns_last_pid' 2>/dev/null ||
        skip "the next process number cannot be chosen here"
    # What starts within a minute of the segment's making may be its creator: so it has to be later.
    # shellcheck disable=SC2016 # for the inner shell
    run_split unshare --pid --fork --kill-child --mount-proc bash -c '
        "$HELPERS/actor" make:0x4b attach detach end
        read -r id cpid lpid ctime < <(awk "NR > 1 { print \$2, \$5, \$6, \$14 }" /proc/sysvipc/shm)
        [[ $cpid == "$lpid" ]] || exit 1
        until (($(date +%s) > ctime + 61)); do sleep 0.1; done
        echo $((cpid - 1)) >/proc/sys/kernel/ns_last_pid
        tail -f /dev/null &
        [[ $! == "$cpid" ]] || exit 2
        "$SHMTOOL" ls --no-header -c state,command
        "$SHMTOOL" ls -q --orphan
        "$SHMTOOL" stat "$id"
        "$SHMTOOL" rm --orphan --dry-run 2>/dev/null'
    assert_status 0
    mapfile -t lines <"$out_file"
    assert_equal "${lines[0]%"${lines[0]##*[! ]}"}" orphan
    assert_equal "${lines[1]}" "$(all_ids)"
    assert_out_has '(dead; another process has its pid now)'
    assert_out_has 'Orphan: nobody has it attached'
    assert_out_matches $'\n0x0000004b '"$(all_ids) "
}
