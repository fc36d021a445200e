/*
 * model/ipc_namespace: the words that name a namespace, and finding one in a list.
 */
#include "model/ipc_namespace.h"

#include <errno.h>
#include <string.h>

#include "unit.h"

static void assert_word(const char *word, enum namespace_word expected, uint64_t number)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    enum namespace_word kind = NAMESPACE_BY_NAME;
    uint64_t value = 0;

    if (namespace_parse_word(word, &kind, &value, &err) < 0)
        fail_msg("'%s': %s", word, err.text);
    assert_int_equal(kind, expected);
    assert_int_equal(value, number);
}

static void assert_no_word(const char *word)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    enum namespace_word kind;
    uint64_t value;

    assert_int_equal(namespace_parse_word(word, &kind, &value, &err), -EINVAL);
    assert_non_null(strstr(err.text, word));
    assert_non_null(strstr(err.text, "1 to 4194304"));
    assert_non_null(strstr(err.text, "4026531839 and above"));
}

static void numbers_are_pids_or_namespaces(void **state)
{
    (void)state;
    assert_word("1", NAMESPACE_OF_PID, 1);
    assert_word("4194304", NAMESPACE_OF_PID, 4194304);
    assert_word("4026531839", NAMESPACE_BY_NUMBER, 4026531839);
    assert_word("4294967295", NAMESPACE_BY_NUMBER, 4294967295);
}

static void numbers_between_are_neither(void **state)
{
    (void)state;
    assert_no_word("0");
    assert_no_word("4194305");
    assert_no_word("9999999");
    assert_no_word("007");
    assert_no_word("");
}

static void a_slash_makes_a_file(void **state)
{
    (void)state;
    assert_word("/proc/1/ns/ipc", NAMESPACE_BY_FILE, 0);
    assert_word("./1", NAMESPACE_BY_FILE, 0);
    assert_word("/", NAMESPACE_BY_FILE, 0);
}

static void the_rest_is_a_name(void **state)
{
    (void)state;
    assert_word("web", NAMESPACE_BY_NAME, 0);
    assert_word("-1", NAMESPACE_BY_NAME, 0);
    assert_word("1x", NAMESPACE_BY_NAME, 0);
    assert_word(" 1", NAMESPACE_BY_NAME, 0);
    assert_word("0x1", NAMESPACE_BY_NAME, 0);
    /* The beginning of a container's id that has decimal digits alone. */
    assert_word("01234567", NAMESPACE_BY_NAME, 0);
    assert_word("12345678", NAMESPACE_BY_NAME, 0);
    assert_word("4026531838", NAMESPACE_BY_NAME, 0);
    assert_word("4294967296", NAMESPACE_BY_NAME, 0);
    assert_word("498273648273", NAMESPACE_BY_NAME, 0);
    assert_word("99999999999999999999999999", NAMESPACE_BY_NAME, 0);
}

static void one_is_found_by_number_and_device(void **state)
{
    struct ipc_namespace items[] = {{.number = 4026531839, .device = 4},
                                    {.number = 4026532200, .device = 4}};
    const struct ipc_namespace_list list = {.items = items, .count = 2};

    (void)state;
    assert_ptr_equal(ipc_namespace_list_find(&list, 4026532200, 4), &items[1]);
    assert_null(ipc_namespace_list_find(&list, 4026532200, 5));
    assert_null(ipc_namespace_list_find(&list, 4026532201, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_pids_or_namespaces),
        cmocka_unit_test(numbers_between_are_neither),
        cmocka_unit_test(a_slash_makes_a_file),
        cmocka_unit_test(the_rest_is_a_name),
        cmocka_unit_test(one_is_found_by_number_and_device),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
