#include "model/segment.h"

#include <stdlib.h>

#include "base/num.h"
#include "base/xalloc.h"

bool segment_same(const struct segment *a, const struct segment *b)
{
    return a->shmid == b->shmid && a->key == b->key && a->uid == b->uid && a->cuid == b->cuid &&
           a->size == b->size && a->cpid == b->cpid && a->ctime == b->ctime;
}

bool segment_was_used(const struct segment *before, const struct segment *now)
{
    return before->nattch != now->nattch || before->lpid != now->lpid ||
           before->atime != now->atime || before->dtime != now->dtime;
}

/* Whether so many bytes are whole huge pages, and not more than the segment has. */
static bool fits_huge_segment(const struct segment *segment, uint64_t bytes)
{
    return bytes % segment->huge_page == 0 &&
           bytes / segment->huge_page <= pages_of(segment->size, segment->huge_page);
}

void segment_set_huge_page(struct segment *segment, uint64_t huge_page, uint64_t page_size)
{
    uint64_t factor = huge_page / page_size;
    uint64_t divided = segment->rss / factor;
    bool as_listed;
    bool multiplied;

    segment->huge_page = huge_page;
    as_listed = fits_huge_segment(segment, segment->rss);
    multiplied = segment->rss % factor == 0 && fits_huge_segment(segment, divided);
    segment->has_rss = segment->has_swap && (as_listed != multiplied || segment->rss == divided);
    if (segment->has_rss && multiplied)
        segment->rss = divided;
}

int64_t segment_last_time(const struct segment *segment)
{
    int64_t last = segment->ctime;

    if (segment->atime > last)
        last = segment->atime;
    if (segment->dtime > last)
        last = segment->dtime;
    return last;
}

void segment_list_add(struct segment_list *list, const struct segment *segment)
{
    list->items = xgrow(list->items, list->count, &list->capacity, sizeof(*list->items));
    list->items[list->count++] = *segment;
}

const struct segment *segment_list_find(const struct segment_list *list, int shmid)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].shmid == shmid)
            return &list->items[i];
    }
    return NULL;
}

uint64_t segment_list_bytes(const struct segment_list *list)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < list->count; i++)
        bytes = saturating_add(bytes, list->items[i].size);
    return bytes;
}

void segment_list_release(struct segment_list *list)
{
    free(list->items);
    *list = (struct segment_list)SEGMENT_LIST_INIT;
}
