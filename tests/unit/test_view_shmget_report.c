/* view/shmget_report: each answer of shmget, why, and what helps, as text and as JSON. */
#include "view/shmget_report.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shown.h"
#include "unit.h"
#include "view/wrap.h"

/* --- Segments that have the key, or had it ---------------------------------------------------- */

static const struct attachment holder = {
    .shmid = 5, .pid = 812, .original_key = 0x00143511, .maps = 2, .command = "/bin/holdseg 5"};

#define RECORD(count, more_mode) \
    .segment = { \
        .key = 0x00143511, \
        .shmid = 5, \
        .mode = 0600 | (more_mode), \
        .uid = 1001, \
        .cuid = 1001, \
        .cpid = 7, \
        .size = 4096, \
        .nattch = (count), \
        .ctime = 1795299005, \
    }

#define OF_ZC "it belongs to zc (perms 600) since 2026-11-21T22:10:05+00:00 (1m2s ago), "
#define BY_DEAD OF_ZC "was made by process 7 (dead), and is "
#define AN_ORPHAN BY_DEAD "an orphan: nobody has it attached, and its last users are dead"
#define IN_USE BY_DEAD "in use by holdseg[812] 2 times"
#define AN_IDLE_ONE \
    OF_ZC "was made by maker[7] (alive), and is idle: nobody has it attached, but its creator or " \
          "last user is alive"

static const struct segment_info orphan = {RECORD(0, 0), .owner = "zc", .state = STATE_ORPHAN,
                                           .creator_status = PROCESS_DEAD};
static const struct segment_info idle = {RECORD(0, 0), .owner = "zc", .command = "maker",
                                         .state = STATE_IDLE, .creator_status = PROCESS_ALIVE};
static const struct segment_info used = {RECORD(2, 0),           .owner = "zc",
                                         .attachments = &holder, .attachment_count = 1,
                                         .state = STATE_USED,    .creator_status = PROCESS_DEAD};
static const struct segment_info former = {RECORD(2, SEGMENT_DEST), .attachments = &holder,
                                           .attachment_count = 1, .state = STATE_DEST};
static const struct segment_info hostile = {RECORD(0, 0), .owner = "z\x1b[m\xff\"\\x41",
                                            .command = "a\x07\xc3\xbc\x80 b", .state = STATE_IDLE,
                                            .creator_status = PROCESS_ALIVE};

/* --- Who asks, and what there is -------------------------------------------------------------- */

#define ASKED_BY(name, ...) \
    .live = true, .clock = {.now = 1795299067}, .has_credentials = true, \
    .credentials = {__VA_ARGS__}, .user = (name)
#define BY_ZC ASKED_BY("zc", .euid = 1001)
#define BY_CS ASKED_BY("cs", .euid = 1002, .egid = 1002)
#define BY_NAMELESS ASKED_BY(NULL, .euid = 54321, .egid = 54321)
#define BY_ROOT ASKED_BY("root", .sys_admin = true, .sets_limits = true)

/* A limit in pages of 4096 bytes, or in its own unit. */
#define LIMITED(id, value) \
    .limits = {.known = {[id] = true}, .values = {[id] = (value)}, .page_size = 4096}

/* Orphans: 40 pages in 2 segments of zc, 10 pages in 1 of a uid without name. */
static struct segment_info orphans[] = {
    {.segment = {.shmid = 1, .uid = 1001, .cuid = 1001, .size = 4096},
     .owner = "zc",
     .state = STATE_ORPHAN},
    {.segment = {.shmid = 2, .uid = 1001, .cuid = 1001, .size = 39 * 4096},
     .owner = "zc",
     .state = STATE_ORPHAN},
    {.segment = {.shmid = 3, .uid = 4711, .cuid = 4711, .size = 10 * 4096}, .state = STATE_ORPHAN},
    {.segment = {.shmid = 4, .uid = 1002, .cuid = 1002, .size = 1},
     .owner = "cs",
     .state = STATE_USED},
};
#define OWNER_SUM(uid_, owner_, segments_, pages_, orphans_, orphan_pages_) \
    { \
        .first = {.segment = {.uid = (uid_)}, .owner = (owner_)}, .segments = (segments_), \
        .pages = (pages_), .orphans = (orphans_), .orphan_pages = (orphan_pages_) \
    }
static struct sum sums[] = {
    OWNER_SUM(1001, "zc", 2, 40, 2, 40),
    OWNER_SUM(4711, NULL, 1, 10, 1, 10),
    OWNER_SUM(1002, "cs", 1, 1, 0, 0),
};
#define ORPHANS .rows = orphans, .count = COUNT_OF(orphans)
#define SUMS .sums = {.items = sums, .count = COUNT_OF(sums)}
#define ZC_HAS_MOST "; zc has the most: 2 segments, 40 pages (160 KiB), 2 of them orphans"

#define FIND(bytes) \
    { \
        .key = 0x00143511, .size = (bytes), .flags = 0600 \
    }
#define CREATE(bytes) \
    { \
        .key = 0x00143511, .size = (bytes), .flags = SHMGET_CREATE | 0600 \
    }
#define EXCLUSIVE(bytes) \
    { \
        .key = 0x00143511, .size = (bytes), .flags = SHMGET_CREATE | SHMGET_EXCLUSIVE | 0600 \
    }
#define PRIVATE(bytes) \
    { \
        .size = (bytes), .flags = SHMGET_CREATE | 0600 \
    }

#define LIMIT_NOT_DISKS "this is about a limit, not about disks: "
#define NO_HIGHER \
    "remove segments that nobody needs (shmtool ls --unattached): a kernel allows more than " \
    "32768 " \
    "only with the boot option ipcmni_extend"
#define TOO_LARGE \
    "the kernel makes no segment of 2^63 bytes or more, whatever the limits allow; asked for are "

/* --- Each cause ------------------------------------------------------------------------------- */

struct report {
    struct shmget_diagnosis diagnosis;
    const char *answer; /* the first line */
    const char *reason;
    const char *remedy; /* NULL: none */
};

static const struct report of_existing[] = {
    {{.request = CREATE(100),
      .answer = {SHMGET_FINDS, 0},
      .inventory = {BY_ZC},
      .segment = &orphan},
     "shmget(0x00143511, 100, IPC_CREAT | 0600) would succeed",
     "segment 5 has the key and is what the call returns, with its 4096 bytes (4 KiB): more than "
     "the 100 asked for, and with what was in it before; " AN_ORPHAN,
     NULL},
    {{.request = FIND(0), .answer = {SHMGET_FINDS, 0}, .inventory = {BY_ZC}, .segment = &used},
     "shmget(0x00143511, 0, 0600) would succeed",
     "segment 5 has the key and is what the call returns, with its 4096 bytes (4 KiB); " IN_USE,
     NULL},
    {{.request = FIND(4096), .answer = {SHMGET_FINDS, 0}, .inventory = {BY_ZC}, .segment = &idle},
     "shmget(0x00143511, 4096, 0600) would succeed",
     "segment 5 has the key and is what the call returns, with its 4096 bytes (4 "
     "KiB); " AN_IDLE_ONE,
     NULL},
    {{.request = EXCLUSIVE(100),
      .answer = {SHMGET_EXISTS, EEXIST},
      .inventory = {BY_ZC},
      .segment = &orphan},
     "shmget(0x00143511, 100, IPC_CREAT | IPC_EXCL | 0600) would fail: EEXIST (File exists)",
     "segment 5 has the key, and with IPC_EXCL nobody may have it; " AN_ORPHAN,
     "shmtool rm 5"},
    {{.request = EXCLUSIVE(100),
      .answer = {SHMGET_EXISTS, EEXIST},
      .inventory = {BY_CS},
      .segment = &used},
     "shmget(0x00143511, 100, IPC_CREAT | IPC_EXCL | 0600) would fail: EEXIST (File exists)",
     "segment 5 has the key, and with IPC_EXCL nobody may have it; " IN_USE,
     "stop the processes that use it (shmtool who 5), then: as zc or root: shmtool rm 5"},
    {{.request = EXCLUSIVE(100),
      .answer = {SHMGET_EXISTS, EEXIST},
      .inventory = {BY_ZC},
      .segment = &idle},
     "shmget(0x00143511, 100, IPC_CREAT | IPC_EXCL | 0600) would fail: EEXIST (File exists)",
     "segment 5 has the key, and with IPC_EXCL nobody may have it; " AN_IDLE_ONE,
     "if nobody needs it any more: shmtool rm 5"},
    {{.request = CREATE(4097),
      .answer = {SHMGET_TOO_SMALL, EINVAL},
      .inventory = {BY_ZC},
      .segment = &orphan},
     "shmget(0x00143511, 4097, IPC_CREAT | 0600) would fail: EINVAL (Invalid argument)",
     "segment 5 has the key and only 4096 bytes (4 KiB), less than the 4097 asked for; a segment "
     "never grows; " AN_ORPHAN,
     "shmtool rm 5"},
    {{.request = CREATE(4097),
      .answer = {SHMGET_TOO_SMALL, EINVAL},
      .inventory = {BY_ZC},
      .segment = &used},
     "shmget(0x00143511, 4097, IPC_CREAT | 0600) would fail: EINVAL (Invalid argument)",
     "segment 5 has the key and only 4096 bytes (4 KiB), less than the 4097 asked for; a segment "
     "never grows; " IN_USE,
     "stop the processes that use it (shmtool who 5), then: shmtool rm 5; or ask for no more than "
     "4096 bytes"},
    {{.request = FIND(0),
      .answer = {SHMGET_DENIED, EACCES},
      .inventory = {BY_CS},
      .segment = &idle},
     "shmget(0x00143511, 0, 0600) would fail: EACCES (Permission denied)",
     "segment 5 has the key and grants cs nothing, but mode 600 asks for reading and "
     "writing; " AN_IDLE_ONE,
     "call it as zc, or have its program make it with a mode that grants more"},
    {{.request = FIND(0),
      .answer = {SHMGET_DENIED, EACCES},
      .inventory = {BY_NAMELESS},
      .segment = &orphan},
     "shmget(0x00143511, 0, 0600) would fail: EACCES (Permission denied)",
     "segment 5 has the key and grants uid 54321 nothing, but mode 600 asks for reading and "
     "writing; " AN_ORPHAN,
     "if nobody needs it any more: as zc or root: shmtool rm 5"},
};

static const struct report of_new[] = {
    {{.request = CREATE(5),
      .answer = {SHMGET_MAKES, 0},
      .inventory = {BY_ZC},
      .memory = {.known = true}},
     "shmget(0x00143511, 5, IPC_CREAT | 0600) would succeed",
     "nobody has the key: the call makes a new segment of 5 bytes",
     NULL},
    {{.request = PRIVATE(1048576),
      .answer = {SHMGET_MAKES, 0},
      .inventory = {BY_ZC},
      .memory = {.known = true}},
     "shmget(IPC_PRIVATE, 1048576, IPC_CREAT | 0600) would succeed",
     "the call makes a new segment of 1048576 bytes (1 MiB)",
     NULL},
    {{.request = CREATE(1),
      .answer = {SHMGET_MAKES, 0},
      .inventory = {BY_ZC},
      .memory = {.known = true},
      .former = &former},
     "shmget(0x00143511, 1, IPC_CREAT | 0600) would succeed",
     "nobody has the key: the call makes a new segment of 1 byte; segment 5 had it until it was "
     "marked for destruction, and is still held by holdseg[812] 2 times, who will share nothing "
     "with a new one",
     NULL},
    {{.request = FIND(0), .answer = {SHMGET_ABSENT, ENOENT}, .inventory = {BY_ZC}},
     "shmget(0x00143511, 0, 0600) would fail: ENOENT (No such file or directory)",
     "nobody has the key, in this IPC namespace, and without IPC_CREAT none is made",
     "start the program that makes the segment first"},
    {{.request = FIND(0),
      .answer = {SHMGET_ABSENT, ENOENT},
      .inventory = {BY_ZC},
      .former = &former},
     "shmget(0x00143511, 0, 0600) would fail: ENOENT (No such file or directory)",
     "nobody has the key, in this IPC namespace, and without IPC_CREAT none is made; segment 5 "
     "had it until it was marked for destruction, and is still held by holdseg[812] 2 times, who "
     "will share nothing with a new one",
     "start the program that makes the segment first"},
    {{.request = CREATE(0), .answer = {SHMGET_ZERO, EINVAL}, .inventory = {BY_ZC}},
     "shmget(0x00143511, 0, IPC_CREAT | 0600) would fail: EINVAL (Invalid argument)",
     "nobody has the key, and a new segment must have 1 byte or more (shmmin)",
     "ask for 1 byte or more"},
    {{.request = PRIVATE(0), .answer = {SHMGET_ZERO, EINVAL}, .inventory = {BY_ZC}},
     "shmget(IPC_PRIVATE, 0, IPC_CREAT | 0600) would fail: EINVAL (Invalid argument)",
     "a new segment must have 1 byte or more (shmmin)",
     "ask for 1 byte or more"},
    {{.request = CREATE(33554433),
      .answer = {SHMGET_ABOVE_SHMMAX, EINVAL},
      .inventory = {BY_ROOT, LIMITED(LIMIT_SHMMAX, 33554432)}},
     "shmget(0x00143511, 33554433, IPC_CREAT | 0600) would fail: EINVAL (Invalid argument)",
     "nobody has the key, and a new segment may have no more than shmmax, 33554432 bytes (32 MiB); "
     "asked for are 33554433 bytes (32 MiB)",
     "shmtool limits --set shmmax=33554433 --persist"},
    /* What would be next is raised with it. */
    {{.request = PRIVATE(8192),
      .answer = {SHMGET_ABOVE_SHMMAX, EINVAL},
      .inventory = {BY_CS, .usage = {.pages = 15},
                    .limits = {.known = {[LIMIT_SHMMAX] = true, [LIMIT_SHMALL] = true},
                               .values = {[LIMIT_SHMMAX] = 1, [LIMIT_SHMALL] = 16},
                               .page_size = 4096}}},
     "shmget(IPC_PRIVATE, 8192, IPC_CREAT | 0600) would fail: EINVAL (Invalid argument)",
     "a new segment may have no more than shmmax, 1 byte; asked for are 8192 bytes (8 KiB)",
     "as root: shmtool limits --set shmmax=8192 --set shmall=17 --persist"},
    {{.request = PRIVATE(UINT64_MAX),
      .answer = {SHMGET_ABOVE_SHMMAX, EINVAL},
      .inventory = {BY_ROOT, LIMITED(LIMIT_SHMMAX, 1024)}},
     "shmget(IPC_PRIVATE, 18446744073709551615, IPC_CREAT | 0600) would fail: EINVAL (Invalid "
     "argument)",
     "a new segment may have no more than shmmax, 1024 bytes (1 KiB); asked for are "
     "18446744073709551615 bytes (16 EiB)",
     NULL},
    {{.request = PRIVATE(UINT64_MAX), .answer = {SHMGET_WRAPS, ENOSPC}, .inventory = {BY_ROOT}},
     "shmget(IPC_PRIVATE, 18446744073709551615, IPC_CREAT | 0600) would fail: ENOSPC (No space "
     "left on device)",
     TOO_LARGE "18446744073709551615 bytes (16 EiB)",
     NULL},
    {{.request = PRIVATE(UINT64_C(1) << 63),
      .answer = {SHMGET_ABOVE_FILES, EINVAL},
      .inventory = {BY_ROOT}},
     "shmget(IPC_PRIVATE, 9223372036854775808, IPC_CREAT | 0600) would fail: EINVAL (Invalid "
     "argument)",
     TOO_LARGE "9223372036854775808 bytes (8 EiB)",
     NULL},
    {{.request = PRIVATE(1048576),
      .answer = {SHMGET_NO_MEMORY, ENOMEM},
      .inventory = {BY_CS, .limits = {.page_size = 4096}},
      .memory = {.known = true, .overcommit = 0, .total = 128}},
     "shmget(IPC_PRIVATE, 1048576, IPC_CREAT | 0600) would fail: ENOMEM (Cannot allocate memory)",
     "1048576 bytes (1 MiB) are more memory than the kernel grants: it has 512 KiB of RAM and "
     "swap",
     "ask for less, or add swap, or let the kernel grant any amount: as root: sysctl "
     "vm.overcommit_memory=1"},
    {{.request = PRIVATE(1048576),
      .answer = {SHMGET_NO_MEMORY, ENOMEM},
      .inventory = {BY_CS, .limits = {.page_size = 4096}},
      .memory = {.known = true, .overcommit = 2, .commit_limit = 128, .committed = 1}},
     "shmget(IPC_PRIVATE, 1048576, IPC_CREAT | 0600) would fail: ENOMEM (Cannot allocate memory)",
     "1048576 bytes (1 MiB) are more memory than the kernel grants: with vm.overcommit_memory "
     "2 at most 512 KiB, of which 4 KiB are taken",
     "ask for less, or add swap, or raise what may be promised: as root: sysctl "
     "vm.overcommit_ratio=PERCENT"},
    {{.request = PRIVATE(1), .answer = {SHMGET_REFUSED, EPERM}, .inventory = {BY_ROOT}},
     "shmget(IPC_PRIVATE, 1, IPC_CREAT | 0600) would fail: EPERM (Operation not permitted)",
     "limits, permissions and segments do not explain this answer: a security module (SELinux, "
     "AppArmor) or a system call filter may forbid the call",
     NULL},
};

/* Orphans of one owner are enough, those of all are, or none are. */
#define SHMALL_REPORT(bytes, inventory_, reason_, remedy_) \
    { \
        {.request = PRIVATE(bytes), \
         .answer = {SHMGET_ABOVE_SHMALL, ENOSPC}, \
         .inventory = {inventory_}, \
         SUMS}, \
            "shmget(IPC_PRIVATE, " #bytes ", IPC_CREAT | 0600) would fail: ENOSPC (No space left " \
            "on device)", \
            LIMIT_NOT_DISKS reason_ ZC_HAS_MOST, remedy_ \
    }
#define SHMMNI_REPORT(inventory_, reason_, remedy_) \
    { \
        {.request = PRIVATE(1), \
         .answer = {SHMGET_ABOVE_SHMMNI, ENOSPC}, \
         .inventory = {inventory_}, \
         SUMS}, \
            "shmget(IPC_PRIVATE, 1, IPC_CREAT | 0600) would fail: ENOSPC (No space left on " \
            "device)", \
            LIMIT_NOT_DISKS reason_ ZC_HAS_MOST, remedy_ \
    }
#define COMMA ,

static const struct report of_full_limits[] = {
    SHMALL_REPORT(
        4096, BY_ROOT COMMA ORPHANS COMMA LIMITED(LIMIT_SHMALL, 51) COMMA.usage = {.pages = 51},
        "shmall allows 51 pages (204 KiB) for all segments together; 51 are in use and 1 more are "
        "asked for",
        "shmtool rm --orphan --key 0 --owner zc; or: shmtool limits --set shmall=52 --persist"),
    SHMALL_REPORT(
        163841, BY_CS COMMA ORPHANS COMMA LIMITED(LIMIT_SHMALL, 52) COMMA.usage = {.pages = 51},
        "shmall allows 52 pages (208 KiB) for all segments together; 51 are in use and 41 more "
        "are asked for",
        "as zc or root: shmtool rm --orphan --key 0 --owner zc; or: as root: shmtool limits --set "
        "shmall=92 --persist"),
    SHMALL_REPORT(
        204800, BY_CS COMMA ORPHANS COMMA LIMITED(LIMIT_SHMALL, 51) COMMA.usage = {.pages = 51},
        "shmall allows 51 pages (204 KiB) for all segments together; 51 are in use and 50 more "
        "are asked for",
        "as root: shmtool rm --orphan --key 0; or: as root: shmtool limits --set shmall=101 "
        "--persist"),
    SHMALL_REPORT(
        204801, BY_ROOT COMMA ORPHANS COMMA LIMITED(LIMIT_SHMALL, 51) COMMA.usage = {.pages = 51},
        "shmall allows 51 pages (204 KiB) for all segments together; 51 are in use and 51 more "
        "are asked for",
        "shmtool limits --set shmall=102 --persist"),
    SHMMNI_REPORT(
        BY_ROOT COMMA ORPHANS COMMA LIMITED(LIMIT_SHMMNI, 4) COMMA.usage = {.segments = 4},
        "shmmni allows 4 segments, and there are 4",
        "shmtool rm --orphan --key 0 --owner zc; or: shmtool limits --set shmmni=8 --persist"),
    SHMMNI_REPORT(
        BY_CS COMMA ORPHANS COMMA LIMITED(LIMIT_SHMMNI, 1) COMMA.usage = {.segments = 3},
        "shmmni allows 1 segment, and there are 3",
        "as root: shmtool rm --orphan --key 0; or: as root: shmtool limits --set shmmni=4 "
        "--persist"),
    SHMMNI_REPORT(
        BY_ROOT COMMA ORPHANS COMMA LIMITED(LIMIT_SHMMNI, 0) COMMA.usage = {.segments = 3},
        "shmmni allows 0 segments, and there are 3", "shmtool limits --set shmmni=4 --persist"),
    SHMMNI_REPORT(BY_ROOT COMMA ORPHANS COMMA LIMITED(LIMIT_SHMMNI, 32768)
                      COMMA.usage = {.segments = 32768},
                  "shmmni allows 32768 segments, and there are 32768",
                  "shmtool rm --orphan --key 0 --owner zc; or: " NO_HIGHER),
    SHMMNI_REPORT(BY_ROOT COMMA LIMITED(LIMIT_SHMMNI, 32768) COMMA.usage = {.segments = 32800},
                  "shmmni allows 32768 segments, and there are 32800", NO_HIGHER),
};

static void assert_reports(const struct report *reports, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct report *report = &reports[i];
        const char *failure = strstr(report->answer, " would fail: ");
        const char *result = failure ? failure + strlen(" would fail: ") : "OK";
        CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
        CLEANUP_STRBUF struct strbuf json = STRBUF_INIT;

        strbuf_printf(&text, "%s\nreason: ", report->answer);
        put_clauses(&text, report->reason, 8);
        if (report->remedy) {
            strbuf_puts(&text, "remedy: ");
            put_clauses(&text, report->remedy, 8);
        }
        assert_appends(strbuf_string(&text), shmget_report_text, &report->diagnosis, WRAP_NEVER);
        strbuf_printf(&json,
                      "\"result\": \"%.*s\", \"shmid\": %s, \"attach\": %s, "
                      "\"reason\": \"%s\", \"warning\": null, \"remedy\": %s%s%s}\n",
                      (int)strcspn(result, " "), result,
                      report->diagnosis.answer.cause == SHMGET_FINDS ? "5" : "null",
                      failure ? "null" : "{\"ro\": \"OK\", \"rw\": \"OK\"}", report->reason,
                      report->remedy ? "\"" : "", report->remedy ? report->remedy : "null",
                      report->remedy ? "\"" : "");
        assert_appends(strbuf_string(&json), shmget_report_json, &report->diagnosis);
    }
}

static void a_segment_has_the_key(void **state)
{
    (void)state;
    assert_reports(of_existing, COUNT_OF(of_existing));
}

static void a_new_segment(void **state)
{
    (void)state;
    assert_reports(of_new, COUNT_OF(of_new));
}

static void limits_of_all_segments(void **state)
{
    (void)state;
    assert_reports(of_full_limits, COUNT_OF(of_full_limits));
}

/* Whose segments they are is not said where nobody has any. */
static void a_full_limit_without_segments(void **state)
{
    static const struct report reports[] = {
        {{.request = PRIVATE(8192),
          .answer = {SHMGET_ABOVE_SHMALL, ENOSPC},
          .inventory = {BY_ROOT, LIMITED(LIMIT_SHMALL, 1)}},
         "shmget(IPC_PRIVATE, 8192, IPC_CREAT | 0600) would fail: ENOSPC (No space left on device)",
         LIMIT_NOT_DISKS "shmall allows 1 page (4 KiB) for all segments together; 0 are in use and "
                         "2 more are asked for",
         "shmtool limits --set shmall=2 --persist"},
    };

    (void)state;
    assert_reports(reports, COUNT_OF(reports));
}

static void permissions_by_name(void **state)
{
    static const char *const names[] = {
        "nothing",
        "execution",
        "writing",
        "writing and execution",
        "reading",
        "reading and execution",
        "reading and writing",
        "reading, writing and execution",
    };

    (void)state;
    for (uint32_t bits = 0; bits < COUNT_OF(names); bits++) {
        const struct segment_info info = {.segment = {.mode = bits, .uid = 1, .cuid = 1}};
        const struct shmget_diagnosis diagnosis = {
            .request = {.key = 5, .flags = 0700 & (bits << 6)},
            .answer = {SHMGET_DENIED, EACCES},
            .inventory = {BY_CS},
            .segment = &info,
        };
        CLEANUP_STRBUF struct strbuf expected = STRBUF_INIT;
        CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

        strbuf_printf(&expected, " and grants cs %s, but mode %03o asks for %s; ", names[bits],
                      (unsigned)bits << 6, names[bits]);
        shmget_report_json(&out, &diagnosis);
        assert_non_null(strstr(strbuf_string(&out), strbuf_string(&expected)));
    }
}

static void hostile_names(void **state)
{
    static const struct shmget_diagnosis diagnosis = {.request = FIND(0),
                                                      .answer = {SHMGET_DENIED, EACCES},
                                                      .inventory = {BY_CS},
                                                      .segment = &hostile};

    (void)state;
    assert_appends(
        "shmget(0x00143511, 0, 0600) would fail: EACCES (Permission denied)\n"
        "reason: segment 5 has the key and grants cs nothing, but mode 600 asks for\n"
        "        reading and writing;\n"
        "        it belongs to z\\x1b[m\\xff\"\\x5cx41 (perms 600) since\n"
        "        2026-11-21T22:10:05+00:00 (1m2s ago), was made by a\\x07\xc3\xbc\\x80[7]\n"
        "        (alive), and is idle: nobody has it attached, but its creator or last\n"
        "        user is alive\n"
        "remedy: call it as z\\x1b[m\\xff\"\\x5cx41, or have its program make it with a\n"
        "        mode that grants more\n",
        shmget_report_text, &diagnosis, WRAP_WIDTH);
    assert_appends("\"result\": \"EACCES\", \"shmid\": null, \"attach\": null, "
                   "\"reason\": \"segment "
                   "5 has the key and grants cs nothing, but mode 600 asks for reading and "
                   "writing; it belongs to z\\u001b[m\\ufffd\\\"\\\\x41 (perms 600) since "
                   "2026-11-21T22:10:05+00:00 (1m2s ago), was made by a\\u0007\xc3\xbc\\ufffd[7] "
                   "(alive), and is idle: nobody has it attached, but its creator or last user is "
                   "alive\", \"warning\": null, \"remedy\": \"call it as "
                   "z\\u001b[m\\ufffd\\\"\\\\x41, or have its "
                   "program make it with a mode that grants more\"}\n",
                   shmget_report_json, &diagnosis);
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
        cmocka_unit_test(a_segment_has_the_key),  cmocka_unit_test(a_new_segment),
        cmocka_unit_test(limits_of_all_segments), cmocka_unit_test(a_full_limit_without_segments),
        cmocka_unit_test(permissions_by_name),    cmocka_unit_test(hostile_names),
    };

    return cmocka_run_group_tests_name("view/shmget_report", tests, setup, NULL);
}
