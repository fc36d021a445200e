#include "command/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/xalloc.h"
#include "command/help.h"

static const struct option_spec selection_options[] = {
    {OPTION_KEY, 'k', "key", "KEY", "this key: 0x hex, decimal, octal with a leading 0"},
    {OPTION_OWNER, 'o', "owner", "USER", "owned by this user, by name or number"},
    {OPTION_CREATOR, 0, "creator", "USER", "created by this user"},
    {OPTION_GROUP, 0, "group", "GROUP", "owned by this group"},
    {OPTION_SIZE, 's', "size", "RANGE", "bytes: N, N..M, N.. or ..M; N as 4096, 4K, 4KB"},
    {OPTION_NATTCH, 0, "nattch", "RANGE", "attached this often"},
    {OPTION_DEST, 0, "dest", NULL, "marked for destruction"},
    {OPTION_LOCKED, 0, "locked", NULL, "locked in memory"},
    {OPTION_ATTACHED, 0, "attached", NULL, "attached by somebody"},
    {OPTION_UNATTACHED, 0, "unattached", NULL, "attached by nobody"},
    {OPTION_ORPHAN, 0, "orphan", NULL, "attached by nobody, creator and last user dead"},
    {OPTION_STATE, 0, "state", "LIST", "one of used,dest,orphan,idle,unknown"},
    {OPTION_OLDER_THAN, 0, "older-than", "AGE", "last used or changed at least AGE ago (2h, 7d)"},
    {OPTION_NEWER_THAN, 0, "newer-than", "AGE", "last used or changed less than AGE ago"},
    {OPTION_CPID, 0, "cpid", "PID", "created by this process"},
    {OPTION_PID, 0, "pid", "PID", "attached by this process now"},
};

const struct option_group selection_group = {
    .title = "Selecting segments (values of one option widen, different options narrow)",
    .options = selection_options,
    .count = sizeof(selection_options) / sizeof(selection_options[0]),
};

/* getopt_long's codes: an operand, help, and from FIRST_CODE on a command's options in order. */
enum { CODE_OPERAND = 1, CODE_HELP = 2, FIRST_CODE = 1000, MOST_OPTIONS = 64 };

/* A command's options in the forms that getopt_long wants. */
struct parser {
    const struct option_spec *specs[MOST_OPTIONS];
    struct option longs[MOST_OPTIONS + 2];
    char letters[2 * MOST_OPTIONS + 4];
    int count;
};

static void build_parser(struct parser *parser, const struct command *command)
{
    /* "-": operands come in their order; "+": the first one ends the options. */
    char *letter = stpcpy(parser->letters, command->flags & COMMAND_WRAPS ? "+:" : "-:");

    parser->count = 0;
    for (size_t g = 0; g < COMMAND_GROUPS && command->groups[g]; g++) {
        for (size_t i = 0; i < command->groups[g]->count && parser->count < MOST_OPTIONS; i++) {
            const struct option_spec *spec = &command->groups[g]->options[i];

            if (spec->letter) {
                *letter++ = spec->letter;
                if (spec->argument)
                    *letter++ = ':';
            }
            parser->longs[parser->count] =
                (struct option){spec->name, spec->argument ? required_argument : no_argument, NULL,
                                FIRST_CODE + parser->count};
            parser->specs[parser->count++] = spec;
        }
    }
    *letter = '\0';
    parser->longs[parser->count] = (struct option){"help", no_argument, NULL, CODE_HELP};
    parser->longs[parser->count + 1] = (struct option){0};
}

static const struct option_spec *find_spec(const struct parser *parser, int code)
{
    if (code >= FIRST_CODE && code < FIRST_CODE + parser->count)
        return parser->specs[code - FIRST_CODE];
    for (int i = 0; i < parser->count; i++) {
        if (code != 0 && parser->specs[i]->letter == code)
            return parser->specs[i];
    }
    return NULL;
}

/* Says that WORD ("--s=5") is no option, or which ones it is the start of. */
static void refuse_long(struct context *context, const struct parser *parser, const char *word)
{
    CLEANUP_STRBUF struct strbuf candidates = STRBUF_INIT;
    size_t length = strcspn(word, "=");

    for (const struct option *option = parser->longs; option->name; option++) {
        if (strncmp(option->name, word + 2, length - 2) == 0)
            strbuf_printf(&candidates, "%s --%s", candidates.length > 0 ? "," : "", option->name);
    }
    if (candidates.length > 0)
        context_warn(context, "%.*s: which one?%s", (int)length, word, strbuf_string(&candidates));
    else
        context_warn(context, "%.*s: no such option; see 'shmtool %s --help'", (int)length, word,
                     context->command);
}

/* Says what getopt_long found wrong with WORD, the argument that it looked at last. */
static int refuse(struct context *context, const struct parser *parser, int code, const char *word)
{
    const struct option_spec *spec = find_spec(parser, optopt);

    if (code == ':' && spec)
        context_warn(context, "%s: needs a value: %s", word, spec->argument);
    else if (spec || optopt == CODE_HELP)
        context_warn(context, "%s: takes no value", word);
    else if (optopt)
        context_warn(context, "-%c: no such option; see 'shmtool %s --help'", optopt,
                     context->command);
    else if (strncmp(word, "--sysroot", 9) == 0)
        context_warn(context,
                     "--sysroot: stands in front of the command: 'shmtool --sysroot DIR %s'",
                     context->command);
    else
        refuse_long(context, parser, word);
    return -EINVAL;
}

static int take_option(struct context *context, const struct option_spec *spec, const char *word,
                       const struct option_taker *taker)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    int r = taker->option(taker->arg, spec->id, word, &err);

    if (r < 0)
        context_warn(context, "--%s: %s", spec->name, err.text);
    return r;
}

static int take_operand(struct context *context, const char *word, const struct option_taker *taker)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    int r = taker->operand(taker->arg, word, &err);

    if (r < 0)
        context_warn(context, "%s", err.text);
    return r;
}

int options_parse(struct context *context, const struct command *command, int argc, char **argv,
                  const struct option_taker *taker)
{
    struct parser parser;
    int code;
    int r = 0;

    build_parser(&parser, command);
    opterr = 0;
    optind = 0; /* begins anew, whatever was parsed before */
    while (r == 0) {
        const struct option_spec *spec;
        int at = optind > 0 ? optind : 1;

        code = getopt_long(argc, argv, parser.letters, parser.longs, NULL);
        if (code < 0)
            break;
        if (code == CODE_HELP) {
            help_command(context->out, command);
            return OPTIONS_HELP;
        }
        spec = find_spec(&parser, code);
        if (code == CODE_OPERAND)
            r = take_operand(context, optarg, taker);
        else if (spec)
            r = take_option(context, spec, optarg, taker);
        else
            return refuse(context, &parser, code, argv[at]);
    }
    for (; r == 0 && optind < argc; optind++)
        r = take_operand(context, argv[optind], taker);
    return r;
}

/* Options whose value is one number. */
static int add_pid(struct filter_values *values, const char *word, struct error *err)
{
    uint64_t pid;
    int r = parse_number(word, INT_MAX, "a process id", &pid, err);

    if (r == 0)
        filter_add_value(values, pid);
    return r;
}

/* A process that may attach now: 0 stands for one of another PID namespace, which nobody can be. */
static int add_live_pid(struct filter_values *values, const char *word, struct error *err)
{
    uint64_t pid = 0;

    if (parse_number(word, INT_MAX, "", &pid, NULL) < 0 || pid == 0)
        return error_set(err, EINVAL, "'%s': not a process id (a decimal number from 1 to %d)",
                         word, INT_MAX);
    filter_add_value(values, pid);
    return 0;
}

static int add_range(struct filter_values *values, const char *word, struct error *err)
{
    struct range range;
    int r = parse_range(word, &range, err);

    if (r == 0)
        filter_add_range(values, range);
    return r;
}

static int add_user(struct filter_values *values, struct system *system, const char *word,
                    struct error *err)
{
    uid_t uid;
    int r = names_find_user(system->names, word, &uid, err);

    if (r == 0)
        filter_add_value(values, uid);
    return r;
}

static int add_group(struct filter_values *values, struct system *system, const char *word,
                     struct error *err)
{
    gid_t gid;
    int r = names_find_group(system->names, word, &gid, err);

    if (r == 0)
        filter_add_value(values, gid);
    return r;
}

static int add_key(struct filter_values *values, const char *word, struct error *err)
{
    uint32_t key;
    int r = parse_key(word, &key, err);

    if (r == 0)
        filter_add_value(values, key);
    return r;
}

static int add_age(struct filter *filter, void (*add)(struct filter *filter, uint64_t seconds),
                   const char *word, struct error *err)
{
    uint64_t seconds;
    int r = parse_age(word, &seconds, err);

    if (r == 0)
        add(filter, seconds);
    return r;
}

int options_select(struct selection *selection, struct system *system, int id, const char *word,
                   struct error *err)
{
    struct filter *filter = &selection->filter;

    switch (id) {
    case OPTION_KEY:
        return add_key(&filter->keys, word, err);
    case OPTION_OWNER:
        return add_user(&filter->owners, system, word, err);
    case OPTION_CREATOR:
        return add_user(&filter->creators, system, word, err);
    case OPTION_GROUP:
        return add_group(&filter->groups, system, word, err);
    case OPTION_SIZE:
        return add_range(&filter->sizes, word, err);
    case OPTION_NATTCH:
        return add_range(&filter->nattchs, word, err);
    case OPTION_DEST:
        filter->dest = true;
        return 0;
    case OPTION_LOCKED:
        filter->locked = true;
        return 0;
    case OPTION_ATTACHED:
        filter->attached = true;
        return 0;
    case OPTION_UNATTACHED:
        filter->unattached = true;
        return 0;
    case OPTION_ORPHAN:
        filter->orphan = true;
        return 0;
    case OPTION_STATE:
        return state_parse_list(word, &filter->states, err);
    case OPTION_OLDER_THAN:
        return add_age(filter, filter_add_older, word, err);
    case OPTION_NEWER_THAN:
        return add_age(filter, filter_add_newer, word, err);
    case OPTION_CPID:
        return add_pid(&filter->cpids, word, err);
    case OPTION_PID:
        return add_live_pid(&filter->pids, word, err);
    default:
        return error_set(err, EINVAL, "not an option that selects segments");
    }
}

bool options_warn_missing(struct context *context, const struct selection *selection,
                          const struct select_report *report)
{
    CLEANUP_IDSET struct idset named = IDSET_INIT;

    for (size_t i = 0; i < selection->id_count; i++) {
        int shmid = selection->ids[i].shmid;

        if (!select_met_id(report, shmid) && idset_add(&named, shmid))
            context_warn(context, "%d: no such segment", shmid);
    }
    return named.count > 0;
}
