/* base/eight: eight bytes in one step give what one after the other would. */
#include "base/eight.h"

#include "unit.h"

/* How many bytes of TEXT come before the first that is no blank. */
static size_t blanks_one_by_one(const char *text)
{
    size_t count = 0;

    while (count < EIGHT && text[count] == ' ')
        count++;
    return count;
}

static size_t digits_one_by_one(const char *text, uint64_t *ret_value)
{
    size_t count = 0;

    *ret_value = 0;
    for (; count < EIGHT && text[count] >= '0' && text[count] <= '9'; count++)
        *ret_value = *ret_value * 10 + (uint64_t)(text[count] - '0');
    return count;
}

static void assert_same(const char *text)
{
    uint64_t expected;
    uint64_t value = 0;
    size_t count = digits_one_by_one(text, &expected);

    assert_int_equal(eight_blanks(eight_load(text)), blanks_one_by_one(text));
    assert_int_equal(eight_digits(eight_load(text), &value), count);
    assert_int_equal(value, expected);
}

/* Every byte there is at every place, behind digits or blanks and in front of either. */
static void every_byte_at_every_place(void **state)
{
    (void)state;
    for (size_t place = 0; place < EIGHT; place++) {
        for (int byte = 0; byte < 256; byte++) {
            char text[EIGHT];

            memcpy(text, "98765432", EIGHT);
            text[place] = (char)byte;
            assert_same(text);
            memset(text + place + 1, 0xff, EIGHT - place - 1);
            assert_same(text);
            memset(text, ' ', EIGHT);
            text[place] = (char)byte;
            assert_same(text);
            memset(text + place + 1, '\0', EIGHT - place - 1);
            assert_same(text);
        }
    }
}

static void numbers_of_every_length(void **state)
{
    static const char digits[] = "9999999900000000123456781000000090071992";

    (void)state;
    for (size_t from = 0; from + EIGHT < sizeof(digits); from++) {
        for (size_t length = 0; length <= EIGHT; length++) {
            char text[EIGHT];

            memset(text, ' ', EIGHT);
            memcpy(text, digits + from, length);
            assert_same(text);
        }
    }
}

static void the_first_byte_is_the_lowest(void **state)
{
    (void)state;
    assert_true(eight_load("\1\0\0\0\0\0\0\0") == 1);
    assert_true(eight_load("\0\0\0\0\0\0\0\200") == UINT64_C(1) << 63);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_at_every_place),
        cmocka_unit_test(numbers_of_every_length),
        cmocka_unit_test(the_first_byte_is_the_lowest),
    };

    return cmocka_run_group_tests_name("base/eight", tests, NULL, NULL);
}
