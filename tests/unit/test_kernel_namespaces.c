/*
 * kernel/namespaces: namespaces entered and left, in place and by a child.
 *
 * wrap: setns
 */
#include "kernel/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipcns.h"
#include "kernel/attach.h"
#include "kernel/source.h"
#include "kernel/system.h"
#include "otherns.h"
#include "tree.h"
#include "unit.h"

enum { SOMEBODY = 54321, OUR_KEY = 0x0a0a };

/* The calls to come that are refused, and the rest that are not. */
static int refused;
static int refused_with = EPERM;

int __real_setns(int fd, int type);
int __wrap_setns(int fd, int type);

int __wrap_setns(int fd, int type)
{
    if (refused == 0)
        return __real_setns(fd, type);
    refused--;
    errno = refused_with;
    return -1;
}

/* Reads the one segment that there is. */
static struct segment read_one(const struct procfs *procfs, bool without_usage)
{
    CLEANUP_SEGMENT_LIST struct segment_list list = SEGMENT_LIST_INIT;

    assert_int_equal(source_read(procfs, without_usage, &list, NULL, NULL), 0);
    assert_int_equal(list.count, 1);
    return list.items[0];
}

static void begin(struct procfs *procfs)
{
    ipcns_enter();
    refused = 0;
    refused_with = EPERM;
    assert_int_equal(procfs_open(procfs, NULL, NULL), 0);
    ipcns_segment(OUR_KEY, 1, 0600);
}

static void in_place_and_back(void **state)
{
    struct namespace_entry entry;
    struct procfs procfs;
    struct otherns other;

    (void)state;
    otherns_need_root();
    begin(&procfs);
    otherns_start(&procfs, &other);
    assert_int_equal(namespace_enter(&procfs, &other.namespace, &entry, NULL), 0);
    assert_null(procfs.inside);
    assert_int_equal(read_one(&procfs, false).key, OTHERNS_KEY);
    assert_int_equal(read_one(&procfs, true).key, OTHERNS_KEY);
    assert_int_equal(namespace_return(&procfs, &entry, NULL), 0);
    assert_int_equal(read_one(&procfs, true).key, OUR_KEY);
    otherns_end(&other);
    procfs_close(&procfs);
}

/* What was never filled in, and what was undone before, names no descriptors. */
static void nothing_is_undone_twice(void **state)
{
    struct namespace_entry entry = {0};
    struct procfs procfs;

    (void)state;
    begin(&procfs);
    refused = 2;
    for (int i = 0; i < 2; i++)
        assert_int_equal(namespace_return(&procfs, &entry, NULL), 0);
    assert_int_equal(refused, 2);
    assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
    procfs_close(&procfs);
}

static void the_own_one_is_not_left(void **state)
{
    static const struct ipc_namespace_list nothing = {0};
    struct namespace_entry entry;
    struct ipc_namespace own;
    struct procfs procfs;

    (void)state;
    begin(&procfs);
    assert_int_equal(namespaces_resolve(&procfs, &nothing, "/proc/self/ns/ipc", &own, NULL), 0);
    assert_true(own.own);
    refused = 9;
    assert_int_equal(namespace_enter(&procfs, &own, &entry, NULL), 0);
    assert_int_equal(read_one(&procfs, true).key, OUR_KEY);
    assert_int_equal(namespace_return(&procfs, &entry, NULL), 0);
    assert_int_equal(refused, 9);
    namespaces_release_one(&own);
    procfs_close(&procfs);
}

/* Where the way back is closed, nobody goes there but a child. */
static void by_a_child_without_a_way_back(void **state)
{
    struct attachment_list attached;
    struct namespace_entry entry;
    struct procfs procfs;
    struct otherns other;
    int lowest;

    (void)state;
    otherns_need_root();
    begin(&procfs);
    otherns_start(&procfs, &other);
    lowest = lowest_descriptor();
    refused = 1; /* the trial of the way back */
    assert_int_equal(namespace_enter(&procfs, &other.namespace, &entry, NULL), 0);
    assert_non_null(procfs.inside);
    assert_int_equal(read_one(&procfs, false).key, OTHERNS_KEY);
    assert_int_equal(read_one(&procfs, true).key, OTHERNS_KEY);
    assert_int_equal(read_one(&procfs, true).uid, 0);
    assert_int_equal(attach_scan(&procfs, false, &attached, NULL), 0);
    assert_int_equal(attached.count, 1);
    assert_int_equal(attached.items[0].pid, other.pid);
    attachment_list_release(&attached);
    assert_int_equal(namespace_return(&procfs, &entry, NULL), 0);
    assert_null(procfs.inside);
    assert_int_equal(read_one(&procfs, true).key, OUR_KEY);
    assert_int_equal(lowest_descriptor(), lowest);
    assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), 0); /* the other one alone is left */
    otherns_end(&other);
    procfs_close(&procfs);
}

/* Runs TEST in a child as an ordinary user. */
static void as_somebody(void (*test)(void))
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        if (setgroups(0, NULL) < 0 || setresgid(SOMEBODY, SOMEBODY, SOMEBODY) < 0 ||
            setresuid(SOMEBODY, SOMEBODY, SOMEBODY) < 0)
            _exit(2);
        prctl(PR_SET_DUMPABLE, 1);
        signal(SIGCHLD, SIG_IGN); /* as it may have been inherited */
        test();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip_because("users may make no user namespaces here");
    assert_int_equal(status, 0);
}

static void must(bool true_here, const char *what)
{
    if (true_here)
        return;
    fprintf(stderr, "not so: %s\n", what);
    _exit(1);
}
#define MUST(condition) must((condition), #condition)

static void read_rootless(void)
{
    struct namespace_entry entry;
    struct segment segment;
    struct procfs procfs;
    struct otherns other;
    uid_t owner;

    MUST(procfs_open(&procfs, NULL, NULL) == 0);
    if (!otherns_try(&procfs, &other))
        _exit(77);
    MUST(namespaces_owner(&procfs, &other.namespace, &owner) && owner == SOMEBODY);
    MUST(namespace_enter(&procfs, &other.namespace, &entry, NULL) == 0);
    MUST(procfs.inside && procfs.inside->number == other.namespace.number);
    segment = read_one(&procfs, false);
    MUST(segment.key == OTHERNS_KEY && segment.cpid == other.pid);
    /* Inside they are 5 and 7. */
    MUST(segment.uid == SOMEBODY && segment.cuid == SOMEBODY);
    MUST(segment.gid == SOMEBODY && segment.cgid == SOMEBODY);
    MUST(namespace_return(&procfs, &entry, NULL) == 0);
    MUST(read_one(&procfs, true).key == OUR_KEY);
    kill(other.pid, SIGKILL);
}

static void a_rootless_one_shows_the_ids_outside(void **state)
{
    struct procfs procfs;

    (void)state;
    otherns_need_root();
    begin(&procfs);
    as_somebody(read_rootless);
    procfs_close(&procfs);
}

static void assert_refusal(struct procfs *procfs, const struct otherns *other, int count,
                           const char *words)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct namespace_entry entry;
    int lowest = lowest_descriptor();

    refused = count;
    assert_int_equal(namespace_enter(procfs, &other->namespace, &entry, &err), -refused_with);
    refused = 0;
    if (strcmp(err.text, words) != 0)
        fail_msg("'%s' is not '%s'", err.text, words);
    assert_null(procfs->inside);
    assert_int_equal(namespace_return(procfs, &entry, NULL), 0);
    assert_int_equal(lowest_descriptor(), lowest);
    assert_int_equal(read_one(procfs, true).key, OUR_KEY);
}

static void refusals_are_explained(void **state)
{
    struct procfs procfs;
    struct otherns other;

    (void)state;
    otherns_need_root();
    begin(&procfs);
    otherns_start(&procfs, &other);
    /* Nothing is missing, and it is refused all the same; to the child too. */
    assert_refusal(&procfs, &other, 9,
                   "Operation not permitted: a seccomp filter (RestrictNamespaces= of a systemd "
                   "unit) or a security module forbids it, for no capability is missing");
    refused_with = ENOMEM;
    assert_refusal(&procfs, &other, 1, "Cannot allocate memory");
    otherns_end(&other);
    procfs_close(&procfs);
}

static void a_way_back_that_is_lost_is_an_error(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct namespace_entry entry;
    struct procfs procfs;
    struct otherns other;
    int own;

    (void)state;
    otherns_need_root();
    begin(&procfs);
    otherns_start(&procfs, &other);
    own = open("/proc/self/ns/ipc", O_RDONLY | O_CLOEXEC);
    assert_int_equal(namespace_enter(&procfs, &other.namespace, &entry, NULL), 0);
    refused = 1;
    assert_int_equal(namespace_return(&procfs, &entry, &err), -EPERM);
    assert_string_equal(err.text, "the way back from an IPC namespace: Operation not permitted");
    assert_int_equal(__real_setns(own, CLONE_NEWIPC), 0);
    close(own);
    otherns_end(&other);
    procfs_close(&procfs);
}

static void all_are_found_once(void **state)
{
    CLEANUP_NAMESPACES struct ipc_namespace_list list = {0};
    const struct ipc_namespace *found;
    struct procfs procfs;
    struct otherns other;
    uid_t owner;

    (void)state;
    otherns_need_root();
    begin(&procfs);
    otherns_start(&procfs, &other);
    assert_int_equal(namespaces_find(&procfs, &list, NULL), 0);
    assert_true(list.items[0].own);
    for (size_t i = 2; i < list.count; i++)
        assert_true(list.items[i - 1].number < list.items[i].number);
    found = ipc_namespace_list_find(&list, other.namespace.number, other.namespace.device);
    assert_non_null(found);
    assert_int_equal(found->processes, 1);
    assert_int_equal(found->pid, other.pid);
    assert_int_equal(found->held_count, 1);
    assert_string_equal(found->held[0], "processes");
    assert_true(namespaces_owner(&procfs, found, &owner));
    assert_int_equal(owner, 0);
    otherns_end(&other);
    procfs_close(&procfs);
}

static void where_no_capability_is_missing_the_reason_is_a_guess(void **state)
{
    struct procfs procfs;

    (void)state;
    assert_int_equal(procfs_open(&procfs, NULL, NULL), 0);
    if (!has_capability_over(&procfs, -1, CAP_SYS_PTRACE) || !is_initial_user_namespace(&procfs))
        skip_because("CAP_SYS_PTRACE is needed in the initial user namespace");
    assert_string_equal(namespaces_unreadable_why(&procfs),
                        "perhaps a security module forbids it: CAP_SYS_PTRACE is not missing");
    procfs_close(&procfs);
}

static void names_are_left_to_others(void **state)
{
    static const struct ipc_namespace_list nothing = {0};
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct ipc_namespace namespace;
    struct procfs procfs;

    (void)state;
    assert_int_equal(procfs_open(&procfs, NULL, NULL), 0);
    assert_int_equal(namespaces_resolve(&procfs, &nothing, "web", &namespace, &err), -ENODATA);
    assert_int_equal(namespaces_resolve(&procfs, &nothing, "5000000", &namespace, &err), -EINVAL);
    assert_int_equal(namespaces_resolve(&procfs, &nothing, "4194304", &namespace, &err), -ENOENT);
    procfs_close(&procfs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(in_place_and_back, ipcns_teardown),
        cmocka_unit_test_teardown(nothing_is_undone_twice, ipcns_teardown),
        cmocka_unit_test_teardown(the_own_one_is_not_left, ipcns_teardown),
        cmocka_unit_test_teardown(by_a_child_without_a_way_back, ipcns_teardown),
        cmocka_unit_test_teardown(a_rootless_one_shows_the_ids_outside, ipcns_teardown),
        cmocka_unit_test_teardown(refusals_are_explained, ipcns_teardown),
        cmocka_unit_test_teardown(a_way_back_that_is_lost_is_an_error, ipcns_teardown),
        cmocka_unit_test_teardown(all_are_found_once, ipcns_teardown),
        cmocka_unit_test(where_no_capability_is_missing_the_reason_is_a_guess),
        cmocka_unit_test(names_are_left_to_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
