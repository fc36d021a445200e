#include "model/limits.h"

#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "base/parse.h"

/* include/uapi/linux/shm.h, SHMMAX, SHMALL, SHMMNI: the first two are ULONG_MAX - 2^24, the
 * kernel's ULONG_MAX. */
#define ALMOST_ALL (UINT64_MAX - (UINT64_C(1) << 24))
#define ALMOST_ALL_NARROW (UINT32_MAX - (UINT32_C(1) << 24))

const struct limit_kind limit_kinds[LIMIT_COUNT] = {
    [LIMIT_SHMMAX] = {"shmmax", "bytes", true, ALMOST_ALL, "largest segment"},
    [LIMIT_SHMALL] = {"shmall", "pages", true, ALMOST_ALL, "all segments together"},
    [LIMIT_SHMMNI] = {"shmmni", "segments", true, 4096, "number of segments"},
    [LIMIT_SHMMIN] = {"shmmin", "bytes", false, 1, "smallest segment"},
    [LIMIT_RMID_FORCED] = {"shm_rmid_forced", "flag", true, 0, "1: end with last user"},
};

void usage_add(struct usage *usage, const struct segment *segment, uint64_t page_size)
{
    usage->segments++;
    usage->pages = saturating_add(usage->pages, pages_of(segment->size, page_size));
    usage->bytes = saturating_add(usage->bytes, segment->size);
    if (segment->size > usage->largest)
        usage->largest = segment->size;
    if (segment_is_huge(segment))
        return;
    if (segment->has_rss)
        usage->rss = saturating_add(usage->rss, segment->rss);
    else
        usage->without_rss++;
}

bool limits_used(const struct limits *limits, const struct usage *usage, enum limit_id id,
                 uint64_t *ret_used)
{
    if (!limits->known[id])
        return false;
    if (id == LIMIT_SHMALL)
        *ret_used = usage->pages;
    else if (id == LIMIT_SHMMNI)
        *ret_used = usage->segments;
    else
        return false;
    return true;
}

uint64_t limits_percent(uint64_t used, uint64_t value)
{
    uint64_t product;
    uint64_t percent;

    if (value == 0)
        return 100;
    if (!__builtin_mul_overflow(used, 100, &product))
        return product / value;
    /* The last digits of so large a number do not matter; what is not full must not seem full. */
    percent = value < 100 ? UINT64_MAX : used / (value / 100);
    return used < value && percent > 99 ? 99 : percent;
}

uint64_t limits_usual(const struct limits *limits, enum limit_id id)
{
    const uint64_t usual = limit_kinds[id].usual;

    return limits->narrow && usual == ALMOST_ALL ? ALMOST_ALL_NARROW : usual;
}

bool limits_is_unlimited(const struct limits *limits, enum limit_id id, uint64_t value)
{
    /* More than its unsigned long can have is what a kernel refuses. */
    const uint64_t max = limits->narrow ? UINT32_MAX : UINT64_MAX;

    return (id == LIMIT_SHMMAX || id == LIMIT_SHMALL) && value >= limits_usual(limits, id) &&
           value <= max;
}

const char *limits_ceiling(const struct limit_setting *setting)
{
    if (setting->id == LIMIT_RMID_FORCED && setting->value > 1)
        return "the kernel takes 0 or 1";
    if (setting->id != LIMIT_SHMMNI || setting->value <= SHMMNI_USUAL_MAX)
        return NULL;
    if (setting->value <= SHMMNI_EXTENDED_MAX)
        return "the kernel takes no more than 32768 unless it was booted with ipcmni_extend";
    return "the kernel takes no more than 32768, or 16777216 when it was booted with ipcmni_extend";
}

bool limits_conflict(const struct limits *limits, uint64_t *ret_pages)
{
    uint64_t pages;

    if (!limits->known[LIMIT_SHMMAX] || !limits->known[LIMIT_SHMALL])
        return false;
    pages = pages_of(limits->values[LIMIT_SHMMAX], limits->page_size);
    if (limits->values[LIMIT_SHMALL] >= pages)
        return false;
    *ret_pages = pages;
    return true;
}

/* The limit of this name (LENGTH bytes), as sysctl(8) says it or without "kernel.", or LIMIT_COUNT.
 */
static enum limit_id find_limit(const char *name, size_t length)
{
    static const char prefix[] = "kernel.";
    const size_t skipped = sizeof(prefix) - 1;
    enum limit_id id = 0;

    if (length > skipped && memcmp(name, prefix, skipped) == 0) {
        name += skipped;
        length -= skipped;
    }
    while (id < LIMIT_COUNT && (strlen(limit_kinds[id].name) != length ||
                                memcmp(limit_kinds[id].name, name, length) != 0))
        id++;
    return id;
}

/* What may stand after the equals sign; by enum limit_id. */
static const char *const right_values[LIMIT_COUNT] = {
    [LIMIT_SHMMAX] = "takes a number of bytes, or a size with a unit: K M G T P, KiB ..., KB ..., "
                     "or unlimited",
    [LIMIT_SHMALL] = "takes a number of pages, or a size with a unit: K M G T P, KiB ..., KB ..., "
                     "or unlimited",
    [LIMIT_SHMMNI] = "takes a plain number: how many segments there may be",
    [LIMIT_RMID_FORCED] = "takes 0 or 1",
};

/* The value of a limit, in its own unit. Returns 0 or -EINVAL. */
static int parse_limit_value(enum limit_id id, const char *word, uint64_t page_size,
                             uint64_t *ret_value)
{
    uint64_t bytes;
    int r;

    if (strcmp(word, "unlimited") == 0 && limit_kinds[id].usual == ALMOST_ALL) {
        *ret_value = ALMOST_ALL;
        return 0;
    }
    if (id == LIMIT_SHMMAX)
        return parse_size(word, ret_value, NULL);
    if (id != LIMIT_SHMALL || word[strspn(word, "0123456789")] == '\0')
        return parse_number(word, UINT64_MAX, "a value", ret_value, NULL);
    r = parse_size(word, &bytes, NULL);
    if (r == 0)
        *ret_value = pages_of(bytes, page_size);
    return r;
}

int limits_parse_setting(const char *word, uint64_t page_size, struct limit_setting *ret_setting,
                         struct error *err)
{
    const char *equals = strchr(word, '=');
    enum limit_id id = equals ? find_limit(word, (size_t)(equals - word)) : LIMIT_COUNT;
    uint64_t value;

    if (!equals)
        return error_set(err, EINVAL, "'%s': not NAME=VALUE", word);
    if (id == LIMIT_COUNT)
        return error_set(err, EINVAL,
                         "'%.*s': no such limit; there are: shmmax shmall shmmni shm_rmid_forced",
                         (int)(equals - word), word);
    if (!limit_kinds[id].settable)
        return error_set(err, EINVAL, "%s: is always 1 and cannot be set", limit_kinds[id].name);
    if (parse_limit_value(id, equals + 1, page_size, &value) < 0)
        return error_set(err, EINVAL, "'%s': %s %s%s", word, limit_kinds[id].name, right_values[id],
                         id == LIMIT_RMID_FORCED ? "" : "; below 2^64");
    *ret_setting = (struct limit_setting){id, value};
    return 0;
}
