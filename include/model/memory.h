/*
 * How much memory there is for a segment: what the kernel promises, huge pages, the memory control
 * group, the address space.
 */
#ifndef SHMTOOL_MODEL_MEMORY_H
#define SHMTOOL_MODEL_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* How the kernel hands out memory (proc_sys_vm(5)); pages are those of the limits. */
struct memory_state {
    bool known;
    int overcommit;        /* vm.overcommit_memory: 0 guess, 1 always, 2 never */
    uint64_t total;        /* pages of RAM and swap */
    uint64_t commit_limit; /* pages, the administrator's reserve taken off; only with 2 */
    uint64_t committed;    /* pages; only with 2 */
};

/* Sizes of huge pages that a kernel has; no architecture knows as many. */
enum { HUGE_SIZES_MAX = 16 };

/* The huge pages of one size (Documentation/admin-guide/mm/hugetlbpage.rst). */
struct huge_state {
    bool known;                     /* the sizes can be read */
    uint64_t sizes[HUGE_SIZES_MAX]; /* bytes; those that there are */
    size_t size_count;
    uint64_t page_size; /* bytes; of the size asked for; 0: there are none of it */
    bool is_default;    /* the size that vm.nr_hugepages is about */
    uint64_t total;     /* pages in the pool */
    uint64_t free;      /* those of it that hold nothing */
    uint64_t reserved;  /* those of the free ones that are promised already */
    uint64_t more;      /* that the kernel may add for a time (nr_overcommit_hugepages) */
    bool has_group;     /* vm.hugetlb_shm_group has a number here */
    gid_t group;
};

/* The memory control group that leaves a process the least. */
struct memory_group {
    bool known;     /* there is one with a limit */
    char *path;     /* owned; as /proc/self/cgroup has it */
    uint64_t limit; /* bytes */
    uint64_t left;  /* bytes that it still allows, page cache and swap that it may use counted in */
};

/* Releases what GROUP holds and leaves it empty. */
void memory_group_release(struct memory_group *group);

/* Whether the address space of a process that has little else has room for a segment. */
struct address_space {
    bool has_room;
    bool has_limit;      /* RLIMIT_AS is set */
    bool has_hard_limit; /* beyond which only CAP_SYS_RESOURCE raises it */
    uint64_t limit;      /* bytes */
};

/* Huge pages that SIZE bytes need. */
uint64_t huge_pages_of(const struct huge_state *huge, uint64_t size);

/* Huge pages that can still be promised. */
uint64_t huge_pages_available(const struct huge_state *huge);

/* The pages that the pool must have for SIZE more bytes: what vm.nr_hugepages is to be set to. */
uint64_t huge_pages_wanted(const struct huge_state *huge, uint64_t size);

#endif
