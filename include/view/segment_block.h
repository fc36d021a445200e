/*
 * A segment as stat shows it: a block for people, or a JSON object with all that is known.
 */
#ifndef SHMTOOL_VIEW_SEGMENT_BLOCK_H
#define SHMTOOL_VIEW_SEGMENT_BLOCK_H

#include <stdio.h>

#include "view/column.h"
#include "view/explain.h"

/*
 * Appends the block: every field with its name and what it means in words, the processes that have
 * the segment attached, and an explanation. Lines of text are wrapped, those of the table are not.
 */
void segment_block_put(struct strbuf *out, const struct explained *explained,
                       const struct column_format *format);

/* Appends the JSON object: the fields, attachments, maps_found, original_key, explanation. */
void segment_block_put_json(struct strbuf *out, const struct explained *explained,
                            const struct column_format *format);

#endif
