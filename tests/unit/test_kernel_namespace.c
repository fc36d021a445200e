/*
 * kernel/namespace: what is said where no namespace can be made.
 *
 * wrap: unshare
 */
#include "kernel/namespace.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>

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
    assert_refused(EINVAL, 0, 1, "no user or IPC namespaces");
    assert_refused(ENOMEM, 0, 1, "no namespace can be made");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_may_needs_no_user_namespace),
        cmocka_unit_test(refusals_are_explained),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
