#include "kernel/proc_events.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/proc.h"

/* Offsets in a message: netlink's header, the connector's, the event. */
enum { CONNECTOR_AT = NLMSG_HDRLEN, EVENT_AT = NLMSG_HDRLEN + sizeof(struct cn_msg) };

#define FIELD(member) (uint32_t)(EVENT_AT + offsetof(struct proc_event, member))

/* Messages that are received at once, and room for one: events have about 40 bytes. */
enum { BATCH_MAX = 64, MESSAGE_SIZE_MAX = 192 };

/* What the kernel may keep for us between two readings, in bytes; as far as it allows. */
enum { RECEIVE_BUFFER_SIZE = 4 * 1024 * 1024 };

/* Losses reported in a row: the kernel reports each once, and then what is left. */
enum { LOSSES_MAX = 16 };

/*
 * Drops what we do not need, before it takes room: of the forks those of threads, of the changed
 * names those of others, and all other kinds. The filter loads in network byte order.
 */
static int attach_event_filter(int fd)
{
    const struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FIELD(what)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(PROC_EVENT_EXIT), 10, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(PROC_EVENT_FORK), 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(PROC_EVENT_COMM), 6, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(PROC_EVENT_NONE), 7, 0),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FIELD(event_data.fork.child_pid)),
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FIELD(event_data.fork.child_tgid)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 2, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FIELD(event_data.comm.process_tgid)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl((uint32_t)getpid()), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_filter copy[sizeof(code) / sizeof(code[0])];
    const struct sock_fprog program = {sizeof(code) / sizeof(code[0]), copy};

    memcpy(copy, code, sizeof(code));
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

/* Says whether we listen. The answer to it has TOKEN + 1. */
static int send_request(int fd, enum proc_cn_mcast_op request, uint32_t token)
{
    const uint32_t word = request;
    struct nlmsghdr header = {
        .nlmsg_len = NLMSG_LENGTH(sizeof(struct cn_msg) + sizeof(word)),
        .nlmsg_type = NLMSG_DONE,
    };
    struct cn_msg message = {
        .id = {CN_IDX_PROC, CN_VAL_PROC},
        .ack = token,
        .len = sizeof(word),
    };
    char bytes[NLMSG_SPACE(sizeof(message) + sizeof(word))] = {0};

    memcpy(bytes, &header, sizeof(header));
    memcpy(bytes + CONNECTOR_AT, &message, sizeof(message));
    memcpy(bytes + EVENT_AT, &word, sizeof(word));
    return send(fd, bytes, header.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* A message parsed. */
struct event {
    uint32_t answer;
    struct proc_event event;
};

/* Messages of one call. */
struct batch {
    char bytes[BATCH_MAX][MESSAGE_SIZE_MAX];
    struct sockaddr_nl from[BATCH_MAX];
    struct iovec vectors[BATCH_MAX];
    struct mmsghdr headers[BATCH_MAX];
};

/* Receives what is there. Returns how many messages, 0 when there is none, or a negative errno. */
static int receive_batch(int fd, struct batch *batch)
{
    int count;

    for (size_t i = 0; i < BATCH_MAX; i++) {
        batch->vectors[i] = (struct iovec){batch->bytes[i], MESSAGE_SIZE_MAX};
        batch->headers[i].msg_hdr = (struct msghdr){
            .msg_name = &batch->from[i],
            .msg_namelen = sizeof(batch->from[i]),
            .msg_iov = &batch->vectors[i],
            .msg_iovlen = 1,
        };
    }
    do {
        count = recvmmsg(fd, batch->headers, BATCH_MAX, MSG_DONTWAIT, NULL);
    } while (count < 0 && errno == EINTR);
    if (count < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
    return count;
}

/* Parses message AT. Returns false when it is none of the kernel's events. */
static bool batch_get(const struct batch *batch, int at, struct event *ret_event)
{
    const char *bytes = batch->bytes[at];
    size_t length = batch->headers[at].msg_len;
    struct cn_msg message;

    if (batch->from[at].nl_pid != 0 || length < EVENT_AT)
        return false;
    memcpy(&message, bytes + CONNECTOR_AT, sizeof(message));
    if (message.id.idx != CN_IDX_PROC || message.id.val != CN_VAL_PROC)
        return false;
    memset(ret_event, 0, sizeof(*ret_event));
    ret_event->answer = message.ack;
    /* Kernels differ in how long an event is: what is not there is 0. */
    length -= EVENT_AT;
    if (length > sizeof(ret_event->event))
        length = sizeof(ret_event->event);
    if (length < offsetof(struct proc_event, event_data))
        return false;
    memcpy(&ret_event->event, bytes + EVENT_AT, length);
    return true;
}

/* Whether the kernel has granted the request with TOKEN: it answers before send() returns. */
static bool was_granted(int fd, uint32_t token)
{
    struct batch batch;
    int count;

    while ((count = receive_batch(fd, &batch)) > 0) {
        for (int i = 0; i < count; i++) {
            struct event event;

            if (batch_get(&batch, i, &event) && event.event.what == PROC_EVENT_NONE &&
                event.answer == token + 1)
                return event.event.event_data.ack.err == 0;
        }
    }
    return false;
}

int proc_events_open(struct proc_events *ret_events)
{
    const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
    const int room = RECEIVE_BUFFER_SIZE;
    CLEANUP_CLOSE int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR);
    uint32_t token = (uint32_t)getpid();
    struct proc_events events = PROC_EVENTS_INIT;
    int r;

    if (fd < 0)
        return -errno;
    /* More room than a socket has by default. Less will do too. */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    if (attach_event_filter(fd) < 0 || prctl(PR_GET_NAME, events.name) < 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return -errno;
    r = send_request(fd, PROC_CN_MCAST_LISTEN, token);
    if (r < 0)
        return r;
    /* Without an answer we hear what others asked for, as long as they listen. */
    if (!was_granted(fd, token))
        return -EPERM;
    events.fd = steal_fd(&fd);
    *ret_events = events;
    return 0;
}

/* Calls the event's handler. Returns true when it is our own mark. */
static bool handle_event(const struct proc_event *event,
                         const struct proc_events_handlers *handlers)
{
    struct exit_event exit_event;

    switch ((unsigned)event->what) {
    case PROC_EVENT_FORK:
        handlers->forked(handlers->arg, event->event_data.fork.parent_tgid,
                         event->event_data.fork.child_tgid);
        return false;
    case PROC_EVENT_EXIT:
        exit_event = (struct exit_event){
            .pid = event->event_data.exit.process_tgid,
            .leader = event->event_data.exit.process_pid == event->event_data.exit.process_tgid,
        };
        /* A process that was not waited for yet has a parent; the PID of one that was is free. */
        exit_event.reused = exit_event.leader && event->event_data.exit.parent_tgid == 0 &&
                            proc_exists(exit_event.pid);
        handlers->exited(handlers->arg, &exit_event);
        return false;
    case PROC_EVENT_COMM:
        return true;
    default:
        return false;
    }
}

int proc_events_read(struct proc_events *events, const struct proc_events_handlers *handlers)
{
    struct batch batch;
    bool marked = false;
    bool lost = false;
    int losses = 0;
    int count;

    /* The kernel reports our name before the call returns: what comes until then is all. */
    prctl(PR_SET_NAME, events->name);
    while ((lost || !marked) && (count = receive_batch(events->fd, &batch)) != 0) {
        losses = count < 0 ? losses + 1 : 0;
        if (count < 0 && (count != -ENOBUFS || losses > LOSSES_MAX))
            return -ENOTCONN;
        lost = lost || count < 0;
        for (int i = 0; i < count && !lost; i++) {
            struct event event;

            if (batch_get(&batch, i, &event))
                marked = handle_event(&event.event, handlers) || marked;
        }
    }
    if (lost)
        return -ENOBUFS;
    return marked ? 0 : -ENOTCONN;
}

void proc_events_close(struct proc_events *events)
{
    if (events->fd < 0)
        return;
    /* Before Linux 6.6 the kernel does not notice that a listener went away. */
    send_request(events->fd, PROC_CN_MCAST_IGNORE, 0);
    close(events->fd);
    events->fd = -1;
}
