#include "kernel/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "kernel/mountinfo.h"
#include "kernel/namespace_file.h"
#include "kernel/proc.h"
#include "model/idset.h"

enum {
    BASE_SIZE = 32,                         /* "PID/task/TID" */
    MOUNTINFO_SIZE_MAX = 256 * 1024 * 1024, /* fs.mount-max is 100,000 mounts, with paths of 4 KiB
                                               at the worst */
};

/* One reading of /proc. */
struct finder {
    const struct procfs *procfs;
    DIR *proc;   /* owned */
    int proc_fd; /* its descriptor */
    pid_t self;  /* the PID of this process in /proc */
    struct ipc_namespace_list list;
    size_t *slots;                 /* owned; positions in the list plus 1, by number; 0: free */
    size_t slot_count;             /* a power of two, more than twice what the list has */
    struct idset mount_namespaces; /* whose mounts were read */
    bool was_refused;              /* something of the process at hand could not be read */
};

/* --- The list --------------------------------------------------------------------------------- */

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

void namespaces_release_one(struct ipc_namespace *namespace)
{
    if (namespace->fd >= 0)
        close(namespace->fd);
    free_texts(namespace->held, namespace->held_count);
    *namespace = (struct ipc_namespace){.fd = -1};
}

void namespaces_release(struct ipc_namespace_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        namespaces_release_one(&list->items[i]);
    free(list->items);
    *list = (struct ipc_namespace_list){0};
}

void namespaces_add(struct ipc_namespace_list *list, const struct ipc_namespace *namespace)
{
    list->items = xgrow(list->items, list->count, &list->capacity, sizeof(*list->items));
    list->items[list->count++] = *namespace;
}

/* The slot of the namespace with this number, or the free one where it belongs. */
static size_t *find_number(const struct finder *finder, uint64_t number)
{
    size_t slot = (size_t)(number * UINT64_C(11400714819323198485) >> 32);

    for (;; slot++) {
        size_t *position = &finder->slots[slot & (finder->slot_count - 1)];

        if (*position == 0 || finder->list.items[*position - 1].number == number)
            return position;
    }
}

static void grow_table(struct finder *finder)
{
    free(finder->slots);
    finder->slot_count = finder->slot_count ? finder->slot_count * 2 : 64;
    finder->slots = xcalloc(finder->slot_count, sizeof(size_t));
    for (size_t i = 0; i < finder->list.count; i++)
        *find_number(finder, finder->list.items[i].number) = i + 1;
}

/* Returns the namespace of this number; as all that are listed are open, it is the same one. */
static struct ipc_namespace *listed(const struct finder *finder, uint64_t number)
{
    size_t position = *find_number(finder, number);

    return position > 0 ? &finder->list.items[position - 1] : NULL;
}

/* Remembers why something could not be opened, and returns NULL. CODE: negative errno. */
static struct ipc_namespace *note_failure(struct finder *finder, int code)
{
    if (code == -EMFILE || code == -ENFILE)
        finder->list.exhausted = true;
    else if (code == -EACCES || code == -EPERM)
        finder->was_refused = true;
    else if (code != -ENOENT && code != -ESRCH && code != -EINVAL) { /* there, and of the kind */
        finder->was_refused = true;
        finder->list.failure = -code;
    }
    errno = -code;
    return NULL;
}

/*
 * Lists the namespace that FD is, unless it is there already; FD may be a negative errno. Returns
 * it, valid until the next one is listed, or NULL with errno set.
 */
static struct ipc_namespace *keep(struct finder *finder, int fd)
{
    struct ipc_namespace namespace = {.fd = fd};
    struct ipc_namespace *known;
    struct stat status;
    bool can_be_kept;

    if (fd < 0)
        return note_failure(finder, fd);
    if (finder->list.count * 2 >= finder->slot_count)
        grow_table(finder);
    can_be_kept = fstat(fd, &status) == 0;
    known = can_be_kept ? listed(finder, status.st_ino) : NULL;
    if (known || !can_be_kept || !namespace_file_leaves_room(fd)) {
        close(fd);
        return known ? known : note_failure(finder, -EMFILE);
    }
    namespace.number = status.st_ino;
    namespace.device = status.st_dev;
    namespaces_add(&finder->list, &namespace);
    *find_number(finder, namespace.number) = finder->list.count;
    return &finder->list.items[finder->list.count - 1];
}

/* --- Who is inside, and who holds it ---------------------------------------------------------- */

/* Remembers what else keeps a namespace: where nobody is inside it will be shown. */
__attribute__((format(printf, 3, 4))) static void add_holder(struct ipc_namespace *namespace,
                                                             pid_t pid, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        xalloc_die();
    va_end(args);
    namespace->held =
        xgrow(namespace->held, namespace->held_count, &namespace->held_capacity, sizeof(char *));
    namespace->held[namespace->held_count++] = text;
    namespace->holder = namespace->holder != 0 ? namespace->holder : pid;
}

/* When a process started, in clock ticks since boot; one that has just exited comes last. */
static uint64_t start_of(const struct finder *finder, pid_t pid)
{
    struct proc_stat stat;

    return proc_stat_read(finder->procfs, pid, &stat) == 0 ? stat.start : UINT64_MAX;
}

/* Starts are looked up only where there are several to compare. */
static void add_process(const struct finder *finder, struct ipc_namespace *namespace, pid_t pid)
{
    uint64_t oldest = namespace->start;
    uint64_t start;

    if (++namespace->processes == 1) {
        namespace->pid = pid;
        return;
    }
    if (namespace->processes == 2)
        oldest = start_of(finder, namespace->pid);
    start = start_of(finder, pid);
    if (start < oldest) {
        namespace->pid = pid;
        oldest = start;
    }
    namespace->start = oldest;
}

/* The namespace that the process or thread BASE is in, opened if it is not listed yet. */
static struct ipc_namespace *namespace_of(struct finder *finder, const char *base)
{
    struct ipc_namespace *known;
    struct stat status;
    char path[64];

    snprintf(path, sizeof(path), "%s/ns/ipc", base);
    if (fstatat(finder->proc_fd, path, &status, 0) < 0)
        return note_failure(finder, -errno);
    known = listed(finder, status.st_ino);
    return known ? known : keep(finder, namespace_file_open_of(finder->procfs, base));
}

/* How many threads a process has: its directory of them is linked to that often, and twice more. */
static size_t count_threads(const struct finder *finder, const char *base)
{
    struct stat status;
    char path[64];

    snprintf(path, sizeof(path), "%s/task", base);
    return fstatat(finder->proc_fd, path, &status, 0) == 0 ? status.st_nlink - 2 : 0;
}

/*
 * Inspects the threads but for the leader. A process whose leader has exited is where its first
 * thread is.
 *
 * ret_base: then set to that thread
 * home: the number of the leader's namespace; 0: it has exited
 */
static void inspect_threads(struct finder *finder, pid_t pid, uint64_t home, char *ret_base)
{
    CLEANUP_CLOSEDIR DIR *dir = NULL;
    char path[BASE_SIZE];
    pid_t thread;

    snprintf(path, sizeof(path), "proc/%d/task", (int)pid);
    dir = procfs_open_dir(finder->procfs, path, NULL);
    if (!dir)
        note_failure(finder, -errno);
    while (dir && (thread = proc_next_pid(dir)) > 0) {
        struct ipc_namespace *namespace;
        char base[BASE_SIZE];

        if (thread == pid)
            continue;
        snprintf(base, sizeof(base), "%d/task/%d", (int)pid, (int)thread);
        namespace = namespace_of(finder, base);
        if (namespace && home == 0) {
            home = namespace->number;
            add_process(finder, namespace, pid);
            memcpy(ret_base, base, sizeof(base));
        } else if (namespace && namespace->number != home) {
            add_holder(namespace, pid, "thread %d/%d", (int)pid, (int)thread);
        }
    }
}

/* The namespace NUMBER, opened by PATH_FD if it is not listed yet. */
static struct ipc_namespace *keep_found(struct finder *finder, uint64_t number, int path_fd)
{
    struct ipc_namespace *namespace = NULL;

    if (path_fd < 0)
        return note_failure(finder, -errno);
    namespace = keep(finder, namespace_file_open(finder->procfs, path_fd));
    /* What stood there may be something else by now, which was found all the same. */
    return namespace && namespace->number == number ? namespace : NULL;
}

/*
 * Whether an entry of /proc/PID/fd may be a namespace, by the device that all of them are on. Its
 * name does not tell: it is that of the bind mount by which it was opened. Returns 1 or 0, or a
 * negative errno.
 */
static int is_on_nsfs(const struct finder *finder, int dir, const char *name, uint64_t *ret_number)
{
    struct stat status;
    int r = procfs_identify(dir, name, &status);

    if (r < 0)
        return r;
    *ret_number = status.st_ino;
    return status.st_dev == finder->list.items[0].device;
}

/*
 * Whether a process has few descriptors, numbered without a gap, none of them a namespace. How many
 * there are is the size of /proc/PID/fd since Linux 6.2; before, it is 0. Where it is not so for
 * certain the directory is read, which costs `ls -A` of 300 such processes 4 percent more.
 */
static bool has_no_namespace_open(const struct finder *finder, const char *base)
{
    enum { FEW = 16 };
    struct stat status;
    char path[64];

    snprintf(path, sizeof(path), "%s/fd", base);
    if (fstatat(finder->proc_fd, path, &status, 0) < 0 || status.st_size == 0 ||
        status.st_size > FEW)
        return false;
    for (int i = 0; i < status.st_size; i++) {
        uint64_t number;

        snprintf(path, sizeof(path), "%s/fd/%d", base, i);
        if (is_on_nsfs(finder, finder->proc_fd, path, &number) != 0)
            return false;
    }
    return true;
}

/* Looks for namespaces among the open descriptors. */
static void inspect_descriptors(struct finder *finder, pid_t pid, const char *base)
{
    CLEANUP_CLOSEDIR DIR *dir = NULL;
    const struct dirent *entry;
    char path[64];

    if (has_no_namespace_open(finder, base))
        return;
    snprintf(path, sizeof(path), "proc/%s/fd", base);
    dir = procfs_open_dir(finder->procfs, path, NULL);
    if (!dir)
        note_failure(finder, -errno);
    while (dir && (entry = procfs_next_entry(dir))) {
        struct ipc_namespace *namespace;
        uint64_t number = 0;

        if (entry->d_name[0] == '.' || is_on_nsfs(finder, dirfd(dir), entry->d_name, &number) <= 0)
            continue;
        namespace = listed(finder, number);
        if (!namespace) {
            CLEANUP_CLOSE int fd = openat(dirfd(dir), entry->d_name, O_PATH | O_CLOEXEC);

            namespace = keep_found(finder, number, fd);
        }
        if (namespace)
            add_holder(namespace, pid, "fd %d/%s", (int)pid, entry->d_name);
    }
}

/* --- Bind mounts ------------------------------------------------------------------------------ */

static bool has_mount(const struct ipc_namespace *namespace)
{
    static const char before[] = "mount ";

    for (size_t i = 0; i < namespace->held_count; i++) {
        if (strncmp(namespace->held[i], before, sizeof(before) - 1) == 0)
            return true;
    }
    return false;
}

/* A mount of the namespace NUMBER. Copies of one mount in many mount namespaces are named once. */
static void inspect_mount(struct finder *finder, const char *base, const struct mountinfo *mount,
                          uint64_t number)
{
    CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;
    struct ipc_namespace *namespace = listed(finder, number);
    bool ours = strcmp(base, "self") == 0;

    if (namespace && !ours && has_mount(namespace))
        return;
    mountinfo_unescape(&path, mount->path, mount->path_length);
    if (!namespace) {
        CLEANUP_CLOSE int fd = mountinfo_open(finder->proc_fd, base, strbuf_string(&path));

        namespace = keep_found(finder, number, fd);
    }
    if (!namespace)
        return;
    if (ours)
        add_holder(namespace, 0, "mount %s", strbuf_string(&path));
    else
        add_holder(namespace, (pid_t)strtol(base, NULL, 10), "mount /proc/%s/root%s", base,
                   strbuf_string(&path));
}

/* Looks for namespaces among the mounts that a process sees, once in each mount namespace. */
static void inspect_mounts(struct finder *finder, const char *base)
{
    static const char mark[] = " ipc:[";
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    struct stat status;
    char path[64];

    snprintf(path, sizeof(path), "%s/ns/mnt", base);
    if (fstatat(finder->proc_fd, path, &status, 0) < 0 ||
        !idset_add(&finder->mount_namespaces, (int)(status.st_ino & INT32_MAX)))
        return;
    snprintf(path, sizeof(path), "proc/%s/mountinfo", base);
    if (procfs_read_file(finder->procfs, path, MOUNTINFO_SIZE_MAX, &text, NULL) < 0)
        finder->was_refused = true;
    for (const char *at = strstr(strbuf_string(&text), mark); at; at = strstr(at, mark)) {
        const char *start = memrchr(text.data, '\n', (size_t)(at - text.data));
        const char *end = strchrnul(at, '\n');
        struct mountinfo mount;
        uint64_t number;

        start = start ? start + 1 : text.data;
        if (mountinfo_parse_line(start, (size_t)(end - start), &mount) && mount.type_length == 4 &&
            memcmp(mount.type, "nsfs", 4) == 0 &&
            namespace_file_parse(mount.root, mount.root_length, &number))
            inspect_mount(finder, base, &mount, number);
        at = end;
    }
}

/* --- Processes -------------------------------------------------------------------------------- */

/* Whether a process may be in a namespace at all, and there still is. */
static bool is_inside_something(const struct finder *finder, pid_t pid)
{
    struct proc_stat stat;
    int r = proc_stat_read(finder->procfs, pid, &stat);

    return r == 0 ? !proc_stat_is_kernel(&stat) && !proc_stat_is_dead(&stat)
                  : r != -ENOENT && r != -ESRCH;
}

static void inspect_process(struct finder *finder, pid_t pid)
{
    struct ipc_namespace *namespace;
    char base[BASE_SIZE];
    uint64_t home = 0;

    finder->was_refused = false;
    snprintf(base, sizeof(base), "%d", (int)pid);
    namespace = namespace_of(finder, base);
    if (namespace) {
        home = namespace->number;
        add_process(finder, namespace, pid);
    }
    if (!finder->was_refused && count_threads(finder, base) > 1)
        inspect_threads(finder, pid, home, base);
    if (!finder->was_refused && pid != finder->self) {
        inspect_descriptors(finder, pid, base);
        inspect_mounts(finder, base);
    }
    if (finder->was_refused && is_inside_something(finder, pid))
        finder->list.unreadable++;
}

/*
 * Lists what nothing was found of that keeps it, but the kernel lists. Of those that are new since
 * /proc was gone through, that may be a process.
 */
static void list_the_rest(struct finder *finder)
{
    uint64_t ids[512];
    uint64_t last = 0;
    size_t count;

    while ((count = namespace_file_list_ids(last, ids, sizeof(ids) / sizeof(ids[0]))) > 0) {
        for (size_t i = 0; i < count; i++)
            keep(finder, namespace_file_open_id(ids[i]));
        last = ids[count - 1];
    }
}

static int begin(struct finder *finder, const struct procfs *procfs, struct error *err)
{
    char text[16];
    ssize_t length;

    finder->procfs = procfs;
    finder->proc = procfs_open_dir(procfs, "proc", err);
    if (!finder->proc)
        return -errno;
    finder->proc_fd = dirfd(finder->proc);
    length = readlinkat(finder->proc_fd, "self", text, sizeof(text) - 1);
    if (length < 0)
        return error_set(err, ENOENT, "/proc: not mounted: no process can be inspected");
    text[length] = '\0';
    finder->self = (pid_t)strtol(text, NULL, 10);
    if (!keep(finder, namespace_file_open_of(procfs, "self")))
        return error_set_errno(err, errno, "/proc/self/ns/ipc");
    finder->list.items[0].own = true;
    return 0;
}

static void finish_namespace(struct ipc_namespace *namespace)
{
    if (namespace->processes == 0)
        return;
    free_texts(namespace->held, namespace->held_count);
    namespace->held = NULL;
    namespace->held_count = namespace->held_capacity = 0;
    add_holder(namespace, namespace->pid, "processes");
}

/* The own one first, the others by number. */
static int compare_namespaces(const void *a, const void *b)
{
    const struct ipc_namespace *left = a;
    const struct ipc_namespace *right = b;

    return left->own != right->own ? right->own - left->own
                                   : num_compare(left->number, right->number);
}

static int find_all(struct finder *finder, struct error *err)
{
    struct ipc_namespace_list *list = &finder->list;
    pid_t pid;

    inspect_mounts(finder, "self");
    while ((pid = proc_next_pid(finder->proc)) > 0)
        inspect_process(finder, pid);
    if (errno)
        return error_set_errno(err, errno, "/proc");
    list_the_rest(finder);
    list->hidden = faccessat(finder->proc_fd, "1", F_OK, 0) < 0 && proc_exists(1);
    for (size_t i = 0; i < list->count; i++)
        finish_namespace(&list->items[i]);
    if (list->count > 0)
        qsort(list->items, list->count, sizeof(*list->items), compare_namespaces);
    return 0;
}

int namespaces_find(const struct procfs *procfs, struct ipc_namespace_list *ret_list,
                    struct error *err)
{
    struct finder finder = {.procfs = procfs};
    int r = begin(&finder, procfs, err);

    if (r == 0)
        r = find_all(&finder, err);
    if (r == 0) {
        *ret_list = finder.list;
        finder.list = (struct ipc_namespace_list){0};
    }
    if (finder.proc)
        closedir(finder.proc);
    free(finder.slots);
    idset_release(&finder.mount_namespaces);
    namespaces_release(&finder.list);
    return r;
}
