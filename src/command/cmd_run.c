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
#include "command/run_messages.h"
#include "kernel/replace_file.h"
#include "kernel/signals.h"
#include "view/human.h"
#include "view/run_report.h"

/* What a shell answers for a program that it cannot start. */
enum { STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127 };

/* The largest status that --left-status takes: above it shells have some of their own. */
enum { LEFT_STATUS_MAX = STATUS_NOT_EXECUTABLE - 1 };

/* A command line of run. */
struct run {
    char **program; /* and its arguments, ended by NULL; NULL: none was named */
    struct run_choice choice;
    bool wait;
    bool exact;
    bool explain;
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
     offsetof(struct run, choice.verbose), option_flag},
    {0, "wait", NULL, "wait for all descendants before cleaning", offsetof(struct run, wait),
     option_flag},
    {0, "isolate", NULL, "in an IPC namespace of its own", offsetof(struct run, choice.isolate),
     option_flag},
    {0, "exact", NULL, "trace every shmget call, in containers too", offsetof(struct run, exact),
     option_flag},
    {0, "explain", NULL, "say why each shmget fails, and what helps", offsetof(struct run, explain),
     option_flag},
    {0, "left-status", "N", "end with N (1 to 125), not 0, if it left any",
     offsetof(struct run, left_status), take_left_status},
    {0, "keep", NULL, "remove nothing; with -v name what was kept",
     offsetof(struct run, choice.keep), option_flag},
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
    if (run->exact && run->choice.isolate)
        return error_set(err, EINVAL,
                         "--exact: not with --isolate, in whose namespace every segment is the "
                         "program's");
    return 0;
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
    if (result->stage != SUPERVISE_DONE) {
        strbuf_puts(&line, "what the program left is not known");
    } else {
        human_count(&line, count > 0 ? count : untraced, "segment");
        strbuf_puts(&line, count > 0 ? " left by the program" : " left");
        if (count > 0 && untraced > 0)
            strbuf_printf(&line, " and %zu", untraced);
        if (untraced > 0)
            strbuf_puts(&line, " whose creator could not be traced");
    }
    context_warn(context, "%s: exit status %d", strbuf_string(&line), status);
    return status;
}

/* --- The report ------------------------------------------------------------------------------- */

/*
 * Makes FD ready for the report, where it is a file: an old report is emptied at once, since nobody
 * may treat it as this one's if we are killed. A file that is our standard output or error, by
 * /dev/stdout or its name, is no old report: others write there, before and after us, and a
 * duplicate of that stream keeps their order. By one that can only be read nobody writes.
 */
static int prepare_report(int fd)
{
    struct stat file;
    struct stat stream;

    if (fstat(fd, &file) < 0 || !S_ISREG(file.st_mode))
        return 0;
    for (int i = STDOUT_FILENO; i <= STDERR_FILENO; i++) {
        bool is_same = i != fd && fstat(i, &stream) == 0 && stream.st_dev == file.st_dev &&
                       stream.st_ino == file.st_ino;

        if (is_same && (fcntl(i, F_GETFL) & O_ACCMODE) != O_RDONLY)
            return dup3(i, fd, O_CLOEXEC);
    }
    return ftruncate(fd, 0);
}

/*
 * Opens the file of --report, -1 without. What the program writes into the same file is not
 * overwritten. Returns 0 or -1 after a message.
 */
static int open_report(struct context *context, const struct run *run, int *ret_fd)
{
    int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY;

    *ret_fd = run->report ? open(run->report, flags, 0666) : -1;
    if (!run->report || (*ret_fd >= 0 && prepare_report(*ret_fd) >= 0))
        return 0;
    context_warn(context, "--report: %s: %s; the program was not started", run->report,
                 strerror(errno));
    return -1;
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
        .isolate = run->choice.isolate,
        .exact = run->exact,
        .hook = {run->explain ? run_say_explanation : NULL, context},
        .removal = {.refresh = protect_refresh, .arg = context},
        .wait = run->wait,
        .keep = run->choice.keep,
        .needs = run->report ? run_report_needs() : 0,
    };

    if (**run->program != '\0')
        return supervise_run(&context->system, &request, ret_result, err);
    *ret_result = (struct supervise_result){.stage = SUPERVISE_EXEC};
    return error_set_errno(err, ENOENT, "''");
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
        /* Messages read the system again, so the document is made before them. */
        if (run->report) {
            proc_clock_refresh(context->system.proc);
            context_put_head(context, &document);
            run_report_json(&document, context_host(context), run->program, &result,
                            exec_status(&err));
        }
        run_say_left(context, &run->choice, &result);
        status = program_status(context, &result, &err);
        status = apply_left_status(context, run, &result, status);
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
