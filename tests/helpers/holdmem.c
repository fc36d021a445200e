/*
 * holdmem: holds shared memory that is no segment until SIGTERM, all of its pages written.
 *
 *     holdmem memfd|anonymous BYTES
 *
 * memfd      a file of memfd_create(2)
 * anonymous  a shared mapping without a file
 *
 * When all is in place it prints `ready PID`. It ends with whoever started it.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "helper.h"

static void *map_shared(const char *kind, size_t size)
{
    int fd = -1;
    int flags = MAP_SHARED | MAP_ANONYMOUS;

    if (strcmp(kind, "memfd") == 0) {
        fd = memfd_create("holdmem", MFD_CLOEXEC);
        flags = MAP_SHARED;
        if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
            die(HELPER_FAILED, "memfd: %s", strerror(errno));
    } else if (strcmp(kind, "anonymous") != 0) {
        die(HELPER_USAGE, "'%s': neither memfd nor anonymous", kind);
    }
    return mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
}

int main(int argc, char **argv)
{
    pid_t parent = getppid();
    size_t size;
    void *memory;

    if (argc != 3)
        die(HELPER_USAGE, "holdmem memfd|anonymous BYTES");
    size = (size_t)helper_number(argv[2], 10, 1, LLONG_MAX);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        return HELPER_FAILED;
    memory = map_shared(argv[1], size);
    if (memory == MAP_FAILED)
        die(HELPER_FAILED, "mmap: %s", strerror(errno));
    memset(memory, 'x', size);
    stay_until_term();
    return 0;
}
