/*
 * kernel/namespaces: those that nothing in /proc shows, but the kernel lists (listns(2),
 * Linux 6.19), in whose place this test answers.
 *
 * wrap: syscall open_by_handle_at
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ipcns.h"
#include "kernel/namespaces.h"
#include "kernel/source.h"
#include "otherns.h"
#include "unit.h"

/* Ids of namespaces. */
enum { OWN = 1, WAITING = 20, SOME_MORE = 21 };

static struct {
    int code; /* errno of the listing; 0: it is OWN, WAITING and SOME_MORE, one at a time */
    int open; /* errno of opening SOME_MORE */
    int queue[2];
} kernel;

long __real_syscall(long number, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long number, ...);
int __wrap_open_by_handle_at(int place, struct file_handle *handle, int flags);

static long list_next(const unsigned char *request, uint64_t *ids)
{
    static const uint64_t all[] = {OWN, WAITING, SOME_MORE};
    uint32_t size;
    uint64_t after;
    uint32_t type;

    memcpy(&size, request, sizeof(size));
    memcpy(&after, request + 8, sizeof(after));
    memcpy(&type, request + 16, sizeof(type));
    assert_int_equal(size, 32);
    assert_int_equal(type, CLONE_NEWIPC);
    errno = kernel.code;
    if (kernel.code != 0)
        return -1;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i] > after) {
            *ids = all[i];
            return 1;
        }
    }
    errno = ENOENT;
    return -1;
}

long __wrap_syscall(long number, ...)
{
    const unsigned char *request;
    long words[6] = {0};
    va_list args;
    long r;

    va_start(args, number);
    if (number == SYS_openat2 + 33) {
        request = va_arg(args, const unsigned char *);
        r = list_next(request, va_arg(args, uint64_t *));
    } else {
        for (int i = 0; i < 6; i++)
            words[i] = va_arg(args, long);
        r = __real_syscall(number, words[0], words[1], words[2], words[3], words[4], words[5]);
    }
    va_end(args);
    return r;
}

/* A message with one descriptor. */
struct message {
    struct msghdr head;
    struct iovec data;
    char byte;
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
};

static void prepare(struct message *message)
{
    *message = (struct message){.control = {.room = {0}}};
    message->data = (struct iovec){&message->byte, 1};
    message->head.msg_iov = &message->data;
    message->head.msg_iovlen = 1;
    message->head.msg_control = message->control.room;
    message->head.msg_controllen = sizeof(message->control.room);
}

static void send_descriptor(int fd)
{
    struct message message;

    prepare(&message);
    message.control.head.cmsg_len = CMSG_LEN(sizeof(int));
    message.control.head.cmsg_level = SOL_SOCKET;
    message.control.head.cmsg_type = SCM_RIGHTS;
    memcpy(CMSG_DATA(&message.control.head), &fd, sizeof(fd));
    assert_int_equal(sendmsg(kernel.queue[0], &message.head, 0), 1);
}

/* A copy of the one that waits, which goes on waiting. */
static int peek_descriptor(void)
{
    struct message message;
    int fd;

    prepare(&message);
    assert_int_equal(recvmsg(kernel.queue[1], &message.head, MSG_PEEK | MSG_CMSG_CLOEXEC), 1);
    memcpy(&fd, CMSG_DATA(&message.control.head), sizeof(fd));
    return fd;
}

int __wrap_open_by_handle_at(int place, struct file_handle *handle, int flags)
{
    static const unsigned char any[8];
    uint64_t id;

    assert_int_equal(place, -10003);
    assert_int_equal(flags, O_RDONLY | O_CLOEXEC);
    assert_int_equal(handle->handle_type, 0xf1);
    assert_int_equal(handle->handle_bytes, sizeof(id) + sizeof(any));
    memcpy(&id, handle->f_handle, sizeof(id));
    assert_memory_equal(handle->f_handle + sizeof(id), any, sizeof(any));
    if (id == OWN)
        return open("/proc/self/ns/ipc", O_RDONLY | O_CLOEXEC);
    if (id == WAITING)
        return peek_descriptor();
    errno = kernel.open;
    return -1;
}

/* Leaves a namespace that only a descriptor in the queue keeps, and sets *ret_status to what it is.
 */
static void begin(struct procfs *procfs, struct stat *ret_status)
{
    struct otherns other;

    otherns_need_root();
    ipcns_enter();
    memset(&kernel, 0, sizeof(kernel));
    kernel.open = ESTALE;
    assert_int_equal(procfs_open(procfs, NULL, NULL), 0);
    otherns_start(procfs, &other);
    assert_int_equal(fstat(other.namespace.fd, ret_status), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, kernel.queue), 0);
    send_descriptor(other.namespace.fd);
    otherns_end(&other);
}

static void end(struct procfs *procfs)
{
    close(kernel.queue[0]);
    close(kernel.queue[1]);
    procfs_close(procfs);
}

static void what_waits_in_a_queue_is_found(void **state)
{
    CLEANUP_NAMESPACES struct ipc_namespace_list list = {0};
    CLEANUP_SEGMENT_LIST struct segment_list segments = SEGMENT_LIST_INIT;
    const struct ipc_namespace *found;
    struct namespace_entry entry;
    struct procfs procfs;
    struct stat status;

    (void)state;
    begin(&procfs, &status);
    assert_int_equal(namespaces_find(&procfs, &list, NULL), 0);
    assert_false(list.exhausted);
    assert_int_equal(list.failure, 0);
    assert_true(list.items[0].own);
    for (size_t i = 1; i < list.count; i++)
        assert_true(i == 1 ? list.items[i].number != list.items[0].number
                           : list.items[i - 1].number < list.items[i].number);
    found = ipc_namespace_list_find(&list, status.st_ino, status.st_dev);
    assert_non_null(found);
    assert_int_equal(found->processes, 0);
    assert_int_equal(found->pid, 0);
    assert_int_equal(found->holder, 0);
    assert_int_equal(found->held_count, 0);
    assert_int_equal(namespace_enter(&procfs, found, &entry, NULL), 0);
    assert_int_equal(source_read(&procfs, true, &segments, NULL, NULL), 0);
    assert_int_equal(namespace_return(&procfs, &entry, NULL), 0);
    assert_int_equal(segments.count, 1);
    assert_int_equal(segments.items[0].key, OTHERNS_KEY);
    end(&procfs);
}

static void without_an_answer_all_is_as_before_unless_descriptors_ran_out(void **state)
{
    static const struct {
        int code; /* of the listing */
        int open; /* of one that is listed */
    } answers[] = {{ENOSYS, 0}, {EPERM, 0},  {0, ESTALE}, {0, EPERM},
                   {0, ENOSYS}, {0, EMFILE}, {0, ENFILE}};
    struct procfs procfs;
    struct stat status;

    (void)state;
    begin(&procfs, &status);
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        CLEANUP_NAMESPACES struct ipc_namespace_list list = {0};

        kernel.code = answers[i].code;
        kernel.open = answers[i].open;
        assert_int_equal(namespaces_find(&procfs, &list, NULL), 0);
        assert_true(list.items[0].own);
        assert_int_equal(list.exhausted, kernel.open == EMFILE || kernel.open == ENFILE);
        assert_int_equal(list.failure, 0);
        assert_int_equal(ipc_namespace_list_find(&list, status.st_ino, status.st_dev) != NULL,
                         kernel.code == 0);
    }
    end(&procfs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waits_in_a_queue_is_found),
        cmocka_unit_test(without_an_answer_all_is_as_before_unless_descriptors_ran_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
