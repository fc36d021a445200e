#include "kernel/namespace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "model/id_map.h"

/* What linux/nsfs.h, linux/fcntl.h and linux/exportfs.h have since Linux 6.18 and 6.19, by other
 * names. */
struct listns_request {
    uint32_t size;
    uint32_t spare;
    uint64_t after; /* the last id that is known */
    uint32_t type;
    uint32_t spare2;
    uint64_t user_namespace; /* 0: of all */
};

enum {
    /* A new call has the same distance from openat2(2) on all architectures, and 470 on most. */
    LISTNS_NUMBER = SYS_openat2 - 437 + 470,
    HANDLE_TYPE = 0xf1, /* FILEID_NSFS */
    HANDLE_SIZE = 16,   /* NSFS_FILE_HANDLE_SIZE_VER0 */
    NSFS_ROOT = -10003, /* FD_NSFS_ROOT */
};

bool namespace_file_leaves_room(int fd)
{
    enum { SPARE_DESCRIPTORS = 32 };
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY ||
        (rlim_t)fd + SPARE_DESCRIPTORS < limit.rlim_cur)
        return true;
    if (limit.rlim_cur >= limit.rlim_max)
        return false;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

/* Opens a file below /proc, which is a namespace's whatever happens. */
static int open_own_kind(const struct procfs *procfs, const char *path)
{
    CLEANUP_CLOSE int fd = openat(procfs->root_fd, path, O_RDONLY | O_CLOEXEC);
    int type;

    if (fd < 0)
        return -errno;
    type = ioctl(fd, NS_GET_NSTYPE, 0);
    if (type < 0)
        return -errno;
    if (type != CLONE_NEWIPC)
        return -EINVAL;
    return steal_fd(&fd);
}

int namespace_file_open(const struct procfs *procfs, int path_fd)
{
    struct statfs system;
    char path[64];

    if (fstatfs(path_fd, &system) < 0)
        return -errno;
    if (system.f_type != NSFS_MAGIC)
        return -EINVAL;
    snprintf(path, sizeof(path), "proc/self/fd/%d", path_fd);
    return open_own_kind(procfs, path);
}

int namespace_file_open_of(const struct procfs *procfs, const char *base)
{
    char path[64];

    snprintf(path, sizeof(path), "proc/%s/ns/ipc", base);
    return open_own_kind(procfs, path);
}

size_t namespace_file_list_ids(uint64_t after, uint64_t *ids, size_t count)
{
    struct listns_request request = {
        .size = sizeof(request),
        .after = after,
        .type = CLONE_NEWIPC,
    };
    long found = syscall(LISTNS_NUMBER, &request, ids, count, 0);

    return found > 0 ? (size_t)found : 0;
}

int namespace_file_open_id(uint64_t id)
{
    union {
        char room[sizeof(struct file_handle) + HANDLE_SIZE];
        struct file_handle handle;
    } file = {.room = {0}}; /* no type and no inode number after the id: any */
    int fd;

    file.handle.handle_bytes = HANDLE_SIZE;
    file.handle.handle_type = HANDLE_TYPE;
    memcpy(file.handle.f_handle, &id, sizeof(id));
    fd = open_by_handle_at(NSFS_ROOT, &file.handle, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == EMFILE || errno == ENFILE ? -errno : -ENOENT;
    return fd;
}

bool namespace_file_parse(const char *text, size_t length, uint64_t *ret_number)
{
    static const char before[] = "ipc:[";
    const size_t skipped = sizeof(before) - 1;
    uint64_t number;
    size_t used;

    if (length < skipped || memcmp(text, before, skipped) != 0)
        return false;
    used = parse_digits(text + skipped, length - skipped, &number);
    if (used == 0 || length != skipped + used + 1 || text[length - 1] != ']')
        return false;
    *ret_number = number;
    return true;
}

bool namespace_file_owner(int fd, uid_t *ret_uid)
{
    CLEANUP_CLOSE int user = ioctl(fd, NS_GET_USERNS, 0);
    uid_t uid = ID_MAP_OVERFLOW;

    if (user < 0 || ioctl(user, NS_GET_OWNER_UID, &uid) < 0 || uid == ID_MAP_OVERFLOW)
        return false;
    *ret_uid = uid;
    return true;
}
