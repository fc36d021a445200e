/*
 * The limits of System V shared memory as the kernel has them: reading and setting.
 */
#ifndef SHMTOOL_KERNEL_LIMITS_H
#define SHMTOOL_KERNEL_LIMITS_H

#include <stdint.h>

#include "base/error.h"
#include "kernel/procfs.h"
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
 * Sets a limit and reads it back: *ret_now is what the kernel has then.
 *
 * Returns 0; -EIO when the kernel took the value and has another; or the negative errno of the
 * kernel's refusal (-EACCES, -EPERM, -EINVAL: out of range); sets *err.
 */
int limits_write(const struct procfs *procfs, const struct limit_setting *setting,
                 uint64_t *ret_now, struct error *err);

#endif
