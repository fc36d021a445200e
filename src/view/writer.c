#include "view/writer.h"

#include <string.h>

#include "base/text.h"
#include "view/table.h"

enum { FLUSH_SIZE = 64 * 1024 };

static void flush(struct writer *writer)
{
    fwrite(strbuf_string(&writer->buffer), 1, writer->buffer.length, writer->out);
    strbuf_reset(&writer->buffer);
}

/* RFC 4180: quotes around what holds a separator, quotes inside doubled. */
static void put_csv_field(struct writer *writer, const char *text)
{
    struct strbuf *out = &writer->buffer;

    strbuf_reset(&writer->cell);
    text_escape(&writer->cell, text, strlen(text));
    if (!strpbrk(strbuf_string(&writer->cell), ",\"")) {
        strbuf_append(out, strbuf_string(&writer->cell), writer->cell.length);
        return;
    }
    strbuf_putc(out, '"');
    for (size_t i = 0; i < writer->cell.length; i++) {
        if (writer->cell.data[i] == '"')
            strbuf_putc(out, '"');
        strbuf_putc(out, writer->cell.data[i]);
    }
    strbuf_putc(out, '"');
}

static void begin_csv(struct writer *writer)
{
    if (!writer->header)
        return;
    for (size_t i = 0; i < writer->columns->count; i++) {
        if (i > 0)
            strbuf_putc(&writer->buffer, ',');
        strbuf_puts(&writer->buffer, writer->columns->items[i]->name);
    }
    strbuf_puts(&writer->buffer, "\r\n");
}

/* A value that JSON has as null is empty in CSV: the number of a nameless uid has its own column.
 */
static bool is_empty_in_csv(const struct writer *writer, const struct column *column,
                            const struct column_value *value)
{
    return !value->known ||
           (column->type == COLUMN_NAME && !value->text && !writer->format->numeric);
}

static void row_csv(struct writer *writer, const void *record)
{
    struct column_format exact = *writer->format;

    exact.human = false; /* a program reads it */
    for (size_t i = 0; i < writer->columns->count; i++) {
        const struct column *column = writer->columns->items[i];
        struct column_value value = {0};

        if (i > 0)
            strbuf_putc(&writer->buffer, ',');
        column->get(&exact, record, &value);
        if (is_empty_in_csv(writer, column, &value))
            continue;
        if (value.text) {
            put_csv_field(writer, value.text);
        } else if (column->type == COLUMN_STATUS) { /* "dest,locked" */
            CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

            column_put_text(&text, column, &exact, &value);
            put_csv_field(writer, strbuf_string(&text));
        } else {
            column_put_text(&writer->buffer, column, &exact, &value);
        }
    }
    strbuf_puts(&writer->buffer, "\r\n");
}

static void row_quiet(struct writer *writer, const void *record)
{
    const struct column *column = writer->columns->items[0];
    struct column_value value = {0};

    column->get(writer->format, record, &value);
    column_put_text(&writer->buffer, column, writer->format, &value);
    strbuf_putc(&writer->buffer, '\n');
}

static void begin_json(struct writer *writer)
{
    strbuf_printf(&writer->buffer, "{\"schema\": 1, \"%s\": [", writer->list_name);
}

static void row_json(struct writer *writer, const void *record)
{
    strbuf_puts(&writer->buffer, writer->rows > 0 ? ",\n" : "\n");
    column_put_object(&writer->buffer, writer->columns, writer->format, record);
}

static void end_json(struct writer *writer)
{
    strbuf_puts(&writer->buffer, writer->rows > 0 ? "\n]" : "]");
    if (writer->count_name) {
        strbuf_printf(&writer->buffer, ", \"%s\": ", writer->count_name);
        strbuf_put_u64(&writer->buffer, writer->count);
    }
    strbuf_puts(&writer->buffer, "}\n");
}

static void row_ndjson(struct writer *writer, const void *record)
{
    column_put_object(&writer->buffer, writer->columns, writer->format, record);
    strbuf_putc(&writer->buffer, '\n');
}

/* What each form does, by enum writer_form. */
static const struct {
    void (*begin)(struct writer *writer);
    void (*row)(struct writer *writer, const void *record);
    void (*end)(struct writer *writer);
} forms[] = {
    [FORM_TABLE] = {table_begin, table_row, table_end},
    [FORM_QUIET] = {NULL, row_quiet, NULL},
    [FORM_JSON] = {begin_json, row_json, end_json},
    [FORM_NDJSON] = {NULL, row_ndjson, NULL},
    [FORM_CSV] = {begin_csv, row_csv, NULL},
};

void writer_begin(struct writer *writer, enum writer_form form, FILE *out,
                  const struct column_set *columns, const struct column_format *format,
                  const char *list_name, bool header)
{
    *writer = (struct writer){
        .form = form,
        .out = out,
        .columns = columns,
        .format = format,
        .list_name = list_name,
        .header = header,
    };
    if (forms[form].begin)
        forms[form].begin(writer);
}

void writer_set_count(struct writer *writer, const char *name, uint64_t count)
{
    writer->count_name = name;
    writer->count = count;
}

void writer_row(struct writer *writer, const void *record)
{
    forms[writer->form].row(writer, record);
    writer->rows++;
    if (writer->buffer.length >= FLUSH_SIZE)
        flush(writer);
}

void writer_abandon(struct writer *writer)
{
    if (writer->table)
        table_release(writer);
    strbuf_release(&writer->buffer);
    strbuf_release(&writer->cell);
}

void writer_end(struct writer *writer)
{
    if (forms[writer->form].end)
        forms[writer->form].end(writer);
    flush(writer);
    strbuf_release(&writer->buffer);
    strbuf_release(&writer->cell);
}
