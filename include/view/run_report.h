/*
 * What run --report writes: how a program ended, and which segments it left.
 */
#ifndef SHMTOOL_VIEW_RUN_REPORT_H
#define SHMTOOL_VIEW_RUN_REPORT_H

#include "action/supervise.h"
#include "base/strbuf.h"

/* What a report has to know of each segment: a mask of enum need. */
unsigned run_report_needs(void);

/*
 * Appends the rest of the JSON document, of which OUT has the head (context_put_head()).
 *
 * host: this machine's name, or NULL
 * program: it and its arguments, ended by NULL
 * exec_status: what a shell answers where it could not be executed (stage EXEC)
 */
void run_report_json(struct strbuf *out, const char *host, char *const *program,
                     const struct supervise_result *result, int exec_status);

#endif
