/*
 * kernel/signals: all that can be blocked is blocked, taken in turn, and put back.
 *
 * wrap: signalfd sigprocmask read poll
 */
#include "kernel/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tree.h"
#include "unit.h"

/* --- The system, bent where a test wants it --------------------------------------------------- */

static int signalfd_error;
static int mask_error;
static int read_error;          /* of the next read only */
static struct pollfd polled[3]; /* what was waited for last */
static int polled_milliseconds;

int __real_signalfd(int fd, const sigset_t *mask, int flags);
int __wrap_signalfd(int fd, const sigset_t *mask, int flags);
int __real_sigprocmask(int how, const sigset_t *set, sigset_t *old);
int __wrap_sigprocmask(int how, const sigset_t *set, sigset_t *old);
ssize_t __real_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size);
int __real_poll(struct pollfd *fds, nfds_t count, int milliseconds);
int __wrap_poll(struct pollfd *fds, nfds_t count, int milliseconds);

int __wrap_signalfd(int fd, const sigset_t *mask, int flags)
{
    if (!signalfd_error)
        return __real_signalfd(fd, mask, flags);
    errno = signalfd_error;
    return -1;
}

int __wrap_sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
    if (!mask_error)
        return __real_sigprocmask(how, set, old);
    errno = mask_error;
    return -1;
}

ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
    if (!read_error)
        return __real_read(fd, buffer, size);
    errno = read_error;
    read_error = 0;
    return -1;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int milliseconds)
{
    assert_int_equal(count, 3);
    memcpy(polled, fds, sizeof(polled));
    polled_milliseconds = milliseconds;
    return __real_poll(fds, count, milliseconds);
}

/* What each test finds, and gets back behind it. */
static sigset_t before;

static int setup(void **state)
{
    (void)state;
    signalfd_error = 0;
    mask_error = 0;
    read_error = 0;
    signal(SIGCHLD, SIG_DFL);
    return __real_sigprocmask(SIG_SETMASK, NULL, &before);
}

/* Nothing may be pending any more: it would end us here. */
static int teardown(void **state)
{
    (void)state;
    signal(SIGCHLD, SIG_DFL);
    return __real_sigprocmask(SIG_SETMASK, &before, NULL);
}

static bool is_blocked(int number)
{
    sigset_t now;

    assert_int_equal(__real_sigprocmask(SIG_SETMASK, NULL, &now), 0);
    return sigismember(&now, number) == 1;
}

static bool is_children_handler(void (*handler)(int))
{
    struct sigaction action;

    assert_int_equal(sigaction(SIGCHLD, NULL, &action), 0);
    return action.sa_handler == handler;
}

/* --- Holding back ----------------------------------------------------------------------------- */

static void all_but_faults_are_held_back(void **state)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    struct signals signals;

    (void)state;
    assert_int_equal(signals_block(&signals, NULL), 0);
    assert_true(fcntl(signals.fd, F_GETFD) & FD_CLOEXEC);
    for (int number = 1; number <= SIGRTMAX; number++) {
        bool is_fault = number == SIGKILL || number == SIGSTOP;

        for (size_t i = 0; i < COUNT_OF(faults); i++)
            is_fault = is_fault || number == faults[i];
        /* libc keeps two for itself. */
        if (number < SIGRTMIN && number > SIGSYS)
            continue;
        assert_int_equal(is_blocked(number), !is_fault);
    }
    signals_close(&signals);
    assert_int_equal(signals.fd, -1);
    assert_true(is_blocked(SIGTERM));
}

static void what_was_there_before_comes_back(void **state)
{
    struct signals signals;
    sigset_t one;

    (void)state;
    sigemptyset(&one);
    sigaddset(&one, SIGUSR2);
    assert_int_equal(__real_sigprocmask(SIG_SETMASK, &one, NULL), 0);
    assert_int_equal(signals_block(&signals, NULL), 0);
    assert_true(is_blocked(SIGUSR1));
    signals_restore(&signals);
    assert_true(is_blocked(SIGUSR2));
    assert_false(is_blocked(SIGUSR1));
    assert_false(is_blocked(SIGTERM));
    assert_true(is_children_handler(SIG_DFL));
    signals_close(&signals);
}

/* Ignored, children would be gone before they could be asked about. */
static void ignored_children_are_reported_meanwhile(void **state)
{
    struct signals signals;
    siginfo_t info;
    pid_t child;

    (void)state;
    signal(SIGCHLD, SIG_IGN);
    assert_int_equal(signals_block(&signals, NULL), 0);
    child = fork();
    if (child == 0)
        _exit(3);
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED), 0);
    assert_int_equal(info.si_status, 3);
    assert_int_equal(signals_take(&signals), SIGCHLD);
    signals_restore(&signals);
    assert_true(is_children_handler(SIG_IGN));
    signals_close(&signals);
}

static void what_cannot_be_held_back_changes_nothing(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct signals signals = {.fd = 77};
    int lowest = lowest_descriptor();

    (void)state;
    signal(SIGCHLD, SIG_IGN);
    signalfd_error = EMFILE;
    assert_int_equal(signals_block(&signals, &err), -EMFILE);
    assert_string_equal(err.text, "signals cannot be blocked: Too many open files");
    signalfd_error = 0;
    mask_error = EINVAL;
    assert_int_equal(signals_block(&signals, &err), -EINVAL);
    assert_string_equal(err.text, "signals cannot be blocked: Invalid argument");
    assert_int_equal(signals.fd, 77);
    assert_int_equal(lowest_descriptor(), lowest);
    assert_false(is_blocked(SIGTERM));
    assert_true(is_children_handler(SIG_IGN));
}

/* --- Taking ----------------------------------------------------------------------------------- */

/* The kernel sends itself the signal of a timer, before this returns. */
static void alarm_now(void)
{
    const struct itimerval soon = {.it_value = {.tv_usec = 1}};
    sigset_t pending;

    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
    do {
        sigpending(&pending);
    } while (!sigismember(&pending, SIGALRM));
}

static void signals_are_taken_once(void **state)
{
    struct signals signals;
    bool sent;

    (void)state;
    assert_int_equal(signals_block(&signals, NULL), 0);
    assert_int_equal(signals_take(&signals), 0);
    raise(SIGTERM);
    assert_int_equal(signals_take(&signals), SIGTERM);
    assert_int_equal(signals_take(&signals), 0);
    raise(SIGINT);
    assert_int_equal(signals_take_origin(&signals, &sent), SIGINT);
    assert_true(sent);
    alarm_now();
    assert_int_equal(signals_take_origin(&signals, &sent), SIGALRM);
    assert_false(sent);
    raise(SIGRTMIN);
    raise(SIGRTMIN);
    assert_int_equal(signals_take(&signals), SIGRTMIN);
    assert_int_equal(signals_take(&signals), SIGRTMIN);
    assert_int_equal(signals_take(&signals), 0);
    signals_close(&signals);
}

static void a_failed_taking_is_no_silence(void **state)
{
    struct signals signals;

    (void)state;
    assert_int_equal(signals_block(&signals, NULL), 0);
    raise(SIGHUP);
    read_error = EIO;
    assert_int_equal(signals_take(&signals), -EIO);
    read_error = EINTR;
    assert_int_equal(signals_take(&signals), SIGHUP);
    assert_int_equal(signals_take(&signals), 0);
    signals_close(&signals);
}

/* --- Waiting ---------------------------------------------------------------------------------- */

static void a_wait_ends_with_a_signal_or_another_descriptor(void **state)
{
    struct signals signals;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(signals_block(&signals, NULL), 0);
    signals_wait(&signals, -1, -1, 0);
    assert_int_equal(polled[0].fd, signals.fd);
    assert_int_equal(polled[1].fd, -1);
    assert_int_equal(polled[2].fd, -1);
    assert_int_equal(polled_milliseconds, 0);
    assert_int_equal(write(ends[1], "", 1), 1);
    signals_wait(&signals, ends[0], -1, -1);
    assert_int_equal(polled[0].fd, signals.fd);
    assert_int_equal(polled[1].fd, ends[0]);
    assert_int_equal(polled[1].events, POLLIN);
    signals_wait(&signals, -1, ends[0], -1);
    assert_int_equal(polled[2].fd, ends[0]);
    assert_int_equal(polled[2].events, POLLIN);
    assert_int_equal(polled_milliseconds, -1);
    raise(SIGTERM);
    signals_wait(&signals, -1, -1, -1);
    assert_int_equal(signals_take(&signals), SIGTERM);
    signals_close(&signals);
    close(ends[0]);
    close(ends[1]);
}

/* --- Stopping --------------------------------------------------------------------------------- */

/* A child that blocks signals and stops itself; ends with 0 if they are still blocked then. */
static pid_t start_stopper(int number, void (*handler)(int))
{
    pid_t child = fork();
    struct signals signals;

    if (child != 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* A group of its own, whose parent is in our session: it is no orphan, and can be stopped. */
    setpgid(0, 0);
    signal(number, handler);
    if (signals_block(&signals, NULL) < 0)
        _exit(1);
    signals_stop_self(number);
    _exit(is_blocked(SIGTERM) && (number == SIGSTOP || is_blocked(number)) ? 0 : 2);
}

static void a_stop_is_one_and_leaves_signals_blocked(void **state)
{
    static const int numbers[] = {SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
    int status;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        pid_t child = start_stopper(numbers[i], SIG_DFL);

        assert_int_equal(waitpid(child, &status, WUNTRACED), child);
        assert_true(WIFSTOPPED(status));
        assert_int_equal(WSTOPSIG(status), numbers[i]);
        assert_int_equal(kill(child, SIGCONT), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
}

static void an_ignored_stop_is_none(void **state)
{
    pid_t child = start_stopper(SIGTSTP, SIG_IGN);
    int status;

    (void)state;
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    assert_int_equal(status, 0);
}

/* --- Ending ----------------------------------------------------------------------------------- */

/* The wait status of a child that blocks signals, ignores this one or not, and ends itself by it.
 */
static int end_child_by(int number, void (*handler)(int))
{
    pid_t child = fork();
    struct signals signals;
    int status;

    if (child == 0) {
        signal(number, handler);
        if (signals_block(&signals, NULL) < 0)
            _exit(1);
        signals_end_self(number);
        _exit(is_blocked(SIGTERM) && prctl(PR_GET_DUMPABLE) == 1 ? 0 : 2);
    }
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    return status;
}

static void it_ends_by_a_signal_blocked_or_ignored_without_a_core(void **state)
{
    (void)state;
    for (int number = 1; number <= SIGRTMAX; number++) {
        bool ends = number != SIGCHLD && number != SIGCONT && number != SIGURG &&
                    number != SIGWINCH && number != SIGSTOP && number != SIGTSTP &&
                    number != SIGTTIN && number != SIGTTOU;

        /* The whole status: without the bit of a core. */
        assert_int_equal(end_child_by(number, SIG_DFL), ends ? number : 0);
        assert_int_equal(end_child_by(number, SIG_IGN), ends ? number : 0);
    }
}

int main(void)
{
#define SIGNALS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        SIGNALS_TEST(all_but_faults_are_held_back),
        SIGNALS_TEST(what_was_there_before_comes_back),
        SIGNALS_TEST(ignored_children_are_reported_meanwhile),
        SIGNALS_TEST(what_cannot_be_held_back_changes_nothing),
        SIGNALS_TEST(signals_are_taken_once),
        SIGNALS_TEST(a_failed_taking_is_no_silence),
        SIGNALS_TEST(a_wait_ends_with_a_signal_or_another_descriptor),
        SIGNALS_TEST(a_stop_is_one_and_leaves_signals_blocked),
        SIGNALS_TEST(an_ignored_stop_is_none),
        SIGNALS_TEST(it_ends_by_a_signal_blocked_or_ignored_without_a_core),
    };

    return cmocka_run_group_tests_name("kernel/signals", tests, NULL, NULL);
}
