#include "kernel/proc.h"

#include <errno.h>
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
#include "kernel/container_names.h"

enum {
    BUCKETS = 256,
    FILE_SIZE_MAX = 8 * 1024 * 1024, /* arguments are at most a quarter of the stack's limit */
    TREE_TICKS = 100,                /* USER_HZ of every system that a tree may come from */
};

/* More seconds than any clock shows, so that sums of them fit. */
#define TIME_MAX (UINT64_MAX / 8)

struct entry {
    pid_t pid;
    bool has_fact;
    bool has_command;
    bool has_unit;
    bool has_executable;
    struct pid_fact fact;
    int64_t known_since; /* clock_monotonic() when the fact was there; only with has_fact */
    char *command;
    struct cgroup_unit *unit;     /* NULL: none */
    struct executable executable; /* no name: not known */
    struct entry *next;
};

struct proc_cache {
    const struct procfs *procfs;
    struct state_clock clock;
    bool sees_processes; /* /proc shows processes, of the PID namespace that segments speak of */
    int64_t ticks;       /* clock ticks a second */
    struct strbuf scratch;
    struct container_names *names;
    struct entry *buckets[BUCKETS];
};

/*
 * Whether a saved tree shows processes: not so where it holds a few files of some, of which none
 * shows whether and since when it runs. Then nobody is treated as dead.
 */
static bool tree_has_processes(const struct procfs *procfs)
{
    CLEANUP_CLOSEDIR DIR *dir = procfs_open_dir(procfs, "proc", NULL);
    struct proc_stat stat;
    pid_t pid;

    while (dir && (pid = proc_next_pid(dir)) > 0) {
        if (proc_stat_read(procfs, pid, &stat) == 0)
            return true;
    }
    return false;
}

/* Whether a saved tree has anything of a process. */
static bool tree_has_process(const struct procfs *procfs, pid_t pid)
{
    char path[32];
    CLEANUP_CLOSEDIR DIR *dir = NULL;

    snprintf(path, sizeof(path), "proc/%d", (int)pid);
    errno = 0;
    dir = procfs_open_dir(procfs, path, NULL);
    return dir || errno != ENOENT;
}

/* Sets now and boot of the live clock; boot is by the present clock, as the kernel prints btime. */
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
static int64_t start_time(const struct proc_cache *cache, const struct proc_stat *stat)
{
    return cache->clock.boot + (int64_t)(stat->start / (uint64_t)cache->ticks);
}

/*
 * Whether the clock was set forward since boot (a system without a clock of its own, a virtual one
 * that slept): then starts that are worked out by it lie too late. Every /proc is mounted after the
 * first process of its PID namespace started and keeps the time of that; if this process seems to
 * have started later than that, the clock was set in between. A /proc that was mounted long after
 * it, as in a pod with hostPID, tells nothing: what was set meanwhile leaves no trace. Unknown is
 * treated as yes.
 */
static bool was_set_forward(const struct proc_cache *cache)
{
    CLEANUP_CLOSEDIR DIR *dir = procfs_open_dir(cache->procfs, "proc", NULL);
    struct proc_stat first;
    struct stat mounted;
    int64_t delay;

    if (!dir || fstat(dirfd(dir), &mounted) < 0 || proc_stat_read(cache->procfs, 1, &first) < 0)
        return true;
    delay = mounted.st_mtim.tv_sec - start_time(cache, &first);
    return delay < -1 || delay > STATE_MOUNT_DELAY_MAX;
}

/*
 * The clock of a saved tree: now is the moment at which it was saved, if the tree has its uptime.
 * A part of a second is rounded up: the kernel rounds boot down, and nothing in the tree was
 * done later than now.
 */
static void read_tree_clock(const struct procfs *procfs, struct state_clock *clock)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    uint64_t boot;
    uint64_t uptime;
    const char *at;
    size_t used;

    clock->now = time(NULL);
    clock->has_boot =
        procfs_find_number(procfs, "proc/stat", "\nbtime ", &boot) && boot <= TIME_MAX;
    if (!clock->has_boot)
        return;
    clock->boot = (int64_t)boot;
    if (procfs_read_file(procfs, "proc/uptime", 4096, &text, NULL) < 0)
        return;
    at = strbuf_string(&text);
    used = parse_digits(at, text.length, &uptime);
    if (used > 0 && uptime <= TIME_MAX)
        clock->now =
            clock->boot + (int64_t)uptime + (strspn(at + used, ".0") < strcspn(at + used, " \n"));
}

static void read_clock(struct proc_cache *cache)
{
    if (!cache->procfs->live) {
        read_tree_clock(cache->procfs, &cache->clock);
        return;
    }
    read_live_clock(&cache->clock);
    cache->clock.stepped = cache->sees_processes && was_set_forward(cache);
}

struct proc_cache *proc_cache_new(const struct procfs *procfs)
{
    struct proc_cache *cache = xcalloc(1, sizeof(*cache));

    cache->procfs = procfs;
    cache->sees_processes = procfs->live ? proc_shows_our_pids(procfs) : tree_has_processes(procfs);
    cache->ticks = procfs->live ? sysconf(_SC_CLK_TCK) : TREE_TICKS;
    cache->names = container_names_new(procfs);
    return cache;
}

static void drop_entries(struct proc_cache *cache)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        struct entry *next;

        for (struct entry *entry = cache->buckets[i]; entry; entry = next) {
            next = entry->next;
            free(entry->command);
            if (entry->unit)
                cgroup_unit_release(entry->unit);
            free(entry->unit);
            free(entry->executable.name);
            free(entry);
        }
        cache->buckets[i] = NULL;
    }
}

void proc_cache_refresh(struct proc_cache *cache)
{
    drop_entries(cache);
    container_names_free(cache->names);
    cache->names = container_names_new(cache->procfs);
    read_clock(cache);
}

void proc_clock_refresh(struct proc_cache *cache)
{
    if (cache->procfs->live)
        read_live_clock(&cache->clock);
}

void proc_cache_free(struct proc_cache *cache)
{
    if (!cache)
        return;
    drop_entries(cache);
    container_names_free(cache->names);
    strbuf_release(&cache->scratch);
    free(cache);
}

const struct state_clock *proc_clock(struct proc_cache *cache)
{
    return &cache->clock;
}

bool proc_pids_are_ours(const struct proc_cache *cache)
{
    return !cache->procfs->live || cache->sees_processes;
}

static struct entry *find_entry(struct proc_cache *cache, pid_t pid)
{
    struct entry **bucket = &cache->buckets[(unsigned)pid % BUCKETS];
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

static int read_process_file(const struct proc_cache *cache, pid_t pid, const char *name,
                             struct strbuf *text)
{
    char path[64];

    snprintf(path, sizeof(path), "proc/%d/%s", (int)pid, name);
    return procfs_read_file(cache->procfs, path, FILE_SIZE_MAX, text, NULL);
}

pid_t proc_of_thread(const struct procfs *procfs, pid_t thread)
{
    char path[64];
    uint64_t pid;

    snprintf(path, sizeof(path), "proc/%d/status", (int)thread);
    return procfs_find_number(procfs, path, "\nTgid:", &pid) && pid <= INT32_MAX ? (pid_t)pid : 0;
}

/* A PID in /proc may be a thread's, of a process that has others: that of this PID is dead then. */
static bool is_thread(const struct procfs *procfs, pid_t pid, const struct proc_stat *stat)
{
    pid_t leader = stat->threads > 1 ? proc_of_thread(procfs, pid) : 0;

    return leader != 0 && leader != pid;
}

/* What /proc shows of the process; unknown when it does not show it, or not all of it. */
static struct pid_fact read_fact(const struct proc_cache *cache, pid_t pid)
{
    struct pid_fact fact = {.presence = PID_UNKNOWN};
    struct proc_stat stat;
    int r;

    if (!cache->sees_processes)
        return fact;
    r = proc_stat_read(cache->procfs, pid, &stat);
    if (r == -ESRCH ||
        (r == -ENOENT && !cache->procfs->live && !tree_has_process(cache->procfs, pid)))
        fact.presence = PID_GONE;
    if (r < 0)
        return fact;
    /* What ended and was not waited for yet can touch nothing any more. */
    if (proc_stat_is_dead(&stat) || is_thread(cache->procfs, pid, &stat)) {
        fact.presence = PID_GONE;
        return fact;
    }
    fact.presence = PID_ALIVE;
    fact.has_start = cache->clock.has_boot;
    fact.start = start_time(cache, &stat);
    return fact;
}

/* A process that /proc hides (hidepid) answers to kill all the same; a dead one does not. */
static bool is_gone(const struct proc_cache *cache, pid_t pid)
{
    return cache->procfs->live && !proc_exists(pid);
}

struct pid_fact proc_fact(struct proc_cache *cache, pid_t pid)
{
    struct entry *entry = find_entry(cache, pid);

    if (entry->has_fact)
        return entry->fact;
    entry->has_fact = true;
    if (is_gone(cache, pid))
        entry->fact.presence = PID_GONE;
    else
        entry->fact = read_fact(cache, pid);
    if (entry->fact.presence == PID_UNKNOWN && is_gone(cache, pid)) /* it has just exited */
        entry->fact.presence = PID_GONE;
    entry->known_since = clock_monotonic();
    return entry->fact;
}

int64_t proc_known_since(struct proc_cache *cache, pid_t pid)
{
    proc_fact(cache, pid);
    return find_entry(cache, pid)->known_since;
}

/* Arguments are separated by NULs; show them as a shell would be given them. */
static void join_arguments(struct strbuf *text)
{
    while (text->length > 0 && text->data[text->length - 1] == '\0')
        text->length--;
    for (size_t i = 0; i < text->length; i++) {
        if (text->data[i] == '\0')
            text->data[i] = ' ';
    }
}

static char *read_command(struct proc_cache *cache, pid_t pid)
{
    struct strbuf *text = &cache->scratch;

    /* Of a saved tree it is true whatever else is missing. */
    if (!proc_pids_are_ours(cache))
        return NULL;
    strbuf_reset(text);
    if (read_process_file(cache, pid, "cmdline", text) == 0) {
        join_arguments(text);
        if (text->length > 0)
            return xstrndup(text->data, text->length);
    }
    strbuf_reset(text);
    strbuf_putc(text, '[');
    if (read_process_file(cache, pid, "comm", text) < 0)
        return NULL;
    if (text->data[text->length - 1] == '\n')
        text->length--;
    join_arguments(text);
    strbuf_putc(text, ']');
    return xstrndup(text->data, text->length);
}

const char *proc_command(struct proc_cache *cache, pid_t pid)
{
    struct entry *entry = find_entry(cache, pid);

    if (!entry->has_command) {
        entry->has_command = true;
        entry->command = read_command(cache, pid);
    }
    return entry->command;
}

/*
 * What a user's own service manager runs bears names of that user's choice, ids of other users'
 * containers too: it is given no container's name.
 */
static struct cgroup_unit *read_unit(struct proc_cache *cache, pid_t pid)
{
    struct strbuf *text = &cache->scratch;
    struct cgroup_unit unit;
    struct cgroup_unit *kept;
    const char *name = NULL;

    if (!proc_pids_are_ours(cache))
        return NULL;
    strbuf_reset(text);
    if (read_process_file(cache, pid, "cgroup", text) < 0 ||
        !cgroup_parse(strbuf_string(text), text->length, &unit))
        return NULL;
    if (cache->procfs->live && unit.container && !unit.by_user)
        name = container_name(cache->names, unit.kind, unit.container);
    if (name)
        cgroup_unit_set_name(&unit, name);
    kept = xmalloc(sizeof(*kept));
    *kept = unit;
    return kept;
}

const struct cgroup_unit *proc_unit(struct proc_cache *cache, pid_t pid)
{
    struct entry *entry = find_entry(cache, pid);

    if (!entry->has_unit) {
        entry->has_unit = true;
        entry->unit = read_unit(cache, pid);
    }
    return entry->unit;
}

/* --- Executables ------------------------------------------------------------------------------ */

/* Whether the file that /proc/PID/exe leads to is one that root alone can have put there. */
static bool executable_is_roots(const struct proc_cache *cache, const char *path)
{
    struct stat status;

    return fstatat(cache->procfs->root_fd, path, &status, 0) == 0 && status.st_uid == 0 &&
           (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Of a saved tree, which has the file's name alone, and not the file. */
static bool is_installed(const char *target)
{
    static const char *const places[] = {"/usr/", "/opt/", "/bin/", "/sbin/"};
    bool found = false;

    for (size_t i = 0; !found && i < sizeof(places) / sizeof(places[0]); i++)
        found = strncmp(target, places[i], strlen(places[i])) == 0;
    return found;
}

/*
 * Where /proc/PID/exe leads to: it is a link, or where a tree was saved without links, a file with
 * its text. The caller frees it. Returns NULL when it cannot be read.
 */
static char *read_link_text(struct proc_cache *cache, const char *path)
{
    enum { LINK_SIZE_MAX = 4096 };
    struct strbuf *text = &cache->scratch;
    CLEANUP_FREE char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));
    CLEANUP_CLOSE int dir = procfs_open_place(cache->procfs, folder, 0);
    ssize_t length;

    if (dir < 0)
        return NULL;
    strbuf_reset(text);
    strbuf_reserve(text, LINK_SIZE_MAX);
    length = readlinkat(dir, strrchr(path, '/') + 1, text->data, LINK_SIZE_MAX);
    if (length > 0)
        return xstrndup(text->data, strnlen(text->data, (size_t)length));
    if (cache->procfs->live ||
        procfs_read_file(cache->procfs, path, LINK_SIZE_MAX, text, NULL) < 0 || text->length == 0 ||
        text->data[0] != '/')
        return NULL;
    return xstrndup(text->data, strcspn(text->data, "\n"));
}

/* Cuts off what the kernel appends to the name of a file that was replaced since. */
static void cut_deleted(char *target)
{
    static const char mark[] = " (deleted)";
    size_t length = strlen(target);

    if (length > strlen(mark) && strcmp(target + length - strlen(mark), mark) == 0)
        target[length - strlen(mark)] = '\0';
}

static struct executable read_executable(struct proc_cache *cache, pid_t pid)
{
    struct executable executable = {.name = NULL};
    struct strbuf *text = &cache->scratch;
    CLEANUP_FREE char *target = NULL;
    char path[64];

    if (!proc_pids_are_ours(cache))
        return executable;
    snprintf(path, sizeof(path), "proc/%d/exe", (int)pid);
    target = read_link_text(cache, path);
    if (target && strchr(target, '/')) {
        cut_deleted(target);
        executable.is_file = true;
        executable.is_sure =
            cache->procfs->live ? executable_is_roots(cache, path) : is_installed(target);
        executable.name = xstrdup(strrchr(target, '/') + 1);
        return executable;
    }
    strbuf_reset(text);
    if (read_process_file(cache, pid, "comm", text) == 0)
        executable.name = xstrndup(strbuf_string(text), strcspn(strbuf_string(text), "\n"));
    return executable;
}

const struct executable *proc_executable(struct proc_cache *cache, pid_t pid)
{
    struct entry *entry = find_entry(cache, pid);

    if (!entry->has_executable) {
        entry->has_executable = true;
        entry->executable = read_executable(cache, pid);
    }
    return entry->executable.name ? &entry->executable : NULL;
}
