#include "action/namespace_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "action/inventory.h"
#include "action/resolve.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "kernel/namespaces.h"
#include "kernel/system.h"

/* The texts of what keeps it, joined; the caller frees it. */
static char *join_holders(const struct ipc_namespace *namespace)
{
    struct strbuf text = STRBUF_INIT;

    for (size_t i = 0; i < namespace->held_count; i++)
        strbuf_printf(&text, "%s%s", i > 0 ? "," : "", namespace->held[i]);
    strbuf_puts(&text, "");
    return text.data;
}

/* What needs no look inside. */
static void resolve_outside(struct system *system, unsigned needs, struct namespace_info *info)
{
    info->held = join_holders(info->namespace);
    if (needs & NEED_MAKER)
        info->has_uid = namespaces_owner(&system->procfs, info->namespace, &info->uid);
    if (info->has_uid && needs & NEED_OWNER)
        info->user = names_user(system->names, info->uid);
    if (needs & NEED_CONTAINER) {
        const struct cgroup_unit *unit = resolve_namespace(system, info->namespace);

        /* A cgroup of any other name says nothing of what the namespace is for. */
        info->kind = unit && strcmp(unit->kind, "cgroup") != 0 ? unit->kind : NULL;
        info->container = unit ? cgroup_unit_container(unit) : NULL;
    }
}

static void add_up(const struct inventory *inventory, struct namespace_info *info)
{
    info->has_sums = true;
    info->segments = inventory->count;
    for (size_t i = 0; i < inventory->count; i++) {
        const struct segment_info *row = &inventory->rows[i];

        info->bytes = saturating_add(info->bytes, row->segment.size);
        info->orphans += row->state == STATE_ORPHAN;
    }
}

/* Reads what is inside, by the same way as a listing of it would. */
static int read_inside(struct system *system, unsigned needs, struct namespace_info *info,
                       struct error *err)
{
    CLEANUP_INVENTORY struct inventory inventory = {0};
    int r = inventory_read(system, NULL, needs & NEED_STATE, &inventory, err);

    if (r == 0 && inventory.unparsed.count > 0)
        r = error_set(err, EBADMSG, "%zu lines of its listing were not understood",
                      inventory.unparsed.count);
    if (r == 0)
        add_up(&inventory, info);
    return r;
}

/* Returns 0 also where the namespace cannot be read: the row says so. */
static int resolve_sums(struct system *system, unsigned needs, struct namespace_info *info,
                        struct error *err)
{
    CLEANUP_ERROR struct error refusal = ERROR_INIT;
    struct namespace_entry entry;
    int r = namespace_enter(&system->procfs, info->namespace, &entry, &refusal);
    int back = 0;

    if (r == 0) {
        r = read_inside(system, needs, info, &refusal);
        back = namespace_return(&system->procfs, &entry, err);
    }
    if (r < 0)
        info->refusal = steal_pointer(&refusal.text);
    return back;
}

int namespace_rows_read(struct system *system, const struct ipc_namespace_list *list,
                        unsigned needs, struct namespace_rows *ret_rows, struct error *err)
{
    struct namespace_rows rows = {.rows = xcalloc(list->count, sizeof(*rows.rows))};
    int r = 0;

    proc_cache_refresh(system->proc);
    for (size_t i = 0; r == 0 && i < list->count; i++) {
        struct namespace_info *info = &rows.rows[rows.count++];

        info->namespace = &list->items[i];
        if (needs & NEED_SUMS)
            r = resolve_sums(system, needs, info, err);
    }
    /* Afterwards: each listing reads processes again, and what was borrowed of them is gone. */
    for (size_t i = 0; i < rows.count; i++)
        resolve_outside(system, needs, &rows.rows[i]);
    if (r < 0) {
        namespace_rows_release(&rows);
        return r;
    }
    *ret_rows = rows;
    return 0;
}

void namespace_rows_release(struct namespace_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        free(rows->rows[i].held);
        free(rows->rows[i].refusal);
    }
    free(rows->rows);
    *rows = (struct namespace_rows){0};
}
