/* view/wrap: lines that fit a terminal, in which no command is broken. */
#include "view/wrap.h"

#include <string.h>
#include <time.h>

#include "unit.h"

#define TEN "123456789 "
#define SEVENTY TEN TEN TEN TEN TEN TEN TEN

/* Demands that TEXT becomes EXPECTED behind BEFORE. */
static void assert_wrapped(void (*wrap)(struct strbuf *, const struct strbuf *, size_t, size_t),
                           const char *before, const char *text, const char *expected)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf whole = STRBUF_INIT;

    strbuf_puts(&out, before);
    strbuf_puts(&whole, text);
    wrap(&out, &whole, 4, WRAP_WIDTH);
    assert_int_equal(strncmp(strbuf_string(&out), before, strlen(before)), 0);
    assert_string_equal(strbuf_string(&out) + strlen(before), expected);
}

static void what_fits_stays(void **state)
{
    (void)state;
    assert_wrapped(wrap_text, "", "", "");
    assert_wrapped(wrap_text, "", "one", "one");
    assert_wrapped(wrap_text, "", "one two", "one two");
    assert_wrapped(wrap_text, "", SEVENTY "12345678", SEVENTY "12345678");
}

static void a_line_is_broken_between_words(void **state)
{
    (void)state;
    assert_wrapped(wrap_text, "", SEVENTY "12345678 a b",
                   SEVENTY "12345678\n"
                           "    a b");
    assert_wrapped(wrap_text, "", SEVENTY "123456789 a",
                   "123456789 123456789 123456789 123456789 123456789 123456789 123456789\n"
                   "    123456789 a");
}

static void what_stands_in_the_line_already_counts(void **state)
{
    (void)state;
    assert_wrapped(wrap_text, "done\nerror: " SEVENTY, "a b", "a\n    b");
    assert_wrapped(wrap_text, SEVENTY SEVENTY "\n", "a b", "a b");
}

static void a_word_that_is_too_long_stays_whole(void **state)
{
    (void)state;
    assert_wrapped(wrap_text, "remedy: ",
                   "1234567890123456789012345678901234567890123456789012345678901234567890123456789"
                   " a",
                   "1234567890123456789012345678901234567890123456789012345678901234567890123456789"
                   "\n    a");
}

static void a_command_is_not_broken(void **state)
{
    (void)state;
    assert_wrapped(wrap_text, SEVENTY, "so: shmtool rm 5", "so:\n    shmtool rm 5");
    assert_wrapped(wrap_text, SEVENTY, "or 'shmtool rm 5' would do",
                   "or\n    'shmtool rm 5' would do");
    assert_wrapped(wrap_text, SEVENTY, "(shmtool rm --orphan), or: shmtool ls",
                   "(shmtool rm --orphan),\n    or: shmtool ls");
    assert_wrapped(wrap_text, SEVENTY, "a sysctl vm.overcommit_memory=1",
                   "a\n    sysctl vm.overcommit_memory=1");
    assert_wrapped(wrap_text, SEVENTY, "a nsenter --ipc --target PID sysctl -w x=1 (PID: b)",
                   "a\n    nsenter --ipc --target PID sysctl -w x=1 (PID: b)");
    /* Behind a mark it ends, and so it does at a parenthesis. */
    assert_wrapped(wrap_text, SEVENTY, "shmtool x, and on", "shmtool x,\n    and on");
    assert_wrapped(wrap_text, SEVENTY, "shmtool ID (shmtool ls)", "shmtool ID\n    (shmtool ls)");
    /* A process may bear the name. */
    assert_wrapped(wrap_text, SEVENTY, "shmtool[8] has it attached",
                   "shmtool[8]\n    has it attached");
}

static void clauses_have_lines_of_their_own(void **state)
{
    (void)state;
    assert_wrapped(wrap_clauses, "", "one; two;three; four", "one;\n    two;three;\n    four");
    assert_wrapped(wrap_clauses, "", "stop it; shmtool rm 5; or not",
                   "stop it;\n    shmtool rm 5;\n    or not");
    assert_wrapped(wrap_clauses, SEVENTY, "12345 12345; a", "12345\n    12345;\n    a");
    assert_wrapped(wrap_clauses, "", "", "");
}

static void a_pipe_gets_long_lines(void **state)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    (void)state;
    strbuf_puts(&text, SEVENTY SEVENTY "end; and more");
    wrap_text(&out, &text, 4, WRAP_NEVER);
    assert_string_equal(strbuf_string(&out), SEVENTY SEVENTY "end; and more");
    strbuf_reset(&out);
    wrap_clauses(&out, &text, 4, WRAP_NEVER);
    assert_string_equal(strbuf_string(&out), SEVENTY SEVENTY "end;\n    and more");
}

static void nothing_reaches_the_terminal_raw(void **state)
{
    (void)state;
    assert_wrapped(wrap_text, "", "a\033b c\n", "a\\x1bb c\\x0a");
    assert_wrapped(wrap_clauses, "", "a\n; b", "a\\x0a;\n    b");
}

/* Seconds of this process in which many texts are wrapped behind LINES lines. */
static double wrap_many_behind(size_t lines)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    clock_t start;

    for (size_t i = 0; i < lines; i++)
        strbuf_puts(&out, SEVENTY "\n");
    strbuf_puts(&text, "one; two; " SEVENTY "three");
    start = clock();
    for (int i = 0; i < 3000; i++) {
        wrap_text(&out, &text, 4, WRAP_WIDTH);
        wrap_clauses(&out, &text, 4, WRAP_WIDTH);
        strbuf_putc(&out, '\n');
    }
    return (double)(clock() - start) / CLOCKS_PER_SEC;
}

static void what_stands_there_already_costs_nothing(void **state)
{
    (void)state;
    /* 14 MB: to walk through them each time would take a thousand times as long. */
    assert_true(wrap_many_behind(200000) < 0.1 + 20 * wrap_many_behind(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_stays),
        cmocka_unit_test(a_line_is_broken_between_words),
        cmocka_unit_test(what_stands_in_the_line_already_counts),
        cmocka_unit_test(a_word_that_is_too_long_stays_whole),
        cmocka_unit_test(a_command_is_not_broken),
        cmocka_unit_test(clauses_have_lines_of_their_own),
        cmocka_unit_test(a_pipe_gets_long_lines),
        cmocka_unit_test(nothing_reaches_the_terminal_raw),
        cmocka_unit_test(what_stands_there_already_costs_nothing),
    };

    return cmocka_run_group_tests_name("view/wrap", tests, NULL, NULL);
}
