/*
 * Processes by their numbers: is one alive, when did it start, what is its command line?
 */
#ifndef SHMTOOL_KERNEL_PIDS_H
#define SHMTOOL_KERNEL_PIDS_H

#include <stdbool.h>
#include <sys/types.h>

#include "kernel/procfs.h"
#include "model/state.h"

struct pids;

/* Returns a cache for PROCFS, which must outlive it; released with pids_free(). */
struct pids *pids_new(const struct procfs *procfs);

/* Releases the cache and all texts it gave out. NULL is allowed. */
void pids_free(struct pids *pids);

/* Forgets all that was cached, so that the next questions are answered anew. */
void pids_forget(struct pids *pids);

/*
 * What is known of the process PID (above 0).
 *
 * On the live system kill(pid, 0) tells the dead (ESRCH) from the living even where hidepid hides
 * /proc/PID, or /proc is that of another PID namespace; who a living process is that /proc does not
 * show is unknown. A number that a thread bears, or a zombie with no thread left, is a dead
 * process. In a saved tree a missing process is dead if the tree holds processes at all, else
 * unknown.
 */
struct pid_fact pids_fact(struct pids *pids, pid_t pid);

/*
 * Tells whether the numbers in /proc are those that this process knows processes by: not so where
 * it was mounted in another PID namespace. True of saved trees.
 */
bool pids_are_ours(const struct pids *pids);

/* The present clock of the machine; of a saved tree the moment at which it was saved, if it tells.
 */
const struct state_clock *pids_clock(struct pids *pids);

/*
 * The state of SEGMENT, asking after its creator and last process only where that matters. On the
 * live system a segment is an orphan only if nobody has touched it since it was read; else its
 * state is unknown.
 */
enum segment_state pids_state(struct pids *pids, const struct segment *segment);

/* What can be told of the process that created SEGMENT, and of the last that used it. */
enum pid_presence pids_creator(struct pids *pids, const struct segment *segment);
enum pid_presence pids_last_user(struct pids *pids, const struct segment *segment);

/* The command line of the process that created SEGMENT while it lives, else NULL. */
const char *pids_creator_command(struct pids *pids, const struct segment *segment);

/*
 * The command line of PID, its arguments joined by blanks, or the name in brackets as ps(1) shows
 * it when there is none; any byte but NUL may be in it. Returns NULL when it cannot be read. The
 * cache keeps the text.
 */
const char *pids_command(struct pids *pids, pid_t pid);

#endif
