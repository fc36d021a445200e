#include "model/idset.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/xalloc.h"

enum { FREE_SLOT = -1, SMALLEST_SIZE = 64 };

/* The slot that holds ID, or the free one where it belongs. The set is never full. */
static size_t find_slot(const struct idset *set, int id)
{
    /*
     * Neighbouring ids get neighbouring slots: a listing comes in the order of the low 15 bits, and
     * so walks through memory. The sequence above them sets ids apart that share these bits.
     */
    uint32_t hash = (uint32_t)id + ((uint32_t)id >> 15) * UINT32_C(40503);
    size_t slot = hash & (set->size - 1);

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
