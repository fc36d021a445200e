/*
 * Who has a PID now, from whom that process descends, and whether anybody else can have had the PID
 * since a moment.
 *
 * What /proc shows at one moment: only processes that are still there.
 */
#ifndef SHMTOOL_KERNEL_ANCESTRY_H
#define SHMTOOL_KERNEL_ANCESTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/procfs.h"
#include "model/descendants.h"

/* How many of the PIDs next in turn are inspected: more where more were given out lately. */
enum { ANCESTRY_AHEAD_MIN = 64, ANCESTRY_AHEAD_MAX = 1024 };

/* A moment, and what is known of it. */
struct ancestry_mark {
    uint64_t moment;                /* since boot, in ns */
    pid_t newest;                   /* the PID that was given out last; 0: not known */
    size_t free_count;              /* how many of the PIDs below are there */
    pid_t free[ANCESTRY_AHEAD_MAX]; /* the PIDs next in turn that nobody had, in their order */
    bool has_forks;
    uint64_t forks;        /* on the system until forks_moment, which is not after the moment */
    uint64_t forks_moment; /* ns */
};

/* Makes MARK, an earlier one or zeroed, the present moment. */
void ancestry_mark(const struct procfs *procfs, struct ancestry_mark *mark);

/* The same for the moment alone: then only processes that are older than it are known. */
void ancestry_mark_moment(struct ancestry_mark *mark);

/*
 * Tells whether the process that has PID descends from ANCESTOR (it lives), provided that nobody
 * else has had PID since MARK.
 *
 * That is so when it started before, or when it started since and nobody had its PID then: the
 * kernel gives out PIDs in turn, and one can come again only after all others. (Unless root turns
 * the counter back or chooses PIDs: ns_last_pid, clone3(2) with set_tid.)
 */
enum descent ancestry_check(const struct procfs *procfs, const struct ancestry_mark *mark,
                            pid_t pid, pid_t ancestor);

/*
 * Tells whether nobody else can have got PID since MARK, when a process had it still, even if that
 * has exited: the turn of PID has not come since then. (Unless root chooses PIDs, as above.)
 */
bool ancestry_is_not_reused(const struct procfs *procfs, const struct ancestry_mark *mark,
                            pid_t pid);

/*
 * Tells whether PID descends from ANCESTOR (it lives). Returns 1, 0 or a negative errno when it is
 * not known. ret_start: when it started, in clock ticks since boot; may be NULL.
 */
int ancestry_descends(const struct procfs *procfs, pid_t pid, pid_t ancestor, uint64_t *ret_start);

/*
 * Lists the processes of the system that descend from ANCESTOR, zombies too, in *ret_pids, which
 * the caller frees.
 * Returns 0, or a negative errno when that is not known of every process that lives: then a part of
 * them is listed.
 */
int ancestry_list_descendants(const struct procfs *procfs, pid_t ancestor, pid_t **ret_pids,
                              size_t *ret_count);

/*
 * Adds every process of the system that descends from ANCESTOR to DESCENDANTS.
 * Returns 0, or a negative errno when that is not known of every process that lives: then a part of
 * them was added.
 */
int ancestry_add_descendants(const struct procfs *procfs, pid_t ancestor,
                             struct descendants *descendants);

#endif
