/*
 * What rm says: the table and question before, a line a segment, the summary, the JSON document.
 */
#ifndef SHMTOOL_VIEW_REMOVAL_REPORT_H
#define SHMTOOL_VIEW_REMOVAL_REPORT_H

#include <stdio.h>

#include "action/removal.h"
#include "base/strbuf.h"
#include "view/column.h"

/* Writes the segments that are still to be removed as ls shows them: a dry run's table. */
void removal_report_table(FILE *out, const struct removal_plan *plan,
                          const struct column_format *format);

/*
 * Writes them for whoever is asked, with their state: those in use last, right above the question,
 * and of many that are not in use the sums by owner.
 *
 * with_processes: adds the column "processes"; that of protection goes by the plan
 */
void removal_report_preview(FILE *out, const struct removal_plan *plan,
                            const struct column_format *format, bool with_processes);

/* What the table has to know, or the preview with all its columns: a mask of enum need. */
unsigned removal_report_table_needs(const struct removal_plan *plan);
unsigned removal_report_preview_needs(const struct removal_plan *plan);

/*
 * Appends "Remove 15 segments, 37.4 MiB, 4 of them in use by postgres[4711] +3? (yes/no) ", for a
 * terminal: names are escaped.
 */
void removal_report_question(struct strbuf *out, const struct removal_plan *plan);

/* Appends what became of a segment, without its id: "removed, 393216 bytes". */
void removal_report_line(struct strbuf *out, const struct removal_item *item);

/*
 * Appends whose the segment is that this process may not remove, and who may, by which command:
 * "it belongs to zc; as zc or root: shmtool rm 5".
 *
 * info: with owner and creator (NEED_OWNER, NEED_CREATOR)
 * inventory: with credentials (NEED_CREDENTIALS)
 */
void removal_report_refusal(struct strbuf *out, const struct segment_info *info,
                            const struct inventory *inventory);

/*
 * Appends how many segments of the plan are protected, and by which lines: "3 segments are
 * protected and left alone: 2 by /etc/shmtool.conf:2 (stop the instance first), 1 by ...". Nothing
 * if none is.
 */
void removal_report_protected(struct strbuf *out, const struct removal_plan *plan);

/* Appends "removed 3 of 5 segments, 1.2 MiB freed, 1 ..."; without a newline. */
void removal_report_summary(struct strbuf *out, const struct removal_plan *plan);

/* Appends the same of a dry run: "would remove 5 segments, 1.2 MiB, 0 in use". */
void removal_report_dry_run(struct strbuf *out, const struct removal_plan *plan);

/* Appends the members of the JSON document, after its head (context_put_head()), and its end. */
void removal_report_json(struct strbuf *out, const struct removal_plan *plan, bool dry_run);

#endif
