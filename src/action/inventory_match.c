#include "action/inventory_match.h"

#include <errno.h>
#include <unistd.h>

#include "action/resolve.h"
#include "kernel/attach.h"
#include "kernel/source.h"
#include "kernel/system.h"
#include "kernel/sysv.h"

/* --- Matching --------------------------------------------------------------------------------- */

int inventory_attached_ids(struct system *system, const struct filter *filter,
                           struct idset *ret_attached, struct error *err)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < filter->pids.count; i++)
        r = attach_ids_of_pid(&system->procfs, (pid_t)filter->pids.items[i].low, ret_attached, err);
    return r;
}

bool inventory_matches(struct system *system, const struct filter *filter,
                       const struct segment_info *info, const struct idset *attached)
{
    const struct state_clock *clock = proc_clock(system->proc);
    const struct filter_facts facts = {
        .now = clock->now,
        .boot = clock->has_boot ? clock->boot : 0,
        .state = info->state,
        .has_protection = info->has_protection,
        .is_protected = info->protected_by != NULL,
        .attached = attached,
        .unit = info->unit,
        .program = info->program,
    };

    return filter_match(filter, &info->segment, &facts);
}

unsigned inventory_unknown_state(struct system *system, const struct filter *filter,
                                 const struct segment_info *info, const struct idset *attached)
{
    static const enum segment_state possible[] = {STATE_ORPHAN, STATE_IDLE};
    struct segment_info known;

    if (info->state != STATE_UNKNOWN)
        return 0;
    known = *info;
    for (size_t i = 0; i < sizeof(possible) / sizeof(possible[0]); i++) {
        known.state = possible[i];
        if (inventory_matches(system, filter, &known, attached))
            return NEED_STATE;
    }
    return 0;
}

/* --- Reading one again ------------------------------------------------------------------------ */

/*
 * Kernels before 4.17 may refuse the direct way for lack of read permission, which removing does
 * not need, and to a program of 32 bits it does not tell the size: then the listing does.
 */
static int read_record_again(struct system *system, int shmid, struct segment *ret_segment)
{
    CLEANUP_SEGMENT_LIST struct segment_list list = SEGMENT_LIST_INIT;
    const struct segment *found;
    /* A call would ask our own namespace. */
    int r = system->procfs.inside ? -EACCES : sysv_stat(shmid, ret_segment);

    if (r != -EACCES && (r < 0 || sysv_tells_sizes()))
        return r;
    if (source_proc_read(&system->procfs, &list, NULL, NULL) < 0)
        return -EACCES;
    found = segment_list_find(&list, shmid);
    if (!found)
        return -ENOENT;
    *ret_segment = *found;
    return 0;
}

/* Where this process was the last that attached or detached it. */
static void forget_own_use(struct segment *now, const struct segment *before)
{
    if (!before || now->lpid != getpid())
        return;
    now->lpid = before->lpid;
    now->atime = before->atime;
    now->dtime = before->dtime;
}

int inventory_read_again(struct system *system, const struct selection *selection, int shmid,
                         const struct segment *before, struct segment *ret_segment,
                         struct error *err)
{
    CLEANUP_IDSET struct idset attached = IDSET_INIT;
    struct segment_info info = {.attachment_count = 0};
    unsigned needs = filter_needs(&selection->filter);
    int r = read_record_again(system, shmid, &info.segment);

    if (resolve_needs_processes(needs))
        system_refresh(system);
    else if (needs & NEED_TIME)
        proc_clock_refresh(system->proc);
    /* Where no call can be made, what is known of the processes must be older (doubt_orphan()). */
    if (r == 0 && system->procfs.inside && resolve_needs_processes(needs)) {
        resolve_processes(system, &info.segment);
        r = read_record_again(system, shmid, &info.segment);
    }
    if (r < 0)
        return error_set_errno(err, -r, "segment %d", shmid);
    r = inventory_attached_ids(system, &selection->filter, &attached, err);
    if (r < 0)
        return r;
    resolve_row(system, &info, needs);
    resolve_pending(system, &info, 1, NULL);
    forget_own_use(&info.segment, before); /* states know of it: orphans are compared again */
    *ret_segment = info.segment;
    return inventory_matches(system, &selection->filter, &info, &attached);
}
