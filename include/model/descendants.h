/*
 * Which PIDs are those of a process tree, worked out from fork and exit events in their order.
 *
 * A PID is a descendant's from the fork that gave it to a child of the tree until a fork gives it
 * to somebody else: in between nobody else can have it. Who made a segment is judged over the span
 * between two readings of the table, the one that did not show it yet and the one that does: its
 * creator is certain only if not both descendants and unrelated processes had that PID in the span.
 */
#ifndef SHMTOOL_MODEL_DESCENDANTS_H
#define SHMTOOL_MODEL_DESCENDANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "model/idset.h"

/* Who had a PID during a span. */
enum descent {
    DESCENT_UNKNOWN,    /* a descendant and an unrelated process, or it is not known */
    DESCENT_UNRELATED,  /* no descendant */
    DESCENT_DESCENDANT, /* nobody but descendants */
};

/* What happened since a moment. */
struct descendants_span {
    struct idset unrelated_exits; /* PIDs of unrelated processes that exited */
    struct idset exits;           /* PIDs of descendants that exited */
    struct idset mixed;           /* PIDs that a descendant and an unrelated process had */
    size_t forks;                 /* all that were reported */
    bool lossy;                   /* something was not reported */
};

struct descendants {
    unsigned char *pids;          /* owned; a bit for each PID */
    size_t size;                  /* of it, in bytes */
    struct descendants_span now;  /* the span that is judged */
    struct descendants_span next; /* the one that begins at the mark */
    bool marked;
    bool lost; /* who the descendants are is not known at present */
};

#define DESCENDANTS_INIT \
    { \
        .pids = NULL \
    }

/* Adds PID, which its process has had since before the span began: a root of the tree, say. */
void descendants_add(struct descendants *descendants, pid_t pid);

/* A fork: the process PARENT has a child, CHILD. */
void descendants_fork(struct descendants *descendants, pid_t parent, pid_t child);

/* The exit of a thread of the process PID; its last one, perhaps. */
struct exit_event {
    pid_t pid;
    bool leader; /* the thread whose own id the PID is */
    bool reused; /* reported so late that somebody else has the PID already */
};

/*
 * A thread exited. The kernel may report it when the PID was given to the next one already: two
 * exits after one fork, or a reused PID, make a PID of a descendant a mixed one.
 */
void descendants_exit(struct descendants *descendants, const struct exit_event *event);

/*
 * Events were missed: nobody but those added from now on is a descendant, and all spans are lossy
 * until descendants_found(), those that are open then until they end.
 */
void descendants_lose(struct descendants *descendants);
void descendants_found(struct descendants *descendants);

/* A reading of the table begins: what comes from now on belongs to the next span too. */
void descendants_mark(struct descendants *descendants);

/* The reading was judged: the span that began at the mark becomes the present one. */
void descendants_advance(struct descendants *descendants);

/* How many events the present span has. */
size_t descendants_events(const struct descendants *descendants);

/* Who had PID during the present span. */
enum descent descendants_check(const struct descendants *descendants, pid_t pid);

/* Releases what is held and leaves it empty. */
void descendants_release(struct descendants *descendants);

#endif
