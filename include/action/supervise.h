/*
 * Running a program and removing the segments that it leaves behind.
 */
#ifndef SHMTOOL_ACTION_SUPERVISE_H
#define SHMTOOL_ACTION_SUPERVISE_H

#include <stdbool.h>

#include "action/removal.h"
#include "base/error.h"
#include "kernel/child.h"
#include "kernel/signals.h"
#include "kernel/system.h"
#include "model/segment.h"

struct supervise_request {
    char *const *argv; /* the program and its arguments, ended by NULL */
    bool isolate;      /* in an IPC namespace of its own */
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

/* The program as long as it is watched. */
struct supervise_program {
    struct child child;
    struct signals signals;
    bool followed;       /* we stopped because the program had stopped */
    bool takes_terminal; /* its process group had the terminal when it stopped */
};

struct supervise_result {
    enum supervise_stage stage;
    struct supervise_program program;
    int status; /* the program's: 0 to 255, 128 + N when signal N ended it; from CLEAN on */
    struct removal_plan removal;  /* what became of what it left behind */
    struct segment_list held;     /* made by it, and attached by somebody still */
    struct segment_list untraced; /* came up while it ran, and nobody knows whose they are */
};

/*
 * Starts the program in the caller's process group and on its terminal, waits for its end and
 * removes the segments that it and its descendants created and that nobody has attached. Those
 * that are attached have a moment to be let go by who is ending just then; descendants that live
 * on are not waited for.
 *
 * While it runs SIGTERM, SIGHUP, SIGUSR1 and SIGUSR2 are passed on to it, the keyboard's signals
 * are left to it, and this process stops and continues with it. All signals stay held back
 * afterwards: the caller is expected to tell what was found, and to end.
 *
 * With isolate this process moves into the new namespace: MACHINE shows that one from then on.
 *
 * Returns 0, or a negative errno with words in ERR; ret_result tells either way how far it came,
 * and is released with supervise_result_release().
 */
int supervise_run(struct system *system, const struct supervise_request *request,
                  struct supervise_result *ret_result, struct error *err);

/*
 * Where supervise_run() cannot go on, as memory has run out (xalloc_die): a program that is still
 * held is ended; one that runs is watched until its end, without asking for memory. What it made
 * stays.
 *
 * result: as supervise_run() has left it, at whatever point
 * Returns whether the program was started; then ret_status is its status.
 */
bool supervise_give_up(struct supervise_result *result, int *ret_status);

void supervise_result_release(struct supervise_result *result);

#endif
