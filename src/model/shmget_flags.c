#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "base/text.h"
#include "model/shmget.h"

struct flag_name {
    const char *name;
    uint32_t bits;
};

#define HUGE_SIZE(name, log) \
    { \
        "SHM_HUGE_" name, (uint32_t)(log) << SHMGET_HUGE_SHIFT \
    }

/* The first of those with the same bits is the one that is shown. */
static const struct flag_name flag_names[] = {
    {"IPC_CREAT", SHMGET_CREATE},
    {"IPC_EXCL", SHMGET_EXCLUSIVE},
    {"SHM_HUGETLB", SHMGET_HUGE},
    {"SHM_NORESERVE", SHMGET_NORESERVE},
    /* Has the bit of SHM_HUGETLB: shmget takes it for that. */
    {"IPC_NOWAIT", SHMGET_HUGE},
};

static const struct flag_name huge_size_names[] = {
    HUGE_SIZE("64KB", 16),  HUGE_SIZE("512KB", 19), HUGE_SIZE("1MB", 20),  HUGE_SIZE("2MB", 21),
    HUGE_SIZE("8MB", 23),   HUGE_SIZE("16MB", 24),  HUGE_SIZE("32MB", 25), HUGE_SIZE("256MB", 28),
    HUGE_SIZE("512MB", 29), HUGE_SIZE("1GB", 30),   HUGE_SIZE("2GB", 31),  HUGE_SIZE("16GB", 34),
};

static const struct flag_name mode_names[] = {
    {"SHM_R", 0400},   {"SHM_W", 0200},   {"S_IRWXU", 0700}, {"S_IRUSR", 0400}, {"S_IWUSR", 0200},
    {"S_IXUSR", 0100}, {"S_IRWXG", 0070}, {"S_IRGRP", 0040}, {"S_IWGRP", 0020}, {"S_IXGRP", 0010},
    {"S_IRWXO", 0007}, {"S_IROTH", 0004}, {"S_IWOTH", 0002}, {"S_IXOTH", 0001},
};

#define NAMES(array) (array), sizeof(array) / sizeof((array)[0])

/* --- Reading ---------------------------------------------------------------------------------- */

static bool find_flag(const struct flag_name *names, size_t count, const char *part,
                      uint32_t *ret_bits)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i].name, part) == 0) {
            *ret_bits = names[i].bits;
            return true;
        }
    }
    return false;
}

/* 21<<SHM_HUGE_SHIFT, as strace prints it, or 21<<26. */
static bool parse_shifted(const char *part, uint32_t *ret_bits)
{
    uint64_t log;
    size_t digits = parse_digits(part, strlen(part), &log);
    const char *rest = part + digits;

    if (digits == 0 || log > SHMGET_HUGE_LOG_MAX ||
        (strcmp(rest, "<<SHM_HUGE_SHIFT") != 0 && strcmp(rest, "<<26") != 0))
        return false;
    *ret_bits = (uint32_t)log << SHMGET_HUGE_SHIFT;
    return true;
}

/* What stands between two bars: PART of LENGTH bytes, blanks around it skipped. */
static bool parse_part(const char *part, size_t length, uint32_t *ret_bits)
{
    char name[32];

    text_trim(&part, &length, " ");
    if (length == 0 || length >= sizeof(name))
        return false;
    memcpy(name, part, length);
    name[length] = '\0';
    return find_flag(NAMES(flag_names), name, ret_bits) ||
           find_flag(NAMES(huge_size_names), name, ret_bits) ||
           find_flag(NAMES(mode_names), name, ret_bits) || parse_shifted(name, ret_bits) ||
           /* 32 bits, in the same forms */
           (name[0] != '-' && parse_key(name, ret_bits, NULL) == 0);
}

int shmget_parse_flags(const char *word, uint32_t *ret_flags, struct error *err)
{
    uint32_t flags = 0;

    for (const char *part = word;;) {
        size_t length = strcspn(part, "|");
        uint32_t bits;

        if (!parse_part(part, length, &bits))
            return error_set(err, EINVAL,
                             "'%.*s': not a flag of shmget; a number (03600, 0xfb0, 960), or "
                             "IPC_CREAT, IPC_EXCL, SHM_HUGETLB, SHM_NORESERVE, SHM_HUGE_2MB ..., "
                             "S_IRUSR ..., joined by |",
                             (int)length, part);
        flags |= bits;
        if (part[length] == '\0')
            break;
        part += length + 1;
    }
    *ret_flags = flags;
    return 0;
}

/* --- Showing ---------------------------------------------------------------------------------- */

void shmget_put_flags(struct strbuf *out, uint32_t flags)
{
    const uint32_t huge = (uint32_t)SHMGET_HUGE_LOG_MAX << SHMGET_HUGE_SHIFT;
    uint32_t size = flags & huge;
    uint32_t rest = flags & ~(huge | SHMGET_MODE);

    for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++) {
        if (rest & flag_names[i].bits)
            strbuf_printf(out, "%s | ", flag_names[i].name);
        rest &= ~flag_names[i].bits;
    }
    for (size_t i = 0; i < sizeof(huge_size_names) / sizeof(huge_size_names[0]) && size; i++) {
        if (size != huge_size_names[i].bits)
            continue;
        strbuf_printf(out, "%s | ", huge_size_names[i].name);
        size = 0;
    }
    if (size)
        strbuf_printf(out, "%u<<SHM_HUGE_SHIFT | ", (unsigned)(size >> SHMGET_HUGE_SHIFT));
    if (rest)
        strbuf_printf(out, "0x%x | ", (unsigned)rest);
    strbuf_printf(out, "0%03o", (unsigned)(flags & SHMGET_MODE));
}
