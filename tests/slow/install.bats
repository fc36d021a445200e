# make install and make uninstall, with DESTDIR; how many jobs make test builds with.

load ../cli/common

setup_file() {
    # Built here, whatever flavour is under test: what is installed is an ordinary build.
    make_in_tree all
}

# make_in_tree WORD...
make_in_tree() {
    make -C "$SRC" --no-print-directory BUILD="$BATS_FILE_TMPDIR/build" CFLAGS=-O0 "$@"
}

# files_below DIR: every file and link, with its mode
files_below() {
    (cd "$1" && find . ! -type d -printf '%m %P\n' | sort -k 2)
}

# expected PREFIX BINDIR MANDIR: what install is to put there
expected() {
    local page
    {
        echo "755 $2/shmtool"
        for page in "$SRC"/man/*.[15]; do
            echo "644 $3/man${page##*.}/$(basename "$page")"
        done
        [[ ! -f $SRC/contrib/completions/shmtool.bash ]] ||
            echo "644 $1/share/bash-completion/completions/shmtool"
        [[ ! -f $SRC/contrib/completions/shmtool.zsh ]] || echo "644 $1/share/zsh/site-functions/_shmtool"
        [[ ! -f $SRC/contrib/completions/shmtool.fish ]] ||
            echo "644 $1/share/fish/vendor_completions.d/shmtool.fish"
    } | sort -k 2
}

@test "install puts the program, man pages and completions under the prefix, uninstall takes them away" {
    root="$BATS_TEST_TMPDIR/a root"
    mkdir "$root"
    run_split make_in_tree install DESTDIR="$root"
    assert_status 0
    assert_equal "$(files_below "$root")" "$(expected usr/local usr/local/bin usr/local/share/man)"
    run_split "$root/usr/local/bin/shmtool" --version
    assert_status 0
    assert_out_matches '^shmtool [0-9]'
    cmp "$SRC/man/shmtool.1" "$root/usr/local/share/man/man1/shmtool.1"
    run_split make_in_tree uninstall DESTDIR="$root"
    assert_status 0
    assert_equal "$(files_below "$root")" ''
}

@test "PREFIX, BINDIR and MANDIR are followed, by uninstall too" {
    root=$BATS_TEST_TMPDIR/root
    words=(DESTDIR="$root" PREFIX=/opt/x BINDIR=/opt/b MANDIR=/opt/m)
    make_in_tree install "${words[@]}"
    assert_equal "$(files_below "$root")" "$(expected opt/x opt/b opt/m)"
    make_in_tree uninstall "${words[@]}"
    assert_equal "$(files_below "$root")" ''
}

@test "uninstall leaves everything that is not shmtool's" {
    root=$BATS_TEST_TMPDIR/root
    mkdir -p "$root"/usr/local/{bin,share/man/man1,share/bash-completion/completions}
    for file in bin/shmtool-not bin/other share/man/man1/shmtoolish.1 share/bash-completion/completions/other; do
        echo kept >"$root/usr/local/$file"
    done
    before=$(files_below "$root")
    make_in_tree install DESTDIR="$root"
    make_in_tree uninstall DESTDIR="$root"
    assert_equal "$(files_below "$root")" "$before"
}

@test "uninstall where nothing is installed is no error" {
    run_split make_in_tree uninstall DESTDIR="$BATS_TEST_TMPDIR/root"
    assert_status 0
    [[ ! -e $BATS_TEST_TMPDIR/root ]]
}

@test "install again over an older one" {
    root=$BATS_TEST_TMPDIR/root
    make_in_tree install DESTDIR="$root"
    chmod 400 "$root/usr/local/share/man/man1/shmtool.1"
    echo old >"$root/usr/local/bin/shmtool"
    make_in_tree install DESTDIR="$root"
    assert_equal "$(files_below "$root")" "$(expected usr/local usr/local/bin usr/local/share/man)"
    "$root/usr/local/bin/shmtool" --version
}

@test "make test builds on all processors, or with as many jobs as make was told" {
    local option
    run_split env -u MAKEFLAGS -u MFLAGS make -C "$SRC" -n test
    assert_status 0
    assert_out_has nproc
    for option in -j1 -j3 -j; do
        run_split env -u MAKEFLAGS -u MFLAGS make -C "$SRC" "$option" -n test
        assert_status 0
        assert_out_has ' check-programs'
        assert_out_has_not nproc
    done
}
