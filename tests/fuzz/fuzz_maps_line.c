/*
 * Lines of /proc/PID/maps: a segment's is understood whole or not at all, the same when printed as
 * the kernel does, and found wherever it stands in a file.
 *
 * The first byte of an input chooses whether a file of the text is read too, which takes longer
 * (from 192 on), and how far before the end of the reader's buffer it begins (from 224 on).
 */
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "fuzz.h"
#include "kernel/maps.h"

enum { BUFFER_SIZE = 256 * 1024 }; /* that src/kernel/maps.c reads into */

static bool same_mapping(const struct mapping *a, const struct mapping *b)
{
    return a->shmid == b->shmid && a->key == b->key && a->writable == b->writable &&
           a->major == b->major && a->minor == b->minor;
}

/* fs/proc/task_mmu.c, show_vma_header_prefix() */
static void print_mapping(struct strbuf *line, const struct mapping *mapping)
{
    strbuf_printf(line, "%08lx-%08lx r%c-s %08llx %02x:%02x %lu ", 0x7f7291c00000UL,
                  0x7f7291c01000UL, mapping->writable ? 'w' : '-', 0ULL, mapping->major,
                  mapping->minor, (unsigned long)mapping->shmid);
    strbuf_printf(line, "                  /SYSV%08x (deleted)", mapping->key);
}

/* Whether the line's last word but " (deleted)" is the name of a segment with KEY. */
static bool ends_in_name(const char *line, size_t length, uint32_t key)
{
    static const char deleted[] = " (deleted)";
    CLEANUP_STRBUF struct strbuf name = STRBUF_INIT;
    size_t mark = sizeof(deleted) - 1;

    if (length > mark && memcmp(line + length - mark, deleted, mark) == 0)
        length -= mark;
    strbuf_printf(&name, " /SYSV%08x", key);
    return length > name.length && memcmp(line + length - name.length, name.data, name.length) == 0;
}

static void check_mapping(const char *line, size_t length, const struct mapping *mapping)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    struct mapping again;

    CHECK(mapping->shmid >= 0 && ends_in_name(line, length, mapping->key));
    print_mapping(&text, mapping);
    CHECK(maps_parse_line(text.data, text.length, &again) && same_mapping(mapping, &again));
    /* One byte less, or more on either side. */
    CHECK(!maps_parse_line(line, length - 1, &again));
    strbuf_reset(&text);
    strbuf_putc(&text, ' ');
    strbuf_append(&text, line, length);
    CHECK(!maps_parse_line(text.data, text.length, &again));
    strbuf_putc(&text, 'x');
    CHECK(!maps_parse_line(text.data + 1, length + 1, &again));
}

struct found {
    struct mapping last;
    size_t count;
};

/* What the reader has to find: each line by itself. */
static struct found find_by_line(const char *text, size_t length)
{
    struct found found = {.last.shmid = -77};

    while (length > 0) {
        const char *newline = memchr(text, '\n', length);
        size_t line = newline ? (size_t)(newline - text) : length;
        size_t step = newline ? line + 1 : line;
        struct mapping mapping = {.shmid = -77};

        if (maps_parse_line(text, line, &mapping)) {
            check_mapping(text, line, &mapping);
            found.last = mapping;
            found.count++;
        } else {
            CHECK(mapping.shmid == -77);
        }
        text += step;
        length -= step;
    }
    return found;
}

static void check_file(const char *text, size_t length, uint8_t choice,
                       const struct found *expected)
{
    CLEANUP_CLOSE int fd = memfd_create("maps", MFD_CLOEXEC);
    struct found found = {.last.shmid = -77};
    struct maps_reader reader = maps_reader_new(true);

    if (choice >= 224) {
        CLEANUP_FREE char *filler = xmalloc(BUFFER_SIZE);
        size_t before = BUFFER_SIZE - (4 * (choice - 224U));

        memset(filler, '\n', before);
        CHECK(write(fd, filler, before) == (ssize_t)before);
    }
    CHECK(write(fd, text, length) == (ssize_t)length && lseek(fd, 0, SEEK_SET) == 0);
    CHECK(maps_read(&reader, fd) == (length > 0 || choice >= 224));
    found.count = reader.count;
    if (reader.count > 0)
        found.last = reader.items[reader.count - 1];
    maps_reader_release(&reader);
    CHECK(found.count == expected->count && same_mapping(&found.last, &expected->last));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t choice = size > 0 ? data[0] : 0;
    size_t length = size > 0 ? size - 1 : 0;
    CLEANUP_FREE char *text = xmalloc(length);
    struct found expected;

    if (length > 0)
        memcpy(text, data + 1, length);
    expected = find_by_line(text, length);
    if (choice >= 192)
        check_file(text, length, choice, &expected);
    return 0;
}
