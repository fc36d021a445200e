/*
 * Setting limits, now and over a reboot, and what that does to segments.
 */
#ifndef SHMTOOL_ACTION_LIMITS_CHANGE_H
#define SHMTOOL_ACTION_LIMITS_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "action/inventory.h"
#include "action/removal.h"
#include "base/error.h"
#include "kernel/sysctl_file.h"
#include "model/limits.h"

struct system;

/* A limit that is to be set, and what became of it. */
struct limit_change {
    struct limit_setting setting;
    bool has_before;
    uint64_t before; /* the value until then; only with has_before */
    bool done;       /* the kernel took it */
    bool kept;       /* over a reboot too */
    int code;        /* positive errno of the refusal, 0: none */
    char *refusal;   /* owned; the refusal in words; NULL: none */

    /* With persist: a file that sets it to something else at the next boot; path is NULL: none. */
    struct sysctl_override override;
    struct error override_error; /* why it is not known whether there is one, if so */
};

/* All that is to be set, and what became of it. Zeroed to begin with. */
struct limits_change {
    struct limit_change items[LIMIT_COUNT]; /* each limit once */
    size_t count;
    bool persist; /* keep what the kernel took, in SYSCTL_FILE_DIR */
    bool dry_run; /* change nothing, find out what would happen */

    struct error keep_error; /* why nothing was kept, if so */

    /* What shm_rmid_forced=1 would destroy, or may; after limits_change_prepare(). */
    struct removal_plan plan; /* owned */
    /* Of those the ones that go, by limits_change_run() those that went. */
    uint64_t destroyed;
    uint64_t destroyed_bytes;
    /*
     * And those that may go. The kernel keeps them while the thread lives that made them, and in
     * this IPC namespace (ipc/shm.c, exit_shm, shm_try_destroy_orphaned): no file shows that.
     */
    uint64_t doubtful;
    uint64_t doubtful_bytes;
};

/* What the functions below have to know of the system: a mask of enum need. */
unsigned limits_change_needs(const struct limits_change *change);

/*
 * Finds out what there is before, which limits this process may not set at all, and what turning on
 * shm_rmid_forced would destroy. Changes nothing.
 *
 * inventory: of all segments, with limits_change_needs(); must stay while the plan is shown
 */
void limits_change_prepare(struct system *system, struct limits_change *change,
                           const struct inventory *inventory);

/*
 * Tells whether shm_rmid_forced would be turned on: that destroys segments, those that are attached
 * when nobody has them attached any more. After limits_change_prepare().
 */
bool limits_change_destroys(const struct limits_change *change);

/* Tells whether something can be set, or could be but for the dry run. */
bool limits_change_is_possible(const struct limits_change *change);

/* How many segments would be destroyed now, or may be, that are not in the plan. */
size_t limits_change_unplanned(const struct limits_change *change, const struct inventory *now);

/*
 * Sets the limits, one after the other: a refusal does not stop the rest. Segments are read again
 * only where shm_rmid_forced was turned on, which destroys some.
 *
 * change: prepared
 * inventory: read before, of all segments, with limits_change_needs(); its limits are those after
 *            the change then
 * Returns 0, or a negative errno and sets *err when what there is afterwards cannot be read; what
 * was set is set all the same.
 */
int limits_change_run(struct system *system, struct limits_change *change,
                      struct inventory *inventory, struct error *err);

/*
 * Tells whether something was refused, or could not be kept or found out. What a dry run shows as
 * refused is no failure of it.
 */
bool limits_change_failed(const struct limits_change *change);

void limits_change_release(struct limits_change *change);

#endif
