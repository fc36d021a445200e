/*
 * The part of the reading that is about memory beyond the listing: huge pages, what descriptors
 * keep, what Shmem of the system consists of.
 */
#ifndef SHMTOOL_ACTION_INVENTORY_MEMORY_H
#define SHMTOOL_ACTION_INVENTORY_MEMORY_H

#include "action/inventory.h"

/*
 * Completes INVENTORY, of which rows and attachments are there: the page size and rss of huge page
 * segments, where the attachments show them; with NEED_HELD what is held, with NEED_BALANCE the
 * balance.
 *
 * others: the segments that were not selected; with these needs
 */
void inventory_read_memory(struct system *system, unsigned needs, struct segment_list *others,
                           struct inventory *inventory);

#endif
