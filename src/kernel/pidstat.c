#include "kernel/pidstat.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"

enum { LARGEST_STAT = 64 * 1024 };

/* PF_KTHREAD of linux/sched.h: not part of the kernel's promised interface, but the same since
 * 2.6.27, and what ps(1) and systemd look at. */
#define KERNEL_THREAD UINT64_C(0x00200000)

bool pidstat_parse(const char *line, struct pidstat *ret_stat)
{
    struct pidstat stat = {0};
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

int pidstat_read(const struct procfs *procfs, pid_t pid, struct pidstat *ret_stat)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    char path[64];
    int r;

    snprintf(path, sizeof(path), "proc/%d/stat", (int)pid);
    r = procfs_read_file(procfs, path, LARGEST_STAT, &text, NULL);
    if (r < 0)
        return r;
    return pidstat_parse(strbuf_string(&text), ret_stat) ? 0 : -EBADMSG;
}

bool pidstat_is_dead(const struct pidstat *stat)
{
    /* A dead leader with living threads is still its process. */
    return (stat->state == 'Z' || stat->state == 'X') && stat->threads <= 1;
}

bool pidstat_is_kernel(const struct pidstat *stat)
{
    return (stat->flags & KERNEL_THREAD) != 0;
}
