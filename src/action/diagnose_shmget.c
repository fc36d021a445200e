#include <errno.h>
#include <stdlib.h>

#include "action/diagnose.h"
#include "kernel/limits.h"
#include "kernel/system.h"
#include "kernel/sysv.h"

/* Finds a segment that is marked for destruction and had the key before (its mappings tell). */
static const struct segment_info *find_former(const struct inventory *inventory, uint32_t key)
{
    for (size_t i = 0; i < inventory->count; i++) {
        const struct segment_info *info = &inventory->rows[i];

        if (segment_is_dest(&info->segment) && info->attachment_count > 0 &&
            info->attachments[0].original_key == key)
            return info;
    }
    return NULL;
}

static void predict_answer(struct shmget_diagnosis *diagnosis)
{
    const struct inventory *inventory = &diagnosis->inventory;
    struct shmget_facts facts = {
        .limits = inventory->limits,
        .usage = inventory->usage,
        .memory = diagnosis->memory,
        .credentials = &inventory->credentials,
    };

    diagnosis->segment = inventory_find_key(inventory, diagnosis->request.key);
    if (diagnosis->segment) {
        facts.exists = true;
        facts.segment = diagnosis->segment->segment;
    }
    diagnosis->answer = shmget_predict(&diagnosis->request, &facts);
}

/*
 * Asks the kernel what it answers for the segment that has the key: with all that no file shows
 * (security modules, a call that is forbidden). Returns false when the segment came or went since
 * the inventory was read.
 */
static bool ask_kernel(struct shmget_diagnosis *diagnosis)
{
    const struct shmget_request *request = &diagnosis->request;
    int shmid = 0;
    int code;

    if (request->key == 0 || diagnosis->answer.cause == SHMGET_EXISTS)
        return true;
    code = -sysv_find(request->key, request->size, request->mode, &shmid);
    if (request->create && !diagnosis->segment && code == ENOENT)
        return true; /* as expected; there is no way to ask whether one can be made */
    if (code == diagnosis->answer.code && code != 0)
        return true;
    if (code == 0 && diagnosis->segment && diagnosis->segment->segment.shmid == shmid) {
        diagnosis->answer = (struct shmget_answer){SHMGET_FINDS, 0};
        return true;
    }
    diagnosis->answer = (struct shmget_answer){SHMGET_REFUSED, code};
    return code != 0 && (code != ENOENT || !diagnosis->segment);
}

/* The owners' sums, where a limit of all segments together is reached. */
static void sum_shares(struct shmget_diagnosis *diagnosis)
{
    const struct inventory *inventory = &diagnosis->inventory;
    enum shmget_cause cause = diagnosis->answer.cause;
    const struct segment_info **rows;

    if (cause != SHMGET_ABOVE_SHMALL && cause != SHMGET_ABOVE_SHMMNI)
        return;
    rows = inventory_pointers(inventory);
    sums_make(rows, inventory->count, inventory->limits.page_size, &sum_by_owner,
              cause == SHMGET_ABOVE_SHMALL ? SUM_BY_PAGES : SUM_BY_SEGMENTS, &diagnosis->sums);
    free(rows);
}

/* Reads and predicts once. Returns 1, 0 when something changed meanwhile, or a negative errno. */
static int predict_once(struct system *system, struct shmget_diagnosis *diagnosis,
                        struct error *err)
{
    struct inventory *inventory = &diagnosis->inventory;
    int r = inventory_read(system, NULL,
                           NEED_OWNER | NEED_STATE | NEED_COMMAND | NEED_TRY_ATTACHMENTS |
                               NEED_HOLDERS | NEED_LIMITS | NEED_CREDENTIALS,
                           inventory, err);

    if (r < 0)
        return r;
    if (inventory->limits_error.code) {
        r = error_copy(err, &inventory->limits_error);
        inventory_release(inventory);
        return r;
    }
    memory_read(&system->procfs, system->procfs.page_size, inventory->credentials.init_admin,
                &diagnosis->memory);
    predict_answer(diagnosis);
    return ask_kernel(diagnosis);
}

int diagnose_shmget(struct system *system, const struct shmget_request *request,
                    struct shmget_diagnosis *ret_diagnosis, struct error *err)
{
    enum { ATTEMPTS_MAX = 3 };
    struct shmget_diagnosis diagnosis = {.request = *request};
    int r = predict_once(system, &diagnosis, err);

    for (int attempt = 1; r == 0 && attempt < ATTEMPTS_MAX; attempt++) {
        inventory_release(&diagnosis.inventory);
        r = predict_once(system, &diagnosis, err);
    }
    if (r == 0 && diagnosis.answer.code == 0) {
        inventory_release(&diagnosis.inventory);
        r = error_set(err, EAGAIN, "key 0x%08x: its segment comes and goes; try again",
                      request->key);
    }
    if (r < 0)
        return r;
    if (!diagnosis.segment && request->key != 0)
        diagnosis.former = find_former(&diagnosis.inventory, request->key);
    sum_shares(&diagnosis);
    *ret_diagnosis = diagnosis;
    return 0;
}

void shmget_diagnosis_release(struct shmget_diagnosis *diagnosis)
{
    sums_release(&diagnosis->sums);
    inventory_release(&diagnosis->inventory);
    *diagnosis = (struct shmget_diagnosis){.sums = {.count = 0}};
}
