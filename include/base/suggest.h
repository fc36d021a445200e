/*
 * The word that was probably meant, for messages about one that is not known.
 */
#ifndef SHMTOOL_BASE_SUGGEST_H
#define SHMTOOL_BASE_SUGGEST_H

#include <stddef.h>

#include "base/strbuf.h"

/* A word in doubt, and the nearest of those that were tried. */
struct suggestion {
    const char *word; /* borrowed, as BEST */
    size_t length;
    const char *best; /* NULL: none is near enough */
    size_t distance;
};

/* What people type out of habit, and what is called so here. */
struct synonym {
    const char *habit; /* NULL ends a list */
    const char *word;
};

struct suggestion suggest_begin(const char *word, size_t length);

/*
 * Takes CANDIDATE if it is nearer than what was tried before: one or two letters wrong, missing,
 * too many or swapped (the more the longer the word is), in upper or lower case, or begun only.
 * Never its opposite: "locked" for "unlocked".
 */
void suggest_try(struct suggestion *suggestion, const char *candidate);

/* Tries the word that SYNONYMS has for it, which then is the nearest. */
void suggest_synonym(struct suggestion *suggestion, const struct synonym *synonyms);

/* Appends "; did you mean 'BEST'?", with PREFIX before BEST, or nothing. */
void suggest_put(struct strbuf *out, const struct suggestion *suggestion, const char *prefix);

#endif
