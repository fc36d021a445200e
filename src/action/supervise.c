#include "action/supervise.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "action/supervise_left.h"
#include "action/supervise_trace.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "kernel/ancestry.h"
#include "kernel/child.h"
#include "kernel/namespace.h"
#include "kernel/proc.h"
#include "kernel/signals.h"

/* How long processes that are exiting get for that, and how often it is checked, in ms. */
enum { SETTLE_TIME = 100, SETTLE_STEP = 5 };

/* Orphans that are waited for, and calls that are continued, in one step. */
enum { ORPHANS_MAX = 256, CALLS_MAX = 64 };

struct supervisor {
    struct system *system;
    struct child child; /* the program, or the child of ours that runs it in our place */
    struct signals signals;
    struct shmget_listener listener; /* where calls of shmget are asked for */
    struct trace trace;
    const struct explain_hook *hook;
    struct explanations explanations;
    struct error lost;   /* code 0: we are in our own IPC namespace */
    bool relays;         /* it is that child of ours */
    bool never_stops;    /* it is for the first process of a PID namespace, which no signal stops */
    bool has_orphans;    /* some of our children may have exited and were not waited for */
    bool followed;       /* we stopped because the program had stopped */
    bool takes_terminal; /* its process group had the terminal when it stopped */
    bool waits;          /* for descendants, when the program has ended */
};

/* --- Stopping and continuing ------------------------------------------------------------------ */

/*
 * The program was stopped: the shell that does job control waits for us, not for it, and has to
 * see the same. Without a terminal nobody does, and nobody would continue us.
 */
static void follow_stop(struct supervisor *supervisor, int number)
{
    pid_t foreground = terminal_foreground();
    pid_t group = child_group(&supervisor->child);

    if (foreground < 0 || supervisor->never_stops)
        return;
    /* Who sends SIGSTOP in the background stops the program alone, and will continue it alone. */
    if (number == SIGSTOP && !supervisor->relays && foreground != getpgrp() && foreground != group)
        return;
    supervisor->followed = true;
    supervisor->takes_terminal = group > 0 && group != getpgrp() && foreground == group;
    signals_stop_self(number);
}

/* We were continued: so is the program, with the terminal if it had that (a shell, say). */
static void follow_continue(struct supervisor *supervisor)
{
    bool stopped;
    int again;

    if (!supervisor->followed)
        return;
    supervisor->followed = false;
    if (supervisor->takes_terminal && terminal_foreground() == getpgrp())
        terminal_give(child_group(&supervisor->child));
    stopped = child_is_stopped(&supervisor->child, &supervisor->system->procfs);
    /* It may have been continued with us and stopped again before we looked: that is not undone. */
    again = child_was_stopped(&supervisor->child);
    if (again != 0)
        follow_stop(supervisor, again);
    else if (stopped)
        child_signal(&supervisor->child, SIGCONT);
}

/* Ctrl+Z while descendants are waited for: they stop, and with us the shell's job does. */
static void stop_with_descendants(const struct supervisor *supervisor)
{
    if (!supervisor->never_stops)
        signals_stop_self(SIGTSTP);
}

/* --- Waiting ---------------------------------------------------------------------------------- */

/* Returns whether a child of ours exited or was stopped, or may have. */
static bool handle_signals(struct supervisor *supervisor)
{
    struct child_end end;
    bool children = false;
    bool sent;
    int number;

    while ((number = signals_take_origin(&supervisor->signals, &sent)) > 0) {
        switch (number) {
        case SIGTERM:
        case SIGHUP:
        case SIGUSR1:
        case SIGUSR2:
            child_signal(&supervisor->child, number);
            break;
        case SIGINT:
            /* It may be waiting for descendants, which that ends. The keyboard's it gets itself. */
            if (supervisor->relays && sent)
                child_signal(&supervisor->child, number);
            break;
        case SIGTSTP:
            /* Taken with the program's end it may have come after that. */
            if (supervisor->waits && child_has_ended(&supervisor->child, &end))
                stop_with_descendants(supervisor);
            break;
        case SIGCONT:
            follow_continue(supervisor);
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

/* Handles signals and stops. Returns whether a child of ours exited, or may have. */
static bool handle_signals_and_stops(struct supervisor *supervisor)
{
    bool children = handle_signals(supervisor);
    int number = children ? child_was_stopped(&supervisor->child) : 0;

    if (number != 0)
        follow_stop(supervisor, number);
    return children;
}

/*
 * Does what is due for tracing, and waits for orphans. Where only /proc shows whose a segment
 * is, they stay zombies until a reading of the table that began after they had exited.
 */
static void trace_and_reap(struct supervisor *supervisor, bool children)
{
    bool keeps = trace_wants_orphans(&supervisor->trace);
    pid_t orphans[ORPHANS_MAX];
    size_t count = 0;

    supervisor->has_orphans = supervisor->has_orphans || children;
    if (supervisor->has_orphans)
        count =
            child_orphans(&supervisor->child, &supervisor->system->procfs, orphans, ORPHANS_MAX);
    if (!trace_step(&supervisor->trace) && keeps)
        return;
    for (size_t i = 0; i < count; i++)
        child_reap(orphans[i]);
    supervisor->has_orphans = count == ORPHANS_MAX;
}

/* Notes and explains the calls of shmget that wait, and continues them. */
static void serve_calls(struct supervisor *supervisor)
{
    const struct procfs *procfs = supervisor->trace.has_proc ? &supervisor->system->procfs : NULL;
    struct shmget_call call;

    for (size_t i = 0; i < CALLS_MAX && shmget_listener_take(&supervisor->listener, procfs, &call);
         i++) {
        trace_call(&supervisor->trace, &supervisor->listener, &call);
        if (supervisor->hook->explain && supervisor->lost.code == 0)
            explain_call(&supervisor->explanations, supervisor->system, &call, supervisor->hook,
                         &supervisor->lost);
        shmget_listener_continue(&supervisor->listener, &call);
    }
}

/* Waits until a signal came, or something is to be done for tracing, or a call waits. */
static void wait_for_work(struct supervisor *supervisor)
{
    int milliseconds;
    int fd;

    trace_next(&supervisor->trace, &fd, &milliseconds);
    signals_wait(&supervisor->signals, fd, supervisor->listener.fd, milliseconds);
    serve_calls(supervisor);
}

/*
 * Passes on the signals that came to us since they were blocked, also those of the keyboard: the
 * child may not have existed yet. If it did, the same signal is pending for it already, and one of
 * the two is lost.
 */
static void pass_on_early_signals(const struct supervisor *supervisor)
{
    int number;

    while ((number = signals_take(&supervisor->signals)) > 0) {
        if (number != SIGCHLD && number != SIGCONT)
            child_signal(&supervisor->child, number);
    }
}

/* Releases the child and waits until it is the program. Returns 0 or a negative errno. */
static int release_child(struct supervisor *supervisor)
{
    int r;

    pass_on_early_signals(supervisor);
    r = child_release(&supervisor->child);
    if (r < 0)
        return r;
    while ((r = child_became(&supervisor->child)) == 0) {
        signals_wait(&supervisor->signals, supervisor->child.report_fd, -1, -1);
        handle_signals_and_stops(supervisor);
    }
    return r < 0 ? r : 0;
}

/* Watches the program until it has exited. */
static void watch_program(struct supervisor *supervisor, struct child_end *ret_end)
{
    bool children = true;

    while (!children || !child_has_ended(&supervisor->child, ret_end)) {
        wait_for_work(supervisor);
        children = handle_signals_and_stops(supervisor);
        trace_and_reap(supervisor, children);
    }
}

/* --- Waiting for descendants ------------------------------------------------------------------ */

/*
 * Takes the signals that came. Returns whether one of them ends the waiting: SIGINT or SIGTERM.
 * EARLY: a SIGINT of the keyboard was the program's yet.
 */
static bool take_end_of_waiting(struct supervisor *supervisor, bool early, bool *ret_children)
{
    bool ended = false;
    bool sent;
    int number;

    while ((number = signals_take_origin(&supervisor->signals, &sent)) > 0) {
        if (number == SIGTERM || (number == SIGINT && (sent || !early)))
            ended = true;
        else if (number == SIGTSTP)
            stop_with_descendants(supervisor);
        else if (number == SIGCHLD)
            *ret_children = true;
    }
    return ended;
}

/* Waits until no descendant of the program is alive, all of which are or become our children. */
static void wait_for_descendants(struct supervisor *supervisor)
{
    bool children = true;
    bool ended = take_end_of_waiting(supervisor, true, &children);

    while (!ended && child_any_alive()) {
        wait_for_work(supervisor);
        children = false;
        ended = take_end_of_waiting(supervisor, false, &children);
        trace_and_reap(supervisor, children);
    }
}

/* --- The end ---------------------------------------------------------------------------------- */

/*
 * Reads the table. Ctrl+C ends all processes of a program at once, and some a little later than
 * others: while they live, or hold segments, they get a moment. Orphans among them have become our
 * children.
 *
 * ret_alive: set; whether some lived on when it was read for the last time
 */
static int settle(struct supervisor *supervisor, bool *ret_alive, struct error *err)
{
    uint64_t end = clock_since_boot() + SETTLE_TIME * NSEC_PER_MSEC;

    for (;;) {
        /* Asked before: who exits during a reading may have made something that it missed. */
        bool alive = child_any_alive();
        int r = trace_read(&supervisor->trace, err);

        *ret_alive = alive;
        if (r < 0 || !(alive || trace_any_held(&supervisor->trace)) || clock_since_boot() >= end)
            return r;
        signals_wait(&supervisor->signals, -1, supervisor->listener.fd, SETTLE_STEP);
        serve_calls(supervisor);
        handle_signals(supervisor);
    }
}

/* Lists the descendants that live on; one that has ended meanwhile is none. */
static void list_survivors(const struct supervisor *supervisor, struct supervise_result *result)
{
    const struct procfs *procfs = &supervisor->system->procfs;
    size_t kept = 0;

    result->any_survivor = child_any_alive();
    if (!result->any_survivor || !supervisor->trace.has_proc)
        return;
    ancestry_list_descendants(procfs, getpid(), &result->survivors, &result->survivor_count);
    for (size_t i = 0; i < result->survivor_count; i++) {
        struct proc_stat stat;

        if (proc_stat_read(procfs, result->survivors[i], &stat) == 0 && !proc_stat_is_dead(&stat))
            result->survivors[kept++] = result->survivors[i];
    }
    result->survivor_count = kept;
    result->any_survivor = kept > 0 || child_any_alive();
}

/* --- The whole -------------------------------------------------------------------------------- */

/* From the waiting child to the program's end. */
static int release_and_watch(struct supervisor *supervisor, const struct supervise_request *request,
                             struct supervise_result *result, struct error *err)
{
    CLEANUP_IDSET struct idset done = IDSET_INIT;
    bool alive = false;
    int r = release_child(supervisor);

    if (r < 0) {
        result->stage = SUPERVISE_EXEC;
        return error_set_errno(err, -r, "%s", request->argv[0]);
    }
    watch_program(supervisor, &result->end);
    result->pid = supervisor->child.pid;
    result->stage = SUPERVISE_CLEAN;
    if (supervisor->waits)
        wait_for_descendants(supervisor);
    r = settle(supervisor, &alive, err);
    if (supervisor->lost.code != 0)
        r = error_copy(err, &supervisor->lost);
    result->listened = supervisor->listener.fd >= 0;
    shmget_listener_close(&supervisor->listener);
    if (r < 0)
        return r;
    supervise_remove_left(supervisor->system, &supervisor->trace, request, &done, result);
    list_survivors(supervisor, result);
    /* All have ended by now: what they made meanwhile can be known, and removed, too. */
    if (alive && !result->any_survivor && trace_read(&supervisor->trace, NULL) == 0)
        supervise_remove_left(supervisor->system, &supervisor->trace, request, &done, result);
    result->stage = SUPERVISE_DONE;
    return 0;
}

/* Whether callers are distinguished from later processes, and their credentials are shown. */
static int check_listening(const struct supervise_request *request, const struct procfs *procfs,
                           struct error *err)
{
    CLEANUP_CLOSE int pidfd = request->exact ? proc_open_pidfd(getpid()) : -1;

    if (request->exact && pidfd < 0)
        return error_set_errno(err, -pidfd,
                               "--exact: no pidfd (a filter of system calls forbids it?); the "
                               "program was not started");
    if (request->hook.explain && !proc_shows_our_pids(procfs))
        return error_set(err, ENOTSUP,
                         "--explain: /proc does not show the processes of this PID namespace; the "
                         "program was not started");
    return 0;
}

static int start_and_watch(struct supervisor *supervisor, const struct supervise_request *request,
                           struct supervise_result *result, struct error *err)
{
    bool listens = request->exact || request->hook.explain;
    struct shmget_listener *listener = listens ? &supervisor->listener : NULL;
    int r = check_listening(request, &supervisor->system->procfs, err);

    if (r == 0)
        r = child_start(&supervisor->child, request->argv, &supervisor->signals, listener, err);
    if (r < 0)
        return r;
    supervisor->waits = request->wait;
    result->stage = SUPERVISE_READ;
    r = trace_begin(&supervisor->trace, supervisor->system, supervisor->child.pid, request->isolate,
                    listens && !request->isolate, err);
    if (r == 0 && request->hook.explain)
        explain_begin(&supervisor->explanations, supervisor->system, supervisor->hook);
    if (r == 0)
        r = release_and_watch(supervisor, request, result, err);
    result->explanations = supervisor->explanations;
    error_clear(&supervisor->lost);
    trace_end(&supervisor->trace);
    shmget_listener_close(&supervisor->listener);
    if (result->stage < SUPERVISE_CLEAN)
        child_abandon(&supervisor->child);
    else
        child_close(&supervisor->child);
    return r;
}

/*
 * Whether a process may be or become our child that does not descend from the program: one from
 * before it (sh -c 'server & exec shmtool run program'), with its orphans and what is made a child
 * of its parent (CLONE_PARENT), and any orphan where we are the first process of a PID namespace.
 */
static bool may_have_unrelated_children(void)
{
    return getpid() == 1 || child_any_alive();
}

/*
 * Lets a child of ours run the program, messages included: whatever is below that child descends
 * from the program. We pass on signals, stop with it and end as it ends.
 *
 * Returns 1 when it has ended, 0 in that child, or a negative errno.
 */
static int hand_over(struct supervisor *supervisor, struct supervise_result *result,
                     struct error *err)
{
    bool first = getpid() == 1;
    int r = child_fork(&supervisor->child, err);

    if (r == 0)
        supervisor->never_stops = first;
    if (r <= 0)
        return r;
    supervisor->relays = true;
    pass_on_early_signals(supervisor);
    child_release(&supervisor->child);
    watch_program(supervisor, &result->end);
    child_close(&supervisor->child);
    result->relayed = true;
    result->stage = SUPERVISE_DONE;
    return 1;
}

int supervise_run(struct system *system, const struct supervise_request *request,
                  struct supervise_result *ret_result, struct error *err)
{
    struct supervisor supervisor = {
        .system = system,
        .child = CHILD_INIT,
        .signals = {.fd = -1},
        .listener = SHMGET_LISTENER_INIT,
        .trace = TRACE_INIT,
        .hook = &request->hook,
        .lost = ERROR_INIT,
    };
    int r = 0;

    *ret_result = (struct supervise_result){.stage = SUPERVISE_ISOLATE};
    if (request->isolate)
        r = namespace_enter_ipc(err);
    if (r < 0)
        return r;
    ret_result->stage = SUPERVISE_START;
    r = signals_block(&supervisor.signals, err);
    if (r < 0)
        return r;
    if (may_have_unrelated_children())
        r = hand_over(&supervisor, ret_result, err);
    if (r == 0)
        r = start_and_watch(&supervisor, request, ret_result, err);
    signals_close(&supervisor.signals);
    /* What shares segments with others would miss them there. */
    ret_result->can_isolate =
        ret_result->untraced.count > 0 && ret_result->used.count == 0 && namespace_can_enter_ipc();
    ret_result->can_listen = ret_result->untraced.count > 0 && !request->exact &&
                             !request->hook.explain && shmget_listener_can_open();
    return r < 0 ? r : 0;
}

void supervise_result_release(struct supervise_result *result)
{
    removal_plan_release(&result->removal);
    segment_list_release(&result->held);
    segment_list_release(&result->creators);
    segment_list_release(&result->untraced);
    segment_list_release(&result->used);
    explanations_release(&result->explanations);
    inventory_release(&result->left);
    free(result->survivors);
    result->survivors = NULL;
}
