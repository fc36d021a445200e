/*
 * What rm says: the table and question before, a line a segment, the summary, the JSON document.
 */
#ifndef SHMTOOL_VIEW_REMOVAL_REPORT_H
#define SHMTOOL_VIEW_REMOVAL_REPORT_H

#include <stdio.h>

#include "action/removal.h"
#include "base/strbuf.h"
#include "view/column.h"

/*
 * Writes the segments that are still to be removed as ls shows them.
 *
 * with_processes: adds the column "processes" (needs removal_report_needs())
 */
void removal_report_table(FILE *out, const struct removal_plan *plan,
                          const struct column_format *format, bool with_processes);

/* What the table has to know, a mask of enum need. */
unsigned removal_report_needs(bool with_processes);

/* Appends "Remove 15 segments, 37.4 MiB, 4 of them in use? (yes/no) ". */
void removal_report_question(struct strbuf *out, const struct removal_plan *plan);

/* Appends what became of a segment, without its id: "removed, 393216 bytes". */
void removal_report_line(struct strbuf *out, const struct removal_item *item);

/* Appends "removed 3 of 5 segments, 1.2 MiB freed, 1 ..."; without a newline. */
void removal_report_summary(struct strbuf *out, const struct removal_plan *plan);

/* Appends the members of the JSON document, after its head (context_put_head()), and its end. */
void removal_report_json(struct strbuf *out, const struct removal_plan *plan, bool dry_run);

#endif
