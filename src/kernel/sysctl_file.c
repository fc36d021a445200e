#include "kernel/sysctl_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "base/xalloc.h"
#include "kernel/dropins.h"
#include "kernel/replace_file.h"
#include "model/sysctl_text.h"

enum { FILE_SIZE_MAX = 1024 * 1024 };

/* Never read by anybody: it does not end in .conf. One that a crash left is overwritten. */
#define TEMPORARY_NAME ".60-shmtool.conf.new"

/* Held by whoever changes our file, and removed before it is released. */
#define LOCK_NAME ".60-shmtool.conf.lock"

static int fail_sysctl(const struct procfs *procfs, const char *name, struct error *err)
{
    return error_set_errno(err, errno, "%s" SYSCTL_FILE_DIR "%s%s", procfs_prefix(procfs),
                           name ? "/" : "", name ? name : "");
}

/* Opens the directory, which is made, for all to read whatever the umask is, if it is missing. */
static int open_sysctl_dir(const struct procfs *procfs, struct error *err)
{
    CLEANUP_CLOSE int fd =
        openat(procfs->root_fd, SYSCTL_FILE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT) {
        if (mkdirat(procfs->root_fd, SYSCTL_FILE_DIR, 0755) < 0 && errno != EEXIST)
            return fail_sysctl(procfs, NULL, err);
        fd = openat(procfs->root_fd, SYSCTL_FILE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0 && fchmod(fd, 0755) < 0)
            return fail_sysctl(procfs, NULL, err);
    }
    if (fd < 0)
        return fail_sysctl(procfs, NULL, err);
    return steal_fd(&fd);
}

/* Whether FD is still the file of that name. */
static bool is_lock_file(int dir, int fd)
{
    struct stat ours;
    struct stat named;

    return fstat(fd, &ours) == 0 && fstatat(dir, LOCK_NAME, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

/*
 * Waits for others of our kind, and keeps them out until unlock_ours(). By a file that nobody else
 * may open: whoever can open a directory can hold a lock on it, for ever. Returns the lock's file
 * descriptor, or a negative errno and sets *err.
 */
static int lock_ours(const struct procfs *procfs, int dir, struct error *err)
{
    for (;;) {
        CLEANUP_CLOSE int fd =
            openat(dir, LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

        if (fd < 0 || flock(fd, LOCK_EX) < 0)
            return fail_sysctl(procfs, LOCK_NAME, err);
        if (is_lock_file(dir, fd))
            return steal_fd(&fd);
        /* Its holder removed it meanwhile. */
    }
}

static void unlock_ours(int dir, int fd)
{
    unlinkat(dir, LOCK_NAME, 0);
    close(fd);
}

/*
 * Appends what our file holds now, nothing if there is none, and sets ACCESS to what it has: a new
 * one everybody may read, whatever the umask is.
 */
static int read_ours(const struct procfs *procfs, int dir, struct strbuf *text,
                     struct file_access *access, struct error *err)
{
    struct stat status;

    *access = (struct file_access){0644, geteuid(), getegid()};
    if (fstatat(dir, SYSCTL_FILE_NAME, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : fail_sysctl(procfs, SYSCTL_FILE_NAME, err);
    *access = (struct file_access){status.st_mode & 0777, status.st_uid, status.st_gid};
    /* A link (to /dev/null: switched off) was put there by somebody who meant it. */
    if (!S_ISREG(status.st_mode))
        return error_set(err, EINVAL,
                         "%s" SYSCTL_FILE_DIR "/" SYSCTL_FILE_NAME
                         ": not a regular file: left alone",
                         procfs_prefix(procfs));
    return procfs_read_file(procfs, SYSCTL_FILE_DIR "/" SYSCTL_FILE_NAME, FILE_SIZE_MAX, text, err);
}

static void sysctl_name(enum limit_id id, char *name, size_t size)
{
    snprintf(name, size, "kernel.%s", limit_kinds[id].name);
}

/* Replaces TEXT by itself with the setting in it. */
static void apply_setting(struct strbuf *text, const struct limit_setting *setting)
{
    struct strbuf changed = STRBUF_INIT;
    char name[64];
    char value[32];

    sysctl_name(setting->id, name, sizeof(name));
    snprintf(value, sizeof(value), "%llu", (unsigned long long)setting->value);
    sysctl_text_set(&changed, strbuf_string(text), text->length, name, value);
    strbuf_release(text);
    *text = changed;
}

/* The lock must be held: nobody else changes the file between its reading and its replacement. */
static int change_ours(const struct procfs *procfs, int dir, const struct limit_setting *settings,
                       size_t count, struct error *err)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf where = STRBUF_INIT;
    struct file_access access;
    int r = read_ours(procfs, dir, &text, &access, err);

    if (r < 0)
        return r;
    if (text.length == 0)
        strbuf_puts(&text, "# Limits that shmtool limits --persist keeps over a reboot.\n");
    for (size_t i = 0; i < count; i++)
        apply_setting(&text, &settings[i]);
    strbuf_printf(&where, "%s" SYSCTL_FILE_DIR, procfs_prefix(procfs));
    return file_replace_at(dir, strbuf_string(&where), SYSCTL_FILE_NAME, TEMPORARY_NAME, &text,
                           &access, err);
}

int sysctl_file_keep(const struct procfs *procfs, const struct limit_setting *settings,
                     size_t count, struct error *err)
{
    CLEANUP_CLOSE int dir = open_sysctl_dir(procfs, err);
    int lock;
    int r;

    if (dir < 0)
        return dir;
    lock = lock_ours(procfs, dir, err);
    if (lock < 0)
        return lock;
    r = change_ours(procfs, dir, settings, count, err);
    unlock_ours(dir, lock);
    return r;
}

/* Remembers PATH's value for NAME in OVERRIDE, if the file has one. */
static int read_override(const struct procfs *procfs, const char *path, const char *name,
                         struct sysctl_override *override, struct error *err)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const char *value;
    size_t length;
    int r = procfs_read_file(procfs, path, FILE_SIZE_MAX, &text, NULL);

    if (r < 0)
        return dropin_is_absent(r) ? 0
                                   : error_set_errno(err, -r, "%s%s", procfs_prefix(procfs), path);
    if (!sysctl_text_find(strbuf_string(&text), text.length, name, &value, &length))
        return 0;
    sysctl_override_release(override);
    if (asprintf(&override->path, "%s%s", procfs_prefix(procfs), path) < 0)
        xalloc_die();
    override->value = xstrndup(value, length);
    return 0;
}

/* Reads the files in the order in which they are read. */
static int read_last_override(const struct procfs *procfs, const struct dropins *files,
                              const char *name, struct sysctl_override *override, struct error *err)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < files->count; i++) {
        CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;

        strbuf_printf(&path, "%s/%s", files->items[i].dir, files->items[i].name);
        r = read_override(procfs, strbuf_string(&path), name, override, err);
    }
    return r < 0 ? r : read_override(procfs, "etc/sysctl.conf", name, override, err);
}

int sysctl_file_override(const struct procfs *procfs, enum limit_id id,
                         struct sysctl_override *ret_override, struct error *err)
{
    static const char *const dirs[] = {SYSCTL_FILE_DIR,    "run/sysctl.d", "usr/local/lib/sysctl.d",
                                       "usr/lib/sysctl.d", "lib/sysctl.d", NULL};
    CLEANUP_DROPINS struct dropins files = {0};
    struct sysctl_override override = {0};
    char name[64];
    int r;

    sysctl_name(id, name, sizeof(name));
    r = dropins_find(procfs, dirs, SYSCTL_FILE_NAME, &files, err);
    if (r == 0)
        r = read_last_override(procfs, &files, name, &override, err);
    if (r < 0)
        sysctl_override_release(&override);
    if (r < 0 || !override.path)
        return r;
    *ret_override = override;
    return 1;
}

void sysctl_override_release(struct sysctl_override *override)
{
    free(override->path);
    free(override->value);
    *override = (struct sysctl_override){0};
}
