/* view/groups: which columns sums are by, and which a table of them has. */
#include "view/groups.h"

#include <errno.h>
#include <string.h>

#include "unit.h"
#include "view/columns.h"

static void add(struct groups *groups, const char *list)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;

    if (groups_add_list(groups, list, &err) < 0)
        fail_msg("%s", err.text);
}

/* Demands which columns the table has, each with a blank after it. */
static void assert_table(const struct groups *groups, const char *expected)
{
    CLEANUP_STRBUF struct strbuf names = STRBUF_INIT;

    for (size_t i = 0; i < groups->table.count; i++)
        strbuf_printf(&names, "%s ", groups->table.columns[i].name);
    assert_string_equal(strbuf_string(&names), expected);
}

#define SUMS "segments bytes rss rss_unknown swap attached orphans host "

static void without_a_word_it_is_by_owner(void **state)
{
    CLEANUP_STRBUF struct strbuf json = STRBUF_INIT;
    struct groups groups = {.count = 0};

    (void)state;
    groups_finish(&groups);
    assert_table(&groups, "owner uid " SUMS);
    assert_string_equal(groups.table.defaults, "owner,segments,bytes,rss,swap,attached,orphans");
    assert_string_equal(groups.table.quiet, "owner");
    assert_string_equal(groups.first_sum->name, "segments");
    assert_int_equal(groups.needs, 0);
    groups_put_json(&json, &groups);
    assert_string_equal(strbuf_string(&json), "[\"owner\"]");
    groups_release(&groups);
}

static void each_column_is_there_once(void **state)
{
    CLEANUP_STRBUF struct strbuf json = STRBUF_INIT;
    struct groups groups = {.count = 0};

    (void)state;
    add(&groups, "state,uid,owner,state");
    add(&groups, "key");
    groups_finish(&groups);
    assert_table(&groups, "state uid owner key " SUMS);
    assert_int_equal(groups.needs, NEED_STATE);
    groups_put_json(&json, &groups);
    assert_string_equal(strbuf_string(&json), "[\"state\", \"uid\", \"owner\", \"key\"]");
    groups_release(&groups);
}

/* All that stands before the sums, and nothing else. */
static void everything_before_the_sums_is_a_group(void **state)
{
    struct groups groups = {.count = 0};
    size_t i = 0;

    (void)state;
    for (; strcmp(sum_columns.columns[i].name, "segments") != 0; i++)
        add(&groups, sum_columns.columns[i].name);
    assert_in_range(i, 10, GROUPS_MAX);
    for (; i < sum_columns.count; i++)
        assert_int_equal(groups_add_list(&groups, sum_columns.columns[i].name, NULL), -EINVAL);
    assert_int_equal(groups_add_list(&groups, "", NULL), -EINVAL);
    assert_int_equal(groups_add_list(&groups, "owner,", NULL), -EINVAL);
    groups_release(&groups);
}

/* By number where there is one; texts by their bytes, what is not known first. */
static void groups_have_an_order(void **state)
{
    const struct segment_info a = {.segment = {.uid = 5}, .owner = "z", .command = "a"};
    const struct segment_info b = {.segment = {.uid = 6}, .owner = "a", .command = "b"};
    const struct segment_info c = {.segment = {.uid = 6}, .owner = "a"};
    struct groups groups = {.count = 0};

    (void)state;
    add(&groups, "owner,command");
    groups_finish(&groups);
    assert_true(groups.grouping.compare(&a, &b, groups.grouping.arg) < 0);
    assert_true(groups.grouping.compare(&b, &c, groups.grouping.arg) > 0);
    assert_int_equal(groups.grouping.compare(&c, &c, groups.grouping.arg), 0);
    groups_release(&groups);
}

static void totals_have_every_sum(void **state)
{
    CLEANUP_STRBUF struct strbuf json = STRBUF_INIT;
    const struct sum sum = {.segments = 2, .bytes = {1, 0}, .rss_unknown = 1, .swap_unknown = 1};

    (void)state;
    groups_put_total(&json, &sum);
    assert_string_equal(strbuf_string(&json),
                        "{\"segments\": 2, \"bytes\": 18446744073709551616, \"rss\": 0, "
                        "\"rss_unknown\": 1, \"swap\": null, \"attached\": 0, \"orphans\": 0}");
    assert_int_equal(groups_total_needs(), NEED_USAGE | NEED_STATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_word_it_is_by_owner),
        cmocka_unit_test(each_column_is_there_once),
        cmocka_unit_test(everything_before_the_sums_is_a_group),
        cmocka_unit_test(groups_have_an_order),
        cmocka_unit_test(totals_have_every_sum),
    };

    return cmocka_run_group_tests_name("view/groups", tests, NULL, NULL);
}
