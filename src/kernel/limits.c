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
    IPC_LISTING_SIZE_MAX = 64 * 1024 * 1024,
    SEM_NUMBERS = 4, /* in kernel.sem */
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

/*
 * Whether the kernel's unsigned long has 32 bits. Then its addresses have, too, and what it may map
 * for itself is less than 4 GiB. Not by uname(2): a kernel of 64 bits calls itself i686 where it is
 * asked to (personality(2), PER_LINUX32).
 */
static bool is_narrow(const struct procfs *procfs)
{
    uint64_t kib;

    if (procfs->live && sizeof(unsigned long) > sizeof(uint32_t))
        return false; /* or it would not run this program */
    return procfs_find_number(procfs, "proc/meminfo", "VmallocTotal:", &kib) &&
           kib < UINT64_C(4) * 1024 * 1024;
}

/*
 * /proc/sys and the other listings show the IPC namespace of who asks, which a foreign listing is
 * not of.
 */
static int refuse_foreign(const struct procfs *procfs, const char *what, struct error *err)
{
    if (!procfs->inside)
        return 0;
    return error_set(err, ENOTSUP,
                     "%s of IPC namespace %llu, which belongs to another user namespace, cannot be "
                     "asked for from outside: nsenter --preserve-credentials --user --ipc --target "
                     "PID, with the pid of a process inside ('shmtool ns -l %llu'), goes there",
                     what, (unsigned long long)procfs->inside->number,
                     (unsigned long long)procfs->inside->number);
}

int limits_read(const struct procfs *procfs, struct limits *ret_limits, struct error *err)
{
    struct limits limits = {.page_size = procfs->page_size};
    bool any = false;
    int r = refuse_foreign(procfs, "the limits", err);

    if (r < 0)
        return r;
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
    limits.narrow = is_narrow(procfs);
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

int limits_check_write(const struct procfs *procfs, enum limit_id id, struct error *err)
{
    CLEANUP_CLOSE int fd = -1;
    char path[64];
    int r = refuse_foreign(procfs, "the limits", err);

    if (r < 0)
        return r;
    limit_path(id, path, sizeof(path));
    fd = openat(procfs->root_fd, path, O_WRONLY | O_CLOEXEC);
    return fd < 0 ? error_set_errno(err, errno, "%s%s", procfs_prefix(procfs), path) : 0;
}

/* Gives the kernel the whole number in one write, as it wants it. Returns 0 or a negative errno. */
static int write_number(const struct procfs *procfs, const char *path, uint64_t number)
{
    CLEANUP_CLOSE int fd = openat(procfs->root_fd, path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    char text[32];
    int length = snprintf(text, sizeof(text), "%llu\n", (unsigned long long)number);
    ssize_t written = fd >= 0 ? write(fd, text, (size_t)length) : -1;

    if (written < 0)
        return -errno;
    return written == length ? 0 : -EIO;
}

int next_id_write(const struct procfs *procfs, int shmid, struct error *err)
{
    static const char path[] = "proc/sys/kernel/shm_next_id";
    int r = write_number(procfs, path, (uint64_t)shmid);

    return r < 0 ? error_set_errno(err, -r, "%s%s", procfs_prefix(procfs), path) : 0;
}

int limits_write(const struct procfs *procfs, const struct limit_setting *setting,
                 uint64_t *ret_now, struct error *err)
{
    char path[64];
    uint64_t now = 0;
    int r = refuse_foreign(procfs, "the limits", err);

    if (r < 0)
        return r;
    limit_path(setting->id, path, sizeof(path));
    r = write_number(procfs, path, setting->value);
    if (r == -EINVAL && limits_ceiling(setting))
        return error_set(err, EINVAL, "%s%s: %s: %s", procfs_prefix(procfs), path, strerror(EINVAL),
                         limits_ceiling(setting));
    if (r < 0)
        return error_set_errno(err, -r, "%s%s", procfs_prefix(procfs), path);
    r = procfs_read_number(procfs, path, &now, err);
    if (r < 0)
        return r;
    *ret_now = now;
    if (now != setting->value)
        return error_set(err, EIO, "%s%s: the kernel has made it %llu", procfs_prefix(procfs), path,
                         (unsigned long long)now);
    return 0;
}

int shmem_read(const struct procfs *procfs, uint64_t *ret_bytes, struct error *err)
{
    CLEANUP_STRBUF struct strbuf meminfo = STRBUF_INIT;
    uint64_t kib;
    int r = procfs_read_file(procfs, "proc/meminfo", MEMINFO_SIZE_MAX, &meminfo, err);

    if (r < 0)
        return r;
    if (!procfs_number_after(&meminfo, "Shmem:", &kib) || kib > UINT64_MAX / 1024)
        return error_set_errno(err, ENOENT, "%sproc/meminfo: Shmem", procfs_prefix(procfs));
    *ret_bytes = kib * 1024;
    return 0;
}

/* --- Semaphores and message queues ------------------------------------------------------------ */

/* Which number of which file is the limit, and the listing of what is in use of it. */
static const struct {
    const char *limit_path;
    size_t position;
    const char *listing_path;
} ipc_files[IPC_LIMIT_COUNT] = {
    [IPC_SEMMNI] = {"proc/sys/kernel/sem", 3, "proc/sysvipc/sem"},
    [IPC_SEMMNS] = {"proc/sys/kernel/sem", 1, "proc/sysvipc/sem"},
    [IPC_MSGMNI] = {"proc/sys/kernel/msgmni", 0, "proc/sysvipc/msg"},
};

/* Reads the first COUNT numbers of a file. */
static int read_numbers(const struct procfs *procfs, const char *path, uint64_t *numbers,
                        size_t count, struct error *err)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const char *at;
    int r = procfs_read_file(procfs, path, 4096, &text, err);

    if (r < 0)
        return r;
    at = strbuf_string(&text);
    for (size_t i = 0; i < count; i++) {
        size_t length = parse_digits(at, strlen(at), &numbers[i]);

        if (length == 0)
            return error_set(err, EBADMSG, "%s%s: not understood", procfs_prefix(procfs), path);
        at += length;
        at += strspn(at, " \t\n");
    }
    return 0;
}

static int read_ipc_count(const struct procfs *procfs, enum ipc_limit limit, struct ipc_use *use,
                          struct error *err)
{
    CLEANUP_ERROR struct error why = ERROR_INIT;
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const char *path = ipc_files[limit].listing_path;
    struct ipc_count *count = &use->counts[limit];
    uint64_t numbers[SEM_NUMBERS] = {0};
    int r = read_numbers(procfs, ipc_files[limit].limit_path, numbers,
                         limit == IPC_MSGMNI ? 1 : SEM_NUMBERS, err);

    if (r == 0)
        r = procfs_read_file(procfs, path, IPC_LISTING_SIZE_MAX, &text, err);
    if (r < 0)
        return r;
    r = ipc_use_count(strbuf_string(&text), limit, count, &why);
    if (r < 0)
        return error_set(err, -r, "%s%s: %s", procfs_prefix(procfs), path, why.text);
    count->limit = numbers[ipc_files[limit].position];
    count->known = true;
    if (limit == IPC_SEMMNI)
        memcpy(use->sem, numbers, sizeof(use->sem));
    return 0;
}

int ipc_use_read(const struct procfs *procfs, struct ipc_use *ret_use, struct error *err)
{
    int failed = 0;

    *ret_use = (struct ipc_use){0};
    if (procfs->inside)
        return refuse_foreign(procfs, "semaphores and message queues", err);
    for (enum ipc_limit limit = 0; limit < IPC_LIMIT_COUNT; limit++) {
        int r = read_ipc_count(procfs, limit, ret_use, failed ? NULL : err);

        /* A saved tree may lack a file; this kernel has all, and hides it (proc(5), subset=pid). */
        if (r < 0 && (r != -ENOENT || procfs->live) && !failed)
            failed = r;
        if (err && !failed)
            error_clear(err);
    }
    return failed;
}
