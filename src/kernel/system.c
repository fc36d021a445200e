#include "kernel/system.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
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
    system->self = getpid();
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
    system->self = getpid(); /* another in a child */
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

/*
 * The capabilities in the user namespace TARGET of a process of EUID that has CAPABILITIES in its
 * own, OWN: the same in OWN and in all that were made in it, all in those that its user made right
 * in OWN. The kernel shows no user namespace that is not our own or one in it.
 */
static uint64_t capabilities_in(int target, int own, uid_t euid, uint64_t capabilities)
{
    CLEANUP_CLOSE int opened = -1;
    int at = target;

    for (;;) {
        uid_t owner;
        int above;

        if (is_same_namespace(at, own))
            return capabilities;
        above = ioctl(at, NS_GET_PARENT, 0);
        if (above < 0)
            return 0;
        if (is_same_namespace(above, own) && ioctl(at, NS_GET_OWNER_UID, &owner) == 0 &&
            owner == euid) {
            close(above);
            return ALL_CAPABILITIES;
        }
        cleanup_close_fd(&opened);
        opened = above;
        at = above;
    }
}

/* A process, and what it may do. */
struct subject {
    char dir[32]; /* its directory below the root */
    uid_t euid;
    uint64_t capabilities; /* effective, in its own user namespace */
};

static int open_namespace_of(const struct procfs *procfs, const struct subject *subject,
                             const char *kind)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/ns/%s", subject->dir, kind);
    return openat(procfs->root_fd, path, O_RDONLY | O_CLOEXEC);
}

/* The capabilities of SUBJECT as they are in the user namespace that IPC belongs to. */
static uint64_t capabilities_over(const struct procfs *procfs, int ipc,
                                  const struct subject *subject)
{
    uint64_t capabilities = subject->capabilities;
    CLEANUP_CLOSE int own = open_namespace_of(procfs, subject, "user");
    CLEANUP_CLOSE int target = ipc >= 0 ? ioctl(ipc, NS_GET_USERNS, 0) : -1;
    bool outside = ipc >= 0 && target < 0 && errno == EPERM;

    if (target >= 0 && own >= 0)
        return capabilities_in(target, own, subject->euid, capabilities);
    /* Where the kernel does not say (before Linux 4.9), the two are treated as one. */
    return outside ? 0 : capabilities;
}

bool has_capability_over(const struct procfs *procfs, int ipc, unsigned number)
{
    struct subject self = {.dir = "proc/self", .euid = geteuid()};

    return read_capabilities(&self.capabilities, NULL) == 0 &&
           has_capability(capabilities_over(procfs, ipc, &self), number);
}

/* Whether the process whose directory below the root is DIR is in the initial user namespace. */
static bool is_in_initial_user_namespace(const struct procfs *procfs, const char *dir)
{
    struct id_map map = {0};
    char path[64];
    bool is_whole;
    int r;

    snprintf(path, sizeof(path), "%s/uid_map", dir);
    r = procfs_read_id_map(procfs, path, &map);
    if (r < 0)
        return r != -EBADMSG;
    is_whole = id_map_is_whole(&map);
    id_map_release(&map);
    return is_whole;
}

bool is_initial_user_namespace(const struct procfs *procfs)
{
    return is_in_initial_user_namespace(procfs, "proc/self");
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

/* What CREDENTIALS says by its ids, and capabilities and namespaces add to it. */
static void complete_credentials(const struct procfs *procfs, const struct subject *subject,
                                 struct credentials *ret_credentials)
{
    CLEANUP_CLOSE int ipc = open_namespace_of(procfs, subject, "ipc");
    struct credentials credentials = *ret_credentials;
    uint64_t capabilities = subject->capabilities;
    uint64_t ipc_capabilities = capabilities_over(procfs, ipc, subject);
    uint64_t number = 0;

    credentials.ipc_owner = has_capability(ipc_capabilities, CAP_IPC_OWNER);
    credentials.sys_admin = has_capability(ipc_capabilities, CAP_SYS_ADMIN);
    credentials.private_user = !is_in_initial_user_namespace(procfs, subject->dir);
    if (credentials.private_user)
        capabilities = 0;
    credentials.init_admin = has_capability(capabilities, CAP_SYS_ADMIN);
    credentials.init_lock = has_capability(capabilities, CAP_IPC_LOCK);
    if (namespace_number_of(procfs, 0, &number) == 0 && number != NAMESPACE_NUMBER_HOST)
        credentials.ipc_number = number;
    check_limit_files(procfs, &credentials);
    *ret_credentials = credentials;
}

int credentials_read(const struct procfs *procfs, struct credentials *ret_credentials,
                     struct error *err)
{
    struct credentials credentials = {.euid = geteuid(), .egid = getegid()};
    struct subject self = {.dir = "proc/self", .euid = credentials.euid};
    int r = read_capabilities(&self.capabilities, err);

    if (r == 0)
        r = read_groups(&credentials, err);
    if (r < 0) {
        credentials_release(&credentials);
        return r;
    }
    complete_credentials(procfs, &self, &credentials);
    *ret_credentials = credentials;
    return 0;
}

/* --- Of another process ----------------------------------------------------------------------- */

/* Takes the next number of a line that has them between blanks. Returns false at its end. */
static bool take_number(const char **text, uint64_t *ret_value)
{
    size_t used;

    *text += strspn(*text, " \t");
    used = parse_digits(*text, strlen(*text), ret_value);
    *text += used;
    return used > 0;
}

/* Reads the effective one of "Uid: 1 2 3 4": real, effective, saved, that of file systems. */
static bool find_effective_id(const char *status, const char *mark, uint32_t *ret_id)
{
    const char *at = strstr(status, mark);
    uint64_t real;
    uint64_t id;

    if (!at)
        return false;
    at += strlen(mark);
    if (!take_number(&at, &real) || !take_number(&at, &id) || id > UINT32_MAX)
        return false;
    *ret_id = (uint32_t)id;
    return true;
}

static void parse_groups(const char *status, struct credentials *credentials)
{
    static const char mark[] = "\nGroups:";
    const char *at = strstr(status, mark);
    size_t capacity = 0;
    uint64_t id;

    if (!at)
        return;
    at += strlen(mark);
    while (take_number(&at, &id)) {
        credentials->groups = xgrow(credentials->groups, credentials->group_count, &capacity,
                                    sizeof(*credentials->groups));
        credentials->groups[credentials->group_count++] = (gid_t)id;
    }
}

static bool find_capabilities(const char *status, uint64_t *ret_capabilities)
{
    static const char mark[] = "\nCapEff:\t";
    const char *at = strstr(status, mark);
    char *end;

    if (!at)
        return false;
    *ret_capabilities = strtoull(at + strlen(mark), &end, 16);
    return *end == '\n';
}

int credentials_read_of(const struct procfs *procfs, pid_t pid, struct credentials *ret_credentials,
                        struct error *err)
{
    enum { STATUS_SIZE_MAX = 1024 * 1024 };
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    struct credentials credentials = {0};
    struct subject subject;
    char path[64];
    const char *status;
    int r;

    snprintf(subject.dir, sizeof(subject.dir), "proc/%d", (int)pid);
    snprintf(path, sizeof(path), "%s/status", subject.dir);
    r = procfs_read_file(procfs, path, STATUS_SIZE_MAX, &text, err);
    if (r < 0)
        return r;
    status = strbuf_string(&text);
    if (!find_effective_id(status, "\nUid:", &credentials.euid) ||
        !find_effective_id(status, "\nGid:", &credentials.egid) ||
        !find_capabilities(status, &subject.capabilities))
        return error_set(err, EBADMSG, "%s%s: no ids or capabilities", procfs_prefix(procfs), path);
    parse_groups(status, &credentials);
    subject.euid = credentials.euid;
    complete_credentials(procfs, &subject, &credentials);
    *ret_credentials = credentials;
    return 0;
}
