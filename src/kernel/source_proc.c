#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/xalloc.h"
#include "kernel/source.h"
#include "model/idset.h"

#define LISTING_PATH "proc/sysvipc/shm"

enum {
    OLD_COLUMNS = 14, /* without rss and swap */
    COLUMNS = 16,
    /* The kernel's lines are about 190 bytes; a file with a longer one than this is no listing. */
    BUFFER_SIZE = 256 * 1024,
};

static const char *const header_words[COLUMNS] = {
    "key", "shmid", "perms", "size",  "cpid",  "lpid",  "nattch", "uid",
    "gid", "cuid",  "cgid",  "atime", "dtime", "ctime", "rss",    "swap"};

/* What is left of a line: fields are taken off its front. */
struct rest {
    const char *at;
    const char *end;
};

static void skip_blanks(struct rest *rest)
{
    while (rest->at < rest->end && (*rest->at == ' ' || *rest->at == '\t'))
        rest->at++;
}

/* Takes a word off the front; returns its length, 0 at the line's end. */
static size_t take_word(struct rest *rest, const char **ret_word)
{
    skip_blanks(rest);
    *ret_word = rest->at;
    while (rest->at < rest->end && *rest->at != ' ' && *rest->at != '\t')
        rest->at++;
    return (size_t)(rest->at - *ret_word);
}

/* Takes a decimal number up to MAX, followed by a blank or the line's end. */
static bool take_number(struct rest *rest, uint64_t max, uint64_t *ret_value)
{
    size_t used;

    skip_blanks(rest);
    used = parse_digits(rest->at, (size_t)(rest->end - rest->at), ret_value);
    rest->at += used;
    return used > 0 && *ret_value <= max &&
           (rest->at == rest->end || *rest->at == ' ' || *rest->at == '\t');
}

/* The key is printed as a signed number. */
static bool take_key(struct rest *rest, uint32_t *ret_key)
{
    uint64_t value;
    bool negative;

    skip_blanks(rest);
    negative = rest->at < rest->end && *rest->at == '-';
    if (negative) {
        rest->at++;
        if (rest->at == rest->end || *rest->at == ' ' || *rest->at == '\t')
            return false;
    }
    if (!take_number(rest, negative ? (uint64_t)INT_MAX + 1 : INT_MAX, &value))
        return false;
    *ret_key = negative ? -(uint32_t)value : (uint32_t)value;
    return true;
}

static bool take_mode(struct rest *rest, uint32_t *ret_mode)
{
    const char *word;
    size_t length = take_word(rest, &word);
    uint32_t mode = 0;

    for (size_t i = 0; i < length; i++) {
        if (word[i] < '0' || word[i] > '7')
            return false;
        mode = mode << 3 | (uint32_t)(word[i] - '0');
    }
    *ret_mode = mode;
    return length > 0 && length <= 6;
}

/* Takes the pid and id columns between size and atime. */
static bool take_users(struct rest *rest, struct segment *segment)
{
    uint64_t numbers[7];

    for (size_t i = 0; i < 7; i++) {
        uint64_t max = i < 2 ? INT_MAX : i == 2 ? UINT64_MAX : UINT32_MAX;

        if (!take_number(rest, max, &numbers[i]))
            return false;
    }
    segment->cpid = (pid_t)numbers[0];
    segment->lpid = (pid_t)numbers[1];
    segment->nattch = numbers[2];
    segment->uid = (uid_t)numbers[3];
    segment->gid = (gid_t)numbers[4];
    segment->cuid = (uid_t)numbers[5];
    segment->cgid = (gid_t)numbers[6];
    return true;
}

static bool take_times(struct rest *rest, struct segment *segment)
{
    uint64_t times[3];

    for (size_t i = 0; i < 3; i++) {
        if (!take_number(rest, INT64_MAX, &times[i]))
            return false;
    }
    segment->atime = (int64_t)times[0];
    segment->dtime = (int64_t)times[1];
    segment->ctime = (int64_t)times[2];
    return true;
}

static bool usage_is_true(const struct segment *segment, uint64_t page_size)
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
    struct segment segment = {0};
    struct rest rest = {line, line + length};
    const char *word;
    uint64_t shmid;

    if (!take_key(&rest, &segment.key) || !take_number(&rest, INT_MAX, &shmid) ||
        !take_mode(&rest, &segment.mode) || !take_number(&rest, UINT64_MAX, &segment.size) ||
        !take_users(&rest, &segment) || !take_times(&rest, &segment))
        return false;
    segment.shmid = (int)shmid;
    if (columns >= COLUMNS) {
        if (!take_number(&rest, UINT64_MAX, &segment.rss) ||
            !take_number(&rest, UINT64_MAX, &segment.swap))
            return false;
        segment.has_usage = usage_is_true(&segment, page_size);
    }
    for (size_t column = COLUMNS; column < columns; column++) {
        if (take_word(&rest, &word) == 0)
            return false;
    }
    if (take_word(&rest, &word) > 0)
        return false;
    *ret_segment = segment;
    return true;
}

size_t source_parse_header(const char *line, size_t length)
{
    struct rest rest = {line, line + length};
    const char *word;
    size_t columns = 0;
    size_t size;

    while ((size = take_word(&rest, &word)) > 0) {
        if (columns < COLUMNS && (size != strlen(header_words[columns]) ||
                                  memcmp(word, header_words[columns], size) != 0))
            return 0;
        columns++;
    }
    return columns == OLD_COLUMNS || columns >= COLUMNS ? columns : 0;
}

/* One reading of the listing. */
struct listing {
    const struct procfs *procfs;
    const struct source_sink *sink;
    size_t line;    /* lines met so far */
    size_t columns; /* 0: the header is still to come */
    struct idset seen;
};

static void tell_garbage(const struct listing *listing, size_t line, const char *text,
                         size_t length)
{
    char where[64];

    snprintf(where, sizeof(where), "%s%s: line %zu", procfs_slash(listing->procfs), LISTING_PATH,
             line);
    listing->sink->garbage(listing->sink->arg, where, text, length);
}

static int take_line(struct listing *listing, const char *line, size_t length, struct error *err)
{
    struct segment segment;

    listing->line++;
    if (listing->columns == 0) {
        listing->columns = source_parse_header(line, length);
        if (listing->columns == 0)
            return error_set(err, EBADMSG, "not a listing of shared memory segments: no header");
        return 0;
    }
    if (!source_parse_line(line, length, listing->columns, listing->procfs->page_size, &segment)) {
        tell_garbage(listing, listing->line, line, length);
        return 0;
    }
    /* Some 5.3 to 5.6 kernels listed a segment twice. */
    if (!idset_add(&listing->seen, segment.shmid))
        return 0;
    return listing->sink->segment(listing->sink->arg, &segment);
}

/* Takes the whole lines out of DATA; returns how many bytes they took, or a negative error. */
static ssize_t take_lines(struct listing *listing, const char *data, size_t length,
                          struct error *err)
{
    size_t done = 0;

    for (;;) {
        const char *newline = memchr(data + done, '\n', length - done);
        int r;

        if (!newline)
            return (ssize_t)done;
        r = take_line(listing, data + done, (size_t)(newline - data) - done, err);
        if (r < 0)
            return r;
        done = (size_t)(newline - data) + 1;
    }
}

static int read_lines(struct listing *listing, int fd, struct error *err)
{
    CLEANUP_FREE char *buffer = xmalloc(BUFFER_SIZE);
    size_t kept = 0;

    for (;;) {
        ssize_t got = read(fd, buffer + kept, BUFFER_SIZE - kept);
        ssize_t used;

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(err, errno, "read");
        if (got == 0)
            break;
        kept += (size_t)got;
        used = take_lines(listing, buffer, kept, err);
        if (used < 0)
            return (int)used;
        kept -= (size_t)used;
        memmove(buffer, buffer + used, kept);
        if (kept == BUFFER_SIZE)
            return error_set(err, EBADMSG, "line %zu has no end: not a listing", listing->line + 1);
    }
    if (listing->columns == 0)
        return error_set(err, EBADMSG, "not a listing of shared memory segments: no header");
    /* A line without its newline may have lost digits: it is not understood. */
    if (kept > 0)
        tell_garbage(listing, listing->line + 1, buffer, kept);
    return 0;
}

int source_proc_read(const struct procfs *procfs, const struct source_sink *sink, struct error *err)
{
    CLEANUP_ERROR struct error inner = ERROR_INIT;
    CLEANUP_CLOSE int fd = procfs_open_file(procfs, LISTING_PATH, err);
    struct listing listing = {.procfs = procfs, .sink = sink};
    int r;

    if (fd < 0)
        return fd;
    r = read_lines(&listing, fd, &inner);
    idset_release(&listing.seen);
    if (inner.text)
        return error_set(err, inner.code, "%s%s: %s", procfs_slash(procfs), LISTING_PATH,
                         inner.text);
    return r;
}
