#include "command/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "command/incomplete.h"
#include "command/options.h"
#include "command/protect.h"
#include "command/where.h"
#include "kernel/namespaces.h"
#include "view/change_report.h"
#include "view/removal_preview.h"
#include "view/removal_report.h"

static const struct option_spec batch_options[] = {
    {0, "all", NULL, "every segment there is", offsetof(struct batch, all), option_flag},
    {'y', "yes", NULL, "do not ask", offsetof(struct batch, yes), option_flag},
    {'i', "interactive", NULL, "always ask", offsetof(struct batch, interactive), option_flag},
    {0, "dry-run", NULL, "show what would be done, and do nothing", offsetof(struct batch, dry_run),
     option_flag},
    {0, "max", "N", "do nothing if more than N are selected", offsetof(struct batch, max),
     option_count},
    {0, "ignore-missing", NULL, "an id that does not exist is no error",
     offsetof(struct batch, ignore_missing), option_flag},
    {'v', "verbose", NULL, "print a line for each segment", offsetof(struct batch, verbose),
     option_flag},
    {'q', "quiet", NULL, "no summary; errors are still reported", offsetof(struct batch, quiet),
     option_flag},
    {0, "json", NULL, "the outcome as a JSON document", offsetof(struct batch, json), option_flag},
    {0, "even-protected", NULL, "protected segments too; asks also for ids",
     offsetof(struct batch, plan.even_protected), option_flag},
};

const struct option_group batch_group = {"Options", OPTIONS(batch_options)};

/* --- The command line and standard input ------------------------------------------------------ */

static void read_ids_from_input(struct batch *batch)
{
    batch->reads_input = true;
    batch->selection.by_id = true;
}

int batch_operand(const struct option_use *use, struct error *err)
{
    struct batch *batch = use->place;
    const struct option_use id = {use->context, NULL, &batch->selection, use->word, use->rest};

    if (strcmp(use->word, "-") != 0)
        return option_id(&id, err);
    read_ids_from_input(batch);
    return 0;
}

int batch_check(const struct context *context, struct batch *batch, struct error *err)
{
    bool selects = !selection_is_empty(&batch->selection);

    if (batch->yes && batch->interactive)
        return error_set(err, EINVAL, "--yes: cannot be combined with --interactive");
    if (batch->verbose && batch->quiet)
        return error_set(err, EINVAL, "--verbose: cannot be combined with --quiet");
    if (batch->all && selects)
        return error_set(err, EINVAL, "--all: cannot be combined with ids or other selections");
    if (batch->reads_input && context->where.all_namespaces)
        return error_set(err, EINVAL,
                         "-: with -A an id means another segment in each IPC namespace; -N names "
                         "one");
    if (batch->save_path && context->where.all_namespaces)
        return error_set(err, EINVAL,
                         "--save: with -A an id means another segment in each IPC namespace; -N "
                         "names one");
    if (batch->all || selects)
        return 0;
    if (isatty(STDIN_FILENO) || context->where.all_namespaces)
        return error_set(err, EINVAL,
                         "nothing is selected: %suse an option such as --owner or --all; see "
                         "'shmtool %s --help'",
                         context->where.all_namespaces ? "" : "name ids, or ",
                         context->command->name);
    read_ids_from_input(batch);
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
    uint64_t namespace; /* that is looked in; 0: not known */
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
static int select_input_line(struct batch *batch, struct input_line *line, struct error *err)
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
                         "segment %d is in IPC namespace %llu, and not in the one that %s looks "
                         "in: shmtool -N %llu %s",
                         id.shmid, (unsigned long long)id.namespace, batch->context->command->name,
                         (unsigned long long)id.namespace, batch->context->command->name);
    selection_add_id(&batch->selection, &id);
    return 0;
}

/* Selects what all lines of standard input name. Returns an exit status. */
static int select_input(struct batch *batch)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct input_line line = {
        .text = STRBUF_INIT,
        .namespace = namespaces_own_number(&batch->context->system.procfs),
    };
    int status = STATUS_DONE;

    for (size_t number = 1; status == STATUS_DONE && read_input_line(&line); number++) {
        if (select_input_line(batch, &line, &err) < 0) {
            context_warn(batch->context, "standard input, line %zu: %s; %s", number, err.text,
                         batch->undone);
            status = STATUS_USAGE;
        }
    }
    if (status == STATUS_DONE && ferror(stdin)) {
        context_warn(batch->context, "standard input: %s", strerror(errno));
        status = STATUS_FAILED;
    }
    strbuf_release(&line.text);
    return status;
}

/* --- The plan --------------------------------------------------------------------------------- */

/* Whether there will be a question, if anything is to be done. */
static bool asks(const struct batch *batch)
{
    return !batch->dry_run && !batch->yes &&
           (batch->interactive || batch->plan.even_protected ||
            batch->context->where.all_namespaces || !selection_is_named(&batch->selection));
}

/* Fills the plan. Returns an exit status. */
static int make_plan(struct batch *batch)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct inventory *inventory = &batch->inventory;
    unsigned needs = NEED_PROTECTION;
    int status = protect_require(batch->context, batch->undone);

    if (status == STATUS_DONE)
        status = protect_check_programs(batch->context, &batch->selection);
    if (status != STATUS_DONE)
        return status;
    batch->plan.namespaces = batch->context->namespaces.count;
    if (asks(batch))
        needs |= removal_preview_needs(&batch->plan);
    else if (batch->dry_run && !batch->json)
        needs |= removal_preview_table_needs(&batch->plan);
    if (selection_has_rows(&batch->selection) || batch->verbose)
        needs |= NEED_OWNER;
    if (batch->save_path)
        needs |= NEED_USAGE | NEED_TRY_ATTACHMENTS | NEED_CREDENTIALS;
    if (asks(batch) || batch->dry_run)
        needs |= NEED_CREDENTIALS;
    if (batch->plan.change)
        needs |= NEED_CREDENTIALS | (batch->verbose ? NEED_GROUP : 0);
    selection_sort_ids(&batch->selection);
    if (inventory_read(&batch->context->system, &batch->selection, needs, &batch->inventory, &err) <
        0)
        return context_fail(batch->context, &err, STATUS_UNREADABLE);
    batch->failed = context_warn_unparsed(batch->context, &inventory->unparsed);
    where_warn_refused(batch->context, &inventory->refused);
    batch->failed |= where_warn_incomplete(batch->context, &batch->context->namespaces);
    incomplete_warn_unknown(batch->context, &inventory->unknown);
    incomplete_warn_pids(batch->context, &batch->selection.filter);
    batch->format.now = inventory->clock.now;
    for (size_t i = 0; i < inventory->count; i++)
        removal_add(&batch->plan, &batch->selection, &inventory->rows[i]);
    if (inventory->has_credentials)
        removal_note_refused(&batch->plan, &inventory->credentials);
    for (size_t i = 0; i < inventory->missing_id_count; i++)
        removal_add_missing(&batch->plan, inventory->missing_ids[i], batch->ignore_missing);
    for (size_t i = 0; i < inventory->missing_key_count && !batch->ignore_missing; i++) {
        CLEANUP_STRBUF struct strbuf hint = STRBUF_INIT;

        incomplete_hint_id(&hint, inventory, inventory->missing_keys[i]);
        context_warn(batch->context, "--key: 0x%08x: no segment has this key%s",
                     (unsigned)inventory->missing_keys[i], strbuf_string(&hint));
        batch->failed = true;
    }
    return STATUS_DONE;
}

/* --- The question ----------------------------------------------------------------------------- */

/* Shows what is about to be done, and who uses the segments, and asks. Returns an exit status. */
static int ask_before_removal(struct batch *batch)
{
    CLEANUP_STRBUF struct strbuf question = STRBUF_INIT;
    /* From the terminal when standard input carries the ids. */
    CLEANUP_CLOSE int input =
        batch->reads_input ? open("/dev/tty", O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
    bool in_use;
    int status;

    if (input < 0) {
        context_warn(batch->context, "no terminal to ask on: %s: %s; %s", strerror(errno),
                     batch->undone,
                     batch->interactive ? "--interactive needs one"
                                        : "--even-protected asks unless --yes is given");
        return STATUS_DECLINED;
    }
    in_use = removal_count(&batch->plan).in_use > 0;
    if (in_use && batch->inventory.attachments_error.text)
        context_warn(batch->context, "%s", batch->inventory.attachments_error.text);
    batch->format.color = batch->context->color;
    removal_preview_show(batch->context->err, &batch->plan, &batch->format,
                         in_use && !batch->inventory.attachments_error.text);
    removal_preview_question(&question, &batch->plan);
    status = context_ask(batch->context, strbuf_string(&question), input, batch->interrupts.fd,
                         batch->done);
    /* Somebody may have protected a segment while the question stood there. */
    return status == STATUS_DONE ? protect_require(batch->context, batch->undone) : status;
}

/* Decides whether the plan may be carried out. Returns an exit status. */
static int confirm_plan(struct batch *batch)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_STRBUF struct strbuf protected = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf refused = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf gift = STRBUF_INIT;
    struct removal_totals totals = removal_count(&batch->plan);
    size_t selected = totals.selected - totals.counts[REMOVAL_PROTECTED];
    int status = STATUS_DONE;

    /* Named segments that are protected have lines of their own. */
    if (!batch->quiet && !selection_is_named(&batch->selection))
        removal_report_protected(&protected, &batch->plan);
    context_warn_text(batch->context, &protected);
    /* Where it is tried at once, each that is refused has a line of its own. */
    if (!batch->quiet && (batch->dry_run || asks(batch)))
        removal_preview_refused(&refused, &batch->plan, &batch->inventory);
    context_warn_text(batch->context, &refused);
    if (batch->plan.change && batch->inventory.has_credentials)
        change_report_gift(&gift, &batch->plan, &batch->inventory.credentials);
    context_warn_text(batch->context, &gift);
    if (batch->save_path && saved_tree_check(batch->save_path, &err) < 0) {
        context_warn(batch->context, "--save: %s: %s", err.text, batch->undone);
        return STATUS_FAILED;
    }
    if (batch->max.given && selected > batch->max.value) {
        context_warn(batch->context, "%zu segment%s selected, more than --max %llu: %s", selected,
                     selected == 1 ? " is" : "s are", (unsigned long long)batch->max.value,
                     batch->undone);
        return STATUS_DECLINED;
    }
    if (totals.counts[REMOVAL_SELECTED] > 0 && asks(batch)) {
        locale_t results_locale = context_use_err_locale(batch->context);

        status = ask_before_removal(batch);
        uselocale(results_locale);
    }
    return status;
}

/* --- Acting ----------------------------------------------------------------------------------- */

static void refresh_batch_protection(void *arg)
{
    const struct batch *batch = arg;

    protect_refresh(batch->context);
}

static bool batch_was_interrupted(void *arg)
{
    const struct batch *batch = arg;

    return interrupts_pending(&batch->interrupts);
}

/*
 * Appends whose the segment is that may not be removed, changed or, to SAVE it, read, and who may.
 * That is looked up only now: a user database may be slow, and is not needed to remove a segment.
 */
static void put_refusal(struct batch *batch, struct segment_info info, bool save,
                        struct strbuf *line)
{
    struct system *system = &batch->context->system;
    struct inventory *inventory = &batch->inventory;

    if (!inventory->has_credentials)
        inventory->has_credentials =
            credentials_read(&system->procfs, &inventory->credentials, NULL) == 0;
    info.owner = names_user(system->names, info.segment.uid);
    info.creator = names_user(system->names, info.segment.cuid);
    strbuf_puts(line, ": ");
    if (save)
        removal_report_unreadable(line, &info, inventory);
    else
        removal_report_refusal(line, batch->plan.change, batch->save_path, &info, inventory);
}

/* Whether what became of a segment is reported also without --verbose. */
static bool is_reported(const struct batch *batch, const struct removal_item *item)
{
    switch (item->outcome) {
    case REMOVAL_CHANGED:
        return true;
    case REMOVAL_PROTECTED: /* else in the line of confirm_plan() */
        return item->late || selection_is_named(&batch->selection);
    case REMOVAL_FAILED:
        /* The summary counts those that were not tried; it is due then also with --quiet. */
        return item->code != EINTR || !(batch->has_summary || batch->quiet);
    case REMOVAL_MARKED:
        return !batch->has_summary && !batch->quiet;
    default:
        return false;
    }
}

/* Says what became of one segment, where that is due. */
static void report_item(void *arg, const struct removal_item *item)
{
    struct batch *batch = arg;
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
    bool bad = is_reported(batch, item);
    bool unreadable = batch->save_error.code == EACCES;
    int shmid = item->info.segment.shmid;
    char where[32] = "";

    if (!bad && !batch->verbose)
        return;
    if (item->outcome == REMOVAL_FAILED && item->code != EINTR && batch->save_error.code)
        strbuf_printf(&line, "cannot be saved, and stays: %s", batch->save_error.text);
    else
        removal_report_line(&line, batch->plan.change, item);
    if (item->outcome == REMOVAL_FAILED &&
        (unreadable || (item->code == EPERM && !batch->save_error.code)))
        put_refusal(batch, item->info, unreadable, &line);
    if (item->missing)
        incomplete_hint_key(&line, &batch->inventory, shmid);
    if (batch->plan.namespaces > 0)
        snprintf(where, sizeof(where), " in %llu", (unsigned long long)item->info.namespace);
    error_clear(&batch->save_error);
    if (bad)
        context_warn(batch->context, "%d%s: %s", shmid, where, strbuf_string(&line));
    else
        fprintf(batch->json ? batch->context->err : batch->context->out, "%d%s: %s\n", shmid, where,
                strbuf_string(&line));
}

static void write_removal_json(const struct batch *batch)
{
    CLEANUP_STRBUF struct strbuf document = STRBUF_INIT;

    context_put_head(batch->context, &document);
    removal_report_json(&document, &batch->plan, batch->dry_run);
    context_write(batch->context, &document);
}

static void write_summary(const struct batch *batch)
{
    CLEANUP_STRBUF struct strbuf summary = STRBUF_INIT;

    if (batch->dry_run)
        removal_preview_dry_run(&summary, &batch->plan);
    else
        removal_report_summary(&summary, &batch->plan);
    context_warn_text(batch->context, &summary);
}

/* Shows the plan, and what of it cannot be. */
static void show_dry_run(struct batch *batch)
{
    batch->format.color = terminal_has_color(STDOUT_FILENO);
    if (batch->json)
        write_removal_json(batch);
    else
        removal_preview_table(batch->context->out, &batch->plan, &batch->format);
    for (size_t i = 0; i < batch->plan.count; i++) {
        if (batch->plan.items[i].outcome != REMOVAL_SELECTED)
            report_item(batch, &batch->plan.items[i]);
    }
    /* Below the table, where both are the terminal. */
    fflush(batch->context->out);
    if (!batch->quiet)
        write_summary(batch);
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

/* Saves a segment before it is removed. */
static int save_item(void *arg, const struct removal_item *item, const struct segment *now)
{
    struct batch *batch = arg;
    const struct save_interrupt interrupt = {batch_was_interrupted, batch};
    int r = save_segment(&batch->save, &batch->context->system, &item->info, now,
                         batch->inventory.credentials.init_admin, &interrupt, &batch->save_error);

    if (r == 0 && now->nattch > 0)
        context_warn(batch->context,
                     "%d: was saved while it was in use (nattch %llu): its bytes may have changed "
                     "while they were read, and since",
                     now->shmid, (unsigned long long)now->nattch);
    return r;
}

static void withdraw_item(void *arg, const struct removal_item *item)
{
    struct batch *batch = arg;

    save_withdraw(&batch->save, item->info.segment.shmid);
}

/* Removes or changes what the plan has. Returns an exit status. */
static int carry_out(struct batch *batch)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_STRBUF struct strbuf notes = STRBUF_INIT;
    struct removal_hooks hooks = {.interrupted = batch_was_interrupted,
                                  .refresh = refresh_batch_protection,
                                  .done = report_item,
                                  .arg = batch};
    bool saves = batch->save_path && removal_count(&batch->plan).counts[REMOVAL_SELECTED] > 0;

    if (saves && save_begin(batch->save_path, &batch->save, &err) < 0) {
        context_warn(batch->context, "--save: %s: %s", err.text, batch->undone);
        if (batch->json)
            write_removal_json(batch);
        return STATUS_FAILED;
    }
    if (saves) {
        signal(SIGXFSZ, SIG_IGN); /* a file that gets too large is an error as others are */
        hooks.save = save_item;
        hooks.withdraw = withdraw_item;
    }

    batch->has_summary =
        !batch->quiet && (batch->verbose || removal_count(&batch->plan).selected > 1);
    removal_run(&batch->context->system, &batch->selection, &batch->plan, &hooks);
    if (saves)
        save_end(&batch->save);
    fflush(batch->context->out);
    if (batch->verbose && batch->plan.change)
        change_report_notes(&notes, &batch->plan);
    context_warn_text(batch->context, &notes);
    if (batch->has_summary || (batch->quiet && was_stopped(&batch->plan)))
        write_summary(batch);
    if (batch->json)
        write_removal_json(batch);
    return STATUS_DONE;
}

/* The part with signals blocked. Returns an exit status. */
static int plan_and_act(struct batch *batch)
{
    struct removal_totals totals;
    int status = make_plan(batch);

    if (status == STATUS_DONE)
        status = confirm_plan(batch);
    if ((status == STATUS_DECLINED || status == STATUS_FAILED) && batch->json)
        write_removal_json(batch);
    if (status != STATUS_DONE)
        return status;
    if (batch->dry_run)
        show_dry_run(batch);
    else
        status = carry_out(batch);
    totals = removal_count(&batch->plan);
    if (selection_is_named(&batch->selection) && totals.counts[REMOVAL_PROTECTED] > 0)
        batch->failed = true;
    return batch->failed || totals.counts[REMOVAL_CHANGED] || totals.counts[REMOVAL_FAILED]
               ? STATUS_FAILED
               : status;
}

int batch_run(struct context *context, void *args)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct batch *batch = args;
    bool changes = batch->plan.change != NULL;
    int status;

    batch->context = context;
    batch->done = changes ? "changed" : "removed";
    batch->undone = changes ? "nothing was changed" : "nothing was removed";
    status = batch->reads_input ? select_input(batch) : STATUS_DONE;
    if (status != STATUS_DONE)
        return status;
    if (interrupts_block(&batch->interrupts, &err) < 0)
        return context_fail(context, &err, STATUS_FAILED);
    /* When the reader of our output goes away, it must not end halfway and without a summary. */
    signal(SIGPIPE, SIG_IGN);
    status = plan_and_act(batch);
    interrupts_release(&batch->interrupts);
    return status;
}

void batch_release(void *args)
{
    struct batch *batch = args;

    removal_plan_release(&batch->plan);
    inventory_release(&batch->inventory);
    error_clear(&batch->save_error);
    selection_release(&batch->selection);
}
