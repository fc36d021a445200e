#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "kernel/memory.h"

enum { GROUP_FILE_SIZE_MAX = 4 * 1024 * 1024 };

/* What the files of a control group are called in v1 and v2 (memory.stat has them in both). */
struct group_files {
    const char *limit;
    const char *used;
    const char *swap_limit; /* v1: of memory and swap together */
    const char *swap_used;
    const char
        *cache[2]; /* marks in memory.stat: page cache, which the kernel drops when it must */
    bool swap_apart;
};

static const struct group_files files_v1 = {
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    "memory.memsw.limit_in_bytes",
    "memory.memsw.usage_in_bytes",
    {"\ntotal_inactive_file ", "\ntotal_active_file "},
    false,
};
static const struct group_files files_v2 = {
    "memory.max",
    "memory.current",
    "memory.swap.max",
    "memory.swap.current",
    {"\ninactive_file ", "\nactive_file "},
    true,
};

/* --- Where the groups of this process are ----------------------------------------------------- */

/* Whether LIST, words with commas between them, up to LENGTH bytes, has the word "memory". */
static bool has_memory(const char *list, size_t length)
{
    static const char word[] = "memory";
    const size_t size = strlen(word);

    for (const char *end = list + length; list < end; list++) {
        const char *comma = memchr(list, ',', (size_t)(end - list));
        const char *stop = comma ? comma : end;

        if ((size_t)(stop - list) == size && memcmp(list, word, size) == 0)
            return true;
        list = stop;
    }
    return false;
}

/* The line after the one that TEXT is in; NULL: there is none. */
static const char *line_after(const char *text)
{
    text += strcspn(text, "\n");
    return *text && text[1] ? text + 1 : NULL;
}

/*
 * The path of this process in the hierarchy that counts memory (cgroups(7)): v1's where there is
 * one, else v2's. Returns a copy, which the caller frees, or NULL.
 */
static char *find_group_path(const char *text, bool v2)
{
    for (const char *line = text; line; line = line_after(line)) {
        const char *list = strchr(line, ':');
        const char *path = list ? strchr(list + 1, ':') : NULL;
        bool found = path && (v2 ? strncmp(line, "0::", 3) == 0
                                 : has_memory(list + 1, (size_t)(path - list - 1)));

        if (found)
            return xstrndup(path + 1, strcspn(path + 1, "\n"));
    }
    return NULL;
}

/* A line of /proc/self/mountinfo: the fields from the fourth on, and what follows the dash. */
struct mount_line {
    char root[1024];
    char point[1024];
    char type[32];
    char options[1024];
};

static bool parse_mount_line(const char *line, struct mount_line *ret_mount)
{
    const char *dash = strstr(line, " - ");

    /* A name with a blank in it is written with a backslash: no control group's is. */
    return dash && dash < line + strcspn(line, "\n") &&
           sscanf(line, "%*s %*s %*s %1023s %1023s", ret_mount->root, ret_mount->point) == 2 &&
           sscanf(dash, " - %31s %*s %1023s", ret_mount->type, ret_mount->options) == 2;
}

/*
 * Appends the directory of the group PATH, "sys/fs/cgroup/memory/user.slice", and returns the
 * length of what the hierarchy's topmost directory has of it; 0 where it is not mounted.
 */
static size_t find_group_dir(const char *mounts, const char *path, bool v2, struct strbuf *dir)
{
    for (const char *line = mounts; line; line = line_after(line)) {
        struct mount_line mount;
        size_t root;

        if (!parse_mount_line(line, &mount) || strcmp(mount.type, v2 ? "cgroup2" : "cgroup") != 0 ||
            (!v2 && !has_memory(mount.options, strlen(mount.options))))
            continue;
        /* A container's mount shows the hierarchy from its own group on. */
        root = strcmp(mount.root, "/") == 0 ? 0 : strlen(mount.root);
        if (strncmp(path, mount.root, root) != 0 || strncmp(path, "/..", 3) == 0)
            continue;
        strbuf_puts(dir, mount.point + 1);
        root = strcmp(path + root, "/") == 0 ? root + 1 : root;
        strbuf_puts(dir, path + root);
        return strlen(mount.point + 1);
    }
    return 0;
}

/* --- What a group still allows ---------------------------------------------------------------- */

static bool read_group_number(const struct procfs *procfs, const char *dir, const char *name,
                              uint64_t *ret_value)
{
    CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;

    strbuf_printf(&path, "%s/%s", dir, name);
    return procfs_read_number(procfs, strbuf_string(&path), ret_value, NULL) == 0;
}

/* Page cache of files, which the kernel drops before it kills anybody. */
static uint64_t read_group_cache(const struct procfs *procfs, const char *dir,
                                 const struct group_files *files)
{
    CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    uint64_t sum = 0;

    strbuf_printf(&path, "%s/memory.stat", dir);
    if (procfs_read_file(procfs, strbuf_string(&path), GROUP_FILE_SIZE_MAX, &text, NULL) < 0)
        return 0;
    for (size_t i = 0; i < 2; i++) {
        uint64_t bytes = 0;

        procfs_number_after(&text, files->cache[i], &bytes);
        sum = saturating_add(sum, bytes);
    }
    return sum;
}

static uint64_t left_of(uint64_t limit, uint64_t used)
{
    return limit > used ? limit - used : 0;
}

/* Reads one group. SWAP: bytes of swap that are free. Returns false where it has no limit. */
static bool read_group(const struct procfs *procfs, const char *dir,
                       const struct group_files *files, uint64_t swap,
                       struct memory_group *ret_group)
{
    struct memory_group group = {.known = true};
    uint64_t used;
    uint64_t swap_limit;
    uint64_t swap_used;

    if (!read_group_number(procfs, dir, files->limit, &group.limit) ||
        !read_group_number(procfs, dir, files->used, &used))
        return false;
    group.left = saturating_add(left_of(group.limit, used), read_group_cache(procfs, dir, files));
    if (read_group_number(procfs, dir, files->swap_limit, &swap_limit) &&
        read_group_number(procfs, dir, files->swap_used, &swap_used)) {
        uint64_t swap_left = left_of(swap_limit, swap_used);

        /* v1 counts memory and swap together: of swap there is no more than what is left beyond. */
        if (!files->swap_apart)
            swap_left = left_of(swap_left, left_of(group.limit, used));
        if (swap_left < swap)
            swap = swap_left;
    }
    group.left = saturating_add(group.left, swap);
    *ret_group = group;
    return true;
}

/* Goes from the group up to the top, and keeps the one that leaves the least. */
static void read_groups_upward(const struct procfs *procfs, struct strbuf *dir, size_t top, bool v2,
                               struct memory_group *ret_group)
{
    uint64_t swap = 0;

    if (procfs_find_number(procfs, "proc/meminfo", "\nSwapFree:", &swap))
        swap = swap <= UINT64_MAX / 1024 ? swap * 1024 : UINT64_MAX;
    for (;;) {
        const char *slash;
        struct memory_group group;

        if (read_group(procfs, strbuf_string(dir), v2 ? &files_v2 : &files_v1, swap, &group) &&
            (!ret_group->known || group.left < ret_group->left)) {
            memory_group_release(ret_group);
            group.path = xstrdup(dir->length > top ? dir->data + top : "/");
            *ret_group = group;
        }
        slash = strrchr(strbuf_string(dir), '/');
        if (dir->length <= top || !slash)
            return;
        strbuf_truncate(dir, (size_t)(slash - dir->data));
    }
}

void memory_group_read(const struct procfs *procfs, struct memory_group *ret_group)
{
    CLEANUP_STRBUF struct strbuf groups = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf mounts = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf dir = STRBUF_INIT;
    CLEANUP_FREE char *path = NULL;
    bool v2;
    size_t top;

    *ret_group = (struct memory_group){.known = false};
    if (procfs_read_file(procfs, "proc/self/cgroup", GROUP_FILE_SIZE_MAX, &groups, NULL) < 0 ||
        procfs_read_file(procfs, "proc/self/mountinfo", GROUP_FILE_SIZE_MAX, &mounts, NULL) < 0)
        return;
    path = find_group_path(strbuf_string(&groups), false);
    v2 = !path;
    if (v2)
        path = find_group_path(strbuf_string(&groups), true);
    top = path ? find_group_dir(strbuf_string(&mounts), path, v2, &dir) : 0;
    if (top > 0)
        read_groups_upward(procfs, &dir, top, v2, ret_group);
}
