/*
 * Sizes, times, counts and users in the forms that people read.
 */
#ifndef SHMTOOL_VIEW_HUMAN_H
#define SHMTOOL_VIEW_HUMAN_H

#include <stdint.h>

#include "base/strbuf.h"

/* Appends a size as lsblk shows it: "56B", "384K", "1.5M"; powers of 1024, rounded to a tenth. */
void human_size(struct strbuf *out, uint64_t bytes);

/* The same of a sum beyond 64 bits: up to "256Y". */
void human_size_wide(struct strbuf *out, struct wide bytes);

/* The same with the unit in full: "56 B", "384 KiB", "37.4 MiB". */
void human_size_long(struct strbuf *out, uint64_t bytes);

/*
 * Appends an amount of pages in bytes, "256 MiB", also where the bytes are beyond 64 bits:
 * "64 ZiB".
 */
void human_pages(struct strbuf *out, uint64_t pages, uint64_t page_size);

/* How times are shown. */
enum human_time { TIME_ISO, TIME_EPOCH, TIME_AGE, TIME_SHORT, TIME_CLOCK };

/*
 * Appends a time (epoch seconds): 2026-11-21T22:10:05+00:00 in the local zone, the seconds
 * themselves, how long before NOW ("3d4h", "10m3s"; with a minus sign when it lies ahead), or the
 * shortest that is clear: "22:10" on the day of NOW, "Nov21" up to half a year before it (as in
 * ls -l), else "2025-11-21"; or "22:10:05" whatever the day.
 */
void human_time(struct strbuf *out, int64_t time, enum human_time form, int64_t now);

/* Appends a count and its noun, with an s for any count but one: "1 segment", "2 segments". */
void human_count(struct strbuf *out, uint64_t count, const char *noun);

/* Appends a user's name for a sentence: "zc", but "user nobody", who is not no one. */
void human_user(struct strbuf *out, const char *name);

#endif
