#include "look.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

struct look *look_at(const struct tree *tree)
{
    struct look *look = calloc(1, sizeof(*look));

    assert_non_null(look);
    assert_int_equal(procfs_open(&look->procfs, tree ? tree->path : NULL, NULL), 0);
    look->proc = proc_cache_new(&look->procfs);
    proc_cache_refresh(look->proc);
    return look;
}

void look_away(struct look **look)
{
    proc_cache_free((*look)->proc);
    procfs_close(&(*look)->procfs);
    free(*look);
}

pid_t start_child(void)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    return child;
}

void end_child(pid_t child)
{
    /* By the system call: kill() may be bent. */
    syscall(SYS_kill, child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

time_t honest_clock_offset(void)
{
    struct timespec now;
    struct timespec since_boot;
    struct procfs procfs;
    struct proc_stat first;
    struct stat mounted;

    assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
    assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &since_boot), 0);
    assert_int_equal(procfs_open(&procfs, NULL, NULL), 0);
    assert_int_equal(proc_stat_read(&procfs, 1, &first), 0);
    procfs_close(&procfs);
    assert_int_equal(stat("/proc", &mounted), 0);
    return mounted.st_mtim.tv_sec - (now.tv_sec - since_boot.tv_sec) -
           (time_t)(first.start / (uint64_t)sysconf(_SC_CLK_TCK));
}

void put_stat(const struct tree *tree, int pid, const char *name, char process_state,
              unsigned threads, unsigned long long start)
{
    char path[64];
    char line[512];

    snprintf(path, sizeof(path), "proc/%d/stat", pid);
    snprintf(line, sizeof(line),
             "%d (%s) %c 1 %d %d 0 -1 4194560 198 0 0 0 0 0 0 0 20 0 %u 0 %llu 2936832 357 "
             "18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
             pid, name, process_state, pid, pid, threads, start);
    tree_puts(tree, path, line);
}

void put_clock(const struct tree *tree)
{
    tree_puts(tree, "proc/stat",
              "cpu  1 2 3\nintr 1 btime 5\nctxt 1\nbtime 1000000\nprocesses 9\n");
    tree_puts(tree, "proc/uptime", "5000.25 9000.00\n");
}
