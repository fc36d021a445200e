/*
 * Why a call of shmget ends as it does, and what mends it, in words.
 */
#ifndef SHMTOOL_VIEW_CALL_WORDS_H
#define SHMTOOL_VIEW_CALL_WORDS_H

#include "action/diagnose_call.h"
#include "base/strbuf.h"
#include "kernel/system.h"

/* Appends the reason: clauses that are separated by semicolons, without a full stop. */
void call_words_reason(struct strbuf *out, const struct call_diagnosis *diagnosis,
                       struct system *system);

/* Appends what mends it, a command if there is one; nothing where there is nothing to mend. */
void call_words_remedy(struct strbuf *out, const struct call_diagnosis *diagnosis,
                       struct system *system);

#endif
