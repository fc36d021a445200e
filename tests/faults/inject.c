/*
 * The kernel stops at each call of the kind that is to fail and asks us (seccomp's user
 * notification), so the program under test is what it always is, and libc's own calls are counted
 * like its.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "../helpers/helper.h"
#include "faults.h"

/* Longer than any of these runs takes, also under a sanitizer on a busy machine. */
enum { DEADLINE_SECONDS = 30, MOST_WORDS = 16 };

static int memory_file(const char *name)
{
    int fd = memfd_create(name, 0);

    if (fd < 0)
        die(HELPER_FAILED, "memfd_create: %s", strerror(errno));
    return fd;
}

/* --- The child ------------------------------------------------------------------------------ */

/* Has CALL and the mark reported. Returns the descriptor that they are reported on. */
static int install_filter(long call)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)FAULT_MARK, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -1;
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                        &program);
}

static void send_descriptor(int channel, int fd)
{
    char byte = 0;
    struct iovec data = {&byte, 1};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header;
    } control = {{0}};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};

    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
    if (sendmsg(channel, &message, 0) != 1)
        _exit(HELPER_REFUSED);
}

__attribute__((noreturn)) static void become(const char *program, char *const *words,
                                             const int *files, int channel, long call)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    for (int i = 0; i < 3; i++) {
        if (dup2(files[i], i) < 0)
            _exit(HELPER_REFUSED);
        close(files[i]);
    }
    if (call != FAULT_NONE && call != FAULT_MEMORY) {
        int listener = install_filter(call);

        if (listener < 0)
            _exit(HELPER_REFUSED);
        send_descriptor(channel, listener);
        close(listener);
    }
    close(channel);
    execv(program, words);
    _exit(HELPER_REFUSED);
}

/* --- The supervisor ------------------------------------------------------------------------- */

static int receive_descriptor(int channel)
{
    char byte;
    struct iovec data = {&byte, 1};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header;
    } control;
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    int fd;

    if (recvmsg(channel, &message, MSG_CMSG_CLOEXEC) != 1 ||
        message.msg_controllen < CMSG_LEN(sizeof(int)))
        return -1;
    memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
    return fd;
}

/* The file that a process runs. */
struct image {
    dev_t dev;
    ino_t ino;
};

static struct image image_of(uint32_t pid)
{
    struct stat status = {0};
    char path[64];

    snprintf(path, sizeof(path), "/proc/%u/exe", pid);
    stat(path, &status); /* gone meanwhile: nobody waits for an answer */
    return (struct image){status.st_dev, status.st_ino};
}

static bool is_same(struct image a, struct image b)
{
    return a.dev == b.dev && a.ino == b.ino;
}

/* Answers one call. IMAGE: of the program under test, once it is known. */
static void answer(int listener, const struct fault *fault, struct outcome *outcome,
                   struct image *image)
{
    struct seccomp_notif call = {0};
    struct seccomp_notif_resp response = {0};

    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
        return;
    response.id = call.id;
    response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    if (call.data.nr == FAULT_MARK) {
        if (outcome->marks == 0)
            *image = image_of(call.pid);
        outcome->marks += is_same(image_of(call.pid), *image);
    } else if (outcome->marks == 1 && is_same(image_of(call.pid), *image)) {
        outcome->calls++;
        if (outcome->calls == fault->nth || (fault->rest && outcome->calls > fault->nth)) {
            response.flags = 0;
            response.error = -fault->error;
        }
    }
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static time_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

/* Answers calls until the child has ended. LISTENER may be -1. */
static void supervise(pid_t child, int listener, const struct fault *fault, struct outcome *outcome)
{
    time_t end = now() + DEADLINE_SECONDS;
    struct image image = {0};
    int handle = (int)syscall(SYS_pidfd_open, child, 0);
    struct pollfd files[] = {{handle, POLLIN, 0}, {listener, POLLIN, 0}};

    if (handle < 0)
        die(HELPER_FAILED, "pidfd_open: %s", strerror(errno));
    while (!(files[0].revents & POLLIN)) {
        if (now() > end && !outcome->hung) {
            outcome->hung = true;
            kill(child, SIGKILL);
        }
        if (poll(files, 2, 1000) > 0 && files[1].revents & POLLIN)
            answer(listener, fault, outcome, &image);
    }
    close(handle);
    /* What it left became ours, and is in its process group still. */
    if (waitpid(child, &outcome->status, 0) != child)
        die(HELPER_FAILED, "waitpid: %s", strerror(errno));
    outcome->left_children = kill(-child, SIGKILL) == 0;
}

/* Waits for what a run has left. */
static void bury(pid_t group, int listener)
{
    /* A call that nobody answers any more fails. */
    if (listener >= 0)
        close(listener);
    while (waitpid(-group, NULL, 0) > 0 || errno == EINTR)
        continue;
}

static char *read_back(int fd)
{
    off_t length = lseek(fd, 0, SEEK_END);
    char *text = calloc((size_t)length + 1, 1);

    if (!text || pread(fd, text, (size_t)length, 0) != length)
        die(HELPER_FAILED, "a run's output: %s", strerror(errno));
    return text;
}

static struct fault_page *share_page(int fd, const struct fault *fault)
{
    struct fault_page *page;
    char digits[16];

    if (ftruncate(fd, sizeof(*page)) < 0)
        die(HELPER_FAILED, "ftruncate: %s", strerror(errno));
    page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED)
        die(HELPER_FAILED, "mmap: %s", strerror(errno));
    if (fault->call == FAULT_MEMORY) {
        page->nth = fault->nth;
        page->rest = fault->rest;
    }
    snprintf(digits, sizeof(digits), "%d", fd);
    setenv(FAULT_PAGE, digits, 1);
    return page;
}

struct outcome inject(const char *program, const char *const *words, const char *input,
                      const struct fault *fault)
{
    struct outcome outcome = {0};
    int files[4] = {memory_file("in"), memory_file("out"), memory_file("err"), memory_file("page")};
    struct fault_page *page = share_page(files[3], fault);
    char *copies[MOST_WORDS] = {NULL};
    int channel[2];
    int listener = -1;
    pid_t child;

    for (int i = 0; words[i]; i++)
        copies[i] = strdup(words[i]);
    if (write(files[0], input, strlen(input)) != (ssize_t)strlen(input) ||
        lseek(files[0], 0, SEEK_SET) < 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0)
        die(HELPER_FAILED, "files for a run: %s", strerror(errno));
    /* Whoever outlives the program under test becomes our child. */
    prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L);
    child = fork();
    if (child < 0)
        die(HELPER_FAILED, "fork: %s", strerror(errno));
    if (child == 0)
        become(program, copies, files, channel[1], fault->call);
    close(channel[1]);
    if (fault->call != FAULT_NONE && fault->call != FAULT_MEMORY) {
        listener = receive_descriptor(channel[0]);
        if (listener < 0)
            die(FAULTS_UNSUPPORTED, "no seccomp notifications here");
    }
    supervise(child, listener, fault, &outcome);
    bury(child, listener);
    if (fault->call == FAULT_MEMORY) {
        outcome.calls = (unsigned long)page->count;
        outcome.marks = 1;
    }
    outcome.out = read_back(files[1]);
    outcome.err = read_back(files[2]);
    munmap(page, sizeof(*page));
    close(channel[0]);
    for (int i = 0; i < 4; i++)
        close(files[i]);
    for (int i = 0; copies[i]; i++)
        free(copies[i]);
    return outcome;
}

void outcome_release(struct outcome *outcome)
{
    free(outcome->out);
    free(outcome->err);
}
