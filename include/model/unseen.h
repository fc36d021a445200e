/*
 * How many segments came and went between two looks, as the ids show that the kernel gave
 * meanwhile.
 *
 * An id is a sequence number and, in its low 15 bits, an index. Since Linux 5.2 a new segment gets
 * the next free index after that of the one before it, and starts again at 0 after the end of a
 * turn; then the sequence number rises by one (ipc/util.c, ipc_idr_alloc()). A turn has 64 indexes,
 * or half as many again as there are segments, whichever is more: 64 up to 43 segments. So two ids
 * in order of creation show how many were given between them.
 *
 * Nothing shows an id that was chosen by kernel.shm_next_id (restored processes and segments): one
 * that lies a little ahead is counted from.
 */
#ifndef SHMTOOL_MODEL_UNSEEN_H
#define SHMTOOL_MODEL_UNSEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "model/diff.h"

/* The newest id that was seen, from which the next ones are counted. */
struct id_cursor {
    bool known;   /* there was a segment */
    bool watched; /* it was created after the first look: all that came later is news */
    int newest;
    int64_t length; /* how many indexes the kernel came by between the one before and this */
    /* Those that may have been there when it was created, and are gone. */
    int *gone; /* owned */
    size_t gone_count;
    size_t gone_capacity;
};

/* How good a number is. */
enum unseen_bound { UNSEEN_UNKNOWN, UNSEEN_EXACT, UNSEEN_AT_LEAST, UNSEEN_AT_MOST, UNSEEN_ABOUT };

struct unseen {
    enum unseen_bound bound;
    uint64_t count; /* 0 when it is unknown */
};

/* Returns the cursor after the first look. */
struct id_cursor id_cursor_begin(const struct snapshot *first);

/*
 * Looks for the newest of the ids that were given from BEFORE to NOW. Returns false when there is
 * none whose order is certain.
 */
bool id_cursor_find_newest(const struct id_cursor *cursor, const struct snapshot *before,
                           const struct snapshot *now, int *ret_newest);

/*
 * Counts the segments that were created after the cursor and up to NEWEST, and were never seen.
 *
 * A listing is no snapshot: NOW may lack segments that were created, like NEWEST, while it was
 * read. The number is right if NOW was read after NEWEST was seen.
 *
 * cyclic: the kernel is known to give ids as above; else those within one turn alone are counted
 */
struct unseen id_cursor_count(const struct id_cursor *cursor, const struct snapshot *before,
                              const struct snapshot *now, int newest, bool cyclic);

/*
 * Takes the step from BEFORE to NOW: to NEWEST, up to which was counted; NULL: nothing was created,
 * or it is counted next time.
 */
void id_cursor_step(struct id_cursor *cursor, const struct snapshot *before,
                    const struct snapshot *now, const int *newest);

void id_cursor_release(struct id_cursor *cursor);

/* "exact", "at least", "at most", "about"; of an unknown number NULL. */
const char *unseen_bound_name(enum unseen_bound bound);

#endif
