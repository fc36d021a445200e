/*
 * What sums are by: columns that --by names, and the table of columns of just these sums.
 */
#ifndef SHMTOOL_VIEW_GROUPS_H
#define SHMTOOL_VIEW_GROUPS_H

#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "model/sums.h"
#include "view/column.h"

/* More than there are columns that sums can be by. */
enum { GROUPS_MAX = 32 };

/* Zeroed to begin with. Must not move after groups_finish(): its parts know each other. */
struct groups {
    const struct column *by[GROUPS_MAX]; /* of sum_columns; borrowed */
    size_t count;
    unsigned needs; /* mask of enum need: what must have been looked up to compare rows */
    struct grouping grouping;
    struct column *columns; /* owned; what sums are by, with the numbers of names, and the sums */
    struct column_table table;      /* of these; records are struct sum */
    char *defaults;                 /* owned; the table's */
    const struct column *first_sum; /* of the table: "segments" */
};

/*
 * Adds the columns of a comma-separated list, each once. Returns 0, or -EINVAL and sets *err, which
 * names the wrong word and lists the right ones.
 */
int groups_add_list(struct groups *groups, const char *list, struct error *err);

/* Sets the grouping and the table. Without any columns, sums are by owner. */
void groups_finish(struct groups *groups);

/*
 * Tells whether the table has the column of this name (LENGTH bytes), which sum_columns has.
 * Returns 0, or -EINVAL and sets *err, which says what is missing.
 */
int groups_check_column(const struct groups *groups, const char *name, size_t length,
                        struct error *err);

/* Appends the names as a JSON array: ["owner", "state"]. */
void groups_put_json(struct strbuf *out, const struct groups *groups);

/* Appends the total as a JSON object, with all sums: {"segments": 15, "bytes": ...}. */
void groups_put_total(struct strbuf *out, const struct sum *total);

/* What must have been looked up for that: a mask of enum need. */
unsigned groups_total_needs(void);

void groups_release(struct groups *groups);

#endif
