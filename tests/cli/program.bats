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
    assert_out_has 'Usage: shmtool [-N NS | -A | --sysroot DIR] COMMAND'
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

@test "the help of help is the program's own" {
    local word
    for word in help --help -h; do
        shmtool help "$word"
        assert_status 0
        assert_err ''
        assert_out_has 'Commands:' || return 1
    done
    shmtool help help ls
    assert_wrong_usage 'help takes one command'
}

@test "every help fits a terminal of 80 columns" {
    local command commands
    mapfile -t commands < <("$SHMTOOL" --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p')
    assert_equal "${commands[*]}" 'ls stat who rm run limits key doctor ns du watch wait metrics create set cat restore capture'
    for command in '' "${commands[@]}"; do
        # shellcheck disable=SC2086 # none or one
        shmtool help $command
        assert_status 0
        assert_equal "$(grep -nE '.{81}' "$out_file")" '' || return 1
    done
}

@test "every help has the command's own options first, and behind them those that many have" {
    local command headings own
    for command in $("$SHMTOOL" --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p'); do
        headings=$("$SHMTOOL" "$command" --help | sed -n 's/^\([A-Z][A-Za-z ]*\).*:$/\1/p' | paste -sd ,)
        [[ $headings == *,Examples ]] || fail "$command: the examples are not last: $headings" || return 1
        own=${headings%Examples}
        own=${own%Output,}
        own=${own%Selecting segments ,}
        # who has none, and of the output stat has one alone.
        case $command in
        who) assert_equal "$own" '' ;;
        stat) assert_equal "$own" Output, ;;
        *) [[ $own && $own != *Selecting* && $own != *Output* ]] ;;
        esac || fail "$command: $headings" || return 1
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
            # What lasts is to end.
            watch) example+=' --count 0' ;;
            wait) example+=' --timeout 0' ;;
            limits) [[ $example != *--set* ]] || example+=' --dry-run' ;;
            esac
            run_split bash -c "cd '$BATS_TEST_TMPDIR' && shmtool() { '$SHMTOOL' \"\$@\"; }; $example" </dev/null
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

@test "no words at all: the help, on standard error, exit 2" {
    shmtool --help
    local help=$out
    shmtool
    assert_status 2
    assert_out ''
    assert_equal "$err" "$help"
    shmtool --sysroot /
    assert_wrong_usage 'shmtool: a command is missing' "'shmtool --help'"
}

@test "-h is --help and -V is --version, before a command and after every one" {
    local command expected commands
    mapfile -t commands < <("$SHMTOOL" --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p')
    for command in '' "${commands[@]}"; do
        # shellcheck disable=SC2086 # none or one
        shmtool $command --help
        assert_status 0 || return 1
        expected=$out
        # shellcheck disable=SC2086 # none or one
        shmtool $command -h
        assert_status 0 || return 1
        assert_equal "$out" "$expected" || return 1
        for words in -V --version; do
            # shellcheck disable=SC2086 # none or one
            shmtool $command $words
            assert_status 0 || return 1
            assert_out_matches $'^shmtool [0-9.]+\n$' || return 1
        done
    done
    # Among other letters, and nothing is done.
    shmtool rm -yh --all
    assert_status 0
    assert_out_has 'Usage: shmtool rm '
    # What follows run's program is the program's.
    shmtool run echo -h -V
    assert_out '-h -V'
}

@test "a command that is nearly right, or has another name elsewhere, is answered with the right one" {
    local pair
    for pair in list:ls LS:ls sl:ls ipcs:ls remove:rm delete:rm ipcrm:rm show:stat info:stat stats:stat wh:who \
        prune:rm lsns:ns namespaces:ns monitor:watch dump:cat usage:du explain:doctor limit:limits docter:doctor keys:key hlep:help; do
        shmtool "${pair%:*}"
        assert_wrong_usage "shmtool: ${pair%:*}: no such command; did you mean '${pair#*:}'?" || return 1
        shmtool help "${pair%:*}"
        assert_wrong_usage "shmtool: ${pair%:*}: no such command; did you mean '${pair#*:}'?" || return 1
    done
    shmtool --versoin
    assert_wrong_usage "shmtool: --versoin: no such option; did you mean '--version'?"
    shmtool -z
    assert_wrong_usage "shmtool: -z: no such option before a command; see 'shmtool --help'"
    shmtool --json ls
    assert_wrong_usage "shmtool: --json: no such option before a command; see 'shmtool --help'"
}

@test "an option that is nearly right, or has another name elsewhere, is answered with the right one" {
    local words pair
    for pair in 'ls --onwer:--owner' 'ls --user:--owner' 'ls --json-:--json' 'rm --force:--yes' 'rm --dry:--dry-run' \
        'stat --older:--older-than' 'ls --order=x:--sort' 'ls --hlep:--help' 'rm --detached:--unattached' \
        'rm --unused:--unattached' 'who --used:--attached' 'ls --in-use:--attached' 'ls --cuid:--creator' \
        'ls --age:--older-than' 'ls --human-readable:--human' 'du --fields:--columns' 'watch --json:--ndjson'; do
        words=${pair%:*}
        # shellcheck disable=SC2086 # words
        shmtool $words
        pair=${pair#*:}
        words=${words#* }
        assert_wrong_usage ": ${words%=*}: no such option; did you mean '$pair'?" || return 1
    done
    # Not --pid, which is near, and another matter.
    for words in id ids shmid shmem-id; do
        shmtool rm "--$words" 5
        assert_wrong_usage "shmtool: rm: --$words: no such option; ids need none; see 'shmtool rm --help'" || return 1
    done
    shmtool create --id 5
    assert_wrong_usage "shmtool: create: --id: no such option; see 'shmtool create --help'"
    # Not the opposite.
    for words in 'rm --unlocked' 'ls --undest' 'create --reserve'; do
        # shellcheck disable=SC2086 # words
        shmtool $words
        assert_wrong_usage ": ${words#* }: no such option; see 'shmtool ${words% *} --help'" || return 1
    done
    # Only what the command has.
    shmtool key --force x
    assert_wrong_usage "shmtool: key: --force: no such option; see 'shmtool key --help'"
}

@test "a long option with one dash is answered with the one that has two" {
    local words
    for words in 'ls -sort bytes' 'ls -json' 'ls -size=5' 'rm -all' 'rm -orphan' 'rm -dry-run 5' 'doctor -key 5' \
        'stat -older-than 1d'; do
        # shellcheck disable=SC2086 # words
        shmtool $words
        words=${words#* -}
        assert_wrong_usage "; did you mean '--${words%%[ =]*}'?" || return 1
    done
    shmtool ls -k x
    assert_wrong_usage 'or octal with a leading 0; IPC_PRIVATE is 0)'$'\n'
    shmtool rm -rf 5
    assert_wrong_usage "-r: no such option; see 'shmtool rm --help'"$'\n'
}

@test "columns and states that are nearly right" {
    shmtool ls -c key,onwer
    assert_wrong_usage "'onwer': no such column; did you mean 'owner'? There are: key shmid "
    shmtool ls -c sise
    assert_wrong_usage "'sise': no such column; did you mean 'size'?"
    # What lsipc calls them is no slip of a finger.
    local pair
    for pair in id:shmid user:owner cuser:creator cgroup:creator_group pid:cpid attach:atime detach:dtime; do
        shmtool ls -c "key,${pair%:*}"
        assert_wrong_usage "'${pair%:*}': no such column; did you mean '${pair#*:}'?" || return 1
    done
    # Only what the table has.
    shmtool who -c user,id,attach
    assert_wrong_usage "'id': no such column; did you mean 'shmid'?"
    shmtool key -c attach
    assert_wrong_usage "'attach': no such column; did you mean 'nattch'?"
    shmtool ls --sort -nattach
    assert_wrong_usage "'nattach': no such column; did you mean 'nattch'?"
    shmtool ls --state orphans
    assert_wrong_usage "'orphans': not a state (used, dest, orphan, idle, unknown); did you mean 'orphan'?"
}

@test "letters of ipcs and ipcrm are answered with what to type" {
    need_ns
    local id line
    id=$(make_seg)
    while read -r line; do
        # shellcheck disable=SC2086 # words
        shmtool ${line%% = *}
        assert_wrong_usage "shmtool: ${line%% *}: ${line#* = }" || return 1
    done <<'END'
rm -m 5 = -m 5: ids need no option here: shmtool rm 5
rm -m5 = -m 5: ids need no option here: shmtool rm 5
rm -m = -m: ids need no option here: shmtool rm ID
rm -M 0x77 = -M 0x77: keys are named by --key: shmtool rm --key 0x77
rm -n 5 = -n: what would be removed is shown with --dry-run: shmtool rm --dry-run
set -n perms=640 5 = -n: what would be changed is shown with --dry-run: shmtool set --dry-run NAME=VALUE ID
rm -a = -a: all segments are named by --all: shmtool rm --all
rm shm 5 = 'shm': not an id; ids need no word before them
stat -i 5 = -i 5: ids need no option here: shmtool stat 5
who -m 5 = -m 5: ids need no option here: shmtool who 5
ls -i 5 = -i 5: all of one segment is shown by stat: shmtool stat 5
ls -p = -p: the pids of creator and last user are columns: shmtool ls -c +cpid,lpid
ls -mt = -t: times are columns: shmtool ls -c +atime,dtime,ctime
ls -u = -u: what is in use, and of how much, is shown by limits: shmtool limits
ls -J = -J: JSON is an option: shmtool ls --json
ls -a = -a: all that ls lists is shared memory: shmtool ls
END
    # What is to be typed is about the same place: the id is another segment elsewhere.
    shmtool rm -N $$ -m "$id"
    assert_wrong_usage "-m $id: ids need no option here: shmtool -N $$ rm $id"
    shmtool -N /proc/$$/ns/ipc rm -M
    assert_wrong_usage "-M: keys are named by --key: shmtool -N /proc/$$/ns/ipc rm --key KEY"
    cp -r "$SRC/tests/fixtures/listing" "$BATS_TEST_TMPDIR/a tree"
    shmtool stat -i 5 --sysroot "$BATS_TEST_TMPDIR/a tree"
    assert_wrong_usage "-i 5: ids need no option here: shmtool --sysroot '$BATS_TEST_TMPDIR/a tree' stat 5"
    # What is advised works.
    for line in '-c +cpid,lpid' '-c +atime,dtime,ctime'; do
        # shellcheck disable=SC2086 # words
        shmtool ls $line
        assert_status 0
    done
    # -m alone is what ls does anyway.
    shmtool ls
    line=$out
    shmtool ls -m
    assert_status 0
    assert_err ''
    assert_equal "$out" "$line"
    shmtool ls -mq "$id"
    assert_out "$id"
    assert_exists "$id"
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
        assert_wrong_usage ': no such option; ' || return 1
    done
    shmtool who --j
    assert_wrong_usage "shmtool: who: --j: no such option; see 'shmtool who --help'"
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

@test "where to look: without a value, or more than one of them, is wrong usage" {
    shmtool --sysroot
    assert_wrong_usage 'shmtool: --sysroot: needs a value: DIR'
    shmtool ls -N
    assert_wrong_usage 'shmtool: ls: -N: needs a value: NS'
    shmtool --sysroot= ls
    assert_wrong_usage 'shmtool: --sysroot: needs a directory'
    shmtool ls --sysroot ''
    assert_wrong_usage 'shmtool: ls: --sysroot: needs a directory'
    shmtool ls --namespace=
    assert_wrong_usage 'shmtool: ls: --namespace: needs a namespace'
    shmtool --sysroot / ls -N 1
    assert_wrong_usage 'shmtool: ls: --namespace: cannot be combined with --sysroot'
    shmtool ls -A --namespace 1
    assert_wrong_usage 'shmtool: ls: --namespace: cannot be combined with --all-namespaces'
    shmtool -A --sysroot / ls
    assert_wrong_usage 'shmtool: --sysroot: cannot be combined with --all-namespaces'
    shmtool ls --all-namespaces=5
    assert_wrong_usage 'shmtool: ls: --all-namespaces=5: takes no value'
}

@test "where to look, before the command: nothing that stands in one word with -A is ignored" {
    local word
    for word in --all-namespaces=5 --all-namespaces= -Aq -A=5 -AZ -A5; do
        shmtool "$word" ls
        assert_wrong_usage "shmtool: $word: no such option" || return 1
    done
}

@test "--sysroot stands before the command, among its options, or after an operand" {
    local tree=$SRC/tests/fixtures/listing
    shmtool --sysroot "$tree" ls 1867776
    local expected=$out
    shmtool ls --sysroot "$tree" 1867776
    assert_out "${expected%$'\n'}"
    shmtool ls 1867776 --no-header --sysroot="$tree" --owner root
    assert_status 0
    # After -- it is an operand; what wraps a program leaves it to that.
    shmtool ls -- --sysroot
    assert_wrong_usage "'--sysroot'"
    need_ns
    shmtool run echo --sysroot / -A -N 5
    assert_out '--sysroot / -A -N 5'
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
    need_no_sanitizer
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
    without_leak_sanitizer
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
