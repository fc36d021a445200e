#include "model/filter.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"

void filter_add_range(struct filter_values *values, struct range range)
{
    values->items = xgrow(values->items, values->count, &values->capacity, sizeof(range));
    values->items[values->count++] = range;
}

void filter_add_value(struct filter_values *values, uint64_t value)
{
    filter_add_range(values, (struct range){value, value});
}

void filter_add_perms(struct filter *filter, struct filter_perms perms)
{
    filter->perms =
        xgrow(filter->perms, filter->perms_count, &filter->perms_capacity, sizeof(perms));
    filter->perms[filter->perms_count++] = perms;
}

void filter_add_word(struct filter_words *words, const char *word)
{
    words->items = xgrow(words->items, words->count, &words->capacity, sizeof(char *));
    words->items[words->count++] = xstrdup(word);
}

void filter_add_older(struct filter *filter, uint64_t seconds)
{
    if (!filter->has_older || seconds < filter->older_than)
        filter->older_than = seconds;
    filter->has_older = true;
}

void filter_add_newer(struct filter *filter, uint64_t seconds)
{
    if (!filter->has_newer || seconds > filter->newer_than)
        filter->newer_than = seconds;
    filter->has_newer = true;
}

bool filter_is_empty(const struct filter *filter)
{
    return filter->keys.count == 0 && filter->key_ranges.count == 0 && filter->owners.count == 0 &&
           filter->creators.count == 0 && filter->groups.count == 0 && filter->sizes.count == 0 &&
           filter->nattchs.count == 0 && filter->cpids.count == 0 && filter->pids.count == 0 &&
           filter->perms_count == 0 && filter->units.count == 0 && filter->programs.count == 0 &&
           !filter->dest && !filter->locked && !filter->attached && !filter->unattached &&
           !filter->orphan && !filter->is_protected && !filter->is_unprotected &&
           filter->states == 0 && !filter->has_older && !filter->has_newer;
}

bool filter_names_users(const struct filter *filter)
{
    return filter->owners.count > 0 || filter->creators.count > 0 || filter->groups.count > 0;
}

static void map_ids(struct filter_values *values, const struct id_map *map, bool outside)
{
    for (size_t i = 0; i < values->count; i++) {
        uint32_t id = id_map_shown(map, (uint32_t)values->items[i].low, outside);

        values->items[i] = (struct range){id, id};
    }
}

void filter_map_users(struct filter *filter, const struct id_map *uids, const struct id_map *gids,
                      bool outside)
{
    map_ids(&filter->owners, uids, outside);
    map_ids(&filter->creators, uids, outside);
    map_ids(&filter->groups, gids, outside);
}

unsigned filter_needs(const struct filter *filter)
{
    unsigned needs = filter->orphan || filter->states != 0 ? NEED_STATE : 0;

    needs |= filter->units.count > 0 ? NEED_UNIT : 0;
    needs |= filter->is_protected || filter->is_unprotected ? NEED_PROTECTION : 0;
    needs |= filter->programs.count > 0 ? NEED_PROGRAM : 0;
    return needs | (filter->has_older || filter->has_newer ? NEED_TIME : 0);
}

bool filter_names_keys(const struct filter *filter)
{
    for (size_t i = 0; i < filter->keys.count; i++) {
        if (filter->keys.items[i].low == 0)
            return false;
    }
    return filter->keys.count > 0 && filter->key_ranges.count == 0;
}

bool filter_values_have(const struct filter_values *values, uint64_t value)
{
    for (size_t i = 0; i < values->count; i++) {
        if (value >= values->items[i].low && value <= values->items[i].high)
            return true;
    }
    return false;
}

/* An option that was not given lets everything pass. */
static bool allows_value(const struct filter_values *values, uint64_t value)
{
    return values->count == 0 || filter_values_have(values, value);
}

static bool allows_key(const struct filter *filter, uint32_t key)
{
    if (filter->keys.count > 0 && filter->key_ranges.count > 0)
        return allows_value(&filter->keys, key) || allows_value(&filter->key_ranges, key);
    return allows_value(&filter->keys, key) && allows_value(&filter->key_ranges, key);
}

static bool allows_perms(const struct filter *filter, uint32_t mode)
{
    for (size_t i = 0; i < filter->perms_count; i++) {
        uint32_t wanted = filter->perms[i].bits;
        uint32_t found = mode & (filter->perms[i].test == PERMS_EXACT ? 0777 : wanted);

        if (filter->perms[i].test == PERMS_ANY ? found != 0 : found == wanted)
            return true;
    }
    return filter->perms_count == 0;
}

static bool allows_age(const struct filter *filter, const struct segment *segment,
                       const struct filter_facts *facts)
{
    const int64_t noted = segment_last_time(segment);
    /* One from before the boot (a clock that was set forward since) is later than it says. */
    const int64_t last = noted > facts->boot ? noted : facts->boot;
    /* A time in the future (a clock stepped back) has no age yet: it is young, never old. */
    const uint64_t age = facts->now > last ? (uint64_t)(facts->now - last) : 0;

    if (filter->has_older && (last > facts->now || age < filter->older_than))
        return false;
    return !filter->has_newer || age < filter->newer_than;
}

static bool allows_status(const struct filter *filter, const struct segment *segment)
{
    return (!filter->dest || segment_is_dest(segment)) &&
           (!filter->locked || segment_is_locked(segment)) &&
           (!filter->attached || segment->nattch > 0) &&
           (!filter->unattached || segment->nattch == 0);
}

static bool allows_state(const struct filter *filter, enum segment_state state)
{
    return (!filter->orphan || state == STATE_ORPHAN) &&
           (filter->states == 0 || (filter->states & 1U << state) != 0);
}

static bool allows_unit(const struct filter *filter, const struct segment_unit *unit)
{
    bool matches = filter->units.count == 0 || unit->pending;

    for (size_t i = 0; !matches && unit->is && i < filter->units.count; i++)
        matches = cgroup_unit_matches(unit->is, !unit->containers_differ, filter->units.items[i]);
    return matches;
}

/* What is not known to be either is neither. */
static bool allows_protection(const struct filter *filter, const struct filter_facts *facts)
{
    return (!filter->is_protected || facts->is_protected) &&
           (!filter->is_unprotected || (facts->has_protection && !facts->is_protected));
}

/* A guess is of its program, too. */
static bool allows_program(const struct filter *filter, const struct segment_program *program)
{
    const char *name = program->is ? program->is->name : program->label;
    bool matches = filter->programs.count == 0 || program->pending;

    for (size_t i = 0; !matches && name && i < filter->programs.count; i++)
        matches = text_is_shown_as(name, filter->programs.items[i]);
    return matches;
}

/*
 * What a process has mapped may be a segment of the same id in the IPC namespace that it was in
 * before. One that the kernel counts no attachment of is attached by nobody.
 */
static bool allows_pid(const struct filter *filter, const struct segment *segment,
                       const struct filter_facts *facts)
{
    return filter->pids.count == 0 ||
           (segment->nattch > 0 && facts->attached && idset_has(facts->attached, segment->shmid));
}

bool filter_match(const struct filter *filter, const struct segment *segment,
                  const struct filter_facts *facts)
{
    return allows_key(filter, segment->key) && allows_perms(filter, segment->mode) &&
           allows_value(&filter->owners, segment->uid) &&
           allows_value(&filter->creators, segment->cuid) &&
           allows_value(&filter->groups, segment->gid) &&
           allows_value(&filter->sizes, segment->size) &&
           allows_value(&filter->nattchs, segment->nattch) &&
           allows_value(&filter->cpids, (uint64_t)segment->cpid) &&
           allows_status(filter, segment) && allows_age(filter, segment, facts) &&
           allows_protection(filter, facts) && allows_pid(filter, segment, facts) &&
           allows_state(filter, facts->state) && allows_unit(filter, &facts->unit) &&
           allows_program(filter, &facts->program);
}

static void release_words(struct filter_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->items[i]);
    free(words->items);
}

void filter_release(struct filter *filter)
{
    free(filter->keys.items);
    free(filter->key_ranges.items);
    free(filter->perms);
    free(filter->owners.items);
    free(filter->creators.items);
    free(filter->groups.items);
    free(filter->sizes.items);
    free(filter->nattchs.items);
    free(filter->cpids.items);
    free(filter->pids.items);
    release_words(&filter->units);
    release_words(&filter->programs);
    *filter = (struct filter){0};
}
