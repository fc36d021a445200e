/*
 * Commands that mend something: for which machine they are, and who may carry them out.
 */
#ifndef SHMTOOL_VIEW_ADVICE_H
#define SHMTOOL_VIEW_ADVICE_H

#include "base/strbuf.h"
#include "kernel/system.h"
#include "model/segment.h"
#include "model/shmget.h"

/*
 * Appends "on that machine: " where a saved tree was looked at: a command that mends what is wrong
 * there would act on another machine here. Nothing for the live system.
 */
void advice_begin(struct strbuf *out, const struct system *system);

/*
 * Appends who else must remove these segments where CALLER may not remove them all: "as root: ",
 * or "as zc or root: " where one user may too. CALLER is NULL where it is not known: nothing.
 */
void advice_remove(struct strbuf *out, struct system *system, const struct credentials *credentials,
                   const struct segment_list *segments);

/* Appends "as root: " where CALLER, NULL where it is not known, may not set limits. */
void advice_set_limits(struct strbuf *out, const struct credentials *credentials);

/* "root", or what root lacks where CALLER is root and still may not. */
const char *advice_root(const struct credentials *credentials);

#endif
