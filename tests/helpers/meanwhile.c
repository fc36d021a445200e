/*
 * meanwhile: runs a program, and does something at the very moment at which it removes a segment.
 *
 *     meanwhile [--nth N] [--signal NUMBER] [--do COMMAND] -- PROGRAM [ARG]...
 *     meanwhile --test
 *
 * --nth     at which removal (IPC_RMID), default 1: the first one
 * --signal  is sent to PROGRAM then
 * --do      is run by sh then, while PROGRAM is held
 * --test    tells whether this can be done here: status 0, or 77
 *
 * Then PROGRAM goes on, not traced any more. The exit status is its own, 128+N when signal N ended
 * it, or 125 when that removal never came or something else failed.
 */
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "helper.h"

#define MEANWHILE_FAILED 125
#define MEANWHILE_CANNOT 77

/* <linux/ptrace.h> has these too, but not every libc lets it stand beside its own <sys/ptrace.h>.
 */
#ifndef PTRACE_GET_SYSCALL_INFO
#define PTRACE_GET_SYSCALL_INFO 0x420e
#endif
#define SYSCALL_STOP (SIGTRAP | 0x80)

struct syscall_info {
    uint8_t op; /* 1: on its way in */
    uint8_t reserved[3];
    uint32_t arch;
    uint64_t instruction;
    uint64_t stack;
    uint64_t number;
    uint64_t args[6];
};

#define IPC_64 0x100 /* added to the command on some machines */

/* Some have one system call for all of System V: ipc(2), with a version above the call
 * (linux/ipc.h). */
#ifdef SYS_ipc
#define IPC_NUMBER SYS_ipc
#else
#define IPC_NUMBER UINT64_MAX
#endif
#define IPC_CALL_MASK 0xffff
#define IPC_SHMCTL 24

struct request {
    long long nth;
    int signal_number; /* 0: none */
    const char *deed;  /* NULL: none */
    bool test;
};

static const struct option OPTIONS[] = {
    {"nth", required_argument, NULL, 'n'},
    {"signal", required_argument, NULL, 's'},
    {"do", required_argument, NULL, 'd'},
    {"test", no_argument, NULL, 't'},
    {NULL, 0, NULL, 0},
};

static void read_options(int argc, char **argv, struct request *request)
{
    int option;

    while ((option = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'n':
            request->nth = helper_number(optarg, 10, 1, 100000);
            break;
        case 's':
            request->signal_number = (int)helper_number(optarg, 10, 1, 64);
            break;
        case 'd':
            request->deed = optarg;
            break;
        case 't':
            request->test = true;
            break;
        default:
            exit(HELPER_USAGE);
        }
    }
    if (optind == argc && !request->test)
        die(HELPER_USAGE, "which program? give it behind --");
}

/* Starts ARGV, stopped before its first instruction. Returns its pid, or -1 when it can't be
 * traced. */
static pid_t start(char **argv)
{
    pid_t child = fork();
    int status;

    if (child < 0)
        die(MEANWHILE_FAILED, "fork: %s", strerror(errno));
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
            _exit(MEANWHILE_CANNOT);
        raise(SIGSTOP);
        execvp(argv[0], argv);
        _exit(MEANWHILE_FAILED);
    }
    if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
        return -1;
    if (ptrace(PTRACE_SETOPTIONS, child, NULL,
               PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC) < 0) {
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        return -1;
    }
    return child;
}

/* Tells whether CHILD, held at a system call, is about to remove a segment. */
static bool is_removal(pid_t child)
{
    struct syscall_info info = {0};

    if (ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info) < 0)
        die(MEANWHILE_FAILED, "PTRACE_GET_SYSCALL_INFO: %s", strerror(errno));
    if (info.op != 1)
        return false;
    if (info.number == IPC_NUMBER)
        return (info.args[0] & IPC_CALL_MASK) == IPC_SHMCTL &&
               (info.args[2] & ~(uint64_t)IPC_64) == IPC_RMID;
    return info.number == SYS_shmctl && (info.args[1] & ~(uint64_t)IPC_64) == IPC_RMID;
}

/* Lets CHILD run up to its NTH removal. */
static void run_up_to_removal(pid_t child, long long nth)
{
    long long met = 0;
    long pass_on = 0; /* the signal that CHILD was about to be given */
    int status;

    while (met < nth) {
        if (ptrace(PTRACE_SYSCALL, child, NULL, pass_on) < 0 || waitpid(child, &status, 0) != child)
            die(MEANWHILE_FAILED, "ptrace: %s", strerror(errno));
        if (!WIFSTOPPED(status))
            die(MEANWHILE_FAILED, "the program ended (status %d) after %lld removals",
                WEXITSTATUS(status), met);
        pass_on = 0;
        if (WSTOPSIG(status) == SYSCALL_STOP)
            met += is_removal(child);
        else if (WSTOPSIG(status) != SIGTRAP)
            pass_on = WSTOPSIG(status);
    }
}

static int wait_for_end(pid_t child)
{
    int status;

    if (waitpid(child, &status, 0) != child)
        die(MEANWHILE_FAILED, "waitpid: %s", strerror(errno));
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* A system call is met where tracing works: the first one that `true` makes. */
static int test_tracing(void)
{
    char *argv[] = {(char[]){"true"}, NULL};
    struct syscall_info info = {0};
    pid_t child = start(argv);
    int status;
    bool works = false;

    if (child < 0)
        return MEANWHILE_CANNOT;
    if (ptrace(PTRACE_SYSCALL, child, NULL, 0) == 0 && waitpid(child, &status, 0) == child)
        works =
            WIFSTOPPED(status) && ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info) > 0;
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return works ? 0 : MEANWHILE_CANNOT;
}

int main(int argc, char **argv)
{
    struct request request = {.nth = 1};
    pid_t child;

    read_options(argc, argv, &request);
    if (request.test)
        return test_tracing();
    require_own_namespace();
    child = start(argv + optind);
    if (child < 0)
        die(MEANWHILE_FAILED, "nothing can be traced here");
    run_up_to_removal(child, request.nth);
    if (request.signal_number)
        kill(child, request.signal_number);
    if (request.deed && system(request.deed) != 0)
        die(MEANWHILE_FAILED, "'%s' failed", request.deed);
    if (ptrace(PTRACE_DETACH, child, NULL, 0) < 0)
        die(MEANWHILE_FAILED, "PTRACE_DETACH: %s", strerror(errno));
    return wait_for_end(child);
}
