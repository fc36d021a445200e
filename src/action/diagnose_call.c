#include "action/diagnose_call.h"

#include <errno.h>
#include <stdlib.h>

#include "kernel/credentials.h"
#include "kernel/limits.h"
#include "kernel/sysv.h"

/* Finds a segment that is marked for destruction and had the key before (its mappings tell). */
static void find_former(struct call_diagnosis *diagnosis)
{
    for (size_t i = 0; i < diagnosis->attachments.count; i++) {
        const struct attachment *attachment = &diagnosis->attachments.items[i];
        const struct segment *segment;

        if (attachment->original_key != diagnosis->request.key)
            continue;
        segment = segment_list_find(&diagnosis->survey.segments, attachment->shmid);
        if (segment && segment_is_dest(segment)) {
            diagnosis->has_former = true;
            diagnosis->former = *segment;
            return;
        }
    }
}

static bool has_dest(const struct segment_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (segment_is_dest(&list->items[i]))
            return true;
    }
    return false;
}

/* Looks at the processes where they can tell something. That they cannot all be seen is no error.
 */
static void explain_holders(struct call_diagnosis *diagnosis, struct system *system)
{
    bool taken = diagnosis->has_segment && diagnosis->segment.nattch > 0;
    bool marked = !diagnosis->has_segment && diagnosis->request.key != 0 &&
                  has_dest(&diagnosis->survey.segments);

    if (!taken && !marked)
        return;
    if (attach_scan(&system->procfs, &diagnosis->attachments, NULL) < 0)
        return;
    if (marked)
        find_former(diagnosis);
}

static void take_segment(struct call_diagnosis *diagnosis, struct system *system,
                         const struct segment *segment)
{
    diagnosis->has_segment = true;
    diagnosis->segment = *segment;
    diagnosis->state = pids_state(system->pids, segment);
}

/*
 * Asks the kernel what it says of the segment that has the key: by now, and with all that no file
 * tells (security modules, a call that is forbidden).
 */
static void ask_kernel(struct call_diagnosis *diagnosis, struct system *system)
{
    const struct shmget_request *request = &diagnosis->request;
    struct segment segment;
    int shmid;
    int code;

    if (request->key == 0 || diagnosis->answer.cause == SHMGET_EXISTS)
        return;
    code = -sysv_find(request->key, request->size, request->mode, &shmid);
    if (request->create && !diagnosis->has_segment && code == ENOENT)
        return; /* as expected: whether it can be made cannot be asked */
    if (code == diagnosis->answer.code)
        return;
    diagnosis->answer = (struct shmget_answer){code == 0 ? SHMGET_FINDS : SHMGET_REFUSED, code};
    if (code == 0 && sysv_stat(shmid, &segment) == 0)
        take_segment(diagnosis, system, &segment);
}

static void foresee(struct call_diagnosis *diagnosis, struct system *system)
{
    const struct segment *taken = survey_find_key(&diagnosis->survey, diagnosis->request.key);
    struct shmget_facts facts = {
        .exists = taken != NULL,
        .limits = diagnosis->survey.limits,
        .usage = diagnosis->survey.usage,
        .memory = diagnosis->memory,
        .credentials = &diagnosis->credentials,
    };

    if (taken) {
        take_segment(diagnosis, system, taken);
        facts.segment = *taken;
    }
    diagnosis->answer = shmget_predict(&diagnosis->request, &facts);
    ask_kernel(diagnosis, system);
}

static void explain(struct call_diagnosis *diagnosis, struct system *system)
{
    enum shmget_cause cause = diagnosis->answer.cause;

    explain_holders(diagnosis, system);
    if (cause == SHMGET_ABOVE_SHMALL || cause == SHMGET_ABOVE_SHMMNI)
        diagnosis->shares = survey_shares(&diagnosis->survey, system, cause == SHMGET_ABOVE_SHMALL,
                                          &diagnosis->share_count);
}

int diagnose_call(struct system *system, const struct shmget_request *request,
                  const struct survey_sink *sink, struct call_diagnosis *ret_diagnosis,
                  struct error *err)
{
    struct call_diagnosis diagnosis = {.request = *request};
    int r = credentials_read(&system->procfs, &diagnosis.credentials, err);

    if (r == 0)
        r = survey_read(system, sink, &diagnosis.survey, err);
    if (r == 0 && diagnosis.survey.limits_error.code)
        r = error_set(err, diagnosis.survey.limits_error.code, "%s",
                      diagnosis.survey.limits_error.text);
    if (r < 0) {
        call_diagnosis_release(&diagnosis);
        return r;
    }
    memory_read(&system->procfs, system->procfs.page_size, diagnosis.credentials.init_admin,
                &diagnosis.memory);
    foresee(&diagnosis, system);
    explain(&diagnosis, system);
    *ret_diagnosis = diagnosis;
    return 0;
}

void call_diagnosis_release(struct call_diagnosis *diagnosis)
{
    credentials_release(&diagnosis->credentials);
    survey_release(&diagnosis->survey);
    attachment_list_release(&diagnosis->attachments);
    free(diagnosis->shares);
    *diagnosis = (struct call_diagnosis){0};
}
