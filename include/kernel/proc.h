/*
 * Processes by PID: is one alive, when did it start, what is its command line, what is its unit?
 */
#ifndef SHMTOOL_KERNEL_PROC_H
#define SHMTOOL_KERNEL_PROC_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/procfs.h"
#include "model/cgroup.h"
#include "model/program.h"
#include "model/state.h"

/* --- What is read each time ------------------------------------------------------------------- */

/* The line /proc/PID/stat, of which five fields are wanted (proc_pid_stat(5)). */
struct proc_stat {
    char state;       /* field 3: R, S, D, Z, ... */
    uint64_t parent;  /* field 4: its PID; 0: none in this PID namespace */
    uint64_t flags;   /* field 9: PF_x of the kernel */
    uint64_t threads; /* field 20, dead ones that nobody waited for included */
    uint64_t start;   /* field 22: clock ticks since boot */
};

/* Parses the line. Returns false with *ret_stat untouched when it is none. */
bool proc_stat_parse(const char *line, struct proc_stat *ret_stat);

/*
 * Reads the file of a process. Returns 0 or a negative errno: -ENOENT and -ESRCH when there is no
 * such process to be seen, -EBADMSG when the line cannot be parsed.
 */
int proc_stat_read(const struct procfs *procfs, pid_t pid, struct proc_stat *ret_stat);

/* Tells whether the process has ended altogether and merely waits to be waited for. */
bool proc_stat_is_dead(const struct proc_stat *stat);

/* Tells whether it is a thread of the kernel's, which has no memory of its own. */
bool proc_stat_is_kernel(const struct proc_stat *stat);

/*
 * The next PID in the open directory /proc. Returns 0 with errno 0 at its end, and with another
 * errno when the rest cannot be read.
 */
pid_t proc_next_pid(DIR *dir);

/*
 * Tells whether a process (or thread) of the live system has this PID, also one that /proc hides
 * (hidepid); a zombie has.
 */
bool proc_exists(pid_t pid);

/* Returns the process that THREAD belongs to, itself for a first thread; 0: not known. */
pid_t proc_of_thread(const struct procfs *procfs, pid_t thread);

/*
 * Opens the process that has PID now, so that it is not mistaken for a later one (pidfd_open(2),
 * Linux 5.3). Returns a descriptor, which the caller closes, or a negative errno.
 */
int proc_open_pidfd(pid_t pid);

/* Tells whether that process has not exited yet: a zombie has. */
bool proc_pidfd_is_alive(int pidfd);

/*
 * Tells whether /proc shows processes under the PIDs that this process knows them by: not so where
 * it was mounted in another PID namespace.
 */
bool proc_shows_our_pids(const struct procfs *procfs);

/* --- What is kept ----------------------------------------------------------------------------- */

struct proc_cache;

/*
 * Returns a cache for PROCFS, which must outlive it; released with proc_cache_free(). Its clock is
 * read by proc_cache_refresh().
 */
struct proc_cache *proc_cache_new(const struct procfs *procfs);

/* Releases the cache and all texts it gave out. NULL is allowed. */
void proc_cache_free(struct proc_cache *cache);

/* Forgets all that was cached, and reads the clock again. */
void proc_cache_refresh(struct proc_cache *cache);

/*
 * What is known of the process PID (above 0).
 *
 * On the live system kill(pid, 0) tells the dead (ESRCH) from the living even where hidepid hides
 * /proc/PID, or /proc is that of another PID namespace; who a living process is that /proc does not
 * show is unknown. A PID that is a thread's, or a zombie's with no thread left, is a dead process.
 * In a saved tree a missing process is dead if the tree holds processes at all, else unknown.
 */
struct pid_fact proc_fact(struct proc_cache *cache, pid_t pid);

/*
 * When what is known of PID (above 0) was found out, by clock_monotonic(): it holds from some
 * moment before that on. Looks it up first if nothing is known yet.
 */
int64_t proc_known_since(struct proc_cache *cache, pid_t pid);

/* As proc_shows_our_pids(); true of saved trees. */
bool proc_pids_are_ours(const struct proc_cache *cache);

/*
 * The present clock of the system; of a saved tree the moment at which it was saved, if it has its
 * uptime.
 */
const struct state_clock *proc_clock(struct proc_cache *cache);

/*
 * Sets now and boot of that clock again, for a second look right before a change: no file is read,
 * and nothing is forgotten. The clock of a saved tree stays.
 */
void proc_clock_refresh(struct proc_cache *cache);

/*
 * The command line of PID, its arguments joined by blanks, or the name in brackets as ps(1) shows
 * it when there is none; any byte but NUL may be in it. Returns NULL when it cannot be read. The
 * cache keeps the text.
 */
const char *proc_command(struct proc_cache *cache, pid_t pid);

/*
 * The unit, container, pod or job that PID belongs to by its cgroup, with the container's name for
 * people where that is known (kernel/container_names). Returns NULL when it belongs to none that
 * has a name, or its cgroup cannot be read. The cache keeps it.
 */
const struct cgroup_unit *proc_unit(struct proc_cache *cache, pid_t pid);

/*
 * The executable of PID: the name of the file that /proc/PID/exe leads to; where that cannot be
 * read, what the process calls itself (comm). It is sure on the live system if the file is root's
 * and nobody else may write to it, in a saved tree if it is below /usr, /opt, /bin or /sbin.
 * Returns NULL when neither can be read. The cache keeps it.
 */
const struct executable *proc_executable(struct proc_cache *cache, pid_t pid);

#endif
