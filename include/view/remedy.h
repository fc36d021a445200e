/*
 * Commands that help: for which machine they are, and who may run them.
 */
#ifndef SHMTOOL_VIEW_REMEDY_H
#define SHMTOOL_VIEW_REMEDY_H

#include <stddef.h>
#include <stdint.h>

#include "action/inventory.h"
#include "base/strbuf.h"

/*
 * Appends "on that machine: " where a saved tree was read: a command that helps there would act on
 * another machine here. Nothing for the live system.
 */
void remedy_begin(struct strbuf *out, const struct inventory *inventory);

/*
 * Appends "shmtool rm ARGUMENTS", and before it who else must run it where this process may not
 * remove all ROWS: "as root: ", or "as zc or root: " where one user may too.
 */
void remedy_remove(struct strbuf *out, const struct inventory *inventory,
                   const struct segment_info *const *rows, size_t count, const char *arguments);

/* Appends "as root: " where this process may not set limits, or it is not known whether it may. */
void remedy_as_root(struct strbuf *out, const struct inventory *inventory);

/* Appends "shmtool limits --set NAME=VALUE", and before it who must run it. */
void remedy_set_limit(struct strbuf *out, const struct inventory *inventory, enum limit_id id,
                      uint64_t value);

/* "root", or what root lacks where this process is root and still may not. */
const char *remedy_root(const struct inventory *inventory);

#endif
