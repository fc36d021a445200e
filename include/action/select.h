/*
 * From a selection to the segments that it means: reading and matching in one pass.
 */
#ifndef SHMTOOL_ACTION_SELECT_H
#define SHMTOOL_ACTION_SELECT_H

#include <stdbool.h>

#include "base/error.h"
#include "kernel/source.h"
#include "kernel/system.h"
#include "model/selection.h"

/* What a reading found besides the segments that match. */
/* Who gets what is read. */
struct select_sink {
    int (*segment)(void *arg, const struct segment *segment); /* a negative return ends it */
    void (*garbage)(void *arg, const char *where, const char *text, size_t length);
    void *arg;
    bool without_usage; /* rss and swap are not wanted */
};

struct select_report {
    struct idset met_ids;  /* of the named ids: those that exist, matching or not */
    struct idset met_keys; /* positions in filter.keys of the keys that somebody has */
};

/*
 * Gives the segments of MACHINE that SELECTION means to SINK, in kernel order, each once.
 *
 * ret_report: may be NULL; released by the caller with select_report_release()
 * Returns 0, what SINK's segment() returned, or a negative errno with words in ERR when the state
 * cannot be read (or, with --pid, that process's mappings).
 */
int select_segments(struct system *system, const struct selection *selection,
                    const struct select_sink *sink, struct select_report *ret_report,
                    struct error *err);

/*
 * Tells whether SEGMENT, read just now, matches the selection's filter at this very moment: times,
 * processes and their attachments are looked up anew.
 * Returns 1 or 0, or a negative errno with words in ERR.
 */
int select_still_matches(struct system *system, const struct selection *selection,
                         const struct segment *segment, struct error *err);

/* Tells whether the named id SHMID exists. */
bool select_met_id(const struct select_report *report, int shmid);

/* Tells whether somebody has the key at POSITION of the filter's keys. */
bool select_met_key(const struct select_report *report, size_t position);

void select_report_release(struct select_report *report);

#endif
