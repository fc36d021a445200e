#include "kernel/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "model/ipc_namespace.h"

/*
 * What an errno of unshare(2) or of the maps means here, in a way that helps. FLAGS: what was asked
 * of unshare.
 */
static const char *explain_refusal(int code, int flags)
{
    switch (code) {
    case ENOSPC:
    case EUSERS:
        if (!(flags & CLONE_NEWUSER))
            return "the limit of IPC namespaces is reached: see the sysctl user.max_ipc_namespaces";
        return "the limit of user or IPC namespaces is reached: see the sysctls "
               "user.max_user_namespaces and user.max_ipc_namespaces";
    case EPERM:
    case EACCES:
        return "this system forbids user namespaces to you; root does not need one";
    case EINVAL:
    case ENOSYS:
        return "this kernel has no user or IPC namespaces";
    default:
        return "no namespace can be made";
    }
}

static int fail_namespace(int code, int flags, struct error *err)
{
    return error_set(err, code, "no IPC namespace of its own: %s: %s", strerror(code),
                     explain_refusal(code, flags));
}

/* Writes TEXT into a file of our own /proc, in one piece as maps want it. */
static int write_own_file(const char *path, const char *text)
{
    CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t length = (ssize_t)strlen(text);
    ssize_t written = fd >= 0 ? write(fd, text, (size_t)length) : -1;

    if (written < 0)
        return -errno;
    return written == length ? 0 : -EIO;
}

static int write_id_map(const char *path, unsigned id)
{
    char line[64];

    snprintf(line, sizeof(line), "%u %u 1\n", id, id);
    return write_own_file(path, line);
}

int namespace_enter_ipc(struct error *err)
{
    const int with_user = CLONE_NEWUSER | CLONE_NEWIPC;
    uid_t uid = geteuid();
    gid_t gid = getegid();
    int r;

    if (unshare(CLONE_NEWIPC) == 0)
        return 0;
    if (errno != EPERM)
        return fail_namespace(errno, CLONE_NEWIPC, err);
    if (unshare(with_user) < 0)
        return fail_namespace(errno, with_user, err);
    /* Our ids stay what they were. Whoever may not set groups must say so first. */
    r = write_own_file("/proc/self/setgroups", "deny");
    if (r == 0 || r == -ENOENT) /* before Linux 3.19 */
        r = write_id_map("/proc/self/gid_map", gid);
    if (r == 0)
        r = write_id_map("/proc/self/uid_map", uid);
    return r < 0 ? fail_namespace(-r, with_user, err) : 0;
}

int namespace_number_of(const struct procfs *procfs, pid_t pid, uint64_t *ret_number)
{
    char path[64] = "proc/self/ns/ipc";
    struct stat status;

    if (pid > 0)
        snprintf(path, sizeof(path), "proc/%d/ns/ipc", (int)pid);
    if (fstatat(procfs->root_fd, path, &status, 0) < 0)
        return -errno;
    *ret_number = status.st_ino;
    return 0;
}

int namespace_is_initial_ipc(const struct procfs *procfs, struct error *err)
{
    uint64_t number = 0;
    int r = namespace_number_of(procfs, 0, &number);

    if (r < 0)
        return error_set_errno(err, -r, "%sproc/self/ns/ipc", procfs_prefix(procfs));
    return number == NAMESPACE_NUMBER_HOST;
}

bool namespace_can_enter_ipc(void)
{
    pid_t child = fork();
    int status = -1;

    if (child == 0)
        _exit(namespace_enter_ipc(NULL) == 0 ? 0 : 1);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return status == 0;
}
