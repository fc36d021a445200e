/*
 * The columns of segments: the one table behind ls, stat, rm and their JSON.
 */
#ifndef SHMTOOL_VIEW_SEGMENT_COLUMNS_H
#define SHMTOOL_VIEW_SEGMENT_COLUMNS_H

#include "view/column.h"

/* Records are struct segment. */
extern const struct column_table segment_columns;

#endif
