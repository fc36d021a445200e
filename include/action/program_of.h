/*
 * Which program a segment is of, by the evidence there is. Only the inventory asks for it.
 */
#ifndef SHMTOOL_ACTION_PROGRAM_OF_H
#define SHMTOOL_ACTION_PROGRAM_OF_H

#include "model/segment_info.h"

struct system;

/*
 * Finds out which program a row is of, that has its attachments and what is known of its creator:
 * by the executables of those attached, the creator's, a file, the key, a label, in this order; the
 * first that is no guess decides, or else the first guess. The system's caches keep what it
 * borrows.
 */
struct segment_program program_of_segment(struct system *system, const struct segment_info *info);

#endif
