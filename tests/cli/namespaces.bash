# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # common.bash and the tests use what these functions set
# Other IPC namespaces, and who keeps them (`load namespaces`, behind `load common`).

# Namespaces are looked for where nobody else's are: in PID, mount and IPC namespaces of a test's own.

# start_keepers ARG...: the helper keepns there; sets $inside, its pid here, $kept, a line `NUMBER HELD` of each
# namespace that it keeps, and $own, the number of its own
start_keepers() {
    need_ns
    need_root
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

# there COMMAND...: runs it where the keepers are
there() {
    nsenter --target "$inside" --mount --pid --ipc "$@"
}

# number_of KIND: the number of the first namespace that is held by it
number_of() {
    sed -n "s/ $1.*//p" <<<"$kept" | head -n 1
}
