/*
 * Whether a segment is selected: of rows while the system is read, and of one segment again right
 * before it is changed.
 */
#ifndef SHMTOOL_ACTION_INVENTORY_MATCH_H
#define SHMTOOL_ACTION_INVENTORY_MATCH_H

#include <stdbool.h>

#include "base/error.h"
#include "model/filter.h"
#include "model/segment_info.h"
#include "model/selection.h"

struct system;

/*
 * Adds the ids that the filter's PIDs have attached now, for inventory_matches(). Returns 0 or a
 * negative errno and sets *err.
 */
int inventory_attached_ids(struct system *system, const struct filter *filter,
                           struct idset *ret_attached, struct error *err);

/* Tests a row that has what filter_needs() asks for. */
bool inventory_matches(struct system *system, const struct filter *filter,
                       const struct segment_info *info, const struct idset *attached);

/*
 * Of a row that does not match: returns NEED_STATE where it might, if its state were known, which
 * then is orphan or idle; else 0.
 */
unsigned inventory_unknown_state(struct system *system, const struct filter *filter,
                                 const struct segment_info *info, const struct idset *attached);

/*
 * Reads the one segment SHMID again: the record, the time, and whatever SELECTION tests, all again.
 *
 * before: its record from before this process attached and detached it, which is no use of it: the
 *         last user and the times of before stand in its place; NULL: it did not
 * ret_segment: the record as it is now; set when 0 or 1 is returned
 * Returns 1 when it still matches SELECTION, 0 when it does not, -ENOENT when it is gone, or
 * another negative errno, with *err set.
 */
int inventory_read_again(struct system *system, const struct selection *selection, int shmid,
                         const struct segment *before, struct segment *ret_segment,
                         struct error *err);

#endif
