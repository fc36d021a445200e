/*
 * The reading for those who compare what nattch counts with what processes were found to have: it
 * is repeated until processes that come and go do not make the difference.
 */
#ifndef SHMTOOL_ACTION_INVENTORY_SETTLED_H
#define SHMTOOL_ACTION_INVENTORY_SETTLED_H

#include "action/inventory.h"

/*
 * As inventory_read(), with NEED_ATTACHMENTS among NEEDS. Segments and processes are read one after
 * the other: where of a segment other mappings were found than nattch counts, all is read again, a
 * moment later. What comes out twice alike, nothing attached or detached in between, is so; a row
 * of which it never does is unsettled. A saved tree is read once.
 */
int inventory_read_settled(struct system *system, const struct selection *selection, unsigned needs,
                           struct inventory *ret_inventory, struct error *err);

/* Whether processes that could not be read, or do not show at all, may have what was not found. */
bool inventory_has_unread(const struct inventory *inventory);

#endif
