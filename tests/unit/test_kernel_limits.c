/*
 * kernel/limits: of saved trees, and of the kernel in an IPC namespace of this test's own.
 *
 * wrap: write
 */
#include "kernel/limits.h"

#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

#include "ipcns.h"
#include "kernel/sysv.h"
#include "tree.h"
#include "unit.h"

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);

/* What becomes of the next write: done, swallowed, or cut short. */
static enum { WRITES, SWALLOWS, SHORTENS } writing;

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
    if (writing == SWALLOWS)
        return (ssize_t)size;
    if (writing == SHORTENS)
        return (ssize_t)size - 1;
    return __real_write(fd, data, size);
}

static struct procfs open_tree(const struct tree *tree)
{
    struct procfs procfs;

    assert_int_equal(procfs_open(&procfs, tree ? tree->path : NULL, NULL), 0);
    return procfs;
}

/* A tree with the four limits. */
static void fill_tree(const struct tree *tree)
{
    tree_puts(tree, "proc/sys/kernel/shmmax", "18446744073692774399\n");
    tree_puts(tree, "proc/sys/kernel/shmall", "4194304\n");
    tree_puts(tree, "proc/sys/kernel/shmmni", "4096\n");
    tree_puts(tree, "proc/sys/kernel/shm_rmid_forced", "1\n");
}

static struct limits read_tree(const struct tree *tree)
{
    struct procfs procfs = open_tree(tree);
    struct limits limits;

    assert_int_equal(limits_read(&procfs, &limits, NULL), 0);
    procfs_close(&procfs);
    return limits;
}

static void a_tree_has_them_all(void **state)
{
    const struct tree *tree = *state;
    struct limits limits;

    fill_tree(tree);
    limits = read_tree(tree);
    for (enum limit_id id = 0; id < LIMIT_COUNT; id++)
        assert_true(limits.known[id]);
    assert_true(limits.values[LIMIT_SHMMAX] == UINT64_C(18446744073692774399));
    assert_int_equal(limits.values[LIMIT_SHMALL], 4194304);
    assert_int_equal(limits.values[LIMIT_SHMMNI], 4096);
    assert_int_equal(limits.values[LIMIT_SHMMIN], 1);
    assert_int_equal(limits.values[LIMIT_RMID_FORCED], 1);
}

static void what_is_missing_or_wrong_is_not_known(void **state)
{
    const struct tree *tree = *state;
    struct limits limits;

    tree_puts(tree, "proc/sys/kernel/shmmax", "12x\n");
    tree_puts(tree, "proc/sys/kernel/shmall", "99999999999999999999\n");
    tree_puts(tree, "proc/sys/kernel/shmmni", "128");
    limits = read_tree(tree);
    assert_false(limits.known[LIMIT_SHMMAX]);
    assert_false(limits.known[LIMIT_SHMALL]);
    assert_false(limits.known[LIMIT_RMID_FORCED]);
    assert_true(limits.known[LIMIT_SHMMNI]);
    assert_int_equal(limits.values[LIMIT_SHMMNI], 128);
    assert_true(limits.known[LIMIT_SHMMIN]);
}

static void without_any_it_says_so(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct procfs procfs = open_tree(*state);
    struct limits limits = {.page_size = 77};

    assert_int_equal(limits_read(&procfs, &limits, &err), -ENOENT);
    assert_string_equal(below(((const struct tree *)*state)->path, err.text),
                        "proc/sys/kernel/shm_rmid_forced: No such file or directory");
    assert_int_equal(limits.page_size, 77);
    procfs_close(&procfs);
}

static void an_early_failure_is_no_error_when_others_are_read(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct tree *tree = *state;
    struct procfs procfs = open_tree(tree);
    struct limits limits;

    tree_puts(tree, "proc/sys/kernel/shmmni", "128\n");
    assert_int_equal(limits_read(&procfs, &limits, &err), 0);
    assert_int_equal(err.code, 0);
    assert_null(err.text);
    procfs_close(&procfs);
}

static void assert_page_size(const struct tree *tree, const char *meminfo, const char *vmstat,
                             uint64_t size, bool guessed)
{
    struct limits limits;

    tree_puts(tree, "proc/meminfo", meminfo);
    tree_puts(tree, "proc/vmstat", vmstat);
    limits = read_tree(tree);
    assert_int_equal(limits.page_size, size);
    assert_int_equal(limits.guessed_pages, guessed);
}

static void a_tree_tells_its_page_size(void **state)
{
    const struct tree *tree = *state;

    fill_tree(tree);
    assert_int_equal(read_tree(tree).page_size, 4096);
    assert_true(read_tree(tree).guessed_pages);
    assert_page_size(tree, "MemTotal: 9 kB\nAnonPages:   400400 kB\n",
                     "nr_free_pages 7\nnr_anon_pages 100000\n", 4096, false);
    assert_page_size(tree, "AnonPages:   399000 kB\n", "nr_anon_pages 100000\n", 4096, false);
    assert_page_size(tree, "AnonPages:   1590000 kB\n", "nr_anon_pages 100000\n", 16384, false);
    assert_page_size(tree, "AnonPages:   6500000 kB\n", "nr_anon_pages 100000\n", 65536, false);
    assert_page_size(tree, "AnonPages:   0 kB\n", "nr_anon_pages 0\n", 4096, true);
    assert_page_size(tree, "AnonPages:   18446744073709551615 kB\n", "nr_anon_pages 1\n", 4096,
                     true);
    assert_page_size(tree, "AnonPages: x\n", "nr_anon_pages 1\n", 4096, true);
    assert_page_size(tree, "AnonPages: 4 kB\n", "xnr_anon_pages 1\n", 4096, true);
}

static bool is_narrow(const struct tree *tree, const char *meminfo)
{
    tree_puts(tree, "proc/meminfo", meminfo);
    return read_tree(tree).narrow;
}

static void a_tree_tells_the_bits_of_its_kernel(void **state)
{
    const struct tree *tree = *state;

    fill_tree(tree);
    assert_false(read_tree(tree).narrow);
    assert_true(is_narrow(tree, "MemTotal: 9 kB\nVmallocTotal:     122880 kB\n"));
    assert_true(is_narrow(tree, "VmallocTotal:     4194303 kB\n"));
    assert_false(is_narrow(tree, "VmallocTotal:   4194304 kB\n"));
    assert_false(is_narrow(tree, "VmallocTotal:   34359738367 kB\n"));
    assert_false(is_narrow(tree, "VmallocUsed:     122880 kB\n"));
}

static void written_values_are_read_back(void **state)
{
    const struct tree *tree = *state;
    struct procfs procfs = open_tree(tree);
    const struct limit_setting setting = {LIMIT_SHMMAX, 268435456};
    uint64_t now = 0;

    fill_tree(tree);
    assert_int_equal(limits_write(&procfs, &setting, &now, NULL), 0);
    assert_int_equal(now, 268435456);
    assert_int_equal(read_tree(tree).values[LIMIT_SHMMAX], 268435456);
    procfs_close(&procfs);
}

static void whether_one_may_write_is_found_out_without_writing(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct tree *tree = *state;
    struct procfs procfs = open_tree(tree);

    fill_tree(tree);
    assert_int_equal(limits_check_write(&procfs, LIMIT_SHMMNI, &err), 0);
    assert_int_equal(read_tree(tree).values[LIMIT_SHMMNI], 4096);
    assert_int_equal(unlinkat(procfs.root_fd, "proc/sys/kernel/shmmni", 0), 0);
    assert_int_equal(limits_check_write(&procfs, LIMIT_SHMMNI, &err), -ENOENT);
    assert_non_null(strstr(err.text, "proc/sys/kernel/shmmni"));
    procfs_close(&procfs);
}

static void a_write_that_is_cut_short_is_an_error(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct tree *tree = *state;
    struct procfs procfs = open_tree(tree);
    const struct limit_setting setting = {LIMIT_SHMMNI, 5};
    uint64_t now = 0;

    fill_tree(tree);
    writing = SHORTENS;
    assert_int_equal(limits_write(&procfs, &setting, &now, &err), -EIO);
    writing = WRITES;
    assert_int_equal(now, 0);
    assert_non_null(strstr(err.text, "proc/sys/kernel/shmmni: "));
    procfs_close(&procfs);
}

static void the_kernel_has_another_value(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct procfs procfs = open_tree(NULL);
    const struct limit_setting setting = {LIMIT_SHMMNI, 5};
    struct limits limits;
    uint64_t now = 0;

    (void)state;
    ipcns_enter();
    assert_int_equal(limits_read(&procfs, &limits, NULL), 0);
    writing = SWALLOWS;
    assert_int_equal(limits_write(&procfs, &setting, &now, &err), -EIO);
    writing = WRITES;
    assert_true(now == limits.values[LIMIT_SHMMNI]);
    assert_non_null(strstr(err.text, "/proc/sys/kernel/shmmni: the kernel has made it "));
    procfs_close(&procfs);
}

/* Whether this process may set limits of its namespace; an ordinary user may not everywhere. */
static bool may_set(const struct procfs *procfs)
{
    const struct limit_setting setting = {LIMIT_SHMMNI, 4096};
    uint64_t now;

    return limits_write(procfs, &setting, &now, NULL) == 0;
}

static void the_kernel_sets_and_refuses(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct procfs procfs = open_tree(NULL);
    const struct limit_setting good[] = {
        {LIMIT_SHMMAX, UINT64_MAX}, {LIMIT_SHMMAX, 0},      {LIMIT_SHMALL, UINT64_MAX},
        {LIMIT_SHMALL, 4096},       {LIMIT_SHMMNI, 0},      {LIMIT_SHMMNI, 32768},
        {LIMIT_RMID_FORCED, 1},     {LIMIT_RMID_FORCED, 0},
    };
    const struct limit_setting bad[] = {
        {LIMIT_SHMMNI, UINT64_MAX}, {LIMIT_SHMMNI, 1U << 31}, {LIMIT_RMID_FORCED, 2}};
    uint64_t now;

    (void)state;
    ipcns_enter();
    if (!may_set(&procfs))
        skip_because("may not set limits");
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct limits limits;

        assert_int_equal(limits_read(&procfs, &limits, NULL), 0);
        if (limits.narrow && good[i].value > UINT32_MAX)
            continue;
        assert_int_equal(limits_write(&procfs, &good[i], &now, NULL), 0);
        assert_true(now == good[i].value);
        assert_int_equal(limits_read(&procfs, &limits, NULL), 0);
        assert_true(limits.values[good[i].id] == good[i].value);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        now = 77;
        assert_int_equal(limits_write(&procfs, &bad[i], &now, &err), -EINVAL);
        assert_non_null(strstr(err.text, strerror(EINVAL)));
        assert_int_equal(strstr(err.text, "ipcmni_extend") != NULL, bad[i].id == LIMIT_SHMMNI);
        assert_int_equal(now, 77);
    }
    procfs_close(&procfs);
}

static void reading_agrees_with_the_call(void **state)
{
    struct procfs procfs = open_tree(NULL);
    struct shminfo info;
    struct limits limits;

    (void)state;
    ipcns_enter();
    assert_int_equal(limits_read(&procfs, &limits, NULL), 0);
    assert_true(shmctl(0, IPC_INFO, (struct shmid_ds *)(void *)&info) >= 0);
    assert_true(limits.values[LIMIT_SHMMAX] == info.shmmax);
    assert_true(limits.values[LIMIT_SHMALL] == info.shmall);
    assert_true(limits.values[LIMIT_SHMMNI] == info.shmmni);
    assert_true(limits.values[LIMIT_SHMMIN] == info.shmmin);
    assert_int_equal(limits.page_size, sysconf(_SC_PAGESIZE));
    assert_false(limits.guessed_pages);
    procfs_close(&procfs);
}

/* A live system whose /proc shows processes alone. */
static void without_files_the_kernel_is_asked(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct tree *tree = *state;
    struct procfs procfs = open_tree(tree);
    struct procfs live = open_tree(NULL);
    struct limits limits;
    struct limits expected;

    ipcns_enter();
    procfs.live = true;
    procfs.page_size = 4096;
    assert_int_equal(limits_read(&live, &expected, NULL), 0);
    assert_int_equal(limits_read(&procfs, &limits, &err), 0);
    assert_null(err.text);
    for (enum limit_id id = 0; id < LIMIT_RMID_FORCED; id++) {
        const bool has_size = id == LIMIT_SHMMAX || id == LIMIT_SHMALL;

        assert_int_equal(limits.known[id], sysv_tells_sizes() || !has_size);
        assert_true(!limits.known[id] || limits.values[id] == expected.values[id]);
    }
    assert_false(limits.known[LIMIT_RMID_FORCED]);
    assert_int_equal(limits.page_size, 4096);
    procfs_close(&procfs);
    procfs_close(&live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_tree_has_them_all, tree_setup, tree_teardown),
        cmocka_unit_test_setup_teardown(what_is_missing_or_wrong_is_not_known, tree_setup,
                                        tree_teardown),
        cmocka_unit_test_setup_teardown(without_any_it_says_so, tree_setup, tree_teardown),
        cmocka_unit_test_setup_teardown(an_early_failure_is_no_error_when_others_are_read,
                                        tree_setup, tree_teardown),
        cmocka_unit_test_setup_teardown(a_tree_tells_its_page_size, tree_setup, tree_teardown),
        cmocka_unit_test_setup_teardown(a_tree_tells_the_bits_of_its_kernel, tree_setup,
                                        tree_teardown),
        cmocka_unit_test_setup_teardown(written_values_are_read_back, tree_setup, tree_teardown),
        cmocka_unit_test_setup_teardown(whether_one_may_write_is_found_out_without_writing,
                                        tree_setup, tree_teardown),
        cmocka_unit_test_setup_teardown(a_write_that_is_cut_short_is_an_error, tree_setup,
                                        tree_teardown),
        cmocka_unit_test_setup_teardown(without_files_the_kernel_is_asked, tree_setup,
                                        tree_teardown),
        cmocka_unit_test(the_kernel_has_another_value),
        cmocka_unit_test(the_kernel_sets_and_refuses),
        cmocka_unit_test(reading_agrees_with_the_call),
    };

    return cmocka_run_group_tests_name("kernel/limits", tests, NULL, NULL);
}
