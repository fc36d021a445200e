/*
 * ls: lists segments, as a table or for programs.
 *
 * Nothing is kept in memory unless the rows are sorted or drawn as a table.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "action/select.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "command/command.h"
#include "command/options.h"
#include "view/segment_columns.h"
#include "view/writer.h"

enum {
    OPTION_LONG = OPTION_OWN,
    OPTION_COLUMNS,
    OPTION_SORT,
    OPTION_HUMAN,
    OPTION_NUMERIC,
    OPTION_TIME,
    OPTION_NO_HEADER,
    OPTION_QUIET,
    OPTION_JSON,
    OPTION_NDJSON,
    OPTION_CSV,
    OPTION_FAIL_IF_NONE,
};

static const struct option_spec own_options[] = {
    {OPTION_LONG, 'l', "long", NULL, "add state cpid lpid rss swap ctime command"},
    {OPTION_COLUMNS, 'c', "columns", "LIST", "exactly these; +LIST adds to the default"},
    {OPTION_SORT, 0, "sort", "[-]COL[,...]", "sort by value; - descending"},
    {OPTION_HUMAN, 'H', "human", NULL, "sizes as 1.5M"},
    {OPTION_NUMERIC, 'n', "numeric", NULL, "uids and gids instead of names"},
    {OPTION_TIME, 0, "time", "FORM", "times as iso (default), epoch or age"},
    {OPTION_NO_HEADER, 0, "no-header", NULL, "no header line"},
    {OPTION_QUIET, 'q', "quiet", NULL, "ids alone, one a line"},
    {OPTION_JSON, 0, "json", NULL, "one JSON document"},
    {OPTION_NDJSON, 0, "ndjson", NULL, "a JSON object a line"},
    {OPTION_CSV, 0, "csv", NULL, "comma-separated values (RFC 4180)"},
    {OPTION_FAIL_IF_NONE, 0, "fail-if-none", NULL, "exit 1 when nothing matched"},
};

static const struct option_group own_group = {
    .title = "Output",
    .options = own_options,
    .count = sizeof(own_options) / sizeof(own_options[0]),
};

/* A run of ls. */
struct listing {
    struct context *context;
    struct selection selection;
    struct column_format format;
    struct column_set columns;
    struct sort_order sort;
    struct writer writer;
    enum writer_form form;
    const char *form_option; /* that chose the form; NULL: the default */
    bool long_form;
    bool no_header;
    bool fail_if_none;
    const char **column_lists; /* owned array of --columns' words, in their order */
    size_t list_count;
    size_t list_capacity;
    struct segment_list kept; /* when sorted */
    size_t matched;
    bool garbage;
};

static int choose_form(struct listing *listing, enum writer_form form, const char *option,
                       struct error *err)
{
    if (listing->form_option && listing->form != form)
        return error_set(err, EINVAL, "cannot be combined with %s", listing->form_option);
    listing->form = form;
    listing->form_option = option;
    return 0;
}

static int choose_time(struct listing *listing, const char *word, struct error *err)
{
    if (strcmp(word, "iso") == 0)
        listing->format.time = TIME_ISO;
    else if (strcmp(word, "epoch") == 0)
        listing->format.time = TIME_EPOCH;
    else if (strcmp(word, "age") == 0)
        listing->format.time = TIME_AGE;
    else
        return error_set(err, EINVAL, "'%s': not a form of time (iso, epoch or age)", word);
    return 0;
}

static int add_columns(struct listing *listing, const char *list, struct error *err)
{
    struct column_set checked = COLUMN_SET_INIT;
    int r = column_set_add_list(&checked, &segment_columns, list + (*list == '+'), err);

    column_set_release(&checked);
    listing->column_lists = xgrow(listing->column_lists, listing->list_count,
                                  &listing->list_capacity, sizeof(const char *));
    listing->column_lists[listing->list_count++] = list;
    return r;
}

static int take_option(void *arg, int id, const char *word, struct error *err)
{
    struct listing *listing = arg;

    switch (id) {
    case OPTION_LONG:
        listing->long_form = true;
        return 0;
    case OPTION_COLUMNS:
        return add_columns(listing, word, err);
    case OPTION_SORT:
        return sort_order_add_list(&listing->sort, &segment_columns, word, err);
    case OPTION_HUMAN:
        listing->format.human = true;
        return 0;
    case OPTION_NUMERIC:
        listing->format.numeric = true;
        return 0;
    case OPTION_TIME:
        return choose_time(listing, word, err);
    case OPTION_NO_HEADER:
        listing->no_header = true;
        return 0;
    case OPTION_QUIET:
        return choose_form(listing, FORM_QUIET, "--quiet", err);
    case OPTION_JSON:
        return choose_form(listing, FORM_JSON, "--json", err);
    case OPTION_NDJSON:
        return choose_form(listing, FORM_NDJSON, "--ndjson", err);
    case OPTION_CSV:
        return choose_form(listing, FORM_CSV, "--csv", err);
    case OPTION_FAIL_IF_NONE:
        listing->fail_if_none = true;
        return 0;
    default:
        return options_select(&listing->selection, &listing->context->system, id, word, err);
    }
}

static int take_operand(void *arg, const char *word, struct error *err)
{
    struct listing *listing = arg;

    return selection_add_word(&listing->selection, word, err);
}

/* The columns before --columns is heard: the table's own, or all of them for programs. */
static int default_columns(struct listing *listing, struct error *err)
{
    if (listing->form != FORM_TABLE) {
        column_set_add_all(&listing->columns, &segment_columns);
        return 0;
    }
    return column_set_add_list(
        &listing->columns, &segment_columns,
        listing->long_form ? segment_columns.long_form : segment_columns.defaults, err);
}

static int choose_columns(struct listing *listing, struct error *err)
{
    int r = default_columns(listing, err);

    for (size_t i = 0; r == 0 && i < listing->list_count; i++) {
        const char *list = listing->column_lists[i];

        if (*list == '+')
            list++;
        else
            column_set_release(&listing->columns);
        r = column_set_add_list(&listing->columns, &segment_columns, list, err);
    }
    if (r == 0 && listing->form == FORM_QUIET) {
        column_set_release(&listing->columns);
        r = column_set_add_list(&listing->columns, &segment_columns, "shmid", err);
    }
    return r;
}

static int take_segment(void *arg, const struct segment *segment)
{
    struct listing *listing = arg;

    listing->matched++;
    if (listing->sort.count > 0)
        segment_list_add(&listing->kept, segment);
    else
        writer_row(&listing->writer, segment);
    /* Nobody reads any more: no reason to go on. */
    return ferror_unlocked(listing->context->out) ? -EIO : 0;
}

static void take_garbage(void *arg, const char *where, const char *text, size_t length)
{
    struct listing *listing = arg;

    listing->garbage = true;
    context_warn_garbage(listing->context, where, text, length);
}

static void write_sorted(struct listing *listing)
{
    sort_records(listing->kept.items, listing->kept.count, sizeof(struct segment), &listing->sort,
                 &listing->format);
    for (size_t i = 0; i < listing->kept.count; i++)
        writer_row(&listing->writer, &listing->kept.items[i]);
}

/* Whether rss or swap is shown or sorted by: they stand in the listing alone. */
static bool shows_usage(const struct listing *listing)
{
    const struct column *rss = column_find(&segment_columns, "rss", 3);
    const struct column *swap = column_find(&segment_columns, "swap", 4);

    for (size_t i = 0; i < listing->columns.count; i++) {
        if (listing->columns.items[i] == rss || listing->columns.items[i] == swap)
            return true;
    }
    for (size_t i = 0; i < listing->sort.count; i++) {
        if (listing->sort.items[i].column == rss || listing->sort.items[i].column == swap)
            return true;
    }
    return false;
}

static int list(struct listing *listing)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct select_sink sink = {take_segment, take_garbage, listing, !shows_usage(listing)};
    struct select_report report = {0};
    bool missing;
    int r;

    writer_begin(&listing->writer, listing->form, listing->context->out, &listing->columns,
                 &listing->format, "segments", !listing->no_header);
    r = select_segments(&listing->context->system, &listing->selection, &sink, &report, &err);
    if (r < 0 && err.text) {
        writer_abandon(&listing->writer);
        return context_fail(listing->context, &err, STATUS_UNREADABLE);
    }
    if (r == 0)
        write_sorted(listing);
    writer_end(&listing->writer);
    missing = r == 0 && options_warn_missing(listing->context, &listing->selection, &report);
    select_report_release(&report);
    return missing || listing->garbage || (listing->fail_if_none && listing->matched == 0)
               ? STATUS_FAILED
               : STATUS_DONE;
}

static void release(struct listing *listing)
{
    selection_release(&listing->selection);
    column_set_release(&listing->columns);
    sort_order_release(&listing->sort);
    segment_list_release(&listing->kept);
    free(listing->column_lists);
}

extern const struct command command_ls;

static int run_ls(struct context *context, int argc, char **argv)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct listing listing = {
        .context = context,
        .format = {.system = &context->system, .now = pids_clock(context->system.pids)->now},
    };
    const struct option_taker taker = {take_option, take_operand, &listing};
    int status;
    int r;

    r = options_parse(context, &command_ls, argc, argv, &taker);

    if (r < 0)
        status = STATUS_USAGE;
    else if (r == OPTIONS_HELP)
        status = STATUS_DONE;
    else if (choose_columns(&listing, &err) < 0)
        status = context_fail(context, &err, STATUS_USAGE);
    else
        status = list(&listing);
    release(&listing);
    return status;
}

const struct command command_ls = {
    .name = "ls",
    .synopsis = {"[OPTION]... [ID]..."},
    .summary = "list segments",
    .groups = {&selection_group, &own_group},
    .run = run_ls,
};
