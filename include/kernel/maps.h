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

/* Memory that reading needs, the same for all processes of a scan. */
enum { MAPS_BUFFER_SIZE = 256 * 1024 };

/* Who is told of each mapping of a segment. */
struct maps_sink {
    void (*mapping)(void *arg, const struct mapping *mapping);
    void *arg;
};

/*
 * Reads FD to its end. buffer: MAPS_BUFFER_SIZE bytes to work in.
 * Returns how many bytes there were (0: a process without memory), or a negative errno: -ESRCH
 * when the process ended meanwhile.
 */
ssize_t maps_read(int fd, char *buffer, const struct maps_sink *sink);

#endif
