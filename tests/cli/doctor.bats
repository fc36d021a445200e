# doctor --key, --size: what shmget would answer, why, and what mends it. Each situation is made for
# real, and the call itself is made too after it was predicted.
load common
load doctor

teardown() {
    common_teardown
    ! own_ns || restore_limits
}

@test "key taken by a smaller leftover: EINVAL, and rm mends it" {
    need_ns
    local id me
    id=$(make_seg -k 0x143511 -s 4096) me=$(id -un)
    doctor --key 0x143511 --size 1M
    assert_predicted EINVAL 0x143511 1048576 1600
    assert_out_matches '^shmget\(0x00143511, 1048576, IPC_CREAT \| 0600\) would fail: EINVAL \(Invalid argument\)'$'\n''reason: .*'$'\n''remedy: .*'$'\n''$'
    assert_reason_has "segment $id has the key and only 4096 bytes (4 KiB), less than the 1048576 asked for"
    assert_reason_has "it belongs to $me (perms 600) since 20"
    assert_reason_has "was made by process $(field_of "$id" 5) (dead)"
    assert_reason_has 'an orphan: nobody has it attached'
    assert_equal "$remedy" "shmtool rm $id"
    "$SHMTOOL" rm "$id"
    doctor --key 0x143511 --size 1M
    assert_predicted OK 0x143511 1048576 1600
}

@test "key taken by a larger leftover: it is what the call returns, as it is" {
    need_ns
    local id
    id=$(make_seg -k 0x143511 -s 8192)
    doctor --key 0x143511 --size 100
    assert_predicted OK 0x143511 100 1600
    assert_out_matches '^shmget\(.*\) would succeed'$'\n'
    assert_reason_has "segment $id has the key and is what the call returns, with its 8192 bytes (8 KiB): more than the 100 asked for, and with what was in it before"
    assert_reason_has 'an orphan'
    assert_equal "$remedy" null
    assert_equal "$("$SHMTOOL" doctor --key 0x143511 --size 100 --json | jq .shmid)" "$id"
}

@test "key taken by a larger leftover, and exclusive: EEXIST" {
    need_ns
    local id
    id=$(make_seg -k 0x143511 -s 8192)
    doctor --key 0x143511 --size 100 --exclusive
    assert_predicted EEXIST 0x143511 100 3600
    assert_out_has 'IPC_CREAT | IPC_EXCL | 0600'
    assert_reason_has "segment $id has the key, and with IPC_EXCL nobody may have it"
    assert_equal "$remedy" "shmtool rm $id"
    # --exclusive means to make one, also without a size.
    doctor --key 0x143511 --exclusive
    assert_predicted EEXIST 0x143511 0 3600
    doctor --key 0x143512 --exclusive
    assert_predicted EINVAL 0x143512 0 3600
}

@test "exclusive on a key that processes use: stop them first" {
    need_ns
    local id
    id=$(make_seg -k 0x143511 -s 8192)
    start_helper holdseg --times 3 "$id"
    doctor --key 0x143511 --size 100 --exclusive
    assert_predicted EEXIST 0x143511 100 3600
    assert_reason_has "in use by holdseg[$helper_pid] 3 times"
    assert_equal "$remedy" "stop the processes that use it (shmtool who $id), then: shmtool rm $id"
}

@test "key alone: an existing segment of any size, or ENOENT" {
    need_ns
    local id
    id=$(make_seg -k -5 -s 8192)
    doctor --key -5
    assert_predicted OK -5 0 600
    assert_out_has 'shmget(0xfffffffb, 0, 0600) would succeed'
    assert_reason_has "segment $id has the key"
    doctor --key 6
    assert_predicted ENOENT 6 0 600
    assert_reason_has 'nobody has the key, in this IPC namespace'
    doctor --key 0
    assert_predicted EINVAL 0 0 600
    assert_out_has 'shmget(IPC_PRIVATE, 0, 0600)'
}

@test "a key whose segment was marked for destruction: who still holds it" {
    need_ns
    local id
    id=$(make_seg -k 0x143511)
    start_helper holdseg --rmid "$id"
    doctor --key 0x143511
    assert_predicted ENOENT 0x143511 0 600
    assert_reason_has "segment $id had it until it was marked for destruction, and is still held by holdseg[$helper_pid]"
    doctor --key 0x143511 --size 5
    assert_predicted OK 0x143511 5 1600
    assert_reason_has "nobody has the key: the call makes a new segment of 5 bytes; segment $id had it"
}

@test "sizes that no segment has" {
    need_ns
    doctor --size 0
    assert_predicted EINVAL 0 0 1600
    assert_reason_has 'a new segment must have 1 byte or more (shmmin)'
    doctor --size 1
    assert_predicted OK 0 1 1600
    assert_equal "$("$SHMTOOL" doctor --size 1 --json | jq .shmid)" null
    doctor --size 9223372036854775808
    assert_predicted EINVAL 0 9223372036854775808 1600
    assert_reason_has 'no segment of 2^63 bytes or more'
    assert_equal "$remedy" null
    doctor --size 18446744073709551615
    assert_predicted EINVAL 0 18446744073709551615 1600
    assert_equal "$remedy" null
}

@test "the largest sizes where shmmax allows everything" {
    need_limits
    echo 18446744073709551615 >/proc/sys/kernel/shmmax
    doctor --size 18446744073709551615
    assert_predicted ENOSPC 0 18446744073709551615 1600
    doctor --size 18446744073709500000
    assert_predicted EINVAL 0 18446744073709500000 1600
}

@test "shmmax too small: EINVAL, and limits --set mends it" {
    need_limits
    echo 33554432 >/proc/sys/kernel/shmmax
    doctor --key 5 --size 33554433
    assert_predicted EINVAL 5 33554433 1600
    assert_reason_has 'nobody has the key, and a new segment may have no more than shmmax, 33554432 bytes (32 MiB); asked for are 33554433 bytes (32 MiB)'
    assert_equal "$remedy" 'shmtool limits --set shmmax=33554433'
    doctor --size 32M
    assert_predicted OK 0 33554432 1600
    # What would be next is mended with it.
    echo 16 >/proc/sys/kernel/shmall
    doctor --size 64M
    assert_predicted EINVAL 0 67108864 1600
    assert_equal "$remedy" "shmtool limits --set shmmax=67108864 --set shmall=$((67108864 / $(getconf PAGESIZE) + $(ipcs -u -m | awk '/^pages allocated/ { print $3 }')))"
    eval "\"\$SHMTOOL\" ${remedy#shmtool}" >/dev/null
    doctor --size 64M
    assert_predicted OK 0 67108864 1600
}

@test "shmall exhausted by one owner: ENOSPC names him and his orphans" {
    need_limits
    need_root
    local page
    page=$(getconf PAGESIZE)
    make_seg -s $((page * 40)) --uid 12345 --count 2
    make_seg -s $((page * 5))
    echo 90 >/proc/sys/kernel/shmall
    doctor --size $((page * 6))
    assert_predicted ENOSPC 0 $((page * 6)) 1600
    unwrap
    assert_out_has 'ENOSPC (No space left on device)'
    assert_reason_has 'this is about a limit, not about disks: shmall allows 90 pages ('
    assert_reason_has '85 are in use and 6 more are asked for'
    assert_reason_has 'uid 12345 has the most: 2 segments, 80 pages ('
    assert_reason_has ', 2 of them orphans'
    assert_equal "$remedy" 'shmtool rm --orphan --key 0 --owner 12345; or: shmtool limits --set shmall=91'
    doctor --size $((page * 5))
    assert_predicted OK 0 $((page * 5)) 1600
}

@test "shmall too small for the segment itself: no removal would help" {
    need_limits
    make_seg
    echo 2 >/proc/sys/kernel/shmall
    doctor --size $(($(getconf PAGESIZE) * 3))
    assert_predicted ENOSPC 0 $(($(getconf PAGESIZE) * 3)) 1600
    assert_equal "$remedy" 'shmtool limits --set shmall=4'
}

@test "shmmni exhausted: ENOSPC" {
    need_limits
    make_seg --count 3
    start_helper holdseg "$(all_ids | head -n 1)"
    echo 3 >/proc/sys/kernel/shmmni
    doctor --key 7 --size 1
    assert_predicted ENOSPC 7 1 1600
    assert_reason_has 'this is about a limit, not about disks: shmmni allows 3 segments, and there are 3'
    assert_reason_has "$(id -un) has the most: 3 segments, 3 pages"
    assert_reason_has '2 of them orphans'
    assert_equal "$remedy" "shmtool rm --orphan --key 0 --owner $(id -un); or: shmtool limits --set shmmni=6"
    echo 4 >/proc/sys/kernel/shmmni
    doctor --key 7 --size 1
    assert_predicted OK 7 1 1600
}

@test "segments of shmmni that are all in use: only the limit can be raised" {
    need_limits
    local id
    id=$(make_seg)
    start_helper holdseg "$id"
    echo 1 >/proc/sys/kernel/shmmni
    doctor --size 1
    assert_predicted ENOSPC 0 1 1600
    assert_equal "$remedy" 'shmtool limits --set shmmni=2'
}

@test "processes of another user use the segment: who sees them is said" {
    need_ns
    need_root
    local id
    id=$(make_seg -k 0x143511)
    start_helper holdseg "$id"
    run_split as_user 12345 "$SHMTOOL" doctor --key 0x143511 --size 1M
    assert_status 1
    unwrap
    assert_out_has "remedy: stop the processes that use it (as root: shmtool who $id), then: as root: shmtool rm $id; or ask"
    shmtool doctor --key 0x143511 --size 1M
    unwrap
    assert_out_has "remedy: stop the processes that use it (shmtool who $id), then: shmtool rm $id; or ask"
}

@test "key of another user with mode 600: EACCES" {
    need_ns
    need_root
    local id
    id=$(make_seg -k 0x143511)
    run_split as_user 12345 "$SHMTOOL" doctor --key 0x143511 --size 100
    assert_status 1
    unwrap
    assert_out_has 'would fail: EACCES (Permission denied)'
    assert_out_has "segment $id has the key and grants uid 12345 nothing, but mode 600 asks for reading and writing; it belongs to root (perms 600)"
    assert_out_has "remedy: if nobody needs it any more: as root: shmtool rm $id"
    assert_equal "$(as_user 12345 "$HELPERS/callshmget" 0x143511 100 1600)" EACCES
    # Nothing asked for, nothing refused.
    run_split as_user 12345 "$SHMTOOL" doctor --key 0x143511 --mode 0
    assert_status 0
    # Root may all the same.
    doctor --key 0x143511 --size 100
    assert_predicted OK 0x143511 100 1600
}

@test "key of another user that may only be read" {
    need_ns
    need_root
    local id
    id=$(make_seg -k 0x143511 -m 644 --uid 23456)
    start_helper holdseg "$id"
    run_split as_user 12345 "$SHMTOOL" doctor --key 0x143511 --size 100
    assert_status 1
    unwrap
    assert_out_has 'and grants uid 12345 reading, but mode 600 asks for reading and writing; it belongs to uid 23456'
    assert_out_has 'in use by 1 of 1 attachments in no process that could be inspected'
    assert_out_has 'remedy: call it as uid 23456, or have its program make it with a mode that grants more'
    run_split as_user 12345 "$SHMTOOL" doctor --key 0x143511 --size 100 --mode 400
    assert_status 0
}

@test "key of a segment whose permissions stand against its owner too: only root may" {
    need_ns
    need_root
    local id uid
    id=$(make_seg -k 0x143511 -m 400 --uid 23456)
    start_helper holdseg --ro "$id"
    for uid in 23456 12345; do
        run_split as_user "$uid" "$SHMTOOL" doctor --key 0x143511
        assert_status 1 || return 1
        unwrap
        assert_out_has 'remedy: call it as root, or have its program make it with a mode that grants more' || return 1
    done
    run_split as_user 23456 "$SHMTOOL" doctor --key 0x143511 --mode 400 --attach rw
    assert_status 1
    unwrap
    assert_out_has 'remedy: attach it for reading alone (SHM_RDONLY), or call it as root, or have its program make'
    # What its owner may is not root's.
    run_split as_user 12345 "$SHMTOOL" doctor --key 0x143511 --mode 400
    assert_status 1
    unwrap
    assert_out_has 'remedy: call it as uid 23456, or have its program'
}

@test "limits that this user may not set: the remedy is root's" {
    need_limits
    need_root
    make_seg --count 2
    make_seg --uid 12345
    echo 33554432 >/proc/sys/kernel/shmmax
    run_split as_user 12345 "$SHMTOOL" doctor --size 33554433 --json
    assert_equal "$(jq -r .remedy <<<"$out")" 'as root: shmtool limits --set shmmax=33554433'
    # Of the leftovers he may remove his own.
    echo 3 >/proc/sys/kernel/shmmni
    run_split as_user 12345 "$SHMTOOL" doctor --size 1 --json
    assert_equal "$(jq -r .remedy <<<"$out")" \
        'as root: shmtool rm --orphan --key 0 --owner root; or: as root: shmtool limits --set shmmni=6'
    "$SHMTOOL" rm --owner 0 --yes 2>/dev/null
    echo 1 >/proc/sys/kernel/shmmni
    run_split as_user 12345 "$SHMTOOL" doctor --size 1 --json
    assert_equal "$(jq -r .remedy <<<"$out")" \
        'shmtool rm --orphan --key 0 --owner 12345; or: as root: shmtool limits --set shmmni=2'
}

@test "reasons fit a terminal, commands are not broken, pipes get whole lines" {
    need_limits
    echo 33554432 >/proc/sys/kernel/shmmax
    echo 16 >/proc/sys/kernel/shmall
    pty -- "$SHMTOOL" doctor --key 0x143511 --size 900000000000
    assert_status 1
    out=$(tr -d '\r' <<<"$out")
    assert_equal "$(head -n 2 <<<"$out")" \
        $'shmget(0x00143511, 900000000000, IPC_CREAT | 0600) would fail: EINVAL (Invalid\n        argument)'
    [[ $(sed '/^remedy: /d' <<<"$out" | wc -L) -le 80 ]] || fail "a line is wider than 80 columns"
    grep -qx 'remedy: shmtool limits --set shmmax=900000000000 --set shmall=[0-9]*' <<<"$out" ||
        fail "the command is not in one line"
    shmtool doctor --key 0x143511 --size 900000000000
    assert_out_has $'IPC_CREAT | 0600) would fail: EINVAL (Invalid argument)\n'
    assert_out_has 'reason: nobody has the key, and a new segment may have no more than shmmax, 33554432 bytes (32 MiB);'
}

@test "the right of root counts where the IPC namespace is, not in a user namespace" {
    need_ns
    need_root
    unshare --user true 2>/dev/null || skip "makes no user namespaces"
    make_seg -k 0x143511 --uid 23456 -m 0
    run_split as_user 12345 unshare --user --map-root-user "$SHMTOOL" doctor --key 0x143511 --json
    assert_status 1
    assert_equal "$(jq -r .result <<<"$out")" EACCES
}

@test "more memory than there is: ENOMEM" {
    need_ns
    [[ $(cat /proc/sys/vm/overcommit_memory) == 0 ]] || skip "vm.overcommit_memory is not 0"
    local total
    total=$(awk '/^(MemTotal|SwapTotal):/ { sum += $2 } END { printf "%d", sum }' /proc/meminfo)
    doctor --size $((total * 1024 + 1))
    assert_predicted ENOMEM 0 $((total * 1024 + 1)) 1600
    assert_reason_has 'are more memory than the kernel grants: it has '
    assert_reason_has ' of RAM and swap'
    [[ $remedy == *': sysctl vm.overcommit_memory=1' ]] || fail "the remedy is: $remedy"
    if has_users; then
        run_split as_user 12345 "$SHMTOOL" doctor --size $((total * 1024 + 1)) --json
        [[ $(jq -r .remedy <<<"$out") == *': as root: sysctl vm.overcommit_memory=1' ]] || fail "not root's"
    fi
    doctor --size $((total * 1024))
    assert_predicted OK 0 $((total * 1024)) 1600
}

@test "nothing is changed by looking" {
    need_ns
    local before
    make_seg -k 5 --count 3
    before=$(cat /proc/sysvipc/shm)
    doctor --key 5 --size 100
    doctor --key 5 --exclusive
    doctor --key 99 --size 100
    doctor --size 100
    doctor --key 5
    assert_equal "$(cat /proc/sysvipc/shm)" "$before"
}

@test "wrong words are wrong usage" {
    local word
    for word in '' x 0x 0x123456789 4294967296; do
        shmtool doctor --key "$word"
        assert_wrong_usage 'shmtool: doctor: --key: ' || return 1
    done
    for word in '' x -1 1.5M 18446744073709551616 5..6; do
        shmtool doctor --size "$word"
        assert_wrong_usage 'shmtool: doctor: --size: ' || return 1
    done
    for word in '' 8 1000 rw 0x180 00600; do
        shmtool doctor --key 5 --mode "$word"
        assert_wrong_usage 'not a mode (three octal digits, 600)' || return 1
    done
    shmtool doctor --exclusive
    assert_wrong_usage '--exclusive: needs --key or --size'
    shmtool doctor --mode 600
    assert_wrong_usage '--mode: needs --key or --size'
    shmtool doctor 5
    assert_wrong_usage "'5': takes no operands; what shmget is asked for is named by --key and --size"
    mkdir -p "$BATS_TEST_TMPDIR/tree/proc"
    shmtool --sysroot "$BATS_TEST_TMPDIR/tree" doctor --key 5
    assert_wrong_usage 'for the live system only'
}

@test "a mode may have a leading 0" {
    need_ns
    shmtool doctor --size 5 --mode 0640
    assert_status 0
    assert_out_has ', IPC_CREAT | 0640)'
    shmtool doctor --size 5 --mode 7
    assert_out_has ', IPC_CREAT | 0007)'
}
