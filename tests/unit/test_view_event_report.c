/* view/event_report: lines and objects of events. */
#include "view/event_report.h"

#include <locale.h>
#include <stdlib.h>
#include <time.h>

#include "shown.h"
#include "unit.h"
#include "view/columns.h"

static const struct segment_info plain = {
    .segment = {.key = 0x00143511,
                .shmid = 1867776,
                .mode = 0600,
                .uid = 1000,
                .gid = 100,
                .cuid = 1000,
                .cgid = 100,
                .cpid = 4711,
                .size = 393216},
    .owner = "zc",
    .group = "users",
    .command = "./a.out",
    .state = STATE_IDLE,
};

static const struct column_format format = {.time = TIME_CLOCK, .now = 79805};

static int setup(void **state)
{
    (void)state;
    setenv("TZ", "UTC", 1);
    tzset();
    setlocale(LC_CTYPE, "C.UTF-8");
    return 0;
}

static void assert_line(enum event_type type, const struct segment_info *before,
                        const struct segment_info *now, const char *expected)
{
    const struct event event = {type, before, now};

    assert_appends(expected, event_report_line, &event, &format);
}

static void each_event_has_its_line(void **state)
{
    struct segment_info now = plain;

    (void)state;
    assert_line(EVENT_CREATED, NULL, &plain,
                "22:10:05 created  1867776 key 0x00143511 zc 384 KiB by 4711 ./a.out\n");
    assert_line(EVENT_INITIAL, NULL, &plain,
                "22:10:05 initial  1867776 key 0x00143511 zc 384 KiB by 4711 ./a.out\n");
    assert_line(EVENT_ORPHANED, &plain, &plain,
                "22:10:05 orphaned 1867776 key 0x00143511 zc 384 KiB\n");
    assert_line(EVENT_REMOVED, &plain, NULL, "22:10:05 removed  1867776\n");
    now.segment.nattch = 2;
    now.segment.lpid = 4712;
    now.last_command = "./b.out -v";
    assert_line(EVENT_ATTACHED, &plain, &now,
                "22:10:05 attached 1867776 nattch 0 -> 2, last 4712 ./b.out -v\n");
    assert_line(EVENT_TOUCHED, &now, &now,
                "22:10:05 touched  1867776 nattch 2, last 4712 ./b.out -v\n");
    now.last_command = NULL;
    assert_line(EVENT_DETACHED, &now, &plain, "22:10:05 detached 1867776 nattch 2 -> 0\n");
    assert_line(EVENT_ATTACHED, &plain, &now,
                "22:10:05 attached 1867776 nattch 0 -> 2, last 4712\n");
    assert_line(EVENT_CREATED, NULL, &now,
                "22:10:05 created  1867776 key 0x00143511 zc 384 KiB nattch 2 by 4711 ./a.out\n");
    now.segment.key = 0;
    now.segment.mode |= SEGMENT_DEST;
    assert_line(EVENT_MARKED, &plain, &now, "22:10:05 marked   1867776 key 0x00143511, nattch 2\n");
}

static void changes_are_old_and_new(void **state)
{
    struct segment_info now = plain;

    (void)state;
    now.segment.mode = 0640;
    assert_line(EVENT_CHANGED, &plain, &now, "22:10:05 changed  1867776 perms 600 -> 640\n");
    now.segment.uid = 33;
    now.owner = NULL;
    now.segment.gid = 34;
    now.group = "cs";
    now.segment.mode |= SEGMENT_LOCKED;
    assert_line(EVENT_CHANGED, &plain, &now,
                "22:10:05 changed  1867776 owner zc -> 33, group users -> cs, perms 600 -> 640, "
                "locked\n");
    assert_line(EVENT_CHANGED, &now, &plain,
                "22:10:05 changed  1867776 owner 33 -> zc, group cs -> users, perms 640 -> 600, "
                "unlocked\n");
}

static void what_is_not_known_is_left_out(void **state)
{
    struct segment_info info = plain;

    (void)state;
    info.segment.cpid = 0;
    info.owner = NULL;
    assert_line(EVENT_CREATED, NULL, &info,
                "22:10:05 created  1867776 key 0x00143511 1000 384 KiB\n");
    info = plain;
    info.command = NULL;
    assert_line(EVENT_CREATED, NULL, &info,
                "22:10:05 created  1867776 key 0x00143511 zc 384 KiB by 4711\n");
}

static void hostile_names_do_nothing(void **state)
{
    struct segment_info info = plain;

    (void)state;
    info.owner = "z\033[2Jc";
    info.command = "./a\n22:10:06 removed  5";
    assert_line(EVENT_CREATED, NULL, &info,
                "22:10:05 created  1867776 key 0x00143511 z\\x1b[2Jc 384 KiB by 4711 "
                "./a\\x0a22:10:06 removed  5\n");
}

static void forms_of_a_terminal(void **state)
{
    const struct event event = {EVENT_CREATED, NULL, &plain};
    const struct event orphaned = {EVENT_ORPHANED, &plain, &plain};
    struct segment_info info = plain;
    const struct event longer = {EVENT_CREATED, NULL, &info};
    struct column_format terminal = format;

    (void)state;
    info.command = "./a.out --with=many words";
    terminal.width = 70;
    assert_appends("22:10:05 created  1867776 key 0x00143511 zc 384 KiB by 4711 ./a.out\n",
                   event_report_line, &event, &terminal);
    assert_appends(
        "22:10:05 created  1867776 key 0x00143511 zc 384 KiB by 4711 ./a.out -\342\200\246\n",
        event_report_line, &longer, &terminal);
    /* Nothing but the command is cut. */
    terminal.width = 20;
    assert_appends("22:10:05 orphaned 1867776 key 0x00143511 zc 384 KiB\n", event_report_line,
                   &orphaned, &terminal);
    terminal.width = 0;
    terminal.color = true;
    assert_appends("22:10:05 \033[31morphaned\033[0m 1867776 key 0x00143511 zc 384 KiB\n",
                   event_report_line, &orphaned, &terminal);
    terminal.color = false;
    terminal.numeric = true;
    terminal.time = TIME_ISO;
    assert_appends("1970-01-01T22:10:05+00:00 orphaned 1867776 key 0x00143511 1000 384 KiB\n",
                   event_report_line, &orphaned, &terminal);
}

static void assert_unseen(const char *expected, enum unseen_bound bound, uint64_t count)
{
    const struct unseen unseen = {bound, count};

    assert_appends(expected, event_report_unseen, &unseen, 0, NULL, &format);
}

static void the_unseen_are_counted(void **state)
{
    const struct unseen unseen = {UNSEEN_EXACT, 12};

    (void)state;
    assert_unseen("22:10:05 12 more came and went unseen\n", UNSEEN_EXACT, 12);
    assert_unseen("22:10:05 at least 1 more came and went unseen\n", UNSEEN_AT_LEAST, 1);
    assert_unseen("22:10:05 at most 2 more came and went unseen\n", UNSEEN_AT_MOST, 2);
    assert_unseen("22:10:05 about 300 more came and went unseen\n", UNSEEN_ABOUT, 300);
    assert_unseen("", UNSEEN_EXACT, 0);
    assert_unseen("", UNSEEN_UNKNOWN, 0);
    assert_appends("22:10:05 12 more came and went unseen in 4026532177\n", event_report_unseen,
                   &unseen, 4026532177, NULL, &format);
    assert_appends("22:10:05 12 more came and went unseen in 4026532177 web\\x201\n",
                   event_report_unseen, &unseen, 4026532177, "web 1", &format);
}

static void the_namespace_stands_behind_the_id(void **state)
{
    struct segment_info there = plain;

    (void)state;
    there.namespace = 4026532177;
    assert_line(EVENT_REMOVED, &there, NULL, "22:10:05 removed  1867776 in 4026532177\n");
    there.container = "web\n1";
    assert_line(
        EVENT_CREATED, NULL, &there,
        "22:10:05 created  1867776 in 4026532177 web\\x0a1 key 0x00143511 zc 384 KiB by 4711 "
        "./a.out\n");
    assert_line(EVENT_ORPHANED, &there, &there,
                "22:10:05 orphaned 1867776 in 4026532177 web\\x0a1 key 0x00143511 zc 384 KiB\n");
}

static void objects_have_the_segment_and_what_it_was(void **state)
{
    struct column_set columns = COLUMN_SET_INIT;
    struct segment_info now = plain;
    const struct event attached = {EVENT_ATTACHED, &plain, &now};
    const struct event created = {EVENT_CREATED, NULL, &plain};
    const struct event removed = {EVENT_REMOVED, &plain, NULL};

    (void)state;
    column_set_add_list(&columns, &segment_columns, "shmid,owner,nattch,lpid,status,command", NULL);
    now.segment.nattch = 2;
    now.segment.lpid = 4712;
    now.owner = "a\"b";
    assert_appends(
        "\"event\": \"attached\", \"segment\": {\"shmid\": 1867776, \"owner\": "
        "\"a\\\"b\", \"nattch\": 2, \"lpid\": 4712, \"status\": [], \"command\": "
        "\"./a.out\"}, \"before\": {\"owner\": \"zc\", \"nattch\": 0, \"lpid\": null}}\n",
        event_report_json, &attached, &columns, &format, NULL);
    assert_appends("\"event\": \"removed\", \"segment\": {\"shmid\": 1867776, \"owner\": \"zc\", "
                   "\"nattch\": 0, \"lpid\": null, \"status\": [], \"command\": \"./a.out\"}, "
                   "\"before\": {}}\n",
                   event_report_json, &removed, &columns, &format, NULL);
    column_set_release(&columns);
    column_set_add_list(&columns, &segment_columns, "shmid", NULL);
    assert_appends("\"event\": \"created\", \"segment\": {\"shmid\": 1867776}, \"before\": {}, "
                   "\"unseen\": 12, \"unseen_is\": \"exact\"}\n",
                   event_report_json, &created, &columns, &format,
                   (&(struct unseen){UNSEEN_EXACT, 12}));
    assert_appends("\"event\": \"created\", \"segment\": {\"shmid\": 1867776}, \"before\": {}, "
                   "\"unseen\": null, \"unseen_is\": null}\n",
                   event_report_json, &created, &columns, &format,
                   (&(struct unseen){UNSEEN_UNKNOWN, 0}));
    column_set_release(&columns);
}

static void names_are_looked_up_unless_numbers_are_shown(void **state)
{
    struct column_format numeric = format;

    (void)state;
    numeric.numeric = true;
    assert_true(event_report_needs(&format) & NEED_OWNER);
    assert_false(event_report_needs(&numeric) & NEED_OWNER);
    assert_true(event_report_needs(&numeric) & NEED_COMMAND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_event_has_its_line),
        cmocka_unit_test(changes_are_old_and_new),
        cmocka_unit_test(what_is_not_known_is_left_out),
        cmocka_unit_test(hostile_names_do_nothing),
        cmocka_unit_test(forms_of_a_terminal),
        cmocka_unit_test(the_unseen_are_counted),
        cmocka_unit_test(the_namespace_stands_behind_the_id),
        cmocka_unit_test(objects_have_the_segment_and_what_it_was),
        cmocka_unit_test(names_are_looked_up_unless_numbers_are_shown),
    };

    return cmocka_run_group_tests_name("view/event_report", tests, setup, NULL);
}
