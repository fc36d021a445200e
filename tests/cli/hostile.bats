# Names that strangers give their processes and users, as every command shows them.

load common
load processes

teardown() {
    end_daemons
    common_teardown
}

need_python() {
    need_program python3
}

# no_control_bytes FILE: nothing that a terminal obeys is in it: no control byte but the newline, no DEL,
# no C1 control, nothing that is no UTF-8
no_control_bytes() {
    ! LC_ALL=C grep -q $'[\001-\011\013-\037\177]' "$1" || fail "a control byte" || return 1
    ! LC_ALL=C grep -q $'\xc2[\x80-\x9f]' "$1" || fail "a C1 control" || return 1
    iconv -f UTF-8 -t UTF-8 "$1" >/dev/null || fail "no UTF-8"
}

# every_view ID: all that show the processes of a segment; nothing in them harms
every_view() {
    local words
    for words in 'ls -l' 'who' "stat $1" 'doctor' 'ls --csv'; do
        # shellcheck disable=SC2086 # words
        shmtool $words
        [[ $status == [01] ]] || fail "shmtool $words" || return 1
        no_control_bytes "$out_file" || return 1
        no_control_bytes "$err_file" || return 1
    done
    for words in 'ls --json' 'ls --ndjson' 'who --json' "stat --json $1" 'doctor --json' 'rm --all --dry-run --json'; do
        # shellcheck disable=SC2086 # words
        shmtool $words
        [[ $status == [01] ]] || fail "shmtool $words" || return 1
        no_control_bytes "$out_file" || return 1
        python3 -c '
import json, sys
text = open(sys.argv[1], "rb").read().decode("utf-8")
for document in text.splitlines() if sys.argv[2].endswith("ndjson") else [text]:
    json.loads(document)' "$out_file" "$words" || fail "no JSON" || return 1
    done
    run_split "$SHMTOOL" rm --all <<<no
    assert_status 3
    no_control_bytes "$err_file" || return 1
    assert_exists "$1"
}

@test "a name of the kernel's with a newline and another state's numbers: still the process that it is" {
    need_ns
    need_python
    act make:0x71 attach $'name:a) Z 1 1\n(b' bare
    every_view "$seg"
    shmtool who "$seg"
    assert_out_lines 2
    assert_out_has "$actor"
    # Its state is read behind the last parenthesis: it lives, and holds what it holds.
    shmtool ls -q --state used
    assert_out "$seg"
}

@test "a name of the kernel's with escapes and bytes that are no UTF-8" {
    need_ns
    need_python
    act make:0x72 attach $'name:\e[2J\xff\x9b\xc2\x9bx' bare
    every_view "$seg"
    shmtool who "$seg"
    assert_out_has '\x1b[2J\xff\x9b\xc2\x9bx'
    run_split "$SHMTOOL" rm --all <<<no
    assert_err_has "[$actor]"
}

@test "4 KiB of command name, with escapes and newlines all through" {
    need_ns
    need_python
    local id name
    name=$(printf '\e[31m\n\xff%.0s' {1..512})
    id=$(make_seg)
    # shellcheck disable=SC2016 # for the inner shell
    start_helper bash -c 'exec -a "$1" "$HELPERS/actor" use:"$2" attach' - "$name" "$id"
    every_view "$id"
    shmtool who "$id"
    assert_out_lines 2
    run_split "$SHMTOOL" rm --all <<<no
    # The question stays a question: one line a segment.
    assert_equal "$(grep -c '' "$err_file")" "$(grep -c -e '^key' -e '^0x' -e '^Remove ' -e '^shmtool: rm: ' "$err_file")"
}

@test "users with hostile names, as owners of live segments" {
    need_ns
    need_root
    need_python
    local id name
    for name in 54321 54322 54323; do
        id=$(make_seg --uid "$name")
    done
    with_users $'a\e[31m\e]0;t\a\x7f\xc2\x9b:x:54321:1::/:' $'\xff\xfe"b",\\x41\xe2\x80\xae:x:54322:1::/:' \
        "$(printf '%04096d:x:54323:1::/:' 7)"
    every_view "$id"
    run_split "$SHMTOOL" rm --all <<<no
    assert_err_has 'a\x1b[31m\x1b]0;t\x07\x7f\xc2\x9b'
    assert_err_has '\xff\xfe"b",\x5cx41'
    assert_err_has "$(printf '%04096d' 7)"
    shmtool ls -q --owner $'a\e[31m\e]0;t\a\x7f\xc2\x9b'
    assert_out_lines 1
}
