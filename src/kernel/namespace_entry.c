#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/namespace_file.h"
#include "kernel/namespaces.h"
#include "kernel/system.h"

#define LISTING_PATH "proc/sysvipc/shm"

/* --- Why not ---------------------------------------------------------------------------------- */

/* Says what is missing where setns(2) gave CODE (ipc/namespace.c, ipcns_install()). */
static int refuse_entry(const struct procfs *procfs, const struct ipc_namespace *namespace,
                        bool capable, int code, struct error *err)
{
    const char *why = strerror(code);
    uid_t uid;

    if (code != EPERM)
        return error_set(err, code, "%s", why);
    if (capable)
        return error_set(err, code,
                         "%s: a seccomp filter (RestrictNamespaces= of a systemd unit) or a "
                         "security module forbids it, for no capability is missing",
                         why);
    if (geteuid() == 0)
        return error_set(err, code,
                         "%s: it needs CAP_SYS_ADMIN in its user namespace, and this process lacks "
                         "it there",
                         why);
    if (namespaces_owner(procfs, namespace, &uid) && uid != 0)
        return error_set(err, code,
                         "%s: it needs CAP_SYS_ADMIN in its user namespace, which root has, and "
                         "uid %u, who made that",
                         why, uid);
    return error_set(err, code, "%s: it needs CAP_SYS_ADMIN, which root has", why);
}

/* --- By a child ------------------------------------------------------------------------------- */

static const struct foreign_listing no_listing = {.fd = -1, .ipc = -1, .user = -1};

/* What the child is to do; it has a copy. */
struct errand {
    const struct procfs *procfs;
    int ipc;
    int user;  /* to be entered first; -1: none */
    int place; /* the descriptor that is to become the listing */
};

/*
 * Runs in the child, which shares our descriptors. Not being dumpable keeps root inside of the user
 * namespace from tracing it, and so from our descriptors. Returns its exit status: 0 or an errno.
 */
static int open_listing_inside(void *arg)
{
    const struct errand *errand = arg;
    int fd;

    if (prctl(PR_SET_DUMPABLE, 0) < 0 ||
        (errand->user >= 0 && setns(errand->user, CLONE_NEWUSER) < 0) ||
        setns(errand->ipc, CLONE_NEWIPC) < 0)
        return errno;
    fd = openat(errand->procfs->root_fd, LISTING_PATH, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || dup3(fd, errand->place, O_CLOEXEC) < 0)
        return errno;
    close(fd);
    return 0;
}

/*
 * Starts the child, and waits until it has exited but can still be asked for its user namespace.
 * It sends no signal, so that it is left to be waited for also where SIGCHLD is ignored.
 */
static int run_errand(struct errand *errand, pid_t *ret_child)
{
    _Alignas(16) char stack[16 * 1024]; /* the child's copy of it */
    siginfo_t info = {0};
    pid_t child = clone(open_listing_inside, stack + sizeof(stack), CLONE_FILES, errand);

    if (child < 0)
        return -errno;
    *ret_child = child;
    while (waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT | __WALL) < 0) {
        if (errno != EINTR)
            return -errno;
    }
    return info.si_code == CLD_EXITED ? -info.si_status : -ECHILD;
}

/* Reads how ids inside translate to ours, which no right is needed for. */
static int read_id_map(const struct procfs *procfs, pid_t child, const char *name,
                       struct id_map *ret_map)
{
    char path[64];

    snprintf(path, sizeof(path), "proc/%d/%s", (int)child, name);
    return procfs_read_id_map(procfs, path, ret_map);
}

static void release_listing(struct foreign_listing *listing)
{
    const int fds[] = {listing->fd, listing->ipc, listing->user};

    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    id_map_release(&listing->uids);
    id_map_release(&listing->gids);
    *listing = no_listing;
}

/* The user namespace that IPC belongs to, if it is not ours; -1: it is, or it cannot be had. */
static int open_other_user_namespace(const struct procfs *procfs, int ipc)
{
    CLEANUP_CLOSE int user = ioctl(ipc, NS_GET_USERNS, 0);
    struct stat own;
    struct stat status;

    if (user < 0 || fstat(user, &status) < 0 ||
        fstatat(procfs->root_fd, "proc/self/ns/user", &own, 0) < 0 ||
        (own.st_ino == status.st_ino && own.st_dev == status.st_dev))
        return -1;
    return steal_fd(&user);
}

static int open_by_child(const struct procfs *procfs, const struct ipc_namespace *namespace,
                         struct foreign_listing *listing)
{
    const int user = open_other_user_namespace(procfs, namespace->fd);
    struct errand errand = {procfs, namespace->fd, user, -1};
    pid_t child = 0;
    int r;

    /* Whatever it is, a descriptor whose place the child may take. */
    errand.place = fcntl(namespace->fd, F_DUPFD_CLOEXEC, 0);
    *listing = (struct foreign_listing){
        .fd = errand.place,
        .ipc = fcntl(namespace->fd, F_DUPFD_CLOEXEC, 0),
        .user = user,
        .number = namespace->number,
    };
    r = errand.place < 0 || listing->ipc < 0 ? -errno : run_errand(&errand, &child);
    if (r == 0 && user >= 0)
        r = read_id_map(procfs, child, "uid_map", &listing->uids);
    if (r == 0 && user >= 0)
        r = read_id_map(procfs, child, "gid_map", &listing->gids);
    if (child > 0)
        waitpid(child, NULL, __WALL);
    if (r < 0)
        release_listing(listing);
    return r;
}

/* --- Entering --------------------------------------------------------------------------------- */

/*
 * Opens our own namespace, and tries to return to it: what may not be entered cannot be returned
 * to. Once that was so it stays so. Returns 0 or a negative errno.
 */
static int open_way_back(struct procfs *procfs)
{
    CLEANUP_CLOSE int own = -1;

    if (procfs->own_ipc >= 0)
        return 0;
    own = namespace_file_open_of(procfs, "self");
    if (own < 0)
        return own;
    if (setns(own, CLONE_NEWIPC) < 0)
        return -errno;
    procfs->own_ipc = steal_fd(&own);
    return 0;
}

int namespace_enter(struct procfs *procfs, const struct ipc_namespace *namespace,
                    struct namespace_entry *ret_entry, struct error *err)
{
    bool capable;
    int r;

    *ret_entry = (struct namespace_entry)NAMESPACE_ENTRY_INIT;
    if (namespace->own)
        return 0;
    r = open_way_back(procfs);
    if (r == 0 && setns(namespace->fd, CLONE_NEWIPC) == 0) {
        ret_entry->in_place = ret_entry->entered = true;
        return 0;
    }
    r = r < 0 ? r : -errno;
    capable = has_capability_over(procfs, namespace->fd, CAP_SYS_ADMIN);
    if (r == -EPERM && capable)
        r = open_by_child(procfs, namespace, &ret_entry->listing);
    if (r < 0)
        return refuse_entry(procfs, namespace, capable, -r, err);
    procfs->inside = &ret_entry->listing;
    ret_entry->entered = true;
    return 0;
}

int namespace_return(struct procfs *procfs, struct namespace_entry *entry, struct error *err)
{
    int r = 0;

    if (!entry->entered)
        return 0;
    entry->entered = false;
    procfs->inside = NULL;
    release_listing(&entry->listing);
    if (entry->in_place && setns(procfs->own_ipc, CLONE_NEWIPC) < 0)
        r = error_set_errno(err, errno, "the way back from an IPC namespace");
    return r;
}

/* --- Work by a child -------------------------------------------------------------------------- */

/* Goes inside and works there. */
__attribute__((noreturn)) static void work_inside(const struct foreign_listing *inside,
                                                  int (*work)(void *arg), void *arg)
{
    /* Not to be traced from inside, as in open_listing_inside(). */
    if (prctl(PR_SET_DUMPABLE, 0) < 0 ||
        (inside->user >= 0 && setns(inside->user, CLONE_NEWUSER) < 0) ||
        setns(inside->ipc, CLONE_NEWIPC) < 0)
        _exit(NAMESPACE_NOT_ENTERED);
    _exit(work(arg));
}

int namespace_run_inside(const struct procfs *procfs, int (*work)(void *arg), void *arg)
{
    const struct sigaction not_ignored = {.sa_handler = SIG_DFL};
    struct sigaction before;
    int status = 0;
    pid_t child;
    int r;

    /* Where the ends of children are ignored nobody learns how one ended. */
    sigaction(SIGCHLD, &not_ignored, &before);
    child = fork();
    if (child == 0)
        work_inside(procfs->inside, work, arg);
    do {
        r = child < 0 || waitpid(child, &status, 0) < 0 ? -errno : 0;
    } while (r == -EINTR);
    sigaction(SIGCHLD, &before, NULL);
    if (r < 0)
        return r;
    if (!WIFEXITED(status))
        return -ECHILD;
    return WEXITSTATUS(status) == NAMESPACE_NOT_ENTERED ? -EPERM : WEXITSTATUS(status);
}
