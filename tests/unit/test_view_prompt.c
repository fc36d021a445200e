/* view/prompt: only the word yes is yes. */
#include "view/prompt.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

/* The input, and what stands in for the descriptor of signals; both pipes. */
struct fixture {
    int input[2];
    int interrupt[2];
};

static int setup(void **state)
{
    static struct fixture fixture;

    assert_int_equal(pipe2(fixture.input, O_CLOEXEC), 0);
    assert_int_equal(pipe2(fixture.interrupt, O_CLOEXEC), 0);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    const struct fixture *fixture = *state;

    for (size_t i = 0; i < 2; i++) {
        close(fixture->input[i]);
        close(fixture->interrupt[i]);
    }
    return 0;
}

static void type(const struct fixture *fixture, const char *bytes, size_t length)
{
    assert_int_equal(write(fixture->input[1], bytes, length), length);
}

/* No more input: its end is read behind what was typed. */
static void end_input(struct fixture *fixture)
{
    close(fixture->input[1]);
    fixture->input[1] = -1;
}

static enum prompt_answer ask(const struct fixture *fixture)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    enum prompt_answer answer;

    assert_non_null(out);
    answer = prompt_ask(out, "Really? ", fixture->input[0], fixture->interrupt[0]);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, "Really? ");
    free(text);
    return answer;
}

static void the_word_yes_is_yes(void **state)
{
    type(*state, "yes\n", 4);
    assert_int_equal(ask(*state), PROMPT_YES);
}

static void anything_else_is_no(void **state)
{
    static const char *const lines[] = {"no\n",         "y\n",    "YES\n",       "Yes\n",
                                        "\n",           " yes\n", "yes \n",      "yes\r\n",
                                        "yess\n",       "ye\n",   "yesyes\n",    "yes yes\n",
                                        "yes please\n", "oui\n",  "\x1b[Ayes\n", "yes\x7f\n"};

    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        type(*state, lines[i], strlen(lines[i]));
        assert_int_equal(ask(*state), PROMPT_NO);
    }
    type(*state, "yes\0\n", 5);
    assert_int_equal(ask(*state), PROMPT_NO);
    type(*state, "y\0es\n", 5);
    assert_int_equal(ask(*state), PROMPT_NO);
}

static void one_line_is_taken_and_nothing_behind_it(void **state)
{
    char rest[32];
    const struct fixture *fixture = *state;

    type(fixture, "no\nyes\nrest", 11);
    assert_int_equal(ask(fixture), PROMPT_NO);
    assert_int_equal(ask(fixture), PROMPT_YES);
    assert_int_equal(read(fixture->input[0], rest, sizeof(rest)), 4);
    assert_memory_equal(rest, "rest", 4);
}

static void a_long_line_is_read_to_its_end(void **state)
{
    enum { LONG = 50000 };
    char *line = malloc(LONG);
    char rest[8];
    const struct fixture *fixture = *state;

    assert_non_null(line);
    memset(line, 'y', LONG);
    line[1] = 'e';
    line[2] = 's';
    line[LONG - 3] = '\n';
    line[LONG - 2] = 'o';
    line[LONG - 1] = 'k';
    type(fixture, line, LONG);
    free(line);
    assert_int_equal(ask(fixture), PROMPT_NO);
    assert_int_equal(read(fixture->input[0], rest, sizeof(rest)), 2);
    assert_memory_equal(rest, "ok", 2);
}

static void the_end_of_the_input_is_no_answer(void **state)
{
    end_input(*state);
    assert_int_equal(ask(*state), PROMPT_END);
    assert_int_equal(ask(*state), PROMPT_END);
}

static void a_last_line_needs_no_newline(void **state)
{
    type(*state, "yes", 3);
    end_input(*state);
    assert_int_equal(ask(*state), PROMPT_YES);
    assert_int_equal(ask(*state), PROMPT_END);
}

static void half_a_word_at_the_end_is_no(void **state)
{
    type(*state, "ye", 2);
    end_input(*state);
    assert_int_equal(ask(*state), PROMPT_NO);
}

static void a_signal_gives_it_up(void **state)
{
    const struct fixture *fixture = *state;

    assert_int_equal(write(fixture->interrupt[1], "x", 1), 1);
    assert_int_equal(ask(fixture), PROMPT_INTERRUPT);
    /* It comes before an answer that is there too. */
    type(fixture, "yes\n", 4);
    assert_int_equal(ask(fixture), PROMPT_INTERRUPT);
}

static void an_input_that_cannot_be_read_is_no_answer(void **state)
{
    struct fixture *fixture = *state;
    int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    assert_true(directory >= 0);
    assert_int_equal(dup2(directory, fixture->input[0]), fixture->input[0]);
    close(directory);
    assert_int_equal(ask(fixture), PROMPT_END);
}

/* A yes that waits already is no answer to what nobody saw. */
static void a_question_that_cannot_be_shown_is_not_asked(void **state)
{
    const struct fixture *fixture = *state;
    FILE *full = fopen("/dev/full", "w");
    char left[4];

    if (!full)
        skip_because("needs /dev/full");
    type(fixture, "yes\n", 4);
    assert_int_equal(prompt_ask(full, "Really? ", fixture->input[0], fixture->interrupt[0]),
                     PROMPT_UNSHOWN);
    fclose(full);
    assert_int_equal(read(fixture->input[0], left, sizeof(left)), 4);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_word_yes_is_yes),
        TEST(anything_else_is_no),
        TEST(one_line_is_taken_and_nothing_behind_it),
        TEST(a_long_line_is_read_to_its_end),
        TEST(the_end_of_the_input_is_no_answer),
        TEST(a_last_line_needs_no_newline),
        TEST(half_a_word_at_the_end_is_no),
        TEST(a_signal_gives_it_up),
        TEST(an_input_that_cannot_be_read_is_no_answer),
        TEST(a_question_that_cannot_be_shown_is_not_asked),
    };

    return cmocka_run_group_tests_name("view/prompt", tests, NULL, NULL);
}
