/*
 * rm: removes segments that were named, or, after a question, all that options select.
 *
 * Nothing is removed before every word of the command line and of standard input was understood.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "action/removal.h"
#include "action/select.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/xalloc.h"
#include "command/command.h"
#include "command/options.h"
#include "kernel/interrupts.h"
#include "view/prompt.h"
#include "view/removal_report.h"

enum {
    OPTION_ALL = OPTION_OWN,
    OPTION_YES,
    OPTION_INTERACTIVE,
    OPTION_DRY_RUN,
    OPTION_MAX,
    OPTION_IGNORE_MISSING,
    OPTION_VERBOSE,
    OPTION_JSON,
};

static const struct option_spec own_options[] = {
    {OPTION_ALL, 0, "all", NULL, "every segment there is"},
    {OPTION_YES, 'y', "yes", NULL, "do not ask"},
    {OPTION_INTERACTIVE, 'i', "interactive", NULL, "ask also where it would not"},
    {OPTION_DRY_RUN, 0, "dry-run", NULL, "show what would be removed, remove nothing"},
    {OPTION_MAX, 0, "max", "N", "remove nothing if more than N are selected"},
    {OPTION_IGNORE_MISSING, 0, "ignore-missing", NULL, "an id that does not exist is no error"},
    {OPTION_VERBOSE, 'v', "verbose", NULL, "a line a segment"},
    {OPTION_JSON, 0, "json", NULL, "the outcome as a JSON document"},
};

static const struct option_group own_group = {
    .title = "Removing",
    .options = own_options,
    .count = sizeof(own_options) / sizeof(own_options[0]),
};

/* A run of rm. */
struct removal {
    struct context *context;
    struct selection selection;
    struct removal_plan plan;
    struct column_format format;
    struct interrupts interrupts;
    bool all;
    bool yes;
    bool interactive;
    bool dry_run;
    bool has_max;
    uint64_t max;
    bool ignore_missing;
    bool verbose;
    bool json;
    bool reads_input; /* standard input carries ids */
    bool has_summary; /* will end with one */
    bool failed;      /* something was missing or not understood */
};

extern const struct command command_rm;

static int take_option(void *arg, int id, const char *word, struct error *err)
{
    struct removal *removal = arg;

    switch (id) {
    case OPTION_ALL:
        removal->all = true;
        return 0;
    case OPTION_YES:
        removal->yes = true;
        return 0;
    case OPTION_INTERACTIVE:
        removal->interactive = true;
        return 0;
    case OPTION_DRY_RUN:
        removal->dry_run = true;
        return 0;
    case OPTION_MAX:
        removal->has_max = true;
        return parse_number(word, UINT64_MAX, "a count", &removal->max, err);
    case OPTION_IGNORE_MISSING:
        removal->ignore_missing = true;
        return 0;
    case OPTION_VERBOSE:
        removal->verbose = true;
        return 0;
    case OPTION_JSON:
        removal->json = true;
        return 0;
    default:
        return options_select(&removal->selection, &removal->context->system, id, word, err);
    }
}

static int take_operand(void *arg, const char *word, struct error *err)
{
    struct removal *removal = arg;

    if (strcmp(word, "-") == 0) {
        removal->reads_input = true;
        removal->selection.by_id = true;
        return 0;
    }
    return selection_add_word(&removal->selection, word, err);
}

/* Checks what no single option can tell. Returns 0 or -EINVAL with words in ERR. */
static int check_usage(struct removal *removal, struct error *err)
{
    bool selects = !selection_is_empty(&removal->selection);

    if (removal->yes && removal->interactive)
        return error_set(err, EINVAL, "--yes: cannot be combined with --interactive");
    if (removal->all && selects)
        return error_set(err, EINVAL, "--all: cannot be combined with ids or other selections");
    if (removal->all || selects)
        return 0;
    if (isatty(STDIN_FILENO))
        return error_set(err, EINVAL,
                         "nothing is selected: name ids, or use an option such as "
                         "--owner or --all; see 'shmtool rm --help'");
    removal->reads_input = true;
    removal->selection.by_id = true;
    return 0;
}

/* No row is longer, not even one with an owner's name of 4 KiB in hex. */
enum { LONGEST_LINE = 64 * 1024 };

/* A line of standard input. */
struct input_line {
    struct strbuf text; /* without its newline, or the start of one that is too long */
    bool whole;         /* it had its newline */
    bool follows_rows;  /* a row of a listing stood before it */
};

/* Reads the next line; false at the end. */
static bool read_line(struct input_line *line)
{
    int byte = 0;

    strbuf_reset(&line->text);
    while (line->text.length <= LONGEST_LINE && (byte = getc_unlocked(stdin)) != EOF &&
           byte != '\n')
        strbuf_putc(&line->text, (char)byte);
    line->whole = byte == '\n';
    return byte != EOF || line->text.length > 0;
}

/* Returns 0, or -EINVAL with words in ERR. */
static int take_line(struct removal *removal, struct input_line *line, struct error *err)
{
    struct named_id id;
    int r;

    if (line->text.length > LONGEST_LINE)
        return error_set(err, EINVAL, "longer than any row of a listing");
    r = selection_parse_line(strbuf_string(&line->text), line->text.length, &id, err);
    if (r <= 0)
        return r;
    /* A row that was cut off behind the 0 of its key looks like the id 0. */
    if (!line->whole && !id.is_row && line->follows_rows)
        return error_set(err, EINVAL, "'%s': an id without a newline behind rows: cut off?",
                         strbuf_string(&line->text));
    line->follows_rows = line->follows_rows || id.is_row;
    selection_add_id(&removal->selection, &id);
    return 0;
}

static void release_line(struct input_line *line)
{
    strbuf_release(&line->text);
}

/* Takes all lines of standard input. Returns an exit status. */
static int read_input(struct removal *removal)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    __attribute__((cleanup(release_line))) struct input_line line = {.text = STRBUF_INIT};

    for (size_t number = 1; read_line(&line); number++) {
        if (take_line(removal, &line, &err) < 0) {
            context_warn(removal->context, "standard input, line %zu: %s; nothing was removed",
                         number, err.text);
            return STATUS_USAGE;
        }
    }
    if (ferror(stdin)) {
        context_warn(removal->context, "standard input: %s", strerror(errno));
        return STATUS_FAILED;
    }
    return STATUS_DONE;
}

static int plan_segment(void *arg, const struct segment *segment)
{
    struct removal *removal = arg;

    removal_add(&removal->plan, &removal->selection, segment);
    return 0;
}

static void note_garbage(void *arg, const char *where, const char *text, size_t length)
{
    struct removal *removal = arg;

    removal->failed = true;
    context_warn_garbage(removal->context, where, text, length);
}

/* Names the ids and keys that nobody has. */
static void note_missing(struct removal *removal, const struct select_report *report)
{
    const struct filter_values *keys = &removal->selection.filter.keys;
    CLEANUP_IDSET struct idset told = IDSET_INIT;

    for (size_t i = 0; i < removal->selection.id_count; i++) {
        int shmid = removal->selection.ids[i].shmid;

        if (!select_met_id(report, shmid) && idset_add(&told, shmid))
            removal_add_missing(&removal->plan, shmid, removal->ignore_missing);
    }
    for (size_t i = 0; i < keys->count && !removal->ignore_missing; i++) {
        if (keys->items[i].low != 0 && !select_met_key(report, i)) {
            context_warn(removal->context, "--key: 0x%08x: no segment has this key",
                         (unsigned)keys->items[i].low);
            removal->failed = true;
        }
    }
}

/* Fills the plan. Returns an exit status. */
static int make_plan(struct removal *removal)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct select_sink sink = {plan_segment, note_garbage, removal, true};
    struct select_report report = {0};

    selection_sort_ids(&removal->selection);
    if (select_segments(&removal->context->system, &removal->selection, &sink, &report, &err) < 0)
        return context_fail(removal->context, &err, STATUS_UNREADABLE);
    note_missing(removal, &report);
    select_report_release(&report);
    return STATUS_DONE;
}

/* How many segments the plan would touch. */
static size_t count_pending(const struct removal *removal)
{
    return removal_count(&removal->plan).counts[REMOVAL_SELECTED];
}

/* Shows what is about to be removed, and who uses it. */
static void show_plan(struct removal *removal)
{
    CLEANUP_ATTACHMENT_LIST struct attachment_list attachments = {0};
    CLEANUP_ERROR struct error err = ERROR_INIT;
    bool in_use = removal_count(&removal->plan).in_use > 0;

    if (in_use && attach_scan(&removal->context->system.procfs, &attachments, &err) < 0) {
        context_warn(removal->context, "%s", err.text);
        in_use = false;
    }
    removal_report_table(removal->context->err, &removal->plan, &removal->format,
                         in_use ? &attachments : NULL);
}

/* Where the answer comes from: standard input, or the terminal when that carries the ids. */
static int open_answer(const struct removal *removal)
{
    return removal->reads_input ? open("/dev/tty", O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
}

static const char *declined_by(enum prompt_answer answer)
{
    switch (answer) {
    case PROMPT_INTERRUPT:
        return "interrupted";
    case PROMPT_END:
        return "no answer, and only yes removes";
    case PROMPT_UNSHOWN:
        return "the question could not be shown";
    default:
        return "the answer was not yes";
    }
}

/* Shows what is about to be removed and asks. Returns an exit status. */
static int ask(struct removal *removal)
{
    CLEANUP_STRBUF struct strbuf question = STRBUF_INIT;
    CLEANUP_CLOSE int input = open_answer(removal);
    enum prompt_answer answer;

    if (input < 0) {
        context_warn(removal->context,
                     "no terminal to ask on: %s: nothing was removed; --interactive needs one",
                     strerror(errno));
        return STATUS_DECLINED;
    }
    show_plan(removal);
    removal_report_question(&question, &removal->plan);
    answer =
        prompt_ask(removal->context->err, strbuf_string(&question), input, removal->interrupts.fd);
    /* A terminal has shown the answer with its newline; nothing else has ended the line. */
    if (!isatty(input) || answer == PROMPT_END || answer == PROMPT_INTERRUPT)
        fputc('\n', removal->context->err);
    if (answer == PROMPT_YES)
        return STATUS_DONE;
    context_warn(removal->context, "%s: nothing was removed", declined_by(answer));
    return STATUS_DECLINED;
}

/* Decides whether the plan may be carried out. Returns an exit status. */
static int confirm(struct removal *removal)
{
    bool named = selection_is_named(&removal->selection);
    size_t pending = count_pending(removal);

    if (removal->has_max && removal_count(&removal->plan).selected > removal->max) {
        context_warn(removal->context,
                     "%zu segments are selected, more than --max %llu: nothing "
                     "was removed",
                     removal_count(&removal->plan).selected, (unsigned long long)removal->max);
        return STATUS_DECLINED;
    }
    if (pending == 0 || removal->dry_run || removal->yes || (named && !removal->interactive))
        return STATUS_DONE;
    return ask(removal);
}

static bool was_interrupted(void *arg)
{
    const struct removal *removal = arg;

    return interrupts_pending(&removal->interrupts);
}

/* Says what became of one segment, where that is due. */
static void tell_item(void *arg, const struct removal_item *item)
{
    struct removal *removal = arg;
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
    bool bad = item->outcome == REMOVAL_CHANGED || item->outcome == REMOVAL_FAILED;
    bool not_tried = item->outcome == REMOVAL_FAILED && item->code == EINTR;

    /* The summary counts those that are only marked, or were not tried. */
    if (removal->has_summary)
        bad = bad && !not_tried;
    else
        bad = bad || item->outcome == REMOVAL_MARKED;
    if (!bad && !removal->verbose)
        return;
    removal_report_line(&line, item);
    if (bad)
        context_warn(removal->context, "%d: %s", item->segment.shmid, strbuf_string(&line));
    else
        fprintf(removal->json ? removal->context->err : removal->context->out, "%d: %s\n",
                item->segment.shmid, strbuf_string(&line));
}

static void summarize(const struct removal *removal)
{
    CLEANUP_STRBUF struct strbuf summary = STRBUF_INIT;

    if (!removal->has_summary)
        return;
    removal_report_summary(&summary, &removal->plan);
    context_warn(removal->context, "%s", strbuf_string(&summary));
}

static void put_json(const struct removal *removal)
{
    CLEANUP_STRBUF struct strbuf document = STRBUF_INIT;

    removal_report_json(&document, &removal->plan, removal->dry_run);
    fwrite(strbuf_string(&document), 1, document.length, removal->context->out);
}

/* Shows the plan, and what of it cannot be. */
static void show_dry_run(struct removal *removal)
{
    if (removal->json)
        put_json(removal);
    else
        removal_report_table(removal->context->out, &removal->plan, &removal->format, NULL);
    for (size_t i = 0; i < removal->plan.count; i++) {
        if (removal->plan.items[i].outcome != REMOVAL_SELECTED)
            tell_item(removal, &removal->plan.items[i]);
    }
}

static void carry_out(struct removal *removal)
{
    const struct removal_hooks hooks = {was_interrupted, tell_item, removal};

    removal->has_summary = removal->verbose || removal_count(&removal->plan).selected > 1;
    removal_run(&removal->context->system, &removal->selection, &removal->plan, &hooks);
    fflush(removal->context->out);
    summarize(removal);
    if (removal->json)
        put_json(removal);
}

/* The part with signals held back. Returns an exit status. */
static int plan_and_remove(struct removal *removal)
{
    struct removal_totals totals;
    int status = make_plan(removal);

    if (status == STATUS_DONE)
        status = confirm(removal);
    if (status != STATUS_DONE)
        return status;
    if (removal->dry_run)
        show_dry_run(removal);
    else
        carry_out(removal);
    totals = removal_count(&removal->plan);
    return removal->failed || totals.counts[REMOVAL_CHANGED] || totals.counts[REMOVAL_FAILED]
               ? STATUS_FAILED
               : STATUS_DONE;
}

static int remove_selected(struct removal *removal)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    int status = STATUS_DONE;

    if (check_usage(removal, &err) < 0)
        return context_fail(removal->context, &err, STATUS_USAGE);
    if (removal->reads_input)
        status = read_input(removal);
    if (status != STATUS_DONE)
        return status;
    if (interrupts_hold(&removal->interrupts, &err) < 0)
        return context_fail(removal->context, &err, STATUS_FAILED);
    /* A reader of our output who goes away must not end us halfway and without a summary. */
    signal(SIGPIPE, SIG_IGN);
    status = plan_and_remove(removal);
    interrupts_release(&removal->interrupts);
    return status;
}

static int run_rm(struct context *context, int argc, char **argv)
{
    struct removal removal = {
        .context = context,
        .format = {.system = &context->system},
    };
    const struct option_taker taker = {take_option, take_operand, &removal};
    int status;
    int r = options_parse(context, &command_rm, argc, argv, &taker);

    if (r < 0)
        status = STATUS_USAGE;
    else if (r == OPTIONS_HELP)
        status = STATUS_DONE;
    else
        status = remove_selected(&removal);
    removal_plan_release(&removal.plan);
    selection_release(&removal.selection);
    return status;
}

const struct command command_rm = {
    .name = "rm",
    .synopsis = {"[OPTION]... ID...", "[OPTION]... SELECTION...", "[OPTION]... --all",
                 "[OPTION]... [-] < IDS"},
    .summary = "remove segments",
    .details = "Ids, and segments named by a key that is not 0, are removed without a question.\n"
               "For anything else rm shows what it is about to remove and asks; only 'yes'\n"
               "removes.",
    .flags = COMMAND_CHANGES,
    .groups = {&selection_group, &own_group},
    .run = run_rm,
};
