#include "kernel/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Standard streams may be redirected, or another terminal: this one is ours. */
static int open_terminal(void)
{
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

    return fd < 0 ? -errno : fd;
}

pid_t terminal_foreground(void)
{
    CLEANUP_CLOSE int fd = open_terminal();
    pid_t group;

    if (fd < 0)
        return fd;
    group = tcgetpgrp(fd);
    return group < 0 ? -errno : group;
}

int terminal_give(pid_t group)
{
    CLEANUP_CLOSE int fd = open_terminal();

    if (fd < 0)
        return fd;
    return tcsetpgrp(fd, group) < 0 ? -errno : 0;
}
