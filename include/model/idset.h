/*
 * A set of segment ids (or PIDs).
 */
#ifndef SHMTOOL_MODEL_IDSET_H
#define SHMTOOL_MODEL_IDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 64 neighbouring ids: those that are in the set. */
struct idset_slot {
    uint64_t members; /* bit I: id 64 * block + I; none: the slot is free */
    uint32_t block;
};

/* Ids come in runs: a slot for each would take the processor's cache many times over. */
struct idset {
    struct idset_slot *slots; /* owned; open addressing */
    size_t size;              /* slots: 0 or a power of two */
    size_t used;              /* slots */
    size_t count;             /* ids */
};

#define IDSET_INIT \
    { \
        NULL, 0, 0, 0 \
    }

/* Adds ID (0 or above). Returns true when it was not there yet. */
bool idset_add(struct idset *set, int id);

/* Tells whether ID is in the set. */
bool idset_has(const struct idset *set, int id);

/* Releases the set's memory and leaves it empty. */
void idset_release(struct idset *set);

#define CLEANUP_IDSET __attribute__((cleanup(idset_release)))

#endif
