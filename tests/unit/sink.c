#include "sink.h"

#include "tree.h"
#include "unit.h"

static int take_segment(void *arg, const struct segment *segment)
{
    struct collector *collector = arg;

    segment_list_add(&collector->list, segment);
    return collector->list.count == collector->stop_after ? collector->stop_with : 0;
}

static void take_complaint(void *arg, const char *where, const char *text, size_t length)
{
    struct collector *collector = arg;

    strbuf_puts(&collector->complained, collector->dir ? below(collector->dir, where) : where);
    strbuf_putc(&collector->complained, '|');
    strbuf_append(&collector->complained, text, length);
    strbuf_putc(&collector->complained, '\n');
    collector->complaint_count++;
}

struct select_sink collector_sink(struct collector *collector)
{
    return (struct select_sink){
        .segment = take_segment, .garbage = take_complaint, .arg = collector};
}

int collector_take(struct collector *collector, int r, struct segment_list *segments,
                   struct complaint_list *complaints)
{
    if (r < 0) {
        assert_null(segments->items);
        assert_null(complaints->items);
    }
    for (size_t i = 0; i < segments->count; i++)
        segment_list_add(&collector->list, &segments->items[i]);
    for (size_t i = 0; i < complaints->count; i++)
        take_complaint(collector, complaints->items[i].where, complaints->items[i].text,
                       complaints->items[i].length);
    segment_list_release(segments);
    complaint_list_release(complaints);
    return r;
}

int collector_read(const char *dir, struct collector *collector, struct error *err)
{
    struct segment_list segments = SEGMENT_LIST_INIT;
    struct complaint_list complaints = COMPLAINT_LIST_INIT;
    int before = lowest_descriptor();
    struct procfs procfs;
    int r;

    assert_int_equal(procfs_open(&procfs, dir, NULL), 0);
    collector->dir = dir;
    r = source_read(&procfs, false, &segments, &complaints, err);
    collector_take(collector, r, &segments, &complaints);
    collector->dir = NULL;
    procfs_close(&procfs);
    assert_int_equal(lowest_descriptor(), before);
    return r;
}

void collector_release(struct collector *collector)
{
    segment_list_release(&collector->list);
    strbuf_release(&collector->complained);
    *collector = (struct collector)COLLECTOR_INIT;
}
