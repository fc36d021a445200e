/*
 * action/removal: the run as its user sees it (interrupted, each reported), and the counts.
 *
 * wrap: shmctl namespace_run_inside clock_monotonic sysv_tells_sizes
 */
#include <errno.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

#include "action/removal.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "kernel/namespaces.h"
#include "kernel/system.h"
#include "tree.h"
#include "unit.h"

/* --- A kernel in which every segment exists until it is removed ------------------------------- */

enum { COUNT = 6 };

static bool gone[COUNT];
static bool other_size[COUNT];
static pid_t last_user[COUNT];
static int removals[COUNT];
static size_t removal_calls;

int __wrap_shmctl(int shmid, int command, struct shmid_ds *ds);

int __wrap_shmctl(int shmid, int command, struct shmid_ds *ds)
{
    assert_in_range(shmid, 0, COUNT - 1);
    if (gone[shmid]) {
        errno = EINVAL;
        return -1;
    }
    if (command == IPC_RMID) {
        removals[removal_calls++] = shmid;
        gone[shmid] = true;
        return 0;
    }
    *ds = (struct shmid_ds){0};
    ds->shm_segsz = (size_t)shmid * 10 + other_size[shmid];
    ds->shm_lpid = last_user[shmid];
    ds->shm_atime = ds->shm_dtime = last_user[shmid] ? 1000 : 0;
    return shmid;
}

struct fixture {
    struct tree tree;
    struct system system;
    struct selection selection;
    struct removal_plan plan;
    int reported[2 * COUNT]; /* to the hook: ids */
    enum removal_outcome outcomes[2 * COUNT];
    size_t reports;
    size_t questions;      /* how often it was asked whether to stop */
    size_t interrupted_at; /* the question that is answered yes; 0: none */
    int saved[COUNT];
    size_t save_count;
    int withdrawn[COUNT];
    size_t withdrawal_count;
    size_t readings; /* how often what protects was read again */
};

static int setup(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){0};
    removal_calls = 0;
    tree_make(&fixture.tree);
    assert_int_equal(system_open(&fixture.system, fixture.tree.path, NULL), 0);
    fixture.system.protection = protection_new(NULL);
    for (int shmid = 0; shmid < COUNT; shmid++) {
        const struct segment_info info = {
            .segment = {.shmid = shmid, .size = (uint64_t)shmid * 10}};

        gone[shmid] = other_size[shmid] = false;
        last_user[shmid] = 0;
        removal_add(&fixture.plan, &fixture.selection, &info);
    }
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    removal_plan_release(&fixture->plan);
    selection_release(&fixture->selection);
    system_close(&fixture->system);
    tree_remove(&fixture->tree);
    return 0;
}

static bool is_interrupted(void *arg)
{
    struct fixture *fixture = arg;

    fixture->questions++;
    return fixture->questions == fixture->interrupted_at;
}

static void take_done(void *arg, const struct removal_item *item)
{
    struct fixture *fixture = arg;

    assert_in_range(fixture->reports, 0, COUNT_OF(fixture->reported) - 1);
    fixture->reported[fixture->reports] = item->info.segment.shmid;
    fixture->outcomes[fixture->reports++] = item->outcome;
}

static void run(struct fixture *fixture)
{
    const struct removal_hooks hooks = {
        .interrupted = is_interrupted, .done = take_done, .arg = fixture};

    removal_run(&fixture->system, &fixture->selection, &fixture->plan, &hooks);
}

/* --- Tests ---------------------------------------------------------------------------------- */

static void each_item_is_reported_once_in_order(void **state)
{
    struct fixture *fixture = *state;

    removal_add_missing(&fixture->plan, 4242, false);
    run(fixture);
    assert_int_equal(fixture->reports, COUNT + 1);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(fixture->reported[i], i);
        assert_int_equal(fixture->outcomes[i], REMOVAL_REMOVED);
    }
    assert_int_equal(fixture->reported[COUNT], 4242);
    assert_int_equal(fixture->outcomes[COUNT], REMOVAL_FAILED);
    assert_int_equal(removal_calls, COUNT);
}

static void an_interrupt_leaves_the_rest_untried(void **state)
{
    struct fixture *fixture = *state;

    fixture->interrupted_at = 3;
    run(fixture);
    assert_int_equal(removal_calls, 2);
    assert_int_equal(removals[0], 0);
    assert_int_equal(removals[1], 1);
    for (size_t i = 2; i < COUNT; i++) {
        assert_int_equal(fixture->plan.items[i].outcome, REMOVAL_FAILED);
        assert_int_equal(fixture->plan.items[i].code, EINTR);
    }
    /* All are reported, and one yes is enough. */
    assert_int_equal(fixture->reports, COUNT);
}

static void an_interrupt_before_the_first_leaves_all_untried(void **state)
{
    struct fixture *fixture = *state;

    fixture->interrupted_at = 1;
    run(fixture);
    assert_int_equal(removal_calls, 0);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(fixture->plan.items[i].code, EINTR);
}

static void an_interrupt_leaves_alone_what_was_decided(void **state)
{
    struct fixture *fixture = *state;

    removal_add_missing(&fixture->plan, 4242, true);
    fixture->plan.items[1].outcome = REMOVAL_CHANGED;
    fixture->interrupted_at = 1;
    run(fixture);
    assert_int_equal(fixture->plan.items[1].outcome, REMOVAL_CHANGED);
    assert_int_equal(fixture->plan.items[1].code, 0);
    assert_int_equal(fixture->plan.items[COUNT].outcome, REMOVAL_GONE);
}

static void counts_of_a_run(void **state)
{
    struct fixture *fixture = *state;
    struct removal_totals totals;

    totals = removal_count(&fixture->plan);
    assert_int_equal(totals.selected, COUNT);
    assert_int_equal(totals.counts[REMOVAL_SELECTED], COUNT);
    assert_int_equal(totals.pending_bytes, 150);
    assert_int_equal(totals.freed_bytes, 0);
    assert_int_equal(totals.in_use, 0);

    removal_add_missing(&fixture->plan, 4242, false);
    removal_add_missing(&fixture->plan, 4243, true);
    gone[5] = true;
    fixture->interrupted_at = 5;
    run(fixture);
    totals = removal_count(&fixture->plan);
    assert_int_equal(totals.selected, COUNT);
    assert_int_equal(totals.counts[REMOVAL_SELECTED], 0);
    assert_int_equal(totals.counts[REMOVAL_REMOVED], 4);
    assert_int_equal(totals.counts[REMOVAL_FAILED], 3);
    assert_int_equal(totals.counts[REMOVAL_GONE], 1);
    assert_int_equal(totals.pending_bytes, 0);
    assert_int_equal(totals.freed_bytes, 0 + 10 + 20 + 30);
    assert_int_equal(totals.in_use, 0);
}

static void counts_of_what_is_in_use_and_huge(void **state)
{
    struct removal_plan plan = {0};
    struct selection selection = {0};
    struct segment_info info = {.segment = {.size = UINT64_MAX - 5, .nattch = 2}};
    struct removal_totals totals;

    (void)state;
    removal_add(&plan, &selection, &info);
    info.segment.nattch = 0;
    removal_add(&plan, &selection, &info);
    totals = removal_count(&plan);
    assert_int_equal(totals.in_use, 1);
    assert_true(totals.pending_bytes == UINT64_MAX);
    assert_int_equal(totals.freed_bytes, 0);
    plan.items[0].outcome = REMOVAL_REMOVED;
    plan.items[1].outcome = REMOVAL_REMOVED;
    totals = removal_count(&plan);
    assert_int_equal(totals.in_use, 0);
    assert_int_equal(totals.pending_bytes, 0);
    assert_true(totals.freed_bytes == UINT64_MAX);
    removal_plan_release(&plan);
    assert_int_equal(plan.count, 0);
    assert_null(plan.items);
    removal_plan_release(&plan);
    totals = removal_count(&plan);
    assert_int_equal(totals.selected, 0);
}

/* Segment 3 has 30 bytes. */
static void protect_three(struct fixture *fixture)
{
    struct protection_rule rule = {.where = xstrdup("/etc/shmtool.conf:2")};

    filter_add_value(&rule.filter.sizes, 30);
    protection_add(&fixture->system.protection->protects, &rule);
}

static void what_is_protected_when_it_is_read_again_stays(void **state)
{
    struct fixture *fixture = *state;

    protect_three(fixture);
    run(fixture);
    assert_int_equal(removal_calls, COUNT - 1);
    assert_false(gone[3]);
    assert_int_equal(fixture->plan.items[3].outcome, REMOVAL_PROTECTED);
    assert_true(fixture->plan.items[3].late);
    assert_string_equal(fixture->plan.items[3].info.protected_by->where, "/etc/shmtool.conf:2");
    assert_int_equal(removal_count(&fixture->plan).counts[REMOVAL_PROTECTED], 1);
}

static void what_is_protected_goes_where_that_is_wanted(void **state)
{
    struct fixture *fixture = *state;

    protect_three(fixture);
    fixture->plan.even_protected = true;
    run(fixture);
    assert_int_equal(removal_calls, COUNT);
}

static int64_t now_ns = 1; /* the clock */

int64_t __wrap_clock_monotonic(void);

int64_t __wrap_clock_monotonic(void)
{
    return now_ns;
}

/* The first segment takes so long that somebody may protect the fourth meanwhile. */
static void take_long(void *arg, const struct removal_item *item)
{
    (void)arg;
    now_ns += item->info.segment.shmid == 0 ? (int64_t)NSEC_PER_SEC : 0;
}

static void protect_by_the_second_reading(void *arg)
{
    struct fixture *fixture = arg;

    if (fixture->readings++ == 1)
        protect_three(fixture);
}

static void what_protects_is_read_again_when_time_has_passed(void **state)
{
    struct fixture *fixture = *state;
    const struct removal_hooks hooks = {
        .refresh = protect_by_the_second_reading, .done = take_long, .arg = fixture};

    now_ns = (int64_t)NSEC_PER_SEC;
    removal_run(&fixture->system, &fixture->selection, &fixture->plan, &hooks);
    assert_int_equal(fixture->readings, 2);
    assert_int_equal(fixture->plan.items[3].outcome, REMOVAL_PROTECTED);
    assert_int_equal(removal_calls, COUNT - 1);
}

/* Neither when it was not read at all, nor when it was not understood, whatever is wanted. */
static void nothing_goes_without_all_of_the_protection(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP_ERROR struct error problem = ERROR_INIT;

    error_set(&problem, EINVAL, "wrong");
    protection_note_problem(fixture->system.protection, "/etc/shmtool.conf:1", &problem);
    fixture->plan.even_protected = true;
    run(fixture);
    assert_int_equal(removal_calls, 0);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(fixture->plan.items[i].outcome, REMOVAL_FAILED);
        assert_int_equal(fixture->plan.items[i].code, ECANCELED);
        fixture->plan.items[i].outcome = REMOVAL_SELECTED;
    }
    protection_free(fixture->system.protection);
    fixture->system.protection = NULL;
    fixture->reports = 0;
    fixture->plan.even_protected = false;
    run(fixture);
    assert_int_equal(removal_calls, 0);
    assert_int_equal(fixture->plan.items[0].code, ECANCELED);
}

/*
 * 1 cannot be saved; 2 becomes another one, 3 goes, 4 is used by somebody, and 5 by us alone, while
 * they are saved.
 */
static int take_save(void *arg, const struct removal_item *item, const struct segment *now)
{
    struct fixture *fixture = arg;

    assert_int_equal(now->shmid, item->info.segment.shmid);
    assert_false(gone[now->shmid]);
    if (now->shmid == 1)
        return -ENOSPC;
    other_size[2] = now->shmid == 2 || other_size[2];
    gone[3] = now->shmid == 3 || gone[3];
    if (now->shmid >= 4)
        last_user[now->shmid] = now->shmid == 4 ? 4711 : getpid();
    fixture->saved[fixture->save_count++] = now->shmid;
    return 0;
}

static void take_withdrawal(void *arg, const struct removal_item *item)
{
    struct fixture *fixture = arg;

    fixture->withdrawn[fixture->withdrawal_count++] = item->info.segment.shmid;
}

static void what_is_not_saved_stays_and_what_stays_is_withdrawn(void **state)
{
    struct fixture *fixture = *state;
    const struct removal_hooks hooks = {
        .done = take_done, .save = take_save, .withdraw = take_withdrawal, .arg = fixture};
    static const enum removal_outcome expected[COUNT] = {REMOVAL_REMOVED, REMOVAL_FAILED,
                                                         REMOVAL_CHANGED, REMOVAL_GONE,
                                                         REMOVAL_CHANGED, REMOVAL_REMOVED};

    removal_run(&fixture->system, &fixture->selection, &fixture->plan, &hooks);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(fixture->outcomes[i], expected[i]);
    assert_int_equal(fixture->plan.items[1].code, ENOSPC);
    assert_int_equal(fixture->save_count, COUNT - 1);
    assert_int_equal(removal_calls, 2);
    /* The bytes of one that somebody else has removed meanwhile are all that there is of it. */
    assert_int_equal(fixture->withdrawal_count, 2);
    assert_int_equal(fixture->withdrawn[0], 2);
    assert_int_equal(fixture->withdrawn[1], 4);
}

/* --- By a child in another user namespace ----------------------------------------------------- */

/* What came of the child; -1: what its work said. */
static int child_status = -1;

int __wrap_namespace_run_inside(const struct procfs *procfs, int (*work)(void *arg), void *arg);

int __wrap_namespace_run_inside(const struct procfs *procfs, int (*work)(void *arg), void *arg)
{
    (void)procfs;
    return child_status >= 0 ? child_status : work(arg);
}

/* Out of memory, or by whatever else ends a program with a status of its own. */
static void a_child_that_ended_before_it_was_done_has_removed_nothing(void **state)
{
    struct fixture *fixture = *state;
    const struct foreign_listing listing = {.fd = -1, .ipc = -1, .user = -1};

    fixture->system.procfs.inside = &listing;
    for (child_status = 0; child_status < REMOVAL_OUTCOMES; child_status++) {
        struct removal_item *item = &fixture->plan.items[0];

        fixture->reports = 0;
        item->outcome = REMOVAL_SELECTED;
        run(fixture);
        assert_int_equal(item->outcome, REMOVAL_FAILED);
        assert_int_equal(item->code, ECHILD);
    }
    child_status = -1;
    fixture->system.procfs.inside = NULL;
}

static void outcomes_have_the_names_of_the_json_document(void **state)
{
    static const char *const names[] = {"selected", "removed", "set",       "marked",
                                        "gone",     "changed", "protected", "failed"};

    (void)state;
    assert_int_equal(REMOVAL_OUTCOMES, COUNT_OF(names));
    for (int i = 0; i < REMOVAL_OUTCOMES; i++)
        assert_string_equal(removal_outcome_name((enum removal_outcome)i), names[i]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_protected_when_it_is_read_again_stays),
        TEST(what_is_protected_goes_where_that_is_wanted),
        TEST(what_protects_is_read_again_when_time_has_passed),
        TEST(nothing_goes_without_all_of_the_protection),
        TEST(each_item_is_reported_once_in_order),
        TEST(an_interrupt_leaves_the_rest_untried),
        TEST(an_interrupt_before_the_first_leaves_all_untried),
        TEST(an_interrupt_leaves_alone_what_was_decided),
        TEST(what_is_not_saved_stays_and_what_stays_is_withdrawn),
        TEST(a_child_that_ended_before_it_was_done_has_removed_nothing),
        TEST(counts_of_a_run),
        cmocka_unit_test(counts_of_what_is_in_use_and_huge),
        cmocka_unit_test(outcomes_have_the_names_of_the_json_document),
    };

    return cmocka_run_group_tests_name("action/removal, the run", tests, NULL, NULL);
}
