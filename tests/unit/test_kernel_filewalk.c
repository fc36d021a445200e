/*
 * kernel/filewalk: every file of one file system, however deep, and no link followed.
 *
 * wrap: readdir
 */
#include "kernel/filewalk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
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

/* What a walk reported, a line each: "path" or "!path: code". */
struct record {
    const struct tree *tree;
    struct strbuf text;
    size_t files;
    size_t unreadable;
    const char *move_from; /* below the tree; renamed when MOVE_AT is met */
    const char *move_to;
    const char *move_at;
    const char *link_to; /* then stands in its old place, a link to this; NULL: nothing does */
};

/* PATH without the tree's own. */
static const char *inner(const struct record *record, const char *path)
{
    size_t length = strlen(record->tree->path);

    assert_true(strlen(path) >= length);
    return path[length] == '/' ? path + length + 1 : path + length;
}

static void take_file(void *arg, const char *path, const struct file_identity *identity)
{
    struct record *record = arg;
    struct stat status;

    record->files++;
    if (strlen(path) < 4000) {
        strbuf_printf(&record->text, "%s\n", inner(record, path));
        assert_int_equal(lstat(path, &status), 0);
        assert_true(identity->dev == status.st_dev && identity->ino == status.st_ino);
    }
    if (record->move_at && strcmp(inner(record, path), record->move_at) == 0) {
        char from[512];
        char to[512];

        snprintf(from, sizeof(from), "%s/%s", record->tree->path, record->move_from);
        snprintf(to, sizeof(to), "%s/%s", record->tree->path, record->move_to);
        assert_int_equal(rename(from, to), 0);
        assert_true(!record->link_to || symlink(record->link_to, from) == 0);
    }
}

static void take_unreadable(void *arg, const char *path, int code)
{
    struct record *record = arg;

    record->unreadable++;
    strbuf_printf(&record->text, "!%s: %d\n", inner(record, path), code);
}

static int walk(struct record *record, const char *dir, struct error *err)
{
    const struct filewalk_callbacks callbacks = {take_file, take_unreadable, record};
    int before = dup(0);
    int after;
    int r = filewalk_run(dir, &callbacks, err);

    close(before);
    after = dup(0);
    close(after);
    /* No descriptor is left open. */
    assert_int_equal(after, before);
    return r;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The lines in the order of their bytes: directories come in any order. */
static void assert_lines(struct record *record, const char *const *expected, size_t count)
{
    const char *lines[64] = {NULL};
    size_t found = 0;
    char *rest = record->text.data;

    for (char *line; (line = strsep(&rest, "\n")) && rest;) {
        assert_true(found < COUNT_OF(lines));
        lines[found++] = line;
    }
    qsort(lines, found, sizeof(lines[0]), compare_lines);
    for (size_t i = 0; i < found && i < count; i++)
        assert_string_equal(lines[i], expected[i]);
    assert_int_equal(found, count);
    strbuf_release(&record->text);
}

static void every_file_is_met_once(void **state)
{
    const struct tree *tree = *state;
    struct record record = {.tree = tree};
    const char *expected[] = {"", "a", "a/b", "a/b/one", "a/fifo", "a/two", "c", "d", "d/three"};

    tree_puts(tree, "a/b/one", "");
    tree_puts(tree, "a/two", "");
    tree_mkfifo(tree, "a/fifo");
    tree_mkdir(tree, "c");
    tree_puts(tree, "d/three", "");
    assert_int_equal(walk(&record, tree->path, NULL), 0);
    assert_lines(&record, expected, COUNT_OF(expected));
    assert_int_equal(record.unreadable, 0);
}

static void links_are_passed_over(void **state)
{
    const struct tree *tree = *state;
    struct record record = {.tree = tree};
    const char *expected[] = {"", "a", "a/one"};

    tree_puts(tree, "a/one", "");
    tree_symlink(tree, "a/up", "..");
    tree_symlink(tree, "a/file", "one");
    tree_symlink(tree, "a/nowhere", "gone");
    tree_symlink(tree, "root", "/");
    assert_int_equal(walk(&record, tree->path, NULL), 0);
    assert_lines(&record, expected, COUNT_OF(expected));
}

static void the_directory_itself_may_be_a_link(void **state)
{
    const struct tree *tree = *state;
    struct record record = {.tree = tree};
    char link[512];

    tree_puts(tree, "a/one", "");
    tree_symlink(tree, "link", "a");
    snprintf(link, sizeof(link), "%s/link/", tree->path);
    assert_int_equal(walk(&record, link, NULL), 0);
    assert_int_equal(record.files, 2);
    /* A slash at the end is not doubled. */
    assert_non_null(strstr(strbuf_string(&record.text), "\nlink/one\n"));
    strbuf_release(&record.text);
}

static void a_link_is_no_start_unless_a_slash_ends_it(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct tree *tree = *state;
    struct record record = {.tree = tree};
    struct file_identity identity = {77, 78};
    struct file_identity real;
    char link[300];
    char expected[700];

    tree_mkdir(tree, "a");
    tree_symlink(tree, "link", "a");
    snprintf(link, sizeof(link), "%s/link", tree->path);
    snprintf(expected, sizeof(expected), "%s: a link, not followed; where it leads to is '%s/'",
             link, link);
    assert_int_equal(walk(&record, link, &err), -ELOOP);
    assert_string_equal(err.text, expected);
    assert_int_equal(record.files, 0);
    assert_int_equal(file_identify_start(link, &identity, &err), -ELOOP);
    assert_string_equal(err.text, expected);
    assert_int_equal(identity.dev, 77);
    strcat(link, "/");
    assert_int_equal(file_identify_start(link, &identity, NULL), 0);
    snprintf(link, sizeof(link), "%s/a", tree->path);
    assert_int_equal(file_identify(link, &real, NULL), 0);
    assert_true(identity.dev == real.dev && identity.ino == real.ino);
    assert_int_equal(file_identify_start("", &identity, &err), -ENOENT);
    assert_string_equal(err.text, "'': No such file or directory");
}

static void a_name_is_the_same_by_any_way(void **state)
{
    const struct tree *tree = *state;
    char one[300];
    char other[300];

    tree_puts(tree, "a/one", "");
    tree_symlink(tree, "link", "a");
    snprintf(one, sizeof(one), "%s/a/one", tree->path);
    snprintf(other, sizeof(other), "%s/two", tree->path);
    assert_int_equal(link(one, other), 0);
    assert_true(file_is_same_name(one, one));
    assert_false(file_is_same_name(one, other));
    snprintf(other, sizeof(other), "%s//link/../link/one", tree->path);
    assert_true(file_is_same_name(one, other));
    assert_false(file_is_same_name(one, "/no/such/file"));
    assert_false(file_is_same_name("/no/such/file", one));
}

static void what_is_no_directory_is_an_error(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct tree *tree = *state;
    struct record record = {.tree = tree};
    char path[512];

    tree_puts(tree, "file", "");
    snprintf(path, sizeof(path), "%s/file", tree->path);
    assert_int_equal(walk(&record, path, &err), -ENOTDIR);
    assert_non_null(strstr(err.text, path));
    snprintf(path, sizeof(path), "%s/none", tree->path);
    assert_int_equal(walk(&record, path, &err), -ENOENT);
    assert_int_equal(record.files, 0);
}

static void forbid(const struct tree *tree, const char *path, mode_t mode)
{
    char full[512];

    snprintf(full, sizeof(full), "%s/%s", tree->path, path);
    assert_int_equal(chmod(full, mode), 0);
}

static void closed_directories_are_reported(void **state)
{
    enum { SOMEBODY = 12345 };
    const struct tree *tree = *state;
    struct record record = {.tree = tree};
    const char *expected[] = {"", "!closed: 13", "!listed: 13", "a", "a/one", "closed", "listed"};
    bool is_root = geteuid() == 0;

    if (is_root && (seteuid(SOMEBODY) < 0 || seteuid(0) < 0))
        skip_because("root reads every directory, and there is nobody else here");
    tree_puts(tree, "a/one", "");
    tree_puts(tree, "closed/two", "");
    tree_puts(tree, "listed/three", "");
    forbid(tree, "", 0755);
    forbid(tree, "closed", 0);
    forbid(tree, "listed", 0744 & (is_root ? 0777 : 0600)); /* to be read, not to be entered */
    if (is_root)
        assert_int_equal(seteuid(SOMEBODY), 0);
    assert_int_equal(walk(&record, tree->path, NULL), 0);
    if (is_root)
        assert_int_equal(seteuid(0), 0);
    forbid(tree, "closed", 0700);
    forbid(tree, "listed", 0700);
    assert_lines(&record, expected, COUNT_OF(expected));
    assert_int_equal(record.unreadable, 2);
}

/* Makes a path of DEPTH directories, longer than any path that one call takes. */
static void make_deep(const struct tree *tree, int depth)
{
    int fd = open(tree->path, O_RDONLY | O_DIRECTORY);

    for (int i = 0; i < depth; i++) {
        int next;

        assert_int_equal(mkdirat(fd, "deep", 0755), 0);
        next = openat(fd, "deep", O_RDONLY | O_DIRECTORY);
        assert_true(next >= 0);
        close(fd);
        fd = next;
    }
    close(fd);
}

/* Empties it from the inside: no call takes the whole path. */
static void remove_deep(const struct tree *tree, int depth)
{
    int fd = open(tree->path, O_RDONLY | O_DIRECTORY);

    for (int i = 0; i + 1 < depth; i++) {
        int next = openat(fd, "deep", O_RDONLY | O_DIRECTORY);

        close(fd);
        fd = next;
    }
    for (int i = 0; i < depth; i++) {
        int above = openat(fd, "..", O_RDONLY | O_DIRECTORY);

        assert_int_equal(unlinkat(fd, "deep", AT_REMOVEDIR), 0);
        close(fd);
        fd = above;
    }
    close(fd);
}

/* What was met before is reported, and that there may be more. */
static void a_directory_that_is_read_in_part_is_reported(void **state)
{
    const struct tree *tree = *state;
    struct record record = {.tree = tree};
    const char *expected[] = {"", "!a: 5", "a", "a/one"};

    tree_puts(tree, "a/one", "");
    read_failure = EIO;
    entries_left = 4 + 3; /* the tree's own with its end, then all of a but its end */
    assert_int_equal(walk(&record, tree->path, NULL), 0);
    read_failure = 0;
    assert_lines(&record, expected, COUNT_OF(expected));
}

static void where_the_walk_begins_it_is_an_error(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct tree *tree = *state;
    struct record record = {.tree = tree};

    tree_puts(tree, "a/one", "");
    read_failure = EIO;
    entries_left = 3;
    assert_int_equal(walk(&record, tree->path, &err), -EIO);
    read_failure = 0;
    assert_non_null(strstr(err.text, ": Input/output error"));
    strbuf_release(&record.text);
}

static void no_tree_is_too_deep(void **state)
{
    enum { DEPTH = 3000 };
    const struct tree *tree = *state;
    struct record record = {.tree = tree};
    struct rlimit old;
    struct rlimit few;

    make_deep(tree, DEPTH);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    few = old;
    few.rlim_cur = 16;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    assert_int_equal(walk(&record, tree->path, NULL), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    remove_deep(tree, DEPTH);
    assert_int_equal(record.files, DEPTH + 1);
    assert_int_equal(record.unreadable, 0);
    strbuf_release(&record.text);
}

static void a_directory_that_is_moved_away_ends_the_walk(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct tree *tree = *state;
    struct record record = {
        .tree = tree, .move_at = "a/b/c/d/e", .move_from = "a/b/c", .move_to = "c"};

    tree_puts(tree, "a/b/c/d/e", "");
    assert_int_equal(walk(&record, tree->path, &err), -ESTALE);
    assert_non_null(strstr(err.text, "the way back"));
    strbuf_release(&record.text);
}

static void a_link_that_takes_a_directorys_place_is_not_followed(void **state)
{
    const struct tree *tree = *state;
    struct record record = {
        .tree = tree, .move_at = "a/b", .move_from = "a/b", .move_to = "moved", .link_to = "/"};

    tree_puts(tree, "a/b/c", "");
    assert_int_equal(walk(&record, tree->path, NULL), 0);
    /* The tree, a, and b just before it was moved. */
    assert_int_equal(record.files, 3);
    assert_int_equal(record.unreadable, 0);
    strbuf_release(&record.text);
}

static void a_file_is_identified_through_links(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct tree *tree = *state;
    struct file_identity identity;
    struct stat status;
    char path[512];

    tree_puts(tree, "one", "");
    tree_symlink(tree, "link", "one");
    snprintf(path, sizeof(path), "%s/one", tree->path);
    assert_int_equal(stat(path, &status), 0);
    snprintf(path, sizeof(path), "%s/link", tree->path);
    assert_int_equal(file_identify(path, &identity, NULL), 0);
    assert_true(identity.dev == status.st_dev && identity.ino == status.st_ino);
    assert_int_equal(file_identify("/no/such/file", &identity, &err), -ENOENT);
    assert_string_equal(err.text, "/no/such/file: No such file or directory");
}

int main(void)
{
#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)
    const struct CMUnitTest tests[] = {
        TREE_TEST(every_file_is_met_once),
        TREE_TEST(links_are_passed_over),
        TREE_TEST(the_directory_itself_may_be_a_link),
        TREE_TEST(a_link_is_no_start_unless_a_slash_ends_it),
        TREE_TEST(a_name_is_the_same_by_any_way),
        TREE_TEST(what_is_no_directory_is_an_error),
        TREE_TEST(closed_directories_are_reported),
        TREE_TEST(a_directory_that_is_read_in_part_is_reported),
        TREE_TEST(where_the_walk_begins_it_is_an_error),
        TREE_TEST(no_tree_is_too_deep),
        TREE_TEST(a_directory_that_is_moved_away_ends_the_walk),
        TREE_TEST(a_link_that_takes_a_directorys_place_is_not_followed),
        TREE_TEST(a_file_is_identified_through_links),
    };

    return cmocka_run_group_tests_name("kernel/filewalk", tests, NULL, NULL);
}
