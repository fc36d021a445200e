/*
 * limits: shows the limits of shared memory and how full they are, or sets them.
 *
 * Nothing is set before every word was understood.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "action/survey.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "command/command.h"
#include "command/options.h"
#include "kernel/limits.h"
#include "kernel/sysctl_file.h"
#include "view/human.h"
#include "view/limits_report.h"

enum { OPTION_SET = OPTION_OWN, OPTION_PERSIST, OPTION_DRY_RUN, OPTION_JSON };

static const struct option_spec own_options[] = {
    {OPTION_SET, 0, "set", "NAME=VALUE", "set shmmax, shmall, shmmni or shm_rmid_forced"},
    {OPTION_PERSIST, 0, "persist", NULL, "keep it over a reboot, in /" SYSCTL_FILE_DIR},
    {OPTION_DRY_RUN, 0, "dry-run", NULL, "show what would be set and kept, change nothing"},
    {OPTION_JSON, 0, "json", NULL, "one JSON document"},
};

static const struct option_group own_group = {
    .title = "Options",
    .options = own_options,
    .count = sizeof(own_options) / sizeof(own_options[0]),
};

/* A run of limits. */
struct limiting {
    struct context *context;
    struct limit_change changes[LIMIT_COUNT];
    size_t change_count;
    struct survey survey;
    bool persist;
    bool dry_run;
    bool json;
    bool failed;
};

static int add_setting(struct limiting *limiting, const char *word, struct error *err)
{
    struct limit_setting setting;
    int r = limits_parse_setting(word, limiting->context->system.procfs.page_size, &setting, err);

    if (r < 0)
        return r;
    for (size_t i = 0; i < limiting->change_count; i++) {
        if (limiting->changes[i].setting.id == setting.id)
            return error_set(err, EINVAL, "'%s': %s is set twice", word,
                             limit_kinds[setting.id].name);
    }
    limiting->changes[limiting->change_count++] = (struct limit_change){.setting = setting};
    return 0;
}

static int take_option(void *arg, int id, const char *word, struct error *err)
{
    struct limiting *limiting = arg;

    switch (id) {
    case OPTION_SET:
        return add_setting(limiting, word, err);
    case OPTION_PERSIST:
        limiting->persist = true;
        return 0;
    case OPTION_DRY_RUN:
        limiting->dry_run = true;
        return 0;
    default:
        limiting->json = true;
        return 0;
    }
}

static int take_operand(void *arg, const char *word, struct error *err)
{
    (void)arg;
    return error_set(err, EINVAL, "'%s': takes no operands; to set a limit: --set NAME=VALUE",
                     word);
}

/* Checks what no single option can tell. Returns 0 or -EINVAL with words in ERR. */
static int check_usage(const struct limiting *limiting, struct error *err)
{
    bool sets = limiting->change_count > 0;

    if (limiting->persist && !sets)
        return error_set(err, EINVAL, "--persist: needs --set");
    if (limiting->dry_run && !sets)
        return error_set(err, EINVAL, "--dry-run: needs --set");
    if (sets && !limiting->context->system.procfs.live)
        return error_set(err, EINVAL, "--sysroot: limits --set changes the live system only");
    return 0;
}

static void take_garbage(void *arg, const char *where, const char *text, size_t length)
{
    const struct limiting *limiting = arg;

    context_warn_garbage(limiting->context, where, text, length);
}

/* Reads segments and limits into the survey, in place of what it held. */
static int read_survey(struct limiting *limiting, struct error *err)
{
    const struct survey_sink sink = {take_garbage, limiting};
    struct survey survey;
    int r = survey_read(&limiting->context->system, &sink, &survey, err);

    if (r < 0)
        return r;
    if (survey.limits_error.code) {
        r = -survey.limits_error.code;
        error_set(err, -r, "%s", survey.limits_error.text);
        survey_release(&survey);
        return r;
    }
    survey_release(&limiting->survey);
    limiting->survey = survey;
    limiting->failed |= survey.garbage;
    return 0;
}

/* Appends "3 segments, 1.2 MiB". */
static void put_segments(struct strbuf *out, const struct segment_list *list)
{
    human_count(out, list->count, "segment");
    strbuf_puts(out, ", ");
    human_size_long(out, segment_list_bytes(list));
}

/* Those that shm_rmid_forced=1 destroys: not attached, their creator dead. */
static void foresee_destruction(struct limiting *limiting, struct segment_list *doomed)
{
    struct pids *pids = limiting->context->system.pids;

    for (size_t i = 0; i < limiting->survey.segments.count; i++) {
        const struct segment *segment = &limiting->survey.segments.items[i];

        if (segment->nattch == 0 && pids_creator(pids, segment) == PID_GONE)
            segment_list_add(doomed, segment);
    }
}

/* Those that nobody had attached before, and that are gone now. */
static void find_destroyed(const struct segment_list *before, const struct segment_list *after,
                           struct segment_list *destroyed)
{
    for (size_t i = 0; i < before->count; i++) {
        if (before->items[i].nattch == 0 && !segment_list_find(after, before->items[i].shmid))
            segment_list_add(destroyed, &before->items[i]);
    }
}

static void tell_destruction(struct limiting *limiting, const struct segment_list *list)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    if (list->count == 0)
        return;
    put_segments(&text, list);
    context_warn(limiting->context,
                 "shm_rmid_forced=1 %s %s that nobody had attached and whose creators are dead",
                 limiting->dry_run ? "would destroy" : "destroyed", strbuf_string(&text));
}

static bool turns_on_forced(const struct limit_change *change)
{
    return change->setting.id == LIMIT_RMID_FORCED && change->setting.value == 1 &&
           !(change->has_before && change->before == 1);
}

/* Sets one limit, or in a dry run does not. */
static void apply(struct limiting *limiting, struct limit_change *change)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct context *context = limiting->context;
    enum limit_id id = change->setting.id;
    uint64_t now;

    change->has_before = limiting->survey.limits.known[id];
    change->before = limiting->survey.limits.values[id];
    if (limiting->dry_run)
        return;
    if (limits_write(&context->system.procfs, &change->setting, &now, &err) < 0) {
        change->code = err.code;
        limiting->failed = true;
        context_warn(context, "%s=%llu: %s", limit_kinds[id].name,
                     (unsigned long long)change->setting.value, err.text);
        return;
    }
    change->done = true;
}

/* Names a file that will undo the setting at the next boot, or says that there may be one. */
static void warn_override(struct limiting *limiting, const struct limit_setting *setting)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct sysctl_override override;
    char value[32];
    int r = sysctl_file_override(&limiting->context->system.procfs, setting->id, &override, &err);

    if (r < 0) {
        context_warn(limiting->context,
                     "%s; whether kernel.%s is set to something else at the next boot is not known",
                     err.text, limit_kinds[setting->id].name);
        limiting->failed = true;
    }
    if (r <= 0)
        return;
    snprintf(value, sizeof(value), "%llu", (unsigned long long)setting->value);
    if (strcmp(override.value, value) != 0)
        context_warn(limiting->context,
                     "%s: read after /" SYSCTL_FILE_DIR "/" SYSCTL_FILE_NAME
                     ", sets kernel.%s to '%s' at the next boot",
                     override.path, limit_kinds[setting->id].name, override.value);
    sysctl_override_release(&override);
}

/* Keeps what the kernel took; in a dry run looks only for what would undo it. */
static void keep(struct limiting *limiting)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct limit_setting settings[LIMIT_COUNT];
    size_t count = 0;

    for (size_t i = 0; i < limiting->change_count; i++) {
        if (limiting->changes[i].done || limiting->dry_run)
            settings[count++] = limiting->changes[i].setting;
    }
    if (count == 0)
        return;
    if (!limiting->dry_run &&
        sysctl_file_keep(&limiting->context->system.procfs, settings, count, &err) < 0) {
        context_warn(limiting->context, "%s; what was set lasts until the next boot", err.text);
        limiting->failed = true;
        return;
    }
    for (size_t i = 0; i < limiting->change_count; i++)
        limiting->changes[i].kept = limiting->changes[i].done;
    for (size_t i = 0; i < count; i++)
        warn_override(limiting, &settings[i]);
}

/* A line of what became of a setting, or would become of it. */
static void write_change(struct limiting *limiting, const struct limit_change *change)
{
    FILE *out = limiting->context->out;
    const char *name = limit_kinds[change->setting.id].name;
    unsigned long long value = change->setting.value;

    if (!limiting->dry_run && !change->done)
        return;
    fprintf(out, "%s%s = %llu", limiting->dry_run ? "would set " : "", name, value);
    if (change->has_before)
        fprintf(out, " (%s %llu)", limiting->dry_run ? "is" : "was",
                (unsigned long long)change->before);
    fputc('\n', out);
    if (change->kept || (limiting->dry_run && limiting->persist))
        fprintf(out, "%skernel.%s = %llu in /" SYSCTL_FILE_DIR "/" SYSCTL_FILE_NAME "\n",
                limiting->dry_run ? "would keep " : "kept ", name, value);
}

static void write_json(struct limiting *limiting)
{
    CLEANUP_STRBUF struct strbuf document = STRBUF_INIT;

    limits_report_json(&document, &limiting->survey.limits, &limiting->survey.usage,
                       limiting->change_count > 0 ? limiting->changes : NULL,
                       limiting->change_count, limiting->dry_run);
    fwrite(strbuf_string(&document), 1, document.length, limiting->context->out);
}

/* Warns of limits that contradict each other; in a dry run as they would be. */
static void warn_conflict(struct limiting *limiting)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    struct limits limits = limiting->survey.limits;

    if (limits.guessed_pages)
        context_warn(limiting->context,
                     "the tree does not tell the page size: pages of %llu bytes are assumed",
                     (unsigned long long)limits.page_size);
    for (size_t i = 0; limiting->dry_run && i < limiting->change_count; i++) {
        const struct limit_setting *setting = &limiting->changes[i].setting;

        limits.known[setting->id] = true;
        limits.values[setting->id] = setting->value;
    }
    limits_report_conflict(&text, &limits);
    if (text.length > 0)
        context_warn(limiting->context, "%s", strbuf_string(&text));
}

/* Sets all that was asked for, then reads everything anew. */
static int set_all(struct limiting *limiting, struct error *err)
{
    CLEANUP_SEGMENT_LIST struct segment_list before = limiting->survey.segments;
    CLEANUP_SEGMENT_LIST struct segment_list gone = SEGMENT_LIST_INIT;
    bool forced = false;
    int r;

    if (limiting->dry_run)
        before = (struct segment_list)SEGMENT_LIST_INIT;
    for (size_t i = 0; i < limiting->change_count; i++) {
        apply(limiting, &limiting->changes[i]);
        forced |= turns_on_forced(&limiting->changes[i]);
    }
    if (limiting->persist)
        keep(limiting);
    if (limiting->dry_run) {
        foresee_destruction(limiting, &gone);
    } else {
        limiting->survey.segments = (struct segment_list)SEGMENT_LIST_INIT;
        r = read_survey(limiting, err);
        if (r < 0)
            return r;
        find_destroyed(&before, &limiting->survey.segments, &gone);
    }
    if (forced)
        tell_destruction(limiting, &gone);
    return 0;
}

static int limit(struct limiting *limiting)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    int r = read_survey(limiting, &err);

    if (r == 0 && limiting->change_count > 0)
        r = set_all(limiting, &err);
    if (r < 0)
        return context_fail(limiting->context, &err, STATUS_UNREADABLE);
    if (limiting->json)
        write_json(limiting);
    else if (limiting->change_count == 0)
        limits_report_table(limiting->context->out, &limiting->survey.limits,
                            &limiting->survey.usage);
    for (size_t i = 0; !limiting->json && i < limiting->change_count; i++)
        write_change(limiting, &limiting->changes[i]);
    warn_conflict(limiting);
    return limiting->failed ? STATUS_FAILED : STATUS_DONE;
}

extern const struct command command_limits;

static int run_limits(struct context *context, int argc, char **argv)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct limiting limiting = {.context = context};
    const struct option_taker taker = {take_option, take_operand, &limiting};
    int status;
    int r = options_parse(context, &command_limits, argc, argv, &taker);

    if (r < 0)
        status = STATUS_USAGE;
    else if (r == OPTIONS_HELP)
        status = STATUS_DONE;
    else if (check_usage(&limiting, &err) < 0)
        status = context_fail(context, &err, STATUS_USAGE);
    else
        status = limit(&limiting);
    survey_release(&limiting.survey);
    return status;
}

const struct command command_limits = {
    .name = "limits",
    .synopsis = {"[--json]", "--set NAME=VALUE... [--persist] [--dry-run] [--json]"},
    .summary = "show or set the limits of shared memory",
    .details = "shmmax and shmall with a unit take sizes: 268435456, 256M, 1GB. A plain number\n"
               "for shmall is in pages.",
    .groups = {&own_group},
    .run = run_limits,
};
