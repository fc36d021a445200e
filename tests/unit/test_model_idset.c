/* model/idset: have we met this one before? */
#include "model/idset.h"

#include <limits.h>

#include "unit.h"

static void empty_has_nothing(void **state)
{
    struct idset set = IDSET_INIT;

    (void)state;
    assert_false(idset_has(&set, 0));
    assert_false(idset_has(&set, INT_MAX));
    assert_int_equal(set.count, 0);
    idset_release(&set);
}

static void adds_each_once(void **state)
{
    CLEANUP_IDSET struct idset set = IDSET_INIT;
    const int ids[] = {0, 1, 32768, 395837454, INT_MAX, INT_MAX - 1};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        assert_false(idset_has(&set, ids[i]));
        assert_true(idset_add(&set, ids[i]));
        assert_true(idset_has(&set, ids[i]));
        assert_false(idset_add(&set, ids[i]));
        assert_int_equal(set.count, i + 1);
    }
    assert_false(idset_has(&set, 2));
}

/* Adds COUNT ids, FIRST and each STEP further, and demands that they and no others are there. */
static void assert_holds(int first, int step, int count)
{
    CLEANUP_IDSET struct idset set = IDSET_INIT;

    for (int i = 0; i < count; i++)
        assert_true(idset_add(&set, first + i * step));
    for (int i = 0; i < count; i++) {
        assert_true(idset_has(&set, first + i * step));
        assert_false(idset_add(&set, first + i * step));
        assert_false(step > 1 && idset_has(&set, first + i * step + 1));
    }
    assert_int_equal(set.count, count);
    assert_true(set.size >= set.used * 2);
}

static void grows_with_ids_as_kernels_give_them(void **state)
{
    (void)state;
    assert_holds(0, 1, 40000);               /* a fresh namespace */
    assert_holds(1867776, 32769, 60000);     /* index and sequence both move on */
    assert_holds(INT_MAX - 39999, 1, 40000); /* the highest */
    assert_holds(63, 64, 9);                 /* just past the first growth */
    assert_holds(63, 2, 100);                /* across blocks' borders */
}

/* The longest run of slots in use: as many steps may a search take. */
static size_t longest_run(const struct idset *set)
{
    size_t longest = 0;
    size_t run = 0;

    for (size_t i = 0; i < set->size; i++) {
        run = set->slots[i].members != 0 ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

/* Ids that differ in their sequence only (former owners of one index) must not pile up. */
static void sequences_are_spread(void **state)
{
    static const struct {
        int first;
        int step;
        int count;
    } cases[] = {
        {5, 1 << 15, 65535},
        {1867776, 32769, 60000},
        {0, 1 << 10, 65536},
        {0, 4096, 500000},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP_IDSET struct idset set = IDSET_INIT;

        for (int n = 0; n < cases[i].count; n++)
            idset_add(&set, cases[i].first + n * cases[i].step);
        assert_int_equal(set.count, cases[i].count);
        assert_in_range(longest_run(&set), 1, 1000);
    }
}

static void released_can_be_used_again(void **state)
{
    CLEANUP_IDSET struct idset set = IDSET_INIT;

    (void)state;
    idset_add(&set, 7);
    idset_release(&set);
    assert_null(set.slots);
    assert_int_equal(set.count, 0);
    assert_false(idset_has(&set, 7));
    assert_true(idset_add(&set, 7));
    assert_true(idset_has(&set, 7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_has_nothing),
        cmocka_unit_test(adds_each_once),
        cmocka_unit_test(grows_with_ids_as_kernels_give_them),
        cmocka_unit_test(sequences_are_spread),
        cmocka_unit_test(released_can_be_used_again),
    };

    return cmocka_run_group_tests_name("model/idset", tests, NULL, NULL);
}
