# ls: which segments are listed, and what is refused.
load common

# ids_are ID...: `ls -q` and its options gave exactly these ids, in kernel order, which need not be the
# order in which they were made
ids_are() {
    assert_status 0
    assert_out "$(all_ids | grep -Fx -f <(printf '%s\n' "$@"))"
    assert_err ''
}

# refuse OPTION TEXT WORD...: each WORD as OPTION's value is wrong usage, and named; TEXT is in the message
refuse() {
    local option=$1 text=$2 word
    shift 2
    for word in "$@"; do
        shmtool ls "$option" "$word"
        assert_wrong_usage "shmtool: ls: $option: '$word': $text" || return 1
    done
}

@test "no segments: the header alone, exit 0" {
    need_ns
    shmtool ls
    assert_status 0
    assert_out 'key shmid owner perms bytes nattch status'
    assert_err ''
}

@test "the seven columns, a row a segment, in kernel order" {
    need_ns
    need_root
    local a b c
    a=$(make_seg --key 0x30021 --size 131104 --mode 666)
    b=$(make_seg --size 393216)
    c=$(make_seg --key -5 --size 33554432 --mode 7 --uid 54321)
    start_helper holdseg --times 2 --rmid "$b"
    shmtool ls
    assert_status 0
    assert_err ''
    assert_out "$(printf "%-10s %-$((${#c} > 5 ? ${#c} : 5))s %s\n" key shmid 'owner perms    bytes nattch status' \
        0x00030021 "$a" 'root  666     131104      0' \
        0x00000000 "$b" 'root  600     393216      2 dest' \
        0xfffffffb "$c" '54321 7     33554432      0')"
}

@test "kernel order is the order of the kernel's list, also after removals" {
    need_ns
    make_seg --count 6 >/dev/null
    ipcrm -m "$(all_ids | sed -n 2p)"
    ipcrm -m "$(all_ids | sed -n 3p)"
    make_seg --count 3 >/dev/null
    shmtool ls -q
    assert_status 0
    assert_out "$(all_ids)"
}

@test "ids: those alone, in kernel order, each once" {
    need_ns
    local a b c
    { read -r a && read -r b && read -r c; } < <(make_seg --count 3)
    shmtool ls -q "$c" "$a" "$c"
    ids_are "$a" "$c"
    shmtool ls -q "$b"
    ids_are "$b"
}

@test "id 0 is an id, and an index that is used again has another one" {
    need_ns
    local id
    id=$(make_seg)
    ipcrm -m "$id"
    make_seg >/dev/null
    shmtool ls -q "$id"
    assert_status 1
    assert_out ''
    assert_err "shmtool: ls: $id: no such segment"
}

@test "options stand before and after operands; -- ends them" {
    need_ns
    local a b
    { read -r a && read -r b; } < <(make_seg --count 2 --size 100)
    shmtool ls "$a" -q --size 100 "$b" --no-header
    ids_are "$a" "$b"
    shmtool ls -q -- "$a"
    ids_are "$a"
    shmtool ls -- -q
    assert_wrong_usage "'-q': not an id"
}

@test "an id that does not exist: exit 1, a message for each, the rest is listed" {
    need_ns
    local id
    id=$(make_seg)
    shmtool ls -q 2147483647 "$id" 4242 4242
    assert_status 1
    assert_out "$id"
    assert_equal "$(sort <<<"$err")" "$(printf '\n%s' 'shmtool: ls: 2147483647: no such segment' 'shmtool: ls: 4242: no such segment')"
}

@test "an id that exists but does not match the other options is skipped" {
    need_ns
    local small large
    small=$(make_seg --size 1)
    large=$(make_seg --size 2)
    shmtool ls -q "$small" "$large" --size 2
    ids_are "$large"
    shmtool ls -q "$small" --size 2
    ids_are
}

@test "words that are no ids are wrong usage, and named" {
    need_ns
    make_seg >/dev/null
    local word
    for word in 4294967296 2147483648 18446744073709551616 -1 1x x 0x1 +1 ' 1' '1 ' '' 1.0 1e3 1,2 $'1\n' - 00 01 010; do
        shmtool ls -- "$word"
        assert_wrong_usage "shmtool: ls: '" ': not an id'
        [[ $word == *$'\n' ]] || assert_err_has "'$word'"
    done
    shmtool ls 1 2 3x 4y
    assert_wrong_usage "'3x'"
    for word in ls stat who du watch cat 'wait --until gone'; do
        # shellcheck disable=SC2086 # words
        shmtool $word -
        assert_wrong_usage "'-': not an id; only rm and set read ids from standard input" "| xargs -r shmtool ${word%% *}"
    done
}

@test "--key in hex, decimal, negative and octal" {
    need_ns
    local a b word
    a=$(make_seg --key 0x14350c)
    b=$(make_seg --key -5)
    make_seg >/dev/null
    for word in 0x0014350c 0x14350c 0X14350C 1324300 05032414; do
        shmtool ls -q --key "$word"
        ids_are "$a"
    done
    for word in -5 0xfffffffb 4294967291 037777777773; do
        shmtool ls -q --key="$word"
        ids_are "$b"
        shmtool ls -q -k "$word"
        ids_are "$b"
    done
    shmtool ls -q --key -2147483648
    ids_are
}

@test "--key twice widens; --key 0 is every private segment; a key that nobody has is none" {
    need_ns
    local a b c d
    a=$(make_seg --key 1)
    b=$(make_seg)
    c=$(make_seg --key 2)
    d=$(make_seg)
    shmtool ls -q -k 2 -k 1
    ids_are "$a" "$c"
    shmtool ls -q --key 0
    ids_are "$b" "$d"
    shmtool ls -q --key 0x0 -k 1
    ids_are "$a" "$b" "$d"
    shmtool ls -q --key 3
    ids_are
}

@test "a dest segment has lost its key" {
    need_ns
    local id
    id=$(make_seg --key 0x77)
    start_helper holdseg --rmid "$id"
    shmtool ls -q --key 0x77
    ids_are
    shmtool ls -q --key 0
    ids_are "$id"
}

@test "--key A..B: a range, unsigned, both ends included; nobody need have one of it" {
    need_ns
    local a b c d
    a=$(make_seg --key 0x4e545030)
    b=$(make_seg --key 0x4e545033)
    c=$(make_seg --key 0x4e545034)
    d=$(make_seg --key -5)
    shmtool ls -q --key 0x4e545030..0x4e545033
    ids_are "$a" "$b"
    shmtool ls -q -k 1314148403..0x4e545034
    ids_are "$b" "$c"
    shmtool ls -q -k 0x4e545034..-1
    ids_are "$c" "$d"
    shmtool ls -q -k 0x80000000..-1 -k 0x4e545030
    ids_are "$a" "$d"
    shmtool ls -q -k 1..2
    ids_are
    refuse --key 'not a range of keys' 5.. ..5 .. 5...6 6..5 -1..5 5..x 1..2..3
}

@test "--perms: exactly these bits, all of them, any of them" {
    need_ns
    local a b c
    a=$(make_seg --mode 666)
    b=$(make_seg --mode 620)
    c=$(make_seg --mode 600)
    "$HELPERS/lock" "$a"
    shmtool ls -q --perms 666
    ids_are "$a"
    shmtool ls -q --perms 0600 --perms=620
    ids_are "$b" "$c"
    shmtool ls -q --perms -022
    ids_are "$a"
    shmtool ls -q --perms /022
    ids_are "$a" "$b"
    shmtool ls -q --perms /022 --perms 600 --unattached
    ids_are "$a" "$b" "$c"
    shmtool ls -q --perms /007 --locked
    ids_are "$a"
    refuse --perms 'not permissions' '' - / -0 /000 8 888 1666 rw- u+w ' 600' --022 -/022 66666
}

@test "wrong keys" {
    refuse --key 'not a key' 0x1ffffffff 4294967296 -2147483649 -0x5 08 1x 0x '' ' 1' +1 0xg -0 - zc
}

@test "--owner by exact name and by number" {
    need_ns
    need_root
    local mine other nobody_s
    mine=$(make_seg)
    other=$(make_seg --uid 54321)
    nobody_s=$(make_seg --uid 65534)
    shmtool ls -q --owner root
    ids_are "$mine"
    shmtool ls -q -o 0
    ids_are "$mine"
    shmtool ls -q --owner 54321
    ids_are "$other"
    shmtool ls -q -o nobody -o root
    ids_are "$mine" "$nobody_s"
    shmtool ls -q -o 12321
    ids_are
}

@test "an unknown user is an error, never an empty or a full list" {
    refuse --owner 'no such user' nosuchuser roo root1 Root ' root' 'root ' '' -1 4294967295 4294967296 0x0 1x '*'
    refuse --creator 'no such user' nosuchuser '' -1
    refuse --group 'no such group' nosuchgroup '' -1 4294967295
}

@test "--creator is who made it, --owner whose it is now" {
    need_ns
    need_root
    local mine given
    mine=$(make_seg)
    given=$(make_seg --uid 54321)
    shmtool ls -q --creator root
    ids_are "$mine" "$given"
    shmtool ls -q --creator 54321
    ids_are
    shmtool ls -q --creator 0 --owner 54321
    ids_are "$given"
}

@test "a creator other than root" {
    need_ns
    need_root
    local mine theirs
    mine=$(make_seg)
    theirs=$(as_user 12345 "$HELPERS/mkseg")
    shmtool ls -q --creator 12345
    ids_are "$theirs"
    shmtool ls -q --creator 12345 --creator root
    ids_are "$mine" "$theirs"
}

@test "--group is the owning group" {
    need_ns
    need_root
    local a b
    a=$(make_seg --gid 54321)
    b=$(make_seg --gid 0)
    shmtool ls -q --group 54321
    ids_are "$a"
    shmtool ls -q --group root
    ids_are "$b"
    shmtool ls -q --group 0 --group 54321
    ids_are "$a" "$b"
}

@test "--size: N, N..M, N.. and ..M, both ends included" {
    need_ns
    local a b c
    a=$(make_seg --size 1000)
    b=$(make_seg --size 1024)
    c=$(make_seg --size 1048576)
    shmtool ls -q --size 1024
    ids_are "$b"
    shmtool ls -q -s 1000..1024
    ids_are "$a" "$b"
    shmtool ls -q -s 1001..1048575
    ids_are "$b"
    shmtool ls -q -s 1024..
    ids_are "$b" "$c"
    shmtool ls -q -s ..1024
    ids_are "$a" "$b"
    shmtool ls -q -s ..999
    ids_are
    shmtool ls -q -s 1000 -s 1M
    ids_are "$a" "$c"
    shmtool ls -q -s 0..18446744073709551615
    ids_are "$a" "$b" "$c"
}

@test "--size with units: powers of 1024, KB and such of 1000, in either case" {
    need_ns
    local a b c word
    a=$(make_seg --size 1000)
    b=$(make_seg --size 1024)
    c=$(make_seg --size 1048576)
    for word in 1K 1k 1KiB 1kib 1KIB; do
        shmtool ls -q --size "$word"
        ids_are "$b"
    done
    for word in 1KB 1kB 1kb; do
        shmtool ls -q --size "$word"
        ids_are "$a"
    done
    for word in 1M 1MiB 1024K 1m 1mib; do
        shmtool ls -q --size "$word"
        ids_are "$c"
    done
    shmtool ls -q --size 1KB..1K
    ids_are "$a" "$b"
    shmtool ls -q --size 1MB..
    ids_are "$c"
    for word in 1G.. 1T.. 1P.. 1GB.. 1TB.. 1PB.. 16383P..; do
        shmtool ls -q --size "$word"
        ids_are
    done
}

@test "wrong ranges" {
    refuse --size 'not a range' 5..1 '' .. ... 1...2 1-2 -1 1x 1.5M 1E 4B ' 1' '1 ' 1..x x..1 K 1KK 1iB 1B 1..2..3
    refuse --size 'too large: more than 18446744073709551615' 16384P 18446744073709551616 1..16777216T
    refuse --nattch 'not a range' 5..1 '' -1 x 1.5
    shmtool ls --size 2..1
    assert_err_has 'its end lies below its start'
}

@test "--nattch, --attached and --unattached" {
    need_ns
    local none one three
    none=$(make_seg)
    one=$(make_seg)
    three=$(make_seg)
    start_helper holdseg "$one"
    start_helper holdseg --times 3 "$three"
    shmtool ls -q --nattch 3
    ids_are "$three"
    shmtool ls -q --nattch 0
    ids_are "$none"
    shmtool ls -q --nattch 1..2
    ids_are "$one"
    shmtool ls -q --nattch 1..
    ids_are "$one" "$three"
    shmtool ls -q --attached
    ids_are "$one" "$three"
    shmtool ls -q --unattached
    ids_are "$none"
    shmtool ls -q --attached --unattached
    ids_are
}

@test "--dest and --locked" {
    need_ns
    local plain dest locked both
    plain=$(make_seg)
    dest=$(make_seg)
    locked=$(make_seg)
    both=$(make_seg)
    "$HELPERS/lock" "$locked" "$both"
    start_helper holdseg --rmid "$dest" "$both"
    shmtool ls -q --dest
    ids_are "$dest" "$both"
    shmtool ls -q --locked
    ids_are "$locked" "$both"
    shmtool ls -q --dest --locked
    ids_are "$both"
    shmtool ls -q
    ids_are "$plain" "$dest" "$locked" "$both"
}

@test "--orphan and --state" {
    need_ns
    local orphan used dest idle
    orphan=$(make_seg)
    used=$(make_seg)
    dest=$(make_seg)
    start_helper holdseg "$used"
    start_helper holdseg --rmid "$dest"
    start_helper mkseg --stay
    idle=$(grep -v ready "$helper_out")
    shmtool ls -q --orphan
    ids_are "$orphan"
    shmtool ls -q --state orphan
    ids_are "$orphan"
    shmtool ls -q --state used
    ids_are "$used"
    shmtool ls -q --state dest
    ids_are "$dest"
    shmtool ls -q --state idle
    ids_are "$idle"
    shmtool ls -q --state unknown
    ids_are
    shmtool ls -q --state used,idle
    ids_are "$used" "$idle"
    shmtool ls -q --state used --state dest
    ids_are "$used" "$dest"
    shmtool ls -q --state orphan,used,dest,idle,unknown
    ids_are "$orphan" "$used" "$dest" "$idle"
    shmtool ls -q --orphan --state used
    ids_are
    kill_helper
    shmtool ls -q --orphan
    ids_are "$orphan" "$idle"
}

@test "wrong states" {
    local list word
    for list in orphans Orphan '' ' used' 'used ' 1 used,gone,dest 'used,' ',used'; do
        shmtool ls --state "$list"
        # The wrong one of the list is named.
        word=${list#used,}
        assert_wrong_usage "shmtool: ls: --state: '${word%%,*}': not a state (used, dest, orphan, idle, unknown)"
    done
}

@test "--older-than and --newer-than" {
    need_ns
    local id age
    id=$(make_seg)
    for age in 1h 3600 3600s 60m 1d 1w 1h30m 3d4h 1m0s 106751991167300d 9223372036854775807; do
        shmtool ls -q --newer-than "$age"
        ids_are "$id"
        shmtool ls -q --older-than "$age"
        ids_are
    done
    shmtool ls -q --older-than 0
    ids_are "$id"
    shmtool ls -q --newer-than 0
    ids_are
    # The widest of several counts.
    shmtool ls -q --older-than 1d --older-than 0s
    ids_are "$id"
    shmtool ls -q --newer-than 0 --newer-than 1h
    ids_are "$id"
    shmtool ls -q --older-than 0 --newer-than 1d
    ids_are "$id"
}

@test "wrong ages" {
    refuse --older-than 'not an age' '' -1 1y 1.5h 1D h ' 1' 1hour 18446744073709551616 106751991167301d 2h30 30m2h
    refuse --newer-than 'not an age' '' x
}

@test "--cpid and --pid" {
    need_ns
    local a b cpid
    a=$(make_seg)
    b=$(make_seg)
    cpid=$(field_of "$a" 5)
    shmtool ls -q --cpid "$cpid"
    ids_are "$a"
    shmtool ls -q --cpid "$cpid" --cpid "$(field_of "$b" 5)"
    ids_are "$a" "$b"
    start_helper holdseg "$b"
    shmtool ls -q --pid "$helper_pid"
    ids_are "$b"
    shmtool ls -q --pid "$helper_pid" --cpid "$cpid"
    ids_are
    shmtool ls -q --pid $$
    ids_are
}

@test "--pid of a process that does not exist is none" {
    need_ns
    make_seg >/dev/null
    local pid
    true &
    pid=$!
    wait "$pid"
    shmtool ls -q --pid "$pid"
    ids_are
}

@test "wrong pids" {
    refuse --pid 'not a process id (a decimal number from 1 to 2147483647)' 0 00 -1 1x
    refuse --cpid 'not a process id' '' -1 1x 2147483648 ' 1' 0x1
    refuse --pid 'not a process id' '' -1 1x 2147483648
}

@test "different options narrow, a repeated one widens" {
    need_ns
    need_root
    local a b c d
    a=$(make_seg --size 100 --uid 54321)
    b=$(make_seg --size 200 --uid 54321)
    c=$(make_seg --size 100 --uid 54322)
    d=$(make_seg --size 100)
    shmtool ls -q -o 54321 -o 54322
    ids_are "$a" "$b" "$c"
    shmtool ls -q -o 54321 -o 54322 --size 100
    ids_are "$a" "$c"
    shmtool ls -q -o 54321 -o 54322 --size 100 --unattached "$a" "$b" "$d"
    ids_are "$a"
    shmtool ls -q -o 54321 -o 54322 --dest
    ids_are
}

@test "--fail-if-none: exit 1 when nothing matched, and nothing else changes" {
    need_ns
    local id
    id=$(make_seg)
    shmtool ls -q --fail-if-none --owner root
    ids_are "$id"
    shmtool ls --fail-if-none --owner 54321
    assert_status 1
    assert_out 'key shmid owner perms bytes nattch status'
    assert_err ''
    shmtool ls --owner 54321
    assert_status 0
}

@test "nothing of ls changes anything" {
    need_ns
    local before
    make_seg --key 5 --count 3 >/dev/null
    before=$(cat /proc/sysvipc/shm)
    shmtool ls -l
    shmtool ls --json
    shmtool ls --orphan -q
    shmtool ls --csv --sort -bytes
    assert_equal "$(cat /proc/sysvipc/shm)" "$before"
}
