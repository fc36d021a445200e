/*
 * What doctor says of one call of shmget: the answer, why, and what helps.
 */
#ifndef SHMTOOL_VIEW_SHMGET_REPORT_H
#define SHMTOOL_VIEW_SHMGET_REPORT_H

#include "action/diagnose.h"
#include "base/strbuf.h"

/* Appends the call as C has it. */
void shmget_report_call(struct strbuf *out, const struct shmget_request *request);

/* Appends an errno: "EPERM (Operation not permitted)". */
void shmget_report_code(struct strbuf *out, int code);

/* Appends the report as text: the answer in one line, why, what helps. WIDTH: see view/wrap.h. */
void shmget_report_text(struct strbuf *out, const struct shmget_diagnosis *diagnosis, size_t width);

/* Appends it as a members of the JSON document, after its head (context_put_head()), and its end.
 */
void shmget_report_json(struct strbuf *out, const struct shmget_diagnosis *diagnosis);

#endif
