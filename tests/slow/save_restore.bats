# 500 segments of random sizes, keys, permissions, owners and bytes, saved, removed and restored: all that can come
# back is as it was.
load ../cli/common

# describe_all: a line for each segment, without its id: what can come back, and a sum of its bytes
describe_all() {
    local key id rest
    while read -r key id rest; do
        printf '%s %s %s\n' "$key" "$rest" "$("$SHMTOOL" cat "$id" | sha256sum)"
    done < <("$SHMTOOL" ls --no-header -n -c key,shmid,perms,bytes,uid,gid,cuid,cgid,rss) | LC_ALL=C sort
}

@test "500 random segments come back as they were" {
    need_ns
    need_root
    need_program perl
    local i before dir=$BATS_TEST_TMPDIR/saved
    RANDOM=4711
    for ((i = 0; i < 500; i++)); do
        as_user $((RANDOM % 3 + 12345)) "$HELPERS/mkseg" --size $((RANDOM * RANDOM % 3000000 + 1)) \
            --key $((RANDOM % 4 ? i * 65537 + 1 : 0)) --uid $((RANDOM % 5 + 12345)) \
            --gid $((RANDOM % 5 + 12345))
    done >"$BATS_TEST_TMPDIR/ids"
    while read -r i; do
        "$HELPERS/setseg" --mode "$(printf %o $((RANDOM % 512)))" "$i"
    done <"$BATS_TEST_TMPDIR/ids"
    perl -e 'srand 4711; open my $ids, "<", $ARGV[0]; while (my $id = <$ids>) { chomp $id;
            my $ds = ""; shmctl($id, 2, $ds) or die "shmctl: $!"; my $size = unpack "x48 Q", $ds;
            for (1 .. rand 6) { my $text = join "", map { chr rand 256 } 1 .. 1 + rand 9000;
                my $at = int rand $size; $text = substr $text, 0, $size - $at;
                shmwrite($id, $text, $at, length $text) or die } }' "$BATS_TEST_TMPDIR/ids"
    before=$(describe_all)
    [[ $(wc -l <<<"$before") == 500 ]]
    shmtool rm -q --all --yes --save "$dir"
    assert_status 0
    assert_equal "$(all_ids)" ''
    shmtool restore "$dir"
    assert_status 0
    assert_err ''
    assert_out_lines 500
    assert_equal "$(describe_all)" "$before"
    # And under their old ids.
    shmtool rm -q --all --yes
    shmtool restore --same-id "$dir"
    assert_status 0
    assert_equal "$(all_ids | sort)" "$(sort "$BATS_TEST_TMPDIR/ids")"
    assert_equal "$(describe_all)" "$before"
}

@test "whatever call fails while it is saved: it stays, or all of it is in the tree" {
    need_ns
    need_program strace
    without_leak_sanitizer
    local call n id before dir=$BATS_TEST_TMPDIR/saved trace=$BATS_TEST_TMPDIR/trace runs=0
    strace -o "$trace" true 2>/dev/null || skip 'nothing can be traced here'
    for call in fsync pwrite64 write ftruncate lseek shmat shmdt shmctl mkdirat; do
        for ((n = 1; n < 100; n++)); do
            rm -rf "$dir"
            id=$(make_seg --size 20000 --fill)
            before=$("$SHMTOOL" cat "$id" | sha256sum)
            run_split strace -qq -o "$trace" -e trace=$call -e inject=$call:error=EIO:when=$n "$SHMTOOL" rm -q --save "$dir" "$id"
            grep -q INJECTED "$trace" || break
            ((++runs))
            if seg_exists "$id"; then
                assert_status 1
                assert_err_has "shmtool: rm: "
                [[ ! -e $dir ]] || assert_equal "$("$SHMTOOL" --sysroot "$dir" ls -q 2>/dev/null)" ''
            else
                assert_equal "$("$SHMTOOL" --sysroot "$dir" cat "$id" | sha256sum)" "$before"
            fi
            remove_all_segments
        done
    done
    ((runs > 20))
}
