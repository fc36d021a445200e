/*
 * Whose segment is it: which of the segments that came up while a program ran are the program's?
 *
 * A segment bears the number of the process that made it (cpid) and nothing else of its origin. It
 * is taken for the program's only when every process that can have made it was the program or a
 * descendant of it; what is uncertain is nobody's. Three sources, best first:
 *
 * 1. The program itself. It is forked and held before the table is read for the first time, and is
 *    not waited for before the end: nobody else can bear its number in between.
 * 2. The kernel's own tale of births (kernel/forks), where the kernel tells it: exact for every
 *    descendant, however short its life, and without touching the program.
 * 3. Elsewhere, looking (kernel/bearer): the table is read often, and of a new segment's creator,
 *    if it is still there, the parents are followed up to us. Orphans come to us (we are their
 *    subreaper) and stay, dead, until the table was read. Missed is only who lived shorter than
 *    the time between two readings and was waited for by a parent of its own.
 *
 * Not used, and why: seccomp's user notification on shmget is exact, but takes setuid programs
 * their rights (no_new_privs), and the program gets ENOSYS from shmget when the supervisor dies.
 * ptrace keeps debuggers out. A PID namespace would be exact too, but changes the numbers that the
 * program sees. perf events are closed to ordinary users on Debian and Ubuntu. Ranges of numbers
 * and times prove nothing.
 */
#ifndef SHMTOOL_ACTION_SUPERVISE_TRACE_H
#define SHMTOOL_ACTION_SUPERVISE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/bearer.h"
#include "kernel/forks.h"
#include "kernel/system.h"
#include "model/kinship.h"
#include "model/segment.h"

/* What is known of a segment that is there. */
enum trace_origin {
    TRACE_BEFORE,   /* it was there before the program */
    TRACE_STRANGER, /* somebody else's */
    TRACE_UNSURE,   /* it came up since, but its creator could not be traced */
    TRACE_FAMILY,   /* made by the program or a descendant */
};

struct trace_entry {
    struct segment segment; /* as it was last seen */
    enum trace_origin origin;
};

struct trace {
    struct system *system;
    pid_t program;
    bool alone;                  /* the table is the program's alone */
    bool can_look;               /* /proc shows what kernel/bearer needs */
    struct forks forks;          /* not listening: looking instead */
    struct kinship kinship;      /* only while listening */
    struct bearer_mark mark;     /* when the last reading began */
    struct trace_entry *entries; /* owned; by shmid */
    size_t count;
    uint64_t read_at;     /* when the last reading ended, since boot in ns */
    uint64_t read_used;   /* processor time that we had used by then, in ns */
    uint64_t cost;        /* of it since the reading before, in ns */
    uint64_t listened_at; /* when births were taken in last, since boot in ns */
    uint64_t gather;      /* how long they are let gather from then on, in ns */
    pid_t newest;         /* the newest process when looking last */
    unsigned quiet;       /* how many readings in a row found nothing new */
};

/*
 * Begins to watch over PROGRAM, a child of ours that is held and has made nothing yet.
 *
 * alone: the table is that of a new IPC namespace: whatever is in it later is the program's
 * Returns 0, or a negative errno with words in ERR when the segments cannot be read. Either way
 * trace_end() releases it.
 */
int trace_begin(struct trace *trace, struct system *system, pid_t program, bool alone,
                struct error *err);

/*
 * What to wait for until trace_step() has something to do.
 *
 * ret_fd: a descriptor that becomes readable; -1: none
 * ret_milliseconds: from now; -1: no time
 */
void trace_next(const struct trace *trace, int *ret_fd, int *ret_milliseconds);

/*
 * Does what is due: takes in births and deaths, or reads the table. What fails is done later.
 * Returns whether the table was read.
 */
bool trace_step(struct trace *trace);

/* Whether orphans have to stay until the table was read. */
bool trace_wants_orphans(const struct trace *trace);

/*
 * Reads the table and finds out whose the new segments are.
 * Returns 0, or a negative errno with words in ERR; then all is as it was.
 */
int trace_read(struct trace *trace, struct error *err);

/* Releases all. */
void trace_end(struct trace *trace);

#endif
