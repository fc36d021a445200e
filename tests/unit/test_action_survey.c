/* action/survey: segments, limits and their use in one reading; whose the most is. */
#include "action/survey.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"
#include "unit.h"

#define HEAD "key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime rss swap\n"

static void fill_tree(const struct tree *tree)
{
    tree_puts(tree, "proc/sys/kernel/shmmax", "1000000\n");
    tree_puts(tree, "proc/sysvipc/shm",
              HEAD "5 1 600 5000 100 100 0 11 0 0 0 1795299001 1795299001 1795299001 0 0\n"
                   "6 2 600 1 100 100 1 22 0 0 0 1795299001 1795299001 1795299001 0 0\n"
                   "not a line\n"
                   "0 3 600 4096 1 1 0 22 0 0 0 1795299001 1795299001 1795299001 0 0\n"
                   "0 4 600 1 100 100 0 22 0 0 0 1795299001 1795299001 1795299001 0 0\n"
                   "0 5 600 90000 100 100 2 33 0 0 0 1795299001 1795299001 1795299001 0 0\n");
    /* A process that is older than all of them. */
    tree_puts(tree, "proc/1/stat",
              "1 (init) S 0 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n");
    tree_puts(tree, "proc/stat", "cpu 1\nbtime 1795290000\n");
}

static size_t garbage_count;

static void take_garbage(void *arg, const char *where, const char *text, size_t length)
{
    const struct tree *tree = arg;

    assert_string_equal(below(tree->path, where), "proc/sysvipc/shm: line 4");
    assert_int_equal(length, strlen("not a line"));
    assert_memory_equal(text, "not a line", length);
    garbage_count++;
}

/* Reads the tree into MACHINE and SURVEY, which the caller closes and releases. */
static void read_tree(struct tree *tree, struct system *system, struct survey *survey)
{
    const struct survey_sink sink = {take_garbage, tree};

    garbage_count = 0;
    assert_int_equal(system_open(system, tree->path, NULL), 0);
    assert_int_equal(survey_read(system, &sink, survey, NULL), 0);
}

static void all_is_read_and_counted(void **state)
{
    struct system system;
    struct survey survey;

    fill_tree(*state);
    read_tree(*state, &system, &survey);
    assert_int_equal(survey.segments.count, 5);
    assert_int_equal(survey.usage.segments, 5);
    assert_int_equal(survey.usage.pages, 2 + 1 + 1 + 1 + 22);
    assert_int_equal(survey.usage.bytes, 5000 + 1 + 4096 + 1 + 90000);
    assert_int_equal(survey.usage.largest, 90000);
    assert_int_equal(survey.limits.values[LIMIT_SHMMAX], 1000000);
    assert_int_equal(survey.limits_error.code, 0);
    assert_true(survey.garbage);
    assert_int_equal(garbage_count, 1);
    survey_release(&survey);
    assert_int_equal(survey.segments.count, 0);
    system_close(&system);
}

static void missing_limits_are_told_and_no_failure(void **state)
{
    struct tree *tree = *state;
    struct system system;
    struct survey survey;

    tree_puts(tree, "proc/sysvipc/shm", HEAD);
    read_tree(tree, &system, &survey);
    assert_int_equal(survey.limits_error.code, ENOENT);
    assert_non_null(survey.limits_error.text);
    assert_false(survey.limits.known[LIMIT_SHMMAX]);
    assert_false(survey.garbage);
    assert_int_equal(survey.usage.segments, 0);
    survey_release(&survey);
    system_close(&system);
}

static void a_missing_listing_is_a_failure(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct tree *tree = *state;
    struct system system;
    struct survey survey = {.garbage = true};

    tree_puts(tree, "proc/sys/kernel/shmmax", "1000000\n");
    assert_int_equal(system_open(&system, tree->path, NULL), 0);
    assert_int_equal(
        survey_read(&system, &(const struct survey_sink){take_garbage, *state}, &survey, &err),
        -ENOENT);
    assert_non_null(strstr(err.text, "proc/sysvipc/shm"));
    assert_true(survey.garbage);
    system_close(&system);
}

static void a_key_is_found_but_none_is_no_key(void **state)
{
    struct system system;
    struct survey survey;

    fill_tree(*state);
    read_tree(*state, &system, &survey);
    assert_int_equal(survey_find_key(&survey, 6)->shmid, 2);
    assert_null(survey_find_key(&survey, 7));
    assert_null(survey_find_key(&survey, 0));
    survey_release(&survey);
    system_close(&system);
}

static void the_largest_share_comes_first(void **state)
{
    struct system system;
    struct survey survey;
    struct share *shares;
    size_t count;

    fill_tree(*state);
    read_tree(*state, &system, &survey);
    shares = survey_shares(&survey, &system, true, &count);
    assert_int_equal(count, 3);
    assert_int_equal(shares[0].uid, 33);
    assert_int_equal(shares[0].pages, 22);
    assert_int_equal(shares[0].orphans, 0);
    assert_int_equal(shares[1].uid, 22);
    assert_int_equal(shares[2].uid, 11);
    assert_int_equal(shares[2].orphans, 1);
    assert_int_equal(shares[2].orphan_pages, 2);
    free(shares);
    shares = survey_shares(&survey, &system, false, &count);
    assert_int_equal(count, 3);
    assert_int_equal(shares[0].uid, 22);
    assert_int_equal(shares[0].segments, 3);
    assert_int_equal(shares[0].bytes, 1 + 4096 + 1);
    /* Of the three one is in use, and the maker of another is alive. */
    assert_int_equal(shares[0].orphans, 1);
    assert_int_equal(shares[0].orphan_pages, 1);
    /* Equal ones by their numbers. */
    assert_int_equal(shares[1].uid, 11);
    assert_int_equal(shares[2].uid, 33);
    free(shares);
    survey_release(&survey);
    system_close(&system);
}

static void without_segments_nobody_has_a_share(void **state)
{
    struct tree *tree = *state;
    struct system system;
    struct survey survey;
    size_t count = 77;

    tree_puts(tree, "proc/sysvipc/shm", HEAD);
    read_tree(tree, &system, &survey);
    assert_null(survey_shares(&survey, &system, true, &count));
    assert_int_equal(count, 0);
    survey_release(&survey);
    system_close(&system);
}

static void attachments_that_were_not_found_are_counted(void **state)
{
    struct attachment items[] = {{.shmid = 5, .pid = 1, .maps = 2},
                                 {.shmid = 5, .pid = 2, .maps = 3},
                                 {.shmid = 7, .maps = 9}};
    const struct attachment_list table = {.items = items, .count = COUNT_OF(items)};
    struct segment segment = {.shmid = 5, .nattch = 8};

    (void)state;
    assert_int_equal(survey_unseen(&table, &segment), 3);
    segment.nattch = 5;
    assert_int_equal(survey_unseen(&table, &segment), 0);
    /* Some of them may share their memory. */
    segment.nattch = 2;
    assert_int_equal(survey_unseen(&table, &segment), 0);
    segment = (struct segment){.shmid = 6, .nattch = 4};
    assert_int_equal(survey_unseen(&table, &segment), 4);
}

int main(void)
{
#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)
    const struct CMUnitTest tests[] = {
        TREE_TEST(all_is_read_and_counted),
        TREE_TEST(missing_limits_are_told_and_no_failure),
        TREE_TEST(a_missing_listing_is_a_failure),
        TREE_TEST(a_key_is_found_but_none_is_no_key),
        TREE_TEST(the_largest_share_comes_first),
        TREE_TEST(without_segments_nobody_has_a_share),
        cmocka_unit_test(attachments_that_were_not_found_are_counted),
    };

    return cmocka_run_group_tests_name("action/survey", tests, NULL, NULL);
}
