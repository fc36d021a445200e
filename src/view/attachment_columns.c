#include "view/attachment_columns.h"

#define GETTER(name) \
    static void name(const struct column_format *format, const void *record, \
                     struct column_value *ret_value)
#define ROW ((const struct attachment_row *)record)
#define ATTACHMENT (ROW->attachment)

/* A getter of a number that is always known. */
#define PLAIN(name, value) \
    GETTER(name) \
    { \
        (void)format; \
        *ret_value = (struct column_value){.known = true, .number = (uint64_t)(value)}; \
    }

PLAIN(get_shmid, ATTACHMENT->shmid)
PLAIN(get_key, ROW->segment->key)
PLAIN(get_pid, ATTACHMENT->pid)
PLAIN(get_maps, ATTACHMENT->maps)

GETTER(get_uid)
{
    (void)format;
    *ret_value = (struct column_value){.known = ATTACHMENT->has_uid, .number = ATTACHMENT->uid};
}

GETTER(get_user)
{
    get_uid(format, record, ret_value);
    if (ret_value->known && !format->numeric)
        ret_value->text = names_user(format->system->names, ATTACHMENT->uid);
}

GETTER(get_access)
{
    (void)format;
    *ret_value = (struct column_value){.known = true, .text = ATTACHMENT->writable ? "rw" : "ro"};
}

GETTER(get_command)
{
    const char *command = pids_command(format->system->pids, ATTACHMENT->pid);

    *ret_value = (struct column_value){.known = command != NULL, .text = command};
}

static const struct column columns[] = {
    {"shmid", COLUMN_ID, "id of the segment", get_shmid},
    {"key", COLUMN_KEY, "its present key, in hex", get_key},
    {"pid", COLUMN_ID, "process", get_pid},
    {"uid", COLUMN_ID, "number of the user it runs as", get_uid},
    {"user", COLUMN_NAME, "that user's name", get_user},
    {"access", COLUMN_TEXT, "rw when any of its mappings may write, else ro", get_access},
    {"maps", COLUMN_NUMBER, "how often it has the segment mapped", get_maps},
    {"command", COLUMN_TEXT, "its command line", get_command},
};

const struct column_table attachment_columns = {
    .columns = columns,
    .count = sizeof(columns) / sizeof(columns[0]),
    .defaults = "shmid,key,pid,user,access,maps,command",
    .long_form = NULL,
};
