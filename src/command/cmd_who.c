/*
 * who: lists the processes that have segments attached.
 *
 * Segments come in kernel order, the processes of each by their pids.
 */
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "command/options.h"
#include "command/output.h"
#include "view/columns.h"

/* A command line of who. */
struct who {
    struct selection selection;
    struct output_options output;
};

/* Returns a row for each segment and process, *ret_count of them; the caller frees them. */
static struct attachment_row *make_attachment_rows(const struct inventory *inventory,
                                                   size_t *ret_count)
{
    struct attachment_row *rows = NULL;
    size_t count = 0;
    size_t capacity = 0;

    for (size_t i = 0; i < inventory->count; i++) {
        const struct segment_info *info = &inventory->rows[i];

        for (uint32_t k = 0; k < info->attachment_count; k++) {
            rows = xgrow(rows, count, &capacity, sizeof(*rows));
            rows[count++] = (struct attachment_row){&info->attachments[k], &info->segment};
        }
    }
    *ret_count = count;
    return rows;
}

/* The quiet form names a process once. */
static void write_attachments(struct context *context, struct who *who,
                              const struct inventory *inventory)
{
    CLEANUP_IDSET struct idset written = IDSET_INIT;
    size_t count;
    CLEANUP_FREE struct attachment_row *rows = make_attachment_rows(inventory, &count);
    bool once = who->output.form == FORM_QUIET;
    struct writer writer;

    output_sort(&who->output, rows, count, sizeof(*rows));
    output_begin(&who->output, context, inventory->clock.now, &writer);
    writer_set_count(&writer, "unreadable", inventory->attachments.unreadable);
    for (size_t i = 0; i < count; i++) {
        if (!once || idset_add(&written, (int)rows[i].attachment->pid))
            writer_row(&writer, &rows[i]);
    }
    writer_end(&writer);
}

/* A saved tree may hold a few processes, or none: nattch shows that some are missing.
 */
static void warn_unsaved(struct context *context, const struct inventory *inventory)
{
    uint64_t unseen = inventory_unseen(inventory);

    if (inventory->live || inventory->attachments.unreadable > 0 || inventory->attachments.hidden ||
        unseen == 0)
        return;
    context_warn(context, "%llu attachment%s in processes that the saved tree does not show",
                 (unsigned long long)unseen, unseen == 1 ? " is" : "s are");
}

static int run_who(struct context *context, void *args)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_INVENTORY struct inventory inventory = {0};
    struct who *who = args;
    bool incomplete;

    output_choose_columns(&who->output, &attachment_columns, NULL);
    if (inventory_read(&context->system, &who->selection,
                       output_needs(&who->output) | NEED_ATTACHMENTS, &inventory, &err) < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    incomplete = context_warn_unparsed(context, &inventory.unparsed);
    incomplete |= options_warn_missing(context, &inventory);
    write_attachments(context, who, &inventory);
    options_warn_unreadable(context, &inventory);
    warn_unsaved(context, &inventory);
    if (!inventory.own_pids)
        context_warn(context,
                     "/proc is that of another PID namespace: do not pass these pids to kill");
    return incomplete ? STATUS_FAILED : STATUS_DONE;
}

static void release_who(void *args)
{
    struct who *who = args;

    selection_release(&who->selection);
    output_release(&who->output);
}

/* Letters of ipcs. */
static const struct option_habit who_habits[] = {
    {'m', "ids need no option here", "who", "ID"},
    {'i', "ids need no option here", "who", "ID"},
    {0, NULL, NULL, NULL},
};

const struct command command_who = {
    .name = "who",
    .synopsis = {"[OPTION]... [ID]..."},
    .summary = "list the processes that have segments attached",
    .examples = "  shmtool who 1867776\n"
                "  shmtool who --dest -c shmid,pid,user,command\n",
    .columns = &attachment_columns,
    .groups = {{&selection_group, offsetof(struct who, selection)},
               {&output_group, offsetof(struct who, output)}},
    .habits = who_habits,
    .operand = {offsetof(struct who, selection), option_id},
    .size = sizeof(struct who),
    .run = run_who,
    .release = release_who,
};
