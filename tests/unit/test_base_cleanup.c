/* base/cleanup: what a scope's end releases, and what it does not. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "unit.h"

static int open_null(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    return fd;
}

static void assert_closed(int fd)
{
    errno = 0;
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    assert_int_equal(errno, EBADF);
}

static void descriptor_is_closed_at_the_scopes_end(void **state)
{
    int seen;

    (void)state;
    {
        CLEANUP_CLOSE int fd = open_null();

        seen = fd;
        assert_true(fcntl(seen, F_GETFD) >= 0);
    }
    assert_closed(seen);
}

static int early_return(int *seen)
{
    CLEANUP_CLOSE int fd = open_null();

    *seen = fd;
    if (fd >= 0)
        return 7;
    return 8;
}

static void descriptor_is_closed_on_an_early_return(void **state)
{
    int seen;

    (void)state;
    assert_int_equal(early_return(&seen), 7);
    assert_closed(seen);
}

static void stolen_descriptor_stays_open(void **state)
{
    int taken;

    (void)state;
    {
        CLEANUP_CLOSE int fd = open_null();

        taken = steal_fd(&fd);
        assert_int_equal(fd, -1);
    }
    assert_true(fcntl(taken, F_GETFD) >= 0);
    assert_int_equal(close(taken), 0);
}

static void no_descriptor_is_no_close(void **state)
{
    (void)state;
    errno = 0;
    {
        CLEANUP_CLOSE int fd = -1;

        assert_int_equal(fd, -1);
    }
    assert_int_equal(errno, 0);
}

static void stream_and_directory_are_closed(void **state)
{
    int file_fd;
    int dir_fd;

    (void)state;
    {
        CLEANUP_FCLOSE FILE *file = fopen("/dev/null", "re");
        CLEANUP_CLOSEDIR DIR *dir = opendir("/");

        assert_non_null(file);
        assert_non_null(dir);
        file_fd = fileno(file);
        dir_fd = dirfd(dir);
    }
    assert_closed(file_fd);
    assert_closed(dir_fd);
}

static void nothing_opened_is_nothing_closed(void **state)
{
    (void)state;
    CLEANUP_FCLOSE FILE *file = NULL;
    CLEANUP_CLOSEDIR DIR *dir = NULL;
    CLEANUP_FREE char *memory = NULL;

    assert_null(file);
    assert_null(dir);
    assert_null(memory);
}

static void stolen_memory_can_still_be_read(void **state)
{
    char *taken;

    (void)state;
    {
        CLEANUP_FREE char *text = strdup("kept");

        taken = steal_pointer(&text);
        assert_null(text);
    }
    assert_string_equal(taken, "kept");
    free(taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptor_is_closed_at_the_scopes_end),
        cmocka_unit_test(descriptor_is_closed_on_an_early_return),
        cmocka_unit_test(stolen_descriptor_stays_open),
        cmocka_unit_test(no_descriptor_is_no_close),
        cmocka_unit_test(stream_and_directory_are_closed),
        cmocka_unit_test(nothing_opened_is_nothing_closed),
        cmocka_unit_test(stolen_memory_can_still_be_read),
    };

    return cmocka_run_group_tests_name("base/cleanup", tests, NULL, NULL);
}
