/* view/column: values of every type as text and as JSON, by the columns of segments; and sets. */
#include "view/column.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/protection.h"
#include "unit.h"
#include "view/columns.h"

static char unit_shown[] = "docker:a\x1b b";
static const struct cgroup_unit sample_unit = {.kind = "docker", .unit = unit_shown};

static const struct segment_info sample = {
    .segment =
        {
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
        },
    .owner = "zc",
    .group = "staff",
    .creator = "maker \"\x1b\xff\",",
    .state = STATE_DEST,
    .unit = {.is = &sample_unit},
    .program = {.is = &programs[0], .by = PROGRAM_BY_KEY, .is_guess = true},
};

static const struct column_format plain = {.now = 1795299067};

static int setup(void **state)
{
    (void)state;
    setlocale(LC_CTYPE, "C.UTF-8");
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    tzset();
    return 0;
}

static const struct column *column(const char *name)
{
    const struct column *found = column_find(&segment_columns, name, strlen(name));

    if (!found)
        fail_msg("no column '%s'", name);
    return found;
}

/* A column, and what it is of a record as text and as JSON. */
struct shown {
    const char *name;
    const char *text;
    const char *json;
};

static void assert_shown(const struct segment_info *info, const struct column_format *format,
                         const struct shown *expected)
{
    const struct column *shown = column(expected->name);
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    struct column_value value = {0};

    shown->get(format, info, &value);
    column_put_text(&out, shown, format, &value);
    assert_string_equal(strbuf_string(&out), expected->text);
    strbuf_reset(&out);
    column_put_json(&out, shown, format, &value);
    assert_string_equal(strbuf_string(&out), expected->json);
}

/* Demands what columns of INFO are, a struct shown each. */
#define assert_all_shown(info, format, ...) \
    do { \
        static const struct shown shown_[] = {__VA_ARGS__}; \
\
        for (size_t i_ = 0; i_ < COUNT_OF(shown_); i_++) \
            assert_shown(info, format, &shown_[i_]); \
    } while (0)

/* Protected with and without a reason, and not. */
static void what_protects_a_segment(void **state)
{
    const struct protection_rule reason = {.where = (char[]){"/etc/a b.conf:2"},
                                           .text = (char[]){"it's \"ours\"\n"}};
    const struct protection_rule bare = {.where = (char[]){"/etc/shmtool.conf:3"}};
    struct segment_info info = {.has_protection = true, .protected_by = &reason};

    (void)state;
    assert_shown(&info, &plain,
                 &(struct shown){"protected", "/etc/a b.conf:2",
                                 "{\"by\": \"/etc/a b.conf:2\", \"reason\": \"it's "
                                 "\\\"ours\\\"\\u000a\"}"});
    info.protected_by = &bare;
    assert_shown(&info, &plain,
                 &(struct shown){"protected", "/etc/shmtool.conf:3",
                                 "{\"by\": \"/etc/shmtool.conf:3\", \"reason\": null}"});
    info.protected_by = NULL;
    assert_shown(&info, &plain, &(struct shown){"protected", "no", "false"});
}

static void every_column_of_a_segment(void **state)
{
    static const struct shown expected[] = {
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
        {"unit", "docker:a\x1b b", "\"docker:a\\u001b b\""},
        {"program", "postgresql?", "\"postgresql?\""},
        {"program_by", "key", "\"key\""},
        {"protected", "", "null"},
        {"namespace", "", "null"},
        {"container", "", "null"},
        {"host", "", "null"},
    };

    (void)state;
    assert_int_equal(segment_columns.count, COUNT_OF(expected));
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        assert_string_equal(segment_columns.columns[i].name, expected[i].name);
        assert_shown(&sample, &plain, &expected[i]);
    }
}

static void what_is_not_known_or_never_happened(void **state)
{
    static const struct segment_info nothing = {.segment = {.shmid = 0}};

    (void)state;
    assert_all_shown(
        &nothing, &plain, {"cpid", "", "null"}, {"lpid", "", "null"}, {"atime", "", "null"},
        {"dtime", "", "null"}, {"ctime", "", "null"}, {"rss", "", "null"}, {"swap", "", "null"},
        {"command", "", "null"}, {"shmid", "0", "0"}, {"nattch", "0", "0"}, {"uid", "0", "0"},
        {"owner", "0", "null"}, {"status", "", "[]"}, {"key", "0x00000000", "\"0x00000000\""});
}

static void the_largest_values(void **state)
{
    static const struct segment_info largest = {
        .segment = {.key = UINT32_MAX,
                    .shmid = 2147483647,
                    .mode = 0777,
                    .uid = 4294967294U,
                    .has_rss = true,
                    .has_swap = true,
                    .size = UINT64_MAX,
                    .nattch = UINT64_MAX,
                    .rss = UINT64_MAX,
                    .cpid = 4194304},
    };

    (void)state;
    assert_all_shown(
        &largest, &plain, {"key", "0xffffffff", "\"0xffffffff\""},
        {"shmid", "2147483647", "2147483647"}, {"uid", "4294967294", "4294967294"},
        {"owner", "4294967294", "null"}, {"bytes", "18446744073709551615", "18446744073709551615"},
        {"nattch", "18446744073709551615", "18446744073709551615"},
        {"rss", "18446744073709551615", "18446744073709551615"}, {"cpid", "4194304", "4194304"});
}

static void permissions_are_octal_and_nothing_but_permissions(void **state)
{
    static const struct {
        uint32_t mode;
        struct shown shown;
    } expected[] = {
        {0, {"perms", "0", "\"0000\""}},
        {07, {"perms", "7", "\"0007\""}},
        {040, {"perms", "40", "\"0040\""}},
        {0600, {"perms", "600", "\"0600\""}},
        {0777, {"perms", "777", "\"0777\""}},
        {0604 | SEGMENT_DEST, {"perms", "604", "\"0604\""}},
        {SEGMENT_DEST | SEGMENT_LOCKED, {"perms", "0", "\"0000\""}},
        {07777, {"perms", "777", "\"0777\""}},
        {0777, {"status", "", "[]"}},
        {0777 | SEGMENT_DEST, {"status", "dest", "[\"dest\"]"}},
        {SEGMENT_LOCKED, {"status", "locked", "[\"locked\"]"}},
        {~(SEGMENT_DEST | SEGMENT_LOCKED), {"status", "", "[]"}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        const struct segment_info info = {.segment = {.mode = expected[i].mode}};

        assert_shown(&info, &plain, &expected[i].shown);
    }
}

static void forms_of_values(void **state)
{
    static const struct column_format numeric = {.numeric = true};
    static const struct column_format human = {.human = true};
    static const struct column_format epoch = {.time = TIME_EPOCH, .now = 1795299067};
    static const struct column_format age = {.time = TIME_AGE, .now = 1795299067};

    (void)state;
    assert_all_shown(&sample, &numeric, {"owner", "1001", "null"}, {"group", "1002", "null"},
                     {"creator", "1003", "null"}, {"creator_group", "1004", "null"});
    assert_all_shown(&sample, &human, {"bytes", "1.5K", "1536"}, {"rss", "4K", "4096"},
                     {"swap", "8K", "8192"}, {"nattch", "3", "3"});
    assert_all_shown(&sample, &epoch, {"ctime", "1795299007", "1795299007"});
    assert_all_shown(&sample, &age, {"ctime", "1m0s", "\"1m0s\""});
}

static void states_and_command_lines(void **state)
{
    static const struct {
        struct segment_info info;
        struct shown shown;
    } expected[] = {
        {{.state = STATE_USED}, {"state", "used", "\"used\""}},
        {{.state = STATE_ORPHAN}, {"state", "orphan", "\"orphan\""}},
        {{.state = STATE_IDLE}, {"state", "idle", "\"idle\""}},
        {{.state = STATE_UNKNOWN}, {"state", "unknown", "\"unknown\""}},
        {{.command = "a b"}, {"command", "a b", "\"a b\""}},
        {{.command = "\x1b[m\xff\"\\x41\n\xc3\xbc"},
         {"command", "\x1b[m\xff\"\\x41\n\xc3\xbc",
          "\"\\u001b[m\\ufffd\\\"\\\\x41\\u000a\xc3\xbc\""}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(expected); i++)
        assert_shown(&expected[i].info, &plain, &expected[i].shown);
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

static void a_set_needs_what_its_columns_need(void **state)
{
    struct column_set set = COLUMN_SET_INIT;

    (void)state;
    assert_int_equal(column_set_needs(&set), 0);
    assert_int_equal(column_set_add_list(&set, &segment_columns, "key,uid", NULL), 0);
    assert_int_equal(column_set_needs(&set), 0);
    assert_int_equal(column_set_add_list(&set, &segment_columns, "rss,swap,owner", NULL), 0);
    assert_int_equal(column_set_needs(&set), NEED_USAGE | NEED_OWNER);
    column_set_release(&set);
}

static void size_is_bytes(void **state)
{
    struct column_set set = COLUMN_SET_INIT;

    (void)state;
    assert_int_equal(column_set_add_list(&set, &segment_columns, "size,key,bytes", NULL), 0);
    assert_int_equal(set.count, 2);
    assert_string_equal(set.items[0]->name, "bytes");
    column_set_release(&set);
}

static void wrong_lists_name_the_word_and_the_columns(void **state)
{
    static const char *const lists[][2] = {
        {"", "''"},         {"bulk", "'bulk'"},  {"key,", "''"},
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
        assert_non_null(strstr(err.text, ": no such column; "));
        assert_non_null(strstr(err.text, "here are: key shmid owner "));
        assert_non_null(strstr(err.text, " command"));
        assert_int_equal(column_set_add_list(&set, &segment_columns, lists[i][0], NULL), -EINVAL);
        column_set_release(&set);
    }
}

static void an_object_has_the_chosen_fields(void **state)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    struct column_set set = COLUMN_SET_INIT;

    (void)state;
    assert_int_equal(
        column_set_add_list(&set, &segment_columns, "status,owner,command,bytes", NULL), 0);
    column_put_object(&out, &set, &plain, &sample);
    assert_string_equal(strbuf_string(&out), "{\"status\": [\"dest\",\"locked\"], \"owner\": "
                                             "\"zc\", \"command\": null, \"bytes\": 1536}");
    column_set_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_protects_a_segment),
        cmocka_unit_test(every_column_of_a_segment),
        cmocka_unit_test(what_is_not_known_or_never_happened),
        cmocka_unit_test(the_largest_values),
        cmocka_unit_test(permissions_are_octal_and_nothing_but_permissions),
        cmocka_unit_test(forms_of_values),
        cmocka_unit_test(states_and_command_lines),
        cmocka_unit_test(columns_are_found_by_their_whole_names),
        cmocka_unit_test(a_set_has_each_column_once_in_order),
        cmocka_unit_test(a_set_needs_what_its_columns_need),
        cmocka_unit_test(size_is_bytes),
        cmocka_unit_test(wrong_lists_name_the_word_and_the_columns),
        cmocka_unit_test(an_object_has_the_chosen_fields),
    };

    return cmocka_run_group_tests_name("view/column", tests, setup, NULL);
}
