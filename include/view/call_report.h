/*
 * What doctor says of one call of shmget: the answer, why, and what mends it.
 */
#ifndef SHMTOOL_VIEW_CALL_REPORT_H
#define SHMTOOL_VIEW_CALL_REPORT_H

#include "action/diagnose_call.h"
#include "base/strbuf.h"
#include "kernel/system.h"

/* Appends the report as text: the answer in one line, why, what mends it. WIDTH: see view/wrap.h.
 */
void call_report_text(struct strbuf *out, const struct call_diagnosis *diagnosis,
                      struct system *system, size_t width);

/* Appends it as a JSON document (schema 1), with its newline. */
void call_report_json(struct strbuf *out, const struct call_diagnosis *diagnosis,
                      struct system *system);

#endif
