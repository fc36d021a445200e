/*
 * Where segment records come from: two readers, one record.
 *
 * source_proc reads the listing /proc/sysvipc/shm; source_stat asks the kernel index by index, for
 * machines that have no such file. Neither is an atomic snapshot: the kernel takes its lock anew
 * for every read.
 */
#ifndef SHMTOOL_KERNEL_SOURCE_H
#define SHMTOOL_KERNEL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "kernel/procfs.h"
#include "model/segment.h"

/* Who gets what is read. */
struct source_sink {
    /*
     * One segment, in kernel order, each id once. A negative return ends the reading with it (any
     * but -ENOENT, which tells of a listing that is not there).
     */
    int (*segment)(void *arg, const struct segment *segment);
    /*
     * Something that could not be understood. where: "/proc/sysvipc/shm: line 5" (counted with the
     * header) or "index 7"; text: the line, or why it could not be read.
     */
    void (*garbage)(void *arg, const char *where, const char *text, size_t length);
    void *arg;
    /* Rss and swap are not looked at: the quicker reader may serve. */
    bool without_usage;
};

/*
 * Reads all segments into SINK: from the listing, and on a live system without it from the kernel.
 * Where SINK does without rss and swap the kernel is asked first, which takes a third of the time,
 * if it answers for every segment.
 *
 * Returns 0, what SINK's segment() returned, or a negative errno with words in ERR when the state
 * cannot be read at all: no such file, not a listing, no System V IPC.
 */
int source_read(const struct procfs *procfs, const struct source_sink *sink, struct error *err);

/* A garbage() for those whom nothing but segments concerns: says nothing. */
void source_pass_over(void *arg, const char *where, const char *text, size_t length);

/* The reader of /proc/sysvipc/shm alone; -ENOENT when there is no such file. */
int source_proc_read(const struct procfs *procfs, const struct source_sink *sink,
                     struct error *err);

/* The reader by SHM_STAT_ANY alone: no rss, no swap. Of the live system always. */
int source_stat_read(const struct source_sink *sink, struct error *err);

/*
 * Understands one line of /proc/sysvipc/shm, whole or not at all.
 *
 * line, length: without the newline
 * columns: how many the header has: 14 (without rss and swap, before Linux 2.6.34), 16, or more,
 *          of which those behind the 16th are passed over
 * page_size: an rss above the size rounded up to it is not known (a huge page segment's is wrong)
 * Returns true, or false with *ret_segment untouched.
 */
bool source_parse_line(const char *line, size_t length, size_t columns, uint64_t page_size,
                       struct segment *ret_segment);

/*
 * Understands the header line. Returns the number of columns, or 0 when it is not the header of
 * a listing of shared memory segments.
 */
size_t source_parse_header(const char *line, size_t length);

#endif
