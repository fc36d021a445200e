#include "action/removal.h"

#include <errno.h>
#include <stdlib.h>

#include "action/change.h"
#include "action/inventory_match.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "kernel/namespaces.h"
#include "kernel/system.h"
#include "kernel/sysv.h"

static const char *const outcome_names[REMOVAL_OUTCOMES] = {
    [REMOVAL_SELECTED] = "selected",   [REMOVAL_REMOVED] = "removed", [REMOVAL_SET] = "set",
    [REMOVAL_MARKED] = "marked",       [REMOVAL_GONE] = "gone",       [REMOVAL_CHANGED] = "changed",
    [REMOVAL_PROTECTED] = "protected", [REMOVAL_FAILED] = "failed",
};

const char *removal_outcome_name(enum removal_outcome outcome)
{
    return outcome_names[outcome];
}

static void set_outcome(struct removal_item *item, enum removal_outcome outcome, int code)
{
    item->outcome = outcome;
    item->code = outcome == REMOVAL_FAILED ? code : 0;
}

static void add_plan_item(struct removal_plan *plan, const struct removal_item *item)
{
    plan->items = xgrow(plan->items, plan->count, &plan->capacity, sizeof(*plan->items));
    plan->items[plan->count++] = *item;
}

void removal_add(struct removal_plan *plan, const struct selection *selection,
                 const struct segment_info *info)
{
    struct removal_item item = {.info = *info, .outcome = REMOVAL_SELECTED};

    if (!selection_claims_hold(selection, info))
        item.outcome = REMOVAL_CHANGED;
    else if (info->protected_by && !plan->even_protected &&
             (plan->change || !segment_is_dest(&info->segment)))
        item.outcome = REMOVAL_PROTECTED;
    add_plan_item(plan, &item);
}

void removal_add_missing(struct removal_plan *plan, int shmid, bool ignored)
{
    struct removal_item item = {.missing = true, .info = {.segment = {.shmid = shmid}}};

    set_outcome(&item, ignored ? REMOVAL_GONE : REMOVAL_FAILED, EINVAL);
    add_plan_item(plan, &item);
}

/* Whether anything has to be written to it that its owner, its creator and root alone may write. */
static bool needs_owner(const struct removal_plan *plan, const struct segment *segment)
{
    struct segment after;

    if (!plan->change)
        return !segment_is_dest(segment); /* else there is nothing left to do */
    after = change_apply(plan->change, segment);
    return after.uid != segment->uid || after.gid != segment->gid ||
           (after.mode & 0777) != (segment->mode & 0777);
}

void removal_note_refused(struct removal_plan *plan, const struct credentials *credentials)
{
    for (size_t i = 0; i < plan->count; i++) {
        struct removal_item *item = &plan->items[i];
        const struct segment *segment = &item->info.segment;

        item->refused = item->outcome == REMOVAL_SELECTED && needs_owner(plan, segment) &&
                        !segment_info_may_remove(&item->info, credentials);
    }
}

/* --- Acting ----------------------------------------------------------------------------------- */

/* What a removal goes by. */
struct removal_work {
    struct system *system;
    const struct selection *selection;
    const struct removal_plan *plan;
    const struct removal_hooks *hooks;
    int64_t refreshed; /* when its protection was read, by clock_monotonic(); 0: not yet */
};

static void refresh_protection(struct removal_work *work)
{
    work->refreshed = clock_monotonic();
    if (work->hooks->refresh)
        work->hooks->refresh(work->hooks->arg);
}

/* Whether nothing protects the segment as it is NOW; if something does, the outcome says so. */
static bool verify_protection(const struct removal_work *work, struct removal_item *item,
                              const struct segment *now)
{
    const struct protection *protection = work->system->protection;
    const struct protection_rule *rule = protection_find(protection, now);

    if (rule && !work->plan->even_protected) {
        item->info.protected_by = rule;
        item->late = true;
        set_outcome(item, REMOVAL_PROTECTED, 0);
    } else if (!protection_is_complete(protection)) {
        set_outcome(item, REMOVAL_FAILED, ECANCELED);
    }
    return item->outcome == REMOVAL_SELECTED;
}

/* Whether somebody has used an idle one since it was saved, and so may have written to it. */
static bool was_used_since(const struct segment *saved, const struct segment *now)
{
    return saved && saved->nattch == 0 && !segment_is_dest(now) && segment_was_used(saved, now);
}

/*
 * Whether the item may be acted on now, read as *NOW; if not, its outcome says why. SAVED: as it
 * was before it was saved, or NULL.
 */
static bool verify_item(const struct removal_work *work, struct removal_item *item,
                        const struct segment *saved, struct segment *now)
{
    const struct segment *before = &item->info.segment;
    const struct change *change = work->plan->change;
    int r = inventory_read_again(work->system, work->selection, before->shmid, saved, now, NULL);

    if (r < 0)
        set_outcome(item, r == -ENOENT ? REMOVAL_GONE : REMOVAL_FAILED, -r);
    else if (r == 0 || !segment_same(now, before) || (change && !change_same(now, before)) ||
             was_used_since(saved, now))
        set_outcome(item, REMOVAL_CHANGED, 0);
    else if (!change && segment_is_dest(now))
        set_outcome(item, REMOVAL_MARKED, 0);
    else
        return verify_protection(work, item, now);
    return false;
}

static void change_item(const struct change *change, struct removal_item *item,
                        const struct segment *now)
{
    int r = change_segment(change, now);

    item->late = r == -ESTALE;
    if (r == 0)
        set_outcome(item, REMOVAL_SET, 0);
    else if (r == -ENOENT)
        set_outcome(item, REMOVAL_GONE, 0);
    else
        set_outcome(item, item->late ? REMOVAL_CHANGED : REMOVAL_FAILED, -r);
}

static void remove_item(struct removal_item *item)
{
    int r = sysv_remove(item->info.segment.shmid);

    if (r == -EINVAL || r == -EIDRM)
        set_outcome(item, REMOVAL_GONE, 0);
    else if (r < 0)
        set_outcome(item, REMOVAL_FAILED, -r);
    else /* somebody may have attached at the last moment: only reading it again shows it */
        set_outcome(item, sysv_exists(item->info.segment.shmid) ? REMOVAL_MARKED : REMOVAL_REMOVED,
                    0);
}

/* Removes a segment that was saved before, or withdraws it. */
static void save_and_remove(struct removal_work *work, struct removal_item *item,
                            struct segment *now)
{
    const struct removal_hooks *hooks = work->hooks;
    const struct segment saved = *now;
    int r = hooks->save(hooks->arg, item, &saved);

    if (r < 0) {
        set_outcome(item, REMOVAL_FAILED, -r);
        return;
    }
    /* Saving takes its time. */
    refresh_protection(work);
    if (verify_item(work, item, &saved, now))
        remove_item(item);
    if (item->outcome == REMOVAL_CHANGED || item->outcome == REMOVAL_PROTECTED ||
        item->outcome == REMOVAL_FAILED)
        hooks->withdraw(hooks->arg, item);
}

static void verify_and_act(struct removal_work *work, struct removal_item *item)
{
    struct segment now;

    if (!verify_item(work, item, NULL, &now))
        return;
    if (work->plan->change)
        change_item(work->plan->change, item, &now);
    else if (work->hooks->save)
        save_and_remove(work, item, &now);
    else
        remove_item(item);
}

/* What a child does in a namespace that only it may enter. */
struct removal_errand {
    struct removal_work *work;
    struct removal_item *item;
};

/*
 * Its exit statuses: outcomes, and above them the errno of failures. None is one with which a
 * program ends that could not do its work, such as xalloc_die()'s.
 */
enum { ERRAND_OUTCOME = 64, ERRAND_FAILED = ERRAND_OUTCOME + REMOVAL_OUTCOMES };

static int act_by_child(void *arg)
{
    const struct removal_errand *errand = arg;

    verify_and_act(errand->work, errand->item);
    return errand->item->outcome == REMOVAL_FAILED ? ERRAND_FAILED + errand->item->code
                                                   : ERRAND_OUTCOME + (int)errand->item->outcome;
}

/* Removes or changes a segment of the namespace that this process reads. */
static void act_here(struct removal_work *work, struct removal_item *item)
{
    struct removal_errand errand = {work, item};
    struct segment now;
    int r;

    if (!work->system->procfs.inside) {
        verify_and_act(work, item);
        return;
    }
    if (work->plan->change) { /* with ids of that user namespace */
        set_outcome(item, REMOVAL_FAILED, EOPNOTSUPP);
        return;
    }
    r = namespace_run_inside(&work->system->procfs, act_by_child, &errand);
    if (r < 0)
        set_outcome(item, REMOVAL_FAILED, -r);
    else if (r < ERRAND_OUTCOME)
        set_outcome(item, REMOVAL_FAILED, ECHILD);
    else if (r >= ERRAND_FAILED)
        set_outcome(item, REMOVAL_FAILED, r - ERRAND_FAILED);
    else if (r != ERRAND_OUTCOME + REMOVAL_PROTECTED)
        set_outcome(item, (enum removal_outcome)(r - ERRAND_OUTCOME), 0);
    else if (verify_item(work, item, NULL,
                         &now)) /* by which line the child cannot say; by none any more */
        set_outcome(item, REMOVAL_CHANGED, 0);
}

/*
 * Removes or changes a segment where it is. Its namespace is entered for it alone, by the
 * descriptor that was found with it: one that ended meanwhile is empty, whoever has its number now.
 * Returns a negative errno without a way back: then nothing more may be done.
 */
static int act_there(struct removal_work *work, struct removal_item *item)
{
    struct system *system = work->system;
    const struct ipc_namespace_list *list = system->namespaces;
    const struct ipc_namespace *namespace;
    struct namespace_entry entry;
    int r;

    if (!list || item->info.elsewhere == 0) {
        act_here(work, item);
        return 0;
    }
    /* The first is our own; all are on one device. */
    namespace = ipc_namespace_list_find(list, item->info.elsewhere, list->items[0].device);
    r = namespace ? namespace_enter(&system->procfs, namespace, &entry, NULL) : -ENOENT;
    if (r < 0) {
        set_outcome(item, REMOVAL_FAILED, -r);
        return 0;
    }
    act_here(work, item);
    return namespace_return(&system->procfs, &entry, NULL);
}

void removal_run(struct system *system, const struct selection *selection,
                 struct removal_plan *plan, const struct removal_hooks *hooks)
{
    const int64_t refresh_after = (int64_t)NSEC_PER_SEC / 10;
    struct removal_work work = {system, selection, plan, hooks, 0};
    bool stopped = false;

    for (size_t i = 0; i < plan->count; i++) {
        struct removal_item *item = &plan->items[i];

        stopped = stopped || (hooks->interrupted && hooks->interrupted(hooks->arg));
        if (item->outcome == REMOVAL_SELECTED && stopped) {
            set_outcome(item, REMOVAL_FAILED, EINTR);
        } else if (item->outcome == REMOVAL_SELECTED) {
            if (clock_monotonic() - work.refreshed > refresh_after)
                refresh_protection(&work);
            stopped = act_there(&work, item) < 0;
        }
        if (hooks->done)
            hooks->done(hooks->arg, item);
    }
}

static void count_pending(struct removal_totals *totals, const struct removal_item *item)
{
    bool in_use = item->info.segment.nattch > 0;
    uint64_t bytes = item->info.segment.size;

    totals->in_use += in_use;
    totals->defied += item->info.protected_by != NULL;
    totals->pending_bytes = saturating_add(totals->pending_bytes, bytes);
    if (item->refused) {
        totals->refused++;
        totals->refused_in_use += in_use;
        return;
    }
    totals->allowed_bytes = saturating_add(totals->allowed_bytes, bytes);
    if (!in_use)
        totals->unused_bytes = saturating_add(totals->unused_bytes, bytes);
}

struct removal_totals removal_count(const struct removal_plan *plan)
{
    struct removal_totals totals = {0};

    for (size_t i = 0; i < plan->count; i++) {
        const struct removal_item *item = &plan->items[i];

        totals.counts[item->outcome]++;
        totals.selected += !item->missing;
        if (item->outcome == REMOVAL_SELECTED)
            count_pending(&totals, item);
        else if (item->outcome == REMOVAL_REMOVED)
            totals.freed_bytes = saturating_add(totals.freed_bytes, item->info.segment.size);
    }
    return totals;
}

void removal_plan_release(struct removal_plan *plan)
{
    free(plan->items);
    *plan = (struct removal_plan){0};
}
