#include "action/supervise.h"

#include <errno.h>
#include <unistd.h>

#include "action/supervise_trace.h"
#include "kernel/child.h"
#include "kernel/namespace.h"
#include "kernel/signals.h"
#include "kernel/terminal.h"
#include "kernel/ticks.h"

/* How long those who are ending have to let go of their segments, and how often that is looked at,
 * in ms. */
enum { SETTLE = 100, SETTLE_STEP = 5 };

/* Dead orphans that are waited for at one go. */
enum { MOST_ORPHANS = 256 };

struct supervisor {
    struct system *system;
    struct supervise_program *program;
    struct trace trace;
    bool has_orphans; /* some of our children may have ended and were not waited for */
};

/* --- Stopping and continuing ------------------------------------------------------------------ */

/*
 * The program was stopped: whoever does job control for us waits for us, not for it, and has to
 * see the same. Without a terminal nobody does, and nobody would continue us.
 */
static void follow_stop(struct supervise_program *program, int number)
{
    pid_t foreground = terminal_foreground();
    pid_t group = child_group(&program->child);

    if (foreground < 0)
        return;
    /* A SIGSTOP in the background is somebody's who stopped the program alone, and will continue it
     * alone. */
    if (number == SIGSTOP && foreground != getpgrp() && foreground != group)
        return;
    program->followed = true;
    program->takes_terminal = group > 0 && group != getpgrp() && foreground == group;
    signals_stop_self(number);
}

/*
 * We were continued: so is the program, with the terminal if it had that (a shell, say).
 *
 * procfs: NULL where there is no memory to look into it with
 */
static void follow_continue(struct supervise_program *program, const struct procfs *procfs)
{
    bool stopped;
    int anew;

    if (!program->followed)
        return;
    program->followed = false;
    if (program->takes_terminal && terminal_foreground() == getpgrp())
        terminal_give(child_group(&program->child));
    stopped = !procfs || child_is_stopped(&program->child, procfs);
    /* It may have been continued with us and stopped again before we looked: that is not undone. */
    anew = child_was_stopped(&program->child);
    if (anew != 0)
        follow_stop(program, anew);
    else if (stopped)
        child_signal(&program->child, SIGCONT);
}

/* --- Waiting ---------------------------------------------------------------------------------- */

/* Returns whether a child of ours ended or was stopped, or may have. PROCFS: as above. */
static bool take_signals(struct supervise_program *program, const struct procfs *procfs)
{
    bool children = false;
    int number;

    while ((number = signals_take(&program->signals)) > 0) {
        switch (number) {
        case SIGTERM:
        case SIGHUP:
        case SIGUSR1:
        case SIGUSR2:
            child_signal(&program->child, number);
            break;
        case SIGCONT:
            follow_continue(program, procfs);
            break;
        case SIGCHLD:
            children = true;
            break;
        default: /* the keyboard's are the program's own; the rest means nothing to us */
            break;
        }
    }
    return children || number < 0;
}

static void see_stop(struct supervise_program *program)
{
    int number = child_was_stopped(&program->child);

    if (number != 0)
        follow_stop(program, number);
}

/* Takes what has come. Returns whether a child of ours ended, or may have. */
static bool attend(struct supervise_program *program, const struct procfs *procfs)
{
    bool children = take_signals(program, procfs);

    if (children)
        see_stop(program);
    return children;
}

/* The orphans that have ended; a few at least. */
struct orphans {
    pid_t pids[MOST_ORPHANS];
    size_t count;
};

static void find_orphans(const struct supervisor *supervisor, struct orphans *ret_orphans)
{
    ret_orphans->count = child_orphans(&supervisor->program->child, &supervisor->system->procfs,
                                       ret_orphans->pids, MOST_ORPHANS);
}

static void reap(const struct orphans *orphans)
{
    for (size_t i = 0; i < orphans->count; i++)
        child_reap(orphans->pids[i]);
}

/*
 * Does what is due for tracing, and waits for orphans. Where the numbers of the dead tell
 * something, they are let go after a reading of the table that began after they had ended.
 */
static void trace_and_reap(struct supervisor *supervisor, bool children)
{
    bool keeps = trace_wants_orphans(&supervisor->trace);
    struct orphans orphans = {.count = 0};

    supervisor->has_orphans = supervisor->has_orphans || children;
    if (supervisor->has_orphans)
        find_orphans(supervisor, &orphans);
    if (!trace_step(&supervisor->trace) && keeps)
        return;
    reap(&orphans);
    supervisor->has_orphans = orphans.count == MOST_ORPHANS;
}

/*
 * Passes on what came to us since we hold signals back, also from the keyboard: the child may not
 * have been there yet. If it was, it holds the same signal back already, and one is lost.
 */
static void pass_on_early(const struct supervise_program *program)
{
    int number;

    while ((number = signals_take(&program->signals)) > 0) {
        if (number != SIGCHLD && number != SIGCONT)
            child_signal(&program->child, number);
    }
}

/* Lets the child go and waits until it is the program. Returns 0 or a negative errno. */
static int release(struct supervisor *supervisor)
{
    struct supervise_program *program = supervisor->program;
    int r;

    pass_on_early(program);
    r = child_release(&program->child);
    if (r < 0)
        return r;
    while ((r = child_became(&program->child)) == 0) {
        signals_wait(&program->signals, program->child.report_fd, -1);
        attend(program, &supervisor->system->procfs);
    }
    return r < 0 ? r : 0;
}

/* Watches the program until it has ended. */
static void watch(struct supervisor *supervisor, int *ret_status)
{
    struct supervise_program *program = supervisor->program;
    bool children = true;

    while (!children || !child_has_ended(&program->child, ret_status)) {
        int milliseconds;
        int fd;

        trace_next(&supervisor->trace, &fd, &milliseconds);
        signals_wait(&program->signals, fd, milliseconds);
        children = attend(program, &supervisor->system->procfs);
        trace_and_reap(supervisor, children);
    }
}

/* --- The end ---------------------------------------------------------------------------------- */

static bool is_held(const struct trace_entry *entry)
{
    return entry->origin == TRACE_FAMILY && entry->segment.nattch > 0 &&
           !segment_is_dest(&entry->segment);
}

static bool any_held(const struct trace *trace)
{
    for (size_t i = 0; i < trace->count; i++) {
        if (is_held(&trace->entries[i]))
            return true;
    }
    return false;
}

/*
 * Reads the table for the last time. Ctrl+C ends all processes of a program at once, and some a
 * little later than others: while they hold segments they have a moment.
 */
static int settle(struct supervisor *supervisor, struct error *err)
{
    uint64_t end = ticks_since_boot() + SETTLE * TICKS_MILLISECOND;
    int r = trace_read(&supervisor->trace, err);

    while (r == 0 && any_held(&supervisor->trace) && ticks_since_boot() < end) {
        signals_wait(&supervisor->program->signals, -1, SETTLE_STEP);
        take_signals(supervisor->program, &supervisor->system->procfs);
        r = trace_read(&supervisor->trace, err);
    }
    return r;
}

static void sort_out(const struct trace *trace, struct supervise_result *result,
                     struct selection *selection)
{
    for (size_t i = 0; i < trace->count; i++) {
        const struct trace_entry *entry = &trace->entries[i];
        const struct named_id id = {.shmid = entry->segment.shmid};

        if (segment_is_dest(&entry->segment))
            continue; /* goes by itself */
        if (is_held(entry))
            segment_list_add(&result->held, &entry->segment);
        else if (entry->origin == TRACE_FAMILY)
            selection_add_id(selection, &id);
        else if (entry->origin == TRACE_UNSURE)
            segment_list_add(&result->untraced, &entry->segment);
    }
    selection_sort_ids(selection);
}

/* Removes what is the program's and not attached, if it still is both. */
static void clean(struct supervisor *supervisor, struct supervise_result *result)
{
    const struct trace *trace = &supervisor->trace;
    const struct removal_hooks hooks = {NULL, NULL, NULL};
    struct selection selection = {.by_id = true, .filter = {.unattached = true}};

    sort_out(trace, result, &selection);
    for (size_t i = 0; i < trace->count; i++) {
        if (selection_has_id(&selection, trace->entries[i].segment.shmid))
            removal_add(&result->removal, &selection, &trace->entries[i].segment);
    }
    removal_run(supervisor->system, &selection, &result->removal, &hooks);
    selection_release(&selection);
}

/* --- The whole -------------------------------------------------------------------------------- */

/* From the held child to the program's end. */
static int release_and_watch(struct supervisor *supervisor, struct supervise_result *result,
                             const char *program, struct error *err)
{
    int r = release(supervisor);

    if (r < 0) {
        result->stage = SUPERVISE_EXEC;
        return error_set_errno(err, -r, "%s", program);
    }
    watch(supervisor, &result->status);
    result->stage = SUPERVISE_CLEAN;
    r = settle(supervisor, err);
    if (r < 0)
        return r;
    clean(supervisor, result);
    result->stage = SUPERVISE_DONE;
    return 0;
}

static int start_and_watch(struct supervisor *supervisor, const struct supervise_request *request,
                           struct supervise_result *result, struct error *err)
{
    struct supervise_program *program = supervisor->program;
    int r = child_start(&program->child, request->argv, &program->signals, err);

    if (r < 0)
        return r;
    result->stage = SUPERVISE_READ;
    r = trace_begin(&supervisor->trace, supervisor->system, program->child.pid, request->isolate,
                    err);
    if (r == 0)
        r = release_and_watch(supervisor, result, request->argv[0], err);
    trace_end(&supervisor->trace);
    if (result->stage < SUPERVISE_CLEAN)
        child_abandon(&program->child);
    else
        child_close(&program->child);
    return r;
}

int supervise_run(struct system *system, const struct supervise_request *request,
                  struct supervise_result *ret_result, struct error *err)
{
    struct supervisor supervisor = {.system = system, .program = &ret_result->program};
    int r = 0;

    *ret_result = (struct supervise_result){
        .stage = SUPERVISE_ISOLATE,
        .program = {.child = CHILD_INIT, .signals = {.fd = -1}},
    };
    if (request->isolate)
        r = namespace_enter_ipc(err);
    if (r < 0)
        return r;
    ret_result->stage = SUPERVISE_START;
    r = signals_hold(&ret_result->program.signals, err);
    if (r < 0)
        return r;
    r = start_and_watch(&supervisor, request, ret_result, err);
    signals_close(&ret_result->program.signals);
    return r;
}

bool supervise_give_up(struct supervise_result *result, int *ret_status)
{
    struct supervise_program *program = &result->program;

    if (result->stage >= SUPERVISE_CLEAN) {
        *ret_status = result->status;
        child_close(&program->child);
        return true;
    }
    if (program->child.pid <= 0 || program->child.release_fd >= 0 ||
        result->stage == SUPERVISE_EXEC) {
        child_abandon(&program->child);
        return false;
    }
    while (!child_has_ended(&program->child, ret_status)) {
        signals_wait(&program->signals, -1, -1);
        attend(program, NULL);
    }
    child_close(&program->child);
    return true;
}

void supervise_result_release(struct supervise_result *result)
{
    removal_plan_release(&result->removal);
    segment_list_release(&result->held);
    segment_list_release(&result->untraced);
}
