#include "model/idset.h"

#include <stdlib.h>

#include "base/xalloc.h"

enum { SIZE_MIN = 16, BLOCK_BITS = 6, BLOCK = 1 << BLOCK_BITS };

static uint32_t block_of(int id)
{
    return (uint32_t)id >> BLOCK_BITS;
}

static uint64_t bit_of(int id)
{
    return UINT64_C(1) << ((uint32_t)id & (BLOCK - 1));
}

/* The slot that holds BLOCK, or the free one where it belongs. The set is never full. */
static struct idset_slot *find_slot(const struct idset *set, uint32_t block)
{
    /* Multiplying spreads the blocks; folding brings down what only the high bits distinguish. */
    uint32_t hash = block * UINT32_C(2654435769);
    size_t slot = (hash ^ hash >> 15) & (set->size - 1);

    while (set->slots[slot].members != 0 && set->slots[slot].block != block)
        slot = (slot + 1) & (set->size - 1);
    return &set->slots[slot];
}

static void grow_slots(struct idset *set)
{
    struct idset larger = *set;

    larger.size = set->size ? set->size * 2 : SIZE_MIN;
    larger.slots = xcalloc(larger.size, sizeof(*larger.slots));
    for (size_t i = 0; i < set->size; i++) {
        if (set->slots[i].members != 0)
            *find_slot(&larger, set->slots[i].block) = set->slots[i];
    }
    free(set->slots);
    *set = larger;
}

bool idset_add(struct idset *set, int id)
{
    struct idset_slot *slot;

    if (set->used * 2 >= set->size)
        grow_slots(set);
    slot = find_slot(set, block_of(id));
    if (slot->members & bit_of(id))
        return false;
    set->used += slot->members == 0;
    slot->block = block_of(id);
    slot->members |= bit_of(id);
    set->count++;
    return true;
}

bool idset_has(const struct idset *set, int id)
{
    return set->size > 0 && (find_slot(set, block_of(id))->members & bit_of(id)) != 0;
}

void idset_release(struct idset *set)
{
    free(set->slots);
    *set = (struct idset)IDSET_INIT;
}
