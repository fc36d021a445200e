/*
 * The system that is shown, live or saved, with the caches of what is asked of it; and what this
 * process may do on it.
 */
#ifndef SHMTOOL_KERNEL_SYSTEM_H
#define SHMTOOL_KERNEL_SYSTEM_H

#include "base/error.h"
#include "base/strbuf.h"
#include "kernel/names.h"
#include "kernel/proc.h"
#include "kernel/procfs.h"
#include "model/protection.h"
#include "model/shmget.h"

struct system {
    struct procfs procfs;
    struct names *names;           /* owned */
    struct proc_cache *proc;       /* owned */
    struct strbuf host;            /* its name (uname(2)'s nodename); empty: not known */
    struct protection *protection; /* owned; of its shmtool.conf; NULL: not read yet */
};

/*
 * Opens the live system (DIR is NULL) or a saved tree. SYSTEM must not move afterwards: its parts
 * know each other. Returns 0 or a negative errno; sets *err.
 */
int system_open(struct system *system, const char *dir, struct error *err);

/* Releases everything. */
void system_close(struct system *system);

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

#endif
