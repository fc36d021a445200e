/*
 * key: prints the ftok keys of files and who has them, or finds files that could have made a key.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "action/ftok.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/xalloc.h"
#include "command/options.h"
#include "command/output.h"
#include "view/columns.h"

/* A command line of key. */
struct key {
    struct output_options output;
    struct option_number proj;
    struct option_number find; /* the key */
    const char **paths;        /* owned array */
    size_t path_count;
    size_t path_capacity;
};

static int take_path(const struct option_use *use, struct error *err)
{
    struct key *key = use->place;

    (void)err;
    key->paths = xgrow(key->paths, key->path_count, &key->path_capacity, sizeof(const char *));
    key->paths[key->path_count++] = use->word;
    return 0;
}

static const struct option_spec key_options[] = {
    {'p', "proj", "PROJ", "a number from 1 to 255, or one character", offsetof(struct key, proj),
     option_proj},
    {0, "find", "KEY", "find the files below DIR that could have made KEY",
     offsetof(struct key, find), option_key},
};

static const struct option_group key_group = {"Options", OPTIONS(key_options)};

static int check_key(struct context *context, void *args, struct error *err)
{
    const struct key *key = args;

    (void)context;
    if (key->path_count == 0)
        return error_set(err, EINVAL, "no %s given", key->find.given ? "DIR" : "PATH");
    return 0;
}

/* Adds the keys of the files that were named. Returns an exit status. */
static int add_named_files(struct context *context, const struct key *key, struct ftok_list *list)
{
    int status = STATUS_DONE;

    for (size_t i = 0; i < key->path_count; i++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;
        const char *path = key->paths[i];
        int r = ftok_add(list, path, key->proj.given ? (unsigned)key->proj.value : 1, &err);
        uint32_t unused;

        /* A key as listings print it was hardly meant as a file. */
        if (r == -ENOENT && strncmp(path, "0x", 2) == 0 && parse_key(path, &unused, NULL) == 0)
            error_set(&err, ENOENT, "%s; the files of a key: shmtool key --find %s DIR", err.text,
                      path);
        if (r < 0)
            status = context_fail(context, &err, STATUS_FAILED);
    }
    return status;
}

/*
 * Searches one directory, unless its device shows that nothing can be found: only inode numbers
 * can then be the key. Returns an exit status.
 */
static int search_directory(struct context *context, struct ftok_search *search, const char *dir)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    unsigned device;
    int r = ftok_search_device(search, dir, &device, &err);

    if (r == 0)
        context_warn(context,
                     "%s: ftok gives the key to no file of its file system: the device ends in "
                     "0x%02x, the key's in 0x%02x",
                     dir, device, search->key >> 16 & 0xff);
    if (r > 0 || (r == 0 && search->any_proj))
        r = ftok_search_run(search, dir, &err);
    return r < 0 ? context_fail(context, &err, STATUS_FAILED) : STATUS_DONE;
}

/* Searches all directories. Returns an exit status. */
static int search_directories(struct context *context, const struct key *key,
                              struct ftok_search *search)
{
    int status = STATUS_DONE;

    if (search->key == 0)
        context_warn(context, "key 0 is IPC_PRIVATE: no file makes it");
    else if (!search->any_proj && search->proj != search->key >> 24)
        context_warn(context, "0x%08x was made with PROJ %u: no file gives it with %u", search->key,
                     search->key >> 24, search->proj);
    for (size_t i = 0; i < key->path_count && search->key != 0; i++)
        status |= search_directory(context, search, key->paths[i]);
    return status;
}

static void write_files(struct context *context, struct key *key, const struct ftok_list *list,
                        const struct inventory *inventory)
{
    CLEANUP_FREE struct file_row *rows = xcalloc(list->count, sizeof(*rows));
    struct writer writer;

    for (size_t i = 0; i < list->count; i++)
        rows[i] =
            (struct file_row){&list->items[i], inventory_find_key(inventory, list->items[i].key)};
    output_sort(&key->output, rows, list->count, sizeof(*rows));
    output_begin(&key->output, context, inventory->clock.now, &writer);
    for (size_t i = 0; i < list->count; i++)
        writer_row(&writer, &rows[i]);
    writer_end(&writer);
}

/* What the list does not say by itself. */
static void warn_of_files(struct context *context, const struct key *key,
                          const struct ftok_search *search)
{
    const struct ftok_list *list = &search->found;
    bool by_ftok = false;
    size_t first;
    size_t second;

    if (search->unreadable > 0)
        context_warn(context, "%zu director%s could not be read", search->unreadable,
                     search->unreadable == 1 ? "y" : "ies");
    for (size_t i = 0; i < list->count; i++) {
        const struct ftok_file *file = &list->items[i];

        by_ftok = by_ftok || !file->by_inode;
        if (file->by_inode)
            context_warn(
                context,
                "%s: the key is %s its inode number, as PostgreSQL makes the key of a data "
                "directory, and not made by ftok",
                file->path, file->identity.ino > UINT32_MAX ? "the low 32 bits of" : "all of");
    }
    if (key->find.given && by_ftok)
        context_warn(context,
                     "candidates only: a key keeps 16 bits of the inode number, and the file "
                     "that made it may be gone");
    if (list->count > 1 && ftok_collides(list, &first, &second))
        context_warn(context,
                     "%s and %s collide: different files, one key 0x%08x; programs that use them "
                     "share a segment",
                     list->items[first].path, list->items[second].path, list->items[first].key);
}

static int run_key(struct context *context, void *args)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_INVENTORY struct inventory inventory = {0};
    struct key *key = args;
    struct ftok_search search = {
        .key = (uint32_t)key->find.value,
        .any_proj = !key->proj.given,
        .proj = (unsigned)key->proj.value,
    };
    int status = STATUS_DONE;
    int found;

    output_choose_columns(&key->output, context, NULL, NULL);
    /* Keys can be shown without segments: that those cannot be read does not end the run. */
    if (inventory_read(&context->system, NULL, output_needs(&key->output), &inventory, &err) < 0)
        status = context_fail(context, &err, STATUS_UNREADABLE);
    else if (context_warn_unparsed(context, &inventory.unparsed))
        status = STATUS_FAILED;
    found = key->find.given ? search_directories(context, key, &search)
                            : add_named_files(context, key, &search.found);
    /* A table of no files that were named would be a header alone. */
    if (search.found.count > 0 || key->find.given || key->output.form != FORM_TABLE)
        write_files(context, key, &search.found, &inventory);
    warn_of_files(context, key, &search);
    ftok_list_release(&search.found);
    return found > status ? found : status;
}

static void release_key(void *args)
{
    struct key *key = args;

    output_release(&key->output);
    free(key->paths);
}

const struct command command_key = {
    .name = "key",
    .synopsis = {"[-p PROJ] [OPTION]... PATH...", "--find KEY [-p PROJ] [OPTION]... DIR..."},
    .summary = "show the ftok key of files, or find files that could have made a key",
    .details = "PROJ is 1 unless given; with --find it is any. A digit is that number, not the\n"
               "character: -p 7 is 7, as -p A is 65. --find without -p also names files whose\n"
               "whole inode number is KEY, as PostgreSQL makes keys.",
    .columns = &file_columns,
    .groups = {{&key_group, 0}, {&output_group, offsetof(struct key, output)}},
    .operand = {0, take_path},
    .examples = {{"key -p A /etc/zc.conf",
                  "the key of ftok(\"/etc/zc.conf\", 'A'), and who has it"},
                 {"key --find 0x41002b1f /etc", "which file below /etc may have made this key"}},
    .size = sizeof(struct key),
    .check = check_key,
    .run = run_key,
    .release = release_key,
};
