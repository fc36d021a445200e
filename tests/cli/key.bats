# key: the keys of files and who has them, and files that could have made a key.
# Scripts for another shell stand in single quotes.
# shellcheck disable=SC2016
load common
load forms

setup() {
    common_setup
    dir=$BATS_TEST_TMPDIR/files
    mkdir "$dir"
}

# ftok_of PATH [PROJ]: by the formula of ftok(3), from what stat(1) tells
ftok_of() {
    local dev ino
    read -r dev ino < <(stat -L -c '%d %i' "$1")
    printf '0x%08x\n' $((((${2:-1} & 255) << 24) | ((dev & 255) << 16) | (ino & 65535)))
}

# row PATH: the row of the table in $out that ends in it
row() {
    awk -v path="$1" 'index($0, path) && substr($0, length($0) - length(path) + 1) == path' <<<"$out"
}

@test "the key of a file, PROJ 1 unless given" {
    touch "$dir/file"
    shmtool key "$dir/file"
    assert_status 0
    assert_err ''
    assert_out_lines 2
    assert_out_matches '^key +proj +shmid +owner +bytes +nattch +path'$'\n'
    assert_equal "$(row "$dir/file" | tr -s ' ')" "$(ftok_of "$dir/file") 1 - - - - $dir/file"
}

@test "PROJ is a number or a character" {
    touch "$dir/file"
    local proj
    for proj in 65 A; do
        shmtool key -p "$proj" "$dir/file"
        assert_status 0
        assert_out_has "$(ftok_of "$dir/file" 65) 65 " || return 1
    done
    shmtool key -p 7 "$dir/file"
    assert_out_has "$(ftok_of "$dir/file" 7) 7 "
    shmtool key --proj 255 "$dir/file"
    assert_out_has "$(ftok_of "$dir/file" 255) 255 "
    for proj in 0 256 '' AB 0x41 ä; do
        shmtool key -p "$proj" "$dir/file"
        assert_wrong_usage "not a PROJ (a number from 1 to 255, or one character)" || return 1
    done
}

@test "the help says that a digit is a number, and what PROJ is unless given" {
    shmtool key --help
    assert_out_has 'PROJ is 1 unless given; with --find it is any. A digit is that number'
}

@test "perl and python agree" {
    need_program perl
    touch "$dir/file"
    local key
    key=$(perl -MIPC::SysV=ftok -e 'printf "0x%08x", ftok($ARGV[0], 77) & 0xffffffff' "$dir/file" 2>/dev/null) ||
        skip "needs perl's IPC::SysV"
    shmtool key -p 77 "$dir/file"
    assert_out_has "$key"
}

@test "the segment that has the key" {
    need_ns
    touch "$dir/file"
    local id
    id=$(make_seg -k "$(ftok_of "$dir/file")" -s 12345)
    start_helper holdseg "$id"
    shmtool key "$dir/file"
    assert_status 0
    assert_equal "$(row "$dir/file" | tr -s ' ')" "$(ftok_of "$dir/file") 1 $id $(id -un) 12345 1 $dir/file"
}

@test "several files; a missing one is an error, the rest is done" {
    touch "$dir/one" "$dir/two words"
    shmtool key "$dir/one" "$dir/none" "$dir/two words" -p 3
    assert_status 1
    assert_err "shmtool: key: $dir/none: No such file or directory"
    assert_out_lines 3
    assert_out_has "$(ftok_of "$dir/one" 3) 3 "
    assert_out_has "$(ftok_of "$dir/two words" 3) 3 "
    shmtool key "$dir/none"
    assert_status 1
    assert_out ''
}

@test "links are followed, as ftok does" {
    touch "$dir/file"
    ln -s file "$dir/link"
    shmtool key "$dir/link"
    assert_status 0
    assert_out_has "$(ftok_of "$dir/file") "
}

@test "a name cannot do anything to a terminal" {
    touch "$dir/"$'\e[31m'
    shmtool key "$dir/"$'\e[31m'
    assert_status 0
    assert_out_has '\x1b[31m'
    assert_out_has_not $'\e'
}

@test "a key in place of a file is answered with --find" {
    local word
    cd "$dir"
    shmtool key 0x00143511
    assert_status 1
    assert_err 'shmtool: key: 0x00143511: No such file or directory; the files of a key: shmtool key --find 0x00143511 DIR'
    for word in 0x1g 1234; do
        shmtool key "$word"
        assert_err "shmtool: key: $word: No such file or directory" || return 1
    done
    touch 0x00143511
    shmtool key 0x00143511
    assert_status 0
}

@test "an empty name is seen in the message" {
    shmtool key ''
    assert_status 1
    assert_err "shmtool: key: '': No such file or directory"
    shmtool key --find 5 ''
    assert_status 1
    assert_err "shmtool: key: '': No such file or directory"
}

@test "no operand is wrong usage" {
    shmtool key
    assert_wrong_usage 'no PATH given'
    shmtool key --find 5
    assert_wrong_usage 'no DIR given'
    shmtool key --find 0x123456789 "$dir"
    assert_wrong_usage 'not a key'
}

@test "--find: the file that made a key, whatever its PROJ" {
    mkdir -p "$dir/a/b"
    touch "$dir/a/b/file" "$dir/a/other"
    shmtool key --find "$(ftok_of "$dir/a/b/file" 200)" "$dir"
    assert_status 0
    assert_equal "$(row "$dir/a/b/file" | awk '{ print $1, $2 }')" "$(ftok_of "$dir/a/b/file" 200) 200"
    assert_out_has_not "$dir/a/other"
    assert_err_has 'candidates only'
    assert_err_has_not 'collide'
}

@test "--find -p: the whole key must be the same" {
    touch "$dir/file"
    shmtool key --find "$(ftok_of "$dir/file" 200)" -p 200 "$dir"
    assert_status 0
    assert_out_has "$dir/file"
    shmtool key --find "$(ftok_of "$dir/file" 200)" -p 201 "$dir"
    assert_status 0
    assert_out_lines 1
    assert_err_has 'was made with PROJ 200: no file gives it with 201'
}

@test "--find: nothing found is no failure, a directory that is none is one" {
    touch "$dir/file"
    shmtool key --find $(($(ftok_of "$dir/file") ^ 0x8000)) "$dir/file"
    assert_status 1
    assert_err "shmtool: key: $dir/file: Not a directory"
    shmtool key --find $(($(ftok_of "$dir") ^ 0x10000)) "$dir"
    assert_status 0
    assert_out_lines 1
    assert_err_matches "^shmtool: key: $dir: ftok gives the key to no file of its file system: the device ends in 0x.., the key's in 0x.."
    shmtool key --find 5 "$dir/none"
    assert_status 1
    assert_err "shmtool: key: $dir/none: No such file or directory"
}

@test "--find follows no links and stays on one file system" {
    unshare --mount sh -c 'mount -t tmpfs none /mnt' 2>/dev/null || skip "may not mount in a namespace of its own"
    touch "$dir/file"
    mkdir "$dir/tree" "$dir/tree/mnt"
    ln -s ../file "$dir/tree/link"
    ln -s .. "$dir/tree/up"
    shmtool key --find "$(ftok_of "$dir/file")" "$dir/tree"
    assert_status 0
    assert_out_lines 1
    # A file system over the directory: its root, of another device, is no candidate for its own key.
    run_split unshare --mount bash -c 'mount -t tmpfs none "$1/tree/mnt" && touch "$1/tree/mnt/inner" &&
        read -r dev ino < <(stat -c "%d %i" "$1/tree") &&
        "$SHMTOOL" key --find $(((1 << 24) | ((dev & 255) << 16) | (ino & 65535))) "$1/tree"' bash "$dir"
    assert_status 0
    assert_out_lines 2
    assert_out_has "$dir/tree"
    assert_out_has_not inner
}

@test "--find: a file is told once, however many of the directories it is below" {
    mkdir -p "$dir/a/b"
    touch "$dir/a/b/file"
    ln "$dir/a/b/file" "$dir/a/other"
    ln -s a "$dir/link"
    cd "$dir"
    shmtool key --find "$(ftok_of a/b/file)" "$dir" "$dir/" a/b ./a link/ "$dir"
    assert_status 0
    assert_out_lines 3
    assert_equal "$(row "$dir/a/b/file" | wc -l)" 1
    assert_equal "$(row "$dir/a/other" | wc -l)" 1
}

@test "--find does not follow a link, unless a slash ends it" {
    mkdir "$dir/real"
    touch "$dir/real/file"
    ln -s real "$dir/link"
    shmtool key --find "$(ftok_of "$dir/real/file")" "$dir/link"
    assert_status 1
    assert_out_lines 1
    assert_err "shmtool: key: $dir/link: a link, not followed; where it leads to is '$dir/link/'"
    shmtool key --find "$(ftok_of "$dir/real/file")" "$dir/link/"
    assert_status 0
    assert_out_has "$dir/link/file"
}

@test "--find 0: no file makes it" {
    shmtool key --find 0 "$dir"
    assert_status 0
    assert_out_lines 1
    assert_err 'shmtool: key: key 0 is IPC_PRIVATE: no file makes it'
    shmtool key --find 0 -p 5 "$dir"
    assert_err 'shmtool: key: key 0 is IPC_PRIVATE: no file makes it'
}

# on_tmpfs SCRIPT: run_split, in a file system of its own with small inode numbers. Its device does not end in 0
# as these numbers do beyond their low 16 bits: ftok gives none of them.
on_tmpfs() {
    unshare --mount sh -c 'mount -t tmpfs none /mnt' 2>/dev/null || skip "may not mount in a namespace of its own"
    run_split unshare --mount bash -c 'mount -t tmpfs none "$1" || exit
        [ $(($(stat -c %d "$1") & 255)) != 0 ] || mount -t tmpfs none "$1" || exit
        cd "$1" && eval "$2"' bash "$dir" "$1"
}

@test "--find: a file whose whole inode number is the key, as PostgreSQL makes keys" {
    need_python
    on_tmpfs 'mkdir -p data/base; touch data/other; inode=$(stat -c %i data); echo $inode
        "$SHMTOOL" key --find $inode .
        "$SHMTOOL" key --find $inode --json . 2>/dev/null'
    assert_status 0
    local inode=${out%%$'\n'*}
    assert_out_matches "$(printf '0x%08x' "$inode") +- +- +- +- +- \./data"$'\n'
    assert_err_has 'shmtool: key: ./data: the key is all of its inode number, as PostgreSQL makes the key of a data directory, and not made by ftok'
    assert_err_has_not 'candidates only'
    assert_out_has_not other
    assert_equal "$(sed -n '/^{/,$p' "$out_file" | jq -c '.files[] | [.path, .proj]')" '["./data",null]'
}

@test "--find: an inode number is no candidate where a PROJ was given, and not its low bits alone" {
    on_tmpfs 'mkdir data; inode=$(stat -c %i data)
        "$SHMTOOL" key -q --find $inode -p 1 . 2>/dev/null
        "$SHMTOOL" key -q --find $inode -p 9 .
        "$SHMTOOL" key -q --find $((inode | 0x5a000000)) . 2>/dev/null'
    assert_status 0
    assert_out ''
}

@test "--find: the segment that has a key that is an inode number" {
    need_ns
    on_tmpfs 'touch a; inode=$(stat -c %i a); id=$("$HELPERS/mkseg" --key $inode); "$SHMTOOL" key --find $inode --csv . | tail -n 1; echo $id'
    assert_status 0
    assert_equal "$(sed -n 1p "$out_file" | tr -d '\r' | cut -d, -f2,3,7)" ",$(sed -n 2p "$out_file"),./a"
}

@test "--find counts the directories that cannot be read" {
    need_root
    mkdir "$dir/open" "$dir/closed" "$dir/listed"
    touch "$dir/open/file" "$dir/closed/file" "$dir/listed/file"
    chmod 755 "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" "$BATS_TMPDIR" "$dir" 2>/dev/null || true
    chmod 0 "$dir/closed"
    chmod 744 "$dir/listed"
    as_user 12345 ls "$dir" >/dev/null 2>&1 || skip "another user may not look into $dir"
    run_split as_user 12345 "$SHMTOOL" key --find "$(ftok_of "$dir/open/file")" "$dir"
    assert_status 0
    assert_out_has "$dir/open/file"
    assert_err_has 'shmtool: key: 2 directories could not be read'
}

@test "--find goes through thousands of directories" {
    (cd "$dir" && mkdir -p {a..z}/{a..z}/{0..5} && touch q/q/3/wanted)
    shmtool key --find "$(ftok_of "$dir/q/q/3/wanted")" "$dir"
    assert_status 0
    assert_out_has "$dir/q/q/3/wanted"
}

@test "files that collide are told: more than 65536 inodes on one file system" {
    unshare --mount sh -c 'mount -t tmpfs none /mnt' 2>/dev/null || skip "may not mount in a namespace of its own"
    # tmpfs counts inodes up: the second file comes 65536 inodes after the first.
    run_split unshare --mount bash -c '
        mount -t tmpfs -o inode64,nr_inodes=0 none "$1" || mount -t tmpfs none "$1" || exit 98
        cd "$1" && touch first || exit
        first=$(stat -c %i first)
        seq 1 65535 | xargs touch
        touch second
        [ $(($(stat -c %i second) % 65536)) = $((first % 65536)) ] || exit 97
        mkdir sub && mv second sub
        "$SHMTOOL" key first sub/second || exit
        "$SHMTOOL" key --find "$("$SHMTOOL" key first | sed -n "2s/ .*//p")" .' bash "$dir"
    [[ $status != 97 ]] || skip "this tmpfs does not count its inodes up"
    assert_status 0
    assert_err_matches 'shmtool: key: first and sub/second collide: different files, one key 0x'
    assert_err_matches 'shmtool: key: \./(first|sub/second) and \./(first|sub/second) collide: '
    assert_out_has './first'
    assert_out_has './sub/second'
}

@test "hard links are one file and do not collide" {
    touch "$dir/one"
    ln "$dir/one" "$dir/two"
    shmtool key "$dir/one" "$dir/two"
    assert_status 0
    assert_err ''
    shmtool key --find "$(ftok_of "$dir/one")" "$dir"
    assert_status 0
    assert_out_has "$dir/one"
    assert_out_has "$dir/two"
    assert_err_has_not collide
}

@test "without a listing the keys are still told, exit 4" {
    touch "$dir/file"
    mkdir -p "$BATS_TEST_TMPDIR/tree/proc"
    shmtool --sysroot "$BATS_TEST_TMPDIR/tree" key "$dir/file"
    assert_status 4
    assert_out_has "$(ftok_of "$dir/file")"
    assert_err_has 'proc/sysvipc/shm'
}

@test "--json, --ndjson and --csv: files with all columns" {
    need_ns
    need_python
    touch "$dir/one" "$dir/two"
    local id
    id=$(make_seg -k "$(ftok_of "$dir/one")" -s 12345)
    shmtool key --json "$dir/one" "$dir/two"
    assert_status 0
    assert_err ''
    python '
d = doc()
assert list(d) == ["files"], d
one, two = d["files"]
assert set(one) == {"path", "key", "proj", "shmid", "owner", "bytes", "nattch", "host"}, one
assert one == {"path": sys.argv[2] + "/one", "key": sys.argv[3], "proj": 1, "shmid": int(sys.argv[4]),
    "owner": sys.argv[5], "bytes": 12345, "nattch": 0, "host": os.uname().nodename}, one
assert two == {"path": sys.argv[2] + "/two", "key": sys.argv[6], "proj": 1, "shmid": None, "owner": None,
    "bytes": None, "nattch": None, "host": os.uname().nodename}, two' \
        "$dir" "$(ftok_of "$dir/one")" "$id" "$(id -un)" "$(ftok_of "$dir/two")"
    cp "$out_file" "$BATS_TEST_TMPDIR/document"
    shmtool key --ndjson "$dir/one" "$dir/two"
    assert_status 0
    python 'assert lines() == json.load(open(sys.argv[2]))["files"]' "$BATS_TEST_TMPDIR/document"
    shmtool key --csv "$dir/one" "$dir/two"
    assert_status 0
    python '
files = json.load(open(sys.argv[2]))["files"]
assert rows() == [{name: "" if value is None else str(value) for name, value in f.items()} for f in files], rows()' \
        "$BATS_TEST_TMPDIR/document"
}

@test "a document is valid where no file could be looked up, or none was found" {
    need_python
    shmtool key --json "$dir/none"
    assert_status 1
    python 'assert doc() == {"files": []}, doc()'
    shmtool key --find 0 --json "$dir"
    assert_status 0
    python 'assert doc() == {"files": []}, doc()'
}

@test "-q: keys alone; with --find too" {
    touch "$dir/one" "$dir/two"
    shmtool key -q "$dir/one" "$dir/two"
    assert_status 0
    assert_err ''
    assert_out "$(ftok_of "$dir/one")"$'\n'"$(ftok_of "$dir/two")"
    shmtool key -q --find "$(ftok_of "$dir/one")" "$dir"
    assert_status 0
    assert_out "$(ftok_of "$dir/one")"
}

@test "-c, --sort, -n, -H and --no-header" {
    need_ns
    touch "$dir/b" "$dir/a" "$dir/c"
    shmtool key -c path --sort path --no-header "$dir/b" "$dir/a" "$dir/c"
    assert_status 0
    assert_out "$dir/a"$'\n'"$dir/b"$'\n'"$dir/c"
    shmtool key -c path --sort -path --no-header "$dir/b" "$dir/a" "$dir/c"
    assert_out "$dir/c"$'\n'"$dir/b"$'\n'"$dir/a"
    make_seg -k "$(ftok_of "$dir/a")" -s 1536 >/dev/null
    shmtool key -n -H -c owner,bytes --no-header "$dir/a"
    assert_equal "$(tr -s ' ' <<<"${out%$'\n'}")" "$(id -u) 1.5K"
}

@test "two forms at once, and columns that there are not, are wrong usage" {
    shmtool key --json --csv "$dir"
    assert_wrong_usage '--csv: cannot be combined with --json'
    shmtool key -q --ndjson "$dir"
    assert_wrong_usage '--ndjson: cannot be combined with --quiet'
    shmtool key -c atime "$dir"
    assert_wrong_usage 'shmtool: key: --columns: '
    shmtool key --sort user "$dir"
    assert_wrong_usage 'shmtool: key: --sort: '
}
