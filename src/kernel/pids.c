#include "kernel/pids.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "base/xalloc.h"
#include "kernel/pidstat.h"
#include "kernel/sysv.h"

enum {
    BUCKETS = 256,
    LARGEST_FILE = 8 * 1024 * 1024, /* arguments are at most a quarter of the stack's limit */
    TREE_TICKS = 100,               /* USER_HZ of every machine that a tree may come from */
};

struct entry {
    pid_t pid;
    bool has_fact;
    bool has_command;
    struct pid_fact fact;
    int64_t known_since; /* clock_monotonic() when the fact was there; only with has_fact */
    char *command;
    struct entry *next;
};

struct pids {
    const struct procfs *procfs;
    struct state_clock clock;
    bool sees_processes; /* /proc shows processes, of the PID namespace that segments speak of */
    int64_t ticks;       /* clock ticks a second */
    struct strbuf scratch;
    struct entry *buckets[BUCKETS];
};

/*
 * Whether /proc/PID is the process that kill(PID) means: not so where /proc was mounted in another
 * PID namespace. A process has a number in each namespace from that of /proc down to its own.
 */
static bool is_own_proc(const struct procfs *procfs)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const char *line;
    uint64_t pid;
    size_t used;

    if (procfs_read_file(procfs, "proc/self/status", LARGEST_FILE, &text, NULL) < 0)
        return false;
    line = strstr(strbuf_string(&text), "\nNSpid:\t");
    if (!line) /* before Linux 4.1 */
        line = strstr(strbuf_string(&text), "\nTgid:\t");
    if (!line)
        return false;
    line = strchr(line, '\t') + 1;
    used = parse_digits(line, strlen(line), &pid);
    return used > 0 && line[used] == '\n' && pid == (uint64_t)getpid();
}

/*
 * Whether a saved tree shows processes: not so where it holds a few files of some, of which none
 * tells whether and since when it runs. Then nobody is taken for dead.
 */
static bool tree_has_processes(const struct procfs *procfs)
{
    CLEANUP_CLOSEDIR DIR *dir = procfs_open_dir(procfs, "proc", NULL);
    const struct dirent *entry;

    while (dir && (entry = procfs_next_entry(dir))) {
        size_t length = strlen(entry->d_name);
        struct pidstat stat;
        uint64_t pid;

        if (parse_digits(entry->d_name, length, &pid) == length && pid > 0 && pid <= INT_MAX &&
            pidstat_read(procfs, (pid_t)pid, &stat) == 0)
            return true;
    }
    return false;
}

/* Whether a saved tree has anything of a process. */
static bool tree_knows(const struct procfs *procfs, pid_t pid)
{
    char path[32];
    CLEANUP_CLOSEDIR DIR *dir = NULL;

    snprintf(path, sizeof(path), "proc/%d", (int)pid);
    errno = 0;
    dir = procfs_open_dir(procfs, path, NULL);
    return dir || errno != ENOENT;
}

/* Sets the live clock; the boot time is by the present clock, as the kernel prints btime. */
static void read_live_clock(struct state_clock *clock)
{
    struct timespec now;
    struct timespec since_boot;

    clock_gettime(CLOCK_REALTIME, &now);
    clock_gettime(CLOCK_BOOTTIME, &since_boot);
    clock->now = now.tv_sec;
    clock->has_boot = true;
    clock->boot = now.tv_sec - since_boot.tv_sec - (now.tv_nsec < since_boot.tv_nsec);
}

/* When a process started, by the present clock. */
static int64_t start_time(const struct pids *pids, const struct pidstat *stat)
{
    return pids->clock.boot + (int64_t)(stat->start / (uint64_t)pids->ticks);
}

/*
 * Whether the clock was set forward since boot (a machine without a clock of its own, a virtual one
 * that slept): then starts that are worked out by it lie too late. Every /proc is mounted after the
 * first process of its PID namespace started and keeps the time of that; if this process seems to
 * have started later than that, the clock was set in between. Unknown is taken for yes.
 */
static bool was_set_forward(const struct pids *pids)
{
    CLEANUP_CLOSEDIR DIR *dir = procfs_open_dir(pids->procfs, "proc", NULL);
    struct pidstat first;
    struct stat mounted;

    if (!dir || fstat(dirfd(dir), &mounted) < 0 || pidstat_read(pids->procfs, 1, &first) < 0)
        return true;
    return start_time(pids, &first) > mounted.st_mtim.tv_sec + 1;
}

/* The number of seconds that a file of /proc begins with, or that follows MARK in it. */
static bool read_seconds(const struct procfs *procfs, const char *path, const char *mark,
                         int64_t *ret_seconds)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const char *number;
    uint64_t value;

    if (procfs_read_file(procfs, path, LARGEST_FILE, &text, NULL) < 0)
        return false;
    number = strstr(strbuf_string(&text), mark);
    if (!number)
        return false;
    number += strlen(mark);
    if (parse_digits(number, strlen(number), &value) == 0 || value > INT64_MAX / 4)
        return false;
    *ret_seconds = (int64_t)value;
    return true;
}

/* The clock of a saved tree: now is the moment at which it was saved, if the tree tells. */
static void read_tree_clock(const struct procfs *procfs, struct state_clock *clock)
{
    int64_t uptime;

    clock->now = time(NULL);
    clock->has_boot = read_seconds(procfs, "proc/stat", "\nbtime ", &clock->boot);
    if (clock->has_boot && read_seconds(procfs, "proc/uptime", "", &uptime))
        clock->now = clock->boot + uptime;
}

static void read_clock(struct pids *pids)
{
    if (!pids->procfs->live) {
        read_tree_clock(pids->procfs, &pids->clock);
        return;
    }
    read_live_clock(&pids->clock);
    pids->clock.stepped = pids->sees_processes && was_set_forward(pids);
}

struct pids *pids_new(const struct procfs *procfs)
{
    struct pids *pids = xcalloc(1, sizeof(*pids));

    pids->procfs = procfs;
    pids->sees_processes = procfs->live ? is_own_proc(procfs) : tree_has_processes(procfs);
    pids->ticks = procfs->live ? sysconf(_SC_CLK_TCK) : TREE_TICKS;
    read_clock(pids);
    return pids;
}

static void drop_entries(struct pids *pids)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        struct entry *next;

        for (struct entry *entry = pids->buckets[i]; entry; entry = next) {
            next = entry->next;
            free(entry->command);
            free(entry);
        }
        pids->buckets[i] = NULL;
    }
}

void pids_forget(struct pids *pids)
{
    drop_entries(pids);
    read_clock(pids);
}

void pids_free(struct pids *pids)
{
    if (!pids)
        return;
    drop_entries(pids);
    strbuf_release(&pids->scratch);
    free(pids);
}

const struct state_clock *pids_clock(struct pids *pids)
{
    return &pids->clock;
}

bool pids_are_ours(const struct pids *pids)
{
    return !pids->procfs->live || pids->sees_processes;
}

static struct entry *find_entry(struct pids *pids, pid_t pid)
{
    struct entry **bucket = &pids->buckets[(unsigned)pid % BUCKETS];
    struct entry *entry = *bucket;

    while (entry && entry->pid != pid)
        entry = entry->next;
    if (entry)
        return entry;
    entry = xcalloc(1, sizeof(*entry));
    entry->pid = pid;
    entry->next = *bucket;
    *bucket = entry;
    return entry;
}

static int read_process_file(const struct pids *pids, pid_t pid, const char *name, size_t limit,
                             struct strbuf *text)
{
    char path[64];

    snprintf(path, sizeof(path), "proc/%d/%s", (int)pid, name);
    return procfs_read_file(pids->procfs, path, limit, text, NULL);
}

/* A number in /proc may be a thread's: then the process of that number is dead. */
static bool is_thread(const struct pids *pids, pid_t pid)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const char *line;
    uint64_t leader;

    if (read_process_file(pids, pid, "status", LARGEST_FILE, &text) < 0)
        return false;
    line = strstr(strbuf_string(&text), "\nTgid:\t");
    return line && parse_digits(line + 7, strlen(line + 7), &leader) > 0 && leader != (uint64_t)pid;
}

/* What /proc tells of the process; unknown when it does not show it, or not all of it. */
static struct pid_fact describe(const struct pids *pids, pid_t pid)
{
    struct pid_fact fact = {.presence = PID_UNKNOWN};
    struct pidstat stat;
    int r;

    if (!pids->sees_processes)
        return fact;
    r = pidstat_read(pids->procfs, pid, &stat);
    if (r == -ESRCH || (r == -ENOENT && !pids->procfs->live && !tree_knows(pids->procfs, pid)))
        fact.presence = PID_GONE;
    if (r < 0)
        return fact;
    /* What ended and was not waited for yet can touch nothing any more. */
    if (pidstat_is_dead(&stat) || is_thread(pids, pid)) {
        fact.presence = PID_GONE;
        return fact;
    }
    fact.presence = PID_ALIVE;
    fact.has_start = pids->clock.has_boot;
    fact.start = start_time(pids, &stat);
    return fact;
}

static bool is_dead(pid_t pid)
{
    return kill(pid, 0) < 0 && errno == ESRCH;
}

struct pid_fact pids_fact(struct pids *pids, pid_t pid)
{
    struct entry *entry = find_entry(pids, pid);

    if (entry->has_fact)
        return entry->fact;
    entry->has_fact = true;
    entry->fact = describe(pids, pid);
    /* A process that /proc hides (hidepid) answers to kill all the same; a dead one does not. */
    if (pids->procfs->live && is_dead(pid))
        entry->fact = (struct pid_fact){.presence = PID_GONE};
    entry->known_since = clock_monotonic();
    return entry->fact;
}

/* Arguments are separated by NULs; show them as a shell would be given them. */
static void join_arguments(struct strbuf *text)
{
    while (text->length > 0 && text->data[text->length - 1] == '\0')
        strbuf_truncate(text, text->length - 1);
    for (size_t i = 0; i < text->length; i++) {
        if (text->data[i] == '\0')
            text->data[i] = ' ';
    }
}

static char *read_command(struct pids *pids, pid_t pid)
{
    struct strbuf *text = &pids->scratch;

    /* Of a saved tree it is true whatever else is missing. */
    if (!pids_are_ours(pids))
        return NULL;
    strbuf_reset(text);
    if (read_process_file(pids, pid, "cmdline", LARGEST_FILE, text) == 0) {
        join_arguments(text);
        if (text->length > 0)
            return xstrndup(text->data, text->length);
    }
    strbuf_reset(text);
    strbuf_putc(text, '[');
    if (read_process_file(pids, pid, "comm", LARGEST_FILE, text) < 0)
        return NULL;
    if (text->data[text->length - 1] == '\n')
        strbuf_truncate(text, text->length - 1);
    join_arguments(text);
    strbuf_putc(text, ']');
    return xstrndup(text->data, text->length);
}

const char *pids_command(struct pids *pids, pid_t pid)
{
    struct entry *entry = find_entry(pids, pid);

    if (!entry->has_command) {
        entry->has_command = true;
        entry->command = read_command(pids, pid);
    }
    return entry->command;
}

/* What is known of a process that a segment names; 0 names none. */
static struct pid_fact named_fact(struct pids *pids, pid_t pid)
{
    return pid > 0 ? pids_fact(pids, pid) : (struct pid_fact){.presence = PID_UNKNOWN};
}

/* Whether it was known of the process before the segment was read. */
static bool knew_before(struct pids *pids, pid_t pid, const struct segment *segment)
{
    return pid == 0 || find_entry(pids, pid)->known_since < segment->read_at;
}

/* Whether anything was done with the segment since it was read; not so when it is gone. */
static bool was_touched(const struct segment *segment)
{
    struct segment now;

    return sysv_stat(segment->shmid, &now) == 0 &&
           (now.nattch != segment->nattch || now.cpid != segment->cpid ||
            now.lpid != segment->lpid || now.atime != segment->atime ||
            now.dtime != segment->dtime || now.ctime != segment->ctime);
}

enum segment_state pids_state(struct pids *pids, const struct segment *segment)
{
    struct pid_fact none = {.presence = PID_UNKNOWN};
    enum segment_state state;

    if (segment->nattch > 0)
        return segment_state(segment, none, none, &pids->clock);
    state = segment_state(segment, named_fact(pids, segment->cpid), named_fact(pids, segment->lpid),
                          &pids->clock);
    if (state != STATE_ORPHAN || !pids->procfs->live)
        return state;
    /*
     * When the processes were looked at later than the segment, somebody may have attached it in
     * between, and its creator ended behind that: then it never was the orphan that it seems.
     */
    if (knew_before(pids, segment->cpid, segment) && knew_before(pids, segment->lpid, segment))
        return state;
    return was_touched(segment) ? STATE_UNKNOWN : state;
}

enum pid_presence pids_creator(struct pids *pids, const struct segment *segment)
{
    return segment_creator(segment, named_fact(pids, segment->cpid), &pids->clock);
}

enum pid_presence pids_last_user(struct pids *pids, const struct segment *segment)
{
    return segment_last_user(segment, named_fact(pids, segment->lpid), &pids->clock);
}

const char *pids_creator_command(struct pids *pids, const struct segment *segment)
{
    if (pids_creator(pids, segment) != PID_ALIVE)
        return NULL;
    return pids_command(pids, segment->cpid);
}
