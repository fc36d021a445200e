/* kernel/memory_use: pools of huge pages as a tree has them; the file systems in memory that are
 * here. */
#include "kernel/memory_use.h"

#include <string.h>

#include "tree.h"
#include "unit.h"

#define POOLS "sys/kernel/mm/hugepages/"

static struct huge_pools read_pools(const struct tree *tree)
{
    struct huge_pools pools;
    struct procfs procfs;

    assert_int_equal(procfs_open(&procfs, tree->path, NULL), 0);
    huge_pools_read(&procfs, &pools);
    procfs_close(&procfs);
    assert_true(pools.segments_known);
    return pools;
}

static void meminfo(const struct tree *tree)
{
    tree_puts(tree, "proc/meminfo",
              "MemTotal: 1000 kB\nHugePages_Total:      10\nHugePages_Free:        6\n"
              "HugePages_Rsvd:        2\nHugePages_Surp:        0\nHugepagesize:       2048 kB\n");
}

static void without_files_there_are_none(void **state)
{
    struct huge_pools pools = read_pools(*state);

    assert_int_equal(pools.count, 0);
    huge_pools_release(&pools);
}

static void meminfo_has_the_default_pool(void **state)
{
    struct huge_pools pools;

    meminfo(*state);
    pools = read_pools(*state);
    assert_int_equal(pools.count, 1);
    assert_true(pools.items[0].is_default);
    assert_int_equal(pools.items[0].page_size, 2048 * 1024);
    assert_int_equal(pools.items[0].total, 10);
    assert_int_equal(pools.items[0].free, 6);
    assert_int_equal(pools.items[0].reserved, 2);
    huge_pools_release(&pools);
}

static void every_size_has_a_pool(void **state)
{
    const struct tree *tree = *state;
    struct huge_pools pools;

    meminfo(tree);
    tree_puts(tree, POOLS "hugepages-64kB/nr_hugepages", "1\n");
    tree_puts(tree, POOLS "hugepages-1048576kB/nr_hugepages", "3\n");
    tree_puts(tree, POOLS "hugepages-1048576kB/resv_hugepages", "1\n");
    tree_puts(tree, POOLS "hugepages-2048kB/nr_hugepages", "7\n");
    tree_puts(tree, POOLS "hugepages-2048kB/free_hugepages", "5\n");
    tree_puts(tree, POOLS "hugepages-/nr_hugepages", "9\n");
    tree_puts(tree, POOLS "other-64kB/nr_hugepages", "9\n");
    pools = read_pools(tree);
    assert_int_equal(pools.count, 3);
    /* The default one first. */
    assert_true(pools.items[0].is_default);
    assert_int_equal(pools.items[0].total, 7);
    assert_int_equal(pools.items[0].free, 5);
    assert_int_equal(pools.items[1].page_size, 65536);
    assert_int_equal(pools.items[1].total, 1);
    assert_int_equal(pools.items[2].page_size, 1024 * 1024 * 1024);
    assert_int_equal(pools.items[2].reserved, 1);
    huge_pools_release(&pools);
}

/* What is mounted is the machine's; but none is there twice. */
static void each_file_system_is_there_once(void **state)
{
    struct tmpfs_list list = {0};
    struct procfs procfs;

    (void)state;
    assert_int_equal(procfs_open(&procfs, NULL, NULL), 0);
    assert_int_equal(tmpfs_read(&procfs, &list, NULL), 0);
    for (size_t i = 0; i < list.count; i++) {
        assert_int_equal(list.items[i].mount[0], '/');
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(list.items[i].mount, list.items[k].mount);
    }
    tmpfs_list_release(&list);
    procfs_close(&procfs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_files_there_are_none, tree_setup, tree_teardown),
        cmocka_unit_test_setup_teardown(meminfo_has_the_default_pool, tree_setup, tree_teardown),
        cmocka_unit_test_setup_teardown(every_size_has_a_pool, tree_setup, tree_teardown),
        cmocka_unit_test(each_file_system_is_there_once),
    };

    return cmocka_run_group_tests_name("kernel/memory_use", tests, NULL, NULL);
}
