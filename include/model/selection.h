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
#include "model/segment_info.h"

/* An id as it was named, with what else the same line said of the segment. */
struct named_id {
    int shmid;
    bool is_row; /* a row of a listing: it says key, perms and owner too */
    uint32_t key;
    uint32_t perms;      /* as printed: the low 9 bits of the mode */
    const char *owner;   /* as printed, name or uid; ends in a NUL in a selection only */
    size_t owner_length; /* bytes */
    bool has_size;       /* the row had the exact size */
    uint64_t size;       /* bytes */
    uint64_t namespace;  /* the IPC namespace that the row names, as those of ls -A; 0: none */
};

struct selection {
    struct filter filter;
    bool by_id; /* ids were asked for, even if none came: then nothing but ids is selected */
    struct named_id *ids; /* owned; as they were named, until selection_sort_ids() */
    size_t id_count;
    size_t id_capacity;
    char **owners; /* owned, each too: what the ids' owners point at */
    size_t owner_count;
    size_t owner_capacity;
    struct idset id_set;
};

/* Adds a copy of an id, its owner's name too, and makes the selection one by ids. */
void selection_add_id(struct selection *selection, const struct named_id *id);

/* Adds the id that WORD is. Returns 0, or -EINVAL and sets *err. */
int selection_add_word(struct selection *selection, const char *word, struct error *err);

/* What the lines of rm's standard input so far say of the next one; zeroed to begin with. */
struct input_state {
    bool below_banner; /* the line before was a banner of ipcs */
};

/*
 * Understands a line of rm's standard input, without its newline: an id alone, with blanks and tabs
 * around it, or a row as ls and ipcs -m print it (0x key first, id second, then owner, perms, bytes
 * and nattch; of what follows only the number of an IPC namespace counts; an owner with blanks in
 * the columns of ipcs). Skipped are the header of ls, a banner of ipcs in any language and the line
 * without a digit right below it, unless that names msqid or semid, and lines of nothing but blanks
 * and tabs. A carriage return at the end is ignored.
 *
 * Returns 1 with *ret_id set (its owner borrowed from LINE), 0 for a line to skip, or -EINVAL and
 * sets *err, which shows 60 characters of the line.
 */
int selection_parse_line(struct input_state *state, const char *line, size_t length,
                         struct named_id *ret_id, struct error *err);

/* Tells whether nothing at all was selected by. */
bool selection_is_empty(const struct selection *selection);

/*
 * Tells whether the segments were named one by one, by id or by a key that is not 0. What is not
 * named is a bulk delete, for which rm asks.
 */
bool selection_is_named(const struct selection *selection);

/* Tells whether the ids allow SHMID: no ids were asked for, or it is one of them. */
bool selection_has_id(const struct selection *selection, int shmid);

/* Tells whether a row was among the ids: selection_claims_hold() then needs the owner's name. */
bool selection_has_rows(const struct selection *selection);

/* Orders the ids by number, for selection_claims_hold(). */
void selection_sort_ids(struct selection *selection);

/*
 * Tells whether all that the rows which named the segment say of it (key, owner, perms, size) is
 * still true. The ids must be sorted, and INFO have the owner's name if rows are among them.
 */
bool selection_claims_hold(const struct selection *selection, const struct segment_info *info);

/* Releases what the selection holds and leaves it empty. */
void selection_release(struct selection *selection);

#endif
