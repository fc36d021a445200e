#include "kernel/shmdev.h"

#include <errno.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* Huge pages have 2^SHIFT bytes: 64 KiB on arm64, 16 GiB on powerpc. */
enum { SMALLEST_SHIFT = 16, LARGEST_SHIFT = 34, SHIFT_POSITION = 26 };

/* Sets *ret_device to the device of a new memory file. */
static bool ask(unsigned flags, dev_t *ret_device)
{
    /* From Linux 6.3 on a file that may be executed is noted in the kernel's log, or refused. */
    CLEANUP_CLOSE int fd = memfd_create("shmtool", MFD_CLOEXEC | MFD_NOEXEC_SEAL | flags);
    CLEANUP_CLOSE int old = -1;
    struct stat status;

    if (fd < 0 && errno == EINVAL)
        old = memfd_create("shmtool", MFD_CLOEXEC | flags);
    if ((fd < 0 && old < 0) || fstat(fd >= 0 ? fd : old, &status) < 0)
        return false;
    *ret_device = status.st_dev;
    return true;
}

static void ask_huge(struct shmdev *devices)
{
    devices->asked_huge = true;
    for (unsigned shift = SMALLEST_SHIFT;
         shift <= LARGEST_SHIFT && devices->huge_count < SHMDEV_MOST_HUGE; shift++) {
        if (ask(MFD_HUGETLB | shift << SHIFT_POSITION, &devices->huge[devices->huge_count]))
            devices->huge_count++;
    }
}

bool shmdev_has(struct shmdev *devices, uint32_t major, uint32_t minor)
{
    dev_t device = makedev(major, minor);

    if (!devices->asked) {
        devices->asked = true;
        devices->known = ask(0, &devices->memory);
    }
    if (!devices->known)
        return major == 0;
    if (device == devices->memory)
        return true;
    if (!devices->asked_huge)
        ask_huge(devices);
    for (size_t i = 0; i < devices->huge_count; i++) {
        if (device == devices->huge[i])
            return true;
    }
    return false;
}
