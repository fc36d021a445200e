#include "action/create.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kernel/limits.h"
#include "kernel/system.h"
#include "kernel/sysv.h"
#include "model/change.h"

void create_undo(const struct creation *creation, struct strbuf *out)
{
    struct segment now;
    int r = sysv_stat(creation->shmid, &now);

    strbuf_printf(out, "segment %d ", creation->shmid);
    if (r == 0 && (now.cpid != getpid() || now.key != creation->request.key || now.nattch > 0)) {
        strbuf_puts(out, "stays: somebody has changed or attached it meanwhile");
        return;
    }
    if (r == 0)
        r = sysv_remove(creation->shmid);
    if (r == 0)
        strbuf_puts(out, "was removed again");
    else if (r == -ENOENT || r == -EINVAL || r == -EIDRM)
        strbuf_puts(out, "is gone");
    else
        strbuf_printf(out, "stays, for it could not be removed again: %s", strerror(-r));
}

/* Undoes it because of WHAT, and sets *err to both. */
static int fail_creation(const struct creation *creation, int code, const char *what,
                         struct error *err)
{
    CLEANUP_STRBUF struct strbuf undone = STRBUF_INIT;

    create_undo(creation, &undone);
    return error_set(err, code, "%s; %s", what, strbuf_string(&undone));
}

static void put_why(struct strbuf *out, const char *why)
{
    if (why)
        strbuf_printf(out, ": %s", why);
}

static int give_away(const struct creation *creation, const struct segment *made, struct error *err)
{
    CLEANUP_STRBUF struct strbuf what = STRBUF_INIT;
    uid_t uid = creation->has_owner ? creation->uid : made->uid;
    gid_t gid = creation->has_group ? creation->gid : made->gid;
    int r = sysv_set_owner(creation->shmid, uid, gid, creation->request.flags & SHMGET_MODE);

    if (r == 0)
        return 0;
    strbuf_printf(&what, "--owner: the segment could not be given to uid %u, gid %u: %s", uid, gid,
                  strerror(-r));
    put_why(&what, change_owner_refusal(-r));
    return fail_creation(creation, -r, strbuf_string(&what), err);
}

static int lock_made(const struct creation *creation, struct error *err)
{
    CLEANUP_STRBUF struct strbuf what = STRBUF_INIT;
    int r = sysv_lock(creation->shmid, true);

    if (r == 0)
        return 0;
    strbuf_printf(&what, "--lock: %s", strerror(-r));
    put_why(&what, change_lock_refusal(-r));
    return fail_creation(creation, -r, strbuf_string(&what), err);
}

/* Compares what there is now with what was asked for. */
static int read_back(const struct creation *creation, const struct segment *made, struct error *err)
{
    CLEANUP_STRBUF struct strbuf what = STRBUF_INIT;
    struct segment now;
    int r = sysv_stat(creation->shmid, &now);

    if (r == -EACCES) /* an older kernel, and no right to read it: each call has said that it did */
        return 0;
    if (r < 0) {
        strbuf_printf(&what, "reading it back: %s", strerror(-r));
        return fail_creation(creation, -r, strbuf_string(&what), err);
    }
    if (now.uid == (creation->has_owner ? creation->uid : made->uid) &&
        now.gid == (creation->has_group ? creation->gid : made->gid) &&
        (now.mode & SHMGET_MODE) == (creation->request.flags & SHMGET_MODE) &&
        now.size == creation->request.size && segment_is_locked(&now) == creation->locks)
        return 0;
    return fail_creation(creation, EIO,
                         "it is not what was asked for when it is read back: somebody has changed "
                         "it meanwhile",
                         err);
}

bool create_is_forced(const struct system *system)
{
    struct limits limits;

    return limits_read(&system->procfs, &limits, NULL) == 0 && limits.known[LIMIT_RMID_FORCED] &&
           limits.values[LIMIT_RMID_FORCED] != 0;
}

int create_segment(struct system *system, struct creation *creation, struct error *err)
{
    struct shmget_request *request = &creation->request;
    struct segment made = {0};
    int r;

    creation->forced = create_is_forced(system);
    if (creation->forced)
        return error_set(err, EPERM,
                         "kernel.shm_rmid_forced is 1: the kernel would remove the segment as soon "
                         "as this command ends; nothing was made");
    r = request->key == 0
            ? sysv_create_anywhere(request->size, request->flags, &request->key, &creation->shmid)
            : sysv_create(request->key, request->size, request->flags, &creation->shmid);
    if (r == -EOVERFLOW)
        return error_set(err, EOVERFLOW,
                         "%llu bytes: a program of 32 bits, as this one is, cannot make a segment "
                         "of 4 GiB and more",
                         (unsigned long long)request->size);
    creation->refused = r < 0 && request->key != 0;
    if (r < 0)
        return error_set_errno(err, -r, "%s", creation->refused ? "shmget" : "a random key");
    r = sysv_stat(creation->shmid, &made);
    if (r == -EACCES) {
        made.uid = geteuid();
        made.gid = getegid();
    } else if (r < 0) {
        return fail_creation(creation, -r, "reading it back failed", err);
    }
    if (creation->has_owner || creation->has_group)
        r = give_away(creation, &made, err);
    if (r >= 0 && creation->locks)
        r = lock_made(creation, err);
    return r < 0 ? r : read_back(creation, &made, err);
}
