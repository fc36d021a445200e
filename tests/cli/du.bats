# du: sums by anything, compared with what ls says of the same segments; what Shmem consists of; huge pages.
# Programs for jq stand in single quotes.
# shellcheck disable=SC2016
load common
load forms
load processes

HEAD='key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap'

# saved_tree LINE...: a tree with such a listing, in $tree
saved_tree() {
    tree=$(mktemp -d "$BATS_TEST_TMPDIR/tree.XXXXXX")
    mkdir -p "$tree/proc/sysvipc"
    printf '%s\n' "$HEAD" "$@" >"$tree/proc/sysvipc/shm"
}

# du ARG...: of $tree
du() {
    shmtool --sysroot "$tree" du "$@"
}

# words: $out without its header, blanks squeezed
words() {
    awk 'NR > 1 { $1 = $1; print }' "$out_file"
}

# --- Sums -------------------------------------------------------------------------------------

@test "by owner, the largest first, the total last" {
    tree=$SRC/tests/fixtures/listing
    du
    assert_status 0
    assert_err ''
    assert_equal "$(awk 'NR == 1 { $1 = $1; print }' "$out_file")" \
        'owner segments bytes rss swap attached orphans'
    assert_equal "$(words)" 'cs 1 33554432 20971520 1048576 1 0
root 10 4587520 4063232 0 10 0
zc 4 524416 278528 0 4 0
total 15 38666368 25313280 1048576 15 0'
}

@test "by each thing that segments have in common, and by several" {
    tree=$SRC/tests/fixtures/listing
    du --by state
    assert_equal "$(words)" 'used 6 35127424 21774336 1048576 6 0
dest 9 3538944 3538944 0 9 0
total 15 38666368 25313280 1048576 15 0'
    du --by owner,state
    assert_equal "$(words | cut -d ' ' -f 1-4)" 'cs used 1 33554432
root dest 9 3538944
root used 1 1048576
zc used 4 524416
total - 15 38666368'
    # Given twice, it widens; the same twice is once.
    du --by owner --by state,owner --no-header
    assert_equal "$(awk 'NR == 1 { print $1, $2, $3 }' "$out_file")" 'cs used 1'
    du --by size -H
    assert_equal "$(words | cut -d ' ' -f 1-3)" '32M 1 32M
384K 9 3.4M
1M 1 1M
128K 4 512.1K
total 15 36.9M'
    du --by key -q
    assert_equal "$(head -n 2 "$out_file" | tr '\n' ' ')" '0x0014350c 0x00000000 '
    for by in creator group command key; do
        du --by "$by" --no-header
        assert_status 0
        assert_equal "$(awk 'END { print $2 }' "$out_file")" 15
    done
}

@test "an empty namespace: a header and a total of nothing" {
    need_ns
    shmtool du
    assert_status 0
    assert_equal "$(words)" 'total 0 0 0 0 0 0'
    shmtool du --csv
    assert_out 'owner,uid,segments,bytes,rss,rss_unknown,swap,attached,orphans,host'
    shmtool du --json
    assert_equal "$(jq -c '[.by, .rows, .total.bytes, .system, .huge]' <<<"$out")" '[["owner"],[],0,null,null]'
}

@test "live segments: owners, states, what is attached and what is an orphan" {
    need_ns
    need_root
    make_seg --size 10000 --fill >/dev/null
    make_seg --size 5 --uid 54321 >/dev/null
    start_helper holdseg "$(make_seg --size 4096)"
    shmtool du
    assert_status 0
    assert_equal "$(words)" "root 2 14096 12288 0 1 1
54321 1 5 0 0 0 1
total 3 14101 12288 0 1 2"
    shmtool du -n --by owner,state -c owner,state,segments --no-header
    assert_equal "$(awk '{ $1 = $1; print }' "$out_file")" '0 orphan 1
0 used 1
54321 orphan 1
total - 3'
}

@test "segments are selected as for ls; an id that does not exist is exit 1" {
    tree=$SRC/tests/fixtures/listing
    du --owner zc --owner cs --no-header -c owner,segments
    assert_equal "$(awk '{ $1 = $1; print }' "$out_file")" 'cs 1
zc 4
total 5'
    du 2261003 4711
    assert_status 1
    assert_err 'shmtool: du: 4711: no such segment'
    assert_equal "$(words | tail -n 1)" 'total 1 33554432 20971520 1048576 1 0'
}

@test "columns, order and forms, as those of ls" {
    tree=$SRC/tests/fixtures/listing
    du -c bytes,owner --sort segments
    assert_equal "$(words)" '33554432 cs
524416 zc
4587520 root
38666368 total'
    du -c bytes
    assert_equal "$(tail -n 1 "$out_file")" 38666368
    du -q --sort owner
    assert_out 'cs
root
zc'
    du --csv --by state
    assert_out 'state,segments,bytes,rss,rss_unknown,swap,attached,orphans,host
used,6,35127424,21774336,0,1048576,6,0,
dest,9,3538944,3538944,0,0,9,0,'
    du --ndjson --by state -c state,bytes
    assert_out '{"state": "used", "bytes": 35127424}
{"state": "dest", "bytes": 3538944}'
    du --json -c owner,uid
    assert_equal "$(jq -c '.rows[0], .total' <<<"$out")" '{"owner":"cs","uid":1002}
{"segments":15,"bytes":38666368,"rss":25313280,"rss_unknown":0,"swap":1048576,"attached":15,"orphans":0}'
}

@test "owners without a name: each its own row, told apart by number" {
    saved_tree '1 1 600 5 0 0 0 50001 0 0 0 0 0 9 0 0' '2 2 600 7 0 0 0 50002 0 0 0 0 0 9 0 0'
    du
    assert_equal "$(words | cut -d ' ' -f 1-3)" '50002 1 7
50001 1 5
total 2 12'
    du --json
    assert_equal "$(jq -c '[.rows[] | [.owner, .uid]]' <<<"$out")" '[[null,50002],[null,50001]]'
}

@test "wrong words: what is wrong and what would be right" {
    shmtool du --by colour
    assert_wrong_usage "shmtool: du: --by: 'colour': segments are not summed up by that, but by: owner "
    shmtool du --by ''
    assert_wrong_usage "--by: ''"
    shmtool du --by owner,
    assert_wrong_usage "--by: ''"
    shmtool du --by segments
    assert_wrong_usage "--by: 'segments'"
    shmtool du -c +key
    assert_wrong_usage "'key': is a column with --by key alone"
    shmtool du --sort -state
    assert_wrong_usage "'state': is a column with --by state alone"
    shmtool du -c nonsense
    assert_wrong_usage "--columns: 'nonsense': no such column; there are: "
    shmtool du 1x
    assert_wrong_usage "'1x'"
    for form in --csv --ndjson -q; do
        shmtool du --system "$form"
        assert_wrong_usage '--system: is shown in tables and with --json alone'
        shmtool du --huge "$form"
        assert_wrong_usage '--huge: is shown in tables and with --json alone'
    done
}

@test "sums beyond 64 bits are exact, in every form" {
    local max=18446744073709551615
    saved_tree "1 1 600 $max 0 0 $max 0 0 0 0 0 0 9 $max $max" \
        "2 2 600 $max 0 0 1 0 0 0 0 0 0 9 $max 7" "3 3 600 $max 0 0 1 1 0 0 0 0 0 9 $max 7"
    du -n
    assert_equal "$(words)" '0 2 36893488147419103230 36893488147419103230 18446744073709551622 2 0
1 1 18446744073709551615 18446744073709551615 7 1 0
total 3 55340232221128654845 55340232221128654845 18446744073709551629 3 0'
    du -n --sort -swap,bytes --csv -c uid,bytes,swap --no-header
    assert_out '0,36893488147419103230,18446744073709551622
1,18446744073709551615,7'
    # jq would round it.
    du --json
    assert_out_has '"bytes": 36893488147419103230, "rss": 36893488147419103230, "rss_unknown": 0, "swap": 18446744073709551622'
    assert_out_has '"total": {"segments": 3, "bytes": 55340232221128654845'
    du -H -n --no-header -c bytes,swap
    assert_equal "$(awk '{ $1 = $1; print }' "$out_file")" '32E 16E
16E 7B
48E 16E'
}

@test "an rss that is not known for all: at least so much" {
    tree=$SRC/tests/fixtures/huge-page
    run_split env LC_ALL=C.UTF-8 "$SHMTOOL" --sysroot "$tree" du -n
    assert_equal "$(words)" '0 1 4194304 ≥0 0 1 0
101 2 4153 12288 4096 2 0
total 3 4198457 ≥12288 4096 3 0'
    # A pipe has UTF-8 in every locale, a terminal what its own can show.
    run_split env LC_ALL=C "$SHMTOOL" --sysroot "$tree" du -n -c rss --no-header
    assert_equal "$(awk 'END { $1 = $1; print }' "$out_file")" '≥12288'
    pty -- env LC_ALL=C "$SHMTOOL" --sysroot "$tree" du -n -c rss --no-header
    assert_equal "$(tr -d '\r ' <<<"$out")" '>=0
12288
>=12288'
    du --csv -n -c uid,rss,rss_unknown --no-header
    assert_out '0,0,1
101,12288,0'
    du --json
    assert_equal "$(jq -c '.rows[0].rss_unknown, .total.rss, .total.rss_unknown' <<<"$out" | tr '\n' ' ')" '1 12288 1 '
    # Nor of kernels that do not list it at all.
    tree=$SRC/tests/fixtures/columns14
    du --json
    assert_equal "$(jq -c '.total | [.rss, .segments == .rss_unknown, .swap]' <<<"$out")" '[0,true,null]'
    du -c rss,swap --no-header
    assert_equal "$(awk 'END { $1 = $1; print }' "$out_file")" '≥0'
}

@test "a line that is not understood is named, the others are summed up, exit 1" {
    tree=$SRC/tests/fixtures/garbage
    du
    assert_status 1
    assert_err_has 'line 3'
    assert_out_has total
}

@test "hostile names and command lines: no terminal obeys them, JSON and CSV are valid" {
    need_ns
    need_python
    start_helper bash -c 'exec -a "$1" "$HELPERS/mkseg" --stay' - $'evil\e]0;x\a\n",\xff'
    shmtool du --by command,owner
    assert_out_has 'evil\x1b]0;x\x07\x0a",\xff'
    shmtool du --by command,owner --json
    python 'd = doc(); assert d["rows"][0]["command"].startswith("evil\x1b]0;x\x07\n\",\ufffd"), d'
    shmtool du --by command --csv
    python 'r = rows(); assert len(r) == 1 and r[0]["segments"] == "1", r'
}

@test "200 random tables: the sums are those that jq makes of ls --json" {
    need_python
    local base=$SRC/tests/fixtures/processes/proc list=() i
    local groupings=(owner creator group key state command size "owner,state" "group,size,creator")
    # Those that are alive: process 1. All other creators and last users are dead.
    python3 -I - "$BATS_TEST_TMPDIR" "$base" <<'END'
import os, random, shutil, sys
random.seed(4711)
head = "key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap"
for number in range(200):
    proc = f"{sys.argv[1]}/{number}/proc"
    os.makedirs(proc + "/sysvipc")
    shutil.copytree(sys.argv[2] + "/1", proc + "/1")
    for name in ("stat", "uptime"):
        shutil.copy(f"{sys.argv[2]}/{name}", proc)
    with open(proc + "/sysvipc/shm", "w") as file:
        print(head if number % 10 else head.removesuffix(" rss swap"), file=file)
        for shmid in range(random.choice((0, 1, 3, 30))):
            size = random.choice((1, 4096, 131104, random.randrange(1, 1 << 40)))
            some = lambda *choices: random.choice(choices)
            line = [some(0, 1, 5, -7), shmid, some("600", "1600", "2640"), size, some(0, 1, 70, 71), some(0, 1, 72),
                    some(0, 0, 1, 3)] + [some(0, 1, 1000, 1001, 50000) for i in range(4)] + \
                   [some(0, 1795000100), some(0, 1795000200), 1795000100,
                    some(0, size // 4096 * 4096, size * 512 + 65536), random.randrange(1 << 30)]
            print(*(line if number % 10 else line[:14]), file=file)
END
    for ((i = 0; i < 200; i++)); do
        list+=("$BATS_TEST_TMPDIR/$i")
    done
    i=0
    for tree in "${list[@]}"; do
        "$SHMTOOL" --sysroot "$tree" ls --json
        "$SHMTOOL" --sysroot "$tree" du --json --by "${groupings[i++ % ${#groupings[@]}]}" >&4
    done >"$BATS_TEST_TMPDIR/ls.json" 4>"$BATS_TEST_TMPDIR/du.json"
    run_split jq -c -n --slurpfile ls "$BATS_TEST_TMPDIR/ls.json" --slurpfile du "$BATS_TEST_TMPDIR/du.json" '
        def number($name): {owner: "uid", creator: "cuid", group: "gid"}[$name] // $name;
        def sums: {
            segments: length,
            bytes: (map(.bytes) | add // 0),
            rss: (map(.rss // 0) | add // 0),
            rss_unknown: (map(select(.rss == null)) | length),
            swap: (if any(.[]; .swap == null) then null else map(.swap) | add // 0 end),
            attached: (map(select(.nattch > 0)) | length),
            orphans: (map(select(.state == "orphan")) | length)
        };
        def of_row: {segments, bytes, rss, rss_unknown, swap, attached, orphans};
        [range(0; $ls | length)] | map(
            $ls[.].segments as $segments | $du[.] as $d | . as $at |
            ($segments | map(. + {size: .bytes}) | group_by([.[number($d.by[])]]) |
                map({key: [.[0][number($d.by[])]], sums: sums})) as $want |
            ($d.rows | map({key: [.[number($d.by[])]], sums: of_row}) | sort_by(.key)) as $have |
            select($want != $have or $d.total != ($segments | sums) or
                ($d.rows | map(-.bytes)) != ($d.rows | map(-.bytes) | sort)) | [$at, $want, $have]
        ), ($ls | length), ($du | map(.total.orphans) | add > 0)'
    assert_status 0
    assert_out '[]
200
true'
}

# --- What Shmem consists of -------------------------------------------------------------------

# system_of FILTER: of the member "system" of the document in $out
system_of() {
    jq -c ".system | $1" <<<"$out"
}

# measure: rest and sysv, with the kernel's counts of this moment: it counts on each processor by itself
measure() {
    cat /proc/sys/vm/stat_refresh >/dev/null 2>&1 || true
    "$SHMTOOL" du --system --json 2>/dev/null | jq -c '.system | [.rest, .sysv]'
}

# moves_the_rest KIND BYTES: memory of that kind moves the rest by just these bytes and SysV by none. Others
# on this machine take and free memory too: then it comes out otherwise once, but not again and again.
moves_the_rest() {
    local before during after
    before=$(measure)
    start_helper holdmem "$1" "$2"
    during=$(measure)
    stop_helper
    after=$(measure)
    [[ $before == "$after" && $during == "$(jq -c --argjson bytes "$2" '[.[0] + $bytes, .[1]]' <<<"$before")" ]]
}

need_rest() {
    [[ $(measure) != '[null,'* ]] || skip "needs a Shmem of the whole machine"
    [[ -w /proc/sys/vm/stat_refresh ]] || skip "needs root: the kernel's counts are not those of the moment"
}

@test "--system: the rest moves by exactly a memfd, and SysV by nothing" {
    need_ns
    need_rest
    make_seg --size 40960 --fill >/dev/null
    wait_until moves_the_rest memfd 12345344
}

@test "--system: the rest moves by exactly a shared anonymous mapping, and SysV by nothing" {
    need_ns
    need_rest
    make_seg --size 40960 --fill >/dev/null
    wait_until moves_the_rest anonymous 23457792
}

# moves_sysv: 40960 bytes more in a segment are as many more of SysV, whatever is selected, and none of the rest
moves_sysv() {
    local before during after id
    before=$(measure)
    id=$(make_seg --size 40960 --fill)
    during=$(measure)
    "$SHMTOOL" rm "$id"
    after=$(measure)
    [[ $before == "$after" && $during == "$(jq -c '[.[0], .[1] + 40960]' <<<"$before")" ]]
}

@test "--system: SysV moves by exactly what is in segments, and the rest by nothing" {
    need_ns
    need_rest
    wait_until moves_sysv
    # All segments count, selected or not.
    make_seg --size 8192 --fill >/dev/null
    shmtool du --system --json --key 0x4711
    assert_status 0
    assert_equal "$(system_of .sysv)" 8192
    assert_equal "$(jq .total.bytes <<<"$out")" 0
}

@test "--system: tmpfs by mount, each file system once, hidden ones not" {
    need_ns
    need_root
    local script='
        mkdir "$1/one place" "$1/twice" "$1/hidden" "$1/boundless" &&
        mount -t tmpfs -o size=10M none "$1/one place" && head -c 1048576 /dev/zero >"$1/one place/file" &&
        mount --bind "$1/one place" "$1/twice" &&
        mount -t tmpfs -o size=10M none "$1/hidden" && head -c 8192 /dev/zero >"$1/hidden/file" &&
        mount -t tmpfs -o size=10M none "$1/hidden" && head -c 4096 /dev/zero >"$1/hidden/file" &&
        mount -t tmpfs -o size=0 none "$1/boundless" || exit 98
        exec "$SHMTOOL" du --system --json'
    mkdir "$BATS_TEST_TMPDIR/mounts"
    run_split unshare --mount sh -c "$script" sh "$BATS_TEST_TMPDIR/mounts"
    ((status != 98)) || skip "may not mount in a namespace of its own"
    assert_status 0
    assert_equal "$(jq -c --arg dir "$BATS_TEST_TMPDIR/mounts/" \
        '[.system.tmpfs[] | select(.mount | startswith($dir)) | [(.mount | ltrimstr($dir)), .bytes]]' <<<"$out")" \
        '[["one place",1048576],["hidden",4096],["boundless",null]]'
}

@test "--system: memory that descriptors keep after removal, in the table and in JSON" {
    need_ns
    local id range
    id=$(make_seg --size 8192 --fill)
    start_helper holdseg "$id"
    range=$(sed -n 's/^\([0-9a-f]*-[0-9a-f]*\) .* \/SYSV.*/\1/p' "/proc/$helper_pid/maps")
    { exec 7<"/proc/$helper_pid/map_files/$range"; } 2>/dev/null || skip "may not open /proc/PID/map_files"
    make_seg >/dev/null
    # As long as the segment is there, selected or not, nothing is hidden.
    shmtool du --system --json --key 0
    assert_equal "$(system_of .held)" '[]'
    shmtool du --system --json --size 1
    assert_equal "$(system_of .held)" '[]'
    stop_helper
    "$SHMTOOL" rm "$id"
    shmtool du --system --json
    assert_equal "$(system_of "[.held[] | [.shmid, .bytes]] | unique")" "[[$id,8192]]"
    shmtool du --system
    exec 7<&-
    assert_out_matches "  8192 of the rest: removed segment $id, held by a descriptor of [^ ]*\[[0-9]+\]"
}

# shows_the_rest: so does the table, of this moment
shows_the_rest() {
    cat /proc/sys/vm/stat_refresh >/dev/null 2>&1 || true
    shmtool du --system
    [[ $out == *' the rest: '* && $out != *' the rest: not known'* ]]
}

@test "--system: the table says each part, and its bytes add up" {
    need_ns
    need_rest
    make_seg --size 8192 --fill >/dev/null
    # While others take memory, parts that are read one after the other may be more than the whole.
    wait_until shows_the_rest
    assert_status 0
    assert_out_matches $'\n\n +bytes memory\n *[0-9]+ Shmem, which free shows as shared; of this:\n +8192 System V segments of this IPC namespace\n'
    (($(grep ' the rest: ' "$out_file" | wc -L) <= 80)) || fail "wider than a terminal"
    assert_equal "$(awk '
        / Shmem,/ { whole = $1; inside = 1; next }
        / pool of / { inside = 0 }
        / of the rest: / { next }
        inside { sum += $1 }
        END { print whole == sum }' "$out_file")" 1
}

@test "--system of a saved tree: what it holds; the rest is not known, and why" {
    saved_tree '1 1 600 8192 0 0 0 0 0 0 0 0 0 9 8192 0'
    printf '%s\n' 'MemTotal: 1000 kB' 'Shmem:              40 kB' 'HugePages_Total:       7' 'HugePages_Free:        5' \
        'HugePages_Rsvd:        1' 'HugePages_Surp:        0' 'Hugepagesize:       2048 kB' >"$tree/proc/meminfo"
    du --system --json
    assert_status 0
    assert_equal "$(system_of .)" '{"shmem":40960,"sysv":8192,"sysv_others":null,"tmpfs":null,"rest":null,"huge":{"page_size":2097152,"total":14680064,"free":10485760,"reserved":2097152,"segments":0},"huge_others":[],"held":[]}'
    du --system
    assert_out_has ' - the rest: not known, as a saved tree does not show tmpfs'
    assert_out_has '14680064 pool of 7 huge pages of 2 MiB, not in Shmem: 5 free (1 promised)'
    (($(wc -L <"$out_file") <= 80)) || fail "wider than a terminal"
}

@test "--system of a listing without rss: SysV is not known, and so not the rest" {
    tree=$SRC/tests/fixtures/columns14
    du --system --json
    assert_equal "$(system_of '[.shmem, .sysv, .rest, .huge]')" '[null,null,null,null]'
}

@test "--system as an ordinary user: what could not be read is said" {
    need_ns
    need_root
    start_helper holdseg "$(make_seg --size 8192 --fill)"
    run_split as_user 12345 "$SHMTOOL" du --system --json
    assert_status 0
    assert_err_has 'could not be read; root sees all'
    assert_equal "$(system_of .sysv)" 8192
}

# --- Huge pages -------------------------------------------------------------------------------

# huge_tree RSS SIZE [PAGE-KIB]: a segment of huge pages, and a process that has it attached and shows that
huge_tree() {
    saved_tree "1 5 600 $2 812 812 1 0 0 0 0 0 0 9 $1 0" '2 6 600 4096 0 0 0 0 0 0 0 0 0 9 4096 0'
    mkdir -p "$tree/proc/812"
    echo '812 (db) S 1 812 812 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100 0 0' >"$tree/proc/812/stat"
    printf '%s\n' '55d0c0000000-55d0c0001000 r-xp 00000000 fe:00 5      /usr/bin/db' \
        '7f0000000000-7f0000800000 rw-s 00000000 00:0f 5      /SYSV00000001 (deleted)' >"$tree/proc/812/maps"
    printf '%s\n' '55d0c0000000-55d0c0001000 r-xp 00000000 fe:00 5      /usr/bin/db' 'Size:                  4 kB' \
        'KernelPageSize:        4 kB' 'VmFlags: rd ex mr mw me' \
        '7f0000000000-7f0000800000 rw-s 00000000 00:0f 5      /SYSV00000001 (deleted)' 'Size:               8192 kB' \
        "KernelPageSize:     ${3:-2048} kB" 'VmFlags: rd wr sh mr mw me ms ht' >"$tree/proc/812/smaps"
}

@test "the rss of a huge page segment, where who has it attached shows the page size" {
    # Two of its four pages, as Linux 6.7 and later list them.
    huge_tree 2147483648 8388608
    du --json
    assert_equal "$(jq -c '.total | [.rss, .rss_unknown]' <<<"$out")" '[4198400,0]'
    shmtool --sysroot "$tree" ls 5 -c rss --no-header
    assert_out 4194304
    du --system --json
    assert_equal "$(system_of .sysv)" 4096
    # As earlier ones do; more than its size rounded up to ordinary pages.
    huge_tree 4194304 3145728
    du --json --by size
    assert_equal "$(jq -c '.rows[0] | [.rss, .rss_unknown]' <<<"$out")" '[4194304,0]'
    # What fits nowhere stays unknown.
    huge_tree 8589934592 8388608
    du --json
    assert_equal "$(jq -c '.total | [.rss, .rss_unknown]' <<<"$out")" '[4096,1]'
    huge_tree 2147487744 8388608
    du --json
    assert_equal "$(jq -c '.total | [.rss, .rss_unknown]' <<<"$out")" '[4096,1]'
    rm "$tree/proc/812/smaps"
    du --json
    assert_equal "$(jq -c '.total | [.rss, .rss_unknown]' <<<"$out")" '[4096,1]'
}

@test "--huge: pages that the selected segments would need, and what the pool must have" {
    saved_tree '1 1 600 1 0 0 0 0 0 0 0 0 0 9 0 0' '2 2 600 2097152 0 0 0 0 0 0 0 0 0 9 0 0' \
        '3 3 600 2097153 0 0 0 7 0 0 0 0 0 9 0 0'
    printf '%s\n' 'HugePages_Total:       7' 'HugePages_Free:        5' 'HugePages_Rsvd:        1' \
        'Hugepagesize:       2048 kB' >"$tree/proc/meminfo"
    sed -i '1i MemTotal: 1000 kB' "$tree/proc/meminfo"
    du --huge
    assert_status 0
    assert_equal "$(tail -n 1 "$out_file")" \
        '4 huge pages of 2 MiB, 8 MiB, would hold these segments; 3 more are in use or promised; the pool of 7 has room for them'
    du --huge --json
    assert_equal "$(jq -c .huge <<<"$out")" '{"page_size":2097152,"pages":4,"nr_hugepages":7}'
    sed -i 's/Total:       7/Total:       6/; s/Free:        5/Free:        4/' "$tree/proc/meminfo"
    du --huge
    assert_equal "$(tail -n 1 "$out_file")" \
        '4 huge pages of 2 MiB, 8 MiB, would hold these segments; 3 more are in use or promised; on that machine, as root: sysctl vm.nr_hugepages=7'
    du --huge --size 1
    assert_out_has '1 huge page of 2 MiB, 2 MiB, would hold these segments'
    du --huge --json --owner 7
    assert_equal "$(jq -c .huge <<<"$out")" '{"page_size":2097152,"pages":2,"nr_hugepages":5}'
    # Of another size than the default.
    mkdir -p "$tree/sys/kernel/mm/hugepages/hugepages-1048576kB" "$tree/sys/kernel/mm/hugepages/hugepages-2048kB"
    echo 1 >"$tree/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages"
    du --huge=1G
    assert_equal "$(tail -n 1 "$out_file")" "3 huge pages of 1 GiB, 3 GiB, would hold these segments; 1 more is in use or promised; on that machine, as root: sh -c 'echo 4 > /sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages'"
}

@test "--huge: sizes that are none, or that there are not" {
    saved_tree '1 1 600 2097153 0 0 0 0 0 0 0 0 0 9 0 0'
    for word in 3M 0 1 4096 x ''; do
        du "--huge=$word"
        assert_wrong_usage "--huge: '$word': not "
    done
    du --huge
    assert_wrong_usage '--huge: how large huge pages are is not known here; name it: --huge=2M'
    du --huge=2M --json
    assert_equal "$(jq -c .huge <<<"$out")" '{"page_size":2097152,"pages":2,"nr_hugepages":null}'
    printf '%s\n' 'MemTotal: 9 kB' 'HugePages_Total: 0' 'HugePages_Free: 0' 'HugePages_Rsvd: 0' 'Hugepagesize: 2048 kB' \
        >"$tree/proc/meminfo"
    du --huge=1G
    assert_wrong_usage '--huge: 1G: there are no huge pages of this size, but of: 2M'
}

@test "live huge pages: known by who has them attached, and no part of SysV in Shmem" {
    need_ns
    local pages
    # Of pages that need not exist.
    "$HELPERS/actor" huge:0x4875 end 2>/dev/null || skip "no huge page segments here"
    remove_all_segments
    act huge:0x4875 attach
    make_seg --size 8192 --fill >/dev/null
    shmtool du --system --json
    assert_status 0
    pages=$(jq '.rows[0].bytes - 8192' <<<"$out")
    assert_equal "$(system_of '[.sysv, .huge.segments >= '"$pages"']')" '[8192,true]'
    assert_equal "$(jq -c '.total | [.rss, .rss_unknown]' <<<"$out")" '[8192,0]'
    end_actor
}
