#include "sink.h"

#include "tree.h"
#include "unit.h"

static int take_segment(void *arg, const struct segment *segment)
{
    struct collector *collector = arg;

    segment_list_add(&collector->list, segment);
    return collector->list.count == collector->stop_after ? collector->stop_with : 0;
}

static void take_garbage(void *arg, const char *where, const char *text, size_t length)
{
    struct collector *collector = arg;

    strbuf_puts(&collector->garbage, collector->dir ? below(collector->dir, where) : where);
    strbuf_putc(&collector->garbage, '|');
    strbuf_append(&collector->garbage, text, length);
    strbuf_putc(&collector->garbage, '\n');
    collector->garbage_count++;
}

struct source_sink collector_sink(struct collector *collector)
{
    return (struct source_sink){.segment = take_segment, .garbage = take_garbage, .arg = collector};
}

int collector_read(const char *dir, struct collector *collector, struct error *err)
{
    struct source_sink sink = collector_sink(collector);
    int before = lowest_descriptor();
    struct procfs procfs;
    int r;

    assert_int_equal(procfs_open(&procfs, dir, NULL), 0);
    collector->dir = dir;
    r = source_read(&procfs, &sink, err);
    collector->dir = NULL;
    procfs_close(&procfs);
    assert_int_equal(lowest_descriptor(), before);
    return r;
}

void collector_release(struct collector *collector)
{
    segment_list_release(&collector->list);
    strbuf_release(&collector->garbage);
    *collector = (struct collector)COLLECTOR_INIT;
}
