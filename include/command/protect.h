/*
 * What shmtool.conf(5) protects: read by the same tables of options as a command line.
 */
#ifndef SHMTOOL_COMMAND_PROTECT_H
#define SHMTOOL_COMMAND_PROTECT_H

#include "command/command.h"
#include "model/selection.h"

/*
 * For what only shows: reads the configuration into the context's system, if NEEDS or SELECTION
 * (NULL: none) needs it, and warns of the first file or line that cannot be used. Returns what
 * protect_check_programs() does.
 */
int protect_read(struct context *context, const struct selection *selection, unsigned needs);

/*
 * Checks the names of SELECTION's --program, which are of the table of programs or what labels of
 * the configuration, read before, call one. Returns STATUS_DONE, or STATUS_USAGE after a message.
 */
int protect_check_programs(struct context *context, const struct selection *selection);

/*
 * For what changes: reads it, again where it was read before. Returns STATUS_DONE, or
 * STATUS_UNREADABLE after naming the first file or line that cannot be used, and what was UNDONE
 * ("nothing was removed").
 */
int protect_require(struct context *context, const char *undone);

/*
 * For what takes its time between that and a change: reads it again, and warns where it cannot be
 * used any more. ARG: the context.
 */
void protect_refresh(void *arg);

#endif
