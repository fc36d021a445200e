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

static void resolve_page_sizes(const struct system *system, struct other_rows *others,
                               struct inventory *inventory)
{
    const struct procfs *procfs = &system->procfs;

    if (inventory->attachments.count == 0)
        return;
    for (size_t i = 0; i < inventory->count; i++) {
        struct segment_info *info = &inventory->rows[i];

        resolve_page_size(procfs, &info->segment, info->attachments, info->attachment_count);
    }
    for (size_t i = 0; i < others->count; i++) {
        struct segment_info *info = &others->items[i];
        size_t count;
        const struct attachment *attachments =
            attachment_list_find(&inventory->attachments, system->namespaces ? info->namespace : 0,
                                 info->segment.shmid, &count);

        resolve_page_size(procfs, &info->segment, attachments, count);
    }
}

/* Whether a row is of another namespace than that which is read, or than the own one of many. */
static bool is_of_other_namespace(const struct system *system, const struct segment_info *info)
{
    return system->namespaces && info->elsewhere != 0;
}

/* --- Held by descriptors ---------------------------------------------------------------------- */

/* Adds the ids of the rows that are of this namespace. */
static void add_own_ids(struct idset *ids, const struct system *system,
                        const struct segment_info *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_of_other_namespace(system, &rows[i]))
            idset_add(ids, rows[i].segment.shmid);
    }
}

/* Keeps of the open segments those that have been removed: the others are seen in the listing. */
static void read_held(struct system *system, const struct other_rows *others,
                      struct inventory *inventory)
{
    CLEANUP_IDSET struct idset ids = IDSET_INIT;
    struct open_segment_list *held = &inventory->held;
    size_t kept = 0;

    /* A line that was not understood may be the segment's. */
    if (inventory->unparsed.count > 0 || attach_scan_open(&system->procfs, held) < 0)
        return;
    if (held->count > 0) {
        add_own_ids(&ids, system, inventory->rows, inventory->count);
        add_own_ids(&ids, system, others->items, others->count);
    }
    for (size_t i = 0; i < held->count; i++) {
        int shmid = held->items[i].shmid;
        struct segment now;

        /* One may have been made since all were read. */
        if (idset_has(&ids, shmid) || (inventory->live && sysv_stat(shmid, &now) != -ENOENT))
            continue;
        held->items[kept] = held->items[i];
        held->items[kept].command = proc_command(system->proc, held->items[i].pid);
        kept++;
    }
    held->count = kept;
}

/* --- The balance ------------------------------------------------------------------------------ */

static void add_to_balance(struct balance *balance, const struct system *system,
                           const struct segment_info *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        balance_add(balance, &rows[i].segment, is_of_other_namespace(system, &rows[i]));
}

static void read_balance(struct system *system, const struct other_rows *others,
                         struct inventory *inventory)
{
    const struct ipc_namespace_list *namespaces = system->namespaces;
    struct balance *balance = &inventory->balance;

    balance->has_shmem = inventory->usage.has_shmem;
    balance->shmem = inventory->usage.shmem;
    balance->has_sysv = inventory->unparsed.count == 0;
    balance->has_tmpfs = inventory->live && tmpfs_read(&system->procfs, &balance->tmpfs,
                                                       &inventory->balance_error) == 0;
    balance->everywhere = namespaces != NULL;
    balance->has_others =
        namespaces && balance->has_sysv && !namespaces->exhausted && inventory->refused.count == 0;
    add_to_balance(balance, system, inventory->rows, inventory->count);
    add_to_balance(balance, system, others->items, others->count);
    balance_settle(balance);
}

void inventory_read_memory(struct system *system, unsigned needs, struct other_rows *others,
                           struct inventory *inventory)
{
    resolve_page_sizes(system, others, inventory);
    if (needs & NEED_HELD)
        read_held(system, others, inventory);
    if (needs & (NEED_BALANCE | NEED_HUGE_PAGES))
        huge_pools_read(&system->procfs, &inventory->balance.huge);
    if (needs & NEED_BALANCE)
        read_balance(system, others, inventory);
}
