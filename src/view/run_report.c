#include "view/run_report.h"

#include <string.h>

#include "base/text.h"
#include "model/state.h"
#include "view/column.h"
#include "view/columns.h"

/* The array of segments while it is written. */
struct left_array {
    struct strbuf *out;
    const struct supervise_result *result;
    struct column_set columns;
    struct column_format format;
    size_t count;
};

unsigned run_report_needs(void)
{
    return column_table_needs(&segment_columns);
}

/* Appends a segment with all that was looked up, and what became of it. ORIGIN: NULL: the creator
 * says. */
static void put_left_segment(struct left_array *left, const struct segment *segment,
                             const char *origin, const char *outcome)
{
    const struct segment_info unread = {.segment = *segment, .state = STATE_UNKNOWN};
    const struct segment_info *info = inventory_find_id(&left->result->left, segment->shmid);

    if (!info || !segment_same(&info->segment, segment))
        info = &unread;
    if (!origin)
        origin = segment->cpid == left->result->pid ? "program" : "descendant";
    strbuf_puts(left->out, left->count++ > 0 ? ",\n" : "\n");
    column_put_object(left->out, &left->columns, &left->format, info);
    strbuf_truncate(left->out, left->out->length - 1); /* the object's end: there is more to come */
    strbuf_printf(left->out, ", \"origin\": \"%s\", \"outcome\": \"%s\"}", origin, outcome);
}

static void put_left_list(struct left_array *left, const struct segment_list *list,
                          const char *origin, const char *outcome)
{
    for (size_t i = 0; i < list->count; i++)
        put_left_segment(left, &list->items[i], origin, outcome);
}

static void put_left(struct strbuf *out, const struct supervise_result *result, const char *host)
{
    struct left_array left = {out, result, COLUMN_SET_INIT, {.time = TIME_ISO, .host = host}, 0};

    column_set_add_all(&left.columns, &segment_columns);
    strbuf_putc(out, '[');
    for (size_t i = 0; i < result->removal.count; i++) {
        const struct removal_item *item = &result->removal.items[i];
        bool kept = item->outcome == REMOVAL_SELECTED;

        put_left_segment(&left, &item->info.segment, NULL,
                         kept ? "kept" : removal_outcome_name(item->outcome));
    }
    put_left_list(&left, &result->held, NULL, "attached");
    put_left_list(&left, &result->creators, NULL, "creator_alive");
    put_left_list(&left, &result->untraced, "unsure", "untraced");
    strbuf_puts(out, left.count > 0 ? "\n]" : "]");
    column_set_release(&left.columns);
}

static void put_end_number(struct strbuf *out, const char *name, bool known, int number)
{
    if (known)
        strbuf_printf(out, ", \"%s\": %d", name, number);
    else
        strbuf_printf(out, ", \"%s\": null", name);
}

void run_report_json(struct strbuf *out, const char *host, char *const *program,
                     const struct supervise_result *result, int exec_status)
{
    bool ended = result->stage >= SUPERVISE_CLEAN;
    bool exited = ended && result->end.signal == 0;

    strbuf_puts(out, "\"program\": [");
    for (size_t i = 0; program[i]; i++) {
        strbuf_puts(out, i > 0 ? ", " : "");
        text_json(out, program[i], strlen(program[i]));
    }
    strbuf_putc(out, ']');
    put_end_number(out, "pid", ended, result->pid);
    /* Of what was not executed, as a shell has it; of what was not started, none. */
    put_end_number(out, "status", exited || result->stage == SUPERVISE_EXEC,
                   exited ? result->end.status : exec_status);
    put_end_number(out, "signal", ended && !exited, result->end.signal);
    strbuf_puts(out, ", \"left\": ");
    if (result->stage == SUPERVISE_CLEAN)
        strbuf_puts(out, "null"); /* the segments could not be read */
    else
        put_left(out, result, host);
    strbuf_puts(out, "}\n");
}
