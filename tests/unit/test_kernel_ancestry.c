/*
 * kernel/ancestry: who has a PID, from whom does that process descend, and since when?
 *
 * wrap: kill clock_gettime readdir
 */
#include "kernel/ancestry.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "kernel/proc.h"
#include "tree.h"
#include "unit.h"

/* --- The system, bent where a test wants it --------------------------------------------------- */

enum { NONE_FREE = -1 };

static pid_t taken;     /* a PID that kill() finds in use; NONE_FREE: all */
static uint64_t uptime; /* what the clock shows, in ns; 0: the real one */

static int read_failure; /* of directories, once `entries_left` entries were read; 0: none */
static int entries_left;

int __real_kill(pid_t pid, int signal_number);
int __wrap_kill(pid_t pid, int signal_number);
int __real_clock_gettime(clockid_t id, struct timespec *time);
int __wrap_clock_gettime(clockid_t id, struct timespec *time);
struct dirent *__real_readdir(DIR *dir);
struct dirent *__wrap_readdir(DIR *dir);

int __wrap_kill(pid_t pid, int signal_number)
{
    if (signal_number != 0)
        return __real_kill(pid, signal_number);
    if (taken == NONE_FREE || pid == taken)
        return 0;
    errno = ESRCH;
    return -1;
}

int __wrap_clock_gettime(clockid_t id, struct timespec *time)
{
    int r = __real_clock_gettime(id, time);

    if (uptime > 0) {
        time->tv_sec = (time_t)(uptime / NSEC_PER_SEC);
        time->tv_nsec = (long)(uptime % NSEC_PER_SEC);
    }
    return r;
}

struct dirent *__wrap_readdir(DIR *dir)
{
    if (!read_failure || entries_left-- > 0)
        return __real_readdir(dir);
    errno = read_failure;
    return NULL;
}

/* --- A system -------------------------------------------------------------------------------- */

/* What a process of the tree is; the clock ticks a hundred times a second. */
static void put_process(const struct tree *tree, int pid, int parent, unsigned long long start)
{
    char path[64];
    char line[256];

    snprintf(path, sizeof(path), "proc/%d/stat", pid);
    snprintf(line, sizeof(line),
             "%d (a) b (c) S %d 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 %llu 1 1\n", pid, parent,
             start);
    tree_puts(tree, path, line);
}

static void put_counts(const struct tree *tree, unsigned newest, unsigned forks)
{
    char line[128];

    snprintf(line, sizeof(line), "0.10 0.20 0.30 2/150 %u\n", newest);
    tree_puts(tree, "proc/loadavg", line);
    snprintf(line, sizeof(line), "cpu  1 2 3\nctxt 99\nbtime 5\nprocesses %u\nprocs_running 1\n",
             forks);
    tree_puts(tree, "proc/stat", line);
    tree_puts(tree, "proc/sys/kernel/pid_max", "32768\n");
}

/* 1 - 100 - 200 - 300, and 1 - 400. The newest PID is 500, and it is 1000 s after boot. */
static int setup(void **state)
{
    int r = tree_setup(state);
    const struct tree *tree = *state;

    taken = 0;
    uptime = 1000 * NSEC_PER_SEC;
    put_process(tree, 1, 0, 1);
    put_process(tree, 100, 1, 5000);
    put_process(tree, 200, 100, 6000);
    put_process(tree, 300, 200, 7000);
    put_process(tree, 400, 1, 8000);
    put_counts(tree, 500, 10000);
    return r;
}

static int teardown(void **state)
{
    uptime = 0;
    read_failure = 0;
    return tree_teardown(state);
}

static struct procfs open_tree(void **state)
{
    const struct tree *tree = *state;
    struct procfs procfs;

    assert_int_equal(procfs_open(&procfs, tree->path, NULL), 0);
    return procfs;
}

#define PROCFS __attribute__((cleanup(procfs_close))) struct procfs

/* --- Descent ---------------------------------------------------------------------------------- */

static void descent_is_followed_to_the_ancestor(void **state)
{
    PROCFS procfs = open_tree(state);
    uint64_t start = 0;

    assert_int_equal(ancestry_descends(&procfs, 300, 100, &start), 1);
    assert_int_equal(start, 7000);
    assert_int_equal(ancestry_descends(&procfs, 200, 100, &start), 1);
    assert_int_equal(start, 6000);
    assert_int_equal(ancestry_descends(&procfs, 400, 100, &start), 0);
    assert_int_equal(start, 8000);
    assert_int_equal(ancestry_descends(&procfs, 1, 100, NULL), 0);
    assert_int_equal(ancestry_descends(&procfs, 100, 100, NULL), 0);
}

static void who_is_gone_descends_from_nobody_that_is_known(void **state)
{
    PROCFS procfs = open_tree(state);

    assert_int_equal(ancestry_descends(&procfs, 12345, 100, NULL), -ENOENT);
    /* A parent that does not show: hidden, or gone just now. */
    put_process(*state, 600, 599, 9000);
    assert_true(ancestry_descends(&procfs, 600, 100, NULL) < 0);
}

static void a_circle_of_parents_has_an_end(void **state)
{
    PROCFS procfs = open_tree(state);

    put_process(*state, 601, 602, 9000);
    put_process(*state, 602, 601, 9000);
    assert_true(ancestry_descends(&procfs, 601, 100, NULL) < 0);
}

/* Whether exactly 200 and 300 are in the set, of all PIDs of this test. */
static void assert_members(const struct descendants *descendants)
{
    for (pid_t pid = 1; pid < 1000; pid++)
        assert_int_equal(descendants_check(descendants, pid),
                         pid == 200 || pid == 300 ? DESCENT_DESCENDANT : DESCENT_UNRELATED);
}

#define DESCENDANTS __attribute__((cleanup(descendants_release))) struct descendants

static void all_descendants_are_found(void **state)
{
    PROCFS procfs = open_tree(state);
    DESCENDANTS descendants = DESCENDANTS_INIT;

    assert_int_equal(ancestry_add_descendants(&procfs, 100, &descendants), 0);
    assert_members(&descendants);
}

/* Of those that were not seen it is not known. */
static void a_part_of_the_processes_is_not_enough(void **state)
{
    PROCFS procfs = open_tree(state);
    int lowest = lowest_descriptor();

    for (int entries = 0; entries < 7; entries++) {
        DESCENDANTS descendants = DESCENDANTS_INIT;

        read_failure = EIO;
        entries_left = entries;
        assert_int_equal(ancestry_add_descendants(&procfs, 100, &descendants), -EIO);
    }
    assert_int_equal(lowest_descriptor(), lowest);
}

static void a_process_of_which_it_is_not_known_is_an_error(void **state)
{
    PROCFS procfs = open_tree(state);
    DESCENDANTS descendants = DESCENDANTS_INIT;

    /* Exited meanwhile: it is in the directory, and has no file any more. */
    tree_mkdir(*state, "proc/601");
    assert_int_equal(ancestry_add_descendants(&procfs, 100, &descendants), 0);
    assert_members(&descendants);
    tree_puts(*state, "proc/602/stat", "602 (cut off) S");
    assert_int_equal(ancestry_add_descendants(&procfs, 100, &descendants), -EBADMSG);
    put_process(*state, 602, 599, 9000); /* its parent does not show */
    assert_int_equal(ancestry_add_descendants(&procfs, 100, &descendants), -EAGAIN);
}

/* --- Who had it since the mark ---------------------------------------------------------------- */

static void who_is_older_than_the_mark_had_it_alone(void **state)
{
    PROCFS procfs = open_tree(state);
    struct ancestry_mark mark = {0};

    ancestry_mark_moment(&mark);
    assert_int_equal(ancestry_check(&procfs, &mark, 300, 100), DESCENT_DESCENDANT);
    assert_int_equal(ancestry_check(&procfs, &mark, 400, 100), DESCENT_UNRELATED);
    assert_int_equal(ancestry_check(&procfs, &mark, 12345, 100), DESCENT_UNKNOWN);
    /* Just as old, to a clock tick. */
    mark.moment = 7001 * (NSEC_PER_SEC / 100);
    assert_int_equal(ancestry_check(&procfs, &mark, 300, 100), DESCENT_DESCENDANT);
    mark.moment -= 1;
    assert_int_equal(ancestry_check(&procfs, &mark, 300, 100), DESCENT_UNKNOWN);
}

/* A process that is younger than the mark, made after it was taken. */
static enum descent check_new_child(const struct procfs *procfs, const struct tree *tree,
                                    const struct ancestry_mark *mark, int pid, int parent)
{
    put_process(tree, pid, parent, 100001);
    uptime = 1002 * NSEC_PER_SEC;
    return ancestry_check(procfs, mark, pid, 100);
}

static void who_got_a_free_pid_had_it_alone(void **state)
{
    PROCFS procfs = open_tree(state);
    struct ancestry_mark mark = {0};

    ancestry_mark(&procfs, &mark);
    assert_int_equal(mark.newest, 500);
    assert_int_equal(mark.free_count, ANCESTRY_AHEAD_MIN);
    put_counts(*state, 502, 10002);
    assert_int_equal(check_new_child(&procfs, *state, &mark, 501, 200), DESCENT_DESCENDANT);
    assert_int_equal(check_new_child(&procfs, *state, &mark, 502, 1), DESCENT_UNRELATED);
}

static void who_got_a_pid_that_was_in_use_is_unknown(void **state)
{
    PROCFS procfs = open_tree(state);
    struct ancestry_mark mark = {0};

    taken = 501;
    ancestry_mark(&procfs, &mark);
    assert_int_equal(mark.free_count, ANCESTRY_AHEAD_MIN - 1);
    assert_int_equal(check_new_child(&procfs, *state, &mark, 501, 200), DESCENT_UNKNOWN);
    assert_int_equal(check_new_child(&procfs, *state, &mark, 502, 200), DESCENT_DESCENDANT);
    /* Of PIDs far ahead, or before, it is not known. */
    assert_int_equal(check_new_child(&procfs, *state, &mark, 501 + ANCESTRY_AHEAD_MIN, 200),
                     DESCENT_UNKNOWN);
    assert_int_equal(check_new_child(&procfs, *state, &mark, 499, 200), DESCENT_UNKNOWN);
    taken = NONE_FREE;
    ancestry_mark(&procfs, &mark);
    assert_int_equal(mark.free_count, 0);
}

/* Where many are started, more PIDs are inspected. */
static void looks_as_far_ahead_as_needed(void **state)
{
    PROCFS procfs = open_tree(state);
    struct ancestry_mark mark = {0};

    ancestry_mark(&procfs, &mark);
    assert_int_equal(mark.free_count, ANCESTRY_AHEAD_MIN);
    put_counts(*state, 600, 10100);
    ancestry_mark(&procfs, &mark);
    assert_int_equal(mark.free_count, 400);
    assert_int_equal(mark.free[0], 601);
    assert_int_equal(mark.free[399], 1000);
    put_counts(*state, 30000, 40000);
    ancestry_mark(&procfs, &mark);
    assert_int_equal(mark.free_count, ANCESTRY_AHEAD_MAX);
    put_counts(*state, 301, 43000); /* come round */
    ancestry_mark(&procfs, &mark);
    assert_int_equal(mark.free_count, ANCESTRY_AHEAD_MIN);
    assert_int_equal(mark.free[0], 302);
}

static void pids_that_may_have_come_round_are_unknown(void **state)
{
    PROCFS procfs = open_tree(state);
    struct ancestry_mark mark = {0};

    ancestry_mark(&procfs, &mark);
    /* (32768 - 300) / 2, less the 150 that are in use */
    put_counts(*state, 501, 10000 + 16083);
    assert_int_equal(check_new_child(&procfs, *state, &mark, 501, 200), DESCENT_DESCENDANT);
    put_counts(*state, 501, 10000 + 16084);
    assert_int_equal(check_new_child(&procfs, *state, &mark, 501, 200), DESCENT_UNKNOWN);
    put_counts(*state, 501, 9999);
    assert_int_equal(check_new_child(&procfs, *state, &mark, 501, 200), DESCENT_UNKNOWN);
}

/* Whose turn came since the mark at 500, now that NEWEST is the newest PID. */
static bool is_not_reused(void **state, unsigned newest, unsigned forks, pid_t pid)
{
    PROCFS procfs = open_tree(state);
    struct ancestry_mark mark = {0};

    put_counts(*state, 500, 10000);
    ancestry_mark(&procfs, &mark);
    put_counts(*state, newest, forks);
    return ancestry_is_not_reused(&procfs, &mark, pid);
}

static void a_pid_is_not_reused_before_its_turn(void **state)
{
    assert_true(is_not_reused(state, 500, 10000, 500));
    assert_true(is_not_reused(state, 600, 10100, 500));
    assert_false(is_not_reused(state, 600, 10100, 501));
    assert_false(is_not_reused(state, 600, 10100, 600));
    assert_true(is_not_reused(state, 600, 10100, 601));
    assert_true(is_not_reused(state, 600, 10100, 300));
    /* Past the highest one. */
    assert_true(is_not_reused(state, 400, 10100, 500));
    assert_true(is_not_reused(state, 400, 10100, 401));
    assert_false(is_not_reused(state, 400, 10100, 400));
    assert_false(is_not_reused(state, 400, 10100, 301));
    assert_false(is_not_reused(state, 400, 10100, 501));
    assert_false(is_not_reused(state, 400, 10100, 32767));
    /* All may have had their turn. */
    assert_true(is_not_reused(state, 600, 10000 + 16083, 500));
    assert_false(is_not_reused(state, 600, 10000 + 16084, 500));
}

static void without_counts_a_pid_may_be_reused(void **state)
{
    PROCFS procfs = open_tree(state);
    struct ancestry_mark mark = {0};

    ancestry_mark(&procfs, &mark);
    tree_puts(*state, "proc/stat", "cpu  1 2 3\n");
    assert_false(ancestry_is_not_reused(&procfs, &mark, 400));
    tree_puts(*state, "proc/loadavg", "nonsense\n");
    assert_false(ancestry_is_not_reused(&procfs, &mark, 400));
    put_counts(*state, 500, 10000);
    assert_true(ancestry_is_not_reused(&procfs, &mark, 400));
    ancestry_mark_moment(&mark);
    assert_false(ancestry_is_not_reused(&procfs, &mark, 400));
}

static void without_counts_a_new_process_is_unknown(void **state)
{
    PROCFS procfs = open_tree(state);
    struct ancestry_mark mark = {0};

    tree_puts(*state, "proc/stat", "cpu  1 2 3\n");
    ancestry_mark(&procfs, &mark);
    assert_false(mark.has_forks);
    assert_int_equal(check_new_child(&procfs, *state, &mark, 501, 200), DESCENT_UNKNOWN);
    tree_puts(*state, "proc/loadavg", "nonsense\n");
    ancestry_mark(&procfs, &mark);
    assert_int_equal(mark.newest, 0);
    assert_int_equal(mark.free_count, 0);
    put_counts(*state, 500, 10000);
    ancestry_mark_moment(&mark); /* the moment alone proves nothing of new processes */
    assert_int_equal(mark.free_count, 0);
}

/* The count of forks may be older than the mark, never younger. */
static void forks_are_counted_once_a_second(void **state)
{
    PROCFS procfs = open_tree(state);
    struct ancestry_mark mark = {0};

    ancestry_mark(&procfs, &mark);
    assert_int_equal(mark.forks, 10000);
    put_counts(*state, 500, 10100);
    uptime += NSEC_PER_SEC / 2;
    ancestry_mark(&procfs, &mark);
    assert_int_equal(mark.forks, 10000);
    uptime += NSEC_PER_SEC;
    ancestry_mark(&procfs, &mark);
    assert_int_equal(mark.forks, 10100);
    assert_true(mark.forks_moment <= mark.moment);
}

/* --- The live system -------------------------------------------------------------------------- */

static void a_child_of_ours_descends_from_us(void **state)
{
    struct ancestry_mark mark = {0};
    PROCFS procfs;
    int ends[2];
    pid_t child;

    (void)state;
    uptime = 0;
    assert_int_equal(procfs_open(&procfs, NULL, NULL), 0);
    assert_true(proc_shows_our_pids(&procfs));
    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        char byte;

        close(ends[1]);
        _exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
    }
    assert_int_equal(ancestry_descends(&procfs, child, getpid(), NULL), 1);
    assert_int_equal(ancestry_descends(&procfs, child, child, NULL), 0);
    assert_int_equal(ancestry_descends(&procfs, getppid(), getpid(), NULL), 0);
    close(ends[1]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(ancestry_descends(&procfs, child, getpid(), NULL) < 0);
    ancestry_mark(&procfs, &mark);
    assert_true(mark.newest > 0);
    assert_true(mark.has_forks);
    close(ends[0]);
}

static void a_foreign_proc_is_not_used(void **state)
{
    PROCFS procfs = open_tree(state);

    assert_false(proc_shows_our_pids(&procfs));
    tree_puts(*state, "proc/self/status", "Name:\tx\nNSpid:\t17\t3\nThreads:\t1\n");
    assert_false(proc_shows_our_pids(&procfs));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(descent_is_followed_to_the_ancestor, setup, teardown),
        cmocka_unit_test_setup_teardown(who_is_gone_descends_from_nobody_that_is_known, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_circle_of_parents_has_an_end, setup, teardown),
        cmocka_unit_test_setup_teardown(all_descendants_are_found, setup, teardown),
        cmocka_unit_test_setup_teardown(a_part_of_the_processes_is_not_enough, setup, teardown),
        cmocka_unit_test_setup_teardown(a_process_of_which_it_is_not_known_is_an_error, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(who_is_older_than_the_mark_had_it_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(who_got_a_free_pid_had_it_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(who_got_a_pid_that_was_in_use_is_unknown, setup, teardown),
        cmocka_unit_test_setup_teardown(looks_as_far_ahead_as_needed, setup, teardown),
        cmocka_unit_test_setup_teardown(pids_that_may_have_come_round_are_unknown, setup, teardown),
        cmocka_unit_test_setup_teardown(a_pid_is_not_reused_before_its_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(without_counts_a_pid_may_be_reused, setup, teardown),
        cmocka_unit_test_setup_teardown(without_counts_a_new_process_is_unknown, setup, teardown),
        cmocka_unit_test_setup_teardown(forks_are_counted_once_a_second, setup, teardown),
        cmocka_unit_test_setup_teardown(a_child_of_ours_descends_from_us, setup, teardown),
        cmocka_unit_test_setup_teardown(a_foreign_proc_is_not_used, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
