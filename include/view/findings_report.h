/*
 * What doctor says of the machine: each finding, what it means, and what helps.
 */
#ifndef SHMTOOL_VIEW_FINDINGS_REPORT_H
#define SHMTOOL_VIEW_FINDINGS_REPORT_H

#include "action/diagnose.h"
#include "base/strbuf.h"

/* Appends all findings as text; a line that says so when there are none. WIDTH: see view/wrap.h. */
void findings_report_text(struct strbuf *out, const struct diagnosis *diagnosis, size_t width);

/* Appends them as a members of the JSON document, after its head (context_put_head()), and its end.
 */
void findings_report_json(struct strbuf *out, const struct diagnosis *diagnosis);

#endif
