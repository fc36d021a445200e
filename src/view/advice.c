#include "view/advice.h"

#include "view/words.h"

void advice_begin(struct strbuf *out, const struct system *system)
{
    if (!system->procfs.live)
        strbuf_puts(out, "on that machine: ");
}

const char *advice_root(const struct credentials *credentials)
{
    return credentials && credentials->euid == 0 ? "root with all capabilities" : "root";
}

static bool may_remove_all(const struct credentials *credentials,
                           const struct segment_list *segments)
{
    for (size_t i = 0; i < segments->count; i++) {
        if (!shmget_may_remove(&segments->items[i], credentials))
            return false;
    }
    return true;
}

/* Whether all belong to one user whom one can be: not root, and known by a name. */
static bool have_one_owner(struct system *system, const struct segment_list *segments)
{
    uid_t uid = segments->items[0].uid;

    for (size_t i = 1; i < segments->count; i++) {
        if (segments->items[i].uid != uid)
            return false;
    }
    return uid != 0 && names_user(system->names, uid) != NULL;
}

void advice_remove(struct strbuf *out, struct system *system, const struct credentials *credentials,
                   const struct segment_list *segments)
{
    if (!credentials || may_remove_all(credentials, segments))
        return;
    strbuf_puts(out, "as ");
    if (have_one_owner(system, segments)) {
        words_user(out, system, segments->items[0].uid);
        strbuf_puts(out, " or ");
    }
    strbuf_puts(out, advice_root(credentials));
    strbuf_puts(out, ": ");
}

void advice_set_limits(struct strbuf *out, const struct credentials *credentials)
{
    if (!credentials || !credentials->sets_limits)
        strbuf_printf(out, "as %s: ", advice_root(credentials));
}
