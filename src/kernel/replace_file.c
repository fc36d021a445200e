#include "kernel/replace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/xalloc.h"

int file_write(int fd, const char *data, size_t length)
{
    size_t done = 0;

    while (done < length) {
        ssize_t written = write(fd, data + done, length - done);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        done += (size_t)written;
    }
    return 0;
}

/* The file's owner is set as far as this process may give files away, and before its mode. */
static int write_temporary(int dir, const char *temporary, const struct strbuf *text,
                           const struct file_access *access)
{
    CLEANUP_CLOSE int fd = -1;

    unlinkat(dir, temporary, 0);
    fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || file_write(fd, text->data, text->length) < 0 ||
        (fchown(fd, access->uid, access->gid) < 0 && errno != EPERM) ||
        fchmod(fd, access->mode) < 0)
        return -1;
    return fsync(fd);
}

int file_replace_at(int dir, const char *where, const char *name, const char *temporary,
                    const struct strbuf *text, const struct file_access *access, struct error *err)
{
    int r = 0;

    if (write_temporary(dir, temporary, text, access) < 0)
        r = error_set_errno(err, errno, "%s/%s: a file beside it, to take its place", where, name);
    else if (renameat(dir, temporary, dir, name) < 0)
        r = error_set_errno(err, errno, "%s/%s", where, name);
    if (r < 0) {
        unlinkat(dir, temporary, 0);
        return r;
    }
    /* The new name is there; only whether it survives a crash of the system is asked here. */
    return fsync(dir) < 0 && errno != EINVAL ? error_set_errno(err, errno, "%s", where) : 0;
}

int file_replace(const char *path, const struct strbuf *text, struct error *err)
{
    const struct file_access access = {0644, geteuid(), getegid()};
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    CLEANUP_FREE char *where = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
    CLEANUP_STRBUF struct strbuf temporary = STRBUF_INIT;
    CLEANUP_CLOSE int dir = -1;
    struct stat status;
    uint64_t number = 0;

    if (*name == '\0')
        return error_set(err, EISDIR, "%s: names no file", *path ? path : "''");
    dir = open(slash == path ? "/" : where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return error_set_errno(err, errno, "%s", slash == path ? "/" : where);
    /* /dev/stdout is a link. */
    if (fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(status.st_mode))
        return error_set(err, EINVAL, "%s: not a regular file: left alone", path);
    /* Others may replace it at the same time. */
    if (getrandom(&number, sizeof(number), 0) < 0)
        return error_set_errno(err, errno, "getrandom");
    strbuf_printf(&temporary, ".%.200s.%016llx", name, (unsigned long long)number);
    return file_replace_at(dir, where, name, strbuf_string(&temporary), text, &access, err);
}
