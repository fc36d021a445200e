#include "view/findings_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "view/human.h"
#include "view/limits_report.h"
#include "view/words.h"

/* Owners and processes that are named one by one. */
enum { SHOWN = 5 };

/* A finding that is being told. */
struct report {
    struct strbuf *out;
    const struct diagnosis *diagnosis;
    const struct finding *finding;
    struct machine *machine;
};

static const struct limits *limits_of(const struct report *report)
{
    return &report->diagnosis->survey.limits;
}

/* Something that many segments have, and how many: an owner, a process. */
struct tally {
    uint64_t number;
    size_t count;
};

static int compare_numbers(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a;
    uint64_t second = *(const uint64_t *)b;

    return (first > second) - (first < second);
}

/* The largest count first; of equal ones the lower number. */
static int compare_tallies(const void *a, const void *b)
{
    const struct tally *first = a;
    const struct tally *second = b;

    if (first->count != second->count)
        return first->count > second->count ? -1 : 1;
    return (first->number > second->number) - (first->number < second->number);
}

/* Counts equal numbers, in place of sorting NUMBERS; the caller frees the result. */
static struct tally *count_equal(uint64_t *numbers, size_t count, size_t *ret_tallies)
{
    struct tally *tallies = NULL;
    size_t used = 0;
    size_t capacity = 0;

    if (count > 0)
        qsort(numbers, count, sizeof(numbers[0]), compare_numbers);
    for (size_t i = 0; i < count; i++) {
        if (used == 0 || tallies[used - 1].number != numbers[i]) {
            tallies = xgrow(tallies, used, &capacity, sizeof(struct tally));
            tallies[used++] = (struct tally){numbers[i], 0};
        }
        tallies[used - 1].count++;
    }
    if (used > 0)
        qsort(tallies, used, sizeof(struct tally), compare_tallies);
    *ret_tallies = used;
    return tallies;
}

/* The owners of the finding's segments; the caller frees the result. */
static struct tally *count_owners(const struct report *report, size_t *ret_count)
{
    const struct segment_list *list = &report->finding->segments;
    CLEANUP_FREE uint64_t *uids = xcalloc(list->count, sizeof(*uids));

    for (size_t i = 0; i < list->count; i++)
        uids[i] = list->items[i].uid;
    return count_equal(uids, list->count, ret_count);
}

/* Appends "zc 12, cs 3 and 2 more". */
static void put_owners(const struct report *report)
{
    size_t count;
    CLEANUP_FREE struct tally *owners = count_owners(report, &count);

    for (size_t i = 0; i < count && i < SHOWN; i++) {
        strbuf_puts(report->out, i > 0 ? ", " : "");
        words_user(report->out, report->machine, (uid_t)owners[i].number);
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

/* Appends who has the most. */
static void put_share(const struct report *report, const struct share *share)
{
    if (report->diagnosis->share_count == 0)
        return;
    strbuf_puts(report->out, "; ");
    words_user(report->out, report->machine, share->uid);
    strbuf_puts(report->out, " has the most: ");
    words_amount(report->out, share->segments, share->bytes);
    if (share->orphans > 0)
        strbuf_printf(report->out, ", %llu of them orphans", (unsigned long long)share->orphans);
}

/* Says how full a limit is, of which USED are in use: segments of shmmni, pages of shmall. */
static void put_full(const struct report *report, const char *name, uint64_t used, const char *noun,
                     enum limit_id id)
{
    strbuf_printf(report->out, "%s is %llu%% full: ", name,
                  (unsigned long long)report->finding->percent);
    human_count(report->out, used, noun);
    strbuf_printf(report->out,
                  " of %llu; when none is left, shmget fails with ENOSPC (No space "
                  "left on device)",
                  (unsigned long long)report->diagnosis->survey.limits.values[id]);
}

static void tell_shmmni(const struct report *report)
{
    put_full(report, "shmmni", report->diagnosis->survey.usage.segments, "segment", LIMIT_SHMMNI);
    put_share(report, report->diagnosis->by_segments);
}

static void tell_shmall(const struct report *report)
{
    put_full(report, "shmall", report->diagnosis->survey.usage.pages, "page", LIMIT_SHMALL);
    put_share(report, report->diagnosis->by_pages);
}

static void tell_shmmax(const struct report *report)
{
    limits_report_conflict(report->out, limits_of(report));
    strbuf_puts(report->out, ": so large a segment fails with ENOSPC (No space left on device)");
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
            attach_table_find(&report->diagnosis->attachments, list->items[i].shmid, &count);

        for (size_t j = 0; found && j < count; j++) {
            pids = xgrow(pids, used, &capacity, sizeof(*pids));
            pids[used++] = (uint64_t)found[j].pid;
        }
    }
    return count_equal(pids, used, ret_count);
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
        words_process(report->out, report->machine, (pid_t)holders[i].number);
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

    words_process(report->out, report->machine, attachment->pid);
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

/* Appends " 5 6 7", or nothing when there are too many to be named. */
static bool put_ids(const struct report *report)
{
    const struct segment_list *list = &report->finding->segments;

    if (list->count > SHOWN)
        return false;
    for (size_t i = 0; i < list->count; i++)
        strbuf_printf(report->out, " %d", list->items[i].shmid);
    return true;
}

static bool has_orphans(const struct diagnosis *diagnosis)
{
    for (size_t i = 0; i < diagnosis->share_count; i++) {
        if (diagnosis->by_segments[i].orphans > 0)
            return true;
    }
    return false;
}

static void mend_limit(const struct report *report, enum limit_id id)
{
    uint64_t value = limits_of(report)->values[id];
    uint64_t used;

    if (!limits_used(limits_of(report), &report->diagnosis->survey.usage, id, &used))
        return;
    value = saturating_add(value > used ? value : used, value > used ? value : used);
    /* Without a boot option shmmni goes no higher (ipc/util.h, IPCMNI). */
    if (id == LIMIT_SHMMNI && value > 32768)
        value = 32768;
    if (has_orphans(report->diagnosis))
        strbuf_puts(report->out, "remove what nobody needs (shmtool rm --orphan)");
    else
        strbuf_puts(report->out, "see who has them (shmtool ls --sort -bytes)");
    if (value > used)
        strbuf_printf(report->out, ", or: shmtool limits --set %s=%llu", limit_kinds[id].name,
                      (unsigned long long)value);
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
    uint64_t bytes;

    /* A shmmax that nobody ever lowered says nothing; then shmall is what is meant. */
    if (limits->values[LIMIT_SHMMAX] > INT64_MAX &&
        !__builtin_mul_overflow(limits->values[LIMIT_SHMALL], limits->page_size, &bytes))
        strbuf_printf(report->out, "shmtool limits --set shmmax=%llu", (unsigned long long)bytes);
    else
        strbuf_printf(
            report->out, "shmtool limits --set shmall=%llu",
            (unsigned long long)pages_of(limits->values[LIMIT_SHMMAX], limits->page_size));
}

static void mend_orphans(const struct report *report)
{
    strbuf_puts(report->out, "shmtool rm --orphan --key 0");
}

static void mend_keyed_orphans(const struct report *report)
{
    strbuf_puts(report->out, "if nobody needs them: shmtool rm");
    if (!put_ids(report))
        strbuf_puts(report->out, " ID... (shmtool ls --orphan)");
}

static void mend_dest(const struct report *report)
{
    strbuf_puts(report->out, "if that is not meant, stop those processes: shmtool who --dest");
}

static void mend_attachments(const struct report *report)
{
    strbuf_printf(report->out, "restart process %d; its program lacks a shmdt",
                  (int)report->finding->attachment->pid);
}

static void mend_owners(const struct report *report)
{
    size_t count;
    CLEANUP_FREE struct tally *owners = count_owners(report, &count);

    strbuf_puts(report->out, "shmtool rm --unattached");
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
    [CHECK_ORPHANS] = {tell_orphans, mend_orphans},
    [CHECK_KEYED_ORPHANS] = {tell_keyed_orphans, mend_keyed_orphans},
    [CHECK_DEST] = {tell_dest, mend_dest},
    [CHECK_ATTACHMENTS] = {tell_attachments, mend_attachments},
    [CHECK_OWNERS] = {tell_owners, mend_owners},
};

/* Sets the two texts of a finding. */
static void compose(const struct diagnosis *diagnosis, const struct finding *finding,
                    struct machine *machine, struct strbuf *message, struct strbuf *remedy)
{
    struct report report = {message, diagnosis, finding, machine};

    strbuf_reset(message);
    strbuf_reset(remedy);
    checks[finding->check].tell(&report);
    report.out = remedy;
    checks[finding->check].mend(&report);
}

void findings_report_text(struct strbuf *out, const struct diagnosis *diagnosis,
                          struct machine *machine)
{
    CLEANUP_STRBUF struct strbuf message = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf remedy = STRBUF_INIT;

    if (diagnosis->count == 0) {
        words_amount(out, diagnosis->survey.usage.segments, diagnosis->survey.usage.bytes);
        strbuf_puts(out, ": nothing is wrong\n");
    }
    for (size_t i = 0; i < diagnosis->count; i++) {
        const struct finding *finding = &diagnosis->items[i];

        compose(diagnosis, finding, machine, &message, &remedy);
        strbuf_printf(out, "%s: %s: ", severity_name(finding->severity),
                      check_name(finding->check));
        words_clauses(out, &message, 4);
        strbuf_puts(out, "\n    remedy: ");
        words_clauses(out, &remedy, 12);
        strbuf_putc(out, '\n');
    }
}

static void put_finding(struct strbuf *out, const struct finding *finding,
                        const struct strbuf *message, const struct strbuf *remedy)
{
    strbuf_printf(out, "{\"check\": \"%s\", \"severity\": \"%s\", \"shmids\": [",
                  check_name(finding->check), severity_name(finding->severity));
    for (size_t i = 0; i < finding->segments.count; i++)
        strbuf_printf(out, "%s%d", i > 0 ? ", " : "", finding->segments.items[i].shmid);
    strbuf_puts(out, "], \"message\": ");
    text_json(out, strbuf_string(message), message->length);
    strbuf_puts(out, ", \"remedy\": ");
    text_json(out, strbuf_string(remedy), remedy->length);
    strbuf_putc(out, '}');
}

void findings_report_json(struct strbuf *out, const struct diagnosis *diagnosis,
                          struct machine *machine)
{
    CLEANUP_STRBUF struct strbuf message = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf remedy = STRBUF_INIT;

    strbuf_puts(out, "{\"schema\": 1, \"findings\": [");
    for (size_t i = 0; i < diagnosis->count; i++) {
        compose(diagnosis, &diagnosis->items[i], machine, &message, &remedy);
        strbuf_puts(out, i > 0 ? ",\n" : "\n");
        put_finding(out, &diagnosis->items[i], &message, &remedy);
    }
    strbuf_puts(out, diagnosis->count > 0 ? "\n]}\n" : "]}\n");
}
