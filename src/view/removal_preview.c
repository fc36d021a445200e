#include "view/removal_preview.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "model/sums.h"
#include "view/change_report.h"
#include "view/columns.h"
#include "view/describe.h"
#include "view/human.h"
#include "view/remedy.h"
#include "view/writer.h"

/* What the table shows: the columns of segments go by the first member. */
struct removal_row {
    struct segment_info info;
    const char *processes;
};

static void get_processes(const struct column_format *format, const void *record,
                          struct column_value *ret_value)
{
    const struct removal_row *row = record;

    (void)format;
    *ret_value = (struct column_value){.known = row->processes != NULL, .text = row->processes};
}

static const struct column processes_column = {"processes", COLUMN_TEXT,
                                               NEED_TRY_ATTACHMENTS | NEED_HOLDERS,
                                               "who has it attached", get_processes};

static void choose_table_columns(struct column_set *columns, const struct removal_plan *plan)
{
    column_set_add_list(columns, &segment_columns, segment_columns.defaults, NULL);
    if (plan->namespaces > 0)
        column_set_add_list(columns, &segment_columns, "namespace,container", NULL);
}

/* What the table of the question has beside the usual columns. */
struct preview {
    bool protections;
    bool programs;
    bool processes;
};

static void choose_preview_columns(struct column_set *columns, const struct removal_plan *plan,
                                   const struct preview *preview)
{
    choose_table_columns(columns, plan);
    column_set_add_list(columns, &segment_columns, "state", NULL);
    if (preview->programs)
        column_set_add_list(columns, &segment_columns, "program", NULL);
    if (preview->protections)
        column_set_add_list(columns, &segment_columns, "protected", NULL);
    if (preview->processes)
        column_set_add(columns, &processes_column);
}

unsigned removal_preview_table_needs(const struct removal_plan *plan)
{
    CLEANUP_COLUMN_SET struct column_set columns = COLUMN_SET_INIT;

    choose_table_columns(&columns, plan);
    return column_set_needs(&columns);
}

unsigned removal_preview_needs(const struct removal_plan *plan)
{
    static const struct preview all = {true, true, true};
    CLEANUP_COLUMN_SET struct column_set columns = COLUMN_SET_INIT;

    choose_preview_columns(&columns, plan, &all);
    return column_set_needs(&columns);
}

/* --- Tables ----------------------------------------------------------------------------------- */

/*
 * Appends the processes that have the segment attached, the first few by name and pid, and whether
 * some of its mappings are in processes that are not visible.
 */
static void put_users(struct strbuf *out, const struct segment_info *info)
{
    enum { USERS_MAX = 4 };
    uint32_t count = info->attachment_count;

    for (uint32_t i = 0; i < count && i < USERS_MAX; i++) {
        const char *command = info->attachments[i].command;

        strbuf_puts(out, i > 0 ? " " : "");
        describe_process(out, command ? command : "?", info->attachments[i].pid);
    }
    if (count > USERS_MAX)
        strbuf_printf(out, " +%u", (unsigned)(count - USERS_MAX));
    if (segment_info_unseen(info) > 0)
        strbuf_puts(out, count > 0 ? " and some not visible to you" : "not visible to you");
}

static void write_preview_row(struct writer *writer, const struct segment_info *info,
                              bool with_processes)
{
    CLEANUP_STRBUF struct strbuf processes = STRBUF_INIT;
    struct removal_row row = {.info = *info};

    if (with_processes && info->segment.nattch > 0) {
        put_users(&processes, info);
        row.processes = strbuf_string(&processes);
    }
    writer_row(writer, &row);
}

void removal_preview_table(FILE *out, const struct removal_plan *plan,
                           const struct column_format *format)
{
    CLEANUP_COLUMN_SET struct column_set columns = COLUMN_SET_INIT;
    struct writer writer;

    choose_table_columns(&columns, plan);
    writer_begin(&writer, FORM_TABLE, out, &columns, format, NULL, NULL, true);
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->items[i].outcome == REMOVAL_SELECTED)
            writer_row(&writer, &plan->items[i].info);
    }
    writer_end(&writer);
}

static bool is_pending(const struct removal_item *item, bool in_use)
{
    return item->outcome == REMOVAL_SELECTED && (item->info.segment.nattch > 0) == in_use;
}

/* Whether of any that is to be removed, or of any in use, it is known which program it is of. */
static bool any_program(const struct removal_plan *plan, bool in_use_alone)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct removal_item *item = &plan->items[i];

        if ((is_pending(item, true) || (!in_use_alone && is_pending(item, false))) &&
            segment_program_text(&item->info.program))
            return true;
    }
    return false;
}

/* Writes the sums by owner of those that are not in use. */
static void write_sums(FILE *out, const struct removal_plan *plan,
                       const struct column_format *format)
{
    enum { ANY_PAGE_SIZE = 4096 }; /* pages are not shown */
    CLEANUP_FREE const struct segment_info **rows =
        xcalloc(plan->count, sizeof(const struct segment_info *));
    CLEANUP_SUMS struct sums sums = {0};
    CLEANUP_COLUMN_SET struct column_set columns = COLUMN_SET_INIT;
    struct writer writer;
    size_t row_count = 0;

    for (size_t i = 0; i < plan->count; i++) {
        if (is_pending(&plan->items[i], false))
            rows[row_count++] = &plan->items[i].info;
    }
    sums_make(rows, row_count, ANY_PAGE_SIZE, &sum_by_owner, SUM_BY_SEGMENTS, &sums);
    column_set_add_list(&columns, &sum_columns, "owner,segments,bytes,orphans", NULL);
    writer_begin(&writer, FORM_TABLE, out, &columns, format, NULL, NULL, true);
    for (size_t i = 0; i < sums.count; i++)
        writer_row(&writer, &sums.items[i]);
    writer_end(&writer);
}

void removal_preview_show(FILE *out, const struct removal_plan *plan,
                          const struct column_format *format, bool with_processes)
{
    enum { UNUSED_MAX = 24 }; /* those in use stay on a terminal of usual height */
    struct removal_totals totals = removal_count(plan);
    size_t unused = totals.counts[REMOVAL_SELECTED] - totals.in_use;
    bool in_use_alone = unused > UNUSED_MAX;
    const struct preview preview = {totals.defied > 0, any_program(plan, in_use_alone),
                                    with_processes};
    CLEANUP_COLUMN_SET struct column_set columns = COLUMN_SET_INIT;
    struct writer writer;

    if (in_use_alone)
        write_sums(out, plan, format);
    if (in_use_alone && totals.in_use == 0)
        return;
    choose_preview_columns(&columns, plan, &preview);
    writer_begin(&writer, FORM_TABLE, out, &columns, format, NULL, NULL, true);
    for (int in_use = in_use_alone; in_use <= 1; in_use++) {
        for (size_t i = 0; i < plan->count; i++) {
            if (is_pending(&plan->items[i], in_use))
                write_preview_row(&writer, &plan->items[i].info, with_processes);
        }
    }
    writer_end(&writer);
}

/* --- The question ----------------------------------------------------------------------------- */

static int compare_pids(const void *a, const void *b)
{
    return num_compare_signed(*(const pid_t *)a, *(const pid_t *)b);
}

/* Appends who uses what is to be removed: one by name, how many others, and whether that is all. */
static void put_plan_users(struct strbuf *out, const struct removal_plan *plan)
{
    const struct attachment *first = NULL;
    CLEANUP_FREE pid_t *pids = NULL;
    size_t count = 0;
    size_t capacity = 0;
    size_t different = 0;
    bool unseen = false;

    for (size_t i = 0; i < plan->count; i++) {
        const struct segment_info *info = &plan->items[i].info;

        if (!is_pending(&plan->items[i], true))
            continue;
        unseen = unseen || segment_info_unseen(info) > 0;
        for (uint32_t j = 0; j < info->attachment_count; j++) {
            first = first ? first : &info->attachments[j];
            pids = xgrow(pids, count, &capacity, sizeof(*pids));
            pids[count++] = info->attachments[j].pid;
        }
    }
    if (first) {
        describe_process(out, first->command ? first->command : "?", first->pid);
        qsort(pids, count, sizeof(*pids), compare_pids);
        for (size_t i = 0; i < count; i++)
            different += i == 0 || pids[i] != pids[i - 1];
        if (different > 1)
            strbuf_printf(out, " +%zu", different - 1);
    }
    if (unseen)
        strbuf_puts(out, first ? " and some not visible to you" : "processes not visible to you");
}

/* Appends the number of segments, and of the namespaces that they are in, and their bytes. */
static void put_pending(struct strbuf *out, const struct removal_plan *plan,
                        const struct removal_totals *totals)
{
    const struct segment_info *last = NULL;
    size_t different = 0;

    human_count(out, totals->counts[REMOVAL_SELECTED], "segment");
    /* In the order of the inventory: those of one namespace stand together. */
    for (size_t i = 0; i < plan->count; i++) {
        const struct segment_info *info = &plan->items[i].info;

        if (plan->items[i].outcome != REMOVAL_SELECTED)
            continue;
        different += !last || info->namespace != last->namespace;
        last = info;
    }
    if (plan->namespaces > 0)
        strbuf_printf(out, " in %zu of %zu namespaces", different, plan->namespaces);
    strbuf_puts(out, ", ");
    human_size_long(out, totals->pending_bytes);
}

void removal_preview_question(struct strbuf *out, const struct removal_plan *plan)
{
    CLEANUP_STRBUF struct strbuf users = STRBUF_INIT;
    CLEANUP_STRBUF struct strbuf what = STRBUF_INIT;
    struct removal_totals totals = removal_count(plan);

    if (plan->change) {
        change_report_words(&what, plan->change);
        strbuf_puts(out, "Set ");
        text_escape(out, strbuf_string(&what), what.length);
        strbuf_puts(out, " of ");
    } else {
        strbuf_puts(out, "Remove ");
    }
    put_pending(out, plan, &totals);
    if (totals.defied > 0)
        strbuf_printf(out, ", %zu of them PROTECTED", totals.defied);
    strbuf_printf(out, ", %zu of them in use", totals.in_use);
    put_plan_users(&users, plan);
    if (users.length > 0)
        strbuf_puts(out, " by ");
    text_escape(out, strbuf_string(&users), users.length);
    strbuf_puts(out, "? (yes/no) ");
}

void removal_preview_refused(struct strbuf *out, const struct removal_plan *plan,
                             const struct inventory *inventory)
{
    size_t count = removal_count(plan).refused;
    const char *whose = count == 1 ? "its" : "their";

    if (count == 0)
        return;
    human_count(out, count, "segment");
    strbuf_puts(out, " would be refused to you, ");
    describe_user(out, inventory->user, inventory->credentials.euid);
    strbuf_printf(out, ": only %s owner, %s creator and %s may %s %s", whose, whose,
                  remedy_root(inventory), plan->change ? "change" : "remove",
                  count == 1 ? "it" : "them");
}

void removal_preview_dry_run(struct strbuf *out, const struct removal_plan *plan)
{
    struct removal_totals totals = removal_count(plan);

    strbuf_puts(out, "would ");
    if (plan->change) {
        strbuf_puts(out, "set ");
        change_report_words(out, plan->change);
        strbuf_puts(out, " of ");
    } else {
        strbuf_puts(out, "remove ");
    }
    if (totals.refused > 0)
        strbuf_printf(out, "%zu of ", totals.counts[REMOVAL_SELECTED] - totals.refused);
    totals.pending_bytes = totals.allowed_bytes;
    put_pending(out, plan, &totals);
    strbuf_printf(out, ", %zu in use", totals.in_use - totals.refused_in_use);
}
