/*
 * Who bears a process number now, and whether anybody else can have borne it since a moment.
 *
 * What can be found out by looking at /proc alone: only of processes that are still there.
 */
#ifndef SHMTOOL_KERNEL_BEARER_H
#define SHMTOOL_KERNEL_BEARER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/procfs.h"
#include "model/kinship.h"

/* How many of the numbers next in turn are looked at: more where more were given out lately. */
enum { BEARER_LEAST_AHEAD = 64, BEARER_MOST_AHEAD = 1024 };

/* A moment, and what is known of it. */
struct bearer_mark {
    uint64_t moment;               /* since boot, in ns */
    pid_t newest;                  /* the number that was given out last; 0: not known */
    size_t free_count;             /* how many of the numbers below are there */
    pid_t free[BEARER_MOST_AHEAD]; /* the numbers next in turn that nobody bore, in their order */
    bool has_births;
    uint64_t births;        /* on the machine until births_moment, which is not after the moment */
    uint64_t births_moment; /* ns */
};

/* Tells whether /proc shows processes under the numbers that we know them by. */
bool bearer_can_look(const struct procfs *procfs);

/* Makes MARK, an earlier one or zeroed, the present moment. */
void bearer_mark(const struct procfs *procfs, struct bearer_mark *mark);

/* The same for the moment alone: then only processes that are older than it can be told. */
void bearer_mark_moment(struct bearer_mark *mark);

/*
 * Tells whether the process that bears NUMBER descends from ANCESTOR (it lives), provided that
 * nobody else has borne NUMBER since MARK.
 *
 * That is so when it started before, or when it started since and nobody bore its number then: the
 * kernel gives out numbers in turn, and a number can come again only after all others. (Unless root
 * turns the counter back or chooses numbers: ns_last_pid, clone3(2) with set_tid.)
 */
enum kin bearer_ask(const struct procfs *procfs, const struct bearer_mark *mark, pid_t number,
                    pid_t ancestor);

/*
 * Tells whether PID descends from ANCESTOR (it lives). Returns 1, 0 or a negative errno when it
 * cannot be told. ret_start: when it started, in clock ticks since boot; may be NULL.
 */
int bearer_descends(const struct procfs *procfs, pid_t pid, pid_t ancestor, uint64_t *ret_start);

/*
 * Gives every process of the machine that descends from ANCESTOR to TAKE.
 * Returns 0, or a negative errno when it cannot be told of every process that lives: then TAKE was
 * given a part of them.
 */
int bearer_family(const struct procfs *procfs, pid_t ancestor, void (*take)(void *arg, pid_t pid),
                  void *arg);

#endif
