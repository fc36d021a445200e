/* view/describe: phrases about users, processes and segments, from rows of plain data. */
#include "view/describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "shown.h"
#include "unit.h"

static const struct attachment holders[] = {
    {.shmid = 5, .pid = 812, .maps = 2, .command = "/usr/bin/postgres -D /x"},
    {.shmid = 5, .pid = 99, .maps = 1, .command = "php"},
    {.shmid = 5, .pid = 100, .maps = 1},
    {.shmid = 5, .pid = 101, .maps = 1, .command = "a b"},
    {.shmid = 5, .pid = 102, .maps = 1, .command = "c/d e"},
    {.shmid = 5, .pid = 103, .maps = 3, .command = "f"},
};

static const struct inventory live = {.live = true};
static const struct inventory saved = {.live = false};
static const struct inventory of_user = {
    .live = true,
    .has_credentials = true,
    .credentials = {.euid = 1001},
    .user = "zc",
};
static const struct inventory of_bare_root = {.live = true, .has_credentials = true};

static void users(void **state)
{
    (void)state;
    assert_appends("zc", describe_user, "zc", 1001);
    assert_appends("user nobody", describe_user, "nobody", 65534);
    assert_appends("uid 4711", describe_user, NULL, 4711);
    assert_appends("uid 4294967294", describe_user, NULL, 4294967294U);
    assert_appends("uid 0", describe_user, NULL, 0);
}

static void processes(void **state)
{
    static const struct {
        const char *command;
        const char *expected;
    } cases[] = {
        {NULL, "process 812"},
        {"postgres", "postgres[812]"},
        {"/usr/lib/postgres -D /var/lib", "postgres[812]"},
        {"/usr/lib/postgres", "postgres[812]"},
        {"a/b c", "a/b[812]"}, /* a title that a program gave itself */
        {"worker: idle", "worker:[812]"},
        {"[kthread]", "[kthread][812]"},
        {"", "[812]"},
        {"/", "[812]"},
        {" x", "[812]"},
        {"\x1b[31m\xff\"\\x41", "\x1b[31m\xff\"\\x41[812]"}, /* escaped where it is shown */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_appends(cases[i].expected, describe_process, cases[i].command, 812);
}

static void amounts(void **state)
{
    (void)state;
    assert_appends("0 segments, 0 B", describe_segments, 0, 0);
    assert_appends("1 segment, 1 B", describe_segments, 1, 1);
    assert_appends("3 segments, 1.2 MiB", describe_segments, 3, 1258291);
    assert_appends("", describe_rest, 0);
    assert_appends("", describe_rest, 5);
    assert_appends(" and 1 more", describe_rest, 6);
    assert_appends(" and 1995 more", describe_rest, 2000);
}

static const char *const statuses[] = {
    [PROCESS_NOT_LOOKED_UP] = "unknown",
    [PROCESS_NEVER] = "never attached",
    [PROCESS_ALIVE] = "alive",
    [PROCESS_DEAD] = "dead",
    [PROCESS_PID_REUSED] = "dead; another process has its pid now",
    [PROCESS_ELSEWHERE] = "in another PID namespace",
    [PROCESS_NOT_SAVED] = "not shown by the saved tree",
    [PROCESS_CLOCK_STEPPED] = "perhaps alive: a process has this pid, but the clock was set since "
                              "then, or may have been, so its start proves nothing",
    [PROCESS_HIDDEN] = "perhaps alive: a process has this pid, but /proc does not show it",
    [PROCESS_FOREIGN_PROC] = "perhaps alive: a process has this pid, but /proc is that of another "
                             "PID namespace",
};

static void every_status_of_creator_and_last_user(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        const struct segment_info creator = {.creator_status = (enum process_status)i,
                                             .last_status = PROCESS_ALIVE};
        const struct segment_info last = {.creator_status = PROCESS_ALIVE,
                                          .last_status = (enum process_status)i};

        assert_appends(statuses[i], describe_creator, &creator);
        assert_appends(statuses[i], describe_last_user, &last);
    }
}

static const struct {
    struct segment_info info;
    const char *expected;
} doubts[] = {
    {{.doubt = DOUBT_CREATOR, .creator_status = PROCESS_ELSEWHERE, .last_status = PROCESS_HIDDEN},
     "its creator is in another PID namespace"},
    {{.doubt = DOUBT_LAST_USER, .creator_status = PROCESS_DEAD, .last_status = PROCESS_NOT_SAVED},
     "the last process that used it is not shown by the saved tree"},
    {{.doubt = DOUBT_TOUCHED, .creator_status = PROCESS_DEAD, .last_status = PROCESS_DEAD},
     "somebody attached, detached or changed it while it was inspected"},
    {{.doubt = DOUBT_UNREADABLE, .creator_status = PROCESS_DEAD, .last_status = PROCESS_DEAD},
     "somebody may have used it while it was inspected, and it could not be read again"},
    {{.doubt = DOUBT_MAPPED, .creator_status = PROCESS_DEAD, .last_status = PROCESS_DEAD},
     "a process has mapped it by a descriptor (/proc/PID/map_files), which nattch does not count, "
     "and would keep its memory"},
};

static void every_doubt(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(doubts); i++)
        assert_appends(doubts[i].expected, describe_doubt, &doubts[i].info);
}

static void holders_by_name_and_the_rest_by_number(void **state)
{
    static const struct {
        uint32_t count;
        uint64_t nattch;
        const char *expected;
    } cases[] = {
        {0, 0, "nobody any more"}, /* marked, and about to go */
        {0, 2, "2 of 2 attachments in no process that could be inspected"},
        {1, 2, "postgres[812] 2 times"},
        {1, 1, "postgres[812] 2 times"}, /* attached since it was counted */
        {1, 3, "postgres[812] 2 times; 1 of 3 attachments in no process that could be inspected"},
        {5, 6, "postgres[812] 2 times, php[99], process 100, a[101], c/d[102]"},
        {6, 9, "postgres[812] 2 times, php[99], process 100, a[101], c/d[102] and 1 more"},
        {6, UINT64_MAX,
         "postgres[812] 2 times, php[99], process 100, a[101], c/d[102] and 1 more; "
         "18446744073709551606 of 18446744073709551615 attachments in no process that could be "
         "inspected"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct segment_info info = {.segment = {.nattch = cases[i].nattch},
                                          .attachments = holders,
                                          .attachment_count = cases[i].count};

        assert_appends(cases[i].expected, describe_holders, &info);
    }
}

static void nattch_against_what_was_found(void **state)
{
    static const struct inventory unreadable = {.live = true, .attachments = {.unreadable = 1}};
    static const struct inventory hidden = {.live = true, .attachments = {.hidden = true}};
    static const struct {
        uint64_t nattch;
        uint32_t count;
        const struct inventory *inventory;
        const char *expected;
    } cases[] = {
        {0, 0, &live, "nattch 0: attached by no process"},
        {2, 1, &live, "nattch 2: 2 found in 1 process"},
        {3, 2, &unreadable, "nattch 3: 3 found in 2 processes"},
        {5, 2, &unreadable, "nattch 5: 3 found in 2 processes, 2 in processes not visible to you"},
        {5, 2, &hidden, "nattch 5: 3 found in 2 processes, 2 in processes not visible to you"},
        {5, 1, &saved,
         "nattch 5: 2 found in 1 process, 3 in processes that the saved tree does not show"},
        {5, 1, &live,
         "nattch 5: 2 found in 1 process, 3 not found: in another PID namespace, or attached "
         "before moving to another IPC namespace"},
        {1, 0, &hidden, "nattch 1: 1 in processes not visible to you"},
        {1, 0, &saved, "nattch 1: 1 in processes that the saved tree does not show"},
        {4, 0, &live,
         "nattch 4: 4 not found: in another PID namespace, or attached before moving to another "
         "IPC namespace"},
        {1, 1, &saved, "nattch 1: 2 found in 1 process, attached just now"},
        {1, 2, &saved,
         "nattch 1: 3 found in 2 processes, some of which share their memory or attached just "
         "now"},
        {1, 1, &live,
         "nattch 1: 2 found in 1 process, some of them mapped by a descriptor "
         "(/proc/PID/map_files), which nattch does not count"},
        {0, 1, &live,
         "nattch 0: 2 found in 1 process, mapped by a descriptor (/proc/PID/map_files), which "
         "nattch does not count"},
        {1, 2, &live,
         "nattch 1: 3 found in 2 processes, some of which share their memory or have mapped a "
         "descriptor (/proc/PID/map_files), which nattch does not count"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct segment_info info = {.segment = {.nattch = cases[i].nattch},
                                          .attachments = holders,
                                          .attachment_count = cases[i].count};

        assert_appends(cases[i].expected, describe_nattch, &info, cases[i].inventory);
    }
}

/* Processes attach and detach while they are read: nothing is said to be missing. */
static void what_changes_all_the_time(void **state)
{
    static const struct {
        uint64_t nattch;
        uint32_t count;
        const char *expected;
    } cases[] = {
        {5, 1, "nattch 5: 2 found in 1 process, others attached or detached just now"},
        {5, 0, "nattch 5: others attached or detached just now"},
        {1, 1, "nattch 1: 2 found in 1 process, attached just now"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct segment_info info = {.segment = {.nattch = cases[i].nattch},
                                          .attachments = holders,
                                          .attachment_count = cases[i].count,
                                          .unsettled = true};

        assert_appends(cases[i].expected, describe_nattch, &info, &live);
    }
}

static void what_was_found_and_what_nattch_counts(void **state)
{
    struct segment_info rows[] = {
        {.segment = {.shmid = 3, .nattch = 2}, .attachments = holders, .attachment_count = 1},
        {.segment = {.shmid = 5, .nattch = 7}, .attachments = holders, .attachment_count = 2},
        {.segment = {.shmid = 6, .nattch = 9}, .unsettled = true},
        {.segment = {.shmid = 7, .nattch = 1}},
        {.segment = {.shmid = 8, .nattch = 1}, .attachments = holders, .attachment_count = 1},
        {.segment = {.shmid = 9, .nattch = 1}},
        {.segment = {.shmid = 10, .nattch = 1}},
        {.segment = {.shmid = 11, .nattch = 1}},
        {.segment = {.shmid = 12, .nattch = 1}},
    };
    struct inventory inventory = {.live = true, .rows = rows, .count = 1};
    static const char why[] = ": in another PID namespace, or of a process that moved to another "
                              "IPC namespace after it had attached";
    char expected[512];

    (void)state;
    assert_appends("", describe_unseen, &inventory);
    assert_appends("", describe_surplus, &inventory);
    inventory.count = 2;
    snprintf(expected, sizeof(expected),
             "4 attachments are in no process visible here (segment 5: nattch 7, 3 found)%s", why);
    assert_appends(expected, describe_unseen, &inventory);
    inventory.count = COUNT_OF(rows);
    snprintf(expected, sizeof(expected),
             "9 attachments are in no process visible here (segment 5: nattch 7, 3 found; "
             "segment 7: nattch 1, 0 found; segment 9: nattch 1, 0 found; segment 10: nattch 1, "
             "0 found; segment 11: nattch 1, 0 found and 1 more)%s",
             why);
    assert_appends(expected, describe_unseen, &inventory);
    inventory.count = 2;
    inventory.attachments.unreadable = 1;
    assert_appends("4 attachments are in no process visible here (segment 5: nattch 7, 3 found): "
                   "of processes that could not be read, in another PID namespace, or of a process "
                   "that moved to another IPC namespace after it had attached",
                   describe_unseen, &inventory);
    inventory.count = COUNT_OF(rows);
    assert_appends("more mappings were found than nattch counts (segment 8: nattch 1, 2 found): "
                   "of processes that share their memory, or of a descriptor "
                   "(/proc/PID/map_files), which keeps the segment's memory all the same",
                   describe_surplus, &inventory);
    inventory.live = false;
    assert_appends("9 attachments are in processes that the saved tree does not show",
                   describe_unseen, &inventory);
    assert_appends("", describe_surplus, &inventory);
}

static void a_segment_in_one_clause(void **state)
{
    static const struct {
        struct segment_info info;
        const char *expected;
    } cases[] = {
        {{.segment = {.uid = 1001, .mode = 01640, .ctime = 1795299005, .cpid = 7, .nattch = 2},
          .owner = "zc",
          .command = "/bin/maker --it",
          .state = STATE_USED,
          .creator_status = PROCESS_ALIVE,
          .attachments = holders,
          .attachment_count = 1},
         "it belongs to zc (perms 640) since 2026-11-21T22:10:05+00:00 (1m2s ago), was made by "
         "maker[7] (alive), and is in use by postgres[812] 2 times"},
        {{.segment = {.uid = 4711, .ctime = 1795299005, .cpid = 7, .nattch = 1},
          .state = STATE_DEST,
          .creator_status = PROCESS_PID_REUSED},
         "it belongs to uid 4711 (perms 0) since 2026-11-21T22:10:05+00:00 (1m2s ago), was made "
         "by process 7 (dead; another process has its pid now), and is marked for destruction, "
         "and held by 1 of 1 attachments in no process that could be inspected"},
        {{.segment = {.mode = 0600, .ctime = 1795299067, .cpid = 7},
          .owner = "root",
          .state = STATE_ORPHAN,
          .creator_status = PROCESS_DEAD},
         "it belongs to root (perms 600) since 2026-11-21T22:11:07+00:00 (0s ago), was made by "
         "process 7 (dead), and is an orphan: nobody has it attached, and its last users are "
         "dead"},
        {{.segment = {.mode = 0600, .ctime = 1795299067, .cpid = 7},
          .owner = "root",
          .state = STATE_IDLE,
          .creator_status = PROCESS_DEAD},
         "it belongs to root (perms 600) since 2026-11-21T22:11:07+00:00 (0s ago), was made by "
         "process 7 (dead), and is idle: nobody has it attached, but its creator or last user is "
         "alive"},
        {{.segment = {.mode = 0600, .ctime = 1795299067},
          .owner = "root",
          .state = STATE_UNKNOWN,
          .creator_status = PROCESS_ELSEWHERE},
         "it belongs to root (perms 600) since 2026-11-21T22:11:07+00:00 (0s ago), was made by a "
         "process (in another PID namespace), and is not attached by anybody; whether its users "
         "are alive is unknown"},
    };

    static const struct inventory inventory = {.clock = {.now = 1795299067}};
    static const struct inventory inside = {.clock = {.now = 1795299067},
                                            .credentials = {.private_user = true}};
    static const struct segment_info hidden = {
        .segment = {.uid = 65534, .mode = 0640, .ctime = 1795299067},
        .owner = "nobody",
        .state = STATE_UNKNOWN,
        .creator_status = PROCESS_ELSEWHERE};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_appends(cases[i].expected, describe_segment, &inventory, &cases[i].info);
    assert_appends("it belongs to a user whom this user namespace does not show (perms 640) since "
                   "2026-11-21T22:11:07+00:00 (0s ago), was made by a process (in another PID "
                   "namespace), and is not attached by anybody; whether its users are alive is "
                   "unknown",
                   describe_segment, &inside, &hidden);
}

/* A row of each state, and what is said of it where nothing hinders rm. */
static const struct {
    struct segment_info info;
    const char *before;      /* the sentence with rm in it */
    const char *after;       /* "would" */
    const char *after_saved; /* NULL: the same */
} sentences[] = {
    {{.segment = {.shmid = 5, .uid = 1001, .key = 1, .nattch = 1, .cpid = 7},
      .state = STATE_USED,
      .creator_status = PROCESS_ALIVE},
     "In use. ",
     "only mark it for destruction: processes that have it attached keep it, and it goes when "
     "the last one detaches. Its key would be free at once: programs that ask for the key then get "
     "a new "
     "segment and share nothing with those that hold this one. Stop its programs instead.",
     NULL},
    {{.segment = {.shmid = 5, .uid = 1001, .nattch = 1, .cpid = 7},
      .state = STATE_USED,
      .creator_status = PROCESS_DEAD},
     "In use. Its creator is dead, but other processes still have it attached. ",
     "only mark it for destruction: processes that have it attached keep it, and it goes when "
     "the last one detaches.",
     NULL},
    {{.segment = {.shmid = 5, .uid = 1001, .nattch = 1, .cpid = 7},
      .state = STATE_USED,
      .creator_status = PROCESS_PID_REUSED},
     "In use. Its creator is dead, but other processes still have it attached. ",
     "only mark it for destruction: processes that have it attached keep it, and it goes when "
     "the last one detaches.",
     NULL},
    {{.segment = {.shmid = 5, .uid = 1001, .mode = SEGMENT_DEST, .nattch = 1}, .state = STATE_DEST},
     "Marked for destruction: it goes when the last process that has it attached detaches or "
     "ends; nobody finds it by a key any more. ",
     "change nothing.",
     NULL},
    {{.segment = {.shmid = 5, .uid = 1001, .mode = SEGMENT_DEST, .nattch = 2},
      .state = STATE_DEST,
      .attachments = holders,
      .attachment_count = 1},
     "Marked for destruction: it goes when the last process that has it attached detaches or "
     "ends; nobody finds it by a key any more. ",
     "change nothing. To free it now, end the processes that 'shmtool who -q 5' prints.",
     "change nothing. To free it now, end the processes that 'shmtool who -q 5' prints there."},
    {{.segment = {.shmid = 5, .uid = 1001, .size = 393216},
      .state = STATE_ORPHAN,
      .creator_status = PROCESS_DEAD,
      .last_status = PROCESS_DEAD},
     "Orphan: nobody has it attached, and both its creator and the last process that used it are "
     "dead. Its key is 0, so only a program that knows its id can still use it. ",
     "destroy it at once and free 384 KiB.",
     NULL},
    {{.segment = {.shmid = 5, .uid = 1001, .size = 1, .key = 9},
      .state = STATE_ORPHAN,
      .creator_status = PROCESS_DEAD,
      .last_status = PROCESS_NEVER},
     "Orphan: nobody ever attached it, and its creator is dead. It can still be found by its key: "
     "some programs (ntpd, gpsd, Berkeley DB) keep one on purpose for their next start, others "
     "failed to remove it. Make sure whose it is. ",
     "destroy it at once and free 1 B.",
     NULL},
    {{.segment = {.shmid = 5, .uid = 1001, .size = 1, .cpid = 7, .lpid = 8},
      .state = STATE_IDLE,
      .creator_status = PROCESS_ALIVE,
      .last_status = PROCESS_ALIVE},
     "Idle: nobody has it attached now, but its creator, process 7, is alive and may attach it "
     "again. ",
     "destroy it at once and free 1 B. A program that still needs it would fail.",
     NULL},
    {{.segment = {.shmid = 5, .uid = 1001, .size = 1, .cpid = 7, .lpid = 8},
      .state = STATE_IDLE,
      .creator_status = PROCESS_DEAD,
      .last_status = PROCESS_ALIVE},
     "Idle: nobody has it attached now, but the last process that used it, process 8, is alive "
     "and may attach it again. ",
     "destroy it at once and free 1 B. A program that still needs it would fail.",
     NULL},
    {{.segment = {.shmid = 5, .uid = 1001, .size = 1},
      .state = STATE_UNKNOWN,
      .doubt = DOUBT_CREATOR,
      .creator_status = PROCESS_ELSEWHERE},
     "Unknown: nobody has it attached, but whether anybody still needs it is unknown: its creator "
     "is in another PID namespace. ",
     "destroy it at once and free 1 B. Ask its owner first.",
     NULL},
};

#define RM "'shmtool rm 5' would "

/* Demands what describe_state() says of sentence I: RM between its two parts. */
static void assert_sentence(size_t i, const struct inventory *inventory, const char *rm)
{
    CLEANUP_STRBUF struct strbuf expected = STRBUF_INIT;
    struct segment_info info = sentences[i].info;
    const char *after = sentences[i].after;

    info.segment.cuid = info.segment.uid;
    if (!inventory->live && sentences[i].after_saved)
        after = sentences[i].after_saved;
    strbuf_printf(&expected, "%s%s%s", sentences[i].before, rm, after);
    assert_appends(strbuf_string(&expected), describe_state, &info, inventory);
}

static void every_state_live_and_saved(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sentences); i++) {
        assert_sentence(i, &live, RM);
        assert_sentence(i, &of_user, RM);
        assert_sentence(i, &saved, "On that machine " RM);
    }
}

/* What is marked already is left as it is, whoever runs it. */
static void every_state_without_the_right_to_remove(void **state)
{
    static const struct inventory of_other = {
        .live = true, .has_credentials = true, .credentials = {.euid = 1002}, .user = "cs"};
    static const struct inventory of_nameless = {
        .live = true, .has_credentials = true, .credentials = {.euid = 54321}};
    static const struct inventory of_admin = {
        .live = true, .has_credentials = true, .credentials = {.sys_admin = true}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sentences); i++) {
        bool dest = sentences[i].info.state == STATE_DEST;

        assert_sentence(i, &of_admin, RM);
        assert_sentence(i, &of_other,
                        dest ? RM
                             : RM "be refused to you, cs: only its owner, its creator and root may "
                                  "remove it. Run by root it would ");
        assert_sentence(i, &of_nameless,
                        dest ? RM
                             : RM "be refused to you, uid 54321: only its owner, its creator and "
                                  "root may remove it. Run by root it would ");
        assert_sentence(i, &of_bare_root,
                        dest ? RM
                             : RM "be refused to you, uid 0: only its owner, its creator and root "
                                  "with all capabilities may remove it. Run by root with all "
                                  "capabilities it would ");
    }
}

static void every_doubt_in_a_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(doubts); i++) {
        CLEANUP_STRBUF struct strbuf expected = STRBUF_INIT;
        struct segment_info info = doubts[i].info;

        info.state = STATE_UNKNOWN;
        info.segment.shmid = 5;
        strbuf_printf(&expected,
                      "Unknown: nobody has it attached, but whether anybody still needs it is "
                      "unknown: %s. " RM "destroy it at once%s. Ask its owner first.",
                      doubts[i].expected, info.doubt == DOUBT_MAPPED ? "" : " and free 0 B");
        assert_appends(strbuf_string(&expected), describe_state, &info, &live);
    }
}

static int use_utc(void **state)
{
    (void)state;
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    tzset();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users),
        cmocka_unit_test(processes),
        cmocka_unit_test(amounts),
        cmocka_unit_test(every_status_of_creator_and_last_user),
        cmocka_unit_test(every_doubt),
        cmocka_unit_test(holders_by_name_and_the_rest_by_number),
        cmocka_unit_test(nattch_against_what_was_found),
        cmocka_unit_test(what_changes_all_the_time),
        cmocka_unit_test(what_was_found_and_what_nattch_counts),
        cmocka_unit_test(a_segment_in_one_clause),
        cmocka_unit_test(every_state_live_and_saved),
        cmocka_unit_test(every_state_without_the_right_to_remove),
        cmocka_unit_test(every_doubt_in_a_sentence),
    };

    return cmocka_run_group_tests_name("view/describe", tests, use_utc, NULL);
}
