#include "kernel/ancestry.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/xalloc.h"
#include "kernel/proc.h"

enum {
    LOADAVG_SIZE_MAX = 4096,
    FIRST_AGAIN = 300, /* RESERVED_PIDS: where PIDs go on after the highest */
    ANCESTORS_MAX = 128,
    ATTEMPTS_MAX = 3,
};

/* --- The PIDs that are given out -------------------------------------------------------------- */

/*
 * /proc/loadavg: how many threads there are on the system, and the PID given out last in our PID
 * namespace. Returns false when it cannot be read.
 */
static bool read_loadavg(const struct procfs *procfs, uint64_t *ret_threads, pid_t *ret_newest)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const char *at;
    uint64_t number;
    size_t used;

    if (procfs_read_file(procfs, "proc/loadavg", LOADAVG_SIZE_MAX, &text, NULL) < 0)
        return false;
    at = strchr(strbuf_string(&text), '/'); /* "0.10 0.20 0.30 2/150 12345": running, threads */
    used = at ? parse_digits(at + 1, strlen(at + 1), ret_threads) : 0;
    if (used == 0 || at[1 + used] != ' ')
        return false;
    at += used + 2;
    if (parse_digits(at, strlen(at), &number) == 0 || number > INT_MAX / 2)
        return false;
    *ret_newest = (pid_t)number;
    return true;
}

void ancestry_mark_moment(struct ancestry_mark *mark)
{
    mark->moment = clock_since_boot();
    mark->newest = 0;
    mark->free_count = 0;
}

/* How many PIDs ahead to inspect, when so many were given out since the mark before. */
static pid_t look_ahead(pid_t before, pid_t now)
{
    pid_t ahead = before > 0 && now > before ? now - before : 0;

    if (ahead >= ANCESTRY_AHEAD_MAX / 4)
        return ANCESTRY_AHEAD_MAX;
    return ahead * 4 > ANCESTRY_AHEAD_MIN ? ahead * 4 : ANCESTRY_AHEAD_MIN;
}

void ancestry_mark(const struct procfs *procfs, struct ancestry_mark *mark)
{
    pid_t before = mark->newest;
    uint64_t threads;
    pid_t last;

    ancestry_mark_moment(mark);
    if (!read_loadavg(procfs, &threads, &mark->newest))
        mark->newest = 0;
    last = mark->newest > 0 ? mark->newest + look_ahead(before, mark->newest) : 0;
    /* /proc/stat is expensive on large systems: an older count of forks will do for a while. */
    if (!mark->has_forks || mark->moment - mark->forks_moment > NSEC_PER_SEC) {
        mark->forks_moment = clock_since_boot();
        mark->has_forks = procfs_find_number(procfs, "proc/stat", "\nprocesses ", &mark->forks);
    }
    for (pid_t pid = mark->newest + 1; pid <= last; pid++) {
        if (!proc_exists(pid))
            mark->free[mark->free_count++] = pid;
    }
}

static bool was_free(const struct ancestry_mark *mark, pid_t pid)
{
    for (size_t i = 0; i < mark->free_count; i++) {
        if (mark->free[i] == pid)
            return true;
    }
    return false;
}

/*
 * Whether so many processes were started since MARK that a PID may have come twice. The kernel
 * skips PIDs that are in use: all threads of the system count as such, and half is left for safety.
 */
static bool may_have_come_round(const struct procfs *procfs, const struct ancestry_mark *mark)
{
    uint64_t highest;
    uint64_t forks;
    uint64_t threads;
    pid_t newest;

    if (!mark->has_forks ||
        procfs_read_number(procfs, "proc/sys/kernel/pid_max", &highest, NULL) < 0 ||
        !read_loadavg(procfs, &threads, &newest) ||
        !procfs_find_number(procfs, "proc/stat", "\nprocesses ", &forks))
        return true;
    return forks < mark->forks || highest < FIRST_AGAIN ||
           (forks - mark->forks + threads) * 2 >= highest - FIRST_AGAIN;
}

bool ancestry_is_not_reused(const struct procfs *procfs, const struct ancestry_mark *mark,
                            pid_t pid)
{
    uint64_t threads;
    pid_t newest;

    if (mark->newest == 0 || !read_loadavg(procfs, &threads, &newest) ||
        may_have_come_round(procfs, mark))
        return false;
    /* Those from the one after the mark's newest to the newest now had their turn. */
    if (newest >= mark->newest)
        return pid <= mark->newest || pid > newest;
    return pid <= mark->newest && pid > newest;
}

/* --- Ancestors -------------------------------------------------------------------------------- */

struct ancestor {
    pid_t pid;
    struct proc_stat stat;
};

/*
 * Goes from PID up to ANCESTOR or to the top. Returns 1 or 0 with all that were met, PID first, or
 * a negative errno.
 */
static int climb_to_ancestor(const struct procfs *procfs, pid_t pid, pid_t ancestor,
                             struct ancestor *met, size_t *ret_count)
{
    for (size_t count = 0; count < ANCESTORS_MAX; count++) {
        struct proc_stat *stat = &met[count].stat;
        int r = proc_stat_read(procfs, pid, stat);

        if (r < 0)
            return r;
        met[count].pid = pid;
        *ret_count = count + 1;
        if (stat->parent == (uint64_t)ancestor)
            return 1;
        if (stat->parent == 0)
            return 0;
        if (stat->parent > INT_MAX)
            return -EBADMSG;
        pid = (pid_t)stat->parent;
    }
    return -ELOOP;
}

/*
 * Whether all are still the same and have the same parents. Then, at the moment between the two
 * readings, all these PIDs were those of each other's parents: a parent that is lost does not come
 * back, and only its exit can set its PID free.
 */
static bool are_unchanged(const struct procfs *procfs, const struct ancestor *met, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct proc_stat stat;

        if (proc_stat_read(procfs, met[i].pid, &stat) < 0 || stat.parent != met[i].stat.parent ||
            stat.start != met[i].stat.start)
            return false;
    }
    return true;
}

int ancestry_descends(const struct procfs *procfs, pid_t pid, pid_t ancestor, uint64_t *ret_start)
{
    struct ancestor met[ANCESTORS_MAX] = {{0, {0}}};

    for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        size_t count = 0;
        int r = climb_to_ancestor(procfs, pid, ancestor, met, &count);

        if (r < 0 && count == 0)
            return r;
        if (r < 0 || !are_unchanged(procfs, met, count))
            continue;
        if (ret_start)
            *ret_start = met[0].stat.start;
        return r;
    }
    return -EAGAIN;
}

enum descent ancestry_check(const struct procfs *procfs, const struct ancestry_mark *mark,
                            pid_t pid, pid_t ancestor)
{
    const uint64_t tick = NSEC_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK);
    uint64_t start; /* the tick in which it started */
    bool was_there;
    int r = ancestry_descends(procfs, pid, ancestor, &start);

    if (r < 0)
        return DESCENT_UNKNOWN;
    was_there = (start + 1) * tick <= mark->moment;
    if (!was_there && (!was_free(mark, pid) || may_have_come_round(procfs, mark)))
        return DESCENT_UNKNOWN;
    return r > 0 ? DESCENT_DESCENDANT : DESCENT_UNRELATED;
}

int ancestry_list_descendants(const struct procfs *procfs, pid_t ancestor, pid_t **ret_pids,
                              size_t *ret_count)
{
    CLEANUP_CLOSEDIR DIR *dir = procfs_open_dir(procfs, "proc", NULL);
    size_t capacity = 0;
    pid_t pid;

    *ret_pids = NULL;
    *ret_count = 0;
    if (!dir)
        return -errno;
    while ((pid = proc_next_pid(dir)) > 0) {
        int r = ancestry_descends(procfs, pid, ancestor, NULL);

        if (r < 0 && r != -ENOENT && r != -ESRCH) /* those have exited */
            return r;
        if (r <= 0)
            continue;
        *ret_pids = xgrow(*ret_pids, *ret_count, &capacity, sizeof(pid));
        (*ret_pids)[(*ret_count)++] = pid;
    }
    return -errno;
}

int ancestry_add_descendants(const struct procfs *procfs, pid_t ancestor,
                             struct descendants *descendants)
{
    CLEANUP_FREE pid_t *pids = NULL;
    size_t count;
    int r = ancestry_list_descendants(procfs, ancestor, &pids, &count);

    for (size_t i = 0; i < count; i++)
        descendants_add(descendants, pids[i]);
    return r;
}
