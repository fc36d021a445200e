/*
 * Files written as a whole. Of one that is replaced: whoever reads it sees the old text or the new
 * one, never a part.
 */
#ifndef SHMTOOL_KERNEL_REPLACE_FILE_H
#define SHMTOOL_KERNEL_REPLACE_FILE_H

#include <sys/types.h>

#include "base/error.h"
#include "base/strbuf.h"

/* Writes all LENGTH bytes of DATA. Returns 0 or a negative errno. */
int file_write(int fd, const char *data, size_t length);

/* Who may do what with a file. */
struct file_access {
    mode_t mode;
    uid_t uid;
    gid_t gid;
};

/*
 * Puts TEXT in the place of a file, or makes it: written beside it, synced and renamed. Where that
 * fails the old file stays.
 *
 * dir: the directory
 * where: its name, for errors
 * temporary: the name beside it, which nobody else uses; a file that has it is removed
 * access: of the new file; the owner as far as this process may give files away
 * Returns 0, or a negative errno and sets *err.
 */
int file_replace_at(int dir, const char *where, const char *name, const char *temporary,
                    const struct strbuf *text, const struct file_access *access, struct error *err);

/*
 * The same of the file at PATH, under a temporary name of its own that begins with a dot and does
 * not end as PATH does. Everybody may read the new file. What is there and no regular file (a link,
 * a device) is left alone: -EINVAL.
 */
int file_replace(const char *path, const struct strbuf *text, struct error *err);

#endif
