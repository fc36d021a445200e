/*
 * Files of a saved tree that name ids and containers: a name is one that stands there, and is the
 * same when it is written and read again.
 *
 * The first byte of an input chooses the file.
 */
#include <stdbool.h>

#ifndef NO_JANSSON
#include <jansson.h>
#endif

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "fuzz.h"
#include "kernel/container_names.h"
#include "kernel/names.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PODMAN_FILE "var/lib/containers/storage/overlay-containers/containers.json"
#define DOCKER_FILE "var/lib/docker/containers/" ID "/config.v2.json"

static void open_tree(struct procfs *procfs)
{
    CHECK(procfs_open(procfs, fuzz_tree(), NULL) == 0);
}

/* --- Users and groups ------------------------------------------------------------------------- */

struct database {
    const char *file;
    const char *(*name)(struct names *names, uint32_t id);
    int (*find)(struct names *names, const char *word, uint32_t *ret_id, struct error *err);
};

/* What is known of the file, a line a name. */
static void put_database(const struct database *database, struct names *names, struct strbuf *out)
{
    CLEANUP_STRBUF struct strbuf rest = STRBUF_INIT;
    bool users = strcmp(database->file, "etc/passwd") == 0;

    database->name(names, 0);
    names_put_known(names, users ? out : &rest, users ? &rest : out);
    CHECK(rest.length == 0);
}

/* A line of the file: its id has the first name that it gives it, and its name is known. */
static void check_line(const struct database *database, struct names *names, struct names *again,
                       const struct strbuf *text, char *line)
{
    CLEANUP_STRBUF struct strbuf start = STRBUF_INIT;
    char *name = strsep(&line, ":");
    uint32_t id;
    uint32_t found;
    const char *shown;

    CHECK(line && strncmp(line, "x:", 2) == 0);
    id = (uint32_t)strtoul(line + 2, NULL, 10);
    shown = database->name(names, id);
    CHECK(shown && strcmp(shown, database->name(again, id)) == 0);
    CHECK(database->find(names, name, &found, NULL) == 0 && database->name(names, found));
    strbuf_printf(&start, "\n%s:", name);
    CHECK(memmem(text->data, text->length, start.data, start.length));
}

static void check_database(const struct database *database, const uint8_t *data, size_t size)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf known = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf known_again = STRBUF_INIT;
    struct names *names;
    struct names *again;
    struct procfs procfs;
    char *rest;
    char *line;

    strbuf_putc(&text, '\n');
    strbuf_append(&text, (const char *)data, size);
    open_tree(&procfs);
    names = names_new(&procfs);
    again = names_new(&procfs);
    fuzz_tree_put(database->file, data, size);
    put_database(database, names, &known);
    fuzz_tree_put(database->file, strbuf_string(&known), known.length);
    put_database(database, again, &known_again);
    CHECK(known.length == known_again.length &&
          strcmp(strbuf_string(&known), strbuf_string(&known_again)) == 0);
    for (rest = known_again.data; rest && *rest;) {
        line = strsep(&rest, "\n");
        check_line(database, names, again, &text, line);
    }
    names_free(names);
    names_free(again);
    procfs_close(&procfs);
}

/* --- Containers ------------------------------------------------------------------------------- */

/* The caller frees what is returned; NULL: no name. */
static char *name_container(const char *kind)
{
    struct container_names *names;
    struct procfs procfs;
    const char *found;
    char *name;

    open_tree(&procfs);
    names = container_names_new(&procfs);
    found = container_name(names, kind, ID);
    CHECK(found == container_name(names, kind, ID));
    CHECK(!found || found[0]);
    name = found ? xstrdup(found) : NULL;
    container_names_free(names);
    procfs_close(&procfs);
    return name;
}

#ifdef NO_JANSSON

static void check_document(const char *kind, const char *file, const uint8_t *data, size_t size)
{
    fuzz_tree_put(file, data, size);
    CHECK(!name_container(kind));
}

#else

/* The document in which a container has NAME, and whichever other members are allowed. */
static json_t *make_document(const char *kind, const char *name)
{
    if (strcmp(kind, "docker") == 0)
        return json_pack("{s:s, s:o, s:{}}", "ID", ID, "Name", json_sprintf("/%s", name), "State");
    return json_pack("[{s:s}, {s:[s, s], s:s}]", "id", "short", "names", name, "second", "id", ID);
}

/* Any bytes as the document; and a document in which any word is the name. */
static void check_document(const char *kind, const char *file, const uint8_t *data, size_t size)
{
    CLEANUP_FREE char *word = fuzz_word(data, size);
    CLEANUP_FREE char *found = NULL;
    CLEANUP_FREE char *found_again = NULL;
    CLEANUP_FREE char *text = NULL;
    json_t *valid;

    fuzz_tree_put(file, data, size);
    found = name_container(kind);
    valid = found ? json_string(found) : json_string(word);
    CHECK(valid || !found); /* what is shown is UTF-8 */
    if (valid) {
        const char *name = json_string_value(valid);
        json_t *document = make_document(kind, name);

        CHECK(document);
        text = json_dumps(document, size & 1 ? JSON_ENSURE_ASCII : JSON_INDENT(1));
        json_decref(document);
        fuzz_tree_put(file, text, strlen(text));
        found_again = name_container(kind);
        if (geteuid() == 0)
            CHECK(name[0] ? found_again && strcmp(found_again, name) == 0 : !found_again);
        json_decref(valid);
    }
}

#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct database databases[] = {
        {"etc/passwd", names_user, names_find_user},
        {"etc/group", names_group, names_find_group},
    };
    uint8_t choice = size > 0 ? data[0] & 3 : 0;

    data += size > 0;
    size -= size > 0;
    if (choice < 2)
        check_database(&databases[choice], data, size);
    else if (choice == 2)
        check_document("podman", PODMAN_FILE, data, size);
    else
        check_document("docker", DOCKER_FILE, data, size);
    return 0;
}
