/*
 * du: sums of memory, by owner or anything else that segments have in common.
 */
#include <string.h>

#include "base/cleanup.h"
#include "command/options.h"
#include "command/output.h"
#include "view/columns.h"
#include "view/groups.h"

/* A command line of du. */
struct du {
    struct selection selection;
    struct output_options output;
    struct groups groups;
};

static int take_groups(const struct option_use *use, struct error *err)
{
    return groups_add_list(use->place, use->word, err);
}

static const struct option_spec du_options[] = {
    {0, "by", "LIST", "owner (default), creator, group, key, state, command, size",
     offsetof(struct du, groups), take_groups},
};

static const struct option_group du_group = {"Sums", OPTIONS(du_options)};

/* Demands that the sums have the columns that --columns and --sort name. */
static int check_du_columns(const struct du *du, struct error *err)
{
    const struct output_options *output = &du->output;
    int r = 0;

    for (size_t i = 0; r == 0 && i < output->list_count; i++) {
        const char *word = output->column_lists[i];

        for (word += *word == '+'; r == 0 && *word; word += *word == ',') {
            size_t length = strcspn(word, ",");

            r = groups_check_column(&du->groups, word, length, err);
            word += length;
        }
    }
    for (size_t i = 0; r == 0 && i < output->sort.count; i++) {
        const char *name = output->sort.items[i].column->name;

        r = groups_check_column(&du->groups, name, strlen(name), err);
    }
    return r;
}

static int check_du(struct context *context, void *args, struct error *err)
{
    struct du *du = args;

    (void)context;
    groups_finish(&du->groups);
    return check_du_columns(du, err);
}

static void add_documents(struct writer *writer, const struct du *du, const struct sum *total)
{
    CLEANUP_STRBUF struct strbuf by = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf all = STRBUF_INIT;

    groups_put_json(&by, &du->groups);
    groups_put_total(&all, total);
    writer_add_json(writer, "by", &by);
    writer_add_json(writer, "total", &all);
}

static void write_du(struct context *context, struct du *du, const struct inventory *inventory)
{
    CLEANUP_FREE const struct segment_info **rows = inventory_pointers(inventory);
    CLEANUP_SUMS struct sums sums = {0};
    uint64_t page_size = inventory->limits.page_size;
    struct sum total = sum_of(rows, inventory->count, page_size);
    struct writer writer;

    sums_make(rows, inventory->count, page_size, &du->groups.grouping, SUM_BY_BYTES, &sums);
    output_sort(&du->output, sums.items, sums.count, sizeof(struct sum));
    output_begin(&du->output, context, inventory->clock.now, &writer);
    for (size_t i = 0; i < sums.count; i++)
        writer_row(&writer, &sums.items[i]);
    writer_total(&writer, &total, du->groups.first_sum);
    add_documents(&writer, du, &total);
    writer_end(&writer);
}

static int run_du(struct context *context, void *args)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_INVENTORY struct inventory inventory = {0};
    struct du *du = args;
    unsigned needs = du->groups.needs;
    bool incomplete;

    output_choose_columns(&du->output, &du->groups.table, NULL);
    needs |= output_needs(&du->output);
    if (du->output.form == FORM_JSON)
        needs |= groups_total_needs();
    if (inventory_read(&context->system, &du->selection, needs, &inventory, &err) < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    incomplete = context_warn_unparsed(context, &inventory.unparsed);
    write_du(context, du, &inventory);
    incomplete |= options_warn_missing(context, &inventory);
    return incomplete ? STATUS_FAILED : STATUS_DONE;
}

static void release_du(void *args)
{
    struct du *du = args;

    selection_release(&du->selection);
    output_release(&du->output);
    groups_release(&du->groups);
}

const struct command command_du = {
    .name = "du",
    .synopsis = {"[OPTION]... [ID]..."},
    .summary = "sum up memory, by owner or anything else",
    .columns = &sum_columns,
    .groups = {{&du_group, 0},
               {&selection_group, offsetof(struct du, selection)},
               {&output_group, offsetof(struct du, output)}},
    .operand = {offsetof(struct du, selection), option_id},
    .examples = {{"du -H", "who has how much"},
                 {"du --by owner,state --sort -orphans", "who leaves how many orphans"}},
    .size = sizeof(struct du),
    .check = check_du,
    .run = run_du,
    .release = release_du,
};
