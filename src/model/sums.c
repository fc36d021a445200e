#include "model/sums.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/xalloc.h"

struct sum sum_of(const struct segment_info *const *rows, size_t count, uint64_t page_size)
{
    struct sum sum = {.rows = rows};

    if (count > 0)
        sum.first = *rows[0];
    for (size_t i = 0; i < count; i++) {
        const struct segment *segment = &rows[i]->segment;
        uint64_t pages = pages_of(segment->size, page_size);

        sum.segments++;
        wide_add(&sum.bytes, segment->size);
        wide_add(&sum.nattch, segment->nattch);
        wide_add(&sum.rss, segment->has_rss ? segment->rss : 0);
        wide_add(&sum.swap, segment->has_swap ? segment->swap : 0);
        sum.rss_unknown += !segment->has_rss;
        sum.swap_unknown += !segment->has_swap;
        sum.attached += segment->nattch > 0;
        sum.pages = saturating_add(sum.pages, pages);
        if (rows[i]->state != STATE_ORPHAN)
            continue;
        sum.orphans++;
        sum.orphan_pages = saturating_add(sum.orphan_pages, pages);
    }
    return sum;
}

/* --- Groups ----------------------------------------------------------------------------------- */

static int compare_owners(const struct segment_info *a, const struct segment_info *b,
                          const void *arg)
{
    (void)arg;
    return num_compare(a->segment.uid, b->segment.uid);
}

static int compare_cpids(const struct segment_info *a, const struct segment_info *b,
                         const void *arg)
{
    (void)arg;
    return num_compare_signed(a->segment.cpid, b->segment.cpid);
}

const struct grouping sum_by_owner = {compare_owners, NULL};
const struct grouping sum_by_cpid = {compare_cpids, NULL};

/* What qsort_r() hands to the comparisons. */
struct summing {
    const struct grouping *grouping;
    enum sum_order order;
};

static int compare_rows_of_sums(const void *a, const void *b, void *arg)
{
    const struct segment_info *const *first = a;
    const struct segment_info *const *second = b;
    const struct grouping *grouping = ((const struct summing *)arg)->grouping;
    int order = grouping->compare(*first, *second, grouping->arg);

    return order != 0 ? order : (*first > *second) - (*first < *second);
}

static int compare_sums(const void *a, const void *b, void *arg)
{
    const struct sum *first = a;
    const struct sum *second = b;
    const struct summing *summing = arg;
    int order = 0;

    if (summing->order == SUM_BY_BYTES)
        order = wide_compare(second->bytes, first->bytes);
    else if (summing->order == SUM_BY_PAGES)
        order = num_compare(second->pages, first->pages);
    if (order == 0)
        order = num_compare(second->segments, first->segments);
    return order != 0
               ? order
               : summing->grouping->compare(&first->first, &second->first, summing->grouping->arg);
}

void sums_make(const struct segment_info *const *rows, size_t count, uint64_t page_size,
               const struct grouping *grouping, enum sum_order order, struct sums *ret_sums)
{
    struct summing summing = {grouping, order};
    struct sums sums = {.rows = xcalloc(count, sizeof(struct segment_info *))};
    size_t capacity = 0;

    for (size_t i = 0; i < count; i++)
        sums.rows[i] = rows[i];
    qsort_r(sums.rows, count, sizeof(const struct segment_info *), compare_rows_of_sums, &summing);
    for (size_t i = 0, end; i < count; i = end) {
        end = i + 1;
        while (end < count && grouping->compare(sums.rows[i], sums.rows[end], grouping->arg) == 0)
            end++;
        sums.items = xgrow(sums.items, sums.count, &capacity, sizeof(*sums.items));
        sums.items[sums.count++] = sum_of(sums.rows + i, end - i, page_size);
    }
    if (sums.count > 0)
        qsort_r(sums.items, sums.count, sizeof(*sums.items), compare_sums, &summing);
    *ret_sums = sums;
}

void sums_release(struct sums *sums)
{
    free(sums->items);
    free(sums->rows);
    *sums = (struct sums){0};
}

/* --- The largest ------------------------------------------------------------------------------ */

struct sum creator_sum_largest(const struct segment_info *const *rows, size_t count,
                               uint64_t page_size, enum sum_order order)
{
    CLEANUP_FREE const struct segment_info **alive = xcalloc(count, sizeof(struct segment_info *));
    CLEANUP_SUMS struct sums sums = {0};
    struct sum largest = {.segments = 0};
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        if (rows[i]->creator_status == PROCESS_ALIVE)
            alive[used++] = rows[i];
    }
    sums_make(alive, used, page_size, &sum_by_cpid, order, &sums);
    if (sums.count > 0)
        largest = sums.items[0];
    largest.rows = NULL;
    return largest;
}
