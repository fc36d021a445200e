/*
 * Phrases about segments, users and processes that explanations are made of.
 */
#ifndef SHMTOOL_VIEW_WORDS_H
#define SHMTOOL_VIEW_WORDS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/strbuf.h"
#include "kernel/attach.h"
#include "kernel/system.h"
#include "model/segment.h"
#include "model/state.h"

/* Appends a user's name, or "uid 4711" where no database knows it. */
void words_user(struct strbuf *out, struct system *system, uid_t uid);

/* Appends "postgres[812]": the program's name without directories, and the pid. */
void words_process(struct strbuf *out, struct system *system, pid_t pid);

/* Appends "2026-11-21T22:10:05+00:00 (3d4h ago)". */
void words_time(struct strbuf *out, struct system *system, int64_t time);

/* Appends "3 segments, 1.2 MiB". */
void words_amount(struct strbuf *out, uint64_t segments, uint64_t bytes);

/*
 * Appends whose a segment is, since when, and in what state with all that shows it: the processes
 * that hold it, or whether those that did are alive. No full stop.
 *
 * attachments: those of a scan; empty ones read as if none could be seen
 */
void words_segment(struct strbuf *out, struct system *system, const struct segment *segment,
                   enum segment_state state, const struct attachment_list *attachments);

/*
 * Appends the processes that hold a segment: "postgres[812] twice, php[99]", the first few by
 * name, and how many of its attachments were not found.
 */
void words_holders(struct strbuf *out, struct system *system, const struct segment *segment,
                   const struct attachment_list *attachments);

#endif
