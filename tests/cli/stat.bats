# stat: all that can be known of segments, in words and as JSON.
load common
load forms
load processes

teardown() {
    common_teardown
    end_daemons
}

# field NAME: what the block in $out has behind the field's name
field() {
    sed -n "s/^  $1  *//p" "$out_file" | head -n 1
}

# words: the block's paragraph about the state in one line, without the unit that the tests run in and the program
words() {
    sed -nE '/^  (In use|Marked|Orphan|Idle|Unknown)/,/^$/p' "$out_file" | tr -s '\n ' ' ' |
        sed -E 's/^ //; s/ $//; s/ It (may be|is) of .*//; s/ (Its creator runs|The processes that have it attached run) in .*\.$//'
}

@test "every field of a segment, with its name" {
    need_ns
    local id columns column
    id=$(make_seg --key 0x1234 --size 10000000 --mode 640 --fill)
    shmtool stat "$id"
    assert_status 0
    assert_err ''
    assert_out_matches "^Segment $id"$'\n'
    columns=$("$SHMTOOL" --sysroot "$SRC/tests/fixtures/listing" ls --csv | head -n 1 | tr , ' ')
    [[ $columns == 'key shmid owner '*' host' ]] || fail "the columns of ls: $columns"
    for column in $columns; do
        [[ -n $(field "$column") ]] || fail "no field $column" || return 1
    done
    assert_equal "$(field key)" 0x00001234
    assert_equal "$(field shmid)" "$id"
    assert_equal "$(field owner)" "$(id -un)"
    assert_equal "$(field uid)" "$(id -u)"
    assert_equal "$(field perms)" '640 (rw-r-----)'
    assert_equal "$(field bytes)" '10000000 (9.5 MiB)'
    assert_equal "$(field rss)" '10002432 (9.5 MiB)'
    assert_equal "$(field swap)" 0
    assert_equal "$(field nattch)" 0
    assert_equal "$(field status)" -
    assert_equal "$(field state)" orphan
    assert_equal "$(field cpid)" "$(field_of "$id" 5) (dead)"
    assert_equal "$(field lpid)" "$(field_of "$id" 6) (dead)"
    [[ $(field ctime) =~ ^20[0-9-]{8}T[0-9:]{8}\+00:00\ \([0-9]+s\ ago\)$ ]] || fail "ctime: $(field ctime)"
    assert_equal "$(field command)" -
    assert_equal "$(field unit)" -
}

@test "what never happened, and what is not known" {
    need_ns
    local id
    id=$(make_seg --size 56)
    shmtool stat "$id"
    assert_equal "$(field bytes)" 56
    assert_equal "$(field atime)" never
    assert_equal "$(field dtime)" never
    assert_equal "$(field lpid)" '- (never attached)'
    shmtool --sysroot "$SRC/tests/fixtures/columns14" stat
    assert_status 0
    assert_out_matches $'\n  rss +unknown\n'
}

@test "processes: alive with their command lines, the access, the number of mappings" {
    need_ns
    act make:0x2345 attach attach-ro
    shmtool stat "$seg"
    assert_status 0
    assert_equal "$(field cpid)" "$actor (alive)"
    [[ $(field lpid) == "$actor (alive: "*"/actor make:0x2345 attach attach-ro)" ]] || fail "lpid"
    [[ $(field command) == *"/actor make:0x2345 attach attach-ro" ]] || fail "command"
    assert_out_has $'\n  nattch 2: 2 found in 1 process\n    pid '
    assert_out_matches $'\n    '"$actor +$(id -un) +rw +2 .*/actor make:0x2345 attach attach-ro"$'\n'
}

@test "nattch against what was found" {
    need_ns
    act make:0 attach attach attach
    shmtool stat "$seg"
    assert_out_has $'\n  nattch 3: 3 found in 1 process\n'
    act make:0 attach attach attach fork
    shmtool stat "$seg"
    assert_out_has $'\n  nattch 6: 6 found in 2 processes\n'
    act make:0 attach split fork
    shmtool stat "$seg"
    assert_out_has $'\n  nattch 4: 4 found in 2 processes\n'
    act make:0 attach share
    shmtool stat "$seg"
    assert_out_matches $'\n  nattch 1: 2 found in 2 processes, some of which share their memory'
    shmtool stat "$(make_seg)"
    assert_out_has $'\n  nattch 0: attached by no process\n'
}

@test "dest: the original key, who holds it, and that rm would change nothing" {
    need_ns
    act make:0x3456 attach mark
    shmtool stat "$seg"
    assert_status 0
    assert_equal "$(field key)" 0x00000000
    assert_equal "$(field status)" dest
    assert_equal "$(field original_key)" '0x00003456 (before it was marked; another segment may have it now)'
    assert_equal "$(words)" "Marked for destruction: it goes when the last process that has it attached\
 detaches or ends; nobody finds it by a key any more. 'shmtool rm $seg' would change nothing. To free it now,\
 end the processes that 'shmtool who -q $seg' prints."
    act make:0 attach mark
    shmtool stat "$seg"
    assert_equal "$(field original_key)" '0x00000000 (it was private from the start)'
    act make:0x3457 attach
    shmtool stat "$seg"
    assert_equal "$(field original_key)" ''
}

@test "used: what rm would do to those who have it, and to its key" {
    need_ns
    act make:0x4567 attach
    shmtool stat "$seg"
    assert_equal "$(words)" "In use. 'shmtool rm $seg' would only mark it for destruction: processes that have it\
 attached keep it, and it goes when the last one detaches. Its key would be free at once: programs that ask for\
 the key then get a new segment and share nothing with those that hold this one. Stop its programs instead."
    act make:0 attach daemon
    shmtool stat "$seg"
    assert_equal "$(words)" "In use. Its creator is dead, but other processes still have it attached.\
 'shmtool rm $seg' would only mark it for destruction: processes that have it attached keep it, and it goes when\
 the last one detaches."
}

@test "orphan: with a key it may be kept on purpose, without one nobody finds it" {
    need_ns
    local id
    id=$(make_seg --key 0x4e545030 --size 96 --touch)
    shmtool stat "$id"
    assert_equal "$(words)" "Orphan: nobody has it attached, and both its creator and the last process that used\
 it are dead. It can still be found by its key: some programs (ntpd, gpsd, Berkeley DB) keep one on purpose for\
 their next start, others failed to remove it. Make sure whose it is. 'shmtool rm $id' would destroy it at once and\
 free 96 B."
    id=$(make_seg --size 5242880)
    shmtool stat "$id"
    assert_equal "$(words)" "Orphan: nobody ever attached it, and its creator is dead. Its key is 0, so only a\
 program that knows its id can still use it. 'shmtool rm $id' would destroy it at once and free 5 MiB."
}

@test "permissions that stand out: others may write" {
    need_ns
    local id mode
    for mode in 666 602 622; do
        id=$(make_seg --mode $mode)
        shmtool stat "$id"
        [[ $(words) == *" Every user may write to it: its perms are $mode." ]] || fail "$(words)" || return 1
        shmtool stat --json "$id"
        assert_out_has " Every user may write to it: its perms are $mode."
    done
    id=$(make_seg --mode 664)
    shmtool stat "$id"
    assert_out_has_not 'Every user'
}

# search_commands: those that $out shows, one a line
search_commands() {
    sed -n '/^  How its creator may/,/^$/{s/^    //p}' "$out_file"
}

@test "an orphan: commands that may still find its creator, by pid and time" {
    need_ns
    local id pid time command commands
    id=$(make_seg)
    pid=$(field_of "$id" 5) time=$(field_of "$id" 14)
    shmtool stat "$id"
    assert_out_has $'\n\n  How its creator may still be found, where the system keeps records:\n    journalctl '
    mapfile -t commands < <(search_commands)
    assert_equal "${#commands[@]}" 3
    assert_equal "${commands[0]}" "journalctl _PID=$pid --since=@$((time - 86400)) --until=@$((time + 86400))"
    assert_equal "${commands[1]}" "lastcomm --pid | grep -w $pid"
    assert_equal "${commands[2]}" "env LC_ALL=C TZ=UTC ausearch -i -p $pid\
 -ts $(date -u -d @$((time - 86400)) '+%m/%d/%y %H:%M:%S') -te $(date -u -d @$((time + 86400)) '+%m/%d/%y %H:%M:%S')"
    shmtool stat --json "$id"
    for command in "${commands[@]}"; do
        assert_out_has "'$command'" || return 1
    done
    ! has_users || {
        run_split as_user 54321 "$SHMTOOL" stat "$id"
        assert_out_has 'may still be found, where the system keeps records, as root:'
    }
    # What is no orphan has somebody who can be asked.
    act make:0
    shmtool stat "$seg"
    assert_out_has_not journalctl
}

@test "these commands are understood by the programs that they name" {
    need_ns
    local command tried=0
    shmtool stat "$(make_seg)"
    while read -r command; do
        case $command in
        journalctl*) command -v journalctl >/dev/null || continue ;;
        lastcomm*) continue ;; # exits with 1 where nothing is found
        *) command -v ausearch >/dev/null && [[ -r /var/log/audit/audit.log ]] || continue ;;
        esac
        ((++tried))
        run_split bash -c "$command"
        [[ $status == 0 || $err == *'no matches'* ]] || fail "$command" || return 1
    done < <(search_commands)
    ((tried)) || skip "none of them is here"
}

@test "a saved tree: those commands are for that machine" {
    shmtool --sysroot "$SRC/tests/fixtures/states" stat --orphan
    assert_status 0
    assert_out_has 'How its creator may still be found, where that machine keeps records:'
}

@test "another user's: rm would be refused, and what it would do all the same" {
    need_ns
    need_root
    local id
    id=$(make_seg --key 0x4e545031 --size 96)
    run_split as_user 54321 "$SHMTOOL" stat "$id"
    assert_status 0
    [[ $(words) == *"'shmtool rm $id' would be refused to you, uid 54321: only its owner, its creator and root may remove\
 it. Run by root it would destroy it at once and free 96 B." ]] || fail "$(words)"
    run_split as_user 54321 "$SHMTOOL" stat --json "$id"
    assert_out_has "would be refused to you, uid 54321: "
    # The owner is refused nothing, and of what is marked already nobody is.
    id=$(make_seg --uid 54321)
    run_split as_user 54321 "$SHMTOOL" stat "$id"
    [[ $(words) == *"'shmtool rm $id' would destroy it at once and free 4 KiB." ]] || fail "$(words)"
    act make:0x4e545032 attach mark
    run_split as_user 54321 "$SHMTOOL" stat "$seg"
    [[ $(words) == *"'shmtool rm $seg' would change nothing."* ]] || fail "$(words)"
}

@test "idle: who is alive" {
    need_ns
    local id
    act make:0x5678
    shmtool stat "$seg"
    assert_equal "$(words)" "Idle: nobody has it attached now, but its creator, process $actor, is alive and may\
 attach it again. 'shmtool rm $seg' would destroy it at once and free 8 KiB. A program that still needs it\
 would fail."
    id=$(make_seg --key 0x5679)
    act use:"$id" attach detach
    shmtool stat "$id"
    [[ $(words) == *"but the last process that used it, process $actor, is alive"* ]] || fail "$(words)"
}

@test "unknown: why, on a saved tree" {
    local tree=$SRC/tests/fixtures/states
    shmtool --sysroot "$tree" stat 7
    assert_equal "$(field cpid)" '- (in another PID namespace)'
    [[ $(words) == "Unknown: nobody has it attached, but whether anybody still needs it is unknown: its creator\
 is in another PID namespace. "*" Ask its owner first." ]] || fail "$(words)"
    [[ $(words) == *"On that machine 'shmtool rm 7' would destroy it at once"* ]] || fail "$(words)"
    shmtool --sysroot "$tree" stat 9
    [[ $(words) == *"the last process that used it is in another PID namespace."* ]] || fail "$(words)"
    shmtool --sysroot "$tree" stat 16
    [[ $(words) == *"its creator is perhaps alive: a process has this pid, but the clock was set since then,\
 or may have been, so its start proves nothing."* ]] || fail "$(words)"
    shmtool --sysroot "$tree" stat 13
    assert_equal "$(field cpid)" '20 (dead; another process has its pid now)'
    assert_equal "$(field command)" -
}

@test "a saved tree: its moment is now, and what it does not show is said" {
    shmtool --sysroot "$SRC/tests/fixtures/processes" stat 3 7
    assert_status 0
    assert_out_has $'\n  ctime          2026-11-18T11:08:20+00:00 (1h21m ago)\n'
    assert_out_has $'\n  original_key   0x00004711 (before'
    local unwrapped
    unwrapped=$(tr -s ' \n' ' ' <<<"$out")
    [[ $unwrapped == *" nattch 6: 4 found in 2 processes, 2 in processes that the saved tree does not show pid "* ]] || fail "nattch 6"
    [[ $unwrapped == *"On that machine 'shmtool rm 3' would "*"'shmtool who -q 7' prints there."* ]] || fail "not for that machine"
    assert_out_has $'\n  nattch 1: 1 found in 1 process\n'
    assert_err 'shmtool: stat: 1 process could not be read; whoever saved the tree could not see them'
}

@test "several: a block each, in kernel order, blank lines between" {
    need_ns
    local a b
    a=$(make_seg)
    b=$(make_seg)
    shmtool stat "$b" "$a" "$b"
    assert_status 0
    assert_equal "$(grep '^Segment' "$out_file")" "$(all_ids | sed 's/^/Segment /')"
    assert_equal "$(grep -c -B 1 '^Segment' "$out_file")" 2
    assert_equal "$(grep -B 1 '^Segment' "$out_file" | sed -n 3p)" ''
    shmtool stat
    assert_equal "$(grep -c '^Segment' "$out_file")" 2
    shmtool stat --key 0x99
    assert_status 0
    assert_out ''
}

@test "an id that does not exist: a message, the rest, exit 1" {
    need_ns
    local id
    id=$(make_seg)
    shmtool stat 4711 "$id"
    assert_status 1
    assert_err 'shmtool: stat: 4711: no such segment'
    assert_out_has "Segment $id"
}

@test "--json: ls' fields and stat's own" {
    need_ns
    need_python
    local id
    act make:0x6789 attach attach-ro mark
    id=$seg
    make_seg --key 0x678a >/dev/null
    shmtool stat --json
    assert_status 0
    assert_err ''
    cp "$out_file" "$BATS_TEST_TMPDIR/stat"
    shmtool ls --json
    python '
d = doc()
with open(sys.argv[2]) as file:
    mine = json.load(file)
assert list(mine) == ["schema", "host", "time", "segments"]
own = ["attachments", "maps_found", "unseen", "original_key", "explanation"]
assert len(mine["segments"]) == 2
for segment, listed in zip(mine["segments"], d["segments"]):
    assert list(segment) == list(listed) + own, list(segment)
    assert {name: segment[name] for name in listed} == listed
    assert type(segment["explanation"]) is str and segment["explanation"].endswith(".")
held = [s for s in mine["segments"] if s["shmid"] == int(sys.argv[3])][0]
other = [s for s in mine["segments"] if s["shmid"] != int(sys.argv[3])][0]
assert held["maps_found"] == 2 and held["unseen"] == 0 and held["original_key"] == "0x00006789" and held["key"] == "0x00000000"
(a,) = held["attachments"]
assert list(a) == ["shmid", "key", "pid", "uid", "user", "access", "maps", "command", "namespace", "container"], list(a)
assert a["pid"] == int(sys.argv[4]) and a["maps"] == 2 and a["access"] == "rw"
assert other["attachments"] == [] and other["maps_found"] == 0 and other["original_key"] is None
' "$BATS_TEST_TMPDIR/stat" "$id" "$actor"
    shmtool stat --json --key 0x99
    python 'assert doc() == {"segments": []}'
}

@test "a line of the listing that cannot be understood: named, the rest shown, exit 1" {
    shmtool --sysroot "$SRC/tests/fixtures/garbage" stat
    assert_status 1
    assert_err_has 'not understood'
    assert_out_has 'Segment '
}

@test "no state to be read: exit 4" {
    shmtool --sysroot "$SRC/tests/fixtures/no-file" stat
    assert_status 4
    assert_out ''
    assert_err_matches '^shmtool: stat: '
    shmtool --sysroot "$SRC/tests/fixtures/no-file" who
    assert_status 4
}

@test "wrong usage" {
    local words
    for words in '-q' '--long' '1x' '-- -1' '--csv'; do
        # shellcheck disable=SC2086 # words
        shmtool stat $words
        assert_wrong_usage 'shmtool: stat: '
    done
}

@test "output that cannot be written is an error" {
    need_ns
    make_seg >/dev/null
    # shellcheck disable=SC2016 # for the inner shell
    run_split sh -c 'exec "$SHMTOOL" stat >/dev/full'
    assert_status 1
    assert_err_has 'No space left on device'
}

@test "where nothing matched it says so, and is done" {
    need_ns
    shmtool stat
    assert_status 0
    assert_out ''
    assert_err 'shmtool: stat: no segment matched'
    make_seg >/dev/null
    shmtool stat --key 0x999
    assert_status 0
    assert_err 'shmtool: stat: no segment matched'
    shmtool stat --key 0x999 --json
    assert_status 0
    assert_err ''
    shmtool stat 12345
    assert_status 1
    assert_err 'shmtool: stat: 12345: no such segment'
}
