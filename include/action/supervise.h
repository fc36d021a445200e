/*
 * Running a program and removing the segments that it leaves.
 */
#ifndef SHMTOOL_ACTION_SUPERVISE_H
#define SHMTOOL_ACTION_SUPERVISE_H

#include <stdbool.h>

#include "action/removal.h"
#include "action/supervise_explain.h"
#include "base/error.h"
#include "kernel/child.h"
#include "kernel/system.h"
#include "model/segment.h"

struct supervise_request {
    char *const *argv; /* the program and its arguments, ended by NULL */
    bool isolate;      /* in an IPC namespace of its own */
    bool exact;        /* listens to all calls of shmget, and so knows whose each segment is */
    bool wait;         /* for all descendants, before what they left is removed */
    bool keep;         /* nothing is removed */
    struct explain_hook hook;     /* gets why calls of shmget fail: listens, too */
    struct removal_hooks removal; /* what is called while segments are removed */
    unsigned needs; /* enum need: what to look up of the segments that it left; 0: no rows */
};

/* Where it ended. */
enum supervise_stage {
    SUPERVISE_ISOLATE, /* no namespace: the program was not started */
    SUPERVISE_READ,    /* the segments cannot be read: it was not started */
    SUPERVISE_START,   /* it could not be started */
    SUPERVISE_EXEC,    /* there is no such program, or it cannot be executed */
    SUPERVISE_CLEAN,   /* it was started and has ended, but the segments could not be read then */
    SUPERVISE_DONE,
};

struct supervise_result {
    enum supervise_stage stage;
    bool relayed;                 /* a child of ours ran the program and reports in our place */
    pid_t pid;                    /* the program's; from CLEAN on, unless relayed */
    struct child_end end;         /* the program's; from CLEAN on */
    struct removal_plan removal;  /* what became of the segments that it left; kept: SELECTED */
    struct segment_list held;     /* made by it, and attached by somebody still */
    struct segment_list creators; /* made by a descendant that lives on, and attached by nobody */
    struct segment_list
        untraced;             /* created while it ran, it is not known by whom; ours to remove */
    struct segment_list used; /* there before it, and used by it or a descendant */
    bool can_isolate;         /* in a namespace of its own none would have been untraced */
    bool can_listen;          /* nor with exact */
    bool listened;            /* descendants that live on get ENOSYS from shmget from now on */

    struct explanations explanations; /* what was explained, and what was not */

    /* Descendants that live on. Where they cannot be listed there are none in the array. */
    bool any_survivor;
    pid_t *survivors; /* owned */
    size_t survivor_count;

    /* With needs: all of the above but those used, as they were right before any was removed. */
    struct inventory left;
};

/*
 * Starts the program in the caller's process group and on its terminal, waits for its end and
 * removes the segments that it and its descendants created and that nobody has attached, unless
 * their creator lives on and may attach them yet. Where descendants are still there, or hold
 * segments, they get a moment to exit; those that go on running are waited for with WAIT alone,
 * until SIGINT or SIGTERM comes.
 *
 * While it runs SIGTERM, SIGHUP, SIGUSR1 and SIGUSR2 are passed on to it, the keyboard's signals
 * are left to it, and this process stops and continues with it. All signals stay blocked
 * afterwards: the caller is expected to report what was found, and to end.
 *
 * Where processes that are not the program's may be or become children of this one, it forks: the
 * child does all that is said here and returns as well, with the full result, and is to end as its
 * program ended. Here that result is DONE and relayed, with the child's end and nothing else.
 *
 * With isolate this process moves into the new namespace: SYSTEM shows that one from then on.
 *
 * Returns 0, or a negative errno with *err set; ret_result says either way how far it came, and is
 * released with supervise_result_release().
 */
int supervise_run(struct system *system, const struct supervise_request *request,
                  struct supervise_result *ret_result, struct error *err);

void supervise_result_release(struct supervise_result *result);

#endif
