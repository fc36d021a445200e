/*
 * doctor: says why shmget fails, or what is wrong on this machine. Nothing is ever changed.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "action/diagnose.h"
#include "action/diagnose_call.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "command/command.h"
#include "command/options.h"
#include "view/call_report.h"
#include "view/findings_report.h"
#include "view/wrap.h"

enum { OWN_KEY = OPTION_OWN, OWN_SIZE, OWN_EXCLUSIVE, OWN_MODE, OWN_JSON };

static const struct option_spec own_options[] = {
    {OWN_KEY, 'k', "key", "KEY", "foresee shmget with this key (0x hex, 0 octal)"},
    {OWN_SIZE, 's', "size", "N", "foresee it with this size: 4096, 4K, 4KB ..."},
    {OWN_EXCLUSIVE, 0, "exclusive", NULL, "foresee it with IPC_EXCL"},
    {OWN_MODE, 0, "mode", "MODE", "foresee it with these permission bits, octal (600)"},
    {OWN_JSON, 0, "json", NULL, "one JSON document"},
};

static const struct option_group own_group = {
    .title = "Options",
    .options = own_options,
    .count = sizeof(own_options) / sizeof(own_options[0]),
};

/* A run of doctor. */
struct visit {
    struct context *context;
    struct shmget_request request;
    bool has_key;
    bool has_size;
    bool has_mode;
    bool json;
};

static int parse_mode(const char *word, uint32_t *ret_mode, struct error *err)
{
    size_t length = strlen(word);
    uint32_t mode = 0;

    if (length == 0 || length > 4 || word[strspn(word, "01234567")] != '\0' ||
        (length == 4 && word[0] != '0'))
        return error_set(err, EINVAL, "'%s': not a mode (three octal digits, 600)", word);
    for (const char *digit = word; *digit; digit++)
        mode = mode << 3 | (uint32_t)(*digit - '0');
    *ret_mode = mode;
    return 0;
}

static int take_option(void *arg, int id, const char *word, struct error *err)
{
    struct visit *visit = arg;

    switch (id) {
    case OWN_KEY:
        visit->has_key = true;
        return parse_key(word, &visit->request.key, err);
    case OWN_SIZE:
        visit->has_size = true;
        return parse_size(word, &visit->request.size, err);
    case OWN_EXCLUSIVE:
        visit->request.exclusive = true;
        return 0;
    case OWN_MODE:
        visit->has_mode = true;
        return parse_mode(word, &visit->request.mode, err);
    default:
        visit->json = true;
        return 0;
    }
}

static int take_operand(void *arg, const char *word, struct error *err)
{
    (void)arg;
    return error_set(err, EINVAL, "'%s': takes no operands", word);
}

static bool is_about_a_call(const struct visit *visit)
{
    return visit->has_key || visit->has_size;
}

/* Checks what no single option can tell. Returns 0 or -EINVAL with words in ERR. */
static int check_usage(struct visit *visit, struct error *err)
{
    if ((visit->request.exclusive || visit->has_mode) && !is_about_a_call(visit))
        return error_set(err, EINVAL, "%s: needs --key or --size",
                         visit->has_mode ? "--mode" : "--exclusive");
    if (is_about_a_call(visit) && !visit->context->system.procfs.live)
        return error_set(err, EINVAL,
                         "--sysroot: what shmget answers can be foreseen for the live system only");
    /* A key alone looks for a segment; a size or --exclusive mean to make one. */
    visit->request.create = visit->has_size || visit->request.exclusive;
    if (!visit->has_mode)
        visit->request.mode = 0600;
    return 0;
}

/* A sink for what is not understood: names it, the rest goes on. */
static void take_garbage(void *arg, const char *where, const char *text, size_t length)
{
    const struct visit *visit = arg;

    context_warn_garbage(visit->context, where, text, length);
}

static void write_text(struct visit *visit, const struct strbuf *text)
{
    fwrite(strbuf_string(text), 1, text->length, visit->context->out);
}

/* A terminal's lines are short; what goes into a pipe is searched for words. */
static size_t line_width(void)
{
    return isatty(STDOUT_FILENO) ? WRAP_WIDTH : WRAP_NEVER;
}

static int foresee(struct visit *visit)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const struct survey_sink sink = {take_garbage, visit};
    struct system *system = &visit->context->system;
    struct call_diagnosis diagnosis;
    bool fails;

    if (diagnose_call(system, &visit->request, &sink, &diagnosis, &err) < 0)
        return context_fail(visit->context, &err, STATUS_UNREADABLE);
    if (visit->json)
        call_report_json(&text, &diagnosis, system);
    else
        call_report_text(&text, &diagnosis, system, line_width());
    write_text(visit, &text);
    fails = diagnosis.answer.code != 0 || diagnosis.survey.garbage;
    call_diagnosis_release(&diagnosis);
    return fails ? STATUS_FAILED : STATUS_DONE;
}

/* What could not be looked at must not read as if it were well. */
static void warn_unseen(struct visit *visit, const struct diagnosis *diagnosis)
{
    const struct attachment_list *table = &diagnosis->attachments;
    const char *where = "that could be read; root sees all";

    if (diagnosis->survey.limits_error.text)
        context_warn(visit->context, "%s; limits are not checked",
                     diagnosis->survey.limits_error.text);
    if (diagnosis->survey.limits.guessed_pages)
        context_warn(visit->context,
                     "the tree does not tell the page size: pages of %llu bytes are assumed",
                     (unsigned long long)diagnosis->survey.limits.page_size);
    if (diagnosis->unseen == 0)
        return;
    if (!visit->context->system.procfs.live)
        where = "of the saved tree";
    else if (table->unreadable == 0 && !table->hidden)
        where = "of this IPC namespace";
    else if (geteuid() == 0)
        where = "that could be read";
    context_warn(visit->context, "%llu attachment%s of segments found in no process %s",
                 (unsigned long long)diagnosis->unseen, diagnosis->unseen == 1 ? "" : "s", where);
}

static int examine(struct visit *visit)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const struct survey_sink sink = {take_garbage, visit};
    struct system *system = &visit->context->system;
    struct diagnosis diagnosis;
    bool found;

    if (diagnose(system, &sink, &diagnosis, &err) < 0)
        return context_fail(visit->context, &err, STATUS_UNREADABLE);
    if (visit->json)
        findings_report_json(&text, &diagnosis, system);
    else
        findings_report_text(&text, &diagnosis, system, line_width());
    write_text(visit, &text);
    warn_unseen(visit, &diagnosis);
    found = diagnosis.count > 0 || diagnosis.survey.garbage;
    diagnosis_release(&diagnosis);
    return found ? STATUS_FAILED : STATUS_DONE;
}

extern const struct command command_doctor;

static int run_doctor(struct context *context, int argc, char **argv)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct visit visit = {.context = context};
    const struct option_taker taker = {take_option, take_operand, &visit};
    int r = options_parse(context, &command_doctor, argc, argv, &taker);

    if (r < 0)
        return STATUS_USAGE;
    if (r == OPTIONS_HELP)
        return STATUS_DONE;
    if (check_usage(&visit, &err) < 0)
        return context_fail(context, &err, STATUS_USAGE);
    return is_about_a_call(&visit) ? foresee(&visit) : examine(&visit);
}

const struct command command_doctor = {
    .name = "doctor",
    .synopsis = {"[--json]", "[-k KEY] [-s N] [--exclusive] [--mode MODE] [--json]"},
    .summary = "say why shmget fails, or what is wrong on this machine",
    .details = "With --key or --size: what shmget would answer here and now, and why. A key\n"
               "alone looks for a segment; a size alone asks for a new private one.",
    .groups = {&own_group},
    .run = run_doctor,
};
