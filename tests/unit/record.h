/*
 * Segment records compared field by field.
 */
#ifndef SHMTOOL_TESTS_RECORD_H
#define SHMTOOL_TESTS_RECORD_H

#include "model/segment.h"

/* Demands that all fields are equal but rss and swap, and whether these are known. */
void assert_same_record(const struct segment *a, const struct segment *b);

/*
 * For tests with small segments, or a kernel of their own (wrap: sysv_tells_sizes): what calls say
 * of sizes is right for a program of 32 bits, too.
 */
bool __wrap_sysv_tells_sizes(void);

/* Demands that rss and swap are equal too. */
void assert_same_record_and_usage(const struct segment *a, const struct segment *b);

#endif
