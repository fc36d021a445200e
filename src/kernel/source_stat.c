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

/* The quick reader's segments, kept until it is known to have read all of them. */
struct quick {
    struct segment_list segments;
    bool incomplete;
};

static int keep_segment(void *arg, const struct segment *segment)
{
    struct quick *quick = arg;

    segment_list_add(&quick->segments, segment);
    return 0;
}

static void note_incomplete(void *arg, const char *where, const char *text, size_t length)
{
    struct quick *quick = arg;

    (void)where;
    (void)text;
    (void)length;
    quick->incomplete = true;
}

/* Whether most indexes have a segment: asking for each of a few among many holes takes longer. */
static bool table_is_dense(void)
{
    enum { HOLES_ALLOWED = 4, FEW = 256 };
    int highest;

    return sysv_highest_index(&highest) == 0 &&
           (size_t)highest <= FEW + HOLES_ALLOWED * sysv_count();
}

/* Reads all segments by calls into SINK. Returns 1 when these cannot tell of all: none was given.
 */
static int read_quickly(const struct source_sink *sink)
{
    struct quick quick = {.segments = SEGMENT_LIST_INIT};
    const struct source_sink keeper = {keep_segment, note_incomplete, &quick, true};
    int r = 1;

    if (table_is_dense() && source_stat_read(&keeper, NULL) == 0 && !quick.incomplete) {
        r = 0;
        for (size_t i = 0; r == 0 && i < quick.segments.count; i++)
            r = sink->segment(sink->arg, &quick.segments.items[i]);
    }
    segment_list_release(&quick.segments);
    return r;
}

int source_read(const struct procfs *procfs, const struct source_sink *sink, struct error *err)
{
    int r = procfs->live && sink->without_usage ? read_quickly(sink) : 1;

    if (r > 0)
        r = source_proc_read(procfs, sink, err);
    if (r != -ENOENT || !procfs->live)
        return r;
    /* No /proc, or one without the listing. */
    if (err)
        error_clear(err);
    return source_stat_read(sink, err);
}
