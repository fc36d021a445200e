/*
 * A directory tree of a test's own, as --sysroot would be given it.
 *
 * Whatever cannot be made fails the running test.
 */
#ifndef SHMTOOL_TESTS_TREE_H
#define SHMTOOL_TESTS_TREE_H

#include <stddef.h>

struct tree {
    char path[256]; /* absolute, without a slash at its end */
};

/* Makes an empty tree below $TMPDIR or /tmp. */
void tree_make(struct tree *tree);

/* Removes the tree and all that is in it. */
void tree_remove(const struct tree *tree);

/* Each makes the directories above PATH, which is relative to the tree, if they are missing. */
void tree_write(const struct tree *tree, const char *path, const void *data, size_t length);
void tree_puts(const struct tree *tree, const char *path, const char *text);
void tree_mkdir(const struct tree *tree, const char *path);
void tree_mkfifo(const struct tree *tree, const char *path);
void tree_symlink(const struct tree *tree, const char *path, const char *target);

/* Demands that TEXT begins with DIR and a slash, and returns what is behind them. */
const char *below(const char *dir, const char *text);

/* The lowest free descriptor: the same as before when nothing was left open. */
int lowest_descriptor(void);

/* For cmocka: *state is a struct tree of each test's own. */
int tree_setup(void **state);
int tree_teardown(void **state);

#endif
