/*
 * ns: lists the IPC namespaces of the host, and what is in them.
 *
 * The namespace of this process comes first, the others by their numbers.
 */
#include <errno.h>
#include <stdlib.h>

#include "action/namespace_rows.h"
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "command/options.h"
#include "command/output.h"
#include "command/where.h"
#include "kernel/namespaces.h"
#include "view/columns.h"
#include "view/describe.h"

/* A command line of ns. */
struct ns {
    struct output_options output;
    bool long_form;
    const char **words; /* owned array; the operands */
    size_t word_count;
    size_t word_capacity;
};

static const struct option_spec ns_options[] = {
    {'l', "long", NULL, "add pid, the oldest process inside", offsetof(struct ns, long_form),
     option_flag},
};

static const struct option_group ns_group = {"Listing", OPTIONS(ns_options)};

static int take_namespace(const struct option_use *use, struct error *err)
{
    struct ns *ns = use->place;
    enum namespace_word kind;
    uint64_t value;
    int r = namespace_parse_word(use->word, &kind, &value, err);

    if (r < 0)
        return r;
    if (kind == NAMESPACE_BY_NAME)
        return error_set(err, EINVAL,
                         "'%s': not the number of an IPC namespace (as 'shmtool ns' shows it), "
                         "nor a pid, nor a file with a slash in its name",
                         use->word);
    ns->words = xgrow(ns->words, ns->word_count, &ns->word_capacity, sizeof(const char *));
    ns->words[ns->word_count++] = use->word;
    return 0;
}

static int check_ns(struct context *context, void *args, struct error *err)
{
    (void)args;
    if (!context->system.procfs.live)
        return error_set(err, EINVAL, "--sysroot: a saved tree does not show IPC namespaces");
    return 0;
}

/* --- Which are shown -------------------------------------------------------------------------- */

/* Finds the namespaces that were named, also one that the list lacks. Returns an exit status. */
static int mark_named(struct context *context, const struct ns *ns, struct ipc_namespace_list *list)
{
    int status = STATUS_DONE;

    for (size_t i = 0; i < ns->word_count; i++) {
        CLEANUP_ERROR struct error err = ERROR_INIT;
        struct ipc_namespace named;
        struct ipc_namespace *known;

        if (namespaces_resolve(&context->system.procfs, list, ns->words[i], &named, &err) < 0) {
            status = context_fail(context, &err, STATUS_FAILED);
            continue;
        }
        known = ipc_namespace_list_find(list, named.number, named.device);
        named.named = true;
        if (known) {
            known->named = true;
            namespaces_release_one(&named);
        } else {
            namespaces_add(list, &named);
        }
    }
    return status;
}

static void drop_others(struct ipc_namespace_list *list)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].named)
            list->items[kept++] = list->items[i];
        else
            namespaces_release_one(&list->items[i]);
    }
    list->count = kept;
}

/* What the rows do not say. */
static void warn_refused(struct context *context, const struct namespace_rows *rows)
{
    struct complaint_list refused = COMPLAINT_LIST_INIT;

    for (size_t i = 0; i < rows->count; i++) {
        const struct namespace_info *info = &rows->rows[i];

        if (info->refusal)
            namespace_complaint_add(&refused, info->namespace->number, info->refusal);
    }
    where_warn_refused(context, &refused);
    complaint_list_release(&refused);
}

/* --- Running ---------------------------------------------------------------------------------- */

static int run_ns(struct context *context, void *args)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_NAMESPACES struct ipc_namespace_list list = {0};
    CLEANUP_NAMESPACE_ROWS struct namespace_rows rows = {0};
    struct ns *ns = args;
    struct writer writer;
    int status = STATUS_DONE;

    output_choose_columns(&ns->output, context, NULL,
                          ns->long_form ? namespace_columns.long_form : NULL);
    if (namespaces_find(&context->system.procfs, &list, &err) < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    if (ns->word_count > 0) {
        status = mark_named(context, ns, &list);
        drop_others(&list);
    }
    if (namespace_rows_read(&context->system, &list, output_needs(&ns->output), &rows, &err) < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    output_sort(&ns->output, rows.rows, rows.count, sizeof(*rows.rows));
    output_begin(&ns->output, context, proc_clock(context->system.proc)->now, &writer);
    writer_add_count(&writer, "unreadable", list.unreadable);
    for (size_t i = 0; i < rows.count; i++)
        writer_row(&writer, &rows.rows[i]);
    writer_end(&writer);
    warn_refused(context, &rows);
    return where_warn_incomplete(context, &list) ? STATUS_FAILED : status;
}

static void release_ns(void *args)
{
    struct ns *ns = args;

    output_release(&ns->output);
    free(ns->words);
}

const struct command command_ns = {
    .name = "ns",
    .synopsis = {"[OPTION]... [ID]..."},
    .summary = "list the IPC namespaces of this host and what is in them",
    .details = "ID is the number of a namespace, the pid of a process in it, or a file:\n"
               "/proc/PID/ns/ipc or a bind mount of one.",
    .flags = COMMAND_NO_NAMESPACE,
    .columns = &namespace_columns,
    .groups = {{&ns_group, 0}, {&output_group, offsetof(struct ns, output)}},
    .operand = {0, take_namespace},
    .examples = {{"ns --sort -bytes", "where the memory is, the largest first"},
                 {"ns -l 4711", "the namespace that process 4711 is in"}},
    .size = sizeof(struct ns),
    .check = check_ns,
    .run = run_ns,
    .release = release_ns,
};
