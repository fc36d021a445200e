/*
 * What is said of each finding of doctor, by kind of check: its message and its remedy.
 */
#ifndef SHMTOOL_VIEW_FINDING_TEXT_H
#define SHMTOOL_VIEW_FINDING_TEXT_H

#include "action/diagnose.h"
#include "base/strbuf.h"

/* A finding that is being described. */
struct finding_text {
    struct strbuf *out;
    const struct diagnosis *diagnosis;
    const struct inventory *inventory; /* the diagnosis's */
    const struct finding *finding;
    size_t begin; /* what OUT held before */
};

/* The texts of a check. */
struct check_text {
    enum check check;
    void (*message)(const struct finding_text *text);
    void (*remedy)(const struct finding_text *text);
};

/* By kind of check; each ended by an entry without functions. */
extern const struct check_text limit_check_texts[];   /* limits and what is in use of them */
extern const struct check_text segment_check_texts[]; /* segments that nobody may need */
extern const struct check_text process_check_texts[]; /* what processes hold */

/* --- Parts of them ---------------------------------------------------------------------------- */

/* Appends "3 segments, 1.2 MiB" and ONE or SEVERAL, as it is about one or several. */
void finding_put_amount(const struct finding_text *text, const char *one, const char *several);

/* Appends " --owner zc" to a command: those of the finding's owner alone. */
void finding_put_owner_option(struct strbuf *out, const struct finding_text *text);

/* Appends the ids of the first segments, a blank before each. */
void finding_put_ids(struct strbuf *out, const struct finding *finding);

#endif
