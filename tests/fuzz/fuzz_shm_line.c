/*
 * Lines of /proc/sysvipc/shm: understood whole or not at all, and the same when printed as the
 * kernel does.
 *
 * The first byte of an input chooses the number of columns and the page size; with 128 and more the
 * rest is the lines of a saved tree's listing, which has a column for huge pages, and what is read
 * of it is written and read again.
 */
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "fuzz.h"
#include "kernel/source.h"

static bool same_record(const struct segment *a, const struct segment *b)
{
    return segment_same(a, b) && a->mode == b->mode && a->gid == b->gid && a->cgid == b->cgid &&
           a->lpid == b->lpid && a->nattch == b->nattch && a->atime == b->atime &&
           a->dtime == b->dtime && a->has_rss == b->has_rss && a->has_swap == b->has_swap &&
           a->rss == b->rss && a->swap == b->swap;
}

/* ipc/shm.c, sysvipc_shm_proc_show() */
static void print_record(struct strbuf *line, const struct segment *segment, size_t columns)
{
    strbuf_printf(line, "%10d %10d %4o %21llu %5u %5u %5llu %5u %5u %5u %5u %10llu %10llu %10llu",
                  (int)segment->key, segment->shmid, segment->mode,
                  (unsigned long long)segment->size, (unsigned)segment->cpid,
                  (unsigned)segment->lpid, (unsigned long long)segment->nattch, segment->uid,
                  segment->gid, segment->cuid, segment->cgid, (unsigned long long)segment->atime,
                  (unsigned long long)segment->dtime, (unsigned long long)segment->ctime);
    if (columns >= 16)
        strbuf_printf(line, " %21llu %21llu", (unsigned long long)segment->rss,
                      (unsigned long long)segment->swap);
    for (size_t column = 16; column < columns; column++)
        strbuf_puts(line, " -");
}

static void check_record(const char *line, size_t length, size_t columns, uint64_t page_size,
                         const struct segment *segment)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    struct segment again;

    CHECK(segment->shmid >= 0 && segment->cpid >= 0 && segment->lpid >= 0);
    CHECK(segment->atime >= 0 && segment->dtime >= 0 && segment->ctime >= 0);
    CHECK(segment->has_swap == (columns >= 16));
    CHECK(segment->has_swap || !segment->has_rss);
    CHECK(!source_parse_line(line, length, columns == 14 ? 16 : columns + 1, page_size, &again));
    CHECK(!source_parse_line(line, length, columns == 16 ? 14 : columns - 1, page_size, &again));
    print_record(&text, segment, columns);
    CHECK(source_parse_line(text.data, text.length, columns, page_size, &again));
    CHECK(same_record(segment, &again));
    /* One word more, and digits that something clings to. */
    strbuf_puts(&text, " 0");
    CHECK(!source_parse_line(text.data, text.length, columns, page_size, &again));
    strbuf_reset(&text);
    strbuf_append(&text, line, length);
    strbuf_putc(&text, 'x');
    CHECK(columns > 16 || !source_parse_line(text.data, text.length, columns, page_size, &again));
}

/* --- Saved trees ------------------------------------------------------------------------------ */

static struct segment_list read_listing(const char *text, size_t length)
{
    struct segment_list segments = SEGMENT_LIST_INIT;
    struct procfs procfs;

    fuzz_tree_put("proc/sysvipc/shm", text, length);
    CHECK(procfs_open(&procfs, fuzz_tree(), NULL) == 0);
    CHECK(source_proc_read(&procfs, &segments, NULL, NULL) == 0);
    procfs_close(&procfs);
    return segments;
}

static void check_listing(const char *lines, size_t length)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    struct segment_list segments;
    struct segment_list again;

    source_put_header(&text);
    strbuf_append(&text, lines, length);
    segments = read_listing(text.data, text.length);
    strbuf_reset(&text);
    source_put_header(&text);
    for (size_t i = 0; i < segments.count; i++)
        source_put_line(&text, &segments.items[i]);
    again = read_listing(text.data, text.length);
    CHECK(again.count == segments.count);
    for (size_t i = 0; i < segments.count; i++) {
        uint64_t page = segments.items[i].huge_page;

        CHECK(same_record(&segments.items[i], &again.items[i]));
        CHECK(page == again.items[i].huge_page && (page & (page - 1)) == 0);
    }
    segment_list_release(&segments);
    segment_list_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t column_counts[] = {16, 14, 17, 18};
    static const uint64_t page_sizes[] = {4096, 65536};
    uint8_t choice = size > 0 ? data[0] : 0;
    size_t columns = column_counts[choice & 3];
    uint64_t page_size = page_sizes[choice >> 2 & 1];
    size_t length = size > 0 ? size - 1 : 0;
    CLEANUP_FREE char *line = xmalloc(length);
    struct segment segment = {.shmid = -77};
    size_t header;

    if (length > 0)
        memcpy(line, data + 1, length);
    if (choice >= 128) {
        check_listing(line, length);
        return 0;
    }
    if (source_parse_line(line, length, columns, page_size, &segment))
        check_record(line, length, columns, page_size, &segment);
    else
        CHECK(segment.shmid == -77);
    header = source_parse_header(line, length);
    CHECK(header == 0 || header == 14 || header >= 16);
    return 0;
}
