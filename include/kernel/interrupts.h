/*
 * SIGINT, SIGTERM and SIGHUP held back, so that work ends between two steps and never inside one.
 *
 * No handler runs: the signals are blocked and looked for.
 */
#ifndef SHMTOOL_KERNEL_INTERRUPTS_H
#define SHMTOOL_KERNEL_INTERRUPTS_H

#include <signal.h>
#include <stdbool.h>

#include "base/error.h"

struct interrupts {
    sigset_t held;     /* those of the three that were not ignored */
    sigset_t original; /* the mask before */
    int fd;            /* readable when one has come; owned */
};

/*
 * Holds the three signals back from now on; one that is ignored (nohup) stays ignored.
 * Returns 0 or a negative errno with words in ERR.
 */
int interrupts_hold(struct interrupts *interrupts, struct error *err);

/* Tells whether one of them has come. It stays held. */
bool interrupts_pending(const struct interrupts *interrupts);

/* Forgets what has come, restores the mask and closes the descriptor. */
void interrupts_release(struct interrupts *interrupts);

#endif
