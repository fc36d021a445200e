#include "command/where.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "command/options.h"

/* The option that was given, as it is named in messages; NULL: none. */
static const char *given_option(const struct where *where)
{
    if (where->sysroot)
        return "--sysroot";
    if (where->namespace)
        return "--namespace";
    return where->all_namespaces ? "--all-namespaces" : NULL;
}

/* One of the three; of the same given twice the last counts. */
static int take_where(const struct option_use *use, struct error *err)
{
    struct where *where = &use->context->where;
    const char *given = given_option(where);

    if (given && strcmp(given + 2, use->spec->name) != 0)
        return error_set(err, EINVAL, "cannot be combined with %s", given);
    if (!use->word) {
        where->all_namespaces = true;
        return 0;
    }
    if (*use->word == '\0')
        return error_set(err, EINVAL, "needs %s",
                         strcmp(use->spec->name, "sysroot") == 0 ? "a directory" : "a namespace");
    *(const char **)use->place = use->word;
    return 0;
}

static const struct option_spec where_options[] = {
    {'N', "namespace", "NS", "in this IPC namespace: a pid, number, file or name",
     offsetof(struct where, namespace), take_where},
    {'A', "all-namespaces", NULL, "in every IPC namespace of this host", 0, take_where},
    {0, "sysroot", "DIR", "read DIR/proc and DIR/etc, not the live system",
     offsetof(struct where, sysroot), take_where},
};

const struct option_group where_group = {"Where to look", OPTIONS(where_options)};

/* Whether the command takes what was given. */
static int check_command(struct context *context)
{
    const struct command *command = context->command;
    const struct where *where = &context->where;

    if (where->sysroot && command->flags & COMMAND_CHANGES)
        context_warn(context, "--sysroot: %s changes the live system only", command->name);
    else if (where->all_namespaces && !(command->flags & COMMAND_EVERYWHERE))
        context_warn(context, "--all-namespaces: %s looks in one IPC namespace; -N names another",
                     command->name);
    else if (where->namespace && command->flags & COMMAND_NO_NAMESPACE)
        context_warn(context, "--namespace: %s takes none", command->name);
    else
        return STATUS_DONE;
    return STATUS_USAGE;
}

/* Enters the namespace of -N: from here on it is as if the command had been started there. */
static int enter_namespace(struct context *context)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_NAMESPACES struct ipc_namespace_list found = {0};
    struct procfs *procfs = &context->system.procfs;
    struct ipc_namespace namespace;
    int r = namespaces_find(procfs, &found, &err);

    if (r < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    r = namespaces_resolve(procfs, &found, context->where.namespace, &namespace, &err);
    if (r < 0) {
        context_warn(context, "--namespace: %s", err.text);
        return r == -EACCES || r == -EPERM ? STATUS_UNREADABLE : STATUS_USAGE;
    }
    r = namespace_enter(procfs, &namespace, &context->entry, &err);
    namespaces_release_one(&namespace);
    if (r == 0)
        return STATUS_DONE;
    context_warn(context, "--namespace: %s: %s", context->where.namespace, err.text);
    return STATUS_UNREADABLE;
}

static int find_namespaces(struct context *context)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;

    if (namespaces_find(&context->system.procfs, &context->namespaces, &err) < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    context->system.namespaces = &context->namespaces;
    return STATUS_DONE;
}

int where_open(struct context *context)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    const struct where *where = &context->where;
    int status = check_command(context);

    if (status != STATUS_DONE)
        return status;
    if (system_open(&context->system, where->sysroot, &err) < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    if (where->namespace)
        status = enter_namespace(context);
    else if (where->all_namespaces)
        status = find_namespaces(context);
    if (status != STATUS_DONE)
        where_close(context);
    return status;
}

void where_close(struct context *context)
{
    namespace_return(&context->system.procfs, &context->entry, NULL);
    namespaces_release(&context->namespaces);
    system_close(&context->system);
}
