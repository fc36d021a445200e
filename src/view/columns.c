#include "view/columns.h"

#include "model/protection.h"

/*
 * A getter looks at one record of its table, a struct RECORD. GET_NUMBER's value is always known;
 * GET_FOUND's is not when it is 0: a pid or a time that there is none of.
 */
#define GETTER(name) \
    static void name(const struct column_format *format __attribute__((unused)), \
                     const void *record __attribute__((unused)), struct column_value *ret_value)

#define GET_KNOWN(name, is_known, value) \
    GETTER(name) \
    { \
        ret_value->known = is_known; \
        ret_value->number = (uint64_t)(value); \
    }

#define GET_NUMBER(name, value) GET_KNOWN(name, true, value)
#define GET_FOUND(name, value) GET_KNOWN(name, (value) != 0, value)

#define GET_TEXT(name, value) \
    GETTER(name) \
    { \
        ret_value->text = value; \
        ret_value->known = ret_value->text != NULL; \
    }

/* A name with its number, which stands for it where there is no such user or group. */
#define GET_NAME(name, id, value) \
    GETTER(name) \
    { \
        ret_value->known = true; \
        ret_value->number = id; \
        ret_value->text = format->numeric ? NULL : (value); \
    }

/* The machine is one for all records. */
GET_TEXT(get_host, format->host)

#define HOST_COLUMN \
    { \
        "host", COLUMN_WORD, 0, "this machine's name", get_host \
    }

/* --- Segments --------------------------------------------------------------------------------- */

#define INFO ((const struct segment_info *)record)
#define SEGMENT (&INFO->segment)

GET_NUMBER(get_key, SEGMENT->key)
GET_NUMBER(get_shmid, SEGMENT->shmid)
GET_NAME(get_owner, SEGMENT->uid, INFO->owner)
GET_NUMBER(get_uid, SEGMENT->uid)
GET_NAME(get_group, SEGMENT->gid, INFO->group)
GET_NUMBER(get_gid, SEGMENT->gid)
GET_NAME(get_creator, SEGMENT->cuid, INFO->creator)
GET_NUMBER(get_cuid, SEGMENT->cuid)
GET_NAME(get_creator_group, SEGMENT->cgid, INFO->creator_group)
GET_NUMBER(get_cgid, SEGMENT->cgid)
GET_NUMBER(get_perms, SEGMENT->mode & 0777)
GET_NUMBER(get_bytes, SEGMENT->size)
GET_KNOWN(get_rss, SEGMENT->has_rss, SEGMENT->rss)
GET_KNOWN(get_swap, SEGMENT->has_swap, SEGMENT->swap)
GET_NUMBER(get_nattch, SEGMENT->nattch)
GET_NUMBER(get_status, SEGMENT->mode &(SEGMENT_DEST | SEGMENT_LOCKED))
GET_TEXT(get_state, state_name(INFO->state))
GET_FOUND(get_cpid, SEGMENT->cpid)
GET_FOUND(get_lpid, SEGMENT->lpid)
GET_FOUND(get_atime, SEGMENT->atime)
GET_FOUND(get_dtime, SEGMENT->dtime)
GET_FOUND(get_ctime, SEGMENT->ctime)
GET_TEXT(get_command, INFO->command)

GET_TEXT(get_unit, INFO->unit.is ? INFO->unit.is->unit : NULL)

GET_TEXT(get_program, segment_program_text(&INFO->program))
GET_TEXT(get_program_by, program_evidence_name(INFO->program.by))

GET_FOUND(get_segment_namespace, INFO->namespace)

GETTER(get_segment_container)
{
    ret_value->text = INFO->container;
    if (!ret_value->text && INFO->unit.is && !INFO->unit.containers_differ)
        ret_value->text = cgroup_unit_container(INFO->unit.is);
    ret_value->known = ret_value->text != NULL;
}

GETTER(get_protected)
{
    ret_value->known = INFO->has_protection;
    ret_value->text = INFO->protected_by ? INFO->protected_by->where : NULL;
    ret_value->note = INFO->protected_by ? INFO->protected_by->text : NULL;
}

static const struct column of_segments[] = {
    {"key", COLUMN_KEY, 0, "key, in hex", get_key},
    {"shmid", COLUMN_ID, 0, "id", get_shmid},
    {"owner", COLUMN_NAME, NEED_OWNER, "owner's name", get_owner},
    {"uid", COLUMN_ID, 0, "owner's number", get_uid},
    {"group", COLUMN_NAME, NEED_GROUP, "owning group's name", get_group},
    {"gid", COLUMN_ID, 0, "owning group's number", get_gid},
    {"creator", COLUMN_NAME, NEED_CREATOR, "creator's name", get_creator},
    {"cuid", COLUMN_ID, 0, "creator's number", get_cuid},
    {"creator_group", COLUMN_NAME, NEED_CREATOR_GROUP, "creator's group", get_creator_group},
    {"cgid", COLUMN_ID, 0, "number of the creator's group", get_cgid},
    {"perms", COLUMN_PERMS, 0, "permissions, octal", get_perms},
    {"bytes", COLUMN_SIZE, 0, "size", get_bytes},
    {"rss", COLUMN_SIZE, NEED_USAGE, "bytes in memory", get_rss},
    {"swap", COLUMN_SIZE, NEED_USAGE, "bytes in swap", get_swap},
    {"nattch", COLUMN_NUMBER, 0, "how often it is attached", get_nattch},
    {"status", COLUMN_STATUS, 0, "dest, locked", get_status},
    {"state", COLUMN_STATE, NEED_STATE, "used, dest, orphan, idle or unknown", get_state},
    {"cpid", COLUMN_ID, 0, "process that created it", get_cpid},
    {"lpid", COLUMN_ID, 0, "last process that attached or detached", get_lpid},
    {"atime", COLUMN_TIME, 0, "last attach", get_atime},
    {"dtime", COLUMN_TIME, 0, "last detach", get_dtime},
    {"ctime", COLUMN_TIME, 0, "creation or last change", get_ctime},
    {"command", COLUMN_COMMAND, NEED_COMMAND, "creator's command line, while it lives",
     get_command},
    {"unit", COLUMN_WORD, NEED_UNIT, "unit or container of its creator or users", get_unit},
    {"program", COLUMN_WORD, NEED_PROGRAM, "which program it is of; with ? a guess", get_program},
    {"program_by", COLUMN_TEXT, NEED_PROGRAM, "what tells it: attached, creator, file, key, label",
     get_program_by},
    {"namespace", COLUMN_ID, NEED_NAMESPACE, "number of its IPC namespace", get_segment_namespace},
    {"container", COLUMN_WORD, NEED_CONTAINER, "container that this is of", get_segment_container},
    {"protected", COLUMN_RULE, NEED_PROTECTION, "the line of shmtool.conf that protects it",
     get_protected},
    HOST_COLUMN,
};

#define SEGMENT_DEFAULTS "key,shmid,owner,perms,bytes,nattch,status"

const struct column_table segment_columns = {
    .columns = of_segments,
    .count = sizeof(of_segments) / sizeof(of_segments[0]),
    .defaults = SEGMENT_DEFAULTS,
    .long_form = SEGMENT_DEFAULTS ",state,cpid,lpid,rss,swap,ctime,unit,command",
    .list_name = "segments",
    .quiet = "shmid",
};

/* --- Attachments ------------------------------------------------------------------------------ */

#define ATTACHMENT (((const struct attachment_row *)record)->attachment)
#define ATTACHED (&((const struct attachment_row *)record)->info->segment)

GET_NUMBER(get_attached_shmid, ATTACHMENT->shmid)
GET_NUMBER(get_attached_key, ATTACHED->key)
GET_NUMBER(get_pid, ATTACHMENT->pid)
GET_NUMBER(get_maps, ATTACHMENT->maps)
GET_KNOWN(get_holder_uid, ATTACHMENT->has_uid, ATTACHMENT->uid)
GET_TEXT(get_access, ATTACHMENT->writable ? "rw" : "ro")
GET_TEXT(get_holder_command, ATTACHMENT->command)

GETTER(get_holder_namespace)
{
    get_segment_namespace(format, ((const struct attachment_row *)record)->info, ret_value);
}

GETTER(get_holder_container)
{
    get_segment_container(format, ((const struct attachment_row *)record)->info, ret_value);
}

GETTER(get_holder)
{
    get_holder_uid(format, record, ret_value);
    ret_value->text = format->numeric ? NULL : ATTACHMENT->user;
}

static const struct column of_attachments[] = {
    {"shmid", COLUMN_ID, NEED_ATTACHMENTS, "id of the segment", get_attached_shmid},
    {"key", COLUMN_KEY, NEED_ATTACHMENTS, "its present key, in hex", get_attached_key},
    {"pid", COLUMN_ID, NEED_ATTACHMENTS, "process", get_pid},
    {"uid", COLUMN_ID, NEED_ATTACHMENTS, "number of the user it runs as", get_holder_uid},
    {"user", COLUMN_NAME, NEED_HOLDERS, "that user's name", get_holder},
    {"access", COLUMN_TEXT, NEED_ATTACHMENTS, "rw when any of its mappings may write, else ro",
     get_access},
    {"maps", COLUMN_NUMBER, NEED_ATTACHMENTS, "how often it has the segment mapped", get_maps},
    {"command", COLUMN_COMMAND, NEED_HOLDERS, "its command line", get_holder_command},
    {"namespace", COLUMN_ID, NEED_ATTACHMENTS | NEED_NAMESPACE, "number of the IPC namespace",
     get_holder_namespace},
    {"container", COLUMN_WORD, NEED_ATTACHMENTS | NEED_CONTAINER, "container that this is of",
     get_holder_container},
    HOST_COLUMN,
};

const struct column_table attachment_columns = {
    .columns = of_attachments,
    .count = sizeof(of_attachments) / sizeof(of_attachments[0]),
    .defaults = "shmid,key,pid,user,access,maps,command",
    .list_name = "attachments",
    .quiet = "pid",
};

/* --- Files and their keys --------------------------------------------------------------------- */

#define FILE_KEY (((const struct file_row *)record)->file)
#define HOLDER (((const struct file_row *)record)->info)

/* A number of the segment that has the key. */
#define GET_OF_HOLDER(name, value) \
    GETTER(name) \
    { \
        ret_value->known = HOLDER != NULL; \
        ret_value->number = HOLDER ? (uint64_t)(value) : 0; \
    }

GET_NUMBER(get_file_key, FILE_KEY->key)
GET_KNOWN(get_proj, !FILE_KEY->by_inode, FILE_KEY->proj)
GET_OF_HOLDER(get_key_shmid, HOLDER->segment.shmid)
GET_OF_HOLDER(get_key_bytes, HOLDER->segment.size)
GET_OF_HOLDER(get_key_nattch, HOLDER->segment.nattch)
GET_TEXT(get_path, FILE_KEY->path)

GETTER(get_key_owner)
{
    if (HOLDER)
        get_owner(format, HOLDER, ret_value);
}

static const struct column of_files[] = {
    {"key", COLUMN_KEY, 0, "what ftok makes of it", get_file_key},
    {"proj", COLUMN_ID, 0, "the PROJ that it was made with; none: the key is the inode number",
     get_proj},
    {"shmid", COLUMN_ID, 0, "segment that has the key", get_key_shmid},
    {"owner", COLUMN_NAME, NEED_OWNER, "its owner", get_key_owner},
    {"bytes", COLUMN_SIZE, 0, "its size", get_key_bytes},
    {"nattch", COLUMN_NUMBER, 0, "how often it is attached", get_key_nattch},
    {"path", COLUMN_TEXT, 0, "the file", get_path},
    HOST_COLUMN,
};

const struct column_table file_columns = {
    .columns = of_files,
    .count = sizeof(of_files) / sizeof(of_files[0]),
    .defaults = "key,proj,shmid,owner,bytes,nattch,path",
    .list_name = "files",
    .quiet = "key",
};

/* --- Sums ------------------------------------------------------------------------------------- */

#define SUM ((const struct sum *)record)

#define GET_WIDE(name, value) \
    GETTER(name) \
    { \
        ret_value->known = true; \
        ret_value->number = (value).low; \
        ret_value->high = (value).high; \
    }

GET_NUMBER(get_sum_segments, SUM->segments)
GET_WIDE(get_sum_bytes, SUM->bytes)
GET_WIDE(get_sum_known_rss, SUM->rss)
GET_NUMBER(get_sum_rss_unknown, SUM->rss_unknown)
GET_WIDE(get_sum_swap_rows, SUM->swap)
GET_NUMBER(get_sum_attached, SUM->attached)
GET_NUMBER(get_sum_orphans, SUM->orphans)

GETTER(get_sum_rss)
{
    get_sum_known_rss(format, record, ret_value);
    ret_value->at_least = SUM->rss_unknown > 0;
}

/* A listing has it of all its segments, or of none. */
GETTER(get_sum_swap)
{
    get_sum_swap_rows(format, record, ret_value);
    ret_value->known = SUM->swap_unknown == 0;
}

/* What sums can be by, and then the sums: see view/columns.h. */
static const struct column of_sums[] = {
    {"owner", COLUMN_NAME, NEED_OWNER, "owner's name", get_owner},
    {"uid", COLUMN_ID, 0, "owner's number", get_uid},
    {"creator", COLUMN_NAME, NEED_CREATOR, "creator's name", get_creator},
    {"cuid", COLUMN_ID, 0, "creator's number", get_cuid},
    {"group", COLUMN_NAME, NEED_GROUP, "owning group's name", get_group},
    {"gid", COLUMN_ID, 0, "owning group's number", get_gid},
    {"key", COLUMN_KEY, 0, "key, in hex", get_key},
    {"state", COLUMN_STATE, NEED_STATE, "used, dest, orphan, idle or unknown", get_state},
    {"command", COLUMN_COMMAND, NEED_COMMAND, "creator's command line, while it lives",
     get_command},
    {"unit", COLUMN_WORD, NEED_UNIT, "unit or container of its creator or users", get_unit},
    {"program", COLUMN_WORD, NEED_PROGRAM, "which program it is of; with ? a guess", get_program},
    {"namespace", COLUMN_ID, NEED_NAMESPACE, "number of its IPC namespace", get_segment_namespace},
    {"container", COLUMN_WORD, NEED_CONTAINER, "container that this is of", get_segment_container},
    {"size", COLUMN_SIZE, 0, "size of one", get_bytes},

    {"segments", COLUMN_NUMBER, 0, "how many", get_sum_segments},
    {"bytes", COLUMN_SIZE, 0, "their sizes", get_sum_bytes},
    {"rss", COLUMN_SIZE, NEED_USAGE, "bytes in memory, as far as known", get_sum_rss},
    {"rss_unknown", COLUMN_NUMBER, NEED_USAGE, "how many have an rss that is not known",
     get_sum_rss_unknown},
    {"swap", COLUMN_SIZE, NEED_USAGE, "bytes in swap", get_sum_swap},
    {"attached", COLUMN_NUMBER, 0, "how many of them are attached", get_sum_attached},
    {"orphans", COLUMN_NUMBER, NEED_STATE, "how many of them are orphans", get_sum_orphans},
    HOST_COLUMN,
};

const struct column_table sum_columns = {
    .columns = of_sums,
    .count = sizeof(of_sums) / sizeof(of_sums[0]),
    .defaults = "segments,bytes,rss,swap,attached,orphans",
    .list_name = "rows",
    .quiet = "owner",
};

/* --- Limits ----------------------------------------------------------------------------------- */

#define LIMIT ((const struct limit_row *)record)

GET_TEXT(get_limit_name, limit_kinds[LIMIT->id].name)
GET_TEXT(get_limit_unit, limit_kinds[LIMIT->id].unit)
GET_TEXT(get_limit_size, LIMIT->size)
GET_TEXT(get_limit_meaning, limit_kinds[LIMIT->id].meaning)

GETTER(get_limit_value)
{
    ret_value->known = LIMIT->limits->known[LIMIT->id];
    ret_value->number = LIMIT->limits->values[LIMIT->id];
    if (limits_is_unlimited(LIMIT->limits, LIMIT->id, ret_value->number))
        ret_value->text = "unlimited"; /* tables show it in the number's place */
}

GETTER(get_limit_used)
{
    ret_value->known = limits_used(LIMIT->limits, LIMIT->usage, LIMIT->id, &ret_value->number);
}

GETTER(get_limit_percent)
{
    get_limit_used(format, record, ret_value);
    if (ret_value->known)
        ret_value->number = limits_percent(ret_value->number, LIMIT->limits->values[LIMIT->id]);
}

static const struct column of_limits[] = {
    {"name", COLUMN_TEXT, NEED_LIMITS, "as below /proc/sys/kernel", get_limit_name},
    {"value", COLUMN_NUMBER, NEED_LIMITS, "what the kernel has", get_limit_value},
    {"used", COLUMN_NUMBER, NEED_LIMITS, "how much of it is in use", get_limit_used},
    {"full%", COLUMN_NUMBER, NEED_LIMITS, "the same in percent", get_limit_percent},
    {"unit", COLUMN_TEXT, NEED_LIMITS, "of value and used", get_limit_unit},
    {"size", COLUMN_TEXT, NEED_LIMITS, "the value in bytes", get_limit_size},
    {"meaning", COLUMN_TEXT, NEED_LIMITS, "what is limited", get_limit_meaning},
};

const struct column_table limit_columns = {
    .columns = of_limits,
    .count = sizeof(of_limits) / sizeof(of_limits[0]),
    .defaults = "name,value,used,full%,unit,size,meaning",
};

/* --- IPC namespaces --------------------------------------------------------------------------- */

#define NAMESPACE_INFO ((const struct namespace_info *)record)
#define NAMESPACE (NAMESPACE_INFO->namespace)

GET_NUMBER(get_namespace, NAMESPACE->number)
GET_TEXT(get_kind, NAMESPACE_INFO->kind)
GET_TEXT(get_container, NAMESPACE_INFO->container)
GET_FOUND(get_oldest_pid, NAMESPACE->pid)
GET_NUMBER(get_processes, NAMESPACE->processes)
GET_KNOWN(get_inside_segments, NAMESPACE_INFO->has_sums, NAMESPACE_INFO->segments)
GET_KNOWN(get_inside_bytes, NAMESPACE_INFO->has_sums, NAMESPACE_INFO->bytes)
GET_KNOWN(get_inside_orphans, NAMESPACE_INFO->has_sums, NAMESPACE_INFO->orphans)

GETTER(get_namespace_user)
{
    ret_value->known = NAMESPACE_INFO->has_uid;
    ret_value->number = NAMESPACE_INFO->uid;
    ret_value->text = format->numeric ? NULL : NAMESPACE_INFO->user;
}

GETTER(get_held)
{
    ret_value->known = true;
    ret_value->number = NAMESPACE->held_count;
    ret_value->text = NAMESPACE_INFO->held;
    ret_value->list = NAMESPACE->held;
}

static const struct column of_namespaces[] = {
    {"namespace", COLUMN_ID, 0, "its number, as lsns shows it", get_namespace},
    {"kind", COLUMN_TEXT, NEED_CONTAINER, "docker, podman, ...", get_kind},
    {"container", COLUMN_WORD, NEED_CONTAINER, "name of the container", get_container},
    {"user", COLUMN_NAME, NEED_MAKER | NEED_OWNER, "who made its user namespace",
     get_namespace_user},
    {"pid", COLUMN_ID, 0, "oldest process inside", get_oldest_pid},
    {"processes", COLUMN_NUMBER, 0, "how many are inside", get_processes},
    {"segments", COLUMN_NUMBER, NEED_SUMS, "how many are in it", get_inside_segments},
    {"bytes", COLUMN_SIZE, NEED_SUMS, "their sizes, added up", get_inside_bytes},
    {"orphans", COLUMN_NUMBER, NEED_SUMS | NEED_STATE, "how many of them", get_inside_orphans},
    {"held", COLUMN_LIST, 0, "what keeps it", get_held},
    HOST_COLUMN,
};

#define NAMESPACE_COLUMNS(pid) \
    "namespace,kind,container,user," pid "processes,segments,bytes,orphans,held"

const struct column_table namespace_columns = {
    .columns = of_namespaces,
    .count = sizeof(of_namespaces) / sizeof(of_namespaces[0]),
    .defaults = NAMESPACE_COLUMNS(""),
    .long_form = NAMESPACE_COLUMNS("pid,"),
    .list_name = "namespaces",
    .quiet = "namespace",
};
