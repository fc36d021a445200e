/*
 * IPC namespaces of the host, what is known of each, and the words that name one.
 */
#ifndef SHMTOOL_MODEL_IPC_NAMESPACE_H
#define SHMTOOL_MODEL_IPC_NAMESPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct ipc_namespace {
    uint64_t number; /* the inode of its file, which lsns(8) shows */
    dev_t device;    /* that the inode is on */
    int fd;          /* owned: while it is open, no other namespace is given the number */
    bool own;        /* that of this process */
    bool named;      /* the command line asks for it */

    uint64_t processes; /* inside, as far as they can be read */
    pid_t pid;          /* the oldest of them; 0: nobody is inside */
    uint64_t start; /* when that one started, in clock ticks since boot; 0: not known of the only */
    pid_t holder;   /* a process that keeps it where nobody is inside; 0: none, or not known */

    /* What keeps it: "processes", or where nobody is inside "thread PID/TID", "fd PID/FD" and
     * "mount PATH" of each that does. */
    char **held; /* owned, each too */
    size_t held_count;
    size_t held_capacity;
};

struct ipc_namespace_list {
    struct ipc_namespace *items; /* owned; that of this process first, then by number */
    size_t count;
    size_t capacity;
    size_t unreadable; /* processes that could not be inspected: theirs may be missing */
    int failure;       /* errno, where that was not for lack of a capability; else 0 */
    bool hidden;       /* /proc does not show processes of others at all (hidepid) */
    bool exhausted;    /* no descriptor was left for some: they are missing */
};

/* Returns the namespace of this number and device, or NULL. */
struct ipc_namespace *ipc_namespace_list_find(const struct ipc_namespace_list *list,
                                              uint64_t number, dev_t device);

/* Adds that a namespace could not be entered or read, and why. */
void namespace_complaint_add(struct complaint_list *refused, uint64_t number, const char *why);

/* A namespace with what was found out inside of it: a row of ns. */
struct namespace_info {
    const struct ipc_namespace *namespace; /* borrowed */
    bool has_uid;
    uid_t uid;             /* who made its user namespace, or is inside */
    const char *user;      /* name of that; NULL: no such user; borrowed */
    const char *kind;      /* docker, podman, ...; NULL: not known; borrowed */
    const char *container; /* its name; NULL: not known; borrowed */
    bool has_sums;         /* the namespace was read */
    uint64_t segments;
    uint64_t bytes;
    uint64_t orphans;
    char *held;    /* owned; what keeps it, with commas between */
    char *refusal; /* owned; why it could not be read; NULL: it was, or nobody asked */
};

/* What a word that names a namespace is. */
enum namespace_word {
    NAMESPACE_OF_PID,    /* 1 to 4194304: that of this process or thread */
    NAMESPACE_BY_NUMBER, /* 4026531839 and above */
    NAMESPACE_BY_FILE,   /* it has a slash: /proc/PID/ns/ipc, or a bind mount of one */
    NAMESPACE_BY_NAME,   /* anything else: a container, a unit, a job */
};

/* The highest pid there can be (PID_MAX_LIMIT of linux/threads.h), and the lowest number of a
 * namespace (PROC_IPC_INIT_INO of linux/proc_ns.h): that of the host's own. */
#define NAMESPACE_PID_MAX UINT64_C(4194304)
#define NAMESPACE_NUMBER_HOST UINT64_C(4026531839)

/*
 * Tells what kind of word it is, and sets *ret_value to the pid or number. Eight digits and more
 * that are neither are a name: the beginning of a container's id. Returns 0, or -EINVAL and sets
 * *err for fewer digits that are neither, and for an empty word.
 */
int namespace_parse_word(const char *word, enum namespace_word *ret_kind, uint64_t *ret_value,
                         struct error *err);

#endif
