/*
 * ending: runs a program and tells how it ended, which a shell's status does not: it says 130 of
 * one that SIGINT ended and of one that exited with 130.
 *
 *     ending PROGRAM [ARG]...
 *
 * Signals 32 and 33, with which make starts what it runs ignored, have their usual effect.
 *
 * Prints `exit STATUS`, `signal NUMBER`, or `signal NUMBER core` on standard output.
 */
#include <sys/syscall.h>
#include <sys/wait.h>

#include "helper.h"

int main(int argc, char **argv)
{
    int status;
    pid_t child;

    if (argc < 2)
        die(HELPER_USAGE, "which program?");
    child = fork();
    if (child < 0)
        die(HELPER_FAILED, "fork: %s", strerror(errno));
    if (child == 0) {
        static const unsigned long by_default[8]; /* libc refuses to set these two */

        for (int number = 32; number <= 33; number++)
            syscall(SYS_rt_sigaction, number, by_default, NULL, 8L);
        execvp(argv[1], argv + 1);
        die(HELPER_FAILED, "%s: %s", argv[1], strerror(errno));
    }
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            die(HELPER_FAILED, "waitpid: %s", strerror(errno));
    }
    if (WIFSIGNALED(status))
        printf("signal %d%s\n", WTERMSIG(status), WCOREDUMP(status) ? " core" : "");
    else
        printf("exit %d\n", WEXITSTATUS(status));
    return 0;
}
