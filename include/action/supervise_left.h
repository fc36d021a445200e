/*
 * What becomes of the segments that a program left.
 */
#ifndef SHMTOOL_ACTION_SUPERVISE_LEFT_H
#define SHMTOOL_ACTION_SUPERVISE_LEFT_H

#include "action/supervise.h"
#include "action/supervise_trace.h"
#include "model/idset.h"

/*
 * Removes what is the program's and not attached, if it still is both when it is read again, and is
 * not to be kept; says in *result what became of it, and which segments stay.
 *
 * done: ids of segments that this was done with; called again, it does so with those that the trace
 *       has found since
 */
void supervise_remove_left(struct system *system, const struct trace *trace,
                           const struct supervise_request *request, struct idset *done,
                           struct supervise_result *result);

#endif
