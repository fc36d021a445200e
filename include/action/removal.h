/*
 * Removing segments, or changing them: plan, verify each at the last moment, act, remember what
 * became of it.
 */
#ifndef SHMTOOL_ACTION_REMOVAL_H
#define SHMTOOL_ACTION_REMOVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "action/inventory.h"
#include "model/change.h"
#include "model/selection.h"

struct system;

enum removal_outcome {
    REMOVAL_SELECTED,  /* not tried yet */
    REMOVAL_REMOVED,   /* destroyed */
    REMOVAL_SET,       /* changed as it was asked for */
    REMOVAL_MARKED,    /* dest: destroyed when the last process detaches */
    REMOVAL_GONE,      /* somebody else has removed it */
    REMOVAL_CHANGED,   /* not the segment that was selected any more: left alone */
    REMOVAL_PROTECTED, /* by a line of shmtool.conf, which is its info's: left alone */
    REMOVAL_FAILED,    /* the kernel refused */
    REMOVAL_OUTCOMES,
};

struct removal_item {
    bool missing;             /* an id that was named and does not exist: only its shmid is set */
    struct segment_info info; /* as it was selected; what it borrows is the inventory's */
    enum removal_outcome outcome;
    int code;  /* positive errno with REMOVAL_FAILED, else 0 */
    bool late; /* REMOVAL_PROTECTED, REMOVAL_CHANGED: only when it was read again, or read back */
    bool refused; /* REMOVAL_SELECTED: the kernel will refuse it to this user */
};

struct removal_plan {
    const struct change *change; /* what is changed, borrowed; NULL: segments are removed */
    bool even_protected;         /* protected segments, too */
    struct removal_item *items;  /* owned; in the order of removal */
    size_t count;
    size_t capacity;
    size_t namespaces; /* how many IPC namespaces were looked in; 0: one alone */
};

struct removal_totals {
    size_t selected; /* items of segments that there were */
    size_t counts[REMOVAL_OUTCOMES];
    size_t in_use;          /* of those not tried yet: the attached ones */
    size_t defied;          /* of those not tried yet: the protected ones, with even_protected */
    uint64_t pending_bytes; /* of those not tried yet */
    size_t refused;         /* of those not tried yet: those that the kernel will refuse */
    size_t refused_in_use;
    uint64_t allowed_bytes; /* of those not tried yet and not refused */
    uint64_t unused_bytes;  /* of these, those not in use: removing them frees so much */
    uint64_t freed_bytes;   /* of those destroyed */
};

/* What removal_run() calls while it works; any of them may be NULL. */
struct removal_hooks {
    bool (*interrupted)(void *arg); /* before each item; true ends the run */
    /*
     * Reads again what the system's protection says: before the first item, after each that was
     * saved, and before whichever comes more than a tenth of a second after that (in between this
     * process may have been stopped).
     */
    void (*refresh)(void *arg);
    /*
     * Before a segment is removed, as NOW it was read: saves it. Returns 0, or a negative errno:
     * then it fails with that. It is read once more after that.
     */
    int (*save)(void *arg, const struct removal_item *item, const struct segment *now);
    void (*withdraw)(void *arg, const struct removal_item *item); /* it was saved, and stays */
    void (*done)(void *arg, const struct removal_item *item);
    void *arg;
};

/* The outcome's word: "removed", "set", "marked", ... */
const char *removal_outcome_name(enum removal_outcome outcome);

/*
 * Adds a row to the plan. Where the line of standard input that named it gives another key or size,
 * the item counts as changed and is not touched; nor is one that is protected, unless it is to be
 * removed and is marked already: then there is nothing left to do to it. The selection's ids must
 * be sorted.
 */
void removal_add(struct removal_plan *plan, const struct selection *selection,
                 const struct segment_info *info);

/*
 * Adds a named id that does not exist: as gone where IGNORED (--ignore-missing), else as failed
 * with EINVAL, which is what the kernel says of it.
 */
void removal_add_missing(struct removal_plan *plan, int shmid, bool ignored);

/*
 * Notes which of the plan's segments that are not decided yet the kernel will refuse to CREDENTIALS
 * for their owner and creator, as far as that can be known: whether it would refuse a lock cannot.
 */
void removal_note_refused(struct removal_plan *plan, const struct credentials *credentials);

/*
 * Removes, or changes, the plan's segments that are not decided yet, one after the other.
 *
 * Each is read again first and must be the same segment (segment_same()) and match the selection
 * still, and be protected by no line of the system's protection, which must have been read whole:
 * else nothing is done (ECANCELED). One failure does not stop the rest. One that is marked already
 * is not removed again. One that is changed must have the owner, group, permissions and lock that
 * it was shown with, and after it those that were written. When interrupted, the rest is
 * REMOVAL_FAILED with EINTR. REMOVAL_FAILED with ECHILD: what became of it is not known, for a
 * child that entered its namespace ended before it was done.
 */
void removal_run(struct system *system, const struct selection *selection,
                 struct removal_plan *plan, const struct removal_hooks *hooks);

/* Counts the plan's outcomes. */
struct removal_totals removal_count(const struct removal_plan *plan);

/* Releases the plan's memory and leaves it empty. */
void removal_plan_release(struct removal_plan *plan);

#endif
