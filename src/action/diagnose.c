#include "action/diagnose.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "kernel/limits.h"
#include "kernel/logind.h"
#include "kernel/system.h"
#include "model/id_map.h"

/* From here on a limit is nearly full, and a process attaches too often for that to be intended. */
enum { NEARLY_FULL = 90, FULL = 100, MANY_ATTACHMENTS = 10 };

static const char *const check_names[CHECK_COUNT] = {
    [CHECK_SHMMNI] = "shmmni",
    [CHECK_SHMALL] = "shmall",
    [CHECK_SHMMAX] = "shmmax",
    [CHECK_SMALL_SHMMAX] = "shmmax",
    [CHECK_RMID_FORCED] = "shm_rmid_forced",
    [CHECK_SEMMNI] = "semmni",
    [CHECK_SEMMNS] = "semmns",
    [CHECK_MSGMNI] = "msgmni",
    [CHECK_ORPHANS] = "orphans",
    [CHECK_KEYED_ORPHANS] = "orphans-with-key",
    [CHECK_STATES] = "states",
    [CHECK_DEST] = "dest",
    [CHECK_FORMER_KEY] = "former-key",
    [CHECK_ATTACHMENTS] = "attachments",
    [CHECK_OWNERS] = "owners",
    [CHECK_WRITABLE] = "writable",
    [CHECK_REMOVE_IPC] = "remove-ipc",
    [CHECK_DESCRIPTORS] = "descriptors",
};

const char *check_name(enum check check)
{
    return check_names[check];
}

const char *severity_name(enum severity severity)
{
    static const char *const names[SEVERITY_COUNT] = {"info", "warning", "error"};

    return names[severity];
}

/* A diagnosis that is being made. */
struct checking {
    struct system *system;
    struct diagnosis *diagnosis;
    bool removes_ipc;                   /* systemd-logind does */
    const struct segment_info **by_key; /* owned; the rows with a key, in the order of keys */
    size_t keyed;
};

/* Adds a finding without rows. It may move when the next one is added. */
static void add_finding(struct checking *checking, enum check check, enum severity severity,
                        uint64_t percent)
{
    struct diagnosis *diagnosis = checking->diagnosis;

    if (severity < diagnosis->least)
        return;
    diagnosis->items =
        xgrow(diagnosis->items, diagnosis->count, &diagnosis->capacity, sizeof(struct finding));
    diagnosis->items[diagnosis->count++] =
        (struct finding){.check = check, .severity = severity, .percent = percent};
}

/* --- Limits ----------------------------------------------------------------------------------- */

static void check_full(struct checking *checking, enum check check, uint64_t used, uint64_t value)
{
    uint64_t percent = limits_percent(used, value);

    if (percent >= NEARLY_FULL)
        add_finding(checking, check, percent >= FULL ? SEVERITY_ERROR : SEVERITY_WARNING, percent);
}

static void check_limit(struct checking *checking, enum check check, enum limit_id id)
{
    const struct inventory *inventory = &checking->diagnosis->inventory;
    uint64_t used;

    if (limits_used(&inventory->limits, &inventory->usage, id, &used))
        check_full(checking, check, used, inventory->limits.values[id]);
}

static void check_limits(struct checking *checking)
{
    const struct limits *limits = &checking->diagnosis->inventory.limits;
    uint64_t pages;

    check_limit(checking, CHECK_SHMMNI, LIMIT_SHMMNI);
    check_limit(checking, CHECK_SHMALL, LIMIT_SHMALL);
    /* Where shmall allows nothing at all, that it allows less than shmmax adds nothing. */
    if (limits_conflict(limits, &pages) && limits->values[LIMIT_SHMALL] > 0)
        add_finding(checking, CHECK_SHMMAX, SEVERITY_WARNING, 0);
    if (limits->known[LIMIT_SHMMAX] && limits->values[LIMIT_SHMMAX] < limits->page_size)
        add_finding(checking, CHECK_SMALL_SHMMAX, SEVERITY_ERROR, 0);
    if (limits->known[LIMIT_RMID_FORCED] && limits->values[LIMIT_RMID_FORCED] != 0)
        add_finding(checking, CHECK_RMID_FORCED, SEVERITY_INFO, 0);
}

/* Reads what there is of semaphores and message queues, and who has the most. */
static void check_ipc(struct checking *checking)
{
    static const enum check checks[IPC_LIMIT_COUNT] = {CHECK_SEMMNI, CHECK_SEMMNS, CHECK_MSGMNI};
    struct diagnosis *diagnosis = checking->diagnosis;

    ipc_use_read(&checking->system->procfs, &diagnosis->ipc, &diagnosis->ipc_error);
    for (enum ipc_limit limit = 0; limit < IPC_LIMIT_COUNT; limit++) {
        struct ipc_count *count = &diagnosis->ipc.counts[limit];

        if (!count->known)
            continue;
        if (count->most > 0)
            count->owner = names_user(checking->system->names, count->uid);
        check_full(checking, checks[limit], count->used, count->limit);
    }
}

/* --- Segments --------------------------------------------------------------------------------- */

static bool is_unfindable_orphan(const struct checking *checking, const struct segment_info *info)
{
    (void)checking;
    return info->segment.key == 0 && info->state == STATE_ORPHAN && !info->protected_by;
}

static bool is_keyed_orphan(const struct checking *checking, const struct segment_info *info)
{
    (void)checking;
    return info->segment.key != 0 && info->state == STATE_ORPHAN && !info->protected_by;
}

static bool has_unknown_state(const struct checking *checking, const struct segment_info *info)
{
    (void)checking;
    return info->state == STATE_UNKNOWN;
}

static bool has_dest_state(const struct checking *checking, const struct segment_info *info)
{
    (void)checking;
    return info->state == STATE_DEST;
}

static int compare_keys(const void *a, const void *b)
{
    const struct segment_info *const *first = a;
    const struct segment_info *const *second = b;

    return num_compare((*first)->segment.key, (*second)->segment.key);
}

/* Whether another segment has the key that this one had until it was marked. */
static bool has_successor(const struct checking *checking, const struct segment_info *info)
{
    struct segment_info wanted = {.attachment_count = 0};
    const struct segment_info *key = &wanted;

    if (!segment_is_dest(&info->segment) || info->attachment_count == 0 || checking->keyed == 0)
        return false;
    wanted.segment.key = info->attachments[0].original_key;
    return wanted.segment.key != 0 && bsearch(&key, checking->by_key, checking->keyed,
                                              sizeof(struct segment_info *), compare_keys);
}

/* How often the process that has the segment most often has it. */
static uint64_t most_attachments(const struct segment_info *info)
{
    uint64_t most = 0;

    for (uint32_t i = 0; i < info->attachment_count; i++) {
        uint64_t times = segment_info_times(info, &info->attachments[i]);

        most = times > most ? times : most;
    }
    return most;
}

static bool is_attached_again(const struct checking *checking, const struct segment_info *info)
{
    (void)checking;
    return most_attachments(info) > 1;
}

static bool has_unknown_owner(const struct checking *checking, const struct segment_info *info)
{
    return checking->diagnosis->inventory.has_users && !info->owner;
}

static bool is_writable_by_all(const struct checking *checking, const struct segment_info *info)
{
    (void)checking;
    return (info->segment.mode & 0002) != 0;
}

/* Whether logind removes it at its owner's last logout; one whose user does not exist never does.
 */
static bool goes_at_logout(const struct checking *checking, const struct segment_info *info)
{
    const struct segment *segment = &info->segment;

    return checking->removes_ipc && segment->nattch == 0 && segment->uid > LOGIND_SYSTEM_UID_MAX &&
           segment->uid != ID_MAP_OVERFLOW && !has_unknown_owner(checking, info);
}

static enum severity always_info(const struct checking *checking, const struct finding *finding)
{
    (void)checking;
    (void)finding;
    return SEVERITY_INFO;
}

static enum severity always_warning(const struct checking *checking, const struct finding *finding)
{
    (void)checking;
    (void)finding;
    return SEVERITY_WARNING;
}

/* Whether a state is unknown because something cannot be read here, and not by its nature. */
static bool cannot_be_read(const struct segment_info *info)
{
    enum process_status status =
        info->doubt == DOUBT_LAST_USER ? info->last_status : info->creator_status;

    if (info->doubt != DOUBT_CREATOR && info->doubt != DOUBT_LAST_USER)
        return info->doubt == DOUBT_UNREADABLE;
    return status == PROCESS_HIDDEN || status == PROCESS_FOREIGN_PROC;
}

/* Without the processes most checks would be empty. */
static enum severity rate_states(const struct checking *checking, const struct finding *finding)
{
    if (!checking->diagnosis->inventory.own_pids)
        return SEVERITY_WARNING;
    for (size_t i = 0; i < finding->count; i++) {
        if (cannot_be_read(finding->rows[i]))
            return SEVERITY_WARNING;
    }
    return SEVERITY_INFO;
}

static enum severity rate_attachments(const struct checking *checking,
                                      const struct finding *finding)
{
    (void)checking;
    for (size_t i = 0; i < finding->count; i++) {
        if (most_attachments(finding->rows[i]) >= MANY_ATTACHMENTS)
            return SEVERITY_WARNING;
    }
    return SEVERITY_INFO;
}

/* A container has users of its own, whom the database here does not know. */
static enum severity rate_owners(const struct checking *checking, const struct finding *finding)
{
    (void)checking;
    return finding->rows[0]->elsewhere == 0 ? SEVERITY_WARNING : SEVERITY_INFO;
}

/* What anybody may write root's programs read. */
static enum severity rate_writable(const struct checking *checking, const struct finding *finding)
{
    (void)checking;
    return finding->rows[0]->segment.uid == 0 ? SEVERITY_WARNING : SEVERITY_INFO;
}

/* The checks of segments: which it concerns, and how bad it is that it does. */
static const struct row_check {
    enum check check;
    bool (*concerns)(const struct checking *checking, const struct segment_info *info);
    enum severity (*rate)(const struct checking *checking, const struct finding *finding);
} row_checks[] = {
    {CHECK_ORPHANS, is_unfindable_orphan, always_warning},
    {CHECK_KEYED_ORPHANS, is_keyed_orphan, always_info},
    {CHECK_STATES, has_unknown_state, rate_states},
    {CHECK_DEST, has_dest_state, always_info},
    {CHECK_FORMER_KEY, has_successor, always_warning},
    {CHECK_ATTACHMENTS, is_attached_again, rate_attachments},
    {CHECK_OWNERS, has_unknown_owner, rate_owners},
    {CHECK_WRITABLE, is_writable_by_all, rate_writable},
    {CHECK_REMOVE_IPC, goes_at_logout, always_info},
};

/* By owner, those of one owner in kernel order: as they stand in the inventory. */
static int compare_rows(const void *a, const void *b)
{
    const struct segment_info *const *first = a;
    const struct segment_info *const *second = b;
    int order = num_compare((*first)->segment.uid, (*second)->segment.uid);

    return order != 0 ? order : (*first > *second) - (*first < *second);
}

/* The most segments first; of equal ones the lower uid. */
static int compare_findings(const void *a, const void *b)
{
    const struct finding *first = a;
    const struct finding *second = b;
    int order = num_compare(second->count, first->count);

    return order != 0 ? order
                      : num_compare(first->rows[0]->segment.uid, second->rows[0]->segment.uid);
}

/* Adds a finding about COUNT rows of one owner. */
static void add_owner_finding(struct checking *checking, const struct row_check *check,
                              const struct segment_info **rows, size_t count)
{
    struct diagnosis *diagnosis = checking->diagnosis;
    struct finding finding = {.rows = rows, .count = count};
    enum severity severity = check->rate(checking, &finding);
    size_t before = diagnosis->count;

    if (check->check == CHECK_REMOVE_IPC && rows[0]->owner &&
        logind_keeps_user(&checking->system->procfs, rows[0]->owner))
        return;
    add_finding(checking, check->check, severity, 0);
    if (diagnosis->count == before)
        return;
    finding.rows = xcalloc(count, sizeof(struct segment_info *));
    for (size_t i = 0; i < count; i++)
        finding.rows[i] = rows[i];
    diagnosis->items[before].rows = finding.rows;
    diagnosis->items[before].count = count;
}

/* Adds a finding for each owner of rows that the check concerns. */
static void check_rows(struct checking *checking, const struct row_check *check)
{
    struct diagnosis *diagnosis = checking->diagnosis;
    const struct inventory *inventory = &diagnosis->inventory;
    CLEANUP_FREE const struct segment_info **found = NULL;
    size_t before = diagnosis->count;
    size_t capacity = 0;
    size_t count = 0;

    for (size_t i = 0; i < inventory->count; i++) {
        if (!check->concerns(checking, &inventory->rows[i]))
            continue;
        found = xgrow(found, count, &capacity, sizeof(struct segment_info *));
        found[count++] = &inventory->rows[i];
    }
    if (count == 0)
        return;
    qsort(found, count, sizeof(struct segment_info *), compare_rows);
    for (size_t i = 0, end; i < count; i = end) {
        end = i + 1;
        while (end < count && found[end]->segment.uid == found[i]->segment.uid)
            end++;
        add_owner_finding(checking, check, found + i, end - i);
    }
    if (diagnosis->count > before)
        qsort(diagnosis->items + before, diagnosis->count - before, sizeof(struct finding),
              compare_findings);
}

static void check_segments(struct checking *checking)
{
    const struct inventory *inventory = &checking->diagnosis->inventory;
    int r = logind_removes_ipc(&checking->system->procfs, &checking->diagnosis->remove_ipc_file,
                               &checking->diagnosis->logind_error);

    checking->removes_ipc = r > 0;
    checking->by_key = xcalloc(inventory->count, sizeof(struct segment_info *));
    for (size_t i = 0; i < inventory->count; i++) {
        if (inventory->rows[i].segment.key != 0)
            checking->by_key[checking->keyed++] = &inventory->rows[i];
    }
    if (checking->keyed > 0)
        qsort(checking->by_key, checking->keyed, sizeof(struct segment_info *), compare_keys);
    for (size_t i = 0; i < sizeof(row_checks) / sizeof(row_checks[0]); i++)
        check_rows(checking, &row_checks[i]);
    free(checking->by_key);
}

/* --- The whole -------------------------------------------------------------------------------- */

/* The sums of all owners, and who made the most. */
static void sum_rows(struct diagnosis *diagnosis)
{
    const struct inventory *inventory = &diagnosis->inventory;
    const struct segment_info **rows = inventory_pointers(inventory);
    uint64_t page_size = inventory->limits.page_size;

    sums_make(rows, inventory->count, page_size, &sum_by_owner, SUM_BY_PAGES, &diagnosis->by_pages);
    sums_make(rows, inventory->count, page_size, &sum_by_owner, SUM_BY_SEGMENTS,
              &diagnosis->by_segments);
    diagnosis->creator_by_pages =
        creator_sum_largest(rows, inventory->count, page_size, SUM_BY_PAGES);
    diagnosis->creator_by_segments =
        creator_sum_largest(rows, inventory->count, page_size, SUM_BY_SEGMENTS);
    free(rows);
}

int diagnose_machine(struct system *system, enum severity least, struct diagnosis *ret_diagnosis,
                     struct error *err)
{
    struct diagnosis diagnosis = {.least = least};
    struct checking checking = {.system = system, .diagnosis = &diagnosis};
    bool of_host = !system->one_of_many || system->elsewhere == 0;
    /* First, as it reads processes for itself. */
    int r = elsewhere_read(system, 0, &diagnosis.elsewhere, err);

    if (r == 0)
        r = inventory_read(system, NULL,
                           NEED_OWNER | NEED_USERS | NEED_STATE | NEED_COMMAND | NEED_USAGE |
                               NEED_PROGRAM | NEED_ATTACHMENTS | NEED_HOLDERS | NEED_LIMITS |
                               (of_host ? NEED_SHMEM : 0) | NEED_HELD | NEED_CREDENTIALS |
                               NEED_PROTECTION,
                           &diagnosis.inventory, err);
    if (r < 0) {
        elsewhere_release(&diagnosis.elsewhere);
        return r;
    }
    sum_rows(&diagnosis);
    check_limits(&checking);
    check_ipc(&checking);
    check_segments(&checking);
    if (diagnosis.inventory.held.count > 0)
        add_finding(&checking, CHECK_DESCRIPTORS, SEVERITY_WARNING, 0);
    *ret_diagnosis = diagnosis;
    return 0;
}

void diagnosis_release(struct diagnosis *diagnosis)
{
    for (size_t i = 0; i < diagnosis->count; i++)
        free(diagnosis->items[i].rows);
    free(diagnosis->items);
    sums_release(&diagnosis->by_pages);
    sums_release(&diagnosis->by_segments);
    free(diagnosis->remove_ipc_file);
    error_clear(&diagnosis->ipc_error);
    error_clear(&diagnosis->logind_error);
    elsewhere_release(&diagnosis->elsewhere);
    inventory_release(&diagnosis->inventory);
    *diagnosis = (struct diagnosis){.count = 0};
}
