#include "view/removal_report.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "view/segment_columns.h"
#include "view/writer.h"

void removal_report_table(FILE *out, const struct removal_plan *plan,
                          const struct column_format *format)
{
    struct column_set columns = COLUMN_SET_INIT;
    struct writer writer;

    column_set_add_list(&columns, &segment_columns, segment_columns.defaults, NULL);
    writer_begin(&writer, FORM_TABLE, out, &columns, format, NULL, true);
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->items[i].outcome == REMOVAL_SELECTED)
            writer_row(&writer, &plan->items[i].segment);
    }
    writer_end(&writer);
    column_set_release(&columns);
}

/* The name of a command line's program, without its directories. */
static void put_program(struct strbuf *out, const char *command)
{
    size_t length = strcspn(command, " ");
    const char *slash = memrchr(command, '/', length);
    const char *name = slash && command[0] == '/' ? slash + 1 : command;

    text_escape(out, name, length - (size_t)(name - command));
}

void removal_report_users(struct strbuf *out, struct machine *machine,
                          const struct attach_table *attachments, int shmid)
{
    enum { SHOWN = 4 };
    size_t count;
    const struct attachment *first = attach_table_find(attachments, shmid, &count);

    for (size_t i = 0; first && i < count && i < SHOWN; i++) {
        const char *command = pids_command(machine->pids, first[i].pid);

        if (i > 0)
            strbuf_putc(out, ' ');
        put_program(out, command ? command : "?");
        strbuf_printf(out, "[%d]", (int)first[i].pid);
    }
    if (first && count > SHOWN)
        strbuf_printf(out, " +%zu", count - SHOWN);
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
        strbuf_puts(out, item->missing ? "no such segment" : strerror(item->code));
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

    strbuf_printf(out, "removed %zu of ", totals.counts[REMOVAL_REMOVED]);
    human_count(out, totals.selected, "segment");
    strbuf_puts(out, ", ");
    human_size_long(out, totals.freed_bytes);
    strbuf_puts(out, " freed");
    put_part(out, totals.counts[REMOVAL_MARKED], "only marked dest because processes hold them");
    put_part(out, totals.counts[REMOVAL_GONE], "gone already");
    put_part(out, totals.counts[REMOVAL_CHANGED], "changed and left alone");
    put_part(out, totals.counts[REMOVAL_FAILED], "failed");
}

static void put_result(struct strbuf *out, const struct removal_item *item)
{
    const char *name = item->code ? error_code_name(item->code) : NULL;

    strbuf_printf(out, "{\"shmid\": %d, \"outcome\": \"%s\", \"error\": ", item->segment.shmid,
                  removal_outcome_name(item->outcome));
    if (name)
        strbuf_printf(out, "\"%s\"", name);
    else
        strbuf_puts(out, "null");
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
