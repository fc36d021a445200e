/*
 * The part of the reading that is about memory beyond the listing: huge pages, what descriptors
 * keep, what Shmem of the system consists of.
 */
#ifndef SHMTOOL_ACTION_INVENTORY_MEMORY_H
#define SHMTOOL_ACTION_INVENTORY_MEMORY_H

#include "action/inventory.h"

/* Segments that were not selected, as rows of which nothing else is resolved. */
struct other_rows {
    struct segment_info *items; /* owned */
    size_t count;
    size_t capacity;
};

/*
 * Completes INVENTORY, of which rows and attachments are there: the page size and rss of huge page
 * segments, where the attachments show them; with NEED_HELD what is held, with NEED_BALANCE the
 * balance. Of many namespaces what is held is that by processes of the own one.
 *
 * others: with these needs
 */
void inventory_read_memory(struct system *system, unsigned needs, struct other_rows *others,
                           struct inventory *inventory);

#endif
