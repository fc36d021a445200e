/*
 * Saving segments before they are removed, as a tree that --sysroot and restore read.
 */
#ifndef SHMTOOL_ACTION_SAVE_H
#define SHMTOOL_ACTION_SAVE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/saved_tree.h"
#include "model/idset.h"
#include "model/segment_info.h"

struct system;

/* The files of the tree that grow: proc/sysvipc/shm, etc/passwd, etc/group. */
enum save_file { SAVE_LISTING, SAVE_USERS, SAVE_GROUPS, SAVE_FILES };

struct save {
    struct saved_tree tree;
    int fds[SAVE_FILES]; /* owned */
    struct idset users;
    struct idset groups; /* whose lines are there */
    off_t last_line;     /* where the line of the one that was saved last begins; -1: it has none */
};

/*
 * Makes the tree, with no segment in it. PATH, see saved_tree_create(), must outlive it.
 * Returns 0, or a negative errno and sets *err.
 */
int save_begin(const char *path, struct save *ret_save, struct error *err);

/* Tells before each part of a segment's bytes whether to give up. */
struct save_interrupt {
    bool (*is_due)(void *arg);
    void *arg;
};

/*
 * Saves one segment: its bytes, and then its line; both are on disk when it returns. What fails is
 * withdrawn.
 *
 * info: as reading_open() needs it
 * now: its record, read this moment: the line is that of before the bytes were read
 * opens_mappings: see reading_open()
 * Returns 0; -EINTR when it was given up; or another negative errno. Sets *err.
 */
int save_segment(struct save *save, struct system *system, const struct segment_info *info,
                 const struct segment *now, bool opens_mappings,
                 const struct save_interrupt *interrupt, struct error *err);

/* Takes back the one that was saved last. */
void save_withdraw(struct save *save, int shmid);

/* Ends it; where nothing was saved the tree's folder is left empty. */
void save_end(struct save *save);

#endif
