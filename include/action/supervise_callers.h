/*
 * Which processes of a program have called shmget so that it may have made a segment: with a
 * listener (kernel/shmget_listener) all of them are known, and nobody else's segment is the
 * program's.
 *
 * A segment has the PID of its creator alone, and a PID may be somebody else's before and after. So
 * a caller is added while its call waits, after the table was read: what is there by then is not
 * its. What is there at a later reading, and was not at the one before, is the caller's if the
 * caller lived still after that reading: nobody else can have had its PID in between. If it did
 * not, the segment is the caller's where the turn of its PID has not come again since the reading
 * before began, when the caller lived (ancestry_is_not_reused()), and uncertain else. A caller that
 * had exited before a reading began is dropped after it.
 *
 * Neither the arguments of calls nor the ids of segments prove anything: others may ask for the
 * same, and how a call ended is not known.
 */
#ifndef SHMTOOL_ACTION_SUPERVISE_CALLERS_H
#define SHMTOOL_ACTION_SUPERVISE_CALLERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "kernel/ancestry.h"
#include "model/descendants.h"

struct caller {
    pid_t pid;
    int pidfd;   /* owned; -1: too many, and what it made is uncertain */
    bool exited; /* before the present reading began */
};

struct callers {
    struct caller *items; /* owned */
    size_t count;
    size_t capacity;
    size_t opened;   /* pidfds */
    bool incomplete; /* the process of a call was not known */
};

/* Tells whether the process that has PID, and waits, is a caller already. */
bool callers_has(const struct callers *callers, pid_t pid);

/*
 * Adds the process that has PID, and waits still: right after the table was read. PID 0: it is not
 * known; from then on nobody is treated as no caller.
 *
 * pidfd: of that process, owned by CALLERS from now on; negative: there is none
 */
void callers_add(struct callers *callers, pid_t pid, int pidfd);

/* A reading of the table begins, and its mark was made: who has exited by now makes no more. */
void callers_begin_reading(struct callers *callers);

/*
 * Who made a segment of the creator PID that was not there at the reading before.
 *
 * procfs: shows the pids of our PID namespace
 * mark: of the reading before
 */
enum descent callers_check(const struct callers *callers, const struct procfs *procfs,
                           const struct ancestry_mark *mark, pid_t pid);

/* The reading was judged. */
void callers_end_reading(struct callers *callers);

void callers_release(struct callers *callers);

#endif
