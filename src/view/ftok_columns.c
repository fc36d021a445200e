#include "view/ftok_columns.h"

#define GETTER(name) \
    static void name(const struct column_format *format, const void *record, \
                     struct column_value *ret_value)
#define FILE_OF(record) (((const struct ftok_row *)(record))->file)
#define SEGMENT_OF(record) (((const struct ftok_row *)(record))->segment)

static struct column_value number(uint64_t value)
{
    return (struct column_value){.known = true, .number = value};
}

GETTER(get_key)
{
    (void)format;
    *ret_value = number(FILE_OF(record)->key);
}

GETTER(get_proj)
{
    (void)format;
    *ret_value = number(FILE_OF(record)->proj);
}

GETTER(get_shmid)
{
    (void)format;
    if (SEGMENT_OF(record))
        *ret_value = number((uint64_t)SEGMENT_OF(record)->shmid);
}

GETTER(get_owner)
{
    const struct segment *segment = SEGMENT_OF(record);

    if (!segment)
        return;
    *ret_value = number(segment->uid);
    ret_value->text = names_user(format->system->names, segment->uid);
}

GETTER(get_bytes)
{
    (void)format;
    if (SEGMENT_OF(record))
        *ret_value = number(SEGMENT_OF(record)->size);
}

GETTER(get_nattch)
{
    (void)format;
    if (SEGMENT_OF(record))
        *ret_value = number(SEGMENT_OF(record)->nattch);
}

GETTER(get_path)
{
    (void)format;
    *ret_value = (struct column_value){.known = true, .text = FILE_OF(record)->path};
}

static const struct column columns[] = {
    {"key", COLUMN_KEY, "what ftok makes of it", get_key},
    {"proj", COLUMN_ID, "the PROJ that it was made with", get_proj},
    {"shmid", COLUMN_ID, "segment that has the key", get_shmid},
    {"owner", COLUMN_NAME, "its owner", get_owner},
    {"bytes", COLUMN_SIZE, "its size", get_bytes},
    {"nattch", COLUMN_NUMBER, "how often it is attached", get_nattch},
    {"path", COLUMN_TEXT, "the file", get_path},
};

const struct column_table ftok_columns = {
    .columns = columns,
    .count = sizeof(columns) / sizeof(columns[0]),
    .defaults = "key,proj,shmid,owner,bytes,nattch,path",
};
