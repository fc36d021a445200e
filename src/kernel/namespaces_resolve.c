#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "kernel/namespace.h"
#include "kernel/namespace_file.h"
#include "kernel/namespaces.h"
#include "kernel/proc.h"
#include "kernel/system.h"

const char *namespaces_unreadable_why(const struct procfs *procfs)
{
    bool capable = has_capability_over(procfs, -1, CAP_SYS_PTRACE);

    if (capable && is_initial_user_namespace(procfs))
        return "perhaps a security module forbids it: CAP_SYS_PTRACE is not missing";
    if (capable)
        return "it needs CAP_SYS_PTRACE outside of this user namespace";
    return geteuid() == 0 ? "it needs CAP_SYS_PTRACE, which this process lacks"
                          : "it needs CAP_SYS_PTRACE, which root has";
}

uint64_t namespaces_own_number(const struct procfs *procfs)
{
    CLEANUP_CLOSE int folder = -1;
    char target[32];
    ssize_t length = -1;
    uint64_t number = 0;

    if (procfs->inside)
        return procfs->inside->number;
    if (procfs->live)
        return namespace_number_of(procfs, 0, &number) == 0 ? number : 0;
    /* Of a saved tree that of who saved it, by a link as the kernel's: "ipc:[4026531839]". */
    folder = procfs_open_place(procfs, "proc/self/ns", 0);
    if (folder >= 0)
        length = readlinkat(folder, "ipc", target, sizeof(target));
    if (length > 0)
        namespace_file_parse(target, (size_t)length, &number);
    return number;
}

bool namespaces_owner(const struct procfs *procfs, const struct ipc_namespace *namespace,
                      uid_t *ret_uid)
{
    struct stat status;
    char path[32];

    if (namespace_file_owner(namespace->fd, ret_uid))
        return true;
    snprintf(path, sizeof(path), "proc/%d", (int)namespace->pid);
    if (namespace->pid == 0 || fstatat(procfs->root_fd, path, &status, 0) < 0)
        return false;
    *ret_uid = status.st_uid;
    return true;
}

static int refuse_file(const struct procfs *procfs, const char *file, int code, struct error *err)
{
    if (code == EACCES || code == EPERM)
        return error_set(err, EACCES, "%s: %s: %s", file, strerror(code),
                         namespaces_unreadable_why(procfs));
    return error_set_errno(err, code, "%s", file);
}

/* Sets *ret_namespace to what is known of the one that FD is, which it takes over. */
static void make_record(const struct procfs *procfs, int fd, struct ipc_namespace *ret_namespace)
{
    struct ipc_namespace namespace = {.fd = fd};
    struct stat own;
    struct stat status;

    if (fstat(fd, &status) == 0) {
        namespace.number = status.st_ino;
        namespace.device = status.st_dev;
        namespace.own = fstatat(procfs->root_fd, "proc/self/ns/ipc", &own, 0) == 0 &&
                        own.st_ino == status.st_ino && own.st_dev == status.st_dev;
    }
    *ret_namespace = namespace;
}

/* Opens the namespace of a process whose leader has exited: that of its first thread. */
static int open_of_thread(const struct procfs *procfs, pid_t pid)
{
    CLEANUP_CLOSEDIR DIR *dir = NULL;
    char path[64];
    pid_t thread;

    snprintf(path, sizeof(path), "proc/%d/task", (int)pid);
    dir = procfs_open_dir(procfs, path, NULL);
    while (dir && (thread = proc_next_pid(dir)) > 0) {
        char base[64];
        int fd;

        snprintf(base, sizeof(base), "%d/task/%d", (int)pid, (int)thread);
        fd = namespace_file_open_of(procfs, base);
        if (fd != -ENOENT)
            return fd;
    }
    return -ENOENT;
}

static int open_of_pid(const struct procfs *procfs, pid_t pid, struct error *err)
{
    char base[16];
    char file[64];
    int fd;

    snprintf(base, sizeof(base), "%d", (int)pid);
    fd = namespace_file_open_of(procfs, base);
    if (fd == -ENOENT)
        fd = open_of_thread(procfs, pid);
    if (fd == -ENOENT || fd == -ESRCH)
        return error_set(err, ENOENT, "%d: no such process", (int)pid);
    snprintf(file, sizeof(file), "%d: /proc/%d/ns/ipc", (int)pid, (int)pid);
    return fd < 0 ? refuse_file(procfs, file, -fd, err) : fd;
}

static int open_by_number(const struct ipc_namespace_list *found, uint64_t number,
                          struct error *err)
{
    int fd;

    for (size_t i = 0; i < found->count; i++) {
        if (found->items[i].number != number)
            continue;
        fd = fcntl(found->items[i].fd, F_DUPFD_CLOEXEC, 0);
        return fd < 0 ? error_set_errno(err, errno, "%llu", (unsigned long long)number) : fd;
    }
    if (found->exhausted)
        return error_set(err, EMFILE, "%llu: not all namespaces could be inspected: %s",
                         (unsigned long long)number, NAMESPACES_EXHAUSTED);
    return error_set(err, ENOENT, "%llu: no such IPC namespace%s", (unsigned long long)number,
                     found->unreadable > 0 || found->hidden ? NAMESPACES_SEEN : "");
}

/* Opens what the user's word names, as the user's own shell would. */
static int open_by_file(const struct procfs *procfs, const char *path, struct error *err)
{
    CLEANUP_CLOSE int path_fd = open(path, O_PATH | O_CLOEXEC);
    int fd;

    if (path_fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? error_set_errno(err, ENOENT, "%s", path)
                                                   : refuse_file(procfs, path, errno, err);
    fd = namespace_file_open(procfs, path_fd);
    if (fd == -EINVAL)
        return error_set(err, EINVAL,
                         "%s: not an IPC namespace (/proc/PID/ns/ipc, or a bind mount of one)",
                         path);
    return fd < 0 ? refuse_file(procfs, path, -fd, err) : fd;
}

int namespaces_resolve(const struct procfs *procfs, const struct ipc_namespace_list *found,
                       const char *word, struct ipc_namespace *ret_namespace, struct error *err)
{
    enum namespace_word kind;
    uint64_t value = 0;
    int fd = namespace_parse_word(word, &kind, &value, err);

    if (fd < 0)
        return fd;
    switch (kind) {
    case NAMESPACE_OF_PID:
        fd = open_of_pid(procfs, (pid_t)value, err);
        break;
    case NAMESPACE_BY_NUMBER:
        fd = open_by_number(found, value, err);
        break;
    case NAMESPACE_BY_FILE:
        fd = open_by_file(procfs, word, err);
        break;
    case NAMESPACE_BY_NAME:
        return error_set(err, ENODATA, "%s: no pid, no number of an IPC namespace, and no file",
                         text_word(word));
    }
    if (fd < 0)
        return fd;
    make_record(procfs, fd, ret_namespace);
    return 0;
}
