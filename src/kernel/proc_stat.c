#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/parse.h"
#include "kernel/proc.h"

enum { STAT_SIZE_MAX = 64 * 1024, STATUS_SIZE_MAX = 1024 * 1024 };

/* PF_KTHREAD of linux/sched.h: not part of the kernel's stable interface, but the same since
 * 2.6.27, and what ps(1) and systemd look at. */
#define KERNEL_THREAD UINT64_C(0x00200000)

bool proc_stat_parse(const char *line, struct proc_stat *ret_stat)
{
    struct proc_stat stat = {0};
    /* The name, in parentheses, may hold blanks and parentheses of its own. */
    const char *field = strrchr(line, ')');

    if (!field || field[1] != ' ' || !field[2])
        return false;
    field += 2;
    stat.state = *field;
    for (int number = 4; number <= 22; number++) {
        uint64_t *value = number == 4    ? &stat.parent
                          : number == 9  ? &stat.flags
                          : number == 20 ? &stat.threads
                          : number == 22 ? &stat.start
                                         : NULL;

        field = strchr(field, ' ');
        if (!field)
            return false;
        field++;
        if (value && parse_digits(field, strlen(field), value) == 0)
            return false;
    }
    *ret_stat = stat;
    return true;
}

int proc_stat_read(const struct procfs *procfs, pid_t pid, struct proc_stat *ret_stat)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    char path[64];
    int r;

    snprintf(path, sizeof(path), "proc/%d/stat", (int)pid);
    r = procfs_read_file(procfs, path, STAT_SIZE_MAX, &text, NULL);
    if (r < 0)
        return r;
    return proc_stat_parse(strbuf_string(&text), ret_stat) ? 0 : -EBADMSG;
}

bool proc_stat_is_dead(const struct proc_stat *stat)
{
    /* A dead leader with living threads is still its process. */
    return (stat->state == 'Z' || stat->state == 'X') && stat->threads <= 1;
}

bool proc_stat_is_kernel(const struct proc_stat *stat)
{
    return (stat->flags & KERNEL_THREAD) != 0;
}

pid_t proc_next_pid(DIR *dir)
{
    const struct dirent *entry;

    while ((entry = procfs_next_entry(dir))) {
        size_t length = strlen(entry->d_name);
        uint64_t pid;

        if (entry->d_name[0] != '0' && parse_digits(entry->d_name, length, &pid) == length &&
            length > 0 && pid <= INT_MAX)
            return (pid_t)pid;
    }
    return 0;
}

bool proc_exists(pid_t pid)
{
    return kill(pid, 0) == 0 || errno != ESRCH;
}

int proc_open_pidfd(pid_t pid)
{
    long fd = syscall(SYS_pidfd_open, pid, 0);

    return fd < 0 ? -errno : (int)fd;
}

bool proc_pidfd_is_alive(int pidfd)
{
    struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};

    /* No signal is sent to find out: where a filter refuses that, it says EPERM of the dead too. */
    return poll(&poll_fd, 1, 0) == 0;
}

bool proc_shows_our_pids(const struct procfs *procfs)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const char *line;
    uint64_t pid;
    size_t used;

    if (procfs_read_file(procfs, "proc/self/status", STATUS_SIZE_MAX, &text, NULL) < 0)
        return false;
    /* A process has a PID in each namespace from that of /proc down to its own: one, if ours. */
    line = strstr(strbuf_string(&text), "\nNSpid:\t");
    if (!line) /* before Linux 4.1 */
        line = strstr(strbuf_string(&text), "\nTgid:\t");
    if (!line)
        return false;
    line = strchr(line, '\t') + 1;
    used = parse_digits(line, strlen(line), &pid);
    return used > 0 && line[used] == '\n' && pid == (uint64_t)getpid();
}
