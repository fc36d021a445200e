/*
 * Which processes have which segments attached, as their mappings show, or open by a descriptor.
 */
#ifndef SHMTOOL_KERNEL_ATTACH_H
#define SHMTOOL_KERNEL_ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/procfs.h"
#include "model/attachment.h"
#include "model/idset.h"

/*
 * Inspects every process of the tree: on the live system those in the caller's IPC namespace, or
 * with EVERYWHERE those of all, each attachment with its namespace; in a saved tree all of them (it
 * does not say whose namespace is whose).
 *
 * A process made with CLONE_VM shares its mappings with its maker; both are listed. A process that
 * attached and then left for another IPC namespace is not found. None of those that cannot be
 * read is in the list: see unreadable and hidden.
 *
 * Returns 0, or a negative errno when there is no /proc (-ENOENT); sets *err.
 */
int attach_scan(const struct procfs *procfs, bool everywhere, struct attachment_list *ret_list,
                struct error *err);

/*
 * Adds the ids of the segments that one process has attached to IDS. A process that does not
 * exist, or is in another IPC namespace, adds none.
 *
 * Returns 0, -EACCES when the process exists and may not be read, or another negative errno; sets
 * *err.
 */
int attach_ids_of_pid(const struct procfs *procfs, pid_t pid, struct idset *ids, struct error *err);

/*
 * Reads from /proc/PID/smaps how large the pages of a segment are that a process has attached,
 * where its attachment does not say so; and the smallest that it has at all. Both in bytes.
 *
 * Returns false where that cannot be read, or the process does not have the segment any more.
 */
bool attach_page_size(const struct procfs *procfs, pid_t pid, int shmid, uint64_t *ret_page_size,
                      uint64_t *ret_smallest);

/*
 * Lists the segments that processes have open by a descriptor (of /proc/PID/map_files): those of
 * the caller's IPC namespace, or of the saved tree as far as it has /proc/PID/fd and fdinfo, which
 * do not show bytes. Processes that cannot be read are not in the list. Command lines are not
 * looked up.
 *
 * Returns 0, or a negative errno when there is no /proc (-ENOENT).
 */
int attach_scan_open(const struct procfs *procfs, struct open_segment_list *ret_list);

#endif
