#include "command/options.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/xalloc.h"
#include "command/help.h"

/* --- The parser ------------------------------------------------------------------------------- */

/* A command line that is being parsed. */
struct command_line {
    struct context *context;
    const struct command *command;
    char *args;
    char **words; /* what is left of it, ended by NULL */
};

/* An option and the place of its value. */
struct found_option {
    const struct option_spec *spec; /* NULL: there is no such option */
    void *place;
};

/* Looks for the option with this letter, or where that is 0, with this name of LENGTH bytes. */
static struct found_option find_option(const struct command_line *line, char letter,
                                       const char *name, size_t length)
{
    for (size_t g = 0; g < COMMAND_GROUPS && line->command->groups[g].group; g++) {
        const struct option_group *group = line->command->groups[g].group;

        for (size_t i = 0; i < group->count; i++) {
            const struct option_spec *spec = &group->options[i];

            if (letter ? spec->letter == letter
                       : strlen(spec->name) == length && memcmp(spec->name, name, length) == 0)
                return (struct found_option){spec, line->args + line->command->groups[g].place +
                                                       spec->place};
        }
    }
    return (struct found_option){0};
}

/* WORD: the argument; NULL: a flag. */
static int use_option(const struct command_line *line, struct found_option found, char *word)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct option_use use = {line->context, found.spec, found.place, word, NULL};
    int r = found.spec->take(&use, &err);

    if (r < 0)
        context_warn(line->context, "--%s: %s", found.spec->name, err.text);
    return r;
}

/* Uses an option whose argument is the next word. */
static int use_next_word(struct command_line *line, struct found_option found, const char *word)
{
    if (!*line->words) {
        context_warn(line->context, "%s: needs a value: %s", word, found.spec->argument);
        return -EINVAL;
    }
    return use_option(line, found, *line->words++);
}

/* --name, --name=value, --name value */
static int parse_long_option(struct command_line *line, char *word)
{
    size_t length = strcspn(word, "=");
    char *value = word[length] == '=' ? word + length + 1 : NULL;
    struct found_option found = find_option(line, 0, word + 2, length - 2);
    const char *name = line->command->name;

    if (found.spec && found.spec->argument && !option_value_is_optional(found.spec))
        return value ? use_option(line, found, value) : use_next_word(line, found, word);
    if (found.spec && (option_value_is_optional(found.spec) || !value))
        return use_option(line, found, value);
    if (found.spec || strncmp(word, "--help=", 7) == 0)
        context_warn(line->context, "%s: takes no value", word);
    else if (strncmp(word, "--sysroot", 9) == 0)
        context_warn(line->context,
                     "--sysroot: must stand before the command: 'shmtool --sysroot DIR %s'", name);
    else
        context_warn(line->context, "%.*s: no such option; see 'shmtool %s --help'", (int)length,
                     word, name);
    return -EINVAL;
}

/* -v, -vy, -k5, -k 5, -vk5 */
static int parse_letters(struct command_line *line, char *word)
{
    int r = 0;

    for (char *letter = word + 1; r == 0 && *letter; letter++) {
        struct found_option found = find_option(line, *letter, NULL, 0);

        if (!found.spec) {
            context_warn(line->context, "-%c: no such option; see 'shmtool %s --help'", *letter,
                         line->command->name);
            return -EINVAL;
        }
        if (found.spec->argument)
            return letter[1] ? use_option(line, found, letter + 1)
                             : use_next_word(line, found, word);
        r = use_option(line, found, NULL);
    }
    return r;
}

static int use_operand(const struct command_line *line, char **words)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct command *command = line->command;
    const struct option_use use = {line->context, NULL, line->args + command->operand.place,
                                   words[0], words};
    int r = command->operand.take ? command->operand.take(&use, &err)
                                  : error_set(&err, EINVAL, "'%s': takes no operands", words[0]);

    if (r < 0)
        context_warn(line->context, "%s", err.text);
    return r;
}

int options_parse(struct context *context, const struct command *command, int argc, char **argv,
                  void *args)
{
    struct command_line line = {context, command, args, argv + (argc > 0)};
    bool ended = false;
    int r = 0;

    while (r == 0 && *line.words) {
        char *word = *line.words++;

        if (ended || word[0] != '-' || word[1] == '\0') {
            r = use_operand(&line, line.words - 1);
            if (command->flags & COMMAND_WRAPS)
                break;
        } else if (word[1] != '-') {
            r = parse_letters(&line, word);
        } else if (word[2] == '\0') {
            ended = true;
        } else if (strcmp(word, "--help") == 0) {
            help_command(context->out, command);
            return OPTIONS_HELP;
        } else {
            r = parse_long_option(&line, word);
        }
    }
    return r;
}

int options_run_command(struct context *context, int argc, char **argv)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct command *command = context->command;
    CLEANUP_FREE void *args = xcalloc(1, command->size);
    int status = STATUS_DONE;
    int r = options_parse(context, command, argc, argv, args);

    if (r < 0)
        status = STATUS_USAGE;
    else if (r == 0 && command->check && command->check(context, args, &err) < 0)
        status = context_fail(context, &err, STATUS_USAGE);
    else if (r == 0)
        status = command->run(context, args);
    if (command->release)
        command->release(args);
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

int option_key(const struct option_use *use, struct error *err)
{
    struct option_number *number = use->place;
    uint32_t key = 0;
    int r = parse_key(use->word, &key, err);

    number->given = true;
    number->value = key;
    return r;
}

int option_id(const struct option_use *use, struct error *err)
{
    return selection_add_word(use->place, use->word, err);
}

/* --- Selecting segments ----------------------------------------------------------------------- */

/* Adds VALUE to the values of an option, if it was understood. */
static int select_value(const struct option_use *use, int r, uint64_t value)
{
    if (r == 0)
        filter_add_value(use->place, value);
    return r;
}

static int select_key(const struct option_use *use, struct error *err)
{
    uint32_t key = 0;
    int r = parse_key(use->word, &key, err);

    return select_value(use, r, key);
}

static int select_user(const struct option_use *use, struct error *err)
{
    uid_t uid = 0;
    int r = names_find_user(use->context->system.names, use->word, &uid, err);

    return select_value(use, r, uid);
}

static int select_group(const struct option_use *use, struct error *err)
{
    gid_t gid = 0;
    int r = names_find_group(use->context->system.names, use->word, &gid, err);

    return select_value(use, r, gid);
}

static int select_pid(const struct option_use *use, struct error *err)
{
    uint64_t pid = 0;
    int r = parse_number(use->word, INT_MAX, "a process id", &pid, err);

    return select_value(use, r, pid);
}

/* A process that may attach now: never 0, which stands for a process of another PID namespace. */
static int select_attached_pid(const struct option_use *use, struct error *err)
{
    uint64_t pid = 0;

    if (parse_number(use->word, INT_MAX, "", &pid, NULL) < 0 || pid == 0)
        return error_set(err, EINVAL, "'%s': not a process id (a decimal number from 1 to %d)",
                         use->word, INT_MAX);
    return select_value(use, 0, pid);
}

static int select_range(const struct option_use *use, struct error *err)
{
    struct range range;
    int r = parse_range(use->word, &range, err);

    if (r == 0)
        filter_add_range(use->place, range);
    return r;
}

static int select_states(const struct option_use *use, struct error *err)
{
    return state_parse_list(use->word, use->place, err);
}

static int select_older(const struct option_use *use, struct error *err)
{
    uint64_t seconds;
    int r = parse_age(use->word, &seconds, err);

    if (r == 0)
        filter_add_older(use->place, seconds);
    return r;
}

static int select_newer(const struct option_use *use, struct error *err)
{
    uint64_t seconds;
    int r = parse_age(use->word, &seconds, err);

    if (r == 0)
        filter_add_newer(use->place, seconds);
    return r;
}

#define FILTER(member) offsetof(struct selection, filter.member)
#define WHOLE_FILTER offsetof(struct selection, filter)

static const struct option_spec selection_options[] = {
    {'k', "key", "KEY", "this key: 0x hex, decimal, octal with a leading 0", FILTER(keys),
     select_key},
    {'o', "owner", "USER", "owned by this user, by name or number", FILTER(owners), select_user},
    {0, "creator", "USER", "created by this user", FILTER(creators), select_user},
    {0, "group", "GROUP", "owned by this group", FILTER(groups), select_group},
    {'s', "size", "RANGE", "bytes: N, N..M, N.. or ..M; N as 4096, 4K, 4KB", FILTER(sizes),
     select_range},
    {0, "nattch", "RANGE", "attached this often", FILTER(nattchs), select_range},
    {0, "dest", NULL, "marked for destruction", FILTER(dest), option_flag},
    {0, "locked", NULL, "locked in memory", FILTER(locked), option_flag},
    {0, "attached", NULL, "attached by somebody", FILTER(attached), option_flag},
    {0, "unattached", NULL, "attached by nobody", FILTER(unattached), option_flag},
    {0, "orphan", NULL, "attached by nobody, creator and last user dead", FILTER(orphan),
     option_flag},
    {0, "state", "LIST", "one of used,dest,orphan,idle,unknown", FILTER(states), select_states},
    {0, "older-than", "AGE", "last used or changed at least AGE ago (2h, 7d)", WHOLE_FILTER,
     select_older},
    {0, "newer-than", "AGE", "last used or changed less than AGE ago", WHOLE_FILTER, select_newer},
    {0, "cpid", "PID", "created by this process", FILTER(cpids), select_pid},
    {0, "pid", "PID", "attached by this process now", FILTER(pids), select_attached_pid},
};

const struct option_group selection_group = {
    "Selecting segments (values of one option widen, different options narrow)",
    OPTIONS(selection_options)};

bool options_warn_missing(struct context *context, const struct inventory *inventory)
{
    for (size_t i = 0; i < inventory->missing_id_count; i++)
        context_warn(context, "%d: no such segment", inventory->missing_ids[i]);
    return inventory->missing_id_count > 0;
}

void options_warn_page_size(struct context *context, const struct limits *limits)
{
    if (limits->guessed_pages)
        context_warn(context,
                     "the tree does not show the page size: pages of %llu bytes are assumed",
                     (unsigned long long)limits->page_size);
}

void options_warn_shmem(struct context *context, const struct inventory *inventory)
{
    if (inventory->shmem_error.text && inventory->shmem_error.code != ENOENT)
        context_warn(context, "%s; Shmem is not known", inventory->shmem_error.text);
}

void options_warn_unreadable(struct context *context, const struct inventory *inventory)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const struct attachment_list *attachments = &inventory->attachments;
    const char *remedy = "root sees all";

    if (attachments->unreadable == 0 && !attachments->hidden)
        return;
    if (attachments->unreadable > 0)
        strbuf_printf(&text, "%zu process%s could not be read", attachments->unreadable,
                      attachments->unreadable == 1 ? "" : "es");
    if (attachments->hidden)
        strbuf_printf(&text, "%s of other users do not show at all (hidepid)",
                      attachments->unreadable > 0 ? ", and others" : "processes");
    if (!inventory->live)
        remedy = "whoever saved the tree could not see them";
    else if (geteuid() == 0)
        remedy = "root with all capabilities sees all";
    context_warn(context, "%s; %s", strbuf_string(&text), remedy);
}
