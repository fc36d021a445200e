# contrib/systemd: the units are sound, hardened, and not cut off from what they are for.

load common

UNITS=$SRC/contrib/systemd

# setting NAME: the values that the service gives it, one a line
setting() {
    sed -n "s/^$1=//p" "$UNITS/shmtool-clean.service"
}

@test "systemd finds nothing wrong with the units" {
    need_program systemd-analyze
    for unit in shmtool-clean.service shmtool-clean.timer; do
        sed "s|/usr/bin/shmtool|$SHMTOOL|" "$UNITS/$unit" >"$BATS_TEST_TMPDIR/$unit"
    done
    run_split systemd-analyze verify --man=no "$BATS_TEST_TMPDIR"/shmtool-clean.{service,timer}
    assert_status 0
    # The machine's own units may have warnings of theirs.
    assert_out_has_not shmtool-clean
    assert_err_has_not shmtool-clean
}

@test "systemd counts the service among the well protected ones" {
    need_program systemd-analyze
    systemd-analyze --help | grep -q -- --offline || skip "needs systemd-analyze security --offline"
    run_split systemd-analyze security --offline=true --threshold=30 "$UNITS/shmtool-clean.service"
    assert_status 0
}

@test "nothing hides segments or processes from the service" {
    for name in PrivateIPC PrivateUsers PrivatePIDs ProtectProc ProcSubset User DynamicUser IPCNamespacePath; do
        [[ -z $(setting $name) ]] || fail "$name is set"
    done
}

@test "the timer is started by nobody but the administrator" {
    [[ -z $(setting WantedBy) ]]
    assert_equal "$(sed -n 's/^WantedBy=//p' "$UNITS/shmtool-clean.timer")" timers.target
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
