#include "view/finding_text.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "view/describe.h"
#include "view/human.h"
#include "view/remedy.h"

/* --- Counting processes ----------------------------------------------------------------------- */

/* A process, and how many of a finding's segments it holds. */
struct holder {
    pid_t pid;
    const char *command; /* borrowed; may be NULL */
    size_t count;
    int shmid; /* that it has most often, and how often */
    uint64_t maps;
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

/* Who has a segment most often first. */
static int compare_holder_maps(const void *a, const void *b)
{
    const struct holder *first = a;
    const struct holder *second = b;
    int order = num_compare(second->maps, first->maps);

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
        struct holder *holder = &holders[used];

        if (holders[i].pid != holder->pid) {
            holders[++used] = holders[i];
            continue;
        }
        holder->count++;
        if (holders[i].maps > holder->maps) {
            holder->maps = holders[i].maps;
            holder->shmid = holders[i].shmid;
        }
    }
    qsort(holders, used + 1, sizeof(*holders), compare_holder_counts);
    return used + 1;
}

/*
 * The processes that hold the finding's segments, one of them LEAST times or more; the caller
 * frees the result.
 */
static struct holder *count_holders(const struct finding *finding, uint64_t least,
                                    size_t *ret_count)
{
    struct holder *holders = NULL;
    size_t capacity = 0;
    size_t used = 0;

    for (size_t i = 0; i < finding->count; i++) {
        const struct segment_info *info = finding->rows[i];

        for (uint32_t j = 0; j < info->attachment_count; j++) {
            const struct attachment *attachment = &info->attachments[j];
            uint64_t times = segment_info_times(info, attachment);

            if (times < least)
                continue;
            holders = xgrow(holders, used, &capacity, sizeof(*holders));
            holders[used++] =
                (struct holder){attachment->pid, attachment->command, 1, attachment->shmid, times};
        }
    }
    *ret_count = merge_holders(holders, used);
    return holders;
}

/* --- Messages --------------------------------------------------------------------------------- */

static void describe_dest_segments(const struct finding_text *text)
{
    const struct finding *finding = text->finding;
    size_t count;
    CLEANUP_FREE struct holder *holders = count_holders(finding, 1, &count);
    uint64_t unseen = 0;

    for (size_t i = 0; i < finding->count; i++)
        unseen = saturating_add(unseen, segment_info_unseen(finding->rows[i]));
    finding_put_amount(
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

static void describe_former_keys(const struct finding_text *text)
{
    const struct finding *finding = text->finding;

    for (size_t i = 0; i < finding->count && i < DESCRIBE_NAMED_MAX; i++) {
        const struct segment_info *old = finding->rows[i];
        uint32_t key = old->attachments[0].original_key;
        const struct segment_info *now = inventory_find_key(text->inventory, key);

        strbuf_printf(text->out, "segment %d had key ", old->segment.shmid);
        strbuf_put_key(text->out, key);
        strbuf_puts(text->out, " until it was removed, and is still held by ");
        describe_holders(text->out, old);
        if (now)
            strbuf_printf(text->out, "; segment %d has the key now", now->segment.shmid);
        strbuf_puts(text->out, "; ");
    }
    if (finding->count > DESCRIBE_NAMED_MAX)
        strbuf_printf(text->out, "so it is with %zu more; ", finding->count - DESCRIBE_NAMED_MAX);
    strbuf_puts(text->out, "programs that hold the old one share nothing with those that use the "
                           "new one");
}

static void describe_attachments(const struct finding_text *text)
{
    size_t count;
    CLEANUP_FREE struct holder *attachers = count_holders(text->finding, 2, &count);

    qsort(attachers, count, sizeof(*attachers), compare_holder_maps);
    for (size_t i = 0; i < count && i < DESCRIBE_NAMED_MAX; i++) {
        strbuf_puts(text->out, i > 0 ? ", " : "");
        describe_process(text->out, attachers[i].command, attachers[i].pid);
        strbuf_printf(text->out, " has segment %d attached %llu times", attachers[i].shmid,
                      (unsigned long long)attachers[i].maps);
        if (attachers[i].count == 1)
            continue;
        strbuf_puts(text->out, " and ");
        human_count(text->out, attachers[i].count - 1, "more segment");
        strbuf_puts(text->out, " several times");
    }
    if (count > DESCRIBE_NAMED_MAX)
        strbuf_printf(text->out, " and %zu more processes", count - DESCRIBE_NAMED_MAX);
    strbuf_puts(text->out, text->finding->severity == SEVERITY_INFO
                               ? ", which may be intended; if the number grows, it attaches again "
                                 "and again and never detaches"
                               : ": it attaches again and again and never detaches, until shmat "
                                 "fails with ENOMEM (vm.max_map_count)");
}

/* Appends which processes hold what has been removed; each segment's bytes count once. */
static void describe_descriptors(const struct finding_text *text)
{
    const struct open_segment_list *open = &text->inventory->held;
    bool has_bytes = true;
    uint64_t bytes = 0;
    size_t segments = 0;

    for (size_t i = 0; i < open->count; i++) {
        if (i > 0 && open->items[i].shmid == open->items[i - 1].shmid)
            continue;
        segments++;
        bytes = saturating_add(bytes, open->items[i].bytes);
        has_bytes = has_bytes && open->items[i].has_bytes;
    }
    human_count(text->out, segments, "removed segment");
    if (has_bytes) {
        strbuf_puts(text->out, ", ");
        human_size_long(text->out, bytes);
        strbuf_puts(text->out, " of memory,");
    }
    strbuf_printf(text->out, " %s held by descriptors, and no listing shows %s: of ",
                  segments == 1 ? "is" : "are", segments == 1 ? "it" : "them");
    for (size_t i = 0; i < open->count && i < DESCRIBE_NAMED_MAX; i++) {
        strbuf_puts(text->out, i > 0 ? ", " : "");
        describe_process(text->out, open->items[i].command, open->items[i].pid);
        strbuf_printf(text->out, " (former id %d)", open->items[i].shmid);
    }
    describe_rest(text->out, open->count);
}

/* --- Remedies --------------------------------------------------------------------------------- */

static void remedy_dest(const struct finding_text *text)
{
    CLEANUP_STRBUF struct strbuf options = STRBUF_INIT;

    strbuf_puts(text->out, "if that is not intended, stop those processes: ");
    strbuf_puts(&options, "--dest");
    finding_put_owner_option(&options, text);
    remedy_who(text->out, text->inventory, text->finding->rows, text->finding->count,
               strbuf_string(&options));
}

static void remedy_former_keys(const struct finding_text *text)
{
    CLEANUP_STRBUF struct strbuf ids = STRBUF_INIT;

    strbuf_puts(text->out, "restart the programs that hold the old one, so that all use the new "
                           "one: ");
    finding_put_ids(&ids, text->finding);
    remedy_who(text->out, text->inventory, text->finding->rows, text->finding->count,
               strbuf_string(&ids) + 1);
}

static void remedy_attachments(const struct finding_text *text)
{
    size_t count;
    CLEANUP_FREE struct holder *attachers = count_holders(text->finding, 2, &count);

    if (text->finding->severity == SEVERITY_INFO) {
        strbuf_puts(text->out, "see whether the number grows: ");
        remedy_shmtool(text->out, text->inventory->elsewhere);
        strbuf_puts(text->out, " who");
        finding_put_ids(text->out, text->finding);
    } else if (count == 1) {
        strbuf_printf(text->out, "restart process %d; its program does not call shmdt",
                      (int)attachers[0].pid);
    } else {
        strbuf_puts(text->out, "restart the processes that have it most often; their program does "
                               "not call shmdt");
    }
}

static void remedy_descriptors(const struct finding_text *text)
{
    const struct open_segment_list *open = &text->inventory->held;

    strbuf_puts(text->out, "end those processes, or let them close what shows as /SYSV... "
                           "(deleted): ls -l");
    for (size_t i = 0; i < open->count && i < DESCRIBE_NAMED_MAX; i++)
        strbuf_printf(text->out, " /proc/%d/fd", (int)open->items[i].pid);
}

const struct check_text process_check_texts[] = {
    {CHECK_DEST, describe_dest_segments, remedy_dest},
    {CHECK_FORMER_KEY, describe_former_keys, remedy_former_keys},
    {CHECK_ATTACHMENTS, describe_attachments, remedy_attachments},
    {CHECK_DESCRIPTORS, describe_descriptors, remedy_descriptors},
    {CHECK_COUNT, NULL, NULL},
};
