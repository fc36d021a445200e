/*
 * rm: removes segments that were named, or, after a question, all that options select.
 *
 * Nothing is removed before every word of the command line and of standard input was understood.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "action/removal.h"
#include "base/cleanup.h"
#include "command/options.h"
#include "command/protect.h"
#include "command/where.h"
#include "kernel/namespaces.h"
#include "kernel/signals.h"
#include "view/removal_report.h"

/* A command line of rm, and what becomes of it. */
struct rm {
    struct selection selection;
    bool all;
    bool yes;
    bool interactive;
    bool dry_run;
    struct option_number max;
    bool ignore_missing;
    bool verbose;
    bool quiet;
    bool json;
    bool reads_input; /* standard input carries ids */

    struct context *context;
    struct interrupts interrupts;
    struct inventory inventory;
    struct removal_plan plan;
    struct column_format format;
    bool has_summary; /* will end with one */
    bool failed;      /* something was missing or not understood */
};

static const struct option_spec rm_options[] = {
    {0, "all", NULL, "every segment there is", offsetof(struct rm, all), option_flag},
    {'y', "yes", NULL, "do not ask", offsetof(struct rm, yes), option_flag},
    {'i', "interactive", NULL, "always ask", offsetof(struct rm, interactive), option_flag},
    {0, "dry-run", NULL, "show what would be removed, remove nothing", offsetof(struct rm, dry_run),
     option_flag},
    {0, "max", "N", "remove nothing if more than N are selected", offsetof(struct rm, max),
     option_count},
    {0, "ignore-missing", NULL, "an id that does not exist is no error",
     offsetof(struct rm, ignore_missing), option_flag},
    {'v', "verbose", NULL, "print a line for each segment", offsetof(struct rm, verbose),
     option_flag},
    {'q', "quiet", NULL, "no summary; errors are still reported", offsetof(struct rm, quiet),
     option_flag},
    {0, "json", NULL, "the outcome as a JSON document", offsetof(struct rm, json), option_flag},
    {0, "even-protected", NULL, "protected segments too; asks also for ids",
     offsetof(struct rm, plan.even_protected), option_flag},
};

static const struct option_group rm_group = {"Removing", OPTIONS(rm_options)};

/* Letters of ipcrm, and of rm. */
static const struct option_habit rm_habits[] = {
    {'m', "ids need no option here", "rm", "ID"},
    {'M', "keys are named by --key", "rm --key", "KEY"},
    {'a', "all segments are named by --all", "rm --all", NULL},
    {'f', "ids go without a question, and the rest with --yes", "rm --yes", NULL},
    {0, NULL, NULL, NULL},
};

/* --- The command line and standard input ------------------------------------------------------ */

static void read_ids_from_input(struct rm *rm)
{
    rm->reads_input = true;
    rm->selection.by_id = true;
}

static int take_rm_operand(const struct option_use *use, struct error *err)
{
    struct rm *rm = use->place;
    const struct option_use id = {use->context, NULL, &rm->selection, use->word, use->rest};

    if (strcmp(use->word, "-") != 0)
        return option_id(&id, err);
    read_ids_from_input(rm);
    return 0;
}

static int check_rm(struct context *context, void *args, struct error *err)
{
    struct rm *rm = args;
    bool selects = !selection_is_empty(&rm->selection);

    rm->context = context;
    if (rm->yes && rm->interactive)
        return error_set(err, EINVAL, "--yes: cannot be combined with --interactive");
    if (rm->verbose && rm->quiet)
        return error_set(err, EINVAL, "--verbose: cannot be combined with --quiet");
    if (rm->all && selects)
        return error_set(err, EINVAL, "--all: cannot be combined with ids or other selections");
    if (rm->reads_input && context->where.all_namespaces)
        return error_set(err, EINVAL,
                         "-: with -A an id means another segment in each IPC namespace; -N names "
                         "one");
    if (rm->all || selects)
        return 0;
    if (isatty(STDIN_FILENO) || context->where.all_namespaces)
        return error_set(err, EINVAL,
                         "nothing is selected: name ids, or use an option such as "
                         "--owner or --all; see 'shmtool rm --help'");
    read_ids_from_input(rm);
    return 0;
}

/* No row is longer, not even one with an owner's name of 4 KiB in hex. */
enum { INPUT_LINE_MAX = 64 * 1024 };

/* A line of standard input. */
struct input_line {
    struct strbuf text; /* without its newline, or the start of one that is too long */
    bool whole;         /* it had its newline */
    bool follows_rows;  /* a row of a listing stood before it */
    struct input_state state;
    uint64_t namespace; /* that rm looks in; 0: not known */
};

/* Reads the next line; false at the end. */
static bool read_input_line(struct input_line *line)
{
    int byte = 0;

    strbuf_reset(&line->text);
    while (line->text.length <= INPUT_LINE_MAX && (byte = getc_unlocked(stdin)) != EOF &&
           byte != '\n')
        strbuf_putc(&line->text, (char)byte);
    line->whole = byte == '\n';
    return byte != EOF || line->text.length > 0;
}

/* Returns 0, or -EINVAL and sets *err. */
static int select_input_line(struct rm *rm, struct input_line *line, struct error *err)
{
    struct named_id id;
    int r;

    if (line->text.length > INPUT_LINE_MAX)
        return error_set(err, EINVAL, "longer than any row of a listing");
    r = selection_parse_line(&line->state, strbuf_string(&line->text), line->text.length, &id, err);
    if (r <= 0)
        return r;
    /* A row that was cut off after the 0 of its key looks like the id 0. */
    if (!line->whole && !id.is_row && line->follows_rows)
        return error_set(err, EINVAL, "'%s': an id without a newline after rows: cut off?",
                         strbuf_string(&line->text));
    line->follows_rows = line->follows_rows || id.is_row;
    /* The same id is another segment there, and often one of the same size and owner. */
    if (id.namespace != 0 && id.namespace != line->namespace)
        return error_set(err, EINVAL,
                         "segment %d is in IPC namespace %llu, and not in the one that rm looks "
                         "in: shmtool -N %llu rm",
                         id.shmid, (unsigned long long)id.namespace,
                         (unsigned long long)id.namespace);
    selection_add_id(&rm->selection, &id);
    return 0;
}

/* Selects what all lines of standard input name. Returns an exit status. */
static int select_input(struct rm *rm)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct input_line line = {
        .text = STRBUF_INIT,
        .namespace = namespaces_own_number(&rm->context->system.procfs),
    };
    int status = STATUS_DONE;

    for (size_t number = 1; status == STATUS_DONE && read_input_line(&line); number++) {
        if (select_input_line(rm, &line, &err) < 0) {
            context_warn(rm->context, "standard input, line %zu: %s; nothing was removed", number,
                         err.text);
            status = STATUS_USAGE;
        }
    }
    if (status == STATUS_DONE && ferror(stdin)) {
        context_warn(rm->context, "standard input: %s", strerror(errno));
        status = STATUS_FAILED;
    }
    strbuf_release(&line.text);
    return status;
}

/* --- The plan --------------------------------------------------------------------------------- */

/* Whether there will be a question, if anything is to be removed. */
static bool asks(const struct rm *rm)
{
    return !rm->dry_run && !rm->yes &&
           (rm->interactive || rm->plan.even_protected || rm->context->where.all_namespaces ||
            !selection_is_named(&rm->selection));
}

/* Fills the plan. Returns an exit status. */
static int make_plan(struct rm *rm)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct inventory *inventory = &rm->inventory;
    unsigned needs = NEED_PROTECTION;

    if (protect_require(rm->context, "nothing was removed") != STATUS_DONE)
        return STATUS_UNREADABLE;
    rm->plan.namespaces = rm->context->namespaces.count;
    if (asks(rm))
        needs |= removal_report_preview_needs(&rm->plan);
    else if (rm->dry_run && !rm->json)
        needs |= removal_report_table_needs(&rm->plan);
    if (selection_has_rows(&rm->selection))
        needs |= NEED_OWNER;
    selection_sort_ids(&rm->selection);
    if (inventory_read(&rm->context->system, &rm->selection, needs, &rm->inventory, &err) < 0)
        return context_fail(rm->context, &err, STATUS_UNREADABLE);
    rm->failed = context_warn_unparsed(rm->context, &inventory->unparsed);
    where_warn_refused(rm->context, &inventory->refused);
    rm->failed |= where_warn_incomplete(rm->context, &rm->context->namespaces);
    options_warn_unknown_units(rm->context, inventory->unknown_units);
    rm->format.now = inventory->clock.now;
    for (size_t i = 0; i < inventory->count; i++)
        removal_add(&rm->plan, &rm->selection, &inventory->rows[i]);
    for (size_t i = 0; i < inventory->missing_id_count; i++)
        removal_add_missing(&rm->plan, inventory->missing_ids[i], rm->ignore_missing);
    for (size_t i = 0; i < inventory->missing_key_count && !rm->ignore_missing; i++) {
        CLEANUP_STRBUF struct strbuf hint = STRBUF_INIT;

        options_hint_id(&hint, rm->context, inventory, inventory->missing_keys[i]);
        context_warn(rm->context, "--key: 0x%08x: no segment has this key%s",
                     (unsigned)inventory->missing_keys[i], strbuf_string(&hint));
        rm->failed = true;
    }
    return STATUS_DONE;
}

/* --- The question ----------------------------------------------------------------------------- */

/* Shows what is about to be removed, and who uses it, and asks. Returns an exit status. */
static int ask_before_removal(struct rm *rm)
{
    CLEANUP_STRBUF struct strbuf question = STRBUF_INIT;
    /* From the terminal when standard input carries the ids. */
    CLEANUP_CLOSE int input =
        rm->reads_input ? open("/dev/tty", O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
    bool in_use;
    int status;

    if (input < 0) {
        context_warn(rm->context,
                     "no terminal to ask on: %s: nothing was removed; --interactive needs one",
                     strerror(errno));
        return STATUS_DECLINED;
    }
    in_use = removal_count(&rm->plan).in_use > 0;
    if (in_use && rm->inventory.attachments_error.text)
        context_warn(rm->context, "%s", rm->inventory.attachments_error.text);
    removal_report_preview(rm->context->err, &rm->plan, &rm->format,
                           in_use && !rm->inventory.attachments_error.text);
    removal_report_question(&question, &rm->plan);
    status =
        context_ask(rm->context, strbuf_string(&question), input, rm->interrupts.fd, "removed");
    /* Somebody may have protected a segment while the question stood there. */
    return status == STATUS_DONE ? protect_require(rm->context, "nothing was removed") : status;
}

/* Says in one line what is skipped because it is protected; named segments have lines. */
static void report_protected(const struct rm *rm)
{
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

    if (rm->quiet || selection_is_named(&rm->selection))
        return;
    removal_report_protected(&line, &rm->plan);
    if (line.length > 0)
        context_warn(rm->context, "%s", strbuf_string(&line));
}

/* Decides whether the plan may be carried out. Returns an exit status. */
static int confirm_plan(struct rm *rm)
{
    struct removal_totals totals = removal_count(&rm->plan);
    size_t selected = totals.selected - totals.counts[REMOVAL_PROTECTED];
    int status = STATUS_DONE;

    report_protected(rm);
    if (rm->max.given && selected > rm->max.value) {
        context_warn(rm->context,
                     "%zu segments are selected, more than --max %llu: nothing was removed",
                     selected, (unsigned long long)rm->max.value);
        return STATUS_DECLINED;
    }
    if (totals.counts[REMOVAL_SELECTED] > 0 && asks(rm)) {
        locale_t results_locale = context_use_err_locale(rm->context);

        status = ask_before_removal(rm);
        uselocale(results_locale);
    }
    return status;
}

/* --- Removing --------------------------------------------------------------------------------- */

static bool rm_was_interrupted(void *arg)
{
    const struct rm *rm = arg;

    return interrupts_pending(&rm->interrupts);
}

/*
 * Appends whose the segment is that may not be removed, and who may. That is looked up only now:
 * a user database may be slow, and is not needed to remove a segment.
 */
static void put_refusal(struct rm *rm, struct segment_info info, struct strbuf *line)
{
    struct system *system = &rm->context->system;
    struct inventory *inventory = &rm->inventory;

    if (!inventory->has_credentials)
        inventory->has_credentials =
            credentials_read(&system->procfs, &inventory->credentials, NULL) == 0;
    info.owner = names_user(system->names, info.segment.uid);
    info.creator = names_user(system->names, info.segment.cuid);
    strbuf_puts(line, ": ");
    removal_report_refusal(line, &info, inventory);
}

/* Whether what became of a segment is reported also without --verbose. */
static bool is_reported(const struct rm *rm, const struct removal_item *item)
{
    switch (item->outcome) {
    case REMOVAL_CHANGED:
        return true;
    case REMOVAL_PROTECTED: /* else in the line of report_protected() */
        return item->protected_late || selection_is_named(&rm->selection);
    case REMOVAL_FAILED:
        /* The summary counts those that were not tried; it is due then also with --quiet. */
        return item->code != EINTR || !(rm->has_summary || rm->quiet);
    case REMOVAL_MARKED:
        return !rm->has_summary && !rm->quiet;
    default:
        return false;
    }
}

/* Says what became of one segment, where that is due. */
static void report_item(void *arg, const struct removal_item *item)
{
    struct rm *rm = arg;
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
    bool bad = is_reported(rm, item);
    int shmid = item->info.segment.shmid;
    char where[32] = "";

    if (!bad && !rm->verbose)
        return;
    removal_report_line(&line, item);
    if (item->outcome == REMOVAL_FAILED && item->code == EPERM)
        put_refusal(rm, item->info, &line);
    if (item->missing)
        options_hint_key(&line, &rm->inventory, shmid);
    if (rm->plan.namespaces > 0)
        snprintf(where, sizeof(where), " in %llu", (unsigned long long)item->info.namespace);
    if (bad)
        context_warn(rm->context, "%d%s: %s", shmid, where, strbuf_string(&line));
    else
        fprintf(rm->json ? rm->context->err : rm->context->out, "%d%s: %s\n", shmid, where,
                strbuf_string(&line));
}

static void write_removal_json(const struct rm *rm)
{
    CLEANUP_STRBUF struct strbuf document = STRBUF_INIT;

    context_put_head(rm->context, &document);
    removal_report_json(&document, &rm->plan, rm->dry_run);
    context_write(rm->context, &document);
}

static void write_summary(const struct rm *rm)
{
    CLEANUP_STRBUF struct strbuf summary = STRBUF_INIT;

    if (rm->dry_run)
        removal_report_dry_run(&summary, &rm->plan);
    else
        removal_report_summary(&summary, &rm->plan);
    context_warn(rm->context, "%s", strbuf_string(&summary));
}

/* Shows the plan, and what of it cannot be. */
static void show_dry_run(struct rm *rm)
{
    if (rm->json)
        write_removal_json(rm);
    else
        removal_report_table(rm->context->out, &rm->plan, &rm->format);
    for (size_t i = 0; i < rm->plan.count; i++) {
        if (rm->plan.items[i].outcome != REMOVAL_SELECTED)
            report_item(rm, &rm->plan.items[i]);
    }
    /* Below the table, where both are the terminal. */
    fflush(rm->context->out);
    if (!rm->quiet)
        write_summary(rm);
}

/* Whether a signal came before all was tried. */
static bool was_stopped(const struct removal_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->items[i].outcome == REMOVAL_FAILED && plan->items[i].code == EINTR)
            return true;
    }
    return false;
}

static void carry_out(struct rm *rm)
{
    const struct removal_hooks hooks = {rm_was_interrupted, report_item, rm};

    rm->has_summary = !rm->quiet && (rm->verbose || removal_count(&rm->plan).selected > 1);
    removal_run(&rm->context->system, &rm->selection, &rm->plan, &hooks);
    fflush(rm->context->out);
    if (rm->has_summary || (rm->quiet && was_stopped(&rm->plan)))
        write_summary(rm);
    if (rm->json)
        write_removal_json(rm);
}

/* The part with signals blocked. Returns an exit status. */
static int plan_and_remove(struct rm *rm)
{
    struct removal_totals totals;
    int status = make_plan(rm);

    if (status == STATUS_DONE)
        status = confirm_plan(rm);
    if (status == STATUS_DECLINED && rm->json)
        write_removal_json(rm);
    if (status != STATUS_DONE)
        return status;
    if (rm->dry_run)
        show_dry_run(rm);
    else
        carry_out(rm);
    totals = removal_count(&rm->plan);
    if (selection_is_named(&rm->selection) && totals.counts[REMOVAL_PROTECTED] > 0)
        rm->failed = true;
    return rm->failed || totals.counts[REMOVAL_CHANGED] || totals.counts[REMOVAL_FAILED]
               ? STATUS_FAILED
               : STATUS_DONE;
}

static int run_rm(struct context *context, void *args)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct rm *rm = args;
    int status = rm->reads_input ? select_input(rm) : STATUS_DONE;

    if (status != STATUS_DONE)
        return status;
    if (interrupts_block(&rm->interrupts, &err) < 0)
        return context_fail(context, &err, STATUS_FAILED);
    /* When the reader of our output goes away, rm must not end halfway and without a summary. */
    signal(SIGPIPE, SIG_IGN);
    status = plan_and_remove(rm);
    interrupts_release(&rm->interrupts);
    return status;
}

static void release_rm(void *args)
{
    struct rm *rm = args;

    removal_plan_release(&rm->plan);
    inventory_release(&rm->inventory);
    selection_release(&rm->selection);
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
    .groups = {{&rm_group, 0}, {&selection_group, offsetof(struct rm, selection)}},
    .habits = rm_habits,
    .operand = {0, take_rm_operand},
    .examples = {{"rm 1867776", "remove one segment, without a question"},
                 {"rm --owner zc --orphan --older-than 1h", "show these, ask, and remove"}},
    .size = sizeof(struct rm),
    .check = check_rm,
    .run = run_rm,
    .release = release_rm,
};
