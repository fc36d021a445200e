#include "action/supervise_explain.h"

#include <errno.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "kernel/namespace.h"

/* So many different ones are explained: a program that tries key after key is not to flood. */
enum { EXPLAINED_MAX = 32 };

void explain_begin(struct explanations *explanations, struct system *system,
                   const struct explain_hook *hook)
{
    /* The smallest call that there is. */
    const struct shmget_request request = {.size = 1, .flags = SHMGET_CREATE | 0600};
    struct shmget_answer answer = {SHMGET_MAKES, 0};
    struct shmget_diagnosis diagnosis;

    *explanations = (struct explanations){.items = NULL};
    namespace_number_of(&system->procfs, 0, &explanations->ipc_number);
    if (predict_shmget(system, &request, 0, &answer) < 0 ||
        (answer.cause != SHMGET_FILTERED && answer.cause != SHMGET_NO_SYSV) ||
        diagnose_shmget(system, &request, 0, NULL, &diagnosis, NULL) < 0)
        return;
    hook->explain(hook->arg, 0, &diagnosis);
    shmget_diagnosis_release(&diagnosis);
}

/* Counts a failure that was explained before. Returns whether it was. */
static bool count_again(struct explanations *explanations, const struct shmget_request *request,
                        enum shmget_cause cause)
{
    for (size_t i = 0; i < explanations->count; i++) {
        struct explained *explained = &explanations->items[i];
        const struct shmget_request *before = &explained->request;

        if (explained->cause == cause && before->key == request->key &&
            before->size == request->size && before->flags == request->flags) {
            explained->more++;
            return true;
        }
    }
    return false;
}

/* Explains a failure for the first time. Returns 0 or a negative errno. */
static int explain_first(struct explanations *explanations, struct system *system,
                         const struct shmget_call *call, const struct explain_hook *hook,
                         struct error *err)
{
    struct shmget_diagnosis diagnosis;
    int r;

    system_refresh(system);
    r = diagnose_shmget(system, &call->request, call->pid, NULL, &diagnosis, err);
    if (r < 0)
        return r;
    if (diagnosis.answer.code != 0) {
        explanations->items = xgrow(explanations->items, explanations->count,
                                    &explanations->capacity, sizeof(*explanations->items));
        explanations->items[explanations->count++] =
            (struct explained){.request = call->request, .cause = diagnosis.answer.cause};
        hook->explain(hook->arg, call->pid, &diagnosis);
    }
    shmget_diagnosis_release(&diagnosis);
    return 0;
}

int explain_call(struct explanations *explanations, struct system *system,
                 const struct shmget_call *call, const struct explain_hook *hook, struct error *err)
{
    struct shmget_answer answer = {SHMGET_MAKES, 0};
    uint64_t number;
    int r;

    if (call->pid == 0) {
        explanations->others++;
        return 0;
    }
    /* In another IPC namespace than ours; where that is not shown it is ours. */
    if (namespace_number_of(&system->procfs, call->pid, &number) == 0 &&
        number != explanations->ipc_number) {
        explanations->elsewhere++;
        return 0;
    }
    r = predict_shmget(system, &call->request, call->pid, &answer);
    if (r == 0 && answer.code == 0)
        return 0;
    if (r == 0 && count_again(explanations, &call->request, answer.cause))
        return 0;
    if (r == 0 && explanations->count < EXPLAINED_MAX) {
        r = explain_first(explanations, system, call, hook, err);
        if (r == 0)
            return 0;
        if (namespace_number_of(&system->procfs, 0, &number) < 0 ||
            number != explanations->ipc_number)
            return r;
        if (err)
            error_clear(err);
    }
    explanations->others++;
    return 0;
}

void explanations_release(struct explanations *explanations)
{
    free(explanations->items);
    *explanations = (struct explanations){.items = NULL};
}
