# ns: which IPC namespaces there are, who keeps them, and what is in them.
load common
load forms
load processes
load namespaces

# look ARG...: shmtool ns there
look() {
    run_split there "$SHMTOOL" ns "$@"
}

# assert_found: exactly what is kept was found, after the own one, each once and with what holds it
assert_found() {
    assert_equal "$(tr -s ' ' <<<"${out%$'\n'}")" "$own processes${kept:+$'\n'$kept}"
}

@test "the namespaces of a process, a process whose leader has exited, a thread, a descriptor and a mount" {
    mkdir "$BATS_TEST_TMPDIR/mounts"
    start_keepers process zombie thread descriptor "mount:$BATS_TEST_TMPDIR/mounts"
    look -c namespace,held --no-header
    assert_status 0
    assert_err ''
    assert_out_lines 6
    assert_found
}

@test "60 namespaces, 12 of each kind: all found, none twice" {
    mkdir "$BATS_TEST_TMPDIR/mounts"
    start_keepers --times 12 process zombie thread descriptor "mount:$BATS_TEST_TMPDIR/mounts"
    look -c namespace,held --no-header
    assert_status 0
    assert_err ''
    assert_out_lines 61
    assert_found
}

@test "namespaces that come and go meanwhile: those that stay are found each time, none twice" {
    start_keepers --churn --times 4 process zombie thread descriptor
    for _ in {1..20}; do
        look -c namespace,held --no-header
        assert_status 0
        assert_err ''
        assert_equal "$(cut -d ' ' -f 1 <<<"$out" | sort | uniq -d)" ''
        # A child that has just been forked has copies of its parent's descriptors.
        assert_equal "$(tr -s ' ' <<<"$out" | sed 's/,.*//' | grep -Fxf <(echo "$own processes"; echo "$kept"))" \
            "$own processes"$'\n'"$kept"
    done
}

@test "the default columns; -l adds the oldest process" {
    start_keepers process descriptor
    look
    assert_status 0
    assert_out_matches '^namespace +kind +container +user +processes +segments +bytes +orphans +held'$'\n'
    assert_out_matches $'\n'"$(number_of fd) +- +- +root +0 +0 +0 +0 +fd 1/[0-9]+"$'\n'
    look -l
    assert_status 0
    assert_out_matches '^namespace +kind +container +user +pid +processes +segments +bytes +orphans +held'$'\n'
    assert_out_matches $'\n'"$own +- +- +root +1 +[0-9]+ +0 +0 +0 +processes"$'\n'
    assert_out_matches $'\n'"$(number_of processes) +- +- +root +[2-9] +1 +0 +0 +0 +processes"$'\n'
    assert_out_matches $'\n'"$(number_of fd) +- +- +root +- +0 +0 +0 +0 +fd 1/[0-9]+"$'\n'
}

@test "--numeric: the number of the user, not the name" {
    start_keepers process
    look -n --no-header -c namespace,user
    assert_status 0
    assert_equal "$(tr -s ' ' <"$out_file")" "$own 0
$(number_of processes) 0"
    look -n --ndjson -c user
    assert_out $'{"user": null}\n{"user": null}'
}

@test "the sums are those of a listing inside; an orphan is one as seen from here" {
    start_keepers --size 5000 process descriptor
    there "$HELPERS/mkseg" --size 70000 >/dev/null
    look --no-header
    assert_status 0
    assert_equal "$(tr -s ' ' <<<"$out" | cut -d ' ' -f 1,6-8)" \
        "$own 1 70000 1"$'\n'"$(printf '%s\n' "$(number_of processes) 1 5000 0" "$(number_of fd) 1 5000 1" | sort -n)"
    # This process is where it was.
    run_split there "$SHMTOOL" ls -q
    assert_out_lines 1
}

@test "--json: its shape and types; --csv and --ndjson say the same" {
    need_python
    mkdir "$BATS_TEST_TMPDIR/mounts"
    start_keepers --size 5000 process descriptor "mount:$BATS_TEST_TMPDIR/mounts"
    look --json
    assert_status 0
    assert_err ''
    python '
d = doc()
assert list(d) == ["namespaces", "unreadable"] and d["unreadable"] == 0, d
rows = d["namespaces"]
names = ["namespace", "kind", "container", "user", "pid", "processes", "segments", "bytes", "orphans", "held", "host"]
assert all(list(row) == names for row in rows), rows
assert [row["namespace"] for row in rows[1:]] == [int(n) for n in sys.argv[2].split()], rows
by = {row["held"][0].split()[0]: row for row in rows[1:]}
assert by["processes"]["pid"] > 1 and by["processes"]["processes"] == 1 and by["processes"]["held"] == ["processes"]
assert by["fd"]["pid"] is None and by["fd"]["processes"] == 0 and re.fullmatch(r"fd 1/\d+", by["fd"]["held"][0])
assert by["mount"]["held"] == ["mount " + sys.argv[3] + "/" + str(by["mount"]["namespace"])], by["mount"]
for row in rows[1:]:
    assert (row["kind"], row["container"], row["user"], row["segments"], row["bytes"]) == (None, None, "root", 1, 5000), row
    assert row["host"] == os.uname().nodename, row
assert (by["processes"]["orphans"], by["fd"]["orphans"]) == (0, 1)' "$(cut -d ' ' -f 1 <<<"$kept" | tr '\n' ' ')" "$BATS_TEST_TMPDIR/mounts"
    cp "$out_file" "$BATS_TEST_TMPDIR/document"
    look --ndjson
    python '
document = json.load(open(sys.argv[2]))["namespaces"][1:]
assert lines()[1:] == document, lines()' "$BATS_TEST_TMPDIR/document"
    look --csv
    python '
document = json.load(open(sys.argv[2]))["namespaces"][1:]
def field(value):
    return "" if value is None else ",".join(value) if isinstance(value, list) else str(value)
assert rows()[1:] == [{name: field(value) for name, value in row.items()} for row in document], rows()' \
        "$BATS_TEST_TMPDIR/document"
}

@test "several descriptors and mounts of one namespace: all of them are named, in one row" {
    need_python
    local number
    mkdir "$BATS_TEST_TMPDIR/mounts"
    start_keepers "mount:$BATS_TEST_TMPDIR/mounts"
    number=$(number_of mount)
    touch "$BATS_TEST_TMPDIR/a b"$'\n'c
    there mount --bind "$BATS_TEST_TMPDIR/mounts/$number" "$BATS_TEST_TMPDIR/a b"$'\n'c
    # shellcheck disable=SC2016 # for the inner shell
    run_split there bash -c 'exec 7<"$1"; "$2" ns --json "$3"; exit' - "$BATS_TEST_TMPDIR/mounts/$number" "$SHMTOOL" "$number"
    assert_status 0
    python '
(row,) = doc()["namespaces"]
(bash, *mounts) = sorted(row["held"])
assert re.fullmatch(r"fd \d+/7", bash), row
assert mounts == sorted(["mount " + sys.argv[2] + "/a b\nc", "mount " + sys.argv[2] + "/mounts/" + sys.argv[3]]), row' \
        "$BATS_TEST_TMPDIR" "$number"
    look --no-header "$number"
    assert_out_lines 1
    assert_out_has 'a b\x0ac'
    # One that was opened by a mount that is gone.
    there umount "$BATS_TEST_TMPDIR/a b"$'\n'c
    # shellcheck disable=SC2016 # for the inner shell
    run_split there bash -c 'exec 7<"$1"; umount --lazy "$1"; "$2" ns --no-header -c namespace,held "$3"; exit' - \
        "$BATS_TEST_TMPDIR/mounts/$number" "$SHMTOOL" "$number"
    assert_status 0
    assert_out_matches "^$number fd [0-9]+/7"$'\n''$'
}

@test "a bind mount in another mount namespace is found by the root of a process there" {
    local number
    mkdir "$BATS_TEST_TMPDIR/mounts"
    start_keepers process
    number=$(number_of processes)
    : >"$BATS_TEST_TMPDIR/mounts/elsewhere"
    # shellcheck disable=SC2016 # for the inner shell
    start_helper nsenter --target "$inside" --pid --ipc --mount unshare --mount sh -c \
        'mount --bind "/proc/$1/ns/ipc" "$2" && kill "$1" || exit
        while [ -e "/proc/$1/ns/ipc" ]; do :; done
        exec "$3/keepns"' - \
        "$(there "$SHMTOOL" ns -c pid --no-header "$number" | tr -d ' ')" "$BATS_TEST_TMPDIR/mounts/elsewhere" "$HELPERS"
    look -c namespace,held --no-header "$number"
    assert_status 0
    assert_out_matches "^$number mount /proc/[0-9]+/root$BATS_TEST_TMPDIR/mounts/elsewhere"$'\n''$'
}

@test "what only a descriptor in a socket's queue keeps is found where the kernel lists it, with nothing of who keeps it" {
    need_listns
    need_python
    local number
    start_helper unshare --mount --ipc "$HELPERS/keepns" --size 5000 queue
    number=$(sed -n 's/ queue$//p' "$helper_out")
    shmtool ns --json
    assert_status 0
    python '
(row,) = [row for row in doc()["namespaces"] if row["namespace"] == int(sys.argv[2])]
assert (row["user"], row["kind"], row["pid"], row["processes"], row["held"]) == ("root", None, None, 0, []), row
assert (row["segments"], row["bytes"], row["orphans"]) == (1, 5000, 1), row' "$number"
    shmtool ns --no-header "$number"
    assert_equal "$(tr -s ' ' <<<"$out")" "$number - - root 0 1 5000 1"
    shmtool ls -A --no-header -c size,namespace
    assert_out_has "5000 $number"
    shmtool -N "$number" rm --all --yes
    assert_status 0
    shmtool -N "$number" ls -q
    assert_out ''
    # Not from a PID namespace below, nor without the capability.
    run_split unshare --pid --fork --mount-proc "$SHMTOOL" ns "$number"
    assert_status 1
    assert_err "shmtool: ns: $number: no such IPC namespace"
    run_split setpriv --bounding-set -sys_admin "$SHMTOOL" ns "$number"
    assert_status 1
    assert_err_has "shmtool: ns: $number: no such IPC namespace"
}

@test "one namespace by its number, a process or thread in it, and a file" {
    local word thread
    mkdir "$BATS_TEST_TMPDIR/mounts"
    start_keepers process zombie thread "mount:$BATS_TEST_TMPDIR/mounts"
    for word in $(cut -d ' ' -f 1 <<<"$kept") "$own"; do
        look -q "$word"
        assert_status 0
        assert_out "$word"
    done
    while read -r word thread; do
        look -q "$thread" "$word" "/proc/$thread/ns/ipc" "$thread"
        assert_status 0
        assert_out "$word"
    done < <(sed -n 's/ thread .*\// /p; s/ processes / /p' "$helper_out" | head -n 1; sed -n 's/ thread .*\// /p' "$helper_out")
    # The file of a leader that has exited is gone, the process is not.
    read -r word thread < <(sed -n 's/ processes / /p' "$helper_out" | tail -n 1)
    look -q "$thread"
    assert_out "$word"
    word=$(number_of mount)
    look -q "$BATS_TEST_TMPDIR/mounts/$word"
    assert_out "$word"
    look -q "$own" "$word"
    assert_out "$own"$'\n'"$word"
}

@test "words that name no IPC namespace" {
    need_ns
    local word
    for word in 0 4194305 12345678 4026531838 4294967296 ''; do
        shmtool ns "$word"
        assert_wrong_usage "'$word': neither a pid (1 to 4194304) nor the number of an IPC namespace (4026531839 and above)"
    done
    shmtool ns web
    assert_wrong_usage "'web': not the number of an IPC namespace"
    shmtool ns $'\e[31m'
    assert_wrong_usage "'\\x1b[31m': not"
}

@test "one that does not exist: named, the rest is shown, exit 1" {
    start_keepers process
    look -q 4294967295 4194304 /nowhere/at/all /proc/self/ns/net /etc "$own"
    assert_status 1
    assert_out "$own"
    assert_err "shmtool: ns: 4294967295: no such IPC namespace
shmtool: ns: 4194304: no such process
shmtool: ns: /nowhere/at/all: No such file or directory
shmtool: ns: /proc/self/ns/net: not an IPC namespace (/proc/PID/ns/ipc, or a bind mount of one)
shmtool: ns: /etc: not an IPC namespace (/proc/PID/ns/ipc, or a bind mount of one)"
}

@test "a FIFO is not waited for" {
    need_ns
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    shmtool ns "$BATS_TEST_TMPDIR/fifo"
    assert_status 1
    assert_err_has "$BATS_TEST_TMPDIR/fifo: not an IPC namespace"
}

@test "an ordinary user sees what may be seen, and how much may not" {
    start_keepers --size 5000 process
    run_split there setpriv --reuid 54321 --regid 54321 --clear-groups "$SHMTOOL" ns -c namespace,segments --no-header
    assert_status 0
    assert_equal "$(tr -s ' ' <<<"${out%$'\n'}")" "$own 0"
    assert_err "shmtool: ns: 2 processes could not be read, and namespaces that nobody else is in may be missing: it needs CAP_SYS_PTRACE, which root has"
    run_split there setpriv --reuid 54321 --regid 54321 --clear-groups "$SHMTOOL" ns 1 /proc/1/ns/ipc "$(number_of processes)"
    assert_status 1
    assert_err_has 'shmtool: ns: 1: /proc/1/ns/ipc: Permission denied: it needs CAP_SYS_PTRACE, which root has'
    assert_err_has 'shmtool: ns: /proc/1/ns/ipc: Permission denied: it needs CAP_SYS_PTRACE, which root has'
    assert_err_has "shmtool: ns: $(number_of processes): no such IPC namespace among those that can be seen"
}

@test "a capability that is missing is named" {
    start_keepers --size 5000 process descriptor
    run_split there setpriv --bounding-set -sys_ptrace "$SHMTOOL" ns -q
    assert_status 0
    assert_out "$own"
    assert_err 'shmtool: ns: 2 processes could not be read, and namespaces that nobody else is in may be missing: it needs CAP_SYS_PTRACE, which this process lacks'
    # Without the other one all are found and none can be entered.
    run_split there setpriv --bounding-set -sys_admin "$SHMTOOL" ns --no-header
    assert_status 0
    assert_equal "$(tr -s ' ' <<<"$out" | cut -d ' ' -f 1,6-8)" \
        "$own 0 0 0"$'\n'"$(awk '{ print $1, "- - -" }' <<<"$kept")"
    assert_err "shmtool: ns: $(cut -d ' ' -f 1 <<<"$kept" | paste -sd , | sed 's/,/, /g') could not be entered: Operation not permitted: it needs CAP_SYS_ADMIN in its user namespace, and this process lacks it there"
    need_python
    run_split there setpriv --bounding-set -sys_admin "$SHMTOOL" ns --json "$(number_of fd)"
    assert_status 0
    python '
(row,) = doc()["namespaces"]
assert (row["segments"], row["bytes"], row["orphans"]) == (None, None, None), row'
    # What is not asked for is not tried.
    run_split there setpriv --bounding-set -sys_admin "$SHMTOOL" ns -c namespace,held
    assert_status 0
    assert_err ''
}

@test "in a user namespace: what is outside of it cannot be read, and capabilities inside do not help" {
    start_keepers --size 5000 process
    run_split there unshare --user --map-root-user "$SHMTOOL" ns --no-header -c namespace,segments
    assert_status 0
    assert_equal "$(tr -s ' ' <<<"${out%$'\n'}")" "$own 0"
    assert_err 'shmtool: ns: 2 processes could not be read, and namespaces that nobody else is in may be missing: it needs CAP_SYS_PTRACE outside of this user namespace'
    # One made there is entered by a child, as there is no way back for this process.
    # shellcheck disable=SC2016 # for the inner shell
    start_helper nsenter --target "$inside" --mount --pid --ipc unshare --user --map-root-user sh -c \
        '"$1/keepns" --size 70000 process >"$2" & until grep -qs ready "$2"; do :; done
        "$3" ns --no-header -c segments,bytes 2>/dev/null; echo ready; wait' - "$HELPERS" "$BATS_TEST_TMPDIR/there" "$SHMTOOL"
    assert_equal "$(tr -s ' ' <"$helper_out" | sed 's/^ //')" "0 0
1 70000
ready"
}

@test "many that cannot be entered: the first few are named, the others counted" {
    start_keepers --times 8 descriptor
    run_split there setpriv --bounding-set -sys_admin "$SHMTOOL" ns
    assert_status 0
    assert_err_matches "^shmtool: ns: ([0-9]+, ){4}[0-9]+ and 3 more could not be entered: "
}

@test "a user's own rootless namespace is read through its user namespace; that of others is not" {
    need_ns
    need_root
    as_user 54321 unshare --user --map-root-user --ipc true 2>/dev/null || skip "users may make no namespaces here"
    local mine theirs
    # shellcheck disable=SC2016 # for the inner shell
    start_helper as_user 54321 unshare --user --map-root-user --ipc sh -c \
        '"$1/mkseg" --size 5000 >/dev/null && exec "$1/keepns"' - "$HELPERS"
    mine=$(stat -L -c %i "/proc/$helper_pid/ns/ipc")
    start_helper as_user 54322 unshare --user --map-root-user --ipc "$HELPERS/actor" make:0
    theirs=$(stat -L -c %i "/proc/$helper_pid/ns/ipc")
    run_split as_user 54321 "$SHMTOOL" ns --no-header -c namespace,user,processes,segments,bytes,orphans "$mine"
    assert_status 0
    assert_equal "$(tr -s ' ' <<<"${out%$'\n'}")" "$mine 54321 1 1 5000 1"
    run_split as_user 54321 "$SHMTOOL" ns -q "$theirs"
    assert_status 1
    assert_err_has "$theirs: no such IPC namespace among those that can be seen"
    # Root goes there directly.
    shmtool ns --no-header -c namespace,user,processes,segments,bytes,orphans "$mine" "$theirs"
    assert_status 0
    assert_equal "$(tr -s ' ' <<<"${out%$'\n'}" | sort)" "$(printf '%s\n' "$mine 54321 1 1 5000 1" "$theirs 54322 1 1 8192 0" | sort)"
}

@test "descriptors: the soft limit is raised, the hard one is said" {
    start_keepers --times 60 descriptor
    run_split there prlimit --nofile=50:1000 "$SHMTOOL" ns -c namespace,held --no-header
    assert_status 0
    assert_err ''
    assert_found
    run_split there prlimit --nofile=50:50 "$SHMTOOL" ns -q
    assert_status 1
    assert_err "shmtool: ns: not all namespaces could be inspected: no more descriptors can be opened (see 'ulimit -Hn')"
    [[ ${out%%$'\n'*} == "$own" ]] || fail "the own namespace is not the first"
}

@test "--sort, and output that cannot be written" {
    start_keepers --size 5000 process descriptor
    look -c namespace --no-header --sort -segments,-namespace
    assert_status 0
    assert_equal "$(tr -d ' ' <<<"${out%$'\n'}")" "$(cut -d ' ' -f 1 <<<"$kept" | sort -rn)"$'\n'"$own"
    # shellcheck disable=SC2016 # for the inner shell
    run_split there sh -c '"$1" ns >/dev/full' - "$SHMTOOL"
    assert_status 1
    assert_err 'shmtool: ns: standard output: No space left on device'
}

@test "--sysroot is refused" {
    run_split "$SHMTOOL" --sysroot "$SRC/tests/fixtures/states" ns
    assert_wrong_usage "--sysroot: a saved tree does not show IPC namespaces"
}

@test "no /proc: exit 4" {
    need_no_sanitizer
    start_keepers process
    # shellcheck disable=SC2016 # for the inner shell
    run_split there unshare --mount sh -c 'mount -t tmpfs none /proc && exec "$1" ns' - "$SHMTOOL"
    assert_status 4
    assert_out ''
    assert_err_has 'not mounted'
}
