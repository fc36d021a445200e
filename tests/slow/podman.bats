# A container of Podman, where it can run: its segments in this IPC namespace are shown under its name.
load ../cli/common
load ../cli/processes

teardown() {
    # In a storage of the test's own; one whose IPC namespace another has joined can go only after that.
    for _ in 1 2; do
        [[ ! ${container-} ]] || in_storage podman_here rm -f -t 0 --all >/dev/null 2>&1 || true
    done
    [[ ! ${keeper-} ]] || kill -KILL "$keeper" 2>/dev/null || true
    end_daemons
    common_teardown
}

# in_storage COMMAND...: with Podman's folders in a memory of their own, empty at first
in_storage() {
    nsenter --mount --target "$keeper" bash -c "$(declare -f podman_here)"$'\n''"$@"' - "$@"
}

# podman_here ARG...: without a network, a journal, systemd
podman_here() {
    podman --storage-driver vfs --cgroup-manager cgroupfs --events-backend file --runtime "${RUNTIME:-crun}" "$@"
}

# start_keeper: a process that keeps a mount namespace; sets $keeper
start_keeper() {
    # shellcheck disable=SC2016 # the inner shell's
    unshare --mount bash -c 'mount -t tmpfs -o mode=755 none /var/lib/containers &&
        mount -t tmpfs -o mode=755 none /run && exec "$HELPERS/actor"' >"$BATS_TEST_TMPDIR/keeper" 3>&- &
    keeper=$!
    wait_until grep -q ready "$BATS_TEST_TMPDIR/keeper"
}

# make_rootfs: $rootfs with the helper actor and what it is linked with
make_rootfs() {
    local file
    rootfs=$BATS_TEST_TMPDIR/rootfs
    for file in "$HELPERS/actor" $(ldd "$HELPERS/actor" | grep -o '/[^ ]*'); do
        mkdir -p "$rootfs$(dirname "$file")"
        cp -L "$file" "$rootfs$file"
    done
}

# start_container NAME IPC WORD...: a container of the helper actor; sets $container, its id
start_container() {
    local name=$1 ipc=$2 runtime
    shift 2
    for runtime in ${RUNTIME:-crun runc}; do
        export RUNTIME=$runtime
        container=$(in_storage podman_here run -d --name "$name" --network none --ipc "$ipc" --ulimit nofile=512:512 \
            --ulimit nproc=512:512 --env SHMTOOL_TEST_NS --env SHMTOOL_TEST_OUTER_NS --rootfs "$rootfs" "$HELPERS/actor" "$@" 2>/dev/null) && break
        container=
        in_storage podman_here rm -f -t 0 "$name" >/dev/null 2>&1 || true
        unset RUNTIME
    done
    [[ $container ]] || skip 'podman cannot run a container here'
    container=${container##*$'\n'}
    wait_until container_is_ready "$name"
}

container_is_ready() {
    in_storage podman_here logs "$1" 2>/dev/null | grep -q '^ready'
}

# pid_of NAME: its first process, as it is known here
pid_of() {
    in_storage podman_here inspect --format '{{.State.Pid}}' "$1"
}

# begin_podman: a storage and a root for containers
begin_podman() {
    need_ns
    need_root
    need_program podman
    mkdir -p /var/lib/containers
    start_keeper || skip 'nothing can be mounted here'
    make_rootfs
}

# outside ARG...: shmtool where Podman's files are seen
outside() {
    run_split in_storage "$SHMTOOL" "$@"
}

@test "a container's segment: its name in the column, in --unit, in stat" {
    begin_podman
    start_container shop host make:0x5150 attach
    run_split in_storage "$SHMTOOL" ls --no-header -c unit --key 0x5150
    assert_out podman:shop
    run_split in_storage "$SHMTOOL" ls --no-header -c key --unit shop
    assert_out 0x00005150
    run_split in_storage "$SHMTOOL" ls --no-header -c key --unit "${container:0:8}"
    assert_out 0x00005150
    run_split in_storage "$SHMTOOL" stat --unit podman:shop
    unwrap
    assert_out_has "Its creator runs in Podman container shop (${container:0:12})."
    # Without its files it has its id.
    shmtool ls --no-header -c unit --key 0x5150
    assert_out "podman:${container:0:12}"
}

@test "containers with IPC namespaces of their own: listed under their names, emptied by name, and nothing else" {
    begin_podman
    local shop
    start_container shop private make:0x5150 make:0x5151 attach
    shop=${container:0:12}
    start_container shop2 private make:0x5150
    make_seg --key 0x5150 >/dev/null
    outside ls -A --no-header -c key,container --key 0x5150..0x5151
    assert_status 0
    # Other tests may run containers too, whose names are not known here.
    assert_equal "$(tr -s ' ' <"$out_file" | grep shop | sort)" $'0x00005150 shop\n0x00005150 shop2\n0x00005151 shop'
    outside ls -N shop --no-header -c key,nattch,state
    assert_equal "$(tr -s ' ' <"$out_file")" $'0x00005150 0 idle\n0x00005151 1 used'
    outside rm -N sho --all --yes
    assert_wrong_usage "shmtool: rm: --namespace: sho: "
    outside rm -N shop --all --yes
    assert_status 0
    assert_err_has 'removed 1 of 2 segments'
    assert_err_has 'marked'
    outside ls -N shop --no-header -c key,status
    assert_equal "$(tr -s ' ' <"$out_file")" '0x00000000 dest'
    outside ls -N shop2 --no-header -c key
    assert_out 0x00005150
    shmtool ls --no-header -c key
    assert_out 0x00005150
    # By the id too.
    outside ls -N "$shop" --no-header -c status
    assert_out dest
}

@test "a pod: what a worker left that was restarted is an orphan from the host, and unknown inside" {
    begin_podman
    start_container pause shareable
    start_container worker container:pause make:0x5150
    in_storage podman_here rm -f -t 0 worker >/dev/null 2>&1
    start_container worker container:pause make:0x5151
    outside ls -N pause --no-header -c key,state
    assert_equal "$(tr -s ' ' <"$out_file")" $'0x00005150 orphan\n0x00005151 idle'
    run_split nsenter --target "$(pid_of worker)" --ipc --pid unshare --mount-proc "$SHMTOOL" ls --no-header -c key,cpid,state
    assert_equal "$(tr -s ' ' <"$out_file")" $'0x00005150 - unknown\n0x00005151 1 idle'
    outside rm -N pause --orphan --yes -v
    assert_status 0
    assert_err_has 'removed 1 of 1 segment'
    outside ls -N pause --no-header -c key
    assert_out 0x00005151
}
