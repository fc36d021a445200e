#include "action/look.h"

#include "action/inventory.h"
#include "base/clock.h"
#include "kernel/source.h"
#include "kernel/system.h"

/* Whether nobody has used or changed a segment between two looks. */
static bool is_unused_since(const struct segment *before, const struct segment *now)
{
    return before->cpid == now->cpid && before->lpid == now->lpid &&
           before->nattch == now->nattch && before->mode == now->mode &&
           before->atime == now->atime && before->dtime == now->dtime &&
           before->ctime == now->ctime;
}

/* Looks up the state of a row, unless it has to be what it was. */
static void resolve_look(struct system *system, struct segment_info *info,
                         const struct segment_info *previous)
{
    const struct segment *segment = &info->segment;

    if (segment->nattch > 0 || segment_is_dest(segment)) {
        /* Whoever its processes are. */
        info->state = segment_state(segment, PID_UNKNOWN, PID_UNKNOWN);
        return;
    }
    if (!previous || previous->state != STATE_ORPHAN ||
        !is_unused_since(&previous->segment, segment)) {
        inventory_resolve(system, info, NEED_STATE);
        return;
    }
    /* Who is dead stays so. */
    info->state = STATE_ORPHAN;
    info->creator_status = previous->creator_status;
    info->last_status = previous->last_status;
}

int look_at_segments(struct system *system, const struct selection *selection, unsigned needs,
                     const struct snapshot *previous, struct snapshot *ret_snapshot,
                     struct complaint_list *ret_complaints, struct error *err)
{
    CLEANUP_SEGMENT_LIST struct segment_list list = SEGMENT_LIST_INIT;
    CLEANUP_IDSET struct idset attached = IDSET_INIT;
    const struct filter *filter = &selection->filter;
    bool with_state = ((needs | filter_needs(filter)) & NEED_STATE) != 0;
    struct snapshot snapshot = {.count = 0};
    size_t hint = 0;
    int r = inventory_attached_ids(system, filter, &attached, err);

    if (r < 0)
        return r;
    if (with_state)
        proc_cache_refresh(system->proc);
    else
        proc_clock_refresh(system->proc);
    r = source_read(&system->procfs, !(needs & NEED_USAGE), &list, ret_complaints, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < list.count; i++) {
        struct segment_info info = {.segment = list.items[i]};
        int shmid = info.segment.shmid;

        if (with_state)
            resolve_look(system, &info, snapshot_find(previous, shmid, &hint));
        snapshot_add(&snapshot, &info,
                     selection_has_id(selection, shmid) &&
                         inventory_matches(system, filter, &info, &attached));
    }
    *ret_snapshot = snapshot;
    return 0;
}

/* --- Pace ------------------------------------------------------------------------------------- */

/* Looking takes one percent of a processor's time at the most. */
enum { SHARE = 100 };

void pace_begin_look(struct pace *pace)
{
    pace->started = clock_monotonic();
    pace->cpu = clock_cpu_used();
}

void pace_end_look(struct pace *pace)
{
    int64_t cost = (int64_t)(clock_cpu_used() - pace->cpu);
    /* The first look finds out more than those after it, and one alone may have met with bad luck:
     * the cheaper of two counts. */
    int64_t least = cost < pace->cost ? cost : pace->cost;

    pace->stretched = least * SHARE > pace->interval ? least * SHARE : 0;
    pace->cost = cost;
}

int64_t pace_next_look(const struct pace *pace)
{
    return pace->started + (pace->stretched ? pace->stretched : pace->interval);
}
