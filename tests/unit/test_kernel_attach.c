/*
 * kernel/attach on saved trees: what is found, what is counted as missing, where links lead.
 *
 * wrap: readdir
 */
#include "kernel/attach.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "tree.h"
#include "unit.h"

struct dirent *__real_readdir(DIR *dir);
struct dirent *__wrap_readdir(DIR *dir);

static int read_failure; /* of directories, once `entries_left` entries were read; 0: none */
static int entries_left;

struct dirent *__wrap_readdir(DIR *dir)
{
    if (!read_failure || entries_left-- > 0)
        return __real_readdir(dir);
    errno = read_failure;
    return NULL;
}

#define LINE(perms, device, inode, name) \
    "7f7291c00000-7f7291c01000 " perms " 00000000 " device " " inode " " name
#define SEGMENT(inode, key) \
    LINE("rw-s", "00:01", inode, "                   /SYSV" key " (deleted)")

static void scan_tree(const struct tree *tree, struct attachment_list *ret_table)
{
    struct procfs procfs;

    assert_int_equal(procfs_open(&procfs, tree->path, NULL), 0);
    assert_int_equal(attach_scan(&procfs, false, ret_table, NULL), 0);
    procfs_close(&procfs);
}

static void put_stat(const struct tree *tree, int pid, char process_state, unsigned flags,
                     unsigned threads)
{
    char path[64];
    char line[256];

    snprintf(path, sizeof(path), "proc/%d/stat", pid);
    snprintf(line, sizeof(line), "%d (name) %c 1 1 1 0 -1 %u 0 0 0 0 0 0 0 0 20 0 %u 0 300 0 0 0\n",
             pid, process_state, flags, threads);
    tree_puts(tree, path, line);
}

static void a_tree_is_scanned(void **state)
{
    const struct tree *tree = *state;
    CLEANUP_ATTACHMENT_LIST struct attachment_list table = {0};
    const struct attachment *found;
    size_t count;

    tree_puts(
        tree, "proc/300/maps",
        SEGMENT("7", "00000007") "\n" LINE("r--s", "00:01", "0", "/SYSV0000000a (deleted)") "\n");
    tree_puts(tree, "proc/300/status",
              "Name:\tx\nTgid:\t300\nUid:\t0\t33\t0\t33\nGid:\t1\t1\t1\t1\n");
    tree_puts(
        tree, "proc/20/maps",
        LINE("r--s", "00:01", "7", "/SYSV00000007 (deleted)") "\n" SEGMENT(
            "7", "00000007") "\n" LINE("r--s", "00:01", "9",
                                       "/SYSV00000009 (deleted)") "\n" SEGMENT("7",
                                                                               "00000007") "\n");
    tree_puts(tree, "proc/21/maps", LINE("rw-s", "fe:01", "7", "/SYSV00000007 (deleted)") "\n");
    tree_puts(tree, "proc/self/maps", SEGMENT("7", "00000007") "\n");
    tree_puts(tree, "proc/7x/maps", SEGMENT("7", "00000007") "\n");
    tree_puts(tree, "proc/99999999999/maps", SEGMENT("7", "00000007") "\n");

    scan_tree(tree, &table);
    assert_int_equal(table.count, 4);
    assert_int_equal(table.unreadable, 0);
    assert_false(table.hidden);

    found = attachment_list_find(&table, 0, 7, &count);
    assert_int_equal(count, 2);
    assert_int_equal(found[0].pid, 20);
    assert_int_equal(found[0].maps, 3);
    assert_true(found[0].writable);
    assert_false(found[0].has_uid);
    assert_int_equal(found[1].pid, 300);
    assert_int_equal(found[1].maps, 1);
    assert_true(found[1].has_uid);
    assert_int_equal(found[1].uid, 33);

    found = attachment_list_find(&table, 0, 0, &count);
    assert_int_equal(count, 1);
    assert_int_equal(found->pid, 300);
    assert_false(found->writable);
    assert_int_equal(found->original_key, 10);

    found = attachment_list_find(&table, 0, 9, &count);
    assert_int_equal(count, 1);
    assert_int_equal(found->pid, 20);
    assert_null(attachment_list_find(&table, 0, 8, &count));
    assert_int_equal(count, 0);
    assert_null(attachment_list_find(&table, 0, 10, &count));
}

static void what_a_tree_lacks_is_counted(void **state)
{
    const struct tree *tree = *state;
    CLEANUP_ATTACHMENT_LIST struct attachment_list table = {0};

    put_stat(tree, 2, 'S', 2129984, 1); /* kthreadd */
    tree_puts(tree, "proc/2/maps", "");
    put_stat(tree, 3, 'Z', 4194560, 1);
    tree_puts(tree, "proc/3/maps", "");
    put_stat(tree, 4, 'S', 2129984, 1); /* no maps saved: it has none */
    put_stat(tree, 5, 'S', 4194560, 1); /* saved by somebody who could not read it */
    put_stat(tree, 6, 'S', 4194560, 1);
    tree_puts(tree, "proc/6/maps", "");
    tree_mkdir(tree, "proc/7");
    tree_mkfifo(tree, "proc/8/maps");
    scan_tree(tree, &table);
    assert_int_equal(table.count, 0);
    assert_int_equal(table.unreadable, 4);
}

static void a_trees_dead_leader_shows_by_its_threads(void **state)
{
    const struct tree *tree = *state;
    CLEANUP_ATTACHMENT_LIST struct attachment_list table = {0};

    put_stat(tree, 50, 'Z', 4194560, 3);
    tree_puts(tree, "proc/50/maps", "");
    tree_puts(tree, "proc/50/task/50/maps", "");
    tree_puts(tree, "proc/50/task/51/maps", SEGMENT("7", "00000007") "\n");
    tree_puts(tree, "proc/50/task/52/maps", SEGMENT("7", "00000007") "\n");
    scan_tree(tree, &table);
    assert_int_equal(table.count, 1);
    assert_int_equal(table.items[0].pid, 50);
    assert_int_equal(table.items[0].maps, 1);
}

static void a_trees_links_do_not_lead_out_of_it(void **state)
{
    const struct tree *tree = *state;
    CLEANUP_ATTACHMENT_LIST struct attachment_list table = {0};
    char outside[64];

    snprintf(outside, sizeof(outside), "/proc/%d", (int)getpid());
    tree_symlink(tree, "proc/60", outside);
    tree_symlink(tree, "proc/61/maps", "/proc/self/maps");
    scan_tree(tree, &table);
    assert_int_equal(table.unreadable, 2);
}

static void a_tree_without_proc_is_an_error(void **state)
{
    const struct tree *tree = *state;
    struct attachment_list table = {.count = 77};
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct procfs procfs;

    assert_int_equal(procfs_open(&procfs, tree->path, NULL), 0);
    assert_int_equal(attach_scan(&procfs, false, &table, &err), -ENOENT);
    assert_string_equal(below(tree->path, err.text), "proc: No such file or directory");
    assert_int_equal(table.count, 77);
    procfs_close(&procfs);
}

static void a_part_of_the_processes_is_an_error(void **state)
{
    const struct tree *tree = *state;
    int lowest = lowest_descriptor();
    struct procfs procfs;

    tree_puts(tree, "proc/20/maps", SEGMENT("7", "00000007") "\n");
    tree_puts(tree, "proc/21/maps", SEGMENT("7", "00000007") "\n");
    assert_int_equal(procfs_open(&procfs, tree->path, NULL), 0);
    for (int entries = 0; entries < 5; entries++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;
        struct attachment_list table = {.count = 77};

        read_failure = EIO;
        entries_left = entries;
        assert_int_equal(attach_scan(&procfs, false, &table, &err), -EIO);
        assert_string_equal(below(tree->path, err.text), "proc: Input/output error");
        assert_int_equal(table.count, 77);
    }
    read_failure = 0;
    procfs_close(&procfs);
    assert_int_equal(lowest_descriptor(), lowest);
}

/* Its threads were not all seen: one of them may have memory. */
static void a_leader_whose_threads_cannot_be_listed_is_unreadable(void **state)
{
    const struct tree *tree = *state;
    CLEANUP_IDSET struct idset ids = IDSET_INIT;
    struct procfs procfs;

    put_stat(tree, 50, 'Z', 4194560, 1);
    tree_puts(tree, "proc/50/maps", "");
    tree_puts(tree, "proc/50/task/50/maps", "");
    tree_puts(tree, "proc/51/maps", "");
    put_stat(tree, 51, 'Z', 4194560, 1);
    tree_symlink(tree, "proc/51/task", "task");
    assert_int_equal(procfs_open(&procfs, tree->path, NULL), 0);
    assert_int_equal(attach_ids_of_pid(&procfs, 50, &ids, NULL), 0);
    for (int entries = 0; entries < 4; entries++) {
        read_failure = EIO;
        entries_left = entries;
        assert_int_equal(attach_ids_of_pid(&procfs, 50, &ids, NULL), -EACCES);
    }
    read_failure = ESRCH; /* it ended meanwhile */
    entries_left = 1;
    assert_int_equal(attach_ids_of_pid(&procfs, 50, &ids, NULL), 0);
    read_failure = 0;
    assert_int_equal(attach_ids_of_pid(&procfs, 51, &ids, NULL), -EACCES);
    assert_int_equal(ids.count, 0);
    procfs_close(&procfs);
}

static void ids_of_a_trees_process(void **state)
{
    const struct tree *tree = *state;
    CLEANUP_IDSET struct idset ids = IDSET_INIT;
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct procfs procfs;

    tree_puts(tree, "proc/70/maps", SEGMENT("7", "00000007") "\n" SEGMENT("0", "00000000") "\n");
    put_stat(tree, 71, 'S', 4194560, 1);
    assert_int_equal(procfs_open(&procfs, tree->path, NULL), 0);
    assert_int_equal(attach_ids_of_pid(&procfs, 70, &ids, &err), 0);
    assert_int_equal(ids.count, 2);
    assert_true(idset_has(&ids, 7));
    assert_true(idset_has(&ids, 0));
    assert_int_equal(attach_ids_of_pid(&procfs, 72, &ids, &err), 0);
    assert_int_equal(ids.count, 2);
    assert_int_equal(attach_ids_of_pid(&procfs, 71, &ids, &err), -EACCES);
    assert_string_equal(err.text, "the mappings of process 71: Permission denied");
    procfs_close(&procfs);
}

#define tree_test(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        tree_test(a_tree_is_scanned),
        tree_test(what_a_tree_lacks_is_counted),
        tree_test(a_trees_dead_leader_shows_by_its_threads),
        tree_test(a_trees_links_do_not_lead_out_of_it),
        tree_test(a_tree_without_proc_is_an_error),
        tree_test(a_part_of_the_processes_is_an_error),
        tree_test(a_leader_whose_threads_cannot_be_listed_is_unreadable),
        tree_test(ids_of_a_trees_process),
    };

    return cmocka_run_group_tests_name("kernel/attach: saved trees", tests, NULL, NULL);
}
