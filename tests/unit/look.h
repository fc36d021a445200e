/*
 * A cache of processes to look at, on the live system or on a saved tree.
 */
#ifndef SHMTOOL_TESTS_LOOK_H
#define SHMTOOL_TESTS_LOOK_H

#include <sys/types.h>
#include <time.h>

#include "kernel/proc.h"
#include "kernel/procfs.h"
#include "tree.h"

struct look {
    struct procfs procfs;
    struct proc_cache *proc;
};

/* Makes one, of TREE or (NULL) of the live system, or fails the test. */
struct look *look_at(const struct tree *tree);

void look_away(struct look **look);

#define LOOK __attribute__((cleanup(look_away))) struct look *

/* A child that waits to be killed, and its end. */
pid_t start_child(void);
void end_child(pid_t child);

/*
 * How far this system's clock, as long as a test has not bent it, has to be set so that process 1
 * starts when /proc was mounted.
 */
time_t honest_clock_offset(void);

/* Puts into TREE the process PID: NAME as it stands in parentheses, started START ticks after boot.
 */
void put_stat(const struct tree *tree, int pid, const char *name, char process_state,
              unsigned threads, unsigned long long start);

/* Boot at 1000000, saved 5000 seconds later. */
void put_clock(const struct tree *tree);

#endif
