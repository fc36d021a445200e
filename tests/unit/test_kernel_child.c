/*
 * kernel/child: waiting, released, watched and waited for; and what is left when a call fails in
 * between.
 *
 * wrap: pipe2 prctl fcntl fork execvp waitid read write
 */
#include "kernel/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tree.h"
#include "unit.h"

/* --- The system, bent where a test wants it --------------------------------------------------- */

static int pipe_error;
static int pipes_left; /* that can be had before that */
static int prctl_error;
static int fcntl_error;
static int fork_error;
static int exec_error;
static int wait_error; /* of the next call only */
static int read_error; /* of the child's reading only */
static int write_error;
static bool write_once; /* then it works */
static pid_t failing;   /* whose writing; 0: the child's */
static pid_t parent;

int __real_pipe2(int *ends, int flags);
int __wrap_pipe2(int *ends, int flags);
int __real_prctl(int option, ...);
int __wrap_prctl(int option, ...);
int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
pid_t __real_fork(void);
pid_t __wrap_fork(void);
int __real_execvp(const char *file, char *const argv[]);
int __wrap_execvp(const char *file, char *const argv[]);
int __real_waitid(idtype_t type, id_t id, siginfo_t *info, int options);
int __wrap_waitid(idtype_t type, id_t id, siginfo_t *info, int options);
ssize_t __real_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size);
ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);

static int fail_with(int error)
{
    errno = error;
    return -1;
}

int __wrap_pipe2(int *ends, int flags)
{
    if (pipe_error && pipes_left-- == 0)
        return fail_with(pipe_error);
    return __real_pipe2(ends, flags);
}

/* Of these two only what kernel/child uses. */
int __wrap_prctl(int option, ...)
{
    assert_int_equal(option, PR_SET_CHILD_SUBREAPER);
    return prctl_error ? fail_with(prctl_error) : __real_prctl(option, 1L, 0L, 0L, 0L);
}

int __wrap_fcntl(int fd, int command, ...)
{
    va_list args;
    void *argument;

    if (command == F_SETFL)
        return fcntl_error ? fail_with(fcntl_error) : __real_fcntl(fd, command, O_NONBLOCK);
    /* What measures coverage locks its files. */
    va_start(args, command);
    argument = va_arg(args, void *);
    va_end(args);
    return __real_fcntl(fd, command, argument);
}

pid_t __wrap_fork(void)
{
    return fork_error ? fail_with(fork_error) : __real_fork();
}

int __wrap_execvp(const char *file, char *const argv[])
{
    return exec_error ? fail_with(exec_error) : __real_execvp(file, argv);
}

int __wrap_waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
    int error = wait_error;

    wait_error = 0;
    return error ? fail_with(error) : __real_waitid(type, id, info, options);
}

ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
    if (read_error && getpid() != parent)
        return fail_with(read_error);
    return __real_read(fd, buffer, size);
}

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
    int error = (failing == 0) == (getpid() != parent) ? write_error : 0;

    if (write_once && error)
        write_error = 0;
    return error ? fail_with(error) : __real_write(fd, data, size);
}

/* --- A child ---------------------------------------------------------------------------------- */

enum { SECONDS = 30 }; /* more than anything takes */

struct fixture {
    struct tree tree;
    struct procfs procfs;
    struct signals signals;
    sigset_t mask; /* before */
    struct child child;
};

static int setup(void **state)
{
    static struct fixture fixture;

    pipe_error = prctl_error = fcntl_error = fork_error = exec_error = 0;
    wait_error = read_error = write_error = 0;
    pipes_left = 0;
    write_once = false;
    failing = 0;
    parent = getpid();
    fixture = (struct fixture){.child = CHILD_INIT};
    tree_make(&fixture.tree);
    sigprocmask(SIG_SETMASK, NULL, &fixture.mask);
    *state = &fixture;
    return procfs_open(&fixture.procfs, NULL, NULL) || signals_block(&fixture.signals, NULL);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    write_error = 0;
    if (fixture->child.pid > 0) {
        kill(fixture->child.pid, SIGKILL);
        child_abandon(&fixture->child);
    }
    while (signals_take(&fixture->signals) > 0)
        continue;
    signals_restore(&fixture->signals);
    signals_close(&fixture->signals);
    sigprocmask(SIG_SETMASK, &fixture->mask, NULL);
    __real_prctl(PR_SET_CHILD_SUBREAPER, 0L, 0L, 0L, 0L);
    procfs_close(&fixture->procfs);
    tree_remove(&fixture->tree);
    return 0;
}

/* Starts `sh -c SCRIPT` and leaves it held. */
static void start(struct fixture *fixture, const char *script)
{
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char *)(uintptr_t)script, NULL};

    assert_int_equal(child_start(&fixture->child, argv, &fixture->signals, NULL, NULL), 0);
    assert_true(fixture->child.pid > 0);
}

static void start_file(struct fixture *fixture, const char *file)
{
    char *argv[] = {(char *)(uintptr_t)file, NULL};

    assert_int_equal(child_start(&fixture->child, argv, &fixture->signals, NULL, NULL), 0);
}

/* What has become of it, once that is known. */
static int wait_for_exec(struct child *child)
{
    int r;

    while ((r = child_became(child)) == 0) {
        struct pollfd report = {.fd = child->report_fd, .events = POLLIN};

        assert_int_equal(poll(&report, 1, SECONDS * 1000), 1);
    }
    return r;
}

/* Its status, once it has ended. */
static int wait_for_end(const struct child *child)
{
    siginfo_t info;
    struct child_end end = {0, -1};

    assert_int_equal(__real_waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOWAIT), 0);
    assert_true(child_has_ended(child, &end));
    assert_int_equal(end.signal, end.status > 128 && end.status < 255 ? end.status - 128 : 0);
    return end.status;
}

/* Runs a script from beginning to end. */
static int run(struct fixture *fixture, const char *script)
{
    start(fixture, script);
    assert_int_equal(child_release(&fixture->child), 0);
    assert_int_equal(wait_for_exec(&fixture->child), 1);
    return wait_for_end(&fixture->child);
}

static bool exists(pid_t pid)
{
    return kill(pid, 0) == 0;
}

/* --- Waiting and released---------------------------------------------------------------------- */

static void it_does_nothing_until_it_is_released(void **state)
{
    struct fixture *fixture = *state;
    struct child *child = &fixture->child;
    int lowest = lowest_descriptor();
    struct child_end end = {0, -1};
    pid_t pid;

    start(fixture, "exit 7");
    pid = child->pid;
    assert_int_equal(child_became(child), 0);
    assert_false(child_has_ended(child, &end));
    assert_int_equal(child_group(child), getpgrp());
    assert_int_equal(child_release(child), 0);
    assert_int_equal(child->release_fd, -1);
    assert_int_equal(wait_for_exec(child), 1);
    assert_int_equal(child->report_fd, -1);
    assert_int_equal(wait_for_end(child), 7);
    assert_true(exists(pid)); /* its PID is nobody else's yet */
    child_close(child);
    assert_int_equal(child->pid, 0);
    assert_false(exists(pid));
    assert_int_equal(lowest_descriptor(), lowest);
}

static void its_status_is_a_shells(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(run(fixture, "exit 255"), 255);
    child_close(&fixture->child);
    assert_int_equal(run(fixture, "kill -KILL $$"), 128 + SIGKILL);
}

/* Signals are as they were before they were blocked. */
static void signals_reach_it(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(run(fixture, "kill -TERM $$; exit 3"), 128 + SIGTERM);
}

static void what_is_abandoned_never_becomes_the_program(void **state)
{
    struct fixture *fixture = *state;
    int lowest = lowest_descriptor();
    char script[512];
    struct stat status;
    pid_t pid;

    snprintf(script, sizeof(script), "mkdir %s/made", fixture->tree.path);
    start(fixture, script);
    pid = fixture->child.pid;
    child_abandon(&fixture->child);
    assert_int_equal(fixture->child.pid, 0);
    assert_false(exists(pid));
    snprintf(script, sizeof(script), "%s/made", fixture->tree.path);
    assert_int_equal(stat(script, &status), -1);
    assert_int_equal(lowest_descriptor(), lowest);
    child_abandon(&fixture->child); /* nobody: nothing to wait for */
}

static void a_child_that_has_ended_is_not_alive(void **state)
{
    struct fixture *fixture = *state;

    assert_false(child_any_alive());
    start(fixture, "exit 7");
    assert_true(child_any_alive());
    wait_error = EINTR;
    assert_true(child_any_alive());
    assert_int_equal(child_release(&fixture->child), 0);
    assert_int_equal(wait_for_end(&fixture->child), 7);
    assert_false(child_any_alive());
}

/* Its exit sends no signal, and wait(2) does not see it. */
static void a_child_without_a_signal_is_alive_too(void **state)
{
    int ends[2];
    char byte;
    long child;

    (void)state;
    assert_int_equal(__real_pipe2(ends, O_CLOEXEC), 0);
    child = syscall(SYS_clone, 0L, NULL, NULL, NULL, NULL);
    if (child == 0) {
        close(ends[1]);
        _exit(__real_read(ends[0], &byte, 1) == 0 ? 0 : 1);
    }
    assert_true(child > 0);
    assert_true(child_any_alive());
    close(ends[1]);
    close(ends[0]);
    assert_int_equal(waitpid((pid_t)child, NULL, __WALL), child);
    assert_false(child_any_alive());
}

/* Before Linux 4.7 waitid(2) takes no __WALL. */
static void an_old_kernel_knows_of_common_children_alone(void **state)
{
    struct fixture *fixture = *state;

    wait_error = EINVAL;
    assert_false(child_any_alive());
    start(fixture, "exit 7");
    wait_error = EINVAL;
    assert_true(child_any_alive());
}

static void what_is_abandoned_may_be_stopped(void **state)
{
    struct fixture *fixture = *state;
    pid_t pid;
    siginfo_t info;

    start(fixture, "exit 7");
    pid = fixture->child.pid;
    child_signal(&fixture->child, SIGSTOP);
    assert_int_equal(__real_waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT), 0);
    child_abandon(&fixture->child);
    assert_int_equal(fixture->child.pid, 0);
    assert_false(exists(pid));
}

/* --- This process again ----------------------------------------------------------------------- */

static void a_fork_goes_on_when_it_is_released(void **state)
{
    struct fixture *fixture = *state;
    struct child *child = &fixture->child;
    int lowest = lowest_descriptor();
    struct child_end end = {0, -1};
    int r = child_fork(child, NULL);

    if (r == 0)
        _exit(child->pid == 0 ? 7 : 8);
    assert_int_equal(r, 1);
    assert_int_equal(child->report_fd, -1);
    assert_false(child_has_ended(child, &end));
    assert_int_equal(child_release(child), 0);
    assert_int_equal(wait_for_end(child), 7);
    child_close(child);
    assert_int_equal(lowest_descriptor(), lowest);
}

static void a_fork_that_is_not_released_ends(void **state)
{
    struct fixture *fixture = *state;
    struct child *child = &fixture->child;
    int r = child_fork(child, NULL);

    if (r == 0)
        _exit(7);
    assert_int_equal(r, 1);
    close(child->release_fd);
    child->release_fd = -1;
    assert_int_equal(wait_for_end(child), EXIT_FAILURE);
}

static void why_there_is_no_fork_is_said(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct fixture *fixture = *state;
    int lowest = lowest_descriptor();

    pipe_error = EMFILE;
    assert_int_equal(child_fork(&fixture->child, &err), -EMFILE);
    assert_string_equal(err.text, "no pipe: Too many open files");
    pipe_error = 0;
    fork_error = EAGAIN;
    assert_int_equal(child_fork(&fixture->child, &err), -EAGAIN);
    assert_string_equal(err.text, "fork: Resource temporarily unavailable");
    assert_int_equal(fixture->child.pid, 0);
    assert_int_equal(lowest_descriptor(), lowest);
}

/* --- What cannot be started ------------------------------------------------------------------- */

static void assert_exec_fails(struct fixture *fixture, const char *file, int code, int status)
{
    start_file(fixture, file);
    assert_int_equal(child_release(&fixture->child), 0);
    assert_int_equal(wait_for_exec(&fixture->child), -code);
    assert_int_equal(wait_for_end(&fixture->child), status);
    child_abandon(&fixture->child);
}

static void why_it_cannot_be_executed_is_reported(void **state)
{
    struct fixture *fixture = *state;

    tree_puts(&fixture->tree, "file", "");
    assert_exec_fails(fixture, "/no/such/program", ENOENT, 127);
    assert_exec_fails(fixture, "no-such-program", ENOENT, 127);
    assert_exec_fails(fixture, fixture->tree.path, EACCES, 126);
    exec_error = ENOEXEC;
    assert_exec_fails(fixture, "sh", ENOEXEC, 126);
}

/* A directory of PATH may be closed to us: execvp(3) then says EACCES of what is nowhere. */
static void what_is_nowhere_in_the_path_is_not_found(void **state)
{
    struct fixture *fixture = *state;

    exec_error = EACCES;
    assert_exec_fails(fixture, "no-such-program", ENOENT, 127);
    assert_exec_fails(fixture, "sh", EACCES, 126);
    assert_exec_fails(fixture, "./no-such-program", EACCES, 126);
}

static void the_reason_may_get_lost_but_not_the_status(void **state)
{
    struct fixture *fixture = *state;

    write_error = EIO;
    start_file(fixture, "/no/such/program");
    assert_int_equal(child_release(&fixture->child), 0);
    assert_int_equal(wait_for_exec(&fixture->child), 1);
    assert_int_equal(wait_for_end(&fixture->child), 127);
    child_close(&fixture->child);
    /* A signal does not stand in the way. */
    write_error = EINTR;
    write_once = true;
    assert_exec_fails(fixture, "/no/such/program", ENOENT, 127);
}

static void a_child_that_cannot_be_released_is_none(void **state)
{
    struct fixture *fixture = *state;

    read_error = EIO;
    assert_exec_fails(fixture, "sh", EIO, 126);
    read_error = 0;
    failing = parent;
    write_error = EIO;
    start(fixture, "exit 7");
    assert_int_equal(child_release(&fixture->child), -EIO);
    assert_int_equal(wait_for_exec(&fixture->child), -ECANCELED);
    assert_int_equal(wait_for_end(&fixture->child), 126);
    child_abandon(&fixture->child);
    write_error = EINTR;
    write_once = true;
    assert_int_equal(run(fixture, "exit 7"), 7);
}

static void a_child_that_was_killed_meanwhile_is_released(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, "exit 7");
    child_signal(&fixture->child, SIGKILL);
    assert_int_equal(wait_for_end(&fixture->child), 128 + SIGKILL);
    assert_int_equal(child_release(&fixture->child), 0);
    assert_int_equal(child_became(&fixture->child), 1);
}

static void assert_start_fails(struct fixture *fixture, int code, const char *words)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    char *argv[] = {(char[]){"sh"}, NULL};
    int lowest = lowest_descriptor();

    fixture->child.release_fd = 77;
    assert_int_equal(child_start(&fixture->child, argv, &fixture->signals, NULL, &err), -code);
    assert_int_equal(fixture->child.release_fd, 77);
    assert_int_equal(fixture->child.pid, 0);
    assert_string_equal(err.text, words);
    fork_error = 0;
    assert_int_equal(lowest_descriptor(), lowest);
}

static void what_is_missing_to_start_it_is_said(void **state)
{
    pipe_error = EMFILE;
    assert_start_fails(*state, EMFILE, "no pipe: Too many open files");
    pipes_left = 1;
    assert_start_fails(*state, EMFILE, "no pipe: Too many open files");
    pipe_error = 0;
    prctl_error = EINVAL;
    assert_start_fails(*state, EINVAL, "cannot become a subreaper: Invalid argument");
    prctl_error = 0;
    fcntl_error = EINVAL;
    assert_start_fails(*state, EINVAL, "no pipe: Invalid argument");
    fcntl_error = 0;
    fork_error = EAGAIN;
    assert_start_fails(*state, EAGAIN, "fork: Resource temporarily unavailable");
}

/* --- Watched ---------------------------------------------------------------------------------- */

static void no_end_is_missed_by_a_signal(void **state)
{
    struct fixture *fixture = *state;
    struct child_end end = {0, -1};

    assert_int_equal(run(fixture, "exit 7"), 7);
    wait_error = EINTR;
    assert_true(child_has_ended(&fixture->child, &end));
    assert_int_equal(end.status, 7);
}

static void wait_for_continue(const struct fixture *fixture)
{
    time_t end = time(NULL) + SECONDS;

    while (child_is_stopped(&fixture->child, &fixture->procfs))
        assert_true(time(NULL) < end);
}

static void a_stop_is_reported_once(void **state)
{
    struct fixture *fixture = *state;
    struct child *child = &fixture->child;
    struct child_end end = {0, -1};
    siginfo_t info;

    start(fixture, "exit 7");
    assert_int_equal(child_was_stopped(child), 0);
    assert_false(child_is_stopped(child, &fixture->procfs));
    child_signal(child, SIGSTOP);
    assert_int_equal(__real_waitid(P_PID, (id_t)child->pid, &info, WSTOPPED | WNOWAIT), 0);
    assert_true(child_is_stopped(child, &fixture->procfs));
    wait_error = EINTR;
    assert_int_equal(child_was_stopped(child), SIGSTOP);
    assert_int_equal(child_was_stopped(child), 0);
    assert_false(child_has_ended(child, &end));
    child_signal(child, SIGCONT);
    wait_for_continue(fixture);
    assert_int_equal(child_release(child), 0);
    assert_int_equal(wait_for_exec(child), 1);
    assert_int_equal(wait_for_end(child), 7);
    assert_int_equal(child_was_stopped(child), 0);
}

static void of_what_is_gone_nothing_is_known(void **state)
{
    struct fixture *fixture = *state;
    struct child gone;
    struct child_end end = {0, -1};

    assert_int_equal(run(fixture, "exit 7"), 7);
    gone = fixture->child;
    child_close(&fixture->child);
    assert_int_equal(child_group(&gone), -ESRCH);
    assert_true(child_is_stopped(&gone, &fixture->procfs));
    assert_false(child_has_ended(&gone, &end));
    assert_int_equal(end.status, -1);
}

int main(void)
{
#define CHILD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CHILD_TEST(it_does_nothing_until_it_is_released),
        CHILD_TEST(its_status_is_a_shells),
        CHILD_TEST(signals_reach_it),
        CHILD_TEST(what_is_abandoned_never_becomes_the_program),
        CHILD_TEST(what_is_abandoned_may_be_stopped),
        CHILD_TEST(a_child_that_has_ended_is_not_alive),
        CHILD_TEST(a_child_without_a_signal_is_alive_too),
        CHILD_TEST(an_old_kernel_knows_of_common_children_alone),
        CHILD_TEST(a_fork_goes_on_when_it_is_released),
        CHILD_TEST(a_fork_that_is_not_released_ends),
        CHILD_TEST(why_there_is_no_fork_is_said),
        CHILD_TEST(why_it_cannot_be_executed_is_reported),
        CHILD_TEST(what_is_nowhere_in_the_path_is_not_found),
        CHILD_TEST(the_reason_may_get_lost_but_not_the_status),
        CHILD_TEST(a_child_that_cannot_be_released_is_none),
        CHILD_TEST(a_child_that_was_killed_meanwhile_is_released),
        CHILD_TEST(what_is_missing_to_start_it_is_said),
        CHILD_TEST(no_end_is_missed_by_a_signal),
        CHILD_TEST(a_stop_is_reported_once),
        CHILD_TEST(of_what_is_gone_nothing_is_known),
    };

    return cmocka_run_group_tests_name("kernel/child", tests, NULL, NULL);
}
