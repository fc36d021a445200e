#include "view/table.h"

#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/xalloc.h"

struct table {
    const struct column_set *columns;
    const struct column_format *format;
    bool header;
    size_t rows;
    struct libscols_table *drawn;
    struct libscols_line *line; /* the row added last; borrowed from DRAWN */
};

#define BOLD "\033[1m"

const char *table_state_color(const char *text)
{
    static const struct {
        const char *word;
        const char *color;
    } colors[] = {{"orphan", "\033[31m"}, {"dest", "\033[33m"}, {"used", "\033[32m"}};

    for (size_t i = 0; i < sizeof(colors) / sizeof(colors[0]); i++) {
        if (strncmp(text, colors[i].word, strlen(colors[i].word)) == 0)
            return colors[i].color;
    }
    return NULL;
}

/* libsmartcols fails only when memory has run out. */
static void must_succeed(int r)
{
    if (r < 0)
        xalloc_die();
}

struct table *table_new(const struct column_set *columns, const struct column_format *format,
                        bool header)
{
    struct table *table = xcalloc(1, sizeof(*table));

    *table = (struct table){
        .columns = columns, .format = format, .header = header, .drawn = scols_new_table()};
    if (!table->drawn)
        xalloc_die();
    /* Cells are escaped already; a terminal's width must not cut or wrap them. */
    must_succeed(scols_table_enable_noencoding(table->drawn, 1));
    must_succeed(scols_table_set_termforce(table->drawn, SCOLS_TERMFORCE_NEVER));
    must_succeed(scols_table_enable_noheadings(table->drawn, !header));
    must_succeed(scols_table_enable_colors(table->drawn, format->color));
    for (size_t i = 0; i < columns->count; i++) {
        const struct column *column = columns->items[i];
        bool right = column->type == COLUMN_NUMBER || column->type == COLUMN_SIZE;
        /* A header that is not shown widens no column: libsmartcols before 2.41 would let it. */
        struct libscols_column *drawn = scols_table_new_column(
            table->drawn, header ? column->name : NULL, 0, right ? SCOLS_FL_RIGHT : 0);

        if (!drawn)
            xalloc_die();
        if (format->color)
            must_succeed(scols_cell_set_color(scols_column_get_header(drawn), BOLD));
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
    enum column_type type = table->columns->items[column]->type;
    const char *color =
        type == COLUMN_STATE || type == COLUMN_STATUS ? table_state_color(text) : NULL;

    must_succeed(scols_line_set_data(table->line, column, text));
    if (color && table->format->color)
        must_succeed(scols_cell_set_color(scols_line_get_cell(table->line, column), color));
}

/* --- Fitting a terminal ----------------------------------------------------------------------- */

/*
 * The bytes of TEXT that fit into WIDTH columns of a terminal; *ret_used: the columns they take.
 * What no locale knows the width of counts as one.
 */
static size_t fitting_length(const char *text, size_t width, size_t *ret_used)
{
    mbstate_t state = {0};
    size_t done = 0;
    size_t used = 0;

    while (text[done]) {
        wchar_t character;
        size_t length = mbrtowc(&character, text + done, MB_CUR_MAX, &state);
        int columns;

        if (length == 0 || length > MB_CUR_MAX) {
            state = (mbstate_t){0};
            length = 1;
            columns = 1;
        } else {
            columns = wcwidth(character);
        }
        columns = columns < 0 ? 1 : columns;
        if (used + (size_t)columns > width)
            break;
        used += (size_t)columns;
        done += length;
    }
    *ret_used = used;
    return done;
}

/* The next row of the table, or NULL after the last; by the iterator, as finding one is a walk. */
static struct libscols_line *next_line(const struct table *table, struct libscols_iter *iterator)
{
    struct libscols_line *line = NULL;

    return scols_table_next_line(table->drawn, iterator, &line) == 0 ? line : NULL;
}

static const char *cell_text(struct libscols_line *line, size_t column)
{
    const char *text = scols_cell_get_data(scols_line_get_cell(line, column));

    return text ? text : "";
}

/* How many columns of a terminal the table takes but for its column COMMAND. */
static size_t width_of_others(const struct table *table, size_t command,
                              struct libscols_iter *iterator)
{
    const struct column_set *columns = table->columns;
    size_t sum = columns->count - 1; /* the blanks between */
    size_t *widths = xcalloc(columns->count, sizeof(*widths));
    struct libscols_line *line;

    while ((line = next_line(table, iterator))) {
        for (size_t i = 0; i < columns->count; i++) {
            size_t used;

            fitting_length(cell_text(line, i), SIZE_MAX, &used);
            widths[i] = used > widths[i] ? used : widths[i];
        }
    }
    for (size_t i = 0; i < columns->count; i++) {
        size_t header = table->header ? strlen(columns->items[i]->name) : 0;

        if (i != command)
            sum += widths[i] > header ? widths[i] : header;
    }
    free(widths);
    return sum;
}

bool table_cut(struct strbuf *text, size_t keep, size_t width)
{
    size_t used;
    size_t length;

    if (fitting_length(strbuf_string(text), width, &used) == text->length)
        return false;
    length = fitting_length(text->data, width - 1, &used);
    if (length < keep)
        return false;
    strbuf_truncate(text, length);
    strbuf_puts(text, MB_CUR_MAX > 1 ? "\xe2\x80\xa6" : "+"); /* U+2026 */
    return true;
}

/* Cuts command lines to what the other columns leave of the terminal, and never below the header.
 */
static void fit_table(struct table *table)
{
    const struct column_set *columns = table->columns;
    struct libscols_iter *iterator;
    struct libscols_line *line;
    size_t command = 0;
    size_t width;
    size_t others;

    while (command < columns->count && columns->items[command]->type != COLUMN_COMMAND)
        command++;
    if (command == columns->count)
        return;
    iterator = scols_new_iter(SCOLS_ITER_FORWARD);
    if (!iterator)
        xalloc_die();
    others = width_of_others(table, command, iterator);
    width = strlen(columns->items[command]->name);
    if (table->format->width > others + width)
        width = table->format->width - others;
    scols_reset_iter(iterator, SCOLS_ITER_FORWARD);
    while ((line = next_line(table, iterator))) {
        CLEANUP_STRBUF struct strbuf cut = STRBUF_INIT;

        strbuf_puts(&cut, cell_text(line, command));
        if (table_cut(&cut, 0, width))
            must_succeed(scols_line_set_data(line, command, strbuf_string(&cut)));
    }
    scols_free_iter(iterator);
}

/* --- Drawing ---------------------------------------------------------------------------------- */

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
    if (table->rows > 0) {
        if (table->format->width > 0)
            fit_table(table);
        put_drawn(table, out);
    } else if (table->header) {
        /* Without a row libsmartcols prints nothing at all. */
        strbuf_puts(out, table->format->color ? BOLD : "");
        for (size_t i = 0; i < table->columns->count; i++)
            strbuf_printf(out, "%s%s", i > 0 ? " " : "", table->columns->items[i]->name);
        strbuf_puts(out, table->format->color ? TABLE_COLOR_END : "");
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
