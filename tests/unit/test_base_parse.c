/* base/parse: words of the command line, taken whole or not at all. */
#include "base/parse.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define K UINT64_C(1024)
#define UNTOUCHED UINT64_C(0x5a5a5a5a5a5a5a5a)

/* A word and the number it means. */
struct meaning {
    const char *word;
    uint64_t value;
};

/* Wrong for every kind of number: nothing, blanks, signs, leftovers, other alphabets. */
static const char *const never_numbers[] = {
    "",
    " ",
    "\t",
    "\n",
    " 1",
    "1 ",
    "\t1",
    "1\n",
    "1\r",
    "+1",
    "++1",
    "- 1",
    "--1",
    "-",
    "+",
    "1x",
    "x1",
    "1 2",
    "1,2",
    "1,",
    ",1",
    "1_000",
    "1'000",
    "1.5",
    ".5",
    "1e3",
    "1E3",
    "1/2",
    "(1)",
    "'1'",
    "\"1\"",
    "1;",
    "$1",
    "#1",
    "inf",
    "nan",
    "one",
    "null",
    "0x",
    "0X",
    "0xg",
    "0x-1",
    "0b1",
    "0o7",
    "1\x01",
    "1\x1b",
    "\xef\xbc\x91",
    "\xd9\xa1",
    "1\xff",
    "\x80",
    "1\xc2\xa0",
    "\xc2\xa0"
    "1",
    "18446744073709551616",
    "99999999999999999999999999999999999999",
};

static void assert_names_word(const struct error *err, const char *word)
{
    char quoted[256];

    snprintf(quoted, sizeof(quoted), "'%s': not a", word);
    assert_int_equal(err->code, EINVAL);
    assert_non_null(err->text);
    if (strncmp(err->text, quoted, strlen(quoted)) != 0)
        fail_msg("the error \"%s\" does not begin with \"%s\"", err->text, quoted);
}

/* The kinds of words as functions of one shape; *ret_value is UNTOUCHED when they touched nothing.
 */
typedef int (*reader)(const char *word, uint64_t *ret_value, struct error *err);

static int read_shmid(const char *word, uint64_t *ret_value, struct error *err)
{
    int shmid = -77;
    int r = parse_shmid(word, &shmid, err);

    if (shmid != -77)
        *ret_value = (uint64_t)shmid;
    return r;
}

static int read_key(const char *word, uint64_t *ret_value, struct error *err)
{
    uint32_t keys[2] = {0x5a5a5a5a, 0x5a5a5a5a};
    int r = parse_key(word, keys, err);

    assert_int_equal(keys[1], 0x5a5a5a5a);
    if (keys[0] != 0x5a5a5a5a)
        *ret_value = keys[0];
    return r;
}

static int read_range_low(const char *word, uint64_t *ret_value, struct error *err)
{
    struct range range = {UNTOUCHED, UNTOUCHED};
    int r = parse_range(word, &range, err);

    assert_true(range.low == range.high);
    *ret_value = range.low;
    return r;
}

static void assert_reads(reader read, const char *word, uint64_t value)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    uint64_t got = UNTOUCHED;
    int r = read(word, &got, &err);

    if (r != 0)
        fail_msg("'%s' was refused: %s", word, err.text);
    if (got != value)
        fail_msg("'%s' was read as %llu, not %llu", word, (unsigned long long)got,
                 (unsigned long long)value);
    assert_null(err.text);
    assert_int_equal(read(word, &got, NULL), 0);
}

static void assert_refuses(reader read, const char *word)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    uint64_t got = UNTOUCHED;
    int r = read(word, &got, &err);

    if (r != -EINVAL)
        fail_msg("'%s' was not refused, but read as %llu", word, (unsigned long long)got);
    if (got != UNTOUCHED)
        fail_msg("'%s' was refused, but the result was touched", word);
    assert_names_word(&err, word);
    assert_int_equal(read(word, &got, NULL), -EINVAL);
}

static void refuse_all(reader read, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_refuses(read, words[i]);
}

static void read_all(reader read, const struct meaning *meanings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_reads(read, meanings[i].word, meanings[i].value);
}

static void digits_are_taken_off_the_front(void **state)
{
    static const struct {
        const char *text;
        size_t length;
        size_t used;
        uint64_t value;
    } cases[] = {
        {"", 0, 0, UNTOUCHED},
        {"7", 0, 0, UNTOUCHED},
        {"7", 1, 1, 7},
        {"123", 2, 2, 12},
        {"123abc", 6, 3, 123},
        {"007", 3, 3, 7},
        {"x1", 2, 0, UNTOUCHED},
        {"-1", 2, 0, UNTOUCHED},
        {"+1", 2, 0, UNTOUCHED},
        {" 1", 2, 0, UNTOUCHED},
        {"1\0002", 3, 1, 1},
        {"18446744073709551615", 20, 20, UINT64_MAX},
        {"18446744073709551616", 20, 0, UNTOUCHED},
        {"18446744073709551620", 20, 0, UNTOUCHED},
        {"28446744073709551615", 20, 0, UNTOUCHED},
        {"184467440737095516150", 21, 0, UNTOUCHED},
        {"18446744073709551616", 19, 19, UINT64_C(1844674407370955161)},
        {"00000000000000000000000000000018446744073709551615", 50, 50, UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint64_t value = UNTOUCHED;

        assert_int_equal(parse_digits(cases[i].text, cases[i].length, &value), cases[i].used);
        assert_true(value == cases[i].value);
    }
}

static void digits_stop_at_the_length(void **state)
{
    /* In memory of exactly that size a sanitizer sees a step too far. */
    char *text = malloc(3);
    uint64_t value;

    (void)state;
    assert_non_null(text);
    memcpy(text, "123", 3);
    assert_int_equal(parse_digits(text, 3, &value), 3);
    assert_int_equal(value, 123);
    free(text);
}

static void numbers_have_a_maximum(void **state)
{
    static const struct {
        const char *word;
        uint64_t max;
        bool valid;
    } cases[] = {
        {"0", 0, true},
        {"1", 0, false},
        {"255", 255, true},
        {"256", 255, false},
        {"2147483647", INT_MAX, true},
        {"2147483648", INT_MAX, false},
        {"4294967296", INT_MAX, false},
        {"4294967295", UINT32_MAX, true},
        {"4294967296", UINT32_MAX, false},
        {"9223372036854775807", INT64_MAX, true},
        {"9223372036854775808", INT64_MAX, false},
        {"18446744073709551615", UINT64_MAX, true},
        {"18446744073709551616", UINT64_MAX, false},
        {"0001", 1, true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;
        uint64_t value = UNTOUCHED;
        int r = parse_number(cases[i].word, cases[i].max, "a pid", &value, &err);

        assert_int_equal(r, cases[i].valid ? 0 : -EINVAL);
        if (cases[i].valid)
            assert_true(value == strtoull(cases[i].word, NULL, 10));
        else
            assert_true(value == UNTOUCHED);
        assert_int_equal(err.text != NULL, !cases[i].valid);
    }
}

static int read_number(const char *word, uint64_t *ret_value, struct error *err)
{
    return parse_number(word, UINT64_MAX, "a number", ret_value, err);
}

static void numbers_are_digits_alone(void **state)
{
    static const char *const words[] = {"-1", "-0", "0x1", "0x10", "1K", "1k", "1..2", "10s"};

    (void)state;
    refuse_all(read_number, never_numbers, COUNT_OF(never_numbers));
    refuse_all(read_number, words, COUNT_OF(words));
}

static void numbers_errors_say_what_would_be_right(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    uint64_t value;

    (void)state;
    assert_int_equal(parse_number("12a", 4194304, "a pid", &value, &err), -EINVAL);
    assert_string_equal(err.text, "'12a': not a pid (a decimal number from 0 to 4194304)");
    assert_int_equal(parse_number("x", UINT64_MAX, "a count", &value, &err), -EINVAL);
    assert_string_equal(err.text,
                        "'x': not a count (a decimal number from 0 to 18446744073709551615)");
}

static void ids_go_from_0_to_the_largest_int(void **state)
{
    static const struct meaning meanings[] = {
        {"0", 0},
        {"1", 1},
        {"9", 9},
        {"10", 10},
        {"32768", 32768},
        {"395837454", 395837454},
        {"2147483646", 2147483646},
        {"2147483647", 2147483647},
    };

    (void)state;
    read_all(read_shmid, meanings, COUNT_OF(meanings));
}

static void ids_are_never_wrapped_or_cut(void **state)
{
    static const char *const words[] = {
        "2147483648",
        "2147483649",
        "4294967295",
        "4294967296",
        "4294967297",
        "6442450943",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551617",
        "36893488147419103232",
        "340282366920938463463374607431768211456",
        "-1",
        "-0",
        "-2147483648",
        "-4294967296",
        "0x10",
        "0x00000000",
        "1K",
        "1..2",
        "10s",
        "id",
        "all",
        "*",
        "1*",
    };

    (void)state;
    refuse_all(read_shmid, never_numbers, COUNT_OF(never_numbers));
    refuse_all(read_shmid, words, COUNT_OF(words));
}

static void ids_have_no_leading_zeros(void **state)
{
    static const char *const words[] = {"00", "01", "010", "0000000001", "02147483647", "09"};

    (void)state;
    refuse_all(read_shmid, words, COUNT_OF(words));
}

static void id_errors_say_what_would_be_right(void **state)
{
    static const struct {
        const char *word;
        const char *text;
    } cases[] = {
        {"4294967296", "'4294967296': not an id (a decimal number from 0 to 2147483647)"},
        {"-1", "'-1': not an id (a decimal number from 0 to 2147483647)"},
        {"1x", "'1x': not an id (a decimal number from 0 to 2147483647)"},
        {" 1", "' 1': not an id (a decimal number from 0 to 2147483647)"},
        {"", "'': not an id (a decimal number from 0 to 2147483647)"},
        {"010", "'010': not an id: leave out the leading zeros"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;
        int shmid;

        assert_int_equal(parse_shmid(cases[i].word, &shmid, &err), -EINVAL);
        assert_string_equal(err.text, cases[i].text);
    }
}

static void keys_are_hex_decimal_or_octal(void **state)
{
    static const struct meaning meanings[] = {
        {"0", 0},
        {"00", 0},
        {"0x0", 0},
        {"0x00000000", 0},
        {"1", 1},
        {"01", 1},
        {"0x1", 1},
        {"10", 10},
        {"010", 8},
        {"0x10", 16},
        {"0X10", 16},
        {"0x00143511", 0x00143511},
        {"0x143511", 0x00143511},
        {"1324305", 0x00143511},
        {"05032421", 0x00143511},
        {"0xabcdef", 0xabcdef},
        {"0xABCDEF", 0xabcdef},
        {"0XaBcDeF", 0xabcdef},
        {"0x0000000000000000000000000001", 1},
        {"000000000000000000000000000017", 15},
        {"0777", 0777},
        {"037777777777", 0xffffffff},
    };

    (void)state;
    read_all(read_key, meanings, COUNT_OF(meanings));
}

static void keys_have_32_bits(void **state)
{
    static const struct meaning meanings[] = {
        {"2147483647", 0x7fffffff},
        {"2147483648", 0x80000000},
        {"4294967295", 0xffffffff},
        {"0x7fffffff", 0x7fffffff},
        {"0x80000000", 0x80000000},
        {"0xffffffff", 0xffffffff},
        {"0x00000000ffffffff", 0xffffffff},
        {"-1", 0xffffffff},
        {"-2", 0xfffffffe},
        {"-10", 0xfffffff6},
        {"-559038737", 0xdeadbeef},
        {"-2147483647", 0x80000001},
        {"-2147483648", 0x80000000},
    };
    static const char *const words[] = {
        "4294967296",   "4294967297",  "0x100000000", "0x1ffffffff", "0x1000000000000000000000001",
        "040000000000", "-2147483649", "-4294967295", "-4294967296", "18446744073709551615",
    };

    (void)state;
    read_all(read_key, meanings, COUNT_OF(meanings));
    refuse_all(read_key, words, COUNT_OF(words));
}

static void keys_are_nothing_else(void **state)
{
    static const char *const words[] = {
        "08",
        "09",
        "018",
        "0789",
        "a",
        "ff",
        "0xx1",
        "x10",
        "0x 1",
        "0x1 ",
        "0x1g",
        "-0",
        "-01",
        "-0x1",
        "- 1",
        "-+1",
        "0x-1",
        "-0x10",
        "0x1.0",
        "1K",
        "1..2",
        "0x1..",
        "01..2",
        "0x0x1",
        "00x1",
        "0x1h",
        "@1",
        "`1",
        "0x@",
        "0x`",
        "0xG",
        "0x/",
        "0x:",
        "0x10L",
        "10U",
        "SYSV1",
        "/SYSV00000001",
        "0x\xc3\xa4",
    };

    (void)state;
    refuse_all(read_key, never_numbers, COUNT_OF(never_numbers));
    refuse_all(read_key, words, COUNT_OF(words));
}

static void key_errors_say_what_would_be_right(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    uint32_t key;

    (void)state;
    assert_int_equal(parse_key("0x1ffffffff", &key, &err), -EINVAL);
    assert_string_equal(err.text, "'0x1ffffffff': not a key (32 bits: 0x hex, decimal, or octal "
                                  "with a leading 0)");
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

static const char *const never_sizes[] = {
    "-1",
    "-1K",
    "0x10",
    "K",
    "KB",
    "KiB",
    "B",
    "1B",
    "1b",
    "1Ki",
    "1iB",
    "1KBB",
    "1KiBB",
    "1KiBs",
    "1KK",
    "1MK",
    "1K1",
    "1 K",
    "1K ",
    " 1K",
    "1E",
    "1EiB",
    "1Z",
    "1Y",
    "1X",
    "1%",
    "1.5M",
    "1,5M",
    "1.M",
    ".5M",
    "1K.",
    "16384P",
    "16384PiB",
    "18014398509481984K",
    "17592186044416M",
    "17179869184G",
    "16777216T",
    "18447PB",
    "18446744073709552KB",
    "18446744073709551615K",
    "18446744073709551616",
    "1bytes",
    "1KibB",
    "1kBi",
    "1s",
    "1h",
    "1d",
};

static void sizes_take_units(void **state)
{
    (void)state;
    read_all(parse_size, sizes, COUNT_OF(sizes));
}

static void sizes_are_nothing_else(void **state)
{
    (void)state;
    refuse_all(parse_size, never_numbers, COUNT_OF(never_numbers));
    refuse_all(parse_size, never_sizes, COUNT_OF(never_sizes));
    assert_refuses(parse_size, "1..2");
}

static void size_errors_say_what_would_be_right(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    uint64_t bytes;

    (void)state;
    assert_int_equal(parse_size("1.5M", &bytes, &err), -EINVAL);
    assert_string_equal(err.text, "'1.5M': not a size (digits and one of K M G T P, KiB ..., "
                                  "KB ..., below 2^64)");
}

static void a_size_is_a_range_of_one(void **state)
{
    (void)state;
    read_all(read_range_low, sizes, COUNT_OF(sizes));
    refuse_all(read_range_low, never_numbers, COUNT_OF(never_numbers));
    refuse_all(read_range_low, never_sizes, COUNT_OF(never_sizes));
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
    static const char *const words[] = {
        "..",
        "...",
        "....",
        "1...2",
        "1..2..3",
        "1.2",
        "1.",
        ".1",
        "1. .2",
        "1 ..2",
        "1.. 2",
        " 1..2",
        "1..2 ",
        "..1..",
        "1..x",
        "x..1",
        "-1..1",
        "1..-1",
        "-1..",
        "..-1",
        "0x1..2",
        "1..0x2",
        "1..2x",
        "1K..2Q",
        "1-2",
        "1:2",
        "1,2",
        "1..2,3",
        "..K",
        "K..",
        "1..1.5K",
        "1.5..2",
        "18446744073709551616..",
        "..18446744073709551616",
        "1..16384P",
        "1..99999999999999999999999",
        "1\xe2\x80\xa6"
        "2",
    };

    (void)state;
    refuse_all(read_range_low, words, COUNT_OF(words));
}

static void ranges_that_end_before_they_start_are_wrong(void **state)
{
    static const char *const words[] = {"5..1", "1..0", "1M..1K", "2K..2047",
                                        "18446744073709551615..18446744073709551614"};
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct range range;

    (void)state;
    refuse_all(read_range_low, words, COUNT_OF(words));
    assert_int_equal(parse_range("5..1", &range, &err), -EINVAL);
    assert_string_equal(err.text, "'5..1': not a range: its end lies below its start");
    assert_int_equal(parse_range("5..x", &range, &err), -EINVAL);
    assert_string_equal(err.text, "'5..x': not a range (N, N..M, N.. or ..M; N with K M G T P or "
                                  "none)");
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
    };

    (void)state;
    read_all(parse_age, meanings, COUNT_OF(meanings));
}

static void ages_are_nothing_else(void **state)
{
    static const char *const words[] = {
        "-1",
        "-1d",
        "s",
        "m",
        "h",
        "d",
        "1w",
        "1y",
        "1ms",
        "1ss",
        "1sd",
        "1d2h",
        "1h30m",
        "1 d",
        "1d ",
        " 1d",
        "1.5h",
        "1K",
        "1..2",
        "0x1",
        "1min",
        "1day",
        "1 day ago",
        "yesterday",
        "2026-11-21",
        "9223372036854775808",
        "9223372036854775808s",
        "153722867280912931m",
        "2562047788015216h",
        "106751991167301d",
        "18446744073709551615",
        "18446744073709551615d",
        "18446744073709551616",
        "18446744073709551616s",
    };

    (void)state;
    refuse_all(parse_age, never_numbers, COUNT_OF(never_numbers));
    refuse_all(parse_age, words, COUNT_OF(words));
}

static void age_errors_say_what_would_be_right(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    uint64_t seconds;

    (void)state;
    assert_int_equal(parse_age("1w", &seconds, &err), -EINVAL);
    assert_string_equal(err.text, "'1w': not an age (45, 30s, 10m, 2h or 7d)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_are_taken_off_the_front),
        cmocka_unit_test(digits_stop_at_the_length),
        cmocka_unit_test(numbers_have_a_maximum),
        cmocka_unit_test(numbers_are_digits_alone),
        cmocka_unit_test(numbers_errors_say_what_would_be_right),
        cmocka_unit_test(ids_go_from_0_to_the_largest_int),
        cmocka_unit_test(ids_are_never_wrapped_or_cut),
        cmocka_unit_test(ids_have_no_leading_zeros),
        cmocka_unit_test(id_errors_say_what_would_be_right),
        cmocka_unit_test(keys_are_hex_decimal_or_octal),
        cmocka_unit_test(keys_have_32_bits),
        cmocka_unit_test(keys_are_nothing_else),
        cmocka_unit_test(key_errors_say_what_would_be_right),
        cmocka_unit_test(sizes_take_units),
        cmocka_unit_test(sizes_are_nothing_else),
        cmocka_unit_test(size_errors_say_what_would_be_right),
        cmocka_unit_test(a_size_is_a_range_of_one),
        cmocka_unit_test(ranges_have_one_end_or_two),
        cmocka_unit_test(ranges_are_nothing_else),
        cmocka_unit_test(ranges_that_end_before_they_start_are_wrong),
        cmocka_unit_test(ages_take_units),
        cmocka_unit_test(ages_are_nothing_else),
        cmocka_unit_test(age_errors_say_what_would_be_right),
    };

    return cmocka_run_group_tests_name("base/parse", tests, NULL, NULL);
}
