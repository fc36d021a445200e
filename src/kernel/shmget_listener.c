#include "kernel/shmget_listener.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "kernel/proc.h"

/* Linux 5.19; older headers do not have it. */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/* --- The filter ------------------------------------------------------------------------------- */

/* ipc(2): its first argument says which call is meant, in its low 16 bits (ipc/syscall.c). */
enum { IPC_CALL_MASK = 0xffff, IPC_CALL_SHMGET = 23 };

/* By which system call a program calls shmget, in each way in which it can make calls at all. */
struct calling {
    uint32_t architecture;
    uint32_t number;
    bool by_ipc; /* it is ipc(2) */
};

static const struct calling callings[] = {
#if defined(__x86_64__) || defined(__i386__)
    {AUDIT_ARCH_X86_64, 29, false},
    {AUDIT_ARCH_X86_64, 0x40000000 | 29, false}, /* x32 */
    {AUDIT_ARCH_I386, 395, false},
    {AUDIT_ARCH_I386, 117, true},
#elif defined(__aarch64__)
    {AUDIT_ARCH_AARCH64, 194, false},
    {AUDIT_ARCH_ARM, 307, false},
#else
    {0, 0, false}, /* none is known */
#endif
};

/* Three comparisons of three steps, and a return. */
enum { CALLINGS = sizeof(callings) / sizeof(callings[0]), STEPS_MAX = 10 };

static const struct calling *find_calling(const struct seccomp_data *data)
{
    for (size_t i = 0; i < CALLINGS; i++) {
        if (callings[i].architecture == data->arch && callings[i].number == (uint32_t)data->nr)
            return &callings[i];
    }
    return NULL;
}

/* Puts the steps that compare what stands at OFFSET with VALUE, and skip REST steps if it is not.
 */
static void put_comparison(struct sock_fprog *program, size_t offset, uint32_t mask, uint32_t value,
                           unsigned char rest)
{
    struct sock_filter *at = program->filter + program->len;

    *at++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
    *at++ = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask);
    *at++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, rest);
    program->len = (unsigned short)(at - program->filter);
}

static void put_return(struct sock_fprog *program, uint32_t action)
{
    program->filter[program->len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
}

/* Notifies of the calls above, and allows everything else. */
static void make_filter(struct sock_fprog *program)
{
    for (size_t i = 0; i < CALLINGS; i++) {
        const struct calling *calling = &callings[i];
        unsigned char last = calling->by_ipc ? 4 : 1;

        put_comparison(program, offsetof(struct seccomp_data, arch), UINT32_MAX,
                       calling->architecture, (unsigned char)(last + 3));
        put_comparison(program, offsetof(struct seccomp_data, nr), UINT32_MAX, calling->number,
                       last);
        /* The low half: all these architectures have it first. */
        if (calling->by_ipc)
            put_comparison(program, offsetof(struct seccomp_data, args), IPC_CALL_MASK,
                           IPC_CALL_SHMGET, 1);
        put_return(program, SECCOMP_RET_USER_NOTIF);
    }
    put_return(program, SECCOMP_RET_ALLOW);
}

static int set_filter(const struct sock_fprog *program, unsigned long flags)
{
    long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                      SECCOMP_FILTER_FLAG_NEW_LISTENER | flags, program);

    return fd < 0 ? -errno : (int)fd;
}

/* Sets the filter for this process. Returns the listener, or a negative errno. */
static int install_filter(void)
{
    struct sock_filter steps[CALLINGS * STEPS_MAX + 1];
    struct sock_fprog program = {.filter = steps};
    int fd;

    if (callings[0].architecture == 0)
        return -EAFNOSUPPORT;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0)
        return -errno;
    make_filter(&program);
    /* Signals of the caller wait while we have the call: without that it would be made twice. */
    fd = set_filter(&program, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
    return fd == -EINVAL ? set_filter(&program, 0) : fd;
}

/* --- From the child to us --------------------------------------------------------------------- */

/* Room for a descriptor in a message. */
union descriptor_room {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

void shmget_listener_send(int socket)
{
    CLEANUP_CLOSE int fd = install_filter();
    int code = fd < 0 ? -fd : 0;
    union descriptor_room room = {.bytes = {0}};
    struct iovec text = {&code, sizeof(code)};
    struct msghdr message = {.msg_iov = &text, .msg_iovlen = 1};

    if (fd >= 0) {
        message.msg_control = &room;
        message.msg_controllen = sizeof(room);
        room.header = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof(fd)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&room.header), &fd, sizeof(fd));
    }
    /* If that fails the parent sees the end of the socket. */
    while (sendmsg(socket, &message, MSG_NOSIGNAL) < 0 && errno == EINTR)
        continue;
}

/* Returns the listener or a negative errno. */
static int receive_listener(int socket)
{
    int code = 0;
    int fd = -1;
    union descriptor_room room = {.bytes = {0}};
    struct iovec text = {&code, sizeof(code)};
    struct msghdr message = {
        .msg_iov = &text, .msg_iovlen = 1, .msg_control = &room, .msg_controllen = sizeof(room)};
    ssize_t got;

    do {
        got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return -errno;
    if (got != (ssize_t)sizeof(code))
        return -ECANCELED; /* it was killed, or could not send */
    if (code != 0)
        return -code;
    if (message.msg_controllen < CMSG_LEN(sizeof(fd)) || room.header.cmsg_type != SCM_RIGHTS)
        return -EMFILE; /* no room for it in our table */
    memcpy(&fd, CMSG_DATA(&room.header), sizeof(fd));
    return fd;
}

static const char *obstacle(int code)
{
    switch (code) {
    case EAFNOSUPPORT:
        return "the numbers of its calls are not known for this architecture";
    case EBUSY:
        return "a listener of system calls is in force here already, and there can be but one: "
               "another shmtool run --exact or --explain, or a container manager's";
    case ENOSYS:
    case EINVAL:
        return "this kernel has no listeners of system calls (seccomp; from Linux 5.5 on)";
    case EPERM:
    case EACCES:
        return "seccomp is forbidden here, by a filter of system calls or a security module";
    default:
        return strerror(code);
    }
}

/* Whether the kernel lets calls go on (Linux 5.5): it refuses the flag, or there is no such call.
 */
static bool can_continue(int fd)
{
    struct seccomp_notif_resp reply = {.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};

    return ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &reply) < 0 && errno == ENOENT;
}

int shmget_listener_receive(struct shmget_listener *ret_listener, int socket, struct error *err)
{
    struct seccomp_notif_sizes sizes = {0};
    CLEANUP_CLOSE int fd = receive_listener(socket);
    int code = fd < 0 ? -fd : 0;

    if (code == 0 && syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0)
        code = errno;
    if (code == 0 && !can_continue(fd))
        code = EINVAL;
    if (code != 0)
        return error_set(err, code, "shmget cannot be listened to: %s; the program was not started",
                         obstacle(code));
    *ret_listener = (struct shmget_listener){
        .fd = steal_fd(&fd),
        .notice_size = sizes.seccomp_notif > sizeof(struct seccomp_notif)
                           ? sizes.seccomp_notif
                           : sizeof(struct seccomp_notif),
    };
    ret_listener->notice = xcalloc(1, ret_listener->notice_size);
    ret_listener->reply = xcalloc(1, sizes.seccomp_notif_resp > sizeof(struct seccomp_notif_resp)
                                         ? sizes.seccomp_notif_resp
                                         : sizeof(struct seccomp_notif_resp));
    return 0;
}

bool shmget_listener_can_open(void)
{
    pid_t child = fork();
    int status = -1;

    if (child == 0) {
        int fd = install_filter();

        _exit(fd >= 0 && can_continue(fd) ? 0 : 1);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return status == 0;
}

/* --- Calls ------------------------------------------------------------------------------------ */

/*
 * The process that THREAD belongs to; 0: not known. Most calls are made by the first thread of a
 * process, and no file has to be read for it: a signal finds it (tgkill(2)).
 */
static pid_t process_of(const struct procfs *procfs, pid_t thread)
{
    if (thread <= 0)
        return 0; /* in a PID namespace that we do not see */
    if (syscall(SYS_tgkill, thread, thread, 0) == 0 || errno == EPERM)
        return thread;
    return procfs ? proc_of_thread(procfs, thread) : 0;
}

/* Takes a notice, where there is one. Returns whether it did. */
static bool take_notice(struct shmget_listener *listener)
{
    struct pollfd poll_fd = {.fd = listener->fd, .events = POLLIN};

    /* Taking one would wait for it. */
    while (listener->fd >= 0 && poll(&poll_fd, 1, 0) > 0) {
        if (!(poll_fd.revents & POLLIN)) {
            shmget_listener_close(listener);
            return false;
        }
        memset(listener->notice, 0, listener->notice_size);
        if (ioctl(listener->fd, SECCOMP_IOCTL_NOTIF_RECV, listener->notice) == 0)
            return true;
        /* ENOENT: its caller was killed, or interrupted, and there may be another. */
        if (errno != ENOENT && errno != EINTR)
            return false;
    }
    return false;
}

bool shmget_listener_take(struct shmget_listener *listener, const struct procfs *procfs,
                          struct shmget_call *ret_call)
{
    while (take_notice(listener)) {
        const struct seccomp_notif *notice = listener->notice;
        const struct calling *calling = find_calling(&notice->data);
        const __u64 *args = notice->data.args + (calling && calling->by_ipc);

        *ret_call = (struct shmget_call){
            .id = notice->id,
            .pid = process_of(procfs, (pid_t)notice->pid),
            .request = {(uint32_t)args[0], args[1], (uint32_t)args[2]},
        };
        if (shmget_listener_waits(listener, ret_call))
            return true;
    }
    return false;
}

bool shmget_listener_waits(const struct shmget_listener *listener, const struct shmget_call *call)
{
    return ioctl(listener->fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &call->id) == 0;
}

void shmget_listener_continue(struct shmget_listener *listener, const struct shmget_call *call)
{
    struct seccomp_notif_resp *reply = listener->reply;

    *reply = (struct seccomp_notif_resp){
        .id = call->id,
        .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE,
    };
    while (ioctl(listener->fd, SECCOMP_IOCTL_NOTIF_SEND, reply) < 0 && errno == EINTR)
        continue;
}

void shmget_listener_close(struct shmget_listener *listener)
{
    if (listener->fd >= 0)
        close(listener->fd);
    free(listener->notice);
    free(listener->reply);
    *listener = (struct shmget_listener)SHMGET_LISTENER_INIT;
}
