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
    "${nobody[@]}" "$bin/postgres" -D "$cluster" -k "$scratch" -c listen_addresses= -c shared_buffers=16MB "$@" \
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
    local client id
    start_x
    HOME=$BATS_TEST_TMPDIR display logo: >"$BATS_TEST_TMPDIR/client" 2>&1 3>&- &
    client=$!
    started+=("$client")
    wait_until has_shared_image
    for id in $(all_ids); do
        case_is "$id" dest "$server" "$client"
        assert_equal "$(field_of "$id" 7)" 2
        shmtool stat "$id"
        assert_out_matches $'\n  original_key +0x00000000 \\(it was private from the start\\)\n'
    done
    # The server's end leaves it to the client, the client's end frees it.
    shmtool who -q
    assert_equal "$(sort -n <<<"${out%$'\n'}")" "$(printf '%s\n' "$server" "$client" | sort -n)"
    kill -KILL "$client"
    wait "$client" || true
    wait_until has_no_segments
}

# has_shared_image: there are segments, and each is held by both
has_shared_image() {
    awk 'NR > 1 && ($3 != 1777 || $7 != 2) { odd = 1 } END { exit odd || NR < 2 }' /proc/sysvipc/shm
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
