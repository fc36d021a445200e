/*
 * What a reader of segments gave: its two lists, in a form that tests can compare.
 */
#ifndef SHMTOOL_TESTS_LISTING_H
#define SHMTOOL_TESTS_LISTING_H

#include <stddef.h>

#include "base/error.h"
#include "kernel/source.h"
#include "model/segment.h"

struct listing {
    struct segment_list list;
    struct complaint_list complaints;
    char dir[512]; /* the tree below which complaints are reported; "": the live system */
};

#define LISTING_INIT \
    { \
        SEGMENT_LIST_INIT, COMPLAINT_LIST_INIT, "" \
    }

/* Returns R, what a reader of empty lists returned; one that failed has left them untouched. */
int listing_check(const struct listing *listing, int r);

/*
 * Reads the saved tree at DIR, as source_read() does, and demands that no descriptor is left open.
 * What LISTING held is released. Returns what source_read() returned.
 */
int listing_read(const char *dir, struct listing *listing, struct error *err);

/* Demands these complaints: LENGTH bytes, "where|text\n" for each, with WHERE below the tree. */
void listing_assert_complaints(const struct listing *listing, const char *expected, size_t length);

/* The same of an array of char, or a literal; there may be NULs in it. */
#define assert_complaints(listing, expected) \
    listing_assert_complaints(listing, expected, sizeof(expected) - 1)

/* Releases all that was read and leaves the listing empty. */
void listing_release(struct listing *listing);

#define CLEANUP_LISTING __attribute__((cleanup(listing_release)))

#endif
