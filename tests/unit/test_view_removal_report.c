/* view/removal_report: what rm says before, while and after it removes. */
#include "view/removal_report.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "shown.h"
#include "unit.h"

static const struct column_format plain;

static int setup(void **state)
{
    static struct removal_plan plan;

    setlocale(LC_CTYPE, "C.UTF-8");
    plan = (struct removal_plan){0};
    *state = &plan;
    return 0;
}

static int teardown(void **state)
{
    removal_plan_release(*state);
    return 0;
}

static struct removal_item *add(struct removal_plan *plan, int shmid, uint64_t size,
                                uint64_t nattch, enum removal_outcome outcome)
{
    const struct selection selection = {0};
    const struct segment_info info = {
        .segment = {.shmid = shmid, .mode = 0600, .size = size, .nattch = nattch}};
    struct removal_item *item;

    removal_add(plan, &selection, &info);
    item = &plan->items[plan->count - 1];
    item->outcome = outcome;
    return item;
}

static void the_question_counts_what_is_still_to_be_removed(void **state)
{
    struct removal_plan *plan = *state;

    add(plan, 1, 4096, 0, REMOVAL_SELECTED);
    assert_appends("Remove 1 segment, 4 KiB, 0 of them in use? (yes/no) ", removal_report_question,
                   plan);
    add(plan, 2, 1, 3, REMOVAL_SELECTED);
    add(plan, 3, 1048576, 1, REMOVAL_CHANGED);
    removal_add_missing(plan, 4, false);
    assert_appends("Remove 2 segments, 4 KiB, 1 of them in use? (yes/no) ", removal_report_question,
                   plan);
    add(plan, 5, UINT64_MAX, 1, REMOVAL_SELECTED);
    assert_appends("Remove 3 segments, 16 EiB, 2 of them in use? (yes/no) ",
                   removal_report_question, plan);
}

static void a_line_for_every_outcome(void **state)
{
    static const struct {
        struct removal_item item;
        const char *expected;
    } cases[] = {
        {{.outcome = REMOVAL_SELECTED}, "selected"},
        {{.outcome = REMOVAL_REMOVED, .info = {.segment = {.size = 393216}}},
         "removed, 393216 bytes"},
        {{.outcome = REMOVAL_REMOVED, .info = {.segment = {.size = 1}}}, "removed, 1 byte"},
        {{.outcome = REMOVAL_MARKED},
         "marked for destruction; it goes when nobody has it attached any more"},
        {{.outcome = REMOVAL_MARKED, .info = {.segment = {.mode = SEGMENT_DEST}}},
         "was marked for destruction before; it goes when nobody has it attached any more"},
        {{.outcome = REMOVAL_GONE}, "gone already"},
        {{.outcome = REMOVAL_GONE, .missing = true}, "does not exist"},
        {{.outcome = REMOVAL_CHANGED}, "changed since it was listed, left alone"},
        {{.outcome = REMOVAL_FAILED, .code = EPERM}, "Operation not permitted"},
        {{.outcome = REMOVAL_FAILED, .code = EINTR}, "not tried, a signal came"},
        {{.outcome = REMOVAL_FAILED, .code = EINVAL, .missing = true}, "no such segment"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_appends(cases[i].expected, removal_report_line, &cases[i].item);
}

static void the_summary_has_a_part_for_each_outcome_that_there_was(void **state)
{
    struct removal_plan *plan = *state;

    assert_appends("removed 0 of 0 segments, 0 B freed", removal_report_summary, plan);
    add(plan, 1, 4096, 0, REMOVAL_REMOVED);
    assert_appends("removed 1 of 1 segment, 4 KiB freed", removal_report_summary, plan);
    add(plan, 2, 4096, 0, REMOVAL_REMOVED);
    add(plan, 3, 4096, 2, REMOVAL_MARKED);
    assert_appends("removed 2 of 3 segments, 8 KiB freed, 1 only marked dest because "
                   "processes hold them",
                   removal_report_summary, plan);
    add(plan, 4, 1, 0, REMOVAL_GONE);
    add(plan, 5, 1, 0, REMOVAL_CHANGED);
    add(plan, 6, 1, 0, REMOVAL_FAILED)->code = EPERM;
    add(plan, 7, 1, 0, REMOVAL_FAILED)->code = EINTR;
    add(plan, 8, 1, 0, REMOVAL_FAILED)->code = EINTR;
    removal_add_missing(plan, 4242, false);
    removal_add_missing(plan, 4243, true);
    assert_appends("removed 2 of 8 segments, 8 KiB freed, 1 only marked dest because "
                   "processes hold them, 1 gone already, 1 changed and left alone, 1 "
                   "failed, 2 not tried because a signal came, 2 did not exist",
                   removal_report_summary, plan);
}

static void the_json_document(void **state)
{
    struct removal_plan *plan = *state;

    assert_appends("\"dry_run\": false, \"selected\": 0, \"removed\": 0, "
                   "\"marked\": 0, \"gone\": 0, \"changed\": 0, \"failed\": 0, "
                   "\"freed_bytes\": 0, \"results\": []}\n",
                   removal_report_json, plan, false);
    add(plan, 1, 4096, 0, REMOVAL_REMOVED);
    add(plan, 2, UINT64_MAX, 2, REMOVAL_MARKED);
    add(plan, 2147483647, 1, 0, REMOVAL_FAILED)->code = EPERM;
    add(plan, 4, 1, 0, REMOVAL_CHANGED);
    removal_add_missing(plan, 4242, false);
    removal_add_missing(plan, 4243, true);
    assert_appends("\"dry_run\": false, \"selected\": 4, \"removed\": 1, "
                   "\"marked\": 1, \"gone\": 1, \"changed\": 1, \"failed\": 2, "
                   "\"freed_bytes\": 4096, \"results\": [\n"
                   "{\"shmid\": 1, \"outcome\": \"removed\", \"error\": null, \"bytes\": 4096},\n"
                   "{\"shmid\": 2, \"outcome\": \"marked\", \"error\": null, \"bytes\": "
                   "18446744073709551615},\n"
                   "{\"shmid\": 2147483647, \"outcome\": \"failed\", \"error\": \"EPERM\", "
                   "\"bytes\": 1},\n"
                   "{\"shmid\": 4, \"outcome\": \"changed\", \"error\": null, \"bytes\": 1},\n"
                   "{\"shmid\": 4242, \"outcome\": \"failed\", \"error\": \"EINVAL\", "
                   "\"bytes\": null},\n"
                   "{\"shmid\": 4243, \"outcome\": \"gone\", \"error\": null, \"bytes\": null}\n"
                   "]}\n",
                   removal_report_json, plan, false);
}

static void the_json_document_of_a_dry_run(void **state)
{
    struct removal_plan *plan = *state;

    add(plan, 1, 4096, 0, REMOVAL_SELECTED);
    assert_appends("\"dry_run\": true, \"selected\": 1, \"removed\": 0, "
                   "\"marked\": 0, \"gone\": 0, \"changed\": 0, \"failed\": 0, "
                   "\"freed_bytes\": 0, \"results\": [\n"
                   "{\"shmid\": 1, \"outcome\": \"selected\", \"error\": null, \"bytes\": 4096}\n"
                   "]}\n",
                   removal_report_json, plan, true);
}

static void the_json_document_names_every_error(void **state)
{
    struct removal_plan *plan = *state;

    add(plan, 1, 4096, 0, REMOVAL_FAILED)->code = 132; /* ERFKILL: not in our table */
    add(plan, 2, 4096, 0, REMOVAL_FAILED)->code = 133;
    assert_appends(
        "\"dry_run\": false, \"selected\": 2, \"removed\": 0, "
        "\"marked\": 0, \"gone\": 0, \"changed\": 0, \"failed\": 2, "
        "\"freed_bytes\": 0, \"results\": [\n"
        "{\"shmid\": 1, \"outcome\": \"failed\", \"error\": \"errno 132\", \"bytes\": 4096},\n"
        "{\"shmid\": 2, \"outcome\": \"failed\", \"error\": \"errno 133\", \"bytes\": 4096}\n"
        "]}\n",
        removal_report_json, plan, false);
}

static void assert_table(const struct removal_plan *plan, bool with_processes, const char *expected)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    removal_report_table(out, plan, &plain, with_processes);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, expected);
    free(text);
}

static void the_table_shows_what_is_still_to_be_removed(void **state)
{
    struct removal_plan *plan = *state;

    add(plan, 1, 4096, 0, REMOVAL_SELECTED)->info.owner = "z\x1b\xff\\x41";
    add(plan, 2, 4096, 0, REMOVAL_CHANGED);
    add(plan, 3, 4096, 0, REMOVAL_SELECTED);
    removal_add_missing(plan, 4, false);
    assert_table(plan, false,
                 "key        shmid owner            perms bytes nattch status\n"
                 "0x00000000 1     z\\x1b\\xff\\x5cx41 600    4096      0\n"
                 "0x00000000 3     0                600    4096      0\n");
}

static void attach(struct removal_item *item, const struct attachment *attachments, uint32_t count)
{
    item->info.attachments = attachments;
    item->info.attachment_count = count;
}

static void the_table_names_the_processes(void **state)
{
    static const struct attachment one[] = {
        {.pid = 11, .maps = 1, .command = "/usr/bin/server --flag"}};
    static const struct attachment many[] = {
        {.pid = 11, .maps = 2, .command = "/usr/bin/server --flag"},
        {.pid = 12, .maps = 1, .command = "worker: idle"},
        {.pid = 13, .maps = 1, .command = "\x1b[31m\xff/x y"},
        {.pid = 14, .maps = 1, .command = "[kthread]"},
        {.pid = 15, .maps = 1},
        {.pid = 16, .maps = 1},
    };
    static const struct attachment nameless[] = {{.pid = 99, .maps = 1}};
    struct removal_plan *plan = *state;

    attach(add(plan, 1, 4096, 1, REMOVAL_SELECTED), one, 1);
    attach(add(plan, 2, 4096, 7, REMOVAL_SELECTED), many, COUNT_OF(many));
    attach(add(plan, 3, 4096, 5, REMOVAL_SELECTED), nameless, 1); /* and others */
    add(plan, 4, 4096, 2, REMOVAL_SELECTED);                      /* nobody to be seen */
    add(plan, 5, 4096, 0, REMOVAL_SELECTED);
    assert_table(
        plan, true,
        "key        shmid owner perms bytes nattch status processes\n"
        "0x00000000 1     0     600    4096      1 -      server[11]\n"
        "0x00000000 2     0     600    4096      7 -      server[11] worker:[12] "
        "\\x1b[31m\\xff/x[13] [kthread][14] +2\n"
        "0x00000000 3     0     600    4096      5 -      ?[99] and some not visible to you\n"
        "0x00000000 4     0     600    4096      2 -      not visible to you\n"
        "0x00000000 5     0     600    4096      0 -\n");
}

static void the_table_says_what_it_needs(void **state)
{
    (void)state;
    assert_int_equal(removal_report_needs(false), NEED_OWNER);
    assert_int_equal(removal_report_needs(true), NEED_OWNER | NEED_TRY_ATTACHMENTS | NEED_HOLDERS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_question_counts_what_is_still_to_be_removed),
        TEST(a_line_for_every_outcome),
        TEST(the_summary_has_a_part_for_each_outcome_that_there_was),
        TEST(the_json_document),
        TEST(the_json_document_of_a_dry_run),
        TEST(the_json_document_names_every_error),
        TEST(the_table_shows_what_is_still_to_be_removed),
        TEST(the_table_names_the_processes),
        TEST(the_table_says_what_it_needs),
    };

    return cmocka_run_group_tests_name("view/removal_report", tests, NULL, NULL);
}
