/*
 * The files of shmtool's own configuration, checked and read.
 */
#ifndef SHMTOOL_KERNEL_CONF_H
#define SHMTOOL_KERNEL_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "kernel/procfs.h"
#include "model/filter.h"
#include "model/id_map.h"

/* The folder of further files, below the root. */
#define CONF_DIR "etc/shmtool.d"

struct conf_file {
    char *path;         /* owned; below the root: "etc/shmtool.conf" */
    struct strbuf text; /* owned; may hold any bytes */
    struct error error; /* owned; why it cannot be used, with its path, if so; text is empty then */
    bool outside;       /* root's, whom this user namespace does not show: so are its users */
};

struct conf_files {
    struct conf_file *items; /* owned; in the order in which they count */
    size_t count;
    size_t capacity;
    struct id_map uids; /* owned, as the next; of this process's user namespace */
    struct id_map gids;
    bool has_maps; /* the live system's, where they could be read */
};

/*
 * Reads etc/shmtool.conf, and then the files of etc/shmtool.d that end in .conf and do not begin
 * with a dot, in the order of their names. What does not exist is left out.
 *
 * A file must be a regular one, no link, and not larger than 1 MiB; the folder no link either. On
 * the live system each must belong to root and be writable by its owner alone; in a user namespace
 * that does not show who root is, to whoever owns "/". A saved tree belongs to who saved it.
 *
 * ret_files: released by the caller with conf_files_release(); what cannot be used is in it, with
 *            its error, the folder too
 */
void conf_read(const struct procfs *procfs, struct conf_files *ret_files);

/*
 * Makes the users and groups of a line of FILE those that segments show here: in a user namespace
 * they have other ids, and whom it does not map is the overflow id, which stands for all others
 * too. Returns 0, or -ESRCH and sets *err where they cannot be known.
 */
int conf_map_users(const struct conf_files *files, const struct conf_file *file,
                   struct filter *filter, struct error *err);

void conf_files_release(struct conf_files *files);

#define CLEANUP_CONF_FILES __attribute__((cleanup(conf_files_release)))

#endif
