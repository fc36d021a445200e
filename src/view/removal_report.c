#include "view/removal_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "model/protection.h"
#include "model/shmget.h"
#include "view/change_report.h"
#include "view/describe.h"
#include "view/human.h"
#include "view/remedy.h"

static void put_failure(struct strbuf *out, const struct change *change,
                        const struct removal_item *item)
{
    if (item->missing || item->code == EINTR) {
        strbuf_puts(out, item->missing ? "no such segment" : "not tried, a signal came");
        return;
    }
    if (item->code == ECHILD) /* see removal_run() */
        strbuf_puts(out, "what became of it is not known: the process that entered its namespace "
                         "ended before it was done");
    else
        strbuf_puts(out, strerror(item->code));
    change_report_failure(out, change, item->code);
}

void removal_report_line(struct strbuf *out, const struct change *change,
                         const struct removal_item *item)
{
    switch (item->outcome) {
    case REMOVAL_SELECTED:
        strbuf_puts(out, "selected");
        break;
    case REMOVAL_REMOVED:
        strbuf_puts(out, "removed, ");
        human_count(out, item->info.segment.size, "byte");
        break;
    case REMOVAL_SET:
        strbuf_puts(out, "set");
        change_report_differences(out, change, &item->info);
        break;
    case REMOVAL_MARKED:
        strbuf_puts(out, segment_is_dest(&item->info.segment) ? "was marked for destruction before"
                                                              : "marked for destruction");
        strbuf_puts(out, "; it goes when nobody has it attached any more");
        break;
    case REMOVAL_GONE:
        strbuf_puts(out, item->missing ? "does not exist" : "gone already");
        break;
    case REMOVAL_CHANGED:
        strbuf_puts(out, !item->late ? "changed since it was listed, left alone"
                         : change && change->locked
                             ? "changed meanwhile: it is not as it was set, or "
                               "has huge pages, which are never locked"
                             : "changed meanwhile: it is not as it was set");
        break;
    case REMOVAL_PROTECTED:
        strbuf_puts(out, "protected by ");
        describe_rule(out, item->info.protected_by);
        break;
    case REMOVAL_FAILED:
        put_failure(out, change, item);
        break;
    case REMOVAL_OUTCOMES:
        break;
    }
}

static void put_outcome_count(struct strbuf *out, size_t count, const char *what)
{
    if (count > 0)
        strbuf_printf(out, ", %zu %s", count, what);
}

/* Appends " rm 5", " rm --save DIR 5", or " set perms=640 5". */
static void put_act(struct strbuf *out, const struct change *change, bool saves, int shmid)
{
    strbuf_puts(out, change ? " set " : saves ? " rm --save DIR " : " rm ");
    if (change) {
        change_report_words(out, change);
        strbuf_putc(out, ' ');
    }
    strbuf_printf(out, "%d", shmid);
}

void removal_report_refusal(struct strbuf *out, const struct change *change, bool saves,
                            const struct segment_info *info, const struct inventory *inventory)
{
    const struct segment *segment = &info->segment;

    strbuf_puts(out, "it belongs to ");
    describe_owner(out, inventory, info);
    if (remedy_hides_user(inventory, segment->uid)) {
        strbuf_puts(out, "; outside of it, as that user or root: ");
        remedy_shmtool_outside(out, inventory, info->elsewhere);
        put_act(out, change, saves, segment->shmid);
        return;
    }
    if (segment->cuid != segment->uid) {
        strbuf_puts(out, " and was made by ");
        describe_user(out, info->creator, segment->cuid);
    }
    if (inventory->has_credentials && segment_info_may_remove(info, &inventory->credentials)) {
        if (change && change->values[CHANGE_LOCKED] && change->locked)
            strbuf_printf(out, "; permissions do not forbid it: %s", change_lock_refusal(EPERM));
        else
            strbuf_puts(out, "; permissions do not forbid it: a security module or a filter of "
                             "system calls does");
        return;
    }
    strbuf_puts(out, "; as ");
    remedy_other_user(out, info->owner, segment->uid);
    if (segment->cuid != segment->uid)
        remedy_other_user(out, info->creator, segment->cuid);
    strbuf_printf(out, "%s: ", remedy_root(inventory));
    remedy_shmtool(out, info->elsewhere);
    put_act(out, change, saves, segment->shmid);
}

void removal_report_unreadable(struct strbuf *out, const struct segment_info *info,
                               const struct inventory *inventory)
{
    if (inventory->has_credentials && segment_info_may_remove(info, &inventory->credentials)) {
        strbuf_puts(out, "its permissions do not let you read it: ");
        remedy_shmtool(out, info->elsewhere);
        strbuf_printf(out, " set perms=u+r %d", info->segment.shmid);
    } else {
        removal_report_refusal(out, NULL, true, info, inventory);
    }
}

void removal_report_summary(struct strbuf *out, const struct removal_plan *plan)
{
    const enum removal_outcome done = plan->change ? REMOVAL_SET : REMOVAL_REMOVED;
    struct removal_totals totals = removal_count(plan);
    size_t missing = 0;
    size_t not_tried = 0;

    /* Neither are segments that were tried, and failed or were gone. */
    for (size_t i = 0; i < plan->count; i++) {
        const struct removal_item *item = &plan->items[i];
        bool interrupted = item->outcome == REMOVAL_FAILED && item->code == EINTR;

        missing += item->missing;
        not_tried += interrupted;
        totals.counts[item->outcome] -= item->missing || interrupted;
    }
    strbuf_printf(out, "%s %zu of ", removal_outcome_name(done), totals.counts[done]);
    human_count(out, totals.selected, "segment");
    if (!plan->change) {
        strbuf_puts(out, ", ");
        human_size_long(out, totals.freed_bytes);
        strbuf_puts(out, " freed");
    }
    put_outcome_count(out, totals.counts[REMOVAL_MARKED],
                      "only marked dest because processes hold them");
    put_outcome_count(out, totals.counts[REMOVAL_GONE], "gone already");
    put_outcome_count(out, totals.counts[REMOVAL_CHANGED], "changed and left alone");
    put_outcome_count(out, totals.counts[REMOVAL_PROTECTED], "protected and left alone");
    put_outcome_count(out, totals.counts[REMOVAL_FAILED], "failed");
    put_outcome_count(out, not_tried, "not tried because a signal came");
    put_outcome_count(out, missing, "did not exist");
}

/* In the order in which the lines were read: they stand in an array. */
static int compare_rules(const void *a, const void *b)
{
    const struct protection_rule *const *first = a;
    const struct protection_rule *const *second = b;

    return (*first > *second) - (*first < *second);
}

void removal_report_protected(struct strbuf *out, const struct removal_plan *plan)
{
    CLEANUP_FREE const struct protection_rule **rules =
        xcalloc(plan->count, sizeof(const struct protection_rule *));
    size_t count = 0;
    size_t lines = 0;

    for (size_t i = 0; i < plan->count; i++) {
        if (plan->items[i].outcome == REMOVAL_PROTECTED)
            rules[count++] = plan->items[i].info.protected_by;
    }
    if (count == 0)
        return;
    qsort(rules, count, sizeof(const struct protection_rule *), compare_rules);
    human_count(out, count, "segment");
    strbuf_printf(out, " %s protected and left alone: ", count == 1 ? "is" : "are");
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && rules[end] == rules[i];)
            end++;
        if (++lines > DESCRIBE_NAMED_MAX)
            continue;
        strbuf_printf(out, "%s%zu by ", lines > 1 ? ", " : "", end - i);
        describe_rule(out, rules[i]);
    }
    describe_rest(out, lines);
}

void removal_report_json(struct strbuf *out, const struct removal_plan *plan, bool dry_run)
{
    struct removal_totals totals = removal_count(plan);

    strbuf_printf(out, "\"dry_run\": %s, \"selected\": %zu", dry_run ? "true" : "false",
                  totals.selected);
    for (int outcome = REMOVAL_REMOVED; outcome < REMOVAL_OUTCOMES; outcome++) {
        if (outcome == (plan->change ? REMOVAL_REMOVED : REMOVAL_SET))
            continue;
        strbuf_printf(out, ", \"%s\": %zu", removal_outcome_name((enum removal_outcome)outcome),
                      totals.counts[outcome]);
    }
    strbuf_puts(out, ", \"freed_bytes\": ");
    strbuf_put_u64(out, dry_run && !plan->change ? totals.unused_bytes : totals.freed_bytes);
    strbuf_puts(out, ", \"results\": [");
    for (size_t i = 0; i < plan->count; i++) {
        const struct removal_item *item = &plan->items[i];

        strbuf_printf(out,
                      "%s{\"shmid\": %d, \"outcome\": \"%s\", \"error\": ", i > 0 ? ",\n" : "\n",
                      item->info.segment.shmid, removal_outcome_name(item->outcome));
        error_put_json(out, item->code);
        strbuf_puts(out, ", \"bytes\": ");
        text_json_number(out, !item->missing, item->info.segment.size);
        if (plan->namespaces > 0 && !item->missing)
            strbuf_printf(out, ", \"namespace\": %llu", (unsigned long long)item->info.namespace);
        strbuf_putc(out, '}');
    }
    strbuf_puts(out, plan->count > 0 ? "\n]}\n" : "]}\n");
}
