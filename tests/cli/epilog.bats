# contrib/hpc and its callers for Slurm, PBS and LSF, with the schedulers' programs and logger played by scripts.

# shellcheck disable=SC2016 # in single quotes stands what the stubs expand
load common

USER_ID=20001
OTHER_ID=20002

setup() {
    common_setup
    need_ns
    need_root
    dir=$BATS_TEST_TMPDIR
    job_uid=$USER_ID job_id=77 job_user=alice
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

# edit ASSIGNMENT...: the scripts with the stubs in place, and with these settings
edit() {
    local assignment
    set -- "CLEAN_AFTER_JOB=$dir/clean-after-job" "SHMTOOL=$SHMTOOL" "SQUEUE=$dir/squeue" "QSTAT=$dir/qstat" \
        "BJOBS=$dir/bjobs" "UNAME=$dir/uname" "LOGGER=$dir/logger" "LOGIN_DEFS=$dir/login.defs" "$@"
    cp "$SRC"/contrib/{hpc/clean-after-job,slurm/epilog,pbs/epilogue,lsf/post-exec} "$dir"
    for assignment in "$@"; do
        grep -qhE "^${assignment%%=*}=" "$dir"/{clean-after-job,epilog,epilogue,post-exec}
        sed -i "s|^${assignment%%=*}=.*|$assignment|" "$dir"/{clean-after-job,epilog,epilogue,post-exec}
    done
}

# limit_of NAME [ASSIGNMENT]...: edit where each program may take one second, and only this one is held to it: on a busy
# machine others may take as long
limit_of() {
    stub timeout "limit=\$2; shift 2; case \$1 in */$1) ;; *) limit=60 ;; esac
        exec $(command -v timeout) --kill-after=2 \$limit \"\$@\""
    edit "TIMEOUT=$dir/timeout" LIMIT=1 "${@:2}"
}

# silent COMMAND...: status 0, and not a word
silent() {
    run_split "$@"
    assert_status 0 || return 1
    assert_out '' || return 1
    assert_err ''
}

# epilog [VARIABLE=VALUE]...: runs it as slurmd does, with next to no environment
epilog() {
    silent env -i SLURM_JOB_UID="$job_uid" SLURM_JOB_ID="$job_id" SLURMD_NODENAME=node7 "$@" "$dir/epilog"
}

# epilogue [WORD]...: runs it as PBS does, after job 77
epilogue() {
    silent env -i "$dir/epilogue" "${@:-77.server.example.org}" "$job_user" users job 4711
}

# post_exec [VARIABLE=VALUE]...: runs it as LSF does, after job 77
post_exec() {
    silent env -i LSB_JOBID=77 LSB_JOBINDEX=0 "$@" "$dir/post-exec"
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

@test "a job that is stopped, suspended or changes its size holds the node, a pending one does not" {
    local state
    for state in RUNNING SUSPENDED STOPPED COMPLETING CONFIGURING RESIZING; do
        id=$(make_seg --uid $USER_ID)
        # As squeue does: jobs in the states that are asked for.
        stub squeue "case ,\${*##*--states=}, in *,$state,*) echo 78 ;; esac"
        epilog
        assert_exists "$id"
        ipcrm -m "$id"
    done
    id=$(make_seg --uid $USER_ID)
    stub squeue 'case ,${*##*--states=}, in *,PENDING,*) echo 78 ;; esac'
    epilog
    assert_gone "$id"
}

@test "asks squeue for this user on this node" {
    epilog
    assert_equal "$(cat "$dir/squeue.args")" \
        "--noheader --format=%A --user=20001 --nodelist=node7 --states=RUNNING,SUSPENDED,STOPPED,COMPLETING,CONFIGURING,RESIZING"
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
    limit_of squeue OLDER_THAN=0s
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
    limit_of shmtool "SHMTOOL=$dir/shmtool"
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
    limit_of logger OLDER_THAN=0s
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

@test "without the part that all have in common nothing happens" {
    id=$(make_seg --uid $USER_ID)
    rm "$dir/clean-after-job"
    epilog
    epilogue
    post_exec
    assert_exists "$id"
}

# --- PBS --------------------------------------------------------------------------------------

# pbs_jobs LINE...: qstat lists these jobs, each `ID STATE HOSTS`; on node7.example.org, of which alice has uid 20001
pbs_jobs() {
    local id state hosts
    {
        printf '\nserver:\n%64sReq%s  Elap\n' '' "'d"
        echo 'Job ID          Username Queue    Jobname    SessID NDS TSK Memory Time  S Time'
        echo '--------------- -------- -------- ---------- ------ --- --- ------ ----- - -----'
        while read -r id state hosts; do
            printf '%-15s alice    workq    %-10s    -- %3s %3s    --     -- %s 00:01 %s\n' "$id" "${name-STDIN}" 1 1 "$state" "$hosts"
        done
    } >"$dir/qstat.out" < <(printf '%s\n' "$@")
    stub qstat "printf '%s\\n' \"\$*\" >>$dir/qstat.args; cat $dir/qstat.out"
    stub uname 'echo node7.example.org'
    stub id 'case $3 in alice | 20001) echo 20001 ;; *) exit 1 ;; esac'
    edit OLDER_THAN=0s "ID=$dir/id"
}

@test "PBS: removes the user's orphans, and asks qstat for this user" {
    ids=$(make_seg --count 3 --uid $USER_ID)
    other=$(make_seg --uid $OTHER_ID)
    pbs_jobs '77.server E node7/0'
    epilogue
    # shellcheck disable=SC2086 # ids
    assert_gone $ids
    assert_exists "$other"
    logged '-t shmtool-epilog -p daemon.info -- job 77, uid 20001: shmtool: rm: removed 3 of 3 segments'
    assert_equal "$(cat "$dir/qstat.args")" '-n -1 -u alice'
}

@test "PBS: leaves everything while another job of the user is on the node, whatever its state" {
    local line
    id=$(make_seg --uid $USER_ID)
    for line in '78.server R node7/0' '78.server S node7/0*4' '78.server U node6/0+node7/1*2+node8/0' '78.server E NODE' \
        '78[3].server T node7.example.org/0' '770.server R node7/1' '77[1].server R node7/0' '78.server R'; do
        pbs_jobs '77.server E node7/0' "${line/NODE/node7}"
        epilogue
        assert_exists "$id"
    done
    # A line that is not as expected may be a job on this node.
    name='two words' pbs_jobs '78.server R node6/0'
    epilogue
    assert_exists "$id"
    nothing_logged
}

@test "PBS: jobs on other nodes, and those that wait for one, hold nothing" {
    id=$(make_seg --uid $USER_ID)
    pbs_jobs '77.server E node7/0' '78.server R node70/0' '79.server Q --' '80.server H --' '81.server R node6/0*7+node77/0' \
        '82.server R xnode7/0' '83.server R node7-b/0'
    epilogue
    assert_gone "$id"
}

@test "PBS: an element of an array is not its other elements" {
    id=$(make_seg --uid $USER_ID)
    pbs_jobs '77[1].server E node7/0' '77[2].server R node7/1'
    epilogue '77[1].server'
    assert_exists "$id"
    pbs_jobs '77[].server B --' '77[1].server E node7/0'
    epilogue '77[1].server'
    assert_gone "$id"
}

@test "PBS: leaves everything when qstat fails, and where there is no such user" {
    id=$(make_seg --uid $USER_ID)
    pbs_jobs
    stub qstat 'echo "cannot connect to server" >&2; exit 1'
    epilogue
    logged 'daemon.warning -- job 77, uid 20001: qstat failed: nothing was removed'
    for job_user in '' bob '*' '-u' 'alice bob'; do
        epilogue
    done
    silent "$dir/epilogue"
    logged "the second word, 'bob', is not a uid: nothing was removed"
    job_user=alice
    epilogue x
    logged 'the first word is not a number: nothing was removed'
    assert_exists "$id"
}

# --- LSF --------------------------------------------------------------------------------------

# lsf_jobs LINE...: bjobs lists these unfinished jobs on this node, each `JOBID INDEX`; job 77 is alice's, with uid 20001
lsf_jobs() {
    printf '%s\n' "$@" >"$dir/bjobs.out"
    stub bjobs "printf '%s\\n' \"\$LSF_ENVDIR: \$*\" >>$dir/bjobs.args
        case \$* in *'-o user 77') echo alice; exit ;; esac
        [ -s $dir/bjobs.out ] || { echo 'No unfinished job found' >&2; exit 255; }
        cat $dir/bjobs.out"
    [[ $# -gt 0 ]] || : >"$dir/bjobs.out"
    stub uname 'echo node7'
    stub id 'case $3 in alice | 20001) echo 20001 ;; root) echo 0 ;; *) exit 1 ;; esac'
    edit OLDER_THAN=0s "ID=$dir/id"
}

@test "LSF: removes the orphans of who bjobs says that the job is of" {
    ids=$(make_seg --count 3 --uid $USER_ID)
    other=$(make_seg --uid $OTHER_ID)
    lsf_jobs
    post_exec USER=bob LSFUSER=bob LSF_ENVDIR=/elsewhere
    # shellcheck disable=SC2086 # ids
    assert_gone $ids
    assert_exists "$other"
    logged '-t shmtool-epilog -p daemon.info -- job 77, uid 20001: shmtool: rm: removed 3 of 3 segments'
    assert_equal "$(cat "$dir/bjobs.args")" '/etc: -a -noheader -o user 77
/etc: -noheader -o jobid jobindex -u alice -m node7'
}

@test "LSF: the job itself holds nothing, another job or element of its array does" {
    local line
    id=$(make_seg --uid $USER_ID)
    for line in '78 0' '77 1' '770 0'; do
        lsf_jobs '77 0' "$line"
        post_exec
        assert_exists "$id"
    done
    nothing_logged
    lsf_jobs '77 2'
    post_exec
    assert_exists "$id"
    post_exec LSB_JOBINDEX=2
    assert_gone "$id"
}

@test "LSF: leaves everything when bjobs fails, and where it is not known whose job it was" {
    id=$(make_seg --uid $USER_ID)
    lsf_jobs
    stub bjobs 'case $* in *"-o user 77") echo alice ;; *) echo "LSF is down. Please wait ..." >&2; exit 255 ;; esac'
    post_exec
    logged 'daemon.warning -- job 77, uid 20001: bjobs failed: nothing was removed'
    stub bjobs 'echo "Job <77> is not found" >&2; exit 255'
    post_exec
    logged "the user that bjobs names, '', is not a uid: nothing was removed"
    for line in LSB_JOBID= LSB_JOBID=x 'LSB_JOBID=77 78' LSB_JOBID=-u; do
        post_exec "$line"
    done
    logged 'LSB_JOBID is not a number: nothing was removed'
    rm "$dir/bjobs"
    post_exec
    assert_exists "$id"
}

@test "LSF: of the environment, which is the user's, nothing is used" {
    id=$(make_seg --uid $USER_ID)
    lsf_jobs
    mkdir "$dir/path"
    printf '#!/bin/sh\ntouch %s\n' "$dir/called" >"$dir/path/env"
    chmod 755 "$dir/path/env"
    cp "$dir/path/env" "$dir/path/cat"
    post_exec PATH="$dir/path" "BASH_FUNC_bounded%%=() { touch $dir/called; }" "BASH_FUNC_exec%%=() { touch $dir/called; }" \
        ENV="$dir/path/env" BASH_ENV="$dir/path/env" user=bob uid=20002 job=5
    assert_gone "$id"
    [[ ! -e $dir/called ]]
}
