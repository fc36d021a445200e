/*
 * What who and stat begin with: the segments that are meant, and who has them attached.
 */
#ifndef SHMTOOL_COMMAND_INSPECT_H
#define SHMTOOL_COMMAND_INSPECT_H

#include <stdbool.h>

#include "command/command.h"
#include "kernel/attach.h"
#include "model/selection.h"

struct inspection {
    struct context *context;
    struct selection selection;
    struct segment_list segments; /* in kernel order */
    struct attachment_list attachments;
    bool incomplete; /* an id does not exist, or a line was not understood; messages were given */
};

/*
 * Reads the segments that the selection means, then every process.
 * Returns 0, or a negative errno with words in ERR when either cannot be read.
 */
int inspect(struct inspection *inspection, struct error *err);

/* Says in one line on standard error how many processes could not be read, if any. */
void inspect_warn_unreadable(const struct inspection *inspection);

void inspect_release(struct inspection *inspection);

#endif
