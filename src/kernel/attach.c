#include "kernel/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/parse.h"
#include "base/xalloc.h"
#include "kernel/maps.h"
#include "kernel/namespace_file.h"
#include "kernel/proc.h"

enum { STATUS_SIZE_MAX = 1024 * 1024, SMAPS_SIZE_MAX = 256 * 1024 * 1024, NS_LENGTH = 32 };

/* What came of reading one process. */
enum outcome { READ, NOTHING, UNREADABLE, VANISHED };

/* One reading of /proc. */
struct scan {
    const struct procfs *procfs;
    DIR *dir; /* of /proc, owned */
    struct maps_reader reader;
    struct segment_devices devices;
    bool everywhere;    /* in all IPC namespaces, not only in the caller's */
    char ns[NS_LENGTH]; /* the caller's, "ipc:[4026531839]"; empty: not known */
    struct attachment_list table;
    size_t first; /* where the attachments of the process at hand begin */
};

/* Reads which IPC namespace the process or thread BASE is in. Returns 0 or a negative errno. */
static int read_namespace(const struct scan *scan, const char *base, char *ret_name)
{
    char path[64];
    ssize_t length;

    snprintf(path, sizeof(path), "%s/ns/ipc", base);
    length = readlinkat(dirfd(scan->dir), path, ret_name, NS_LENGTH - 1);
    if (length < 0)
        return -errno;
    ret_name[length] = '\0';
    return 0;
}

static int scan_init(struct scan *scan, const struct procfs *procfs, struct error *err)
{
    *scan = (struct scan){.procfs = procfs};
    scan->dir = procfs_open_dir(procfs, "proc", err);
    if (!scan->dir)
        return -errno;
    /* A directory of that name alone would read as a system without processes. */
    if (procfs->live && faccessat(dirfd(scan->dir), "self", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
        return error_set(err, ENOENT, "/proc: not mounted: no process can be inspected");
    scan->reader = maps_reader_new(!procfs->live);
    if (procfs->inside)
        snprintf(scan->ns, sizeof(scan->ns), "ipc:[%llu]",
                 (unsigned long long)procfs->inside->number);
    else if (procfs->live && read_namespace(scan, "self", scan->ns) < 0)
        scan->ns[0] = '\0';
    return 0;
}

static void scan_release(struct scan *scan)
{
    if (scan->dir)
        closedir(scan->dir);
    maps_reader_release(&scan->reader);
    attachment_list_release(&scan->table);
}

#define CLEANUP_SCAN __attribute__((cleanup(scan_release)))

/* Opens PATH below /proc. Returns the descriptor or a negative errno. */
static int open_below_proc(const struct scan *scan, const char *path)
{
    char whole[128];
    int fd;

    if (!scan->procfs->live) {
        snprintf(whole, sizeof(whole), "proc/%s", path);
        return procfs_open_file(scan->procfs, whole, NULL);
    }
    fd = openat(dirfd(scan->dir), path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    return fd < 0 ? -errno : fd;
}

/* Whether a segment can be on the device of these numbers. */
static bool is_segment_device(struct scan *scan, uint32_t major, uint32_t minor)
{
    return scan->procfs->live ? segment_devices_has(&scan->devices, major, minor) : major == 0;
}

/*
 * Adds the mappings of a process or thread: one row each for now, merged when the process is
 * through. BASE is "PID" or "PID/task/TID". Returns 1, 0 for one without memory, or a negative
 * errno.
 */
static int add_mappings_of(struct scan *scan, const char *base)
{
    struct attachment_list *table = &scan->table;
    CLEANUP_CLOSE int fd = -1;
    char path[64];
    int r;

    snprintf(path, sizeof(path), "%s/maps", base);
    fd = open_below_proc(scan, path);
    if (fd < 0)
        return fd;
    r = maps_read(&scan->reader, fd);
    for (size_t i = 0; i < scan->reader.count; i++) {
        const struct mapping *mapping = &scan->reader.items[i];

        if (!is_segment_device(scan, mapping->major, mapping->minor))
            continue;
        table->items = xgrow(table->items, table->count, &table->capacity, sizeof(*table->items));
        table->items[table->count++] = (struct attachment){
            .shmid = mapping->shmid,
            .writable = mapping->writable,
            .maps = 1,
            .original_key = mapping->key,
            .page_size = mapping->page_size,
        };
    }
    return r;
}

/*
 * Whether the process or thread BASE is in an IPC namespace that was asked for. Where all are, its
 * attachments get the number of theirs.
 */
static enum outcome check_namespace(struct scan *scan, const char *base)
{
    char name[NS_LENGTH];
    uint64_t number;
    int r;

    if (!scan->ns[0] && !scan->everywhere)
        return READ;
    r = read_namespace(scan, base, name);
    if (r < 0)
        return r == -ENOENT || r == -ESRCH ? VANISHED : UNREADABLE;
    if (!scan->everywhere)
        return strcmp(name, scan->ns) == 0 ? READ : NOTHING;
    if (!namespace_file_parse(name, strlen(name), &number))
        return UNREADABLE;
    for (size_t i = scan->first; i < scan->table.count; i++)
        scan->table.items[i].namespace = number;
    return READ;
}

/* What it means that the threads of a process end with this errno, 0 or another one. */
static enum outcome without_threads(int code)
{
    /* The process may have ended meanwhile. */
    return code == 0 || code == ENOENT || code == ESRCH ? NOTHING : UNREADABLE;
}

/* A process whose leader has ended shows its memory through the threads that are left. */
static enum outcome scan_threads(struct scan *scan, const char *name)
{
    CLEANUP_CLOSEDIR DIR *dir = NULL;
    const struct dirent *entry;
    char path[64];

    snprintf(path, sizeof(path), "proc/%s/task", name);
    dir = procfs_open_dir(scan->procfs, path, NULL);
    if (!dir)
        return without_threads(errno);
    while ((entry = procfs_next_entry(dir))) {
        char base[64];

        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || strcmp(entry->d_name, name) == 0)
            continue;
        snprintf(base, sizeof(base), "%.15s/task/%.15s", name, entry->d_name);
        if (add_mappings_of(scan, base) > 0)
            return scan->table.count > scan->first ? check_namespace(scan, base) : READ;
    }
    return without_threads(errno);
}

/* Why there is nothing to read, and whether anything could be missed by that. */
static enum outcome explain_no_memory(struct scan *scan, const char *name, pid_t pid, int error)
{
    struct proc_stat stat;
    int r;

    /* An empty file; or, to a query, no such process. */
    if (error == 0 || error == -ESRCH) {
        enum outcome outcome = scan_threads(scan, name);

        if (outcome != NOTHING)
            return outcome;
    }
    r = proc_stat_read(scan->procfs, pid, &stat);
    if (r == 0 && (proc_stat_is_kernel(&stat) || proc_stat_is_dead(&stat)))
        return NOTHING;
    if (!scan->procfs->live)
        return UNREADABLE; /* whoever saved the tree could not read it */
    if (r == -ENOENT || r == -ESRCH || error == -ENOENT)
        return VANISHED;
    return error == 0 || error == -ESRCH ? NOTHING : UNREADABLE;
}

static int compare_attachments(const void *a, const void *b)
{
    const struct attachment *left = a;
    const struct attachment *right = b;

    int order = num_compare(left->namespace, right->namespace);

    if (order == 0)
        order = num_compare_signed(left->shmid, right->shmid);
    return order != 0 ? order : num_compare_signed(left->pid, right->pid);
}

/* Makes one row a segment of the mappings found in one process. */
static void merge_mappings(struct attachment_list *table, size_t first)
{
    size_t kept = first;

    if (table->count - first < 2)
        return;
    qsort(table->items + first, table->count - first, sizeof(*table->items), compare_attachments);
    for (size_t i = first + 1; i < table->count; i++) {
        const struct attachment *next = &table->items[i];
        struct attachment *last = &table->items[kept];

        if (next->shmid == last->shmid) {
            last->writable = last->writable || next->writable;
            last->maps += next->maps;
        } else {
            table->items[++kept] = *next;
        }
    }
    table->count = kept + 1;
}

/* Finds out who a process with attachments belongs to. */
static bool read_uid(const struct scan *scan, const char *name, uid_t *ret_uid)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    char path[64];
    const char *line;
    struct stat status;
    uint64_t uid;

    /* The directory's owner is the effective uid, of processes that are not dumpable too. */
    if (scan->procfs->live) {
        if (fstatat(dirfd(scan->dir), name, &status, 0) < 0)
            return false;
        *ret_uid = status.st_uid;
        return true;
    }
    snprintf(path, sizeof(path), "proc/%.15s/status", name);
    if (procfs_read_file(scan->procfs, path, STATUS_SIZE_MAX, &text, NULL) < 0)
        return false;
    line = strstr(strbuf_string(&text), "\nUid:\t"); /* real, effective, saved, file system */
    line = line ? strchr(line + 6, '\t') : NULL;
    if (!line || parse_digits(line + 1, strlen(line + 1), &uid) == 0 || uid > UINT32_MAX)
        return false;
    *ret_uid = (uid_t)uid;
    return true;
}

static enum outcome scan_process(struct scan *scan, pid_t pid)
{
    struct attachment_list *table = &scan->table;
    enum outcome outcome = READ;
    struct attachment *items;
    uid_t uid = 0;
    bool has_uid;
    char name[16];
    int r;

    snprintf(name, sizeof(name), "%d", (int)pid);
    scan->first = table->count;
    r = add_mappings_of(scan, name);
    if (r <= 0) {
        table->count = scan->first; /* of a leader that ended while it was read */
        outcome = explain_no_memory(scan, name, pid, r);
    } else if (table->count > scan->first) {
        outcome = check_namespace(scan, name);
    }
    if (outcome != READ)
        table->count = scan->first;
    if (table->count == scan->first)
        return outcome;
    merge_mappings(table, scan->first);
    has_uid = read_uid(scan, name, &uid);
    items = table->items;
    for (size_t i = scan->first; i < table->count; i++) {
        items[i].pid = pid;
        items[i].has_uid = has_uid;
        items[i].uid = uid;
    }
    return READ;
}

/* Whether PID exists on the live system but does not show in /proc. */
static bool is_hidden(const struct scan *scan, pid_t pid)
{
    char name[16];
    struct stat status;

    snprintf(name, sizeof(name), "%d", (int)pid);
    return scan->procfs->live && fstatat(dirfd(scan->dir), name, &status, 0) < 0 &&
           errno == ENOENT && proc_exists(pid);
}

/* Whether the tree shows the process at all. */
static bool is_shown(const struct scan *scan, pid_t pid)
{
    CLEANUP_CLOSEDIR DIR *dir = NULL;
    char path[32];

    snprintf(path, sizeof(path), "proc/%d", (int)pid);
    dir = procfs_open_dir(scan->procfs, path, NULL);
    return dir != NULL;
}

int attach_scan(const struct procfs *procfs, bool everywhere, struct attachment_list *ret_list,
                struct error *err)
{
    CLEANUP_SCAN struct scan scan = {0};
    struct attachment_list *table = &scan.table;
    pid_t pid;
    int r = scan_init(&scan, procfs, err);

    if (r < 0)
        return r;
    scan.everywhere = everywhere && procfs->live;
    while ((pid = proc_next_pid(scan.dir)) > 0) {
        if (scan_process(&scan, pid) == UNREADABLE)
            table->unreadable++;
    }
    if (errno)
        return error_set_errno(err, errno, "%sproc", procfs_prefix(procfs));
    table->hidden = is_hidden(&scan, 1); /* it always exists */
    if (table->count > 0)
        qsort(table->items, table->count, sizeof(*table->items), compare_attachments);
    *ret_list = *table;
    *table = (struct attachment_list){0};
    return 0;
}

int attach_ids_of_pid(const struct procfs *procfs, pid_t pid, struct idset *ids, struct error *err)
{
    CLEANUP_SCAN struct scan scan = {0};
    enum outcome outcome = VANISHED;
    int r = scan_init(&scan, procfs, err);

    if (r < 0)
        return r;
    if (is_shown(&scan, pid))
        outcome = scan_process(&scan, pid);
    if (outcome == UNREADABLE || (outcome == VANISHED && is_hidden(&scan, pid)))
        return error_set_errno(err, EACCES, "the mappings of process %d", (int)pid);
    for (size_t i = 0; i < scan.table.count; i++)
        idset_add(ids, scan.table.items[i].shmid);
    return 0;
}

bool attach_page_size(const struct procfs *procfs, pid_t pid, int shmid, uint64_t *ret_page_size,
                      uint64_t *ret_smallest)
{
    CLEANUP_STRBUF struct strbuf smaps = STRBUF_INIT;
    char path[64];

    snprintf(path, sizeof(path), "proc/%d/smaps", (int)pid);
    return procfs_read_file(procfs, path, SMAPS_SIZE_MAX, &smaps, NULL) == 0 &&
           smaps_find_page_size(strbuf_string(&smaps), shmid, ret_page_size, ret_smallest);
}

/* --- Descriptors ------------------------------------------------------------------------------ */

/* Whether NAME, an entry of the open directory /proc/PID/fd, is a segment by its link's text. */
static bool links_to_segment(int dir, const char *name)
{
    static const char deleted[] = " (deleted)";
    enum { KEY_AT = 5, KEY_END = 13 }; /* "/SYSV" and eight hex digits */
    char link[64];
    ssize_t length = readlinkat(dir, name, link, sizeof(link) - 1);

    if (length < 0)
        return false;
    link[length] = '\0';
    return strncmp(link, "/SYSV", KEY_AT) == 0 &&
           strspn(link + KEY_AT, "0123456789abcdef") == KEY_END - KEY_AT &&
           strcmp(link + KEY_END, deleted) == 0;
}

/*
 * Finds out which segment a descriptor is of: by the file itself; of a saved tree, which has none,
 * by what fdinfo says (proc_pid_fdinfo(5), ino from Linux 5.14 on).
 */
static bool identify_open(struct scan *scan, pid_t pid, int dir, const char *name,
                          struct open_segment *ret_open)
{
    struct open_segment open = {.pid = pid};
    struct stat status;
    char path[64];
    uint64_t inode;

    if (scan->procfs->live) {
        if (fstatat(dir, name, &status, 0) < 0 ||
            !is_segment_device(scan, major(status.st_dev), minor(status.st_dev)))
            return false;
        inode = status.st_ino;
        open.has_bytes = true;
        open.bytes = (uint64_t)status.st_blocks * 512;
    } else {
        snprintf(path, sizeof(path), "proc/%d/fdinfo/%.15s", (int)pid, name);
        if (!procfs_find_number(scan->procfs, path, "ino:", &inode))
            return false;
    }
    if (inode > INT32_MAX)
        return false;
    open.shmid = (int)inode;
    *ret_open = open;
    return true;
}

/* Adds what a process has open, once for each descriptor. */
static void scan_descriptors(struct scan *scan, pid_t pid, struct open_segment_list *list)
{
    CLEANUP_CLOSEDIR DIR *dir = NULL;
    size_t first = list->count;
    const struct dirent *entry;
    char path[64];

    snprintf(path, sizeof(path), "proc/%d/fd", (int)pid);
    dir = procfs_open_dir(scan->procfs, path, NULL);
    while (dir && (entry = procfs_next_entry(dir))) {
        struct open_segment open;

        if (!links_to_segment(dirfd(dir), entry->d_name) ||
            !identify_open(scan, pid, dirfd(dir), entry->d_name, &open))
            continue;
        list->items = xgrow(list->items, list->count, &list->capacity, sizeof(*list->items));
        list->items[list->count++] = open;
    }
    snprintf(path, sizeof(path), "%d", (int)pid);
    if (list->count > first && check_namespace(scan, path) != READ)
        list->count = first;
}

static int compare_open_segments(const void *a, const void *b)
{
    const struct open_segment *left = a;
    const struct open_segment *right = b;
    int order = num_compare_signed(left->shmid, right->shmid);

    return order != 0 ? order : num_compare_signed(left->pid, right->pid);
}

/* Sorts the list and leaves each segment of each process in it once. */
static void merge_open_segments(struct open_segment_list *list)
{
    size_t kept = 0;

    if (list->count == 0)
        return;
    qsort(list->items, list->count, sizeof(*list->items), compare_open_segments);
    for (size_t i = 1; i < list->count; i++) {
        if (compare_open_segments(&list->items[kept], &list->items[i]) != 0)
            list->items[++kept] = list->items[i];
    }
    list->count = kept + 1;
}

int attach_scan_open(const struct procfs *procfs, struct open_segment_list *ret_list)
{
    CLEANUP_SCAN struct scan scan = {0};
    struct open_segment_list list = {0};
    pid_t pid;
    int r = scan_init(&scan, procfs, NULL);

    if (r < 0)
        return r;
    while ((pid = proc_next_pid(scan.dir)) > 0)
        scan_descriptors(&scan, pid, &list);
    if (errno) {
        r = -errno;
        open_segment_list_release(&list);
        return r;
    }
    merge_open_segments(&list);
    *ret_list = list;
    return 0;
}
