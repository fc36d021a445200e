#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel/source.h"
#include "kernel/sysv.h"
#include "model/idset.h"

/* Tells of an index that holds a segment which may not be read (before Linux 4.17). */
static void tell_unreadable(const struct source_sink *sink, int index, int code)
{
    char where[32];
    const char *why = strerror(code);

    snprintf(where, sizeof(where), "index %d", index);
    sink->garbage(sink->arg, where, why, strlen(why));
}

int source_stat_read(const struct source_sink *sink, struct error *err)
{
    CLEANUP_IDSET struct idset seen = IDSET_INIT;
    struct segment segment;
    int highest;
    int r = sysv_highest_index(&highest);

    if (r < 0)
        return error_set_errno(err, -r, "shared memory segments cannot be read");
    for (int index = 0; index <= highest; index++) {
        r = sysv_stat_index(index, &segment);
        if (r == -ENOENT)
            continue;
        if (r < 0) {
            tell_unreadable(sink, index, -r);
            continue;
        }
        if (!idset_add(&seen, segment.shmid))
            continue;
        r = sink->segment(sink->arg, &segment);
        if (r < 0)
            return r;
    }
    return 0;
}

int source_read(const struct procfs *procfs, const struct source_sink *sink, struct error *err)
{
    int r = source_proc_read(procfs, sink, err);

    if (r != -ENOENT || !procfs->live)
        return r;
    /* No /proc, or one without the listing. */
    if (err)
        error_clear(err);
    return source_stat_read(sink, err);
}
