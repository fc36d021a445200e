/*
 * kernel/system: which kernels give ids in turns of a known length.
 *
 * wrap: uname
 */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "kernel/system.h"
#include "tree.h"
#include "unit.h"

static const char *release;

int __wrap_uname(struct utsname *name);

int __wrap_uname(struct utsname *name)
{
    if (!release) {
        errno = EFAULT;
        return -1;
    }
    memset(name, 0, sizeof(*name));
    strcpy(name->release, release);
    return 0;
}

/* COMMAND_LINE: what the kernel was booted with; NULL: that cannot be read. */
static bool is_cyclic(const struct tree *tree, const char *kernel, const char *command_line)
{
    struct system system = {.names = NULL};
    bool cyclic;

    release = kernel;
    if (command_line)
        tree_puts(tree, "proc/cmdline", command_line);
    assert_int_equal(procfs_open(&system.procfs, tree->path, NULL), 0);
    system.procfs.live = true;
    cyclic = system_ids_are_cyclic(&system);
    system.procfs.live = false;
    assert_false(system_ids_are_cyclic(&system));
    procfs_close(&system.procfs);
    return cyclic;
}

static void kernels_from_5_2_on_are_known(void **state)
{
    const struct tree *tree = *state;

    assert_false(is_cyclic(tree, "6.1.0", NULL));
    assert_true(is_cyclic(tree, "5.2.0", "quiet\n"));
    assert_true(is_cyclic(tree, "5.10.0-30-amd64", "quiet\n"));
    assert_true(is_cyclic(tree, "6.0", "quiet\n"));
    assert_true(is_cyclic(tree, "10.1.2", "quiet\n"));
    assert_false(is_cyclic(tree, "5.1.21", "quiet\n"));
    assert_false(is_cyclic(tree, "4.18.0-553.el8", "quiet\n"));
    assert_false(is_cyclic(tree, "5", "quiet\n"));
    assert_false(is_cyclic(tree, "", "quiet\n"));
    assert_false(is_cyclic(tree, NULL, "quiet\n"));
}

static void longer_turns_are_not(void **state)
{
    const struct tree *tree = *state;

    assert_false(is_cyclic(tree, "6.1.0", "quiet ipcmni_extend splash\n"));
}

int main(void)
{
#define IDS_TEST(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)
    const struct CMUnitTest tests[] = {
        IDS_TEST(kernels_from_5_2_on_are_known),
        IDS_TEST(longer_turns_are_not),
    };

    return cmocka_run_group_tests_name("kernel/system: ids", tests, NULL, NULL);
}
