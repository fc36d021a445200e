/*
 * Why a segment could not be made, and what helps, as doctor says it.
 */
#ifndef SHMTOOL_COMMAND_EXPLAIN_H
#define SHMTOOL_COMMAND_EXPLAIN_H

#include "command/command.h"
#include "model/shmget.h"

/*
 * Says why shmget has failed.
 *
 * whose: what each line begins with: "", or "5: "
 * code: positive errno
 * Returns an exit status.
 */
int explain_shmget(struct context *context, const char *whose, const struct shmget_request *request,
                   int code);

/* Says what helps where kernel.shm_rmid_forced is set. Returns an exit status. */
int explain_forced(struct context *context);

#endif
