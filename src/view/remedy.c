#include "view/remedy.h"

#include <string.h>

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

void remedy_owner(struct strbuf *out, const char *owner, uid_t uid)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    strbuf_puts(out, " --owner ");
    if (owner && *owner && *owner != '-' && owner[strspn(owner, plain)] == '\0')
        strbuf_puts(out, owner);
    else
        strbuf_put_u64(out, uid);
}

void remedy_on_host(struct strbuf *out, const struct inventory *inventory)
{
    bool on_host = !inventory->has_credentials ||
                   (inventory->credentials.init_user && !inventory->credentials.limits_fixed);

    if (!on_host)
        strbuf_puts(out, "on the host, as root: ");
    else if (!inventory->has_credentials || inventory->credentials.euid != 0)
        strbuf_puts(out, "as root: ");
}

/* Limits are those of a namespace: the host's root enters it, and no more than it. */
static void put_set_from_outside(struct strbuf *out, const struct inventory *inventory,
                                 const struct limit_setting *settings, size_t count)
{
    strbuf_puts(out, "/proc/sys cannot be written to here; on the host, as root: nsenter --ipc ");
    if (!inventory->credentials.init_user)
        strbuf_puts(out, "--user ");
    strbuf_puts(out, "--target PID sysctl -w");
    for (size_t i = 0; i < count; i++)
        strbuf_printf(out, " kernel.%s=%llu", limit_kinds[settings[i].id].name,
                      (unsigned long long)settings[i].value);
    strbuf_puts(out, " (PID: that of a process in here, as the host knows it); or start the "
                     "container with");
    for (size_t i = 0; i < count; i++)
        strbuf_printf(out, " --sysctl kernel.%s=%llu", limit_kinds[settings[i].id].name,
                      (unsigned long long)settings[i].value);
}

void remedy_set_limits(struct strbuf *out, const struct inventory *inventory,
                       const struct limit_setting *settings, size_t count)
{
    if (inventory->has_credentials && inventory->credentials.limits_fixed) {
        put_set_from_outside(out, inventory, settings, count);
        return;
    }
    if (!inventory->has_credentials || !inventory->credentials.sets_limits)
        strbuf_printf(out, "as %s: ", remedy_root(inventory));
    strbuf_puts(out, "shmtool limits");
    for (size_t i = 0; i < count; i++)
        strbuf_printf(out, " --set %s=%llu", limit_kinds[settings[i].id].name,
                      (unsigned long long)settings[i].value);
    if (!inventory->has_credentials || !inventory->credentials.private_ipc)
        strbuf_puts(out, " --persist");
}

void remedy_set_limit(struct strbuf *out, const struct inventory *inventory, enum limit_id id,
                      uint64_t value)
{
    const struct limit_setting setting = {id, value};

    remedy_set_limits(out, inventory, &setting, 1);
}
