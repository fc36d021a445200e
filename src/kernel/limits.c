#include "kernel/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/parse.h"

enum {
    LARGEST_FILE = 1024 * 1024,
    USUAL_PAGE_SIZE = 4096,
    LARGEST_PAGE_SIZE = 65536,
};

static void limit_path(enum limit_id id, char *path, size_t size)
{
    snprintf(path, size, "proc/sys/kernel/%s", limit_kinds[id].name);
}

/* A file that holds one number and nothing else. */
static int read_number(const struct procfs *procfs, const char *path, uint64_t *ret_value,
                       struct error *err)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    size_t used;
    int r = procfs_read_file(procfs, path, LARGEST_FILE, &text, err);

    if (r < 0)
        return r;
    while (text.length > 0 && strchr("\r\n\t ", text.data[text.length - 1]))
        strbuf_truncate(&text, text.length - 1);
    used = text.length > 0 ? parse_digits(text.data, text.length, ret_value) : 0;
    if (used == 0 || used != text.length)
        return error_set(err, EBADMSG, "%s%s: not a number", procfs_prefix(procfs), path);
    return 0;
}

/* The number behind NAME at the start of a line, as /proc/meminfo and /proc/vmstat have it. */
static bool find_number(const struct strbuf *text, const char *name, uint64_t *ret_value)
{
    const char *line = strbuf_string(text);
    size_t length = strlen(name);

    while (line && strncmp(line, name, length) != 0) {
        line = strchr(line, '\n');
        if (line)
            line++;
    }
    if (!line)
        return false;
    line += length;
    line += strspn(line, " \t");
    return parse_digits(line, strlen(line), ret_value) > 0;
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

    if (procfs_read_file(procfs, "proc/meminfo", LARGEST_FILE, &meminfo, NULL) < 0 ||
        procfs_read_file(procfs, "proc/vmstat", LARGEST_FILE, &vmstat, NULL) < 0 ||
        !find_number(&meminfo, "AnonPages:", &kib) ||
        !find_number(&vmstat, "nr_anon_pages ", &pages) || pages == 0 || kib > UINT64_MAX / 4096 ||
        pages > UINT64_MAX / LARGEST_PAGE_SIZE / 4)
        return false;
    /* Up to the power of two that lies nearest: 4 KiB are less than 6, and so on. */
    while (size < LARGEST_PAGE_SIZE && kib * 1024 >= pages * (size + size / 2))
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
        r = read_number(procfs, path, &limits.values[id], err);
        /* A kernel may be too old for one; but what it has can be read, or something is wrong. */
        if (r < 0 && r != -ENOENT && procfs->live)
            return r;
        limits.known[id] = r == 0;
        any = any || r == 0;
    }
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
static int write_number(const struct procfs *procfs, const char *path, uint64_t value,
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
    r = write_number(procfs, path, setting->value, err);
    if (r == 0)
        r = read_number(procfs, path, &now, err);
    if (r < 0)
        return r;
    *ret_now = now;
    if (now != setting->value)
        return error_set(err, EIO, "%s%s: the kernel has made it %llu", procfs_prefix(procfs), path,
                         (unsigned long long)now);
    return 0;
}

/* What is left of the limit of commitments when LESS KiB are set aside. */
static uint64_t pages_left(uint64_t kib, uint64_t less, uint64_t kib_per_page)
{
    return kib > less ? (kib - less) / kib_per_page : 0;
}

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
    if (read_number(procfs, "proc/sys/vm/overcommit_memory", &mode, NULL) < 0 || mode > 2 ||
        procfs_read_file(procfs, "proc/meminfo", LARGEST_FILE, &meminfo, NULL) < 0 ||
        !find_number(&meminfo, "MemTotal:", &ram) || !find_number(&meminfo, "SwapTotal:", &swap) ||
        !find_number(&meminfo, "CommitLimit:", &limit) ||
        !find_number(&meminfo, "Committed_AS:", &committed))
        return;
    if (!admin && read_number(procfs, "proc/sys/vm/admin_reserve_kbytes", &reserve, NULL) < 0)
        reserve = 0;
    *ret_memory = (struct memory_state){
        .known = true,
        .overcommit = (int)mode,
        .total = saturating_add(ram, swap) / unit,
        .commit_limit = pages_left(limit, reserve, unit),
        .committed = committed / unit,
    };
}
