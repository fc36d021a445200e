/*
 * What is in IPC namespaces: each entered, read and left again.
 */
#ifndef SHMTOOL_ACTION_NAMESPACE_ROWS_H
#define SHMTOOL_ACTION_NAMESPACE_ROWS_H

#include <stddef.h>

#include "base/error.h"
#include "model/ipc_namespace.h"

struct system;

struct namespace_rows {
    struct namespace_info *rows; /* owned; in the order of the list */
    size_t count;
};

/*
 * Makes a row of each namespace of LIST, and resolves what NEEDS (enum need) asks for: NEED_MAKER,
 * NEED_OWNER (the maker's name), NEED_SUMS (segments and bytes), NEED_STATE (orphans too, as they
 * are seen from here).
 *
 * list: borrowed by the rows
 * ret_rows: released by the caller with namespace_rows_release(); names stay valid until SYSTEM is
 *           closed
 * Returns 0 or a negative errno and sets *err. A namespace that may not be entered is no failure:
 * its row says why. Without a way back from one the command has to end, and change nothing.
 */
int namespace_rows_read(struct system *system, const struct ipc_namespace_list *list,
                        unsigned needs, struct namespace_rows *ret_rows, struct error *err);

void namespace_rows_release(struct namespace_rows *rows);

#define CLEANUP_NAMESPACE_ROWS __attribute__((cleanup(namespace_rows_release)))

#endif
