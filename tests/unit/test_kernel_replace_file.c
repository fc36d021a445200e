/* kernel/replace_file: what is written, and what is left alone. */
#include "kernel/replace_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tree.h"
#include "unit.h"

static void the_text_is_there_for_all_to_read(void **state)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const char *const texts[] = {"first\n", "the second, which is longer\n", ""};
    char path[512];

    snprintf(path, sizeof(path), "%s/a.prom", ((const struct tree *)*state)->path);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        char found[64];
        struct stat status;
        FILE *file;

        strbuf_reset(&text);
        strbuf_puts(&text, texts[i]);
        assert_int_equal(file_replace(path, &text, NULL), 0);
        file = fopen(path, "re");
        assert_non_null(file);
        assert_int_equal(fread(found, 1, sizeof(found), file), strlen(texts[i]));
        assert_memory_equal(found, texts[i], strlen(texts[i]));
        assert_int_equal(fstat(fileno(file), &status), 0);
        assert_int_equal(status.st_mode & 0777, 0644);
        fclose(file);
    }
}

static void assert_refused(const char *path, int code, const char *why)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    CLEANUP_ERROR struct error err = ERROR_INIT;

    strbuf_puts(&text, "new\n");
    assert_int_equal(file_replace(path, &text, &err), -code);
    if (!strstr(err.text, why))
        fail_msg("'%s' has no '%s'", err.text, why);
}

static void what_is_no_file_is_left_alone(void **state)
{
    const struct tree *tree = *state;
    char path[512];

    tree_mkdir(tree, "directory");
    tree_symlink(tree, "link", "/dev/null");
    tree_mkfifo(tree, "fifo");
    snprintf(path, sizeof(path), "%s/directory", tree->path);
    assert_refused(path, EINVAL, "directory: not a regular file: left alone");
    snprintf(path, sizeof(path), "%s/link", tree->path);
    assert_refused(path, EINVAL, "link: not a regular file");
    snprintf(path, sizeof(path), "%s/fifo", tree->path);
    assert_refused(path, EINVAL, "fifo: not a regular file");
    snprintf(path, sizeof(path), "%s/none/file", tree->path);
    assert_refused(path, ENOENT, "/none: No such file or directory");
    snprintf(path, sizeof(path), "%s/", tree->path);
    assert_refused(path, EISDIR, "names no file");
    assert_refused("", EISDIR, "'': names no file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_text_is_there_for_all_to_read, tree_setup,
                                        tree_teardown),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_left_alone, tree_setup, tree_teardown),
    };

    return cmocka_run_group_tests_name("kernel/replace_file", tests, NULL, NULL);
}
