# ls and rm as somebody else: what an ordinary user sees and may remove, and in a user namespace.
load common

ALICE=12345
BOB=12346

# by UID ARG...: run_split `shmtool ARG...` as that user
by() {
    local uid=$1
    shift
    run_split as_user "$uid" "$SHMTOOL" "$@"
}

# seg_of UID [mkseg's options]: a segment that this user has made
seg_of() {
    local uid=$1
    shift
    as_user "$uid" "$HELPERS/mkseg" "$@"
}

@test "everything may be listed, whatever its permissions" {
    need_ns
    need_root
    make_seg --mode 0 >/dev/null
    seg_of $ALICE --mode 0 >/dev/null
    seg_of $BOB --mode 600 >/dev/null
    make_seg --mode 0 --uid 54321 >/dev/null
    shmtool ls -l
    local expected=$out
    by $ALICE ls -l
    assert_status 0
    assert_err ''
    # The creators are dead: only their state may be told or not.
    assert_equal "$out" "$expected"
    by $ALICE ls -q
    assert_out "$(all_ids)"
    by $ALICE ls --owner $BOB -q
    assert_out_lines 1
}

@test "one's own may be removed" {
    need_ns
    need_root
    local mine theirs
    mine=$(seg_of $ALICE --mode 0)
    theirs=$(seg_of $BOB)
    by $ALICE rm "$mine"
    assert_status 0
    assert_err ''
    assert_gone "$mine"
    assert_exists "$theirs"
}

@test "others' fail one by one, with the system's words, the rest still goes, exit 1" {
    need_ns
    need_root
    local mine root_s bob_s another
    root_s=$(make_seg --mode 666)
    mine=$(seg_of $ALICE)
    bob_s=$(seg_of $BOB --mode 666)
    another=$(seg_of $ALICE)
    by $ALICE rm "$root_s" "$mine" "$bob_s" "$another"
    assert_status 1
    assert_out ''
    assert_equal "$(sort "$err_file")" "$(sort <<END
shmtool: rm: $root_s: Operation not permitted: it belongs to root; as root: shmtool rm $root_s
shmtool: rm: $bob_s: Operation not permitted: it belongs to uid $BOB; as root: shmtool rm $bob_s
shmtool: rm: removed 2 of 4 segments, 8 KiB freed, 2 failed
END
)"
    assert_exists "$root_s" "$bob_s"
    assert_gone "$mine" "$another"
}

@test "so with --all, and in JSON with the errno's name" {
    need_ns
    need_root
    local mine root_s
    root_s=$(make_seg)
    mine=$(seg_of $ALICE --size 7)
    by $ALICE rm --all --yes --json
    assert_status 1
    assert_out_has "{\"shmid\": $root_s, \"outcome\": \"failed\", \"error\": \"EPERM\", \"bytes\": 4096}"
    assert_out_has "{\"shmid\": $mine, \"outcome\": \"removed\", \"error\": null, \"bytes\": 7}"
    assert_out_has '"selected": 2, "removed": 1, "marked": 0, "gone": 0, "changed": 0, "protected": 0, "failed": 1, "freed_bytes": 7'
    assert_equal "$(all_ids)" "$root_s"
}

@test "a single one that fails: its line is all that is said" {
    need_ns
    need_root
    local id
    id=$(make_seg)
    by $ALICE rm "$id"
    assert_status 1
    assert_err "shmtool: rm: $id: Operation not permitted: it belongs to root; as root: shmtool rm $id"
    by $ALICE rm --key 0 --yes
    assert_status 1
    assert_exists "$id"
}

@test "owner and creator: both may remove, one who was neither may not" {
    need_ns
    need_root
    local given taken
    # Made by root, given to Alice.
    given=$(make_seg --uid $ALICE)
    by $BOB rm "$given"
    assert_status 1
    assert_err "shmtool: rm: $given: Operation not permitted: it belongs to uid $ALICE and was made by root; as root: shmtool rm $given"
    assert_exists "$given"
    by $ALICE rm "$given"
    assert_status 0
    # Made by Alice, taken by root.
    taken=$(seg_of $ALICE)
    "$HELPERS/setseg" --uid 0 "$taken"
    by $ALICE ls -q --creator $ALICE
    assert_out "$taken"
    by $ALICE rm "$taken"
    assert_status 0
    assert_gone "$taken"
}

@test "a refusal names who may remove it, where the user database knows them" {
    need_ns
    need_root
    local id
    id=$(make_seg --uid "$(id -u daemon)")
    by $ALICE rm "$id"
    assert_status 1
    assert_err "shmtool: rm: $id: Operation not permitted: it belongs to daemon and was made by root; as daemon or root: shmtool rm $id"
    id=$(seg_of "$(id -u daemon)")
    by $ALICE rm "$id"
    assert_err "shmtool: rm: $id: Operation not permitted: it belongs to daemon; as daemon or root: shmtool rm $id"
}

@test "the operator's way: by owner, with a question" {
    need_ns
    need_root
    local mine root_s
    root_s=$(make_seg)
    mine=$(seg_of $ALICE --count 3)
    run_split as_user $ALICE "$SHMTOOL" rm --owner $ALICE --unattached <<<yes
    assert_status 0
    assert_err_has 'Remove 3 segments, 12 KiB, 0 of them in use? (yes/no) '
    assert_err_has 'removed 3 of 3 segments, 12 KiB freed'
    # shellcheck disable=SC2086 # ids
    assert_gone $mine
    assert_exists "$root_s"
}

@test "what would be refused is said before the question and in a dry run, and is not counted in it" {
    need_ns
    need_root
    local said="segments would be refused to you, uid $ALICE: only their owner, their creator and root may"
    local given
    make_seg >/dev/null
    seg_of $ALICE --size 1000 >/dev/null
    given=$(seg_of $ALICE --size 2000 --uid $BOB)
    seg_of $BOB --size 3000 --mode 644 >/dev/null
    by $ALICE rm --all --dry-run
    assert_status 0
    assert_out_lines 5
    assert_err "shmtool: rm: 2 $said remove them
shmtool: rm: would remove 2 of 4 segments, 2.9 KiB, 0 in use"
    by $ALICE rm --all --dry-run --json
    assert_equal "$(jq -c '[.selected, .freed_bytes]' "$out_file")" '[4,3000]'
    by $ALICE rm --all --dry-run --quiet
    assert_err ''
    run_split as_user $ALICE "$SHMTOOL" rm --all <<<no
    assert_status 3
    assert_err_has "2 $said remove them"
    assert_err_has 'Remove 4 segments, 9.9 KiB, 0 of them in use? (yes/no) '
    by $ALICE rm --owner $ALICE --dry-run
    assert_err 'shmtool: rm: would remove 1 segment, 1000 B, 0 in use'
    by $ALICE rm "$given" --dry-run
    assert_err 'shmtool: rm: would remove 1 segment, 2 KiB, 0 in use'
    shmtool rm --all --dry-run
    assert_err 'shmtool: rm: would remove 4 segments, 9.9 KiB, 0 in use'
    # What is so already is not written, and so not refused.
    by $ALICE set perms=644 --all --dry-run
    assert_err "shmtool: set: 1 segment would be refused to you, uid $ALICE: only its owner, its creator and root may change it
shmtool: set: would set perms=644 of 3 of 4 segments, 5.9 KiB, 0 in use"
}

@test "one that is marked already is refused to nobody: there is nothing left to do" {
    need_ns
    need_root
    local marked
    marked=$(seg_of $BOB)
    start_helper as_user $BOB holdseg --rmid "$marked"
    by $ALICE rm "$marked" --dry-run
    assert_err 'shmtool: rm: would remove 1 segment, 4 KiB, 1 in use'
    by $ALICE rm "$marked"
    assert_status 0
}

@test "the question names one's own processes, and says where others are not visible" {
    need_ns
    need_root
    local mine shared theirs
    mine=$(seg_of $ALICE)
    shared=$(seg_of $ALICE --mode 666)
    theirs=$(seg_of $BOB)
    start_helper as_user $ALICE holdseg "$mine" "$shared"
    local alice_pid=$helper_pid
    start_helper as_user $BOB holdseg "$shared" "$theirs"
    run_split as_user $ALICE "$SHMTOOL" rm --all <<<no
    assert_status 3
    assert_err_matches "0x00000000 $mine +$ALICE +600 +4096 +1 +- +used +holdseg\[$alice_pid\]"$'\n'
    assert_err_matches "0x00000000 $shared +$ALICE +666 +4096 +2 +- +used +holdseg\[$alice_pid\] and some not visible to you"$'\n'
    assert_err_matches "0x00000000 $theirs +$BOB +600 +4096 +1 +- +used +not visible to you"$'\n'
    assert_err_has "Remove 3 segments, 12 KiB, 3 of them in use by holdseg[$alice_pid] and some not visible to you? (yes/no) "
    run_split as_user $ALICE "$SHMTOOL" rm --owner $BOB <<<no
    assert_err_has 'Remove 1 segment, 4 KiB, 1 of them in use by processes not visible to you? (yes/no) '
}

@test "--pid: one's own process; another's is an error, not an empty list" {
    need_ns
    need_root
    local mine theirs
    mine=$(seg_of $ALICE)
    theirs=$(seg_of $BOB)
    start_helper as_user $ALICE holdseg "$mine"
    by $ALICE ls -q --pid "$helper_pid"
    assert_status 0
    assert_out "$mine"
    start_helper as_user $BOB holdseg "$theirs"
    by $ALICE ls -q --pid "$helper_pid"
    assert_status 4
    assert_out ''
    assert_err "shmtool: ls: the mappings of process $helper_pid: Permission denied"
    by $ALICE rm --pid "$helper_pid" --yes
    assert_status 4
    assert_exists "$mine" "$theirs"
}

@test "a script's way: ls -q --owner | rm" {
    need_ns
    need_root
    seg_of $ALICE --size 131104 --count 2 >/dev/null
    local kept
    kept=$(seg_of $ALICE --size 131105)
    # shellcheck disable=SC2016 # expanded by the inner shell
    run_split as_user $ALICE bash -c '"$1" ls -q --owner "$2" --size 131104 | "$1" rm' - "$SHMTOOL" $ALICE
    assert_status 0
    assert_err 'shmtool: rm: removed 2 of 2 segments, 256.1 KiB freed'
    assert_equal "$(all_ids)" "$kept"
    # shellcheck disable=SC2016 # expanded by the inner shell
    run_split as_user $ALICE bash -c 'ipcs -m | grep 12345 | "$1" rm' - "$SHMTOOL"
    assert_status 0
    assert_equal "$(all_ids)" ''
}

# need_user_ns: skips the test where no user namespace can be made
need_user_ns() {
    unshare --user --map-root-user true 2>/dev/null || skip "no user namespace can be made here"
}

@test "a user namespace in the same IPC namespace: root there may not remove what is not its own" {
    need_ns
    need_root
    need_user_ns
    local theirs mine
    theirs=$(seg_of $BOB)
    mine=$(make_seg)
    run_split unshare --user --map-root-user "$SHMTOOL" ls --csv --no-header -c shmid,uid,cuid
    assert_status 0
    assert_equal "$(sort "$out_file")" "$(printf '%s\n' "$theirs,65534,65534" "$mine,0,0" | sort)"
    run_split unshare --user --map-root-user "$SHMTOOL" rm "$theirs" "$mine"
    assert_status 1
    assert_err_has "shmtool: rm: $theirs: Operation not permitted: it belongs to a user whom this user namespace does not show; outside of it, as that user or root: shmtool -N $(stat -Lc %i /proc/self/ns/ipc) rm $theirs"
    assert_err_has 'removed 1 of 2 segments, 4 KiB freed, 1 failed'
    assert_equal "$(all_ids)" "$theirs"
}

@test "an ordinary user's own user namespace gives no rights either" {
    need_ns
    need_root
    as_user $ALICE unshare --user --map-root-user true 2>/dev/null ||
        skip "ordinary users may make no user namespaces here"
    local mine root_s
    mine=$(seg_of $ALICE)
    root_s=$(make_seg)
    run_split as_user $ALICE unshare --user --map-root-user "$SHMTOOL" rm --all --yes
    assert_status 1
    assert_err_has "shmtool: rm: $root_s: Operation not permitted: it belongs to a user whom this user namespace does not show; "
    assert_gone "$mine"
    assert_exists "$root_s"
}

@test "an IPC namespace of one's own, as an ordinary user" {
    need_ns
    need_root
    as_user $ALICE unshare --user --map-root-user --ipc true 2>/dev/null ||
        skip "ordinary users may make no user namespaces here"
    make_seg >/dev/null
    # shellcheck disable=SC2016 # expanded by the inner shell
    run_split as_user $ALICE unshare --user --map-root-user --ipc bash -c '
        "$HELPERS/mkseg" --count 3 >/dev/null
        "$SHMTOOL" ls -q
        "$SHMTOOL" rm --all --yes
        "$SHMTOOL" ls -q'
    assert_status 0
    assert_out $'0\n1\n2'
    assert_err 'shmtool: rm: removed 3 of 3 segments, 12 KiB freed'
    assert_equal "$(all_ids | wc -l)" 1
}

@test "a PID namespace of another: creators are unknown, never orphans" {
    need_ns
    need_root
    unshare --pid --fork --mount-proc true 2>/dev/null || skip "no PID namespace can be made here"
    local id
    id=$(make_seg --touch)
    run_split unshare --pid --fork --mount-proc "$SHMTOOL" ls --ndjson -c shmid,state,cpid,lpid
    assert_status 0
    assert_out "{\"shmid\": $id, \"state\": \"unknown\", \"cpid\": null, \"lpid\": null}"
    run_split unshare --pid --fork --mount-proc "$SHMTOOL" rm --orphan --yes
    assert_status 0
    assert_exists "$id"
}

@test "without /proc the kernel is asked instead" {
    need_ns
    need_root
    need_no_sanitizer
    need_sizes_by_calls
    unshare --mount true 2>/dev/null || skip "no mount namespace can be made here"
    local id
    id=$(make_seg --key 0x77 --mode 0)
    make_seg >/dev/null
    shmtool ls
    local expected=$out
    # shellcheck disable=SC2016 # expanded by the inner shell
    run_split unshare --mount bash -c 'umount -l /proc && "$@"' - "$SHMTOOL" ls
    assert_status 0
    assert_equal "$out" "$expected"
    # shellcheck disable=SC2016 # expanded by the inner shell
    run_split unshare --mount bash -c 'umount -l /proc && "$@"' - setpriv --reuid $ALICE --clear-groups "$SHMTOOL" ls
    assert_status 0
    assert_equal "$out" "$expected"
    # shellcheck disable=SC2016 # expanded by the inner shell
    run_split unshare --mount bash -c 'umount -l /proc && "$@"' - "$SHMTOOL" rm --key 0x77
    assert_status 0
    assert_gone "$id"
    # shellcheck disable=SC2016 # expanded by the inner shell
    run_split unshare --mount bash -c 'umount -l /proc && "$@"' - "$SHMTOOL" rm --all <<<yes
    assert_status 0
    assert_equal "$(all_ids)" ''
}
