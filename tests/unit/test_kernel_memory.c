/*
 * kernel/memory and kernel/memory_group: what the kernel promises, huge pages, control groups of
 * both versions, of trees; and the address space of this process.
 */
#include "kernel/memory.h"

#include <string.h>
#include <sys/resource.h>

#include "tree.h"
#include "unit.h"

static struct procfs open_tree(const struct tree *tree)
{
    struct procfs procfs;

    assert_int_equal(procfs_open(&procfs, tree->path, NULL), 0);
    return procfs;
}

/* --- What the kernel promises ----------------------------------------------------------------- */

#define MEMINFO "MemTotal: 4000 kB\nSwapTotal: 400 kB\nCommitLimit: 2400 kB\nCommitted_AS: 40 kB\n"

static struct memory_state read_memory(const struct tree *tree, bool admin)
{
    struct procfs procfs = open_tree(tree);
    struct memory_state memory;

    memory_read(&procfs, 4096, admin, &memory);
    procfs_close(&procfs);
    return memory;
}

static void memory_is_counted_in_pages(void **state)
{
    const struct tree *tree = *state;
    struct memory_state memory;

    tree_puts(tree, "proc/meminfo", MEMINFO);
    tree_puts(tree, "proc/sys/vm/overcommit_memory", "2\n");
    tree_puts(tree, "proc/sys/vm/admin_reserve_kbytes", "400\n");
    memory = read_memory(tree, true);
    assert_true(memory.known);
    assert_int_equal(memory.overcommit, 2);
    assert_int_equal(memory.total, 1100);
    assert_int_equal(memory.commit_limit, 600);
    assert_int_equal(memory.committed, 10);
    assert_int_equal(read_memory(tree, false).commit_limit, 500);
    tree_puts(tree, "proc/sys/vm/admin_reserve_kbytes", "99999\n");
    assert_int_equal(read_memory(tree, false).commit_limit, 0);
    tree_puts(tree, "proc/sys/vm/admin_reserve_kbytes", "none\n");
    assert_int_equal(read_memory(tree, false).commit_limit, 600);
}

static void memory_that_cannot_be_read_is_not_known(void **state)
{
    const struct tree *tree = *state;

    tree_puts(tree, "proc/meminfo", MEMINFO);
    assert_false(read_memory(tree, true).known);
    tree_puts(tree, "proc/sys/vm/overcommit_memory", "3\n");
    assert_false(read_memory(tree, true).known);
    tree_puts(tree, "proc/sys/vm/overcommit_memory", "0\n");
    assert_true(read_memory(tree, true).known);
    tree_puts(tree, "proc/meminfo", "MemTotal: 4000 kB\n");
    assert_false(read_memory(tree, true).known);
}

/* --- Huge pages ------------------------------------------------------------------------------- */

#define MIB (UINT64_C(1) << 20)
#define POOL "sys/kernel/mm/hugepages/hugepages-2048kB/"

static struct huge_state read_huge(const struct tree *tree, unsigned log)
{
    struct procfs procfs = open_tree(tree);
    struct huge_state huge;

    huge_read(&procfs, log, &huge);
    procfs_close(&procfs);
    return huge;
}

static void fill_huge(const struct tree *tree)
{
    tree_puts(tree, "proc/meminfo", MEMINFO "Hugepagesize: 2048 kB\n");
    tree_puts(tree, "proc/self/gid_map", "         0          0 4294967295\n");
    tree_puts(tree, "proc/sys/vm/hugetlb_shm_group", "27\n");
    tree_puts(tree, POOL "nr_hugepages", "10\n");
    tree_puts(tree, POOL "free_hugepages", "6\n");
    tree_puts(tree, POOL "resv_hugepages", "2\n");
    tree_puts(tree, POOL "surplus_hugepages", "1\n");
    tree_puts(tree, POOL "nr_overcommit_hugepages", "4\n");
    tree_mkdir(tree, "sys/kernel/mm/hugepages/hugepages-1048576kB");
}

static void a_pool_of_huge_pages(void **state)
{
    const struct tree *tree = *state;
    struct huge_state huge;

    fill_huge(tree);
    huge = read_huge(tree, 0);
    assert_true(huge.known);
    assert_true(huge.is_default);
    assert_int_equal(huge.size_count, 2);
    assert_int_equal(huge.page_size, 2 * MIB);
    assert_int_equal(huge.total, 10);
    assert_int_equal(huge.more, 3);
    assert_int_equal(huge_pages_of(&huge, 2 * MIB + 1), 2);
    /* 4 of the free ones are not promised, and 3 may be added. */
    assert_int_equal(huge_pages_available(&huge), 7);
    /* 4 are used, 2 promised. */
    assert_int_equal(huge_pages_wanted(&huge, 20 * MIB), 16);
    assert_true(huge.has_group);
    assert_int_equal(huge.group, 27);
    assert_int_equal(read_huge(tree, 21).page_size, 2 * MIB);
    huge = read_huge(tree, 30);
    assert_int_equal(huge.page_size, 1024 * MIB);
    assert_false(huge.is_default);
    assert_int_equal(huge_pages_available(&huge), 0);
    huge = read_huge(tree, 22);
    assert_true(huge.known);
    assert_int_equal(huge.page_size, 0);
}

static void huge_pages_that_cannot_be_read(void **state)
{
    const struct tree *tree = *state;
    struct huge_state huge;

    tree_puts(tree, "proc/meminfo", MEMINFO);
    assert_false(read_huge(tree, 0).known);
    assert_false(read_huge(tree, 21).known);
    /* A kernel without any. */
    tree_mkdir(tree, "sys/kernel/mm");
    huge = read_huge(tree, 21);
    assert_true(huge.known);
    assert_int_equal(huge.size_count, 0);
    assert_int_equal(huge.page_size, 0);
    assert_false(huge.has_group);
    /* The default size is not known: others are. */
    tree_mkdir(tree, "sys/kernel/mm/hugepages/hugepages-2048kB");
    assert_false(read_huge(tree, 0).known);
    assert_true(read_huge(tree, 21).known);
}

static void the_group_is_that_of_the_host(void **state)
{
    const struct tree *tree = *state;

    fill_huge(tree);
    tree_puts(tree, "proc/self/gid_map", "0 1000 1\n1 20 65535\n");
    assert_int_equal(read_huge(tree, 0).group, 8);
    tree_puts(tree, "proc/self/gid_map", "0 1000 1\n");
    assert_false(read_huge(tree, 0).has_group);
}

/* --- Control groups --------------------------------------------------------------------------- */

static struct memory_group read_memory_group(const struct tree *tree)
{
    struct procfs procfs = open_tree(tree);
    struct memory_group group;

    memory_group_read(&procfs, &group);
    procfs_close(&procfs);
    return group;
}

static void expect_group(const struct tree *tree, const char *path, uint64_t limit, uint64_t left)
{
    struct memory_group group = read_memory_group(tree);

    assert_true(group.known);
    assert_string_equal(group.path, path);
    assert_int_equal(group.limit, limit);
    assert_int_equal(group.left, left);
    memory_group_release(&group);
    assert_null(group.path);
}

#define MOUNT_V2 "30 20 0:30 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
#define APP "sys/fs/cgroup/system.slice/app.service/"

static void groups_of_version_2(void **state)
{
    const struct tree *tree = *state;

    tree_puts(tree, "proc/self/mountinfo", "22 27 0:21 / /proc rw - proc proc rw\n" MOUNT_V2);
    tree_puts(tree, "proc/self/cgroup", "0::/system.slice/app.service\n");
    assert_false(read_memory_group(tree).known);
    tree_puts(tree, APP "memory.max", "1000000\n");
    tree_puts(tree, APP "memory.current", "600000\n");
    tree_puts(tree, APP "memory.stat", "anon 5\nfile 9\ninactive_file 1000\nactive_file 200\n");
    expect_group(tree, "/system.slice/app.service", 1000000, 401200);
    /* One above that leaves less. */
    tree_puts(tree, "sys/fs/cgroup/system.slice/memory.max", "2000000\n");
    tree_puts(tree, "sys/fs/cgroup/system.slice/memory.current", "2000001\n");
    expect_group(tree, "/system.slice", 2000000, 0);
    tree_puts(tree, "sys/fs/cgroup/system.slice/memory.max", "max\n");
    expect_group(tree, "/system.slice/app.service", 1000000, 401200);
    /* What can be swapped out need not be in memory. */
    tree_puts(tree, "proc/meminfo", "MemTotal: 1 kB\nSwapFree: 1000 kB\n");
    expect_group(tree, "/system.slice/app.service", 1000000, 401200 + 1024000);
    tree_puts(tree, APP "memory.swap.max", "30000\n");
    tree_puts(tree, APP "memory.swap.current", "10000\n");
    expect_group(tree, "/system.slice/app.service", 1000000, 421200);
}

static void groups_of_version_1(void **state)
{
    const struct tree *tree = *state;

    tree_puts(tree, "proc/self/mountinfo",
              "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
              "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n" MOUNT_V2);
    tree_puts(tree, "proc/self/cgroup", "8:pids:/\n4:cpu,memory:/a/b\n0::/\n");
    tree_puts(tree, "sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
    tree_puts(tree, "sys/fs/cgroup/memory/a/b/memory.usage_in_bytes", "5\n");
    tree_puts(tree, "sys/fs/cgroup/memory/a/memory.limit_in_bytes", "4096000\n");
    tree_puts(tree, "sys/fs/cgroup/memory/a/memory.usage_in_bytes", "96000\n");
    tree_puts(tree, "sys/fs/cgroup/memory/a/memory.stat",
              "inactive_file 7\ntotal_inactive_file 50\ntotal_active_file 1\n");
    expect_group(tree, "/a", 4096000, 4000051);
    tree_puts(tree, "proc/meminfo", "MemTotal: 1 kB\nSwapFree: 1000 kB\n");
    expect_group(tree, "/a", 4096000, 4000051 + 1024000);
    /* Memory and swap together: 10000 more than memory alone. */
    tree_puts(tree, "sys/fs/cgroup/memory/a/memory.memsw.limit_in_bytes", "4106000\n");
    tree_puts(tree, "sys/fs/cgroup/memory/a/memory.memsw.usage_in_bytes", "96000\n");
    expect_group(tree, "/a", 4096000, 4010051);
}

static void a_container_sees_its_own_group_as_the_first(void **state)
{
    const struct tree *tree = *state;

    tree_puts(tree, "sys/fs/cgroup/memory/memory.limit_in_bytes", "8192\n");
    tree_puts(tree, "sys/fs/cgroup/memory/memory.usage_in_bytes", "8000\n");
    tree_puts(tree, "proc/self/cgroup", "4:memory:/docker/5eed\n");
    tree_puts(tree, "proc/self/mountinfo",
              "35 31 0:32 /docker/5eed /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
    expect_group(tree, "/", 8192, 192);
    /* With a control group namespace. */
    tree_puts(tree, "proc/self/cgroup", "4:memory:/\n");
    tree_puts(tree, "proc/self/mountinfo",
              "35 31 0:32 / /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
    expect_group(tree, "/", 8192, 192);
    /* One outside of what is mounted here. */
    tree_puts(tree, "proc/self/cgroup", "4:memory:/../other\n");
    assert_false(read_memory_group(tree).known);
    tree_puts(tree, "proc/self/mountinfo",
              "35 31 0:32 /docker/5eed /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
    tree_puts(tree, "proc/self/cgroup", "4:memory:/docker/another\n");
    assert_false(read_memory_group(tree).known);
}

static void files_that_are_no_groups(void **state)
{
    const struct tree *tree = *state;
    static const char *const texts[] = {
        "", "\n", "::", "0::", "4:memory", "4:memory\n:/\n", "1:memoryy:/\n", "x - y\n"};

    assert_false(read_memory_group(tree).known);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        tree_puts(tree, "proc/self/cgroup", texts[i]);
        tree_puts(tree, "proc/self/mountinfo", MOUNT_V2);
        assert_false(read_memory_group(tree).known);
        tree_puts(tree, "proc/self/cgroup", "0::/\n");
        tree_puts(tree, "proc/self/mountinfo", texts[i]);
        assert_false(read_memory_group(tree).known);
    }
}

/* --- The address space ------------------------------------------------------------------------ */

static void an_address_space_has_an_end(void **state)
{
    struct rlimit before;
    struct rlimit limit;
    struct address_space space;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    assert_true(address_space_try(0).has_room);
    assert_true(address_space_try(64 * MIB).has_room);
    assert_false(address_space_try(UINT64_C(1) << 62).has_room);
    assert_false(address_space_try(UINT64_MAX).has_room);
    limit = before;
    limit.rlim_cur = 4096 * MIB;
    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
    space = address_space_try(4096 * MIB);
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    assert_false(space.has_room);
    assert_true(space.has_limit);
    assert_int_equal(space.has_hard_limit, before.rlim_max != RLIM_INFINITY);
    assert_int_equal(space.limit, 4096 * MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(memory_is_counted_in_pages, tree_setup, tree_teardown),
        cmocka_unit_test_setup_teardown(memory_that_cannot_be_read_is_not_known, tree_setup,
                                        tree_teardown),
        cmocka_unit_test_setup_teardown(a_pool_of_huge_pages, tree_setup, tree_teardown),
        cmocka_unit_test_setup_teardown(huge_pages_that_cannot_be_read, tree_setup, tree_teardown),
        cmocka_unit_test_setup_teardown(the_group_is_that_of_the_host, tree_setup, tree_teardown),
        cmocka_unit_test_setup_teardown(groups_of_version_2, tree_setup, tree_teardown),
        cmocka_unit_test_setup_teardown(groups_of_version_1, tree_setup, tree_teardown),
        cmocka_unit_test_setup_teardown(a_container_sees_its_own_group_as_the_first, tree_setup,
                                        tree_teardown),
        cmocka_unit_test_setup_teardown(files_that_are_no_groups, tree_setup, tree_teardown),
        cmocka_unit_test(an_address_space_has_an_end),
    };

    return cmocka_run_group_tests_name("kernel/memory", tests, NULL, NULL);
}
