/*
 * Files of configuration directories such as /etc/sysctl.d and /run/sysctl.d, in the order in
 * which they are read.
 */
#ifndef SHMTOOL_KERNEL_DROPINS_H
#define SHMTOOL_KERNEL_DROPINS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "kernel/procfs.h"

struct dropins {
    struct dropin {
        const char *dir; /* borrowed from the caller's list */
        char *name;      /* owned */
    } * items;           /* owned; in the order in which they are read: by name */
    size_t count;
    size_t capacity;
};

/*
 * Finds the files that end in .conf and do not begin with a dot. Of one name the one in the first
 * directory counts, also where it is a link to /dev/null (systemd.unit(5), sysctl.d(5)).
 *
 * dirs: below the root, ended by NULL; those that do not exist have no files
 * after: only names that come after this one; NULL: all
 * Returns 0, or a negative errno with the directory in *err when one cannot be read; *ret_dropins
 * is released with dropins_release() either way.
 */
int dropins_find(const struct procfs *procfs, const char *const *dirs, const char *after,
                 struct dropins *ret_dropins, struct error *err);

void dropins_release(struct dropins *dropins);

#define CLEANUP_DROPINS __attribute__((cleanup(dropins_release)))

/*
 * Tells whether a failed procfs_read_file() means that there is no file to read in: none, a link to
 * nowhere or to /dev/null, a directory.
 */
bool dropin_is_absent(int r);

#endif
