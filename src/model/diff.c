#include "model/diff.h"

#include <stdlib.h>

#include "base/xalloc.h"

/* --- Snapshots -------------------------------------------------------------------------------- */

void snapshot_add(struct snapshot *snapshot, const struct segment_info *info, bool selected)
{
    snapshot->rows = xgrow(snapshot->rows, snapshot->count, &snapshot->capacity, sizeof(*info));
    snapshot->rows[snapshot->count++] = *info;
    idset_add(&snapshot->ids, info->segment.shmid);
    if (selected)
        idset_add(&snapshot->selected, info->segment.shmid);
}

const struct segment_info *snapshot_find(const struct snapshot *snapshot, int shmid, size_t *hint)
{
    size_t at = *hint < snapshot->count ? *hint : 0;

    /* Without this, each id that is not there would cost a walk. */
    if (!idset_has(&snapshot->ids, shmid))
        return NULL;
    while (snapshot->rows[at].segment.shmid != shmid)
        at = at + 1 < snapshot->count ? at + 1 : 0;
    *hint = at + 1;
    return &snapshot->rows[at];
}

/*
 * Whether two rows of one id are one segment: who made it and how large it is never changes, its
 * key only when it is marked, and it stays marked.
 */
static bool is_same_segment(const struct segment *before, const struct segment *now)
{
    if (before->cuid != now->cuid || before->cgid != now->cgid || before->cpid != now->cpid ||
        before->size != now->size)
        return false;
    if (segment_is_dest(before))
        return segment_is_dest(now) && before->key == now->key;
    return before->key == now->key || segment_is_dest(now);
}

bool snapshot_continues(const struct snapshot *before, const struct snapshot *now)
{
    size_t hint = 0;

    for (size_t i = 0; i < before->count; i++) {
        const struct segment_info *old = &before->rows[i];
        const struct segment_info *new = snapshot_find(now, old->segment.shmid, &hint);

        if (new &&is_same_segment(&old->segment, &new->segment))
            return true;
    }
    return false;
}

void snapshot_release(struct snapshot *snapshot)
{
    free(snapshot->rows);
    idset_release(&snapshot->ids);
    idset_release(&snapshot->selected);
    *snapshot = (struct snapshot){.count = 0};
}

/* --- Events ----------------------------------------------------------------------------------- */

const char *event_name(enum event_type type)
{
    static const char *const names[] = {
        [EVENT_INITIAL] = "initial",   [EVENT_CREATED] = "created",   [EVENT_MARKED] = "marked",
        [EVENT_ATTACHED] = "attached", [EVENT_DETACHED] = "detached", [EVENT_CHANGED] = "changed",
        [EVENT_TOUCHED] = "touched",   [EVENT_ORPHANED] = "orphaned", [EVENT_REMOVED] = "removed",
    };

    return names[type];
}

const struct segment_info *event_segment(const struct event *event)
{
    return event->now ? event->now : event->before;
}

static void add_event(struct event_list *events, enum event_type type,
                      const struct segment_info *before, const struct segment_info *now)
{
    events->items = xgrow(events->items, events->count, &events->capacity, sizeof(*events->items));
    events->items[events->count++] = (struct event){type, before, now};
}

/* What happened to one segment. */
static void diff_segment(struct event_list *events, const struct segment_info *before,
                         const struct segment_info *now)
{
    const struct segment *a = &before->segment;
    const struct segment *b = &now->segment;
    size_t others = events->count;

    if (segment_is_dest(b) && !segment_is_dest(a))
        add_event(events, EVENT_MARKED, before, now);
    if (b->nattch != a->nattch)
        add_event(events, b->nattch > a->nattch ? EVENT_ATTACHED : EVENT_DETACHED, before, now);
    if (a->uid != b->uid || a->gid != b->gid || ((a->mode ^ b->mode) & ~SEGMENT_DEST) != 0)
        add_event(events, EVENT_CHANGED, before, now);
    if (now->state == STATE_ORPHAN && before->state != STATE_ORPHAN)
        add_event(events, EVENT_ORPHANED, before, now);
    if (events->count == others && (segment_was_used(a, b) || a->ctime != b->ctime))
        add_event(events, EVENT_TOUCHED, before, now);
}

void diff_snapshots(const struct snapshot *before, const struct snapshot *now,
                    struct event_list *events)
{
    CLEANUP_IDSET struct idset same = IDSET_INIT;
    size_t hint = 0;

    for (size_t i = 0; i < before->count; i++) {
        const struct segment_info *old = &before->rows[i];
        int shmid = old->segment.shmid;
        const struct segment_info *new = snapshot_find(now, shmid, &hint);
        bool selected = idset_has(&before->selected, shmid) || idset_has(&now->selected, shmid);

        if (new &&is_same_segment(&old->segment, &new->segment)) {
            idset_add(&same, shmid);
            if (selected)
                diff_segment(events, old, new);
        } else if (idset_has(&before->selected, shmid)) {
            add_event(events, EVENT_REMOVED, old, NULL);
        }
    }
    for (size_t i = 0; i < now->count; i++) {
        const struct segment_info *new = &now->rows[i];
        int shmid = new->segment.shmid;

        if (!idset_has(&now->selected, shmid) || idset_has(&same, shmid))
            continue;
        add_event(events, EVENT_CREATED, NULL, new);
        if (new->state == STATE_ORPHAN)
            add_event(events, EVENT_ORPHANED, NULL, new);
    }
}

void diff_initial(const struct snapshot *first, struct event_list *events)
{
    for (size_t i = 0; i < first->count; i++) {
        if (idset_has(&first->selected, first->rows[i].segment.shmid))
            add_event(events, EVENT_INITIAL, NULL, &first->rows[i]);
    }
}

void event_list_release(struct event_list *events)
{
    free(events->items);
    *events = (struct event_list){.count = 0};
}
