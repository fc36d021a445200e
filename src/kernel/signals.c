#include "kernel/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* Signals that must work: a fault that is blocked ends the process all the same. */
static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};

int signals_block(struct signals *ret_signals, struct error *err)
{
    struct signals signals = {.fd = -1};
    struct sigaction action;
    sigset_t blocked;

    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        sigdelset(&blocked, faults[i]);
    signals.fd = signalfd(-1, &blocked, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals.fd < 0)
        return error_set_errno(err, errno, "signals cannot be blocked");
    if (sigprocmask(SIG_BLOCK, &blocked, &signals.original) < 0) {
        int code = errno;

        close(signals.fd);
        return error_set_errno(err, code, "signals cannot be blocked");
    }
    /* Ignored, children would vanish without being waited for. */
    signals.children_ignored =
        sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
    signal(SIGCHLD, SIG_DFL);
    *ret_signals = signals;
    return 0;
}

void signals_restore(const struct signals *signals)
{
    if (signals->children_ignored)
        signal(SIGCHLD, SIG_IGN);
    sigprocmask(SIG_SETMASK, &signals->original, NULL);
}

int signals_take(const struct signals *signals)
{
    bool sent;

    return signals_take_origin(signals, &sent);
}

int signals_take_origin(const struct signals *signals, bool *ret_sent)
{
    struct signalfd_siginfo info;
    ssize_t got;

    do {
        got = read(signals->fd, &info, sizeof(info));
    } while (got < 0 && errno == EINTR);
    *ret_sent = got == (ssize_t)sizeof(info) && info.ssi_code <= 0; /* SI_FROMUSER of the kernel */
    if (got == (ssize_t)sizeof(info))
        return (int)info.ssi_signo;
    return got < 0 && errno != EAGAIN ? -errno : 0;
}

void signals_wait(const struct signals *signals, int first_fd, int second_fd, int milliseconds)
{
    struct pollfd fds[] = {{.fd = signals->fd, .events = POLLIN},
                           {.fd = first_fd, .events = POLLIN},
                           {.fd = second_fd, .events = POLLIN}};

    poll(fds, sizeof(fds) / sizeof(fds[0]), milliseconds);
}

/* Sends this process a signal and lets it take effect. */
static void deliver_to_self(int number)
{
    sigset_t only;

    kill(getpid(), number); /* raise(3) knows nothing of those that libc keeps for itself */
    sigemptyset(&only);
    sigaddset(&only, number);
    sigprocmask(SIG_UNBLOCK, &only, NULL); /* here it does */
    sigprocmask(SIG_BLOCK, &only, NULL);
}

void signals_stop_self(int number)
{
    deliver_to_self(number);
}

/*
 * By the kernel's call: libc refuses to set those that it keeps for itself, and its posix_spawn(3)
 * starts programs with them ignored (make does so).
 */
static void set_default_disposition(int number)
{
    /* As the kernel's struct sigaction of any architecture, or longer: all zeros are SIG_DFL. */
    static const unsigned long nothing[8];

    syscall(SYS_rt_sigaction, number, nothing, NULL, (size_t)(_NSIG - 1) / 8);
}

void signals_end_self(int number)
{
    int dumpable = prctl(PR_GET_DUMPABLE);

    if (number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU)
        return;
    /* No core: RLIMIT_CORE 0 means nothing where core_pattern is a pipe (core(5)). */
    prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
    set_default_disposition(number);
    deliver_to_self(number);
    prctl(PR_SET_DUMPABLE, dumpable == 1 ? 1L : 0L, 0L, 0L, 0L); /* it goes on */
}

void signals_close(struct signals *signals)
{
    close(signals->fd);
    signals->fd = -1;
}

/* --- SIGINT, SIGTERM, SIGHUP ------------------------------------------------------------------ */

int interrupts_block(struct interrupts *interrupts, struct error *err)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

    sigemptyset(&interrupts->blocked);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct sigaction action;

        /* A blocked signal stays pending even when it is ignored. */
        if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&interrupts->blocked, numbers[i]);
    }
    if (sigprocmask(SIG_BLOCK, &interrupts->blocked, &interrupts->original) < 0)
        return error_set_errno(err, errno, "signals cannot be blocked");
    interrupts->fd = signalfd(-1, &interrupts->blocked, SFD_CLOEXEC | SFD_NONBLOCK);
    if (interrupts->fd < 0) {
        int code = errno;

        sigprocmask(SIG_SETMASK, &interrupts->original, NULL);
        return error_set_errno(err, code, "signals cannot be blocked");
    }
    return 0;
}

bool interrupts_pending(const struct interrupts *interrupts)
{
    sigset_t pending;

    sigpending(&pending);
    sigandset(&pending, &pending, &interrupts->blocked);
    return !sigisemptyset(&pending);
}

/*
 * Waits for a signal, or EVENTS of OUTPUT. Returns OUTPUT's events, 0 at the deadline (NULL: none),
 * or a negative errno: -EINTR when a signal has come.
 */
static int wait_for_output(const struct interrupts *interrupts, int output, short events,
                           const struct timespec *timeout)
{
    struct pollfd fds[2] = {{.fd = interrupts->fd, .events = POLLIN},
                            {.fd = output, .events = events}};
    int r = ppoll(fds, 2, timeout, NULL);

    if (r < 0)
        return -errno;
    return fds[0].revents ? -EINTR : fds[1].revents;
}

int interrupts_wait(const struct interrupts *interrupts, int output, int64_t deadline)
{
    int r = 0;

    for (int64_t now = clock_monotonic(); r == 0 && now < deadline; now = clock_monotonic()) {
        struct timespec timeout = clock_timespec(deadline - now);

        r = wait_for_output(interrupts, output, 0, &timeout);
        /* Another signal, such as SIGCONT. */
        if (r == -EINTR && !interrupts_pending(interrupts))
            r = 0;
    }
    return r > 0 ? -EPIPE : r;
}

int interrupts_open_output(int output)
{
    char path[32];
    struct stat status;
    int fd = -1;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", output);
    if (fstat(output, &status) == 0 && (S_ISFIFO(status.st_mode) || isatty(output)))
        fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        fd = fcntl(output, F_DUPFD_CLOEXEC, 0);
    return fd < 0 ? -errno : fd;
}

int interrupts_write(const struct interrupts *interrupts, int output, const char *data, size_t size)
{
    size_t done = 0;

    while (done < size) {
        /* What has room for anything has room for so much (pipe(7)), also where it could block. */
        size_t part = size - done < PIPE_BUF ? size - done : PIPE_BUF;
        int r = wait_for_output(interrupts, output, POLLOUT, NULL);
        ssize_t written;

        if (r == -EINTR && !interrupts_pending(interrupts))
            continue;
        if (r < 0)
            return r;
        written = write(output, data + done, part);
        if (written > 0)
            done += (size_t)written;
        else if (written < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
    }
    return 0;
}

void interrupts_release(struct interrupts *interrupts)
{
    const struct timespec now = {0, 0};

    while (sigtimedwait(&interrupts->blocked, NULL, &now) > 0)
        continue;
    sigprocmask(SIG_SETMASK, &interrupts->original, NULL);
    close(interrupts->fd);
    interrupts->fd = -1;
}
