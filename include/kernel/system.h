/*
 * The system that is shown, live or saved, with the caches of what is asked of it; and what this
 * process may do on it.
 */
#ifndef SHMTOOL_KERNEL_SYSTEM_H
#define SHMTOOL_KERNEL_SYSTEM_H

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "kernel/names.h"
#include "kernel/proc.h"
#include "kernel/procfs.h"
#include "kernel/program_files.h"
#include "model/ipc_namespace.h"
#include "model/protection.h"
#include "model/shmget.h"

struct system {
    struct procfs procfs;
    struct names *names;                 /* owned */
    struct proc_cache *proc;             /* owned */
    struct program_files *program_files; /* owned */
    struct strbuf host;                  /* its name (uname(2)'s nodename); empty: not known */
    pid_t self;          /* this process; getpid(2) for each row would be a call for each */
    uint64_t elsewhere;  /* number of the IPC namespace that was entered to stay; 0: none was */
    pid_t elsewhere_pid; /* a process that tells what it is of; 0: not known */
    bool one_of_many;    /* that one is shown as one of all, and what is the host's elsewhere */
    /* All IPC namespaces, to look in each of them; NULL: in one alone; borrowed. */
    const struct ipc_namespace_list *namespaces;
    struct protection *protection; /* owned; of its shmtool.conf; NULL: not read yet */
};

/*
 * Opens the live system (DIR is NULL) or a saved tree. SYSTEM must not move afterwards: its parts
 * know each other. Returns 0 or a negative errno; sets *err.
 */
int system_open(struct system *system, const char *dir, struct error *err);

/* The same, and WATCH is called for all that is looked for in it. WATCH must outlive it. */
int system_open_watched(struct system *system, const char *dir, const struct procfs_watch *watch,
                        struct error *err);

/* Forgets what was kept of processes and their files, and reads the clock again. */
void system_refresh(struct system *system);

/* Releases everything. */
void system_close(struct system *system);

/*
 * Tells whether the kernel is known to give ids as model/unseen.h says: not before Linux 5.2, and
 * not when it was booted with ipcmni_extend, which makes turns longer (ipc/ipc_sysctl.c).
 */
bool system_ids_are_cyclic(const struct system *system);

/*
 * Reads this process's effective ids, groups, whether it may set limits, and the capabilities that
 * it has in the user namespace to which its IPC namespace belongs: root in a user namespace of its
 * own has none in the IPC namespace that was there before (security/commoncap.c, cap_capable).
 *
 * ret_credentials: released by the caller with credentials_release()
 * Returns 0 or a negative errno; sets *err.
 */
int credentials_read(const struct procfs *procfs, struct credentials *ret_credentials,
                     struct error *err);

/*
 * The same of the process PID, with its ids as they are in our user namespace; whether it may set
 * the limits is not known of it: whether we may is said. Returns 0 or a negative errno; sets *err.
 */
int credentials_read_of(const struct procfs *procfs, pid_t pid, struct credentials *ret_credentials,
                        struct error *err);

/*
 * Tells whether this process has a capability (its number, CAP_x) in the user namespace that the
 * open IPC namespace belongs to: where that was made by its user, it has all. IPC -1: in its own
 * one.
 */
bool has_capability_over(const struct procfs *procfs, int ipc, unsigned number);

/* Tells whether this process is in the initial user namespace: it alone maps every id. */
bool is_initial_user_namespace(const struct procfs *procfs);

#endif
