#include "kernel/maps.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"

#define NAME_START "/SYSV"
enum { NAME_START_LENGTH = sizeof(NAME_START) - 1, KEY_DIGITS = 8 };

/* What is left of a line: fields are taken off its front. */
struct rest {
    const char *at;
    const char *end;
};

static bool take_byte(struct rest *rest, char byte)
{
    if (rest->at == rest->end || *rest->at != byte)
        return false;
    rest->at++;
    return true;
}

/* Takes lower case hex digits, as the kernel prints them, of at most BITS bits. */
static bool take_hex(struct rest *rest, size_t bits, uint64_t *ret_value)
{
    const char *start = rest->at;
    uint64_t value = 0;

    for (; rest->at < rest->end && (size_t)(rest->at - start) < bits / 4; rest->at++) {
        char byte = *rest->at;

        if (byte >= '0' && byte <= '9')
            value = value << 4 | (uint64_t)(byte - '0');
        else if (byte >= 'a' && byte <= 'f')
            value = value << 4 | (uint64_t)(byte - 'a' + 10);
        else
            break;
    }
    *ret_value = value;
    return rest->at > start;
}

/* "rw-s": readable, writable, executable, shared. */
static bool take_access(struct rest *rest, bool *ret_writable)
{
    if (rest->end - rest->at < 4 || rest->at[3] != 's')
        return false;
    *ret_writable = rest->at[1] == 'w';
    rest->at += 4;
    return true;
}

/* Whether all that is left is the name of a segment, and which key is in it. */
static bool take_name(struct rest *rest, uint32_t *ret_key)
{
    static const char deleted[] = " (deleted)";
    size_t length = (size_t)(rest->end - rest->at);
    uint64_t key;

    if (length < NAME_START_LENGTH || memcmp(rest->at, NAME_START, NAME_START_LENGTH) != 0)
        return false;
    rest->at += NAME_START_LENGTH;
    length = (size_t)(rest->end - rest->at);
    if (length < KEY_DIGITS)
        return false;
    length -= KEY_DIGITS;
    if (length > 0 &&
        (length != sizeof(deleted) - 1 || memcmp(rest->at + KEY_DIGITS, deleted, length) != 0))
        return false;
    rest->end = rest->at + KEY_DIGITS;
    if (!take_hex(rest, 32, &key) || rest->at != rest->end)
        return false;
    *ret_key = (uint32_t)key;
    return true;
}

bool maps_parse_line(const char *line, size_t length, struct mapping *ret_mapping)
{
    struct rest rest = {line, line + length};
    struct mapping mapping = {0};
    uint64_t number;
    uint64_t major;
    uint64_t minor;
    size_t used;

    if (!take_hex(&rest, 64, &number) || !take_byte(&rest, '-') || !take_hex(&rest, 64, &number) ||
        !take_byte(&rest, ' ') || !take_access(&rest, &mapping.writable) ||
        !take_byte(&rest, ' ') || !take_hex(&rest, 64, &number) || !take_byte(&rest, ' ') ||
        !take_hex(&rest, 32, &major) || !take_byte(&rest, ':') || !take_hex(&rest, 32, &minor) ||
        !take_byte(&rest, ' '))
        return false;
    used = parse_digits(rest.at, (size_t)(rest.end - rest.at), &number);
    rest.at += used;
    if (used == 0 || number > INT_MAX || !take_byte(&rest, ' '))
        return false;
    while (take_byte(&rest, ' '))
        ;
    if (!take_name(&rest, &mapping.key))
        return false;
    mapping.shmid = (int)number;
    mapping.major = (uint32_t)major;
    mapping.minor = (uint32_t)minor;
    *ret_mapping = mapping;
    return true;
}

/* Finds the segments in LENGTH bytes of whole lines: most processes have none at all. */
static void search(const char *text, size_t length, const struct maps_sink *sink)
{
    const char *end = text + length;
    const char *found;

    while ((found = memmem(text, (size_t)(end - text), NAME_START, NAME_START_LENGTH))) {
        const char *before = memrchr(text, '\n', (size_t)(found - text));
        const char *line = before ? before + 1 : text;
        const char *newline = memchr(found, '\n', (size_t)(end - found));
        const char *line_end = newline ? newline : end;
        struct mapping mapping;

        if (maps_parse_line(line, (size_t)(line_end - line), &mapping))
            sink->mapping(sink->arg, &mapping);
        text = line_end;
    }
}

/* Searches the whole lines of a buffer and moves what is left to its front. Returns how much. */
static size_t search_lines(char *buffer, size_t length, const struct maps_sink *sink)
{
    const char *newline = memrchr(buffer, '\n', length);
    size_t whole = newline ? (size_t)(newline - buffer) + 1 : 0;

    search(buffer, whole, sink);
    memmove(buffer, buffer + whole, length - whole);
    return length - whole;
}

ssize_t maps_read(int fd, char *buffer, const struct maps_sink *sink)
{
    size_t total = 0;
    size_t kept = 0;

    for (;;) {
        ssize_t got = read(fd, buffer + kept, MAPS_BUFFER_SIZE - kept);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        kept += (size_t)got;
        total += (size_t)got;
        if (kept == MAPS_BUFFER_SIZE) {
            kept = search_lines(buffer, kept, sink);
            /* A line as long as the buffer names no segment. */
            if (kept == MAPS_BUFFER_SIZE)
                kept = 0;
        }
    }
    search(buffer, kept, sink);
    return (ssize_t)total;
}
