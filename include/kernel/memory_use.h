/*
 * Memory that is shared without being a segment: file systems in memory; and huge pages.
 */
#ifndef SHMTOOL_KERNEL_MEMORY_USE_H
#define SHMTOOL_KERNEL_MEMORY_USE_H

#include "base/error.h"
#include "kernel/procfs.h"
#include "model/balance.h"

/*
 * Lists the file systems in memory among the mounts of this process, and how much each holds, in
 * memory or swap (statfs(2)). Each is there once, wherever it is mounted; one that other mounts
 * hide everywhere is not.
 *
 * procfs: the live system
 * Returns 0, or a negative errno and sets *err.
 */
int tmpfs_read(const struct procfs *procfs, struct tmpfs_list *ret_list, struct error *err);

/*
 * Reads the pools of huge pages: all there are from /sys/kernel/mm/hugepages, where that cannot be
 * read the default one from /proc/meminfo, none where that does not have it either. How much
 * segments have of them is left at 0.
 */
void huge_pools_read(const struct procfs *procfs, struct huge_pools *ret_pools);

#endif
