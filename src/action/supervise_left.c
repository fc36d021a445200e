#include "action/supervise_left.h"

#include <unistd.h>

#include "kernel/proc.h"

/*
 * Whether a descendant that lives on made it, or may have, where that process is hidden or the
 * clock was set: a server that has just created a segment, or is between two uses of it, must not
 * lose it.
 */
static bool creator_lives_on(struct system *system, const struct segment *segment)
{
    struct proc_cache *cache = system->proc;

    return segment->cpid > 0 &&
           segment_creator(segment, proc_fact(cache, segment->cpid), proc_clock(cache)) != PID_GONE;
}

/* Whether we may remove it, and so the program may have made it. */
static bool may_be_ours(const struct segment *segment)
{
    uid_t euid = geteuid();

    return euid == 0 || segment->uid == euid || segment->cuid == euid;
}

/* Looks up what is NEEDED of the segments that the program left, while they are there. */
static void read_left_rows(struct system *system, const struct trace *trace, unsigned needed,
                           struct supervise_result *result)
{
    struct selection selection = {.by_id = true};

    for (size_t i = 0; i < trace->count; i++) {
        const struct trace_entry *entry = &trace->entries[i];

        if (entry->origin == TRACE_PROGRAM || entry->origin == TRACE_UNKNOWN)
            selection_add_id(&selection, &(struct named_id){.shmid = entry->segment.shmid});
    }
    /* Where that fails they are reported by their records alone, as those found later are. */
    inventory_release(&result->left);
    inventory_read(system, &selection, needed, &result->left, NULL);
    selection_release(&selection);
}

void supervise_remove_left(struct system *system, const struct trace *trace,
                           const struct supervise_request *request, struct idset *done,
                           struct supervise_result *result)
{
    struct selection selection = {.by_id = true, .filter = {.unattached = true}};

    proc_cache_refresh(system->proc);
    for (size_t i = 0; i < trace->count; i++) {
        const struct trace_entry *entry = &trace->entries[i];
        const struct segment *segment = &entry->segment;

        if (!idset_add(done, segment->shmid))
            continue; /* by an earlier call */
        if (segment_is_dest(segment))
            continue; /* goes by itself */
        if (trace_entry_is_held(entry)) {
            segment_list_add(&result->held, segment);
        } else if (entry->origin == TRACE_PROGRAM && creator_lives_on(system, segment)) {
            segment_list_add(&result->creators, segment);
        } else if (entry->origin == TRACE_PROGRAM) {
            selection_add_id(&selection, &(struct named_id){.shmid = segment->shmid});
            removal_add(&result->removal, &selection, &(struct segment_info){.segment = *segment});
        } else if (entry->origin == TRACE_UNKNOWN && may_be_ours(segment)) {
            segment_list_add(&result->untraced, segment);
        } else if (entry->used) {
            segment_list_add(&result->used, segment);
        }
    }
    if (request->needs != 0 && result->left.count == 0)
        read_left_rows(system, trace, request->needs, result);
    /* The entries are in the order of ids, and so are the ids of the selection. */
    if (!request->keep)
        removal_run(system, &selection, &result->removal, &request->removal);
    selection_release(&selection);
}
