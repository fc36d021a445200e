/*
 * restore: makes again what `rm --save DIR` saved.
 *
 * The saved tree is read as --sysroot reads one, so that ids and selections say what comes back.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "action/create.h"
#include "action/restore.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "command/explain.h"
#include "command/incomplete.h"
#include "command/options.h"
#include "command/protect.h"
#include "command/selecting.h"
#include "command/where.h"
#include "kernel/signals.h"
#include "view/columns.h"
#include "view/describe.h"
#include "view/writer.h"

enum restore_outcome { RESTORE_SELECTED, RESTORE_RESTORED, RESTORE_FAILED };

/* What became of a saved segment. */
struct restored {
    int shmid;
    const struct segment_info *info; /* borrowed; NULL: there is no such segment in the tree */
    enum restore_outcome outcome;
    int new_shmid; /* only with RESTORE_RESTORED */
    int code;      /* positive errno with RESTORE_FAILED, else 0 */
};

/* A command line of restore, and what becomes of it. */
struct restore {
    struct selection selection;
    bool has_tree; /* the first operand was met */
    bool same_id;
    bool dry_run;
    bool verbose;
    bool json;

    struct context *context;
    struct interrupts interrupts;
    struct inventory inventory; /* of the tree */
    struct restored *results;   /* owned */
    size_t count;
    bool failed;
};

static const struct option_spec restore_options[] = {
    {0, "same-id", NULL, "with the ids that they had, or not at all",
     offsetof(struct restore, same_id), option_flag},
    {0, "dry-run", NULL, "show what would be made, and make nothing",
     offsetof(struct restore, dry_run), option_flag},
    {'v', "verbose", NULL, "a line for each, and what cannot come back",
     offsetof(struct restore, verbose), option_flag},
    {0, "json", NULL, "the outcome as a JSON document", offsetof(struct restore, json),
     option_flag},
};

static const struct option_group restore_group = {"Options", OPTIONS(restore_options)};

/* The first operand is the tree, which is open already; the others are ids. */
static int take_restore_operand(const struct option_use *use, struct error *err)
{
    struct restore *restore = use->place;
    const struct option_use id = {use->context, NULL, &restore->selection, use->word, use->rest};

    if (restore->has_tree)
        return option_id(&id, err);
    restore->has_tree = true;
    return 0;
}

static int check_restore(struct context *context, void *args, struct error *err)
{
    struct restore *restore = args;

    if (!restore->has_tree)
        return error_set(err, EINVAL, "no DIR given: the folder that rm --save has written");
    restore->context = context;
    return where_require_direct(context, "a segment cannot be made", err);
}

/* --- Reading the tree ------------------------------------------------------------------------- */

static void add_restored(struct restore *restore, int shmid, const struct segment_info *info)
{
    restore->results[restore->count++] = (struct restored){
        .shmid = shmid,
        .info = info,
        .outcome = info ? RESTORE_SELECTED : RESTORE_FAILED,
        .code = info ? 0 : ENOENT,
    };
}

/*
 * What protects, and labels, are lines of this machine's shmtool.conf, for segments of the tree
 * too. Returns an exit status.
 */
static int read_lines(struct restore *restore)
{
    struct context *context = restore->context;
    int status = protect_read(context, &restore->selection, 0);
    struct protection *lines = context->system.protection;

    if (lines) {
        context->system.protection = context->tree->protection;
        context->tree->protection = lines;
    }
    return status;
}

/* Fills the list of what is to be made. Returns an exit status. */
static int read_saved(struct restore *restore)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct context *context = restore->context;
    struct inventory *inventory = &restore->inventory;
    unsigned needs = NEED_USAGE | NEED_OWNER | NEED_CREATOR;
    int status = read_lines(restore);

    if (status != STATUS_DONE)
        return status;
    system_refresh(&context->system); /* its clock is what JSON has as "time" */
    if (inventory_read(context->tree, &restore->selection, needs, inventory, &err) < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    restore->failed = context_warn_unparsed(context, &inventory->unparsed);
    incomplete_warn_unknown(context, &inventory->unknown);
    restore->results =
        xcalloc(inventory->count + inventory->missing_id_count, sizeof(*restore->results));
    for (size_t i = 0; i < inventory->count; i++)
        add_restored(restore, inventory->rows[i].segment.shmid, &inventory->rows[i]);
    for (size_t i = 0; i < inventory->missing_id_count; i++)
        add_restored(restore, inventory->missing_ids[i], NULL);
    restore->failed |= incomplete_warn_missing(context, inventory);
    for (size_t i = 0; i < inventory->missing_key_count; i++) {
        context_warn(context, "--key: 0x%08x: no saved segment has this key",
                     inventory->missing_keys[i]);
        restore->failed = true;
    }
    return STATUS_DONE;
}

/* --- Reports ---------------------------------------------------------------------------------- */

static void write_restore_json(const struct restore *restore)
{
    static const char *const names[] = {"selected", "restored", "failed"};
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    size_t counts[] = {0, 0, 0};

    for (size_t i = 0; i < restore->count; i++)
        counts[restore->results[i].outcome]++;
    context_put_head(restore->context, &text);
    strbuf_printf(&text,
                  "\"dry_run\": %s, \"selected\": %zu, \"restored\": %zu, \"failed\": %zu, "
                  "\"results\": [",
                  restore->dry_run ? "true" : "false", restore->inventory.count,
                  counts[RESTORE_RESTORED], counts[RESTORE_FAILED]);
    for (size_t i = 0; i < restore->count; i++) {
        const struct restored *result = &restore->results[i];

        strbuf_printf(&text, "%s\n{\"shmid\": %d, \"new_shmid\": ", i > 0 ? "," : "",
                      result->shmid);
        text_json_number(&text, result->outcome == RESTORE_RESTORED, (uint64_t)result->new_shmid);
        strbuf_printf(&text, ", \"outcome\": \"%s\", \"error\": ", names[result->outcome]);
        error_put_json(&text, result->code);
        strbuf_puts(&text, ", \"bytes\": ");
        text_json_number(&text, result->info != NULL,
                         result->info ? result->info->segment.size : 0);
        strbuf_putc(&text, '}');
    }
    strbuf_puts(&text, restore->count > 0 ? "\n]}\n" : "]}\n");
    context_write(restore->context, &text);
}

static void show_plan(const struct restore *restore)
{
    const struct column_format format = {.now = restore->inventory.clock.now,
                                         .color = terminal_has_color(STDOUT_FILENO)};
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    CLEANUP_COLUMN_SET struct column_set columns = COLUMN_SET_INIT;
    struct context *context = restore->context;
    uint64_t bytes = 0;
    struct writer writer;

    if (restore->json) {
        write_restore_json(restore);
        return;
    }
    column_set_add_list(&columns, &segment_columns, segment_columns.defaults, NULL);
    writer_begin(&writer, FORM_TABLE, context->out, &columns, &format, NULL, NULL, true);
    for (size_t i = 0; i < restore->inventory.count; i++) {
        writer_row(&writer, &restore->inventory.rows[i]);
        bytes = saturating_add(bytes, restore->inventory.rows[i].segment.size);
    }
    writer_end(&writer);
    fflush(context->out);
    strbuf_puts(&text, "would restore ");
    describe_segments(&text, restore->inventory.count, bytes);
    context_warn_text(context, &text);
}

/* Says what of a segment did not come back as it was. */
static void report_differences(const struct restore *restore, const struct segment_info *info,
                               const struct restoration *restoration)
{
    struct context *context = restore->context;
    CLEANUP_STRBUF struct strbuf creator = STRBUF_INIT;
    int shmid = info->segment.shmid;

    if (restoration->without_huge)
        context_warn(context, "%d: has no huge pages now: none of %llu bytes could be had for it",
                     shmid, (unsigned long long)info->segment.huge_page);
    if (restoration->without_creator && restore->verbose) {
        describe_user(&creator, info->creator, info->segment.cuid);
        context_warn(context,
                     "%d: its creator was %s, and is this user now: root alone brings "
                     "that back",
                     shmid, strbuf_string(&creator));
    }
    if (segment_is_locked(&info->segment) && restore->verbose)
        context_warn(context, "%d: was locked, and is not now", shmid);
    if (segment_is_dest(&info->segment) && restore->verbose)
        context_warn(context, "%d: was marked for destruction, and is not now: its key stays 0",
                     shmid);
}

/* --- Making ----------------------------------------------------------------------------------- */

static bool restore_was_interrupted(void *arg)
{
    const struct restore *restore = arg;

    return interrupts_pending(&restore->interrupts);
}

/* Says why one could not be made. */
static void report_failure(const struct restore *restore, const struct restored *result,
                           const struct restoration *restoration, const struct error *err)
{
    char whose[32];

    snprintf(whose, sizeof(whose), "%d: ", result->shmid);
    if (err->code == EINTR)
        context_warn(restore->context, "%snot restored, a signal came", whose);
    else if (restoration->refused)
        explain_shmget(restore->context, whose, &restoration->request, err->code);
    else
        context_warn(restore->context, "%s%s%s", whose, err->text,
                     restore->same_id && (err->code == EACCES || err->code == EPERM)
                         ? "; only root may choose an id: without --same-id it gets a free one"
                         : "");
}

static void restore_one(struct restore *restore, struct restored *result)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct context *context = restore->context;
    struct restoration restoration = {.same_id = restore->same_id};
    const struct save_interrupt interrupt = {restore_was_interrupted, restore};
    int r = restore_segment(&context->system, context->tree, &result->info->segment, &interrupt,
                            &restoration, &err);

    if (r < 0) {
        result->outcome = RESTORE_FAILED;
        result->code = -r;
        report_failure(restore, result, &restoration, &err);
        return;
    }
    result->outcome = RESTORE_RESTORED;
    result->new_shmid = restoration.shmid;
    if (!restore->json)
        fprintf(context->out, "%d\n", restoration.shmid);
    if (restore->verbose)
        context_warn(context, "%d: restored as %d", result->shmid, restoration.shmid);
    report_differences(restore, result->info, &restoration);
}

/* Makes all of them. Returns an exit status. */
static int restore_all(struct restore *restore)
{
    struct context *context = restore->context;
    bool any = false;

    if (restore->inventory.count > 0 && create_is_forced(&context->system)) {
        context_warn(context, "kernel.shm_rmid_forced is 1: the kernel would remove the segments "
                              "as soon as this command ends; nothing was made");
        return explain_forced(context);
    }
    for (size_t i = 0; i < restore->count; i++) {
        if (restore->results[i].outcome == RESTORE_SELECTED)
            restore_one(restore, &restore->results[i]);
        any |= restore->results[i].outcome == RESTORE_RESTORED;
        restore->failed |= restore->results[i].outcome == RESTORE_FAILED;
    }
    if (restore->verbose && any)
        context_warn(context, "what does not come back: the creator's pid, times, attachments");
    if (restore->json)
        write_restore_json(restore);
    return restore->failed ? STATUS_FAILED : STATUS_DONE;
}

static int run_restore(struct context *context, void *args)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct restore *restore = args;
    int status = read_saved(restore);

    if (status != STATUS_DONE)
        return status;
    if (restore->dry_run) {
        show_plan(restore);
        return restore->failed ? STATUS_FAILED : STATUS_DONE;
    }
    if (interrupts_block(&restore->interrupts, &err) < 0)
        return context_fail(context, &err, STATUS_FAILED);
    /* When the reader of our output goes away, it must not end between a segment and its bytes. */
    signal(SIGPIPE, SIG_IGN);
    status = restore_all(restore);
    interrupts_release(&restore->interrupts);
    return status;
}

static void release_restore(void *args)
{
    struct restore *restore = args;

    free(restore->results);
    inventory_release(&restore->inventory);
    selection_release(&restore->selection);
}

const struct command command_restore = {
    .name = "restore",
    .synopsis = {"[OPTION]... DIR [ID...]", "[OPTION]... DIR SELECTION..."},
    .summary = "make again what rm --save DIR saved",
    .details = "All of DIR, or what ids and selections name of it: key, size, permissions, owner\n"
               "and bytes, and run by root the creator. The new ids are printed, one a line.",
    .flags = COMMAND_CHANGES | COMMAND_TREE,
    .groups = {{&restore_group, 0}, {&selection_group, offsetof(struct restore, selection)}},
    .operand = {0, take_restore_operand},
    .examples = {{"restore saved", "make again all that was saved there"},
                 {"restore saved --key 0x00143511 --same-id", "one of it, under its old id"}},
    .size = sizeof(struct restore),
    .check = check_restore,
    .run = run_restore,
    .release = release_restore,
};
