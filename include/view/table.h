/*
 * A table of texts, drawn by libsmartcols: the only place that uses it.
 */
#ifndef SHMTOOL_VIEW_TABLE_H
#define SHMTOOL_VIEW_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "view/column.h"

struct table;

/*
 * Returns a table of these columns, which must outlive it; with a header line if HEADER. Of FORMAT
 * color and width count.
 */
struct table *table_new(const struct column_set *columns, const struct column_format *format,
                        bool header);

/* Adds a row without cells. */
void table_add_row(struct table *table);

/* Sets a cell of the row added last to a copy of TEXT, which is shown as it is. */
void table_set_cell(struct table *table, size_t column, const char *text);

/* Appends the table's lines, the header also where there is no row. */
void table_put(struct table *table, struct strbuf *out);

/* Releases the table. NULL is allowed. */
void table_free(struct table *table);

/* What ends a color on a terminal. */
#define TABLE_COLOR_END "\033[0m"

/*
 * Returns the color of a state, or of a status, which may go on after a comma; NULL: none.
 */
const char *table_state_color(const char *text);

/*
 * Cuts TEXT to WIDTH columns (at least 1) of a terminal, with a sign that it is; not at all where
 * its first KEEP bytes would be cut. Returns whether it was.
 */
bool table_cut(struct strbuf *text, size_t keep, size_t width);

#endif
