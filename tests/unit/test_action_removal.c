/*
 * action/removal: only what was selected is removed, and only while it is what was selected.
 *
 * wrap: shmctl sysv_tells_sizes
 */
#include "action/removal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "action/inventory_match.h"
#include "kernel/system.h"
#include "tree.h"
#include "unit.h"

#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY 15
#endif

/* --- A kernel of the test's own ------------------------------------------------------------- */

/* A segment of it, and how it answers for it. */
struct fake {
    struct segment segment;
    bool gone;
    int stat_error;   /* errno of SHM_STAT_ANY and IPC_STAT; 0: none */
    int remove_error; /* errno of IPC_RMID; 0: none */
    int other_id;     /* the id that stands at this index now; 0: its own */
};

enum { MOST_FAKES = 8, MOST_CALLS = 32 };

static struct fake fakes[MOST_FAKES];
static size_t fake_count;
static int removals[MOST_CALLS]; /* ids of IPC_RMID, in their order */
static size_t removal_calls;

int __wrap_shmctl(int shmid, int command, struct shmid_ds *ds);

static struct fake *find_fake(int shmid)
{
    for (size_t i = 0; i < fake_count; i++) {
        if (fakes[i].segment.shmid == shmid && !fakes[i].gone)
            return &fakes[i];
    }
    return NULL;
}

static int refuse(int code)
{
    errno = code;
    return -1;
}

static int answer_stat(const struct fake *fake, struct shmid_ds *ds)
{
    const struct segment *segment = &fake->segment;

    if (fake->stat_error)
        return refuse(fake->stat_error);
    *ds = (struct shmid_ds){0};
    ds->shm_perm.__key = (key_t)segment->key;
    ds->shm_perm.mode = (unsigned short)segment->mode;
    ds->shm_perm.uid = segment->uid;
    ds->shm_perm.gid = segment->gid;
    ds->shm_perm.cuid = segment->cuid;
    ds->shm_perm.cgid = segment->cgid;
    ds->shm_segsz = (size_t)segment->size;
    ds->shm_cpid = segment->cpid;
    ds->shm_lpid = segment->lpid;
    ds->shm_nattch = (shmatt_t)segment->nattch;
    ds->shm_atime = segment->atime;
    ds->shm_dtime = segment->dtime;
    ds->shm_ctime = segment->ctime;
    return fake->other_id ? fake->other_id : segment->shmid;
}

static int answer_remove(struct fake *fake)
{
    if (fake->remove_error)
        return refuse(fake->remove_error);
    if (fake->segment.nattch > 0) {
        fake->segment.mode |= SEGMENT_DEST;
        fake->segment.key = 0;
    } else {
        fake->gone = true;
    }
    return 0;
}

int __wrap_shmctl(int shmid, int command, struct shmid_ds *ds)
{
    struct fake *fake = find_fake(shmid);

    if (command == IPC_RMID) {
        assert_in_range(removal_calls, 0, MOST_CALLS - 1);
        removals[removal_calls++] = shmid;
        return fake ? answer_remove(fake) : refuse(EINVAL);
    }
    if (command != SHM_STAT_ANY && command != IPC_STAT)
        fail_msg("shmctl(%d, %d) was not expected", shmid, command);
    return fake ? answer_stat(fake, ds) : refuse(EINVAL);
}

/* --- What each test begins with ------------------------------------------------------------- */

struct fixture {
    struct tree tree;
    struct system system;
    struct selection selection;
    struct removal_plan plan;
};

static const struct segment sample = {
    .key = 0x00143511,
    .mode = 0666,
    .uid = 1001,
    .gid = 1001,
    .cuid = 1002,
    .cgid = 1002,
    .cpid = 4711,
    .lpid = 4712,
    .size = 1000,
    .atime = 300,
    .dtime = 200,
    .ctime = 100,
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    fake_count = 0;
    removal_calls = 0;
    tree_make(&fixture->tree);
    assert_int_equal(system_open(&fixture->system, fixture->tree.path, NULL), 0);
    fixture->system.protection = protection_new(NULL);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    removal_plan_release(&fixture->plan);
    selection_release(&fixture->selection);
    system_close(&fixture->system);
    tree_remove(&fixture->tree);
    free(fixture);
    return 0;
}

/* Makes a segment, and plans its removal. Returns it. */
static struct fake *plan_one(struct fixture *fixture, int shmid)
{
    struct fake *fake = &fakes[fake_count++];

    assert_in_range(fake_count, 1, MOST_FAKES);
    *fake = (struct fake){.segment = sample};
    fake->segment.shmid = shmid;
    removal_add(&fixture->plan, &fixture->selection,
                &(const struct segment_info){.segment = fake->segment});
    return fake;
}

static void run(struct fixture *fixture)
{
    const struct removal_hooks none = {.save = NULL};

    removal_run(&fixture->system, &fixture->selection, &fixture->plan, &none);
}

static void assert_outcome(const struct fixture *fixture, size_t at, enum removal_outcome outcome,
                           int code)
{
    assert_in_range(at, 0, fixture->plan.count - 1);
    assert_string_equal(removal_outcome_name(fixture->plan.items[at].outcome),
                        removal_outcome_name(outcome));
    assert_int_equal(fixture->plan.items[at].code, code);
}

/* Demands that exactly these ids were asked to be removed, in this order, each once. */
#define assert_removals(...) \
    do { \
        const int expected_[] = {__VA_ARGS__}; \
\
        assert_int_equal(removal_calls, COUNT_OF(expected_)); \
        assert_memory_equal(removals, expected_, sizeof(expected_)); \
    } while (0)

#define assert_no_removals() assert_int_equal(removal_calls, 0)

/* --- Tests ---------------------------------------------------------------------------------- */

static void what_is_planned_is_removed_and_nothing_else(void **state)
{
    struct fixture *fixture = *state;
    struct fake *other;

    plan_one(fixture, 0);
    plan_one(fixture, 2147483647);
    other = &fakes[fake_count++];
    *other = (struct fake){.segment = sample};
    other->segment.shmid = 7;
    run(fixture);
    assert_outcome(fixture, 0, REMOVAL_REMOVED, 0);
    assert_outcome(fixture, 1, REMOVAL_REMOVED, 0);
    assert_removals(0, 2147483647);
    assert_false(other->gone);
}

static void an_empty_plan_touches_nothing(void **state)
{
    run(*state);
    assert_no_removals();
}

static void what_was_decided_is_not_tried(void **state)
{
    struct fixture *fixture = *state;

    plan_one(fixture, 1);
    removal_add_missing(&fixture->plan, 4242, false);
    removal_add_missing(&fixture->plan, 4243, true);
    run(fixture);
    run(fixture);
    assert_outcome(fixture, 0, REMOVAL_REMOVED, 0);
    assert_outcome(fixture, 1, REMOVAL_FAILED, EINVAL);
    assert_outcome(fixture, 2, REMOVAL_GONE, 0);
    assert_removals(1);
}

static void an_attached_one_is_marked(void **state)
{
    struct fixture *fixture = *state;
    struct fake *fake = plan_one(fixture, 1);

    fake->segment.nattch = 2;
    run(fixture);
    assert_outcome(fixture, 0, REMOVAL_MARKED, 0);
    assert_removals(1);
}

static void one_that_is_marked_already_is_not_touched(void **state)
{
    struct fixture *fixture = *state;
    struct fake *fake = plan_one(fixture, 1);

    fake->segment.mode |= SEGMENT_DEST;
    run(fixture);
    assert_outcome(fixture, 0, REMOVAL_MARKED, 0);
    assert_no_removals();
}

static void the_kernel_refuses(void **state)
{
    struct fixture *fixture = *state;

    plan_one(fixture, 1)->remove_error = EPERM;
    plan_one(fixture, 2)->remove_error = EACCES;
    run(fixture);
    assert_outcome(fixture, 0, REMOVAL_FAILED, EPERM);
    assert_outcome(fixture, 1, REMOVAL_FAILED, EACCES);
    assert_removals(1, 2);
}

static void gone_at_its_removal(void **state)
{
    struct fixture *fixture = *state;

    plan_one(fixture, 1)->remove_error = EIDRM;
    plan_one(fixture, 2)->remove_error = EINVAL;
    run(fixture);
    assert_outcome(fixture, 0, REMOVAL_GONE, 0);
    assert_outcome(fixture, 1, REMOVAL_GONE, 0);
    assert_removals(1, 2);
}

static void gone_before_its_turn(void **state)
{
    struct fixture *fixture = *state;

    plan_one(fixture, 1)->gone = true;
    plan_one(fixture, 2)->stat_error = EIDRM;
    plan_one(fixture, 3)->stat_error = EINVAL;
    /* Another segment has the index now. */
    plan_one(fixture, 4)->other_id = 4 + 32768;
    run(fixture);
    for (size_t i = 0; i < 4; i++)
        assert_outcome(fixture, i, REMOVAL_GONE, 0);
    assert_no_removals();
}

/* Each field that makes the identity, changed: what was selected is another segment. */
static void changed_before_its_turn(void **state)
{
    struct fixture *fixture = *state;

    plan_one(fixture, 1)->segment.key = 0x00143512;
    plan_one(fixture, 2)->segment.uid = 0;
    plan_one(fixture, 3)->segment.cuid = 0;
    plan_one(fixture, 4)->segment.size = 1001;
    plan_one(fixture, 5)->segment.cpid = 4712;
    plan_one(fixture, 6)->segment.ctime = 101;
    plan_one(fixture, 7)->segment.key = 0; /* marked by somebody else */
    fakes[6].segment.mode |= SEGMENT_DEST;
    run(fixture);
    for (size_t i = 0; i < 7; i++)
        assert_outcome(fixture, i, REMOVAL_CHANGED, 0);
    assert_no_removals();
}

static void use_is_no_change(void **state)
{
    struct fixture *fixture = *state;
    struct fake *fake;

    plan_one(fixture, 1)->segment.mode = 0600;
    plan_one(fixture, 2)->segment.gid = 5;
    plan_one(fixture, 3)->segment.lpid = 5;
    plan_one(fixture, 4)->segment.atime = 500;
    plan_one(fixture, 5)->segment.dtime = 500;
    fake = plan_one(fixture, 6);
    fake->segment.mode |= SEGMENT_LOCKED;
    run(fixture);
    for (size_t i = 0; i < 6; i++)
        assert_outcome(fixture, i, REMOVAL_REMOVED, 0);
    assert_removals(1, 2, 3, 4, 5, 6);
}

static void attached_meanwhile(void **state)
{
    struct fixture *fixture = *state;

    fixture->selection.filter.unattached = true;
    plan_one(fixture, 1)->segment.nattch = 1;
    plan_one(fixture, 2);
    run(fixture);
    assert_outcome(fixture, 0, REMOVAL_CHANGED, 0);
    assert_outcome(fixture, 1, REMOVAL_REMOVED, 0);
    assert_removals(2);
}

static void other_options_are_looked_at_again(void **state)
{
    struct fixture *fixture = *state;
    struct filter *filter = &fixture->selection.filter;

    filter->attached = true;
    filter->locked = true;
    filter_add_value(&filter->groups, 1001);
    filter_add_value(&filter->nattchs, 1);
    for (int i = 0; i < 5; i++) {
        struct fake *fake = plan_one(fixture, i);

        fake->segment.nattch = 1;
        fake->segment.mode |= SEGMENT_LOCKED;
    }
    fakes[0].segment.nattch = 0;
    fakes[1].segment.mode &= ~SEGMENT_LOCKED;
    fakes[2].segment.gid = 1002;
    fakes[3].segment.nattch = 2;
    run(fixture);
    for (size_t i = 0; i < 4; i++)
        assert_outcome(fixture, i, REMOVAL_CHANGED, 0);
    assert_outcome(fixture, 4, REMOVAL_MARKED, 0);
    assert_removals(4);
}

static void used_again_and_young(void **state)
{
    struct fixture *fixture = *state;
    const struct state_clock *clock = proc_clock(fixture->system.proc);

    proc_cache_refresh(fixture->system.proc);
    filter_add_older(&fixture->selection.filter, 3600);
    plan_one(fixture, 1)->segment.atime = clock->now;
    plan_one(fixture, 2)->segment.dtime = clock->now - 7200;
    run(fixture);
    assert_outcome(fixture, 0, REMOVAL_CHANGED, 0);
    assert_outcome(fixture, 1, REMOVAL_REMOVED, 0);
    assert_removals(2);
}

static void the_state_is_looked_at_again(void **state)
{
    struct fixture *fixture = *state;
    struct segment now;

    /* Somebody lives in the tree, so that the creator, who is not there, is dead. */
    tree_puts(&fixture->tree, "proc/stat", "cpu 0\nbtime 50\n");
    tree_puts(&fixture->tree, "proc/1/stat",
              "1 (init) S 0 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 1 0 1 0\n");
    system_close(&fixture->system);
    assert_int_equal(system_open(&fixture->system, fixture->tree.path, NULL), 0);
    fixture->system.protection = protection_new(NULL);
    fixture->selection.filter.orphan = true;
    plan_one(fixture, 1);
    assert_int_equal(
        inventory_read_again(&fixture->system, &fixture->selection, 1, NULL, &now, NULL), 1);
    /* A process that started before the segment's times has the creator's pid. */
    tree_puts(&fixture->tree, "proc/4711/stat",
              "4711 (late) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 1 0 1 0\n");
    run(fixture);
    assert_outcome(fixture, 0, REMOVAL_CHANGED, 0);
    assert_no_removals();
}

static void one_failure_does_not_stop_the_rest(void **state)
{
    struct fixture *fixture = *state;

    plan_one(fixture, 1);
    plan_one(fixture, 2)->remove_error = EPERM;
    plan_one(fixture, 3);
    plan_one(fixture, 4)->segment.uid = 5;
    plan_one(fixture, 5);
    plan_one(fixture, 6)->stat_error = ENOMEM;
    plan_one(fixture, 7);
    run(fixture);
    assert_outcome(fixture, 0, REMOVAL_REMOVED, 0);
    assert_outcome(fixture, 1, REMOVAL_FAILED, EPERM);
    assert_outcome(fixture, 2, REMOVAL_REMOVED, 0);
    assert_outcome(fixture, 3, REMOVAL_CHANGED, 0);
    assert_outcome(fixture, 4, REMOVAL_REMOVED, 0);
    assert_outcome(fixture, 5, REMOVAL_FAILED, ENOMEM);
    assert_outcome(fixture, 6, REMOVAL_REMOVED, 0);
    assert_removals(1, 2, 3, 5, 7);
}

/* A kernel before 4.17 refuses to show a segment that may not be read: the listing does. */
static void the_listing_shows_what_the_kernel_refuses_to(void **state)
{
    struct fixture *fixture = *state;

    tree_puts(&fixture->tree, "proc/sysvipc/shm",
              "key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap\n"
              "1324305 1 666 1000 4711 4712 0 1001 1001 1002 1002 300 200 100 0 0\n"
              "1324305 2 666 1000 4711 4712 0 1001 1001 1002 1002 300 200 101 0 0\n"
              "1324305 4 1666 1000 4711 4712 1 1001 1001 1002 1002 300 200 100 0 0\n");
    for (int i = 1; i <= 4; i++)
        plan_one(fixture, i)->stat_error = EACCES;
    run(fixture);
    assert_outcome(fixture, 0, REMOVAL_REMOVED, 0);
    assert_outcome(fixture, 1, REMOVAL_CHANGED, 0);
    assert_outcome(fixture, 2, REMOVAL_GONE, 0);
    assert_outcome(fixture, 3, REMOVAL_MARKED, 0);
    assert_removals(1);
}

static void without_kernel_and_listing_nothing_is_removed(void **state)
{
    struct fixture *fixture = *state;

    plan_one(fixture, 1)->stat_error = EACCES;
    run(fixture);
    assert_outcome(fixture, 0, REMOVAL_FAILED, EACCES);
    assert_no_removals();
}

/* Keys and sizes that a line of standard input named are held against the segment. */
static void claims_are_held_against_the_segment(void **state)
{
    struct fixture *fixture = *state;
    struct named_id right = {.shmid = 1, .is_row = true, .key = sample.key, .perms = 0666};
    struct named_id wrong_key = right;
    struct named_id wrong_size = right;

    wrong_key.shmid = 2;
    wrong_key.key = 5;
    wrong_size.shmid = 3;
    wrong_size.has_size = true;
    wrong_size.size = 999;
    selection_add_id(&fixture->selection, &right);
    selection_add_id(&fixture->selection, &wrong_key);
    selection_add_id(&fixture->selection, &wrong_size);
    selection_sort_ids(&fixture->selection);
    plan_one(fixture, 1);
    plan_one(fixture, 2);
    plan_one(fixture, 3);
    assert_outcome(fixture, 1, REMOVAL_CHANGED, 0);
    run(fixture);
    assert_outcome(fixture, 0, REMOVAL_REMOVED, 0);
    assert_outcome(fixture, 1, REMOVAL_CHANGED, 0);
    assert_outcome(fixture, 2, REMOVAL_CHANGED, 0);
    assert_removals(1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_planned_is_removed_and_nothing_else),
        TEST(an_empty_plan_touches_nothing),
        TEST(what_was_decided_is_not_tried),
        TEST(an_attached_one_is_marked),
        TEST(one_that_is_marked_already_is_not_touched),
        TEST(the_kernel_refuses),
        TEST(gone_at_its_removal),
        TEST(gone_before_its_turn),
        TEST(changed_before_its_turn),
        TEST(use_is_no_change),
        TEST(attached_meanwhile),
        TEST(other_options_are_looked_at_again),
        TEST(used_again_and_young),
        TEST(the_state_is_looked_at_again),
        TEST(one_failure_does_not_stop_the_rest),
        TEST(the_listing_shows_what_the_kernel_refuses_to),
        TEST(without_kernel_and_listing_nothing_is_removed),
        TEST(claims_are_held_against_the_segment),
    };

    return cmocka_run_group_tests_name("action/removal", tests, NULL, NULL);
}
