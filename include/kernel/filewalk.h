/*
 * The files of one file system below a directory, each with what ftok(3) looks at.
 */
#ifndef SHMTOOL_KERNEL_FILEWALK_H
#define SHMTOOL_KERNEL_FILEWALK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* What distinguishes a file from all others while the system runs. */
struct file_identity {
    uint64_t dev; /* st_dev */
    uint64_t ino; /* st_ino */
};

/*
 * Looks a file up, links followed, as ftok(3) does.
 * Returns 0 or a negative errno with PATH in ERR.
 */
int file_identify(const char *path, struct file_identity *ret_identity, struct error *err);

/*
 * Looks up where a walk is to begin. A link is followed only when a slash ends DIR, as find(1)
 * does. Returns 0, -ELOOP for a link, or another negative errno, with DIR in ERR.
 */
int file_identify_start(const char *dir, struct file_identity *ret_identity, struct error *err);

/*
 * Tells whether two paths are one name of one file, by different ways to it; several names (hard
 * links) are not. Where it is not known they are two.
 */
bool file_is_same_name(const char *path, const char *other);

/* Called with what a walk meets. */
struct filewalk_callbacks {
    /* A file, a directory or something else, the one that the walk begins with too. */
    void (*file)(void *arg, const char *path, const struct file_identity *identity);
    /* A directory or an entry of one that could not be read, and the positive errno of it. */
    void (*unreadable)(void *arg, const char *path, int code);
    void *arg;
};

/*
 * Walks through DIR and all below it that is on the same file system. Symbolic links are
 * skipped, but DIR itself may be one that a slash ends. However deep the tree, two directories are
 * open at a time.
 *
 * Returns 0, or a negative errno with *err set when DIR is a link (-ELOOP) or cannot be read,
 * or when the directories were moved away under the walk.
 */
int filewalk_run(const char *dir, const struct filewalk_callbacks *callbacks, struct error *err);

#endif
