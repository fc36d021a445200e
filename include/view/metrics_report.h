/*
 * The sums of an inventory for a monitoring system: OpenMetrics text, which Prometheus and the
 * textfile collector of its node_exporter read too.
 */
#ifndef SHMTOOL_VIEW_METRICS_REPORT_H
#define SHMTOOL_VIEW_METRICS_REPORT_H

#include "action/inventory.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "view/column.h"

/*
 * Finds what segments and bytes are to be counted by: a word of --by. Returns 0, or -EINVAL and
 * sets *err, which names the wrong word and lists the right ones.
 */
int metrics_find_label(const char *word, const struct column **ret_label, struct error *err);

/* What must have been looked up: a mask of enum need. LABEL: NULL for none. */
unsigned metrics_needs(const struct column *label);

/*
 * Appends all metrics: gauges without times.
 *
 * label: NULL for none
 * everywhere: the inventory is of all namespaces: sums are over them, limits of each with its
 * number
 */
void metrics_report(struct strbuf *out, const struct inventory *inventory,
                    const struct column *label, bool everywhere);

#endif
