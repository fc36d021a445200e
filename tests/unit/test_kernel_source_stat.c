/*
 * kernel/source: asking a kernel of the test's own, and which reader is used.
 *
 * wrap: shmctl sysv_tells_sizes
 */
#include <errno.h>
#include <sys/shm.h>

#include "kernel/source.h"
#include "listing.h"
#include "tree.h"
#include "unit.h"

#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY 15
#endif

int __wrap_shmctl(int shmid, int command, struct shmid_ds *ds);

/* A kernel of a test's own: its table by index, ids or negative errnos. */
static const int *table;
static size_t table_size;
static int info_answer;  /* to IPC_INFO: the highest index or a negative errno */
static bool no_stat_any; /* a kernel before 4.17 */
static int stat_any_calls;

int __wrap_shmctl(int shmid, int command, struct shmid_ds *ds)
{
    int answer = -EINVAL;

    stat_any_calls += command == SHM_STAT_ANY;
    if (command == IPC_INFO)
        answer = info_answer;
    else if (command == SHM_STAT || (command == SHM_STAT_ANY && !no_stat_any))
        answer = shmid >= 0 && (size_t)shmid < table_size ? table[shmid] : -EINVAL;
    if (answer >= 0) {
        if (command == IPC_INFO)
            *(struct shminfo *)(void *)ds = (struct shminfo){.shmmni = 4096};
        else
            *ds = (struct shmid_ds){.shm_segsz = 4096};
        return answer;
    }
    errno = -answer;
    return -1;
}

static int no_table(void **state)
{
    (void)state;
    table = NULL;
    table_size = 0;
    no_stat_any = false;
    return 0;
}

#define TABLE(info, ...) \
    do { \
        static const int ids_[] = {__VA_ARGS__}; \
        table = ids_; \
        table_size = COUNT_OF(ids_); \
        info_answer = (info); \
    } while (0)

static int read_stat(struct listing *got, struct error *err)
{
    return listing_check(got, source_stat_read(&got->list, &got->complaints, err));
}

/* --- Asking a kernel of the test's own ---------------------------------------------------------
 */

static void holes_are_passed_over(void **state)
{
    CLEANUP_LISTING struct listing got = LISTING_INIT;

    (void)state;
    TABLE(4, -EINVAL, 32769, -EIDRM, 98307, 4, 777777);
    assert_int_equal(read_stat(&got, NULL), 0);
    assert_int_equal(got.complaints.count, 0);
    /* The highest index is asked for, what is behind it not. */
    assert_int_equal(got.list.count, 3);
    assert_int_equal(got.list.items[0].shmid, 32769);
    assert_int_equal(got.list.items[1].shmid, 98307);
    assert_int_equal(got.list.items[2].shmid, 4);
    assert_false(got.list.items[0].has_rss || got.list.items[0].has_swap);
}

static void older_kernels_are_asked_in_their_way(void **state)
{
    CLEANUP_LISTING struct listing got = LISTING_INIT;

    (void)state;
    no_stat_any = true;
    TABLE(2, 0, -EACCES, 65538);
    assert_int_equal(read_stat(&got, NULL), 0);
    assert_int_equal(got.list.count, 2);
    assert_int_equal(got.list.items[0].shmid, 0);
    assert_int_equal(got.list.items[1].shmid, 65538);
    assert_int_equal(got.complaints.count, 1);
    assert_complaints(&got, "index 1|Permission denied\n");
}

static void id_met_twice_is_given_once(void **state)
{
    CLEANUP_LISTING struct listing got = LISTING_INIT;

    (void)state;
    TABLE(3, 5, 7, 5, 6);
    assert_int_equal(read_stat(&got, NULL), 0);
    assert_int_equal(got.list.count, 3);
    assert_int_equal(got.list.items[0].shmid, 5);
    assert_int_equal(got.list.items[1].shmid, 7);
    assert_int_equal(got.list.items[2].shmid, 6);
}

static void no_segments_is_an_empty_list(void **state)
{
    CLEANUP_LISTING struct listing got = LISTING_INIT;

    (void)state;
    TABLE(0, -EINVAL);
    assert_int_equal(read_stat(&got, NULL), 0);
    assert_int_equal(got.list.count, 0);
    assert_int_equal(got.complaints.count, 0);
}

static void kernel_without_the_calls_is_an_error(void **state)
{
    CLEANUP_LISTING struct listing got = LISTING_INIT;
    CLEANUP_ERROR struct error err = ERROR_INIT;

    (void)state;
    TABLE(-ENOSYS, 5);
    assert_int_equal(read_stat(&got, &err), -ENOSYS);
    assert_int_equal(err.code, ENOSYS);
    assert_string_equal(
        err.text, "no System V shared memory: this kernel was built without CONFIG_SYSVIPC, or a "
                  "system call filter hides it");
    assert_int_equal(read_stat(&got, NULL), -ENOSYS);
    assert_int_equal(got.list.count, 0);
}

/* --- Which reader is used ----------------------------------------------------------------------
 */

/* A listing with one segment, 77. */
static const char listing_of_77[] =
    "key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime\n"
    "1 77 600 4 5 6 7 8 9 10 11 12 13 14\n";

/* Reads TREE, as if it were the live system's root or not. */
static int read_as(const struct tree *tree, bool live, bool without_usage, struct listing *got,
                   struct error *err)
{
    struct procfs procfs;
    int r;

    assert_int_equal(procfs_open(&procfs, tree->path, NULL), 0);
    procfs.live = live;
    stat_any_calls = 0;
    listing_release(got);
    r = source_read(&procfs, without_usage, &got->list, &got->complaints, err);
    procfs_close(&procfs);
    return listing_check(got, r);
}

static int read_as_live(const struct tree *tree, struct listing *got, struct error *err)
{
    return read_as(tree, true, false, got, err);
}

/* The same without rss and swap. */
static int read_without_usage(const struct tree *tree, struct listing *got)
{
    return read_as(tree, true, true, got, NULL);
}

static void kernel_is_asked_where_there_is_no_listing(void **state)
{
    CLEANUP_LISTING struct listing got = LISTING_INIT;
    CLEANUP_ERROR struct error err = ERROR_INIT;

    TABLE(1, 3, 4);
    assert_int_equal(read_as_live(*state, &got, &err), 0);
    assert_null(err.text);
    assert_int_equal(got.list.count, 2);
    assert_int_equal(read_as_live(*state, &got, NULL), 0);
    TABLE(-ENOSYS, 3, 4);
    assert_int_equal(read_as_live(*state, &got, &err), -ENOSYS);
    assert_string_equal(
        err.text, "no System V shared memory: this kernel was built without CONFIG_SYSVIPC, or a "
                  "system call filter hides it");
}

static void kernel_is_not_asked_where_there_is_one(void **state)
{
    CLEANUP_LISTING struct listing got = LISTING_INIT;

    TABLE(1, 3, 4);
    tree_puts(*state, "proc/sysvipc/shm", listing_of_77);
    assert_int_equal(read_as_live(*state, &got, NULL), 0);
    assert_int_equal(got.list.count, 1);
    assert_int_equal(got.list.items[0].shmid, 77);
    assert_int_equal(stat_any_calls, 0);
}

static void kernel_is_quicker_where_usage_is_not_wanted(void **state)
{
    CLEANUP_LISTING struct listing got = LISTING_INIT;

    TABLE(2, 3, -EINVAL, 4);
    tree_puts(*state, "proc/sysvipc/shm", listing_of_77);
    assert_int_equal(read_without_usage(*state, &got), 0);
    assert_int_equal(got.list.count, 2);
    assert_int_equal(got.list.items[0].shmid, 3);
    assert_int_equal(got.list.items[1].shmid, 4);
}

static void listing_is_read_where_the_kernel_tells_less(void **state)
{
    CLEANUP_LISTING struct listing hidden = LISTING_INIT;
    CLEANUP_LISTING struct listing silent = LISTING_INIT;
    CLEANUP_LISTING struct listing sparse = LISTING_INIT;

    tree_puts(*state, "proc/sysvipc/shm", listing_of_77);
    /* A segment that may not be read: nothing of what the kernel told may be given. */
    TABLE(2, 3, -EACCES, 4);
    assert_int_equal(read_without_usage(*state, &hidden), 0);
    assert_int_equal(hidden.list.count, 1);
    assert_int_equal(hidden.list.items[0].shmid, 77);
    assert_int_equal(hidden.complaints.count, 0);
    TABLE(-ENOSYS, 3);
    assert_int_equal(read_without_usage(*state, &silent), 0);
    assert_int_equal(silent.list.count, 1);
    assert_int_equal(silent.list.items[0].shmid, 77);
    /* Two segments among many holes: asking for each would take longer. */
    TABLE(30000, 3, 4);
    assert_int_equal(read_without_usage(*state, &sparse), 0);
    assert_int_equal(sparse.list.count, 1);
    assert_int_equal(sparse.list.items[0].shmid, 77);
    assert_in_range(stat_any_calls, 2, 1000);
}

static void holes_are_worth_waiting_for_where_there_is_no_listing(void **state)
{
    CLEANUP_LISTING struct listing got = LISTING_INIT;

    TABLE(30000, 3, 4);
    assert_int_equal(read_without_usage(*state, &got), 0);
    assert_int_equal(got.list.count, 2);
    assert_true(stat_any_calls > 30000);
}

static void saved_tree_is_never_answered_by_this_kernel(void **state)
{
    CLEANUP_LISTING struct listing got = LISTING_INIT;

    TABLE(1, 3, 4);
    assert_int_equal(read_as(*state, false, true, &got, NULL), -ENOENT);
    tree_puts(*state, "proc/sysvipc/shm", listing_of_77);
    assert_int_equal(read_as(*state, false, true, &got, NULL), 0);
    assert_int_equal(got.list.count, 1);
    assert_int_equal(got.list.items[0].shmid, 77);
    assert_int_equal(stat_any_calls, 0);
}

static void broken_listing_is_an_error_not_a_missing_one(void **state)
{
    CLEANUP_LISTING struct listing got = LISTING_INIT;
    CLEANUP_ERROR struct error err = ERROR_INIT;

    TABLE(1, 3, 4);
    tree_puts(*state, "proc/sysvipc/shm", "nonsense\n");
    assert_int_equal(read_as_live(*state, &got, &err), -EBADMSG);
    assert_string_equal(below(((const struct tree *)*state)->path, err.text),
                        "proc/sysvipc/shm: not a listing of shared memory segments: no header");
    assert_int_equal(got.list.count, 0);
}

static int setup(void **state)
{
    no_table(state);
    return tree_setup(state);
}

static int teardown(void **state)
{
    no_table(state);
    return tree_teardown(state);
}

#define scripted(test) cmocka_unit_test_setup_teardown(test, NULL, no_table)
#define with_tree(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        scripted(holes_are_passed_over),
        scripted(older_kernels_are_asked_in_their_way),
        scripted(id_met_twice_is_given_once),
        scripted(no_segments_is_an_empty_list),
        scripted(kernel_without_the_calls_is_an_error),
        with_tree(kernel_is_asked_where_there_is_no_listing),
        with_tree(kernel_is_not_asked_where_there_is_one),
        with_tree(kernel_is_quicker_where_usage_is_not_wanted),
        with_tree(listing_is_read_where_the_kernel_tells_less),
        with_tree(holes_are_worth_waiting_for_where_there_is_no_listing),
        with_tree(saved_tree_is_never_answered_by_this_kernel),
        with_tree(broken_listing_is_an_error_not_a_missing_one),
    };

    return cmocka_run_group_tests_name("kernel/source: by calls", tests, NULL, NULL);
}
