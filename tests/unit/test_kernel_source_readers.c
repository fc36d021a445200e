/* kernel/source: the reader of /proc and the one that asks the kernel, on the same segments. */
#include <errno.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipcns.h"
#include "kernel/source.h"
#include "listing.h"
#include "record.h"
#include "unit.h"

static int read_stat(struct listing *got, struct error *err)
{
    return listing_check(got, source_stat_read(&got->list, &got->complaints, err));
}

static int read_proc(struct listing *got, struct error *err)
{
    struct procfs procfs;
    int r;

    assert_int_equal(procfs_open(&procfs, NULL, NULL), 0);
    r = source_proc_read(&procfs, &got->list, &got->complaints, err);
    procfs_close(&procfs);
    return listing_check(got, r);
}

/* Demands that both readers give the same, and COUNT of it. */
static void assert_readers_agree(size_t count)
{
    CLEANUP_LISTING struct listing listed = LISTING_INIT;
    CLEANUP_LISTING struct listing asked = LISTING_INIT;

    assert_int_equal(read_proc(&listed, NULL), 0);
    assert_int_equal(read_stat(&asked, NULL), 0);
    assert_int_equal(listed.complaints.count, 0);
    assert_int_equal(asked.complaints.count, 0);
    assert_int_equal(listed.list.count, count);
    assert_int_equal(asked.list.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_same_record(&listed.list.items[i], &asked.list.items[i]);
        assert_true(segment_same(&listed.list.items[i], &asked.list.items[i]));
        assert_true(listed.list.items[i].has_rss && listed.list.items[i].has_swap);
        assert_false(asked.list.items[i].has_rss || asked.list.items[i].has_swap);
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
        {SIZE_MAX >> 24, 0x54, 0},
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
    CLEANUP_LISTING struct listing got = LISTING_INIT;
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
    assert_true(got.list.items[0].has_rss && got.list.items[0].has_swap);
    /* Where memory is short a page may have gone to swap already. */
    assert_int_equal(got.list.items[0].rss + got.list.items[0].swap, page * 2);
    assert_int_equal(got.list.items[0].nattch, 1);
    assert_int_equal(shmdt(memory), 0);
}

static void live_system_is_read_by_its_listing(void **state)
{
    CLEANUP_SEGMENT_LIST struct segment_list got = SEGMENT_LIST_INIT;
    struct procfs procfs;
    int shmid;

    (void)state;
    ipcns_enter();
    shmid = ipcns_segment(0x1, 100, 0600);
    assert_int_equal(procfs_open(&procfs, NULL, NULL), 0);
    assert_int_equal(source_read(&procfs, false, &got, NULL, NULL), 0);
    procfs_close(&procfs);
    assert_int_equal(got.count, 1);
    assert_int_equal(got.items[0].shmid, shmid);
    assert_true(got.items[0].has_rss && got.items[0].has_swap);
}

#define real(test) cmocka_unit_test_setup_teardown(test, NULL, ipcns_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        real(readers_agree_on_nothing),  real(readers_agree_on_every_kind),
        real(readers_agree_on_use),      real(readers_agree_on_many_with_holes),
        real(usage_is_what_was_touched), real(live_system_is_read_by_its_listing),
    };

    return cmocka_run_group_tests_name("kernel/source: readers", tests, NULL, NULL);
}
