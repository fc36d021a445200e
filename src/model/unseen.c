#include "model/unseen.h"

#include <stdlib.h>

#include "base/xalloc.h"

enum {
    INDEX_BITS = 15,
    SEQUENCES = 65535, /* 0 to 65534 (ipc/util.h, ipcid_seq_max()) */
    TURN = 64,         /* indexes (ipc_min_cycle) */
    TURN_SEGMENTS = 43,
    TURNS_AHEAD_MAX = SEQUENCES / 4, /* more than a look can miss: such an id was chosen */
};

static int index_of(int id)
{
    return id & ((1 << INDEX_BITS) - 1);
}

/* How many turns after A the id B was given. */
static int turns_between(int a, int b)
{
    return ((b >> INDEX_BITS) - (a >> INDEX_BITS) + SEQUENCES) % SEQUENCES;
}

/* Whether B was given after A. */
static bool is_ahead(int a, int b)
{
    int turns = turns_between(a, b);

    return turns == 0 ? index_of(b) > index_of(a) : turns <= TURNS_AHEAD_MAX;
}

struct id_cursor id_cursor_begin(const struct snapshot *first)
{
    struct id_cursor cursor = {.known = first->count > 0, .length = TURN};

    for (size_t i = 0; i < first->count; i++) {
        if (first->rows[i].segment.shmid > cursor.newest)
            cursor.newest = first->rows[i].segment.shmid;
    }
    return cursor;
}

bool id_cursor_find_newest(const struct id_cursor *cursor, const struct snapshot *before,
                           const struct snapshot *now, int *ret_newest)
{
    bool found = false;

    for (size_t i = 0; i < now->count; i++) {
        int id = now->rows[i].segment.shmid;

        if (idset_has(&before->ids, id) || (cursor->known && !is_ahead(cursor->newest, id)))
            continue;
        if (found && !is_ahead(*ret_newest, id))
            continue;
        *ret_newest = id;
        found = true;
    }
    return found;
}

/* --- Counting --------------------------------------------------------------------------------- */

/* The ids that were given after FROM, up to TO. */
struct window {
    int from;
    int to;
    int turns; /* from the one to the other */
};

/* How often the kernel came by an index after it gave FROM, and before it gave TO. */
static int64_t passes_of(const struct window *window, int index)
{
    int64_t first = index > index_of(window->from);
    int64_t last = index < index_of(window->to);

    if (window->turns == 0)
        return first && last;
    return index < TURN ? first + (window->turns - 1) + last : 0;
}

/* How many indexes it came by, that of TO too. */
static int64_t window_length(const struct window *window)
{
    int64_t rest = TURN - 1 - index_of(window->from); /* of the first turn */

    if (window->turns == 0)
        return index_of(window->to) - index_of(window->from);
    return (rest > 0 ? rest : 0) + (int64_t)(window->turns - 1) * TURN + index_of(window->to) + 1;
}

static bool is_in_window(const struct window *window, int id)
{
    return is_ahead(window->from, id) && !is_ahead(window->to, id);
}

/* What became of the indexes of a window. */
struct window_use {
    int64_t seen;         /* given to segments that were seen */
    int64_t taken;        /* not given: they were in use */
    int64_t doubtful;     /* not given, or given to one that is gone too */
    struct idset indexes; /* of those that were seen */
};

/* Counts an id that was given in the window, as far as that goes by this id. */
static void count_seen(struct window_use *use, const struct window *window, int id)
{
    const struct window rest = {id, window->to, turns_between(id, window->to)};

    if (!is_in_window(window, id))
        return;
    use->seen++;
    use->taken += passes_of(&rest, index_of(id));
    idset_add(&use->indexes, index_of(id));
}

/* Counts how often the index of a segment that was there before was skipped. */
static void count_taken(struct window_use *use, const struct window *window, int id, bool remains)
{
    int64_t passes = passes_of(window, index_of(id));

    if (passes == 0 || is_in_window(window, id))
        return;
    if (remains)
        use->taken += passes;
    else if (!idset_has(&use->indexes, index_of(id)))
        use->doubtful++;
}

static void use_window(struct window_use *use, const struct window *window,
                       const struct id_cursor *cursor, const struct snapshot *before,
                       const struct snapshot *now)
{
    for (size_t i = 0; i < now->count; i++)
        count_seen(use, window, now->rows[i].segment.shmid);
    for (size_t i = 0; i < before->count; i++) {
        int id = before->rows[i].segment.shmid;

        if (!idset_has(&now->ids, id))
            count_seen(use, window, id);
    }
    for (size_t i = 0; i < before->count; i++) {
        int id = before->rows[i].segment.shmid;

        count_taken(use, window, id, idset_has(&now->ids, id));
    }
    for (size_t i = 0; i < cursor->gone_count; i++)
        count_taken(use, window, cursor->gone[i], false);
}

/*
 * Whether no index can have been skipped for a segment that nobody saw: it would have been created
 * since the look before the cursor's, a whole turn before; and whether the turn was certainly of 64
 * indexes, if it ended in the window.
 */
static bool is_certain(const struct window *window, const struct id_cursor *cursor,
                       const struct snapshot *before)
{
    int64_t rest = TURN - 1 - index_of(window->from);

    if (cursor->length + window_length(window) > TURN)
        return false;
    /* So many segments at the most when the turn ended. */
    return window->turns == 0 || (int64_t)before->count + (rest > 0 ? rest : 0) <= TURN_SEGMENTS;
}

static struct window window_to(const struct id_cursor *cursor, int newest)
{
    return (struct window){cursor->newest, newest, turns_between(cursor->newest, newest)};
}

struct unseen id_cursor_count(const struct id_cursor *cursor, const struct snapshot *before,
                              const struct snapshot *now, int newest, bool cyclic)
{
    const struct window window = window_to(cursor, newest);
    struct window_use use = {.indexes = IDSET_INIT};
    struct unseen unseen = {.bound = UNSEEN_ABOUT};
    int64_t count;

    if (!cursor->known)
        return (struct unseen){.bound = UNSEEN_UNKNOWN};
    /* Longer turns end where nobody saw it. */
    if (window.turns > 0 && (!cyclic || !cursor->watched || before->count > TURN_SEGMENTS ||
                             now->count > TURN_SEGMENTS || index_of(newest) >= TURN))
        return (struct unseen){.bound = UNSEEN_UNKNOWN};
    use_window(&use, &window, cursor, before, now);
    idset_release(&use.indexes);
    count = window_length(&window) - use.seen - use.taken;
    if (!cursor->watched)
        unseen.bound = UNSEEN_AT_MOST;
    else if (is_certain(&window, cursor, before))
        unseen.bound = use.doubtful > 0 ? UNSEEN_AT_LEAST : UNSEEN_EXACT;
    if (cursor->watched)
        count -= use.doubtful;
    /* Less than none: ids were given in another way than this counts. */
    if (count < 0)
        return (struct unseen){.bound = UNSEEN_UNKNOWN};
    unseen.count = (uint64_t)count;
    return unseen;
}

void id_cursor_step(struct id_cursor *cursor, const struct snapshot *before,
                    const struct snapshot *now, const int *newest)
{
    if (newest) {
        const struct window window = window_to(cursor, *newest);

        cursor->length = cursor->known ? window_length(&window) : TURN;
        cursor->known = true;
        cursor->watched = true;
        cursor->newest = *newest;
        cursor->gone_count = 0;
    }
    for (size_t i = 0; i < before->count; i++) {
        int id = before->rows[i].segment.shmid;

        if (idset_has(&now->ids, id))
            continue;
        cursor->gone = xgrow(cursor->gone, cursor->gone_count, &cursor->gone_capacity, sizeof(int));
        cursor->gone[cursor->gone_count++] = id;
    }
}

void id_cursor_release(struct id_cursor *cursor)
{
    free(cursor->gone);
    *cursor = (struct id_cursor){.known = false};
}

const char *unseen_bound_name(enum unseen_bound bound)
{
    static const char *const names[] = {
        [UNSEEN_UNKNOWN] = NULL,      [UNSEEN_EXACT] = "exact", [UNSEEN_AT_LEAST] = "at least",
        [UNSEEN_AT_MOST] = "at most", [UNSEEN_ABOUT] = "about",
    };

    return names[bound];
}
