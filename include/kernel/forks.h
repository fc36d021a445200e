/*
 * Births and deaths of processes, as the kernel tells them while they happen: its proc connector.
 *
 * It tells of every process of the machine, in order, and is asked through a netlink socket. The
 * kernel lets listen: root, and from Linux 6.6 on everybody, but only in the first user, PID and
 * network namespaces (drivers/connector/cn_proc.c). Nothing of the processes is changed by it.
 */
#ifndef SHMTOOL_KERNEL_FORKS_H
#define SHMTOOL_KERNEL_FORKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/kinship.h"

struct forks {
    int fd;        /* readable when something happened; -1: not listening. Owned */
    char name[16]; /* of this process: giving it the same again is a mark in the stream */
};

#define FORKS_INIT \
    { \
        .fd = -1 \
    }

/* Who is told, in the order of events. */
struct forks_sink {
    void (*born)(void *arg, pid_t parent, pid_t child);
    void (*ended)(void *arg, const struct kinship_end *end);
    void *arg;
};

/*
 * Begins to listen. What happens from now on waits in FORKS to be read.
 * Returns 0, or a negative errno where the kernel does not let us: no fault of anybody's.
 */
int forks_open(struct forks *ret_forks);

/*
 * Gives all that has happened until now to SINK, without waiting.
 *
 * Returns 0; -ENOBUFS when more happened than the kernel keeps: a part is missing, and what is left
 * was not given to SINK; -ENOTCONN when the kernel does not tell any more.
 */
int forks_read(struct forks *forks, const struct forks_sink *sink);

/* Listens no longer. */
void forks_close(struct forks *forks);

#endif
