/*
 * watch: says what happens to segments, a line an event, until it is ended.
 *
 * Between two looks it keeps what the last one showed, and nothing else: where nobody reads, there
 * is no further look.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "action/look.h"
#include "action/namespace_looks.h"
#include "action/resolve.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "command/incomplete.h"
#include "command/options.h"
#include "command/output.h"
#include "command/protect.h"
#include "command/selecting.h"
#include "command/where.h"
#include "kernel/namespaces.h"
#include "kernel/signals.h"
#include "view/columns.h"
#include "view/event_report.h"

enum { INTERVAL_DEFAULT = 1000, INTERVAL_MIN = 10 }; /* milliseconds */

/* What ends the watching without a failure. */
enum { WATCH_ENDED = 1 };

/* A command line of watch, and where it stands. */
struct watch {
    struct selection selection;
    struct output_options output;
    struct option_number interval;
    struct option_number count;
    struct option_number duration;
    bool initial;

    struct context *context;
    struct interrupts interrupts;
    int fd; /* of the output */
    struct namespace_looks looks;
    struct pace pace;
    int64_t stretched; /* the interval that was warned of; 0: none */
    uint64_t written;
    bool incomplete;     /* a line of the listing was not understood */
    bool warned_unknown; /* of units or programs that are not known */
    int failure;         /* the exit status where something fails */
    struct strbuf line;
};

static const struct option_spec watch_options[] = {
    {0, "interval", "T", "look every T (default 1s, at least 10ms)",
     offsetof(struct watch, interval), option_duration},
    {0, "count", "N", "end after N events", offsetof(struct watch, count), option_count},
    {0, "for", "T", "end after T (500ms, 10, 10s, 2m)", offsetof(struct watch, duration),
     option_duration},
    {0, "initial", NULL, "first list what is there, as events", offsetof(struct watch, initial),
     option_flag},
};

static const struct option_group watch_group = {"Watching", OPTIONS(watch_options)};

static int check_watch(struct context *context, void *args, struct error *err)
{
    struct watch *watch = args;

    watch->context = context;
    watch->failure = STATUS_FAILED;
    if (!watch->interval.given)
        watch->interval.value = INTERVAL_DEFAULT;
    if (watch->interval.value < INTERVAL_MIN)
        return error_set(err, EINVAL, "--interval: %llums: too short: at least %dms",
                         (unsigned long long)watch->interval.value, INTERVAL_MIN);
    if (watch->output.list_count > 0 && watch->output.form != FORM_NDJSON)
        return error_set(err, EINVAL,
                         "--columns: chooses what --ndjson says of a segment, which is missing");
    return 0;
}

/* --- Looking ---------------------------------------------------------------------------------- */

/* Warns of a pace that is not the one asked for, once, and again when it has doubled. */
static void warn_stretched(struct watch *watch)
{
    const struct pace *pace = &watch->pace;

    if (pace->stretched <= 2 * watch->stretched)
        return;
    watch->stretched = pace->stretched;
    context_warn(watch->context,
                 "a look takes %.2f ms of processor time: there is one every %.0f ms and not every "
                 "%.0f ms",
                 (double)pace->cost / NSEC_PER_MSEC, (double)pace->stretched / NSEC_PER_MSEC,
                 (double)pace->interval / NSEC_PER_MSEC);
}

/* Returns 0 or a negative errno, and warns. */
static int take_look(struct watch *watch)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct namespace_looks *looks = &watch->looks;
    int r;

    pace_begin_look(&watch->pace);
    r = namespace_looks_take(looks, &watch->context->system, &err);
    pace_end_look(&watch->pace);
    if (r < 0) {
        watch->failure = context_fail(watch->context, &err, STATUS_UNREADABLE);
        return r;
    }
    watch->output.format.now = proc_clock(watch->context->system.proc)->now;
    warn_stretched(watch);
    where_warn_refused(watch->context, &looks->refused);
    if (!watch->incomplete)
        watch->incomplete = context_warn_unparsed(watch->context, &looks->unparsed);
    if (!watch->warned_unknown)
        incomplete_warn_unknown(watch->context, &looks->unknown);
    watch->warned_unknown = watch->warned_unknown || unknown_any(&looks->unknown);
    return 0;
}

/* --- Writing ---------------------------------------------------------------------------------- */

/* Returns 0, WATCH_ENDED, or a negative errno; warns where that is due. */
static int write_line(struct watch *watch)
{
    int r = interrupts_write(&watch->interrupts, watch->fd, watch->line.data, watch->line.length);

    if (r == -EINTR)
        return WATCH_ENDED;
    /* A reader who went away is not worth a message. */
    if (r < 0 && r != -EPIPE)
        context_warn(watch->context, "standard output: %s", strerror(-r));
    return r;
}

/*
 * Resolves a copy of a row for its event. In a line this process is no user of the segment
 * (resolve_row()). Who has it attached is not looked up: a unit that depends on that is not known.
 */
static struct segment_info resolve_event_row(struct watch *watch, const struct namespace_look *look,
                                             const struct segment_info *row, unsigned needs)
{
    struct segment_info info = *row;

    if (watch->looks.everywhere) {
        info.namespace = look->number;
        info.container = look->container;
        needs |= needs & NEED_CONTAINER ? look->needs : 0;
    } else {
        needs = resolve_own_namespace(&watch->context->system, &info, needs);
    }
    resolve_row(&watch->context->system, &info, needs);
    if (watch->output.form != FORM_NDJSON && info.segment.lpid == getpid())
        info.segment.lpid = 0;
    return info;
}

static void put_event(struct watch *watch, const struct event *event, const struct unseen *unseen)
{
    struct output_options *output = &watch->output;
    struct strbuf *line = &watch->line;

    if (output->form == FORM_QUIET) {
        strbuf_printf(line, "%d\n", event_segment(event)->segment.shmid);
    } else if (output->form == FORM_NDJSON) {
        context_put_head(watch->context, line);
        event_report_json(line, event, &output->columns, &output->format, unseen);
    } else {
        event_report_line(line, event, &output->format);
    }
}

/* UNSEEN: of a created event. Returns as write_line() does. */
static int write_event(struct watch *watch, const struct namespace_look *look,
                       const struct event *event, const struct unseen *unseen)
{
    const struct output_options *output = &watch->output;
    unsigned needs = output->form == FORM_QUIET    ? 0
                     : output->form == FORM_NDJSON ? output_needs(output)
                                                   : event_report_needs(&output->format);
    struct segment_info before;
    struct segment_info now;
    struct event resolved = {.type = event->type};
    int r;

    if (event->before) {
        before = resolve_event_row(watch, look, event->before, needs);
        resolved.before = &before;
    }
    if (event->now) {
        now = resolve_event_row(watch, look, event->now, needs);
        resolved.now = &now;
    }
    strbuf_reset(&watch->line);
    put_event(watch, &resolved, unseen);
    r = write_line(watch);
    watch->written++;
    return r == 0 && watch->count.given && watch->written >= watch->count.value ? WATCH_ENDED : r;
}

/*
 * Writes events of one namespace. The number unseen goes with the first thing that was created, as
 * an object's member or after all the lines. Returns as write_line() does.
 */
static int write_events(struct watch *watch, const struct namespace_look *look,
                        const struct event_list *events)
{
    /* Nobody knows whether those that were not seen would have been selected. */
    bool counts = selection_is_empty(&watch->selection);
    struct unseen member = counts ? look->unseen : (struct unseen){.bound = UNSEEN_UNKNOWN};
    int r = 0;

    for (size_t i = 0; r == 0 && i < events->count; i++) {
        const struct event *event = &events->items[i];
        bool created = event->type == EVENT_CREATED;

        r = write_event(watch, look, event, created ? &member : NULL);
        if (created && counts)
            member = (struct unseen){.bound = UNSEEN_EXACT};
    }
    if (r != 0 || !counts || watch->output.form != FORM_TABLE)
        return r;
    strbuf_reset(&watch->line);
    event_report_unseen(&watch->line, &look->unseen, look->number, look->container,
                        &watch->output.format);
    return watch->line.length > 0 ? write_line(watch) : 0;
}

/* --- Watching --------------------------------------------------------------------------------- */

/* Writes what the look showed of each namespace. Returns as write_line() does. */
static int write_look(struct watch *watch)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < watch->looks.count; i++) {
        CLEANUP_EVENT_LIST struct event_list events = {.count = 0};
        const struct namespace_look *look = &watch->looks.items[i];

        if (look->has_last && look->has_now)
            diff_snapshots(&look->last, &look->now, &events);
        else if (watch->initial)
            diff_initial(&look->now, &events);
        r = write_events(watch, look, &events);
    }
    return r;
}

/* The first look. Returns as write_line() does. */
static int begin_watching(struct watch *watch)
{
    int r = take_look(watch);

    if (r < 0)
        return r;
    /* Ids that are not there may be mistyped, or still to come. There are none with -A. */
    for (size_t i = 0; i < watch->selection.id_count; i++) {
        int shmid = watch->selection.ids[i].shmid;

        if (!idset_has(&watch->looks.items[0].now.ids, shmid))
            context_warn(watch->context, "%d: no such segment now", shmid);
    }
    if (watch->count.given && watch->count.value == 0)
        return WATCH_ENDED;
    r = write_look(watch);
    namespace_looks_step(&watch->looks);
    return r;
}

/* One more look. Returns as write_line() does. */
static int look_again(struct watch *watch)
{
    int r = take_look(watch);

    if (r == 0)
        r = write_look(watch);
    namespace_looks_step(&watch->looks);
    return r;
}

/* Watches until something ends it. Returns an exit status. */
static int watch_segments(struct watch *watch)
{
    int64_t end = INT64_MAX;
    int r;

    if (watch->duration.given)
        end = clock_monotonic() + (int64_t)(watch->duration.value * NSEC_PER_MSEC);
    r = begin_watching(watch);
    while (r == 0) {
        int64_t next = pace_next_look(&watch->pace);
        bool last = next >= end;

        r = interrupts_wait(&watch->interrupts, watch->fd, last ? end : next);
        /* What happened up to the end is said. */
        if (r == 0)
            r = look_again(watch);
        if (r == 0 && last)
            r = WATCH_ENDED;
    }
    if (r == WATCH_ENDED || r == -EINTR)
        return watch->incomplete ? STATUS_FAILED : STATUS_DONE;
    return watch->failure;
}

/* With -A: says what was not found, and lets go of what was: each look finds them for itself. */
static void begin_everywhere(struct watch *watch)
{
    struct context *context = watch->context;

    watch->looks.everywhere = context->where.all_namespaces;
    watch->incomplete = where_warn_incomplete(context, &context->namespaces);
    namespaces_release(&context->namespaces);
    context->system.namespaces = NULL;
}

static int run_watch(struct context *context, void *args)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct watch *watch = args;
    CLEANUP_CLOSE int fd = interrupts_open_output(STDOUT_FILENO);
    int status;

    if (fd < 0) {
        context_warn(context, "standard output: %s", strerror(-fd));
        return STATUS_FAILED;
    }
    watch->fd = fd;
    watch->output.format.host = context_host(context);
    output_choose_columns(&watch->output, context, NULL, NULL);
    output_begin_events(&watch->output);
    status = protect_read(context, &watch->selection,
                          watch->output.form == FORM_NDJSON ? output_needs(&watch->output) : 0);
    if (status != STATUS_DONE)
        return status;
    watch->looks.selection = &watch->selection;
    watch->looks.needs = NEED_STATE;
    if (watch->output.form == FORM_NDJSON)
        watch->looks.needs |= output_needs(&watch->output) & NEED_USAGE;
    xalloc_keep();
    watch->looks.cyclic = system_ids_are_cyclic(&context->system);
    begin_everywhere(watch);
    watch->pace.interval = (int64_t)(watch->interval.value * NSEC_PER_MSEC);
    if (interrupts_block(&watch->interrupts, &err) < 0)
        return context_fail(context, &err, STATUS_FAILED);
    status = watch_segments(watch);
    interrupts_release(&watch->interrupts);
    return status;
}

static void release_watch(void *args)
{
    struct watch *watch = args;

    namespace_looks_release(&watch->looks);
    strbuf_release(&watch->line);
    selection_release(&watch->selection);
    output_release(&watch->output);
}

const struct command command_watch = {
    .name = "watch",
    .synopsis = {"[OPTION]... [ID]..."},
    .summary = "say what happens to segments, as it happens",
    .flags = COMMAND_WAITS | COMMAND_EVERYWHERE,
    .columns = &segment_columns,
    .groups = {{&watch_group, 0},
               {&selection_group, offsetof(struct watch, selection)},
               {&output_event_group, offsetof(struct watch, output)}},
    .operand = {offsetof(struct watch, selection), option_id},
    .examples = {{"watch --owner zc --interval 100ms", "what the segments of zc go through"},
                 {"watch --initial --for 1h --ndjson", "an hour of all events, for programs"}},
    .size = sizeof(struct watch),
    .check = check_watch,
    .run = run_watch,
    .release = release_watch,
};
