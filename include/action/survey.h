/*
 * All segments, the limits, and what is in use of them: one reading, for limits, key and doctor.
 */
#ifndef SHMTOOL_ACTION_SURVEY_H
#define SHMTOOL_ACTION_SURVEY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "kernel/attach.h"
#include "kernel/system.h"
#include "model/limits.h"
#include "model/segment.h"

struct survey {
    struct segment_list segments; /* in kernel order */
    struct limits limits;         /* those that can be read */
    struct error limits_error;    /* why none of them can be read, if so */
    struct usage usage;
    bool garbage; /* something in the listing was not understood: it is not in here */
};

/* Who is told of what is not understood; the fields of struct complaint. */
struct survey_sink {
    void (*garbage)(void *arg, const char *where, const char *text, size_t length);
    void *arg;
};

/*
 * Reads MACHINE's segments and limits. Limits that cannot be read are no failure here.
 *
 * ret_survey: released by the caller with survey_release()
 * Returns 0, or a negative errno with words in ERR when the segments cannot be read.
 */
int survey_read(struct system *system, const struct survey_sink *sink, struct survey *ret_survey,
                struct error *err);

/* Returns the segment that has KEY (not 0), or NULL. */
const struct segment *survey_find_key(const struct survey *survey, uint32_t key);

/* What one owner has of all segments. */
struct share {
    uid_t uid;
    uint64_t segments;
    uint64_t pages;
    uint64_t bytes;
    uint64_t orphans; /* of the segments: those whose state is orphan */
    uint64_t orphan_pages;
};

/*
 * Returns the owners' shares, *ret_count of them, the largest first: by pages, or by segments.
 * The caller frees the array; NULL when there are no segments.
 */
struct share *survey_shares(const struct survey *survey, struct system *system, bool by_pages,
                            size_t *ret_count);

/* How many of SEGMENT's attachments are in none of the processes that a scan could look at. */
uint64_t survey_unseen(const struct attachment_list *attachments, const struct segment *segment);

void survey_release(struct survey *survey);

#define CLEANUP_SURVEY __attribute__((cleanup(survey_release)))

#endif
