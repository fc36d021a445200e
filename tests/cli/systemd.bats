# contrib/systemd, contrib/kubernetes: what they start is sound, hardened, and not cut off from what it is for.

load common
load namespaces

UNITS=$SRC/contrib/systemd

# setting NAME [SERVICE]: the values that the service gives it, one a line
setting() {
    sed -n "s/^$1=//p" "$UNITS/${2:-shmtool-clean.service}"
}

@test "systemd finds nothing wrong with the units" {
    need_program systemd-analyze
    for unit in shmtool-clean.service shmtool-clean.timer shmtool-clean-all.service shmtool-clean-all.timer; do
        sed "s|/usr/bin/shmtool|$SHMTOOL|" "$UNITS/$unit" >"$BATS_TEST_TMPDIR/$unit"
    done
    run_split systemd-analyze verify --man=no "$BATS_TEST_TMPDIR"/shmtool-clean{,-all}.{service,timer}
    assert_status 0
    # The machine's own units may have warnings of theirs.
    assert_out_has_not shmtool-clean
    assert_err_has_not shmtool-clean
}

@test "systemd counts the service among the well protected ones" {
    need_program systemd-analyze
    systemd-analyze --help | grep -q -- --offline || skip "needs systemd-analyze security --offline"
    for service in shmtool-clean.service shmtool-clean-all.service; do
        run_split systemd-analyze security --offline=true --threshold=30 "$UNITS/$service"
        assert_status 0
    done
}

@test "nothing hides segments or processes from the service" {
    for name in PrivateIPC PrivateUsers PrivatePIDs ProtectProc ProcSubset User DynamicUser IPCNamespacePath; do
        [[ -z $(setting $name)$(setting $name shmtool-clean-all.service) ]] || fail "$name is set"
    done
}

@test "the timer is started by nobody but the administrator" {
    [[ -z $(setting WantedBy) ]]
    assert_equal "$(setting WantedBy shmtool-clean.timer) $(setting WantedBy shmtool-clean-all.timer)" \
        'timers.target timers.target'
}

@test "the service removes other users' orphans with no capability but its own" {
    need_ns
    need_root
    assert_equal "$(setting NoNewPrivileges)" yes
    orphan=$(make_seg --uid 20001)
    as_user 20001 "$HELPERS/mkseg" >"$BATS_TEST_TMPDIR/id"
    theirs=$(<"$BATS_TEST_TMPDIR/id")
    keyed=$(make_seg --key 0x1234 --uid 20001)
    held=$(make_seg --uid 20001)
    start_helper holdseg "$held"
    read -r -a words <<<"$(setting ExecStart | sed "s|^/usr/bin/shmtool|$SHMTOOL|")"
    limits=(--bounding-set "-all,+$(setting CapabilityBoundingSet | sed 's/^CAP_//' | tr '[:upper:]' '[:lower:]')"
        --inh-caps=-all --no-new-privs)
    run_split setpriv "${limits[@]}" "${words[@]}"
    assert_status 0
    assert_exists "$orphan" "$theirs" "$keyed" "$held"
    run_split setpriv "${limits[@]}" "${words[@]/#1d/0s}"
    assert_status 0
    assert_gone "$orphan" "$theirs"
    assert_exists "$keyed" "$held"
}

# cleans_everywhere CAPABILITIES WORD...: with these capabilities and no others the command removes old orphans of
# other namespaces, and nothing else
cleans_everywhere() {
    local capabilities=$1
    shift
    start_twins || return 1
    inside_of "$first" "$HELPERS/mkseg" --uid 20001 --size 6000 >/dev/null
    run_split there setpriv --bounding-set "-all,$capabilities" --inh-caps=-all --no-new-privs "$@"
    assert_status 0 || return 1
    assert_equal "$(there "$SHMTOOL" ls -A --no-header -c bytes | tr -d ' ')" 7000 || return 1
    assert_out_lines 3 || return 1
}

@test "the service for all namespaces, with no capability but its own" {
    local words
    read -r -a words <<<"$(setting ExecStart shmtool-clean-all.service | sed "s|^/usr/bin/shmtool|$SHMTOOL|")"
    assert_equal "$(setting CapabilityBoundingSet shmtool-clean-all.service)" 'CAP_SYS_ADMIN CAP_SYS_PTRACE'
    assert_equal "$(setting RestrictNamespaces shmtool-clean-all.service)" ipc
    cleans_everywhere +sys_admin,+sys_ptrace "${words[@]/#1d/0s}"
}

@test "the DaemonSet's command, with no capability but its own" {
    local file=$SRC/contrib/kubernetes/shmtool-clean.yaml words
    grep -q 'add: \[SYS_ADMIN, SYS_PTRACE\]' "$file" || fail 'other capabilities'
    grep -q 'hostPID: true' "$file" || fail 'no hostPID'
    read -r -a words <<<"$(sed -n 's/^ *shmtool rm /rm /p' "$file")"
    cleans_everywhere +sys_admin,+sys_ptrace "$SHMTOOL" "${words[@]/#1h/0s}"
    # It is what a YAML reader takes it for.
    ! python3 -c 'import yaml' 2>/dev/null || python3 -c 'import sys, yaml
namespace, daemon = yaml.safe_load_all(open(sys.argv[1]))
(container,) = daemon["spec"]["template"]["spec"]["containers"]
assert container["command"][:2] == ["/bin/sh", "-c"] and "shmtool rm -A" in container["command"][2]
assert not container["securityContext"]["privileged"]' "$file"
}
