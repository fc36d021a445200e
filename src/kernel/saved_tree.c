#include "kernel/saved_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "kernel/procfs.h"
#include "kernel/replace_file.h"

enum { OPEN_FOLDER = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

/* --- The folder ------------------------------------------------------------------------------- */

/* Whether a folder lists nothing. Returns 1, 0, or a negative errno. */
static int is_empty(int fd)
{
    CLEANUP_CLOSE int again = openat(fd, ".", OPEN_FOLDER);
    CLEANUP_CLOSEDIR DIR *dir = again >= 0 ? fdopendir(again) : NULL;
    const struct dirent *entry;

    if (!dir)
        return -errno;
    steal_fd(&again);
    while ((entry = procfs_next_entry(dir))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return 0;
    }
    return errno == 0 ? 1 : -errno;
}

/* Whoever may write to the folder could put links into it. */
static int check_folder(int fd, const char *path, struct error *err)
{
    struct stat status;
    int r;

    if (fstat(fd, &status) < 0)
        return error_set_errno(err, errno, "%s", path);
    if (status.st_uid != geteuid() || (status.st_mode & 022) != 0)
        return error_set(err, EPERM, "%s: somebody else may write to it: name a new folder", path);
    r = is_empty(fd);
    if (r < 0)
        return error_set_errno(err, -r, "%s", path);
    return r ? 0 : error_set(err, ENOTEMPTY, "%s: is not empty: name a new folder", path);
}

/* Opens it. Returns a descriptor, or a negative errno and sets *err: -ENOENT where there is none.
 */
static int open_folder(const char *path, struct error *err)
{
    int fd = open(path, OPEN_FOLDER);

    if (fd >= 0)
        return fd;
    if (errno == ELOOP || errno == ENOTDIR)
        return error_set(err, errno, "%s: is a link or no folder: name a new folder", path);
    return error_set_errno(err, errno, "%s", path);
}

/* PATH without slashes at its end, which would lead through a link; the caller frees it. */
static char *without_slashes(const char *path)
{
    size_t length = strlen(path);

    while (length > 1 && path[length - 1] == '/')
        length--;
    return xstrndup(path, length);
}

int saved_tree_check(const char *path, struct error *err)
{
    CLEANUP_FREE char *bare = without_slashes(path);
    CLEANUP_CLOSE int fd = -1;
    struct stat status;

    if (lstat(bare, &status) < 0 && errno == ENOENT) {
        const char *slash = strrchr(bare, '/');
        CLEANUP_FREE char *above =
            slash ? xstrndup(bare, (size_t)(slash - bare) + 1) : xstrdup(".");

        return access(above, W_OK | X_OK) < 0 ? error_set_errno(err, errno, "%s", above) : 0;
    }
    fd = open_folder(bare, err);
    return fd < 0 ? fd : check_folder(fd, path, err);
}

int saved_tree_create(const char *path, struct saved_tree *ret_tree, struct error *err)
{
    CLEANUP_FREE char *bare = without_slashes(path);
    CLEANUP_CLOSE int fd = -1;
    int r;

    umask(0077); /* for all that is made in it: the caller's may take bits from the owner */
    if (mkdir(bare, 0700) < 0 && errno != EEXIST)
        return error_set_errno(err, errno, "%s", path);
    fd = open_folder(bare, err);
    r = fd < 0 ? fd : check_folder(fd, path, err);
    if (r < 0)
        return r;
    if (fchmod(fd, 0700) < 0)
        return error_set_errno(err, errno, "%s", path);
    *ret_tree = (struct saved_tree){.root_fd = steal_fd(&fd), .name = path};
    return 0;
}

void saved_tree_close(struct saved_tree *tree)
{
    if (tree->root_fd >= 0)
        close(tree->root_fd);
    tree->root_fd = -1;
}

/* --- What is in it ---------------------------------------------------------------------------- */

/*
 * Opens the folder that PATH stands in, made where there is none, and sets *ret_name to the last
 * part of PATH. Returns a descriptor or a negative errno.
 */
static int open_above(const struct saved_tree *tree, const char *path, const char **ret_name)
{
    CLEANUP_CLOSE int at = openat(tree->root_fd, ".", OPEN_FOLDER);
    const char *slash = strrchr(path, '/');

    *ret_name = slash ? slash + 1 : path;
    while (at >= 0 && (slash = strchr(path, '/'))) {
        CLEANUP_FREE char *name = xstrndup(path, (size_t)(slash - path));
        int next;
        int code;

        if (mkdirat(at, name, 0700) < 0 && errno != EEXIST)
            return -errno;
        next = openat(at, name, OPEN_FOLDER);
        code = errno;
        close(at);
        at = next;
        if (next < 0)
            return -code;
        path = slash + 1;
    }
    return at < 0 ? -errno : steal_fd(&at);
}

static int fail_path(const struct saved_tree *tree, const char *path, int code, struct error *err)
{
    return error_set_errno(err, code, "%s/%s", tree->name, path);
}

int saved_tree_open(const struct saved_tree *tree, const char *path, struct error *err)
{
    const char *name;
    CLEANUP_CLOSE int above = open_above(tree, path, &name);
    int fd;

    if (above < 0)
        return fail_path(tree, path, -above, err);
    fd = openat(above, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd < 0 ? fail_path(tree, path, errno, err) : fd;
}

int saved_tree_put(const struct saved_tree *tree, const char *path, const char *data, size_t length,
                   struct error *err)
{
    CLEANUP_CLOSE int fd = saved_tree_open(tree, path, err);
    int r = fd < 0 ? fd : file_write(fd, data, length);

    return fd >= 0 && r < 0 ? fail_path(tree, path, -r, err) : r;
}

int saved_tree_mkdir(const struct saved_tree *tree, const char *path, struct error *err)
{
    const char *name;
    CLEANUP_CLOSE int above = open_above(tree, path, &name);

    if (above < 0)
        return fail_path(tree, path, -above, err);
    return mkdirat(above, name, 0700) < 0 && errno != EEXIST ? fail_path(tree, path, errno, err)
                                                             : 0;
}

int saved_tree_link(const struct saved_tree *tree, const char *path, const char *target,
                    struct error *err)
{
    const char *name;
    CLEANUP_CLOSE int above = open_above(tree, path, &name);

    if (above < 0)
        return fail_path(tree, path, -above, err);
    return symlinkat(target, above, name) < 0 ? fail_path(tree, path, errno, err) : 0;
}

int saved_tree_sync(const struct saved_tree *tree, const char *path)
{
    CLEANUP_CLOSE int fd = openat(tree->root_fd, path, OPEN_FOLDER);

    return fd < 0 || (fsync(fd) < 0 && errno != EINVAL) ? -errno : 0;
}

void saved_tree_remove(const struct saved_tree *tree, const char *path)
{
    if (unlinkat(tree->root_fd, path, 0) < 0)
        unlinkat(tree->root_fd, path, AT_REMOVEDIR);
}
