/* view/segment_report: a segment as stat shows it, with everything known and with nothing. */
#include "view/segment_report.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/protection.h"
#include "shown.h"
#include "unit.h"

static const struct column_format plain = {.now = 1795299067};
static const struct inventory live = {.live = true};
static const struct inventory saved = {.live = false};

static const struct attachment holders[] = {
    {.shmid = 5,
     .pid = 812,
     .original_key = 0x00143511,
     .has_uid = true,
     .writable = true,
     .uid = 1001,
     .maps = 2,
     .user = "zc",
     .command = "/usr/bin/postgres -D /x"},
    {.shmid = 5,
     .pid = 99,
     .original_key = 0x00143511,
     .has_uid = true,
     .uid = 54321,
     .maps = 1,
     .command = "\x1b[31m\xff\"\\x41"},
};

static char unit_shown[] = "docker:web\x1b";
static char unit_name[] = "web\x1b";
static char unit_id[] = "4f3a12bc9d0177b0c1d2e3f405162738495a6b7c8d9e0f1a2b3c4d5e6f708192";
static const struct cgroup_unit container = {
    .kind = "docker", .unit = unit_shown, .container = unit_id, .name = unit_name};
static const struct protection_rule rule = {.where = (char[]){"/etc/shmtool.conf:2"},
                                            .text = (char[]){"stop\x1b it"}};

/* A row of which all that there is was looked up; hostile names and command lines. */
static const struct segment_info full = {
    .segment = {.shmid = 5,
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
                .swap = 0,
                .atime = 1795299005,
                .dtime = 1795299006,
                .ctime = 1795299007},
    .owner = "zc",
    .group = "staff",
    .creator = "maker\x1b\xff\\x41\"",
    .creator_group = "users",
    .command = "/bin/maker \x07",
    .unit = {.is = &container, .by_holders = true},
    .last_command = "user\n\xc3\xbc\x80",
    .attachments = holders,
    .attachment_count = 2,
    .has_protection = true,
    .protected_by = &rule,
    .state = STATE_DEST,
    .creator_status = PROCESS_ALIVE,
    .last_status = PROCESS_ALIVE,
};

/* Nothing but an id: all else is 0, unknown or never was. */
static const struct segment_info empty = {
    .segment = {.shmid = 0},
    .state = STATE_UNKNOWN,
    .doubt = DOUBT_CREATOR,
    .creator_status = PROCESS_ELSEWHERE,
    .last_status = PROCESS_NEVER,
};

static void the_block_of_a_full_row(void **state)
{
    (void)state;
    assert_appends(
        "Segment 5\n"
        "  key            0x00000000\n"
        "  shmid          5\n"
        "  owner          zc\n"
        "  uid            1001\n"
        "  group          staff\n"
        "  gid            1002\n"
        "  creator        maker\\x1b\\xff\\x5cx41\"\n"
        "  cuid           1003\n"
        "  creator_group  users\n"
        "  cgid           1004\n"
        "  perms          640 (rw-r-----)\n"
        "  bytes          1536 (1.5 KiB)\n"
        "  rss            4096 (4 KiB)\n"
        "  swap           0\n"
        "  nattch         3\n"
        "  status         dest,locked\n"
        "  state          dest\n"
        "  cpid           4711 (alive)\n"
        "  lpid           4712 (alive: user\\x0a\xc3\xbc\\x80)\n"
        "  atime          2026-11-21T22:10:05+00:00 (1m2s ago)\n"
        "  dtime          2026-11-21T22:10:06+00:00 (1m1s ago)\n"
        "  ctime          2026-11-21T22:10:07+00:00 (1m0s ago)\n"
        "  command        /bin/maker \\x07\n"
        "  unit           docker:web\\x1b\n"
        "  program        -\n"
        "  program_by     -\n"
        "  protected      /etc/shmtool.conf:2 (stop\\x1b it)\n"
        "  namespace      -\n"
        "  container      web\\x1b\n"
        "  host           -\n"
        "  original_key   0x00143511 (before it was marked; another segment may have it "
        "now)\n"
        "\n"
        "  nattch 3: 3 found in 2 processes\n"
        "    pid user  access maps command\n"
        "    812 zc    rw        2 /usr/bin/postgres -D /x\n"
        "    99  54321 ro        1 \\x1b[31m\\xff\"\\x5cx41\n"
        "\n"
        "  Marked for destruction: it goes when the last process that has it attached\n"
        "  detaches or ends; nobody finds it by a key any more. 'shmtool rm 5' would\n"
        "  change nothing. To free it now, end the processes that 'shmtool who -q 5'\n"
        "  prints. The processes that have it attached run in Docker container web\\x1b\n"
        "  (4f3a12bc9d01).\n",
        segment_report_text, &full, &live, &plain);
}

static void the_block_of_an_empty_row(void **state)
{
    (void)state;
    assert_appends("Segment 0\n"
                   "  key            0x00000000\n"
                   "  shmid          0\n"
                   "  owner          0\n"
                   "  uid            0\n"
                   "  group          0\n"
                   "  gid            0\n"
                   "  creator        0\n"
                   "  cuid           0\n"
                   "  creator_group  0\n"
                   "  cgid           0\n"
                   "  perms          0 (---------)\n"
                   "  bytes          0\n"
                   "  rss            unknown\n"
                   "  swap           unknown\n"
                   "  nattch         0\n"
                   "  status         -\n"
                   "  state          unknown\n"
                   "  cpid           - (in another PID namespace)\n"
                   "  lpid           - (never attached)\n"
                   "  atime          never\n"
                   "  dtime          never\n"
                   "  ctime          never\n"
                   "  command        -\n"
                   "  unit           -\n"
                   "  program        -\n"
                   "  program_by     -\n"
                   "  protected      unknown\n"
                   "  namespace      -\n"
                   "  container      -\n"
                   "  host           -\n"
                   "\n"
                   "  nattch 0: attached by no process\n"
                   "\n"
                   "  Unknown: nobody has it attached, but whether anybody still needs it is\n"
                   "  unknown: its creator is in another PID namespace. On that machine\n"
                   "  'shmtool rm 0' would destroy it at once and free 0 B. Ask its owner first.\n",
                   segment_report_text, &empty, &saved, &plain);
}

static void the_object_of_a_full_row(void **state)
{
    (void)state;
    assert_appends(
        "{\"key\": \"0x00000000\", \"shmid\": 5, \"owner\": \"zc\", \"uid\": 1001, \"group\": "
        "\"staff\", \"gid\": 1002, \"creator\": \"maker\\u001b\\ufffd\\\\x41\\\"\", \"cuid\": "
        "1003, \"creator_group\": \"users\", \"cgid\": 1004, \"perms\": \"0640\", \"bytes\": 1536, "
        "\"rss\": 4096, \"swap\": 0, \"nattch\": 3, \"status\": [\"dest\",\"locked\"], \"state\": "
        "\"dest\", \"cpid\": 4711, \"lpid\": 4712, \"atime\": \"2026-11-21T22:10:05+00:00\", "
        "\"dtime\": \"2026-11-21T22:10:06+00:00\", \"ctime\": \"2026-11-21T22:10:07+00:00\", "
        "\"command\": \"/bin/maker \\u0007\", \"unit\": \"docker:web\\u001b\", \"program\": null, "
        "\"program_by\": null, \"protected\": {\"by\": "
        "\"/etc/shmtool.conf:2\", \"reason\": \"stop\\u001b it\"}, \"namespace\": "
        "null, \"container\": \"web\\u001b\", \"host\": null, "
        "\"attachments\": "
        "[{\"shmid\": 5, \"key\": "
        "\"0x00000000\", \"pid\": 812, \"uid\": 1001, \"user\": \"zc\", \"access\": \"rw\", "
        "\"maps\": 2, \"command\": \"/usr/bin/postgres -D /x\", \"namespace\": null, "
        "\"container\": \"web\\u001b\"}, {\"shmid\": 5, \"key\": "
        "\"0x00000000\", \"pid\": 99, \"uid\": 54321, \"user\": null, \"access\": \"ro\", "
        "\"maps\": 1, \"command\": \"\\u001b[31m\\ufffd\\\"\\\\x41\", \"namespace\": null, "
        "\"container\": \"web\\u001b\"}], \"maps_found\": 3, "
        "\"unseen\": 0, "
        "\"original_key\": \"0x00143511\", \"explanation\": \"Marked for destruction: it goes when "
        "the last process that has it attached detaches or ends; nobody finds it by a key any "
        "more. 'shmtool rm 5' would change nothing. To free it now, end the processes that "
        "'shmtool who -q 5' prints. The processes that have it attached run in Docker container "
        "web\\u001b (4f3a12bc9d01).\"}",
        segment_report_json, &full, &live, &plain);
}

static void the_object_of_an_empty_row(void **state)
{
    (void)state;
    assert_appends(
        "{\"key\": \"0x00000000\", \"shmid\": 0, \"owner\": null, \"uid\": 0, \"group\": null, "
        "\"gid\": 0, \"creator\": null, \"cuid\": 0, \"creator_group\": null, \"cgid\": 0, "
        "\"perms\": \"0000\", \"bytes\": 0, \"rss\": null, \"swap\": null, \"nattch\": 0, "
        "\"status\": [], \"state\": \"unknown\", \"cpid\": null, \"lpid\": null, \"atime\": null, "
        "\"dtime\": null, \"ctime\": null, \"command\": null, \"unit\": null, \"program\": null, "
        "\"program_by\": null, \"protected\": null, \"namespace\": null, "
        "\"container\": null, \"host\": null, \"attachments\": [], "
        "\"maps_found\": 0, \"unseen\": 0, \"original_key\": null, \"explanation\": \"Unknown: "
        "nobody has it "
        "attached, but whether anybody still needs it is unknown: its creator is in another PID "
        "namespace. On that machine 'shmtool rm 0' would destroy it at once and free 0 B. Ask its "
        "owner first.\"}",
        segment_report_json, &empty, &saved, &plain);
}

/* What is shown between the fields and the explanation. */
static void a_private_segment_that_was_marked(void **state)
{
    static const struct attachment holder = {.shmid = 5, .pid = 7, .maps = 1};
    static const struct segment_info info = {
        .segment = {.shmid = 5, .mode = SEGMENT_DEST, .nattch = 1},
        .state = STATE_DEST,
        .attachments = &holder,
        .attachment_count = 1,
    };
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

    (void)state;
    segment_report_text(&out, &info, &live, &plain);
    assert_non_null(strstr(strbuf_string(&out),
                           "  original_key   0x00000000 (it was private from the start)\n"
                           "\n"
                           "  nattch 1: 1 found in 1 process\n"
                           "    pid user access maps command\n"
                           "    7   -    ro        1\n"));
}

static void only_what_is_marked_shows_its_original_key_as_a_field(void **state)
{
    static const struct segment_info info = {
        .segment = {.shmid = 5, .key = 0x00143511, .nattch = 3},
        .state = STATE_USED,
        .attachments = holders,
        .attachment_count = 2,
    };
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf json = STRBUF_INIT;

    (void)state;
    segment_report_text(&text, &info, &live, &plain);
    assert_null(strstr(strbuf_string(&text), "original_key"));
    segment_report_json(&json, &info, &live, &plain);
    assert_non_null(strstr(strbuf_string(&json), "\"original_key\": \"0x00143511\", "));
}

/* What is protected goes with --even-protected alone, and stat says so. */
static void a_protected_orphan(void **state)
{
    static const struct segment_info info = {
        .segment = {.shmid = 5, .cpid = 4711},
        .has_protection = true,
        .protected_by = &rule,
        .state = STATE_ORPHAN,
        .creator_status = PROCESS_DEAD,
        .last_status = PROCESS_NEVER,
    };
    CLEANUP_STRBUF struct strbuf json = STRBUF_INIT;

    (void)state;
    segment_report_json(&json, &info, &live, &plain);
    assert_non_null(strstr(strbuf_string(&json),
                           "Protected by /etc/shmtool.conf:2 (stop\\u001b it): it is left alone. "
                           "'shmtool rm --even-protected 5' would destroy it at once"));
}

static void everything_is_needed_that_can_be_shown(void **state)
{
    (void)state;
    assert_int_equal(segment_report_needs(),
                     NEED_USAGE | NEED_OWNER | NEED_GROUP | NEED_CREATOR | NEED_CREATOR_GROUP |
                         NEED_STATE | NEED_COMMAND | NEED_LAST_COMMAND | NEED_ATTACHMENTS |
                         NEED_HOLDERS | NEED_CREDENTIALS | NEED_UNIT | NEED_PROGRAM |
                         NEED_NAMESPACE | NEED_CONTAINER | NEED_PROTECTION);
}

static int setup(void **state)
{
    (void)state;
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    tzset();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_block_of_a_full_row),
        cmocka_unit_test(the_block_of_an_empty_row),
        cmocka_unit_test(the_object_of_a_full_row),
        cmocka_unit_test(the_object_of_an_empty_row),
        cmocka_unit_test(a_private_segment_that_was_marked),
        cmocka_unit_test(only_what_is_marked_shows_its_original_key_as_a_field),
        cmocka_unit_test(a_protected_orphan),
        cmocka_unit_test(everything_is_needed_that_can_be_shown),
    };

    return cmocka_run_group_tests_name("view/segment_report", tests, setup, NULL);
}
