/* command/options: command lines taken apart, and the options that select segments. */
#include "command/options.h"
#include "command/selecting.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"
#include "unit.h"

/* --- A command of the test's own ------------------------------------------------------------ */

/* What was taken, "p v=WORD <operand>". */
struct taken {
    struct strbuf words;
    bool flag;
    struct option_number count;
    char **rest;         /* of a wrapping command */
    const char *refused; /* a word that is refused; NULL: none */
};

static int take_word(const struct option_use *use, struct error *err)
{
    struct taken *taken = use->place;

    if (use->word && taken->refused && strcmp(use->word, taken->refused) == 0)
        return error_set(err, EINVAL, "'%s': not wanted", use->word);
    if (use->spec)
        strbuf_printf(&taken->words, "%c%s%s ", use->spec->help[0], use->word ? "=" : "",
                      use->word ? use->word : "");
    else
        strbuf_printf(&taken->words, "<%s> ", use->word);
    return 0;
}

static int take_rest(const struct option_use *use, struct error *err)
{
    (void)err;
    *(char ***)use->place = use->rest;
    return 0;
}

static const struct option_spec own_options[] = {
    {'p', "plain", NULL, "p takes nothing", 0, take_word},
    {'v', "value", "WORD", "v takes a word", 0, take_word},
    {0, "valve", "WORD", "w takes another", 0, take_word},
};

static const struct option_spec kind_options[] = {
    {'f', "flag", NULL, "is set", offsetof(struct taken, flag), option_flag},
    {'c', "count", "N", "takes a number", offsetof(struct taken, count), option_count},
    {0, "size", "N", "takes a size", offsetof(struct taken, count), option_size},
    {0, "key", "KEY", "takes a key", offsetof(struct taken, count), option_key},
};

static const struct option_group own_group = {"Own", OPTIONS(own_options)};
static const struct option_group kind_group = {"Kinds", OPTIONS(kind_options)};

/* What a command line that options_run_command() runs goes through. */
static struct strbuf steps;
static bool check_fails;

static int note_check(struct context *context, void *args, struct error *err)
{
    (void)context;
    assert_non_null(args);
    strbuf_puts(&steps, "check ");
    return check_fails ? error_set(err, EINVAL, "not together") : 0;
}

static int note_run(struct context *context, void *args)
{
    (void)context;
    assert_true(((const struct taken *)args)->flag);
    strbuf_puts(&steps, "run ");
    return STATUS_DECLINED;
}

static void note_release(void *args)
{
    struct taken *taken = args;

    strbuf_puts(&steps, "release");
    strbuf_release(&taken->words);
}

static const struct command plain_command = {
    .name = "test",
    .synopsis = {"[OPTION]..."},
    .summary = "does nothing",
    .groups = {{&own_group, 0}, {&kind_group, 0}},
    .operand = {0, take_word},
    .size = sizeof(struct taken),
    .check = note_check,
    .run = note_run,
    .release = note_release,
};

static const struct command wrapping_command = {
    .name = "test",
    .synopsis = {"PROGRAM"},
    .summary = "does nothing",
    .flags = COMMAND_WRAPS,
    .groups = {{&own_group, 0}},
    .operand = {offsetof(struct taken, rest), take_rest},
};

static const struct command bare_command = {
    .name = "test",
    .synopsis = {"[OPTION]..."},
    .summary = "does nothing",
    .groups = {{&own_group, 0}},
};

/* A command line in words, and where messages go. */
struct line {
    struct context context;
    char *copy;
    char *words[32];
    size_t count;
    char *err;
    char *out;
    size_t err_size;
    size_t out_size;
};

/* Splits WORDS at blanks; '_' stands for an empty word. */
static void line_begin(struct line *line, const struct command *command, const char *words)
{
    *line = (struct line){.context = {.command = command}, .copy = strdup(words)};
    assert_non_null(line->copy);
    for (char *word = strtok(line->copy, " "); word; word = strtok(NULL, " "))
        line->words[line->count++] = strcmp(word, "_") == 0 ? word + 1 : word;
    line->context.err = open_memstream(&line->err, &line->err_size);
    line->context.out = open_memstream(&line->out, &line->out_size);
    assert_non_null(line->context.err);
    assert_non_null(line->context.out);
}

/* Demands what was said on standard error. */
static void line_end(struct line *line, const char *said)
{
    fclose(line->context.err);
    fclose(line->context.out);
    assert_string_equal(line->err, said);
    free(line->err);
    free(line->out);
    free(line->copy);
}

static int parse_line(struct line *line, const struct command *command, struct taken *taken)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    int r = options_parse(&line->context, command, line->words, taken, &err);

    if (r < 0)
        context_fail(&line->context, &err, 0);
    return r;
}

/* Parses WORDS; demands the result, what was taken, and what was said on standard error. */
static void assert_parsed(const struct command *command, const char *words, const char *refused,
                          int result, const char *taken_words, const char *said)
{
    struct taken taken = {.words = STRBUF_INIT, .refused = refused};
    struct line line;

    line_begin(&line, command, words);
    if (parse_line(&line, command, &taken) != result)
        fail_msg("'%s' was not parsed as it should be", words);
    fflush(line.context.out);
    assert_int_equal(line.out_size > 0, result == OPTIONS_SHOWN);
    for (char **word = taken.rest; word && *word; word++)
        strbuf_printf(&taken.words, "<%s> ", *word);
    line_end(&line, said);
    assert_string_equal(strbuf_string(&taken.words), taken_words);
    strbuf_release(&taken.words);
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

static void long_options_are_written_out(void **state)
{
    static const struct {
        const char *word;
        const char *hint;
    } cases[] = {
        {"--pl", "see 'shmtool test --help'"},    {"--plai", "did you mean '--plain'?"},
        {"--plainer", "did you mean '--plain'?"}, {"--valu", "did you mean '--value'?"},
        {"--v", "see 'shmtool test --help'"},     {"--hel", "did you mean '--help'?"},
        {"--p", "see 'shmtool test --help'"},     {"--valv", "did you mean '--valve'?"},
        {"--Value", "did you mean '--value'?"},   {"--bytes", "did you mean '--size'?"},
        {"--force", "see 'shmtool test --help'"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char said[128];
        char with_value[32];

        snprintf(said, sizeof(said), "shmtool: test: %s: no such option; %s\n", cases[i].word,
                 cases[i].hint);
        snprintf(with_value, sizeof(with_value), "%s=x", cases[i].word);
        assert_refuses(cases[i].word, "", said);
        assert_refuses(with_value, "", said);
    }
    assert_refuses("-p --=5", "p ",
                   "shmtool: test: --: no such option; see 'shmtool test --help'\n");
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
}

static void what_an_option_refuses_is_named(void **state)
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
    assert_parsed(&plain_command, "-p --help -x", NULL, OPTIONS_SHOWN, "p ", "");
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

static void where_there_are_no_operands_one_is_refused(void **state)
{
    (void)state;
    assert_parsed(&bare_command, "-p", NULL, 0, "p ", "");
    assert_parsed(&bare_command, "-p x", NULL, -EINVAL, "p ",
                  "shmtool: test: 'x': takes no operands\n");
    assert_parsed(&bare_command, "-- -p", NULL, -EINVAL, "",
                  "shmtool: test: '-p': takes no operands\n");
}

static void assert_number(const char *words, uint64_t value)
{
    struct taken taken = {.words = STRBUF_INIT};
    struct line line;

    line_begin(&line, &plain_command, words);
    assert_int_equal(parse_line(&line, &plain_command, &taken), 0);
    line_end(&line, "");
    assert_true(taken.count.given);
    assert_true(taken.count.value == value);
}

static void each_kind_goes_to_its_place(void **state)
{
    (void)state;
    assert_number("-c 18446744073709551615", UINT64_MAX);
    assert_number("-fc0", 0);
    assert_number("--size 4K", 4096);
    assert_number("--key=-1", UINT32_MAX);
    assert_refuses("-c x", "",
                   "shmtool: test: --count: 'x': not a count (a decimal number from 0 to "
                   "18446744073709551615)\n");
}

static void assert_steps(const char *words, int status, const char *expected, const char *said)
{
    struct line line;

    strbuf_reset(&steps);
    line_begin(&line, &plain_command, words);
    assert_int_equal(options_run_command(&line.context, line.words), status);
    line_end(&line, said);
    assert_string_equal(strbuf_string(&steps), expected);
    strbuf_release(&steps);
}

static void a_command_is_parsed_checked_run_and_released(void **state)
{
    (void)state;
    check_fails = false;
    assert_steps("-f -p x", STATUS_DECLINED, "check run release", "");
    assert_steps("-f --help", STATUS_DONE, "release", "");
    assert_steps("x -y", STATUS_USAGE, "release",
                 "shmtool: test: -y: no such option; see 'shmtool test --help'\n");
    check_fails = true;
    assert_steps("-f", STATUS_USAGE, "check release", "shmtool: test: not together\n");
}

/* --- The commands there are ------------------------------------------------------------------ */

static void check_option(const struct command *command, const struct option_spec *spec,
                         const struct option_spec *other)
{
    if (spec->letter && spec->letter == other->letter)
        fail_msg("%s: --%s and --%s have one letter", command->name, spec->name, other->name);
    if (strcmp(spec->name, other->name) == 0)
        fail_msg("%s: --%s is there twice", command->name, spec->name);
}

static void check_options(const struct command *command)
{
    const struct option_spec *all[128];
    size_t count = 0;

    for (size_t g = 0; g < COMMAND_GROUPS && command->groups[g].group; g++) {
        for (size_t i = 0; i < command->groups[g].group->count; i++) {
            const struct option_spec *spec = &command->groups[g].group->options[i];

            assert_in_range(count, 0, COUNT_OF(all) - 1);
            assert_non_null(spec->take);
            assert_in_range(command->groups[g].place + spec->place, 0, command->size - 1);
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
    struct context context;
    struct selection selection;
};

static int setup(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){0};
    tree_make(&fixture.tree);
    tree_puts(&fixture.tree, "etc/passwd", "zc:x:1001:1::/:\n");
    tree_puts(&fixture.tree, "etc/group", "staff:x:1002:\n");
    assert_int_equal(system_open(&fixture.context.system, fixture.tree.path, NULL), 0);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    selection_release(&fixture->selection);
    system_close(&fixture->context.system);
    tree_remove(&fixture->tree);
    return 0;
}

/* Takes "NAME" or "NAME=WORD" as ls would. */
static int select_by(struct fixture *fixture, const char *word, struct error *err)
{
    size_t length = strcspn(word, "=");
    char copy[64];

    snprintf(copy, sizeof(copy), "%s", word);
    for (size_t i = 0; i < selection_group.count; i++) {
        const struct option_spec *spec = &selection_group.options[i];
        const struct option_use use = {.context = &fixture->context,
                                       .spec = spec,
                                       .place = (char *)&fixture->selection + spec->place,
                                       .word = copy[length] ? copy + length + 1 : NULL};

        if (strlen(spec->name) == length && strncmp(spec->name, word, length) == 0)
            return spec->take(&use, err);
    }
    fail_msg("%s: no such option", word);
    return 0;
}

static void assert_selects(struct fixture *fixture, const char *word)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;

    if (select_by(fixture, word, &err) != 0)
        fail_msg("'%s' was refused: %s", word, err.text);
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

    assert_selects(fixture, "key=-1");
    assert_range(&filter->keys, UINT32_MAX, UINT32_MAX);
    assert_selects(fixture, "owner=zc");
    assert_range(&filter->owners, 1001, 1001);
    assert_selects(fixture, "creator=1002");
    assert_range(&filter->creators, 1002, 1002);
    assert_selects(fixture, "group=staff");
    assert_range(&filter->groups, 1002, 1002);
    assert_selects(fixture, "size=1K..");
    assert_range(&filter->sizes, 1024, UINT64_MAX);
    assert_selects(fixture, "nattch=..2");
    assert_range(&filter->nattchs, 0, 2);
    assert_selects(fixture, "cpid=2147483647");
    assert_range(&filter->cpids, INT_MAX, INT_MAX);
    assert_selects(fixture, "pid=1");
    assert_range(&filter->pids, 1, 1);
    assert_selects(fixture, "state=used,orphan");
    assert_int_equal(filter->states, 1U << STATE_USED | 1U << STATE_ORPHAN);
    assert_selects(fixture, "older-than=2h");
    assert_true(filter->has_older);
    assert_int_equal(filter->older_than, 7200);
    assert_selects(fixture, "newer-than=1d");
    assert_true(filter->has_newer);
    assert_int_equal(filter->newer_than, 86400);
}

/* The case of WORDS that begins with NAME. */
static const char *find_case(const char *const *words, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcspn(words[i], "=") == strlen(name) && strncmp(words[i], name, strlen(name)) == 0)
            return words[i];
    }
    fail_msg("this test lacks a case for --%s", name);
    return NULL;
}

/* Where filter_is_empty() has forgotten one, commands act as if nothing was selected by. */
static void each_option_alone_selects(void **state)
{
    static const char *const words[] = {
        "key=1",        "owner=zc",     "creator=zc",  "group=staff", "size=0",  "nattch=0",
        "dest",         "locked",       "attached",    "unattached",  "orphan",  "state=used",
        "older-than=0", "newer-than=0", "cpid=1",      "pid=1",       "perms=0", "unit=a.service",
        "program=ntpd", "protected",    "unprotected",
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < selection_group.count; i++) {
        const char *name = selection_group.options[i].name;

        assert_true(selection_is_empty(&fixture->selection));
        assert_selects(fixture, find_case(words, COUNT_OF(words), name));
        assert_int_equal(selection_is_named(&fixture->selection), strcmp(name, "key") == 0);
        selection_release(&fixture->selection);
    }
}

static void each_flag_has_its_place(void **state)
{
    static const char *const flags[] = {"dest",   "locked",    "attached",   "unattached",
                                        "orphan", "protected", "unprotected"};
    struct fixture *fixture = *state;
    const struct filter *filter = &fixture->selection.filter;
    const bool *const places[] = {&filter->dest,          &filter->locked, &filter->attached,
                                  &filter->unattached,    &filter->orphan, &filter->is_protected,
                                  &filter->is_unprotected};

    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        assert_selects(fixture, flags[i]);
        for (size_t j = 0; j < COUNT_OF(places); j++)
            assert_int_equal(*places[j], i == j);
        selection_release(&fixture->selection);
    }
}

static void wrong_words_select_nothing(void **state)
{
    static const char *const wrong[] = {
        "key=0x1ffffffff", "owner=z",       "owner=4294967295", "creator=",
        "group=zc",        "size=5..1",     "nattch=x",         "state=used,",
        "older-than=1y",   "newer-than=-1", "cpid=1x",          "pid=2147483648",
        "pid=0",           "key=1..",       "perms=888",        "perms=/0",
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;

        assert_int_equal(select_by(fixture, wrong[i], &err), -EINVAL);
        assert_non_null(err.text);
        assert_true(selection_is_empty(&fixture->selection));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_operands_in_any_order),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(long_options_are_written_out),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(what_an_option_refuses_is_named),
        cmocka_unit_test(help_ends_it),
        cmocka_unit_test(the_first_operand_of_a_wrapper_ends_the_options),
        cmocka_unit_test(where_there_are_no_operands_one_is_refused),
        cmocka_unit_test(each_kind_goes_to_its_place),
        cmocka_unit_test(a_command_is_parsed_checked_run_and_released),
        cmocka_unit_test(every_command_has_options_of_its_own_and_each_once),
        TEST(each_option_sets_its_part_of_the_filter),
        TEST(each_option_alone_selects),
        TEST(each_flag_has_its_place),
        TEST(wrong_words_select_nothing),
    };

    return cmocka_run_group_tests_name("command/options", tests, NULL, NULL);
}
