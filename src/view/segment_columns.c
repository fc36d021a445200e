#include "view/segment_columns.h"

#include "model/segment.h"

#define GETTER(name) \
    static void name(const struct column_format *format, const void *record, \
                     struct column_value *ret_value)
#define SEGMENT ((const struct segment *)record)

static struct column_value number(uint64_t value)
{
    return (struct column_value){.known = true, .number = value};
}

/* A pid or a time: 0 says that there is none. */
static struct column_value number_or_none(uint64_t value)
{
    return (struct column_value){.known = value != 0, .number = value};
}

static struct column_value text_or_none(const char *text)
{
    return (struct column_value){.known = text != NULL, .text = text};
}

static struct column_value user(const struct column_format *format, uid_t uid)
{
    const char *name = format->numeric ? NULL : names_user(format->system->names, uid);

    return (struct column_value){.known = true, .number = uid, .text = name};
}

static struct column_value group(const struct column_format *format, gid_t gid)
{
    const char *name = format->numeric ? NULL : names_group(format->system->names, gid);

    return (struct column_value){.known = true, .number = gid, .text = name};
}

/* A getter that looks at the record alone. */
#define PLAIN(name, value) \
    GETTER(name) \
    { \
        (void)format; \
        *ret_value = value; \
    }

PLAIN(get_key, number(SEGMENT->key))
PLAIN(get_shmid, number((uint64_t)SEGMENT->shmid))
PLAIN(get_uid, number(SEGMENT->uid))
PLAIN(get_gid, number(SEGMENT->gid))
PLAIN(get_cuid, number(SEGMENT->cuid))
PLAIN(get_cgid, number(SEGMENT->cgid))
PLAIN(get_perms, number(SEGMENT->mode & 0777))
PLAIN(get_bytes, number(SEGMENT->size))
PLAIN(get_nattch, number(SEGMENT->nattch))
PLAIN(get_status, number(SEGMENT->mode &(SEGMENT_DEST | SEGMENT_LOCKED)))
PLAIN(get_cpid, number_or_none((uint64_t)SEGMENT->cpid))
PLAIN(get_lpid, number_or_none((uint64_t)SEGMENT->lpid))
PLAIN(get_atime, number_or_none((uint64_t)SEGMENT->atime))
PLAIN(get_dtime, number_or_none((uint64_t)SEGMENT->dtime))
PLAIN(get_ctime, number_or_none((uint64_t)SEGMENT->ctime))

GETTER(get_owner)
{
    *ret_value = user(format, SEGMENT->uid);
}

GETTER(get_creator)
{
    *ret_value = user(format, SEGMENT->cuid);
}

GETTER(get_group)
{
    *ret_value = group(format, SEGMENT->gid);
}

GETTER(get_creator_group)
{
    *ret_value = group(format, SEGMENT->cgid);
}

GETTER(get_rss)
{
    (void)format;
    *ret_value = number(SEGMENT->rss);
    ret_value->known = SEGMENT->has_rss;
}

GETTER(get_swap)
{
    (void)format;
    *ret_value = number(SEGMENT->swap);
    ret_value->known = SEGMENT->has_swap;
}

GETTER(get_state)
{
    *ret_value = text_or_none(state_name(pids_state(format->system->pids, SEGMENT)));
}

GETTER(get_command)
{
    *ret_value = text_or_none(pids_creator_command(format->system->pids, SEGMENT));
}

static const struct column columns[] = {
    {"key", COLUMN_KEY, "key, in hex", get_key},
    {"shmid", COLUMN_ID, "id", get_shmid},
    {"owner", COLUMN_NAME, "owner's name", get_owner},
    {"uid", COLUMN_ID, "owner's number", get_uid},
    {"group", COLUMN_NAME, "owning group's name", get_group},
    {"gid", COLUMN_ID, "owning group's number", get_gid},
    {"creator", COLUMN_NAME, "creator's name", get_creator},
    {"cuid", COLUMN_ID, "creator's number", get_cuid},
    {"creator_group", COLUMN_NAME, "creator's group", get_creator_group},
    {"cgid", COLUMN_ID, "number of the creator's group", get_cgid},
    {"perms", COLUMN_PERMS, "permissions, octal", get_perms},
    {"bytes", COLUMN_SIZE, "size", get_bytes},
    {"rss", COLUMN_SIZE, "bytes in memory", get_rss},
    {"swap", COLUMN_SIZE, "bytes in swap", get_swap},
    {"nattch", COLUMN_NUMBER, "how often it is attached", get_nattch},
    {"status", COLUMN_STATUS, "dest, locked", get_status},
    {"state", COLUMN_TEXT, "used, dest, orphan, idle or unknown", get_state},
    {"cpid", COLUMN_ID, "process that created it", get_cpid},
    {"lpid", COLUMN_ID, "last process that attached or detached", get_lpid},
    {"atime", COLUMN_TIME, "last attach", get_atime},
    {"dtime", COLUMN_TIME, "last detach", get_dtime},
    {"ctime", COLUMN_TIME, "creation or last change", get_ctime},
    {"command", COLUMN_TEXT, "creator's command line, while it lives", get_command},
};

#define DEFAULTS "key,shmid,owner,perms,bytes,nattch,status"

const struct column_table segment_columns = {
    .columns = columns,
    .count = sizeof(columns) / sizeof(columns[0]),
    .defaults = DEFAULTS,
    .long_form = DEFAULTS ",state,cpid,lpid,rss,swap,ctime,command",
};
