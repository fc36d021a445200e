/*
 * What is wrong on this machine: a look at limits, segments and the processes that use them.
 */
#ifndef SHMTOOL_ACTION_DIAGNOSE_H
#define SHMTOOL_ACTION_DIAGNOSE_H

#include <stddef.h>

#include "action/survey.h"
#include "base/error.h"
#include "kernel/attach.h"
#include "kernel/system.h"
#include "model/shmget.h"

/* What is looked for. */
enum check {
    CHECK_SHMMNI,        /* segments nearly as many as there may be */
    CHECK_SHMALL,        /* pages nearly as many as there may be */
    CHECK_SHMMAX,        /* shmmax allows more than shmall */
    CHECK_SMALL_SHMMAX,  /* shmmax allows less than a page, or nothing */
    CHECK_ORPHANS,       /* left over, and nobody can find them any more: no key */
    CHECK_KEYED_ORPHANS, /* left over, or kept on purpose: with a key */
    CHECK_STATES,        /* attached by nobody, and nobody can tell whether they are orphans */
    CHECK_DEST,          /* marked for destruction, and still held */
    CHECK_ATTACHMENTS,   /* a process that has one segment several times */
    CHECK_OWNERS,        /* of users that no database knows */
    CHECK_COUNT,
};

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };

struct finding {
    enum check check;
    enum severity severity;
    struct segment_list segments;        /* owned; those that it is about */
    const struct attachment *attachment; /* CHECK_ATTACHMENTS: borrowed from the diagnosis */
    uint64_t percent;                    /* CHECK_SHMMNI, CHECK_SHMALL: how full */
};

struct diagnosis {
    struct survey survey;
    bool has_credentials; /* not so of a saved tree */
    struct credentials credentials;
    struct attachment_list attachments;
    uint64_t unseen;        /* attachments that were found in no process */
    struct share *by_pages; /* owned; the owners' shares, the largest first */
    struct share *by_segments;
    size_t share_count;    /* of each of the two */
    struct finding *items; /* owned; in the order of the checks */
    size_t count;
    size_t capacity;
};

/*
 * The names by which programs and people know them: "orphans", "warning". The two checks of shmmax
 * have one.
 */
const char *check_name(enum check check);
const char *severity_name(enum severity severity);

/*
 * Makes all checks; nothing is changed. Limits that cannot be read, of a saved tree, are not
 * checked.
 *
 * ret_diagnosis: released by the caller with diagnosis_release()
 * Returns 0, or a negative errno with words in ERR when segments or processes cannot be read.
 */
int diagnose(struct system *system, const struct survey_sink *sink, struct diagnosis *ret_diagnosis,
             struct error *err);

void diagnosis_release(struct diagnosis *diagnosis);

#endif
