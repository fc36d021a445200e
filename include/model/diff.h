/*
 * What happened to segments between two looks at all of them: two lists in, events out.
 */
#ifndef SHMTOOL_MODEL_DIFF_H
#define SHMTOOL_MODEL_DIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "model/idset.h"
#include "model/segment_info.h"

/* What one look showed: every segment, with its state if that was looked up. */
struct snapshot {
    struct segment_info *rows; /* owned; each id once, in kernel order */
    size_t count;
    size_t capacity;
    struct idset ids;              /* of all rows */
    struct idset selected;         /* of those that the selection matches */
    struct unknown_counts unknown; /* those that it may match as well */
};

/* Appends a copy of INFO, whose id must not be there yet. */
void snapshot_add(struct snapshot *snapshot, const struct segment_info *info, bool selected);

/*
 * Returns the row of this id, or NULL.
 *
 * hint: where to look first, then where to look next: ids that are asked for in the order of the
 *       rows are found at once. 0 to begin with.
 */
const struct segment_info *snapshot_find(const struct snapshot *snapshot, int shmid, size_t *hint);

/* Tells whether a segment of BEFORE is there in NOW: that very one, not only its id. */
bool snapshot_continues(const struct snapshot *before, const struct snapshot *now);

/* Releases its memory and leaves it empty. */
void snapshot_release(struct snapshot *snapshot);

#define CLEANUP_SNAPSHOT __attribute__((cleanup(snapshot_release)))

enum event_type {
    EVENT_INITIAL, /* was there at the first look */
    EVENT_CREATED,
    EVENT_MARKED,   /* for destruction */
    EVENT_ATTACHED, /* nattch rose */
    EVENT_DETACHED, /* nattch fell */
    EVENT_CHANGED,  /* owner, group, permissions, or whether it is locked */
    EVENT_TOUCHED,  /* nattch is as before, but a time or lpid moved; no other event says so */
    EVENT_ORPHANED, /* its state became orphan */
    EVENT_REMOVED,
};

struct event {
    enum event_type type;
    const struct segment_info *before; /* NULL: initial, created, and orphaned just after that */
    const struct segment_info *now;    /* NULL: removed */
};

struct event_list {
    struct event *items; /* owned; what they point at is the snapshots' */
    size_t count;
    size_t capacity;
};

/* The event's word: "created", "attached", ... */
const char *event_name(enum event_type type);

/* Returns the row that the event is about: as it is, or of a removed segment as it was. */
const struct segment_info *event_segment(const struct event *event);

/*
 * Appends what happened from BEFORE to NOW, of segments that were selected before or are so now.
 * An id that another segment has by now gives two events: removed and created. First comes what
 * happened to the segments of BEFORE, in their order, then what was created.
 */
void diff_snapshots(const struct snapshot *before, const struct snapshot *now,
                    struct event_list *events);

/* Appends an event "initial" for each segment that is selected. */
void diff_initial(const struct snapshot *first, struct event_list *events);

/* Releases the list's memory and leaves it empty. */
void event_list_release(struct event_list *events);

#define CLEANUP_EVENT_LIST __attribute__((cleanup(event_list_release)))

#endif
