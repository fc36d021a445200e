#include "model/state.h"

#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "base/strbuf.h"
#include "base/suggest.h"

static const char *const state_names[STATE_COUNT] = {
    [STATE_USED] = "used", [STATE_DEST] = "dest",       [STATE_ORPHAN] = "orphan",
    [STATE_IDLE] = "idle", [STATE_UNKNOWN] = "unknown",
};

/*
 * Starts are known to a clock tick, segment times to a second, and a step of the clock forward
 * leaves no trace where it is not longer than what passed until /proc was mounted, a second more
 * (STATE_MOUNT_DELAY_MAX): a process counts as later only when it is later by more than this.
 */
enum { START_MARGIN_SECONDS = STATE_MOUNT_DELAY_MAX + 10 };

/* How exactly times can be compared with boot and now, which are of the same clock. */
enum { CLOCK_MARGIN_SECONDS = 5 };

/* A segment lives between this boot and now: times outside are those of a clock that was stepped.
 */
static bool clock_was_stepped(const struct segment *segment, const struct state_clock *clock)
{
    const int64_t times[] = {segment->atime, segment->dtime, segment->ctime};

    if (!clock->has_boot || clock->stepped)
        return true;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        if (times[i] != 0 && (times[i] > clock->now + CLOCK_MARGIN_SECONDS ||
                              times[i] + CLOCK_MARGIN_SECONDS < clock->boot))
            return true;
    }
    return false;
}

/* Whether the process of FACT can be the one that touched SEGMENT at the time TOUCHED. */
static enum pid_presence match_process(const struct segment *segment, struct pid_fact fact,
                                       int64_t touched, const struct state_clock *clock)
{
    if (fact.presence != PID_ALIVE)
        return fact.presence;
    if (!fact.has_start)
        return PID_UNKNOWN;
    if (fact.start <= touched + START_MARGIN_SECONDS)
        return PID_ALIVE;
    return clock_was_stepped(segment, clock) ? PID_UNKNOWN : PID_GONE;
}

enum pid_presence segment_creator(const struct segment *segment, struct pid_fact fact,
                                  const struct state_clock *clock)
{
    if (segment->cpid == 0)
        return PID_UNKNOWN;
    /* ctime may be later than the creation, never earlier. */
    return match_process(segment, fact, segment->ctime, clock);
}

enum pid_presence segment_last_user(const struct segment *segment, struct pid_fact fact,
                                    const struct state_clock *clock)
{
    int64_t touched = segment->atime > segment->dtime ? segment->atime : segment->dtime;

    if (segment->lpid == 0) /* nobody ever, or somebody in another PID namespace */
        return touched == 0 ? PID_GONE : PID_UNKNOWN;
    if (touched == 0 && fact.presence == PID_ALIVE) /* no kernel lists that */
        return PID_UNKNOWN;
    return match_process(segment, fact, touched, clock);
}

enum segment_state segment_state(const struct segment *segment, enum pid_presence creator,
                                 enum pid_presence last_user)
{
    /* The kernel keeps no marked segment that is not attached; if one shows, it is on its way out.
     */
    if (segment_is_dest(segment))
        return STATE_DEST;
    if (segment->nattch > 0)
        return STATE_USED;
    if (creator == PID_ALIVE || last_user == PID_ALIVE)
        return STATE_IDLE;
    if (creator == PID_UNKNOWN || last_user == PID_UNKNOWN)
        return STATE_UNKNOWN;
    return STATE_ORPHAN;
}

const char *state_name(enum segment_state state)
{
    return state_names[state];
}

static int refuse_state(const char *word, size_t length, struct error *err)
{
    CLEANUP_STRBUF struct strbuf hint = STRBUF_INIT;
    struct suggestion suggestion = suggest_begin(word, length);

    for (int state = 0; state < STATE_COUNT; state++)
        suggest_try(&suggestion, state_names[state]);
    suggest_put(&hint, &suggestion, "");
    return error_set(err, EINVAL, "'%.*s': not a state (used, dest, orphan, idle, unknown)%s",
                     (int)length, word, strbuf_string(&hint));
}

int state_parse_list(const char *list, unsigned *mask, struct error *err)
{
    unsigned found = 0;

    for (const char *word = list;; word++) {
        size_t length = strcspn(word, ",");
        unsigned state = parse_name(word, length, state_names, STATE_COUNT);

        if (state == STATE_COUNT)
            return refuse_state(word, length, err);
        found |= 1U << state;
        word += length;
        if (*word == '\0')
            break;
    }
    *mask |= found;
    return 0;
}
