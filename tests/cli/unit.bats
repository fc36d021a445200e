# The unit or container of a segment: the column, the selection, stat, and the names that people use.
load common
load processes
load tree

ID=4f3a12bc9d0177b0c1d2e3f405162738495a6b7c8d9e0f1a2b3c4d5e6f708192
POD=03f3f104-3215-44f2-9686-d4dd1f05a7ed
DOCKER=0::/system.slice/docker-$ID.scope

setup() {
    common_setup
    begin_tree
    put_process 1 /
}

teardown() {
    end_daemons
    common_teardown
}

# put_process PID CGROUP [ID]...: a process of the tree, in that cgroup (a path, or a whole line), with these
# segments attached
put_process() {
    local pid=$1 cgroup=$2
    shift 2
    put_tree_process "$pid" "$@"
    [[ $cgroup != /* ]] || cgroup=0::$cgroup
    printf '%s\n' "$cgroup" >"$tree/proc/$pid/cgroup"
}

# units_are LINE...: "ID UNIT" of each row
units_are() {
    on_tree ls --no-header -c shmid,unit
    assert_status 0 || return 1
    assert_equal "$(tr -s ' ' <"$out_file")" "$(printf '%s\n' "$@")"
}

@test "a living creator's unit" {
    put_process 10 /system.slice/postgresql.service
    put_process 11 "$DOCKER"
    put_process 12 "11:pids:/kubepods/burstable/pod$POD/$ID"
    put_process 13 /user.slice/user-1000.slice/user@1000.service/app.slice/db.service
    put_process 14 /
    local pid
    for pid in 10 11 12 13 14; do
        put_segment "$pid" "$pid" 0
    done
    units_are '10 postgresql.service' "11 docker:${ID:0:12}" "12 pod:$POD" '13 user@1000:db.service' 14
    on_tree ls --ndjson -c shmid,unit
    assert_out_has '{"shmid": 10, "unit": "postgresql.service"}'
    assert_out_has '{"shmid": 14, "unit": null}'
    on_tree ls --no-header -c shmid --sort -unit
    assert_equal "$(tr '\n' ' ' <"$out_file")" '13 10 12 11 14 '
}

@test "of a creator that is dead, or whose pid another process has, only if somebody has it attached" {
    put_process 20 /system.slice/a.service 1 4
    put_process 21 /system.slice/a.service 1
    put_process 22 /system.slice/b.service 2
    put_process 23 /system.slice/a.service 2
    put_segment 1 99 2 # attached by two of one unit
    put_segment 2 99 2 # of two units
    put_segment 3 99 0 # by nobody
    put_segment 4 99 2 # and by one that is not found
    put_segment 5 22 0 # its creator lives
    units_are '1 a.service' 2 3 4 '5 b.service'
    # Started after the last change of its segment: another process.
    sed -i 's/ 1 0 1 0$/ 1 0 30000 0/' "$tree/proc/22/stat"
    units_are '1 a.service' 2 3 4 5
}

@test "containers of one pod are one unit, and no container" {
    put_process 20 "0::/kubepods/pod$POD/$ID" 1 2
    put_process 21 "0::/kubepods/pod$POD/${ID/4f/aa}" 1
    put_segment 1 99 2
    put_segment 2 99 1
    units_are "1 pod:$POD" "2 pod:$POD"
    on_tree ls -q --unit "$POD"
    assert_out $'1\n2'
    on_tree ls -q --unit "$ID"
    assert_out 2
    on_tree stat 1
    unwrap
    assert_out_has "The processes that have it attached run in pod $POD."
    on_tree stat 2
    unwrap
    assert_out_has "in pod $POD, container ${ID:0:12}."
}

@test "--unit: by what is shown, a whole name, 8 digits of an id or more; repeated it widens" {
    put_process 10 /system.slice/postgresql.service
    put_process 11 "$DOCKER"
    put_segment 1 10 0
    put_segment 2 11 0
    put_segment 3 99 0
    local word
    on_tree ls -q --unit postgresql.service
    assert_out 1
    for word in "docker:${ID:0:12}" "${ID:0:8}" "${ID:0:12}" "$ID" "docker-$ID.scope"; do
        on_tree ls -q --unit "$word"
        assert_status 0
        assert_out 2
    done
    for word in postgresql postgresql.servic POSTGRESQL.SERVICE '*' "${ID:0:7}" "${ID}0" docker service; do
        on_tree ls -q --unit "$word"
        assert_status 0
        assert_out ''
    done
    on_tree ls -q --unit postgresql.service --unit "$ID"
    assert_out $'1\n2'
    on_tree ls -q --unit postgresql.service --cpid 11
    assert_out ''
    on_tree ls -q --unit ''
    assert_wrong_usage "--unit: ''" 'ls -c +unit'
    on_tree ls -q --unit
    assert_wrong_usage '--unit: needs a value: NAME'
}

@test "--unit: for stat and who too; a unit that depends on who is attached" {
    put_process 20 /system.slice/a.service 1
    put_process 21 /system.slice/b.service 2
    put_segment 1 99 1
    put_segment 2 99 1
    on_tree who --no-header --unit a.service -c shmid,pid
    assert_out '1 20'
    on_tree stat --unit b.service
    assert_status 0
    unwrap
    assert_out_has 'Segment 2 '
    assert_out_has 'The processes that have it attached run in unit b.service.'
    assert_out_has_not 'Segment 1 '
    on_tree stat --json --unit a.service
    assert_out_has '"unit": "a.service"'
    assert_out_has 'run in unit a.service."'
}

@test "--unit: what is left out because its unit is not known is said" {
    put_process 20 /system.slice/a.service 1 2 3
    put_segment 1 99 1
    put_segment 2 99 5
    on_tree ls -q --unit a.service
    assert_status 0
    assert_out 1
    assert_err 'shmtool: ls: --unit: 1 segment left out: its creator is not alive, and not all processes that have it attached can be inspected, so its unit is unknown'
    put_segment 3 99 2
    on_tree who -q --unit b.service
    assert_err_has '2 segments left out: their creator is not alive'
    on_tree ls -c +unit
    assert_err ''
}

@test "a unit, container or host with a blank in its name is one word in tables, and --unit reads it" {
    mkdir -p "$tree/proc/sys/kernel"
    echo 'a host' >"$tree/proc/sys/kernel/hostname"
    put_process 10 '/machine.slice/machine-my\x20box.scope' 10
    put_process 11 '/system.slice/a b\c.service' 11
    put_segment 10 10 1
    put_segment 11 11 1
    on_tree ls --no-header -c unit,container,host,shmid
    assert_equal "$(tr -s ' ' <"$out_file")" 'machine:my\x20box my\x20box a\x20host 10
a\x20b\x5cc.service - a\x20host 11'
    on_tree ls -q --unit 'machine:my\x20box' --unit 'a\x20b\x5cc.service'
    assert_out $'10\n11'
    on_tree who --no-header -c container,host,shmid
    assert_equal "$(tr -s ' ' <"$out_file")" 'my\x20box a\x20host 10
- a\x20host 11'
    on_tree du --no-header --by unit,container
    assert_equal "$(cut -d ' ' -f 1 <"$out_file")" 'a\x20b\x5cc.service
machine:my\x20box
total'
    on_tree ls --csv --no-header -c unit,container,host,shmid
    assert_out $'machine:my box,my box,a host,10\na b\\c.service,,a host,11'
}

@test "a tree without cgroups, and hostile ones" {
    local name
    put_segment 10 10 0
    put_process 10 /
    for name in '' $'\e[31m.service' $'\xff\xfe.service' '..' "$(printf '%04096d' 7)" 'a b.service' $'x\\x41.service'; do
        printf '0::/system.slice/%s\n' "$name" >"$tree/proc/10/cgroup"
        on_tree ls -l
        assert_status 0
        ! LC_ALL=C grep -q $'[\001-\011\013-\037\177]' "$out_file" || fail 'a control byte'
        on_tree ls --json
        python3 -c 'import json, sys; json.load(open(sys.argv[1], "rb"))' "$out_file" || fail 'no JSON'
    done
    head -c 9000000 /dev/zero >"$tree/proc/10/cgroup"
    units_are 10
    rm "$tree/proc/10/cgroup"
    units_are 10
    mkfifo "$tree/proc/10/cgroup"
    units_are 10
}

# --- On this machine --------------------------------------------------------------------------

# need_mounts: skips the test where files cannot be put in place of others
need_mounts() {
    unshare --mount true 2>/dev/null || skip 'nothing can be mounted here'
}

# in_cgroup PID=FILE... -- COMMAND...: run_split COMMAND where /proc/PID/cgroup is FILE
in_cgroup() {
    local binds=()
    while [[ $1 != -- ]]; do
        binds+=("$1")
        shift
    done
    shift
    # shellcheck disable=SC2016 # the inner shell's
    run_split env BINDS="${binds[*]}" unshare --mount bash -c 'for bind in $BINDS; do
        mount --bind "${bind#*=}" "/proc/${bind%%=*}/cgroup" || exit 99
    done
    exec "$@"' - "$@"
}

@test "rm --unit asks, removes what is of the unit, and nothing else" {
    need_ns
    need_mounts
    local cgroup=$BATS_TEST_TMPDIR/cgroup mine other
    echo "$DOCKER" >"$cgroup"
    act make:0
    mine=$seg
    other=$(make_seg)
    in_cgroup "$actor=$cgroup" -- "$SHMTOOL" rm --unit "${ID:0:8}" <<<no
    assert_status 3
    assert_err_has 'Remove 1 segment'
    assert_exists "$mine" "$other"
    in_cgroup "$actor=$cgroup" -- "$SHMTOOL" rm --unit "${ID:0:8}" --yes
    assert_status 0
    assert_gone "$mine"
    assert_exists "$other"
}

@test "rm --unit reads the unit again before each removal" {
    need_ns
    need_mounts
    "$HELPERS/meanwhile" --test || skip 'no program can be traced here'
    local cgroup=$BATS_TEST_TMPDIR/cgroup one two
    echo '0::/system.slice/a.service' >"$cgroup"
    act make:0
    one=$seg
    first=$actor
    act make:0
    two=$seg
    in_cgroup "$first=$cgroup" "$actor=$cgroup" -- "$HELPERS/meanwhile" --do "echo 0::/b.service >'$cgroup'" -- \
        "$SHMTOOL" rm --unit a.service --yes
    assert_status 1
    assert_err_has 'changed since it was listed, left alone'
    assert_equal "$(seg_exists "$one" && echo 1; seg_exists "$two" && echo 2)" "$(all_ids | sed "s/^$one$/1/; s/^$two$/2/")"
    assert_equal "$(all_ids | wc -l)" 1
}

@test "rm --unit: of a creator that died, those that have it attached count, and again before the removal" {
    need_ns
    need_root
    need_mounts
    "$HELPERS/meanwhile" --test || skip 'no program can be traced here'
    local cgroup=$BATS_TEST_TMPDIR/cgroup one two
    echo '0::/system.slice/a.service' >"$cgroup"
    { read -r one && read -r two; } < <(make_seg --count 2)
    start_helper holdseg "$one" "$two"
    in_cgroup "$helper_pid=$cgroup" -- "$SHMTOOL" ls -q --unit a.service
    assert_equal "$(sort <<<"${out%$'\n'}")" "$(printf '%s\n' "$one" "$two" | sort)"
    in_cgroup "$helper_pid=$cgroup" -- "$HELPERS/meanwhile" --do "echo 0::/b.service >'$cgroup'" -- \
        "$SHMTOOL" rm --unit a.service --yes
    assert_status 1
    assert_err_has 'changed since it was listed, left alone'
}

@test "watch and wait --unit: by the creator, or by those that have it attached" {
    need_ns
    need_root
    need_mounts
    local cgroup=$BATS_TEST_TMPDIR/cgroup held mine
    echo '0::/system.slice/a.service' >"$cgroup"
    held=$(make_seg)
    make_seg >/dev/null
    start_helper holdseg "$held"
    local holder=$helper_pid
    act make:0
    mine=$seg
    in_cgroup "$holder=$cgroup" "$actor=$cgroup" -- "$SHMTOOL" watch --unit a.service --initial --interval 1h --for 10ms -q
    assert_status 0
    assert_err ''
    assert_out "$held"$'\n'"$mine"
    in_cgroup "$holder=$cgroup" -- "$SHMTOOL" wait --unit a.service --until attached --timeout 0
    assert_status 0
    in_cgroup "$holder=$cgroup" -- "$SHMTOOL" wait --unit a.service --until gone --timeout 0
    assert_status 1
    assert_err_has "$held: still there, nattch 1"
    in_cgroup "$holder=$cgroup" -- "$SHMTOOL" wait --unit b.service --until gone --timeout 0
    assert_status 0
    # What may be of the unit is not known to be gone.
    in_cgroup "$holder=$cgroup" -- setpriv --reuid 12345 --regid 12345 --clear-groups "$SHMTOOL" wait --unit b.service --until gone
    assert_status 1
    assert_err 'shmtool: wait: --unit: 1 segment left out: its creator is not alive, and not all processes that have it attached can be inspected, so its unit is unknown'
    in_cgroup "$holder=$cgroup" -- setpriv --reuid 12345 --regid 12345 --clear-groups "$SHMTOOL" watch --unit b.service --for 30ms --interval 10ms
    assert_status 0
    assert_err_has '--unit: 1 segment left out'
    assert_equal "$(grep -c 'left out' <<<"$err")" 1
}

@test "ls without the column reads no cgroup and no mappings" {
    need_ns
    need_program strace
    without_leak_sanitizer
    need_no_coverage
    make_seg >/dev/null
    start_helper holdseg "$(make_seg)"
    run_split strace -f -e trace=openat -o "$BATS_TEST_TMPDIR/trace" "$SHMTOOL" ls
    assert_status 0
    ! grep -q 'cgroup\|/maps' "$BATS_TEST_TMPDIR/trace" || fail "$(grep 'cgroup\|maps' "$BATS_TEST_TMPDIR/trace")"
    run_split strace -f -e trace=openat -o "$BATS_TEST_TMPDIR/trace" "$SHMTOOL" ls -c unit
    grep -q cgroup "$BATS_TEST_TMPDIR/trace" || fail 'no cgroup was read'
}

# --- Names that people use --------------------------------------------------------------------

# names_in DIR: run in a mount namespace: the folders of container managers are those of DIR
put_names() {
    local top=$BATS_TEST_TMPDIR/names other=aa${ID:2}
    mkdir -p "$top/docker/containers/$ID" "$top/containers/storage/overlay-containers" "$top/log"
    printf '{"ID": "%s", "Name": "/web", "Config": {"Env": ["A=\\u00fc"]}}' "$ID" >"$top/docker/containers/$ID/config.v2.json"
    printf '[{"id": "%s", "names": ["shop", "old"], "layer": "x"}, {"id": "%s"}]' "$ID" "$other" \
        >"$top/containers/storage/overlay-containers/containers.json"
    ln -s /nowhere "$top/log/web-0_prod_app-$ID.log"
    chmod -R go-w "$top"
}

# named CGROUP [COMMAND]: the unit of a segment whose creator is in CGROUP, where these names are; COMMAND is
# run before, with the folders in place
named() {
    local top=$BATS_TEST_TMPDIR/names cgroup=$BATS_TEST_TMPDIR/cgroup
    echo "$1" >"$cgroup"
    # shellcheck disable=SC2016 # the inner shell's
    run_split env TOP="$top" unshare --mount bash -c 'set -e
        mount -t tmpfs -o mode=755 none /var/lib
        mkdir -m 755 /var/lib/docker /var/lib/containers
        mount -t tmpfs -o mode=755 none /var/log
        cp -a "$TOP/docker" "$TOP/containers" /var/lib
        cp -a "$TOP/log" /var/log/containers
        mount --bind "$2" "/proc/$1/cgroup"
        eval "$3"
        "$SHMTOOL" ls --no-header -c unit' - "$actor" "$cgroup" "${2:-}"
    assert_status 0
}

@test "human names: Docker's, Podman's, the kubelet's, for root" {
    need_ns
    need_root
    need_mounts
    put_names
    act make:0
    named "$DOCKER"
    assert_out docker:web
    named "0::/machine.slice/libpod-$ID.scope/container"
    assert_out podman:shop
    named "0::/kubepods/pod$POD/$ID"
    assert_out pod:web-0_prod
    # Ids that have no name, and one that a user has given a cgroup of his own.
    named "0::/machine.slice/libpod-aa${ID:2}.scope"
    assert_out "podman:aa${ID:2:10}"
    named "0::/system.slice/docker-aa${ID:2}.scope"
    assert_out "docker:aa${ID:2:10}"
    named "0::/user.slice/user-1000.slice/user@1000.service/docker-$ID.scope"
    assert_out "docker:${ID:0:12}"
    # Only root is told, and an ordinary user finds it by its id.
    # shellcheck disable=SC2016 # the inner shell's
    named "$DOCKER" 'chmod 711 /var/lib/docker; exec setpriv --reuid 12345 --regid 12345 --clear-groups "$SHMTOOL" ls --no-header -c unit'
    assert_out "docker:${ID:0:12}"
    # shellcheck disable=SC2016
    named "$DOCKER" 'for word in web docker:web '"${ID:0:9}"'; do "$SHMTOOL" ls -q --unit $word; done; "$SHMTOOL" stat | tr -s "\n " " "; echo'
    assert_out_has "$(printf '%s\n' "$seg" "$seg" "$seg" Segment)"
    assert_out_has 'Its creator runs in Docker container web (4f3a12bc9d01).'
}

@test "human names: not from files that somebody else may have written" {
    need_ns
    need_root
    need_mounts
    put_names
    act make:0
    local deed file=/var/lib/docker/containers/$ID/config.v2.json plain=docker:${ID:0:12}
    for deed in "chmod g+w $file" "chmod o+w $file" "chown 12345 $file" "chmod o+w ${file%/*}" "chown 12345 /var/lib/docker" \
        "chmod 1777 /var/lib" "mv $file /var/lib/x; ln -s /var/lib/x $file" "mv /var/lib/docker /var/lib/d; ln -s d /var/lib/docker" \
        "rm $file; mkfifo $file" "rm $file; mkdir $file" "truncate -s 20M $file" "echo '{' >$file" "echo '[]' >$file" \
        "echo '{\"ID\": \"$ID\", \"Name\": 7}' >$file" "echo '{\"ID\": \"aa\", \"Name\": \"web\"}' >$file" \
        "echo '{\"ID\": \"$ID\", \"Name\": \"/\"}' >$file" "echo '{\"ID\": \"$ID\", \"Name\": \"a\\u0000b\"}' >$file" ": >$file" "rm $file"; do
        named "$DOCKER" "$deed"
        assert_out "$plain" || fail "after: $deed" || return 1
    done
    for deed in 'chmod o+w /var/log/containers' 'chown 12345 /var/log' 'mv /var/log/containers /var/log/c; ln -s c /var/log/containers'; do
        named "0::/kubepods/pod$POD/$ID" "$deed"
        assert_out "pod:$POD" || fail "after: $deed" || return 1
    done
    # Escaped where it is shown.
    named "$DOCKER" "echo '{\"ID\": \"$ID\", \"Name\": \"/a\\u001b[31mb\"}' >$file"
    assert_out 'docker:a\x1b[31mb'
}
