/*
 * Clocks that only go forward.
 */
#ifndef SHMTOOL_KERNEL_TICKS_H
#define SHMTOOL_KERNEL_TICKS_H

#include <stdint.h>

#define TICKS_SECOND UINT64_C(1000000000)
#define TICKS_MILLISECOND UINT64_C(1000000)

/* Nanoseconds since boot, those that the machine slept included. */
uint64_t ticks_since_boot(void);

/* Nanoseconds of processor time that this process has used. */
uint64_t ticks_used(void);

#endif
