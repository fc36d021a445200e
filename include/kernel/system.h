/*
 * The machine that is looked at: its tree, its user names, its processes.
 */
#ifndef SHMTOOL_KERNEL_SYSTEM_H
#define SHMTOOL_KERNEL_SYSTEM_H

#include "base/error.h"
#include "kernel/names.h"
#include "kernel/pids.h"
#include "kernel/procfs.h"

struct system {
    struct procfs procfs;
    struct names *names; /* owned */
    struct pids *pids;   /* owned */
};

/*
 * Opens the live system (DIR is NULL) or a saved tree. MACHINE must not move afterwards: its parts
 * know each other. Returns 0 or a negative errno with words in ERR.
 */
int system_open(struct system *system, const char *dir, struct error *err);

/* Releases everything. */
void system_close(struct system *system);

#endif
