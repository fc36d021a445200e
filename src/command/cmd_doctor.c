/*
 * doctor: says why shmget fails, or what is wrong on this machine. Nothing is ever changed.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "action/diagnose.h"
#include "base/parse.h"
#include "command/options.h"
#include "command/protect.h"
#include "view/findings_report.h"
#include "view/shmget_report.h"

/* A command line of doctor. */
struct doctor {
    struct option_number key;
    struct option_number size;
    struct option_number mode;
    bool exclusive;
    bool json;
    struct least_severity {
        bool given;
        enum severity value;
    } least; /* of the findings that are shown */
};

static int take_mode(const struct option_use *use, struct error *err)
{
    struct option_number *mode = use->place;
    uint32_t bits = 0;
    int r = parse_mode(use->word, &bits, err);

    *mode = (struct option_number){.given = true, .value = bits};
    return r;
}

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

static const struct option_spec doctor_options[] = {
    {'k', "key", "KEY", "predict shmget with this key (0x hex, 0 octal)",
     offsetof(struct doctor, key), option_key},
    {'s', "size", "N", "predict it with this size: 4096, 4K, 4KB ...",
     offsetof(struct doctor, size), option_size},
    {0, "exclusive", NULL, "predict it with IPC_EXCL", offsetof(struct doctor, exclusive),
     option_flag},
    {0, "mode", "MODE", "predict it with these permission bits, octal (600)",
     offsetof(struct doctor, mode), take_mode},
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

    if ((doctor->exclusive || doctor->mode.given) && !is_about_shmget(doctor))
        return error_set(err, EINVAL, "%s: needs --key or --size",
                         doctor->mode.given ? "--mode" : "--exclusive");
    if (doctor->least.given && is_about_shmget(doctor))
        return error_set(err, EINVAL, "--severity: is about the machine, not with --key or --size");
    if (is_about_shmget(doctor) && !context->system.procfs.live)
        return error_set(
            err, EINVAL,
            "--sysroot: what shmget answers can be predicted for the live system only");
    return 0;
}

/* Predicts what shmget answers. Returns an exit status. */
static int report_shmget(struct context *context, const struct doctor *doctor)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    /* A key alone looks for a segment; a size or --exclusive mean to make one. */
    const struct shmget_request request = {
        .key = (uint32_t)doctor->key.value,
        .size = doctor->size.value,
        .mode = doctor->mode.given ? (uint32_t)doctor->mode.value : 0600,
        .create = doctor->size.given || doctor->exclusive,
        .exclusive = doctor->exclusive,
    };
    struct shmget_diagnosis diagnosis;
    bool fails;

    if (diagnose_shmget(&context->system, &request, &diagnosis, &err) < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    fails = context_warn_unparsed(context, &diagnosis.inventory.unparsed);
    if (doctor->json) {
        context_put_head(context, &text);
        shmget_report_json(&text, &diagnosis);
    } else {
        shmget_report_text(&text, &diagnosis, context_width());
    }
    context_write(context, &text);
    fails |= diagnosis.answer.code != 0;
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
    options_warn_page_size(context, &inventory->limits);
    options_warn_shmem(context, inventory);
    if (diagnosis->ipc_error.text)
        context_warn(context, "%s; what that is about is not checked", diagnosis->ipc_error.text);
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

/* Checks the machine. Returns an exit status. */
static int report_findings(struct context *context, const struct doctor *doctor)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    struct diagnosis diagnosis;
    bool found;

    if (diagnose_machine(&context->system, doctor->least.value, &diagnosis, &err) < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    found = context_warn_unparsed(context, &diagnosis.inventory.unparsed) ||
            !protection_is_complete(context->system.protection);
    if (doctor->json) {
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
    return is_about_shmget(doctor) ? report_shmget(context, doctor)
                                   : report_findings(context, doctor);
}

const struct command command_doctor = {
    .name = "doctor",
    .synopsis = {"[--severity LEVEL] [--json]",
                 "[-k KEY] [-s N] [--exclusive] [--mode MODE] [--json]"},
    .summary = "say why shmget fails, or what is wrong on this machine",
    .details = "Exit status 1: a warning or an error was found, or the call would fail.\n"
               "With --key or --size: what shmget would answer here and now, and why. A key\n"
               "alone looks for a segment; a size alone asks for a new private one.",
    .groups = {{&doctor_group, 0}},
    .examples = {{"doctor", "what is wrong on this machine"},
                 {"doctor --key 0x41002b1f --size 4096", "why does my program's shmget fail"}},
    .size = sizeof(struct doctor),
    .check = check_doctor,
    .run = run_doctor,
};
