/*
 * fds: writes the numbers of its open descriptors, up to 255, into FILE, one a line.
 *
 *     fds FILE
 */
#include <fcntl.h>
#include <stdbool.h>

#include "helper.h"

int main(int argc, char **argv)
{
    bool open_fds[256];
    FILE *file;

    if (argc != 2)
        return HELPER_USAGE;
    for (int fd = 0; fd < 256; fd++)
        open_fds[fd] = fcntl(fd, F_GETFD) >= 0;
    file = fopen(argv[1], "we");
    if (!file)
        return HELPER_FAILED;
    for (int fd = 0; fd < 256; fd++) {
        if (open_fds[fd])
            fprintf(file, "%d\n", fd);
    }
    return fclose(file) == 0 ? 0 : HELPER_FAILED;
}
