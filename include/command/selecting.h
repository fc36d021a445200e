/*
 * The options that select segments, of every command that has segments.
 */
#ifndef SHMTOOL_COMMAND_SELECTING_H
#define SHMTOOL_COMMAND_SELECTING_H

#include "command/command.h"

/* The options that select segments; the group's struct is a struct selection. */
extern const struct option_group selection_group;

#endif
