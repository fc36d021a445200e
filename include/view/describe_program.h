/*
 * Sentences about the program that a segment is of.
 */
#ifndef SHMTOOL_VIEW_DESCRIBE_PROGRAM_H
#define SHMTOOL_VIEW_DESCRIBE_PROGRAM_H

#include "action/inventory.h"
#include "base/strbuf.h"
#include "model/segment_info.h"

/*
 * Appends " It is PostgreSQL's: ..." with the evidence, and whether that is a guess; whether the
 * program keeps it on purpose, its own command for what it left, and of PostgreSQL whether a server
 * runs and what removing it would do. Appends nothing where no program is known.
 */
void describe_program(struct strbuf *out, const struct segment_info *info,
                      const struct inventory *inventory);

#endif
