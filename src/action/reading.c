#include "action/reading.h"

#include <errno.h>

#include "action/inventory.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "kernel/memory.h"
#include "kernel/system.h"

/* How much is read at a time. */
enum { CHUNK = 1024 * 1024 };

const char reading_shrunk[] =
    "its memory is not there any more: somebody has made it shorter while it was read";

/* --- Opening ---------------------------------------------------------------------------------- */

/* Whether a process was found through which it can be read. */
static bool open_by_holder(const struct procfs *procfs, const struct segment_info *info,
                           struct reading *ret_reading)
{
    uint64_t maps = segment_info_maps(info);
    int r = -ENOENT;

    /* More mappings than attachments: one is of something else, perhaps of another namespace. */
    if (maps > info->segment.nattch)
        return false;
    for (uint32_t i = 0; r == -ENOENT && i < info->attachment_count; i++) {
        ret_reading->pid = info->attachments[i].pid;
        r = content_open_by_process(procfs, &info->segment, ret_reading->pid,
                                    &ret_reading->content);
    }
    return r == 0;
}

/* How many of LENGTH bytes reading would allocate at the most, where no page can be skipped. */
static uint64_t holes_of(const struct segment *segment, uint64_t length, uint64_t page_size)
{
    uint64_t whole = saturating_add(segment->size, page_size - 1) / page_size * page_size;
    uint64_t there = segment->has_rss ? segment->rss : 0;

    there = saturating_add(there, segment->has_swap ? segment->swap : 0);
    whole = whole > there ? whole - there : 0;
    return whole < length ? whole : length;
}

int reading_open(struct system *system, const struct segment_info *info, uint64_t length,
                 bool opens_mappings, bool allocates, struct reading *ret_reading,
                 struct error *err)
{
    const struct procfs *procfs = &system->procfs;
    const struct segment *segment = &info->segment;
    bool skips = segment->has_swap && segment->swap == 0;

    *ret_reading = (struct reading){.content = {.fd = -1, .pipe = {-1, -1}}};
    if (!procfs->live)
        return content_open_saved(procfs, segment, &ret_reading->content, err);
    if (open_by_holder(procfs, info, ret_reading))
        return 0;
    ret_reading->pid = 0;
    if (!skips && !opens_mappings)
        ret_reading->holes = holes_of(segment, length, procfs->page_size);
    if (ret_reading->holes > READING_HOLES_MAX && !allocates)
        return error_set(err, EFBIG, "reading it would allocate memory for %llu bytes",
                         (unsigned long long)ret_reading->holes);
    return content_attach(procfs, segment, skips, &ret_reading->content, err);
}

/* --- Reading ---------------------------------------------------------------------------------- */

static int read_data(const struct content *content, uint64_t offset, uint64_t stop, char *buffer,
                     const struct reading_callbacks *callbacks)
{
    int r = 0;

    while (r == 0 && offset < stop) {
        size_t part = stop - offset < CHUNK ? (size_t)(stop - offset) : CHUNK;
        ssize_t got = content_read(content, offset, buffer, part);

        if (got < 0)
            return (int)got;
        r = callbacks->data(callbacks->arg, offset, buffer, (size_t)got);
        offset += (uint64_t)got;
    }
    return r;
}

int reading_run(const struct reading *reading, uint64_t offset, uint64_t end,
                const struct reading_callbacks *callbacks)
{
    CLEANUP_FREE char *buffer = xmalloc(CHUNK);
    int r = 0;

    while (r == 0 && offset < end) {
        bool hole = false;
        uint64_t stop = end;

        r = content_extent(&reading->content, offset, end, &hole, &stop);
        if (r == 0 && hole)
            r = callbacks->zeros(callbacks->arg, offset, stop - offset);
        else if (r == 0)
            r = read_data(&reading->content, offset, stop, buffer, callbacks);
        offset = stop;
    }
    return r;
}

bool reading_is_doubtful(struct system *system, const struct reading *reading, int shmid)
{
    CLEANUP_INVENTORY struct inventory inventory = {0};
    const struct segment_info *info;

    /* The whole listing is dear where many segments are read one by one. */
    if (reading->content.fd >= 0 || !reading->content.skips || !memory_any_swapped())
        return false;
    if (inventory_read(system, NULL, NEED_USAGE, &inventory, NULL) < 0)
        return true;
    info = inventory_find_id(&inventory, shmid);
    return info && info->segment.swap > 0;
}

void reading_close(struct reading *reading)
{
    content_close(&reading->content);
}
