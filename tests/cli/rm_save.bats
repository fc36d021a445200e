# rm --save: each segment is a tree of --sysroot's before it goes; one that cannot be saved stays.
# Scripts for another shell stand in single quotes.
# shellcheck disable=SC2016
load common

ALICE=12345

setup() {
    common_setup
    dir=$BATS_TEST_TMPDIR/saved
    theirs=
}

teardown() {
    common_teardown
    [[ ! $theirs ]] || rm -r "$theirs"
}

# put ID OFFSET TEXT: writes into a segment
put() {
    need_program perl
    perl -e 'shmwrite($ARGV[0], $ARGV[2], $ARGV[1], length $ARGV[2]) or die "shmwrite: $!"' "$@"
}

# saved ARG...: run_split shmtool with the saved tree
saved() {
    shmtool --sysroot "$dir" "$@"
}

@test "what was saved is listed and read from the tree as it was" {
    need_ns
    local a b
    a=$(make_seg --key 0x77 --size 5000 --mode 640)
    b=$(make_seg --key -2 --size 1073741824 --mode 600)
    put "$a" 4990 'hello'
    put "$b" 500000000 'middle'
    shmtool ls -c key,shmid,owner,uid,group,creator,perms,bytes,nattch,status,cpid
    local before=$out
    shmtool rm --save "$dir" "$a" "$b"
    assert_status 0
    assert_out ''
    assert_gone "$a" "$b"
    saved ls -c key,shmid,owner,uid,group,creator,perms,bytes,nattch,status,cpid
    assert_status 0
    assert_err ''
    assert_equal "$out" "$before"
    saved cat "$a"
    [[ $(stat -c %s "$out_file") == 5000 && $(tail -c +4991 "$out_file" | head -c 5) == hello ]]
    saved cat --offset 500000000 --length 6 "$b"
    [[ $(<"$out_file") == middle ]]
    # Sparse, but for the page, which may be a huge one; and nobody else's.
    (($(stat -c %b "$dir/content/$b") < 10000))
    assert_equal "$(find "$dir" -type d ! -perm 700 -o -type f ! -perm 600 -o -type l)" ''
    assert_equal "$(cd "$dir" && find . -type f | LC_ALL=C sort)" "./content/$a
./content/$b
./etc/group
./etc/passwd
./proc/sysvipc/shm"
}

@test "the line is that of before the bytes were read" {
    need_ns
    local id before
    id=$(make_seg --size 4096)
    before=$(awk -v id="$id" '$2 == id' /proc/sysvipc/shm)
    shmtool rm --save "$dir" "$id"
    assert_status 0
    assert_equal "$(awk 'NR > 1' "$dir/proc/sysvipc/shm")" "$before         0"
}

@test "that it was read by us is no use of it: ages are those of before" {
    need_ns
    local id
    id=$(make_seg --size 4096)
    wait_until "$SHMTOOL" ls -q --fail-if-none --older-than 2s
    shmtool rm -q --yes --older-than 2s --orphan --save "$dir"
    assert_status 0
    assert_err ''
    assert_gone "$id"
    saved ls -q
    assert_out "$id"
}

@test "names of the users and groups concerned, and of nobody else" {
    need_ns
    need_root
    make_seg --uid $ALICE --gid 1 >/dev/null
    make_seg >/dev/null
    with_users "alice:x:$ALICE:$ALICE::/:/bin/sh"
    shmtool rm --all --yes --save "$dir"
    assert_status 0
    assert_equal "$(cut -d: -f1,3 "$dir/etc/passwd" | LC_ALL=C sort)" "alice:$ALICE
root:0"
    assert_equal "$(cut -d: -f3 "$dir/etc/group" | sort)" $'0\n1'
    saved ls --no-header -c owner
    assert_out $'alice\nroot'
}

@test "one in use is saved with a warning, and marked" {
    need_ns
    local id
    id=$(make_seg --size 4096)
    start_helper holdseg "$id"
    shmtool rm -q --save "$dir" "$id"
    assert_status 0
    assert_err "shmtool: rm: $id: was saved while it was in use (nattch 1): its bytes may have changed while they were read, and since"
    assert_exists "$id"
    saved cat "$id"
    [[ $(stat -c %s "$out_file") == 4096 ]]
}

@test "one that may not be read stays, with exit 1, and the rest goes" {
    need_ns
    need_root
    local closed open
    closed=$(as_user $ALICE "$HELPERS/mkseg" --mode 0)
    open=$(as_user $ALICE "$HELPERS/mkseg" --mode 600)
    theirs=$(as_user $ALICE mktemp -d /tmp/shmtool-save.XXXXXX) # the tests' own folders are root's alone
    dir=$theirs
    run_split as_user $ALICE "$SHMTOOL" rm --save "$dir" "$closed" "$open"
    assert_status 1
    assert_err "shmtool: rm: $closed: cannot be saved, and stays: Permission denied: its permissions do not let you read it: shmtool set perms=u+r $closed
shmtool: rm: removed 1 of 2 segments, 4 KiB freed, 1 failed"
    assert_exists "$closed"
    assert_gone "$open"
    saved ls -q
    assert_out "$open"
}

@test "what root is advised to do for somebody else saves, too" {
    need_ns
    need_root
    local closed open
    closed=$(make_seg --mode 600)
    open=$(make_seg --mode 644)
    theirs=$(as_user $ALICE mktemp -d /tmp/shmtool-save.XXXXXX) # the tests' own folders are root's alone
    dir=$theirs
    run_split as_user $ALICE "$SHMTOOL" rm -q --save "$dir" "$closed" "$open"
    assert_status 1
    assert_err "shmtool: rm: $closed: cannot be saved, and stays: Permission denied: it belongs to root; as root: shmtool rm --save DIR $closed
shmtool: rm: $open: Operation not permitted: it belongs to root; as root: shmtool rm --save DIR $open"
    assert_exists "$closed" "$open"
}

@test "a full disk: what does not fit stays, and nothing of it is in the tree" {
    need_ns
    need_root
    local big small mount=$BATS_TEST_TMPDIR/mount
    unshare --mount true 2>/dev/null || skip "needs a mount namespace of its own"
    big=$(make_seg --size 8000000 --fill)
    small=$(make_seg --size 10000 --fill)
    mkdir "$mount"
    run_split unshare --mount sh -c \
        'mount -t tmpfs -o size=1M none "$1" && "$0" rm --json --save "$1/d" "$2" "$3" >"$4"; r=$?; cp -r "$1/d" "$5"; exit $r' \
        "$SHMTOOL" "$mount" "$big" "$small" "$BATS_TEST_TMPDIR/json" "$dir"
    assert_status 1
    assert_err_has "$big: cannot be saved, and stays: $mount/d/content/$big: No space left on device"
    assert_exists "$big"
    assert_gone "$small"
    assert_equal "$(jq -r '.results[] | "\(.shmid) \(.outcome) \(.error)"' "$BATS_TEST_TMPDIR/json")" "$big failed ENOSPC
$small removed null"
    saved ls -q
    assert_out "$small"
    assert_equal "$(ls "$dir/content")" "$small"
}

@test "a file that may not be so large is no end of rm" {
    need_ns
    local id
    id=$(make_seg --size 8000000 --fill)
    run_split bash -c 'ulimit -f 100; exec "$0" rm --save "$1" "$2"' "$SHMTOOL" "$dir" "$id"
    assert_status 1
    assert_err_has "$id: cannot be saved, and stays: "
    assert_err_has 'File too large'
    assert_exists "$id"
    assert_equal "$(find "$dir" -mindepth 1)" ''
}

@test "a signal while it is saved: the segment stays" {
    need_ns
    local id
    id=$(make_seg --size 8000000 --fill)
    run_split "$HELPERS/pending" 2 "$SHMTOOL" rm --save "$dir" "$id"
    assert_status 1
    assert_exists "$id"
    [[ ! -e $dir ]] || assert_equal "$(find "$dir" -mindepth 1)" ''
}

@test "a folder that is not empty, a link, somebody else's, one that cannot be: nothing is removed" {
    need_ns
    local id name
    id=$(make_seg)
    mkdir "$dir" "$BATS_TEST_TMPDIR/other"
    : >"$dir/file"
    : >"$BATS_TEST_TMPDIR/plain"
    ln -s other "$BATS_TEST_TMPDIR/link"
    ln -s nowhere "$BATS_TEST_TMPDIR/loose"
    mkdir -m 777 "$BATS_TEST_TMPDIR/open"
    chmod 777 "$BATS_TEST_TMPDIR/open"
    for name in saved link link/ loose plain open nowhere/at/all; do
        shmtool rm --save "$BATS_TEST_TMPDIR/$name" "$id"
        assert_status 1
        assert_err_has 'nothing was removed'
        assert_exists "$id"
    done
    assert_equal "$(find "$BATS_TEST_TMPDIR/other" "$BATS_TEST_TMPDIR/open" -mindepth 1)" ''
    shmtool rm --save '' "$id"
    assert_wrong_usage "--save: '': not the name of a folder"
    # Nothing would be there to remove.
    run_split unshare --pid --fork --mount-proc --ipc "$SHMTOOL" rm -A --save "$BATS_TEST_TMPDIR/new" --all --yes
    assert_wrong_usage '--save: with -A an id means another segment in each IPC namespace'
    [[ ! -e $BATS_TEST_TMPDIR/new ]]
}

@test "a dry run, an answer that is not yes, and nothing to remove leave no folder" {
    need_ns
    local id
    id=$(make_seg)
    shmtool rm --save "$dir" --dry-run "$id"
    assert_status 0
    run_split "$SHMTOOL" rm --save "$dir" --all <<<no
    assert_status 3
    shmtool rm --save "$dir" --size 12345 --yes
    assert_status 0
    [[ ! -e $dir ]]
    assert_exists "$id"
}

@test "all that leads to the bytes is on disk before the segment goes" {
    need_ns
    need_program strace
    without_leak_sanitizer
    local id trace=$BATS_TEST_TMPDIR/trace
    id=$(make_seg --size 4096)
    strace -y -e trace=fsync,shmctl -o "$trace" true 2>/dev/null || skip 'nothing can be traced here'
    run_split strace -y -e trace=fsync,shmctl -o "$trace" "$SHMTOOL" rm -q --save "$dir" "$id"
    assert_status 0
    sed -n 's/^fsync([0-9]*<\(.*\)>) .*/\1/p; /IPC_RMID/q' "$trace" >"$BATS_TEST_TMPDIR/synced"
    assert_equal "$(LC_ALL=C sort -u "$BATS_TEST_TMPDIR/synced")" "$(printf '%s\n' "$BATS_TEST_TMPDIR" "$dir" \
        "$dir"/{content,content/"$id",etc,etc/group,etc/passwd,proc,proc/sysvipc,proc/sysvipc/shm} | LC_ALL=C sort)"
}

@test "in a user namespace that only a process of its own may enter: refused" {
    need_ns
    need_root
    as_user $ALICE unshare --user --map-root-user --ipc true 2>/dev/null || skip 'users may make no namespaces here'
    start_helper as_user $ALICE unshare --user --map-root-user --ipc bash -c 'echo ready; exec sleep 1000'
    run_split as_user $ALICE "$SHMTOOL" -N "$helper_pid" rm --save "$dir" --all --yes
    assert_wrong_usage '--save: with --namespace a segment cannot be read from outside of that user namespace; nsenter --user --ipc does it'
}

@test "in another IPC namespace" {
    need_ns
    need_root
    start_helper unshare --ipc bash -c '"$0" create --size 7 --key 0x77 >/dev/null && echo ready; exec sleep 1000' "$SHMTOOL"
    shmtool -N "$helper_pid" rm --save "$dir" --key 0x77
    assert_status 0
    saved ls --no-header -c key,bytes
    assert_out '0x00000077 7'
}
