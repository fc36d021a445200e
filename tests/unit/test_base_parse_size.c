/* base/parse: sizes, ranges, ages and durations of the command line, taken whole or not at all. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "unit.h"
#include "words.h"

#define K UINT64_C(1024)

static int read_range_low(const char *word, uint64_t *ret_value, struct error *err)
{
    struct range range = {UNTOUCHED, UNTOUCHED};
    int r = parse_range(word, &range, err);

    assert_true(range.low == range.high);
    *ret_value = range.low;
    return r;
}

static const struct meaning sizes[] = {
    {"0", 0},
    {"1", 1},
    {"007", 7},
    {"393216", 393216},
    {"2147483647", 2147483647},
    {"2147483648", UINT64_C(2147483648)},
    {"4294967296", UINT64_C(4294967296)},
    {"9223372036854775807", UINT64_C(9223372036854775807)},
    {"9223372036854775808", UINT64_C(9223372036854775808)},
    {"18446744073709551615", UINT64_MAX},
    {"0K", 0},
    {"1K", K},
    {"1k", K},
    {"1M", K *K},
    {"1m", K *K},
    {"1G", K *K *K},
    {"1g", K *K *K},
    {"1T", K *K *K *K},
    {"1t", K *K *K *K},
    {"1P", K *K *K *K *K},
    {"1p", K *K *K *K *K},
    {"1KiB", K},
    {"1kib", K},
    {"1KIB", K},
    {"1MiB", K *K},
    {"1GiB", K *K *K},
    {"1TiB", K *K *K *K},
    {"1PiB", K *K *K *K *K},
    {"1KB", 1000},
    {"1kB", 1000},
    {"1kb", 1000},
    {"1Kb", 1000},
    {"1MB", 1000000},
    {"1GB", 1000000000},
    {"1TB", UINT64_C(1000000000000)},
    {"1PB", UINT64_C(1000000000000000)},
    {"128K", 131072},
    {"32M", 33554432},
    {"256M", 268435456},
    {"16383P", UINT64_C(16383) * K *K *K *K *K},
    {"18014398509481983K", UINT64_MAX - 1023},
    {"17592186044415M", UINT64_C(17592186044415) * K *K},
    {"18446PB", UINT64_C(18446000000000000000)},
    {"18446744073709551KB", UINT64_C(18446744073709551000)},
};

static const char never_sizes[] =
    "-1|-1K|0x10|K|KB|KiB|B|1B|1b|1Ki|1iB|1KBB|1KiBB|1KiBs|1KK|1MK|1K1|1 K|1K | 1K|1E|"
    "1EiB|1Z|1Y|1X|1%|1.5M|1,5M|1.M|.5M|1K.|16384P|16384PiB|18014398509481984K|"
    "17592186044416M|17179869184G|16777216T|18447PB|18446744073709552KB|"
    "18446744073709551615K|18446744073709551616|1bytes|1KibB|1kBi|1s|1h|1d";

static void sizes_take_units(void **state)
{
    (void)state;
    read_all(parse_size, sizes, COUNT_OF(sizes));
}

static void sizes_are_nothing_else(void **state)
{
    (void)state;
    refuse_all(parse_size, never_numbers);
    refuse_all(parse_size, never_sizes);
    refuse_all(parse_size, "1..2|..1|1..");
}

static void size_errors_say_what_would_be_right(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    uint64_t bytes;

    (void)state;
    assert_int_equal(parse_size("1.5M", &bytes, &err), -EINVAL);
    assert_string_equal(err.text, "'1.5M': not a size (a number of bytes, or with a unit: "
                                  "K M G T P, KiB ..., KB ...)");
}

/* Demands that the last word was refused as too large, or as something else. */
static void assert_large(const struct error *err, bool large)
{
    assert_int_equal(err->code, EINVAL);
    assert_int_equal(strstr(err->text, "': too large: more than 18446744073709551615") != NULL,
                     large);
    assert_int_equal(strstr(err->text, "': not a ") != NULL, !large);
}

static void what_64_bits_cannot_hold_is_told_apart(void **state)
{
    static const struct {
        const char *word;
        bool large;
    } cases[] = {
        {"16384P", true},
        {"18447PB", true},
        {"18446744073709551616", true},
        {"99999999999999999999999K", true},
        {"99999999999999999999999x", false},
        {"18446744073709551616B", false},
        {"4B", false},
        {"18446744073709551616..x", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        static const char *const around[][2] = {
            {"", ""}, {"", ".."}, {"..", ""}, {"1..", ""}, {"", "..7"}};
        CLEANUP_ERROR struct error err = ERROR_INIT;
        struct range range;
        uint64_t bytes;

        assert_int_equal(parse_size(cases[i].word, &bytes, &err), -EINVAL);
        assert_large(&err, cases[i].large);
        for (size_t form = 0; form < COUNT_OF(around); form++) {
            char word[64];

            snprintf(word, sizeof(word), "%s%s%s", around[form][0], cases[i].word, around[form][1]);
            assert_int_equal(parse_range(word, &range, &err), -EINVAL);
            assert_large(&err, cases[i].large);
        }
    }
}

static void a_size_is_a_range_of_one(void **state)
{
    (void)state;
    read_all(read_range_low, sizes, COUNT_OF(sizes));
    refuse_all(read_range_low, never_numbers);
    refuse_all(read_range_low, never_sizes);
}

static void ranges_have_one_end_or_two(void **state)
{
    static const struct {
        const char *word;
        struct range range;
    } cases[] = {
        {"0..0", {0, 0}},
        {"1..1", {1, 1}},
        {"1..2", {1, 2}},
        {"0..", {0, UINT64_MAX}},
        {"..0", {0, 0}},
        {"1..", {1, UINT64_MAX}},
        {"..1", {0, 1}},
        {"1M..", {K * K, UINT64_MAX}},
        {"..1M", {0, K * K}},
        {"1K..1M", {K, K * K}},
        {"1KiB..1kb", {1, 0}}, /* 1024 to 1000: no range */
        {"1kb..1KiB", {1000, 1024}},
        {"999..1KB", {999, 1000}},
        {"1024..1K", {1024, 1024}},
        {"1T..18446744073709551615", {K * K * K * K, UINT64_MAX}},
        {"18446744073709551615..", {UINT64_MAX, UINT64_MAX}},
        {"..18446744073709551615", {0, UINT64_MAX}},
        {"18446744073709551615..18446744073709551615", {UINT64_MAX, UINT64_MAX}},
        {"2147483647..2147483648", {2147483647, UINT64_C(2147483648)}},
        {"9223372036854775807..9223372036854775808",
         {UINT64_C(9223372036854775807), UINT64_C(9223372036854775808)}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct range range = {UNTOUCHED, UNTOUCHED};
        bool valid = cases[i].range.low <= cases[i].range.high;

        assert_int_equal(parse_range(cases[i].word, &range, NULL), valid ? 0 : -EINVAL);
        assert_true(range.low == (valid ? cases[i].range.low : UNTOUCHED));
        assert_true(range.high == (valid ? cases[i].range.high : UNTOUCHED));
    }
}

static void ranges_are_nothing_else(void **state)
{
    static const char words[] =
        "..|...|....|1...2|1..2..3|1.2|1.|.1|1. .2|1 ..2|1.. 2| 1..2|1..2 |..1..|1..x|x..1|"
        "-1..1|1..-1|-1..|..-1|0x1..2|1..0x2|1..2x|1K..2Q|1-2|1:2|1,2|1..2,3|..K|K..|"
        "1..1.5K|1.5..2|18446744073709551616..|..18446744073709551616|1..16384P|"
        "1..99999999999999999999999|1\342\200\2462";

    (void)state;
    refuse_all(read_range_low, words);
}

static void ranges_that_end_before_they_start_are_wrong(void **state)
{
    static const char words[] =
        "5..1|1..0|1M..1K|2K..2047|18446744073709551615..18446744073709551614";
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct range range;

    (void)state;
    refuse_all(read_range_low, words);
    assert_int_equal(parse_range("5..1", &range, &err), -EINVAL);
    assert_string_equal(err.text, "'5..1': not a range: its end lies below its start");
    assert_int_equal(parse_range("5..x", &range, &err), -EINVAL);
    assert_string_equal(err.text, "'5..x': not a range (N, N..M, N.. or ..M; N may have a unit: "
                                  "K M G T P, KiB ..., KB ...)");
}

static void ages_take_units(void **state)
{
    static const struct meaning meanings[] = {
        {"0", 0},
        {"45", 45},
        {"30s", 30},
        {"10m", 600},
        {"2h", 7200},
        {"7d", 604800},
        {"0s", 0},
        {"0d", 0},
        {"007", 7},
        {"9223372036854775807", UINT64_C(9223372036854775807)},
        {"9223372036854775807s", UINT64_C(9223372036854775807)},
        {"153722867280912930m", UINT64_C(9223372036854775800)},
        {"106751991167300d", UINT64_C(9223372036854720000)},
        {"1w", 604800},
        /* as --time age prints them */
        {"3d4h", 273600},
        {"1h30m", 5400},
        {"1m1s", 61},
        {"2h0m", 7200},
        {"1w2d3h4m5s", 788645},
        {"90m5s", 5405},
        {"106751991167300d15h30m7s", UINT64_C(9223372036854775807)},
    };

    (void)state;
    read_all(parse_age, meanings, COUNT_OF(meanings));
}

static void ages_are_nothing_else(void **state)
{
    static const char words[] =
        "-1|-1d|s|m|h|d|w|1y|1ms|1ss|1sd|1h30|30m1h|1h2h|1s1w|1h-30m|h30m|1hm|1d 2h|1h30m |1 d|"
        "106751991167300d15h30m8s|106751991167300d9223372036854775807s|1d18446744073709551615s|"
        "1d | 1d|1.5h|1K|1..2|0x1|1min|"
        "1day|1 day ago|yesterday|2026-11-21|9223372036854775808|9223372036854775808s|"
        "153722867280912931m|2562047788015216h|106751991167301d|18446744073709551615|"
        "18446744073709551615d|18446744073709551616|18446744073709551616s";

    (void)state;
    refuse_all(parse_age, never_numbers);
    refuse_all(parse_age, words);
}

static void age_errors_say_what_would_be_right(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    uint64_t seconds;

    (void)state;
    assert_int_equal(parse_age("1y", &seconds, &err), -EINVAL);
    assert_string_equal(err.text, "'1y': not an age (45, 30s, 10m, 2h, 7d, 1w, 1h30m)");
}

static void durations_take_units(void **state)
{
    static const struct meaning meanings[] = {
        {"0", 0},
        {"0ms", 0},
        {"500ms", 500},
        {"10", 10000},
        {"10s", 10000},
        {"2m", 120000},
        {"1h", 3600000},
        {"1d", 86400000},
        {"007", 7000},
        {"36500d", UINT64_C(3153600000000)},
        {"3153600000000ms", UINT64_C(3153600000000)},
    };

    (void)state;
    read_all(parse_duration, meanings, COUNT_OF(meanings));
}

static void durations_are_nothing_else(void **state)
{
    static const char words[] = "-1|-1s|s|ms|m|1us|1w|1y|1sec|1S|1M|1 s|1s | 1s|1.5s|.5|1m30s|1..2|"
                                "0x1|1min|1 ms|1mss|36501d|3153600000001ms|18446744073709551615|"
                                "18446744073709551615ms|18446744073709551616ms";

    (void)state;
    refuse_all(parse_duration, never_numbers);
    refuse_all(parse_duration, words);
}

static void duration_errors_say_what_would_be_right(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    uint64_t milliseconds;

    (void)state;
    assert_int_equal(parse_duration("1.5s", &milliseconds, &err), -EINVAL);
    assert_string_equal(err.text, "'1.5s': not a duration (500ms, 10, 10s, 2m or 1h)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_take_units),
        cmocka_unit_test(sizes_are_nothing_else),
        cmocka_unit_test(size_errors_say_what_would_be_right),
        cmocka_unit_test(what_64_bits_cannot_hold_is_told_apart),
        cmocka_unit_test(a_size_is_a_range_of_one),
        cmocka_unit_test(ranges_have_one_end_or_two),
        cmocka_unit_test(ranges_are_nothing_else),
        cmocka_unit_test(ranges_that_end_before_they_start_are_wrong),
        cmocka_unit_test(ages_take_units),
        cmocka_unit_test(ages_are_nothing_else),
        cmocka_unit_test(age_errors_say_what_would_be_right),
        cmocka_unit_test(durations_take_units),
        cmocka_unit_test(durations_are_nothing_else),
        cmocka_unit_test(duration_errors_say_what_would_be_right),
    };

    return cmocka_run_group_tests_name("base/parse: sizes, ranges, ages", tests, NULL, NULL);
}
