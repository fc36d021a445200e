# contrib/slurm/epilog, with squeue and logger played by scripts.

load common

USER_ID=20001
OTHER_ID=20002

setup() {
    common_setup
    need_ns
    need_root
    dir=$BATS_TEST_TMPDIR
    job_uid=$USER_ID job_id=77
    echo 'UID_MIN  1000' >"$dir/login.defs"
    stub logger "printf '%s\\n' \"\$*\" >>$dir/log"
    stub squeue "printf '%s\\n' \"\$*\" >>$dir/squeue.args; echo 77"
    : >"$dir/log"
    edit OLDER_THAN=0s
}

# stub NAME BODY: a script that plays the program NAME
stub() {
    printf '#!/bin/sh\n%s\n' "$2" >"$BATS_TEST_TMPDIR/$1"
    chmod 755 "$BATS_TEST_TMPDIR/$1"
}

# edit ASSIGNMENT...: the script with the stubs in place, and with these settings
edit() {
    local assignment
    set -- "SHMTOOL=$SHMTOOL" "SQUEUE=$dir/squeue" "LOGGER=$dir/logger" "LOGIN_DEFS=$dir/login.defs" "$@"
    cp "$SRC/contrib/slurm/epilog" "$dir/epilog"
    for assignment in "$@"; do
        grep -q "^${assignment%%=*}=" "$dir/epilog"
        sed -i "s|^${assignment%%=*}=.*|$assignment|" "$dir/epilog"
    done
}

# epilog [VARIABLE=VALUE]...: runs it as slurmd does, with next to no environment
epilog() {
    run_split env -i SLURM_JOB_UID="$job_uid" SLURM_JOB_ID="$job_id" SLURMD_NODENAME=node7 "$@" \
        "$dir/epilog"
    assert_status 0 || return 1
    assert_out '' || return 1
    assert_err ''
}

logged() {
    grep -qF -- "$1" "$dir/log" || fail "the log has no '$1':" "$(cat "$dir/log")"
}

nothing_logged() {
    assert_equal "$(cat "$dir/log")" ''
}

@test "removes the user's orphans, nobody else's, and says so in the log" {
    ids=$(make_seg --count 3 --uid $USER_ID)
    other=$(make_seg --uid $OTHER_ID)
    roots=$(make_seg)
    epilog
    # shellcheck disable=SC2086 # ids
    assert_gone $ids
    assert_exists "$other" "$roots"
    logged '-t shmtool-epilog -p daemon.info -- job 77, uid 20001: shmtool: rm: removed 3 of 3 segments'
    assert_equal "$(wc -l <"$dir/log")" 1
}

@test "a single segment is told as well" {
    make_seg --uid $USER_ID
    epilog
    logged 'removed 1 of 1 segment'
}

@test "says nothing where there is nothing to do" {
    epilog
    nothing_logged
}

@test "leaves what is attached, and what was touched a moment ago" {
    held=$(make_seg --uid $USER_ID)
    start_helper holdseg "$held"
    epilog
    assert_exists "$held"
    stop_helper
    edit
    epilog
    assert_exists "$held"
    nothing_logged
}

@test "leaves what belongs to a system user" {
    id=$(make_seg --uid $USER_ID)
    echo 'UID_MIN 20002' >"$dir/login.defs"
    epilog
    assert_exists "$id"
    nothing_logged
    echo 'UID_MIN 20001' >"$dir/login.defs"
    epilog
    assert_gone "$id"
}

@test "takes 1000 for the lowest uid where login.defs says nothing" {
    low=$(make_seg --uid 999)
    high=$(make_seg --uid 1000)
    printf '#UID_MIN 5\nUID_MINIMUM 6\nUID_MIN many\n' >"$dir/login.defs"
    job_uid=999 epilog
    assert_exists "$low"
    rm "$dir/login.defs"
    job_uid=999 epilog
    assert_exists "$low"
    job_uid=1000 epilog
    assert_gone "$high"
    root=$(make_seg)
    job_uid=0 epilog
    assert_exists "$low" "$root"
    nobody=$(make_seg --uid 65534)
    job_uid=65534 epilog
    assert_exists "$nobody"
}

@test "leaves everything while another job of the user runs on the node" {
    id=$(make_seg --uid $USER_ID)
    stub squeue "echo 77; echo 78"
    epilog
    assert_exists "$id"
    nothing_logged
}

@test "asks squeue for this user on this node" {
    epilog
    assert_equal "$(cat "$dir/squeue.args")" \
        "--noheader --format=%A --user=20001 --nodelist=node7 --states=RUNNING,SUSPENDED,COMPLETING,CONFIGURING"
}

@test "leaves everything when squeue fails" {
    id=$(make_seg --uid $USER_ID)
    stub squeue "echo 'slurm_load_jobs error' >&2; exit 1"
    epilog
    assert_exists "$id"
    logged 'daemon.warning -- job 77, uid 20001: squeue failed: nothing was removed'
}

@test "leaves everything when squeue does not come back, and comes back itself" {
    id=$(make_seg --uid $USER_ID)
    edit OLDER_THAN=0s LIMIT=1
    stub squeue "exec sleep 1000"
    epilog
    assert_exists "$id"
    logged 'squeue failed'
}

@test "works where there is no squeue" {
    id=$(make_seg --uid $USER_ID)
    rm "$dir/squeue"
    epilog
    assert_gone "$id"
}

@test "touches nothing when the job's variables are no numbers" {
    id=$(make_seg --uid $USER_ID)
    root=$(make_seg)
    for job_uid in '' x -1 '20001 0' '20001;id' 0x4e21 20001x 99999999999 4294967295; do
        epilog
    done
    job_uid=$USER_ID
    for job_id in '' x '77 78'; do
        epilog
    done
    run_split env -i "$dir/epilog"
    assert_status 0
    assert_exists "$id" "$root"
    logged 'SLURM_JOB_UID is not a uid'
    logged 'SLURM_JOB_ID is not a number'
}

@test "touches nothing when the uid is also the name of another user" {
    id=$(make_seg --uid $USER_ID)
    stub id 'echo 5'
    edit OLDER_THAN=0s "ID=$dir/id"
    epilog
    assert_exists "$id"
    logged "uid 20001 is also a user's name: nothing was removed"
}

@test "ends with 0 whatever fails, and tells the log" {
    stub shmtool "echo 'shmtool: rm: first' >&2; echo 'shmtool: rm: last' >&2; exit 4"
    edit "SHMTOOL=$dir/shmtool"
    epilog
    logged 'daemon.err -- job 77, uid 20001: shmtool ended with status 4: shmtool: rm: last'
    stub shmtool 'exec sleep 1000'
    edit "SHMTOOL=$dir/shmtool" LIMIT=1
    epilog
    logged 'shmtool ended with status 124'
    edit SHMTOOL=/nonexistent/shmtool
    epilog
    logged '/nonexistent/shmtool is missing'
    stub logger 'exit 1'
    epilog
    rm "$dir/logger"
    epilog
    edit TIMEOUT=/nonexistent/timeout
    epilog
}

@test "a full log does not hold it up" {
    make_seg --uid $USER_ID
    stub logger 'exec sleep 1000'
    edit OLDER_THAN=0s LIMIT=1
    epilog
}

@test "calls nothing through PATH" {
    mkdir "$dir/path"
    for name in awk cat cut env getent id logger sed sh shmtool squeue timeout tr; do
        printf '#!/bin/sh\ntouch %s\n' "$dir/called" >"$dir/path/$name"
        chmod 755 "$dir/path/$name"
    done
    id=$(make_seg --uid $USER_ID)
    epilog PATH="$dir/path"
    assert_gone "$id"
    [[ ! -e $dir/called ]]
}
