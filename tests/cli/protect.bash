# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # common.bash and the tests set and use these
# A shmtool.conf of a test's own (`load protect`, after `load common`).

# with_conf [LINE...]: from here on $SHMTOOL sees the folder $etc as /etc, with these lines in its shmtool.conf;
# $plain_shmtool is the program itself; skips the test where that cannot be
with_conf() {
    etc=$BATS_TEST_TMPDIR/etc
    plain_shmtool=$SHMTOOL
    # shellcheck disable=SC2016 # for the inner shell
    unshare --mount sh -c 'mount --bind "$0" /etc' "$BATS_TEST_TMPDIR" 2>/dev/null ||
        skip "needs a mount namespace of its own"
    mkdir -m 755 "$etc"
    cp /etc/passwd /etc/group "$etc"
    # shellcheck disable=SC2016 # for the inner shell
    printf '#!/bin/sh\nexec unshare --mount sh -c '\''mount --bind "$0" /etc && exec "$@"'\'' "%s" "%s" "$@"\n' \
        "$etc" "$SHMTOOL" >"$BATS_TEST_TMPDIR/shmtool-conf"
    chmod 755 "$BATS_TEST_TMPDIR/shmtool-conf"
    SHMTOOL=$BATS_TEST_TMPDIR/shmtool-conf
    conf "$@"
}

# conf [LINE...]: what shmtool.conf holds
conf() {
    printf '%s\n' "$@" >"$etc/shmtool.conf"
    chmod 644 "$etc/shmtool.conf"
}

# three_kinds: $kept, protected by the first line of conf_of_kept, $other and $third, which are not
three_kinds() {
    kept=$(make_seg --key 0x4e545031 --size 1000)
    other=$(make_seg --key 0x77 --size 2000)
    third=$(make_seg --size 3000)
}
KEPT_LINE='protect --key 0x4e545030..0x4e545033   # kept between starts'
KEPT_BY='/etc/shmtool.conf:1 (kept between starts)'
