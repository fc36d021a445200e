/*
 * What readers of segments gave, in a form that tests can compare.
 */
#ifndef SHMTOOL_TESTS_SINK_H
#define SHMTOOL_TESTS_SINK_H

#include <stddef.h>

#include "action/select.h"
#include "base/strbuf.h"
#include "kernel/source.h"
#include "model/segment.h"

struct collector {
    struct segment_list list;
    struct strbuf complained; /* "where|text\n" for each complaint */
    const char *dir;          /* that WHERE is reported below of; NULL: WHERE as it is */
    size_t complaint_count;
    size_t stop_after; /* segments; 0: never */
    int stop_with;     /* what the last of them is answered with */
};

#define COLLECTOR_INIT \
    { \
        SEGMENT_LIST_INIT, STRBUF_INIT, NULL, 0, 0, 0 \
    }

/* Returns a sink that fills COLLECTOR. */
struct select_sink collector_sink(struct collector *collector);

/*
 * Adds what a reader returned, and releases it. Demands that a reader that failed (R below 0) left
 * both lists, which were empty, untouched. Returns R.
 */
int collector_take(struct collector *collector, int r, struct segment_list *segments,
                   struct complaint_list *complaints);

/*
 * Reads the saved tree at DIR into COLLECTOR, as source_read() does, with the complaints reported
 * below DIR, and demands that no descriptor is left open. Returns what source_read() returned.
 */
int collector_read(const char *dir, struct collector *collector, struct error *err);

/* Releases all that was collected and leaves the collector empty. */
void collector_release(struct collector *collector);

#define CLEANUP_COLLECTOR __attribute__((cleanup(collector_release)))

#endif
