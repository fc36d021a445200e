/*
 * Sums over segments, by anything that they have in common: how many, how large, how much of it in
 * memory, how many orphans.
 */
#ifndef SHMTOOL_MODEL_SUMS_H
#define SHMTOOL_MODEL_SUMS_H

#include <stddef.h>
#include <stdint.h>

#include "base/num.h"
#include "model/segment_info.h"

/* The sums of a group of segments. */
struct sum {
    /*
     * A copy of the first of them, for what they have in common; zeroed where there is none. It
     * stands first, so that a column of segments can be shown of a sum (view/columns).
     */
    struct segment_info first;
    const struct segment_info *const *rows; /* all of them, in their order; borrowed */
    uint64_t segments;                      /* how many these are */
    struct wide bytes;
    struct wide rss;       /* bytes, of those whose rss is known */
    uint64_t rss_unknown;  /* segments whose rss is not */
    struct wide swap;      /* bytes, of those whose swap is known */
    uint64_t swap_unknown; /* segments whose swap is not */
    struct wide nattch;    /* attachments */
    uint64_t attached;     /* segments that somebody has attached */
    uint64_t orphans;      /* segments; with NEED_STATE */
    uint64_t pages;        /* whole ones of each; UINT64_MAX where the sum does not fit */
    uint64_t orphan_pages; /* those of orphans */
};

/* Returns the sums of COUNT rows, all in one, and keeps ROWS in it. PAGE_SIZE: bytes. */
struct sum sum_of(const struct segment_info *const *rows, size_t count, uint64_t page_size);

/* What sums are by: the order of two rows, 0 for rows of one group. ARG is the caller's. */
struct grouping {
    int (*compare)(const struct segment_info *a, const struct segment_info *b, const void *arg);
    const void *arg;
};

/* By owner, and by creator process: its pid. */
extern const struct grouping sum_by_owner;
extern const struct grouping sum_by_cpid;

enum sum_order { SUM_BY_SEGMENTS, SUM_BY_PAGES, SUM_BY_BYTES };

struct sums {
    struct sum *items; /* owned; the largest first, equal ones in the order of their groups */
    size_t count;
    const struct segment_info **rows; /* owned; group by group */
};

/*
 * Sums up COUNT rows by GROUPING; of equal rows the one at the lower address comes first.
 *
 * order: what makes a sum a large one
 * ret_sums: released by the caller with sums_release(); borrows the rows
 */
void sums_make(const struct segment_info *const *rows, size_t count, uint64_t page_size,
               const struct grouping *grouping, enum sum_order order, struct sums *ret_sums);

void sums_release(struct sums *sums);

#define CLEANUP_SUMS __attribute__((cleanup(sums_release)))

/*
 * Returns the sum of who, of the creators that are alive, made the most of ROWS, of equal ones the
 * lower pid; without rows (segments is 0) where none is. Its rows are not kept.
 *
 * rows: COUNT borrowed rows with the creator's status (NEED_COMMAND)
 */
struct sum creator_sum_largest(const struct segment_info *const *rows, size_t count,
                               uint64_t page_size, enum sum_order order);

#endif
