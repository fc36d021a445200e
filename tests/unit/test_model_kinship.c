/* model/kinship: whose was a number in the span between two readings of the table? */
#include "model/kinship.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "unit.h"

/* The founder of the families in these tests. */
enum { FOUNDER = 10 };

static struct kinship *new_family(void)
{
    struct kinship *kinship = xcalloc(1, sizeof(*kinship));

    kinship_adopt(kinship, FOUNDER);
    return kinship;
}

static void free_family(struct kinship **kinship)
{
    kinship_release(*kinship);
    free(*kinship);
}

#define FAMILY __attribute__((cleanup(free_family))) struct kinship *

static void end(struct kinship *kinship, pid_t number)
{
    const struct kinship_end fact = {.number = number, .leader = true};

    kinship_ended(kinship, &fact);
}

static void next_span(struct kinship *kinship)
{
    kinship_mark(kinship);
    kinship_advance(kinship);
}

static void assert_kin(const struct kinship *kinship, pid_t number, enum kin expected)
{
    assert_int_equal(kinship_ask(kinship, number), expected);
}

/* --- Families --------------------------------------------------------------------------------- */

static void nobody_is_family_at_first(void **state)
{
    struct kinship kinship = KINSHIP_INIT;

    (void)state;
    assert_kin(&kinship, 1, KIN_STRANGER);
    assert_kin(&kinship, 4194304, KIN_STRANGER);
    assert_int_equal(kinship_weight(&kinship), 0);
    kinship_release(&kinship);
}

static void children_of_the_family_are_family(void **state)
{
    FAMILY kinship = new_family();

    (void)state;
    kinship_born(kinship, FOUNDER, 11);
    kinship_born(kinship, 11, 4000000);
    kinship_born(kinship, 12, 13);
    assert_kin(kinship, FOUNDER, KIN_FAMILY);
    assert_kin(kinship, 11, KIN_FAMILY);
    assert_kin(kinship, 4000000, KIN_FAMILY);
    assert_kin(kinship, 12, KIN_STRANGER);
    assert_kin(kinship, 13, KIN_STRANGER);
    assert_kin(kinship, 3999999, KIN_STRANGER);
    assert_kin(kinship, 4000001, KIN_STRANGER);
}

static void the_dead_stay_family(void **state)
{
    FAMILY kinship = new_family();

    (void)state;
    kinship_born(kinship, FOUNDER, 11);
    end(kinship, 11);
    assert_kin(kinship, 11, KIN_FAMILY);
    next_span(kinship);
    assert_kin(kinship, 11, KIN_FAMILY);
    kinship_born(kinship, 11, 12); /* told late: the parent is dead already */
    assert_kin(kinship, 12, KIN_FAMILY);
}

static void no_number_is_nobody(void **state)
{
    FAMILY kinship = new_family();

    (void)state;
    kinship_adopt(kinship, 0);
    kinship_adopt(kinship, -5);
    kinship_born(kinship, FOUNDER, 0);
    kinship_born(kinship, FOUNDER, -1);
    end(kinship, 0);
    assert_kin(kinship, 0, KIN_STRANGER);
    assert_kin(kinship, -1, KIN_STRANGER);
    kinship_born(kinship, 0, 11); /* the kernel's own children */
    assert_kin(kinship, 11, KIN_STRANGER);
}

/* --- Numbers that come again ------------------------------------------------------------------ */

static void a_number_that_goes_to_a_stranger_is_unsure_in_that_span(void **state)
{
    FAMILY kinship = new_family();

    (void)state;
    kinship_born(kinship, FOUNDER, 11);
    end(kinship, 11);
    kinship_born(kinship, 99, 11);
    assert_kin(kinship, 11, KIN_UNSURE);
    next_span(kinship);
    assert_kin(kinship, 11, KIN_STRANGER);
    kinship_born(kinship, 11, 12);
    assert_kin(kinship, 12, KIN_STRANGER);
}

static void a_number_that_comes_from_a_stranger_is_unsure_in_that_span(void **state)
{
    FAMILY kinship = new_family();

    (void)state;
    end(kinship, 11);
    kinship_born(kinship, FOUNDER, 11);
    assert_kin(kinship, 11, KIN_UNSURE);
    next_span(kinship);
    assert_kin(kinship, 11, KIN_FAMILY);
}

static void a_stranger_that_ended_before_the_span_does_not_matter(void **state)
{
    FAMILY kinship = new_family();

    (void)state;
    end(kinship, 11);
    next_span(kinship);
    kinship_born(kinship, FOUNDER, 11);
    assert_kin(kinship, 11, KIN_FAMILY);
}

static void a_number_that_stays_in_the_family_is_sure(void **state)
{
    FAMILY kinship = new_family();

    (void)state;
    kinship_born(kinship, FOUNDER, 11);
    next_span(kinship);
    end(kinship, 11);
    kinship_born(kinship, FOUNDER, 11);
    assert_kin(kinship, 11, KIN_FAMILY);
}

static void the_end_of_a_thread_is_none_of_the_process(void **state)
{
    const struct kinship_end thread = {.number = 11};
    FAMILY kinship = new_family();

    (void)state;
    kinship_born(kinship, FOUNDER, 11);
    kinship_ended(kinship, &thread);
    kinship_ended(kinship, &thread);
    end(kinship, 11);
    assert_kin(kinship, 11, KIN_FAMILY);
}

/* The kernel tells of an end when the number may have been given to the next one already. */
static void an_end_that_is_told_late_is_seen(void **state)
{
    const struct kinship_end late = {.number = 11, .leader = true, .reused = true};
    FAMILY kinship = new_family();

    (void)state;
    kinship_born(kinship, FOUNDER, 11); /* a stranger had it until now, and was waited for */
    kinship_ended(kinship, &late);
    assert_kin(kinship, 11, KIN_UNSURE);
    next_span(kinship);
    assert_kin(kinship, 11, KIN_FAMILY);

    kinship_born(kinship, FOUNDER, 12);
    end(kinship, 12); /* the stranger's, told late */
    end(kinship, 12); /* the child's own */
    assert_kin(kinship, 12, KIN_UNSURE);
}

/* --- Spans ------------------------------------------------------------------------------------ */

static void what_comes_during_a_reading_belongs_to_both_spans(void **state)
{
    FAMILY kinship = new_family();

    (void)state;
    end(kinship, 11);
    kinship_mark(kinship);
    end(kinship, 12);
    kinship_born(kinship, FOUNDER, 11);
    assert_kin(kinship, 11, KIN_UNSURE);
    kinship_advance(kinship);
    assert_kin(kinship, 11, KIN_FAMILY);
    kinship_born(kinship, FOUNDER, 12);
    assert_kin(kinship, 12, KIN_UNSURE);
}

static void spans_are_weighed(void **state)
{
    FAMILY kinship = new_family();

    (void)state;
    kinship_born(kinship, 1, 11);
    kinship_born(kinship, FOUNDER, 12);
    end(kinship, 11);
    end(kinship, 12);
    assert_int_equal(kinship_weight(kinship), 4);
    kinship_mark(kinship);
    kinship_born(kinship, 1, 13);
    assert_int_equal(kinship_weight(kinship), 5);
    kinship_advance(kinship);
    assert_int_equal(kinship_weight(kinship), 1);
}

static void after_a_loss_nothing_is_sure_until_the_family_was_found(void **state)
{
    FAMILY kinship = new_family();

    (void)state;
    kinship_born(kinship, FOUNDER, 11);
    kinship_lose(kinship);
    kinship_adopt(kinship, FOUNDER);
    assert_kin(kinship, FOUNDER, KIN_UNSURE);
    assert_kin(kinship, 11, KIN_UNSURE);
    assert_kin(kinship, 77, KIN_UNSURE);
    next_span(kinship);
    assert_kin(kinship, FOUNDER, KIN_UNSURE);

    kinship_found(kinship);
    assert_kin(kinship, FOUNDER, KIN_UNSURE); /* this span began before */
    next_span(kinship);
    assert_kin(kinship, FOUNDER, KIN_FAMILY);
    assert_kin(kinship, 11, KIN_STRANGER);
}

static void a_loss_during_a_reading_spoils_both_spans(void **state)
{
    FAMILY kinship = new_family();

    (void)state;
    kinship_mark(kinship);
    kinship_lose(kinship);
    kinship_found(kinship);
    assert_kin(kinship, FOUNDER, KIN_UNSURE);
    kinship_advance(kinship);
    assert_kin(kinship, FOUNDER, KIN_UNSURE);
    next_span(kinship);
    assert_kin(kinship, FOUNDER, KIN_STRANGER);
}

/* --- A world in which numbers are scarce ------------------------------------------------------ */

enum { NUMBERS = 9, SEGMENTS = 64, STEPS = 300000 };

struct bearer {
    enum { FREE, ALIVE, DEAD } life;
    bool family;
    bool told; /* of its end */
};

struct message {
    bool birth;
    pid_t number;
    pid_t parent; /* of a birth */
};

struct made {
    bool there;
    bool seen;
    bool family;
    pid_t number;
};

struct world {
    struct bearer bearers[NUMBERS + 1]; /* 1 is the founder, 2 the first stranger: they stay */
    struct message queue[4096];
    size_t queued;
    pid_t late; /* a dead one that was waited for before its end was told; 0: none */
    struct made segments[SEGMENTS];
    unsigned seed;
    size_t sure;
    size_t unsure;
};

static unsigned dice(struct world *world, unsigned sides)
{
    world->seed = world->seed * 1103515245U + 12345U;
    return (world->seed >> 16) % sides;
}

static void tell_end(struct world *world, pid_t number)
{
    world->queue[world->queued++] = (struct message){.number = number};
}

static void tell_late_end(struct world *world)
{
    if (world->late)
        tell_end(world, world->late);
    world->late = 0;
}

static pid_t pick(struct world *world, int life)
{
    pid_t number = (pid_t)(1 + dice(world, NUMBERS));

    return (int)world->bearers[number].life == life ? number : 0;
}

static void bear(struct world *world)
{
    pid_t parent = pick(world, ALIVE);
    pid_t child = pick(world, FREE);

    if (!parent || !child)
        return;
    world->bearers[child] = (struct bearer){ALIVE, world->bearers[parent].family, false};
    world->queue[world->queued++] = (struct message){true, child, parent};
}

static void die(struct world *world)
{
    pid_t number = pick(world, ALIVE);

    if (number <= 2)
        return;
    world->bearers[number].life = DEAD;
    if (dice(world, 4) > 0) {
        world->bearers[number].told = true;
        tell_end(world, number);
    }
}

static void wait_for_one(struct world *world)
{
    pid_t number = pick(world, DEAD);

    if (!number)
        return;
    world->bearers[number].life = FREE;
    if (world->bearers[number].told)
        return;
    tell_late_end(world);
    world->late = number;
}

static void make_segment(struct world *world)
{
    struct made *segment = &world->segments[dice(world, SEGMENTS)];
    pid_t number = pick(world, ALIVE);

    if (number && !segment->there)
        *segment = (struct made){true, false, world->bearers[number].family, number};
}

static void live(struct world *world)
{
    for (unsigned steps = dice(world, 30); steps > 0; steps--) {
        switch (dice(world, 5)) {
        case 0:
        case 1:
            bear(world);
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

/* What the kernel connector would give: see kernel/forks. */
static void listen_to(struct world *world, struct kinship *kinship)
{
    tell_late_end(world);
    for (size_t i = 0; i < world->queued; i++) {
        const struct message *message = &world->queue[i];
        const struct bearer *bearer = &world->bearers[message->number];
        struct kinship_end fact = {message->number, true, false};

        if (message->birth) {
            kinship_born(kinship, message->parent, message->number);
            continue;
        }
        /* An end without a parent: there is somebody else who lives, or nobody. */
        fact.reused = bearer->life == ALIVE && !dice(world, 2);
        kinship_ended(kinship, &fact);
    }
    world->queued = 0;
}

static void read_and_judge(struct world *world, struct kinship *kinship)
{
    bool present[SEGMENTS];

    listen_to(world, kinship);
    kinship_mark(kinship);
    live(world);
    for (size_t i = 0; i < SEGMENTS; i++)
        present[i] = world->segments[i].there && !world->segments[i].seen;
    live(world);
    listen_to(world, kinship);
    for (size_t i = 0; i < SEGMENTS; i++) {
        struct made *segment = &world->segments[i];
        enum kin kin = kinship_ask(kinship, segment->number);

        if (!present[i])
            continue;
        segment->seen = true;
        segment->there = dice(world, 2) > 0;
        if (kin == KIN_UNSURE) {
            world->unsure++;
            continue;
        }
        world->sure++;
        assert_int_equal(kin, segment->family ? KIN_FAMILY : KIN_STRANGER);
    }
    kinship_advance(kinship);
}

static void no_stranger_is_ever_taken_for_family(void **state)
{
    struct world *world = xcalloc(1, sizeof(*world));
    struct kinship *kinship = xcalloc(1, sizeof(*kinship));

    (void)state;
    world->seed = 4711;
    world->bearers[1] = (struct bearer){ALIVE, true, false};
    world->bearers[2] = (struct bearer){ALIVE, false, false};
    kinship_adopt(kinship, 1);
    for (int step = 0; step < STEPS; step++) {
        live(world);
        read_and_judge(world, kinship);
    }
    /* Even with so few numbers most segments can be told apart. */
    assert_true(world->sure > 3 * world->unsure);
    assert_true(world->unsure > 0);
    free_family(&kinship);
    free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_family_at_first),
        cmocka_unit_test(children_of_the_family_are_family),
        cmocka_unit_test(the_dead_stay_family),
        cmocka_unit_test(no_number_is_nobody),
        cmocka_unit_test(a_number_that_goes_to_a_stranger_is_unsure_in_that_span),
        cmocka_unit_test(a_number_that_comes_from_a_stranger_is_unsure_in_that_span),
        cmocka_unit_test(a_stranger_that_ended_before_the_span_does_not_matter),
        cmocka_unit_test(a_number_that_stays_in_the_family_is_sure),
        cmocka_unit_test(the_end_of_a_thread_is_none_of_the_process),
        cmocka_unit_test(an_end_that_is_told_late_is_seen),
        cmocka_unit_test(what_comes_during_a_reading_belongs_to_both_spans),
        cmocka_unit_test(spans_are_weighed),
        cmocka_unit_test(after_a_loss_nothing_is_sure_until_the_family_was_found),
        cmocka_unit_test(a_loss_during_a_reading_spoils_both_spans),
        cmocka_unit_test(no_stranger_is_ever_taken_for_family),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
