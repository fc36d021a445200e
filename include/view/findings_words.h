/*
 * What a finding of doctor's means, and what mends it, in words.
 */
#ifndef SHMTOOL_VIEW_FINDINGS_WORDS_H
#define SHMTOOL_VIEW_FINDINGS_WORDS_H

#include "action/diagnose.h"
#include "base/strbuf.h"
#include "kernel/system.h"

/* Appends what was found: clauses that are separated by semicolons, without a full stop. */
void findings_words_message(struct strbuf *out, const struct diagnosis *diagnosis,
                            const struct finding *finding, struct system *system);

/* Appends what mends it, said for the machine that was looked at and for who looked. */
void findings_words_remedy(struct strbuf *out, const struct diagnosis *diagnosis,
                           const struct finding *finding, struct system *system);

#endif
