/*
 * What the record of a segment does not say, looked up: names, creator and last user, state, unit.
 * Only the inventory asks for it.
 */
#ifndef SHMTOOL_ACTION_RESOLVE_H
#define SHMTOOL_ACTION_RESOLVE_H

#include <stdbool.h>

#include "model/ipc_namespace.h"
#include "model/segment_info.h"

struct system;

/* Tells whether NEEDS (enum need) asks for anything that depends on creators and last users. */
bool resolve_needs_processes(unsigned needs);

/* Looks up the processes that a record names, for the system's cache to have them. */
void resolve_processes(struct system *system, const struct segment *segment);

/*
 * Looks up what NEEDS asks for and is not there yet, of a live segment in the namespace that this
 * process is in. Attachments are assigned later: a unit that depends on them is pending until then.
 */
void resolve_row(struct system *system, struct segment_info *info, unsigned needs);

/* The unit of the processes that have the segment attached: none, unless all were found in it. */
struct segment_unit resolve_unit_of_holders(struct system *system, const struct segment_info *info);

/*
 * What an IPC namespace is of: the unit of who has been inside for longest, or else of who keeps
 * it. NULL: none, or not known. The system's cache of processes keeps it.
 */
const struct cgroup_unit *resolve_namespace(struct system *system,
                                            const struct ipc_namespace *namespace);

#endif
