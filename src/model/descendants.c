#include "model/descendants.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

static bool is_descendant(const struct descendants *descendants, pid_t pid)
{
    size_t byte = (size_t)pid / 8;

    return pid > 0 && byte < descendants->size && descendants->pids[byte] & 1U << (pid % 8);
}

void descendants_add(struct descendants *descendants, pid_t pid)
{
    size_t byte = (size_t)pid / 8;
    size_t size = descendants->size ? descendants->size : 4096;

    if (pid <= 0)
        return;
    while (size <= byte)
        size *= 2;
    if (size > descendants->size) {
        descendants->pids = xreallocarray(descendants->pids, size, 1);
        memset(descendants->pids + descendants->size, 0, size - descendants->size);
        descendants->size = size;
    }
    descendants->pids[byte] = (unsigned char)(descendants->pids[byte] | 1U << (pid % 8));
}

/* A fork as one span sees it. BEFORE, AFTER: whether the PID was and now is a descendant's. */
static void note_fork_in_span(struct descendants_span *span, pid_t pid, bool before, bool after)
{
    span->forks++;
    /* An unrelated process that exited before the span can have made nothing in it. */
    if (after ? !before && idset_has(&span->unrelated_exits, pid) : before)
        idset_add(&span->mixed, pid);
}

void descendants_fork(struct descendants *descendants, pid_t parent, pid_t child)
{
    bool before = is_descendant(descendants, child);
    bool after = is_descendant(descendants, parent);

    if (child <= 0)
        return;
    note_fork_in_span(&descendants->now, child, before, after);
    if (descendants->marked)
        note_fork_in_span(&descendants->next, child, before, after);
    if (after) {
        descendants_add(descendants, child);
    } else if (before) {
        unsigned char *byte = &descendants->pids[(size_t)child / 8];

        *byte = (unsigned char)(*byte & ~(1U << (child % 8)));
    }
}

static void note_exit_in_span(struct descendants_span *span, const struct exit_event *event,
                              bool descendant)
{
    if (!descendant)
        idset_add(&span->unrelated_exits, event->pid);
    else if (event->reused || (event->leader && !idset_add(&span->exits, event->pid)))
        idset_add(&span->mixed, event->pid);
}

void descendants_exit(struct descendants *descendants, const struct exit_event *event)
{
    bool descendant = is_descendant(descendants, event->pid);

    if (event->pid <= 0)
        return;
    note_exit_in_span(&descendants->now, event, descendant);
    if (descendants->marked)
        note_exit_in_span(&descendants->next, event, descendant);
}

void descendants_lose(struct descendants *descendants)
{
    if (descendants->pids)
        memset(descendants->pids, 0, descendants->size);
    descendants->lost = true;
    descendants->now.lossy = true;
    descendants->next.lossy = descendants->marked;
}

void descendants_found(struct descendants *descendants)
{
    descendants->lost = false;
}

static void release_span(struct descendants_span *span)
{
    idset_release(&span->unrelated_exits);
    idset_release(&span->exits);
    idset_release(&span->mixed);
    *span = (struct descendants_span){.lossy = false};
}

void descendants_mark(struct descendants *descendants)
{
    release_span(&descendants->next);
    descendants->next.lossy = descendants->lost;
    descendants->marked = true;
}

void descendants_advance(struct descendants *descendants)
{
    release_span(&descendants->now);
    descendants->now = descendants->next;
    descendants->next = (struct descendants_span){.lossy = false};
    descendants->marked = false;
}

size_t descendants_events(const struct descendants *descendants)
{
    const struct descendants_span *span = &descendants->now;

    return span->forks + span->unrelated_exits.count + span->exits.count;
}

enum descent descendants_check(const struct descendants *descendants, pid_t pid)
{
    if (descendants->now.lossy || idset_has(&descendants->now.mixed, pid))
        return DESCENT_UNKNOWN;
    return is_descendant(descendants, pid) ? DESCENT_DESCENDANT : DESCENT_UNRELATED;
}

void descendants_release(struct descendants *descendants)
{
    release_span(&descendants->now);
    release_span(&descendants->next);
    free(descendants->pids);
    *descendants = (struct descendants)DESCENDANTS_INIT;
}
