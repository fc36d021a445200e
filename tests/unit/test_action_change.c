/*
 * action/change: which calls a change takes, and what is made of the kernel's answers.
 *
 * wrap: shmctl
 */
#include <errno.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "action/change.h"
#include "unit.h"

#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY 15
#endif

/* --- A kernel with one segment, 5 ------------------------------------------------------------- */

static struct {
    struct segment segment;
    int calls[8]; /* that change it */
    size_t call_count;
    int refused;      /* this call is: a command of shmctl; -1: none */
    int code;         /* with this errno */
    bool huge;        /* SHM_LOCK does nothing to it */
    bool gone;        /* from the first reading on */
    uid_t then_owner; /* to whom somebody gives it right after IPC_SET; 0: nobody does */
} kernel;

int __wrap_shmctl(int shmid, int command, struct shmid_ds *ds);

static int set_access(const struct shmid_ds *ds)
{
    kernel.segment.uid = ds->shm_perm.uid;
    kernel.segment.gid = ds->shm_perm.gid;
    kernel.segment.mode = (kernel.segment.mode & ~0777U) | (ds->shm_perm.mode & 0777U);
    if (kernel.then_owner)
        kernel.segment.uid = kernel.then_owner;
    return 0;
}

int __wrap_shmctl(int shmid, int command, struct shmid_ds *ds)
{
    assert_int_equal(shmid, 5);
    errno = kernel.gone ? EINVAL : kernel.code;
    if (kernel.gone && (command == SHM_STAT_ANY || command == IPC_STAT))
        return -1;
    if (command == SHM_STAT_ANY || command == IPC_STAT) {
        *ds = (struct shmid_ds){0};
        ds->shm_perm.uid = kernel.segment.uid;
        ds->shm_perm.gid = kernel.segment.gid;
        ds->shm_perm.mode = (__typeof__(ds->shm_perm.mode))kernel.segment.mode;
        return command == SHM_STAT_ANY ? shmid : 0;
    }
    assert_in_range(kernel.call_count, 0, COUNT_OF(kernel.calls) - 1);
    kernel.calls[kernel.call_count++] = command;
    if (command == kernel.refused)
        return -1;
    if (command == SHM_LOCK && !kernel.huge)
        kernel.segment.mode |= SEGMENT_LOCKED;
    else if (command == SHM_UNLOCK)
        kernel.segment.mode &= ~SEGMENT_LOCKED;
    return command == IPC_SET ? set_access(ds) : 0;
}

static int setup(void **state)
{
    (void)state;
    kernel = (__typeof__(kernel)){.refused = -1};
    kernel.segment = (struct segment){.shmid = 5, .uid = 1, .gid = 2, .mode = 0600};
    return 0;
}

static const struct change perms = {.values = {[CHANGE_PERMS] = "640"}};
static const struct change lock = {.values = {[CHANGE_LOCKED] = "yes"}, .locked = true};
static const struct change gift = {
    .values = {[CHANGE_OWNER] = "7", [CHANGE_LOCKED] = "yes"}, .uid = 7, .locked = true};

/* Demands that CHANGE has this answer. */
static void assert_answer(const struct change *change, int expected)
{
    const struct segment now = kernel.segment;

    assert_int_equal(change_segment(change, &now), expected);
}

/* --- Tests ------------------------------------------------------------------------------------ */

static void only_what_differs_is_written(void **state)
{
    const struct change as_it_is = {.values = {"1", "2", "u=rw", "no"}, .uid = 1, .gid = 2};

    (void)state;
    assert_answer(&as_it_is, 0);
    assert_int_equal(kernel.call_count, 0);
    assert_answer(&perms, 0);
    assert_int_equal(kernel.call_count, 1);
    assert_int_equal(kernel.calls[0], IPC_SET);
    assert_int_equal(kernel.segment.mode, 0640);
    assert_int_equal(kernel.segment.uid, 1);
    assert_int_equal(kernel.segment.gid, 2);
    assert_answer(&lock, 0);
    assert_int_equal(kernel.call_count, 2);
    assert_int_equal(kernel.calls[1], SHM_LOCK);
}

static void it_is_locked_before_it_is_given_away(void **state)
{
    (void)state;
    assert_answer(&gift, 0);
    assert_int_equal(kernel.call_count, 2);
    assert_int_equal(kernel.calls[0], SHM_LOCK);
    assert_int_equal(kernel.calls[1], IPC_SET);
}

static void what_cannot_be_given_away_is_unlocked_again(void **state)
{
    (void)state;
    kernel.refused = IPC_SET;
    kernel.code = EINVAL; /* a user that the user namespace does not map */
    assert_answer(&gift, -EINVAL);
    assert_int_equal(kernel.call_count, 3);
    assert_int_equal(kernel.calls[2], SHM_UNLOCK);
    assert_int_equal(kernel.segment.mode, 0600);
}

static void what_cannot_be_locked_is_not_given_away(void **state)
{
    (void)state;
    kernel.refused = SHM_LOCK;
    kernel.code = ENOMEM;
    assert_answer(&gift, -ENOMEM);
    assert_int_equal(kernel.call_count, 1);
    assert_int_equal(kernel.segment.uid, 1);
}

static void one_that_is_gone_is_not_one_with_a_wrong_owner(void **state)
{
    (void)state;
    kernel.refused = IPC_SET;
    kernel.code = EINVAL;
    kernel.gone = true;
    assert_answer(&perms, -ENOENT);
    kernel.code = EIDRM;
    kernel.gone = false;
    assert_answer(&perms, -ENOENT);
    setup(NULL);
    kernel.gone = true; /* after IPC_SET */
    assert_answer(&perms, -ENOENT);
}

static void what_somebody_else_wrote_then_is_not_what_was_asked_for(void **state)
{
    (void)state;
    kernel.then_owner = 9;
    assert_answer(&perms, -ESTALE);
    assert_int_equal(kernel.segment.mode, 0640);
}

static void huge_pages_are_not_locked(void **state)
{
    (void)state;
    kernel.huge = true;
    assert_answer(&lock, -ESTALE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(only_what_differs_is_written, setup),
        cmocka_unit_test_setup(it_is_locked_before_it_is_given_away, setup),
        cmocka_unit_test_setup(what_cannot_be_given_away_is_unlocked_again, setup),
        cmocka_unit_test_setup(what_cannot_be_locked_is_not_given_away, setup),
        cmocka_unit_test_setup(one_that_is_gone_is_not_one_with_a_wrong_owner, setup),
        cmocka_unit_test_setup(what_somebody_else_wrote_then_is_not_what_was_asked_for, setup),
        cmocka_unit_test_setup(huge_pages_are_not_locked, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
