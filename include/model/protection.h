/*
 * What shmtool.conf(5) says, as data: which segments are protected, by which line and why, and the
 * labels of others.
 */
#ifndef SHMTOOL_MODEL_PROTECTION_H
#define SHMTOOL_MODEL_PROTECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "model/filter.h"

/* A line, and what it says of the segments that its options select. */
struct protection_rule {
    struct filter filter; /* owned; of nothing but the kernel's record */
    char *where;          /* owned; "/etc/shmtool.conf:2" */
    char *text;           /* owned; of protect the reason, NULL: none; of label what it is called */
};

struct protection_rules {
    struct protection_rule *items; /* owned; in the order in which they were read */
    size_t count;
    size_t capacity;
};

struct protection {
    struct protection_rules protects;
    struct protection_rules labels;
    struct error problem; /* the first file or line that cannot be used; no text: there is none */
    char *problem_where;  /* owned; which it is, "/etc/shmtool.conf:2"; NULL: there is none */
    size_t problem_count;
    struct strbuf source;       /* owned; what was read: tells whether it is another by now */
    struct protection *earlier; /* owned; what was read before: rows may still borrow from it */
};

/* Returns an empty one, released by protection_free(). EARLIER becomes its own; may be NULL. */
struct protection *protection_new(struct protection *earlier);

/* Adds a rule; what RULE owns moves. */
void protection_add(struct protection_rules *rules, const struct protection_rule *rule);

/* Notes that WHERE, a file or a line, cannot be used. */
void protection_note_problem(struct protection *protection, const char *where,
                             const struct error *problem);

/*
 * Tells whether all was read, and all of it understood: only then a segment without a rule is known
 * not to be protected. Never so of NULL, which is what was not read.
 */
bool protection_is_complete(const struct protection *protection);

/* Returns the first line that protects SEGMENT, or NULL. PROTECTION may be NULL. */
const struct protection_rule *protection_find(const struct protection *protection,
                                              const struct segment *segment);

/* Likewise the first line that labels it. */
const struct protection_rule *protection_find_label(const struct protection *protection,
                                                    const struct segment *segment);

void protection_free(struct protection *protection);

#endif
