/*
 * What run says on standard error: why calls of shmget fail, and what the program left.
 */
#ifndef SHMTOOL_COMMAND_RUN_MESSAGES_H
#define SHMTOOL_COMMAND_RUN_MESSAGES_H

#include <stdbool.h>

#include "action/supervise.h"
#include "command/command.h"

/* What was asked for, as far as messages depend on it. */
struct run_choice {
    bool verbose;
    bool isolate;
    bool keep;
};

/*
 * An explain_hook: says why a call of the process PID, which waits, fails, and what helps.
 * arg: the struct context
 */
void run_say_explanation(void *arg, pid_t pid, const struct shmget_diagnosis *diagnosis);

/*
 * Says, where it is due, how often calls failed that were explained, what became of the program's
 * segments, which ones stay and why, and which descendants live on.
 */
void run_say_left(struct context *context, const struct run_choice *choice,
                  const struct supervise_result *result);

#endif
