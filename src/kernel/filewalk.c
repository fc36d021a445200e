#include "kernel/filewalk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "kernel/procfs.h"

/*
 * A directory on the way from where the walk began to where it is. Only the innermost is open: the
 * way back is "..", which must then be the same directory as before.
 */
struct level {
    struct file_identity identity;
    size_t path_length; /* of its own path */
    char **names;       /* owned; directories in it that are still to be walked */
    size_t count;
    size_t capacity;
};

struct walk {
    const struct filewalk_callbacks *callbacks;
    uint64_t dev; /* of the file system */
    int fd;       /* of the innermost level */
    struct strbuf path;
    struct level *levels; /* owned */
    size_t depth;
    size_t capacity;
};

static struct file_identity identity_of(const struct stat *status)
{
    return (struct file_identity){status->st_dev, status->st_ino};
}

int file_identify(const char *path, struct file_identity *ret_identity, struct error *err)
{
    struct stat status;

    if (stat(path, &status) < 0)
        return error_set_errno(err, errno, "%s", text_word(path));
    *ret_identity = identity_of(&status);
    return 0;
}

int file_identify_start(const char *dir, struct file_identity *ret_identity, struct error *err)
{
    struct stat status;

    if (lstat(dir, &status) < 0)
        return error_set_errno(err, errno, "%s", text_word(dir));
    if (S_ISLNK(status.st_mode))
        return error_set(err, ELOOP, "%s: a link, not followed; where it leads to is '%s/'", dir,
                         dir);
    *ret_identity = identity_of(&status);
    return 0;
}

bool file_is_same_name(const char *path, const char *other)
{
    CLEANUP_FREE char *first = NULL;
    CLEANUP_FREE char *second = NULL;

    if (strcmp(path, other) == 0)
        return true;
    first = realpath(path, NULL);
    second = realpath(other, NULL);
    return first && second && strcmp(first, second) == 0;
}

static void append_name(struct walk *walk, const char *name)
{
    if (walk->path.length == 0 || walk->path.data[walk->path.length - 1] != '/')
        strbuf_putc(&walk->path, '/');
    strbuf_puts(&walk->path, name);
}

static void cut_path(struct walk *walk, size_t length)
{
    strbuf_truncate(&walk->path, length);
}

static void report_unreadable(struct walk *walk, int code)
{
    walk->callbacks->unreadable(walk->callbacks->arg, strbuf_string(&walk->path), code);
}

static void add_walk_entry(struct walk *walk, int dir, const char *name, struct level *level)
{
    struct stat status;
    struct file_identity identity;
    size_t length = walk->path.length;

    append_name(walk, name);
    if (fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
        /* One that is gone by now is nothing to report. */
        if (errno != ENOENT)
            report_unreadable(walk, errno);
    } else if (!S_ISLNK(status.st_mode) && status.st_dev == walk->dev) {
        identity = identity_of(&status);
        walk->callbacks->file(walk->callbacks->arg, strbuf_string(&walk->path), &identity);
        if (S_ISDIR(status.st_mode)) {
            level->names = xgrow(level->names, level->count, &level->capacity, sizeof(char *));
            level->names[level->count++] = xstrdup(name);
        }
    }
    cut_path(walk, length);
}

/* Reads the directory FD, the path's, into LEVEL. Returns 0 or a positive errno. */
static int read_level(struct walk *walk, int fd, struct level *level)
{
    /* Another descriptor for the stream; that may not be had without the right to look inside. */
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CLEANUP_CLOSEDIR DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    const struct dirent *entry;

    if (!dir) {
        int code = errno;

        cleanup_close_fd(&copy);
        return code;
    }
    for (;;) {
        entry = procfs_next_entry(dir);
        if (!entry)
            return errno;
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            add_walk_entry(walk, fd, entry->d_name, level);
    }
}

static void release_level(struct level *level)
{
    for (size_t i = 0; i < level->count; i++)
        free(level->names[i]);
    free(level->names);
}

/*
 * Reads the directory FD and, when there are directories in it, goes in: FD is the walk's then.
 * Returns 0 or a positive errno.
 */
static int enter_directory(struct walk *walk, int fd, const struct file_identity *identity)
{
    CLEANUP_CLOSE int owned = fd;
    struct level level = {.identity = *identity, .path_length = walk->path.length};
    int code = read_level(walk, fd, &level);

    if (level.count == 0) {
        release_level(&level);
        return code;
    }
    cleanup_close_fd(&walk->fd);
    walk->fd = steal_fd(&owned);
    walk->levels = xgrow(walk->levels, walk->depth, &walk->capacity, sizeof(struct level));
    walk->levels[walk->depth++] = level;
    return code;
}

/* Goes on with the directory NAME of the innermost level. */
static void step_down(struct walk *walk, const char *name)
{
    CLEANUP_CLOSE int fd = -1;
    struct file_identity identity;
    struct stat status;
    int code;

    append_name(walk, name);
    fd = openat(walk->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0) {
        /* Gone, or something else by that name now. */
        if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
            report_unreadable(walk, errno);
        return;
    }
    /* Something may have been mounted on it meanwhile, or is only now that it was opened. */
    if (status.st_dev != walk->dev)
        return;
    identity = identity_of(&status);
    code = enter_directory(walk, steal_fd(&fd), &identity);
    if (code > 0)
        report_unreadable(walk, code);
}

/* Leaves the innermost level, of which nothing is left to walk. Returns 0 or a positive errno. */
static int step_up(struct walk *walk)
{
    const struct level *above;
    struct stat status;
    int fd;

    release_level(&walk->levels[--walk->depth]);
    if (walk->depth == 0)
        return 0;
    above = &walk->levels[walk->depth - 1];
    fd = openat(walk->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    cleanup_close_fd(&walk->fd);
    walk->fd = fd;
    if (fstat(fd, &status) < 0)
        return errno;
    return status.st_dev == above->identity.dev && status.st_ino == above->identity.ino ? 0
                                                                                        : ESTALE;
}

static int walk_levels(struct walk *walk, struct error *err)
{
    while (walk->depth > 0) {
        struct level *level = &walk->levels[walk->depth - 1];
        int code = 0;

        cut_path(walk, level->path_length);
        if (level->count > 0) {
            char *name = level->names[--level->count];

            step_down(walk, name);
            free(name);
        } else {
            code = step_up(walk);
        }
        if (code > 0)
            return error_set_errno(err, code, "%s: the way back from it",
                                   strbuf_string(&walk->path));
    }
    return 0;
}

int filewalk_run(const char *dir, const struct filewalk_callbacks *callbacks, struct error *err)
{
    struct walk walk = {.callbacks = callbacks, .fd = -1};
    CLEANUP_CLOSE int fd = -1;
    struct file_identity identity;
    struct stat status;
    int r = file_identify_start(dir, &identity, err);

    if (r < 0)
        return r;
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_set_errno(err, errno, "%s", dir);
    walk.dev = status.st_dev;
    identity = identity_of(&status);
    strbuf_puts(&walk.path, dir);
    callbacks->file(callbacks->arg, dir, &identity);
    r = enter_directory(&walk, steal_fd(&fd), &identity);
    if (r > 0)
        r = error_set_errno(err, r, "%s", dir);
    else
        r = walk_levels(&walk, err);
    while (walk.depth > 0)
        release_level(&walk.levels[--walk.depth]);
    free(walk.levels);
    strbuf_release(&walk.path);
    cleanup_close_fd(&walk.fd);
    return r;
}
