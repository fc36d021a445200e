/*
 * action/inventory: states on the live system, where processes come, go and attach while it is
 * looked at, where the clock is set, and where an older kernel shows less.
 *
 * wrap: clock_gettime shmctl source_listing_next
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "action/inventory.h"
#include "action/inventory_match.h"
#include "base/strbuf.h"
#include "ipcns.h"
#include "kernel/source.h"
#include "kernel/system.h"
#include "kernel/sysv.h"
#include "look.h"
#include "tree.h"
#include "unit.h"
#include "view/describe.h"

#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY 15
#endif

/* --- The system, changed where a test wants it ------------------------------------------------ */

static time_t clock_set_by;                    /* how far the clock was set since boot */
static time_t passed;                          /* how much later it is than it was, in s */
static const struct segment *listed;           /* what the listing holds; NULL: the truth */
static void (*after_listing)(void);            /* what happens right after it was read */
static bool old_kernel;                        /* before 4.17, and no read permission */
static void (*next_change)(struct shmid_ds *); /* what is different when a segment is read again */
static void (*change_stat)(struct shmid_ds *); /* the same, from then on */

int __real_clock_gettime(clockid_t id, struct timespec *time);
int __wrap_clock_gettime(clockid_t id, struct timespec *time);
int __real_shmctl(int shmid, int command, struct shmid_ds *ds);
int __wrap_shmctl(int shmid, int command, struct shmid_ds *ds);
int __real_source_listing_next(struct source_listing *listing, struct segment_list *segments,
                               struct complaint_list *complaints, struct error *err);
int __wrap_source_listing_next(struct source_listing *listing, struct segment_list *segments,
                               struct complaint_list *complaints, struct error *err);

int __wrap_clock_gettime(clockid_t id, struct timespec *time)
{
    int r = __real_clock_gettime(id, time);

    time->tv_sec += passed;
    if (id == CLOCK_REALTIME)
        time->tv_sec += clock_set_by;
    return r;
}

int __wrap_shmctl(int shmid, int command, struct shmid_ds *ds)
{
    int r;

    if (old_kernel && (command == SHM_STAT_ANY || command == IPC_STAT)) {
        errno = command == IPC_STAT ? EACCES : EINVAL;
        return -1;
    }
    r = __real_shmctl(shmid, command, ds);
    if (r >= 0 && command == SHM_STAT_ANY && change_stat)
        change_stat(ds);
    return r;
}

int __wrap_source_listing_next(struct source_listing *listing, struct segment_list *segments,
                               struct complaint_list *complaints, struct error *err)
{
    int r = __real_source_listing_next(listing, segments, complaints, err);

    if (listed && r > 0) {
        segment_list_release(segments);
        segment_list_add(segments, listed);
    }
    if (r > 0 && after_listing)
        after_listing();
    return r;
}

/* --- A look at it ----------------------------------------------------------------------------- */

struct fixture {
    struct system system;
    struct inventory inventory;
};

static int setup(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){.inventory.count = 0};
    clock_set_by = 0;
    passed = 0;
    listed = NULL;
    after_listing = NULL;
    old_kernel = false;
    change_stat = NULL;
    assert_int_equal(system_open(&fixture.system, NULL, NULL), 0);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    inventory_release(&fixture->inventory);
    system_close(&fixture->system);
    old_kernel = false;
    return ipcns_teardown(state);
}

/* Reads all anew, and returns the one row. */
static const struct segment_info *read_row(struct fixture *fixture)
{
    inventory_release(&fixture->inventory);
    assert_int_equal(inventory_read(&fixture->system, NULL, NEED_STATE | NEED_COMMAND,
                                    &fixture->inventory, NULL),
                     0);
    assert_int_equal(fixture->inventory.count, 1);
    return &fixture->inventory.rows[0];
}

/* Demands that the sentences about the one row are those of its state. */
static void assert_sentence(const struct fixture *fixture)
{
    static const char *const beginnings[STATE_COUNT] = {
        "In use", "Marked for destruction", "Orphan", "Idle", "Unknown",
    };
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const struct segment_info *info = &fixture->inventory.rows[0];
    const char *expected = beginnings[info->state];

    describe_state(&text, info, &fixture->inventory);
    assert_int_equal(strncmp(strbuf_string(&text), expected, strlen(expected)), 0);
}

/* Demands that state, doubt and sentences of the one row say the same. */
static void assert_state(struct fixture *fixture, enum segment_state expected,
                         enum state_doubt doubt)
{
    const struct segment_info *info = read_row(fixture);

    assert_string_equal(state_name(info->state), state_name(expected));
    assert_int_equal(info->doubt, doubt);
    assert_sentence(fixture);
}

/* --- The clock -------------------------------------------------------------------------------- */

/* The id of no segment. */
#define NO_SEGMENT INT_MAX

/* The creator of a segment made before the clock was set: never taken for somebody else. */
static void a_stepped_clock_makes_no_orphan(void **state)
{
    struct fixture *fixture = *state;
    pid_t child = start_child();
    struct segment segment = {.shmid = NO_SEGMENT, .cpid = child};
    struct timespec now;

    listed = &segment;
    clock_set_by = honest_clock_offset();
    __wrap_clock_gettime(CLOCK_REALTIME, &now);
    segment.ctime = now.tv_sec;
    assert_state(fixture, STATE_IDLE, DOUBT_NONE);
    assert_non_null(fixture->inventory.rows[0].command);
    clock_set_by += 3600;
    assert_state(fixture, STATE_UNKNOWN, DOUBT_CREATOR);
    assert_int_equal(fixture->inventory.rows[0].creator_status, PROCESS_CLOCK_STEPPED);
    assert_null(fixture->inventory.rows[0].command);
    end_child(child);
    assert_state(fixture, STATE_ORPHAN, DOUBT_NONE);
    assert_int_equal(fixture->inventory.rows[0].creator_status, PROCESS_DEAD);
}

/*
 * The same of a step that /proc does not tell of: the clock was set 40 s forward that long after
 * the first process had started, and then /proc was mounted.
 */
static void a_step_while_the_system_started_makes_no_orphan(void **state)
{
    struct fixture *fixture = *state;
    pid_t child = start_child();
    struct segment segment = {.shmid = NO_SEGMENT, .cpid = child};
    struct timespec now;

    listed = &segment;
    clock_set_by = honest_clock_offset() - 40;
    __wrap_clock_gettime(CLOCK_REALTIME, &now);
    segment.ctime = now.tv_sec;
    assert_state(fixture, STATE_IDLE, DOUBT_NONE);
    clock_set_by += 40;
    assert_state(fixture, STATE_IDLE, DOUBT_NONE);
    end_child(child);
}

static void a_later_process_of_the_creators_pid_is_somebody_else(void **state)
{
    struct fixture *fixture = *state;
    pid_t child = start_child();
    struct segment segment = {.shmid = NO_SEGMENT, .cpid = child};
    struct timespec now;

    listed = &segment;
    clock_set_by = honest_clock_offset();
    __wrap_clock_gettime(CLOCK_REALTIME, &now);
    segment.ctime = now.tv_sec - 120;
    read_row(fixture);
    if (segment.ctime < fixture->inventory.clock.boot) {
        end_child(child);
        skip_because("up for less than two minutes");
    }
    assert_state(fixture, STATE_ORPHAN, DOUBT_NONE);
    assert_int_equal(fixture->inventory.rows[0].creator_status, PROCESS_PID_REUSED);
    assert_null(fixture->inventory.rows[0].command);
    end_child(child);
}

/* --- What /proc does not show ----------------------------------------------------------------- */

/* As if TREE were the root of the live system. */
static void open_as_live(struct fixture *fixture, const struct tree *tree)
{
    inventory_release(&fixture->inventory);
    system_close(&fixture->system);
    assert_int_equal(procfs_open(&fixture->system.procfs, tree->path, NULL), 0);
    fixture->system.procfs.live = true;
    fixture->system.names = names_new(&fixture->system.procfs);
    fixture->system.proc = proc_cache_new(&fixture->system.procfs);
    fixture->system.program_files = program_files_new(&fixture->system.procfs);
}

static void a_process_that_is_not_shown_may_be_the_creator(void **state)
{
    struct fixture *fixture = *state;
    pid_t child = start_child();
    const struct segment segment = {.shmid = NO_SEGMENT, .cpid = child, .ctime = 1};
    struct tree tree;
    char status[64];

    listed = &segment;
    tree_make(&tree);
    tree_puts(
        &tree, "proc/sysvipc/shm",
        "key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap\n");
    open_as_live(fixture, &tree);
    assert_state(fixture, STATE_UNKNOWN, DOUBT_CREATOR);
    assert_false(fixture->inventory.own_pids);
    assert_int_equal(fixture->inventory.rows[0].creator_status, PROCESS_FOREIGN_PROC);
    snprintf(status, sizeof(status), "Name:\tx\nNSpid:\t%d\n", (int)getpid());
    tree_puts(&tree, "proc/self/status", status);
    open_as_live(fixture, &tree);
    assert_state(fixture, STATE_UNKNOWN, DOUBT_CREATOR);
    assert_true(fixture->inventory.own_pids);
    assert_int_equal(fixture->inventory.rows[0].creator_status, PROCESS_HIDDEN);
    end_child(child);
    assert_state(fixture, STATE_ORPHAN, DOUBT_NONE);
    tree_remove(&tree);
}

/* --- Attached and detached while it is looked at ---------------------------------------------- */

enum { KEY = 0x0bad };

static int orphan; /* the id of what make_orphan() made */

/* Makes a segment whose creator is dead. */
static void make_orphan(void)
{
    struct segment segment;
    pid_t child;

    ipcns_enter();
    child = fork();
    if (child == 0)
        _exit(shmget(KEY, 4096, IPC_CREAT | IPC_EXCL | 0600) < 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    orphan = shmget(KEY, 0, 0);
    assert_true(orphan >= 0);
    assert_int_equal(sysv_stat(orphan, &segment), 0);
    assert_int_equal(segment.cpid, child);
}

static void *memory;

static void attach_it(void)
{
    memory = shmat(orphan, NULL, 0);
    assert_true((intptr_t)memory != -1);
    after_listing = NULL;
}

static void detach_it(void)
{
    assert_int_equal(shmdt(memory), 0);
    after_listing = NULL;
}

/* All of it by somebody who is dead by then: only the segment's times tell. */
static void attach_and_exit(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit((intptr_t)shmat(orphan, NULL, 0) == -1);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void remove_it(void)
{
    assert_int_equal(sysv_remove(orphan), 0);
}

/* Read, then attached by somebody who lives: what was read does not tell what it is. */
static void what_was_touched_since_it_was_read_is_no_orphan(void **state)
{
    struct fixture *fixture = *state;

    make_orphan();
    assert_state(fixture, STATE_ORPHAN, DOUBT_NONE);
    after_listing = attach_it;
    assert_state(fixture, STATE_UNKNOWN, DOUBT_TOUCHED);
    /* Read again it is what it is. */
    assert_state(fixture, STATE_USED, DOUBT_NONE);
    /* Who reads is no user, even where it did the last detach: that of one that was killed while
     * its command line was read. */
    detach_it();
    assert_state(fixture, STATE_ORPHAN, DOUBT_NONE);
    assert_int_equal(fixture->inventory.rows[0].segment.lpid, getpid());
    assert_int_equal(fixture->inventory.rows[0].last_status, PROCESS_DEAD);
}

static void one_that_others_use_all_the_time_is_unknown_each_time(void **state)
{
    struct fixture *fixture = *state;

    make_orphan();
    after_listing = attach_and_exit;
    for (int i = 0; i < 20; i++)
        assert_state(fixture, STATE_UNKNOWN, DOUBT_TOUCHED);
    after_listing = NULL;
    assert_state(fixture, STATE_ORPHAN, DOUBT_NONE);
}

/* Others attach and detach it, all the time: sentence and state are of one look, each time. */
static void one_look_says_one_thing(void **state)
{
    enum { LOOKS = 5000 };
    struct fixture *fixture = *state;
    pid_t blinking;

    make_orphan();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    blinking = fork();
    if (blinking == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            attach_and_exit();
    }
    for (int i = 0; i < LOOKS; i++) {
        const struct segment_info *info = read_row(fixture);

        assert_true((info->state == STATE_UNKNOWN) == (info->doubt == DOUBT_TOUCHED));
        assert_true(info->state == STATE_UNKNOWN || info->doubt == DOUBT_NONE);
        assert_sentence(fixture);
    }
    end_child(blinking);
    /* Its own child may have it attached still, and would keep it for the next test. */
    while (waitpid(-1, NULL, 0) > 0)
        continue;
}

static void change_nattch(struct shmid_ds *ds)
{
    ds->shm_nattch++;
}

static void change_cpid(struct shmid_ds *ds)
{
    ds->shm_cpid++;
}

static void change_lpid(struct shmid_ds *ds)
{
    ds->shm_lpid++;
}

static void change_atime(struct shmid_ds *ds)
{
    ds->shm_atime++;
}

static void change_dtime(struct shmid_ds *ds)
{
    ds->shm_dtime++;
}

static void change_ctime(struct shmid_ds *ds)
{
    ds->shm_ctime++;
}

static void begin_change(void)
{
    change_stat = next_change;
}

static void each_difference_counts(void **state)
{
    static void (*const changes[])(struct shmid_ds *) = {
        change_nattch, change_cpid, change_lpid, change_atime, change_dtime, change_ctime,
    };
    struct fixture *fixture = *state;

    make_orphan();
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        change_stat = NULL;
        next_change = changes[i];
        after_listing = begin_change;
        assert_state(fixture, STATE_UNKNOWN, DOUBT_TOUCHED);
    }
    change_stat = NULL;
    after_listing = NULL;
    assert_state(fixture, STATE_ORPHAN, DOUBT_NONE);
}

static void what_is_gone_since_it_was_read_was_an_orphan(void **state)
{
    make_orphan();
    after_listing = remove_it;
    assert_state(*state, STATE_ORPHAN, DOUBT_NONE);
}

static void lose_sight(void)
{
    old_kernel = true;
}

static void what_an_old_kernel_does_not_show_again_is_unknown(void **state)
{
    struct selection selection = {.filter = {.orphan = true}};
    struct fixture *fixture = *state;
    struct segment now;

    make_orphan();
    after_listing = lose_sight;
    assert_state(fixture, STATE_UNKNOWN, DOUBT_UNREADABLE);
    /* The listing shows the record once more, but not what happened since. */
    assert_int_equal(inventory_read_again(&fixture->system, &selection, orphan, NULL, &now, NULL),
                     0);
    assert_int_equal(now.shmid, orphan);
}

/* --- Reading one again ------------------------------------------------------------------------ */

static int read_again(struct fixture *fixture, const struct filter *filter)
{
    const struct selection selection = {.filter = *filter};
    struct segment now;

    return inventory_read_again(&fixture->system, &selection, orphan, NULL, &now, NULL);
}

/* Time passes between the first look and the second: a question that waits for an answer. */
static void ages_are_those_of_the_second_look(void **state)
{
    const struct filter newer = {.has_newer = true, .newer_than = 60};
    const struct filter older = {.has_older = true, .older_than = 120};
    const struct filter orphans = {.orphan = true, .has_older = true, .older_than = 120};
    struct fixture *fixture = *state;
    struct selection selection = {.filter = newer};

    make_orphan();
    assert_int_equal(inventory_read(&fixture->system, &selection, 0, &fixture->inventory, NULL), 0);
    assert_int_equal(fixture->inventory.count, 1);
    assert_int_equal(read_again(fixture, &newer), 1);
    assert_int_equal(read_again(fixture, &older), 0);
    assert_int_equal(read_again(fixture, &orphans), 0);
    passed = 180;
    assert_int_equal(read_again(fixture, &newer), 0);
    assert_int_equal(read_again(fixture, &older), 1);
    assert_int_equal(read_again(fixture, &orphans), 1);
}

static void one_that_is_gone_is_reported(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct fixture *fixture = *state;
    const struct selection selection = {.by_id = false};
    struct segment now = {.shmid = -7};
    char expected[64];

    make_orphan();
    assert_int_equal(inventory_read_again(&fixture->system, &selection, orphan, NULL, &now, &err),
                     1);
    assert_int_equal(now.key, KEY);
    remove_it();
    now.shmid = -7;
    assert_int_equal(inventory_read_again(&fixture->system, &selection, orphan, NULL, &now, &err),
                     -ENOENT);
    snprintf(expected, sizeof(expected), "segment %d: %s", orphan, strerror(ENOENT));
    assert_string_equal(err.text, expected);
    assert_int_equal(now.shmid, -7);
}

/* --- The live system -------------------------------------------------------------------------- */

static void the_live_system_is_what_it_is(void **state)
{
    struct fixture *fixture = *state;
    const struct inventory *inventory = &fixture->inventory;

    make_orphan();
    attach_it();
    assert_int_equal(inventory_read(&fixture->system, NULL,
                                    NEED_CREDENTIALS | NEED_ATTACHMENTS | NEED_HOLDERS |
                                        NEED_USAGE | NEED_LIMITS,
                                    &fixture->inventory, NULL),
                     0);
    assert_true(inventory->live);
    assert_true(inventory->own_pids);
    assert_true(inventory->has_credentials);
    assert_int_equal(inventory->credentials.euid, geteuid());
    assert_int_equal(inventory->usage.segments, 1);
    assert_true(inventory->limits.known[LIMIT_SHMMAX]);
    assert_int_equal(inventory->attachments_error.code, 0);
    assert_int_equal(inventory->count, 1);
    assert_true(inventory->rows[0].segment.has_rss);
    assert_int_equal(inventory->rows[0].attachment_count, 1);
    assert_int_equal(inventory->rows[0].attachments[0].pid, getpid());
    assert_int_equal(inventory->rows[0].attachments[0].maps, 1);
    assert_non_null(inventory->rows[0].attachments[0].command);
    assert_int_equal(inventory_unseen(inventory), 0);
    detach_it();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_stepped_clock_makes_no_orphan),
        TEST(a_step_while_the_system_started_makes_no_orphan),
        TEST(a_later_process_of_the_creators_pid_is_somebody_else),
        TEST(a_process_that_is_not_shown_may_be_the_creator),
        TEST(what_was_touched_since_it_was_read_is_no_orphan),
        TEST(one_that_others_use_all_the_time_is_unknown_each_time),
        TEST(one_look_says_one_thing),
        TEST(each_difference_counts),
        TEST(what_is_gone_since_it_was_read_was_an_orphan),
        TEST(what_an_old_kernel_does_not_show_again_is_unknown),
        TEST(ages_are_those_of_the_second_look),
        TEST(one_that_is_gone_is_reported),
        TEST(the_live_system_is_what_it_is),
    };

    return cmocka_run_group_tests_name("action/inventory: the live system", tests, NULL, NULL);
}
