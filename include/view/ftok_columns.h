/*
 * The columns of files and their ftok keys.
 */
#ifndef SHMTOOL_VIEW_FTOK_COLUMNS_H
#define SHMTOOL_VIEW_FTOK_COLUMNS_H

#include "action/ftok.h"
#include "model/segment.h"
#include "view/column.h"

/* A file's key, and who has it. */
struct ftok_row {
    const struct ftok_file *file;
    const struct segment *segment; /* that has the key; NULL: none */
};

/* Records are struct ftok_row. */
extern const struct column_table ftok_columns;

#endif
