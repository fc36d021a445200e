/* kernel/sysv: asking for a key makes nothing, whatever the answer. */
#include <errno.h>
#include <grp.h>
#include <sys/ipc.h>
#include <unistd.h>

#include "ipcns.h"
#include "kernel/sysv.h"
#include "unit.h"

enum { KEY = 0x5eed };

static void nobody_has_the_key(void **state)
{
    struct segment segment;
    int shmid = 77;

    (void)state;
    ipcns_enter();
    assert_int_equal(sysv_find(KEY, 0, 0600, &shmid), -ENOENT);
    assert_int_equal(sysv_find(KEY, 4096, 0600, &shmid), -ENOENT);
    /* Bits above the permissions could ask for a new one. */
    assert_int_equal(sysv_find(KEY, 4096, 0600 | IPC_CREAT, &shmid), -ENOENT);
    assert_int_equal(shmid, 77);
    assert_int_equal(sysv_stat_index(0, &segment), -ENOENT);
}

static void a_private_key_is_never_asked_for(void **state)
{
    struct segment segment;
    int shmid = 77;

    (void)state;
    ipcns_enter();
    assert_int_equal(sysv_find(0, 4096, 0600, &shmid), -EINVAL);
    assert_int_equal(shmid, 77);
    assert_int_equal(sysv_stat_index(0, &segment), -ENOENT);
}

static void the_segment_is_found(void **state)
{
    int shmid = 77;
    int made;

    (void)state;
    ipcns_enter();
    made = ipcns_segment(KEY, 5000, 0600);
    assert_int_equal(sysv_find(KEY, 0, 0, &shmid), 0);
    assert_int_equal(shmid, made);
    assert_int_equal(sysv_find(KEY, 5000, 0600, &shmid), 0);
    shmid = 77;
    assert_int_equal(sysv_find(KEY, 5001, 0600, &shmid), -EINVAL);
    assert_int_equal(sysv_find(KEY, SIZE_MAX, 0600, &shmid), -EINVAL);
    if (SIZE_MAX < UINT64_MAX)
        assert_int_equal(sysv_find(KEY, UINT64_MAX, 0600, &shmid), -EOVERFLOW);
    assert_int_equal(shmid, 77);
}

static void permissions_count(void **state)
{
    enum { SOMEBODY = 12345 };
    int shmid = 77;
    int denied;
    int granted;

    (void)state;
    ipcns_enter();
    if (geteuid() != 0 || setgroups(0, NULL) < 0)
        skip_because("another user is needed, and root to become it");
    ipcns_segment(KEY, 1, 0604);
    assert_int_equal(setegid(SOMEBODY), 0);
    assert_int_equal(seteuid(SOMEBODY), 0);
    denied = sysv_find(KEY, 1, 0600, &shmid);
    granted = sysv_find(KEY, 1, 0400, &shmid);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(setegid(0), 0);
    assert_int_equal(denied, -EACCES);
    assert_int_equal(granted, 0);
}

/* Whatever the flags are, nothing is made. */
static void no_flag_makes_a_segment(void **state)
{
    struct segment segment;
    int shmid = 77;

    (void)state;
    ipcns_enter();
    assert_int_equal(sysv_find(KEY, 4096, IPC_CREAT | 0600, &shmid), -ENOENT);
    assert_int_equal(sysv_find(KEY, 4096, UINT32_MAX, &shmid), -ENOENT);
    assert_int_equal(shmid, 77);
    assert_int_equal(sysv_stat_index(0, &segment), -ENOENT);
}

static void nothing_is_attached_by_trying(void **state)
{
    struct segment segment;
    int made;

    (void)state;
    ipcns_enter();
    made = ipcns_segment(KEY, 5000, 0600);
    assert_int_equal(sysv_try_attach(), -EINVAL);
    assert_int_equal(sysv_stat(made, &segment), 0);
    assert_int_equal(segment.atime, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(nobody_has_the_key, ipcns_teardown),
        cmocka_unit_test_teardown(a_private_key_is_never_asked_for, ipcns_teardown),
        cmocka_unit_test_teardown(the_segment_is_found, ipcns_teardown),
        cmocka_unit_test_teardown(permissions_count, ipcns_teardown),
        cmocka_unit_test_teardown(no_flag_makes_a_segment, ipcns_teardown),
        cmocka_unit_test_teardown(nothing_is_attached_by_trying, ipcns_teardown),
    };

    return cmocka_run_group_tests_name("kernel/sysv: find", tests, NULL, NULL);
}
