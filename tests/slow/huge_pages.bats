# Segments of huge pages that are really there: what of them is in memory, and for how many there is room. The
# machine's pool is made larger by a few pages for as long as a test takes.
load ../cli/common
load ../cli/processes

POOL=/proc/sys/vm/nr_hugepages

setup() {
    common_setup
    need_ns
    need_root
    need_program jq
    read -r pool_before <$POOL || skip "no huge pages here"
    [[ $(awk '/^Hugepagesize/ { print $2 }' /proc/meminfo) == 2048 ]] || skip "needs huge pages of 2 MiB"
    read -r free_before < <(awk '/^HugePages_Free/ { print $2 }' /proc/meminfo)
    echo $((pool_before + 4)) 2>/dev/null >$POOL || skip "the pool of huge pages may not be changed here"
    # Another one may use pages of its own meanwhile: at least these must be there.
    (($(awk '/^HugePages_Free/ { print $2 }' /proc/meminfo) >= free_before + 4)) ||
        skip "there is no room for four huge pages"
}

teardown() {
    remove_all_segments
    common_teardown
    # A segment's pages go back to the pool with the last process that has it attached.
    [[ ! ${pool_before-} ]] || echo "$pool_before" 2>/dev/null >$POOL || true
}

# rss_of ID: in bytes, as ls shows it; null where it is not known
rss_of() {
    "$SHMTOOL" ls "$1" --json | jq '.segments[0].rss'
}

@test "the rss is true while somebody has the segment attached, and unknown otherwise" {
    act huge:0x4875 attach write
    # The listing has it 512 times too large, or right, by its kernel.
    [[ $(field_of "$seg" 15) =~ ^(2097152|1073741824)$ ]] || fail "the listing's rss is $(field_of "$seg" 15)"
    assert_equal "$(rss_of "$seg")" 2097152
    act use:"$seg" attach
    assert_equal "$(rss_of "$seg")" 2097152
    make_seg --size 8192 --fill >/dev/null
    shmtool du --json --system
    assert_status 0
    assert_equal "$(jq -c '[.total.bytes, .total.rss, .total.rss_unknown, .system.sysv]' <<<"$out")" '[4202496,2105344,0,8192]'
    shmtool metrics
    assert_out_has $'\nshmtool_resident_bytes 2105344\n'
    assert_out_has $'\nshmtool_resident_unknown_segments 0\n'
    shmtool stat "$seg" --json
    assert_equal "$(jq '.segments[0].rss' <<<"$out")" 2097152
    end_actor
    end_actor "${helper_pids[0]}"
    # Now nothing tells the size of its pages, unless what is listed can only be huge.
    wait_until unattached "$seg"
    assert_equal "$(rss_of "$seg")" "$(if [[ $(field_of "$seg" 15) == 2097152 ]]; then echo 2097152; else echo null; fi)"
    shmtool du --json
    assert_equal "$(jq '.total | .rss + .rss_unknown * 2097152' <<<"$out")" 2105344
}

unattached() {
    [[ $(field_of "$1" 7) == 0 ]]
}

@test "who may not read the processes that have it attached sees no rss, and no wrong one" {
    act huge:0x4875 attach write
    if [[ $(field_of "$seg" 15) == 1073741824 ]]; then
        assert_equal "$(as_user 12345 "$SHMTOOL" ls --json | jq '.segments[0].rss')" null
    fi
    # In another IPC namespace, as the host sees it.
    shmtool ls -A --key 0x4875 --json
    assert_equal "$(jq -c '[.segments[] | select(.namespace == '"$(stat -L -c %i /proc/self/ns/ipc)"') | .rss]' <<<"$out")" '[2097152]'
}

@test "one page more: each counts once, however many have it attached" {
    local holder
    seg=$("$SHMTOOL" create --huge --size 8M --key 0x4876)
    act use:"$seg" attach write
    holder=$actor
    act use:"$seg" attach write fork
    assert_equal "$(rss_of "$seg")" 2097152
    shmtool du --huge --json
    assert_equal "$(jq -c '.huge | [.page_size, .pages]' <<<"$out")" '[2097152,4]'
    shmtool rm "$seg"
    assert_status 0
    # Marked, and held: its memory is there as before.
    assert_equal "$(rss_of "$seg")" 2097152
    end_actor "$holder"
}

@test "a capture has the size of its pages, and nothing else that its holder has mapped" {
    local dir=$BATS_TEST_TMPDIR/tree
    act huge:0x4875 attach write
    shmtool capture "$dir"
    assert_status 0
    shmtool --sysroot "$dir" ls "$seg" --json
    assert_equal "$(jq '.segments[0].rss' <<<"$out")" 2097152
    # Its own executable shows that there is something.
    assert_equal "$(grep -h / "$dir"/proc/*/smaps | grep -vc SYSV)" 1
    end_actor
}

@test "doctor answers as the kernel does, up to the last page of the pool" {
    local left size
    left=$(awk '/^HugePages_Free/ { left = $2 } /^HugePages_Rsvd/ { left -= $2 } END { print left }' /proc/meminfo)
    for size in 3145728 $((left * 2097152)) $((left * 2097152 + 1)); do
        shmtool doctor --size "$size" --huge --json
        assert_equal "$(jq -r '.result, .attach.rw // empty' <<<"$out" | paste -sd ' ')" \
            "$("$HELPERS/callshmget" --attach 0 "$size" 0xb80 | cut -d ' ' -f 1,3)" || return 1
    done
    assert_equal "$(jq -r .result <<<"$out")" ENOMEM
}
