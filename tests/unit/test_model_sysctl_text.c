/* model/sysctl_text: one line of a file of sysctl.d is changed, every other byte stays. */
#include "model/sysctl_text.h"

#include <string.h>

#include "unit.h"

static bool sets(const char *line)
{
    return sysctl_text_sets(line, strlen(line), "kernel.shmmax", NULL, NULL);
}

static void all_forms_of_a_line_are_known(void **state)
{
    (void)state;
    assert_true(sets("kernel.shmmax=1"));
    assert_true(sets("kernel.shmmax = 1"));
    assert_true(sets("  kernel.shmmax\t=\t1  "));
    assert_true(sets("kernel/shmmax=1"));
    assert_true(sets("-kernel.shmmax = 1"));
    assert_true(sets(" - kernel/shmmax = 1\r"));
    assert_true(sets("kernel.shmmax="));
    assert_true(sets("kernel.shmmax=1=2"));
}

static void other_lines_are_none(void **state)
{
    (void)state;
    assert_false(sets(""));
    assert_false(sets("="));
    assert_false(sets("kernel.shmmax"));
    assert_false(sets("# kernel.shmmax = 1"));
    assert_false(sets("#kernel.shmmax=1"));
    assert_false(sets("; kernel.shmmax = 1"));
    assert_false(sets("-kernel.shmmax"));
    assert_false(sets("--kernel.shmmax = 1"));
    assert_false(sets("kernel.shmma = 1"));
    assert_false(sets("kernel.shmmaxx = 1"));
    assert_false(sets("kernel.shmmni = 1"));
    assert_false(sets("kernel shmmax = 1"));
    assert_false(sets("kernel.shm* = 1"));
    assert_false(sets("kernelxshmmax = 1"));
    assert_false(sets("Kernel.shmmax = 1"));
}

static void a_value_comes_without_blanks_around_it(void **state)
{
    const char *line = "kernel.shmmax =  12 34\t \r";
    const char *value;
    size_t length;

    (void)state;
    assert_true(sysctl_text_sets(line, strlen(line), "kernel.shmmax", &value, &length));
    assert_int_equal(length, 5);
    assert_memory_equal(value, "12 34", 5);
}

static void a_line_may_hold_any_byte(void **state)
{
    const char line[] = "kernel\0shmmax=1";

    (void)state;
    assert_false(sysctl_text_sets(line, sizeof(line) - 1, "kernel.shmmax", NULL, NULL));
}

static void find(const char *text, const char *expected)
{
    const char *value = NULL;
    size_t length = 0;
    bool found = sysctl_text_find(text, strlen(text), "kernel.shmmax", &value, &length);

    assert_int_equal(found, expected != NULL);
    if (!expected)
        return;
    assert_int_equal(length, strlen(expected));
    assert_memory_equal(value, expected, length);
}

static void the_last_value_counts(void **state)
{
    (void)state;
    find("", NULL);
    find("\n\n", NULL);
    find("kernel.shmmax=1", "1");
    find("kernel.shmmax=1\n", "1");
    find("kernel.shmmax=1\nkernel.shmmax=2\n", "2");
    find("kernel.shmmax=1\n#kernel.shmmax=2\n", "1");
    find("kernel/shmmax = 1\nkernel.shmmni=5\n-kernel.shmmax = 3", "3");
    find("a=1\nb=2", NULL);
}

static void set(const char *before, const char *after)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf again = STRBUF_INIT;

    sysctl_text_set(&out, before, strlen(before), "kernel.shmmax", "268435456");
    assert_string_equal(strbuf_string(&out), after);
    assert_int_equal(out.length, strlen(after));
    /* Twice is the same as once. */
    sysctl_text_set(&again, out.data, out.length, "kernel.shmmax", "268435456");
    assert_string_equal(strbuf_string(&again), after);
}

#define LINE "kernel.shmmax = 268435456\n"

static void a_new_line_comes_last(void **state)
{
    (void)state;
    set("", LINE);
    set("\n", "\n" LINE);
    set("# mine\n", "# mine\n" LINE);
    set("# no newline", "# no newline\n" LINE);
    set("kernel.shmmni = 5\n\n", "kernel.shmmni = 5\n\n" LINE);
    set("#kernel.shmmax = 1\n", "#kernel.shmmax = 1\n" LINE);
}

static void a_line_is_replaced_in_its_place(void **state)
{
    (void)state;
    set("kernel.shmmax=1", LINE);
    set("kernel.shmmax = 268435456\n", LINE);
    set("# a\nkernel/shmmax=1\n# b\n", "# a\n" LINE "# b\n");
    set("-kernel.shmmax = 7 \r\n# b\r\n", LINE "# b\r\n");
    set("  kernel.shmmax =\n# b", LINE "# b");
}

static void a_second_line_is_dropped(void **state)
{
    (void)state;
    set("kernel.shmmax=1\nkernel.shmmax=2\n", LINE);
    set("a=1\nkernel.shmmax=1\nb=2\nkernel/shmmax=2\nc=3\n-kernel.shmmax=3",
        "a=1\n" LINE "b=2\nc=3\n");
    set("kernel.shmmax=1\n# between\nkernel.shmmax=2", LINE "# between\n");
}

static void other_bytes_stay(void **state)
{
    const char before[] = "\xff\0\x01 text\nkernel.shmmax=1\n\0\n";
    const char after[] = "\xff\0\x01 text\n" LINE "\0\n";
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

    (void)state;
    sysctl_text_set(&out, before, sizeof(before) - 1, "kernel.shmmax", "268435456");
    assert_int_equal(out.length, sizeof(after) - 1);
    assert_memory_equal(out.data, after, out.length);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_forms_of_a_line_are_known),
        cmocka_unit_test(other_lines_are_none),
        cmocka_unit_test(a_value_comes_without_blanks_around_it),
        cmocka_unit_test(a_line_may_hold_any_byte),
        cmocka_unit_test(the_last_value_counts),
        cmocka_unit_test(a_new_line_comes_last),
        cmocka_unit_test(a_line_is_replaced_in_its_place),
        cmocka_unit_test(a_second_line_is_dropped),
        cmocka_unit_test(other_bytes_stay),
    };

    return cmocka_run_group_tests_name("model/sysctl_text", tests, NULL, NULL);
}
