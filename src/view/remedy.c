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
    if (count > 0 &&
        !(inventory->has_credentials && may_remove_all(&inventory->credentials, rows, count))) {
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

void remedy_as_owner(struct strbuf *out, const struct inventory *inventory, const char *name,
                     uid_t uid)
{
    const struct credentials *credentials = &inventory->credentials;

    if (inventory->has_credentials && (credentials->euid == uid || credentials->sys_admin))
        return;
    strbuf_puts(out, "as ");
    if (name && uid != 0)
        strbuf_printf(out, "%s or ", name);
    strbuf_printf(out, "%s: ", remedy_root(inventory));
}

/* Appends how SETTING (NAME=VALUE) is made where this container cannot: from outside. */
static void put_outside(struct strbuf *out, const char *setting)
{
    strbuf_printf(out,
                  "/proc/sys is read-only here; start this container with --sysctl %s, or on its "
                  "host, as root: nsenter --ipc --target PID sysctl -w %s (PID: that of one of "
                  "its processes there)",
                  setting, setting);
}

static bool is_read_only(const struct inventory *inventory)
{
    return inventory->has_credentials && inventory->credentials.read_only_limits;
}

void remedy_sysctl(struct strbuf *out, const struct inventory *inventory, const char *name,
                   const char *value)
{
    CLEANUP_STRBUF struct strbuf setting = STRBUF_INIT;

    strbuf_printf(&setting, "%s=%s", name, value);
    if (is_read_only(inventory)) {
        put_outside(out, strbuf_string(&setting));
        return;
    }
    remedy_as_root(out, inventory);
    strbuf_printf(out, "sysctl -w %s", strbuf_string(&setting));
}

/* AND_MORE: further options of the command. */
static void put_limit_command(struct strbuf *out, const struct inventory *inventory,
                              enum limit_id id, uint64_t value, const char *and_more)
{
    CLEANUP_STRBUF struct strbuf setting = STRBUF_INIT;

    strbuf_printf(&setting, "kernel.%s=%llu", limit_kinds[id].name, (unsigned long long)value);
    if (is_read_only(inventory)) {
        put_outside(out, strbuf_string(&setting));
        return;
    }
    remedy_as_root(out, inventory);
    strbuf_printf(out, "shmtool limits --set %s%s", strchr(strbuf_string(&setting), '.') + 1,
                  and_more);
}

void remedy_set_limit(struct strbuf *out, const struct inventory *inventory, enum limit_id id,
                      uint64_t value)
{
    put_limit_command(out, inventory, id, value, "");
}

void remedy_keep_limit(struct strbuf *out, const struct inventory *inventory, enum limit_id id,
                       uint64_t value)
{
    put_limit_command(out, inventory, id, value, " --persist");
}

void remedy_word(struct strbuf *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-.,:+@%/";

    if (*word && word[strspn(word, plain)] == '\0') {
        strbuf_puts(out, word);
        return;
    }
    strbuf_putc(out, '\'');
    for (; *word; word++) {
        if (*word == '\'')
            strbuf_puts(out, "'\\'");
        strbuf_putc(out, *word);
    }
    strbuf_putc(out, '\'');
}

void remedy_owner(struct strbuf *out, const char *name, uid_t uid)
{
    strbuf_puts(out, " --owner ");
    if (name)
        remedy_word(out, name);
    else
        strbuf_printf(out, "%lu", (unsigned long)uid);
}
