/* view/columns: every table of columns agrees with itself, and asks for what it shows. */
#include "view/columns.h"

#include <string.h>

#include "unit.h"

static const struct column_table *const tables[] = {
    &segment_columns, &attachment_columns, &file_columns, &limit_columns, &namespace_columns};

static void names_are_unique_and_explained(void **state)
{
    (void)state;
    for (size_t t = 0; t < COUNT_OF(tables); t++) {
        for (size_t i = 0; i < tables[t]->count; i++) {
            const struct column *column = &tables[t]->columns[i];

            assert_non_null(column->get);
            assert_true(strlen(column->help) > 0);
            assert_int_equal(strcspn(column->name, ",+- \n"), strlen(column->name));
            assert_ptr_equal(column_find(tables[t], column->name, strlen(column->name)), column);
        }
    }
}

/* Demands that a list of the table names COUNT different columns of it. */
static void assert_list(const struct column_table *table, const char *list, size_t count)
{
    struct column_set set = COLUMN_SET_INIT;

    assert_int_equal(column_set_add_list(&set, table, list, NULL), 0);
    assert_int_equal(set.count, count);
    column_set_release(&set);
}

static void lists_of_a_table_name_its_columns(void **state)
{
    (void)state;
    assert_list(&segment_columns, segment_columns.defaults, 7);
    assert_list(&segment_columns, segment_columns.long_form, 15);
    assert_list(&attachment_columns, attachment_columns.defaults, 7);
    assert_list(&file_columns, file_columns.defaults, 7);
    assert_list(&limit_columns, limit_columns.defaults, limit_columns.count);
    assert_list(&namespace_columns, namespace_columns.defaults, namespace_columns.count - 2);
    assert_list(&namespace_columns, namespace_columns.long_form, namespace_columns.count - 1);
    assert_string_equal(namespace_columns.quiet, "namespace");
    assert_string_equal(namespace_columns.list_name, "namespaces");
    assert_list(&segment_columns, segment_columns.quiet, 1);
    assert_list(&attachment_columns, attachment_columns.quiet, 1);
    assert_list(&file_columns, file_columns.quiet, 1);
    assert_string_equal(segment_columns.quiet, "shmid");
    assert_string_equal(attachment_columns.quiet, "pid");
    assert_string_equal(file_columns.quiet, "key");
    assert_string_equal(segment_columns.list_name, "segments");
    assert_string_equal(attachment_columns.list_name, "attachments");
    assert_string_equal(file_columns.list_name, "files");
}

/* --- Needs: what was looked up is to be seen in those columns alone that ask for it ------------
 */

static bool shows_the_same(const struct column *column, const void *a, const void *b)
{
    const struct column_format format = {.time = TIME_EPOCH};
    CLEANUP_STRBUF struct strbuf first = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf second = STRBUF_INIT;
    struct column_value value = {0};

    column->get(&format, a, &value);
    column_put_json(&first, column, &format, &value);
    value = (struct column_value){0};
    column->get(&format, b, &value);
    column_put_json(&second, column, &format, &value);
    return strcmp(strbuf_string(&first), strbuf_string(&second)) == 0;
}

/* Demands that BARE and LOOKED_UP, which differ by NEED, differ in just the columns with NEED. */
static void assert_need(const struct column_table *table, unsigned need, const void *bare,
                        const void *looked_up)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct column *column = &table->columns[i];
        bool same = shows_the_same(column, bare, looked_up);

        if (same && column->needs & need)
            fail_msg("column '%s' needs 0x%x for nothing", column->name, need);
        if (!same && !(column->needs & need))
            fail_msg("column '%s' shows what it has no need 0x%x for", column->name, need);
    }
}

/* All that the kernel's record alone has. */
#define RECORD \
    .key = 0x10, .shmid = 5, .mode = 0600, .uid = 1, .gid = 2, .cuid = 3, .cgid = 4, .cpid = 7, \
    .lpid = 8, .size = 4096, .nattch = 1, .atime = 1, .dtime = 2, .ctime = 3

static void needs_of_segments(void **state)
{
    static const struct segment_info bare = {.segment = {RECORD}};
    static char shown[] = "docker:web";
    static const struct cgroup_unit unit = {.kind = "docker", .unit = shown, .container = shown};
    static const struct {
        enum need need;
        struct segment_info info;
    } cases[] = {
        {NEED_USAGE, {.segment = {RECORD, .has_rss = true, .rss = 1, .has_swap = true, .swap = 2}}},
        {NEED_OWNER, {.segment = {RECORD}, .owner = "zc"}},
        {NEED_GROUP, {.segment = {RECORD}, .group = "staff"}},
        {NEED_CREATOR, {.segment = {RECORD}, .creator = "cs"}},
        {NEED_CREATOR_GROUP, {.segment = {RECORD}, .creator_group = "users"}},
        {NEED_STATE,
         {.segment = {RECORD},
          .state = STATE_UNKNOWN,
          .doubt = DOUBT_TOUCHED,
          .creator_status = PROCESS_DEAD,
          .last_status = PROCESS_DEAD}},
        {NEED_COMMAND, {.segment = {RECORD}, .command = "maker"}},
        /* A container may be that of the segment's unit: then the inventory looks that up. */
        {NEED_UNIT | NEED_CONTAINER, {.segment = {RECORD}, .unit = {.is = &unit}}},
        {NEED_PROGRAM,
         {.segment = {RECORD}, .program = {.is = &programs[0], .by = PROGRAM_BY_FILE}}},
        {NEED_NAMESPACE, {.segment = {RECORD}, .namespace = 4026531839}},
        {NEED_CONTAINER, {.segment = {RECORD}, .container = "web"}},
        {NEED_PROTECTION, {.segment = {RECORD}, .has_protection = true}},
    };
    unsigned all = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_need(&segment_columns, cases[i].need, &bare, &cases[i].info);
        all |= cases[i].need;
    }
    for (size_t i = 0; i < segment_columns.count; i++)
        assert_int_equal(segment_columns.columns[i].needs & ~all, 0);
}

static void needs_of_attachments(void **state)
{
    static const struct segment_info info = {
        .segment = {RECORD}, .namespace = 7, .container = "web"};
    static const struct attachment bare = {
        .shmid = 5, .pid = 812, .has_uid = true, .uid = 1, .maps = 2};
    static const struct attachment named = {.shmid = 5,
                                            .pid = 812,
                                            .has_uid = true,
                                            .uid = 1,
                                            .maps = 2,
                                            .user = "zc",
                                            .command = "holder"};
    const struct attachment_row bare_row = {&bare, &info};
    const struct attachment_row named_row = {&named, &info};

    (void)state;
    assert_need(&attachment_columns, NEED_HOLDERS, &bare_row, &named_row);
    for (size_t i = 0; i < attachment_columns.count; i++)
        assert_true(attachment_columns.columns[i].needs & (NEED_ATTACHMENTS | NEED_HOLDERS) ||
                    strcmp(attachment_columns.columns[i].name, "host") == 0);
}

static void needs_of_files(void **state)
{
    const struct ftok_file file = {.path = (char[]){"/etc/motd"}, .proj = 82, .key = 0x10};
    static const struct segment_info bare = {.segment = {RECORD}};
    static const struct segment_info named = {.segment = {RECORD}, .owner = "zc"};
    const struct file_row bare_row = {&file, &bare};
    const struct file_row named_row = {&file, &named};

    (void)state;
    assert_need(&file_columns, NEED_OWNER, &bare_row, &named_row);
}

static void needs_of_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < limit_columns.count; i++)
        assert_int_equal(limit_columns.columns[i].needs, NEED_LIMITS);
}

/* --- What the other tables show --------------------------------------------------------------- */

static void assert_object(const struct column_table *table, const struct column_format *format,
                          const void *record, const char *expected)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    struct column_set set = COLUMN_SET_INIT;

    column_set_add_all(&set, table);
    column_put_object(&out, &set, format, record);
    assert_string_equal(strbuf_string(&out), expected);
    column_set_release(&set);
}

static void attachments(void **state)
{
    static const struct column_format plain = {0};
    static const struct column_format numeric = {.numeric = true};
    static const struct segment_info info = {
        .segment = {RECORD}, .namespace = 7, .container = "web"};
    static const struct attachment full = {.shmid = 5,
                                           .pid = 812,
                                           .original_key = 9,
                                           .has_uid = true,
                                           .uid = 1001,
                                           .writable = true,
                                           .maps = 2,
                                           .user = "z\"c\x01",
                                           .command = "\x1b\xff\\x41"};
    static const struct attachment empty = {.shmid = 5, .pid = 812, .maps = 1};
    const struct attachment_row full_row = {&full, &info};
    const struct attachment_row empty_row = {&empty, &info};

    (void)state;
    assert_object(
        &attachment_columns, &plain, &full_row,
        "{\"shmid\": 5, \"key\": \"0x00000010\", \"pid\": 812, \"uid\": 1001, \"user\": "
        "\"z\\\"c\\u0001\", \"access\": \"rw\", \"maps\": 2, \"command\": "
        "\"\\u001b\\ufffd\\\\x41\", \"namespace\": 7, \"container\": \"web\", \"host\": null}");
    assert_object(&attachment_columns, &numeric, &full_row,
                  "{\"shmid\": 5, \"key\": \"0x00000010\", \"pid\": 812, \"uid\": 1001, \"user\": "
                  "null, \"access\": \"rw\", \"maps\": 2, \"command\": \"\\u001b\\ufffd\\\\x41\", "
                  "\"namespace\": 7, \"container\": \"web\", \"host\": null}");
    assert_object(&attachment_columns, &plain, &empty_row,
                  "{\"shmid\": 5, \"key\": \"0x00000010\", \"pid\": 812, \"uid\": null, \"user\": "
                  "null, \"access\": \"ro\", \"maps\": 1, \"command\": null, \"namespace\": 7, "
                  "\"container\": \"web\", \"host\": null}");
}

static void files(void **state)
{
    static const struct column_format plain = {0};
    static const struct column_format numeric = {.numeric = true};
    const struct ftok_file file = {
        .path = (char[]){"/tmp/\"\n\xff"}, .proj = 255, .key = UINT32_MAX};
    static const struct segment_info info = {.segment = {RECORD}, .owner = "zc"};
    const struct file_row held = {&file, &info};
    const struct file_row free_key = {&file, NULL};

    (void)state;
    assert_object(
        &file_columns, &plain, &held,
        "{\"key\": \"0xffffffff\", \"proj\": 255, \"shmid\": 5, \"owner\": \"zc\", "
        "\"bytes\": 4096, \"nattch\": 1, \"path\": \"/tmp/\\\"\\u000a\\ufffd\", \"host\": null}");
    assert_object(
        &file_columns, &numeric, &held,
        "{\"key\": \"0xffffffff\", \"proj\": 255, \"shmid\": 5, \"owner\": null, "
        "\"bytes\": 4096, \"nattch\": 1, \"path\": \"/tmp/\\\"\\u000a\\ufffd\", \"host\": null}");
    assert_object(&file_columns, &plain, &free_key,
                  "{\"key\": \"0xffffffff\", \"proj\": 255, \"shmid\": null, \"owner\": null, "
                  "\"bytes\": null, \"nattch\": null, \"path\": \"/tmp/\\\"\\u000a\\ufffd\", "
                  "\"host\": null}");
}

static void limits(void **state)
{
    static const struct column_format plain = {0};
    static const struct limits known = {.known = {[LIMIT_SHMMNI] = true},
                                        .values = {[LIMIT_SHMMNI] = 4096}};
    static const struct usage usage = {.segments = 1024};
    const struct limit_row row = {&known, &usage, LIMIT_SHMMNI, NULL};
    const struct limit_row unknown = {&known, &usage, LIMIT_SHMALL, "1 MiB"};

    (void)state;
    assert_object(&limit_columns, &plain, &row,
                  "{\"name\": \"shmmni\", \"value\": 4096, \"used\": 1024, \"full%\": 25, "
                  "\"unit\": \"segments\", \"size\": null, \"meaning\": \"number of segments\"}");
    assert_object(
        &limit_columns, &plain, &unknown,
        "{\"name\": \"shmall\", \"value\": null, \"used\": null, \"full%\": null, "
        "\"unit\": \"pages\", \"size\": \"1 MiB\", \"meaning\": \"all segments together\"}");
}

static char *const holders[] = {(char[]){"fd 812/7"}, (char[]){"mount /a \"b\",\n"}};

static const struct ipc_namespace kept = {
    .number = 4026532200,
    .held = (char **)(uintptr_t)holders,
    .held_count = 2,
};

static void needs_of_namespaces(void **state)
{
    static const struct namespace_info bare = {.namespace = &kept, .has_uid = true, .uid = 1001};
    static const struct namespace_info named = {
        .namespace = &kept, .has_uid = true, .uid = 1001, .user = "zc"};
    static const struct namespace_info summed = {.namespace = &kept,
                                                 .has_uid = true,
                                                 .uid = 1001,
                                                 .has_sums = true,
                                                 .segments = 1,
                                                 .bytes = 2,
                                                 .orphans = 1};

    (void)state;
    assert_need(&namespace_columns, NEED_OWNER, &bare, &named);
    assert_need(&namespace_columns, NEED_SUMS, &bare, &summed);
}

static void namespaces(void **state)
{
    static const struct column_format plain = {0};
    static const struct column_format numeric = {.numeric = true};
    static const struct ipc_namespace bare = {.number = 4026531839, .pid = 1, .processes = 3};
    const struct namespace_info full = {
        .namespace = &kept,
        .has_uid = true,
        .uid = 1001,
        .user = "zc",
        .kind = "podman",
        .container = "web",
        .has_sums = true,
        .segments = 2,
        .bytes = 8192,
        .orphans = 1,
        .held = (char[]){"fd 812/7,mount /a"},
    };
    const struct namespace_info unread = {.namespace = &bare, .held = (char[]){""}};

    (void)state;
    assert_object(&namespace_columns, &plain, &full,
                  "{\"namespace\": 4026532200, \"kind\": \"podman\", \"container\": \"web\", "
                  "\"user\": \"zc\", \"pid\": null, \"processes\": 0, \"segments\": 2, "
                  "\"bytes\": 8192, \"orphans\": 1, "
                  "\"held\": [\"fd 812/7\", \"mount /a \\\"b\\\",\\u000a\"], \"host\": null}");
    assert_object(&namespace_columns, &numeric, &unread,
                  "{\"namespace\": 4026531839, \"kind\": null, \"container\": null, "
                  "\"user\": null, \"pid\": 1, \"processes\": 3, \"segments\": null, "
                  "\"bytes\": null, \"orphans\": null, \"held\": [], \"host\": null}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_unique_and_explained),
        cmocka_unit_test(lists_of_a_table_name_its_columns),
        cmocka_unit_test(needs_of_segments),
        cmocka_unit_test(needs_of_attachments),
        cmocka_unit_test(needs_of_files),
        cmocka_unit_test(needs_of_limits),
        cmocka_unit_test(attachments),
        cmocka_unit_test(files),
        cmocka_unit_test(limits),
        cmocka_unit_test(needs_of_namespaces),
        cmocka_unit_test(namespaces),
    };

    return cmocka_run_group_tests_name("view/columns", tests, NULL, NULL);
}
