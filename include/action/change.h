/*
 * Changing one segment: owner, group, permissions and lock, read back.
 */
#ifndef SHMTOOL_ACTION_CHANGE_H
#define SHMTOOL_ACTION_CHANGE_H

#include "model/change.h"

/*
 * Changes a segment, by as few calls as it needs: by none where it is so already. What is read
 * back must be what was written.
 *
 * now: it, read this moment
 * Returns 0; -ENOENT (it is gone); -ESTALE where somebody else changed it meanwhile, or its pages
 * are huge, which are never locked; -EPERM and others as sysv_set_owner() and sysv_lock(). Where
 * the second of two calls is refused the first one is undone.
 */
int change_segment(const struct change *change, const struct segment *now);

#endif
