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
    struct owner_sum *sums;
    size_t sum_count = 77;

    assert_in_range(count, 0, ROWS_MAX);
    for (size_t i = 0; i < count; i++)
        pointers[i] = &items[i];
    sums = owner_sums(pointers, count, page_size, order, &sum_count);
    for (size_t i = 0; i < sum_count; i++)
        strbuf_printf(&text, "%u %llu %llu %llu %llu %llu; ", (unsigned)sums[i].uid,
                      (unsigned long long)sums[i].segments, (unsigned long long)sums[i].pages,
                      (unsigned long long)sums[i].bytes, (unsigned long long)sums[i].orphans,
                      (unsigned long long)sums[i].orphan_pages);
    assert_string_equal(strbuf_string(&text), expected);
    /* The order of what was given is the caller's. */
    for (size_t i = 0; i < count; i++)
        assert_ptr_equal(pointers[i], &items[i]);
    free(sums);
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
}

static void equal_ones_are_ordered_by_uid(void **state)
{
    static const struct segment_info equal[] = {
        {.segment = {.uid = 4294967294U, .size = 1}},
        {.segment = {.uid = 5, .size = 1}},
        {.segment = {.uid = 0, .size = 1}},
    };

    (void)state;
    for (int order = SUM_BY_SEGMENTS; order <= SUM_BY_PAGES; order++)
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

static void sums_stop_at_the_largest_number(void **state)
{
    static const struct segment_info huge[] = {
        {.segment = {.uid = 1, .size = UINT64_MAX - 5}, .state = STATE_ORPHAN},
        {.segment = {.uid = 1, .size = 4096}, .state = STATE_ORPHAN},
        {.segment = {.uid = 2, .size = UINT64_MAX}, .state = STATE_ORPHAN},
    };

    (void)state;
    assert_sums(huge, COUNT_OF(huge), PAGE, SUM_BY_PAGES,
                "1 2 4503599627370497 18446744073709551615 2 4503599627370497; "
                "2 1 4503599627370496 18446744073709551615 1 4503599627370496; ");
    assert_sums(huge, COUNT_OF(huge), 1, SUM_BY_PAGES,
                "1 2 18446744073709551615 18446744073709551615 2 18446744073709551615; "
                "2 1 18446744073709551615 18446744073709551615 1 18446744073709551615; ");
}

static void names_come_with_their_uids(void **state)
{
    static const char *const names[] = {"db", NULL, "zc"};
    const struct segment_info *pointers[COUNT_OF(rows)];
    struct owner_sum *sums;
    size_t count;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        pointers[i] = &rows[i];
    sums = owner_sums(pointers, COUNT_OF(rows), PAGE, SUM_BY_PAGES, &count);
    assert_int_equal(count, COUNT_OF(names));
    for (size_t i = 0; i < count; i++) {
        if (names[i])
            assert_string_equal(sums[i].owner, names[i]);
        else
            assert_null(sums[i].owner);
    }
    free(sums);
}

static void without_segments_nobody_has_anything(void **state)
{
    size_t count = 77;

    (void)state;
    assert_null(owner_sums(NULL, 0, PAGE, SUM_BY_PAGES, &count));
    assert_int_equal(count, 0);
}

/* The creators: PID 7, 8, and 8 again, which another process had before. */
static const struct segment_info of_creators[] = {
    {.segment = {.shmid = 1, .cpid = 8, .size = 1}, .creator_status = PROCESS_ALIVE},
    {.segment = {.shmid = 2, .cpid = 7, .size = 5 * 4096}, .creator_status = PROCESS_DEAD},
    {.segment = {.shmid = 3, .cpid = 8, .size = 4097}, .creator_status = PROCESS_ALIVE},
    {.segment = {.shmid = 4, .cpid = 8, .size = 1}, .creator_status = PROCESS_PID_REUSED},
    {.segment = {.shmid = 5, .cpid = 0, .size = 9 * 4096}, .creator_status = PROCESS_ELSEWHERE},
    {.segment = {.shmid = 6, .cpid = 0, .size = 9 * 4096}, .creator_status = PROCESS_ELSEWHERE},
    {.segment = {.shmid = 7, .cpid = 0, .size = 9 * 4096}, .creator_status = PROCESS_ELSEWHERE},
};

static void the_process_that_made_the_most(void **state)
{
    const struct segment_info *pointers[COUNT_OF(of_creators)];
    struct process_sum sum;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(of_creators); i++)
        pointers[i] = &of_creators[i];
    sum = creator_sum_max(pointers, COUNT_OF(of_creators), PAGE, SUM_BY_SEGMENTS);
    assert_int_equal(sum.info->segment.cpid, 8);
    assert_int_equal(sum.info->creator_status, PROCESS_ALIVE);
    assert_int_equal(sum.segments, 2);
    assert_int_equal(sum.pages, 3);
    sum = creator_sum_max(pointers, COUNT_OF(of_creators), PAGE, SUM_BY_PAGES);
    assert_int_equal(sum.info->segment.cpid, 7);
    assert_int_equal(sum.segments, 1);
    assert_int_equal(sum.pages, 5);
    /* A PID of another PID namespace is nobody's. */
    assert_null(creator_sum_max(pointers + 4, 3, PAGE, SUM_BY_PAGES).info);
    assert_null(creator_sum_max(NULL, 0, PAGE, SUM_BY_PAGES).info);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_comes_first),
        cmocka_unit_test(equal_ones_are_ordered_by_uid),
        cmocka_unit_test(each_state_counts_but_only_orphans_are_orphans),
        cmocka_unit_test(sums_stop_at_the_largest_number),
        cmocka_unit_test(names_come_with_their_uids),
        cmocka_unit_test(without_segments_nobody_has_anything),
        cmocka_unit_test(the_process_that_made_the_most),
    };

    return cmocka_run_group_tests_name("model/sums", tests, NULL, NULL);
}
