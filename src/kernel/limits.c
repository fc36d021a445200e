#include "kernel/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "kernel/sysv.h"

enum {
    MEMINFO_SIZE_MAX = 1024 * 1024,
    USUAL_PAGE_SIZE = 4096,
    PAGE_SIZE_MAX = 65536,
};

static void limit_path(enum limit_id id, char *path, size_t size)
{
    snprintf(path, size, "proc/sys/kernel/%s", limit_kinds[id].name);
}

/*
 * The page size of a saved tree: the same memory, in KiB and in pages. The two files were read one
 * after the other, so the quotient is only near to a power of two.
 */
static bool tree_page_size(const struct procfs *procfs, uint64_t *ret_size)
{
    CLEANUP_STRBUF struct strbuf meminfo = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf vmstat = STRBUF_INIT;
    uint64_t kib;
    uint64_t pages;
    uint64_t size = USUAL_PAGE_SIZE;

    if (procfs_read_file(procfs, "proc/meminfo", MEMINFO_SIZE_MAX, &meminfo, NULL) < 0 ||
        procfs_read_file(procfs, "proc/vmstat", MEMINFO_SIZE_MAX, &vmstat, NULL) < 0 ||
        !procfs_number_after(&meminfo, "AnonPages:", &kib) ||
        !procfs_number_after(&vmstat, "nr_anon_pages ", &pages) || pages == 0 ||
        kib > UINT64_MAX / 4096 || pages > UINT64_MAX / PAGE_SIZE_MAX / 4)
        return false;
    /* Up to the power of two that lies nearest: 4 KiB are less than 6, and so on. */
    while (size < PAGE_SIZE_MAX && kib * 1024 >= pages * (size + size / 2))
        size *= 2;
    *ret_size = size;
    return true;
}

int limits_read(const struct procfs *procfs, struct limits *ret_limits, struct error *err)
{
    struct limits limits = {.page_size = procfs->page_size};
    bool any = false;
    int r = 0;

    for (enum limit_id id = 0; id < LIMIT_COUNT; id++) {
        char path[64];

        if (!limit_kinds[id].settable)
            continue;
        limit_path(id, path, sizeof(path));
        r = procfs_read_number(procfs, path, &limits.values[id], err);
        /* A kernel may be too old for one; but what it has can be read, or something is wrong. */
        if (r < 0 && r != -ENOENT && procfs->live)
            return r;
        limits.known[id] = r == 0;
        any = any || r == 0;
    }
    if (!any && procfs->live && r == -ENOENT && sysv_limits(&limits) == 0)
        any = true;
    if (!any)
        return r;
    if (err)
        error_clear(err);
    /* include/uapi/linux/shm.h, SHMMIN */
    limits.known[LIMIT_SHMMIN] = true;
    limits.values[LIMIT_SHMMIN] = 1;
    if (!procfs->live && !tree_page_size(procfs, &limits.page_size)) {
        limits.page_size = USUAL_PAGE_SIZE;
        limits.guessed_pages = true;
    }
    *ret_limits = limits;
    return 0;
}

/* Gives the kernel the whole number in one write, as it wants it. */
static int write_limit(const struct procfs *procfs, const char *path, uint64_t value,
                       struct error *err)
{
    CLEANUP_CLOSE int fd = openat(procfs->root_fd, path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    char text[32];
    int length = snprintf(text, sizeof(text), "%llu\n", (unsigned long long)value);
    ssize_t written = fd >= 0 ? write(fd, text, (size_t)length) : -1;

    if (written < 0)
        return error_set_errno(err, errno, "%s%s", procfs_prefix(procfs), path);
    if (written != length)
        return error_set_errno(err, EIO, "%s%s", procfs_prefix(procfs), path);
    return 0;
}

int limits_write(const struct procfs *procfs, const struct limit_setting *setting,
                 uint64_t *ret_now, struct error *err)
{
    char path[64];
    uint64_t now = 0;
    int r;

    limit_path(setting->id, path, sizeof(path));
    r = write_limit(procfs, path, setting->value, err);
    if (r == 0)
        r = procfs_read_number(procfs, path, &now, err);
    if (r < 0)
        return r;
    *ret_now = now;
    if (now != setting->value)
        return error_set(err, EIO, "%s%s: the kernel has made it %llu", procfs_prefix(procfs), path,
                         (unsigned long long)now);
    return 0;
}
