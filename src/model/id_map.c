#include "model/id_map.h"

#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "base/xalloc.h"

/* Parses a line of LENGTH bytes: three numbers of 32 bits, with blanks before each. */
static bool parse_run(const char *line, size_t length, struct id_run *ret_run)
{
    uint32_t *fields[] = {&ret_run->inside, &ret_run->outside, &ret_run->count};
    const char *end = line + length;

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        uint64_t value;
        size_t used;

        while (line < end && *line == ' ')
            line++;
        used = parse_digits(line, (size_t)(end - line), &value);
        if (used == 0 || value > UINT32_MAX)
            return false;
        *fields[i] = (uint32_t)value;
        line += used;
        if (line < end && *line != ' ')
            return false;
    }
    return line == end;
}

bool id_map_parse(const char *text, struct id_map *ret_map)
{
    struct id_map map = {0};
    size_t capacity = 0;

    while (*text) {
        size_t length = strcspn(text, "\n");
        struct id_run run;

        if (!parse_run(text, length, &run)) {
            id_map_release(&map);
            return false;
        }
        map.runs = xgrow(map.runs, map.count, &capacity, sizeof(run));
        map.runs[map.count++] = run;
        text += length + (text[length] == '\n');
    }
    *ret_map = map;
    return true;
}

uint32_t id_map_outside(const struct id_map *map, uint32_t inside)
{
    for (size_t i = 0; i < map->count; i++) {
        const struct id_run *run = &map->runs[i];

        if (inside >= run->inside && inside - run->inside < run->count)
            return run->outside + (inside - run->inside);
    }
    return inside;
}

bool id_map_inside(const struct id_map *map, uint32_t outside, uint32_t *ret_inside)
{
    for (size_t i = 0; i < map->count; i++) {
        const struct id_run *run = &map->runs[i];

        if (outside >= run->outside && outside - run->outside < run->count) {
            *ret_inside = run->inside + (outside - run->outside);
            return true;
        }
    }
    return false;
}

uint32_t id_map_shown(const struct id_map *map, uint32_t id, bool outside)
{
    for (size_t i = 0; i < map->count; i++) {
        const struct id_run *run = &map->runs[i];
        uint32_t first = outside ? run->outside : run->inside;

        if (id >= first && id - first < run->count)
            return run->inside + (id - first);
    }
    return ID_MAP_OVERFLOW;
}

bool id_map_is_whole(const struct id_map *map)
{
    return map->count == 1 && map->runs[0].inside == 0 && map->runs[0].outside == 0 &&
           map->runs[0].count == UINT32_MAX;
}

void id_map_release(struct id_map *map)
{
    free(map->runs);
    *map = (struct id_map){0};
}
