#include "action/limits_change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "kernel/limits.h"
#include "kernel/system.h"
#include "model/idset.h"

/* Whether the setting destroys segments that nobody has attached and whose creator is dead. */
static bool turns_on_forced(const struct limit_change *item)
{
    return item->setting.id == LIMIT_RMID_FORCED && item->setting.value == 1 &&
           !(item->has_before && item->before == 1);
}

unsigned limits_change_needs(const struct limits_change *change)
{
    unsigned needs = NEED_LIMITS | (change->count > 0 ? NEED_CREDENTIALS : 0);

    for (size_t i = 0; i < change->count; i++) {
        if (turns_on_forced(&change->items[i]))
            needs |= NEED_STATE | NEED_PROTECTION;
    }
    return needs;
}

/* --- What would happen ------------------------------------------------------------------------ */

/* What turning on shm_rmid_forced does to a segment. */
enum fate { KEPT, DOUBTFUL, DESTROYED };

/*
 * The kernel goes by the thread that made it, and not by the process: a segment whose creator is
 * alive may have been made by a thread that is not, or before the creator left this namespace.
 */
static enum fate fate_of(const struct segment_info *info)
{
    if (info->segment.nattch > 0)
        return KEPT;
    return info->creator_status == PROCESS_DEAD || info->creator_status == PROCESS_PID_REUSED
               ? DESTROYED
               : DOUBTFUL;
}

static void count_destroyed(struct limits_change *change, const struct segment *segment)
{
    change->destroyed++;
    change->destroyed_bytes = saturating_add(change->destroyed_bytes, segment->size);
}

static void count_doubtful(struct limits_change *change, const struct segment *segment)
{
    change->doubtful++;
    change->doubtful_bytes = saturating_add(change->doubtful_bytes, segment->size);
}

/* Plans what is destroyed, and after it what may be. */
static void plan_destroyed(struct limits_change *change, const struct inventory *inventory)
{
    static const struct selection everything = {.by_id = false};

    for (enum fate fate = DESTROYED; fate > KEPT; fate--) {
        for (size_t i = 0; i < inventory->count; i++) {
            const struct segment_info *info = &inventory->rows[i];

            if (fate_of(info) != fate)
                continue;
            removal_add(&change->plan, &everything, info);
            if (fate == DESTROYED)
                count_destroyed(change, &info->segment);
            else
                count_doubtful(change, &info->segment);
        }
    }
}

static void check_settable(struct system *system, struct limit_change *item)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;

    limits_check_write(&system->procfs, item->setting.id, &err);
    item->code = err.code;
    item->refusal = steal_pointer(&err.text);
}

/* A dry run shows what would happen for who may set the limit, too. */
static bool is_carried_out(const struct limits_change *change, const struct limit_change *item)
{
    return change->dry_run || item->code == 0;
}

void limits_change_prepare(struct system *system, struct limits_change *change,
                           const struct inventory *inventory)
{
    for (size_t i = 0; i < change->count; i++) {
        struct limit_change *item = &change->items[i];

        /* What was asked for as unlimited, before the kernel was known. */
        if (item->setting.value == limit_kinds[item->setting.id].usual)
            item->setting.value = limits_usual(&inventory->limits, item->setting.id);
        item->has_before = inventory->limits.known[item->setting.id];
        item->before = inventory->limits.values[item->setting.id];
        check_settable(system, item);
        if (is_carried_out(change, item) && turns_on_forced(item))
            plan_destroyed(change, inventory);
    }
}

bool limits_change_destroys(const struct limits_change *change)
{
    for (size_t i = 0; i < change->count; i++) {
        const struct limit_change *item = &change->items[i];

        if (is_carried_out(change, item) && turns_on_forced(item))
            return true;
    }
    return false;
}

bool limits_change_is_possible(const struct limits_change *change)
{
    for (size_t i = 0; i < change->count; i++) {
        if (is_carried_out(change, &change->items[i]))
            return true;
    }
    return false;
}

static int compare_ids(const void *a, const void *b)
{
    const struct segment *const *first = a;
    const struct segment *const *second = b;

    return num_compare_signed((*first)->shmid, (*second)->shmid);
}

size_t limits_change_unplanned(const struct limits_change *change, const struct inventory *now)
{
    size_t count = change->plan.count;
    CLEANUP_FREE const struct segment **planned = xcalloc(count, sizeof(const struct segment *));
    size_t unplanned = 0;

    for (size_t i = 0; i < count; i++)
        planned[i] = &change->plan.items[i].info.segment;
    qsort(planned, count, sizeof(const struct segment *), compare_ids);
    for (size_t i = 0; i < now->count; i++) {
        const struct segment *segment = &now->rows[i].segment;
        const struct segment **found =
            bsearch(&segment, planned, count, sizeof(const struct segment *), compare_ids);

        if (fate_of(&now->rows[i]) != KEPT && !(found && segment_same(*found, segment)))
            unplanned++;
    }
    return unplanned;
}

/* --- Setting ---------------------------------------------------------------------------------- */

static void set_limit(struct system *system, struct limit_change *item)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    uint64_t now;

    item->done = limits_write(&system->procfs, &item->setting, &now, &err) == 0;
    item->code = err.code;
    item->refusal = steal_pointer(&err.text);
}

/* Looks for a file that will undo the setting at the next boot. */
static void find_override(struct system *system, struct limit_change *item)
{
    char value[32];
    int r = sysctl_file_override(&system->procfs, item->setting.id, &item->override,
                                 &item->override_error);

    if (r <= 0)
        return;
    snprintf(value, sizeof(value), "%llu", (unsigned long long)item->setting.value);
    if (strcmp(item->override.value, value) == 0)
        sysctl_override_release(&item->override);
}

/* Keeps what the kernel took; in a dry run looks only for what would undo it. */
static void keep_limits(struct system *system, struct limits_change *change)
{
    struct limit_setting settings[LIMIT_COUNT];
    size_t count = 0;

    for (size_t i = 0; i < change->count; i++) {
        if (change->items[i].done)
            settings[count++] = change->items[i].setting;
    }
    if (count > 0 && sysctl_file_keep(&system->procfs, settings, count, &change->keep_error) < 0)
        return;
    for (size_t i = 0; i < change->count; i++) {
        struct limit_change *item = &change->items[i];

        item->kept = item->done;
        if (item->done || change->dry_run)
            find_override(system, item);
    }
}

/* Reads the segments again, and counts those that nobody had attached before and that are gone. */
static int find_destroyed(struct system *system, struct limits_change *change,
                          struct inventory *inventory, struct error *err)
{
    CLEANUP_IDSET struct idset after = IDSET_INIT;
    struct inventory now;
    const unsigned needs = NEED_LIMITS | NEED_CREDENTIALS | NEED_USAGE | NEED_SHMEM;
    int r = inventory_read(system, NULL, needs, &now, err);

    if (r < 0)
        return r;
    for (size_t i = 0; i < now.count; i++)
        idset_add(&after, now.rows[i].segment.shmid);
    for (size_t i = 0; i < inventory->count; i++) {
        const struct segment *segment = &inventory->rows[i].segment;

        if (segment->nattch == 0 && idset_add(&after, segment->shmid))
            count_destroyed(change, segment);
    }
    inventory_release(inventory);
    *inventory = now;
    return now.limits_error.code ? error_copy(err, &now.limits_error) : 0;
}

int limits_change_run(struct system *system, struct limits_change *change,
                      struct inventory *inventory, struct error *err)
{
    bool destroys = false;

    /* From here on what really happened is counted. */
    if (!change->dry_run)
        change->destroyed = change->destroyed_bytes = change->doubtful = change->doubtful_bytes = 0;
    for (size_t i = 0; i < change->count; i++) {
        struct limit_change *item = &change->items[i];

        if (!change->dry_run && item->code == 0)
            set_limit(system, item);
        destroys |= item->done && turns_on_forced(item);
    }
    if (change->persist)
        keep_limits(system, change);
    if (change->dry_run)
        return 0;
    return destroys ? find_destroyed(system, change, inventory, err)
                    : limits_read(&system->procfs, &inventory->limits, err);
}

bool limits_change_failed(const struct limits_change *change)
{
    for (size_t i = 0; i < change->count; i++) {
        const struct limit_change *item = &change->items[i];

        if (!is_carried_out(change, item) || item->override_error.code)
            return true;
    }
    return change->keep_error.code != 0;
}

void limits_change_release(struct limits_change *change)
{
    for (size_t i = 0; i < change->count; i++) {
        free(change->items[i].refusal);
        sysctl_override_release(&change->items[i].override);
        error_clear(&change->items[i].override_error);
    }
    error_clear(&change->keep_error);
    removal_plan_release(&change->plan);
    *change = (struct limits_change){0};
}
