#include "kernel/pids.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/xalloc.h"

enum {
    BUCKETS = 256,
    LARGEST_STAT = 64 * 1024,
    LARGEST_COMMAND = 8 * 1024 * 1024, /* arguments are at most a quarter of the stack's limit */
    TREE_TICKS = 100,                  /* USER_HZ of every machine that a tree may come from */
};

struct entry {
    pid_t pid;
    bool has_fact;
    bool has_command;
    struct pid_fact fact;
    char *command;
    struct entry *next;
};

struct pids {
    const struct procfs *procfs;
    struct state_clock clock;
    bool sees_processes; /* /proc shows processes, of the PID namespace that segments speak of */
    int64_t ticks;       /* clock ticks a second */
    struct entry *buckets[BUCKETS];
};

/* Whether /proc/PID is the process that kill(PID) means: not so under another namespace's /proc. */
static bool is_own_proc(const struct procfs *procfs)
{
    char self[32];
    char own[32];

    snprintf(own, sizeof(own), "%d", (int)getpid());
    return procfs_read_link(procfs, "proc/self", self, sizeof(self)) == 0 &&
           strcmp(self, own) == 0;
}

static bool tree_has_processes(const struct procfs *procfs)
{
    CLEANUP_CLOSEDIR DIR *dir = procfs_open_dir(procfs, "proc", NULL);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
            return true;
    }
    return false;
}

/* The live boot time, by the present clock: what the kernel prints as btime. */
static int64_t live_boot(void)
{
    struct timespec now;
    struct timespec since_boot;

    clock_gettime(CLOCK_REALTIME, &now);
    clock_gettime(CLOCK_BOOTTIME, &since_boot);
    return now.tv_sec - since_boot.tv_sec - (now.tv_nsec < since_boot.tv_nsec);
}

static bool tree_boot(const struct procfs *procfs, int64_t *ret_boot)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const char *line;
    uint64_t boot;

    if (procfs_read_file(procfs, "proc/stat", LARGEST_COMMAND, &text, NULL) < 0)
        return false;
    line = strstr(strbuf_string(&text), "\nbtime ");
    if (!line || parse_digits(line + 7, strlen(line + 7), &boot) == 0 || boot > INT64_MAX)
        return false;
    *ret_boot = (int64_t)boot;
    return true;
}

struct pids *pids_new(const struct procfs *procfs)
{
    struct pids *pids = xcalloc(1, sizeof(*pids));

    pids->procfs = procfs;
    pids->clock.now = time(NULL);
    if (procfs->live) {
        pids->sees_processes = is_own_proc(procfs);
        pids->ticks = sysconf(_SC_CLK_TCK);
        pids->clock.has_boot = true;
        pids->clock.boot = live_boot();
    } else {
        pids->sees_processes = tree_has_processes(procfs);
        pids->ticks = TREE_TICKS;
        pids->clock.has_boot = tree_boot(procfs, &pids->clock.boot);
    }
    return pids;
}

void pids_forget(struct pids *pids)
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
    pids->clock.now = time(NULL);
    if (pids->procfs->live)
        pids->clock.boot = live_boot();
}

void pids_free(struct pids *pids)
{
    if (!pids)
        return;
    pids_forget(pids);
    free(pids);
}

const struct state_clock *pids_clock(struct pids *pids)
{
    return &pids->clock;
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

/* proc_pid_stat(5): pid (comm) state ppid ...; comm may hold blanks and parentheses. */
static bool parse_stat(const char *text, char *ret_state, uint64_t *ret_threads,
                       uint64_t *ret_start)
{
    const char *field = strrchr(text, ')');

    if (!field || field[1] != ' ' || !field[2])
        return false;
    *ret_state = field[2];
    field += 2;
    for (int number = 3; number < 22; number++) {
        field = strchr(field, ' ');
        if (!field)
            return false;
        field++;
        if (number + 1 == 20 && parse_digits(field, strlen(field), ret_threads) == 0)
            return false;
    }
    return parse_digits(field, strlen(field), ret_start) > 0;
}

/* A number in /proc may be a thread's: then the process of that number is dead. */
static bool is_thread(const struct pids *pids, pid_t pid)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const char *line;
    uint64_t leader;

    if (read_process_file(pids, pid, "status", LARGEST_STAT, &text) < 0)
        return false;
    line = strstr(strbuf_string(&text), "\nTgid:\t");
    return line && parse_digits(line + 7, strlen(line + 7), &leader) > 0 &&
           leader != (uint64_t)pid;
}

/* What /proc tells of a process that there is, by all that is known so far. */
static struct pid_fact describe(const struct pids *pids, pid_t pid, enum pid_presence missing)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    struct pid_fact fact = {.presence = PID_ALIVE};
    uint64_t threads;
    uint64_t start;
    char state;
    int r;

    if (!pids->sees_processes) {
        fact.presence = missing;
        return fact;
    }
    r = read_process_file(pids, pid, "stat", LARGEST_STAT, &text);
    if (r == -ENOENT)
        fact.presence = pids->procfs->live ? missing : PID_GONE;
    else if (r == -ESRCH)
        fact.presence = PID_GONE;
    if (r < 0 || !parse_stat(strbuf_string(&text), &state, &threads, &start))
        return fact;
    /* A dead leader with living threads is still its process; alone it can touch nothing more. */
    if (((state == 'Z' || state == 'X') && threads <= 1) || is_thread(pids, pid)) {
        fact.presence = PID_GONE;
        return fact;
    }
    fact.has_start = pids->clock.has_boot;
    fact.start = pids->clock.boot + (int64_t)(start / (uint64_t)pids->ticks);
    return fact;
}

struct pid_fact pids_fact(struct pids *pids, pid_t pid)
{
    struct entry *entry = find_entry(pids, pid);

    if (entry->has_fact)
        return entry->fact;
    entry->has_fact = true;
    if (!pids->procfs->live)
        entry->fact = describe(pids, pid, PID_UNKNOWN);
    else if (kill(pid, 0) < 0 && errno == ESRCH)
        entry->fact = (struct pid_fact){.presence = PID_GONE};
    else
        entry->fact = describe(pids, pid, PID_ALIVE); /* hidden: it answers to kill all the same */
    return entry->fact;
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
    if (text->data)
        text->data[text->length] = '\0';
}

static char *read_command(const struct pids *pids, pid_t pid)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf name = STRBUF_INIT;

    if (!pids->sees_processes)
        return NULL;
    if (read_process_file(pids, pid, "cmdline", LARGEST_COMMAND, &text) == 0) {
        join_arguments(&text);
        if (text.length > 0)
            return steal_pointer(&text.data);
    }
    strbuf_reset(&text);
    if (read_process_file(pids, pid, "comm", LARGEST_STAT, &text) < 0)
        return NULL;
    if (text.length > 0 && text.data[text.length - 1] == '\n')
        text.data[--text.length] = '\0';
    join_arguments(&text);
    strbuf_printf(&name, "[%s]", strbuf_string(&text));
    return steal_pointer(&name.data);
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
