#include "model/kinship.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

static bool has(const struct kinship *kinship, pid_t number)
{
    size_t byte = (size_t)number / 8;

    return number > 0 && byte < kinship->size && kinship->family[byte] & 1U << (number % 8);
}

static void make_room(struct kinship *kinship, size_t byte)
{
    size_t size = kinship->size ? kinship->size : 4096;

    while (size <= byte)
        size *= 2;
    if (size == kinship->size)
        return;
    kinship->family = xreallocarray(kinship->family, size, 1);
    memset(kinship->family + kinship->size, 0, size - kinship->size);
    kinship->size = size;
}

void kinship_adopt(struct kinship *kinship, pid_t number)
{
    size_t byte = (size_t)number / 8;

    if (number <= 0)
        return;
    make_room(kinship, byte);
    kinship->family[byte] = (unsigned char)(kinship->family[byte] | 1U << (number % 8));
}

static void disown(struct kinship *kinship, pid_t number)
{
    unsigned char *byte = &kinship->family[(size_t)number / 8];

    *byte = (unsigned char)(*byte & ~(1U << (number % 8)));
}

/* A birth as one span sees it. BEFORE, AFTER: whether the number was and now is the family's. */
static void note_birth(struct kinship_span *span, pid_t number, bool before, bool after)
{
    span->births++;
    /* A stranger that ended before the span can have made nothing in it. */
    if (after ? !before && idset_has(&span->ended, number) : before)
        idset_add(&span->shared, number);
}

void kinship_born(struct kinship *kinship, pid_t parent, pid_t child)
{
    bool before = has(kinship, child);
    bool after = has(kinship, parent);

    if (child <= 0)
        return;
    note_birth(&kinship->now, child, before, after);
    if (kinship->marked)
        note_birth(&kinship->next, child, before, after);
    if (after)
        kinship_adopt(kinship, child);
    else if (before)
        disown(kinship, child);
}

static void note_end(struct kinship_span *span, const struct kinship_end *end, bool family)
{
    if (!family)
        idset_add(&span->ended, end->number);
    else if (end->reused || (end->leader && !idset_add(&span->finished, end->number)))
        idset_add(&span->shared, end->number);
}

void kinship_ended(struct kinship *kinship, const struct kinship_end *end)
{
    bool family = has(kinship, end->number);

    if (end->number <= 0)
        return;
    note_end(&kinship->now, end, family);
    if (kinship->marked)
        note_end(&kinship->next, end, family);
}

void kinship_lose(struct kinship *kinship)
{
    if (kinship->family)
        memset(kinship->family, 0, kinship->size);
    kinship->lost = true;
    kinship->now.lossy = true;
    kinship->next.lossy = kinship->marked;
}

void kinship_found(struct kinship *kinship)
{
    kinship->lost = false;
}

static void release_span(struct kinship_span *span)
{
    idset_release(&span->ended);
    idset_release(&span->finished);
    idset_release(&span->shared);
    *span = (struct kinship_span){.lossy = false};
}

void kinship_mark(struct kinship *kinship)
{
    release_span(&kinship->next);
    kinship->next.lossy = kinship->lost;
    kinship->marked = true;
}

void kinship_advance(struct kinship *kinship)
{
    release_span(&kinship->now);
    kinship->now = kinship->next;
    kinship->next = (struct kinship_span){.lossy = false};
    kinship->marked = false;
}

size_t kinship_weight(const struct kinship *kinship)
{
    return kinship->now.births + kinship->now.ended.count + kinship->now.finished.count;
}

enum kin kinship_ask(const struct kinship *kinship, pid_t number)
{
    if (kinship->now.lossy || idset_has(&kinship->now.shared, number))
        return KIN_UNSURE;
    return has(kinship, number) ? KIN_FAMILY : KIN_STRANGER;
}

void kinship_release(struct kinship *kinship)
{
    release_span(&kinship->now);
    release_span(&kinship->next);
    free(kinship->family);
    *kinship = (struct kinship)KINSHIP_INIT;
}
