/* model/diff: events between two looks. */
#include "model/diff.h"

#include <string.h>

#include "base/strbuf.h"
#include "unit.h"

static const struct segment_info plain = {
    .segment = {.key = 0x1234,
                .shmid = 5,
                .mode = 0600,
                .uid = 1,
                .gid = 2,
                .cuid = 3,
                .cgid = 4,
                .cpid = 100,
                .size = 4096,
                .ctime = 1000},
    .state = STATE_IDLE,
};

/* Demands the events from BEFORE to NOW: "created 5; attached 5; " */
static void assert_events(const struct snapshot *before, const struct snapshot *now,
                          const char *expected)
{
    CLEANUP_EVENT_LIST struct event_list events = {.count = 0};
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    diff_snapshots(before, now, &events);
    for (size_t i = 0; i < events.count; i++)
        strbuf_printf(&text, "%s %d; ", event_name(events.items[i].type),
                      event_segment(&events.items[i])->segment.shmid);
    assert_string_equal(strbuf_string(&text), expected);
}

/* The same of one segment each; NULL: there is none. */
static void assert_pair(const struct segment_info *before, const struct segment_info *now,
                        const char *expected)
{
    CLEANUP_SNAPSHOT struct snapshot a = {.count = 0};
    CLEANUP_SNAPSHOT struct snapshot b = {.count = 0};

    if (before)
        snapshot_add(&a, before, true);
    if (now)
        snapshot_add(&b, now, true);
    assert_events(&a, &b, expected);
}

static void nothing_happened(void **state)
{
    (void)state;
    assert_pair(NULL, NULL, "");
    assert_pair(&plain, &plain, "");
}

static void created_and_removed(void **state)
{
    (void)state;
    assert_pair(NULL, &plain, "created 5; ");
    assert_pair(&plain, NULL, "removed 5; ");
}

static void attached_and_detached(void **state)
{
    struct segment_info now = plain;

    (void)state;
    now.segment.nattch = 2;
    now.segment.lpid = 7;
    now.segment.atime = 2000;
    now.state = STATE_USED;
    assert_pair(&plain, &now, "attached 5; ");
    assert_pair(&now, &plain, "detached 5; ");
}

static void touched_only_where_nothing_else_is_said(void **state)
{
    struct segment_info now = plain;

    (void)state;
    now.segment.lpid = 7;
    assert_pair(&plain, &now, "touched 5; ");
    now = plain;
    now.segment.atime = 2000;
    assert_pair(&plain, &now, "touched 5; ");
    now = plain;
    now.segment.dtime = 2000;
    assert_pair(&plain, &now, "touched 5; ");
    /* IPC_SET with what was there already. */
    now = plain;
    now.segment.ctime = 2000;
    assert_pair(&plain, &now, "touched 5; ");
    now.segment.mode = 0640;
    assert_pair(&plain, &now, "changed 5; ");
}

/* What a segment has in memory is nothing that happens to it. */
static void usage_is_no_event(void **state)
{
    struct segment_info now = plain;

    (void)state;
    now.segment.has_rss = true;
    now.segment.rss = 4096;
    now.segment.read_at = 99;
    now.state = STATE_UNKNOWN;
    assert_pair(&plain, &now, "");
}

static void changed(void **state)
{
    struct segment_info now = plain;

    (void)state;
    now.segment.uid = 99;
    assert_pair(&plain, &now, "changed 5; ");
    now = plain;
    now.segment.gid = 99;
    assert_pair(&plain, &now, "changed 5; ");
    now = plain;
    now.segment.mode = 0660;
    assert_pair(&plain, &now, "changed 5; ");
    now = plain;
    now.segment.mode |= SEGMENT_LOCKED;
    assert_pair(&plain, &now, "changed 5; ");
}

static void marked_segments_lose_their_key(void **state)
{
    struct segment_info before = plain;
    struct segment_info now = plain;

    (void)state;
    before.segment.nattch = 2;
    now.segment.nattch = 2;
    now.segment.key = 0;
    now.segment.mode |= SEGMENT_DEST;
    now.state = STATE_DEST;
    assert_pair(&before, &now, "marked 5; ");
    now.segment.nattch = 1;
    assert_pair(&before, &now, "marked 5; detached 5; ");
    assert_pair(&now, NULL, "removed 5; ");
}

static void orphaned(void **state)
{
    struct segment_info before = plain;
    struct segment_info now = plain;

    (void)state;
    now.state = STATE_ORPHAN;
    assert_pair(&plain, &now, "orphaned 5; ");
    assert_pair(&now, &now, "");
    assert_pair(&now, &plain, "");
    before.segment.nattch = 1;
    before.state = STATE_USED;
    assert_pair(&before, &now, "detached 5; orphaned 5; ");
    /* One that was created and left between two looks. */
    assert_pair(NULL, &now, "created 5; orphaned 5; ");
}

static void several_at_once_come_in_order(void **state)
{
    struct segment_info before = plain;
    struct segment_info now = plain;

    (void)state;
    before.segment.nattch = 3;
    now.segment.nattch = 1;
    now.segment.key = 0;
    now.segment.mode = 0640 | SEGMENT_DEST;
    assert_pair(&before, &now, "marked 5; detached 5; changed 5; ");
}

/* Another segment with the same id. */
static void a_reused_id_is_removed_and_created(void **state)
{
    struct segment_info now = plain;

    (void)state;
    now.segment.cpid = 101;
    assert_pair(&plain, &now, "removed 5; created 5; ");
    now = plain;
    now.segment.size = 8192;
    assert_pair(&plain, &now, "removed 5; created 5; ");
    now = plain;
    now.segment.cuid = 99;
    assert_pair(&plain, &now, "removed 5; created 5; ");
    now = plain;
    now.segment.cgid = 99;
    assert_pair(&plain, &now, "removed 5; created 5; ");
    now = plain;
    now.segment.key = 0x4321;
    assert_pair(&plain, &now, "removed 5; created 5; ");
    /* None is unmarked. */
    now.segment.key = 0;
    now.segment.mode |= SEGMENT_DEST;
    assert_pair(&now, &plain, "removed 5; created 5; ");
}

/* IDS: in kernel order, 0 ends them. */
static void put_ids(struct snapshot *snapshot, const int *ids)
{
    struct segment_info info = plain;

    for (; *ids; ids++) {
        info.segment.shmid = *ids;
        snapshot_add(snapshot, &info, true);
    }
}

static void many_are_matched_by_id(void **state)
{
    static const int ids[] = {1, 32770, 3, 4, 65541, 0};
    static const int later[] = {1, 3, 98308, 65541, 6, 32775, 0};
    static const int other_order[] = {65541, 4, 3, 32770, 1, 0};
    CLEANUP_SNAPSHOT struct snapshot before = {.count = 0};
    CLEANUP_SNAPSHOT struct snapshot now = {.count = 0};
    CLEANUP_SNAPSHOT struct snapshot other = {.count = 0};

    (void)state;
    put_ids(&before, ids);
    put_ids(&now, later);
    put_ids(&other, other_order);
    assert_events(&before, &now,
                  "removed 32770; removed 4; created 98308; created 6; created 32775; ");
    assert_events(&before, &other, "");
}

static void a_selection_is_judged_before_and_after(void **state)
{
    CLEANUP_SNAPSHOT struct snapshot without = {.count = 0};
    CLEANUP_SNAPSHOT struct snapshot with = {.count = 0};
    CLEANUP_SNAPSHOT struct snapshot given_away = {.count = 0};
    CLEANUP_SNAPSHOT struct snapshot none = {.count = 0};
    struct segment_info other = plain;

    (void)state;
    other.segment.uid = 99;
    snapshot_add(&with, &plain, true);
    snapshot_add(&without, &plain, false);
    snapshot_add(&given_away, &other, false);
    assert_events(&with, &given_away, "changed 5; ");
    assert_events(&given_away, &with, "changed 5; ");
    assert_events(&without, &given_away, "");
    assert_events(&none, &without, "");
    assert_events(&without, &none, "");
    /* Nothing happened to it, but that it is selected now. */
    assert_events(&without, &with, "");
}

/* Of a reused id one may be selected, and the other not. */
static void of_a_reused_id_each_is_judged_alone(void **state)
{
    CLEANUP_SNAPSHOT struct snapshot before = {.count = 0};
    CLEANUP_SNAPSHOT struct snapshot now = {.count = 0};
    struct segment_info other = plain;

    (void)state;
    other.segment.cpid = 99;
    snapshot_add(&before, &plain, true);
    snapshot_add(&now, &other, false);
    assert_events(&before, &now, "removed 5; ");
    assert_events(&now, &before, "created 5; ");
}

static void initial_lists_what_is_selected(void **state)
{
    CLEANUP_SNAPSHOT struct snapshot first = {.count = 0};
    CLEANUP_EVENT_LIST struct event_list events = {.count = 0};
    struct segment_info other = plain;

    (void)state;
    other.segment.shmid = 6;
    snapshot_add(&first, &plain, false);
    snapshot_add(&first, &other, true);
    diff_initial(&first, &events);
    assert_int_equal(events.count, 1);
    assert_string_equal(event_name(events.items[0].type), "initial");
    assert_ptr_equal(event_segment(&events.items[0]), &first.rows[1]);
    assert_null(events.items[0].before);
}

static void events_point_at_both_rows(void **state)
{
    CLEANUP_SNAPSHOT struct snapshot before = {.count = 0};
    CLEANUP_SNAPSHOT struct snapshot now = {.count = 0};
    CLEANUP_EVENT_LIST struct event_list events = {.count = 0};
    struct segment_info other = plain;

    (void)state;
    other.segment.nattch = 1;
    snapshot_add(&before, &plain, true);
    snapshot_add(&now, &other, true);
    diff_snapshots(&before, &now, &events);
    assert_int_equal(events.count, 1);
    assert_ptr_equal(events.items[0].before, &before.rows[0]);
    assert_ptr_equal(events.items[0].now, &now.rows[0]);
}

static void rows_are_found_from_a_hint_on(void **state)
{
    static const int ids[] = {1, 2, 3, 0};
    CLEANUP_SNAPSHOT struct snapshot snapshot = {.count = 0};
    size_t hint = 0;

    (void)state;
    assert_null(snapshot_find(&snapshot, 1, &hint));
    put_ids(&snapshot, ids);
    assert_ptr_equal(snapshot_find(&snapshot, 2, &hint), &snapshot.rows[1]);
    assert_int_equal(hint, 2);
    assert_null(snapshot_find(&snapshot, 4, &hint));
    assert_ptr_equal(snapshot_find(&snapshot, 1, &hint), &snapshot.rows[0]);
    assert_ptr_equal(snapshot_find(&snapshot, 3, &hint), &snapshot.rows[2]);
    assert_ptr_equal(snapshot_find(&snapshot, 3, &hint), &snapshot.rows[2]);
}

static void what_continues_is_the_same_segment(void **state)
{
    CLEANUP_SNAPSHOT struct snapshot none = {.count = 0};
    CLEANUP_SNAPSHOT struct snapshot one = {.count = 0};
    CLEANUP_SNAPSHOT struct snapshot other = {.count = 0};
    struct segment_info now = plain;

    (void)state;
    snapshot_add(&one, &plain, false);
    now.segment.cpid++;
    snapshot_add(&other, &now, true);
    assert_true(snapshot_continues(&one, &one));
    assert_false(snapshot_continues(&one, &other));
    assert_false(snapshot_continues(&one, &none));
    assert_false(snapshot_continues(&none, &one));
    now = plain;
    now.segment.shmid++;
    now.segment.nattch++;
    snapshot_add(&one, &now, false);
    snapshot_add(&other, &now, false);
    assert_true(snapshot_continues(&one, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_happened),
        cmocka_unit_test(created_and_removed),
        cmocka_unit_test(attached_and_detached),
        cmocka_unit_test(touched_only_where_nothing_else_is_said),
        cmocka_unit_test(usage_is_no_event),
        cmocka_unit_test(changed),
        cmocka_unit_test(marked_segments_lose_their_key),
        cmocka_unit_test(orphaned),
        cmocka_unit_test(several_at_once_come_in_order),
        cmocka_unit_test(a_reused_id_is_removed_and_created),
        cmocka_unit_test(many_are_matched_by_id),
        cmocka_unit_test(a_selection_is_judged_before_and_after),
        cmocka_unit_test(of_a_reused_id_each_is_judged_alone),
        cmocka_unit_test(initial_lists_what_is_selected),
        cmocka_unit_test(events_point_at_both_rows),
        cmocka_unit_test(rows_are_found_from_a_hint_on),
        cmocka_unit_test(what_continues_is_the_same_segment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
