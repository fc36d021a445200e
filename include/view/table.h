/*
 * The table form of a writer, drawn by libsmartcols.
 */
#ifndef SHMTOOL_VIEW_TABLE_H
#define SHMTOOL_VIEW_TABLE_H

#include "view/writer.h"

/* What view/writer calls for FORM_TABLE: set up, write a cell, add a line, print and release. */
void table_begin(struct writer *writer);
void table_cell(struct writer *writer, size_t column, const struct column_value *value,
                struct strbuf *out);
void table_row(struct writer *writer, const void *record);
void table_end(struct writer *writer);

/* Releases the table without printing it. */
void table_release(struct writer *writer);

#endif
