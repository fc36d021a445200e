/*
 * What Shmem of the system consists of, and how many huge pages segments would need: as text and
 * as JSON, for du.
 */
#ifndef SHMTOOL_VIEW_BALANCE_REPORT_H
#define SHMTOOL_VIEW_BALANCE_REPORT_H

#include <stdio.h>

#include "action/inventory.h"
#include "base/strbuf.h"
#include "view/column.h"

/*
 * Writes the balance as a table, a line each part, a line each pool of huge pages.
 *
 * inventory: with NEED_BALANCE and NEED_HELD
 */
void balance_report_table(FILE *out, const struct inventory *inventory,
                          const struct column_format *format, bool header);

/* Appends it as a JSON object: {"shmem": 9170944, "sysv": 4096, ...}, all in bytes. */
void balance_report_json(struct strbuf *out, const struct inventory *inventory);

/*
 * Appends what huge pages the segments would need, and what vm.nr_hugepages is to be for that; a
 * newline at the end. WIDTH: see view/wrap.h.
 */
void huge_need_report(struct strbuf *out, const struct huge_need *need,
                      const struct inventory *inventory, size_t width);

/* Appends it as a JSON object: {"page_size": 2097152, "pages": 3, "nr_hugepages": 5}. */
void huge_need_report_json(struct strbuf *out, const struct huge_need *need);

#endif
