#include "view/writer.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "view/table.h"

enum { FLUSH_SIZE = 64 * 1024 };

static void flush_buffer(struct writer *writer)
{
    fwrite(strbuf_string(&writer->buffer), 1, writer->buffer.length, writer->out);
    strbuf_reset(&writer->buffer);
}

/* --- CSV -------------------------------------------------------------------------------------- */

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

static void begin_csv(struct writer *writer, const char *head __attribute__((unused)))
{
    if (!writer->header)
        return;
    for (size_t i = 0; i < writer->columns->count; i++) {
        if (i > 0)
            strbuf_putc(&writer->buffer, ',');
        strbuf_puts(&writer->buffer, writer->columns->items[i]->name);
    }
    strbuf_puts(&writer->buffer, "\n");
}

static void cell_csv(struct writer *writer, size_t i, const struct column_value *value,
                     struct strbuf *out)
{
    const struct column *column = writer->columns->items[i];

    if (i > 0)
        strbuf_putc(out, ',');
    /* What JSON has as null is empty here: the number of a nameless uid has its own column. */
    if (!value->known || (column->type == COLUMN_NAME && !value->text && !writer->format.numeric))
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

/* --- JSON ------------------------------------------------------------------------------------- */

static void begin_json(struct writer *writer, const char *head)
{
    strbuf_printf(&writer->buffer, "%s\"%s\": [", head, writer->list_name);
}

static void cell_json(struct writer *writer, size_t column, const struct column_value *value,
                      struct strbuf *out)
{
    column_put_member(out, writer->columns, column, &writer->format, value);
}

static void end_json(struct writer *writer)
{
    strbuf_puts(&writer->buffer, writer->rows > 0 ? "\n]" : "]");
    strbuf_append(&writer->buffer, strbuf_string(&writer->tail), writer->tail.length);
    strbuf_puts(&writer->buffer, "}\n");
}

/* --- Table ------------------------------------------------------------------------------------ */

static void begin_table(struct writer *writer, const char *head __attribute__((unused)))
{
    writer->table = table_new(writer->columns, &writer->format, writer->header);
}

/*
 * Fields can be counted: what is not known is a dash, at the line's end nothing, and a name is one
 * word.
 */
static void cell_table(struct writer *writer, size_t column, const struct column_value *value,
                       struct strbuf *out)
{
    enum column_type type = writer->columns->items[column]->type;
    size_t length = value->text ? strlen(value->text) : 0;

    if (value->at_least)
        strbuf_puts(out, text_locale_is_utf8() ? "\xe2\x89\xa5" : ">="); /* U+2265 */
    if (value->text && (type == COLUMN_NAME || type == COLUMN_RULE || type == COLUMN_WORD))
        text_escape_word(out, value->text, length);
    else if (value->text)
        text_escape(out, value->text, length);
    else
        column_put_text(out, writer->columns->items[column], &writer->format, value);
    if (out->length == 0 && column + 1 < writer->columns->count)
        strbuf_putc(out, '-');
}

static void end_table(struct writer *writer)
{
    table_put(writer->table, &writer->buffer);
}

/* --- Ids -------------------------------------------------------------------------------------- */

static void cell_quiet(struct writer *writer, size_t column, const struct column_value *value,
                       struct strbuf *out)
{
    if (column == 0)
        column_put_text(out, writer->columns->items[column], &writer->format, value);
}

/* --- Forms ------------------------------------------------------------------------------------ */

/* What each form does, by enum writer_form; what stands before a row (but the first) and after it.
 */
static const struct {
    void (*begin)(struct writer *writer, const char *head);
    void (*cell)(struct writer *writer, size_t column, const struct column_value *value,
                 struct strbuf *out);
    const char *before_first;
    const char *before_row;
    const char *after_row;
    void (*end)(struct writer *writer);
} forms[] = {
    [FORM_TABLE] = {begin_table, cell_table, "", "", "", end_table},
    [FORM_QUIET] = {NULL, cell_quiet, "", "", "\n", NULL},
    [FORM_JSON] = {begin_json, cell_json, "\n", ",\n", "}", end_json},
    [FORM_NDJSON] = {NULL, cell_json, "", "", "}\n", NULL},
    [FORM_CSV] = {begin_csv, cell_csv, "", "", "\n", NULL},
};

/* By its bytes: what a text's address stood for may have changed since. */
static bool is_same_value(const struct kept_cell *kept, const struct column_value *value)
{
    return kept->filled && kept->value.known == value->known &&
           kept->value.number == value->number && kept->value.high == value->high &&
           kept->value.at_least == value->at_least && !kept->value.text == !value->text &&
           (!value->text || strcmp(strbuf_string(&kept->text), value->text) == 0);
}

/* Returns the cell of RECORD in a column, in the writer's form, valid until the next row. */
static inline const struct strbuf *format_cell(struct writer *writer, size_t column,
                                               const void *record)
{
    struct kept_cell *kept = &writer->kept[column];
    struct column_value value = {0};

    writer->columns->items[column]->get(&writer->format, record, &value);
    if (is_same_value(kept, &value))
        return &kept->shown;
    strbuf_reset(&kept->shown);
    forms[writer->form].cell(writer, column, &value, &kept->shown);
    kept->filled = true;
    kept->value = value;
    strbuf_reset(&kept->text);
    if (value.text)
        strbuf_puts(&kept->text, value.text);
    return &kept->shown;
}

void writer_begin(struct writer *writer, enum writer_form form, FILE *out,
                  const struct column_set *columns, const struct column_format *format,
                  const char *head, const char *list_name, bool header)
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
        forms[form].begin(writer, head);
}

void writer_add_count(struct writer *writer, const char *name, uint64_t count)
{
    strbuf_printf(&writer->tail, ", \"%s\": ", name);
    strbuf_put_u64(&writer->tail, count);
}

void writer_add_json(struct writer *writer, const char *name, const struct strbuf *json)
{
    strbuf_printf(&writer->tail, ", \"%s\": %s", name,
                  json->length > 0 ? strbuf_string(json) : "null");
}

void writer_row(struct writer *writer, const void *record)
{
    strbuf_puts(&writer->buffer, writer->rows > 0 ? forms[writer->form].before_row
                                                  : forms[writer->form].before_first);
    if (writer->table)
        table_add_row(writer->table);
    for (size_t i = 0; i < writer->columns->count; i++) {
        const struct strbuf *cell = format_cell(writer, i, record);

        if (!writer->table)
            strbuf_append(&writer->buffer, cell->data, cell->length);
        else if (cell->length > 0)
            table_set_cell(writer->table, i, cell->data);
    }
    strbuf_puts(&writer->buffer, forms[writer->form].after_row);
    writer->rows++;
    if (writer->buffer.length >= FLUSH_SIZE)
        flush_buffer(writer);
}

void writer_total(struct writer *writer, const void *record, const struct column *first)
{
    bool labelled = false;

    if (!writer->table)
        return;
    table_add_row(writer->table);
    for (size_t i = 0; i < writer->columns->count; i++) {
        if (writer->columns->items[i] >= first) {
            const struct strbuf *cell = format_cell(writer, i, record);

            table_set_cell(writer->table, i, strbuf_string(cell));
        } else {
            table_set_cell(writer->table, i, labelled ? "-" : "total");
            labelled = true;
        }
    }
}

void writer_end(struct writer *writer)
{
    if (forms[writer->form].end)
        forms[writer->form].end(writer);
    flush_buffer(writer);
    for (size_t i = 0; i < writer->columns->count; i++) {
        strbuf_release(&writer->kept[i].text);
        strbuf_release(&writer->kept[i].shown);
    }
    free(writer->kept);
    table_free(writer->table);
    strbuf_release(&writer->tail);
    strbuf_release(&writer->buffer);
}
