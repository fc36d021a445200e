/*
 * run: runs a program and removes the segments that it leaves, however it ends.
 *
 * Nothing is printed when all went well: what the terminal shows is the program's.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "action/supervise.h"
#include "command/options.h"
#include "command/protect.h"
#include "kernel/signals.h"
#include "view/describe.h"
#include "view/human.h"
#include "view/removal_report.h"

/* What a shell answers for a program that it cannot start. */
enum { STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127 };

/* A command line of run. */
struct run {
    char **program; /* and its arguments, ended by NULL; NULL: none was named */
    bool verbose;
    bool isolate;
};

static const struct option_spec run_options[] = {
    {'v', "verbose", NULL, "name what was removed, and older segments used",
     offsetof(struct run, verbose), option_flag},
    {0, "isolate", NULL, "in an IPC namespace of its own", offsetof(struct run, isolate),
     option_flag},
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
    return 0;
}

/* Says what became of one of the program's segments, where that is due. */
static void report_leftover(struct context *context, const struct run *run,
                            const struct removal_item *item)
{
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
    int shmid = item->info.segment.shmid;

    removal_report_line(&line, item);
    if (item->outcome == REMOVAL_FAILED)
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
    if (!run->verbose || plan->count < 2)
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
        if (run->isolate)
            strbuf_puts(&line, ": it goes with the last process of its namespace");
        else
            strbuf_printf(&line, "; when it is detached: 'shmtool rm %d'", segment->shmid);
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
        if (run->isolate)
            strbuf_puts(&line, ": it goes with the last process of its namespace");
        else
            strbuf_printf(&line, "; when that has exited: 'shmtool rm %d'", segment->shmid);
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
    CLEANUP_SEGMENT_LIST struct segment_list ours = SEGMENT_LIST_INIT;
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
    uid_t euid = geteuid();

    /* What we may remove, and so the program may have made. */
    for (size_t i = 0; i < untraced->count; i++) {
        const struct segment *segment = &untraced->items[i];

        if (euid == 0 || segment->uid == euid || segment->cuid == euid)
            segment_list_add(&ours, segment);
    }
    if (ours.count == 0)
        return;
    describe_segments(&line, ours.count, segment_list_bytes(&ours));
    strbuf_puts(&line,
                ", created meanwhile by processes that could not be traced; if they were the "
                "program's: 'shmtool rm");
    for (size_t i = 0; i < ours.count; i++)
        strbuf_printf(&line, " %d", ours.items[i].shmid);
    strbuf_puts(&line, result->can_isolate
                           ? "'; with 'shmtool run --isolate' all can be traced and removed"
                           : "'");
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
    strbuf_puts(&line,
                run->isolate
                    ? "; segments made from now on go with the last process of their namespace"
                    : "; segments made from now on are not watched");
    context_warn(context, "%s", strbuf_string(&line));
}

/* What to end with. */
static int run_status(struct context *context, const struct supervise_result *result,
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
        return err->code == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
    case SUPERVISE_CLEAN:
    case SUPERVISE_DONE:
        break;
    }
    return result->end.status;
}

static int run_run(struct context *context, void *args)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct run *run = args;
    const struct supervise_request request = {run->program, run->isolate};
    struct supervise_result result = {.stage = SUPERVISE_ISOLATE};
    int status;

    if (**run->program == '\0') {
        context_warn(context, "'': %s", strerror(ENOENT));
        return STATUS_NOT_FOUND;
    }
    if (protect_require(context, "the program was not started") != STATUS_DONE)
        return STATUS_UNREADABLE;
    supervise_run(&context->system, &request, &result, &err);
    report_leftovers(context, run, &result.removal);
    report_held(context, run, &result.held);
    report_creators(context, run, &result.creators);
    report_used(context, run, &result.used);
    report_untraced(context, &result);
    report_survivors(context, run, &result);
    status = run_status(context, &result, &err);
    supervise_result_release(&result);
    if (result.end.signal != 0)
        signals_end_self(result.end.signal);
    return status;
}

const struct command command_run = {
    .name = "run",
    .synopsis = {"[-v] [--isolate] [--] PROGRAM [ARG]..."},
    .summary = "run a program and remove the segments it leaves, also after Ctrl+C",
    .details = "Removes the segments that PROGRAM or its descendants created and that nobody has\n"
               "attached any more. Ends as PROGRAM ended: with its exit status, or by the\n"
               "signal that ended it; with 126 when it cannot be executed, 127 when there is\n"
               "no such program.",
    .flags = COMMAND_CHANGES | COMMAND_WRAPS | COMMAND_NO_NAMESPACE,
    .groups = {{&run_group, 0}},
    .operand = {offsetof(struct run, program), take_program},
    .examples = {{"run ./server --port 80", "remove the segments it leaves, whatever ends it"},
                 {"run --isolate -- make test", "in an IPC namespace of its own"}},
    .size = sizeof(struct run),
    .check = check_run,
    .run = run_run,
};
