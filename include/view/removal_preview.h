/*
 * What rm and set show before they act: the table, and the question.
 */
#ifndef SHMTOOL_VIEW_REMOVAL_PREVIEW_H
#define SHMTOOL_VIEW_REMOVAL_PREVIEW_H

#include <stdio.h>

#include "action/removal.h"
#include "base/strbuf.h"
#include "view/column.h"

/* Writes the segments that are still to be removed, or changed, as ls shows them: a dry run's
 * table. */
void removal_preview_table(FILE *out, const struct removal_plan *plan,
                           const struct column_format *format);

/*
 * Writes them for whoever is asked, with their state: those in use last, right above the question,
 * and of many that are not in use the sums by owner.
 *
 * with_processes: adds the column "processes"; that of protection goes by the plan
 */
void removal_preview_show(FILE *out, const struct removal_plan *plan,
                          const struct column_format *format, bool with_processes);

/* What the table has to know, or the preview with all its columns: a mask of enum need. */
unsigned removal_preview_table_needs(const struct removal_plan *plan);
unsigned removal_preview_needs(const struct removal_plan *plan);

/*
 * Appends "Remove 15 segments, 37.4 MiB, 4 of them in use by postgres[4711] +3? (yes/no) ", or
 * "Set owner=zc of 15 segments, ...", for a terminal: names are escaped.
 */
void removal_preview_question(struct strbuf *out, const struct removal_plan *plan);

/*
 * Appends "3 segments would be refused to you, zc: only their owner, their creator and root may
 * remove them" where the kernel will refuse some (removal_note_refused()), else nothing.
 */
void removal_preview_refused(struct strbuf *out, const struct removal_plan *plan,
                             const struct inventory *inventory);

/*
 * Appends what a dry run would do: "would remove 5 segments, 1.2 MiB, 0 in use"; where some will be
 * refused "would remove 2 of 5 segments, ...", with the bytes of those two.
 */
void removal_preview_dry_run(struct strbuf *out, const struct removal_plan *plan);

#endif
