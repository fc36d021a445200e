# rm: whole listings on standard input: ls with more columns, ipcs in other languages, owners with blanks.
load common
load input

# languages: those of tests/fixtures/ipcs, what ipcs -m of util-linux 2.38.1 prints of a segment with key 0x77,
# a locked one with key 0x4e545030, and one that is marked and locked
languages=(de fr ja pt_BR ru vi zh_CN)

# make_listed: those three segments: $plain, $locked and $marked
make_listed() {
    plain=$(make_seg --key 0x77 --size 131104 --mode 666)
    locked=$(make_seg --key 0x4e545030 --size 4096 --mode 600)
    marked=$(make_seg --size 393216 --mode 640)
    "$HELPERS/lock" "$locked" "$marked"
    start_helper holdseg --rmid "$marked"
}

# listing_in LANGUAGE: that file, with the ids that the segments have here
listing_in() {
    awk -v plain="$plain" -v locked="$locked" -v marked="$marked" '
        /^0x00000077/ { sub(/ [0-9]+ +/, sprintf(" %-10d ", plain)) }
        /^0x4e545030/ { sub(/ [0-9]+ +/, sprintf(" %-10d ", locked)) }
        /^0x00000000/ { sub(/ [0-9]+ +/, sprintf(" %-10d ", marked)) }
        { print }' "$SRC/tests/fixtures/ipcs/$1"
}

@test "ipcs -m in other languages: header and status are understood" {
    need_ns
    local language
    for language in "${languages[@]}"; do
        make_listed
        listing_in "$language" >"$BATS_TEST_TMPDIR/input"
        grep -q " $marked .* 640 .*[^ ]" "$BATS_TEST_TMPDIR/input" || fail "no rows" || return 1
        shmtool rm <"$BATS_TEST_TMPDIR/input"
        assert_status 0 || fail "$language" || return 1
        assert_err_has 'removed 2 of 3 segments, ' || return 1
        assert_err_has '1 only marked dest' || return 1
        stop_helper
        assert_equal "$(all_ids)" '' || return 1
    done
}

@test "the same squeezed, with carriage returns, with grep" {
    need_ns
    local language
    for language in de zh_CN; do
        make_listed
        shmtool rm < <(listing_in "$language" | tr -s ' ')
        assert_status 0
        assert_gone "$plain" "$locked"
        stop_helper
        make_listed
        shmtool rm < <(listing_in "$language" | sed 's/$/\r/')
        assert_status 0
        assert_gone "$plain" "$locked"
        shmtool rm < <(listing_in "$language" | grep '^0x00000000')
        assert_status 0
        assert_err_has 'marked for destruction before'
        stop_helper
    done
}

@test "the header of another language without its banner is refused" {
    need_ns
    three_segments
    refused 1 "$(sed -n 3p "$SRC/tests/fixtures/ipcs/de")\n"
    refused 3 "$(sed 2d "$SRC/tests/fixtures/ipcs/ja" | sed 's/^$/\n/;3q')\n"
}

@test "the real ipcs in the languages that are installed here" {
    need_ns
    local file language found=
    for file in /usr/share/locale/*/LC_MESSAGES/util-linux.mo; do
        [[ -e $file ]] || continue
        language=${file%/LC_MESSAGES/*}
        language=${language##*/}
        three_segments
        LC_ALL=C.UTF-8 LANGUAGE=$language ipcs -m >"$BATS_TEST_TMPDIR/input"
        shmtool rm <"$BATS_TEST_TMPDIR/input"
        assert_status 0 || fail "$language" || return 1
        assert_err_has 'removed 3 of 3 segments' || return 1
        # All three lists name other objects too.
        three_segments
        ipcmk -Q >/dev/null
        ipcmk -S 3 >/dev/null
        refused_output env LC_ALL=C.UTF-8 LANGUAGE="$language" ipcs || fail "$language" || return 1
        ipcrm --all
        found=1
    done
    [[ $found ]] || skip "no translations of ipcs are installed"
}

@test "rows of a message queue with messages, whole, cut and squeezed: nothing is removed" {
    need_ns
    need_program python3
    local queue words
    three_segments
    queue=$(ipcmk -Q -p 666 | sed 's/[^0-9]//g')
    python3 -I -c '
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
assert libc.msgsnd(int(sys.argv[1]), ctypes.c_char_p(b"\1" + b"\0" * 7 + b"x" * 100), ctypes.c_size_t(100), 0) == 0' "$queue"
    # The row as ipcs prints it where queue and segment have one key and id, as programs make them; ipcs cannot
    # be given those here.
    ipcs -q | sed -nE "s/^0x[0-9a-f]{8} [0-9]+ +/$(printf '0x00000077 %-10d ' "$a")/p" >"$BATS_TEST_TMPDIR/rows"
    grep -qE ' 666 +100 +1 ' "$BATS_TEST_TMPDIR/rows" || fail "no row"
    for words in 'cat' 'cut -c 1-69' 'cut -c 1-60' 'sed s/$/x/'; do
        refused_output bash -c "$words '$BATS_TEST_TMPDIR/rows'"
    done
    shmtool rm < <(tr -s ' ' <"$BATS_TEST_TMPDIR/rows")
    assert_status 1
    assert_err "shmtool: rm: $a: changed since it was listed, left alone"
    assert_exists "$a"
    ipcrm --all=msg
}

@test "rows of ls with more columns" {
    need_ns
    local words
    for words in '-l' '-l --no-header' '-lH' '-ln' '-l --time age' '-c +cpid' '-c +creator_group,command --no-header' \
        '-c key,shmid,owner,perms,bytes,nattch' '-l --time epoch --sort -bytes'; do
        three_segments
        # shellcheck disable=SC2086 # words
        "$SHMTOOL" ls $words >"$BATS_TEST_TMPDIR/input"
        shmtool rm <"$BATS_TEST_TMPDIR/input"
        assert_status 0 || fail "ls $words" || return 1
        assert_err_has 'removed 3 of 3 segments' || return 1
    done
    three_segments
    shmtool rm < <("$SHMTOOL" ls -l --key 0x77 | tail -n 1)
    assert_status 0
    assert_gone "$a"
    assert_exists "$b" "$c"
}

# ipcs_with_users: ipcs -m, where the users of with_users are
ipcs_with_users() {
    # shellcheck disable=SC2016 # for the inner shell
    unshare --mount sh -c 'mount --bind "$0" /etc/passwd && exec ipcs -m' "$BATS_TEST_TMPDIR/passwd"
}

@test "an owner with blanks and backslashes is one field, and read back" {
    need_ns
    need_root
    local ordinary='jane doe:x:54321:1::/:' domain='DOM\jane doe:x:54322:1::/:' odd='a\x20b:x:54323:1::/:' id words
    with_users "$ordinary" "$domain" "$odd"
    for words in '' -l -H; do
        for id in 54321 54322 54323; do
            make_seg --uid "$id" >/dev/null
        done
        # shellcheck disable=SC2086 # words
        "$SHMTOOL" ls $words >"$BATS_TEST_TMPDIR/input"
        assert_equal "$(awk 'NR > 1 { print $3 }' "$BATS_TEST_TMPDIR/input" | paste -sd ' ')" \
            'jane\x20doe DOM\x5cjane\x20doe a\x5cx20b'
        assert_equal "$(awk 'NR > 1 { print $4 }' "$BATS_TEST_TMPDIR/input" | sort -u)" 600
        shmtool rm <"$BATS_TEST_TMPDIR/input"
        assert_status 0
        assert_err_has 'removed 3 of 3 segments'
    done
    # Options take such a field, too, and the user of exactly this name first.
    for id in 54321 54322 54323; do
        make_seg --uid "$id" --gid "$id" >/dev/null
    done
    for words in 'jane doe=54321' 'jane\x20doe=54321' 'DOM\x5cjane\x20doe=54322' 'DOM\jane\x20doe=54322' 'a\x5cx20b=54323' 'a\x20b=54323'; do
        shmtool ls --no-header -c uid --owner "${words%=*}"
        assert_out "${words#*=}"
    done
    shmtool ls --owner 'jane\x2ddoe'
    assert_wrong_usage "--owner: 'jane\x5cx2ddoe': no such user"
    remove_all_segments
    # ipcs shows ten bytes of them as they are, in columns.
    for id in 54321 54322 54323; do
        make_seg --uid "$id" >/dev/null
    done
    ipcs_with_users >"$BATS_TEST_TMPDIR/input"
    grep -q '^0x00000000 [0-9]*  *DOM.jane d 600 ' "$BATS_TEST_TMPDIR/input"
    shmtool rm <"$BATS_TEST_TMPDIR/input"
    assert_status 0
    assert_err_has 'removed 3 of 3 segments'
    # Squeezed they cannot be told from words.
    id=$(make_seg --uid 54322)
    shmtool rm < <(ipcs_with_users | tr -s ' ')
    assert_wrong_usage "standard input, line 4: '0x00000000 $id DOM\jane d 600 "
    # Another's is another's.
    run_split "$SHMTOOL" rm < <(ipcs_with_users | sed 's/DOM/DOX/')
    assert_status 1
    assert_err "shmtool: rm: $id: changed since it was listed, left alone"
    shmtool ls
    run_split "$SHMTOOL" rm <<<"${out/DOM/DOX}"
    assert_status 1
    assert_err "shmtool: rm: $id: changed since it was listed, left alone"
    # JSON and CSV need no such thing.
    shmtool ls --csv --no-header -c owner
    assert_equal "${out//$'\r'/}" $'DOM\\jane doe\n'
    shmtool ls --json -c owner
    assert_out_has '"DOM\\jane doe"'
}
