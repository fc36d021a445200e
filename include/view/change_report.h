/*
 * What set says of a change: before it, and of each segment.
 */
#ifndef SHMTOOL_VIEW_CHANGE_REPORT_H
#define SHMTOOL_VIEW_CHANGE_REPORT_H

#include "action/removal.h"
#include "base/strbuf.h"

/* Appends "owner=zc perms=640", as a shell reads it. */
void change_report_words(struct strbuf *out, const struct change *change);

/*
 * Appends what was changed, ", owner root -> zc, perms 600 -> 640", or that nothing had to be.
 *
 * info: as it was before, with owner and group (NEED_OWNER, NEED_GROUP)
 */
void change_report_differences(struct strbuf *out, const struct change *change,
                               const struct segment_info *info);

/* Appends ": " and why the kernel refuses a change with this errno, if that is known. */
void change_report_failure(struct strbuf *out, const struct change *change, int code);

/*
 * Appends which segments this process gives away for good: it may not change them again. Nothing
 * where there are none.
 *
 * credentials: of this process
 */
void change_report_gift(struct strbuf *out, const struct removal_plan *plan,
                        const struct credentials *credentials);

/* Appends what a plan that was carried out means beyond what it says; or nothing. */
void change_report_notes(struct strbuf *out, const struct removal_plan *plan);

#endif
