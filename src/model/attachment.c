#include "model/attachment.h"

#include <stdlib.h>

#include "base/num.h"

/* The order of the list, by what names a segment. */
static int compare_to_segment(const struct attachment *attachment, uint64_t namespace, int shmid)
{
    int order = num_compare(attachment->namespace, namespace);

    return order != 0 ? order : num_compare_signed(attachment->shmid, shmid);
}

const struct attachment *attachment_list_find(const struct attachment_list *list,
                                              uint64_t namespace, int shmid, size_t *ret_count)
{
    size_t low = 0;
    size_t high = list->count;
    size_t count = 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_to_segment(&list->items[middle], namespace, shmid) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    while (low + count < list->count &&
           compare_to_segment(&list->items[low + count], namespace, shmid) == 0)
        count++;
    *ret_count = count;
    return count > 0 ? &list->items[low] : NULL;
}

void attachment_list_release(struct attachment_list *list)
{
    free(list->items);
    *list = (struct attachment_list){0};
}

void open_segment_list_release(struct open_segment_list *list)
{
    free(list->items);
    *list = (struct open_segment_list){0};
}
