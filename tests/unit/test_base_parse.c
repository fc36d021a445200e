/* base/parse: numbers, ids and keys of the command line, taken whole or not at all. */
#include "base/parse.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "words.h"

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

static void a_name_is_found_whole(void **state)
{
    static const char *const names[] = {"iso", "epoch", "age"};

    (void)state;
    assert_int_equal(parse_name("epoch", 5, names, 3), 1);
    assert_int_equal(parse_name("age,iso", 3, names, 3), 2);
    assert_int_equal(parse_name("epoch", 4, names, 3), 3);
    assert_int_equal(parse_name("isolate", 7, names, 3), 3);
    assert_int_equal(parse_name("", 0, names, 3), 3);
}

static void digits_are_taken_off_the_front(void **state)
{
    static const struct {
        const char *text;
        size_t length;
        size_t used;
        uint64_t value;
    } cases[] = {
        {"", 0, 0, 0},
        {"7", 0, 0, 0},
        {"7", 1, 1, 7},
        {"123", 2, 2, 12},
        {"123abc", 6, 3, 123},
        {"007", 3, 3, 7},
        {"x1", 2, 0, 0},
        {"-1", 2, 0, 0},
        {"+1", 2, 0, 0},
        {" 1", 2, 0, 0},
        {"1\0002", 3, 1, 1},
        {"7      8", 8, 1, 7},
        {"x2345678", 8, 0, 0},
        {"1234567 ", 8, 7, 1234567},
        {"12345678", 8, 8, 12345678},
        {"12345678", 7, 7, 1234567},
        {"1795299005 ", 11, 10, 1795299005},
        {"1234567812345678x", 17, 16, UINT64_C(1234567812345678)},
        {"123456781234567812345678", 18, 18, UINT64_C(123456781234567812)},
        {"18446744073709551615", 20, 20, UINT64_MAX},
        {"18446744073709551616", 20, 0, 0},
        {"18446744073709551620", 20, 0, 0},
        {"28446744073709551615", 20, 0, 0},
        {"184467440737095516150", 21, 0, 0},
        {"18446744073709551616", 19, 19, UINT64_C(1844674407370955161)},
        {"00000000000000000000000000000018446744073709551615", 50, 50, UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint64_t value = UNTOUCHED;

        assert_int_equal(parse_digits(cases[i].text, cases[i].length, &value), cases[i].used);
        if (cases[i].used > 0)
            assert_true(value == cases[i].value);
    }
}

static void digits_stop_at_the_length(void **state)
{
    /* In memory of exactly that size a sanitizer sees a step too far. */
    static const char digits[] = {'1', '2', '3'};
    char *text = malloc(sizeof(digits));
    uint64_t value;

    (void)state;
    assert_non_null(text);
    memcpy(text, digits, sizeof(digits));
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
    static const char words[] = "-1|-0|0x1|0x10|1K|1k|1..2|10s";

    (void)state;
    refuse_all(read_number, never_numbers);
    refuse_all(read_number, words);
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
    static const char words[] =
        "2147483648|2147483649|4294967295|4294967296|4294967297|6442450943|"
        "9223372036854775807|9223372036854775808|18446744073709551615|18446744073709551617|"
        "36893488147419103232|340282366920938463463374607431768211456|-1|-0|-2147483648|"
        "-4294967296|0x10|0x00000000|1K|1..2|10s|id|all|*|1*";

    (void)state;
    refuse_all(read_shmid, never_numbers);
    refuse_all(read_shmid, words);
}

static void ids_have_no_leading_zeros(void **state)
{
    static const char words[] = "00|01|010|0000000001|02147483647|09";

    (void)state;
    refuse_all(read_shmid, words);
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
    static const char words[] =
        "4294967296|4294967297|0x100000000|0x1ffffffff|0x1000000000000000000000001|"
        "040000000000|-2147483649|-4294967295|-4294967296|18446744073709551615";

    (void)state;
    read_all(read_key, meanings, COUNT_OF(meanings));
    refuse_all(read_key, words);
}

static void keys_are_nothing_else(void **state)
{
    static const char words[] =
        "08|09|018|0789|a|ff|0xx1|x10|0x 1|0x1 |0x1g|-0|-01|-0x1|- 1|-+1|0x-1|-0x10|0x1.0|"
        "1K|1..2|0x1..|01..2|0x0x1|00x1|0x1h|@1|`1|0x@|0x`|0xG|0x/|0x:|0x10L|10U|SYSV1|"
        "/SYSV00000001|0x\xc3\xa4";

    (void)state;
    refuse_all(read_key, never_numbers);
    refuse_all(read_key, words);
}

static void key_errors_say_what_would_be_right(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    uint32_t key;

    (void)state;
    assert_int_equal(parse_key("0x1ffffffff", &key, &err), -EINVAL);
    assert_string_equal(err.text, "'0x1ffffffff': not a key (32 bits: 0x hex, decimal, or octal "
                                  "with a leading 0; IPC_PRIVATE is 0)");
}

static void ranges_of_keys_have_two_ends(void **state)
{
    static const struct {
        const char *word;
        struct range range;
    } cases[] = {
        {"0x77", {0x77, 0x77}},
        {"0x4e545030..0x4e545033", {0x4e545030, 0x4e545033}},
        {"119..0x78", {0x77, 0x78}},
        {"0..4294967295", {0, UINT32_MAX}},
        {"0167..-1", {0x77, UINT32_MAX}},
        {"-5..-3", {0xfffffffb, 0xfffffffd}},
        {"7..7", {7, 7}},
    };
    static const char *const wrong[] = {"..",    "..5",   "5..",     "5...6", "5..6..7", "5.6",
                                        "x..5",  "5..x",  "5 ..6",   "5.. 6", "6..5",    "-3..-5",
                                        "-1..5", "0x..5", "5..0x1g", "1K..2K"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct range range = {1, 2};

        assert_int_equal(parse_key_range(cases[i].word, &range, NULL), 0);
        assert_true(range.low == cases[i].range.low && range.high == cases[i].range.high);
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;
        struct range range = {1, 2};

        assert_int_equal(parse_key_range(wrong[i], &range, &err), -EINVAL);
        assert_non_null(strstr(err.text, wrong[i]));
        assert_true(range.low == 1 && range.high == 2);
    }
}

static void modes_are_nine_bits_in_octal(void **state)
{
    static const struct {
        const char *word;
        uint32_t mode;
    } cases[] = {{"0", 0}, {"7", 7}, {"600", 0600}, {"0600", 0600}, {"0777", 0777}, {"022", 022}};
    static const char *const wrong[] = {"",    "8",   "888", "1000", "00600", "6666",      "-600",
                                        "0o6", "rw-", " 6",  "6 ",   "0x6",   "4294967296"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint32_t mode = 01234;

        assert_int_equal(parse_mode(cases[i].word, &mode, NULL), 0);
        assert_int_equal(mode, cases[i].mode);
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        uint32_t mode = 01234;

        assert_int_equal(parse_mode(wrong[i], &mode, NULL), -EINVAL);
        assert_int_equal(mode, 01234);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_of_keys_have_two_ends),
        cmocka_unit_test(modes_are_nine_bits_in_octal),
        cmocka_unit_test(a_name_is_found_whole),
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
    };

    return cmocka_run_group_tests_name("base/parse: numbers, ids, keys", tests, NULL, NULL);
}
