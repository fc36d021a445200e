/*
 * Keys that ftok(3) makes of files, and files that could have made a key.
 */
#ifndef SHMTOOL_ACTION_FTOK_H
#define SHMTOOL_ACTION_FTOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "kernel/filewalk.h"

/*
 * The key of a file, as the C library makes it: 16 bits of the inode, 8 of the device, 8 of PROJ
 * (glibc, sysvipc/ftok.c; musl the same). Different files can give one key.
 */
uint32_t ftok_key(const struct file_identity *file, unsigned proj);

/*
 * Understands a PROJ: a number from 1 to 255, or one character that is no digit.
 * Returns 0, or -EINVAL with the word in ERR.
 */
int ftok_parse_proj(const char *word, unsigned *ret_proj, struct error *err);

/* A file and its key. */
struct ftok_file {
    char *path; /* owned */
    struct file_identity identity;
    bool by_inode; /* the key is the inode number, all 32 bits: not made by ftok, and of no PROJ */
    unsigned proj; /* 0 to 255 */
    uint32_t key;
};

struct ftok_list {
    struct ftok_file *items; /* owned */
    size_t count;
    size_t capacity;
};

/* Adds the file PATH, links followed. Returns 0 or a negative errno with PATH in ERR. */
int ftok_add(struct ftok_list *list, const char *path, unsigned proj, struct error *err);

/* What is looked for below directories, and what was found. */
struct ftok_search {
    uint32_t key;
    bool any_proj; /* any; the key itself tells which; and inode numbers. Else: proj alone */
    unsigned proj;
    struct ftok_list found;
    size_t earlier;    /* how many of them earlier searches have found */
    size_t unreadable; /* directories, and files in them, that could not be read */
};

/*
 * Tells whether ftok can have made the key of files of DIR's file system at all: 1 or 0,
 * *ret_device its 8 bits; or a negative errno with DIR in ERR, -ELOOP when it is a link.
 */
int ftok_search_device(const struct ftok_search *search, const char *dir, unsigned *ret_device,
                       struct error *err);

/*
 * Adds the files below DIR, and DIR, that could have made the key: those on DIR's file system, no
 * links followed; and with any PROJ those whose inode number it is, cut to 32 bits: PostgreSQL
 * makes the keys of its data directories so (its src/backend/port/sysv_shmem.c). A file that an
 * earlier search has found by this name is not added again. Returns 0, or a negative errno and sets
 * *err when DIR cannot be walked through.
 */
int ftok_search_run(struct ftok_search *search, const char *dir, struct error *err);

/*
 * Tells whether two different files of the list have one key; several names of one file do not
 * count. Sets the positions of two such files.
 */
bool ftok_collides(const struct ftok_list *list, size_t *ret_first, size_t *ret_second);

/* Releases the list's memory and leaves it empty. */
void ftok_list_release(struct ftok_list *list);

#endif
