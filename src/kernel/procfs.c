#include "kernel/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#ifndef STATX_INO /* musl before 1.2.5 */
#include <linux/stat.h>
#define statx(...) syscall(SYS_statx, __VA_ARGS__)
#endif

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/xalloc.h"

enum {
    PAGE_SIZE_MAX = 65536,              /* no Linux system has larger pages */
    NUMBERS_SIZE_MAX = 8 * 1024 * 1024, /* /proc/stat has a number for each interrupt there is */
    ID_MAP_SIZE_MAX = 65536             /* 340 lines are allowed (user_namespaces(7)) */
};

int procfs_open(struct procfs *ret_procfs, const char *dir, struct error *err)
{
    int fd = open(dir ? dir : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct strbuf prefix = STRBUF_INIT;

    if (fd < 0)
        return error_set_errno(err, errno, "%s", dir ? dir : "/");
    strbuf_puts(&prefix, dir ? dir : "/");
    if (prefix.data[prefix.length - 1] != '/')
        strbuf_putc(&prefix, '/');
    *ret_procfs = (struct procfs){
        .root_fd = fd,
        .prefix = prefix.data,
        .live = !dir,
        .own_ipc = -1,
        .page_size = dir ? PAGE_SIZE_MAX : (uint64_t)sysconf(_SC_PAGESIZE),
    };
    return 0;
}

void procfs_close(struct procfs *procfs)
{
    if (procfs->root_fd >= 0)
        close(procfs->root_fd);
    if (procfs->own_ipc >= 0)
        close(procfs->own_ipc);
    procfs->root_fd = procfs->own_ipc = -1;
    free(procfs->prefix);
    procfs->prefix = NULL;
}

const char *procfs_prefix(const struct procfs *procfs)
{
    return procfs->prefix;
}

/* Opens PATH so that a saved tree's links cannot lead out of it. */
static int open_below(const struct procfs *procfs, const char *path, int flags)
{
    struct open_how how = {.flags = (unsigned)flags, .resolve = RESOLVE_IN_ROOT};
    int fd;

    if (procfs->watch)
        procfs->watch->opened(procfs->watch->arg, path);
    if (procfs->live)
        return openat(procfs->root_fd, path, flags);
    fd = (int)syscall(SYS_openat2, procfs->root_fd, path, &how, sizeof(how));
    /* Before Linux 5.6, and in some sandboxes: then follow no link at the path's end at all. */
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        fd = openat(procfs->root_fd, path, flags | O_NOFOLLOW);
    return fd;
}

/* MORE: further flags of open(2). */
static int open_regular_file(const struct procfs *procfs, const char *path, int more,
                             struct error *err)
{
    /* O_NONBLOCK: opening a FIFO must not wait for a writer. */
    CLEANUP_CLOSE int fd =
        open_below(procfs, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | more);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) < 0)
        return error_set_errno(err, errno, "%s%s", procfs_prefix(procfs), path);
    if (S_ISDIR(status.st_mode))
        return error_set_errno(err, EISDIR, "%s%s", procfs_prefix(procfs), path);
    if (!S_ISREG(status.st_mode))
        return error_set(err, EINVAL, "%s%s: not a regular file", procfs_prefix(procfs), path);
    return steal_fd(&fd);
}

int procfs_open_file(const struct procfs *procfs, const char *path, struct error *err)
{
    return open_regular_file(procfs, path, 0, err);
}

int procfs_open_no_link(const struct procfs *procfs, const char *path, struct error *err)
{
    return open_regular_file(procfs, path, O_NOFOLLOW, err);
}

DIR *procfs_open_dir(const struct procfs *procfs, const char *path, struct error *err)
{
    CLEANUP_CLOSE int fd = open_below(procfs, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    int code = errno;

    if (dir) {
        steal_fd(&fd);
        return dir;
    }
    error_set_errno(err, code, "%s%s", procfs_prefix(procfs), path);
    if (fd >= 0)
        close(steal_fd(&fd));
    errno = code;
    return NULL;
}

int procfs_open_place(const struct procfs *procfs, const char *path, int flags)
{
    int fd = open_below(procfs, path, O_PATH | O_DIRECTORY | O_CLOEXEC | flags);

    return fd < 0 ? -errno : fd;
}

const struct dirent *procfs_next_entry(DIR *dir)
{
    errno = 0;
    return readdir(dir);
}

/*
 * Appends the rest of an open file to BUF, LIMIT bytes at the most. Returns 0 or a negative errno.
 */
static int read_open_file(int fd, size_t limit, struct strbuf *buf)
{
    enum { CHUNK = 4096 };
    size_t total = 0;

    for (;;) {
        ssize_t got;

        strbuf_reserve(buf, CHUNK);
        got = read(fd, buf->data + buf->length, CHUNK);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            return 0;
        buf->length += (size_t)got;
        buf->data[buf->length] = '\0';
        total += (size_t)got;
        if (total > limit)
            return -EFBIG;
    }
}

int procfs_read_fd(const struct procfs *procfs, int fd, const char *path, size_t limit,
                   struct strbuf *buf, struct error *err)
{
    int r = read_open_file(fd, limit, buf);

    return r < 0 ? error_set_errno(err, -r, "%s%s", procfs_prefix(procfs), path) : 0;
}

int procfs_read_at(int dir, const char *name, const uid_t *owner, size_t limit, struct strbuf *buf)
{
    const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    CLEANUP_CLOSE int fd = openat(dir, name, flags);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -EINVAL;
    return owner && status.st_uid != *owner ? -EPERM : read_open_file(fd, limit, buf);
}

int procfs_read_file(const struct procfs *procfs, const char *path, size_t limit,
                     struct strbuf *buf, struct error *err)
{
    CLEANUP_CLOSE int fd = procfs_open_file(procfs, path, err);

    return fd < 0 ? fd : procfs_read_fd(procfs, fd, path, limit, buf, err);
}

int procfs_read_number(const struct procfs *procfs, const char *path, uint64_t *ret_value,
                       struct error *err)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    uint64_t value;
    int r = procfs_read_file(procfs, path, NUMBERS_SIZE_MAX, &text, err);

    if (r < 0)
        return r;
    while (text.length > 0 && strchr("\r\n\t ", text.data[text.length - 1]))
        text.length--;
    if (text.length == 0 || parse_digits(text.data, text.length, &value) != text.length)
        return error_set(err, EBADMSG, "%s%s: not a number", procfs_prefix(procfs), path);
    *ret_value = value;
    return 0;
}

int procfs_read_id_map(const struct procfs *procfs, const char *path, struct id_map *ret_map)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    int r = procfs_read_file(procfs, path, ID_MAP_SIZE_MAX, &text, NULL);

    if (r < 0)
        return r;
    return id_map_parse(strbuf_string(&text), ret_map) ? 0 : -EBADMSG;
}

bool procfs_number_after(const struct strbuf *text, const char *mark, uint64_t *ret_value)
{
    const char *start = strbuf_string(text);
    const char *at = strstr(start, mark);
    uint64_t value;

    while (at && at > start && at[0] != '\n' && at[-1] != '\n')
        at = strstr(at + 1, mark);
    if (!at)
        return false;
    at += strlen(mark);
    at += strspn(at, " \t");
    if (parse_digits(at, strlen(at), &value) == 0)
        return false;
    *ret_value = value;
    return true;
}

bool procfs_find_number(const struct procfs *procfs, const char *path, const char *mark,
                        uint64_t *ret_value)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    return procfs_read_file(procfs, path, NUMBERS_SIZE_MAX, &text, NULL) == 0 &&
           procfs_number_after(&text, mark, ret_value);
}

int procfs_identify(int dir, const char *name, struct stat *ret_status)
{
    struct statx status;

    if (statx(dir, name, AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO | STATX_UID, &status) < 0)
        return -errno;
    *ret_status = (struct stat){
        .st_dev = makedev(status.stx_dev_major, status.stx_dev_minor),
        .st_ino = status.stx_ino,
        .st_uid = status.stx_uid,
    };
    return 0;
}

/* --- What root alone can have written --------------------------------------------------------- */

/* Opens one part of a path, no link. Returns the descriptor or a negative errno. */
static int open_trusted_part(int dir, const char *name, int flags)
{
    CLEANUP_CLOSE int fd = openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &status) < 0 || status.st_uid != 0 || (status.st_mode & 022) != 0)
        return -EPERM;
    return steal_fd(&fd);
}

int procfs_open_trusted(const struct procfs *procfs, const char *path, int flags)
{
    CLEANUP_CLOSE int at = open_trusted_part(procfs->root_fd, ".", O_PATH | O_DIRECTORY);
    const char *slash;

    while (at >= 0 && (slash = strchr(path, '/'))) {
        CLEANUP_FREE char *name = xstrndup(path, (size_t)(slash - path));
        int next = open_trusted_part(at, name, O_PATH | O_DIRECTORY);

        close(at);
        at = next;
        path = slash + 1;
    }
    return at < 0 ? at : open_trusted_part(at, path, flags | O_RDONLY | O_NOCTTY | O_NONBLOCK);
}

int procfs_read_trusted(const struct procfs *procfs, const char *path, size_t limit,
                        struct strbuf *buf)
{
    CLEANUP_CLOSE int fd = procfs_open_trusted(procfs, path, 0);
    struct stat status;

    if (fd < 0)
        return fd;
    if (fstat(fd, &status) < 0)
        return -errno;
    return S_ISREG(status.st_mode) ? read_open_file(fd, limit, buf) : -EINVAL;
}
