# The options that select segments: each selects the same ones in every command that has them.
load common
load protect
load processes

teardown() {
    end_daemons
    common_teardown
}

# selection_options: the options that select segments, as the help lists them, one a line
selection_options() {
    "$plain_shmtool" help ls | sed -n '/^Selecting/,/^$/s/^  .*--\([a-z-]*\).*/\1/p'
}

# in_unit PID UNIT: from here on $SHMTOOL sees that process in that unit
in_unit() {
    local cgroup=$BATS_TEST_TMPDIR/cgroup
    echo "0::/system.slice/$2" >"$cgroup"
    # shellcheck disable=SC2016 # for the inner shell
    printf '#!/bin/sh\nexec unshare --mount sh -c '\''mount --bind "$0" /proc/%s/cgroup && exec "$@"'\'' "%s" "%s" "$@"\n' \
        "$1" "$cgroup" "$SHMTOOL" >"$BATS_TEST_TMPDIR/shmtool-unit"
    chmod 755 "$BATS_TEST_TMPDIR/shmtool-unit"
    SHMTOOL=$BATS_TEST_TMPDIR/shmtool-unit
}

# assert_selects OPTION ID...: with this option alone, ls, watch and wait select these segments
assert_selects() {
    local option=$1 ids
    shift
    ids=$(printf '%s\n' "$@" | sort -n)
    shmtool ls -q "$option"
    assert_status 0 || return 1
    assert_err '' || return 1
    assert_equal "$(sort -n "$out_file")" "$ids" || return 1
    shmtool watch -q --initial --interval 1h --for 10ms "$option"
    assert_status 0 || return 1
    assert_err '' || return 1
    assert_equal "$(sort -n "$out_file")" "$ids" || fail "watch $option selects others than ls" || return 1
    shmtool wait --until gone --timeout 0 "$option"
    assert_status 1 || return 1
    assert_out '' || return 1
    assert_equal "$(sed -n 's/^shmtool: wait: \([0-9]*\): still there, .*/\1/p' "$err_file" | sort -n)" "$ids" ||
        fail "wait $option selects others than ls"
}

@test "each option alone, in ls, watch and wait" {
    need_ns
    need_root
    with_conf 'protect --key 0x4e545030'
    local protected given foreign locked used dest idle option
    protected=$(make_seg --key 0x4e545030 --size 96) # ntpd's
    given=$(make_seg --size 1000 --uid 12345 --gid 12346)
    foreign=$(as_user 12345 "$HELPERS/mkseg" --mode 640)
    locked=$(make_seg)
    "$SHMTOOL" set locked=yes "$locked"
    act make:0 attach mark
    dest=$seg
    act make:0
    idle=$seg
    act make:0 attach
    used=$seg
    in_unit "$actor" a.service
    local unattached=("$protected" "$given" "$foreign" "$locked" "$idle")
    for option in $(selection_options); do
        case $option in
            key) assert_selects --key=0x4e545030 "$protected" ;;
            owner) assert_selects --owner=12345 "$given" "$foreign" ;;
            creator) assert_selects --creator=12345 "$foreign" ;;
            group) assert_selects --group=12346 "$given" ;;
            size) assert_selects --size=96..1000 "$protected" "$given" ;;
            nattch) assert_selects --nattch=1.. "$dest" "$used" ;;
            dest) assert_selects --dest "$dest" ;;
            locked) assert_selects --locked "$locked" ;;
            attached) assert_selects --attached "$dest" "$used" ;;
            unattached) assert_selects --unattached "${unattached[@]}" ;;
            orphan) assert_selects --orphan "$protected" "$given" "$foreign" "$locked" ;;
            state) assert_selects --state=idle,used "$idle" "$used" ;;
            older-than) assert_selects --older-than=0s "${unattached[@]}" "$dest" "$used" ;;
            newer-than) assert_selects --newer-than=1w "${unattached[@]}" "$dest" "$used" ;;
            cpid) assert_selects "--cpid=$actor" "$used" ;;
            pid) assert_selects "--pid=$actor" "$used" ;;
            perms) assert_selects --perms=640 "$foreign" ;;
            unit) assert_selects --unit=a.service "$used" ;;
            program) assert_selects --program=ntpd "$protected" ;;
            protected) assert_selects --protected "$protected" ;;
            unprotected) assert_selects --unprotected "$given" "$foreign" "$locked" "$idle" "$dest" "$used" ;;
            *) fail "this test lacks a case for --$option" ;;
        esac || fail "--$option" || return 1
    done
    assert_equal "$option" unprotected # the options were found
}
