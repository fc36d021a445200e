/*
 * What there is of semaphores and message queues, and how many there may be: semget(2) and
 * msgget(2) fail with ENOSPC, as shmget does, when none is left.
 */
#ifndef SHMTOOL_MODEL_IPC_USE_H
#define SHMTOOL_MODEL_IPC_USE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

enum ipc_limit {
    IPC_SEMMNI, /* semaphore sets; the fourth number of kernel.sem */
    IPC_SEMMNS, /* semaphores in all sets together; the second */
    IPC_MSGMNI, /* message queues */
    IPC_LIMIT_COUNT,
};

/* One of the limits. */
struct ipc_count {
    bool known; /* the limit, and what is in use of it */
    uint64_t limit;
    uint64_t used;
    uid_t uid; /* who has the most; of equal ones the lower uid; only where used is not 0 */
    uint64_t most;
    const char *owner; /* that user's name; NULL: not looked up, or no such user; borrowed */
};

struct ipc_use {
    struct ipc_count counts[IPC_LIMIT_COUNT];
    uint64_t sem[4]; /* kernel.sem: SEMMSL, SEMMNS, SEMOPM, SEMMNI; only where SEMMNI is known */
};

/*
 * Counts the lines of /proc/sysvipc/sem, or of /proc/sysvipc/msg for IPC_MSGMNI (ipc/sem.c,
 * sysvipc_sem_proc_show; ipc/msg.c, sysvipc_msg_proc_show), and sets used, uid and most.
 *
 * text: the whole file, with its line of names
 * Returns 0, or -EBADMSG with COUNT untouched and the line named in *err when one is something
 * else.
 */
int ipc_use_count(const char *text, enum ipc_limit limit, struct ipc_count *count,
                  struct error *err);

#endif
