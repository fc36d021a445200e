#include "action/survey.h"

#include <stdlib.h>

#include "base/num.h"
#include "base/xalloc.h"
#include "kernel/limits.h"
#include "kernel/source.h"

int survey_read(struct system *system, const struct survey_sink *sink, struct survey *ret_survey,
                struct error *err)
{
    struct survey survey = {.limits = {.page_size = system->procfs.page_size}};
    CLEANUP_COMPLAINT_LIST struct complaint_list complaints = COMPLAINT_LIST_INIT;
    int r;

    limits_read(&system->procfs, &survey.limits, &survey.limits_error);
    r = source_read(&system->procfs, false, &survey.segments, &complaints, err);
    if (r < 0) {
        survey_release(&survey);
        return r;
    }
    for (size_t i = 0; i < survey.segments.count; i++)
        usage_add(&survey.usage, &survey.segments.items[i], survey.limits.page_size);
    survey.garbage = complaints.count > 0;
    for (size_t i = 0; i < complaints.count; i++)
        sink->garbage(sink->arg, complaints.items[i].where, complaints.items[i].text,
                      complaints.items[i].length);
    *ret_survey = survey;
    return 0;
}

const struct segment *survey_find_key(const struct survey *survey, uint32_t key)
{
    for (size_t i = 0; key != 0 && i < survey->segments.count; i++) {
        if (survey->segments.items[i].key == key)
            return &survey->segments.items[i];
    }
    return NULL;
}

static int compare_uids(const void *a, const void *b)
{
    const struct segment *const *first = a;
    const struct segment *const *second = b;

    return num_compare((*first)->uid, (*second)->uid);
}

/* The segments, those of one owner together. */
static const struct segment **by_owner(const struct segment_list *list)
{
    const struct segment **items = xcalloc(list->count, sizeof(struct segment *));

    for (size_t i = 0; i < list->count; i++)
        items[i] = &list->items[i];
    qsort(items, list->count, sizeof(struct segment *), compare_uids);
    return items;
}

static void add_to_share(struct share *share, const struct segment *segment, struct system *system,
                         uint64_t page_size)
{
    uint64_t pages = pages_of(segment->size, page_size);

    share->segments++;
    share->pages = saturating_add(share->pages, pages);
    share->bytes = saturating_add(share->bytes, segment->size);
    if (pids_state(system->pids, segment) != STATE_ORPHAN)
        return;
    share->orphans++;
    share->orphan_pages = saturating_add(share->orphan_pages, pages);
}

/* The largest first; of equal ones the lower uid. */
static int compare_by_pages(const void *a, const void *b)
{
    const struct share *first = a;
    const struct share *second = b;
    int order = num_compare(second->pages, first->pages);

    return order != 0 ? order : num_compare(first->uid, second->uid);
}

static int compare_by_segments(const void *a, const void *b)
{
    const struct share *first = a;
    const struct share *second = b;
    int order = num_compare(second->segments, first->segments);

    return order != 0 ? order : num_compare(first->uid, second->uid);
}

struct share *survey_shares(const struct survey *survey, struct system *system, bool by_pages,
                            size_t *ret_count)
{
    const struct segment **items;
    struct share *shares = NULL;
    size_t count = 0;
    size_t capacity = 0;

    *ret_count = 0;
    if (survey->segments.count == 0)
        return NULL;
    items = by_owner(&survey->segments);
    for (size_t i = 0; i < survey->segments.count; i++) {
        if (count == 0 || shares[count - 1].uid != items[i]->uid) {
            shares = xgrow(shares, count, &capacity, sizeof(struct share));
            shares[count++] = (struct share){.uid = items[i]->uid};
        }
        add_to_share(&shares[count - 1], items[i], system, survey->limits.page_size);
    }
    free(items);
    qsort(shares, count, sizeof(struct share), by_pages ? compare_by_pages : compare_by_segments);
    *ret_count = count;
    return shares;
}

uint64_t survey_unseen(const struct attachment_list *attachments, const struct segment *segment)
{
    size_t count = 0;
    uint64_t seen = 0;
    const struct attachment *found = attachment_list_find(attachments, segment->shmid, &count);

    for (size_t i = 0; found && i < count; i++)
        seen += found[i].maps;
    return seen < segment->nattch ? segment->nattch - seen : 0;
}

void survey_release(struct survey *survey)
{
    segment_list_release(&survey->segments);
    error_clear(&survey->limits_error);
    *survey = (struct survey){0};
}
