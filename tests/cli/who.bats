# who: which processes have which segments attached.
load common
load forms
load processes

teardown() {
    common_teardown
    end_daemons
}

# First in this file, so first in its namespace: ids begin at 0 there.
@test "id 0 is a segment like any other; the same id in another namespace is another one" {
    need_ns
    local ours
    act make:0 attach
    [[ $seg == 0 ]] || skip "this namespace has had segments before"
    ours=$actor
    assert_equal "$(who_has 0)" "$ours rw 1"
    start_helper unshare --ipc "$HELPERS/actor" make:0 attach
    read_actor
    assert_equal "$seg" 0
    assert_equal "$(who_has 0)" "$ours rw 1"
    shmtool ls -q --pid "$actor"
    assert_status 0
    assert_out ''
}

# lines_of WORD...: one a line
lines_of() {
    printf '%s\n' "$@"
}

@test "nothing attached: the header alone, exit 0" {
    need_ns
    make_seg >/dev/null
    shmtool who
    assert_status 0
    assert_out 'shmid key pid user access maps command'
    assert_quiet
    shmtool who -q
    assert_status 0
    assert_out ''
}

@test "a row a process and segment, with the columns in their order" {
    need_ns
    local first
    act make:0x5151 attach
    first=$actor
    act use:"$seg" attach-ro
    shmtool who
    assert_status 0
    assert_quiet
    mapfile -t lines <<<"${out%$'\n'}"
    assert_equal "${#lines[@]}" 3
    [[ ${lines[0]} =~ ^shmid\ +key\ +pid\ +user\ +access\ +maps\ +command$ ]] || fail "the header"
    [[ ${lines[1]} =~ ^$seg\ +0x00005151\ +$first\ +$(id -un)\ +rw\ +1\ .*/actor\ make:0x5151\ attach$ ]] || fail "row 1"
    [[ ${lines[2]} =~ ^$seg\ +0x00005151\ +$actor\ +$(id -un)\ +ro\ +1\ .*/actor\ use:$seg\ attach-ro$ ]] || fail "row 2"
}

@test "segments in kernel order, the processes of each by number" {
    need_ns
    local a b one two expected=() id pid
    a=$(make_seg)
    b=$(make_seg)
    act use:"$b" attach use:"$a" attach
    one=$actor
    act use:"$a" attach use:"$b" attach
    two=$actor
    for id in $(all_ids); do
        for pid in $(printf '%s\n' "$one" "$two" | sort -n); do
            expected+=("$id $pid")
        done
    done
    shmtool who
    assert_equal "$(awk 'NR > 1 { print $1, $3 }' "$out_file")" "$(printf '%s\n' "${expected[@]}")"
}

@test "every mapping counts: three attaches, a fork, a split, a part unmapped" {
    need_ns
    act make:0 attach attach attach
    assert_equal "$(who_has "$seg")" "$actor rw 3"
    act make:0 attach fork
    assert_equal "$(who_has "$seg")" "$(printf '%s rw 1\n' "$actor" "$children" | sort -n)"
    act make:0 attach split
    assert_equal "$(who_has "$seg")" "$actor rw 2"
    assert_equal "$(field_of "$seg" 7)" 2
    act make:0 attach split fork
    assert_equal "$(who_has "$seg")" "$(printf '%s rw 2\n' "$actor" "$children" | sort -n)"
    assert_equal "$(field_of "$seg" 7)" 4
    act make:0 attach cut
    assert_equal "$(who_has "$seg")" "$actor rw 1"
}

@test "access: ro only when no mapping may write" {
    need_ns
    act make:0 attach-ro attach-ro
    assert_equal "$(who_has "$seg")" "$actor ro 2"
    act make:0 attach-ro attach
    assert_equal "$(who_has "$seg")" "$actor rw 2"
}

@test "the key is the segment's present one: 0 when it is marked" {
    need_ns
    act make:0x5252 attach mark
    assert_equal "$(who_has "$seg" 2,3)" "0x00000000 $actor"
}

@test "huge pages" {
    need_ns
    "$HELPERS/actor" huge:0x4875 end 2>/dev/null || skip "no huge page segments here"
    remove_all_segments
    act huge:0x4875 attach
    assert_equal "$(who_has "$seg")" "$actor rw 1"
}

@test "a process whose leader has ended, and two that share their memory" {
    need_ns
    act make:0 attach thread end-leader
    wait_until is_gone "$actor"
    assert_equal "$(who_has "$seg")" "$actor rw 1"
    act make:0 attach share
    shmtool who "$seg"
    assert_equal "$(awk 'NR > 1 { print $3, $5, $6 }' "$out_file")" "$(printf '%s rw 1\n' "$actor" "$children" | sort -n)"
    assert_equal "$(field_of "$seg" 7)" 1
    assert_equal "$(readable_err)" "shmtool: who: more mappings were found than nattch counts (segment $seg: nattch 1, 2 found): of processes that share their memory, or of a descriptor (/proc/PID/map_files), which keeps the segment's memory all the same"
}

@test "a daemon: the child that holds it, not the parent that is gone" {
    need_ns
    act make:0 attach daemon
    assert_equal "$(who_has "$seg")" "$actor rw 1"
}

@test "who attached and left for another IPC namespace is not found, and stat says how many" {
    need_ns
    need_root
    act make:0 attach fork leave
    shmtool who "$seg"
    assert_status 0
    assert_equal "$(awk 'NR > 1 { print $3 }' "$out_file")" "$children"
    assert_unseen 1 "segment $seg: nattch 2, 1 found"
    kill -KILL "$children"
    wait_until is_gone "$children"
    shmtool stat "$seg"
    assert_status 0
    assert_out_matches $'\n  nattch 1: 1 (in processes not visible to you|not found: [^\n]*\n    [^\n]*IPC namespace)\n'
}

# assert_unseen COUNT SEGMENTS: the last line of standard error says so many attachments are in no visible process.
# Where some cannot be read, a line before it says so, and they may have it.
assert_unseen() {
    local verb='attachments are' unread=''
    (($1 != 1)) || verb='attachment is'
    [[ $err != *'could not be read;'* && $err != *hidepid* ]] || unread='of processes that could not be read, '
    assert_equal "$(tail -n 1 "$err_file")" "shmtool: who: $1 $verb in no process visible here ($2): ${unread}in another PID namespace, or of a process that moved to another IPC namespace after it had attached"
    [[ $unread ]] || assert_equal "$(wc -l <"$err_file")" 1
}

# inside COMMAND...: in a PID namespace of its own, with a /proc of that
inside() {
    unshare --pid --fork --kill-child --mount-proc "$@"
}

@test "holders in another PID namespace: how many of which segment, in every form" {
    need_ns
    need_root
    need_python
    inside true 2>/dev/null || skip "no PID namespace can be made here"
    local first form
    act make:0 attach fork
    first=$seg
    act make:0 attach
    act make:0
    for form in '' -q --csv --ndjson --json; do
        # shellcheck disable=SC2086 # none or one
        run_split inside "$SHMTOOL" who $form "$first"
        assert_status 0
        assert_unseen 2 "segment $first: nattch 2, 0 found"
    done
    python 'assert doc()["attachments"] == [] and doc()["unseen"] == [{"shmid": int(sys.argv[2]), "nattch": 2, "found": 0}], doc()' "$first"
    run_split inside "$SHMTOOL" who
    assert_err_has '3 attachments are in no process visible here'
    run_split inside "$SHMTOOL" who --json --unattached
    assert_err ''
    python 'assert doc()["unseen"] == [], doc()'
}

@test "a descriptor that is mapped looks like an attachment, and is not counted" {
    need_ns
    need_root
    need_python
    "$HELPERS/actor" make:0 attach map-files end 2>/dev/null || skip "map_files cannot be opened here"
    remove_all_segments
    local why='of processes that share their memory, or of a descriptor (/proc/PID/map_files), which keeps the segment'"'s memory all the same"
    act make:0 attach map-files
    shmtool who "$seg"
    assert_status 0
    assert_equal "$(awk 'NR > 1 { print $3, $6 }' "$out_file")" "$actor 2"
    assert_equal "$(readable_err)" "shmtool: who: more mappings were found than nattch counts (segment $seg: nattch 1, 2 found): $why"
    shmtool stat "$seg"
    unwrap
    assert_out_has ' nattch 1: 2 found in 1 process, some of them mapped by a descriptor (/proc/PID/map_files), which nattch does not count pid'
    # One that nobody has attached is no orphan.
    act make:0 attach map-files detach daemon
    shmtool stat "$seg"
    [[ $(grep -A 1 '^  nattch 0: ' <<<"$out" | wc -L) -le 80 ]] || fail "wider than a terminal"
    unwrap
    assert_out_has ' nattch 0: 1 found in 1 process, mapped by a descriptor (/proc/PID/map_files), which nattch does not count pid'
    assert_out_has "which nattch does not count, and would keep its memory. 'shmtool rm $seg' would destroy it at once. Ask"
    shmtool stat --json "$seg"
    python 's, = doc()["segments"]; assert s["nattch"] == 0 and s["maps_found"] == 1 and s["unseen"] == 0, s'
}

@test "users: by name, and by number where there is no name" {
    need_ns
    need_root
    local id
    id=$(make_seg --mode 666)
    act_as 54321 use:"$id" attach
    assert_equal "$(who_has "$id" 3,4)" "$actor 54321"
    # Not dumpable: its files in /proc belong to root, it does not.
    act_as 54322 use:"$id" attach closed
    shmtool who --json "$id"
    need_python
    python '
a = {entry["pid"]: entry for entry in doc()["attachments"]}[int(sys.argv[2])]
assert a["uid"] == 54322 and a["user"] is None, a' "$actor"
}

@test "selection: ids and options as in ls" {
    need_ns
    local a b one two
    act make:0x61 attach
    a=$seg one=$actor
    act make:0x62 attach
    b=$seg two=$actor
    assert_equal "$(who_has "$b")" "$two rw 1"
    shmtool who --key 0x61
    assert_out_lines 2
    assert_out_has " $one "
    shmtool who --pid "$two"
    assert_out_lines 2
    assert_out_has " $two "
    shmtool who --nattch 2..
    assert_out_lines 1
    shmtool who "$a" "$b" "$a"
    assert_out_lines 3
}

@test "an id that does not exist: a message, the rest, exit 1" {
    need_ns
    act make:0 attach
    shmtool who 4711 "$seg" 4711
    assert_status 1
    assert_out_lines 2
    assert_equal "$(readable_err)" 'shmtool: who: 4711: no such segment'
}

@test "-q: pids alone, each once" {
    need_ns
    local a b
    a=$(make_seg)
    b=$(make_seg)
    act use:"$a" attach attach use:"$b" attach fork
    shmtool who -q
    assert_status 0
    assert_quiet
    assert_equal "$(sort -n <<<"${out%$'\n'}")" "$(printf '%s\n' "$actor" "$children" | sort -n)"
}

@test "kill \$(shmtool who -q ID) frees a marked segment" {
    need_ns
    local pids
    act make:0 attach mark fork
    shmtool who -q "$seg"
    mapfile -t pids <<<"${out%$'\n'}"
    kill "${pids[@]}"
    end_actor
    assert_gone "$seg"
}

@test "--json: its shape and types" {
    need_ns
    need_python
    act make:0x5353 attach attach
    shmtool who --json
    assert_status 0
    assert_quiet
    python '
d = doc()
assert list(d) == ["attachments", "unreadable", "unseen"], list(d)
assert d["unseen"] == [] and type(d["unreadable"]) is int and d["unreadable"] >= 0
(a,) = d["attachments"]
assert list(a) == ["shmid", "key", "pid", "uid", "user", "access", "maps", "command", "namespace", "container", "host"], list(a)
assert a["shmid"] == int(sys.argv[2]) and a["key"] == "0x00005353" and a["pid"] == int(sys.argv[3])
assert type(a["uid"]) is int and a["access"] == "rw" and a["maps"] == 2
assert a["command"].endswith("/actor make:0x5353 attach attach"), a["command"]' "$seg" "$actor"
    end_actor
    shmtool who --json
    python 'assert doc()["attachments"] == []'
}

@test "on a terminal of 80 columns a row is a line, whatever the command line" {
    need_ns
    act make:0x1234 attach attach attach attach attach attach attach attach attach attach
    pty --columns 80 -- "$SHMTOOL" who -n --color never "$seg"
    assert_status 0
    out=$(tr -d '\r' <<<"$out")
    assert_equal "$(grep "^$seg " <<<"$out" | wc -L)" 80
    assert_out_matches '…'
}

@test "--csv and --ndjson: the attachments that --json has, with all columns" {
    need_ns
    need_python
    act make:0x5353 attach fork
    act use:"$seg" attach-ro
    shmtool who --json
    cp "$out_file" "$BATS_TEST_TMPDIR/document"
    shmtool who --ndjson
    assert_status 0
    assert_quiet
    python 'assert lines() == json.load(open(sys.argv[2]))["attachments"] and len(lines()) == 3' \
        "$BATS_TEST_TMPDIR/document"
    shmtool who --csv
    assert_status 0
    assert_quiet
    python '
document = json.load(open(sys.argv[2]))["attachments"]
assert rows() == [{name: "" if value is None else str(value) for name, value in a.items()} for a in document], rows()' \
        "$BATS_TEST_TMPDIR/document"
    shmtool who --csv --no-header -c pid,access
    assert_out_lines 3
    assert_out_has "$actor,ro"
    shmtool who --json -c shmid
    python 'assert doc()["attachments"] == [{"shmid": int(sys.argv[2])}] * 3, doc()' "$seg"
}

@test "-c, -n and --no-header: columns, numbers for names, no header line" {
    need_ns
    act make:0x5454 attach
    shmtool who -c maps,pid --no-header
    assert_status 0
    assert_quiet
    assert_equal "$(tr -s ' ' <<<"${out%$'\n'}" | sed 's/^ //')" "1 $actor"
    shmtool who -c +uid
    assert_out_matches '^shmid +key +pid +user +access +maps +command +uid'$'\n'
    shmtool who -n -c user --no-header
    assert_equal "${out%$'\n'}" "$(id -u)"
    shmtool who -q -c command
    assert_out "$actor"
}

@test "--sort: by maps, by pid descending; with -q the first of each process" {
    need_ns
    local a b one two
    a=$(make_seg)
    b=$(make_seg)
    act use:"$a" attach attach attach use:"$b" attach
    one=$actor
    act use:"$a" attach attach
    two=$actor
    shmtool who --sort maps -c maps --no-header
    assert_status 0
    assert_quiet
    assert_equal "$(tr -d ' ' <<<"${out%$'\n'}")" "$(lines_of 1 2 3)"
    shmtool who --sort -pid,shmid -c pid,shmid --no-header
    assert_equal "$(tr -s ' ' <<<"${out%$'\n'}" | sort -s -k1,1nr -k2,2n -c 2>&1)" ''
    shmtool who --sort -maps -q
    assert_out "$(lines_of "$one" "$two")"
}

@test "no byte of a command line reaches the terminal or breaks the JSON" {
    need_ns
    need_python
    local id name=$'e\e[31mvil\x07\x9b\xff\xc3\xa4 "\\"\n\x7f'
    id=$(make_seg)
    # shellcheck disable=SC2016 # for the inner shell
    start_helper bash -c 'exec -a "$1" "$HELPERS/actor" use:"$2" attach' - "$name" "$id"
    shmtool who "$id"
    assert_status 0
    ! LC_ALL=C grep -q $'[\001-\011\013-\037\177\233\377]' "$out_file" || fail "a control byte"
    assert_out_lines 2
    assert_out_has 'e\x1b[31mvil\x07\x9b\xff'
    shmtool who --json "$id"
    assert_status 0
    python '
(a,) = doc()["attachments"]
assert a["command"].startswith("e\x1b[31mvil\x07"), a
assert "\u00e4 \"\\\"\n\x7f use:" in a["command"], a'
    shmtool stat "$id"
    assert_status 0
    ! LC_ALL=C grep -q $'[\001-\011\013-\037\177\233\377]' "$out_file" || fail "a control byte"
}

@test "an ordinary user: what can be seen, and in one line how much cannot" {
    need_ns
    need_root
    need_python
    local id mine
    id=$(make_seg --mode 666)
    act use:"$id" attach
    act_as 54321 use:"$id" attach
    mine=$actor
    run_split as_user 54321 "$SHMTOOL" who "$id"
    assert_status 0
    assert_equal "$(awk 'NR > 1 { print $3 }' <<<"$out")" "$mine"
    assert_err_matches $'^shmtool: who: [0-9]+ processes could not be read; root sees all\nshmtool: who: '
    assert_unseen 1 "segment $id: nattch 2, 1 found"
    run_split as_user 54321 "$SHMTOOL" who --json "$id"
    assert_status 0
    python 'assert doc()["unreadable"] >= 1 and len(doc()["attachments"]) == 1'
    run_split as_user 54321 "$SHMTOOL" stat "$id"
    assert_status 0
    assert_out_has $'\n  nattch 2: 1 found in 1 process, 1 in processes not visible to you\n'
    assert_err_has 'root sees all'
    run_split as_user 54322 "$SHMTOOL" stat "$id"
    assert_out_has $'\n  nattch 2: 2 in processes not visible to you\n'
}

@test "root that may not read processes is told what it lacks" {
    need_ns
    need_root
    local id
    start_helper as_user 54321 actor make:0 attach
    id=$(awk '{ print $3 }' "$helper_out")
    run_split setpriv --bounding-set=-sys_ptrace --inh-caps=-sys_ptrace "$SHMTOOL" who "$id"
    assert_status 0
    assert_out 'shmid key pid user access maps command'
    assert_err_matches $'^shmtool: who: [0-9]+ process(es)? could not be read; it needs CAP_SYS_PTRACE, which this process lacks\n'
    assert_unseen 1 "segment $id: nattch 1, 0 found"
}

@test "the number of unreadable processes leaves out the dead" {
    need_ns
    need_root
    # In a PID namespace of its own, so that nobody else comes or goes: there are tail and the actor.
    # shellcheck disable=SC2016 # for the inner shell
    run_split unshare --pid --fork --kill-child --mount-proc bash -c '
        # Ends only when its parent is tail, which waits for nobody.
        bash -c "(until [[ \$(</proc/\$\$/comm) == tail ]]; do :; done) & exec tail -f /dev/null" &
        "$HELPERS/actor" make:0 attach >"$1" &
        until grep -q "^State:.Z" /proc/[0-9]*/status && [[ -s $1 ]]; do ((SECONDS < 60)) || exit 1; done
        exec setpriv --reuid 54321 --regid 54321 --clear-groups "$SHMTOOL" who' - "$BATS_TEST_TMPDIR/actor"
    assert_status 0
    assert_out 'shmid key pid user access maps command'
    assert_equal "$(head -n 1 "$err_file")" 'shmtool: who: 2 processes could not be read; root sees all'
}

@test "hidepid: other users' processes do not show at all, and that is said" {
    need_ns
    need_root
    local id
    id=$(make_seg --mode 666)
    act use:"$id" attach
    # shellcheck disable=SC2016 # for the inner shell
    run_split unshare --mount --propagation private sh -c '
        mount -t proc -o hidepid=2 proc /proc || exit 77
        exec setpriv --reuid 54321 --regid 54321 --clear-groups "$SHMTOOL" who "$1"' - "$id"
    [[ $status != 77 ]] || skip "hidepid cannot be had here"
    assert_status 0
    assert_out 'shmid key pid user access maps command'
    assert_err_matches $'^shmtool: who: processes of other users do not show at all \\(hidepid\\); root sees all\nshmtool: who: '
    assert_unseen 1 "segment $id: nattch 1, 0 found"
}

@test "--pid: a dead process selects nothing, one that may not be read is an error" {
    need_ns
    need_root
    act make:0 attach
    run_split as_user 54321 "$SHMTOOL" ls -q --pid "$actor"
    assert_status 4
    assert_out ''
    assert_err "shmtool: ls: the mappings of process $actor: Permission denied"
    shmtool ls -q --pid "$actor"
    assert_out "$seg"
    end_actor
    shmtool ls -q --pid "$actor"
    assert_status 0
    assert_out ''
}

@test "--sysroot: the processes of a saved tree" {
    shmtool --sysroot "$SRC/tests/fixtures/processes" who
    assert_status 0
    assert_out 'shmid key        pid user access maps command
3     0x00001234 100 zc   rw        3 /usr/bin/holder --all
3     0x00001234 300 4711 ro        1 [thing]
7     0x00000000 100 zc   rw        1 /usr/bin/holder --all'
    assert_err 'shmtool: who: 1 process could not be read; whoever saved the tree could not see them
shmtool: who: 2 attachments are in processes that the saved tree does not show'
}

@test "--sysroot: attachments of processes that a tree does not hold are told" {
    shmtool --sysroot "$SRC/tests/fixtures/listing" who
    assert_status 0
    assert_out 'shmid key pid user access maps command'
    local count
    count=$(awk '/key/ { next } { count += $7 } END { print count }' "$SRC/tests/fixtures/listing/proc/sysvipc/shm")
    assert_err "shmtool: who: $count attachments are in processes that the saved tree does not show"
    shmtool --sysroot "$SRC/tests/fixtures/listing" who --unattached
    assert_err ''
}

@test "/proc of another PID namespace: a warning says that its pids are not for kill" {
    need_ns
    without_leak_sanitizer
    unshare --pid --fork true 2>/dev/null || skip "no PID namespace can be made here"
    act make:0 attach
    run_split unshare --pid --fork --kill-child "$SHMTOOL" who -q
    assert_status 0
    assert_out "$actor"
    assert_err_has 'shmtool: who: /proc is that of another PID namespace: do not pass these pids to kill'
    shmtool who -q
    assert_err_has_not 'another PID namespace'
}

@test "no /proc: exit 4" {
    need_ns
    need_root
    need_no_sanitizer
    need_sizes_by_calls
    # shellcheck disable=SC2016 # for the inner shell
    run_split unshare --mount --propagation private sh -c 'mount -t tmpfs none /proc && exec "$SHMTOOL" who'
    assert_status 4
    assert_out ''
    assert_err 'shmtool: who: /proc: not mounted: no process can be inspected'
}

@test "wrong usage" {
    local words
    for words in '-q --json' '--json -q' '--csv --ndjson' '--ndjson -q' '-l' '-c state' '--sort owner' '--time never' \
        '1x' '-- -1'; do
        # shellcheck disable=SC2086 # words
        shmtool who $words
        assert_wrong_usage 'shmtool: who: '
    done
    shmtool who -q -q
    assert_status 0
}

@test "output that cannot be written is an error; a closed pipe is not worth a message" {
    need_ns
    act make:0 attach
    # shellcheck disable=SC2016 # for the inner shell
    run_split sh -c 'exec "$SHMTOOL" who >/dev/full'
    assert_status 1
    assert_err_has 'No space left on device'
    # shellcheck disable=SC2016 # for the inner shell
    run_split bash -c '"$SHMTOOL" who | true'
    assert_quiet
}

@test "process by process as lsof and a plain grep have it" {
    need_ns
    local id
    act make:0 attach attach fork fork
    act make:0 attach mark fork
    act make:0x77 attach-ro split
    id=$seg
    shmtool who -q
    assert_equal "$(sort -n <<<"${out%$'\n'}")" "$(same_ns_maps |
        xargs grep -ls ' /SYSV[0-9a-f]* (deleted)$' | cut -d / -f 3 | sort -n)"
    need_program lsof
    lsof -n -d DEL,mem -F pfn 2>/dev/null >"$BATS_TEST_TMPDIR/lsof"
    assert_equal "$(sort -n <<<"${out%$'\n'}")" \
        "$(awk '/^p/ { pid = substr($0, 2) } /^n\/SYSV/ { print pid }' "$BATS_TEST_TMPDIR/lsof" |
            sort -nu | own_ns_only)"
    assert_exists "$id"
}

# same_ns_maps: the maps files of the processes in this IPC namespace
same_ns_maps() {
    local here dir
    here=$(readlink /proc/self/ns/ipc)
    for dir in /proc/[0-9]*; do
        [[ $(readlink "$dir/ns/ipc" 2>/dev/null) != "$here" ]] || echo "$dir/maps"
    done
}

# own_ns_only: of the pids on standard input those in this IPC namespace
own_ns_only() {
    local here pid
    here=$(readlink /proc/self/ns/ipc)
    while read -r pid; do
        [[ $(readlink "/proc/$pid/ns/ipc" 2>/dev/null) != "$here" ]] || echo "$pid"
    done
}
