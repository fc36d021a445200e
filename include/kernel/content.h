/*
 * The bytes of a segment: by way of a process that has it, attached, or from a saved folder.
 */
#ifndef SHMTOOL_KERNEL_CONTENT_H
#define SHMTOOL_KERNEL_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/procfs.h"
#include "model/segment.h"

struct content {
    uint64_t size;      /* bytes, of the segment */
    uint64_t page_size; /* bytes */
    int fd;             /* owned; the segment itself or the saved file; -1: only attached */
    char *memory;       /* owned; where it is attached; else NULL */
    int pipe[2];        /* owned; that attached memory is read through; else -1 */
    bool skips; /* attached: pages that are not in memory are holes, for nothing is swapped out */
};

/*
 * Opens the saved bytes DIR/content/ID: a regular file, as large as SEGMENT, and no link anywhere.
 * Returns 0 or a negative errno; sets *err.
 */
int content_open_saved(const struct procfs *procfs, const struct segment *segment,
                       struct content *ret_content, struct error *err);

/*
 * Tells whether a saved file has its one name alone: by a hard link whoever wrote the tree could
 * have somebody else's file read.
 */
bool content_has_one_name(const struct content *content);

/*
 * Opens SEGMENT through /proc/PID/map_files of a process that has it attached: the file itself,
 * read-only. Nothing in the listing changes by that, and reading allocates nothing. The kernel
 * wants CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN in the initial user namespace for it.
 *
 * Returns 0; -EPERM where this process may not open such files, whoever has them mapped; or -ENOENT
 * where none is sure to be that segment.
 */
int content_open_by_process(const struct procfs *procfs, const struct segment *segment, pid_t pid,
                            struct content *ret_content);

/*
 * Attaches SEGMENT read-only, which sets its atime, dtime (in the end) and lpid. Where this process
 * may open its own mapping (see above) it then reads the file and allocates nothing. Otherwise
 * reading a page that was never written allocates it, unless pages that are not in memory are
 * skipped: only with swap known to be 0, for a page that is swapped out looks the same.
 *
 * Returns 0, -ENOENT (gone, or another segment has its id), -EACCES, -ENOMEM (no room in the
 * address space) or another negative errno; sets *err.
 */
int content_attach(const struct procfs *procfs, const struct segment *segment, bool skips,
                   struct content *ret_content, struct error *err);

/*
 * Tells what the bytes from OFFSET on are, up to END at the most: a hole, which reads as zeros, or
 * data; *ret_stop: where that ends. Returns 0, or -ENODATA when the segment or file has shrunk; of
 * a hole in a segment that is only attached that is not known.
 */
int content_extent(const struct content *content, uint64_t offset, uint64_t end, bool *ret_hole,
                   uint64_t *ret_stop);

/*
 * Reads up to LENGTH bytes at OFFSET. Returns how many, at least one; -ENODATA where the segment
 * has shrunk (a load would be a SIGBUS), or another negative errno.
 */
ssize_t content_read(const struct content *content, uint64_t offset, void *buffer, size_t length);

/*
 * The size of the pages of an open segment where they are huge, in bytes; else 0, also where that
 * is unknown.
 */
uint64_t content_huge_page(const struct content *content, const struct procfs *procfs, int shmid);

/* Detaches, closes and leaves it empty. */
void content_close(struct content *content);

#endif
