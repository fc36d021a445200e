/* view/removal_report: what rm says before, while and after it removes. */
#include "view/removal_preview.h"
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
    assert_appends("Remove 1 segment, 4 KiB, 0 of them in use? (yes/no) ", removal_preview_question,
                   plan);
    add(plan, 2, 1, 3, REMOVAL_SELECTED);
    add(plan, 3, 1048576, 1, REMOVAL_CHANGED);
    removal_add_missing(plan, 4, false);
    assert_appends("Remove 2 segments, 4 KiB, 1 of them in use by processes not visible to you? "
                   "(yes/no) ",
                   removal_preview_question, plan);
    add(plan, 5, UINT64_MAX, 1, REMOVAL_SELECTED);
    assert_appends("Remove 3 segments, 16 EiB, 2 of them in use by processes not visible to you? "
                   "(yes/no) ",
                   removal_preview_question, plan);
}

static void attach(struct removal_item *item, const struct attachment *attachments, uint32_t count)
{
    item->info.attachments = attachments;
    item->info.attachment_count = count;
}

static void the_question_names_one_user_and_counts_the_others_once(void **state)
{
    static const struct attachment both[] = {{.pid = 12, .maps = 1, .command = "/bin/\x1b[31mx y"},
                                             {.pid = 14, .maps = 1, .command = "b"}};
    static const struct attachment again[] = {{.pid = 11, .maps = 1, .command = "c"},
                                              {.pid = 12, .maps = 1, .command = "/bin/x"}};
    static const struct attachment nameless[] = {{.pid = 99, .maps = 1}};
    struct removal_plan *plan = *state;

    attach(add(plan, 1, 1, 1, REMOVAL_CHANGED), nameless, 1);
    attach(add(plan, 2, 1, 2, REMOVAL_SELECTED), both, 1);
    plan->items[1].info.segment.nattch = 1;
    assert_appends("Remove 1 segment, 1 B, 1 of them in use by \\x1b[31mx[12]? (yes/no) ",
                   removal_preview_question, plan);
    attach(&plan->items[1], both, 2);
    plan->items[1].info.segment.nattch = 2;
    attach(add(plan, 3, 1, 2, REMOVAL_SELECTED), again, 2);
    assert_appends("Remove 2 segments, 2 B, 2 of them in use by \\x1b[31mx[12] +2? (yes/no) ",
                   removal_preview_question, plan);
    attach(add(plan, 4, 1, 3, REMOVAL_SELECTED), nameless, 1);
    assert_appends("Remove 3 segments, 3 B, 3 of them in use by \\x1b[31mx[12] +3 and some not "
                   "visible to you? (yes/no) ",
                   removal_preview_question, plan);
}

static void a_refusal_says_whose_it_is_and_who_may(void **state)
{
    static const struct inventory zc = {.has_credentials = true, .credentials = {.euid = 1001}};
    static const struct inventory bare_root = {.has_credentials = true};
    static const struct inventory inside = {.has_credentials = true,
                                            .credentials = {.private_user = true}};
    static const struct {
        struct segment_info info;
        const struct inventory *inventory;
        const char *expected;
    } cases[] = {
        {{.segment = {.shmid = 5}, .owner = "root", .creator = "root"},
         &zc,
         "it belongs to root; as root: shmtool rm 5"},
        {{.segment = {.shmid = 5, .uid = 7, .cuid = 7}, .owner = "cs", .creator = "cs"},
         &zc,
         "it belongs to cs; as cs or root: shmtool rm 5"},
        {{.segment = {.shmid = 5, .uid = 7, .cuid = 8}, .owner = "cs", .creator = "lp"},
         &bare_root,
         "it belongs to cs and was made by lp; as cs or lp or root with all capabilities: "
         "shmtool rm 5"},
        {{.segment = {.shmid = 5, .uid = 7, .cuid = 0}, .creator = "root"},
         &zc,
         "it belongs to uid 7 and was made by root; as root: shmtool rm 5"},
        {{.segment = {.shmid = 5, .uid = 1001, .cuid = 0}, .owner = "zc", .creator = "root"},
         &zc,
         "it belongs to zc and was made by root; permissions do not forbid it: a security module "
         "or a filter of system calls does"},
        {{.segment = {.shmid = 5, .uid = 65534, .cuid = 65534}, .owner = "nobody"},
         &inside,
         "it belongs to a user whom this user namespace does not show; outside of it, as that "
         "user or root: shmtool rm 5"},
        {{.segment = {.shmid = 5, .uid = 65534, .cuid = 65534}, .elsewhere = 4026532177},
         &inside,
         "it belongs to a user whom this user namespace does not show; outside of it, as that "
         "user or root: shmtool -N 4026532177 rm 5"},
        {{.segment = {.shmid = 5, .uid = 65534, .cuid = 65534}, .owner = "nobody"},
         &zc,
         "it belongs to user nobody; as user nobody or root: shmtool rm 5"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_appends(cases[i].expected, removal_report_refusal, NULL, false, &cases[i].info,
                       cases[i].inventory);
}

static void the_summary_of_a_dry_run(void **state)
{
    struct removal_plan *plan = *state;

    assert_appends("would remove 0 segments, 0 B, 0 in use", removal_preview_dry_run, plan);
    add(plan, 1, 4096, 0, REMOVAL_SELECTED);
    add(plan, 3, 1, 0, REMOVAL_CHANGED);
    assert_appends("would remove 1 segment, 4 KiB, 0 in use", removal_preview_dry_run, plan);
    add(plan, 2, 4096, 2, REMOVAL_SELECTED);
    assert_appends("would remove 2 segments, 8 KiB, 1 in use", removal_preview_dry_run, plan);
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
        assert_appends(cases[i].expected, removal_report_line, NULL, &cases[i].item);
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
                   "\"marked\": 0, \"gone\": 0, \"changed\": 0, \"protected\": 0, \"failed\": 0, "
                   "\"freed_bytes\": 0, \"results\": []}\n",
                   removal_report_json, plan, false);
    add(plan, 1, 4096, 0, REMOVAL_REMOVED);
    add(plan, 2, UINT64_MAX, 2, REMOVAL_MARKED);
    add(plan, 2147483647, 1, 0, REMOVAL_FAILED)->code = EPERM;
    add(plan, 4, 1, 0, REMOVAL_CHANGED);
    removal_add_missing(plan, 4242, false);
    removal_add_missing(plan, 4243, true);
    assert_appends("\"dry_run\": false, \"selected\": 4, \"removed\": 1, "
                   "\"marked\": 1, \"gone\": 1, \"changed\": 1, \"protected\": 0, \"failed\": 2, "
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
    add(plan, 2, 1, 3, REMOVAL_SELECTED); /* would only be marked */
    assert_appends("\"dry_run\": true, \"selected\": 2, \"removed\": 0, "
                   "\"marked\": 0, \"gone\": 0, \"changed\": 0, \"protected\": 0, \"failed\": 0, "
                   "\"freed_bytes\": 4096, \"results\": [\n"
                   "{\"shmid\": 1, \"outcome\": \"selected\", \"error\": null, \"bytes\": 4096},\n"
                   "{\"shmid\": 2, \"outcome\": \"selected\", \"error\": null, \"bytes\": 1}\n"
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
        "\"marked\": 0, \"gone\": 0, \"changed\": 0, \"protected\": 0, \"failed\": 2, "
        "\"freed_bytes\": 0, \"results\": [\n"
        "{\"shmid\": 1, \"outcome\": \"failed\", \"error\": \"errno 132\", \"bytes\": 4096},\n"
        "{\"shmid\": 2, \"outcome\": \"failed\", \"error\": \"errno 133\", \"bytes\": 4096}\n"
        "]}\n",
        removal_report_json, plan, false);
}

static void assert_table(const struct removal_plan *plan, const char *expected)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    removal_preview_table(out, plan, &plain);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, expected);
    free(text);
}

static void assert_preview(const struct removal_plan *plan, bool with_processes,
                           const char *expected)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    removal_preview_show(out, plan, &plain, with_processes);
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
    assert_table(plan, "key        shmid owner            perms bytes nattch status\n"
                       "0x00000000 1     z\\x1b\\xff\\x5cx41 600    4096      0\n"
                       "0x00000000 3     0                600    4096      0\n");
}

static void the_preview_names_the_processes(void **state)
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
    for (size_t i = 0; i < 4; i++)
        plan->items[i].info.state = STATE_USED;
    plan->items[4].info.state = STATE_ORPHAN;
    assert_preview(plan, true,
                   "key        shmid owner perms bytes nattch status state  processes\n"
                   "0x00000000 5     0     600    4096      0 -      orphan\n"
                   "0x00000000 1     0     600    4096      1 -      used   server[11]\n"
                   "0x00000000 2     0     600    4096      7 -      used   server[11] worker:[12] "
                   "\\x1b[31m\\xff/x[13] [kthread][14] +2\n"
                   "0x00000000 3     0     600    4096      5 -      used   ?[99] and some not "
                   "visible to you\n"
                   "0x00000000 4     0     600    4096      2 -      used   not visible to you\n");
}

static void many_that_are_not_in_use_are_summed_up_by_owner(void **state)
{
    struct removal_plan *plan = *state;

    for (int i = 0; i < 25; i++) {
        struct removal_item *item = add(plan, i, 10, 0, REMOVAL_SELECTED);

        item->info.segment.uid = i < 5 ? 7 : 8;
        item->info.owner = i < 5 ? "\x1b[31m" : NULL;
        item->info.state = i == 0 ? STATE_IDLE : STATE_ORPHAN;
    }
    add(plan, 90, 10, 0, REMOVAL_CHANGED);
    assert_preview(plan, false,
                   "owner    segments bytes orphans\n"
                   "8              20   200      20\n"
                   "\\x1b[31m        5    50       4\n");
    add(plan, 91, 4096, 1, REMOVAL_SELECTED)->info.state = STATE_USED;
    assert_preview(plan, false,
                   "owner    segments bytes orphans\n"
                   "8              20   200      20\n"
                   "\\x1b[31m        5    50       4\n"
                   "key        shmid owner perms bytes nattch status state\n"
                   "0x00000000 91    0     600    4096      1 -      used\n");
}

static void the_tables_say_what_they_need(void **state)
{
    const struct removal_plan one = {.namespaces = 0};
    const struct removal_plan many = {.namespaces = 3};

    (void)state;
    assert_int_equal(removal_preview_table_needs(&many) & (NEED_NAMESPACE | NEED_CONTAINER),
                     NEED_NAMESPACE | NEED_CONTAINER);
    assert_int_equal(removal_preview_table_needs(&one), NEED_OWNER);
    assert_int_equal(removal_preview_needs(&one), NEED_OWNER | NEED_STATE | NEED_TRY_ATTACHMENTS |
                                                      NEED_HOLDERS | NEED_PROTECTION |
                                                      NEED_PROGRAM);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_question_counts_what_is_still_to_be_removed),
        TEST(the_question_names_one_user_and_counts_the_others_once),
        TEST(a_refusal_says_whose_it_is_and_who_may),
        TEST(the_summary_of_a_dry_run),
        TEST(a_line_for_every_outcome),
        TEST(the_summary_has_a_part_for_each_outcome_that_there_was),
        TEST(the_json_document),
        TEST(the_json_document_of_a_dry_run),
        TEST(the_json_document_names_every_error),
        TEST(the_table_shows_what_is_still_to_be_removed),
        TEST(the_preview_names_the_processes),
        TEST(many_that_are_not_in_use_are_summed_up_by_owner),
        TEST(the_tables_say_what_they_need),
    };

    return cmocka_run_group_tests_name("view/removal_report", tests, NULL, NULL);
}
