/* model/sums: who has most, in pages and in segments, and how many of them are orphans. */
#include "model/sums.h"

#include <stdlib.h>

#include "base/strbuf.h"
#include "unit.h"

enum { PAGE = 4096, ROWS_MAX = 8 };

static const struct segment_info rows[] = {
    {.segment = {.uid = 11, .size = 5000}, .owner = "zc", .state = STATE_ORPHAN},
    {.segment = {.uid = 22, .size = 1}, .state = STATE_USED},
    {.segment = {.uid = 22, .size = 4096}, .state = STATE_IDLE},
    {.segment = {.uid = 22, .size = 1}, .state = STATE_ORPHAN},
    {.segment = {.uid = 33, .size = 90000}, .owner = "db", .state = STATE_DEST},
};

/* Demands the sums of ROWS, "uid segments pages bytes orphans orphan-pages; ". */
static void assert_sums(const struct segment_info *items, size_t count, uint64_t page_size,
                        enum sum_order order, const char *expected)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const struct segment_info *pointers[ROWS_MAX];
    CLEANUP_SUMS struct sums sums = {0};

    assert_in_range(count, 0, ROWS_MAX);
    for (size_t i = 0; i < count; i++)
        pointers[i] = &items[i];
    sums_make(pointers, count, page_size, &sum_by_owner, order, &sums);
    for (size_t i = 0; i < sums.count; i++) {
        const struct sum *sum = &sums.items[i];

        strbuf_printf(&text, "%u %llu %llu ", (unsigned)sum->first.segment.uid,
                      (unsigned long long)sum->segments, (unsigned long long)sum->pages);
        strbuf_put_wide(&text, sum->bytes);
        strbuf_printf(&text, " %llu %llu; ", (unsigned long long)sum->orphans,
                      (unsigned long long)sum->orphan_pages);
        /* Its own rows, in the order in which they were given. */
        for (size_t k = 0; k < sum->segments; k++) {
            assert_int_equal(sum->rows[k]->segment.uid, sum->first.segment.uid);
            assert_true(k == 0 || sum->rows[k] > sum->rows[k - 1]);
        }
    }
    assert_string_equal(strbuf_string(&text), expected);
    /* The order of what was given is the caller's. */
    for (size_t i = 0; i < count; i++)
        assert_ptr_equal(pointers[i], &items[i]);
}

static void the_largest_comes_first(void **state)
{
    (void)state;
    assert_sums(rows, COUNT_OF(rows), PAGE, SUM_BY_PAGES,
                "33 1 22 90000 0 0; 22 3 3 4098 1 1; 11 1 2 5000 1 2; ");
    /* Equal ones by uid. */
    assert_sums(rows, COUNT_OF(rows), PAGE, SUM_BY_SEGMENTS,
                "22 3 3 4098 1 1; 11 1 2 5000 1 2; 33 1 22 90000 0 0; ");
    assert_sums(rows, COUNT_OF(rows), 65536, SUM_BY_PAGES,
                "22 3 3 4098 1 1; 33 1 2 90000 0 0; 11 1 1 5000 1 1; ");
    assert_sums(rows, COUNT_OF(rows), PAGE, SUM_BY_BYTES,
                "33 1 22 90000 0 0; 11 1 2 5000 1 2; 22 3 3 4098 1 1; ");
}

static void equal_ones_are_ordered_by_uid(void **state)
{
    static const struct segment_info equal[] = {
        {.segment = {.uid = 4294967294U, .size = 1}},
        {.segment = {.uid = 5, .size = 1}},
        {.segment = {.uid = 0, .size = 1}},
    };

    (void)state;
    for (int order = SUM_BY_SEGMENTS; order <= SUM_BY_BYTES; order++)
        assert_sums(equal, COUNT_OF(equal), PAGE, (enum sum_order)order,
                    "0 1 1 1 0 0; 5 1 1 1 0 0; 4294967294 1 1 1 0 0; ");
}

/* Orphans are those by state alone. */
static void each_state_counts_but_only_orphans_are_orphans(void **state)
{
    struct segment_info each[STATE_COUNT] = {{.state = STATE_USED}};

    (void)state;
    for (int i = 0; i < STATE_COUNT; i++)
        each[i] = (struct segment_info){.segment = {.size = PAGE}, .state = (enum segment_state)i};
    assert_sums(each, STATE_COUNT, PAGE, SUM_BY_PAGES, "0 5 5 20480 1 1; ");
}

/* Pages stop at the largest number. */
static void bytes_are_exact_beyond_64_bits(void **state)
{
    static const struct segment_info huge[] = {
        {.segment = {.uid = 1, .size = UINT64_MAX - 5}, .state = STATE_ORPHAN},
        {.segment = {.uid = 1, .size = 4096}, .state = STATE_ORPHAN},
        {.segment = {.uid = 2, .size = UINT64_MAX}, .state = STATE_ORPHAN},
    };

    (void)state;
    assert_sums(huge, COUNT_OF(huge), PAGE, SUM_BY_PAGES,
                "1 2 4503599627370497 18446744073709555706 2 4503599627370497; "
                "2 1 4503599627370496 18446744073709551615 1 4503599627370496; ");
    assert_sums(huge, COUNT_OF(huge), 1, SUM_BY_PAGES,
                "1 2 18446744073709551615 18446744073709555706 2 18446744073709551615; "
                "2 1 18446744073709551615 18446744073709551615 1 18446744073709551615; ");
}

static void names_come_with_their_uids(void **state)
{
    static const char *const names[] = {"db", NULL, "zc"};
    const struct segment_info *pointers[COUNT_OF(rows)];
    CLEANUP_SUMS struct sums sums = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        pointers[i] = &rows[i];
    sums_make(pointers, COUNT_OF(rows), PAGE, &sum_by_owner, SUM_BY_PAGES, &sums);
    assert_int_equal(sums.count, COUNT_OF(names));
    for (size_t i = 0; i < sums.count; i++) {
        if (names[i])
            assert_string_equal(sums.items[i].first.owner, names[i]);
        else
            assert_null(sums.items[i].first.owner);
    }
}

static void without_segments_nobody_has_anything(void **state)
{
    struct sums sums = {.count = 77};

    (void)state;
    sums_make(NULL, 0, PAGE, &sum_by_owner, SUM_BY_PAGES, &sums);
    assert_int_equal(sums.count, 0);
    sums_release(&sums);
    assert_int_equal(sum_of(NULL, 0, PAGE).segments, 0);
}

/* What is not known is no 0, and is counted. */
static void memory_is_summed_as_far_as_it_is_known(void **state)
{
    static const struct segment_info mixed[] = {
        {.segment = {.has_rss = true, .rss = UINT64_MAX, .has_swap = true, .swap = 3}},
        {.segment = {.rss = 99, .has_swap = true, .swap = 4, .nattch = UINT64_MAX}},
        {.segment = {.has_rss = true, .rss = 2, .swap = 99, .nattch = 2}},
    };
    const struct segment_info *pointers[] = {&mixed[0], &mixed[1], &mixed[2]};
    struct sum sum = sum_of(pointers, 3, PAGE);

    (void)state;
    assert_true(sum.rss.high == 1 && sum.rss.low == 1);
    assert_int_equal(sum.rss_unknown, 1);
    assert_true(sum.swap.high == 0 && sum.swap.low == 7);
    assert_int_equal(sum.swap_unknown, 1);
    assert_true(sum.nattch.high == 1 && sum.nattch.low == 1);
    assert_int_equal(sum.attached, 2);
}

/* Only those that live, the lower pid of equal ones. */
static void who_made_the_most_and_lives(void **state)
{
#define MADE_BY(pid_, status, size_) \
    { \
        .segment = {.cpid = (pid_), .size = (size_)}, .creator_status = (status), .command = "c" \
    }
    static const struct segment_info made[] = {
        MADE_BY(9, PROCESS_ALIVE, 1), MADE_BY(7, PROCESS_ALIVE, 3 * PAGE),
        MADE_BY(9, PROCESS_ALIVE, 1), MADE_BY(5, PROCESS_DEAD, 99 * PAGE),
        MADE_BY(8, PROCESS_ALIVE, 1), MADE_BY(5, PROCESS_DEAD, 1),
        MADE_BY(8, PROCESS_ALIVE, 1), MADE_BY(5, PROCESS_PID_REUSED, 1)};
    const struct segment_info *pointers[COUNT_OF(made)];
    struct sum sum;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(made); i++)
        pointers[i] = &made[i];
    sum = creator_sum_largest(pointers, COUNT_OF(made), PAGE, SUM_BY_SEGMENTS);
    assert_int_equal(sum.first.segment.cpid, 8);
    assert_int_equal(sum.segments, 2);
    assert_string_equal(sum.first.command, "c");
    sum = creator_sum_largest(pointers, COUNT_OF(made), PAGE, SUM_BY_PAGES);
    assert_int_equal(sum.first.segment.cpid, 7);
    assert_int_equal(sum.pages, 3);
    assert_int_equal(creator_sum_largest(&pointers[3], 1, PAGE, SUM_BY_PAGES).segments, 0);
    assert_int_equal(creator_sum_largest(NULL, 0, PAGE, SUM_BY_PAGES).segments, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_comes_first),
        cmocka_unit_test(equal_ones_are_ordered_by_uid),
        cmocka_unit_test(each_state_counts_but_only_orphans_are_orphans),
        cmocka_unit_test(bytes_are_exact_beyond_64_bits),
        cmocka_unit_test(names_come_with_their_uids),
        cmocka_unit_test(without_segments_nobody_has_anything),
        cmocka_unit_test(memory_is_summed_as_far_as_it_is_known),
        cmocka_unit_test(who_made_the_most_and_lives),
    };

    return cmocka_run_group_tests_name("model/sums", tests, NULL, NULL);
}
