/*
 * A program as our child: it waits at first, is released, watched, and sent signals; and who has
 * the terminal. Or this process once more as our child, which waits and is released likewise.
 *
 * It is not waited for before the end, so that its PID cannot become anybody else's.
 */
#ifndef SHMTOOL_KERNEL_CHILD_H
#define SHMTOOL_KERNEL_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/procfs.h"
#include "kernel/shmget_listener.h"
#include "kernel/signals.h"

struct child {
    pid_t pid;
    int release_fd; /* a byte releases the child, closing ends it; owned */
    int report_fd;  /* brings the errno of an exec that failed; owned */
};

/* How a child ended. */
struct child_end {
    int signal; /* that ended it; 0: it exited */
    int status; /* as a shell sees it: 0 to 255, or 128 + N when signal N ended it */
};

#define CHILD_INIT \
    { \
        0, -1, -1 \
    }

/*
 * Forks a child that will become ARGV (looked for in PATH) and waits for now, with all signals
 * blocked; when it is released they are what they were before SIGNALS. From now on all orphans
 * among our descendants become our children (PR_SET_CHILD_SUBREAPER).
 *
 * listener: listens to its calls of shmget from then on; NULL: nobody does
 * Returns 0 or a negative errno and sets *err; then there is no child.
 */
int child_start(struct child *ret_child, char *const argv[], const struct signals *signals,
                struct shmget_listener *listener, struct error *err);

/*
 * Forks this process. The child goes on from here when it is released, and ends if that does not
 * happen. Nothing but the release concerns it here: it becomes no program.
 *
 * Returns 1, with it in *ret_child; 0 in the child, *ret_child untouched; or a negative errno with
 * *err set.
 */
int child_fork(struct child *ret_child, struct error *err);

/*
 * Releases it. Returns 0, or a negative errno when that failed: then it is to be abandoned. (One
 * that has ended meanwhile is released.)
 */
int child_release(struct child *child);

/*
 * Tells what has become of it: 1, it is the program; 0, neither yet (report_fd becomes readable);
 * or the negative errno of an exec that failed. If that errno got lost, it ends with status 127
 * (ENOENT) or 126, as a shell would.
 */
int child_became(struct child *child);

/* Kills a child that still waits, or could not become the program, and waits for its end. */
void child_abandon(struct child *child);

/* Tells whether it has ended, and how. */
bool child_has_ended(const struct child *child, struct child_end *ret_end);

/* Tells by which signal it was stopped since the last call; 0: it was not. */
int child_was_stopped(const struct child *child);

/* Tells whether it is stopped now, or that is not known. */
bool child_is_stopped(const struct child *child, const struct procfs *procfs);

/* Sends it a signal; nothing happens when it has ended. */
void child_signal(const struct child *child, int number);

/* Its process group, or a negative errno. */
pid_t child_group(const struct child *child);

/*
 * Finds orphans among our children that have ended and were not waited for yet: at least one if
 * there is any, and all up to MAX where the kernel lists children (CONFIG_PROC_CHILDREN).
 * Returns how many it put into RET_ORPHANS.
 */
size_t child_orphans(const struct child *child, const struct procfs *procfs, pid_t *ret_orphans,
                     size_t max);

/*
 * Tells whether any child of ours is alive: orphans among our descendants too, from child_start()
 * on. One that has ended and merely waits to be waited for is not.
 */
bool child_any_alive(void);

/* Waits for such an orphan: its PID becomes free. */
void child_reap(pid_t orphan);

/* Closes what is left of it and waits for it if it has ended. */
void child_close(struct child *child);

/* --- The terminal ----------------------------------------------------------------------------- */

/*
 * The process group in the foreground of our controlling terminal.
 * Returns a negative errno when we have no terminal.
 */
pid_t terminal_foreground(void);

/* Puts GROUP, of our session, into the foreground. Returns 0 or a negative errno. */
int terminal_give(pid_t group);

#endif
