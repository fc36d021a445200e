#include "action/diagnose.h"

#include <stdlib.h>

#include "base/num.h"
#include "base/xalloc.h"

/* From here on a limit is nearly full, and a process attaches too often for that to be intended. */
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
static struct finding *add_finding(struct diagnosis *diagnosis, enum check check,
                                   enum severity severity)
{
    diagnosis->items =
        xgrow(diagnosis->items, diagnosis->count, &diagnosis->capacity, sizeof(struct finding));
    diagnosis->items[diagnosis->count] = (struct finding){.check = check, .severity = severity};
    return &diagnosis->items[diagnosis->count++];
}

static void check_limit(struct diagnosis *diagnosis, enum check check, enum limit_id id)
{
    const struct inventory *inventory = &diagnosis->inventory;
    uint64_t used;
    uint64_t percent;

    if (!limits_used(&inventory->limits, &inventory->usage, id, &used))
        return;
    percent = limits_percent(used, inventory->limits.values[id]);
    if (percent >= NEARLY_FULL)
        add_finding(diagnosis, check, percent >= FULL ? SEVERITY_ERROR : SEVERITY_WARNING)
            ->percent = percent;
}

static void check_limits(struct diagnosis *diagnosis)
{
    const struct limits *limits = &diagnosis->inventory.limits;
    uint64_t pages;

    check_limit(diagnosis, CHECK_SHMMNI, LIMIT_SHMMNI);
    check_limit(diagnosis, CHECK_SHMALL, LIMIT_SHMALL);
    /* Where shmall allows nothing at all, that it allows less than shmmax adds nothing. */
    if (limits_conflict(limits, &pages) && limits->values[LIMIT_SHMALL] > 0)
        add_finding(diagnosis, CHECK_SHMMAX, SEVERITY_WARNING);
    if (limits->known[LIMIT_SHMMAX] && limits->values[LIMIT_SHMMAX] < limits->page_size)
        add_finding(diagnosis, CHECK_SMALL_SHMMAX, SEVERITY_ERROR);
}

/* Adds a finding about the rows of which TEST is true, if there are any. */
static void check_rows(struct diagnosis *diagnosis, enum check check, enum severity severity,
                       bool (*test)(const struct segment_info *info))
{
    const struct inventory *inventory = &diagnosis->inventory;
    const struct segment_info **found = NULL;
    struct finding *finding;
    size_t capacity = 0;
    size_t count = 0;

    for (size_t i = 0; i < inventory->count; i++) {
        if (!test(&inventory->rows[i]))
            continue;
        found = xgrow(found, count, &capacity, sizeof(struct segment_info *));
        found[count++] = &inventory->rows[i];
    }
    if (count == 0)
        return;
    finding = add_finding(diagnosis, check, severity);
    finding->rows = found;
    finding->count = count;
}

static bool is_unfindable_orphan(const struct segment_info *info)
{
    return info->segment.key == 0 && info->state == STATE_ORPHAN;
}

static bool is_keyed_orphan(const struct segment_info *info)
{
    return info->segment.key != 0 && info->state == STATE_ORPHAN;
}

static bool has_unknown_state(const struct segment_info *info)
{
    return info->state == STATE_UNKNOWN;
}

static bool has_dest_state(const struct segment_info *info)
{
    return info->state == STATE_DEST;
}

static bool has_unknown_owner(const struct segment_info *info)
{
    return info->owner == NULL;
}

static void check_row_attachments(struct diagnosis *diagnosis, const struct segment_info *info)
{
    for (uint32_t i = 0; i < info->attachment_count; i++) {
        const struct attachment *attachment = &info->attachments[i];
        struct finding *finding;

        if (attachment->maps < 2)
            continue;
        finding =
            add_finding(diagnosis, CHECK_ATTACHMENTS,
                        attachment->maps < MANY_ATTACHMENTS ? SEVERITY_INFO : SEVERITY_WARNING);
        finding->attachment = attachment;
        finding->rows = xcalloc(1, sizeof(struct segment_info *));
        finding->rows[0] = info;
        finding->count = 1;
    }
}

static void check_all(struct diagnosis *diagnosis)
{
    const struct inventory *inventory = &diagnosis->inventory;

    check_limits(diagnosis);
    check_rows(diagnosis, CHECK_ORPHANS, SEVERITY_WARNING, is_unfindable_orphan);
    check_rows(diagnosis, CHECK_KEYED_ORPHANS, SEVERITY_INFO, is_keyed_orphan);
    /* Without the processes most checks would be empty: that is an error here. */
    check_rows(diagnosis, CHECK_STATES, inventory->own_pids ? SEVERITY_INFO : SEVERITY_WARNING,
               has_unknown_state);
    check_rows(diagnosis, CHECK_DEST, SEVERITY_INFO, has_dest_state);
    for (size_t i = 0; i < inventory->count; i++)
        check_row_attachments(diagnosis, &inventory->rows[i]);
    if (inventory->has_users)
        check_rows(diagnosis, CHECK_OWNERS, SEVERITY_WARNING, has_unknown_owner);
}

/* The sums of all owners. */
static void sum_owners(struct diagnosis *diagnosis)
{
    const struct inventory *inventory = &diagnosis->inventory;
    const struct segment_info **rows = inventory_pointers(inventory);
    uint64_t page_size = inventory->limits.page_size;

    diagnosis->by_pages =
        owner_sums(rows, inventory->count, page_size, SUM_BY_PAGES, &diagnosis->owner_count);
    diagnosis->by_segments =
        owner_sums(rows, inventory->count, page_size, SUM_BY_SEGMENTS, &diagnosis->owner_count);
    free(rows);
}

int diagnose_machine(struct system *system, struct diagnosis *ret_diagnosis, struct error *err)
{
    struct diagnosis diagnosis = {.count = 0};
    int r = inventory_read(system, NULL,
                           NEED_OWNER | NEED_USERS | NEED_STATE | NEED_ATTACHMENTS | NEED_HOLDERS |
                               NEED_LIMITS | NEED_CREDENTIALS,
                           &diagnosis.inventory, err);

    if (r < 0)
        return r;
    sum_owners(&diagnosis);
    check_all(&diagnosis);
    *ret_diagnosis = diagnosis;
    return 0;
}

void diagnosis_release(struct diagnosis *diagnosis)
{
    for (size_t i = 0; i < diagnosis->count; i++)
        free(diagnosis->items[i].rows);
    free(diagnosis->items);
    free(diagnosis->by_pages);
    free(diagnosis->by_segments);
    inventory_release(&diagnosis->inventory);
    *diagnosis = (struct diagnosis){.count = 0};
}
