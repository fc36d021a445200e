/* model/segment: one record, and lists of them. */
#include "model/segment.h"

#include "unit.h"

static const struct segment sample = {
    .key = 0x00143511,
    .shmid = 395837454,
    .mode = 0666,
    .uid = 1001,
    .gid = 1001,
    .cuid = 1002,
    .cgid = 1002,
    .cpid = 4711,
    .lpid = 4712,
    .has_rss = true,
    .has_swap = true,
    .size = 1048576,
    .nattch = 1,
    .rss = 4096,
    .swap = 8192,
    .atime = 300,
    .dtime = 200,
    .ctime = 100,
};

static void status_bits_are_read_from_the_mode(void **state)
{
    struct segment segment = sample;

    (void)state;
    segment.mode = 0777;
    assert_false(segment_is_dest(&segment));
    assert_false(segment_is_locked(&segment));
    segment.mode = 01600;
    assert_true(segment_is_dest(&segment));
    assert_false(segment_is_locked(&segment));
    segment.mode = 02600;
    assert_false(segment_is_dest(&segment));
    assert_true(segment_is_locked(&segment));
    segment.mode = 03000;
    assert_true(segment_is_dest(&segment));
    assert_true(segment_is_locked(&segment));
    segment.mode = 04000;
    assert_false(segment_is_dest(&segment));
    assert_false(segment_is_locked(&segment));
}

/* Changes one field of a copy of the sample and tells whether it is still the same segment. */
#define SAME_WITH(field, value) \
    __extension__({ \
        struct segment other_ = sample; \
        other_.field = (value); \
        segment_same(&sample, &other_) && segment_same(&other_, &sample); \
    })

static void identity_is_made_of_what_never_changes(void **state)
{
    (void)state;
    assert_true(segment_same(&sample, &sample));
    assert_false(SAME_WITH(shmid, 395837455));
    assert_false(SAME_WITH(key, 0));
    assert_false(SAME_WITH(uid, 0));
    assert_false(SAME_WITH(cuid, 0));
    assert_false(SAME_WITH(size, 1048577));
    assert_false(SAME_WITH(size, UINT64_C(1048576) + (UINT64_C(1) << 32)));
    assert_false(SAME_WITH(cpid, 4712));
    assert_false(SAME_WITH(ctime, 101));
    assert_false(SAME_WITH(ctime, INT64_C(100) + (INT64_C(1) << 32)));
}

static void use_does_not_make_another_segment(void **state)
{
    (void)state;
    assert_true(SAME_WITH(nattch, 5));
    assert_true(SAME_WITH(lpid, 1));
    assert_true(SAME_WITH(atime, 999));
    assert_true(SAME_WITH(dtime, 999));
    assert_true(SAME_WITH(rss, 0));
    assert_true(SAME_WITH(swap, 0));
    assert_true(SAME_WITH(has_rss, false));
    assert_true(SAME_WITH(has_swap, false));
    assert_true(SAME_WITH(mode, 0666 | SEGMENT_LOCKED));
}

static void last_time_is_the_latest_of_three(void **state)
{
    struct segment segment = {0};

    (void)state;
    assert_int_equal(segment_last_time(&segment), 0);
    segment.ctime = 100;
    assert_int_equal(segment_last_time(&segment), 100);
    segment.atime = 200;
    assert_int_equal(segment_last_time(&segment), 200);
    segment.dtime = 300;
    assert_int_equal(segment_last_time(&segment), 300);
    segment.ctime = 400; /* IPC_SET */
    assert_int_equal(segment_last_time(&segment), 400);
    segment.atime = INT64_MAX;
    assert_true(segment_last_time(&segment) == INT64_MAX);
}

/* Of 2 MiB pages, 512 ordinary ones each. */
static void rss_of_huge_pages_fits_in_one_way(void **state)
{
    enum { MIB = 1024 * 1024, GIB = 1024 * MIB };
    static const struct {
        uint64_t size;
        uint64_t listed;
        bool known;
        uint64_t rss;
    } cases[] = {
        {4 * MIB, 0, true, 0},
        {4 * MIB, 2 * MIB, true, 2 * MIB}, /* in bytes */
        {3 * MIB, 4 * MIB, true, 4 * MIB},
        {4 * MIB, GIB, true, 2 * MIB}, /* multiplied */
        {4 * MIB, UINT64_C(2) * GIB, true, 4 * MIB},
        {4 * MIB, UINT64_C(3) * GIB, false, 0}, /* more than there are */
        {4 * MIB, MIB, false, 0},               /* no whole pages */
        {4 * MIB, GIB + 2 * MIB, false, 0},
        {UINT64_C(2) * GIB, GIB, false, 0}, /* either */
        {UINT64_C(2) * GIB, 6 * MIB, true, 6 * MIB},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct segment segment = {.size = cases[i].size, .rss = cases[i].listed, .has_swap = true};

        segment_set_huge_page(&segment, 2 * MIB, 4096);
        assert_int_equal(segment.huge_page, 2 * MIB);
        assert_true(segment_is_huge(&segment));
        assert_int_equal(segment.has_rss, cases[i].known);
        if (cases[i].known)
            assert_true(segment.rss == cases[i].rss);
    }
}

static void an_rss_that_is_too_large_shows_huge_pages(void **state)
{
    struct segment segment = {.has_rss = true, .has_swap = true};

    (void)state;
    assert_false(segment_is_huge(&segment));
    segment.has_rss = false;
    assert_true(segment_is_huge(&segment));
    /* An old listing has neither. */
    segment.has_swap = false;
    assert_false(segment_is_huge(&segment));
    segment_set_huge_page(&segment, 65536, 4096);
    assert_true(segment_is_huge(&segment));
    assert_false(segment.has_rss);
}

static void list_starts_empty(void **state)
{
    CLEANUP_SEGMENT_LIST struct segment_list list = SEGMENT_LIST_INIT;

    (void)state;
    assert_int_equal(list.count, 0);
    assert_null(segment_list_find(&list, 0));
    assert_int_equal(segment_list_bytes(&list), 0);
}

static void list_keeps_copies_in_order(void **state)
{
    CLEANUP_SEGMENT_LIST struct segment_list list = SEGMENT_LIST_INIT;
    struct segment segment = sample;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        segment.shmid = i * 7;
        segment_list_add(&list, &segment);
    }
    segment.size = 0;
    assert_int_equal(list.count, 1000);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(list.items[i].shmid, i * 7);
        assert_int_equal(list.items[i].size, sample.size);
        assert_int_equal(list.items[i].rss, sample.rss);
    }
}

static void list_finds_by_id(void **state)
{
    CLEANUP_SEGMENT_LIST struct segment_list list = SEGMENT_LIST_INIT;
    struct segment segment = sample;
    const int ids[] = {1867776, 0, 2147483647};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        segment.shmid = ids[i];
        segment_list_add(&list, &segment);
    }
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        assert_ptr_equal(segment_list_find(&list, ids[i]), &list.items[i]);
    assert_null(segment_list_find(&list, 1));
    assert_null(segment_list_find(&list, -1));
}

static void list_adds_up_bytes_without_wrapping(void **state)
{
    CLEANUP_SEGMENT_LIST struct segment_list list = SEGMENT_LIST_INIT;
    struct segment segment = sample;

    (void)state;
    segment_list_add(&list, &segment);
    segment.size = UINT64_MAX - 1048576 - 1;
    segment_list_add(&list, &segment);
    assert_true(segment_list_bytes(&list) == UINT64_MAX - 1);
    segment.size = 1;
    segment_list_add(&list, &segment);
    assert_true(segment_list_bytes(&list) == UINT64_MAX);
    segment_list_add(&list, &segment);
    assert_true(segment_list_bytes(&list) == UINT64_MAX);
    segment_list_add(&list, &sample);
    assert_true(segment_list_bytes(&list) == UINT64_MAX);
}

static void list_released_can_be_used_again(void **state)
{
    CLEANUP_SEGMENT_LIST struct segment_list list = SEGMENT_LIST_INIT;

    (void)state;
    segment_list_add(&list, &sample);
    segment_list_release(&list);
    assert_null(list.items);
    assert_int_equal(list.count, 0);
    assert_int_equal(list.capacity, 0);
    segment_list_add(&list, &sample);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].shmid, sample.shmid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_bits_are_read_from_the_mode),
        cmocka_unit_test(identity_is_made_of_what_never_changes),
        cmocka_unit_test(use_does_not_make_another_segment),
        cmocka_unit_test(last_time_is_the_latest_of_three),
        cmocka_unit_test(rss_of_huge_pages_fits_in_one_way),
        cmocka_unit_test(an_rss_that_is_too_large_shows_huge_pages),
        cmocka_unit_test(list_starts_empty),
        cmocka_unit_test(list_keeps_copies_in_order),
        cmocka_unit_test(list_finds_by_id),
        cmocka_unit_test(list_adds_up_bytes_without_wrapping),
        cmocka_unit_test(list_released_can_be_used_again),
    };

    return cmocka_run_group_tests_name("model/segment", tests, NULL, NULL);
}
