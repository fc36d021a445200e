/*
 * The clock that only runs forward, to tell what was seen first.
 */
#ifndef SHMTOOL_BASE_CLOCK_H
#define SHMTOOL_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Returns the nanoseconds of CLOCK_MONOTONIC, never 0 on a running system. */
static inline int64_t clock_monotonic(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

#endif
