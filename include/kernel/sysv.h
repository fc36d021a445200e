/*
 * The System V shared memory calls: the only place that makes them.
 */
#ifndef SHMTOOL_KERNEL_SYSV_H
#define SHMTOOL_KERNEL_SYSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/limits.h"
#include "model/segment.h"

/*
 * Tells whether calls say how large a segment is. A program of 32 bits gets the low 32 bits of
 * its size (ipc/shm.c, copy_compat_shmid_to_user()): of what it has not made itself the listing
 * alone says it then.
 */
bool sysv_tells_sizes(void);

/*
 * Reads one segment by its id, without rss and swap; for its size see sysv_tells_sizes().
 *
 * SHM_STAT_ANY (Linux 4.17) needs no permission on the segment and takes an index; the kernel
 * takes the index bits out of a whole id itself and returns the id that stands there now
 * (ipc/util.h, ipcid_to_idx), so a stale id differs from a reused index on every id layout.
 * Older kernels are asked with IPC_STAT, which needs read permission.
 *
 * Returns 0, -ENOENT (no such id: the kernel's EINVAL and EIDRM), -EACCES (an older kernel, and
 * no read permission), or another negative errno such as -ENOSYS.
 */
int sysv_stat(int shmid, struct segment *ret_segment);

/*
 * Tells whether a segment with this id is still there, marked for destruction or not. One call,
 * and no permission needed: IPC_STAT says EACCES only of what exists (ipc/shm.c, shmctl_stat()).
 */
bool sysv_exists(int shmid);

/*
 * Reads the segment at an index of the kernel's table, 0 to what sysv_highest_index() gives.
 * Returns 0, -ENOENT (nothing there), -EACCES (an older kernel, no read permission), or another
 * negative errno.
 */
int sysv_stat_index(int index, struct segment *ret_segment);

/*
 * Sets *ret_index to the highest index in use, 0 also when there is none. By IPC_INFO: SHM_INFO
 * answers the same, but walks through all segments first (ipc/shm.c, shm_get_stat()).
 * Returns 0 or a negative errno (-ENOSYS: a kernel without System V IPC).
 */
int sysv_highest_index(int *ret_index);

/*
 * Removes a segment: it is destroyed at once when nobody has it attached, and otherwise marked
 * (SHM_DEST, key 0) until the last one detaches.
 *
 * Returns 0, -EPERM, -EINVAL or -EIDRM (gone), or another negative errno. Permission is the
 * kernel's to decide: effective uid equal to owner or creator, or CAP_SYS_ADMIN.
 */
int sysv_remove(int shmid);

/*
 * Asks for the segment that has a key, without making one: nothing changes, whatever the answer.
 *
 * key: not 0, which asks for a new segment
 * size: bytes that it must have at least
 * flags: as of the call that would make it: IPC_CREAT is left out
 * Returns 0 with *ret_shmid set, or the kernel's refusal: -ENOENT (nobody has the key), -EINVAL
 * (it is smaller), -EACCES, or another negative errno such as -ENOSYS. -EOVERFLOW: the kernel was
 * not asked, for a program of 32 bits cannot ask for so large a size.
 */
int sysv_find(uint32_t key, uint64_t size, uint32_t flags, int *ret_shmid);

/*
 * Makes a new segment (IPC_CREAT | IPC_EXCL, whatever FLAGS has of them), never finds an old one.
 *
 * key: not 0; for sysv_create_by() 0 also, IPC_PRIVATE, with which there may be many
 * size: bytes
 * flags: permission bits, SHM_HUGETLB and the like
 * Returns 0 with *ret_shmid set, or the kernel's refusal: -EEXIST (the key is taken), -EINVAL,
 * -ENOSPC, -ENOMEM, -EPERM, -ENOSYS; -EOVERFLOW as sysv_find().
 */
int sysv_create(uint32_t key, uint64_t size, uint32_t flags, int *ret_shmid);

/*
 * The same with this creator: for the call this process has the effective ids of that user and
 * group, which root alone may take. Its capabilities stay, where it may keep them. Returns also
 * -ENOTRECOVERABLE where there was no way back: then this process is that user.
 */
int sysv_create_by(uid_t cuid, gid_t cgid, uint32_t key, uint64_t size, uint32_t flags,
                   int *ret_shmid);

/*
 * The same with a random key that nobody has (getrandom(2)), which is tried again while one is
 * taken. *ret_key: the one that was tried last, also of a failure; 0 where there is no random
 * number.
 */
int sysv_create_anywhere(uint64_t size, uint32_t flags, uint32_t *ret_key, int *ret_shmid);

/*
 * Sets owner, group and the low 9 bits of the mode, all three at once (IPC_SET): there is no
 * compare-and-set. Returns 0; -EINVAL where the user namespace does not map an id, or the segment
 * is gone; -EPERM for whom is neither owner nor creator; or another negative errno.
 */
int sysv_set_owner(int shmid, uid_t uid, gid_t gid, uint32_t mode);

/*
 * Keeps a segment from being swapped out (SHM_LOCK), or no more (LOCKS is false: SHM_UNLOCK); no
 * page is read in, and huge pages never are swapped out: nothing is done to them. Returns 0; -EPERM
 * (neither owner nor creator, or RLIMIT_MEMLOCK is 0), -ENOMEM (more than RLIMIT_MEMLOCK allows) or
 * another negative errno.
 */
int sysv_lock(int shmid, bool locks);

/*
 * Attaches a segment read-only (SHM_RDONLY), or for writing. Returns 0 with *ret_memory set, which
 * sysv_detach() is given later; -EINVAL or -EIDRM (gone), -EACCES, -ENOMEM (no room) or another
 * negative errno.
 */
int sysv_attach(int shmid, bool writes, void **ret_memory);
void sysv_detach(const void *memory);

/*
 * Asks for an attachment of no segment: nothing can come of it. Returns the kernel's refusal,
 * -EINVAL unless the call itself is refused.
 */
int sysv_try_attach(void);

/*
 * Reads the limits of the IPC namespace with one call (IPC_INFO), all but shm_rmid_forced, which it
 * does not tell; shmmax and shmall neither to a program of 32 bits, which gets them cut (ipc/shm.c,
 * copy_compat_shminfo_to_user()). Returns 0 or a negative errno; then *limits is untouched.
 */
int sysv_limits(struct limits *limits);

#endif
