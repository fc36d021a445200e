/* model/protection: the first line that selects a segment protects it; what is not known. */
#include "model/protection.h"

#include <errno.h>

#include "base/xalloc.h"
#include "unit.h"

static void add_key_rule(struct protection_rules *rules, const char *where, uint32_t low,
                         uint32_t high)
{
    struct protection_rule rule = {.where = xstrdup(where)};

    filter_add_range(&rule.filter.key_ranges, (struct range){low, high});
    protection_add(rules, &rule);
}

static void the_first_line_that_selects_it_counts(void **state)
{
    struct protection *protection = protection_new(NULL);
    struct segment segment = {.key = 5};

    (void)state;
    assert_null(protection_find(protection, &segment));
    add_key_rule(&protection->labels, "label", 0, UINT32_MAX);
    assert_null(protection_find(protection, &segment));
    add_key_rule(&protection->protects, "one", 1, 4);
    add_key_rule(&protection->protects, "two", 4, 6);
    add_key_rule(&protection->protects, "three", 5, 6);
    assert_string_equal(protection_find(protection, &segment)->where, "two");
    segment.key = 4;
    assert_string_equal(protection_find(protection, &segment)->where, "one");
    segment.key = 7;
    assert_null(protection_find(protection, &segment));
    protection_free(protection);
}

static void what_was_not_read_or_not_whole_is_not_complete(void **state)
{
    CLEANUP_ERROR struct error first = ERROR_INIT;
    CLEANUP_ERROR struct error second = ERROR_INIT;
    const struct segment segment = {.key = 5};
    struct protection *protection = protection_new(protection_new(NULL));

    (void)state;
    assert_false(protection_is_complete(NULL));
    assert_null(protection_find(NULL, &segment));
    assert_true(protection_is_complete(protection));
    error_set(&first, EPERM, "first");
    error_set(&second, EINVAL, "second");
    assert_null(protection->problem_where);
    protection_note_problem(protection, "/etc/one:2", &first);
    protection_note_problem(protection, "/etc/two", &second);
    assert_false(protection_is_complete(protection));
    assert_string_equal(protection->problem.text, "first");
    assert_string_equal(protection->problem_where, "/etc/one:2");
    assert_int_equal(protection->problem_count, 2);
    protection_free(protection);
    protection_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_line_that_selects_it_counts),
        cmocka_unit_test(what_was_not_read_or_not_whole_is_not_complete),
    };

    return cmocka_run_group_tests_name("model/protection", tests, NULL, NULL);
}
