/*
 * action/ftok: the same keys as the C library's ftok(3), and the files that could have made one.
 *
 * wrap: filewalk_run
 */
#include "action/ftok.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree.h"
#include "unit.h"

static void keys_are_those_of_the_c_library(void **state)
{
    static const char *const paths[] = {
        "/",           "/proc", "/proc/self/maps", "/dev/null", "/dev/shm",
        "/etc/passwd", "/tmp",  "/usr/bin",        "/bin/sh",   "/sys",
        ".",           "..",    "/proc/1/ns"};
    struct ftok_list list = {0};
    size_t known = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        for (unsigned proj = 1; proj <= 255; proj += 7) {
            key_t real = ftok(paths[i], (int)proj);

            if (real == -1)
                continue;
            assert_int_equal(ftok_add(&list, paths[i], proj, NULL), 0);
            assert_int_equal(list.items[known].key, (uint32_t)real);
            assert_int_equal(list.items[known].proj, proj);
            assert_string_equal(list.items[known].path, paths[i]);
            known++;
        }
    }
    assert_true(known >= 200);
    assert_int_equal(list.count, known);
    ftok_list_release(&list);
}

/* The one file that a walk of the test meets; NULL: a real walk. */
static const struct file_identity *met;

int __real_filewalk_run(const char *dir, const struct filewalk_callbacks *callbacks,
                        struct error *err);
int __wrap_filewalk_run(const char *dir, const struct filewalk_callbacks *callbacks,
                        struct error *err);

int __wrap_filewalk_run(const char *dir, const struct filewalk_callbacks *callbacks,
                        struct error *err)
{
    if (!met)
        return __real_filewalk_run(dir, callbacks, err);
    callbacks->file(callbacks->arg, dir, met);
    return 0;
}

/* What a search for KEY finds of one file. */
static struct ftok_list search_one(uint32_t key, bool any_proj, struct file_identity file)
{
    struct ftok_search search = {.key = key, .any_proj = any_proj, .proj = key >> 24};

    met = &file;
    assert_int_equal(ftok_search_run(&search, "/srv", NULL), 0);
    met = NULL;
    return search.found;
}

static void an_inode_number_may_be_the_key(void **state)
{
    static const struct {
        uint32_t key;
        bool any_proj;
        struct file_identity file;
        size_t by_ftok;
        size_t by_inode;
    } cases[] = {
        {0x00123456, true, {0x99, 0x00123456}, 0, 1},
        {0x00123456, true, {0x12, 0x00123456}, 1, 1}, /* both: told as both */
        {0x00123456, true, {0x12, 0x00993456}, 1, 0},
        {0x00123456, true, {0x99, 0x00993456}, 0, 0},
        {0x00123456, false, {0x99, 0x00123456}, 0, 0},
        {0xfe123456, true, {0x99, 0x12345678fe123456}, 0, 1}, /* cut to 32 bits */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct ftok_list found = search_one(cases[i].key, cases[i].any_proj, cases[i].file);

        assert_int_equal(found.count, cases[i].by_ftok + cases[i].by_inode);
        for (size_t j = 0; j < found.count; j++) {
            assert_int_equal(found.items[j].by_inode, j >= cases[i].by_ftok);
            assert_int_equal(found.items[j].key, cases[i].key);
            assert_string_equal(found.items[j].path, "/srv");
        }
        ftok_list_release(&found);
    }
}

static void only_some_bits_make_a_key(void **state)
{
    const struct file_identity file = {0x123456789abcdeULL, 0xfedcba9876543210ULL};
    const struct file_identity same = {0xde, 0x3210};

    (void)state;
    assert_int_equal(ftok_key(&file, 'A'), 0x41de3210);
    assert_int_equal(ftok_key(&same, 0x141), 0x41de3210);
    assert_int_equal(ftok_key(&file, 255), 0xffde3210);
}

static void a_missing_file_is_an_error(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct ftok_list list = {0};

    (void)state;
    assert_int_equal(ftok_add(&list, "/no/such/file", 1, &err), -ENOENT);
    assert_string_equal(err.text, "/no/such/file: No such file or directory");
    assert_int_equal(list.count, 0);
}

static void assert_proj(const char *word, unsigned expected)
{
    unsigned proj = 0;

    assert_int_equal(ftok_parse_proj(word, &proj, NULL), 0);
    assert_int_equal(proj, expected);
}

static void a_proj_is_a_number_or_a_character(void **state)
{
    (void)state;
    assert_proj("1", 1);
    assert_proj("5", 5);
    assert_proj("255", 255);
    assert_proj("065", 65);
    assert_proj("A", 65);
    assert_proj("-", 45);
    assert_proj(" ", 32);
    assert_proj("\xff", 255);
}

static void refuse(const char *word)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    unsigned proj = 77;

    assert_int_equal(ftok_parse_proj(word, &proj, &err), -EINVAL);
    assert_non_null(strstr(err.text, "1 to 255"));
    assert_int_equal(proj, 77);
}

static void other_words_are_no_proj(void **state)
{
    (void)state;
    refuse("");
    refuse("0");
    refuse("256");
    refuse("99999999999999999999");
    refuse("AB");
    refuse("0x41");
    refuse("-1");
    refuse("1 ");
    refuse("\xc3\xa4"); /* one character of two bytes */
}

static uint32_t key_of(const struct tree *tree, const char *path, unsigned proj)
{
    char full[512];
    key_t key;

    snprintf(full, sizeof(full), "%s/%s", tree->path, path);
    key = ftok(full, (int)proj);
    assert_true(key != -1);
    return (uint32_t)key;
}

static void make_tree(const struct tree *tree)
{
    tree_puts(tree, "a/one", "");
    tree_puts(tree, "a/b/two", "");
    tree_symlink(tree, "link", "a/one");
}

static void a_file_is_found_by_its_key(void **state)
{
    const struct tree *tree = *state;
    struct ftok_search search = {.any_proj = true};
    char expected[512];
    unsigned device = 0;

    make_tree(tree);
    search.key = key_of(tree, "a/b/two", 200);
    assert_int_equal(ftok_search_device(&search, tree->path, &device, NULL), 1);
    assert_int_equal(device, search.key >> 16 & 0xff);
    assert_int_equal(ftok_search_run(&search, tree->path, NULL), 0);
    assert_int_equal(search.found.count, 1);
    snprintf(expected, sizeof(expected), "%s/a/b/two", tree->path);
    assert_string_equal(search.found.items[0].path, expected);
    assert_int_equal(search.found.items[0].proj, 200);
    assert_int_equal(search.found.items[0].key, search.key);
    assert_int_equal(search.unreadable, 0);
    ftok_list_release(&search.found);
}

static void a_directory_is_found_too(void **state)
{
    const struct tree *tree = *state;
    struct ftok_search search = {.any_proj = true};

    make_tree(tree);
    search.key = key_of(tree, ".", 1);
    assert_int_equal(ftok_search_run(&search, tree->path, NULL), 0);
    assert_int_equal(search.found.count, 1);
    assert_string_equal(search.found.items[0].path, tree->path);
    ftok_list_release(&search.found);
}

static void several_searches_find_a_file_once(void **state)
{
    const struct tree *tree = *state;
    struct ftok_search search = {.any_proj = true};
    char below_a[512];
    char hard[512];

    make_tree(tree);
    snprintf(below_a, sizeof(below_a), "%s/a/b/two", tree->path);
    snprintf(hard, sizeof(hard), "%s/hard", tree->path);
    assert_int_equal(link(below_a, hard), 0);
    snprintf(below_a, sizeof(below_a), "%s/a/", tree->path);
    search.key = key_of(tree, "a/b/two", 200);
    assert_int_equal(ftok_search_run(&search, below_a, NULL), 0);
    assert_int_equal(search.found.count, 1);
    /* The other name is another candidate. */
    assert_int_equal(ftok_search_run(&search, tree->path, NULL), 0);
    assert_int_equal(search.found.count, 2);
    assert_string_equal(search.found.items[1].path, hard);
    assert_int_equal(ftok_search_run(&search, tree->path, NULL), 0);
    assert_int_equal(search.found.count, 2);
    ftok_list_release(&search.found);
}

static void another_proj_finds_nothing(void **state)
{
    const struct tree *tree = *state;
    struct ftok_search search = {.proj = 201};

    make_tree(tree);
    search.key = key_of(tree, "a/one", 200);
    assert_int_equal(ftok_search_run(&search, tree->path, NULL), 0);
    assert_int_equal(search.found.count, 0);
    search.proj = 200;
    assert_int_equal(ftok_search_run(&search, tree->path, NULL), 0);
    assert_int_equal(search.found.count, 1);
    ftok_list_release(&search.found);
}

static void another_device_is_told(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct tree *tree = *state;
    struct ftok_search search = {.any_proj = true};
    unsigned device = 0;

    search.key = key_of(tree, ".", 1) ^ 0x10000;
    assert_int_equal(ftok_search_device(&search, tree->path, &device, NULL), 0);
    assert_int_equal(device, (search.key >> 16 & 0xff) ^ 1);
    assert_int_equal(ftok_search_device(&search, "/no/such", &device, &err), -ENOENT);
}

/* Adds a file that only seems to be there. */
static void add(struct ftok_list *list, uint64_t dev, uint64_t ino)
{
    const struct file_identity identity = {dev, ino};

    assert_int_equal(ftok_add(list, "/", 1, NULL), 0);
    list->items[list->count - 1].identity = identity;
    list->items[list->count - 1].key = ftok_key(&identity, 1);
}

static void different_files_with_one_key_collide(void **state)
{
    struct ftok_list list = {0};
    size_t first = 77;
    size_t second = 77;

    (void)state;
    assert_false(ftok_collides(&list, &first, &second));
    add(&list, 1, 5);
    add(&list, 1, 5); /* a hard link */
    add(&list, 1, 6);
    add(&list, 2, 5);
    assert_false(ftok_collides(&list, &first, &second));
    assert_int_equal(first, 77);
    add(&list, 1, 0x10006); /* the same 16 bits as 6 */
    assert_true(ftok_collides(&list, &first, &second));
    assert_int_equal(first, 2);
    assert_int_equal(second, 4);
    ftok_list_release(&list);
}

static void another_device_of_the_same_8_bits_collides(void **state)
{
    struct ftok_list list = {0};
    size_t first;
    size_t second;

    (void)state;
    add(&list, 0x101, 5);
    add(&list, 0x201, 5);
    assert_true(ftok_collides(&list, &first, &second));
    ftok_list_release(&list);
}

int main(void)
{
#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_those_of_the_c_library),
        cmocka_unit_test(only_some_bits_make_a_key),
        cmocka_unit_test(an_inode_number_may_be_the_key),
        cmocka_unit_test(a_missing_file_is_an_error),
        cmocka_unit_test(a_proj_is_a_number_or_a_character),
        cmocka_unit_test(other_words_are_no_proj),
        TREE_TEST(a_file_is_found_by_its_key),
        TREE_TEST(a_directory_is_found_too),
        TREE_TEST(several_searches_find_a_file_once),
        TREE_TEST(another_proj_finds_nothing),
        TREE_TEST(another_device_is_told),
        cmocka_unit_test(different_files_with_one_key_collide),
        cmocka_unit_test(another_device_of_the_same_8_bits_collides),
    };

    return cmocka_run_group_tests_name("action/ftok", tests, NULL, NULL);
}
