/* model/balance: what Shmem consists of, and what of huge pages is in use. */
#include "model/balance.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "unit.h"

enum { HUGE = 2 * 1024 * 1024 };

static struct balance balance_with_tmpfs(uint64_t shmem, bool known, uint64_t tmpfs)
{
    struct balance balance = {.has_shmem = true, .shmem = shmem, .has_tmpfs = true};

    balance.has_sysv = true;
    balance.tmpfs.items = xcalloc(1, sizeof(struct tmpfs_use));
    balance.tmpfs.items[0] = (struct tmpfs_use){xstrdup("/run"), known, tmpfs};
    balance.tmpfs.count = 1;
    return balance;
}

static void the_rest_is_what_is_left(void **state)
{
    static const struct segment segments[] = {
        {.size = 9000, .has_swap = true, .has_rss = true, .rss = 8192},
        {.size = HUGE, .has_swap = true, .has_rss = true, .rss = HUGE, .huge_page = HUGE},
    };
    struct balance balance = balance_with_tmpfs(20000, true, 4096);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(segments); i++)
        balance_add(&balance, &segments[i], false);
    balance_settle(&balance);
    assert_int_equal(balance.sysv, 8192);
    assert_true(balance.has_rest);
    assert_int_equal(balance.rest, 20000 - 8192 - 4096);
    balance_release(&balance);
    assert_null(balance.tmpfs.items);
}

static void a_tmpfs_that_is_not_known_is_part_of_the_rest(void **state)
{
    struct balance balance = balance_with_tmpfs(20000, false, 4096);

    (void)state;
    balance_settle(&balance);
    assert_int_equal(balance.rest, 20000);
    balance_release(&balance);
}

static void without_a_part_there_is_no_rest(void **state)
{
    static const struct segment old = {.size = 1};

    (void)state;
    for (int i = 0; i < 4; i++) {
        /* The last one: the parts are more than the whole. */
        struct balance balance = balance_with_tmpfs(4095, true, i == 3 ? 4096 : 0);

        balance.has_shmem = i != 0;
        balance.has_tmpfs = i != 1;
        if (i == 2)
            balance_add(&balance, &old, false);
        balance_settle(&balance);
        assert_false(balance.has_rest);
        balance_release(&balance);
    }
}

static void other_namespaces_are_a_part_where_all_of_them_is_known(void **state)
{
    static const struct segment here = {.size = 1, .has_swap = true, .has_rss = true, .rss = 4096};
    static const struct segment there = {.size = 1, .has_swap = true, .has_rss = true, .rss = 8192};
    static const struct segment old = {.size = 1};
    struct balance balance = balance_with_tmpfs(20000, true, 100);

    (void)state;
    balance.has_others = true;
    balance_add(&balance, &here, false);
    balance_add(&balance, &there, true);
    balance_settle(&balance);
    assert_int_equal(balance.sysv, 4096);
    assert_int_equal(balance.others, 8192);
    assert_int_equal(balance.rest, 20000 - 4096 - 8192 - 100);
    balance_add(&balance, &old, true);
    balance_settle(&balance);
    assert_true(balance.has_sysv);
    assert_false(balance.has_others);
    assert_true(balance.has_rest);
    assert_int_equal(balance.rest, 20000 - 4096 - 100);
    balance_release(&balance);
}

static void segments_are_counted_in_their_pool(void **state)
{
    struct huge_pool items[] = {{.page_size = HUGE, .is_default = true}, {.page_size = 65536}};
    struct balance balance = {.huge = {.items = items, .count = 2, .segments_known = true}};
    const struct segment large = {.size = HUGE + 1, .huge_page = HUGE};
    const struct segment small = {.size = 1, .huge_page = 65536};
    const struct segment unknown = {.size = 1, .has_swap = true};

    (void)state;
    balance_add(&balance, &large, false);
    balance_add(&balance, &small, true);
    assert_int_equal(items[0].segments, 2);
    assert_int_equal(items[1].segments, 1);
    assert_true(balance.huge.segments_known);
    balance_add(&balance, &unknown, false);
    assert_false(balance.huge.segments_known);
    assert_ptr_equal(huge_pools_find(&balance.huge, 0), &items[0]);
    assert_ptr_equal(huge_pools_find(&balance.huge, 65536), &items[1]);
    assert_null(huge_pools_find(&balance.huge, 4096));
}

static void a_pool_needs_what_others_have_too(void **state)
{
    const struct huge_pool pool = {.total = 10, .free = 6, .reserved = 2};
    struct huge_need need = huge_need_of(&pool, HUGE, 5, 0);

    (void)state;
    assert_int_equal(need.used, 6);
    assert_int_equal(need.nr_hugepages, 11);
    /* Those that they have already are not needed once more. */
    need = huge_need_of(&pool, HUGE, 5, 5);
    assert_int_equal(need.used, 1);
    assert_int_equal(need.nr_hugepages, 6);
    assert_int_equal(huge_need_of(&pool, HUGE, 5, 99).nr_hugepages, 5);
    assert_null(huge_need_of(NULL, HUGE, 5, 0).pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rest_is_what_is_left),
        cmocka_unit_test(a_tmpfs_that_is_not_known_is_part_of_the_rest),
        cmocka_unit_test(without_a_part_there_is_no_rest),
        cmocka_unit_test(other_namespaces_are_a_part_where_all_of_them_is_known),
        cmocka_unit_test(segments_are_counted_in_their_pool),
        cmocka_unit_test(a_pool_needs_what_others_have_too),
    };

    return cmocka_run_group_tests_name("model/balance", tests, NULL, NULL);
}
