#include "action/look.h"

#include "action/inventory_match.h"
#include "action/resolve.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
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
        resolve_row(system, info, NEED_STATE);
        return;
    }
    /* Who is dead stays so. */
    info->state = STATE_ORPHAN;
    info->creator_status = previous->creator_status;
    info->last_status = previous->last_status;
}

/* A look in progress. */
struct pass {
    struct system *system;
    const struct selection *selection;
    struct idset attached; /* ids that the selection's PIDs have attached */
};

static bool pass_selects(const struct pass *pass, const struct segment_info *info)
{
    return selection_has_id(pass->selection, info->segment.shmid) &&
           inventory_matches(pass->system, &pass->selection->filter, info, &pass->attached);
}

/* Counts one that is not selected where its state might tell otherwise. */
static void count_unknown_state(const struct pass *pass, const struct segment_info *info,
                                struct unknown_counts *unknown)
{
    if (selection_has_id(pass->selection, info->segment.shmid))
        unknown_count(unknown, inventory_unknown_state(pass->system, &pass->selection->filter, info,
                                                       &pass->attached));
}

/*
 * Returns rows of all of LIST, which the caller frees, with what NEEDS asks for. Who has them
 * attached is asked only of those that all else selects.
 */
static struct segment_info *resolve_rows(const struct pass *pass, const struct segment_list *list,
                                         unsigned needs, const struct snapshot *previous,
                                         struct unknown_counts *ret_unknown)
{
    struct segment_info *rows = xcalloc(list->count, sizeof(struct segment_info));
    size_t hint = 0;

    for (size_t i = 0; i < list->count; i++) {
        struct segment_info *info = &rows[i];

        info->segment = list->items[i];
        if (resolve_needs_processes(needs))
            resolve_look(pass->system, info, snapshot_find(previous, info->segment.shmid, &hint));
        resolve_row(pass->system, info, needs & ~(unsigned)NEED_STATE);
        if ((info->unit.pending || info->program.pending) && !pass_selects(pass, info)) {
            info->unit.pending = false;
            info->program.pending = false;
        }
    }
    resolve_pending(pass->system, rows, list->count, ret_unknown);
    return rows;
}

int look_at_segments(struct system *system, const struct selection *selection, unsigned needs,
                     const struct snapshot *previous, struct snapshot *ret_snapshot,
                     struct complaint_list *ret_complaints, struct error *err)
{
    CLEANUP_SEGMENT_LIST struct segment_list list = SEGMENT_LIST_INIT;
    CLEANUP_FREE struct segment_info *rows = NULL;
    unsigned looked_up = (needs & NEED_STATE) | filter_needs(&selection->filter);
    struct pass pass = {system, selection, IDSET_INIT};
    struct snapshot snapshot = {.count = 0};
    int r;

    if (resolve_needs_processes(looked_up))
        system_refresh(system);
    else
        proc_clock_refresh(system->proc);
    r = inventory_attached_ids(system, &selection->filter, &pass.attached, err);
    if (r == 0 && system->procfs.inside && resolve_needs_processes(looked_up))
        r = resolve_all_processes(system, err);
    if (r == 0)
        r = source_read(&system->procfs, !(needs & NEED_USAGE), &list, ret_complaints, err);
    if (r == 0)
        rows = resolve_rows(&pass, &list, looked_up, previous, &snapshot.unknown);
    for (size_t i = 0; r == 0 && i < list.count; i++) {
        bool selected = pass_selects(&pass, &rows[i]);

        if (!selected)
            count_unknown_state(&pass, &rows[i], &snapshot.unknown);
        /* Borrowed until the next look. */
        rows[i].unit = (struct segment_unit){.is = NULL};
        rows[i].program = (struct segment_program){.is = NULL};
        snapshot_add(&snapshot, &rows[i], selected);
    }
    idset_release(&pass.attached);
    if (r == 0)
        *ret_snapshot = snapshot;
    return r;
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
     * the cheaper of two counts. Up to whole milliseconds, as it is shown. */
    int64_t least = cost < pace->cost ? cost : pace->cost;
    const int64_t msec = (int64_t)NSEC_PER_MSEC;
    int64_t needed = (least * SHARE + msec - 1) / msec * msec;

    pace->stretched = needed > pace->interval ? needed : 0;
    pace->cost = cost;
}

int64_t pace_next_look(const struct pace *pace)
{
    return pace->started + (pace->stretched ? pace->stretched : pace->interval);
}
