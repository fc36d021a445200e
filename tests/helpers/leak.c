/*
 * leak: makes segments, and ends without having removed them.
 *
 *     leak [--count N] [--size N] [--attach] [--ids FILE] END
 *
 * --count  how many, default 3
 * --size   bytes, default 4096
 * --attach keeps them attached
 * --ids    adds the ids to FILE, one a line; default: prints them
 *
 * END:
 *     exit STATUS          ends with that status
 *     abort | segfault     ends so
 *     signal NUMBER        sends itself that signal, which is neither ignored nor blocked then
 *     wait                 prints `ready PID` and waits for a signal
 *     read                 prints `ready PID`, and ends with status 0 at the end of its input
 *     trap NUMBER          prints `ready PID`, and counts that signal: at the end of its input it
 *                          prints `got COUNT` and ends with status 0
 *     stop                 prints `ready PID`, stops itself with SIGSTOP, and then does as read
 *     exec COMMAND ARG...  becomes another program
 *
 * Whenever it is continued after a stop, one that waits or reads prints `continued`.
 */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ipc.h>
#include <sys/resource.h>
#include <sys/shm.h>

#include "helper.h"

struct request {
    long long count;
    size_t size;
    bool attach;
    const char *ids;
};

static const struct option OPTIONS[] = {
    {"count", required_argument, NULL, 'c'},
    {"size", required_argument, NULL, 's'},
    {"attach", no_argument, NULL, 'a'},
    {"ids", required_argument, NULL, 'i'},
    {NULL, 0, NULL, 0},
};

static volatile sig_atomic_t caught;

static void count_signal(int number)
{
    (void)number;
    caught = caught + 1;
}

static void say_continued(int number)
{
    (void)number;
    (void)!write(STDOUT_FILENO, "continued\n", 10);
}

static void read_options(int argc, char **argv, struct request *request)
{
    int option;

    while ((option = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'c':
            request->count = helper_number(optarg, 10, 0, 100000);
            break;
        case 's':
            request->size = (size_t)helper_number(optarg, 10, 1, LLONG_MAX);
            break;
        case 'a':
            request->attach = true;
            break;
        case 'i':
            request->ids = optarg;
            break;
        default:
            exit(HELPER_USAGE);
        }
    }
    if (optind == argc)
        die(HELPER_USAGE, "which end? exit, abort, segfault, signal, wait, read, trap, stop, exec");
}

static void make_segment(const struct request *request, int fd)
{
    int shmid = shmget(IPC_PRIVATE, request->size, IPC_CREAT | 0600);

    if (shmid < 0)
        die(HELPER_FAILED, "shmget: %s", strerror(errno));
    /* shmat's failure is (void *)-1. */
    if (request->attach && (intptr_t)shmat(shmid, NULL, 0) == -1)
        die(HELPER_FAILED, "shmat %d: %s", shmid, strerror(errno));
    /* In one write each, so that several writers do not mix. */
    if (dprintf(fd, "%d\n", shmid) < 0)
        die(HELPER_FAILED, "%s: %s", request->ids, strerror(errno));
}

static void make_segments(const struct request *request)
{
    int fd = STDOUT_FILENO;

    if (request->ids)
        fd = open(request->ids, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0)
        die(HELPER_FAILED, "%s: %s", request->ids, strerror(errno));
    for (long long i = 0; i < request->count; i++)
        make_segment(request, fd);
    if (request->ids)
        close(fd);
}

static void say_ready(void)
{
    signal(SIGCONT, say_continued);
    printf("ready %d\n", (int)getpid());
    fflush(stdout);
}

static int read_to_end(void)
{
    char bytes[256];
    ssize_t got;

    do {
        got = read(STDIN_FILENO, bytes, sizeof(bytes));
    } while (got > 0 || (got < 0 && errno == EINTR));
    return got == 0 ? 0 : HELPER_FAILED;
}

static int trap(int number)
{
    struct sigaction action = {.sa_handler = count_signal};

    sigaction(number, &action, NULL);
    say_ready();
    if (read_to_end() != 0)
        return HELPER_FAILED;
    printf("got %d\n", (int)caught);
    return 0;
}

__attribute__((noreturn)) static void crash(int number)
{
    struct rlimit no_core = {0, 0};
    sigset_t none;

    fflush(stdout);
    setrlimit(RLIMIT_CORE, &no_core);
    signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    raise(number);
    die(HELPER_FAILED, "signal %d did not end it", number);
}

static long long number_of(char **words, long long high)
{
    if (!words[1])
        die(HELPER_USAGE, "%s: needs a number", words[0]);
    return helper_number(words[1], 10, 0, high);
}

static int end(char **words)
{
    if (strcmp(words[0], "exit") == 0)
        return (int)number_of(words, 255);
    if (strcmp(words[0], "abort") == 0)
        crash(SIGABRT);
    if (strcmp(words[0], "segfault") == 0)
        crash(SIGSEGV);
    if (strcmp(words[0], "signal") == 0)
        crash((int)number_of(words, 64));
    if (strcmp(words[0], "trap") == 0)
        return trap((int)number_of(words, 64));
    if (strcmp(words[0], "exec") == 0) {
        fflush(stdout);
        execvp(words[1], words + 1);
        die(HELPER_FAILED, "%s: %s", words[1], strerror(errno));
    }
    say_ready();
    if (strcmp(words[0], "stop") == 0)
        raise(SIGSTOP);
    if (strcmp(words[0], "wait") != 0)
        return read_to_end();
    for (;;)
        pause();
}

int main(int argc, char **argv)
{
    struct request request = {.count = 3, .size = 4096};

    read_options(argc, argv, &request);
    require_own_namespace();
    make_segments(&request);
    return end(argv + optind);
}
