#include "view/table.h"

#include <libsmartcols.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/xalloc.h"

static bool is_right_aligned(enum column_type type)
{
    return type == COLUMN_NUMBER || type == COLUMN_SIZE;
}

/* libsmartcols fails for want of memory only. */
static void must(int r)
{
    if (r < 0)
        xalloc_die();
}

void table_begin(struct writer *writer)
{
    struct libscols_table *table = scols_new_table();

    if (!table)
        xalloc_die();
    /* Cells are escaped here already; a terminal's width must not cut or wrap them. */
    must(scols_table_enable_noencoding(table, 1));
    must(scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER));
    must(scols_table_enable_noheadings(table, !writer->header));
    for (size_t i = 0; i < writer->columns->count; i++) {
        const struct column *column = writer->columns->items[i];

        if (!scols_table_new_column(table, column->name, 0,
                                    is_right_aligned(column->type) ? SCOLS_FL_RIGHT : 0))
            xalloc_die();
    }
    writer->table = table;
}

/* What is not known is a dash, so that fields can be counted; at the line's end it is nothing. */
void table_cell(struct writer *writer, size_t column, const struct column_value *value,
                struct strbuf *out)
{
    if (value->text)
        text_escape(out, value->text, strlen(value->text));
    else
        column_put_text(out, writer->columns->items[column], &writer->format, value);
    if (out->length == 0 && column + 1 < writer->columns->count)
        strbuf_putc(out, '-');
}

void table_row(struct writer *writer, const void *record)
{
    struct libscols_line *line = scols_table_new_line(writer->table, NULL);

    if (!line)
        xalloc_die();
    for (size_t i = 0; i < writer->columns->count; i++) {
        const struct strbuf *cell = writer_cell(writer, i, record);

        if (cell->length > 0)
            must(scols_line_set_data(line, i, cell->data));
    }
}

/* Lines of libsmartcols end in a blank where the last cell is empty. */
static void put_trimmed(struct strbuf *out, const char *text)
{
    while (*text) {
        size_t length = (size_t)(strchrnul(text, '\n') - text);
        size_t shown = length;

        while (shown > 0 && text[shown - 1] == ' ')
            shown--;
        strbuf_append(out, text, shown);
        strbuf_putc(out, '\n');
        text += length + (text[length] == '\n');
    }
}

static ssize_t take_text(void *cookie, const char *data, size_t size)
{
    struct strbuf *text = cookie;

    strbuf_append(text, data, size);
    return (ssize_t)size;
}

static void put_table(struct writer *writer)
{
    static const cookie_io_functions_t functions = {.write = take_text};
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    /* A memory stream, as libsmartcols has one itself, would lose text when memory runs out. */
    FILE *stream = fopencookie(&text, "w", functions);

    if (!stream)
        xalloc_die();
    must(scols_table_set_stream(writer->table, stream));
    must(scols_print_table(writer->table));
    fclose(stream);
    put_trimmed(&writer->buffer, strbuf_string(&text));
}

void table_end(struct writer *writer)
{
    /* Without a row libsmartcols prints nothing at all: the header is due all the same. */
    if (writer->rows == 0 && writer->header) {
        for (size_t i = 0; i < writer->columns->count; i++)
            strbuf_printf(&writer->buffer, "%s%s", i > 0 ? " " : "",
                          writer->columns->items[i]->name);
        strbuf_putc(&writer->buffer, '\n');
    } else {
        put_table(writer);
    }
    table_release(writer);
}

void table_release(struct writer *writer)
{
    scols_unref_table(writer->table);
    writer->table = NULL;
}
