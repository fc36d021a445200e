# shmtool.conf: what cannot be understood or trusted stops every removal, and nothing that only shows.

load common
load protect

setup() {
    common_setup
    need_ns
    with_conf
    three_kinds
    ways=('--all --yes')
}

# stops TEXT...: nothing at all is removed with this file, in none of the ways; each TEXT is said; ls warns and goes on
stops() {
    local text words
    for words in "${ways[@]}"; do
        # shellcheck disable=SC2086 # words
        shmtool rm $words
        assert_status 4 || return 1
        assert_out '' || return 1
        for text in "$@" ': nothing was removed'; do
            assert_err_has "$text" || return 1
        done
        assert_exists "$kept" "$other" "$third" || return 1
    done
    shmtool ls -c shmid,protected
    assert_status 0 || return 1
    assert_err_has "$1" || return 1
    assert_err_has 'which segments are protected is not fully known' || return 1
    assert_out_has "$kept" || return 1
    shmtool ls
    assert_status 0 || return 1
    assert_err ''
}

# stops_line LINE TEXT: so does this line, which is the second one
stops_line() {
    conf '# first' "$1"
    stops "/etc/shmtool.conf:2: " "$2"
}

# allowed LINE: this line is understood
allowed() {
    conf "$1"
    shmtool ls -c shmid,protected
    assert_status 0 || return 1
    assert_err ''
}

@test "every way of removing is stopped" {
    ways=("$kept $other" '--all --yes' '--even-protected --yes --all' "--dry-run $kept" '--key 0x77' '--unprotected --yes')
    stops_line 'protcet --owner root' "'protcet': a line begins with protect, label or #"
    conf
    chmod 666 "$etc/shmtool.conf"
    stops '/etc/shmtool.conf: others than root may write to it, its mode is 666 (chmod go-w)'
}

@test "words that no line begins with" {
    stops_line 'protcet --owner root' "'protcet': a line begins with protect, label or #"
    stops_line '--owner root' "'--owner': a line begins with protect, label or #"
    stops_line 'Protect --owner root' "'Protect': "
}

@test "options that there are none of, or whose value is wrong" {
    stops_line 'protect --onwer root' "--onwer: no such option; did you mean '--owner'?"
    stops_line 'protect -p 5' '-p: no such option'
    stops_line 'protect --owner' '--owner: needs a value'
    stops_line 'protect --owner # root' '--owner: needs a value'
    stops_line 'protect --owner nosuchuser' "--owner: 'nosuchuser': no such user"
    stops_line 'protect --owner "root"' "--owner: '\"root\"': no such user"
    stops_line 'protect --owner=' '--owner: '
    stops_line 'protect --key 1x' "--key: '1x'"
    stops_line 'protect --locked=yes' '--locked=yes: takes no value'
    stops_line 'protect --owner no\x20body' "--owner: 'no\x5cx20body': no such user"
}

@test "options that hold for a time only, and those of no selection" {
    local option
    for option in '--pid 1' '--cpid 1' '--nattch 1' --attached --unattached --dest --orphan '--state used' \
        '--older-than 1d' '--newer-than 1d' --protected --unprotected --help -h --version \
        '--id 1' --id=1 --ids --shmid --shmem-id=1 --all; do
        stops_line "protect $option --owner root" 'not in this file, whose lines have to hold for good'
        stops_line "label $option --owner root us" 'not in this file'
    done
    for option in '--unit a.service' '-N 1' --namespace=1 -A --all-namespaces '--sysroot /'; do
        conf "protect $option --owner root"
        shmtool rm --all --yes
        assert_status 4
        assert_err_has ': not in this file, whose lines have to hold for good'
    done
    assert_exists "$kept" "$other" "$third"
    stops_line 'protect --yes' '--yes: no such option'
    # Nor is one suggested that would be refused.
    for option in --orphn --al --hepl --atached; do
        stops_line "protect $option" "$option: no such option; see"
    done
}

@test "lines without an option, with operands, labels without a name" {
    stops_line protect 'no option that selects segments'
    stops_line 'protect # everything' 'no option that selects segments'
    stops_line 'protect 5' "'5': a line 'protect' takes options alone"
    stops_line "protect $kept --owner root" "takes options alone"
    stops_line 'protect --owner root because' "'because': a line 'protect' takes options alone"
    stops_line 'label billing' 'no option that selects segments'
    stops_line 'label --owner root' "a line 'label' ends in what the program is called"
}

@test "the first of several is named, and how many more there are" {
    conf protect 'protect --owner root' oops label
    stops '/etc/shmtool.conf:1: no option that selects segments, such as --owner USER (and 2 more): '
    # What was understood is shown.
    shmtool ls -c shmid,protected
    assert_out_has '/etc/shmtool.conf:2'
}

@test "NULs, in a reason too" {
    printf 'protect --owner root # a\0b\n' >"$etc/shmtool.conf"
    stops '/etc/shmtool.conf:1: holds a NUL byte'
    printf '\0\0\0' >"$etc/shmtool.conf"
    stops '/etc/shmtool.conf:1: holds a NUL byte'
}

@test "ten mebibytes" {
    yes '# nothing' | head -c 10485760 >"$etc/shmtool.conf"
    stops '/etc/shmtool.conf: larger than 1 MiB'
}

@test "what is no plain file: FIFO, directory, link, device" {
    local file=$etc/shmtool.conf
    rm "$file" && mkfifo "$file"
    stops '/etc/shmtool.conf: not a regular file'
    rm "$file" && mkdir "$file"
    stops '/etc/shmtool.conf: Is a directory'
    rmdir "$file" && ln -s passwd "$file"
    stops '/etc/shmtool.conf: is a symbolic link'
    rm "$file" && ln -s /nowhere "$file"
    stops '/etc/shmtool.conf: is a symbolic link'
    rm "$file" && ln -s /dev/null "$file"
    stops '/etc/shmtool.conf: is a symbolic link'
}

@test "files that others may write, or own" {
    local mode
    for mode in 664 646 666 620; do
        chmod $mode "$etc/shmtool.conf"
        stops "/etc/shmtool.conf: others than root may write to it, its mode is $mode (chmod go-w)"
    done
    chmod 644 "$etc/shmtool.conf"
    need_root
    chown 12345 "$etc/shmtool.conf"
    stops '/etc/shmtool.conf: belongs to uid 12345, and must belong to root (chown 0)'
    chown 0:12345 "$etc/shmtool.conf"
    allowed '# nothing'
}

@test "the folder likewise, and each file in it" {
    local dir=$etc/shmtool.d
    mkdir -m 775 "$dir"
    stops '/etc/shmtool.d: others than root may write to it, its mode is 775'
    chmod 1777 "$dir"
    stops '/etc/shmtool.d: others than root may write to it, its mode is 1777'
    chmod 755 "$dir"
    echo protect >"$dir/1.conf"
    echo protect >"$dir/1.conf.bak"
    stops '/etc/shmtool.d/1.conf:1: '
    echo >"$dir/1.conf"
    chmod 666 "$dir/1.conf"
    stops '/etc/shmtool.d/1.conf: others than root'
    rm "$dir/1.conf" && ln -s /dev/null "$dir/1.conf"
    stops '/etc/shmtool.d/1.conf: is a symbolic link'
    rm -r "$dir" && ln -s . "$dir"
    stops '/etc/shmtool.d: is a symbolic link'
    rm "$dir" && touch "$dir"
    stops '/etc/shmtool.d: Not a directory'
    rm "$dir"
    if has_users; then
        mkdir "$dir" && chown 12345 "$dir"
        stops '/etc/shmtool.d: belongs to uid 12345'
    fi
}

@test "what is allowed: no file, empty lines, tabs, CR LF, no reason, no newline at the end, many options" {
    allowed ''
    allowed $'\t # only a remark \r'
    allowed $'protect\t--owner root\r'
    assert_out_has "$kept"
    shmtool rm "$kept"
    assert_status 1
    assert_err "shmtool: rm: $kept: protected by /etc/shmtool.conf:1"
    allowed $'  protect -o root -o bin --size=1000 -k0x4e545031 --perms -600 #why #not  \r'
    shmtool rm "$kept"
    assert_status 1
    assert_err "shmtool: rm: $kept: protected by /etc/shmtool.conf:1 (why #not)"
    shmtool ls -q --unprotected
    assert_out "$other"$'\n'"$third"
    printf 'protect --owner root # cut' >"$etc/shmtool.conf"
    shmtool rm "$kept"
    assert_status 1
    assert_err_has '(cut)'
    allowed 'label --key 0x4e545031 -- billing  cache # of ours'
    assert_exists "$kept" "$other" "$third"
    rm "$etc/shmtool.conf"
    shmtool rm "$kept"
    assert_status 0
    assert_gone "$kept"
}

@test "a label protects nothing" {
    conf 'label --owner root ours'
    shmtool rm --all --yes
    assert_status 0
    assert_gone "$kept" "$other" "$third"
}

@test "a reason cannot act on a terminal or break JSON" {
    printf 'protect --owner root # \033[31mred\233"\\x41\n' >"$etc/shmtool.conf"
    shmtool rm "$kept"
    assert_status 1
    assert_err "shmtool: rm: $kept: protected by /etc/shmtool.conf:1 (\\x1b[31mred\\x9b\"\\x5cx41)"
    shmtool stat "$kept"
    assert_out_has '\x1b[31mred\x9b"\x5cx41'
    shmtool ls --json
    assert_equal "$(jq -c '.segments[0].protected.reason' "$out_file")" '"\u001b[31mred�\"\\x41"'
    assert_exists "$kept"
}

@test "no option and no variable names another file" {
    printf '%s\n' "$KEPT_LINE" >"$BATS_TEST_TMPDIR/mine.conf"
    run_split env SHMTOOL_CONF="$BATS_TEST_TMPDIR/mine.conf" SHMTOOL_CONFIG="$BATS_TEST_TMPDIR/mine.conf" \
        HOME="$BATS_TEST_TMPDIR" XDG_CONFIG_HOME="$BATS_TEST_TMPDIR" "$SHMTOOL" rm "$other"
    assert_status 0
    assert_gone "$other"
    conf "$KEPT_LINE"
    run_split env SHMTOOL_CONF=/dev/null HOME=/ "$SHMTOOL" rm "$kept"
    assert_status 1
    assert_exists "$kept"
}
