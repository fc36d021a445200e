/* model/descendants: whose was a PID in the span between two readings of the table? */
#include "model/descendants.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "unit.h"

/* The founder of the families in these tests. */
enum { ROOT = 10 };

static struct descendants *new_tree(void)
{
    struct descendants *descendants = xcalloc(1, sizeof(*descendants));

    descendants_add(descendants, ROOT);
    return descendants;
}

static void free_tree(struct descendants **descendants)
{
    descendants_release(*descendants);
    free(*descendants);
}

#define TREE __attribute__((cleanup(free_tree))) struct descendants *

static void exits(struct descendants *descendants, pid_t pid)
{
    const struct exit_event fact = {.pid = pid, .leader = true};

    descendants_exit(descendants, &fact);
}

static void next_span(struct descendants *descendants)
{
    descendants_mark(descendants);
    descendants_advance(descendants);
}

static void assert_descent(const struct descendants *descendants, pid_t pid, enum descent expected)
{
    assert_int_equal(descendants_check(descendants, pid), expected);
}

/* --- The tree --------------------------------------------------------------------------------- */

static void nobody_is_a_descendant_at_first(void **state)
{
    struct descendants descendants = DESCENDANTS_INIT;

    (void)state;
    assert_descent(&descendants, 1, DESCENT_UNRELATED);
    assert_descent(&descendants, 4194304, DESCENT_UNRELATED);
    assert_int_equal(descendants_events(&descendants), 0);
    descendants_release(&descendants);
}

static void children_of_descendants_are_descendants(void **state)
{
    TREE descendants = new_tree();

    (void)state;
    descendants_fork(descendants, ROOT, 11);
    descendants_fork(descendants, 11, 4000000);
    descendants_fork(descendants, 12, 13);
    assert_descent(descendants, ROOT, DESCENT_DESCENDANT);
    assert_descent(descendants, 11, DESCENT_DESCENDANT);
    assert_descent(descendants, 4000000, DESCENT_DESCENDANT);
    assert_descent(descendants, 12, DESCENT_UNRELATED);
    assert_descent(descendants, 13, DESCENT_UNRELATED);
    assert_descent(descendants, 3999999, DESCENT_UNRELATED);
    assert_descent(descendants, 4000001, DESCENT_UNRELATED);
}

static void who_exited_stays_a_descendant(void **state)
{
    TREE descendants = new_tree();

    (void)state;
    descendants_fork(descendants, ROOT, 11);
    exits(descendants, 11);
    assert_descent(descendants, 11, DESCENT_DESCENDANT);
    next_span(descendants);
    assert_descent(descendants, 11, DESCENT_DESCENDANT);
    descendants_fork(descendants, 11, 12); /* reported late: the parent has exited already */
    assert_descent(descendants, 12, DESCENT_DESCENDANT);
}

static void no_pid_is_nobody(void **state)
{
    TREE descendants = new_tree();

    (void)state;
    descendants_add(descendants, 0);
    descendants_add(descendants, -5);
    descendants_fork(descendants, ROOT, 0);
    descendants_fork(descendants, ROOT, -1);
    exits(descendants, 0);
    assert_descent(descendants, 0, DESCENT_UNRELATED);
    assert_descent(descendants, -1, DESCENT_UNRELATED);
    descendants_fork(descendants, 0, 11); /* the kernel's own children */
    assert_descent(descendants, 11, DESCENT_UNRELATED);
}

/* --- PIDs that come again --------------------------------------------------------------------- */

static void a_pid_that_an_unrelated_process_gets_is_unknown_in_that_span(void **state)
{
    TREE descendants = new_tree();

    (void)state;
    descendants_fork(descendants, ROOT, 11);
    exits(descendants, 11);
    descendants_fork(descendants, 99, 11);
    assert_descent(descendants, 11, DESCENT_UNKNOWN);
    next_span(descendants);
    assert_descent(descendants, 11, DESCENT_UNRELATED);
    descendants_fork(descendants, 11, 12);
    assert_descent(descendants, 12, DESCENT_UNRELATED);
}

static void a_pid_that_an_unrelated_process_had_is_unknown_in_that_span(void **state)
{
    TREE descendants = new_tree();

    (void)state;
    exits(descendants, 11);
    descendants_fork(descendants, ROOT, 11);
    assert_descent(descendants, 11, DESCENT_UNKNOWN);
    next_span(descendants);
    assert_descent(descendants, 11, DESCENT_DESCENDANT);
}

static void who_exited_before_the_span_does_not_matter(void **state)
{
    TREE descendants = new_tree();

    (void)state;
    exits(descendants, 11);
    next_span(descendants);
    descendants_fork(descendants, ROOT, 11);
    assert_descent(descendants, 11, DESCENT_DESCENDANT);
}

static void a_pid_that_descendants_get_again_is_known(void **state)
{
    TREE descendants = new_tree();

    (void)state;
    descendants_fork(descendants, ROOT, 11);
    next_span(descendants);
    exits(descendants, 11);
    descendants_fork(descendants, ROOT, 11);
    assert_descent(descendants, 11, DESCENT_DESCENDANT);
}

static void the_end_of_a_thread_is_none_of_the_process(void **state)
{
    const struct exit_event thread = {.pid = 11};
    TREE descendants = new_tree();

    (void)state;
    descendants_fork(descendants, ROOT, 11);
    descendants_exit(descendants, &thread);
    descendants_exit(descendants, &thread);
    exits(descendants, 11);
    assert_descent(descendants, 11, DESCENT_DESCENDANT);
}

/* The kernel reports an exit when the PID may have been given to the next one already. */
static void an_exit_that_is_reported_late_is_noticed(void **state)
{
    const struct exit_event late = {.pid = 11, .leader = true, .reused = true};
    TREE descendants = new_tree();

    (void)state;
    descendants_fork(descendants, ROOT,
                     11); /* an unrelated process had it until now, and was waited for */
    descendants_exit(descendants, &late);
    assert_descent(descendants, 11, DESCENT_UNKNOWN);
    next_span(descendants);
    assert_descent(descendants, 11, DESCENT_DESCENDANT);

    descendants_fork(descendants, ROOT, 12);
    exits(descendants, 12); /* the unrelated process's, reported late */
    exits(descendants, 12); /* the child's own */
    assert_descent(descendants, 12, DESCENT_UNKNOWN);
}

/* --- Spans ------------------------------------------------------------------------------------ */

static void what_comes_during_a_reading_belongs_to_both_spans(void **state)
{
    TREE descendants = new_tree();

    (void)state;
    exits(descendants, 11);
    descendants_mark(descendants);
    exits(descendants, 12);
    descendants_fork(descendants, ROOT, 11);
    assert_descent(descendants, 11, DESCENT_UNKNOWN);
    descendants_advance(descendants);
    assert_descent(descendants, 11, DESCENT_DESCENDANT);
    descendants_fork(descendants, ROOT, 12);
    assert_descent(descendants, 12, DESCENT_UNKNOWN);
}

static void spans_are_weighed(void **state)
{
    TREE descendants = new_tree();

    (void)state;
    descendants_fork(descendants, 1, 11);
    descendants_fork(descendants, ROOT, 12);
    exits(descendants, 11);
    exits(descendants, 12);
    assert_int_equal(descendants_events(descendants), 4);
    descendants_mark(descendants);
    descendants_fork(descendants, 1, 13);
    assert_int_equal(descendants_events(descendants), 5);
    descendants_advance(descendants);
    assert_int_equal(descendants_events(descendants), 1);
}

static void after_a_loss_nothing_is_known_until_the_descendants_were_found(void **state)
{
    TREE descendants = new_tree();

    (void)state;
    descendants_fork(descendants, ROOT, 11);
    descendants_lose(descendants);
    descendants_add(descendants, ROOT);
    assert_descent(descendants, ROOT, DESCENT_UNKNOWN);
    assert_descent(descendants, 11, DESCENT_UNKNOWN);
    assert_descent(descendants, 77, DESCENT_UNKNOWN);
    next_span(descendants);
    assert_descent(descendants, ROOT, DESCENT_UNKNOWN);

    descendants_found(descendants);
    assert_descent(descendants, ROOT, DESCENT_UNKNOWN); /* this span began before */
    next_span(descendants);
    assert_descent(descendants, ROOT, DESCENT_DESCENDANT);
    assert_descent(descendants, 11, DESCENT_UNRELATED);
}

static void a_loss_during_a_reading_spoils_both_spans(void **state)
{
    TREE descendants = new_tree();

    (void)state;
    descendants_mark(descendants);
    descendants_lose(descendants);
    descendants_found(descendants);
    assert_descent(descendants, ROOT, DESCENT_UNKNOWN);
    descendants_advance(descendants);
    assert_descent(descendants, ROOT, DESCENT_UNKNOWN);
    next_span(descendants);
    assert_descent(descendants, ROOT, DESCENT_UNRELATED);
}

/* --- A world in which PIDs are scarce --------------------------------------------------------- */

enum { PIDS = 9, SEGMENTS = 64, STEPS = 300000 };

struct process {
    enum { FREE, ALIVE, ZOMBIE } life;
    bool descendant;
    bool reported; /* its exit */
};

struct message {
    bool fork;
    pid_t pid;
    pid_t parent; /* of a fork */
};

struct made {
    bool there;
    bool seen;
    bool descendant;
    pid_t pid;
};

struct world {
    struct process
        processes[PIDS + 1]; /* 1 is the root, 2 the first unrelated process: they stay */
    struct message queue[4096];
    size_t queued;
    pid_t late; /* one that was waited for before its exit was reported; 0: none */
    struct made segments[SEGMENTS];
    unsigned seed;
    size_t known;
    size_t unknown;
};

static unsigned dice(struct world *world, unsigned sides)
{
    world->seed = world->seed * 1103515245U + 12345U;
    return (world->seed >> 16) % sides;
}

static void report_exit(struct world *world, pid_t pid)
{
    world->queue[world->queued++] = (struct message){.pid = pid};
}

static void report_late_exit(struct world *world)
{
    if (world->late)
        report_exit(world, world->late);
    world->late = 0;
}

static pid_t pick(struct world *world, int life)
{
    pid_t pid = (pid_t)(1 + dice(world, PIDS));

    return (int)world->processes[pid].life == life ? pid : 0;
}

static void start_process(struct world *world)
{
    pid_t parent = pick(world, ALIVE);
    pid_t child = pick(world, FREE);

    if (!parent || !child)
        return;
    world->processes[child] = (struct process){ALIVE, world->processes[parent].descendant, false};
    world->queue[world->queued++] = (struct message){true, child, parent};
}

static void die(struct world *world)
{
    pid_t pid = pick(world, ALIVE);

    if (pid <= 2)
        return;
    world->processes[pid].life = ZOMBIE;
    if (dice(world, 4) > 0) {
        world->processes[pid].reported = true;
        report_exit(world, pid);
    }
}

static void wait_for_one(struct world *world)
{
    pid_t pid = pick(world, ZOMBIE);

    if (!pid)
        return;
    world->processes[pid].life = FREE;
    if (world->processes[pid].reported)
        return;
    report_late_exit(world);
    world->late = pid;
}

static void make_segment(struct world *world)
{
    struct made *segment = &world->segments[dice(world, SEGMENTS)];
    pid_t pid = pick(world, ALIVE);

    if (pid && !segment->there)
        *segment = (struct made){true, false, world->processes[pid].descendant, pid};
}

static void live(struct world *world)
{
    for (unsigned steps = dice(world, 30); steps > 0; steps--) {
        switch (dice(world, 5)) {
        case 0:
        case 1:
            start_process(world);
            break;
        case 2:
            die(world);
            break;
        case 3:
            wait_for_one(world);
            break;
        default:
            make_segment(world);
            break;
        }
    }
}

/* What the proc connector would report: see kernel/proc_events. */
static void listen_to(struct world *world, struct descendants *descendants)
{
    report_late_exit(world);
    for (size_t i = 0; i < world->queued; i++) {
        const struct message *message = &world->queue[i];
        const struct process *process = &world->processes[message->pid];
        struct exit_event fact = {message->pid, true, false};

        if (message->fork) {
            descendants_fork(descendants, message->parent, message->pid);
            continue;
        }
        /* An exit without a parent: there is somebody else who lives, or nobody. */
        fact.reused = process->life == ALIVE && !dice(world, 2);
        descendants_exit(descendants, &fact);
    }
    world->queued = 0;
}

static void read_and_judge(struct world *world, struct descendants *descendants)
{
    bool present[SEGMENTS];

    listen_to(world, descendants);
    descendants_mark(descendants);
    live(world);
    for (size_t i = 0; i < SEGMENTS; i++)
        present[i] = world->segments[i].there && !world->segments[i].seen;
    live(world);
    listen_to(world, descendants);
    for (size_t i = 0; i < SEGMENTS; i++) {
        struct made *segment = &world->segments[i];
        enum descent descent = descendants_check(descendants, segment->pid);

        if (!present[i])
            continue;
        segment->seen = true;
        segment->there = dice(world, 2) > 0;
        if (descent == DESCENT_UNKNOWN) {
            world->unknown++;
            continue;
        }
        world->known++;
        assert_int_equal(descent, segment->descendant ? DESCENT_DESCENDANT : DESCENT_UNRELATED);
    }
    descendants_advance(descendants);
}

static void no_unrelated_process_is_ever_treated_as_descendant(void **state)
{
    struct world *world = xcalloc(1, sizeof(*world));
    struct descendants *descendants = xcalloc(1, sizeof(*descendants));

    (void)state;
    world->seed = 4711;
    world->processes[1] = (struct process){ALIVE, true, false};
    world->processes[2] = (struct process){ALIVE, false, false};
    descendants_add(descendants, 1);
    for (int step = 0; step < STEPS; step++) {
        live(world);
        read_and_judge(world, descendants);
    }
    /* Even with so few PIDs most segments are known. */
    assert_true(world->known > 3 * world->unknown);
    assert_true(world->unknown > 0);
    free_tree(&descendants);
    free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_a_descendant_at_first),
        cmocka_unit_test(children_of_descendants_are_descendants),
        cmocka_unit_test(who_exited_stays_a_descendant),
        cmocka_unit_test(no_pid_is_nobody),
        cmocka_unit_test(a_pid_that_an_unrelated_process_gets_is_unknown_in_that_span),
        cmocka_unit_test(a_pid_that_an_unrelated_process_had_is_unknown_in_that_span),
        cmocka_unit_test(who_exited_before_the_span_does_not_matter),
        cmocka_unit_test(a_pid_that_descendants_get_again_is_known),
        cmocka_unit_test(the_end_of_a_thread_is_none_of_the_process),
        cmocka_unit_test(an_exit_that_is_reported_late_is_noticed),
        cmocka_unit_test(what_comes_during_a_reading_belongs_to_both_spans),
        cmocka_unit_test(spans_are_weighed),
        cmocka_unit_test(after_a_loss_nothing_is_known_until_the_descendants_were_found),
        cmocka_unit_test(a_loss_during_a_reading_spoils_both_spans),
        cmocka_unit_test(no_unrelated_process_is_ever_treated_as_descendant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
