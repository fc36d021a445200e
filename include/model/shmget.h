/*
 * What shmget(2) answers: the kernel's checks in the kernel's order, on facts that are given.
 */
#ifndef SHMTOOL_MODEL_SHMGET_H
#define SHMTOOL_MODEL_SHMGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "model/limits.h"
#include "model/memory.h"
#include "model/segment.h"

/* Flags of shmget, as <linux/ipc.h> and <linux/shm.h> number them. */
#define SHMGET_MODE 0777U        /* the permission bits */
#define SHMGET_CREATE 01000U     /* IPC_CREAT */
#define SHMGET_EXCLUSIVE 02000U  /* IPC_EXCL */
#define SHMGET_HUGE 04000U       /* SHM_HUGETLB */
#define SHMGET_NORESERVE 010000U /* SHM_NORESERVE */
/* With SHMGET_HUGE: the binary logarithm of the page size, 0 for the default one. */
enum { SHMGET_HUGE_SHIFT = 26, SHMGET_HUGE_LOG_MAX = 63 };

/* shmget(key, size, flags) */
struct shmget_request {
    uint32_t key;  /* 0: IPC_PRIVATE, always a new segment */
    uint64_t size; /* bytes */
    uint32_t flags;
};

/*
 * Reads flags as programs and strace print them: a number (03600, 0xfb0, 960), names of <sys/shm.h>
 * and <sys/stat.h>, 21<<SHM_HUGE_SHIFT, or several of these with a | between them.
 * Returns 0, or -EINVAL and sets *err, which names the wrong part and says what would be right;
 * then *ret_flags is untouched.
 */
int shmget_parse_flags(const char *word, uint32_t *ret_flags, struct error *err);

/* Appends flags as C has them: "IPC_CREAT | SHM_HUGETLB | SHM_HUGE_2MB | 0600". */
void shmget_put_flags(struct strbuf *out, uint32_t flags);

/* On whose behalf the kernel decides. */
struct credentials {
    uid_t euid;
    gid_t egid;
    gid_t *groups; /* owned; supplementary */
    size_t group_count;
    bool ipc_owner;      /* CAP_IPC_OWNER in the user namespace that the IPC namespace belongs to */
    bool sys_admin;      /* CAP_SYS_ADMIN there */
    bool init_admin;     /* CAP_SYS_ADMIN in the initial user namespace */
    bool init_lock;      /* CAP_IPC_LOCK there */
    bool sets_limits;    /* may write the limits */
    bool limits_fixed;   /* nobody can write them here: /proc/sys is read-only or not there */
    bool private_user;   /* not in the initial user namespace: users that it does not map are one */
    uint64_t ipc_number; /* of the IPC namespace; 0: the initial one, which the next boot sets */
};

/* Releases what CREDENTIALS holds and leaves it empty. */
void credentials_release(struct credentials *credentials);

struct shmget_facts {
    bool exists;            /* somebody has the key */
    struct segment segment; /* who; only with exists */
    struct limits limits;
    struct usage usage;
    struct memory_state memory;
    struct huge_state huge;                /* only of a request with SHMGET_HUGE */
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
    SHMGET_HUGE_SIZE,    /* EINVAL: there are no huge pages of that size */
    SHMGET_HUGE_DENIED,  /* EPERM: huge pages, and not the right to them */
    SHMGET_HUGE_SHORT,   /* ENOMEM: fewer huge pages free than needed */
    SHMGET_ABOVE_SHMMNI, /* ENOSPC */
    SHMGET_REFUSED,      /* the kernel answers something that the facts do not explain */
    SHMGET_FILTERED,     /* the call itself is refused, whatever it asks for */
    SHMGET_NO_SYSV,      /* ENOSYS: a kernel without System V shared memory */
    SHMGET_CAUSE_COUNT,
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

/*
 * Tells whether CREDENTIALS may make segments of huge pages (fs/hugetlbfs/inode.c,
 * can_do_hugetlb_shm). RLIMIT_MEMLOCK gives no right to them.
 */
bool shmget_may_use_huge(const struct huge_state *huge, const struct credentials *credentials);

/* --- shmat after it --------------------------------------------------------------------------- */

/* How a segment is attached. */
enum shmat_access { SHMAT_READ, SHMAT_WRITE, SHMAT_ACCESS_COUNT };

enum shmat_cause {
    SHMAT_ATTACHES, /* success */
    SHMAT_DENIED,   /* EACCES: its permissions do not grant reading, or reading and writing */
    SHMAT_EMPTY,    /* EINVAL: rounded up to huge pages its size was beyond 64 bits */
    SHMAT_NO_ROOM,  /* ENOMEM: more than the address space has room for */
    SHMAT_FILTERED, /* the call itself is refused */
};

struct shmat_answer {
    enum shmat_cause cause;
    int code; /* positive errno, 0: success */
};

/* The segment that a request would make: of the caller, with the mode and size asked for. */
struct segment shmget_new_segment(const struct shmget_request *request,
                                  const struct credentials *credentials);

/*
 * Predicts what shmat answers for SEGMENT (ipc/shm.c, do_shmat).
 *
 * huge_size: bytes of its pages where they are known to be huge ones, else 0
 * has_room: whether the address space has room for it
 */
struct shmat_answer shmat_predict(const struct segment *segment, uint64_t huge_size,
                                  const struct credentials *credentials, enum shmat_access access,
                                  bool has_room);

/* The permission bits (07) that a mode asks for, as ipc/util.c, ipcperms, folds them together. */
unsigned shmget_asked_bits(uint32_t mode);

/* Those that shmat asks for (ipc/shm.c, do_shmat). */
unsigned shmat_asked_bits(enum shmat_access access);

/*
 * The permission bits (07) that SEGMENT grants by owner, group or others; capabilities
 * left aside.
 */
unsigned shmget_granted_bits(const struct segment *segment, const struct credentials *credentials);

/* Tells whether the kernel lets CREDENTIALS remove or change SEGMENT. */
bool shmget_may_remove(const struct segment *segment, const struct credentials *credentials);

#endif
