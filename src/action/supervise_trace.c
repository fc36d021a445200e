#include "action/supervise_trace.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "action/inventory.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "kernel/proc.h"

/*
 * At most a 400th of the time is spent on this: after a reading, 400 times the processor time that
 * was used since the one before pass until the next.
 */
static const uint64_t budget = 400;

/* How long to wait between two readings, in ns. */
static const uint64_t listening_pause = NSEC_PER_SEC;
static const uint64_t proc_pause = 10 * NSEC_PER_MSEC;
static const uint64_t pause_max = 10 * NSEC_PER_SEC;

/*
 * Processes start in bursts: after a wake-up events gather for this long, in ns, and so
 * many are read at once. A socket of an ordinary user keeps at least 400.
 */
static const uint64_t gather_min = 5 * NSEC_PER_MSEC;
static const uint64_t gather_max = 40 * NSEC_PER_MSEC;
enum { GATHERED_MAX = 100 };

/* So many events ask for a reading at once, so that a PID seldom comes twice. */
enum { EVENTS_MAX = 2048 };

/* How often the pause is doubled while no process starts: by /proc, 40 ms pass between two. */
enum { QUIET_MAX = 2 };

/* --- The table -------------------------------------------------------------------------------- */

static int compare_entries(const void *a, const void *b)
{
    const struct trace_entry *left = a;
    const struct trace_entry *right = b;

    return num_compare_signed(left->segment.shmid, right->segment.shmid);
}

/*
 * Finds what is known of SEGMENT: the entry that the same shmget() made. Owner, permissions and
 * ctime may be changed; a segment that is marked for destruction has lost its key.
 */
static const struct trace_entry *find_entry_of(const struct trace *trace,
                                               const struct segment *segment)
{
    const struct trace_entry wanted = {.segment = *segment};
    const struct trace_entry *entry = NULL;
    const struct segment *old;

    if (trace->count > 0)
        entry = bsearch(&wanted, trace->entries, trace->count, sizeof(wanted), compare_entries);
    if (!entry)
        return NULL;
    old = &entry->segment;
    return old->cpid == segment->cpid && old->cuid == segment->cuid && old->cgid == segment->cgid &&
                   old->size == segment->size &&
                   (old->key == segment->key || segment_is_dest(segment))
               ? entry
               : NULL;
}

/* --- Events ----------------------------------------------------------------------------------- */

static void note_fork(void *arg, pid_t parent, pid_t child)
{
    struct trace *trace = arg;

    descendants_fork(&trace->descendants, parent, child);
}

static void note_exit(void *arg, const struct exit_event *event)
{
    struct trace *trace = arg;

    descendants_exit(&trace->descendants, event);
}

/* The roots of the tree: this process, whose children orphans become, and the program. */
static void add_roots(struct trace *trace)
{
    descendants_add(&trace->descendants, getpid());
    descendants_add(&trace->descendants, trace->program);
}

/* Events were missed: /proc shows who is there now, but not who was there in between. */
static void lose_events(struct trace *trace)
{
    descendants_lose(&trace->descendants);
    add_roots(trace);
}

static void read_events(struct trace *trace)
{
    const struct proc_events_handlers handlers = {note_fork, note_exit, trace};
    size_t before = descendants_events(&trace->descendants);
    uint64_t gather = trace->gather * 3 / 2;
    int r;

    if (trace->events.fd < 0)
        return;
    r = proc_events_read(&trace->events, &handlers);
    /* More events than wanted: the next ones gather for a shorter time; else for a longer one. */
    if (r < 0 || descendants_events(&trace->descendants) - before > GATHERED_MAX)
        gather = trace->gather / 2;
    if (gather < gather_min)
        gather = gather_min;
    trace->gather = gather < gather_max ? gather : gather_max;
    trace->listened_at = clock_since_boot();
    if (r < 0)
        lose_events(trace);
    if (r == -ENOTCONN)
        proc_events_close(&trace->events); /* for good: from now on by /proc */
}

/* Finds the descendants again after events were missed. */
static void find_descendants(struct trace *trace)
{
    if (!trace->descendants.lost || trace->events.fd < 0 || !trace->has_proc)
        return;
    /* Whoever is started from here on is reported. */
    descendants_found(&trace->descendants);
    if (ancestry_add_descendants(&trace->system->procfs, getpid(), &trace->descendants) < 0)
        lose_events(trace);
}

/* --- Whose is it ------------------------------------------------------------------------------ */

/* Who had PID between the last reading and this one. */
static enum descent check_descent(const struct trace *trace, pid_t pid)
{
    enum descent descent = DESCENT_UNKNOWN;

    if (trace->alone || pid == trace->program)
        return DESCENT_DESCENDANT;
    if (pid <= 0)
        return DESCENT_UNRELATED; /* in a PID namespace that no descendant of ours can be in */
    if (trace->events.fd >= 0)
        descent = descendants_check(&trace->descendants, pid);
    if (descent == DESCENT_UNKNOWN && trace->has_proc)
        descent = ancestry_check(&trace->system->procfs, &trace->mark, pid, getpid());
    return descent;
}

/* Who made a segment of the creator PID between the last reading and this one. */
static enum descent check_creator(const struct trace *trace, pid_t pid)
{
    enum descent descent = DESCENT_UNKNOWN;

    if (trace->exact && pid != trace->program)
        descent = callers_check(&trace->callers, &trace->system->procfs, &trace->mark, pid);
    return descent != DESCENT_UNKNOWN ? descent : check_descent(trace, pid);
}

/*
 * Whether the program or a descendant has attached or detached SEGMENT, which was there before it:
 * so say the last process that did, and what had changed at a reading.
 */
static bool is_used(const struct trace *trace, const struct trace_entry *known,
                    const struct segment *segment)
{
    const struct segment *old = &known->segment;

    if (known->used || known->origin != TRACE_BEFORE)
        return known->used;
    return segment_was_used(old, segment) &&
           check_descent(trace, segment->lpid) == DESCENT_DESCENDANT;
}

/* What is known of SEGMENT at this reading. */
static struct trace_entry make_entry(const struct trace *trace, const struct segment *segment)
{
    static const enum trace_origin origins[] = {
        [DESCENT_UNKNOWN] = TRACE_UNKNOWN,
        [DESCENT_UNRELATED] = TRACE_UNRELATED,
        [DESCENT_DESCENDANT] = TRACE_PROGRAM,
    };
    const struct trace_entry *known = find_entry_of(trace, segment);

    if (known)
        return (struct trace_entry){*segment, known->origin, is_used(trace, known, segment)};
    return (struct trace_entry){.segment = *segment,
                                .origin = origins[check_creator(trace, segment->cpid)]};
}

/* Marks this moment: later it is asked which processes existed then. */
static void mark_moment(const struct trace *trace, struct ancestry_mark *mark)
{
    *mark = trace->mark;
    if (!trace->has_proc || (!trace->exact && (trace->events.fd >= 0 || trace->alone)))
        ancestry_mark_moment(mark);
    else
        ancestry_mark(&trace->system->procfs, mark);
}

/* Puts what was read, its origins found, in the place of what was read before. */
static void replace_entries(struct trace *trace, const struct segment_list *segments, bool first)
{
    struct trace_entry *entries = xcalloc(segments->count, sizeof(*entries));

    for (size_t i = 0; i < segments->count; i++) {
        const struct segment *segment = &segments->items[i];

        entries[i] = first ? (struct trace_entry){.segment = *segment, .origin = TRACE_BEFORE}
                           : make_entry(trace, segment);
    }
    qsort(entries, segments->count, sizeof(*entries), compare_entries);
    free(trace->entries);
    trace->entries = entries;
    trace->count = segments->count;
}

/* Reads the table; FIRST: all that is in it was there before. */
static int read_table(struct trace *trace, bool first, struct error *err)
{
    CLEANUP_SEGMENT_LIST struct segment_list segments = SEGMENT_LIST_INIT;
    struct ancestry_mark mark;
    uint64_t used;
    int r;

    read_events(trace);
    find_descendants(trace);
    descendants_mark(&trace->descendants);
    mark_moment(trace, &mark);
    callers_begin_reading(&trace->callers);
    r = inventory_list_segments(trace->system, &segments, err);
    read_events(trace);
    /* Without System V shared memory the program has none either: it is simply run. */
    if (r == -ENOSYS && err)
        error_clear(err);
    if (r < 0 && r != -ENOSYS)
        return r;
    /* When nothing was there to be found the next reading may be later. */
    if (mark.newest != trace->newest || segments.count != trace->count)
        trace->quiet = 0;
    else if (trace->quiet < QUIET_MAX)
        trace->quiet++;
    replace_entries(trace, &segments, first);
    trace->newest = mark.newest;
    trace->mark = mark;
    descendants_advance(&trace->descendants);
    callers_end_reading(&trace->callers);
    trace->read_at = clock_since_boot();
    used = clock_cpu_used();
    trace->cost = used - trace->read_used;
    trace->read_used = used;
    return 0;
}

int trace_begin(struct trace *trace, struct system *system, pid_t program, bool alone, bool exact,
                struct error *err)
{
    *trace = (struct trace){
        .system = system,
        .program = program,
        .alone = alone,
        .exact = exact,
        .has_proc = proc_shows_our_pids(&system->procfs),
        .events = PROC_EVENTS_INIT,
        .descendants = DESCENDANTS_INIT,
        .read_used = clock_cpu_used(),
        .gather = gather_min,
    };
    /* The child is there already. */
    if (!alone && proc_events_open(&trace->events) == 0)
        add_roots(trace);
    return read_table(trace, true, err);
}

int trace_read(struct trace *trace, struct error *err)
{
    return read_table(trace, false, err);
}

void trace_call(struct trace *trace, const struct shmget_listener *listener,
                const struct shmget_call *call)
{
    bool may_make = call->request.key == 0 || call->request.flags & SHMGET_CREATE;
    int pidfd;

    if (!trace->exact || !may_make || call->pid == trace->program ||
        (call->pid > 0 && callers_has(&trace->callers, call->pid)))
        return;
    if (call->pid == 0 || read_table(trace, false, NULL) < 0) {
        callers_add(&trace->callers, 0, -1);
        return;
    }
    pidfd = proc_open_pidfd(call->pid);
    /* It waits still, so it was its process that was opened. */
    if (shmget_listener_waits(listener, call))
        callers_add(&trace->callers, call->pid, pidfd);
    else if (pidfd >= 0)
        close(pidfd);
}

/* --- When ------------------------------------------------------------------------------------- */

bool trace_wants_orphans(const struct trace *trace)
{
    return trace->events.fd < 0 && !trace->alone && trace->has_proc;
}

/* When the table has to be read, since boot in ns; UINT64_MAX: nothing asks for it. */
static uint64_t reading_due(const struct trace *trace)
{
    size_t events = descendants_events(&trace->descendants);
    uint64_t pause = proc_pause << trace->quiet;

    if (trace->alone || (trace->events.fd < 0 && !trace->has_proc))
        return UINT64_MAX;
    if (trace->events.fd >= 0) {
        if (events == 0 && !trace->descendants.lost)
            return UINT64_MAX;
        pause = events < EVENTS_MAX ? listening_pause : 0;
    }
    if (pause < budget * trace->cost)
        pause = budget * trace->cost;
    return trace->read_at + (pause < pause_max ? pause : pause_max);
}

void trace_next(const struct trace *trace, int *ret_fd, int *ret_milliseconds)
{
    uint64_t now = clock_since_boot();
    uint64_t due = reading_due(trace);
    uint64_t gathered = trace->listened_at + trace->gather;
    bool gathers = trace->events.fd >= 0 && now < gathered;

    *ret_fd = gathers ? -1 : trace->events.fd;
    if (gathers && gathered < due)
        due = gathered;
    if (due == UINT64_MAX)
        *ret_milliseconds = -1;
    else
        *ret_milliseconds = due <= now ? 0 : (int)((due - now) / NSEC_PER_MSEC) + 1;
}

bool trace_step(struct trace *trace)
{
    uint64_t now = clock_since_boot();

    if (now >= reading_due(trace))
        return read_table(trace, false, NULL) == 0;
    if (trace->events.fd >= 0 && now >= trace->listened_at + trace->gather)
        read_events(trace);
    return false;
}

bool trace_entry_is_held(const struct trace_entry *entry)
{
    return entry->origin == TRACE_PROGRAM && entry->segment.nattch > 0 &&
           !segment_is_dest(&entry->segment);
}

bool trace_any_held(const struct trace *trace)
{
    for (size_t i = 0; i < trace->count; i++) {
        if (trace_entry_is_held(&trace->entries[i]))
            return true;
    }
    return false;
}

void trace_end(struct trace *trace)
{
    proc_events_close(&trace->events);
    descendants_release(&trace->descendants);
    callers_release(&trace->callers);
    free(trace->entries);
    trace->entries = NULL;
    trace->count = 0;
}
