/*
 * kernel/source: the reader of /proc and the one that asks the kernel, against each other.
 *
 * wrap: shmctl
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipcns.h"
#include "kernel/source.h"
#include "record.h"
#include "sink.h"
#include "tree.h"
#include "unit.h"

#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY 15
#endif

int __real_shmctl(int shmid, int command, struct shmid_ds *ds);
int __wrap_shmctl(int shmid, int command, struct shmid_ds *ds);

/* A kernel of a test's own: its table by index, ids or negative errnos. NULL: the real one. */
static const int *table;
static size_t table_size;
static int info_answer;  /* to SHM_INFO: the highest index or a negative errno */
static bool no_stat_any; /* a kernel before 4.17 */
static int stat_any_calls;

int __wrap_shmctl(int shmid, int command, struct shmid_ds *ds)
{
    int answer = -EINVAL;

    if (!table)
        return __real_shmctl(shmid, command, ds);
    stat_any_calls += command == SHM_STAT_ANY;
    if (command == SHM_INFO)
        answer = info_answer;
    else if (command == SHM_STAT || (command == SHM_STAT_ANY && !no_stat_any))
        answer = shmid >= 0 && (size_t)shmid < table_size ? table[shmid] : -EINVAL;
    if (answer >= 0) {
        if (command != SHM_INFO)
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

static int read_stat(struct collector *collector, struct error *err)
{
    struct source_sink sink = collector_sink(collector);

    return source_stat_read(&sink, err);
}

static int read_proc(struct collector *collector, struct error *err)
{
    struct source_sink sink = collector_sink(collector);
    struct procfs procfs;
    int r;

    assert_int_equal(procfs_open(&procfs, NULL, NULL), 0);
    r = source_proc_read(&procfs, &sink, err);
    procfs_close(&procfs);
    return r;
}

/* --- Asking a kernel of the test's own ---------------------------------------------------------
 */

static void holes_are_passed_over(void **state)
{
    CLEANUP_COLLECTOR struct collector got = COLLECTOR_INIT;

    (void)state;
    TABLE(4, -EINVAL, 32769, -EIDRM, 98307, 4, 777777);
    assert_int_equal(read_stat(&got, NULL), 0);
    assert_int_equal(got.garbage_count, 0);
    /* The highest index is asked for, what is behind it not. */
    assert_int_equal(got.list.count, 3);
    assert_int_equal(got.list.items[0].shmid, 32769);
    assert_int_equal(got.list.items[1].shmid, 98307);
    assert_int_equal(got.list.items[2].shmid, 4);
    assert_false(got.list.items[0].has_usage);
}

static void older_kernels_are_asked_in_their_way(void **state)
{
    CLEANUP_COLLECTOR struct collector got = COLLECTOR_INIT;

    (void)state;
    no_stat_any = true;
    TABLE(2, 0, -EACCES, 65538);
    assert_int_equal(read_stat(&got, NULL), 0);
    assert_int_equal(got.list.count, 2);
    assert_int_equal(got.list.items[0].shmid, 0);
    assert_int_equal(got.list.items[1].shmid, 65538);
    assert_int_equal(got.garbage_count, 1);
    assert_string_equal(strbuf_string(&got.garbage), "index 1|Permission denied\n");
}

static void id_met_twice_is_given_once(void **state)
{
    CLEANUP_COLLECTOR struct collector got = COLLECTOR_INIT;

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
    CLEANUP_COLLECTOR struct collector got = COLLECTOR_INIT;

    (void)state;
    TABLE(0, -EINVAL);
    assert_int_equal(read_stat(&got, NULL), 0);
    assert_int_equal(got.list.count, 0);
    assert_int_equal(got.garbage_count, 0);
}

static void kernel_without_the_calls_is_an_error(void **state)
{
    CLEANUP_COLLECTOR struct collector got = COLLECTOR_INIT;
    CLEANUP_ERROR struct error err = ERROR_INIT;

    (void)state;
    TABLE(-ENOSYS, 5);
    assert_int_equal(read_stat(&got, &err), -ENOSYS);
    assert_int_equal(err.code, ENOSYS);
    assert_string_equal(err.text,
                        "shared memory segments cannot be read: Function not implemented");
    assert_int_equal(read_stat(&got, NULL), -ENOSYS);
    assert_int_equal(got.list.count, 0);
}

static void sink_ends_the_asking(void **state)
{
    CLEANUP_COLLECTOR struct collector got = COLLECTOR_INIT;
    CLEANUP_ERROR struct error err = ERROR_INIT;

    (void)state;
    TABLE(3, 1, 2, 3, 4);
    got.stop_after = 2;
    got.stop_with = -EPIPE;
    assert_int_equal(read_stat(&got, &err), -EPIPE);
    assert_null(err.text);
    assert_int_equal(got.list.count, 2);
}

/* --- Which reader is used ----------------------------------------------------------------------
 */

/* Reads TREE as if it were the live system's root. */
static int read_as_live(const struct tree *tree, struct collector *collector, struct error *err)
{
    struct source_sink sink = collector_sink(collector);
    struct procfs procfs;
    int r;

    assert_int_equal(procfs_open(&procfs, tree->path, NULL), 0);
    procfs.live = true;
    r = source_read(&procfs, &sink, err);
    procfs_close(&procfs);
    return r;
}

static void kernel_is_asked_where_there_is_no_listing(void **state)
{
    CLEANUP_COLLECTOR struct collector got = COLLECTOR_INIT;
    CLEANUP_ERROR struct error err = ERROR_INIT;

    TABLE(1, 3, 4);
    assert_int_equal(read_as_live(*state, &got, &err), 0);
    assert_null(err.text);
    assert_int_equal(got.list.count, 2);
    assert_int_equal(read_as_live(*state, &got, NULL), 0);
    TABLE(-ENOSYS, 3, 4);
    assert_int_equal(read_as_live(*state, &got, &err), -ENOSYS);
    assert_string_equal(err.text,
                        "shared memory segments cannot be read: Function not implemented");
}

static void kernel_is_not_asked_where_there_is_one(void **state)
{
    CLEANUP_COLLECTOR struct collector got = COLLECTOR_INIT;

    TABLE(1, 3, 4);
    tree_puts(*state, "proc/sysvipc/shm",
              "key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime\n"
              "1 77 600 4 5 6 7 8 9 10 11 12 13 14\n");
    stat_any_calls = 0;
    assert_int_equal(read_as_live(*state, &got, NULL), 0);
    assert_int_equal(got.list.count, 1);
    assert_int_equal(got.list.items[0].shmid, 77);
    assert_int_equal(stat_any_calls, 0);
}

static void broken_listing_is_an_error_not_a_missing_one(void **state)
{
    CLEANUP_COLLECTOR struct collector got = COLLECTOR_INIT;
    CLEANUP_ERROR struct error err = ERROR_INIT;

    TABLE(1, 3, 4);
    tree_puts(*state, "proc/sysvipc/shm", "nonsense\n");
    assert_int_equal(read_as_live(*state, &got, &err), -EBADMSG);
    assert_string_equal(err.text, "/proc/sysvipc/shm: not a listing of shared memory segments: no "
                                  "header");
    assert_int_equal(got.list.count, 0);
}

/* --- On real segments --------------------------------------------------------------------------
 */

/* Demands that both readers give the same, and COUNT of it. */
static void assert_readers_agree(size_t count)
{
    CLEANUP_COLLECTOR struct collector listed = COLLECTOR_INIT;
    CLEANUP_COLLECTOR struct collector asked = COLLECTOR_INIT;

    assert_int_equal(read_proc(&listed, NULL), 0);
    assert_int_equal(read_stat(&asked, NULL), 0);
    assert_int_equal(listed.garbage_count, 0);
    assert_int_equal(asked.garbage_count, 0);
    assert_int_equal(listed.list.count, count);
    assert_int_equal(asked.list.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_same_record(&listed.list.items[i], &asked.list.items[i]);
        assert_true(segment_same(&listed.list.items[i], &asked.list.items[i]));
        assert_true(listed.list.items[i].has_usage);
        assert_false(asked.list.items[i].has_usage);
    }
}

static void *attach(int shmid, int flags)
{
    void *memory = shmat(shmid, NULL, flags);

    assert_int_not_equal((intptr_t)memory, -1);
    return memory;
}

static void readers_agree_on_nothing(void **state)
{
    (void)state;
    ipcns_enter();
    assert_readers_agree(0);
}

static void readers_agree_on_every_kind(void **state)
{
    static const struct {
        unsigned long size;
        int key;
        int mode;
    } kinds[] = {
        {1, IPC_PRIVATE, 0},           {4095, 0x00143511, 0600}, {4096, 0x7fffffff, 0777},
        {4097, (int)0x80000000, 0666}, {131104, -1, 0444},       {33554432, (int)0xdeadbeef, 0640},
        {1UL << 40, IPC_PRIVATE, 0},
    };
    struct shmid_ds ds;
    size_t made = 0;
    int first = -1;

    (void)state;
    ipcns_enter();
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        /* The largest is address space alone, which a machine may still refuse. */
        int shmid = shmget(kinds[i].key, kinds[i].size,
                           IPC_CREAT | IPC_EXCL | SHM_NORESERVE | kinds[i].mode);

        if (shmid < 0)
            assert_int_equal(errno, ENOMEM);
        made += shmid >= 0;
        first = i == 0 ? shmid : first;
    }
    assert_true(made >= COUNT_OF(kinds) - 1);
    assert_readers_agree(made);
    /* A changed owner and mode. */
    assert_int_equal(shmctl(first, IPC_STAT, &ds), 0);
    ds.shm_perm.mode = 0752;
    ds.shm_perm.gid = getegid();
    assert_int_equal(shmctl(first, IPC_SET, &ds), 0);
    assert_readers_agree(made);
}

static void readers_agree_on_use(void **state)
{
    void *memory[4];
    int twice;
    int marked;
    int status;
    pid_t child;

    (void)state;
    ipcns_enter();
    twice = ipcns_segment(0x1, 8192, 0600);
    marked = ipcns_segment(0x2, 8192, 0600);
    memory[0] = attach(twice, 0);
    memory[1] = attach(twice, SHM_RDONLY);
    memory[2] = attach(marked, 0);
    assert_int_equal(shmctl(marked, IPC_RMID, NULL), 0);
    assert_readers_agree(2);
    /* Locked, where that is allowed. */
    if (shmctl(twice, SHM_LOCK, NULL) == 0)
        assert_readers_agree(2);
    /* A last process that is dead. */
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(shmdt(shmat(twice, NULL, 0)) == 0 ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_readers_agree(2);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(shmdt(memory[i]), 0);
    assert_readers_agree(1);
}

static void readers_agree_on_many_with_holes(void **state)
{
    enum { MANY = 700 };
    int ids[MANY];

    (void)state;
    ipcns_enter();
    for (int i = 0; i < MANY; i++)
        ids[i] = ipcns_segment(i % 3 ? i : IPC_PRIVATE, (unsigned long)i * 100 + 1, i & 0777);
    assert_readers_agree(MANY);
    for (int i = 0; i < MANY; i += 7)
        assert_int_equal(shmctl(ids[i], IPC_RMID, NULL), 0);
    assert_readers_agree(MANY - MANY / 7);
}

static void usage_is_what_was_touched(void **state)
{
    CLEANUP_COLLECTOR struct collector got = COLLECTOR_INIT;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *memory;
    int shmid;

    (void)state;
    ipcns_enter();
    shmid = ipcns_segment(0x1, page * 10, 0600);
    memory = attach(shmid, 0);
    memory[0] = 1;
    memory[page * 9] = 1;
    assert_int_equal(read_proc(&got, NULL), 0);
    assert_int_equal(got.list.count, 1);
    assert_int_equal(got.list.items[0].shmid, shmid);
    assert_true(got.list.items[0].has_usage);
    /* Where memory is short a page may have gone to swap already. */
    assert_int_equal(got.list.items[0].rss + got.list.items[0].swap, page * 2);
    assert_int_equal(got.list.items[0].nattch, 1);
    assert_int_equal(shmdt(memory), 0);
}

static void live_system_is_read_by_its_listing(void **state)
{
    CLEANUP_COLLECTOR struct collector got = COLLECTOR_INIT;
    struct source_sink sink = collector_sink(&got);
    struct procfs procfs;
    int shmid;

    (void)state;
    ipcns_enter();
    shmid = ipcns_segment(0x1, 100, 0600);
    assert_int_equal(procfs_open(&procfs, NULL, NULL), 0);
    assert_int_equal(source_read(&procfs, &sink, NULL), 0);
    procfs_close(&procfs);
    assert_int_equal(got.list.count, 1);
    assert_int_equal(got.list.items[0].shmid, shmid);
    assert_true(got.list.items[0].has_usage);
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
#define real(test) cmocka_unit_test_setup_teardown(test, NULL, ipcns_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        scripted(holes_are_passed_over),
        scripted(older_kernels_are_asked_in_their_way),
        scripted(id_met_twice_is_given_once),
        scripted(no_segments_is_an_empty_list),
        scripted(kernel_without_the_calls_is_an_error),
        scripted(sink_ends_the_asking),
        with_tree(kernel_is_asked_where_there_is_no_listing),
        with_tree(kernel_is_not_asked_where_there_is_one),
        with_tree(broken_listing_is_an_error_not_a_missing_one),
        real(readers_agree_on_nothing),
        real(readers_agree_on_every_kind),
        real(readers_agree_on_use),
        real(readers_agree_on_many_with_holes),
        real(usage_is_what_was_touched),
        real(live_system_is_read_by_its_listing),
    };

    return cmocka_run_group_tests_name("kernel/source: readers", tests, NULL, NULL);
}
