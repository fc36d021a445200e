/*
 * The limits of System V shared memory, what is in use of them, and words that set them.
 */
#ifndef SHMTOOL_MODEL_LIMITS_H
#define SHMTOOL_MODEL_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "model/segment.h"

enum limit_id {
    LIMIT_SHMMAX,      /* bytes that one segment may have */
    LIMIT_SHMALL,      /* pages that all segments may have */
    LIMIT_SHMMNI,      /* segments that there may be */
    LIMIT_SHMMIN,      /* bytes that a segment must have: 1, and not to be changed */
    LIMIT_RMID_FORCED, /* shm_rmid_forced: 1 destroys what nobody has attached */
    LIMIT_COUNT,
};

/*
 * Without a boot option (ipcmni_extend) shmmni goes no higher than the first, with it than the
 * second (ipc/util.h, IPCMNI, IPCMNI_EXTEND).
 */
enum { SHMMNI_USUAL_MAX = 32768, SHMMNI_EXTENDED_MAX = 16777216 };

/* What is always true of a limit. */
struct limit_kind {
    const char *name; /* as below /proc/sys/kernel */
    const char *unit; /* of its value */
    bool settable;
    uint64_t usual;      /* a kernel's own value, of 64 bits: see limits_usual() */
    const char *meaning; /* a few words */
};

/* All of them, by enum limit_id. */
extern const struct limit_kind limit_kinds[LIMIT_COUNT];

/* Their values. */
struct limits {
    bool known[LIMIT_COUNT];
    uint64_t values[LIMIT_COUNT];
    uint64_t page_size; /* bytes; shmall counts these pages */
    bool guessed_pages; /* the page size is not known and treated as 4096 */
    bool narrow;        /* an unsigned long of the kernel has 32 bits, not 64 */
};

/* A limit and the value that it is to have. */
struct limit_setting {
    enum limit_id id;
    uint64_t value;
};

/* What there is of segments, as the kernel counts them. Zeroed to begin with. */
struct usage {
    uint64_t segments;
    uint64_t pages;       /* whole ones of each segment (ipc/shm.c, newseg) */
    uint64_t bytes;       /* UINT64_MAX where the sum does not fit */
    uint64_t largest;     /* bytes of the largest segment */
    uint64_t rss;         /* bytes in memory that are part of Shmem: not in huge pages */
    uint64_t without_rss; /* segments whose rss is not known, and may be part of it */
    bool has_shmem;
    uint64_t shmem; /* bytes: Shmem of /proc/meminfo; only with has_shmem */
};

/* Counts SEGMENT in; what is marked for destruction counts like any other. */
void usage_add(struct usage *usage, const struct segment *segment, uint64_t page_size);

/*
 * What is in use of a limit, in its unit. Returns false where that means nothing: a limit of each
 * segment by itself, or one whose value is not known.
 */
bool limits_used(const struct limits *limits, const struct usage *usage, enum limit_id id,
                 uint64_t *ret_used);

/* USED in percent of VALUE, rounded down: 100 and more is full, as a limit of 0 always is. */
uint64_t limits_percent(uint64_t used, uint64_t value);

/*
 * The kernel's own value, which every new IPC namespace begins with: of shmmax and shmall its
 * ULONG_MAX - 2^24 (include/uapi/linux/shm.h, SHMMAX), whatever this program's is.
 */
uint64_t limits_usual(const struct limits *limits, enum limit_id id);

/* Tells whether a value of shmmax or shmall is no limit: from the kernel's own value up. */
bool limits_is_unlimited(const struct limits *limits, enum limit_id id, uint64_t value);

/*
 * Why a kernel refuses such a value of a limit, where that is a ceiling of its own; NULL: none.
 */
const char *limits_ceiling(const struct limit_setting *setting);

/*
 * Tells whether a segment as large as shmmax allows is more than shmall allows altogether, and
 * sets *ret_pages to what it needs. Limits that are not known are consistent.
 */
bool limits_conflict(const struct limits *limits, uint64_t *ret_pages);

/*
 * Understands NAME=VALUE, NAME with or without "kernel.": shmmax takes sizes, shmall pages, or a
 * size with a unit, rounded up to pages of PAGE_SIZE bytes; both take "unlimited", the own value of
 * a kernel of 64 bits; shmmni a plain number, shm_rmid_forced 0 or 1.
 * Returns 0, or -EINVAL and sets *err, which names the wrong word and what would be right.
 */
int limits_parse_setting(const char *word, uint64_t page_size, struct limit_setting *ret_setting,
                         struct error *err);

#endif
