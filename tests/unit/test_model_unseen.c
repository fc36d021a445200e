/* model/unseen: what came and went, counted from ids. */
#include "model/unseen.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

/* An id by its two parts. */
#define ID(sequence, index) (((sequence) << 15) + (index))

/* IDS: -1 ends them. */
static void put_ids(struct snapshot *snapshot, const int *ids)
{
    for (; *ids >= 0; ids++) {
        const struct segment_info info = {.segment = {.shmid = *ids}};

        snapshot_add(snapshot, &info, true);
    }
}

/* Demands what is counted from CURSOR on, between two looks that end in -1. */
static void assert_unseen(struct id_cursor cursor, const int *before_ids, const int *now_ids,
                          enum unseen_bound bound, uint64_t count)
{
    CLEANUP_SNAPSHOT struct snapshot before = {.count = 0};
    CLEANUP_SNAPSHOT struct snapshot now = {.count = 0};
    struct unseen unseen;
    int newest = -1;

    put_ids(&before, before_ids);
    put_ids(&now, now_ids);
    assert_true(id_cursor_find_newest(&cursor, &before, &now, &newest));
    unseen = id_cursor_count(&cursor, &before, &now, newest, true);
    assert_int_equal(unseen.bound, bound);
    assert_int_equal(unseen.count, count);
}

#define IDS(...) ((const int[]){__VA_ARGS__, -1})

/* The one before it was the last one before that. */
static struct id_cursor at(int id)
{
    return (struct id_cursor){.known = true, .watched = true, .newest = id, .length = 1};
}

static void the_next_id_has_none_before_it(void **state)
{
    (void)state;
    assert_unseen(at(5), IDS(5), IDS(5, 6), UNSEEN_EXACT, 0);
    assert_unseen(at(5), IDS(5), IDS(5, 6, 7, 8), UNSEEN_EXACT, 0);
    assert_unseen(at(ID(3, 63)), IDS(ID(3, 63)), IDS(ID(4, 0), ID(3, 63)), UNSEEN_EXACT, 0);
}

static void indexes_that_are_missing_came_and_went(void **state)
{
    (void)state;
    assert_unseen(at(5), IDS(5), IDS(5, 18), UNSEEN_EXACT, 12);
    assert_unseen(at(5), IDS(5), IDS(5, 10, 18), UNSEEN_EXACT, 11);
    /* The cursor's own segment may be gone. */
    assert_unseen(at(5), IDS(-1), IDS(18), UNSEEN_EXACT, 12);
    assert_unseen(at(ID(3, 60)), IDS(ID(3, 60)), IDS(ID(4, 2), ID(3, 60)), UNSEEN_EXACT, 5);
}

static void indexes_in_use_are_skipped(void **state)
{
    (void)state;
    assert_unseen(at(ID(1, 5)), IDS(ID(1, 5), 7, 8, 30), IDS(ID(1, 5), 7, 8, ID(1, 10), 30),
                  UNSEEN_EXACT, 2);
    assert_unseen(at(ID(1, 60)), IDS(1, ID(1, 60), 62), IDS(1, ID(2, 3), ID(1, 60), 62),
                  UNSEEN_EXACT, 4);
}

/* Whether 7 was still there when its turn came, nobody knows. */
static void one_that_went_may_have_been_skipped(void **state)
{
    (void)state;
    assert_unseen(at(ID(1, 5)), IDS(ID(1, 5), 7), IDS(ID(1, 5), ID(1, 10)), UNSEEN_AT_LEAST, 3);
    /* Its index was given again: it was gone by then. */
    assert_unseen(at(ID(1, 5)), IDS(ID(1, 5), 7), IDS(ID(1, 5), ID(1, 7), ID(1, 10)), UNSEEN_EXACT,
                  3);
    /* Its index is not in between. */
    assert_unseen(at(ID(1, 5)), IDS(ID(1, 5), 20), IDS(ID(1, 5), ID(1, 10)), UNSEEN_EXACT, 4);
}

/* 7 was there when 5 was created, and gone before the last look. */
static void one_that_went_earlier_may_have_been_skipped_too(void **state)
{
    CLEANUP_SNAPSHOT struct snapshot first = {.count = 0};
    CLEANUP_SNAPSHOT struct snapshot second = {.count = 0};
    CLEANUP_SNAPSHOT struct snapshot third = {.count = 0};
    CLEANUP_SNAPSHOT struct snapshot last = {.count = 0};
    struct id_cursor cursor = at(ID(1, 4));
    const int newest = ID(1, 5);
    struct unseen unseen;

    (void)state;
    put_ids(&first, IDS(ID(1, 4), 7));
    put_ids(&second, IDS(ID(1, 4), ID(1, 5), 7));
    put_ids(&third, IDS(ID(1, 5)));
    put_ids(&last, IDS(ID(1, 5), ID(1, 10)));
    id_cursor_step(&cursor, &first, &second, &newest);
    id_cursor_step(&cursor, &second, &third, NULL);
    unseen = id_cursor_count(&cursor, &third, &last, ID(1, 10), true);
    assert_int_equal(unseen.bound, UNSEEN_AT_LEAST);
    assert_int_equal(unseen.count, 3);
    id_cursor_release(&cursor);
}

/* After several turns, one that was there for a whole turn was not given but once. */
static void several_turns_give_a_number_about(void **state)
{
    (void)state;
    assert_unseen(at(ID(1, 5)), IDS(ID(1, 5)), IDS(ID(1, 5), ID(2, 6)), UNSEEN_ABOUT, 63);
    assert_unseen(at(ID(1, 5)), IDS(ID(1, 5)), IDS(ID(1, 5), ID(11, 6)), UNSEEN_ABOUT, 630);
}

/* What was there before the first look is newer than all that came before it, but not by much. */
static void before_anything_was_created_it_is_at_most(void **state)
{
    const struct id_cursor first = {.known = true, .newest = ID(1, 5)};

    (void)state;
    assert_unseen(first, IDS(ID(1, 5)), IDS(ID(1, 5), ID(1, 18)), UNSEEN_AT_MOST, 12);
    assert_unseen(first, IDS(ID(1, 5), 7), IDS(ID(1, 5), ID(1, 18)), UNSEEN_AT_MOST, 12);
    assert_unseen(first, IDS(ID(1, 5)), IDS(ID(2, 2), ID(1, 5)), UNSEEN_UNKNOWN, 0);
    assert_unseen((struct id_cursor){.known = false}, IDS(-1), IDS(18), UNSEEN_UNKNOWN, 0);
}

/* How long a turn is nobody knows then. */
static void large_tables_are_counted_within_a_turn(void **state)
{
    CLEANUP_SNAPSHOT struct snapshot before = {.count = 0};
    CLEANUP_SNAPSHOT struct snapshot now = {.count = 0};
    const struct id_cursor cursor = at(ID(1, 70));
    const int within[] = {ID(1, 75), -1};
    const int after[] = {ID(2, 60), -1};
    struct unseen unseen;

    (void)state;
    for (int i = 0; i < 50; i++) {
        put_ids(&before, IDS(i));
        put_ids(&now, IDS(i));
    }
    put_ids(&now, within);
    unseen = id_cursor_count(&cursor, &before, &now, within[0], true);
    assert_int_equal(unseen.bound, UNSEEN_EXACT);
    assert_int_equal(unseen.count, 4);
    put_ids(&now, after);
    unseen = id_cursor_count(&cursor, &before, &now, after[0], true);
    assert_int_equal(unseen.bound, UNSEEN_UNKNOWN);
    assert_int_equal(unseen.count, 0);
}

static void turns_of_another_kernel_are_not_counted(void **state)
{
    CLEANUP_SNAPSHOT struct snapshot before = {.count = 0};
    CLEANUP_SNAPSHOT struct snapshot now = {.count = 0};
    const struct id_cursor cursor = at(ID(1, 60));

    (void)state;
    put_ids(&now, IDS(ID(2, 3)));
    assert_int_equal(id_cursor_count(&cursor, &before, &now, ID(2, 3), false).bound,
                     UNSEEN_UNKNOWN);
    assert_int_equal(id_cursor_count(&cursor, &before, &now, ID(1, 63), false).bound, UNSEEN_EXACT);
}

/* One that was restored with its old id, or one far ahead, says nothing of those between. */
static void chosen_ids_are_not_counted_from(void **state)
{
    CLEANUP_SNAPSHOT struct snapshot before = {.count = 0};
    CLEANUP_SNAPSHOT struct snapshot now = {.count = 0};
    const struct id_cursor cursor = at(ID(100, 5));
    int newest = -1;

    (void)state;
    put_ids(&now, IDS(ID(99, 60), ID(40000, 1)));
    assert_false(id_cursor_find_newest(&cursor, &before, &now, &newest));
    assert_int_equal(newest, -1);
    put_ids(&now, IDS(ID(100, 9)));
    assert_true(id_cursor_find_newest(&cursor, &before, &now, &newest));
    assert_int_equal(newest, ID(100, 9));
}

static void sequences_start_again(void **state)
{
    (void)state;
    assert_unseen(at(ID(65534, 60)), IDS(ID(65534, 60)), IDS(ID(0, 2), ID(65534, 60)), UNSEEN_EXACT,
                  5);
}

/* What the second look shows was not yet there when the newest of the first look was created. */
static void what_came_after_the_newest_is_counted_next_time(void **state)
{
    CLEANUP_SNAPSHOT struct snapshot before = {.count = 0};
    CLEANUP_SNAPSHOT struct snapshot now = {.count = 0};
    CLEANUP_SNAPSHOT struct snapshot later = {.count = 0};
    struct id_cursor cursor = at(5);
    struct unseen unseen;

    (void)state;
    put_ids(&before, IDS(5));
    put_ids(&now, IDS(5, 10, 12));
    put_ids(&later, IDS(5, 14));
    unseen = id_cursor_count(&cursor, &before, &now, 8, true);
    assert_int_equal(unseen.count, 3); /* 6 7 8 */
    cursor.newest = 8;
    unseen = id_cursor_count(&cursor, &now, &later, 14, true);
    assert_int_equal(unseen.bound, UNSEEN_EXACT);
    assert_int_equal(unseen.count, 3); /* 9 11 13 */
}

/* --- Against a kernel ------------------------------------------------------------------------- */

/* The kernel as model/unseen.h describes it. test_action_look compares that with the real one. */
struct kernel {
    int ids[64];          /* by index; -1: free */
    uint64_t numbers[64]; /* which of all that were created it is */
    int in_use;
    int last;
    int sequence;
    uint64_t created;
};

static int any(int below)
{
    return rand() % below; /* NOLINT: the same in each run */
}

static void create(struct kernel *kernel)
{
    int index = kernel->last;

    do
        index = (index + 1) % 64;
    while (kernel->ids[index] >= 0);
    if (index <= kernel->last)
        kernel->sequence = (kernel->sequence + 1) % 65535;
    kernel->last = index;
    kernel->in_use++;
    kernel->ids[index] = ID(kernel->sequence, index);
    kernel->numbers[index] = ++kernel->created;
}

/* Not the next one after a random index: that would be the oldest, more often than others. */
static void remove_any(struct kernel *kernel)
{
    int skipped = any(kernel->in_use);
    int index = 0;

    while (kernel->ids[index] < 0 || skipped-- > 0)
        index++;
    kernel->ids[index] = -1;
    kernel->in_use--;
}

static void happen(struct kernel *kernel, int operations, int in_use_max)
{
    for (int i = 0; i < operations; i++) {
        if (kernel->in_use > 0 && (kernel->in_use >= in_use_max || any(2)))
            remove_any(kernel);
        else
            create(kernel);
    }
}

/* Lists all; returns how many of them are not in BEFORE. */
static uint64_t list_all(const struct kernel *kernel, const struct snapshot *before,
                         struct snapshot *now)
{
    uint64_t count = 0;

    for (int i = 0; i < 64; i++) {
        if (kernel->ids[i] < 0)
            continue;
        put_ids(now, IDS(kernel->ids[i]));
        count += !idset_has(&before->ids, kernel->ids[i]);
    }
    return count;
}

static void assert_bound(struct unseen unseen, uint64_t truth)
{
    if (unseen.bound == UNSEEN_EXACT)
        assert_int_equal(unseen.count, truth);
    else if (unseen.bound == UNSEEN_AT_LEAST)
        assert_true(unseen.count <= truth);
    else if (unseen.bound == UNSEEN_AT_MOST)
        assert_true(unseen.count >= truth);
}

static void no_number_is_wrong(void **state)
{
    struct kernel kernel = {.last = -1, .sequence = 65500};
    struct id_cursor cursor = id_cursor_begin(&(struct snapshot){.count = 0});
    uint64_t cursor_number = 0;
    CLEANUP_SNAPSHOT struct snapshot before = {.count = 0};
    unsigned met[UNSEEN_ABOUT + 1] = {0};

    (void)state;
    srand(1);
    memset(kernel.ids, -1, sizeof(kernel.ids));
    for (int look = 0; look < 20000; look++) {
        struct snapshot now = {.count = 0};
        uint64_t new;
        int newest;

        happen(&kernel, any(20), 1 + look / 500);
        new = list_all(&kernel, &before, &now);
        if (id_cursor_find_newest(&cursor, &before, &now, &newest)) {
            struct unseen unseen = id_cursor_count(&cursor, &before, &now, newest, true);
            uint64_t number = kernel.numbers[newest & 63];

            assert_bound(unseen, number - cursor_number - new);
            met[unseen.bound]++;
            id_cursor_step(&cursor, &before, &now, &newest);
            cursor_number = number;
        } else {
            id_cursor_step(&cursor, &before, &now, NULL);
        }
        snapshot_release(&before);
        before = now;
    }
    id_cursor_release(&cursor);
    assert_true(met[UNSEEN_EXACT] > 5000);
    assert_true(met[UNSEEN_AT_LEAST] > 100);
    assert_int_equal(met[UNSEEN_UNKNOWN], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_id_has_none_before_it),
        cmocka_unit_test(indexes_that_are_missing_came_and_went),
        cmocka_unit_test(indexes_in_use_are_skipped),
        cmocka_unit_test(one_that_went_may_have_been_skipped),
        cmocka_unit_test(one_that_went_earlier_may_have_been_skipped_too),
        cmocka_unit_test(several_turns_give_a_number_about),
        cmocka_unit_test(before_anything_was_created_it_is_at_most),
        cmocka_unit_test(large_tables_are_counted_within_a_turn),
        cmocka_unit_test(turns_of_another_kernel_are_not_counted),
        cmocka_unit_test(chosen_ids_are_not_counted_from),
        cmocka_unit_test(sequences_start_again),
        cmocka_unit_test(what_came_after_the_newest_is_counted_next_time),
        cmocka_unit_test(no_number_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
