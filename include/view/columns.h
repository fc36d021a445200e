/*
 * The tables of columns, one a kind of record: segments, attachments, files and their keys, sums,
 * limits, IPC namespaces.
 *
 * The program knows of a column by its entry in src/view/columns.c alone: what is printed, sorted
 * and read follows from that. CONTRIBUTING.md lists the documents and tests that name it too.
 */
#ifndef SHMTOOL_VIEW_COLUMNS_H
#define SHMTOOL_VIEW_COLUMNS_H

#include "action/ftok.h"
#include "model/ipc_namespace.h"
#include "model/limits.h"
#include "model/segment_info.h"
#include "model/sums.h"
#include "view/column.h"

/* Records are struct segment_info. */
extern const struct column_table segment_columns;

/* A process and a segment that it has attached; both borrowed. */
struct attachment_row {
    const struct attachment *attachment;
    const struct segment_info
        *info; /* as it is now: its key may be another than the original one */
};

/* Records are struct attachment_row. */
extern const struct column_table attachment_columns;

/* A file's key, and the segment that has it. */
struct file_row {
    const struct ftok_file *file;
    const struct segment_info *info; /* NULL: none */
};

/* Records are struct file_row. */
extern const struct column_table file_columns;

/*
 * Records are struct sum. What sums are by stands before the column "segments": columns of
 * segments, shown of the first of a sum, a name's number after the name.
 */
extern const struct column_table sum_columns;

/* A limit. */
struct limit_row {
    const struct limits *limits;
    const struct usage *usage;
    enum limit_id id;
    const char *size; /* the value as a size for people; NULL: not a size */
};

/* Records are struct limit_row. */
extern const struct column_table limit_columns;

/* Records are struct namespace_info. */
extern const struct column_table namespace_columns;

#endif
