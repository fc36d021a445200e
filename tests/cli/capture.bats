# capture: every command that only shows says the same of the tree as of the machine.
# Scripts for another shell stand in single quotes.
# shellcheck disable=SC2016
load common
load protect

ALICE=12345

setup() {
    common_setup
    dir=$BATS_TEST_TMPDIR/tree
    theirs=
}

teardown() {
    common_teardown
    [[ ! $theirs ]] || rm -r "$theirs"
}

# scene: segments in every state, with processes that hold them
scene() {
    local id
    id=$(make_seg --key 0x77 --size 5000 --mode 640)
    start_helper holdseg "$id"
    make_seg --key 0x78 --fill --size 100000 >/dev/null
    make_seg --size 7 --touch >/dev/null
    start_helper mkseg --stay --size 77
    id=$(make_seg --key 0x79)
    start_helper holdseg "$id"
    ipcrm -m "$id"
    ! has_users || make_seg --uid $ALICE --gid 1 --mode 666 >/dev/null
}

# plain FILTER: takes out of $out what may differ, JSON by this jq filter, text where it is '-': the time, on which machine
# a command would help, and what changes all the time by what else runs here
plain() {
    if [[ $1 == - ]]; then
        out=$(sed 's/on that machine, //; /^shmtool_oldest_orphan_seconds/d; /^shmtool_unreadable_processes/d; /Shmem/d' <<<"$out")
    else
        out=$(jq -c "del(.time, .system, .unreadable) | $1" <<<"$out")
    fi
}

# assert_same FILTER ARG...: the machine and the tree answer alike
assert_same() {
    local filter=$1 live live_status
    shift
    run_split "${who[@]}" "$SHMTOOL" "$@"
    plain "$filter"
    live=$out live_status=$status
    run_split "${who[@]}" "$SHMTOOL" --sysroot "$dir" "$@"
    plain "$filter"
    [[ $status == "$live_status" ]] || fail "status is $status of the tree, and $live_status of the machine" || return 1
    assert_equal "$out" "$live"
}

# assert_all_same: so do all commands
assert_all_same() {
    assert_same - ls -l || return 1
    assert_same - ls -c key,shmid,owner,group,creator,creator_group,state,command,unit,program,program_by,protected,namespace,container,host || return 1
    assert_same - ls --state orphan,idle -q || return 1
    assert_same . ls --json || return 1
    assert_same '[.segments[] | del(.explanation)]' stat --json || return 1
    assert_same - who -c shmid,key,pid,uid,user,access,maps,command || return 1
    assert_same . who --json || return 1
    assert_same - du || return 1
    assert_same - du --by creator,state,unit --huge || return 1
    assert_same '{by, rows, total}' du --json --system || return 1
    assert_same - limits || return 1
    assert_same . limits --json || return 1
    assert_same - metrics || return 1
    assert_same '[.findings[] | del(.remedy)]' doctor --json
}

@test "every command that only shows says the same" {
    need_ns
    need_program jq
    who=()
    scene
    shmtool capture "$dir"
    assert_status 0
    assert_out ''
    assert_err ''
    assert_all_same
}

@test "what shmtool.conf and its folder say, also of users who own no segment" {
    need_ns
    need_root
    with_conf 'protect --owner bin --group tty' 'label --creator games cache' 'protect --key 0x78 # kept'
    mkdir "$etc/shmtool.d"
    echo 'protect --size 7' >"$etc/shmtool.d/50-x.conf"
    scene
    "$SHMTOOL" capture "$dir"
    assert_same - ls -c shmid,program,protected
    assert_err ''
    assert_out_has /etc/shmtool.conf:3
    assert_out_has /etc/shmtool.d/50-x.conf:1
    assert_same - ls --unprotected -q
}

@test "also to an ordinary user, who cannot read all processes" {
    need_ns
    need_root
    need_program jq
    scene
    start_helper as_user $ALICE mkseg --stay --size 4
    theirs=$(as_user $ALICE mktemp -d /tmp/shmtool-capture.XXXXXX) # the tests' own folders are root's alone
    dir=$theirs/tree
    run_split as_user $ALICE "$SHMTOOL" capture "$dir"
    assert_status 0
    assert_err ''
    who=(as_user "$ALICE")
    # How many processes there are changes by what runs beside the test.
    assert_same - ls -l
    assert_same . ls --json
    assert_same '[.attachments]' who --json
    assert_same '[.findings[] | del(.remedy)]' doctor --json
    run_split as_user $ALICE "$SHMTOOL" --sysroot "$dir" who --json
    (($(jq .unreadable <<<"$out") > 0))
}

@test "what the machine does later is no more in it" {
    need_ns
    need_program jq
    who=()
    scene
    shmtool capture "$dir"
    shmtool --sysroot "$dir" ls -l
    local before=$out
    remove_all_segments
    stop_helper
    shmtool --sysroot "$dir" ls -l
    assert_equal "$out" "$before"
    shmtool --sysroot "$dir" doctor
    assert_out_has 'on that machine'
}

@test "folders of mode 0700, files of mode 0600; no memory, no environment, nobody else's name" {
    need_ns
    local id mask
    id=$(make_seg --fill --size 5000)
    start_helper env SECRET=vErYsEcReT "$HELPERS/holdseg" "$id"
    for mask in 0 277; do
        rm -rf "$dir"
        run_split bash -c "umask $mask"'; exec "$0" capture "$1"' "$SHMTOOL" "$dir"
        assert_status 0
        assert_equal "$(find "$dir" -type d ! -perm 700 -o -type f ! -perm 600)" '' || return 1
    done
    assert_equal "$(grep -rl vErYsEcReT "$dir")" ''
    assert_equal "$(find "$dir" -name environ -o -name mem -o -name content -o -name auxv)" ''
    assert_equal "$(grep -c . "$dir/etc/passwd")" 1
    # Of what a process has mapped nothing but segments, and that there is something.
    assert_equal "$(grep -vc SYSV "$dir/proc/$helper_pid/maps")" 1
}

@test "of a database and its folders what shows that it is one, and no configuration" {
    need_ns
    need_root
    unshare --mount true 2>/dev/null || skip "needs a mount namespace of its own"
    make_seg --key 4711 >/dev/null
    run_split unshare --mount sh -c 'mkdir -p /var/lib/postgresql 2>/dev/null
        mount -t tmpfs none /var/lib/postgresql && mkdir -p /var/lib/postgresql/15/main &&
        cd /var/lib/postgresql/15/main && echo 15 >PG_VERSION && printf "4711\n" >postmaster.pid &&
        echo "primary_conninfo = secret" | tee postgresql.auto.conf >../../some.conf && exec "$0" capture "$1"' "$SHMTOOL" "$dir"
    assert_status 0
    [[ -e $dir/var/lib/postgresql/15/main/postmaster.pid ]]
    assert_equal "$(grep -rl primary_conninfo "$dir")" ''
}

@test "--no-arguments leaves the program's name" {
    need_ns
    local id
    id=$(make_seg)
    start_helper holdseg "$id"
    shmtool capture --no-arguments "$dir"
    shmtool --sysroot "$dir" who --no-header -c command
    assert_out "$HELPERS/holdseg"
    assert_equal "$(tr -d '\0' <"$dir/proc/$helper_pid/cmdline")" "$HELPERS/holdseg"
}

@test "a machine without segments" {
    need_ns
    need_program jq
    who=()
    shmtool capture "$dir"
    assert_status 0
    assert_all_same
}

@test "of a saved tree cat has no bytes, and says so" {
    need_ns
    local id
    id=$(make_seg)
    shmtool capture "$dir"
    shmtool --sysroot "$dir" cat "$id"
    assert_status 1
    assert_out ''
    assert_err_has "content: No such file or directory: the tree has no bytes of segments; rm --save saves them"
}

@test "a folder that is not empty, a link, a full disk" {
    need_ns
    mkdir "$dir"
    : >"$dir/file"
    shmtool capture "$dir"
    assert_status 1
    assert_err "shmtool: capture: $dir: is not empty: name a new folder"
    ln -s tree "$BATS_TEST_TMPDIR/link"
    rm "$dir/file"
    shmtool capture "$BATS_TEST_TMPDIR/link/"
    assert_status 1
    assert_equal "$(find "$dir" -mindepth 1)" ''
    has_users && unshare --mount true 2>/dev/null || skip 'needs a mount namespace of its own'
    run_split unshare --mount sh -c 'mount -t tmpfs -o size=8k none "$1" && exec "$0" capture "$1/new"' "$SHMTOOL" "$dir"
    assert_status 1
    assert_err_has 'No space left on device'
}

@test "another IPC namespace" {
    need_ns
    need_root
    start_helper unshare --ipc bash -c '"$0" create --size 7 --key 0x77 >/dev/null && echo ready; exec sleep 1000' "$SHMTOOL"
    shmtool -N "$helper_pid" capture "$dir"
    assert_status 0
    shmtool --sysroot "$dir" ls --no-header -c key,namespace
    assert_out "0x00000077 $(stat -Lc %i "/proc/$helper_pid/ns/ipc")"
}

@test "wrong words write nothing" {
    shmtool capture
    assert_wrong_usage 'no DIR given: a new or empty folder'
    shmtool capture "$dir" "$dir"
    assert_wrong_usage "takes one DIR"
    shmtool capture ''
    assert_wrong_usage "'': takes one DIR"
    shmtool -A capture "$dir"
    assert_wrong_usage '--all-namespaces: capture looks in one IPC namespace'
    shmtool --sysroot / capture "$dir"
    assert_wrong_usage "--sysroot: is a saved tree already: capture writes that of the live system"
    [[ ! -e $dir ]]
}

@test "a system without the listing: ls asks the kernel, and a tree cannot be written" {
    need_ns
    need_sizes_by_calls
    unshare --mount true 2>/dev/null || skip "no mount namespace can be made"
    local id
    id=$(make_seg)
    # shellcheck disable=SC2016 # for the shell
    run_split unshare --mount sh -c 'mount -t tmpfs tmpfs /proc/sysvipc && "$0" ls -q && exec "$0" capture "$1"' \
        "$SHMTOOL" "$dir"
    assert_status 1
    assert_out "$id"
    assert_err 'shmtool: capture: /proc/sysvipc/shm: No such file or directory'
}
