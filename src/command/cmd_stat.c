/*
 * stat: all that can be known of segments, in words, a block each.
 */
#include "base/cleanup.h"
#include "command/inspect.h"
#include "command/options.h"
#include "kernel/credentials.h"
#include "view/segment_block.h"

enum { OPTION_JSON = OPTION_OWN };

static const struct option_spec own_options[] = {
    {OPTION_JSON, 0, "json", NULL, "one JSON document"},
};

static const struct option_group own_group = {
    .title = "Output",
    .options = own_options,
    .count = sizeof(own_options) / sizeof(own_options[0]),
};

/* A run of stat. */
struct portrait {
    struct inspection inspection;
    struct column_format format;
    struct credentials credentials; /* only of the live system */
    bool json;
};

static int take_option(void *arg, int id, const char *word, struct error *err)
{
    struct portrait *portrait = arg;
    struct inspection *inspection = &portrait->inspection;

    if (id == OPTION_JSON) {
        portrait->json = true;
        return 0;
    }
    return options_select(&inspection->selection, &inspection->context->system, id, word, err);
}

static int take_operand(void *arg, const char *word, struct error *err)
{
    struct portrait *portrait = arg;

    return selection_add_word(&portrait->inspection.selection, word, err);
}

static void put_separator(const struct portrait *portrait, size_t position, struct strbuf *out)
{
    if (portrait->json)
        strbuf_puts(out, position > 0 ? ",\n" : "\n");
    else if (position > 0)
        strbuf_putc(out, '\n');
}

/*
 * One segment at a time, so that many need no more memory than one. Returns whether some of their
 * attachments were not found.
 */
static bool write_all(const struct portrait *portrait)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const struct inspection *inspection = &portrait->inspection;
    FILE *out = inspection->context->out;
    size_t count = inspection->segments.count;
    bool missing = false;

    if (portrait->json)
        fputs("{\"schema\": 1, \"segments\": [", out);
    for (size_t i = 0; i < count && !ferror(out); i++) {
        struct explained explained = explain_begin(
            &inspection->context->system, &inspection->segments.items[i], &inspection->attachments);

        if (inspection->context->system.procfs.live)
            explained.credentials = &portrait->credentials;
        missing = missing || explain_maps_found(&explained) < explained.segment->nattch;
        strbuf_reset(&text);
        put_separator(portrait, i, &text);
        if (portrait->json)
            segment_block_put_json(&text, &explained, &portrait->format);
        else
            segment_block_put(&text, &explained, &portrait->format);
        fwrite(strbuf_string(&text), 1, text.length, out);
    }
    if (portrait->json)
        fputs(count > 0 ? "\n]}\n" : "]}\n", out);
    return missing;
}

static int portray(struct portrait *portrait)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct inspection *inspection = &portrait->inspection;
    const struct procfs *procfs = &inspection->context->system.procfs;
    int r = procfs->live ? credentials_read(procfs, &portrait->credentials, &err) : 0;

    if (r == 0)
        r = inspect(inspection, &err);
    if (r < 0)
        return context_fail(inspection->context, &err, STATUS_UNREADABLE);
    if (write_all(portrait))
        inspect_warn_unreadable(inspection);
    return inspection->incomplete ? STATUS_FAILED : STATUS_DONE;
}

extern const struct command command_stat;

static int run_stat(struct context *context, int argc, char **argv)
{
    struct portrait portrait = {
        .inspection = {.context = context},
        .format = {.system = &context->system, .now = pids_clock(context->system.pids)->now},
    };
    const struct option_taker taker = {take_option, take_operand, &portrait};
    int status;
    int r = options_parse(context, &command_stat, argc, argv, &taker);

    if (r < 0)
        status = STATUS_USAGE;
    else if (r == OPTIONS_HELP)
        status = STATUS_DONE;
    else
        status = portray(&portrait);
    inspect_release(&portrait.inspection);
    credentials_release(&portrait.credentials);
    return status;
}

const struct command command_stat = {
    .name = "stat",
    .synopsis = {"[OPTION]... [ID]..."},
    .summary = "show all that can be known of segments, in words",
    .groups = {&selection_group, &own_group},
    .run = run_stat,
};
