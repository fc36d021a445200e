/*
 * kernel/system: capabilities in the IPC namespace, each tested against what the kernel then
 * allows.
 *
 * A child tells what it read of itself and whether shmget gave it a segment of somebody else's
 * with mode 0: that takes CAP_IPC_OWNER.
 */
#include "kernel/system.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipcns.h"
#include "unit.h"

enum { KEY = 0x5eed, SOMEBODY = 12345, NOT_ALLOWED = 77 };

struct answer {
    bool ipc_owner; /* as credentials_read() has it */
    bool allowed;   /* as shmget has it */
    bool admin;
    bool sets_limits;
    bool opens_limits; /* the kernel lets it write them */
    bool private_user;
    uid_t euid;
    gid_t egid;
    size_t groups;
    gid_t group; /* the first one */
};

static struct credentials read_caller(void)
{
    struct procfs procfs;
    struct credentials credentials;

    assert_int_equal(procfs_open(&procfs, NULL, NULL), 0);
    assert_int_equal(credentials_read(&procfs, &credentials, NULL), 0);
    procfs_close(&procfs);
    return credentials;
}

static bool drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

    return syscall(SYS_capset, &header, data) == 0;
}

/* What CREDENTIALS says, which are released. */
static struct answer answer_of(struct credentials *credentials)
{
    struct answer answer = {
        .ipc_owner = credentials->ipc_owner,
        .admin = credentials->sys_admin,
        .sets_limits = credentials->sets_limits,
        .private_user = credentials->private_user,
        .euid = credentials->euid,
        .egid = credentials->egid,
        .groups = credentials->group_count,
        .group = credentials->group_count > 0 ? credentials->groups[0] : 0,
    };

    credentials_release(credentials);
    return answer;
}

/* From outside the process has the same credentials; its ids are those of our user namespace. */
static void assert_same_from_outside(pid_t pid, const struct answer *answer)
{
    struct procfs procfs;
    struct credentials credentials;
    struct answer outside;

    assert_int_equal(procfs_open(&procfs, NULL, NULL), 0);
    assert_int_equal(credentials_read_of(&procfs, pid, &credentials, NULL), 0);
    procfs_close(&procfs);
    outside = answer_of(&credentials);
    assert_int_equal(outside.ipc_owner, answer->ipc_owner);
    assert_int_equal(outside.admin, answer->admin);
    assert_int_equal(outside.private_user, answer->private_user);
    assert_int_equal(outside.groups, answer->groups);
    if (answer->private_user)
        return;
    assert_int_equal(outside.euid, answer->euid);
    assert_int_equal(outside.egid, answer->egid);
    assert_int_equal(outside.group, answer->group);
}

/* Runs CHANGE in a child, then looks. */
static struct answer look_after(bool (*change)(void))
{
    struct answer answer = {0};
    int ends[2];
    int hold[2];
    int status;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pipe(hold), 0);
    child = fork();
    if (child == 0) {
        struct credentials credentials;
        char byte;

        close(hold[1]);
        if (!change())
            _exit(NOT_ALLOWED);
        credentials = read_caller();
        answer = answer_of(&credentials);
        answer.opens_limits = open("/proc/sys/kernel/shmmax", O_WRONLY | O_CLOEXEC) >= 0;
        answer.allowed = shmget(KEY, 0, 0600) >= 0;
        if (write(ends[1], &answer, sizeof(answer)) != sizeof(answer))
            _exit(2);
        _exit(read(hold[0], &byte, 1) == 0 ? 0 : 2);
    }
    close(ends[1]);
    close(hold[0]);
    if (read(ends[0], &answer, sizeof(answer)) == sizeof(answer))
        assert_same_from_outside(child, &answer);
    close(hold[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    close(ends[0]);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_ALLOWED)
        skip_because("makes no user namespaces");
    assert_int_equal(status, 0);
    return answer;
}

/* A segment that nobody may use but by right. */
static void make_segment(void)
{
    struct shmid_ds ds;
    int id;

    ipcns_enter();
    if (geteuid() != 0 || setgroups(0, NULL) < 0)
        skip_because("other users are needed, and root to become them");
    assert_int_equal(setegid(SOMEBODY), 0);
    assert_int_equal(seteuid(SOMEBODY), 0);
    id = ipcns_segment(KEY, 1, 0600);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(setegid(0), 0);
    assert_int_equal(shmctl(id, IPC_STAT, &ds), 0);
    ds.shm_perm.mode = 0;
    assert_int_equal(shmctl(id, IPC_SET, &ds), 0);
}

static bool as_root(void)
{
    return true;
}

static bool as_somebody(void)
{
    const gid_t groups[] = {8, 9};

    return setgroups(2, groups) == 0 && setresgid(7, 7, 7) == 0 && setresuid(7, 7, 7) == 0;
}

static bool in_user_namespace(void)
{
    /* All capabilities there, none in the IPC namespace that was there before. */
    return unshare(CLONE_NEWUSER) == 0;
}

static void root_has_the_right(void **state)
{
    struct answer answer;

    (void)state;
    make_segment();
    answer = look_after(as_root);
    assert_true(answer.ipc_owner);
    assert_true(answer.admin);
    assert_true(answer.allowed);
    assert_true(answer.sets_limits);
}

static void root_may_be_without_it(void **state)
{
    struct answer answer;

    (void)state;
    make_segment();
    answer = look_after(drop_capabilities);
    assert_false(answer.ipc_owner);
    assert_false(answer.admin);
    assert_false(answer.allowed);
}

static void an_ordinary_user_has_none(void **state)
{
    struct answer answer;

    (void)state;
    make_segment();
    answer = look_after(as_somebody);
    assert_int_equal(answer.euid, 7);
    assert_int_equal(answer.egid, 7);
    assert_int_equal(answer.groups, 2);
    assert_int_equal(answer.group, 8);
    assert_false(answer.ipc_owner);
    assert_false(answer.allowed);
    assert_false(answer.sets_limits);
    assert_false(answer.opens_limits);
}

static void a_process_that_is_not_there_has_none(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct procfs procfs;
    struct credentials credentials;

    (void)state;
    assert_int_equal(procfs_open(&procfs, NULL, NULL), 0);
    assert_int_equal(credentials_read_of(&procfs, INT_MAX, &credentials, &err), -ENOENT);
    assert_non_null(err.text);
    procfs_close(&procfs);
}

static void root_of_a_user_namespace_has_none_outside(void **state)
{
    struct answer answer;

    (void)state;
    make_segment();
    answer = look_after(in_user_namespace);
    assert_false(answer.ipc_owner);
    assert_false(answer.admin);
    assert_false(answer.allowed);
}

/* Waits in a user and an IPC namespace of its own until its pipe is closed. */
static pid_t start_inmate(int *ret_pipe)
{
    int ready[2];
    int hold[2];
    char byte;
    pid_t child;

    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(hold), 0);
    child = fork();
    if (child == 0) {
        close(hold[1]);
        /* Segments of uid 0 in there are nobody's that the parent's namespace could name. */
        if (unshare(CLONE_NEWUSER | CLONE_NEWIPC) < 0 || shmget(KEY, 1, IPC_CREAT | IPC_EXCL) < 0 ||
            write(ready[1], "r", 1) != 1)
            _exit(1);
        _exit(read(hold[0], &byte, 1) == 0 ? 0 : 2);
    }
    close(ready[1]);
    close(hold[0]);
    if (read(ready[0], &byte, 1) != 1)
        skip_because("makes no user namespaces");
    close(ready[0]);
    *ret_pipe = hold[1];
    return child;
}

static int inmate_ipc;

static bool visit_without_capabilities(void)
{
    return setns(inmate_ipc, CLONE_NEWIPC) == 0 && drop_capabilities();
}

static bool visit_as_another(void)
{
    return setns(inmate_ipc, CLONE_NEWIPC) == 0 && setresuid(7, 7, 7) == 0;
}

/* Who made a user namespace has every right in it, whatever he has outside. */
static void the_maker_of_a_user_namespace_has_all_capabilities_in_it(void **state)
{
    char path[64];
    int held;
    int status;
    pid_t inmate;
    struct answer answer;

    (void)state;
    make_segment();
    inmate = start_inmate(&held);
    snprintf(path, sizeof(path), "/proc/%d/ns/ipc", (int)inmate);
    inmate_ipc = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(inmate_ipc >= 0);
    answer = look_after(visit_without_capabilities);
    assert_true(answer.ipc_owner);
    assert_true(answer.admin);
    assert_true(answer.allowed);
    answer = look_after(visit_as_another);
    assert_false(answer.ipc_owner);
    assert_false(answer.allowed);
    close(inmate_ipc);
    close(held);
    assert_int_equal(waitpid(inmate, &status, 0), inmate);
    assert_int_equal(status, 0);
}

static void ids_and_groups_are_the_effective_ones(void **state)
{
    gid_t groups[] = {11, 22, 33};
    struct credentials credentials;

    (void)state;
    if (geteuid() == 0 && setgroups(COUNT_OF(groups), groups) == 0) {
        assert_int_equal(setegid(44), 0);
        assert_int_equal(seteuid(55), 0);
        credentials = read_caller();
        assert_int_equal(seteuid(0), 0);
        assert_int_equal(setegid(0), 0);
        assert_int_equal(credentials.euid, 55);
        assert_int_equal(credentials.egid, 44);
        assert_int_equal(credentials.group_count, COUNT_OF(groups));
        assert_memory_equal(credentials.groups, groups, sizeof(groups));
        assert_false(credentials.ipc_owner);
        assert_false(credentials.init_admin);
    } else {
        credentials = read_caller();
        assert_int_equal(credentials.euid, geteuid());
        assert_int_equal(credentials.egid, getegid());
        assert_int_equal(credentials.group_count, getgroups(0, NULL));
    }
    credentials_release(&credentials);
    assert_null(credentials.groups);
    assert_int_equal(credentials.group_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_and_groups_are_the_effective_ones),
        cmocka_unit_test_teardown(root_has_the_right, ipcns_teardown),
        cmocka_unit_test_teardown(root_may_be_without_it, ipcns_teardown),
        cmocka_unit_test(a_process_that_is_not_there_has_none),
        cmocka_unit_test_teardown(an_ordinary_user_has_none, ipcns_teardown),
        cmocka_unit_test_teardown(root_of_a_user_namespace_has_none_outside, ipcns_teardown),
        cmocka_unit_test_teardown(the_maker_of_a_user_namespace_has_all_capabilities_in_it,
                                  ipcns_teardown),
    };

    return cmocka_run_group_tests_name("kernel/system: credentials", tests, NULL, NULL);
}
