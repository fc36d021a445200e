#include "action/save.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "action/reading.h"
#include "base/cleanup.h"
#include "kernel/replace_file.h"
#include "kernel/source.h"
#include "kernel/system.h"
#include "kernel/sysv.h"

#define LISTING "proc/sysvipc/shm"

/* --- The tree --------------------------------------------------------------------------------- */

/* Waits until the tree's folders, and what leads to the tree, are on disk. */
static int sync_folders(const struct saved_tree *tree, struct error *err)
{
    static const char *const folders[] = {"proc/sysvipc", "proc", "etc", ".", ".."};

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        int r = saved_tree_sync(tree, folders[i]);

        if (r == -EACCES) /* the one above may be for writing alone */
            r = syncfs(tree->root_fd) < 0 ? -errno : 0;
        if (r < 0)
            return error_set_errno(err, -r, "%s/%s", tree->name, folders[i]);
    }
    return 0;
}

int save_begin(const char *path, struct save *ret_save, struct error *err)
{
    CLEANUP_STRBUF struct strbuf header = STRBUF_INIT;
    struct save save = {.fds = {-1, -1, -1}};
    int r = saved_tree_create(path, &save.tree, err);

    if (r < 0)
        return r;
    source_put_header(&header);
    save.fds[SAVE_USERS] = saved_tree_open(&save.tree, "etc/passwd", err);
    if (save.fds[SAVE_USERS] >= 0)
        save.fds[SAVE_GROUPS] = saved_tree_open(&save.tree, "etc/group", err);
    if (save.fds[SAVE_GROUPS] >= 0 && saved_tree_mkdir(&save.tree, "content", err) == 0)
        save.fds[SAVE_LISTING] = saved_tree_open(&save.tree, LISTING, err);
    r = save.fds[SAVE_LISTING] < 0 ? -EIO
                                   : file_write(save.fds[SAVE_LISTING], header.data, header.length);
    if (save.fds[SAVE_LISTING] >= 0 && r < 0)
        error_set_errno(err, -r, "%s/" LISTING, path);
    if (r == 0)
        r = sync_folders(&save.tree, err);
    if (r < 0) {
        save_end(&save);
        return r;
    }
    *ret_save = save;
    return 0;
}

void save_end(struct save *save)
{
    static const char *const parts[] = {LISTING,     "proc/sysvipc", "proc",   "etc/passwd",
                                        "etc/group", "etc",          "content"};
    CLEANUP_STRBUF struct strbuf header = STRBUF_INIT;
    int listing = save->fds[SAVE_LISTING];
    struct stat status;
    bool bare; /* nothing was saved: the listing has its header alone */

    source_put_header(&header);
    bare = listing < 0 || (fstat(listing, &status) == 0 && (size_t)status.st_size <= header.length);
    for (size_t i = 0; bare && i < sizeof(parts) / sizeof(parts[0]); i++)
        saved_tree_remove(&save->tree, parts[i]);
    for (size_t i = 0; i < SAVE_FILES; i++) {
        if (save->fds[i] >= 0)
            close(save->fds[i]);
    }
    idset_release(&save->users);
    idset_release(&save->groups);
    saved_tree_close(&save->tree);
}

/* --- Bytes ------------------------------------------------------------------------------------ */

/* A file that a segment's bytes go to. */
struct target {
    int fd;
    const struct save_interrupt *interrupt;
};

static bool is_due(const struct save_interrupt *interrupt)
{
    return interrupt && interrupt->is_due && interrupt->is_due(interrupt->arg);
}

/* Holes stay holes: the file has its size already. */
static int save_zeros(void *arg, uint64_t offset, uint64_t length)
{
    const struct target *target = arg;

    (void)offset;
    (void)length;
    return is_due(target->interrupt) ? -EINTR : 0;
}

static int write_at(int fd, const char *bytes, size_t length, uint64_t offset)
{
    while (length > 0) {
        ssize_t written = pwrite(fd, bytes, length, (off_t)offset);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        bytes += written;
        length -= (size_t)written;
        offset += (uint64_t)written;
    }
    return 0;
}

/* How many bytes from the start on are of one kind, in blocks: zeros, or not all zeros. */
static size_t find_block_run(const char *bytes, size_t length, bool *ret_zeros)
{
    enum { BLOCK = 4096 };
    static const char zeros[BLOCK];
    size_t run = 0;

    while (run < length) {
        size_t part = length - run < BLOCK ? length - run : BLOCK;
        bool is_zero = memcmp(bytes + run, zeros, part) == 0;

        if (run == 0)
            *ret_zeros = is_zero;
        else if (is_zero != *ret_zeros)
            break;
        run += part;
    }
    return run;
}

static int save_data(void *arg, uint64_t offset, const char *bytes, size_t length)
{
    const struct target *target = arg;
    int r = is_due(target->interrupt) ? -EINTR : 0;

    for (size_t at = 0; r == 0 && at < length;) {
        bool zeros = false;
        size_t run = find_block_run(bytes + at, length - at, &zeros);

        if (!zeros)
            r = write_at(target->fd, bytes + at, run, offset + at);
        at += run;
    }
    return r;
}

/* --- One segment ------------------------------------------------------------------------------ */

/* Writes the text after all that a file has, whole or not at all. */
static int append(int fd, const struct strbuf *text, off_t *ret_start)
{
    off_t start = lseek(fd, 0, SEEK_END);
    int r = start < 0 ? -errno : file_write(fd, text->data, text->length);

    if (r < 0 && start >= 0 && ftruncate(fd, start) == 0)
        lseek(fd, start, SEEK_SET);
    *ret_start = start;
    return r < 0 || fsync(fd) == 0 || errno == EINVAL ? r : -errno;
}

/* Whether the line of an id is still to be written; each is, once at least. */
static bool is_new(struct idset *ids, uint32_t id)
{
    return id > INT_MAX || idset_add(ids, (int)id);
}

/* Adds the lines of the users and groups that the segment names, where they are not there yet. */
static int save_names(struct save *save, struct names *names, const struct segment *segment)
{
    const uid_t uids[] = {segment->uid, segment->cuid};
    const gid_t gids[] = {segment->gid, segment->cgid};
    CLEANUP_STRBUF struct strbuf users = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf groups = STRBUF_INIT;
    off_t start;
    int r = 0;

    for (int i = 0; i < 2; i++) {
        if (is_new(&save->users, uids[i]))
            names_put_user(names, uids[i], &users);
        if (is_new(&save->groups, gids[i]))
            names_put_group(names, gids[i], &groups);
    }
    if (users.length > 0)
        r = append(save->fds[SAVE_USERS], &users, &start);
    if (r == 0 && groups.length > 0)
        r = append(save->fds[SAVE_GROUPS], &groups, &start);
    if (r < 0) { /* the next one that names them tries again */
        idset_release(&save->users);
        idset_release(&save->groups);
    }
    return r;
}

/* Writes the line after all others, and waits until it is on disk. */
static int save_line(struct save *save, const struct segment *segment)
{
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

    source_put_line(&line, segment);
    return append(save->fds[SAVE_LISTING], &line, &save->last_line);
}

/* Takes back a line, where it was written at all, and the bytes. */
static void withdraw(const struct save *save, off_t line, const char *path)
{
    if (line >= 0 && ftruncate(save->fds[SAVE_LISTING], line) == 0)
        lseek(save->fds[SAVE_LISTING], line, SEEK_SET);
    saved_tree_remove(&save->tree, path);
}

/* Copies the bytes of a segment that is open. */
static int save_bytes(const struct save *save, const struct reading *reading,
                      const struct segment *segment, const char *path,
                      const struct save_interrupt *interrupt, struct error *err)
{
    CLEANUP_CLOSE int fd = saved_tree_open(&save->tree, path, err);
    struct target target = {fd, interrupt};
    const struct reading_callbacks callbacks = {save_zeros, save_data, &target};
    int r;

    if (fd < 0)
        return fd;
    r = ftruncate(fd, (off_t)segment->size) < 0 ? -errno : 0;
    if (r == 0)
        r = reading_run(reading, 0, segment->size, &callbacks);
    if (r == 0 && fsync(fd) < 0)
        r = -errno;
    if (r == 0)
        r = saved_tree_sync(&save->tree, "content");
    if (r < 0)
        saved_tree_remove(&save->tree, path);
    if (r == -ENODATA)
        return error_set(err, ENODATA, "%s", reading_shrunk);
    return r < 0 ? error_set_errno(err, -r, "%s/%s", save->tree.name, path) : 0;
}

/*
 * Whether somebody has attached a segment since this process did, and so may write what was read
 * before. With others on it that may be at any time, and is warned of.
 */
static bool was_used_meanwhile(const struct reading *reading, const struct segment *before)
{
    struct segment now;

    return reading->content.memory && before->nattch == 0 && sysv_stat(before->shmid, &now) == 0 &&
           (now.nattch != 1 || now.lpid != getpid());
}

static void put_content_path(char path[static 32], int shmid)
{
    snprintf(path, 32, "content/%d", shmid);
}

int save_segment(struct save *save, struct system *system, const struct segment_info *info,
                 const struct segment *now, bool opens_mappings,
                 const struct save_interrupt *interrupt, struct error *err)
{
    struct segment segment = *now;
    struct reading reading;
    char path[32];
    uint64_t huge_page;
    const char *doubt = NULL;
    int r = reading_open(system, info, segment.size, opens_mappings, false, &reading, err);

    if (r < 0)
        return r;
    segment.rss = info->segment.rss;
    segment.has_rss = info->segment.has_rss;
    segment.swap = info->segment.swap;
    segment.has_swap = info->segment.has_swap;
    segment.huge_page = info->segment.huge_page;
    huge_page = content_huge_page(&reading.content, &system->procfs, segment.shmid);
    if (huge_page > 0 && segment.huge_page == 0)
        segment_set_huge_page(&segment, huge_page, system->procfs.page_size);
    put_content_path(path, segment.shmid);
    r = save_bytes(save, &reading, &segment, path, interrupt, err);
    if (r == 0 && was_used_meanwhile(&reading, now))
        doubt = "somebody attached it while it was read, and may have written to it";
    else if (r == 0 && reading_is_doubtful(system, &reading, segment.shmid))
        doubt = "pages were swapped out while it was read";
    reading_close(&reading);
    if (r < 0)
        return r;
    save->last_line = -1;
    if (doubt) {
        r = error_set(err, EAGAIN, "%s", doubt);
    } else {
        r = save_names(save, system->names, &segment);
        if (r == 0)
            r = save_line(save, &segment);
        if (r < 0)
            error_set_errno(err, -r, "%s/" LISTING, save->tree.name);
    }
    if (r < 0)
        withdraw(save, save->last_line, path);
    return r;
}

void save_withdraw(struct save *save, int shmid)
{
    char path[32];

    put_content_path(path, shmid);
    withdraw(save, save->last_line, path);
}
