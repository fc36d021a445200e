/*
 * What rm and set say: a line a segment, the summary, the JSON
 * document.
 */
#ifndef SHMTOOL_VIEW_REMOVAL_REPORT_H
#define SHMTOOL_VIEW_REMOVAL_REPORT_H

#include "action/removal.h"
#include "base/strbuf.h"

/*
 * Appends what became of a segment, without its id: "removed, 393216 bytes", "set, perms 600 ->
 * 640".
 *
 * change: NULL: it was to be removed
 * item: of one that was changed, with owner and group (NEED_OWNER, NEED_GROUP)
 */
void removal_report_line(struct strbuf *out, const struct change *change,
                         const struct removal_item *item);

/*
 * Appends whose the segment is that this process may not remove or change, and who may, by which
 * command: "it belongs to zc; as zc or root: shmtool rm 5".
 *
 * change: NULL: it was to be removed
 * saves: it was to be saved before
 * info: with owner and creator (NEED_OWNER, NEED_CREATOR)
 * inventory: with credentials (NEED_CREDENTIALS)
 */
void removal_report_refusal(struct strbuf *out, const struct change *change, bool saves,
                            const struct segment_info *info, const struct inventory *inventory);

/*
 * Appends what helps where this process may not read the segment that it is to save and remove.
 * Likewise.
 */
void removal_report_unreadable(struct strbuf *out, const struct segment_info *info,
                               const struct inventory *inventory);

/*
 * Appends how many segments of the plan are protected, and by which lines: "3 segments are
 * protected and left alone: 2 by /etc/shmtool.conf:2 (stop the instance first), 1 by ...". Nothing
 * if none is.
 */
void removal_report_protected(struct strbuf *out, const struct removal_plan *plan);

/* Appends "removed 3 of 5 segments, 1.2 MiB freed, 1 ..."; without a newline. */
void removal_report_summary(struct strbuf *out, const struct removal_plan *plan);

/* Appends the members of the JSON document, after its head (context_put_head()), and its end. */
void removal_report_json(struct strbuf *out, const struct removal_plan *plan, bool dry_run);

#endif
