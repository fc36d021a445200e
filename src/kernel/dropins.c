#include "kernel/dropins.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/xalloc.h"

static void add_dropin(struct dropins *dropins, const char *dir, const char *name)
{
    for (size_t i = 0; i < dropins->count; i++) {
        if (strcmp(dropins->items[i].name, name) == 0)
            return;
    }
    dropins->items =
        xgrow(dropins->items, dropins->count, &dropins->capacity, sizeof(struct dropin));
    dropins->items[dropins->count++] = (struct dropin){dir, xstrdup(name)};
}

/* Adds the files of a directory, if there is one. */
static int add_dropin_dir(const struct procfs *procfs, const char *path, const char *after,
                          struct dropins *dropins, struct error *err)
{
    CLEANUP_CLOSEDIR DIR *dir = procfs_open_dir(procfs, path, NULL);
    const struct dirent *entry;

    while (dir && (entry = procfs_next_entry(dir))) {
        size_t length = strlen(entry->d_name);

        if (length > 5 && strcmp(entry->d_name + length - 5, ".conf") == 0 &&
            entry->d_name[0] != '.' && (!after || strcmp(entry->d_name, after) > 0))
            add_dropin(dropins, path, entry->d_name);
    }
    if (errno == 0 || errno == ENOENT || errno == ENOTDIR)
        return 0;
    return error_set_errno(err, errno, "%s%s", procfs_prefix(procfs), path);
}

static int compare_dropins(const void *a, const void *b)
{
    return strcmp(((const struct dropin *)a)->name, ((const struct dropin *)b)->name);
}

int dropins_find(const struct procfs *procfs, const char *const *dirs, const char *after,
                 struct dropins *ret_dropins, struct error *err)
{
    int r = 0;

    *ret_dropins = (struct dropins){0};
    for (size_t i = 0; r == 0 && dirs[i]; i++)
        r = add_dropin_dir(procfs, dirs[i], after, ret_dropins, err);
    if (ret_dropins->count > 0)
        qsort(ret_dropins->items, ret_dropins->count, sizeof(struct dropin), compare_dropins);
    return r;
}

void dropins_release(struct dropins *dropins)
{
    for (size_t i = 0; i < dropins->count; i++)
        free(dropins->items[i].name);
    free(dropins->items);
    *dropins = (struct dropins){0};
}

bool dropin_is_absent(int r)
{
    return r == -ENOENT || r == -ENOTDIR || r == -ELOOP || r == -EINVAL || r == -EISDIR;
}
