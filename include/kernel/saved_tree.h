/*
 * A tree as --sysroot reads it, being written: folders of mode 0700, files of mode 0600, each of
 * them new, and none through a link.
 */
#ifndef SHMTOOL_KERNEL_SAVED_TREE_H
#define SHMTOOL_KERNEL_SAVED_TREE_H

#include <stddef.h>

#include "base/error.h"

struct saved_tree {
    int root_fd;      /* owned */
    const char *name; /* as it was given, for messages; borrowed */
};

/*
 * Tells whether a tree can be written at PATH: a folder of this user that is empty and that nobody
 * else may write to, or nothing. Changes nothing. Returns 0, or a negative errno and sets *err.
 */
int saved_tree_check(const char *path, struct error *err);

/*
 * Makes that folder, or takes the empty one; sets the umask of this process, so that folders have
 * mode 0700 and files 0600. PATH must outlive the tree.
 * Returns 0, or a negative errno and sets *err.
 */
int saved_tree_create(const char *path, struct saved_tree *ret_tree, struct error *err);

/*
 * Makes a file, and the folders above it.
 *
 * path: below the tree, without a leading slash
 * Returns a descriptor for reading and writing, which the caller closes, or a negative errno and
 * sets *err.
 */
int saved_tree_open(const struct saved_tree *tree, const char *path, struct error *err);

/* Makes a file that holds DATA. Returns 0 or a negative errno and sets *err. */
int saved_tree_put(const struct saved_tree *tree, const char *path, const char *data, size_t length,
                   struct error *err);

/* Makes a folder, and those above it. Returns 0 or a negative errno and sets *err. */
int saved_tree_mkdir(const struct saved_tree *tree, const char *path, struct error *err);

/* Makes a symbolic link to TARGET, and the folders above it. Likewise. */
int saved_tree_link(const struct saved_tree *tree, const char *path, const char *target,
                    struct error *err);

/* Waits until what a folder of the tree lists is on disk. Returns 0 or a negative errno. */
int saved_tree_sync(const struct saved_tree *tree, const char *path);

/* Removes a file, or a folder if it is empty, of the tree. */
void saved_tree_remove(const struct saved_tree *tree, const char *path);

void saved_tree_close(struct saved_tree *tree);

#endif
