#include "kernel/names.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "base/xalloc.h"

/* A saved passwd or group of more bytes than this is none. */
enum { DATABASE_SIZE_MAX = 64 * 1024 * 1024 };

/* A name and its id; a NULL name: there is no such user or group. */
struct entry {
    uint32_t id;
    size_t order; /* in which it was remembered */
    char *name;
    struct entry *next;
};

enum { BUCKETS = 256 };

/* Users or groups: one of each in a cache. */
struct database {
    const struct database_kind *kind;
    struct entry *buckets[BUCKETS];
    size_t count;
    bool loaded; /* of a saved tree: its file was read */
    bool failed; /* of the live system: an id could not be looked up */
};

/* What tells users and groups apart. */
struct database_kind {
    const char *path;
    const char *what;
    /* Ask the C library; return 0 (with a NULL name: unknown) or a positive errno. */
    int (*name_of)(uint32_t id, struct strbuf *buffer, const char **ret_name);
    int (*id_of)(const char *name, struct strbuf *buffer, bool *ret_found, uint32_t *ret_id);
};

struct names {
    const struct procfs *procfs;
    const struct procfs *tree; /* a saved one, whose files are read; NULL: none */
    struct database users;
    struct database groups;
    struct strbuf buffer;
};

static int user_name_of(uint32_t id, struct strbuf *buffer, const char **ret_name)
{
    struct passwd entry;
    struct passwd *found;
    int r = getpwuid_r(id, &entry, buffer->data, buffer->capacity, &found);

    *ret_name = r == 0 && found ? found->pw_name : NULL;
    return r;
}

static int user_id_of(const char *name, struct strbuf *buffer, bool *ret_found, uint32_t *ret_id)
{
    struct passwd entry;
    struct passwd *found = NULL;
    int r = getpwnam_r(name, &entry, buffer->data, buffer->capacity, &found);

    *ret_found = r == 0 && found;
    if (*ret_found)
        *ret_id = found->pw_uid;
    return r;
}

static int group_name_of(uint32_t id, struct strbuf *buffer, const char **ret_name)
{
    struct group entry;
    struct group *found;
    int r = getgrgid_r(id, &entry, buffer->data, buffer->capacity, &found);

    *ret_name = r == 0 && found ? found->gr_name : NULL;
    return r;
}

static int group_id_of(const char *name, struct strbuf *buffer, bool *ret_found, uint32_t *ret_id)
{
    struct group entry;
    struct group *found = NULL;
    int r = getgrnam_r(name, &entry, buffer->data, buffer->capacity, &found);

    *ret_found = r == 0 && found;
    if (*ret_found)
        *ret_id = found->gr_gid;
    return r;
}

static const struct database_kind user_kind = {"etc/passwd", "user", user_name_of, user_id_of};
static const struct database_kind group_kind = {"etc/group", "group", group_name_of, group_id_of};

struct names *names_new(const struct procfs *procfs)
{
    struct names *names = xcalloc(1, sizeof(*names));

    names->procfs = procfs;
    names->tree = procfs->live ? NULL : procfs;
    names->users.kind = &user_kind;
    names->groups.kind = &group_kind;
    strbuf_reserve(&names->buffer, 4096);
    return names;
}

void names_add_tree(struct names *names, const struct procfs *tree)
{
    names->tree = tree;
}

static void release_database(struct database *database)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        struct entry *next;

        for (struct entry *entry = database->buckets[i]; entry; entry = next) {
            next = entry->next;
            free(entry->name);
            free(entry);
        }
    }
}

void names_free(struct names *names)
{
    if (!names)
        return;
    release_database(&names->users);
    release_database(&names->groups);
    strbuf_release(&names->buffer);
    free(names);
}

static struct entry *add_entry(struct database *database, uint32_t id, const char *name)
{
    struct entry **tail = &database->buckets[id % BUCKETS];
    struct entry *entry = xcalloc(1, sizeof(*entry));

    /* At the end: of several names of one id the first of the file is shown. */
    while (*tail)
        tail = &(*tail)->next;
    entry->id = id;
    entry->order = database->count++;
    entry->name = name ? xstrdup(name) : NULL;
    *tail = entry;
    return entry;
}

/* Parses "name:password:id:..."; comments and lines for NIS ("+::::::") are no entries. */
static void load_line(struct database *database, char *line)
{
    const char *name = line;
    const char *digits;
    uint64_t id;

    if (strchr("#+-:", *line))
        return;
    strsep(&line, ":");
    if (!strsep(&line, ":"))
        return;
    digits = strsep(&line, ":");
    if (!digits || !*digits || parse_digits(digits, strlen(digits), &id) != strlen(digits) ||
        id > UINT32_MAX)
        return;
    add_entry(database, (uint32_t)id, name);
}

/* Reads a saved tree's database, once. A tree without one has numbers only. */
static void load_database(const struct names *names, struct database *database)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    char *rest;
    char *line;

    if (database->loaded || !names->tree)
        return;
    database->loaded = true;
    if (procfs_read_file(names->tree, database->kind->path, DATABASE_SIZE_MAX, &text, NULL) < 0)
        return;
    rest = text.data;
    while ((line = strsep(&rest, "\n")))
        load_line(database, line);
}

static const char *name_of(struct names *names, struct database *database, uint32_t id)
{
    const struct entry *entry;
    const char *name;
    int r;

    load_database(names, database);
    entry = database->buckets[id % BUCKETS];
    while (entry && entry->id != id)
        entry = entry->next;
    if (entry || !names->procfs->live)
        return entry ? entry->name : NULL;
    while ((r = database->kind->name_of(id, &names->buffer, &name)) == ERANGE)
        strbuf_reserve(&names->buffer, names->buffer.capacity * 2);
    /* Of nobody it is 0; glibc has ENOENT, too, where a server is not there. */
    database->failed = database->failed || r != 0;
    return add_entry(database, id, name)->name;
}

const char *names_user(struct names *names, uid_t uid)
{
    return name_of(names, &names->users, uid);
}

const char *names_group(struct names *names, gid_t gid)
{
    return name_of(names, &names->groups, gid);
}

bool names_users_failed(const struct names *names)
{
    return names->users.failed;
}

/* What follows the id in a line of either file. */
#define USER_REST ":::"
#define GROUP_REST ""

/* Appends "NAME:x:ID:REST" and a newline. */
static void put_line(struct strbuf *out, const char *name, uint32_t id, const char *rest)
{
    /* What would be another line is no name. */
    if (name && !name[strcspn(name, ":\n")])
        strbuf_printf(out, "%s:x:%lu:%s\n", name, (unsigned long)id, rest);
}

void names_put_user(struct names *names, uid_t uid, struct strbuf *out)
{
    put_line(out, names_user(names, uid), uid, USER_REST);
}

void names_put_group(struct names *names, gid_t gid, struct strbuf *out)
{
    put_line(out, names_group(names, gid), gid, GROUP_REST);
}

static void put_database(struct strbuf *out, const struct database *database, const char *rest)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        for (const struct entry *entry = database->buckets[i]; entry; entry = entry->next)
            put_line(out, entry->name, entry->id, rest);
    }
}

void names_put_known(const struct names *names, struct strbuf *users, struct strbuf *groups)
{
    put_database(users, &names->users, USER_REST);
    put_database(groups, &names->groups, GROUP_REST);
}

/* The first line of a saved tree's database with this name, or NULL. */
static const struct entry *find_name_entry(const struct database *database, const char *name)
{
    const struct entry *first = NULL;

    for (size_t i = 0; i < BUCKETS; i++) {
        for (const struct entry *entry = database->buckets[i]; entry; entry = entry->next) {
            if (entry->name && strcmp(entry->name, name) == 0 &&
                (!first || entry->order < first->order))
                first = entry;
        }
    }
    return first;
}

/* Looks WORD up as a name. Returns 0 with *ret_found set, or a positive errno. */
static int look_up_name(struct names *names, struct database *database, const char *word,
                        bool *ret_found, uint32_t *ret_id)
{
    const struct entry *entry = NULL;
    int r;

    load_database(names, database);
    if (database->loaded)
        entry = find_name_entry(database, word);
    *ret_found = entry != NULL;
    if (entry)
        *ret_id = entry->id;
    if (entry || !names->procfs->live)
        return 0;
    while ((r = database->kind->id_of(word, &names->buffer, ret_found, ret_id)) == ERANGE)
        strbuf_reserve(&names->buffer, names->buffer.capacity * 2);
    /* getpwnam(3): these too say no more than "not found". */
    return r == ENOENT || r == ESRCH || r == EBADF || r == EPERM ? 0 : r;
}

static int find_id(struct names *names, struct database *database, const char *word,
                   uint32_t *ret_id, struct error *err)
{
    const char *what = database->kind->what;
    size_t length = strlen(word);
    uint64_t number;
    uint32_t id;
    bool found;
    int r = look_up_name(names, database, word, &found, &id);

    if (r == 0 && !found && strstr(word, "\\x")) {
        CLEANUP_STRBUF struct strbuf name = STRBUF_INIT;

        text_unescape(&name, word, length);
        r = look_up_name(names, database, strbuf_string(&name), &found, &id);
    }
    if (r > 0)
        return error_set_errno(err, r, "'%s': %s cannot be looked up", word, what);
    if (!found) {
        /* The highest id is the kernel's "none", (uid_t)-1. */
        if (length == 0 || parse_digits(word, length, &number) != length || number >= UINT32_MAX)
            return error_set(err, EINVAL, "'%s': no such %s, and not a number below 4294967295",
                             word, what);
        id = (uint32_t)number;
    }
    *ret_id = id;
    return 0;
}

int names_find_user(struct names *names, const char *word, uid_t *ret_uid, struct error *err)
{
    return find_id(names, &names->users, word, ret_uid, err);
}

int names_find_group(struct names *names, const char *word, gid_t *ret_gid, struct error *err)
{
    return find_id(names, &names->groups, word, ret_gid, err);
}
