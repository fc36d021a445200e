/*
 * What may come of the command run.
 *
 * A program that was started ends as it does without a fault, and its status is the run's. One that
 * was not is a failure with a message. Segments that are left are a matter for one too.
 *
 * Running out of memory is the end at any moment: a program that runs goes on alone, and what it
 * makes stays.
 */
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../helpers/helper.h"
#include "faults.h"

/* Whether the status says that the program was not started. */
static bool says_not_started(int status)
{
    return status == 1 || status == 4 || status == 126 || status == 127;
}

/* An ending as a shell sees it: where a call fails, 128 + N may stand for signal N. */
static int shell_status(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

const char *judge_program(const struct fault *fault, const struct outcome *outcome,
                          const struct outcome *reference, int left)
{
    bool started = outcome->out[0] != '\0';
    /* There is no other way to say something. */
    bool may_be_silent = fault->call == SYS_write;
    int status = shell_status(outcome->status);

    if (status == 1 && strstr(outcome->err, "out of memory"))
        return left < 0 ? "it removed what was not the program's" : NULL;
    if (outcome->left_children)
        return "it did not wait for its program";
    if (started && status != shell_status(reference->status))
        return "the program's status got lost";
    if (!started && !says_not_started(status))
        return "the program was not started, and the status does not say so";
    if (left < 0)
        return "it removed what was not the program's";
    if (left > 0 && !outcome->err[0] && !may_be_silent)
        return "the program's segments are left without a word";
    /* What a shell's statuses say needs no words where those got lost. */
    if (!started && !outcome->err[0] && !may_be_silent && status < 126)
        return "it failed without a word";
    return NULL;
}
