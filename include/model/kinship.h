/*
 * Which process numbers belong to a family, told from births and deaths in the order they came.
 *
 * A number is the family's from the birth that gave it to a child of the family until a birth gives
 * it to somebody else: in between nobody else can bear it. Who made a segment is judged over the
 * span between two readings of the table, the one that did not show it yet and the one that does:
 * its creator's number is certain only if strangers and family did not both bear it in that span.
 */
#ifndef SHMTOOL_MODEL_KINSHIP_H
#define SHMTOOL_MODEL_KINSHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "model/idset.h"

/* Who bore a number during a span. */
enum kin {
    KIN_UNSURE,   /* the family and strangers, or it cannot be told */
    KIN_STRANGER, /* nobody of the family */
    KIN_FAMILY,   /* nobody but the family */
};

/* What happened since a moment. */
struct kinship_span {
    struct idset ended;    /* numbers of strangers that ended */
    struct idset finished; /* numbers of the family that ended */
    struct idset shared;   /* numbers that the family and strangers bore */
    size_t births;         /* all that were told of */
    bool lossy;            /* something was not told */
};

struct kinship {
    unsigned char *family;    /* owned; a bit for each number */
    size_t size;              /* of it, in bytes */
    struct kinship_span now;  /* the span that is judged */
    struct kinship_span next; /* the one that begins at the mark */
    bool marked;
    bool lost; /* who the family are is not known at present */
};

#define KINSHIP_INIT \
    { \
        .family = NULL \
    }

/* Takes NUMBER, which its bearer has had since before the span began, into the family. */
void kinship_adopt(struct kinship *kinship, pid_t number);

/* A process was born with the number CHILD. PARENT: its parent's number. */
void kinship_born(struct kinship *kinship, pid_t parent, pid_t child);

/* The end of a thread of the process NUMBER; its last one, perhaps. */
struct kinship_end {
    pid_t number;
    bool leader; /* the thread whose own number it is */
    bool reused; /* told so late that somebody else bears the number already */
};

/*
 * A thread ended. The kernel may tell of it when the number was given to the next one already: two
 * ends of one birth, or a reused number, make a number of the family a shared one.
 */
void kinship_ended(struct kinship *kinship, const struct kinship_end *end);

/*
 * Births and deaths were missed: nobody but those adopted from now on is family, and all spans are
 * lossy until kinship_found(), those that are open then to their end.
 */
void kinship_lose(struct kinship *kinship);
void kinship_found(struct kinship *kinship);

/*
 * A reading of the table begins: what comes from now on belongs to the next span too.
 */
void kinship_mark(struct kinship *kinship);

/* The reading was judged: the span that began at the mark becomes the present one. */
void kinship_advance(struct kinship *kinship);

/* How much the present span holds: births and deaths. */
size_t kinship_weight(const struct kinship *kinship);

/* Who bore NUMBER during the present span. */
enum kin kinship_ask(const struct kinship *kinship, pid_t number);

/* Releases what is held and leaves it empty. */
void kinship_release(struct kinship *kinship);

#endif
