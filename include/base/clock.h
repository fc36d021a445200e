/*
 * Clocks that only go forward, in nanoseconds.
 */
#ifndef SHMTOOL_BASE_CLOCK_H
#define SHMTOOL_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NSEC_PER_SEC UINT64_C(1000000000)
#define NSEC_PER_MSEC UINT64_C(1000000)

/* CLOCK_MONOTONIC, to say what was seen first; never 0 on a running system. */
int64_t clock_monotonic(void);

/* The time since boot, that in which the system slept included. */
uint64_t clock_since_boot(void);

/* The processor time that this process has used. */
uint64_t clock_cpu_used(void);

/* Waits until clock_monotonic() gives DEADLINE or more. */
void clock_wait_until(int64_t deadline);

/* What clock_monotonic() gives, as the system's calls take it. */
struct timespec clock_timespec(int64_t nanoseconds);

#endif
