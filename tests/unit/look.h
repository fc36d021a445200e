/*
 * A cache of processes to look at, on the live system or on a saved tree.
 */
#ifndef SHMTOOL_TESTS_LOOK_H
#define SHMTOOL_TESTS_LOOK_H

#include "kernel/pids.h"
#include "kernel/procfs.h"
#include "tree.h"

struct look {
    struct procfs procfs;
    struct pids *pids;
};

/* Makes one, of TREE or (NULL) of the live system, or fails the test. */
struct look *look_at(const struct tree *tree);

void look_away(struct look **look);

#define LOOK __attribute__((cleanup(look_away))) struct look *

#endif
