/* view/removal_report: what rm says before, while and after it removes. */
#include "view/removal_report.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "tree.h"
#include "unit.h"

struct fixture {
    struct tree tree;
    struct system system;
    struct selection selection;
    struct removal_plan plan;
    struct column_format format;
};

static int setup(void **state)
{
    static struct fixture fixture;

    setlocale(LC_CTYPE, "C.UTF-8");
    fixture = (struct fixture){0};
    tree_make(&fixture.tree);
    tree_write(&fixture.tree, "proc/11/cmdline", "/usr/bin/server\0--flag\0", 23);
    tree_write(&fixture.tree, "proc/12/cmdline", "worker: idle", 12);
    tree_write(&fixture.tree, "proc/13/cmdline", "\x1b[31m\xff/x y", 11);
    tree_puts(&fixture.tree, "proc/14/cmdline", "");
    tree_puts(&fixture.tree, "proc/14/comm", "kthread\n");
    assert_int_equal(system_open(&fixture.system, fixture.tree.path, NULL), 0);
    fixture.format.system = &fixture.system;
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    removal_plan_release(&fixture->plan);
    selection_release(&fixture->selection);
    system_close(&fixture->system);
    tree_remove(&fixture->tree);
    return 0;
}

static struct removal_item *plan(struct fixture *fixture, int shmid, uint64_t size, uint64_t nattch,
                                 enum removal_outcome outcome)
{
    const struct segment segment = {.shmid = shmid, .mode = 0600, .size = size, .nattch = nattch};
    struct removal_item *item;

    removal_add(&fixture->plan, &fixture->selection, &segment);
    item = &fixture->plan.items[fixture->plan.count - 1];
    item->outcome = outcome;
    return item;
}

static void assert_question(const struct fixture *fixture, const char *expected)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

    removal_report_question(&out, &fixture->plan);
    assert_string_equal(strbuf_string(&out), expected);
}

static void the_question_counts_what_is_still_to_be_removed(void **state)
{
    struct fixture *fixture = *state;

    plan(fixture, 1, 4096, 0, REMOVAL_SELECTED);
    assert_question(fixture, "Remove 1 segment, 4 KiB, 0 of them in use? (yes/no) ");
    plan(fixture, 2, 1, 3, REMOVAL_SELECTED);
    plan(fixture, 3, 1048576, 1, REMOVAL_CHANGED);
    removal_add_missing(&fixture->plan, 4, false);
    assert_question(fixture, "Remove 2 segments, 4 KiB, 1 of them in use? (yes/no) ");
    plan(fixture, 5, UINT64_MAX, 1, REMOVAL_SELECTED);
    assert_question(fixture, "Remove 3 segments, 16 EiB, 2 of them in use? (yes/no) ");
}

static void assert_line(const struct removal_item *item, const char *expected)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

    removal_report_line(&out, item);
    assert_string_equal(strbuf_string(&out), expected);
}

static void a_line_for_every_outcome(void **state)
{
    static const char marked[] =
        "marked for destruction; it goes when nobody has it attached any more";
    struct removal_item item = {.segment = {.shmid = 7, .size = 393216}};

    (void)state;
    assert_line(&item, "selected");
    item.outcome = REMOVAL_REMOVED;
    assert_line(&item, "removed, 393216 bytes");
    item.segment.size = 1;
    assert_line(&item, "removed, 1 byte");
    item.outcome = REMOVAL_MARKED;
    assert_line(&item, marked);
    item.segment.mode = SEGMENT_DEST;
    assert_line(&item,
                "was marked for destruction before; it goes when nobody has it attached any more");
    item.outcome = REMOVAL_GONE;
    assert_line(&item, "gone already");
    item.outcome = REMOVAL_CHANGED;
    assert_line(&item, "changed since it was listed, left alone");
    item.outcome = REMOVAL_FAILED;
    item.code = EPERM;
    assert_line(&item, "Operation not permitted");
    item.code = EINTR;
    assert_line(&item, "not tried, a signal came");
    item.missing = true;
    item.code = EINVAL;
    assert_line(&item, "no such segment");
    item.outcome = REMOVAL_GONE;
    assert_line(&item, "does not exist");
}

static void assert_summary(const struct fixture *fixture, const char *expected)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

    removal_report_summary(&out, &fixture->plan);
    assert_string_equal(strbuf_string(&out), expected);
}

static void the_summary_has_a_part_for_each_outcome_that_there_was(void **state)
{
    struct fixture *fixture = *state;

    assert_summary(fixture, "removed 0 of 0 segments, 0 B freed");
    plan(fixture, 1, 4096, 0, REMOVAL_REMOVED);
    assert_summary(fixture, "removed 1 of 1 segment, 4 KiB freed");
    plan(fixture, 2, 4096, 0, REMOVAL_REMOVED);
    plan(fixture, 3, 4096, 2, REMOVAL_MARKED);
    assert_summary(fixture, "removed 2 of 3 segments, 8 KiB freed, 1 only marked dest because "
                            "processes hold them");
    plan(fixture, 4, 1, 0, REMOVAL_GONE);
    plan(fixture, 5, 1, 0, REMOVAL_CHANGED);
    plan(fixture, 6, 1, 0, REMOVAL_FAILED)->code = EPERM;
    plan(fixture, 7, 1, 0, REMOVAL_FAILED)->code = EINTR;
    plan(fixture, 8, 1, 0, REMOVAL_FAILED)->code = EINTR;
    removal_add_missing(&fixture->plan, 4242, false);
    removal_add_missing(&fixture->plan, 4243, true);
    assert_summary(fixture, "removed 2 of 8 segments, 8 KiB freed, 1 only marked dest because "
                            "processes hold them, 1 gone already, 1 changed and left alone, 1 "
                            "failed, 2 not tried because a signal came, 2 did not exist");
}

static void assert_json(const struct fixture *fixture, bool dry_run, const char *expected)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

    removal_report_json(&out, &fixture->plan, dry_run);
    assert_string_equal(strbuf_string(&out), expected);
}

static void the_json_document(void **state)
{
    struct fixture *fixture = *state;

    assert_json(fixture, false,
                "{\"schema\": 1, \"dry_run\": false, \"selected\": 0, \"removed\": 0, "
                "\"marked\": 0, \"gone\": 0, \"changed\": 0, \"failed\": 0, "
                "\"freed_bytes\": 0, \"results\": []}\n");
    plan(fixture, 1, 4096, 0, REMOVAL_REMOVED);
    plan(fixture, 2, UINT64_MAX, 2, REMOVAL_MARKED);
    plan(fixture, 2147483647, 1, 0, REMOVAL_FAILED)->code = EPERM;
    plan(fixture, 4, 1, 0, REMOVAL_CHANGED);
    removal_add_missing(&fixture->plan, 4242, false);
    removal_add_missing(&fixture->plan, 4243, true);
    assert_json(fixture, false,
                "{\"schema\": 1, \"dry_run\": false, \"selected\": 4, \"removed\": 1, "
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
                "]}\n");
}

static void the_json_document_of_a_dry_run(void **state)
{
    struct fixture *fixture = *state;

    plan(fixture, 1, 4096, 0, REMOVAL_SELECTED);
    assert_json(fixture, true,
                "{\"schema\": 1, \"dry_run\": true, \"selected\": 1, \"removed\": 0, "
                "\"marked\": 0, \"gone\": 0, \"changed\": 0, \"failed\": 0, "
                "\"freed_bytes\": 0, \"results\": [\n"
                "{\"shmid\": 1, \"outcome\": \"selected\", \"error\": null, \"bytes\": 4096}\n"
                "]}\n");
}

static void the_json_document_names_every_error(void **state)
{
    struct fixture *fixture = *state;

    plan(fixture, 1, 4096, 0, REMOVAL_FAILED)->code = 132; /* ERFKILL: not in our table */
    plan(fixture, 2, 4096, 0, REMOVAL_FAILED)->code = 133;
    assert_json(
        fixture, false,
        "{\"schema\": 1, \"dry_run\": false, \"selected\": 2, \"removed\": 0, "
        "\"marked\": 0, \"gone\": 0, \"changed\": 0, \"failed\": 2, "
        "\"freed_bytes\": 0, \"results\": [\n"
        "{\"shmid\": 1, \"outcome\": \"failed\", \"error\": \"errno 132\", \"bytes\": 4096},\n"
        "{\"shmid\": 2, \"outcome\": \"failed\", \"error\": \"errno 133\", \"bytes\": 4096}\n"
        "]}\n");
}

static void assert_table(const struct fixture *fixture, const struct attachment_list *attachments,
                         const char *expected)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    removal_report_table(out, &fixture->plan, &fixture->format, attachments);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, expected);
    free(text);
}

static void the_table_shows_what_is_still_to_be_removed(void **state)
{
    struct fixture *fixture = *state;

    plan(fixture, 1, 4096, 0, REMOVAL_SELECTED);
    plan(fixture, 2, 4096, 0, REMOVAL_CHANGED);
    plan(fixture, 3, 4096, 0, REMOVAL_SELECTED);
    removal_add_missing(&fixture->plan, 4, false);
    assert_table(fixture, NULL,
                 "key        shmid owner perms bytes nattch status\n"
                 "0x00000000 1     0     600    4096      0\n"
                 "0x00000000 3     0     600    4096      0\n");
}

/* Adds who has a segment attached; to be called by segment, then by pid, as attach_scan() sorts. */
static void attach(struct attachment_list *table, int shmid, pid_t pid, uint64_t maps)
{
    table->items = xgrow(table->items, table->count, &table->capacity, sizeof(*table->items));
    table->items[table->count++] = (struct attachment){.shmid = shmid, .pid = pid, .maps = maps};
}

static void the_table_names_the_processes(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP_ATTACHMENT_LIST struct attachment_list table = {0};

    attach(&table, 1, 11, 1);
    attach(&table, 2, 11, 2);
    for (pid_t pid = 12; pid <= 16; pid++)
        attach(&table, 2, pid, 1);
    attach(&table, 3, 99, 1);
    plan(fixture, 1, 4096, 1, REMOVAL_SELECTED);
    plan(fixture, 2, 4096, 7, REMOVAL_SELECTED);
    plan(fixture, 3, 4096, 5, REMOVAL_SELECTED); /* a process without a name, and others */
    plan(fixture, 4, 4096, 2, REMOVAL_SELECTED); /* nobody to be seen */
    plan(fixture, 5, 4096, 0, REMOVAL_SELECTED);
    assert_table(
        fixture, &table,
        "key        shmid owner perms bytes nattch status processes\n"
        "0x00000000 1     0     600    4096      1 -      server[11]\n"
        "0x00000000 2     0     600    4096      7 -      server[11] worker:[12] "
        "\\x1b[31m\\xff/x[13] [kthread][14] +2\n"
        "0x00000000 3     0     600    4096      5 -      ?[99] and some not visible to you\n"
        "0x00000000 4     0     600    4096      2 -      not visible to you\n"
        "0x00000000 5     0     600    4096      0 -\n");
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
    };

    return cmocka_run_group_tests_name("view/removal_report", tests, NULL, NULL);
}
