# set: owner, group, permissions and lock of segments, by the rules of rm.
# Scripts for another shell stand in single quotes.
# shellcheck disable=SC2016
load common
load protect
load namespaces

OWNER=12345
CREATOR=12346
OTHER=12347

# set_as UID NAME=VALUE... ID: run_split `shmtool set ...` as that user
set_as() {
    local uid=$1
    shift
    run_split as_user "$uid" "$SHMTOOL" set "$@"
}

# seg_of_two: a segment of $OWNER that $CREATOR has made; prints its id
seg_of_two() {
    as_user $CREATOR "$HELPERS/mkseg" --mode 600 --uid $OWNER --gid $OWNER "$@"
}

@test "each of the four, alone and together; what is not named stays" {
    need_ns
    local id
    id=$(make_seg --mode 600)
    shmtool set perms=640 "$id"
    assert_status 0
    assert_out ''
    assert_err ''
    assert_segment "$id" 3 640 8 "$(id -u)" 9 "$(id -g)"
    shmtool set locked=yes "$id"
    assert_status 0
    assert_segment "$id" 3 2640
    shmtool set perms=u-w,o=r locked=no "$id"
    assert_status 0
    assert_segment "$id" 3 444 8 "$(id -u)" 9 "$(id -g)"
    has_users || return 0
    shmtool set owner=$OWNER "$id"
    assert_segment "$id" 3 444 8 $OWNER 9 "$(id -g)"
    shmtool set group=$OTHER "$id"
    assert_segment "$id" 3 444 8 $OWNER 9 $OTHER
    shmtool set locked=yes perms=0 owner=root group=0 "$id"
    assert_status 0
    assert_segment "$id" 3 2000 8 0 9 0 10 0 11 0
}

@test "a umask holds for a clause that names nobody, as with chmod" {
    need_ns
    local id
    id=$(make_seg --mode 0)
    run_split sh -c 'umask 027 && exec "$0" set perms=+rwx "$1"' "$SHMTOOL" "$id"
    assert_status 0
    assert_segment "$id" 3 750
}

@test "the truth table of root, owner, creator and other" {
    need_ns
    need_root
    local id who what
    for what in owner=$OWNER perms=644 group=$OTHER locked=yes; do
        for who in 0 $OWNER $CREATOR; do
            id=$(seg_of_two)
            [[ $what != owner=* ]] || what=owner=$who
            set_as "$who" "$what" "$id"
            assert_status 0
            assert_out ''
            assert_err ''
        done
        id=$(seg_of_two --uid $OWNER)
        [[ $what != owner=* ]] || what=owner=$OTHER
        set_as $OTHER "$what" "$id"
        assert_status 1
        assert_out ''
        assert_err "shmtool: set: $id: Operation not permitted: it belongs to uid $OWNER and was made by uid $CREATOR; as root: shmtool set $what $id"
        assert_segment "$id" 3 600 8 $OWNER 9 $OWNER
    done
}

@test "an owner who is not the creator gives it away for good, and is told so; a creator and root are not" {
    need_ns
    need_root
    local id
    id=$(seg_of_two)
    set_as $OWNER owner=$OTHER "$id"
    assert_status 0
    assert_err "shmtool: set: $id: given away for good: you are neither its creator nor root, and may change it no more"
    assert_segment "$id" 8 $OTHER
    set_as $OWNER owner=$OWNER "$id"
    assert_status 1
    set_as $CREATOR -v owner=$OWNER "$id"
    assert_status 0
    assert_out "$id: set, owner uid $OTHER -> $OWNER"
    assert_err "shmtool: set: the creator of a segment that was given away keeps all rights of an owner
shmtool: set: set 1 of 1 segment"
    set_as 0 owner=$OTHER "$id"
    assert_err ''
}

@test "-v: what was changed, what was so already, and what a lock is" {
    need_ns
    local id other
    id=$(make_seg --mode 600)
    other=$(make_seg --mode 640)
    shmtool set -v perms=640 locked=yes "$id"
    assert_out "$id: set, perms 600 -> 640, locked"
    assert_err "shmtool: set: locking reads no pages in, and counts against RLIMIT_MEMLOCK of this user also when this process has ended
shmtool: set: set 1 of 1 segment"
    shmtool set -v perms=640 locked=no "$id" "$other"
    assert_out "$id: set, unlocked
$other: set, it was so already"
    assert_err 'shmtool: set: set 2 of 2 segments'
}

@test "what is so already is not written: the time of change stays" {
    need_ns
    local id ctime
    id=$(make_seg --mode 640)
    ctime=$(field_of "$id" 14)
    wait_until bash -c '(($(date +%s) > $0))' "$ctime"
    shmtool set perms=640 locked=no "$id"
    assert_status 0
    assert_segment "$id" 14 "$ctime"
}

@test "one that is marked is changed, too" {
    need_ns
    local id
    id=$(make_seg --mode 600)
    start_helper holdseg "$id"
    ipcrm -m "$id"
    shmtool set perms=400 "$id"
    assert_status 0
    assert_segment "$id" 3 1400
}

@test "named by ids, by a key, on standard input: at once; anything else is shown and asked" {
    need_ns
    local a b
    a=$(make_seg --key 0x77 --mode 600)
    b=$(make_seg --mode 600 --size 5000)
    shmtool set perms=601 --key 0x77
    assert_status 0
    assert_segment "$a" 3 601
    run_split "$SHMTOOL" set perms=602 <<<"$a"
    assert_status 0
    assert_segment "$a" 3 602
    run_split "$SHMTOOL" set perms=603 - < <("$SHMTOOL" ls)
    assert_status 0
    assert_segment "$a" 3 603
    assert_segment "$b" 3 603
    run_split "$SHMTOOL" set perms=604 --size 5000 <<<no
    assert_status 3
    assert_err_has "Set perms=604 of 1 segment, 4.9 KiB, 0 of them in use? (yes/no) "
    assert_err_has 'the answer was not yes: nothing was changed'
    assert_segment "$b" 3 603
    run_split "$SHMTOOL" set perms=u=r,go= --all <<<yes
    assert_status 0
    assert_err_has "Set perms=u=r,go= of 2 segments, 8.9 KiB, 0 of them in use? (yes/no) "
    assert_segment "$a" 3 400
    assert_segment "$b" 3 400
    shmtool set perms=777 --all --yes --max 1
    assert_status 3
    assert_err 'shmtool: set: 2 segments are selected, more than --max 1: nothing was changed'
    shmtool set perms=777 "$a" --max 0
    assert_err 'shmtool: set: 1 segment is selected, more than --max 0: nothing was changed'
    shmtool set perms=777 --dry-run --all
    assert_status 0
    assert_out_lines 3
    assert_err 'shmtool: set: would set perms=777 of 2 segments, 8.9 KiB, 0 in use'
    assert_segment "$b" 3 400
}

@test "what somebody else changes while the question stands there is left alone" {
    need_ns
    local id
    id=$(make_seg --mode 600)
    answer_meanwhile "'$HELPERS/setseg' --mode 666 $id" set perms=640 --all
    assert_status 1
    assert_err_has "$id: changed since it was listed, left alone"
    assert_segment "$id" 3 666
}

@test "what is protected stays as it is; not so with --even-protected" {
    need_ns
    local id
    with_conf 'protect --key 0x77 # keep'
    id=$(make_seg --key 0x77 --mode 600)
    shmtool set perms=640 "$id"
    assert_status 1
    assert_err "shmtool: set: $id: protected by /etc/shmtool.conf:1 (keep)"
    shmtool set perms=640 --all --yes
    assert_status 0
    assert_err 'shmtool: set: 1 segment is protected and left alone: 1 by /etc/shmtool.conf:1 (keep)'
    assert_segment "$id" 3 600
    shmtool set perms=640 --even-protected --yes "$id"
    assert_status 0
    assert_segment "$id" 3 640
    conf 'protect --nonsense'
    shmtool set perms=600 "$id"
    assert_status 4
    assert_err_has 'nothing was changed'
}

@test "--json: an outcome for each, under the word set" {
    need_ns
    local id
    id=$(make_seg --size 7)
    shmtool set --json perms=640 "$id" 4242
    assert_status 1
    assert_equal "$(jq -c 'del(.host, .time)' <<<"$out")" "{\"schema\":1,\"dry_run\":false,\"selected\":1,\"set\":1,\"marked\":0,\"gone\":0,\"changed\":0,\"protected\":0,\"failed\":1,\"freed_bytes\":0,\"results\":[{\"shmid\":$id,\"outcome\":\"set\",\"error\":null,\"bytes\":7},{\"shmid\":4242,\"outcome\":\"failed\",\"error\":\"EINVAL\",\"bytes\":null}]}"
    shmtool set --json --dry-run perms=640 "$id"
    assert_status 0
    assert_equal "$(jq -c '[.dry_run, .set, .freed_bytes, .results[0].outcome]' <<<"$out")" '[true,0,0,"selected"]'
}

@test "one failure does not stop the rest" {
    need_ns
    need_root
    local mine theirs last
    mine=$(as_user $OTHER "$HELPERS/mkseg" --mode 600)
    theirs=$(seg_of_two)
    last=$(as_user $OTHER "$HELPERS/mkseg" --mode 600)
    set_as $OTHER perms=640 "$mine" "$theirs" "$last"
    assert_status 1
    assert_err_has 'set: set 2 of 3 segments, 1 failed'
    assert_segment "$mine" 3 640
    assert_segment "$theirs" 3 600
    assert_segment "$last" 3 640
}

@test "a lock that RLIMIT_MEMLOCK forbids says so" {
    need_ns
    need_root
    local id
    id=$(as_user $OWNER "$HELPERS/mkseg" --size 1048576)
    run_split prlimit --memlock=0:0 setpriv --reuid $OWNER --regid $OWNER --clear-groups "$SHMTOOL" set locked=yes "$id"
    assert_status 1
    assert_err_has "$id: Operation not permitted: "
    assert_err_has 'permissions do not forbid it: RLIMIT_MEMLOCK is 0'
    run_split prlimit --memlock=4096:4096 setpriv --reuid $OWNER --regid $OWNER --clear-groups "$SHMTOOL" set locked=yes owner=root "$id"
    assert_status 1
    assert_err_has "$id: $(words_of_errno ENOMEM): with what this user has locked already it is more than RLIMIT_MEMLOCK allows"
    assert_segment "$id" 8 $OWNER
}

@test "an owner that the user namespace does not have" {
    need_ns
    need_root
    unshare --user --map-root-user --ipc true 2>/dev/null || skip 'makes no user namespaces'
    run_split unshare --user --map-root-user --ipc sh -c \
        'id=$("$0" create --size 1) && ! "$0" set owner=4711 locked=yes "$id" && "$0" ls --no-header -c perms' "$SHMTOOL"
    assert_out 600
    assert_err 'shmtool: set: 0: Invalid argument: this user namespace does not have the user or the group that it would belong to'
}

@test "in another IPC namespace" {
    need_ns
    need_root
    local id
    start_helper unshare --ipc bash -c '"$0" create --size 7 --key 0x77 >/dev/null && echo ready; exec sleep 1000' "$SHMTOOL"
    shmtool -N "$helper_pid" set perms=640 --key 0x77
    assert_status 0
    shmtool -N "$helper_pid" ls --no-header -c perms
    assert_out 640
}

@test "not in all IPC namespaces" {
    start_twins
    run_split there "$SHMTOOL" set -A perms=644 --size 5000 --yes
    assert_wrong_usage 'shmtool: set: --all-namespaces: set looks in one IPC namespace; -N names another'
    run_split there "$SHMTOOL" ls -A --no-header --sort bytes -c bytes,perms
    assert_out $'5000 600\n5000 600\n7000 600'
}

@test "wrong words change nothing" {
    need_ns
    local id words
    id=$(make_seg --mode 600)
    while read -r words; do
        # shellcheck disable=SC2086 # several words
        shmtool set $words
        assert_status 2
        assert_out ''
        assert_segment "$id" 3 600
    done <<END
$id
perms=640 perms=600 $id
perms=640 x
perms=888 $id
perms=u+s $id
mode=640 $id
owner= $id
owner=no-such-user $id
owner=4294967295 $id
group=no-such-group $id
locked=maybe $id
perms=640 --all $id
perms=640 --save /tmp/x $id
--sysroot / perms=640 $id
END
    shmtool set owner=no-such-user "$id"
    assert_wrong_usage "owner=: 'no-such-user': no such user"
    shmtool set owner root 1
    assert_wrong_usage 'set: owner: a value is missing, owner=VALUE'
    shmtool set -p 640 "$id"
    assert_wrong_usage 'shmtool set perms=640 ID'
    shmtool set "$id"
    assert_wrong_usage 'nothing to set: owner=USER, group=GROUP, perms=MODE, locked=yes or locked=no'
}

@test "the words of other tools are answered with what to type" {
    shmtool chmod 640 5
    assert_wrong_usage "did you mean 'set'?"
    shmtool chown zc 5
    assert_wrong_usage "did you mean 'set'?"
}
