#include "command/incomplete.h"

#include <errno.h>
#include <limits.h>

#include "base/cleanup.h"
#include "command/where.h"
#include "kernel/namespace.h"
#include "kernel/namespaces.h"
#include "view/human.h"
#include "view/remedy.h"

void incomplete_hint_key(struct strbuf *out, const struct inventory *inventory, int shmid)
{
    if (idset_has(&inventory->key_numbers, shmid))
        strbuf_printf(out, "; did you mean --key %d, i.e. 0x%08x?", shmid, (unsigned)shmid);
}

void incomplete_hint_id(struct strbuf *out, const struct inventory *inventory, uint32_t key)
{
    if (key <= INT_MAX && idset_has(&inventory->id_numbers, (int)key))
        strbuf_printf(out, "; did you mean the id %u?", key);
}

bool incomplete_warn_missing(struct context *context, const struct inventory *inventory)
{
    for (size_t i = 0; i < inventory->missing_id_count; i++) {
        CLEANUP_STRBUF struct strbuf hint = STRBUF_INIT;

        incomplete_hint_key(&hint, inventory, inventory->missing_ids[i]);
        context_warn(context, "%d: no such segment%s", inventory->missing_ids[i],
                     strbuf_string(&hint));
    }
    for (size_t i = 0; i < inventory->missing_key_count; i++) {
        CLEANUP_STRBUF struct strbuf hint = STRBUF_INIT;

        incomplete_hint_id(&hint, inventory, inventory->missing_keys[i]);
        if (hint.length > 0)
            context_warn(context, "--key: 0x%08x: no segment has this key%s",
                         inventory->missing_keys[i], strbuf_string(&hint));
    }
    return inventory->missing_id_count > 0;
}

/* WHAT: "unit" or "program". BY_CREATOR: that of a creator that is alive would be known. */
static void warn_unknown(struct context *context, const char *what, size_t count, bool by_creator)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const char *it = count == 1 ? "it" : "them";
    const char *its = count == 1 ? "its" : "their";

    if (count == 0)
        return;
    human_count(&text, count, "segment");
    context_warn(context,
                 "--%s: %s left out: %s%snot all processes that have %s attached can be inspected, "
                 "so %s %s is unknown",
                 what, strbuf_string(&text), by_creator ? its : "",
                 by_creator ? " creator is not alive, and " : "", it, its, what);
}

/* Appends "shmtool", and where it is to look, as this command does. */
static void put_shmtool_there(struct strbuf *out, const struct context *context)
{
    if (context->tree || !context->system.procfs.live)
        strbuf_puts(out, "shmtool --sysroot DIR");
    else if (context->system.namespaces)
        strbuf_puts(out, "shmtool -A");
    else
        remedy_shmtool(out, context->system.elsewhere);
}

void incomplete_warn_unknown(struct context *context, const struct unknown_counts *unknown)
{
    if (unknown->states > 0) {
        CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

        human_count(&text, unknown->states, "segment");
        strbuf_printf(&text, " left out: %s state is unknown (",
                      unknown->states == 1 ? "its" : "their");
        put_shmtool_there(&text, context);
        strbuf_printf(&text, " ls --state unknown lists %s)", unknown->states == 1 ? "it" : "them");
        context_warn_text(context, &text);
    }
    warn_unknown(context, "unit", unknown->units, true);
    warn_unknown(context, "program", unknown->programs, false);
}

void incomplete_warn_pids(struct context *context, const struct filter *filter)
{
    const struct procfs *procfs = &context->system.procfs;
    uint64_t here;

    if (!procfs->live || context->system.namespaces)
        return;
    here = namespaces_own_number(procfs);
    if (here == 0)
        return;
    for (size_t i = 0; i < filter->pids.count; i++) {
        pid_t pid = (pid_t)filter->pids.items[i].low;
        uint64_t number;

        if (namespace_number_of(procfs, pid, &number) == 0 && number != here)
            context_warn(context,
                         "--pid: process %d is in another IPC namespace: shmtool -N %d looks there",
                         (int)pid, (int)pid);
    }
}

bool incomplete_warn_inventory(struct context *context, const struct selection *selection,
                               const struct inventory *inventory)
{
    bool incomplete = incomplete_warn_missing(context, inventory);

    incomplete_warn_unknown(context, &inventory->unknown);
    if (selection)
        incomplete_warn_pids(context, &selection->filter);
    where_warn_refused(context, &inventory->refused);
    incomplete |= where_warn_incomplete(context, &context->namespaces);
    return incomplete;
}

void incomplete_warn_page_size(struct context *context, const struct limits *limits)
{
    if (limits->guessed_pages)
        context_warn(context,
                     "the tree does not show the page size: pages of %llu bytes are assumed",
                     (unsigned long long)limits->page_size);
}

void incomplete_warn_shmem(struct context *context, const struct inventory *inventory)
{
    if (inventory->shmem_error.text && inventory->shmem_error.code != ENOENT)
        context_warn(context, "%s; Shmem is not known", inventory->shmem_error.text);
}

void incomplete_warn_unreadable(struct context *context, const struct inventory *inventory)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const struct attachment_list *attachments = &inventory->attachments;
    const char *remedy = "root sees all";

    if (attachments->unreadable == 0 && !attachments->hidden)
        return;
    if (attachments->unreadable > 0)
        strbuf_printf(&text, "%zu process%s could not be read", attachments->unreadable,
                      attachments->unreadable == 1 ? "" : "es");
    if (attachments->hidden)
        strbuf_printf(&text, "%s of other users do not show at all (hidepid)",
                      attachments->unreadable > 0 ? ", and others" : "processes");
    if (!inventory->live)
        remedy = "whoever saved the tree could not see them";
    else if (geteuid() == 0)
        remedy = namespaces_unreadable_why(&context->system.procfs);
    context_warn(context, "%s; %s", strbuf_string(&text), remedy);
}
