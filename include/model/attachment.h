/*
 * A segment that a process has attached, or open by a descriptor, and lists of that.
 */
#ifndef SHMTOOL_MODEL_ATTACHMENT_H
#define SHMTOOL_MODEL_ATTACHMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One segment in one process. */
struct attachment {
    uint64_t namespace; /* number of the IPC namespace; 0 where only one was asked for */
    int shmid;
    pid_t pid;
    uint32_t original_key; /* the segment's key when it was made */
    bool has_uid;
    bool writable;       /* at least one of the mappings may write */
    uid_t uid;           /* effective, as ps(1) shows it; only with has_uid */
    uint64_t maps;       /* mappings of this segment in this process, 1 or more */
    uint64_t page_size;  /* bytes of the segment's pages; 0: not known */
    const char *user;    /* the user's name; NULL: not looked up, or no such user; borrowed */
    const char *command; /* its command line; NULL: not looked up, or unknown; borrowed */
};

/* The attachments of all processes that could be read. */
struct attachment_list {
    struct attachment *items; /* owned; by namespace, by shmid, then by pid */
    size_t count;
    size_t capacity;
    size_t unreadable; /* processes that exist, may have segments attached, and could not be read */
    bool hidden;       /* other processes do not show at all (proc mounted with hidepid) */
};

/* The attachments of one segment: returns the first of *ret_count in a row, NULL when none. */
const struct attachment *attachment_list_find(const struct attachment_list *list,
                                              uint64_t namespace, int shmid, size_t *ret_count);

/* Releases what the list holds and leaves it empty. */
void attachment_list_release(struct attachment_list *list);

#define CLEANUP_ATTACHMENT_LIST __attribute__((cleanup(attachment_list_release)))

/* One segment that a process has open: a descriptor keeps its memory, removed or not. */
struct open_segment {
    int shmid;
    pid_t pid;
    bool has_bytes;
    uint64_t bytes;      /* of memory and swap; only with has_bytes */
    const char *command; /* as in struct attachment */
};

/* Those of the processes that could be read, each once, however many descriptors there are. */
struct open_segment_list {
    struct open_segment *items; /* owned; by shmid, then by pid */
    size_t count;
    size_t capacity;
};

/* Releases what the list holds and leaves it empty. */
void open_segment_list_release(struct open_segment_list *list);

#endif
