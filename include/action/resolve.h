/*
 * What the record of a segment does not say, looked up: names, creator and last user, state, unit.
 * What it says of processes is what proc_cache_refresh() (kernel/proc) found last, or now.
 */
#ifndef SHMTOOL_ACTION_RESOLVE_H
#define SHMTOOL_ACTION_RESOLVE_H

#include <stdbool.h>

#include "base/error.h"
#include "model/ipc_namespace.h"
#include "model/segment_info.h"

struct system;

/* Tells whether NEEDS (enum need) asks for anything that depends on creators and last users. */
bool resolve_needs_processes(unsigned needs);

/* Looks up the processes that a record names, for the system's cache to have them. */
void resolve_processes(struct system *system, const struct segment *segment);

/*
 * The same of all segments there are: in a namespace that calls do not reach (PROCFS->inside) this
 * comes before they are read, for none can be read again to see whether it was touched since.
 * Returns 0 or a negative errno and sets *err.
 */
int resolve_all_processes(struct system *system, struct error *err);

/*
 * Looks up what NEEDS asks for and is not there yet, of a live segment in the namespace that this
 * process is in. Attachments are assigned later: a unit that depends on them is pending until then.
 */
void resolve_row(struct system *system, struct segment_info *info, unsigned needs);

/*
 * Finds out what was pending of a row that has its attachments now. Returns which of NEED_UNIT and
 * NEED_PROGRAM is not known because not all who have the segment attached were found.
 */
unsigned resolve_by_attachments(struct system *system, struct segment_info *info);

/*
 * Reads who has what attached, if the unit or program of one of COUNT rows depends on it, and finds
 * those out; attachments are left unassigned. What stays unknown, as above, is added to *unknown,
 * where that is not NULL.
 */
void resolve_pending(struct system *system, struct segment_info *rows, size_t count,
                     struct unknown_counts *unknown);

/*
 * Sets the container that NAMESPACE, which is looked in, is of, if NEEDS asks for it. In the host's
 * own namespace, where containers may be guests, in one of which nothing is known, and in this
 * process's own if it is no container's, as where that alone is looked in, each segment has to
 * tell. Returns NEEDS, with what that takes.
 */
unsigned resolve_container(struct system *system, const struct ipc_namespace *namespace,
                           struct segment_info *info, unsigned needs);

/* The same for the namespace that this process looks in, and sets which that is. */
unsigned resolve_own_namespace(struct system *system, struct segment_info *info, unsigned needs);

/*
 * What an IPC namespace is of: the unit of who has been inside for longest, or else of who keeps
 * it. NULL: none, as of the host's own, where containers may be guests, or not known. The system's
 * cache of processes keeps it.
 */
const struct cgroup_unit *resolve_namespace(struct system *system,
                                            const struct ipc_namespace *namespace);

#endif
