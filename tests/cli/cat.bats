# cat: the bytes of a segment, and what reading them changes.
# Scripts for another shell stand in single quotes.
# shellcheck disable=SC2016
load common

ALICE=12345
BOB=12346

# put ID OFFSET TEXT: writes into a segment
put() {
    need_program perl
    perl -e 'shmwrite($ARGV[0], $ARGV[2], $ARGV[1], length $ARGV[2]) or die "shmwrite: $!"' "$@"
}

# truncate_through PID ID SIZE: makes the segment that PID has attached shorter
truncate_through() {
    local range
    range=$(awk -v id="$2" '$5 == id && /SYSV/ { print $1 }' "/proc/$1/maps")
    # The kernel writes addresses of map_files without leading zeros, as maps does from 8 digits on.
    truncate --size "$3" "/proc/$1/map_files/$range" 2>/dev/null || skip 'may not open what others have mapped'
}

@test "the bytes, whole or a part, and a dump of them as hexdump -C prints it" {
    need_ns
    need_program hexdump
    local id words whole=$BATS_TEST_TMPDIR/whole
    id=$(make_seg --size 100001)
    put "$id" 3 'hello, world'
    put "$id" 50000 $'\x01\x7f~ \xff'
    put "$id" 100000 x
    run_split "$SHMTOOL" cat "$id"
    assert_status 0
    assert_err ''
    cp "$out_file" "$whole"
    [[ $(stat -c %s "$whole") == 100001 && $(tail -c +4 "$whole" | head -c 12) == 'hello, world' ]]
    [[ $(tail -c 1 "$whole") == x ]]
    shmtool cat -x "$id"
    assert_equal "$out" "$(hexdump -C "$whole")"$'\n'
    while read -r words; do
        # shellcheck disable=SC2086 # two words
        set -- $words
        shmtool cat --offset "$1" --length "$2" "$id"
        assert_status 0
        cmp "$out_file" <(tail -c +$(($1 + 1)) "$whole" | head -c "$2") || fail "bytes of $words differ"
        shmtool cat -x --offset "$1" --length "$2" "$id"
        assert_equal "$out" "$(hexdump -C -s "$1" -n "$2" "$whole")${out:+$'\n'}"
    done <<END
0 1
0 15
0 16
0 33
3 12
7 90000
49999 17
49990 47
99999 2
16 65536
100001 1
100001 16
50000 0
END
}

@test "an offset at the end writes nothing, one behind it is an error; a length may be too long" {
    need_ns
    local id
    id=$(make_seg --size 10)
    shmtool cat --offset 10 "$id"
    assert_status 0
    assert_out ''
    shmtool cat --offset 11 "$id"
    assert_status 1
    assert_out ''
    assert_err "shmtool: cat: --offset 11: segment $id has 10 bytes"
    shmtool cat --offset 8 --length 4K "$id"
    assert_status 0
    [[ $(stat -c %s "$out_file") == 2 ]]
}

@test "a dump on a terminal" {
    need_ns
    local id
    id=$(make_seg --size 16)
    put "$id" 0 $'\e[31mred'
    pty -- "$SHMTOOL" cat "$id"
    assert_out_has '|.[31mred........|'
}

@test "64 GiB that were never written, through who has them: the listing stays as it is" {
    need_ns
    need_root
    need_64_bits
    local id before
    shmtool create --size 64G --noreserve
    id=${out%$'\n'}
    start_helper holdseg "$id"
    [[ -r /proc/$helper_pid/map_files ]] && head -c 0 "/proc/$helper_pid/map_files/"* 2>/dev/null ||
        skip 'may not open what others have mapped'
    before=$(</proc/sysvipc/shm)
    run_split bash -c '"$0" cat -v "$1" >/dev/null' "$SHMTOOL" "$id"
    assert_status 0
    assert_err "shmtool: cat: $id: read through process $helper_pid, which has it attached: that changes nothing"
    shmtool cat -x "$id"
    assert_out "00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|
*
1000000000"
    assert_equal "$(</proc/sysvipc/shm)" "$before"
}

@test "attached read-only where nobody has it: no page is allocated, -v says what changes" {
    need_ns
    local id
    id=$(make_seg --size 1073741824)
    put "$id" 500000000 middle
    shmtool cat -v --offset 499999999 --length 8 "$id"
    assert_status 0
    [[ $(tr -d '\0' <"$out_file") == middle ]]
    assert_err "shmtool: cat: $id: attached read-only, which sets its atime, dtime and lpid; pages that were never written stay so"
    shmtool cat -x "$id"
    assert_status 0
    assert_out_has '|middle..'
    assert_equal "$(field_of "$id" 15)" 4096
    assert_equal "$(field_of "$id" 7)" 0
}

@test "what an ordinary user may read: nobody's pages are allocated for it" {
    need_ns
    need_root
    local id who
    id=$(as_user $ALICE "$HELPERS/mkseg" --size 16777216 --mode 640)
    put "$id" 4096 text
    for who in $ALICE $BOB; do
        run_split as_user "$who" "$SHMTOOL" cat "$id"
        if [[ $who == "$BOB" ]]; then
            assert_status 1
            assert_err "shmtool: cat: $id: Permission denied: it belongs to uid $ALICE (perms 640); root may read it"
        else
            assert_status 0
            [[ $(tail -c +4097 "$out_file" | head -c 4) == text ]]
        fi
    done
    assert_equal "$(field_of "$id" 15)" 4096
}

@test "who cannot be seen to have it is not looked for again" {
    need_ns
    need_root
    need_program strace
    without_leak_sanitizer
    need_no_coverage
    local id
    id=$(make_seg --mode 644)
    start_helper holdseg "$id"
    run_split strace -o "$BATS_TEST_TMPDIR/trace" setpriv --reuid $ALICE --regid $ALICE --clear-groups "$SHMTOOL" cat "$id"
    assert_status 0
    assert_equal "$(wc -c <"$out_file")" 4096
    assert_equal "$(grep -c 'sysvipc/shm"' "$BATS_TEST_TMPDIR/trace")" 1
}

@test "where pages are swapped out holes cannot be told: more than 1 GiB of them needs --yes" {
    need_ns
    need_root
    unshare --mount true 2>/dev/null || skip 'makes no mount namespaces'
    local id listing=$BATS_TEST_TMPDIR/listing
    id=$(as_user $ALICE "$SHMTOOL" create --size 2G --noreserve)
    # The same listing, but for the last column, swap.
    sed -E '2,$s/[0-9]+ *$/4096/' /proc/sysvipc/shm >"$listing"
    local script='mount --bind "$0" /proc/sysvipc/shm && exec setpriv --reuid '$ALICE' --regid '$ALICE' --clear-groups "$@"'
    run_split unshare --mount bash -c "$script" "$listing" "$SHMTOOL" cat "$id"
    assert_status 3
    assert_out ''
    assert_err "shmtool: cat: $id: reading it would allocate up to 2147479552 bytes (2 GiB) of memory for pages that were never written: nothing was done; --yes does it, --offset and --length read a part"
    assert_equal "$(field_of "$id" 12)" 0
    run_split unshare --mount bash -c "$script" "$listing" "$SHMTOOL" cat -v --length 8192 "$id"
    assert_status 0
    assert_err_has 'pages that were never written are allocated by reading them'
    [[ $(stat -c %s "$out_file") == 8192 ]]
    run_split unshare --mount bash -c "$script" "$listing" "$SHMTOOL" cat --yes --offset 2147483647 "$id"
    assert_status 0
    [[ $(stat -c %s "$out_file") == 1 ]]
}

@test "a marked one that is held" {
    need_ns
    local id
    id=$(make_seg --key 0x99 --size 5)
    put "$id" 0 bytes
    start_helper holdseg --rmid "$id"
    shmtool cat "$id"
    assert_status 0
    [[ $(<"$out_file") == bytes ]]
}

@test "a segment that was made shorter is an error, attached or not" {
    need_ns
    need_root
    local id
    id=$(make_seg --size 1048576 --fill)
    start_helper holdseg "$id"
    truncate_through "$helper_pid" "$id" 8192
    shmtool cat "$id"
    assert_status 1
    assert_err "shmtool: cat: $id: its memory is not there any more: somebody has made it shorter while it was read"
    stop_helper
    shmtool cat "$id"
    assert_status 1
    assert_err_has 'somebody has made it shorter'
}

@test "a key is no id: the command that prints the id is named" {
    need_ns
    local id command
    id=$(make_seg --key 0x99 --size 5)
    shmtool cat 0x99
    assert_status 2
    assert_out ''
    assert_err "shmtool: cat: '0x99': not an id; 'shmtool ls -q --key 0x99' prints it"
    read -ra command <<<"$(grep -o 'ls -q[^'\'']*' <<<"$err")"
    shmtool "${command[@]}"
    assert_out "$id"
    shmtool cat 0x123456789
    assert_status 2
    assert_err "shmtool: cat: '0x123456789': not an id; a key is named by --key"
}

@test "in a user namespace: who may read it is outside, and its owner is not no one" {
    need_ns
    need_root
    as_user "$ALICE" unshare --user --map-root-user true 2>/dev/null || skip "makes no user namespaces"
    local id
    id=$(make_seg --mode 600)
    run_split as_user "$ALICE" unshare --user --map-root-user "$SHMTOOL" cat "$id"
    assert_status 1
    assert_err "shmtool: cat: $id: Permission denied: it belongs to a user whom this user namespace does not show (perms 600); outside of this user namespace root may read it"
}

@test "through another IPC namespace" {
    need_ns
    need_root
    start_helper unshare --ipc bash -c '"$0" --size 4 --key 5; echo ready; exec sleep 1000' "$HELPERS/mkseg"
    shmtool -N "$helper_pid" cat -x 0
    assert_status 0
    assert_out_has '00000000  00 00 00 00'
}

@test "in a rootless namespace of one's own, by a child" {
    need_ns
    need_root
    as_user $ALICE unshare --user --map-root-user --ipc true 2>/dev/null || skip 'users may make no namespaces here'
    start_helper as_user $ALICE unshare --user --map-root-user --ipc sh -c \
        '"$1/mkseg" --size 5000 --mode 0 && echo ready && exec sleep 1000' - "$HELPERS"
    run_split as_user $ALICE "$SHMTOOL" -N "$helper_pid" cat -x 0
    assert_status 0
    assert_err ''
    assert_out_has '00001388'
    run_split as_user $ALICE "$SHMTOOL" -N "$helper_pid" cat 0
    assert_status 0
    [[ $(stat -c %s "$out_file") == 5000 ]]
    run_split as_user $ALICE bash -c '"$0" -N "$1" cat 0 >/dev/full' "$SHMTOOL" "$helper_pid"
    assert_status 1
    assert_err 'shmtool: cat: standard output could not be written'
    run_split as_user $ALICE "$SHMTOOL" -N "$helper_pid" cat 1
    assert_status 1
    assert_err_has '1: no such segment'
    # Nothing is made there from outside: whose what is, inside, would have to be translated.
    run_split as_user $ALICE "$SHMTOOL" -N "$helper_pid" create --size 1
    assert_wrong_usage 'nsenter --user --ipc'
}

@test "a saved folder: its file alone, never live bytes, never through a link" {
    local tree=$BATS_TEST_TMPDIR/tree
    mkdir -p "$tree/proc/sysvipc" "$tree/content"
    cat >"$tree/proc/sysvipc/shm" <<END
       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime        rss       swap
         5          7   600                     6     1     1      0     0     0     0     0          0          0          1          0          0
         6          8   600                     6     1     1      0     0     0     0     0          0          0          1          0          0
END
    printf 'saved\n' >"$tree/content/7"
    shmtool --sysroot "$tree" cat 7
    assert_status 0
    assert_out saved
    shmtool --sysroot "$tree" cat -x --offset 1 7
    assert_status 0
    assert_out_has '00000001  61 76 65 64 0a '
    shmtool --sysroot "$tree" cat 8
    assert_status 1
    assert_err "shmtool: cat: $tree/content/8: No such file or directory"
    ln -s 7 "$tree/content/8"
    shmtool --sysroot "$tree" cat 8
    assert_status 1
    assert_out ''
    assert_err_has 'content/8: is a link'
    rm "$tree/content/8"
    mkfifo "$tree/content/8"
    shmtool --sysroot "$tree" cat 8
    assert_status 1
    assert_err_has 'content/8: not a regular file'
    rm "$tree/content/8"
    echo longer than that >"$tree/content/8"
    shmtool --sysroot "$tree" cat 8
    assert_status 1
    assert_out ''
    assert_err_has 'content/8: has 17 bytes, and the listing says 6'
    mv "$tree/content" "$tree/real"
    ln -s real "$tree/content"
    shmtool --sysroot "$tree" cat 7
    assert_status 1
    assert_out ''
}

@test "output that cannot be written" {
    need_ns
    local id
    id=$(make_seg --size 10485760)
    run_split bash -c '"$0" cat "$1" >/dev/full' "$SHMTOOL" "$id"
    assert_status 1
    assert_err 'shmtool: cat: standard output: No space left on device'
    run_split bash -c '"$0" cat "$1" | head -c 1 | tr "\\0" x' "$SHMTOOL" "$id"
    assert_out_has x
    assert_err ''
}

@test "wrong words, and what is not there" {
    need_ns
    local words
    for words in '' '1 2' 'x' '-A 1' '--offset x 1' '--length -1 1' '--offset' '-m 5'; do
        # shellcheck disable=SC2086 # several words
        shmtool cat $words
        assert_status 2
        assert_out ''
    done
    shmtool cat -m 5
    assert_wrong_usage 'shmtool cat 5'
    shmtool cat 12345
    assert_status 1
    assert_out ''
    assert_err_has '12345: no such segment'
}
