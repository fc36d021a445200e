#include "action/change.h"

#include <errno.h>

#include "kernel/sysv.h"

enum { PERMISSIONS = 0777 };

/* Compares what there is now with what was written. */
static int read_change_back(const struct segment *after)
{
    struct segment now;
    int r = sysv_stat(after->shmid, &now);

    if (r == -EACCES) /* an older kernel, and no right to read it: each call has said that it did */
        return 0;
    if (r < 0)
        return r;
    return change_same(&now, after) ? 0 : -ESTALE;
}

int change_segment(const struct change *change, const struct segment *now)
{
    const struct segment after = change_apply(change, now);
    bool locks = segment_is_locked(&after);
    bool relocks = locks != segment_is_locked(now);
    bool gives = after.uid != now->uid || after.gid != now->gid ||
                 ((after.mode ^ now->mode) & PERMISSIONS) != 0;
    int r = 0;

    /* First, for who gives it away may not any more. */
    if (relocks)
        r = sysv_lock(after.shmid, locks);
    if (r == 0 && gives) {
        /* All three together: there is no compare-and-set. */
        r = sysv_set_owner(after.shmid, after.uid, after.gid, after.mode & PERMISSIONS);
        if (r < 0 && relocks)
            sysv_lock(after.shmid, !locks);
    }
    if (r == 0 && (gives || relocks))
        r = read_change_back(&after);
    /* EINVAL is also what the kernel says of an id that is gone. */
    if (r == -EIDRM || (r == -EINVAL && !sysv_exists(after.shmid)))
        return -ENOENT;
    return r;
}
