# doctor without --key or --size: what is wrong on this machine.
load common
load protect

teardown() {
    common_teardown
    ! own_ns || restore_limits
}

restore_limits() {
    echo 18446744073692774399 >/proc/sys/kernel/shmmax
    echo 18446744073692774399 >/proc/sys/kernel/shmall
    echo 4096 >/proc/sys/kernel/shmmni
    echo 0 >/proc/sys/kernel/shm_rmid_forced
}

# need_limits: skips the test where limits cannot be set, or are the machine's
need_limits() {
    need_ns
    { : >>/proc/sys/kernel/shmmax; } 2>/dev/null || skip "may not set the limits of its IPC namespace"
}

# doctor: runs it as JSON, which $json keeps, then as text; the lines of Shmem and of other namespaces are left out of $out
doctor() {
    shmtool doctor --json
    json=$out
    [[ $(jq -r .schema <<<"$json") == 1 ]] || fail "no schema 1" || return 1
    shmtool doctor
    out=$(sed '/^Shmem, /d; / other IPC namespaces* holds* /d' <<<"$out")
}

# checks: the names of what was found, in order
checks() {
    jq -r '.findings | map(.check) | join(" ")' <<<"$json"
}

# finding CHECK FIELD: of the first one
finding() {
    jq -rc --arg check "$1" "[.findings[] | select(.check == \$check)][0].$2" <<<"$json"
}

@test "nothing wrong: exit 0" {
    need_ns
    doctor
    assert_status 0
    assert_err ''
    assert_equal "$out" '0 segments, 0 B: nothing is wrong'
    assert_equal "$(jq -c .findings <<<"$json")" '[]'
    # A segment that is in use is well.
    start_helper holdseg "$(make_seg)"
    doctor
    assert_status 0
    assert_equal "$out" '1 segment, 4 KiB: nothing is wrong'
}

@test "a process with 500 attachments of one segment" {
    need_ns
    local id
    id=$(make_seg)
    start_helper holdseg --times 500 "$id"
    doctor
    assert_status 1
    assert_equal "$(checks)" attachments
    assert_equal "$(finding attachments severity) $(finding attachments shmids)" "warning [$id]"
    assert_equal "$(finding attachments message)" \
        "holdseg[$helper_pid] has segment $id attached 500 times: it attaches again and again and never detaches, until shmat fails with ENOMEM (vm.max_map_count)"
    assert_equal "$(finding attachments remedy)" "restart process $helper_pid; its program does not call shmdt"
    assert_equal "$out" "warning: attachments: $(finding attachments message)
    remedy: restart process $helper_pid;
            its program does not call shmdt"
    pty -- "$SHMTOOL" doctor
    [[ $(tr -d '\r' <<<"$out" | wc -L) -le 80 ]] || fail "a line is wider than a terminal"
}

@test "a few attachments of one process may be intended" {
    need_ns
    local id
    id=$(make_seg)
    start_helper holdseg --times 2 "$id"
    doctor
    assert_status 0
    assert_equal "$(finding attachments severity)" info
    assert_equal "$(finding attachments remedy)" "see whether the number grows: shmtool who $id"
    unwrap
    assert_out_has 'attached 2 times, which may be intended'
}

@test "a descriptor that is mapped is no attachment" {
    need_ns
    need_root
    "$HELPERS/actor" make:0 attach map-files end 2>/dev/null || skip "map_files cannot be opened here"
    remove_all_segments
    start_helper actor make:0 attach map-files
    doctor
    assert_status 0
    assert_equal "$(checks)" ''
}

@test "dest segments that two processes hold" {
    need_ns
    local first second holders
    first=$(make_seg) second=$(make_seg -k 5)
    start_helper holdseg --rmid --fork 1 "$first" "$second"
    holders=$(printf 'holdseg[%s] (2)\n' "$helper_pid" "$(helper_children)" | sort -V | paste -sd , | sed 's/,/, /')
    doctor
    assert_status 0
    assert_equal "$(checks)" dest
    assert_equal "$(finding dest severity) $(finding dest shmids)" "info [$first,$second]"
    assert_equal "$(finding dest message)" "2 segments, 8 KiB, are marked for destruction and go when the last process detaches; they are held by $holders"
    assert_equal "$(finding dest remedy)" 'if that is not intended, stop those processes: shmtool who --dest --owner '"$(id -un)"
    assert_exists "$first" "$second"
}

@test "owners that no longer exist: one finding each, the most segments first" {
    need_ns
    need_root
    local ids
    make_seg --uid 23456
    make_seg --uid 12345 --count 2
    mapfile -t ids < <(all_ids)
    start_helper holdseg "${ids[@]}"
    doctor
    assert_status 1
    assert_equal "$(checks)" 'owners owners'
    assert_equal "$(finding owners message)" \
        '2 segments, 8 KiB, belong to a user that does not exist: uid 12345'
    assert_equal "$(finding owners shmids)" "[${ids[1]},${ids[2]}]"
    # Nothing that is in use is removed; who uses it is shown.
    assert_equal "$(finding owners remedy)" 'see what they are and who uses them (shmtool stat --owner 12345)'
    stop_helper
    doctor
    assert_equal "$(finding owners remedy)" 'shmtool rm --orphan --key 0 --owner 12345'
}

@test "owners are not said to exist no longer where a user database does not answer, which may know them" {
    need_ns
    need_root
    ! grep -q ld-musl "$HELPERS/mkseg" || skip "musl does not read nsswitch.conf"
    with_conf
    setpriv --reuid 45678 --clear-groups "$HELPERS/mkseg" >/dev/null
    doctor
    [[ $(checks) == *owners* ]] || fail "$(checks)"
    # A service of glibc that is there, and whose server is not.
    echo 'passwd: files hesiod' >"$etc/nsswitch.conf"
    doctor
    [[ $(checks) != *owners* ]] || fail "$(checks)"
}

@test "orphans without a key and with one are told apart" {
    need_ns
    local without with
    without=$(make_seg --count 3 -s 1048576) with=$(make_seg -k 0x47505344 -s 24512)
    doctor
    assert_status 1
    assert_equal "$(checks)" 'orphans orphans-with-key'
    assert_equal "$(finding orphans severity) $(finding orphans shmids)" "warning [$(paste -sd , <<<"$without")]"
    assert_equal "$(finding orphans message)" "3 segments, 3 MiB, are orphans: nobody has them attached, those who did are dead, and without a key nobody can find them again; they belong to $(id -un)"
    assert_equal "$(finding orphans remedy)" "shmtool rm --orphan --key 0 --owner $(id -un)"
    assert_equal "$(finding orphans-with-key severity) $(finding orphans-with-key shmids)" "info [$with]"
    assert_equal "$(finding orphans-with-key remedy)" "if nobody needs it: shmtool rm $with"
    # What it recommends does what it says.
    "$SHMTOOL" rm --orphan --key 0 --owner "$(id -un)" --yes 2>/dev/null
    doctor
    assert_status 0
    assert_equal "$(checks)" orphans-with-key
    assert_equal "$(all_ids)" "$with"
}

@test "limits nearly full, and full: who has the most" {
    need_limits
    local ids
    make_seg -s 9000
    make_seg --count 9
    mapfile -t ids < <(all_ids)
    start_helper holdseg "${ids[@]}"
    echo 11 >/proc/sys/kernel/shmmni
    doctor
    assert_status 1
    assert_equal "$(checks)" shmmni
    assert_equal "$(finding shmmni severity) $(finding shmmni shmids)" 'warning []'
    assert_equal "$(finding shmmni message)" "shmmni is 90% full: 10 segments of 11; when none is left, shmget fails with ENOSPC (No space left on device); $(id -un) has the most: 10 segments, 12 pages (48 KiB)"
    assert_equal "$(finding shmmni remedy)" "see what $(id -un) needs most of them for (shmtool ls --owner $(id -un) --sort -bytes); or raise it: shmtool limits --set shmmni=22"
    echo 10 >/proc/sys/kernel/shmmni
    getconf PAGESIZE >/proc/sys/kernel/shmmax
    echo 12 >/proc/sys/kernel/shmall
    doctor
    assert_equal "$(checks)" 'shmmni shmall'
    assert_equal "$(finding shmmni severity) $(finding shmall severity)" 'error error'
    assert_out_has 'shmall is 100% full: 12 pages of 12'
    # Pages are compared with pages.
    [[ $(finding shmall message) == *"; $(id -un) has the most: 10 segments, 12 pages (48 KiB)" ]] || fail "$(finding shmall message)"
    echo 12 >/proc/sys/kernel/shmmni
    echo 14 >/proc/sys/kernel/shmall
    doctor
    assert_status 0
}

@test "shmmax and shmall that contradict each other" {
    need_limits
    echo 8193 >/proc/sys/kernel/shmmax
    echo 2 >/proc/sys/kernel/shmall
    doctor
    assert_status 1
    assert_equal "$(checks)" shmmax
    assert_equal "$(finding shmmax message)" 'shmmax allows a segment of 8 KiB, which is 3 pages, but shmall allows only 2 pages (8 KiB) for all segments together: so large a segment fails with ENOSPC (No space left on device)'
    assert_equal "$(finding shmmax remedy)" 'shmtool limits --set shmall=3'
    # A shmmax that nobody ever lowered: it is shmall that was, on purpose or not.
    echo 18446744073692774399 >/proc/sys/kernel/shmmax
    doctor
    assert_equal "$(finding shmmax remedy)" "shmtool limits --set shmall=unlimited; or, if shmall is intended to be so low: shmtool limits --set shmmax=$((2 * $(getconf PAGESIZE)))"
    # Either does what it says.
    shmtool limits --set shmmax=$((2 * $(getconf PAGESIZE)))
    doctor
    assert_status 0
    restore_limits
    echo 2 >/proc/sys/kernel/shmall
    shmtool limits --set shmall=unlimited
    doctor
    assert_status 0
}

@test "limits that allow no new segment, or hardly any" {
    need_limits
    echo 0 >/proc/sys/kernel/shmmax
    doctor
    assert_status 1
    assert_equal "$(checks) $(finding shmmax severity)" 'shmmax error'
    assert_equal "$(finding shmmax message)" 'shmmax is 0: every shmget for a new segment fails with EINVAL (Invalid argument)'
    assert_equal "$(finding shmmax remedy)" 'shmtool limits --set shmmax=unlimited'
    echo 100 >/proc/sys/kernel/shmmax
    doctor
    assert_status 1
    assert_equal "$(checks) $(finding shmmax severity)" 'shmmax error'
    assert_equal "$(finding shmmax message)" 'shmmax is 100 bytes, less than a page: nearly every shmget for a new segment fails with EINVAL (Invalid argument)'
    # No more than shmall allows, or the next complaint would be about that.
    echo 5 >/proc/sys/kernel/shmall
    doctor
    assert_equal "$(finding shmmax remedy)" "shmtool limits --set shmmax=$((5 * $(getconf PAGESIZE)))"
    getconf PAGESIZE >/proc/sys/kernel/shmmax
    doctor
    assert_status 0
    restore_limits
    echo 0 >/proc/sys/kernel/shmmni
    echo 0 >/proc/sys/kernel/shmall
    doctor
    assert_status 1
    assert_equal "$(checks)" 'shmmni shmall'
    assert_equal "$(finding shmmni severity) $(finding shmall severity)" 'error error'
    assert_equal "$(finding shmmni message)" 'shmmni is 0: every shmget for a new segment fails with ENOSPC (No space left on device)'
    assert_equal "$(finding shmmni remedy)" 'shmtool limits --set shmmni=4096'
    assert_equal "$(finding shmall message)" 'shmall is 0: every shmget for a new segment fails with ENOSPC (No space left on device)'
    assert_equal "$(finding shmall remedy)" 'shmtool limits --set shmall=unlimited'
}

@test "remedies that this user cannot carry out are root's, or the owner's by name" {
    need_limits
    need_root
    local mine others
    others=$(make_seg -k 5) mine=$(make_seg -k 6 --uid 12345)
    make_seg --uid 23456
    echo 3 >/proc/sys/kernel/shmmni
    run_split as_user 12345 "$SHMTOOL" doctor --json
    json=$out
    assert_equal "$(checks)" 'shmmni orphans orphans-with-key orphans-with-key owners owners'
    assert_equal "$(finding shmmni remedy)" 'remove what nobody can find again (as root: shmtool rm --orphan --key 0); then look for orphans with a key that nobody needs (shmtool ls -l --orphan); or raise it: as root: shmtool limits --set shmmni=6'
    assert_equal "$(finding orphans remedy)" 'as root: shmtool rm --orphan --key 0 --owner 23456'
    assert_equal "$(finding orphans-with-key remedy)" "if nobody needs it: as root: shmtool rm $others"
    assert_equal "$(jq -r '.findings[3].remedy' <<<"$json")" "if nobody needs it: shmtool rm $mine"
    assert_equal "$(finding owners remedy)" 'see what it is and who uses it (shmtool stat --owner 12345); if nobody needs it: shmtool rm --unattached --owner 12345'
    doctor
    [[ $json != *'as root'* ]] || fail "root is sent to root"
    # An owner that has a name is named so, as whom and in the command.
    echo 6 >/proc/sys/kernel/shmmni
    make_seg --count 2 --uid "$(id -u nobody)"
    run_split as_user 12345 "$SHMTOOL" doctor --json
    json=$out
    assert_equal "$(finding orphans remedy)" 'as user nobody or root: shmtool rm --orphan --key 0 --owner nobody'
}

@test "what a limit is full of: who made the most is named before it is raised" {
    need_limits
    make_seg
    start_helper actor make:0 make:0 make:0
    echo 4 >/proc/sys/kernel/shmmni
    doctor
    assert_status 1
    assert_equal "$(finding shmmni remedy)" "remove what nobody can find again (shmtool rm --orphan --key 0); see why actor[$helper_pid] made 3 segments and keeps them (shmtool ls --cpid $helper_pid); or raise it: shmtool limits --set shmmni=8"
}

@test "where /proc/sys is read-only, limits are raised from outside" {
    need_limits
    need_root
    make_seg -k 5
    echo 1 >/proc/sys/kernel/shmmni
    # shellcheck disable=SC2016 # for the inner shell
    run_split unshare --mount sh -c 'mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys || exit 98
        exec "$@"' - setpriv --reuid 12345 "$SHMTOOL" doctor --json
    [[ $status != 98 ]] || skip "may not mount in a namespace of its own"
    json=$out
    [[ $(finding shmmni remedy) == *'; or raise it: /proc/sys cannot be written to here; on the host, as root: nsenter --ipc --target PID sysctl -w kernel.shmmni=2 (PID: that of a process in here, as the host knows it); or start the container with --sysctl kernel.shmmni=2' ]] ||
        fail "$(finding shmmni remedy)"
}

@test "states that cannot be told: how many, and why" {
    need_ns
    without_leak_sanitizer
    unshare --pid --fork true 2>/dev/null || skip "makes no PID namespaces"
    # shellcheck disable=SC2016 # for the inner shell
    run_split unshare --pid --fork --kill-child bash -c '
        "$HELPERS/actor" make:0x51 >"$1" &
        until [[ -s $1 ]]; do ((SECONDS < 60)) || exit 9; done
        "$SHMTOOL" doctor --json' - "$BATS_TEST_TMPDIR/actor"
    [[ $status != 9 ]] || fail "no segment was made"
    assert_status 1
    json=$out
    assert_equal "$(checks)" states
    assert_equal "$(finding states severity) $(finding states shmids)" "warning [$(all_ids)]"
    assert_equal "$(finding states message)" '1 segment, 8 KiB, is attached by nobody, and whether it is an orphan is unknown: its creator is perhaps alive: a process has this pid, but /proc is that of another PID namespace'
    assert_equal "$(finding states remedy)" 'mount the /proc of this PID namespace and ask again (unshare --mount-proc does it)'
}

@test "a user namespace that hides an owner: what mends it is run outside, and not by that name" {
    need_ns
    need_root
    as_user 12345 unshare --user --map-root-user true 2>/dev/null || skip "makes no user namespaces"
    local id hidden here
    here=$(stat -Lc %i /proc/self/ns/ipc)
    hidden=$(make_seg)
    id=$(make_seg --key 5)
    as_user 12345 "$HELPERS/mkseg" >/dev/null
    run_split as_user 12345 unshare --user --map-root-user "$SHMTOOL" doctor --json
    assert_status 1
    assert_equal "$(jq -r '.findings[] | select(.check == "orphans").remedy' <<<"$out" | sort)" \
        "outside of this user namespace, as root: shmtool -N $here rm --orphan --key 0 $hidden
shmtool rm --orphan --key 0 --owner root"
    assert_equal "$(jq -r '.findings[] | select(.check == "orphans-with-key").remedy' <<<"$out")" \
        "if nobody needs it: outside of this user namespace, as root: shmtool -N $here rm $id"
    # What is typed there takes no more than what was meant.
    shmtool -N "$here" rm --orphan --key 0 "$hidden" --dry-run
    assert_out_has "$hidden"
    assert_err_has 'would remove 1 segment,'
    run_split as_user 12345 unshare --user --map-root-user "$SHMTOOL" doctor --key 5 --size 5000 --json
    assert_equal "$(jq -r .remedy <<<"$out")" \
        "if nobody needs it any more: outside of this user namespace, as root: shmtool -N $here rm $id"
    start_helper holdseg "$id"
    run_split as_user 12345 unshare --user --map-root-user "$SHMTOOL" doctor --key 5 --json
    assert_equal "$(jq -r .remedy <<<"$out")" \
        "call it outside of this user namespace, as its owner or root, or have its program make it with a mode that grants more"
    shmtool limits --set shmmni=3
    assert_status 0
    run_split as_user 12345 unshare --user --map-root-user "$SHMTOOL" doctor --size 5 --json
    [[ $(jq -r .remedy <<<"$out") == *'; or: outside of this user namespace, as root: shmtool -N '"$here"' limits --set shmmni=6' ]] ||
        fail "$out"
    run_split as_user 12345 unshare --user --map-root-user "$SHMTOOL" limits --set shmmni=6
    assert_status 1
    assert_err_has "Permission denied; outside of this user namespace, as root: shmtool -N $here limits --set shmmni=6"
    # In an IPC namespace of its own it may.
    run_split as_user 12345 unshare --user --map-root-user --ipc "$SHMTOOL" limits --set shmmni=6
    assert_status 0
}

@test "a user namespace: who sees more is outside of it, where its names mean others" {
    need_ns
    need_root
    as_user 12345 unshare --user --map-root-user true 2>/dev/null || skip "makes no user namespaces"
    local here mine inside=(as_user 12345 unshare --user --map-root-user)
    here=$(stat -Lc %i /proc/self/ns/ipc)
    mine=$(as_user 12345 "$HELPERS/mkseg")
    start_helper as_user 12345 holdseg --rmid "$mine"
    start_helper holdseg --rmid "$(make_seg)" # root's, as the one above is inside
    run_split "${inside[@]}" "$SHMTOOL" doctor --json
    assert_equal "$(jq -r --argjson id "$mine" '.findings[] | select(.check == "dest" and .shmids == [$id]).remedy' <<<"$out")" \
        "if that is not intended, stop those processes: outside of this user namespace, as root: shmtool -N $here who $mine"
    shmtool -N "$here" who -c shmid --no-header "$mine"
    assert_out "$mine"
}

@test "a full limit in a user namespace: what is removed outside of it to make room" {
    need_limits
    need_root
    as_user 12345 unshare --user --map-root-user true 2>/dev/null || skip "makes no user namespaces"
    local hidden
    hidden=$(make_seg)
    echo 1 >/proc/sys/kernel/shmmni
    run_split as_user 12345 unshare --user --map-root-user "$SHMTOOL" doctor --json
    assert_equal "$(jq -r '.findings[] | select(.check == "shmmni").remedy' <<<"$out" | grep -o '^[^;]*')" \
        "remove what nobody can find again (outside of this user namespace, as root: shmtool -N $(stat -Lc %i /proc/self/ns/ipc) rm --orphan --key 0 $hidden)"
}

@test "a hidden owner is not no one, nor asked by that name" {
    need_limits
    need_root
    as_user 12345 unshare --user --map-root-user --pid --fork --mount-proc true 2>/dev/null || skip "makes no user namespaces"
    make_seg >/dev/null
    run_split as_user 12345 unshare --user --map-root-user --pid --fork --mount-proc "$SHMTOOL" doctor --json
    assert_equal "$(jq -r '.findings[] | select(.check == "states").remedy' <<<"$out")" \
        'see what is known of each (shmtool stat --state unknown), and ask a user whom this user namespace does not show before you remove any'
}

@test "another user sees what he can, and is told what he cannot" {
    need_ns
    need_root
    start_helper holdseg --times 20 "$(make_seg)"
    run_split as_user 12345 "$SHMTOOL" doctor
    assert_status 0
    assert_err 'shmtool: doctor: 20 attachments of segments found in no process that could be read; root sees all'
    start_helper holdseg --rmid "$(make_seg)"
    run_split as_user 12345 "$SHMTOOL" doctor
    assert_status 0
    assert_out_has 'it is held by 1 attachment in no process that could be inspected'
    # shmtool who would not show it to him either.
    assert_out_has "stop those processes: as root: shmtool who --dest --owner $(id -un)"
}

@test "hostile names of processes harm no terminal and no JSON" {
    need_ns
    local program=$BATS_TEST_TMPDIR/$'\e[2Jx"\\'
    cp "$HELPERS/holdseg" "$program"
    start_helper "$program" --times 20 "$(make_seg)"
    doctor
    assert_status 1
    assert_out_has_not $'\e'
    assert_out_has '\x1b[2Jx"\['
    [[ $(finding attachments message) == $'\e[2Jx"\\['* ]] || fail "JSON changed the name"
}

@test "nothing is changed by looking" {
    need_ns
    local before
    make_seg --count 3
    make_seg -k 7
    before=$(cat /proc/sysvipc/shm)
    doctor
    assert_equal "$(cat /proc/sysvipc/shm)" "$before"
}

# saved_tree: a support bundle with an orphan and a segment without an owner's name
saved_tree() {
    tree=$BATS_TEST_TMPDIR/tree
    mkdir -p "$tree/proc/sysvipc" "$tree/etc"
    {
        echo 'key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap'
        echo '0 7 600 5000 100 100 0 4711 0 0 0 1795299001 1795299001 1795299001 0 0'
    } >"$tree/proc/sysvipc/shm"
    mkdir "$tree/proc/1"
    echo '1 (init) S 0 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0' >"$tree/proc/1/stat"
    printf 'btime 1795290000\n' >"$tree/proc/stat"
    echo 'root:x:0:0::/root:/bin/sh' >"$tree/etc/passwd"
}

@test "a saved tree is examined too, without limits if it has none" {
    local tree
    saved_tree
    shmtool --sysroot "$tree" doctor --json
    assert_status 1
    json=$out
    assert_equal "$(checks)" 'orphans owners'
    assert_equal "$(finding owners message)" '1 segment, 4.9 KiB, belongs to a user that does not exist: uid 4711'
    assert_err_matches 'proc/sys/kernel/.*: No such file or directory; limits are not checked'
}

@test "a saved tree: what mends it is for that machine" {
    local tree
    saved_tree
    mkdir -p "$tree/proc/sys/kernel"
    echo 18446744073692774399 >"$tree/proc/sys/kernel/shmmax"
    echo 18446744073692774399 >"$tree/proc/sys/kernel/shmall"
    echo 1 >"$tree/proc/sys/kernel/shmmni"
    shmtool --sysroot "$tree" doctor --json
    json=$out
    assert_equal "$(checks)" 'shmmni orphans owners'
    assert_equal "$(finding shmmni remedy)" 'on that machine: remove what nobody can find again (as root: shmtool rm --orphan --key 0); see what uid 4711 needs most of them for (shmtool ls --owner 4711 --sort -bytes); or raise it: as root: shmtool limits --set shmmni=2 --persist'
    assert_equal "$(finding orphans remedy)" 'on that machine: as root: shmtool rm --orphan --key 0 --owner 4711'
    assert_equal "$(finding owners remedy)" 'on that machine: as root: shmtool rm --orphan --key 0 --owner 4711'
}

@test "a saved tree: each reason why states cannot be told is said once" {
    shmtool --sysroot "$SRC/tests/fixtures/states" doctor --json
    assert_status 0
    json=$out
    assert_equal "$(finding states severity) $(finding states shmids)" 'info [7,9,11,16,17]'
    [[ $(finding states message) == '5 segments, '*', are attached by nobody, and whether they are orphans is unknown; for each, its creator is in another PID namespace; or '* ]] ||
        fail "$(finding states message)"
    assert_equal "$(finding states message | grep -o 'its creator is in another PID namespace' | wc -l)" 1
    assert_equal "$(finding states remedy)" 'on that machine: see what is known of each (shmtool stat --state unknown --owner 0), and ask uid 0 before you remove any'
}

@test "a saved tree without a user database: owners are not checked" {
    local tree
    saved_tree
    rm "$tree/etc/passwd"
    shmtool --sysroot "$tree" doctor --json
    json=$out
    assert_equal "$(checks)" orphans
}

@test "a line that is not understood is named, exit 1; no listing at all is exit 4" {
    local tree
    saved_tree
    {
        head -n 1 "$tree/proc/sysvipc/shm"
        echo garbage
    } >"$tree/shm"
    mv "$tree/shm" "$tree/proc/sysvipc/shm"
    shmtool --sysroot "$tree" doctor
    assert_status 1
    assert_err_has 'proc/sysvipc/shm: line 2: not understood: garbage'
    rm "$tree/proc/sysvipc/shm"
    shmtool --sysroot "$tree" doctor
    assert_status 4
    assert_out ''
}
