/*
 * Which segments match: the selection options as data, and the test against one segment.
 *
 * Values of one option widen (or), different options narrow (and). A filter with nothing in it
 * matches every segment.
 */
#ifndef SHMTOOL_MODEL_FILTER_H
#define SHMTOOL_MODEL_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/num.h"
#include "model/id_map.h"
#include "model/idset.h"
#include "model/segment_info.h"

/* A list of values of one option; empty: the option was not given. */
struct filter_values {
    struct range *items; /* owned; a single value is a range of one */
    size_t count;
    size_t capacity;
};

/* What --perms asks of the low nine bits of the mode. */
enum perms_test {
    PERMS_EXACT, /* they are these bits */
    PERMS_ALL,   /* all of these bits are set */
    PERMS_ANY,   /* any of them is */
};

struct filter_perms {
    enum perms_test test;
    uint32_t bits;
};

/* A list of words of one option; empty: the option was not given. */
struct filter_words {
    char **items; /* owned, each too */
    size_t count;
    size_t capacity;
};

struct filter {
    struct filter_values keys;
    struct filter_values key_ranges; /* a segment that is in one need not have one of the keys */
    struct filter_values owners;     /* uid */
    struct filter_values creators;   /* cuid */
    struct filter_values groups;     /* gid */
    struct filter_values sizes;
    struct filter_values nattchs;
    struct filter_values cpids;
    struct filter_values pids;  /* attached by; tested against facts.attached */
    struct filter_perms *perms; /* owned */
    size_t perms_count;
    size_t perms_capacity;
    struct filter_words units;    /* names of units and containers, ids or their first digits */
    struct filter_words programs; /* names of programs, or labels */
    bool dest;
    bool locked;
    bool attached;
    bool unattached;
    bool orphan;
    bool is_protected;
    bool is_unprotected;
    unsigned states; /* mask of 1 << STATE_x; 0: not given */
    bool has_older;
    bool has_newer;
    uint64_t older_than; /* seconds */
    uint64_t newer_than; /* seconds */
};

/* What the test needs to know besides the segment. */
struct filter_facts {
    int64_t now;                    /* epoch seconds */
    int64_t boot;                   /* likewise, when the system started; 0: not known */
    enum segment_state state;       /* only with NEED_STATE in filter_needs() */
    bool has_protection;            /* with NEED_PROTECTION: whether it is protected is known */
    bool is_protected;              /* and it is */
    const struct idset *attached;   /* ids that the filter's pids hold; only when pids are given */
    struct segment_unit unit;       /* only with NEED_UNIT; one that is pending lets pass */
    struct segment_program program; /* only with NEED_PROGRAM, likewise */
};

/* Adds one value, or a range, to an option. */
void filter_add_value(struct filter_values *values, uint64_t value);
void filter_add_range(struct filter_values *values, struct range range);

void filter_add_perms(struct filter *filter, struct filter_perms perms);

/* Adds a copy of a word to an option. */
void filter_add_word(struct filter_words *words, const char *word);

/* Tells whether VALUE is one of the values, or in one of the ranges. */
bool filter_values_have(const struct filter_values *values, uint64_t value);

/* Adds an age to --older-than or --newer-than: with several, the widest counts. */
void filter_add_older(struct filter *filter, uint64_t seconds);
void filter_add_newer(struct filter *filter, uint64_t seconds);

/* Tells whether nothing was selected by. */
bool filter_is_empty(const struct filter *filter);

/* Tells whether users or groups are asked for. */
bool filter_names_users(const struct filter *filter);

/*
 * Replaces users and groups by the ids that segments show them by in a user namespace of these
 * maps; OUTSIDE: they are ids of outside of it, else of inside.
 */
void filter_map_users(struct filter *filter, const struct id_map *uids, const struct id_map *gids,
                      bool outside);

/* What has to be looked up for the test: a mask of enum need. */
unsigned filter_needs(const struct filter *filter);

/* Tells whether keys were given, none of them 0, and no range: what rm treats as named. */
bool filter_names_keys(const struct filter *filter);

/* Tells whether SEGMENT matches. */
bool filter_match(const struct filter *filter, const struct segment *segment,
                  const struct filter_facts *facts);

/* Releases what the filter holds and leaves it empty. */
void filter_release(struct filter *filter);

#endif
