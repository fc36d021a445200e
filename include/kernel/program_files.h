/*
 * Files that prove which program a segment is of: PostgreSQL's postmaster.pid, the files that Qt
 * makes keys of.
 *
 * Other users can write most of them. So what is read of them is small, of a regular file, never
 * through a link at a path's end, and counts only where the file is the segment's creator's.
 */
#ifndef SHMTOOL_KERNEL_PROGRAM_FILES_H
#define SHMTOOL_KERNEL_PROGRAM_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/filewalk.h"
#include "kernel/procfs.h"

struct program_files;

/* Returns an empty cache for PROCFS, which must outlive it; released with program_files_free(). */
struct program_files *program_files_new(const struct procfs *procfs);

/* Releases the cache and all it gave out. NULL is allowed. */
void program_files_free(struct program_files *files);

/* A segment that somebody's file may name. */
struct claimed_segment {
    uint32_t key; /* not 0 */
    int shmid;
    uid_t creator; /* its uid */
};

/* PostgreSQL's data directory. */
struct data_directory {
    const char *path; /* as the caller sees it; the cache keeps it */
    bool is_proven;   /* its postmaster.pid names key and id; else nobody lets it be read */
};

/*
 * Finds the data directory that SEGMENT is of: among the working directories of PIDS first, then in
 * the usual places (/var/lib/postgresql, /var/lib/pgsql). On the live system its inode number is
 * the key, and it is the creator's; in a saved tree, whose inode numbers are others, postmaster.pid
 * decides alone. Returns false when there is none.
 */
bool program_files_find_data(struct program_files *files, const struct claimed_segment *segment,
                             const pid_t *pids, size_t count, struct data_directory *ret_directory);

/* A file of Qt's below /tmp. */
struct qt_file {
    char *path; /* owned by the cache */
    struct file_identity identity;
    uid_t uid;
};

/*
 * Returns those that there are, *ret_count of them, and at most 4096; none of a saved tree, whose
 * inode numbers are others. The cache keeps them.
 */
const struct qt_file *program_files_qt(struct program_files *files, size_t *ret_count);

#endif
