/*
 * pending: runs a program for which a signal has come already.
 *
 *     pending NUMBER PROGRAM [ARG]...
 *
 * The signal is blocked and pending when PROGRAM begins: it takes effect as soon as PROGRAM lets
 * signals through, or looks for those that it holds back.
 */
#include <signal.h>

#include "helper.h"

int main(int argc, char **argv)
{
    int number;
    sigset_t set;

    if (argc < 3)
        die(HELPER_USAGE, "which signal, and which program?");
    number = (int)helper_number(argv[1], 10, 1, 64);
    sigemptyset(&set);
    sigaddset(&set, number);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 || raise(number) != 0)
        die(HELPER_FAILED, "signal %d: %s", number, strerror(errno));
    execvp(argv[2], argv + 2);
    die(HELPER_FAILED, "%s: %s", argv[2], strerror(errno));
}
