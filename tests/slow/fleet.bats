# contrib/fleet and contrib/ansible on three hosts: each an sshd of its own, in network, IPC, mount, PID and UTS
# namespaces of its own, on a bridge in a network namespace that ends with this file.
# shellcheck disable=SC2016 # in single quotes stands what an inner shell expands
load ../cli/common
load ../cli/namespaces

setup_file() {
    fleet=$BATS_FILE_TMPDIR/fleet
    PATH=$PATH:/usr/sbin:/sbin
    export fleet PATH
    mkdir "$fleet"
    missing=$(what_is_missing)
    export missing
    [[ ! $missing ]] || return 0
    start_fleet
}

# what_is_missing: why there can be no fleet here; nothing where there can
what_is_missing() {
    if ! has_users || ! own_ns; then
        echo 'needs root, and namespaces of its own'
        return
    fi
    local program
    for program in ssh ssh-keygen sshd ip jq; do
        command -v "$program" >/dev/null || {
            echo "needs $program"
            return
        }
    done
    unshare --net sh -c 'ip link add veth0 type veth peer name veth1 && ip link add bridge0 type bridge' 2>/dev/null ||
        echo 'no networks can be made here'
}

teardown_file() {
    [[ ! ${hub-} ]] || kill -KILL "$hub" 2>/dev/null || true
    # Nothing of it is left when its folder goes.
    [[ ! ${hub-} ]] || wait_until hub_has_ended
}

hub_has_ended() {
    ! kill -0 "$hub" 2>/dev/null || [[ $(cut -d ' ' -f 3 "/proc/$hub/stat" 2>/dev/null) == Z ]]
}

setup() {
    [[ ! $missing ]] || skip "$missing"
    common_setup
    PATH=$fleet/bin:$PATH
    cd "$BATS_TEST_TMPDIR" || return 1
}

# --- The fleet --------------------------------------------------------------------------------

# start_fleet: the hosts node1, node2 and node3, and in $fleet/bin an ssh that reaches them; sets $hub
start_fleet() {
    ssh-keygen -q -t ed25519 -N '' -f "$fleet/key"
    ssh-keygen -q -t ed25519 -N '' -f "$fleet/host_key"
    sed 's/^root:[^:]*:/root:*:/' /etc/shadow >"$fleet/shadow"
    write_settings
    printf '#!/bin/bash\n%s\n' "$(declare -f start_host)"$'\n''start_host "$@"' >"$fleet/start_host"
    mkfifo "$fleet/stay"
    unshare --net --mount --pid --fork --kill-child bash -c '
        ip link set lo up && ip link add fleet type bridge && ip addr add 10.77.0.254/24 dev fleet &&
            ip link set fleet up && mount -t proc proc /proc || exit 1
        for number in 1 2 3; do
            unshare --net --ipc --mount --uts bash "$1/start_host" "$1" "$number" &
        done
        wait' - "$fleet" >"$fleet/log" 2>&1 3>&- &
    hub=$!
    export hub
    local number
    for number in 1 2 3; do
        wait_until reaches "$number" || fail "$(cat "$fleet/log")"
    done
}

# start_host FOLDER NUMBER: becomes that host's sshd; runs in the hub's namespaces but for those of its own
start_host() {
    local fleet=$1 number=$2
    mount -t tmpfs -o mode=755 none /run && mkdir /run/sshd && mount --bind "$fleet/shadow" /etc/shadow &&
        hostname "node$number" && ip link set lo up &&
        ip link add eth0 type veth peer name "node$number" netns 1 &&
        nsenter --net=/proc/1/ns/net ip link set "node$number" master fleet up &&
        ip addr add "10.77.0.$number/24" dev eth0 && ip link set eth0 up &&
        exec unshare --pid --fork --kill-child --mount-proc \
            /usr/sbin/sshd -D -e -f "$fleet/sshd_config" -o "ListenAddress=10.77.0.$number"
}

write_settings() {
    cat >"$fleet/sshd_config" <<END
HostKey $fleet/host_key
AuthorizedKeysFile $fleet/key.pub
PidFile none
StrictModes no
UsePAM no
UseDNS no
PasswordAuthentication no
SetEnv PATH=$(dirname "$SHMTOOL"):$HELPERS:/usr/bin:/bin SHMTOOL_TEST_NS=1 SHMTOOL_TEST_OUTER_NS=$SHMTOOL_TEST_OUTER_NS
END
    cat >"$fleet/ssh_config" <<END
Host node?
    User root
    IdentityFile $fleet/key
    IdentitiesOnly yes
    UserKnownHostsFile $fleet/known_hosts
    GlobalKnownHostsFile /dev/null
    HostKeyAlias fleet
    BatchMode yes
    KexAlgorithms curve25519-sha256
    LogLevel ERROR
Host node1
    HostName 10.77.0.1
Host node2
    HostName 10.77.0.2
Host node3
    HostName 10.77.0.3
END
    echo "fleet $(cat "$fleet/host_key.pub")" >"$fleet/known_hosts"
    mkdir "$fleet/bin"
    printf '#!/bin/sh\nexec nsenter --net=/proc/$(cat %s)/ns/net %s -F %s "$@"\n' \
        "$fleet/hub" "$(command -v ssh)" "$fleet/ssh_config" >"$fleet/bin/ssh"
    chmod 755 "$fleet/bin/ssh"
}

# reaches NUMBER: the host's sshd takes connections
reaches() {
    local inside
    inside=$(first_child "$hub")
    [[ $inside ]] || return 1
    echo "$inside" >"$fleet/hub"
    nsenter --net="/proc/$inside/ns/net" bash -c ': <"/dev/tcp/10.77.0.$1/22"' - "$1" 2>/dev/null
}

# on_host NUMBER COMMAND...: runs it there
on_host() {
    ssh -n "node$1" "${*:2}"
}

# make_leftovers: nothing but orphans with key 0: 3 on node1, 101 on node2, 5 on node3; and one with a key on each
make_leftovers() {
    on_host 1 'ipcrm --all=shm && mkseg --count 3 --size 1000 && mkseg --key 0x77' >/dev/null
    on_host 2 'ipcrm --all=shm && mkseg --count 101 && mkseg --key 0x77' >/dev/null
    on_host 3 'ipcrm --all=shm && mkseg --count 5 && mkseg --key 0x77' >/dev/null
}

# assert_cleaned: node2, which had too many, has all of them; the others those with a key alone
assert_cleaned() {
    local number
    for number in 1 2 3; do
        on_host "$number" 'shmtool ls --no-header -c key | sort | uniq -c'
    done >left
    assert_equal "$(tr -s ' ' <left)" $' 1 0x00000077\n 101 0x00000000\n 1 0x00000077\n 1 0x00000077'
}

# recipe WORDS: the line of contrib/fleet/README.md that has them
recipe() {
    local line
    line=$(sed -n 's/^    //p' "$SRC/contrib/fleet/README.md" | grep -F -- "$1")
    [[ $line && $line != *$'\n'* ]] || fail "'$1' is in no line, or in several"
    echo "$line"
}

# assert_collected: segments.ndjson and doctor.ndjson have what each host has
assert_collected() {
    assert_equal "$(jq -r '[.host, .key, .bytes, .state] | join(" ")' segments.ndjson | sort | uniq -c | tr -s ' ')" \
        ' 3 node1 0x00000000 1000 orphan
 1 node1 0x00000077 4096 orphan
 101 node2 0x00000000 4096 orphan
 1 node2 0x00000077 4096 orphan
 5 node3 0x00000000 4096 orphan
 1 node3 0x00000077 4096 orphan'
    # One document each.
    assert_equal "$(jq -r '[.schema, .host] | join(" ")' doctor.ndjson | sort)" $'1 node1\n1 node2\n1 node3'
    assert_equal "$(jq -r 'select(.host == "node2").findings[] | select(.check == "orphans").shmids | length' doctor.ndjson)" 101
    run_split bash -c "$(recipe '.findings[]')"
    assert_status 0
    assert_out_matches $'node2\torphans\t'
    run_split bash -c "$(recipe 'group_by')"
    assert_out $'node1\troot\t7096\nnode2\troot\t417792\nnode3\troot\t24576'
}

@test "ClusterShell: lists and findings of all hosts in one stream, each with its host" {
    need_program clush
    make_leftovers
    run_split bash -c "$(recipe 'clush -n -N -w node[1-3] shmtool ls')"
    assert_status 0
    assert_err ''
    run_split bash -c "$(recipe 'clush -n -N -L -w node[1-3] shmtool doctor')"
    assert_collected
}

@test "ClusterShell: a guarded removal; the host with too many refuses, and its status is seen" {
    need_program clush
    make_leftovers
    run_split bash -c "$(recipe 'clush -n -w node[1-3] -S shmtool rm')"
    assert_status 3
    assert_err_has 'clush: node2: exited with exit code 3'
    assert_err_has 'node2: shmtool: rm: '
    assert_err_has_not 'clush: node1'
    assert_err_has_not 'clush: node3'
    assert_cleaned
}

@test "ssh alone: the same" {
    make_leftovers
    run_split bash -c "$(recipe 'ssh -n "$host" shmtool ls')"
    assert_status 0
    assert_err ''
    run_split bash -c "$(recipe 'ssh -n "$host" shmtool doctor')"
    assert_collected
    run_split bash -c "$(recipe 'ssh -n "$host" shmtool rm')"
    assert_equal "$(grep 'exit status' "$err_file")" 'node2: exit status 3'
    assert_cleaned
}

@test "Ansible: the tasks clean the others, and fail on the host with too many" {
    need_program ansible-playbook
    make_leftovers
    export HOME=$BATS_TEST_TMPDIR ANSIBLE_NOCOLOR=1 ANSIBLE_RETRY_FILES_ENABLED=False ANSIBLE_PIPELINING=True
    export ANSIBLE_SSH_ARGS='-o ControlMaster=no'
    printf '%s\n' '- hosts: all' '  gather_facts: false' '  tasks:' \
        "    - ansible.builtin.include_tasks: $SRC/contrib/ansible/shmtool.yml" >play.yml
    run_split ansible-playbook -i node1,node2,node3, -e ansible_python_interpreter=/usr/bin/python3 \
        -e shmtool_older_than=0s -e shmtool_max=100 play.yml
    assert_status 2
    assert_out_matches 'node1 .*changed=1 .*unreachable=0 .*failed=0'
    assert_out_matches 'node2 +: ok=[0-9]+ +changed=0 +unreachable=0 +failed=1 '
    assert_out_matches 'node3 +: ok=[0-9]+ +changed=1 +unreachable=0 +failed=0 '
    assert_out_matches 'node2.*"rc": 3'
    assert_cleaned
}
