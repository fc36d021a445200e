/*
 * How much memory the system has for a segment, and whether it would be granted.
 */
#ifndef SHMTOOL_KERNEL_MEMORY_H
#define SHMTOOL_KERNEL_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/procfs.h"
#include "model/memory.h"

/*
 * Reads how the system promises memory. What cannot be read leaves ret_memory->known false.
 *
 * page_size: in bytes, of the pages in which memory is counted
 * admin: CAP_SYS_ADMIN in the initial user namespace: may use the reserve (vm.admin_reserve_kbytes)
 */
void memory_read(const struct procfs *procfs, uint64_t page_size, bool admin,
                 struct memory_state *ret_memory);

/*
 * Reads the pool of huge pages of one size, and who may use it. What cannot be read leaves
 * ret_huge->known false.
 *
 * log: the binary logarithm of the page size in bytes; 0: the default one
 */
void huge_read(const struct procfs *procfs, unsigned log, struct huge_state *ret_huge);

/* Where the pools of huge pages are, a folder each: "hugepages-2048kB". */
#define HUGE_POOLS_DIR "sys/kernel/mm/hugepages"

/* The size in bytes of the pages of the pool whose folder has this name; 0: it is none. */
uint64_t huge_pool_page_size(const char *name);

/*
 * Reads a number of the pool of pages of PAGE_SIZE bytes ("free_hugepages"); 0 where it cannot be
 * read.
 */
uint64_t huge_pool_number(const struct procfs *procfs, uint64_t page_size, const char *name);

/*
 * Reads what the memory control groups of this process, v1 or v2, still allow: of its own and
 * those above it, as far as they are mounted, the one that leaves the least (v1 calls no limit
 * one of nearly 2^63 bytes). Where none can be read ret_group->known is false.
 *
 * ret_group: released by the caller with memory_group_release()
 */
void memory_group_read(const struct procfs *procfs, struct memory_group *ret_group);

/* Tells whether anything may be swapped out at all (sysinfo(2)). */
bool memory_any_swapped(void);

/*
 * Tries whether a mapping of SIZE bytes fits the address space of this process and its RLIMIT_AS.
 * No memory is taken, and nothing stays mapped.
 */
struct address_space address_space_try(uint64_t size);

#endif
