/*
 * stat: all that can be known of segments, in words, a block each.
 */
#include <stdio.h>

#include "action/inventory_settled.h"
#include "command/incomplete.h"
#include "command/options.h"
#include "command/protect.h"
#include "command/selecting.h"
#include "view/segment_report.h"

/* A command line of stat. */
struct stat_args {
    struct selection selection;
    bool json;
};

static const struct option_spec stat_options[] = {
    {0, "json", NULL, "one JSON document", offsetof(struct stat_args, json), option_flag},
};

static const struct option_group stat_group = {"Output", OPTIONS(stat_options)};

/* One segment at a time, so that the text of many needs no more memory than that of one. */
static void write_reports(struct context *context, const struct stat_args *args,
                          const struct inventory *inventory)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const struct column_format format = {.now = inventory->clock.now,
                                         .host = context_host(context)};

    if (args->json) {
        context_put_head(context, &text);
        strbuf_puts(&text, "\"segments\": [");
        context_write(context, &text);
    }
    for (size_t i = 0; i < inventory->count && !ferror(context->out); i++) {
        strbuf_reset(&text);
        if (args->json) {
            strbuf_puts(&text, i > 0 ? ",\n" : "\n");
            segment_report_json(&text, &inventory->rows[i], inventory, &format);
        } else {
            strbuf_puts(&text, i > 0 ? "\n" : "");
            segment_report_text(&text, &inventory->rows[i], inventory, &format);
        }
        context_write(context, &text);
    }
    if (args->json)
        fputs(inventory->count > 0 ? "\n]}\n" : "]}\n", context->out);
}

static int run_stat(struct context *context, void *args)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_INVENTORY struct inventory inventory = {0};
    struct stat_args *stat = args;
    bool incomplete;
    int status;

    status = protect_read(context, &stat->selection, segment_report_needs());
    if (status != STATUS_DONE)
        return status;
    if (inventory_read_settled(&context->system, &stat->selection, segment_report_needs(),
                               &inventory, &err) < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    incomplete = context_warn_unparsed(context, &inventory.unparsed);
    incomplete |= incomplete_warn_inventory(context, &stat->selection, &inventory);
    write_reports(context, stat, &inventory);
    /* There is no header line, as ls has one, that would show that it has looked. */
    if (inventory.count == 0 && !stat->json && !incomplete)
        context_warn(context, "no segment matched");
    if (inventory_unseen(&inventory) > 0)
        incomplete_warn_unreadable(context, &inventory);
    return incomplete ? STATUS_FAILED : STATUS_DONE;
}

static void release_stat(void *args)
{
    struct stat_args *stat = args;

    selection_release(&stat->selection);
}

/* Letters of ipcs. */
static const struct option_habit stat_habits[] = {
    {'m', "ids need no option here", "stat", "ID"},
    {'i', "ids need no option here", "stat", "ID"},
    {0, NULL, NULL, NULL},
};

const struct command command_stat = {
    .name = "stat",
    .synopsis = {"[OPTION]... [ID]..."},
    .summary = "show all that can be known of segments, in words",
    .flags = COMMAND_EVERYWHERE,
    .groups = {{&stat_group, 0}, {&selection_group, offsetof(struct stat_args, selection)}},
    .habits = stat_habits,
    .operand = {offsetof(struct stat_args, selection), option_id},
    .examples = {{"stat 1867776", "all about one segment, and what rm would do"},
                 {"stat --orphan --owner zc", "why each of these is an orphan"}},
    .size = sizeof(struct stat_args),
    .run = run_stat,
    .release = release_stat,
};
