#include "action/removal.h"

#include <errno.h>
#include <stdlib.h>

#include "action/select.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "kernel/source.h"
#include "kernel/sysv.h"

static const char *const outcome_names[REMOVAL_OUTCOMES] = {
    [REMOVAL_SELECTED] = "selected", [REMOVAL_REMOVED] = "removed", [REMOVAL_MARKED] = "marked",
    [REMOVAL_GONE] = "gone",         [REMOVAL_CHANGED] = "changed", [REMOVAL_FAILED] = "failed",
};

const char *removal_outcome_name(enum removal_outcome outcome)
{
    return outcome_names[outcome];
}

static void decide(struct removal_item *item, enum removal_outcome outcome, int code)
{
    item->outcome = outcome;
    item->code = outcome == REMOVAL_FAILED ? code : 0;
}

static void add_item(struct removal_plan *plan, const struct removal_item *item)
{
    plan->items = xgrow(plan->items, plan->count, &plan->capacity, sizeof(*plan->items));
    plan->items[plan->count++] = *item;
}

void removal_add(struct removal_plan *plan, const struct selection *selection,
                 const struct segment *segment)
{
    struct removal_item item = {.segment = *segment, .outcome = REMOVAL_SELECTED};

    if (!selection_claims_hold(selection, segment))
        item.outcome = REMOVAL_CHANGED;
    add_item(plan, &item);
}

void removal_add_missing(struct removal_plan *plan, int shmid, bool ignored)
{
    struct removal_item item = {.missing = true, .segment = {.shmid = shmid}};

    decide(&item, ignored ? REMOVAL_GONE : REMOVAL_FAILED, EINVAL);
    add_item(plan, &item);
}

/*
 * Reads the segment as it is now. Kernels before 4.17 may refuse the direct way for want of read
 * permission, which removing does not need: then the listing tells.
 */
static int read_again(const struct system *system, int shmid, struct segment *ret_segment)
{
    CLEANUP_SEGMENT_LIST struct segment_list segments = SEGMENT_LIST_INIT;
    const struct segment *found;
    int r = sysv_stat(shmid, ret_segment);

    if (r != -EACCES)
        return r;
    r = source_proc_read(&system->procfs, &segments, NULL, NULL);
    if (r < 0)
        return -EACCES;
    found = segment_list_find(&segments, shmid);
    if (!found)
        return -ENOENT;
    *ret_segment = *found;
    return 0;
}

/* Whether the item may be removed now; if not, its outcome says why. */
static bool verify(struct system *system, const struct selection *selection,
                   struct removal_item *item)
{
    struct segment now;
    int r = read_again(system, item->segment.shmid, &now);

    if (r < 0) {
        decide(item, r == -ENOENT ? REMOVAL_GONE : REMOVAL_FAILED, -r);
        return false;
    }
    if (!segment_same(&now, &item->segment)) {
        decide(item, REMOVAL_CHANGED, 0);
        return false;
    }
    r = select_still_matches(system, selection, &now, NULL);
    if (r <= 0) {
        decide(item, r == 0 ? REMOVAL_CHANGED : REMOVAL_FAILED, -r);
        return false;
    }
    if (segment_is_dest(&now)) {
        decide(item, REMOVAL_MARKED, 0);
        return false;
    }
    return true;
}

static void verify_and_remove(struct system *system, const struct selection *selection,
                              struct removal_item *item)
{
    int r;

    if (!verify(system, selection, item))
        return;
    r = sysv_remove(item->segment.shmid);
    if (r == -EINVAL || r == -EIDRM)
        decide(item, REMOVAL_GONE, 0);
    else if (r < 0)
        decide(item, REMOVAL_FAILED, -r);
    else /* somebody may have attached at the last moment: only another look tells */
        decide(item, sysv_exists(item->segment.shmid) ? REMOVAL_MARKED : REMOVAL_REMOVED, 0);
}

void removal_run(struct system *system, const struct selection *selection,
                 struct removal_plan *plan, const struct removal_hooks *hooks)
{
    bool stopped = false;

    for (size_t i = 0; i < plan->count; i++) {
        struct removal_item *item = &plan->items[i];

        stopped = stopped || (hooks->interrupted && hooks->interrupted(hooks->arg));
        if (item->outcome == REMOVAL_SELECTED) {
            if (stopped)
                decide(item, REMOVAL_FAILED, EINTR);
            else
                verify_and_remove(system, selection, item);
        }
        if (hooks->done)
            hooks->done(hooks->arg, item);
    }
}

struct removal_totals removal_count(const struct removal_plan *plan)
{
    struct removal_totals totals = {0};

    for (size_t i = 0; i < plan->count; i++) {
        const struct removal_item *item = &plan->items[i];

        totals.counts[item->outcome]++;
        totals.selected += !item->missing;
        totals.in_use += item->segment.nattch > 0;
        totals.bytes = saturating_add(totals.bytes, item->segment.size);
        if (item->outcome == REMOVAL_REMOVED)
            totals.freed_bytes = saturating_add(totals.freed_bytes, item->segment.size);
    }
    return totals;
}

void removal_plan_release(struct removal_plan *plan)
{
    free(plan->items);
    *plan = (struct removal_plan){0};
}
