/*
 * What shmget(2) answers: the kernel's checks in the kernel's order, on facts that are given.
 */
#ifndef SHMTOOL_MODEL_SHMGET_H
#define SHMTOOL_MODEL_SHMGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/limits.h"
#include "model/segment.h"

/* shmget(key, size, mode | IPC_CREAT | IPC_EXCL) */
struct shmget_request {
    uint32_t key;  /* 0: IPC_PRIVATE, always a new segment */
    uint64_t size; /* bytes */
    uint32_t mode; /* the low nine bits */
    bool create;
    bool exclusive;
};

/* On whose behalf the kernel decides. */
struct credentials {
    uid_t euid;
    gid_t egid;
    gid_t *groups; /* owned; supplementary */
    size_t group_count;
    bool ipc_owner;   /* CAP_IPC_OWNER in the user namespace that the IPC namespace belongs to */
    bool sys_admin;   /* CAP_SYS_ADMIN there */
    bool init_admin;  /* CAP_SYS_ADMIN in the initial user namespace */
    bool sets_limits; /* may write the limits, as far as capabilities decide */
    bool maps_some_users; /* in a user namespace that shows all users that it does not map as one */
    bool read_only_limits; /* nobody may here: /proc/sys is mounted read-only */
};

/* Releases what CREDENTIALS holds and leaves it empty. */
void credentials_release(struct credentials *credentials);

/* How the kernel hands out memory (proc_sys_vm(5)); pages are those of the limits. */
struct memory_state {
    bool known;
    int overcommit;        /* vm.overcommit_memory: 0 guess, 1 always, 2 never */
    uint64_t total;        /* pages of RAM and swap */
    uint64_t commit_limit; /* pages, the administrator's reserve taken off; only with 2 */
    uint64_t committed;    /* pages; only with 2 */
};

struct shmget_facts {
    bool exists;            /* somebody has the key */
    struct segment segment; /* who; only with exists */
    struct limits limits;
    struct usage usage;
    struct memory_state memory;
    const struct credentials *credentials; /* borrowed */
};

/* Each way in which it can end. */
enum shmget_cause {
    SHMGET_FINDS,        /* success: the segment that has the key */
    SHMGET_MAKES,        /* success: a new one */
    SHMGET_EXISTS,       /* EEXIST: the key is taken, and IPC_EXCL was given */
    SHMGET_TOO_SMALL,    /* EINVAL: the segment that has the key is smaller */
    SHMGET_DENIED,       /* EACCES: its permissions do not grant what the mode asks for */
    SHMGET_ABSENT,       /* ENOENT: nobody has the key, and IPC_CREAT was not given */
    SHMGET_ZERO,         /* EINVAL: a new segment of no bytes */
    SHMGET_ABOVE_SHMMAX, /* EINVAL */
    SHMGET_WRAPS,        /* ENOSPC: rounded up to pages, the size is beyond 64 bits */
    SHMGET_ABOVE_SHMALL, /* ENOSPC */
    SHMGET_ABOVE_FILES,  /* EINVAL: larger than any file, 2^63 bytes and more */
    SHMGET_NO_MEMORY,    /* ENOMEM: more than the kernel is ready to promise */
    SHMGET_ABOVE_SHMMNI, /* ENOSPC */
    SHMGET_REFUSED,      /* the kernel answers something that the facts do not explain */
};

struct shmget_answer {
    enum shmget_cause cause;
    int code; /* positive errno, 0: success */
};

/*
 * Predicts the kernel's answer (ipc/util.c, ipcget; ipc/shm.c, newseg). What no file shows is not
 * predicted: security modules, limits of control groups, memory that is short at that moment.
 */
struct shmget_answer shmget_predict(const struct shmget_request *request,
                                    const struct shmget_facts *facts);

/* The permission bits (07) that a mode asks for, as ipc/util.c, ipcperms, folds them together. */
unsigned shmget_asked_bits(uint32_t mode);

/*
 * The permission bits (07) that SEGMENT grants by owner, group or others; capabilities
 * left aside.
 */
unsigned shmget_granted_bits(const struct segment *segment, const struct credentials *credentials);

/* Tells whether the kernel lets CREDENTIALS remove or change SEGMENT. */
bool shmget_may_remove(const struct segment *segment, const struct credentials *credentials);

#endif
