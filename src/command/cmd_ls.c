/*
 * ls: lists segments, as a table or for programs.
 */
#include <stdio.h>

#include "command/incomplete.h"
#include "command/options.h"
#include "command/output.h"
#include "command/protect.h"
#include "command/selecting.h"
#include "view/columns.h"

/* A command line of ls. */
struct ls {
    struct selection selection;
    struct output_options output;
    bool long_form;
    bool fail_if_none;
};

static const struct option_spec ls_options[] = {
    {'l', "long", NULL, "add state cpid lpid rss swap ctime unit command",
     offsetof(struct ls, long_form), option_flag},
    {0, "fail-if-none", NULL, "exit 1 when nothing matched", offsetof(struct ls, fail_if_none),
     option_flag},
};

static const struct option_group ls_group = {"Listing", OPTIONS(ls_options)};

/* Letters of ipcs. */
static const struct option_habit ls_habits[] = {
    {'m', NULL, NULL, NULL},
    {'a', "all that ls lists is shared memory", "ls", NULL},
    {'i', "all of one segment is shown by stat", "stat", "ID"},
    {'p', "the pids of creator and last user are columns", "ls -c +cpid,lpid", NULL},
    {'t', "times are columns", "ls -c +atime,dtime,ctime", NULL},
    {'J', "JSON is an option", "ls --json", NULL},
    {'u', "what is in use, and of how much, is shown by limits", "limits", NULL},
    {0, NULL, NULL, NULL},
};

/* A listing that is being written. */
struct listing {
    struct output_options *output;
    struct context *context;
    struct writer writer;
    bool begun;
    bool any; /* rows */
};

/* Writes the inventory's rows; first, if need be, what stands before them. */
static void put_rows(void *arg, const struct inventory *inventory)
{
    struct listing *listing = arg;

    if (!listing->begun)
        output_begin(listing->output, listing->context, inventory->clock.now, &listing->writer);
    listing->begun = true;
    listing->any = listing->any || inventory->count > 0;
    /* When nobody reads any more, there is no reason to go on. */
    for (size_t i = 0; i < inventory->count && !ferror_unlocked(listing->context->out); i++)
        writer_row(&listing->writer, &inventory->rows[i]);
}

static int run_ls(struct context *context, void *args)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_INVENTORY struct inventory inventory = {0};
    struct ls *ls = args;
    struct listing listing = {.output = &ls->output, .context = context};
    const struct row_handler handler = {put_rows, &listing};
    /* A document or a table is written as a whole, or not at all. */
    bool by_parts =
        ls->output.sort.count == 0 && ls->output.form != FORM_JSON && ls->output.form != FORM_TABLE;
    unsigned needs;
    bool incomplete;
    int status;

    output_choose_columns(&ls->output, context, NULL,
                          ls->long_form ? segment_columns.long_form : NULL);
    needs = output_needs(&ls->output);
    status = protect_read(context, &ls->selection, needs);
    if (status != STATUS_DONE)
        return status;
    if (inventory_read_parts(&context->system, &ls->selection, needs, by_parts ? &handler : NULL,
                             &inventory, &err) < 0) {
        if (listing.begun)
            writer_end(&listing.writer);
        return context_fail(context, &err, STATUS_UNREADABLE);
    }
    incomplete = context_warn_unparsed(context, &inventory.unparsed);
    output_sort(&ls->output, inventory.rows, inventory.count, sizeof(struct segment_info));
    put_rows(&listing, &inventory);
    writer_end(&listing.writer);
    incomplete |= incomplete_warn_inventory(context, &ls->selection, &inventory);
    return incomplete || (ls->fail_if_none && !listing.any) ? STATUS_FAILED : STATUS_DONE;
}

static void release_ls(void *args)
{
    struct ls *ls = args;

    selection_release(&ls->selection);
    output_release(&ls->output);
}

const struct command command_ls = {
    .name = "ls",
    .synopsis = {"[OPTION]... [ID]..."},
    .summary = "list segments",
    .flags = COMMAND_EVERYWHERE,
    .columns = &segment_columns,
    .groups = {{&ls_group, 0},
               {&selection_group, offsetof(struct ls, selection)},
               {&output_group, offsetof(struct ls, output)}},
    .habits = ls_habits,
    .operand = {offsetof(struct ls, selection), option_id},
    .examples = {{"ls --owner zc --sort -bytes", "the segments of zc, the largest first"},
                 {"ls --orphan --key 0 -q | shmtool rm", "remove what nobody can find any more"}},
    .size = sizeof(struct ls),
    .run = run_ls,
    .release = release_ls,
};
