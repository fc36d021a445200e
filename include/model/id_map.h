/*
 * User and group ids of one user namespace as another one sees them: /proc/PID/uid_map and gid_map.
 */
#ifndef SHMTOOL_MODEL_ID_MAP_H
#define SHMTOOL_MODEL_ID_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A run of ids: INSIDE stands for OUTSIDE, and so on for COUNT ids. */
struct id_run {
    uint32_t inside;
    uint32_t outside;
    uint32_t count;
};

/* As which the kernel shows everybody whom a namespace does not map (proc_sys_kernel(5)). */
enum { ID_MAP_OVERFLOW = 65534 };

/* Zeroed, it maps nothing. */
struct id_map {
    struct id_run *runs; /* owned */
    size_t count;
};

/*
 * Parses the text of the file, whole or not at all: lines of three numbers (user_namespaces(7)).
 * Returns false with *ret_map untouched when it is something else.
 */
bool id_map_parse(const char *text, struct id_map *ret_map);

/*
 * Returns what the id INSIDE is outside. One that is not mapped stays as it is: it is the overflow
 * id (65534), which the kernel shows in place of everybody whom the namespace does not map.
 */
uint32_t id_map_outside(const struct id_map *map, uint32_t inside);

/* Sets *ret_inside to what the id OUTSIDE is inside. Returns false where it is not mapped. */
bool id_map_inside(const struct id_map *map, uint32_t outside, uint32_t *ret_inside);

/*
 * Returns the id by which the kernel shows inside whom ID means; OUTSIDE: there, else inside. Whom
 * the namespace does not map has the overflow id.
 */
uint32_t id_map_shown(const struct id_map *map, uint32_t id, bool outside);

/* Whether all ids there are stand for themselves, as in the initial user namespace. */
bool id_map_is_whole(const struct id_map *map);

void id_map_release(struct id_map *map);

#endif
