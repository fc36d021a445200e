/*
 * limits: shows the limits of shared memory and how full they are, or sets them.
 *
 * Nothing is set before every word was understood.
 */
#include <errno.h>

#include "action/limits_change.h"
#include "command/options.h"
#include "view/describe.h"
#include "view/limits_report.h"

/* A command line of limits, and what is set. */
struct limits_args {
    struct limits_change change;
    bool json;
};

static int take_setting(const struct option_use *use, struct error *err)
{
    struct limits_change *change = use->place;
    struct limit_setting setting;
    int r = limits_parse_setting(use->word, use->context->system.procfs.page_size, &setting, err);

    if (r < 0)
        return r;
    for (size_t i = 0; i < change->count; i++) {
        if (change->items[i].setting.id == setting.id)
            return error_set(err, EINVAL, "'%s': %s is set twice", use->word,
                             limit_kinds[setting.id].name);
    }
    change->items[change->count++].setting = setting;
    return 0;
}

static int refuse_limits_operand(const struct option_use *use, struct error *err)
{
    return error_set(err, EINVAL, "'%s': takes no operands; to set a limit: --set NAME=VALUE",
                     use->word);
}

static const struct option_spec limits_options[] = {
    {0, "set", "NAME=VALUE", "set shmmax, shmall, shmmni or shm_rmid_forced",
     offsetof(struct limits_args, change), take_setting},
    {0, "persist", NULL, "keep it over a reboot, in /" SYSCTL_FILE_DIR,
     offsetof(struct limits_args, change.persist), option_flag},
    {0, "dry-run", NULL, "show what would be set and kept, change nothing",
     offsetof(struct limits_args, change.dry_run), option_flag},
    {0, "json", NULL, "one JSON document", offsetof(struct limits_args, json), option_flag},
};

static const struct option_group limits_group = {"Options", OPTIONS(limits_options)};

static int check_limits_usage(struct context *context, void *args, struct error *err)
{
    const struct limits_change *change = &((const struct limits_args *)args)->change;

    if (change->persist && change->count == 0)
        return error_set(err, EINVAL, "--persist: needs --set");
    if (change->dry_run && change->count == 0)
        return error_set(err, EINVAL, "--dry-run: needs --set");
    if (change->count > 0 && !context->system.procfs.live)
        return error_set(err, EINVAL, "--sysroot: limits --set changes the live system only");
    return 0;
}

/* Names what was refused, and what will undo a setting at the next boot. */
static void warn_of_change(struct context *context, const struct limits_change *change)
{
    for (size_t i = 0; i < change->count; i++) {
        const struct limit_change *item = &change->items[i];

        if (item->code)
            context_warn(context, "%s=%llu: %s", limit_kinds[item->setting.id].name,
                         (unsigned long long)item->setting.value, item->refusal);
    }
    if (change->keep_error.text)
        context_warn(context, "%s; what was set lasts until the next boot",
                     change->keep_error.text);
    for (size_t i = 0; i < change->count; i++) {
        const struct limit_change *item = &change->items[i];
        const char *name = limit_kinds[item->setting.id].name;

        if (item->override_error.text)
            context_warn(context,
                         "%s; whether kernel.%s is set to something else at the next boot is not "
                         "known",
                         item->override_error.text, name);
        if (item->override.path)
            context_warn(context,
                         "%s: read after /" SYSCTL_FILE_DIR "/" SYSCTL_FILE_NAME
                         ", sets kernel.%s to '%s' at the next boot",
                         item->override.path, name, item->override.value);
    }
}

static void warn_of_destruction(struct context *context, const struct limits_change *change)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    if (change->destroyed == 0)
        return;
    describe_segments(&text, change->destroyed, change->destroyed_bytes);
    context_warn(context,
                 "shm_rmid_forced=1 %s %s that nobody had attached and whose creators are dead",
                 change->dry_run ? "would destroy" : "destroyed", strbuf_string(&text));
}

/* Warns of limits that contradict each other; in a dry run as they would be. */
static void warn_of_conflict(struct context *context, const struct limits_change *change,
                             struct limits limits)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    options_warn_page_size(context, &limits);
    for (size_t i = 0; change->dry_run && i < change->count; i++) {
        const struct limit_setting *setting = &change->items[i].setting;

        limits.known[setting->id] = true;
        limits.values[setting->id] = setting->value;
    }
    limits_report_conflict(&text, &limits);
    if (text.length > 0)
        context_warn(context, "%s", strbuf_string(&text));
}

/* A line of what became of a setting, or would become of it. */
static void write_change(FILE *out, const struct limits_change *change,
                         const struct limit_change *item)
{
    const char *name = limit_kinds[item->setting.id].name;
    unsigned long long value = item->setting.value;

    if (!change->dry_run && !item->done)
        return;
    fprintf(out, "%s%s = %llu", change->dry_run ? "would set " : "", name, value);
    if (item->has_before)
        fprintf(out, " (%s %llu)", change->dry_run ? "is" : "was",
                (unsigned long long)item->before);
    fputc('\n', out);
    if (item->kept || (change->dry_run && change->persist))
        fprintf(out, "%skernel.%s = %llu in /" SYSCTL_FILE_DIR "/" SYSCTL_FILE_NAME "\n",
                change->dry_run ? "would keep " : "kept ", name, value);
}

static void write_limits(struct context *context, const struct limits_args *args,
                         const struct inventory *inventory)
{
    const struct limits_change *change = &args->change;
    CLEANUP_STRBUF struct strbuf document = STRBUF_INIT;

    if (args->json) {
        limits_report_json(&document, &inventory->limits, &inventory->usage,
                           change->count > 0 ? change->items : NULL, change->count,
                           change->dry_run);
        context_write(context, &document);
        return;
    }
    if (change->count == 0)
        limits_report_table(context->out, &inventory->limits, &inventory->usage);
    for (size_t i = 0; i < change->count; i++)
        write_change(context->out, change, &change->items[i]);
}

static int run_limits(struct context *context, void *args)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_INVENTORY struct inventory inventory = {0};
    struct limits_args *limits = args;
    struct limits_change *change = &limits->change;
    bool failed;

    if (inventory_read(&context->system, NULL, limits_change_needs(change), &inventory, &err) < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    failed = context_warn_unparsed(context, &inventory.unparsed);
    if (inventory.limits_error.code)
        return context_fail(context, &inventory.limits_error, STATUS_UNREADABLE);
    if (change->count > 0) {
        int r = limits_change_run(&context->system, change, &inventory, &err);

        warn_of_change(context, change);
        if (r < 0)
            return context_fail(context, &err, STATUS_UNREADABLE);
        warn_of_destruction(context, change);
    }
    write_limits(context, limits, &inventory);
    warn_of_conflict(context, change, inventory.limits);
    return failed || limits_change_failed(change) ? STATUS_FAILED : STATUS_DONE;
}

static void release_limits(void *args)
{
    struct limits_args *limits = args;

    limits_change_release(&limits->change);
}

const struct command command_limits = {
    .name = "limits",
    .synopsis = {"[--json]", "--set NAME=VALUE... [--persist] [--dry-run] [--json]"},
    .summary = "show or set the limits of shared memory",
    .details = "shmmax and shmall with a unit take sizes: 268435456, 256M, 1GB. A plain number\n"
               "for shmall is in pages.",
    .examples = "  shmtool limits\n"
                "  shmtool limits --set shmmax=256M --persist\n",
    .groups = {{&limits_group, 0}},
    .operand = {0, refuse_limits_operand},
    .size = sizeof(struct limits_args),
    .check = check_limits_usage,
    .run = run_limits,
    .release = release_limits,
};
