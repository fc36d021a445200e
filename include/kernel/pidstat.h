/*
 * The line /proc/PID/stat, of which five fields are wanted (proc_pid_stat(5)).
 */
#ifndef SHMTOOL_KERNEL_PIDSTAT_H
#define SHMTOOL_KERNEL_PIDSTAT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/procfs.h"

struct pidstat {
    char state;       /* field 3: R, S, D, Z, ... */
    uint64_t parent;  /* field 4: its number; 0: none in this PID namespace */
    uint64_t flags;   /* field 9: PF_x of the kernel */
    uint64_t threads; /* field 20, dead ones that nobody waited for included */
    uint64_t start;   /* field 22: clock ticks since boot */
};

/* Understands the line. Returns false with *ret_stat untouched when it is none. */
bool pidstat_parse(const char *line, struct pidstat *ret_stat);

/*
 * Reads the file of a process. Returns 0 or a negative errno: -ENOENT and -ESRCH when there is no
 * such process to be seen, -EBADMSG when the line is not understood.
 */
int pidstat_read(const struct procfs *procfs, pid_t pid, struct pidstat *ret_stat);

/* Tells whether the process has ended altogether and merely waits to be waited for. */
bool pidstat_is_dead(const struct pidstat *stat);

/* Tells whether it is a thread of the kernel's, which has no memory of its own. */
bool pidstat_is_kernel(const struct pidstat *stat);

#endif
