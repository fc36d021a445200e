/*
 * A source_sink that remembers what it was given.
 */
#ifndef SHMTOOL_TESTS_SINK_H
#define SHMTOOL_TESTS_SINK_H

#include <stddef.h>

#include "base/strbuf.h"
#include "kernel/source.h"
#include "model/segment.h"

struct collector {
    struct segment_list list;
    struct strbuf garbage; /* "where|text\n" for each */
    const char *dir;       /* that WHERE is told below of; NULL: WHERE as it is */
    size_t garbage_count;
    size_t stop_after; /* segments; 0: never */
    int stop_with;     /* what the last of them is answered with */
};

#define COLLECTOR_INIT \
    { \
        SEGMENT_LIST_INIT, STRBUF_INIT, NULL, 0, 0, 0 \
    }

/* Returns a sink that fills COLLECTOR. */
struct source_sink collector_sink(struct collector *collector);

/*
 * Reads the saved tree at DIR into COLLECTOR, as source_read() does, with the garbage told below
 * DIR, and demands that no descriptor is left open. Returns what source_read() returned.
 */
int collector_read(const char *dir, struct collector *collector, struct error *err);

/* Releases all that was collected and leaves the collector empty. */
void collector_release(struct collector *collector);

#define CLEANUP_COLLECTOR __attribute__((cleanup(collector_release)))

#endif
