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

/*
 * Asks for each index in turn. With a sink that would rather have the listing than wait, IMPATIENT,
 * returns 1 as soon as most indexes turn out to be holes: it was given a part then.
 */
static int read_indexes(const struct source_sink *sink, bool impatient, struct error *err)
{
    enum { HOLES_FOR_EACH = 4, HOLES_AT_LEAST = 256 };
    CLEANUP_IDSET struct idset seen = IDSET_INIT;
    struct segment segment;
    size_t holes = 0;
    int highest;
    int r = sysv_highest_index(&highest);

    if (r < 0)
        return error_set_errno(err, -r, "shared memory segments cannot be read");
    for (int index = 0; index <= highest; index++) {
        r = sysv_stat_index(index, &segment);
        if (r == -ENOENT) {
            if (++holes > HOLES_AT_LEAST + HOLES_FOR_EACH * seen.count && impatient)
                return 1;
            continue;
        }
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

int source_stat_read(const struct source_sink *sink, struct error *err)
{
    return read_indexes(sink, false, err);
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

/* Reads all segments by calls into SINK. Returns 1 when these cannot tell of all: none was given.
 */
static int read_quickly(const struct source_sink *sink)
{
    struct quick quick = {.segments = SEGMENT_LIST_INIT};
    const struct source_sink keeper = {keep_segment, note_incomplete, &quick, true};
    int r = 1;

    if (read_indexes(&keeper, true, NULL) == 0 && !quick.incomplete) {
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

void source_pass_over(void *arg, const char *where, const char *text, size_t length)
{
    (void)arg;
    (void)where;
    (void)text;
    (void)length;
}
