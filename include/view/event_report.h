/*
 * What happened to a segment, as a line for people or an object for programs.
 */
#ifndef SHMTOOL_VIEW_EVENT_REPORT_H
#define SHMTOOL_VIEW_EVENT_REPORT_H

#include "base/strbuf.h"
#include "model/diff.h"
#include "model/unseen.h"
#include "view/column.h"

/*
 * What a line has to know of a row, a mask of enum need.
 */
unsigned event_report_needs(const struct column_format *format);

/*
 * Appends "22:10:05 created  1867776 key 0x00143511 zc 384 KiB by 4711 ./a.out", escaped, with a
 * newline. Processes are named while they are alive; a pid of 0 is left out. On a terminal (format:
 * width, color) the command is cut to what is left of its width.
 *
 * The time is FORMAT's now, in its form. A segment whose namespace is known (-A) is shown with it,
 * as ls -A does: "created  3 in 4026532177 web key ...".
 */
void event_report_line(struct strbuf *out, const struct event *event,
                       const struct column_format *format);

/*
 * Appends "22:10:12 12 more came and went unseen" and a newline; nothing if none is known of.
 *
 * namespace: the number of that in which they did, as above; 0: not shown
 * container: what that is of; NULL: none, or not known
 */
void event_report_unseen(struct strbuf *out, const struct unseen *unseen, uint64_t namespace,
                         const char *container, const struct column_format *format);

/*
 * Appends the rest of an object after its head (context_put_head()): event, the segment's COLUMNS,
 * those that differ as they were before, and a newline.
 *
 * unseen: of created events, added to the object; else NULL
 */
void event_report_json(struct strbuf *out, const struct event *event,
                       const struct column_set *columns, const struct column_format *format,
                       const struct unseen *unseen);

#endif
