#include "action/restore.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "action/create.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "kernel/content.h"
#include "kernel/limits.h"
#include "kernel/system.h"
#include "kernel/sysv.h"

/* How much is copied at a time: then it is asked whether to give up. */
enum { CHUNK = 1024 * 1024 };

/* One restoring. */
struct restore_work {
    const struct system *live;
    const struct segment *saved;
    const struct save_interrupt *interrupt;
    struct content content; /* owned; the saved bytes */
    struct restoration *restoration;
};

/* --- Making it -------------------------------------------------------------------------------- */

/* kernel.shm_next_id may still wait for somebody's segment: it is given one. */
static int disarm_next_id(const struct restore_work *work, struct error *err)
{
    int shmid;
    int r = sysv_create_by(geteuid(), getegid(), 0, 1, 0600, &shmid);

    if (r == 0)
        r = sysv_remove(shmid);
    return r < 0 ? error_set_errno(err, -r,
                                   "kernel.shm_next_id is still %d: the next segment that anybody "
                                   "makes takes that id",
                                   work->saved->shmid)
                 : 0;
}

/* As the creator where that can be, with an id of the kernel's choice or the one that it had. */
static int make_once(struct restore_work *work, uint32_t flags, struct error *err)
{
    CLEANUP_ERROR struct error still = ERROR_INIT;
    struct restoration *restoration = work->restoration;
    const struct segment *saved = work->saved;
    const uid_t cuid = restoration->without_creator ? geteuid() : saved->cuid;
    const gid_t cgid = restoration->without_creator ? getegid() : saved->cgid;
    int r = restoration->same_id ? next_id_write(&work->live->procfs, saved->shmid, err) : 0;

    if (r < 0)
        return r;
    /* None but its creator may have it before it is whole. */
    restoration->request = (struct shmget_request){
        .key = saved->key,
        .size = saved->size,
        .flags = SHMGET_CREATE | SHMGET_EXCLUSIVE | 0600 | flags,
    };
    r = sysv_create_by(cuid, cgid, saved->key, saved->size, restoration->request.flags,
                       &restoration->shmid);
    restoration->refused = r < 0 && r != -ENOTRECOVERABLE && r != -EOVERFLOW;
    if (r < 0 && restoration->same_id && disarm_next_id(work, &still) < 0)
        return error_set(err, -r, "%s; %s", strerror(-r), still.text);
    return r < 0 ? error_set_errno(err, -r, "shmget") : 0;
}

static int make_saved(struct restore_work *work, struct error *err)
{
    const struct segment *saved = work->saved;
    struct restoration *restoration = work->restoration;
    uint32_t flags = 0;
    int r;

    if (saved->huge_page > 0) /* a power of two */
        flags = SHMGET_HUGE | (uint32_t)__builtin_ctzll(saved->huge_page) << SHMGET_HUGE_SHIFT;
    restoration->without_creator =
        geteuid() != 0 && (saved->cuid != geteuid() || saved->cgid != getegid());
    r = make_once(work, flags, err);
    restoration->without_huge = flags != 0 && r < 0 && r != -EEXIST && r != -ENOTRECOVERABLE;
    if (restoration->without_huge)
        r = make_once(work, 0, err);
    return r;
}

/* Removes it again, because of what *err says, and adds what became of it. */
static int undo(const struct restore_work *work, struct error *err)
{
    const struct creation creation = {.request = work->restoration->request,
                                      .shmid = work->restoration->shmid};
    CLEANUP_STRBUF struct strbuf undone = STRBUF_INIT;
    CLEANUP_ERROR struct error why = ERROR_INIT;

    create_undo(&creation, &undone);
    error_copy(&why, err);
    return error_set(err, why.code, "%s; %s", why.text, strbuf_string(&undone));
}

/* --- Bytes ------------------------------------------------------------------------------------ */

/*
 * Goes through the saved bytes, but for holes. WITH returns 0, or a negative errno that ends it.
 */
static int each_part(const struct restore_work *work,
                     int (*with)(void *arg, uint64_t offset, size_t length), void *arg)
{
    const struct save_interrupt *interrupt = work->interrupt;
    uint64_t size = work->saved->size;
    int r = 0;

    for (uint64_t offset = 0; r == 0 && offset < size;) {
        bool hole = false;
        uint64_t stop = size;

        if (interrupt && interrupt->is_due && interrupt->is_due(interrupt->arg))
            return -EINTR;
        r = content_extent(&work->content, offset, size, &hole, &stop);
        if (r == 0 && !hole) {
            stop = stop - offset < CHUNK ? stop : offset + CHUNK;
            r = with(arg, offset, (size_t)(stop - offset));
        }
        offset = stop;
    }
    return r;
}

/* Reads all LENGTH bytes at OFFSET. */
static int read_whole(const struct content *content, uint64_t offset, char *buffer, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t got = content_read(content, offset + done, buffer + done, length - done);

        if (got < 0)
            return (int)got;
        done += (size_t)got;
    }
    return 0;
}

/* Where bytes are copied to. */
struct copying {
    const struct content *from;
    char *memory; /* the new segment, attached */
};

/* By the kernel, whose answer is EFAULT where a store would be a SIGBUS: no memory for the page. */
static int copy_part(void *arg, uint64_t offset, size_t length)
{
    const struct copying *copying = arg;

    return read_whole(copying->from, offset, copying->memory + offset, length);
}

static int copy_bytes(struct restore_work *work, struct error *err)
{
    struct copying copying = {.from = &work->content};
    void *memory;
    int r = sysv_attach(work->restoration->shmid, true, &memory);

    if (r < 0)
        return error_set_errno(err, -r, "attaching it");
    copying.memory = memory;
    r = each_part(work, copy_part, &copying);
    sysv_detach(memory);
    if (r == -EFAULT)
        return error_set(err, ENOMEM, "there is no memory for its bytes");
    return r < 0 ? error_set_errno(err, -r, "copying its bytes") : 0;
}

/* What is compared. */
struct comparing {
    const struct content *saved;
    const struct content *made;
    char *buffers[2]; /* of CHUNK bytes each */
};

static int compare_part(void *arg, uint64_t offset, size_t length)
{
    const struct comparing *comparing = arg;
    int r = read_whole(comparing->saved, offset, comparing->buffers[0], length);

    if (r == 0)
        r = read_whole(comparing->made, offset, comparing->buffers[1], length);
    if (r < 0)
        return r;
    return memcmp(comparing->buffers[0], comparing->buffers[1], length) == 0 ? 0 : -EIO;
}

static int compare_bytes(struct restore_work *work, const struct segment *made, struct error *err)
{
    struct content content;
    CLEANUP_FREE char *one = xmalloc(CHUNK);
    CLEANUP_FREE char *other = xmalloc(CHUNK);
    struct comparing comparing = {&work->content, &content, {one, other}};
    int r = content_attach(&work->live->procfs, made, false, &content, err);

    if (r < 0)
        return r;
    r = each_part(work, compare_part, &comparing);
    content_close(&content);
    if (r == -EIO)
        return error_set(err, EIO, "its bytes are not the saved ones when they are read back");
    return r < 0 ? error_set_errno(err, -r, "comparing its bytes") : 0;
}

/* --- All of it -------------------------------------------------------------------------------- */

/* Compares the new segment's record, *MADE, with the saved one. */
static int compare_record(const struct restore_work *work, const struct segment *made,
                          struct error *err)
{
    const struct segment *saved = work->saved;
    const struct restoration *restoration = work->restoration;
    bool same_creator =
        restoration->without_creator || (made->cuid == saved->cuid && made->cgid == saved->cgid);

    if (made->key == saved->key && made->size == saved->size && made->uid == saved->uid &&
        made->gid == saved->gid && ((made->mode ^ saved->mode) & SHMGET_MODE) == 0 && same_creator)
        return 0;
    return error_set(err, EIO,
                     "it is not the saved one when it is read back: somebody has changed it "
                     "meanwhile");
}

/* Fills, gives away and checks what was made. */
static int complete(struct restore_work *work, struct error *err)
{
    const struct segment *saved = work->saved;
    const struct restoration *restoration = work->restoration;
    struct segment made;
    int r;

    if (restoration->same_id && restoration->shmid != saved->shmid)
        return error_set(err, EEXIST, "the id %d is taken, or was given to somebody else",
                         saved->shmid);
    r = copy_bytes(work, err);
    if (r < 0)
        return r;
    r = sysv_stat(restoration->shmid, &made);
    if (r < 0)
        return error_set_errno(err, -r, "reading it back");
    r = compare_bytes(work, &made, err);
    if (r < 0)
        return r;
    r = sysv_set_owner(made.shmid, saved->uid, saved->gid, saved->mode & SHMGET_MODE);
    if (r < 0)
        return error_set_errno(err, -r, "giving it to uid %u, gid %u", saved->uid, saved->gid);
    r = sysv_stat(restoration->shmid, &made);
    return r < 0 ? error_set_errno(err, -r, "reading it back") : compare_record(work, &made, err);
}

/*
 * Root makes segments of any user, with any bytes: whoever may write to the tree would make them.
 * One that a user has saved may have that user's own. Returns 0, or -EPERM and sets *err.
 */
static int check_authors(const struct procfs *tree, const struct segment *saved, struct error *err)
{
    char content[32];
    const char *const parts[] = {".",       "proc", "proc/sysvipc", "proc/sysvipc/shm",
                                 "content", content};

    snprintf(content, sizeof(content), "content/%d", saved->shmid);
    for (size_t i = 0; geteuid() == 0 && i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct stat status;

        if (fstatat(tree->root_fd, parts[i], &status, 0) < 0)
            return error_set_errno(err, errno, "%s%s", procfs_prefix(tree), parts[i]);
        if ((status.st_mode & 022) != 0)
            return error_set(err, EPERM,
                             "%s%s: others may write to it, and may have made it up; where it is "
                             "right: chmod go-w",
                             procfs_prefix(tree), parts[i]);
        if (status.st_uid != 0 && (saved->uid != status.st_uid || saved->cuid != status.st_uid))
            return error_set(err, EPERM,
                             "%s%s: is of uid %u, who may have made up a segment of somebody else; "
                             "where it is right: chown root",
                             procfs_prefix(tree), parts[i], status.st_uid);
    }
    return 0;
}

int restore_segment(const struct system *live, const struct system *tree,
                    const struct segment *segment, const struct save_interrupt *interrupt,
                    struct restoration *restoration, struct error *err)
{
    struct restore_work work = {
        .live = live, .saved = segment, .interrupt = interrupt, .restoration = restoration};
    int r;

    if (segment->uid == (uid_t)-1 || segment->cuid == (uid_t)-1 || segment->gid == (gid_t)-1 ||
        segment->cgid == (gid_t)-1)
        return error_set(err, EINVAL, "4294967295 is the id of no user or group");
    r = content_open_saved(&tree->procfs, segment, &work.content, err);
    if (r < 0)
        return r;
    if (!content_has_one_name(&work.content))
        r = error_set(err, EMLINK,
                      "%scontent/%d: has another name too (a hard link), and may be any file",
                      procfs_prefix(&tree->procfs), segment->shmid);
    if (r == 0)
        r = check_authors(&tree->procfs, segment, err);
    if (r == 0)
        r = make_saved(&work, err);
    if (r == 0) {
        r = complete(&work, err);
        if (r < 0)
            undo(&work, err);
    }
    content_close(&work.content);
    return r;
}
