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

/*
 * Calls SHOW, which reads and writes what there is in an IPC namespace and returns an exit status:
 * once, or with -A in each, after it has entered that and written which it is. Says which could not
 * be entered. Returns the highest status.
 *
 * json: with -A SHOW appends the members of an object, of which this is the first, and its end; the
 *       rest of the document is written here. Where it returns STATUS_UNREADABLE it has written
 *       nothing, and the member is null. NULL: what it writes is text
 */
int where_each(struct context *context, const char *json,
               int (*show)(struct context *context, void *arg), void *arg);

/* One line for all namespaces that could not be entered, with the reason that the first one has. */
void where_warn_refused(struct context *context, const struct complaint_list *refused);

/*
 * Says of what was not found of all namespaces: their processes could not be read, and why. Returns
 * whether descriptors were too few, which is a failure: others would have been found with more.
 */
bool where_warn_incomplete(struct context *context, const struct ipc_namespace_list *list);

/*
 * For what changes segments: those of a namespace that only a process of its own may enter cannot
 * be reached. WHAT: what cannot be done, "a segment cannot be made". Returns 0, or -EINVAL and sets
 * *err, where the context's is such a one.
 */
int where_require_direct(const struct context *context, const char *what, struct error *err);

void where_close(struct context *context);

#endif
