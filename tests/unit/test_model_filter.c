/* model/filter: values of one option widen, different options narrow. */
#include "model/filter.h"

#include "unit.h"

enum { NOW = 1000000 };

static const struct segment sample = {
    .key = 0x00143511,
    .shmid = 7,
    .mode = 0600,
    .uid = 1001,
    .gid = 1002,
    .cuid = 1003,
    .cgid = 1004,
    .cpid = 4711,
    .lpid = 4712,
    .size = 131104,
    .nattch = 2,
    .atime = NOW - 100,
    .dtime = NOW - 200,
    .ctime = NOW - 300,
};

static bool matches(const struct filter *filter, const struct segment *segment)
{
    const struct filter_facts facts = {.now = NOW};

    return filter_match(filter, segment, &facts);
}

/* Whether a filter with VALUES in the place of one option takes the sample. */
#define MATCHES_WITH(option, ...) \
    __extension__({ \
        const uint64_t values_[] = {__VA_ARGS__}; \
        struct filter filter_ = {0}; \
        bool matches_; \
        for (size_t v_ = 0; v_ < COUNT_OF(values_); v_++) \
            filter_add_value(&filter_.option, values_[v_]); \
        matches_ = matches(&filter_, &sample); \
        filter_release(&filter_); \
        matches_; \
    })

static void empty_filter_takes_everything(void **state)
{
    struct filter filter = {0};
    const struct segment zero = {0};

    (void)state;
    assert_true(filter_is_empty(&filter));
    assert_int_equal(filter_needs(&filter), 0);
    assert_false(filter_names_keys(&filter));
    assert_true(matches(&filter, &sample));
    assert_true(matches(&filter, &zero));
    filter_release(&filter);
}

static void each_option_looks_at_its_own_field(void **state)
{
    (void)state;
    assert_true(MATCHES_WITH(keys, 0x00143511));
    assert_false(MATCHES_WITH(keys, 0));
    assert_true(MATCHES_WITH(owners, 1001));
    assert_false(MATCHES_WITH(owners, 1003));
    assert_true(MATCHES_WITH(creators, 1003));
    assert_false(MATCHES_WITH(creators, 1001));
    assert_true(MATCHES_WITH(groups, 1002));
    assert_false(MATCHES_WITH(groups, 1004));
    assert_true(MATCHES_WITH(sizes, 131104));
    assert_false(MATCHES_WITH(sizes, 131105));
    assert_true(MATCHES_WITH(nattchs, 2));
    assert_false(MATCHES_WITH(nattchs, 1));
    assert_true(MATCHES_WITH(cpids, 4711));
    assert_false(MATCHES_WITH(cpids, 4712));
}

static void values_of_one_option_widen(void **state)
{
    (void)state;
    assert_true(MATCHES_WITH(owners, 0, 1001));
    assert_true(MATCHES_WITH(owners, 1001, 0));
    assert_true(MATCHES_WITH(owners, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1001));
    assert_false(MATCHES_WITH(owners, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1002));
    assert_true(MATCHES_WITH(keys, 0, 0x00143511));
}

/* Whether a filter with the two words takes the sample with this unit. */
static bool allows_unit(const char *first, const char *second, struct segment_unit unit)
{
    const struct filter_facts facts = {.now = NOW, .unit = unit};
    struct filter filter = {0};
    bool allows;

    filter_add_word(&filter.units, first);
    filter_add_word(&filter.units, second);
    assert_false(filter_is_empty(&filter));
    assert_int_equal(filter_needs(&filter), NEED_UNIT);
    allows = filter_match(&filter, &sample, &facts);
    filter_release(&filter);
    return allows;
}

static void units_by_one_of_their_names(void **state)
{
    static const char text[] = "0::/kubepods/pod03f3f104-3215-44f2-9686-d4dd1f05a7ed/"
                               "4f3a12bc9d0177b0c1d2e3f405162738495a6b7c8d9e0f1a2b3c4d5e6f708192";
    static const char uid[] = "03f3f104-3215-44f2-9686-d4dd1f05a7ed";
    struct cgroup_unit pod;

    (void)state;
    assert_true(cgroup_parse(text, sizeof(text) - 1, &pod));
    assert_true(allows_unit("x", uid, (struct segment_unit){.is = &pod}));
    assert_true(allows_unit("4f3a12bc", "x", (struct segment_unit){.is = &pod}));
    assert_false(allows_unit("x", "y", (struct segment_unit){.is = &pod}));
    assert_false(
        allows_unit("4f3a12bc", "x", (struct segment_unit){.is = &pod, .containers_differ = true}));
    assert_true(
        allows_unit("x", uid, (struct segment_unit){.is = &pod, .containers_differ = true}));
    /* Without a unit never, unless it is to be found out yet. */
    assert_false(allows_unit("x", uid, (struct segment_unit){.is = NULL}));
    assert_true(allows_unit("x", uid, (struct segment_unit){.pending = true}));
    cgroup_unit_release(&pod);
}

static void options_narrow(void **state)
{
    struct filter filter = {0};

    (void)state;
    filter_add_value(&filter.owners, 1001);
    filter_add_value(&filter.owners, 1002);
    filter_add_value(&filter.sizes, 131104);
    assert_true(matches(&filter, &sample));
    filter.dest = true;
    assert_false(matches(&filter, &sample));
    filter.dest = false;
    filter_add_value(&filter.creators, 1001);
    assert_false(matches(&filter, &sample));
    filter_release(&filter);
}

static void ranges_hold_both_their_ends(void **state)
{
    static const struct {
        struct range range;
        uint64_t size;
        bool matches;
    } cases[] = {
        {{5, 9}, 4, false},
        {{5, 9}, 5, true},
        {{5, 9}, 9, true},
        {{5, 9}, 10, false},
        {{0, UINT64_MAX}, 0, true},
        {{0, UINT64_MAX}, UINT64_MAX, true},
        {{UINT64_MAX, UINT64_MAX}, UINT64_MAX - 1, false},
        {{UINT64_MAX, UINT64_MAX}, UINT64_MAX, true},
        {{0, UINT32_MAX}, UINT64_C(4294967296), false},
        {{0, 0}, UINT64_C(4294967296), false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct filter filter = {0};
        struct segment segment = sample;

        filter_add_range(&filter.sizes, cases[i].range);
        segment.size = cases[i].size;
        assert_int_equal(matches(&filter, &segment), cases[i].matches);
        filter_release(&filter);
    }
}

static void highest_keys_and_users_are_found(void **state)
{
    struct filter filter = {0};
    struct segment segment = sample;

    (void)state;
    segment.key = 0xffffffff;
    segment.uid = 0xfffffffe;
    filter_add_value(&filter.keys, 0xffffffff);
    filter_add_value(&filter.owners, 0xfffffffe);
    assert_true(matches(&filter, &segment));
    filter_release(&filter);
}

static void a_range_of_keys_is_unsigned_and_names_nothing(void **state)
{
    static const uint32_t keys[] = {0x4e54502f, 0x4e545030, 0x4e545033, 0x4e545034, 0xffffffff};
    struct filter filter = {0};
    struct segment segment = sample;

    (void)state;
    filter_add_range(&filter.key_ranges, (struct range){0x4e545030, 0x4e545033});
    assert_false(filter_is_empty(&filter));
    assert_false(filter_names_keys(&filter));
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        segment.key = keys[i];
        assert_int_equal(matches(&filter, &segment), i == 1 || i == 2);
    }
    /* A key beside it widens, and still nothing is named. */
    filter_add_value(&filter.keys, 0xffffffff);
    assert_true(matches(&filter, &segment));
    assert_false(filter_names_keys(&filter));
    segment.key = 0x4e545031;
    assert_true(matches(&filter, &segment));
    segment.key = 0x4e545034;
    assert_false(matches(&filter, &segment));
    filter_release(&filter);
    assert_true(filter_is_empty(&filter));
}

static bool perms_match(enum perms_test test, uint32_t bits, uint32_t mode)
{
    struct filter filter = {0};
    struct segment segment = sample;
    bool match;

    segment.mode = mode;
    filter_add_perms(&filter, (struct filter_perms){test, bits});
    assert_false(filter_is_empty(&filter));
    match = matches(&filter, &segment);
    filter_release(&filter);
    return match;
}

static void perms_are_exact_all_of_or_any_of(void **state)
{
    struct filter filter = {0};

    (void)state;
    assert_true(perms_match(PERMS_EXACT, 0666, 0666));
    assert_true(perms_match(PERMS_EXACT, 0666, 03666)); /* dest and locked are no permissions */
    assert_false(perms_match(PERMS_EXACT, 0666, 0667));
    assert_false(perms_match(PERMS_EXACT, 0666, 0664));
    assert_true(perms_match(PERMS_EXACT, 0, 01000));
    assert_false(perms_match(PERMS_EXACT, 0, 0400));
    assert_true(perms_match(PERMS_ALL, 0022, 0666));
    assert_false(perms_match(PERMS_ALL, 0022, 0620));
    assert_true(perms_match(PERMS_ANY, 0022, 0620));
    assert_true(perms_match(PERMS_ANY, 0022, 02602));
    assert_false(perms_match(PERMS_ANY, 0022, 0644));

    filter_add_perms(&filter, (struct filter_perms){PERMS_EXACT, 0600});
    filter_add_perms(&filter, (struct filter_perms){PERMS_ANY, 0002});
    for (uint32_t mode = 0; mode < 01000; mode++) {
        struct segment segment = sample;

        segment.mode = mode;
        assert_int_equal(matches(&filter, &segment), mode == 0600 || (mode & 2) != 0);
    }
    filter_release(&filter);
}

/* Whether a filter with one flag set takes the sample with this mode and attach count. */
#define FLAG_MATCHES(flag, bits, attached_count) \
    __extension__({ \
        struct filter filter_ = {.flag = true}; \
        struct segment segment_ = sample; \
        segment_.mode = (bits); \
        segment_.nattch = (attached_count); \
        assert_false(filter_is_empty(&filter_)); \
        matches(&filter_, &segment_); \
    })

static void flags_look_at_status_and_count(void **state)
{
    (void)state;
    assert_true(FLAG_MATCHES(dest, 01600, 2));
    assert_false(FLAG_MATCHES(dest, 02600, 2));
    assert_true(FLAG_MATCHES(locked, 02600, 2));
    assert_true(FLAG_MATCHES(locked, 03600, 2));
    assert_false(FLAG_MATCHES(locked, 01600, 2));
    assert_true(FLAG_MATCHES(attached, 0600, 1));
    assert_true(FLAG_MATCHES(attached, 0600, UINT64_C(1) << 32));
    assert_false(FLAG_MATCHES(attached, 0600, 0));
    assert_true(FLAG_MATCHES(unattached, 0600, 0));
    assert_false(FLAG_MATCHES(unattached, 0600, 1));
    assert_false(FLAG_MATCHES(unattached, 0600, UINT64_C(1) << 32));
}

static void attached_and_unattached_together_is_nothing(void **state)
{
    struct filter filter = {.attached = true, .unattached = true};
    struct segment segment = sample;

    (void)state;
    assert_false(matches(&filter, &segment));
    segment.nattch = 0;
    assert_false(matches(&filter, &segment));
}

static bool older_matches(uint64_t seconds, const struct segment *segment)
{
    struct filter filter = {0};

    filter_add_older(&filter, seconds);
    assert_false(filter_is_empty(&filter));
    return matches(&filter, segment);
}

static bool newer_matches(uint64_t seconds, const struct segment *segment)
{
    struct filter filter = {0};

    filter_add_newer(&filter, seconds);
    assert_false(filter_is_empty(&filter));
    return matches(&filter, segment);
}

static void ages_count_from_the_latest_time(void **state)
{
    (void)state;
    assert_true(older_matches(0, &sample));
    assert_true(older_matches(99, &sample));
    assert_true(older_matches(100, &sample));
    assert_false(older_matches(101, &sample));
    assert_false(older_matches(300, &sample));
    assert_false(newer_matches(0, &sample));
    assert_false(newer_matches(99, &sample));
    assert_false(newer_matches(100, &sample));
    assert_true(newer_matches(101, &sample));
    assert_true(newer_matches(INT64_MAX, &sample));
    assert_false(older_matches(INT64_MAX, &sample));
}

static void older_and_newer_part_the_world(void **state)
{
    struct segment segment = {0};

    (void)state;
    for (segment.ctime = NOW - 20; segment.ctime <= NOW; segment.ctime++) {
        for (uint64_t age = 0; age < 25; age++)
            assert_int_not_equal(older_matches(age, &segment), newer_matches(age, &segment));
    }
}

/* Times before the boot are those of a clock that was set since: no segment outlives a reboot. */
static void nothing_is_older_than_the_system_is_up(void **state)
{
    struct filter older = {0};
    struct filter newer = {0};
    struct filter_facts facts = {.now = NOW, .boot = NOW - 30};

    (void)state;
    filter_add_older(&older, 31);
    filter_add_newer(&newer, 31);
    assert_false(filter_match(&older, &sample, &facts));
    assert_true(filter_match(&newer, &sample, &facts));
    older.older_than = newer.newer_than = 30;
    assert_true(filter_match(&older, &sample, &facts));
    assert_false(filter_match(&newer, &sample, &facts));
}

static void times_to_come_are_young(void **state)
{
    struct segment segment = sample;

    (void)state;
    segment.atime = NOW + 1;
    assert_false(older_matches(0, &segment));
    assert_false(older_matches(1, &segment));
    assert_true(newer_matches(1, &segment));
    segment.atime = INT64_MAX;
    assert_false(older_matches(0, &segment));
    assert_true(newer_matches(1, &segment));
    assert_false(newer_matches(0, &segment));
}

static void of_several_ages_the_widest_counts(void **state)
{
    struct filter filter = {0};

    (void)state;
    filter_add_older(&filter, 500);
    filter_add_older(&filter, 50);
    filter_add_older(&filter, 5000);
    assert_true(filter.has_older);
    assert_int_equal(filter.older_than, 50);
    filter_add_newer(&filter, 500);
    filter_add_newer(&filter, 5000);
    filter_add_newer(&filter, 50);
    assert_true(filter.has_newer);
    assert_int_equal(filter.newer_than, 5000);
    assert_true(matches(&filter, &sample));
    filter = (struct filter){0};
    filter_add_newer(&filter, 0);
    assert_true(filter.has_newer);
    assert_false(matches(&filter, &sample));
}

static void states_are_looked_at_when_asked_for(void **state)
{
    struct filter filter = {0};
    struct filter_facts facts = {.now = NOW};

    (void)state;
    for (int asked = 0; asked < STATE_COUNT; asked++) {
        filter.states = 1U << asked;
        assert_int_equal(filter_needs(&filter), NEED_STATE);
        assert_false(filter_is_empty(&filter));
        for (int is = 0; is < STATE_COUNT; is++) {
            facts.state = (enum segment_state)is;
            assert_int_equal(filter_match(&filter, &sample, &facts), is == asked);
        }
    }
    filter.states = 1U << STATE_IDLE | 1U << STATE_UNKNOWN;
    facts.state = STATE_UNKNOWN;
    assert_true(filter_match(&filter, &sample, &facts));
    facts.state = STATE_USED;
    assert_false(filter_match(&filter, &sample, &facts));
}

/* What is looked up for nothing costs time; what is not looked up matches by chance. */
static void each_option_says_what_it_needs(void **state)
{
    struct range one[] = {{1, 1}};
    const struct filter_values values = {.items = one, .count = 1};
    const struct {
        struct filter filter;
        unsigned needs;
    } cases[] = {
        {{.keys = values}, 0},
        {{.owners = values}, 0},
        {{.creators = values}, 0},
        {{.groups = values}, 0},
        {{.sizes = values}, 0},
        {{.nattchs = values}, 0},
        {{.cpids = values}, 0},
        {{.pids = values}, 0},
        {{.dest = true}, 0},
        {{.locked = true}, 0},
        {{.attached = true}, 0},
        {{.unattached = true}, 0},
        {{.orphan = true}, NEED_STATE},
        {{.states = 1U << STATE_USED}, NEED_STATE},
        {{.has_older = true}, NEED_TIME},
        {{.has_newer = true}, NEED_TIME},
        {{.orphan = true, .has_newer = true}, NEED_STATE | NEED_TIME},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(filter_needs(&cases[i].filter), cases[i].needs);
        assert_false(filter_is_empty(&cases[i].filter));
    }
}

static void orphan_narrows_a_list_of_states(void **state)
{
    struct filter filter = {.orphan = true};
    struct filter_facts facts = {.now = NOW, .state = STATE_ORPHAN};

    (void)state;
    assert_int_equal(filter_needs(&filter), NEED_STATE);
    assert_true(filter_match(&filter, &sample, &facts));
    facts.state = STATE_IDLE;
    assert_false(filter_match(&filter, &sample, &facts));
    filter.states = 1U << STATE_IDLE;
    assert_false(filter_match(&filter, &sample, &facts));
    facts.state = STATE_ORPHAN;
    assert_false(filter_match(&filter, &sample, &facts));
    filter.states |= 1U << STATE_ORPHAN;
    assert_true(filter_match(&filter, &sample, &facts));
}

static void pids_are_looked_up_in_what_they_hold(void **state)
{
    struct filter filter = {0};
    CLEANUP_IDSET struct idset held = IDSET_INIT;
    struct filter_facts facts = {.now = NOW, .attached = &held};
    struct segment other = sample;

    (void)state;
    other.shmid = 8;
    idset_add(&held, sample.shmid);
    assert_true(filter_match(&filter, &other, &facts));
    filter_add_value(&filter.pids, 99);
    assert_false(filter_is_empty(&filter));
    assert_true(filter_match(&filter, &sample, &facts));
    assert_false(filter_match(&filter, &other, &facts));
    other.shmid = sample.shmid;
    other.nattch = 0; /* the id that it holds is of another IPC namespace */
    assert_false(filter_match(&filter, &other, &facts));
    facts.attached = NULL;
    assert_false(filter_match(&filter, &sample, &facts));
    filter_release(&filter);
}

static void keys_are_named_unless_one_is_0(void **state)
{
    struct filter filter = {0};

    (void)state;
    filter_add_value(&filter.keys, 0x00143511);
    assert_true(filter_names_keys(&filter));
    filter_add_value(&filter.keys, 0xffffffff);
    assert_true(filter_names_keys(&filter));
    filter_add_value(&filter.owners, 0);
    assert_true(filter_names_keys(&filter));
    filter_add_value(&filter.keys, 0);
    assert_false(filter_names_keys(&filter));
    filter_add_value(&filter.keys, 5);
    assert_false(filter_names_keys(&filter));
    filter_release(&filter);
    filter_add_value(&filter.owners, 1001);
    assert_false(filter_names_keys(&filter));
    filter_release(&filter);
}

/* Whether a filter with one value in one option is empty. */
#define EMPTY_WITH(option) \
    __extension__({ \
        struct filter filter_ = {0}; \
        bool empty_; \
        filter_add_value(&filter_.option, 0); \
        empty_ = filter_is_empty(&filter_); \
        filter_release(&filter_); \
        empty_; \
    })

static void any_value_makes_it_a_selection(void **state)
{
    (void)state;
    assert_false(EMPTY_WITH(keys));
    assert_false(EMPTY_WITH(owners));
    assert_false(EMPTY_WITH(creators));
    assert_false(EMPTY_WITH(groups));
    assert_false(EMPTY_WITH(sizes));
    assert_false(EMPTY_WITH(nattchs));
    assert_false(EMPTY_WITH(cpids));
    assert_false(EMPTY_WITH(pids));
}

static void release_empties_it(void **state)
{
    struct filter filter = {.dest = true};

    (void)state;
    filter_add_value(&filter.keys, 1);
    filter_add_older(&filter, 1);
    filter_release(&filter);
    assert_true(filter_is_empty(&filter));
    assert_null(filter.keys.items);
    assert_true(matches(&filter, &sample));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_filter_takes_everything),
        cmocka_unit_test(each_option_looks_at_its_own_field),
        cmocka_unit_test(values_of_one_option_widen),
        cmocka_unit_test(units_by_one_of_their_names),
        cmocka_unit_test(options_narrow),
        cmocka_unit_test(ranges_hold_both_their_ends),
        cmocka_unit_test(highest_keys_and_users_are_found),
        cmocka_unit_test(a_range_of_keys_is_unsigned_and_names_nothing),
        cmocka_unit_test(perms_are_exact_all_of_or_any_of),
        cmocka_unit_test(flags_look_at_status_and_count),
        cmocka_unit_test(attached_and_unattached_together_is_nothing),
        cmocka_unit_test(ages_count_from_the_latest_time),
        cmocka_unit_test(older_and_newer_part_the_world),
        cmocka_unit_test(nothing_is_older_than_the_system_is_up),
        cmocka_unit_test(times_to_come_are_young),
        cmocka_unit_test(of_several_ages_the_widest_counts),
        cmocka_unit_test(states_are_looked_at_when_asked_for),
        cmocka_unit_test(each_option_says_what_it_needs),
        cmocka_unit_test(orphan_narrows_a_list_of_states),
        cmocka_unit_test(pids_are_looked_up_in_what_they_hold),
        cmocka_unit_test(keys_are_named_unless_one_is_0),
        cmocka_unit_test(any_value_makes_it_a_selection),
        cmocka_unit_test(release_empties_it),
    };

    return cmocka_run_group_tests_name("model/filter", tests, NULL, NULL);
}
