/*
 * Two looks: their events, replayed on the first, give the second; nothing happens between a look
 * and itself; and what came and went unseen is counted without a trap.
 *
 * Eight bytes of an input are a segment: which look it is in, its id, and what is particular about
 * it. An id that a look has already is left out.
 */
#include <stdbool.h>

#include "fuzz.h"
#include "model/diff.h"
#include "model/unseen.h"

enum { RECORD = 8 };

static struct segment_info make_row(const uint8_t *data)
{
    struct segment_info info = {.segment = {.mode = 0600}};
    struct segment *segment = &info.segment;

    segment->shmid = ((data[1] & 0x7f) << 15) + data[2] % 80;
    segment->cpid = 1 + data[3] % 3;
    segment->uid = data[3] >> 6;
    segment->mode |= data[4] & (SEGMENT_DEST >> 3 | 077);
    segment->mode |= data[4] & 0x80 ? SEGMENT_DEST : 0;
    segment->key = segment_is_dest(segment) ? 0 : data[5] % 3;
    segment->nattch = data[6] % 4;
    segment->lpid = data[6] >> 6;
    segment->atime = data[7] % 4;
    segment->ctime = data[7] >> 6;
    info.state = (enum segment_state)(data[7] >> 2) % STATE_COUNT;
    return info;
}

static void put_row(struct snapshot *snapshot, const uint8_t *data, bool all)
{
    const struct segment_info info = make_row(data);

    if (!idset_has(&snapshot->ids, info.segment.shmid))
        snapshot_add(snapshot, &info, all || data[0] & 4);
}

static bool same_row(const struct segment_info *a, const struct segment_info *b)
{
    return memcmp(&a->segment, &b->segment, sizeof(a->segment)) == 0;
}

/* Each row of BEFORE, with what happened to it, is a row of NOW. */
static void check_replay(const struct snapshot *before, const struct snapshot *now,
                         const struct event_list *events)
{
    struct snapshot replayed = {.count = 0};
    size_t hint = 0;

    for (size_t i = 0; i < before->count; i++) {
        const struct segment_info *row = &before->rows[i];

        for (size_t k = 0; row && k < events->count; k++) {
            if (events->items[k].before == &before->rows[i])
                row = events->items[k].now;
        }
        if (row)
            snapshot_add(&replayed, row, true);
    }
    for (size_t i = 0; i < events->count; i++) {
        if (events->items[i].type == EVENT_CREATED)
            snapshot_add(&replayed, events->items[i].now, true);
    }
    CHECK(replayed.count == now->count && replayed.ids.count == now->count);
    for (size_t i = 0; i < replayed.count; i++) {
        const struct segment_info *row = snapshot_find(now, replayed.rows[i].segment.shmid, &hint);

        CHECK(row && same_row(row, &replayed.rows[i]));
    }
    snapshot_release(&replayed);
}

/* Each event is what its two rows say. */
static void check_event(const struct event *event)
{
    const struct segment *a = event->before ? &event->before->segment : NULL;
    const struct segment *b = event->now ? &event->now->segment : NULL;

    CHECK(event_segment(event) && event_name(event->type));
    CHECK((event->type == EVENT_REMOVED) == !b);
    CHECK((event->type == EVENT_CREATED || (event->type == EVENT_ORPHANED && !a)) == !a);
    CHECK(!a || !b || (a->shmid == b->shmid && a->cpid == b->cpid));
    CHECK(event->type != EVENT_ATTACHED || b->nattch > a->nattch);
    CHECK(event->type != EVENT_DETACHED || b->nattch < a->nattch);
    CHECK(event->type != EVENT_TOUCHED || b->nattch == a->nattch);
    CHECK(event->type != EVENT_MARKED || (segment_is_dest(b) && !segment_is_dest(a)));
    CHECK(event->type != EVENT_ORPHANED || event->now->state == STATE_ORPHAN);
}

/* What of a selection is said is said in the same order without one, among others. */
static void check_selected(const struct snapshot *before, const struct snapshot *now,
                           const struct event_list *all)
{
    struct event_list events = {.count = 0};
    size_t at = 0;

    diff_snapshots(before, now, &events);
    for (size_t i = 0; i < events.count; i++) {
        while (at < all->count && (all->items[at].type != events.items[i].type ||
                                   event_segment(&all->items[at])->segment.shmid !=
                                       event_segment(&events.items[i])->segment.shmid))
            at++;
        CHECK(at++ < all->count);
    }
    event_list_release(&events);
}

static void check_unseen(const struct snapshot *before, const struct snapshot *now)
{
    struct id_cursor cursor = id_cursor_begin(before);
    int newest = -1;

    for (int i = 0; i < 2; i++) {
        bool found = id_cursor_find_newest(&cursor, before, now, &newest);

        CHECK(!found || idset_has(&now->ids, newest));
        if (found) {
            struct unseen unseen = id_cursor_count(&cursor, before, now, newest, true);

            CHECK(unseen.bound != UNSEEN_UNKNOWN || unseen.count == 0);
            CHECK(unseen.count <= 64 * 65535);
        }
        id_cursor_step(&cursor, before, now, found ? &newest : NULL);
    }
    id_cursor_release(&cursor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct snapshot looks[2] = {{.count = 0}, {.count = 0}};
    struct snapshot selected[2] = {{.count = 0}, {.count = 0}};
    struct event_list events = {.count = 0};

    for (size_t at = 0; at + RECORD <= size; at += RECORD) {
        for (int i = 0; i < 2; i++) {
            if (!(data[at] & 1 << i))
                continue;
            put_row(&looks[i], data + at, true);
            put_row(&selected[i], data + at, false);
        }
    }
    diff_snapshots(&looks[0], &looks[0], &events);
    CHECK(events.count == 0);
    diff_snapshots(&looks[0], &looks[1], &events);
    for (size_t i = 0; i < events.count; i++)
        check_event(&events.items[i]);
    check_replay(&looks[0], &looks[1], &events);
    check_selected(&selected[0], &selected[1], &events);
    check_unseen(&looks[0], &looks[1]);
    event_list_release(&events);
    for (int i = 0; i < 2; i++) {
        snapshot_release(&looks[i]);
        snapshot_release(&selected[i]);
    }
    return 0;
}
