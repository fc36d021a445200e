#include "kernel/mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20
#endif

/* The fields up to the mount options; any number of optional ones follows, then a dash. */
enum { FIELD_ROOT = 3, FIELD_PATH = 4, FIELDS_MIN = 6 };

/* Takes the next field off the line. Returns it, or NULL when there is none; its length too. */
static const char *take_field(const char **line, const char *end, size_t *ret_length)
{
    const char *field = *line;
    const char *blank;

    if (field >= end)
        return NULL;
    blank = memchr(field, ' ', (size_t)(end - field));
    *line = blank ? blank + 1 : end;
    *ret_length = (size_t)((blank ? blank : end) - field);
    return *ret_length > 0 ? field : NULL;
}

bool mountinfo_parse_line(const char *line, size_t length, struct mountinfo *ret_mount)
{
    struct mountinfo mount = {0};
    const char *end = line + length;
    bool past_dash = false;

    for (size_t i = 0;; i++) {
        size_t field_length;
        const char *field = take_field(&line, end, &field_length);

        if (!field)
            return false;
        if (past_dash) {
            mount.type = field;
            mount.type_length = field_length;
            *ret_mount = mount;
            return true;
        }
        if (i == FIELD_ROOT) {
            mount.root = field;
            mount.root_length = field_length;
        } else if (i == FIELD_PATH) {
            mount.path = field;
            mount.path_length = field_length;
        }
        past_dash = i >= FIELDS_MIN && field_length == 1 && *field == '-';
    }
}

static bool is_octal(char digit)
{
    return digit >= '0' && digit <= '7';
}

void mountinfo_unescape(struct strbuf *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const char *at = text + i;

        if (*at == '\\' && length - i >= 4 && at[1] <= '3' && is_octal(at[1]) && is_octal(at[2]) &&
            is_octal(at[3])) {
            strbuf_putc(out, (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0')));
            i += 3;
        } else {
            strbuf_putc(out, *at);
        }
    }
}

int mountinfo_open(int proc_fd, const char *base, const char *path)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC,
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_CACHED};
    CLEANUP_CLOSE int root = -1;
    char root_path[64];
    int fd;

    snprintf(root_path, sizeof(root_path), "%s/root", base);
    root = openat(proc_fd, root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return -1;
    fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
    if (fd < 0 && errno == EINVAL) { /* before Linux 5.12 */
        how.resolve &= ~(unsigned)RESOLVE_CACHED;
        fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
    }
    return fd;
}
