/*
 * Whose segment is it: which of the segments that were created while a program ran are the
 * program's?
 *
 * A segment has the PID of the process that made it (cpid) and nothing else of its origin. It is
 * treated as the program's only when every process that can have made it was the program or a
 * descendant of it; what is uncertain is nobody's. Four sources, best first:
 *
 * 1. The program itself. It is forked and waits before the table is read for the first time, and is
 *    not waited for before the end: nobody else can have its PID in between.
 * 2. Where it is asked for, a listener to all calls of shmget of the program and its descendants
 *    (action/supervise_callers), seccomp's: exact wherever it can be had. It takes from setuid
 *    programs their rights (no_new_privs), and descendants get ENOSYS from shmget once we are gone.
 * 3. The fork and exit events (kernel/proc_events), where the kernel reports them: exact for every
 *    descendant, however short its life, and without touching the program.
 * 4. Elsewhere, /proc (kernel/ancestry): the table is read often, and of a new segment's creator,
 *    if it is still running, the parents are followed up to us. Orphans come to us (we are their
 *    subreaper) and stay, as zombies, until the table was read. Missed is only a process that ran
 *    for less than the time between two readings and whose own parent waited for it.
 *
 * Not used, and why: ptrace keeps debuggers out. A PID namespace would be exact too, but changes
 * the PIDs that the program sees. perf events are closed to ordinary users on Debian and Ubuntu.
 * Ranges of PIDs and times prove nothing.
 */
#ifndef SHMTOOL_ACTION_SUPERVISE_TRACE_H
#define SHMTOOL_ACTION_SUPERVISE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "action/supervise_callers.h"
#include "base/error.h"
#include "kernel/ancestry.h"
#include "kernel/proc_events.h"
#include "kernel/shmget_listener.h"
#include "kernel/system.h"
#include "model/descendants.h"
#include "model/segment.h"

/* What is known of a segment that is there. */
enum trace_origin {
    TRACE_BEFORE,    /* it was there before the program */
    TRACE_UNRELATED, /* an unrelated process's */
    TRACE_UNKNOWN,   /* created since, but its creator could not be traced */
    TRACE_PROGRAM,   /* made by the program or a descendant */
};

struct trace_entry {
    struct segment segment; /* as it was last seen */
    enum trace_origin origin;
    bool used; /* of one that was there before: the program or a descendant attached or detached it
                */
};

struct trace {
    struct system *system;
    pid_t program;
    bool alone;                     /* the table is the program's alone */
    bool exact;                     /* all calls of shmget are known by trace_call() */
    bool has_proc;                  /* /proc shows what kernel/ancestry needs */
    struct callers callers;         /* with exact, but for the program itself */
    struct proc_events events;      /* not listening: /proc instead */
    struct descendants descendants; /* only while listening */
    struct ancestry_mark mark;      /* when the last reading began */
    struct trace_entry *entries;    /* owned; by shmid */
    size_t count;
    uint64_t read_at;     /* when the last reading ended, since boot in ns */
    uint64_t read_used;   /* processor time that we had used by then, in ns */
    uint64_t cost;        /* of it since the reading before, in ns */
    uint64_t listened_at; /* when events were read last, since boot in ns */
    uint64_t gather;      /* how long to let them gather from then on, in ns */
    pid_t newest;         /* the newest process at the last reading */
    unsigned quiet;       /* how many readings in a row found nothing new */
};

/* Nothing is traced. */
#define TRACE_INIT \
    { \
        .alone = true, .events = PROC_EVENTS_INIT \
    }

/*
 * Begins to watch PROGRAM, a child of ours that waits to be released and has made nothing yet. But
 * for its descendants nobody may be or become a child of ours: all of those count as descendants.
 *
 * alone: the table is that of a new IPC namespace: whatever is in it later is the program's
 * exact: trace_call() is given every call of shmget of the program and its descendants
 * Returns 0, or a negative errno with *err set when the segments cannot be read. Either way
 * trace_end() releases it.
 */
int trace_begin(struct trace *trace, struct system *system, pid_t program, bool alone, bool exact,
                struct error *err);

/* A call of shmget, which waits with LISTENER: where it may make a segment its caller is noted. */
void trace_call(struct trace *trace, const struct shmget_listener *listener,
                const struct shmget_call *call);

/*
 * What to wait for until trace_step() has something to do.
 *
 * ret_fd: a descriptor that becomes readable; -1: none
 * ret_milliseconds: from now; -1: no time
 */
void trace_next(const struct trace *trace, int *ret_fd, int *ret_milliseconds);

/*
 * Does what is due: reads the events, or the table. What fails is done later.
 * Returns whether the table was read.
 */
bool trace_step(struct trace *trace);

/* Whether orphans have to stay until the table was read. */
bool trace_wants_orphans(const struct trace *trace);

/*
 * Reads the table and finds out whose the new segments are.
 * Returns 0, or a negative errno with *err set; then all is as it was.
 */
int trace_read(struct trace *trace, struct error *err);

/* Whether a segment is the program's, is attached still, and does not go by itself. */
bool trace_entry_is_held(const struct trace_entry *entry);
bool trace_any_held(const struct trace *trace);

/* Releases all. */
void trace_end(struct trace *trace);

#endif
