#include "kernel/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/parse.h"

enum { MEMINFO_SIZE_MAX = 1024 * 1024 };

void memory_read(const struct procfs *procfs, uint64_t page_size, bool admin,
                 struct memory_state *ret_memory)
{
    CLEANUP_STRBUF struct strbuf meminfo = STRBUF_INIT;
    uint64_t unit = page_size / 1024;
    uint64_t mode = 0;
    uint64_t ram;
    uint64_t swap;
    uint64_t limit;
    uint64_t committed;
    uint64_t reserve = 0;

    *ret_memory = (struct memory_state){0};
    if (procfs_read_number(procfs, "proc/sys/vm/overcommit_memory", &mode, NULL) < 0 || mode > 2 ||
        procfs_read_file(procfs, "proc/meminfo", MEMINFO_SIZE_MAX, &meminfo, NULL) < 0 ||
        !procfs_number_after(&meminfo, "MemTotal:", &ram) ||
        !procfs_number_after(&meminfo, "SwapTotal:", &swap) ||
        !procfs_number_after(&meminfo, "CommitLimit:", &limit) ||
        !procfs_number_after(&meminfo, "Committed_AS:", &committed))
        return;
    if (!admin &&
        procfs_read_number(procfs, "proc/sys/vm/admin_reserve_kbytes", &reserve, NULL) < 0)
        reserve = 0;
    *ret_memory = (struct memory_state){
        .known = true,
        .overcommit = (int)mode,
        .total = saturating_add(ram, swap) / unit,
        .commit_limit = limit > reserve ? (limit - reserve) / unit : 0,
        .committed = committed / unit,
    };
}

/* --- Huge pages ------------------------------------------------------------------------------- */

uint64_t huge_pool_page_size(const char *name)
{
    static const char prefix[] = "hugepages-";
    const char *number = name + strlen(prefix);
    uint64_t kib;

    return strncmp(name, prefix, strlen(prefix)) == 0 &&
                   parse_digits(number, strlen(number), &kib) > 0 && kib <= UINT64_MAX / 1024
               ? kib * 1024
               : 0;
}

/* Reads the sizes there are. Returns false when that cannot be done. */
static bool read_huge_sizes(const struct procfs *procfs, struct huge_state *huge)
{
    CLEANUP_CLOSEDIR DIR *dir = procfs_open_dir(procfs, HUGE_POOLS_DIR, NULL);
    const struct dirent *entry;

    if (!dir) {
        /* A kernel without huge pages has all but this one. */
        CLEANUP_CLOSEDIR DIR *above =
            errno == ENOENT ? procfs_open_dir(procfs, "sys/kernel/mm", NULL) : NULL;

        return above != NULL;
    }
    while ((entry = procfs_next_entry(dir)) != NULL && huge->size_count < HUGE_SIZES_MAX) {
        uint64_t page_size = huge_pool_page_size(entry->d_name);

        if (page_size > 0)
            huge->sizes[huge->size_count++] = page_size;
    }
    return true;
}

uint64_t huge_pool_number(const struct procfs *procfs, uint64_t page_size, const char *name)
{
    char path[128];
    uint64_t value = 0;

    snprintf(path, sizeof(path), HUGE_POOLS_DIR "/hugepages-%llukB/%s",
             (unsigned long long)(page_size / 1024), name);
    procfs_read_number(procfs, path, &value, NULL);
    return value;
}

static void read_pool(const struct procfs *procfs, struct huge_state *huge)
{
    uint64_t surplus = huge_pool_number(procfs, huge->page_size, "surplus_hugepages");
    uint64_t more = huge_pool_number(procfs, huge->page_size, "nr_overcommit_hugepages");

    huge->total = huge_pool_number(procfs, huge->page_size, "nr_hugepages");
    huge->free = huge_pool_number(procfs, huge->page_size, "free_hugepages");
    huge->reserved = huge_pool_number(procfs, huge->page_size, "resv_hugepages");
    huge->more = more > surplus ? more - surplus : 0;
}

/* The number that a group of the initial user namespace has in that of this process. */
static bool map_group(const struct procfs *procfs, uint64_t outside, gid_t *ret_gid)
{
    struct id_map map;
    bool mapped;

    if (procfs_read_id_map(procfs, "proc/self/gid_map", &map) < 0)
        return false;
    mapped = outside <= UINT32_MAX && id_map_inside(&map, (uint32_t)outside, ret_gid);
    id_map_release(&map);
    return mapped;
}

void huge_read(const struct procfs *procfs, unsigned log, struct huge_state *ret_huge)
{
    struct huge_state huge = {.known = false};
    uint64_t default_size = 0;
    uint64_t kib;
    uint64_t group;
    uint64_t wanted;

    huge.has_group =
        procfs_read_number(procfs, "proc/sys/vm/hugetlb_shm_group", &group, NULL) == 0 &&
        map_group(procfs, group, &huge.group);
    if (procfs_find_number(procfs, "proc/meminfo", "\nHugepagesize:", &kib) &&
        kib <= UINT64_MAX / 1024)
        default_size = kib * 1024;
    wanted = log > 0 ? UINT64_C(1) << log : default_size;
    huge.known = read_huge_sizes(procfs, &huge) && (wanted > 0 || huge.size_count == 0);
    for (size_t i = 0; huge.known && i < huge.size_count; i++) {
        if (huge.sizes[i] == wanted)
            huge.page_size = wanted;
    }
    huge.is_default = wanted == default_size;
    if (huge.page_size > 0)
        read_pool(procfs, &huge);
    *ret_huge = huge;
}

/* --- The address space ------------------------------------------------------------------------ */

struct address_space address_space_try(uint64_t size)
{
    struct address_space space = {.has_room = size <= SIZE_MAX};
    struct rlimit limit;
    void *address;

    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        space.has_limit = true;
        space.has_hard_limit = limit.rlim_max != RLIM_INFINITY;
        space.limit = limit.rlim_cur;
    }
    if (size == 0 || size > SIZE_MAX)
        return space;
    /* Memory that may not even be read counts for the limit as any other and is never promised. */
    address =
        mmap(NULL, (size_t)size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    space.has_room = address != MAP_FAILED;
    if (space.has_room)
        munmap(address, (size_t)size);
    return space;
}

bool memory_any_swapped(void)
{
    struct sysinfo info;

    return sysinfo(&info) < 0 || info.freeswap != info.totalswap;
}
