/*
 * kernel/sysv: new segments: which calls are made, and random keys.
 *
 * wrap: shmget getrandom
 */
#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/types.h>

#include "kernel/sysv.h"
#include "unit.h"

int __wrap_shmget(key_t key, size_t size, int flags);
ssize_t __wrap_getrandom(void *buffer, size_t size, unsigned flags);

int __wrap_shmget(key_t key, size_t size, int flags)
{
    int code;

    check_expected(key);
    assert_int_equal(size, 4096);
    assert_int_equal(flags, IPC_CREAT | IPC_EXCL | 0640);
    code = mock_type(int);
    if (code == 0)
        return 7;
    errno = code;
    return -1;
}

ssize_t __wrap_getrandom(void *buffer, size_t size, unsigned flags)
{
    uint32_t number = mock_type(uint32_t);

    assert_int_equal(size, sizeof(number));
    assert_int_equal(flags, 0);
    if (number == UINT32_MAX) {
        errno = ENOSYS;
        return -1;
    }
    memcpy(buffer, &number, sizeof(number));
    return (ssize_t)size;
}

static void expect_call(uint32_t key, int code)
{
    expect_value(__wrap_shmget, key, (key_t)key);
    will_return(__wrap_shmget, code);
}

static void always_exclusive(void **state)
{
    int shmid = -1;

    (void)state;
    expect_call(5, 0);
    assert_int_equal(sysv_create(5, 4096, 0640, &shmid), 0);
    assert_int_equal(shmid, 7);
    expect_call(0xfedcba98, EEXIST);
    assert_int_equal(sysv_create(0xfedcba98, 4096, 0640, &shmid), -EEXIST);
    /* IPC_PRIVATE is never asked for. */
    assert_int_equal(sysv_create(0, 4096, 0640, &shmid), -EINVAL);
}

static void random_keys_until_one_is_free(void **state)
{
    uint32_t key = 0;
    int shmid = -1;

    (void)state;
    will_return(__wrap_getrandom, 0x11);
    expect_call(0x11, EEXIST);
    will_return(__wrap_getrandom, 0);
    will_return(__wrap_getrandom, 0x80000022);
    expect_call(0x80000022, 0);
    assert_int_equal(sysv_create_anywhere(4096, 0640, &key, &shmid), 0);
    assert_int_equal(key, 0x80000022);
    assert_int_equal(shmid, 7);
}

static void other_failures_are_final(void **state)
{
    uint32_t key = 1;
    int shmid = -1;

    (void)state;
    will_return(__wrap_getrandom, 0x11);
    expect_call(0x11, ENOSPC);
    assert_int_equal(sysv_create_anywhere(4096, 0640, &key, &shmid), -ENOSPC);
    assert_int_equal(key, 0x11);
    will_return(__wrap_getrandom, UINT32_MAX);
    assert_int_equal(sysv_create_anywhere(4096, 0640, &key, &shmid), -ENOSYS);
    assert_int_equal(key, 0);
    assert_int_equal(shmid, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(always_exclusive),
        cmocka_unit_test(random_keys_until_one_is_free),
        cmocka_unit_test(other_failures_are_final),
    };

    return cmocka_run_group_tests_name("kernel/sysv: create", tests, NULL, NULL);
}
