/*
 * Writing the tree of this machine that --sysroot reads, and nothing more.
 *
 * What belongs into it is not listed anywhere: the readers of saved trees are run on the tree, and
 * whatever they look for is copied, until they look for nothing that is not there.
 */
#ifndef SHMTOOL_ACTION_CAPTURE_H
#define SHMTOOL_ACTION_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct system;

/*
 * Captures SYSTEM, the live one, into the folder at PATH (kernel/saved_tree).
 *
 * without_arguments: command lines end after the program's name
 * ret_unreadable: the segments cannot be read, and nothing was written
 * Returns 0, or a negative errno and sets *err: then, or where the tree cannot be written. What
 * could not be read of a process is left out, as its readers leave it out.
 */
int capture_system(struct system *system, const char *path, bool without_arguments,
                   bool *ret_unreadable, struct error *err);

#endif
