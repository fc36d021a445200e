/*
 * Looks that come again and again, at the IPC namespace that this process is in or at all of them.
 *
 * Between two looks no namespace is kept open: watching one must not keep it, and the memory of its
 * segments, when it would end. The kernel gives the number of one that has ended to the next one;
 * what is in that are other segments, and nothing is counted from the ids of the first.
 */
#ifndef SHMTOOL_ACTION_NAMESPACE_LOOKS_H
#define SHMTOOL_ACTION_NAMESPACE_LOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "model/diff.h"
#include "model/selection.h"
#include "model/unseen.h"

struct system;

/* One namespace, from look to look. */
struct namespace_look {
    uint64_t number; /* 0: that of this process, where no others are asked for */
    dev_t device;
    bool own;
    char *container; /* owned; what it is of; NULL: none, or not known */
    unsigned needs;  /* what the container of a segment in it needs: resolve_container() */

    /* Its oldest process, at the last look: while that lives it is the same one. */
    pid_t pid;
    uint64_t start;

    bool has_last; /* what there was is known */
    bool has_now;  /* what there is is: not where it could not be entered */
    bool found;    /* it is there; else it has ended, and nothing is in it */
    bool refused;  /* it could not be entered */
    struct snapshot last;
    struct snapshot now;
    struct id_cursor cursor;
    struct unseen unseen; /* what came and went from LAST to NOW */
};

struct namespace_looks {
    /* What to look for: set before the first look, and not changed. */
    const struct selection *selection;
    unsigned needs;  /* see look_at_segments() */
    bool everywhere; /* in all namespaces */
    bool cyclic;     /* see id_cursor_count() */

    /* The present look. */
    struct namespace_look *items; /* owned; that of this process first, then by number */
    size_t count;
    size_t capacity;
    struct complaint_list unparsed; /* lines that were not understood */
    struct complaint_list refused;  /* namespaces that could not be entered, for the first time */
    struct unknown_counts unknown;  /* segments that the selection left out for it */

    /* Of the look before: no namespace can have been missing, so that what is new now is new. */
    bool complete;
    size_t unreadable; /* processes then; where there are more now, some may be missing */
};

/*
 * Looks, and counts what came and went in each namespace since the last look. Where something did,
 * there is a second look: what the first one missed because it was created meanwhile shows now, or
 * has gone unseen indeed.
 *
 * A namespace that was not there at the last look begins without a segment: all that is in it was
 * created since.
 *
 * Returns 0, or a negative errno with *err set, and then only namespace_looks_release() is left to
 * do: a namespace could not be read, or there is no way back from one.
 */
int namespace_looks_take(struct namespace_looks *looks, struct system *system, struct error *err);

/* What there is becomes what there was, and namespaces that have ended are forgotten. */
void namespace_looks_step(struct namespace_looks *looks);

void namespace_looks_release(struct namespace_looks *looks);

#endif
