# shellcheck shell=bash
# What the package tests share: the archive of `make dist`, and traces on the machine.
# They are run by `make test-packages`, in an IPC namespace of their own as all tests.

load ../cli/common

VERSION=$(sed -n 's/^VERSION := //p' "$SRC/Makefile")

# make_dist DIR: the archive of the committed sources, in DIR
make_dist() {
    git -C "$SRC" rev-parse HEAD >/dev/null 2>&1 || skip "needs a git checkout"
    make -s -C "$SRC" BUILD="$1" dist
}

# traces: every file on the machine's own file system that bears shmtool's name
traces() {
    find /etc /usr /lib /var -xdev -path "$SRC" -prune -o -path /var/tmp -prune -o -name '*shmtool*' -print | sort
}

# use_program PROGRAM: does the main job with it
use_program() {
    local orphan held
    orphan=$(make_seg)
    held=$(make_seg)
    start_helper holdseg "$held"
    run_split "$1" --version
    assert_status 0
    assert_out "shmtool $VERSION"
    run_split "$1" ls -q
    assert_status 0
    assert_out "$orphan"$'\n'"$held"
    run_split "$1" rm --orphan --yes
    assert_status 0
    assert_gone "$orphan"
    assert_exists "$held"
    stop_helper
}
