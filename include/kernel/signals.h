/*
 * Signals blocked and taken in turn: all of them, or those three with which a user ends a command.
 */
#ifndef SHMTOOL_KERNEL_SIGNALS_H
#define SHMTOOL_KERNEL_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* --- All -------------------------------------------------------------------------------------- */

struct signals {
    sigset_t original;     /* the mask before */
    bool children_ignored; /* SIGCHLD was, before */
    int fd;                /* readable when one has come; owned */
};

/*
 * Blocks all signals from now on. One that was blocked before is taken as well; SIGCHLD comes even
 * where it was ignored before.
 * Returns 0 or a negative errno; sets *err.
 */
int signals_block(struct signals *ret_signals, struct error *err);

/* In a child of ours: makes mask and dispositions what they were before signals_block(). */
void signals_restore(const struct signals *signals);

/*
 * Takes one that has come. Returns its number, 0 when none has, or a negative errno when that is
 * not known.
 */
int signals_take(const struct signals *signals);

/* The same; ret_sent: whether a process sent it, and not the terminal or another part of the
 * kernel.
 */
int signals_take_origin(const struct signals *signals, bool *ret_sent);

/*
 * Waits until a signal has come, FIRST_FD or SECOND_FD (-1: none) is readable, or the time is over.
 * milliseconds: -1 for no end
 */
void signals_wait(const struct signals *signals, int first_fd, int second_fd, int milliseconds);

/*
 * Does to this process what the stop signal NUMBER would have done if it were not blocked; it
 * returns when the process was continued, or at once if the signal is ignored or stops nobody.
 */
void signals_stop_self(int number);

/*
 * Ends this process by signal NUMBER, whether that is blocked or ignored or not, without a core
 * dump. Returns where the signal does not end it: none that ends a process (one that stops it does
 * nothing here), or the first process of a PID namespace (pid_namespaces(7)).
 */
void signals_end_self(int number);

/* Closes the descriptor; the signals stay blocked: what comes now comes too late for all. */
void signals_close(struct signals *signals);

/* --- SIGINT, SIGTERM, SIGHUP ------------------------------------------------------------------ */

struct interrupts {
    sigset_t blocked;  /* those of the three that were not ignored */
    sigset_t original; /* the mask before */
    int fd;            /* readable when one has come; owned */
};

/*
 * Blocks the three signals from now on; one that is ignored (nohup) stays ignored.
 * Returns 0 or a negative errno; sets *err.
 */
int interrupts_block(struct interrupts *interrupts, struct error *err);

/* Tells whether one of them has come. It stays pending. */
bool interrupts_pending(const struct interrupts *interrupts);

/*
 * Waits until one of them has come, nobody reads OUTPUT any more (a pipe, a socket, a terminal), or
 * clock_monotonic() gives DEADLINE. Returns 0 at the deadline, -EINTR, -EPIPE, or another negative
 * errno.
 */
int interrupts_wait(const struct interrupts *interrupts, int output, int64_t deadline);

/*
 * Returns a descriptor for interrupts_write() to what OUTPUT is, which the caller closes, or a
 * negative errno. Writing to it does not block, where it is a pipe or terminal that may be opened
 * again; OUTPUT's own mode, which others share, stays.
 */
int interrupts_open_output(int output);

/*
 * Writes all of DATA, and waits until it can, but not longer than until one of them comes: -EINTR.
 * Returns 0 or a negative errno; then a part may have been written.
 */
int interrupts_write(const struct interrupts *interrupts, int output, const char *data,
                     size_t size);

/* Drops what has come, restores the mask and closes the descriptor. */
void interrupts_release(struct interrupts *interrupts);

#endif
