/*
 * ending: runs a program and tells how it ended, which a shell's status does not: it says 130 of
 * one that SIGINT ended and of one that exited with 130.
 *
 *     ending PROGRAM [ARG]...
 *
 * Prints `exit STATUS`, `signal NUMBER`, or `signal NUMBER core` on standard output.
 */
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
