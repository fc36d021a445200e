/*
 * How many segments have something in common: an owner, a process.
 */
#ifndef SHMTOOL_VIEW_TALLY_H
#define SHMTOOL_VIEW_TALLY_H

#include <stddef.h>
#include <stdint.h>

struct tally {
    uint64_t number; /* a uid, a pid */
    size_t count;
};

/*
 * Counts equal numbers, and leaves NUMBERS sorted. Returns *ret_tallies of them, the largest count
 * first, of equal ones the lower number; the caller frees the array. NULL when COUNT is 0.
 */
struct tally *tally_equal(uint64_t *numbers, size_t count, size_t *ret_tallies);

#endif
