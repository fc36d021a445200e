#include "view/call_words.h"

#include "base/num.h"
#include "view/advice.h"
#include "view/human.h"
#include "view/limits_report.h"
#include "view/words.h"

/* Without a boot option shmmni goes no higher (ipc/util.h, IPCMNI). */
enum { USUAL_MOST_SEGMENTS = 32768 };

/* A report in the making. */
struct report {
    struct strbuf *out;
    const struct call_diagnosis *diagnosis;
    struct system *system;
};

static uint64_t limit(const struct report *report, enum limit_id id)
{
    return report->diagnosis->survey.limits.values[id];
}

static uint64_t page_size(const struct report *report)
{
    return report->diagnosis->survey.limits.page_size;
}

static uint64_t asked_pages(const struct report *report)
{
    return pages_of(report->diagnosis->request.size, page_size(report));
}

static void put_number(struct strbuf *out, uint64_t value)
{
    strbuf_put_u64(out, value);
}

/* Appends "1048576 bytes (1 MiB)". */
static void put_bytes(struct strbuf *out, uint64_t bytes)
{
    human_count(out, bytes, "byte");
    if (bytes < 1024)
        return;
    strbuf_puts(out, " (");
    human_size_long(out, bytes);
    strbuf_putc(out, ')');
}

/* Appends "256 pages (1 MiB)". */
static void put_pages(const struct report *report, uint64_t pages)
{
    human_count(report->out, pages, "page");
    strbuf_puts(report->out, " (");
    limits_report_pages(report->out, pages, page_size(report));
    strbuf_putc(report->out, ')');
}

/* --- Reasons ---------------------------------------------------------------------------------- */

/* Appends "segment 5 has the key". */
static void put_holder(const struct report *report)
{
    strbuf_printf(report->out, "segment %d has the key", report->diagnosis->segment.shmid);
}

static void put_segment(const struct report *report)
{
    const struct call_diagnosis *diagnosis = report->diagnosis;

    words_segment(report->out, report->system, &diagnosis->segment, diagnosis->state,
                  &diagnosis->attachments);
}

static void reason_finds(const struct report *report)
{
    const struct call_diagnosis *diagnosis = report->diagnosis;

    put_holder(report);
    strbuf_puts(report->out, " and is what the call returns, with its ");
    put_bytes(report->out, diagnosis->segment.size);
    if (diagnosis->segment.size > diagnosis->request.size && diagnosis->request.size > 0) {
        strbuf_puts(report->out, ": more than the ");
        put_number(report->out, diagnosis->request.size);
        strbuf_puts(report->out, " asked for, and with what was in it before");
    }
    strbuf_puts(report->out, "; ");
    put_segment(report);
}

/* Says that the key was taken until its segment was marked for destruction. */
static void put_former(const struct report *report)
{
    const struct call_diagnosis *diagnosis = report->diagnosis;

    if (!diagnosis->has_former)
        return;
    strbuf_printf(report->out,
                  "; segment %d had it until it was marked for destruction, and is still held by ",
                  diagnosis->former.shmid);
    words_holders(report->out, report->system, &diagnosis->former, &diagnosis->attachments);
    strbuf_puts(report->out, ", who will share nothing with a new one");
}

static void reason_makes(const struct report *report)
{
    if (report->diagnosis->request.key != 0)
        strbuf_puts(report->out, "nobody has the key: ");
    strbuf_puts(report->out, "the call makes a new segment of ");
    put_bytes(report->out, report->diagnosis->request.size);
    put_former(report);
}

static void reason_exists(const struct report *report)
{
    put_holder(report);
    strbuf_puts(report->out, ", and with IPC_EXCL nobody may; ");
    put_segment(report);
}

static void reason_too_small(const struct report *report)
{
    put_holder(report);
    strbuf_puts(report->out, " and only ");
    put_bytes(report->out, report->diagnosis->segment.size);
    strbuf_puts(report->out, ", less than the ");
    put_number(report->out, report->diagnosis->request.size);
    strbuf_puts(report->out, " asked for; a segment never grows; ");
    put_segment(report);
}

/* Appends permission bits as words: "reading and writing". */
static void put_rights(struct strbuf *out, unsigned bits)
{
    static const char *const words[] = {
        "nothing",
        "execution",
        "writing",
        "writing and execution",
        "reading",
        "reading and execution",
        "reading and writing",
        "reading, writing and execution",
    };

    strbuf_puts(out, words[bits & 07]);
}

static void reason_denied(const struct report *report)
{
    const struct call_diagnosis *diagnosis = report->diagnosis;

    put_holder(report);
    strbuf_puts(report->out, " and grants ");
    words_user(report->out, report->system, diagnosis->credentials.euid);
    strbuf_putc(report->out, ' ');
    put_rights(report->out, shmget_granted_bits(&diagnosis->segment, &diagnosis->credentials));
    strbuf_printf(report->out, ", but mode %03o asks for ", (unsigned)diagnosis->request.mode);
    put_rights(report->out, shmget_asked_bits(diagnosis->request.mode));
    strbuf_puts(report->out, "; ");
    put_segment(report);
}

static void reason_absent(const struct report *report)
{
    strbuf_puts(report->out, "nobody has the key, in this IPC namespace, and without IPC_CREAT "
                             "none is made");
    put_former(report);
}

static void reason_zero(const struct report *report)
{
    if (report->diagnosis->request.key != 0)
        strbuf_puts(report->out, "nobody has the key, and ");
    strbuf_puts(report->out, "a new segment must have 1 byte or more (shmmin)");
}

static void reason_above_shmmax(const struct report *report)
{
    if (report->diagnosis->request.key != 0)
        strbuf_puts(report->out, "nobody has the key, and ");
    strbuf_puts(report->out, "a new segment may have no more than shmmax, ");
    put_bytes(report->out, limit(report, LIMIT_SHMMAX));
    strbuf_puts(report->out, "; asked for are ");
    put_bytes(report->out, report->diagnosis->request.size);
}

static void reason_above_files(const struct report *report)
{
    strbuf_puts(report->out, "the kernel makes no segment of 2^63 bytes or more, whatever the "
                             "limits allow; asked for are ");
    put_bytes(report->out, report->diagnosis->request.size);
}

/* Appends whose the most of what is in use is. */
static void put_largest_share(const struct report *report)
{
    const struct share *share = report->diagnosis->shares;

    if (report->diagnosis->share_count == 0)
        return;
    strbuf_puts(report->out, "; ");
    words_user(report->out, report->system, share->uid);
    strbuf_puts(report->out, " has the most: ");
    human_count(report->out, share->segments, "segment");
    strbuf_puts(report->out, ", ");
    put_pages(report, share->pages);
    if (share->orphans > 0)
        strbuf_printf(report->out, ", %llu of them orphans", (unsigned long long)share->orphans);
}

static void reason_above_shmall(const struct report *report)
{
    strbuf_puts(report->out, "this is about a limit, not about disks: shmall allows ");
    put_pages(report, limit(report, LIMIT_SHMALL));
    strbuf_puts(report->out, " for all segments together; ");
    put_number(report->out, report->diagnosis->survey.usage.pages);
    strbuf_puts(report->out, " are in use and ");
    put_number(report->out, asked_pages(report));
    strbuf_puts(report->out, " more are asked for");
    put_largest_share(report);
}

static void reason_above_shmmni(const struct report *report)
{
    strbuf_puts(report->out, "this is about a limit, not about disks: shmmni allows ");
    human_count(report->out, limit(report, LIMIT_SHMMNI), "segment");
    strbuf_puts(report->out, ", and there are ");
    put_number(report->out, report->diagnosis->survey.usage.segments);
    put_largest_share(report);
}

static void reason_no_memory(const struct report *report)
{
    const struct memory_state *memory = &report->diagnosis->memory;

    put_bytes(report->out, report->diagnosis->request.size);
    strbuf_puts(report->out, " are more memory than the machine promises: ");
    if (memory->overcommit == 2) {
        strbuf_puts(report->out, "with vm.overcommit_memory 2 at most ");
        limits_report_pages(report->out, memory->commit_limit, page_size(report));
        strbuf_puts(report->out, ", of which ");
        limits_report_pages(report->out, memory->committed, page_size(report));
        strbuf_puts(report->out, " are taken");
        return;
    }
    strbuf_puts(report->out, "it has ");
    limits_report_pages(report->out, memory->total, page_size(report));
    strbuf_puts(report->out, " of RAM and swap");
}

static void reason_refused(const struct report *report)
{
    strbuf_puts(report->out,
                "the kernel says so where limits, permissions and segments would not: a security "
                "module (SELinux, AppArmor) or a filter of system calls may forbid it");
}

/* --- Remedies --------------------------------------------------------------------------------- */

/* Appends the removal of the segment, and by whom if not by this user. */
static void put_rm(const struct report *report)
{
    const struct call_diagnosis *diagnosis = report->diagnosis;
    CLEANUP_SEGMENT_LIST struct segment_list list = SEGMENT_LIST_INIT;

    segment_list_add(&list, &diagnosis->segment);
    advice_remove(report->out, report->system, &diagnosis->credentials, &list);
    strbuf_printf(report->out, "shmtool rm %d", diagnosis->segment.shmid);
}

/* To be rid of the segment that has the key, without tearing it out of anybody's hands. */
static void remedy_remove(const struct report *report)
{
    const struct call_diagnosis *diagnosis = report->diagnosis;

    if (diagnosis->state == STATE_USED)
        strbuf_printf(report->out, "stop the processes that use it (shmtool who %d), then: ",
                      diagnosis->segment.shmid);
    else if (diagnosis->state != STATE_ORPHAN)
        strbuf_puts(report->out, "if nobody needs it any more: ");
    put_rm(report);
    if (diagnosis->answer.cause == SHMGET_TOO_SMALL && diagnosis->state == STATE_USED)
        strbuf_printf(report->out, "; or ask for no more than %llu bytes",
                      (unsigned long long)diagnosis->segment.size);
}

static void remedy_denied(const struct report *report)
{
    const struct call_diagnosis *diagnosis = report->diagnosis;

    if (diagnosis->state == STATE_ORPHAN) {
        put_rm(report);
        return;
    }
    strbuf_puts(report->out, "call it as ");
    words_user(report->out, report->system, diagnosis->segment.uid);
    strbuf_puts(report->out, ", or have its program make it with a mode that grants more");
}

static void remedy_absent(const struct report *report)
{
    strbuf_puts(report->out, "start the program that makes the segment first");
}

static void remedy_zero(const struct report *report)
{
    strbuf_puts(report->out, "ask for 1 byte or more");
}

/* Appends "shmtool limits --set NAME=VALUE ...", with shmall raised if that would be next. */
static void put_limits(const struct report *report, enum limit_id id, uint64_t value)
{
    const struct survey *survey = &report->diagnosis->survey;
    uint64_t pages = saturating_add(survey->usage.pages, asked_pages(report));

    advice_set_limits(report->out, &report->diagnosis->credentials);
    strbuf_printf(report->out, "shmtool limits --set %s=", limit_kinds[id].name);
    put_number(report->out, value);
    if (id == LIMIT_SHMMAX && survey->limits.known[LIMIT_SHMALL] &&
        pages > limit(report, LIMIT_SHMALL)) {
        strbuf_puts(report->out, " --set shmall=");
        put_number(report->out, pages);
    }
    strbuf_puts(report->out, " --persist");
}

static void remedy_above_shmmax(const struct report *report)
{
    /* More than any limit allows: nothing mends that. */
    if (report->diagnosis->request.size <= INT64_MAX)
        put_limits(report, LIMIT_SHMMAX, report->diagnosis->request.size);
}

/* Appends the removal of the orphans of a share's owner, or of all where SHARE is NULL. */
static void put_rm_orphans(const struct report *report, const struct share *share)
{
    const struct call_diagnosis *diagnosis = report->diagnosis;
    const struct segment_list *all = &diagnosis->survey.segments;
    CLEANUP_SEGMENT_LIST struct segment_list orphans = SEGMENT_LIST_INIT;

    for (size_t i = 0; i < all->count; i++) {
        if ((!share || all->items[i].uid == share->uid) &&
            pids_state(report->system->pids, &all->items[i]) == STATE_ORPHAN)
            segment_list_add(&orphans, &all->items[i]);
    }
    if (orphans.count > 0)
        advice_remove(report->out, report->system, &diagnosis->credentials, &orphans);
    strbuf_puts(report->out, "shmtool rm --orphan");
    if (share)
        strbuf_printf(report->out, " --owner %lu", (unsigned long)share->uid);
}

/*
 * Appends the removal of orphans where that is enough, of one owner if it can be, and returns
 * whether it is. LACKING: how much too much there is, in pages or in segments.
 */
static bool put_orphans(const struct report *report, uint64_t lacking, bool in_pages)
{
    const struct call_diagnosis *diagnosis = report->diagnosis;
    uint64_t all = 0;

    for (size_t i = 0; i < diagnosis->share_count; i++) {
        const struct share *share = &diagnosis->shares[i];
        uint64_t own = in_pages ? share->orphan_pages : share->orphans;

        all = saturating_add(all, own);
        if (own < lacking)
            continue;
        put_rm_orphans(report, share);
        return true;
    }
    if (all >= lacking)
        put_rm_orphans(report, NULL);
    return all >= lacking;
}

static void remedy_above_shmall(const struct report *report)
{
    uint64_t pages = saturating_add(report->diagnosis->survey.usage.pages, asked_pages(report));

    if (put_orphans(report, pages - limit(report, LIMIT_SHMALL), true))
        strbuf_puts(report->out, ", or: ");
    put_limits(report, LIMIT_SHMALL, pages);
}

static void remedy_above_shmmni(const struct report *report)
{
    uint64_t now = limit(report, LIMIT_SHMMNI);
    uint64_t needed = saturating_add(report->diagnosis->survey.usage.segments, 1);
    bool can_rise = needed <= USUAL_MOST_SEGMENTS;
    uint64_t twice = now < USUAL_MOST_SEGMENTS / 2 ? now * 2 : USUAL_MOST_SEGMENTS;

    if (put_orphans(report, needed - now, false))
        strbuf_puts(report->out, can_rise ? ", or: " : "");
    else if (!can_rise)
        strbuf_puts(report->out, "remove segments that nobody needs: shmtool ls --unattached");
    if (can_rise)
        put_limits(report, LIMIT_SHMMNI, twice > needed ? twice : needed);
}

static void remedy_no_memory(const struct report *report)
{
    strbuf_puts(report->out, "ask for less, or add swap");
    if (report->diagnosis->memory.overcommit == 2) {
        strbuf_puts(report->out, ", or raise vm.overcommit_ratio");
        return;
    }
    strbuf_puts(report->out, ", or have the kernel promise anything: ");
    advice_set_limits(report->out, &report->diagnosis->credentials);
    strbuf_puts(report->out, "sysctl vm.overcommit_memory=1");
}

/* What is said of each cause; a missing remedy: there is nothing to mend, or no way to. */
static const struct {
    void (*reason)(const struct report *report);
    void (*remedy)(const struct report *report);
} causes[] = {
    [SHMGET_FINDS] = {reason_finds, NULL},
    [SHMGET_MAKES] = {reason_makes, NULL},
    [SHMGET_EXISTS] = {reason_exists, remedy_remove},
    [SHMGET_TOO_SMALL] = {reason_too_small, remedy_remove},
    [SHMGET_DENIED] = {reason_denied, remedy_denied},
    [SHMGET_ABSENT] = {reason_absent, remedy_absent},
    [SHMGET_ZERO] = {reason_zero, remedy_zero},
    [SHMGET_ABOVE_SHMMAX] = {reason_above_shmmax, remedy_above_shmmax},
    [SHMGET_WRAPS] = {reason_above_files, NULL},
    [SHMGET_ABOVE_SHMALL] = {reason_above_shmall, remedy_above_shmall},
    [SHMGET_ABOVE_FILES] = {reason_above_files, NULL},
    [SHMGET_NO_MEMORY] = {reason_no_memory, remedy_no_memory},
    [SHMGET_ABOVE_SHMMNI] = {reason_above_shmmni, remedy_above_shmmni},
    [SHMGET_REFUSED] = {reason_refused, NULL},
};

void call_words_reason(struct strbuf *out, const struct call_diagnosis *diagnosis,
                       struct system *system)
{
    const struct report report = {out, diagnosis, system};

    causes[diagnosis->answer.cause].reason(&report);
}

void call_words_remedy(struct strbuf *out, const struct call_diagnosis *diagnosis,
                       struct system *system)
{
    const struct report report = {out, diagnosis, system};

    if (causes[diagnosis->answer.cause].remedy)
        causes[diagnosis->answer.cause].remedy(&report);
}
