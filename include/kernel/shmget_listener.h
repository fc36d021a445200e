/*
 * The calls of shmget(2) of a program and all that descends from it, each reported before it is
 * made: a filter of system calls with a listener (seccomp(2), SECCOMP_RET_USER_NOTIF; Linux 5.5).
 *
 * Whoever calls waits until the call is continued, unchanged: its arguments are values, so that
 * nobody can change them in between. The filter cannot be taken off again: once the listener is
 * closed, all further calls fail with ENOSYS.
 */
#ifndef SHMTOOL_KERNEL_SHMGET_LISTENER_H
#define SHMTOOL_KERNEL_SHMGET_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/procfs.h"
#include "model/shmget.h"

struct shmget_listener {
    int fd;       /* readable when a call waits; -1: not listening. Owned */
    void *notice; /* owned; where the kernel puts one: it may have more to say than we know of */
    void *reply;  /* owned; likewise */
    size_t notice_size;
};

#define SHMGET_LISTENER_INIT \
    { \
        .fd = -1 \
    }

/* A call that waits. */
struct shmget_call {
    uint64_t id; /* the kernel's name of it */
    pid_t pid;   /* of the process, which becomes the creator; 0: not known */
    struct shmget_request request;
};

/*
 * In the process that is to be listened to (and from now on in all that it starts): sets
 * no_new_privs and the filter, and sends the listener, or why there is none, through SOCKET, a Unix
 * one. Calls nothing that a child of a fork must not call, and allocates nothing.
 */
void shmget_listener_send(int socket);

/*
 * Takes it from the other end of that socket. Returns 0, or a negative errno and sets *err to what
 * stands against it here; shmget_listener_close() releases it.
 */
int shmget_listener_receive(struct shmget_listener *ret_listener, int socket, struct error *err);

/* Tells whether both would work for a child of this process; one tries it. */
bool shmget_listener_can_open(void);

/*
 * Takes a call that waits. Returns whether one did: it is to be continued. Where nobody is left
 * that could call, the listener is closed.
 *
 * procfs: shows the pids of our PID namespace; NULL: none does
 */
bool shmget_listener_take(struct shmget_listener *listener, const struct procfs *procfs,
                          struct shmget_call *ret_call);

/* Tells whether the caller waits still: so its process has been there until now. */
bool shmget_listener_waits(const struct shmget_listener *listener, const struct shmget_call *call);

/* Continues the call. Nothing happens when the caller was killed meanwhile. */
void shmget_listener_continue(struct shmget_listener *listener, const struct shmget_call *call);

void shmget_listener_close(struct shmget_listener *listener);

#endif
