/*
 * du: sums of memory, by owner or anything else that segments have in common.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/parse.h"
#include "command/incomplete.h"
#include "command/options.h"
#include "command/output.h"
#include "command/protect.h"
#include "command/selecting.h"
#include "view/balance_report.h"
#include "view/columns.h"
#include "view/groups.h"
#include "view/human.h"

/* No kernel has smaller ones: 64 KiB on arm64. */
enum { HUGE_PAGE_MIN = 65536 };

/* A command line of du. */
struct du {
    struct selection selection;
    struct output_options output;
    struct groups groups;
    bool system;
    struct option_number huge; /* bytes of a page, 0: the default size */
};

static int take_groups(const struct option_use *use, struct error *err)
{
    return groups_add_list(use->place, use->word, err);
}

static int take_page_size(const struct option_use *use, struct error *err)
{
    struct option_number *huge = use->place;
    int r = 0;

    huge->given = true;
    if (!use->word)
        return 0;
    r = parse_size(use->word, &huge->value, err);
    if (r == 0 && (huge->value < HUGE_PAGE_MIN || (huge->value & (huge->value - 1)) != 0))
        r = error_set(err, EINVAL,
                      "'%s': not a size of huge pages (a power of two such as 2M or 1G)",
                      use->word);
    return r;
}

static const struct option_spec du_options[] = {
    {0, "by", "LIST", "sum up by these, not by owner", offsetof(struct du, groups), take_groups},
    {0, "system", NULL, "also what Shmem of the system consists of", offsetof(struct du, system),
     option_flag},
    {0, "huge", "[=SIZE]", "also how many huge pages they would need", offsetof(struct du, huge),
     take_page_size},
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
    if ((du->system || du->huge.given) && du->output.form != FORM_TABLE &&
        du->output.form != FORM_JSON)
        return error_set(err, EINVAL, "--%s: is shown in tables and with --json alone",
                         du->system ? "system" : "huge");
    return check_du_columns(du, err);
}

/* --- Huge pages ------------------------------------------------------------------------------- */

/* The pages of this size that the rows have already. */
static uint64_t count_own_pages(const struct inventory *inventory, uint64_t page_size)
{
    uint64_t pages = 0;

    for (size_t i = 0; i < inventory->count; i++) {
        const struct segment *segment = &inventory->rows[i].segment;

        if (segment->huge_page == page_size)
            pages = saturating_add(pages, pages_of(segment->size, page_size));
    }
    return pages;
}

static int refuse_page_size(struct context *context, const struct huge_pools *pools, uint64_t size)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    human_size(&text, size);
    strbuf_puts(&text, ": there are no huge pages of this size, but of:");
    for (size_t i = 0; i < pools->count; i++) {
        strbuf_putc(&text, ' ');
        human_size(&text, pools->items[i].page_size);
    }
    context_warn(context, "--huge: %s", strbuf_string(&text));
    return STATUS_USAGE;
}

/* Sets how many huge pages the rows would need. Returns an exit status. */
static int find_huge_need(struct context *context, const struct du *du,
                          const struct inventory *inventory, struct huge_need *ret_need)
{
    CLEANUP_FREE const struct segment_info **rows = inventory_pointers(inventory);
    const struct huge_pools *pools = &inventory->balance.huge;
    const struct huge_pool *pool = huge_pools_find(pools, du->huge.value);
    uint64_t size = pool ? pool->page_size : du->huge.value;

    if (!pool && size > 0 && pools->count > 0)
        return refuse_page_size(context, pools, size);
    if (size == 0) {
        context_warn(context,
                     "--huge: how large huge pages are is not known here; name it: --huge=2M");
        return STATUS_USAGE;
    }
    *ret_need = huge_need_of(pool, size, sum_of(rows, inventory->count, size).pages,
                             count_own_pages(inventory, size));
    return STATUS_DONE;
}

/* --- Output ----------------------------------------------------------------------------------- */

/* Adds to a JSON document what stands beside the rows. */
static void add_documents(struct writer *writer, const struct du *du, const struct sum *total,
                          const struct inventory *inventory, const struct huge_need *need)
{
    CLEANUP_STRBUF struct strbuf by = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf all = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf system = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf huge = STRBUF_INIT;

    groups_put_json(&by, &du->groups);
    groups_put_total(&all, total);
    if (du->system)
        balance_report_json(&system, inventory);
    if (du->huge.given)
        huge_need_report_json(&huge, need);
    writer_add_json(writer, "by", &by);
    writer_add_json(writer, "total", &all);
    writer_add_json(writer, "system", &system);
    writer_add_json(writer, "huge", &huge);
}

/* Writes what stands below the table. */
static void write_below(struct context *context, const struct du *du,
                        const struct inventory *inventory, const struct huge_need *need)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    if (du->huge.given)
        huge_need_report(&text, need, inventory, context_width());
    if (du->system)
        strbuf_putc(&text, '\n');
    context_write(context, &text);
    if (du->system)
        balance_report_table(context->out, inventory, &du->output.format, !du->output.no_header);
}

static void write_du(struct context *context, struct du *du, const struct inventory *inventory,
                     const struct huge_need *need)
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
    if (du->output.form == FORM_JSON)
        add_documents(&writer, du, &total, inventory, need);
    writer_end(&writer);
    if (du->output.form == FORM_TABLE)
        write_below(context, du, inventory, need);
}

/* Says what the balance may lack. */
static void warn_of_balance(struct context *context, const struct inventory *inventory)
{
    incomplete_warn_shmem(context, inventory);
    if (inventory->balance_error.text)
        context_warn(context, "%s", inventory->balance_error.text);
    if (inventory->attachments_error.text)
        context_warn(context, "%s", inventory->attachments_error.text);
    incomplete_warn_unreadable(context, inventory);
}

static unsigned du_needs(const struct du *du)
{
    unsigned needs = du->groups.needs | output_needs(&du->output);

    if (du->output.form == FORM_JSON)
        needs |= groups_total_needs();
    if (du->huge.given)
        needs |= NEED_HUGE_PAGES | NEED_USAGE;
    if (du->system)
        needs |= NEED_BALANCE | NEED_HELD | NEED_SHMEM | NEED_USAGE;
    return needs;
}

static int run_du(struct context *context, void *args)
{
    CLEANUP_ERROR struct error err = ERROR_INIT;
    CLEANUP_INVENTORY struct inventory inventory = {0};
    struct huge_need need = {0};
    struct du *du = args;
    int status = STATUS_DONE;
    bool incomplete;
    unsigned needs;

    output_choose_columns(&du->output, context, &du->groups.table, NULL);
    needs = du_needs(du);
    status = protect_read(context, &du->selection, needs);
    if (status != STATUS_DONE)
        return status;
    if (inventory_read(&context->system, &du->selection, needs, &inventory, &err) < 0)
        return context_fail(context, &err, STATUS_UNREADABLE);
    if (du->huge.given)
        status = find_huge_need(context, du, &inventory, &need);
    if (status != STATUS_DONE)
        return status;
    incomplete = context_warn_unparsed(context, &inventory.unparsed);
    write_du(context, du, &inventory, &need);
    incomplete |= incomplete_warn_inventory(context, &du->selection, &inventory);
    if (du->system)
        warn_of_balance(context, &inventory);
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
    .details = "LIST: owner, creator, group, key, state, command, unit, program, namespace,\n"
               "container, size, or several of them.",
    .flags = COMMAND_EVERYWHERE,
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
