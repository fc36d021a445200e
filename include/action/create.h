/*
 * Making a segment: always a new one, whole as it was asked for or none.
 */
#ifndef SHMTOOL_ACTION_CREATE_H
#define SHMTOOL_ACTION_CREATE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "model/shmget.h"

struct system;

struct creation {
    /*
     * Key 0 asks for a random one that nobody has: it is set here to the one that was tried. The
     * flags have IPC_CREAT and IPC_EXCL.
     */
    struct shmget_request request;
    bool has_owner;
    bool has_group;
    uid_t uid; /* only with has_owner */
    gid_t gid; /* only with has_group */
    bool locks;

    /* What became of it. */
    bool forced;  /* shm_rmid_forced is set: nothing was tried */
    bool refused; /* shmget failed: action/diagnose says why */
    int shmid;    /* once it was made */
};

/*
 * Makes the segment, gives it to its owner, locks it and reads it back. What fails after it was
 * made removes it again. With shm_rmid_forced set nothing is made: the segment would be gone with
 * this process.
 *
 * system: the live system, whose IPC namespace this process is in
 * Returns 0, or a negative errno and sets *err, which says too what became of the segment.
 */
int create_segment(struct system *system, struct creation *creation, struct error *err);

/* Tells whether the kernel removes a segment with the process that made it: shm_rmid_forced. */
bool create_is_forced(const struct system *system);

/*
 * Removes the segment that was made, unless it is not that one any more or somebody has it
 * attached. Appends what became of it: "segment 5 was removed again".
 */
void create_undo(const struct creation *creation, struct strbuf *out);

#endif
