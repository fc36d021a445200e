/*
 * The tree that is read: the live system's /, or the saved one that --sysroot names.
 *
 * Every reader opens its files through this, so that a support bundle, a test's fixture and the
 * system itself are read by the same code.
 */
#ifndef SHMTOOL_KERNEL_PROCFS_H
#define SHMTOOL_KERNEL_PROCFS_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "model/id_map.h"

/* The listing of an IPC namespace that this process is not in (kernel/namespaces). */
struct foreign_listing {
    int fd;             /* owned; opened inside; -1: none */
    int ipc;            /* owned; the namespace, for a child to enter */
    int user;           /* owned; the user namespace that it enters first; -1: none */
    uint64_t number;    /* the namespace's */
    struct id_map uids; /* owned; from those inside, which the listing has, to ours */
    struct id_map gids;
};

/* Called for whatever is looked for in a tree, whether it is there or not. */
struct procfs_watch {
    void (*opened)(void *arg, const char *path);
    void *arg;
};

struct procfs {
    int root_fd;        /* owned */
    char *prefix;       /* owned; see procfs_prefix() */
    bool live;          /* the running system, not a saved tree */
    uint64_t page_size; /* bytes; of a saved tree: the largest that its system may have had */
    const struct procfs_watch *watch;     /* borrowed; NULL: nobody */
    const struct foreign_listing *inside; /* read instead of our namespace's; borrowed; else NULL */
    int own_ipc; /* owned; this process's IPC namespace, once it was left; -1: it was not */
};

/*
 * Opens the live system (DIR is NULL) or a saved tree.
 * Returns 0 or a negative errno with DIR named in ERR.
 */
int procfs_open(struct procfs *ret_procfs, const char *dir, struct error *err);

/* Closes the tree. */
void procfs_close(struct procfs *procfs);

/*
 * Opens a regular file below the root for reading, close-on-exec. Symbolic links of a saved tree
 * are followed inside of it only; FIFOs, directories and devices are refused without waiting.
 *
 * path: without a leading slash ("proc/sysvipc/shm")
 * Returns the descriptor, which the caller closes, or a negative errno with the path in ERR.
 */
int procfs_open_file(const struct procfs *procfs, const char *path, struct error *err);

/* The same; where PATH itself is a symbolic link: -ELOOP. */
int procfs_open_no_link(const struct procfs *procfs, const char *path, struct error *err);

/*
 * Opens a directory below the root, likewise. Returns the stream, which the caller closes, or
 * NULL with errno set and the path in ERR.
 */
DIR *procfs_open_dir(const struct procfs *procfs, const char *path, struct error *err);

/*
 * Opens a directory below the root as a place alone (O_PATH), for functions of the *at kind.
 *
 * flags: more for open(2): O_NOFOLLOW
 * Returns the descriptor, which the caller closes, or a negative errno.
 */
int procfs_open_place(const struct procfs *procfs, const char *path, int flags);

/*
 * Appends a regular file of a directory, which other users may have put there, to BUF: never
 * through a link, never waiting for a FIFO's writer, LIMIT bytes at the most.
 *
 * owner: who it must belong to; NULL: anybody
 * Returns 0 or a negative errno: -EFBIG with more than LIMIT bytes, -EINVAL when it is no regular
 * file, -EPERM when it is somebody else's.
 */
int procfs_read_at(int dir, const char *name, const uid_t *owner, size_t limit, struct strbuf *buf);

/*
 * The next entry of a directory, valid until the next call. Returns NULL with errno 0 at its end,
 * and with another errno when the rest cannot be read: readdir(3) leaves errno alone at the end.
 */
const struct dirent *procfs_next_entry(DIR *dir);

/*
 * Appends a whole file to BUF. A file of more than LIMIT bytes is refused with -EFBIG.
 * Returns 0 or a negative errno with the path in ERR; BUF may then hold a part of it.
 */
int procfs_read_file(const struct procfs *procfs, const char *path, size_t limit,
                     struct strbuf *buf, struct error *err);

/* The same of FD, which is open for reading and stays the caller's; PATH is for ERR alone. */
int procfs_read_fd(const struct procfs *procfs, int fd, const char *path, size_t limit,
                   struct strbuf *buf, struct error *err);

/*
 * Reads a file that holds one number and, but for blanks after it, nothing else.
 * Returns 0 or a negative errno with the path in ERR: -EBADMSG when it holds something else.
 */
int procfs_read_number(const struct procfs *procfs, const char *path, uint64_t *ret_value,
                       struct error *err);

/*
 * Reads a file as /proc/PID/uid_map; *ret_map is released with id_map_release().
 * Returns 0 or a negative errno: -EBADMSG when it holds something else.
 */
int procfs_read_id_map(const struct procfs *procfs, const char *path, struct id_map *ret_map);

/*
 * Finds the number after MARK at the start of a line, blanks between the two skipped. A MARK that
 * begins with a newline is not looked for in the first line.
 * Returns false with *ret_value untouched when there is none.
 */
bool procfs_number_after(const struct strbuf *text, const char *mark, uint64_t *ret_value);

/* The same of a file; false also when it cannot be read. */
bool procfs_find_number(const struct procfs *procfs, const char *path, const char *mark,
                        uint64_t *ret_value);

/*
 * Finds out what an entry of an open directory is, or with "" the directory itself, without asking
 * who serves its file system, which may never answer (statx(2), AT_STATX_DONT_SYNC). Sets st_dev,
 * st_ino and st_uid of *ret_status. Returns 0 or a negative errno.
 */
int procfs_identify(int dir, const char *name, struct stat *ret_status);

/*
 * What stands before a path below the root wherever it is shown, so that the user finds it:
 * "/" on the live system, "DIR/" for a saved tree. It is PROCFS's own.
 */
const char *procfs_prefix(const struct procfs *procfs);

/*
 * Opens a file or directory below the root that root alone can have written, for reading: it and
 * every directory above it belong to root, are writable neither by their group nor by all, and none
 * is a link.
 *
 * flags: more for open(2): O_DIRECTORY
 * Returns the descriptor, which the caller closes, or a negative errno: -EPERM where somebody else
 * may have written it, -ELOOP or -ENOTDIR where a link is.
 */
int procfs_open_trusted(const struct procfs *procfs, const char *path, int flags);

/*
 * Appends such a file to BUF. Returns 0 or a negative errno: -EFBIG with more than LIMIT bytes,
 * -EINVAL when it is no regular file.
 */
int procfs_read_trusted(const struct procfs *procfs, const char *path, size_t limit,
                        struct strbuf *buf);

#endif
