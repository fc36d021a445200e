/*
 * The devices on which the kernel keeps System V segments: one for those of ordinary pages, one
 * for each size of huge pages.
 *
 * They are the internal mounts that memfd_create(2) uses too, so a fresh memfd tells their numbers.
 */
#ifndef SHMTOOL_KERNEL_SHMDEV_H
#define SHMTOOL_KERNEL_SHMDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { SHMDEV_MOST_HUGE = 16 }; /* sizes of huge pages that a machine has: 4 at the most so far */

/* What has been asked of the kernel so far; zeroed to begin with. */
struct shmdev {
    bool asked;
    bool known; /* false after asking: the kernel does not tell (no memfd) */
    dev_t memory;
    bool asked_huge;
    dev_t huge[SHMDEV_MOST_HUGE];
    size_t huge_count;
};

/*
 * Tells whether a mapping's device can be that of a segment. Where the kernel does not tell, any
 * device without hardware (major 0) can be.
 */
bool shmdev_has(struct shmdev *devices, uint32_t major, uint32_t minor);

#endif
