# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # common.bash and the tests use what these functions set
# Other IPC namespaces, and who keeps them (`load namespaces`, behind `load common`).

# Namespaces are looked for where nobody else's are: in PID, mount and IPC namespaces of a test's own.

# start_keepers ARG...: the helper keepns there; sets $inside, its pid here, $kept, a line `NUMBER HELD` of each
# namespace that it keeps, and $own, the number of its own
start_keepers() {
    need_ns
    need_root
    need_mounts_root
    unshare --pid --fork --mount --mount-proc --ipc true 2>/dev/null || skip "no PID namespace can be made here"
    start_helper unshare --pid --fork --kill-child --mount --mount-proc --ipc "$HELPERS/keepns" "$@" || return 1
    inside=$(first_child "$helper_pid")
    kept=$(grep -v '^ready' "$helper_out" | sed 's/ processes .*/ processes/' | sort -n) || true
    own=$(stat -L -c %i "/proc/$inside/ns/ipc")
}

first_child() {
    local children
    read -r children _ <"/proc/$1/task/$1/children"
    echo "$children"
}

# need_listns: the kernel lists all namespaces
need_listns() {
    need_ns
    need_root
    need_mounts_root
    [[ $(readlink /proc/self/ns/pid) == 'pid:[4026531836]' && $(readlink /proc/self/ns/user) == 'user:[4026531837]' ]] ||
        skip "not the initial PID and user namespace, to which alone the kernel lists all namespaces"
    printf '6.19\n%s\n' "$(uname -r)" | sort --version-sort --check=silent ||
        skip "Linux $(uname -r) has no listns(2), which Linux 6.19 has"
}

# there COMMAND...: runs it where the keepers are
there() {
    nsenter --target "$inside" --mount --pid --ipc "$@"
}

# number_of KIND: the number of the first namespace that is held by it
number_of() {
    sed -n "s/ $1.*//p" <<<"$kept" | head -n 1
}

# pid_in NUMBER: a process in that namespace, as it is known there
pid_in() {
    there "$SHMTOOL" ns --no-header -l -c pid "$1" | tr -d ' '
}

# inside_of NUMBER COMMAND...: runs it in that IPC namespace
inside_of() {
    there nsenter "--ipc=/proc/$(pid_in "$1")/ns/ipc" "${@:2}"
}

# start_twins: the helper's own namespace and two others, each with a segment of id 0, owned by root; $first and
# $second are the others' numbers
start_twins() {
    local number
    start_keepers process process || return 1
    read -r first _ <<<"$kept"
    second=$(sed -n 2p <<<"$kept" | cut -d ' ' -f 1)
    for number in "$first" "$second"; do
        inside_of "$number" "$HELPERS/mkseg" --size 5000 >/dev/null
    done
    there "$HELPERS/mkseg" --key 0x77 --size 7000 >/dev/null
}
