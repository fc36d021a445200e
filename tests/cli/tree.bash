# shellcheck shell=bash
# A saved tree in $tree, of processes and segments that a test puts there
# (load tree, after common).

# begin_tree: an empty one, of a machine that has been up for 1000 s, with the listing's header
begin_tree() {
    tree=$BATS_TEST_TMPDIR/tree
    mkdir -p "$tree/proc/sysvipc"
    printf 'cpu 0\nbtime 500\n' >"$tree/proc/stat"
    echo '1000.00 1.00' >"$tree/proc/uptime"
    echo 'key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap' >"$tree/proc/sysvipc/shm"
}

# put_tree_process PID [ID]...: a process with these segments attached
put_tree_process() {
    local pid=$1 id
    shift
    mkdir -p "$tree/proc/$pid"
    echo "$pid (p) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 1 0 1 0" >"$tree/proc/$pid/stat"
    echo "Tgid: $pid" >"$tree/proc/$pid/status"
    echo '00400000-00401000 r-xp 00000000 08:01 4711    /sbin/p' >"$tree/proc/$pid/maps"
    for id; do
        echo "7f7200000000-7f7200001000 rw-s 00000000 00:01 $id    /SYSV00000000 (deleted)" >>"$tree/proc/$pid/maps"
    done
}

# put_segment ID CPID NATTCH [KEY [SIZE]]
put_segment() {
    echo "$((${4:-0})) $1 600 ${5:-4096} $2 $2 $3 0 0 0 0 600 600 600 0 0" >>"$tree/proc/sysvipc/shm"
}

# on_tree ARG...
on_tree() {
    shmtool --sysroot "$tree" "$@"
}
