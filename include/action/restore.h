/*
 * Making a saved segment again: whole, with the bytes that it had, or not at all.
 *
 * Nothing in the saved tree is trusted: links, sizes that do not fit and files that change are
 * errors, and what was made is compared with what was saved.
 */
#ifndef SHMTOOL_ACTION_RESTORE_H
#define SHMTOOL_ACTION_RESTORE_H

#include <stdbool.h>

#include "action/save.h"
#include "base/error.h"
#include "model/segment.h"
#include "model/shmget.h"

struct system;

struct restoration {
    bool same_id; /* with the id that it had, or not at all */

    /* What became of it. */
    struct shmget_request request; /* the call that made it */
    bool refused;                  /* that call failed: action/diagnose says why */
    bool without_huge;             /* it had huge pages, and has none now */
    bool without_creator;          /* it was another user's, and has this one as its creator */
    int shmid;                     /* of the new one, once it was made */
};

/*
 * Makes it again: key, size, permissions, owner, creator where this process may, huge pages where
 * there are any, bytes.
 *
 * live: the system, whose IPC namespace this process is in
 * tree: the saved one, which SEGMENT is a row of
 * interrupt: tells before each part of the bytes whether to give up
 * Returns 0, or a negative errno and sets *err: -EINTR when it was given up; nothing was made then,
 * or *err says what became of it.
 */
int restore_segment(const struct system *live, const struct system *tree,
                    const struct segment *segment, const struct save_interrupt *interrupt,
                    struct restoration *restoration, struct error *err);

#endif
