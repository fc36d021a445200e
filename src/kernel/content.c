#include "kernel/content.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/attach.h"
#include "kernel/maps.h"
#include "kernel/sysv.h"

static struct content new_content(const struct segment *segment, uint64_t page_size)
{
    return (struct content){
        .size = segment->size, .page_size = page_size, .fd = -1, .pipe = {-1, -1}};
}

/* --- Saved ------------------------------------------------------------------------------------ */

int content_open_saved(const struct procfs *procfs, const struct segment *segment,
                       struct content *ret_content, struct error *err)
{
    CLEANUP_CLOSE int dir =
        openat(procfs->root_fd, "content", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    CLEANUP_CLOSE int fd = -1;
    char name[16];
    struct stat status;

    snprintf(name, sizeof(name), "%d", segment->shmid);
    if (dir < 0 && errno == ENOENT)
        return error_set(err, ENOENT,
                         "%scontent: No such file or directory: the tree has no bytes of segments; "
                         "rm --save saves them, capture does not",
                         procfs_prefix(procfs));
    if (dir >= 0) /* a FIFO must not be waited for */
        fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_set(err, errno, "%scontent/%s: %s", procfs_prefix(procfs), name,
                         errno == ELOOP ? "is a link" : strerror(errno));
    if (!S_ISREG(status.st_mode))
        return error_set(err, EINVAL, "%scontent/%s: not a regular file", procfs_prefix(procfs),
                         name);
    if ((uint64_t)status.st_size != segment->size)
        return error_set(err, EINVAL,
                         "%scontent/%s: has %lld bytes, and the listing says %llu: it is not that "
                         "segment, or was not saved whole",
                         procfs_prefix(procfs), name, (long long)status.st_size,
                         (unsigned long long)segment->size);
    *ret_content = new_content(segment, procfs->page_size);
    ret_content->fd = steal_fd(&fd);
    return 0;
}

bool content_has_one_name(const struct content *content)
{
    struct stat status;

    return fstat(content->fd, &status) == 0 && status.st_nlink == 1;
}

/* --- By a process ----------------------------------------------------------------------------- */

/* Tells whether a link of /proc/PID/map_files leads to a segment that was made with this key. */
static bool is_link_to_segment(int dir, const char *name, const struct segment *segment)
{
    char target[64];
    char expected[64];
    ssize_t length = readlinkat(dir, name, target, sizeof(target) - 1);

    if (length < 0)
        return false;
    target[length] = '\0';
    if (segment_is_dest(segment)) /* its key is 0 now; the name has the one that it was made with */
        return strncmp(target, "/SYSV", 5) == 0;
    snprintf(expected, sizeof(expected), "/SYSV%08x (deleted)", segment->key);
    return strcmp(target, expected) == 0;
}

/*
 * Tells whether an open file is the segment: its inode's number is the id, its owner the creator
 * (ipc/shm.c, newseg), and its size the segment's, in whole pages where they are huge. Other files
 * of that device have numbers of their own, but other names.
 */
static bool is_file_of(int fd, const struct segment *segment)
{
    struct segment_devices devices = {0};
    struct stat status;
    uint64_t size;
    uint64_t block;

    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        return false;
    size = (uint64_t)status.st_size;
    block = (uint64_t)status.st_blksize;
    return status.st_ino == (ino_t)segment->shmid && status.st_uid == segment->cuid &&
           (size == segment->size || (size > segment->size && size - segment->size < block)) &&
           segment_devices_has(&devices, major(status.st_dev), minor(status.st_dev));
}

int content_open_by_process(const struct procfs *procfs, const struct segment *segment, pid_t pid,
                            struct content *ret_content)
{
    CLEANUP_CLOSEDIR DIR *dir = NULL;
    const struct dirent *entry;
    char path[64];

    snprintf(path, sizeof(path), "proc/%d/map_files", (int)pid);
    dir = procfs_open_dir(procfs, path, NULL);
    while (dir && (entry = procfs_next_entry(dir))) {
        CLEANUP_CLOSE int fd = -1;

        if (!is_link_to_segment(dirfd(dir), entry->d_name, segment))
            continue;
        fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0 && errno == EPERM)
            return -EPERM;
        if (fd < 0 || !is_file_of(fd, segment))
            continue;
        *ret_content = new_content(segment, procfs->page_size);
        ret_content->fd = steal_fd(&fd);
        return 0;
    }
    return -ENOENT;
}

/* --- Attached --------------------------------------------------------------------------------- */

/* Opens the file that is mapped at MEMORY here. Returns a descriptor, or -1 where that is denied.
 */
static int open_own_mapping(const struct procfs *procfs, const void *memory)
{
    CLEANUP_CLOSEDIR DIR *dir = procfs_open_dir(procfs, "proc/self/map_files", NULL);
    const struct dirent *entry;
    char start[32];

    snprintf(start, sizeof(start), "%llx-", (unsigned long long)(uintptr_t)memory);
    while (dir && (entry = procfs_next_entry(dir))) {
        if (strncmp(entry->d_name, start, strlen(start)) == 0)
            return openat(dirfd(dir), entry->d_name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    }
    return -1;
}

int content_attach(const struct procfs *procfs, const struct segment *segment, bool skips,
                   struct content *ret_content, struct error *err)
{
    struct content content = new_content(segment, procfs->page_size);
    struct segment now;
    void *memory;
    int r = sysv_attach(segment->shmid, false, &memory);

    if (r == -EINVAL || r == -EIDRM)
        return error_set(err, ENOENT, "was removed meanwhile");
    if (r < 0)
        return error_set(err, -r, "%s", strerror(-r));
    content.memory = memory;
    content.skips = skips;
    if (sysv_stat(segment->shmid, &now) == 0 && !segment_same(segment, &now))
        r = error_set(err, ENOENT, "was removed meanwhile, and another segment has its id");
    else if (pipe2(content.pipe, O_CLOEXEC | O_NONBLOCK) < 0)
        r = error_set_errno(err, errno, "a pipe");
    if (r < 0) {
        content_close(&content);
        return r;
    }
    content.fd = open_own_mapping(procfs, memory);
    *ret_content = content;
    return 0;
}

/* Finds a run of pages that are in memory, or that are not. */
static void find_run(const struct content *content, uint64_t offset, uint64_t end, bool *ret_hole,
                     uint64_t *ret_stop)
{
    enum { PAGES = 32 * 1024 };
    unsigned char resident[PAGES];
    uint64_t page = content->page_size;
    uint64_t start = offset / page * page;
    uint64_t length = end - start < PAGES * page ? end - start : PAGES * page;
    size_t count = (size_t)((length + page - 1) / page);
    size_t run = 1;

    *ret_hole = false;
    *ret_stop = start + length;
    if (!content->skips || mincore(content->memory + start, (size_t)length, resident) < 0)
        return;
    *ret_hole = (resident[0] & 1) == 0;
    while (run < count && ((resident[run] ^ resident[0]) & 1) == 0)
        run++;
    if (run < count)
        *ret_stop = start + run * page;
}

/*
 * Copies attached memory by the kernel, whose answer is EFAULT where a load would be a SIGBUS. The
 * pipe takes what it has room for, and is emptied each time.
 */
static ssize_t read_attached(const struct content *content, uint64_t offset, char *buffer,
                             size_t length)
{
    ssize_t put = write(content->pipe[1], content->memory + offset, length);

    if (put <= 0)
        return put < 0 && errno != EFAULT ? -errno : -ENODATA;
    for (ssize_t got = 0; got < put;) {
        ssize_t part = read(content->pipe[0], buffer + got, (size_t)(put - got));

        if (part <= 0)
            return part < 0 ? -errno : -EIO;
        got += part;
    }
    return put;
}

/* --- Both ------------------------------------------------------------------------------------- */

int content_extent(const struct content *content, uint64_t offset, uint64_t end, bool *ret_hole,
                   uint64_t *ret_stop)
{
    struct stat status;
    off_t data;
    off_t hole;

    if (content->fd < 0) {
        find_run(content, offset, end, ret_hole, ret_stop);
        return 0;
    }
    if (fstat(content->fd, &status) < 0 || (uint64_t)status.st_size < content->size)
        return -ENODATA;
    data = lseek(content->fd, (off_t)offset, SEEK_DATA);
    *ret_hole = data < 0 ? errno == ENXIO : (uint64_t)data > offset;
    *ret_stop = end;
    if (*ret_hole && data >= 0)
        *ret_stop = (uint64_t)data;
    hole = *ret_hole || data < 0 ? -1 : lseek(content->fd, (off_t)offset, SEEK_HOLE);
    if (hole > (off_t)offset)
        *ret_stop = (uint64_t)hole;
    *ret_stop = *ret_stop < end ? *ret_stop : end;
    return 0;
}

ssize_t content_read(const struct content *content, uint64_t offset, void *buffer, size_t length)
{
    ssize_t got;

    if (content->fd < 0)
        return read_attached(content, offset, buffer, length);
    do {
        got = pread(content->fd, buffer, length, (off_t)offset);
    } while (got < 0 && errno == EINTR);
    if (got == 0)
        return -ENODATA;
    return got < 0 ? -errno : got;
}

uint64_t content_huge_page(const struct content *content, const struct procfs *procfs, int shmid)
{
    struct statfs status;
    uint64_t page_size;
    uint64_t smallest;

    if (content->fd >= 0)
        return fstatfs(content->fd, &status) == 0 && (uint32_t)status.f_type == HUGETLBFS_MAGIC
                   ? (uint64_t)status.f_bsize
                   : 0;
    return attach_page_size(procfs, getpid(), shmid, &page_size, &smallest) && page_size > smallest
               ? page_size
               : 0;
}

void content_close(struct content *content)
{
    if (content->memory)
        sysv_detach(content->memory);
    if (content->fd >= 0)
        close(content->fd);
    for (int i = 0; i < 2; i++) {
        if (content->pipe[i] >= 0)
            close(content->pipe[i]);
    }
    *content = (struct content){.fd = -1, .pipe = {-1, -1}};
}
