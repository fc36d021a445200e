/*
 * A set of segment ids (or pids): have we met this one before?
 */
#ifndef SHMTOOL_MODEL_IDSET_H
#define SHMTOOL_MODEL_IDSET_H

#include <stdbool.h>
#include <stddef.h>

struct idset {
    int *slots;  /* owned; open addressing, -1: free */
    size_t size; /* slots: 0 or a power of two */
    size_t count;
};

#define IDSET_INIT \
    { \
        NULL, 0, 0 \
    }

/* Adds ID (0 or above). Returns true when it was not there yet. */
bool idset_add(struct idset *set, int id);

/* Tells whether ID is in the set. */
bool idset_has(const struct idset *set, int id);

/* Releases the set's memory and leaves it empty. */
void idset_release(struct idset *set);

#define CLEANUP_IDSET __attribute__((cleanup(idset_release)))

#endif
