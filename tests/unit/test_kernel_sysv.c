/*
 * kernel/sysv: what the shm calls answer, scripted first and real then.
 *
 * wrap: shmctl
 */
#include "kernel/sysv.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ipcns.h"
#include "record.h"
#include "unit.h"

#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY 15
#endif

int __real_shmctl(int shmid, int command, struct shmid_ds *ds);
int __wrap_shmctl(int shmid, int command, struct shmid_ds *ds);

/* One call that must come, and its answer: a result, or a negative errno. */
struct call {
    int shmid;
    int command;
    int answer;
};

/* The calls that must come next; NULL: the kernel itself answers. */
static const struct call *script;
static size_t script_left;

/* What a scripted call fills in when it succeeds. */
static struct shmid_ds scripted_ds(void)
{
    struct shmid_ds ds = {0};

    ds.shm_perm.__key = (key_t)0xdeadbeef;
    ds.shm_perm.uid = 4294967294U;
    ds.shm_perm.gid = 1002;
    ds.shm_perm.cuid = 1003;
    ds.shm_perm.cgid = 1004;
    ds.shm_perm.mode = 01600;
    ds.shm_segsz = SIZE_MAX;
    ds.shm_atime = 1795299003;
    ds.shm_dtime = 1795299002;
    ds.shm_ctime = 1795299001;
    ds.shm_cpid = 4194304;
    ds.shm_lpid = 4194303;
    ds.shm_nattch = ULONG_MAX - 1;
    return ds;
}

int __wrap_shmctl(int shmid, int command, struct shmid_ds *ds)
{
    struct call call;

    if (!script)
        return __real_shmctl(shmid, command, ds);
    if (script_left == 0)
        fail_msg("shmctl(%d, %d) was not expected", shmid, command);
    call = *script++;
    script_left--;
    assert_int_equal(shmid, call.shmid);
    assert_int_equal(command, call.command);
    if (call.answer < 0) {
        errno = -call.answer;
        return -1;
    }
    if (command != IPC_RMID && command != IPC_INFO)
        *ds = scripted_ds();
    return call.answer;
}

#define SCRIPT(...) \
    do { \
        static const struct call calls_[] = {__VA_ARGS__}; \
        script = calls_; \
        script_left = COUNT_OF(calls_); \
    } while (0)

/* For each scripted test: all calls must have come. */
static int end_script(void **state)
{
    (void)state;
    script = NULL;
    return script_left == 0 ? 0 : -1;
}

static void assert_scripted(const struct segment *segment, int shmid)
{
    assert_int_equal(segment->shmid, shmid);
    assert_int_equal(segment->key, 0xdeadbeef);
    assert_int_equal(segment->mode, 01600);
    assert_int_equal(segment->uid, 4294967294U);
    assert_int_equal(segment->gid, 1002);
    assert_int_equal(segment->cuid, 1003);
    assert_int_equal(segment->cgid, 1004);
    assert_int_equal(segment->cpid, 4194304);
    assert_int_equal(segment->lpid, 4194303);
    assert_true(segment->size == SIZE_MAX);
    assert_int_equal(segment->nattch, ULONG_MAX - 1);
    assert_int_equal(segment->atime, 1795299003);
    assert_int_equal(segment->dtime, 1795299002);
    assert_int_equal(segment->ctime, 1795299001);
    assert_false(segment->has_rss || segment->has_swap);
}

static void stat_asks_without_needing_permission(void **state)
{
    struct segment segment;

    (void)state;
    SCRIPT({395837454, SHM_STAT_ANY, 395837454});
    assert_int_equal(sysv_stat(395837454, &segment), 0);
    assert_scripted(&segment, 395837454);
}

static void stat_finds_id_0(void **state)
{
    struct segment segment;

    (void)state;
    SCRIPT({0, SHM_STAT_ANY, 0});
    assert_int_equal(sysv_stat(0, &segment), 0);
    assert_scripted(&segment, 0);
}

static void stat_asks_older_kernels_too(void **state)
{
    struct segment segment;

    (void)state;
    SCRIPT({1867776, SHM_STAT_ANY, -EINVAL}, {1867776, IPC_STAT, 0});
    assert_int_equal(sysv_stat(1867776, &segment), 0);
    assert_scripted(&segment, 1867776);
}

/* Runs sysv_stat(32771) by the script; it must fail with CODE and touch nothing. */
static void assert_stat_fails(int code)
{
    struct segment untouched;
    struct segment segment;

    memset(&untouched, 0x5a, sizeof(untouched));
    segment = untouched;
    assert_int_equal(sysv_stat(32771, &segment), -code);
    assert_memory_equal(&segment, &untouched, sizeof(segment));
}

static void stat_tells_another_segment_at_the_same_index(void **state)
{
    (void)state;
    SCRIPT({32771, SHM_STAT_ANY, 65539});
    assert_stat_fails(ENOENT);
}

static void stat_takes_both_words_for_gone(void **state)
{
    (void)state;
    SCRIPT({32771, SHM_STAT_ANY, -EINVAL}, {32771, IPC_STAT, -EINVAL});
    assert_stat_fails(ENOENT);
    SCRIPT({32771, SHM_STAT_ANY, -EINVAL}, {32771, IPC_STAT, -EIDRM});
    assert_stat_fails(ENOENT);
    SCRIPT({32771, SHM_STAT_ANY, -EIDRM}, {32771, IPC_STAT, -EIDRM});
    assert_stat_fails(ENOENT);
}

static void stat_passes_other_errors_on(void **state)
{
    (void)state;
    SCRIPT({32771, SHM_STAT_ANY, -EINVAL}, {32771, IPC_STAT, -EACCES});
    assert_stat_fails(EACCES);
    SCRIPT({32771, SHM_STAT_ANY, -EACCES});
    assert_stat_fails(EACCES);
    SCRIPT({32771, SHM_STAT_ANY, -EPERM});
    assert_stat_fails(EPERM);
    SCRIPT({32771, SHM_STAT_ANY, -ENOSYS});
    assert_stat_fails(ENOSYS);
    SCRIPT({32771, SHM_STAT_ANY, -EOVERFLOW});
    assert_stat_fails(EOVERFLOW);
}

static void exists_unless_the_kernel_says_gone(void **state)
{
    (void)state;
    SCRIPT({5, IPC_STAT, 0});
    assert_true(sysv_exists(5));
    SCRIPT({0, IPC_STAT, -EACCES});
    assert_true(sysv_exists(0));
    SCRIPT({5, IPC_STAT, -EINVAL});
    assert_false(sysv_exists(5));
    SCRIPT({5, IPC_STAT, -EIDRM});
    assert_false(sysv_exists(5));
}

static void index_gives_the_whole_id(void **state)
{
    struct segment segment;

    (void)state;
    SCRIPT({14, SHM_STAT_ANY, 395837454});
    assert_int_equal(sysv_stat_index(14, &segment), 0);
    assert_scripted(&segment, 395837454);
    SCRIPT({0, SHM_STAT_ANY, 0});
    assert_int_equal(sysv_stat_index(0, &segment), 0);
    assert_scripted(&segment, 0);
}

static void index_asks_older_kernels_too(void **state)
{
    struct segment segment;

    (void)state;
    SCRIPT({14, SHM_STAT_ANY, -EINVAL}, {14, SHM_STAT, 32782});
    assert_int_equal(sysv_stat_index(14, &segment), 0);
    assert_scripted(&segment, 32782);
}

/* Runs sysv_stat_index(3) by the script; it must fail with CODE and touch nothing. */
static void assert_index_fails(int code)
{
    struct segment untouched;
    struct segment segment;

    memset(&untouched, 0x5a, sizeof(untouched));
    segment = untouched;
    assert_int_equal(sysv_stat_index(3, &segment), -code);
    assert_memory_equal(&segment, &untouched, sizeof(segment));
}

static void index_tells_a_hole_from_a_failure(void **state)
{
    (void)state;
    SCRIPT({3, SHM_STAT_ANY, -EINVAL}, {3, SHM_STAT, -EINVAL});
    assert_index_fails(ENOENT);
    SCRIPT({3, SHM_STAT_ANY, -EIDRM}, {3, SHM_STAT, -EIDRM});
    assert_index_fails(ENOENT);
    SCRIPT({3, SHM_STAT_ANY, -EINVAL}, {3, SHM_STAT, -EACCES});
    assert_index_fails(EACCES);
    SCRIPT({3, SHM_STAT_ANY, -EACCES});
    assert_index_fails(EACCES);
    SCRIPT({3, SHM_STAT_ANY, -ENOSYS});
    assert_index_fails(ENOSYS);
}

static void highest_index_is_passed_on(void **state)
{
    int highest = -7;

    (void)state;
    SCRIPT({0, IPC_INFO, 0});
    assert_int_equal(sysv_highest_index(&highest), 0);
    assert_int_equal(highest, 0);
    SCRIPT({0, IPC_INFO, 16777215});
    assert_int_equal(sysv_highest_index(&highest), 0);
    assert_int_equal(highest, 16777215);
    SCRIPT({0, IPC_INFO, -ENOSYS});
    highest = -7;
    assert_int_equal(sysv_highest_index(&highest), -ENOSYS);
    assert_int_equal(highest, -7);
}

static void remove_passes_each_answer_on(void **state)
{
    (void)state;
    SCRIPT({395837454, IPC_RMID, 0});
    assert_int_equal(sysv_remove(395837454), 0);
    SCRIPT({0, IPC_RMID, 0});
    assert_int_equal(sysv_remove(0), 0);
    SCRIPT({5, IPC_RMID, -EPERM});
    assert_int_equal(sysv_remove(5), -EPERM);
    SCRIPT({5, IPC_RMID, -EIDRM});
    assert_int_equal(sysv_remove(5), -EIDRM);
    SCRIPT({5, IPC_RMID, -EINVAL});
    assert_int_equal(sysv_remove(5), -EINVAL);
    SCRIPT({5, IPC_RMID, -ENOSYS});
    assert_int_equal(sysv_remove(5), -ENOSYS);
}

/* --- On real segments ------------------------------------------------------------------------- */

/* Where an existing segment stands in the kernel's table. */
static int index_of(int shmid)
{
    struct segment segment;
    int highest = -1;
    int index = 0;

    assert_int_equal(sysv_highest_index(&highest), 0);
    while (index <= highest && (sysv_stat_index(index, &segment) != 0 || segment.shmid != shmid))
        index++;
    assert_in_range(index, 0, highest);
    return index;
}

static void real_segment_is_read_as_it_is(void **state)
{
    struct segment by_id;
    struct segment by_index;
    time_t before = time(NULL);
    int shmid;

    (void)state;
    ipcns_enter();
    shmid = ipcns_segment((int)0x80143511, 12345, 0640);
    assert_int_equal(sysv_stat(shmid, &by_id), 0);
    assert_int_equal(by_id.key, 0x80143511);
    assert_int_equal(by_id.shmid, shmid);
    assert_int_equal(by_id.mode, 0640);
    assert_int_equal(by_id.size, 12345);
    assert_int_equal(by_id.uid, geteuid());
    assert_int_equal(by_id.cuid, geteuid());
    assert_int_equal(by_id.gid, getegid());
    assert_int_equal(by_id.cgid, getegid());
    assert_int_equal(by_id.cpid, getpid());
    assert_int_equal(by_id.lpid, 0);
    assert_int_equal(by_id.nattch, 0);
    assert_int_equal(by_id.atime, 0);
    assert_int_equal(by_id.dtime, 0);
    assert_in_range(by_id.ctime, before, time(NULL));
    assert_false(by_id.has_rss || by_id.has_swap);
    assert_int_equal(sysv_stat_index(index_of(shmid), &by_index), 0);
    assert_same_record(&by_index, &by_id);
    assert_false(by_index.has_rss || by_index.has_swap);
}

static void real_segment_attached_and_marked(void **state)
{
    struct segment segment;
    void *memory;
    int shmid;

    (void)state;
    ipcns_enter();
    shmid = ipcns_segment(0x4711, 4096, 0600);
    memory = shmat(shmid, NULL, SHM_RDONLY);
    assert_int_not_equal((intptr_t)memory, -1);
    assert_int_equal(sysv_remove(shmid), 0);
    assert_int_equal(sysv_stat(shmid, &segment), 0);
    assert_true(segment_is_dest(&segment));
    assert_int_equal(segment.key, 0);
    assert_int_equal(segment.nattch, 1);
    assert_int_equal(segment.lpid, getpid());
    /* A second removal succeeds and changes nothing. */
    assert_int_equal(sysv_remove(shmid), 0);
    assert_int_equal(sysv_stat(shmid, &segment), 0);
    assert_true(sysv_exists(shmid));
    assert_int_equal(shmdt(memory), 0);
    assert_int_equal(sysv_stat(shmid, &segment), -ENOENT);
    assert_false(sysv_exists(shmid));
    assert_int_equal(sysv_remove(shmid), -EINVAL);
}

static void real_ids_that_do_not_exist(void **state)
{
    static const int ids[] = {0, 1, 32768, INT_MAX, -1, INT_MIN};
    struct segment segment;

    (void)state;
    ipcns_enter();
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        assert_int_equal(sysv_stat(ids[i], &segment), -ENOENT);
        assert_int_equal(sysv_stat_index(ids[i], &segment), -ENOENT);
        assert_int_equal(sysv_remove(ids[i]), -EINVAL);
    }
}

/* Same index, another sequence: the very case that must not be mistaken. */
static void real_stale_id_names_nobody_else(void **state)
{
    struct segment segment;
    int stale;
    int index;
    int shmid;

    (void)state;
    ipcns_enter();
    stale = ipcns_segment(IPC_PRIVATE, 4096, 0600);
    index = index_of(stale);
    assert_int_equal(sysv_remove(stale), 0);
    /* The kernel takes the indexes in turn, of 64 at the least, before it reuses one. */
    for (int turn = 0; turn < 100000; turn++) {
        shmid = ipcns_segment(IPC_PRIVATE, 4096, 0600);
        if (index_of(shmid) == index)
            break;
        assert_int_equal(sysv_remove(shmid), 0);
    }
    assert_int_equal(index_of(shmid), index);
    assert_int_not_equal(shmid, stale);
    assert_int_equal(sysv_stat(stale, &segment), -ENOENT);
    assert_int_equal(sysv_remove(stale), -EINVAL);
    assert_int_equal(sysv_stat(shmid, &segment), 0);
    assert_int_equal(segment.shmid, shmid);
}

static void real_highest_index_is_reached(void **state)
{
    struct segment segment;
    int ids[5];
    int highest;
    int expected = 0;
    int hole;

    (void)state;
    ipcns_enter();
    assert_int_equal(sysv_highest_index(&highest), 0);
    assert_int_equal(highest, 0);
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        ids[i] = ipcns_segment(IPC_PRIVATE, 1, 0600);
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        expected = index_of(ids[i]) > expected ? index_of(ids[i]) : expected;
    assert_int_equal(sysv_highest_index(&highest), 0);
    assert_int_equal(highest, expected);
    hole = index_of(ids[1]);
    assert_int_equal(sysv_remove(ids[1]), 0);
    assert_int_equal(sysv_stat_index(hole, &segment), -ENOENT);
    assert_int_equal(sysv_stat_index(highest + 1, &segment), -ENOENT);
}

/* Another user: reads everything, removes nothing. */
static int look_as_somebody_else(int shmid)
{
    struct segment segment;
    uid_t other = geteuid() + 1;

    if (setresuid(other, other, other) < 0)
        return 77;
    if (sysv_stat(shmid, &segment) != 0 || segment.size != 4096)
        return 1;
    if (!sysv_exists(shmid))
        return 2;
    if (sysv_remove(shmid) != -EPERM)
        return 3;
    return 0;
}

static void real_permission_is_for_removal_alone(void **state)
{
    struct segment segment;
    int status;
    int shmid;
    pid_t child;

    (void)state;
    ipcns_enter();
    shmid = ipcns_segment(IPC_PRIVATE, 4096, 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(look_as_somebody_else(shmid));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip_because("cannot become another user");
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(sysv_stat(shmid, &segment), 0);
}

#define scripted(test) cmocka_unit_test_setup_teardown(test, NULL, end_script)
#define real(test) cmocka_unit_test_setup_teardown(test, NULL, ipcns_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        scripted(stat_asks_without_needing_permission),
        scripted(stat_finds_id_0),
        scripted(stat_asks_older_kernels_too),
        scripted(stat_tells_another_segment_at_the_same_index),
        scripted(stat_takes_both_words_for_gone),
        scripted(stat_passes_other_errors_on),
        scripted(exists_unless_the_kernel_says_gone),
        scripted(index_gives_the_whole_id),
        scripted(index_asks_older_kernels_too),
        scripted(index_tells_a_hole_from_a_failure),
        scripted(highest_index_is_passed_on),
        scripted(remove_passes_each_answer_on),
        real(real_segment_is_read_as_it_is),
        real(real_segment_attached_and_marked),
        real(real_ids_that_do_not_exist),
        real(real_stale_id_names_nobody_else),
        real(real_highest_index_is_reached),
        real(real_permission_is_for_removal_alone),
    };

    return cmocka_run_group_tests_name("kernel/sysv", tests, NULL, NULL);
}
