#include "action/inventory_memory.h"

#include <errno.h>

#include "kernel/attach.h"
#include "kernel/memory_use.h"
#include "kernel/system.h"
#include "kernel/sysv.h"

/* --- Huge pages ------------------------------------------------------------------------------- */

/*
 * Finds out how large the pages of a segment are, by those who have it attached: from Linux 6.11 on
 * the kernel says so with each mapping. Before, and of a saved tree, a process's smaps is read,
 * which takes long, and only where the listing shows that the pages are huge.
 */
static void resolve_page_size(const struct procfs *procfs, struct segment *segment,
                              const struct attachment *attachments, size_t count)
{
    uint64_t smallest = procfs->page_size;
    uint64_t page_size = 0;

    for (size_t i = 0; i < count && page_size == 0; i++)
        page_size = attachments[i].page_size;
    for (size_t i = 0; i < count && page_size == 0 && segment_is_huge(segment); i++)
        attach_page_size(procfs, attachments[i].pid, segment->shmid, &page_size, &smallest);
    if (page_size > smallest)
        segment_set_huge_page(segment, page_size, smallest);
}

static void resolve_page_sizes(const struct procfs *procfs, struct segment_list *others,
                               struct inventory *inventory)
{
    if (inventory->attachments.count == 0)
        return;
    for (size_t i = 0; i < inventory->count; i++) {
        struct segment_info *info = &inventory->rows[i];

        resolve_page_size(procfs, &info->segment, info->attachments, info->attachment_count);
    }
    for (size_t i = 0; i < others->count; i++) {
        size_t count;
        const struct attachment *attachments =
            attachment_list_find(&inventory->attachments, 0, others->items[i].shmid, &count);

        resolve_page_size(procfs, &others->items[i], attachments, count);
    }
}

/* --- Held by descriptors ---------------------------------------------------------------------- */

/* Whether no segment has this id any more: neither when all were read, nor now. */
static bool is_removed(const struct inventory *inventory, const struct idset *ids, int shmid)
{
    struct segment now;

    return !idset_has(ids, shmid) && (!inventory->live || sysv_stat(shmid, &now) == -ENOENT);
}

/* Keeps of the open segments those that have been removed: the others are seen in the listing. */
static void read_held(struct system *system, const struct segment_list *others,
                      struct inventory *inventory)
{
    CLEANUP_IDSET struct idset ids = IDSET_INIT;
    struct open_segment_list *held = &inventory->held;
    size_t kept = 0;

    /* A line that was not understood may be the segment's. */
    if (inventory->unparsed.count > 0 || attach_scan_open(&system->procfs, held, NULL) < 0)
        return;
    for (size_t i = 0; held->count > 0 && i < inventory->count; i++)
        idset_add(&ids, inventory->rows[i].segment.shmid);
    for (size_t i = 0; held->count > 0 && i < others->count; i++)
        idset_add(&ids, others->items[i].shmid);
    for (size_t i = 0; i < held->count; i++) {
        if (!is_removed(inventory, &ids, held->items[i].shmid))
            continue;
        held->items[kept] = held->items[i];
        held->items[kept].command = proc_command(system->proc, held->items[i].pid);
        kept++;
    }
    held->count = kept;
}

/* --- The balance ------------------------------------------------------------------------------ */

static void read_balance(struct system *system, const struct segment_list *others,
                         struct inventory *inventory)
{
    struct balance *balance = &inventory->balance;

    balance->has_shmem = inventory->usage.has_shmem;
    balance->shmem = inventory->usage.shmem;
    balance->has_sysv = inventory->unparsed.count == 0;
    balance->has_tmpfs = inventory->live && tmpfs_read(&system->procfs, &balance->tmpfs,
                                                       &inventory->balance_error) == 0;
    for (size_t i = 0; i < inventory->count; i++)
        balance_add(balance, &inventory->rows[i].segment);
    for (size_t i = 0; i < others->count; i++)
        balance_add(balance, &others->items[i]);
    balance_settle(balance);
}

void inventory_read_memory(struct system *system, unsigned needs, struct segment_list *others,
                           struct inventory *inventory)
{
    resolve_page_sizes(&system->procfs, others, inventory);
    if (needs & NEED_HELD)
        read_held(system, others, inventory);
    if (needs & (NEED_BALANCE | NEED_HUGE_PAGES))
        huge_pools_read(&system->procfs, &inventory->balance.huge);
    if (needs & NEED_BALANCE)
        read_balance(system, others, inventory);
}
