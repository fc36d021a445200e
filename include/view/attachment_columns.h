/*
 * The columns of attachments: a process and a segment that it has attached.
 */
#ifndef SHMTOOL_VIEW_ATTACHMENT_COLUMNS_H
#define SHMTOOL_VIEW_ATTACHMENT_COLUMNS_H

#include "kernel/attach.h"
#include "model/segment.h"
#include "view/column.h"

/* The record; both parts are borrowed. */
struct attachment_row {
    const struct attachment *attachment;
    const struct segment *segment; /* as it is now: its key may be another than the original one */
};

/* Records are struct attachment_row. */
extern const struct column_table attachment_columns;

#endif
