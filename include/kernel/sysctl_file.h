/*
 * Limits that outlive a reboot: our own file of sysctl.d, and those that are read after it.
 */
#ifndef SHMTOOL_KERNEL_SYSCTL_FILE_H
#define SHMTOOL_KERNEL_SYSCTL_FILE_H

#include <stddef.h>

#include "base/error.h"
#include "kernel/procfs.h"
#include "model/limits.h"

/* Below the root. */
#define SYSCTL_FILE_DIR "etc/sysctl.d"
#define SYSCTL_FILE_NAME "60-shmtool.conf"

/*
 * Writes the settings into our file, in place of the lines that set the same names; every other
 * line stays. The file is replaced as a whole (a temporary file beside it, fsync, rename); readers
 * see the old one or the new one. It keeps its mode, and its owner where this process may give it
 * one; a new one has mode 0644, a directory that is made 0755.
 *
 * Returns 0, or a negative errno, and sets *err: then the old file is as it was.
 */
int sysctl_file_keep(const struct procfs *procfs, const struct limit_setting *settings,
                     size_t count, struct error *err);

/* A line elsewhere that has the last word on a limit. */
struct sysctl_override {
    char *path;  /* owned; as messages show it */
    char *value; /* owned; any bytes of the file but NUL */
};

/*
 * Looks for the value that files read after ours give a limit: those of /etc, /run,
 * /usr/local/lib, /usr/lib and /lib/sysctl.d in the order of their names, one that an earlier
 * directory has too skipped, then /etc/sysctl.conf (sysctl.d(5), sysctl(8)).
 *
 * Returns 1 with *ret_override set, whose value may be the very same, 0 when there is none, or a
 * negative errno with *err set when a directory or file that may hold one cannot be read.
 */
int sysctl_file_override(const struct procfs *procfs, enum limit_id id,
                         struct sysctl_override *ret_override, struct error *err);

/* Releases what the override holds and leaves it empty. */
void sysctl_override_release(struct sysctl_override *override);

#endif
