#include "view/human.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

/* Appends a size in whole units and tenths, rounded; returns the unit's index into "BKMGTPE". */
static unsigned put_scaled(struct strbuf *out, uint64_t bytes)
{
    unsigned unit = 0;
    uint64_t whole;
    uint64_t rest;
    uint64_t tenth;

    while (unit < 6 && bytes >> (10 * (unit + 1)) > 0)
        unit++;
    whole = bytes >> (10 * unit);
    rest = bytes & ((UINT64_C(1) << (10 * unit)) - 1);
    /* The largest rest is below 2^60: ten times that, and a half, fits. */
    tenth = unit > 0 ? (rest * 10 + (UINT64_C(1) << (10 * unit - 1))) >> (10 * unit) : 0;
    if (tenth == 10) {
        tenth = 0;
        whole++;
        if (whole == 1024 && unit < 6) {
            whole = 1;
            unit++;
        }
    }
    strbuf_put_u64(out, whole);
    if (tenth > 0)
        strbuf_printf(out, ".%u", (unsigned)tenth);
    return unit;
}

void human_size_wide(struct strbuf *out, struct wide bytes)
{
    unsigned folded = 0;

    /* What is lost is far below a tenth of what is shown. */
    for (; bytes.high > 0; folded++) {
        bytes.low = bytes.high << 54 | bytes.low >> 10;
        bytes.high >>= 10;
    }
    strbuf_putc(out, "BKMGTPEZYRQ"[put_scaled(out, bytes.low) + folded]);
}

void human_size(struct strbuf *out, uint64_t bytes)
{
    human_size_wide(out, (struct wide){.low = bytes});
}

void human_size_long(struct strbuf *out, uint64_t bytes)
{
    static const char *const units[] = {" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};

    strbuf_puts(out, units[put_scaled(out, bytes)]);
}

void human_pages(struct strbuf *out, uint64_t pages, uint64_t page_size)
{
    uint64_t bytes;
    uint64_t exbibytes;

    if (!__builtin_mul_overflow(pages, page_size, &bytes)) {
        human_size_long(out, bytes);
        return;
    }
    /* 2^60 bytes at a time, rounded; a page has fewer than 2^20 bytes, so that nothing wraps. */
    exbibytes = ((pages >> 20) * page_size + (UINT64_C(1) << 39)) >> 40;
    if (exbibytes < 1024)
        strbuf_printf(out, "%llu EiB", (unsigned long long)exbibytes);
    else
        strbuf_printf(out, "%llu ZiB", (unsigned long long)(exbibytes + 512) >> 10);
}

static void put_age(struct strbuf *out, int64_t time, int64_t now)
{
    uint64_t age = time <= now ? (uint64_t)now - (uint64_t)time : (uint64_t)time - (uint64_t)now;
    unsigned long long seconds = age % 60;
    unsigned long long minutes = age / 60 % 60;
    unsigned long long hours = age / 3600 % 24;
    unsigned long long days = age / 86400;

    if (time > now)
        strbuf_putc(out, '-');
    if (days > 0)
        strbuf_printf(out, "%llud%lluh", days, hours);
    else if (hours > 0)
        strbuf_printf(out, "%lluh%llum", hours, minutes);
    else if (minutes > 0)
        strbuf_printf(out, "%llum%llus", minutes, seconds);
    else
        strbuf_printf(out, "%llus", seconds);
}

/* Appends "00" to "99" after a separator. */
static void put_two_digits(struct strbuf *out, char separator, long number)
{
    const char text[] = {separator, (char)('0' + number / 10 % 10), (char)('0' + number % 10)};

    strbuf_append(out, text, sizeof(text));
}

/* By hand: with strftime(3) ls --json of 32,700 segments takes 6 % more time. */
static void put_date(struct strbuf *out, const struct tm *parts)
{
    int64_t year = parts->tm_year + INT64_C(1900);

    for (int64_t least = 1000; least > 1 && year >= 0 && year < least; least /= 10)
        strbuf_putc(out, '0');
    strbuf_put_i64(out, year);
    put_two_digits(out, '-', parts->tm_mon + 1);
    put_two_digits(out, '-', parts->tm_mday);
}

static void put_iso(struct strbuf *out, const struct tm *parts)
{
    long offset = parts->tm_gmtoff < 0 ? -parts->tm_gmtoff : parts->tm_gmtoff;

    put_date(out, parts);
    put_two_digits(out, 'T', parts->tm_hour);
    put_two_digits(out, ':', parts->tm_min);
    put_two_digits(out, ':', parts->tm_sec);
    put_two_digits(out, parts->tm_gmtoff < 0 ? '-' : '+', offset / 3600);
    put_two_digits(out, ':', offset / 60 % 60);
}

static bool is_same_day(const struct tm *parts, int64_t now)
{
    time_t seconds = (time_t)now;
    struct tm today;

    return localtime_r(&seconds, &today) && today.tm_year == parts->tm_year &&
           today.tm_yday == parts->tm_yday;
}

static void put_short_time(struct strbuf *out, int64_t time, const struct tm *parts, int64_t now)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const int64_t half_year = INT64_C(31556952) / 2; /* seconds, of the Gregorian calendar */

    if (is_same_day(parts, now))
        strbuf_printf(out, "%02d:%02d", parts->tm_hour, parts->tm_min);
    else if (time <= now && time > now - half_year)
        strbuf_printf(out, "%s%02d", months[parts->tm_mon], parts->tm_mday);
    else
        put_date(out, parts);
}

void human_time(struct strbuf *out, int64_t time, enum human_time form, int64_t now)
{
    time_t seconds = (time_t)time;
    struct tm parts;

    if (form == TIME_EPOCH) {
        strbuf_put_i64(out, time);
    } else if (form == TIME_AGE) {
        put_age(out, time, now);
    } else if (!localtime_r(&seconds, &parts)) {
        /* A year that no calendar has: the seconds are still true. */
        strbuf_putc(out, '@');
        strbuf_put_i64(out, time);
    } else if (form == TIME_CLOCK) {
        strbuf_printf(out, "%02d:%02d:%02d", parts.tm_hour, parts.tm_min, parts.tm_sec);
    } else if (form == TIME_SHORT) {
        put_short_time(out, time, &parts, now);
    } else {
        put_iso(out, &parts);
    }
}

void human_count(struct strbuf *out, uint64_t count, const char *noun)
{
    strbuf_put_u64(out, count);
    strbuf_putc(out, ' ');
    strbuf_puts(out, noun);
    if (count != 1)
        strbuf_putc(out, 's');
}

void human_user(struct strbuf *out, const char *name)
{
    if (strcmp(name, "nobody") == 0)
        strbuf_puts(out, "user ");
    strbuf_puts(out, name);
}
