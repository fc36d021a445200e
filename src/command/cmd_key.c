/*
 * key: prints the ftok keys of files and who has them, or finds files that could have made a key.
 */
#include <errno.h>
#include <stdlib.h>

#include "action/ftok.h"
#include "action/survey.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/xalloc.h"
#include "command/command.h"
#include "command/options.h"
#include "view/ftok_columns.h"
#include "view/writer.h"

enum { OPTION_PROJ = OPTION_OWN, OPTION_FIND };

static const struct option_spec own_options[] = {
    {OPTION_PROJ, 'p', "proj", "PROJ", "a number from 1 to 255, or one character"},
    {OPTION_FIND, 0, "find", "KEY", "find the files below DIR that could have made KEY"},
};

static const struct option_group own_group = {
    .title = "Options",
    .options = own_options,
    .count = sizeof(own_options) / sizeof(own_options[0]),
};

/* A run of key. */
struct enquiry {
    struct context *context;
    bool has_proj;
    unsigned proj;
    bool finds;
    uint32_t key;
    const char **paths; /* owned array */
    size_t path_count;
    size_t path_capacity;
    struct survey survey;
    int status;
};

static int take_option(void *arg, int id, const char *word, struct error *err)
{
    struct enquiry *enquiry = arg;

    if (id == OPTION_PROJ) {
        enquiry->has_proj = true;
        return ftok_parse_proj(word, &enquiry->proj, err);
    }
    enquiry->finds = true;
    return parse_key(word, &enquiry->key, err);
}

static int take_operand(void *arg, const char *word, struct error *err)
{
    struct enquiry *enquiry = arg;

    (void)err;
    enquiry->paths =
        xgrow(enquiry->paths, enquiry->path_count, &enquiry->path_capacity, sizeof(const char *));
    enquiry->paths[enquiry->path_count++] = word;
    return 0;
}

/* Remembers the worse of two outcomes. */
static void worsen(struct enquiry *enquiry, int status)
{
    if (status > enquiry->status)
        enquiry->status = status;
}

static void take_garbage(void *arg, const char *where, const char *text, size_t length)
{
    struct enquiry *enquiry = arg;

    worsen(enquiry, STATUS_FAILED);
    context_warn_garbage(enquiry->context, where, text, length);
}

/* Keys can be told without segments: that those cannot be read does not end the run. */
static void read_segments(struct enquiry *enquiry)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct survey_sink sink = {take_garbage, enquiry};

    if (survey_read(&enquiry->context->system, &sink, &enquiry->survey, &err) < 0)
        worsen(enquiry, context_fail(enquiry->context, &err, STATUS_UNREADABLE));
}

static void write_files(struct enquiry *enquiry, const struct ftok_list *list, const char *columns)
{
    const struct column_format format = {.system = &enquiry->context->system};
    struct column_set set = COLUMN_SET_INIT;
    struct writer writer;

    column_set_add_list(&set, &ftok_columns, columns, NULL);
    writer_begin(&writer, FORM_TABLE, enquiry->context->out, &set, &format, NULL, true);
    for (size_t i = 0; i < list->count; i++) {
        const struct ftok_row row = {&list->items[i],
                                     survey_find_key(&enquiry->survey, list->items[i].key)};

        writer_row(&writer, &row);
    }
    writer_end(&writer);
    column_set_release(&set);
}

static void warn_collision(struct enquiry *enquiry, const struct ftok_list *list)
{
    size_t first;
    size_t second;

    if (list->count > 1 && ftok_collides(list, &first, &second))
        context_warn(enquiry->context,
                     "%s and %s collide: different files, one key 0x%08x; programs that use them "
                     "share a segment",
                     list->items[first].path, list->items[second].path, list->items[first].key);
}

static void tell_keys(struct enquiry *enquiry)
{
    struct ftok_list list = {0};

    for (size_t i = 0; i < enquiry->path_count; i++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;

        if (ftok_add(&list, enquiry->paths[i], enquiry->has_proj ? enquiry->proj : 1, &err) < 0)
            worsen(enquiry, context_fail(enquiry->context, &err, STATUS_FAILED));
    }
    if (list.count > 0)
        write_files(enquiry, &list, ftok_columns.defaults);
    warn_collision(enquiry, &list);
    ftok_list_release(&list);
}

/* Searches one directory, unless its device tells that it would be in vain. */
static void search(struct enquiry *enquiry, struct ftok_search *search, const char *dir)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    unsigned device;
    int r = ftok_search_device(search, dir, &device, &err);

    if (r == 0) {
        context_warn(
            enquiry->context,
            "%s: no file of its file system: the device ends in 0x%02x, the key's in 0x%02x", dir,
            device, enquiry->key >> 16 & 0xff);
        return;
    }
    if (r > 0)
        r = ftok_search_run(search, dir, &err);
    if (r < 0)
        worsen(enquiry, context_fail(enquiry->context, &err, STATUS_FAILED));
}

/* What the list of candidates does not say by itself. */
static void warn_found(struct enquiry *enquiry, const struct ftok_search *search)
{
    if (search->unreadable > 0)
        context_warn(enquiry->context, "%zu director%s could not be read", search->unreadable,
                     search->unreadable == 1 ? "y" : "ies");
    if (search->found.count > 0)
        context_warn(enquiry->context,
                     "candidates only: a key keeps 16 bits of the inode's number, and the file "
                     "that made it may be gone");
    warn_collision(enquiry, &search->found);
}

static void find_files(struct enquiry *enquiry)
{
    struct ftok_search found = {
        .key = enquiry->key,
        .any_proj = !enquiry->has_proj,
        .proj = enquiry->proj,
    };

    if (enquiry->key == 0)
        context_warn(enquiry->context, "key 0 is IPC_PRIVATE: no file makes it");
    else if (enquiry->has_proj && enquiry->proj != enquiry->key >> 24)
        context_warn(enquiry->context, "0x%08x was made with PROJ %u: no file gives it with %u",
                     enquiry->key, enquiry->key >> 24, enquiry->proj);
    for (size_t i = 0; i < enquiry->path_count && enquiry->key != 0; i++)
        search(enquiry, &found, enquiry->paths[i]);
    write_files(enquiry, &found.found, ftok_columns.defaults);
    warn_found(enquiry, &found);
    ftok_list_release(&found.found);
}

extern const struct command command_key;

static int run_key(struct context *context, int argc, char **argv)
{
    struct enquiry enquiry = {.context = context, .status = STATUS_DONE};
    const struct option_taker taker = {take_option, take_operand, &enquiry};
    int r = options_parse(context, &command_key, argc, argv, &taker);

    if (r < 0) {
        enquiry.status = STATUS_USAGE;
    } else if (r == 0 && enquiry.path_count == 0) {
        context_warn(context, "no %s given", enquiry.finds ? "DIR" : "PATH");
        enquiry.status = STATUS_USAGE;
    } else if (r == 0) {
        read_segments(&enquiry);
        if (enquiry.finds)
            find_files(&enquiry);
        else
            tell_keys(&enquiry);
    }
    survey_release(&enquiry.survey);
    free(enquiry.paths);
    return enquiry.status;
}

const struct command command_key = {
    .name = "key",
    .synopsis = {"[-p PROJ] PATH...", "--find KEY [-p PROJ] DIR..."},
    .summary = "show the ftok key of files, or find files that could have made a key",
    .details = "PROJ is 1 unless given; with --find it is any. A digit is that number, not the\n"
               "character: -p 7 is 7, as -p A is 65.",
    .groups = {&own_group},
    .run = run_key,
};
