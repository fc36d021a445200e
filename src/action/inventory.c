#include "action/inventory.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "action/inventory_match.h"
#include "action/inventory_memory.h"
#include "action/resolve.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "kernel/attach.h"
#include "kernel/limits.h"
#include "kernel/namespaces.h"
#include "kernel/source.h"
#include "kernel/system.h"
#include "kernel/sysv.h"

/* --- Reading ---------------------------------------------------------------------------------- */

/* A reading in progress. */
struct pass {
    struct system *system;
    const struct selection *selection;
    const struct row_handler *handler; /* NULL: all rows are kept */
    unsigned asked;                    /* what is needed of all segments, */
    unsigned needs;                    /* and of those in the namespace at hand */
    unsigned tested;                   /* what the selection needs of them */
    struct inventory *inventory;
    size_t capacity;           /* of its rows */
    struct usage *usage;       /* where segments are counted in */
    struct segment_info blank; /* what each row has of the namespace at hand */
    struct other_rows others;  /* not selected; where needed */
    bool has_pending;          /* a row's unit depends on its attachments */
    bool has_huge;             /* the rss of one depends on its attachments */
    struct idset attached;     /* ids that the selection's PIDs have attached */
    struct idset met_ids;      /* of the named ids those that exist */
    struct idset met_keys;     /* positions of the selection's keys that a segment has */
};

static void release_pass(struct pass *pass)
{
    free(pass->others.items);
    idset_release(&pass->attached);
    idset_release(&pass->met_ids);
    idset_release(&pass->met_keys);
}

/* Notes which of the keys asked for the segment has, and where a key was asked for as an id. */
static void note_numbers(struct pass *pass, const struct segment *segment)
{
    const struct selection *selection = pass->selection;
    const struct filter_values *keys = &selection->filter.keys;
    const int number = (int)(segment->key & INT_MAX);

    for (size_t i = 0; i < keys->count; i++) {
        if (keys->items[i].low == segment->key)
            idset_add(&pass->met_keys, (int)i);
        if (keys->items[i].low == (uint64_t)segment->shmid)
            idset_add(&pass->inventory->id_numbers, segment->shmid);
    }
    if (selection->by_id && number > 0 && segment->key <= INT_MAX &&
        selection_has_id(selection, number))
        idset_add(&pass->inventory->key_numbers, number);
}

/* Keeps a segment that is not selected, where that is needed, with what else INFO has. */
static void add_other(struct pass *pass, const struct segment_info *info,
                      const struct segment *segment)
{
    struct other_rows *others = &pass->others;

    if (!(pass->asked & (NEED_HELD | NEED_BALANCE)))
        return;
    others->items = xgrow(others->items, others->count, &others->capacity, sizeof(*others->items));
    others->items[others->count] = *info;
    others->items[others->count++].segment = *segment;
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
    *info = pass->blank;
    info->segment = *segment;
    resolve_row(pass->system, info, pass->tested);
    if (!inventory_matches(pass->system, &pass->selection->filter, info, &pass->attached)) {
        unknown_count(
            &inventory->unknown,
            inventory_unknown_state(pass->system, &pass->selection->filter, info, &pass->attached));
        return false;
    }
    resolve_row(pass->system, info, pass->needs);
    pass->has_pending = pass->has_pending || info->unit.pending || info->program.pending;
    inventory->count++;
    return true;
}

static void add_segment(struct pass *pass, const struct segment *segment)
{
    struct inventory *inventory = pass->inventory;

    if (pass->needs & NEED_LIMITS)
        usage_add(pass->usage, segment, inventory->limits.page_size);
    note_numbers(pass, segment);
    if (add_row(pass, segment))
        pass->has_huge |= pass->needs & NEED_USAGE && segment_is_huge(segment);
    else
        add_other(pass, &pass->blank, segment);
}

/*
 * Makes rows of a part of the segments. The processes that it names are looked up before the next
 * part is read: then those of that need not be read again one by one (doubt_orphan()).
 */
static void add_rows(struct pass *pass, const struct segment_list *part)
{
    for (size_t i = 0; resolve_needs_processes(pass->needs) && i < part->count; i++)
        resolve_processes(pass->system, &part->items[i]);
    for (size_t i = 0; i < part->count; i++)
        add_segment(pass, &part->items[i]);
    if (pass->handler && pass->inventory->count > 0 && !pass->has_pending && !pass->has_huge) {
        pass->handler->handle(pass->handler->arg, pass->inventory);
        pass->inventory->count = 0;
    }
}

/* Reads the listing part by part, or where the kernel is asked instead, all at once. */
static int read_rows(struct pass *pass, struct error *err)
{
    CLEANUP_SEGMENT_LIST struct segment_list part = SEGMENT_LIST_INIT;
    const struct procfs *procfs = &pass->system->procfs;
    struct complaint_list *unparsed = &pass->inventory->unparsed;
    bool without_usage = !(pass->needs & NEED_USAGE);
    struct source_listing *listing;
    int r = 0;

    if (procfs->inside && resolve_needs_processes(pass->needs))
        r = resolve_all_processes(pass->system, err);
    if (r < 0)
        return r;
    if ((pass->system->procfs.live && without_usage && !resolve_needs_processes(pass->needs)) ||
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
    int r = attach_scan(&system->procfs, system->namespaces != NULL, list,
                        &inventory->attachments_error);

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

/* Tests a row that has its attachments now: of many namespaces, by those of its own. */
static bool still_matches(const struct pass *pass, const struct segment_info *info)
{
    CLEANUP_IDSET struct idset attached = IDSET_INIT;
    const struct filter *filter = &pass->selection->filter;

    for (uint32_t i = 0; filter->pids.count > 0 && i < info->attachment_count; i++) {
        if (filter_values_have(&filter->pids, (uint64_t)info->attachments[i].pid))
            idset_add(&attached, info->segment.shmid);
    }
    return inventory_matches(pass->system, filter, info, &attached);
}

/*
 * Gives each row its own attachments. They were read after the segments: an orphan that somebody
 * has attached by now is none. Now the units and programs are known that depend on them. A row that
 * is not selected any more for any of it goes.
 */
static void share_attachments(struct pass *pass)
{
    struct inventory *inventory = pass->inventory;
    bool everywhere = pass->system->namespaces != NULL;
    size_t kept = 0;

    for (size_t i = 0; i < inventory->count; i++) {
        struct segment_info *info = &inventory->rows[i];
        bool changes = info->unit.pending || info->program.pending;
        size_t count;

        info->attachments = attachment_list_find(
            &inventory->attachments, everywhere ? info->namespace : 0, info->segment.shmid, &count);
        info->attachment_count = (uint32_t)count;
        unknown_count(&inventory->unknown,
                      resolve_by_attachments(pass->system, info) & pass->tested);
        if (count > 0 && info->state == STATE_ORPHAN) {
            info->state = STATE_UNKNOWN;
            info->doubt = DOUBT_TOUCHED;
            changes = true;
        }
        if (changes && !still_matches(pass, info)) {
            add_other(pass, info, &info->segment);
            continue;
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

    if (!system->procfs.live)
        return 0;
    r = credentials_read(&system->procfs, &inventory->credentials, err);
    inventory->has_credentials = r == 0;
    if (r == 0)
        inventory->user = names_user(system->names, inventory->credentials.euid);
    return r;
}

/* Makes rows of the segments that this process sees now. */
static int read_this_namespace(struct pass *pass, struct error *err)
{
    int r;

    idset_release(&pass->attached);
    r = inventory_attached_ids(pass->system, &pass->selection->filter, &pass->attached, err);
    return r < 0 ? r : read_rows(pass, err);
}

/* Reads the limits of the namespace that was entered; its segments are counted there. */
static void add_limits(struct pass *pass, uint64_t number)
{
    const struct procfs *procfs = &pass->system->procfs;
    struct inventory *inventory = pass->inventory;
    struct namespace_limits *each = &inventory->each_limits[inventory->each_limits_count++];

    *each = (struct namespace_limits){.number = number, .error = ERROR_INIT};
    limits_read(procfs, &each->limits, &each->error);
    pass->usage = &each->usage;
}

/*
 * Enters, reads and leaves one namespace. One that cannot be entered is no failure. Returns a
 * negative errno where it was entered and cannot be read, and without a way back.
 */
static int enter_and_read(struct pass *pass, const struct ipc_namespace *namespace,
                          struct error *err)
{
    CLEANUP_ERROR struct error refusal = ERROR_INIT;
    struct system *system = pass->system;
    struct namespace_entry entry;
    int back;
    int r;

    if (namespace_enter(&system->procfs, namespace, &entry, &refusal) < 0) {
        namespace_complaint_add(&pass->inventory->refused, namespace->number, refusal.text);
        return 0;
    }
    pass->blank = (struct segment_info){
        .namespace = namespace->number,
        .elsewhere = namespace->own ? 0 : namespace->number,
    };
    pass->needs = resolve_container(system, namespace, &pass->blank, pass->asked);
    if (pass->needs & NEED_LIMITS)
        add_limits(pass, namespace->number);
    r = read_this_namespace(pass, err);
    back = namespace_return(&system->procfs, &entry, r < 0 ? NULL : err);
    return r < 0 ? r : back;
}

/* Reads the one namespace that this process is in, or all of them. */
static int read_namespaces(struct pass *pass, struct error *err)
{
    const struct ipc_namespace_list *list = pass->system->namespaces;
    int r = 0;

    if (!list) {
        pass->needs = resolve_own_namespace(pass->system, &pass->blank, pass->asked);
        return read_this_namespace(pass, err);
    }
    pass->inventory->each_limits = xcalloc(list->count, sizeof(struct namespace_limits));
    for (size_t i = 0; r == 0 && i < list->count; i++)
        r = enter_and_read(pass, &list->items[i], err);
    return r;
}

static int read_all(struct pass *pass, struct error *err)
{
    struct system *system = pass->system;
    struct inventory *inventory = pass->inventory;
    unsigned needs = pass->asked;
    bool needs_attachments = needs & (NEED_ATTACHMENTS | NEED_TRY_ATTACHMENTS | NEED_BALANCE);
    int r = 0;

    /* Where all rows are needed; and what is known of live processes must not grow old while who is
     * handed rows takes long to write them. */
    if (needs_attachments || needs & NEED_HELD || system->namespaces ||
        (system->procfs.live && resolve_needs_processes(needs)))
        pass->handler = NULL;
    if (needs & NEED_CREDENTIALS)
        r = read_credentials(system, inventory, err);
    inventory->limits.page_size = system->procfs.page_size;
    if (r == 0 && needs & NEED_LIMITS)
        limits_read(&system->procfs, &inventory->limits, &inventory->limits_error);
    if (needs & NEED_SHMEM)
        inventory->usage.has_shmem =
            shmem_read(&system->procfs, &inventory->usage.shmem, &inventory->shmem_error) == 0;
    if (r == 0)
        r = read_namespaces(pass, err);
    if (r < 0)
        return r;
    find_missing(pass);
    if (pass->has_pending || pass->has_huge || needs_attachments)
        r = read_attachments(system, needs, inventory, err);
    if (pass->has_pending || inventory->attachments.count > 0)
        share_attachments(pass);
    inventory_read_memory(system, needs, &pass->others, inventory);
    return r;
}

int inventory_read(struct system *system, const struct selection *selection, unsigned needs,
                   struct inventory *ret_inventory, struct error *err)
{
    return inventory_read_parts(system, selection, needs, NULL, ret_inventory, err);
}

int inventory_read_parts(struct system *system, const struct selection *selection, unsigned needs,
                         const struct row_handler *handler, struct inventory *ret_inventory,
                         struct error *err)
{
    static const struct selection everything = {.by_id = false};
    struct inventory inventory = {
        .elsewhere = system->elsewhere,
        .live = system->procfs.live,
        .conf_problem = system->protection ? system->protection->problem_where : NULL,
        .key_numbers = IDSET_INIT,
        .id_numbers = IDSET_INIT,
        /* A user database that does not know root is none: a tree without etc/passwd. */
        .has_users = needs & NEED_USERS && names_user(system->names, 0),
    };
    struct pass pass = {
        .system = system,
        .selection = selection ? selection : &everything,
        .handler = handler,
        .inventory = &inventory,
        .usage = &inventory.usage,
    };
    int r;

    pass.tested = filter_needs(&pass.selection->filter);
    pass.asked = needs | pass.tested;
    if (resolve_needs_processes(pass.tested))
        pass.tested |= needs & NEED_STATE; /* it is decided when they are looked up */
    system_refresh(system);
    inventory.own_pids = proc_pids_are_ours(system->proc);
    inventory.clock = *proc_clock(system->proc);
    r = read_all(&pass, err);
    release_pass(&pass);
    if (r < 0) {
        inventory_release(&inventory);
        return r;
    }
    inventory.has_users = inventory.has_users && !names_users_failed(system->names);
    *ret_inventory = inventory;
    return 0;
}

int inventory_list_segments(struct system *system, struct segment_list *ret_segments,
                            struct error *err)
{
    return source_read(&system->procfs, true, ret_segments, NULL, err);
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
        if (orphans[i]->state == STATE_ORPHAN && !orphans[i]->protected_by &&
            (!owner || orphans[i]->segment.uid == *owner))
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
    idset_release(&inventory->key_numbers);
    idset_release(&inventory->id_numbers);
    complaint_list_release(&inventory->unparsed);
    complaint_list_release(&inventory->refused);
    attachment_list_release(&inventory->attachments);
    error_clear(&inventory->attachments_error);
    error_clear(&inventory->limits_error);
    for (size_t i = 0; i < inventory->each_limits_count; i++)
        error_clear(&inventory->each_limits[i].error);
    free(inventory->each_limits);
    error_clear(&inventory->shmem_error);
    error_clear(&inventory->balance_error);
    open_segment_list_release(&inventory->held);
    balance_release(&inventory->balance);
    credentials_release(&inventory->credentials);
    *inventory = (struct inventory){.count = 0};
}
