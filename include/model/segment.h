/*
 * One System V shared memory segment as the kernel lists it, and lists of them.
 */
#ifndef SHMTOOL_MODEL_SEGMENT_H
#define SHMTOOL_MODEL_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bits of struct segment's mode above the permissions, as <linux/shm.h> numbers them. */
#define SEGMENT_DEST 01000U
#define SEGMENT_LOCKED 02000U

struct segment {
    uint32_t key; /* 0: IPC_PRIVATE, or marked for destruction */
    int shmid;
    uint32_t mode; /* permissions, SEGMENT_DEST, SEGMENT_LOCKED */
    uid_t uid;     /* owner */
    gid_t gid;
    uid_t cuid; /* creator */
    gid_t cgid;
    pid_t cpid; /* 0: in another PID namespace */
    pid_t lpid; /* last attach or detach; 0: never, or in another PID namespace */
    bool has_rss;
    bool has_swap;
    uint64_t size;      /* bytes */
    uint64_t nattch;    /* mappings, not processes */
    uint64_t rss;       /* bytes; without has_rss what the listing says, which is not true */
    uint64_t swap;      /* bytes; only with has_swap */
    uint64_t huge_page; /* bytes of each of its pages, where they are known to be huge; else 0 */
    int64_t atime;      /* seconds since the epoch, 0: never */
    int64_t dtime;
    int64_t ctime;   /* creation, or the last IPC_SET */
    int64_t read_at; /* not earlier than this, CLOCK_MONOTONIC in ns; 0: not known */
};

/* Tells whether SEGMENT is marked for destruction. */
static inline bool segment_is_dest(const struct segment *segment)
{
    return (segment->mode & SEGMENT_DEST) != 0;
}

/* Tells whether SEGMENT is locked in memory. */
static inline bool segment_is_locked(const struct segment *segment)
{
    return (segment->mode & SEGMENT_LOCKED) != 0;
}

/*
 * Tells whether SEGMENT consists of huge pages, as far as that is known: its pages are, or its
 * listing has an rss that is larger than it is. Such memory is no part of Shmem of /proc/meminfo.
 */
static inline bool segment_is_huge(const struct segment *segment)
{
    return segment->huge_page > 0 || (segment->has_swap && !segment->has_rss);
}

/*
 * Sets the size of SEGMENT's huge pages, and corrects its rss. The listing has it in bytes, or,
 * since Linux 6.7, multiplied by how many pages a huge one has (ipc/shm.c, shm_add_rss_swap): where
 * only one of the two fits the segment that is its rss, else it is not known.
 *
 * huge_page, page_size: bytes
 */
void segment_set_huge_page(struct segment *segment, uint64_t huge_page, uint64_t page_size);

/*
 * Tells whether two readings of one id are the same segment: same shmid, key, owner, creator,
 * size, cpid and ctime. Attach counts and their times may differ.
 */
bool segment_same(const struct segment *a, const struct segment *b);

/* Tells whether somebody attached or detached the segment between two readings of it. */
bool segment_was_used(const struct segment *before, const struct segment *now);

/* The time of the last attach, detach or change, whichever came last, in epoch seconds. */
int64_t segment_last_time(const struct segment *segment);

struct segment_list {
    struct segment *items; /* owned */
    size_t count;
    size_t capacity;
};

#define SEGMENT_LIST_INIT \
    { \
        NULL, 0, 0 \
    }

/* Appends a copy of SEGMENT. */
void segment_list_add(struct segment_list *list, const struct segment *segment);

/* Returns the segment with this id, or NULL. */
const struct segment *segment_list_find(const struct segment_list *list, int shmid);

/* Adds up the sizes in bytes; stops at UINT64_MAX instead of wrapping. */
uint64_t segment_list_bytes(const struct segment_list *list);

/* Releases the list's memory and leaves it empty. */
void segment_list_release(struct segment_list *list);

#define CLEANUP_SEGMENT_LIST __attribute__((cleanup(segment_list_release)))

#endif
