/*
 * Why calls of shmget of a program that is run fail: predicted while they wait, as doctor does.
 *
 * How a call ends is not seen, and what a call of shmget answers is not changed: the facts by which
 * the kernel decides are read while the caller waits, with its credentials.
 */
#ifndef SHMTOOL_ACTION_SUPERVISE_EXPLAIN_H
#define SHMTOOL_ACTION_SUPERVISE_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "action/diagnose.h"
#include "kernel/shmget_listener.h"
#include "kernel/system.h"

/* Who is given an explanation while the caller waits; PID 0: of all calls, and none is seen. */
struct explain_hook {
    void (*explain)(void *arg, pid_t pid, const struct shmget_diagnosis *diagnosis); /* or NULL */
    void *arg;
};

/* A call that was explained, and the same calls that failed for the same cause since. */
struct explained {
    struct shmget_request request;
    enum shmget_cause cause;
    uint64_t more;
};

struct explanations {
    struct explained *items; /* owned */
    size_t count;
    size_t capacity;
    uint64_t others;     /* failing calls beyond the first different ones, or not diagnosed */
    uint64_t elsewhere;  /* calls in other IPC namespaces */
    uint64_t ipc_number; /* our IPC namespace */
};

/*
 * Begins. Calls that a filter refuses that is in force already are never seen: that is explained
 * here, once.
 */
void explain_begin(struct explanations *explanations, struct system *system,
                   const struct explain_hook *hook);

/*
 * Explains CALL, which waits, if it is going to fail and that was not explained yet. What cannot be
 * found out is counted.
 * Returns 0, or a negative errno and sets *err when this process is in another IPC namespace now,
 * without a way back: nothing may be removed then.
 */
int explain_call(struct explanations *explanations, struct system *system,
                 const struct shmget_call *call, const struct explain_hook *hook,
                 struct error *err);

void explanations_release(struct explanations *explanations);

#endif
