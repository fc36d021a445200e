/*
 * set: changes owner, group, permissions and lock of segments, by the rules of rm.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "command/batch.h"
#include "command/selecting.h"
#include "command/where.h"

/* A command line of set. */
struct set {
    struct batch batch;
    struct change change;
};

/* Letters of chmod and ipcs. */
static const struct option_habit set_habits[] = {
    {'m', "ids need no option here", "set NAME=VALUE", "ID"},
    {'M', "keys are named by --key", "set NAME=VALUE --key", "KEY"},
    {'a', "all segments are named by --all", "set NAME=VALUE --all", NULL},
    {'f', "ids go without a question, and the rest with --yes", "set --yes NAME=VALUE", NULL},
    {'n', "what would be changed is shown with --dry-run", "set --dry-run NAME=VALUE ID", NULL},
    {'p', "permissions are written perms=", "set perms=640 ID", NULL},
    {0, NULL, NULL, NULL},
};

/* NAME=VALUE, an id or "-". */
static int take_set_operand(const struct option_use *use, struct error *err)
{
    struct set *set = use->place;
    struct change *change = &set->change;
    struct names *names = use->context->system.names;
    CLEANUP_ERROR struct error wrong = ERROR_INIT;
    enum change_name name;
    int r;

    if (!strchr(use->word, '=') && !change_is_name(use->word))
        return batch_operand(use, err); /* the place is its batch, too */
    r = change_parse(change, use->word, &name, err);
    if (r < 0)
        return r;
    if (name == CHANGE_OWNER)
        r = names_find_user(names, change->values[name], &change->uid, &wrong);
    else if (name == CHANGE_GROUP)
        r = names_find_group(names, change->values[name], &change->gid, &wrong);
    return r < 0 ? error_set(err, -r, "%s=: %s", change_name(name), wrong.text) : 0;
}

static int check_set(struct context *context, void *args, struct error *err)
{
    struct set *set = args;
    int r;

    if (change_is_empty(&set->change))
        return error_set(err, EINVAL,
                         "nothing to set: owner=USER, group=GROUP, perms=MODE, locked=yes or "
                         "locked=no");
    r = where_require_direct(context, "a segment cannot be changed", err);
    if (r < 0)
        return r;
    set->change.umask = umask(0);
    umask(set->change.umask);
    set->batch.plan.change = &set->change;
    return batch_check(context, &set->batch, err);
}

const struct command command_set = {
    .name = "set",
    .synopsis = {"NAME=VALUE... [OPTION]... ID...", "NAME=VALUE... [OPTION]... SELECTION...",
                 "NAME=VALUE... [OPTION]... --all", "NAME=VALUE... [OPTION]... [-] < IDS"},
    .summary = "change owner, group, permissions or lock of segments",
    .details = "  owner=USER        a name or a uid\n"
               "  group=GROUP       a name or a gid\n"
               "  perms=MODE        octal, or as chmod takes them: 640, u+w,o=\n"
               "  locked=yes|no     whether its pages stay in memory, and are never swapped out\n"
               "\n"
               "As with rm, ids and segments named by a key that is not 0 are changed without a\n"
               "question, and anything else only after it.",
    .flags = COMMAND_CHANGES,
    .groups = {{&batch_group, offsetof(struct set, batch)},
               {&selection_group, offsetof(struct set, batch.selection)}},
    .habits = set_habits,
    .operand = {0, take_set_operand},
    .examples = {{"set perms=640 group=staff 1867776", "let a group read a segment"},
                 {"set owner=zc --owner 4711", "show what a user left, ask, and give it away"}},
    .size = sizeof(struct set),
    .check = check_set,
    .run = batch_run,
    .release = batch_release,
};
