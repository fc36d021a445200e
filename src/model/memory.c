#include "model/memory.h"

#include <stdlib.h>

#include "base/num.h"

void memory_group_release(struct memory_group *group)
{
    free(group->path);
    *group = (struct memory_group){0};
}

uint64_t huge_pages_of(const struct huge_state *huge, uint64_t size)
{
    return pages_of(size, huge->page_size);
}

uint64_t huge_pages_available(const struct huge_state *huge)
{
    uint64_t free = huge->free > huge->reserved ? huge->free - huge->reserved : 0;

    return saturating_add(free, huge->more);
}

uint64_t huge_pages_wanted(const struct huge_state *huge, uint64_t size)
{
    uint64_t used = huge->total > huge->free ? huge->total - huge->free : 0;

    return saturating_add(saturating_add(used, huge->reserved), huge_pages_of(huge, size));
}
