# doctor without --key or --size: semaphores and queues, RemoveIPC, permissions, former keys, descriptors,
# Shmem, and what is normal. Scripts for another shell stand in single quotes.
# shellcheck disable=SC2016
load common

sem=$(cat /proc/sys/kernel/sem) msgmni=$(cat /proc/sys/kernel/msgmni)

teardown() {
    common_teardown
    own_ns || return 0
    ipcrm --all=sem --all=msg
    if [[ -w /proc/sys/kernel/sem ]]; then
        echo 0 >/proc/sys/kernel/shm_rmid_forced
        echo "$sem" >/proc/sys/kernel/sem
        echo "$msgmni" >/proc/sys/kernel/msgmni
    fi
}

need_limits() {
    need_ns
    { : >>/proc/sys/kernel/sem; } 2>/dev/null || skip "may not set the limits of its IPC namespace"
}

# doctor [OPTION]...: runs it as JSON, which $json keeps, then as text
doctor() {
    shmtool "$@" doctor --json
    json=$out
    jq -e .schema <<<"$json" >/dev/null || fail "no JSON" || return 1
    shmtool "$@" doctor
}

# checks: the names and severities of what was found, in order
checks() {
    jq -r '.findings | map(.severity + " " + .check) | join("; ")' <<<"$json"
}

# finding CHECK FIELD: of the first one
finding() {
    jq -rc --arg check "$1" "[.findings[] | select(.check == \$check)][0].$2" <<<"$json"
}

# saved_tree ROW...: a support bundle with these rows of /proc/sysvipc/shm, up to the creator's gid: processes 1
# lives; users root, zc (1001), daemon (11) and lingerer (1002)
saved_tree() {
    tree=$BATS_TEST_TMPDIR/tree
    mkdir -p "$tree/proc/sysvipc" "$tree/etc" "$tree/proc/1"
    {
        echo 'key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap'
        printf '%s 1795299001 1795299001 1795299001 4096 0\n' "$@"
    } >"$tree/proc/sysvipc/shm"
    echo '1 (init) S 0 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0' >"$tree/proc/1/stat"
    printf 'btime 1795290000\n' >"$tree/proc/stat"
    printf '%s\n' root:x:0:0::/root:/bin/sh zc:x:1001:1001::/:/bin/sh daemon:x:11:11::/:/bin/false \
        lingerer:x:1002:1002::/:/bin/sh >"$tree/etc/passwd"
}

# conf PATH LINE...: a file of the tree
conf() {
    mkdir -p "$tree/${1%/*}"
    printf '%s\n' "${@:2}" >"$tree/$1"
}

# --- Severities -------------------------------------------------------------------------------

@test "what is normal is no failure, and can be left out" {
    need_ns
    make_seg -k 5
    start_helper holdseg --rmid "$(make_seg)"
    doctor
    assert_status 0
    assert_equal "$(checks)" 'info orphans-with-key; info dest'
    shmtool doctor --severity info
    assert_status 0
    assert_out_has 'info: dest: '
    shmtool doctor --severity warning
    assert_status 0
    assert_out '2 segments, 8 KiB: no warning'
    make_seg
    shmtool doctor --severity warning
    assert_status 1
    assert_out_has 'warning: orphans: '
    assert_out_has_not 'info: '
    assert_out_has_not Shmem
    shmtool doctor --severity warning --json
    assert_equal "$(jq -c '.findings | map(.check)' <<<"$out")" '["orphans"]'
    shmtool doctor --severity error
    assert_status 0
    assert_out '3 segments, 12 KiB: no error'
}

@test "a word that is no severity; severities of a call of shmget" {
    shmtool doctor --severity warnings
    assert_wrong_usage "--severity: 'warnings': not a severity (info, warning or error)"
    shmtool doctor --severity ''
    assert_wrong_usage "'': not a severity"
    shmtool doctor --severity warning --key 5
    assert_wrong_usage '--severity: is about the machine, not with --key or --size'
}

@test "one finding a check and owner, not one a segment" {
    saved_tree '0 1 600 4096 99 99 0 1001 0 1001 0' '0 2 600 4096 99 99 0 0 0 0 0' \
        '0 3 600 4096 99 99 0 1001 0 1001 0' '7 4 600 4096 99 99 0 1001 0 1001 0' '8 5 600 4096 99 99 0 1001 0 1001 0'
    doctor --sysroot "$tree"
    assert_equal "$(checks)" 'warning orphans; warning orphans; info orphans-with-key'
    assert_equal "$(jq -c '.findings | map(.shmids)' <<<"$json")" '[[1,3],[2],[4,5]]'
    assert_equal "$(finding orphans remedy)" 'on that machine: as zc or root: shmtool rm --orphan --key 0 --owner zc'
}

@test "of many owners a terminal shows those of the most segments, and the sum of the others" {
    local id lines=()
    for id in {1..8}; do
        lines+=("0 $id 600 4096 99 99 0 $((2000 + id)) 0 0 0")
    done
    saved_tree "${lines[@]}" '0 9 600 4096 99 99 0 2008 0 0 0' '0 10 666 4096 99 99 0 0 0 0 0'
    pty -- "$SHMTOOL" --sysroot "$tree" doctor
    assert_equal "$(grep -c 'orphans: .*, .* orphan' <<<"$out")" 5
    assert_out_has 'rm --orphan --key 0 --owner 2008'
    assert_out_has_not '--owner 2007'
    assert_out_has 'warning: orphans: the same of 4 more owners, 4 segments, 16 KiB: through a'
    assert_equal "$(grep -c 'more owner' <<<"$out")" 2
    assert_out_has 'writable'
    shmtool --sysroot "$tree" doctor
    assert_status 1
    assert_equal "$(grep -c 'rm --orphan --key 0' <<<"$out")" 17
    assert_out_has_not 'more owner'
}

@test "an owner's name is quoted as a shell needs it" {
    saved_tree '0 1 600 4096 99 99 0 1003 0 1003 0'
    echo "DOM\\jane d'oe:x:1003:1003::/:/bin/sh" >>"$tree/etc/passwd"
    doctor --sysroot "$tree"
    [[ $(finding orphans remedy) == *"rm --orphan --key 0 --owner 'DOM\\jane d'\\''oe'" ]] || fail "$json"
}

@test "an owner whose name is shown escaped: the remedy names him all the same" {
    need_ns
    need_root
    local remedy
    with_users 'DOM\xavier:x:54321:1::/:'
    make_seg --uid 54321 >/dev/null
    shmtool doctor
    remedy=$(sed -n 's/^    remedy: //p' "$out_file")
    assert_equal "$remedy" "shmtool rm --orphan --key 0 --owner 'DOM\x5cxavier'"
    run_split bash -c "${remedy/shmtool/\"\$SHMTOOL\"} --yes"
    assert_status 0
    assert_equal "$(all_ids)" ''
}

# --- Semaphores and message queues ------------------------------------------------------------

@test "semaphore sets, semaphores and queues near their limits: ENOSPC that is not shared memory" {
    need_limits
    local me
    me=$(id -un)
    ipcmk -S 4 >/dev/null
    ipcmk -S 4 >/dev/null
    ipcmk -S 4 >/dev/null
    ipcmk -Q >/dev/null
    doctor
    assert_status 0
    assert_equal "$(checks)" ''
    echo '250 13 32 3' >/proc/sys/kernel/sem
    echo 1 >/proc/sys/kernel/msgmni
    doctor
    assert_status 1
    assert_equal "$(checks)" 'error semmni; warning semmns; error msgmni'
    assert_equal "$(finding semmni message)" "semmni is 100% full: 3 semaphore sets of 3; when none is left, semget fails with ENOSPC (No space left on device): this has nothing to do with shared memory; $me has the most: 3"
    assert_equal "$(finding semmns message)" "semmns is 92% full: 12 semaphores of 13; when none is left, semget fails with ENOSPC (No space left on device): this has nothing to do with shared memory; $me has the most: 12"
    assert_equal "$(finding semmni remedy)" "see which there are (ipcs -s) and who used them last (ipcs -s -i ID); remove those that nobody needs (ipcrm -s ID); or raise it: sysctl -w kernel.sem='250 13 32 6'"
    assert_equal "$(finding semmns remedy)" "see which there are (ipcs -s) and who used them last (ipcs -s -i ID); remove those that nobody needs (ipcrm -s ID); or raise it: sysctl -w kernel.sem='250 26 32 3'"
    assert_equal "$(finding msgmni remedy)" 'see which there are (ipcs -q) and who used them last (ipcs -q -p); remove those that nobody needs (ipcrm -q ID); or raise it: sysctl -w kernel.msgmni=2'
    # What it says is so, and helps.
    ! ipcmk -Q 2>"$BATS_TEST_TMPDIR/refused" || fail "made a queue"
    grep -q 'No space left on device' "$BATS_TEST_TMPDIR/refused"
    sysctl -qw kernel.msgmni=2
    ipcmk -Q >/dev/null
}

@test "semaphores of another user: by name, and as whom" {
    saved_tree
    conf proc/sys/kernel/sem $'250\t32000\t32\t4'
    conf proc/sys/kernel/msgmni 0
    {
        echo '       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime'
        echo '-559038737          0   600          1     0     0     0     0          0 1795299001'
        echo '         0          1   600         17  1001  1001  1001  1001          0 1795299001'
        echo '         5          2   600          2  1001  1001     0     0          0 1795299001'
        echo '         6          3   600          9     0     0     0     0          0 1795299001'
    } >"$tree/proc/sysvipc/sem"
    echo '       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      ctime' >"$tree/proc/sysvipc/msg"
    doctor --sysroot "$tree"
    assert_status 1
    assert_equal "$(checks)" 'error semmni; error msgmni'
    [[ $(finding semmni message) == *'; root has the most: 2' ]] || fail "$json"
    assert_equal "$(finding semmni remedy)" "on that machine: see which there are (ipcs -s) and who used them last (ipcs -s -i ID); remove those that nobody needs (as root: ipcrm -s ID); or raise it: as root: sysctl -w kernel.sem='250 32000 32 8'"
    assert_equal "$(finding msgmni message)" 'msgmni is 0: 0 message queues of 0; when none is left, msgget fails with ENOSPC (No space left on device): this has nothing to do with shared memory'
    assert_equal "$(finding msgmni remedy)" 'on that machine: as root: sysctl -w kernel.msgmni=32000'
    conf proc/sys/kernel/sem '250 29 32 32000'
    doctor --sysroot "$tree"
    [[ $(finding semmns message) == *' 29 semaphores of 29; '*'; zc has the most: 19' ]] || fail "$json"
    [[ $(finding semmns remedy) == *'(as zc or root: ipcrm -s ID)'* ]] || fail "$json"
}

@test "semaphores that are not in the tree, or not understood, are not guessed" {
    saved_tree
    doctor --sysroot "$tree"
    assert_equal "$(checks)" ''
    assert_err_has_not sem
    conf proc/sys/kernel/sem '250 32000 32 1'
    doctor --sysroot "$tree"
    assert_equal "$(checks)" ''
    printf '%s\n' 'key semid perms nsems uid gid cuid cgid otime ctime' '5 0 600 4 x 0 0 0 0 0' >"$tree/proc/sysvipc/sem"
    doctor --sysroot "$tree"
    assert_equal "$(checks)" ''
    assert_err_has "proc/sysvipc/sem: line 2: not understood: 5 0 600 4 x 0 0 0 0 0; semaphores and message queues are not all checked"
}

# --- What is destroyed without rm -------------------------------------------------------------

@test "shm_rmid_forced = 1" {
    need_limits
    echo 1 >/proc/sys/kernel/shm_rmid_forced
    doctor
    assert_status 0
    assert_equal "$(checks)" 'info shm_rmid_forced'
    assert_equal "$(finding shm_rmid_forced remedy)" 'if programs lose their segments by that: shmtool limits --set shm_rmid_forced=0'
}

# removes IDS: what RemoveIPC will take of the tree
removes() {
    doctor --sysroot "$tree"
    assert_equal "$(jq -c '[.findings[] | select(.check == "remove-ipc").shmids]' <<<"$json")" "$1"
}

@test "RemoveIPC: of ordinary users, what nobody has attached" {
    saved_tree '7 1 600 4096 1 1 0 1001 0 1001 0' '8 2 600 4096 1 1 1 1001 0 1001 0' '9 3 600 4096 1 1 0 0 0 1001 0' \
        '10 4 600 4096 1 1 0 11 0 11 0' '11 5 600 4096 1 1 0 4711 0 0 0' '0 6 600 4096 1 1 0 1001 0 0 0' \
        '12 7 600 4096 1 1 0 1002 0 1002 0' '13 8 600 4096 1 1 0 65534 0 0 0'
    echo 'nobody:x:65534:65534::/:/bin/false' >>"$tree/etc/passwd"
    # Nothing tells that there is a logind.
    removes '[]'
    conf etc/systemd/logind.conf '[Login]' '#RemoveIPC=no'
    removes '[[1,6],[7]]'
    assert_equal "$(finding remove-ipc severity)" info
    assert_equal "$(finding remove-ipc message)" '2 segments, 8 KiB, are attached by nobody and go at the last logout of zc: systemd-logind then removes what an ordinary user left, semaphores and message queues too (RemoveIPC=yes, the default)'
    assert_equal "$(finding remove-ipc remedy)" 'on that machine: if that is not intended: as root: set RemoveIPC=no in the section [Login] of a new file /etc/systemd/logind.conf.d/ipc.conf, and restart logind (systemctl restart systemd-logind); or for this user alone: as root: loginctl enable-linger zc'
    # One who lingers is never logged out.
    conf var/lib/systemd/linger/lingerer
    removes '[[1,6]]'
}

@test "RemoveIPC: which file has the last word" {
    saved_tree '7 1 600 4096 1 1 0 1001 0 1001 0'
    conf etc/systemd/logind.conf '[Login]' 'KillUserProcesses=no' ' RemoveIPC = no '
    removes '[]'
    conf usr/lib/systemd/logind.conf.d/10-a.conf '; a comment' '[Login]' 'RemoveIPC=on'
    removes '[[1]]'
    [[ $(finding remove-ipc message) == *'(RemoveIPC=yes in /usr/lib/systemd/logind.conf.d/10-a.conf)' ]] || fail "$json"
    assert_equal "$(finding remove-ipc remedy | grep -o 'Login. of [^,]*,')" 'Login] of /usr/lib/systemd/logind.conf.d/10-a.conf,'
    # The name decides the order, and of one name the directory.
    conf run/systemd/logind.conf.d/20-b.conf '[Login]' 'RemoveIPC=0'
    removes '[]'
    conf usr/local/lib/systemd/logind.conf.d/30-c.conf '[Login]' 'RemoveIPC=TRUE'
    removes '[[1]]'
    conf etc/systemd/logind.conf.d/30-c.conf '[Login]'
    removes '[]'
    rm "$tree/run/systemd/logind.conf.d/20-b.conf"
    removes '[[1]]'
    ln -s /dev/null "$tree/run/systemd/logind.conf.d/10-a.conf"
    removes '[]'
    rm "$tree/run/systemd/logind.conf.d/10-a.conf"
    # Another section, a value that is none, a file of another kind, the next line of a longer one.
    conf etc/systemd/logind.conf.d/40-d.conf '[Manager]' 'RemoveIPC=no' '[Login]' 'RemoveIPC=maybe' $'Other=a \\\nRemoveIPC=no'
    conf etc/systemd/logind.conf.d/50-e.bak '[Login]' 'RemoveIPC=no'
    removes '[[1]]'
    conf etc/systemd/logind.conf.d/40-d.conf '[Login]' 'RemoveIPC=no' 'RemoveIPC=yes' 'RemoveIPC=n'
    removes '[]'
    # Only the first logind.conf there is counts.
    rm -r "$tree/etc/systemd/logind.conf.d" "$tree"/usr/{lib,local/lib}/systemd/logind.conf.d
    conf usr/lib/systemd/logind.conf '[Login]' 'RemoveIPC=yes'
    removes '[]'
}

@test "RemoveIPC of the live system: only where a logind runs, in this IPC namespace" {
    need_ns
    need_root
    local id
    id=$(make_seg -k 5 --uid 4242)
    in_namespaces() {
        run_split unshare --mount --pid --fork --kill-child --mount-proc sh -c '
            mount -t tmpfs none /run && mkdir -p "/run/systemd/$2" && mount --bind "$1" /etc/systemd || exit 98
            echo zc:x:4242:4242::/:/bin/sh >/run/passwd; cat /etc/passwd >>/run/passwd
            mount --bind /run/passwd /etc/passwd || exit 98
            exec "$SHMTOOL" doctor --json' - "$BATS_TEST_TMPDIR/conf" "$1"
        [[ $status != 98 ]] || skip "may not mount in a namespace of its own"
        json=$out
    }
    without_leak_sanitizer
    [[ -d /etc/systemd && -d /run ]] || skip "has no /etc/systemd to mount over"
    mkdir "$BATS_TEST_TMPDIR/conf"
    in_namespaces nothing
    assert_equal "$(finding remove-ipc shmids)" null
    in_namespaces seats
    assert_equal "$(finding remove-ipc shmids)" "[$id]"
    # The machine's own process 1 is in another IPC namespace.
    run_split unshare --mount sh -c 'mount -t tmpfs none /run && mkdir -p /run/systemd/seats || exit 98
        exec "$SHMTOOL" doctor --json'
    json=$out
    assert_equal "$(finding remove-ipc shmids)" null
}

# --- Permissions ------------------------------------------------------------------------------

@test "segments that everybody may write: root's are a warning" {
    saved_tree '7 1 666 4096 1 1 1 1001 0 1001 0' '8 2 664 4096 1 1 1 0 0 0 0' '9 3 1602 4096 1 1 1 1001 0 0 0'
    doctor --sysroot "$tree"
    assert_status 0
    assert_equal "$(checks)" 'info dest; info writable'
    assert_equal "$(finding writable shmids)" '[1,3]'
    saved_tree '7 1 666 4096 1 1 1 1001 0 1001 0' '8 2 777 4096 1 1 1 0 0 0 0'
    doctor --sysroot "$tree"
    assert_status 1
    assert_equal "$(checks)" 'warning writable; info writable'
    assert_equal "$(finding writable message)" '1 segment, 4 KiB, can be written by every user: its perms are 777; it belongs to root, whose programs read there what anybody may have written'
    assert_equal "$(finding writable remedy)" 'on that machine: its program can ask shmget for the mode 0600 or 0660; see who uses it: shmtool stat 2'
}

# --- Keys, attachments, descriptors -----------------------------------------------------------

@test "two live segments of one former key: old and new programs share nothing" {
    need_ns
    local old new
    old=$(make_seg -k 0x4d2)
    start_helper holdseg --rmid "$old"
    doctor
    assert_equal "$(checks)" 'info dest'
    new=$(make_seg -k 0x4d2)
    doctor
    assert_status 1
    assert_equal "$(checks)" 'info orphans-with-key; info dest; warning former-key'
    assert_equal "$(finding former-key shmids)" "[$old]"
    assert_equal "$(finding former-key message)" "segment $old had key 0x000004d2 until it was removed, and is still held by holdseg[$helper_pid]; segment $new has the key now; programs that hold the old one share nothing with those that use the new one"
    assert_equal "$(finding former-key remedy)" "restart the programs that hold the old one, so that all use the new one: shmtool who $old"
}

@test "a leak of attachments in many segments is one finding" {
    need_ns
    local ids
    make_seg --count 7
    mapfile -t ids < <(all_ids)
    start_helper holdseg --times 12 "${ids[@]}"
    doctor
    assert_status 1
    assert_equal "$(checks)" 'warning attachments'
    assert_equal "$(finding attachments message)" "holdseg[$helper_pid] has segment ${ids[0]} attached 12 times and 6 more segments several times: it attaches again and again and never detaches, until shmat fails with ENOMEM (vm.max_map_count)"
}

@test "memory that a descriptor holds after the segment was removed" {
    need_ns
    local id holder range
    id=$(make_seg -s 40960)
    start_helper holdseg "$id"
    holder=$helper_pid
    range=$(sed -n 's/^\([0-9a-f]*-[0-9a-f]*\) .* \/SYSV.*/\1/p' "/proc/$holder/maps")
    { exec 7<"/proc/$holder/map_files/$range"; } 2>/dev/null || skip "may not open /proc/PID/map_files"
    # As long as the segment is there, nothing is hidden.
    doctor
    assert_equal "$(checks)" ''
    stop_helper
    "$SHMTOOL" rm "$id"
    assert_gone "$id"
    doctor
    exec 7<&-
    assert_status 1
    assert_equal "$(checks)" 'warning descriptors'
    [[ $(finding descriptors message) == "1 removed segment, "*" of memory, is held by descriptors, and no listing shows it: of "*"[$$] (former id $id)"* ||
        $(finding descriptors message) == *"[$BASHPID] (former id $id)"* ]] || fail "$(finding descriptors message)"
    [[ $(finding descriptors remedy) == 'end those processes, or let them close what shows as /SYSV... (deleted): ls -l /proc/'* ]] || fail "$json"
    doctor
    assert_equal "$(checks)" ''
}

@test "descriptors of a saved tree: by what fdinfo says, without bytes" {
    saved_tree '7 1 600 4096 1 1 1 1001 0 1001 0'
    mkdir -p "$tree/proc/1/fd" "$tree/proc/1/fdinfo"
    ln -s '/SYSV00000007 (deleted)' "$tree/proc/1/fd/3"
    ln -s '/SYSV00000000 (deleted)' "$tree/proc/1/fd/4"
    ln -s '/SYSV00000000 (deleted)' "$tree/proc/1/fd/5"
    ln -s '/SYSV00000009 (deleted)' "$tree/proc/1/fd/6"
    ln -s '/memfd:SYSV (deleted)' "$tree/proc/1/fd/7"
    conf proc/1/fdinfo/3 $'pos:\t0' $'ino:\t1'
    conf proc/1/fdinfo/4 $'pos:\t0' $'ino:\t2'
    conf proc/1/fdinfo/5 $'pos:\t0' $'ino:\t2'
    conf proc/1/fdinfo/6 $'pos:\t0'
    conf proc/1/fdinfo/7 $'pos:\t0' $'ino:\t9'
    doctor --sysroot "$tree"
    assert_equal "$(checks)" 'warning descriptors'
    assert_equal "$(finding descriptors message)" '1 removed segment is held by descriptors, and no listing shows it: of process 1 (former id 2)'
}

# --- Shmem ------------------------------------------------------------------------------------

@test "Shmem, and what of it is System V, in doctor and limits" {
    saved_tree '7 1 600 4096 1 1 1 1001 0 1001 0' '8 2 600 4096 1 1 1 1001 0 1001 0'
    conf proc/sys/kernel/shmmni 4096
    doctor --sysroot "$tree"
    assert_out '2 segments, 8 KiB: nothing is wrong'
    assert_equal "$(jq -c .system <<<"$json")" '{"shmem":null,"sysv":8192}'
    conf proc/meminfo 'MemTotal:       1000000 kB' 'Shmem:             2048 kB'
    doctor --sysroot "$tree"
    assert_out "2 segments, 8 KiB: nothing is wrong
Shmem, which free shows as shared, is 2 MiB: 8 KiB in System V segments of this IPC namespace, the rest in tmpfs (df -t tmpfs), memfd, shared anonymous memory or other IPC namespaces"
    assert_equal "$(jq -c .system <<<"$json")" '{"shmem":2097152,"sysv":8192}'
    shmtool --sysroot "$tree" limits
    assert_out_has $'\nShmem, which free shows as shared, is 2 MiB: 8 KiB in System V'
    shmtool --sysroot "$tree" limits --json
    assert_equal "$(jq -c .system <<<"$out")" '{"shmem":2097152,"sysv":8192}'
    # A kernel without the column of rss.
    cut -d ' ' -f 1-14 "$tree/proc/sysvipc/shm" >"$tree/shm"
    mv "$tree/shm" "$tree/proc/sysvipc/shm"
    doctor --sysroot "$tree"
    assert_out_has 'is 2 MiB: how much of it is System V is not known'
    assert_equal "$(jq -c .system <<<"$json")" '{"shmem":2097152,"sysv":null}'
}

@test "lines of Shmem fit a terminal" {
    need_ns
    pty -- "$SHMTOOL" doctor
    assert_out_has Shmem
    [[ $(tr -d '\r' <<<"$out" | wc -L) -le 80 ]] || fail "a line is wider than a terminal"
    pty -- "$SHMTOOL" limits
    assert_out_has Shmem
    [[ $(grep -A 9 Shmem <<<"$out" | tr -d '\r' | wc -L) -le 80 ]] || fail "a line is wider than a terminal"
}
