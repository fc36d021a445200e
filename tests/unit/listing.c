#include "listing.h"

#include <stdio.h>

#include "base/strbuf.h"
#include "tree.h"
#include "unit.h"

int listing_check(const struct listing *listing, int r)
{
    if (r < 0) {
        assert_null(listing->list.items);
        assert_null(listing->complaints.items);
    }
    return r;
}

int listing_read(const char *dir, struct listing *listing, struct error *err)
{
    int before = lowest_descriptor();
    struct procfs procfs;
    int r;

    listing_release(listing);
    snprintf(listing->dir, sizeof(listing->dir), "%s", dir);
    assert_int_equal(procfs_open(&procfs, dir, NULL), 0);
    r = source_read(&procfs, false, &listing->list, &listing->complaints, err);
    procfs_close(&procfs);
    assert_int_equal(lowest_descriptor(), before);
    return listing_check(listing, r);
}

void listing_assert_complaints(const struct listing *listing, const char *expected, size_t length)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    for (size_t i = 0; i < listing->complaints.count; i++) {
        const struct complaint *complaint = &listing->complaints.items[i];

        strbuf_puts(&text,
                    listing->dir[0] ? below(listing->dir, complaint->where) : complaint->where);
        strbuf_putc(&text, '|');
        strbuf_append(&text, complaint->text, complaint->length);
        strbuf_putc(&text, '\n');
    }
    assert_string_equal(strbuf_string(&text), expected);
    assert_int_equal(text.length, length);
    assert_memory_equal(strbuf_string(&text), expected, length);
}

void listing_release(struct listing *listing)
{
    segment_list_release(&listing->list);
    complaint_list_release(&listing->complaints);
    *listing = (struct listing)LISTING_INIT;
}
