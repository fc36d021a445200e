#include "kernel/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/cleanup.h"

/* What an errno of unshare(2) or of the maps means here, in words that help. */
static const char *explain(int code)
{
    switch (code) {
    case ENOSPC:
    case EUSERS:
        return "the limit of user namespaces is reached: see the sysctl user.max_user_namespaces";
    case EPERM:
    case EACCES:
        return "this machine forbids user namespaces to you; root does not need one";
    case EINVAL:
    case ENOSYS:
        return "this kernel has no user or IPC namespaces";
    default:
        return "no namespace can be made";
    }
}

static int fail(int code, struct error *err)
{
    return error_set(err, code, "no IPC namespace of its own: %s: %s", strerror(code),
                     explain(code));
}

/* Writes TEXT into a file of our own /proc, in one piece as maps want it. */
static int write_file(const char *path, const char *text)
{
    CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
    size_t length = strlen(text);

    if (fd < 0)
        return -errno;
    if (write(fd, text, length) != (ssize_t)length)
        return -errno;
    return 0;
}

static int write_map(const char *path, unsigned id)
{
    char line[64];

    snprintf(line, sizeof(line), "%u %u 1\n", id, id);
    return write_file(path, line);
}

/* Keeps our numbers what they were. Whoever may not set groups must say so first. */
static int map_ourselves(uid_t uid, gid_t gid)
{
    int r = write_file("/proc/self/setgroups", "deny");

    if (r == 0 || r == -ENOENT) /* before Linux 3.19 */
        r = write_map("/proc/self/gid_map", gid);
    if (r == 0)
        r = write_map("/proc/self/uid_map", uid);
    return r;
}

int namespace_enter_ipc(struct error *err)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    int r;

    if (unshare(CLONE_NEWIPC) == 0)
        return 0;
    if (errno != EPERM || unshare(CLONE_NEWUSER | CLONE_NEWIPC) < 0)
        return fail(errno, err);
    r = map_ourselves(uid, gid);
    return r < 0 ? fail(-r, err) : 0;
}
