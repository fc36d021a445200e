# rm: ids on standard input, alone or in the rows of a listing; and what is not taken for them.
load common
load input

@test "ids alone, one a line" {
    need_ns
    three_segments
    fed "$a\n$c\n"
    assert_status 0
    assert_out ''
    assert_err_has 'removed 2 of 2 segments'
    assert_equal "$(all_ids)" "$b"
}

@test "- says so too, also beside operands" {
    need_ns
    three_segments
    fed "$a\n" -
    assert_status 0
    assert_gone "$a"
    fed "$b\n" "$c" -
    assert_status 0
    assert_gone "$b" "$c"
}

@test "operands without -: standard input is not read" {
    need_ns
    three_segments
    fed "$a\n$b\nnonsense\n" "$c"
    assert_status 0
    assert_equal "$(all_ids | wc -l)" 2
    assert_exists "$a" "$b"
}

@test "no ids at all: nothing to do, exit 0" {
    need_ns
    three_segments
    local text
    for text in '' '\n' '\n\r\n  \n\n' 'key        shmid owner perms bytes nattch status\n'; do
        fed "$text"
        assert_status 0
        assert_out ''
        assert_err ''
        fed "$text" -
        assert_status 0
    done
    shmtool rm </dev/null
    assert_status 0
    shmtool rm --yes </dev/null
    assert_status 0
    assert_exists "$a" "$b" "$c"
}

@test "the last line needs no newline, carriage returns and blank lines are skipped" {
    need_ns
    three_segments
    fed "\n$a\r\n\r\n\n$b\r\n$c"
    assert_status 0
    assert_err_has 'removed 3 of 3 segments'
    assert_equal "$(all_ids)" ''
}

@test "a row that was cut off after the 0 of its key is not treated as the id 0" {
    local row
    need_ns
    three_segments
    row=$("$SHMTOOL" ls --no-header "$b")
    fed "$row\n0"
    assert_wrong_usage 'line 2' "'0'" 'cut off'
    assert_exists "$a" "$b" "$c"
    # With its newline it is an id like any other.
    fed "$row\n$a\n"
    assert_status 0
    assert_gone "$a" "$b"
    assert_exists "$c"
}

@test "the same id twice is one id, alone and in rows" {
    need_ns
    three_segments
    { echo "$a" && "$SHMTOOL" ls "$a" && echo "$a" && ipcs -m | grep 0x00000077; } >"$BATS_TEST_TMPDIR/input"
    run_split "$SHMTOOL" rm -v <"$BATS_TEST_TMPDIR/input"
    assert_status 0
    assert_out "$a: removed, 131104 bytes"
    assert_err_has 'removed 1 of 1 segment,'
    assert_exists "$b" "$c"
}

@test "an id that does not exist: exit 1, the rest goes" {
    need_ns
    three_segments
    fed "4242\n$a\n"
    assert_status 1
    assert_err 'shmtool: rm: 4242: no such segment'
    assert_gone "$a"
    fed "4242\n$b\n" --ignore-missing
    assert_status 0
    assert_gone "$b"
}

@test "the ids are narrowed by other options, and go without a question" {
    need_ns
    three_segments
    fed "$a\n$b\n" - --size 393216
    assert_status 0
    assert_err ''
    assert_exists "$a" "$c"
    assert_gone "$b"
}

@test "rows of shmtool ls, with its header" {
    need_ns
    three_segments
    local words
    for words in '' -n -H --no-header '--sort -bytes' '--time age' '-c +owner' '-c key,shmid,owner,perms,bytes,nattch'; do
        remove_all_segments
        three_segments
        # shellcheck disable=SC2086 # words
        "$SHMTOOL" ls $words >"$BATS_TEST_TMPDIR/input"
        if [[ $words == *nattch ]]; then
            sed -i 1d "$BATS_TEST_TMPDIR/input"
        fi
        run_split "$SHMTOOL" rm <"$BATS_TEST_TMPDIR/input"
        assert_status 0
        assert_err_has 'removed 3 of 3 segments'
        assert_equal "$(all_ids)" ''
    done
}

@test "ls -q | rm" {
    need_ns
    three_segments
    shmtool rm < <("$SHMTOOL" ls -q --size 131104..393216)
    assert_status 0
    assert_equal "$(all_ids)" "$c"
}

@test "rows of ipcs -m: its banner and header are skipped" {
    need_ns
    three_segments
    ipcs -m >"$BATS_TEST_TMPDIR/input"
    shmtool rm <"$BATS_TEST_TMPDIR/input"
    assert_status 0
    assert_err_has 'removed 3 of 3 segments'
    assert_equal "$(all_ids)" ''
}

@test "ipcs -m | grep | rm" {
    need_ns
    three_segments
    shmtool rm < <(ipcs -m | grep ' 666 ')
    assert_status 0
    assert_gone "$a"
    shmtool rm < <(ipcs -m | grep 0x00000078 | tr -s ' ')
    assert_status 0
    assert_equal "$(all_ids)" "$c"
    shmtool rm < <(ipcs -m | sed 's/$/\r/')
    assert_status 0
    assert_equal "$(all_ids)" ''
}

@test "rows of locked and of dest segments, as both print them" {
    need_ns
    local dest both
    dest=$(make_seg)
    both=$(make_seg)
    "$HELPERS/lock" "$both"
    start_helper holdseg --rmid "$dest" "$both"
    ipcs -m | grep -q 'dest *locked' || fail "ipcs prints it in another way"
    shmtool rm < <(ipcs -m)
    assert_status 0
    assert_err_has 'removed 0 of 2 segments, 0 B freed, 2 only marked dest'
    shmtool rm < <("$SHMTOOL" ls)
    assert_status 0
    assert_err_has '2 only marked dest'
}

@test "rows of other users' segments, of numbers without a name, of huge keys" {
    need_ns
    need_root
    make_seg --uid 54321 --key -1 --mode 0 >/dev/null
    make_seg --uid 1 --key 0x7fffffff --mode 7 --size 33554432 >/dev/null
    shmtool rm < <(ipcs -m)
    assert_status 0
    assert_err_has 'removed 2 of 2 segments'
}

@test "a row whose key is not that segment's counts as changed" {
    need_ns
    three_segments
    fed "0x00000099 $a root 666 131104 0\n0x00000078 $b root 600 393216 0\n"
    assert_status 1
    assert_err_has "shmtool: rm: $a: changed since it was listed, left alone"
    assert_err_has 'removed 1 of 2 segments'
    assert_exists "$a" "$c"
    assert_gone "$b"
    # A row with the right key beside it does not help.
    fed "0x00000077 $a root 666 131104 0\n0x00000000 $a root 666 131104 0\n"
    assert_status 1
    fed "$a\n0x00000000 $a root 666 131104 0\n"
    assert_status 1
    assert_exists "$a"
}

@test "a row whose size is not that segment's counts as changed" {
    need_ns
    three_segments
    fed "0x00000077 $a root 666 131105 0\n"
    assert_status 1
    assert_err "shmtool: rm: $a: changed since it was listed, left alone"
    assert_exists "$a"
    # The attach count and the status may have changed since: they name nothing.
    fed "0x00000077 $a root 666 131104 7 dest\n"
    assert_status 0
    assert_gone "$a"
}

@test "a row whose owner or perms are not that segment's counts as changed" {
    need_ns
    need_root
    local row
    a=$(make_seg --uid 54321 --mode 640 --size 4096)
    b=$(make_seg --mode 600 --size 4096)
    # As squeezed or cut from ipcs -q: a message queue's id, key 0 and used bytes.
    for row in "0x00000000 $a root 640 4096 1" "0x00000000 $a 5432 640 4096 1" \
        "0x00000000 $a 54321 644 4096 1" "0x00000000 $b 54321 600 4096 1"; do
        fed "$row\n"
        assert_status 1
        assert_err_has 'changed since it was listed, left alone'
        assert_exists "$a" "$b"
    done
    # The owner's number is as good as the name.
    fed "0x00000000 $a 54321 640 4096 1\n0x00000000 $b 0 600 4096 1\n"
    assert_status 0
    assert_gone "$a" "$b"
}

@test "a row of a segment that was marked since: its key is another one now" {
    need_ns
    three_segments
    "$SHMTOOL" ls "$a" >"$BATS_TEST_TMPDIR/input"
    start_helper holdseg --rmid "$a"
    shmtool rm <"$BATS_TEST_TMPDIR/input"
    assert_status 1
    assert_err "shmtool: rm: $a: changed since it was listed, left alone"
}

@test "two numbers on a line, words, signs, other numbers: refused" {
    need_ns
    three_segments
    local line
    for line in "$a $b" "$a\t$b" "$a,$b" 'x 5' "x$a" "${a}x" "-$a" "+$a" "0x$a" "$a.0" "0$a" "'$a'" "$a;" "# $a" 4294967296 18446744073709551616 2147483648 -1 '*' all '0x00000077' '..' \
        '\e[31m5' '\xff' '\x009' "$a\x00" "\x00" "$a\r\r" '10000000000000000000000000000000'; do
        refused 1 "$line\n"
    done
}

@test "a wrong line at the end: nothing is removed at all, and its number is told" {
    need_ns
    three_segments
    refused 4 "$a\n\n$b\nx 5\n"
    refused 3 "$a\n$b\n$c x"
    refused 2 "0x00000077 $a root 666 131104 0\n0x00000078 $b root 600\n"
    assert_err_has "'0x00000078 $b root 600'"
}

@test "a wrong line is shown, and no terminal obeys it" {
    need_ns
    three_segments
    refused 1 '\e[2Jboo\xff\n'
    assert_err_has "'\\x1b[2Jboo\\xff': neither an id alone nor a row"
    refused 1 "$a\x00$b\n"
    assert_err_has "'$a' and a NUL byte: "
}

@test "rows that are not whole, or not of these columns: refused" {
    need_ns
    three_segments
    local row
    for row in \
        "0x00000077 $a" \
        "0x00000077 $a root" \
        "0x00000077 $a root 666" \
        "0x00000077 $a root 666 131104" \
        "77 $a root 666 131104 0" \
        "0x77 $a root 666 131104 0" \
        "0x0000000077 $a root 666 131104 0" \
        "0X00000077 $a root 666 131104 0" \
        "0x0000007g $a root 666 131104 0" \
        "119 $a root 666 131104 0" \
        "0x00000077 -$a root 666 131104 0" \
        "0x00000077 0x$a root 666 131104 0" \
        "0x00000077 0$a root 666 131104 0" \
        "0x00000077 4294967296 root 666 131104 0" \
        "0x00000077 2147483648 root 666 131104 0" \
        "0x00000077 $a root 888 131104 0" \
        "0x00000077 $a root 0666 131104 0" \
        "0x00000077 $a root rw-rw-rw- 131104 0" \
        "0x00000077 $a root 666 x 0" \
        "0x00000077 $a root 666 0 0" \
        "0x00000077 $a root 666 -1 0" \
        "0x00000077 $a root 666 1.5X 0" \
        "0x00000077 $a root 666 .5K 0" \
        "0x00000077 $a root 666 K 0" \
        "0x00000077 $a root 666 18446744073709551616 0" \
        "0x00000077 $a root 666 131104 x" \
        "0x00000077 $a root 666 131104 -1" \
        "0x00000077 $a two words 666 131104 0" \
        " 0x00000077 $a root 666 131104 0" \
        "\t0x00000077 $a root 666 131104 0" \
        "0x00000077\t$a\troot\t666\t131104\t0" \
        "0x00000077,$a,root,666,131104,0" \
        "$a 0x00000077 root 666 131104 0" \
        "key shmid" \
        "KEY SHMID OWNER PERMS BYTES NATTCH STATUS" \
        "key msqid owner perms used-bytes messages" \
        "--" \
        "--all" \
        "------ Message Queues" \
        "------ Message Queues --------\nkey        msqid      owner" \
        "------ Semaphorenfelder --------\nSchlüssel SemID      Besitzer" \
        "------ Shared Memory Status --------\nsegments allocated 4"; do
        refused '[12]' "$row\n"
    done
}

@test "other listings of ipcs: refused, with their headers and without" {
    need_ns
    three_segments
    ipcmk -Q >/dev/null
    ipcmk -S 3 >/dev/null
    local words
    for words in -q -s -a '-m -p' '-m -t' '-m -c' '-m -u' '-m -l' "-m -i $a"; do
        # shellcheck disable=SC2086 # words
        refused_output ipcs $words
    done
    refused_output bash -c 'ipcs -q | grep ^0x'
    refused_output bash -c 'ipcs -s | grep ^0x'
    refused_output bash -c 'ipcs -q | grep ^0x | tr -s " "'
    for words in -p -t -c; do
        refused_output bash -c "ipcs -m $words | grep '^[0-9]'"
    done
    ipcrm --all=msg --all=sem
}

@test "ids with blanks and tabs around them, lines of nothing else" {
    need_ns
    three_segments
    fed " $a\n\t\n$b\t \n \t \r\n\t$c \r\n"
    assert_status 0
    assert_err_has 'removed 3 of 3 segments'
    assert_equal "$(all_ids)" ''
}

@test "a line that is wrong is shown as far as 60 characters" {
    need_ns
    three_segments
    refused 1 "$(printf '削%.0s' {1..61}) $a\n"
    assert_err_has "line 1: '$(printf '削%.0s' {1..60})'...: neither an id alone nor a row of 'shmtool ls' or 'ipcs -m'"
}

@test "a message queue with messages: its row looks like that of a segment, and is refused" {
    need_ns
    three_segments
    # ipcs -q prints "%-10d %-10s %-10o %-12ju %-12ju" behind the key.
    printf '0x%08x %-10d %-10s %-10o %-12d %-12d\n' 0x77 "$a" root 0666 131104 3 >"$BATS_TEST_TMPDIR/row"
    refused_output cat "$BATS_TEST_TMPDIR/row"
    # The same of a segment: "%-10ju %-10ju %-6s %-6s".
    printf '0x%08x %-10d %-10s %-10o %-10d %-10d %-6s %-6s\n' 0x77 "$a" root 0666 131104 3 '' '' >"$BATS_TEST_TMPDIR/row"
    shmtool rm <"$BATS_TEST_TMPDIR/row"
    assert_status 0
    assert_gone "$a"
}

@test "lsipc, the kernel's list, and other forms of ls: refused" {
    need_ns
    three_segments
    refused_output lsipc -m
    refused_output bash -c 'lsipc -m --noheadings'
    refused_output lsipc -m --bytes --numeric-perms --noheadings
    refused_output lsipc -m --raw
    refused_output lsipc -m --json
    refused_output cat /proc/sysvipc/shm
    refused_output bash -c 'sed 1d /proc/sysvipc/shm'
    refused_output "$SHMTOOL" ls --json
    refused_output "$SHMTOOL" ls --ndjson
    refused_output "$SHMTOOL" ls --csv
    refused_output "$SHMTOOL" ls --no-header -c shmid,key
    refused_output "$SHMTOOL" ls --no-header -c shmid,bytes
    refused_output "$SHMTOOL" rm --json --dry-run --all
    refused_output "$SHMTOOL" --help
}

@test "a column of sizes, taken alone, is ids: the one thing that cannot be told" {
    need_ns
    three_segments
    # They name segments that do not exist, which is said.
    shmtool rm < <("$SHMTOOL" ls --no-header -c bytes | tr -d ' ' | grep 393216)
    assert_status 1
    assert_err 'shmtool: rm: 393216: no such segment'
    assert_exists "$a" "$b" "$c"
}

@test "lines of any length: refused, soon" {
    need_ns
    three_segments
    head -c 70000 /dev/zero | tr '\0' 1 >"$BATS_TEST_TMPDIR/ones"
    refused_output cat "$BATS_TEST_TMPDIR/ones"
    assert_err_has 'line 1: longer than any row of a listing'
    head -c 70000 /dev/zero | tr '\0' ' ' >"$BATS_TEST_TMPDIR/blanks"
    refused_output cat "$BATS_TEST_TMPDIR/blanks"
    run_split timeout 60 "$SHMTOOL" rm </dev/zero
    assert_status 2
    assert_err_has 'line 1: longer than any row'
    run_split timeout 60 "$SHMTOOL" rm </dev/urandom
    assert_status 2
    # An owner's name may be long: it is read, and is another's.
    fed "0x00000077 $a $(printf '%04096d' 7) 666 131104 0\n"
    assert_status 1
    assert_err "shmtool: rm: $a: changed since it was listed, left alone"
    assert_exists "$a"
}

@test "a directory as standard input: exit 1, nothing removed" {
    need_ns
    three_segments
    shmtool rm </
    assert_status 1
    assert_err 'shmtool: rm: standard input: Is a directory'
    assert_exists "$a" "$b" "$c"
}

@test "thousands of ids" {
    need_ns
    make_seg --size 1 --count 3000 >/dev/null || skip "not that many segments can be made here"
    ipcs -m >"$BATS_TEST_TMPDIR/input"
    shmtool rm <"$BATS_TEST_TMPDIR/input"
    assert_status 0
    assert_err_has 'removed 3000 of 3000 segments'
    assert_equal "$(all_ids)" ''
}

@test "what is read from a pipe that stays open for a while is read to its end" {
    need_ns
    three_segments
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    exec 8<>"$BATS_TEST_TMPDIR/pipe"
    "$SHMTOOL" rm <"$BATS_TEST_TMPDIR/pipe" 3>&- 8>&- &
    local pid=$!
    echo "$a" >&8
    echo "$b" >&8
    wait_until pipe_is_empty
    # It knows two ids, and waits: a third may be wrong.
    kill -0 "$pid"
    assert_exists "$a" "$b" "$c"
    echo "$c" >&8
    exec 8>&-
    wait "$pid"
    assert_equal "$(all_ids)" ''
}

# pipe_is_empty: all that was written into descriptor 8 has been read
pipe_is_empty() {
    ! read -r -t 0 <&8
}

@test "a signal while it reads ids removes nothing" {
    need_ns
    three_segments
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    exec 8<>"$BATS_TEST_TMPDIR/pipe"
    # A job in the background ignores SIGINT otherwise.
    env --default-signal "$SHMTOOL" rm <"$BATS_TEST_TMPDIR/pipe" 3>&- 8>&- &
    local pid=$!
    echo "$a" >&8
    wait_until pipe_is_empty
    kill -INT "$pid"
    status=0
    wait "$pid" || status=$?
    assert_equal "$status" 130
    exec 8>&-
    assert_exists "$a" "$b" "$c"
}
