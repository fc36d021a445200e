/* base/strbuf: bytes appended and numbers written. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "unit.h"

static void empty_is_an_empty_string(void **state)
{
    struct strbuf buf = STRBUF_INIT;

    (void)state;
    assert_string_equal(strbuf_string(&buf), "");
    assert_int_equal(buf.length, 0);
    strbuf_reset(&buf);
    assert_string_equal(strbuf_string(&buf), "");
    strbuf_release(&buf);
    assert_null(buf.data);
}

static void reserved_but_unused_is_an_empty_string(void **state)
{
    CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;

    (void)state;
    strbuf_reserve(&buf, 1000);
    assert_true(buf.capacity > 1000);
    assert_int_equal(buf.length, 0);
    /* What stands in fresh memory must not be taken for text. */
    memset(buf.data, 'x', buf.capacity);
    assert_string_equal(strbuf_string(&buf), "");
}

static void nothing_appended_is_an_empty_string(void **state)
{
    CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;

    (void)state;
    strbuf_append(&buf, NULL, 0);
    strbuf_puts(&buf, "");
    strbuf_printf(&buf, "%s", "");
    assert_int_equal(buf.length, 0);
    assert_string_equal(strbuf_string(&buf), "");
}

static void appends_one_behind_the_other(void **state)
{
    CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;

    (void)state;
    strbuf_puts(&buf, "one ");
    strbuf_append(&buf, "two!!", 3);
    strbuf_putc(&buf, ' ');
    strbuf_printf(&buf, "%d-%s", 3, "three");
    assert_string_equal(strbuf_string(&buf), "one two 3-three");
    assert_int_equal(buf.length, strlen("one two 3-three"));
}

static void keeps_nul_bytes(void **state)
{
    CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;
    static const char expected[] = "a\0b\0\0c\0d";

    (void)state;
    strbuf_append(&buf, "a\0b\0", 4);
    strbuf_putc(&buf, '\0');
    strbuf_printf(&buf, "c%cd", 0);
    assert_int_equal(buf.length, sizeof(expected) - 1);
    /* The final NUL is compared too. */
    assert_memory_equal(buf.data, expected, sizeof(expected));
}

static void grows_byte_by_byte_without_loss(void **state)
{
    CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;

    (void)state;
    for (unsigned i = 0; i < 100000; i++) {
        strbuf_putc(&buf, (char)(i * 31U));
        assert_int_equal(buf.length, i + 1);
        assert_true(buf.capacity > buf.length);
        assert_int_equal(buf.data[buf.length], 0);
    }
    for (unsigned i = 0; i < 100000; i++)
        assert_int_equal(buf.data[i], (char)(i * 31U));
}

static void grows_by_doubling(void **state)
{
    CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;
    size_t moves = 0;
    size_t capacity = 0;

    (void)state;
    for (unsigned i = 0; i < 1000000; i++) {
        strbuf_putc(&buf, 'x');
        moves += buf.capacity != capacity;
        capacity = buf.capacity;
    }
    assert_true(moves < 20);
}

static void long_formatted_text_is_not_cut(void **state)
{
    CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;

    (void)state;
    strbuf_printf(&buf, "%0100000d", 7);
    assert_int_equal(buf.length, 100000);
    assert_string_equal(buf.data + 99998, "07");
}

static void arguments_are_no_formats(void **state)
{
    CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;

    (void)state;
    strbuf_puts(&buf, "%s%n");
    strbuf_printf(&buf, "%s", "%d");
    assert_string_equal(strbuf_string(&buf), "%s%n%d");
}

static void reserve_keeps_what_is_there(void **state)
{
    CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;
    const char *before;

    (void)state;
    strbuf_puts(&buf, "kept");
    strbuf_reserve(&buf, 1 << 20);
    assert_true(buf.capacity >= (1 << 20) + 5);
    assert_string_equal(strbuf_string(&buf), "kept");
    before = buf.data;
    strbuf_reserve(&buf, 100);
    assert_ptr_equal(buf.data, before);
}

static void reset_empties_and_keeps_the_memory(void **state)
{
    CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;
    const char *before;
    size_t capacity;

    (void)state;
    strbuf_puts(&buf, "something that takes more bytes than the smallest buffer has to offer us");
    before = buf.data;
    capacity = buf.capacity;
    strbuf_reset(&buf);
    assert_int_equal(buf.length, 0);
    assert_int_equal(buf.capacity, capacity);
    assert_string_equal(strbuf_string(&buf), "");
    strbuf_puts(&buf, "new");
    assert_ptr_equal(buf.data, before);
    assert_string_equal(strbuf_string(&buf), "new");
}

static void truncating_keeps_the_beginning(void **state)
{
    CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;

    (void)state;
    strbuf_truncate(&buf, 0);
    assert_null(buf.data);
    strbuf_puts(&buf, "proc/sysvipc");
    strbuf_truncate(&buf, 12);
    assert_string_equal(strbuf_string(&buf), "proc/sysvipc");
    strbuf_truncate(&buf, 4);
    assert_int_equal(buf.length, 4);
    assert_string_equal(strbuf_string(&buf), "proc");
    strbuf_putc(&buf, '/');
    assert_string_equal(strbuf_string(&buf), "proc/");
}

static void release_leaves_it_ready_for_use(void **state)
{
    CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;

    (void)state;
    strbuf_puts(&buf, "old");
    strbuf_release(&buf);
    assert_memory_equal(&buf, &(const struct strbuf)STRBUF_INIT, sizeof(buf));
    strbuf_puts(&buf, "new");
    assert_string_equal(strbuf_string(&buf), "new");
}

/* At every power of ten, where a digit more begins: as printf() has it. */
static void writes_numbers_of_every_length(void **state)
{
    (void)state;
    for (uint64_t power = 1; power <= UINT64_MAX / 10; power *= 10) {
        const uint64_t values[] = {power - 1, power, power + 1, power * 10 - 1, power * 7 + 5};

        for (size_t i = 0; i < COUNT_OF(values); i++) {
            CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;
            char expected[32];

            snprintf(expected, sizeof(expected), "%" PRIu64, values[i]);
            strbuf_put_u64(&buf, values[i]);
            assert_string_equal(strbuf_string(&buf), expected);
        }
    }
}

static void writes_numbers_beyond_64_bits(void **state)
{
    static const struct {
        struct wide value;
        const char *text;
    } cases[] = {
        {{0, 0}, "0"},
        {{0, UINT64_MAX}, "18446744073709551615"},
        {{1, 0}, "18446744073709551616"},
        {{1, UINT64_C(1553255926290448384)}, "20000000000000000000"},
        {{54, UINT64_C(3875820019684212736)}, "1000000000000000000000"},
        {{UINT64_C(54210108624275), UINT64_C(4089650035136921600)},
         "1000000000000000000000000000000000"},
        {{UINT64_MAX, UINT64_MAX}, "340282366920938463463374607431768211455"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;

        strbuf_put_wide(&buf, cases[i].value);
        assert_string_equal(strbuf_string(&buf), cases[i].text);
    }
}

static void writes_unsigned_numbers(void **state)
{
    static const struct {
        uint64_t value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {9, "9"},
        {10, "10"},
        {99, "99"},
        {100, "100"},
        {UINT64_C(2147483647), "2147483647"},
        {UINT64_C(2147483648), "2147483648"},
        {UINT64_C(4294967296), "4294967296"},
        {UINT64_C(9223372036854775807), "9223372036854775807"},
        {UINT64_C(9223372036854775808), "9223372036854775808"},
        {UINT64_C(10000000000000000000), "10000000000000000000"},
        {UINT64_MAX, "18446744073709551615"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;

        strbuf_put_u64(&buf, cases[i].value);
        assert_string_equal(strbuf_string(&buf), cases[i].text);
        assert_int_equal(buf.length, strlen(cases[i].text));
    }
}

static void writes_signed_numbers(void **state)
{
    static const struct {
        int64_t value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-1, "-1"},
        {-10, "-10"},
        {INT64_C(1795299005), "1795299005"},
        {INT32_MIN, "-2147483648"},
        {INT64_MAX, "9223372036854775807"},
        {-INT64_MAX, "-9223372036854775807"},
        {INT64_MIN, "-9223372036854775808"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;

        strbuf_put_i64(&buf, cases[i].value);
        assert_string_equal(strbuf_string(&buf), cases[i].text);
    }
}

static void writes_keys_as_eight_digits(void **state)
{
    static const struct {
        uint32_t key;
        const char *text;
    } cases[] = {
        {0, "0x00000000"},          {1, "0x00000001"},          {0x00143511, "0x00143511"},
        {0x7fffffff, "0x7fffffff"}, {0x80000000, "0x80000000"}, {0xdeadbeef, "0xdeadbeef"},
        {0xffffffff, "0xffffffff"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;

        strbuf_put_key(&buf, cases[i].key);
        assert_string_equal(strbuf_string(&buf), cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_is_an_empty_string),
        cmocka_unit_test(reserved_but_unused_is_an_empty_string),
        cmocka_unit_test(nothing_appended_is_an_empty_string),
        cmocka_unit_test(appends_one_behind_the_other),
        cmocka_unit_test(keeps_nul_bytes),
        cmocka_unit_test(grows_byte_by_byte_without_loss),
        cmocka_unit_test(grows_by_doubling),
        cmocka_unit_test(long_formatted_text_is_not_cut),
        cmocka_unit_test(arguments_are_no_formats),
        cmocka_unit_test(reserve_keeps_what_is_there),
        cmocka_unit_test(reset_empties_and_keeps_the_memory),
        cmocka_unit_test(truncating_keeps_the_beginning),
        cmocka_unit_test(release_leaves_it_ready_for_use),
        cmocka_unit_test(writes_unsigned_numbers),
        cmocka_unit_test(writes_numbers_of_every_length),
        cmocka_unit_test(writes_numbers_beyond_64_bits),
        cmocka_unit_test(writes_signed_numbers),
        cmocka_unit_test(writes_keys_as_eight_digits),
    };

    return cmocka_run_group_tests_name("base/strbuf", tests, NULL, NULL);
}
