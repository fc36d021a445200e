#include "action/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "action/diagnose.h"
#include "action/inventory.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/xalloc.h"
#include "kernel/conf.h"
#include "kernel/logind.h"
#include "kernel/saved_tree.h"
#include "kernel/system.h"

#define LISTING_PATH "proc/sysvipc/shm"

enum { FILE_SIZE_MAX = 64 * 1024 * 1024, LINK_SIZE_MAX = 4096 };

/* A capture that is being made. */
struct capture {
    struct system *system;
    struct saved_tree tree; /* owned */
    bool without_arguments;
    bool runs_logind;
    void *known;  /* owned; the paths, as tsearch(3) keeps them: each is taken once */
    char **paths; /* owned, each too; in the order in which they were looked for */
    size_t count;
    size_t capacity;
    struct error *err;
};

static int compare_paths(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Notes a path, if it is a new one. */
static void note_path(void *arg, const char *path)
{
    struct capture *capture = arg;
    char *copy;

    if (tfind(path, &capture->known, compare_paths))
        return;
    copy = xstrdup(path);
    if (!tsearch(copy, &capture->known, compare_paths))
        xalloc_die();
    capture->paths =
        xgrow(capture->paths, capture->count, &capture->capacity, sizeof(*capture->paths));
    capture->paths[capture->count++] = copy;
}

static void note_process(struct capture *capture, pid_t pid)
{
    char path[32];

    snprintf(path, sizeof(path), "proc/%d", (int)pid);
    note_path(capture, path);
}

/* --- Files ------------------------------------------------------------------------------------ */

/* Puts a text into the tree; of two ways to a file the first one counts. */
static int put_text(struct capture *capture, const char *path, const struct strbuf *text)
{
    int r = saved_tree_put(&capture->tree, path, strbuf_string(text), text->length, capture->err);

    return r == -EEXIST ? 0 : r;
}

/*
 * Leaves the first mapping of a maps or smaps, which shows that there are any, and those of
 * segments; of what an smaps says of them the size of their pages.
 */
static void keep_segments(struct strbuf *text)
{
    CLEANUP_STRBUF struct strbuf kept = STRBUF_INIT;
    const char *line = strbuf_string(text);
    bool keeps = false;

    while (*line) {
        size_t length = strcspn(line, "\n");
        bool is_mapping = *line < 'A' || *line > 'Z'; /* fields begin with a capital */

        if (is_mapping)
            keeps = kept.length == 0 || memmem(line, length, "/SYSV", 5);
        if (keeps && (is_mapping || strncmp(line, "KernelPageSize:", 15) == 0)) {
            strbuf_append(&kept, line, length);
            strbuf_putc(&kept, '\n');
        }
        line += length + (line[length] == '\n');
    }
    strbuf_reset(text);
    strbuf_append(text, strbuf_string(&kept), kept.length);
}

/* Copies a file, if it is there and may be read. NAME: its own, in a folder of a process; or "". */
static int copy_file(struct capture *capture, const char *path, const char *name)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    if (procfs_read_file(&capture->system->procfs, path, FILE_SIZE_MAX, &text, NULL) < 0)
        return 0;
    if (strcmp(name, "maps") == 0 || strcmp(name, "smaps") == 0)
        keep_segments(&text);
    else if (strcmp(name, "cmdline") == 0 && capture->without_arguments)
        strbuf_truncate(&text, strnlen(strbuf_string(&text), text.length));
    return put_text(capture, path, &text);
}

/* Copies a symbolic link as such, if it is there. */
static int copy_link(struct capture *capture, const char *path)
{
    char target[LINK_SIZE_MAX];
    ssize_t length = readlinkat(capture->system->procfs.root_fd, path, target, sizeof(target) - 1);
    int r;

    if (length <= 0)
        return 0;
    target[length] = '\0';
    r = saved_tree_link(&capture->tree, path, target, capture->err);
    return r == -EEXIST ? 0 : r;
}

/* --- Folders ---------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);

    return length > strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

/*
 * Copies a folder that is there: what is in it by names, and the files that readers find by listing
 * it. Others, such as a database's own configuration, may have passwords in them.
 */
static int copy_folder(struct capture *capture, const char *path)
{
    CLEANUP_CLOSEDIR DIR *dir = procfs_open_dir(&capture->system->procfs, path, NULL);
    const struct dirent *entry;
    int r = dir ? saved_tree_mkdir(&capture->tree, path, capture->err) : -ENOTDIR;
    /* What is below a database's own folder is nothing that is looked for. */
    bool is_database = dir && faccessat(dirfd(dir), "PG_VERSION", F_OK, 0) == 0;

    while (r == 0 && (entry = procfs_next_entry(dir))) {
        CLEANUP_STRBUF struct strbuf below = STRBUF_INIT;

        if (entry->d_name[0] == '.')
            continue;
        strbuf_printf(&below, "%s/%s", path, entry->d_name);
        if (entry->d_type == DT_DIR && !is_database)
            r = saved_tree_mkdir(&capture->tree, strbuf_string(&below), capture->err);
        else if (strcmp(entry->d_name, "postmaster.pid") == 0 ||
                 (ends_with(path, ".d") && ends_with(entry->d_name, ".conf")))
            r = copy_file(capture, strbuf_string(&below), "");
    }
    return r;
}

/* Copies the links of descriptors that are segments. */
static int copy_descriptors(struct capture *capture, const char *path)
{
    CLEANUP_CLOSEDIR DIR *dir = procfs_open_dir(&capture->system->procfs, path, NULL);
    const struct dirent *entry;
    int r = 0;

    while (dir && r == 0 && (entry = procfs_next_entry(dir))) {
        CLEANUP_STRBUF struct strbuf below = STRBUF_INIT;
        char target[64];
        ssize_t length = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target));

        strbuf_printf(&below, "%s/%s", path, entry->d_name);
        if (length > 5 && memcmp(target, "/SYSV", 5) == 0)
            r = copy_link(capture, strbuf_string(&below));
    }
    return r;
}

/* Copies where a process works, if a database's files are there. */
static int copy_working_folder(struct capture *capture, const char *path)
{
    char target[LINK_SIZE_MAX];
    ssize_t length = readlinkat(capture->system->procfs.root_fd, path, target, sizeof(target) - 1);
    CLEANUP_STRBUF struct strbuf file = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    int r;

    if (length <= 1)
        return 0;
    target[length] = '\0';
    strbuf_printf(&file, "%s/postmaster.pid", target + 1);
    if (procfs_read_file(&capture->system->procfs, strbuf_string(&file), FILE_SIZE_MAX, &text,
                         NULL) < 0)
        return 0;
    r = put_text(capture, strbuf_string(&file), &text);
    return r < 0 ? r : copy_link(capture, path);
}

/* --- Paths ------------------------------------------------------------------------------------ */

/* Makes the folder of a process that lives, with the name of what it runs. */
static int copy_process(struct capture *capture, const char *path, pid_t pid)
{
    CLEANUP_STRBUF struct strbuf executable = STRBUF_INIT;
    int r;

    /* One that /proc hides has an empty one. */
    if (!proc_exists(pid))
        return 0;
    r = saved_tree_mkdir(&capture->tree, path, capture->err);
    strbuf_printf(&executable, "%s/exe", path);
    return r < 0 ? r : copy_link(capture, strbuf_string(&executable));
}

/* What was looked for of a process: NAME, "" for its folder itself. */
static int copy_of_process(struct capture *capture, const char *path, pid_t pid, const char *name)
{
    static const char *const files[] = {"stat",  "status",  "comm", "cgroup",
                                        "smaps", "cmdline", "maps"};
    const char *last = strrchr(path, '/') + 1;

    if (!proc_pids_are_ours(capture->system->proc))
        return 0;
    note_process(capture, pid);
    if (*name == '\0')
        return copy_process(capture, path, pid);
    if (strcmp(name, "task") == 0) {
        int r = copy_folder(capture, path);

        return r == -ENOTDIR ? 0 : r;
    }
    if (strcmp(name, "fd") == 0)
        return copy_descriptors(capture, path);
    if (strcmp(name, "cwd") == 0)
        return copy_working_folder(capture, path);
    if (strncmp(name, "fdinfo/", 7) == 0)
        return copy_file(capture, path, "");
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (strcmp(last, files[i]) == 0)
            return copy_file(capture, path, last);
    }
    return 0;
}

/* Copies what was looked for, if it is there and belongs into a tree. */
static int copy_path(struct capture *capture, const char *path)
{
    bool in_proc = strncmp(path, "proc/", 5) == 0;
    size_t length = in_proc ? strlen(path) - 5 : 0;
    uint64_t pid;
    size_t used = in_proc ? parse_digits(path + 5, length, &pid) : 0;
    int r;

    if (used > 0 && pid <= INT32_MAX)
        return copy_of_process(capture, path, (pid_t)pid,
                               path[5 + used] == '/' ? path + 5 + used + 1 : "");
    if (strcmp(path, "proc/self/ns") == 0)
        return copy_link(capture, "proc/self/ns/ipc");
    /* The names of users come last; there are no more processes than those that are taken. */
    if (strcmp(path, "proc") == 0 || strcmp(path, "etc/passwd") == 0 ||
        strcmp(path, "etc/group") == 0 || strncmp(path, "proc/self/", 10) == 0 ||
        strstr(path, ".."))
        return 0;
    /* Without logind its files mean nothing. */
    if (!capture->runs_logind && (strcmp(path, LOGIND_SEATS) == 0 || strstr(path, "/logind.conf")))
        return 0;
    r = copy_folder(capture, path);
    return r == -ENOTDIR ? copy_file(capture, path, "") : r;
}

/* --- What is looked for ----------------------------------------------------------------------- */

/* Reads a system, live or saved, as all commands that only show do. */
static int read_all_of(struct system *system, struct inventory *ret_inventory, struct error *err)
{
    CLEANUP_CONF_FILES struct conf_files files = {0};
    struct diagnosis diagnosis;
    int r = inventory_read(system, NULL, ~0U, ret_inventory, err);

    conf_read(&system->procfs, &files);
    if (r == 0 && diagnose_machine(system, SEVERITY_INFO, &diagnosis, NULL) == 0)
        diagnosis_release(&diagnosis);
    return r;
}

/* Runs the readers on the tree: what they look for is noted. */
static int read_tree(struct capture *capture)
{
    CLEANUP_INVENTORY struct inventory inventory = {0};
    const struct procfs_watch watch = {note_path, capture};
    struct system tree;
    int r = system_open_watched(&tree, capture->tree.name, &watch, capture->err);

    if (r < 0)
        return r;
    tree.protection = protection_new(NULL);
    read_all_of(&tree, &inventory, NULL);
    inventory_release(&inventory);
    system_close(&tree);
    return 0;
}

/* Whether there may be something in a process that cannot be read: it is to be counted. */
static bool is_unreadable(const struct capture *capture, pid_t pid)
{
    struct proc_stat stat;
    char path[32];
    int fd;

    snprintf(path, sizeof(path), "proc/%d/maps", (int)pid);
    fd = procfs_open_file(&capture->system->procfs, path, NULL);
    if (fd >= 0)
        close(fd);
    return (fd == -EACCES || fd == -EPERM) &&
           !(proc_stat_read(&capture->system->procfs, pid, &stat) == 0 &&
             proc_stat_is_kernel(&stat));
}

/* Notes the processes that no segment names: who has one, and who might. */
static void note_processes(struct capture *capture, const struct inventory *inventory)
{
    CLEANUP_CLOSEDIR DIR *dir = procfs_open_dir(&capture->system->procfs, "proc", NULL);
    pid_t pid;

    note_process(capture, 1); /* so that the tree shows processes at all */
    for (size_t i = 0; i < inventory->attachments.count; i++)
        note_process(capture, inventory->attachments.items[i].pid);
    for (size_t i = 0; i < inventory->held.count; i++)
        note_process(capture, inventory->held.items[i].pid);
    while (dir && (pid = proc_next_pid(dir)) > 0) {
        if (is_unreadable(capture, pid))
            note_process(capture, pid);
    }
}

/* Copies the listing, without which no tree shows anything: it must be there, and be read whole. */
static int copy_listing(struct capture *capture)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    int r = procfs_read_file(&capture->system->procfs, LISTING_PATH, FILE_SIZE_MAX, &text,
                             capture->err);

    return r < 0 ? r : put_text(capture, LISTING_PATH, &text);
}

/* Copies what was noted, and what the readers look for then, to the end. */
static int copy_all(struct capture *capture)
{
    size_t done = 0;
    int r = copy_listing(capture);

    note_path(capture, "proc/version");
    note_path(capture, "proc/sys/kernel/osrelease");
    note_path(capture, CONF_DIR); /* its reader opens it only where it is there */
    while (r == 0 && done < capture->count) {
        while (r == 0 && done < capture->count)
            r = copy_path(capture, capture->paths[done++]);
        if (r == 0)
            r = read_tree(capture);
    }
    return r;
}

static void look_up_users(struct names *names, const struct filter_values *uids)
{
    for (size_t i = 0; i < uids->count; i++)
        names_user(names, (uid_t)uids->items[i].low);
}

/* Whoever lines of shmtool.conf name must have a name in the tree: else they are wrong there. */
static void look_up_ids(struct names *names, const struct protection_rules *rules)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct filter *filter = &rules->items[i].filter;

        look_up_users(names, &filter->owners);
        look_up_users(names, &filter->creators);
        for (size_t k = 0; k < filter->groups.count; k++)
            names_group(names, (gid_t)filter->groups.items[k].low);
    }
}

/* Puts the lines of the users and groups that were asked for. */
static int put_names(struct capture *capture)
{
    const struct protection *protection = capture->system->protection;
    CLEANUP_STRBUF struct strbuf users = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf groups = STRBUF_INIT;
    int r;

    if (protection) {
        look_up_ids(capture->system->names, &protection->protects);
        look_up_ids(capture->system->names, &protection->labels);
    }
    names_put_known(capture->system->names, &users, &groups);
    r = put_text(capture, "etc/passwd", &users);
    return r < 0 ? r : put_text(capture, "etc/group", &groups);
}

static void keep_node(void *path)
{
    (void)path; /* the array owns it */
}

int capture_system(struct system *system, const char *path, bool without_arguments,
                   bool *ret_unreadable, struct error *err)
{
    CLEANUP_INVENTORY struct inventory inventory = {0};
    struct capture capture = {
        .system = system,
        .without_arguments = without_arguments,
        .runs_logind = logind_runs(&system->procfs),
        .err = err,
    };
    int r = saved_tree_check(path, err);

    *ret_unreadable = false;
    if (r < 0)
        return r;
    r = read_all_of(system, &inventory, err);
    *ret_unreadable = r < 0;
    if (r == 0)
        r = saved_tree_create(path, &capture.tree, err);
    if (r < 0)
        return r;
    note_processes(&capture, &inventory);
    r = copy_all(&capture);
    if (r == 0)
        r = put_names(&capture);
    tdestroy(capture.known, keep_node);
    for (size_t i = 0; i < capture.count; i++)
        free(capture.paths[i]);
    free(capture.paths);
    saved_tree_close(&capture.tree);
    return r;
}
