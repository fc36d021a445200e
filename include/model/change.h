/*
 * What set changes of a segment: owner, group, permissions, lock.
 */
#ifndef SHMTOOL_MODEL_CHANGE_H
#define SHMTOOL_MODEL_CHANGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "model/segment.h"

enum change_name { CHANGE_OWNER, CHANGE_GROUP, CHANGE_PERMS, CHANGE_LOCKED, CHANGE_NAMES };

struct change {
    const char *values[CHANGE_NAMES]; /* as they were written, borrowed; NULL: stays as it is */
    uid_t uid;                        /* only with CHANGE_OWNER */
    gid_t gid;                        /* only with CHANGE_GROUP */
    bool locked;                      /* only with CHANGE_LOCKED */
    uint32_t umask;                   /* what a mode such as +w, of nobody, leaves alone */
};

/* The name, as it stands before the equals sign: "owner". */
const char *change_name(enum change_name name);

/* Tells whether WORD is one of them, without an equals sign. */
bool change_is_name(const char *word);

/* Tells whether nothing is to be changed at all. */
bool change_is_empty(const struct change *change);

/*
 * Understands WORD, "NAME=VALUE", but for what users and groups mean. Returns 0 with *ret_name set
 * and the value in *change, or -EINVAL and sets *err.
 */
int change_parse(struct change *change, const char *word, enum change_name *ret_name,
                 struct error *err);

/*
 * What becomes of permission bits by WORD as chmod(1) takes it: octal, or clauses such as u+w,o=
 * with r, w, x, X and the bits of u, g or o.
 *
 * umask: the bits that a clause which names nobody leaves alone
 * Returns 0, or -EINVAL and sets *err.
 */
int change_parse_mode(const char *word, uint32_t umask, uint32_t mode, uint32_t *ret_mode,
                      struct error *err);

/* SEGMENT as it is after the change. */
struct segment change_apply(const struct change *change, const struct segment *segment);

/* Tells whether owner, group, permissions and lock of two readings of a segment are the same. */
bool change_same(const struct segment *a, const struct segment *b);

/*
 * Why SHM_LOCK, or IPC_SET, is refused with this errno to one who may change the segment; NULL: not
 * known.
 */
const char *change_lock_refusal(int code);
const char *change_owner_refusal(int code);

#endif
