# doctor: the call as programs print it, huge pages, shmat after shmget, memory groups, calls that are
# refused, kernels and containers that lack something. Each prediction is compared with the kernel's answer.
# shellcheck disable=SC2016 # in single quotes stands what an inner shell expands
load common
load doctor

teardown() {
    common_teardown
    ! own_ns || restore_limits
    [[ ! ${group:-} ]] || rmdir "$group" 2>/dev/null || true
}

# real KEY SIZE FLAGS: what the kernel says to shmget and to both shmat; takes away what it made
real() {
    "$HELPERS/callshmget" --attach "$@"
}

# said: the same as the program has it in $out (JSON)
said() {
    jq -r '[.result, (.attach // empty | .ro, .rw)] | join(" ")' <<<"$out"
}

# as_who UID COMMAND...: as that user; '': as oneself
as_who() {
    if [[ $1 ]]; then
        as_user "$@"
    else
        "${@:2}"
    fi
}

# in_mounts SCRIPT: runs it in a mount namespace of its own
in_mounts() {
    unshare --mount true 2>/dev/null || skip "makes no mount namespaces"
    run_split unshare --mount bash -c "$1"
}

@test "flags as PostgreSQL, UCX and strace print them" {
    need_ns
    doctor --key 5 --size 100 --flags 03600
    assert_predicted OK 5 100 3600
    assert_out_has 'shmget(0x00000005, 100, IPC_CREAT | IPC_EXCL | 0600) would succeed'
    shmtool doctor --key 5 --size 100 --flags 960
    assert_out_has 'shmget(0x00000005, 100, IPC_CREAT | 0700) would'
    shmtool doctor --size 100 --flags 0xfb0
    assert_out_has 'shmget(IPC_PRIVATE, 100, IPC_CREAT | IPC_EXCL | SHM_HUGETLB | 0660) would'
    shmtool doctor --size 100 --flags 'IPC_CREAT|IPC_EXCL|0600'
    assert_out_has 'IPC_CREAT | IPC_EXCL | 0600) would'
    shmtool doctor --size 100 --flags 'IPC_CREAT | SHM_HUGETLB | SHM_NORESERVE | SHM_HUGE_2MB | S_IRUSR | S_IWUSR'
    assert_out_has 'IPC_CREAT | SHM_HUGETLB | SHM_NORESERVE | SHM_HUGE_2MB | 0600) would'
    shmtool doctor --size 100 --flags 'IPC_CREAT|SHM_HUGETLB|30<<SHM_HUGE_SHIFT|0666'
    assert_out_has 'IPC_CREAT | SHM_HUGETLB | SHM_HUGE_1GB | 0666) would'
    # Exactly those flags: without IPC_CREAT nothing is made.
    doctor --key 6 --size 100 --flags 0600
    assert_predicted ENOENT 6 100 600
}

@test "a flag of three octal digits without the 0 is decimal, and said to be so" {
    need_ns
    shmtool doctor --size 100 --flags 600
    assert_status 0
    assert_out_has 'shmget(IPC_PRIVATE, 100, IPC_CREAT | 0130) would succeed'
    assert_err 'shmtool: doctor: --flags 600: a decimal number; octal would be 0600'
    shmtool doctor --size 100 --flags 960
    assert_err ''
}

@test "flags that are none, and what --flags says already" {
    local word
    for word in IPC_CREATE '' 'IPC_CREAT|' '|0600' 0800 0x123456789 4294967296 -5 '64<<SHM_HUGE_SHIFT' SHM_HUGE_3MB; do
        shmtool doctor --size 5 --flags "$word"
        assert_wrong_usage '--flags: ' 'not a flag of shmget; a number (03600, 0xfb0, 960), or IPC_CREAT' || return 1
    done
    shmtool doctor --size 5 --flags 'IPC_CREAT|IPC_EXEL|0600'
    assert_wrong_usage "--flags: 'IPC_EXEL': not a flag"
    for word in '--mode=600' --exclusive --huge --huge=2M; do
        shmtool doctor --size 5 --flags 0600 "$word"
        assert_wrong_usage "${word%=*}: --flags names all flags, this one too" || return 1
    done
    shmtool doctor --flags 0600
    assert_wrong_usage '--flags: needs --key or --size'
    shmtool doctor --huge
    assert_wrong_usage '--huge: needs --key or --size'
    shmtool doctor --attach rw
    assert_wrong_usage '--attach: needs --key or --size'
    shmtool doctor --size 5 --attach wr
    assert_wrong_usage "--attach: 'wr': not a kind of access (ro or rw)"
    for word in 3M 0 1 x ''; do
        shmtool doctor --size 5 "--huge=$word"
        assert_wrong_usage "--huge: '$word': not " || return 1
    done
    shmtool doctor --size 5 --huge 2M
    assert_wrong_usage "'2M': takes no operands; a page size is written --huge=SIZE"
}

# All combinations of all that a call has are in tests/unit/test_model_shmget_live.c.
@test "every combination of flags is answered as the kernel answers it" {
    need_ns
    local key flags more who wrong=0 count=0 answer
    local users=("") modes=(0 0400 0600)
    ! has_users || users+=(12345)
    make_seg -k 0x51 -s 8192 -m 644 >/dev/null
    for who in "${users[@]}"; do
        for key in 0 0x51; do
            for more in {0..15}; do
                # The modes take turns.
                flags=$(printf '0x%x' $((more << 9 | ${modes[count++ % 3]})))
                run_split as_who "$who" "$SHMTOOL" doctor --json --key "$key" --size 8192 --flags "$flags"
                answer=$(as_who "$who" "$HELPERS/callshmget" --attach "$key" 8192 "$flags")
                [[ $(said) == "$answer" ]] || {
                    echo "user '$who' shmget($key, 8192, $flags): the kernel says $answer, predicted was $(said)"
                    wrong=1
                }
            done
        done
    done
    ((!wrong)) || fail "predicted wrongly"
}

@test "huge pages: EPERM without the right, whatever may be locked" {
    need_ns
    need_root
    [[ -d /sys/kernel/mm/hugepages/hugepages-2048kB ]] || skip "has no huge pages of 2 MiB"
    local group
    group=$(cat /proc/sys/vm/hugetlb_shm_group)
    run_split as_user 12345 bash -c 'ulimit -l 65536 2>/dev/null; exec "$SHMTOOL" doctor --size 5M --huge --json'
    assert_status 1
    assert_equal "$(said)" EPERM
    assert_equal "$(as_user 12345 "$HELPERS/callshmget" --attach 0 5242880 0xb80)" EPERM
    run_split as_user 12345 "$SHMTOOL" doctor --size 5M --huge
    unwrap
    assert_out_has "CAP_IPC_LOCK, and for the group of vm.hugetlb_shm_group, gid $group; uid 12345 has neither; RLIMIT_MEMLOCK (ulimit -l) does not help"
    if ((group == 0)); then
        assert_out_has 'as root: sysctl vm.hugetlb_shm_group=12345'
    else
        assert_out_has "make uid 12345 a member of the group with gid $group"
    fi
    # A member of that group may, as far as the pool goes; so may a capability alone.
    run_split setpriv --reuid 12345 --regid 12345 --groups "$group" "$SHMTOOL" doctor --size 5M --huge --json
    assert_equal "$(said)" "$(setpriv --reuid 12345 --regid 12345 --groups "$group" "$HELPERS/callshmget" --attach 0 5242880 0xb80)"
    [[ $(said) != EPERM ]] || fail "its group has the right"
}

@test "huge pages: unknown sizes, a short pool, sizes rounded up" {
    need_ns
    need_root
    [[ -d /sys/kernel/mm/hugepages/hugepages-2048kB ]] || skip "has no huge pages of 2 MiB"
    doctor --size 5 --huge=4M
    assert_equal "$result" EINVAL
    assert_equal "$(real 0 5 0x58000b80)" EINVAL
    assert_reason_has 'there are no huge pages of 4 MiB, but of '
    doctor --size 1000000000000001 --huge=2M
    assert_equal "$result" ENOMEM
    ! has_64_bits || assert_equal "$(real 0 1000000000000001 0x54000b80)" ENOMEM
    assert_reason_has 'need 476837159 huge pages of 2 MiB; the pool has '
    [[ $remedy == *nr_hugepages*'read it back'* ]] || fail "the remedy is: $remedy"
    # Nothing is promised with SHM_NORESERVE.
    doctor --size 3M --flags 'SHM_HUGETLB|SHM_NORESERVE|SHM_HUGE_2MB|0600' --attach rw
    assert_equal "$result" OK
    assert_equal "$(real 0 3145728 0x54001980)" 'OK OK OK'
    assert_reason_has 'a new segment of 3145728 bytes (3 MiB), 2 huge pages of 2 MiB'
}

@test "huge pages in a user namespace: its root has no right to them" {
    need_ns
    need_root
    [[ -d /sys/kernel/mm/hugepages/hugepages-2048kB ]] || skip "has no huge pages of 2 MiB"
    as_user 12345 unshare --user --map-root-user --ipc true 2>/dev/null || skip "makes no user namespaces"
    run_split as_user 12345 unshare --user --map-root-user --ipc "$SHMTOOL" doctor --size 5M --huge --json
    assert_equal "$(said)" EPERM
    assert_out_has 'CAP_IPC_LOCK on the host, not in a user namespace'
    assert_out_has 'run it outside of this user namespace, as root'
    [[ $out != *setcap* ]] || fail "a file capability is none outside: $out"
}

@test "shmat: a segment of another user that may only be read" {
    need_ns
    need_root
    local id
    id=$(make_seg -k 0x143511 -m 644)
    run_split as_user 12345 "$SHMTOOL" doctor --key 0x143511 --mode 0
    assert_status 0
    assert_out_has "shmget(0x00143511, 0, 0000) would succeed
shmat($id, NULL, SHM_RDONLY) would succeed
shmat($id, NULL, 0) would fail: EACCES (Permission denied)"
    unwrap
    assert_out_has 'attaching it for reading and writing fails: mode 644 grants uid 12345 reading'
    assert_out_has 'remedy: attach it for reading alone (SHM_RDONLY), or call it as root, or'
    run_split as_user 12345 "$SHMTOOL" doctor --key 0x143511 --mode 0 --json
    assert_status 0
    assert_equal "$(said)" 'OK OK EACCES'
    # With --attach the answer is that of both.
    run_split as_user 12345 "$SHMTOOL" doctor --key 0x143511 --mode 0 --attach rw --json
    assert_status 1
    assert_equal "$(said)" 'EACCES OK EACCES'
    assert_equal "$(jq .shmid <<<"$out")" "$id"
    run_split as_user 12345 "$SHMTOOL" doctor --key 0x143511 --mode 0 --attach ro --json
    assert_status 0
    assert_equal "$(said)" 'OK OK EACCES'
    assert_equal "$(jq .remedy <<<"$out")" null
    # Where shmget fails there is nothing to attach.
    run_split as_user 12345 "$SHMTOOL" doctor --key 0x143511 --attach ro --json
    assert_status 1
    assert_equal "$(said)" EACCES
    assert_equal "$(jq .attach <<<"$out")" null
}

@test "shmat: a mode that keeps its own maker out" {
    need_ns
    need_root
    run_split as_user 12345 "$SHMTOOL" doctor --size 5 --mode 400 --attach rw
    assert_status 1
    assert_out_has 'shmat(shmid, NULL, 0) would fail: EACCES'
    assert_equal "$(as_user 12345 "$HELPERS/callshmget" --attach 0 5 1400)" 'OK OK EACCES'
    shmtool doctor --size 5 --mode 400 --attach rw
    assert_status 0
}

@test "shmat: the limit of the address space" {
    need_ns
    need_no_sanitizer
    run_split bash -c 'ulimit -S -v 100000; exec "$SHMTOOL" doctor --size 100M'
    assert_status 0
    unwrap
    assert_out_has "shmat(shmid, NULL, 0) would fail: ENOMEM ($(words_of_errno ENOMEM))"
    assert_out_has 'attaching it fails: the address space of a process may have no more than 102400000 bytes (97.7 MiB)'
    assert_out_has 'remedy: raise the limit where the program is started: ulimit -v unlimited, or LimitAS=infinity'
    run_split bash -c 'ulimit -v 100000; exec "$SHMTOOL" doctor --size 100M --attach ro --json'
    assert_status 1
    assert_equal "$(said)" 'ENOMEM ENOMEM ENOMEM'
    assert_equal "$(ulimit -v 100000; real 0 104857600 1600)" 'OK ENOMEM ENOMEM'
    run_split bash -c 'ulimit -v 100000; exec "$SHMTOOL" doctor --size 50M --attach rw --json'
    assert_status 0
    assert_equal "$(said)" 'OK OK OK'
}

@test "shmat: a hard limit of the address space goes by what is recommended" {
    need_ns
    need_root
    need_no_sanitizer
    need_program prlimit
    local remedy command ask='exec setpriv --reuid 12345 --regid 12345 --clear-groups "$SHMTOOL" doctor --size 100M --attach rw --json'
    run_split bash -c "ulimit -v 100000; $ask"
    assert_status 1
    remedy=$(jq -r .remedy <<<"$out")
    assert_equal "$remedy" 'raise the limit where the program is started: as root: prlimit --as=unlimited --pid PID (PID: that of the shell that starts it), or LimitAS=infinity in its unit'
    command=${remedy#*as root: }
    command=${command%% (*}
    # A root without CAP_SYS_RESOURCE may not.
    if bash -c 'ulimit -v 1000000; prlimit --as=unlimited --pid $$' 2>/dev/null; then
        run_split bash -c "ulimit -v 100000; ${command/PID/\$\$} && $ask"
        assert_status 0
        assert_equal "$(said)" 'OK OK OK'
    fi
}

@test "a memory group that allows less than the segment: a warning, and no failure" {
    need_ns
    need_root
    local memory=/sys/fs/cgroup file=memory.max
    [[ ! -d /sys/fs/cgroup/memory ]] || memory=/sys/fs/cgroup/memory file=memory.limit_in_bytes
    group=$memory/shmtool-test-$$
    mkdir "$group" 2>/dev/null && [[ -w $group/$file ]] && echo 64M >"$group/$file" ||
        skip "makes no memory groups"
    run_split bash -c 'echo $$ >"$1/cgroup.procs"; exec "$SHMTOOL" doctor --size 100M' - "$group"
    assert_status 0
    unwrap
    assert_out_has "warning: the memory control group /shmtool-test-$$ allows 64 MiB, of which "
    assert_out_has ' are left, and the segment takes up to 100 MiB more: a process that touches all of it is killed'
    assert_out_has 'MemoryMax= of a systemd unit'
    run_split bash -c 'echo $$ >"$1/cgroup.procs"; exec "$SHMTOOL" doctor --size 10M --json' - "$group"
    assert_status 0
    assert_equal "$(jq .warning <<<"$out")" null
}

@test "a filter that refuses the call: EPERM, found by a key that nobody has" {
    need_ns
    "$HELPERS/refuse" EPERM shmget true 2>/dev/null || skip "has no system call filters"
    local words
    for words in '--size 5' '--key 5' '--key 5 --size 5 --exclusive'; do
        # shellcheck disable=SC2086 # words
        run_split "$HELPERS/refuse" EPERM shmget "$SHMTOOL" doctor $words --json
        assert_status 1 || return 1
        assert_equal "$(said)" EPERM || return 1
        assert_out_has 'where ENOENT is the normal answer; a system call filter (seccomp) is in force here' || return 1
    done
    run_split "$HELPERS/refuse" EPERM shmat "$SHMTOOL" doctor --size 5 --attach ro --json
    assert_status 1
    assert_equal "$(said)" 'EPERM EPERM EPERM'
    assert_equal "$(all_ids)" ''
}

# Nothing of System V shared memory: neither calls nor files.
readonly HIDE_SYSV='mount -t tmpfs none /proc/sysvipc && mount -t tmpfs none /proc/sys/kernel || exit 77
    without() { "$HELPERS/refuse" ENOSYS shmget,shmat,shmdt,shmctl "$@"; }
    without true || exit 77
    '

@test "a kernel without System V shared memory" {
    need_ns
    local words
    for words in '--size 5' '--key 5' '--key 5 --size 5' '--key 5432001 --size 56 --flags 03600'; do
        in_mounts "$HIDE_SYSV without \"\$SHMTOOL\" doctor $words --json"
        [[ $status != 77 ]] || skip "hides nothing of /proc, or has no system call filters"
        assert_status 1 || return 1
        assert_equal "$(said)" ENOSYS || return 1
        assert_out_has 'this kernel has no System V shared memory: it was built without CONFIG_SYSVIPC' || return 1
    done
    for words in doctor ls limits 'rm 5' 'rm --orphan --yes' who 'stat 5'; do
        in_mounts "$HIDE_SYSV without \"\$SHMTOOL\" $words"
        assert_status 4 || return 1
        assert_out '' || return 1
        assert_err "shmtool: ${words%% *}: no System V shared memory: this kernel was built without CONFIG_SYSVIPC, or a system call filter hides it" || return 1
    done
}

@test "without System V shared memory run simply runs the program" {
    need_ns
    in_mounts "$HIDE_SYSV"'without "$SHMTOOL" run sh -c "echo hello; exit 3"'
    [[ $status != 77 ]] || skip "hides nothing of /proc, or has no system call filters"
    assert_status 3
    assert_out hello
    assert_err ''
}

# nsenter_there: how the host's root gets into the namespace of the tests, which an ordinary user made with a user
# namespace around it
nsenter_there() {
    local first
    read -r _ _ first </proc/self/uid_map
    echo "nsenter --ipc $( ((first == 4294967295)) || echo '--user ')--target PID"
}

@test "/proc of processes alone: limits come from the kernel itself" {
    need_limits
    need_sizes_by_calls
    local script='mount -t proc -o subset=pid proc /proc 2>/dev/null || exit 77; '
    echo 33554432 >/proc/sys/kernel/shmmax
    make_seg -k 5 -s 4097 >/dev/null
    unshare --pid --fork --mount true 2>/dev/null || skip "makes no PID namespaces"
    run_split unshare --pid --fork --mount bash -c "$script"'"$SHMTOOL" limits --json'
    [[ $status != 77 ]] || skip "mounts no /proc with subset=pid"
    assert_status 0
    assert_equal "$(jq -c '[.limits | .shmmax.value, .shmall.used, .shmmni.value, .shmmni.used, .shm_rmid_forced.value]' <<<"$out")" \
        '[33554432,2,4096,1,null]'
    run_split unshare --pid --fork --mount bash -c "$script"'"$SHMTOOL" doctor --size 32M --json'
    assert_equal "$(said)" 'OK OK OK'
    assert_out_has 'whether there is memory for it is unknown: /proc/meminfo and /proc/sys/vm cannot be read'
    run_split unshare --pid --fork --mount bash -c "$script"'"$SHMTOOL" doctor --size 33554433 --json'
    assert_equal "$(said)" EINVAL
    assert_out_has "/proc/sys cannot be written to here; on the host, as root: $(nsenter_there) sysctl -w kernel.shmmax=33554433"
    run_split unshare --pid --fork --mount bash -c "$script"'"$SHMTOOL" doctor'
    assert_status 0
    assert_out_has 'whether it is an orphan is unknown: its creator is in another PID namespace'
    assert_err 'shmtool: doctor: /proc/sys/kernel/sem: No such file or directory; semaphores and message queues are not all checked'
    run_split unshare --pid --fork --mount bash -c "$script"'"$SHMTOOL" limits --set shmmni=5'
    assert_status 1
    assert_err_has "shmmni=5: /proc/sys/kernel/shmmni: No such file or directory; /proc/sys cannot be written to here; on the host, as root: $(nsenter_there) sysctl -w kernel.shmmni=5"
}

@test "a container with a read-only /proc/sys: where the limit is raised, and how" {
    need_limits
    local script='mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys || exit 77; '
    echo 33554432 >/proc/sys/kernel/shmmax
    in_mounts "$script"'"$SHMTOOL" doctor --size 33554433 --json'
    [[ $status != 77 ]] || skip "makes no read-only mounts"
    assert_status 1
    assert_equal "$(jq -r .remedy <<<"$out")" "/proc/sys cannot be written to here; on the host, as root: $(nsenter_there) sysctl -w kernel.shmmax=33554433 (PID: that of a process in here, as the host knows it); or start the container with --sysctl kernel.shmmax=33554433"
    ! has_users || {
        in_mounts "$script"'setpriv --reuid 12345 --regid 12345 --clear-groups "$SHMTOOL" doctor --size 33554433 --json'
        assert_out_has 'on the host, as root: nsenter'
    }
}

@test "a full limit: the process that made the most, and orphans without a key before all others" {
    need_limits
    local id
    start_helper mkseg --count 3 --stay
    all_ids | wc -l >/proc/sys/kernel/shmmni
    doctor --size 1
    assert_equal "$result" ENOSPC
    assert_reason_has "[$helper_pid] (alive) made 3 segments, 3 pages"
    [[ $remedy == "if "*"[$helper_pid] needs no 3 segments (shmtool ls --cpid $helper_pid), stop or fix it; or: shmtool limits --set shmmni=6" ]] ||
        fail "the remedy is: $remedy"
    # One with a key may be kept on purpose.
    echo 4 >/proc/sys/kernel/shmmni
    id=$(make_seg -k 7)
    doctor --size 1
    [[ $remedy == "look at the leftovers, some of which may be kept on purpose (shmtool ls --orphan --owner $(id -un)), then: shmtool rm --orphan --owner $(id -un); or: "* ]] ||
        fail "the remedy is: $remedy"
    echo 5 >/proc/sys/kernel/shmmni
    make_seg >/dev/null
    doctor --size 1
    [[ $remedy == "shmtool rm --orphan --key 0 --owner $(id -un); or: "* ]] || fail "the remedy is: $remedy"
    assert_exists "$id"
}
