/*
 * rm: removes segments that were named, or, after a question, all that options select.
 */
#include <errno.h>

#include "command/batch.h"
#include "command/selecting.h"

static int take_save_path(const struct option_use *use, struct error *err)
{
    if (*use->word == '\0')
        return error_set(err, EINVAL, "'': not the name of a folder");
    *(const char **)use->place = use->word;
    return 0;
}

static const struct option_spec rm_options[] = {
    {0, "save", "DIR", "write each there before it goes: see restore",
     offsetof(struct batch, save_path), take_save_path},
};

static const struct option_group rm_group = {"Removing", OPTIONS(rm_options)};

/* Letters of ipcrm, and of rm. */
static const struct option_habit rm_habits[] = {
    {'m', "ids need no option here", "rm", "ID"},
    {'M', "keys are named by --key", "rm --key", "KEY"},
    {'a', "all segments are named by --all", "rm --all", NULL},
    {'f', "ids go without a question, and the rest with --yes", "rm --yes", NULL},
    {'n', "what would be removed is shown with --dry-run", "rm --dry-run", NULL},
    {0, NULL, NULL, NULL},
};

static int check_rm(struct context *context, void *args, struct error *err)
{
    const struct batch *batch = args;

    if (batch->save_path && context->system.procfs.inside)
        return error_set(err, EINVAL,
                         "--save: with --namespace a segment cannot be read from outside of that "
                         "user namespace; nsenter --user --ipc does it");
    return batch_check(context, args, err);
}

const struct command command_rm = {
    .name = "rm",
    .synopsis = {"[OPTION]... ID...", "[OPTION]... SELECTION...", "[OPTION]... --all",
                 "[OPTION]... [-] < IDS"},
    .summary = "remove segments",
    .details = "Ids, and segments named by a key that is not 0, are removed without a question.\n"
               "For anything else, a range of keys too, rm shows what it is about to remove and\n"
               "asks; only 'yes' removes.",
    .flags = COMMAND_CHANGES | COMMAND_EVERYWHERE,
    .groups = {{&rm_group, 0},
               {&batch_group, 0},
               {&selection_group, offsetof(struct batch, selection)}},
    .habits = rm_habits,
    .operand = {0, batch_operand},
    .examples = {{"rm 1867776", "remove one segment, without a question"},
                 {"rm --owner zc --orphan --older-than 1h", "show these, ask, and remove"}},
    .size = sizeof(struct batch),
    .check = check_rm,
    .run = batch_run,
    .release = batch_release,
};
