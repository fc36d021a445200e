#include "view/table.h"

#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

struct table {
    const struct column_set *columns;
    bool header;
    size_t rows;
    struct libscols_table *drawn;
    struct libscols_line *line; /* the row added last; borrowed from DRAWN */
};

/* libsmartcols fails only when memory has run out. */
static void must_succeed(int r)
{
    if (r < 0)
        xalloc_die();
}

struct table *table_new(const struct column_set *columns, bool header)
{
    struct table *table = xcalloc(1, sizeof(*table));

    *table = (struct table){.columns = columns, .header = header, .drawn = scols_new_table()};
    if (!table->drawn)
        xalloc_die();
    /* Cells are escaped already; a terminal's width must not cut or wrap them. */
    must_succeed(scols_table_enable_noencoding(table->drawn, 1));
    must_succeed(scols_table_set_termforce(table->drawn, SCOLS_TERMFORCE_NEVER));
    must_succeed(scols_table_enable_noheadings(table->drawn, !header));
    for (size_t i = 0; i < columns->count; i++) {
        enum column_type type = columns->items[i]->type;
        bool right = type == COLUMN_NUMBER || type == COLUMN_SIZE;

        if (!scols_table_new_column(table->drawn, columns->items[i]->name, 0,
                                    right ? SCOLS_FL_RIGHT : 0))
            xalloc_die();
    }
    return table;
}

void table_add_row(struct table *table)
{
    table->line = scols_table_new_line(table->drawn, NULL);
    if (!table->line)
        xalloc_die();
    table->rows++;
}

void table_set_cell(struct table *table, size_t column, const char *text)
{
    must_succeed(scols_line_set_data(table->line, column, text));
}

/* Lines of libsmartcols end in a blank where the last cell is empty. */
static void put_trimmed_lines(struct strbuf *out, const char *text)
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

static ssize_t write_to_strbuf(void *cookie, const char *data, size_t size)
{
    struct strbuf *text = cookie;

    strbuf_append(text, data, size);
    return (ssize_t)size;
}

static void put_drawn(const struct table *table, struct strbuf *out)
{
    static const cookie_io_functions_t functions = {.write = write_to_strbuf};
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    /* A memory stream, as libsmartcols has one itself, would lose text when memory runs out. */
    FILE *stream = fopencookie(&text, "w", functions);

    if (!stream)
        xalloc_die();
    must_succeed(scols_table_set_stream(table->drawn, stream));
    must_succeed(scols_print_table(table->drawn));
    fclose(stream);
    put_trimmed_lines(out, strbuf_string(&text));
}

void table_put(struct table *table, struct strbuf *out)
{
    /* Without a row libsmartcols prints nothing at all: the header is due all the same. */
    if (table->rows > 0) {
        put_drawn(table, out);
    } else if (table->header) {
        for (size_t i = 0; i < table->columns->count; i++)
            strbuf_printf(out, "%s%s", i > 0 ? " " : "", table->columns->items[i]->name);
        strbuf_putc(out, '\n');
    }
}

void table_free(struct table *table)
{
    if (!table)
        return;
    scols_unref_table(table->drawn);
    free(table);
}
