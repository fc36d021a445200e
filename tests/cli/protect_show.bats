# The column protected, --protected and --unprotected, stat and doctor; and what reading the file costs.

load common
load protect

setup() {
    common_setup
    need_ns
    with_conf "$KEPT_LINE"
    three_kinds
}

@test "the column, in a table, JSON and CSV" {
    shmtool ls -c shmid,protected
    assert_equal "$(tr -s ' ' <"$out_file")" "shmid protected
$kept /etc/shmtool.conf:1
$other no
$third no"
    shmtool ls --json
    assert_equal "$(jq -c '[.segments[].protected]' "$out_file")" \
        '[{"by":"/etc/shmtool.conf:1","reason":"kept between starts"},false,false]'
    shmtool ls --csv -c shmid,protected
    assert_out "shmid,protected
$kept,/etc/shmtool.conf:1
$other,no
$third,no"
    shmtool ls -q --sort -protected
    assert_equal "${out%%$'\n'*}" "$kept"
    conf oops
    shmtool ls --json
    assert_status 0
    assert_equal "$(jq -c '[.segments[].protected]' "$out_file")" '[null,null,null]'
    shmtool ls -c protected,shmid --no-header
    assert_equal "$(tr -s ' ' <"$out_file")" "- $kept
- $other
- $third"
}

@test "--protected and --unprotected; what is not known is neither" {
    shmtool ls -q --protected
    assert_out "$kept"
    shmtool ls -q --unprotected
    assert_out "$other"$'\n'"$third"
    shmtool ls -q --protected --unprotected
    assert_out ''
    shmtool stat --json --protected
    assert_equal "$(jq '.segments[].shmid' "$out_file")" "$kept"
    start_helper holdseg "$kept" "$other"
    shmtool who -c shmid --protected --no-header
    assert_out "$kept"
    conf "$KEPT_LINE" oops
    shmtool ls -q --unprotected
    assert_status 0
    assert_out ''
    assert_err_has '/etc/shmtool.conf:2: '
    shmtool ls -q --protected
    assert_out "$kept"
}

@test "watch and wait: --protected, --unprotected and the column" {
    shmtool watch --initial --interval 1h --for 10ms --ndjson --protected
    assert_status 0
    assert_equal "$(jq -c '[.segment.shmid, .segment.protected]' "$out_file")" \
        "[$kept,{\"by\":\"/etc/shmtool.conf:1\",\"reason\":\"kept between starts\"}]"
    shmtool watch --initial --interval 1h --for 10ms -q --unprotected
    assert_out "$other"$'\n'"$third"
    shmtool wait --until present --protected --timeout 0
    assert_status 0
    "$plain_shmtool" rm "$other" "$third"
    shmtool wait --until gone --unprotected --timeout 0
    assert_status 0
    # What is not known to be protected is not known to be gone.
    conf oops
    shmtool wait --until gone --unprotected --timeout 0
    assert_status 1
    assert_err_has "/etc/shmtool.conf:1: 'oops'"
}

@test "stat says what protects it, and what rm would do" {
    shmtool stat "$kept"
    assert_out_has 'protected      /etc/shmtool.conf:1 (kept between starts)'
    unwrap
    assert_out_has "Protected by $KEPT_BY: it is left alone. 'shmtool rm --even-protected $kept' would destroy it at once"
    shmtool stat "$other"
    assert_out_has 'protected      no'
    assert_out_has "'shmtool rm $other' would"
}

@test "doctor suggests the removal of no protected orphan" {
    ipcrm -m "$other" -m "$third"
    shmtool doctor
    assert_status 0
    assert_out_has_not 'rm '
    conf 'protect --size 3000'
    third=$(make_seg --size 3000)
    shmtool doctor --json
    assert_equal "$(jq -c '[.findings[] | select(.check == "orphans")]' "$out_file")" '[]'
    assert_equal "$(jq -c '[.findings[] | select(.check == "orphans-with-key") | .shmids]' "$out_file")" "[[$kept]]"
    conf "$KEPT_LINE"
    shmtool doctor --key 0x4e545031 --size 1M
    assert_status 1
    assert_out_has 'remedy: use another key: the segment is protected by /etc/shmtool.conf:1 (kept between starts)'
    conf oops
    shmtool doctor
    assert_status 1
    assert_err_has "/etc/shmtool.conf:1: 'oops'"
    assert_exists "$kept" "$third"
}

@test "create does not advise to remove a protected segment" {
    shmtool create --size 1 --key 0x4e545031
    assert_status 1
    assert_err_has "remedy: use another key: the segment is protected by $KEPT_BY"
    assert_err_has_not 'rm '
}

@test "while the file cannot be used, advice to remove says what comes first" {
    local first='once /etc/shmtool.conf:2 is right: '
    local command
    # Commands whose advice is about the removal of a segment.
    local commands=('doctor' "doctor --key 0x77 --size 1M" 'create --size 1 --key 0x77')
    conf "$KEPT_LINE" oops
    for command in "${commands[@]}"; do
        # shellcheck disable=SC2086 # words
        shmtool $command
        assert_status 1
        assert_err_has "/etc/shmtool.conf:2: 'oops'"
        assert_equal "$(cat "$out_file" "$err_file" | grep -o ".\\{${#first}\\}shmtool rm" | sort -u)" "${first}shmtool rm"
    done
    shmtool stat "$other"
    unwrap
    assert_out_has " Once /etc/shmtool.conf:2 is right, 'shmtool rm $other' would destroy it at once"
    conf "$KEPT_LINE"
    chmod 666 "$etc/shmtool.conf"
    shmtool doctor --key 0x77 --size 1M
    assert_out_has "once /etc/shmtool.conf is right: shmtool rm $other"
}

@test "a saved tree has its own file, whoever owns it there" {
    local tree=$BATS_TEST_TMPDIR/tree
    mkdir -p "$tree/proc/sysvipc" "$tree/etc/shmtool.d"
    cp /proc/sysvipc/shm "$tree/proc/sysvipc/shm"
    echo 'there:x:2345:2345::/:/bin/sh' >"$tree/etc/passwd"
    echo 'protect --owner there' >"$tree/etc/shmtool.conf"
    echo 'protect --key 0x77 # theirs' >"$tree/etc/shmtool.d/x.conf"
    chmod 666 "$tree/etc/shmtool.conf"
    run_split "$SHMTOOL" --sysroot "$tree" ls -c shmid,protected
    assert_status 0
    assert_err ''
    assert_equal "$(tr -s ' ' <"$out_file")" "shmid protected
$kept no
$other /etc/shmtool.d/x.conf:1
$third no"
    # There are no quotes: a blank in a name is written as tables show it.
    echo "jane doe:x:$(field_of "$third" 8):0::/:/bin/sh" >>"$tree/etc/passwd"
    printf 'protect --owner %s\n' 'jane\x20doe' >"$tree/etc/shmtool.conf"
    run_split "$SHMTOOL" --sysroot "$tree" ls -q --protected "$third"
    assert_err ''
    assert_out "$third"
    echo oops >>"$tree/etc/shmtool.d/x.conf"
    run_split "$SHMTOOL" --sysroot "$tree" ls -c shmid,protected
    assert_status 0
    assert_err "shmtool: ls: $tree/etc/shmtool.d/x.conf:2: 'oops': a line begins with protect, label or #: which segments are protected is not fully known"
}

@test "the file is read where it is needed alone" {
    need_program strace
    without_leak_sanitizer
    local words
    for words in ls 'ls -l' 'ls --owner root' who limits 'wait --until present --timeout 0' 'watch --for 10ms' 'limits --set shm_rmid_forced=0 --dry-run' 'key /'; do
        # shellcheck disable=SC2086 # words
        strace -f -e trace=openat,openat2 -o "$BATS_TEST_TMPDIR/trace" "$SHMTOOL" $words >/dev/null
        ! grep -q 'shmtool\.conf' "$BATS_TEST_TMPDIR/trace" || fail "$words reads shmtool.conf"
    done
    strace -f -e trace=openat,openat2 -o "$BATS_TEST_TMPDIR/trace" "$SHMTOOL" ls -c +protected >/dev/null
    grep -q 'shmtool\.conf' "$BATS_TEST_TMPDIR/trace"
}

@test "in a user namespace that does not show root the host's file counts" {
    need_root
    # shellcheck disable=SC2016 # for the inner shell
    run_split unshare --mount sh -c 'mount --bind "$0" /etc && exec setpriv --reuid 20001 --regid 20001 --clear-groups \
        unshare --user --ipc "$@"' "$etc" "$plain_shmtool" rm --all --yes
    [[ $err != *unshare:* ]] || skip "needs user namespaces"
    assert_status 0
    assert_exists "$kept" "$other" "$third"
}
