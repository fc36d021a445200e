/*
 * A program as our child: started but held at first, let go, watched, and sent signals.
 *
 * It is not waited for before the end, so that its number cannot become anybody else's.
 */
#ifndef SHMTOOL_KERNEL_CHILD_H
#define SHMTOOL_KERNEL_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/procfs.h"
#include "kernel/signals.h"

struct child {
    pid_t pid;
    int release_fd; /* closing or writing it lets the child go; owned */
    int report_fd;  /* brings the errno of an exec that failed; owned */
};

#define CHILD_INIT \
    { \
        0, -1, -1 \
    }

/*
 * Forks a child that will become ARGV (looked for in PATH) and is held for now, and all signals
 * with it; when it is let go they are what they were before SIGNALS. From now on all orphans among
 * our descendants become our children (PR_SET_CHILD_SUBREAPER).
 *
 * Returns 0 or a negative errno with words in ERR.
 */
int child_start(struct child *ret_child, char *const argv[], const struct signals *signals,
                struct error *err);

/*
 * Lets it go. Returns 0, or a negative errno when that failed: then it is to be abandoned. (One
 * that has ended meanwhile is let go.)
 */
int child_release(struct child *child);

/*
 * Tells what has become of it: 1, it is the program; 0, neither yet (report_fd becomes readable);
 * or the negative errno of an exec that failed. If that errno got lost, it ends with status 127
 * (ENOENT) or 126, as a shell would.
 */
int child_became(struct child *child);

/* Ends a child that is still held, or could not become the program, and waits for it. */
void child_abandon(struct child *child);

/*
 * Tells whether it has ended. ret_status: as a shell sees it, 0 to 255, or 128 + N when signal N
 * ended it.
 */
bool child_has_ended(const struct child *child, int *ret_status);

/* Tells by which signal it was stopped since the last call; 0: it was not. */
int child_was_stopped(const struct child *child);

/* Tells whether it stands stopped now, or that cannot be told. */
bool child_is_stopped(const struct child *child, const struct procfs *procfs);

/* Sends it a signal; nothing happens when it has ended. */
void child_signal(const struct child *child, int number);

/* Its process group, or a negative errno. */
pid_t child_group(const struct child *child);

/*
 * Finds orphans among our children that have ended and were not waited for yet: at least one if
 * there is any, and all up to MOST where the kernel lists children (CONFIG_PROC_CHILDREN).
 * Returns how many it put into RET_ORPHANS.
 */
size_t child_orphans(const struct child *child, const struct procfs *procfs, pid_t *ret_orphans,
                     size_t most);

/* Waits for such an orphan: its number becomes free. */
void child_reap(pid_t orphan);

/* Closes what is left of it and waits for it if it has ended. */
void child_close(struct child *child);

#endif
