# metrics: the text that a monitoring system reads, the file that it is written to, alerts on it.
# Programs for awk and jq stand in single quotes.
# shellcheck disable=SC2016
load common
load forms
load openmetrics

PROMETHEUS=$SRC/contrib/prometheus

@test "the metrics of live segments" {
    need_ns
    need_root
    make_seg --size 10000 --fill >/dev/null
    make_seg --key 0x77 --size 5 --uid 54321 >/dev/null
    start_helper holdseg --times 3 "$(make_seg --size 4096)"
    shmtool metrics
    assert_status 0
    assert_err ''
    assert_grammar
    assert_promtool
    assert_equal "$(value 'shmtool_segments{state="orphan"}') $(value 'shmtool_bytes{state="orphan"}')" '2 10005'
    assert_equal "$(value 'shmtool_segments{state="used"}') $(value 'shmtool_bytes{state="used"}')" '1 4096'
    assert_equal "$(value 'shmtool_segments{state="dest"}') $(value 'shmtool_bytes{state="idle"}')" '0 0'
    assert_equal "$(value shmtool_resident_bytes) $(value shmtool_swapped_bytes)" '12288 0'
    assert_equal "$(value shmtool_resident_unknown_segments) $(value shmtool_attachments)" '0 3'
    assert_equal "$(value 'shmtool_orphans{key="none"}') $(value 'shmtool_orphans{key="kept"}')" '1 1'
    assert_equal "$(value shmtool_largest_orphan_bytes)" 10000
    [[ $(value shmtool_oldest_orphan_seconds) -lt 600 ]] || fail "orphans older than this test"
    assert_equal "$(value 'shmtool_limit{name="shmmni"}') $(value 'shmtool_limit_used{name="shmmni"}')" \
        "$(cat /proc/sys/kernel/shmmni) 3"
    assert_equal "$(value 'shmtool_limit_used{name="shmall"}')" 5
    assert_equal "$(value 'shmtool_limit{name="shmmax"}')" "$(cat /proc/sys/kernel/shmmax)"
    assert_out_has 'shmtool_unreadable_processes '
    assert_out_has_not owner=
    shmtool metrics --by owner
    assert_grammar
    assert_promtool
    assert_equal "$(value 'shmtool_bytes{owner="54321",state="orphan"}')" 5
    assert_equal "$(value 'shmtool_segments{owner="root",state="used"}')" 1
    # Limits are nobody's.
    assert_equal "$(value 'shmtool_limit_used{name="shmmni"}')" 3
}

@test "an empty namespace has all metrics, all of them 0" {
    need_ns
    shmtool metrics
    assert_status 0
    assert_grammar
    assert_promtool
    assert_equal "$(value 'shmtool_segments{state="used"}')" 0
    assert_equal "$(value shmtool_oldest_orphan_seconds) $(value shmtool_largest_orphan_bytes)" '0 0'
}

# tree_of_owners COUNT: as many owners, the larger the number the more they have: 1000 bytes for 1000
tree_of_owners() {
    tree=$BATS_TEST_TMPDIR/tree
    mkdir -p "$tree/proc/sysvipc" "$tree/etc"
    {
        echo 'key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap'
        seq "$1" | awk '{ print 0, $1, 600, 1000 + $1, 0, 0, 1, 1000 + $1, 0, 0, 0, 0, 0, 9, 0, 0 }'
    } >"$tree/proc/sysvipc/shm"
}

@test "--by: the 20 largest, and the others together" {
    tree_of_owners 20
    shmtool --sysroot "$tree" metrics --by owner
    assert_grammar
    assert_equal "$(grep -c '^shmtool_bytes.*state="used"' "$out_file")" 20
    assert_out_has_not 'owner="other"'
    tree_of_owners 25
    shmtool --sysroot "$tree" metrics --by owner
    assert_grammar
    assert_promtool
    assert_equal "$(grep -c '^shmtool_bytes.*state="used"' "$out_file")" 21
    assert_equal "$(value 'shmtool_bytes{owner="other",state="used"}')" $((1001 + 1002 + 1003 + 1004 + 1005))
    assert_equal "$(value 'shmtool_segments{owner="other",state="used"}')" 5
    assert_equal "$(value 'shmtool_bytes{owner="1006",state="used"}')" 1006
    assert_equal "$(value 'shmtool_bytes{owner="1005",state="used"}')" ''
}

@test "--by: no label is there twice, whatever users are called" {
    tree_of_owners 25
    # A user who is called as the others are together, one whose name is another's number, two with one name.
    printf '%s:x:%s:0::/:/bin/sh\n' other 1025 1003 1024 twin 1023 twin 1022 >"$tree/etc/passwd"
    shmtool --sysroot "$tree" metrics --by owner
    assert_grammar
    assert_promtool
    # 25, and of the small ones those that are left: 1 and 2; 3 is one with 24, 22 with 23
    assert_equal "$(value 'shmtool_bytes{owner="1003",state="used"}')" $((1003 + 1024))
    assert_equal "$(value 'shmtool_segments{owner="twin",state="used"}')" 2
    assert_equal "$(value 'shmtool_bytes{owner="other",state="used"}')" $((1025 + 1001 + 1002))
}

@test "--by: hostile names are escaped" {
    tree_of_owners 3
    printf '%s:x:%s:0::/:/bin/sh\n' $'a"b\\c{},=\e[31m' 1001 $'\xff\xc3\xa9' 1002 '' 1003 >"$tree/etc/passwd"
    shmtool --sysroot "$tree" metrics --by owner
    assert_grammar
    assert_promtool
    assert_out_has 'shmtool_bytes{owner="a\"b\\c{},=\\x1b[31m",state="used"} 1001'
    assert_out_has $'shmtool_bytes{owner="\\\\xff\xc3\xa9",state="used"} 1002'
}

@test "what is not known is left out, or counted" {
    shmtool --sysroot "$SRC/tests/fixtures/columns14" metrics
    assert_grammar
    assert_out_has_not shmtool_swapped_bytes
    [[ $(value shmtool_resident_unknown_segments) -gt 0 ]] || fail "all of it is known"
    shmtool --sysroot "$SRC/tests/fixtures/huge-page" metrics
    assert_equal "$(value shmtool_resident_bytes) $(value shmtool_resident_unknown_segments)" '12288 1'
    assert_err_has 'there are no metrics of limits'
    assert_out_has_not shmtool_limit
}

@test "sums beyond 64 bits are exact" {
    tree_of_owners 1
    printf '%s\n' 'key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap' \
        '0 1 600 18446744073709551615 0 0 18446744073709551615 0 0 0 0 0 0 9 0 0' \
        '0 2 600 18446744073709551615 0 0 18446744073709551615 0 0 0 0 0 0 9 0 0' >"$tree/proc/sysvipc/shm"
    shmtool --sysroot "$tree" metrics
    assert_grammar
    assert_promtool
    assert_equal "$(value 'shmtool_bytes{state="used"}') $(value shmtool_attachments)" \
        '36893488147419103230 36893488147419103230'
}

@test "by container: outside of one the label is empty" {
    shmtool --sysroot "$SRC/tests/fixtures/listing" metrics --by container
    assert_out_has 'shmtool_segments{container="",state="used"} 6'
}

@test "wrong words" {
    shmtool metrics --by colour
    assert_wrong_usage "shmtool: metrics: --by: 'colour': metrics are not counted by that, but by: owner container program"
    shmtool metrics --by owner,state
    assert_wrong_usage "'owner,state'"
    shmtool metrics 5
    assert_wrong_usage "'5'"
    shmtool metrics --textfile ''
    assert_wrong_usage '--textfile'
}

@test "output that cannot be written is an error" {
    run_split sh -c '"$SHMTOOL" metrics >/dev/full'
    assert_status 1
    assert_err_has 'standard output: No space left on device'
}

# --- The file ---------------------------------------------------------------------------------

@test "--textfile: the same text, for all to read, and nothing beside it" {
    local dir=$BATS_TEST_TMPDIR/textfile
    mkdir "$dir"
    umask 077
    shmtool --sysroot "$SRC/tests/fixtures/states" metrics
    cp "$out_file" "$BATS_TEST_TMPDIR/expected"
    shmtool --sysroot "$SRC/tests/fixtures/states" metrics --textfile "$dir/shmtool.prom"
    assert_status 0
    assert_out ''
    cmp "$dir/shmtool.prom" "$BATS_TEST_TMPDIR/expected"
    assert_equal "$(stat -c %a "$dir/shmtool.prom")" 644
    assert_equal "$(ls -A "$dir")" shmtool.prom
    # In the present directory, and over an old one.
    echo old >"$dir/shmtool.prom"
    cd "$dir" || return 1
    shmtool --sysroot "$SRC/tests/fixtures/states" metrics --textfile shmtool.prom
    assert_status 0
    cmp shmtool.prom "$BATS_TEST_TMPDIR/expected"
    assert_equal "$(ls -A)" shmtool.prom
}

@test "--textfile: where it fails the old file stays, exit 1" {
    local dir=$BATS_TEST_TMPDIR/textfile tree=$SRC/tests/fixtures/states
    mkdir -p "$dir/directory"
    shmtool --sysroot "$tree" metrics --textfile "$dir/none/shmtool.prom"
    assert_status 1
    assert_err_has "$dir/none: No such file or directory"
    shmtool --sysroot "$tree" metrics --textfile "$dir/directory"
    assert_status 1
    assert_err_has "$dir/directory: not a regular file: left alone"
    shmtool --sysroot "$tree" metrics --textfile "$dir/"
    assert_status 1
    ln -s /dev/null "$dir/link.prom"
    shmtool --sysroot "$tree" metrics --textfile "$dir/link.prom"
    assert_status 1
    assert_err_has 'link.prom: not a regular file: left alone'
    [[ -L $dir/link.prom ]] || fail "the link was replaced"
    # Numbers that lack lines are not published.
    echo old >"$dir/shmtool.prom"
    shmtool --sysroot "$SRC/tests/fixtures/garbage" metrics --textfile "$dir/shmtool.prom"
    assert_status 1
    assert_err_has 'shmtool.prom: left as it is, as not all was read or understood'
    shmtool --sysroot "$SRC/tests/fixtures/no-file" metrics --textfile "$dir/shmtool.prom"
    assert_status 4
    assert_equal "$(cat "$dir/shmtool.prom")" old
    assert_equal "$(ls -A "$dir")" $'directory\nlink.prom\nshmtool.prom'
}

@test "--textfile: a full file system keeps the old file" {
    need_root
    local script='
        mount -t tmpfs -o size=8k none "$1" && echo old >"$1/shmtool.prom" || exit 98
        head -c 100000 /dev/zero >"$1/filler" 2>/dev/null
        "$SHMTOOL" --sysroot "$SRC/tests/fixtures/states" metrics --textfile "$1/shmtool.prom"
        status=$?
        cat "$1/shmtool.prom"
        ls -A "$1"
        exit $status'
    mkdir "$BATS_TEST_TMPDIR/full"
    unshare --mount true 2>/dev/null || skip "may not mount in a namespace of its own"
    run_split unshare --mount sh -c "$script" sh "$BATS_TEST_TMPDIR/full"
    ((status != 98)) || skip "may not mount in a namespace of its own"
    assert_status 1
    assert_err_has 'No space left on device'
    assert_out 'old
filler
shmtool.prom'
}

@test "--textfile: who may not write there" {
    need_root
    mkdir -m 755 "$BATS_TEST_TMPDIR/mine"
    # Its folder may be out of this user's reach by its path.
    run_split env -C "$BATS_TEST_TMPDIR/mine" setpriv --reuid 12345 --regid 12345 --clear-groups \
        "$SHMTOOL" metrics --textfile shmtool.prom
    assert_status 1
    assert_err "shmtool: metrics: ./shmtool.prom: a file beside it, to take its place: Permission denied"
    assert_equal "$(ls -A "$BATS_TEST_TMPDIR/mine")" ''
}

# --- contrib/prometheus -----------------------------------------------------------------------

@test "the alerts are sound, and name metrics that there are" {
    local name
    shmtool metrics
    while read -r name; do
        assert_out_has "# TYPE $name gauge"
    done < <(grep -o 'shmtool_[a-z_]*' "$PROMETHEUS/shmtool.rules.yml" | sort -u)
    assert_equal "$(grep -c 'alert:' "$PROMETHEUS/shmtool.rules.yml")" 3
    need_program promtool
    run_split promtool check rules "$PROMETHEUS/shmtool.rules.yml"
    assert_status 0
    assert_out_has '3 rules found'
}

@test "the alerts go off when they should, and not before" {
    need_program promtool
    cat >"$BATS_TEST_TMPDIR/tests.yml" <<END
rule_files: [$PROMETHEUS/shmtool.rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'shmtool_limit{instance="a",name="shmmni"}', values: '100x240'}
      - {series: 'shmtool_limit_used{instance="a",name="shmmni"}', values: '80x60 81x180'}
      - {series: 'shmtool_orphans{instance="a",key="none"}', values: '0+1x240'}
      - {series: 'shmtool_orphans{instance="a",key="kept"}', values: '5x240'}
      - {series: 'shmtool_orphans{instance="b",key="none"}', values: '9x240'}
      - {series: 'shmtool_largest_orphan_bytes{instance="a"}', values: '1073741824x60 1073741825x180'}
    alert_rule_test:
      - {eval_time: 60m, alertname: SharedMemorySegmentsNearlyUsedUp, exp_alerts: []}
      - {eval_time: 50m, alertname: SharedMemoryOrphansGrowing, exp_alerts: []}
      - {eval_time: 60m, alertname: SharedMemoryOrphanLarge, exp_alerts: []}
    promql_expr_test:
      - expr: count by (alertname, instance) (ALERTS{alertstate="firing"})
        eval_time: 120m
        exp_samples:
          - {labels: '{alertname="SharedMemorySegmentsNearlyUsedUp", instance="a"}', value: 1}
          - {labels: '{alertname="SharedMemoryOrphansGrowing", instance="a"}', value: 1}
          - {labels: '{alertname="SharedMemoryOrphanLarge", instance="a"}', value: 1}
END
    run_split promtool test rules "$BATS_TEST_TMPDIR/tests.yml"
    assert_status 0
}

@test "systemd finds nothing wrong with the units, and protects the service" {
    need_program systemd-analyze
    local unit
    for unit in shmtool-metrics.service shmtool-metrics.timer; do
        sed "s|/usr/bin/shmtool|$SHMTOOL|" "$PROMETHEUS/$unit" >"$BATS_TEST_TMPDIR/$unit"
    done
    run_split systemd-analyze verify --man=no "$BATS_TEST_TMPDIR"/shmtool-metrics.{service,timer}
    assert_status 0
    assert_out_has_not shmtool-metrics
    assert_err_has_not shmtool-metrics
    ! grep -qE '^(PrivateIPC|PrivateUsers|PrivatePIDs|ProtectProc|ProcSubset|User|DynamicUser)=' \
        "$PROMETHEUS/shmtool-metrics.service" || fail "segments or processes are hidden from the service"
    systemd-analyze --help | grep -q -- --offline || skip "needs systemd-analyze security --offline"
    run_split systemd-analyze security --offline=true --threshold=35 "$PROMETHEUS/shmtool-metrics.service"
    assert_status 0
}

@test "the service's command, with its capabilities alone, in a directory that is another user's" {
    need_ns
    need_root
    local dir=$BATS_TEST_TMPDIR/node-exporter words capabilities
    mkdir -m 755 "$dir"
    chown 12345 "$dir"
    read -r -a words < <(sed -n "s|^ExecStart=/usr/bin/shmtool|$SHMTOOL|p" "$PROMETHEUS/shmtool-metrics.service" |
        sed "s|/var/lib/prometheus/node-exporter|$dir|")
    capabilities=$(sed -n 's/^CapabilityBoundingSet=//p' "$PROMETHEUS/shmtool-metrics.service" |
        sed 's/CAP_/+/g; s/ /,/g' | tr '[:upper:]' '[:lower:]')
    run_split setpriv --bounding-set "-all,$capabilities" --inh-caps=-all --no-new-privs "${words[@]}"
    assert_status 0
    assert_equal "$(tail -n 1 "$dir/shmtool.prom")" '# EOF'
    assert_equal "$(stat -c %a "$dir/shmtool.prom")" 644
}
