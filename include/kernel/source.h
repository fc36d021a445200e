/*
 * Where segment records come from: two readers, one record.
 *
 * One reads the listing /proc/sysvipc/shm, the other asks the kernel index by index, for systems
 * that have no such file. Neither is an atomic snapshot: the kernel takes its lock again for every
 * read.
 */
#ifndef SHMTOOL_KERNEL_SOURCE_H
#define SHMTOOL_KERNEL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "kernel/procfs.h"
#include "model/segment.h"

struct source_listing;

/*
 * Reads all segments, in kernel order, each id once: from the listing, and on a live system
 * without it from the kernel, unless that does not tell their sizes (sysv_tells_sizes()).
 *
 * without_usage: rss and swap are not wanted; then the kernel is asked first, which takes a third
 *                of the time, and its answer is used if it is one for every segment
 * ret_complaints: what could not be understood; NULL: not wanted. Where: "/proc/sysvipc/shm:
 *                 line 5" (counted with the header) or "index 7". Of a tree of rm --save an id's
 *                 second line too: some 5.3 to 5.6 kernels listed a segment twice, and what they
 *                 listed is no mistake
 * Returns 0, with both lists for the caller to release, or a negative errno with *err set and both
 * untouched when the segments cannot be read at all: no such file, not a listing, no System V IPC.
 */
int source_read(const struct procfs *procfs, bool without_usage, struct segment_list *ret_segments,
                struct complaint_list *ret_complaints, struct error *err);

/*
 * The listing read part by part, for a caller who has something to do between two parts.
 *
 * Opens it; the caller closes it. Returns 0 or a negative errno and sets *err.
 */
int source_listing_open(const struct procfs *procfs, struct source_listing **ret_listing,
                        struct error *err);

/*
 * Appends the next part, about a page of lines, to both lists. Returns 1, 0 at the end, or a
 * negative errno and sets *err.
 */
int source_listing_next(struct source_listing *listing, struct segment_list *segments,
                        struct complaint_list *complaints, struct error *err);

void source_listing_close(struct source_listing *listing);

/* The reader of /proc/sysvipc/shm alone; -ENOENT when there is no such file. */
int source_proc_read(const struct procfs *procfs, struct segment_list *ret_segments,
                     struct complaint_list *ret_complaints, struct error *err);

/* The reader by SHM_STAT_ANY alone: no rss, no swap. Of the live system always. */
int source_stat_read(struct segment_list *ret_segments, struct complaint_list *ret_complaints,
                     struct error *err);

/*
 * Parses one line of /proc/sysvipc/shm, whole or not at all.
 *
 * line, length: without the newline
 * columns: how many the header has: 14 (without rss and swap, before Linux 2.6.34), 16, or more,
 *          of which those after the 16th are skipped
 * page_size: an rss above the size rounded up to it is not known (a huge page segment's is wrong)
 * Returns true, or false with *ret_segment untouched.
 */
bool source_parse_line(const char *line, size_t length, size_t columns, uint64_t page_size,
                       struct segment *ret_segment);

/*
 * Parses the header line. Returns the number of columns, or 0 when it is not the header of
 * a listing of shared memory segments.
 */
size_t source_parse_header(const char *line, size_t length);

/*
 * Append the header and a line of a saved tree's listing: in the kernel's own form (ipc/shm.c,
 * sysvipc_shm_proc_show), and a column more, "hugepage": the bytes of each of the segment's pages
 * where these are known to be huge, else 0. With it the rss is that of the segment's own pages.
 */
void source_put_header(struct strbuf *out);
void source_put_line(struct strbuf *out, const struct segment *segment);

#endif
