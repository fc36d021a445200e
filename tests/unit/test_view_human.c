/* view/human: sizes, times and counts as people read them. */
#include "view/human.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "unit.h"

static void assert_size(uint64_t bytes, const char *short_form, const char *long_form)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

    human_size(&out, bytes);
    assert_string_equal(strbuf_string(&out), short_form);
    strbuf_reset(&out);
    human_size_long(&out, bytes);
    assert_string_equal(strbuf_string(&out), long_form);
}

static void sizes_of_whole_units(void **state)
{
    (void)state;
    assert_size(0, "0B", "0 B");
    assert_size(1, "1B", "1 B");
    assert_size(56, "56B", "56 B");
    assert_size(1023, "1023B", "1023 B");
    assert_size(1024, "1K", "1 KiB");
    assert_size(393216, "384K", "384 KiB");
    assert_size(UINT64_C(1) << 20, "1M", "1 MiB");
    assert_size(UINT64_C(33554432), "32M", "32 MiB");
    assert_size(UINT64_C(1) << 30, "1G", "1 GiB");
    assert_size(UINT64_C(1) << 40, "1T", "1 TiB");
    assert_size(UINT64_C(1) << 50, "1P", "1 PiB");
    assert_size(UINT64_C(1) << 60, "1E", "1 EiB");
    assert_size(UINT64_C(15) << 60, "15E", "15 EiB");
}

static void sizes_beyond_64_bits(void **state)
{
    static const struct {
        struct wide bytes;
        const char *text;
    } cases[] = {
        {{0, 1536}, "1.5K"},
        {{0, UINT64_MAX}, "16E"},
        {{1, 0}, "16E"},
        {{1, UINT64_C(1) << 63}, "24E"},
        {{64, 0}, "1Z"},
        {{96, 0}, "1.5Z"},
        {{UINT64_C(1) << 16, 0}, "1Y"},
        {{UINT64_C(1) << 24, 0}, "256Y"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

        human_size_wide(&out, cases[i].bytes);
        assert_string_equal(strbuf_string(&out), cases[i].text);
    }
}

static void sizes_are_rounded_to_a_tenth(void **state)
{
    (void)state;
    assert_size(1536, "1.5K", "1.5 KiB");
    assert_size(131104, "128K", "128 KiB");
    /* 37.4 MiB, the example of the question. */
    assert_size(39216742, "37.4M", "37.4 MiB");
    /* A twentieth is rounded up; the border lies at 51.2 and 1075.2 bytes. */
    assert_size(1024 + 51, "1K", "1 KiB");
    assert_size(1024 + 52, "1.1K", "1.1 KiB");
    assert_size(1024 + 153, "1.1K", "1.1 KiB");
    assert_size(1024 + 154, "1.2K", "1.2 KiB");
}

/* In every unit U: 1.05 U is the border between 1 U and 1.1 U. */
static void rounding_is_exact_in_every_unit(void **state)
{
    static const char letters[] = "KMGTPE";

    (void)state;
    for (unsigned unit = 1; unit <= 6; unit++) {
        uint64_t whole = UINT64_C(1) << (10 * unit);
        uint64_t border = whole + whole / 20 + 1; /* a twentieth is no whole number of bytes */
        char below[] = {'1', letters[unit - 1], '\0'};
        char above[] = {'1', '.', '1', letters[unit - 1], '\0'};
        CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

        human_size(&out, border - 1);
        assert_string_equal(strbuf_string(&out), below);
        strbuf_reset(&out);
        human_size(&out, border);
        assert_string_equal(strbuf_string(&out), above);
    }
}

static void what_would_be_1024_of_a_unit_is_one_of_the_next(void **state)
{
    (void)state;
    /* 1023.95 K is 1048524.8 bytes. */
    assert_size(1048524, "1023.9K", "1023.9 KiB");
    assert_size(1048525, "1M", "1 MiB");
    assert_size(1048575, "1M", "1 MiB");
    /* 1023.95 M is 1073689395.2 bytes. */
    assert_size(1073689395, "1023.9M", "1023.9 MiB");
    assert_size(1073689396, "1G", "1 GiB");
    assert_size((UINT64_C(1) << 40) - 1, "1T", "1 TiB");
    assert_size((UINT64_C(1) << 50) - 1, "1P", "1 PiB");
    assert_size((UINT64_C(1) << 60) - 1, "1E", "1 EiB");
    /* 1023.95 P: 2^60 times 1023.95 / 1024. */
    assert_size(UINT64_C(1152865209611504844), "1023.9P", "1023.9 PiB");
    assert_size(UINT64_C(1152865209611504845), "1E", "1 EiB");
    assert_size(UINT64_MAX, "16E", "16 EiB");
    /* 15.95 E */
    assert_size(UINT64_C(18389097998479209267), "15.9E", "15.9 EiB");
    assert_size(UINT64_C(18389097998479209268), "16E", "16 EiB");
}

static void assert_time(int64_t time, enum human_time form, int64_t now, const char *expected)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

    strbuf_puts(&out, "<");
    human_time(&out, time, form, now);
    assert_int_equal(out.data[0], '<');
    assert_string_equal(strbuf_string(&out) + 1, expected);
}

static void set_zone(const char *zone)
{
    assert_int_equal(setenv("TZ", zone, 1), 0);
    tzset();
}

static void times_in_iso_8601(void **state)
{
    (void)state;
    set_zone("UTC");
    assert_time(0, TIME_ISO, 0, "1970-01-01T00:00:00+00:00");
    assert_time(1795299005, TIME_ISO, 0, "2026-11-21T22:10:05+00:00");
    assert_time(951782400, TIME_ISO, 0, "2000-02-29T00:00:00+00:00");
    assert_time(-1, TIME_ISO, 0, "1969-12-31T23:59:59+00:00");
    assert_time(INT64_C(4294967296), TIME_ISO, 0, "2106-02-07T06:28:16+00:00");
}

static void times_in_other_zones(void **state)
{
    (void)state;
    /* POSIX has the signs the other way round. */
    set_zone("AAA-5:30");
    assert_time(1795299005, TIME_ISO, 0, "2026-11-22T03:40:05+05:30");
    set_zone("BBB+3:30");
    assert_time(1795299005, TIME_ISO, 0, "2026-11-21T18:40:05-03:30");
    set_zone("CCC-14");
    assert_time(1795299005, TIME_ISO, 0, "2026-11-22T12:10:05+14:00");
    set_zone("DDD+12");
    assert_time(1795299005, TIME_ISO, 0, "2026-11-21T10:10:05-12:00");
    set_zone("EEE+0:30");
    assert_time(1795299005, TIME_ISO, 0, "2026-11-21T21:40:05-00:30");
}

static void times_in_summer_and_winter(void **state)
{
    (void)state;
    set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
    assert_time(1795299005, TIME_ISO, 0, "2026-11-21T23:10:05+01:00");
    assert_time(1782000000, TIME_ISO, 0, "2026-06-21T02:00:00+02:00");
    /* The hour that comes twice can be told by its offset. */
    assert_time(1792889999, TIME_ISO, 0, "2026-10-25T02:59:59+02:00");
    assert_time(1792890000, TIME_ISO, 0, "2026-10-25T02:00:00+01:00");
    set_zone("UTC");
}

static void short_times_are_by_distance(void **state)
{
    const int64_t now = 1795299005; /* 2026-11-21T22:10:05+00:00 */

    (void)state;
    set_zone("UTC");
    assert_time(now, TIME_SHORT, now, "22:10");
    assert_time(now - 79805, TIME_SHORT, now, "00:00");
    assert_time(now - 79806, TIME_SHORT, now, "Nov20");
    assert_time(now + 6594, TIME_SHORT, now, "23:59");
    assert_time(now + 6595, TIME_SHORT, now, "2026-11-22");
    assert_time(now - 15778475, TIME_SHORT, now, "May23");
    assert_time(now - 15778476, TIME_SHORT, now, "2026-05-23");
    assert_time(0, TIME_SHORT, now, "1970-01-01");
    assert_time(INT64_MIN, TIME_SHORT, now, "@-9223372036854775808");
    /* The day is the zone's. */
    set_zone("AAA-5:30");
    assert_time(now - 3 * 3600, TIME_SHORT, now, "00:40");
    assert_time(now - 4 * 3600, TIME_SHORT, now, "Nov21");
    set_zone("UTC");
}

static void times_far_away(void **state)
{
    (void)state;
    set_zone("UTC");
    assert_time(INT64_C(253402300799), TIME_ISO, 0, "9999-12-31T23:59:59+00:00");
    assert_time(INT64_C(253402300800), TIME_ISO, 0, "10000-01-01T00:00:00+00:00");
    /* No calendar has such years: the seconds are still true. */
    assert_time(INT64_MAX, TIME_ISO, 0, "@9223372036854775807");
    assert_time(INT64_MIN, TIME_ISO, 0, "@-9223372036854775808");
}

static void times_in_seconds(void **state)
{
    (void)state;
    assert_time(0, TIME_EPOCH, 5, "0");
    assert_time(1795299005, TIME_EPOCH, 5, "1795299005");
    assert_time(-7, TIME_EPOCH, 5, "-7");
    assert_time(INT64_MAX, TIME_EPOCH, 5, "9223372036854775807");
    assert_time(INT64_MIN, TIME_EPOCH, 5, "-9223372036854775808");
}

static void ages_have_two_units_at_the_most(void **state)
{
    const int64_t now = 1795299005;

    (void)state;
    assert_time(now, TIME_AGE, now, "0s");
    assert_time(now - 1, TIME_AGE, now, "1s");
    assert_time(now - 59, TIME_AGE, now, "59s");
    assert_time(now - 60, TIME_AGE, now, "1m0s");
    assert_time(now - 603, TIME_AGE, now, "10m3s");
    assert_time(now - 3599, TIME_AGE, now, "59m59s");
    assert_time(now - 3600, TIME_AGE, now, "1h0m");
    assert_time(now - 86399, TIME_AGE, now, "23h59m");
    assert_time(now - 86400, TIME_AGE, now, "1d0h");
    assert_time(now - 273600, TIME_AGE, now, "3d4h");
    assert_time(0, TIME_AGE, now, "20778d22h");
}

static void ages_of_what_lies_ahead_have_a_minus_sign(void **state)
{
    (void)state;
    assert_time(105, TIME_AGE, 100, "-5s");
    assert_time(100 + 90000, TIME_AGE, 100, "-1d1h");
    assert_time(INT64_MAX, TIME_AGE, INT64_MIN, "-213503982334601d7h");
    assert_time(INT64_MIN, TIME_AGE, INT64_MAX, "213503982334601d7h");
}

static void assert_count(uint64_t count, const char *expected)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

    human_count(&out, count, "segment");
    assert_string_equal(strbuf_string(&out), expected);
}

static void counts_have_their_nouns(void **state)
{
    (void)state;
    assert_count(0, "0 segments");
    assert_count(1, "1 segment");
    assert_count(2, "2 segments");
    assert_count(UINT64_MAX, "18446744073709551615 segments");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_of_whole_units),
        cmocka_unit_test(sizes_beyond_64_bits),
        cmocka_unit_test(sizes_are_rounded_to_a_tenth),
        cmocka_unit_test(rounding_is_exact_in_every_unit),
        cmocka_unit_test(what_would_be_1024_of_a_unit_is_one_of_the_next),
        cmocka_unit_test(times_in_iso_8601),
        cmocka_unit_test(short_times_are_by_distance),
        cmocka_unit_test(times_in_other_zones),
        cmocka_unit_test(times_in_summer_and_winter),
        cmocka_unit_test(times_far_away),
        cmocka_unit_test(times_in_seconds),
        cmocka_unit_test(ages_have_two_units_at_the_most),
        cmocka_unit_test(ages_of_what_lies_ahead_have_a_minus_sign),
        cmocka_unit_test(counts_have_their_nouns),
    };

    return cmocka_run_group_tests_name("view/human", tests, NULL, NULL);
}
