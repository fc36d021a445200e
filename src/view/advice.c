#include "view/advice.h"

#include "view/words.h"

void advice_begin(struct strbuf *out, const struct machine *machine)
{
    if (!machine->procfs.live)
        strbuf_puts(out, "on that machine: ");
}

const char *advice_root(const struct caller *caller)
{
    return caller && caller->euid == 0 ? "root with all capabilities" : "root";
}

static bool may_remove_all(const struct caller *caller, const struct segment_list *segments)
{
    for (size_t i = 0; i < segments->count; i++) {
        if (!shmget_may_remove(&segments->items[i], caller))
            return false;
    }
    return true;
}

/* Whether all belong to one user whom one can be: not root, and known by a name. */
static bool have_one_owner(struct machine *machine, const struct segment_list *segments)
{
    uid_t uid = segments->items[0].uid;

    for (size_t i = 1; i < segments->count; i++) {
        if (segments->items[i].uid != uid)
            return false;
    }
    return uid != 0 && names_user(machine->names, uid) != NULL;
}

void advice_remove(struct strbuf *out, struct machine *machine, const struct caller *caller,
                   const struct segment_list *segments)
{
    if (!caller || may_remove_all(caller, segments))
        return;
    strbuf_puts(out, "as ");
    if (have_one_owner(machine, segments)) {
        words_user(out, machine, segments->items[0].uid);
        strbuf_puts(out, " or ");
    }
    strbuf_puts(out, advice_root(caller));
    strbuf_puts(out, ": ");
}

void advice_set_limits(struct strbuf *out, const struct caller *caller)
{
    if (!caller || !caller->sets_limits)
        strbuf_printf(out, "as %s: ", advice_root(caller));
}
