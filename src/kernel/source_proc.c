#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/xalloc.h"
#include "kernel/source.h"
#include "model/idset.h"

#define LISTING_PATH "proc/sysvipc/shm"

enum {
    OLD_COLUMNS = 14, /* without rss and swap */
    COLUMNS = 16,
    /* The kernel's lines are about 190 bytes; a file with a longer one than this is no listing. */
    BUFFER_SIZE = 64 * 1024,
};

/* The listing's columns, in its order. */
enum field {
    FIELD_KEY,
    FIELD_SHMID,
    FIELD_PERMS,
    FIELD_SIZE,
    FIELD_CPID,
    FIELD_LPID,
    FIELD_NATTCH,
    FIELD_UID,
    FIELD_GID,
    FIELD_CUID,
    FIELD_CGID,
    FIELD_ATIME,
    FIELD_DTIME,
    FIELD_CTIME,
    FIELD_RSS,
    FIELD_SWAP,
};

/* Their names in the header, and the most that each may be. */
static const struct {
    const char *name;
    uint64_t max;
} fields[COLUMNS] = {
    [FIELD_KEY] = {"key", INT_MAX}, /* signed: INT_MIN too */
    [FIELD_SHMID] = {"shmid", INT_MAX},   [FIELD_PERMS] = {"perms", 0777777}, /* octal */
    [FIELD_SIZE] = {"size", UINT64_MAX},  [FIELD_CPID] = {"cpid", INT_MAX},
    [FIELD_LPID] = {"lpid", INT_MAX},     [FIELD_NATTCH] = {"nattch", UINT64_MAX},
    [FIELD_UID] = {"uid", UINT32_MAX},    [FIELD_GID] = {"gid", UINT32_MAX},
    [FIELD_CUID] = {"cuid", UINT32_MAX},  [FIELD_CGID] = {"cgid", UINT32_MAX},
    [FIELD_ATIME] = {"atime", INT64_MAX}, [FIELD_DTIME] = {"dtime", INT64_MAX},
    [FIELD_CTIME] = {"ctime", INT64_MAX}, [FIELD_RSS] = {"rss", UINT64_MAX},
    [FIELD_SWAP] = {"swap", UINT64_MAX},
};

/* The column after them that saved trees have: bytes of each of a segment's pages, or 0. */
#define HUGE_PAGE_COLUMN "hugepage"

static inline bool is_padding(char byte)
{
    return byte == ' ' || byte == '\t';
}

static inline const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && is_padding(*at))
        at++;
    return at;
}

static inline const char *skip_word(const char *at, const char *end)
{
    while (at < end && !is_padding(*at))
        at++;
    return at;
}

/* Reads octal digits as parse_digits() reads decimal ones. */
static size_t parse_octal(const char *text, size_t length, uint64_t *ret_value)
{
    enum { DIGITS_MAX = 6 };
    uint64_t value = 0;
    size_t used = 0;

    while (used < length && used < DIGITS_MAX && text[used] >= '0' && text[used] <= '7')
        value = value << 3 | (uint64_t)(text[used++] - '0');
    *ret_value = value;
    return used;
}

/*
 * Reads the first COUNT fields of a line into NUMBERS, one loop for all of them: most of the time
 * that a listing takes is spent here. Returns where it stopped, NULL when one is not understood.
 */
static const char *read_fields(const char *at, const char *end, size_t count, uint64_t *numbers,
                               bool *ret_negative_key)
{
    *ret_negative_key = false;
    for (size_t i = 0; i < count; i++) {
        uint64_t max = fields[i].max;
        size_t used;

        at = skip_blanks(at, end);
        if (i == FIELD_KEY) {
            *ret_negative_key = at < end && *at == '-';
            at += *ret_negative_key;
            max += *ret_negative_key;
        }
        used = i == FIELD_PERMS ? parse_octal(at, (size_t)(end - at), &numbers[i])
                                : parse_digits(at, (size_t)(end - at), &numbers[i]);
        at += used;
        if (used == 0 || numbers[i] > max || (at < end && !is_padding(*at)))
            return NULL;
    }
    return at;
}

static bool rss_is_true(const struct segment *segment, uint64_t page_size)
{
    uint64_t whole_pages;

    /* A huge page segment's rss is counted in pages of the wrong size: up to 512 times too much. */
    if (__builtin_add_overflow(segment->size, page_size - 1, &whole_pages))
        return true;
    return segment->rss <= whole_pages - whole_pages % page_size;
}

bool source_parse_line(const char *line, size_t length, size_t columns, uint64_t page_size,
                       struct segment *ret_segment)
{
    const char *end = line + length;
    uint64_t numbers[COLUMNS] = {0};
    bool negative;
    const char *at =
        read_fields(line, end, columns < COLUMNS ? columns : COLUMNS, numbers, &negative);
    uint32_t key = (uint32_t)numbers[FIELD_KEY];

    for (size_t column = COLUMNS; at && column < columns; column++) {
        const char *word = skip_blanks(at, end);

        at = word < end ? skip_word(word, end) : NULL;
    }
    if (!at || skip_blanks(at, end) < end)
        return false;
    *ret_segment = (struct segment){
        .key = negative ? -key : key,
        .shmid = (int)numbers[FIELD_SHMID],
        .mode = (uint32_t)numbers[FIELD_PERMS],
        .uid = (uid_t)numbers[FIELD_UID],
        .gid = (gid_t)numbers[FIELD_GID],
        .cuid = (uid_t)numbers[FIELD_CUID],
        .cgid = (gid_t)numbers[FIELD_CGID],
        .cpid = (pid_t)numbers[FIELD_CPID],
        .lpid = (pid_t)numbers[FIELD_LPID],
        .size = numbers[FIELD_SIZE],
        .nattch = numbers[FIELD_NATTCH],
        .rss = numbers[FIELD_RSS],
        .swap = numbers[FIELD_SWAP],
        .atime = (int64_t)numbers[FIELD_ATIME],
        .dtime = (int64_t)numbers[FIELD_DTIME],
        .ctime = (int64_t)numbers[FIELD_CTIME],
    };
    ret_segment->has_swap = columns >= COLUMNS;
    ret_segment->has_rss = ret_segment->has_swap && rss_is_true(ret_segment, page_size);
    return true;
}

size_t source_parse_header(const char *line, size_t length)
{
    const char *end = line + length;
    const char *word = skip_blanks(line, end);
    size_t columns = 0;

    while (word < end) {
        const char *word_end = skip_word(word, end);
        size_t size = (size_t)(word_end - word);

        if (columns < COLUMNS &&
            (size != strlen(fields[columns].name) || memcmp(word, fields[columns].name, size) != 0))
            return 0;
        columns++;
        word = skip_blanks(word_end, end);
    }
    return columns == OLD_COLUMNS || columns >= COLUMNS ? columns : 0;
}

/* --- Huge pages, in saved trees --------------------------------------------------------------- */

/* Finds the word after those that the kernel's columns have. Returns its length. */
static size_t find_next_word(const char *line, size_t length, const char **ret_word)
{
    const char *end = line + length;
    const char *word = skip_blanks(line, end);

    for (size_t column = 0; column < COLUMNS; column++)
        word = skip_blanks(skip_word(word, end), end);
    *ret_word = word;
    return (size_t)(skip_word(word, end) - word);
}

/* Whether a header has that column. */
static bool has_huge_pages(const char *line, size_t length)
{
    const char *word;

    return find_next_word(line, length, &word) == strlen(HUGE_PAGE_COLUMN) &&
           memcmp(word, HUGE_PAGE_COLUMN, strlen(HUGE_PAGE_COLUMN)) == 0;
}

/* Takes the column of a line that was parsed. Returns false when it is not understood. */
static bool take_huge_page(const char *line, size_t length, struct segment *segment)
{
    const char *word;
    size_t size = find_next_word(line, length, &word);
    uint64_t bytes;

    if (parse_digits(word, size, &bytes) != size || (bytes & (bytes - 1)) != 0)
        return false;
    segment->huge_page = bytes;
    if (bytes > 0) /* the rss is that of its pages, unlike the kernel's */
        segment->has_rss = segment->has_swap && rss_is_true(segment, bytes);
    return true;
}

void source_put_header(struct strbuf *out)
{
    strbuf_puts(out,
                "       key      shmid perms                  size  cpid  lpid nattch   uid   gid"
                "  cuid  cgid      atime      dtime      ctime                   rss"
                "                  swap  " HUGE_PAGE_COLUMN "\n");
}

void source_put_line(struct strbuf *out, const struct segment *segment)
{
    strbuf_printf(
        out,
        "%10d %10d  %4o %21llu %5u %5u  %5llu %5u %5u %5u %5u %10lld %10lld %10lld %21llu %21llu "
        "%9llu\n",
        (int)segment->key, segment->shmid, segment->mode, (unsigned long long)segment->size,
        (unsigned)segment->cpid, (unsigned)segment->lpid, (unsigned long long)segment->nattch,
        segment->uid, segment->gid, segment->cuid, segment->cgid, (long long)segment->atime,
        (long long)segment->dtime, (long long)segment->ctime, (unsigned long long)segment->rss,
        (unsigned long long)(segment->has_swap ? segment->swap : 0),
        (unsigned long long)segment->huge_page);
}

/* --- The listing as a whole ------------------------------------------------------------------- */

/* One reading of the listing. */
struct source_listing {
    const struct procfs *procfs;
    int fd;          /* owned */
    char *buffer;    /* owned; of BUFFER_SIZE */
    size_t kept;     /* bytes in it: the start of a line */
    size_t line;     /* lines met so far */
    size_t columns;  /* 0: the header is still to come */
    bool huge_pages; /* the next one after the kernel's is HUGE_PAGE_COLUMN */
    int64_t read_at; /* when the reading of the lines at hand began, as in struct segment */
    struct idset seen;
};

/* Where a part of the listing goes. */
struct listing_lists {
    struct segment_list *segments;
    struct complaint_list *complaints;
};

/* Opens the listing; that of another namespace is open, and is read from its start again. */
static int open_listing(const struct procfs *procfs, struct error *err)
{
    CLEANUP_CLOSE int fd = -1;

    if (!procfs->inside)
        return procfs_open_file(procfs, LISTING_PATH, err);
    fd = fcntl(procfs->inside->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return error_set_errno(err, errno, "%s" LISTING_PATH, procfs_prefix(procfs));
    return steal_fd(&fd);
}

int source_listing_open(const struct procfs *procfs, struct source_listing **ret_listing,
                        struct error *err)
{
    int fd = open_listing(procfs, err);
    struct source_listing *listing;

    if (fd < 0)
        return fd;
    listing = xcalloc(1, sizeof(*listing));
    *listing = (struct source_listing){.procfs = procfs, .fd = fd, .buffer = xmalloc(BUFFER_SIZE)};
    *ret_listing = listing;
    return 0;
}

void source_listing_close(struct source_listing *listing)
{
    close(listing->fd);
    free(listing->buffer);
    idset_release(&listing->seen);
    free(listing);
}

/* WHY: what is wrong with the line, in brackets after a blank; "": it was not parsed. */
static void add_unparsed_line(const struct source_listing *listing, size_t line, const char *why,
                              const char *text, size_t length, struct complaint_list *complaints)
{
    CLEANUP_STRBUF struct strbuf where = STRBUF_INIT;

    strbuf_printf(&where, "%s" LISTING_PATH ": line %zu%s", procfs_prefix(listing->procfs), line,
                  why);
    complaint_list_add(complaints, strbuf_string(&where), text, length);
}

static int refuse_headless(const struct source_listing *listing, struct error *err)
{
    return error_set(err, EBADMSG,
                     "%s" LISTING_PATH ": not a listing of shared memory segments: no header",
                     procfs_prefix(listing->procfs));
}

/* The listing has the ids of the user namespace in which it was opened. */
static void translate_ids(const struct foreign_listing *inside, struct segment *segment)
{
    segment->uid = id_map_outside(&inside->uids, segment->uid);
    segment->gid = id_map_outside(&inside->gids, segment->gid);
    segment->cuid = id_map_outside(&inside->uids, segment->cuid);
    segment->cgid = id_map_outside(&inside->gids, segment->cgid);
}

static int read_listing_line(struct source_listing *listing, const char *line, size_t length,
                             const struct listing_lists *lists, struct error *err)
{
    struct segment segment;

    listing->line++;
    if (listing->columns == 0) {
        listing->columns = source_parse_header(line, length);
        listing->huge_pages = has_huge_pages(line, length);
        return listing->columns == 0 ? refuse_headless(listing, err) : 0;
    }
    if (!source_parse_line(line, length, listing->columns, listing->procfs->page_size, &segment) ||
        (listing->huge_pages && !take_huge_page(line, length, &segment))) {
        add_unparsed_line(listing, listing->line, "", line, length, lists->complaints);
        return 0;
    }
    segment.read_at = listing->read_at;
    if (listing->procfs->inside)
        translate_ids(listing->procfs->inside, &segment);
    if (idset_add(&listing->seen, segment.shmid))
        segment_list_add(lists->segments, &segment);
    else if (listing->huge_pages) /* rm --save writes an id once; some 5.3 to 5.6 kernels did not */
        add_unparsed_line(listing, listing->line, " (a line before it has its id)", line, length,
                          lists->complaints);
    return 0;
}

/* Reads the whole lines that the buffer holds, and moves the rest to its start. */
static int read_whole_lines(struct source_listing *listing, const struct listing_lists *lists,
                            struct error *err)
{
    const char *data = listing->buffer;
    const char *end = data + listing->kept;
    const char *newline;
    int r = 0;

    while (r == 0 && (newline = memchr(data, '\n', (size_t)(end - data)))) {
        r = read_listing_line(listing, data, (size_t)(newline - data), lists, err);
        data = newline + 1;
    }
    listing->kept = (size_t)(end - data);
    memmove(listing->buffer, data, listing->kept);
    if (r == 0 && listing->kept == BUFFER_SIZE)
        return error_set(err, EBADMSG, "%s" LISTING_PATH ": line %zu has no end: not a listing",
                         procfs_prefix(listing->procfs), listing->line + 1);
    return r;
}

/* What is left at the end of the file. */
static int end_listing(const struct source_listing *listing, const struct listing_lists *lists,
                       struct error *err)
{
    if (listing->columns == 0)
        return refuse_headless(listing, err);
    /* A line without its newline may have lost digits: it is not parsed. */
    if (listing->kept > 0)
        add_unparsed_line(listing, listing->line + 1, "", listing->buffer, listing->kept,
                          lists->complaints);
    return 0;
}

int source_listing_next(struct source_listing *listing, struct segment_list *segments,
                        struct complaint_list *complaints, struct error *err)
{
    const struct listing_lists lists = {segments, complaints};
    ssize_t got;
    int r;

    /* The beginning of a line may be older than its end. */
    if (listing->kept == 0)
        listing->read_at = clock_monotonic();
    do {
        got = read(listing->fd, listing->buffer + listing->kept, BUFFER_SIZE - listing->kept);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return error_set_errno(err, errno, "%s" LISTING_PATH ": read",
                               procfs_prefix(listing->procfs));
    if (got == 0)
        return end_listing(listing, &lists, err);
    listing->kept += (size_t)got;
    r = read_whole_lines(listing, &lists, err);
    return r < 0 ? r : 1;
}

int source_proc_read(const struct procfs *procfs, struct segment_list *ret_segments,
                     struct complaint_list *ret_complaints, struct error *err)
{
    CLEANUP_COMPLAINT_LIST struct complaint_list complaints = COMPLAINT_LIST_INIT;
    struct segment_list segments = SEGMENT_LIST_INIT;
    struct source_listing *listing;
    int r = source_listing_open(procfs, &listing, err);

    if (r < 0)
        return r;
    do {
        r = source_listing_next(listing, &segments, &complaints, err);
    } while (r > 0);
    source_listing_close(listing);
    if (r < 0) {
        segment_list_release(&segments);
        return r;
    }
    *ret_segments = segments;
    if (ret_complaints) {
        *ret_complaints = complaints;
        complaints = (struct complaint_list)COMPLAINT_LIST_INIT;
    }
    return 0;
}
