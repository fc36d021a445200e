/*
 * kernel/namespace: what is said where no namespace can be made, and which one this is.
 *
 * wrap: unshare open write fstatat
 */
#include "kernel/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static int errors[2]; /* of the calls to come */
static size_t calls;
static int flags[2];

int __wrap_unshare(int wanted);

int __wrap_unshare(int wanted)
{
    assert_true(calls < COUNT_OF(errors));
    flags[calls] = wanted;
    errno = errors[calls++];
    return errno ? -1 : 0;
}

/* The files that map ids: never the real ones. */
static const char *opened[8];
static size_t opened_count;
static const char *short_at; /* which of them takes less than it is given */

int __real_open(const char *path, int how, ...);
int __wrap_open(const char *path, int how, ...);
ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);

int __wrap_open(const char *path, int how, ...)
{
    if (strncmp(path, "/proc/self/", 11) != 0 || (how & O_ACCMODE) != O_WRONLY)
        return __real_open(path, how, 0644);
    assert_true(opened_count < COUNT_OF(opened));
    opened[opened_count++] = path;
    return memfd_create("map", MFD_CLOEXEC);
}

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
    bool cut = opened_count > 0 && short_at && strcmp(opened[opened_count - 1], short_at) == 0;

    return __real_write(fd, data, cut ? size - 1 : size);
}

static void assert_refused(int first, int second, size_t expected_calls, const char *words)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    int code = second ? second : first;

    calls = 0;
    errors[0] = first;
    errors[1] = second;
    assert_int_equal(namespace_enter_ipc(&err), -code);
    assert_int_equal(err.code, code);
    assert_int_equal(calls, expected_calls);
    if (!strstr(err.text, words) || !strstr(err.text, strerror(code)))
        fail_msg("'%s' has no '%s'", err.text, words);
}

static void who_may_needs_no_user_namespace(void **state)
{
    (void)state;
    calls = 0;
    errors[0] = 0;
    assert_int_equal(namespace_enter_ipc(NULL), 0);
    assert_int_equal(calls, 1);
    assert_int_equal(flags[0], CLONE_NEWIPC);
}

static void refusals_are_explained(void **state)
{
    (void)state;
    assert_refused(EPERM, EPERM, 2, "forbids user namespaces to you");
    assert_int_equal(flags[1], CLONE_NEWUSER | CLONE_NEWIPC);
    assert_refused(EPERM, ENOSPC, 2, "user.max_user_namespaces");
    assert_refused(EPERM, EUSERS, 2, "user.max_user_namespaces");
    assert_refused(EPERM, EINVAL, 2, "no user or IPC namespaces");
    assert_refused(EPERM, ENOSPC, 2, "user.max_ipc_namespaces");
    assert_refused(ENOSPC, 0, 1,
                   "limit of IPC namespaces is reached: see the sysctl user.max_ipc_n");
    assert_refused(EINVAL, 0, 1, "no user or IPC namespaces");
    assert_refused(ENOMEM, 0, 1, "no namespace can be made");
}

/* Both calls of unshare work but for the first; the maps are the test's. */
static int enter_with_maps(const char *cut)
{
    calls = 0;
    errors[0] = EPERM;
    errors[1] = 0;
    opened_count = 0;
    short_at = cut;
    return namespace_enter_ipc(NULL);
}

static void ids_are_mapped_in_whole_lines(void **state)
{
    (void)state;
    assert_int_equal(enter_with_maps(NULL), 0);
    assert_int_equal(opened_count, 3);
    assert_string_equal(opened[0], "/proc/self/setgroups");
    assert_string_equal(opened[1], "/proc/self/gid_map");
    assert_string_equal(opened[2], "/proc/self/uid_map");
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(enter_with_maps(opened[i]), -EIO);
}

/* What /proc/self/ns/ipc is. */
static ino_t ipc_inode;
static int ipc_code;

int __wrap_fstatat(int dir, const char *path, struct stat *ret_status, int how);

int __wrap_fstatat(int dir, const char *path, struct stat *ret_status, int how)
{
    assert_int_equal(dir, 77);
    assert_string_equal(path, "proc/self/ns/ipc");
    assert_int_equal(how, 0); /* the namespace and not the link */
    *ret_status = (struct stat){.st_ino = ipc_inode};
    errno = ipc_code;
    return ipc_code ? -1 : 0;
}

static void the_initial_namespace_is_known_by_its_number(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    char prefix[] = "/";
    const struct procfs procfs = {.root_fd = 77, .prefix = prefix, .live = true};

    (void)state;
    ipc_inode = 4026531839;
    assert_int_equal(namespace_is_initial_ipc(&procfs, &err), 1);
    ipc_inode = 4026532177;
    assert_int_equal(namespace_is_initial_ipc(&procfs, &err), 0);
    ipc_code = ENOENT;
    assert_int_equal(namespace_is_initial_ipc(&procfs, &err), -ENOENT);
    assert_string_equal(err.text, "/proc/self/ns/ipc: No such file or directory");
}

static void whether_it_would_work_is_tried_in_a_child(void **state)
{
    (void)state;
    calls = 0;
    errors[0] = 0;
    assert_true(namespace_can_enter_ipc());
    errors[0] = EPERM;
    errors[1] = ENOSPC;
    assert_false(namespace_can_enter_ipc());
    assert_int_equal(calls, 0); /* not here */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_may_needs_no_user_namespace),
        cmocka_unit_test(refusals_are_explained),
        cmocka_unit_test(ids_are_mapped_in_whole_lines),
        cmocka_unit_test(the_initial_namespace_is_known_by_its_number),
        cmocka_unit_test(whether_it_would_work_is_tried_in_a_child),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
