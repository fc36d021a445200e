/*
 * A segment as stat shows it: a block for people, or a JSON object with all that is known.
 */
#ifndef SHMTOOL_VIEW_SEGMENT_REPORT_H
#define SHMTOOL_VIEW_SEGMENT_REPORT_H

#include "action/inventory.h"
#include "base/strbuf.h"
#include "view/column.h"

/* What a report of a row says of it has to be looked up: a mask of enum need. */
unsigned segment_report_needs(void);

/*
 * Appends the block: every field with its name and what it means in words, the processes that have
 * the segment attached, and an explanation. Lines of text are wrapped, those of the table are not.
 */
void segment_report_text(struct strbuf *out, const struct segment_info *info,
                         const struct inventory *inventory, const struct column_format *format);

/* Appends the JSON object: the fields, attachments, maps_found, unseen, original_key,
 * explanation. */
void segment_report_json(struct strbuf *out, const struct segment_info *info,
                         const struct inventory *inventory, const struct column_format *format);

#endif
