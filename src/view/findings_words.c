#include "view/findings_words.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "view/advice.h"
#include "view/explain.h"
#include "view/human.h"
#include "view/limits_report.h"
#include "view/tally.h"
#include "view/words.h"

/* Owners and processes that are named one by one. */
enum { SHOWN = 5 };

/* A finding that is being told. */
struct report {
    struct strbuf *out;
    const struct diagnosis *diagnosis;
    const struct finding *finding;
    struct system *system;
    size_t begin; /* what OUT held before */
};

static const struct credentials *credentials_of(const struct report *report)
{
    return report->diagnosis->has_credentials ? &report->diagnosis->credentials : NULL;
}

static const struct limits *limits_of(const struct report *report)
{
    return &report->diagnosis->survey.limits;
}

/* The owners of the finding's segments; the caller frees the result. */
static struct tally *count_owners(const struct report *report, size_t *ret_count)
{
    const struct segment_list *list = &report->finding->segments;
    CLEANUP_FREE uint64_t *uids = xcalloc(list->count, sizeof(*uids));

    for (size_t i = 0; i < list->count; i++)
        uids[i] = list->items[i].uid;
    return tally_equal(uids, list->count, ret_count);
}

/* Appends "zc 12, cs 3 and 2 more". */
static void put_owners(const struct report *report)
{
    size_t count;
    CLEANUP_FREE struct tally *owners = count_owners(report, &count);

    for (size_t i = 0; i < count && i < SHOWN; i++) {
        strbuf_puts(report->out, i > 0 ? ", " : "");
        words_user(report->out, report->system, (uid_t)owners[i].number);
        if (count > 1)
            strbuf_printf(report->out, " %zu", owners[i].count);
    }
    if (count > SHOWN)
        strbuf_printf(report->out, " and %zu more", count - SHOWN);
}

static bool is_one(const struct report *report)
{
    return report->finding->segments.count == 1;
}

/* Appends "3 segments, 1.2 MiB". */
static void put_amount(const struct report *report)
{
    const struct segment_list *list = &report->finding->segments;

    words_amount(report->out, list->count, segment_list_bytes(list));
}

/* --- Messages --------------------------------------------------------------------------------- */

/* Appends who has the most, in pages or in bytes. */
static void put_share(const struct report *report, const struct share *share, bool in_pages)
{
    if (report->diagnosis->share_count == 0)
        return;
    strbuf_puts(report->out, "; ");
    words_user(report->out, report->system, share->uid);
    strbuf_puts(report->out, " has the most: ");
    if (in_pages) {
        human_count(report->out, share->pages, "page");
        strbuf_puts(report->out, " in ");
        human_count(report->out, share->segments, "segment");
    } else {
        words_amount(report->out, share->segments, share->bytes);
    }
    if (share->orphans > 0)
        strbuf_printf(report->out, ", %llu of them orphans", (unsigned long long)share->orphans);
}

/* Says how full a limit is, of which USED are in use: segments of shmmni, pages of shmall. */
static void put_full(const struct report *report, const char *name, uint64_t used, const char *noun,
                     enum limit_id id)
{
    uint64_t value = limits_of(report)->values[id];

    if (value == 0) {
        strbuf_printf(report->out,
                      "%s is 0: every shmget for a new segment fails with ENOSPC (No space left on "
                      "device)",
                      name);
        return;
    }
    strbuf_printf(report->out, "%s is %llu%% full: ", name,
                  (unsigned long long)report->finding->percent);
    human_count(report->out, used, noun);
    strbuf_printf(report->out,
                  " of %llu; when none is left, shmget fails with ENOSPC (No space "
                  "left on device)",
                  (unsigned long long)value);
}

static void tell_shmmni(const struct report *report)
{
    put_full(report, "shmmni", report->diagnosis->survey.usage.segments, "segment", LIMIT_SHMMNI);
    put_share(report, report->diagnosis->by_segments, false);
}

static void tell_shmall(const struct report *report)
{
    put_full(report, "shmall", report->diagnosis->survey.usage.pages, "page", LIMIT_SHMALL);
    put_share(report, report->diagnosis->by_pages, true);
}

static void tell_shmmax(const struct report *report)
{
    limits_report_conflict(report->out, limits_of(report));
    strbuf_puts(report->out, ": so large a segment fails with ENOSPC (No space left on device)");
}

static void tell_small_shmmax(const struct report *report)
{
    uint64_t value = limits_of(report)->values[LIMIT_SHMMAX];

    strbuf_puts(report->out, "shmmax is ");
    if (value == 0) {
        strbuf_puts(report->out, "0: every shmget for a new segment fails");
    } else {
        human_count(report->out, value, "byte");
        strbuf_puts(report->out, ", less than a page: nearly every shmget for a new segment fails");
    }
    strbuf_puts(report->out, " with EINVAL (Invalid argument)");
}

static void tell_orphans(const struct report *report)
{
    put_amount(report);
    strbuf_puts(report->out, is_one(report)
                                 ? ", is an orphan: nobody has it attached, those who did are "
                                   "dead, and without a key nobody can find it again; it belongs "
                                   "to "
                                 : ", are orphans: nobody has them attached, those who did are "
                                   "dead, and without a key nobody can find them again; they "
                                   "belong to ");
    put_owners(report);
}

static void tell_keyed_orphans(const struct report *report)
{
    put_amount(report);
    strbuf_puts(report->out, is_one(report)
                                 ? ", is an orphan with a key: left over, or kept on purpose for "
                                   "the next start of its program (ntpd, gpsd, Berkeley DB); it "
                                   "belongs to "
                                 : ", are orphans with a key: left over, or kept on purpose for "
                                   "the next start of their programs (ntpd, gpsd, Berkeley DB); "
                                   "they belong to ");
    put_owners(report);
}

/* Appends why the states cannot be told, each reason once. */
static void put_doubts(const struct report *report)
{
    CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;
    const struct segment_list *list = &report->finding->segments;
    size_t begin = report->out->length;

    for (size_t i = 0; i < list->count; i++) {
        const struct explained explained =
            explain_begin(report->system, &list->items[i], &report->diagnosis->attachments);

        strbuf_reset(&reason);
        explain_doubt(&reason, &explained);
        if (strstr(strbuf_string(report->out) + begin, strbuf_string(&reason)))
            continue;
        if (report->out->length > begin)
            strbuf_puts(report->out, "; or ");
        strbuf_append(report->out, strbuf_string(&reason), reason.length);
    }
}

static void tell_states(const struct report *report)
{
    put_amount(report);
    strbuf_puts(report->out, is_one(report)
                                 ? ", is attached by nobody, and whether it is an orphan cannot be "
                                   "told: "
                                 : ", are attached by nobody, and whether they are orphans cannot "
                                   "be told; of each ");
    put_doubts(report);
}

/* The processes that hold the finding's segments; the caller frees the result. */
static struct tally *count_holders(const struct report *report, size_t *ret_count)
{
    const struct segment_list *list = &report->finding->segments;
    CLEANUP_FREE uint64_t *pids = NULL;
    size_t used = 0;
    size_t capacity = 0;

    for (size_t i = 0; i < list->count; i++) {
        size_t count = 0;
        const struct attachment *found =
            attachment_list_find(&report->diagnosis->attachments, list->items[i].shmid, &count);

        for (size_t j = 0; found && j < count; j++) {
            pids = xgrow(pids, used, &capacity, sizeof(*pids));
            pids[used++] = (uint64_t)found[j].pid;
        }
    }
    return tally_equal(pids, used, ret_count);
}

/* How many attachments of the finding's segments were found in no process. */
static uint64_t count_unseen(const struct report *report)
{
    const struct segment_list *list = &report->finding->segments;
    uint64_t unseen = 0;

    for (size_t i = 0; i < list->count; i++)
        unseen =
            saturating_add(unseen, survey_unseen(&report->diagnosis->attachments, &list->items[i]));
    return unseen;
}

static void tell_dest(const struct report *report)
{
    size_t count;
    CLEANUP_FREE struct tally *holders = count_holders(report, &count);
    uint64_t unseen = count_unseen(report);

    put_amount(report);
    strbuf_puts(report->out, is_one(report)
                                 ? ", is marked for destruction and goes when the last process "
                                   "detaches; it is held by "
                                 : ", are marked for destruction and go when the last process "
                                   "detaches; they are held by ");
    for (size_t i = 0; holders && i < count && i < SHOWN; i++) {
        strbuf_puts(report->out, i > 0 ? ", " : "");
        words_process(report->out, report->system, (pid_t)holders[i].number);
        if (!is_one(report))
            strbuf_printf(report->out, " (%zu)", holders[i].count);
    }
    if (count > SHOWN)
        strbuf_printf(report->out, " and %zu more", count - SHOWN);
    if (unseen > 0)
        strbuf_printf(report->out, "%s%llu attachment%s in no process that could be looked at",
                      count > 0 ? "; " : "", (unsigned long long)unseen, unseen == 1 ? "" : "s");
}

static void tell_attachments(const struct report *report)
{
    const struct finding *finding = report->finding;
    const struct attachment *attachment = finding->attachment;

    words_process(report->out, report->system, attachment->pid);
    strbuf_printf(report->out, " has segment %d attached %llu times", attachment->shmid,
                  (unsigned long long)attachment->maps);
    if (finding->severity == SEVERITY_INFO)
        strbuf_puts(report->out, ", which may be meant; if the number grows, it attaches again and "
                                 "again and never detaches");
    else
        strbuf_puts(report->out, ": it attaches again and again and never detaches, until shmat "
                                 "fails with ENOMEM (vm.max_map_count)");
}

static void tell_owners(const struct report *report)
{
    put_amount(report);
    strbuf_puts(report->out, is_one(report) ? ", belongs to a user that no database knows: "
                                            : ", belong to users that no database knows: ");
    put_owners(report);
}

/* --- Remedies --------------------------------------------------------------------------------- */

/* Appends who may remove the segments, if this user may not, and how. */
static void put_rm(const struct report *report, const struct segment_list *list, const char *words)
{
    advice_remove(report->out, report->system, credentials_of(report), list);
    strbuf_printf(report->out, "shmtool rm %s", words);
}

/* Appends who may set a limit, if this user may not, and how. */
static void put_set(const struct report *report, enum limit_id id, uint64_t value)
{
    advice_set_limits(report->out, credentials_of(report));
    strbuf_printf(report->out, "shmtool limits --set %s=%llu --persist", limit_kinds[id].name,
                  (unsigned long long)value);
}

/* Adds the orphans that were found, with a key and without. */
static void collect_orphans(const struct diagnosis *diagnosis, struct segment_list *orphans)
{
    for (size_t i = 0; i < diagnosis->count; i++) {
        const struct finding *finding = &diagnosis->items[i];

        if (finding->check != CHECK_ORPHANS && finding->check != CHECK_KEYED_ORPHANS)
            continue;
        for (size_t j = 0; j < finding->segments.count; j++)
            segment_list_add(orphans, &finding->segments.items[j]);
    }
}

/* Twice what there is, or may be; what every namespace begins with where that is nothing. */
static uint64_t raised_limit(enum limit_id id, uint64_t value, uint64_t used)
{
    /* Without a boot option shmmni goes no higher (ipc/util.h, IPCMNI). */
    enum { USUAL_MOST_SEGMENTS = 32768 };
    uint64_t most = value > used ? value : used;

    if (value == 0 && limit_kinds[id].usual > used)
        return limit_kinds[id].usual;
    most = saturating_add(most, most);
    return id == LIMIT_SHMMNI && most > USUAL_MOST_SEGMENTS ? USUAL_MOST_SEGMENTS : most;
}

static void mend_limit(const struct report *report, enum limit_id id)
{
    CLEANUP_SEGMENT_LIST struct segment_list orphans = SEGMENT_LIST_INIT;
    uint64_t value = limits_of(report)->values[id];
    uint64_t used = 0;

    if (!limits_used(limits_of(report), &report->diagnosis->survey.usage, id, &used))
        return;
    collect_orphans(report->diagnosis, &orphans);
    if (value > 0 && orphans.count > 0) {
        strbuf_puts(report->out, "remove what nobody needs (");
        put_rm(report, &orphans, "--orphan)");
    } else if (value > 0) {
        strbuf_puts(report->out, "see who has them (shmtool ls --sort -bytes)");
    }
    value = raised_limit(id, value, used);
    if (value <= used)
        return;
    strbuf_puts(report->out, report->out->length > report->begin ? ", or: " : "");
    put_set(report, id, value);
}

static void mend_shmmni(const struct report *report)
{
    mend_limit(report, LIMIT_SHMMNI);
}

static void mend_shmall(const struct report *report)
{
    mend_limit(report, LIMIT_SHMALL);
}

static void mend_shmmax(const struct report *report)
{
    const struct limits *limits = limits_of(report);
    uint64_t shmmax = limits->values[LIMIT_SHMMAX];
    uint64_t bytes;

    if (shmmax <= INT64_MAX) {
        put_set(report, LIMIT_SHMALL, pages_of(shmmax, limits->page_size));
        return;
    }
    /* A shmmax that nobody ever lowered: shmall was, on purpose or not. */
    put_set(report, LIMIT_SHMALL, limit_kinds[LIMIT_SHMALL].usual);
    if (__builtin_mul_overflow(limits->values[LIMIT_SHMALL], limits->page_size, &bytes))
        return;
    strbuf_puts(report->out, "; or, if shmall is meant to be so low: ");
    put_set(report, LIMIT_SHMMAX, bytes);
}

/* As much as every namespace begins with, or as shmall allows. */
static void mend_small_shmmax(const struct report *report)
{
    const struct limits *limits = limits_of(report);
    uint64_t value = limit_kinds[LIMIT_SHMMAX].usual;
    uint64_t bytes;

    if (limits->known[LIMIT_SHMALL] && limits->values[LIMIT_SHMALL] > 0 &&
        !__builtin_mul_overflow(limits->values[LIMIT_SHMALL], limits->page_size, &bytes) &&
        bytes < value)
        value = bytes;
    put_set(report, LIMIT_SHMMAX, value);
}

static void mend_orphans(const struct report *report)
{
    put_rm(report, &report->finding->segments, "--orphan --key 0");
}

static void mend_keyed_orphans(const struct report *report)
{
    const struct segment_list *list = &report->finding->segments;

    strbuf_puts(report->out, "if nobody needs them: ");
    if (list->count > SHOWN) {
        put_rm(report, list, "ID... (shmtool ls --orphan)");
        return;
    }
    put_rm(report, list, "");
    for (size_t i = 0; i < list->count; i++)
        strbuf_printf(report->out, "%s%d", i > 0 ? " " : "", list->items[i].shmid);
}

static void mend_states(const struct report *report)
{
    if (pids_are_ours(report->system->pids))
        strbuf_puts(report->out, "'shmtool stat --state unknown' tells what is known of each; ask "
                                 "their owners before you remove any");
    else
        strbuf_puts(report->out, "mount the /proc of this PID namespace and ask again (unshare "
                                 "--mount-proc does it)");
}

static void mend_dest(const struct report *report)
{
    strbuf_puts(report->out, "if that is not meant, stop those processes: shmtool who --dest");
}

static void mend_attachments(const struct report *report)
{
    const struct attachment *attachment = report->finding->attachment;

    if (report->finding->severity == SEVERITY_INFO)
        strbuf_printf(report->out, "see whether the number grows: shmtool who %d",
                      attachment->shmid);
    else
        strbuf_printf(report->out, "restart process %d; its program lacks a shmdt",
                      (int)attachment->pid);
}

static void mend_owners(const struct report *report)
{
    size_t count;
    CLEANUP_FREE struct tally *owners = count_owners(report, &count);

    put_rm(report, &report->finding->segments, "--unattached");
    for (size_t i = 0; owners && i < count; i++)
        strbuf_printf(report->out, " --owner %llu", (unsigned long long)owners[i].number);
}

/* What is said of each finding. */
static const struct {
    void (*tell)(const struct report *report);
    void (*mend)(const struct report *report);
} checks[CHECK_COUNT] = {
    [CHECK_SHMMNI] = {tell_shmmni, mend_shmmni},
    [CHECK_SHMALL] = {tell_shmall, mend_shmall},
    [CHECK_SHMMAX] = {tell_shmmax, mend_shmmax},
    [CHECK_SMALL_SHMMAX] = {tell_small_shmmax, mend_small_shmmax},
    [CHECK_ORPHANS] = {tell_orphans, mend_orphans},
    [CHECK_KEYED_ORPHANS] = {tell_keyed_orphans, mend_keyed_orphans},
    [CHECK_STATES] = {tell_states, mend_states},
    [CHECK_DEST] = {tell_dest, mend_dest},
    [CHECK_ATTACHMENTS] = {tell_attachments, mend_attachments},
    [CHECK_OWNERS] = {tell_owners, mend_owners},
};

void findings_words_message(struct strbuf *out, const struct diagnosis *diagnosis,
                            const struct finding *finding, struct system *system)
{
    const struct report report = {out, diagnosis, finding, system, out->length};

    checks[finding->check].tell(&report);
}

void findings_words_remedy(struct strbuf *out, const struct diagnosis *diagnosis,
                           const struct finding *finding, struct system *system)
{
    struct report report = {out, diagnosis, finding, system, 0};

    advice_begin(out, system);
    report.begin = out->length;
    checks[finding->check].mend(&report);
}
