#include "kernel/container_names.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "model/cgroup.h"

#ifndef NO_JANSSON
#include <jansson.h>
#endif

enum { FILE_SIZE_MAX = 16 * 1024 * 1024 };

struct named_container {
    char id[CONTAINER_ID_LENGTH + 1];
    char *name; /* owned; NULL: it has none */
};

/* The containers of one kind. */
struct name_list {
    bool loaded;
    struct named_container *items; /* owned */
    size_t count;
    size_t capacity;
};

enum { KINDS = 3 };

struct container_names {
    const struct procfs *procfs;
    struct name_list lists[KINDS]; /* as kinds[] */
};

/* LENGTH: of the name; 0: it has none. */
static void add_name(struct name_list *list, const char *id, const char *name, size_t length)
{
    struct named_container *item;

    list->items = xgrow(list->items, list->count, &list->capacity, sizeof(*list->items));
    item = &list->items[list->count++];
    memcpy(item->id, id, CONTAINER_ID_LENGTH);
    item->id[CONTAINER_ID_LENGTH] = '\0';
    item->name = length > 0 ? xstrndup(name, length) : NULL;
}

static const struct named_container *find_container(const struct name_list *list, const char *id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (memcmp(list->items[i].id, id, CONTAINER_ID_LENGTH) == 0)
            return &list->items[i];
    }
    return NULL;
}

/* --- The kubelet's links ---------------------------------------------------------------------- */

/* POD_NAMESPACE_CONTAINER-ID.log; whatever else is there is skipped. */
static void load_logs(const struct procfs *procfs, struct name_list *list, const char *id)
{
    static const char ending[] = ".log";
    const size_t id_and_ending = CONTAINER_ID_LENGTH + sizeof(ending) - 1;
    CLEANUP_CLOSE int fd = procfs_open_trusted(procfs, "var/log/containers", O_DIRECTORY);
    CLEANUP_CLOSEDIR DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    (void)id;
    if (!dir)
        return;
    steal_fd(&fd);
    while ((entry = procfs_next_entry(dir))) {
        size_t length = strlen(entry->d_name);
        const char *found;

        if (length < id_and_ending + 2)
            continue;
        found = entry->d_name + length - id_and_ending;
        if (found[-1] == '-' && strcmp(found + CONTAINER_ID_LENGTH, ending) == 0)
            add_name(list, found, entry->d_name, length - id_and_ending - 1);
    }
    list->loaded = true;
}

/* --- Podman's and Docker's files -------------------------------------------------------------- */

#ifndef NO_JANSSON

/* The JSON of a file, which the caller releases with json_decref(); NULL where there is none. */
static json_t *read_json(const struct procfs *procfs, const char *path)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    if (procfs_read_trusted(procfs, path, FILE_SIZE_MAX, &text) < 0)
        return NULL;
    json_set_alloc_funcs(xmalloc, free);
    return json_loadb(strbuf_string(&text), text.length, JSON_REJECT_DUPLICATES, NULL);
}

/* The string that is MEMBER of OBJECT, or NULL. */
static const char *json_member(const json_t *object, const char *member)
{
    return json_string_value(json_object_get(object, member));
}

static void add_podman_file(const struct procfs *procfs, struct name_list *list, const char *path)
{
    json_t *containers = read_json(procfs, path);
    size_t count = json_array_size(containers);

    for (size_t i = 0; i < count; i++) {
        const json_t *container = json_array_get(containers, i);
        const char *id = json_member(container, "id");
        const char *name =
            json_string_value(json_array_get(json_object_get(container, "names"), 0));

        if (id && name && strlen(id) == CONTAINER_ID_LENGTH)
            add_name(list, id, name, strlen(name));
    }
    json_decref(containers);
}

static void load_podman(const struct procfs *procfs, struct name_list *list, const char *id)
{
    static const char *const drivers[] = {"overlay", "vfs", "btrfs", "zfs"};
    CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;

    (void)id;
    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        strbuf_reset(&path);
        strbuf_printf(&path, "var/lib/containers/storage/%s-containers/containers.json",
                      drivers[i]);
        add_podman_file(procfs, list, strbuf_string(&path));
        strbuf_reset(&path);
        strbuf_printf(&path, "run/containers/storage/%s-containers/volatile-containers.json",
                      drivers[i]);
        add_podman_file(procfs, list, strbuf_string(&path));
    }
    list->loaded = true;
}

/* One file a container; its name begins with a slash. */
static void load_docker(const struct procfs *procfs, struct name_list *list, const char *id)
{
    CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;
    json_t *config;
    const char *own;
    const char *name;

    strbuf_printf(&path, "var/lib/docker/containers/%s/config.v2.json", id);
    config = read_json(procfs, strbuf_string(&path));
    own = json_member(config, "ID");
    name = json_member(config, "Name");
    if (!own || !name || strcmp(own, id) != 0)
        name = "";
    name += name[0] == '/';
    add_name(list, id, name, strlen(name));
    json_decref(config);
}

#else

static void load_podman(const struct procfs *procfs, struct name_list *list, const char *id)
{
    (void)procfs;
    (void)id;
    list->loaded = true;
}

#define load_docker load_podman

#endif

/* --- All kinds -------------------------------------------------------------------------------- */

/*
 * Where the names of a kind are: load() adds that of the container ID at least, and sets loaded
 * where it added all.
 */
static const struct {
    const char *kind;
    void (*load)(const struct procfs *procfs, struct name_list *list, const char *id);
} kinds[KINDS] = {{"podman", load_podman}, {"docker", load_docker}, {"pod", load_logs}};

struct container_names *container_names_new(const struct procfs *procfs)
{
    struct container_names *names = xcalloc(1, sizeof(*names));

    names->procfs = procfs;
    return names;
}

void container_names_free(struct container_names *names)
{
    if (!names)
        return;
    for (size_t i = 0; i < KINDS; i++) {
        for (size_t k = 0; k < names->lists[i].count; k++)
            free(names->lists[i].items[k].name);
        free(names->lists[i].items);
    }
    free(names);
}

const char *container_name(struct container_names *names, const char *kind, const char *id)
{
    const struct named_container *found;
    size_t i = 0;

    while (i < KINDS && strcmp(kinds[i].kind, kind) != 0)
        i++;
    if (i == KINDS || geteuid() != 0 || strlen(id) != CONTAINER_ID_LENGTH)
        return NULL;
    found = find_container(&names->lists[i], id);
    if (!found && !names->lists[i].loaded) {
        kinds[i].load(names->procfs, &names->lists[i], id);
        found = find_container(&names->lists[i], id);
    }
    return found ? found->name : NULL;
}
