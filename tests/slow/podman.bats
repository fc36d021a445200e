# A container of Podman, where it can run: its segments in this IPC namespace are shown under its name.
load ../cli/common
load ../cli/processes

teardown() {
    [[ ! ${container-} ]] || in_storage podman_here rm -f -t 0 shop >/dev/null 2>&1 || true
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

@test "a container's segment: its name in the column, in --unit, in stat" {
    need_ns
    need_root
    need_program podman
    mkdir -p /var/lib/containers
    start_keeper || skip 'nothing can be mounted here'
    make_rootfs
    local runtime
    for runtime in crun runc; do
        export RUNTIME=$runtime
        container=$(in_storage podman_here run -d --name shop --network none --ipc host --ulimit nofile=512:512 \
            --ulimit nproc=512:512 --env SHMTOOL_TEST_NS --env SHMTOOL_TEST_OUTER_NS --rootfs "$rootfs" "$HELPERS/actor" make:0x5150 attach 2>/dev/null) && break
        container=
        in_storage podman_here rm -f -t 0 shop >/dev/null 2>&1 || true
    done
    [[ $container ]] || skip 'podman cannot run a container here'
    container=${container##*$'\n'}
    wait_until grep -q '^ *20816 ' /proc/sysvipc/shm
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
