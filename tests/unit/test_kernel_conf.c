/* kernel/conf: which files are read, in which order, and which cannot be used, in a saved tree. */
#include "kernel/conf.h"

#include <stdlib.h>
#include <string.h>

#include "tree.h"
#include "unit.h"

/* Reads the tree, and appends to OUT a line a file: its path, and its text or what is wrong. */
static void read_conf(const struct tree *tree, struct strbuf *out)
{
    CLEANUP_CONF_FILES struct conf_files files = {0};
    struct procfs procfs;

    assert_int_equal(procfs_open(&procfs, tree->path, NULL), 0);
    conf_read(&procfs, &files);
    for (size_t i = 0; i < files.count; i++) {
        const struct conf_file *file = &files.items[i];

        strbuf_printf(out, "%s: %s\n", file->path,
                      file->error.text ? below(tree->path, file->error.text)
                                       : strbuf_string(&file->text));
        assert_true(!file->error.text || file->text.length == 0);
    }
    procfs_close(&procfs);
}

static void assert_conf(const struct tree *tree, const char *expected)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    int before = lowest_descriptor();

    read_conf(tree, &out);
    assert_string_equal(strbuf_string(&out), expected);
    assert_int_equal(lowest_descriptor(), before);
}

static void nothing_is_there(void **state)
{
    const struct tree *tree = *state;

    assert_conf(tree, "");
    tree_mkdir(tree, "etc/shmtool.d");
    assert_conf(tree, "");
}

static void the_file_comes_first_then_the_folder_by_names(void **state)
{
    const struct tree *tree = *state;

    tree_puts(tree, "etc/shmtool.d/b.conf", "b");
    tree_puts(tree, "etc/shmtool.d/B.conf", "B");
    tree_puts(tree, "etc/shmtool.d/10 a.conf", "10");
    tree_puts(tree, "etc/shmtool.d/.hidden.conf", "no");
    tree_puts(tree, "etc/shmtool.d/b.conf.dpkg-old", "no");
    tree_puts(tree, "etc/shmtool.d/.conf", "no");
    tree_puts(tree, "etc/shmtool.conf", "main");
    assert_conf(tree, "etc/shmtool.conf: main\n"
                      "etc/shmtool.d/10 a.conf: 10\n"
                      "etc/shmtool.d/B.conf: B\n"
                      "etc/shmtool.d/b.conf: b\n");
}

static void what_is_no_plain_file_cannot_be_used(void **state)
{
    const struct tree *tree = *state;

    tree_puts(tree, "etc/target", "text");
    tree_symlink(tree, "etc/shmtool.conf", "target");
    tree_mkfifo(tree, "etc/shmtool.d/1.conf");
    tree_mkdir(tree, "etc/shmtool.d/2.conf");
    tree_symlink(tree, "etc/shmtool.d/3.conf", "nowhere");
    tree_puts(tree, "etc/shmtool.d/4.conf", "text");
    assert_conf(
        tree, "etc/shmtool.conf: etc/shmtool.conf: is a symbolic link, and must be a file\n"
              "etc/shmtool.d/1.conf: etc/shmtool.d/1.conf: not a regular file\n"
              "etc/shmtool.d/2.conf: etc/shmtool.d/2.conf: Is a directory\n"
              "etc/shmtool.d/3.conf: etc/shmtool.d/3.conf: is a symbolic link, and must be a file\n"
              "etc/shmtool.d/4.conf: text\n");
}

static void a_folder_that_is_none(void **state)
{
    const struct tree *tree = *state;

    tree_puts(tree, "etc/shmtool.d", "text");
    assert_conf(tree, "etc/shmtool.d: etc/shmtool.d: Not a directory\n");
}

static void a_folder_that_is_a_link(void **state)
{
    const struct tree *tree = *state;

    tree_puts(tree, "etc/other/1.conf", "text");
    tree_symlink(tree, "etc/shmtool.d", "other");
    assert_conf(tree,
                "etc/shmtool.d: etc/shmtool.d: is a symbolic link, and must be a directory\n");
}

static void a_file_of_ten_mebibytes(void **state)
{
    enum { TEN_MEBIBYTES = 10 * 1024 * 1024, LIMIT = 1024 * 1024 };
    const struct tree *tree = *state;
    char *data = calloc(1, TEN_MEBIBYTES);
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

    assert_non_null(data);
    tree_write(tree, "etc/shmtool.conf", data, TEN_MEBIBYTES);
    assert_conf(tree, "etc/shmtool.conf: etc/shmtool.conf: larger than 1 MiB\n");
    memset(data, 'x', LIMIT);
    tree_write(tree, "etc/shmtool.conf", data, LIMIT);
    read_conf(tree, &out);
    assert_int_equal(out.length, strlen("etc/shmtool.conf: \n") + LIMIT);
    free(data);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_there),
        TEST(the_file_comes_first_then_the_folder_by_names),
        TEST(what_is_no_plain_file_cannot_be_used),
        TEST(a_folder_that_is_none),
        TEST(a_folder_that_is_a_link),
        TEST(a_file_of_ten_mebibytes),
    };

    return cmocka_run_group_tests_name("kernel/conf", tests, NULL, NULL);
}
