#include "base/clock.h"

#include <errno.h>

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

struct timespec clock_timespec(int64_t nanoseconds)
{
    /* time_t and long may have 32 bits; the quotient of what a clock says fits. */
    return (struct timespec){.tv_sec = (time_t)(nanoseconds / (int64_t)NSEC_PER_SEC),
                             .tv_nsec = (long)(nanoseconds % (int64_t)NSEC_PER_SEC)};
}

void clock_wait_until(int64_t deadline)
{
    struct timespec until = clock_timespec(deadline);

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        continue;
}
