/*
 * keepns: makes IPC namespaces, and keeps each in one of the ways that there are.
 *
 *     keepns [--times N] [--size BYTES [--segments N]] [--churn] KIND...
 *
 * process     a process that is inside
 * zombie      a process whose leader has exited; a thread of it is inside
 * thread      a single thread that is inside; its process is not
 * descriptor  a descriptor of this process; nobody is inside
 * queue       a descriptor that waits in the queue of a socket of this process; nobody is inside
 * mount:DIR   a bind mount on a new file in DIR; nobody is inside
 *
 * --times     namespaces of each kind, default 1
 * --size      makes a segment of so many bytes in each, which its creator does not attach
 * --segments  so many of them, default 1
 * --churn     from then on makes and ends further namespaces, one after the other
 *
 * Prints a line for each namespace, `NUMBER processes PID` (of process and zombie), `NUMBER thread
 * PID/TID`, `NUMBER fd PID/FD`, `NUMBER queue` or `NUMBER mount PATH`, then `ready PID`. SIGTERM
 * ends it with status 0. All that it started ends with it; mounts stay until their mount namespace
 * ends.
 */
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "helper.h"

enum keeper { PROCESS, ZOMBIE, THREAD, DESCRIPTOR, QUEUE, MOUNT };

struct request {
    long long times;
    long long size;
    long long segments;
    bool churn;
};

/* What a child has to do, and the pipe by which it says what it is. */
struct keeping {
    enum keeper keeper;
    const struct request *request;
    int report; /* where "NUMBER TID" goes */
};

static const struct option OPTIONS[] = {
    {"times", required_argument, NULL, 't'},
    {"size", required_argument, NULL, 's'},
    {"segments", required_argument, NULL, 'n'},
    {"churn", no_argument, NULL, 'c'},
    {NULL, 0, NULL, 0},
};

static void must(bool succeeded, const char *what)
{
    if (!succeeded)
        die(HELPER_FAILED, "%s: %s", what, strerror(errno));
}

static void leave_for_new_namespace(const struct request *request)
{
    must(unshare(CLONE_NEWIPC) == 0, "unshare");
    for (long long i = 0; request->size > 0 && i < request->segments; i++)
        must(shmget(IPC_PRIVATE, (size_t)request->size, 0600) >= 0, "shmget");
}

/* Says that the calling thread is inside, for the last time. */
static void report(const struct keeping *keeping)
{
    struct stat status;

    must(stat("/proc/thread-self/ns/ipc", &status) == 0, "/proc/thread-self/ns/ipc");
    dprintf(keeping->report, "%llu %d\n", (unsigned long long)status.st_ino,
            (int)syscall(SYS_gettid));
    close(keeping->report);
}

static void *thread_main(void *arg)
{
    const struct keeping *keeping = arg;

    if (keeping->keeper == THREAD)
        leave_for_new_namespace(keeping->request);
    /* The leader's namespace is not to be had any more once it has exited. */
    while (keeping->keeper == ZOMBIE && access("/proc/self/ns/ipc", F_OK) == 0)
        sched_yield();
    report(keeping);
    for (;;)
        pause();
    return NULL;
}

/*
 * Closes whatever descriptors the caller had, but for the standard ones and that to report to: how
 * long it takes to inspect a process must not depend on who started it.
 */
static void close_inherited(struct keeping *keeping)
{
    keeping->report = dup2(keeping->report, STDERR_FILENO + 1);
    must(keeping->report >= 0, "dup2");
    must(syscall(SYS_close_range, STDERR_FILENO + 2, ~0U, 0) == 0, "close_range");
}

__attribute__((noreturn)) static void run_child(struct keeping *keeping)
{
    pthread_t thread;

    close_inherited(keeping);
    if (keeping->keeper != THREAD)
        leave_for_new_namespace(keeping->request);
    if (keeping->keeper == THREAD || keeping->keeper == ZOMBIE) {
        errno = pthread_create(&thread, NULL, thread_main, keeping);
        must(errno == 0, "pthread_create");
    } else {
        report(keeping);
    }
    if (keeping->keeper == ZOMBIE)
        syscall(SYS_exit, 0); /* this thread alone */
    for (;;)
        pause();
}

/* Starts a child. Returns its PID, the number of its namespace and the thread that is in it. */
static pid_t start_child(enum keeper keeper, const struct request *request,
                         unsigned long long *ret_number, int *ret_thread)
{
    struct keeping keeping = {.keeper = keeper, .request = request};
    pid_t parent = getpid();
    char line[64] = "";
    ssize_t length;
    int ends[2];
    pid_t child;

    must(pipe2(ends, O_CLOEXEC) == 0, "pipe");
    child = fork();
    must(child >= 0, "fork");
    if (child == 0) {
        sigset_t none;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(HELPER_FAILED);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        keeping.report = ends[1];
        run_child(&keeping);
    }
    close(ends[1]);
    length = read(ends[0], line, sizeof(line) - 1);
    close(ends[0]);
    if (length <= 0 || sscanf(line, "%llu %d", ret_number, ret_thread) != 2)
        die(HELPER_FAILED, "a child did not start");
    return child;
}

static void end_child(pid_t child)
{
    kill(child, SIGKILL);
    must(waitpid(child, NULL, 0) == child, "waitpid");
}

static void keep_by_mount(unsigned long long number, const char *source, const char *dir)
{
    char path[PATH_MAX];
    int fd;

    snprintf(path, sizeof(path), "%s/%llu", dir, number);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    must(fd >= 0, path);
    close(fd);
    must(mount(source, path, NULL, MS_BIND, NULL) == 0, "mount");
    printf("%llu mount %s\n", number, path);
}

/* Sends FD, which it closes, to a socket that nobody reads. */
static void keep_in_queue(int fd)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.room = {0}};
    char byte = 0;
    struct iovec data = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = control.room,
        .msg_controllen = sizeof(control.room),
    };
    int ends[2];

    control.head.cmsg_len = CMSG_LEN(sizeof(int));
    control.head.cmsg_level = SOL_SOCKET;
    control.head.cmsg_type = SCM_RIGHTS;
    memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
    must(sendmsg(ends[0], &message, 0) == 1, "sendmsg");
    close(fd);
}

static void keep(enum keeper keeper, const char *dir, const struct request *request)
{
    unsigned long long number;
    char path[64];
    int thread;
    pid_t child = start_child(keeper, request, &number, &thread);

    snprintf(path, sizeof(path), "/proc/%d/ns/ipc", (int)child);
    if (keeper == THREAD) {
        printf("%llu thread %d/%d\n", number, (int)child, thread);
    } else if (keeper == DESCRIPTOR || keeper == QUEUE) {
        int fd = open(path, O_RDONLY);

        must(fd >= 0, path);
        end_child(child);
        if (keeper == DESCRIPTOR) {
            printf("%llu fd %d/%d\n", number, (int)getpid(), fd);
        } else {
            keep_in_queue(fd);
            printf("%llu queue\n", number);
        }
    } else if (keeper == MOUNT) {
        keep_by_mount(number, path, dir);
        end_child(child);
    } else {
        printf("%llu processes %d\n", number, (int)child);
    }
}

static void keep_all(const char *word, const struct request *request)
{
    static const char *const words[] = {"process",    "zombie", "thread",
                                        "descriptor", "queue",  "mount:"};
    enum keeper keeper = PROCESS;

    while (strncmp(word, words[keeper], strlen(words[keeper])) != 0) {
        if (keeper == MOUNT)
            die(HELPER_USAGE, "'%s': no way to keep a namespace", word);
        keeper++;
    }
    for (long long i = 0; i < request->times; i++)
        keep(keeper, word + strlen("mount:"), request);
}

/* Namespaces that come and go until SIGTERM. */
static void churn(const sigset_t *term)
{
    static const struct request empty = {0};
    const struct timespec at_once = {0};

    while (sigtimedwait(term, NULL, &at_once) < 0) {
        unsigned long long number;
        int thread;

        end_child(start_child(PROCESS, &empty, &number, &thread));
    }
}

int main(int argc, char **argv)
{
    struct request request = {.times = 1, .segments = 1};
    int signal_number;
    int option;
    sigset_t term;

    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        if (option == 't')
            request.times = helper_number(optarg, 10, 1, 2000);
        else if (option == 's')
            request.size = helper_number(optarg, 10, 1, 1 << 30);
        else if (option == 'n')
            request.segments = helper_number(optarg, 10, 1, 1000);
        else if (option == 'c')
            request.churn = true;
        else
            exit(HELPER_USAGE);
    }
    require_own_namespace();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    for (int i = optind; i < argc; i++)
        keep_all(argv[i], &request);
    printf("ready %d\n", (int)getpid());
    if (fflush(stdout) != 0)
        die(HELPER_FAILED, "standard output: %s", strerror(errno));
    if (request.churn)
        churn(&term);
    else
        sigwait(&term, &signal_number);
    return 0;
}
