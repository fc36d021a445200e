# ls --sysroot: trees of other machines, good ones, broken ones and hostile ones.
load common
load forms

FIXTURES=$SRC/tests/fixtures
HEADER='key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap'

setup() {
    common_setup
    tree=$BATS_TEST_TMPDIR/tree
    open_dir=
}

teardown() {
    common_teardown
    [[ -z $open_dir ]] || rm -rf "$open_dir"
}

# on FIXTURE ARG...: shmtool ARG... on that tree
on() {
    local fixture=$1
    shift
    shmtool --sysroot "$FIXTURES/$fixture" "$@"
}

# new_tree: an empty $tree with the directories that a listing wants
new_tree() {
    mkdir -p "$tree/proc/sysvipc" "$tree/etc"
}

# put_segments UID...: a listing with a segment for each, with ids from 0 on
put_segments() {
    local uid id=0
    new_tree
    {
        echo "$HEADER"
        for uid in "$@"; do
            echo "0 $id 600 4096 7 7 0 $uid $uid 0 0 0 0 1700000000 0 0"
            id=$((id + 1))
        done
    } >"$tree/proc/sysvipc/shm"
}

# quick ARG...: run_split `shmtool --sysroot $tree ARG...`, which may take five seconds
quick() {
    run_split timeout 60 "$SHMTOOL" --sysroot "$tree" "$@"
}

# unreadable TEXT: `ls` on $tree says so, in any form: exit 4, quick, no output
unreadable() {
    local form
    for form in '' --json --csv -q; do
        # shellcheck disable=SC2086 # none or one
        quick ls $form
        assert_status 4 || return 1
        assert_out '' || return 1
        assert_err_has "$1" || return 1
        assert_err_matches $'^shmtool: ls: [^\n]*\n$' || return 1
    done
}

@test "the listing of 15 segments, with the names of its own passwd" {
    on listing ls
    assert_status 0
    assert_err ''
    assert_out 'key        shmid     owner perms    bytes nattch status
0x00000000 1867776   root  600     393216      2 dest
0x00000000 1900545   root  600     393216      2 dest
0x00030021 1703938   zc    666     131104      1
0x0003802e 1736707   zc    666     131104      1
0x00030004 1769476   zc    666     131104      1
0x00038002 1802245   zc    666     131104      1
0x00000000 1933318   root  600     393216      2 dest
0x00000000 1966087   root  600     393216      2 dest
0x00000000 1998856   root  600     393216      2 dest
0x00000000 2031625   root  600     393216      2 dest
0x00000000 2064394   root  600     393216      2 dest
0x0014350c 2261003   cs    666   33554432      2
0x00000000 2129932   root  600     393216      2 dest
0x00000000 2162701   root  600     393216      2 dest
0x00143511 395837454 root  666    1048576      1'
}

# counts N ARG...: `ls ARG...` gives N rows of the listing
counts() {
    local count=$1
    shift
    on listing ls --no-header "$@"
    assert_status 0
    assert_err ''
    assert_out_lines "$count"
}

@test "the listing: --owner zc gives four rows" {
    counts 4 --owner zc
    assert_equal "$(awk '{ print $2 }' "$out_file" | tr '\n' ' ')" '1703938 1736707 1769476 1802245 '
    counts 4 --owner 1001
    counts 4 -q -o zc
}

@test "the listing: --dest gives nine rows" {
    counts 9 --dest
    ! grep -qv 'root .* dest$' "$out_file" || fail "a row that is not dest"
}

@test "the listing: --size 393216 gives nine rows" {
    counts 9 --size 393216
    counts 9 --size 384K
}

@test "the listing: --key 0x0014350c gives one row" {
    counts 1 --key 0x0014350c
    assert_out_has ' 2261003 '
}

@test "the listing: -o zc -o cs -s 1M.. gives one row" {
    counts 1 -o zc -o cs -s 1M..
    assert_out_has ' 2261003 '
}

@test "the listing: other selections" {
    counts 5 -o zc -o cs
    counts 0 -o zc -o cs --dest
    counts 10 -o root
    counts 1 -o root --key 0x143511
    counts 2 --key 0x143511 --key 0x14350c
    counts 9 --key 0
    counts 5 --nattch 1
    counts 10 --nattch 2
    counts 0 --unattached
    counts 15 --attached
    counts 0 --locked
    counts 4 --cpid 3305
    counts 9 --state dest
    counts 6 --state used
    counts 6 --state used,orphan,idle,unknown
    counts 2 1867776 395837454
    counts 1 1867776 395837454 --size 1M
    counts 4 --group zc
    counts 1 --group cs --creator cs
}

@test "the listing: an id that is not in it" {
    on listing ls -q 0 1867776
    assert_status 1
    assert_out 1867776
    assert_err 'shmtool: ls: 0: no such segment'
}

@test "the listing: sorted, human, long, in JSON" {
    on listing ls -H --no-header --sort -bytes,-shmid
    assert_equal "$(awk 'NR < 5 { print $2, $5 }' "$out_file" | tr '\n' ' ')" \
        '2261003 32M 395837454 1M 2162701 384K 2129932 384K '
    on listing ls -l --no-header 2261003 --time epoch
    assert_equal "$(awk '{ $1 = $1; print }' "$out_file")" \
        '0x0014350c 2261003 cs 666 33554432 2 - used 20742 20951 20971520 1048576 1795040476 -'
    need_python
    on listing ls --json --owner cs
    # shellcheck disable=SC2016 # Python
    python '
segment, = doc()["segments"]
assert segment == {
    "key": "0x0014350c", "shmid": 2261003, "owner": "cs", "uid": 1002, "group": "cs", "gid": 1002,
    "creator": "cs", "cuid": 1002, "creator_group": "cs", "cgid": 1002, "perms": "0666",
    "bytes": 33554432, "rss": 20971520, "swap": 1048576, "nattch": 2, "status": [], "state": "used",
    "cpid": 20742, "lpid": 20951, "atime": "2026-11-21T21:40:00+00:00",
    "dtime": "2026-11-21T20:10:00+00:00", "ctime": segment["ctime"], "command": None, "unit": None, "program": None, "program_by": None, "namespace": None, "container": None, "protected": False,
    "host": None}, segment'
}

@test "the live system does not show through" {
    need_ns
    local id
    id=$(make_seg)
    on header-only ls
    assert_status 0
    assert_out 'key shmid owner perms bytes nattch status'
    on header-only ls "$id"
    assert_status 1
    on listing ls --owner nobody
    assert_wrong_usage "'nobody': no such user"
    # Neither are this machine's processes taken for those of the tree.
    on listing ls --csv --no-header -c command
    assert_equal "$(tr -d '\n' <"$out_file")" ''
}

@test "no passwd: numbers" {
    put_segments 0 1001
    quick ls --no-header -c owner,group
    assert_status 0
    assert_equal "$(awk '{ print $1, $2 }' "$out_file")" $'0 0\n1001 1001'
    quick ls -q --owner 1001
    assert_out 1
    quick ls --owner root
    assert_wrong_usage "'root': no such user"
}

@test "a user of digits alone is looked up as a name first" {
    put_segments 1001 1002 2002
    printf '1001:x:2002:1::/:/bin/sh\nzc:x:1001:1::/:/bin/sh\n' >"$tree/etc/passwd"
    quick ls -q --owner 1001
    assert_status 0
    assert_out 2
    quick ls -q --owner zc
    assert_out 0
    quick ls -q --owner 1002
    assert_out 1
}

@test "of two names of one number the first is shown, both select" {
    put_segments 1001
    printf 'first:x:1001:1::/:\nsecond:x:1001:1::/:\n' >"$tree/etc/passwd"
    quick ls --no-header -c owner
    assert_out first
    quick ls -q --owner second
    assert_out 0
}

@test "lines of passwd that are none are skipped" {
    put_segments 0 1
    printf '\n:\n::\nx\nroot\n:x:0:0::/:\nneg:x:-1:0::/:\nhex:x:0x1:0::/:\nbig:x:4294967296:0::/:\nb:x:1x:0::/:\nok:x:1' \
        >"$tree/etc/passwd"
    quick ls --no-header -c owner
    assert_status 0
    assert_out $'0\nok'
}

# hostile_names: owners with escape sequences, bytes that are no UTF-8, quotes and commas, and 4 KiB of name
hostile_names() {
    put_segments 1001 1002 1003 1004
    {
        printf 'a\e[31m\e]0;t\a\x7f\xc2\x9b:x:1001:1::/:\n'
        printf '\xff\xfe"b",\\x41\xe2\x80\xae:x:1002:1::/:\n'
        printf 'c\r\t \xc3\xbc:x:1003:1::/:\n'
        printf '%04096d:x:1004:1::/:\n' 7
    } >"$tree/etc/passwd"
}

@test "hostile names: nothing that a terminal obeys passes through a table" {
    hostile_names
    quick ls --no-header -c shmid,owner
    assert_status 0
    assert_out_lines 4
    assert_equal "$(LC_ALL=C tr -d '\n\40-\176' <"$out_file" | od -An -tx1 | tr -d ' \n')" c3bc
    assert_out_has 'a\x1b[31m\x1b]0;t\x07\x7f\xc2\x9b'
    assert_out_has '\xff\xfe"b",\x5cx41\xe2\x80\xae'
    assert_out_has 'c\x0d\x09\x20ü'
    assert_out_has " $(printf '%04096d' 7)"
}

@test "hostile names: they select, and are shown when they are wrong" {
    hostile_names
    quick ls -q --owner $'\xff\xfe"b",\\x41\xe2\x80\xae'
    assert_status 0
    assert_out 1
    quick ls -q --owner "$(printf '%04096d' 7)"
    assert_out 3
    quick ls -q --owner $'\e[31m'
    assert_wrong_usage "'\\x1b[31m': no such user"
}

@test "hostile names: JSON stays valid UTF-8" {
    hostile_names
    need_python
    local form
    quick ls --json -c owner
    assert_status 0
    # shellcheck disable=SC2016 # Python
    python '
names = [segment["owner"] for segment in doc()["segments"]]
assert names == ["a\x1b[31m\x1b]0;t\a\x7f\u009b", "\ufffd\ufffd\"b\",\\x41\u202e", "c\r\t ü", "7".zfill(4096)], names
assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", read())'
    quick ls --ndjson -c owner
    python 'assert len(lines()) == 4'
}

@test "hostile names: CSV has a record of each" {
    hostile_names
    need_python
    quick ls --csv
    assert_status 0
    # shellcheck disable=SC2016 # Python
    python '
names = [row["owner"] for row in rows()]
assert names == ["a\\x1b[31m\\x1b]0;t\\x07\\x7f\\xc2\\x9b", "\\xff\\xfe\"b\",\\x5cx41\\xe2\\x80\\xae",
                 "c\\x0d\\x09 ü", "7".zfill(4096)], names
assert [row["uid"] for row in rows()] == ["1001", "1002", "1003", "1004"]'
}

@test "a line that cannot be understood is named, the other rows are shown, exit 1" {
    on garbage ls -q
    assert_status 1
    assert_out $'0\n32769\n65538'
    assert_err "shmtool: ls: $FIXTURES/garbage/proc/sysvipc/shm: line 3: not understood: the quick brown fox"
    need_python
    on garbage ls --json
    assert_status 1
    python 'assert len(doc()["segments"]) == 3'
}

@test "a line that cannot be understood is shown, and no terminal obeys it" {
    new_tree
    printf '%s\n0 6 600 \e[31m\0\\x41 \xff\n' "$HEADER" >"$tree/proc/sysvipc/shm"
    quick ls -q
    assert_status 1
    assert_out ''
    assert_err "shmtool: ls: $tree/proc/sysvipc/shm: line 2: not understood: "'0 6 600 \x1b[31m\x00\x5cx41 \xff'
}

@test "a line of many bytes is not shown in full" {
    new_tree
    printf '%s\n%05000d\n0 6 600 1 1 1 1 1 1 1 1 1 1 1 1 1\n' "$HEADER" 7 >"$tree/proc/sysvipc/shm"
    quick ls -q
    assert_status 1
    assert_out 6
    assert_err "shmtool: ls: $tree/proc/sysvipc/shm: line 2: not understood: $(printf '%0200d' 0)..."
}

@test "a listing that is cut off: its last line is not trusted" {
    on truncated ls -q
    assert_status 1
    assert_out $'0\n32769'
    assert_err_has 'line 4: not understood'
}

@test "an id that is listed twice is one segment" {
    on repeated ls -q
    assert_status 0
    assert_out $'0\n32769\n65538'
}

@test "values up to the largest ones" {
    on overlong ls --no-header -c key,shmid,perms,bytes,nattch,status,uid,cgid
    assert_status 0
    assert_equal "$(awk 'NR == 1 { $1 = $1; print }' "$out_file")" \
        '0x80000000 2147483647 777 18446744073709551615 18446744073709551615 dest,locked 4294967294 4294967291'
    on overlong ls -H --no-header -c bytes
    assert_equal "$(awk '{ print $1 }' "$out_file" | tr '\n' ' ')" '16E 8E 4K '
    need_python
    on overlong ls --json
    assert_status 0
    # shellcheck disable=SC2016 # Python
    python '
first, second, third = doc()["segments"]
assert first["bytes"] == first["nattch"] == 2 ** 64 - 1
assert first["status"] == ["dest", "locked"] and first["uid"] == 2 ** 32 - 2
assert first["dtime"] == "9999-12-31T24:00:00+00:00" or first["dtime"].startswith("10000-01-01T00:00:00")
assert second["key"] == "0xffffffff" and second["status"] == ["locked"]'
}

@test "what an old kernel does not tell is unknown: a dash, null, nothing" {
    on columns14 ls --no-header -c shmid,rss,swap,bytes
    assert_status 0
    assert_equal "$(awk '{ print $2, $3 }' "$out_file" | sort -u)" '- -'
    on columns14 ls --ndjson -c rss,swap 0
    assert_out '{"rss": null, "swap": null}'
    on columns14 ls --csv --no-header -c rss,shmid,swap 0
    assert_out ',0,'
}

@test "an rss that cannot be is unknown" {
    on huge-page ls --ndjson -c shmid,rss,swap
    assert_status 0
    assert_out '{"shmid": 3, "rss": null, "swap": 0}
{"shmid": 4, "rss": 4096, "swap": 0}
{"shmid": 5, "rss": 8192, "swap": 4096}'
}

@test "columns of a future kernel are skipped" {
    on future ls -q
    assert_status 0
    assert_err ''
    [[ -n $out ]] || fail "no rows"
}

@test "no listing: exit 4" {
    local fixture
    for fixture in no-file empty-file; do
        on "$fixture" ls
        assert_status 4
        assert_out ''
        assert_err_has "shmtool: ls: $FIXTURES/$fixture/proc/sysvipc/shm: "
    done
}

@test "no directory, a file, one that may not be entered: exit 4" {
    shmtool --sysroot "$BATS_TEST_TMPDIR/none" ls
    assert_status 4
    assert_err "shmtool: ls: $BATS_TEST_TMPDIR/none: No such file or directory"
    shmtool --sysroot "$FIXTURES/README.md" ls
    assert_status 4
    assert_err_has 'Not a directory'
    need_root
    # The directories of bats may be entered by their owner alone.
    open_dir=$(mktemp -d /tmp/shmtool-tree.XXXXXX)
    chmod 755 "$open_dir"
    tree=$open_dir/tree
    put_segments 0
    run_split as_user 12345 "$SHMTOOL" --sysroot "$tree" ls -q
    assert_out 0
    chmod 700 "$tree"
    run_split as_user 12345 "$SHMTOOL" --sysroot "$tree" ls
    assert_status 4
    assert_err_has 'Permission denied'
    chmod 755 "$tree"
    chmod 600 "$tree/proc/sysvipc/shm"
    run_split as_user 12345 "$SHMTOOL" --sysroot "$tree" ls
    assert_status 4
    assert_err "shmtool: ls: $tree/proc/sysvipc/shm: Permission denied"
}

@test "in place of the listing: something that is no listing" {
    new_tree
    echo 'the quick brown fox' >"$tree/proc/sysvipc/shm"
    unreadable 'no header'
    # ipcs -q reads such a file.
    echo 'key msqid perms cbytes qnum lspid lrpid uid gid cuid cgid stime rtime ctime' >"$tree/proc/sysvipc/shm"
    unreadable 'no header'
}

@test "in place of the listing: a FIFO" {
    new_tree
    mkfifo "$tree/proc/sysvipc/shm"
    unreadable 'not a regular file'
}

@test "in place of the listing: a directory" {
    new_tree
    mkdir "$tree/proc/sysvipc/shm"
    unreadable 'Is a directory'
}

@test "in place of the listing: a device" {
    new_tree
    mknod "$tree/proc/sysvipc/shm" c 1 5 2>/dev/null || skip "needs root: makes a device"
    # Not where devices do not work anyway.
    unreadable 'proc/sysvipc/shm: '
}

@test "in place of the listing: a symbolic link to itself, and one to nothing" {
    new_tree
    ln -s shm "$tree/proc/sysvipc/shm"
    unreadable "$(words_of_errno ELOOP)"
    ln -sfn nothing "$tree/proc/sysvipc/shm"
    unreadable 'No such file or directory'
    rm -r "$tree/proc"
    ln -s proc "$tree/proc"
    unreadable "$(words_of_errno ELOOP)"
}

@test "a symbolic link out of the tree leads nowhere" {
    need_ns
    local target
    make_seg >/dev/null
    new_tree
    mkdir "$BATS_TEST_TMPDIR/outside"
    cp "$FIXTURES/listing/proc/sysvipc/shm" "$BATS_TEST_TMPDIR/outside/shm"
    for target in /proc/sysvipc/shm ../../../../../../../../../../proc/sysvipc/shm \
        "$BATS_TEST_TMPDIR/outside/shm" ../../../outside/shm; do
        ln -sfn "$target" "$tree/proc/sysvipc/shm"
        unreadable 'proc/sysvipc/shm: '
    done
    rm -r "$tree/proc"
    mkdir "$tree/proc"
    for target in /proc/sysvipc ../../../../../../../../../../proc/sysvipc "$BATS_TEST_TMPDIR/outside"; do
        ln -sfn "$target" "$tree/proc/sysvipc"
        unreadable 'proc/sysvipc/shm: '
    done
}

@test "a symbolic link inside of the tree is followed" {
    put_segments 0
    mv "$tree/proc/sysvipc/shm" "$tree/saved"
    ln -s /saved "$tree/proc/sysvipc/shm"
    quick ls -q
    # Old kernels and some sandboxes have no way to do that safely.
    [[ $status == 4 && $err == *'Too many levels of symbolic links'* ]] && skip "links are not followed here"
    assert_status 0
    assert_out 0
}

@test "a link of passwd out of the tree is not followed" {
    put_segments 54321
    printf 'outside:x:54321:1::/:\n' >"$BATS_TEST_TMPDIR/passwd"
    ln -sfn "$BATS_TEST_TMPDIR/passwd" "$tree/etc/passwd"
    quick ls --no-header -c owner
    assert_status 0
    assert_out 54321
    ln -sfn passwd "$tree/etc/passwd"
    quick ls --no-header -c owner
    assert_out 54321
    ln -sfn . "$tree/etc/group"
    mkfifo "$tree/fifo"
    ln -sfn /fifo "$tree/etc/passwd"
    quick ls --no-header -c owner
    assert_status 0
    assert_out 54321
}

@test "in place of the listing: ten gigabytes of nothing" {
    new_tree
    truncate -s 10G "$tree/proc/sysvipc/shm" || skip "no sparse files here"
    unreadable 'proc/sysvipc/shm: '
    echo "$HEADER" >"$tree/proc/sysvipc/shm"
    truncate -s 10G "$tree/proc/sysvipc/shm"
    unreadable 'proc/sysvipc/shm: '
}

@test "a listing that breaks off: lines that were understood stand, a document or a table is whole or not there" {
    new_tree
    {
        echo "$HEADER"
        awk 'BEGIN { for (i = 0; i < 2000; i++) print 0, i, 600, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }'
        head -c 300000 /dev/zero | tr '\0' x
    } >"$tree/proc/sysvipc/shm"
    local form
    for form in -q --ndjson '--csv --no-header'; do
        # shellcheck disable=SC2086 # words
        quick ls $form -c shmid
        assert_status 4
        assert_err_has 'has no end: not a listing'
        [[ ${out//[^0-9$'\n']/}$'\n' == $'0\n1\n2\n3\n'* ]] || fail "$form does not begin with its lines"
        (($(wc -l <"$out_file") > 900)) || fail "$form has few lines"
    done
    for form in --json '' '-q --sort -shmid'; do
        # shellcheck disable=SC2086 # words
        quick ls $form -c shmid
        assert_status 4
        assert_out ''
    done
}

@test "--sysroot is the last one given, relative to where one stands" {
    cd "$FIXTURES"
    shmtool --sysroot none --sysroot listing ls -q
    assert_status 0
    assert_out_lines 15
    shmtool --sysroot=listing ls -q
    assert_out_lines 15
}

@test "files of a tree are named so that they are found from where one stands" {
    mkdir -p "$tree"
    cd "$BATS_TEST_TMPDIR"
    local dir
    for dir in tree tree/ ./tree "$tree"; do
        shmtool --sysroot "$dir" ls
        assert_status 4
        assert_err "shmtool: ls: ${dir%/}/proc/sysvipc/shm: No such file or directory"
    done
    mkdir -p "$tree/proc/sysvipc"
    echo "$HEADER" >"$tree/proc/sysvipc/shm"
    shmtool --sysroot tree limits
    assert_err_matches '^shmtool: limits: tree/proc/sys/kernel/shm[a-z_]*: No such file'
}

@test "a tree of / is the live listing" {
    need_ns
    local id
    id=$(make_seg)
    shmtool --sysroot / ls -q
    assert_status 0
    assert_out "$id"
}
