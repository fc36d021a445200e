/*
 * Sums over segments by owner: who has how many, how much, and how many orphans.
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

/* What one process made, as the segments that are there tell. */
struct process_sum {
    const struct segment_info *info; /* one of them: names the process; NULL: none is known */
    uint64_t segments;
    uint64_t pages;
};

/* Returns the sum of the process that made the most of ROWS; borrows one of them. */
struct process_sum creator_sum_max(const struct segment_info *const *rows, size_t count,
                                   uint64_t page_size, enum sum_order order);

#endif
