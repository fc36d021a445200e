# What every command has in common: help, versions, wrong words, streams that are closed or full.
load common

# many_segments: enough for output that no buffer of stdio's can hold
many_segments() {
    make_seg --size 1 --count 400 >/dev/null
}

@test "--help shows the usage and every command" {
    shmtool --help
    assert_status 0
    assert_err ''
    assert_out_has 'Usage: shmtool [--sysroot DIR] COMMAND'
    assert_out_matches $'\n  ls +[a-z]'
    assert_out_matches $'\n  rm +[a-z]'
    assert_out_has --version
}

@test "help alone is --help" {
    shmtool --help
    local expected=$out
    shmtool help
    assert_status 0
    assert_equal "$out" "$expected"
}

@test "help COMMAND and COMMAND --help are the same, and name the options" {
    local command expected
    for command in ls rm; do
        shmtool "$command" --help
        assert_status 0
        assert_err ''
        assert_out_has "Usage: shmtool $command "
        assert_out_has '-o, --owner USER'
        expected=$out
        shmtool help "$command"
        assert_status 0
        assert_equal "$out" "$expected"
    done
}

@test "every help fits a terminal of 80 columns" {
    local command commands
    mapfile -t commands < <("$SHMTOOL" --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p')
    assert_equal "${commands[*]}" 'ls stat who rm run limits key doctor du metrics'
    for command in '' "${commands[@]}"; do
        # shellcheck disable=SC2086 # none or one
        shmtool help $command
        assert_status 0
        assert_equal "$(grep -nE '.{81}' "$out_file")" '' || return 1
    done
}

@test "every help ends with two examples, of commands that are right" {
    need_ns
    local command example
    for command in $("$SHMTOOL" --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p'); do
        mapfile -t examples < <("$SHMTOOL" "$command" --help | sed '1,/^Examples:$/d')
        assert_equal "${#examples[@]}" 4
        for example in "${examples[0]}" "${examples[2]}"; do
            [[ $example == "  shmtool $command"* ]] || fail "not of $command: $example"
            case $command in
            # What starts a program or sets a limit is only read.
            run) continue ;;
            limits) [[ $example != *--set* ]] || example+=' --dry-run' ;;
            esac
            run_split bash -c "shmtool() { '$SHMTOOL' \"\$@\"; }; $example" </dev/null
            ((status != 2)) || [[ $err == *"no such user"* ]] || fail "$example: $err"
        done
    done
}

@test "COMMAND --help does nothing else, whatever stands before it" {
    shmtool rm --all --yes --help
    assert_status 0
    assert_out_has 'Usage: shmtool rm '
}

@test "--version is one line" {
    shmtool --version
    assert_status 0
    assert_err ''
    assert_out_matches $'^shmtool [0-9]+\.[0-9]+\.[0-9]+\n$'
}

@test "no command is wrong usage" {
    shmtool
    assert_wrong_usage 'a command is missing' "'shmtool --help'"
}

@test "an unknown command is wrong usage and named" {
    shmtool frobnicate
    assert_wrong_usage 'shmtool: frobnicate: no such command'
    shmtool help frobnicate
    assert_wrong_usage 'shmtool: frobnicate: no such command'
    shmtool ''
    assert_wrong_usage "shmtool: '': no such command"
    shmtool help ''
    assert_wrong_usage "shmtool: '': no such command"
}

@test "help takes one command" {
    shmtool help ls rm
    assert_wrong_usage "shmtool: rm: help takes one command"
    shmtool help ls ''
    assert_wrong_usage "shmtool: '': help takes one command"
}

@test "commands are not to be shortened" {
    shmtool l
    assert_wrong_usage 'shmtool: l: no such command'
}

@test "an unknown option is wrong usage and named, before the command and after it" {
    shmtool --frobnicate
    assert_wrong_usage 'shmtool: --frobnicate: no such option'
    shmtool -z ls
    assert_wrong_usage 'shmtool: -z: no such option'
    local command
    for command in ls rm; do
        shmtool "$command" --frobnicate=7 5
        assert_wrong_usage "shmtool: $command: --frobnicate: no such option" "'shmtool $command --help'"
        shmtool "$command" -Z 5
        assert_wrong_usage "shmtool: $command: -Z: no such option"
    done
}

@test "a shortened option is refused, also where only one begins so" {
    local words
    for words in 'ls --fail' 'ls --own=5' 'ls --s 4' 'rm --dry' 'rm --al' 'who --j' 'run --iso true' 'ls --hel'; do
        # shellcheck disable=SC2086 # words
        shmtool $words
        assert_wrong_usage ': no such option; see '\''shmtool '"${words%% *}"' --help'\' || return 1
    done
    shmtool ls --onwer 5
    assert_wrong_usage "shmtool: ls: --onwer: no such option; see 'shmtool ls --help'"
}

@test "an option without its value, and a value that none takes, are wrong usage" {
    shmtool ls --owner
    assert_wrong_usage 'shmtool: ls: --owner: needs a value: USER'
    shmtool ls -s
    assert_wrong_usage 'shmtool: ls: -s: needs a value: RANGE'
    shmtool rm --max
    assert_wrong_usage 'shmtool: rm: --max: needs a value: N'
    shmtool ls --dest=yes
    assert_wrong_usage 'shmtool: ls: --dest=yes: takes no value'
    shmtool ls --help=me
    assert_wrong_usage 'shmtool: ls: --help=me: takes no value'
}

@test "what is wrong is shown, and no terminal obeys it" {
    shmtool $'\e]0;title\a\xff'
    assert_wrong_usage '\x1b]0;title\x07\xff: no such command'
    shmtool ls $'--\e[31m'
    assert_wrong_usage '--\x1b[31m: no such option'
    shmtool ls -- $'5\n6\x9b'
    assert_wrong_usage "'5\\x0a6\\x9b'"
    shmtool rm $'-\xe9'
    assert_wrong_usage '-\xe9: no such option'
}

@test "--sysroot without a directory is wrong usage" {
    local words
    for words in --sysroot '--sysroot= ls'; do
        # shellcheck disable=SC2086 # words
        shmtool $words
        assert_wrong_usage 'shmtool: --sysroot: needs a directory'
    done
    shmtool --sysroot '' ls
    assert_wrong_usage 'shmtool: --sysroot: needs a directory'
}

@test "--sysroot must stand before the command, and the message says so" {
    shmtool ls --sysroot /
    assert_wrong_usage "--sysroot: must stand before the command: 'shmtool --sysroot DIR ls'"
    shmtool ls --sysroot=/
    assert_wrong_usage 'must stand before the command'
}

@test "commands that change something refuse --sysroot" {
    need_ns
    local id
    id=$(make_seg)
    shmtool --sysroot / rm "$id"
    assert_wrong_usage 'shmtool: rm: --sysroot: '
    shmtool --sysroot=/ rm --all --yes
    assert_wrong_usage '--sysroot'
    assert_exists "$id"
}

@test "a setuid copy refuses to run" {
    need_ns
    need_root
    local copy=$BATS_TEST_TMPDIR/copy id mount
    id=$(make_seg)
    cp "$SHMTOOL" "$copy"
    chown 12345:12345 "$copy"
    chmod 4755 "$copy"
    mount=$(findmnt -n -o OPTIONS -T "$BATS_TEST_TMPDIR" 2>/dev/null) || mount=
    [[ ,$mount, != *,nosuid,* ]] || skip "the directory for temporary files is mounted nosuid"
    need_no_leak_sanitizer
    run_split "$copy" rm "$id"
    assert_wrong_usage 'refuses to run setuid, setgid or with file capabilities'
    run_split "$copy" ls
    assert_wrong_usage 'refuses to run setuid, setgid or with file capabilities'
    chown 0:12345 "$copy"
    chmod 2755 "$copy"
    run_split "$copy" ls
    assert_wrong_usage 'refuses to run setuid, setgid or with file capabilities'
    assert_exists "$id"
}

@test "a copy with file capabilities refuses to run: it removes nothing for who may not" {
    need_ns
    need_root
    need_program setcap
    need_no_leak_sanitizer
    local dir copy id
    dir=$(mktemp -d) && chmod 755 "$dir" # that of bats is closed to other users
    copy=$dir/copy
    id=$(make_seg)
    install -m 755 "$SHMTOOL" "$copy"
    setcap cap_sys_admin,cap_ipc_owner+ep "$copy" 2>/dev/null || skip "file capabilities cannot be set here"
    as_user 12345 test -x "$copy" || skip "the directory for temporary files is closed to other users"
    run_split as_user 12345 "$copy" rm "$id"
    assert_wrong_usage 'refuses to run setuid, setgid or with file capabilities'
    assert_exists "$id"
}

@test "a full disk is an error, for every form and both commands" {
    need_ns
    many_segments
    local form id
    id=$(all_ids | head -n 1)
    for form in '' --json --ndjson --csv --quiet; do
        # shellcheck disable=SC2086 # none or one
        run_split bash -c '"$@" >/dev/full' - "$SHMTOOL" ls $form
        assert_status 1
        assert_err 'shmtool: ls: standard output: No space left on device'
    done
    run_split bash -c '"$@" >/dev/full' - "$SHMTOOL" ls "$id"
    assert_status 1
    assert_err 'shmtool: ls: standard output: No space left on device'
    run_split bash -c '"$@" >/dev/full' - "$SHMTOOL" rm --all --dry-run
    assert_status 1
    assert_err_has 'standard output: No space left on device'
    run_split bash -c '"$@" >/dev/full' - "$SHMTOOL" --help
    assert_status 1
    assert_err 'shmtool: standard output: No space left on device'
}

@test "what a full disk keeps from being told is removed all the same, exit 1" {
    need_ns
    many_segments
    run_split bash -c '"$@" >/dev/full' - "$SHMTOOL" rm --all --yes -v
    assert_status 1
    assert_err_has 'removed 400 of 400 segments'
    assert_err_has 'standard output: No space left on device'
    assert_equal "$(all_ids)" ''
}

@test "a closed pipe is not worth a message" {
    need_ns
    many_segments
    local form
    for form in '' --json --ndjson --csv --quiet; do
        # shellcheck disable=SC2016,SC2086 # expanded by the inner shell; none or one
        run_split bash -c '"$@" | head -n 1; exit ${PIPESTATUS[0]}' - "$SHMTOOL" ls $form
        assert_err ''
        assert_out_lines 1
        # Ended by SIGPIPE, or done before head went.
        [[ $status == 141 || $status == 0 ]] || fail "status $status"
    done
}

@test "a closed pipe is not worth a message where SIGPIPE is ignored" {
    need_ns
    many_segments
    local form
    for form in '' --json --ndjson --csv --quiet; do
        # shellcheck disable=SC2016,SC2086 # expanded by the inner shell; none or one
        run_split bash -c 'trap "" PIPE; exec 9> >(exec true); wait $!; "$@" >&9' - "$SHMTOOL" ls $form
        assert_err ''
        assert_status 1
    done
}

@test "rm goes on when nobody reads what it tells" {
    need_ns
    many_segments
    # shellcheck disable=SC2016 # expanded by the inner shell
    run_split bash -c 'exec 9> >(exec true); wait $!; "$@" >&9' - "$SHMTOOL" rm --all --yes -v
    assert_status 1
    assert_err 'shmtool: rm: removed 400 of 400 segments, 400 B freed'
    assert_equal "$(all_ids)" ''
}

@test "closed standard output is an error, and nothing is written into another file" {
    need_ns
    make_seg >/dev/null
    run_split bash -c '"$@" >&-' - "$SHMTOOL" ls
    assert_status 1
    assert_err 'shmtool: ls: standard output: Bad file descriptor'
    run_split bash -c '"$@" >&-' - "$SHMTOOL" --version
    assert_status 1
    assert_err 'shmtool: standard output: Bad file descriptor'
}

@test "closed standard error loses messages only" {
    need_ns
    local id
    id=$(make_seg)
    run_split bash -c '"$@" 2>&-' - "$SHMTOOL" ls -q "$id" 99999
    assert_status 1
    assert_out "$id"
    run_split bash -c '"$@" 2>&-' - "$SHMTOOL" rm --all
    assert_status 3
    assert_exists "$id"
    run_split bash -c '"$@" 2>&-' - "$SHMTOOL" rm "$id"
    assert_status 0
    assert_gone "$id"
}

@test "closed standard input: ls does not want it, rm cannot read ids from it" {
    need_ns
    local id
    id=$(make_seg)
    run_split bash -c '"$@" <&-' - "$SHMTOOL" ls -q
    assert_status 0
    assert_out "$id"
    run_split bash -c '"$@" <&-' - "$SHMTOOL" rm
    assert_status 1
    assert_err 'shmtool: rm: standard input: Bad file descriptor'
    run_split bash -c '"$@" <&-' - "$SHMTOOL" rm --all
    assert_status 3
    assert_exists "$id"
    run_split bash -c '"$@" <&-' - "$SHMTOOL" rm "$id"
    assert_status 0
    assert_gone "$id"
}

@test "with all three streams closed it still does its work" {
    need_ns
    local id
    id=$(make_seg)
    run_split bash -c '"$@" <&- >&- 2>&-' - "$SHMTOOL" rm "$id"
    assert_status 0
    assert_gone "$id"
}

@test "an unusual locale changes neither numbers nor words" {
    need_ns
    make_seg --size 1048576 >/dev/null
    local locale expected
    shmtool ls -lH --time epoch
    expected=$out
    for locale in C POSIX de_DE.UTF-8 no_SUCH.LOCALE; do
        run_split env LC_ALL="$locale" LANG="$locale" LANGUAGE=de "$SHMTOOL" ls -lH --time epoch
        assert_status 0
        assert_equal "$out" "$expected"
    done
    run_split env LC_ALL=de_DE.UTF-8 LANGUAGE=de "$SHMTOOL" ls 12345
    assert_err 'shmtool: ls: 12345: no such segment'
}
