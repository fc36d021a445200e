/*
 * Lines of /proc/PID/mountinfo (proc_pid_mountinfo(5)).
 */
#ifndef SHMTOOL_KERNEL_MOUNTINFO_H
#define SHMTOOL_KERNEL_MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/* What is wanted of a line; the texts are as they stand there, borrowed from it and not ended. */
struct mountinfo {
    const char *root; /* what of the file system is mounted: of a namespace "ipc:[4026532200]" */
    size_t root_length;
    const char *path; /* where, from the root of the process; with blanks and such as \040 */
    size_t path_length;
    const char *type; /* of the file system */
    size_t type_length;
};

/* Parses a line without its newline. Returns false with *ret_mount untouched when it is none. */
bool mountinfo_parse_line(const char *line, size_t length, struct mountinfo *ret_mount);

/* Appends a text of such a line with its escapes (a backslash, three octal digits) undone. */
void mountinfo_unescape(struct strbuf *out, const char *text, size_t length);

/*
 * Opens what is mounted at PATH, as seen from the root of a process, with O_PATH. A container may
 * have a file system that never answers: but what leads to a mount is always in memory
 * (RESOLVE_CACHED of openat2(2)), and nothing else is waited for.
 *
 * proc_fd: /proc
 * base: the process: "PID", "self"
 * Returns the descriptor, or -1 with errno set.
 */
int mountinfo_open(int proc_fd, const char *base, const char *path);

#endif
