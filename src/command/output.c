#include "command/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/parse.h"
#include "base/xalloc.h"
#include "command/options.h"
#include "model/segment_info.h"

/* The options that choose a form; they exclude each other. */
static const char *const form_options[] = {
    [FORM_QUIET] = "--quiet",
    [FORM_JSON] = "--json",
    [FORM_NDJSON] = "--ndjson",
    [FORM_CSV] = "--csv",
};

static int choose_form(const struct option_use *use, struct error *err)
{
    struct output_options *output = use->place;
    enum writer_form form = FORM_QUIET;

    while (strcmp(form_options[form] + 2, use->spec->name) != 0)
        form++;
    if (form == FORM_QUIET && use->context->where.all_namespaces)
        return error_set(err, EINVAL,
                         "with -A an id means another segment in each IPC namespace; -N names one");
    if (output->form != FORM_TABLE && output->form != form)
        return error_set(err, EINVAL, "cannot be combined with %s", form_options[output->form]);
    output->form = form;
    return 0;
}

static int choose_time_form(const struct option_use *use, struct error *err)
{
    static const char *const names[] = {
        [TIME_ISO] = "iso", [TIME_EPOCH] = "epoch", [TIME_AGE] = "age", [TIME_SHORT] = "short"};
    struct output_options *output = use->place;
    unsigned form = parse_name(use->word, strlen(use->word), names, TIME_SHORT + 1);

    if (form > TIME_SHORT)
        return error_set(err, EINVAL, "'%s': not a form of time (iso, epoch, age or short)",
                         use->word);
    output->format.time = form;
    output->has_time = true;
    return 0;
}

static int choose_color(const struct option_use *use, struct error *err)
{
    static const char *const names[] = {
        [COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"};
    unsigned color = parse_name(use->word, strlen(use->word), names, COLOR_NEVER + 1);

    if (color > COLOR_NEVER)
        return error_set(err, EINVAL, "'%s': neither auto nor always nor never", use->word);
    *(enum output_color *)use->place = color;
    if (color != COLOR_AUTO)
        use->context->color = color == COLOR_ALWAYS;
    return 0;
}

/* Which columns they are added to depends on the form, which may come later: they are only checked.
 */
static int add_column_list(const struct option_use *use, struct error *err)
{
    struct output_options *output = use->place;
    const char *list = use->word;
    CLEANUP_COLUMN_SET struct column_set checked = COLUMN_SET_INIT;
    int r =
        column_set_add_list(&checked, use->context->command->columns, list + (*list == '+'), err);

    output->column_lists = xgrow(output->column_lists, output->list_count, &output->list_capacity,
                                 sizeof(const char *));
    output->column_lists[output->list_count++] = list;
    return r;
}

static int add_sort_keys(const struct option_use *use, struct error *err)
{
    return sort_order_add_list(use->place, use->context->command->columns, use->word, err);
}

#define OUTPUT(member) offsetof(struct output_options, member)

static const struct option_spec output_options[] = {
    {'c', "columns", "LIST", "exactly these; +LIST adds to the default", 0, add_column_list},
    {0, "sort", "[-]COL[,...]", "sort by value; - descending", OUTPUT(sort), add_sort_keys},
    {'H', "human", NULL, "sizes as 1.5M", OUTPUT(format.human), option_flag},
    {'n', "numeric", NULL, "uids and gids instead of names", OUTPUT(format.numeric), option_flag},
    {0, "time", "FORM", "times as iso, epoch, age or short", 0, choose_time_form},
    {0, "color", "WHEN", "auto (default: on a terminal), always or never", OUTPUT(color),
     choose_color},
    {0, "no-header", NULL, "no header line", OUTPUT(no_header), option_flag},
    {'q', "quiet", NULL, "ids alone (who: pids, key: keys, ns: numbers)", 0, choose_form},
    {0, "json", NULL, "one JSON document", 0, choose_form},
    {0, "ndjson", NULL, "one JSON object per line", 0, choose_form},
    {0, "csv", NULL, "comma-separated values (RFC 4180)", 0, choose_form},
};

const struct option_group output_group = {"Output", OPTIONS(output_options)};

static const struct option_spec output_event_options[] = {
    {'c', "columns", "LIST", "with --ndjson: of a segment exactly these columns", 0,
     add_column_list},
    {'n', "numeric", NULL, "uids and gids instead of names", OUTPUT(format.numeric), option_flag},
    {0, "time", "FORM", "times as iso, epoch, age or short, not 22:10:05", 0, choose_time_form},
    {0, "color", "WHEN", "auto (default: on a terminal), always or never", OUTPUT(color),
     choose_color},
    {'q', "quiet", NULL, "only ids, one per line", 0, choose_form},
    {0, "ndjson", NULL, "one JSON object per line", 0, choose_form},
};

const struct option_group output_event_group = {"Output", OPTIONS(output_event_options)};

void output_choose_columns(struct output_options *output, const struct context *context,
                           const struct column_table *table, const char *defaults)
{
    struct column_set *columns = &output->columns;
    bool exact = table != NULL;

    if (!table)
        table = context->command->columns;
    if (output->form == FORM_QUIET) {
        column_set_add_list(columns, table, table->quiet, NULL);
        return;
    }
    if (output->form == FORM_TABLE)
        column_set_add_list(columns, table, defaults ? defaults : table->defaults, NULL);
    else
        column_set_add_all(columns, table);
    for (size_t i = 0; i < output->list_count; i++) {
        const char *list = output->column_lists[i];

        if (*list != '+')
            column_set_release(columns);
        column_set_add_list(columns, table, list + (*list == '+'), NULL);
        exact = exact || *list != '+';
    }
    /* After the others: scripts count on their places. */
    if (context->where.all_namespaces && output->form == FORM_TABLE && !exact)
        column_set_add_list(columns, table, "namespace,container", NULL);
}

unsigned output_needs(const struct output_options *output)
{
    unsigned needs = column_set_needs(&output->columns) | sort_order_needs(&output->sort);

    if (output->format.numeric)
        needs &= ~(unsigned)(NEED_OWNER | NEED_GROUP | NEED_CREATOR | NEED_CREATOR_GROUP);
    return needs;
}

/* What a terminal shows otherwise than a pipe: tables alone. */
static void suit_terminal(struct output_options *output)
{
    struct column_format *format = &output->format;
    struct winsize size;

    if (output->form != FORM_TABLE)
        return;
    if (isatty(STDOUT_FILENO))
        format->width =
            ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    if (format->width > 0 && !output->has_time)
        format->time = TIME_SHORT;
    format->color = output->color == COLOR_ALWAYS ||
                    (output->color == COLOR_AUTO && terminal_has_color(STDOUT_FILENO));
}

void output_begin(struct output_options *output, struct context *context, int64_t now,
                  struct writer *ret_writer)
{
    CLEANUP_STRBUF struct strbuf head = STRBUF_INIT;

    output->format.now = now;
    output->format.host = context_host(context);
    suit_terminal(output);
    context_put_head(context, &head);
    writer_begin(ret_writer, output->form, context->out, &output->columns, &output->format,
                 strbuf_string(&head), context->command->columns->list_name, !output->no_header);
}

void output_begin_events(struct output_options *output)
{
    suit_terminal(output);
    if (output->form == FORM_TABLE && !output->has_time)
        output->format.time = TIME_CLOCK;
}

void output_sort(const struct output_options *output, void *records, size_t count, size_t size)
{
    sort_records(records, count, size, &output->sort, &output->format);
}

void output_release(struct output_options *output)
{
    column_set_release(&output->columns);
    sort_order_release(&output->sort);
    free(output->column_lists);
    *output = (struct output_options){0};
}
