/*
 * create: makes a segment, and prints its id.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "action/create.h"
#include "action/ftok.h"
#include "base/cleanup.h"
#include "command/explain.h"
#include "command/options.h"
#include "command/where.h"
#include "kernel/signals.h"

/* A command line of create. */
struct create {
    struct option_number size;
    struct option_number key;
    struct option_number proj;
    struct option_number perms;
    struct option_number huge;
    const char *path; /* of --ftok; NULL: none */
    bool noreserve;
    struct creation creation;
};

static int take_ftok_path(const struct option_use *use, struct error *err)
{
    if (*use->word == '\0')
        return error_set(err, EINVAL, "'': not the name of a file");
    *(const char **)use->place = use->word;
    return 0;
}

/* USER or USER:GROUP */
static int take_owner(const struct option_use *use, struct error *err)
{
    struct creation *creation = use->place;
    struct names *names = use->context->system.names;
    char *colon = strchr(use->word, ':');
    CLEANUP_STRBUF struct strbuf user = STRBUF_INIT;
    int r;

    strbuf_append(&user, use->word, colon ? (size_t)(colon - use->word) : strlen(use->word));
    if (user.length == 0 || (colon && colon[1] == '\0'))
        return error_set(err, EINVAL, "'%s': not an owner (USER or USER:GROUP, names or numbers)",
                         use->word);
    r = names_find_user(names, strbuf_string(&user), &creation->uid, err);
    creation->has_owner = true;
    if (r == 0 && colon) {
        creation->has_group = true;
        r = names_find_group(names, colon + 1, &creation->gid, err);
    }
    return r;
}

/* -p is the permissions where people come from ipcmk. */
static int take_create_proj(const struct option_use *use, struct error *err)
{
    if (option_proj(use, NULL) == 0)
        return 0;
    return error_set(err, EINVAL,
                     "'%s': not a PROJ of ftok (a number from 1 to 255, or one character); "
                     "permissions are named by --perms",
                     use->word);
}

static int refuse_create_operand(const struct option_use *use, struct error *err)
{
    const struct create *create = use->place;
    const char *hint = create->huge.given ? "; a page size is written --huge=SIZE" : "";

    return error_set(err, EINVAL, "'%s': takes no operands%s", use->word,
                     create->size.given ? hint : "; the size is named by --size");
}

static const struct option_spec create_options[] = {
    {'s', "size", "SIZE", "how many bytes: 4096, 4K, 4KB ...", offsetof(struct create, size),
     option_size},
    {'k', "key", "KEY", "with this key (0x hex, 0 octal); else a random one",
     offsetof(struct create, key), option_key},
    {0, "ftok", "PATH", "with the key that ftok makes of this file", offsetof(struct create, path),
     take_ftok_path},
    {'p', "proj", "PROJ", "with --ftok: 1 to 255, or one character (1)",
     offsetof(struct create, proj), take_create_proj},
    {0, "perms", "MODE", "with these permission bits, octal (600)", offsetof(struct create, perms),
     option_mode},
    {'o', "owner", "USER[:GROUP]", "owned by this user (and group)",
     offsetof(struct create, creation), take_owner},
    {0, "huge", "[=SIZE]", "of huge pages (of SIZE: 2M, 1G)", offsetof(struct create, huge),
     option_huge},
    {0, "noreserve", NULL, "without a promise of memory (SHM_NORESERVE)",
     offsetof(struct create, noreserve), option_flag},
    {0, "lock", NULL, "never to be swapped out", offsetof(struct create, creation.locks),
     option_flag},
};

static const struct option_group create_group = {"Options", OPTIONS(create_options)};

/* What people type who know ipcmk. */
static const struct option_habit create_habits[] = {
    {'M', "the size is named by --size", "create --size", "SIZE"},
    {'S', "makes semaphores, which ipcmk does; a segment", "create --size SIZE", NULL},
    {'Q', "makes message queues, which ipcmk does; a segment", "create --size SIZE", NULL},
    {0, NULL, NULL, NULL},
};

static int check_create(struct context *context, void *args, struct error *err)
{
    const struct create *create = args;

    if (!create->size.given)
        return error_set(err, EINVAL, "no --size given: how many bytes the segment is to have");
    if (create->key.given && create->key.value == 0)
        return error_set(
            err, EINVAL,
            "--key 0: is IPC_PRIVATE, and nobody could find the segment by it; without "
            "--key a free key is chosen");
    if (create->key.given && create->path)
        return error_set(err, EINVAL, "--key and --ftok: both name the key");
    if (create->proj.given && !create->path)
        return error_set(err, EINVAL,
                         "--proj: needs --ftok PATH; permissions are named by --perms MODE");
    if (create->creation.locks && create->huge.given)
        return error_set(err, EINVAL, "--lock: huge pages are never swapped out; leave it out");
    return where_require_direct(context, "a segment cannot be made", err);
}

/* Fills the request. Returns an exit status. */
static int prepare_request(struct context *context, struct create *create)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct shmget_request *request = &create->creation.request;

    *request = (struct shmget_request){
        .key = (uint32_t)create->key.value,
        .size = create->size.value,
        .flags = SHMGET_CREATE | SHMGET_EXCLUSIVE |
                 (create->perms.given ? (uint32_t)create->perms.value : 0600) |
                 (uint32_t)create->huge.value,
    };
    if (create->noreserve)
        request->flags |= SHMGET_NORESERVE;
    if (create->path) {
        struct ftok_list files = {0};
        int r = ftok_add(&files, create->path,
                         create->proj.given ? (unsigned)create->proj.value : 1, &err);

        if (r == 0)
            request->key = files.items[0].key;
        ftok_list_release(&files);
        if (r < 0)
            return context_fail(context, &err, STATUS_FAILED);
    }
    return STATUS_DONE;
}

/* An id that nobody has read is a segment that nobody knows of. */
static int print_id(struct context *context, const struct creation *creation)
{
    CLEANUP_STRBUF struct strbuf undone = STRBUF_INIT;

    signal(SIGPIPE, SIG_IGN);
    fprintf(context->out, "%d\n", creation->shmid);
    if (fflush(context->out) == 0)
        return STATUS_DONE;
    create_undo(creation, &undone);
    context_warn(context, "the id could not be written: %s", strbuf_string(&undone));
    return STATUS_FAILED;
}

static int run_create(struct context *context, void *args)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct create *create = args;
    struct creation *creation = &create->creation;
    struct interrupts interrupts;
    int status = prepare_request(context, create);
    int r;

    if (status != STATUS_DONE)
        return status;
    /* Ctrl+C must not end it between a segment and its id. */
    if (interrupts_block(&interrupts, &err) < 0)
        return context_fail(context, &err, STATUS_FAILED);
    r = create_segment(&context->system, creation, &err);
    if (r == 0)
        status = print_id(context, creation);
    interrupts_release(&interrupts);
    if (r == 0)
        return status;
    if (creation->refused)
        return explain_shmget(context, "", &creation->request, -r);
    context_fail(context, &err, STATUS_FAILED);
    return creation->forced ? explain_forced(context) : STATUS_FAILED;
}

const struct command command_create = {
    .name = "create",
    .synopsis = {"-s SIZE [-k KEY | --ftok PATH [-p PROJ]] [--perms MODE]\n"
                 "                      [-o USER[:GROUP]] [--huge[=SIZE]] [--noreserve] [--lock]"},
    .summary = "make a segment",
    .details = "Always a new one, whose id is printed: a key that is taken is an error. Without\n"
               "a key it has a random one that nobody has.",
    .flags = COMMAND_CHANGES,
    .groups = {{&create_group, 0}},
    .habits = create_habits,
    .operand = {0, refuse_create_operand},
    .examples = {{"create --size 4M --perms 660", "make a segment of 4 MiB"},
                 {"create --size 4096 --ftok /etc/zc.conf -p A", "with the key of ftok"}},
    .size = sizeof(struct create),
    .check = check_create,
    .run = run_create,
};
