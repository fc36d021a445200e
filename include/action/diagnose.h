/*
 * What is wrong on this machine, and what shmget would answer: conclusions from one inventory.
 */
#ifndef SHMTOOL_ACTION_DIAGNOSE_H
#define SHMTOOL_ACTION_DIAGNOSE_H

#include <stdbool.h>
#include <stddef.h>

#include "action/inventory.h"
#include "base/error.h"
#include "model/shmget.h"
#include "model/sums.h"

struct system;

/* --- The machine ------------------------------------------------------------------------------ */

/* What is checked. */
enum check {
    CHECK_SHMMNI,        /* segments nearly as many as there may be */
    CHECK_SHMALL,        /* pages nearly as many as there may be */
    CHECK_SHMMAX,        /* shmmax allows more than shmall */
    CHECK_SMALL_SHMMAX,  /* shmmax allows less than a page, or nothing */
    CHECK_ORPHANS,       /* left over, and without a key nobody can find them again */
    CHECK_KEYED_ORPHANS, /* left over, or kept on purpose: with a key */
    CHECK_STATES,        /* attached by nobody, and whether they are orphans is unknown */
    CHECK_DEST,          /* marked for destruction, and still held */
    CHECK_ATTACHMENTS,   /* a process that has one segment several times */
    CHECK_OWNERS,        /* their owner's uid has no user */
    CHECK_COUNT,
};

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };

struct finding {
    enum check check;
    enum severity severity;
    const struct segment_info **rows; /* owned array of borrowed rows: those that it is about */
    size_t count;
    const struct attachment *attachment; /* CHECK_ATTACHMENTS: borrowed from the inventory */
    uint64_t percent;                    /* CHECK_SHMMNI, CHECK_SHMALL: how full */
};

struct diagnosis {
    struct inventory inventory;
    struct owner_sum *by_pages; /* owned; the largest first */
    struct owner_sum *by_segments;
    size_t owner_count;    /* of each of the two */
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
 * Returns 0, or a negative errno and sets *err when segments or processes cannot be read.
 */
int diagnose_machine(struct system *system, struct diagnosis *ret_diagnosis, struct error *err);

void diagnosis_release(struct diagnosis *diagnosis);

/* --- One call of shmget ----------------------------------------------------------------------- */

struct shmget_diagnosis {
    struct shmget_request request;
    struct shmget_answer answer;
    struct inventory inventory; /* of all segments */
    struct memory_state memory;
    const struct segment_info *segment; /* that has the key; borrowed; NULL: none */
    const struct segment_info *former;  /* NULL: none; marked for destruction, and had the key */
    struct owner_sum *sums; /* owned; the largest first, when shmall or shmmni is reached */
    size_t sum_count;
};

/*
 * Predicts what shmget would answer to this process, and changes nothing. The kernel is asked too
 * where that can be done without IPC_CREAT; its answer counts, SHMGET_REFUSED where the facts do
 * not explain it.
 *
 * system: the live system
 * ret_diagnosis: released by the caller with shmget_diagnosis_release()
 * Returns 0, or a negative errno and sets *err when segments or limits cannot be read.
 */
int diagnose_shmget(struct system *system, const struct shmget_request *request,
                    struct shmget_diagnosis *ret_diagnosis, struct error *err);

void shmget_diagnosis_release(struct shmget_diagnosis *diagnosis);

#endif
