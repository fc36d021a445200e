#include "model/balance.h"

#include <stdlib.h>

#include "base/num.h"

void tmpfs_list_release(struct tmpfs_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].mount);
    free(list->items);
    *list = (struct tmpfs_list){0};
}

const struct huge_pool *huge_pools_find(const struct huge_pools *pools, uint64_t page_size)
{
    for (size_t i = 0; i < pools->count; i++) {
        const struct huge_pool *pool = &pools->items[i];

        if (page_size > 0 ? pool->page_size == page_size : pool->is_default)
            return pool;
    }
    return NULL;
}

struct huge_need huge_need_of(const struct huge_pool *pool, uint64_t page_size, uint64_t pages,
                              uint64_t own)
{
    struct huge_need need = {.page_size = page_size, .pages = pages, .pool = pool};
    uint64_t used = 0;

    if (pool && pool->total > pool->free)
        used = pool->total - pool->free;
    if (pool)
        used = saturating_add(used, pool->reserved);
    need.used = used > own ? used - own : 0;
    need.nr_hugepages = saturating_add(need.used, pages);
    return need;
}

void huge_pools_release(struct huge_pools *pools)
{
    free(pools->items);
    *pools = (struct huge_pools){0};
}

void balance_add(struct balance *balance, const struct segment *segment, bool other)
{
    uint64_t *bytes = other ? &balance->others : &balance->sysv;
    bool *known = other ? &balance->has_others : &balance->has_sysv;
    const uint64_t page = segment->huge_page;

    if (!segment_is_huge(segment)) {
        if (segment->has_rss)
            *bytes = saturating_add(*bytes, segment->rss);
        else
            *known = false;
        return;
    }
    if (page == 0)
        balance->huge.segments_known = false;
    for (size_t i = 0; page > 0 && i < balance->huge.count; i++) {
        struct huge_pool *pool = &balance->huge.items[i];

        if (page == pool->page_size)
            pool->segments = saturating_add(pool->segments, pages_of(segment->size, page));
    }
}

void balance_settle(struct balance *balance)
{
    uint64_t parts = balance->sysv;

    if (balance->has_others)
        parts = saturating_add(parts, balance->others);
    for (size_t i = 0; i < balance->tmpfs.count; i++) {
        if (balance->tmpfs.items[i].known)
            parts = saturating_add(parts, balance->tmpfs.items[i].bytes);
    }
    balance->has_rest =
        balance->has_shmem && balance->has_sysv && balance->has_tmpfs && parts <= balance->shmem;
    balance->rest = balance->has_rest ? balance->shmem - parts : 0;
}

void balance_release(struct balance *balance)
{
    tmpfs_list_release(&balance->tmpfs);
    huge_pools_release(&balance->huge);
    *balance = (struct balance){.has_shmem = false};
}
