/* action/select: which segments of a saved tree a selection means, and what it met. */
#include "action/select.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sink.h"
#include "tree.h"
#include "unit.h"

#define HEADER \
    "key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap\n"

static const char listing[] = HEADER "119 0 600 100 71 0 0 1001 1001 1001 1001 0 0 1000 0 0\n"
                                     "0 32769 600 200 71 72 1 1002 1001 1001 1001 1000 0 1000 0 0\n"
                                     "-5 65538 600 100 99 0 0 1001 1001 1001 1001 0 0 1000 0 0\n"
                                     "0 3 1600 300 71 72 2 1001 1001 1001 1001 1000 0 1000 0 0\n";

static const char plain_maps[] = "00400000-00401000 r-xp 00000000 08:01 4711    /sbin/init\n";

struct fixture {
    struct tree tree;
    struct system system;
    struct selection selection;
    struct collector collector;
    struct select_report report;
    struct error err;
};

/* A tree with that listing, and processes 1 and 71, of which 71 has segment 32769 attached. */
static int setup(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){0};
    tree_make(&fixture.tree);
    tree_puts(&fixture.tree, "proc/sysvipc/shm", listing);
    tree_puts(&fixture.tree, "proc/stat", "cpu 0\nbtime 500\n");
    tree_puts(&fixture.tree, "proc/uptime", "1000.00 1.00\n");
    tree_puts(&fixture.tree, "proc/1/stat",
              "1 (init) S 0 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 1 0 1 0\n");
    tree_puts(&fixture.tree, "proc/1/maps", plain_maps);
    tree_puts(&fixture.tree, "proc/71/stat",
              "71 (user) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 1 0 1 0\n");
    tree_puts(&fixture.tree, "proc/71/maps",
              "7f7200000000-7f7200001000 rw-s 00000000 00:01 32769    /SYSV00000000 (deleted)\n");
    assert_int_equal(system_open(&fixture.system, fixture.tree.path, NULL), 0);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    collector_release(&fixture->collector);
    select_report_release(&fixture->report);
    selection_release(&fixture->selection);
    error_clear(&fixture->err);
    system_close(&fixture->system);
    tree_remove(&fixture->tree);
    return 0;
}

static int go(struct fixture *fixture)
{
    const struct select_sink sink = collector_sink(&fixture->collector);

    collector_release(&fixture->collector);
    select_report_release(&fixture->report);
    return select_segments(&fixture->system, &fixture->selection, &sink, &fixture->report,
                           &fixture->err);
}

/* Demands that the selection means exactly these ids, in this order. */
static void assert_ids(struct fixture *fixture, const int *ids, size_t count)
{
    assert_int_equal(go(fixture), 0);
    assert_int_equal(fixture->collector.list.count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(fixture->collector.list.items[i].shmid, ids[i]);
}

#define assert_selects(fixture, ...) \
    do { \
        const int ids_[] = {__VA_ARGS__}; \
\
        assert_ids(fixture, ids_, COUNT_OF(ids_)); \
    } while (0)

#define assert_selects_none(fixture) assert_ids(fixture, NULL, 0)

static void nothing_selected_means_all_in_kernel_order(void **state)
{
    assert_selects(*state, 0, 32769, 65538, 3);
}

static void ids_mean_those_in_kernel_order_each_once(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(selection_add_word(&fixture->selection, "3", NULL), 0);
    assert_int_equal(selection_add_word(&fixture->selection, "0", NULL), 0);
    assert_int_equal(selection_add_word(&fixture->selection, "3", NULL), 0);
    assert_int_equal(selection_add_word(&fixture->selection, "1", NULL), 0);
    assert_selects(fixture, 0, 3);
    assert_true(select_met_id(&fixture->report, 0));
    assert_true(select_met_id(&fixture->report, 3));
    assert_false(select_met_id(&fixture->report, 1));
    assert_false(select_met_id(&fixture->report, 65538));
}

static void ids_asked_for_and_none_given_mean_none(void **state)
{
    struct fixture *fixture = *state;

    fixture->selection.by_id = true;
    assert_selects_none(fixture);
}

static void an_id_that_does_not_match_is_met_all_the_same(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(selection_add_word(&fixture->selection, "0", NULL), 0);
    assert_int_equal(selection_add_word(&fixture->selection, "32769", NULL), 0);
    filter_add_value(&fixture->selection.filter.sizes, 200);
    assert_selects(fixture, 32769);
    assert_true(select_met_id(&fixture->report, 0));
}

static void keys_are_met_by_their_positions(void **state)
{
    struct fixture *fixture = *state;

    filter_add_value(&fixture->selection.filter.keys, 5);
    filter_add_value(&fixture->selection.filter.keys, (uint32_t)-5);
    filter_add_value(&fixture->selection.filter.keys, 119);
    filter_add_value(&fixture->selection.filter.owners, 1);
    assert_selects_none(fixture);
    /* They exist, if they do not match. */
    assert_false(select_met_key(&fixture->report, 0));
    assert_true(select_met_key(&fixture->report, 1));
    assert_true(select_met_key(&fixture->report, 2));
    assert_false(select_met_key(&fixture->report, 3));
}

static void options_narrow(void **state)
{
    struct fixture *fixture = *state;

    filter_add_value(&fixture->selection.filter.owners, 1001);
    assert_selects(fixture, 0, 65538, 3);
    filter_add_value(&fixture->selection.filter.sizes, 100);
    assert_selects(fixture, 0, 65538);
    filter_add_value(&fixture->selection.filter.cpids, 99);
    assert_selects(fixture, 65538);
    fixture->selection.filter.dest = true;
    assert_selects_none(fixture);
}

static void ages_go_by_the_clock_of_the_tree(void **state)
{
    struct fixture *fixture = *state;

    /* It was saved at 1500; all of it was last used or changed at 1000. */
    filter_add_older(&fixture->selection.filter, 500);
    assert_selects(fixture, 0, 32769, 65538, 3);
    filter_release(&fixture->selection.filter);
    filter_add_older(&fixture->selection.filter, 501);
    assert_selects_none(fixture);
    filter_release(&fixture->selection.filter);
    filter_add_newer(&fixture->selection.filter, 501);
    assert_selects(fixture, 0, 32769, 65538, 3);
}

static void states_are_worked_out(void **state)
{
    struct fixture *fixture = *state;

    fixture->selection.filter.orphan = true;
    assert_selects(fixture, 65538);
    fixture->selection.filter.orphan = false;
    fixture->selection.filter.states = 1U << STATE_IDLE | 1U << STATE_DEST;
    assert_selects(fixture, 0, 3);
    fixture->selection.filter.states = 1U << STATE_USED;
    assert_selects(fixture, 32769);
}

static void a_pid_means_what_it_has_attached(void **state)
{
    struct fixture *fixture = *state;

    filter_add_value(&fixture->selection.filter.pids, 71);
    assert_selects(fixture, 32769);
    filter_release(&fixture->selection.filter);
    filter_add_value(&fixture->selection.filter.pids, 1);
    assert_selects_none(fixture);
    filter_add_value(&fixture->selection.filter.pids, 71);
    assert_selects(fixture, 32769);
    filter_release(&fixture->selection.filter);
    filter_add_value(&fixture->selection.filter.pids, 12345);
    assert_selects_none(fixture);
}

static void garbage_is_handed_on(void **state)
{
    struct fixture *fixture = *state;

    tree_puts(&fixture->tree, "proc/sysvipc/shm",
              HEADER "119 0 600 100 71 0 0 1001 1001 1001 1001 0 0 1000 0 0\nthe quick fox\n"
                     "0 3 600 300 71 72 2 1001 1001 1001 1001 1000 0 1000 0 0\n");
    assert_selects(fixture, 0, 3);
    assert_int_equal(fixture->collector.complaint_count, 1);
    assert_string_equal(below(fixture->tree.path, strbuf_string(&fixture->collector.complained)),
                        "proc/sysvipc/shm: line 3|the quick fox\n");
}

static void the_sink_may_end_it(void **state)
{
    struct fixture *fixture = *state;
    const struct select_sink sink = collector_sink(&fixture->collector);

    assert_int_equal(selection_add_word(&fixture->selection, "0", NULL), 0);
    assert_int_equal(selection_add_word(&fixture->selection, "32769", NULL), 0);
    fixture->collector.stop_after = 2;
    fixture->collector.stop_with = -EPIPE;
    assert_int_equal(select_segments(&fixture->system, &fixture->selection, &sink, &fixture->report,
                                     &fixture->err),
                     -EPIPE);
    assert_int_equal(fixture->collector.list.count, 2);
    assert_null(fixture->err.text);
    /* No report of half a reading. */
    assert_int_equal(fixture->report.met_ids.count, 0);
    assert_null(fixture->report.met_ids.slots);
}

static void a_report_need_not_be_wanted(void **state)
{
    struct fixture *fixture = *state;
    const struct select_sink sink = collector_sink(&fixture->collector);

    assert_int_equal(selection_add_word(&fixture->selection, "3", NULL), 0);
    assert_int_equal(
        select_segments(&fixture->system, &fixture->selection, &sink, NULL, &fixture->err), 0);
    assert_int_equal(fixture->collector.list.count, 1);
}

static void what_cannot_be_read_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    char path[300];

    snprintf(path, sizeof(path), "%s/proc/sysvipc/shm", fixture->tree.path);
    assert_int_equal(remove(path), 0);
    assert_int_equal(go(fixture), -ENOENT);
    assert_non_null(strstr(fixture->err.text, "proc/sysvipc/shm"));
    assert_null(fixture->report.met_ids.slots);
    tree_puts(&fixture->tree, "proc/sysvipc/shm", "no listing\n");
    assert_int_equal(go(fixture), -EBADMSG);
}

static const struct segment *find(const struct fixture *fixture, int shmid)
{
    const struct segment *segment = segment_list_find(&fixture->collector.list, shmid);

    assert_non_null(segment);
    return segment;
}

static bool still_matches(struct fixture *fixture, const struct segment *segment)
{
    int r = select_still_matches(&fixture->system, &fixture->selection, segment, &fixture->err);

    assert_in_range(r, 0, 1);
    return r == 1;
}

static void a_segment_read_anew_is_matched_anew(void **state)
{
    struct fixture *fixture = *state;
    struct segment now;

    assert_int_equal(go(fixture), 0);
    now = *find(fixture, 0);
    assert_true(still_matches(fixture, &now));
    fixture->selection.filter.unattached = true;
    assert_true(still_matches(fixture, &now));
    now.nattch = 1;
    assert_false(still_matches(fixture, &now));
}

static void processes_are_asked_anew(void **state)
{
    struct fixture *fixture = *state;
    struct segment now;

    assert_int_equal(go(fixture), 0);
    now = *find(fixture, 65538);
    fixture->selection.filter.orphan = true;
    assert_true(still_matches(fixture, &now));
    tree_puts(&fixture->tree, "proc/99/stat",
              "99 (creator) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 1 0 1 0\n");
    assert_false(still_matches(fixture, &now));

    fixture->selection.filter.orphan = false;
    filter_add_value(&fixture->selection.filter.pids, 71);
    assert_false(still_matches(fixture, &now));
    assert_true(still_matches(fixture, find(fixture, 32769)));
    tree_puts(&fixture->tree, "proc/71/maps", plain_maps);
    assert_false(still_matches(fixture, find(fixture, 32769)));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(nothing_selected_means_all_in_kernel_order),
        TEST(ids_mean_those_in_kernel_order_each_once),
        TEST(ids_asked_for_and_none_given_mean_none),
        TEST(an_id_that_does_not_match_is_met_all_the_same),
        TEST(keys_are_met_by_their_positions),
        TEST(options_narrow),
        TEST(ages_go_by_the_clock_of_the_tree),
        TEST(states_are_worked_out),
        TEST(a_pid_means_what_it_has_attached),
        TEST(garbage_is_handed_on),
        TEST(the_sink_may_end_it),
        TEST(a_report_need_not_be_wanted),
        TEST(what_cannot_be_read_is_an_error),
        TEST(a_segment_read_anew_is_matched_anew),
        TEST(processes_are_asked_anew),
    };

    return cmocka_run_group_tests_name("action/select", tests, NULL, NULL);
}
