/*
 * wait: ends as soon as something is so of segments.
 *
 * Signals end it as they end any program: nothing is left to do then, and a script must not go on.
 */
#include <errno.h>
#include <string.h>

#include "action/look.h"
#include "base/clock.h"
#include "base/parse.h"
#include "base/xalloc.h"
#include "command/incomplete.h"
#include "command/options.h"
#include "command/protect.h"
#include "command/selecting.h"
#include "view/describe.h"

/* What is waited for. */
enum wait_until { UNTIL_GONE, UNTIL_PRESENT, UNTIL_UNATTACHED, UNTIL_ATTACHED, UNTIL_ORPHAN };

static const char *const until_names[] = {
    [UNTIL_GONE] = "gone",         [UNTIL_PRESENT] = "present", [UNTIL_UNATTACHED] = "unattached",
    [UNTIL_ATTACHED] = "attached", [UNTIL_ORPHAN] = "orphan",
};

enum { UNTIL_COUNT = UNTIL_ORPHAN + 1 };

struct until {
    bool given;
    enum wait_until what;
};

/* A command line of wait, and what the last look showed. */
struct wait {
    struct selection selection;
    struct until until;
    struct option_number timeout;

    struct snapshot last;
    bool incomplete; /* a line of the listing was not understood */
};

static int take_until(const struct option_use *use, struct error *err)
{
    struct until *until = use->place;
    unsigned what = parse_name(use->word, strlen(use->word), until_names, UNTIL_COUNT);

    if (what == UNTIL_COUNT)
        return error_set(err, EINVAL,
                         "'%s': neither gone nor present, unattached, attached or orphan",
                         use->word);
    *until = (struct until){true, (enum wait_until)what};
    return 0;
}

/* Takes an id; `wait gone 5` is answered with the option that is missing. */
static int take_wait_operand(const struct option_use *use, struct error *err)
{
    if (parse_name(use->word, strlen(use->word), until_names, UNTIL_COUNT) < UNTIL_COUNT)
        return error_set(err, EINVAL, "'%s': not an id; did you mean '--until %s'?", use->word,
                         use->word);
    return option_id(use, err);
}

static const struct option_spec wait_options[] = {
    {0, "until", "WHAT", "gone, present, unattached, attached or orphan",
     offsetof(struct wait, until), take_until},
    {0, "timeout", "T", "give up after T (500ms, 10, 10s, 2m): exit 1",
     offsetof(struct wait, timeout), option_duration},
};

static const struct option_group wait_group = {"Waiting", OPTIONS(wait_options)};

static int check_wait(struct context *context, void *args, struct error *err)
{
    const struct wait *wait = args;

    (void)context;
    if (!wait->until.given)
        return error_set(err, EINVAL,
                         "--until: is missing: gone, present, unattached, attached or orphan");
    return 0;
}

/* --- Is it so? -------------------------------------------------------------------------------- */

/* Whether it is so of a segment that exists. */
static bool holds_for(enum wait_until what, const struct segment_info *info)
{
    switch (what) {
    case UNTIL_GONE:
        return false;
    case UNTIL_PRESENT:
        return true;
    case UNTIL_UNATTACHED:
        return info->segment.nattch == 0;
    case UNTIL_ATTACHED:
        return info->segment.nattch > 0;
    case UNTIL_ORPHAN:
        return info->state == STATE_ORPHAN;
    }
    return false;
}

static bool is_selected(const struct wait *wait, const struct segment_info *info)
{
    return idset_has(&wait->last.selected, info->segment.shmid);
}

/* Whether it is so of some selected segment whose key is in RANGE. */
static bool holds_for_key(const struct wait *wait, struct range range)
{
    for (size_t i = 0; i < wait->last.count; i++) {
        const struct segment_info *info = &wait->last.rows[i];

        if (info->segment.key >= range.low && info->segment.key <= range.high &&
            is_selected(wait, info) && holds_for(wait->until.what, info))
            return true;
    }
    return false;
}

static bool holds_for_id(const struct wait *wait, int shmid, size_t *hint)
{
    const struct segment_info *info = snapshot_find(&wait->last, shmid, hint);

    return info && is_selected(wait, info) && holds_for(wait->until.what, info);
}

/* Whether nothing that is selected stands against it: what is gone does not. */
static bool holds_for_all(const struct wait *wait)
{
    for (size_t i = 0; i < wait->last.count; i++) {
        const struct segment_info *info = &wait->last.rows[i];

        if (is_selected(wait, info) && !holds_for(wait->until.what, info))
            return false;
    }
    return true;
}

/* Whether it is so of what is gone, too. */
static bool holds_when_gone(enum wait_until what)
{
    return what == UNTIL_GONE || what == UNTIL_UNATTACHED;
}

/* Whether an id or a key is named; key 0 is a selection, as a range is, which stands elsewhere. */
static bool names_any(const struct selection *selection)
{
    const struct filter_values *keys = &selection->filter.keys;
    bool named = selection->by_id;

    for (size_t i = 0; !named && i < keys->count; i++)
        named = keys->items[i].low != 0;
    return named;
}

/* Whether it is so: of each id and key that was named, or of one of a selection. */
static bool is_so(const struct wait *wait)
{
    const struct selection *selection = &wait->selection;
    const struct filter_values *keys = &selection->filter.keys;
    size_t hint = 0;

    if (holds_when_gone(wait->until.what))
        return holds_for_all(wait);
    if (!names_any(selection))
        return holds_for_key(wait, (struct range){0, UINT32_MAX});
    for (size_t i = 0; i < selection->id_count; i++) {
        if (!holds_for_id(wait, selection->ids[i].shmid, &hint))
            return false;
    }
    for (size_t i = 0; !selection->by_id && i < keys->count; i++) {
        if (keys->items[i].low != 0 && !holds_for_key(wait, keys->items[i]))
            return false;
    }
    return true;
}

/* --- What still stands ------------------------------------------------------------------------ */

/* Lines that name what still stands; the rest is counted. */
enum { NAMED_MAX = 20 };

static void count_or_warn(struct context *context, size_t *named, const struct strbuf *text)
{
    if ((*named)++ < NAMED_MAX)
        context_warn_text(context, text);
}

/* Says why it is not so of a segment: "5: attached, nattch 2". INFO: NULL: it does not exist. */
static void warn_of_segment(struct context *context, const struct wait *wait, int shmid,
                            const struct segment_info *info, size_t *named)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    strbuf_printf(&text, "%d: ", shmid);
    if (!info) {
        strbuf_puts(&text, "no such segment");
    } else if (!is_selected(wait, info)) {
        strbuf_puts(&text, "does not match the other options");
    } else if (wait->until.what == UNTIL_ORPHAN) {
        strbuf_printf(&text, "%s, not an orphan", state_name(info->state));
        if (info->state == STATE_UNKNOWN) {
            strbuf_puts(&text, ": ");
            describe_doubt(&text, info);
        }
    } else if (wait->until.what == UNTIL_ATTACHED) {
        strbuf_puts(&text, "not attached");
    } else {
        strbuf_printf(&text, "still %s, nattch %llu",
                      wait->until.what == UNTIL_GONE ? "there" : "attached",
                      (unsigned long long)info->segment.nattch);
    }
    count_or_warn(context, named, &text);
}

static void warn_of_key(struct context *context, const struct wait *wait, struct range range,
                        size_t *named)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    size_t before = *named;

    for (size_t i = 0; i < wait->last.count; i++) {
        const struct segment_info *info = &wait->last.rows[i];

        if (info->segment.key >= range.low && info->segment.key <= range.high)
            warn_of_segment(context, wait, info->segment.shmid, info, named);
    }
    if (*named > before)
        return;
    strbuf_puts(&text, "--key: ");
    strbuf_put_key(&text, (uint32_t)range.low);
    strbuf_puts(&text, ": no segment has this key");
    count_or_warn(context, named, &text);
}

static void warn_of_named(struct context *context, const struct wait *wait, size_t *named)
{
    const struct selection *selection = &wait->selection;
    const struct filter_values *keys = &selection->filter.keys;
    size_t hint = 0;
    size_t again = 0;

    for (size_t i = 0; i < selection->id_count; i++) {
        int shmid = selection->ids[i].shmid;

        if (!holds_for_id(wait, shmid, &hint))
            warn_of_segment(context, wait, shmid, snapshot_find(&wait->last, shmid, &again), named);
    }
    for (size_t i = 0; !selection->by_id && i < keys->count; i++) {
        if (keys->items[i].low != 0 && !holds_for_key(wait, keys->items[i]))
            warn_of_key(context, wait, keys->items[i], named);
    }
}

static void warn_of_all(struct context *context, const struct wait *wait, size_t *named)
{
    for (size_t i = 0; i < wait->last.count; i++) {
        const struct segment_info *info = &wait->last.rows[i];

        if (is_selected(wait, info) && !holds_for(wait->until.what, info))
            warn_of_segment(context, wait, info->segment.shmid, info, named);
    }
}

/* Names what stands against it, and returns the exit status. */
static int give_up(struct context *context, const struct wait *wait)
{
    size_t named = 0;

    if (holds_when_gone(wait->until.what))
        warn_of_all(context, wait, &named);
    else if (names_any(&wait->selection))
        warn_of_named(context, wait, &named);
    else
        context_warn(context, "no segment that is selected is %s%s",
                     wait->until.what == UNTIL_ORPHAN ? "an " : "", until_names[wait->until.what]);
    if (named > NAMED_MAX)
        context_warn(context, "and %zu more", named - NAMED_MAX);
    context_warn(context, "timed out after %g s", (double)wait->timeout.value / 1000);
    return STATUS_FAILED;
}

/* --- Waiting ---------------------------------------------------------------------------------- */

/* Returns 0 or an exit status. */
static int look_once(struct context *context, struct wait *wait)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_COMPLAINT_LIST struct complaint_list unparsed = COMPLAINT_LIST_INIT;
    struct snapshot now;

    if (look_at_segments(&context->system, &wait->selection,
                         wait->until.what == UNTIL_ORPHAN ? NEED_STATE : 0, &wait->last, &now,
                         &unparsed, &err) < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    snapshot_release(&wait->last);
    wait->last = now;
    if (!wait->incomplete)
        wait->incomplete = context_warn_unparsed(context, &unparsed);
    return STATUS_DONE;
}

/*
 * It is so. But what stands in a line that was not understood is not known to be gone, nor what has
 * a state, unit, program or protection that is not known.
 */
static int answer(struct context *context, const struct wait *wait)
{
    /* Its lines protect, and its labels name programs. */
    bool by_conf = filter_needs(&wait->selection.filter) & (NEED_PROTECTION | NEED_PROGRAM);
    const struct unknown_counts *unknown = &wait->last.unknown;
    bool known = !by_conf || protection_is_complete(context->system.protection);

    if (wait->incomplete)
        return STATUS_FAILED;
    if (!holds_when_gone(wait->until.what))
        return STATUS_DONE;
    incomplete_warn_unknown(context, unknown);
    return known && !unknown_any(unknown) ? STATUS_DONE : STATUS_FAILED;
}

static int run_wait(struct context *context, void *args)
{
    const int64_t interval = 20 * (int64_t)NSEC_PER_MSEC;
    struct wait *wait = args;
    struct pace pace = {.interval = interval};
    int64_t end = INT64_MAX;
    int status = protect_read(context, &wait->selection, 0);

    if (status != STATUS_DONE)
        return status;
    xalloc_keep();
    if (wait->timeout.given)
        end = clock_monotonic() + (int64_t)(wait->timeout.value * NSEC_PER_MSEC);
    for (;;) {
        int64_t next;

        pace_begin_look(&pace);
        status = look_once(context, wait);
        pace_end_look(&pace);
        if (status != STATUS_DONE)
            return status;
        if (is_so(wait))
            return answer(context, wait);
        if (clock_monotonic() >= end)
            return give_up(context, wait);
        next = pace_next_look(&pace);
        clock_wait_until(next < end ? next : end);
    }
}

static void release_wait(void *args)
{
    struct wait *wait = args;

    snapshot_release(&wait->last);
    selection_release(&wait->selection);
}

const struct command command_wait = {
    .name = "wait",
    .synopsis = {"--until WHAT [OPTION]... [ID]..."},
    .summary = "wait until something is so of segments",
    .details = "Each id and key that is named counts; of other selections, one that is present,\n"
               "attached or an orphan is enough. Without any, all segments are meant.",
    .flags = COMMAND_WAITS,
    .groups = {{&wait_group, 0}, {&selection_group, offsetof(struct wait, selection)}},
    .operand = {offsetof(struct wait, selection), take_wait_operand},
    .examples = {{"wait 1867776 --until gone --timeout 30s", "until it is removed, or exit 1"},
                 {"wait --key 0x00143511 --until attached", "until a program has attached it"}},
    .size = sizeof(struct wait),
    .check = check_wait,
    .run = run_wait,
    .release = release_wait,
};
