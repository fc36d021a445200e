#include "command/protect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/suggest.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "command/options.h"
#include "command/selecting.h"
#include "command/where.h"
#include "kernel/conf.h"
#include "model/program.h"

/* --- The options of a line -------------------------------------------------------------------- */

/*
 * A protection must not lapse because time goes on, a process ends or a segment is detached: of the
 * options that select segments, a line takes those that are about what does not change by itself.
 */
static const char *const lasting_options[] = {"key",  "owner", "creator", "group",
                                              "size", "perms", "locked"};

static int refuse_line_option(const struct option_use *use, struct error *err)
{
    (void)use;
    return error_set(err, EINVAL,
                     "not in this file, whose lines have to hold for good; there are --key, "
                     "--owner, --creator, --group, --size, --perms and --locked");
}

/*
 * The options of a command line, most of them refused; --help, where to look, --all and ids too.
 * Without help they are not suggested.
 */
struct line_options {
    struct option_spec *specs; /* owned */
    struct option_group group;
};

static void make_line_options(struct line_options *options)
{
    static const struct option_spec refused[] = {
        {'h', "help", NULL, NULL, 0, refuse_line_option},
        {'V', "version", NULL, NULL, 0, refuse_line_option},
        {0, "all", NULL, NULL, 0, refuse_line_option},
        {0, "id", "[=ID]", NULL, 0, refuse_line_option},
        {0, "ids", "[=ID]", NULL, 0, refuse_line_option},
        {0, "shmid", "[=ID]", NULL, 0, refuse_line_option},
        {0, "shmem-id", "[=ID]", NULL, 0, refuse_line_option},
    };
    const struct option_group groups[] = {selection_group, where_group, {NULL, OPTIONS(refused)}};
    const unsigned lasting = sizeof(lasting_options) / sizeof(lasting_options[0]);
    size_t count = 0;

    options->specs = xcalloc(selection_group.count + where_group.count + groups[2].count,
                             sizeof(struct option_spec));
    for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
        for (size_t i = 0; i < groups[g].count; i++) {
            struct option_spec *spec = &options->specs[count++];

            *spec = groups[g].options[i];
            if (parse_name(spec->name, strlen(spec->name), lasting_options, lasting) == lasting) {
                spec->take = refuse_line_option;
                spec->help = NULL;
            }
        }
    }
    options->group = (struct option_group){NULL, options->specs, count};
}

/* --- A line ----------------------------------------------------------------------------------- */

/* What the words of a line said. */
struct line_args {
    struct selection selection;
    struct strbuf label;
};

static int refuse_protect_operand(const struct option_use *use, struct error *err)
{
    return error_set(err, EINVAL,
                     "'%s': a line 'protect' takes options alone, and its reason after a #",
                     use->word);
}

static int take_label_operand(const struct option_use *use, struct error *err)
{
    struct strbuf *label = use->place;

    (void)err;
    if (label->length > 0)
        strbuf_putc(label, ' ');
    strbuf_puts(label, use->word);
    return 0;
}

/* A reading of the configuration. */
struct reading {
    struct context *context;
    struct protection *protection;
    struct line_options options;
    const struct conf_files *files;
    const struct conf_file *file; /* the one of them that is parsed */
};

/* Parses what stands after the line's first word, and adds it to RULES. */
static int parse_rule(const struct reading *reading, char **words, struct protection_rules *rules,
                      struct protection_rule *rule, struct error *err)
{
    bool is_label = rules == &reading->protection->labels;
    struct line_args args = {.label = STRBUF_INIT};
    const struct command command = {
        .name = "ls", /* whose --help lists the options */
        .groups = {{&reading->options.group, offsetof(struct line_args, selection)}},
        .operand = {offsetof(struct line_args, label),
                    is_label ? take_label_operand : refuse_protect_operand},
    };
    int r = options_parse(reading->context, &command, words, &args, err);

    if (r == 0 && filter_is_empty(&args.selection.filter))
        r = error_set(err, EINVAL, "no option that selects segments, such as --owner USER");
    if (r == 0 && is_label && args.label.length == 0)
        r = error_set(err, EINVAL, "a line 'label' ends in what the program is called");
    if (r == 0)
        r = conf_map_users(reading->files, reading->file, &args.selection.filter, err);
    if (r == 0) {
        rule->filter = args.selection.filter;
        args.selection.filter = (struct filter){0};
        if (is_label)
            rule->text = xstrdup(strbuf_string(&args.label));
        protection_add(rules, rule);
    }
    selection_release(&args.selection);
    strbuf_release(&args.label);
    return r;
}

/*
 * Cuts LINE into its words, ended by NULL: they are separated by blanks and tabs, there are no
 * quotes, and a word that begins with # begins the reason. Returns an array that the caller frees;
 * *ret_reason stays NULL without one.
 */
static char **split_line(char *line, char **ret_reason)
{
    static const char blanks[] = " \t\r";
    char **words = xcalloc(strlen(line) / 2 + 2, sizeof(char *));
    size_t count = 0;

    for (line += strspn(line, blanks); *line && *line != '#'; line += strspn(line, blanks)) {
        words[count++] = line;
        line += strcspn(line, blanks);
        if (*line)
            *line++ = '\0';
    }
    if (*line) {
        size_t length;

        line += strspn(line, "#");
        line += strspn(line, blanks);
        length = strlen(line);
        while (length > 0 && strchr(blanks, line[length - 1]))
            length--;
        line[length] = '\0';
        *ret_reason = length > 0 ? line : NULL;
    }
    return words;
}

/* WHERE: the line, as it is shown. Returns 0, or -EINVAL and sets *err. */
static int parse_conf_line(const struct reading *reading, char *line, const char *where,
                           struct error *err)
{
    struct protection *protection = reading->protection;
    char *reason = NULL;
    CLEANUP_FREE char **words = split_line(line, &reason);
    bool is_protect = words[0] && strcmp(words[0], "protect") == 0;
    struct protection_rule rule = {.where = NULL};
    int r;

    if (!words[0])
        return 0;
    if (!is_protect && strcmp(words[0], "label") != 0)
        return error_set(err, EINVAL, "'%s': a line begins with protect, label or #", words[0]);
    rule.where = xstrdup(where);
    if (is_protect && reason)
        rule.text = xstrdup(reason);
    r = parse_rule(reading, words + 1, is_protect ? &protection->protects : &protection->labels,
                   &rule, err);
    if (r < 0) {
        free(rule.where);
        free(rule.text);
    }
    return r;
}

/* --- Files ------------------------------------------------------------------------------------ */

/* In a saved tree lines are named as on that machine. */
static void parse_conf_file(const struct reading *reading)
{
    const struct conf_file *file = reading->file;
    char *text = file->text.data;
    char *end = text ? text + file->text.length : NULL;
    CLEANUP_STRBUF struct strbuf where = STRBUF_INIT;

    for (size_t number = 1; text < end; number++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;
        CLEANUP_ERROR struct error problem = ERROR_INIT;
        char *newline = memchr(text, '\n', (size_t)(end - text));
        char *line_end = newline ? newline : end;

        *line_end = '\0'; /* there is a NUL after the text already */
        strbuf_reset(&where);
        strbuf_printf(&where, "/%s:%zu", file->path, number);
        if (strlen(text) != (size_t)(line_end - text))
            error_set(&err, EINVAL, "holds a NUL byte");
        else
            parse_conf_line(reading, text, strbuf_string(&where), &err);
        if (err.code) {
            error_set(&problem, err.code, "%s%s:%zu: %s",
                      procfs_prefix(&reading->context->system.procfs), file->path, number,
                      err.text);
            protection_note_problem(reading->protection, strbuf_string(&where), &problem);
        }
        text = line_end + 1;
    }
}

/* Appends all that the files hold, and why what cannot be used. */
static void put_source(struct strbuf *out, const struct conf_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        const struct conf_file *file = &files->items[i];

        strbuf_printf(out, "%s%c%s%c%zu%c", file->path, '\0',
                      file->error.text ? file->error.text : "", '\0', file->text.length, '\0');
        strbuf_append(out, file->text.data, file->text.length);
    }
}

static bool is_same_source(const struct strbuf *a, const struct strbuf *b)
{
    return a->length == b->length && (a->length == 0 || memcmp(a->data, b->data, a->length) == 0);
}

/*
 * Reads all into the context's system; what was read before stays with it, and is all that there is
 * where the files hold the same.
 */
static const struct protection *read_conf_files(struct context *context)
{
    CLEANUP_CONF_FILES struct conf_files files = {0};
    CLEANUP_STRBUF struct strbuf source = STRBUF_INIT;
    struct reading reading = {.context = context};
    struct system *system = &context->system;

    conf_read(&system->procfs, &files);
    put_source(&source, &files);
    if (system->protection && is_same_source(&system->protection->source, &source))
        return system->protection;
    system->protection = protection_new(system->protection);
    system->protection->source = source;
    source = (struct strbuf)STRBUF_INIT;
    if (files.count == 0)
        return system->protection;
    reading.protection = system->protection;
    reading.files = &files;
    make_line_options(&reading.options);
    for (size_t i = 0; i < files.count; i++) {
        const struct conf_file *file = &files.items[i];
        CLEANUP_STRBUF struct strbuf where = STRBUF_INIT;

        reading.file = file;
        strbuf_printf(&where, "/%s", file->path);
        if (file->error.code)
            protection_note_problem(system->protection, strbuf_string(&where), &file->error);
        else
            parse_conf_file(&reading);
    }
    free(reading.options.specs);
    return system->protection;
}

/* Warns of the first problem and counts the others; END: what follows from it. */
static void warn_problem(struct context *context, const char *end)
{
    const struct protection *protection = context->system.protection;
    size_t others = protection->problem_count - 1;
    CLEANUP_STRBUF struct strbuf more = STRBUF_INIT;

    if (others > 0)
        strbuf_printf(&more, " (and %zu more)", others);
    context_warn(context, "%s%s: %s", protection->problem.text, strbuf_string(&more), end);
}

/* Returns 0, or -EINVAL and sets *err when WORD is the name of no program and no label. */
static int check_program(const struct protection *protection, const char *word, struct error *err)
{
    const struct protection_rules *labels = &protection->labels;
    struct suggestion suggestion = suggest_begin(word, strlen(word));
    CLEANUP_STRBUF struct strbuf hint = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf names = STRBUF_INIT;

    if (program_find(word))
        return 0;
    for (size_t i = 0; i < labels->count; i++) {
        if (text_is_shown_as(labels->items[i].text, word))
            return 0;
        suggest_try(&suggestion, labels->items[i].text);
    }
    for (const struct program *program = programs; program->name; program++) {
        suggest_try(&suggestion, program->name);
        strbuf_printf(&names, "%s%s", names.length > 0 ? ", " : "", program->name);
    }
    suggest_put(&hint, &suggestion, "");
    if (!suggestion.best)
        strbuf_printf(&hint, "; known are %s, and labels of shmtool.conf", strbuf_string(&names));
    return error_set(err, EINVAL, "--program: '%s': no program is known by this name%s", word,
                     strbuf_string(&hint));
}

int protect_check_programs(struct context *context, const struct selection *selection)
{
    const struct filter_words *words = &selection->filter.programs;

    for (size_t i = 0; i < words->count; i++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;

        if (check_program(context->system.protection, words->items[i], &err) < 0)
            return context_fail(context, &err, STATUS_USAGE);
    }
    return STATUS_DONE;
}

int protect_read(struct context *context, const struct selection *selection, unsigned needs)
{
    const char *end = context->system.procfs.live
                          ? "which segments are protected is not fully known, and until this is "
                            "right shmtool removes none"
                          : "which segments are protected is not fully known";

    if (selection)
        needs |= filter_needs(&selection->filter);
    if (needs & (NEED_PROTECTION | NEED_PROGRAM) &&
        !protection_is_complete(read_conf_files(context)))
        warn_problem(context, end);
    return selection ? protect_check_programs(context, selection) : STATUS_DONE;
}

void protect_refresh(void *arg)
{
    struct context *context = arg;
    const struct protection *before = context->system.protection;

    if (read_conf_files(context) != before && !protection_is_complete(context->system.protection))
        warn_problem(context, "what is left stays");
}

int protect_require(struct context *context, const char *undone)
{
    if (protection_is_complete(read_conf_files(context)))
        return STATUS_DONE;
    warn_problem(context, undone);
    return STATUS_UNREADABLE;
}
