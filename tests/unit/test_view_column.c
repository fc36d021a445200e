/* view/column and view/segment_columns: every column of a segment, as text and as JSON. */
#include "view/column.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tree.h"
#include "unit.h"
#include "view/segment_columns.h"

struct fixture {
    struct tree tree;
    struct system system;
    struct column_format format;
};

static const struct segment sample = {
    .key = 0x00143511,
    .shmid = 395837454,
    .mode = 0640 | SEGMENT_DEST | SEGMENT_LOCKED,
    .uid = 1001,
    .gid = 1002,
    .cuid = 1003,
    .cgid = 1004,
    .cpid = 4711,
    .lpid = 4712,
    .has_rss = true,
    .has_swap = true,
    .size = 1536,
    .nattch = 3,
    .rss = 4096,
    .swap = 8192,
    .atime = 1795299005,
    .dtime = 1795299006,
    .ctime = 1795299007,
};

static int setup(void **state)
{
    static struct fixture fixture;

    setlocale(LC_CTYPE, "C.UTF-8");
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    tzset();
    fixture = (struct fixture){0};
    tree_make(&fixture.tree);
    tree_puts(&fixture.tree, "etc/passwd", "zc:x:1001:1::/:\nmaker \"\x1b\xff\",:x:1003:1::/:\n");
    tree_puts(&fixture.tree, "etc/group", "staff:x:1002:\n");
    assert_int_equal(system_open(&fixture.system, fixture.tree.path, NULL), 0);
    fixture.format = (struct column_format){.system = &fixture.system, .now = 1795299067};
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    system_close(&fixture->system);
    tree_remove(&fixture->tree);
    return 0;
}

static const struct column *column(const char *name)
{
    const struct column *found = column_find(&segment_columns, name, strlen(name));

    if (!found)
        fail_msg("no column '%s'", name);
    return found;
}

/* Demands what the column NAME of SEGMENT is as text, and as JSON. */
static void assert_shown(const struct fixture *fixture, const struct segment *segment,
                         const char *name, const char *text, const char *json)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    struct column_value value = {0};

    column(name)->get(&fixture->format, segment, &value);
    column_put_text(&out, column(name), &fixture->format, &value);
    assert_string_equal(strbuf_string(&out), text);
    strbuf_reset(&out);
    column_put_json(&out, column(name), &fixture->format, &value);
    assert_string_equal(strbuf_string(&out), json);
}

static void every_column_of_a_segment(void **state)
{
    const struct fixture *fixture = *state;
    static const char *const expected[][3] = {
        {"key", "0x00143511", "\"0x00143511\""},
        {"shmid", "395837454", "395837454"},
        {"owner", "zc", "\"zc\""},
        {"uid", "1001", "1001"},
        {"group", "staff", "\"staff\""},
        {"gid", "1002", "1002"},
        {"creator", "maker \"\x1b\xff\",", "\"maker \\\"\\u001b\\ufffd\\\",\""},
        {"cuid", "1003", "1003"},
        {"creator_group", "1004", "null"},
        {"cgid", "1004", "1004"},
        {"perms", "640", "\"0640\""},
        {"bytes", "1536", "1536"},
        {"rss", "4096", "4096"},
        {"swap", "8192", "8192"},
        {"nattch", "3", "3"},
        {"status", "dest,locked", "[\"dest\",\"locked\"]"},
        {"state", "dest", "\"dest\""},
        {"cpid", "4711", "4711"},
        {"lpid", "4712", "4712"},
        {"atime", "2026-11-21T22:10:05+00:00", "\"2026-11-21T22:10:05+00:00\""},
        {"dtime", "2026-11-21T22:10:06+00:00", "\"2026-11-21T22:10:06+00:00\""},
        {"ctime", "2026-11-21T22:10:07+00:00", "\"2026-11-21T22:10:07+00:00\""},
        {"command", "", "null"},
    };

    assert_int_equal(segment_columns.count, COUNT_OF(expected));
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        assert_string_equal(segment_columns.columns[i].name, expected[i][0]);
        assert_shown(fixture, &sample, expected[i][0], expected[i][1], expected[i][2]);
    }
}

static void what_is_not_known_or_never_happened(void **state)
{
    const struct segment nothing = {.shmid = 0};
    static const char *const columns[] = {"cpid",  "lpid", "atime", "dtime",
                                          "ctime", "rss",  "swap",  "command"};

    for (size_t i = 0; i < COUNT_OF(columns); i++)
        assert_shown(*state, &nothing, columns[i], "", "null");
    assert_shown(*state, &nothing, "shmid", "0", "0");
    assert_shown(*state, &nothing, "nattch", "0", "0");
    assert_shown(*state, &nothing, "uid", "0", "0");
    assert_shown(*state, &nothing, "owner", "0", "null");
    assert_shown(*state, &nothing, "status", "", "[]");
    assert_shown(*state, &nothing, "key", "0x00000000", "\"0x00000000\"");
}

static void the_largest_values(void **state)
{
    const struct segment largest = {
        .key = UINT32_MAX,
        .shmid = 2147483647,
        .mode = 0777,
        .uid = 4294967294U,
        .has_rss = true,
        .has_swap = true,
        .size = UINT64_MAX,
        .nattch = UINT64_MAX,
        .rss = UINT64_MAX,
        .cpid = 4194304,
    };

    assert_shown(*state, &largest, "key", "0xffffffff", "\"0xffffffff\"");
    assert_shown(*state, &largest, "shmid", "2147483647", "2147483647");
    assert_shown(*state, &largest, "uid", "4294967294", "4294967294");
    assert_shown(*state, &largest, "owner", "4294967294", "null");
    assert_shown(*state, &largest, "bytes", "18446744073709551615", "18446744073709551615");
    assert_shown(*state, &largest, "nattch", "18446744073709551615", "18446744073709551615");
    assert_shown(*state, &largest, "rss", "18446744073709551615", "18446744073709551615");
    assert_shown(*state, &largest, "cpid", "4194304", "4194304");
}

static void permissions_are_octal_and_nothing_but_permissions(void **state)
{
    static const struct {
        uint32_t mode;
        const char *text;
        const char *json;
    } expected[] = {
        {0, "0", "\"0000\""},
        {07, "7", "\"0007\""},
        {040, "40", "\"0040\""},
        {0600, "600", "\"0600\""},
        {0777, "777", "\"0777\""},
        {0604 | SEGMENT_DEST, "604", "\"0604\""},
        {SEGMENT_DEST | SEGMENT_LOCKED, "0", "\"0000\""},
        {07777, "777", "\"0777\""},
    };

    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        const struct segment segment = {.mode = expected[i].mode};

        assert_shown(*state, &segment, "perms", expected[i].text, expected[i].json);
    }
}

static void statuses(void **state)
{
    const struct segment plain = {.mode = 0777};
    const struct segment dest = {.mode = 0777 | SEGMENT_DEST};
    const struct segment locked = {.mode = SEGMENT_LOCKED};
    const struct segment others = {.mode = ~(SEGMENT_DEST | SEGMENT_LOCKED)};

    assert_shown(*state, &plain, "status", "", "[]");
    assert_shown(*state, &dest, "status", "dest", "[\"dest\"]");
    assert_shown(*state, &locked, "status", "locked", "[\"locked\"]");
    assert_shown(*state, &others, "status", "", "[]");
}

static void numbers_in_place_of_names(void **state)
{
    struct fixture *fixture = *state;

    fixture->format.numeric = true;
    assert_shown(fixture, &sample, "owner", "1001", "null");
    assert_shown(fixture, &sample, "group", "1002", "null");
    assert_shown(fixture, &sample, "creator", "1003", "null");
    assert_shown(fixture, &sample, "creator_group", "1004", "null");
}

static void human_sizes_are_for_people(void **state)
{
    struct fixture *fixture = *state;

    fixture->format.human = true;
    assert_shown(fixture, &sample, "bytes", "1.5K", "1536");
    assert_shown(fixture, &sample, "rss", "4K", "4096");
    assert_shown(fixture, &sample, "swap", "8K", "8192");
    assert_shown(fixture, &sample, "nattch", "3", "3");
}

static void forms_of_time(void **state)
{
    struct fixture *fixture = *state;

    fixture->format.time = TIME_EPOCH;
    assert_shown(fixture, &sample, "ctime", "1795299007", "1795299007");
    fixture->format.time = TIME_AGE;
    assert_shown(fixture, &sample, "ctime", "1m0s", "\"1m0s\"");
}

static void columns_are_found_by_their_whole_names(void **state)
{
    (void)state;
    assert_ptr_equal(column_find(&segment_columns, "key,shmid", 3), &segment_columns.columns[0]);
    assert_null(column_find(&segment_columns, "key", 2));
    assert_null(column_find(&segment_columns, "keys", 4));
    assert_null(column_find(&segment_columns, "KEY", 3));
    assert_null(column_find(&segment_columns, "", 0));
}

static void a_set_has_each_column_once_in_order(void **state)
{
    struct column_set set = COLUMN_SET_INIT;

    (void)state;
    assert_int_equal(column_set_add_list(&set, &segment_columns, "bytes,key,bytes", NULL), 0);
    assert_int_equal(column_set_add_list(&set, &segment_columns, "key,shmid", NULL), 0);
    assert_int_equal(set.count, 3);
    assert_string_equal(set.items[0]->name, "bytes");
    assert_string_equal(set.items[1]->name, "key");
    assert_string_equal(set.items[2]->name, "shmid");
    column_set_add_all(&set, &segment_columns);
    assert_int_equal(set.count, segment_columns.count);
    assert_string_equal(set.items[0]->name, "bytes");
    assert_string_equal(set.items[3]->name, "owner");
    column_set_release(&set);
    assert_int_equal(set.count, 0);
    column_set_release(&set);
}

static void wrong_lists_name_the_word_and_the_columns(void **state)
{
    static const char *const lists[][2] = {
        {"", "''"},         {"size", "'size'"},  {"key,", "''"},
        {",key", "''"},     {"key,,uid", "''"},  {"key, uid", "' uid'"},
        {"key,x,y", "'x'"}, {"Key", "'Key'"},    {"key shmid", "'key shmid'"},
        {"+key", "'+key'"}, {"key\n", "'key\n'"}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;
        struct column_set set = COLUMN_SET_INIT;

        assert_int_equal(column_set_add_list(&set, &segment_columns, lists[i][0], &err), -EINVAL);
        assert_int_equal(err.code, EINVAL);
        assert_int_equal(strncmp(err.text, lists[i][1], strlen(lists[i][1])), 0);
        assert_non_null(strstr(err.text, "no such column; there are: key shmid owner "));
        assert_non_null(strstr(err.text, " command"));
        assert_int_equal(column_set_add_list(&set, &segment_columns, lists[i][0], NULL), -EINVAL);
        column_set_release(&set);
    }
}

static void the_tables_own_lists_are_right(void **state)
{
    struct column_set set = COLUMN_SET_INIT;

    (void)state;
    assert_int_equal(column_set_add_list(&set, &segment_columns, segment_columns.defaults, NULL),
                     0);
    assert_int_equal(set.count, 7);
    assert_int_equal(column_set_add_list(&set, &segment_columns, segment_columns.long_form, NULL),
                     0);
    assert_int_equal(set.count, 14);
    column_set_release(&set);
    for (size_t i = 0; i < segment_columns.count; i++)
        assert_true(strlen(segment_columns.columns[i].help) > 0);
}

static void an_object_has_the_chosen_fields(void **state)
{
    const struct fixture *fixture = *state;
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    struct column_set set = COLUMN_SET_INIT;

    assert_int_equal(
        column_set_add_list(&set, &segment_columns, "status,owner,command,bytes", NULL), 0);
    column_put_object(&out, &set, &fixture->format, &sample);
    assert_string_equal(strbuf_string(&out), "{\"status\": [\"dest\",\"locked\"], \"owner\": "
                                             "\"zc\", \"command\": null, \"bytes\": 1536}");
    column_set_release(&set);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(every_column_of_a_segment),
        TEST(what_is_not_known_or_never_happened),
        TEST(the_largest_values),
        TEST(permissions_are_octal_and_nothing_but_permissions),
        TEST(statuses),
        TEST(numbers_in_place_of_names),
        TEST(human_sizes_are_for_people),
        TEST(forms_of_time),
        TEST(columns_are_found_by_their_whole_names),
        TEST(a_set_has_each_column_once_in_order),
        TEST(wrong_lists_name_the_word_and_the_columns),
        TEST(the_tables_own_lists_are_right),
        TEST(an_object_has_the_chosen_fields),
    };

    return cmocka_run_group_tests_name("view/column", tests, NULL, NULL);
}
