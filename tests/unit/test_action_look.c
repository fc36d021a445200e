/*
 * action/look: all segments of the live system, look after look: their states, and the ids that the
 * real kernel gives.
 *
 * wrap: clock_gettime proc_fact sysv_tells_sizes
 */
#include "action/look.h"

#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "action/inventory.h"
#include "base/clock.h"
#include "ipcns.h"
#include "kernel/system.h"
#include "look.h"
#include "model/unseen.h"
#include "record.h"
#include "unit.h"

/* --- The system, watched and bent where a test wants it --------------------------------------- */

static unsigned asked; /* how often anybody asked about a process */
static int64_t cpu_used;

struct pid_fact __real_proc_fact(struct proc_cache *cache, pid_t pid);
struct pid_fact __wrap_proc_fact(struct proc_cache *cache, pid_t pid);
int __real_clock_gettime(clockid_t id, struct timespec *time);
int __wrap_clock_gettime(clockid_t id, struct timespec *time);

struct pid_fact __wrap_proc_fact(struct proc_cache *cache, pid_t pid)
{
    asked++;
    return __real_proc_fact(cache, pid);
}

int __wrap_clock_gettime(clockid_t id, struct timespec *time)
{
    if (id != CLOCK_PROCESS_CPUTIME_ID)
        return __real_clock_gettime(id, time);
    *time = clock_timespec(cpu_used);
    return 0;
}

struct fixture {
    struct system system;
    struct selection selection;
    struct snapshot last;
};

static int setup(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){.last.count = 0};
    asked = 0;
    ipcns_enter();
    assert_int_equal(system_open(&fixture.system, NULL, NULL), 0);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    snapshot_release(&fixture->last);
    selection_release(&fixture->selection);
    system_close(&fixture->system);
    return ipcns_teardown(state);
}

/* Looks, and keeps what it shows. */
static void look(struct fixture *fixture, unsigned needs)
{
    struct complaint_list complaints = COMPLAINT_LIST_INIT;
    struct snapshot now;

    asked = 0;
    assert_int_equal(look_at_segments(&fixture->system, &fixture->selection, needs, &fixture->last,
                                      &now, &complaints, NULL),
                     0);
    assert_int_equal(complaints.count, 0);
    complaint_list_release(&complaints);
    snapshot_release(&fixture->last);
    fixture->last = now;
}

static enum segment_state state_of(const struct fixture *fixture, int shmid)
{
    size_t hint = 0;
    const struct segment_info *info = snapshot_find(&fixture->last, shmid, &hint);

    assert_non_null(info);
    return info->state;
}

/* Makes a segment whose creator is dead; returns its id. */
static int make_orphan(int key)
{
    pid_t child = fork();
    int shmid;

    if (child == 0)
        _exit(shmget(key, 4096, IPC_CREAT | IPC_EXCL | 0600) < 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    shmid = shmget(key, 0, 0);
    assert_true(shmid >= 0);
    return shmid;
}

/* --- States ----------------------------------------------------------------------------------- */

/* The records and states are those of the inventory. */
static void a_look_shows_what_an_inventory_does(void **state)
{
    struct fixture *fixture = *state;
    struct inventory inventory;
    pid_t holder = start_child();
    void *memory;

    memory = shmat(make_orphan(2), NULL, 0);
    ipcns_segment(1, 1, 0600);
    make_orphan(3);
    for (unsigned i = 0; i < 2; i++) {
        unsigned needs = NEED_STATE | (i ? NEED_USAGE : 0);

        assert_int_equal(inventory_read(&fixture->system, NULL, needs, &inventory, NULL), 0);
        look(fixture, needs);
        assert_int_equal(fixture->last.count, 3);
        for (size_t k = 0; k < 3; k++) {
            assert_same_record(&fixture->last.rows[k].segment, &inventory.rows[k].segment);
            assert_int_equal(fixture->last.rows[k].state, inventory.rows[k].state);
            assert_int_equal(fixture->last.rows[k].segment.has_rss, i);
        }
        inventory_release(&inventory);
    }
    shmdt(memory);
    end_child(holder);
}

/* Nobody is asked about an orphan again until it was used. */
static void orphans_are_not_looked_up_again(void **state)
{
    struct fixture *fixture = *state;
    int shmid = make_orphan(1);
    pid_t child;

    look(fixture, NEED_STATE);
    assert_int_equal(state_of(fixture, shmid), STATE_ORPHAN);
    assert_int_not_equal(asked, 0);
    look(fixture, NEED_STATE);
    assert_int_equal(state_of(fixture, shmid), STATE_ORPHAN);
    assert_int_equal(asked, 0);
    child = fork();
    if (child == 0) {
        void *memory = shmat(shmid, NULL, 0);

        _exit((intptr_t)memory == -1 || shmdt(memory) < 0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    look(fixture, NEED_STATE);
    assert_int_equal(state_of(fixture, shmid), STATE_ORPHAN);
    assert_int_not_equal(asked, 0);
}

/* An idle one is, each time: its creator may have ended. */
static void an_idle_one_becomes_an_orphan(void **state)
{
    struct fixture *fixture = *state;
    int ends[2];
    pid_t child;
    int shmid;
    char byte;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        shmget(1, 4096, IPC_CREAT | 0600);
        close(ends[1]);
        for (;;)
            pause();
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 0);
    close(ends[0]);
    shmid = shmget(1, 0, 0);
    look(fixture, NEED_STATE);
    assert_int_equal(state_of(fixture, shmid), STATE_IDLE);
    end_child(child);
    look(fixture, NEED_STATE);
    assert_int_equal(state_of(fixture, shmid), STATE_ORPHAN);
}

static void no_state_is_looked_up_that_nobody_needs(void **state)
{
    struct fixture *fixture = *state;

    make_orphan(1);
    look(fixture, 0);
    assert_int_equal(asked, 0);
    /* The selection needs it. */
    fixture->selection.filter.orphan = true;
    look(fixture, 0);
    assert_int_not_equal(asked, 0);
    assert_int_equal(fixture->last.selected.count, 1);
}

static void all_are_listed_whatever_is_selected(void **state)
{
    struct fixture *fixture = *state;
    int first = ipcns_segment(1, 1, 0600);
    int second = ipcns_segment(2, 1, 0600);

    filter_add_value(&fixture->selection.filter.keys, 2);
    look(fixture, 0);
    assert_int_equal(fixture->last.count, 2);
    assert_false(idset_has(&fixture->last.selected, first));
    assert_true(idset_has(&fixture->last.selected, second));
}

/* --- Ids -------------------------------------------------------------------------------------- */

enum { SEGMENTS_MAX = 60, OPERATIONS_MAX = 25, LOOKS = 3000 };

/* What a test made, by its own count. */
struct made {
    int ids[SEGMENTS_MAX];
    uint64_t numbers[SEGMENTS_MAX];
    int count;
    uint64_t created;
};

static int any(int below)
{
    return rand() % below; /* NOLINT: the same in each run */
}

/* Creates and removes some, with no more than MAX at a time. */
static void happen(struct made *made, int operations, int max)
{
    for (int i = 0; i < operations; i++) {
        if (made->count > 0 && (made->count >= max || any(2))) {
            int which = any(made->count);

            assert_int_equal(shmctl(made->ids[which], IPC_RMID, NULL), 0);
            made->count--;
            made->ids[which] = made->ids[made->count];
            made->numbers[which] = made->numbers[made->count];
        } else {
            made->ids[made->count] = ipcns_segment(IPC_PRIVATE, 1, 0600);
            made->numbers[made->count++] = ++made->created;
        }
    }
}

static uint64_t number_of(const struct made *made, int shmid)
{
    for (int i = 0; i < made->count; i++) {
        if (made->ids[i] == shmid)
            return made->numbers[i];
    }
    fail_msg("segment %d is none of the test's", shmid);
    return 0;
}

static uint64_t count_new(const struct snapshot *before, const struct snapshot *now)
{
    uint64_t count = 0;

    for (size_t i = 0; i < now->count; i++)
        count += !idset_has(&before->ids, now->rows[i].segment.shmid);
    return count;
}

/* Demands that what is counted on the real kernel is true, and often enough anything is. */
static void assert_counts(struct fixture *fixture, int segments_max)
{
    struct id_cursor cursor = id_cursor_begin(&fixture->last);
    struct made made = {.count = 0};
    uint64_t cursor_number = 0;
    unsigned exact = 0;

    for (int i = 0; i < LOOKS; i++) {
        struct snapshot before = fixture->last;
        int newest;
        bool created;

        happen(&made, any(OPERATIONS_MAX), segments_max);
        fixture->last = (struct snapshot){.count = 0};
        look(fixture, 0);
        created = id_cursor_find_newest(&cursor, &before, &fixture->last, &newest);
        if (created) {
            struct unseen unseen = id_cursor_count(&cursor, &before, &fixture->last, newest, true);
            uint64_t number = number_of(&made, newest);
            uint64_t truth = number - cursor_number - count_new(&before, &fixture->last);

            if (unseen.bound == UNSEEN_EXACT)
                assert_int_equal(unseen.count, truth);
            else if (unseen.bound == UNSEEN_AT_LEAST)
                assert_true(unseen.count <= truth);
            exact += unseen.bound == UNSEEN_EXACT;
            cursor_number = number;
        }
        id_cursor_step(&cursor, &before, &fixture->last, created ? &newest : NULL);
        snapshot_release(&before);
    }
    assert_true(exact > LOOKS / 2);
    id_cursor_release(&cursor);
}

static void ids_of_this_kernel_show_what_came_and_went(void **state)
{
    struct fixture *fixture = *state;

    if (!system_ids_are_cyclic(&fixture->system))
        skip_because("ids of this kernel tell nothing");
    srand(1);
    assert_counts(fixture, 5);
    ipcns_teardown(state);
    assert_counts(fixture, 42);
    ipcns_teardown(state);
    assert_counts(fixture, SEGMENTS_MAX);
}

/* Those that come and go at once, any number of turns long. */
static void many_turns_are_counted_right(void **state)
{
    static const int counts[] = {1, 12, 63, 64, 65, 500, 2000};
    struct fixture *fixture = *state;
    struct id_cursor cursor;
    int first = ipcns_segment(IPC_PRIVATE, 1, 0600);

    if (!system_ids_are_cyclic(&fixture->system))
        skip_because("ids of this kernel tell nothing");
    look(fixture, 0);
    cursor = id_cursor_begin(&fixture->last);
    cursor.watched = true;
    assert_int_equal(cursor.newest, first);
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        struct snapshot before = fixture->last;
        int newest;

        for (int k = 0; k < counts[i]; k++)
            shmctl(ipcns_segment(IPC_PRIVATE, 1, 0600), IPC_RMID, NULL);
        ipcns_segment(IPC_PRIVATE, 1, 0600);
        fixture->last = (struct snapshot){.count = 0};
        look(fixture, 0);
        assert_true(id_cursor_find_newest(&cursor, &before, &fixture->last, &newest));
        assert_int_equal(id_cursor_count(&cursor, &before, &fixture->last, newest, true).count,
                         counts[i]);
        id_cursor_step(&cursor, &before, &fixture->last, &newest);
        snapshot_release(&before);
    }
    id_cursor_release(&cursor);
}

/* --- Pace ------------------------------------------------------------------------------------- */

static void take_dear_look(struct pace *pace, int64_t cost)
{
    pace_begin_look(pace);
    cpu_used += cost;
    pace_end_look(pace);
}

static void a_dear_look_is_made_more_seldom(void **state)
{
    struct pace pace = {.interval = 1000000};

    (void)state;
    /* The first one costs more than others. */
    take_dear_look(&pace, 50000);
    assert_int_equal(pace.stretched, 0);
    assert_int_equal(pace_next_look(&pace), pace.started + 1000000);
    take_dear_look(&pace, 10000);
    assert_int_equal(pace.stretched, 0);
    take_dear_look(&pace, 20000);
    assert_int_equal(pace.stretched, 0);
    take_dear_look(&pace, 30000);
    assert_int_equal(pace.stretched, 2000000);
    assert_int_equal(pace_next_look(&pace), pace.started + 2000000);
    take_dear_look(&pace, 10000);
    assert_int_equal(pace.stretched, 0);
    /* Up to whole milliseconds, or what is shown would be the pace asked for. */
    take_dear_look(&pace, 10100);
    take_dear_look(&pace, 10100);
    assert_int_equal(pace.stretched, 2000000);
}

int main(void)
{
#define LOOK_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        LOOK_TEST(a_look_shows_what_an_inventory_does),
        LOOK_TEST(orphans_are_not_looked_up_again),
        LOOK_TEST(an_idle_one_becomes_an_orphan),
        LOOK_TEST(no_state_is_looked_up_that_nobody_needs),
        LOOK_TEST(all_are_listed_whatever_is_selected),
        LOOK_TEST(ids_of_this_kernel_show_what_came_and_went),
        LOOK_TEST(many_turns_are_counted_right),
        cmocka_unit_test(a_dear_look_is_made_more_seldom),
    };

    return cmocka_run_group_tests_name("action/look", tests, NULL, NULL);
}
