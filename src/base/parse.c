#include "base/parse.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

size_t parse_digits(const char *text, size_t length, uint64_t *ret_value)
{
    uint64_t value = 0;
    size_t used = 0;

    for (; used < length && text[used] >= '0' && text[used] <= '9'; used++) {
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text[used] - '0'), &value))
            return 0;
    }
    *ret_value = value;
    return used;
}

unsigned parse_name(const char *word, size_t length, const char *const *names, unsigned count)
{
    unsigned i = 0;

    while (i < count && (strlen(names[i]) != length || memcmp(names[i], word, length) != 0))
        i++;
    return i;
}

int parse_number(const char *word, uint64_t max, const char *what, uint64_t *ret_value,
                 struct error *err)
{
    size_t length = strlen(word);
    uint64_t value;

    if (length == 0 || parse_digits(word, length, &value) != length || value > max)
        return error_set(err, EINVAL, "'%s': not %s (a decimal number from 0 to %llu)", word, what,
                         (unsigned long long)max);
    *ret_value = value;
    return 0;
}

int parse_shmid(const char *word, int *ret_shmid, struct error *err)
{
    uint64_t value = 0;
    int r;

    if (word[0] == '0' && word[1] >= '0' && word[1] <= '9')
        return error_set(err, EINVAL, "'%s': not an id: leave out the leading zeros", word);
    r = parse_number(word, INT_MAX, "an id", &value, err);
    if (r < 0)
        return r;
    *ret_shmid = (int)value;
    return 0;
}

/* Reads LENGTH digits of BASE; false when there are none, others, or over 32 bits of them. */
static bool read_based(const char *digits, size_t length, unsigned base, uint32_t *ret_value)
{
    uint64_t value = 0;

    for (size_t i = 0; i < length; i++) {
        const char *all = "0123456789abcdef";
        int digit = digits[i] >= 'A' && digits[i] <= 'F' ? digits[i] + 32 : digits[i];
        const char *found = strchr(all, digit);

        if (!found || (unsigned)(found - all) >= base)
            return false;
        value = value * base + (unsigned)(found - all);
        if (value > UINT32_MAX)
            return false;
    }
    if (length > 0)
        *ret_value = (uint32_t)value;
    return length > 0;
}

/* Reads a key that fills LENGTH bytes. */
static bool read_key(const char *word, size_t length, uint32_t *ret_key)
{
    uint32_t key = 0;

    if (length > 1 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X'))
        return read_based(word + 2, length - 2, 16, ret_key);
    if (length > 1 && word[0] == '-') {
        if (word[1] == '0' || !read_based(word + 1, length - 1, 10, &key) || key > 1U << 31)
            return false;
        *ret_key = -key;
        return true;
    }
    if (length > 1 && word[0] == '0')
        return read_based(word + 1, length - 1, 8, ret_key);
    return read_based(word, length, 10, ret_key);
}

int parse_key(const char *word, uint32_t *ret_key, struct error *err)
{
    if (!read_key(word, strlen(word), ret_key))
        return error_set(err, EINVAL,
                         "'%s': not a key (32 bits: 0x hex, decimal, or octal with a leading 0; "
                         "IPC_PRIVATE is 0)",
                         word);
    return 0;
}

int parse_key_range(const char *word, struct range *ret_range, struct error *err)
{
    const char *dots = strstr(word, "..");
    uint32_t low = 0;
    uint32_t high = 0;
    int r = 0;

    if (!dots)
        r = parse_key(word, &low, err);
    else if (!read_key(word, (size_t)(dots - word), &low) ||
             !read_key(dots + 2, strlen(dots + 2), &high))
        r = error_set(err, EINVAL, "'%s': not a range of keys (A..B, both of them given)", word);
    else if (low > high)
        r = error_set(err, EINVAL,
                      "'%s': not a range of keys: its end lies below its start (0x%08x..0x%08x)",
                      word, low, high);
    if (r < 0)
        return r;
    *ret_range = (struct range){low, dots ? high : low};
    return 0;
}

int parse_mode(const char *word, uint32_t *ret_mode, struct error *err)
{
    size_t length = strlen(word);

    if (length > 4 || (length == 4 && word[0] != '0') || !read_based(word, length, 8, ret_mode))
        return error_set(err, EINVAL, "'%s': not a mode (three octal digits, 600)", word);
    return 0;
}

/* The factor of a unit; 0 for a word that is none. */
static uint64_t unit_factor(const char *unit, size_t length)
{
    static const char letters[] = "KMGTP";
    uint64_t base;
    uint64_t factor = 1;
    const char *letter;

    if (length == 0)
        return 1;
    letter =
        unit[0] ? strchr(letters, unit[0] >= 'a' && unit[0] <= 'z' ? unit[0] - 32 : unit[0]) : NULL;
    if (!letter)
        return 0;
    if (length == 1 || (length == 3 && strncasecmp(unit + 1, "iB", 2) == 0))
        base = 1024;
    else if (length == 2 && (unit[1] == 'B' || unit[1] == 'b'))
        base = 1000;
    else
        return 0;
    for (const char *step = letters; step <= letter; step++)
        factor *= base;
    return factor;
}

/*
 * Reads digits and a unit that fill exactly LENGTH bytes. Returns 0, -EINVAL when they are
 * something else, -ERANGE when it is more than 64 bits hold.
 */
static int read_size(const char *text, size_t length, uint64_t *ret_bytes)
{
    uint64_t value;
    uint64_t factor;
    size_t digits = 0;

    while (digits < length && text[digits] >= '0' && text[digits] <= '9')
        digits++;
    factor = unit_factor(text + digits, length - digits);
    if (digits == 0 || factor == 0)
        return -EINVAL;
    if (parse_digits(text, digits, &value) == 0 || __builtin_mul_overflow(value, factor, &value))
        return -ERANGE;
    *ret_bytes = value;
    return 0;
}

static int refuse_large(const char *word, struct error *err)
{
    return error_set(err, EINVAL, "'%s': too large: more than %llu", word,
                     (unsigned long long)UINT64_MAX);
}

int parse_size(const char *word, uint64_t *ret_bytes, struct error *err)
{
    int r = read_size(word, strlen(word), ret_bytes);

    if (r == -ERANGE)
        return refuse_large(word, err);
    if (r < 0)
        return error_set(err, EINVAL,
                         "'%s': not a size (a number of bytes, or with a unit: K M G T P, "
                         "KiB ..., KB ...)",
                         word);
    return 0;
}

int parse_range(const char *word, struct range *ret_range, struct error *err)
{
    struct range range = {0, UINT64_MAX};
    const char *dots = strstr(word, "..");
    int lower_end = 0;
    int upper_end = 0;

    if (!dots) {
        lower_end = read_size(word, strlen(word), &range.low);
        range.high = range.low;
    } else {
        const char *upper = dots + 2;

        if (dots > word || !*upper)
            lower_end = read_size(word, (size_t)(dots - word), &range.low);
        if (*upper)
            upper_end = read_size(upper, strlen(upper), &range.high);
    }
    if (lower_end == -EINVAL || upper_end == -EINVAL)
        return error_set(err, EINVAL,
                         "'%s': not a range (N, N..M, N.. or ..M; N may have a unit: K M G T P, "
                         "KiB ..., KB ...)",
                         word);
    if (lower_end < 0 || upper_end < 0)
        return refuse_large(word, err);
    if (range.low > range.high)
        return error_set(err, EINVAL, "'%s': not a range: its end lies below its start", word);
    *ret_range = range;
    return 0;
}

/*
 * Reads a number and its unit from the start of WORD, and adds them to *seconds. *unit is the
 * longest that may be given, and then the next shorter one. Returns the length, or 0.
 */
static size_t read_age_part(const char *word, size_t *unit, uint64_t *seconds)
{
    static const struct {
        char letter;
        uint64_t seconds;
    } units[] = {{'w', 604800}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    enum { UNITS = sizeof(units) / sizeof(units[0]) };
    uint64_t value = 0;
    size_t used = parse_digits(word, strlen(word), &value);
    size_t found = *unit;

    while (found < UNITS && units[found].letter != word[used])
        found++;
    if (used == 0 || found == UNITS ||
        __builtin_mul_overflow(value, units[found].seconds, &value) ||
        __builtin_add_overflow(*seconds, value, seconds))
        return 0;
    *unit = found + 1;
    return used + 1;
}

int parse_age(const char *word, uint64_t *ret_seconds, struct error *err)
{
    size_t length = strlen(word);
    size_t unit = 0;
    uint64_t seconds = 0;
    size_t used = parse_digits(word, length, &seconds);

    if (used < length) {
        seconds = 0;
        for (size_t part = used = 0; used < length; used += part) {
            part = read_age_part(word + used, &unit, &seconds);
            if (part == 0)
                break;
        }
    }
    /* Times are signed 64-bit seconds: an age beyond them could not be compared. */
    if (used == 0 || used < length || seconds > INT64_MAX)
        return error_set(err, EINVAL, "'%s': not an age (45, 30s, 10m, 2h, 7d, 1w, 1h30m)", word);
    *ret_seconds = seconds;
    return 0;
}

/* The milliseconds of a duration's unit; 0 for a word that is none. */
static uint64_t duration_factor(const char *unit)
{
    static const struct {
        const char *unit;
        uint64_t factor;
    } factors[] = {{"ms", 1},    {"", 1000},     {"s", 1000},
                   {"m", 60000}, {"h", 3600000}, {"d", 86400000}};

    for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
        if (strcmp(unit, factors[i].unit) == 0)
            return factors[i].factor;
    }
    return 0;
}

int parse_duration(const char *word, uint64_t *ret_milliseconds, struct error *err)
{
    uint64_t value = 0;
    size_t used = parse_digits(word, strlen(word), &value);
    uint64_t factor = duration_factor(word + used);

    /* In nanoseconds it still has to fit 64 bits when it is added to a clock: 100 years do. */
    if (used == 0 || factor == 0 || __builtin_mul_overflow(value, factor, &value) ||
        value > UINT64_C(100) * 365 * 86400 * 1000)
        return error_set(err, EINVAL, "'%s': not a duration (500ms, 10, 10s, 2m or 1h)", word);
    *ret_milliseconds = value;
    return 0;
}
