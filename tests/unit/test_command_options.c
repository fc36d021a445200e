/* command/options: command lines taken apart, and the options that select segments. */
#include "command/options.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"
#include "unit.h"

/* --- A command of the test's own ------------------------------------------------------------ */

enum { OPTION_PLAIN = OPTION_OWN, OPTION_VALUE, OPTION_VALVE };

static const struct option_spec own_options[] = {
    {OPTION_PLAIN, 'p', "plain", NULL, "takes nothing"},
    {OPTION_VALUE, 'v', "value", "WORD", "takes a word"},
    {OPTION_VALVE, 0, "valve", "WORD", "takes another"},
};

static const struct option_group own_group = {"Own", own_options, COUNT_OF(own_options)};

static int run_nothing(struct context *context, int argc, char **argv)
{
    (void)context;
    (void)argc;
    (void)argv;
    return STATUS_DONE;
}

static const struct command plain_command = {
    .name = "test",
    .synopsis = {"[OPTION]..."},
    .summary = "does nothing",
    .groups = {&own_group},
    .run = run_nothing,
};

static const struct command wrapping_command = {
    .name = "test",
    .synopsis = {"PROGRAM"},
    .summary = "does nothing",
    .flags = COMMAND_WRAPS,
    .groups = {&own_group},
    .run = run_nothing,
};

/* What was taken, "p v=WORD <operand>", and what was said. */
struct taken {
    struct strbuf words;
    const char *refused; /* a word that the taker refuses; NULL: none */
};

static int take_option(void *arg, int id, const char *word, struct error *err)
{
    struct taken *taken = arg;
    const char *letter = id == OPTION_PLAIN ? "p" : id == OPTION_VALUE ? "v" : "w";

    if (word && taken->refused && strcmp(word, taken->refused) == 0)
        return error_set(err, EINVAL, "'%s': not wanted", word);
    strbuf_printf(&taken->words, "%s%s%s ", letter, word ? "=" : "", word ? word : "");
    return 0;
}

static int take_operand(void *arg, const char *word, struct error *err)
{
    struct taken *taken = arg;

    if (taken->refused && strcmp(word, taken->refused) == 0)
        return error_set(err, EINVAL, "'%s': not wanted", word);
    strbuf_printf(&taken->words, "<%s> ", word);
    return 0;
}

/*
 * Parses LINE, words between blanks ('_' stands for an empty word); demands the result, what was
 * taken, and what was said on standard error.
 */
static void assert_parsed(const struct command *command, const char *line, const char *refused,
                          int result, const char *words, const char *said)
{
    struct taken taken = {.words = STRBUF_INIT, .refused = refused};
    const struct option_taker taker = {take_option, take_operand, &taken};
    char *copy = strdup(line);
    char *argv[32] = {(char[]){"test"}};
    char *err = NULL;
    char *out = NULL;
    size_t err_size = 0;
    size_t out_size = 0;
    struct context context = {.command = "test"};
    int argc = 1;

    assert_non_null(copy);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = strcmp(word, "_") == 0 ? word + 1 : word;
    context.err = open_memstream(&err, &err_size);
    context.out = open_memstream(&out, &out_size);
    assert_non_null(context.err);
    assert_non_null(context.out);
    if (options_parse(&context, command, argc, argv, &taker) != result)
        fail_msg("'%s' was not parsed as it should be", line);
    fclose(context.err);
    fclose(context.out);
    assert_string_equal(strbuf_string(&taken.words), words);
    assert_string_equal(err, said);
    assert_int_equal(out_size > 0, result == OPTIONS_HELP);
    strbuf_release(&taken.words);
    free(err);
    free(out);
    free(copy);
}

static void assert_takes(const char *line, const char *words)
{
    assert_parsed(&plain_command, line, NULL, 0, words, "");
}

static void assert_refuses(const char *line, const char *words, const char *said)
{
    assert_parsed(&plain_command, line, NULL, -EINVAL, words, said);
}

static void options_and_operands_in_any_order(void **state)
{
    (void)state;
    assert_takes("", "");
    assert_takes("a", "<a> ");
    assert_takes("-p", "p ");
    assert_takes("--plain", "p ");
    assert_takes("a -p b --plain c", "<a> p <b> p <c> ");
    assert_takes("-v x", "v=x ");
    assert_takes("-vx", "v=x ");
    assert_takes("--value x", "v=x ");
    assert_takes("--value=x", "v=x ");
    assert_takes("--value=", "v= ");
    assert_takes("--value _", "v= ");
    assert_takes("-v -p", "v=-p ");
    assert_takes("--value --", "v=-- ");
    assert_takes("-pvx", "p v=x ");
    assert_takes("-ppv x a", "p p v=x <a> ");
    assert_takes("--valve=1 --value=2", "w=1 v=2 ");
    assert_takes("_", "<> ");
    assert_takes("-", "<-> ");
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    assert_takes("--", "");
    assert_takes("-- -p --plain", "<-p> <--plain> ");
    assert_takes("-p -- -v", "p <-v> ");
    assert_takes("a -- b", "<a> <b> ");
    assert_takes("-- --", "<--> ");
}

static void long_options_may_be_shortened(void **state)
{
    (void)state;
    assert_takes("--pl", "p ");
    assert_takes("--valu x", "v=x ");
    assert_takes("--valv=x", "w=x ");
    assert_refuses("--val x", "", "shmtool: test: --val: which one? --value, --valve\n");
    assert_refuses("--v=x", "", "shmtool: test: --v: which one? --value, --valve\n");
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    assert_refuses("a -x b", "<a> ",
                   "shmtool: test: -x: no such option; see 'shmtool test --help'\n");
    assert_refuses("-px", "p ", "shmtool: test: -x: no such option; see 'shmtool test --help'\n");
    assert_refuses("--nope", "",
                   "shmtool: test: --nope: no such option; see 'shmtool test --help'\n");
    assert_refuses("--nope=5 a", "",
                   "shmtool: test: --nope: no such option; see 'shmtool test --help'\n");
    assert_refuses("--plain=5", "", "shmtool: test: --plain=5: takes no value\n");
    assert_refuses("--help=5", "", "shmtool: test: --help=5: takes no value\n");
    assert_refuses("-v", "", "shmtool: test: -v: needs a value: WORD\n");
    assert_refuses("a --value", "<a> ", "shmtool: test: --value: needs a value: WORD\n");
    assert_refuses("--sysroot /x", "",
                   "shmtool: test: --sysroot: stands in front of the command: 'shmtool --sysroot "
                   "DIR test'\n");
}

static void the_takers_words_are_told(void **state)
{
    (void)state;
    assert_parsed(&plain_command, "-p -v bad a", "bad", -EINVAL, "p ",
                  "shmtool: test: --value: 'bad': not wanted\n");
    assert_parsed(&plain_command, "a bad b", "bad", -EINVAL, "<a> ",
                  "shmtool: test: 'bad': not wanted\n");
    assert_parsed(&plain_command, "-- bad -p", "bad", -EINVAL, "",
                  "shmtool: test: 'bad': not wanted\n");
}

static void help_ends_it(void **state)
{
    (void)state;
    assert_parsed(&plain_command, "-p --help -x", NULL, OPTIONS_HELP, "p ", "");
    assert_parsed(&plain_command, "--hel", NULL, OPTIONS_HELP, "", "");
    assert_takes("-- --help", "<--help> ");
    assert_takes("-v --help", "v=--help ");
}

static void the_first_operand_of_a_wrapper_ends_the_options(void **state)
{
    (void)state;
    assert_parsed(&wrapping_command, "-p prog -p --value", NULL, 0, "p <prog> <-p> <--value> ", "");
    assert_parsed(&wrapping_command, "-p -- -v x", NULL, 0, "p <-v> <x> ", "");
    assert_parsed(&wrapping_command, "prog --help", NULL, 0, "<prog> <--help> ", "");
}

/* --- The commands there are ------------------------------------------------------------------ */

static void check_option(const struct command *command, const struct option_spec *spec,
                         const struct option_spec *other)
{
    if (spec->id == other->id)
        fail_msg("%s: --%s and --%s have one id", command->name, spec->name, other->name);
    if (spec->letter && spec->letter == other->letter)
        fail_msg("%s: --%s and --%s have one letter", command->name, spec->name, other->name);
    if (strcmp(spec->name, other->name) == 0)
        fail_msg("%s: --%s is there twice", command->name, spec->name);
}

static void check_options(const struct command *command)
{
    const struct option_spec *all[128];
    size_t count = 0;

    for (size_t g = 0; g < COMMAND_GROUPS && command->groups[g]; g++) {
        for (size_t i = 0; i < command->groups[g]->count; i++) {
            const struct option_spec *spec = &command->groups[g]->options[i];

            assert_in_range(count, 0, COUNT_OF(all) - 1);
            assert_int_not_equal(spec->id, 0);
            assert_true(strlen(spec->help) > 0);
            assert_string_not_equal(spec->name, "help");
            for (size_t k = 0; k < count; k++)
                check_option(command, spec, all[k]);
            all[count++] = spec;
        }
    }
}

static void every_command_has_options_of_its_own_and_each_once(void **state)
{
    (void)state;
    assert_non_null(commands[0]);
    for (size_t i = 0; commands[i]; i++) {
        assert_ptr_equal(command_find(commands[i]->name), commands[i]);
        assert_non_null(commands[i]->synopsis[0]);
        assert_in_range(commands[i]->summary[0], 'a', 'z');
        assert_non_null(commands[i]->run);
        check_options(commands[i]);
    }
    assert_null(command_find(""));
    assert_null(command_find("l"));
    assert_null(command_find("lsx"));
    assert_null(command_find("LS"));
}

/* --- Selecting ------------------------------------------------------------------------------- */

struct fixture {
    struct tree tree;
    struct system system;
    struct selection selection;
};

static int setup(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){0};
    tree_make(&fixture.tree);
    tree_puts(&fixture.tree, "etc/passwd", "zc:x:1001:1::/:\n");
    tree_puts(&fixture.tree, "etc/group", "staff:x:1002:\n");
    assert_int_equal(system_open(&fixture.system, fixture.tree.path, NULL), 0);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    selection_release(&fixture->selection);
    system_close(&fixture->system);
    tree_remove(&fixture->tree);
    return 0;
}

static void assert_selects(struct fixture *fixture, int id, const char *word)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;

    if (options_select(&fixture->selection, &fixture->system, id, word, &err) != 0)
        fail_msg("'%s' was refused: %s", word ? word : "", err.text);
    assert_false(selection_is_empty(&fixture->selection));
}

static void assert_range(const struct filter_values *values, uint64_t low, uint64_t high)
{
    assert_int_equal(values->count, 1);
    assert_true(values->items[0].low == low);
    assert_true(values->items[0].high == high);
}

static void each_option_sets_its_part_of_the_filter(void **state)
{
    struct fixture *fixture = *state;
    const struct filter *filter = &fixture->selection.filter;

    assert_selects(fixture, OPTION_KEY, "-1");
    assert_range(&filter->keys, UINT32_MAX, UINT32_MAX);
    assert_selects(fixture, OPTION_OWNER, "zc");
    assert_range(&filter->owners, 1001, 1001);
    assert_selects(fixture, OPTION_CREATOR, "1002");
    assert_range(&filter->creators, 1002, 1002);
    assert_selects(fixture, OPTION_GROUP, "staff");
    assert_range(&filter->groups, 1002, 1002);
    assert_selects(fixture, OPTION_SIZE, "1K..");
    assert_range(&filter->sizes, 1024, UINT64_MAX);
    assert_selects(fixture, OPTION_NATTCH, "..2");
    assert_range(&filter->nattchs, 0, 2);
    assert_selects(fixture, OPTION_CPID, "2147483647");
    assert_range(&filter->cpids, INT_MAX, INT_MAX);
    assert_selects(fixture, OPTION_PID, "1");
    assert_range(&filter->pids, 1, 1);
    assert_selects(fixture, OPTION_STATE, "used,orphan");
    assert_int_equal(filter->states, 1U << STATE_USED | 1U << STATE_ORPHAN);
    assert_selects(fixture, OPTION_OLDER_THAN, "2h");
    assert_true(filter->has_older);
    assert_int_equal(filter->older_than, 7200);
    assert_selects(fixture, OPTION_NEWER_THAN, "1d");
    assert_true(filter->has_newer);
    assert_int_equal(filter->newer_than, 86400);
}

static void each_flag_alone_selects(void **state)
{
    static const int flags[] = {OPTION_DEST, OPTION_LOCKED, OPTION_ATTACHED, OPTION_UNATTACHED,
                                OPTION_ORPHAN};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        selection_release(&fixture->selection);
        assert_selects(fixture, flags[i], NULL);
        assert_false(selection_is_named(&fixture->selection));
    }
}

static void wrong_words_select_nothing(void **state)
{
    static const struct {
        int id;
        const char *word;
    } wrong[] = {
        {OPTION_KEY, "0x1ffffffff"}, {OPTION_OWNER, "z"},     {OPTION_OWNER, "4294967295"},
        {OPTION_CREATOR, ""},        {OPTION_GROUP, "zc"},    {OPTION_SIZE, "5..1"},
        {OPTION_NATTCH, "x"},        {OPTION_STATE, "used,"}, {OPTION_OLDER_THAN, "1w"},
        {OPTION_NEWER_THAN, "-1"},   {OPTION_CPID, "1x"},     {OPTION_PID, "2147483648"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;

        assert_int_equal(
            options_select(&fixture->selection, &fixture->system, wrong[i].id, wrong[i].word, &err),
            -EINVAL);
        assert_non_null(err.text);
        assert_true(selection_is_empty(&fixture->selection));
    }
    assert_int_equal(options_select(&fixture->selection, &fixture->system, OPTION_OWN, "x", NULL),
                     -EINVAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_operands_in_any_order),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(long_options_may_be_shortened),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(the_takers_words_are_told),
        cmocka_unit_test(help_ends_it),
        cmocka_unit_test(the_first_operand_of_a_wrapper_ends_the_options),
        cmocka_unit_test(every_command_has_options_of_its_own_and_each_once),
        TEST(each_option_sets_its_part_of_the_filter),
        TEST(each_flag_alone_selects),
        TEST(wrong_words_select_nothing),
    };

    return cmocka_run_group_tests_name("command/options", tests, NULL, NULL);
}
