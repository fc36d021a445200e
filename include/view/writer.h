/*
 * Records written in one of the forms that ls, who, key and rm know.
 *
 * A writer takes records one by one and keeps none of them; only the table keeps all of them, for
 * its widths. Write errors stay in the stream, for the command to find at its end.
 */
#ifndef SHMTOOL_VIEW_WRITER_H
#define SHMTOOL_VIEW_WRITER_H

#include <stdbool.h>
#include <stdio.h>

#include "view/column.h"

enum writer_form { FORM_TABLE, FORM_QUIET, FORM_JSON, FORM_NDJSON, FORM_CSV };

struct table;

/*
 * What a column showed last: neighbours in a listing are alike, and most cells are those of the row
 * before, which are not formatted again (measured: 10 % of ls --json).
 */
struct kept_cell {
    bool filled;
    struct column_value value; /* its text is that of TEXT */
    struct strbuf text;
    struct strbuf shown; /* the cell, in the writer's form */
};

struct writer {
    enum writer_form form;
    FILE *out;                        /* borrowed */
    const struct column_set *columns; /* borrowed */
    struct column_format format;
    struct kept_cell *kept; /* owned array, one for each column */
    const char *list_name;  /* of the array in a JSON document: "segments" */
    bool header;            /* of tables and CSV */
    struct strbuf tail;     /* what stands after the array in JSON */
    size_t rows;
    struct strbuf buffer;
    struct table *table; /* owned; of FORM_TABLE */
};

/*
 * Begins to write to OUT. What is given is borrowed until writer_end(), but for FORMAT and HEAD.
 *
 * head: what a JSON document begins with, up to the list (context_put_head()); NULL in other forms
 *
 * With FORM_QUIET the first column alone is written, one value a line.
 */
void writer_begin(struct writer *writer, enum writer_form form, FILE *out,
                  const struct column_set *columns, const struct column_format *format,
                  const char *head, const char *list_name, bool header);

/*
 * Adds a number, or any JSON (null where it is empty), to a document, after its array; the other
 * forms have no place for it.
 */
void writer_add_count(struct writer *writer, const char *name, uint64_t count);
void writer_add_json(struct writer *writer, const char *name, const struct strbuf *json);

/* Writes one record of the columns' kind. */
void writer_row(struct writer *writer, const void *record);

/*
 * Adds a total to a table, as its last row; other forms have none. The record fills the columns
 * from FIRST on, in the order of their table; "total" and dashes stand in those before it.
 */
void writer_total(struct writer *writer, const void *record, const struct column *first);

/* Ends the document, gives all of it to the stream and releases the writer's memory. */
void writer_end(struct writer *writer);

#endif
