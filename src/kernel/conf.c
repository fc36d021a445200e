#include "kernel/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "kernel/dropins.h"

#define CONF_FILE "etc/shmtool.conf"

enum { CONF_SIZE_LIMIT = 1024 * 1024 };

/* --- Checks ----------------------------------------------------------------------------------- */

/* Checks who may write to what STATUS is of. Returns 0, or -EPERM and sets *err. */
static int check_writers(const struct procfs *procfs, const char *path, const struct stat *status,
                         struct error *err)
{
    struct stat root;

    if (!procfs->live)
        return 0;
    /*
     * Who owns "/" could put another /etc there. In a user namespace that does not map root both
     * read as the overflow uid.
     */
    if (status->st_uid != 0 && (fstat(procfs->root_fd, &root) < 0 || root.st_uid != status->st_uid))
        return error_set(err, EPERM, "%s%s: belongs to uid %lu, and must belong to root (chown 0)",
                         procfs_prefix(procfs), path, (unsigned long)status->st_uid);
    if (status->st_mode & (S_IWGRP | S_IWOTH))
        return error_set(err, EPERM,
                         "%s%s: others than root may write to it, its mode is %o (chmod go-w)",
                         procfs_prefix(procfs), path, (unsigned)status->st_mode & 07777);
    return 0;
}

/* --- Reading ---------------------------------------------------------------------------------- */

/* Returns 0 or a negative errno; sets *err, but for -ENOENT. */
static int read_conf_text(const struct procfs *procfs, const char *path, struct conf_file *file,
                          struct error *err)
{
    CLEANUP_CLOSE int fd = procfs_open_no_link(procfs, path, err);
    struct stat status;
    int r;

    if (fd == -ELOOP)
        return error_set(err, ELOOP, "%s%s: is a symbolic link, and must be a file",
                         procfs_prefix(procfs), path);
    if (fd < 0)
        return fd;
    if (fstat(fd, &status) < 0)
        return error_set_errno(err, errno, "%s%s", procfs_prefix(procfs), path);
    r = check_writers(procfs, path, &status, err);
    file->outside = procfs->live && status.st_uid == ID_MAP_OVERFLOW;
    if (r == 0)
        r = procfs_read_fd(procfs, fd, path, CONF_SIZE_LIMIT, &file->text, err);
    if (r == -EFBIG)
        error_set(err, EFBIG, "%s%s: larger than 1 MiB", procfs_prefix(procfs), path);
    return r;
}

/* Adds an entry; PATH becomes the list's own. */
static struct conf_file *add_conf_file(struct conf_files *files, char *path)
{
    files->items = xgrow(files->items, files->count, &files->capacity, sizeof(struct conf_file));
    files->items[files->count] = (struct conf_file){.path = path};
    return &files->items[files->count++];
}

/* Adds a file with its text or what is wrong with it, if it exists. */
static void add_conf(const struct procfs *procfs, const char *path, struct conf_files *files)
{
    struct conf_file *file = add_conf_file(files, xstrdup(path));
    int r = read_conf_text(procfs, path, file, &file->error);

    if (r == 0)
        return;
    strbuf_release(&file->text);
    if (r != -ENOENT)
        return;
    error_clear(&file->error);
    free(file->path);
    files->count--;
}

/* Returns 1 where the folder may be read, 0 where there is none, or a negative errno; sets *err. */
static int check_conf_dir(const struct procfs *procfs, struct error *err)
{
    struct stat status;
    int r;

    if (fstatat(procfs->root_fd, CONF_DIR, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0
                               : error_set_errno(err, errno, "%s" CONF_DIR, procfs_prefix(procfs));
    if (S_ISLNK(status.st_mode))
        return error_set(err, ELOOP, "%s" CONF_DIR ": is a symbolic link, and must be a directory",
                         procfs_prefix(procfs));
    if (!S_ISDIR(status.st_mode))
        return error_set_errno(err, ENOTDIR, "%s" CONF_DIR, procfs_prefix(procfs));
    r = check_writers(procfs, CONF_DIR, &status, err);
    return r < 0 ? r : 1;
}

void conf_read(const struct procfs *procfs, struct conf_files *ret_files)
{
    static const char *const dirs[] = {CONF_DIR, NULL};
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_DROPINS struct dropins found = {0};
    struct conf_files files = {0};
    int r;

    add_conf(procfs, CONF_FILE, &files);
    r = check_conf_dir(procfs, &err);
    if (r > 0)
        r = dropins_find(procfs, dirs, NULL, &found, &err);
    if (r < 0)
        error_copy(&add_conf_file(&files, xstrdup(CONF_DIR))->error, &err);
    for (size_t i = 0; i < found.count; i++) {
        CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;

        strbuf_printf(&path, CONF_DIR "/%s", found.items[i].name);
        add_conf(procfs, strbuf_string(&path), &files);
    }
    if (procfs->live && files.count > 0)
        files.has_maps = procfs_read_id_map(procfs, "proc/self/uid_map", &files.uids) == 0 &&
                         procfs_read_id_map(procfs, "proc/self/gid_map", &files.gids) == 0;
    *ret_files = files;
}

/* --- Users ------------------------------------------------------------------------------------ */

/*
 * Whether the maps lead to the user namespace that the files belong to. They lead to the parent of
 * ours: where that has a root whom we map and who is not the files' root, there is another above.
 */
static bool maps_lead_to_files(const struct conf_files *files)
{
    uint32_t root;

    return files->has_maps &&
           (id_map_is_whole(&files->uids) || !id_map_inside(&files->uids, 0, &root));
}

int conf_map_users(const struct conf_files *files, const struct conf_file *file,
                   struct filter *filter, struct error *err)
{
    if (!filter_names_users(filter))
        return 0;
    if (file->outside && !maps_lead_to_files(files))
        return error_set(err, ESRCH,
                         "users and groups of outside are not known in this user namespace");
    if (files->has_maps)
        filter_map_users(filter, &files->uids, &files->gids, file->outside);
    return 0;
}

void conf_files_release(struct conf_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free(files->items[i].path);
        strbuf_release(&files->items[i].text);
        error_clear(&files->items[i].error);
    }
    free(files->items);
    id_map_release(&files->uids);
    id_map_release(&files->gids);
    *files = (struct conf_files){0};
}
