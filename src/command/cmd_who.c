/*
 * who: lists the processes that have segments attached.
 *
 * Segments come in kernel order, the processes of each by their numbers.
 */
#include <errno.h>

#include "base/cleanup.h"
#include "command/inspect.h"
#include "command/options.h"
#include "view/attachment_columns.h"
#include "view/writer.h"

enum { OPTION_QUIET = OPTION_OWN, OPTION_JSON };

static const struct option_spec own_options[] = {
    {OPTION_QUIET, 'q', "quiet", NULL, "pids alone, each once, one a line"},
    {OPTION_JSON, 0, "json", NULL, "one JSON document"},
};

static const struct option_group own_group = {
    .title = "Output",
    .options = own_options,
    .count = sizeof(own_options) / sizeof(own_options[0]),
};

/* A run of who. */
struct enquiry {
    struct inspection inspection;
    struct column_format format;
    struct column_set columns;
    enum writer_form form;
};

static int choose_form(struct enquiry *enquiry, enum writer_form form, struct error *err)
{
    if (enquiry->form != FORM_TABLE && enquiry->form != form)
        return error_set(err, EINVAL, "cannot be combined with %s",
                         form == FORM_JSON ? "--quiet" : "--json");
    enquiry->form = form;
    return 0;
}

static int take_option(void *arg, int id, const char *word, struct error *err)
{
    struct enquiry *enquiry = arg;
    struct inspection *inspection = &enquiry->inspection;

    switch (id) {
    case OPTION_QUIET:
        return choose_form(enquiry, FORM_QUIET, err);
    case OPTION_JSON:
        return choose_form(enquiry, FORM_JSON, err);
    default:
        return options_select(&inspection->selection, &inspection->context->system, id, word, err);
    }
}

static int take_operand(void *arg, const char *word, struct error *err)
{
    struct enquiry *enquiry = arg;

    return selection_add_word(&enquiry->inspection.selection, word, err);
}

static void choose_columns(struct enquiry *enquiry)
{
    if (enquiry->form == FORM_JSON)
        column_set_add_all(&enquiry->columns, &attachment_columns);
    else
        column_set_add_list(&enquiry->columns, &attachment_columns,
                            enquiry->form == FORM_QUIET ? "pid" : attachment_columns.defaults,
                            NULL);
}

/* Writes the processes of one segment; in the quiet form those that were not met before. */
static void write_rows(const struct enquiry *enquiry, struct writer *writer,
                       const struct segment *segment, struct idset *met)
{
    size_t count;
    const struct attachment *found =
        attachment_list_find(&enquiry->inspection.attachments, segment->shmid, &count);

    for (size_t i = 0; i < count; i++) {
        const struct attachment_row row = {&found[i], segment};

        if (enquiry->form != FORM_QUIET || idset_add(met, (int)found[i].pid))
            writer_row(writer, &row);
    }
}

static void write_all(const struct enquiry *enquiry)
{
    CLEANUP_IDSET struct idset met = IDSET_INIT;
    const struct segment_list *segments = &enquiry->inspection.segments;
    struct writer writer;

    writer_begin(&writer, enquiry->form, enquiry->inspection.context->out, &enquiry->columns,
                 &enquiry->format, "attachments", true);
    writer_set_count(&writer, "unreadable", enquiry->inspection.attachments.unreadable);
    for (size_t i = 0; i < segments->count; i++)
        write_rows(enquiry, &writer, &segments->items[i], &met);
    writer_end(&writer);
}

/* A saved tree may hold a few processes, or none: what nattch counts tells that some are missing.
 */
static void warn_missing(const struct inspection *inspection)
{
    const struct segment_list *segments = &inspection->segments;
    uint64_t missing = 0;

    for (size_t i = 0; i < segments->count; i++) {
        size_t count;
        const struct attachment *found =
            attachment_list_find(&inspection->attachments, segments->items[i].shmid, &count);
        uint64_t maps = 0;

        for (size_t j = 0; j < count; j++)
            maps += found[j].maps;
        if (maps < segments->items[i].nattch)
            missing += segments->items[i].nattch - maps;
    }
    if (missing > 0)
        context_warn(inspection->context,
                     "%llu attachment%s in processes that the saved tree does not show",
                     (unsigned long long)missing, missing == 1 ? " is" : "s are");
}

static int enquire(struct enquiry *enquiry)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct inspection *inspection = &enquiry->inspection;

    if (inspect(inspection, &err) < 0)
        return context_fail(inspection->context, &err, STATUS_UNREADABLE);
    choose_columns(enquiry);
    write_all(enquiry);
    inspect_warn_unreadable(inspection);
    if (!inspection->context->system.procfs.live && inspection->attachments.unreadable == 0 &&
        !inspection->attachments.hidden)
        warn_missing(inspection);
    if (!pids_are_ours(inspection->context->system.pids))
        context_warn(inspection->context,
                     "/proc is that of another PID namespace: these numbers are not for kill");
    return inspection->incomplete ? STATUS_FAILED : STATUS_DONE;
}

extern const struct command command_who;

static int run_who(struct context *context, int argc, char **argv)
{
    struct enquiry enquiry = {
        .inspection = {.context = context},
        .format = {.system = &context->system},
    };
    const struct option_taker taker = {take_option, take_operand, &enquiry};
    int status;
    int r = options_parse(context, &command_who, argc, argv, &taker);

    if (r < 0)
        status = STATUS_USAGE;
    else if (r == OPTIONS_HELP)
        status = STATUS_DONE;
    else
        status = enquire(&enquiry);
    column_set_release(&enquiry.columns);
    inspect_release(&enquiry.inspection);
    return status;
}

const struct command command_who = {
    .name = "who",
    .synopsis = {"[OPTION]... [ID]..."},
    .summary = "list the processes that have segments attached",
    .groups = {&selection_group, &own_group},
    .run = run_who,
};
