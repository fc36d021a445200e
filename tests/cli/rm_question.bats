# rm: when it asks, what it shows then, and what counts as an answer.
load common

# two_segments: $a in nobody's use, $b attached by $helper_pid
two_segments() {
    a=$(make_seg --key 0x77 --size 131104)
    b=$(make_seg --size 393216)
    start_helper holdseg "$b"
}

# declined TEXT: exit 3, TEXT in what was told, nothing removed
declined() {
    assert_status 3 || return 1
    assert_err_has "$1" || return 1
    assert_err_has 'nothing was removed' || return 1
    assert_exists "$a" "$b" || return 1
    assert_equal "$(field_of "$b" 3)" 600
}

# declined_on_terminal TEXT: the same where all streams are the terminal
declined_on_terminal() {
    assert_status 3 || return 1
    assert_out_has "$1" || return 1
    assert_out_has 'nothing was removed' || return 1
    assert_exists "$a" "$b" || return 1
    assert_equal "$(field_of "$b" 3)" 600
}

@test "the table, the processes and the question stand on standard error" {
    need_ns
    two_segments
    run_split "$SHMTOOL" rm --all <<<no
    assert_status 3
    assert_out ''
    assert_equal "$(awk 'NR == 1 { $1 = $1; print }' "$err_file")" \
        'key shmid owner perms bytes nattch status state processes'
    assert_equal "$(grep "^0x.* $a " "$err_file" | awk '{ $1 = $1; print }')" "0x00000077 $a root 600 131104 0 - orphan"
    assert_equal "$(grep "^0x.* $b " "$err_file" | awk '{ $1 = $1; print }')" \
        "0x00000000 $b root 600 393216 1 - used holdseg[$helper_pid]"
    assert_err_has $'\nRemove 2 segments, 512 KiB, 1 of them in use by holdseg['"$helper_pid"$']? (yes/no) \nshmtool: rm: the answer was not yes: nothing was removed\n'
    assert_exists "$a" "$b"
}

@test "nothing in use: no column of processes" {
    need_ns
    make_seg >/dev/null
    run_split "$SHMTOOL" rm --all <<<no
    assert_status 3
    assert_equal "$(awk 'NR == 1 { $1 = $1; print }' "$err_file")" 'key shmid owner perms bytes nattch status state'
    assert_err_has 'Remove 1 segment, 4 KiB, 0 of them in use? (yes/no) '
}

@test "many processes: the first few, and how many more" {
    need_ns
    local id
    id=$(make_seg)
    start_helper holdseg --fork 6 "$id"
    run_split "$SHMTOOL" rm --all <<<no
    assert_status 3
    assert_err_matches "(holdseg\[[0-9]+\] ){4}\+3"$'\n'
    assert_err_matches "1 of them in use by holdseg\[[0-9]+\] \+6\? \(yes/no\)"
}

@test "the question counts a process once, however many of the segments it has" {
    need_ns
    local ids
    mapfile -t ids < <(make_seg --count 3)
    start_helper holdseg "${ids[0]}" "${ids[1]}"
    local first=$helper_pid
    start_helper holdseg "${ids[1]}"
    run_split "$SHMTOOL" rm --all <<<no
    assert_status 3
    assert_err_matches "Remove 3 segments, 12 KiB, 2 of them in use by holdseg\[($first|$helper_pid)\] \+1\? \(yes/no\)"
}

# rows_of FILE: the ids of a table's rows, one a line
rows_of() {
    awk '/^0x/ { print $2 }' "$1"
}

@test "those in use stand last, right above the question" {
    need_ns
    local ids used
    mapfile -t ids < <(make_seg --count 5)
    mapfile -t used < <(all_ids)
    # The first and the third of the listing.
    start_helper holdseg "${used[0]}" "${used[2]}"
    run_split "$SHMTOOL" rm --all <<<no
    assert_status 3
    assert_equal "$(rows_of "$err_file")" "$(printf '%s\n' "${used[1]}" "${used[3]}" "${used[4]}" "${used[0]}" "${used[2]}")"
}

@test "of more than 24 that are not in use the sums by owner, and those in use one by one" {
    need_ns
    need_root
    local held
    make_seg --size 10 --count 20 >/dev/null
    make_seg --size 100 --count 4 --uid 12345 >/dev/null
    held=$(make_seg --size 1000)
    start_helper holdseg "$held"
    run_split "$SHMTOOL" rm --all <<<no
    assert_status 3
    assert_equal "$(rows_of "$err_file" | wc -l)" 25
    make_seg --size 1 --uid 12345 >/dev/null
    run_split "$SHMTOOL" rm --all <<<no
    assert_status 3
    assert_equal "$(head -n 5 "$err_file" | awk '{ $1 = $1; print }')" "$(printf '%s\n' 'owner segments bytes orphans' \
        'root 20 200 20' '12345 5 401 5' 'key shmid owner perms bytes nattch status state processes' \
        "0x00000000 $held root 600 1000 1 - used holdseg[$helper_pid]")"
    assert_err_has "Remove 26 segments, 1.6 KiB, 1 of them in use by holdseg[$helper_pid]? (yes/no) "
    # A program's column stands there for those that are shown.
    make_seg --size 96 --key 0x4e545030 >/dev/null
    run_split "$SHMTOOL" rm --all <<<no
    assert_err_has_not program
    run_split "$SHMTOOL" rm --key 0x4e545030..0x4e545031 <<<no
    assert_err_matches $'state +program\n0x4e545030 .* ntpd\\?\n'
    # Nothing in use: no second table.
    run_split "$SHMTOOL" rm --unattached --key 0 <<<no
    assert_status 3
    assert_err_has_not shmid
    assert_err_matches $'root +20 +200 +20\n12345 +5 +401 +5\nRemove 25 segments'
}

@test "a process's hostile name: no terminal obeys it" {
    need_ns
    local id
    id=$(make_seg)
    # shellcheck disable=SC2016 # expanded by the inner shell
    start_helper bash -c 'exec -a "$1" "$2" "$3"' - $'/bin/\e[31m\a\xff' "$HELPERS/holdseg" "$id"
    run_split "$SHMTOOL" rm --all <<<no
    assert_status 3
    assert_err_has " used  \\x1b[31m\\x07\\xff[$helper_pid]"
    assert_err_has "in use by \\x1b[31m\\x07\\xff[$helper_pid]? (yes/no) "
    assert_equal "$(LC_ALL=C tr -d '\n\40-\176' <"$err_file" | wc -c)" 0
}

@test "yes removes" {
    need_ns
    two_segments
    run_split "$SHMTOOL" rm --all <<<yes
    assert_status 0
    assert_gone "$a"
    assert_equal "$(field_of "$b" 3)" 1600
    assert_err_has 'removed 1 of 2 segments, 128 KiB freed, 1 only marked dest'
}

@test "anything else than yes removes nothing: exit 3" {
    need_ns
    two_segments
    local answer
    for answer in y no n YES Yes 'yes please' ' yes' 'yes ' yess ye '' '1' 'yes\r' 'y\0es' 'yes\0' '"yes"' \
        '\xd1\x83es' "$(printf '%0100000d' 1)"; do
        printf '%b\n' "$answer" >"$BATS_TEST_TMPDIR/answer"
        run_split "$SHMTOOL" rm --all <"$BATS_TEST_TMPDIR/answer"
        declined 'the answer was not yes'
    done
}

@test "who pipes ids to a selection is told how they are read" {
    need_ns
    two_segments
    local listing
    for listing in "$a" "$("$SHMTOOL" ls --no-header)"; do
        run_split "$SHMTOOL" rm --size 1.. <<<"$listing"
        declined 'the answer was not yes but a number (with - ids are read from standard input): ' || return 1
    done
    run_split "$SHMTOOL" rm - --size 1.. <<<"$a"
    assert_status 0
    assert_gone "$a"
    assert_exists "$b"
}

@test "the first line is the answer" {
    need_ns
    two_segments
    run_split "$SHMTOOL" rm --all < <(printf 'no\nyes\n')
    declined 'the answer was not yes'
    run_split "$SHMTOOL" rm --all < <(printf '\nyes\n')
    declined 'the answer was not yes'
    run_split "$SHMTOOL" rm --size 131104 < <(printf 'yes\nno\n')
    assert_status 0
    assert_gone "$a"
}

@test "nothing after the answer is taken from standard input" {
    need_ns
    two_segments
    # shellcheck disable=SC2016 # expanded by the inner shell
    run_split bash -c '"$1" rm --all 2>/dev/null; IFS= read -r line; echo "$line"' - "$SHMTOOL" \
        < <(printf 'no\nthe next one\n')
    assert_out 'the next one'
}

@test "an end of file removes nothing: exit 3" {
    need_ns
    two_segments
    run_split "$SHMTOOL" rm --all </dev/null
    declined 'no answer, and only yes is one'
    run_split "$SHMTOOL" rm --owner root < <(:)
    declined 'no answer'
    run_split bash -c '"$@" <&-' - "$SHMTOOL" rm --owner root
    assert_status 3
    assert_exists "$a" "$b"
    run_split "$SHMTOOL" rm --all </
    declined 'no answer'
}

@test "on a terminal: yes" {
    need_ns
    two_segments
    pty -e '(yes/no) ' -s 'yes\n' -- "$SHMTOOL" rm --owner root
    assert_status 0
    assert_gone "$a"
    assert_out_has 'removed 1 of 2 segments'
}

@test "on a terminal: states and header have their colors, unless NO_COLOR is set" {
    need_ns
    two_segments
    pty -e '(yes/no) ' -s 'no\n' -- env -u NO_COLOR TERM=xterm "$SHMTOOL" rm --owner root
    declined_on_terminal 'the answer was not yes'
    assert_out_matches $'\e\\[1mshmid *\e\\[0m'
    assert_out_has $'\e[31morphan\e[0m'
    assert_out_has $'\e[32mused'
    pty -- env -u NO_COLOR TERM=xterm "$SHMTOOL" rm --owner root --dry-run
    assert_status 0
    assert_out_matches $'\e\\[1mshmid *\e\\[0m'
    pty -e '(yes/no) ' -s 'no\n' -- env NO_COLOR=1 TERM=xterm "$SHMTOOL" rm --owner root
    declined_on_terminal 'the answer was not yes'
    assert_out_has_not $'\e'
}

@test "on a terminal: y, no, YES, yes please" {
    need_ns
    two_segments
    local answer
    for answer in y no YES 'yes please' ''; do
        pty -e '(yes/no) ' -s "$answer\\n" -- "$SHMTOOL" rm --owner root
        declined_on_terminal 'the answer was not yes'
    done
}

@test "on a terminal: a line may be mended before it is sent" {
    need_ns
    two_segments
    pty -e '(yes/no) ' -s 'no\025yes\n' -- "$SHMTOOL" rm --size 131104
    assert_status 0
    assert_gone "$a"
}

@test "on a terminal: end of file" {
    need_ns
    two_segments
    pty -e '(yes/no) ' -s '\004' -- "$SHMTOOL" rm --all
    declined_on_terminal 'no answer, and only yes is one'
}

@test "on a terminal: Ctrl+C, with and without something typed" {
    need_ns
    two_segments
    pty -e '(yes/no) ' -s '\003' -- "$SHMTOOL" rm --all
    declined_on_terminal 'interrupted: '
    pty -e '(yes/no) ' -s 'yes\003' -- "$SHMTOOL" rm --all
    declined_on_terminal 'interrupted: '
}

@test "SIGINT, SIGTERM and SIGHUP remove nothing: exit 3" {
    need_ns
    two_segments
    local signal
    for signal in INT TERM HUP; do
        pty -e '(yes/no) ' -k "$signal" -- "$SHMTOOL" rm --all
        declined_on_terminal 'interrupted: '
    done
}

@test "a signal that came before the question removes nothing, not even with a yes: exit 3" {
    need_ns
    two_segments
    run_split "$HELPERS/pending" 2 "$SHMTOOL" rm --all <<<yes
    declined 'interrupted: '
}

@test "a signal that is ignored is not an answer" {
    need_ns
    two_segments
    pty -e '(yes/no) ' -k INT -s 'yes\n' -- env --ignore-signal=INT "$SHMTOOL" rm --size 131104
    assert_status 0
    assert_gone "$a"
}

@test "the terminal goes away: exit 3" {
    need_ns
    two_segments
    pty -e '(yes/no) ' -h -- "$SHMTOOL" rm --all
    assert_status 3
    assert_exists "$a" "$b"
    # Also where nobody tells it so.
    pty -e '(yes/no) ' -h -- env --ignore-signal=HUP "$SHMTOOL" rm --all
    assert_status 3
    assert_exists "$a" "$b"
}

@test "stopped and continued while it asks" {
    need_ns
    two_segments
    pty -e '(yes/no) ' -k STOP -k CONT -s 'yes\n' -- "$SHMTOOL" rm --size 131104
    assert_status 0
    assert_gone "$a"
}

@test "ids on standard input: the answer comes from the terminal" {
    need_ns
    two_segments
    printf '%s\n' "$a" "$b" >"$BATS_TEST_TMPDIR/ids"
    pty --stdin "$BATS_TEST_TMPDIR/ids" -e '(yes/no) ' -s 'no\n' -- "$SHMTOOL" rm -i
    declined_on_terminal 'the answer was not yes'
    printf '%s\nyes\n' "$a" >"$BATS_TEST_TMPDIR/ids"
    pty --stdin "$BATS_TEST_TMPDIR/ids" -- "$SHMTOOL" rm -i
    assert_status 2
    printf '%s\n' "$a" "$b" >"$BATS_TEST_TMPDIR/ids"
    pty --stdin "$BATS_TEST_TMPDIR/ids" -e '(yes/no) ' -s 'yes\n' -- "$SHMTOOL" rm -i -
    assert_status 0
    assert_gone "$a"
}

@test "ids on standard input, and all other streams somewhere else: still the terminal" {
    need_ns
    two_segments
    printf '%s\n' "$a" >"$BATS_TEST_TMPDIR/ids"
    pty --stdin "$BATS_TEST_TMPDIR/ids" --stdout "$BATS_TEST_TMPDIR/o" --stderr "$BATS_TEST_TMPDIR/e" \
        -s 'yes\n' -- "$SHMTOOL" rm -i
    assert_status 0
    assert_gone "$a"
    grep -q 'Remove 1 segment, ' "$BATS_TEST_TMPDIR/e"
}

@test "ids on standard input, and no terminal at all: exit 3, nothing is removed" {
    need_ns
    two_segments
    run_split setsid --wait "$SHMTOOL" rm -i <<<"$a"
    assert_err 'shmtool: rm: no terminal to ask on: No such device or address: nothing was removed; --interactive needs one'
    declined ''
    run_split setsid --wait "$SHMTOOL" rm --even-protected <<<"$a"
    assert_err 'shmtool: rm: no terminal to ask on: No such device or address: nothing was removed; --even-protected asks unless --yes is given'
    declined ''
}

@test "no terminal at all: the answer comes from standard input" {
    need_ns
    two_segments
    run_split setsid --wait "$SHMTOOL" rm --size 131104 <<<yes
    assert_status 0
    assert_gone "$a"
}

@test "every option that selects in bulk asks" {
    need_ns
    two_segments
    local words
    for words in --all '--owner root' '--creator root' '--group root' '--size 1..' '--nattch 0..' --unattached --attached \
        '--state used,orphan,idle,unknown' '--older-than 0' '--newer-than 1d' '--key 0' '--key 0 --key 0x77' \
        "--pid $helper_pid" "--cpid $(field_of "$a" 5)"; do
        # shellcheck disable=SC2086 # words
        run_split "$SHMTOOL" rm $words <<<no
        declined 'the answer was not yes'
        assert_err_has '(yes/no)'
    done
    "$HELPERS/lock" "$a"
    run_split "$SHMTOOL" rm --locked <<<no
    declined 'the answer was not yes'
    "$HELPERS/lock" --unlock "$a"
    run_split "$SHMTOOL" rm --orphan <<<no
    declined 'the answer was not yes'
}

@test "--dest asks, and has nothing to do then" {
    need_ns
    two_segments
    ipcrm -m "$b"
    run_split "$SHMTOOL" rm --dest <<<yes
    assert_status 0
    assert_err_has "Remove 1 segment, 384 KiB, 1 of them in use by holdseg[$helper_pid]? (yes/no) "
    assert_exists "$a" "$b"
}

@test "ids and keys that are not 0 do not ask, narrowed or not" {
    need_ns
    two_segments
    run_split "$SHMTOOL" rm --key 0x77 --owner root --unattached <<<no
    assert_status 0
    assert_gone "$a"
    run_split "$SHMTOOL" rm "$b" --attached --key 0 <<<no
    assert_status 0
    assert_err_has_not '(yes/no)'
    assert_equal "$(field_of "$b" 3)" 1600
}

@test "a range of keys asks, also beside a key, and is no failure when nobody has one of it" {
    need_ns
    local id words
    id=$(make_seg --key 0x4e545031)
    for words in '--key 0x4e545030..0x4e545033' '-k 0x4e545031 -k 1..2' '-k 0x4e545031..0x4e545031'; do
        # shellcheck disable=SC2086 # words
        run_split "$SHMTOOL" rm $words <<<no
        assert_status 3 || return 1
        assert_err_has '(yes/no)' || return 1
    done
    assert_exists "$id"
    shmtool rm -k 1..2
    assert_status 0
    assert_err ''
    shmtool rm -k 0x4e545030..0x4e545033 --yes
    assert_status 0
    assert_gone "$id"
}

@test "permissions ask" {
    need_ns
    local id
    id=$(make_seg --mode 666)
    run_split "$SHMTOOL" rm --perms /002 <<<no
    assert_status 3
    assert_exists "$id"
}

@test "--interactive asks for those too" {
    need_ns
    two_segments
    run_split "$SHMTOOL" rm -i "$a" <<<no
    declined 'the answer was not yes'
    assert_err_has 'Remove 1 segment, 128 KiB, 0 of them in use? (yes/no) '
    run_split "$SHMTOOL" rm --interactive --key 0x77 <<<no
    declined 'the answer was not yes'
    run_split "$SHMTOOL" rm --interactive --key 0x77 <<<yes
    assert_status 0
    assert_gone "$a"
}

@test "--yes does not ask" {
    need_ns
    two_segments
    run_split "$SHMTOOL" rm --size 131104 -y <<<no
    assert_status 0
    assert_err ''
    assert_gone "$a"
}

@test "nothing to remove, nothing to ask" {
    need_ns
    two_segments
    run_split "$SHMTOOL" rm --size 7 </dev/null
    assert_status 0
    assert_err ''
    run_split "$SHMTOOL" rm --interactive 4242 </dev/null
    assert_status 1
    assert_err 'shmtool: rm: 4242: no such segment'
    run_split "$SHMTOOL" rm --all --dry-run </dev/null
    assert_status 0
    assert_err 'shmtool: rm: would remove 2 segments, 512 KiB, 1 in use'
    assert_exists "$a" "$b"
}

@test "--max speaks before the question" {
    need_ns
    two_segments
    run_split "$SHMTOOL" rm --all --max 1 <<<yes
    declined 'more than --max 1'
    assert_err_has_not '(yes/no)'
}

@test "--json also when the answer is no, or --max forbids: nothing is removed" {
    need_ns
    two_segments
    run_split "$SHMTOOL" rm --all --json <<<no
    declined 'the answer was not yes'
    local counts='.selected, .removed, .marked, .freed_bytes, (.results | map(.outcome) | unique[])'
    assert_equal "$(jq -c "[$counts]" <<<"$out")" '[2,0,0,0,"selected"]'
    run_split "$SHMTOOL" rm --all --json --yes --max 1
    declined 'more than --max 1'
    assert_equal "$(jq -c "[$counts]" <<<"$out")" '[2,0,0,0,"selected"]'
    run_split "$SHMTOOL" rm --all --json <<<yes
    assert_status 0
    assert_out_has '{"schema": 1, '
    assert_out_has_not 'Remove'
}

@test "a question that nobody can have seen has no answer" {
    need_ns
    two_segments
    run_split bash -c '"$@" 2>&-' - "$SHMTOOL" rm --all <<<yes
    assert_status 3
    run_split bash -c '"$@" 2>/dev/full' - "$SHMTOOL" rm --size 131104 <<<yes
    assert_status 3
    assert_exists "$a" "$b"
    # Thrown away on purpose is another thing, and so is what asks nothing.
    run_split bash -c '"$@" 2>/dev/null' - "$SHMTOOL" rm --size 131104 <<<yes
    assert_status 0
    assert_gone "$a"
    c=$(make_seg)
    run_split bash -c '"$@" 2>&-' - "$SHMTOOL" rm --unattached --yes
    assert_status 0
    assert_gone "$c"
}
