/* base/num: sums, pages and the order of numbers, up to the largest. */
#include "base/num.h"

#include "unit.h"

static void sums_stop_at_the_top(void **state)
{
    (void)state;
    assert_int_equal(saturating_add(0, 0), 0);
    assert_int_equal(saturating_add(2, 3), 5);
    assert_true(saturating_add(UINT64_MAX, 0) == UINT64_MAX);
    assert_true(saturating_add(UINT64_MAX - 1, 1) == UINT64_MAX);
    assert_true(saturating_add(UINT64_MAX, 1) == UINT64_MAX);
    assert_true(saturating_add(UINT64_C(1) << 63, UINT64_C(1) << 63) == UINT64_MAX);
}

static void wide_sums_never_wrap(void **state)
{
    struct wide sum = {0};

    (void)state;
    wide_add(&sum, UINT64_MAX);
    assert_true(sum.high == 0 && sum.low == UINT64_MAX);
    wide_add(&sum, 1);
    assert_true(sum.high == 1 && sum.low == 0);
    wide_add(&sum, UINT64_MAX);
    wide_add(&sum, UINT64_MAX);
    assert_true(sum.high == 2 && sum.low == UINT64_MAX - 1);
    assert_true(wide_compare((struct wide){1, 0}, (struct wide){0, UINT64_MAX}) > 0);
    assert_true(wide_compare((struct wide){1, 0}, (struct wide){1, 1}) < 0);
    assert_int_equal(wide_compare(sum, sum), 0);
}

static void pages_never_wrap(void **state)
{
    (void)state;
    assert_int_equal(pages_of(0, 4096), 0);
    assert_int_equal(pages_of(1, 4096), 1);
    assert_int_equal(pages_of(4096, 4096), 1);
    assert_int_equal(pages_of(4097, 4096), 2);
    assert_true(pages_of(UINT64_MAX, 4096) == UINT64_C(1) << 52);
    assert_true(pages_of(UINT64_MAX - 4095, 4096) == (UINT64_C(1) << 52) - 1);
    assert_true(pages_of(UINT64_MAX, 65536) == UINT64_C(1) << 48);
}

static void numbers_have_an_order(void **state)
{
    (void)state;
    assert_true(num_compare(1, 2) < 0);
    assert_true(num_compare(2, 1) > 0);
    assert_int_equal(num_compare(7, 7), 0);
    assert_true(num_compare(0, UINT64_MAX) < 0);
    assert_true(num_compare(UINT64_MAX, 0) > 0);
    assert_true(num_compare_signed(-1, 1) < 0);
    assert_true(num_compare_signed(INT64_MAX, INT64_MIN) > 0);
    assert_int_equal(num_compare_signed(INT64_MIN, INT64_MIN), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_stop_at_the_top),
        cmocka_unit_test(wide_sums_never_wrap),
        cmocka_unit_test(pages_never_wrap),
        cmocka_unit_test(numbers_have_an_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
