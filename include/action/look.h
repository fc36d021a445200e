/*
 * Looks at all segments that come again and again, and how often they may.
 *
 * A look costs less than an inventory where little happens: what was an orphan at the last look,
 * and was not used since, is one still, and nobody is asked about its processes again.
 */
#ifndef SHMTOOL_ACTION_LOOK_H
#define SHMTOOL_ACTION_LOOK_H

#include <stdint.h>

#include "base/error.h"
#include "model/diff.h"
#include "model/selection.h"

struct system;

/*
 * Reads all segments. Their states are looked up where NEEDS (enum need) or the selection asks for
 * them, rss and swap where NEEDS does, units, programs and protection for the selection alone, and
 * nothing else: resolve_row() does the rest, of a copy, until the next look.
 *
 * previous: of the same NEEDS and SELECTION; an empty one for the first look
 * ret_snapshot: released by the caller
 * ret_complaints: lines that were not understood; released by the caller
 * Returns 0, or a negative errno with *err set and nothing to release.
 */
int look_at_segments(struct system *system, const struct selection *selection, unsigned needs,
                     const struct snapshot *previous, struct snapshot *ret_snapshot,
                     struct complaint_list *ret_complaints, struct error *err);

/* How often to look: where it takes processor time, more seldom than was asked for. */
struct pace {
    int64_t interval;  /* nanoseconds, as asked for */
    int64_t started;   /* clock_monotonic() at the last look's start */
    uint64_t cpu;      /* clock_cpu_used() then */
    int64_t cost;      /* processor time of the last look, in nanoseconds; 0: none yet */
    int64_t stretched; /* the interval that it makes; 0: the one asked for */
};

/* A look begins, and has ended. */
void pace_begin_look(struct pace *pace);
void pace_end_look(struct pace *pace);

/* When the next look is due, by clock_monotonic(). */
int64_t pace_next_look(const struct pace *pace);

#endif
