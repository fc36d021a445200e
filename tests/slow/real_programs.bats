# Real programs and real situations, on which ls -l, who, stat and rm --orphan --dry-run must all be right.
# Programs come from the distribution (tests/deps real); a test is skipped by name where its program is missing.
load ../cli/common
load ../cli/processes

# Of a directory that other users can enter: the runner's own may be closed to them.
scratch=''

setup() {
    common_setup
    started=()
}

teardown() {
    local pid
    for pid in "${started[@]}"; do
        kill -CONT "$pid" 2>/dev/null || true
        kill -KILL "$pid" 2>/dev/null || true
    done
    common_teardown
    end_daemons
    [[ -z $scratch ]] || rm -rf "$scratch"
}

# make_scratch USER
make_scratch() {
    scratch=$(mktemp -d /tmp/shmtool-real.XXXXXX)
    chown "$1" "$scratch"
}

# case_is ID STATE PID...: all four commands are right: these processes and no others hold the segment
case_is() {
    local id=$1 state=$2 found maps
    shift 2
    found=$(printf '%s\n' "$@" | sort -n)
    assert_equal "$(who_has "$id" 3 | sort -n)" "$found" || return 1
    assert_state "$id" "$state" || return 1
    shmtool ls -l --no-header "$id"
    assert_out_matches " $state +([0-9]+|-) +([0-9]+|-) +[0-9]+ +[0-9]+ +20[0-9T:+-]+" || return 1
    maps=$(field_of "$id" 7)
    shmtool stat "$id"
    if (($# == 0)); then
        assert_out_has $'\n  nattch 0: attached by no process\n'
    elif (($# == 1)); then
        assert_out_has $'\n  nattch '"$maps: $maps found in 1 process"$'\n'
    else
        assert_out_has $'\n  nattch '"$maps: $maps found in $# processes"$'\n'
    fi
}

# children_of PID: its children, one a line
children_of() {
    tr -s ' ' '\n' <"/proc/$1/task/$1/children" | sed '/^$/d'
}

# --- PostgreSQL -------------------------------------------------------------------------------

# start_postgres [OPTION...]: an own cluster as `nobody`; sets $postmaster, $cluster and $seg
start_postgres() {
    local path bin=''
    for path in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/bin; do
        [[ ! -x $path/initdb || ! -x $path/postgres ]] || bin=$path
    done
    [[ -n $bin ]] || skip "needs postgres and initdb"
    PATH=$bin:$PATH
    make_scratch nobody
    cluster=$scratch/data
    nobody=(setpriv --reuid nobody --regid nogroup --clear-groups env -C "$scratch")
    "${nobody[@]}" "$bin/initdb" -A trust -N -U tester -D "$cluster" >"$BATS_TEST_TMPDIR/initdb" 2>&1 3>&- ||
        fail "initdb: $(cat "$BATS_TEST_TMPDIR/initdb")"
    "${nobody[@]}" "$bin/postgres" -D "$cluster" -k "$scratch" -c listen_addresses= -c shared_buffers=16MB -c autovacuum=off "$@" \
        >"$BATS_TEST_TMPDIR/postgres" 2>&1 3>&- &
    postmaster=$!
    started+=("$postmaster")
    wait_until postgres_answers
    read -r _ seg < <(sed -n 7p "$cluster/postmaster.pid")
}

postgres_answers() {
    psql -h "$scratch" -U tester -d postgres -qAtc 'select 1' >/dev/null 2>&1
}

# start_backend: a session that does nothing; sets $backend
start_backend() {
    mkfifo "$BATS_TEST_TMPDIR/queries"
    psql -h "$scratch" -U tester -d postgres -qAt <"$BATS_TEST_TMPDIR/queries" \
        >"$BATS_TEST_TMPDIR/answers" 2>&1 3>&- &
    started+=($!)
    exec 9>"$BATS_TEST_TMPDIR/queries"
    echo 'select pg_backend_pid();' >&9
    wait_until test -s "$BATS_TEST_TMPDIR/answers"
    backend=$(<"$BATS_TEST_TMPDIR/answers")
    started+=("$backend")
}

# postgres_is_steady: nattch is the number of its processes, so that none is just starting or ending
postgres_is_steady() {
    mapfile -t processes < <(echo "$postmaster"; children_of "$postmaster")
    [[ $(field_of "$seg" 7) == "${#processes[@]}" ]]
}

@test "PostgreSQL, running: used by the postmaster and its children" {
    need_ns
    need_root
    start_postgres
    start_backend
    wait_until postgres_is_steady
    case_is "$seg" used "${processes[@]}"
    ((${#processes[@]} >= 4)) || fail "it has ${#processes[@]} processes"
    [[ " ${processes[*]} " == *" $backend "* ]] || fail "the session's process $backend is none of them"
    shmtool who "$seg"
    assert_out_matches " $backend +nobody +rw +1 postgres: tester postgres \[local\] idle"
    assert_equal "$(field_of "$seg" 4)" 56
    shmtool ls --key "$(printf '0x%x' "$(stat -c %i "$cluster")")" -q
    assert_out "$seg"
}

@test "PostgreSQL, killed as a whole: orphan" {
    need_ns
    need_root
    start_postgres
    wait_until postgres_is_steady
    kill -KILL "${processes[@]}"
    wait "$postmaster" || true
    wait_until unattached "$seg"
    case_is "$seg" orphan
    shmtool stat "$seg"
    assert_out_has 'keep one on purpose'
}

# unattached ID
unattached() {
    [[ $(field_of "$1" 7) == 0 ]]
}

@test "PostgreSQL, postmaster killed with one session left: used, and who names that session" {
    need_ns
    need_root
    start_postgres
    start_backend
    # Stopped, it does not notice the postmaster's end, as one that is deep in a query does not.
    kill -STOP "$backend"
    kill -KILL "$postmaster"
    wait "$postmaster" || true
    wait_until attached_once "$seg"
    case_is "$seg" used "$backend"
    shmtool stat "$seg"
    assert_out_has 'Its creator is dead, but'
}

# attached_once ID
attached_once() {
    [[ $(field_of "$1" 7) == 1 ]]
}

@test "PostgreSQL, shared_memory_type=sysv: the whole buffer pool" {
    need_ns
    need_root
    start_postgres -c shared_memory_type=sysv
    wait_until postgres_is_steady
    case_is "$seg" used "${processes[@]}"
    (($(field_of "$seg" 4) > 16777216)) || fail "it has $(field_of "$seg" 4) bytes only"
}

# --- X ----------------------------------------------------------------------------------------

# start_x: sets $server and DISPLAY
start_x() {
    local number
    need_program Xvfb
    Xvfb -displayfd 6 -screen 0 640x480x24 -nolisten tcp 6>"$BATS_TEST_TMPDIR/display" \
        >"$BATS_TEST_TMPDIR/xvfb" 2>&1 3>&- &
    server=$!
    started+=("$server")
    wait_until test -s "$BATS_TEST_TMPDIR/display"
    read -r number <"$BATS_TEST_TMPDIR/display"
    export DISPLAY=:$number
}

@test "Xvfb and a client with MIT-SHM: dest, nattch 2, who names both sides" {
    need_ns
    need_program display
    local client
    start_x
    HOME=$BATS_TEST_TMPDIR display logo: >"$BATS_TEST_TMPDIR/client" 2>&1 3>&- &
    client=$!
    started+=("$client")
    wait_until are_shared_images "$server" "$client"
    # The server's end leaves it to the client, the client's end frees it.
    kill -KILL "$client"
    wait "$client" || true
    wait_until has_no_segments
}

# are_shared_images SERVER CLIENT: there are segments, and all is right of each. The client replaces its first
# images while it starts, so this is asked until it holds.
are_shared_images() {
    local id ids
    mapfile -t ids < <(all_ids)
    [[ -n ${ids[*]} ]] || return 1
    for id in "${ids[@]}"; do
        case_is "$id" dest "$@" || return 1
        assert_equal "$(field_of "$id" 7)" 2 || return 1
        shmtool stat "$id"
        assert_out_matches $'\n  original_key +0x00000000 \\(it was private from the start\\)\n' || return 1
    done
    shmtool who -q
    assert_equal "$(sort -n <<<"${out%$'\n'}")" "$(printf '%s\n' "$@" | sort -n)"
}

has_no_segments() {
    [[ -z $(all_ids) ]]
}

@test "Xvfb -shmem, killed: orphan without a key" {
    need_ns
    need_program Xvfb
    Xvfb -displayfd 6 -shmem -screen 0 640x480x24 -nolisten tcp 6>"$BATS_TEST_TMPDIR/display" \
        >"$BATS_TEST_TMPDIR/xvfb" 2>&1 3>&- &
    server=$!
    started+=("$server")
    wait_until test -s "$BATS_TEST_TMPDIR/display"
    seg=$(all_ids)
    case_is "$seg" used "$server"
    kill -KILL "$server"
    wait "$server" || true
    case_is "$seg" orphan
    shmtool stat "$seg"
    assert_out_has 'Its key is 0'
}

# --- Others -----------------------------------------------------------------------------------

@test "chrony with a SHM reference clock: used, and kept on purpose after a clean stop" {
    need_ns
    need_root
    need_program chronyd
    local chronyd
    make_scratch root
    printf '%s\n' 'refclock SHM 0' "pidfile $scratch/pid" "driftfile $scratch/drift" 'cmdport 0' 'port 0' \
        >"$scratch/conf"
    chronyd -x -d -u root -f "$scratch/conf" >"$BATS_TEST_TMPDIR/chronyd" 2>&1 3>&- &
    chronyd=$!
    started+=("$chronyd")
    wait_until has_segment_of_key 0x4e545030 "$chronyd"
    shmtool ls -q --key 0x4e545030
    seg=${out%$'\n'}
    case_is "$seg" used "$chronyd"
    kill "$chronyd"
    wait "$chronyd" || true
    case_is "$seg" orphan
    shmtool stat "$seg"
    assert_out_has 'keep one on purpose for'
}

# has_segment_of_key KEY PID: and the process is alive to have made it
has_segment_of_key() {
    kill -0 "$2" 2>/dev/null || skip "chronyd does not run here: $(tail -n 1 "$BATS_TEST_TMPDIR/chronyd")"
    awk -v key="$(($1))" 'NR > 1 && $1 == key && $7 > 0 { found = 1 } END { exit !found }' /proc/sysvipc/shm
}

@test "perl's shmget: what a script leaves behind" {
    need_ns
    need_program perl
    # shellcheck disable=SC2016 # perl's
    seg=$(perl -e '$id = shmget(0x1234abcd, 1000, 01600); shmwrite($id, "x", 0, 1); print $id')
    case_is "$seg" orphan
    remove_all_segments
    # shellcheck disable=SC2016
    perl -e '$| = 1; $id = shmget(0x1234abcd, 1000, 01600); shmwrite($id, "x", 0, 1); print $id; sleep 600' \
        >"$BATS_TEST_TMPDIR/perl" 3>&- &
    started+=($!)
    wait_until test -s "$BATS_TEST_TMPDIR/perl"
    case_is "$(<"$BATS_TEST_TMPDIR/perl")" idle
}

# --- Situations -------------------------------------------------------------------------------

@test "a daemon that creates, forks, and whose parent ends: used" {
    need_ns
    act make:0x61 attach daemon
    case_is "$seg" used "$actor"
}

@test "a rendezvous segment that nobody has attached while its creator lives: idle" {
    need_ns
    act make:0x62
    case_is "$seg" idle
}

@test "three attaches in one process; a fork; a mapping that mprotect splits: nattch explained" {
    need_ns
    act make:0x63 attach attach attach
    assert_equal "$(field_of "$seg" 7)" 3
    case_is "$seg" used "$actor"
    act make:0x64 attach fork
    assert_equal "$(field_of "$seg" 7)" 2
    case_is "$seg" used "$actor" "$children"
    act make:0x65 attach split fork
    assert_equal "$(field_of "$seg" 7)" 4
    case_is "$seg" used "$actor" "$children"
}

# --- Which program it is ----------------------------------------------------------------------

# program_is ID PROGRAM EVIDENCE
program_is() {
    shmtool ls --ndjson -c program,program_by "$1"
    assert_out "{\"program\": \"$2\", \"program_by\": \"$3\"}"
}

# start_daemon NAME COMMAND...: in the background; sets $daemon
start_daemon() {
    local name=$1
    shift
    "$@" >"$BATS_TEST_TMPDIR/$name" 2>&1 3>&- &
    daemon=$!
    started+=("$daemon")
}

# first_id [SELECTION]...: waits for a segment that is selected; sets $seg
first_id() {
    wait_until selects_any "$@" || return 1
    seg=${out%%$'\n'*}
}

selects_any() {
    shmtool ls -q "$@"
    [[ -n $out ]] || ! kill -0 "$daemon" 2>/dev/null || return 1
    [[ -n $out ]] || skip "it does not run here: $(tail -n 2 "$BATS_TEST_TMPDIR"/daemon)"
}

# kill_daemon: it and its descendants, as they are now
kill_daemon() {
    local pid
    mapfile -t processes < <(descendants "$daemon")
    for pid in "${processes[@]}" "$daemon"; do
        kill -KILL "$pid" 2>/dev/null || true
    done
    wait "$daemon" || true
    for pid in "${processes[@]}"; do
        wait_until is_gone "$pid"
    done
}

descendants() {
    local child
    for child in $(children_of "$1"); do
        descendants "$child"
        echo "$child"
    done
}

@test "named: PostgreSQL, running, its postmaster killed, and dead, with its data directory" {
    need_ns
    need_root
    start_postgres
    start_backend
    wait_until postgres_is_steady
    program_is "$seg" postgresql attached
    shmtool stat "$seg"
    unwrap
    assert_out_has 'It is of PostgreSQL: the processes that have it attached run postgres.'
    assert_out_has "Its data directory is $cluster. Its server runs: process $postmaster."
    shmtool ls -q --program PostgreSQL
    assert_out "$seg"
    kill -STOP "$backend"
    kill -KILL "$postmaster"
    wait "$postmaster" || true
    wait_until attached_once "$seg"
    program_is "$seg" postgresql attached
    shmtool stat "$seg"
    unwrap
    assert_out_has "Its data directory is $cluster. Its server does not run, but a backend still has it attached: end that first."
    assert_out_has 'lets two servers onto one directory'
    # Dead, a directory out of the way is not found.
    kill -KILL "$backend"
    wait_until unattached "$seg"
    shmtool ls --no-header -c program,program_by "$seg"
    assert_out -
    # One in a usual place is.
    unshare --mount true 2>/dev/null || return 0
    # shellcheck disable=SC2016 # the inner shell's
    run_split unshare --mount bash -c 'mount -t tmpfs -o mode=755 none /var/lib && mkdir -p /var/lib/postgresql/15/main &&
        mount --bind "$1" /var/lib/postgresql/15/main && exec "$SHMTOOL" stat "$2"' - "$cluster" "$seg"
    unwrap
    assert_out_has ' program postgresql program_by file '
    assert_out_has 'It is of PostgreSQL: /var/lib/postgresql/15/main/postmaster.pid names its key and id. No server has it attached; the next start'
}

@test "named: Xvfb with a client, and its screen" {
    need_ns
    need_program display
    start_x
    HOME=$BATS_TEST_TMPDIR display logo: >"$BATS_TEST_TMPDIR/client" 2>&1 3>&- &
    started+=($!)
    wait_until are_of_xserver
}

# are_of_xserver: there are segments, and each is of the X server
are_of_xserver() {
    shmtool ls --csv --no-header -c program,program_by
    [[ $out =~ ^(xserver,attached$'\n')+$ ]]
}

@test "named: chrony, running by its executable, stopped by the key that ntpd has too" {
    need_ns
    need_root
    need_program chronyd
    make_scratch root
    printf '%s\n' 'refclock SHM 0' "pidfile $scratch/pid" "driftfile $scratch/drift" 'cmdport 0' 'port 0' >"$scratch/conf"
    start_daemon daemon chronyd -x -d -u root -f "$scratch/conf"
    first_id --key 0x4e545030 --attached
    program_is "$seg" chrony attached
    kill_daemon
    program_is "$seg" 'ntpd?' key
}

@test "named: ntpd of NTPsec" {
    need_ns
    need_root
    PATH=$PATH:/usr/local/libexec/shmtool-tests # where tests/deps puts it
    need_program ntpd
    ntpd --version 2>&1 | grep -qi ntpsec || skip 'needs the ntpd of NTPsec'
    make_scratch root
    printf '%s\n' 'refclock shm unit 2' 'interface ignore all' >"$scratch/conf"
    start_daemon daemon ntpd -n -c "$scratch/conf" -p "$scratch/pid"
    first_id --key 0x4e545032 --attached
    program_is "$seg" ntpd attached
    kill_daemon
    program_is "$seg" 'ntpd?' key
    shmtool stat "$seg"
    assert_out_has '(NTP2)'
    unwrap
    assert_out_has 'keeps its segments on purpose'
}

@test "named: gpsd" {
    need_ns
    need_root
    need_program gpsd
    make_scratch root
    start_daemon daemon gpsd -N -n -S 29471 -F "$scratch/control"
    first_id --key 0x47505344 --attached
    program_is "$seg" gpsd attached
    kill_daemon
    program_is "$seg" 'gpsd?' key
}

@test "named: pgpool, running; dead nobody knows it" {
    need_ns
    need_root
    need_program pgpool
    make_scratch nobody
    printf '%s\n' "pid_file_name = '$scratch/pid'" "socket_dir = '$scratch'" "pcp_socket_dir = '$scratch'" "wd_ipc_socket_dir = '$scratch'" \
        "logdir = '$scratch'" "work_dir = '$scratch'" "listen_addresses = ''" "port = 29472" "pcp_port = 29473" \
        "pcp_listen_addresses = ''" "num_init_children = 2" "backend_hostname0 = '$scratch'" "backend_port0 = 5432" >"$scratch/conf"
    : >"$scratch/pcp"
    : >"$scratch/hba"
    start_daemon daemon setpriv --reuid nobody --regid nogroup --clear-groups env -C "$scratch" \
        "$(command -v pgpool)" -n -f "$scratch/conf" -F "$scratch/pcp" -a "$scratch/hba"
    first_id --attached
    program_is "$seg" pgpool attached
    kill_daemon
    wait_until unattached "$seg"
    shmtool ls --no-header -c program,program_by "$seg"
    assert_out -
}

@test "named: Zabbix's proxy" {
    need_ns
    need_root
    need_program zabbix_proxy
    make_scratch nobody
    printf '%s\n' 'Server=127.0.0.1' 'Hostname=x' 'ListenPort=29474' "DBName=$scratch/db" "LogFile=$scratch/log" "PidFile=$scratch/pid" \
        "SocketDir=$scratch" "StatsAllowedIP=127.0.0.1" "LogType=file" >"$scratch/conf"
    start_daemon daemon setpriv --reuid nobody --regid nogroup --clear-groups "$(command -v zabbix_proxy)" -f -c "$scratch/conf"
    first_id --dest
    program_is "$seg" zabbix attached
}

@test "named: stress-ng" {
    need_ns
    need_program stress-ng
    start_daemon daemon stress-ng --shm-sysv 1 --shm-sysv-bytes 1M --timeout 60
    # It attaches and detaches all the time.
    wait_until is_any_of stress-ng
}

# is_any_of PROGRAM: an attached segment is of it
is_any_of() {
    shmtool ls --no-header -c program --attached
    [[ $'\n'$out == *$'\n'"$1"$'\n'* ]]
}

@test "named: Berkeley DB, its own program beside the one that made the environment" {
    need_ns
    need_program db5.3_checkpoint
    local python=/usr/bin/python3 # the distribution's
    "$python" -c 'import bsddb3' 2>/dev/null || skip 'needs bsddb3'
    make_scratch root
    "$python" - "$scratch" <<'END'
import sys
from bsddb3 import db
environment = db.DBEnv()
environment.set_shm_key(0x42444201)
environment.open(sys.argv[1], db.DB_CREATE | db.DB_INIT_MPOOL | db.DB_INIT_TXN | db.DB_INIT_LOG | db.DB_SYSTEM_MEM)
END
    first_id --key 0x42444201 --orphan
    shmtool ls --no-header -c program,program_by "$seg"
    assert_out -
    start_daemon daemon db5.3_checkpoint -h "$scratch" -p 600
    first_id --key 0x42444201 --attached
    program_is "$seg" berkeleydb attached
    shmtool stat "$seg"
    unwrap
    assert_out_has 'keeps its segments on purpose'
    assert_out_has 'db_recover -h HOME'
    kill_daemon
}

@test "named: perl and PHP, running; dead nobody knows them" {
    need_ns
    need_program perl
    # shellcheck disable=SC2016 # perl's
    start_daemon daemon perl -e 'shmget(0x1234abcd, 1000, 01600); sleep 600'
    first_id --key 0x1234abcd
    program_is "$seg" perl creator
    kill_daemon
    shmtool ls --no-header -c program,program_by "$seg"
    assert_out -
    need_program php
    # shellcheck disable=SC2016 # PHP's
    start_daemon daemon php -r '$s = shm_attach(0x1234abce, 1000); sleep(600);'
    first_id --key 0x1234abce
    program_is "$seg" php attached
    kill_daemon
    shmtool ls --no-header -c program,program_by "$seg"
    assert_out -
}

@test "named: AFL++, beside the program under test" {
    need_ns
    need_program afl-fuzz
    make_scratch root
    mkdir "$scratch/in"
    echo x >"$scratch/in/x"
    start_daemon daemon env -u ASAN_OPTIONS -u MSAN_OPTIONS -u LSAN_OPTIONS -u UBSAN_OPTIONS AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 \
        afl-fuzz -n -i "$scratch/in" -o "$scratch/out" cat
    first_id
    # afl-fuzz attaches it between runs: who is asked changes from look to look.
    shmtool ls --no-header -c program,program_by "$seg"
    assert_status 0
    [[ $out =~ ^afl\+\+\ +(attached|creator)$'\n'$ ]] || fail "neither by those attached nor by the creator"
}

@test "named: a Qt program, running and dead" {
    need_ns
    local file python=/usr/bin/python3 # the distribution's
    "$python" -c 'import PyQt5.QtCore' 2>/dev/null || skip 'needs PyQt5'
    start_daemon daemon env TMPDIR=/tmp "$python" -c 'if 1:
        import time
        from PyQt5.QtCore import QSharedMemory
        memory = QSharedMemory("shmtooltest")
        assert memory.create(100)
        print(memory.nativeKey(), flush=True)
        time.sleep(600)'
    first_id --attached
    wait_until test -s "$BATS_TEST_TMPDIR/daemon"
    file=$(<"$BATS_TEST_TMPDIR/daemon")
    program_is "$seg" qt file
    kill_daemon
    program_is "$seg" qt file
    shmtool stat "$seg"
    rm -f "$file" /tmp/qipc_systemsem_shmtooltest*
    unwrap
    assert_out_has "its key is made of the file $file."
    shmtool ls --no-header -c program,program_by "$seg"
    assert_out -
}
