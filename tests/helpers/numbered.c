/*
 * numbered: runs a command in a process of a number of one's choice.
 *
 *     numbered PID COMMAND [ARG]...
 *
 * The exit status is the command's; 77 when no number can be chosen here (clone3 with set_tid needs
 * CAP_CHECKPOINT_RESTORE and Linux 5.5), or that one is in use.
 */
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "helper.h"

enum { CANNOT = 77 };

int main(int argc, char **argv)
{
    struct clone_args args = {.exit_signal = SIGCHLD, .set_tid_size = 1};
    pid_t number;
    long child;
    int status;

    if (argc < 3)
        return HELPER_USAGE;
    number = (pid_t)helper_number(argv[1], 10, 1, INT_MAX);
    args.set_tid = (uint64_t)(uintptr_t)&number;
    child = syscall(SYS_clone3, &args, sizeof(args));
    if (child < 0)
        return CANNOT;
    if (child == 0) {
        execvp(argv[2], argv + 2);
        die(HELPER_FAILED, "%s: %s", argv[2], strerror(errno));
    }
    if (waitpid((pid_t)child, &status, 0) < 0)
        return HELPER_FAILED;
    return WIFEXITED(status) ? WEXITSTATUS(status) : HELPER_FAILED;
}
