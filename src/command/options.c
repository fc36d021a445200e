#include "command/options.h"

#include <errno.h>
#include <string.h>

#include "action/ftok.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/suggest.h"
#include "base/xalloc.h"
#include "command/help.h"
#include "command/where.h"
#include "view/remedy.h"

/* --- The parser ------------------------------------------------------------------------------- */

/*
 * Where to look has to be known before names of users mean anything, and may be said after them: so
 * a command line is gone through twice.
 */
enum pass_kind {
    PASS_WHERE, /* only where to look; what is wrong with the rest is left to the other one */
    PASS_REST,
};

/* A command line that is being parsed. */
struct command_line {
    struct context *context;
    const struct command *command;
    char *args;
    char **words; /* what is left of it, ended by NULL */
    enum pass_kind pass;
    struct error *err;
};

/* An option and the place of its value. */
struct found_option {
    const struct option_spec *spec; /* NULL: there is no such option */
    void *place;
    enum pass_kind pass; /* in which its value is taken */
};

/* Returns the group's option with this letter, or where that is 0, with this name, or NULL. */
static const struct option_spec *find_in_group(const struct option_group *group, char letter,
                                               const char *name, size_t length)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct option_spec *spec = &group->options[i];

        if (letter ? spec->letter == letter
                   : strlen(spec->name) == length && memcmp(spec->name, name, length) == 0)
            return spec;
    }
    return NULL;
}

/* Looks for the option with this letter, or where that is 0, with this name of LENGTH bytes. */
static struct found_option find_option(const struct command_line *line, char letter,
                                       const char *name, size_t length)
{
    const struct option_spec *spec;

    for (size_t g = 0; g < COMMAND_GROUPS && line->command->groups[g].group; g++) {
        spec = find_in_group(line->command->groups[g].group, letter, name, length);
        if (spec)
            return (struct found_option){
                spec, line->args + line->command->groups[g].place + spec->place, PASS_REST};
    }
    spec = find_in_group(&where_group, letter, name, length);
    return (struct found_option){spec, spec ? (char *)&line->context->where + spec->place : NULL,
                                 PASS_WHERE};
}

/* WORD: the argument; NULL: a flag. */
static int use_option(const struct command_line *line, struct found_option found, char *word)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct option_use use = {line->context, found.spec, found.place, word, NULL};
    int r = found.pass == line->pass ? found.spec->take(&use, &err) : 0;

    return r < 0 ? error_set(line->err, err.code, "--%s: %s", found.spec->name, err.text) : r;
}

/* Uses an option whose argument is the next word. */
static int use_next_word(struct command_line *line, struct found_option found, const char *word)
{
    if (!*line->words)
        return error_set(line->err, EINVAL, "%s: needs a value: %s", word, found.spec->argument);
    return use_option(line, found, *line->words++);
}

static int print_command_help(const struct command_line *line)
{
    help_command(line->context->out, line->command);
    return OPTIONS_SHOWN;
}

static int print_version(const struct command_line *line)
{
    help_version(line->context->out);
    return OPTIONS_SHOWN;
}

/* Refuses a long option that the command has not; WORD without dashes, of LENGTH bytes. */
static int refuse_name(const struct command_line *line, const char *word, size_t length)
{
    /* Without a word of ours: ids, which stand alone where segments are selected. */
    static const struct synonym synonyms[] = {{"id", NULL},
                                              {"ids", NULL},
                                              {"shmid", NULL},
                                              {"shmem-id", NULL},
                                              {"user", "owner"},
                                              {"uid", "owner"},
                                              {"cuid", "creator"},
                                              {"gid", "group"},
                                              {"detached", "unattached"},
                                              {"unused", "unattached"},
                                              {"used", "attached"},
                                              {"in-use", "attached"},
                                              {"age", "older-than"},
                                              {"human-readable", "human"},
                                              {"output", "columns"},
                                              {"fields", "columns"},
                                              {"mode", "perms"},
                                              {"bytes", "size"},
                                              {"force", "yes"},
                                              {"shmem", "size"},
                                              {"shmem-key", "key"},
                                              {"order", "sort"},
                                              {"no-heading", "no-header"},
                                              {"noheadings", "no-header"},
                                              {"json", "ndjson"},
                                              {NULL, NULL}};
    CLEANUP_STRBUF struct strbuf hint = STRBUF_INIT;
    struct suggestion suggestion = suggest_begin(word, length);
    struct suggestion habit = suggestion;
    bool is_id;

    for (size_t g = 0; g < COMMAND_GROUPS && line->command->groups[g].group; g++) {
        const struct option_group *group = line->command->groups[g].group;

        for (size_t i = 0; i < group->count; i++) {
            if (group->options[i].help)
                suggest_try(&suggestion, group->options[i].name);
        }
    }
    if (!find_option(line, 0, "help", 4).spec)
        suggest_try(&suggestion, "help");
    suggest_synonym(&habit, synonyms);
    is_id = habit.distance == 0 && !habit.best && find_option(line, 0, "orphan", 6).spec;
    if (is_id || (habit.best && find_option(line, 0, habit.best, strlen(habit.best)).spec))
        suggestion = habit;
    suggest_put(&hint, &suggestion, "--");
    if (!suggestion.best)
        strbuf_printf(&hint, "; %ssee 'shmtool %s --help'", is_id ? "ids need none; " : "",
                      line->command->name);
    return error_set(line->err, EINVAL, "--%.*s: no such option%s", (int)length, word,
                     strbuf_string(&hint));
}

/* --name, --name=value, --name value */
static int parse_long_option(struct command_line *line, char *word)
{
    size_t length = strcspn(word, "=");
    char *value = word[length] == '=' ? word + length + 1 : NULL;
    struct found_option found = find_option(line, 0, word + 2, length - 2);

    if (found.spec && found.spec->argument && !option_value_is_optional(found.spec))
        return value ? use_option(line, found, value) : use_next_word(line, found, word);
    if (found.spec && (option_value_is_optional(found.spec) || !value))
        return use_option(line, found, value);
    if (line->pass == PASS_WHERE)
        return 0;
    if (strcmp(word, "--help") == 0)
        return print_command_help(line);
    if (strcmp(word, "--version") == 0)
        return print_version(line);
    if (found.spec || strncmp(word, "--help=", 7) == 0)
        return error_set(line->err, EINVAL, "%s: takes no value", word);
    return refuse_name(line, word + 2, length - 2);
}

/* Appends "shmtool", and where to look as the command line says it. */
static void put_shmtool(struct strbuf *out, const struct where *where)
{
    strbuf_puts(out, "shmtool");
    if (where->namespace || where->sysroot) {
        strbuf_puts(out, where->namespace ? " -N " : " --sysroot ");
        remedy_word(out, where->namespace ? where->namespace : where->sysroot);
    } else if (where->all_namespaces) {
        strbuf_puts(out, " -A");
    }
}

/* Refuses a letter that people know from other tools. VALUE: what follows it; NULL: nothing. */
static int refuse_habit(const struct command_line *line, const struct option_habit *habit,
                        const char *value)
{
    CLEANUP_STRBUF struct strbuf instead = STRBUF_INIT;
    bool is_given = habit->value && value && *value != '-';

    put_shmtool(&instead, &line->context->where);
    strbuf_printf(&instead, " %s", habit->instead);
    if (habit->value)
        strbuf_printf(&instead, " %s", is_given ? value : habit->value);
    return error_set(line->err, EINVAL, "-%c%s%s: %s: %s", habit->letter, is_given ? " " : "",
                     is_given ? value : "", habit->why, strbuf_string(&instead));
}

/*
 * A letter that the command has not: -h, -V, or one that people know from other tools.
 *
 * rest: what follows it in its word
 */
static int use_unknown_letter(const struct command_line *line, char letter, const char *rest)
{
    const struct option_habit *habit = line->command->habits;

    if (line->pass == PASS_WHERE)
        return 0;
    if (letter == 'h')
        return print_command_help(line);
    if (letter == 'V')
        return print_version(line);
    if (letter >= '0' && letter <= '9' && find_option(line, 0, "key", 3).spec)
        return error_set(line->err, EINVAL, "-%c%s: no such option; a key is named by --key",
                         letter, rest);
    while (habit && habit->letter && habit->letter != letter)
        habit++;
    if (!habit || !habit->letter)
        return error_set(line->err, EINVAL, "-%c: no such option; see 'shmtool %s --help'", letter,
                         line->command->name);
    return habit->why ? refuse_habit(line, habit, *rest ? rest : *line->words) : 0;
}

/*
 * Adds to what is wrong with the letters of WORD that an option has this name: some programs write
 * long options with one dash. Returns R.
 */
static int hint_at_dashes(const struct command_line *line, const char *word, int r)
{
    CLEANUP_ERROR struct error wrong = ERROR_INIT;
    size_t length = strcspn(word + 1, "=");

    if (length < 2 || !find_option(line, 0, word + 1, length).spec)
        return r;
    error_copy(&wrong, line->err);
    return error_set(line->err, wrong.code, "%s; did you mean '-%.*s'?", wrong.text,
                     (int)length + 1, word);
}

/* -v, -vy, -k5, -k 5, -vk5 */
static int parse_letters(struct command_line *line, char *word)
{
    int r = 0;

    for (char *letter = word + 1; r == 0 && *letter; letter++) {
        struct found_option found = find_option(line, *letter, NULL, 0);

        if (!found.spec)
            r = use_unknown_letter(line, *letter, letter + 1);
        else if (found.spec->argument)
            return letter[1] ? use_option(line, found, letter + 1)
                             : use_next_word(line, found, word);
        else
            r = use_option(line, found, NULL);
    }
    return r;
}

static int use_operand(const struct command_line *line, char **words)
{
    const struct command *command = line->command;
    const struct option_use use = {line->context, NULL, line->args + command->operand.place,
                                   words[0], words};

    if (line->pass == PASS_WHERE) {
        if (command->flags & COMMAND_TREE && !line->context->where.tree)
            line->context->where.tree = words[0];
        return 0;
    }
    return command->operand.take
               ? command->operand.take(&use, line->err)
               : error_set(line->err, EINVAL, "'%s': takes no operands", words[0]);
}

static int parse_words(struct command_line *line)
{
    bool ended = false;
    int r = 0;

    while (r == 0 && *line->words) {
        char *word = *line->words++;

        if (ended || word[0] != '-' || word[1] == '\0') {
            r = use_operand(line, line->words - 1);
            if (line->command->flags & COMMAND_WRAPS)
                break;
        } else if (word[1] != '-') {
            r = parse_letters(line, word);
            r = r < 0 ? hint_at_dashes(line, word, r) : r;
        } else if (word[2] == '\0') {
            ended = true;
        } else {
            r = parse_long_option(line, word);
        }
    }
    return r;
}

int options_parse(struct context *context, const struct command *command, char **words, void *args,
                  struct error *err)
{
    struct command_line line = {context, command, args, words, PASS_REST, err};

    return parse_words(&line);
}

int options_take_where(struct context *context, char **words)
{
    static const struct command none = {.name = ""};
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct command_line line = {context, &none, NULL, words + 1, PASS_WHERE, &err};
    char *word = words[0];
    bool is_long = word[0] == '-' && word[1] == '-';
    size_t end = is_long ? strcspn(word, "=") : 2; /* of its name in the word */
    struct found_option found =
        is_long ? find_option(&line, 0, word + 2, end - 2) : find_option(&line, word[1], NULL, 0);
    int r;

    if (!found.spec || word[1] == '\0')
        return 0;
    if (!found.spec->argument && word[end] != '\0') /* -Aq, --all-namespaces=5 */
        return 0;
    r = is_long ? parse_long_option(&line, word) : parse_letters(&line, word);
    if (r < 0)
        context_fail(context, &err, 0);
    return r < 0 ? r : (int)(line.words - words);
}

int options_run_command(struct context *context, char **words)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct command *command = context->command;
    CLEANUP_FREE void *args = xcalloc(1, command->size);
    struct command_line line = {context, command, NULL, words, PASS_WHERE, &err};
    int r = parse_words(&line);
    int status;

    if (r < 0)
        return context_fail(context, &err, STATUS_USAGE);
    status = where_open(context);
    if (status != STATUS_DONE)
        return status;
    r = options_parse(context, command, words, args, &err);
    if (r == 0 && command->check)
        r = command->check(context, args, &err);
    if (r < 0)
        status = context_fail(context, &err, STATUS_USAGE);
    else if (r == 0)
        status = command->run(context, args);
    if (command->release)
        command->release(args);
    where_close(context);
    return status;
}

/* --- Kinds of values -------------------------------------------------------------------------- */

int option_flag(const struct option_use *use, struct error *err)
{
    (void)err;
    *(bool *)use->place = true;
    return 0;
}

int option_count(const struct option_use *use, struct error *err)
{
    struct option_number *number = use->place;

    number->given = true;
    return parse_number(use->word, UINT64_MAX, "a count", &number->value, err);
}

int option_size(const struct option_use *use, struct error *err)
{
    struct option_number *number = use->place;

    number->given = true;
    return parse_size(use->word, &number->value, err);
}

int option_duration(const struct option_use *use, struct error *err)
{
    struct option_number *number = use->place;

    number->given = true;
    return parse_duration(use->word, &number->value, err);
}

int option_key(const struct option_use *use, struct error *err)
{
    struct option_number *number = use->place;
    uint32_t key = 0;
    int r = parse_key(use->word, &key, err);

    number->given = true;
    number->value = key;
    return r;
}

int option_mode(const struct option_use *use, struct error *err)
{
    struct option_number *mode = use->place;
    uint32_t bits = 0;
    int r = parse_mode(use->word, &bits, err);

    *mode = (struct option_number){.given = true, .value = bits};
    return r;
}

int option_huge(const struct option_use *use, struct error *err)
{
    struct option_number *huge = use->place;
    uint64_t size = 0;
    int r = use->word ? parse_size(use->word, &size, err) : 0;

    if (r < 0)
        return r;
    if (use->word && (size < 2 || (size & (size - 1)) != 0))
        return error_set(err, EINVAL, "'%s': not the size of a page (a power of two, as 2M, 1G)",
                         use->word);
    *huge = (struct option_number){true, SHMGET_HUGE};
    for (; size > 1; size >>= 1) /* the binary logarithm of the size */
        huge->value += UINT64_C(1) << SHMGET_HUGE_SHIFT;
    return 0;
}

int option_proj(const struct option_use *use, struct error *err)
{
    struct option_number *proj = use->place;
    unsigned value = 0;
    int r = ftok_parse_proj(use->word, &value, err);

    *proj = (struct option_number){true, value};
    return r;
}

int option_id(const struct option_use *use, struct error *err)
{
    if (use->context->where.all_namespaces)
        return error_set(
            err, EINVAL,
            "'%s': with -A an id means another segment in each IPC namespace; -N names "
            "one",
            use->word);
    if (strcmp(use->word, "-") == 0)
        return error_set(err, EINVAL,
                         "'-': not an id; only rm and set read ids from standard input, here it is "
                         "... | xargs -r shmtool %s",
                         use->context->command->name);
    return selection_add_word(use->place, use->word, err);
}
