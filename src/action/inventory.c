#include "action/inventory.h"

#include <errno.h>
#include <stdlib.h>

#include "action/inventory_memory.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "kernel/attach.h"
#include "kernel/limits.h"
#include "kernel/source.h"
#include "kernel/system.h"
#include "kernel/sysv.h"

/* --- Creator, last user and state ------------------------------------------------------------- */

static bool is_live(const struct system *system)
{
    return system->procfs.live;
}

/* What is known of the process that now has a pid that a segment names; 0 names none. */
static struct pid_fact fact_of(struct system *system, pid_t pid)
{
    return pid > 0 ? proc_fact(system->proc, pid) : (struct pid_fact){.presence = PID_UNKNOWN};
}

/* PRESENCE: whether the process of FACT is the one that the segment names by PID. */
static enum process_status status_of(struct system *system, pid_t pid, struct pid_fact fact,
                                     enum pid_presence presence)
{
    if (pid == 0)
        return PROCESS_ELSEWHERE;
    if (presence == PID_ALIVE)
        return PROCESS_ALIVE;
    if (presence == PID_GONE)
        return fact.presence == PID_ALIVE ? PROCESS_PID_REUSED : PROCESS_DEAD;
    if (fact.presence == PID_ALIVE)
        return PROCESS_CLOCK_STEPPED;
    if (!is_live(system))
        return PROCESS_NOT_SAVED;
    return proc_pids_are_ours(system->proc) ? PROCESS_HIDDEN : PROCESS_FOREIGN_PROC;
}

/* Whether it was known of the process before the segment was read; 0 names none. */
static bool was_known_before(struct system *system, pid_t pid, const struct segment *segment)
{
    return pid == 0 || proc_known_since(system->proc, pid) < segment->read_at;
}

/*
 * Where the processes were looked up later than the segment was read, somebody may have attached it
 * in between, and its creator may have exited after that; then it never was the orphan that it
 * seems. So it is read again: if nothing was done with it, it was an orphan all the time. One that
 * is gone by now may have been one.
 */
static enum state_doubt doubt_orphan(struct system *system, const struct segment *segment)
{
    struct segment now;
    int r;

    if (was_known_before(system, segment->cpid, segment) &&
        was_known_before(system, segment->lpid, segment))
        return DOUBT_NONE;
    r = sysv_stat(segment->shmid, &now);
    if (r == -ENOENT)
        return DOUBT_NONE;
    if (r < 0) /* a kernel before 4.17, and no read permission */
        return DOUBT_UNREADABLE;
    return now.nattch != segment->nattch || now.cpid != segment->cpid ||
                   now.lpid != segment->lpid || now.atime != segment->atime ||
                   now.dtime != segment->dtime || now.ctime != segment->ctime
               ? DOUBT_TOUCHED
               : DOUBT_NONE;
}

static void resolve_state(struct system *system, struct segment_info *info)
{
    const struct segment *segment = &info->segment;
    const struct state_clock *clock = proc_clock(system->proc);
    struct pid_fact creator = fact_of(system, segment->cpid);
    struct pid_fact last = fact_of(system, segment->lpid);
    enum pid_presence first = segment_creator(segment, creator, clock);
    enum pid_presence latest = segment_last_user(segment, last, clock);

    info->creator_status = status_of(system, segment->cpid, creator, first);
    info->last_status = segment_was_never_attached(segment)
                            ? PROCESS_NEVER
                            : status_of(system, segment->lpid, last, latest);
    info->state = segment_state(segment, first, latest);
    info->doubt = DOUBT_NONE;
    if (info->state == STATE_UNKNOWN) {
        info->doubt = first == PID_UNKNOWN ? DOUBT_CREATOR : DOUBT_LAST_USER;
    } else if (info->state == STATE_ORPHAN && is_live(system)) {
        info->doubt = doubt_orphan(system, segment);
        if (info->doubt != DOUBT_NONE)
            info->state = STATE_UNKNOWN;
    }
}

static void resolve_names(struct names *names, struct segment_info *info, unsigned needs)
{
    const struct segment *segment = &info->segment;

    if (needs & NEED_OWNER)
        info->owner = names_user(names, segment->uid);
    if (needs & NEED_GROUP)
        info->group = names_group(names, segment->gid);
    if (needs & NEED_CREATOR)
        info->creator = names_user(names, segment->cuid);
    if (needs & NEED_CREATOR_GROUP)
        info->creator_group = names_group(names, segment->cgid);
}

/* Whether NEEDS asks for anything that depends on creators and last users. */
static bool needs_processes(unsigned needs)
{
    return (needs & (NEED_STATE | NEED_COMMAND | NEED_LAST_COMMAND)) != 0;
}

/* Looks up what NEEDS asks for and is not there yet; attachments are assigned later. */
static void resolve_row(struct system *system, struct segment_info *info, unsigned needs)
{
    resolve_names(system->names, info, needs);
    if (needs_processes(needs) && info->creator_status == PROCESS_NOT_LOOKED_UP)
        resolve_state(system, info);
    if (needs & NEED_COMMAND && info->creator_status == PROCESS_ALIVE)
        info->command = proc_command(system->proc, info->segment.cpid);
    if (needs & NEED_LAST_COMMAND && info->last_status == PROCESS_ALIVE)
        info->last_command = proc_command(system->proc, info->segment.lpid);
}

/* --- Matching --------------------------------------------------------------------------------- */

/* The ids that the filter's pids have attached now. */
static int read_attached_ids(struct system *system, const struct filter *filter,
                             struct idset *attached, struct error *err)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < filter->pids.count; i++)
        r = attach_ids_of_pid(&system->procfs, (pid_t)filter->pids.items[i].low, attached, err);
    return r;
}

/* Tests a resolved row. */
static bool matches(struct system *system, const struct filter *filter,
                    const struct segment_info *info, const struct idset *attached)
{
    const struct filter_facts facts = {
        .now = proc_clock(system->proc)->now,
        .state = info->state,
        .attached = attached,
    };

    return filter_match(filter, &info->segment, &facts);
}

/* --- Reading ---------------------------------------------------------------------------------- */

/* A reading in progress. */
struct pass {
    struct system *system;
    const struct selection *selection;
    unsigned needs;
    unsigned tested; /* what the selection needs of them */
    struct inventory *inventory;
    size_t capacity;            /* of its rows */
    struct segment_list others; /* not selected; where needed */
    bool has_huge;              /* the rss of one depends on its attachments */
    struct idset attached;      /* ids that the selection's PIDs have attached */
    struct idset met_ids;       /* of the named ids those that exist */
    struct idset met_keys;      /* positions of the selection's keys that a segment has */
};

static void release_pass(struct pass *pass)
{
    segment_list_release(&pass->others);
    idset_release(&pass->attached);
    idset_release(&pass->met_ids);
    idset_release(&pass->met_keys);
}

static void note_keys(struct pass *pass, uint32_t key)
{
    const struct filter_values *keys = &pass->selection->filter.keys;

    for (size_t i = 0; i < keys->count; i++) {
        if (keys->items[i].low == key)
            idset_add(&pass->met_keys, (int)i);
    }
}

/* Makes a row of the segment, if it is selected. Returns whether it is. */
static bool add_row(struct pass *pass, const struct segment *segment)
{
    struct inventory *inventory = pass->inventory;
    struct segment_info *info;

    if (!selection_has_id(pass->selection, segment->shmid))
        return false;
    if (pass->selection->by_id)
        idset_add(&pass->met_ids, segment->shmid);
    inventory->rows = xgrow(inventory->rows, inventory->count, &pass->capacity, sizeof(*info));
    info = &inventory->rows[inventory->count];
    *info = (struct segment_info){.segment = *segment};
    resolve_row(pass->system, info, pass->tested);
    if (!matches(pass->system, &pass->selection->filter, info, &pass->attached))
        return false;
    resolve_row(pass->system, info, pass->needs);
    inventory->count++;
    return true;
}

static void add_segment(struct pass *pass, const struct segment *segment)
{
    struct inventory *inventory = pass->inventory;

    if (pass->needs & NEED_LIMITS)
        usage_add(&inventory->usage, segment, inventory->limits.page_size);
    note_keys(pass, segment->key);
    if (add_row(pass, segment))
        pass->has_huge |= pass->needs & NEED_USAGE && segment_is_huge(segment);
    else if (pass->needs & (NEED_HELD | NEED_BALANCE))
        segment_list_add(&pass->others, segment);
}

/*
 * Makes rows of a part of the segments. The processes that it names are looked up before the next
 * part is read: then those of that need not be read again one by one (doubt_orphan()).
 */
static void add_rows(struct pass *pass, const struct segment_list *part)
{
    for (size_t i = 0; needs_processes(pass->needs) && i < part->count; i++) {
        fact_of(pass->system, part->items[i].cpid);
        fact_of(pass->system, part->items[i].lpid);
    }
    for (size_t i = 0; i < part->count; i++)
        add_segment(pass, &part->items[i]);
}

/* Reads the listing part by part, or where the kernel is asked instead, all at once. */
static int read_rows(struct pass *pass, struct error *err)
{
    CLEANUP_SEGMENT_LIST struct segment_list part = SEGMENT_LIST_INIT;
    const struct procfs *procfs = &pass->system->procfs;
    struct complaint_list *unparsed = &pass->inventory->unparsed;
    bool without_usage = !(pass->needs & NEED_USAGE);
    struct source_listing *listing;
    int r;

    if ((is_live(pass->system) && without_usage && !needs_processes(pass->needs)) ||
        source_listing_open(procfs, &listing, NULL) < 0) {
        r = source_read(procfs, without_usage, &part, unparsed, err);
        if (r == 0)
            add_rows(pass, &part);
        return r;
    }
    do {
        part.count = 0;
        r = source_listing_next(listing, &part, unparsed, err);
        add_rows(pass, &part);
    } while (r > 0);
    source_listing_close(listing);
    return r;
}

/* Sets the named ids and keys that no segment has. */
static void find_missing(const struct pass *pass)
{
    CLEANUP_IDSET struct idset named = IDSET_INIT;
    const struct selection *selection = pass->selection;
    const struct filter_values *keys = &selection->filter.keys;
    struct inventory *inventory = pass->inventory;

    inventory->missing_ids = xcalloc(selection->id_count, sizeof(int));
    for (size_t i = 0; i < selection->id_count; i++) {
        int shmid = selection->ids[i].shmid;

        if (!idset_has(&pass->met_ids, shmid) && idset_add(&named, shmid))
            inventory->missing_ids[inventory->missing_id_count++] = shmid;
    }
    inventory->missing_keys = xcalloc(keys->count, sizeof(uint32_t));
    for (size_t i = 0; i < keys->count; i++) {
        if (keys->items[i].low != 0 && !idset_has(&pass->met_keys, (int)i))
            inventory->missing_keys[inventory->missing_key_count++] = (uint32_t)keys->items[i].low;
    }
}

/* Reads who has what attached; with NEED_HOLDERS, users and command lines too. */
static int read_attachments(struct system *system, unsigned needs, struct inventory *inventory,
                            struct error *err)
{
    struct attachment_list *list = &inventory->attachments;
    int r = attach_scan(&system->procfs, false, list, &inventory->attachments_error);

    if (r < 0 && needs & NEED_ATTACHMENTS)
        return error_copy(err, &inventory->attachments_error);
    for (size_t i = 0; needs & NEED_HOLDERS && i < list->count; i++) {
        struct attachment *attachment = &list->items[i];

        if (attachment->has_uid)
            attachment->user = names_user(system->names, attachment->uid);
        attachment->command = proc_command(system->proc, attachment->pid);
    }
    return 0;
}

/*
 * Gives each row its own attachments. They were read after the segments: an orphan that somebody
 * has attached by now is none, and a row that is no longer selected for it goes.
 */
static void share_attachments(struct pass *pass)
{
    struct inventory *inventory = pass->inventory;
    size_t kept = 0;

    for (size_t i = 0; i < inventory->count; i++) {
        struct segment_info *info = &inventory->rows[i];
        size_t count;

        info->attachments =
            attachment_list_find(&inventory->attachments, 0, info->segment.shmid, &count);
        info->attachment_count = (uint32_t)count;
        if (count > 0 && info->state == STATE_ORPHAN) {
            info->state = STATE_UNKNOWN;
            info->doubt = DOUBT_TOUCHED;
            if (!matches(pass->system, &pass->selection->filter, info, &pass->attached)) {
                segment_list_add(&pass->others, &info->segment);
                continue;
            }
        }
        if (kept < i)
            inventory->rows[kept] = *info;
        kept++;
    }
    inventory->count = kept;
}

static int read_credentials(struct system *system, struct inventory *inventory, struct error *err)
{
    int r;

    if (!is_live(system))
        return 0;
    r = credentials_read(&system->procfs, &inventory->credentials, err);
    inventory->has_credentials = r == 0;
    if (r == 0)
        inventory->user = names_user(system->names, inventory->credentials.euid);
    return r;
}

static int read_all(struct pass *pass, struct error *err)
{
    struct system *system = pass->system;
    struct inventory *inventory = pass->inventory;
    unsigned needs = pass->needs;
    int r = read_attached_ids(system, &pass->selection->filter, &pass->attached, err);

    if (r == 0 && needs & NEED_CREDENTIALS)
        r = read_credentials(system, inventory, err);
    inventory->limits.page_size = system->procfs.page_size;
    if (r == 0 && needs & NEED_LIMITS)
        limits_read(&system->procfs, &inventory->limits, &inventory->limits_error);
    if (needs & NEED_SHMEM)
        inventory->usage.has_shmem =
            shmem_read(&system->procfs, &inventory->usage.shmem, &inventory->shmem_error) == 0;
    if (r == 0)
        r = read_rows(pass, err);
    if (r < 0)
        return r;
    find_missing(pass);
    if (pass->has_huge || needs & (NEED_ATTACHMENTS | NEED_TRY_ATTACHMENTS | NEED_BALANCE))
        r = read_attachments(system, needs, inventory, err);
    if (inventory->attachments.count > 0)
        share_attachments(pass);
    inventory_read_memory(system, needs, &pass->others, inventory);
    return r;
}

int inventory_read(struct system *system, const struct selection *selection, unsigned needs,
                   struct inventory *ret_inventory, struct error *err)
{
    static const struct selection everything = {.by_id = false};
    struct inventory inventory = {
        .live = is_live(system),
        /* A user database that does not know root is none: a tree without etc/passwd. */
        .has_users = needs & NEED_USERS && names_user(system->names, 0),
    };
    struct pass pass = {
        .system = system,
        .selection = selection ? selection : &everything,
        .inventory = &inventory,
    };
    int r;

    pass.tested = filter_needs(&pass.selection->filter);
    pass.needs = needs | pass.tested;
    proc_cache_refresh(system->proc);
    inventory.own_pids = proc_pids_are_ours(system->proc);
    inventory.clock = *proc_clock(system->proc);
    r = read_all(&pass, err);
    release_pass(&pass);
    if (r < 0) {
        inventory_release(&inventory);
        return r;
    }
    *ret_inventory = inventory;
    return 0;
}

int inventory_list_segments(struct system *system, struct segment_list *ret_segments,
                            struct error *err)
{
    return source_read(&system->procfs, true, ret_segments, NULL, err);
}

/* --- Reading one again ------------------------------------------------------------------------ */

/*
 * Kernels before 4.17 may refuse the direct way for lack of read permission, which removing does
 * not need: then the listing tells.
 */
static int read_record_again(struct system *system, int shmid, struct segment *ret_segment)
{
    CLEANUP_SEGMENT_LIST struct segment_list list = SEGMENT_LIST_INIT;
    const struct segment *found;
    int r = sysv_stat(shmid, ret_segment);

    if (r != -EACCES)
        return r;
    if (source_proc_read(&system->procfs, &list, NULL, NULL) < 0)
        return -EACCES;
    found = segment_list_find(&list, shmid);
    if (!found)
        return -ENOENT;
    *ret_segment = *found;
    return 0;
}

int inventory_read_again(struct system *system, const struct selection *selection, int shmid,
                         struct segment *ret_segment, struct error *err)
{
    CLEANUP_IDSET struct idset attached = IDSET_INIT;
    struct segment_info info = {.attachment_count = 0};
    unsigned needs = filter_needs(&selection->filter);
    int r = read_record_again(system, shmid, &info.segment);

    if (r < 0)
        return error_set_errno(err, -r, "segment %d", shmid);
    r = read_attached_ids(system, &selection->filter, &attached, err);
    if (r < 0)
        return r;
    if (needs & NEED_STATE)
        proc_cache_refresh(system->proc);
    else if (needs & NEED_TIME)
        proc_clock_refresh(system->proc);
    resolve_row(system, &info, needs);
    *ret_segment = info.segment;
    return matches(system, &selection->filter, &info, &attached);
}

/* --- Asking an inventory ---------------------------------------------------------------------- */

const struct segment_info *inventory_find_key(const struct inventory *inventory, uint32_t key)
{
    for (size_t i = 0; key != 0 && i < inventory->count; i++) {
        if (inventory->rows[i].segment.key == key)
            return &inventory->rows[i];
    }
    return NULL;
}

const struct segment_info *inventory_find_id(const struct inventory *inventory, int shmid)
{
    for (size_t i = 0; i < inventory->count; i++) {
        if (inventory->rows[i].segment.shmid == shmid)
            return &inventory->rows[i];
    }
    return NULL;
}

const struct segment_info **inventory_pointers(const struct inventory *inventory)
{
    const struct segment_info **pointers = xcalloc(inventory->count, sizeof(struct segment_info *));

    for (size_t i = 0; i < inventory->count; i++)
        pointers[i] = &inventory->rows[i];
    return pointers;
}

const struct segment_info **inventory_orphans(const struct inventory *inventory, const uid_t *owner,
                                              size_t *ret_count)
{
    const struct segment_info **orphans = inventory_pointers(inventory);
    size_t count = 0;

    for (size_t i = 0; i < inventory->count; i++) {
        if (orphans[i]->state == STATE_ORPHAN && (!owner || orphans[i]->segment.uid == *owner))
            orphans[count++] = orphans[i];
    }
    *ret_count = count;
    return orphans;
}

uint64_t inventory_unseen(const struct inventory *inventory)
{
    uint64_t unseen = 0;

    for (size_t i = 0; i < inventory->count; i++)
        unseen = saturating_add(unseen, segment_info_unseen(&inventory->rows[i]));
    return unseen;
}

void inventory_release(struct inventory *inventory)
{
    free(inventory->rows);
    free(inventory->missing_ids);
    free(inventory->missing_keys);
    complaint_list_release(&inventory->unparsed);
    attachment_list_release(&inventory->attachments);
    error_clear(&inventory->attachments_error);
    error_clear(&inventory->limits_error);
    error_clear(&inventory->shmem_error);
    error_clear(&inventory->balance_error);
    open_segment_list_release(&inventory->held);
    balance_release(&inventory->balance);
    credentials_release(&inventory->credentials);
    *inventory = (struct inventory){.count = 0};
}
