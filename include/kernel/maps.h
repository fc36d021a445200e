/*
 * System V segments among the mappings of a process: the lines of /proc/PID/maps.
 */
#ifndef SHMTOOL_KERNEL_MAPS_H
#define SHMTOOL_KERNEL_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct mapping {
    int shmid;    /* the inode's number (ipc/shm.c, newseg) */
    uint32_t key; /* as it was when the segment was made */
    bool writable;
    uint32_t major; /* of the device that the inode is on */
    uint32_t minor;
};

/*
 * Understands one line, without its newline, whole or not at all.
 *
 * Returns true when it has the form of a System V segment: shared, its name /SYSV and eight hex
 * digits. A deleted file of such a name looks the same but for its device, which the caller tests.
 */
bool maps_parse_line(const char *line, size_t length, struct mapping *ret_mapping);

/* Who is told of each mapping of a segment. */
struct maps_sink {
    void (*mapping)(void *arg, const struct mapping *mapping);
    void *arg;
};

/* What reading one process after the other keeps between them. */
struct maps_reader {
    char *buffer;   /* owned */
    bool text_only; /* the kernel does not answer queries: read and parse the lines */
};

/* Returns a reader, released with maps_reader_release(). */
struct maps_reader maps_reader_new(bool text_only);

void maps_reader_release(struct maps_reader *reader);

/*
 * Finds the segments in an open /proc/PID/maps. From Linux 6.11 on the kernel is asked for the
 * shared mappings of files alone (PROCMAP_QUERY of linux/fs.h), which are few; before, and of saved
 * files, all lines are read.
 *
 * Returns 1, 0 for a process without memory of its own (of the kernel, or ended), or a negative
 * errno: -ESRCH when it ended meanwhile, or has no memory either; -EBADMSG for a file that holds
 * something else.
 */
int maps_read(struct maps_reader *reader, int fd, const struct maps_sink *sink);

#endif
