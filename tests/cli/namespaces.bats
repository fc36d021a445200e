# -N and -A: segments of other IPC namespaces, listed, explained and removed from outside.
load common
load forms
load processes
load namespaces
load protect

# fields: the output's fields, a blank between them
fields() {
    awk '{ $1 = $1; print }' "$out_file"
}

# try ARG...: shmtool there
try() {
    run_split there "$SHMTOOL" "$@"
}

# outside: a program that is shmtool there
outside() {
    printf '#!/bin/sh\nexec nsenter --target %s --mount --pid --ipc "%s" "$@"\n' "$inside" "$SHMTOOL" >"$BATS_TEST_TMPDIR/outside"
    chmod +x "$BATS_TEST_TMPDIR/outside"
    echo "$BATS_TEST_TMPDIR/outside"
}

# answer_meanwhile_there DEED ARG...: as answer_meanwhile, shmtool there
answer_meanwhile_there() {
    SHMTOOL=$(outside) answer_meanwhile "$@"
}

# sizes_in NUMBER: the sizes of the segments in that namespace
sizes_in() {
    there "$SHMTOOL" -N "$1" ls --no-header -c bytes | tr -d ' '
}

@test "-N: as if started there, by number, pid and file, before and after the command" {
    start_twins
    local pid
    pid=$(pid_in "$first")
    try ls -c shmid,bytes --no-header
    assert_equal "$(fields)" $'0 7000'
    local words
    for words in "-N $first ls" "ls -N $first" "ls --namespace=$first" "ls --namespace $pid" "-N$pid ls" \
        "--namespace /proc/$pid/ns/ipc ls" "-N $first ls 0"; do
        # shellcheck disable=SC2086 # words
        try $words -c shmid,bytes --no-header
        assert_status 0
        assert_err ''
        assert_equal "$(fields)" '0 5000' || fail "$words"
    done
    assert_equal "$(there "$SHMTOOL" -N "$first" ls -c key,shmid,owner,perms,bytes,nattch --no-header | tr -s ' ')" \
        "$(nsenter --target "$inside" --mount --pid nsenter "--ipc=/proc/$pid/ns/ipc" ipcs -m | awk 'NR > 3 && NF { print $1, $2, $3, $4, $5, $6 }')"
    try -N "$own" ls -c bytes --no-header
    assert_equal "$(fields)" $'7000'
    # Limits are those of the namespace too.
    there sysctl -q -w kernel.shmmni=77
    try limits -N "$first" --json
    assert_equal "$(jq .limits.shmmni.value <<<"$out")" 4096
    try limits --json
    assert_equal "$(jq .limits.shmmni.value <<<"$out")" 77
}

@test "-N: commands that are recommended name the namespace too" {
    start_twins
    try -N "$first" stat 0
    assert_status 0
    assert_out_has "Segment 0 in IPC namespace $first"
    assert_out_has "'shmtool -N $first rm 0' would destroy it at once"
    try -N "$own" stat 0
    assert_out_has "'shmtool rm 0' would destroy it at once"
    try -N "$first" doctor
    assert_out_has "shmtool -N $first rm --orphan --key 0"
    try -N "$first" doctor --key 0 --size 1 --json
    assert_status 0
    try -N "$first" rm -m 0
    assert_err "shmtool: rm: -m 0: ids need no option here: shmtool -N $first rm 0"
    inside_of "$first" "$SHMTOOL" set perms=0 0
    run_split there setpriv --bounding-set -ipc_owner "$SHMTOOL" -N "$first" rm --save "$BATS_TEST_TMPDIR/saved" 0
    assert_status 1
    assert_err "shmtool: rm: 0: cannot be saved, and stays: Permission denied: its permissions do not let you read it: shmtool -N $first set perms=u+r 0"
    try rm -N "$first" 0
    assert_status 0
    assert_equal "$(sizes_in "$first")" ''
    assert_equal "$(sizes_in "$second") $(sizes_in "$own")" '5000 7000'
}

@test "-N: what does not exist is wrong usage, what may not be entered exit 4" {
    start_twins
    local word
    for word in 4194304 4294967295 /nowhere /etc /proc/self/ns/net web 0123456789; do
        try ls -N "$word"
        assert_status 2
        assert_out ''
        assert_err_has "shmtool: ls: --namespace: $word: "
    done
    try ls -N web
    assert_err "shmtool: ls: --namespace: web: neither a pid nor the number or file of an IPC namespace, nor a container, unit or job that has one ('shmtool ns' lists them)"
    run_split there setpriv --reuid 12345 --regid 12345 --clear-groups "$SHMTOOL" -N web ls
    assert_status 2
    assert_err_has "that has one among those that can be seen ('shmtool ns' lists them); names of containers are known to root alone"
    try rm -N '' --all --yes
    assert_wrong_usage 'shmtool: rm: --namespace: needs a namespace'
    try -N 5000000 ls
    assert_wrong_usage "'5000000': neither a pid (1 to 4194304) nor the number of an IPC namespace (4026531839 and above)"
    run_split there setpriv --bounding-set -sys_admin "$SHMTOOL" -N "$first" rm --all --yes
    assert_status 4
    assert_err_has "$first: Operation not permitted: it needs CAP_SYS_ADMIN"
    run_split there setpriv --bounding-set -sys_ptrace "$SHMTOOL" rm --all --yes -N "/proc/$(pid_in "$first")/ns/ipc"
    assert_status 4
    assert_equal "$(sizes_in "$first") $(sizes_in "$second") $(sizes_in "$own")" '5000 5000 7000'
    try run -N "$first" true
    assert_wrong_usage 'shmtool: run: --namespace: run takes none'
}

@test "-N: by the name of a container, if it is that of one namespace alone" {
    start_twins
    local id=9153120269d1e5f64f3a12bc9d01e5f64f3a12bc9d01e5f64f3a12bc9d01e5f6 pids
    read -rd '' -a pids <<<"$(there "$SHMTOOL" ns --no-header -l -c pid "$first" "$second")" || true
    echo "0::/system.slice/docker-$id.scope" >"$BATS_TEST_TMPDIR/docker"
    echo '0::/system.slice/postgresql.service' >"$BATS_TEST_TMPDIR/service"
    there mount --bind "$BATS_TEST_TMPDIR/docker" "/proc/${pids[0]}/cgroup"
    there mount --bind "$BATS_TEST_TMPDIR/service" "/proc/${pids[1]}/cgroup"
    for word in "${id:0:12}" "${id:0:8}" "${id:0:9}" "$id" "docker:${id:0:12}"; do
        try -N "$word" ls --no-header -c bytes,namespace,container
        assert_status 0
        assert_equal "$(fields)" "5000 $first ${id:0:12}"
    done
    try -N postgresql.service ls --no-header -c bytes,namespace
    assert_equal "$(fields)" "5000 $second"$''
    try -N "${id:0:7}" ls
    assert_status 2
    try ns --no-header -c namespace,kind,container,segments,orphans "$first" "$second"
    assert_equal "$(fields | sort)" "$(printf '%s\n' "$first docker ${id:0:12} 1 1" "$second service - 1 1" | sort)"
    there umount "/proc/${pids[1]}/cgroup"
    there mount --bind "$BATS_TEST_TMPDIR/docker" "/proc/${pids[1]}/cgroup"
    try rm --all --yes -N "${id:0:12}"
    assert_status 2
    assert_err_has "${id:0:12}: names 2 IPC namespaces: "
    assert_err_has "$first (docker:${id:0:12})"
    assert_equal "$(sizes_in "$first") $(sizes_in "$second")" '5000 5000'
}

@test "in a rootless namespace of one's own other users' segments may be removed, and all say so" {
    need_ns
    need_root
    as_user 54321 unshare --user --ipc true 2>/dev/null || skip "users may make no namespaces here"
    local command ids number
    start_helper as_user 54321 unshare --user --ipc "$HELPERS/actor"
    for ids in uid_map gid_map; do
        cat <<<$'0 54321 1\n1 100001 9' >"/proc/$helper_pid/$ids"
    done
    nsenter --target "$helper_pid" --user --ipc setpriv --reuid 1 --regid 1 --clear-groups "$HELPERS/mkseg" --size 700 >/dev/null
    number=$(stat -L -c %i "/proc/$helper_pid/ns/ipc")
    for command in "stat -N $helper_pid" 'stat -A --size 700'; do
        # shellcheck disable=SC2086 # words
        run_split as_user 54321 "$SHMTOOL" $command
        unwrap
        assert_out_has "'shmtool -N $number rm 0' would destroy it at once and free 700 B" || return 1
    done
    run_split as_user 54321 "$SHMTOOL" -N "$helper_pid" doctor
    assert_out_has "remedy: shmtool -N $number rm --orphan --key 0 --owner 100001"
    assert_out_has_not 'as root'
    assert_err_has "the limits of IPC namespace $number, which belongs to another user namespace, "
    assert_err_has "('shmtool ns -l $number')"
    # What cannot be read there is null in a document that is one.
    run_split as_user 54321 "$SHMTOOL" limits -A --json
    assert_status 4
    assert_equal "$(jq -c --argjson number "$number" '.namespaces[] | select(.namespace == $number)' <<<"$out")" \
        "{\"namespace\":$number,\"container\":null,\"limits\":null}"
    # The user database here is not that of whoever is inside.
    run_split as_user 54321 "$SHMTOOL" -N "$helper_pid" doctor --json
    assert_equal "$(jq -r '.findings[] | select(.check == "owners") | .severity, .message, .remedy' <<<"$out")" "info
1 segment, 700 B, belongs to a user that does not exist here, but may in a container: uid 100001
see what it is and who uses it (shmtool -N $number stat --owner 100001)"
    run_split as_user 54321 "$SHMTOOL" -N "$helper_pid" rm --all --dry-run
    assert_err 'shmtool: rm: would remove 1 segment, 700 B, 0 in use'
    run_split as_user 54321 "$SHMTOOL" -N "$number" rm --orphan --key 0 --owner 100001 --yes -v
    assert_status 0
    assert_out '0: removed, 700 bytes'
}

@test "-N: a rootless namespace of one's own, its users as they are outside, read and removed" {
    need_ns
    need_root
    as_user 54321 unshare --user --map-root-user --ipc true 2>/dev/null || skip "users may make no namespaces here"
    # shellcheck disable=SC2016 # for the inner shell
    start_helper as_user 54321 unshare --user --map-root-user --ipc sh -c \
        '"$1/mkseg" --size 5000 >/dev/null && "$1/mkseg" --size 6000 >/dev/null && exec "$1/actor" make:0x5 attach' - "$HELPERS"
    run_split as_user 54321 "$SHMTOOL" ls -N "$helper_pid" --no-header -c shmid,uid,cuid,bytes,state
    assert_status 0
    assert_equal "$(fields)" $'0 54321 54321 5000 orphan\n1 54321 54321 6000 orphan\n2 54321 54321 8192 used'
    run_split as_user 54321 "$SHMTOOL" watch -N "$helper_pid" --initial --interval 1h --for 10ms --ndjson
    assert_status 0
    assert_equal "$(jq -c '[.segment | .shmid, .uid, .state]' <<<"$out")" $'[0,54321,"orphan"]\n[1,54321,"orphan"]\n[2,54321,"used"]'
    run_split as_user 54321 "$SHMTOOL" wait 0 1 --until orphan --timeout 0 -N "$helper_pid"
    assert_status 0
    run_split as_user 54321 "$SHMTOOL" -N "$helper_pid" rm 1 -v
    assert_status 0
    assert_out '1: removed, 6000 bytes'
    # As doctor recommends it; and started by who ignores the ends of children, as some services are.
    run_split as_user 54321 env --ignore-signal=CHLD \
        "$SHMTOOL" -N "$helper_pid" rm --orphan --key 0 --owner 54321 --yes -v
    assert_status 0
    assert_out '0: removed, 5000 bytes'
    run_split as_user 54321 "$SHMTOOL" -N "$helper_pid" rm 2 7
    assert_status 1
    assert_err_has '7: no such segment'
    run_split as_user 54321 "$SHMTOOL" ls -N "$helper_pid" --no-header -c shmid,status
    assert_equal "$(fields)" $'2 dest'
    # The way that is named for the user is one, and so is that for root.
    run_split as_user 54321 "$SHMTOOL" -N "$helper_pid" limits
    assert_status 4
    way=$(grep -o 'nsenter .*--target' <<<"$err")
    # shellcheck disable=SC2086 # words
    run_split as_user 54321 $way "$helper_pid" "$SHMTOOL" limits --set shmmni=77
    assert_status 0
    shmtool limits -N "$helper_pid" --set shmmni=78
    assert_status 1
    way=$(sed -n 's/.*as root: //p' <<<"$err")
    # shellcheck disable=SC2086 # words
    run_split $way
    assert_status 0
    shmtool limits -N "$helper_pid" --json
    assert_equal "$(jq .limits.shmmni.value <<<"$out")" 78
    # doctor names no command that would be refused.
    nsenter --user --ipc --target "$helper_pid" sysctl -qw kernel.shmmni=1
    remedy_of shmmni -N "$helper_pid"
    [[ $remedy =~ 'or raise it: '(.*)' (PID: ' ]] || fail "$remedy"
    run_split eval "${BASH_REMATCH[1]/PID/$helper_pid}"
    assert_status 0
    shmtool limits -N "$helper_pid" --json
    assert_equal "$(jq .limits.shmmni.value <<<"$out")" 2
    # Not that of others; and root needs no detour.
    run_split as_user 54322 "$SHMTOOL" ls -N "$helper_pid"
    assert_status 4
    shmtool ls -N "$helper_pid" --no-header -c uid,nattch
    assert_equal "$(fields)" $'54321 1'
}

@test "without -N nothing is left at the end, and no descriptor closed that is not the program's" {
    need_program strace
    without_leak_sanitizer
    run_split strace -e trace=close,setns -o "$BATS_TEST_TMPDIR/trace" "$SHMTOOL" ls
    assert_status 0
    assert_equal "$(grep -E '^setns|^close\(0\)' "$BATS_TEST_TMPDIR/trace")" ''
}

@test "-N: watch and wait look in that namespace, too; wait refuses -A" {
    start_twins
    try watch -N "$first" --initial --interval 1h --for 10ms --ndjson
    assert_status 0
    assert_err ''
    assert_equal "$(jq -c '[.event, .segment.bytes, .segment.state, .segment.namespace]' <<<"$out")" \
        "[\"initial\",5000,\"orphan\",$first]"
    try -N "$first" wait 0 --until orphan --timeout 0
    assert_status 0
    try -N "$first" rm 0
    try wait 0 --until gone --timeout 0 -N "$first"
    assert_status 0
    try wait 0 --until gone --timeout 0
    assert_status 1
    assert_err_has '0: still there, nattch 0'
    try wait --until gone -A
    assert_wrong_usage 'shmtool: wait: --all-namespaces: wait looks in one IPC namespace; -N names another'
}

@test "ls -A: the own namespace first, then by number; columns are appended" {
    start_twins
    try ls -A --no-header
    assert_status 0
    assert_err ''
    assert_equal "$(awk '{ print $2, $5 }' "$out_file")" $'0 7000\n0 5000\n0 5000'
    try -A ls --no-header -c shmid,bytes,namespace
    assert_equal "$(fields)" "0 7000 $own"$'\n'"0 5000 $first"$'\n'"0 5000 $second"$''
    try ls
    local header=${out%%$'\n'*}
    try ls -A
    assert_equal "$(head -n 1 "$out_file" | tr -s ' ')" "$(tr -s ' ' <<<"$header") namespace container"
    try ls --all-namespaces --json --size 5000
    assert_equal "$(jq -c '[.segments[] | [.shmid, .bytes, .namespace, .container]]' <<<"$out")" \
        "[[0,5000,$first,null],[0,5000,$second,null]]"
    # A key of one of them is missing nowhere; one that nobody has is missing.
    try ls -A --key 0x77 --no-header -c bytes,namespace
    assert_status 0
    assert_equal "$(fields)" "7000 $own"$''
    # What is asked of processes: each has its own namespace's segments.
    try ls -A --orphan --no-header -c namespace
    assert_out_lines 3
}

@test "who -A and stat -A: attachments belong to the segment of their own namespace" {
    start_twins
    start_helper nsenter --target "$inside" --mount --pid --ipc "$HELPERS/holdseg" 0
    try who -A --no-header -c shmid,maps,namespace
    assert_status 0
    assert_equal "$(fields)" "0 1 $own"$''
    try stat -A --json
    assert_equal "$(jq -c '[.segments[] | [.namespace, .state, .maps_found]]' <<<"$out")" \
        "[[$own,\"used\",1],[$first,\"orphan\",0],[$second,\"orphan\",0]]"
    local pid
    pid=$(there "$SHMTOOL" who -q)
    try ls -A --pid "$pid" --no-header -c shmid,namespace
    assert_equal "$(fields)" "0 $own"$''
    try stat -A --size 5000
    assert_out_has "'shmtool -N $second rm 0' would destroy it at once"
}

@test "du -A: sums of all namespaces together, one by one only with --by namespace; du -N of one" {
    start_twins
    try du -A --no-header -c owner,segments,bytes,orphans
    assert_status 0
    assert_err ''
    assert_equal "$(fields)" $'root 3 17000 3\ntotal 3 17000 3'
    try du -A --by namespace --no-header -c namespace,segments,bytes
    assert_equal "$(fields | sort)" "$(printf '%s\n' "$own 1 7000" "$first 1 5000" "$second 1 5000" 'total 3 17000' | sort)"
    try du -A --by key --json --size 5000
    assert_equal "$(jq -c '[.by, .total.bytes, [.rows[] | [.key, .bytes]]]' <<<"$out")" \
        '[["key"],10000,[["0x00000000",10000]]]'
    try du -N "$first" --no-header -c owner,segments,bytes
    assert_equal "$(fields)" $'root 1 5000\ntotal 1 5000'
    try du -A 0
    assert_wrong_usage "'0': with -A an id means another segment in each"
}

@test "du -A --system: what is in segments here, and what is in those of the others, selected or not" {
    start_twins
    local balance='[.system.sysv, .system.sysv_others]'
    there "$HELPERS/mkseg" --size 4096 --fill >/dev/null
    inside_of "$first" "$HELPERS/mkseg" --size 8192 --fill >/dev/null
    inside_of "$second" "$HELPERS/mkseg" --size 40960 --fill >/dev/null
    try du -A --system --json
    assert_status 0
    assert_err ''
    assert_equal "$(jq -c "$balance" <<<"$out")" '[4096,49152]'
    # Shmem of a container may be its own: then there is no rest.
    assert_equal "$(jq '.system | .rest == null or
        .rest == .shmem - .sysv - .sysv_others - ([.tmpfs[].bytes | values] | add)' <<<"$out")" true
    try du -A --system --json --key 0x4711
    assert_equal "$(jq -c "$balance" <<<"$out")" '[4096,49152]'
    try du -N "$first" --system --json
    assert_equal "$(jq -c "$balance" <<<"$out")" '[8192,null]'
    try du -A --system
    assert_status 0
    assert_out_matches $'of this:\n +4096 System V segments of this IPC namespace\n +49152 System V segments of the other IPC namespaces\n'
    (($(grep -E 'System V| the rest: ' "$out_file" | wc -L) <= 80)) || fail "wider than a terminal"
}

@test "du -A --system: what may not be entered is part of the rest" {
    start_keepers --size 5000 process
    run_split there setpriv --bounding-set -sys_admin "$SHMTOOL" du -A --system
    assert_status 0
    assert_err_has "$(number_of processes) could not be entered"
    assert_out_has ' - System V segments of other namespaces: not known, and part of the rest'
    run_split there setpriv --bounding-set -sys_admin "$SHMTOOL" du -A --system --json
    assert_equal "$(jq -c '.system | [.sysv, .sysv_others]' <<<"$out")" '[0,null]'
}

@test "du -A --system: where some processes may not be inspected, what was found is said all the same" {
    start_keepers
    local less='setpriv --bounding-set -sys_ptrace'
    # shellcheck disable=SC2086 # words
    start_helper nsenter --target "$inside" --mount --pid --ipc $less unshare --ipc "$HELPERS/mkseg" --stay --size 8192 --fill
    # shellcheck disable=SC2086 # words
    run_split there $less "$SHMTOOL" du -A --system --json
    assert_status 0
    assert_err_has 'process could not be read, and namespaces that nobody else is in may be missing'
    assert_equal "$(jq -c '.system | [.sysv, .sysv_others]' <<<"$out")" '[0,8192]'
}

@test "-A: an id, --quiet and ids on standard input mean nothing; commands that look in one place refuse it" {
    start_twins
    try ls -A 0
    assert_wrong_usage "shmtool: ls: '0': with -A an id means another segment in each IPC namespace; -N names one"
    try who -A -q
    assert_wrong_usage 'shmtool: who: --quiet: with -A an id means another segment'
    try rm -A 0 --yes
    assert_wrong_usage "'0': with -A an id means another segment in each"
    run_split there "$SHMTOOL" rm -A --yes - <<<0
    assert_wrong_usage 'with -A an id means another segment in each'
    run_split there "$SHMTOOL" rm -A --yes <<<0
    assert_wrong_usage 'shmtool: rm: nothing is selected: use an option such as --owner or --all;'
    try key -A /
    assert_wrong_usage 'shmtool: key: --all-namespaces: key looks in one IPC namespace; -N names another'
    try -A run true
    assert_wrong_usage 'shmtool: run: --all-namespaces: run takes none'
    assert_equal "$(sizes_in "$first") $(sizes_in "$second") $(sizes_in "$own")" '5000 5000 7000'
}

@test "rows of ls -A on standard input: only of the namespace that rm looks in, else none is removed" {
    start_twins
    local columns input=$BATS_TEST_TMPDIR/rows
    for columns in '' -l --columns=+namespace '--columns=+container,namespace,lpid'; do
        # shellcheck disable=SC2086 # none or one
        there "$SHMTOOL" ls -A $columns >"$input"
        run_split there "$SHMTOOL" rm <"$input"
        assert_status 2 || fail "$columns" || return 1
        assert_err_has "segment 0 is in IPC namespace $first, " || return 1
        assert_err_has "shmtool -N $first rm; nothing was removed" || return 1
        run_split there "$SHMTOOL" -N "$first" rm < <(grep " $second" "$input")
        assert_status 2 || fail "$columns" || return 1
        assert_err_has "line 1: segment 0 is in IPC namespace $second, and not in the one that rm looks in" ||
            return 1
    done
    assert_equal "$(there "$SHMTOOL" ls -A -c namespace --no-header | wc -l)" 3
    run_split there "$SHMTOOL" -N "$second" rm < <(grep " $second" "$input")
    assert_status 0
    assert_equal "$(there "$SHMTOOL" ls -A -c namespace --no-header | tr -d ' ' | sort)" \
        "$(printf '%s\n' "$own" "$first" | sort)"
    run_split there "$SHMTOOL" rm < <(grep " $own" "$input")
    assert_status 0
    assert_equal "$(there "$SHMTOOL" ls -A -c namespace --no-header | tr -d ' ')" "$first"
}

@test "--pid of a process that moved after it had attached selects no segment of that id where it is now" {
    start_keepers process
    there "$HELPERS/mkseg" >/dev/null
    local words pid number
    start_helper nsenter --target "$inside" --mount --pid --ipc "$HELPERS/actor" use:0 attach leave make:0
    pid=$(sed -n 's/^ready \([0-9]*\).*/\1/p' "$helper_out")
    number=$(there "$SHMTOOL" ns --no-header -l -c pid,namespace | awk -v pid="$pid" '$1 == pid { print $2 }')
    assert_equal "$(there "$SHMTOOL" ls -N "$pid" -q)" 0
    for words in 'ls -q' 'rm --yes'; do
        # shellcheck disable=SC2086 # a command and its option
        run_split there "$SHMTOOL" $words --pid "$pid" --pid 1
        assert_status 0
        assert_err "shmtool: ${words%% *}: --pid: process $pid is in another IPC namespace: shmtool -N $pid looks there"
    done
    run_split there "$SHMTOOL" rm -A --pid "$pid" --yes
    assert_status 0
    assert_err ''
    run_split there "$SHMTOOL" rm -N "$number" --pid "$pid" --yes
    assert_status 0
    assert_err ''
    assert_equal "$(there "$SHMTOOL" ls -N "$pid" -q)" 0
}

@test "-A: what cannot be read in a namespace that was entered is a failure, as without -A" {
    start_twins
    local command
    for command in 'ls' 'who' 'stat' 'rm --yes'; do
        # shellcheck disable=SC2086 # a command and its option
        run_split there setpriv --reuid 12345 --regid 12345 --clear-groups "$SHMTOOL" $command -A --pid 1
        assert_status 4 || return 1
        assert_err_has 'the mappings of process 1: Permission denied' || return 1
        assert_err_has_not 'could not be entered: the mappings' || return 1
    done
}

@test "rm -A asks, also for a key; removes inside, and only what was selected" {
    start_twins
    run_split there "$SHMTOOL" rm -A --size 5000 <<<no
    assert_status 3
    assert_err_has 'Remove 2 segments in 2 of 3 namespaces, 9.8 KiB, 0 of them in use? (yes/no) '
    run_split there "$SHMTOOL" rm -A --key 0x77 <<<no
    assert_status 3
    assert_err_has 'Remove 1 segment in 1 of 3 namespaces'
    try rm -A --all --yes --max 2
    assert_status 3
    assert_err_has '3 segments are selected, more than --max 2'
    try rm -A --all --dry-run
    assert_status 0
    assert_err_has 'would remove 3 segments in 3 of 3 namespaces'
    assert_equal "$(sizes_in "$first") $(sizes_in "$second") $(sizes_in "$own")" '5000 5000 7000'
    run_split there "$SHMTOOL" rm -A --size 5000 -v <<<yes
    assert_status 0
    assert_out "0 in $first: removed, 5000 bytes"$'\n'"0 in $second: removed, 5000 bytes"
    assert_err_has 'removed 2 of 2 segments, 9.8 KiB freed'
    assert_equal "$(sizes_in "$first")$(sizes_in "$second") $(sizes_in "$own")" ' 7000'
    try rm -A --all --yes --json
    assert_equal "$(jq -c '[.results[] | [.shmid, .outcome, .namespace]]' <<<"$out")" "[[0,\"removed\",$own]]"
}

@test "rm -A: one that ended while the question stood is gone; one that has its place is not touched" {
    start_twins
    ns_file=/proc/$(pid_in "$first")/ns/ipc
    # The segment is removed, and one of the same id and size made anew.
    answer_meanwhile_there \
        "there nsenter --ipc=$ns_file ipcrm -m 0; there nsenter --ipc=$ns_file $HELPERS/mkseg --size 5000 >/dev/null" \
        rm -A --size 5000 -v
    assert_status 0
    assert_out_has "0 in $second: removed, 5000 bytes"
    assert_out_has "0 in $first: gone"
    assert_equal "$(sizes_in "$first")" 5000
}

@test "-A: namespaces that may not be entered are named, the rest is shown" {
    start_twins
    run_split there setpriv --bounding-set -sys_admin "$SHMTOOL" ls -A --no-header -c bytes
    assert_status 0
    assert_equal "$(fields)" $'7000'
    assert_err_has "shmtool: ls: $first, $second could not be entered: Operation not permitted: it needs CAP_SYS_ADMIN"
    run_split there setpriv --bounding-set -sys_ptrace "$SHMTOOL" ls -A --no-header -c bytes
    assert_status 0
    assert_equal "$(fields)" $'7000'
    assert_err_has 'it needs CAP_SYS_PTRACE'
}

@test "a dead creator in a PID namespace: unknown inside, orphan from the host" {
    need_ns
    need_root
    need_mounts_root
    unshare --pid --fork true 2>/dev/null || skip "no PID namespace can be made here"
    # shellcheck disable=SC2016 # for the inner shell
    start_helper unshare --ipc sh -c 'unshare --pid --fork --mount-proc "$1/mkseg" --size 5000 >/dev/null
        exec unshare --pid --fork --kill-child --mount-proc "$1/keepns"' - "$HELPERS"
    local pid
    pid=$(first_child "$helper_pid")
    run_split nsenter --target "$pid" --ipc --pid --mount "$SHMTOOL" ls --no-header -c state
    assert_out unknown
    shmtool -N "$pid" ls --no-header -c state
    assert_out orphan
}

@test "limits -A: a block each; --set is refused" {
    start_twins
    inside_of "$first" sysctl -q -w kernel.shmmni=77
    try limits -A
    assert_status 0
    assert_equal "$(grep -c '^IPC namespace ' "$out_file")" 3
    assert_out_has "IPC namespace $own, that of this process:"
    assert_equal "$(sed -n "/^IPC namespace $first:/,/^$/p" "$out_file" | awk '$1 == "shmmni" { print $2, $3 }')" '77 1'
    # What is the host's is said once.
    assert_equal "$(grep -c 'Shmem' "$out_file")" 1
    try limits -A --json
    assert_equal "$(jq -c '[.host != null, .time != null, (.namespaces | map([.namespace, .limits.shmmni.value, .limits.shmmni.used]))]' <<<"$out")" \
        "[true,true,[[$own,4096,1],[$first,77,1],[$second,4096,1]]]"
    try limits -A --set shmmni=5
    assert_wrong_usage '--set: with -A limits are only shown; -N names one namespace'
    try limits -N "$first" --set shmmni=88
    assert_status 0
    assert_equal "$(inside_of "$first" sysctl -n kernel.shmmni) $(there sysctl -n kernel.shmmni)" '88 4096'
}

# remedy_of CHECK ARG...: what doctor ARG... says of CHECK, in $remedy
remedy_of() {
    shmtool doctor --json "${@:2}"
    remedy=$(jq -r --arg check "$1" '.. | .findings? // empty | .[] | select(.check == $check).remedy' <<<"$out")
}

@test "doctor: what other tools are to do is to be done in that namespace" {
    need_program ipcmk
    start_twins
    local pid program word remedy way
    pid=$(pid_in "$first")
    program=$(outside)
    inside_of "$first" ipcmk -Q >/dev/null
    inside_of "$first" sysctl -qw kernel.msgmni=1
    there ipcmk -Q >/dev/null
    way='nsenter --ipc --target PID'
    for word in "-N $first" -A; do
        # shellcheck disable=SC2086 # words
        SHMTOOL=$program remedy_of msgmni $word
        assert_equal "$remedy" "see which there are ($way ipcs -q) and who used them last ($way ipcs -q -p);\
 remove those that nobody needs ($way ipcrm -q ID); or raise it: $way sysctl -w kernel.msgmni=2\
 (PID: one that 'shmtool ns -l $first' shows)" || return 1
    done
    # All of it does what it says.
    way="there ${way/PID/$pid}"
    $way sysctl -w kernel.msgmni=2
    $way ipcmk -Q >/dev/null
    $way ipcrm -q "$($way ipcs -q | awk '/^0x/ { print $2; exit }')"
    assert_equal "$($way ipcs -q | grep -c ^0x) $(there ipcs -q | grep -c ^0x)" '1 1'
}

@test "doctor: what other namespaces hold, and that the key is there; -A checks each" {
    start_twins
    try doctor
    assert_out_has '2 other IPC namespaces hold 2 segments, 9.8 KiB, which are not checked here: shmtool doctor -A'
    try doctor --json
    assert_equal "$(jq -c .elsewhere <<<"$out")" '{"namespaces":2,"segments":2,"bytes":10000}'
    try doctor -N "$first"
    assert_out_has_not 'not checked here'
    try doctor -A --json
    assert_equal "$(jq -c '[.namespaces[] | [.namespace, (.findings | map(select(.check | test("orphan")).shmids))]]' <<<"$out")" \
        "[[$own,[[0]]],[$first,[[0]]],[$second,[[0]]]]"
    try doctor -A
    assert_out_has "shmtool -N $first rm --orphan --key 0"
    assert_equal "$(grep -c 'not checked here' "$out_file")" 0
    inside_of "$second" "$HELPERS/mkseg" --key 0x1234 >/dev/null
    try doctor --key 0x1234
    assert_status 1
    assert_out_has "IPC namespace $second has a segment with it, 1"
    assert_out_has "shmtool -N $second stat 1"
    try doctor --key 0x1235
    assert_out_has_not "IPC namespace $second"
    try doctor -A --key 0x1234
    assert_wrong_usage '--all-namespaces: one call is made in one IPC namespace; -N names it'
}

@test "-N and -A: what shmtool.conf protects stays in every namespace" {
    need_ns
    need_root
    with_conf 'protect --size 5000 # the twins'
    start_twins
    local by='/etc/shmtool.conf:1 (the twins)' kept_numbers
    kept_numbers=$(printf '%s\n' "$first" "$second")
    try -N "$first" rm 0
    assert_status 1
    assert_err_has "0: protected by $by"
    try rm -N "$first" --all --yes
    assert_status 0
    assert_err_has "1 segment is protected and left alone: 1 by $by"
    try ls -A --protected --no-header -c namespace
    assert_equal "$(fields)" "$kept_numbers"
    try -N "$first" stat 0
    unwrap
    assert_out_has "Protected by $by: it is left alone. 'shmtool -N $first rm --even-protected 0' would destroy it at once"
    run_split there "$SHMTOOL" rm -A --all --even-protected <<<no
    assert_err_has 'Remove 3 segments in 3 of 3 namespaces, 16.6 KiB, 2 of them PROTECTED, 0 of them in use? (yes/no) '
    conf oops
    try rm -A --all --yes
    assert_status 4
    assert_equal "$(sizes_in "$first") $(sizes_in "$second") $(sizes_in "$own")" '5000 5000 7000'
    conf 'protect --size 5000 # the twins'
    try rm -A --all --yes --json
    assert_status 0
    assert_err_has "2 segments are protected and left alone: 2 by $by"
    assert_equal "$(jq -c '[.protected, [.results[] | [.outcome, .namespace]]]' <<<"$out")" \
        "[2,[[\"removed\",$own],[\"protected\",$first],[\"protected\",$second]]]"
    # By what is known of it right before it goes.
    conf
    answer_meanwhile_there "conf 'protect --size 5000 # late'" rm -A --all
    assert_status 0
    assert_err_has "0 in $first: protected by /etc/shmtool.conf:1 (late)"
    assert_err_has "0 in $second: protected by /etc/shmtool.conf:1 (late)"
    assert_equal "$(sizes_in "$first") $(sizes_in "$second")" '5000 5000'
    try rm -A --size 5000 --even-protected --yes
    assert_equal "$(sizes_in "$first")$(sizes_in "$second")" ''
}

@test "-N: shmtool.conf protects in a rootless namespace too, by users as they are outside" {
    need_ns
    need_root
    as_user 54321 unshare --user --map-root-user --ipc true 2>/dev/null || skip "users may make no namespaces here"
    with_conf 'protect --owner 54321 --size 5000 # theirs'
    # shellcheck disable=SC2016 # for the inner shell
    start_helper as_user 54321 unshare --user --map-root-user --ipc sh -c \
        '"$1/mkseg" --size 5000 >/dev/null && "$1/mkseg" --size 6000 >/dev/null && exec "$1/actor" make:0x5' - "$HELPERS"
    # shellcheck disable=SC2016 # for the inner shell
    printf '#!/bin/sh\nexec unshare --mount sh -c '\''mount --bind "$0" /etc && exec setpriv --reuid 54321 --regid 54321 --clear-groups "$@"'\'' "%s" "%s" -N %s "$@"\n' \
        "$etc" "$plain_shmtool" "$helper_pid" >"$BATS_TEST_TMPDIR/theirs"
    chmod 755 "$BATS_TEST_TMPDIR/theirs"
    SHMTOOL=$BATS_TEST_TMPDIR/theirs
    shmtool rm 0
    assert_status 1
    assert_err 'shmtool: rm: 0: protected by /etc/shmtool.conf:1 (theirs)'
    answer_meanwhile "conf 'protect --size 6000 # late' 'protect --size 5000'" rm --size 6000
    assert_status 0
    assert_err_has '1: protected by /etc/shmtool.conf:1 (late)'
    shmtool rm --unattached --yes -v
    assert_status 0
    assert_out_has '2: removed, 8192 bytes'
    assert_err_has '2 segments are protected and left alone: 1 by /etc/shmtool.conf:1 (late), 1 by /etc/shmtool.conf:2'
}

@test "1,000 namespaces: all are found; with 500 descriptors what is missing is said, and no number or name is guessed" {
    start_keepers --size 5000 --times 1000 process
    local missing="not all namespaces could be inspected: no more descriptors can be opened (see 'ulimit -Hn')" number
    try ns -q
    assert_status 0
    assert_err ''
    assert_equal "$(wc -l <"$out_file")" 1001
    try ls -A --no-header -c namespace
    assert_status 0
    assert_equal "$(sort -u "$out_file" | wc -l)" 1000
    try rm -A --all --dry-run
    assert_status 0
    assert_err_has 'would remove 1000 segments in 1000 of 1001 namespaces'
    for words in ns 'ls -A' 'du -A' 'rm -A --all --dry-run' 'stat -A' 'limits -A'; do
        # shellcheck disable=SC2086 # words
        run_split there prlimit --nofile=500:500 "$SHMTOOL" $words
        assert_status 1
        assert_err_has "shmtool: ${words%% *}: $missing"
    done
    number=$(tail -n 1 <<<"$kept")
    number=${number%% *}
    run_split there prlimit --nofile=500:500 "$SHMTOOL" rm -N "$number" --all --yes
    assert_status 4
    assert_err "shmtool: rm: --namespace: $number: $missing"
    run_split there prlimit --nofile=500:500 "$SHMTOOL" ls -N web
    assert_status 4
    assert_err "shmtool: ls: --namespace: web: $missing"
    run_split there prlimit --nofile=500:500 "$SHMTOOL" ls -N "$(pid_in "$number")" --no-header -c bytes
    assert_status 0
    assert_equal "$(fields)" 5000
}
