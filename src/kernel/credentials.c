#include "kernel/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/xalloc.h"

/* All capabilities, as a mask. */
static const uint64_t ALL_RIGHTS = UINT64_MAX;

/* The effective capabilities, those of the process's own user namespace. */
static int own_rights(uint64_t *ret_rights, struct error *err)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

    if (syscall(SYS_capget, &header, data) < 0)
        return error_set_errno(err, errno, "this process's capabilities cannot be read");
    *ret_rights = (uint64_t)data[1].effective << 32 | data[0].effective;
    return 0;
}

static bool is_same_file(int a, int b)
{
    struct stat first;
    struct stat second;

    return fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

static bool owns_namespace(int user_ns)
{
    uid_t owner;

    return ioctl(user_ns, NS_GET_OWNER_UID, &owner) == 0 && owner == geteuid();
}

/*
 * The rights in the user namespace TARGET of a process that has RIGHTS in its own, OWN: the same
 * in OWN and in all that were made in it, everything in those that its user made right in OWN.
 * The kernel shows no user namespace that is not OWN or one in it.
 */
static uint64_t rights_in(int target, int own, uint64_t rights)
{
    CLEANUP_CLOSE int held = -1;
    int at = target;

    for (;;) {
        int above;

        if (is_same_file(at, own))
            return rights;
        above = ioctl(at, NS_GET_PARENT);
        if (above < 0)
            return 0;
        if (is_same_file(above, own) && owns_namespace(at)) {
            close(above);
            return ALL_RIGHTS;
        }
        cleanup_close_fd(&held);
        held = above;
        at = above;
    }
}

/* The rights in the user namespace that the IPC namespace belongs to. */
static uint64_t rights_in_ipc(const struct procfs *procfs, uint64_t rights)
{
    CLEANUP_CLOSE int ipc = openat(procfs->root_fd, "proc/self/ns/ipc", O_RDONLY | O_CLOEXEC);
    CLEANUP_CLOSE int own = openat(procfs->root_fd, "proc/self/ns/user", O_RDONLY | O_CLOEXEC);
    CLEANUP_CLOSE int target = ipc >= 0 ? ioctl(ipc, NS_GET_USERNS) : -1;
    bool outside = ipc >= 0 && target < 0 && errno == EPERM;

    if (target >= 0 && own >= 0)
        return rights_in(target, own, rights);
    /* Where the kernel does not tell (before Linux 4.9), the two are taken for one. */
    return outside ? 0 : rights;
}

/* Whether this is the user namespace that the machine began with: it alone maps every number. */
static bool is_first_user_namespace(const struct procfs *procfs)
{
    CLEANUP_STRBUF struct strbuf map = STRBUF_INIT;
    uint64_t numbers[3] = {0};
    const char *text;

    if (procfs_read_file(procfs, "proc/self/uid_map", 65536, &map, NULL) < 0)
        return true;
    text = strbuf_string(&map);
    for (size_t i = 0; i < 3; i++) {
        text += strspn(text, " ");
        text += parse_digits(text, strlen(text), &numbers[i]);
    }
    return numbers[0] == 0 && numbers[1] == 0 && numbers[2] == UINT32_MAX;
}

static int read_groups(struct credentials *credentials, struct error *err)
{
    int count = getgroups(0, NULL);

    if (count > 0) {
        credentials->groups = xcalloc((size_t)count, sizeof(gid_t));
        count = getgroups(count, credentials->groups);
    }
    if (count < 0)
        return error_set_errno(err, errno, "this process's groups cannot be read");
    credentials->group_count = (size_t)count;
    return 0;
}

static bool has_right(uint64_t rights, unsigned right)
{
    return (rights >> right & 1) != 0;
}

/*
 * Whether the limits can be set as far as it depends on who does it: not so where the file system
 * is read-only, or there are no such files.
 */
static bool sets_limits(const struct procfs *procfs)
{
    return faccessat(procfs->root_fd, "proc/sys/kernel/shmmax", W_OK, AT_EACCESS) == 0 ||
           (errno != EACCES && errno != EPERM);
}

int credentials_read(const struct procfs *procfs, struct credentials *ret_caller, struct error *err)
{
    struct credentials credentials = {.euid = geteuid(), .egid = getegid()};
    uint64_t rights = 0;
    uint64_t ipc_rights;
    int r = own_rights(&rights, err);

    if (r == 0)
        r = read_groups(&credentials, err);
    if (r < 0) {
        credentials_release(&credentials);
        return r;
    }
    ipc_rights = rights_in_ipc(procfs, rights);
    credentials.ipc_owner = has_right(ipc_rights, CAP_IPC_OWNER);
    credentials.sys_admin = has_right(ipc_rights, CAP_SYS_ADMIN);
    credentials.init_admin = has_right(rights, CAP_SYS_ADMIN) && is_first_user_namespace(procfs);
    credentials.sets_limits = sets_limits(procfs);
    *ret_caller = credentials;
    return 0;
}
