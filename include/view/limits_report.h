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
 * Appends the members of the JSON document, after its head (context_put_head()), and its end.
 *
 * changes: what --set did, or would do; NULL without --set
 */
void limits_report_json(struct strbuf *out, const struct limits *limits, const struct usage *usage,
                        const struct limit_change *changes, size_t count, bool dry_run);

/* Appends a value of one of LIMITS: the number, or "unlimited" for what is no limit. */
void limits_report_value(struct strbuf *out, const struct limits *limits, enum limit_id id,
                         uint64_t value);

/*
 * Appends that a limit of 0 lets nobody make a segment, "shmmni is 0: ...", without a newline;
 * nothing where it does not.
 */
void limits_report_zero(struct strbuf *out, const struct limits *limits, enum limit_id id);

/*
 * Appends what turning on shm_rmid_forced destroys, the object of a sentence: "3 segments, 3 MiB,
 * and perhaps 2 segments, 8 KiB more"; nothing where there is nothing.
 */
void limits_report_destroyed(struct strbuf *out, const struct limits_change *change);

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
