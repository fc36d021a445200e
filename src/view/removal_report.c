#include "view/removal_report.h"

#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "view/segment_columns.h"
#include "view/writer.h"

/* What the table shows of a segment: the columns of segments go by the first member. */
struct row {
    struct segment segment;
    const char *processes;
};

static void get_processes(const struct column_format *format, const void *record,
                          struct column_value *ret_value)
{
    const struct row *row = record;

    (void)format;
    *ret_value = (struct column_value){.known = row->processes != NULL, .text = row->processes};
}

static const struct column processes_column = {"processes", COLUMN_TEXT, "who has it attached",
                                               get_processes};

/* Appends the name of a command line's program, without its directories. */
static void put_program(struct strbuf *out, const char *command)
{
    size_t length = strcspn(command, " ");
    const char *slash = command[0] == '/' ? memrchr(command, '/', length) : NULL;
    const char *name = slash ? slash + 1 : command;

    strbuf_append(out, name, length - (size_t)(name - command));
}

void removal_report_users(struct strbuf *out, struct pids *pids,
                          const struct attachment_list *attachments, const struct segment *segment)
{
    enum { SHOWN = 4 };
    size_t count = 0;
    uint64_t maps = 0;
    const struct attachment *found = attachment_list_find(attachments, segment->shmid, &count);

    for (size_t i = 0; found && i < count; i++) {
        maps += found[i].maps;
        if (i < SHOWN) {
            const char *command = pids_command(pids, found[i].pid);

            strbuf_puts(out, i > 0 ? " " : "");
            put_program(out, command ? command : "?");
            strbuf_printf(out, "[%d]", (int)found[i].pid);
        }
    }
    if (count > SHOWN)
        strbuf_printf(out, " +%zu", count - SHOWN);
    if (maps < segment->nattch)
        strbuf_puts(out, count > 0 ? " and some not visible to you" : "not visible to you");
}

static void write_row(struct writer *writer, const struct segment *segment,
                      const struct attachment_list *attachments)
{
    CLEANUP_STRBUF struct strbuf processes = STRBUF_INIT;
    struct row row = {.segment = *segment};

    if (attachments && segment->nattch > 0) {
        removal_report_users(&processes, writer->format.system->pids, attachments, segment);
        row.processes = strbuf_string(&processes);
    }
    writer_row(writer, &row);
}

void removal_report_table(FILE *out, const struct removal_plan *plan,
                          const struct column_format *format,
                          const struct attachment_list *attachments)
{
    struct column_set columns = COLUMN_SET_INIT;
    struct writer writer;

    column_set_add_list(&columns, &segment_columns, segment_columns.defaults, NULL);
    if (attachments)
        column_set_add(&columns, &processes_column);
    writer_begin(&writer, FORM_TABLE, out, &columns, format, NULL, true);
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->items[i].outcome == REMOVAL_SELECTED)
            write_row(&writer, &plan->items[i].segment, attachments);
    }
    writer_end(&writer);
    column_set_release(&columns);
}

void removal_report_question(struct strbuf *out, const struct removal_plan *plan)
{
    size_t count = 0;
    size_t in_use = 0;
    uint64_t bytes = 0;

    for (size_t i = 0; i < plan->count; i++) {
        if (plan->items[i].outcome != REMOVAL_SELECTED)
            continue;
        count++;
        in_use += plan->items[i].segment.nattch > 0;
        bytes = saturating_add(bytes, plan->items[i].segment.size);
    }
    strbuf_puts(out, "Remove ");
    human_count(out, count, "segment");
    strbuf_puts(out, ", ");
    human_size_long(out, bytes);
    strbuf_printf(out, ", %zu of them in use? (yes/no) ", in_use);
}

void removal_report_line(struct strbuf *out, const struct removal_item *item)
{
    switch (item->outcome) {
    case REMOVAL_SELECTED:
        strbuf_puts(out, "selected");
        break;
    case REMOVAL_REMOVED:
        strbuf_puts(out, "removed, ");
        human_count(out, item->segment.size, "byte");
        break;
    case REMOVAL_MARKED:
        strbuf_puts(out, segment_is_dest(&item->segment) ? "was marked for destruction before"
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

static void put_part(struct strbuf *out, size_t count, const char *words)
{
    if (count > 0)
        strbuf_printf(out, ", %zu %s", count, words);
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
    put_part(out, totals.counts[REMOVAL_MARKED], "only marked dest because processes hold them");
    put_part(out, totals.counts[REMOVAL_GONE], "gone already");
    put_part(out, totals.counts[REMOVAL_CHANGED], "changed and left alone");
    put_part(out, totals.counts[REMOVAL_FAILED], "failed");
    put_part(out, not_tried, "not tried because a signal came");
    put_part(out, missing, "did not exist");
}

static void put_result(struct strbuf *out, const struct removal_item *item)
{
    strbuf_printf(out, "{\"shmid\": %d, \"outcome\": \"%s\", \"error\": ", item->segment.shmid,
                  removal_outcome_name(item->outcome));
    error_put_json(out, item->code);
    strbuf_puts(out, ", \"bytes\": ");
    if (item->missing)
        strbuf_puts(out, "null");
    else
        strbuf_put_u64(out, item->segment.size);
    strbuf_putc(out, '}');
}

void removal_report_json(struct strbuf *out, const struct removal_plan *plan, bool dry_run)
{
    struct removal_totals totals = removal_count(plan);

    strbuf_printf(out, "{\"schema\": 1, \"dry_run\": %s, \"selected\": %zu",
                  dry_run ? "true" : "false", totals.selected);
    for (int outcome = REMOVAL_REMOVED; outcome < REMOVAL_OUTCOMES; outcome++)
        strbuf_printf(out, ", \"%s\": %zu", removal_outcome_name((enum removal_outcome)outcome),
                      totals.counts[outcome]);
    strbuf_puts(out, ", \"freed_bytes\": ");
    strbuf_put_u64(out, totals.freed_bytes);
    strbuf_puts(out, ", \"results\": [");
    for (size_t i = 0; i < plan->count; i++) {
        strbuf_puts(out, i > 0 ? ",\n" : "\n");
        put_result(out, &plan->items[i]);
    }
    strbuf_puts(out, plan->count > 0 ? "\n]}\n" : "]}\n");
}
