# contrib/debian: builds, is clean, is installed, used and purged.

load common

setup_file() {
    load common
    need_program dpkg-buildpackage
    need_program dh
    local dir=$BATS_FILE_TMPDIR
    make_dist "$dir"
    tar -xzf "$dir/shmtool-$VERSION.tar.gz" -C "$dir"
    cp -r "$dir/shmtool-$VERSION/contrib/debian" "$dir/shmtool-$VERSION/debian"
    # The tests have their own run; SHMTOOL_PACKAGE_TESTS=1 has them run by the package's build too.
    [[ ${SHMTOOL_PACKAGE_TESTS:-} == 1 ]] || export DEB_BUILD_OPTIONS=nocheck
    (cd "$dir/shmtool-$VERSION" && dpkg-buildpackage -us -uc >"$dir/log" 2>&1) || {
        tail -n 60 "$dir/log" >&2
        return 1
    }
}

setup() {
    common_setup
    deb=$(echo "$BATS_FILE_TMPDIR/shmtool_$VERSION"_*.deb)
}

teardown() {
    common_teardown
    [[ ! -e $BATS_FILE_TMPDIR/installed ]] || dpkg --purge shmtool
    rm -f "$BATS_FILE_TMPDIR/installed"
}

@test "all packages, the changelog and the Makefile have the same version" {
    assert_equal "$(dpkg-parsechangelog -l "$SRC/contrib/debian/changelog" -S Version)" "$VERSION"
    assert_equal "$(sed -n 's/^Version: *//p' "$SRC/contrib/rpm/shmtool.spec")" "$VERSION"
    grep -q -- "- $VERSION-1\$" "$SRC/contrib/rpm/shmtool.spec"
    assert_equal "$(sed -n 's/^pkgver=//p' "$SRC"/contrib/{alpine/APKBUILD,arch/PKGBUILD} | uniq)" "$VERSION"
    assert_equal "$(sed -nE 's/^## \[([0-9.]+)\].*/\1/p' "$SRC/CHANGELOG.md" | head -n 1)" "$VERSION"
}

@test "make dist holds what is committed, all of it" {
    assert_equal "$(tar -tzf "$BATS_FILE_TMPDIR/shmtool-$VERSION.tar.gz" | grep -v '/$' | sort)" \
        "$(git -C "$SRC" ls-tree -r --name-only HEAD | sed "s|^|shmtool-$VERSION/|" | sort)"
}

@test "lintian has nothing to say" {
    need_program lintian
    words=(--no-cfg --display-info --display-experimental --pedantic)
    [[ $(id -u) != 0 ]] || words+=(--allow-root)
    run_split lintian "${words[@]}" "$BATS_FILE_TMPDIR"/shmtool_*.changes
    assert_status 0
    assert_out ''
    assert_err ''
}

@test "the package holds what it should" {
    want=$({
        echo ./etc/shmtool.conf
        echo ./usr/bin/shmtool
        echo ./usr/share/lintian/overrides/shmtool
        printf './lib/systemd/system/shmtool-clean%s\n' .service .timer -all.service -all.timer
        (cd "$BATS_FILE_TMPDIR/shmtool-$VERSION" &&
            printf './usr/share/%s.gz\n' man/*.[15] | sed -E 's|/man/(.*\.([15])\.gz)$|/man/man\2/\1|' &&
            for shell in bash-completion/completions/shmtool:bash zsh/site-functions/_shmtool:zsh \
                fish/vendor_completions.d/shmtool.fish:fish; do
                [[ ! -f contrib/completions/shmtool.${shell#*:} ]] || echo "./usr/share/${shell%:*}"
            done)
        printf './usr/share/doc/shmtool/%s\n' README.md changelog.gz copyright examples/ansible/shmtool.yml \
            examples/fleet/README.md examples/kubernetes/shmtool-clean.yaml examples/hpc/clean-after-job \
            examples/lsf/post-exec examples/pbs/epilogue examples/slurm/epilog examples/prometheus/shmtool-metrics.service \
            examples/prometheus/shmtool-metrics.timer examples/prometheus/shmtool.rules.yml
    } | sort)
    # debhelper compresses documents from a certain size on, and knows where units belong.
    have=$(dpkg-deb --fsys-tarfile "$deb" | tar -tf - | grep -v '/$' |
        sed 's|^\./usr/lib/systemd|./lib/systemd|; s|\(README\.md\)\.gz$|\1|' | sort)
    assert_equal "$have" "$want"
}

@test "it is installed, used, and purged without a trace" {
    need_ns
    [[ $(id -u) == 0 && $(awk '{ print $2, $3 }' /proc/self/uid_map) == '0 4294967295' ]] || skip "needs root"
    ! dpkg-query -W -f '${db:Status-Abbrev}' shmtool 2>/dev/null | grep -q '^.[^n]' ||
        skip "shmtool is installed on this machine"
    before=$(traces)
    touch "$BATS_FILE_TMPDIR/installed"
    run_split dpkg --install "$deb"
    assert_status 0
    use_program /usr/bin/shmtool
    if command -v systemctl >/dev/null; then
        run_split systemctl --root=/ is-enabled shmtool-clean.timer
        assert_out disabled
        run_split systemd-analyze verify --man=no shmtool-clean{,-all}.{service,timer}
        assert_status 0
        assert_err_has_not shmtool
    fi
    run_split dpkg --verify shmtool
    # Minimal images leave the documentation out.
    assert_equal "$(grep -v /usr/share/ <<<"$out" || true)" ''
    run_split dpkg --purge shmtool
    assert_status 0
    rm "$BATS_FILE_TMPDIR/installed"
    assert_equal "$(traces)" "$before"
    assert_equal "$(dpkg-query -W shmtool 2>/dev/null || true)" ''
}
