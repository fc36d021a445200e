#include "view/tally.h"

#include <stdlib.h>

#include "base/num.h"
#include "base/xalloc.h"

static int compare_numbers(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a;
    uint64_t second = *(const uint64_t *)b;

    return num_compare(first, second);
}

/* The largest count first; of equal ones the lower number. */
static int compare_tallies(const void *a, const void *b)
{
    const struct tally *first = a;
    const struct tally *second = b;

    if (first->count != second->count)
        return first->count > second->count ? -1 : 1;
    return num_compare(first->number, second->number);
}

struct tally *tally_equal(uint64_t *numbers, size_t count, size_t *ret_tallies)
{
    struct tally *tallies = NULL;
    size_t used = 0;
    size_t capacity = 0;

    if (count > 0)
        qsort(numbers, count, sizeof(numbers[0]), compare_numbers);
    for (size_t i = 0; i < count; i++) {
        if (used == 0 || tallies[used - 1].number != numbers[i]) {
            tallies = xgrow(tallies, used, &capacity, sizeof(struct tally));
            tallies[used++] = (struct tally){numbers[i], 0};
        }
        tallies[used - 1].count++;
    }
    if (used > 0)
        qsort(tallies, used, sizeof(struct tally), compare_tallies);
    *ret_tallies = used;
    return tallies;
}
