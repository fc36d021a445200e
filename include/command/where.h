/*
 * Where to look: the options --sysroot, -N and -A, which stand before the command or among its
 * options, and the system that is opened for them.
 */
#ifndef SHMTOOL_COMMAND_WHERE_H
#define SHMTOOL_COMMAND_WHERE_H

#include "command/command.h"

/* The three options; the group's struct is a struct where. */
extern const struct option_group where_group;

/*
 * Opens the system that the options name, in the IPC namespace that they name, for the context's
 * command. Returns STATUS_DONE, and then where_close() is due; or another exit status after a
 * message.
 */
int where_open(struct context *context);

void where_close(struct context *context);

#endif
