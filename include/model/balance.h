/*
 * What Shmem of the system consists of, and the huge pages, which are no part of it.
 */
#ifndef SHMTOOL_MODEL_BALANCE_H
#define SHMTOOL_MODEL_BALANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/segment.h"

/* A file system in memory (tmpfs(5), devtmpfs). */
struct tmpfs_use {
    char *mount; /* owned; where it is mounted, the first place of several */
    bool known;  /* not so where it has no limit, for then it does not count, or is not readable */
    uint64_t bytes;
};

struct tmpfs_list {
    struct tmpfs_use *items; /* owned; each file system once, in the order of mounts */
    size_t count;
    size_t capacity;
};

void tmpfs_list_release(struct tmpfs_list *list);

/* The huge pages of one size (Documentation/admin-guide/mm/hugetlbpage.rst). */
struct huge_pool {
    uint64_t page_size; /* bytes */
    bool is_default;    /* what SHM_HUGETLB alone means, and vm.nr_hugepages sets */
    uint64_t total;     /* pages in the pool */
    uint64_t free;      /* those of it that hold nothing */
    uint64_t reserved;  /* those of the free ones that are promised already */
    uint64_t segments;  /* those that segments of this size have, or were promised */
};

struct huge_pools {
    struct huge_pool *items; /* owned; the default one first, then by size */
    size_t count;
    size_t capacity;
    bool segments_known; /* the page size of every huge page segment is known */
};

/* Returns the pool of pages of this many bytes, 0 for the default one; NULL: there is none. */
const struct huge_pool *huge_pools_find(const struct huge_pools *pools, uint64_t page_size);

/* What the pool of huge pages must have for some segments. */
struct huge_need {
    uint64_t page_size;           /* bytes */
    uint64_t pages;               /* that the segments would take, each rounded up */
    const struct huge_pool *pool; /* borrowed; NULL: there is none, or it is not known */
    uint64_t used;                /* pages of it that others have, or were promised */
    uint64_t nr_hugepages;        /* what it must have in all; only with a pool */
};

/*
 * Returns what PAGES huge pages need of POOL (NULL: none).
 *
 * own: how many of them the segments have already
 */
struct huge_need huge_need_of(const struct huge_pool *pool, uint64_t page_size, uint64_t pages,
                              uint64_t own);

void huge_pools_release(struct huge_pools *pools);

struct balance {
    bool has_shmem;
    bool has_sysv;
    bool everywhere; /* other IPC namespaces were read too, as far as they could be */
    bool has_others; /* and all that were found could be */
    bool has_tmpfs;
    bool has_rest;
    uint64_t shmem;          /* bytes: Shmem of /proc/meminfo */
    uint64_t sysv;           /* bytes of it in segments of this IPC namespace */
    uint64_t others;         /* bytes of it in those of the others; only with has_others */
    struct tmpfs_list tmpfs; /* of the mounts of this process */
    uint64_t rest;           /* bytes of it that are nothing of these */
    struct huge_pools huge;
};

/*
 * Counts a segment in: what of it is in memory, or in huge pages. Begins with has_sysv true, and
 * has_others where other namespaces are read.
 *
 * other: it is of another IPC namespace
 */
void balance_add(struct balance *balance, const struct segment *segment, bool other);

/*
 * Sets the rest, once all else is there. It is not known where a part is not, nor where the parts
 * are more than the whole: tmpfs counts what is in swap too, and Shmem of a container may be its
 * own. Other IPC namespaces that are not known are part of it, as a tmpfs is.
 */
void balance_settle(struct balance *balance);

void balance_release(struct balance *balance);

#endif
