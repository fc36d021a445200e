# rm: what is removed, what is left alone, what is said of it.
load common
load forms

# need_meanwhile: skips the test where no program can be traced
need_meanwhile() {
    "$HELPERS/meanwhile" --test || skip "no program can be traced here"
}

# rm_meanwhile DEED ARG...: answer_meanwhile with `rm --interactive ARG...`: DEED is run when everything was
# selected and nothing was read again
rm_meanwhile() {
    answer_meanwhile "$1" rm --interactive "${@:2}"
}

# attach_when_told ID...: a helper that will attach them once attach_now is called
attach_when_told() {
    gate=$BATS_TEST_TMPDIR/gate
    held=$BATS_TEST_TMPDIR/held
    mkfifo "$gate"
    # shellcheck disable=SC2016 # expanded by the inner shell
    start_helper bash -c 'echo ready; read -r _ <"$1"; exec "${@:3}" >"$2"' - \
        "$gate" "$held" "$HELPERS/holdseg" "$@"
}

attach_now() {
    echo >"$gate"
    wait_until grep -q ready "$held"
}

@test "an id goes without a question, without a word" {
    need_ns
    local id other
    { read -r id && read -r other; } < <(make_seg --count 2)
    shmtool rm "$id"
    assert_status 0
    assert_out ''
    assert_err ''
    assert_gone "$id"
    assert_exists "$other"
}

@test "several ids: a summary, on standard error" {
    need_ns
    local ids
    mapfile -t ids < <(make_seg --count 4 --size 131104)
    shmtool rm "${ids[2]}" "${ids[0]}" "${ids[3]}"
    assert_status 0
    assert_out ''
    assert_err 'shmtool: rm: removed 3 of 3 segments, 384.1 KiB freed'
    assert_equal "$(all_ids)" "${ids[1]}"
}

@test "the same id twice is one id" {
    need_ns
    local id
    id=$(make_seg)
    shmtool rm "$id" "$id"
    assert_status 0
    assert_err ''
    assert_gone "$id"
}

@test "id 0" {
    # The first segment of a namespace has it.
    need_ns
    unshare --ipc true 2>/dev/null || skip "no further IPC namespace can be made here"
    # shellcheck disable=SC2016 # expanded by the inner shell
    run_split unshare --ipc bash -c '
        SHMTOOL_TEST_OUTER_NS=$(readlink "/proc/$PPID/ns/ipc")
        "$HELPERS/mkseg" --count 2 >/dev/null
        "$SHMTOOL" rm 0
        "$SHMTOOL" ls -q'
    assert_status 0
    assert_out 1
    assert_err ''
}

@test "words that are no ids: wrong usage, and nothing is removed" {
    need_ns
    local id word
    id=$(make_seg)
    for word in 4294967296 "$((4294967296 + id))" 2147483648 -1 1x x "0x$id" "+$id" " $id" "$id " '' "$id.0" "0$id" "$id,$id"; do
        shmtool rm -- "$word"
        assert_wrong_usage "shmtool: rm: '$word': not an id"
        shmtool rm "$id" -- "$word"
        assert_wrong_usage "shmtool: rm: '$word': not an id"
    done
    assert_exists "$id"
    shmtool rm -1
    assert_wrong_usage '-1: no such option'
    assert_exists "$id"
}

@test "wrong options: wrong usage, and nothing is removed" {
    need_ns
    local id words
    id=$(make_seg)
    for words in '--yes --interactive' '-y -i --all' '--all --owner root' "--all $id" '--all --key 5' '--all -' \
        '--max x --all' '--max -1 --all' '--max= --all' '--owner nosuchuser --yes' '--size 5..1 --yes' \
        '--key 0x1ffffffff' '--nope --all' '--all --yes=1' '--state none --yes' '--older-than 1y --yes'; do
        # shellcheck disable=SC2086 # words
        shmtool rm $words </dev/null
        assert_status 2
        assert_out ''
        assert_err_matches $'^shmtool: rm: [^\n]*\n$'
    done
    assert_exists "$id"
    shmtool rm --yes --interactive "$id"
    assert_wrong_usage '--yes: cannot be combined with --interactive'
    shmtool rm --all "$id"
    assert_wrong_usage '--all: cannot be combined with ids or other selections'
    assert_exists "$id"
}

@test "nothing selected, and a terminal as standard input: wrong usage" {
    need_ns
    make_seg >/dev/null
    pty -- "$SHMTOOL" rm
    assert_status 2
    assert_out_has 'nothing is selected'
    pty -- "$SHMTOOL" rm --yes -v
    assert_status 2
    assert_equal "$(all_ids | wc -l)" 1
}

@test "an id that does not exist: exit 1, a message, and the rest goes" {
    need_ns
    local id
    id=$(make_seg)
    shmtool rm 2147483647 "$id" 4242
    assert_status 1
    assert_out ''
    assert_err $'shmtool: rm: 4242: no such segment\nshmtool: rm: 2147483647: no such segment'
    assert_gone "$id"
    shmtool rm "$id"
    assert_status 1
    assert_err "shmtool: rm: $id: no such segment"
}

@test "--ignore-missing: an id that does not exist is no error" {
    need_ns
    local id
    id=$(make_seg)
    shmtool rm --ignore-missing 4242 "$id"
    assert_status 0
    assert_err ''
    assert_gone "$id"
    shmtool rm --ignore-missing "$id"
    assert_status 0
    assert_err ''
    shmtool rm --ignore-missing --key 0x4242
    assert_status 0
    assert_err ''
}

@test "a key that is not 0 goes without a question" {
    need_ns
    local a b other
    a=$(make_seg --key 0x77)
    b=$(make_seg --key -5)
    other=$(make_seg)
    shmtool rm --key 0x77 -k -5
    assert_status 0
    assert_err 'shmtool: rm: removed 2 of 2 segments, 8 KiB freed'
    assert_gone "$a" "$b"
    assert_exists "$other"
}

@test "a key that nobody has: exit 1, a message, and the rest goes" {
    need_ns
    local id
    id=$(make_seg --key 0x77)
    shmtool rm --key 0x4242 --key 0x77
    assert_status 1
    assert_err 'shmtool: rm: --key: 0x00004242: no segment has this key'
    assert_gone "$id"
    # Key 0 is nobody's.
    shmtool rm --key 0 --yes
    assert_status 0
    assert_err ''
}

@test "a number that is somebody's key, not an id, and the reverse: what was probably meant" {
    need_ns
    local id command word
    id=$(make_seg --key 61455)
    while ((id == 0)); do
        ipcrm -m "$id"
        id=$(make_seg --key 61455)
    done
    for command in rm ls stat who; do
        shmtool "$command" 61455
        assert_status 1 || return 1
        assert_err_has "shmtool: $command: 61455: no such segment; did you mean --key 61455, i.e. 0x0000f00f?" || return 1
        shmtool "$command" --key "$id"
        assert_err_has "$(printf 'shmtool: %s: --key: 0x%08x: no segment has this key; did you mean the id %d?' \
            "$command" "$id" "$id")" || return 1
        assert_exists "$id"
    done
    shmtool rm --key "$id"
    assert_status 1
    shmtool ls --key "$id"
    assert_status 0
    # Whose number is neither gets no advice.
    shmtool rm 61456
    assert_err 'shmtool: rm: 61456: no such segment'
    shmtool ls --key 61456
    assert_err ''
    # A key beyond the ids, in hex, as it is unsigned, and as the kernel prints it.
    make_seg --key 0xfffff00f >/dev/null
    shmtool rm 2147479567
    assert_err 'shmtool: rm: 2147479567: no such segment'
    for word in 0xfffff00f 4294963215 -4081; do
        shmtool rm -- "$word"
        assert_wrong_usage "shmtool: rm: '$word': not an id; a key is named by --key" || return 1
    done
    shmtool rm -4081
    assert_wrong_usage 'shmtool: rm: -4081: no such option; a key is named by --key'
    shmtool rm --key -4081 --dry-run
    assert_out_has 0xfffff00f
    shmtool rm --ignore-missing 61455
    assert_status 0
    assert_err ''
}

@test "ids and keys narrowed by other options are still named" {
    need_ns
    local small large keyed
    small=$(make_seg --size 1)
    large=$(make_seg --size 2)
    keyed=$(make_seg --size 2 --key 5)
    shmtool rm "$small" "$large" --size 2
    assert_status 0
    assert_err ''
    assert_exists "$small" "$keyed"
    assert_gone "$large"
    shmtool rm --key 5 --owner root --size 2
    assert_status 0
    assert_err ''
    assert_gone "$keyed"
    shmtool rm "$small" --size 2
    assert_status 0
    assert_exists "$small"
}

@test "an id and a key: both must fit" {
    need_ns
    local a b
    a=$(make_seg --key 5)
    b=$(make_seg --key 6)
    shmtool rm "$a" --key 6
    assert_status 0
    assert_exists "$a" "$b"
    shmtool rm "$a" "$b" --key 6
    assert_status 0
    assert_exists "$a"
    assert_gone "$b"
}

@test "a segment in use is marked, exit 0, and said to be" {
    need_ns
    local id
    id=$(make_seg --key 5)
    start_helper holdseg "$id"
    shmtool rm "$id"
    assert_status 0
    assert_err "shmtool: rm: $id: marked for destruction; it goes when nobody has it attached any more"
    assert_equal "$(field_of "$id" 3)" 1600
    stop_helper
    assert_gone "$id"
}

@test "a segment in use is said to be marked also beside an id that does not exist" {
    need_ns
    local id
    id=$(make_seg)
    start_helper holdseg "$id"
    shmtool rm "$id" 4242
    assert_status 1
    assert_err_has "shmtool: rm: $id: marked for destruction"
    assert_err_has 'shmtool: rm: 4242: no such segment'
}

@test "a segment that is dest already is reported as marked, exit 0" {
    need_ns
    local id
    id=$(make_seg)
    start_helper holdseg --rmid "$id"
    shmtool rm "$id"
    assert_status 0
    assert_err "shmtool: rm: $id: was marked for destruction before; it goes when nobody has it attached any more"
    assert_exists "$id"
    shmtool rm --json "$id"
    assert_status 0
    assert_out_has '"outcome": "marked"'
}

@test "the summary: removed, freed, marked, and what did not exist" {
    need_ns
    local ids
    mapfile -t ids < <(make_seg --count 5 --size 1048576)
    start_helper holdseg "${ids[1]}"
    start_helper holdseg --rmid "${ids[3]}"
    shmtool rm "${ids[@]}" 4242
    assert_status 1
    assert_err "shmtool: rm: 4242: no such segment
shmtool: rm: removed 3 of 5 segments, 3 MiB freed, 2 only marked dest because processes hold them, 1 did not exist"
    assert_exists "${ids[1]}" "${ids[3]}"
    assert_gone "${ids[0]}" "${ids[2]}" "${ids[4]}"
}

@test "--verbose: a line a segment, and always a summary" {
    need_ns
    local id held
    id=$(make_seg --size 393216)
    shmtool rm -v "$id"
    assert_status 0
    assert_out "$id: removed, 393216 bytes"
    assert_err 'shmtool: rm: removed 1 of 1 segment, 384 KiB freed'
    { read -r id && read -r held; } < <(make_seg --size 1 --count 2)
    start_helper holdseg "$held"
    shmtool rm --verbose "$id" "$held" --ignore-missing 4242
    assert_status 0
    assert_equal "$(sort "$out_file")" "$(sort <<END
$id: removed, 1 byte
$held: marked for destruction; it goes when nobody has it attached any more
4242: does not exist
END
)"
    shmtool rm -v --all --yes </dev/null
    assert_status 0
    assert_out "$held: was marked for destruction before; it goes when nobody has it attached any more"
}

@test "--quiet: no summary and no word of what is only marked; errors are told" {
    need_ns
    local ids
    mapfile -t ids < <(make_seg --count 4)
    start_helper holdseg "${ids[3]}"
    shmtool rm -q "${ids[0]}" "${ids[1]}" "${ids[3]}" 4242
    assert_status 1
    assert_out ''
    assert_err 'shmtool: rm: 4242: no such segment'
    assert_gone "${ids[0]}" "${ids[1]}"
    assert_equal "$(field_of "${ids[3]}" 3)" 1600
    shmtool rm --quiet "${ids[3]}"
    assert_status 0
    assert_err ''
    shmtool rm --quiet --json --all --yes
    assert_status 0
    assert_err ''
    assert_out_has '"removed": 1, "marked": 1'
    shmtool rm -q -v --all
    assert_wrong_usage '--verbose: cannot be combined with --quiet'
}

@test "--quiet still asks, and a signal still has its summary" {
    need_ns
    need_meanwhile
    local ids
    mapfile -t ids < <(make_seg --count 3)
    run_split "$SHMTOOL" rm -q --all <<<no
    assert_status 3
    assert_err_has 'Remove 3 segments, 12 KiB, 0 of them in use? (yes/no) '
    run_split "$HELPERS/meanwhile" --signal 2 -- "$SHMTOOL" rm -q "${ids[@]}"
    assert_status 1
    assert_err 'shmtool: rm: removed 1 of 3 segments, 4 KiB freed, 2 not tried because a signal came'
}

@test "--all --yes removes every segment there is" {
    need_ns
    make_seg --count 5 --key 7 >/dev/null
    make_seg --count 5 >/dev/null
    shmtool rm --all --yes
    assert_status 0
    assert_out ''
    assert_err 'shmtool: rm: removed 10 of 10 segments, 40 KiB freed'
    assert_equal "$(all_ids)" ''
    shmtool rm --all --yes
    assert_status 0
    assert_err ''
}

@test "an option with --yes removes what it selects, and nothing else" {
    need_ns
    local small large
    small=$(make_seg --size 131104)
    large=$(make_seg --size 131105)
    shmtool rm --owner root --size 131104 --unattached --yes
    assert_status 0
    assert_err ''
    assert_gone "$small"
    assert_exists "$large"
    shmtool rm --size 5 --yes
    assert_status 0
    assert_err ''
}

@test "a size of more than 4 GiB is seen, compared and verified whole, by a program of 32 bits too" {
    need_ns
    local id columns
    id=$(ipcmk -M 5368709120 2>/dev/null | grep -o '[0-9]*$') || skip "the kernel does not grant 5 GiB"
    for columns in bytes bytes,rss; do
        shmtool ls -c "$columns" --json
        assert_out_has '"bytes": 5368709120' || return 1
    done
    shmtool rm --size ..4G --yes
    assert_status 0
    seg_exists "$id" || fail "not selected, and gone"
    shmtool set "$id" perms=640
    assert_status 0
    assert_equal "$(field_of "$id" 3)" 640
    shmtool rm --size 5G --yes
    assert_status 0
    assert_equal "$(all_ids)" ''
}

@test "--orphan and --state select for rm too" {
    need_ns
    local orphan idle
    orphan=$(make_seg)
    start_helper mkseg --stay
    idle=$(grep -v ready "$helper_out")
    shmtool rm --orphan --yes
    assert_status 0
    assert_gone "$orphan"
    assert_exists "$idle"
    shmtool rm --state idle,unknown -y
    assert_status 0
    assert_gone "$idle"
}

@test "--dry-run shows what would be removed as ls does, and removes nothing" {
    need_ns
    local a b other expected
    a=$(make_seg --size 1)
    b=$(make_seg --size 1)
    other=$(make_seg --size 2)
    shmtool ls --size 1
    expected=$out
    shmtool rm --dry-run --size 1
    assert_status 0
    assert_equal "$out" "$expected"
    assert_err 'shmtool: rm: would remove 2 segments, 2 B, 0 in use'
    shmtool rm --dry-run --all
    assert_status 0
    assert_out_lines 4
    shmtool rm --dry-run --quiet --all
    assert_status 0
    assert_err ''
    assert_out_lines 4
    shmtool rm --dry-run "$a" "$b"
    assert_equal "$out" "$expected"
    shmtool rm --dry-run --yes --all -v
    assert_status 0
    shmtool rm --dry-run -i --all </dev/null
    assert_status 0
    shmtool rm --dry-run "$a"
    assert_err 'shmtool: rm: would remove 1 segment, 1 B, 0 in use'
    shmtool rm --dry-run --size 7
    assert_err 'shmtool: rm: would remove 0 segments, 0 B, 0 in use'
    start_helper holdseg "$b"
    shmtool rm --dry-run --all
    assert_err 'shmtool: rm: would remove 3 segments, 4 B, 1 in use'
    assert_exists "$a" "$b" "$other"
}

@test "--dry-run names what does not exist, exit 1" {
    need_ns
    local id
    id=$(make_seg)
    shmtool rm --dry-run "$id" 4242
    assert_status 1
    assert_err $'shmtool: rm: 4242: no such segment\nshmtool: rm: would remove 1 segment, 4 KiB, 0 in use'
    assert_out_has " $id "
    shmtool rm --dry-run 4242 --ignore-missing
    assert_status 0
    assert_out 'key shmid owner perms bytes nattch status'
    assert_exists "$id"
}

@test "--max: exit 3 and nothing removed if more are selected" {
    need_ns
    local ids
    mapfile -t ids < <(make_seg --count 3)
    shmtool rm --max 2 --all --yes
    assert_status 3
    assert_out ''
    assert_err 'shmtool: rm: 3 segments are selected, more than --max 2: nothing was removed'
    shmtool rm --max 2 "${ids[@]}"
    assert_status 3
    shmtool rm --max 0 "${ids[0]}"
    assert_status 3
    assert_exists "${ids[@]}"
    # What does not exist is not selected.
    shmtool rm --max 1 "${ids[0]}" 4242 --ignore-missing
    assert_status 0
    shmtool rm --max 2 --all --yes
    assert_status 0
    assert_gone "${ids[@]}"
}

@test "--json: an outcome for each" {
    need_ns
    need_python
    local ids
    mapfile -t ids < <(make_seg --count 3 --size 5000)
    start_helper holdseg "${ids[1]}"
    shmtool rm --json "${ids[@]}" 4242
    assert_status 1
    # shellcheck disable=SC2016 # Python
    python '
first, second, third = map(int, sys.argv[2:])
document = doc()
results = sorted(document.pop("results"), key=lambda result: result["shmid"])
assert document == {"dry_run": False, "selected": 3, "removed": 2, "marked": 1, "gone": 0,
                    "changed": 0, "protected": 0, "failed": 1, "freed_bytes": 10000}, document
expected = [{"shmid": first, "outcome": "removed", "error": None, "bytes": 5000},
            {"shmid": second, "outcome": "marked", "error": None, "bytes": 5000},
            {"shmid": third, "outcome": "removed", "error": None, "bytes": 5000},
            {"shmid": 4242, "outcome": "failed", "error": "EINVAL", "bytes": None}]
assert results == sorted(expected, key=lambda result: result["shmid"]), results' "${ids[@]}"
}

@test "--json: in a dry run all are selected; with -v the lines go to standard error" {
    need_ns
    need_python
    local id
    id=$(make_seg --size 7)
    shmtool rm --json --dry-run --all
    assert_status 0
    # shellcheck disable=SC2016 # Python
    python '
assert doc() == {"dry_run": True, "selected": 1, "removed": 0, "marked": 0, "gone": 0, "changed": 0, "protected": 0,
                 "failed": 0, "freed_bytes": 7, "results": [
                     {"shmid": int(sys.argv[2]), "outcome": "selected", "error": None, "bytes": 7}]}' "$id"
    # What is in use would only be marked, and nothing of it freed.
    start_helper holdseg "$id"
    shmtool rm --json --dry-run --all
    python 'assert doc()["selected"] == 1 and doc()["freed_bytes"] == 0'
    stop_helper
    shmtool rm --json -v --all --yes
    assert_status 0
    assert_err_has "$id: removed, 7 bytes"
    python 'assert doc()["removed"] == 1 and doc()["freed_bytes"] == 7'
    shmtool rm --json --all --yes
    assert_status 0
    python 'assert doc()["results"] == [] and doc()["selected"] == 0'
    shmtool rm --json --ignore-missing 4242
    assert_status 0
    python 'assert doc()["results"] == [{"shmid": 4242, "outcome": "gone", "error": None, "bytes": None}]'
}

@test "gone before its turn: no failure" {
    need_ns
    local ids
    mapfile -t ids < <(make_seg --count 3)
    rm_meanwhile "ipcrm -m ${ids[1]}" "${ids[@]}"
    assert_status 0
    assert_err_has 'shmtool: rm: removed 2 of 3 segments, 8 KiB freed, 1 gone already'
    assert_equal "$(all_ids)" ''
}

@test "changed before its turn: left alone, exit 1, the rest goes" {
    need_ns
    need_root
    local ids
    mapfile -t ids < <(make_seg --count 3)
    rm_meanwhile "'$HELPERS/setseg' --uid 12345 ${ids[1]}" "${ids[@]}"
    assert_status 1
    assert_err_has "shmtool: rm: ${ids[1]}: changed since it was listed, left alone"
    assert_err_has 'removed 2 of 3 segments, 8 KiB freed, 1 changed and left alone'
    assert_equal "$(all_ids)" "${ids[1]}"
}

@test "marked by somebody else before its turn: its key has changed, left alone" {
    need_ns
    local id
    id=$(make_seg --key 0x77)
    start_helper holdseg "$id"
    rm_meanwhile "ipcrm -m $id" "$id" --json
    assert_status 1
    assert_err_has "$id: changed since it was listed, left alone"
    assert_out_has '"changed": 1'
    assert_out_has '"outcome": "changed", "error": null'
}

@test "marked by somebody else before its turn, and without a key: reported as marked" {
    need_ns
    local id
    id=$(make_seg)
    start_helper holdseg "$id"
    rm_meanwhile "ipcrm -m $id" "$id" --json
    assert_status 0
    assert_out_has '"marked": 1'
}

@test "attached before its turn: left alone under --unattached, else marked" {
    need_ns
    local a b
    a=$(make_seg --size 10)
    b=$(make_seg --size 10)
    attach_when_told "$a"
    rm_meanwhile attach_now --unattached --size 10
    assert_status 1
    assert_err_has "shmtool: rm: $a: changed since it was listed, left alone"
    assert_err_has 'removed 1 of 2 segments'
    assert_gone "$b"
    assert_equal "$(field_of "$a" 3)" 600
    kill_helper
    rm "$gate" "$held"
    attach_when_told "$a"
    rm_meanwhile attach_now "$a"
    assert_status 0
    assert_equal "$(field_of "$a" 3)" 1600
}

@test "detached before its turn: left alone under --attached" {
    need_ns
    local id
    id=$(make_seg)
    start_helper holdseg "$id"
    rm_meanwhile 'stop_helper' "$id" --attached
    assert_status 1
    assert_err_has "$id: changed since it was listed, left alone"
    assert_exists "$id"
}

@test "what comes into being meanwhile is not removed" {
    need_ns
    local old
    old=$(make_seg)
    rm_meanwhile "make_seg --key 0x99 >/dev/null" --all
    assert_status 0
    assert_gone "$old"
    assert_equal "$(all_ids | wc -l)" 1
}

@test "a segment made anew in the place of one that is gone is another one" {
    need_ns
    local id
    id=$(make_seg --key 0x77)
    rm_meanwhile "ipcrm -m $id; make_seg --key 0x77 >/dev/null" --key 0x77
    assert_status 0
    assert_err_has_not removed
    assert_equal "$(all_ids | wc -l)" 1
}

@test "gone at the very moment of its removal: no failure" {
    need_ns
    need_meanwhile
    local ids
    mapfile -t ids < <(make_seg --count 3)
    run_split "$HELPERS/meanwhile" --nth 2 --do "ipcrm --all=shm" -- "$SHMTOOL" rm "${ids[@]}"
    assert_status 0
    assert_err 'shmtool: rm: removed 1 of 3 segments, 4 KiB freed, 2 gone already'
}

@test "attached at the very moment of its removal: marked" {
    need_ns
    need_meanwhile
    local id
    id=$(make_seg)
    attach_when_told "$id"
    run_split "$HELPERS/meanwhile" \
        --do "echo >'$gate'; timeout 60 sh -c 'until grep -q ready \"$held\"; do sleep 0.02; done'" \
        -- "$SHMTOOL" rm --json "$id"
    assert_status 0
    assert_out_has '"marked": 1'
}

@test "SIGINT, SIGTERM and SIGHUP stop between two segments, and the summary is still printed" {
    need_ns
    need_meanwhile
    local ids signal
    for signal in 2 15 1; do
        mapfile -t ids < <(make_seg --count 5)
        run_split "$HELPERS/meanwhile" --nth 2 --signal $signal -- "$SHMTOOL" rm "${ids[@]}"
        assert_status 1
        assert_err 'shmtool: rm: removed 2 of 5 segments, 8 KiB freed, 3 not tried because a signal came'
        assert_equal "$(all_ids | wc -l)" 3
        remove_all_segments
    done
}

@test "SIGINT at the last segment leaves nothing undone" {
    need_ns
    need_meanwhile
    local ids
    mapfile -t ids < <(make_seg --count 2)
    run_split "$HELPERS/meanwhile" --nth 2 --signal 2 -- "$SHMTOOL" rm "${ids[@]}"
    assert_status 0
    assert_err 'shmtool: rm: removed 2 of 2 segments, 8 KiB freed'
}

@test "SIGINT: what was not tried is told by --verbose and --json" {
    need_ns
    need_meanwhile
    local ids first left
    mapfile -t ids < <(make_seg --count 3)
    first=$(all_ids | head -n 1)
    run_split "$HELPERS/meanwhile" --signal 2 -- "$SHMTOOL" rm -v "${ids[@]}"
    assert_status 1
    left=$(all_ids)
    assert_out "$first: removed, 4096 bytes
${left/$'\n'/: not tried, a signal came$'\n'}: not tried, a signal came"
    run_split "$HELPERS/meanwhile" --signal 2 -- "$SHMTOOL" rm --json --all --yes
    assert_status 1
    assert_equal "$(grep -c '"outcome": "failed", "error": "EINTR"' "$out_file")" 1
    assert_out_has '"removed": 1'
    assert_equal "$(all_ids | wc -l)" 1
}

@test "a signal that is ignored stays ignored" {
    need_ns
    need_meanwhile
    local ids
    mapfile -t ids < <(make_seg --count 4)
    run_split env --ignore-signal=INT "$HELPERS/meanwhile" --signal 2 -- "$SHMTOOL" rm "${ids[0]}" "${ids[1]}"
    assert_status 0
    run_split env --ignore-signal=HUP "$HELPERS/meanwhile" --signal 1 -- "$SHMTOOL" rm "${ids[2]}" "${ids[3]}"
    assert_status 0
    assert_equal "$(all_ids)" ''
}

@test "a signal before anything was removed removes nothing" {
    need_ns
    local ids
    mapfile -t ids < <(make_seg --count 3)
    # It comes as soon as rm holds signals back: it is blocked and pending from the start.
    run_split "$HELPERS/pending" 2 "$SHMTOOL" rm "${ids[@]}"
    assert_status 1
    assert_err 'shmtool: rm: removed 0 of 3 segments, 0 B freed, 3 not tried because a signal came'
    run_split "$HELPERS/pending" 15 "$SHMTOOL" rm "${ids[0]}"
    assert_status 1
    assert_err "shmtool: rm: ${ids[0]}: not tried, a signal came"
    assert_exists "${ids[@]}"
}

@test "the three ways: after a crash, an operator, a script" {
    need_ns
    local kept
    kept=$(make_seg --key 0x99)
    "$HELPERS/crash" --key 0x30021 --count 3 >/dev/null || true
    start_helper holdseg "$kept"
    # A developer, after a crash.
    run_split "$SHMTOOL" rm --owner root --unattached <<<yes
    assert_status 0
    assert_err_has 'Remove 3 segments, 384.1 KiB, 0 of them in use? (yes/no) '
    assert_equal "$(all_ids)" "$kept"
    # An operator.
    shmtool ls --owner root
    assert_status 0
    assert_out_has "$kept"
    # A script.
    "$HELPERS/crash" --key 0x30021 --count 3 >/dev/null || true
    shmtool rm < <("$SHMTOOL" ls -q --owner root --size 131104)
    assert_status 0
    assert_equal "$(all_ids)" "$kept"
    "$HELPERS/crash" --key 0x30021 --count 2 >/dev/null || true
    shmtool rm < <(ipcs -m | grep root | grep -v "^0x00000099")
    assert_status 0
    assert_equal "$(all_ids)" "$kept"
}
