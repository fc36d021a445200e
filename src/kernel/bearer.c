#include "kernel/bearer.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "kernel/pidstat.h"
#include "kernel/ticks.h"

enum {
    LARGEST_FILE = 8 * 1024 * 1024, /* /proc/stat has a number for each interrupt there is */
    FIRST_AGAIN = 300,              /* RESERVED_PIDS: where numbers go on after the highest */
    MOST_ANCESTORS = 128,
    ATTEMPTS = 3,
};

/* --- The numbers that are given out ----------------------------------------------------------- */

/* Reads the number that follows MARK in a file of /proc. */
static bool read_number(const struct procfs *procfs, const char *path, const char *mark,
                        uint64_t *ret_value)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const char *number;

    if (procfs_read_file(procfs, path, LARGEST_FILE, &text, NULL) < 0)
        return false;
    number = strstr(strbuf_string(&text), mark);
    if (!number)
        return false;
    number += strlen(mark);
    return parse_digits(number, strlen(number), ret_value) > 0;
}

/* The number given out last in our PID namespace: the last word of /proc/loadavg. */
static pid_t read_newest(const struct procfs *procfs)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const char *word;
    uint64_t number;

    if (procfs_read_file(procfs, "proc/loadavg", LARGEST_FILE, &text, NULL) < 0)
        return 0;
    word = strrchr(strbuf_string(&text), ' ');
    if (!word || parse_digits(word + 1, strlen(word + 1), &number) == 0 || number > INT_MAX / 2)
        return 0;
    return (pid_t)number;
}

static bool is_free(pid_t number)
{
    return kill(number, 0) < 0 && errno == ESRCH;
}

static void read_births(const struct procfs *procfs, struct bearer_mark *mark)
{
    mark->births_moment = ticks_since_boot();
    mark->has_births = read_number(procfs, "proc/stat", "\nprocesses ", &mark->births);
}

void bearer_mark_moment(struct bearer_mark *mark)
{
    mark->moment = ticks_since_boot();
    mark->newest = 0;
    mark->free_count = 0;
}

/* How many numbers ahead are worth a look, when so many were given out since the mark before. */
static pid_t look_ahead(pid_t before, pid_t now)
{
    pid_t ahead = before > 0 && now > before ? now - before : 0;

    if (ahead >= BEARER_MOST_AHEAD / 4)
        return BEARER_MOST_AHEAD;
    return ahead * 4 > BEARER_LEAST_AHEAD ? ahead * 4 : BEARER_LEAST_AHEAD;
}

void bearer_mark(const struct procfs *procfs, struct bearer_mark *mark)
{
    pid_t before = mark->newest;
    pid_t last;

    bearer_mark_moment(mark);
    mark->newest = read_newest(procfs);
    last = mark->newest > 0 ? mark->newest + look_ahead(before, mark->newest) : 0;
    /* /proc/stat is dear on large machines: an older count of births will do for a while. */
    if (!mark->has_births || mark->moment - mark->births_moment > TICKS_SECOND)
        read_births(procfs, mark);
    for (pid_t number = mark->newest + 1; number <= last; number++) {
        if (is_free(number))
            mark->free[mark->free_count++] = number;
    }
}

static bool was_free(const struct bearer_mark *mark, pid_t number)
{
    for (size_t i = 0; i < mark->free_count; i++) {
        if (mark->free[i] == number)
            return true;
    }
    return false;
}

/*
 * Whether so many processes were born since MARK that a number may have come twice. Numbers that
 * are in use are passed over: all threads of the machine are taken for such, and half for luck.
 */
static bool may_have_come_round(const struct procfs *procfs, const struct bearer_mark *mark)
{
    uint64_t highest;
    uint64_t births;
    uint64_t threads;

    if (!mark->has_births || !read_number(procfs, "proc/sys/kernel/pid_max", "", &highest) ||
        !read_number(procfs, "proc/loadavg", "/", &threads) ||
        !read_number(procfs, "proc/stat", "\nprocesses ", &births))
        return true;
    return births < mark->births || highest < FIRST_AGAIN ||
           (births - mark->births + threads) * 2 >= highest - FIRST_AGAIN;
}

bool bearer_can_look(const struct procfs *procfs)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf wanted = STRBUF_INIT;

    if (procfs_read_file(procfs, "proc/self/status", LARGEST_FILE, &text, NULL) < 0)
        return false;
    /* One number for each PID namespace, from that of /proc down to ours; since Linux 4.1. */
    strbuf_printf(&wanted, "\nNSpid:\t%d\n", (int)getpid());
    return strstr(strbuf_string(&text), strbuf_string(&wanted)) != NULL;
}

/* --- Ancestors -------------------------------------------------------------------------------- */

struct ancestor {
    pid_t pid;
    struct pidstat stat;
};

/*
 * Goes from PID up to ANCESTOR or to the top. Returns 1 or 0 with all that were met, PID first, or
 * a negative errno.
 */
static int climb(const struct procfs *procfs, pid_t pid, pid_t ancestor, struct ancestor *met,
                 size_t *ret_count)
{
    for (size_t count = 0; count < MOST_ANCESTORS; count++) {
        struct pidstat *stat = &met[count].stat;
        int r = pidstat_read(procfs, pid, stat);

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
 * readings, all these numbers were borne by each other's parents: a parent that is lost does not
 * come back, and only its death can set its number free.
 */
static bool still_hold(const struct procfs *procfs, const struct ancestor *met, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct pidstat stat;

        if (pidstat_read(procfs, met[i].pid, &stat) < 0 || stat.parent != met[i].stat.parent ||
            stat.start != met[i].stat.start)
            return false;
    }
    return true;
}

int bearer_descends(const struct procfs *procfs, pid_t pid, pid_t ancestor, uint64_t *ret_start)
{
    struct ancestor met[MOST_ANCESTORS] = {{0, {0}}};

    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        size_t count = 0;
        int r = climb(procfs, pid, ancestor, met, &count);

        if (r < 0 && count == 0)
            return r;
        if (r < 0 || !still_hold(procfs, met, count))
            continue;
        if (ret_start)
            *ret_start = met[0].stat.start;
        return r;
    }
    return -EAGAIN;
}

/* Whether a process that started in that clock tick was there at MARK. */
static bool was_there(const struct bearer_mark *mark, uint64_t start)
{
    uint64_t second = (uint64_t)sysconf(_SC_CLK_TCK);

    return (start + 1) * (TICKS_SECOND / second) <= mark->moment;
}

enum kin bearer_ask(const struct procfs *procfs, const struct bearer_mark *mark, pid_t number,
                    pid_t ancestor)
{
    uint64_t start;
    int r = bearer_descends(procfs, number, ancestor, &start);

    if (r < 0)
        return KIN_UNSURE;
    if (!was_there(mark, start) && (!was_free(mark, number) || may_have_come_round(procfs, mark)))
        return KIN_UNSURE;
    return r > 0 ? KIN_FAMILY : KIN_STRANGER;
}

int bearer_family(const struct procfs *procfs, pid_t ancestor, void (*take)(void *arg, pid_t pid),
                  void *arg)
{
    CLEANUP_CLOSEDIR DIR *dir = procfs_open_dir(procfs, "proc", NULL);
    const struct dirent *entry;

    if (!dir)
        return -errno;
    while ((entry = procfs_next_entry(dir))) {
        size_t length = strlen(entry->d_name);
        uint64_t number;
        int r;

        if (parse_digits(entry->d_name, length, &number) != length || number == 0 ||
            number > INT_MAX)
            continue;
        r = bearer_descends(procfs, (pid_t)number, ancestor, NULL);
        if (r == 1)
            take(arg, (pid_t)number);
        else if (r < 0 && r != -ENOENT && r != -ESRCH) /* those have ended */
            return r;
    }
    return -errno;
}
