/* view/findings_report: each finding of doctor, what it means, and what helps. */
#include "view/findings_report.h"

#include <locale.h>
#include <string.h>

#include "shown.h"
#include "unit.h"
#include "view/wrap.h"

/* --- Whose machine, and what is on it --------------------------------------------------------- */

#define ASKED_BY(name, ...) \
    .live = true, .own_pids = true, .has_credentials = true, .credentials = {__VA_ARGS__}, \
    .user = (name)
#define BY_ZC ASKED_BY("zc", .euid = 1001)
#define BY_CS ASKED_BY("cs", .euid = 1002)
#define BY_ROOT ASKED_BY("root", .sys_admin = true, .sets_limits = true)
#define SAVED .live = false, .own_pids = true

/* A limit in its own unit; pages have 4096 bytes. */
#define LIMITED(id, value) \
    .limits = {.known = {[id] = true}, .values = {[id] = (value)}, .page_size = 4096}
#define SHMMAX_AND_SHMALL(shmmax, shmall) \
    .limits = {.known = {[LIMIT_SHMMAX] = true, [LIMIT_SHMALL] = true}, \
               .values = {[LIMIT_SHMMAX] = (shmmax), [LIMIT_SHMALL] = (shmall)}, \
               .page_size = 4096}

#define ROW(id, user_id, name, ...) \
    { \
        .segment = {.shmid = (id), .uid = (user_id), .cuid = (user_id), .size = 4096}, \
        .owner = (name), __VA_ARGS__ \
    }
#define ORPHAN .state = STATE_ORPHAN

static struct segment_info orphans[] = {
    ROW(1, 1001, "zc", ORPHAN), ROW(2, 1001, "zc", ORPHAN), ROW(3, 0, "root", ORPHAN),
    ROW(4, 1001, "zc", ORPHAN), ROW(5, 1001, "zc", ORPHAN), ROW(6, 1001, "zc", ORPHAN),
    ROW(7, 1001, "zc", ORPHAN),
};
static struct segment_info keyed_orphans[] = {ROW(1, 1001, "zc", ORPHAN),
                                              ROW(2, 1001, "zc", ORPHAN)};
#define ORPHANS(number) .rows = orphans, .count = (number)

static const struct segment_info unknown[] = {
    ROW(1, 1001, "zc", .doubt = DOUBT_CREATOR, .creator_status = PROCESS_ELSEWHERE),
    ROW(2, 1001, "zc", .doubt = DOUBT_CREATOR, .creator_status = PROCESS_ELSEWHERE),
    ROW(3, 1001, "zc", .doubt = DOUBT_LAST_USER, .last_status = PROCESS_ELSEWHERE),
    ROW(4, 1001, "zc", .doubt = DOUBT_CREATOR, .creator_status = PROCESS_HIDDEN),
    ROW(5, 1001, "zc", .doubt = DOUBT_LAST_USER, .last_status = PROCESS_ELSEWHERE),
};

static const struct attachment holders[] = {
    {.pid = 11, .maps = 1, .command = "/bin/a x"}, {.pid = 12, .maps = 1},
    {.pid = 13, .maps = 1, .command = "c"},        {.pid = 14, .maps = 1, .command = "d"},
    {.pid = 15, .maps = 1, .command = "e"},        {.pid = 16, .maps = 1, .command = "f"},
};

#define MARKED(id, first, number, count_) \
    { \
        .segment = {.shmid = (id), .mode = SEGMENT_DEST, .size = 4096, .nattch = (count_)}, \
        .owner = "root", .state = STATE_DEST, .attachments = &holders[first], \
        .attachment_count = (number) \
    }

static const struct segment_info marked[] = {
    MARKED(1, 0, 1, 1),                     /* alone */
    MARKED(2, 1, 2, 2), MARKED(3, 0, 6, 6), /* by seven in all */
    MARKED(4, 0, 0, 1),                     /* by nobody that is to be seen */
    MARKED(5, 0, 1, 4), MARKED(6, 2, 1, 1),
};

static const struct attachment attachers[] = {
    {.shmid = 5, .pid = 812, .maps = 2, .command = "/bin/app"},
    {.shmid = 6, .pid = 812, .maps = 3, .command = "/bin/app"},
    {.shmid = 6, .pid = 900, .maps = 1},
    {.shmid = 7, .pid = 813, .maps = 1001}, /* one of them is of a descriptor */
};
#define ATTACHED(id, first, number, count_) \
    { \
        .segment = {.shmid = (id), .uid = 1001, .size = 4096, .nattch = (count_)}, .owner = "zc", \
        .attachments = (first), .attachment_count = (number) \
    }
static const struct segment_info attached[] = {ATTACHED(5, &attachers[0], 1, 2),
                                               ATTACHED(6, &attachers[1], 2, 4),
                                               ATTACHED(7, &attachers[3], 1, 1000)};

#define NAMELESS(id, key_, state_, count_) \
    { \
        .segment = {.shmid = (id), \
                    .key = (key_), \
                    .uid = 4711, \
                    .cuid = 4711, \
                    .size = 4096, \
                    .nattch = (count_)}, \
        .state = (state_) \
    }
static const struct segment_info nameless[] = {
    NAMELESS(1, 0, STATE_ORPHAN, 0), NAMELESS(2, 5, STATE_ORPHAN, 0), NAMELESS(3, 0, STATE_USED, 1),
    NAMELESS(4, 0, STATE_USED, 1)};

static struct sum largest = {.first = {.segment = {.uid = 1001}, .owner = "zc"},
                             .segments = 2,
                             .pages = 40,
                             .orphans = 2,
                             .orphan_pages = 40};
static struct sum smallest = {.first = {.segment = {.uid = 4711}}, .segments = 1, .pages = 1};

#define SYSTEM \
    "\n], \"system\": {\"shmem\": null, \"sysv\": 0}, \"elsewhere\": {\"namespaces\": 0, " \
    "\"segments\": 0, \"bytes\": 0}"
#define FULL "; when none is left, shmget fails with ENOSPC (No space left on device)"
#define NOTHING_FITS ": every shmget for a new segment fails with ENOSPC (No space left on device)"
#define TOO_FEW_PAGES \
    " for all segments together: so large a segment fails with ENOSPC (No space left on device)"
#define KEPT "left over, or kept on purpose for the next start of "
#define OF_SOME "(ntpd, gpsd, Berkeley DB); "

/* --- Each check ------------------------------------------------------------------------------- */

struct report {
    struct inventory inventory;
    struct sum *sum; /* NULL: none */
    enum check check;
    uint64_t percent;
    const struct segment_info *rows; /* COUNT of them */
    size_t count;
    const char *name; /* "warning: shmmni" */
    const char *message;
    const char *remedy;
};

static enum severity severity_of(const char *name)
{
    if (*name == 'i')
        return SEVERITY_INFO;
    return *name == 'w' ? SEVERITY_WARNING : SEVERITY_ERROR;
}

/* Demands the message and the remedy of each, as text and as JSON. */
static void assert_reports(const struct report *reports, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct report *report = &reports[i];
        const struct segment_info *rows[COUNT_OF(orphans)];
        struct finding finding = {report->check, severity_of(report->name), rows, report->count,
                                  report->percent};
        struct diagnosis diagnosis = {
            .inventory = report->inventory,
            .by_pages = {.items = report->sum, .count = report->sum != NULL},
            .by_segments = {.items = report->sum, .count = report->sum != NULL},
            .items = &finding,
            .count = 1,
        };
        CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
        CLEANUP_STRBUF struct strbuf json = STRBUF_INIT;

        diagnosis.inventory.limits.page_size = 4096;
        assert_in_range(report->count, 0, COUNT_OF(rows));
        strbuf_printf(&json,
                      "\"findings\": [\n{\"check\": \"%s\", \"severity\": "
                      "\"%.*s\", \"shmids\": [",
                      strchr(report->name, ' ') + 1, (int)strcspn(report->name, ":"), report->name);
        for (size_t row = 0; row < report->count; row++) {
            rows[row] = &report->rows[row];
            strbuf_printf(&json, "%s%d", row > 0 ? ", " : "", report->rows[row].segment.shmid);
        }
        strbuf_printf(&json, "], \"message\": \"%s\", \"remedy\": \"%s\"}" SYSTEM "}\n",
                      report->message, report->remedy);
        assert_appends(strbuf_string(&json), findings_report_json, &diagnosis);
        strbuf_printf(&text, "%s: ", report->name);
        put_clauses(&text, report->message, 4);
        strbuf_puts(&text, "    remedy: ");
        put_clauses(&text, report->remedy, 12);
        assert_appends(strbuf_string(&text), findings_report_text, &diagnosis, WRAP_NEVER);
    }
}

static void full_limits(void **state)
{
    static const struct report reports[] = {
        {.inventory = {BY_ROOT, LIMITED(LIMIT_SHMMNI, 4096), .usage = {.segments = 3564}},
         .check = CHECK_SHMMNI,
         .percent = 87,
         .name = "warning: shmmni",
         .message = "shmmni is 87% full: 3564 segments of 4096" FULL,
         .remedy = "see who has them (shmtool ls --sort -bytes); or raise it: shmtool limits --set "
                   "shmmni=8192 --persist"},
        {.inventory = {BY_ROOT, LIMITED(LIMIT_SHMMNI, 1), .usage = {.segments = 1}, ORPHANS(1)},
         .sum = &smallest,
         .check = CHECK_SHMMNI,
         .percent = 100,
         .name = "error: shmmni",
         .message = "shmmni is 100% full: 1 segment of 1" FULL
                    "; uid 4711 has the most: 1 segment, 1 page (4 KiB)",
         .remedy =
             "remove what nobody can find again (shmtool rm --orphan --key 0); see what uid 4711 "
             "needs most of them for (shmtool ls --owner 4711 --sort -bytes); or raise it: "
             "shmtool limits --set shmmni=2 --persist"},
        /* It goes no higher. */
        {.inventory = {BY_CS, LIMITED(LIMIT_SHMMNI, 32768), .usage = {.segments = 32768},
                       ORPHANS(2)},
         .sum = &largest,
         .check = CHECK_SHMMNI,
         .percent = 100,
         .name = "error: shmmni",
         .message = "shmmni is 100% full: 32768 segments of 32768" FULL
                    "; zc has the most: 2 segments, 40 pages (160 KiB), 2 of them orphans",
         .remedy =
             "remove what nobody can find again (as zc or root: shmtool rm --orphan --key 0)"},
        /* Booted with ipcmni_extend: never lowered. */
        {.inventory = {BY_ROOT, LIMITED(LIMIT_SHMMNI, 33000), .usage = {.segments = 30000}},
         .check = CHECK_SHMMNI,
         .percent = 90,
         .name = "warning: shmmni",
         .message = "shmmni is 90% full: 30000 segments of 33000" FULL,
         .remedy = "see who has them (shmtool ls --sort -bytes)"},
        {.inventory = {SAVED, LIMITED(LIMIT_SHMMNI, 0)},
         .check = CHECK_SHMMNI,
         .percent = 100,
         .name = "error: shmmni",
         .message = "shmmni is 0" NOTHING_FITS,
         .remedy = "on that machine: as root: shmtool limits --set shmmni=4096 --persist"},
        {.inventory = {BY_ROOT, LIMITED(LIMIT_SHMMNI, 0), .usage = {.segments = 5000}},
         .check = CHECK_SHMMNI,
         .percent = 100,
         .name = "error: shmmni",
         .message = "shmmni is 0" NOTHING_FITS,
         .remedy = "shmtool limits --set shmmni=10000 --persist"},
        {.inventory = {BY_CS, LIMITED(LIMIT_SHMALL, 16), .usage = {.pages = 20}, ORPHANS(3)},
         .sum = &largest,
         .check = CHECK_SHMALL,
         .percent = 125,
         .name = "error: shmall",
         .message = "shmall is 125% full: 20 pages of 16" FULL
                    "; zc has the most: 2 segments, 40 pages (160 KiB), 2 of them orphans",
         .remedy =
             "remove what nobody can find again (as root: shmtool rm --orphan --key 0); see what "
             "zc needs most of them for (shmtool ls --owner zc --sort -bytes); or raise it: "
             "as root: shmtool limits --set shmall=40 --persist"},
        {.inventory = {SAVED, LIMITED(LIMIT_SHMALL, 1), .usage = {.pages = 1}, ORPHANS(3)},
         .sum = &smallest,
         .check = CHECK_SHMALL,
         .percent = 100,
         .name = "error: shmall",
         .message = "shmall is 100% full: 1 page of 1" FULL
                    "; uid 4711 has the most: 1 segment, 1 page (4 KiB)",
         .remedy =
             "on that machine: remove what nobody can find again (as root: shmtool rm "
             "--orphan --key 0); see what uid 4711 needs most of them for (shmtool ls --owner "
             "4711 --sort -bytes); or raise it: as root: shmtool limits --set shmall=2 "
             "--persist"},
        {.inventory = {BY_ROOT, LIMITED(LIMIT_SHMALL, 0)},
         .check = CHECK_SHMALL,
         .percent = 100,
         .name = "error: shmall",
         .message = "shmall is 0" NOTHING_FITS,
         .remedy = "shmtool limits --set shmall=unlimited --persist"},
    };

    (void)state;
    assert_reports(reports, COUNT_OF(reports));
}

static void limits_of_one_segment(void **state)
{
    static const struct report reports[] = {
        {.inventory = {BY_ROOT, SHMMAX_AND_SHMALL(8192, 1)},
         .check = CHECK_SHMMAX,
         .name = "warning: shmmax",
         .message = "shmmax allows a segment of 8 KiB, which is 2 pages, but shmall allows only 1 "
                    "page (4 KiB)" TOO_FEW_PAGES,
         .remedy = "shmtool limits --set shmall=2 --persist"},
        {.inventory = {SAVED, SHMMAX_AND_SHMALL(UINT64_MAX - (1 << 24), 16)},
         .check = CHECK_SHMMAX,
         .name = "warning: shmmax",
         .message = "shmmax allows a segment of any size, but "
                    "shmall allows only 16 pages (64 KiB)" TOO_FEW_PAGES,
         .remedy = "on that machine: as root: shmtool limits --set shmall=unlimited --persist; or, "
                   "if shmall is intended to be so low: as root: shmtool limits --set shmmax=65536 "
                   "--persist"},
        {.inventory = {BY_ROOT, LIMITED(LIMIT_SHMMAX, 0)},
         .check = CHECK_SMALL_SHMMAX,
         .name = "error: shmmax",
         .message = "shmmax is 0: every shmget for a new segment fails with EINVAL (Invalid "
                    "argument)",
         .remedy = "shmtool limits --set shmmax=unlimited --persist"},
        {.inventory = {BY_CS, SHMMAX_AND_SHMALL(1, 2)},
         .check = CHECK_SMALL_SHMMAX,
         .name = "error: shmmax",
         .message = "shmmax is 1 byte, less than a page: nearly every shmget for a new segment "
                    "fails with EINVAL (Invalid argument)",
         .remedy = "as root: shmtool limits --set shmmax=8192 --persist"},
        {.inventory = {BY_ROOT, SHMMAX_AND_SHMALL(4095, 0)},
         .check = CHECK_SMALL_SHMMAX,
         .name = "error: shmmax",
         .message = "shmmax is 4095 bytes, less than a page: nearly every shmget for a new segment "
                    "fails with EINVAL (Invalid argument)",
         .remedy = "shmtool limits --set shmmax=unlimited --persist"},
    };

    (void)state;
    assert_reports(reports, COUNT_OF(reports));
}

/* What may be kept on purpose comes after what nobody can find, and who made most before raising.
 */
static void who_made_the_most_of_what_is_full(void **state)
{
    static const struct inventory inventory = {BY_ROOT, LIMITED(LIMIT_SHMMNI, 4),
                                               .usage = {.segments = 4}, .rows = keyed_orphans,
                                               .count = 2};
    static struct finding finding = {.check = CHECK_SHMMNI, .percent = 100};
    struct diagnosis diagnosis = {
        .inventory = inventory,
        .items = &finding,
        .count = 1,
        .creator_by_segments = {.first = {.segment = {.cpid = 77}, .command = "/opt/leaky -x"},
                                .segments = 3},
    };
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

    (void)state;
    keyed_orphans[0].segment.key = 5;
    keyed_orphans[1].segment.key = 6;
    findings_report_text(&out, &diagnosis, WRAP_NEVER);
    assert_string_equal(
        strbuf_string(&out),
        "info: shmmni: shmmni is 100% full: 4 segments of 4;\n"
        "    when none is left, shmget fails with ENOSPC (No space left on device)\n"
        "    remedy: see why leaky[77] made 3 segments and keeps them (shmtool ls --cpid 77);\n"
        "            then look for orphans with a key that nobody needs (shmtool ls -l --orphan);\n"
        "            or raise it: shmtool limits --set shmmni=8 --persist\n");
}

static void orphans_with_and_without_a_key(void **state)
{
    static const struct report reports[] = {
        {.inventory = {BY_ZC},
         .check = CHECK_ORPHANS,
         .rows = orphans,
         .count = 1,
         .name = "warning: orphans",
         .message = "1 segment, 4 KiB, is an orphan: nobody has it attached, those who did are "
                    "dead, and without a key nobody can find it again; it belongs to zc",
         .remedy = "shmtool rm --orphan --key 0 --owner zc"},
        {.inventory = {BY_CS},
         .check = CHECK_ORPHANS,
         .rows = orphans,
         .count = 2,
         .name = "warning: orphans",
         .message = "2 segments, 8 KiB, are orphans: nobody has them attached, those who did are "
                    "dead, and without a key nobody can find them again; they belong to zc",
         .remedy = "as zc or root: shmtool rm --orphan --key 0 --owner zc"},
        {.inventory = {BY_CS},
         .check = CHECK_KEYED_ORPHANS,
         .rows = orphans,
         .count = 1,
         .name = "info: orphans-with-key",
         .message = "1 segment, 4 KiB, is an orphan with a key: " KEPT "its program " OF_SOME
                    "it belongs to zc",
         .remedy = "if nobody needs it: as zc or root: shmtool rm 1"},
        {.inventory = {SAVED},
         .check = CHECK_KEYED_ORPHANS,
         .rows = orphans,
         .count = 2,
         .name = "info: orphans-with-key",
         .message = "2 segments, 8 KiB, are orphans with a key: " KEPT "their programs " OF_SOME
                    "they belong to zc",
         .remedy = "on that machine: if nobody needs them: as zc or root: shmtool rm 1 2"},
        {.inventory = {BY_ROOT},
         .check = CHECK_KEYED_ORPHANS,
         .rows = orphans,
         .count = 6,
         .name = "info: orphans-with-key",
         .message = "6 segments, 24 KiB, are orphans with a key: " KEPT "their programs " OF_SOME
                    "they belong to zc",
         .remedy = "see what each is (shmtool ls -l --orphan --owner zc), and remove by their ids "
                   "those that nobody needs: shmtool rm ID..."},
    };

    (void)state;
    assert_reports(reports, COUNT_OF(reports));
}

static void unknown_states_with_each_reason_once(void **state)
{
    static const struct report reports[] = {
        {.inventory = {BY_ROOT},
         .check = CHECK_STATES,
         .rows = unknown,
         .count = 1,
         .name = "info: states",
         .message = "1 segment, 4 KiB, is attached by nobody, and whether it is an orphan is "
                    "unknown: its creator is in another PID namespace",
         .remedy =
             "see what is known of each (shmtool stat --state unknown --owner zc), and ask zc "
             "before you remove any"},
        {.inventory = {.live = true, .own_pids = false},
         .check = CHECK_STATES,
         .rows = unknown,
         .count = 5,
         .name = "warning: states",
         .message =
             "5 segments, 20 KiB, are attached by nobody, and whether they are orphans is "
             "unknown; for each, its creator is in another PID namespace; or the last process "
             "that used it is in another PID namespace; or its creator is perhaps alive: a "
             "process has this pid, but /proc does not show it",
         .remedy = "mount the /proc of this PID namespace and ask again (unshare --mount-proc does "
                   "it)"},
    };

    (void)state;
    assert_reports(reports, COUNT_OF(reports));
}

static void marked_segments_and_their_holders(void **state)
{
#define STOP "if that is not intended, stop those processes: shmtool who --dest --owner root"
#define ONE_GOES \
    "1 segment, 4 KiB, is marked for destruction and goes when the last process detaches; it is " \
    "held by "
#define GO " are marked for destruction and go when the last process detaches; they are held by "
    static const struct report reports[] = {
        {.inventory = {BY_ROOT},
         .check = CHECK_DEST,
         .rows = &marked[0],
         .count = 1,
         .name = "info: dest",
         .message = ONE_GOES "a[11]",
         .remedy = STOP},
        {.inventory = {SAVED},
         .check = CHECK_DEST,
         .rows = &marked[0],
         .count = 3,
         .name = "info: dest",
         .message = "3 segments, 12 KiB," GO
                    "a[11] (2), process 12 (2), c[13] (2), d[14] (1), e[15] (1) and 1 more",
         .remedy = "on that machine: " STOP},
        {.inventory = {BY_ROOT},
         .check = CHECK_DEST,
         .rows = &marked[3],
         .count = 1,
         .name = "info: dest",
         .message = ONE_GOES "1 attachment in no process that could be inspected",
         .remedy = STOP},
        {.inventory = {BY_ROOT},
         .check = CHECK_DEST,
         .rows = &marked[3],
         .count = 3,
         .name = "info: dest",
         .message = "3 segments, 12 KiB," GO
                    "a[11] (1), c[13] (1); 4 attachments in no process that could be inspected",
         .remedy = STOP},
    };

    (void)state;
    assert_reports(reports, COUNT_OF(reports));
}

static void processes_that_attach_again_and_owners_without_a_name(void **state)
{
    static const struct report reports[] = {
        {.inventory = {BY_ROOT},
         .check = CHECK_ATTACHMENTS,
         .rows = attached,
         .count = 1,
         .name = "info: attachments",
         .message = "app[812] has segment 5 attached 2 times, which may be intended; if the number "
                    "grows, it attaches again and again and never detaches",
         .remedy = "see whether the number grows: shmtool who 5"},
        {.inventory = {BY_ROOT},
         .check = CHECK_ATTACHMENTS,
         .rows = attached,
         .count = 2,
         .name = "info: attachments",
         .message = "app[812] has segment 6 attached 3 times and 1 more segment several times, "
                    "which may be intended; if the number grows, it attaches again and again and "
                    "never detaches",
         .remedy = "see whether the number grows: shmtool who 5 6"},
        {.inventory = {SAVED},
         .check = CHECK_ATTACHMENTS,
         .rows = &attached[2],
         .count = 1,
         .name = "warning: attachments",
         .message = "process 813 has segment 7 attached 1000 times: it attaches again and again "
                    "and never detaches, until shmat fails with ENOMEM (vm.max_map_count)",
         .remedy = "on that machine: restart process 813; its program does not call shmdt"},
        {.inventory = {BY_ROOT},
         .check = CHECK_ATTACHMENTS,
         .rows = attached,
         .count = 3,
         .name = "warning: attachments",
         .message = "process 813 has segment 7 attached 1000 times, app[812] has segment 6 "
                    "attached 3 times and 1 more segment several times: it attaches again and "
                    "again and never detaches, until shmat fails with ENOMEM (vm.max_map_count)",
         .remedy = "restart the processes that have it most often; their program does not call "
                   "shmdt"},
        {.inventory = {BY_ROOT},
         .check = CHECK_OWNERS,
         .rows = nameless,
         .count = 1,
         .name = "warning: owners",
         .message = "1 segment, 4 KiB, belongs to a user that does not exist: uid 4711",
         .remedy = "shmtool rm --orphan --key 0 --owner 4711"},
        {.inventory = {BY_ZC},
         .check = CHECK_OWNERS,
         .rows = nameless,
         .count = 3,
         .name = "warning: owners",
         .message = "3 segments, 12 KiB, belong to a user that does not exist: uid 4711",
         .remedy = "as root: shmtool rm --orphan --key 0 --owner 4711; then see what they are and "
                   "who uses them (shmtool stat --owner 4711); if nobody needs them: as root: "
                   "shmtool rm --unattached --owner 4711"},
        {.inventory = {BY_ZC},
         .check = CHECK_OWNERS,
         .rows = &nameless[2],
         .count = 2,
         .name = "warning: owners",
         .message = "2 segments, 8 KiB, belong to a user that does not exist: uid 4711",
         .remedy = "see what they are and who uses them (shmtool stat --owner 4711)"},
    };

    (void)state;
    assert_reports(reports, COUNT_OF(reports));
}

static void what_everybody_may_write_and_what_logind_takes(void **state)
{
    static struct segment_info of_root[] = {ROW(3, 0, "root", ORPHAN), ROW(4, 0, "root", ORPHAN)};
    static const struct report reports[] = {
        {.inventory = {BY_ROOT},
         .check = CHECK_WRITABLE,
         .rows = of_root,
         .count = 2,
         .name = "warning: writable",
         .message = "2 segments, 8 KiB, can be written by every user: their perms are 666 and the "
                    "like; they belong to root, whose programs read there what anybody may have "
                    "written",
         .remedy = "its program can ask shmget for the mode 0600 or 0660; see who uses it: shmtool "
                   "stat 3 4"},
        {.inventory = {BY_CS},
         .check = CHECK_REMOVE_IPC,
         .rows = orphans,
         .count = 2,
         .name = "info: remove-ipc",
         .message = "2 segments, 8 KiB, are attached by nobody and go at the last logout of zc: "
                    "systemd-logind then removes what an ordinary user left, semaphores and "
                    "message queues too (RemoveIPC=yes, the default)",
         .remedy = "if that is not intended: as root: set RemoveIPC=no in the section [Login] of a "
                   "new file /etc/systemd/logind.conf.d/ipc.conf, and restart logind (systemctl "
                   "restart systemd-logind); or for this user alone: as root: loginctl "
                   "enable-linger zc"},
        {.inventory = {BY_ROOT, LIMITED(LIMIT_RMID_FORCED, 1)},
         .check = CHECK_RMID_FORCED,
         .name = "info: shm_rmid_forced",
         .message = "shm_rmid_forced is 1: a segment is destroyed when the last process detaches, "
                    "or when its creator exits and nobody has it attached; programs that leave "
                    "one for others, or for their next start, lose it",
         .remedy = "if programs lose their segments by that: shmtool limits --set "
                   "shm_rmid_forced=0 --persist"},
    };

    (void)state;
    of_root[0].segment.mode = of_root[1].segment.mode = 0666;
    assert_reports(reports, COUNT_OF(reports));
}

/* --- The whole -------------------------------------------------------------------------------- */

static void nothing_is_wrong(void **state)
{
    static const struct diagnosis none = {.inventory = {BY_ROOT}};
    static const struct diagnosis some = {
        .inventory = {BY_ROOT, .usage = {.segments = 3, .bytes = 1258291}}};
    static const struct diagnosis warnings = {
        .least = SEVERITY_WARNING,
        .inventory = {
            BY_ROOT, .usage = {.segments = 3, .bytes = 1258291, .has_shmem = true, .shmem = 8192}}};
    static const struct diagnosis shared = {.inventory = {BY_ROOT, .usage = {.segments = 3,
                                                                             .bytes = 1258291,
                                                                             .rss = 4096,
                                                                             .has_shmem = true,
                                                                             .shmem = 8192}}};

    (void)state;
    assert_appends("0 segments, 0 B: nothing is wrong\n", findings_report_text, &none, WRAP_WIDTH);
    assert_appends("3 segments, 1.2 MiB: nothing is wrong\n", findings_report_text, &some,
                   WRAP_WIDTH);
    assert_appends("3 segments, 1.2 MiB: no warning\n", findings_report_text, &warnings,
                   WRAP_WIDTH);
    assert_appends(
        "3 segments, 1.2 MiB: nothing is wrong\n"
        "Shmem, which free shows as shared, is 8 KiB: 4 KiB in System V segments of this "
        "IPC namespace, the rest in tmpfs (df -t tmpfs), memfd, shared anonymous memory "
        "or other IPC namespaces\n",
        findings_report_text, &shared, WRAP_NEVER);
    assert_appends("\"findings\": [], \"system\": {\"shmem\": null, \"sysv\": 0}, \"elsewhere\": "
                   "{\"namespaces\": 0, \"segments\": 0, \"bytes\": 0}}\n",
                   findings_report_json, &some);
    assert_appends("\"findings\": [], \"system\": {\"shmem\": 8192, \"sysv\": 4096}, "
                   "\"elsewhere\": {\"namespaces\": 0, \"segments\": 0, \"bytes\": 0}}\n",
                   findings_report_json, &shared);
}

/* Two findings of one diagnosis, of an owner and a process with hostile names. */
static void hostile_names(void **state)
{
    static const struct segment_info row = ROW(1, 1001, "z\x1b[m\xff\"\\x41", ORPHAN);
    static const struct attachment attachment = {
        .shmid = 5, .pid = 812, .maps = 2, .command = "a\x07\xc3\xbc\x80\\x b"};
    static const struct segment_info attached_row = ATTACHED(5, &attachment, 1, 2);
    const struct segment_info *rows[] = {&row};
    const struct segment_info *attached_rows[] = {&attached_row};
    struct finding findings[] = {
        {.check = CHECK_ORPHANS, .severity = SEVERITY_WARNING, .rows = rows, .count = 1},
        {.check = CHECK_ATTACHMENTS, .rows = attached_rows, .count = 1},
    };
    const struct diagnosis diagnosis = {
        .inventory = {BY_CS, .limits = {.page_size = 4096}}, .items = findings, .count = 2};

    (void)state;
    assert_appends(
        "warning: orphans: 1 segment, 4 KiB, is an orphan: nobody has it attached,\n"
        "    those who did are dead, and without a key nobody can find it again;\n"
        "    it belongs to z\\x1b[m\\xff\"\\x5cx41\n"
        "    remedy: as z\\x1b[m\\xff\"\\x5cx41 or root:\n"
        "            shmtool rm --orphan --key 0 --owner 'z\\x1b[m\\xff\"\\x5cx41'\n"
        "info: attachments: a\\x07\xc3\xbc\\x80\\x5cx[812] has segment 5 attached 2 times, which\n"
        "    may be intended;\n"
        "    if the number grows, it attaches again and again and never detaches\n"
        "    remedy: see whether the number grows: shmtool who 5\n",
        findings_report_text, &diagnosis, WRAP_WIDTH);
    assert_appends(
        "\"findings\": [\n"
        "{\"check\": \"orphans\", \"severity\": \"warning\", \"shmids\": [1], \"message\": \"1 "
        "segment, 4 KiB, is an orphan: nobody has it attached, those who did are dead, and without "
        "a key nobody can find it again; it belongs to z\\u001b[m\\ufffd\\\"\\\\x41\", \"remedy\": "
        "\"as z\\u001b[m\\ufffd\\\"\\\\x41 or root: shmtool rm --orphan --key 0 --owner "
        "'z\\u001b[m\\ufffd\\\"\\\\x41'\"},\n"
        "{\"check\": \"attachments\", \"severity\": \"info\", \"shmids\": [5], \"message\": "
        "\"a\\u0007\xc3\xbc\\ufffd\\\\x[812] has segment 5 attached 2 times, which may be "
        "intended; "
        "if the number grows, it attaches again and again and never detaches\", \"remedy\": \"see "
        "whether the number grows: shmtool who 5\"}" SYSTEM "}\n",
        findings_report_json, &diagnosis);
}

static int setup(void **state)
{
    (void)state;
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_limits),
        cmocka_unit_test(limits_of_one_segment),
        cmocka_unit_test(orphans_with_and_without_a_key),
        cmocka_unit_test(unknown_states_with_each_reason_once),
        cmocka_unit_test(marked_segments_and_their_holders),
        cmocka_unit_test(processes_that_attach_again_and_owners_without_a_name),
        cmocka_unit_test(who_made_the_most_of_what_is_full),
        cmocka_unit_test(what_everybody_may_write_and_what_logind_takes),
        cmocka_unit_test(nothing_is_wrong),
        cmocka_unit_test(hostile_names),
    };

    return cmocka_run_group_tests_name("view/findings_report", tests, setup, NULL);
}
