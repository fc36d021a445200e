#include "view/writer.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "view/table.h"

enum { FLUSH_SIZE = 64 * 1024 };

static void flush(struct writer *writer)
{
    fwrite(strbuf_string(&writer->buffer), 1, writer->buffer.length, writer->out);
    strbuf_reset(&writer->buffer);
}

/* RFC 4180: a field that holds a separator stands in quotes, quotes inside are doubled. */
static void put_csv_field(struct strbuf *out, const char *field)
{
    bool quoted = strpbrk(field, ",\"");

    if (quoted)
        strbuf_putc(out, '"');
    for (; *field; field++) {
        if (*field == '"')
            strbuf_putc(out, '"');
        strbuf_putc(out, *field);
    }
    if (quoted)
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
           (column->type == COLUMN_NAME && !value->text && !writer->format.numeric);
}

static void cell_csv(struct writer *writer, size_t i, const struct column_value *value,
                     struct strbuf *out)
{
    const struct column *column = writer->columns->items[i];

    if (i > 0)
        strbuf_putc(out, ',');
    if (is_empty_in_csv(writer, column, value))
        return;
    if (value->text || column->type == COLUMN_STATUS) { /* "dest,locked" */
        CLEANUP_STRBUF struct strbuf field = STRBUF_INIT;

        if (value->text)
            text_escape_utf8(&field, value->text, strlen(value->text));
        else
            column_put_text(&field, column, &writer->format, value);
        put_csv_field(out, strbuf_string(&field));
    } else {
        column_put_text(out, column, &writer->format, value);
    }
}

static void put_cells(struct writer *writer, const void *record);

static void row_csv(struct writer *writer, const void *record)
{
    put_cells(writer, record);
    strbuf_puts(&writer->buffer, "\r\n");
}

static void row_quiet(struct writer *writer, const void *record)
{
    const struct column *column = writer->columns->items[0];
    struct column_value value = {0};

    column->get(&writer->format, record, &value);
    column_put_text(&writer->buffer, column, &writer->format, &value);
    strbuf_putc(&writer->buffer, '\n');
}

static void begin_json(struct writer *writer)
{
    strbuf_printf(&writer->buffer, "{\"schema\": 1, \"%s\": [", writer->list_name);
}

static void cell_json(struct writer *writer, size_t column, const struct column_value *value,
                      struct strbuf *out)
{
    column_put_member(out, writer->columns, column, &writer->format, value);
}

static void row_json(struct writer *writer, const void *record)
{
    strbuf_puts(&writer->buffer, writer->rows > 0 ? ",\n" : "\n");
    put_cells(writer, record);
    strbuf_putc(&writer->buffer, '}');
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
    put_cells(writer, record);
    strbuf_puts(&writer->buffer, "}\n");
}

/* What each form does, by enum writer_form. */
static const struct {
    void (*begin)(struct writer *writer);
    void (*cell)(struct writer *writer, size_t column, const struct column_value *value,
                 struct strbuf *out);
    void (*row)(struct writer *writer, const void *record);
    void (*end)(struct writer *writer);
} forms[] = {
    [FORM_TABLE] = {table_begin, table_cell, table_row, table_end},
    [FORM_QUIET] = {NULL, NULL, row_quiet, NULL},
    [FORM_JSON] = {begin_json, cell_json, row_json, end_json},
    [FORM_NDJSON] = {NULL, cell_json, row_ndjson, NULL},
    [FORM_CSV] = {begin_csv, cell_csv, row_csv, NULL},
};

/* By its bytes: what a text's address stood for may have changed since. */
static bool is_same_value(const struct kept_cell *kept, const struct column_value *value)
{
    return kept->filled && kept->value.known == value->known &&
           kept->value.number == value->number && !kept->value.text == !value->text &&
           (!value->text || strcmp(strbuf_string(&kept->text), value->text) == 0);
}

/* VALUE is the caller's, for one column after the other. */
static inline const struct strbuf *cell_of(struct writer *writer, size_t column, const void *record,
                                           struct column_value *value)
{
    struct kept_cell *kept = &writer->kept[column];

    *value = (struct column_value){0};
    writer->columns->items[column]->get(&writer->format, record, value);
    if (is_same_value(kept, value))
        return &kept->shown;
    strbuf_reset(&kept->shown);
    forms[writer->form].cell(writer, column, value, &kept->shown);
    kept->filled = true;
    kept->value = *value;
    strbuf_reset(&kept->text);
    if (value->text)
        strbuf_puts(&kept->text, value->text);
    return &kept->shown;
}

const struct strbuf *writer_cell(struct writer *writer, size_t column, const void *record)
{
    struct column_value value;

    return cell_of(writer, column, record, &value);
}

/* All cells of a row, as they are. */
static void put_cells(struct writer *writer, const void *record)
{
    struct column_value value;

    for (size_t i = 0; i < writer->columns->count; i++) {
        const struct strbuf *cell = cell_of(writer, i, record, &value);

        strbuf_append(&writer->buffer, cell->data, cell->length);
    }
}

void writer_begin(struct writer *writer, enum writer_form form, FILE *out,
                  const struct column_set *columns, const struct column_format *format,
                  const char *list_name, bool header)
{
    *writer = (struct writer){
        .form = form,
        .out = out,
        .columns = columns,
        .format = *format,
        .kept = xcalloc(columns->count, sizeof(*writer->kept)),
        .list_name = list_name,
        .header = header,
    };
    if (form != FORM_TABLE) /* a program reads it */
        writer->format.human = false;
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

static void release(struct writer *writer)
{
    for (size_t i = 0; i < writer->columns->count; i++) {
        strbuf_release(&writer->kept[i].text);
        strbuf_release(&writer->kept[i].shown);
    }
    free(writer->kept);
    strbuf_release(&writer->buffer);
}

void writer_abandon(struct writer *writer)
{
    if (writer->table)
        table_release(writer);
    release(writer);
}

void writer_end(struct writer *writer)
{
    if (forms[writer->form].end)
        forms[writer->form].end(writer);
    flush(writer);
    release(writer);
}
