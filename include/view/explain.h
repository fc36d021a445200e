/*
 * A segment in words: who made it, who has it, what its state means, what removing it would do.
 */
#ifndef SHMTOOL_VIEW_EXPLAIN_H
#define SHMTOOL_VIEW_EXPLAIN_H

#include "base/strbuf.h"
#include "kernel/attach.h"
#include "kernel/system.h"
#include "model/segment.h"
#include "model/shmget.h"

/* A segment and all that was found of its attachments. */
struct explained {
    struct system *system;
    const struct segment *segment;
    const struct credentials *credentials; /* who might remove it; NULL: not known */
    const struct attachment_list *table;   /* of all processes */
    const struct attachment *attachments;  /* of this segment, COUNT of them; NULL: none */
    size_t count;
};

/* Returns EXPLAINED's parts, borrowed from those given; its caller is not known. */
struct explained explain_begin(struct system *system, const struct segment *segment,
                               const struct attachment_list *table);

/* How many mappings of the segment were found. */
uint64_t explain_maps_found(const struct explained *explained);

/*
 * Appends what became of the creator, or of the last process that attached or detached: "alive",
 * "dead", "in another PID namespace", ...
 */
void explain_creator(struct strbuf *out, const struct explained *explained);
void explain_last_user(struct strbuf *out, const struct explained *explained);

/*
 * Appends the attach count against what was found: "nattch 5: 3 found in 2 processes, 2 in
 * processes not visible to you".
 */
void explain_nattch(struct strbuf *out, const struct explained *explained);

/*
 * Appends why the state of a segment that nobody has attached cannot be told: "its creator is in
 * another PID namespace". Only for segments whose state is unknown.
 */
void explain_doubt(struct strbuf *out, const struct explained *explained);

/*
 * Appends what the state means and what rm would do, as sentences in one line: on that machine
 * where a saved tree is looked at; and that rm would be refused where the caller may not remove it.
 */
void explain_state(struct strbuf *out, const struct explained *explained);

#endif
