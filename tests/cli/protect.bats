# shmtool.conf: what it protects stays, in every way in which a removal can be asked for.

load common
load input
load protect

setup() {
    common_setup
    need_ns
    with_conf "$KEPT_LINE"
    three_kinds
}

# kept_as_named: the protected segment was named and stayed, the others went
kept_as_named() {
    assert_status 1 || return 1
    assert_err_has "shmtool: rm: $kept: protected by $KEPT_BY"$'\n' || return 1
    assert_exists "$kept" || return 1
    assert_gone "$other" "$third"
}

# --- rm ---------------------------------------------------------------------------------------

@test "rm ID...: a protected one stays, exit 1, the rest goes" {
    shmtool rm "$other" "$kept" "$third"
    kept_as_named
    assert_out ''
    assert_err_has 'removed 2 of 3 segments, 4.9 KiB freed, 1 protected and left alone'
}

@test "rm --key KEY of a protected one: it stays, exit 1" {
    shmtool rm --key 0x4e545031
    assert_status 1
    assert_err "shmtool: rm: $kept: protected by $KEPT_BY"
    assert_exists "$kept" "$other" "$third"
}

@test "ids and rows on standard input, and ids narrowed by an option: the same" {
    fed "$kept\n$other\n$third\n"
    kept_as_named
    other=$(make_seg) third=$(make_seg)
    "$SHMTOOL" ls >"$BATS_TEST_TMPDIR/rows"
    run_split "$SHMTOOL" rm <"$BATS_TEST_TMPDIR/rows"
    kept_as_named
    shmtool rm "$kept" --unattached
    assert_status 1
    assert_exists "$kept"
}

@test "--all and other selections: passed over, said in one line, exit 0" {
    shmtool rm --all --yes
    assert_status 0
    assert_err "shmtool: rm: 1 segment is protected and left alone: 1 by $KEPT_BY
shmtool: rm: removed 2 of 3 segments, 4.9 KiB freed, 1 protected and left alone"
    assert_exists "$kept"
    assert_gone "$other" "$third"
    local words
    for words in '--owner root' '--orphan' '--key 0x4e545030..0x4e545033' '--size 1000' '--protected' '--perms 600'; do
        # shellcheck disable=SC2086 # words
        shmtool rm --yes $words
        assert_status 0
        assert_err_has "1 segment is protected and left alone: 1 by $KEPT_BY"
        assert_exists "$kept"
    done
    shmtool rm --yes --unprotected
    assert_status 0
    assert_err_has_not protected
    assert_exists "$kept"
}

@test "-q says nothing of what a selection passes over, but names what was named; -v has a line for each" {
    shmtool rm -q --owner root --key 0x4e545030..0x4e545033 --yes
    assert_status 0
    assert_err ''
    shmtool rm -q "$kept"
    assert_status 1
    assert_err_has "$kept: protected by $KEPT_BY"
    shmtool rm -v --all --yes
    assert_status 0
    assert_out_has "$kept: protected by $KEPT_BY"
    assert_exists "$kept"
}

@test "the question is about the others alone; nothing else, no question" {
    run_split "$SHMTOOL" rm --all <<<yes
    assert_status 0
    assert_err_has "1 segment is protected and left alone: 1 by $KEPT_BY"
    assert_err_has 'Remove 2 segments, 4.9 KiB, 0 of them in use?'
    assert_exists "$kept"
    assert_gone "$other" "$third"
    run_split "$SHMTOOL" rm --all </dev/null
    assert_status 0
    assert_err_has_not 'yes/no'
    run_split "$SHMTOOL" rm -i "$kept" <<<yes
    assert_status 1
    assert_exists "$kept"
}

@test "--max counts what would be removed" {
    shmtool rm --all --yes --max 2
    assert_status 0
    assert_exists "$kept"
    assert_gone "$other" "$third"
}

@test "a line that came while the question stood there counts; a broken one stops all" {
    # shellcheck disable=SC2016 # for eval
    answer_meanwhile 'conf "$KEPT_LINE" "protect --key 0x77"' rm --all
    assert_status 0
    assert_err_has "$other: protected by /etc/shmtool.conf:2"
    assert_exists "$kept" "$other"
    assert_gone "$third"
    third=$(make_seg)
    answer_meanwhile 'conf "protect"' rm --all
    assert_status 4
    assert_err_has '/etc/shmtool.conf:1: '
    assert_exists "$kept" "$other" "$third"
}

@test "a line that comes while segments are saved counts for those that are still there; a broken one too" {
    "$HELPERS/meanwhile" --test || skip "no program can be traced here"
    run_split "$HELPERS/meanwhile" --do "echo 'protect --size 3000' >'$etc/shmtool.conf'" -- \
        "$SHMTOOL" rm --save "$BATS_TEST_TMPDIR/saved" "$other" "$third"
    assert_status 1
    assert_err_has "$third: protected by /etc/shmtool.conf:1"
    assert_gone "$other"
    assert_exists "$third"
    run_split "$SHMTOOL" --sysroot "$BATS_TEST_TMPDIR/saved" ls -q
    assert_out "$other"
    conf '# nothing'
    other=$(make_seg)
    run_split "$HELPERS/meanwhile" --do "echo protect >'$etc/shmtool.conf'" -- \
        "$SHMTOOL" rm --save "$BATS_TEST_TMPDIR/again" "$third" "$other"
    assert_status 1
    assert_err_has '/etc/shmtool.conf:1: no option that selects segments'
    assert_err_has 'what is left stays'
    assert_gone "$third"
    assert_exists "$other"
}

@test "protection by what changed since it was listed: judged on the segment as it is then" {
    conf 'protect --locked'
    # Locking leaves ctime alone: it is the segment that was listed.
    # shellcheck disable=SC2016 # for eval
    answer_meanwhile '"$HELPERS/lock" "$other"' rm --all
    assert_status 0
    assert_err_has "$other: protected by /etc/shmtool.conf:1"
    assert_exists "$other"
    assert_gone "$kept" "$third"
}

@test "a dry run says the same, and JSON counts them" {
    shmtool rm --dry-run --all
    assert_status 0
    assert_out_has_not 0x4e545031
    assert_err_has "1 segment is protected and left alone: 1 by $KEPT_BY"
    assert_err_has 'would remove 2 segments, 4.9 KiB, 0 in use'
    shmtool rm --dry-run "$kept"
    assert_status 1
    assert_err_has "$kept: protected by $KEPT_BY"
    shmtool rm --json --all --yes
    assert_status 0
    assert_equal "$(jq -c '[.selected, .removed, .protected, .failed, (.results[] | select(.outcome == "protected") |
        .shmid, .error, .bytes)]' "$out_file")" "[3,2,1,0,$kept,null,1000]"
    assert_exists "$kept"
}

@test "lines of several files, each with how many it keeps" {
    mkdir -m 755 "$etc/shmtool.d"
    echo 'protect --size 2000 # by size' >"$etc/shmtool.d/b.conf"
    printf '\n#\nprotect -s3000' >"$etc/shmtool.d/a b.conf"
    shmtool rm --all --yes
    assert_status 0
    assert_err_has "3 segments are protected and left alone: 1 by $KEPT_BY, 1 by /etc/shmtool.d/a b.conf:3, 1 by /etc/shmtool.d/b.conf:1 (by size)"
    assert_exists "$kept" "$other" "$third"
    shmtool ls -c protected,shmid
    assert_out_has "/etc/shmtool.d/a\\x20b.conf:3 $third"
}

@test "one that is marked already is reported as marked: there is nothing left to protect" {
    conf 'protect --owner root'
    start_helper holdseg "$other"
    ipcrm -m "$other"
    shmtool rm "$other"
    assert_status 0
    assert_err_has 'was marked for destruction before'
}

# --- --even-protected -------------------------------------------------------------------------

@test "--even-protected asks also for ids, with what protects them, and then removes" {
    run_split "$SHMTOOL" rm --even-protected "$kept" </dev/null
    assert_status 3
    assert_err_has 'Remove 1 segment, 1000 B, 1 of them PROTECTED, 0 of them in use? (yes/no)'
    assert_err_has 'status state  protected'
    assert_err_has /etc/shmtool.conf:1
    assert_exists "$kept"
    run_split "$SHMTOOL" rm --even-protected "$kept" <<<yes
    assert_status 0
    assert_gone "$kept"
    run_split "$SHMTOOL" rm --even-protected "$other" </dev/null
    assert_status 3
    assert_exists "$other"
}

@test "--even-protected --yes does not ask; a broken file stops it all the same" {
    conf 'protect'
    shmtool rm --even-protected --yes "$kept"
    assert_status 4
    assert_exists "$kept"
    conf "$KEPT_LINE"
    shmtool rm --even-protected --yes "$kept"
    assert_status 0
    assert_gone "$kept"
}

# --- run, limits, timer, epilog ---------------------------------------------------------------

@test "run leaves what is protected, and says so; the rest of the program's goes" {
    # One process, which is traced also where the kernel reports no forks; the second key is behind the range.
    shmtool run -- "$HELPERS/mkseg" --key 0x4e545033 --count 2
    assert_status 0
    mapfile -t ids <"$out_file"
    assert_err "shmtool: run: ${ids[0]}: left: protected by $KEPT_BY"
    assert_exists "$kept" "$other" "$third" "${ids[0]}"
    assert_gone "${ids[1]}"
}

@test "run goes by what the file says when its program has ended" {
    # shellcheck disable=SC2016 # for the inner shells
    shmtool run -- sh -c 'printf "protect --key 0x5151\n" >/etc/shmtool.conf; exec "$0" --key 0x5151 --count 2' "$HELPERS/mkseg"
    assert_status 0
    mapfile -t ids <"$out_file"
    assert_err "shmtool: run: ${ids[0]}: left: protected by /etc/shmtool.conf:1"
    assert_exists "${ids[0]}"
    assert_gone "${ids[1]}"
    # shellcheck disable=SC2016 # likewise
    shmtool run -- sh -c 'echo protect >/etc/shmtool.conf; exec "$0"' "$HELPERS/mkseg"
    mapfile -t ids <"$out_file"
    assert_err_has '/etc/shmtool.conf:1: no option that selects segments'
    assert_err_has 'what is left stays'
    assert_err_has "${ids[0]}: left: "
    assert_exists "${ids[0]}"
}

@test "run does not start its program with a broken file" {
    conf 'protect'
    shmtool run touch "$BATS_TEST_TMPDIR/started"
    assert_status 4
    assert_err_has '/etc/shmtool.conf:1: '
    assert_err_has 'the program was not started'
    [[ ! -e $BATS_TEST_TMPDIR/started ]]
}

@test "limits --set shm_rmid_forced=1 refuses while it would destroy a protected one, now or later" {
    [[ -w /proc/sys/kernel/shm_rmid_forced ]] || skip "needs a writable /proc/sys"
    local option
    for option in --yes --dry-run; do
        shmtool limits --set shmmax=1G --set shm_rmid_forced=1 $option
        assert_status 1
        assert_out ''
        assert_err "shmtool: limits: $kept: protected by $KEPT_BY: shm_rmid_forced=1 would destroy it
shmtool: limits: protected segments: nothing was set"
        assert_equal "$(</proc/sys/kernel/shm_rmid_forced)" 0
        assert_exists "$kept" "$other" "$third"
    done
    start_helper holdseg "$kept"
    shmtool limits --set shm_rmid_forced=1 --yes
    assert_status 1
    assert_err_has 'would destroy it when nobody has it attached any more'
    assert_equal "$(</proc/sys/kernel/shm_rmid_forced)" 0
    assert_exists "$kept" "$other" "$third"
    shmtool limits --set shm_rmid_forced=0
    assert_status 0
}

@test "limits --set shm_rmid_forced=1: what was protected while the question stood there, and a broken file" {
    [[ -w /proc/sys/kernel/shm_rmid_forced ]] || skip "needs a writable /proc/sys"
    conf
    # shellcheck disable=SC2016 # for eval
    answer_meanwhile 'conf "$KEPT_LINE"' limits --set shm_rmid_forced=1
    assert_status 1
    assert_err_has "$kept: protected by $KEPT_BY"
    assert_equal "$(</proc/sys/kernel/shm_rmid_forced)" 0
    conf protect
    shmtool limits --set shm_rmid_forced=1 --yes
    assert_status 4
    assert_equal "$(</proc/sys/kernel/shm_rmid_forced)" 0
    assert_exists "$kept" "$other" "$third"
    # What takes no segment away needs no protection.
    shmtool limits --set shm_rmid_forced=0
    assert_status 0
    shmtool limits
    assert_status 0
}

@test "the timer's service leaves what is protected" {
    local words
    conf 'protect --size 3000 # keep'
    read -ra words < <(sed -n 's/^ExecStart=//p' "$SRC/contrib/systemd/shmtool-clean.service")
    assert_equal "${words[0]}" /usr/bin/shmtool
    shmtool "${words[@]:1}" --older-than 0s
    assert_status 0
    assert_err_has '1 segment is protected and left alone: 1 by /etc/shmtool.conf:1 (keep)'
    assert_exists "$kept" "$other" "$third"
}

@test "Slurm's epilog leaves what is protected, and with a broken file all" {
    need_root
    local dir=$BATS_TEST_TMPDIR own ours
    conf 'protect --size 5000 # keep'
    ours=$(make_seg --uid 20001 --size 5000)
    own=$(make_seg --uid 20001)
    printf '#!/bin/sh\nprintf "%%s\\n" "$*" >>%s\n' "$dir/log" >"$dir/logger"
    chmod 755 "$dir/logger"
    cp "$SRC"/contrib/{hpc/clean-after-job,slurm/epilog} "$dir"
    sed -i "s|^CLEAN_AFTER_JOB=.*|CLEAN_AFTER_JOB=$dir/clean-after-job|; s|^SHMTOOL=.*|SHMTOOL=$SHMTOOL|; s|^SQUEUE=.*|SQUEUE=$dir/none|
        s|^LOGGER=.*|LOGGER=$dir/logger|; s|^OLDER_THAN=.*|OLDER_THAN=0s|" "$dir"/{clean-after-job,epilog}
    conf 'protect'
    run_split env -i SLURM_JOB_UID=20001 SLURM_JOB_ID=77 sh "$dir/epilog"
    assert_status 0
    assert_exists "$ours" "$own"
    grep -q 'daemon.err .*status 4: .*/etc/shmtool.conf:1: ' "$dir/log"
    conf 'protect --size 5000 # keep'
    run_split env -i SLURM_JOB_UID=20001 SLURM_JOB_ID=77 sh "$dir/epilog"
    assert_status 0
    assert_exists "$ours" "$kept" "$other" "$third"
    assert_gone "$own"
}

# --- Owners -----------------------------------------------------------------------------------

@test "by owner, creator, group: of any of several lines" {
    need_root
    local daemon bin
    daemon=$(make_seg --uid 1)
    bin=$(make_seg --uid 2 --gid 2)
    conf 'protect --owner daemon' 'protect --group bin --creator root # both'
    shmtool rm --all --yes
    assert_status 0
    assert_err_has '2 segments are protected and left alone: 1 by /etc/shmtool.conf:1, 1 by /etc/shmtool.conf:2 (both)'
    assert_exists "$daemon" "$bin"
    assert_gone "$kept" "$other" "$third"
}

@test "an ordinary user's rm: what is protected stays, and a file that he may not read stops it" {
    need_root
    local own
    own=$(make_seg --uid 20001 --size 5000)
    conf 'protect --size 5000 # keep'
    # shellcheck disable=SC2016 # for the inner shell
    as_them() {
        run_split unshare --mount sh -c 'mount --bind "$0" /etc && exec setpriv --reuid 20001 --regid 20001 --clear-groups "$@"' \
            "$etc" "$plain_shmtool" "$@"
    }
    as_them rm "$own"
    assert_status 1
    assert_err_has "$own: protected by /etc/shmtool.conf:1 (keep)"
    chmod 600 "$etc/shmtool.conf"
    as_them rm "$own"
    assert_status 4
    assert_err 'shmtool: rm: /etc/shmtool.conf: Permission denied: nothing was removed'
    as_them ls -c shmid,protected
    assert_status 0
    assert_exists "$own"
}

# in_their_ns COMMAND... -- WORDS...: shmtool WORDS as user 20001, by COMMAND in a user namespace
in_their_ns() {
    local enter=()
    while [[ $1 != -- ]]; do
        enter+=("$1")
        shift
    done
    # shellcheck disable=SC2016 # for the inner shell
    run_split unshare --mount sh -c 'mount --bind "$0" /etc && exec setpriv --reuid 20001 --regid 20001 --clear-groups "$@"' \
        "$etc" "${enter[@]}" "$plain_shmtool" "${@:2}"
    [[ $err != *unshare:* ]] || skip "needs user namespaces"
}

@test "in a user namespace the users of the host's file are still those of the host" {
    need_root
    local own given
    own=$(make_seg --uid 20001 --size 5000)
    given=$(as_user 20001 "$HELPERS/mkseg" --size 6000)
    "$HELPERS/setseg" --uid 20002 "$given"
    conf 'protect --owner 20001 --owner 20002 # theirs'
    # There 20001 is root, and 20002 one of those who are nobody.
    in_their_ns unshare --user --map-root-user -- rm "$own" "$given"
    assert_status 1
    assert_err_has "$own: protected by /etc/shmtool.conf:1 (theirs)"
    assert_err_has "$given: protected by /etc/shmtool.conf:1 (theirs)"
    assert_exists "$own" "$given"
    conf 'protect --group 20001 # their group'
    in_their_ns unshare --user --map-root-user -- rm "$given"
    assert_status 1
    assert_err_has "$given: protected by /etc/shmtool.conf:1 (their group)"
    # Here nobody is known at all.
    in_their_ns unshare --user -- set perms=666 "$given"
    assert_status 1
    assert_err_has "protected by /etc/shmtool.conf:1 (their group)"
    # The host's root has nothing to do with the one there.
    conf 'protect --creator root'
    in_their_ns unshare --user --map-root-user -- rm --creator root --yes
    assert_status 0
    assert_err_has_not protected
    assert_exists "$own"
    assert_gone "$given"
}

@test "in a user namespace of a user namespace nobody knows the users of the host's file" {
    need_root
    local own
    own=$(as_user 20001 "$HELPERS/mkseg" --size 6000)
    conf 'protect --owner 20001'
    in_their_ns unshare --user --map-root-user unshare --user --map-root-user -- rm "$own"
    assert_status 4
    assert_err 'shmtool: rm: /etc/shmtool.conf:1: users and groups of outside are not known in this user namespace: nothing was removed'
    assert_exists "$own"
    conf 'protect --size 6000'
    in_their_ns unshare --user --map-root-user unshare --user --map-root-user -- rm "$own"
    assert_status 1
    assert_err_has 'protected by /etc/shmtool.conf:1'
    conf
    in_their_ns unshare --user --map-root-user unshare --user --map-root-user -- rm "$own"
    assert_status 0
    assert_gone "$own"
}
