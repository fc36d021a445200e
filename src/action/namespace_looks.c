#include "action/namespace_looks.h"

#include <stdlib.h>

#include "action/look.h"
#include "action/resolve.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "kernel/namespaces.h"
#include "kernel/system.h"

/* --- One namespace ---------------------------------------------------------------------------- */

static int read_segments(struct namespace_looks *looks, struct system *system,
                         struct namespace_look *look, struct complaint_list *unparsed,
                         struct error *err)
{
    int r;

    snapshot_release(&look->now);
    r = look_at_segments(system, looks->selection, looks->needs, &look->last, &look->now, unparsed,
                         err);
    look->has_now = r == 0;
    return r;
}

/* Whether something was created, selected or not. */
static bool has_new_ids(const struct snapshot *before, const struct snapshot *now)
{
    for (size_t i = 0; i < now->count; i++) {
        if (!idset_has(&before->ids, now->rows[i].segment.shmid))
            return true;
    }
    return false;
}

/* Counts what came and went unseen, and looks again where something did. */
static int count_unseen(struct namespace_looks *looks, struct system *system,
                        struct namespace_look *look, struct error *err)
{
    struct unseen unseen = {.bound = UNSEEN_UNKNOWN};
    int newest = 0;
    bool created = id_cursor_find_newest(&look->cursor, &look->last, &look->now, &newest);

    if (created)
        unseen = id_cursor_count(&look->cursor, &look->last, &look->now, newest, looks->cyclic);
    if (created && unseen.count > 0) {
        int r = read_segments(looks, system, look, NULL, err);

        if (r < 0)
            return r;
        unseen = id_cursor_count(&look->cursor, &look->last, &look->now, newest, looks->cyclic);
        /* With nothing that was created the number has no place: it is counted next time. */
        created = has_new_ids(&look->last, &look->now);
    }
    id_cursor_step(&look->cursor, &look->last, &look->now, created ? &newest : NULL);
    if (created)
        look->unseen = unseen;
    return 0;
}

/*
 * Looks at the segments of the namespace that this process is in now. SAME: it is certainly that of
 * the last look.
 */
static int look_here(struct namespace_looks *looks, struct system *system,
                     struct namespace_look *look, bool same, struct error *err)
{
    int r = read_segments(looks, system, look, &looks->unparsed, err);

    if (r < 0)
        return r;
    if (!look->has_last) {
        look->cursor = id_cursor_begin(&look->now);
    } else if (!same && !snapshot_continues(&look->last, &look->now)) {
        /* The number is another namespace's now: what was known of the first is not true of it. */
        id_cursor_release(&look->cursor);
        free(look->container);
        look->container = NULL;
    }
    if (look->has_last)
        r = count_unseen(looks, system, look, err);
    looks->unknown.states += look->now.unknown.states;
    looks->unknown.units += look->now.unknown.units;
    looks->unknown.programs += look->now.unknown.programs;
    return r;
}

/* --- All of them ------------------------------------------------------------------------------ */

/* Returns what is known of NAMESPACE, or adds it. */
static struct namespace_look *find_look(struct namespace_looks *looks,
                                        const struct ipc_namespace *namespace)
{
    struct namespace_look *look;

    for (size_t i = 0; i < looks->count; i++) {
        look = &looks->items[i];
        if (look->number == namespace->number && look->device == namespace->device)
            return look;
    }
    looks->items = xgrow(looks->items, looks->count, &looks->capacity, sizeof(*looks->items));
    look = &looks->items[looks->count++];
    *look = (struct namespace_look){
        .number = namespace->number,
        .device = namespace->device,
        .own = namespace->own,
        .has_last = looks->complete,
    };
    return look;
}

/* Of one that is alone inside finding it did not need the start. */
static uint64_t start_of_oldest(const struct system *system, const struct ipc_namespace *namespace)
{
    struct proc_stat stat = {.start = namespace->start};

    if (namespace->pid > 0 && stat.start == 0)
        proc_stat_read(&system->procfs, namespace->pid, &stat);
    return stat.start;
}

/* Enters, looks, and leaves. One that cannot be entered is no failure. */
static int enter_and_look(struct namespace_looks *looks, struct system *system,
                          const struct ipc_namespace *namespace, struct error *err)
{
    CLEANUP_ERROR struct error refusal = ERROR_INIT;
    struct namespace_look *look = find_look(looks, namespace);
    uint64_t start = start_of_oldest(system, namespace);
    bool same =
        namespace->own || (look->pid > 0 && look->pid == namespace->pid && look->start == start);
    struct namespace_entry entry;
    int back;
    int r;

    look->found = true;
    if (namespace_enter(&system->procfs, namespace, &entry, &refusal) < 0) {
        if (!look->refused)
            namespace_complaint_add(&looks->refused, namespace->number, refusal.text);
        look->refused = true;
        /* What was in it before it could be entered is not known. */
        look->has_last = look->has_last && look->last.count > 0;
        return 0;
    }
    look->refused = false;
    look->pid = namespace->pid;
    look->start = start;
    r = look_here(looks, system, look, same, err);
    if (!look->container) {
        struct segment_info info = {.container = NULL};

        look->needs = resolve_container(system, namespace, &info, NEED_CONTAINER);
        look->container = info.container ? xstrdup(info.container) : NULL;
    }
    back = namespace_return(&system->procfs, &entry, r < 0 ? NULL : err);
    return r < 0 ? r : back;
}

static bool lists_all(const struct namespace_looks *looks, const struct ipc_namespace_list *list)
{
    for (size_t i = 0; i < looks->count; i++) {
        const struct namespace_look *look = &looks->items[i];

        if (look->last.count > 0 && !ipc_namespace_list_find(list, look->number, look->device))
            return false;
    }
    return true;
}

/*
 * Finds all namespaces. While /proc is gone through, one whose only process forks and exits may
 * stand in neither place: that one has ended is believed when it is not found twice.
 */
static int find_namespaces_again(const struct namespace_looks *looks, struct system *system,
                                 struct ipc_namespace_list *ret_list, struct error *err)
{
    int r = namespaces_find(&system->procfs, ret_list, err);

    if (r < 0 || lists_all(looks, ret_list))
        return r;
    namespaces_release(ret_list);
    return namespaces_find(&system->procfs, ret_list, err);
}

static int compare_looks(const void *a, const void *b)
{
    const struct namespace_look *left = a;
    const struct namespace_look *right = b;

    return left->own != right->own ? right->own - left->own
                                   : num_compare(left->number, right->number);
}

static int look_everywhere(struct namespace_looks *looks, struct system *system, struct error *err)
{
    CLEANUP_NAMESPACES struct ipc_namespace_list list = {0};
    int r = find_namespaces_again(looks, system, &list, err);
    bool complete = !list.exhausted && (looks->count == 0 || list.unreadable <= looks->unreadable);

    for (size_t i = 0; r == 0 && i < list.count; i++)
        r = enter_and_look(looks, system, &list.items[i], err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < looks->count; i++) {
        struct namespace_look *look = &looks->items[i];

        /* Otherwise it may be there and not be found. */
        look->found = look->found || !complete;
        look->has_now = look->has_now || !look->found;
    }
    qsort(looks->items, looks->count, sizeof(*looks->items), compare_looks);
    looks->complete = complete;
    looks->unreadable = list.unreadable;
    return 0;
}

int namespace_looks_take(struct namespace_looks *looks, struct system *system, struct error *err)
{
    static const struct ipc_namespace here = {.own = true};

    complaint_list_release(&looks->unparsed);
    complaint_list_release(&looks->refused);
    looks->unknown = (struct unknown_counts){0};
    if (looks->everywhere)
        return look_everywhere(looks, system, err);
    return look_here(looks, system, find_look(looks, &here), true, err);
}

/* --- From look to look ------------------------------------------------------------------------ */

static void release_look(struct namespace_look *look)
{
    free(look->container);
    snapshot_release(&look->last);
    snapshot_release(&look->now);
    id_cursor_release(&look->cursor);
}

void namespace_looks_step(struct namespace_looks *looks)
{
    size_t kept = 0;

    for (size_t i = 0; i < looks->count; i++) {
        struct namespace_look look = looks->items[i];

        if (looks->everywhere && !look.found) {
            release_look(&look);
            continue;
        }
        if (look.has_now) {
            snapshot_release(&look.last);
            look.last = look.now;
            look.has_last = true;
        }
        look.now = (struct snapshot){.count = 0};
        look.has_now = look.found = false;
        look.unseen = (struct unseen){.bound = UNSEEN_UNKNOWN};
        looks->items[kept++] = look;
    }
    looks->count = kept;
}

void namespace_looks_release(struct namespace_looks *looks)
{
    for (size_t i = 0; i < looks->count; i++)
        release_look(&looks->items[i]);
    free(looks->items);
    complaint_list_release(&looks->unparsed);
    complaint_list_release(&looks->refused);
    *looks = (struct namespace_looks){.count = 0};
}
