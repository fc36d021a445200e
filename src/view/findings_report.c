#include "view/findings_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "view/describe.h"
#include "view/human.h"
#include "view/limits_report.h"
#include "view/remedy.h"
#include "view/wrap.h"

/* A finding that is being described. */
struct finding_text {
    struct strbuf *out;
    const struct diagnosis *diagnosis;
    const struct inventory *inventory; /* the diagnosis's */
    const struct finding *finding;
    size_t begin; /* what OUT held before */
};

/* --- Counting --------------------------------------------------------------------------------- */

/* A process, and how many of a finding's segments it holds. */
struct holder {
    pid_t pid;
    const char *command; /* borrowed; may be NULL */
    size_t count;
};

static int compare_holder_pids(const void *a, const void *b)
{
    return num_compare_signed(((const struct holder *)a)->pid, ((const struct holder *)b)->pid);
}

/* The largest count first; of equal ones the lower PID. */
static int compare_holder_counts(const void *a, const void *b)
{
    const struct holder *first = a;
    const struct holder *second = b;
    int order = num_compare(second->count, first->count);

    return order != 0 ? order : num_compare_signed(first->pid, second->pid);
}

/* Makes one of those of one process, the largest count first. Returns how many are left. */
static size_t merge_holders(struct holder *holders, size_t count)
{
    size_t used = 0;

    if (count == 0)
        return 0;
    qsort(holders, count, sizeof(*holders), compare_holder_pids);
    for (size_t i = 1; i < count; i++) {
        if (holders[i].pid == holders[used].pid)
            holders[used].count++;
        else
            holders[++used] = holders[i];
    }
    qsort(holders, used + 1, sizeof(*holders), compare_holder_counts);
    return used + 1;
}

/* The processes that hold the finding's segments; the caller frees the result. */
static struct holder *count_holders(const struct finding *finding, size_t *ret_count)
{
    struct holder *holders = NULL;
    size_t capacity = 0;
    size_t used = 0;

    for (size_t i = 0; i < finding->count; i++) {
        const struct segment_info *info = finding->rows[i];

        for (uint32_t j = 0; j < info->attachment_count; j++) {
            const struct attachment *attachment = &info->attachments[j];

            holders = xgrow(holders, used, &capacity, sizeof(*holders));
            holders[used++] = (struct holder){attachment->pid, attachment->command, 1};
        }
    }
    *ret_count = merge_holders(holders, used);
    return holders;
}

/* --- Parts of messages ------------------------------------------------------------------------ */

/* The owners of the finding's segments, who has the most first; the caller frees the result. */
static struct owner_sum *sum_finding_owners(const struct finding_text *text, size_t *ret_count)
{
    return owner_sums(text->finding->rows, text->finding->count, text->inventory->limits.page_size,
                      SUM_BY_SEGMENTS, ret_count);
}

/* Appends "zc 12, cs 3 and 2 more". */
static void put_owners(const struct finding_text *text)
{
    size_t count;
    CLEANUP_FREE struct owner_sum *owners = sum_finding_owners(text, &count);

    for (size_t i = 0; i < count && i < DESCRIBE_NAMED_MAX; i++) {
        strbuf_puts(text->out, i > 0 ? ", " : "");
        describe_user(text->out, owners[i].owner, owners[i].uid);
        if (count > 1)
            strbuf_printf(text->out, " %llu", (unsigned long long)owners[i].segments);
    }
    describe_rest(text->out, count);
}

/* Appends "3 segments, 1.2 MiB" and ONE or SEVERAL, as it is about one or several. */
static void put_amount(const struct finding_text *text, const char *one, const char *several)
{
    const struct finding *finding = text->finding;
    uint64_t bytes = 0;

    for (size_t i = 0; i < finding->count; i++)
        bytes = saturating_add(bytes, finding->rows[i]->segment.size);
    describe_segments(text->out, finding->count, bytes);
    strbuf_puts(text->out, finding->count == 1 ? one : several);
}

/* --- Messages --------------------------------------------------------------------------------- */

/* Says how full a limit is, of which USED are in use: segments of shmmni, pages of shmall. */
static void put_full(const struct finding_text *text, const char *name, uint64_t used,
                     const char *noun, enum limit_id id)
{
    uint64_t value = text->inventory->limits.values[id];

    if (value == 0) {
        strbuf_printf(text->out,
                      "%s is 0: every shmget for a new segment fails with ENOSPC (No space left on "
                      "device)",
                      name);
        return;
    }
    strbuf_printf(text->out, "%s is %llu%% full: ", name,
                  (unsigned long long)text->finding->percent);
    human_count(text->out, used, noun);
    strbuf_printf(text->out,
                  " of %llu; when none is left, shmget fails with ENOSPC (No space "
                  "left on device)",
                  (unsigned long long)value);
}

static void describe_shmmni(const struct finding_text *text)
{
    put_full(text, "shmmni", text->inventory->usage.segments, "segment", LIMIT_SHMMNI);
    describe_largest(text->out, text->diagnosis->by_segments, text->diagnosis->owner_count,
                     text->inventory->limits.page_size);
}

static void describe_shmall(const struct finding_text *text)
{
    put_full(text, "shmall", text->inventory->usage.pages, "page", LIMIT_SHMALL);
    describe_largest(text->out, text->diagnosis->by_pages, text->diagnosis->owner_count,
                     text->inventory->limits.page_size);
}

static void describe_shmmax(const struct finding_text *text)
{
    limits_report_conflict(text->out, &text->inventory->limits);
    strbuf_puts(text->out, ": so large a segment fails with ENOSPC (No space left on device)");
}

static void describe_small_shmmax(const struct finding_text *text)
{
    uint64_t value = text->inventory->limits.values[LIMIT_SHMMAX];

    strbuf_puts(text->out, "shmmax is ");
    if (value == 0) {
        strbuf_puts(text->out, "0: every shmget for a new segment fails");
    } else {
        human_count(text->out, value, "byte");
        strbuf_puts(text->out, ", less than a page: nearly every shmget for a new segment fails");
    }
    strbuf_puts(text->out, " with EINVAL (Invalid argument)");
}

static void describe_orphans(const struct finding_text *text)
{
    put_amount(text,
               ", is an orphan: nobody has it attached, those who did are dead, and without a key "
               "nobody can find it again; it belongs to ",
               ", are orphans: nobody has them attached, those who did are dead, and without a "
               "key nobody can find them again; they belong to ");
    put_owners(text);
}

static void describe_keyed_orphans(const struct finding_text *text)
{
    put_amount(text,
               ", is an orphan with a key: left over, or kept on purpose for the next start of its "
               "program (ntpd, gpsd, Berkeley DB); it belongs to ",
               ", are orphans with a key: left over, or kept on purpose for the next start of "
               "their programs (ntpd, gpsd, Berkeley DB); they belong to ");
    put_owners(text);
}

/* Appends why the states are unknown, each reason once. */
static void put_doubts(const struct finding_text *text)
{
    CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;
    size_t begin = text->out->length;

    for (size_t i = 0; i < text->finding->count; i++) {
        strbuf_reset(&reason);
        describe_doubt(&reason, text->finding->rows[i]);
        if (strstr(strbuf_string(text->out) + begin, strbuf_string(&reason)))
            continue;
        if (text->out->length > begin)
            strbuf_puts(text->out, "; or ");
        strbuf_append(text->out, strbuf_string(&reason), reason.length);
    }
}

static void describe_states(const struct finding_text *text)
{
    put_amount(text, ", is attached by nobody, and whether it is an orphan is unknown: ",
               ", are attached by nobody, and whether they are orphans is unknown; for each, ");
    put_doubts(text);
}

static void describe_dest_segments(const struct finding_text *text)
{
    const struct finding *finding = text->finding;
    size_t count;
    CLEANUP_FREE struct holder *holders = count_holders(finding, &count);
    uint64_t unseen = 0;

    for (size_t i = 0; i < finding->count; i++)
        unseen = saturating_add(unseen, segment_info_unseen(finding->rows[i]));
    put_amount(
        text, ", is marked for destruction and goes when the last process detaches; it is held by ",
        ", are marked for destruction and go when the last process detaches; they are held "
        "by ");
    for (size_t i = 0; i < count && i < DESCRIBE_NAMED_MAX; i++) {
        strbuf_puts(text->out, i > 0 ? ", " : "");
        describe_process(text->out, holders[i].command, holders[i].pid);
        if (finding->count > 1)
            strbuf_printf(text->out, " (%zu)", holders[i].count);
    }
    describe_rest(text->out, count);
    if (count == 0 && unseen == 0)
        strbuf_puts(text->out, "nobody any more");
    if (unseen > 0)
        strbuf_printf(text->out, "%s%llu attachment%s in no process that could be inspected",
                      count > 0 ? "; " : "", (unsigned long long)unseen, unseen == 1 ? "" : "s");
}

static void describe_attachments(const struct finding_text *text)
{
    const struct attachment *attachment = text->finding->attachment;

    describe_process(text->out, attachment->command, attachment->pid);
    strbuf_printf(text->out, " has segment %d attached %llu times", attachment->shmid,
                  (unsigned long long)attachment->maps);
    strbuf_puts(text->out, text->finding->severity == SEVERITY_INFO
                               ? ", which may be intended; if the number grows, it attaches again "
                                 "and again and never detaches"
                               : ": it attaches again and again and never detaches, until shmat "
                                 "fails with ENOMEM (vm.max_map_count)");
}

static void describe_owners(const struct finding_text *text)
{
    put_amount(
        text, ", belongs to a user that does not exist: ", ", belong to users that do not exist: ");
    put_owners(text);
}

/* --- Remedies --------------------------------------------------------------------------------- */

static void put_rm(const struct finding_text *text, const char *arguments)
{
    remedy_remove(text->out, text->inventory, text->finding->rows, text->finding->count, arguments);
}

/* Appends the command that sets a limit and keeps it. */
static void put_set(const struct finding_text *text, enum limit_id id, uint64_t value)
{
    remedy_set_limit(text->out, text->inventory, id, value);
}

/* Twice what there is, or may be; what every namespace begins with where that is nothing. */
static uint64_t raised_limit(enum limit_id id, uint64_t value, uint64_t used)
{
    uint64_t most = value > used ? value : used;

    if (value == 0 && limit_kinds[id].usual > used)
        return limit_kinds[id].usual;
    most = saturating_add(most, most);
    return id == LIMIT_SHMMNI && most > SHMMNI_USUAL_MAX ? SHMMNI_USUAL_MAX : most;
}

/* Appends the removal of all orphans, with a key and without. Returns false where there are none.
 */
static bool put_rm_all_orphans(const struct finding_text *text)
{
    size_t count;
    CLEANUP_FREE const struct segment_info **orphans =
        inventory_orphans(text->inventory, NULL, &count);

    if (count == 0)
        return false;
    strbuf_puts(text->out, "remove what nobody needs (");
    remedy_remove(text->out, text->inventory, orphans, count, "--orphan)");
    return true;
}

static void remedy_full(const struct finding_text *text, enum limit_id id)
{
    uint64_t value = text->inventory->limits.values[id];
    uint64_t used = 0;

    if (!limits_used(&text->inventory->limits, &text->inventory->usage, id, &used))
        return;
    if (value > 0 && !put_rm_all_orphans(text))
        strbuf_puts(text->out, "see who has them (shmtool ls --sort -bytes)");
    value = raised_limit(id, value, used);
    if (value <= used)
        return;
    strbuf_puts(text->out, text->out->length > text->begin ? ", or: " : "");
    put_set(text, id, value);
}

static void remedy_shmmni(const struct finding_text *text)
{
    remedy_full(text, LIMIT_SHMMNI);
}

static void remedy_shmall(const struct finding_text *text)
{
    remedy_full(text, LIMIT_SHMALL);
}

static void remedy_shmmax(const struct finding_text *text)
{
    const struct limits *limits = &text->inventory->limits;
    uint64_t shmmax = limits->values[LIMIT_SHMMAX];
    uint64_t bytes;

    if (shmmax <= INT64_MAX) {
        put_set(text, LIMIT_SHMALL, pages_of(shmmax, limits->page_size));
        return;
    }
    /* A shmmax that nobody ever lowered: shmall was, on purpose or not. */
    put_set(text, LIMIT_SHMALL, limit_kinds[LIMIT_SHMALL].usual);
    if (__builtin_mul_overflow(limits->values[LIMIT_SHMALL], limits->page_size, &bytes))
        return;
    strbuf_puts(text->out, "; or, if shmall is intended to be so low: ");
    put_set(text, LIMIT_SHMMAX, bytes);
}

/* As much as every namespace begins with, or as shmall allows. */
static void remedy_small_shmmax(const struct finding_text *text)
{
    const struct limits *limits = &text->inventory->limits;
    uint64_t value = limit_kinds[LIMIT_SHMMAX].usual;
    uint64_t bytes;

    if (limits->known[LIMIT_SHMALL] && limits->values[LIMIT_SHMALL] > 0 &&
        !__builtin_mul_overflow(limits->values[LIMIT_SHMALL], limits->page_size, &bytes) &&
        bytes < value)
        value = bytes;
    put_set(text, LIMIT_SHMMAX, value);
}

static void remedy_orphans(const struct finding_text *text)
{
    put_rm(text, "--orphan --key 0");
}

static void remedy_keyed_orphans(const struct finding_text *text)
{
    CLEANUP_STRBUF struct strbuf ids = STRBUF_INIT;
    const struct finding *finding = text->finding;

    strbuf_puts(text->out, "if nobody needs them: ");
    if (finding->count > DESCRIBE_NAMED_MAX) {
        put_rm(text, "ID... (shmtool ls --orphan)");
        return;
    }
    for (size_t i = 0; i < finding->count; i++)
        strbuf_printf(&ids, "%s%d", i > 0 ? " " : "", finding->rows[i]->segment.shmid);
    put_rm(text, strbuf_string(&ids));
}

static void remedy_states(const struct finding_text *text)
{
    strbuf_puts(text->out, text->inventory->own_pids
                               ? "'shmtool stat --state unknown' shows what is known of each; ask "
                                 "their owners before you remove any"
                               : "mount the /proc of this PID namespace and ask again (unshare "
                                 "--mount-proc does it)");
}

static void remedy_dest(const struct finding_text *text)
{
    strbuf_puts(text->out, "if that is not intended, stop those processes: shmtool who --dest");
}

static void remedy_attachments(const struct finding_text *text)
{
    const struct attachment *attachment = text->finding->attachment;

    if (text->finding->severity == SEVERITY_INFO)
        strbuf_printf(text->out, "see whether the number grows: shmtool who %d", attachment->shmid);
    else
        strbuf_printf(text->out, "restart process %d; its program does not call shmdt",
                      (int)attachment->pid);
}

static void remedy_owners(const struct finding_text *text)
{
    size_t count;
    CLEANUP_FREE struct owner_sum *owners = sum_finding_owners(text, &count);

    put_rm(text, "--unattached");
    for (size_t i = 0; i < count; i++)
        strbuf_printf(text->out, " --owner %lu", (unsigned long)owners[i].uid);
}

/* --- The whole -------------------------------------------------------------------------------- */

/* What is said of each finding. */
static const struct {
    void (*message)(const struct finding_text *text);
    void (*remedy)(const struct finding_text *text);
} check_texts[CHECK_COUNT] = {
    [CHECK_SHMMNI] = {describe_shmmni, remedy_shmmni},
    [CHECK_SHMALL] = {describe_shmall, remedy_shmall},
    [CHECK_SHMMAX] = {describe_shmmax, remedy_shmmax},
    [CHECK_SMALL_SHMMAX] = {describe_small_shmmax, remedy_small_shmmax},
    [CHECK_ORPHANS] = {describe_orphans, remedy_orphans},
    [CHECK_KEYED_ORPHANS] = {describe_keyed_orphans, remedy_keyed_orphans},
    [CHECK_STATES] = {describe_states, remedy_states},
    [CHECK_DEST] = {describe_dest_segments, remedy_dest},
    [CHECK_ATTACHMENTS] = {describe_attachments, remedy_attachments},
    [CHECK_OWNERS] = {describe_owners, remedy_owners},
};

/* Sets the two texts of a finding. */
static void compose_finding(const struct diagnosis *diagnosis, const struct finding *finding,
                            struct strbuf *message, struct strbuf *remedy)
{
    struct finding_text text = {message, diagnosis, &diagnosis->inventory, finding, 0};

    strbuf_reset(message);
    strbuf_reset(remedy);
    check_texts[finding->check].message(&text);
    text.out = remedy;
    remedy_begin(remedy, &diagnosis->inventory);
    text.begin = remedy->length;
    check_texts[finding->check].remedy(&text);
}

void findings_report_text(struct strbuf *out, const struct diagnosis *diagnosis, size_t width)
{
    CLEANUP_STRBUF struct strbuf message = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf remedy = STRBUF_INIT;

    if (diagnosis->count == 0) {
        describe_segments(out, diagnosis->inventory.usage.segments,
                          diagnosis->inventory.usage.bytes);
        strbuf_puts(out, ": nothing is wrong\n");
    }
    for (size_t i = 0; i < diagnosis->count; i++) {
        const struct finding *finding = &diagnosis->items[i];

        compose_finding(diagnosis, finding, &message, &remedy);
        strbuf_printf(out, "%s: %s: ", severity_name(finding->severity),
                      check_name(finding->check));
        wrap_clauses(out, &message, 4, width);
        strbuf_puts(out, "\n    remedy: ");
        wrap_clauses(out, &remedy, 12, width);
        strbuf_putc(out, '\n');
    }
}

static void put_finding(struct strbuf *out, const struct finding *finding,
                        const struct strbuf *message, const struct strbuf *remedy)
{
    strbuf_printf(out, "{\"check\": \"%s\", \"severity\": \"%s\", \"shmids\": [",
                  check_name(finding->check), severity_name(finding->severity));
    for (size_t i = 0; i < finding->count; i++)
        strbuf_printf(out, "%s%d", i > 0 ? ", " : "", finding->rows[i]->segment.shmid);
    strbuf_puts(out, "], \"message\": ");
    text_json(out, strbuf_string(message), message->length);
    strbuf_puts(out, ", \"remedy\": ");
    text_json(out, strbuf_string(remedy), remedy->length);
    strbuf_putc(out, '}');
}

void findings_report_json(struct strbuf *out, const struct diagnosis *diagnosis)
{
    CLEANUP_STRBUF struct strbuf message = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf remedy = STRBUF_INIT;

    strbuf_puts(out, "{\"schema\": 1, \"findings\": [");
    for (size_t i = 0; i < diagnosis->count; i++) {
        compose_finding(diagnosis, &diagnosis->items[i], &message, &remedy);
        strbuf_puts(out, i > 0 ? ",\n" : "\n");
        put_finding(out, &diagnosis->items[i], &message, &remedy);
    }
    strbuf_puts(out, diagnosis->count > 0 ? "\n]}\n" : "]}\n");
}
