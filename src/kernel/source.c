#include "kernel/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel/sysv.h"
#include "model/idset.h"

/* An index that holds a segment which may not be read (before Linux 4.17). */
static void add_unreadable_index(struct complaint_list *complaints, int index, int code)
{
    char where[32];
    const char *why = strerror(code);

    snprintf(where, sizeof(where), "index %d", index);
    complaint_list_add(complaints, where, why, strlen(why));
}

/*
 * Asks for each index in turn and adds to the lists. IMPATIENT: the listing would do as well;
 * returns 1 as soon as most indexes turn out to be holes, or one may not be read.
 */
static int read_indexes(bool impatient, struct segment_list *segments,
                        struct complaint_list *complaints, struct error *err)
{
    enum { HOLES_PER_SEGMENT = 4, HOLES_MIN = 256 };
    CLEANUP_IDSET struct idset seen = IDSET_INIT;
    struct segment segment;
    size_t holes = 0;
    int highest;
    int r = sysv_highest_index(&highest);

    if (r == -ENOSYS)
        return error_set(err, ENOSYS,
                         "no System V shared memory: this kernel was built without CONFIG_SYSVIPC, "
                         "or a system call filter hides it");
    if (r < 0)
        return error_set_errno(err, -r, "shared memory segments cannot be read");
    for (int index = 0; index <= highest; index++) {
        r = sysv_stat_index(index, &segment);
        if (r == 0 && idset_add(&seen, segment.shmid))
            segment_list_add(segments, &segment);
        else if (r == -ENOENT)
            holes++;
        else if (r < 0)
            add_unreadable_index(complaints, index, -r);
        if (impatient &&
            (complaints->count > 0 || holes > HOLES_MIN + HOLES_PER_SEGMENT * seen.count))
            return 1;
    }
    return 0;
}

/* Returns also 1, with nothing set, as read_indexes() does. */
static int read_by_calls(bool impatient, struct segment_list *ret_segments,
                         struct complaint_list *ret_complaints, struct error *err)
{
    struct segment_list segments = SEGMENT_LIST_INIT;
    struct complaint_list complaints = COMPLAINT_LIST_INIT;
    int r = read_indexes(impatient, &segments, &complaints, err);

    if (r != 0) {
        segment_list_release(&segments);
        complaint_list_release(&complaints);
        return r;
    }
    *ret_segments = segments;
    if (ret_complaints)
        *ret_complaints = complaints;
    else
        complaint_list_release(&complaints);
    return 0;
}

int source_stat_read(struct segment_list *ret_segments, struct complaint_list *ret_complaints,
                     struct error *err)
{
    return read_by_calls(false, ret_segments, ret_complaints, err);
}

int source_read(const struct procfs *procfs, bool without_usage, struct segment_list *ret_segments,
                struct complaint_list *ret_complaints, struct error *err)
{
    bool here = procfs->live && !procfs->inside; /* calls say what there is in our namespace */
    int highest;
    int r;

    if (here && without_usage && sysv_tells_sizes() &&
        read_by_calls(true, ret_segments, ret_complaints, NULL) == 0)
        return 0;
    r = source_proc_read(procfs, ret_segments, ret_complaints, err);
    if (r != -ENOENT || !here)
        return r;
    /* No /proc, or one without the listing. */
    if (!sysv_tells_sizes() && sysv_highest_index(&highest) == 0)
        return error_set(err, ENOENT,
                         "%sproc/sysvipc/shm: %s; a program of 32 bits, as this one is, finds the "
                         "sizes of segments nowhere else",
                         procfs_prefix(procfs), strerror(ENOENT));
    if (err)
        error_clear(err);
    return source_stat_read(ret_segments, ret_complaints, err);
}
