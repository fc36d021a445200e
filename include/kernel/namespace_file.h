/*
 * Files that are an IPC namespace: opened, and nothing else opened by mistake.
 */
#ifndef SHMTOOL_KERNEL_NAMESPACE_FILE_H
#define SHMTOOL_KERNEL_NAMESPACE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/procfs.h"

/*
 * Opens the file PATH_FD (O_PATH, as it was found) for what namespaces are opened for, if it is an
 * IPC namespace. A file that somebody else may have put there (a FIFO, a device) is never opened.
 * Returns the descriptor, -EINVAL when it is something else, or another negative errno.
 */
int namespace_file_open(const struct procfs *procfs, int path_fd);

/*
 * Opens the namespace that a process or thread is in. BASE: "PID", "PID/task/TID", "self".
 * Returns the descriptor or a negative errno.
 */
int namespace_file_open_of(const struct procfs *procfs, const char *base);

/*
 * Reads which IPC namespaces the kernel lists: up to COUNT ids, ascending, all greater than AFTER.
 * An id is no inode number, and is never given again. listns(2) of Linux 6.19; by 7.2.13 it lists
 * all that a process is in or a descriptor or bind mount keeps to whoever has CAP_SYS_ADMIN in the
 * initial user namespace and is in the initial PID namespace, and to others the one that they are
 * in. Returns how many ids there are, 0 after the last one and where there is no such call, or
 * where it is refused.
 */
size_t namespace_file_list_ids(uint64_t after, uint64_t *ids, size_t count);

/*
 * Opens the namespace that has this id, which takes what listing it took. Returns the descriptor,
 * -EMFILE or -ENFILE, or else -ENOENT: it has ended, as a rule.
 */
int namespace_file_open_id(uint64_t id);

/* The number in "ipc:[4026531839]", of LENGTH bytes; false when it is no such text. */
bool namespace_file_parse(const char *text, size_t length, uint64_t *ret_number);

/*
 * Finds out who made the user namespace that an IPC namespace belongs to. Returns false where the
 * kernel does not say: it is not below the caller's, or its maker has no uid here.
 */
bool namespace_file_owner(int fd, uid_t *ret_uid);

/*
 * Tells whether enough descriptors are left above FD for whatever else a command opens; raises the
 * soft limit to the hard one where they are not.
 */
bool namespace_file_leaves_room(int fd);

#endif
