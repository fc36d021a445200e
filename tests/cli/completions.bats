# Completion in bash, zsh and fish: what is offered behind a command line.
load common
load processes

setup() {
    common_setup
    PATH=${SHMTOOL%/*}:$PATH
}

# offers_bash WORD...: what bash offers for the last word, one a line
offers_bash() {
    # shellcheck disable=SC2016 # for the inner shell
    bash --norc -c '
        source "$SRC/contrib/completions/shmtool.bash"
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        _shmtool shmtool
        ((${#COMPREPLY[@]} == 0)) || printf "%s\n" "${COMPREPLY[@]}"' - "$@" | sort
}

# offers_fish LINE, offers_zsh LINE
offers_fish() {
    # shellcheck disable=SC2016 # fish's
    HOME=$BATS_TEST_TMPDIR fish --no-config -c 'source "$SRC/contrib/completions/shmtool.fish"
        complete -C "$argv[1]"' "$1" | cut -f 1 | sort
}

offers_zsh() {
    local scratch
    scratch=$(mktemp -d "$BATS_TEST_TMPDIR/zsh.XXXXXX")
    HOME=$scratch zsh -f "$SRC/tests/cli/completions.zsh" "$SRC/contrib/completions/shmtool.zsh" "$1" "$scratch" |
        sort
}

# lines WORD...: sorted, one a line
lines() {
    printf '%s\n' "$@" | sort
}

# make_some: three segments, two owners; sets $ids
make_some() {
    make_seg --key 0x1234 --uid 54321 --gid 54321 >/dev/null
    make_seg --key 0x99 >/dev/null
    make_seg >/dev/null
    mapfile -t ids < <(all_ids)
}

@test "bash: commands and options" {
    assert_equal "$(offers_bash shmtool '')" "$(lines ls stat who rm run limits key doctor ns du watch wait metrics create set cat restore capture help)"
    assert_equal "$(offers_bash shmtool l)" "$(lines limits ls)"
    assert_equal "$(offers_bash shmtool help doc)" doctor
    assert_equal "$(offers_bash shmtool du --sy)" --system
    assert_equal "$(offers_bash shmtool ls --st)" --state
    assert_equal "$(offers_bash shmtool key --nd)" --ndjson
    assert_equal "$(offers_bash shmtool rm --i)" "$(lines --ignore-missing --interactive)"
    assert_equal "$(offers_bash shmtool --)" "$(lines --all-namespaces --help --namespace --sysroot --version)"
    assert_equal "$(offers_bash shmtool run --i)" --isolate
    assert_equal "$(offers_bash shmtool who -q --)" "$(offers_bash shmtool who --)"
}

@test "bash: values" {
    assert_equal "$(offers_bash shmtool ls --state '')" "$(lines used dest orphan idle unknown)"
    assert_equal "$(offers_bash shmtool ls --state = or)" orphan
    assert_equal "$(offers_bash shmtool ls --state used,d)" used,dest
    assert_equal "$(offers_bash shmtool ls -c +sw)" +swap
    assert_equal "$(offers_bash shmtool ls -c key,sw)" key,swap
    assert_equal "$(offers_bash shmtool ls --sort -by)" -bytes
    assert_equal "$(offers_bash shmtool ls --sort key,-by)" key,-bytes
    assert_equal "$(offers_bash shmtool ls --time '')" "$(lines age epoch iso short)"
    assert_equal "$(offers_bash shmtool who -c key,ac)" key,access
    assert_equal "$(offers_bash shmtool key --sort -pa)" -path
    assert_equal "$(offers_bash shmtool ns -c namespace,pr)" namespace,processes
    assert_equal "$(offers_bash shmtool key --time i)" iso
    assert_equal "$(offers_bash shmtool limits --set shma)" shmall=
    assert_equal "$(offers_bash shmtool rm --max '')" ''
    assert_equal "$(offers_bash shmtool wait --until '')" "$(lines attached gone orphan present unattached)"
    assert_equal "$(offers_bash shmtool watch --in)" "$(lines --initial --interval)"
    assert_equal "$(offers_bash shmtool watch -c key,sw)" key,swap
    assert_equal "$(offers_bash shmtool du --by owner,st)" owner,state
    assert_equal "$(offers_bash shmtool du --sort -rs)" "$(lines -rss -rss_unknown)"
    assert_equal "$(offers_bash shmtool metrics --by '')" "$(lines container owner program)"
}

@test "bash: live ids, keys, owners and processes" {
    need_ns
    need_root
    make_some
    assert_equal "$(offers_bash shmtool rm '')" "$(lines "${ids[@]}")"
    assert_equal "$(offers_bash shmtool rm "${ids[0]}" '')" "$(lines "${ids[@]:1}")"
    assert_equal "$(offers_bash shmtool ls -k '')" "$(lines 0x00001234 0x00000099)"
    assert_equal "$(offers_bash shmtool doctor --key 0x9)" 0x99
    assert_equal "$(offers_bash shmtool who --owner '')" "$(lines 54321 "$(id -un)")"
    assert_equal "$(offers_bash shmtool stat --creator '')" "$(id -un)"
    assert_equal "$(offers_bash shmtool ls --group 5)" 54321
    assert_equal "$(offers_bash shmtool ls --program '')" ''
    act use:"${ids[0]}" attach
    assert_equal "$(offers_bash shmtool ls --pid '')" "$actor"
}

@test "bash: --sysroot's segments, not this machine's" {
    local tree=$SRC/tests/fixtures/listing
    assert_equal "$(offers_bash shmtool --sysroot "$tree" ls -o '')" "$(lines cs root zc)"
    assert_equal "$(offers_bash shmtool --sysroot = "$tree" ls -o z)" zc
    assert_equal "$(offers_bash shmtool --sysroot "${tree%ng}")" "$tree"
}

@test "bash: run completes another command line" {
    [[ $'\n'$(offers_bash shmtool run tru)$'\n' == *$'\n'true$'\n'* ]] || fail "no programs are offered"
    assert_equal "$(offers_bash shmtool run -v cat "$SRC/LICENS")" "$SRC/LICENSE"
    assert_equal "$(offers_bash shmtool run --report "$SRC/LICENS")" "$SRC/LICENSE"
    assert_equal "$(offers_bash shmtool run --left-status 42 --report x cat "$SRC/LICENS")" "$SRC/LICENSE"
}

@test "bash: nothing that stands in a name is run" {
    mkdir -p "$BATS_TEST_TMPDIR/bin"
    printf '%s\n' '#!/bin/sh' "echo '\$(touch $BATS_TEST_TMPDIR/ran)'" "echo '\`touch $BATS_TEST_TMPDIR/ran\`'" \
        >"$BATS_TEST_TMPDIR/bin/shmtool"
    chmod 755 "$BATS_TEST_TMPDIR/bin/shmtool"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH
    # Quoted: what is accepted stands on a command line.
    [[ $(offers_bash shmtool ls -o '') == *'\$\(touch\ '* ]] || fail "the name is not offered"
    [[ ! -e $BATS_TEST_TMPDIR/ran ]] || fail "the name was run"
}

# named_tree: $tree, whose segments belong to DOM\jane doe
named_tree() {
    tree=$BATS_TEST_TMPDIR/named
    mkdir -p "$tree/etc"
    cp -r "$SRC/tests/fixtures/listing/proc" "$tree"
    printf '%s\n' 'DOM\jane doe:x:0:0::/:' >"$tree/etc/passwd"
}

@test "names with blanks and backslashes are offered as they are typed" {
    named_tree
    assert_equal "$(offers_bash shmtool --sysroot "$tree" ls -o DO)" 'DOM\\jane\ doe'
    need_program fish
    assert_equal "$(offers_fish "shmtool --sysroot $tree ls -o DO")" 'DOM\jane doe'
    need_program zsh
    assert_equal "$(offers_zsh "shmtool --sysroot $tree ls -o DO")" 'DOM\\jane\ doe'
}

@test "fish: commands, options, values, live ids, keys and owners" {
    need_program fish
    need_ns
    need_root
    make_some
    assert_equal "$(offers_fish 'shmtool ')" "$(lines ls stat who rm run limits key doctor ns du watch wait metrics create set cat restore capture help)"
    assert_equal "$(offers_fish 'shmtool ls --st')" --state
    assert_equal "$(offers_fish 'shmtool ls --state used,d')" used,dest
    assert_equal "$(offers_fish 'shmtool who -c key,ac')" key,access
    assert_equal "$(offers_fish 'shmtool key --nd')" --ndjson
    assert_equal "$(offers_fish 'shmtool ls --state=or')" --state=orphan
    assert_equal "$(offers_fish 'shmtool rm ')" "$(lines "${ids[@]}")"
    assert_equal "$(offers_fish 'shmtool ls -k ')" "$(lines 0x00001234 0x00000099)"
    assert_equal "$(offers_fish 'shmtool ls -o ')" "$(lines 54321 "$(id -un)")"
    assert_equal "$(offers_fish "shmtool --sysroot $SRC/tests/fixtures/listing ls -o ")" "$(lines cs root zc)"
    assert_equal "$(offers_fish 'shmtool limits --set shma')" shmall=
    assert_equal "$(offers_fish 'shmtool wait --until o')" orphan
    assert_equal "$(offers_fish 'shmtool watch --in')" "$(lines --initial --interval)"
    assert_equal "$(offers_fish 'shmtool du --by owner,st')" owner,state
    assert_equal "$(offers_fish 'shmtool metrics --te')" --textfile
    assert_equal "$(offers_fish 'shmtool restore --sta')" --state
    # What was saved, not what is there.
    assert_equal "$(offers_fish "shmtool restore -k ")" ''
    assert_equal "$(offers_fish "shmtool restore $SRC/tests/fixtures/listing -k 0x0003002")" 0x00030021
    assert_equal "$(offers_fish "shmtool restore $SRC/tests/fixtures/listing 170")" 1703938
}

@test "zsh: commands, options, values, live ids, keys and owners" {
    need_program zsh
    need_ns
    need_root
    make_some
    assert_equal "$(offers_zsh 'shmtool ')" "$(lines ls stat who rm run limits key doctor ns du watch wait metrics create set cat restore capture help)"
    assert_equal "$(offers_zsh 'shmtool ls --st')" --state
    assert_equal "$(offers_zsh 'shmtool who -c ac')" access
    assert_equal "$(offers_zsh 'shmtool key --nd')" --ndjson
    assert_equal "$(offers_zsh 'shmtool ls --state ')" "$(lines used dest orphan idle unknown)"
    assert_equal "$(offers_zsh 'shmtool rm ')" "$(lines "${ids[@]}")"
    assert_equal "$(offers_zsh "shmtool rm ${ids[0]} ")" "$(lines "${ids[@]:1}")"
    assert_equal "$(offers_zsh 'shmtool ls -k ')" "$(lines 0x00001234 0x00000099)"
    assert_equal "$(offers_zsh 'shmtool ls --owner=')" "$(lines 54321 "$(id -un)")"
    assert_equal "$(offers_zsh "shmtool --sysroot $SRC/tests/fixtures/listing ls -o ")" "$(lines cs root zc)"
    assert_equal "$(offers_zsh 'shmtool limits --set shma')" shmall
    assert_equal "$(offers_zsh 'shmtool wait --until o')" orphan
    assert_equal "$(offers_zsh 'shmtool watch --in')" "$(lines --initial --interval)"
    assert_equal "$(offers_zsh 'shmtool watch --n')" "$(lines --nattch --ndjson --newer-than --numeric)"
    assert_equal "$(offers_zsh 'shmtool du --by st')" state
    assert_equal "$(offers_zsh 'shmtool metrics --te')" --textfile
}
