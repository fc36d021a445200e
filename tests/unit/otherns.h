/*
 * A process in an IPC namespace of its own, with one segment, that it has attached.
 */
#ifndef SHMTOOL_TESTS_OTHERNS_H
#define SHMTOOL_TESTS_OTHERNS_H

#include <stdbool.h>
#include <sys/types.h>

#include "kernel/procfs.h"
#include "kernel/system.h"
#include "model/ipc_namespace.h"

enum { OTHERNS_KEY = 0x0b0b, OTHERNS_SIZE = 4096 };

struct otherns {
    pid_t pid;
    struct ipc_namespace namespace;
};

/*
 * Starts the process; that of an ordinary user makes a user namespace too, where it has the ids 5
 * and 7. otherns_try() returns false where no such namespaces can be made, otherns_start() skips
 * the running test there.
 */
bool otherns_try(const struct procfs *procfs, struct otherns *other);
void otherns_start(const struct procfs *procfs, struct otherns *other);

/*
 * What tests of several namespaces begin with, as root: the live system, opened in a namespace of
 * its own that has one segment of this key and 100 bytes, and the process of another one. *RET_OWN
 * is the first.
 */
void otherns_begin(struct system *system, int own_key, struct otherns *other,
                   struct ipc_namespace *ret_own);

/* Kills it, and waits for it. */
void otherns_end(struct otherns *other);

/* Skips the running test unless it is root's, who may enter namespaces and become others. */
void otherns_need_root(void);

#endif
