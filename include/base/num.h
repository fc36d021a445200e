/*
 * Numbers: spans of them, sums that cannot wrap, whole pages, and the order of two.
 */
#ifndef SHMTOOL_BASE_NUM_H
#define SHMTOOL_BASE_NUM_H

#include <stdint.h>

/* A span of numbers, both ends included. */
struct range {
    uint64_t low;
    uint64_t high;
};

/* Adds two numbers; gives UINT64_MAX where the sum does not fit. */
static inline uint64_t saturating_add(uint64_t a, uint64_t b)
{
    uint64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* How many pages BYTES need; no sum that could wrap. */
static inline uint64_t pages_of(uint64_t bytes, uint64_t page_size)
{
    return bytes / page_size + (bytes % page_size != 0);
}

/* The order of two numbers, as qsort(3) wants it: below, equal to or above 0. */
static inline int num_compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static inline int num_compare_signed(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

#endif
