#include "kernel/maps.h"

#include <errno.h>
#include <limits.h>
#include <linux/memfd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/xalloc.h"

#define NAME_START "/SYSV"
enum {
    NAME_START_LENGTH = sizeof(NAME_START) - 1,
    KEY_DIGITS = 8,
    BUFFER_SIZE = 256 * 1024, /* of text; more than PATH_MAX, which a query's name needs */
};

/* What is left of a line: fields are taken from its start. */
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

static void add_mapping(struct maps_reader *reader, const struct mapping *mapping)
{
    reader->items = xgrow(reader->items, reader->count, &reader->capacity, sizeof(*mapping));
    reader->items[reader->count++] = *mapping;
}

/* Finds the segments in LENGTH bytes of whole lines: most processes have none at all. */
static void search_text(struct maps_reader *reader, const char *text, size_t length)
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
            add_mapping(reader, &mapping);
        text = line_end;
    }
}

/* Searches the whole lines of the buffer and moves what is left to its start. Returns how much. */
static size_t search_whole_lines(struct maps_reader *reader, size_t length)
{
    char *buffer = reader->buffer;
    const char *newline = memrchr(buffer, '\n', length);
    size_t whole = newline ? (size_t)(newline - buffer) + 1 : 0;

    search_text(reader, buffer, whole);
    memmove(buffer, buffer + whole, length - whole);
    return length - whole;
}

static int read_maps_text(struct maps_reader *reader, int fd)
{
    bool empty = true;
    size_t kept = 0;

    for (;;) {
        ssize_t got = read(fd, reader->buffer + kept, BUFFER_SIZE - kept);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        empty = false;
        kept += (size_t)got;
        if (kept == BUFFER_SIZE) {
            kept = search_whole_lines(reader, kept);
            if (kept == BUFFER_SIZE) /* a line without end: not what the kernel writes */
                return -EBADMSG;
        }
    }
    search_text(reader, reader->buffer, kept);
    return empty ? 0 : 1;
}

/* struct procmap_query of linux/fs.h, which kernel headers before 6.11 do not have. */
struct query {
    uint64_t size; /* of this struct */
    uint64_t query_flags;
    uint64_t query_addr;
    uint64_t vma_start;
    uint64_t vma_end;
    uint64_t vma_flags;
    uint64_t vma_page_size;
    uint64_t vma_offset;
    uint64_t inode;
    uint32_t dev_major;
    uint32_t dev_minor;
    uint32_t vma_name_size;
    uint32_t build_id_size;
    uint64_t vma_name_addr;
    uint64_t build_id_addr;
};

#define QUERY _IOWR('f', 17, struct query)
enum { QUERY_WRITABLE = 0x02, QUERY_SHARED = 0x08, QUERY_NEXT = 0x10, QUERY_FILE = 0x20 };

/* The next shared mapping of a file from ADDRESS on. Returns 0 or a negative errno. */
static int query_mapping(int fd, uint64_t address, char *name, struct query *ret_answer)
{
    struct query query = {
        .size = sizeof(query),
        .query_flags = QUERY_NEXT | QUERY_FILE | QUERY_SHARED,
        .query_addr = address,
        .vma_name_size = PATH_MAX,
        .vma_name_addr = (uint64_t)(uintptr_t)name,
    };

    name[0] = '\0';
    if (ioctl(fd, QUERY, &query) < 0) {
        if (errno != ENAMETOOLONG)
            return -errno;
        /* Not a segment's, but the next one comes after it. */
        query.vma_name_size = 0;
        query.vma_name_addr = 0;
        if (ioctl(fd, QUERY, &query) < 0)
            return -errno;
    }
    *ret_answer = query;
    return 0;
}

/* Goes from one shared mapping of a file to the next. ANSWER: to the first question. */
static int query_all_mappings(struct maps_reader *reader, int fd, struct query answer)
{
    int r;

    do {
        struct rest rest = {reader->buffer, reader->buffer + strlen(reader->buffer)};
        struct mapping mapping = {
            .shmid = (int)answer.inode,
            .writable = (answer.vma_flags & QUERY_WRITABLE) != 0,
            .major = answer.dev_major,
            .minor = answer.dev_minor,
            .page_size = answer.vma_page_size,
        };

        if (answer.inode <= INT_MAX && take_name(&rest, &mapping.key))
            add_mapping(reader, &mapping);
        r = query_mapping(fd, answer.vma_end, reader->buffer, &answer);
    } while (r == 0);
    return r == -ENOENT ? 1 : r;
}

struct maps_reader maps_reader_new(bool text_only)
{
    /* Zeros, which cost nothing at this size: what a query writes there no memory checker sees. */
    return (struct maps_reader){.buffer = xcalloc(1, BUFFER_SIZE), .text_only = text_only};
}

void maps_reader_release(struct maps_reader *reader)
{
    free(reader->buffer);
    free(reader->items);
    *reader = (struct maps_reader){.buffer = NULL};
}

int maps_read(struct maps_reader *reader, int fd)
{
    struct query first;
    int r;

    reader->count = 0;
    if (!reader->text_only) {
        r = query_mapping(fd, 0, reader->buffer, &first);
        if (r == 0)
            return query_all_mappings(reader, fd, first);
        if (r == -ENOENT)
            return 1;
        if (r == -ESRCH)
            return r;
        reader->text_only = true; /* an older kernel, or one that is not allowed to answer */
    }
    return read_maps_text(reader, fd);
}

bool smaps_find_page_size(const char *text, int shmid, uint64_t *ret_page_size,
                          uint64_t *ret_smallest)
{
    static const char mark[] = "KernelPageSize:";
    uint64_t smallest = UINT64_MAX;
    uint64_t found = 0;
    bool is_wanted = false;

    for (const char *end; *text; text = end + (*end == '\n')) {
        size_t length = strcspn(text, "\n");
        struct mapping mapping;
        uint64_t kib;

        end = text + length;
        if (strchr("0123456789abcdef", *text)) { /* its fields begin with a capital */
            is_wanted = maps_parse_line(text, length, &mapping) && mapping.shmid == shmid;
        } else if (strncmp(text, mark, sizeof(mark) - 1) == 0) {
            text += sizeof(mark) - 1;
            text += strspn(text, " ");
            if (parse_digits(text, (size_t)(end - text), &kib) == 0 || kib == 0 || kib > UINT32_MAX)
                continue;
            smallest = kib * 1024 < smallest ? kib * 1024 : smallest;
            found = is_wanted ? kib * 1024 : found;
        }
    }
    if (found == 0)
        return false;
    *ret_page_size = found;
    *ret_smallest = smallest;
    return true;
}

/* --- Devices ---------------------------------------------------------------------------------- */

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* Huge pages have 2^SHIFT bytes: 64 KiB on arm64, 16 GiB on powerpc. */
enum { HUGE_SHIFT_MIN = 16, HUGE_SHIFT_MAX = 34, HUGE_SHIFT_POSITION = 26 };

/* Sets *ret_device to the device of a new memory file. */
static bool read_memory_device(unsigned flags, dev_t *ret_device)
{
    /* From Linux 6.3 on a file that may be executed is noted in the kernel's log, or refused. */
    CLEANUP_CLOSE int fd = memfd_create("shmtool", MFD_CLOEXEC | MFD_NOEXEC_SEAL | flags);
    CLEANUP_CLOSE int old = -1;
    struct stat status;

    if (fd < 0 && errno == EINVAL)
        old = memfd_create("shmtool", MFD_CLOEXEC | flags);
    if ((fd < 0 && old < 0) || fstat(fd >= 0 ? fd : old, &status) < 0)
        return false;
    *ret_device = status.st_dev;
    return true;
}

static void read_huge_devices(struct segment_devices *devices)
{
    devices->has_read_huge = true;
    for (unsigned shift = HUGE_SHIFT_MIN;
         shift <= HUGE_SHIFT_MAX && devices->huge_count < SEGMENT_DEVICES_HUGE_MAX; shift++) {
        if (read_memory_device(MFD_HUGETLB | shift << HUGE_SHIFT_POSITION,
                               &devices->huge[devices->huge_count]))
            devices->huge_count++;
    }
}

bool segment_devices_has(struct segment_devices *devices, uint32_t major, uint32_t minor)
{
    dev_t device = makedev(major, minor);

    if (!devices->has_read) {
        devices->has_read = true;
        devices->known = read_memory_device(0, &devices->memory);
    }
    if (!devices->known)
        return major == 0;
    if (device == devices->memory)
        return true;
    if (!devices->has_read_huge)
        read_huge_devices(devices);
    for (size_t i = 0; i < devices->huge_count; i++) {
        if (device == devices->huge[i])
            return true;
    }
    return false;
}
