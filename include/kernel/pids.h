/*
 * Processes by their numbers: is one alive, when did it start, what is its command line?
 */
#ifndef SHMTOOL_KERNEL_PIDS_H
#define SHMTOOL_KERNEL_PIDS_H

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
 * /proc/PID. A number that a thread bears, or a zombie with no thread left, is a dead process. The
 * start is known only where /proc shows this process's own PID namespace. In a saved tree a
 * missing process is dead if the tree holds processes at all, else unknown.
 */
struct pid_fact pids_fact(struct pids *pids, pid_t pid);

/* The present clock of the tree: its boot time, and now (of a saved tree: 0 when not known). */
const struct state_clock *pids_clock(struct pids *pids);

/*
 * The command line of PID, its arguments joined by blanks, or the name in brackets as ps(1) shows
 * it when there is none. Returns NULL when it cannot be read. The cache keeps the text; LENGTH
 * (may hold any byte but NUL) is strlen of it.
 */
const char *pids_command(struct pids *pids, pid_t pid);

#endif
