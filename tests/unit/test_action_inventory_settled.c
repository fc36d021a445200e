/*
 * action/inventory_settled: what is missing or too much is read again until it is certain.
 *
 * What processes have attached is what the test says.
 *
 * wrap: attach_scan clock_nanosleep
 */
#include "action/inventory_settled.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "ipcns.h"
#include "kernel/attach.h"
#include "kernel/system.h"
#include "unit.h"

enum { SIZE = 4096, ORPHAN_KEY = 0x88 };

static unsigned scans;      /* so far */
static unsigned pauses;     /* so far */
static unsigned unreadable; /* processes of each scan */
static uint64_t found[8];   /* mappings of the one segment, by scans; the rest are the last's */
static void (*before_scan)(void); /* what happens between segments and processes */
static int shmid;

int __wrap_attach_scan(const struct procfs *procfs, bool everywhere,
                       struct attachment_list *ret_list, struct error *err);
int __wrap_clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
                           struct timespec *rest);

int __wrap_attach_scan(const struct procfs *procfs, bool everywhere,
                       struct attachment_list *ret_list, struct error *err)
{
    uint64_t maps = found[scans < COUNT_OF(found) ? scans : COUNT_OF(found) - 1];

    (void)procfs;
    assert_false(everywhere);
    (void)err;
    scans++;
    if (before_scan)
        before_scan();
    *ret_list = (struct attachment_list){.unreadable = unreadable};
    if (maps == 0)
        return 0;
    ret_list->items = xcalloc(1, sizeof(*ret_list->items));
    ret_list->items[0] = (struct attachment){.shmid = shmid, .pid = getpid(), .maps = maps};
    ret_list->count = 1;
    return 0;
}

int __wrap_clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
                           struct timespec *rest)
{
    (void)clock;
    (void)flags;
    (void)time;
    (void)rest;
    pauses++;
    return 0;
}

/* --- The segment ------------------------------------------------------------------------------ */

static void *address; /* where this process has it attached; NULL: nowhere */

static void attach(void)
{
    address = shmat(shmid, NULL, 0);
    assert_int_not_equal((intptr_t)address, -1);
}

static void detach(void)
{
    if (address)
        assert_int_equal(shmdt(address), 0);
    address = NULL;
}

/* Another process attaches it and exits: nattch is as before, and lpid is not. */
static void be_used_by_another(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit((intptr_t)shmat(shmid, NULL, 0) == -1);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

struct fixture {
    struct system system;
    struct inventory inventory;
};

static int setup(void **state)
{
    static struct fixture fixture;

    ipcns_enter();
    fixture = (struct fixture){.inventory.count = 0};
    shmid = ipcns_segment(0, SIZE, 0600);
    scans = pauses = unreadable = 0;
    memset(found, 0, sizeof(found));
    before_scan = NULL;
    *state = &fixture;
    return system_open(&fixture.system, NULL, NULL);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    inventory_release(&fixture->inventory);
    system_close(&fixture->system);
    detach();
    return ipcns_teardown(state);
}

static void set_found(uint64_t maps)
{
    for (size_t i = 0; i < COUNT_OF(found); i++)
        found[i] = maps;
}

/* Reads all, in so many readings, and returns the one row. */
static const struct segment_info *read_in(struct fixture *fixture, unsigned readings)
{
    assert_int_equal(inventory_read_settled(&fixture->system, NULL, NEED_ATTACHMENTS | NEED_STATE,
                                            &fixture->inventory, NULL),
                     0);
    assert_int_equal(scans, readings);
    assert_int_equal(pauses, readings - 1);
    assert_int_equal(fixture->inventory.count, 1);
    return &fixture->inventory.rows[0];
}

/* --- Readings --------------------------------------------------------------------------------- */

static void what_agrees_is_read_once(void **state)
{
    const struct segment_info *info;

    attach();
    set_found(1);
    info = read_in(*state, 1);
    assert_int_equal(segment_info_unseen(info), 0);
    assert_false(info->unsettled);
}

static void what_is_missing_twice_is_missing(void **state)
{
    const struct segment_info *info;

    attach();
    info = read_in(*state, 2);
    assert_int_equal(segment_info_unseen(info), 1);
    assert_false(info->unsettled);
}

static void who_exits_meanwhile_is_not_missing(void **state)
{
    const struct segment_info *info;

    attach();
    before_scan = detach;
    info = read_in(*state, 2);
    assert_int_equal(info->segment.nattch, 0);
    assert_int_equal(segment_info_unseen(info), 0);
}

static void who_is_found_the_next_time_is_not_missing(void **state)
{
    attach();
    set_found(1);
    found[0] = 0;
    assert_int_equal(segment_info_unseen(read_in(*state, 2)), 0);
}

static void what_never_comes_out_alike_is_not_known(void **state)
{
    const struct segment_info *info;

    attach();
    before_scan = be_used_by_another;
    info = read_in(*state, 4);
    assert_true(info->unsettled);
    assert_int_equal(segment_info_unseen(info), 0);
}

/* They need not have it, and who has it may come and go: it is looked for again all the same. */
static void what_processes_that_could_not_be_read_may_have_is_missing_too(void **state)
{
    struct fixture *fixture = *state;

    attach();
    unreadable = 1;
    assert_int_equal(segment_info_unseen(read_in(fixture, 2)), 1);
    assert_true(inventory_has_unread(&fixture->inventory));
}

static void but_not_what_is_too_much(void **state)
{
    const struct segment_info *info;

    attach();
    unreadable = 1;
    set_found(2);
    info = read_in(*state, 2);
    assert_int_equal(segment_info_maps(info), 2);
    assert_false(info->unsettled);
}

/* An orphan is one that a process has made that is gone. */
static void what_is_mapped_without_being_counted_is_no_orphan(void **state)
{
    const struct segment_info *info;
    pid_t child;

    assert_int_equal(shmctl(shmid, IPC_RMID, NULL), 0);
    child = fork();
    if (child == 0)
        _exit(shmget(ORPHAN_KEY, SIZE, IPC_CREAT | 0600) < 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    shmid = shmget(ORPHAN_KEY, 0, 0);
    set_found(1);
    info = read_in(*state, 2);
    assert_int_equal(info->state, STATE_UNKNOWN);
    assert_int_equal(info->doubt, DOUBT_MAPPED);
}

int main(void)
{
#define SETTLED_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        SETTLED_TEST(what_agrees_is_read_once),
        SETTLED_TEST(what_is_missing_twice_is_missing),
        SETTLED_TEST(who_exits_meanwhile_is_not_missing),
        SETTLED_TEST(who_is_found_the_next_time_is_not_missing),
        SETTLED_TEST(what_never_comes_out_alike_is_not_known),
        SETTLED_TEST(what_processes_that_could_not_be_read_may_have_is_missing_too),
        SETTLED_TEST(but_not_what_is_too_much),
        SETTLED_TEST(what_is_mapped_without_being_counted_is_no_orphan),
    };

    return cmocka_run_group_tests_name("action/inventory_settled", tests, NULL, NULL);
}
