#include "view/groups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/xalloc.h"
#include "view/columns.h"

/* The sums: what follows "segments" in the table. */
#define FIRST_SUM "segments"
#define ALL_SUMS "segments,bytes,rss,rss_unknown,swap,attached,orphans"

static const struct column *find_first_sum(const struct column_table *table)
{
    return column_find(table, FIRST_SUM, strlen(FIRST_SUM));
}

/* --- What sums are by ------------------------------------------------------------------------- */

static int refuse_group(const char *word, size_t length, struct error *err)
{
    CLEANUP_STRBUF struct strbuf all = STRBUF_INIT;
    const struct column *end = find_first_sum(&sum_columns);

    for (const struct column *column = sum_columns.columns; column < end; column++)
        strbuf_printf(&all, " %s", column->name);
    return error_set(err, EINVAL, "'%.*s': segments are not summed up by that, but by:%s",
                     (int)length, word, strbuf_string(&all));
}

static void add_group(struct groups *groups, const struct column *column)
{
    for (size_t i = 0; i < groups->count; i++) {
        if (groups->by[i] == column)
            return;
    }
    /* Names sort and compare by their numbers, which need no looking up. */
    if (column->type != COLUMN_NAME)
        groups->needs |= column->needs;
    groups->by[groups->count++] = column;
}

int groups_add_list(struct groups *groups, const char *list, struct error *err)
{
    for (const char *word = list;; word++) {
        size_t length = strcspn(word, ",");
        const struct column *column = column_find(&sum_columns, word, length);

        if (!column || column >= find_first_sum(&sum_columns))
            return refuse_group(word, length, err);
        add_group(groups, column);
        word += length;
        if (*word == '\0')
            return 0;
    }
}

/* Of names by the number: two users may have one name, and most numbers have none. */
static int compare_group_cells(const struct column *column, const struct segment_info *a,
                               const struct segment_info *b)
{
    const struct column_format format = {0};
    struct column_value first = {0};
    struct column_value second = {0};

    column->get(&format, a, &first);
    column->get(&format, b, &second);
    if (!first.known || !second.known)
        return first.known - second.known;
    if (column->type >= COLUMN_TEXT)
        return strcmp(first.text, second.text);
    return num_compare(first.number, second.number);
}

static int compare_groups(const struct segment_info *a, const struct segment_info *b,
                          const void *arg)
{
    const struct groups *groups = arg;
    int order = 0;

    for (size_t i = 0; order == 0 && i < groups->count; i++)
        order = compare_group_cells(groups->by[i], a, b);
    return order;
}

/* --- The table -------------------------------------------------------------------------------- */

/* Adds a column of sum_columns to the table, unless it is there. */
static void add_to_table(struct groups *groups, const struct column *column)
{
    if (!column_find(&groups->table, column->name, strlen(column->name)))
        groups->columns[groups->table.count++] = *column;
}

void groups_finish(struct groups *groups)
{
    CLEANUP_STRBUF struct strbuf defaults = STRBUF_INIT;
    const struct column *end = sum_columns.columns + sum_columns.count;

    if (groups->count == 0)
        groups_add_list(groups, "owner", NULL);
    groups->grouping = (struct grouping){compare_groups, groups};
    groups->columns = xcalloc(sum_columns.count, sizeof(struct column));
    groups->table = sum_columns;
    groups->table.columns = groups->columns;
    groups->table.count = 0;
    for (size_t i = 0; i < groups->count; i++) {
        strbuf_printf(&defaults, "%s,", groups->by[i]->name);
        add_to_table(groups, groups->by[i]);
        if (groups->by[i]->type == COLUMN_NAME)
            add_to_table(groups, groups->by[i] + 1);
    }
    for (const struct column *column = find_first_sum(&sum_columns); column < end; column++)
        add_to_table(groups, column);
    strbuf_puts(&defaults, sum_columns.defaults);
    groups->defaults = xstrdup(strbuf_string(&defaults));
    groups->table.defaults = groups->defaults;
    groups->table.quiet = groups->by[0]->name;
    groups->first_sum = find_first_sum(&groups->table);
}

int groups_check_column(const struct groups *groups, const char *name, size_t length,
                        struct error *err)
{
    if (column_find(&groups->table, name, length))
        return 0;
    return error_set(err, EINVAL, "'%.*s': is a column with --by %.*s alone", (int)length, name,
                     (int)length, name);
}

/* --- JSON ------------------------------------------------------------------------------------- */

void groups_put_json(struct strbuf *out, const struct groups *groups)
{
    for (size_t i = 0; i < groups->count; i++)
        strbuf_printf(out, "%s\"%s\"", i > 0 ? ", " : "[", groups->by[i]->name);
    strbuf_putc(out, ']');
}

void groups_put_total(struct strbuf *out, const struct sum *total)
{
    const struct column_format format = {0};
    CLEANUP_COLUMN_SET struct column_set columns = COLUMN_SET_INIT;

    column_set_add_list(&columns, &sum_columns, ALL_SUMS, NULL);
    column_put_object(out, &columns, &format, total);
}

unsigned groups_total_needs(void)
{
    CLEANUP_COLUMN_SET struct column_set columns = COLUMN_SET_INIT;

    column_set_add_list(&columns, &sum_columns, ALL_SUMS, NULL);
    return column_set_needs(&columns);
}

void groups_release(struct groups *groups)
{
    free(groups->columns);
    free(groups->defaults);
    *groups = (struct groups){.count = 0};
}
