# Which program a segment is of: the columns, the selection, stat, and what looks like one and is none.
load common
load processes
load protect
load tree

setup() {
    common_setup
    begin_tree
    put_process 1 /sbin/init
}

teardown() {
    end_daemons
    common_teardown
}

# put_process PID EXE [ID]...: a process of the tree whose executable that is (a path; a bare name: what it calls
# itself alone), with these segments attached
put_process() {
    local pid=$1 exe=$2
    shift 2
    put_tree_process "$pid" "$@"
    echo "${exe##*/}" >"$tree/proc/$pid/comm"
    [[ $exe != /* ]] || ln -s "$exe" "$tree/proc/$pid/exe"
}

# programs_are LINE...: "ID PROGRAM EVIDENCE" of each row
programs_are() {
    on_tree ls --no-header -c shmid,program,program_by
    assert_status 0 || return 1
    assert_equal "$(tr -s ' ' <"$out_file" | sed 's/ *$//')" "$(printf '%s\n' "$@")"
}

@test "the executables of those attached, if they agree; else the living creator's" {
    put_process 10 /usr/lib/postgresql/15/bin/postgres 1 2
    put_process 11 /usr/lib/postgresql/15/bin/postgres 1
    put_process 12 /usr/bin/stress-ng 2
    put_process 13 /usr/bin/perl
    put_process 14 /usr/bin/cat 5
    put_process 15 /usr/bin/php8.2 6
    put_segment 1 99 2
    put_segment 2 99 2 # two programs
    put_segment 3 13 0
    put_segment 4 99 0 # by nobody
    put_segment 5 13 1 # an unknown one has it
    put_segment 6 13 1 # those attached come first
    put_segment 7 13 2 # nobody was found
    put_segment 8 14 0 # an unknown creator
    programs_are '1 postgresql attached' '2 -' '3 perl creator' '4 -' '5 perl creator' '6 php attached' \
        '7 perl creator' '8 -'
    on_tree ls --ndjson -c shmid,program,program_by
    assert_out_has '{"shmid": 1, "program": "postgresql", "program_by": "attached"}'
    assert_out_has '{"shmid": 4, "program": null, "program_by": null}'
    # Not all that have it attached were found.
    sed -i 's/ 2 0 0 0 0 600 600 600 0 0$/ 3 0 0 0 0 600 600 600 0 0/' "$tree/proc/sysvipc/shm"
    programs_are '1 postgresql? attached' '2 -' '3 perl creator' '4 -' '5 perl creator' '6 php attached' \
        '7 perl creator' '8 -'
}

@test "an X server and a client of any name: the X server" {
    put_process 10 /usr/bin/Xvfb 1 2
    put_process 11 /usr/bin/xclock 1
    put_process 12 /usr/bin/stress-ng 2
    put_segment 1 11 2
    put_segment 2 11 2
    programs_are '1 xserver attached' '2 -'
    on_tree stat 1
    unwrap
    assert_out_has 'It is of the X server: the processes that have it attached run Xvfb.'
}

@test "well-known keys: a guess, with the size; stat shows the letters" {
    put_segment 1 99 0 0x4e545032 96
    put_segment 2 99 0 0x4e545032 4096
    put_segment 3 99 0 0x47505344 24512
    put_segment 4 99 0 0x52564801 4096
    programs_are '1 ntpd? key' '2 -' '3 gpsd? key' '4 informix? key'
    on_tree stat 1
    assert_out_matches 'key +0x4e545032 \(NTP2\)'
    unwrap
    assert_out_has 'Make sure whose it is.'
    assert_out_has "It may be of ntpd: its key 0x4e545032 (NTP2) is one of that program's, but any other may have taken it."
    assert_out_has 'ntpd keeps its segments on purpose for its next start.'
    on_tree stat 2
    assert_out_matches 'key +0x4e545032 \(NTP2\)'
    assert_out_has_not 'may be of'
    on_tree stat 4
    unwrap
    assert_out_has 'Its own command for what it left on that machine: onclean.'
}

@test "a label of shmtool.conf where nothing else tells; it is surer than a guess by the key" {
    put_segment 1 99 0 0x4e545032 96
    put_segment 2 99 0 0x00143511
    put_segment 3 99 0 0x00143512
    put_process 50 /usr/bin/Xorg 4
    put_segment 4 50 1 0x00143511
    mkdir "$tree/etc"
    printf 'label --key 0x00143511 billing cache\nlabel --key 0x4e545032 our clock\n' >"$tree/etc/shmtool.conf"
    programs_are '1 our\x20clock label' '2 billing\x20cache label' '3 -' '4 xserver attached'
    on_tree stat 2
    unwrap
    assert_out_has 'shmtool.conf calls it billing cache.'
    on_tree doctor
    unwrap
    assert_out_has '3 segments, 8.1 KiB, are orphans with a key'
    assert_out_has '; 1 is of our clock, 1 of billing cache'
    # Who only shows goes on with what can be read.
    echo 'label billing' >>"$tree/etc/shmtool.conf"
    on_tree ls --no-header -c program 2
    assert_status 0
    assert_out 'billing\x20cache'
    assert_err_has '/etc/shmtool.conf:3: '
}

@test "du and metrics by program: labels are programs, and what is not known is by itself" {
    put_segment 1 99 0 0x4e545032 96
    put_segment 2 99 0 0x00143511 8192
    put_segment 3 99 0 0x00143511 4096
    put_segment 4 99 0
    mkdir "$tree/etc"
    printf 'label --key 0x00143511 billing cache\n' >"$tree/etc/shmtool.conf"
    on_tree du --by program --no-header -c program,segments,bytes
    assert_status 0
    assert_equal "$(tr -s ' ' <"$out_file")" 'billing\x20cache 2 12288
- 1 4096
ntpd? 1 96
total 4 16480'
    on_tree metrics --by program
    assert_status 0
    assert_out_has 'shmtool_bytes{program="billing cache",state="orphan"} 12288'
    assert_out_has 'shmtool_segments{program="ntpd?",state="orphan"} 1'
    assert_out_has 'shmtool_segments{program="",state="orphan"} 1'
}

@test "--program: names and titles in either case, guesses too; a name that nothing has is refused" {
    put_process 10 /usr/lib/postgresql/15/bin/postgres 1
    put_segment 1 99 1
    put_segment 2 99 0 0x4e545032 96
    put_segment 3 99 0
    local word
    for word in postgresql PostgreSQL 'postgresql?'; do
        on_tree ls -q --program "$word"
        assert_status 0
        assert_out 1
    done
    on_tree ls -q --program ntpd
    assert_out 2
    on_tree ls -q --program ntpd --program postgresql
    assert_out $'1\n2'
    on_tree ls -q --program ntpd --nattch 1
    assert_out ''
    on_tree ls -q --program gpsd
    assert_status 0
    assert_out ''
    on_tree who -q --program postgresql
    assert_out 10
    on_tree stat --json --program ntpd
    assert_out_has '"program": "ntpd?", "program_by": "key"'
    on_tree ls -q --program postgres
    assert_wrong_usage "--program: 'postgres'" "did you mean 'postgresql'?"
    on_tree ls -q --program ''
    assert_wrong_usage "--program: ''" 'known are postgresql, ntpd'
    on_tree ls -q --program
    assert_wrong_usage '--program: needs a value: NAME'
}

@test "--program: what a label of shmtool.conf calls it" {
    put_segment 1 99 0 0x00143511
    put_segment 2 99 0 0x4e545032 96
    put_segment 3 99 0
    mkdir "$tree/etc"
    printf 'label --key 0x00143511 billing cache\nlabel --key 0x77 PostgreSQL\n' >"$tree/etc/shmtool.conf"
    put_process 50 /usr/bin/zc 4
    put_segment 4 50 1 0x77
    local words
    for words in ls who stat du; do
        on_tree "$words" --json --program 'billing cache' --program ntpd
        assert_status 0
        assert_err ''
    done
    on_tree ls -q --program 'billing cache' --program ntpd
    assert_out $'1\n2'
    # As the table has it.
    on_tree ls -q --program 'billing\x20cache'
    assert_out 1
    on_tree ls -q --program 'billing\x2dcache'
    assert_wrong_usage "--program: 'billing\x5cx2dcache': no program is known by this name"
    # Two names are one where a label is called as a program's title.
    on_tree ls -q --program PostgreSQL
    assert_out 4
    on_tree ls -q --program 'biling cache'
    assert_wrong_usage "shmtool: ls: --program: 'biling cache': no program is known by this name; did you mean 'billing cache'?"
    on_tree ls -q --program billing
    assert_wrong_usage "did you mean 'billing cache'?"
    # As it may be in a line that cannot be read.
    echo 'label other' >>"$tree/etc/shmtool.conf"
    on_tree ls -q --program other
    assert_wrong_usage '/etc/shmtool.conf:3: ' "--program: 'other': no program is known by this name"
}

@test "--program with a label or a wrong word: every command that selects" {
    need_ns
    need_root
    with_conf 'label --key 0x77 billing'
    local id other words
    id=$(make_seg --key 0x77)
    other=$(make_seg)
    for words in ls who stat du 'watch --for 0' 'wait --until gone' 'rm --yes' 'set perms=600 --yes' \
        "restore $BATS_TEST_TMPDIR"; do
        [[ $words != restore* ]] || { mkdir -p "$BATS_TEST_TMPDIR/proc/sysvipc" &&
            cp /proc/sysvipc/shm "$BATS_TEST_TMPDIR/proc/sysvipc/shm"; }
        # shellcheck disable=SC2086 # words
        shmtool $words --program biling
        assert_wrong_usage ": --program: 'biling': no program is known by this name; did you mean 'billing'?" || return 1
        assert_exists "$id" "$other" || return 1
    done
    shmtool watch --program billing --initial --interval 1h --for 10ms -q
    assert_out "$id"
    shmtool wait --program billing --until gone --timeout 0
    assert_status 1
    shmtool set perms=640 --program billing --yes
    assert_status 0
    shmtool ls --no-header -c shmid,perms --sort shmid
    assert_equal "$(tr -s ' ' <"$out_file")" "$id 640"$'\n'"$other 600"
    shmtool rm --program billing --yes --save "$BATS_TEST_TMPDIR/saved"
    assert_status 0
    assert_gone "$id"
    assert_exists "$other"
    shmtool wait --program billing --until gone --timeout 0
    assert_status 0
    shmtool restore --program ntpd "$BATS_TEST_TMPDIR/saved"
    assert_out ''
    shmtool restore --program billing "$BATS_TEST_TMPDIR/saved"
    assert_status 0
    assert_out_lines 1
    conf 'protect --key 0x77'
    shmtool restore --unprotected "$BATS_TEST_TMPDIR/saved"
    assert_out ''
    # A line that is not understood may be a label, too.
    shmtool rm --all --yes
    conf 'label --key 0x77 billing' 'label billing'
    shmtool wait --program billing --until gone --timeout 0
    assert_status 1
}

@test "executables of a tree: a link, a replaced file, a link's text, what a process calls itself, places of users" {
    put_process 10 '/usr/bin/perl (deleted)'
    put_process 11 perl
    put_process 12 perl
    printf '/usr/bin/perl\n' >"$tree/proc/12/exe"
    put_process 13 /home/zc/perl
    put_process 14 /usr/bin/cat
    echo perl >"$tree/proc/14/comm" # the file counts, where it is known
    put_process 15 'perl is not its name'
    put_process 16 $'perl\e[31m'
    put_process 17 perl
    rm "$tree/proc/17/comm"
    mkfifo "$tree/proc/17/exe" "$tree/proc/17/comm"
    local pid
    for pid in 10 11 12 13 14 15 16 17; do
        put_segment "$pid" "$pid" 0
    done
    programs_are '10 perl creator' '11 perl? creator' '12 perl creator' '13 perl? creator' '14 -' '15 -' '16 -' '17 -'
    on_tree stat 11
    unwrap
    assert_out_has 'It may be of a Perl script: its creator calls itself perl, as any process may.'
    on_tree stat 13
    unwrap
    assert_out_has 'its creator runs perl, a file that root alone did not put there.'
}

@test "a program that is known by report alone is never more than a guess" {
    put_process 10 /usr/bin/tmboot
    put_segment 1 10 0
    programs_are '1 tuxedo? creator'
    on_tree stat 1
    unwrap
    assert_out_has 'Its own command for what it left on that machine: tmipcrm.'
}

# put_cluster DIR KEY ID
put_cluster() {
    mkdir -p "$1"
    printf '812\n%s\n1700000000\n5432\n/run\n*\n%9s %9s\nready\n' "$1" "$2" "$3" >"$1/postmaster.pid"
}

@test "PostgreSQL of a tree: postmaster.pid in the usual places, and where a holder works" {
    put_cluster "$tree/var/lib/postgresql/15/main" 1234 1
    put_cluster "$tree/var/lib/pgsql/data" 1235 2
    put_cluster "$tree/var/lib/pgsql/16/data" 1236 3
    put_cluster "$tree/srv/db" 1237 4
    put_process 10 /usr/bin/cat 4
    ln -s /srv/db "$tree/proc/10/cwd"
    local id
    for id in 1 2 3; do
        put_segment "$id" 99 0 $((1233 + id)) 56
    done
    put_segment 4 99 1 1237 56
    put_segment 5 99 0 1234 56 # another id
    put_segment 6 99 0 1238 56 # another key
    programs_are '1 postgresql file' '2 postgresql file' '3 postgresql file' '4 postgresql file' '5 -' '6 -'
    on_tree stat 1
    unwrap
    assert_out_has 'It is of PostgreSQL: /var/lib/postgresql/15/main/postmaster.pid names its key and id. No server has it attached; the next start of the server cleans it up.'
    on_tree stat 4
    unwrap
    assert_out_has 'lets two servers onto one directory'
    # What a tree cannot lead to outside of it.
    rm "$tree/proc/10/cwd"
    put_cluster "$BATS_TEST_TMPDIR/outside" 1237 4
    ln -s "$BATS_TEST_TMPDIR/outside" "$tree/proc/10/cwd"
    on_tree ls -q --program postgresql 4
    assert_status 0
    assert_out ''
}

# --- On this machine --------------------------------------------------------------------------

# need_mounts: skips the test where files cannot be put in place of others
need_mounts() {
    unshare --mount true 2>/dev/null || skip 'nothing can be mounted here'
}

# as_cluster DEED [COMMAND]: what is of a segment whose key is the inode number of /var/lib/postgresql/15/main,
# 12345's as the segment is, after DEED in that directory; COMMAND instead of ls
as_cluster() {
    # shellcheck disable=SC2016 # the inner shell's
    run_split unshare --mount bash -c 'set -e
        mount -t tmpfs -o mode=755 none /var/lib
        umask 022
        mkdir -p /var/lib/postgresql/15/main
        cd /var/lib/postgresql/15/main
        chown 12345 .
        key=$(stat -c %i .)
        id=$(setpriv --reuid 12345 --regid 12345 --clear-groups "$HELPERS/mkseg" -k "$key" -s 56)
        printf "812\n/x\n1\n2\n/r\n*\n%9s %9s\n" "$key" "$id" >postmaster.pid
        chown 12345 postmaster.pid
        eval "$1"
        cd /
        eval "${2:-\"\$SHMTOOL\" ls --no-header -c program,program_by \$id | tr -s \" \"; timeout 60 \"\$SHMTOOL\" rm -q --yes \$id >&2}"' - "$1" "${2:-}"
}

@test "PostgreSQL here: the whole inode number, the owner, line 7, in a file that nobody else put there" {
    need_ns
    need_root
    need_mounts
    local deed
    as_cluster true
    assert_out 'postgresql file'
    for deed in 'rm postmaster.pid' 'echo x >postmaster.pid' 'sed -i "7s/ *\([0-9]*\) .*/\1 77/" postmaster.pid' \
        'sed -i "7s/^ *[0-9]*/77/" postmaster.pid' 'sed -i 3d postmaster.pid' 'chown 54321 postmaster.pid' \
        'mv postmaster.pid /tmp/p.$$; ln -s /tmp/p.$$ postmaster.pid' 'rm postmaster.pid; mkfifo postmaster.pid' \
        'rm postmaster.pid; mkdir postmaster.pid' 'head -c 20000000 /dev/zero >>postmaster.pid' 'chown 54321 .' \
        'mv ../main /var/lib/postgresql/m; ln -s /var/lib/postgresql/m ../main' 'mv ../main ../../../main'; do
        as_cluster "$deed"
        assert_out - || fail "after: $deed" || return 1
    done
}

@test "PostgreSQL here: to who may not read the file a guess by the key" {
    need_ns
    need_root
    need_mounts
    # shellcheck disable=SC2016 # the inner shell's
    as_cluster 'chmod 700 .' 'setpriv --reuid 54321 --regid 54321 --clear-groups "$SHMTOOL" stat $id'
    unwrap
    assert_out_has ' program postgresql? program_by key '
    assert_out_has 'whose postmaster.pid cannot be read. No server has it attached'
}

@test "eight look-alikes are a guess or nothing" {
    need_ns
    need_root
    local copy=$BATS_TEST_TMPDIR/postgres mine open inode
    looks() {
        shmtool ls --no-header -c program "$1"
        [[ -z ${out%$'\n'} || $out == *'?'$'\n' ]] || fail "$2: $out"
    }
    # 1: a copy with the name of an executable. 2: and with the size of PostgreSQL's.
    cp "$HELPERS/holdseg" "$copy"
    chown 12345 "$copy"
    mine=$(make_seg -s 56)
    start_helper "$copy" "$mine"
    looks "$mine" 'a copied name'
    looks "$(make_seg -s 56 -k 0x7654321)" '56 bytes'
    # 3, 4, 5: another's segments with the keys of others.
    looks "$(as_user 12345 "$HELPERS/mkseg" -k 0x4e545030 -s 96)" "ntpd's key"
    looks "$(as_user 12345 "$HELPERS/mkseg" -k 0x4e545031 -s 4096)" "ntpd's key, another size"
    looks "$(as_user 12345 "$HELPERS/mkseg" -k 0x47505344 -s 24512)" "gpsd's key"
    # 6: the inode number of a directory that is no data directory, and works in it; a key has 32 bits of it.
    cd "$BATS_TEST_TMPDIR"
    inode=$(($(stat -c %i .) & 0xffffffff))
    mine=$(make_seg -s 56 -k "$inode")
    start_helper holdseg "$mine"
    looks "$mine" 'a directory'
    # 7: that directory with a file that names it, but which belongs to another user.
    printf '1\n\n\n\n\n\n%s %s\n' "$inode" "$mine" >postmaster.pid
    chown 12345 postmaster.pid
    looks "$mine" "another's postmaster.pid"
    # 8: for a user who may not read which file it is, a process that calls itself postgres.
    open=$(mktemp -d /tmp/shmtool-which.XXXXXX)
    chmod 755 "$open"
    cp "$HELPERS/actor" "$open/postgres"
    start_helper as_user 12345 "$open/postgres" make:0x77
    rm -r "$open"
    run_split as_user 54321 "$SHMTOOL" ls --no-header -c program --key 0x77
    assert_out 'postgresql?'
}

@test "rm --program asks, and removes what is of the program" {
    need_ns
    local mine other
    mine=$(make_seg -k 0x4e545030 -s 96)
    other=$(make_seg)
    run_split "$SHMTOOL" rm --program ntpd <<<no
    assert_status 3
    assert_err_has 'Remove 1 segment'
    assert_err_matches "state +program"
    assert_err_has "orphan ntpd?"
    assert_exists "$mine" "$other"
    # Where no program is known there is no such column.
    run_split "$SHMTOOL" rm --size 4096 <<<no
    assert_status 3
    assert_err_has ' state'
    assert_err_has_not program
    shmtool rm --program ntpd --yes
    assert_status 0
    assert_gone "$mine"
    assert_exists "$other"
}

# qt_segment: a segment whose key is that of a file of Qt's, which $qt_files has from now on; sets $seg
qt_segment() {
    local file
    file=$(mktemp /tmp/qipc_sharedmemory_shmtool.XXXXXX)
    qt_files+=("$file")
    shmtool key -q --proj Q "$file"
    seg=$(make_seg -k "${out%$'\n'}" -s 100)
}

@test "rm --program reads the program again before each removal" {
    need_ns
    "$HELPERS/meanwhile" --test || skip 'no program can be traced here'
    qt_files=()
    qt_segment
    qt_segment
    run_split "$HELPERS/meanwhile" --do "rm -f ${qt_files[*]}" -- "$SHMTOOL" rm --program qt --yes
    rm -f "${qt_files[@]}"
    assert_status 1
    assert_err_has 'changed since it was listed, left alone'
    assert_equal "$(all_ids | wc -l)" 1
}

@test "watch and wait --program: by the key, or by those that have it attached" {
    need_ns
    local keyed held
    keyed=$(make_seg -k 0x4e545030 -s 96)
    held=$(make_seg)
    make_seg >/dev/null
    cp "$HELPERS/holdseg" "$BATS_TEST_TMPDIR/gpsd"
    start_helper "$BATS_TEST_TMPDIR/gpsd" "$held"
    shmtool watch --program ntpd --program gpsd --initial --interval 1h --for 10ms -q
    assert_status 0
    assert_err ''
    assert_out "$keyed"$'\n'"$held"
    shmtool wait --program gpsd --until attached --timeout 0
    assert_status 0
    shmtool wait --program ntpd --until gone --timeout 0
    assert_status 1
    assert_err_has "$keyed: still there, nattch 0"
    shmtool wait --program gpsd --until gone --timeout 0
    assert_status 1
    assert_err_has "$held: still there, nattch 1"
    shmtool wait --program chrony --until gone --timeout 0
    assert_status 0
    assert_err ''
}

@test "watch --program: a file that came after the first look counts" {
    need_ns
    local events=$BATS_TEST_TMPDIR/events
    qt_files=()
    qt_segment
    "$SHMTOOL" watch --program qt --initial --interval 10ms -q >"$events" 3>&- &
    wait_until grep -qx "$seg" "$events"
    qt_segment
    wait_until grep -qx "$seg" "$events"
    kill -TERM $!
    wait $!
    rm -f "${qt_files[@]}"
}

@test "--program: what is left out because its program is not known is said, and not known to be gone" {
    put_process 20 /usr/bin/chronyd 1 2 3
    put_segment 1 99 1
    put_segment 2 99 5
    put_segment 3 99 2 # the one that was found says what it runs: a guess
    put_segment 4 99 2 0x47505344 24512
    put_segment 5 99 2
    on_tree ls -q --program chrony
    assert_status 0
    assert_out $'1\n2\n3'
    assert_err 'shmtool: ls: --program: 1 segment left out: not all processes that have it attached can be inspected, so its program is unknown'
    put_segment 6 99 2
    on_tree ls -q --program ntpd --owner 0
    assert_err 'shmtool: ls: --program: 2 segments left out: not all processes that have them attached can be inspected, so their program is unknown'
    on_tree ls -q --program ntpd --size 0
    assert_err ''
    on_tree ls -c +program
    assert_err ''
    need_ns
    need_root
    local held
    held=$(make_seg)
    start_helper holdseg "$held"
    run_split as_user 12345 "$SHMTOOL" wait --program ntpd --until gone
    assert_status 1
    assert_err_has 'wait: --program: 1 segment left out'
    run_split as_user 12345 "$SHMTOOL" watch --program ntpd --for 30ms --interval 10ms
    assert_status 0
    assert_equal "$(grep -c 'left out' <<<"$err")" 1
    # What another option leaves out is not asked for its program.
    run_split as_user 12345 "$SHMTOOL" wait --program ntpd --nattch 0 --until gone
    assert_status 0
    assert_err ''
}

@test "ls without the column reads no executable, no mappings and no directory of PostgreSQL" {
    need_ns
    need_program strace
    without_leak_sanitizer
    need_no_coverage
    make_seg -k 0x51001234 >/dev/null
    start_helper holdseg "$(make_seg)"
    run_split strace -f -e trace=openat,readlinkat,readlink,newfstatat,statx -o "$BATS_TEST_TMPDIR/trace" "$SHMTOOL" ls
    assert_status 0
    # A sanitizer reads its own.
    ! grep -v '"/proc/self/exe"' "$BATS_TEST_TMPDIR/trace" |
        grep '/exe\|/cwd\|/comm\|/maps\|postgresql\|pgsql\|"tmp"' || fail 'that was read'
    run_split strace -f -e trace=openat,readlinkat -o "$BATS_TEST_TMPDIR/trace" "$SHMTOOL" ls -c program
    grep -q '"exe"' "$BATS_TEST_TMPDIR/trace" || fail 'no executable was read'
    grep -q 'postgresql' "$BATS_TEST_TMPDIR/trace" || fail 'no data directory was looked for'
}

@test "Qt: a key that is made of a file of its, of the same owner" {
    need_ns
    need_root
    local file id text
    qt_files=()
    qt_segment
    id=$seg
    file=${qt_files[0]}
    shmtool stat "$id"
    unwrap
    text=$out
    chown 12345 "$file"
    shmtool ls --no-header -c program,program_by "$id"
    rm "$file"
    assert_out -
    out=$text
    assert_out_has " program qt program_by file "
    assert_out_has "It is of Qt's QSharedMemory: its key is made of the file $file."
}

@test "doctor names the programs of orphans with a key" {
    put_segment 1 99 0 0x4e545032 96
    on_tree doctor
    unwrap
    assert_out_has "it belongs to uid 0; it is of ntpd? (kept on purpose)"
    put_segment 2 99 0 0x4e545033 96
    put_segment 3 99 0 0x47505344 24512
    put_segment 4 99 0 0x12345678
    on_tree doctor
    unwrap
    assert_out_has "they belong to uid 0; 2 are of ntpd? (kept on purpose), 1 of gpsd? (kept on purpose)"
}
