#include "view/removal_report.h"

#include <errno.h>
#include <string.h>

#include "view/columns.h"
#include "view/describe.h"
#include "view/human.h"
#include "view/writer.h"

/* What the table shows: the columns of segments go by the first member. */
struct removal_row {
    struct segment_info info;
    const char *processes;
};

static void get_processes(const struct column_format *format, const void *record,
                          struct column_value *ret_value)
{
    const struct removal_row *row = record;

    (void)format;
    *ret_value = (struct column_value){.known = row->processes != NULL, .text = row->processes};
}

static const struct column processes_column = {"processes", COLUMN_TEXT,
                                               NEED_TRY_ATTACHMENTS | NEED_HOLDERS,
                                               "who has it attached", get_processes};

/* The caller releases the set. */
static void choose_table_columns(struct column_set *columns, bool with_processes)
{
    column_set_add_list(columns, &segment_columns, segment_columns.defaults, NULL);
    if (with_processes)
        column_set_add(columns, &processes_column);
}

unsigned removal_report_needs(bool with_processes)
{
    struct column_set columns = COLUMN_SET_INIT;
    unsigned needs;

    choose_table_columns(&columns, with_processes);
    needs = column_set_needs(&columns);
    column_set_release(&columns);
    return needs;
}

/*
 * Appends the processes that have the segment attached, the first few by name and pid, and whether
 * some of its mappings are in processes that are not visible.
 */
static void put_users(struct strbuf *out, const struct segment_info *info)
{
    enum { USERS_MAX = 4 };
    uint32_t count = info->attachment_count;

    for (uint32_t i = 0; i < count && i < USERS_MAX; i++) {
        const char *command = info->attachments[i].command;

        strbuf_puts(out, i > 0 ? " " : "");
        describe_process(out, command ? command : "?", info->attachments[i].pid);
    }
    if (count > USERS_MAX)
        strbuf_printf(out, " +%u", (unsigned)(count - USERS_MAX));
    if (segment_info_unseen(info) > 0)
        strbuf_puts(out, count > 0 ? " and some not visible to you" : "not visible to you");
}

static void write_removal_row(struct writer *writer, const struct segment_info *info,
                              bool with_processes)
{
    CLEANUP_STRBUF struct strbuf processes = STRBUF_INIT;
    struct removal_row row = {.info = *info};

    if (with_processes && info->segment.nattch > 0) {
        put_users(&processes, info);
        row.processes = strbuf_string(&processes);
    }
    writer_row(writer, &row);
}

void removal_report_table(FILE *out, const struct removal_plan *plan,
                          const struct column_format *format, bool with_processes)
{
    struct column_set columns = COLUMN_SET_INIT;
    struct writer writer;

    choose_table_columns(&columns, with_processes);
    writer_begin(&writer, FORM_TABLE, out, &columns, format, NULL, NULL, true);
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->items[i].outcome == REMOVAL_SELECTED)
            write_removal_row(&writer, &plan->items[i].info, with_processes);
    }
    writer_end(&writer);
    column_set_release(&columns);
}

void removal_report_question(struct strbuf *out, const struct removal_plan *plan)
{
    struct removal_totals totals = removal_count(plan);

    strbuf_puts(out, "Remove ");
    describe_segments(out, totals.counts[REMOVAL_SELECTED], totals.pending_bytes);
    strbuf_printf(out, ", %zu of them in use? (yes/no) ", totals.in_use);
}

void removal_report_line(struct strbuf *out, const struct removal_item *item)
{
    switch (item->outcome) {
    case REMOVAL_SELECTED:
        strbuf_puts(out, "selected");
        break;
    case REMOVAL_REMOVED:
        strbuf_puts(out, "removed, ");
        human_count(out, item->info.segment.size, "byte");
        break;
    case REMOVAL_MARKED:
        strbuf_puts(out, segment_is_dest(&item->info.segment) ? "was marked for destruction before"
                                                              : "marked for destruction");
        strbuf_puts(out, "; it goes when nobody has it attached any more");
        break;
    case REMOVAL_GONE:
        strbuf_puts(out, item->missing ? "does not exist" : "gone already");
        break;
    case REMOVAL_CHANGED:
        strbuf_puts(out, "changed since it was listed, left alone");
        break;
    case REMOVAL_FAILED:
        strbuf_puts(out, item->missing         ? "no such segment"
                         : item->code == EINTR ? "not tried, a signal came"
                                               : strerror(item->code));
        break;
    case REMOVAL_OUTCOMES:
        break;
    }
}

static void put_outcome_count(struct strbuf *out, size_t count, const char *what)
{
    if (count > 0)
        strbuf_printf(out, ", %zu %s", count, what);
}

void removal_report_summary(struct strbuf *out, const struct removal_plan *plan)
{
    struct removal_totals totals = removal_count(plan);
    size_t missing = 0;
    size_t not_tried = 0;

    /* Neither are segments that were tried, and failed or were gone. */
    for (size_t i = 0; i < plan->count; i++) {
        const struct removal_item *item = &plan->items[i];
        bool interrupted = item->outcome == REMOVAL_FAILED && item->code == EINTR;

        missing += item->missing;
        not_tried += interrupted;
        totals.counts[item->outcome] -= item->missing || interrupted;
    }
    strbuf_printf(out, "removed %zu of ", totals.counts[REMOVAL_REMOVED]);
    human_count(out, totals.selected, "segment");
    strbuf_puts(out, ", ");
    human_size_long(out, totals.freed_bytes);
    strbuf_puts(out, " freed");
    put_outcome_count(out, totals.counts[REMOVAL_MARKED],
                      "only marked dest because processes hold them");
    put_outcome_count(out, totals.counts[REMOVAL_GONE], "gone already");
    put_outcome_count(out, totals.counts[REMOVAL_CHANGED], "changed and left alone");
    put_outcome_count(out, totals.counts[REMOVAL_FAILED], "failed");
    put_outcome_count(out, not_tried, "not tried because a signal came");
    put_outcome_count(out, missing, "did not exist");
}

static void put_removal_result(struct strbuf *out, const struct removal_item *item)
{
    strbuf_printf(out, "{\"shmid\": %d, \"outcome\": \"%s\", \"error\": ", item->info.segment.shmid,
                  removal_outcome_name(item->outcome));
    error_put_json(out, item->code);
    strbuf_puts(out, ", \"bytes\": ");
    if (item->missing)
        strbuf_puts(out, "null");
    else
        strbuf_put_u64(out, item->info.segment.size);
    strbuf_putc(out, '}');
}

void removal_report_json(struct strbuf *out, const struct removal_plan *plan, bool dry_run)
{
    struct removal_totals totals = removal_count(plan);

    strbuf_printf(out, "\"dry_run\": %s, \"selected\": %zu", dry_run ? "true" : "false",
                  totals.selected);
    for (int outcome = REMOVAL_REMOVED; outcome < REMOVAL_OUTCOMES; outcome++)
        strbuf_printf(out, ", \"%s\": %zu", removal_outcome_name((enum removal_outcome)outcome),
                      totals.counts[outcome]);
    strbuf_puts(out, ", \"freed_bytes\": ");
    strbuf_put_u64(out, totals.freed_bytes);
    strbuf_puts(out, ", \"results\": [");
    for (size_t i = 0; i < plan->count; i++) {
        strbuf_puts(out, i > 0 ? ",\n" : "\n");
        put_removal_result(out, &plan->items[i]);
    }
    strbuf_puts(out, plan->count > 0 ? "\n]}\n" : "]}\n");
}
