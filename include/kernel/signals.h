/*
 * Every signal that can be held back, held back and taken in turn, for a program that watches over
 * another one. No handler runs.
 *
 * Signals of faults (SIGSEGV and the like) are left alone.
 */
#ifndef SHMTOOL_KERNEL_SIGNALS_H
#define SHMTOOL_KERNEL_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

#include "base/error.h"

struct signals {
    sigset_t original;     /* the mask before */
    bool children_ignored; /* SIGCHLD was, before */
    int fd;                /* readable when one has come; owned */
};

/*
 * Holds back all signals from now on. One that was blocked before is taken as well; children's
 * ends are told even where they were ignored before.
 * Returns 0 or a negative errno with words in ERR.
 */
int signals_hold(struct signals *ret_signals, struct error *err);

/* In a child of ours: makes mask and dispositions what they were before signals_hold(). */
void signals_restore(const struct signals *signals);

/*
 * Takes one that has come. Returns its number, 0 when none has, or a negative errno when that
 * cannot be told.
 */
int signals_take(const struct signals *signals);

/*
 * Waits until a signal has come, OTHER_FD (-1: none) is readable, or the time is over.
 * milliseconds: -1 for no end
 */
void signals_wait(const struct signals *signals, int other_fd, int milliseconds);

/*
 * Does to this process what the stop signal NUMBER would have done if it were not held back; it
 * returns when the process was continued, or at once if the signal is ignored or stops nobody.
 */
void signals_stop_self(int number);

/* Closes the descriptor; the signals stay held back: what comes now comes too late for all. */
void signals_close(struct signals *signals);

#endif
