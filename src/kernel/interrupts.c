#include "kernel/interrupts.h"

#include <errno.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

int interrupts_hold(struct interrupts *interrupts, struct error *err)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

    sigemptyset(&interrupts->held);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct sigaction action;

        /* A blocked signal stays pending even when it is ignored. */
        if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&interrupts->held, numbers[i]);
    }
    if (sigprocmask(SIG_BLOCK, &interrupts->held, &interrupts->original) < 0)
        return error_set_errno(err, errno, "signals cannot be held back");
    interrupts->fd = signalfd(-1, &interrupts->held, SFD_CLOEXEC | SFD_NONBLOCK);
    if (interrupts->fd < 0) {
        int code = errno;

        sigprocmask(SIG_SETMASK, &interrupts->original, NULL);
        return error_set_errno(err, code, "signals cannot be held back");
    }
    return 0;
}

bool interrupts_pending(const struct interrupts *interrupts)
{
    sigset_t pending;

    sigpending(&pending);
    sigandset(&pending, &pending, &interrupts->held);
    return !sigisemptyset(&pending);
}

void interrupts_release(struct interrupts *interrupts)
{
    const struct timespec now = {0, 0};

    while (sigtimedwait(&interrupts->held, NULL, &now) > 0)
        continue;
    sigprocmask(SIG_SETMASK, &interrupts->original, NULL);
    close(interrupts->fd);
    interrupts->fd = -1;
}
