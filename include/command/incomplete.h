/*
 * What an answer lacks, said on standard error: what was asked for and is not there, what is not
 * known, what could not be read.
 */
#ifndef SHMTOOL_COMMAND_INCOMPLETE_H
#define SHMTOOL_COMMAND_INCOMPLETE_H

#include "action/inventory.h"
#include "command/command.h"
#include "model/selection.h"

/*
 * Appends what was probably meant by an id that does not exist, or by a key that nobody has:
 * nothing, unless the number is somebody's key, or id.
 */
void incomplete_hint_key(struct strbuf *out, const struct inventory *inventory, int shmid);
void incomplete_hint_id(struct strbuf *out, const struct inventory *inventory, uint32_t key);

/*
 * Names the ids that were asked for and do not exist, and keys that nobody has and are ids. Returns
 * whether there are any of the former: the latter are no failure where nothing is removed.
 */
bool incomplete_warn_missing(struct context *context, const struct inventory *inventory);

/* Says how many segments the selection leaves out because their state, unit or program is unknown.
 */
void incomplete_warn_unknown(struct context *context, const struct unknown_counts *unknown);

/* Names the processes of --pid that are in another IPC namespace than the one inspected. */
void incomplete_warn_pids(struct context *context, const struct filter *filter);

/*
 * Names what INVENTORY, read with SELECTION (NULL: all), lacks: what incomplete_warn_missing()
 * does, states, units and programs that are not known, processes and IPC namespaces. Returns
 * whether the exit status is STATUS_FAILED at least.
 */
bool incomplete_warn_inventory(struct context *context, const struct selection *selection,
                               const struct inventory *inventory);

/* Says which page size is assumed, if a saved tree does not show it. */
void incomplete_warn_page_size(struct context *context, const struct limits *limits);

/* Says why Shmem is not known (NEED_SHMEM), unless the tree does not have it. */
void incomplete_warn_shmem(struct context *context, const struct inventory *inventory);

/* Says in one line on standard error how many processes could not be read, if any. */
void incomplete_warn_unreadable(struct context *context, const struct inventory *inventory);

#endif
