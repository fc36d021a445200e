/*
 * What there is in the other IPC namespaces of this host: for who looks in one and may mean
 * another.
 */
#ifndef SHMTOOL_ACTION_ELSEWHERE_H
#define SHMTOOL_ACTION_ELSEWHERE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct system;

/* A segment of another namespace that has the key asked for. */
struct elsewhere_key {
    uint64_t number; /* the namespace's */
    char *container; /* owned; what that is of; NULL: not known */
    int shmid;
};

/* Of the namespaces that could be found and read. */
struct elsewhere {
    size_t namespaces; /* with a segment in them */
    uint64_t segments;
    uint64_t bytes;
    struct elsewhere_key *keys; /* owned; by namespace */
    size_t key_count;
    size_t key_capacity;
};

/*
 * Counts what is in the other namespaces, and finds KEY there (0: no key is looked for). Of a saved
 * tree, and where another namespace was asked for (-N), there is nothing to say. What cannot be
 * found or read is left out. Returns 0, or a negative errno and sets *err when this process is in
 * another namespace now, without a way back.
 *
 * Reads the system's processes again: command lines that an inventory borrowed before are gone.
 * ret_elsewhere: released by the caller with elsewhere_release()
 */
int elsewhere_read(struct system *system, uint32_t key, struct elsewhere *ret_elsewhere,
                   struct error *err);

void elsewhere_release(struct elsewhere *elsewhere);

#endif
