#include "kernel/ticks.h"

#include <time.h>

static uint64_t read_clock(clockid_t id)
{
    struct timespec now = {0, 0};

    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * TICKS_SECOND + (uint64_t)now.tv_nsec;
}

uint64_t ticks_since_boot(void)
{
    return read_clock(CLOCK_BOOTTIME);
}

uint64_t ticks_used(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}
