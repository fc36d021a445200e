/*
 * The IPC namespaces of the host: found, named by words, entered and left again.
 *
 * The kernel gives a namespace's number to another one as soon as it has ended. So each that is
 * found is kept as an open descriptor for as long as its number is meant.
 */
#ifndef SHMTOOL_KERNEL_NAMESPACES_H
#define SHMTOOL_KERNEL_NAMESPACES_H

#include <stdbool.h>

#include "base/error.h"
#include "kernel/procfs.h"
#include "model/ipc_namespace.h"

/* --- Finding ---------------------------------------------------------------------------------- */

/*
 * Finds all IPC namespaces of the live system, each once: that of this process; those of processes
 * and of single threads (/proc/PID/ns/ipc, /proc/PID/task/TID/ns/ipc); those that an open
 * descriptor or a bind mount keeps (/proc/PID/fd, /proc/PID/mountinfo). /proc is gone through once.
 * Then, with nothing known of who keeps them, those that the kernel lists besides (since
 * Linux 6.19, to whoever has CAP_SYS_ADMIN in the initial user namespace and is in the initial PID
 * namespace): what a descriptor in flight in a socket keeps, one in the descriptor table that a
 * single thread has of its own, a bind mount with another mount on top of it, or a process that may
 * not be read.
 *
 * Not found: those, where the kernel does not list them, and what only the mapping of a process
 * that has left keeps.
 *
 * The soft limit of descriptors (RLIMIT_NOFILE) is raised to the hard one where they do not
 * suffice.
 *
 * ret_list: released by the caller with namespaces_release()
 * Returns 0, or a negative errno when there is no /proc; sets *err. What could not be inspected is
 * no failure: see unreadable, hidden and exhausted.
 */
int namespaces_find(const struct procfs *procfs, struct ipc_namespace_list *ret_list,
                    struct error *err);

/*
 * Opens the namespace that WORD names (namespace_parse_word()), but for a name.
 *
 * found: where a number is looked for
 * ret_namespace: a record with a descriptor of its own and nothing known of processes; released by
 *                the caller with namespaces_release_one()
 * Returns 0; or sets *err, which names the word, and returns -EINVAL for a word or a file that is
 * no IPC namespace, -ENOENT where there is none such, -EACCES where it may not be read, -EMFILE
 * where there are too few descriptors to find a number, -ENODATA for a name, which only who knows
 * containers and units can resolve, or another negative errno.
 */
int namespaces_resolve(const struct procfs *procfs, const struct ipc_namespace_list *found,
                       const char *word, struct ipc_namespace *ret_namespace, struct error *err);

/* The number of the IPC namespace that PROCFS shows; 0 where it cannot be had: a saved tree. */
uint64_t namespaces_own_number(const struct procfs *procfs);

/*
 * Finds out who made the user namespace that NAMESPACE belongs to, or else as whom its oldest
 * process runs. Returns false where neither can be had.
 */
bool namespaces_owner(const struct procfs *procfs, const struct ipc_namespace *namespace,
                      uid_t *ret_uid);

/* After what is not found, where some cannot be read. */
#define NAMESPACES_SEEN " among those that can be seen"

/* Why not all are found where descriptors run out, as the end of a sentence. */
#define NAMESPACES_EXHAUSTED "no more descriptors can be opened (see 'ulimit -Hn')"

/*
 * Says why the namespace of a process may not be read, as the end of a sentence: "it needs
 * CAP_SYS_PTRACE, which root has". Where nothing that is known is missing, it says what may be.
 */
const char *namespaces_unreadable_why(const struct procfs *procfs);

/* Appends NAMESPACE to the list, which takes over what it owns. */
void namespaces_add(struct ipc_namespace_list *list, const struct ipc_namespace *namespace);

/* Closes the descriptors, releases the memory and leaves the record or list empty. */
void namespaces_release_one(struct ipc_namespace *namespace);
void namespaces_release(struct ipc_namespace_list *list);

#define CLEANUP_NAMESPACES __attribute__((cleanup(namespaces_release)))

/* --- Entering --------------------------------------------------------------------------------- */

/* What has to be undone to be back where this process was. */
struct namespace_entry {
    bool entered;                   /* there is something to undo; else the rest means nothing */
    bool in_place;                  /* this process is inside */
    struct foreign_listing listing; /* owned; of one that this process may not enter itself */
};

/* Nothing was entered: namespace_return() has nothing to undo. */
#define NAMESPACE_ENTRY_INIT \
    { \
        .listing = {.fd = -1, .ipc = -1, .user = -1 } \
    }

/*
 * Makes PROCFS, and whoever reads by it, see the segments of NAMESPACE; users and PIDs stay those
 * that this process knows.
 *
 * Whoever may return enters by setns(2) in place: with the reading of a listing it takes 25 us,
 * against 250 us for a child, and all readers work as ever, calls and limits too. Whether returning
 * is allowed is tried first.
 *
 * Otherwise (a rootless container of one's own: its user namespace has to be entered first, and
 * there is no way back from that) a child goes there, opens the listing and leaves the descriptor
 * in our table, as an open listing goes on showing the namespace that it was opened in. The ids in
 * it are those inside and are translated by what the child's /proc/PID/uid_map says. Then
 * procfs->inside is set, and nothing but the listing is to be had: no calls, no limits.
 *
 * There must be no other thread. The caller ends it by namespace_return(), with PROCFS in its
 * place. Returns 0 or a negative errno; sets *err to the system's words and the capability that is
 * missing, or what else forbids it, without naming NAMESPACE.
 */
int namespace_enter(struct procfs *procfs, const struct ipc_namespace *namespace,
                    struct namespace_entry *ret_entry, struct error *err);

/* What the WORK of namespace_run_inside() never returns. */
enum { NAMESPACE_NOT_ENTERED = 255 };

/*
 * Runs WORK in a child of this process inside of the namespace whose listing is read
 * (PROCFS->inside): for calls, which that listing cannot do. Nothing that WORK changes in memory is
 * seen here; it returns 0 to 254.
 *
 * Returns what WORK returned, or a negative errno: -ECHILD when the child was ended before.
 */
int namespace_run_inside(const struct procfs *procfs, int (*work)(void *arg), void *arg);

/*
 * Goes back to where this process was; with an entry that is all 0, or was undone, it does nothing.
 * Returns 0, or a negative errno and sets *err: then this process is in another namespace than it
 * was started in, and must change nothing any more.
 */
int namespace_return(struct procfs *procfs, struct namespace_entry *entry, struct error *err);

#endif
