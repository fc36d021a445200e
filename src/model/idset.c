#include "model/idset.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/xalloc.h"

enum { FREE_SLOT = -1, SMALLEST_SIZE = 64 };

/* The slot that holds ID, or the free one where it belongs. The set is never full. */
static size_t find_slot(const struct idset *set, int id)
{
    /*
     * Sixteen neighbouring ids share a cache line, since a listing comes in the order of ids; where
     * the line stands is spread by multiplying, and folding brings down what only the sequence, in
     * an id's high bits, tells apart.
     */
    enum { LINE_BITS = 4, LINE = 1 << LINE_BITS };
    uint32_t hash = ((uint32_t)id >> LINE_BITS) * UINT32_C(2654435769);
    size_t line = (size_t)(hash ^ hash >> 15) << LINE_BITS;
    size_t slot = (line | ((uint32_t)id & (LINE - 1))) & (set->size - 1);

    while (set->slots[slot] != FREE_SLOT && set->slots[slot] != id)
        slot = (slot + 1) & (set->size - 1);
    return slot;
}

static void grow(struct idset *set)
{
    struct idset larger = {.size = set->size ? set->size * 2 : SMALLEST_SIZE, .count = set->count};

    larger.slots = xreallocarray(NULL, larger.size, sizeof(*larger.slots));
    for (size_t i = 0; i < larger.size; i++)
        larger.slots[i] = FREE_SLOT;
    for (size_t i = 0; i < set->size; i++) {
        if (set->slots[i] != FREE_SLOT)
            larger.slots[find_slot(&larger, set->slots[i])] = set->slots[i];
    }
    free(set->slots);
    *set = larger;
}

bool idset_add(struct idset *set, int id)
{
    size_t slot;

    if (set->count * 2 >= set->size)
        grow(set);
    slot = find_slot(set, id);
    if (set->slots[slot] == id)
        return false;
    set->slots[slot] = id;
    set->count++;
    return true;
}

bool idset_has(const struct idset *set, int id)
{
    return set->size > 0 && set->slots[find_slot(set, id)] == id;
}

void idset_release(struct idset *set)
{
    free(set->slots);
    *set = (struct idset)IDSET_INIT;
}
