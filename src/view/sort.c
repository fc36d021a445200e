#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/xalloc.h"
#include "view/column.h"

int sort_order_add_list(struct sort_order *order, const struct column_table *table,
                        const char *list, struct error *err)
{
    for (const char *word = list;; word++) {
        struct sort_key key = {.descending = *word == '-'};
        size_t length;

        word += key.descending;
        length = strcspn(word, ",");
        key.column = column_require(table, word, length, err);
        if (!key.column)
            return -EINVAL;
        order->items = xgrow(order->items, order->count, &order->capacity, sizeof(*order->items));
        order->items[order->count++] = key;
        word += length;
        if (*word == '\0')
            return 0;
    }
}

unsigned sort_order_needs(const struct sort_order *order)
{
    unsigned needs = 0;

    for (size_t i = 0; i < order->count; i++)
        needs |= order->items[i].column->needs;
    return needs;
}

void sort_order_release(struct sort_order *order)
{
    free(order->items);
    *order = (struct sort_order){0};
}

static int compare_cells(const struct column_value *a, const struct column_value *b)
{
    if (!a->known || !b->known)
        return a->known - b->known;
    if (a->text && b->text)
        return strcmp(a->text, b->text);
    /* A uid without a name stands before the names, as its digits would. */
    if (a->text || b->text)
        return a->text ? 1 : -1;
    return wide_compare((struct wide){a->high, a->number}, (struct wide){b->high, b->number});
}

/* A record with its values of the sort columns, taken once. */
struct sortable {
    size_t position;
    const struct column_value *values;
};

static int compare_records(const void *left, const void *right, void *arg)
{
    const struct sort_order *order = arg;
    const struct sortable *a = left;
    const struct sortable *b = right;

    for (size_t i = 0; i < order->count; i++) {
        int result = compare_cells(&a->values[i], &b->values[i]);

        if (result != 0)
            return order->items[i].descending ? -result : result;
    }
    return num_compare(a->position, b->position);
}

void sort_records(void *records, size_t count, size_t size, const struct sort_order *order,
                  const struct column_format *format)
{
    struct sort_order keys = *order; /* qsort_r's argument is not const */
    struct column_value *values;
    struct sortable *sorted;
    char *copy;

    if (count == 0 || order->count == 0)
        return;
    values = xcalloc(count * order->count, sizeof(*values));
    sorted = xcalloc(count, sizeof(*sorted));
    copy = xreallocarray(NULL, count, size);
    memcpy(copy, records, count * size);
    for (size_t i = 0; i < count; i++) {
        sorted[i] = (struct sortable){.position = i, .values = values + i * order->count};
        for (size_t k = 0; k < order->count; k++)
            order->items[k].column->get(format, copy + i * size, &values[i * order->count + k]);
    }
    qsort_r(sorted, count, sizeof(*sorted), compare_records, &keys);
    for (size_t i = 0; i < count; i++)
        memcpy((char *)records + i * size, copy + sorted[i].position * size, size);
    free(copy);
    free(sorted);
    free(values);
}
