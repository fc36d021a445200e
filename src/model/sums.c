#include "model/sums.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/xalloc.h"

static int compare_row_owners(const void *a, const void *b)
{
    const struct segment_info *const *first = a;
    const struct segment_info *const *second = b;

    return num_compare((*first)->segment.uid, (*second)->segment.uid);
}

static void add_to_sum(struct owner_sum *sum, const struct segment_info *info, uint64_t page_size)
{
    uint64_t pages = pages_of(info->segment.size, page_size);

    sum->segments++;
    sum->pages = saturating_add(sum->pages, pages);
    sum->bytes = saturating_add(sum->bytes, info->segment.size);
    if (info->state != STATE_ORPHAN)
        return;
    sum->orphans++;
    sum->orphan_pages = saturating_add(sum->orphan_pages, pages);
}

static int compare_by_segments(const void *a, const void *b)
{
    const struct owner_sum *first = a;
    const struct owner_sum *second = b;
    int order = num_compare(second->segments, first->segments);

    return order != 0 ? order : num_compare(first->uid, second->uid);
}

static int compare_by_pages(const void *a, const void *b)
{
    const struct owner_sum *first = a;
    const struct owner_sum *second = b;
    int order = num_compare(second->pages, first->pages);

    return order != 0 ? order : num_compare(first->uid, second->uid);
}

struct owner_sum *owner_sums(const struct segment_info *const *rows, size_t count,
                             uint64_t page_size, enum sum_order order, size_t *ret_count)
{
    const struct segment_info **sorted;
    struct owner_sum *sums = NULL;
    size_t used = 0;
    size_t capacity = 0;

    *ret_count = 0;
    if (count == 0)
        return NULL;
    sorted = xcalloc(count, sizeof(struct segment_info *));
    memcpy(sorted, rows, count * sizeof(struct segment_info *));
    qsort(sorted, count, sizeof(struct segment_info *), compare_row_owners);
    for (size_t i = 0; i < count; i++) {
        if (used == 0 || sums[used - 1].uid != sorted[i]->segment.uid) {
            sums = xgrow(sums, used, &capacity, sizeof(*sums));
            sums[used++] =
                (struct owner_sum){.uid = sorted[i]->segment.uid, .owner = sorted[i]->owner};
        }
        add_to_sum(&sums[used - 1], sorted[i], page_size);
    }
    free(sorted);
    qsort(sums, used, sizeof(*sums),
          order == SUM_BY_PAGES ? compare_by_pages : compare_by_segments);
    *ret_count = used;
    return sums;
}

/* By creator; a pid that was reused stands for two processes. */
static int compare_row_creators(const void *a, const void *b)
{
    const struct segment_info *const *first = a;
    const struct segment_info *const *second = b;
    int order = num_compare_signed((*first)->segment.cpid, (*second)->segment.cpid);

    return order != 0 ? order : num_compare((*first)->creator_status, (*second)->creator_status);
}

static bool exceeds_sum(const struct process_sum *a, const struct process_sum *b,
                        enum sum_order order)
{
    return order == SUM_BY_PAGES ? a->pages > b->pages : a->segments > b->segments;
}

struct process_sum creator_sum_max(const struct segment_info *const *rows, size_t count,
                                   uint64_t page_size, enum sum_order order)
{
    const struct segment_info **sorted = xcalloc(count, sizeof(struct segment_info *));
    struct process_sum largest = {.info = NULL};
    struct process_sum sum = {.info = NULL};

    for (size_t i = 0; i < count; i++)
        sorted[i] = rows[i];
    qsort(sorted, count, sizeof(struct segment_info *), compare_row_creators);
    for (size_t i = 0; i < count; i++) {
        if (sorted[i]->segment.cpid == 0) /* in another PID namespace: many processes */
            continue;
        if (!sum.info || compare_row_creators(&sum.info, &sorted[i]) != 0)
            sum = (struct process_sum){.info = sorted[i]};
        sum.segments++;
        sum.pages = saturating_add(sum.pages, pages_of(sorted[i]->segment.size, page_size));
        if (exceeds_sum(&sum, &largest, order))
            largest = sum;
    }
    free(sorted);
    return largest;
}
