/*
 * Sizes and times in the forms that people read.
 */
#ifndef SHMTOOL_VIEW_HUMAN_H
#define SHMTOOL_VIEW_HUMAN_H

#include <stdint.h>

#include "base/strbuf.h"

/* Appends a size as lsblk shows it: "56B", "384K", "1.5M"; powers of 1024, rounded to a tenth. */
void human_size(struct strbuf *out, uint64_t bytes);

/* The same with the unit in full: "56 B", "384 KiB", "37.4 MiB". */
void human_size_long(struct strbuf *out, uint64_t bytes);

/* How times are shown. */
enum human_time { TIME_ISO, TIME_EPOCH, TIME_AGE };

/*
 * Appends a time (epoch seconds): 2026-11-21T22:10:05+00:00 in the local zone, the seconds
 * themselves, or how long before NOW ("3d4h", "10m3s"; with a minus sign when it lies ahead).
 */
void human_time(struct strbuf *out, int64_t time, enum human_time form, int64_t now);

/*
 * Times in ISO form that were written lately: segments are made in bursts, and asking the time
 * zone for each takes longer than the rest of the line.
 */
struct human_times {
    struct {
        int64_t time;
        size_t length; /* 0: nothing here yet */
        char text[40];
    } items[16];
};

/* Appends TIME in ISO form as human_time() does, from TIMES where it is there. */
void human_time_again(struct strbuf *out, int64_t time, struct human_times *times);

/* Appends a count and its noun, with an s for any count but one: "1 segment", "2 segments". */
void human_count(struct strbuf *out, uint64_t count, const char *noun);

#endif
