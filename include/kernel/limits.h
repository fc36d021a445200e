/*
 * The limits of System V IPC as the kernel has them: those of shared memory read and set, those of
 * semaphores and message queues read with what is in use; how memory is granted.
 */
#ifndef SHMTOOL_KERNEL_LIMITS_H
#define SHMTOOL_KERNEL_LIMITS_H

#include <stdint.h>

#include "base/error.h"
#include "kernel/procfs.h"
#include "model/ipc_use.h"
#include "model/limits.h"

/*
 * Reads all limits from below /proc/sys/kernel: those of the IPC namespace of the caller, or of
 * the saved tree. Where the live system has no such files (/proc mounted with subset=pid, or none
 * at all) the kernel is asked (IPC_INFO), which does not tell shm_rmid_forced. One that does not
 * exist, or that the tree's saver could not read, is not known. The page size of a tree is worked
 * out from two of its files that count the same memory in pages and in bytes, if it has them.
 *
 * Returns 0, or a negative errno with *err set when none of them can be read, or on the live
 * system one that exists.
 */
int limits_read(const struct procfs *procfs, struct limits *ret_limits, struct error *err);

/*
 * Tells whether this process may set a limit at all, without doing so: 0, or what limits_write()
 * would return then, and sets *err.
 */
int limits_check_write(const struct procfs *procfs, enum limit_id id, struct error *err);

/*
 * Sets a limit and reads it back: *ret_now is what the kernel has then.
 *
 * Returns 0; -EIO when the kernel took the value and has another; or the negative errno of the
 * kernel's refusal (-EACCES, -EPERM, -EINVAL: out of range); sets *err, which names a ceiling of
 * the kernel's.
 */
int limits_write(const struct procfs *procfs, const struct limit_setting *setting,
                 uint64_t *ret_now, struct error *err);

/*
 * Asks the kernel to give this id to the next segment that is made, whoever makes it
 * (kernel.shm_next_id). Where it is taken that gets the next free one; only making a segment takes
 * the request back. Returns 0, or a negative errno (-ENOENT: a kernel without it, -EACCES) and sets
 * *err.
 */
int next_id_write(const struct procfs *procfs, int shmid, struct error *err);

/*
 * Finds Shmem of /proc/meminfo: bytes of memory, not of swap, that are in System V segments of all
 * IPC namespaces, tmpfs, memfd and shared anonymous mappings.
 *
 * Returns 0, -ENOENT where it is not shown, or another negative errno with *err set.
 */
int shmem_read(const struct procfs *procfs, uint64_t *ret_bytes, struct error *err);

/*
 * Reads the limits of semaphores and message queues, and what the IPC namespace of the caller, or
 * the saved tree, has of them. What a saved tree does not have is not known.
 *
 * Returns 0, or a negative errno and sets *err to the first that cannot be read or understood; the
 * others are read all the same. Owners' names are not looked up.
 */
int ipc_use_read(const struct procfs *procfs, struct ipc_use *ret_use, struct error *err);

#endif
