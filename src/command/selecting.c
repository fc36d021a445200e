#include "command/selecting.h"

#include <errno.h>
#include <limits.h>

#include "base/parse.h"
#include "command/options.h"
#include "model/selection.h"

/* Adds VALUE to the values of an option, if it was understood. */
static int select_value(const struct option_use *use, int r, uint64_t value)
{
    if (r == 0)
        filter_add_value(use->place, value);
    return r;
}

/* A key, which somebody should have, or a range of them. */
static int select_key(const struct option_use *use, struct error *err)
{
    struct filter *filter = use->place;
    bool is_range = strstr(use->word, "..");
    struct range range;
    int r = parse_key_range(use->word, &range, err);

    if (r == 0)
        filter_add_range(is_range ? &filter->key_ranges : &filter->keys, range);
    return r;
}

/* 666, -022 or /022, as for find -perm. */
static int select_perms(const struct option_use *use, struct error *err)
{
    const char *word = use->word;
    struct filter_perms perms = {PERMS_EXACT, 0};

    if (*word == '-' || *word == '/')
        perms.test = *word++ == '-' ? PERMS_ALL : PERMS_ANY;
    if (parse_mode(word, &perms.bits, NULL) < 0 || (perms.test != PERMS_EXACT && perms.bits == 0))
        return error_set(err, EINVAL,
                         "'%s': not permissions (octal: 666 for exactly these, -022 for all of "
                         "these bits, /022 for any of them)",
                         use->word);
    filter_add_perms(use->place, perms);
    return 0;
}

static int select_user(const struct option_use *use, struct error *err)
{
    uid_t uid = 0;
    int r = names_find_user(use->context->system.names, use->word, &uid, err);

    return select_value(use, r, uid);
}

static int select_group(const struct option_use *use, struct error *err)
{
    gid_t gid = 0;
    int r = names_find_group(use->context->system.names, use->word, &gid, err);

    return select_value(use, r, gid);
}

static int select_pid(const struct option_use *use, struct error *err)
{
    uint64_t pid = 0;
    int r = parse_number(use->word, INT_MAX, "a process id", &pid, err);

    return select_value(use, r, pid);
}

/* A process that may attach now: never 0, which stands for a process of another PID namespace. */
static int select_attached_pid(const struct option_use *use, struct error *err)
{
    uint64_t pid = 0;

    if (parse_number(use->word, INT_MAX, "", &pid, NULL) < 0 || pid == 0)
        return error_set(err, EINVAL, "'%s': not a process id (a decimal number from 1 to %d)",
                         use->word, INT_MAX);
    return select_value(use, 0, pid);
}

static int select_range(const struct option_use *use, struct error *err)
{
    struct range range;
    int r = parse_range(use->word, &range, err);

    if (r == 0)
        filter_add_range(use->place, range);
    return r;
}

static int select_states(const struct option_use *use, struct error *err)
{
    return state_parse_list(use->word, use->place, err);
}

static int select_unit(const struct option_use *use, struct error *err)
{
    if (use->word[0] == '\0')
        return error_set(err, EINVAL,
                         "'': not the name of a unit or container (as 'shmtool ls -c +unit' "
                         "shows it), nor at least 8 digits of a container's id");
    filter_add_word(use->place, use->word);
    return 0;
}

/* Whether there is one of this name is known once shmtool.conf is read: labels are names, too. */
static int select_program(const struct option_use *use, struct error *err)
{
    const struct program *program = program_find(use->word);

    (void)err;
    filter_add_word(use->place, use->word);
    if (program && strcmp(program->name, use->word) != 0)
        filter_add_word(use->place, program->name);
    return 0;
}

static int select_older(const struct option_use *use, struct error *err)
{
    uint64_t seconds;
    int r = parse_age(use->word, &seconds, err);

    if (r == 0)
        filter_add_older(use->place, seconds);
    return r;
}

static int select_newer(const struct option_use *use, struct error *err)
{
    uint64_t seconds;
    int r = parse_age(use->word, &seconds, err);

    if (r == 0)
        filter_add_newer(use->place, seconds);
    return r;
}

#define FILTER(member) offsetof(struct selection, filter.member)
#define WHOLE_FILTER offsetof(struct selection, filter)

static const struct option_spec selection_options[] = {
    {'k', "key", "KEY", "0x hex, decimal, 0 octal; A..B: a range", WHOLE_FILTER, select_key},
    {'o', "owner", "USER", "owned by this user, by name or number", FILTER(owners), select_user},
    {0, "creator", "USER", "created by this user", FILTER(creators), select_user},
    {0, "group", "GROUP", "owned by this group", FILTER(groups), select_group},
    {'s', "size", "RANGE", "bytes: N, N..M, N.. or ..M; N as 4096, 4K, 4KB", FILTER(sizes),
     select_range},
    {0, "nattch", "RANGE", "attached this often", FILTER(nattchs), select_range},
    {0, "dest", NULL, "marked for destruction", FILTER(dest), option_flag},
    {0, "locked", NULL, "locked in memory", FILTER(locked), option_flag},
    {0, "attached", NULL, "attached by somebody", FILTER(attached), option_flag},
    {0, "unattached", NULL, "attached by nobody", FILTER(unattached), option_flag},
    {0, "orphan", NULL, "attached by nobody, creator and last user dead", FILTER(orphan),
     option_flag},
    {0, "state", "LIST", "one of used,dest,orphan,idle,unknown", FILTER(states), select_states},
    {0, "older-than", "AGE", "last used or changed at least AGE ago (2h, 1d12h)", WHOLE_FILTER,
     select_older},
    {0, "newer-than", "AGE", "last used or changed less than AGE ago", WHOLE_FILTER, select_newer},
    {0, "cpid", "PID", "created by this process", FILTER(cpids), select_pid},
    {0, "pid", "PID", "attached by this process now", FILTER(pids), select_attached_pid},
    {0, "perms", "MODE", "bits: 666 exactly, -022 all of, /022 any of them", WHOLE_FILTER,
     select_perms},
    {0, "unit", "NAME", "of this unit or container (name, 8 digits of id)", FILTER(units),
     select_unit},
    {0, "program", "NAME", "of this program (name as ls -c +program has it)", FILTER(programs),
     select_program},
    {0, "protected", NULL, "protected by a line of /etc/shmtool.conf", FILTER(is_protected),
     option_flag},
    {0, "unprotected", NULL, "protected by none", FILTER(is_unprotected), option_flag},
};

const struct option_group selection_group = {
    "Selecting segments (values of one option widen, different options narrow)",
    OPTIONS(selection_options)};
