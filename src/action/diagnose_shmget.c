#include <errno.h>
#include <stdlib.h>

#include "action/diagnose.h"
#include "base/num.h"
#include "kernel/memory.h"
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

static void predict_answer(struct system *system, struct shmget_diagnosis *diagnosis)
{
    const struct inventory *inventory = &diagnosis->inventory;
    const struct procfs *procfs = &system->procfs;
    uint32_t flags = diagnosis->request.flags;
    struct shmget_facts facts = {
        .limits = inventory->limits,
        .usage = inventory->usage,
        .credentials = &inventory->credentials,
    };

    memory_read(procfs, procfs->page_size, inventory->credentials.init_admin, &diagnosis->memory);
    if (flags & SHMGET_HUGE)
        huge_read(procfs, flags >> SHMGET_HUGE_SHIFT, &diagnosis->huge);
    facts.memory = diagnosis->memory;
    facts.huge = diagnosis->huge;
    diagnosis->segment = inventory_find_key(inventory, diagnosis->request.key);
    if (diagnosis->segment) {
        facts.exists = true;
        facts.segment = diagnosis->segment->segment;
    }
    diagnosis->answer = shmget_predict(&diagnosis->request, &facts);
}

/* --- Asking the kernel ------------------------------------------------------------------------ */

/*
 * Whether the call itself is refused: asks for keys that nobody has, with the size and flags of the
 * request, for a filter may read them. Two keys: somebody may be making the one just then.
 */
static bool find_refusal(struct shmget_diagnosis *diagnosis)
{
    const struct shmget_request *request = &diagnosis->request;
    uint32_t key = INT32_MAX;
    int code = ENOENT;

    for (int i = 0; i < 2; i++) {
        int shmid;

        while (inventory_find_key(&diagnosis->inventory, key))
            key--;
        code = -sysv_find(key--, request->size, request->flags, &shmid);
        if (code == ENOENT || code == 0)
            return false;
    }
    diagnosis->answer = (struct shmget_answer){SHMGET_FILTERED, code};
    return true;
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

    if (request->size > SIZE_MAX || find_refusal(diagnosis))
        return true; /* a program of 32 bits cannot ask for so much, but others may */
    if (request->key == 0 || diagnosis->answer.cause == SHMGET_EXISTS)
        return true;
    code = -sysv_find(request->key, request->size, request->flags, &shmid);
    if (request->flags & SHMGET_CREATE && !diagnosis->segment && code == ENOENT)
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

/* --- shmat ------------------------------------------------------------------------------------ */

static void predict_attach(struct system *system, struct shmget_diagnosis *diagnosis)
{
    const struct inventory *inventory = &diagnosis->inventory;
    const struct segment_info *info = diagnosis->segment;
    struct segment segment =
        info ? info->segment : shmget_new_segment(&diagnosis->request, &inventory->credentials);
    uint64_t huge_size = info ? 0 : diagnosis->huge.page_size;
    uint64_t page_size = huge_size ? huge_size : inventory->limits.page_size;
    uint64_t mapped;
    int refusal = -sysv_try_attach();

    if (__builtin_mul_overflow(pages_of(segment.size, page_size), page_size, &mapped))
        mapped = UINT64_MAX;
    diagnosis->space = address_space_try(mapped);
    for (enum shmat_access access = 0; access < SHMAT_ACCESS_COUNT; access++)
        diagnosis->attach[access] =
            refusal != EINVAL ? (struct shmat_answer){SHMAT_FILTERED, refusal}
                              : shmat_predict(&segment, huge_size, &inventory->credentials, access,
                                              diagnosis->space.has_room);
    if (!info && diagnosis->request.flags & SHMGET_HUGE)
        return; /* memory groups do not count huge pages, unless cgroup2 was mounted to do so */
    memory_group_read(&system->procfs, &diagnosis->group);
    diagnosis->untouched = segment.size;
    if (segment.has_rss)
        diagnosis->untouched -= segment.rss < segment.size ? segment.rss : segment.size;
}

int shmget_diagnosis_code(const struct shmget_diagnosis *diagnosis)
{
    if (diagnosis->answer.code != 0 || !diagnosis->has_access)
        return diagnosis->answer.code;
    return diagnosis->attach[diagnosis->access].code;
}

bool shmget_diagnosis_exceeds_group(const struct shmget_diagnosis *diagnosis)
{
    return diagnosis->group.known && diagnosis->untouched > diagnosis->group.left;
}

/* --- The whole -------------------------------------------------------------------------------- */

/* The sums of owners and creators, where a limit of all segments together is reached. */
static void sum_shares(struct shmget_diagnosis *diagnosis)
{
    const struct inventory *inventory = &diagnosis->inventory;
    enum shmget_cause cause = diagnosis->answer.cause;
    enum sum_order order = cause == SHMGET_ABOVE_SHMALL ? SUM_BY_PAGES : SUM_BY_SEGMENTS;
    uint64_t page_size = inventory->limits.page_size;
    const struct segment_info **rows;

    if (cause != SHMGET_ABOVE_SHMALL && cause != SHMGET_ABOVE_SHMMNI)
        return;
    rows = inventory_pointers(inventory);
    sums_make(rows, inventory->count, page_size, &sum_by_owner, order, &diagnosis->sums);
    diagnosis->creator = creator_sum_largest(rows, inventory->count, page_size, order);
    free(rows);
}

/* What the kernel decides by. */
enum { NEEDED_TO_PREDICT = NEED_LIMITS | NEED_CREDENTIALS };

/* Makes the credentials that were read those of the caller. */
static int read_caller(struct system *system, struct shmget_diagnosis *diagnosis, struct error *err)
{
    struct inventory *inventory = &diagnosis->inventory;
    struct credentials credentials;
    int r;

    if (diagnosis->caller == 0)
        return 0;
    r = credentials_read_of(&system->procfs, diagnosis->caller, &credentials, err);
    if (r < 0)
        return r;
    credentials_release(&inventory->credentials);
    inventory->credentials = credentials;
    inventory->user = names_user(system->names, credentials.euid);
    return 0;
}

/* Reads and predicts once. Returns 1, 0 when something changed meanwhile, or a negative errno. */
static int predict_once(struct system *system, unsigned needs, struct shmget_diagnosis *diagnosis,
                        struct error *err)
{
    struct inventory *inventory = &diagnosis->inventory;
    int r = inventory_read(system, NULL, needs | NEEDED_TO_PREDICT, inventory, err);

    if (r == -ENOSYS) {
        if (err)
            error_clear(err);
        diagnosis->answer = (struct shmget_answer){SHMGET_NO_SYSV, ENOSYS};
        return 1;
    }
    if (r < 0)
        return r;
    if (inventory->limits_error.code)
        r = error_copy(err, &inventory->limits_error);
    if (r == 0)
        r = read_caller(system, diagnosis, err);
    if (r < 0) {
        inventory_release(inventory);
        return r;
    }
    predict_answer(system, diagnosis);
    /* It answers us, who may have other rights. */
    return diagnosis->caller != 0 ? 1 : ask_kernel(diagnosis);
}

int predict_shmget(struct system *system, const struct shmget_request *request, pid_t caller,
                   struct shmget_answer *ret_answer)
{
    struct shmget_diagnosis diagnosis = {.request = *request, .caller = caller};
    int r = predict_once(system, 0, &diagnosis, NULL);

    if (r < 0)
        return r;
    *ret_answer = diagnosis.answer;
    shmget_diagnosis_release(&diagnosis);
    return 0;
}

int diagnose_shmget(struct system *system, const struct shmget_request *request, pid_t caller,
                    const enum shmat_access *access, struct shmget_diagnosis *ret_diagnosis,
                    struct error *err)
{
    enum { ATTEMPTS_MAX = 3 };
    const unsigned needs = NEED_OWNER | NEED_STATE | NEED_COMMAND | NEED_TRY_ATTACHMENTS |
                           NEED_HOLDERS | NEED_PROTECTION;
    struct shmget_diagnosis diagnosis = {
        .request = *request,
        .caller = caller,
        .has_access = access != NULL,
        .access = access ? *access : SHMAT_READ,
    };
    uint64_t filter = 0;
    int r = 0;

    diagnosis.has_filter =
        procfs_find_number(&system->procfs, "proc/self/status", "\nSeccomp:", &filter) &&
        filter > 0;
    if (request->key != 0 && !(request->flags & SHMGET_CREATE))
        r = elsewhere_read(system, request->key, &diagnosis.elsewhere, err);
    if (r == 0)
        r = predict_once(system, needs, &diagnosis, err);
    for (int attempt = 1; r == 0 && attempt < ATTEMPTS_MAX; attempt++) {
        inventory_release(&diagnosis.inventory);
        r = predict_once(system, needs, &diagnosis, err);
    }
    if (r == 0 && diagnosis.answer.code == 0) {
        inventory_release(&diagnosis.inventory);
        r = error_set(err, EAGAIN, "key 0x%08x: its segment comes and goes; try again",
                      request->key);
    }
    if (r < 0) {
        elsewhere_release(&diagnosis.elsewhere);
        return r;
    }
    if (!diagnosis.segment && request->key != 0)
        diagnosis.former = find_former(&diagnosis.inventory, request->key);
    sum_shares(&diagnosis);
    if (diagnosis.answer.code == 0)
        predict_attach(system, &diagnosis);
    *ret_diagnosis = diagnosis;
    return 0;
}

void shmget_diagnosis_release(struct shmget_diagnosis *diagnosis)
{
    sums_release(&diagnosis->sums);
    memory_group_release(&diagnosis->group);
    elsewhere_release(&diagnosis->elsewhere);
    inventory_release(&diagnosis->inventory);
    *diagnosis = (struct shmget_diagnosis){.sums = {.count = 0}};
}
