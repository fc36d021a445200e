/*
 * Numbers: spans of them, sums that cannot wrap or never do, whole pages, and the order of two.
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

/*
 * A number of 128 bits, for sums of 64-bit numbers; in two halves, as not every machine has a type
 * for it.
 */
struct wide {
    uint64_t high;
    uint64_t low;
};

static inline void wide_add(struct wide *sum, uint64_t value)
{
    sum->high += __builtin_add_overflow(sum->low, value, &sum->low);
}

/* How many pages BYTES need, PAGE_SIZE not being 0; no sum that could wrap. */
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

static inline int wide_compare(struct wide a, struct wide b)
{
    return a.high != b.high ? num_compare(a.high, b.high) : num_compare(a.low, b.low);
}

#endif
