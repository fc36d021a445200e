/*
 * capture: writes the tree of this machine that --sysroot reads, for a support case.
 */
#include <errno.h>

#include "action/capture.h"
#include "base/cleanup.h"
#include "command/options.h"
#include "command/protect.h"
#include "model/segment_info.h"

/* A command line of capture. */
struct capture_words {
    const char *path; /* NULL: none yet */
    bool no_arguments;
};

static const struct option_spec capture_options[] = {
    {0, "no-arguments", NULL, "command lines end after the program's name",
     offsetof(struct capture_words, no_arguments), option_flag},
};

static const struct option_group capture_group = {"Options", OPTIONS(capture_options)};

static int take_capture_path(const struct option_use *use, struct error *err)
{
    const char **path = use->place;

    if (*path || *use->word == '\0')
        return error_set(err, EINVAL, "'%s': takes one DIR, a new or empty folder", use->word);
    *path = use->word;
    return 0;
}

static int check_capture(struct context *context, void *args, struct error *err)
{
    const struct capture_words *words = args;

    if (!words->path)
        return error_set(err, EINVAL, "no DIR given: a new or empty folder");
    if (context->system.procfs.inside)
        return error_set(err, EINVAL,
                         "--namespace: that user namespace cannot be captured from outside; "
                         "nsenter --user --ipc does it");
    return 0;
}

static int run_capture(struct context *context, void *args)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct capture_words *words = args;
    bool unreadable;

    protect_read(context, NULL, NEED_PROTECTION); /* as all that shows warns of its files */
    if (capture_system(&context->system, words->path, words->no_arguments, &unreadable, &err) < 0)
        return context_fail(context, &err, unreadable ? STATUS_UNREADABLE : STATUS_FAILED);
    return STATUS_DONE;
}

const struct command command_capture = {
    .name = "capture",
    .synopsis = {"[--no-arguments] DIR"},
    .summary = "write the tree that --sysroot reads",
    .details = "Of this machine, for others to look at: the listing, limits, and what /proc\n"
               "shows of the processes that made or use segments. No memory, no environment.",
    .flags = COMMAND_CAPTURES,
    .groups = {{&capture_group, 0}},
    .operand = {offsetof(struct capture_words, path), take_capture_path},
    .examples = {{"capture bundle", "all that --sysroot bundle reads"},
                 {"capture --no-arguments bundle", "with no arguments of programs in it"}},
    .size = sizeof(struct capture_words),
    .check = check_capture,
    .run = run_capture,
};
