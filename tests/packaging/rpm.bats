# contrib/rpm: the spec is sound and makes a package, which is installed into a directory, used, and erased.

load common

setup_file() {
    load common
    need_program rpmbuild
    local dir=$BATS_FILE_TMPDIR
    make_dist "$dir"
    # The dependencies have their names in the databases of distributions that use rpm.
    rpmbuild -ta --nodeps --define "_topdir $dir/top" --define "_tmppath $dir" "$dir/shmtool-$VERSION.tar.gz" \
        >"$dir/log" 2>&1 || {
        tail -n 60 "$dir/log" >&2
        return 1
    }
}

setup() {
    common_setup
    rpm=$(find "$BATS_FILE_TMPDIR/top/RPMS" -name "shmtool-$VERSION-*.rpm")
}

@test "rpmspec understands the spec" {
    run_split rpmspec -P "$SRC/contrib/rpm/shmtool.spec"
    assert_status 0
    assert_err ''
    assert_out_has_not '%{'
}

@test "rpmlint finds no error" {
    need_program rpmlint
    run_split env HOME="$BATS_TEST_TMPDIR" rpmlint "$SRC/contrib/rpm/shmtool.spec"
    assert_out_has ' 0 errors'
    assert_out_has_not ': E: '
}

@test "the package holds what install installs, and the units" {
    root=$BATS_TEST_TMPDIR/root
    make -s -C "$SRC" BUILD="$BATS_TEST_TMPDIR/build" CFLAGS=-O0 PREFIX=/usr DESTDIR="$root" install >/dev/null
    want=$( (cd "$root" && find . ! -type d -printf '/%P\n' | sed 's|\(/man[15]/.*\)|\1.gz|'
        printf '/usr/lib/systemd/system/shmtool-clean%s\n' .service .timer -all.service -all.timer
        echo /etc/shmtool.conf) | sort)
    have=$(rpm -qp --queryformat '[%{FILENAMES} %{FILEMODES:perms}\n]' "$rpm" |
        awk '$2 ~ /^-/ && $1 !~ "^/usr/(share/(doc|licenses)|lib/.build-id)/" { print $1 }' |
        sed 's|\(/man[15]/.*\.[15]\)$|\1.gz|' | sort)
    assert_equal "$have" "$want"
    for file in README.md epilog epilogue post-exec clean-after-job shmtool.yml LICENSE; do
        rpm -qlp "$rpm" | grep -q "/$file\$" || fail "no $file in the package"
    done
}

@test "it is installed into a directory, used, and erased without a trace" {
    need_ns
    root=$BATS_TEST_TMPDIR/root
    words=(--root "$root" --dbpath /db)
    mkdir "$root"
    rpm "${words[@]}" --initdb
    run_split rpm "${words[@]}" --install --nodeps --noscripts "$rpm"
    assert_status 0
    use_program "$root/usr/bin/shmtool"
    run_split rpm "${words[@]}" --verify --nodeps --noscripts shmtool
    assert_status 0
    run_split rpm "${words[@]}" --erase --nodeps --noscripts shmtool
    assert_status 0
    assert_equal "$(find "$root" -path "$root/db" -prune -o ! -type d -print)" ''
}
