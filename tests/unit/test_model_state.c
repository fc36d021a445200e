/* model/state: what a segment is to its users, in every case that can be told and every doubt. */
#include "model/state.h"

#include <errno.h>
#include <string.h>

#include "unit.h"

/* A quiet machine: it booted at 1000 and now it is 9000; segments were made at 5000. */
enum { BOOT = 1000, MADE = 5000, TOUCHED = 6000, NOW = 9000, CREATOR = 100, LAST = 200 };

static const struct state_clock good_clock = {.now = NOW, .has_boot = true, .boot = BOOT};

static const struct pid_fact gone = {.presence = PID_GONE};
static const struct pid_fact unknown = {.presence = PID_UNKNOWN};
static const struct pid_fact without_start = {.presence = PID_ALIVE};

static struct pid_fact alive_since(int64_t start)
{
    return (struct pid_fact){.presence = PID_ALIVE, .has_start = true, .start = start};
}

/* Made by CREATOR, last touched by LAST, unattached. */
static struct segment left_behind(void)
{
    return (struct segment){.key = 0x1234,
                            .mode = 0600,
                            .size = 4096,
                            .cpid = CREATOR,
                            .lpid = LAST,
                            .atime = TOUCHED,
                            .dtime = TOUCHED,
                            .ctime = MADE};
}

/* Nobody ever attached it. */
static struct segment untouched(void)
{
    struct segment segment = left_behind();

    segment.lpid = 0;
    segment.atime = 0;
    segment.dtime = 0;
    return segment;
}

static void expect_at(const struct segment *segment, struct pid_fact creator, struct pid_fact last,
                      const struct state_clock *clock, enum segment_state expected)
{
    enum segment_state state = segment_state(segment, segment_creator(segment, creator, clock),
                                             segment_last_user(segment, last, clock));

    assert_string_equal(state_name(state), state_name(expected));
}

static void expect(struct segment segment, struct pid_fact creator, struct pid_fact last,
                   enum segment_state expected)
{
    expect_at(&segment, creator, last, &good_clock, expected);
}

static void attached_is_used_whoever_lives(void **state)
{
    struct segment segment = left_behind();

    (void)state;
    segment.nattch = 1;
    expect(segment, gone, gone, STATE_USED);
    expect(segment, unknown, unknown, STATE_USED);
    expect(segment, alive_since(2000), gone, STATE_USED);
}

static void marked_is_dest(void **state)
{
    struct segment segment = left_behind();

    (void)state;
    segment.mode |= SEGMENT_DEST;
    segment.key = 0;
    segment.nattch = 2;
    expect(segment, gone, gone, STATE_DEST);
    segment.nattch = 0;
    expect(segment, gone, gone, STATE_DEST);
}

static void locked_alone_changes_nothing(void **state)
{
    struct segment segment = left_behind();

    (void)state;
    segment.mode |= SEGMENT_LOCKED;
    expect(segment, gone, gone, STATE_ORPHAN);
    segment.nattch = 1;
    expect(segment, gone, gone, STATE_USED);
}

static void orphan_when_both_are_dead(void **state)
{
    (void)state;
    expect(left_behind(), gone, gone, STATE_ORPHAN);
}

static void idle_when_one_lives(void **state)
{
    (void)state;
    expect(left_behind(), alive_since(4000), gone, STATE_IDLE);
    expect(left_behind(), gone, alive_since(4000), STATE_IDLE);
    expect(left_behind(), alive_since(4000), alive_since(4000), STATE_IDLE);
    expect(left_behind(), alive_since(4000), unknown, STATE_IDLE);
    expect(left_behind(), unknown, alive_since(4000), STATE_IDLE);
}

static void doubts_are_unknown(void **state)
{
    (void)state;
    expect(left_behind(), unknown, gone, STATE_UNKNOWN);
    expect(left_behind(), gone, unknown, STATE_UNKNOWN);
    expect(left_behind(), unknown, unknown, STATE_UNKNOWN);
    expect(left_behind(), without_start, gone, STATE_UNKNOWN);
    expect(left_behind(), gone, without_start, STATE_UNKNOWN);
}

static void never_attached_leaves_it_to_the_creator(void **state)
{
    (void)state;
    expect(untouched(), gone, gone, STATE_ORPHAN);
    expect(untouched(), gone, unknown, STATE_ORPHAN);
    expect(untouched(), alive_since(4000), unknown, STATE_IDLE);
    expect(untouched(), unknown, unknown, STATE_UNKNOWN);
}

static void a_last_process_of_0_that_did_attach_is_unknown(void **state)
{
    struct segment segment = left_behind();

    (void)state;
    segment.lpid = 0;
    expect(segment, gone, gone, STATE_UNKNOWN);
    expect(segment, alive_since(4000), gone, STATE_IDLE);
    segment.atime = 0;
    expect(segment, gone, gone, STATE_UNKNOWN);
    segment.atime = TOUCHED;
    segment.dtime = 0;
    expect(segment, gone, gone, STATE_UNKNOWN);
}

static void a_creator_of_0_is_unknown_unless_the_last_lives(void **state)
{
    struct segment segment = left_behind();

    (void)state;
    segment.cpid = 0;
    expect(segment, gone, gone, STATE_UNKNOWN);
    expect(segment, gone, alive_since(4000), STATE_IDLE);
    segment.lpid = 0;
    expect(segment, gone, gone, STATE_UNKNOWN);
}

static void a_later_process_is_somebody_else(void **state)
{
    (void)state;
    expect(left_behind(), alive_since(MADE + 100), gone, STATE_ORPHAN);
    expect(left_behind(), gone, alive_since(TOUCHED + 100), STATE_ORPHAN);
    expect(left_behind(), alive_since(MADE + 100), alive_since(TOUCHED + 100), STATE_ORPHAN);
    /* After the creation, before the last use: not the creator, but it may be the last. */
    expect(left_behind(), gone, alive_since(MADE + 100), STATE_IDLE);
}

static void a_little_later_is_a_doubt(void **state)
{
    (void)state;
    expect(left_behind(), alive_since(MADE), gone, STATE_IDLE);
    expect(left_behind(), alive_since(MADE + 60), gone, STATE_IDLE);
    expect(left_behind(), alive_since(MADE + 61), gone, STATE_ORPHAN);
    expect(left_behind(), gone, alive_since(TOUCHED + 60), STATE_IDLE);
    expect(left_behind(), gone, alive_since(TOUCHED + 61), STATE_ORPHAN);
}

static void the_last_process_counts_from_the_later_of_its_times(void **state)
{
    struct segment segment = left_behind();

    (void)state;
    segment.dtime = 0;
    expect(segment, gone, alive_since(TOUCHED), STATE_IDLE);
    segment.dtime = TOUCHED;
    segment.atime = 0;
    expect(segment, gone, alive_since(TOUCHED), STATE_IDLE);
    segment.atime = TOUCHED - 500;
    expect(segment, gone, alive_since(TOUCHED - 100), STATE_IDLE);
}

static void a_last_process_without_a_time_is_a_doubt(void **state)
{
    struct segment segment = untouched();

    (void)state;
    segment.lpid = LAST;
    expect(segment, gone, alive_since(2000), STATE_UNKNOWN);
    expect(segment, gone, gone, STATE_ORPHAN);
}

static void a_change_of_owner_moves_the_creators_limit(void **state)
{
    struct segment segment = left_behind();

    (void)state;
    segment.ctime = 7000; /* IPC_SET */
    expect(segment, alive_since(6500), gone, STATE_IDLE);
}

/* With a clock that was stepped, a late start proves nothing; dead is dead all the same. */
static void expect_no_trust(const struct segment *segment, const struct state_clock *clock)
{
    expect_at(segment, alive_since(clock->now), gone, clock, STATE_UNKNOWN);
    expect_at(segment, gone, alive_since(clock->now), clock, STATE_UNKNOWN);
    expect_at(segment, gone, gone, clock, STATE_ORPHAN);
    expect_at(segment, alive_since(segment->ctime), gone, clock, STATE_IDLE);
}

static void times_before_boot_tell_of_a_step_forward(void **state)
{
    struct segment segment = left_behind();
    struct state_clock clock = good_clock;

    (void)state;
    clock.boot = MADE + 6;
    expect_no_trust(&segment, &clock);
    clock.boot = MADE + 5;
    expect_at(&segment, alive_since(MADE + 100), gone, &clock, STATE_ORPHAN);
    clock.boot = TOUCHED + 6; /* boot after the last use too */
    expect_no_trust(&segment, &clock);
}

static void times_to_come_tell_of_a_step_back(void **state)
{
    struct segment segment = left_behind();
    struct state_clock clock = good_clock;

    (void)state;
    segment.dtime = NOW + 6;
    segment.atime = MADE;
    expect_at(&segment, alive_since(MADE + 100), gone, &clock, STATE_UNKNOWN);
    segment.dtime = NOW + 5;
    expect_at(&segment, alive_since(MADE + 100), gone, &clock, STATE_ORPHAN);
}

static void a_known_step_is_not_trusted(void **state)
{
    struct segment segment = left_behind();
    struct state_clock clock = good_clock;

    (void)state;
    clock.stepped = true;
    expect_no_trust(&segment, &clock);
}

static void without_a_boot_time_nothing_is_trusted(void **state)
{
    struct segment segment = left_behind();
    struct state_clock clock = {.now = NOW};

    (void)state;
    expect_no_trust(&segment, &clock);
}

static void the_creator_is_known_by_its_start(void **state)
{
    struct segment segment = left_behind();
    struct state_clock stepped = good_clock;

    (void)state;
    stepped.stepped = true;
    assert_int_equal(segment_creator(&segment, alive_since(4000), &good_clock), PID_ALIVE);
    assert_int_equal(segment_creator(&segment, alive_since(8000), &good_clock), PID_GONE);
    assert_int_equal(segment_creator(&segment, alive_since(8000), &stepped), PID_UNKNOWN);
    assert_int_equal(segment_creator(&segment, without_start, &good_clock), PID_UNKNOWN);
    assert_int_equal(segment_creator(&segment, gone, &good_clock), PID_GONE);
    assert_int_equal(segment_creator(&segment, unknown, &good_clock), PID_UNKNOWN);
    segment.cpid = 0;
    assert_int_equal(segment_creator(&segment, gone, &good_clock), PID_UNKNOWN);
}

static void states_have_names(void **state)
{
    static const char *const names[] = {"used", "dest", "orphan", "idle", "unknown"};

    (void)state;
    assert_int_equal(STATE_COUNT, COUNT_OF(names));
    for (int i = 0; i < STATE_COUNT; i++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;
        unsigned mask = 0;

        assert_string_equal(state_name((enum segment_state)i), names[i]);
        assert_int_equal(state_parse_list(names[i], &mask, &err), 0);
        assert_int_equal(mask, 1U << i);
    }
}

static void lists_of_states_are_added(void **state)
{
    unsigned mask = 1U << STATE_USED;

    (void)state;
    assert_int_equal(state_parse_list("idle,orphan,idle", &mask, NULL), 0);
    assert_int_equal(mask, 1U << STATE_USED | 1U << STATE_IDLE | 1U << STATE_ORPHAN);
}

static void other_words_are_refused(void **state)
{
    static const char *const wrong[] = {"",           ",",     "used,",     ",used",
                                        "used,,idle", "Used",  "orphans",   "orpha",
                                        " used",      "used ", "used idle", "idle,x"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;
        unsigned mask = 64;

        assert_int_equal(state_parse_list(wrong[i], &mask, &err), -EINVAL);
        assert_int_equal(mask, 64);
        assert_non_null(strstr(err.text, "not a state (used, dest, orphan, idle, unknown)"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attached_is_used_whoever_lives),
        cmocka_unit_test(marked_is_dest),
        cmocka_unit_test(locked_alone_changes_nothing),
        cmocka_unit_test(orphan_when_both_are_dead),
        cmocka_unit_test(idle_when_one_lives),
        cmocka_unit_test(doubts_are_unknown),
        cmocka_unit_test(never_attached_leaves_it_to_the_creator),
        cmocka_unit_test(a_last_process_of_0_that_did_attach_is_unknown),
        cmocka_unit_test(a_creator_of_0_is_unknown_unless_the_last_lives),
        cmocka_unit_test(a_later_process_is_somebody_else),
        cmocka_unit_test(a_little_later_is_a_doubt),
        cmocka_unit_test(the_last_process_counts_from_the_later_of_its_times),
        cmocka_unit_test(a_last_process_without_a_time_is_a_doubt),
        cmocka_unit_test(a_change_of_owner_moves_the_creators_limit),
        cmocka_unit_test(times_before_boot_tell_of_a_step_forward),
        cmocka_unit_test(times_to_come_tell_of_a_step_back),
        cmocka_unit_test(a_known_step_is_not_trusted),
        cmocka_unit_test(without_a_boot_time_nothing_is_trusted),
        cmocka_unit_test(the_creator_is_known_by_its_start),
        cmocka_unit_test(states_have_names),
        cmocka_unit_test(lists_of_states_are_added),
        cmocka_unit_test(other_words_are_refused),
    };

    return cmocka_run_group_tests_name("model/state", tests, NULL, NULL);
}
