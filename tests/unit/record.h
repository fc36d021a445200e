/*
 * Segment records compared field by field.
 */
#ifndef SHMTOOL_TESTS_RECORD_H
#define SHMTOOL_TESTS_RECORD_H

#include "model/segment.h"

/* Demands that all fields are equal but rss and swap, and whether these are known. */
void assert_same_record(const struct segment *a, const struct segment *b);

/* Demands that rss and swap are equal too. */
void assert_same_record_and_usage(const struct segment *a, const struct segment *b);

#endif
