/*
 * Which processes have which segments attached, as their mappings tell.
 */
#ifndef SHMTOOL_KERNEL_ATTACH_H
#define SHMTOOL_KERNEL_ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/procfs.h"
#include "model/idset.h"

/* One segment in one process. */
struct attachment {
    int shmid;
    pid_t pid;
    bool has_uid;
    uid_t uid;             /* effective, as ps(1) shows it; only with has_uid */
    bool writable;         /* at least one of the mappings may write */
    uint64_t maps;         /* mappings of this segment in this process, 1 or more */
    uint32_t original_key; /* the segment's key when it was made */
};

/* All that a look at every process found. */
struct attach_table {
    struct attachment *items; /* owned; by shmid, then by pid */
    size_t count;
    size_t capacity;
    size_t processes;  /* that could be read, or have nothing to read */
    size_t unreadable; /* that exist, may have segments attached, and could not be read */
    size_t vanished;   /* that ended while they were looked at */
    bool hidden;       /* other processes do not show at all (proc mounted with hidepid) */
};

#define ATTACH_TABLE_INIT \
    { \
        NULL, 0, 0, 0, 0, 0, false \
    }

/*
 * Looks at every process of the tree: on the live system those in the caller's IPC namespace, in
 * a saved tree all of them (it does not say whose namespace is whose).
 *
 * A process made with CLONE_VM shares its mappings with its maker; both are listed. A process that
 * attached and then left for another IPC namespace is not found. None of those that cannot be
 * read is in the table: see unreadable and hidden.
 *
 * Returns 0, or a negative errno with words in ERR when there is no /proc to look at (-ENOENT).
 */
int attach_scan(const struct procfs *procfs, struct attach_table *ret_table, struct error *err);

/* The attachments of one segment: returns the first of *ret_count in a row, NULL when none. */
const struct attachment *attach_table_find(const struct attach_table *table, int shmid,
                                           size_t *ret_count);

/* Releases what the table holds and leaves it empty. */
void attach_table_release(struct attach_table *table);

#define CLEANUP_ATTACH_TABLE __attribute__((cleanup(attach_table_release)))

/*
 * Adds the ids of the segments that one process has attached to IDS. A process that does not
 * exist, or is in another IPC namespace, adds none.
 *
 * Returns 0, -EACCES with words in ERR when the process exists and may not be read, or another
 * negative errno.
 */
int attach_ids_of_pid(const struct procfs *procfs, pid_t pid, struct idset *ids, struct error *err);

#endif
