/*
 * What a command line selects: named ids and a filter.
 */
#ifndef SHMTOOL_MODEL_SELECTION_H
#define SHMTOOL_MODEL_SELECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/filter.h"
#include "model/idset.h"
#include "model/segment.h"

/* An id as it was named, with what else the same line said of the segment. */
struct named_id {
    int shmid;
    bool is_row;   /* a row of a listing: it names the key too */
    uint32_t key;  /* only with is_row */
    bool has_size; /* the row had the exact size */
    uint64_t size; /* bytes */
};

struct selection {
    struct filter filter;
    bool by_id; /* ids were asked for, even if none came: then nothing but ids is selected */
    struct named_id *ids; /* owned; as they were named, until selection_sort_ids() */
    size_t id_count;
    size_t id_capacity;
    struct idset id_set;
};

/* Adds an id, and makes the selection one by ids. */
void selection_add_id(struct selection *selection, const struct named_id *id);

/* Adds the id that WORD is. Returns 0, or -EINVAL and sets *err. */
int selection_add_word(struct selection *selection, const char *word, struct error *err);

/*
 * Understands a line of rm's standard input, without its newline: an id alone, a row as ls and
 * ipcs -m print it (0x key first, id second, seven columns), the header lines of those two, or a
 * blank line; a carriage return at the end is skipped.
 *
 * Returns 1 with *ret_id set, 0 for a line to skip, or -EINVAL and sets *err.
 */
int selection_parse_line(const char *line, size_t length, struct named_id *ret_id,
                         struct error *err);

/* Tells whether nothing at all was selected by. */
bool selection_is_empty(const struct selection *selection);

/*
 * Tells whether the segments were named one by one, by id or by a key that is not 0. What is not
 * named is a bulk delete, for which rm asks.
 */
bool selection_is_named(const struct selection *selection);

/* Tells whether the ids allow SHMID: no ids were asked for, or it is one of them. */
bool selection_has_id(const struct selection *selection, int shmid);

/* Orders the ids by number, for selection_claims_hold(). */
void selection_sort_ids(struct selection *selection);

/*
 * Tells whether all that the line which named SEGMENT says of it (key, size) is still true. The ids
 * must be sorted.
 */
bool selection_claims_hold(const struct selection *selection, const struct segment *segment);

/* Releases what the selection holds and leaves it empty. */
void selection_release(struct selection *selection);

#endif
