#include "kernel/signals.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Signals that must work: a fault that is held back ends the process all the same. */
static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};

int signals_hold(struct signals *ret_signals, struct error *err)
{
    struct signals signals = {.fd = -1};
    struct sigaction action;
    sigset_t held;

    sigfillset(&held);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        sigdelset(&held, faults[i]);
    signals.fd = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals.fd < 0)
        return error_set_errno(err, errno, "signals cannot be held back");
    if (sigprocmask(SIG_BLOCK, &held, &signals.original) < 0) {
        int code = errno;

        close(signals.fd);
        return error_set_errno(err, code, "signals cannot be held back");
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
    struct signalfd_siginfo info;

    ssize_t got;

    do {
        got = read(signals->fd, &info, sizeof(info));
    } while (got < 0 && errno == EINTR);
    if (got == (ssize_t)sizeof(info))
        return (int)info.ssi_signo;
    return got < 0 && errno != EAGAIN ? -errno : 0;
}

void signals_wait(const struct signals *signals, int other_fd, int milliseconds)
{
    struct pollfd fds[2] = {{.fd = signals->fd, .events = POLLIN},
                            {.fd = other_fd, .events = POLLIN}};

    poll(fds, 2, milliseconds);
}

void signals_stop_self(int number)
{
    sigset_t only;

    raise(number);
    sigemptyset(&only);
    sigaddset(&only, number);
    sigprocmask(SIG_UNBLOCK, &only, NULL); /* here it stops */
    sigprocmask(SIG_BLOCK, &only, NULL);
}

void signals_close(struct signals *signals)
{
    close(signals->fd);
    signals->fd = -1;
}
