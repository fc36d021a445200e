#include "model/attachment.h"

#include <stdlib.h>

const struct attachment *attachment_list_find(const struct attachment_list *list, int shmid,
                                              size_t *ret_count)
{
    size_t low = 0;
    size_t high = list->count;
    size_t count = 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (list->items[middle].shmid < shmid)
            low = middle + 1;
        else
            high = middle;
    }
    while (low + count < list->count && list->items[low + count].shmid == shmid)
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
