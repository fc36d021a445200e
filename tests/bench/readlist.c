/*
 * readlist: reads /proc/sysvipc/shm to its end in reads of 64 KiB and does nothing else: what a
 * listing costs at the least.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    static char buffer[64 * 1024];
    int fd = open("/proc/sysvipc/shm", O_RDONLY);
    ssize_t got;

    if (fd < 0) {
        perror("/proc/sysvipc/shm");
        return 1;
    }
    do {
        got = read(fd, buffer, sizeof(buffer));
    } while (got > 0);
    return got < 0;
}
