/*
 * holdseg: attaches segments, says so, and holds them until SIGTERM.
 *
 *     holdseg [--ro] [--times N] [--fork N] [--rmid] ID...
 *
 * --ro     read-only
 * --times  how often each segment is attached, default 1
 * --fork   children that hold the same attachments, default 0
 * --rmid   marks each segment for destruction once it is attached
 *
 * When all is in place it prints `ready PID` and, behind it, the children's pids. SIGTERM ends it
 * with status 0, and its children with it; so does the end of whoever started it.
 */
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/wait.h>

#include "helper.h"

enum { MOST_CHILDREN = 100 };

struct request {
    bool read_only;
    bool mark;
    long long times;
    long long children;
};

static const struct option OPTIONS[] = {
    {"ro", no_argument, NULL, 'r'},
    {"times", required_argument, NULL, 't'},
    {"fork", required_argument, NULL, 'f'},
    {"rmid", no_argument, NULL, 'd'},
    {NULL, 0, NULL, 0},
};

static void read_options(int argc, char **argv, struct request *request)
{
    int option;

    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'r':
            request->read_only = true;
            break;
        case 't':
            request->times = helper_number(optarg, 10, 1, 1000);
            break;
        case 'f':
            request->children = helper_number(optarg, 10, 0, MOST_CHILDREN);
            break;
        case 'd':
            request->mark = true;
            break;
        default:
            exit(HELPER_USAGE);
        }
    }
    if (optind == argc)
        die(HELPER_USAGE, "which segments? give their ids");
}

static void attach(int shmid, const struct request *request)
{
    for (long long i = 0; i < request->times; i++) {
        void *address = shmat(shmid, NULL, request->read_only ? SHM_RDONLY : 0);

        if ((intptr_t)address == -1)
            die(HELPER_FAILED, "shmat %d: %s", shmid, strerror(errno));
    }
    if (request->mark && shmctl(shmid, IPC_RMID, NULL) < 0)
        die(HELPER_FAILED, "IPC_RMID %d: %s", shmid, strerror(errno));
}

/* Dies with PARENT, also when PARENT is gone already. */
static void tie_to(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(HELPER_FAILED);
}

static pid_t start_child(const sigset_t *term)
{
    pid_t parent = getpid();
    pid_t child = fork();

    if (child < 0)
        die(HELPER_FAILED, "fork: %s", strerror(errno));
    if (child == 0) {
        tie_to(parent);
        sigprocmask(SIG_UNBLOCK, term, NULL);
        for (;;)
            pause();
    }
    return child;
}

int main(int argc, char **argv)
{
    struct request request = {.times = 1};
    sigset_t term;
    pid_t children[MOST_CHILDREN];
    int signal_number;

    read_options(argc, argv, &request);
    require_own_namespace();
    tie_to(getppid());
    for (int i = optind; i < argc; i++)
        attach((int)helper_number(argv[i], 10, 0, INT_MAX), &request);

    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    /* All of them before the line: whoever waits for it may see its beginning alone. */
    for (long long i = 0; i < request.children; i++)
        children[i] = start_child(&term);
    printf("ready %d", (int)getpid());
    for (long long i = 0; i < request.children; i++)
        printf(" %d", (int)children[i]);
    puts("");
    if (fflush(stdout) != 0)
        die(HELPER_FAILED, "standard output: %s", strerror(errno));
    sigwait(&term, &signal_number);
    return 0;
}
