#include "action/inventory_settled.h"

#include "base/clock.h"
#include "kernel/system.h"

/* How often all is read at the most, and how long processes get in between. */
enum { READINGS_MAX = 4 };
static const int64_t pause_between = 20 * (int64_t)NSEC_PER_MSEC;

bool inventory_has_unread(const struct inventory *inventory)
{
    return inventory->attachments.unreadable > 0 || inventory->attachments.hidden;
}

/* Whether other mappings were found than nattch counts. */
static bool is_doubtful(const struct segment_info *info)
{
    return segment_info_maps(info) != info->segment.nattch;
}

static bool is_same_id(const struct segment_info *a, const struct segment_info *b)
{
    return a->segment.shmid == b->segment.shmid && a->namespace == b->namespace;
}

/* Whether nobody attached or detached the segment between two readings, and the same was found. */
static bool is_alike(const struct segment_info *info, const struct segment_info *again)
{
    const struct segment *a = &info->segment;
    const struct segment *b = &again->segment;

    return a->nattch == b->nattch && a->lpid == b->lpid && a->atime == b->atime &&
           a->dtime == b->dtime && segment_info_maps(info) == segment_info_maps(again);
}

/*
 * Marks the doubtful rows that were not the same in the reading before. Both are in kernel order.
 * Returns whether there are none.
 */
static bool mark_unsettled(const struct inventory *before, struct inventory *inventory)
{
    bool settled = true;
    size_t at = 0;

    for (size_t i = 0; i < inventory->count; i++) {
        struct segment_info *info = &inventory->rows[i];
        size_t found = at;

        if (!is_doubtful(info))
            continue;
        while (found < before->count && !is_same_id(&before->rows[found], info))
            found++;
        info->unsettled = found == before->count || !is_alike(&before->rows[found], info);
        if (found < before->count)
            at = found + 1;
        settled = settled && !info->unsettled;
    }
    return settled;
}

int inventory_read_settled(struct system *system, const struct selection *selection, unsigned needs,
                           struct inventory *ret_inventory, struct error *err)
{
    CLEANUP_INVENTORY struct inventory before = {0};
    struct inventory inventory;
    int r = inventory_read(system, selection, needs, &inventory, err);

    for (int readings = 1; r == 0 && inventory.live && !mark_unsettled(&before, &inventory) &&
                           readings < READINGS_MAX;
         readings++) {
        inventory_release(&before);
        before = inventory;
        clock_wait_until(clock_monotonic() + pause_between);
        r = inventory_read(system, selection, needs, &inventory, err);
    }
    if (r < 0)
        return r;
    for (size_t i = 0; inventory.live && i < inventory.count; i++) {
        struct segment_info *info = &inventory.rows[i];

        /* Who has mapped a segment while nattch stays 0 did not do so just now. */
        if (info->doubt == DOUBT_TOUCHED && info->attachment_count > 0 && !info->unsettled)
            info->doubt = DOUBT_MAPPED;
    }
    *ret_inventory = inventory;
    return 0;
}
