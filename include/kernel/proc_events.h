/*
 * Fork and exit events of processes, as the kernel reports them when they happen: its proc
 * connector.
 *
 * It reports every process of the system, in order, through a netlink socket. The kernel lets
 * listen: root, and from Linux 6.6 on everybody, but only in the initial user, PID and network
 * namespaces (drivers/connector/cn_proc.c). Nothing of the processes is changed by it.
 */
#ifndef SHMTOOL_KERNEL_PROC_EVENTS_H
#define SHMTOOL_KERNEL_PROC_EVENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/descendants.h"

struct proc_events {
    int fd;        /* readable when something happened; -1: not listening. Owned */
    char name[16]; /* of this process: giving it the same again is a mark in the stream */
};

#define PROC_EVENTS_INIT \
    { \
        .fd = -1 \
    }

/* Called in the order of events. */
struct proc_events_handlers {
    void (*forked)(void *arg, pid_t parent, pid_t child);
    void (*exited)(void *arg, const struct exit_event *event);
    void *arg;
};

/*
 * Begins to listen. What happens from now on waits in EVENTS to be read.
 * Returns 0, or a negative errno where the kernel does not let us: no fault of anybody's.
 */
int proc_events_open(struct proc_events *ret_events);

/*
 * Calls HANDLERS with all that has happened until now, without waiting.
 *
 * Returns 0; -ENOBUFS when more happened than the kernel keeps: a part is missing, and what is left
 * was not handed on; -ENOTCONN when the kernel does not report any more.
 */
int proc_events_read(struct proc_events *events, const struct proc_events_handlers *handlers);

/* Listens no longer. */
void proc_events_close(struct proc_events *events);

#endif
