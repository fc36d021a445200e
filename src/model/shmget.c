#include "model/shmget.h"

#include <errno.h>
#include <stdlib.h>

#include "base/num.h"

void credentials_release(struct credentials *credentials)
{
    free(credentials->groups);
    *credentials = (struct credentials){0};
}

unsigned shmget_asked_bits(uint32_t mode)
{
    return (mode >> 6 | mode >> 3 | mode) & 07;
}

static bool is_in_group(const struct credentials *credentials, gid_t gid)
{
    if (credentials->egid == gid)
        return true;
    for (size_t i = 0; i < credentials->group_count; i++) {
        if (credentials->groups[i] == gid)
            return true;
    }
    return false;
}

unsigned shmget_granted_bits(const struct segment *segment, const struct credentials *credentials)
{
    if (credentials->euid == segment->cuid || credentials->euid == segment->uid)
        return segment->mode >> 6 & 07;
    if (is_in_group(credentials, segment->cgid) || is_in_group(credentials, segment->gid))
        return segment->mode >> 3 & 07;
    return segment->mode & 07;
}

bool shmget_may_remove(const struct segment *segment, const struct credentials *credentials)
{
    return credentials->euid == segment->uid || credentials->euid == segment->cuid ||
           credentials->sys_admin;
}

static enum shmget_cause predict_existing(const struct shmget_request *request,
                                          const struct shmget_facts *facts)
{
    const uint32_t both = SHMGET_CREATE | SHMGET_EXCLUSIVE;
    unsigned asked = shmget_asked_bits(request->flags);

    if ((request->flags & both) == both)
        return SHMGET_EXISTS;
    if (facts->segment.size < request->size)
        return SHMGET_TOO_SMALL;
    if (asked & ~shmget_granted_bits(&facts->segment, facts->credentials) &&
        !facts->credentials->ipc_owner)
        return SHMGET_DENIED;
    return SHMGET_FINDS;
}

static bool exceeds_limit(const struct limits *limits, enum limit_id id, uint64_t value)
{
    return limits->known[id] && value > limits->values[id];
}

/* mm/util.c, __vm_enough_memory */
static bool is_promised(const struct memory_state *memory, uint64_t pages)
{
    if (!memory->known || memory->overcommit == 1)
        return true;
    if (memory->overcommit == 0)
        return pages <= memory->total;
    return saturating_add(memory->committed, pages) < memory->commit_limit;
}

bool shmget_may_use_huge(const struct huge_state *huge, const struct credentials *credentials)
{
    return credentials->init_lock || (huge->has_group && is_in_group(credentials, huge->group));
}

/* Whether SIZE, rounded up to huge pages, is beyond 64 bits; the kernel makes nothing of it then.
 */
static bool wraps_to_nothing(uint64_t size, uint64_t huge_size)
{
    return size > UINT64_MAX - huge_size + 1;
}

/* mm/hugetlb.c, hugetlb_file_setup. SHMGET_MAKES: nothing stands against it. */
static enum shmget_cause predict_huge(const struct shmget_request *request,
                                      const struct huge_state *huge,
                                      const struct credentials *credentials)
{
    if (huge->known && huge->page_size == 0)
        return SHMGET_HUGE_SIZE;
    if (!shmget_may_use_huge(huge, credentials))
        return SHMGET_HUGE_DENIED;
    if (huge->known && !(request->flags & SHMGET_NORESERVE) &&
        !wraps_to_nothing(request->size, huge->page_size) &&
        huge_pages_of(huge, request->size) > huge_pages_available(huge))
        return SHMGET_HUGE_SHORT;
    return SHMGET_MAKES;
}

/* mm/shmem.c, __shmem_file_setup */
static enum shmget_cause predict_file(const struct shmget_request *request,
                                      const struct memory_state *memory, uint64_t pages)
{
    if (request->size > INT64_MAX)
        return SHMGET_ABOVE_FILES;
    /* Where nothing is ever promised in vain, nothing may be taken without a promise either. */
    if (request->flags & SHMGET_NORESERVE && memory->overcommit != 2)
        return SHMGET_MAKES;
    return is_promised(memory, pages) ? SHMGET_MAKES : SHMGET_NO_MEMORY;
}

static enum shmget_cause predict_new(const struct shmget_request *request,
                                     const struct shmget_facts *facts)
{
    const struct limits *limits = &facts->limits;
    uint64_t pages = pages_of(request->size, limits->page_size);
    uint64_t rounded;
    uint64_t total;
    enum shmget_cause cause;

    if (request->size == 0)
        return SHMGET_ZERO;
    if (exceeds_limit(limits, LIMIT_SHMMAX, request->size))
        return SHMGET_ABOVE_SHMMAX;
    if (__builtin_mul_overflow(pages, limits->page_size, &rounded))
        return SHMGET_WRAPS;
    if (__builtin_add_overflow(facts->usage.pages, pages, &total) ||
        exceeds_limit(limits, LIMIT_SHMALL, total))
        return SHMGET_ABOVE_SHMALL;
    cause = request->flags & SHMGET_HUGE ? predict_huge(request, &facts->huge, facts->credentials)
                                         : predict_file(request, &facts->memory, pages);
    if (cause != SHMGET_MAKES)
        return cause;
    if (exceeds_limit(limits, LIMIT_SHMMNI, saturating_add(facts->usage.segments, 1)))
        return SHMGET_ABOVE_SHMMNI;
    return SHMGET_MAKES;
}

struct shmget_answer shmget_predict(const struct shmget_request *request,
                                    const struct shmget_facts *facts)
{
    static const int codes[SHMGET_CAUSE_COUNT] = {
        [SHMGET_EXISTS] = EEXIST,      [SHMGET_TOO_SMALL] = EINVAL,
        [SHMGET_DENIED] = EACCES,      [SHMGET_ABSENT] = ENOENT,
        [SHMGET_ZERO] = EINVAL,        [SHMGET_ABOVE_SHMMAX] = EINVAL,
        [SHMGET_WRAPS] = ENOSPC,       [SHMGET_ABOVE_SHMALL] = ENOSPC,
        [SHMGET_ABOVE_FILES] = EINVAL, [SHMGET_NO_MEMORY] = ENOMEM,
        [SHMGET_HUGE_SIZE] = EINVAL,   [SHMGET_HUGE_DENIED] = EPERM,
        [SHMGET_HUGE_SHORT] = ENOMEM,  [SHMGET_ABOVE_SHMMNI] = ENOSPC,
        [SHMGET_NO_SYSV] = ENOSYS,
    };
    enum shmget_cause cause = SHMGET_ABSENT;

    if (request->key != 0 && facts->exists)
        cause = predict_existing(request, facts);
    else if (request->key == 0 || request->flags & SHMGET_CREATE)
        cause = predict_new(request, facts);
    return (struct shmget_answer){cause, codes[cause]};
}

/* --- shmat after it --------------------------------------------------------------------------- */

struct segment shmget_new_segment(const struct shmget_request *request,
                                  const struct credentials *credentials)
{
    return (struct segment){
        .key = request->key,
        .mode = request->flags & SHMGET_MODE,
        .uid = credentials->euid,
        .gid = credentials->egid,
        .cuid = credentials->euid,
        .cgid = credentials->egid,
        .size = request->size,
    };
}

unsigned shmat_asked_bits(enum shmat_access access)
{
    return access == SHMAT_WRITE ? 06 : 04;
}

struct shmat_answer shmat_predict(const struct segment *segment, uint64_t huge_size,
                                  const struct credentials *credentials, enum shmat_access access,
                                  bool has_room)
{
    if (shmat_asked_bits(access) & ~shmget_granted_bits(segment, credentials) &&
        !credentials->ipc_owner)
        return (struct shmat_answer){SHMAT_DENIED, EACCES};
    if (huge_size > 0 && wraps_to_nothing(segment->size, huge_size))
        return (struct shmat_answer){SHMAT_EMPTY, EINVAL};
    if (!has_room)
        return (struct shmat_answer){SHMAT_NO_ROOM, ENOMEM};
    return (struct shmat_answer){SHMAT_ATTACHES, 0};
}
