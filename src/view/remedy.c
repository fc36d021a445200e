#include "view/remedy.h"

#include <string.h>

#include "action/inventory_settled.h"
#include "view/human.h"

void remedy_begin(struct strbuf *out, const struct inventory *inventory)
{
    if (!inventory->live)
        strbuf_puts(out, "on that machine: ");
}

void remedy_shmtool(struct strbuf *out, uint64_t elsewhere)
{
    strbuf_puts(out, "shmtool");
    if (elsewhere != 0)
        strbuf_printf(out, " -N %llu", (unsigned long long)elsewhere);
}

void remedy_shmtool_outside(struct strbuf *out, const struct inventory *inventory,
                            uint64_t elsewhere)
{
    remedy_shmtool(out, elsewhere != 0 ? elsewhere : inventory->credentials.ipc_number);
}

const char *remedy_root(const struct inventory *inventory)
{
    return inventory->has_credentials && inventory->credentials.euid == 0
               ? "root with all capabilities"
               : "root";
}

bool remedy_is_outside(const struct inventory *inventory)
{
    const struct credentials *credentials = &inventory->credentials;

    return inventory->has_credentials && credentials->private_user && credentials->euid == 0;
}

void remedy_other_user(struct strbuf *out, const char *name, uid_t uid)
{
    if (!name || uid == 0)
        return;
    human_user(out, name);
    strbuf_puts(out, " or ");
}

static bool may_remove_all(const struct credentials *credentials,
                           const struct segment_info *const *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!segment_info_may_remove(rows[i], credentials))
            return false;
    }
    return true;
}

bool remedy_hides_user(const struct inventory *inventory, uid_t uid)
{
    return inventory->credentials.private_user && uid == ID_MAP_OVERFLOW;
}

/* Whether all belong to one user. */
static bool have_one_owner(const struct segment_info *const *rows, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (rows[i]->segment.uid != rows[0]->segment.uid)
            return false;
    }
    return true;
}

static void put_ids(struct strbuf *out, const struct segment_info *const *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        strbuf_printf(out, " %d", rows[i]->segment.shmid);
}

void remedy_remove(struct strbuf *out, const struct inventory *inventory,
                   const struct segment_info *const *rows, size_t count, const char *arguments)
{
    uint64_t elsewhere = count > 0 ? rows[0]->elsewhere : inventory->elsewhere;
    bool hidden = false;

    if (inventory->conf_problem)
        strbuf_printf(out, "once %s is right: ", inventory->conf_problem);
    for (size_t i = 0; i < count; i++)
        hidden = hidden || remedy_hides_user(inventory, rows[i]->segment.uid);
    if (count > 0 &&
        !(inventory->has_credentials && may_remove_all(&inventory->credentials, rows, count))) {
        strbuf_puts(out, hidden ? "outside of this user namespace, as " : "as ");
        if (!hidden && have_one_owner(rows, count))
            remedy_other_user(out, rows[0]->owner, rows[0]->segment.uid);
        strbuf_printf(out, "%s: ", hidden ? "root" : remedy_root(inventory));
    }
    if (hidden)
        remedy_shmtool_outside(out, inventory, elsewhere);
    else
        remedy_shmtool(out, elsewhere);
    strbuf_printf(out, " rm %s", arguments);
    /* No owner can be named: by their ids alone it takes no segments of others. */
    if (hidden && arguments[0] == '-')
        put_ids(out, rows, count);
}

void remedy_who(struct strbuf *out, const struct inventory *inventory,
                const struct segment_info *const *rows, size_t count, const char *arguments)
{
    uint64_t elsewhere = count > 0 ? rows[0]->elsewhere : inventory->elsewhere;
    bool all_seen = true;
    bool outside;

    for (size_t i = 0; i < count; i++)
        all_seen = all_seen && segment_info_unseen(rows[i]) == 0;
    all_seen = all_seen || !inventory->live || !inventory_has_unread(inventory);
    outside = !all_seen && remedy_is_outside(inventory);
    if (outside) {
        strbuf_puts(out, "outside of this user namespace, as root: ");
        remedy_shmtool_outside(out, inventory, elsewhere);
    } else {
        if (!all_seen)
            strbuf_printf(out, "as %s: ", remedy_root(inventory));
        remedy_shmtool(out, elsewhere);
    }
    strbuf_puts(out, " who");
    if (outside && arguments[0] == '-')
        put_ids(out, rows, count);
    else
        strbuf_printf(out, " %s", arguments);
}

void remedy_on_host(struct strbuf *out, const struct inventory *inventory)
{
    bool on_host = !inventory->has_credentials ||
                   (!inventory->credentials.private_user && !inventory->credentials.limits_fixed);

    if (!on_host)
        strbuf_puts(out, "on the host, as root: ");
    else if (!inventory->has_credentials || inventory->credentials.euid != 0)
        strbuf_puts(out, "as root: ");
}

/*
 * Appends how root of the host makes settings of the IPC namespace: it enters that, and no more.
 *
 * user: "--user " where only root of its own user namespace may
 * settings: " kernel.shmmni=5" for each, as sysctl takes them
 */
static void put_entered_sysctl(struct strbuf *out, const char *user, const char *settings)
{
    strbuf_printf(out,
                  "nsenter --ipc %s--target PID sysctl -w%s (PID: that of a process in here, as "
                  "the host knows it)",
                  user, settings);
}

/*
 * The same where /proc/sys cannot be written to.
 *
 * options: " --sysctl kernel.shmmni=5" for each, as a container is started with
 */
static void put_from_outside(struct strbuf *out, const struct inventory *inventory,
                             const char *settings, const char *options)
{
    strbuf_puts(out, "/proc/sys cannot be written to here; on the host, as root: ");
    put_entered_sysctl(out, inventory->credentials.private_user ? "--user " : "", settings);
    strbuf_printf(out, "; or start the container with%s", options);
}

void remedy_enter(struct strbuf *out, const struct inventory *inventory)
{
    const struct credentials *credentials = &inventory->credentials;

    if (inventory->elsewhere == 0)
        return;
    if (inventory->has_credentials && credentials->euid != 0)
        strbuf_puts(out, "as root: ");
    strbuf_printf(out, "nsenter %s--ipc --target PID ",
                  inventory->has_credentials && !credentials->sets_limits ? "--user " : "");
}

void remedy_enter_whom(struct strbuf *out, const struct inventory *inventory)
{
    if (inventory->elsewhere != 0)
        strbuf_printf(out, " (PID: one that 'shmtool ns -l %llu' shows)",
                      (unsigned long long)inventory->elsewhere);
}

static bool are_limits_fixed(const struct inventory *inventory)
{
    return inventory->has_credentials && inventory->credentials.limits_fixed;
}

/*
 * Appends "as root: " where this process may not set limits, or it is not known whether it may.
 * Returns whether it is root outside of this user namespace: its own may not where the IPC
 * namespace belongs to another one.
 */
static bool put_as_root(struct strbuf *out, const struct inventory *inventory)
{
    bool outside = remedy_is_outside(inventory);

    if (inventory->has_credentials && inventory->credentials.sets_limits)
        return false;
    if (outside)
        strbuf_puts(out, "outside of this user namespace, as root: ");
    else
        strbuf_printf(out, "as %s: ", remedy_root(inventory));
    return outside;
}

/* Appends SETTINGS for sysctl, each after BEFORE: " --sysctl kernel.shmmni=5". */
static void put_settings(struct strbuf *out, const char *before,
                         const struct limit_setting *settings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        strbuf_printf(out, "%s%s=%llu", before, limit_kinds[settings[i].id].name,
                      (unsigned long long)settings[i].value);
}

/* Appends SETTINGS for shmtool, which has a word for no limit: " --set shmmax=unlimited". */
static void put_own_settings(struct strbuf *out, const struct limits *limits,
                             const struct limit_setting *settings, size_t count)
{
    static const char before[] = " --set ";

    for (size_t i = 0; i < count; i++) {
        if (limits_is_unlimited(limits, settings[i].id, settings[i].value))
            strbuf_printf(out, "%s%s=unlimited", before, limit_kinds[settings[i].id].name);
        else
            put_settings(out, before, &settings[i], 1);
    }
}

static void put_set_limits(struct strbuf *out, const struct inventory *inventory,
                           const struct limit_setting *settings, size_t count, bool persist)
{
    CLEANUP_STRBUF struct strbuf words = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf options = STRBUF_INIT;

    if (are_limits_fixed(inventory)) {
        put_settings(&words, " kernel.", settings, count);
        put_settings(&options, " --sysctl kernel.", settings, count);
        put_from_outside(out, inventory, strbuf_string(&words), strbuf_string(&options));
        return;
    }
    /* Root of the namespace's own user namespace alone may (ipc/ipc_sysctl.c). */
    if (inventory->elsewhere != 0 && inventory->has_credentials &&
        !inventory->credentials.sets_limits) {
        put_settings(&words, " kernel.", settings, count);
        remedy_enter(out, inventory);
        strbuf_printf(out, "sysctl -w%s", strbuf_string(&words));
        remedy_enter_whom(out, inventory);
        return;
    }
    if (put_as_root(out, inventory))
        remedy_shmtool_outside(out, inventory, inventory->elsewhere);
    else
        remedy_shmtool(out, inventory->elsewhere);
    strbuf_puts(out, " limits");
    put_own_settings(out, &inventory->limits, settings, count);
    strbuf_puts(out, persist ? " --persist" : "");
}

void remedy_set_limits(struct strbuf *out, const struct inventory *inventory,
                       const struct limit_setting *settings, size_t count)
{
    bool persist = !inventory->has_credentials || inventory->credentials.ipc_number == 0;

    put_set_limits(out, inventory, settings, count, persist);
}

void remedy_refused_limit(struct strbuf *out, const struct inventory *inventory,
                          const struct limit_setting *setting, bool persist)
{
    /* Who may set limits was refused for another reason: the same command would not help. */
    if (inventory->has_credentials && inventory->credentials.sets_limits)
        return;
    strbuf_puts(out, "; ");
    put_set_limits(out, inventory, setting, 1, persist);
}

void remedy_set_limit(struct strbuf *out, const struct inventory *inventory, enum limit_id id,
                      uint64_t value)
{
    const struct limit_setting setting = {id, value};

    remedy_set_limits(out, inventory, &setting, 1);
}

void remedy_sysctl(struct strbuf *out, const struct inventory *inventory, const char *name,
                   const char *value)
{
    CLEANUP_STRBUF struct strbuf words = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf options = STRBUF_INIT;

    strbuf_printf(&words, " %s=%s", name, value);
    strbuf_printf(&options, " --sysctl%s", strbuf_string(&words));
    if (are_limits_fixed(inventory)) {
        put_from_outside(out, inventory, strbuf_string(&words), strbuf_string(&options));
        return;
    }
    if (inventory->elsewhere != 0) {
        remedy_enter(out, inventory);
        strbuf_printf(out, "sysctl -w%s", strbuf_string(&words));
        return;
    }
    if (put_as_root(out, inventory) && inventory->credentials.ipc_number != 0)
        put_entered_sysctl(out, "", strbuf_string(&words));
    else
        strbuf_printf(out, "sysctl -w%s", strbuf_string(&words));
}

void remedy_as_owner(struct strbuf *out, const struct inventory *inventory, const char *name,
                     uid_t uid)
{
    const struct credentials *credentials = &inventory->credentials;

    if (inventory->has_credentials && (credentials->euid == uid || credentials->sys_admin))
        return;
    strbuf_puts(out, "as ");
    remedy_other_user(out, name, uid);
    strbuf_printf(out, "%s: ", remedy_root(inventory));
}

void remedy_word(struct strbuf *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-.,:+@%/=";

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

void remedy_owner(struct strbuf *out, const struct inventory *inventory, const char *name,
                  uid_t uid)
{
    if (remedy_hides_user(inventory, uid))
        return;
    strbuf_puts(out, " --owner ");
    if (name)
        remedy_word(out, name);
    else
        strbuf_printf(out, "%lu", (unsigned long)uid);
}
