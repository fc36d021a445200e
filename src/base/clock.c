#include "base/clock.h"

#include <time.h>

static uint64_t clock_read(clockid_t id)
{
    struct timespec now = {0, 0};

    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

int64_t clock_monotonic(void)
{
    return (int64_t)clock_read(CLOCK_MONOTONIC);
}

uint64_t clock_since_boot(void)
{
    return clock_read(CLOCK_BOOTTIME);
}

uint64_t clock_cpu_used(void)
{
    return clock_read(CLOCK_PROCESS_CPUTIME_ID);
}

void clock_pause(uint64_t nanoseconds)
{
    const struct timespec time = {(time_t)(nanoseconds / NSEC_PER_SEC),
                                  (long)(nanoseconds % NSEC_PER_SEC)};

    nanosleep(&time, NULL);
}
