/*
 * run: runs a program and removes the segments that it leaves, however it ends.
 *
 * Nothing is printed when all went well: what the terminal shows is the program's.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "action/supervise.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "command/options.h"
#include "command/protect.h"
#include "kernel/replace_file.h"
#include "kernel/signals.h"
#include "view/describe.h"
#include "view/describe_shmget.h"
#include "view/human.h"
#include "view/remedy_shmget.h"
#include "view/removal_report.h"
#include "view/run_report.h"
#include "view/shmget_report.h"

/* What a shell answers for a program that it cannot start. */
enum { STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127 };

/* The largest status that --left-status takes: above it shells have some of their own. */
enum { LEFT_STATUS_MAX = STATUS_NOT_EXECUTABLE - 1 };

/* A command line of run. */
struct run {
    char **program; /* and its arguments, ended by NULL; NULL: none was named */
    bool verbose;
    bool wait;
    bool isolate;
    bool exact;
    bool explain;
    bool keep;
    struct option_number left_status;
    const char *report; /* a file's name; NULL: none */
};

static int take_left_status(const struct option_use *use, struct error *err)
{
    struct option_number *number = use->place;

    number->given = true;
    if (parse_number(use->word, LEFT_STATUS_MAX, "a status", &number->value, NULL) < 0 ||
        number->value == 0)
        return error_set(err, EINVAL, "'%s': not an exit status from 1 to %d", use->word,
                         LEFT_STATUS_MAX);
    return 0;
}

static int take_report(const struct option_use *use, struct error *err)
{
    if (*use->word == '\0')
        return error_set(err, EINVAL, "'': not a file's name");
    *(const char **)use->place = use->word;
    return 0;
}

static const struct option_spec run_options[] = {
    {'v', "verbose", NULL, "name what was removed, and older segments used",
     offsetof(struct run, verbose), option_flag},
    {0, "wait", NULL, "wait for all descendants before cleaning", offsetof(struct run, wait),
     option_flag},
    {0, "isolate", NULL, "in an IPC namespace of its own", offsetof(struct run, isolate),
     option_flag},
    {0, "exact", NULL, "trace every shmget call, in containers too", offsetof(struct run, exact),
     option_flag},
    {0, "explain", NULL, "say why each shmget fails, and what helps", offsetof(struct run, explain),
     option_flag},
    {0, "left-status", "N", "end with N (1 to 125), not 0, if it left any",
     offsetof(struct run, left_status), take_left_status},
    {0, "keep", NULL, "remove nothing; with -v name what was kept", offsetof(struct run, keep),
     option_flag},
    {0, "report", "FILE", "write how it ended and what it left, as JSON",
     offsetof(struct run, report), take_report},
};

static const struct option_group run_group = {"Running", OPTIONS(run_options)};

static int take_program(const struct option_use *use, struct error *err)
{
    (void)err;
    *(char ***)use->place = use->rest;
    return 0;
}

static int check_run(struct context *context, void *args, struct error *err)
{
    const struct run *run = args;

    (void)context;
    if (!run->program)
        return error_set(err, EINVAL, "which program? see 'shmtool run --help'");
    if (run->exact && run->isolate)
        return error_set(err, EINVAL,
                         "--exact: not with --isolate, in whose namespace every segment is the "
                         "program's");
    return 0;
}

/* Appends how a segment that stays will go: WHEN it is to be removed by hand, where it is. */
static void put_removal(struct strbuf *out, const struct run *run, const char *when, int shmid)
{
    if (run->isolate)
        strbuf_puts(out, ": it goes with the last process of its namespace");
    else
        strbuf_printf(out, "; %s: 'shmtool rm %d'", when, shmid);
}

/* Names a segment that --keep has kept. */
static void report_kept(struct context *context, const struct run *run,
                        const struct segment *segment)
{
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

    human_count(&line, segment->size, "byte");
    put_removal(&line, run, "to remove it", segment->shmid);
    context_warn(context, "%d: kept, %s", segment->shmid, strbuf_string(&line));
}

/* Says what became of one of the program's segments, where that is due. */
static void report_leftover(struct context *context, const struct run *run,
                            const struct removal_item *item)
{
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
    int shmid = item->info.segment.shmid;

    removal_report_line(&line, NULL, item);
    if (item->outcome == REMOVAL_SELECTED && run->verbose)
        report_kept(context, run, &item->info.segment);
    else if (item->outcome == REMOVAL_FAILED)
        context_warn(context, "%d: left: %s; to remove it: 'shmtool rm %d'", shmid,
                     strbuf_string(&line), shmid);
    else if (item->outcome == REMOVAL_PROTECTED)
        context_warn(context, "%d: left: %s%s", shmid, strbuf_string(&line),
                     run->isolate ? "; it goes with the last process of its namespace all the same"
                                  : "");
    else if (item->outcome == REMOVAL_CHANGED || item->outcome == REMOVAL_MARKED || run->verbose)
        context_warn(context, "%d: %s", shmid, strbuf_string(&line));
}

static void report_leftovers(struct context *context, const struct run *run,
                             const struct removal_plan *plan)
{
    CLEANUP_STRBUF struct strbuf summary = STRBUF_INIT;

    for (size_t i = 0; i < plan->count; i++)
        report_leftover(context, run, &plan->items[i]);
    if (!run->verbose || run->keep || plan->count < 2)
        return;
    removal_report_summary(&summary, plan);
    context_warn(context, "%s", strbuf_string(&summary));
}

/* Names the segments that are still in use, and the processes that use them. */
static void report_held(struct context *context, const struct run *run,
                        const struct segment_list *held)
{
    CLEANUP_INVENTORY struct inventory inventory = {0};

    if (held->count == 0)
        return;
    inventory_read(&context->system, NULL, NEED_ATTACHMENTS | NEED_HOLDERS, &inventory, NULL);
    for (size_t i = 0; i < held->count; i++) {
        CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
        const struct segment *segment = &held->items[i];
        const struct segment_info unread = {.segment = *segment};
        const struct segment_info *info = inventory_find_id(&inventory, segment->shmid);

        human_count(&line, segment->size, "byte");
        strbuf_puts(&line, ", attached by ");
        describe_holders(&line, info ? info : &unread);
        put_removal(&line, run, "when it is detached", segment->shmid);
        context_warn(context, "%d: left: %s", segment->shmid, strbuf_string(&line));
    }
}

/* Names the segments that nobody has attached and whose creator, a descendant, lives on. */
static void report_creators(struct context *context, const struct run *run,
                            const struct segment_list *creators)
{
    for (size_t i = 0; i < creators->count; i++) {
        CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
        const struct segment *segment = &creators->items[i];
        const char *command = proc_command(context->system.proc, segment->cpid);

        human_count(&line, segment->size, "byte");
        strbuf_puts(&line, ", its creator ");
        describe_process(&line, command ? command : "?", segment->cpid);
        strbuf_puts(&line, " lives on and may attach it");
        put_removal(&line, run, "when that has exited", segment->shmid);
        context_warn(context, "%d: left: %s", segment->shmid, strbuf_string(&line));
    }
}

/* Names the segments that were there before the program and that it used, where that was asked. */
static void report_used(struct context *context, const struct run *run,
                        const struct segment_list *used)
{
    for (size_t i = 0; run->verbose && i < used->count; i++) {
        CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

        human_count(&line, used->items[i].size, "byte");
        context_warn(context, "%d: left: %s, was there before, and was used by the program",
                     used->items[i].shmid, strbuf_string(&line));
    }
}

/* Names the segments of which it is unknown whose they are, in one line. */
static void report_untraced(struct context *context, const struct supervise_result *result)
{
    const struct segment_list *untraced = &result->untraced;
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

    if (untraced->count == 0)
        return;
    describe_segments(&line, untraced->count, segment_list_bytes(untraced));
    strbuf_puts(&line,
                ", created meanwhile by processes that could not be traced; if they were the "
                "program's: 'shmtool rm");
    for (size_t i = 0; i < untraced->count; i++)
        strbuf_printf(&line, " %d", untraced->items[i].shmid);
    strbuf_puts(&line, result->can_listen || result->can_isolate ? "'; with " : "'");
    if (result->can_listen)
        strbuf_printf(&line, "'shmtool run --exact'%s", result->can_isolate ? " or " : "");
    if (result->can_isolate)
        strbuf_puts(&line, "'shmtool run --isolate'");
    if (result->can_listen || result->can_isolate)
        strbuf_puts(&line, " all can be traced and removed");
    context_warn(context, "left: %s", strbuf_string(&line));
}

/* Counts the descendants of the program that live on, and names some. */
static void report_survivors(struct context *context, const struct run *run,
                             const struct supervise_result *result)
{
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
    size_t count = result->survivor_count;

    if (!result->any_survivor)
        return;
    if (count == 0)
        strbuf_puts(&line, "descendants of the program live on");
    else
        strbuf_printf(&line, "%zu descendant%s of the program live%s on: ", count,
                      count == 1 ? "" : "s", count == 1 ? "s" : "");
    for (size_t i = 0; i < count && i < DESCRIBE_NAMED_MAX; i++) {
        pid_t pid = result->survivors[i];

        strbuf_puts(&line, i > 0 ? ", " : "");
        describe_process(&line, proc_command(context->system.proc, pid), pid);
    }
    describe_rest(&line, count);
    if (result->listened)
        strbuf_printf(&line, "; shmget fails for %s from now on (ENOSYS)",
                      count == 1 ? "it" : "them");
    else if (run->isolate)
        strbuf_puts(&line,
                    "; segments made from now on go with the last process of their namespace");
    else
        strbuf_puts(&line, "; segments made from now on are not watched");
    context_warn(context, "%s", strbuf_string(&line));
}

static int exec_status(const struct error *err)
{
    return err->code == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

/* What to end with for the program's sake. */
static int program_status(struct context *context, const struct supervise_result *result,
                          const struct error *err)
{
    if (result->stage != SUPERVISE_DONE)
        context_fail(context, err, 0);
    switch (result->stage) {
    case SUPERVISE_ISOLATE:
    case SUPERVISE_START:
        return STATUS_FAILED;
    case SUPERVISE_READ:
        return STATUS_UNREADABLE;
    case SUPERVISE_EXEC:
        return exec_status(err);
    case SUPERVISE_CLEAN:
    case SUPERVISE_DONE:
        break;
    }
    return result->end.status;
}

/*
 * What --left-status makes of a program that ended with 0: it left segments, removed since or not,
 * or that is not known. (One that a signal ended has another status.)
 */
static int apply_left_status(struct context *context, const struct run *run,
                             const struct supervise_result *result, int status)
{
    const struct removal_plan *removal = &result->removal;
    size_t count = removal->count + result->held.count + result->creators.count;
    size_t untraced = result->untraced.count;
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

    if (!run->left_status.given || status != STATUS_DONE ||
        (count + untraced == 0 && result->stage == SUPERVISE_DONE))
        return status;
    status = (int)run->left_status.value;
    if (result->stage != SUPERVISE_DONE)
        strbuf_puts(&line, "what the program left is not known");
    else if (count > 0)
        human_count(&line, count, "segment");
    if (untraced > 0)
        strbuf_printf(&line, "%s%zu of unknown creators", count > 0 ? " and " : "", untraced);
    if (result->stage == SUPERVISE_DONE)
        strbuf_puts(&line, " left by the program");
    context_warn(context, "%s: exit status %d", strbuf_string(&line), status);
    return status;
}

/* --- Calls that fail -------------------------------------------------------------------------- */

/* Says "NAME: TEXT", where there is a text. */
static void say_paragraph(struct context *context, const char *name, const struct strbuf *text)
{
    if (text->length > 0)
        context_warn(context, "%s: %s", name, strbuf_string(text));
}

/* Says why a call of the process PID, which waits, fails, and what helps. */
static void say_explanation(void *arg, pid_t pid, const struct shmget_diagnosis *diagnosis)
{
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf remedy = STRBUF_INIT;
    struct context *context = arg;

    if (pid == 0) {
        strbuf_puts(&line, "every call of shmget fails here: ");
        shmget_report_code(&line, diagnosis->answer.code);
    } else {
        describe_process(&line, proc_command(context->system.proc, pid), pid);
        strbuf_puts(&line, ": ");
        shmget_report_call(&line, &diagnosis->request);
        strbuf_puts(&line, " fails: ");
        shmget_report_code(&line, diagnosis->answer.code);
    }
    context_warn(context, "%s", strbuf_string(&line));
    describe_shmget(&reason, diagnosis);
    say_paragraph(context, "reason", &reason);
    remedy_shmget(&remedy, diagnosis);
    say_paragraph(context, "remedy", &remedy);
}

/* Says how many calls were not explained. NOUN: of a call; WHERE: follows "of shmget". */
static void report_unexplained(struct context *context, uint64_t count, const char *noun,
                               const char *where)
{
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

    if (count == 0)
        return;
    human_count(&line, count, noun);
    context_warn(context, "not explained: %s of shmget%s", strbuf_string(&line), where);
}

/* Says how often what was explained has happened again, and what was not explained. */
static void report_explanations(struct context *context, const struct explanations *explanations)
{
    for (size_t i = 0; i < explanations->count; i++) {
        CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
        const struct explained *explained = &explanations->items[i];

        if (explained->more == 0)
            continue;
        shmget_report_call(&line, &explained->request);
        strbuf_puts(&line, ": failed so ");
        human_count(&line, explained->more, "more time");
        context_warn(context, "%s", strbuf_string(&line));
    }
    report_unexplained(context, explanations->others, "more failing call", "");
    report_unexplained(context, explanations->elsewhere, "call",
                       " in other IPC namespaces: 'shmtool -N PID doctor --key KEY' explains them, "
                       "where PID is one of their processes");
}

/* --- The report ------------------------------------------------------------------------------- */

/*
 * Opens the file of --report, -1 without. An old report is emptied at once: nobody may treat it as
 * this one's if we are killed. What the program writes into the same file is not overwritten.
 * Returns 0 or -1 after a message.
 */
static int open_report(struct context *context, const struct run *run, int *ret_fd)
{
    int flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOCTTY;

    *ret_fd = run->report ? open(run->report, flags, 0666) : -1;
    if (!run->report || *ret_fd >= 0)
        return 0;
    context_warn(context, "--report: %s: %s; the program was not started", run->report,
                 strerror(errno));
    return -1;
}

/* The document. Messages read the system again, so it is made before them. */
static void make_report(struct context *context, const struct run *run,
                        const struct supervise_result *result, const struct error *err,
                        struct strbuf *ret_document)
{
    proc_clock_refresh(context->system.proc);
    context_put_head(context, ret_document);
    run_report_json(ret_document, run->program, result, exec_status(err));
}

/* Writes all of the document or, into a file that can be cut, nothing. Returns 0 or an errno. */
static int write_document(int fd, const struct strbuf *document)
{
    struct stat before;
    bool is_file = fstat(fd, &before) == 0 && S_ISREG(before.st_mode);
    int code;

    /* EPIPE and EFBIG say it as well. The program has ended and is not concerned. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    code = -file_write(fd, strbuf_string(document), document->length);
    if (code != 0 && is_file && ftruncate(fd, before.st_size) < 0)
        return code;
    return code;
}

/* Writes and closes the report. Returns STATUS_DONE, or STATUS_FAILED after a message. */
static int write_report(struct context *context, const struct run *run, int *fd,
                        const struct strbuf *document)
{
    int code;

    if (!run->report)
        return STATUS_DONE;
    code = write_document(*fd, document);
    if (close(steal_fd(fd)) < 0 && code == 0)
        code = errno;
    if (code == 0)
        return STATUS_DONE;
    context_warn(context, "--report: %s: %s", run->report, strerror(code));
    return STATUS_FAILED;
}

/* --- The command ------------------------------------------------------------------------------ */

static int supervise_program(struct context *context, const struct run *run,
                             struct supervise_result *ret_result, struct error *err)
{
    const struct supervise_request request = {
        .argv = run->program,
        .isolate = run->isolate,
        .exact = run->exact,
        .hook = {run->explain ? say_explanation : NULL, context},
        .wait = run->wait,
        .keep = run->keep,
        .needs = run->report ? run_report_needs() : 0,
    };

    if (**run->program != '\0')
        return supervise_run(&context->system, &request, ret_result, err);
    *ret_result = (struct supervise_result){.stage = SUPERVISE_EXEC};
    return error_set_errno(err, ENOENT, "''");
}

/* Says what became of the program and its segments. Returns what to end with. */
static int report_result(struct context *context, const struct run *run,
                         const struct supervise_result *result, const struct error *err)
{
    report_explanations(context, &result->explanations);
    report_leftovers(context, run, &result->removal);
    report_held(context, run, &result->held);
    report_creators(context, run, &result->creators);
    report_used(context, run, &result->used);
    report_untraced(context, result);
    report_survivors(context, run, result);
    return apply_left_status(context, run, result, program_status(context, result, err));
}

static int run_run(struct context *context, void *args)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_STRBUF struct strbuf document = STRBUF_INIT;
    CLEANUP_CLOSE int report_fd = -1;
    const struct run *run = args;
    struct supervise_result result;
    int failed = STATUS_DONE;
    int status;

    if (open_report(context, run, &report_fd) < 0)
        return STATUS_FAILED;
    if (protect_require(context, "the program was not started") != STATUS_DONE)
        return STATUS_UNREADABLE;
    supervise_program(context, run, &result, &err);
    status = result.end.status;
    if (!result.relayed) {
        if (run->report)
            make_report(context, run, &result, &err, &document);
        status = report_result(context, run, &result, &err);
        failed = write_report(context, run, &report_fd, &document);
    }
    supervise_result_release(&result);
    if (result.end.signal != 0)
        signals_end_self(result.end.signal);
    return status == STATUS_DONE ? failed : status;
}

const struct command command_run = {
    .name = "run",
    .synopsis = {"[-v] [--wait] [--isolate | --exact] [--explain]\n"
                 "                   [--left-status N] [--keep] [--report FILE]\n"
                 "                   [--] PROGRAM [ARG]..."},
    .summary = "run a program and remove the segments it leaves, also after Ctrl+C",
    .details = "Removes the segments that PROGRAM or its descendants created and that nobody has\n"
               "attached any more. Ends as PROGRAM ended: with its exit status, or by the\n"
               "signal that ended it; with 126 when it cannot be executed, 127 when there is\n"
               "no such program.",
    .flags = COMMAND_CHANGES | COMMAND_WRAPS | COMMAND_NO_NAMESPACE,
    .groups = {{&run_group, 0}},
    .operand = {offsetof(struct run, program), take_program},
    .examples = {{"run ./server --port 80", "remove the segments it leaves, whatever ends it"},
                 {"run --explain ./server", "why does its shmget fail"}},
    .size = sizeof(struct run),
    .check = check_run,
    .run = run_run,
};
