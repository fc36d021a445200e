/* base/error: the text and the number of what went wrong. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "unit.h"

static void starts_as_no_error(void **state)
{
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(err.code, 0);
    assert_null(err.text);
}

static void set_keeps_text_and_code(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(error_set(&err, EINVAL, "'%s': not a %s", "1x", "number"), -EINVAL);
    assert_int_equal(err.code, EINVAL);
    assert_string_equal(err.text, "'1x': not a number");
}

static void set_replaces_what_was_there(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;

    (void)state;
    error_set(&err, EINVAL, "first");
    assert_int_equal(error_set(&err, ENOENT, "second"), -ENOENT);
    assert_int_equal(err.code, ENOENT);
    assert_string_equal(err.text, "second");
}

static void set_may_quote_the_text_it_replaces(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;

    (void)state;
    error_set(&err, ENOENT, "inner");
    error_set(&err, ENOENT, "outer: %s", err.text);
    assert_string_equal(err.text, "outer: inner");
    error_set_errno(&err, EIO, "file: %s", err.text);
    assert_string_equal(err.text, "file: outer: inner: Input/output error");
}

static void set_errno_adds_the_systems_words(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(error_set_errno(&err, ENOENT, "%s%s", "/", "proc/1"), -ENOENT);
    assert_int_equal(err.code, ENOENT);
    assert_string_equal(err.text, "/proc/1: No such file or directory");
}

static void arguments_are_no_formats(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;

    (void)state;
    error_set(&err, EINVAL, "'%s': wrong", "%n%s%d");
    assert_string_equal(err.text, "'%n%s%d': wrong");
    error_set_errno(&err, EINVAL, "%s", "100%d");
    assert_string_equal(err.text, "100%d: Invalid argument");
}

static void long_texts_are_not_cut(void **state)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    char word[10001];

    (void)state;
    memset(word, 'x', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    error_set(&err, EINVAL, "'%s'", word);
    assert_int_equal(strlen(err.text), sizeof(word) + 1);
    assert_memory_equal(err.text + 1, word, sizeof(word) - 1);
}

static void nobody_needs_to_listen(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, EINVAL, "%s", "lost"), -EINVAL);
    assert_int_equal(error_set_errno(NULL, EPERM, "%s", "lost"), -EPERM);
}

static void assert_named(void (*put)(struct strbuf *out, int code), int code, const char *expected)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

    put(&out, code);
    assert_string_equal(strbuf_string(&out), expected);
}

static void codes_have_names_for_programs(void **state)
{
    static const struct {
        int code;
        const char *name;
    } cases[] = {
        {EPERM, "EPERM"},   {ENOENT, "ENOENT"}, {EACCES, "EACCES"}, {EEXIST, "EEXIST"},
        {EINVAL, "EINVAL"}, {ENOSPC, "ENOSPC"}, {ENOMEM, "ENOMEM"}, {EIDRM, "EIDRM"},
        {ENOSYS, "ENOSYS"}, {EIO, "EIO"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_named(error_put_name, cases[i].code, cases[i].name);
    assert_named(error_put_name, 133, "errno 133");
    assert_named(error_put_name, 99999, "errno 99999");
}

static void json_has_null_for_no_error_alone(void **state)
{
    (void)state;
    assert_named(error_put_json, 0, "null");
    assert_named(error_put_json, EPERM, "\"EPERM\"");
    assert_named(error_put_json, 133, "\"errno 133\"");
}

static void complaints_are_kept_whole_and_in_order(void **state)
{
    CLEANUP_COMPLAINT_LIST struct complaint_list list = COMPLAINT_LIST_INIT;
    char where[32];

    (void)state;
    for (int i = 0; i < 20; i++) {
        snprintf(where, sizeof(where), "line %d", i);
        complaint_list_add(&list, where, "a\0b and more", 3);
    }
    assert_int_equal(list.count, 20);
    assert_string_equal(list.items[0].where, "line 0");
    assert_string_equal(list.items[19].where, "line 19");
    assert_int_equal(list.items[19].length, 3);
    assert_memory_equal(list.items[19].text, "a\0b", 4);
    complaint_list_release(&list);
    assert_int_equal(list.count, 0);
    assert_null(list.items);
}

static void clear_makes_it_no_error_again(void **state)
{
    struct error err = ERROR_INIT;

    (void)state;
    error_set(&err, EINVAL, "text");
    error_clear(&err);
    assert_int_equal(err.code, 0);
    assert_null(err.text);
    error_clear(&err);
    assert_null(err.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_as_no_error),
        cmocka_unit_test(set_keeps_text_and_code),
        cmocka_unit_test(set_replaces_what_was_there),
        cmocka_unit_test(set_may_quote_the_text_it_replaces),
        cmocka_unit_test(set_errno_adds_the_systems_words),
        cmocka_unit_test(arguments_are_no_formats),
        cmocka_unit_test(long_texts_are_not_cut),
        cmocka_unit_test(nobody_needs_to_listen),
        cmocka_unit_test(codes_have_names_for_programs),
        cmocka_unit_test(json_has_null_for_no_error_alone),
        cmocka_unit_test(complaints_are_kept_whole_and_in_order),
        cmocka_unit_test(clear_makes_it_no_error_again),
    };

    return cmocka_run_group_tests_name("base/error", tests, NULL, NULL);
}
