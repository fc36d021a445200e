#include "command/where.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "action/resolve.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "command/options.h"
#include "view/describe.h"

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
    else if (where->sysroot && command->flags & COMMAND_WAITS)
        context_warn(context,
                     "--sysroot: nothing happens in a saved tree: %s shows the live system only",
                     command->name);
    else if (where->sysroot && command->flags & COMMAND_CAPTURES)
        context_warn(context,
                     "--sysroot: is a saved tree already: %s writes that of the live system",
                     command->name);
    else if ((where->namespace || where->all_namespaces) && command->flags & COMMAND_NO_NAMESPACE)
        context_warn(context, "--%s: %s takes none",
                     where->namespace ? "namespace" : "all-namespaces", command->name);
    else if (where->all_namespaces && !(command->flags & COMMAND_EVERYWHERE))
        context_warn(context, "--all-namespaces: %s looks in one IPC namespace; -N names another",
                     command->name);
    else
        return STATUS_DONE;
    return STATUS_USAGE;
}

/*
 * Finds the one namespace whose container, pod, unit or job WORD names, by its cgroup. Returns a
 * negative errno and sets *err, which names them where there are several.
 */
static int find_by_name(struct context *context, const struct ipc_namespace_list *found,
                        const char *word, const struct ipc_namespace **ret_namespace,
                        struct error *err)
{
    CLEANUP_STRBUF struct strbuf candidates = STRBUF_INIT;
    size_t count = 0;

    if (found->exhausted) /* whether it is the only one of this name is not known */
        return error_set(err, EMFILE, "%s: not all namespaces could be inspected: %s", word,
                         NAMESPACES_EXHAUSTED);
    for (size_t i = 0; i < found->count; i++) {
        const struct ipc_namespace *namespace = &found->items[i];
        const struct cgroup_unit *unit = resolve_namespace(&context->system, namespace);

        if (!unit || !cgroup_unit_matches(unit, true, word))
            continue;
        strbuf_printf(&candidates, "%s%llu (%s)", count > 0 ? ", " : "",
                      (unsigned long long)namespace->number, unit->unit);
        *ret_namespace = namespace;
        count++;
    }
    if (count == 0)
        return error_set(err, ENOENT,
                         "%s: neither a pid nor the number or file of an IPC namespace, nor a "
                         "container, unit or job that has one%s ('shmtool ns' lists them)%s",
                         word, found->unreadable > 0 || found->hidden ? NAMESPACES_SEEN : "",
                         geteuid() != 0 ? "; names of containers are known to root alone" : "");
    if (count > 1)
        return error_set(err, EINVAL, "%s: names %zu IPC namespaces: %s", word, count,
                         strbuf_string(&candidates));
    return 0;
}

/* Enters the namespace of -N: from here on it is as if the command had been started there. */
static int enter_namespace(struct context *context)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_NAMESPACES struct ipc_namespace_list found = {0};
    struct procfs *procfs = &context->system.procfs;
    const struct ipc_namespace *namespace = NULL;
    const struct ipc_namespace *known;
    struct ipc_namespace resolved = {.fd = -1};
    int r = namespaces_find(procfs, &found, &err);

    if (r < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    proc_cache_refresh(context->system.proc);
    r = namespaces_resolve(procfs, &found, context->where.namespace, &resolved, &err);
    namespace = &resolved;
    if (r == -ENODATA) {
        error_clear(&err);
        r = find_by_name(context, &found, context->where.namespace, &namespace, &err);
    }
    if (r < 0) {
        context_warn(context, "--namespace: %s", err.text);
        return r == -ENOENT || r == -EINVAL ? STATUS_USAGE : STATUS_UNREADABLE;
    }
    r = namespace_enter(procfs, namespace, &context->entry, &err);
    context->system.elsewhere = namespace->own ? 0 : namespace->number;
    known = ipc_namespace_list_find(&found, namespace->number, namespace->device);
    if (known)
        context->system.elsewhere_pid = known->pid > 0 ? known->pid : known->holder;
    namespaces_release_one(&resolved);
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

/* Opens the saved tree that the command takes, beside the live system. */
static int open_tree(struct context *context)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;

    if (context->where.tree[0] == '\0') {
        context_warn(context, "'': is no folder");
        return STATUS_USAGE;
    }
    context->tree = xcalloc(1, sizeof(*context->tree));
    if (system_open(context->tree, context->where.tree, &err) < 0) {
        free(context->tree);
        context->tree = NULL;
        return context_fail(context, &err, STATUS_UNREADABLE);
    }
    context->tree->protection = protection_new(NULL); /* what protects is the live system's */
    names_add_tree(context->system.names, &context->tree->procfs);
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
    if (status == STATUS_DONE && where->tree)
        status = open_tree(context);
    if (status != STATUS_DONE)
        where_close(context);
    return status;
}

void where_warn_refused(struct context *context, const struct complaint_list *refused)
{
    CLEANUP_STRBUF struct strbuf numbers = STRBUF_INIT;

    if (refused->count == 0)
        return;
    for (size_t i = 0; i < refused->count && i < DESCRIBE_NAMED_MAX; i++)
        strbuf_printf(&numbers, "%s%s", i > 0 ? ", " : "", refused->items[i].where);
    describe_rest(&numbers, refused->count);
    context_warn(context, "%s could not be entered: %s", strbuf_string(&numbers),
                 refused->items[0].text);
}

bool where_warn_incomplete(struct context *context, const struct ipc_namespace_list *list)
{
    size_t count = list->unreadable;
    const char *why = NULL;

    if (count > 0 || list->hidden)
        why = list->failure != 0 ? strerror(list->failure)
                                 : namespaces_unreadable_why(&context->system.procfs);
    if (count > 0)
        context_warn(context,
                     "%zu process%s could not be read, and namespaces that nobody else is in may "
                     "be missing: %s",
                     count, count == 1 ? "" : "es", why);
    if (list->hidden)
        context_warn(context,
                     "processes of other users do not show at all (hidepid), and namespaces that "
                     "nobody else is in may be missing: %s",
                     why);
    if (list->exhausted)
        context_warn(context, "not all namespaces could be inspected: " NAMESPACES_EXHAUSTED);
    return list->exhausted;
}

/* Writes which namespace what follows is of. */
static void write_heading(struct context *context, const struct ipc_namespace *namespace, bool json,
                          bool first)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    const struct cgroup_unit *unit = resolve_namespace(&context->system, namespace);
    const char *container = unit ? cgroup_unit_container(unit) : NULL;

    if (json) {
        strbuf_printf(&text, "%s{\"namespace\": %llu, \"container\": ", first ? "\n" : ",\n",
                      (unsigned long long)namespace->number);
        text_json_or_null(&text, container);
        strbuf_puts(&text, ", ");
    } else {
        strbuf_printf(&text, "%sIPC namespace %llu", first ? "" : "\n",
                      (unsigned long long)namespace->number);
        if (container) {
            strbuf_puts(&text, ", container ");
            text_escape(&text, container, strlen(container));
        }
        strbuf_puts(&text, namespace->own ? ", that of this process:\n" : ":\n");
    }
    context_write(context, &text);
}

/* A going through all namespaces. */
struct tour {
    struct context *context;
    const char *json; /* as where_each() has it */
    int (*show)(struct context *context, void *arg);
    void *arg;
    size_t shown;
    struct complaint_list refused;
};

/* Returns an exit status: STATUS_DONE where it cannot be entered; or -1 without a way back. */
static int show_one(struct tour *tour, const struct ipc_namespace *namespace)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    struct context *context = tour->context;
    struct namespace_entry entry;
    int status;

    if (namespace_enter(&context->system.procfs, namespace, &entry, &err) < 0) {
        namespace_complaint_add(&tour->refused, namespace->number, err.text);
        return STATUS_DONE;
    }
    context->system.elsewhere = namespace->own ? 0 : namespace->number;
    context->system.one_of_many = true;
    write_heading(context, namespace, tour->json, tour->shown++ == 0);
    status = tour->show(context, tour->arg);
    if (tour->json && status == STATUS_UNREADABLE)
        fprintf(context->out, "\"%s\": null}", tour->json);
    if (namespace_return(&context->system.procfs, &entry, &err) < 0) {
        context_fail(context, &err, STATUS_UNREADABLE);
        return -1;
    }
    return status;
}

static int show_all(struct tour *tour)
{
    const struct ipc_namespace_list *list = &tour->context->namespaces;
    int highest = STATUS_DONE;

    for (size_t i = 0; i < list->count; i++) {
        int status = show_one(tour, &list->items[i]);

        if (status < 0)
            return STATUS_UNREADABLE;
        highest = status > highest ? status : highest;
    }
    return highest;
}

int where_each(struct context *context, const char *json,
               int (*show)(struct context *context, void *arg), void *arg)
{
    CLEANUP_STRBUF struct strbuf head = STRBUF_INIT;
    struct tour tour = {context, json, show, arg, 0, COMPLAINT_LIST_INIT};
    int status;

    if (!context->where.all_namespaces)
        return show(context, arg);
    proc_cache_refresh(context->system.proc);
    context->system.namespaces = NULL; /* each alone */
    if (json) {
        context_put_head(context, &head);
        strbuf_puts(&head, "\"namespaces\": [");
        context_write(context, &head);
    }
    status = show_all(&tour);
    if (json)
        fputs(tour.shown > 0 ? "\n]}\n" : "]}\n", context->out);
    where_warn_refused(context, &tour.refused);
    if (where_warn_incomplete(context, &context->namespaces))
        status = status > STATUS_FAILED ? status : STATUS_FAILED;
    complaint_list_release(&tour.refused);
    return status;
}

int where_require_direct(const struct context *context, const char *what, struct error *err)
{
    if (!context->system.procfs.inside)
        return 0;
    return error_set(err, EINVAL,
                     "--namespace: %s from outside of that user namespace; nsenter --user --ipc "
                     "does it",
                     what);
}

void where_close(struct context *context)
{
    namespace_return(&context->system.procfs, &context->entry, NULL);
    namespaces_release(&context->namespaces);
    if (context->tree)
        system_close(context->tree);
    free(context->tree);
    context->tree = NULL;
    system_close(&context->system);
}
