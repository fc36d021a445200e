/*
 * who: lists the processes that have segments attached.
 *
 * Segments come in kernel order, the processes of each by their pids.
 */
#include "action/inventory_settled.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "command/incomplete.h"
#include "command/options.h"
#include "command/output.h"
#include "command/protect.h"
#include "command/selecting.h"
#include "view/columns.h"
#include "view/describe.h"

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
            rows[count++] = (struct attachment_row){&info->attachments[k], info};
        }
    }
    *ret_count = count;
    return rows;
}

/* The segments of which attachments were found in no process, as a JSON array. */
static void put_json_unseen(struct strbuf *out, const struct inventory *inventory, bool everywhere)
{
    const char *before = "[";

    for (size_t i = 0; i < inventory->count; i++) {
        const struct segment_info *info = &inventory->rows[i];

        if (segment_info_unseen(info) == 0)
            continue;
        strbuf_printf(out, "%s{\"shmid\": %d, \"nattch\": %llu, \"found\": %llu", before,
                      info->segment.shmid, (unsigned long long)info->segment.nattch,
                      (unsigned long long)segment_info_maps(info));
        if (everywhere)
            strbuf_printf(out, ", \"namespace\": %llu", (unsigned long long)info->namespace);
        strbuf_putc(out, '}');
        before = ", ";
    }
    strbuf_puts(out, *before == '[' ? "[]" : "]");
}

/* The quiet form names a process once. */
static void write_attachments(struct context *context, struct who *who,
                              const struct inventory *inventory)
{
    CLEANUP_IDSET struct idset written = IDSET_INIT;
    size_t count;
    CLEANUP_FREE struct attachment_row *rows = make_attachment_rows(inventory, &count);
    CLEANUP_STRBUF struct strbuf unseen = STRBUF_INIT;
    bool once = who->output.form == FORM_QUIET;
    struct writer writer;

    output_sort(&who->output, rows, count, sizeof(*rows));
    output_begin(&who->output, context, inventory->clock.now, &writer);
    put_json_unseen(&unseen, inventory, context->where.all_namespaces);
    writer_add_count(&writer, "unreadable", inventory->attachments.unreadable);
    writer_add_json(&writer, "unseen", &unseen);
    for (size_t i = 0; i < count; i++) {
        if (!once || idset_add(&written, (int)rows[i].attachment->pid))
            writer_row(&writer, &rows[i]);
    }
    writer_end(&writer);
}

static int run_who(struct context *context, void *args)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_INVENTORY struct inventory inventory = {0};
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
    struct who *who = args;
    bool incomplete;
    int status;

    output_choose_columns(&who->output, context, NULL, NULL);
    status = protect_read(context, &who->selection, 0);
    if (status != STATUS_DONE)
        return status;
    if (inventory_read_settled(&context->system, &who->selection,
                               output_needs(&who->output) | NEED_ATTACHMENTS, &inventory, &err) < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    incomplete = context_warn_unparsed(context, &inventory.unparsed);
    incomplete |= incomplete_warn_inventory(context, &who->selection, &inventory);
    write_attachments(context, who, &inventory);
    incomplete_warn_unreadable(context, &inventory);
    describe_unseen(&line, &inventory);
    context_warn_text(context, &line);
    strbuf_reset(&line);
    describe_surplus(&line, &inventory);
    context_warn_text(context, &line);
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
    .flags = COMMAND_EVERYWHERE,
    .columns = &attachment_columns,
    .groups = {{&selection_group, offsetof(struct who, selection)},
               {&output_group, offsetof(struct who, output)}},
    .habits = who_habits,
    .operand = {offsetof(struct who, selection), option_id},
    .examples = {{"who 1867776", "the processes that hold this segment"},
                 {"who -q --dest", "their pids alone, of all that are marked for destruction"}},
    .size = sizeof(struct who),
    .run = run_who,
    .release = release_who,
};
