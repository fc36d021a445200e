/*
 * What a segment is to its users: in use, marked, left over, resting, or unknown.
 *
 * The rules are those of shmtool(1), STATES. Every doubt ends in idle or unknown, never in orphan.
 */
#ifndef SHMTOOL_MODEL_STATE_H
#define SHMTOOL_MODEL_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "model/segment.h"

enum segment_state {
    STATE_USED,    /* attached */
    STATE_DEST,    /* marked for destruction */
    STATE_ORPHAN,  /* not attached, creator and last process dead */
    STATE_IDLE,    /* not attached, one of them alive */
    STATE_UNKNOWN, /* not attached, and none of these is known */
    STATE_COUNT,
};

/* What is known of the process that has a PID now. */
enum pid_presence { PID_GONE, PID_ALIVE, PID_UNKNOWN };

struct pid_fact {
    enum pid_presence presence;
    bool has_start; /* only with PID_ALIVE */
    int64_t start;  /* epoch seconds, by the present clock */
};

/*
 * How long after the first process of its PID namespace /proc may have been mounted, in seconds, to
 * be evidence of whether the clock was set since. On large machines that takes half a minute.
 */
enum { STATE_MOUNT_DELAY_MAX = 50 };

/* The clock by which starts and segment times are compared. */
struct state_clock {
    int64_t now;
    bool has_boot;
    bool stepped; /* set forward since boot, or there is no evidence that it was not */
    int64_t boot; /* /proc/stat's btime: moves when the clock is stepped */
};

/*
 * Tells whether the process described by FACT, which has the pid cpid now, can be the segment's
 * creator: PID_ALIVE it is (as far as is known), PID_GONE it is dead or unrelated, PID_UNKNOWN
 * unknown. A process that started later than the moment at which it should have touched the segment
 * is somebody else, and one whose start is not known may be; where the clock was stepped, a late
 * start proves nothing.
 */
enum pid_presence segment_creator(const struct segment *segment, struct pid_fact fact,
                                  const struct state_clock *clock);

/*
 * The same of the last process that attached or detached; PID_GONE also when nobody ever did.
 */
enum pid_presence segment_last_user(const struct segment *segment, struct pid_fact fact,
                                    const struct state_clock *clock);

/* Returns the state of SEGMENT from what segment_creator() and segment_last_user() said. */
enum segment_state segment_state(const struct segment *segment, enum pid_presence creator,
                                 enum pid_presence last_user);

/* The state's word: "used", "dest", ... */
const char *state_name(enum segment_state state);

/*
 * Reads a comma-separated list of states into a mask of 1 << STATE_x bits, added to *mask.
 * Returns 0, or -EINVAL and sets *err, which names the wrong word.
 */
int state_parse_list(const char *list, unsigned *mask, struct error *err);

#endif
