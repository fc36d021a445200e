/*
 * doctor: says why shmget fails, or what is wrong on this machine. Nothing is ever changed.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "action/diagnose.h"
#include "base/parse.h"
#include "command/incomplete.h"
#include "command/options.h"
#include "command/protect.h"
#include "command/where.h"
#include "view/findings_report.h"
#include "view/shmget_report.h"

/* A command line of doctor. */
struct doctor {
    struct option_number key;
    struct option_number size;
    struct option_number mode;
    struct option_number flags;
    struct option_number huge; /* flags */
    bool exclusive;
    bool attaches;
    enum shmat_access access;
    bool json;
    struct least_severity {
        bool given;
        enum severity value;
    } least; /* of the findings that are shown */
};

static int take_severity(const struct option_use *use, struct error *err)
{
    struct least_severity *least = use->place;

    for (enum severity value = 0; value < SEVERITY_COUNT; value++) {
        if (strcmp(use->word, severity_name(value)) == 0) {
            *least = (struct least_severity){true, value};
            return 0;
        }
    }
    return error_set(err, EINVAL, "'%s': not a severity (info, warning or error)", use->word);
}

static int take_flags(const struct option_use *use, struct error *err)
{
    struct option_number *number = use->place;
    uint32_t flags = 0;
    int r = shmget_parse_flags(use->word, &flags, err);

    if (r < 0)
        return r;
    *number = (struct option_number){.given = true, .value = flags};
    /* Three digits are most often meant to be octal. */
    if (strlen(use->word) == 3 && use->word[strspn(use->word, "01234567")] == '\0' &&
        use->word[0] != '0')
        context_warn(use->context, "--flags %s: a decimal number; octal would be 0%s", use->word,
                     use->word);
    return 0;
}

static int take_attach_access(const struct option_use *use, struct error *err)
{
    struct doctor *doctor = use->place;
    bool writes = strcmp(use->word, "rw") == 0;

    if (!writes && strcmp(use->word, "ro") != 0)
        return error_set(err, EINVAL, "'%s': not a kind of access (ro or rw)", use->word);
    doctor->attaches = true;
    doctor->access = writes ? SHMAT_WRITE : SHMAT_READ;
    return 0;
}

static int refuse_doctor_operand(const struct option_use *use, struct error *err)
{
    const struct doctor *doctor = use->place;

    return error_set(err, EINVAL, "'%s': takes no operands%s", use->word,
                     doctor->huge.given
                         ? "; a page size is written --huge=SIZE"
                         : "; what shmget is asked for is named by --key and --size");
}

static const struct option_spec doctor_options[] = {
    {'k', "key", "KEY", "predict shmget with this key (0x hex, 0 octal)",
     offsetof(struct doctor, key), option_key},
    {'s', "size", "N", "predict it with this size: 4096, 4K, 4KB ...",
     offsetof(struct doctor, size), option_size},
    {0, "exclusive", NULL, "predict it with IPC_EXCL", offsetof(struct doctor, exclusive),
     option_flag},
    {0, "mode", "MODE", "predict it with these permission bits, octal (600)",
     offsetof(struct doctor, mode), option_mode},
    {0, "flags", "WORD", "predict it with these flags: 03600, IPC_CREAT|0600",
     offsetof(struct doctor, flags), take_flags},
    {0, "huge", "[=SIZE]", "predict it with huge pages (of SIZE: 2M, 1G)",
     offsetof(struct doctor, huge), option_huge},
    {0, "attach", "ro|rw", "predict shmat after it, for reading or writing too", 0,
     take_attach_access},
    {0, "severity", "LEVEL", "of the machine, only warning (or error) and above",
     offsetof(struct doctor, least), take_severity},
    {0, "json", NULL, "one JSON document", offsetof(struct doctor, json), option_flag},
};

static const struct option_group doctor_group = {"Options", OPTIONS(doctor_options)};

static bool is_about_shmget(const struct doctor *doctor)
{
    return doctor->key.given || doctor->size.given;
}

static int check_doctor(struct context *context, void *args, struct error *err)
{
    const struct doctor *doctor = args;
    /* What --flags says already. */
    const char *flag = doctor->mode.given   ? "--mode"
                       : doctor->exclusive  ? "--exclusive"
                       : doctor->huge.given ? "--huge"
                                            : NULL;

    if (flag && doctor->flags.given)
        return error_set(err, EINVAL, "%s: --flags names all flags, this one too", flag);
    if (doctor->flags.given)
        flag = "--flags";
    else if (!flag && doctor->attaches)
        flag = "--attach";
    if (flag && !is_about_shmget(doctor))
        return error_set(err, EINVAL, "%s: needs --key or --size", flag);
    if (doctor->least.given && is_about_shmget(doctor))
        return error_set(err, EINVAL, "--severity: is about the machine, not with --key or --size");
    if (is_about_shmget(doctor) && context->where.all_namespaces)
        return error_set(err, EINVAL,
                         "--all-namespaces: one call is made in one IPC namespace; -N "
                         "names it");
    if (is_about_shmget(doctor) && context->system.procfs.inside)
        return error_set(
            err, EINVAL,
            "--namespace: the kernel cannot be asked from outside of that user "
            "namespace; nsenter --preserve-credentials --user --ipc --target PID, with "
            "the pid of a process inside, goes there");
    if (is_about_shmget(doctor) && !context->system.procfs.live)
        return error_set(
            err, EINVAL,
            "--sysroot: what shmget answers can be predicted for the live system only");
    return 0;
}

/* A key alone looks for a segment; a size or --exclusive mean to make one. */
static uint32_t doctor_flags(const struct doctor *doctor)
{
    uint32_t flags = doctor->mode.given ? (uint32_t)doctor->mode.value : 0600;

    if (doctor->flags.given)
        return (uint32_t)doctor->flags.value;
    if (doctor->size.given || doctor->exclusive)
        flags |= SHMGET_CREATE;
    if (doctor->exclusive)
        flags |= SHMGET_EXCLUSIVE;
    return flags | (uint32_t)doctor->huge.value;
}

/* Predicts what shmget answers. Returns an exit status. */
static int report_shmget(struct context *context, const struct doctor *doctor)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const struct shmget_request request = {
        .key = (uint32_t)doctor->key.value,
        .size = doctor->size.value,
        .flags = doctor_flags(doctor),
    };
    struct shmget_diagnosis diagnosis;
    bool fails;

    if (diagnose_shmget(&context->system, &request, 0, doctor->attaches ? &doctor->access : NULL,
                        &diagnosis, &err) < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    fails = context_warn_unparsed(context, &diagnosis.inventory.unparsed);
    if (doctor->json) {
        context_put_head(context, &text);
        shmget_report_json(&text, &diagnosis);
    } else {
        shmget_report_text(&text, &diagnosis, context_width());
    }
    context_write(context, &text);
    fails |= shmget_diagnosis_code(&diagnosis) != 0;
    shmget_diagnosis_release(&diagnosis);
    return fails ? STATUS_FAILED : STATUS_DONE;
}

/* What could not be inspected must not look as if it were in order. */
static void warn_uninspected(struct context *context, const struct diagnosis *diagnosis)
{
    const struct inventory *inventory = &diagnosis->inventory;
    const struct attachment_list *attachments = &inventory->attachments;
    uint64_t unseen = inventory_unseen(inventory);
    const char *where = "that could be read; root sees all";

    if (inventory->limits_error.text)
        context_warn(context, "%s; limits are not checked", inventory->limits_error.text);
    incomplete_warn_page_size(context, &inventory->limits);
    incomplete_warn_shmem(context, inventory);
    if (diagnosis->ipc_error.text)
        context_warn(context, "%s; semaphores and message queues are not all checked",
                     diagnosis->ipc_error.text);
    if (diagnosis->logind_error.text)
        context_warn(context, "%s; what systemd-logind removes is not checked",
                     diagnosis->logind_error.text);
    if (unseen == 0)
        return;
    if (!inventory->live)
        where = "of the saved tree";
    else if (attachments->unreadable == 0 && !attachments->hidden)
        where = "of this IPC namespace";
    else if (geteuid() == 0)
        where = "that could be read";
    context_warn(context, "%llu attachment%s of segments found in no process %s",
                 (unsigned long long)unseen, unseen == 1 ? "" : "s", where);
}

/* Checks the machine, in the IPC namespace that is entered. Returns an exit status. */
static int report_findings(struct context *context, void *arg)
{
    const struct doctor *doctor = arg;
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    struct diagnosis diagnosis;
    bool found;

    if (diagnose_machine(&context->system, doctor->least.value, &diagnosis, &err) < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    found = context_warn_unparsed(context, &diagnosis.inventory.unparsed) ||
            !protection_is_complete(context->system.protection);
    if (doctor->json) {
        if (!context->where.all_namespaces)
            context_put_head(context, &text);
        findings_report_json(&text, &diagnosis);
    } else {
        findings_report_text(&text, &diagnosis, context_width());
    }
    context_write(context, &text);
    warn_uninspected(context, &diagnosis);
    for (size_t i = 0; i < diagnosis.count; i++)
        found |= diagnosis.items[i].severity > SEVERITY_INFO;
    diagnosis_release(&diagnosis);
    return found ? STATUS_FAILED : STATUS_DONE;
}

static int run_doctor(struct context *context, void *args)
{
    const struct doctor *doctor = args;

    protect_read(context, NULL, NEED_PROTECTION);
    if (is_about_shmget(doctor))
        return report_shmget(context, doctor);
    return where_each(context, doctor->json ? "findings" : NULL, report_findings, args);
}

const struct command command_doctor = {
    .name = "doctor",
    .synopsis = {"[--severity LEVEL] [--json]",
                 "[-k KEY] [-s N] [--exclusive] [--mode MODE]\n"
                 "                      [--huge[=SIZE]] [--attach ro|rw] [--json]",
                 "[-k KEY] [-s N] --flags WORD [--attach ro|rw] [--json]"},
    .summary = "say why shmget fails, or what is wrong on this machine",
    .flags = COMMAND_EVERYWHERE,
    .details = "Exit status 1: a warning or an error was found, or the call would fail.\n"
               "With --key or --size: what shmget would answer here and now, and why. A key\n"
               "alone looks for a segment; a size alone asks for a new private one.",
    .groups = {{&doctor_group, 0}},
    .operand = {0, refuse_doctor_operand},
    .examples = {{"doctor", "what is wrong on this machine"},
                 {"doctor --key 0x41002b1f --size 4096", "why does my program's shmget fail"}},
    .size = sizeof(struct doctor),
    .check = check_doctor,
    .run = run_doctor,
};
