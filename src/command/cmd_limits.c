/*
 * limits: shows the limits of shared memory and how full they are, or sets them.
 *
 * Nothing is set before every word was understood.
 */
#include <errno.h>
#include <unistd.h>

#include "action/limits_change.h"
#include "command/incomplete.h"
#include "command/options.h"
#include "command/protect.h"
#include "command/where.h"
#include "kernel/namespace.h"
#include "kernel/signals.h"
#include "view/describe.h"
#include "view/limits_report.h"
#include "view/remedy.h"
#include "view/removal_preview.h"
#include "view/removal_report.h"

/* Where --persist keeps them, as messages say it. */
#define KEPT_IN "/" SYSCTL_FILE_DIR "/" SYSCTL_FILE_NAME

/* A command line of limits, and what is set. */
struct limits_args {
    struct limits_change change;
    bool yes;
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
    {'y', "yes", NULL, "do not ask", offsetof(struct limits_args, yes), option_flag},
    {0, "dry-run", NULL, "show what would be done, change nothing",
     offsetof(struct limits_args, change.dry_run), option_flag},
    {0, "json", NULL, "one JSON document", offsetof(struct limits_args, json), option_flag},
};

static const struct option_group limits_group = {"Options", OPTIONS(limits_options)};

static int check_limits_usage(struct context *context, void *args, struct error *err)
{
    const struct limits_args *limits = args;
    const struct limits_change *change = &limits->change;

    if (context->where.all_namespaces && change->count > 0)
        return error_set(err, EINVAL,
                         "--set: with -A limits are only shown; -N names one namespace");
    if (limits->yes && change->count == 0)
        return error_set(err, EINVAL, "--yes: needs --set");
    if (change->persist && change->count == 0)
        return error_set(err, EINVAL, "--persist: needs --set");
    if (change->dry_run && change->count == 0)
        return error_set(err, EINVAL, "--dry-run: needs --set");
    if (change->count > 0 && !context->system.procfs.live)
        return error_set(err, EINVAL, "--sysroot: limits --set changes the live system only");
    return 0;
}

/* What setting them has to know, and what is shown of limits. */
static unsigned limits_needs(const struct limits_change *change)
{
    return limits_change_needs(change) | NEED_USAGE | NEED_SHMEM;
}

/* --- Questions -------------------------------------------------------------------------------- */

/* What the questions have in common. */
struct limits_question {
    struct context *context;
    const struct limits_args *limits;
    struct interrupts interrupts;
};

/* Asks, unless --yes or a dry run answers. Returns an exit status. */
static int ask_to_set(struct limits_question *question, const char *text)
{
    if (question->limits->yes || question->limits->change.dry_run)
        return STATUS_DONE;
    return context_ask(question->context, text, STDIN_FILENO, question->interrupts.fd, "set");
}

/*
 * The file of sysctl.d is read when the system boots, for the limits of the initial IPC namespace.
 * From another one it is written only by somebody who knows that.
 */
static int ask_to_persist(struct limits_question *question)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct context *context = question->context;
    int r = namespace_is_initial_ipc(&context->system.procfs, &err);

    if (r < 0)
        context_warn(context,
                     "--persist: " KEPT_IN " is read at boot, for the initial IPC namespace; "
                     "whether this is that one is unknown: %s",
                     err.text);
    if (r != 0)
        return STATUS_DONE;
    context_warn(context, "--persist: this is not the initial IPC namespace, and " KEPT_IN
                          " is read at boot for that one: it is the host's file unless this /etc "
                          "is a container's own, and this namespace's limits end with it");
    return ask_to_set(question, "Write " KEPT_IN " all the same? (yes/no) ");
}

static void explain_doubt(struct context *context, const struct limits_change *change)
{
    if (change->doubtful > 0)
        context_warn(
            context,
            "%llu of them may stay: the kernel spares a segment while the very thread that "
            "made it lives, and no file shows that",
            (unsigned long long)change->doubtful);
}

/*
 * Shows what shm_rmid_forced=1 destroys, and asks. What has come to that meanwhile was not shown:
 * then nothing is set. INVENTORY is read again.
 */
static int ask_to_destroy(struct limits_question *question, struct inventory *inventory)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    struct context *context = question->context;
    const struct limits_change *change = &question->limits->change;
    const struct column_format format = {.now = inventory->clock.now, .color = context->color};
    struct inventory now;
    size_t unplanned;
    int status;

    removal_preview_show(context->err, &change->plan, &format, false);
    explain_doubt(context, change);
    strbuf_puts(&text, "Set shm_rmid_forced=1, which destroys ");
    limits_report_destroyed(&text, change);
    strbuf_puts(&text, "? (yes/no) ");
    status = ask_to_set(question, strbuf_string(&text));
    if (status != STATUS_DONE)
        return status;
    /* Somebody may have protected a segment while the question stood there. */
    status = protect_require(context, "nothing was set");
    if (status != STATUS_DONE)
        return status;
    if (inventory_read(&context->system, NULL, limits_needs(change), &now, &err) < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    unplanned = limits_change_unplanned(change, &now);
    inventory_release(inventory);
    *inventory = now;
    if (unplanned == 0)
        return STATUS_DONE;
    strbuf_reset(&text);
    human_count(&text, unplanned, "more segment");
    context_warn(context, "%s would be destroyed by now, and not shown before: nothing was set",
                 strbuf_string(&text));
    return STATUS_DECLINED;
}

/* Asks all that has to be asked before anything is set. Returns an exit status. */
static int confirm_change(struct context *context, const struct limits_args *limits,
                          struct inventory *inventory)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct limits_question question = {.context = context, .limits = limits};
    const struct limits_change *change = &limits->change;
    int status = STATUS_DONE;

    if (interrupts_block(&question.interrupts, &err) < 0)
        return context_fail(context, &err, STATUS_FAILED);
    if (change->persist && limits_change_is_possible(change))
        status = ask_to_persist(&question);
    if (status == STATUS_DONE && change->plan.count > 0 && !limits->yes && !change->dry_run)
        status = ask_to_destroy(&question, inventory);
    if (status == STATUS_DONE && interrupts_pending(&question.interrupts)) {
        context_warn(context, "interrupted: nothing was set");
        status = STATUS_DECLINED;
    }
    interrupts_release(&question.interrupts);
    return status;
}

/* Refuses to destroy what is protected, now or later. Returns an exit status. */
static int refuse_protected(struct context *context, const struct limits_change *change,
                            const struct inventory *inventory)
{
    CLEANUP_STRBUF struct strbuf rest = STRBUF_INIT;
    size_t count = 0;

    for (size_t i = 0; limits_change_destroys(change) && i < inventory->count; i++) {
        const struct segment_info *info = &inventory->rows[i];
        CLEANUP_STRBUF struct strbuf rule = STRBUF_INIT;

        /* What is marked already goes then in any case. */
        if (!info->protected_by || segment_is_dest(&info->segment) || ++count > DESCRIBE_NAMED_MAX)
            continue;
        describe_rule(&rule, info->protected_by);
        context_warn(context, "%d: protected by %s: shm_rmid_forced=1 would destroy it%s",
                     info->segment.shmid, strbuf_string(&rule),
                     info->segment.nattch > 0 ? " when nobody has it attached any more" : "");
    }
    if (count == 0)
        return STATUS_DONE;
    describe_rest(&rest, count);
    context_warn(context, "protected segments%s: nothing was set", strbuf_string(&rest));
    return STATUS_FAILED;
}

/* --- What was done ---------------------------------------------------------------------------- */

/*
 * Appends what sets a limit of an IPC namespace that was entered, where that was refused: the
 * kernel lets nobody but the root of its user namespace do it (ipc/ipc_sysctl.c).
 */
static void put_command_inside(struct strbuf *out, const struct context *context,
                               const struct limit_change *item)
{
    if (item->code != EACCES && item->code != EPERM)
        return;
    strbuf_printf(out,
                  "; only root of its own user namespace may: as root: nsenter --user --ipc "
                  "--target %d sysctl -w kernel.%s=%llu",
                  (int)context->system.elsewhere_pid, limit_kinds[item->setting.id].name,
                  (unsigned long long)item->setting.value);
}

/* Whether a setting failed for reasons that somebody else, or somewhere else, does not have. */
static bool is_refused_here(const struct limit_change *item, const struct inventory *inventory)
{
    return item->code == EACCES || item->code == EPERM || item->code == EROFS ||
           (item->code == ENOENT && inventory->credentials.limits_fixed);
}

/* Names what was refused, in a dry run what may be, and what will undo a setting at the next boot.
 */
static void warn_of_change(struct context *context, const struct limits_change *change,
                           const struct inventory *inventory)
{
    for (size_t i = 0; i < change->count; i++) {
        CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
        const struct limit_change *item = &change->items[i];
        const char *refusal = item->refusal;

        if (!refusal && change->dry_run)
            refusal = limits_ceiling(&item->setting);
        if (!refusal)
            continue;
        strbuf_printf(&text, "%s=", limit_kinds[item->setting.id].name);
        limits_report_value(&text, &inventory->limits, item->setting.id, item->setting.value);
        strbuf_printf(&text, ": %s", refusal);
        if (context->system.elsewhere_pid != 0)
            put_command_inside(&text, context, item);
        else if (is_refused_here(item, inventory))
            remedy_refused_limit(&text, inventory, &item->setting, change->persist);
        context_warn_text(context, &text);
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
                         "%s: read after " KEPT_IN ", sets kernel.%s to '%s' at the next boot",
                         item->override.path, name, item->override.value);
    }
}

static void warn_of_destruction(struct context *context, const struct limits_change *change)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    limits_report_destroyed(&text, change);
    if (text.length == 0)
        return;
    if (change->dry_run)
        explain_doubt(context, change);
    context_warn(context,
                 "shm_rmid_forced=1 %s %s that nobody had attached and whose creators are "
                 "gone",
                 change->dry_run ? "would destroy" : "destroyed", strbuf_string(&text));
}

/* Warns of limits that forbid all or contradict each other; in a dry run as they would be. */
static void warn_of_limits(struct context *context, const struct limits_change *change,
                           struct limits limits)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    incomplete_warn_page_size(context, &limits);
    for (size_t i = 0; change->dry_run && i < change->count; i++) {
        const struct limit_setting *setting = &change->items[i].setting;

        limits.known[setting->id] = true;
        limits.values[setting->id] = setting->value;
    }
    for (enum limit_id id = 0; id < LIMIT_COUNT; id++) {
        strbuf_reset(&text);
        limits_report_zero(&text, &limits, id);
        context_warn_text(context, &text);
    }
    strbuf_reset(&text);
    limits_report_conflict(&text, &limits);
    context_warn_text(context, &text);
}

/* A line of what became of a setting, or would become of it. */
static void write_change(FILE *out, const struct limits *limits, const struct limits_change *change,
                         const struct limit_change *item)
{
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
    enum limit_id id = item->setting.id;

    if (!change->dry_run && !item->done)
        return;
    strbuf_printf(&line, "%s%s = ", change->dry_run ? "would set " : "", limit_kinds[id].name);
    limits_report_value(&line, limits, id, item->setting.value);
    if (item->has_before) {
        strbuf_puts(&line, change->dry_run ? " (is " : " (was ");
        limits_report_value(&line, limits, id, item->before);
        strbuf_putc(&line, ')');
    }
    strbuf_putc(&line, '\n');
    /* What stands in the file: there it is a number. */
    if (item->kept || (change->dry_run && change->persist))
        strbuf_printf(&line, "%skernel.%s = %llu in " KEPT_IN "\n",
                      change->dry_run ? "would keep " : "kept ", limit_kinds[id].name,
                      (unsigned long long)item->setting.value);
    fputs(strbuf_string(&line), out);
}

static void write_limits(struct context *context, const struct limits_args *args,
                         const struct inventory *inventory)
{
    const struct limits_change *change = &args->change;
    CLEANUP_STRBUF struct strbuf document = STRBUF_INIT;

    if (args->json) {
        if (!context->where.all_namespaces)
            context_put_head(context, &document);
        limits_report_json(&document, &inventory->limits, &inventory->usage,
                           change->count > 0 ? change->items : NULL, change->count,
                           change->dry_run);
        context_write(context, &document);
        return;
    }
    if (change->count == 0) {
        limits_report_table(context->out, &inventory->limits, &inventory->usage);
        limits_report_shmem(&document, &inventory->usage, context_width());
        context_write(context, &document);
    }
    for (size_t i = 0; i < change->count; i++)
        write_change(context->out, &inventory->limits, change, &change->items[i]);
    if (change->dry_run && change->plan.count > 0) {
        const struct column_format format = {.now = inventory->clock.now,
                                             .color = terminal_has_color(STDOUT_FILENO)};

        removal_preview_table(context->out, &change->plan, &format);
    }
}

/* Shows the limits of the IPC namespace that is entered, or sets them. Returns an exit status. */
static int show_or_set(struct context *context, void *args)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_INVENTORY struct inventory inventory = {0};
    struct limits_args *limits = args;
    struct limits_change *change = &limits->change;
    unsigned needs = limits_needs(change);
    bool failed;

    if (context->system.one_of_many && context->system.elsewhere != 0)
        needs &= ~(unsigned)NEED_SHMEM; /* it is the host's */
    if (needs & NEED_STATE)             /* segments may have to be shown */
        needs |= NEED_OWNER;
    if (needs & NEED_PROTECTION && protect_require(context, "nothing was set") != STATUS_DONE)
        return STATUS_UNREADABLE;
    if (inventory_read(&context->system, NULL, needs, &inventory, &err) < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    failed = context_warn_unparsed(context, &inventory.unparsed);
    if (inventory.limits_error.code)
        return context_fail(context, &inventory.limits_error, STATUS_UNREADABLE);
    if (change->count > 0) {
        int status;
        int r;

        limits_change_prepare(&context->system, change, &inventory);
        status = refuse_protected(context, change, &inventory);
        if (status == STATUS_DONE)
            status = confirm_change(context, limits, &inventory);
        if (status == STATUS_DONE)
            status = refuse_protected(context, change, &inventory);
        if (status != STATUS_DONE) {
            if (limits->json && status != STATUS_UNREADABLE)
                write_limits(context, limits, &inventory);
            return status;
        }
        r = limits_change_run(&context->system, change, &inventory, &err);
        warn_of_change(context, change, &inventory);
        if (r < 0)
            return context_fail(context, &err, STATUS_UNREADABLE);
    }
    write_limits(context, limits, &inventory);
    incomplete_warn_shmem(context, &inventory);
    fflush(context->out); /* what follows is about it */
    warn_of_destruction(context, change);
    warn_of_limits(context, change, inventory.limits);
    return failed || limits_change_failed(change) ? STATUS_FAILED : STATUS_DONE;
}

static int run_limits(struct context *context, void *args)
{
    const struct limits_args *limits = args;

    return where_each(context, limits->json ? "limits" : NULL, show_or_set, args);
}

static void release_limits(void *args)
{
    struct limits_args *limits = args;

    limits_change_release(&limits->change);
}

const struct command command_limits = {
    .name = "limits",
    .synopsis = {"[--json]", "--set NAME=VALUE... [--persist] [-y] [--dry-run] [--json]"},
    .summary = "show or set the limits of shared memory",
    .flags = COMMAND_EVERYWHERE,
    .details = "shmmax and shmall with a unit take sizes: 268435456, 256M, 1GB. A plain number\n"
               "for shmall is in pages. Both take 'unlimited'. shm_rmid_forced=1 destroys every\n"
               "segment that nobody has attached and whose creator is gone: they are shown, and\n"
               "only 'yes' goes on.",
    .groups = {{&limits_group, 0}},
    .operand = {0, refuse_limits_operand},
    .examples = {{"limits", "what may be used, and how full it is"},
                 {"limits --set shmmax=1G --persist",
                  "allow larger segments, also after a reboot"}},
    .size = sizeof(struct limits_args),
    .check = check_limits_usage,
    .run = run_limits,
    .release = release_limits,
};
