/*
 * watch: says what happens to segments, a line an event, until it is ended.
 *
 * Between two looks it keeps what the last one showed, and nothing else: where nobody reads, there
 * is no further look.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "action/inventory.h"
#include "action/look.h"
#include "action/resolve.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "command/options.h"
#include "command/output.h"
#include "command/protect.h"
#include "kernel/signals.h"
#include "model/unseen.h"
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
    unsigned needs;
    struct pace pace;
    int64_t stretched; /* the interval that was warned of; 0: none */
    struct snapshot last;
    struct id_cursor cursor;
    bool cyclic; /* ids */
    uint64_t written;
    bool incomplete;   /* a line of the listing was not understood */
    bool warned_units; /* of units that are not known */
    int failure;       /* the exit status where something fails */
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
static int take_look(struct watch *watch, struct snapshot *ret_snapshot)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_COMPLAINT_LIST struct complaint_list unparsed = COMPLAINT_LIST_INIT;
    int r;

    pace_begin_look(&watch->pace);
    r = look_at_segments(&watch->context->system, &watch->selection, watch->needs, &watch->last,
                         ret_snapshot, &unparsed, &err);
    pace_end_look(&watch->pace);
    if (r < 0) {
        watch->failure = context_fail(watch->context, &err, STATUS_UNREADABLE);
        return r;
    }
    watch->output.format.now = proc_clock(watch->context->system.proc)->now;
    warn_stretched(watch);
    if (!watch->incomplete)
        watch->incomplete = context_warn_unparsed(watch->context, &unparsed);
    if (!watch->warned_units)
        options_warn_unknown_units(watch->context, ret_snapshot->unknown_units);
    watch->warned_units = watch->warned_units || ret_snapshot->unknown_units > 0;
    return 0;
}

/* Whether something was created, selected or not. */
static bool has_new_ids(const struct snapshot *before, const struct snapshot *now)
{
    for (size_t i = 0; i < now->count; i++) {
        if (!idset_has(&before->ids, now->rows[i].segment.shmid))
            return true;
    }
    return false;
}

/*
 * Looks, and counts what came and went since the last look. Where something did, there is a second
 * look: what the first one missed because it was created meanwhile shows now, or has gone unseen
 * indeed. Returns 0 or a negative errno.
 */
static int look_and_count(struct watch *watch, struct snapshot *now, struct unseen *ret_unseen)
{
    struct unseen unseen = {.bound = UNSEEN_UNKNOWN};
    int newest = 0;
    int r = take_look(watch, now);
    bool created = r == 0 && id_cursor_find_newest(&watch->cursor, &watch->last, now, &newest);

    if (created)
        unseen = id_cursor_count(&watch->cursor, &watch->last, now, newest, watch->cyclic);
    if (created && unseen.count > 0) {
        snapshot_release(now);
        r = take_look(watch, now);
        if (r == 0)
            unseen = id_cursor_count(&watch->cursor, &watch->last, now, newest, watch->cyclic);
        /* With nothing that was created the number has no place: it is counted next time. */
        created = r == 0 && has_new_ids(&watch->last, now);
    }
    if (r == 0)
        id_cursor_step(&watch->cursor, &watch->last, now, created ? &newest : NULL);
    if (created)
        *ret_unseen = unseen;
    return r;
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
static struct segment_info resolve_event_row(struct watch *watch, const struct segment_info *row,
                                             unsigned needs)
{
    struct segment_info info = *row;

    resolve_own_namespace(&watch->context->system, &info, needs);
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
static int write_event(struct watch *watch, const struct event *event, const struct unseen *unseen)
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
        before = resolve_event_row(watch, event->before, needs);
        resolved.before = &before;
    }
    if (event->now) {
        now = resolve_event_row(watch, event->now, needs);
        resolved.now = &now;
    }
    strbuf_reset(&watch->line);
    put_event(watch, &resolved, unseen);
    r = write_line(watch);
    watch->written++;
    return r == 0 && watch->count.given && watch->written >= watch->count.value ? WATCH_ENDED : r;
}

/*
 * Writes events. UNSEEN goes with the first thing that was created, as an object's member or after
 * all the lines. Returns as write_line() does.
 */
static int write_events(struct watch *watch, const struct event_list *events, struct unseen unseen)
{
    /* Nobody knows whether those that were not seen would have been selected. */
    bool counts = selection_is_empty(&watch->selection);
    struct unseen member = counts ? unseen : (struct unseen){.bound = UNSEEN_UNKNOWN};
    int r = 0;

    for (size_t i = 0; r == 0 && i < events->count; i++) {
        const struct event *event = &events->items[i];
        bool created = event->type == EVENT_CREATED;

        r = write_event(watch, event, created ? &member : NULL);
        if (created && counts)
            member = (struct unseen){.bound = UNSEEN_EXACT};
    }
    if (r != 0 || !counts || watch->output.form != FORM_TABLE)
        return r;
    strbuf_reset(&watch->line);
    event_report_unseen(&watch->line, &unseen, &watch->output.format);
    return watch->line.length > 0 ? write_line(watch) : 0;
}

/* --- Watching --------------------------------------------------------------------------------- */

/* Names the ids that are not there: they may be mistyped, or still to come. */
static void warn_of_absent(struct watch *watch)
{
    for (size_t i = 0; i < watch->selection.id_count; i++) {
        int shmid = watch->selection.ids[i].shmid;

        if (!idset_has(&watch->last.ids, shmid))
            context_warn(watch->context, "%d: no such segment now", shmid);
    }
}

/* The first look. Returns as write_line() does. */
static int begin_watching(struct watch *watch)
{
    CLEANUP_EVENT_LIST struct event_list events = {.count = 0};
    int r = take_look(watch, &watch->last);

    if (r < 0)
        return r;
    warn_of_absent(watch);
    watch->cursor = id_cursor_begin(&watch->last);
    if (watch->count.given && watch->count.value == 0)
        return WATCH_ENDED;
    if (!watch->initial)
        return 0;
    diff_initial(&watch->last, &events);
    return write_events(watch, &events, (struct unseen){.bound = UNSEEN_UNKNOWN});
}

/* One more look. Returns as write_line() does. */
static int look_again(struct watch *watch)
{
    CLEANUP_SNAPSHOT struct snapshot now = {.count = 0};
    CLEANUP_EVENT_LIST struct event_list events = {.count = 0};
    struct unseen unseen = {.bound = UNSEEN_UNKNOWN};
    struct snapshot before;
    int r = look_and_count(watch, &now, &unseen);

    if (r < 0)
        return r;
    diff_snapshots(&watch->last, &now, &events);
    r = write_events(watch, &events, unseen);
    before = watch->last;
    watch->last = now;
    now = before;
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
    protect_read(context, &watch->selection,
                 watch->output.form == FORM_NDJSON ? output_needs(&watch->output) : 0);
    watch->needs = NEED_STATE;
    if (watch->output.form == FORM_NDJSON)
        watch->needs |= output_needs(&watch->output) & NEED_USAGE;
    xalloc_keep();
    watch->cyclic = system_ids_are_cyclic(&context->system);
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

    snapshot_release(&watch->last);
    id_cursor_release(&watch->cursor);
    strbuf_release(&watch->line);
    selection_release(&watch->selection);
    output_release(&watch->output);
}

const struct command command_watch = {
    .name = "watch",
    .synopsis = {"[OPTION]... [ID]..."},
    .summary = "say what happens to segments, as it happens",
    .flags = COMMAND_WAITS,
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
