/*
 * Sums over segments: who has how many, how much, and how many orphans; who made the most.
 */
#ifndef SHMTOOL_MODEL_SUMS_H
#define SHMTOOL_MODEL_SUMS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/segment_info.h"

/* What one owner has. */
struct owner_sum {
    uid_t uid;
    const char *owner; /* the name, borrowed; NULL: no such user */
    uint64_t segments;
    uint64_t pages;
    uint64_t bytes;
    uint64_t orphans; /* of the segments */
    uint64_t orphan_pages;
};

enum sum_order { SUM_BY_SEGMENTS, SUM_BY_PAGES };

/*
 * Returns the sums of the owners of ROWS, *ret_count of them, the largest first, of equal ones the
 * lower uid; the caller frees the array. NULL when there are no rows.
 *
 * rows: COUNT borrowed rows with state and owner (NEED_STATE, NEED_OWNER)
 * page_size: bytes
 */
struct owner_sum *owner_sums(const struct segment_info *const *rows, size_t count,
                             uint64_t page_size, enum sum_order order, size_t *ret_count);

/* What one creator made that is still there. */
struct creator_sum {
    pid_t pid;
    const char *command; /* borrowed; may be NULL */
    uint64_t segments;
    uint64_t pages;
};

/*
 * Returns who of the creators that are alive made the most of ROWS, of equal ones the lower pid; a
 * pid of 0 where none is.
 *
 * rows: COUNT borrowed rows with command (NEED_COMMAND)
 */
struct creator_sum creator_sums_largest(const struct segment_info *const *rows, size_t count,
                                        uint64_t page_size, enum sum_order order);

#endif
