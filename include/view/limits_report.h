/*
 * The limits as a table for people and as a JSON document.
 */
#ifndef SHMTOOL_VIEW_LIMITS_REPORT_H
#define SHMTOOL_VIEW_LIMITS_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "action/limits_change.h"
#include "base/strbuf.h"
#include "model/limits.h"

/* Writes the table: a row a limit, with what is in use of it and how full it is. */
void limits_report_table(FILE *out, const struct limits *limits, const struct usage *usage);

/*
 * Appends the JSON document (schema 1), with its newline.
 *
 * changes: what --set did, or would do; NULL without --set
 */
void limits_report_json(struct strbuf *out, const struct limits *limits, const struct usage *usage,
                        const struct limit_change *changes, size_t count, bool dry_run);

/* Appends how a limit conflicts with another, without a newline; nothing when none does. */
void limits_report_conflict(struct strbuf *out, const struct limits *limits);

/*
 * Appends in a line what Shmem of the system is, how much of it is System V, and what the rest may
 * be; nothing where Shmem is not known. WIDTH: see view/wrap.h.
 */
void limits_report_shmem(struct strbuf *out, const struct usage *usage, size_t width);

/* Appends it as a member of a JSON object: "system": {"shmem": 9170944, "sysv": 4096}, in bytes. */
void limits_report_shmem_json(struct strbuf *out, const struct usage *usage);

#endif
