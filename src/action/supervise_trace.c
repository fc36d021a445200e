#include "action/supervise_trace.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "kernel/source.h"
#include "kernel/ticks.h"

/*
 * The 400th part of the time may be spent on this, at the most: so many times what was used since
 * the last reading passes until the next.
 */
static const uint64_t budget = 400;

/* How long to wait between two readings, in ns. */
static const uint64_t listening_pause = TICKS_SECOND;
static const uint64_t looking_pause = 10 * TICKS_MILLISECOND;
static const uint64_t longest_pause = 10 * TICKS_SECOND;

/*
 * Births come in bursts: after a wake-up they are let gather for such a time, in ns, and so many
 * are taken in at one go. A socket of an ordinary user keeps 400 at the least.
 */
static const uint64_t shortest_gather = 5 * TICKS_MILLISECOND;
static const uint64_t longest_gather = 40 * TICKS_MILLISECOND;
enum { MOST_GATHERED = 100 };

/* So many births and deaths ask for a reading at once, so that a number seldom comes twice. */
enum { HEAVY = 2048 };

/* How often the pause is doubled while nobody is born: looking, 40 ms pass between two readings. */
enum { MOST_QUIET = 2 };

/* --- The table -------------------------------------------------------------------------------- */

/* A reading of the table. */
struct reading {
    struct trace_entry *entries;
    size_t count;
    size_t capacity;
};

static void take_segment(struct reading *reading, const struct segment *segment)
{
    reading->entries =
        xgrow(reading->entries, reading->count, &reading->capacity, sizeof(*reading->entries));
    reading->entries[reading->count++] = (struct trace_entry){.segment = *segment};
}

static int by_shmid(const void *a, const void *b)
{
    const struct trace_entry *left = a;
    const struct trace_entry *right = b;

    return (left->segment.shmid > right->segment.shmid) -
           (left->segment.shmid < right->segment.shmid);
}

/*
 * Whether the same shmget() made both. Owner, permissions and ctime may be changed; a segment that
 * is marked for destruction has lost its key.
 */
static bool same_making(const struct segment *old, const struct segment *now)
{
    return old->shmid == now->shmid && old->cpid == now->cpid && old->cuid == now->cuid &&
           old->cgid == now->cgid && old->size == now->size &&
           (old->key == now->key || segment_is_dest(now));
}

static const struct trace_entry *find(const struct trace *trace, const struct segment *segment)
{
    const struct trace_entry wanted = {.segment = *segment};
    const struct trace_entry *entry = NULL;

    if (trace->count > 0)
        entry = bsearch(&wanted, trace->entries, trace->count, sizeof(wanted), by_shmid);
    return entry && same_making(&entry->segment, segment) ? entry : NULL;
}

/* --- Births ----------------------------------------------------------------------------------- */

static void note_birth(void *arg, pid_t parent, pid_t child)
{
    struct trace *trace = arg;

    kinship_born(&trace->kinship, parent, child);
}

static void note_end(void *arg, const struct kinship_end *end)
{
    struct trace *trace = arg;

    kinship_ended(&trace->kinship, end);
}

static void note_descendant(void *arg, pid_t pid)
{
    struct trace *trace = arg;

    kinship_adopt(&trace->kinship, pid);
}

static void adopt_founders(struct trace *trace)
{
    kinship_adopt(&trace->kinship, getpid());
    kinship_adopt(&trace->kinship, trace->program);
}

/* Births were missed: who is there now is found by looking, who was there in between is not. */
static void lose(struct trace *trace)
{
    kinship_lose(&trace->kinship);
    adopt_founders(trace);
}

/* More events than we like: the next are let gather for a shorter time; else for a longer one. */
static void pace(struct trace *trace, size_t events)
{
    uint64_t gather = events > MOST_GATHERED ? trace->gather / 2 : trace->gather * 3 / 2;

    if (gather < shortest_gather)
        gather = shortest_gather;
    trace->gather = gather < longest_gather ? gather : longest_gather;
    trace->listened_at = ticks_since_boot();
}

static void listen_to_births(struct trace *trace)
{
    const struct forks_sink sink = {note_birth, note_end, trace};
    size_t before = kinship_weight(&trace->kinship);
    int r;

    if (trace->forks.fd < 0)
        return;
    r = forks_read(&trace->forks, &sink);
    pace(trace, r < 0 ? SIZE_MAX : kinship_weight(&trace->kinship) - before);
    if (r < 0)
        lose(trace);
    if (r == -ENOTCONN)
        forks_close(&trace->forks); /* for good: looking must do */
}

/* Finds the family again after births were missed. */
static void find_family(struct trace *trace)
{
    if (!trace->kinship.lost || trace->forks.fd < 0 || !trace->can_look)
        return;
    /* Whoever is born from here on is told of. */
    kinship_found(&trace->kinship);
    if (bearer_family(&trace->system->procfs, getpid(), note_descendant, trace) < 0)
        lose(trace);
}

/* Listens, if the kernel lets us. The child is there already. */
static void begin_listening(struct trace *trace)
{
    if (forks_open(&trace->forks) < 0)
        return;
    adopt_founders(trace);
}

/* --- Whose is it ------------------------------------------------------------------------------ */

/* Who bore NUMBER between the last reading and this one, which began at NOW. */
static enum kin ask(const struct trace *trace, pid_t number)
{
    enum kin kin = KIN_UNSURE;

    if (trace->alone || number == trace->program)
        return KIN_FAMILY;
    if (number <= 0)
        return KIN_STRANGER; /* in a PID namespace that no descendant of ours can be in */
    if (trace->forks.fd >= 0)
        kin = kinship_ask(&trace->kinship, number);
    if (kin == KIN_UNSURE && trace->can_look)
        kin = bearer_ask(&trace->system->procfs, &trace->mark, number, getpid());
    return kin;
}

static enum trace_origin judge(const struct trace *trace, const struct segment *segment)
{
    static const enum trace_origin origins[] = {
        [KIN_UNSURE] = TRACE_UNSURE,
        [KIN_STRANGER] = TRACE_STRANGER,
        [KIN_FAMILY] = TRACE_FAMILY,
    };
    const struct trace_entry *known = find(trace, segment);

    return known ? known->origin : origins[ask(trace, segment->cpid)];
}

/* Makes a moment of which it will be asked who was there. */
static void make_mark(const struct trace *trace, struct bearer_mark *mark)
{
    *mark = trace->mark;
    if (trace->forks.fd >= 0 || trace->alone || !trace->can_look)
        bearer_mark_moment(mark);
    else
        bearer_mark(&trace->system->procfs, mark);
}

/* Whether nothing was there to be found, so that the next reading may be later. */
static bool was_quiet(const struct trace *trace, const struct bearer_mark *mark, size_t count)
{
    return mark->newest == trace->newest && count == trace->count;
}

static void keep(struct trace *trace, struct reading *reading, const struct bearer_mark *mark)
{
    if (was_quiet(trace, mark, reading->count))
        trace->quiet += trace->quiet < MOST_QUIET;
    else
        trace->quiet = 0;
    trace->newest = mark->newest;
    trace->mark = *mark;
    free(trace->entries);
    trace->entries = reading->entries;
    trace->count = reading->count;
}

/* Reads the table; FIRST: all that is in it was there before. */
static int read_table(struct trace *trace, bool first, struct error *err)
{
    struct reading reading = {NULL, 0, 0};
    CLEANUP_SEGMENT_LIST struct segment_list segments = SEGMENT_LIST_INIT;
    struct bearer_mark mark;
    uint64_t used;
    int r;

    listen_to_births(trace);
    find_family(trace);
    kinship_mark(&trace->kinship);
    make_mark(trace, &mark);
    /* What cannot be understood cannot be removed either. */
    r = source_read(&trace->system->procfs, true, &segments, NULL, err);
    listen_to_births(trace);
    if (r < 0)
        return r;
    for (size_t i = 0; i < segments.count; i++)
        take_segment(&reading, &segments.items[i]);
    for (size_t i = 0; i < reading.count; i++)
        reading.entries[i].origin =
            first ? TRACE_BEFORE : judge(trace, &reading.entries[i].segment);
    if (reading.count > 0)
        qsort(reading.entries, reading.count, sizeof(*reading.entries), by_shmid);
    keep(trace, &reading, &mark);
    kinship_advance(&trace->kinship);
    trace->read_at = ticks_since_boot();
    used = ticks_used();
    trace->cost = used - trace->read_used;
    trace->read_used = used;
    return 0;
}

int trace_begin(struct trace *trace, struct system *system, pid_t program, bool alone,
                struct error *err)
{
    *trace = (struct trace){
        .system = system,
        .program = program,
        .alone = alone,
        .can_look = bearer_can_look(&system->procfs),
        .forks = FORKS_INIT,
        .kinship = KINSHIP_INIT,
        .read_used = ticks_used(),
        .gather = shortest_gather,
    };
    if (!alone)
        begin_listening(trace);
    return read_table(trace, true, err);
}

int trace_read(struct trace *trace, struct error *err)
{
    return read_table(trace, false, err);
}

/* --- When ------------------------------------------------------------------------------------- */

bool trace_wants_orphans(const struct trace *trace)
{
    return trace->forks.fd < 0 && !trace->alone && trace->can_look;
}

/* How long to wait between two readings, in ns; 0: for ever. */
static uint64_t pause_between(const struct trace *trace)
{
    uint64_t pause = looking_pause << trace->quiet;

    if (trace->alone || (trace->forks.fd < 0 && !trace->can_look))
        return 0;
    if (trace->forks.fd >= 0) {
        if (kinship_weight(&trace->kinship) == 0 && !trace->kinship.lost)
            return 0;
        pause = kinship_weight(&trace->kinship) < HEAVY ? listening_pause : 0;
    }
    if (pause < budget * trace->cost)
        pause = budget * trace->cost;
    return pause < longest_pause ? pause : longest_pause;
}

/* When the table has to be read, since boot in ns; UINT64_MAX: nothing asks for it. */
static uint64_t reading_due(const struct trace *trace)
{
    uint64_t pause = pause_between(trace);

    return pause > 0 ? trace->read_at + pause : UINT64_MAX;
}

void trace_next(const struct trace *trace, int *ret_fd, int *ret_milliseconds)
{
    uint64_t now = ticks_since_boot();
    uint64_t due = reading_due(trace);
    uint64_t gathered = trace->listened_at + trace->gather;
    bool gathers = trace->forks.fd >= 0 && now < gathered;

    *ret_fd = gathers ? -1 : trace->forks.fd;
    if (gathers && gathered < due)
        due = gathered;
    if (due == UINT64_MAX)
        *ret_milliseconds = -1;
    else
        *ret_milliseconds = due <= now ? 0 : (int)((due - now) / TICKS_MILLISECOND) + 1;
}

bool trace_step(struct trace *trace)
{
    uint64_t now = ticks_since_boot();

    if (now >= reading_due(trace))
        return read_table(trace, false, NULL) == 0;
    if (trace->forks.fd >= 0 && now >= trace->listened_at + trace->gather)
        listen_to_births(trace);
    return false;
}

void trace_end(struct trace *trace)
{
    forks_close(&trace->forks);
    kinship_release(&trace->kinship);
    free(trace->entries);
    trace->entries = NULL;
    trace->count = 0;
}
