/*
 * An IPC namespace of one's own, and whether this is the initial one.
 */
#ifndef SHMTOOL_KERNEL_NAMESPACE_H
#define SHMTOOL_KERNEL_NAMESPACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/procfs.h"

/*
 * Moves this process, and what it starts from now on, into a new IPC namespace: an empty table of
 * segments (and of semaphores and message queues). Without the capability for that (CAP_SYS_ADMIN)
 * it goes into a new user namespace as well, in which its user and group have the ids that they
 * have now, and nobody else has one.
 *
 * There must be no other thread. Returns 0, or a negative errno; sets *err to what forbids it; the
 * process is to end then, for it may be in half of what was asked for.
 */
int namespace_enter_ipc(struct error *err);

/*
 * Sets *ret_number to the number of the IPC namespace that process PID (0: this one) is in.
 * Returns 0 or a negative errno: -EACCES of processes that we may not inspect.
 */
int namespace_number_of(const struct procfs *procfs, pid_t pid, uint64_t *ret_number);

/*
 * Tells whether this process is in the IPC namespace that the system booted with, which is the one
 * that files of sysctl.d are for: 1 or 0, or a negative errno, and sets *err, where that is
 * unknown.
 */
int namespace_is_initial_ipc(const struct procfs *procfs, struct error *err);

/* Tells whether namespace_enter_ipc() would work; a child tries it. */
bool namespace_can_enter_ipc(void);

#endif
