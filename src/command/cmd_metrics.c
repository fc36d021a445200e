/*
 * metrics: numbers for a monitoring system.
 */
#include <errno.h>

#include "command/incomplete.h"
#include "command/protect.h"
#include "kernel/replace_file.h"
#include "view/metrics_report.h"

/* A command line of metrics. */
struct metrics {
    const struct column *label; /* NULL: none */
    const char *textfile;       /* NULL: standard output */
};

static int take_label(const struct option_use *use, struct error *err)
{
    return metrics_find_label(use->word, use->place, err);
}

static int take_textfile(const struct option_use *use, struct error *err)
{
    *(const char **)use->place = use->word;
    return *use->word ? 0 : error_set(err, EINVAL, "'': names no file");
}

static const struct option_spec metrics_options[] = {
    {0, "by", "WORD", "by owner, container or program: the 20 largest",
     offsetof(struct metrics, label), take_label},
    {0, "textfile", "FILE", "replace FILE, NAME.prom for node_exporter",
     offsetof(struct metrics, textfile), take_textfile},
};

static const struct option_group metrics_group = {"Options", OPTIONS(metrics_options)};

/* Returns an exit status. Numbers that lack lines must not look as if they were all. */
static int write_metrics(struct context *context, const struct metrics *metrics,
                         const struct strbuf *text, bool incomplete)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;

    if (!metrics->textfile) {
        context_write(context, text);
        return incomplete ? STATUS_FAILED : STATUS_DONE;
    }
    if (incomplete) {
        context_warn(context, "%s: left as it is, as not all was read or understood",
                     metrics->textfile);
        return STATUS_FAILED;
    }
    if (file_replace(metrics->textfile, text, &err) < 0)
        return context_fail(context, &err, STATUS_FAILED);
    return STATUS_DONE;
}

/* Says of which namespaces there are no limits. */
static void warn_without_limits(struct context *context, const struct inventory *inventory)
{
    const struct namespace_limits *first = NULL;
    size_t count = 0;

    for (size_t i = 0; i < inventory->each_limits_count; i++) {
        if (!inventory->each_limits[i].error.text)
            continue;
        first = first ? first : &inventory->each_limits[i];
        count++;
    }
    if (first)
        context_warn(context, "%s; there are no metrics of limits of %llu%s", first->error.text,
                     (unsigned long long)first->number, count > 1 ? " and others" : "");
    else if (inventory->limits_error.text && inventory->each_limits_count == 0)
        context_warn(context, "%s; there are no metrics of limits", inventory->limits_error.text);
}

static int run_metrics(struct context *context, void *args)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_INVENTORY struct inventory inventory = {0};
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const struct metrics *metrics = args;
    unsigned needs = metrics_needs(metrics->label);
    bool incomplete;

    protect_read(context, NULL, needs); /* labels are programs, too */
    if (inventory_read(&context->system, NULL, needs, &inventory, &err) < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    metrics_report(&text, &inventory, metrics->label, context->where.all_namespaces);
    warn_without_limits(context, &inventory);
    incomplete = context_warn_unparsed(context, &inventory.unparsed);
    incomplete |= incomplete_warn_inventory(context, NULL, &inventory);
    return write_metrics(context, metrics, &text, incomplete);
}

const struct command command_metrics = {
    .name = "metrics",
    .synopsis = {"[--by WORD] [--textfile FILE]"},
    .summary = "print numbers for a monitoring system",
    .details = "OpenMetrics text, which Prometheus reads. A file is replaced as a whole, and\n"
               "left as it is where that fails.",
    .flags = COMMAND_EVERYWHERE,
    .groups = {{&metrics_group, 0}},
    .examples = {{"metrics --by owner", "who has how much, in which state"},
                 {"metrics --textfile /var/lib/node_exporter/shmtool.prom",
                  "for the textfile collector of node_exporter"}},
    .size = sizeof(struct metrics),
    .run = run_metrics,
};
