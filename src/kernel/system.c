#include "kernel/system.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/xalloc.h"
#include "kernel/namespace.h"

/* The machine's name: of a saved tree only where it has the file. */
static void read_host(struct system *system)
{
    struct utsname live;

    if (system->procfs.live) {
        if (uname(&live) == 0)
            strbuf_puts(&system->host, live.nodename);
        return;
    }
    if (procfs_read_file(&system->procfs, "proc/sys/kernel/hostname", 4096, &system->host, NULL) <
        0)
        strbuf_reset(&system->host);
    strbuf_truncate(&system->host, strcspn(strbuf_string(&system->host), "\n"));
}

int system_open(struct system *system, const char *dir, struct error *err)
{
    return system_open_watched(system, dir, NULL, err);
}

int system_open_watched(struct system *system, const char *dir, const struct procfs_watch *watch,
                        struct error *err)
{
    int r = procfs_open(&system->procfs, dir, err);

    if (r < 0)
        return r;
    system->procfs.watch = watch;
    system->host = (struct strbuf)STRBUF_INIT;
    system->elsewhere = 0;
    system->elsewhere_pid = 0;
    system->one_of_many = false;
    system->namespaces = NULL;
    system->protection = NULL;
    read_host(system);
    system->names = names_new(&system->procfs);
    system->proc = proc_cache_new(&system->procfs);
    system->program_files = program_files_new(&system->procfs);
    return 0;
}

void system_refresh(struct system *system)
{
    proc_cache_refresh(system->proc);
    program_files_free(system->program_files);
    system->program_files = program_files_new(&system->procfs);
}

void system_close(struct system *system)
{
    protection_free(system->protection);
    system->protection = NULL;
    program_files_free(system->program_files);
    proc_cache_free(system->proc);
    names_free(system->names);
    strbuf_release(&system->host);
    procfs_close(&system->procfs);
}

bool system_ids_are_cyclic(const struct system *system)
{
    enum { MAJOR = 5, MINOR = 2, COMMAND_LINE_MAX = 64 * 1024 };
    CLEANUP_STRBUF struct strbuf boot = STRBUF_INIT;
    uint64_t major = 0;
    uint64_t minor = 0;
    struct utsname live;
    size_t used;

    if (!system->procfs.live || uname(&live) < 0)
        return false;
    used = parse_digits(live.release, strlen(live.release), &major);
    if (used == 0 || live.release[used] != '.')
        return false;
    parse_digits(live.release + used + 1, strlen(live.release + used + 1), &minor);
    if (major < MAJOR || (major == MAJOR && minor < MINOR))
        return false;
    return procfs_read_file(&system->procfs, "proc/cmdline", COMMAND_LINE_MAX, &boot, NULL) == 0 &&
           !strstr(strbuf_string(&boot), "ipcmni_extend");
}

/* --- Credentials ------------------------------------------------------------------------------ */

/* All capabilities, as a mask. */
static const uint64_t ALL_CAPABILITIES = UINT64_MAX;

static bool has_capability(uint64_t capabilities, unsigned number)
{
    return (capabilities >> number & 1) != 0;
}

/* The effective capabilities, those of the process's own user namespace. */
static int read_capabilities(uint64_t *ret_capabilities, struct error *err)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

    if (syscall(SYS_capget, &header, data) < 0)
        return error_set_errno(err, errno, "this process's capabilities cannot be read");
    *ret_capabilities = (uint64_t)data[1].effective << 32 | data[0].effective;
    return 0;
}

static bool is_same_namespace(int a, int b)
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
 * The capabilities in the user namespace TARGET of a process that has CAPABILITIES in its own, OWN:
 * the same in OWN and in all that were made in it, all in those that its user made right in OWN.
 * The kernel shows no user namespace that is not OWN or one in it.
 */
static uint64_t capabilities_in(int target, int own, uint64_t capabilities)
{
    CLEANUP_CLOSE int opened = -1;
    int at = target;

    for (;;) {
        int above;

        if (is_same_namespace(at, own))
            return capabilities;
        above = ioctl(at, NS_GET_PARENT);
        if (above < 0)
            return 0;
        if (is_same_namespace(above, own) && owns_namespace(at)) {
            close(above);
            return ALL_CAPABILITIES;
        }
        cleanup_close_fd(&opened);
        opened = above;
        at = above;
    }
}

/* CAPABILITIES, those of its own user namespace, as they are in that which IPC belongs to. */
static uint64_t capabilities_over(const struct procfs *procfs, int ipc, uint64_t capabilities)
{
    CLEANUP_CLOSE int own = openat(procfs->root_fd, "proc/self/ns/user", O_RDONLY | O_CLOEXEC);
    CLEANUP_CLOSE int target = ipc >= 0 ? ioctl(ipc, NS_GET_USERNS) : -1;
    bool outside = ipc >= 0 && target < 0 && errno == EPERM;

    if (target >= 0 && own >= 0)
        return capabilities_in(target, own, capabilities);
    /* Where the kernel does not say (before Linux 4.9), the two are treated as one. */
    return outside ? 0 : capabilities;
}

bool has_capability_over(const struct procfs *procfs, int ipc, unsigned number)
{
    uint64_t capabilities = 0;

    return read_capabilities(&capabilities, NULL) == 0 &&
           has_capability(capabilities_over(procfs, ipc, capabilities), number);
}

bool is_initial_user_namespace(const struct procfs *procfs)
{
    CLEANUP_STRBUF struct strbuf map = STRBUF_INIT;
    uint64_t ids[3] = {0};
    const char *text;

    if (procfs_read_file(procfs, "proc/self/uid_map", 65536, &map, NULL) < 0)
        return true;
    text = strbuf_string(&map);
    for (size_t i = 0; i < 3; i++) {
        text += strspn(text, " ");
        text += parse_digits(text, strlen(text), &ids[i]);
    }
    return ids[0] == 0 && ids[1] == 0 && ids[2] == UINT32_MAX;
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

/* Whether this process may set the limits, and whether anybody can where it is. */
static void check_limit_files(const struct procfs *procfs, struct credentials *credentials)
{
    static const char path[] = "proc/sys/kernel/shmmax";
    CLEANUP_CLOSE int fd = openat(procfs->root_fd, path, O_PATH | O_CLOEXEC);
    struct statvfs mount;

    credentials->limits_fixed =
        fd < 0 || (fstatvfs(fd, &mount) == 0 && (mount.f_flag & ST_RDONLY) != 0);
    credentials->sets_limits =
        !credentials->limits_fixed && faccessat(procfs->root_fd, path, W_OK, AT_EACCESS) == 0;
}

int credentials_read(const struct procfs *procfs, struct credentials *ret_credentials,
                     struct error *err)
{
    CLEANUP_CLOSE int ipc = openat(procfs->root_fd, "proc/self/ns/ipc", O_RDONLY | O_CLOEXEC);
    struct credentials credentials = {.euid = geteuid(), .egid = getegid()};
    uint64_t capabilities = 0;
    uint64_t ipc_capabilities;
    int r = read_capabilities(&capabilities, err);

    if (r == 0)
        r = read_groups(&credentials, err);
    if (r < 0) {
        credentials_release(&credentials);
        return r;
    }
    ipc_capabilities = capabilities_over(procfs, ipc, capabilities);
    credentials.ipc_owner = has_capability(ipc_capabilities, CAP_IPC_OWNER);
    credentials.sys_admin = has_capability(ipc_capabilities, CAP_SYS_ADMIN);
    credentials.private_user = !is_initial_user_namespace(procfs);
    if (credentials.private_user)
        capabilities = 0;
    credentials.init_admin = has_capability(capabilities, CAP_SYS_ADMIN);
    credentials.init_lock = has_capability(capabilities, CAP_IPC_LOCK);
    credentials.private_ipc = namespace_is_initial_ipc(procfs, NULL) == 0;
    check_limit_files(procfs, &credentials);
    *ret_credentials = credentials;
    return 0;
}
