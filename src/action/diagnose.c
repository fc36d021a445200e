#include "action/diagnose.h"

#include <stdlib.h>

#include "base/num.h"
#include "base/xalloc.h"
#include "kernel/credentials.h"

/* From here on a limit is nearly full, and a process attaches too often to mean it. */
enum { NEARLY_FULL = 90, FULL = 100, MANY_ATTACHMENTS = 10 };

static const char *const check_names[CHECK_COUNT] = {
    [CHECK_SHMMNI] = "shmmni",           [CHECK_SHMALL] = "shmall",
    [CHECK_SHMMAX] = "shmmax",           [CHECK_SMALL_SHMMAX] = "shmmax",
    [CHECK_ORPHANS] = "orphans",         [CHECK_KEYED_ORPHANS] = "orphans-with-key",
    [CHECK_STATES] = "states",           [CHECK_DEST] = "dest",
    [CHECK_ATTACHMENTS] = "attachments", [CHECK_OWNERS] = "owners",
};

const char *check_name(enum check check)
{
    return check_names[check];
}

const char *severity_name(enum severity severity)
{
    static const char *const names[] = {"info", "warning", "error"};

    return names[severity];
}

/* Adds an empty finding. It may move when the next one is added. */
static struct finding *add(struct diagnosis *diagnosis, enum check check, enum severity severity)
{
    diagnosis->items =
        xgrow(diagnosis->items, diagnosis->count, &diagnosis->capacity, sizeof(struct finding));
    diagnosis->items[diagnosis->count] = (struct finding){.check = check, .severity = severity};
    return &diagnosis->items[diagnosis->count++];
}

static void check_limit(struct diagnosis *diagnosis, enum check check, enum limit_id id)
{
    const struct survey *survey = &diagnosis->survey;
    uint64_t used;
    uint64_t percent;

    if (!limits_used(&survey->limits, &survey->usage, id, &used))
        return;
    percent = limits_percent(used, survey->limits.values[id]);
    if (percent >= NEARLY_FULL)
        add(diagnosis, check, percent >= FULL ? SEVERITY_ERROR : SEVERITY_WARNING)->percent =
            percent;
}

static void check_limits(struct diagnosis *diagnosis)
{
    const struct limits *limits = &diagnosis->survey.limits;
    uint64_t pages;

    check_limit(diagnosis, CHECK_SHMMNI, LIMIT_SHMMNI);
    check_limit(diagnosis, CHECK_SHMALL, LIMIT_SHMALL);
    /* Where shmall allows nothing at all, that it allows less than shmmax is no news. */
    if (limits_conflict(limits, &pages) && limits->values[LIMIT_SHMALL] > 0)
        add(diagnosis, CHECK_SHMMAX, SEVERITY_WARNING);
    if (limits->known[LIMIT_SHMMAX] && limits->values[LIMIT_SHMMAX] < limits->page_size)
        add(diagnosis, CHECK_SMALL_SHMMAX, SEVERITY_ERROR);
}

/* Adds a finding about the segments of which TEST is true, if there are any. */
static void check_segments(struct diagnosis *diagnosis, struct system *system, enum check check,
                           enum severity severity,
                           bool (*test)(struct system *system, const struct segment *segment))
{
    const struct segment_list *all = &diagnosis->survey.segments;
    struct segment_list found = SEGMENT_LIST_INIT;

    for (size_t i = 0; i < all->count; i++) {
        if (test(system, &all->items[i]))
            segment_list_add(&found, &all->items[i]);
    }
    if (found.count > 0)
        add(diagnosis, check, severity)->segments = found;
}

static bool is_unfindable_orphan(struct system *system, const struct segment *segment)
{
    return segment->key == 0 && pids_state(system->pids, segment) == STATE_ORPHAN;
}

static bool is_keyed_orphan(struct system *system, const struct segment *segment)
{
    return segment->key != 0 && pids_state(system->pids, segment) == STATE_ORPHAN;
}

static bool is_in_doubt(struct system *system, const struct segment *segment)
{
    return pids_state(system->pids, segment) == STATE_UNKNOWN;
}

static bool is_dest(struct system *system, const struct segment *segment)
{
    (void)system;
    return segment_is_dest(segment);
}

static bool has_unknown_owner(struct system *system, const struct segment *segment)
{
    return names_user(system->names, segment->uid) == NULL;
}

static void check_attachments(struct diagnosis *diagnosis)
{
    for (size_t i = 0; i < diagnosis->attachments.count; i++) {
        const struct attachment *attachment = &diagnosis->attachments.items[i];
        const struct segment *segment;
        struct finding *finding;

        if (attachment->maps < 2)
            continue;
        segment = segment_list_find(&diagnosis->survey.segments, attachment->shmid);
        if (!segment)
            continue;
        finding = add(diagnosis, CHECK_ATTACHMENTS,
                      attachment->maps < MANY_ATTACHMENTS ? SEVERITY_INFO : SEVERITY_WARNING);
        finding->attachment = attachment;
        segment_list_add(&finding->segments, segment);
    }
}

/* How often segments are attached by processes that could not be looked at. */
static uint64_t count_unseen(const struct diagnosis *diagnosis)
{
    const struct segment_list *list = &diagnosis->survey.segments;
    uint64_t unseen = 0;

    for (size_t i = 0; i < list->count; i++)
        unseen = saturating_add(unseen, survey_unseen(&diagnosis->attachments, &list->items[i]));
    return unseen;
}

/* What there is to look at: who looks, segments, limits, processes. */
static int read_all(struct system *system, const struct survey_sink *sink,
                    struct diagnosis *diagnosis, struct error *err)
{
    int r = 0;

    diagnosis->has_credentials = system->procfs.live;
    if (diagnosis->has_credentials)
        r = credentials_read(&system->procfs, &diagnosis->credentials, err);
    if (r == 0)
        r = survey_read(system, sink, &diagnosis->survey, err);
    if (r == 0)
        r = attach_scan(&system->procfs, &diagnosis->attachments, err);
    return r;
}

static void check_all(struct diagnosis *diagnosis, struct system *system)
{
    check_limits(diagnosis);
    check_segments(diagnosis, system, CHECK_ORPHANS, SEVERITY_WARNING, is_unfindable_orphan);
    check_segments(diagnosis, system, CHECK_KEYED_ORPHANS, SEVERITY_INFO, is_keyed_orphan);
    /* Without a /proc of its own it can tell nothing of what is its main business. */
    check_segments(diagnosis, system, CHECK_STATES,
                   pids_are_ours(system->pids) ? SEVERITY_INFO : SEVERITY_WARNING, is_in_doubt);
    check_segments(diagnosis, system, CHECK_DEST, SEVERITY_INFO, is_dest);
    check_attachments(diagnosis);
    /* A database that does not know root is none: a tree without etc/passwd. */
    if (names_user(system->names, 0))
        check_segments(diagnosis, system, CHECK_OWNERS, SEVERITY_WARNING, has_unknown_owner);
}

int diagnose(struct system *system, const struct survey_sink *sink, struct diagnosis *ret_diagnosis,
             struct error *err)
{
    struct diagnosis diagnosis = {0};
    int r = read_all(system, sink, &diagnosis, err);

    if (r < 0) {
        diagnosis_release(&diagnosis);
        return r;
    }
    diagnosis.by_pages = survey_shares(&diagnosis.survey, system, true, &diagnosis.share_count);
    diagnosis.by_segments = survey_shares(&diagnosis.survey, system, false, &diagnosis.share_count);
    diagnosis.unseen = count_unseen(&diagnosis);
    check_all(&diagnosis, system);
    *ret_diagnosis = diagnosis;
    return 0;
}

void diagnosis_release(struct diagnosis *diagnosis)
{
    for (size_t i = 0; i < diagnosis->count; i++)
        segment_list_release(&diagnosis->items[i].segments);
    free(diagnosis->items);
    free(diagnosis->by_pages);
    free(diagnosis->by_segments);
    credentials_release(&diagnosis->credentials);
    attachment_list_release(&diagnosis->attachments);
    survey_release(&diagnosis->survey);
    *diagnosis = (struct diagnosis){0};
}
