/*
 * run: runs a program and removes the segments that it leaves behind, however it ends.
 *
 * Nothing is printed when all went well: what the terminal shows is the program's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "action/supervise.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "command/command.h"
#include "command/options.h"
#include "kernel/attach.h"
#include "view/human.h"
#include "view/removal_report.h"
#include "view/words.h"

enum {
    OPTION_VERBOSE = OPTION_OWN,
    OPTION_ISOLATE,
};

/* What a shell answers for a program that it cannot start. */
enum { STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127 };

static const struct option_spec own_options[] = {
    {OPTION_VERBOSE, 'v', "verbose", NULL, "name what was removed"},
    {OPTION_ISOLATE, 0, "isolate", NULL, "in an IPC namespace of its own"},
};

static const struct option_group own_group = {
    .title = "Running",
    .options = own_options,
    .count = sizeof(own_options) / sizeof(own_options[0]),
};

struct run {
    struct context *context;
    bool verbose;
    bool isolate;
    int words; /* of the program's command line */
};

/*
 * For when memory runs out: what is known of the program that is being run. There is no other way
 * to tell a function that is called at the end of the process.
 */
static struct supervise_result *running;

extern const struct command command_run;

static int take_option(void *arg, int id, const char *word, struct error *err)
{
    struct run *run = arg;

    (void)word;
    switch (id) {
    case OPTION_VERBOSE:
        run->verbose = true;
        return 0;
    case OPTION_ISOLATE:
        run->isolate = true;
        return 0;
    default:
        return error_set(err, EINVAL, "not an option of run");
    }
}

static int take_operand(void *arg, const char *word, struct error *err)
{
    struct run *run = arg;

    (void)word;
    (void)err;
    run->words++;
    return 0;
}

/* Says what became of one of the program's segments, where that is due. */
static void tell_item(struct run *run, const struct removal_item *item)
{
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
    int shmid = item->segment.shmid;

    removal_report_line(&line, item);
    if (item->outcome == REMOVAL_FAILED)
        context_warn(run->context, "%d: left: %s; to remove it: 'shmtool rm %d'", shmid,
                     strbuf_string(&line), shmid);
    else if (item->outcome == REMOVAL_CHANGED || item->outcome == REMOVAL_MARKED || run->verbose)
        context_warn(run->context, "%d: %s", shmid, strbuf_string(&line));
}

static void tell_removal(struct run *run, const struct removal_plan *plan)
{
    CLEANUP_STRBUF struct strbuf summary = STRBUF_INIT;

    for (size_t i = 0; i < plan->count; i++)
        tell_item(run, &plan->items[i]);
    if (!run->verbose || plan->count < 2)
        return;
    removal_report_summary(&summary, plan);
    context_warn(run->context, "%s", strbuf_string(&summary));
}

/* Names the segments that survivors use, and the survivors. */
static void tell_held(struct run *run, const struct segment_list *held)
{
    CLEANUP_ATTACHMENT_LIST struct attachment_list attachments = {0};
    struct system *system = &run->context->system;

    if (held->count > 0)
        attach_scan(&system->procfs, &attachments, NULL);
    for (size_t i = 0; i < held->count; i++) {
        CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
        int shmid = held->items[i].shmid;

        human_count(&line, held->items[i].size, "byte");
        strbuf_puts(&line, ", attached by processes ");
        words_holders(&line, system, &held->items[i], &attachments);
        if (run->isolate)
            strbuf_puts(&line, ": it goes with the last process of its namespace");
        else
            strbuf_printf(&line, "; when they have ended: 'shmtool rm %d'", shmid);
        context_warn(run->context, "%d: left: %s", shmid, strbuf_string(&line));
    }
}

/* Whether the caller may remove it, and so the program may have made it. */
static bool may_be_ours(const struct segment *segment)
{
    return geteuid() == 0 || segment->uid == geteuid() || segment->cuid == geteuid();
}

/* Names the segments of which nobody knows whose they are, in one line. */
static void tell_untraced(struct run *run, const struct segment_list *untraced)
{
    CLEANUP_SEGMENT_LIST struct segment_list ours = SEGMENT_LIST_INIT;
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

    for (size_t i = 0; i < untraced->count; i++) {
        if (may_be_ours(&untraced->items[i]))
            segment_list_add(&ours, &untraced->items[i]);
    }
    if (ours.count == 0)
        return;
    words_amount(&line, ours.count, segment_list_bytes(&ours));
    strbuf_puts(&line, ", made meanwhile by processes that could not be traced; if they were the "
                       "program's: 'shmtool rm");
    for (size_t i = 0; i < ours.count; i++)
        strbuf_printf(&line, " %d", ours.items[i].shmid);
    context_warn(run->context, "left: %s'", strbuf_string(&line));
}

/* What to end with. */
static int exit_status(struct run *run, const struct supervise_result *result,
                       const struct error *err)
{
    if (result->stage != SUPERVISE_DONE)
        context_fail(run->context, err, 0);
    switch (result->stage) {
    case SUPERVISE_ISOLATE:
    case SUPERVISE_START:
        return STATUS_FAILED;
    case SUPERVISE_READ:
        return STATUS_UNREADABLE;
    case SUPERVISE_EXEC:
        return err->code == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
    case SUPERVISE_CLEAN:
    case SUPERVISE_DONE:
        break;
    }
    return result->status;
}

/* Memory has run out: the program must not be left alone, and its status is still ours. */
static void end_without_memory(void)
{
    static const char message[] = "shmtool: run: what the program has made is not removed\n";
    int status;

    if (!running || !supervise_give_up(running, &status))
        return;
    /* As in xalloc_die(). */
    (void)!write(STDERR_FILENO, message, sizeof(message) - 1);
    _exit(status);
}

static int supervise(struct run *run, char *const *argv)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct supervise_request request = {argv, run->isolate};
    struct supervise_result result = {.stage = SUPERVISE_ISOLATE};
    int status;

    if (at_quick_exit(end_without_memory) != 0)
        xalloc_die();
    running = &result;
    supervise_run(&run->context->system, &request, &result, &err);
    tell_removal(run, &result.removal);
    tell_held(run, &result.held);
    tell_untraced(run, &result.untraced);
    status = exit_status(run, &result, &err);
    running = NULL;
    supervise_result_release(&result);
    return status;
}

static int run_run(struct context *context, int argc, char **argv)
{
    struct run run = {.context = context};
    const struct option_taker taker = {take_option, take_operand, &run};
    int r = options_parse(context, &command_run, argc, argv, &taker);

    if (r == OPTIONS_HELP)
        return STATUS_DONE;
    if (r < 0)
        return STATUS_USAGE;
    if (run.words == 0) {
        context_warn(context, "which program? see 'shmtool run --help'");
        return STATUS_USAGE;
    }
    if (*argv[argc - run.words] == '\0') {
        context_warn(context, "'': %s", strerror(ENOENT));
        return STATUS_NOT_FOUND;
    }
    return supervise(&run, argv + argc - run.words);
}

const struct command command_run = {
    .name = "run",
    .synopsis = {"[-v] [--isolate] [--] PROGRAM [ARG]..."},
    .summary = "run a program and remove what it leaves behind, also after Ctrl+C",
    .details = "Removes the segments that PROGRAM or its descendants created and that nobody has\n"
               "attached any more. Ends with PROGRAM's exit status, 128+N when signal N ended\n"
               "it, 126 when it cannot be executed, 127 when there is no such program.",
    .flags = COMMAND_CHANGES | COMMAND_WRAPS,
    .groups = {&own_group},
    .run = run_run,
};
