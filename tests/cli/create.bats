# create: a new segment, whole as it was asked for or none.
# Scripts for another shell stand in single quotes.
# shellcheck disable=SC2016
load common

ALICE=12345
BOB=12346

setup() {
    common_setup
    forced=/proc/sys/kernel/shm_rmid_forced
}

teardown() {
    common_teardown
    ! own_ns || ! [[ -w $forced ]] || echo 0 >"$forced"
}

@test "prints the id alone: perms 600, a random key other than 0, the caller's" {
    need_ns
    local first
    shmtool create --size 4K
    assert_status 0
    assert_err ''
    assert_out_matches $'^[0-9]+\n$'
    first=${out%$'\n'}
    assert_segment "$first" 3 600 4 4096 7 0 8 "$(id -u)" 9 "$(id -g)"
    [[ $(field_of "$first" 1) != 0 ]]
    shmtool create --size 4K
    assert_status 0
    [[ $(field_of "$first" 1) != "$(field_of "${out%$'\n'}" 1)" ]]
}

@test "key, perms, noreserve and lock are those asked for" {
    need_ns
    local id
    shmtool create --size 5000 --key 0xfedc1234 --perms 0664 --noreserve
    assert_status 0
    id=${out%$'\n'}
    assert_segment "$id" 1 $((0xfedc1234 - (1 << 32))) 3 664 4 5000
    shmtool create -s 1 -k -2 --perms 0 --lock
    assert_status 0
    assert_segment "${out%$'\n'}" 1 -2 3 2000 4 1
}

@test "the key of a file, with 1 and with another PROJ" {
    need_ns
    local key
    shmtool create --size 1 --ftok "$BATS_TEST_FILENAME"
    assert_status 0
    key=$(field_of "${out%$'\n'}" 1)
    shmtool key --no-header -c shmid,key "$BATS_TEST_FILENAME"
    [[ $((${out##* })) == $((key & 0xffffffff)) ]] || fail "ftok's key is not $key"
    shmtool create --size 1 --ftok "$BATS_TEST_FILENAME" -p A
    assert_status 0
    [[ $(($(field_of "${out%$'\n'}" 1) >> 24)) == 65 ]]
    shmtool create --size 1 --ftok /nowhere/at/all
    assert_status 1
    assert_out ''
    assert_err 'shmtool: create: /nowhere/at/all: No such file or directory'
}

@test "a key that is taken is an error that says whose it is" {
    need_ns
    local id
    id=$(make_seg --key 0x1234 --size 50)
    shmtool create --size 50 --key 0x1234
    assert_status 1
    assert_out ''
    assert_err_has 'shmget(0x00001234, 50, IPC_CREAT | IPC_EXCL | 0600): File exists'
    assert_err_has "reason: segment $id has the key"
    assert_err_has "it belongs to $(id -un)"
    assert_equal "$(all_ids)" "$id"
}

@test "whose it is, for root, the owner and others alike" {
    need_ns
    need_root
    local who
    as_user $ALICE "$HELPERS/mkseg" --key 0x1234 --mode 0 >/dev/null
    for who in 0 $ALICE $BOB; do
        run_split as_user "$who" "$SHMTOOL" create --size 1 --key 0x1234
        assert_status 1
        assert_out ''
        assert_err_has "File exists"
        assert_err_has "it belongs to uid $ALICE"
    done
}

@test "a failure is explained as doctor does" {
    need_ns
    shmtool create --size 0
    assert_status 1
    assert_out ''
    assert_err_has 'Invalid argument'
    assert_err_has 'a new segment must have 1 byte or more'
    assert_err_has 'remedy: ask for 1 byte or more'
    shmtool create --size 8192P
    assert_status 1
    if has_64_bits; then
        assert_err_has 'the kernel makes no segment of 2^63 bytes or more'
    else
        assert_err 'shmtool: create: 9223372036854775808 bytes: a program of 32 bits, as this one is, cannot make a segment of 4 GiB and more'
    fi
    [[ ! $(all_ids) ]]
}

@test "above shmmax and above shmall" {
    need_ns
    local shmmax=/proc/sys/kernel/shmmax shmall=/proc/sys/kernel/shmall
    [[ -w $shmmax ]] || skip 'limits cannot be set here'
    local old_max old_all
    old_max=$(<$shmmax) old_all=$(<$shmall)
    echo 8192 >$shmmax
    shmtool create --size 8193
    echo "$old_max" >$shmmax
    assert_status 1
    assert_err_has 'shmmax'
    echo 2 >$shmall
    shmtool create --size 3M
    echo "$old_all" >$shmall
    assert_status 1
    assert_err_has 'No space left on device'
    assert_err_has 'shmall'
}

@test "owner and group: the group stays where it is not named" {
    need_ns
    need_root
    local id
    shmtool create --size 1 --owner $ALICE:$BOB
    assert_status 0
    assert_segment "${out%$'\n'}" 3 600 8 $ALICE 9 $BOB 10 0 11 0
    shmtool create --size 1 --owner $ALICE --perms 640
    assert_status 0
    assert_segment "${out%$'\n'}" 3 640 8 $ALICE 9 0
    # A creator may give away what he has made, to whom he likes.
    run_split as_user $ALICE "$SHMTOOL" create --size 1 --owner root --perms 644
    assert_status 0
    assert_segment "${out%$'\n'}" 3 644 8 0 9 $ALICE 10 $ALICE 11 $ALICE
}

@test "an owner that the user namespace does not have: removed again, and said" {
    need_ns
    need_root
    unshare --user --map-root-user --ipc true 2>/dev/null || skip 'makes no user namespaces'
    run_split unshare --user --map-root-user --ipc sh -c '"$0" create --size 1 --owner 4711; echo $?; "$0" ls -q' "$SHMTOOL"
    assert_out 1
    assert_err_matches 'create: --owner: the segment could not be given to uid 4711, gid 0: Invalid argument: .*; segment 0 was removed again'
}

@test "a lock that RLIMIT_MEMLOCK forbids: removed again, and said" {
    need_ns
    need_root
    local limit
    for limit in 0 4096; do
        run_split prlimit --memlock=$limit:$limit setpriv --reuid $ALICE --regid $ALICE --clear-groups \
            "$SHMTOOL" create --size 1M --lock
        assert_status 1
        assert_out ''
        assert_err_has 'shmtool: create: --lock: '
        assert_err_has 'RLIMIT_MEMLOCK'
        assert_err_has 'was removed again'
    done
    [[ ! $(all_ids) ]]
    run_split as_user $ALICE "$SHMTOOL" create --size 4096 --lock
    assert_status 0
}

@test "with shm_rmid_forced it refuses: the segment would be gone" {
    need_ns
    [[ -w $forced ]] || skip 'limits cannot be set here'
    echo 1 >"$forced"
    shmtool create --size 1
    assert_status 1
    assert_out ''
    assert_err_has 'kernel.shm_rmid_forced is 1'
    assert_err_has 'remedy: shmtool limits --set shm_rmid_forced=0'
    has_users || return 0
    run_split as_user $ALICE "$SHMTOOL" create --size 1
    assert_status 1
    assert_err_has 'remedy: as root: shmtool limits --set shm_rmid_forced=0'
}

@test "huge pages that there are none of" {
    need_ns
    [[ $(awk '/^HugePages_Free/ { print $2 }' /proc/meminfo) == 0 ]] || skip 'there are huge pages'
    shmtool create --size 2M --huge
    assert_status 1
    assert_out ''
    assert_err_has 'SHM_HUGETLB | 0600): '
    assert_err_has 'reason: '
    shmtool create --size 2M --huge=3M
    assert_wrong_usage "'3M': not the size of a page"
    shmtool create --size 2M --huge --lock
    assert_wrong_usage 'huge pages are never swapped out'
}

@test "an id that cannot be written is a segment that nobody knows of: removed again" {
    need_ns
    run_split bash -c '"$0" create --size 1 >/dev/full' "$SHMTOOL"
    assert_status 1
    assert_err_matches 'the id could not be written: segment [0-9]+ was removed again'
    assert_err_has 'No space left on device'
    [[ ! $(all_ids) ]]
}

@test "wrong words make nothing" {
    need_ns
    local words
    while read -r words; do
        # shellcheck disable=SC2086 # several words
        shmtool create $words
        assert_status 2
        assert_out ''
        [[ ! $(all_ids) ]] || fail "made one"
    done <<END
--key 5
--size 1 --key 0
--size 1 --key 0x
--size 1x
--size -1
--size 1 --key 5 --ftok /etc/passwd
--size 1 -p 5
--size 1 --ftok /etc/passwd -p 256
--size 1 --perms 888
--size 1 --perms 1777
--size 1 --perms rw
--size 1 --owner :
--size 1 --owner root:
--size 1 --owner :root
--size 1 --owner no-such-user
--size 1 --owner root:no-such-group
--size 1 --owner 4294967295
--size 1 4096
-A --size 1
--sysroot / --size 1
END
    shmtool create
    assert_wrong_usage 'no --size given'
    shmtool create 4096
    assert_wrong_usage "'4096': takes no operands; the size is named by --size"
    shmtool create --size 1 --key 0
    assert_wrong_usage '--key 0: is IPC_PRIVATE'
}

@test "the words of ipcmk are answered with what to type" {
    shmtool create -M 4096 -p 644
    assert_wrong_usage 'shmtool create --size 4096'
    shmtool create -p 644 -M 4096
    assert_wrong_usage 'permissions are named by --perms'
    shmtool create --size 4096 -p 7
    assert_wrong_usage 'permissions are named by --perms MODE'
    shmtool create -S 3
    assert_wrong_usage 'ipcmk' 'shmtool create --size SIZE'
    shmtool create --shmem 4096
    assert_wrong_usage "did you mean '--size'?"
    shmtool create --size 4096 --mode 644
    assert_wrong_usage "did you mean '--perms'?"
    shmtool ipcmk -M 5
    assert_wrong_usage "did you mean 'create'?"
}

@test "in another IPC namespace" {
    need_ns
    need_root
    start_helper unshare --ipc bash -c 'echo ready; exec sleep 1000'
    shmtool -N "$helper_pid" create --size 7 --key 0x77
    assert_status 0
    [[ ! $(all_ids) ]]
    shmtool -N "$helper_pid" ls --no-header -c shmid,key,bytes
    assert_out_has '0x00000077'
    shmtool -N "$helper_pid" create --size 7 --key 0x77
    assert_status 1
    assert_err_matches 'remedy: .*shmtool -N [0-9]+ rm 0'
    [[ ! -w $forced ]] || nsenter --target "$helper_pid" --ipc sh -c "echo 1 >$forced"
    shmtool -N "$helper_pid" create --size 7
    assert_status 1
    assert_err_matches 'remedy: shmtool -N [0-9]+ limits --set shm_rmid_forced=0'
}
