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

static struct shmget_answer make_answer(enum shmget_cause cause, int code)
{
    return (struct shmget_answer){cause, code};
}

static struct shmget_answer predict_existing(const struct shmget_request *request,
                                             const struct shmget_facts *facts)
{
    unsigned asked = shmget_asked_bits(request->mode);

    if (request->create && request->exclusive)
        return make_answer(SHMGET_EXISTS, EEXIST);
    if (facts->segment.size < request->size)
        return make_answer(SHMGET_TOO_SMALL, EINVAL);
    if (asked & ~shmget_granted_bits(&facts->segment, facts->credentials) &&
        !facts->credentials->ipc_owner)
        return make_answer(SHMGET_DENIED, EACCES);
    return make_answer(SHMGET_FINDS, 0);
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

static struct shmget_answer predict_new(const struct shmget_request *request,
                                        const struct shmget_facts *facts)
{
    const struct limits *limits = &facts->limits;
    uint64_t pages = pages_of(request->size, limits->page_size);
    uint64_t rounded;
    uint64_t total;

    if (request->size == 0)
        return make_answer(SHMGET_ZERO, EINVAL);
    if (exceeds_limit(limits, LIMIT_SHMMAX, request->size))
        return make_answer(SHMGET_ABOVE_SHMMAX, EINVAL);
    if (__builtin_mul_overflow(pages, limits->page_size, &rounded))
        return make_answer(SHMGET_WRAPS, ENOSPC);
    if (__builtin_add_overflow(facts->usage.pages, pages, &total) ||
        exceeds_limit(limits, LIMIT_SHMALL, total))
        return make_answer(SHMGET_ABOVE_SHMALL, ENOSPC);
    if (request->size > INT64_MAX)
        return make_answer(SHMGET_ABOVE_FILES, EINVAL);
    if (!is_promised(&facts->memory, pages))
        return make_answer(SHMGET_NO_MEMORY, ENOMEM);
    if (exceeds_limit(limits, LIMIT_SHMMNI, saturating_add(facts->usage.segments, 1)))
        return make_answer(SHMGET_ABOVE_SHMMNI, ENOSPC);
    return make_answer(SHMGET_MAKES, 0);
}

struct shmget_answer shmget_predict(const struct shmget_request *request,
                                    const struct shmget_facts *facts)
{
    if (request->key != 0 && facts->exists)
        return predict_existing(request, facts);
    if (request->key != 0 && !request->create)
        return make_answer(SHMGET_ABSENT, ENOENT);
    return predict_new(request, facts);
}
