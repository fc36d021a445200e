/*
 * What is wrong on this machine, and what shmget would answer: conclusions from one inventory.
 */
#ifndef SHMTOOL_ACTION_DIAGNOSE_H
#define SHMTOOL_ACTION_DIAGNOSE_H

#include <stdbool.h>
#include <stddef.h>

#include "action/elsewhere.h"
#include "action/inventory.h"
#include "base/error.h"
#include "model/ipc_use.h"
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
    CHECK_RMID_FORCED,   /* segments end with their last user */
    CHECK_SEMMNI,        /* semaphore sets nearly as many as there may be */
    CHECK_SEMMNS,        /* the semaphores in them */
    CHECK_MSGMNI,        /* message queues */
    CHECK_ORPHANS,       /* left over, and without a key nobody can find them again */
    CHECK_KEYED_ORPHANS, /* left over, or kept on purpose: with a key */
    CHECK_STATES,        /* attached by nobody, and whether they are orphans is unknown */
    CHECK_DEST,          /* marked for destruction, and still held */
    CHECK_FORMER_KEY,    /* marked and held, and another segment has the key that they had */
    CHECK_ATTACHMENTS,   /* a process that has one segment several times */
    CHECK_OWNERS,        /* their owner's uid has no user */
    CHECK_WRITABLE,      /* every user may write them */
    CHECK_REMOVE_IPC,    /* systemd-logind removes them when their owner logs out */
    CHECK_DESCRIPTORS,   /* removed, and a descriptor still holds their memory */
    CHECK_COUNT,
};

/* Of the three the first is normal, and no failure. */
enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR, SEVERITY_COUNT };

/* Of each check one an owner, or a single one where it is not about the segments of a user. */
struct finding {
    enum check check;
    enum severity severity;
    const struct segment_info **rows; /* owned array of borrowed rows, all of one owner */
    size_t count;
    uint64_t percent; /* of a limit: how full */
};

struct diagnosis {
    struct inventory inventory;
    enum severity least;  /* findings below this one are left out */
    struct sums by_pages; /* by owner */
    struct sums by_segments;
    struct sum creator_by_pages; /* who made the most and is alive; segments 0: nobody */
    struct sum creator_by_segments;
    struct ipc_use ipc; /* of semaphores and message queues */
    struct error ipc_error;
    char *remove_ipc_file; /* owned; which file sets RemoveIPC; NULL: none, it is the default */
    struct error logind_error;
    struct elsewhere elsewhere; /* what other IPC namespaces hold */
    struct finding *items;      /* owned; in the order of the checks, the most segments first */
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
 * Makes all checks; nothing is changed. What a saved tree does not hold is not checked; what is
 * there and cannot be read is in inventory.limits_error, ipc_error and logind_error.
 *
 * least: findings below this severity are left out
 * ret_diagnosis: released by the caller with diagnosis_release()
 * Returns 0, or a negative errno and sets *err when segments or processes cannot be read.
 */
int diagnose_machine(struct system *system, enum severity least, struct diagnosis *ret_diagnosis,
                     struct error *err);

void diagnosis_release(struct diagnosis *diagnosis);

/* --- One call of shmget ----------------------------------------------------------------------- */

struct shmget_diagnosis {
    struct shmget_request request;
    pid_t caller; /* who calls; 0: this process */
    struct shmget_answer answer;
    struct inventory inventory; /* of all segments; empty with SHMGET_NO_SYSV */
    struct memory_state memory;
    struct huge_state huge;             /* of a request with SHMGET_HUGE */
    bool has_filter;                    /* this process runs under a filter of system calls */
    const struct segment_info *segment; /* that has the key; borrowed; NULL: none */
    const struct segment_info *former;  /* NULL: none; marked for destruction, and had the key */
    struct sums sums;                   /* by owner, when shmall or shmmni is reached */
    struct sum creator;         /* who made the most and is alive, likewise; segments 0: nobody */
    struct elsewhere elsewhere; /* where nobody has the key: who has it elsewhere */

    /* What shmat answers after it; only where shmget succeeds. */
    struct shmat_answer attach[SHMAT_ACCESS_COUNT];
    struct address_space space;
    struct memory_group group;
    uint64_t untouched; /* bytes of it that no memory is charged for yet */

    /* With --attach. */
    bool has_access;
    enum shmat_access access;
};

/*
 * Predicts what shmget, and shmat after it, would answer to this process, or what shmget answers to
 * another one, and changes nothing. On behalf of this process the
 * kernel is asked too where that can be done without IPC_CREAT; its answer counts, SHMGET_REFUSED
 * where the facts do not explain it. A key that nobody has is asked for as well: where the answer
 * is not ENOENT, the call itself is refused (SHMGET_FILTERED).
 *
 * system: the live system
 * caller: the process that calls, in this IPC namespace; 0: this one
 * access: how the segment is to be attached; NULL: shmget alone decides
 * ret_diagnosis: released by the caller with shmget_diagnosis_release()
 * Returns 0, or a negative errno and sets *err when segments or limits cannot be read.
 */
int diagnose_shmget(struct system *system, const struct shmget_request *request, pid_t caller,
                    const enum shmat_access *access, struct shmget_diagnosis *ret_diagnosis,
                    struct error *err);

/*
 * Predicts what shmget answers to CALLER (0: this process), without all that explains it: some
 * hundred microseconds. Returns 0, or a negative errno.
 */
int predict_shmget(struct system *system, const struct shmget_request *request, pid_t caller,
                   struct shmget_answer *ret_answer);

/* The answer as a positive errno, 0: success: of shmget, and of shmat where that was asked for. */
int shmget_diagnosis_code(const struct shmget_diagnosis *diagnosis);

/* Tells whether the memory control group has no room for what is still to be touched. */
bool shmget_diagnosis_exceeds_group(const struct shmget_diagnosis *diagnosis);

void shmget_diagnosis_release(struct shmget_diagnosis *diagnosis);

#endif
