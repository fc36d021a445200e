# restore: what rm --save has saved is made again, whole or not at all; nothing in the tree is trusted.
# Scripts for another shell stand in single quotes.
# shellcheck disable=SC2016
load common

ALICE=12345
BOB=12346

setup() {
    common_setup
    dir=$BATS_TEST_TMPDIR/saved
    listing=$dir/proc/sysvipc/shm
    forced=/proc/sys/kernel/shm_rmid_forced
    next=/proc/sys/kernel/shm_next_id
    theirs=
}

teardown() {
    common_teardown
    [[ ! $theirs ]] || rm -r "$theirs"
    ! own_ns || ! [[ -w $forced ]] || echo 0 >"$forced"
}

# put ID OFFSET TEXT: writes into a segment
put() {
    need_program perl
    perl -e 'shmwrite($ARGV[0], $ARGV[2], $ARGV[1], length $ARGV[2]) or die "shmwrite: $!"' "$@"
}

# save_one [mkseg's options]: a segment with a text in it, saved and removed; sets $id
save_one() {
    id=$(make_seg "$@")
    put "$id" 5 'hello, world'
    "$SHMTOOL" rm --save "$dir" "$id"
}

# assert_nothing_made: no segment is there, and none is asked for under a certain id
assert_nothing_made() {
    assert_equal "$(all_ids)" '' || return 1
    [[ ! -e $next ]] || assert_equal "$(<"$next")" -1
}

@test "key, size, permissions, owner, creator and bytes; the new ids, one a line" {
    need_ns
    need_root
    local a b before columns=key,uid,gid,cuid,cgid,perms,bytes,rss
    a=$(as_user $ALICE "$HELPERS/mkseg" --key 0xfedcba98 --size 5000 --mode 640 --uid $BOB --gid 5)
    b=$(make_seg --size 1073741824 --mode 0)
    put "$a" 4990 hello
    put "$b" 500000000 middle
    shmtool ls -c $columns
    before=$out
    "$SHMTOOL" cat "$a" >"$BATS_TEST_TMPDIR/a"
    shmtool rm -q --save "$dir" "$a" "$b"
    shmtool restore "$dir"
    assert_status 0
    assert_err ''
    assert_equal "$out" "$(all_ids)"$'\n'
    shmtool ls -c $columns
    assert_equal "$out" "$before"
    mapfile -t ids < <(all_ids)
    "$SHMTOOL" cat "${ids[0]}" | cmp - "$BATS_TEST_TMPDIR/a"
    shmtool cat --offset 500000000 --length 6 "${ids[1]}"
    [[ $(<"$out_file") == middle ]]
}

@test "an ordinary user brings back what is theirs, and becomes the creator of the rest" {
    need_ns
    need_root
    local id
    id=$(as_user $BOB "$HELPERS/mkseg" --key 0x77 --mode 444)
    put "$id" 0 text
    theirs=$(as_user $ALICE mktemp -d /tmp/shmtool-restore.XXXXXX) # the tests' own folders are root's alone
    run_split as_user $ALICE "$SHMTOOL" rm --save "$theirs/d" "$id"
    assert_status 1
    assert_err_has "$id: Operation not permitted: it belongs to uid $BOB"
    assert_equal "$(find "$theirs/d" -mindepth 1)" ''
    shmtool rm --save "$dir" "$id"
    cp -r "$dir" "$theirs/root"
    chown -R $ALICE "$theirs/root"
    run_split as_user $ALICE "$SHMTOOL" restore -v "$theirs/root"
    assert_status 0
    assert_err_has "its creator was uid $BOB, and is this user now: root alone brings that back"
    assert_segment "${out%$'\n'}" 3 444 8 $BOB 9 $BOB 10 $ALICE 11 $ALICE
}

@test "ids and selections say what comes back; names are the tree's and then the machine's" {
    need_ns
    need_root
    local ids
    mapfile -t ids < <(make_seg --count 3 --key 0x70 && make_seg --uid $ALICE)
    with_users "alice:x:$ALICE:$ALICE::/:/bin/sh"
    shmtool rm -q --all --yes --save "$dir"
    SHMTOOL=$(sed -n 's/.*"\([^"]*bin\/shmtool\)".*/\1/p' "$SHMTOOL")
    shmtool restore --dry-run "$dir" "${ids[1]}" "${ids[2]}"
    assert_status 0
    assert_out_lines 3
    assert_err 'shmtool: restore: would restore 2 segments, 8 KiB'
    pty -- env -u NO_COLOR TERM=xterm "$SHMTOOL" restore --dry-run "$dir"
    assert_out_matches $'\e\\[1mshmid *\e\\[0m'
    assert_nothing_made
    shmtool restore -o alice "$dir"
    assert_status 0
    assert_segment "${out%$'\n'}" 8 $ALICE
    shmtool restore -o daemon "$dir"
    assert_status 0
    assert_out ''
    shmtool restore "$dir" --key 0x71
    assert_status 0
    assert_segment "${out%$'\n'}" 1 $((0x71))
    shmtool restore "$dir" 4242 "${ids[0]}"
    assert_status 1
    assert_err 'shmtool: restore: 4242: no such segment'
    assert_segment "${out%$'\n'}" 1 $((0x70))
    shmtool restore "$dir" --key 0x99
    assert_status 1
    assert_err 'shmtool: restore: --key: 0x00000099: no saved segment has this key'
}

@test "a key that is taken says whose it is, and the rest is done" {
    need_ns
    local ids new
    mapfile -t ids < <(make_seg --key 0x77 && make_seg --key 0x99)
    shmtool rm -q --save "$dir" "${ids[@]}"
    new=$(make_seg --key 0x77)
    shmtool restore "$dir"
    assert_status 1
    assert_err_has "${ids[0]}: shmget(0x00000077, 4096, IPC_CREAT | IPC_EXCL | 0600): File exists"
    assert_err_has "${ids[0]}: reason: segment $new has the key"
    assert_err_has "it belongs to $(id -un)"
    assert_segment "${out%$'\n'}" 1 $((0x99))
}

@test "--same-id: the old one, or none; no id is left asked for" {
    need_ns
    [[ -w $next ]] || skip 'ids cannot be chosen here'
    local id other
    save_one --key 0x77
    shmtool restore --same-id "$dir"
    assert_status 0
    assert_out "$id"
    shmtool restore --same-id "$dir"
    assert_status 1
    assert_err_has 'File exists'
    assert_equal "$(<"$next")" -1
    ipcrm -m "$id"
    # Somebody else has the id now.
    echo "$id" >"$next"
    other=$(make_seg)
    [[ $other == "$id" ]]
    shmtool restore --same-id "$dir"
    assert_status 1
    assert_out ''
    assert_err_matches "^shmtool: restore: $id: the id $id is taken, or was given to somebody else; segment [0-9]+ was removed again
\$"
    assert_equal "$(all_ids)" "$id"
    assert_equal "$(<"$next")" -1
}

@test "--same-id without the right to it makes nothing" {
    need_ns
    need_root
    local id
    save_one
    theirs=$(mktemp -d /tmp/shmtool-restore.XXXXXX)
    cp -r "$dir" "$theirs/d"
    chown -R $ALICE "$theirs"
    run_split as_user $ALICE "$SHMTOOL" restore --same-id "$theirs/d"
    assert_status 1
    assert_err_has "$id: /proc/sys/kernel/shm_next_id: Permission denied; only root may choose an id: without --same-id it gets a free one"
    assert_nothing_made
}

@test "--json: as rm's, with both ids" {
    need_ns
    local id new
    save_one --size 100
    shmtool restore --json "$dir" "$id" 4242
    assert_status 1
    new=$(all_ids)
    assert_equal "$(jq -c 'del(.host, .time)' <<<"$out")" "{\"schema\":1,\"dry_run\":false,\"selected\":1,\"restored\":1,\"failed\":1,\"results\":[{\"shmid\":$id,\"new_shmid\":$new,\"outcome\":\"restored\",\"error\":null,\"bytes\":100},{\"shmid\":4242,\"new_shmid\":null,\"outcome\":\"failed\",\"error\":\"ENOENT\",\"bytes\":null}]}"
    [[ $(jq -r .time <<<"$out") == 20* ]]
    shmtool restore --json --dry-run "$dir"
    assert_status 0
    assert_equal "$(jq -c '[.dry_run, .restored, .results[0].outcome]' <<<"$out")" '[true,0,"selected"]'
}

@test "bytes that do not fit, are not there, are a link, a FIFO or a folder: that one alone fails" {
    need_ns
    local ids content=$dir/content deed
    mapfile -t ids < <(make_seg --count 2 --size 5000)
    shmtool rm -q --save "$dir" "${ids[@]}"
    cp -r "$dir" "$BATS_TEST_TMPDIR/copy"
    content=$dir/content/${ids[0]}
    for deed in 'truncate -s 4999' 'truncate -s 5001' rm 'ln -sfn /etc/passwd' 'ln -sfn ../proc/sysvipc/shm' folder fifo hard; do
        case $deed in
        folder) rm "$content" && mkdir "$content" ;;
        hard) ln "$content" "$BATS_TEST_TMPDIR/hard" ;;
        fifo) rm "$content" && mkfifo "$content" ;;
        *) $deed "$content" ;;
        esac
        shmtool restore "$dir"
        assert_status 1
        assert_err_matches "^shmtool: restore: ${ids[0]}: [^"$'\n'"]*/content/${ids[0]}: [^"$'\n'"]+
\$"
        assert_out_lines 1
        assert_equal "$(all_ids)" "${out%$'\n'}"
        remove_all_segments
        rm -r "$dir"
        cp -r "$BATS_TEST_TMPDIR/copy" "$dir"
    done
}

@test "root takes from a tree that others may write to nothing, and from a user's that user's own alone" {
    need_ns
    need_root
    local id theirs_id part
    id=$(make_seg --key 0x77)
    theirs_id=$(as_user $ALICE "$HELPERS/mkseg" --key 0x78)
    shmtool rm -q --save "$dir" "$id" "$theirs_id"
    for part in . proc proc/sysvipc proc/sysvipc/shm content; do
        chmod g+w "$dir/$part"
        shmtool restore -v "$dir"
        assert_status 1
        assert_out ''
        assert_err_has "$id: $dir/$part: others may write to it, and may have made it up; where it is right: chmod go-w"
        assert_err_has_not 'does not come back'
        assert_nothing_made
        chmod g-w "$dir/$part"
    done
    chown $ALICE "$dir/content/$id" "$dir/content/$theirs_id"
    shmtool restore "$dir"
    assert_status 1
    assert_err "shmtool: restore: $id: $dir/content/$id: is of uid $ALICE, who may have made up a segment of somebody else; where it is right: chown root"
    assert_segment "${out%$'\n'}" 1 $((0x78)) 8 $ALICE
    chown root "$dir/content/$id"
    shmtool restore "$dir" "$id"
    assert_status 0
}

@test "a folder content that is a link out of the tree" {
    need_ns
    local id
    save_one
    mv "$dir/content" "$BATS_TEST_TMPDIR/elsewhere"
    ln -s "$BATS_TEST_TMPDIR/elsewhere" "$dir/content"
    shmtool restore "$dir"
    assert_status 1
    assert_nothing_made
}

@test "lines that are none are named, the others are done; a tree without a listing is exit 4" {
    need_ns
    local id
    save_one
    # One with a column more, one with a column less; pages of 3 bytes; its id again; cut off in the middle.
    { cat "$listing" && sed -n '2s/$/x/p' "$listing" && sed -n '2s/ [0-9]*$//p' "$listing" &&
        sed -n '2s/[0-9]*$/3/p' "$listing" && sed -n 2p "$listing" && printf '  5 '; } >"$BATS_TEST_TMPDIR/shm"
    cp "$BATS_TEST_TMPDIR/shm" "$listing"
    shmtool restore "$dir"
    assert_status 1
    assert_out_lines 1
    assert_err_has "$listing: line 3: "
    assert_err_has "$listing: line 4: "
    assert_err_has "$listing: line 5: "
    assert_err_has "$listing: line 6 (a line before it has its id): not understood: "
    assert_err_has "$listing: line 7: "
    : >"$listing"
    shmtool restore "$dir"
    assert_status 4
    rm "$listing"
    shmtool restore "$dir"
    assert_status 4
    assert_err_has "$listing: No such file or directory"
    shmtool restore "$BATS_TEST_TMPDIR/nowhere"
    assert_status 4
}

@test "sizes and ids beyond all bounds make nothing" {
    need_ns
    local id fields
    save_one --size 4096
    # size, uid, gid, cuid, cgid
    while read -r -a fields; do
        awk -v size="${fields[0]}" -v uid="${fields[1]}" -v cuid="${fields[2]}" \
            'NR > 1 { $4 = size; $8 = uid; $10 = cuid } { print }' "$listing" >"$BATS_TEST_TMPDIR/shm"
        cp "$BATS_TEST_TMPDIR/shm" "$listing"
        truncate -s "$((fields[0] < 1 << 62 ? fields[0] : 0))" "$dir/content/$id" 2>/dev/null || true
        shmtool restore "$dir"
        assert_status 1
        assert_out ''
        assert_err_has "$id: "
        assert_nothing_made
    done <<END
0 0 0
4611686018427387903 0 0
9223372036854775807 0 0
18446744073709551615 0 0
4096 4294967295 0
4096 0 4294967295
END
}

@test "with shm_rmid_forced it refuses: the segments would be gone" {
    need_ns
    [[ -w $forced ]] || skip 'limits cannot be set here'
    local id
    save_one
    echo 1 >"$forced"
    shmtool restore "$dir"
    assert_status 1
    assert_out ''
    assert_err_has 'kernel.shm_rmid_forced is 1'
    assert_err_has 'remedy: shmtool limits --set shm_rmid_forced=0'
    assert_nothing_made
}

@test "no memory for its bytes: removed again, and said" {
    need_ns
    need_root
    local id
    id=$(make_seg --size 8000000 --fill)
    shmtool rm -q --save "$dir" "$id"
    need_no_sanitizer
    run_split bash -c 'ulimit -v 8000; exec "$0" restore "$1"' "$SHMTOOL" "$dir"
    assert_status 1
    assert_err_has 'was removed again'
    assert_nothing_made
}

@test "a signal ends it before the next one" {
    need_ns
    local id
    save_one
    run_split "$HELPERS/pending" 2 "$SHMTOOL" restore "$dir"
    assert_status 1
    assert_err "shmtool: restore: $id: not restored, a signal came"
    assert_nothing_made
}

@test "what was marked or locked is not any more, and -v says so" {
    need_ns
    local id
    id=$(make_seg --key 0x77)
    "$SHMTOOL" set locked=yes "$id"
    shmtool rm -q --save "$dir" "$id"
    shmtool restore -v "$dir"
    assert_status 0
    assert_err "shmtool: restore: $id: restored as ${out%$'\n'}
shmtool: restore: $id: was locked, and is not now
shmtool: restore: what does not come back: the creator's pid, times, attachments"
    assert_segment "${out%$'\n'}" 3 600
}

@test "huge pages that there are none of: ordinary ones, and a warning" {
    need_ns
    [[ $(awk '/^HugePages_Free/ { print $2 }' /proc/meminfo) == 0 ]] || skip 'there are huge pages'
    local id
    save_one --size 2097152
    sed -i '2s/0$/2097152/' "$listing"
    shmtool restore "$dir"
    assert_status 0
    assert_err "shmtool: restore: $id: has no huge pages now: none of 2097152 bytes could be had for it"
    shmtool cat --offset 5 --length 12 "${out%$'\n'}"
    [[ $(<"$out_file") == 'hello, world' ]]
}

@test "in another IPC namespace" {
    need_ns
    need_root
    local id
    save_one --key 0x77
    start_helper unshare --ipc bash -c 'echo ready; exec sleep 1000'
    shmtool -N "$helper_pid" restore "$dir"
    assert_status 0
    shmtool -N "$helper_pid" ls --no-header -c key
    assert_out 0x00000077
    assert_nothing_made
}

@test "wrong words make nothing" {
    need_ns
    shmtool restore
    assert_wrong_usage 'no DIR given: the folder that rm --save has written'
    shmtool restore ''
    assert_wrong_usage "restore: '': is no folder"
    local id
    save_one
    shmtool restore "$dir" 1x
    assert_wrong_usage "'1x': not an id"
    shmtool restore -A "$dir"
    assert_wrong_usage '--all-namespaces: restore looks in one IPC namespace'
    shmtool restore --sysroot / "$dir"
    assert_wrong_usage '--sysroot: restore changes the live system only'
    shmtool restore "$dir" --owner no-such-user
    assert_wrong_usage "--owner: 'no-such-user': no such user"
    assert_nothing_made
}
