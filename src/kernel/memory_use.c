#include "kernel/memory_use.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/parse.h"
#include "base/xalloc.h"
#include "kernel/memory.h"
#include "kernel/mountinfo.h"

enum { MEMINFO_SIZE_MAX = 1024 * 1024, MOUNTINFO_SIZE_MAX = 64 * 1024 * 1024 };

/* --- File systems in memory ------------------------------------------------------------------- */

/* A list that is being made, and the devices that are in it. */
struct tmpfs_reading {
    int proc_fd; /* /proc */
    struct tmpfs_list list;
    dev_t *devices; /* owned; one for each of the list */
    size_t device_capacity;
};

/* Adds one, unless it is there: by its DEVICE, or by its path where that is not known (0). */
static void add_tmpfs(struct tmpfs_reading *reading, dev_t device, const struct tmpfs_use *use)
{
    struct tmpfs_list *list = &reading->list;

    for (size_t i = 0; i < list->count; i++) {
        if (device != 0 ? reading->devices[i] == device
                        : strcmp(list->items[i].mount, use->mount) == 0)
            return;
    }
    reading->devices =
        xgrow(reading->devices, list->count, &reading->device_capacity, sizeof(dev_t));
    reading->devices[list->count] = device;
    list->items = xgrow(list->items, list->count, &list->capacity, sizeof(*list->items));
    list->items[list->count] = *use;
    list->items[list->count++].mount = xstrdup(use->mount);
}

/*
 * Adds what is mounted at PATH, unless another mount hides it. Waits for no file system that may
 * never answer.
 */
static void read_tmpfs(struct tmpfs_reading *reading, char *path)
{
    CLEANUP_CLOSE int fd = mountinfo_open(reading->proc_fd, "self", path);
    struct tmpfs_use use = {.mount = path};
    struct statfs fs;
    struct stat status;

    /* Names below /sys are never known from memory alone, but the kernel itself answers. */
    if (fd < 0 && errno == EAGAIN && strncmp(path, "/sys/", 5) == 0)
        fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0 || fstatfs(fd, &fs) < 0) {
        add_tmpfs(reading, 0, &use);
    } else if (fs.f_type == TMPFS_MAGIC) {
        /* Without a limit (size=0) the kernel counts nothing (mm/shmem.c, shmem_statfs). */
        use.known = fs.f_blocks > 0;
        use.bytes = (uint64_t)(fs.f_blocks - fs.f_bfree) * (uint64_t)fs.f_bsize;
        add_tmpfs(reading, status.st_dev, &use);
    }
}

static bool is_field(const char *field, size_t length, const char *text)
{
    return strlen(text) == length && memcmp(field, text, length) == 0;
}

/* Whether it may be in memory: also that of a system that never left its initramfs. */
static bool may_be_tmpfs(const struct mountinfo *mount)
{
    return is_field(mount->type, mount->type_length, "tmpfs") ||
           is_field(mount->type, mount->type_length, "devtmpfs") ||
           is_field(mount->type, mount->type_length, "rootfs");
}

static void add_mount(struct tmpfs_reading *reading, const char *line, size_t length)
{
    CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;
    struct mountinfo mount;

    if (!mountinfo_parse_line(line, length, &mount) || !may_be_tmpfs(&mount))
        return;
    mountinfo_unescape(&path, mount.path, mount.path_length);
    if (path.length > 0)
        read_tmpfs(reading, path.data);
}

int tmpfs_read(const struct procfs *procfs, struct tmpfs_list *ret_list, struct error *err)
{
    CLEANUP_CLOSE int proc_fd = openat(procfs->root_fd, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    struct tmpfs_reading reading = {.proc_fd = proc_fd};
    int r;

    if (proc_fd < 0)
        return error_set_errno(err, errno, "/proc");
    r = procfs_read_file(procfs, "proc/self/mountinfo", MOUNTINFO_SIZE_MAX, &text, err);
    if (r < 0)
        return r;
    for (const char *line = strbuf_string(&text); *line;) {
        size_t length = strcspn(line, "\n");

        add_mount(&reading, line, length);
        line += length + (line[length] == '\n');
    }
    free(reading.devices);
    *ret_list = reading.list;
    return 0;
}

/* --- Huge pages ------------------------------------------------------------------------------- */

static void add_pool(struct huge_pools *pools, const struct huge_pool *pool)
{
    pools->items = xgrow(pools->items, pools->count, &pools->capacity, sizeof(*pools->items));
    pools->items[pools->count++] = *pool;
}

static int compare_pools(const void *a, const void *b)
{
    const struct huge_pool *left = a;
    const struct huge_pool *right = b;

    return left->is_default != right->is_default ? right->is_default - left->is_default
                                                 : num_compare(left->page_size, right->page_size);
}

void huge_pools_read(const struct procfs *procfs, struct huge_pools *ret_pools)
{
    CLEANUP_CLOSEDIR DIR *dir = procfs_open_dir(procfs, HUGE_POOLS_DIR, NULL);
    CLEANUP_STRBUF struct strbuf meminfo = STRBUF_INIT;
    struct huge_pools pools = {.segments_known = true};
    struct huge_pool usual = {.is_default = true};
    const struct dirent *entry;
    uint64_t kib;

    if (procfs_read_file(procfs, "proc/meminfo", MEMINFO_SIZE_MAX, &meminfo, NULL) == 0 &&
        procfs_number_after(&meminfo, "\nHugepagesize:", &kib) && kib <= UINT64_MAX / 1024)
        usual.page_size = kib * 1024;
    while (dir && (entry = procfs_next_entry(dir)) != NULL) {
        struct huge_pool pool = {.page_size = huge_pool_page_size(entry->d_name)};

        if (pool.page_size == 0)
            continue;
        pool.is_default = pool.page_size == usual.page_size;
        pool.total = huge_pool_number(procfs, pool.page_size, "nr_hugepages");
        pool.free = huge_pool_number(procfs, pool.page_size, "free_hugepages");
        pool.reserved = huge_pool_number(procfs, pool.page_size, "resv_hugepages");
        add_pool(&pools, &pool);
    }
    if (pools.count > 0)
        qsort(pools.items, pools.count, sizeof(*pools.items), compare_pools);
    if (usual.page_size > 0 && !huge_pools_find(&pools, 0) &&
        procfs_number_after(&meminfo, "\nHugePages_Total:", &usual.total) &&
        procfs_number_after(&meminfo, "\nHugePages_Free:", &usual.free) &&
        procfs_number_after(&meminfo, "\nHugePages_Rsvd:", &usual.reserved))
        add_pool(&pools, &usual);
    *ret_pools = pools;
}
