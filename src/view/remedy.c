#include "view/remedy.h"

void remedy_begin(struct strbuf *out, const struct inventory *inventory)
{
    if (!inventory->live)
        strbuf_puts(out, "on that machine: ");
}

const char *remedy_root(const struct inventory *inventory)
{
    return inventory->has_credentials && inventory->credentials.euid == 0
               ? "root with all capabilities"
               : "root";
}

static bool may_remove_all(const struct credentials *credentials,
                           const struct segment_info *const *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!shmget_may_remove(&rows[i]->segment, credentials))
            return false;
    }
    return true;
}

/* Whether all belong to one user whom one can be: not root, and known by a name. */
static bool have_one_owner(const struct segment_info *const *rows, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (rows[i]->segment.uid != rows[0]->segment.uid)
            return false;
    }
    return rows[0]->segment.uid != 0 && rows[0]->owner;
}

void remedy_remove(struct strbuf *out, const struct inventory *inventory,
                   const struct segment_info *const *rows, size_t count, const char *arguments)
{
    if (inventory->has_credentials && count > 0 &&
        !may_remove_all(&inventory->credentials, rows, count)) {
        strbuf_puts(out, "as ");
        if (have_one_owner(rows, count))
            strbuf_printf(out, "%s or ", rows[0]->owner);
        strbuf_printf(out, "%s: ", remedy_root(inventory));
    }
    strbuf_printf(out, "shmtool rm %s", arguments);
}

void remedy_as_root(struct strbuf *out, const struct inventory *inventory)
{
    if (!inventory->has_credentials || !inventory->credentials.sets_limits)
        strbuf_printf(out, "as %s: ", remedy_root(inventory));
}

void remedy_set_limit(struct strbuf *out, const struct inventory *inventory, enum limit_id id,
                      uint64_t value)
{
    remedy_as_root(out, inventory);
    strbuf_printf(out, "shmtool limits --set %s=%llu", limit_kinds[id].name,
                  (unsigned long long)value);
}
