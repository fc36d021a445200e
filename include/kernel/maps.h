/*
 * System V segments among the mappings of a process: the lines of /proc/PID/maps; and the devices
 * on which the kernel keeps segments.
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
    uint64_t page_size; /* bytes; 0: not known, as lines do not say it */
};

/*
 * Parses one line, without its newline, whole or not at all.
 *
 * Returns true when it has the form of a System V segment: shared, its name /SYSV and eight hex
 * digits. A deleted file of such a name looks the same but for its device, which the caller tests.
 */
bool maps_parse_line(const char *line, size_t length, struct mapping *ret_mapping);

/* What reading one process after the other keeps between them. */
struct maps_reader {
    char *buffer;          /* owned */
    bool text_only;        /* the kernel does not answer queries: read and parse the lines */
    struct mapping *items; /* owned; what maps_read() found last, in the order of addresses */
    size_t count;
    size_t capacity;
};

/* Returns a reader, released with maps_reader_release(). */
struct maps_reader maps_reader_new(bool text_only);

void maps_reader_release(struct maps_reader *reader);

/*
 * Lists in READER the segments in an open /proc/PID/maps. From Linux 6.11 on the kernel is asked
 * for the shared mappings of files alone (PROCMAP_QUERY of linux/fs.h), which are few; before, and
 * of saved files, all lines are read.
 *
 * Returns 1, 0 for a process without memory of its own (of the kernel, or ended), or a negative
 * errno: -ESRCH when it ended meanwhile, or has no memory either; -EBADMSG for a file that holds
 * something else.
 */
int maps_read(struct maps_reader *reader, int fd);

/*
 * Finds the page size of the segment SHMID in the text of a /proc/PID/smaps (proc_pid_smaps(5),
 * KernelPageSize), in bytes, and the smallest page size that any mapping has. Returns false with
 * both untouched where the segment is not there.
 */
bool smaps_find_page_size(const char *text, int shmid, uint64_t *ret_page_size,
                          uint64_t *ret_smallest);

/* --- Devices ---------------------------------------------------------------------------------- */

enum { SEGMENT_DEVICES_HUGE_MAX = 16 }; /* sizes of huge pages; no system has more than 4 so far */

/*
 * The devices on which the kernel keeps System V segments: one for those of ordinary pages, one for
 * each size of huge pages. They are the internal mounts that memfd_create(2) uses too, so a fresh
 * memfd shows their numbers. Zeroed to begin with, and filled when it is asked for.
 */
struct segment_devices {
    bool has_read;
    bool known; /* false after reading: there is no memfd */
    dev_t memory;
    bool has_read_huge;
    dev_t huge[SEGMENT_DEVICES_HUGE_MAX];
    size_t huge_count;
};

/*
 * Tells whether a mapping's device can be that of a segment. Where the kernel does not say, any
 * device without hardware (major 0) can be.
 */
bool segment_devices_has(struct segment_devices *devices, uint32_t major, uint32_t minor);

#endif
